//! The calendar over the API.

use axum::Json;
use axum::extract::{Query, State};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vigie_core::rights::Act;

use crate::api::Problem;
use crate::app::App;
use crate::web::error::Error;
use crate::web::route::{Route, Who};
use crate::web::viewer::Bearer;

/// Longest stretch of one answer.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 100);

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/calendar", Who::Token(Act::Read), show)]
}

/// From when to when.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Stretch {
    /// First moment (RFC 3339).
    from: String,
    /// The moment after the last (RFC 3339), at most 100 days later.
    to: String,
}

/// A post in the calendar.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventOut {
    /// The post.
    post: String,
    /// Where it stands.
    state: String,
    /// When it goes out, or went (RFC 3339).
    at: String,
    /// Its first words.
    excerpt: String,
    /// On these channels.
    channels: Vec<String>,
}

/// A stretch of the calendar.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarOut {
    /// In order of time.
    posts: Vec<EventOut>,
}

/// What is planned, and what went out, between two moments.
#[utoipa::path(get, path = "/api/v1/calendar", tag = "posts", params(Stretch), responses((status = 200, body = CalendarOut), (status = 422, body = Problem)))]
pub async fn show(
    State(app): State<App>,
    _token: Bearer,
    Query(asked): Query<Stretch>,
) -> Result<Json<CalendarOut>, Error> {
    let bad = || Error::input("api-bad-stretch");
    let from: Timestamp = asked.from.parse().map_err(|_| bad())?;
    let to: Timestamp = asked.to.parse().map_err(|_| bad())?;
    if to <= from || to.duration_since(from) > LONGEST {
        return Err(bad());
    }
    let posts = app.store.read().await?.calendar(from, to).await?;
    let posts = posts
        .into_iter()
        .map(|post| EventOut {
            post: post.id.to_string(),
            state: post.state.to_string(),
            at: post.at.to_string(),
            excerpt: post.excerpt,
            channels: post
                .channels
                .iter()
                .map(|c| c.channel.to_string())
                .collect(),
        })
        .collect();
    Ok(Json(CalendarOut { posts }))
}
