//! One publication: last look, written intent, call, written outcome. A crash between any two of these leaves a row
//! that the next round understands.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;
use vigie_connect::Code;
use vigie_core::id::CommentId;
use vigie_core::post::PostState;
use vigie_core::publication::{
    Found, Outcome, PublicationState, RATE_LIMITED, Settlement, back_off, settle, settle_found,
    withdrawn,
};
use vigie_store::{
    Begun, CommentKind, CommentRow, ObservedState, PublicationRow, Seen, TakeBackOutcome, Tx,
};

use super::alarm::{self, Kind};
use super::guard::{Cleared, Stop, clear, was_sent};
use super::session;
use crate::app::App;
use crate::channel::fetch;
use crate::post::actions;
use crate::post::who::Who;

/// How long one call to a network may take.
pub const WITHIN: Duration = Duration::from_secs(30);

type Result<T> = std::result::Result<T, anyhow::Error>;

fn object(row: &PublicationRow) -> String {
    format!("publication/{}", row.id)
}

/// Sends a claimed publication.
///
/// # Errors
/// The database; then the lease runs out and the next round takes it up.
pub async fn send(app: &App, row: &PublicationRow) -> Result<()> {
    let now = app.clock.now();
    let looked = {
        let mut conn = app.store.read().await?;
        clear(app, &mut conn, row, now).await?
    };
    let mut cleared = match looked {
        Ok(cleared) => cleared,
        Err(stop) => return stopped(app, row, &stop, now).await,
    };
    let mut open = match session::open(app, &cleared.channel).await {
        Ok(open) => open,
        Err(error) => return sealed(app, row, &error, now).await,
    };
    if !begin(app, row, &cleared, now).await? {
        return Ok(());
    }
    let platform = cleared.channel.platform;
    fetch::address(app, platform, &mut cleared.payload, &cleared.pictures);
    let connector = app.connectors.of(platform);
    let outcome = connector
        .publish(&mut open.session, &cleared.payload, WITHIN)
        .await;
    let now = app.clock.now();
    open.keep(app, now).await;
    // Whatever the database says to this question, the outcome is written.
    let newest = open.is_newest(app).await.unwrap_or(false);
    finish(app, row, &cleared, &outcome, newest, now).await
}

/// Writes the intent; false when everything was paused meanwhile.
async fn begin(app: &App, row: &PublicationRow, cleared: &Cleared, now: Timestamp) -> Result<bool> {
    let mut tx = app.store.begin().await?;
    let begun = tx
        .publication_begin(row.id, row.attempt, &app.worker, cleared.request, now)
        .await?;
    if begun == Begun::Yes {
        let detail: vigie_store::Detail<'_> = &[("digest", &row.digest), ("attempt", &row.attempt)];
        tx.audit(
            now,
            Who::system().audit,
            "publication.begin",
            &object(row),
            detail,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(begun == Begun::Yes)
}

async fn finish(
    app: &App,
    row: &PublicationRow,
    cleared: &Cleared,
    outcome: &Outcome,
    newest: bool,
    now: Timestamp,
) -> Result<()> {
    let mut tx = app.store.begin().await?;
    let gone = is_withdrawn(&mut tx, row).await?;
    let settlement = meant(settle(outcome, row.tries.saturating_add(1), now), gone);
    tx.publication_settle(row.id, row.attempt, outcome, &settlement, now)
        .await?;
    match outcome {
        Outcome::Published {
            remote_id,
            url,
            content_id,
        } => {
            see(&mut tx, row, cleared, (remote_id, url, content_id), now).await?;
        }
        Outcome::Refused { code, .. } | Outcome::NotSent { code, .. } => {
            trouble(&mut tx, row, code, settlement.state, newest, now).await?;
        }
        Outcome::Unknown { .. } => {}
    }
    if gone {
        after_withdrawal(app, &mut tx, row, settlement.state, now).await?;
    }
    let state = settlement.state;
    tx.audit(
        now,
        Who::system().audit,
        "publication.outcome",
        &object(row),
        &[
            ("digest", &row.digest),
            ("state", &state),
            ("attempt", &row.attempt),
        ],
    )
    .await?;
    tx.commit().await?;
    if let (Outcome::NotSent { code, .. }, Some(until)) = (outcome, settlement.next_try)
        && code == RATE_LIMITED
    {
        others_wait(app, row, until, now).await;
    }
    settle_post(app, row).await
}

/// The rest of the channel's queue waits too, and does not ask in vain. In a transaction of its own: the outcome is
/// written whatever comes of this.
async fn others_wait(app: &App, row: &PublicationRow, until: Timestamp, now: Timestamp) {
    let wait = async {
        let mut tx = app.store.begin().await?;
        tx.publications_wait(row.channel, until, RATE_LIMITED, now)
            .await?;
        tx.commit().await
    };
    if let Err(error) = wait.await {
        tracing::warn!(channel = %row.channel, %error, "the queue of a channel that must wait goes on asking");
    }
}

/// Whether the post was withdrawn while this was on its way; read in the transaction that writes the outcome.
async fn is_withdrawn(tx: &mut Tx, row: &PublicationRow) -> Result<bool> {
    Ok(tx.publication(row.id).await?.withdrawn_at.is_some())
}

fn meant(settlement: Settlement, gone: bool) -> Settlement {
    if gone {
        withdrawn(settlement)
    } else {
        settlement
    }
}

/// What a withdrawn post still has to do with an outcome: its people are told when it went out all the same, and a
/// version that was approved since takes its turn when it did not.
async fn after_withdrawal(
    app: &App,
    tx: &mut Tx,
    row: &PublicationRow,
    state: PublicationState,
    now: Timestamp,
) -> Result<()> {
    match state {
        PublicationState::Published => {
            tx.comment_add(&CommentRow {
                id: CommentId::new(Uuid::now_v7()),
                post: row.post,
                revision: Some(row.revision),
                author: None,
                kind: CommentKind::System,
                body: "post-said-out-though-withdrawn".to_owned(),
                at: now,
            })
            .await?;
        }
        PublicationState::Cancelled => {
            let post = tx.post(row.post).await?;
            if post.post.state == PostState::Approved {
                actions::enqueue(app, tx, &post, now).await?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// What was published is known from now on: a later reading compares with it.
async fn see(
    tx: &mut Tx,
    row: &PublicationRow,
    cleared: &Cleared,
    (remote_id, url, content_id): (&str, &str, &str),
    now: Timestamp,
) -> Result<()> {
    // Published, but not read back yet: the first reading says what it looks like there.
    if content_id.is_empty() {
        return Ok(());
    }
    let seen = Seen {
        channel: row.channel,
        remote_id,
        content_id,
        publication: Some(row.id),
        state: ObservedState::Ours,
        text: &cleared.payload.words(),
        url,
    };
    tx.observed_see(seen, now).await?;
    Ok(())
}

/// A refusal is shown where people look; credentials that no longer work stop the channel until they are mended.
async fn trouble(
    tx: &mut Tx,
    row: &PublicationRow,
    code: &str,
    state: PublicationState,
    newest: bool,
    now: Timestamp,
) -> Result<()> {
    if Code::parse(code).is_some_and(Code::needs_reconnect) && newest {
        tx.channel_broken(row.channel, code).await?;
        alarm::broken(tx, row.channel, code, now).await?;
    }
    if state == PublicationState::Refused {
        alarm::about(tx, Kind::Refused, row, json!({ "code": code }), now).await?;
    }
    Ok(())
}

/// Not sent, because it must not be.
async fn stopped(app: &App, row: &PublicationRow, stop: &Stop, now: Timestamp) -> Result<()> {
    let mut tx = app.store.begin().await?;
    match stop {
        Stop::Tampered(part) => {
            tracing::error!(publication = %row.id, part, "the content is not the approved one; nothing was sent");
            tx.publication_refuse(row.id, row.attempt, "tampered", part, now)
                .await?;
            alarm::about(&mut tx, Kind::Tampered, row, json!({ "part": part }), now).await?;
            let detail: vigie_store::Detail<'_> = &[("digest", &row.digest), ("part", part)];
            tx.audit(
                now,
                Who::system().audit,
                "publication.tampered",
                &object(row),
                detail,
            )
            .await?;
            tx.commit().await?;
            return settle_post(app, row).await;
        }
        Stop::Series => {
            let code = Code::SeriesBroken.as_str();
            tx.publication_refuse(row.id, row.attempt, code, "", now)
                .await?;
            alarm::about(&mut tx, Kind::Refused, row, json!({ "code": code }), now).await?;
            let state = PublicationState::Refused;
            let detail: vigie_store::Detail<'_> = &[("digest", &row.digest), ("state", &state)];
            tx.audit(
                now,
                Who::system().audit,
                "publication.outcome",
                &object(row),
                detail,
            )
            .await?;
            tx.commit().await?;
            return settle_post(app, row).await;
        }
        Stop::Late | Stop::Channel => {
            // The next round lapses it, or waits for the channel.
            let at = now.checked_add(SignedDuration::from_secs(5)).unwrap_or(now);
            tx.publication_postpone(row.id, row.attempt, "waiting", at, now)
                .await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// The vault did not give the token.
async fn sealed(
    app: &App,
    row: &PublicationRow,
    error: &crate::vault::Error,
    now: Timestamp,
) -> Result<()> {
    tracing::error!(publication = %row.id, %error, "the channel's token cannot be opened");
    let at = now
        .checked_add(back_off(row.tries.saturating_add(1)))
        .unwrap_or(now);
    let mut tx = app.store.begin().await?;
    tx.publication_postpone(row.id, row.attempt, "vault_closed", at, now)
        .await?;
    tx.channel_broken(row.channel, "vault_closed").await?;
    alarm::broken(&mut tx, row.channel, "vault_closed", now).await?;
    tx.commit().await?;
    Ok(())
}

/// Looks for a publication whose outcome is unknown.
///
/// # Errors
/// The database.
pub async fn look(app: &App, row: &PublicationRow) -> Result<()> {
    let mut now = app.clock.now();
    let sent = {
        let mut conn = app.store.read().await?;
        was_sent(app, &mut conn, row).await?
    };
    let found = match sent {
        None => Found::CannotTell {
            detail: "the content cannot be read any more".to_owned(),
        },
        Some(cleared) => match session::open(app, &cleared.channel).await {
            Err(error) => Found::CannotTell {
                detail: error.to_string(),
            },
            Ok(mut open) => {
                let connector = app.connectors.of(cleared.channel.platform);
                let found = connector.find(&mut open.session, &cleared.payload).await;
                now = app.clock.now();
                open.keep(app, now).await;
                found
            }
        },
    };
    let mut tx = app.store.begin().await?;
    let found = not_of_another(&mut tx, row, found).await?;
    let gone = is_withdrawn(&mut tx, row).await?;
    let settlement = meant(settle_found(&found, row.looks, now), gone);
    tx.publication_looked(row.id, row.attempt, &found, &settlement, now)
        .await?;
    if let Found::Same {
        remote_id,
        url,
        content_id,
    } = &found
    {
        let seen = Seen {
            channel: row.channel,
            remote_id,
            content_id,
            publication: Some(row.id),
            state: ObservedState::Ours,
            text: "",
            url,
        };
        if !content_id.is_empty() {
            tx.observed_see(seen, now).await?;
        }
    }
    if gone {
        after_withdrawal(app, &mut tx, row, settlement.state, now).await?;
    }
    if settlement.state == PublicationState::Unknown && settlement.next_try.is_none() {
        alarm::about(&mut tx, Kind::Undecided, row, json!({}), now).await?;
    }
    let state = settlement.state;
    let detail: vigie_store::Detail<'_> = &[("digest", &row.digest), ("state", &state)];
    tx.audit(
        now,
        Who::system().audit,
        "publication.looked",
        &object(row),
        detail,
    )
    .await?;
    tx.commit().await?;
    settle_post(app, row).await
}

/// What is known to be another publication is not this one, however alike they are: two parts of a series may say the
/// same. It counts as not seen, so that a person looks and nothing is sent again by itself.
///
/// # Errors
/// The database.
pub async fn not_of_another(
    tx: &mut vigie_store::Tx,
    row: &PublicationRow,
    found: Found,
) -> Result<Found> {
    let Found::Same { remote_id, .. } = &found else {
        return Ok(found);
    };
    let known = tx.publication_by_remote(row.channel, remote_id).await?;
    Ok(match known {
        Some(other) if other.id != row.id => Found::NotSeen,
        _ => found,
    })
}

/// Deletes a publication that was taken back.
///
/// # Errors
/// The database.
pub async fn take_back(app: &App, row: &PublicationRow) -> Result<()> {
    let now = app.clock.now();
    let channel = app.store.read().await?.channel(row.channel).await?;
    let again = |code: &str| TakeBackOutcome::Retry {
        at: now.checked_add(back_off(3)).unwrap_or(now),
        code: code.to_owned(),
    };
    let mut no_entry = None;
    let outcome = match (&row.remote_id, session::open(app, &channel).await) {
        (None, _) => TakeBackOutcome::Refused {
            code: "no_remote_id".to_owned(),
            detail: String::new(),
        },
        (Some(_), Err(error)) => {
            tracing::error!(publication = %row.id, %error, "a post cannot be taken back: no token");
            again("vault_closed")
        }
        (Some(remote_id), Ok(mut open)) => {
            let deleted = app
                .connectors
                .of(channel.platform)
                .delete(&mut open.session, remote_id)
                .await;
            open.keep(app, now).await;
            let newest = open.is_newest(app).await.unwrap_or(false);
            match deleted {
                Ok(()) => TakeBackOutcome::Gone,
                // It waits for a new key; the channel stops until then.
                Err(failure) if failure.code.needs_reconnect() => {
                    no_entry = Some(failure.code.as_str()).filter(|_| newest);
                    again(failure.code.as_str())
                }
                Err(failure) if failure.code.is_passing() => TakeBackOutcome::Retry {
                    at: failure
                        .retry_at
                        .unwrap_or_else(|| now.checked_add(back_off(2)).unwrap_or(now)),
                    code: failure.code.as_str().to_owned(),
                },
                Err(failure) => TakeBackOutcome::Refused {
                    code: failure.code.as_str().to_owned(),
                    detail: failure.detail,
                },
            }
        }
    };
    let mut tx = app.store.begin().await?;
    tx.publication_taken_back(row.id, row.attempt, &outcome, now)
        .await?;
    if let Some(code) = no_entry {
        tx.channel_broken(row.channel, code).await?;
        alarm::broken(&mut tx, row.channel, code, now).await?;
    }
    match &outcome {
        TakeBackOutcome::Gone => {
            if let Some(remote_id) = &row.remote_id
                && tx.observed(row.channel, remote_id).await?.is_some()
            {
                tx.observed_state(row.channel, remote_id, ObservedState::Deleted, now)
                    .await?;
            }
            let detail: vigie_store::Detail<'_> = &[("digest", &row.digest)];
            tx.audit(
                now,
                Who::system().audit,
                "publication.taken_back",
                &object(row),
                detail,
            )
            .await?;
        }
        TakeBackOutcome::Refused { code, .. } => {
            alarm::about(
                &mut tx,
                Kind::Refused,
                row,
                json!({ "code": code, "back": true }),
                now,
            )
            .await?;
        }
        TakeBackOutcome::Retry { .. } => {}
    }
    tx.commit().await?;
    Ok(())
}

/// A post is done when every publication has an outcome.
///
/// # Errors
/// The database.
pub async fn settle_post(app: &App, row: &PublicationRow) -> Result<()> {
    if app
        .store
        .read()
        .await?
        .publications_unsettled(row.post)
        .await?
        > 0
    {
        return Ok(());
    }
    match actions::settled(app, row.post).await {
        Ok(_) | Err(actions::ActionError::Refused(_)) => Ok(()),
        // Another replica settled the last one at the same moment, or the next round does it.
        Err(actions::ActionError::Store(vigie_store::Error::Conflict)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
