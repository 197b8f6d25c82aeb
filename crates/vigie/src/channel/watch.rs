//! What each page shows of itself, read when its key is tried and compared with the reading before. Vigie changes none of
//! it, so each change is an alarm, once: the reading that was compared is replaced in the same transaction.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use vigie_connect::{Code, Session};
use vigie_core::audit::leaf::AuditActor;
use vigie_core::id::{ChannelId, PageChangeId};
use vigie_core::page_state::{PageChange, PagePart, PageState, compare, jump, remembered};
use vigie_store::{ChannelRow, NewPageChange, PageStateRow, Tx};

use crate::app::App;
use crate::publication::alarm::{self, Kind};

/// Keys are tried at about the time of day at which they were tried before: a reading may come this much early.
const EARLY: SignedDuration = SignedDuration::from_mins(30);
/// A figure of followers older than this says nothing about a jump within a day.
const JUMP_DAYS: i64 = 2;
/// How long what was settled, and figures of followers, are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);

/// Reads what a page shows, if that is due.
///
/// # Errors
/// The database. Trouble with the network is left to the next reading.
pub async fn read(app: &App, channel: &ChannelRow, session: &mut Session) -> anyhow::Result<()> {
    let connector = app.connectors.of(channel.platform);
    let shows = connector.describe().shows;
    if !shows.anything() {
        return Ok(());
    }
    let before = app.store.read().await?.page_state(channel.id).await?;
    let every = SignedDuration::from_hours(shows.every.into());
    let lately = before.as_ref().is_some_and(|row| {
        let since = app.clock.now().duration_since(row.read_at);
        since.saturating_add(EARLY) < every
    });
    if lately {
        return Ok(());
    }
    match connector.page_state(session).await {
        Ok(state) => keep(app, channel.id, before, state, app.clock.now()).await,
        // A site without a feed.
        Err(failure) if failure.code == Code::NotOffered && before.is_none() => Ok(()),
        Err(failure) => {
            tracing::info!(channel = %channel.id, error = %failure, "what a page shows could not be read");
            match before {
                None => Ok(()),
                Some(row) => blind(app, channel.id, row, app.clock.now()).await,
            }
        }
    }
}

/// Nothing could be read this time: what was known stays, and says since when. It was not read, so it is tried again
/// as soon as before.
async fn blind(
    app: &App,
    channel: ChannelId,
    row: PageStateRow,
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut kept = remembered(row.state, PageState::default(), now);
    let mut tx = app.store.begin().await?;
    shut(&mut tx, channel, &mut kept, now).await?;
    if tx
        .page_state_next(channel, row.read_at, &kept, row.read_at)
        .await?
    {
        tx.commit().await?;
    }
    Ok(())
}

/// Raises the alarm that a page does not let itself be read, once; it is over when it can be read again.
async fn shut(
    tx: &mut Tx,
    channel: ChannelId,
    kept: &mut PageState,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let is_shut = kept.is_shut(now);
    if is_shut && !kept.told {
        alarm::page_unread(tx, channel, now).await?;
    } else if !is_shut && kept.told {
        alarm::page_read(tx, channel, now).await?;
    }
    kept.told = is_shut;
    Ok(())
}

async fn keep(
    app: &App,
    channel: ChannelId,
    before: Option<PageStateRow>,
    state: PageState,
    now: Timestamp,
) -> anyhow::Result<()> {
    let followers = state.followers;
    let mut tx = app.store.begin().await?;
    let since = before.as_ref().map_or(now, |row| row.read_at);
    match before {
        None => {
            if !tx.page_state_first(channel, &state, now).await? {
                return Ok(());
            }
        }
        Some(row) => {
            let changes = compare(&row.state, &state);
            let mut kept = remembered(row.state, state, now);
            shut(&mut tx, channel, &mut kept, now).await?;
            // Another process has read and compared meanwhile.
            if !tx.page_state_next(channel, since, &kept, now).await? {
                return Ok(());
            }
            for change in &changes {
                found(&mut tx, channel, change, since, now).await?;
            }
        }
    }
    if let Some(count) = followers {
        figure(&mut tx, channel, count, since, now).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Writes a change down, and raises its alarm.
async fn found(
    tx: &mut Tx,
    channel: ChannelId,
    change: &PageChange,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let id = PageChangeId::new(Uuid::now_v7());
    let alarm = change.part.alarms().then(|| alarm_name(channel, change));
    let new = NewPageChange {
        id,
        channel,
        part: change.part,
        was: &change.before,
        became: &change.after,
        since,
        alarm: alarm.as_deref(),
    };
    tx.page_change_add(&new, now).await?;
    if let Some(name) = alarm {
        let kind = Kind::PageChanged(change.part);
        alarm::page_changed(tx, kind, channel, name, id, now).await?;
    }
    // What it was stands beside the log, which nothing is ever taken out of.
    let part = change.part.as_str();
    let detail: vigie_store::Detail<'_> = &[("part", &part), ("change", &id)];
    let object = format!("page/{channel}");
    tx.audit(now, AuditActor::System, "page.change", &object, detail)
        .await
        .map(|_| ())
}

/// The same two sides are one alarm while it is open, in either direction: servers that do not agree with each other
/// show the one and the other in turn.
fn alarm_name(channel: ChannelId, change: &PageChange) -> String {
    let mut sides = [&change.before, &change.after];
    sides.sort();
    let mut hash = Sha256::new();
    for side in sides {
        hash.update(u64::try_from(side.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(side.as_bytes());
    }
    let sides = hex::encode(hash.finalize());
    format!(
        "{}:{channel}:{sides}",
        Kind::PageChanged(change.part).as_str()
    )
}

/// Notes the day's figure; a steep jump is noted once a day.
async fn figure(
    tx: &mut Tx,
    channel: ChannelId,
    count: u64,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let day = day(now);
    let last = tx.page_followers_before(channel, day).await?;
    tx.page_followers_note(channel, day, count).await?;
    let recent =
        |than: Date| (day - than).get_days() <= i32::try_from(JUMP_DAYS).unwrap_or(i32::MAX);
    let Some(change) = last
        .filter(|last| recent(last.day))
        .and_then(|last| jump(last.count, count))
    else {
        return Ok(());
    };
    let midnight = TimeZone::UTC
        .to_timestamp(day.at(0, 0, 0, 0))
        .unwrap_or(now);
    let noted = tx
        .page_changes_since(channel, PagePart::Followers, midnight)
        .await?;
    if noted == 0 {
        found(tx, channel, &change, since, now).await?;
    }
    Ok(())
}

/// The day of a moment, UTC.
fn day(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::UTC).date()
}

/// Forgets what is old: settled changes and figures of followers, after thirteen months.
///
/// # Errors
/// The database.
pub async fn forget(app: &App) -> anyhow::Result<()> {
    let then = app.clock.now().checked_sub(KEPT)?;
    let mut tx = app.store.begin().await?;
    tx.page_changes_forget(then).await?;
    tx.page_followers_forget(day(then)).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_and_its_way_back_are_one_alarm_and_others_are_not() {
        let channel = ChannelId::new(Uuid::from_u128(1));
        let name = |before: &str, after: &str, part| {
            let change = PageChange {
                part,
                before: before.into(),
                after: after.into(),
            };
            alarm_name(channel, &change)
        };
        let website = PagePart::Website;
        assert_eq!(name("a", "b", website), name("b", "a", website));
        assert_ne!(name("a", "b", website), name("a", "c", website));
        assert_ne!(name("ab", "", website), name("a", "b", website));
        assert_ne!(name("a", "b", website), name("a", "b", PagePart::Name));
    }
}
