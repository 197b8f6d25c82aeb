//! What is to be said in the rooms: written down in the transaction of what happened, said by whichever process takes
//! it, once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vigie_connect::chat::declaration::Repeats;
use vigie_connect::chat::{Note, Sent};
use vigie_connect::rest::{Stage, Trouble};
use vigie_core::id::{ChatNoteId, ChatRoomId, MemberId, PostId};
use vigie_core::publication::back_off;
use vigie_store::{ChatNoteKind, ChatNoteRow, ChatRoomRow, Tx};

use super::{Voice, declared, note};
use crate::app::App;

/// How long a claim lasts: longer than the calls of a whole round, one after the other.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// Notes said in one round, at most twenty seconds each.
const BATCH: u32 = 10;
/// Between two rounds.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);
/// A note that cannot be said so many times is given up.
const TRIES: i64 = 10;
/// How long what was said is remembered, for the conversations.
const SAID: SignedDuration = SignedDuration::from_hours(24 * 180);
/// How long it is remembered what was heard.
const HEARD: SignedDuration = SignedDuration::from_hours(48);

/// What a note is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The act, as in the log, or the kind of alarm.
    pub act: String,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<MemberId>,
    /// What was said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// On which page (an alarm).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub page: String,
    /// Of which content it was decided.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// Writes down that something is to be said in every room but `not_in`, where it comes from.
///
/// # Errors
/// The database.
pub async fn tell(
    tx: &mut Tx,
    kind: ChatNoteKind,
    post: Option<PostId>,
    about: &About,
    not_in: Option<ChatRoomId>,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let text = serde_json::to_string(about).unwrap_or_default();
    for room in tx.chat_rooms().await? {
        if Some(room.id) == not_in || room.status != "open" {
            continue;
        }
        let id = ChatNoteId::new(Uuid::now_v7());
        tx.chat_note_add(id, room.id, post, kind, &text, now)
            .await?;
    }
    Ok(())
}

/// Writes down that what asked for a review of a post is to show that it was decided, in every room whose chat can
/// change what it said.
///
/// # Errors
/// The database.
pub async fn amend(
    tx: &mut Tx,
    post: PostId,
    about: &About,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let text = serde_json::to_string(about).unwrap_or_default();
    for room in tx.chat_rooms().await? {
        let amends = declared(&room.kind).is_some_and(|chat| chat.amends);
        if amends && room.status == "open" {
            let id = ChatNoteId::new(Uuid::now_v7());
            let kind = ChatNoteKind::Amend;
            tx.chat_note_add(id, room.id, Some(post), kind, &text, now)
                .await?;
        }
    }
    Ok(())
}

/// Says what is due until the program ends: a task of its own, so that no publication waits for a chat.
pub async fn run(app: App) {
    let stopped = app.stopped();
    tokio::pin!(stopped);
    loop {
        if let Err(error) = round(&app).await {
            tracing::warn!(error = %format_args!("{error:#}"), "the chats were not told; they are in the next round");
        }
        tokio::select! {
            () = &mut stopped => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Says what is due.
///
/// # Errors
/// The database.
pub async fn round(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let rows = tx
        .chat_notes_claim(now, now.checked_add(LEASE)?, BATCH)
        .await?;
    tx.commit().await?;
    for row in rows {
        // One that cannot be said is tried again when its lease ends; the others do not wait for it.
        if let Err(error) = say(app, &row, None).await {
            tracing::warn!(note = %row.id, error = %format_args!("{error:#}"), "a note is left to a later round");
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
    tx.chat_forget(now.checked_sub(HEARD)?, now.checked_sub(SAID)?)
        .await?;
    tx.chat_links_forget(now).await?;
    tx.commit().await?;
    Ok(())
}

/// Says one note that was claimed, with the voice of a connection that is kept open, or with one of its own.
///
/// # Errors
/// The database: the note is tried again when its claim ends, unless it may have been said.
pub async fn say(app: &App, row: &ChatNoteRow, kept: Option<&Voice>) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut conn = app.store.read().await?;
    let room = conn.chat_room(row.room).await?;
    let amended = match (row.kind, row.post) {
        (ChatNoteKind::Amend, Some(post)) if conn.chat_asking(room.id, post).await? => {
            // What is to be changed is being said just now.
            drop(conn);
            let mut tx = app.store.begin().await?;
            let at = now.checked_add(back_off(1))?;
            tx.chat_note_later(row, at, "slow").await?;
            tx.commit().await?;
            return Ok(());
        }
        (ChatNoteKind::Amend, Some(post)) => conn.chat_asked(room.id, post, row.created_at).await?,
        _ => None,
    };
    let made = note::of(app, &mut conn, &room, row).await?;
    let nothing = row.kind == ChatNoteKind::Amend && amended.is_none();
    let made = made.filter(|_| !nothing);
    drop(conn);
    // Decided meanwhile, gone, or tried often enough: nothing to say any more.
    let over = if row.tries > TRIES {
        "tries"
    } else {
        "outdated"
    };
    let Some(made) = made.filter(|_| row.tries <= TRIES) else {
        let mut tx = app.store.begin().await?;
        tx.chat_note_over(row, over).await?;
        tx.commit().await?;
        return Ok(());
    };
    let mut tx = app.store.begin().await?;
    let mine = tx.chat_note_saying(row).await?;
    tx.commit().await?;
    if !mine {
        return Ok(());
    }
    let came = match kept {
        Some(voice) => speak(voice, &room.room, &made, amended.as_deref()).await,
        None => match Voice::of(app, &room).await {
            Ok(voice) => speak(&voice, &room.room, &made, amended.as_deref()).await,
            Err(trouble) => Err(trouble),
        },
    };
    settle(app, row, &room, came).await
}

async fn speak(
    voice: &Voice,
    room: &str,
    made: &Note,
    amended: Option<&str>,
) -> Result<Sent, Trouble> {
    match amended {
        Some(message) => voice.amend(message, made).await,
        None => voice.say(room, made).await,
    }
}

/// Writes down what came of saying a note.
async fn settle(
    app: &App,
    row: &ChatNoteRow,
    room: &ChatRoomRow,
    came: Result<Sent, Trouble>,
) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    match came {
        Ok(sent) => {
            let (thread, message) = (sent.thread.as_deref(), sent.message.as_deref());
            // A changed message is no conversation of its own.
            let (thread, message) = match row.kind {
                ChatNoteKind::Amend => (None, None),
                _ => (thread, message),
            };
            tx.chat_note_said(row, thread, message, now).await?;
            tx.chat_room_trouble(room.id, None).await?;
        }
        Err(trouble) => {
            tracing::info!(room = %room.id, error = %trouble.failure, "something was not said in a chat");
            let code = trouble.failure.code.as_str();
            // To change a message again does no harm.
            let repeatable = row.kind == ChatNoteKind::Amend
                || declared(&room.kind).is_some_and(|chat| {
                    matches!(chat.repeats, Repeats::OwnKey | Repeats::ByReceiver)
                });
            let again = match trouble.stage {
                Stage::NotSent => true,
                Stage::Unknown => repeatable,
                Stage::Refused => false,
            };
            tx.chat_room_trouble(room.id, Some(code)).await?;
            if again && row.tries < TRIES {
                let tries = u32::try_from(row.tries).unwrap_or(u32::MAX);
                let wait = now.checked_add(back_off(tries))?;
                let at = trouble.failure.retry_at.map_or(wait, |at| at.max(wait));
                tx.chat_note_later(row, at, code).await?;
            } else {
                tx.chat_note_over(row, code).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(())
}
