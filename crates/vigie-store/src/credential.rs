//! Passkeys of members.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::id::{CredentialId, MemberId};

queries! {
    LIST = "select id, member, raw_id, name, passkey, created_at, last_used_at
        from credential where member = $1 order by created_at, id";
    BY_RAW_ID = "select id, member, raw_id, name, passkey, created_at, last_used_at
        from credential where raw_id = $1";
    ADD = "insert into credential (id, member, raw_id, name, passkey, created_at) values ($1, $2, $3, $4, $5, $6)";
    USED = "update credential set passkey = $3, last_used_at = $4 where id = $1 and passkey = $2";
    RENAME = "update credential set name = $3 where id = $1 and member = $2";
    REMOVE = "delete from credential where id = $1 and member = $2";
}

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Our id of it.
    pub id: CredentialId,
    /// Whose it is.
    pub member: MemberId,
    /// The authenticator's id of it, unique.
    pub raw_id: Vec<u8>,
    /// What the member calls it.
    pub name: String,
    /// The passkey as the WebAuthn library writes it in JSON (public key, counter, flags).
    pub passkey: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

impl FromRow for Credential {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            member: row.id("member")?,
            raw_id: row.bytes("raw_id")?,
            name: row.text("name")?,
            passkey: row.text("passkey")?,
            created_at: row.time("created_at")?,
            last_used_at: row.time_opt("last_used_at")?,
        })
    }
}

impl Conn {
    /// The passkeys of a member, oldest first.
    pub async fn credentials(&mut self, member: MemberId) -> Result<Vec<Credential>> {
        q(LIST).id(member).all(self).await
    }

    /// The passkey with the authenticator's id, for signing in without a login.
    pub async fn credential_by_raw_id(&mut self, raw_id: &[u8]) -> Result<Option<Credential>> {
        q(BY_RAW_ID).bytes(raw_id).maybe(self).await
    }
}

impl Tx {
    /// Adds a passkey; `last_used_at` is not looked at.
    ///
    /// # Errors
    /// [`crate::Error::Unique`] if the authenticator's id is known already, whoever has it.
    pub async fn add_credential(&mut self, new: &Credential) -> Result<()> {
        let q = q(ADD)
            .id(new.id)
            .id(new.member)
            .bytes(new.raw_id.as_slice())
            .text(&new.name)
            .text(&new.passkey);
        q.time(new.created_at).run(self).await.map(|_| ())
    }

    /// Stores the passkey after a use (its counter may have moved).
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it is no longer as it was `read`: another use came between, or it was removed.
    pub async fn credential_used(
        &mut self,
        read: &Credential,
        passkey: &str,
        now: Timestamp,
    ) -> Result<()> {
        q(USED)
            .id(read.id)
            .text(&read.passkey)
            .text(passkey)
            .time(now)
            .run_one(self)
            .await
    }

    /// Renames a passkey of `member`.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] if that member has no such passkey.
    pub async fn rename_credential(
        &mut self,
        id: CredentialId,
        member: MemberId,
        name: &str,
    ) -> Result<()> {
        q(RENAME).id(id).id(member).text(name).run_found(self).await
    }

    /// Removes a passkey of `member`.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] if that member has no such passkey.
    pub async fn remove_credential(&mut self, id: CredentialId, member: MemberId) -> Result<()> {
        q(REMOVE).id(id).id(member).run_found(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};

    #[tokio::test]
    async fn a_passkey_is_added_used_and_removed() {
        testing::both_engines(|store| async move {
            let ines = testing::member(&store, "ines").await;
            let paul = testing::member(&store, "paul").await;
            let key = Credential {
                id: CredentialId::new(uuid::Uuid::now_v7()),
                member: ines,
                raw_id: vec![0, 255, 7],
                name: "Téléphone".into(),
                passkey: "{\"counter\":0}".into(),
                created_at: testing::now(),
                last_used_at: None,
            };
            let mut tx = store.begin().await.unwrap();
            tx.add_credential(&key).await.unwrap();
            tx.commit().await.unwrap();
            let mut tx = store.begin().await.unwrap();
            let stolen = Credential { id: CredentialId::new(uuid::Uuid::now_v7()), member: paul, ..key.clone() };
            assert!(matches!(tx.add_credential(&stolen).await, Err(Error::Unique(table)) if table == "credential"));
            drop(tx);

            let mut tx = store.begin().await.unwrap();
            let read = tx.credential_by_raw_id(&[0, 255, 7]).await.unwrap().unwrap();
            assert_eq!(read, key);
            tx.credential_used(&read, "{\"counter\":1}", testing::now()).await.unwrap();
            assert!(matches!(tx.credential_used(&read, "{\"counter\":1}", testing::now()).await, Err(Error::Conflict)));
            tx.rename_credential(key.id, ines, "Clé").await.unwrap();
            assert!(matches!(tx.remove_credential(key.id, paul).await, Err(Error::NotFound)));
            assert_eq!(tx.credentials(ines).await.unwrap()[0].name, "Clé");
            tx.remove_credential(key.id, ines).await.unwrap();
            assert!(tx.credentials(ines).await.unwrap().is_empty());
            tx.commit().await.unwrap();
        })
        .await;
    }
}
