//! The REST API: tokens instead of sessions, JSON, problem details (RFC 9457), described by OpenAPI 3.1. Each concept
//! has its calls in its own `api.rs`; this file only gathers them.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{IntoParams, Modify, OpenApi, ToSchema};
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

/// Lines of a list at most.
const MOST: u32 = 100;

/// How many lines are wanted: 1 to 100, 50 when nothing is said.
///
/// # Errors
/// Another number.
pub fn most(limit: Option<u32>) -> Result<u32, Error> {
    match limit.unwrap_or(50) {
        n @ 1..=MOST => Ok(n),
        _ => Err(Error::input("api-bad-limit")),
    }
}

/// A piece of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub struct Paged {
    /// From the page before.
    #[serde(default)]
    pub after: Option<String>,
    /// How many at most, 1 to 100 (default 50).
    #[serde(default)]
    pub limit: Option<u32>,
}

impl Paged {
    /// The piece of `rows`, and what to ask for next. `id` names a row; rows come in a fixed order.
    ///
    /// # Errors
    /// A limit out of bounds, or an `after` that is no row's name.
    pub fn of<T>(
        &self,
        mut rows: Vec<T>,
        id: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Option<String>), Error> {
        let most = most(self.limit)? as usize;
        if let Some(after) = &self.after {
            let at = rows
                .iter()
                .position(|row| id(row) == *after)
                .ok_or_else(|| Error::input("api-bad-query"))?;
            rows.drain(..=at);
        }
        let more = rows.len() > most;
        rows.truncate(most);
        let next = rows.last().filter(|_| more).map(id);
        Ok((rows, next))
    }
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
        crate::channel::trial::run,
        crate::calendar::api::show,
        crate::member::api::list,
        crate::change::api::list,
        crate::alarm::api::list,
        crate::inbound::api::list,
        crate::audit::api::list,
        crate::audit::api::head,
        crate::audit::api::export,
        crate::check::api::check,
        crate::rules::api::list,
        crate::rules::api::show,
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
