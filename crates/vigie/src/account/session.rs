//! Sessions: a random secret in a cookie, its hash in the database.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use vigie_core::id::{MemberId, SessionId};
use vigie_store::{Session, Tx};

use crate::app::App;
use crate::web::cookie;
use crate::web::error::Error;
use crate::web::viewer::{Signed, session_cookie};

/// A session not used for this long ends. Checking a draft while typing is use.
pub const IDLE: SignedDuration = SignedDuration::from_hours(1);
/// A session ends after this long whatever happens.
pub const ABSOLUTE: SignedDuration = SignedDuration::from_hours(12);
/// Being seen is written down this often at most.
const TOUCH: SignedDuration = SignedDuration::from_secs(60);

/// How long a request waits for a note that it was made. Beyond that the note goes on by itself.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);

/// A fresh secret: 32 random bytes, as text.
///
/// # Errors
/// No randomness from the system.
pub fn secret() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|e| Error::internal(format!("no randomness from the system: {e}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is kept of a secret.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The member whose session has this secret, if it is alive; marks it as seen.
///
/// # Errors
/// The database cannot be asked.
pub async fn find(app: &App, secret: &str) -> Result<Option<Signed>, Error> {
    let now = app.clock.now();
    let idle_since = now.checked_sub(IDLE).unwrap_or(Timestamp::MIN);
    let found = app
        .store
        .read()
        .await?
        .session_by_hash(&hash(secret), now, idle_since)
        .await?;
    let Some(found) = found else { return Ok(None) };
    if now.duration_since(found.session.seen_at) >= TOUCH {
        let (store, id) = (app.store.clone(), found.session.id);
        aside(async move {
            let mut tx = store.begin().await?;
            tx.touch_session(id, now).await?;
            tx.commit().await
        })
        .await;
    }
    Ok(Some(Signed {
        id: found.member.id,
        name: found.member.name,
        role: found.member.role,
        reviewer: found.member.reviewer,
        lang: found.member.lang,
        session: found.session.id,
        step_up_at: found.session.step_up_at,
    }))
}

/// Notes something that may also go unnoted. A database that cannot be written to must not keep people from reading,
/// nor make them wait: a session not marked as seen only ends earlier.
pub async fn aside(note: impl Future<Output = Result<(), vigie_store::Error>> + Send + 'static) {
    let noted = tokio::spawn(note);
    if let Ok(Ok(Err(error))) = tokio::time::timeout(PATIENCE, noted).await {
        tracing::warn!(%error, "that somebody was here could not be noted");
    }
}

/// Opens a session and returns its secret for [`set`].
///
/// # Errors
/// Randomness, database; [`vigie_store::Error::Conflict`] for a member who may no longer sign in.
pub async fn open(
    tx: &mut Tx,
    member: MemberId,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<String, Error> {
    let secret = secret()?;
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    tx.create_session(&Session {
        id: SessionId::new(Uuid::now_v7()),
        hash: hash(&secret),
        member,
        user_agent: agent.chars().take(200).collect(),
        created_at: now,
        seen_at: now,
        expires_at: now.checked_add(ABSOLUTE).unwrap_or(Timestamp::MAX),
        step_up_at: Some(now),
    })
    .await?;
    Ok(secret)
}

/// Gives the browser its session.
pub fn set(app: &App, response: &mut Response, secret: &str) {
    let age = u64::try_from(ABSOLUTE.as_secs()).unwrap_or_default();
    put(app, response, secret, age);
}

/// Takes the session away from the browser.
pub fn clear(app: &App, response: &mut Response) {
    put(app, response, "", 0);
    // Whatever a browser keeps of these pages goes with the session.
    let storage = HeaderValue::from_static("\"cache\", \"storage\"");
    response.headers_mut().insert("clear-site-data", storage);
}

fn put(app: &App, response: &mut Response, value: &str, age: u64) {
    if let Some(line) = cookie::set(&session_cookie(app), value, Some(age), app.config.https()) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}
