//! Alarms: something on a page or in the database is not as Vigie left it. A person looks, and says what it was.

pub mod api;
pub mod cli;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::id::AlarmId;
use vigie_core::rights::Act;
use vigie_store::AlarmRow;

use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/alarms", Who::Member(Act::Read), show),
        Route::post("/alarms/{id}/close", Who::Member(Act::CloseAlarm), close),
    ]
}

/// An alarm for a reader.
pub struct AlarmView {
    /// As kept.
    pub row: AlarmRow,
    /// On which page.
    pub channel: String,
    /// Where on the network, when it is a web address.
    pub url: Option<String>,
}

/// The open alarms.
///
/// # Errors
/// Database.
pub async fn open(conn: &mut vigie_store::Conn) -> Result<Vec<AlarmView>, Error> {
    let channels = conn.channels().await?;
    let rows = conn.alarms_open().await?;
    Ok(rows
        .into_iter()
        .map(|row| AlarmView {
            channel: row
                .channel
                .and_then(|id| channels.iter().find(|c| c.id == id))
                .map(|c| c.display.clone())
                .unwrap_or_default(),
            url: row.detail["url"]
                .as_str()
                .filter(|u| u.starts_with("http"))
                .map(str::to_owned),
            row,
        })
        .collect())
}

#[derive(Template)]
#[template(path = "alarm/alarms.html")]
struct Alarms {
    page: Page,
    w: Words,
    alarms: Vec<AlarmView>,
}

async fn show(frame: Frame) -> Result<Response, Error> {
    let mut conn = frame.app.store.read().await?;
    let alarms = open(&mut conn).await?;
    let page = frame.page("alarms-title");
    web::html(&Alarms {
        w: page.w.clone(),
        page,
        alarms,
    })
}

async fn close(
    frame: Frame,
    me: Signed,
    Path(id): Path<AlarmId>,
    form: Form,
) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    let note: String = form.trimmed("note").chars().take(1_000).collect();
    if note.chars().count() < 3 {
        return Err(Error::refused("refusal-reason-needed"));
    }
    let mut tx = frame.app.store.begin().await?;
    tx.alarm_close(id, me.id, &note, now).await?;
    let actor = AuditActor::Member { member: me.id };
    tx.audit(now, actor, "alarm.close", &format!("alarm/{id}"), &[])
        .await?;
    tx.commit().await?;
    Ok(web::done(
        &frame.app,
        "/alarms",
        &Flash::good("alarm-closed"),
    ))
}
