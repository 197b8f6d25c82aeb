//! Calls of networks (webhooks): proven by their signature, and then only a reason to read the pages concerned now.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};
use vigie_connect::hook::{HookAnswer, HookCall, MAX_BODY};

use super::page::platform_of;
use crate::app::App;
use crate::web::error::Error;
use crate::web::route::{Route, Who};

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/hooks/{platform}", Who::Anyone, answer),
        Route::post("/hooks/{platform}", Who::Anyone, answer)
            .body(MAX_BODY)
            .private(),
    ]
}

/// A secret word of this installation, for networks that repeat one when a webhook is set up.
pub fn word(app: &App) -> String {
    use secrecy::ExposeSecret as _;
    let mut hash = Sha256::new();
    hash.update(b"vigie-hook-word\n");
    hash.update(app.keys.link.expose_secret());
    hex::encode(hash.finalize()).chars().take(32).collect()
}

async fn answer(
    State(app): State<App>,
    method: Method,
    Path(name): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Error> {
    let platform = platform_of(&app, &name)?;
    let word = word(&app);
    let call = HookCall {
        post: method == Method::POST,
        query: &query,
        headers: &headers,
        body: &body,
        word: &word,
        now: app.clock.now(),
    };
    match app.connectors.of(platform).hook(&call) {
        Ok(HookAnswer::Say(kind, text)) => {
            Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
        }
        Ok(HookAnswer::Look(accounts)) => {
            let mut tx = app.store.begin().await?;
            if accounts.is_empty() {
                tx.channel_look_now(platform, None, app.clock.now()).await?;
            }
            for account in accounts.iter().take(100) {
                tx.channel_look_now(platform, Some(account), app.clock.now())
                    .await?;
            }
            tx.commit().await?;
            app.wake.notify_one();
            Ok(StatusCode::OK.into_response())
        }
        Err(failure) => {
            tracing::info!(platform = platform.as_str(), error = %failure, "a call of a network was refused");
            Ok(StatusCode::FORBIDDEN.into_response())
        }
    }
}
