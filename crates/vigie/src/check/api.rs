//! The check over the API: a text in, findings out. Nothing of it is kept, not even for an `Idempotency-Key`.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use vigie_check::{Content, Facts};
use vigie_core::rights::Act;

use crate::api::Problem;
use crate::app::App;
use crate::rules::force;
use crate::web::error::Error;
use crate::web::limit::Rate;
use crate::web::route::{Route, Who};
use crate::web::viewer::Bearer;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/check", Who::Token(Act::Check), check)
            .rate(Rate::TYPING)
            .private(),
    ]
}

/// A text to check.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckIn {
    /// The text.
    text: String,
    /// What readers see before the text, if anything.
    #[serde(default)]
    warning: Option<String>,
    /// `fr` or `en`, where known.
    #[serde(default)]
    lang: Option<String>,
    /// What is known beyond the text: a flat object. What the organisation said of itself holds besides, and gives way.
    #[serde(default)]
    facts: serde_json::Value,
}

/// Checks a text against all rules.
#[utoipa::path(post, path = "/api/v1/check", tag = "check", request_body = CheckIn, responses((status = 200, body = serde_json::Value), (status = 422, body = Problem)))]
pub async fn check(
    State(app): State<App>,
    _token: Bearer,
    Json(asked): Json<CheckIn>,
) -> Result<Json<serde_json::Value>, Error> {
    let rules = force::in_force(&app).await?;
    let mut facts = rules.facts().with(
        "now",
        app.clock
            .now()
            .to_zoned_datetime(jiff::tz::TimeZone::UTC)
            .date()
            .to_string(),
    );
    if !asked.facts.is_null() {
        facts.extend(Facts::from_json(&asked.facts).map_err(|_| Error::input("api-bad-facts"))?);
    }
    let content = Content {
        text: asked.text,
        warning: asked.warning,
        lang: asked.lang.as_deref().and_then(vigie_check::Lang::parse),
        ..Content::default()
    };
    let report = rules.check(&content, &facts);
    Ok(Json(
        serde_json::to_value(report).map_err(|e| Error::Internal(e.into()))?,
    ))
}
