//! Whether the keys of the pages still open them, and for how long.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use vigie_connect::Declaration;
use vigie_store::{ChannelRow, ChannelStatus};

use super::{account, watch};
use crate::app::App;
use crate::publication::{alarm, session};

/// A key that ends within this time is a warning.
pub const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 21);
/// The same of a version of a network's interface.
const VERSION_AHEAD: SignedDuration = SignedDuration::from_hours(24 * 60);
/// How often each key is tried.
const EVERY: SignedDuration = SignedDuration::from_hours(6);

/// The day that the interface spoken ends, if that is soon or past.
pub fn version_ends(declaration: &Declaration, now: Timestamp) -> Option<&'static str> {
    let ends = declaration.version?.ends?;
    let day: Date = ends.parse().ok()?;
    let at = jiff::tz::TimeZone::UTC
        .to_timestamp(day.at(0, 0, 0, 0))
        .ok()?;
    (at.duration_since(now) < VERSION_AHEAD).then_some(ends)
}

/// Tries the keys that were not tried lately; warns of those that end.
///
/// # Errors
/// The database. Trouble with a network is noted at its channel and is none here.
pub async fn check(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    let channels = app.store.read().await?.channels_usable().await?;
    for channel in channels {
        let due = channel
            .checked_at
            .is_none_or(|at| now.duration_since(at) >= EVERY);
        if !due || channel.status != ChannelStatus::Connected {
            continue;
        }
        let mut tx = app.store.begin().await?;
        let mine = tx
            .channel_claim_trial(channel.id, channel.checked_at, now)
            .await?;
        tx.commit().await?;
        if mine {
            try_one(app, &channel).await?;
        }
    }
    Ok(())
}

/// Tries one key now. `None` when it opens the page.
///
/// # Errors
/// The database.
pub async fn try_one(app: &App, channel: &ChannelRow) -> anyhow::Result<Option<&'static str>> {
    let mut open = match session::open(app, channel).await {
        Ok(open) => open,
        Err(error) => {
            tracing::error!(channel = %channel.id, %error, "the channel's token cannot be opened");
            return Ok(Some("vault_closed"));
        }
    };
    let connector = app.connectors.of(channel.platform);
    let tried = connector.check(&mut open.session).await;
    // A renewed token is kept before anything else can go wrong: the old one may open nothing any more.
    open.keep(app, app.clock.now()).await;
    if tried.is_ok() {
        let read = watch::read(app, channel, &mut open.session).await;
        if let Err(error) = read {
            tracing::warn!(channel = %channel.id, error = %format_args!("{error:#}"), "what a page shows is compared at the next reading");
        }
        open.keep(app, app.clock.now()).await;
    }
    let now = app.clock.now();
    let newest = open.is_newest(app).await?;
    let mut tx = app.store.begin().await?;
    let known = account(channel);
    let seen = &open.session.account;
    let limits = if seen.limits == known.limits {
        channel.limits.clone()
    } else {
        serde_json::to_string(&seen.limits).ok()
    };
    tx.channel_checked(channel.id, &seen.handle, limits.as_deref(), now)
        .await?;
    if let Err(failure) = &tried
        && failure.code.needs_reconnect()
        && newest
    {
        let code = failure.code.as_str();
        tx.channel_broken(channel.id, code).await?;
        alarm::broken(&mut tx, channel.id, code, now).await?;
    }
    let until = tx.channel(channel.id).await?.token_until;
    if let Some(until) = until.filter(|until| until.duration_since(now) < AHEAD) {
        alarm::ends(&mut tx, channel.id, until, now).await?;
    }
    tx.commit().await?;
    Ok(tried.err().map(|failure| failure.code.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vigie_connect::Version;

    #[test]
    fn a_version_is_warned_of_two_months_ahead_and_ever_after() {
        let mut declaration = crate::sandbox::connector::DECLARATION;
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(version_ends(&declaration, at("2026-11-28T00:00:00Z")), None);
        declaration.version = Some(Version {
            name: "202511",
            ends: Some("2027-01-15"),
        });
        let warned = |now: &str| version_ends(&declaration, at(now)).is_some();
        assert!(!warned("2026-11-10T00:00:00Z"));
        assert!(warned("2026-11-28T00:00:00Z"));
        assert!(warned("2027-06-01T00:00:00Z"));
    }
}
