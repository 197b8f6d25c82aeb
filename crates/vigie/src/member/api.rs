//! Members over the API: names for ids. Inviting and changing roles take two people at a page.

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
    vec![Route::get("/api/v1/members", Who::Token(Act::Read), list)]
}

/// A member. How they sign in is nowhere in the API.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberOut {
    /// Their id.
    id: String,
    /// Their name.
    name: String,
    /// `reader`, `writer` or `steward`.
    role: String,
    /// Whether they review.
    reviewer: bool,
    /// `legal`, `security`, `communication`.
    skills: Vec<String>,
    /// False when their access ended.
    active: bool,
}

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberList {
    /// The members.
    members: Vec<MemberOut>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

/// The members.
#[utoipa::path(get, path = "/api/v1/members", tag = "members", params(Paged), responses((status = 200, body = MemberList), (status = 401, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    _token: Bearer,
    Query(paged): Query<Paged>,
) -> Result<Json<MemberList>, Error> {
    let rows = app.store.read().await?.members().await?;
    let (rows, next) = paged.of(rows, |row| row.id.to_string())?;
    let members = rows
        .into_iter()
        .map(|row| MemberOut {
            active: row.is_active(),
            id: row.id.to_string(),
            role: row.role.to_string(),
            reviewer: row.reviewer,
            skills: row.skills.iter().map(ToString::to_string).collect(),
            name: row.name,
        })
        .collect();
    Ok(Json(MemberList { members, next }))
}
