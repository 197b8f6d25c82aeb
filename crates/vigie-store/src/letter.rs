//! Letters to members: written down with what happened, gathered, taken by one process, sent once.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::id::{LetterId, MemberId, PostId};

/// The columns of [`LetterRow`].
macro_rules! letters {
    ($rest:literal) => {
        concat!(
            "select id, member, kind, post, about, digest, state, tries, token, used_by, message, error, created_at \
             from letter ",
            $rest
        )
    };
}

queries! {
    ADD = "insert into letter (id, member, kind, post, about, digest, state, due_at, tries, created_at) \
           values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)";
    GET = letters!("where id = $1");
    OF = letters!("where member = $1 order by created_at, id limit $2");
    INSIDE = letters!("where in_letter = $1 order by created_at, id limit $2");
    INSIDE_COUNT = "select count(*) from letter where in_letter = $1";
    DUE = letters!("where state = 'ready' and due_at <= $1 and (lease_until is null or lease_until < $1) \
                    order by due_at, created_at, id limit $2");
    CLAIM = "update letter set lease_until = $3, tries = tries + 1 where id = $1 and tries = $2 and state = 'ready'";
    SAYING = "update letter set state = 'saying', token = $3, message = $4 where id = $1 and tries = $2 \
              and state = 'ready'";
    SAID = "update letter set state = 'said', sent_at = $3, lease_until = null, error = null \
            where id = $1 and tries = $2 and state = 'saying'";
    LATER = "update letter set state = 'ready', due_at = $3, error = $4, lease_until = null, token = null \
             where id = $1 and tries = $2 and state in ('ready', 'saying')";
    OVER = "update letter set state = 'lost', error = $3, lease_until = null where id = $1 and tries = $2 \
            and state in ('ready', 'saying')";
    /// Sent perhaps, by a process that is gone: it is not sent twice.
    STUCK = "update letter set state = 'lost', error = 'interrupted', lease_until = null \
             where state = 'saying' and lease_until < $1";
    GATHER_FOR = "select distinct member from letter where state = 'waiting' and due_at <= $1 limit $2";
    GATHER = "update letter set state = 'gathered', in_letter = $2 where member = $1 and state = 'waiting'";
    UNDO = "delete from letter where id = $1";
    MOVE = "update letter set due_at = $2 where member = $1 and state = 'waiting'";
    DROP_KIND = "update letter set state = 'lost', error = 'unwanted' where member = $1 and kind = $2 \
                 and state in ('waiting', 'ready')";
    LET_GO = "update letter set state = 'lost', error = 'unwanted' where member = $1 and state = 'waiting'";
    SINCE = "select count(*) from letter where member = $1 and created_at > $2 \
             and state in ('ready', 'saying', 'said', 'lost')";
    NOTICES = "select count(*) from letter where member = $1 and kind = $2 and created_at > $3";
    /// Nobody has it now, and it is no news any more.
    STALE = "update letter set state = 'lost', error = 'stale', lease_until = null \
             where state in ('waiting', 'ready') and created_at < $1 and (lease_until is null or lease_until < $2)";
    BY_TOKEN = letters!("where token = $1 limit 1");
    BY_MESSAGE = letters!("where message = $1 limit 1");
    THREAD = "select message from letter where member = $1 and post = $2 and message is not null \
              and state in ('saying', 'said', 'lost') order by created_at, id limit 1";
    USE = "update letter set used_by = $2 where id = $1 and used_by is null";
    FORGET = "delete from letter where created_at < $1 and state in ('said', 'lost', 'gathered')";
}

/// A letter to a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterRow {
    /// The letter; the key of it for ever.
    pub id: LetterId,
    /// To whom.
    pub member: MemberId,
    /// A [`vigie_core::letter::LetterKind`], `gathered`, or an answer to one of theirs: `notice`, `unsure`, `counted`.
    pub kind: String,
    /// About which post.
    pub post: Option<PostId>,
    /// What happened, or what was said: JSON.
    pub about: String,
    /// The digest of the content that a review is asked for.
    pub digest: Option<String>,
    /// `waiting`, `ready`, `saying`, `said`, `lost` or `gathered`.
    pub state: String,
    /// The fencing token: how often it was claimed.
    pub tries: i64,
    /// Whether it carries a token: its content was shown, and an answer to it may decide.
    pub asks: bool,
    /// The answer that used its token.
    pub used_by: Option<String>,
    /// Its Message-ID, once it may have gone.
    pub message: Option<String>,
    /// Why it did not go, a stable name.
    pub error: Option<String>,
    /// When it happened.
    pub created_at: Timestamp,
}

impl FromRow for LetterRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            member: row.id("member")?,
            kind: row.text("kind")?,
            post: row.id_opt("post")?,
            about: row.text("about")?,
            digest: row.text_opt("digest")?,
            state: row.text("state")?,
            tries: row.int("tries")?,
            asks: row.bytes_opt("token")?.is_some(),
            used_by: row.text_opt("used_by")?,
            message: row.text_opt("message")?,
            error: row.text_opt("error")?,
            created_at: row.time("created_at")?,
        })
    }
}

/// A letter to be written down.
#[derive(Clone, Debug)]
pub struct NewLetter<'a> {
    /// The letter.
    pub id: LetterId,
    /// To whom.
    pub member: MemberId,
    /// As [`LetterRow::kind`].
    pub kind: &'a str,
    /// About which post.
    pub post: Option<PostId>,
    /// JSON.
    pub about: &'a str,
    /// The digest of the content that a review is asked for.
    pub digest: Option<String>,
    /// When it is gathered; `None`: it goes by itself, now.
    pub gather_at: Option<Timestamp>,
}

impl Conn {
    /// One letter.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn letter(&mut self, id: LetterId) -> Result<LetterRow> {
        q(GET).id(id).one(self).await
    }

    /// The oldest letters to a member, at most `limit`.
    pub async fn letters_of(&mut self, member: MemberId, limit: u32) -> Result<Vec<LetterRow>> {
        q(OF).id(member).int(limit.into()).all(self).await
    }

    /// What was gathered into a letter: the oldest, at most `limit`, and how many there are.
    pub async fn letters_inside(
        &mut self,
        id: LetterId,
        limit: u32,
    ) -> Result<(Vec<LetterRow>, u64)> {
        let count: i64 = q(INSIDE_COUNT).id(id).one(self).await?;
        let rows = q(INSIDE).id(id).int(limit.into()).all(self).await?;
        Ok((rows, count.unsigned_abs()))
    }

    /// How many letters were written since then that went, or go, to a member by themselves.
    pub async fn letters_since(&mut self, member: MemberId, since: Timestamp) -> Result<u64> {
        let count: i64 = q(SINCE).id(member).time(since).one(self).await?;
        Ok(count.unsigned_abs())
    }

    /// How many answers of this kind to their own letters a member got since then.
    pub async fn letter_notices(
        &mut self,
        member: MemberId,
        kind: &str,
        since: Timestamp,
    ) -> Result<u64> {
        let notices = q(NOTICES).id(member).text(kind).time(since);
        let count: i64 = notices.one(self).await?;
        Ok(count.unsigned_abs())
    }

    /// The letter whose one-time token has this hash.
    pub async fn letter_by_token(&mut self, hash: &[u8; 32]) -> Result<Option<LetterRow>> {
        q(BY_TOKEN).bytes(hash.as_slice()).maybe(self).await
    }

    /// The letter with this Message-ID.
    pub async fn letter_by_message(&mut self, message: &str) -> Result<Option<LetterRow>> {
        q(BY_MESSAGE).text(message).maybe(self).await
    }

    /// The first letter to a member about a post: the conversation is under it.
    pub async fn letter_thread(
        &mut self,
        member: MemberId,
        post: PostId,
    ) -> Result<Option<String>> {
        q(THREAD).id(member).id(post).maybe(self).await
    }
}

impl Tx {
    /// A letter is to be sent, or gathered.
    pub async fn letter_add(&mut self, new: &NewLetter<'_>, now: Timestamp) -> Result<()> {
        let state = if new.gather_at.is_some() {
            "waiting"
        } else {
            "ready"
        };
        q(ADD)
            .id(new.id)
            .id(new.member)
            .text(new.kind)
            .id_opt(new.post)
            .text(new.about)
            .text_opt(new.digest.clone())
            .text(state)
            .time(new.gather_at.unwrap_or(now))
            .time(now)
            .run(self)
            .await?;
        Ok(())
    }

    /// Gathers what is due into one letter a member, for at most `limit` of them; `fresh` makes the letters' ids.
    pub async fn letters_gather(
        &mut self,
        now: Timestamp,
        limit: u32,
        mut fresh: impl FnMut() -> LetterId,
    ) -> Result<u32> {
        let members: Vec<String> = q(GATHER_FOR).time(now).int(limit.into()).all(self).await?;
        let mut made = 0;
        for member in members {
            let Ok(member) = member.parse::<MemberId>() else {
                continue;
            };
            let id = fresh();
            let new = NewLetter {
                id,
                member,
                kind: "gathered",
                post: None,
                about: "{}",
                digest: None,
                gather_at: None,
            };
            self.letter_add(&new, now).await?;
            if q(GATHER).id(member).id(id).run(self).await? == 0 {
                // Another process gathered them at the same moment.
                q(UNDO).id(id).run(self).await?;
            } else {
                made += 1;
            }
        }
        Ok(made)
    }

    /// Gives up letters written before then that nobody has now: old news is not sent late.
    pub async fn letters_stale(&mut self, before: Timestamp, now: Timestamp) -> Result<()> {
        q(STALE).time(before).time(now).run(self).await?;
        Ok(())
    }

    /// What waits for a member is gathered at another time; `None`: they want none gathered, it is let go.
    pub async fn letters_move(&mut self, member: MemberId, at: Option<Timestamp>) -> Result<()> {
        match at {
            Some(at) => {
                q(MOVE).id(member).time(at).run(self).await?;
            }
            None => {
                q(LET_GO).id(member).run(self).await?;
            }
        }
        Ok(())
    }

    /// A member wants no letters of this kind any more: those on their way do not go.
    pub async fn letters_drop(&mut self, member: MemberId, kind: &str) -> Result<()> {
        q(DROP_KIND).id(member).text(kind).run(self).await?;
        Ok(())
    }

    /// Takes at most `limit` letters that are due, until `until`.
    pub async fn letters_claim(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LetterRow>> {
        q(STUCK).time(now).run(self).await?;
        let due: Vec<LetterRow> = q(DUE).time(now).int(limit.into()).all(self).await?;
        let mut claimed = Vec::new();
        for mut row in due {
            let won = q(CLAIM)
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

    /// The server is called now: from here on it may have gone. False when somebody newer has it.
    pub async fn letter_saying(
        &mut self,
        row: &LetterRow,
        token: Option<&[u8; 32]>,
        message: &str,
    ) -> Result<bool> {
        let saying = q(SAYING)
            .id(row.id)
            .int(row.tries)
            .bytes_opt(token.map(|hash| hash.as_slice()))
            .text(message);
        Ok(saying.run(self).await? == 1)
    }

    /// It went.
    pub async fn letter_said(&mut self, row: &LetterRow, now: Timestamp) -> Result<()> {
        q(SAID)
            .id(row.id)
            .int(row.tries)
            .time(now)
            .run(self)
            .await?;
        Ok(())
    }

    /// It surely did not go; it is tried again, with another token.
    pub async fn letter_later(&mut self, row: &LetterRow, at: Timestamp, code: &str) -> Result<()> {
        q(LATER)
            .id(row.id)
            .int(row.tries)
            .time(at)
            .text(code)
            .run(self)
            .await?;
        Ok(())
    }

    /// It does not go, or nobody can tell: it stays so.
    pub async fn letter_over(&mut self, row: &LetterRow, code: &str) -> Result<()> {
        q(OVER)
            .id(row.id)
            .int(row.tries)
            .text(code)
            .run(self)
            .await?;
        Ok(())
    }

    /// An answer uses the letter's token; false when one was used before.
    pub async fn letter_use(&mut self, id: LetterId, by: &str) -> Result<bool> {
        Ok(q(USE).id(id).text(by).run(self).await? == 1)
    }

    /// Forgets letters from before then.
    pub async fn letters_forget(&mut self, before: Timestamp) -> Result<()> {
        q(FORGET).time(before).run(self).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use jiff::SignedDuration;

    fn id(n: u128) -> LetterId {
        LetterId::new(uuid::Uuid::from_u128(n))
    }

    fn new(n: u128, member: MemberId, kind: &str, gather_at: Option<Timestamp>) -> NewLetter<'_> {
        NewLetter {
            id: id(n),
            member,
            kind,
            post: None,
            about: "{}",
            digest: None,
            gather_at,
        }
    }

    #[tokio::test]
    async fn a_letter_goes_once_and_its_token_is_used_once() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let later = now.checked_add(SignedDuration::from_mins(1)).unwrap();
            let after = later.checked_add(SignedDuration::from_secs(1)).unwrap();
            let ines = testing::member(&store, "ines").await;
            let mut tx = store.begin().await.unwrap();
            for n in 1..=2 {
                let new = new(n, ines, "review", None);
                tx.letter_add(&new, now).await.unwrap();
            }
            assert_eq!(tx.letters_since(ines, now).await.unwrap(), 0);
            let claimed = tx.letters_claim(now, later, 9).await.unwrap();
            assert_eq!(claimed.len(), 2);
            assert!(tx.letters_claim(now, later, 9).await.unwrap().is_empty());
            let (first, second) = (&claimed[0], &claimed[1]);
            assert!(tx.letter_saying(first, Some(&[7; 32]), "m1").await.unwrap());
            assert!(!tx.letter_saying(first, None, "m1").await.unwrap());
            tx.letter_said(first, now).await.unwrap();
            let by_token = tx.letter_by_token(&[7; 32]).await.unwrap().unwrap();
            assert_eq!(by_token.id, first.id);
            assert!(by_token.asks && !second.asks);
            assert_eq!(
                tx.letter_by_message("m1").await.unwrap().unwrap().id,
                first.id
            );
            assert!(tx.letter_use(first.id, "a").await.unwrap());
            assert!(!tx.letter_use(first.id, "b").await.unwrap());
            // The process dies while it says the second: it may have gone, and does not go twice.
            assert!(tx.letter_saying(second, None, "m2").await.unwrap());
            assert!(tx.letters_claim(after, after, 9).await.unwrap().is_empty());
            let lost = tx.letter(second.id).await.unwrap();
            assert_eq!(
                (lost.state.as_str(), lost.error.as_deref()),
                ("lost", Some("interrupted"))
            );
            tx.letters_forget(after).await.unwrap();
            assert!(tx.letters_of(ines, 9).await.unwrap().is_empty());
        })
        .await;
    }

    #[tokio::test]
    async fn what_waits_is_gathered_once_and_what_is_unwanted_is_let_go() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let later = now.checked_add(SignedDuration::from_hours(1)).unwrap();
            let (ines, tom) = (
                testing::member(&store, "ines").await,
                testing::member(&store, "tom").await,
            );
            let mut tx = store.begin().await.unwrap();
            let mut next = 100;
            let mut fresh = || {
                next += 1;
                id(next)
            };
            for (n, member, kind) in [(1, ines, "talk"), (2, ines, "decision"), (3, tom, "talk")] {
                let new = new(n, member, kind, Some(later));
                tx.letter_add(&new, now).await.unwrap();
            }
            assert_eq!(tx.letters_gather(now, 9, &mut fresh).await.unwrap(), 0);
            tx.letters_drop(tom, "talk").await.unwrap();
            assert_eq!(tx.letters_gather(later, 9, &mut fresh).await.unwrap(), 1);
            assert_eq!(tx.letters_gather(later, 9, &mut fresh).await.unwrap(), 0);
            let claimed = tx.letters_claim(later, later, 9).await.unwrap();
            assert_eq!(
                (claimed.len(), claimed[0].member, claimed[0].kind.as_str()),
                (1, ines, "gathered")
            );
            let (inside, count) = tx.letters_inside(claimed[0].id, 1).await.unwrap();
            assert_eq!((inside.len(), count), (1, 2));
            assert_eq!(inside[0].id, id(1));
            tx.letter_over(&claimed[0], "slow").await.unwrap();
            tx.letter_add(&new(4, ines, "notice", None), later)
                .await
                .unwrap();
            assert_eq!(tx.letter_notices(ines, "notice", now).await.unwrap(), 1);
            assert_eq!(tx.letter_notices(ines, "unsure", now).await.unwrap(), 0);
            // Moved, and let go.
            tx.letter_add(&new(5, ines, "talk", Some(later)), now)
                .await
                .unwrap();
            let day = later.checked_add(SignedDuration::from_hours(24)).unwrap();
            tx.letters_move(ines, Some(day)).await.unwrap();
            assert_eq!(tx.letters_gather(later, 9, &mut fresh).await.unwrap(), 0);
            tx.letters_move(ines, None).await.unwrap();
            assert_eq!(tx.letters_gather(day, 9, &mut fresh).await.unwrap(), 0);
            let past = day.checked_add(SignedDuration::from_hours(1)).unwrap();
            tx.letters_forget(past).await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn old_news_is_not_sent_late() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let later = now.checked_add(SignedDuration::from_hours(24)).unwrap();
            let ines = testing::member(&store, "ines").await;
            let mut tx = store.begin().await.unwrap();
            for (n, at) in [(1, now), (2, now), (3, later)] {
                let gather = (n == 2).then_some(later);
                tx.letter_add(&new(n, ines, "alarm", gather), at)
                    .await
                    .unwrap();
            }
            // One that is being sent now is left alone.
            let claimed = tx.letters_claim(now, later, 1).await.unwrap();
            assert_eq!(claimed[0].id, id(1));
            tx.letters_stale(later, now).await.unwrap();
            let state = async |tx: &mut Tx, n| tx.letter(id(n)).await.unwrap().state;
            assert_eq!(state(&mut tx, 1).await, "ready");
            assert_eq!(state(&mut tx, 2).await, "lost");
            assert_eq!(state(&mut tx, 3).await, "ready");
            let past = later.checked_add(SignedDuration::from_secs(1)).unwrap();
            tx.letters_stale(later, past).await.unwrap();
            let lost = tx.letter(id(1)).await.unwrap();
            assert_eq!(lost.error.as_deref(), Some("stale"));
            assert_eq!(state(&mut tx, 3).await, "ready");
        })
        .await;
    }
}
