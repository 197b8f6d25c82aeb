//! What waits for a second person.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use vigie_core::change::ChangeKind;
use vigie_core::id::ChangeId;
use vigie_core::rights::Act;
use vigie_store::ChangeRow;

use super::apply::{self, Done};
use crate::post::view::People;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{Frame, Page};
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    let who = Who::Member(Act::ConfirmChange);
    vec![
        Route::get("/changes", who, show),
        Route::post("/changes/{id}/confirm", who, confirm),
        Route::post("/changes/{id}/refuse", who, refuse),
        Route::post("/changes/{id}/cancel", who, cancel),
    ]
}

struct Line {
    row: ChangeRow,
    what: String,
    mine: bool,
    about_me: bool,
}

#[derive(Template)]
#[template(path = "change/changes.html")]
struct Changes {
    page: Page,
    w: Words,
    open: Vec<Line>,
    people: People,
}

async fn show(frame: Frame, me: Signed) -> Result<Response, Error> {
    let mut conn = frame.app.store.read().await?;
    let people = People::new(conn.members().await?);
    let rows = conn.changes_open().await?;
    let mut open = Vec::new();
    for row in rows {
        let what = match &row.change.kind {
            ChangeKind::ConnectChannel {
                platform, handle, ..
            } => format!("{platform} · {handle}"),
            ChangeKind::DisconnectChannel { channel } => conn.channel(*channel).await?.display,
            ChangeKind::ChangeRole {
                member,
                role,
                reviewer,
                skills,
            } => {
                let skills: Vec<&str> = skills.iter().map(|s| s.as_str()).collect();
                let reviews = if *reviewer { "+" } else { "−" };
                format!(
                    "{}: {role}, {reviews} review, {}",
                    people.name(member),
                    skills.join(" ")
                )
            }
            ChangeKind::ChangeWorkflow { settings } => settings.to_string(),
            ChangeKind::InviteMember { invite, role, .. } => {
                format!("{} · {role}", conn.invite(*invite).await?.for_name)
            }
            ChangeKind::DisableMember { member } => people.name(member).to_owned(),
        };
        let (mine, about_me) = (
            row.change.by == me.id,
            row.change.kind.about() == Some(me.id),
        );
        open.push(Line {
            row,
            what,
            mine,
            about_me,
        });
    }
    let page = frame.page("changes-title");
    web::html(&Changes {
        w: page.w.clone(),
        page,
        open,
        people,
    })
}

#[derive(Template)]
#[template(path = "change/invited.html")]
struct Invited {
    page: Page,
    w: Words,
    link: String,
}

/// The page that shows an invitation's link, once.
///
/// # Errors
/// Template.
pub fn invited(frame: &Frame, secret: &str) -> Result<Response, Error> {
    let page = frame.page("invited-title");
    let link = frame.app.config.link(&format!("/invite/{secret}"));
    web::html(&Invited {
        w: page.w.clone(),
        page,
        link: link.to_string(),
    })
}

async fn confirm(frame: Frame, me: Signed, Path(id): Path<ChangeId>) -> Result<Response, Error> {
    match apply::confirm(&frame.app, me.id, id).await? {
        Done::Happened {
            invitation: Some(secret),
        } => invited(&frame, &secret),
        _ => Ok(web::done(
            &frame.app,
            "/changes",
            &Flash::good("change-confirmed"),
        )),
    }
}

async fn refuse(frame: Frame, me: Signed, Path(id): Path<ChangeId>) -> Result<Response, Error> {
    apply::refuse(&frame.app, me.id, id).await?;
    Ok(web::done(
        &frame.app,
        "/changes",
        &Flash::good("change-refused"),
    ))
}

async fn cancel(frame: Frame, me: Signed, Path(id): Path<ChangeId>) -> Result<Response, Error> {
    apply::cancel(&frame.app, me.id, id).await?;
    Ok(web::done(
        &frame.app,
        "/changes",
        &Flash::good("change-cancelled"),
    ))
}
