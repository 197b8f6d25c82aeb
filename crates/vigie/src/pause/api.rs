//! The pause over the API: anyone's program may stop everything; starting again takes two people at a page.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::rights::Act;

use crate::api::Problem;
use crate::app::App;
use crate::web::error::Error;
use crate::web::route::{Route, Who};
use crate::web::viewer::Bearer;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/pause", Who::Token(Act::Read), get),
        Route::post("/api/v1/pause", Who::Token(Act::Pause), stop),
    ]
}

/// Whether publications may start.
#[derive(Debug, Serialize, ToSchema)]
pub struct PauseOut {
    /// True while nothing goes out.
    paused: bool,
}

/// Why.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseIn {
    /// In a sentence, if you can say.
    #[serde(default)]
    reason: String,
}

/// Whether everything is paused.
#[utoipa::path(get, path = "/api/v1/pause", tag = "pause", responses((status = 200, body = PauseOut), (status = 401, body = Problem)))]
pub async fn get(State(app): State<App>, _token: Bearer) -> Result<Json<PauseOut>, Error> {
    let paused = app.store.read().await?.pause().await?.pause.is_paused();
    Ok(Json(PauseOut { paused }))
}

/// Stops every publication before the next one starts.
#[utoipa::path(post, path = "/api/v1/pause", tag = "pause", request_body = PauseIn, responses((status = 204), (status = 409, body = Problem)))]
pub async fn stop(
    State(app): State<App>,
    token: Bearer,
    Json(asked): Json<PauseIn>,
) -> Result<StatusCode, Error> {
    let actor = AuditActor::Token {
        token: token.id,
        member: token.member,
    };
    super::stop(&app, token.member, actor, &asked.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
