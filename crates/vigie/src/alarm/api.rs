//! Alarms over the API, to be read: a person looks after them at a page.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;
use vigie_core::rights::Act;

use crate::api::{Paged, Problem};
use crate::app::App;
use crate::web::error::Error;
use crate::web::route::{Route, Who};
use crate::web::viewer::Bearer;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/alarms", Who::Token(Act::Read), list)]
}

/// An open alarm.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlarmOut {
    /// Its id.
    id: String,
    /// Stable name of what happened, such as `foreign`.
    kind: String,
    /// On which channel.
    channel: Option<String>,
    /// About which post.
    post: Option<String>,
    /// When it was raised (RFC 3339).
    at: String,
}

/// A page of alarms.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlarmList {
    /// The open alarms.
    alarms: Vec<AlarmOut>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

/// The open alarms.
#[utoipa::path(get, path = "/api/v1/alarms", tag = "alarms", params(Paged), responses((status = 200, body = AlarmList), (status = 401, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    _token: Bearer,
    Query(paged): Query<Paged>,
) -> Result<Json<AlarmList>, Error> {
    let rows = app.store.read().await?.alarms_open().await?;
    let (rows, next) = paged.of(rows, |row| row.id.to_string())?;
    let alarms = rows
        .into_iter()
        .map(|row| AlarmOut {
            id: row.id.to_string(),
            kind: row.kind.to_string(),
            channel: row.channel.map(|c| c.to_string()),
            post: row.post.map(|p| p.to_string()),
            at: row.raised_at.to_string(),
        })
        .collect();
    Ok(Json(AlarmList { alarms, next }))
}
