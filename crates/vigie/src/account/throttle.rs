//! Guessing is slow: after some failures each further try has to wait, twice as long each time, by account and by
//! network. Nobody is ever locked out for good, since an attacker could then lock out whom they like.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vigie_store::Failures;

use crate::app::App;
use crate::web::address;
use crate::web::error::Error;
use crate::web::viewer::Viewer;

/// How far back failures count.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// Failures that cost nothing: people mistype.
const FREE_ACCOUNT: u64 = 5;
/// The same for a network, where many people may sit.
const FREE_NETWORK: u64 = 50;
/// The longest wait for an account, seconds: short, since anybody can cause it for anybody. With a second factor to guess
/// as well, one try a minute leads nowhere.
const MOST_ACCOUNT: i64 = 60;
/// The longest wait for a network, seconds.
const MOST_NETWORK: i64 = 15 * 60;

/// Notes an attempt on `login` before anything is looked at, and says how long to wait if it comes too soon.
///
/// # Errors
/// [`Error::TooMany`], database.
pub async fn attempt(app: &App, viewer: &Viewer, login: &str) -> Result<Uuid, Error> {
    let now = app.clock.now();
    let (id, network) = (Uuid::now_v7(), address::network(viewer.address));
    let network = network.to_string();
    let mut tx = app.store.begin().await?;
    tx.record_login(id, login, &network, now).await?;
    tx.commit().await?;
    let since = now.checked_sub(WINDOW).unwrap_or(Timestamp::MIN);
    let mut conn = app.store.read().await?;
    let account = conn.failures_of_account(login, since, id).await?;
    let around = conn.failures_of_network(&network, since, id).await?;
    let wait = wait(account, FREE_ACCOUNT, MOST_ACCOUNT, now).max(wait(
        around,
        FREE_NETWORK,
        MOST_NETWORK,
        now,
    ));
    if wait > 0 {
        // Nothing was looked at: it does not count, or a flood would keep the member out.
        let mut tx = app.store.begin().await?;
        tx.forget_login(id).await?;
        tx.commit().await?;
        return Err(Error::TooMany {
            seconds: u64::try_from(wait).unwrap_or(1),
        });
    }
    Ok(id)
}

/// The attempt was right.
///
/// # Errors
/// Database.
pub async fn succeeded(app: &App, attempt: Uuid) -> Result<(), Error> {
    let mut tx = app.store.begin().await?;
    tx.login_succeeded(attempt).await?;
    tx.commit().await?;
    Ok(())
}

/// Seconds still to wait.
fn wait(failures: Failures, free: u64, most: i64, now: Timestamp) -> i64 {
    let Some(last) = failures.last_at else {
        return 0;
    };
    let over = failures.count.saturating_sub(free);
    if over == 0 {
        return 0;
    }
    let delay = (1_i64 << over.min(20)).min(most);
    (delay - now.duration_since(last).as_secs()).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_are_bounded() {
        let now = Timestamp::from_second(1000).unwrap();
        let at = |count| {
            wait(
                Failures {
                    count,
                    last_at: Some(now),
                },
                FREE_ACCOUNT,
                MOST_ACCOUNT,
                now,
            )
        };
        assert_eq!([at(0), at(5), at(6), at(7), at(8)], [0, 0, 2, 4, 8]);
        assert_eq!(at(1000), MOST_ACCOUNT);
        let later = Timestamp::from_second(1000 + MOST_ACCOUNT).unwrap();
        assert_eq!(
            wait(
                Failures {
                    count: 1000,
                    last_at: Some(now)
                },
                FREE_ACCOUNT,
                MOST_ACCOUNT,
                later
            ),
            0
        );
    }
}
