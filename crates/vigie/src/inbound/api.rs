//! What reached the pages, over the API, to be read: an answer is a post.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;
use vigie_core::rights::Act;
use vigie_store::InboundState;

use crate::api::{Paged, Problem};
use crate::app::App;
use crate::web::error::Error;
use crate::web::route::{Route, Who};
use crate::web::viewer::Bearer;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/inbound", Who::Token(Act::Read), list)]
}

/// A comment, mention or message that nobody has done anything about.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboundOut {
    /// Its id.
    id: String,
    /// Which channel it reached.
    channel: String,
    /// `comment`, `mention` or `message`.
    kind: String,
    /// The network's id of it: give it as `reply_to` of a variant to answer.
    remote_id: String,
    /// The name its author shows.
    author: String,
    /// Its words.
    text: String,
    /// Where people see it; empty when nowhere.
    url: String,
    /// When it was made (RFC 3339).
    at: String,
}

/// A page of arrivals.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboundList {
    /// The newest first.
    inbound: Vec<InboundOut>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

/// What reached the pages and waits.
#[utoipa::path(get, path = "/api/v1/inbound", tag = "inbound", params(Paged), responses((status = 200, body = InboundList), (status = 401, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    _token: Bearer,
    Query(paged): Query<Paged>,
) -> Result<Json<InboundList>, Error> {
    let mut conn = app.store.read().await?;
    let rows = conn.inbound_newest(InboundState::New, 1_000).await?;
    let (rows, next) = paged.of(rows, |row| row.id.to_string())?;
    let inbound = rows
        .into_iter()
        .map(|row| InboundOut {
            id: row.id.to_string(),
            channel: row.channel.to_string(),
            kind: row.kind,
            remote_id: row.remote_id,
            author: row.author,
            text: row.body,
            url: row.url,
            at: row.at.to_string(),
        })
        .collect();
    Ok(Json(InboundList { inbound, next }))
}
