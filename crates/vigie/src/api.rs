//! The REST API: tokens instead of sessions, JSON, problem details (RFC 9457), described by OpenAPI 3.1. Each concept
//! has its calls in its own `api.rs`; this file only gathers them.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};
use vigie_core::rights::Act;

use crate::web::error::Error;
use crate::web::route::{Route, Who};
use crate::web::viewer::Bearer;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/openapi.json", Who::Anyone, description),
        Route::get("/api/v1/me", Who::Token(Act::Read), me),
    ]
}

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A personal access token, made under “My account”."))
            .build();
        api.components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Vigie",
        description = "Write, check and follow posts. A token acts for its member and never stands in for a second \
                       person: approving, waiving, confirming and resuming take a person at a page."
    ),
    paths(
        me,
        crate::post::api::list,
        crate::post::api::create,
        crate::post::api::get,
        crate::post::api::update,
        crate::post::api::submit,
        crate::post::api::withdraw,
        crate::post::api::comment,
        crate::post::api::add_media,
        crate::post::api::take_back,
        crate::channel::api::list,
        crate::check::api::check,
        crate::pause::api::get,
        crate::pause::api::stop,
    ),
    modifiers(&Tokens),
    security(("token" = []))
)]
pub struct Description;

async fn description() -> Response {
    Json(Description::openapi()).into_response()
}

/// What went wrong, as RFC 9457 has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Stable address of the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// In the reader's language.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// More about this case.
    pub detail: Option<String>,
}

/// Whose token this is, and what it may do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The member.
    member: String,
    /// Scopes of the token.
    scopes: Vec<String>,
}

/// Whose token this is.
#[utoipa::path(get, path = "/api/v1/me", tag = "account", responses((status = 200, body = Me), (status = 401, body = Problem)))]
pub async fn me(token: Bearer) -> Result<Json<Me>, Error> {
    Ok(Json(Me {
        member: token.member.to_string(),
        scopes: token.scopes.iter().map(|s| s.as_str().to_owned()).collect(),
    }))
}
