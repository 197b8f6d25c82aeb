//! Two-person changes over the API, to be read: asking and confirming take people at a page.

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
    vec![Route::get("/api/v1/changes", Who::Token(Act::Read), list)]
}

/// A change that waits for a second person.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeOut {
    /// Its id.
    id: String,
    /// What would change, such as `connect_channel`.
    kind: String,
    /// Who asked.
    by: String,
    /// When (RFC 3339).
    at: String,
}

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeList {
    /// The changes that wait.
    changes: Vec<ChangeOut>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

/// Changes that wait for a second person.
#[utoipa::path(get, path = "/api/v1/changes", tag = "changes", params(Paged), responses((status = 200, body = ChangeList), (status = 401, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    _token: Bearer,
    Query(paged): Query<Paged>,
) -> Result<Json<ChangeList>, Error> {
    let rows = app.store.read().await?.changes_open().await?;
    let (rows, next) = paged.of(rows, |row| row.change.id.to_string())?;
    let changes = rows
        .into_iter()
        .map(|row| ChangeOut {
            id: row.change.id.to_string(),
            kind: row.change.kind.as_str().to_owned(),
            by: row.change.by.to_string(),
            at: row.change.at.to_string(),
        })
        .collect();
    Ok(Json(ChangeList { changes, next }))
}
