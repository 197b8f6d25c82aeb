//! Channels over the API: to know where one can publish. Connecting takes two people at a page.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use vigie_core::rights::Act;

use crate::api::Problem;
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

/// The channels.
#[utoipa::path(get, path = "/api/v1/channels", tag = "channels", responses((status = 200, body = Vec<ChannelOut>), (status = 401, body = Problem)))]
pub async fn list(State(app): State<App>, _token: Bearer) -> Result<Json<Vec<ChannelOut>>, Error> {
    let rows = app.store.read().await?.channels().await?;
    let out = rows
        .into_iter()
        .map(|row| ChannelOut {
            id: row.id.to_string(),
            platform: row.platform.to_string(),
            name: row.display,
            handle: row.handle,
            status: row.status.as_str().to_owned(),
        })
        .collect();
    Ok(Json(out))
}
