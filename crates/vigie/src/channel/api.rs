//! Channels over the API: to know where one can publish. Connecting takes two people at a page.

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
    vec![Route::get("/api/v1/channels", Who::Token(Act::Read), list)]
}

/// A channel. Its token is nowhere in the API.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelOut {
    /// Its id.
    id: String,
    /// `bluesky` or `sandbox`.
    platform: String,
    /// Its name.
    name: String,
    /// Its address on the network.
    handle: String,
    /// `pending`, `connected`, `broken` or `disconnected`.
    status: String,
}

/// A page of channels.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelList {
    /// In the order they were asked for.
    channels: Vec<ChannelOut>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

/// The channels.
#[utoipa::path(get, path = "/api/v1/channels", tag = "channels", params(Paged), responses((status = 200, body = ChannelList), (status = 401, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    _token: Bearer,
    Query(paged): Query<Paged>,
) -> Result<Json<ChannelList>, Error> {
    let rows = app.store.read().await?.channels().await?;
    let (rows, next) = paged.of(rows, |row| row.id.to_string())?;
    let channels = rows
        .into_iter()
        .map(|row| ChannelOut {
            id: row.id.to_string(),
            platform: row.platform.to_string(),
            name: row.display,
            handle: row.handle,
            status: row.status.as_str().to_owned(),
        })
        .collect();
    Ok(Json(ChannelList { channels, next }))
}
