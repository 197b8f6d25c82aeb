//! Letters that came, until they are judged; then only that they came.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;

queries! {
    KEEP = "insert into letter_in (id, raw, tries, due_at, at) values ($1, $2, 0, $3, $3) on conflict (id) do nothing";
    WAIT = "select count(*) from letter_in where verdict is null";
    DUE = "select id, raw, tries from letter_in where verdict is null and due_at <= $1 order by at, id limit $2";
    CLAIM = "update letter_in set due_at = $3, tries = tries + 1 where id = $1 and tries = $2 and verdict is null";
    LATER = "update letter_in set due_at = $3 where id = $1 and tries = $2 and verdict is null";
    OVER = "update letter_in set verdict = $3, raw = null where id = $1 and tries = $2 and verdict is null";
    VERDICT = "select verdict from letter_in where id = $1 and verdict is not null";
    FORGET_HEARD = "delete from chat_heard where at < $1 and substr(id, 1, 5) = 'mail/'";
    FORGET = "delete from letter_in where at < $1 and verdict is not null";
}

/// A letter that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterInRow {
    /// The hash of its bytes.
    pub id: String,
    /// All of it.
    pub raw: Vec<u8>,
    /// The fencing token: how often it was claimed.
    pub tries: i64,
}

impl FromRow for LetterInRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            raw: row.bytes_opt("raw")?.unwrap_or_default(),
            tries: row.int("tries")?,
        })
    }
}

impl Conn {
    /// How many wait to be judged.
    pub async fn letters_in_wait(&mut self) -> Result<u64> {
        let count: i64 = q(WAIT).one(self).await?;
        Ok(count.unsigned_abs())
    }

    /// What became of one: a stable name, once it was judged.
    pub async fn letter_in_verdict(&mut self, id: &str) -> Result<Option<String>> {
        q(VERDICT).text(id).maybe(self).await
    }
}

impl Tx {
    /// Keeps one, with the cursor in the same transaction; false when it came before.
    pub async fn letter_in_keep(&mut self, id: &str, raw: &[u8], now: Timestamp) -> Result<bool> {
        let kept = q(KEEP).text(id).bytes(raw).time(now).run(self).await?;
        Ok(kept == 1)
    }

    /// Takes at most `limit` that are due, until `until`.
    pub async fn letters_in_claim(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LetterInRow>> {
        let due: Vec<LetterInRow> = q(DUE).time(now).int(limit.into()).all(self).await?;
        let mut claimed = Vec::new();
        for mut row in due {
            let won = q(CLAIM)
                .text(&row.id)
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

    /// It cannot be judged now.
    pub async fn letter_in_later(&mut self, row: &LetterInRow, at: Timestamp) -> Result<()> {
        q(LATER)
            .text(&row.id)
            .int(row.tries)
            .time(at)
            .run(self)
            .await?;
        Ok(())
    }

    /// It was judged; its words are forgotten. False when somebody newer has it.
    pub async fn letter_in_over(&mut self, row: &LetterInRow, verdict: &str) -> Result<bool> {
        let over = q(OVER).text(&row.id).int(row.tries).text(verdict);
        Ok(over.run(self).await? == 1)
    }

    /// Forgets that letters came, and what they said and decided, before then.
    pub async fn letters_in_forget(&mut self, before: Timestamp) -> Result<()> {
        q(FORGET_HEARD).time(before).run(self).await?;
        q(FORGET).time(before).run(self).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_letter_is_kept_once_judged_once_and_then_forgotten() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let later = now.checked_add(SignedDuration::from_mins(5)).unwrap();
            let mut tx = store.begin().await.unwrap();
            assert!(tx.letter_in_keep("a", b"words", now).await.unwrap());
            assert!(!tx.letter_in_keep("a", b"words", now).await.unwrap());
            let claimed = tx.letters_in_claim(now, later, 9).await.unwrap();
            assert_eq!(claimed[0].raw, b"words");
            assert!(tx.letters_in_claim(now, later, 9).await.unwrap().is_empty());
            // Its reader died: another one takes it, and the first one's word counts no more.
            let again = tx.letters_in_claim(later, later, 9).await.unwrap();
            assert_eq!(again.len(), 1);
            assert!(!tx.letter_in_over(&claimed[0], "said").await.unwrap());
            tx.letter_in_later(&again[0], now).await.unwrap();
            let again = tx.letters_in_claim(later, later, 9).await.unwrap();
            assert!(tx.letter_in_over(&again[0], "said").await.unwrap());
            assert_eq!(tx.letters_in_wait().await.unwrap(), 0);
            assert_eq!(
                tx.letter_in_verdict("a").await.unwrap().as_deref(),
                Some("said")
            );
            // It came already, though its words are gone.
            assert!(!tx.letter_in_keep("a", b"words", later).await.unwrap());
            // What it said is known as long, whatever the chats forget.
            assert!(tx.chat_heard("mail/x", now).await.unwrap());
            assert!(tx.chat_heard("x", now).await.unwrap());
            tx.chat_forget(later, later).await.unwrap();
            assert!(tx.chat_was_heard("mail/x").await.unwrap());
            assert!(!tx.chat_was_heard("x").await.unwrap());
            tx.letters_in_forget(later).await.unwrap();
            assert!(!tx.chat_was_heard("mail/x").await.unwrap());
            assert!(tx.letter_in_keep("a", b"words", later).await.unwrap());
        })
        .await;
    }
}
