//! Letters on their way out: written down in the transaction of what happened, gathered where that is wished, taken by
//! one process, sent once. What may have gone is not sent again.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vigie_connect::Code;
use vigie_connect::mail::{Letter, Unsubscribe};
use vigie_connect::rest::{Stage, Trouble};
use vigie_core::id::{LetterId, MemberId, PostId};
use vigie_core::letter::{Due, LetterKind};
use vigie_core::publication::back_off;
use vigie_core::rights::{Act, allowed};
use vigie_core::schedule;
use vigie_store::{
    ChatNoteKind, LetterRow, MailAddressRow, MailServerRow, Member, NewLetter, PostRecord, Tx,
};

use super::{CLOSED, Postman, WITHIN, name, note};
use crate::account::session;
use crate::app::App;
use crate::chat::outbox::About;

/// How long a claim lasts: longer than the calls of a whole round, one after the other.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// Letters sent in one round, at most twenty seconds each.
const BATCH: u32 = 10;
/// Members whose letters are gathered in one round.
const GATHERED: u32 = 50;
/// Between two rounds.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(2);
/// A letter that the server puts off is given up when it is so old.
const PATIENCE: SignedDuration = SignedDuration::from_hours(48);
/// Whatever the reason, an older one is no news any more: it waits no longer.
const NEWS: SignedDuration = SignedDuration::from_hours(24 * 4);
/// How long letters are remembered, for the conversations.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 180);
/// How long it is remembered that a letter came: longer than one counts.
const CAME: SignedDuration = SignedDuration::from_hours(24 * 16);

/// Letters to the reviewers that were asked just now.
///
/// # Errors
/// The database.
pub async fn asked(
    tx: &mut Tx,
    before: &PostRecord,
    after: &PostRecord,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let new: Vec<MemberId> = after
        .post
        .assigned
        .iter()
        .filter(|asked| !before.post.assigned.contains(asked))
        .map(|asked| asked.member)
        .collect();
    let about = About {
        act: "post.submit".to_owned(),
        by: Some(after.post.author),
        ..About::default()
    };
    write(tx, LetterKind::Review, Some(after), &about, &new, now).await
}

/// Letters about what happened to a post: a decision, to those whose post it is; a remark, also to its reviewers.
/// Nobody is told what they did themselves.
///
/// # Errors
/// The database.
pub async fn happened(
    tx: &mut Tx,
    kind: ChatNoteKind,
    post: PostId,
    about: &About,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let kind = match kind {
        ChatNoteKind::Decision => LetterKind::Decision,
        ChatNoteKind::Talk => LetterKind::Talk,
        // Whoever was drawn is asked, and an alarm is about no post.
        ChatNoteKind::Review | ChatNoteKind::Alarm | ChatNoteKind::Amend => return Ok(()),
    };
    if tx.mail_server_in_use().await?.is_none() {
        return Ok(());
    }
    let post = tx.post(post).await?;
    let mut to = vec![post.post.author, post.post.revision.editor];
    if kind == LetterKind::Talk {
        to.extend(post.post.assigned.iter().map(|a| a.member));
        to.extend(post.post.approvals.iter().map(|a| a.by));
    }
    write(tx, kind, Some(&post), about, &to, now).await
}

/// Letters about an alarm, to everyone who may look after it.
///
/// # Errors
/// The database.
pub async fn alarm(tx: &mut Tx, about: &About, now: Timestamp) -> Result<(), vigie_store::Error> {
    if tx.mail_server_in_use().await?.is_none() {
        return Ok(());
    }
    let members = tx.members().await?;
    let to: Vec<MemberId> = members
        .iter()
        .filter(|m| allowed(m.role, m.reviewer, Act::CloseAlarm))
        .map(|m| m.id)
        .collect();
    write(tx, LetterKind::Alarm, None, about, &to, now).await
}

async fn write(
    tx: &mut Tx,
    kind: LetterKind,
    post: Option<&PostRecord>,
    about: &About,
    to: &[MemberId],
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    if to.is_empty() || tx.mail_server_in_use().await?.is_none() {
        return Ok(());
    }
    let Some(org) = tx.organisation().await? else {
        return Ok(());
    };
    let zone = schedule::zone(&org.tz).unwrap_or(jiff::tz::TimeZone::UTC);
    let text = serde_json::to_string(about).unwrap_or_default();
    let hour_ago = now
        .checked_sub(SignedDuration::from_hours(1))
        .unwrap_or(Timestamp::MIN);
    let mut told = Vec::new();
    for member in to.iter().copied() {
        if Some(member) == about.by || told.contains(&member) {
            continue;
        }
        told.push(member);
        let Some(address) = tx.mail_address(member).await? else {
            continue;
        };
        if !tx.member(member).await?.is_active() {
            continue;
        }
        let lately = tx.letters_since(member, hour_ago).await?;
        let gather_at = match address.wishes.due(kind, lately, &zone, now) {
            Due::Never => continue,
            Due::Now => None,
            Due::Gathered(at) => Some(at),
        };
        let digest = match kind {
            LetterKind::Review => post.map(|post| post.post.revision.digest.to_string()),
            _ => None,
        };
        let new = NewLetter {
            id: LetterId::new(Uuid::now_v7()),
            member,
            kind: kind.as_str(),
            post: post.map(|post| post.post.id),
            about: &text,
            digest,
            gather_at,
        };
        tx.letter_add(&new, now).await?;
    }
    Ok(())
}

/// Sends what is due until the program ends.
pub(super) async fn run(app: &App) {
    let stopped = app.stopped();
    tokio::pin!(stopped);
    loop {
        if let Err(error) = round(app).await {
            tracing::warn!(error = %format_args!("{error:#}"), "letters did not go; they are in the next round");
        }
        tokio::select! {
            () = &mut stopped => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Gathers and sends what is due.
///
/// # Errors
/// The database.
pub async fn round(app: &App) -> anyhow::Result<()> {
    let Some(server) = app.store.read().await?.mail_server_in_use().await? else {
        return Ok(());
    };
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    tx.letters_stale(now.checked_sub(NEWS)?, now).await?;
    tx.letters_gather(now, GATHERED, || LetterId::new(Uuid::now_v7()))
        .await?;
    let rows = tx
        .letters_claim(now, now.checked_add(LEASE)?, BATCH)
        .await?;
    tx.commit().await?;
    if rows.is_empty() {
        return Ok(());
    }
    let postman = Postman::of(app, &server).await;
    for row in rows {
        // One that cannot be sent is tried again when its lease ends; the others do not wait for it.
        if let Err(error) = send(app, &server, &postman, &row).await {
            tracing::warn!(letter = %row.id, error = %format_args!("{error:#}"), "a letter is left to a later round");
        }
    }
    Ok(())
}

/// Forgets what is old.
///
/// # Errors
/// The database.
pub async fn forget(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    tx.letters_forget(now.checked_sub(KEPT)?).await?;
    tx.letters_in_forget(now.checked_sub(CAME)?).await?;
    tx.commit().await?;
    Ok(())
}

async fn over(app: &App, row: &LetterRow, code: &str) -> anyhow::Result<()> {
    let mut tx = app.store.begin().await?;
    tx.letter_over(row, code).await?;
    tx.commit().await?;
    Ok(())
}

async fn send(
    app: &App,
    server: &MailServerRow,
    postman: &Result<Postman, vigie_connect::Failure>,
    row: &LetterRow,
) -> anyhow::Result<()> {
    let mut conn = app.store.read().await?;
    let member = conn.member(row.member).await?;
    let address = conn.mail_address(row.member).await?;
    let (Some(address), true) = (address, member.is_active()) else {
        return over(app, row, "removed").await;
    };
    // Decided meanwhile, or gone: nothing to say any more.
    let Some(made) = note::of(app, &mut conn, &member, server, row).await? else {
        return over(app, row, "outdated").await;
    };
    drop(conn);
    let postman = match postman {
        Ok(postman) => postman,
        Err(failure) => {
            let trouble = Trouble {
                stage: Stage::NotSent,
                status: 0,
                failure: failure.clone(),
            };
            return settle(app, server, row, Err(trouble)).await;
        }
    };
    let Some((letter, hash)) = letter(postman, &member, &address, made)? else {
        return over(app, row, "bad_address").await;
    };
    let mut tx = app.store.begin().await?;
    let mine = tx.letter_saying(row, hash.as_ref(), &letter.id()).await?;
    tx.commit().await?;
    if !mine {
        return Ok(());
    }
    let came = postman.outgoing.send(&letter, WITHIN).await.map(|_| ());
    settle(app, server, row, came).await
}

/// The letter, and what is kept of its token.
fn letter(
    postman: &Postman,
    member: &Member,
    address: &MailAddressRow,
    made: note::Made,
) -> anyhow::Result<Option<(Letter, Option<[u8; 32]>)>> {
    let Some(to) = super::mailbox(&member.name, &address.address) else {
        return Ok(None);
    };
    let token = match made.answered {
        true => Some(super::token().map_err(|e| anyhow::anyhow!("{e}"))?),
        false => None,
    };
    let hash = token.as_deref().map(session::hash);
    // Mail programs stop letters by https only (RFC 8058); the link in the letter is there all the same.
    let stop = made.stop.filter(|url| url.scheme() == "https");
    let letter = Letter {
        from: postman.from.clone(),
        to,
        note: made.note,
        items: made.items,
        token,
        unsubscribe: stop.map(|url| Unsubscribe { url }),
    };
    Ok(Some((letter, hash)))
}

/// Whether a letter that did not go is tried again. A server that cannot be reached, or lets nobody in, says nothing
/// about this letter: it waits as long as it is news. One that is put off waits as long as mail servers do.
fn waits(trouble: &Trouble, written: Timestamp, now: Timestamp) -> bool {
    let code = trouble.failure.code;
    let lets_nobody_in = matches!(
        code,
        Code::BadCredentials | Code::NotEncrypted | Code::AddressNotAllowed | CLOSED
    );
    // A status: it was reached, and said "not now".
    let put_off = trouble.status != 0 && code == Code::ServerError;
    match trouble.stage {
        Stage::NotSent if put_off => now.duration_since(written) < PATIENCE,
        Stage::NotSent => true,
        Stage::Refused => lets_nobody_in,
        Stage::Unknown => false,
    }
}

/// Writes down what came of it.
async fn settle(
    app: &App,
    server: &MailServerRow,
    row: &LetterRow,
    came: Result<(), Trouble>,
) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    match came {
        Ok(()) => {
            tx.letter_said(row, now).await?;
            tx.mail_handed_over(row.member).await?;
            tx.mail_trouble(server.id, None).await?;
        }
        Err(trouble) => {
            let code = trouble.failure.code;
            tracing::info!(letter = %row.id, code = code.as_str(), "a letter did not go");
            let no_to_reader = trouble.stage == Stage::Refused && code == Code::RefusedByServer;
            if no_to_reader {
                tx.mail_reached(row.member, Some(code.as_str()), now)
                    .await?;
            } else {
                tx.mail_trouble(server.id, Some(name(code))).await?;
            }
            if waits(&trouble, row.created_at, now) {
                let tries = u32::try_from(row.tries).unwrap_or(u32::MAX);
                let wait = now.checked_add(back_off(tries))?;
                let at = trouble.failure.retry_at.map_or(wait, |at| at.max(wait));
                tx.letter_later(row, at, code.as_str()).await?;
            } else {
                // Refused; or perhaps it went, and then it does not go again.
                tx.letter_over(row, code.as_str()).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_not_counted_against_a_letter() {
        let written = Timestamp::UNIX_EPOCH;
        let after = |hours| {
            written
                .checked_add(SignedDuration::from_hours(hours))
                .unwrap()
        };
        let trouble = |stage, code, status| Trouble {
            status,
            ..Trouble::new(stage, code, "")
        };
        for (stage, code, status, soon, late) in [
            (Stage::NotSent, Code::ServerDown, 0, true, true),
            (Stage::NotSent, Code::SenderRefused, 550, true, true),
            (Stage::Refused, Code::BadCredentials, 0, true, true),
            (Stage::NotSent, CLOSED, 0, true, true),
            (Stage::NotSent, Code::ServerError, 450, true, false),
            (Stage::Refused, Code::RefusedByServer, 550, false, false),
            (Stage::Refused, Code::LetterRefused, 554, false, false),
            (Stage::Unknown, Code::CutOff, 0, false, false),
        ] {
            let trouble = trouble(stage, code, status);
            let seen = [1, 47, 48, 90].map(|hours| waits(&trouble, written, after(hours)));
            assert_eq!(seen, [soon, soon, late, late], "{code:?}");
        }
    }
}
