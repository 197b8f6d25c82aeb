//! Answers on their way in. A round takes letters, keeps them with how far it has read in one transaction, and only
//! then tells the server; what was kept is judged by whichever process takes it. Nothing is lost and nothing counts
//! twice, whenever the program dies.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use vigie_connect::Failure;
use vigie_connect::mail::inbox::{Cursor, Taken};
use vigie_connect::mail::{Address, Incoming, Judge, Unsure};
use vigie_core::publication::back_off;
use vigie_store::{LetterInRow, MailServerRow};

use super::{CLOSED, Keys, WITHIN, answer, incoming, name};
use crate::app::App;

/// Between two looks at the inbox.
const EVERY: SignedDuration = SignedDuration::from_secs(60);
/// Between two rounds.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(5);
/// Letters judged in one round.
const BATCH: u32 = 20;
/// How long a claim lasts: longer than the questions about a whole round.
const LEASE: SignedDuration = SignedDuration::from_mins(10);
/// So many letters wait at most; then no more are taken in.
const MOST_WAITING: u64 = 400;
/// A letter that cannot be judged so many times is given up: it decides nothing.
const TRIES: i64 = 12;

/// Reads until the program ends.
pub(super) async fn run(app: &App) {
    let stopped = app.stopped();
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        if let Err(error) = round(app).await {
            tracing::warn!(error = %format_args!("{error:#}"), "the inbox was not read; the next round tries again");
        }
    }
}

/// Looks into the inbox if it is time, and judges what was kept.
///
/// # Errors
/// The database.
pub async fn round(app: &App) -> anyhow::Result<()> {
    let Some(server) = app.store.read().await?.mail_server_in_use().await? else {
        return Ok(());
    };
    if server.inbox.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let due = server
        .read_at
        .is_none_or(|at| now.duration_since(at) >= EVERY);
    if due {
        let mut tx = app.store.begin().await?;
        let mine = tx
            .mail_claim_reading(server.id, server.read_at, now)
            .await?;
        tx.commit().await?;
        if mine {
            look(app, &server).await?;
        }
    }
    if app.store.read().await?.letters_in_wait().await? == 0 {
        return Ok(());
    }
    let trusted = Some(server.trusted.clone()).filter(|name| !name.is_empty());
    match Judge::new(trusted) {
        Ok(judge) => judge_kept(app, &server, &judge).await,
        Err(failure) => trouble(app, &server, &failure).await,
    }
}

/// Looks into the inbox of a server, and keeps what is new there.
///
/// # Errors
/// The database.
pub async fn look(app: &App, server: &MailServerRow) -> anyhow::Result<()> {
    let opened = match Keys::open(app, server).await {
        Ok(keys) => incoming(app, server, &keys),
        Err(crate::vault::Error::Vault(error)) => Err(Failure::new(CLOSED, error.to_string())),
        Err(error) => return Err(error.into()),
    };
    match opened {
        Ok(Some(mailbox)) => take(app, server, &mailbox).await,
        Ok(None) => Ok(()),
        Err(failure) => trouble(app, server, &failure).await,
    }
}

async fn trouble(app: &App, server: &MailServerRow, failure: &Failure) -> anyhow::Result<()> {
    tracing::info!(code = failure.code.as_str(), "the inbox was not read");
    let mut tx = app.store.begin().await?;
    tx.mail_inbox_trouble(server.id, name(failure.code)).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes new letters of a mailbox and keeps them.
///
/// # Errors
/// The database.
pub async fn take(app: &App, server: &MailServerRow, mailbox: &Incoming) -> anyhow::Result<()> {
    if app.store.read().await?.letters_in_wait().await? >= MOST_WAITING {
        return Ok(());
    }
    let cursor: Option<Cursor> = server
        .cursor
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok());
    let mut round = match mailbox.open(WITHIN).await {
        Ok(round) => round,
        Err(failure) => return trouble(app, server, &failure).await,
    };
    match round.take(cursor, WITHIN * 3).await {
        Ok(taken) => {
            if keep(app, server, &taken).await? {
                // It does no harm if this is not heard: the cursor knows them.
                let _ = round.done(&taken.letters, WITHIN).await;
            }
            round.close().await;
            Ok(())
        }
        Err(failure) => trouble(app, server, &failure).await,
    }
}

/// Keeps letters and how far it was read, together; false when somebody else has read on meanwhile.
///
/// # Errors
/// The database.
pub async fn keep(app: &App, server: &MailServerRow, taken: &Taken) -> anyhow::Result<bool> {
    let now = app.clock.now();
    let cursor = serde_json::to_string(&taken.cursor)?;
    let mut tx = app.store.begin().await?;
    match tx
        .mail_cursor(server.id, server.cursor.as_deref(), &cursor)
        .await
    {
        Ok(()) => {}
        Err(vigie_store::Error::Conflict) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    for letter in &taken.letters {
        let id = hex::encode(Sha256::digest(&letter.bytes));
        tx.letter_in_keep(&id, &letter.bytes, now).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Judges what was kept, and does what surely a member said.
///
/// # Errors
/// The database.
pub async fn judge_kept(app: &App, server: &MailServerRow, judge: &Judge) -> anyhow::Result<()> {
    let Some(ours) = Address::parse(&server.sender) else {
        return Ok(());
    };
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let rows = tx
        .letters_in_claim(now, now.checked_add(LEASE)?, BATCH)
        .await?;
    tx.commit().await?;
    for row in rows {
        // One that cannot be worked on is tried again when its lease ends; the others do not wait for it.
        if let Err(error) = one(app, &ours, judge, &row, now).await {
            tracing::warn!(letter = row.id, error = %format_args!("{error:#}"), "a letter is left to a later round");
        }
    }
    Ok(())
}

async fn one(
    app: &App,
    ours: &Address,
    judge: &Judge,
    row: &LetterInRow,
    now: Timestamp,
) -> anyhow::Result<()> {
    if row.tries > TRIES {
        return answer::give_up(app, row).await;
    }
    // Whose name servers are slow is a stranger's choice: theirs are not asked.
    if !answer::perhaps_ours(app, &row.raw).await? {
        return answer::stranger(app, row).await;
    }
    match judge.author(&row.raw, now).await {
        Ok(author) => answer::work(app, ours, row, &author).await,
        Err(Unsure::Later) if row.tries < TRIES => {
            let tries = u32::try_from(row.tries).unwrap_or(u32::MAX);
            let mut tx = app.store.begin().await?;
            tx.letter_in_later(row, now.checked_add(back_off(tries))?)
                .await?;
            tx.commit().await?;
            Ok(())
        }
        Err(unsure) => answer::unsure(app, ours, row, unsure).await,
    }
}
