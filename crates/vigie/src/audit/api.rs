//! The log of decisions over the API: entries, its signed head, the export.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vigie_core::rights::Act;
use vigie_store::AuditFilter;

use super::{checkpoint, page};
use crate::api::{Problem, most};
use crate::app::App;
use crate::web::error::Error;
use crate::web::limit::Rate;
use crate::web::route::{Route, Who};
use crate::web::viewer::Bearer;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    let who = Who::Token(Act::ReadAudit);
    vec![
        Route::get("/api/v1/audit", who, list),
        Route::get("/api/v1/audit/head", who, head),
        Route::get("/api/v1/audit/export", who, export).rate(Rate::COSTLY),
    ]
}

/// An entry of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryOut {
    /// Its number, from 0.
    seq: u64,
    /// When (RFC 3339).
    at: String,
    /// `system`, `member` or `token`, with ids.
    #[schema(value_type = Object)]
    actor: serde_json::Value,
    /// Stable name of what was done, such as `post.approve`.
    act: String,
    /// On what, `kind/id`.
    object: String,
    /// What else matters, by stable names.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

/// A page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryList {
    /// Latest first.
    entries: Vec<EntryOut>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

/// Which entries. There is no choice by person.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub struct Wanted {
    /// Only acts of this kind: the word before the dot, such as `post`.
    #[serde(default)]
    kind: Option<String>,
    /// Only on this object, `kind/id`.
    #[serde(default)]
    object: Option<String>,
    /// From the page before.
    #[serde(default)]
    after: Option<u64>,
    /// How many at most, 1 to 100 (default 50).
    #[serde(default)]
    limit: Option<u32>,
}

/// The signed head of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeadOut {
    /// How many entries.
    size: u64,
    /// Root of the tree (RFC 6962), hexadecimal.
    root: String,
    /// The key that signs, to pin.
    key: String,
    /// The latest checkpoint, a C2SP signed note.
    checkpoint: Option<String>,
}

/// Entries of the log, latest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(Wanted), responses((status = 200, body = EntryList), (status = 403, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    _token: Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<EntryList>, Error> {
    let most = most(wanted.limit)?;
    let filter = AuditFilter {
        object: wanted.object,
        kind: wanted.kind,
    };
    let mut conn = app.store.read().await?;
    let mut leaves = conn.audit_page(&filter, wanted.after, most + 1).await?;
    let more = leaves.len() > most as usize;
    leaves.truncate(most as usize);
    let next = leaves.last().filter(|_| more).map(|l| l.seq.to_string());
    let json = |e: serde_json::Error| Error::Internal(e.into());
    let mut entries = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        entries.push(EntryOut {
            seq: leaf.seq,
            at: leaf.at.to_string(),
            actor: serde_json::to_value(leaf.actor).map_err(json)?,
            act: leaf.act,
            object: leaf.object,
            detail: serde_json::to_value(leaf.detail).map_err(json)?,
        });
    }
    Ok(Json(EntryList { entries, next }))
}

/// The head of the log and the key that signs it.
#[utoipa::path(get, path = "/api/v1/audit/head", tag = "audit", responses((status = 200, body = HeadOut), (status = 403, body = Problem)))]
pub async fn head(State(app): State<App>, _token: Bearer) -> Result<Json<HeadOut>, Error> {
    let mut conn = app.store.read().await?;
    let (size, root) = conn.audit_head().await?;
    Ok(Json(HeadOut {
        size,
        root: hex::encode(root),
        key: checkpoint::key(&app).to_text(),
        checkpoint: conn.checkpoint().await?.map(|c| c.note),
    }))
}

/// The whole log as JSON lines, for `vigie audit verify`.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "audit", responses((status = 200, content_type = "application/jsonl", body = String), (status = 403, body = Problem)))]
pub async fn export(State(app): State<App>, _token: Bearer) -> Result<Response, Error> {
    page::stream(app).await
}
