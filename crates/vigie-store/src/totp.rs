//! Time-based one-time codes (TOTP): the sealed secret, and which codes are spent.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::id::MemberId;

queries! {
    GET = "select sealed, pending, last_step from totp where member = $1";
    PREPARE = "insert into totp (member, pending, last_step, created_at) values ($1, $2, 0, $3)
        on conflict (member) do update set pending = excluded.pending";
    CONFIRM = "update totp set sealed = pending, pending = null, last_step = $3, created_at = $4
        where member = $1 and pending = $2";
    USE = "update totp set last_step = $2 where member = $1 and last_step < $2 and sealed is not null";
    RESEAL = "update totp set sealed = $3 where member = $1 and sealed = $2";
    REMOVE = "delete from totp where member = $1";
}

/// The one-time codes of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totp {
    /// The secret in use, sealed by the vault.
    pub sealed: Option<Vec<u8>>,
    /// A secret being set up, sealed too, until a code of it has been typed in.
    pub pending: Option<Vec<u8>>,
    /// The last time step whose code was accepted.
    pub last_step: i64,
}

impl FromRow for Totp {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            sealed: row.bytes_opt("sealed")?,
            pending: row.bytes_opt("pending")?,
            last_step: row.int("last_step")?,
        })
    }
}

impl Conn {
    /// The one-time codes of the member, if they ever set any up.
    pub async fn totp(&mut self, member: MemberId) -> Result<Option<Totp>> {
        q(GET).id(member).maybe(self).await
    }
}

impl Tx {
    /// Starts setting up codes with a new sealed secret. The one in use stays good until [`Tx::confirm_totp`].
    pub async fn prepare_totp(
        &mut self,
        member: MemberId,
        pending: &[u8],
        now: Timestamp,
    ) -> Result<()> {
        q(PREPARE)
            .id(member)
            .bytes(pending)
            .time(now)
            .run(self)
            .await
            .map(|_| ())
    }

    /// Puts the secret being set up into use, after a right code of time step `step`, which is spent by it.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if the secret being set up is no longer `pending`.
    pub async fn confirm_totp(
        &mut self,
        member: MemberId,
        pending: &[u8],
        step: i64,
        now: Timestamp,
    ) -> Result<()> {
        q(CONFIRM)
            .id(member)
            .bytes(pending)
            .int(step)
            .time(now)
            .run_one(self)
            .await
    }

    /// Spends the code of time step `step` (and all earlier ones): each code is good once, whatever the replica.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it is spent already: refuse the sign-in.
    pub async fn spend_totp(&mut self, member: MemberId, step: i64) -> Result<()> {
        q(USE).id(member).int(step).run_one(self).await
    }

    /// Stores the same secret sealed anew (a rotation of the vault's root key).
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it was changed meanwhile.
    pub async fn reseal_totp(&mut self, member: MemberId, from: &[u8], to: &[u8]) -> Result<()> {
        q(RESEAL)
            .id(member)
            .bytes(from)
            .bytes(to)
            .run_one(self)
            .await
    }

    /// Removes the codes.
    pub async fn remove_totp(&mut self, member: MemberId) -> Result<()> {
        q(REMOVE).id(member).run(self).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Error, testing};

    #[tokio::test]
    async fn a_code_is_good_once_and_a_new_secret_waits_for_its_first_code() {
        testing::both_engines(|store| async move {
            let ines = testing::member(&store, "ines").await;
            let now = testing::now();
            let mut tx = store.begin().await.unwrap();
            tx.prepare_totp(ines, b"one", now).await.unwrap();
            assert!(
                matches!(tx.spend_totp(ines, 100).await, Err(Error::Conflict)),
                "not in use yet"
            );
            assert!(matches!(
                tx.confirm_totp(ines, b"other", 100, now).await,
                Err(Error::Conflict)
            ));
            tx.confirm_totp(ines, b"one", 100, now).await.unwrap();
            assert!(
                matches!(tx.spend_totp(ines, 100).await, Err(Error::Conflict)),
                "spent by setting up"
            );
            tx.spend_totp(ines, 101).await.unwrap();
            assert!(matches!(
                tx.spend_totp(ines, 101).await,
                Err(Error::Conflict)
            ));
            tx.prepare_totp(ines, b"two", now).await.unwrap();
            let seen = tx.totp(ines).await.unwrap().unwrap();
            assert_eq!(
                (seen.sealed.as_deref(), seen.pending.as_deref()),
                (Some(&b"one"[..]), Some(&b"two"[..]))
            );
            tx.reseal_totp(ines, b"one", b"uno").await.unwrap();
            tx.confirm_totp(ines, b"two", 102, now).await.unwrap();
            assert!(matches!(
                tx.reseal_totp(ines, b"uno", b"x").await,
                Err(Error::Conflict)
            ));
            tx.commit().await.unwrap();
            let mut tx = store.begin().await.unwrap();
            tx.remove_totp(ines).await.unwrap();
            assert_eq!(tx.totp(ines).await.unwrap(), None);
        })
        .await;
    }

    #[tokio::test]
    async fn of_two_sign_ins_with_one_code_one_wins() {
        testing::both_engines(|store| async move {
            let ines = testing::member(&store, "ines").await;
            let mut tx = store.begin().await.unwrap();
            tx.prepare_totp(ines, b"one", testing::now()).await.unwrap();
            tx.confirm_totp(ines, b"one", 1, testing::now())
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let tries = (0..8).map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut tx = store.begin().await.unwrap();
                    let won = tx.spend_totp(ines, 2).await.is_ok();
                    tx.commit().await.unwrap();
                    won
                })
            });
            let mut wins = 0;
            for one in tries.collect::<Vec<_>>() {
                wins += i32::from(one.await.unwrap());
            }
            assert_eq!(wins, 1);
        })
        .await;
    }
}
