//! Forgetting in time: ended sessions, sign-in attempts, which say who tried from where, and keys of API requests.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::session;
use crate::app::App;
use crate::web::error::Error;

/// How long sign-in attempts are kept.
const ATTEMPTS: SignedDuration = SignedDuration::from_hours(48);
/// How often this is done.
const EVERY: Duration = Duration::from_secs(15 * 60);

/// Forgets what is past its time; how many sessions and attempts.
///
/// # Errors
/// Database.
pub async fn once(app: &App) -> Result<(u64, u64), Error> {
    let now = app.clock.now();
    let back = |span| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    let mut tx = app.store.begin().await?;
    let sessions = tx.purge_sessions(now, back(session::IDLE)).await?;
    let attempts = tx.purge_logins(back(ATTEMPTS)).await?;
    tx.commit().await?;
    Ok((sessions, attempts))
}

/// Does so again and again until the program stops.
pub async fn run(app: App) {
    loop {
        if let Err(error) = once(&app).await {
            tracing::warn!(?error, "old sessions and attempts could not be forgotten");
        }
        if let Err(error) = crate::web::idempotent::forget(&app).await {
            tracing::warn!(?error, "old keys of requests could not be forgotten");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = app.stopped() => return,
        }
    }
}
