//! Who in a chat is which member: only from a link that the chat showed to that person alone, confirmed by the member
//! while signed in.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vigie_connect::chat::Speaker;
use vigie_core::audit::leaf::AuditActor;
use vigie_store::{BoundRow, CeremonyKind};

use crate::account::{me, session};
use crate::app::App;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// How long a link works.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// The routes of this room.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/chat/bind/{token}", Who::SignedIn, show),
        Route::post("/chat/bind/{token}", Who::SignedIn, confirm),
        Route::post("/chat/unbind", Who::SignedIn, unbind),
    ]
}

#[derive(Serialize, Deserialize)]
struct Asked {
    chat: String,
    speaker: String,
    name: String,
    room: String,
}

/// A link for a speaker, to be shown to them alone.
///
/// # Errors
/// The database, randomness.
pub async fn link(app: &App, who: &Speaker, room: &str) -> Result<String, Error> {
    let token = session::secret()?;
    let now = app.clock.now();
    let asked = Asked {
        chat: who.chat.clone(),
        speaker: who.id.clone(),
        name: who.name.clone(),
        room: room.to_owned(),
    };
    let body = serde_json::to_string(&asked).map_err(|e| Error::Internal(e.into()))?;
    let mut tx = app.store.begin().await?;
    let kind = CeremonyKind::Bind;
    if tx.ceremonies(kind, now).await? >= 10_000 {
        return Err(Error::TooMany { seconds: 30 });
    }
    let until = now.checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
    // One open link a speaker: a new one voids the old.
    let subject = format!("{} {}", who.chat, who.id);
    let hash = session::hash(&token);
    tx.ceremony_add(kind, Some(&subject), &hash, &body, now, until)
        .await?;
    tx.commit().await?;
    Ok(app.config.link(&format!("/chat/bind/{token}")))
}

#[derive(Template)]
#[template(path = "chat/bind.html")]
struct Bind {
    page: Page,
    w: Words,
    token: String,
    asked: Asked,
}

/// Says who would count as the reader. Looking changes nothing: the link is used by the button.
async fn show(frame: Frame, me: Signed, Path(token): Path<String>) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    me::fresh(&me, now, &format!("/chat/bind/{token}"))?;
    let mut conn = app.store.read().await?;
    let body = conn.ceremony_body(&session::hash(&token), now).await?;
    drop(conn);
    let body = body.ok_or_else(|| Error::refused("chat-bind-old"))?;
    let asked = serde_json::from_str(&body).map_err(|_| Error::refused("chat-bind-old"))?;
    let page = frame.page("chat-bind-title");
    web::html(&Bind {
        w: page.w.clone(),
        page,
        token,
        asked,
    })
}

async fn confirm(frame: Frame, me: Signed, Path(token): Path<String>) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    me::fresh(&me, now, &format!("/chat/bind/{token}"))?;
    let mut tx = app.store.begin().await?;
    let body = tx.ceremony_take(&session::hash(&token), now).await?;
    let body = body.ok_or_else(|| Error::refused("chat-bind-old"))?;
    let asked: Asked = serde_json::from_str(&body).map_err(|_| Error::refused("chat-bind-old"))?;
    let bound = BoundRow {
        chat: asked.chat,
        speaker: asked.speaker,
        name: asked.name,
    };
    tx.chat_bind(&bound, me.id, now).await?;
    let actor = AuditActor::Member { member: me.id };
    let detail: vigie_store::Detail<'_> = &[("chat", &bound.chat), ("speaker", &bound.speaker)];
    tx.audit(
        now,
        actor,
        "chat.bind",
        &format!("member/{}", me.id),
        detail,
    )
    .await?;
    tx.commit().await?;
    Ok(web::done(
        app,
        "/chat",
        &Flash::good("chat-bound").with("name", bound.name),
    ))
}

async fn unbind(frame: Frame, me: Signed, form: Form) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    tx.chat_unbind(form.value("chat"), form.value("speaker"), me.id)
        .await?;
    let actor = AuditActor::Member { member: me.id };
    tx.audit(now, actor, "chat.unbind", &format!("member/{}", me.id), &[])
        .await?;
    tx.commit().await?;
    Ok(web::done(app, "/chat", &Flash::good("chat-unbound")))
}
