//! Alarms: something on a page or in the database is not as Vigie left it. A person looks, and says what it was.

pub mod api;
pub mod cli;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::id::{AlarmId, PageChangeId};
use vigie_core::rights::Act;
use vigie_store::AlarmRow;

use crate::channel::watch_page;
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
    /// What a page showed before and shows now, for an alarm that is settled on the page of its channel; nothing when
    /// it names persons.
    pub change: Option<Option<(String, String)>>,
}

impl AlarmView {
    /// One side of a change, in words when it is nothing.
    fn side(&self, w: &Words, text: &str) -> String {
        if text.is_empty() {
            w.t("page-nothing")
        } else {
            text.chars().take(300).collect()
        }
    }
}

/// The open alarms.
///
/// # Errors
/// Database.
pub async fn open(conn: &mut vigie_store::Conn) -> Result<Vec<AlarmView>, Error> {
    let channels = conn.channels().await?;
    let mut all = Vec::new();
    for row in conn.alarms_open().await? {
        let change = row.detail["change"].as_str();
        let change: Option<PageChangeId> = change.and_then(|id| id.parse().ok());
        let change = match change {
            Some(id) => match conn.page_change(id).await {
                Ok(row) => Some(watch_page::sides(&row, false)),
                Err(vigie_store::Error::NotFound) => Some(None),
                Err(error) => return Err(error.into()),
            },
            None => None,
        };
        all.push(AlarmView {
            change,
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
        });
    }
    Ok(all)
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
    // What changed on a page is settled where both sides of it are seen.
    if tx.alarm(id).await?.detail["change"].is_string() {
        return Err(Error::refused("alarm-page-there"));
    }
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
