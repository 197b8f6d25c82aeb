//! Changes that take two people.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::change::{Change, ChangeState};
use vigie_core::id::{ChangeId, MemberId};

/// The columns of [`ChangeRow`].
macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, body, asked_by, asked_at, state, settled_by, settled_at from change ",
            $rest
        )
    };
}

queries! {
    ADD = "insert into change (id, kind, body, asked_by, asked_at, state) values ($1, $2, $3, $4, $5, $6)";
    SETTLE = "update change set state = $2, settled_by = $3, settled_at = $4 where id = $1 and state = 'open'";
    EXPIRE = "update change set state = 'cancelled', settled_at = $2 where state = 'open' and asked_at < $1";
    GET = columns!("where id = $1");
    OPEN = columns!("where state = 'open' order by asked_at, id limit 200");
    RECENT = columns!("where state <> 'open' order by settled_at desc, id desc limit $1");
}

/// A change and who answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// The change.
    pub change: Change,
    /// Who answered; nobody when it grew too old.
    pub settled_by: Option<MemberId>,
    /// When.
    pub settled_at: Option<Timestamp>,
}

impl FromRow for ChangeRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            change: Change {
                id: row.id("id")?,
                kind: row.json("body")?,
                by: row.id("asked_by")?,
                at: row.time("asked_at")?,
                state: row.word("state")?,
            },
            settled_by: row.id_opt("settled_by")?,
            settled_at: row.time_opt("settled_at")?,
        })
    }
}

impl Conn {
    /// One change.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn change(&mut self, id: ChangeId) -> Result<ChangeRow> {
        q(GET).id(id).one(self).await
    }

    /// Changes that wait for a second person, oldest first, at most 200.
    pub async fn changes_open(&mut self) -> Result<Vec<ChangeRow>> {
        q(OPEN).all(self).await
    }

    /// The latest changes that were answered.
    pub async fn changes_settled(&mut self, limit: u32) -> Result<Vec<ChangeRow>> {
        q(RECENT).int(limit.into()).all(self).await
    }
}

impl Tx {
    /// Asks for a change.
    pub async fn change_add(&mut self, change: &Change) -> Result<()> {
        q(ADD)
            .id(change.id)
            .text(change.kind.as_str())
            .json(&change.kind)
            .id(change.by)
            .time(change.at)
            .word(&change.state)
            .run(self)
            .await?;
        Ok(())
    }

    /// Writes the answer down: what `Change::confirm`, `refuse` or `cancel` said. Only one answer counts.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it was answered meanwhile.
    pub async fn change_settle(
        &mut self,
        id: ChangeId,
        state: ChangeState,
        by: MemberId,
        now: Timestamp,
    ) -> Result<()> {
        q(SETTLE)
            .id(id)
            .word(&state)
            .id(by)
            .time(now)
            .run_one(self)
            .await
    }

    /// Cancels what was asked before `before`; how many.
    pub async fn changes_expire(&mut self, before: Timestamp, now: Timestamp) -> Result<u64> {
        q(EXPIRE).time(before).time(now).run(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};
    use jiff::SignedDuration;
    use vigie_core::change::ChangeKind;

    #[tokio::test]
    async fn a_change_is_answered_once_or_grows_too_old() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let paul = testing::member(&store, "paul").await;
            let change = |n: u128| Change {
                id: ChangeId::new(uuid::Uuid::from_u128(n)),
                kind: ChangeKind::DisableMember { member: paul },
                by: ines,
                at: now,
                state: ChangeState::Open,
            };
            let mut tx = store.begin().await.unwrap();
            tx.change_add(&change(1)).await.unwrap();
            tx.change_add(&change(2)).await.unwrap();
            assert_eq!(tx.changes_open().await.unwrap()[0].change, change(1));
            tx.change_settle(change(1).id, ChangeState::Confirmed, paul, now)
                .await
                .unwrap();
            let again = tx
                .change_settle(change(1).id, ChangeState::Refused, paul, now)
                .await;
            assert!(matches!(again, Err(Error::Conflict)));
            let later = now.checked_add(SignedDuration::from_secs(1)).unwrap();
            assert_eq!(tx.changes_expire(later, later).await.unwrap(), 1);
            assert!(tx.changes_open().await.unwrap().is_empty());
            let settled = tx.changes_settled(10).await.unwrap();
            assert_eq!(
                (settled[0].change.id, settled[0].settled_by),
                (change(2).id, None)
            );
            assert_eq!(
                tx.change(change(1).id).await.unwrap().settled_by,
                Some(paul)
            );
        })
        .await;
    }
}
