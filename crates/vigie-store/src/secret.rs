//! Sealed secrets: tokens of channels and the like, as envelopes that only the vault opens.
//!
//! The row never holds anything readable. `version` enters the seal's associated data, so that an old envelope put
//! back by hand does not open; that is why every change is a compare-and-set on it.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::id::SecretId;

queries! {
    ADD = "insert into secret (id, version, purpose, root_key, envelope, created_at, updated_at) \
           values ($1, 1, $2, $3, $4, $5, $5)";
    /// Changes nothing: whoever would change it waits.
    HOLD = "update secret set version = version where id = $1";
    /// The version goes up by one: it was sealed for the next one.
    SET = "update secret set version = version + 1, root_key = $3, envelope = $4, updated_at = $5 \
           where id = $1 and version = $2";
    /// Same secret and version under another root key.
    REWRAP = "update secret set root_key = $3, envelope = $4, updated_at = $5 \
              where id = $1 and version = $2 and root_key <> $3";
    GET = "select id, version, purpose, root_key, envelope, created_at, updated_at from secret where id = $1";
    NOT_UNDER = "select id, version, purpose, root_key, envelope, created_at, updated_at from secret \
                 where root_key <> $1 order by id limit $2";
    COUNT_UNDER = "select count(*) from secret where root_key = $1";
    DELETE = "delete from secret where id = $1";
}

/// A sealed secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRow {
    /// The secret.
    pub id: SecretId,
    /// Counts its values, from 1; bound into the seal.
    pub version: i64,
    /// What it is for, a stable name; bound into the seal.
    pub purpose: String,
    /// Id of the root key that its data key is wrapped with.
    pub root_key: String,
    /// The envelope, as `vigie_core::vault` writes it.
    pub envelope: Vec<u8>,
    /// When it was first kept.
    pub created_at: Timestamp,
    /// When its envelope last changed.
    pub updated_at: Timestamp,
}

impl FromRow for SecretRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            version: row.int("version")?,
            purpose: row.text("purpose")?,
            root_key: row.text("root_key")?,
            envelope: row.bytes("envelope")?,
            created_at: row.time("created_at")?,
            updated_at: row.time("updated_at")?,
        })
    }
}

impl Conn {
    /// One secret, still sealed.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn secret(&mut self, id: SecretId) -> Result<SecretRow> {
        q(GET).id(id).one(self).await
    }

    /// At most `limit` secrets whose data key is wrapped with another root key than `active`, for the rotation.
    pub async fn secrets_not_under(&mut self, active: &str, limit: u32) -> Result<Vec<SecretRow>> {
        q(NOT_UNDER).text(active).int(limit.into()).all(self).await
    }

    /// How many secrets still need this root key. It may be forgotten at 0.
    pub async fn secrets_under(&mut self, root_key: &str) -> Result<i64> {
        q(COUNT_UNDER).text(root_key).one(self).await
    }
}

impl Tx {
    /// Keeps a new secret, sealed for version 1.
    pub async fn secret_add(
        &mut self,
        id: SecretId,
        purpose: &str,
        root_key: &str,
        envelope: &[u8],
        now: Timestamp,
    ) -> Result<()> {
        q(ADD)
            .id(id)
            .text(purpose)
            .text(root_key)
            .bytes(envelope)
            .time(now)
            .run(self)
            .await?;
        Ok(())
    }

    /// Nobody renews it until this transaction ends.
    pub async fn secret_hold(&mut self, id: SecretId) -> Result<()> {
        q(HOLD).id(id).run(self).await?;
        Ok(())
    }

    /// Puts a new value, sealed for version `seen + 1`; returns that version.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if the version is no longer `seen`.
    pub async fn secret_set(
        &mut self,
        id: SecretId,
        seen: i64,
        root_key: &str,
        envelope: &[u8],
        now: Timestamp,
    ) -> Result<i64> {
        q(SET)
            .id(id)
            .int(seen)
            .text(root_key)
            .bytes(envelope)
            .time(now)
            .run_one(self)
            .await?;
        Ok(seen.saturating_add(1))
    }

    /// Puts the same value wrapped with another root key; the version stays.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if the value changed meanwhile or is under that key already.
    pub async fn secret_rewrap(
        &mut self,
        id: SecretId,
        seen: i64,
        root_key: &str,
        envelope: &[u8],
        now: Timestamp,
    ) -> Result<()> {
        q(REWRAP)
            .id(id)
            .int(seen)
            .text(root_key)
            .bytes(envelope)
            .time(now)
            .run_one(self)
            .await
    }

    /// Destroys a secret. The row that names it must be cleared first.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`], [`crate::Error::Reference`] while a channel names it.
    pub async fn secret_delete(&mut self, id: SecretId) -> Result<()> {
        q(DELETE).id(id).run_found(self).await
    }
}

#[cfg(test)]
mod tests {
    use crate::{Error, testing};
    use vigie_core::id::SecretId;

    #[tokio::test]
    async fn a_secret_is_replaced_once_and_rewrapped() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let id = SecretId::new(uuid::Uuid::now_v7());
            let mut tx = store.begin().await.unwrap();
            tx.secret_add(id, "channel", "k1", b"sealed 1", now)
                .await
                .unwrap();
            assert_eq!(
                tx.secret_set(id, 1, "k1", b"sealed 2", now).await.unwrap(),
                2
            );
            let late = tx.secret_set(id, 1, "k1", b"late", now).await;
            assert!(matches!(late, Err(Error::Conflict)));
            tx.commit().await.unwrap();

            let mut tx = store.begin().await.unwrap();
            let waiting = tx.secrets_not_under("k2", 10).await.unwrap();
            assert_eq!((waiting.len(), waiting[0].version), (1, 2));
            assert_eq!(waiting[0].envelope, b"sealed 2");
            tx.secret_rewrap(id, 2, "k2", b"sealed 2 under k2", now)
                .await
                .unwrap();
            assert!(tx.secrets_not_under("k2", 10).await.unwrap().is_empty());
            assert_eq!(
                (
                    tx.secrets_under("k1").await.unwrap(),
                    tx.secrets_under("k2").await.unwrap()
                ),
                (0, 1)
            );
            assert_eq!(tx.secret(id).await.unwrap().version, 2);
            tx.secret_delete(id).await.unwrap();
            assert!(matches!(tx.secret(id).await, Err(Error::NotFound)));
        })
        .await;
    }
}
