//! Conversations in chats: rooms, what is to be said there, who is which member, what was heard.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use vigie_core::id::{ChatNoteId, ChatRoomId, MemberId, PostId, SecretId};

/// The columns of [`ChatRoomRow`].
macro_rules! rooms {
    ($rest:literal) => {
        concat!(
            "select id, kind, name, room, server, lang, secret, chat, own, status, trouble, created_by, created_at, \
             account \
             from chat_room ",
            $rest
        )
    };
}

/// The columns of [`ChatNoteRow`].
macro_rules! notes {
    ($rest:literal) => {
        concat!(
            "select id, room, post, kind, about, state, tries, thread, message, created_at from chat_note ",
            $rest
        )
    };
}

queries! {
    ROOM_ADD = "insert into chat_room (id, kind, name, room, server, lang, secret, chat, own, status, created_by, \
                created_at, account) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $10, $11, $12)";
    ROOM = rooms!("where id = $1");
    ROOMS = rooms!("where status <> 'closed' order by name, id");
    /// Closed ones as well: whoever opened one may still know what signs its calls.
    OPENERS = "select distinct created_by from chat_room where kind = $1 and chat = $2";
    ROOM_OPEN = "update chat_room set status = 'open' where id = $1 and status = 'pending'";
    ROOM_CLOSE = "update chat_room set status = 'closed', secret = null where id = $1 and status <> 'closed'";
    /// What was not said there is not said any more.
    ROOM_NOTES_OVER = "update chat_note set state = 'lost', error = 'closed' where room = $1 and state = 'ready'";
    ROOM_TROUBLE = "update chat_room set trouble = $2 where id = $1";
    NOTE_ADD = "insert into chat_note (id, room, post, kind, about, state, tries, next_try_at, created_at) \
                values ($1, $2, $3, $4, $5, 'ready', 0, $6, $6)";
    /// Not where only the holder of a connection can speak.
    NOTES_DUE = notes!("where state = 'ready' and next_try_at <= $1 and (lease_until is null or lease_until < $1) \
                        and room not in (select id from chat_room where kind = 'xmpp') \
                        order by next_try_at, created_at, id limit $2");
    NOTES_DUE_IN = notes!("where state = 'ready' and next_try_at <= $1 and (lease_until is null or lease_until < $1) \
                           and room = $3 order by next_try_at, created_at, id limit $2");
    NOTE_CLAIM = "update chat_note set lease_until = $3, tries = tries + 1 where id = $1 and tries = $2 \
                  and state = 'ready'";
    NOTE_SAYING = "update chat_note set state = 'saying' where id = $1 and tries = $2 and state = 'ready'";
    NOTE_SAID = "update chat_note set state = 'said', thread = $3, message = $4, sent_at = $5, lease_until = null, \
                 error = null where id = $1 and tries = $2";
    NOTE_LATER = "update chat_note set state = 'ready', next_try_at = $3, error = $4, lease_until = null \
                  where id = $1 and tries = $2";
    NOTE_OVER = "update chat_note set state = 'lost', error = $3, lease_until = null where id = $1 and tries = $2";
    /// Said perhaps, by a process that is gone: it is not said twice.
    NOTES_STUCK = "update chat_note set state = 'lost', error = 'interrupted', lease_until = null \
                   where state = 'saying' and lease_until < $1";
    THREAD = "select thread from chat_note where room = $1 and post = $2 and thread is not null \
              order by created_at limit 1";
    /// By the conversation, or by the message of ours that is answered.
    THREAD_POST = "select post from chat_note where room = $1 and (thread = $2 or message = $2) and post is not null \
                   limit 1";
    /// The newest message before `$3` that asked for a review.
    ASKED = "select message from chat_note where room = $1 and post = $2 and kind = 'review' and state = 'said' \
             and message is not null and created_at <= $3 order by created_at desc, id desc limit 1";
    /// Whether one is being said, or may still be.
    ASKING = "select count(*) from chat_note where room = $1 and post = $2 and kind = 'review' and state = 'saying'";
    BIND = "insert into chat_speaker (chat, speaker, member, name, bound_at) values ($1, $2, $3, $4, $5) \
            on conflict (chat, speaker) do update set member = excluded.member, name = excluded.name, \
            bound_at = excluded.bound_at";
    SPEAKER = "select member from chat_speaker where chat = $1 and speaker = $2";
    BOUND = "select chat, speaker, name from chat_speaker where member = $1 order by chat, speaker";
    UNBIND_ALL = "delete from chat_speaker where member = $1";
    UNBIND = "delete from chat_speaker where chat = $1 and speaker = $2 and member = $3";
    HEARD = "insert into chat_heard (id, at) values ($1, $2) on conflict (id) do nothing";
    WAS_HEARD = "select count(*) from chat_heard where id = $1";
    FORGET = "delete from chat_heard where at < $1 and substr(id, 1, 5) <> 'mail/'";
    NOTES_FORGET = "delete from chat_note where created_at < $1 and state <> 'ready' and state <> 'saying'";
}

/// A room of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatRoomRow {
    /// The room.
    pub id: ChatRoomId,
    /// Which chat: `slack`, `mattermost`, `teams`, `webhook`, `hipchat` or `matrix`.
    pub kind: String,
    /// Its name for people.
    pub name: String,
    /// The chat's own id of it; empty where the address is the room.
    pub room: String,
    /// Address of the server; empty where there is none to name.
    pub server: String,
    /// The language spoken there.
    pub lang: String,
    /// Its sealed tokens.
    pub secret: Option<SecretId>,
    /// The workspace or server, whose ids speakers have.
    pub chat: String,
    /// The chat's id of Vigie itself.
    pub own: Option<String>,
    /// `pending`, `open` or `closed`.
    pub status: String,
    /// Why the last thing was not said, a stable name.
    pub trouble: Option<String>,
    /// Who opened it.
    pub created_by: MemberId,
    /// When.
    pub created_at: Timestamp,
    /// The account whose connection Vigie keeps open to listen here; nothing where it does not.
    pub account: Option<String>,
}

impl FromRow for ChatRoomRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            kind: row.text("kind")?,
            name: row.text("name")?,
            room: row.text("room")?,
            server: row.text("server")?,
            lang: row.text("lang")?,
            secret: row.id_opt("secret")?,
            chat: row.text("chat")?,
            own: row.text_opt("own")?,
            status: row.text("status")?,
            trouble: row.text_opt("trouble")?,
            created_by: row.id("created_by")?,
            created_at: row.time("created_at")?,
            account: row.text_opt("account")?,
        })
    }
}

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatNoteKind {
    /// A review is asked for.
    Review,
    /// A post was decided on.
    Decision,
    /// Somebody said something about a post.
    Talk,
    /// Something is not as Vigie left it.
    Alarm,
    /// What asked for a review shows that it was decided.
    Amend,
}

/// Something to be said in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatNoteRow {
    /// The note; the key of it in the chat, for ever.
    pub id: ChatNoteId,
    /// Where.
    pub room: ChatRoomId,
    /// About which post.
    pub post: Option<PostId>,
    /// What kind of thing.
    pub kind: ChatNoteKind,
    /// What happened, or what was said: JSON.
    pub about: String,
    /// `ready`, `saying`, `said` or `lost`.
    pub state: String,
    /// The fencing token: how often it was claimed.
    pub tries: i64,
    /// The conversation it is in.
    pub thread: Option<String>,
    /// The message itself.
    pub message: Option<String>,
    /// When it happened.
    pub created_at: Timestamp,
}

impl FromRow for ChatNoteRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            room: row.id("room")?,
            post: row.id_opt("post")?,
            kind: row.word("kind")?,
            about: row.text("about")?,
            state: row.text("state")?,
            tries: row.int("tries")?,
            thread: row.text_opt("thread")?,
            message: row.text_opt("message")?,
            created_at: row.time("created_at")?,
        })
    }
}

/// A speaker that is a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundRow {
    /// The workspace or server.
    pub chat: String,
    /// The chat's id of the person.
    pub speaker: String,
    /// The name shown there when it was bound.
    pub name: String,
}

impl FromRow for BoundRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            chat: row.text("chat")?,
            speaker: row.text("speaker")?,
            name: row.text("name")?,
        })
    }
}

impl Conn {
    /// Whether something was heard before.
    pub async fn chat_was_heard(&mut self, id: &str) -> Result<bool> {
        let count: i64 = q(WAS_HEARD).text(id).one(self).await?;
        Ok(count > 0)
    }

    /// One room, open or closed.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn chat_room(&mut self, id: ChatRoomId) -> Result<ChatRoomRow> {
        q(ROOM).id(id).one(self).await
    }

    /// The rooms that are open, or wait for a second person.
    pub async fn chat_rooms(&mut self) -> Result<Vec<ChatRoomRow>> {
        q(ROOMS).all(self).await
    }

    /// Who opened the rooms of a workspace or server, whether these are open, closed or wait.
    pub async fn chat_openers(&mut self, kind: &str, chat: &str) -> Result<Vec<MemberId>> {
        let ids: Vec<String> = q(OPENERS).text(kind).text(chat).all(self).await?;
        Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// The conversation about a post in a room, once something was said there.
    pub async fn chat_thread(&mut self, room: ChatRoomId, post: PostId) -> Result<Option<String>> {
        q(THREAD).id(room).id(post).maybe(self).await
    }

    /// The newest message that asked for a review of a post in a room before `until`.
    pub async fn chat_asked(
        &mut self,
        room: ChatRoomId,
        post: PostId,
        until: Timestamp,
    ) -> Result<Option<String>> {
        q(ASKED).id(room).id(post).time(until).maybe(self).await
    }

    /// Whether such a message is being said just now.
    pub async fn chat_asking(&mut self, room: ChatRoomId, post: PostId) -> Result<bool> {
        let n: i64 = q(ASKING).id(room).id(post).one(self).await?;
        Ok(n > 0)
    }

    /// The post that a conversation is about; a message of ours names it as well.
    pub async fn chat_thread_post(
        &mut self,
        room: ChatRoomId,
        thread: &str,
    ) -> Result<Option<PostId>> {
        let id: Option<String> = q(THREAD_POST).id(room).text(thread).maybe(self).await?;
        Ok(id.and_then(|id| id.parse().ok()))
    }

    /// Which member a speaker is, if they confirmed it.
    pub async fn chat_member(&mut self, chat: &str, speaker: &str) -> Result<Option<MemberId>> {
        let id: Option<String> = q(SPEAKER).text(chat).text(speaker).maybe(self).await?;
        Ok(id.and_then(|id| id.parse().ok()))
    }

    /// Where a member is known.
    pub async fn chat_bound(&mut self, member: MemberId) -> Result<Vec<BoundRow>> {
        q(BOUND).id(member).all(self).await
    }
}

impl Tx {
    /// Prepares a room; it is pending.
    pub async fn chat_room_add(&mut self, row: &ChatRoomRow) -> Result<()> {
        q(ROOM_ADD)
            .id(row.id)
            .text(&row.kind)
            .text(&row.name)
            .text(&row.room)
            .text(&row.server)
            .text(&row.lang)
            .id_opt(row.secret)
            .text(&row.chat)
            .text_opt(row.own.as_deref())
            .id(row.created_by)
            .time(row.created_at)
            .text_opt(row.account.as_deref())
            .run(self)
            .await?;
        Ok(())
    }

    /// A second person confirmed it: things are said there from now on.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it is not pending.
    pub async fn chat_room_open(&mut self, id: ChatRoomId) -> Result<()> {
        q(ROOM_OPEN).id(id).run_one(self).await
    }

    /// Closes a room and destroys its tokens.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it is closed already.
    pub async fn chat_room_close(&mut self, id: ChatRoomId) -> Result<()> {
        let secret = self.chat_room(id).await?.secret;
        q(ROOM_CLOSE).id(id).run_one(self).await?;
        q(ROOM_NOTES_OVER).id(id).run(self).await?;
        if let Some(secret) = secret {
            self.secret_delete(secret).await?;
        }
        Ok(())
    }

    /// Why the last thing was not said there; nothing when it was.
    pub async fn chat_room_trouble(&mut self, id: ChatRoomId, code: Option<&str>) -> Result<()> {
        q(ROOM_TROUBLE).id(id).text_opt(code).run(self).await?;
        Ok(())
    }

    /// Something is to be said.
    pub async fn chat_note_add(
        &mut self,
        id: ChatNoteId,
        room: ChatRoomId,
        post: Option<PostId>,
        kind: ChatNoteKind,
        about: &str,
        now: Timestamp,
    ) -> Result<()> {
        q(NOTE_ADD)
            .id(id)
            .id(room)
            .id_opt(post)
            .word(&kind)
            .text(about)
            .time(now)
            .run(self)
            .await?;
        Ok(())
    }

    /// Takes at most `limit` notes that are due, until `until`; none where only the holder of a connection can speak.
    pub async fn chat_notes_claim(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ChatNoteRow>> {
        q(NOTES_STUCK).time(now).run(self).await?;
        let due = q(NOTES_DUE).time(now).int(limit.into()).all(self).await?;
        self.chat_notes_take(due, until).await
    }

    /// The same in one room, for whoever holds its connection.
    pub async fn chat_notes_claim_in(
        &mut self,
        room: ChatRoomId,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ChatNoteRow>> {
        q(NOTES_STUCK).time(now).run(self).await?;
        let due = q(NOTES_DUE_IN).time(now).int(limit.into()).id(room);
        let due = due.all(self).await?;
        self.chat_notes_take(due, until).await
    }

    async fn chat_notes_take(
        &mut self,
        due: Vec<ChatNoteRow>,
        until: Timestamp,
    ) -> Result<Vec<ChatNoteRow>> {
        let mut claimed = Vec::new();
        for mut row in due {
            let won = q(NOTE_CLAIM)
                .id(row.id)
                .int(row.tries)
                .time(until)
                .run(self)
                .await?;
            if won == 1 {
                row.tries += 1;
                claimed.push(row);
            }
        }
        Ok(claimed)
    }

    /// The chat is called now: from here on it may have been said. False when somebody newer has it.
    pub async fn chat_note_saying(&mut self, row: &ChatNoteRow) -> Result<bool> {
        Ok(q(NOTE_SAYING).id(row.id).int(row.tries).run(self).await? == 1)
    }

    /// It was said.
    pub async fn chat_note_said(
        &mut self,
        row: &ChatNoteRow,
        thread: Option<&str>,
        message: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        q(NOTE_SAID)
            .id(row.id)
            .int(row.tries)
            .text_opt(thread)
            .text_opt(message)
            .time(now)
            .run(self)
            .await?;
        Ok(())
    }

    /// It was surely not said; it is tried again.
    pub async fn chat_note_later(
        &mut self,
        row: &ChatNoteRow,
        at: Timestamp,
        code: &str,
    ) -> Result<()> {
        q(NOTE_LATER)
            .id(row.id)
            .int(row.tries)
            .time(at)
            .text(code)
            .run(self)
            .await?;
        Ok(())
    }

    /// It is not said, or nobody can tell: it stays so.
    pub async fn chat_note_over(&mut self, row: &ChatNoteRow, code: &str) -> Result<()> {
        q(NOTE_OVER)
            .id(row.id)
            .int(row.tries)
            .text(code)
            .run(self)
            .await?;
        Ok(())
    }

    /// A speaker is this member: they said so while signed in.
    pub async fn chat_bind(
        &mut self,
        bound: &BoundRow,
        member: MemberId,
        now: Timestamp,
    ) -> Result<()> {
        q(BIND)
            .text(&bound.chat)
            .text(&bound.speaker)
            .id(member)
            .text(&bound.name)
            .time(now)
            .run(self)
            .await?;
        Ok(())
    }

    /// A speaker is nobody any more.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if they were not this member.
    pub async fn chat_unbind(&mut self, chat: &str, speaker: &str, member: MemberId) -> Result<()> {
        q(UNBIND)
            .text(chat)
            .text(speaker)
            .id(member)
            .run_one(self)
            .await
    }

    /// No speaker is this member any more.
    pub async fn chat_unbind_all(&mut self, member: MemberId) -> Result<()> {
        q(UNBIND_ALL).id(member).run(self).await?;
        Ok(())
    }

    /// Notes that something was heard; false when it was before. What begins with `mail/` is a letter's, and is kept
    /// as long as letters are known.
    pub async fn chat_heard(&mut self, id: &str, now: Timestamp) -> Result<bool> {
        Ok(q(HEARD).text(id).time(now).run(self).await? == 1)
    }

    /// Forgets what was heard in chats before `heard`, and what was to be said before `said`.
    pub async fn chat_forget(&mut self, heard: Timestamp, said: Timestamp) -> Result<()> {
        q(FORGET).time(heard).run(self).await?;
        q(NOTES_FORGET).time(said).run(self).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_note_is_claimed_once_and_said_once_and_a_speaker_is_one_member() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let later = now.checked_add(SignedDuration::from_mins(1)).unwrap();
            let ines = testing::member(&store, "ines").await;
            let row = ChatRoomRow {
                id: ChatRoomId::new(uuid::Uuid::from_u128(1)),
                kind: "slack".into(),
                name: "Relecture".into(),
                room: "C1".into(),
                server: String::new(),
                lang: "fr".into(),
                secret: None,
                chat: "T1".into(),
                own: Some("U0".into()),
                status: "pending".into(),
                trouble: None,
                created_by: ines,
                created_at: now,
                account: None,
            };
            let mut tx = store.begin().await.unwrap();
            tx.chat_room_add(&row).await.unwrap();
            assert_eq!(tx.chat_rooms().await.unwrap(), std::slice::from_ref(&row));
            tx.chat_room_open(row.id).await.unwrap();
            assert!(matches!(
                tx.chat_room_open(row.id).await,
                Err(Error::Conflict)
            ));
            let note = ChatNoteId::new(uuid::Uuid::from_u128(2));
            tx.chat_note_add(note, row.id, None, ChatNoteKind::Alarm, "{}", now)
                .await
                .unwrap();
            let claimed = tx.chat_notes_claim(now, later, 9).await.unwrap();
            assert_eq!((claimed.len(), claimed[0].tries), (1, 1));
            assert!(tx.chat_notes_claim(now, later, 9).await.unwrap().is_empty());
            assert!(tx.chat_note_saying(&claimed[0]).await.unwrap());
            // The process dies here: it may have been said, and is not said twice.
            let after = later.checked_add(SignedDuration::from_secs(1)).unwrap();
            assert!(
                tx.chat_notes_claim(after, after, 9)
                    .await
                    .unwrap()
                    .is_empty()
            );
            assert!(!tx.chat_note_saying(&claimed[0]).await.unwrap());

            let bound = BoundRow {
                chat: "T1".into(),
                speaker: "U7".into(),
                name: "ines".into(),
            };
            assert_eq!(tx.chat_member("T1", "U7").await.unwrap(), None);
            tx.chat_bind(&bound, ines, now).await.unwrap();
            assert_eq!(tx.chat_member("T1", "U7").await.unwrap(), Some(ines));
            assert_eq!(tx.chat_bound(ines).await.unwrap(), [bound]);
            tx.chat_unbind("T1", "U7", ines).await.unwrap();
            assert!(matches!(
                tx.chat_unbind("T1", "U7", ines).await,
                Err(Error::Conflict)
            ));
            assert!(tx.chat_heard("e1", now).await.unwrap());
            assert!(!tx.chat_heard("e1", now).await.unwrap());
            tx.chat_forget(later, later).await.unwrap();
            assert!(tx.chat_heard("e1", now).await.unwrap());
            tx.chat_room_close(row.id).await.unwrap();
            assert!(tx.chat_rooms().await.unwrap().is_empty());
            assert_eq!(tx.chat_openers("slack", "T1").await.unwrap(), [ines]);
            assert!(tx.chat_openers("slack", "T2").await.unwrap().is_empty());
        })
        .await;
    }
}
