//! Connections to chats that Vigie keeps open: who holds each, how it is, and where to go on reading.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Error, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;

queries! {
    LINKS = "select account, fence, lease_until, since, joined, trouble, trouble_at, cursor, missed_at from chat_link \
             order by account limit 1000";
    LINK = "select account, fence, lease_until, since, joined, trouble, trouble_at, cursor, missed_at from chat_link \
            where account = $1";
    NEW = "insert into chat_link (account, fence, joined) values ($1, 0, '') on conflict (account) do nothing";
    CLAIM = "update chat_link set holder = $2, fence = fence + 1, lease_until = $3, since = null, joined = '' \
             where account = $1 and (lease_until is null or lease_until < $4)";
    RENEW = "update chat_link set lease_until = $3 where account = $1 and fence = $2";
    ONLINE = "update chat_link set since = coalesce(since, $3), joined = $4, trouble = null, trouble_at = null \
              where account = $1 and fence = $2";
    FAILED = "update chat_link set since = null, joined = '', trouble_at = case when trouble = $3 then trouble_at \
              else $4 end, trouble = $3 where account = $1 and fence = $2";
    RELEASE = "update chat_link set holder = null, lease_until = null, since = null, joined = '' \
               where account = $1 and fence = $2";
    CURSOR = "update chat_link set cursor = $3, missed_at = coalesce($4, missed_at) where account = $1 and fence = $2";
    MISSED = "update chat_link set missed_at = $3 where account = $1 and fence = $2";
    FORGET = "delete from chat_link where (lease_until is null or lease_until < $1) and account not in \
              (select account from chat_room where account is not null and status <> 'closed')";
    DIRECT = "select room from chat_direct where account = $1 and speaker = $2";
    DIRECT_SET = "insert into chat_direct (account, speaker, room) values ($1, $2, $3) \
                  on conflict (account, speaker) do update set room = excluded.room";
}

/// A connection to a chat's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatLinkRow {
    /// Which chat, server and account there: [`crate::ChatRoomRow::account`].
    pub account: String,
    /// How often it changed hands: who holds it shows this.
    pub fence: i64,
    /// Until when it is held.
    pub lease_until: Option<Timestamp>,
    /// Since when it is connected.
    pub since: Option<Timestamp>,
    /// The rooms it is in, where the chat says so.
    pub joined: Vec<String>,
    /// Why it is not connected, a stable name.
    pub trouble: Option<String>,
    /// Since when.
    pub trouble_at: Option<Timestamp>,
    /// Where to go on reading.
    pub cursor: Option<String>,
    /// When more was said than could be read.
    pub missed_at: Option<Timestamp>,
}

impl FromRow for ChatLinkRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            account: row.text("account")?,
            fence: row.int("fence")?,
            lease_until: row.time_opt("lease_until")?,
            since: row.time_opt("since")?,
            joined: row.text("joined")?.lines().map(str::to_owned).collect(),
            trouble: row.text_opt("trouble")?,
            trouble_at: row.time_opt("trouble_at")?,
            cursor: row.text_opt("cursor")?,
            missed_at: row.time_opt("missed_at")?,
        })
    }
}

impl Conn {
    /// All connections, at most a thousand.
    pub async fn chat_links(&mut self) -> Result<Vec<ChatLinkRow>> {
        q(LINKS).all(self).await
    }

    /// One connection, if anybody ever held it.
    pub async fn chat_link(&mut self, account: &str) -> Result<Option<ChatLinkRow>> {
        q(LINK).text(account).maybe(self).await
    }

    /// The room with one person alone, if there is one.
    pub async fn chat_direct(&mut self, account: &str, speaker: &str) -> Result<Option<String>> {
        q(DIRECT).text(account).text(speaker).maybe(self).await
    }
}

impl Tx {
    /// Takes a connection until `until`, unless somebody holds it: its fencing token.
    pub async fn chat_link_claim(
        &mut self,
        account: &str,
        worker: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<i64>> {
        q(NEW).text(account).run(self).await?;
        let won = q(CLAIM)
            .text(account)
            .text(worker)
            .time(until)
            .time(now)
            .run(self)
            .await?;
        if won == 0 {
            return Ok(None);
        }
        Ok(self.chat_link(account).await?.map(|row| row.fence))
    }

    /// Holds it longer; false when somebody newer has it.
    pub async fn chat_link_renew(
        &mut self,
        account: &str,
        fence: i64,
        until: Timestamp,
    ) -> Result<bool> {
        let held = q(RENEW).text(account).int(fence).time(until);
        Ok(held.run(self).await? == 1)
    }

    /// It is connected, and in these rooms.
    pub async fn chat_link_online(
        &mut self,
        account: &str,
        fence: i64,
        joined: &[String],
        now: Timestamp,
    ) -> Result<()> {
        q(ONLINE)
            .text(account)
            .int(fence)
            .time(now)
            .text(joined.join("\n"))
            .run(self)
            .await?;
        Ok(())
    }

    /// It is not connected, and why.
    pub async fn chat_link_failed(
        &mut self,
        account: &str,
        fence: i64,
        code: &str,
        now: Timestamp,
    ) -> Result<()> {
        q(FAILED)
            .text(account)
            .int(fence)
            .text(code)
            .time(now)
            .run(self)
            .await?;
        Ok(())
    }

    /// Whoever holds it lets it go: another may take it at once.
    pub async fn chat_link_release(&mut self, account: &str, fence: i64) -> Result<()> {
        q(RELEASE).text(account).int(fence).run(self).await?;
        Ok(())
    }

    /// Where to go on reading, in the transaction that keeps what was heard before; `missed` when there was too much.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody newer has it: nothing of what was heard is to be kept twice.
    pub async fn chat_link_cursor(
        &mut self,
        account: &str,
        fence: i64,
        cursor: &str,
        missed: Option<Timestamp>,
    ) -> Result<()> {
        let row = q(CURSOR)
            .text(account)
            .int(fence)
            .text(cursor)
            .time_opt(missed);
        match row.run(self).await? {
            1 => Ok(()),
            _ => Err(Error::Conflict),
        }
    }

    /// More was said than could be kept.
    pub async fn chat_link_missed(
        &mut self,
        account: &str,
        fence: i64,
        now: Timestamp,
    ) -> Result<()> {
        q(MISSED)
            .text(account)
            .int(fence)
            .time(now)
            .run(self)
            .await?;
        Ok(())
    }

    /// Forgets connections that no room needs.
    pub async fn chat_links_forget(&mut self, now: Timestamp) -> Result<()> {
        q(FORGET).time(now).run(self).await?;
        Ok(())
    }

    /// The room with one person alone.
    pub async fn chat_direct_set(
        &mut self,
        account: &str,
        speaker: &str,
        room: &str,
    ) -> Result<()> {
        q(DIRECT_SET)
            .text(account)
            .text(speaker)
            .text(room)
            .run(self)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChatNoteKind, ChatRoomRow, testing};
    use jiff::SignedDuration;
    use vigie_core::id::{ChatNoteId, ChatRoomId};

    #[tokio::test]
    async fn one_process_holds_a_connection_and_its_place_moves_with_what_was_heard() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let at = |seconds| now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
            let account = "matrix https://m.example @vigie:m.example";
            let mut tx = store.begin().await.unwrap();
            let first = tx.chat_link_claim(account, "a", now, at(30)).await.unwrap();
            assert_eq!(first, Some(1));
            assert_eq!(
                tx.chat_link_claim(account, "b", at(9), at(39))
                    .await
                    .unwrap(),
                None
            );
            assert!(tx.chat_link_renew(account, 1, at(40)).await.unwrap());
            let rooms = ["one@x".to_owned(), "two@x".to_owned()];
            tx.chat_link_online(account, 1, &rooms, at(1))
                .await
                .unwrap();
            tx.chat_link_online(account, 1, &rooms[..1], at(5))
                .await
                .unwrap();
            tx.chat_link_cursor(account, 1, "s1", None).await.unwrap();
            let row = tx.chat_link(account).await.unwrap().unwrap();
            assert_eq!(
                (row.since, row.joined),
                (Some(at(1)), vec!["one@x".to_owned()])
            );
            // It is gone without a word: another one goes on from the same place.
            assert_eq!(
                tx.chat_link_claim(account, "b", at(41), at(71))
                    .await
                    .unwrap(),
                Some(2)
            );
            assert!(!tx.chat_link_renew(account, 1, at(80)).await.unwrap());
            tx.commit().await.unwrap();
            let mut tx = store.begin().await.unwrap();
            assert!(matches!(
                tx.chat_link_cursor(account, 1, "s0", None).await,
                Err(Error::Conflict)
            ));
            drop(tx);
            let mut tx = store.begin().await.unwrap();
            tx.chat_link_failed(account, 2, "slow", at(50))
                .await
                .unwrap();
            tx.chat_link_failed(account, 2, "slow", at(60))
                .await
                .unwrap();
            tx.chat_link_cursor(account, 2, "s2", Some(at(61)))
                .await
                .unwrap();
            tx.chat_link_cursor(account, 2, "s3", None).await.unwrap();
            let row = tx.chat_links().await.unwrap().remove(0);
            assert_eq!(
                (row.since, row.trouble.as_deref(), row.trouble_at),
                (None, Some("slow"), Some(at(50)))
            );
            assert_eq!(
                (row.cursor.as_deref(), row.missed_at),
                (Some("s3"), Some(at(61)))
            );
            tx.chat_link_release(account, 2).await.unwrap();
            assert_eq!(
                tx.chat_link_claim(account, "c", at(62), at(90))
                    .await
                    .unwrap(),
                Some(3)
            );
            tx.chat_links_forget(at(70)).await.unwrap();
            assert_eq!(tx.chat_links().await.unwrap().len(), 1, "it is held");
            tx.chat_links_forget(at(100)).await.unwrap();
            assert!(
                tx.chat_links().await.unwrap().is_empty(),
                "no room needs it"
            );
            assert_eq!(tx.chat_direct(account, "@lea:x").await.unwrap(), None);
            tx.chat_direct_set(account, "@lea:x", "!a:x").await.unwrap();
            tx.chat_direct_set(account, "@lea:x", "!b:x").await.unwrap();
            assert_eq!(
                tx.chat_direct(account, "@lea:x").await.unwrap().as_deref(),
                Some("!b:x")
            );
            tx.commit().await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn where_a_connection_is_kept_its_holder_speaks_and_an_answer_finds_its_post() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let later = now.checked_add(SignedDuration::from_mins(1)).unwrap();
            let ines = testing::member(&store, "ines").await;
            let page = testing::channel(&store, ines, "acme").await;
            let text = testing::content(std::slice::from_ref(&page), "Rentrée", None);
            let post = testing::draft(&store, ines, &text).await.post.id;
            let room = ChatRoomRow {
                id: ChatRoomId::new(uuid::Uuid::from_u128(1)),
                kind: "xmpp".into(),
                name: "Relecture".into(),
                room: "team@rooms.x".into(),
                server: "xmpp://x".into(),
                lang: "fr".into(),
                secret: None,
                chat: "x".into(),
                own: Some("vigie@x".into()),
                status: "pending".into(),
                trouble: None,
                created_by: ines,
                created_at: now,
                account: Some("xmpp x vigie@x".into()),
            };
            let mut tx = store.begin().await.unwrap();
            tx.chat_room_add(&room).await.unwrap();
            tx.chat_room_open(room.id).await.unwrap();
            assert_eq!(tx.chat_room(room.id).await.unwrap().account, room.account);
            for (n, kind) in [(2, ChatNoteKind::Review), (3, ChatNoteKind::Talk)] {
                let id = ChatNoteId::new(uuid::Uuid::from_u128(n));
                tx.chat_note_add(id, room.id, Some(post), kind, "{}", now)
                    .await
                    .unwrap();
            }
            assert!(tx.chat_notes_claim(now, later, 9).await.unwrap().is_empty());
            let mine = tx
                .chat_notes_claim_in(room.id, now, later, 1)
                .await
                .unwrap();
            assert_eq!((mine.len(), mine[0].kind), (1, ChatNoteKind::Review));
            assert!(tx.chat_note_saying(&mine[0]).await.unwrap());
            assert!(tx.chat_asking(room.id, post).await.unwrap());
            assert_eq!(tx.chat_asked(room.id, post, later).await.unwrap(), None);
            tx.chat_note_said(&mine[0], Some("t1"), Some("m1"), now)
                .await
                .unwrap();
            assert!(!tx.chat_asking(room.id, post).await.unwrap());
            let asked = tx.chat_asked(room.id, post, later).await.unwrap();
            assert_eq!(asked.as_deref(), Some("m1"));
            let before = now.checked_sub(SignedDuration::from_secs(1)).unwrap();
            assert_eq!(tx.chat_asked(room.id, post, before).await.unwrap(), None);
            for (thread, found) in [("t1", Some(post)), ("m1", Some(post)), ("m2", None)] {
                assert_eq!(tx.chat_thread_post(room.id, thread).await.unwrap(), found);
            }
            // A closed room says nothing more.
            tx.chat_room_close(room.id).await.unwrap();
            assert!(
                tx.chat_notes_claim_in(room.id, now, later, 9)
                    .await
                    .unwrap()
                    .is_empty()
            );
            tx.commit().await.unwrap();
        })
        .await;
    }
}
