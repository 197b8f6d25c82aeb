//! The rounds of the publisher. Any number of replicas may run them: every piece of work is claimed first.
//!
//! Three rounds go on beside each other, so that nothing waits for what it has nothing to do with: sending
//! (`sends.rs`), looking after what was sent, and what only time brings.

use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use vigie_core::change::OPEN_HOURS;
use vigie_core::post::PostState;
use vigie_store::{ChannelStatus, PostFilter, PublicationRow, Tx};

use super::sends::{self, Sends};
use super::{readback, send};
use crate::app::App;
use crate::change::apply;
use crate::post::actions;
use crate::post::who::Who;

/// How long a claim lasts: longer than a call to a network and what is written after it.
pub(super) const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// Publications claimed at once to be looked for, or to be taken back.
const BATCH: u32 = 16;
/// Of these, so many at the same time.
const AT_ONCE: usize = 4;
/// Between two rounds, unless something wakes the worker.
pub(super) const PAUSE: Duration = Duration::from_millis(500);
/// Between two rounds of what only time brings: reviews to offer, pages to read, checkpoints.
const SLOW: Duration = Duration::from_secs(5);

/// Runs rounds until the program ends; what is being sent then is written down first.
pub async fn run(app: App) {
    let woken = Notify::new();
    tokio::join!(
        sends::run(&app, &woken),
        rounds(&app, PAUSE, Some(&woken), "a round", keep),
        rounds(&app, SLOW, None, "slow work", slow),
    );
}

/// The same work again and again: after a pause, or when it is woken.
async fn rounds(
    app: &App,
    pause: Duration,
    woken: Option<&Notify>,
    name: &str,
    work: impl AsyncFn(&App) -> anyhow::Result<()>,
) {
    let mut failed = 0_u32;
    let stopped = app.stopped();
    tokio::pin!(stopped);
    loop {
        match work(app).await {
            Ok(()) => failed = 0,
            Err(error) => {
                failed = failed.saturating_add(1);
                tracing::error!(error = %format_args!("{error:#}"), "{name} of the publisher failed; the next one tries again");
            }
        }
        let called = async {
            match woken.filter(|_| failed == 0) {
                Some(woken) => woken.notified().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = &mut stopped => return,
            () = called => {}
            () = tokio::time::sleep(longer(pause, failed)) => {}
        }
    }
}

/// Later each time while there is trouble, sixteen times as long at most: a full disk is not filled with its own
/// complaints.
pub(super) fn longer(pause: Duration, failed: u32) -> Duration {
    pause.saturating_mul(1 << failed.min(4))
}

/// One round: outcomes nobody wrote down, windows that passed, all that is due, what to look for, what to take back.
///
/// # Errors
/// The database.
pub async fn fast(app: &App) -> anyhow::Result<()> {
    interrupted(app).await?;
    lapse(app).await?;
    let mut sends = Sends::default();
    while sends.claim(app).await? {
        sends.land_all().await;
    }
    again(app).await
}

/// What is done beside sending.
async fn keep(app: &App) -> anyhow::Result<()> {
    interrupted(app).await?;
    lapse(app).await?;
    again(app).await
}

/// What to look for on a network, and what to take back there.
async fn again(app: &App) -> anyhow::Result<()> {
    let (now, mine) = (|| app.clock.now(), app.worker.as_str());
    let rows = claim(app, async |tx| {
        tx.publications_claim_looks(now(), mine, LEASE, BATCH).await
    })
    .await?;
    each(rows, |row| async move { send::look(app, &row).await }).await;
    let rows = claim(app, async |tx| {
        tx.publications_claim_back(now(), mine, LEASE, BATCH).await
    })
    .await?;
    each(rows, |row| async move { send::take_back(app, &row).await }).await;
    Ok(())
}

/// Work that can wait some seconds.
///
/// # Errors
/// The database.
pub async fn slow(app: &App) -> anyhow::Result<()> {
    offer(app).await?;
    done(app).await?;
    forget_changes(app).await?;
    read_pages(app).await?;
    crate::channel::health::check(app).await?;
    crate::channel::watch::forget(app).await?;
    crate::channel::spending::note(app).await?;
    crate::inbound::forget(app).await?;
    crate::chat::outbox::forget(app).await?;
    crate::mail::outbox::forget(app).await?;
    crate::audit::checkpoint::make_if_due(app).await
}

/// Changes that nobody answered in time are over: whoever asked sees it, and asks again if it still matters.
async fn forget_changes(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    let before = now.checked_sub(SignedDuration::from_hours(OPEN_HOURS))?;
    let mut tx = app.store.begin().await?;
    let gone = apply::expire(&mut tx, before, now).await?;
    if gone > 0 {
        let detail: vigie_store::Detail<'_> = &[("n", &gone)];
        tx.audit(now, Who::system().audit, "change.expire", "change", detail)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn each<F: Future<Output = anyhow::Result<()>>>(
    rows: Vec<PublicationRow>,
    work: impl Fn(PublicationRow) -> F,
) {
    stream::iter(rows)
        .for_each_concurrent(AT_ONCE, |row| {
            let id = row.id;
            let future = work(row);
            async move {
                if let Err(error) = future.await {
                    tracing::error!(publication = %id, error = %format_args!("{error:#}"), "a publication is left to the next round");
                }
            }
        })
        .await;
}

/// Takes leases on work, in a transaction of their own.
pub(super) async fn claim(
    app: &App,
    take: impl AsyncFnOnce(&mut Tx) -> vigie_store::Result<Vec<PublicationRow>>,
) -> anyhow::Result<Vec<PublicationRow>> {
    let mut tx = app.store.begin().await?;
    let rows = take(&mut tx).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Sends whose holder died: unknown, to be looked for.
async fn interrupted(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    for row in tx.publications_interrupted(now).await? {
        let detail: vigie_store::Detail<'_> = &[("digest", &row.digest), ("attempt", &row.attempt)];
        let object = format!("publication/{}", row.id);
        tx.audit(
            now,
            Who::system().audit,
            "publication.interrupted",
            &object,
            detail,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Windows that passed: their posts go back to their authors. Series that broke off: what comes after is cancelled.
async fn lapse(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let rows = tx.publications_lapse(now).await?;
    give_back(app, &mut tx, &rows, now).await?;
    let late = tx.publications_back_late(now).await?;
    let broken = tx.publications_break(now).await?;
    for row in &broken {
        let detail: vigie_store::Detail<'_> = &[("digest", &row.digest), ("part", &row.part)];
        let object = format!("publication/{}", row.id);
        tx.audit(
            now,
            Who::system().audit,
            "publication.break",
            &object,
            detail,
        )
        .await?;
    }
    tx.commit().await?;
    if !late.is_empty() {
        app.wake.notify_one();
    }
    for row in &broken {
        send::settle_post(app, row).await?;
    }
    Ok(())
}

/// Gives the posts of lapsed publications back to their authors; also used when a pause ends.
///
/// # Errors
/// The database.
pub async fn give_back(
    app: &App,
    tx: &mut vigie_store::Tx,
    rows: &[PublicationRow],
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut posts: Vec<_> = rows.iter().map(|row| row.post).collect();
    posts.sort_unstable();
    posts.dedup();
    for post in posts {
        actions::lapse(app, tx, post, now).await?;
    }
    for row in rows {
        let detail: vigie_store::Detail<'_> = &[("digest", &row.digest), ("post", &row.post)];
        let object = format!("publication/{}", row.id);
        tx.audit(
            now,
            Who::system().audit,
            "publication.lapse",
            &object,
            detail,
        )
        .await?;
    }
    Ok(())
}

/// Reviews that nobody answered in time are offered to another peer too.
async fn offer(app: &App) -> anyhow::Result<()> {
    let mut conn = app.store.read().await?;
    let Some(org) = conn.organisation().await? else {
        return Ok(());
    };
    let delay = SignedDuration::from_mins(org.settings.review_delay_minutes.into());
    let before = app.clock.now().checked_sub(delay).unwrap_or(Timestamp::MIN);
    let waiting = conn.posts_waiting(before, 50).await?;
    drop(conn);
    for post in waiting {
        match actions::offer(app, post).await {
            Ok(_)
            | Err(
                actions::ActionError::Refused(_)
                | actions::ActionError::Store(vigie_store::Error::Conflict),
            ) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Posts whose last outcome was written just before the program died.
async fn done(app: &App) -> anyhow::Result<()> {
    let filter = PostFilter {
        states: vec![PostState::Approved],
        ..PostFilter::default()
    };
    let mut conn = app.store.read().await?;
    let page = conn.posts(&filter, None, 100).await?;
    let mut ready = Vec::new();
    for line in page.lines {
        if conn.publications_unsettled(line.id).await? == 0 {
            ready.push(line.id);
        }
    }
    drop(conn);
    for post in ready {
        match actions::settled(app, post).await {
            Ok(_)
            | Err(
                actions::ActionError::Refused(_)
                | actions::ActionError::Store(vigie_store::Error::Conflict),
            ) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn read_pages(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    let channels = app.store.read().await?.channels_usable().await?;
    for channel in channels {
        let every = app.connectors.of(channel.platform).describe().every;
        let every = SignedDuration::from_mins(every.max(1).into());
        let due = channel
            .read_at
            .is_none_or(|at| now.duration_since(at) >= every);
        if !due || channel.status != ChannelStatus::Connected {
            continue;
        }
        let mut tx = app.store.begin().await?;
        let mine = tx
            .channel_claim_reading(channel.id, channel.read_at, now)
            .await?;
        tx.commit().await?;
        if mine && let Err(error) = readback::read(app, &channel).await {
            tracing::warn!(channel = %channel.id, error = %format_args!("{error:#}"), "a page was not read");
        }
    }
    Ok(())
}
