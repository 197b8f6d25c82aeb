//! What nobody could tell, a person tells: they look at the page itself and say whether the post is there. Vigie never
//! guesses, and never sends it again without being told.

use axum::extract::Path;
use axum::response::Response;
use vigie_core::id::PublicationId;
use vigie_core::publication::PublicationState;
use vigie_store::{PersonSays, PublicationRow};

use super::who::Who;
use crate::app::App;
use crate::publication::{alarm, send};
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::viewer::Signed;
use crate::web::{self};

/// True when Vigie has given up looking and only a person can tell.
pub fn waits_for_person(row: &PublicationRow) -> bool {
    row.state == PublicationState::Unknown && row.next_try_at.is_none()
}

/// `POST /publications/{id}/settle`, with `is` one of `there`, `again`, `no`.
pub async fn settle(
    frame: Frame,
    me: Signed,
    Path(id): Path<PublicationId>,
    form: Form,
) -> Result<Response, Error> {
    let says = match form.value("is") {
        "there" => PersonSays::OnPage {
            remote_id: None,
            url: None,
        },
        "again" => PersonSays::SendAgain,
        "no" => PersonSays::GiveUp,
        _ => return Err(Error::input("settle-choose")),
    };
    let who = Who::member(&mut frame.app.store.read().await?, me.id).await?;
    let row = decide(&frame.app, &who, id, &says).await?;
    Ok(web::done(
        &frame.app,
        &format!("/posts/{}", row.post),
        &Flash::good("settle-done"),
    ))
}

/// Writes down what somebody saw on the page. What is sent again goes through every check of a first sending.
///
/// # Errors
/// Vigie is still looking, or somebody told it meanwhile; database.
pub async fn decide(
    app: &App,
    who: &Who,
    id: PublicationId,
    says: &PersonSays,
) -> Result<PublicationRow, Error> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let row = tx.publication(id).await?;
    if !waits_for_person(&row) {
        return Err(Error::refused("settle-not-now"));
    }
    if row.withdrawn_at.is_some() && *says == PersonSays::SendAgain {
        return Err(Error::refused("settle-withdrawn"));
    }
    tx.publication_decide(id, row.attempt, says, now).await?;
    alarm::decided(&mut tx, &row, now).await?;
    let said = match says {
        PersonSays::OnPage { .. } => "there",
        PersonSays::SendAgain => "again",
        PersonSays::GiveUp => "no",
    };
    tx.audit(
        now,
        who.audit,
        "publication.decide",
        &format!("publication/{id}"),
        &[("digest", &row.digest), ("said", &said)],
    )
    .await?;
    tx.commit().await?;
    send::settle_post(app, &row).await?;
    app.wake.notify_one();
    Ok(row)
}
