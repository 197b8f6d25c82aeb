//! The log of decisions, as a page: what was decided, the key to prove it with, and the export.

use std::io::{BufReader, Seek as _, SeekFrom, Write as _};

use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use vigie_core::audit::verify::{Against, Verdict};
use vigie_core::rights::Act;
use vigie_store::AuditFilter;

use super::view::{Entry, KINDS};
use super::{checkpoint, export, proof};
use crate::app::App;
use crate::post::view::People;
use crate::web::error::Error;
use crate::web::frame::{Frame, Page};
use crate::web::limit::Rate;
use crate::web::route::{Route, Who};
use crate::web::{self};
use crate::words::Words;

/// Entries on one page.
const PAGE: u32 = 50;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    let who = Who::Member(Act::ReadAudit);
    vec![
        Route::get("/audit", who, show),
        Route::post("/audit/verify", who, prove).rate(Rate::COSTLY),
        Route::get("/audit/export", who, download).rate(Rate::COSTLY),
    ]
}

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    object: String,
    /// Entries before this one.
    before: Option<u64>,
}

/// What a proof on this machine came to.
struct Proof {
    intact: bool,
    lines: Vec<String>,
}

#[derive(Template)]
#[template(path = "audit/audit.html")]
struct Log {
    page: Page,
    w: Words,
    entries: Vec<Entry>,
    kinds: &'static [&'static str],
    kind: String,
    object: String,
    older: Option<u64>,
    size: u64,
    root: String,
    key: String,
    proof: Option<Proof>,
}

async fn show(frame: Frame, Query(asked): Query<Asked>) -> Result<Response, Error> {
    web::html(&log(&frame, asked, None).await?)
}

async fn log(frame: &Frame, asked: Asked, proof: Option<Proof>) -> Result<Log, Error> {
    let mut conn = frame.app.store.read().await?;
    let kind = KINDS.iter().find(|k| **k == asked.kind).copied();
    // An object is `kind/id`; anything else finds nothing, and is bounded.
    let object: String = asked.object.chars().take(100).collect();
    let filter = AuditFilter {
        object: (!object.is_empty()).then(|| object.clone()),
        kind: kind.map(str::to_owned),
    };
    let leaves = conn.audit_page(&filter, asked.before, PAGE + 1).await?;
    let (size, root) = conn.audit_head().await?;
    let people = People::new(conn.members().await?);
    let page = frame.page("audit-title");
    let w = page.w.clone();
    let more = leaves.len() > PAGE as usize;
    let entries: Vec<Entry> = leaves
        .into_iter()
        .take(PAGE as usize)
        .map(|leaf| Entry::new(leaf, &people, &w))
        .collect();
    Ok(Log {
        older: entries.last().map(|e| e.seq).filter(|_| more),
        entries,
        kinds: KINDS,
        kind: kind.unwrap_or_default().to_owned(),
        object,
        size,
        root: hex::encode(root),
        key: checkpoint::key(&frame.app).to_text(),
        proof,
        w,
        page,
    })
}

/// Proves the whole log here and now, and says what came out.
async fn prove(frame: Frame) -> Result<Response, Error> {
    let io = |e: std::io::Error| Error::Internal(e.into());
    let mut file = tempfile::tempfile().map_err(io)?;
    let mut cursor = None;
    while let Some((text, next)) = export::part(&frame.app, cursor).await? {
        file.write_all(text.as_bytes()).map_err(io)?;
        cursor = Some(next);
    }
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let key = checkpoint::key(&frame.app);
    let verdict = tokio::task::spawn_blocking(move || {
        let against = Against {
            key: Some(key),
            checkpoint: None,
        };
        proof::prove_export(BufReader::new(file), &against)
    })
    .await
    .map_err(|e| Error::Internal(e.into()))?;
    let w = frame.words();
    let proof = match verdict {
        Ok(verdict) => Proof {
            intact: matches!(verdict, Verdict::Intact { .. }),
            lines: proof::sentences(&verdict, true, &w),
        },
        Err(_) => Proof {
            intact: false,
            lines: vec![w.t("audit-verify-unreadable")],
        },
    };
    if !proof.intact {
        tracing::error!("the log of decisions does not verify");
    }
    web::html(&log(&frame, Asked::default(), Some(proof)).await?)
}

/// The export as a file, written part by part.
async fn download(State(app): State<App>) -> Result<Response, Error> {
    stream(app).await
}

/// The export as an answer. The first part is made before the answer begins, so that trouble is told as trouble; what
/// breaks later breaks the download, and the file then does not verify.
///
/// # Errors
/// The database.
pub async fn stream(app: App) -> Result<Response, Error> {
    let first = export::part(&app, None).await?;
    let parts = futures::stream::unfold((app, first), |(app, now)| async move {
        let (text, cursor) = now?;
        match export::part(&app, Some(cursor)).await {
            Ok(next) => Some((Ok(Bytes::from(text)), (app, next))),
            Err(error) => {
                tracing::error!(%error, "the export of the log broke off");
                Some((
                    Err(std::io::Error::other("the export broke off")),
                    (app, None),
                ))
            }
        }
    });
    let mut response = Body::from_stream(parts).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/jsonl"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"vigie-audit.jsonl\""),
    );
    Ok(response)
}
