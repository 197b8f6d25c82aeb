//! `Idempotency-Key` on writes of the API: a request that is sent again, because its answer got lost, is not done again.
//!
//! The key is taken before the act and the answer is kept after it. When the program dies between the two, the key
//! stays taken: a repeat is then told to look before it asks again, rather than done twice or answered with a guess.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};
use vigie_core::id::TokenId;
use vigie_store::Reserved;

use super::error::Error;
use crate::app::App;

/// The header of the request.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Said in an answer that was kept.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// How long a key and its answer are kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Longest key, characters.
const LONGEST: usize = 255;
/// Longest answer that is kept, bytes.
const MOST: usize = 1 << 20;

/// The key of a write, when it has one.
///
/// # Errors
/// A key that is empty, too long, or not plain ASCII.
fn key(request: &Request) -> Result<Option<String>, Error> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(None);
    }
    let Some(value) = request.headers().get(KEY) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let good = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if good {
        Ok(Some(text.to_owned()))
    } else {
        Err(Error::input("api-bad-key"))
    }
}

/// Does a token's request once. `most` is the largest body of the route, bytes.
pub async fn once(app: App, token: TokenId, most: usize, request: Request, next: Next) -> Response {
    match key(&request) {
        Ok(None) => next.run(request).await,
        Ok(Some(key)) => {
            // On its own task: a caller who hangs up does not leave the key without its answer.
            let done = tokio::spawn(keyed(
                app,
                format!("token/{token}"),
                key,
                most,
                request,
                next,
            ));
            match done.await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) => error.into_response(),
                Err(error) => Error::Internal(error.into()).into_response(),
            }
        }
        Err(error) => error.into_response(),
    }
}

async fn keyed(
    app: App,
    actor: String,
    key: String,
    most: usize,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, most).await.map_err(|_| Error::TooLarge)?;
    let mut hash = Sha256::new();
    for part in [
        parts.method.as_str().as_bytes(),
        parts.uri.to_string().as_bytes(),
        &body,
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut tx = app.store.begin().await?;
    let reserved = tx
        .idempotency_reserve(&actor, &key, hash.finalize().into(), app.clock.now())
        .await?;
    tx.commit().await?;
    match reserved {
        Reserved::New => {}
        Reserved::Running => return Err(Error::refused("api-key-running")),
        Reserved::OtherRequest => return Err(Error::input("api-key-other")),
        Reserved::Done { status, body } => return Ok(replay(status, body)),
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    keep(&app, &actor, &key, response).await
}

/// Keeps what was done; a request that was refused gives its key back, since nothing happened.
async fn keep(app: &App, actor: &str, key: &str, response: Response) -> Result<Response, Error> {
    let status = response.status();
    if !status.is_success() {
        let mut tx = app.store.begin().await?;
        tx.idempotency_release(actor, key).await?;
        tx.commit().await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes: Bytes = to_bytes(body, MOST).await.map_err(|_| Error::TooLarge)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut tx = app.store.begin().await?;
    tx.idempotency_complete(actor, key, status.as_u16(), &text)
        .await?;
    tx.commit().await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn replay(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let json = !body.is_empty();
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if json {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Forgets keys past their time; how many.
///
/// # Errors
/// Database.
pub async fn forget(app: &App) -> Result<u64, Error> {
    let before = app
        .clock
        .now()
        .checked_sub(KEPT)
        .unwrap_or(jiff::Timestamp::MIN);
    let mut tx = app.store.begin().await?;
    let gone = tx.idempotency_sweep(before).await?;
    tx.commit().await?;
    Ok(gone)
}
