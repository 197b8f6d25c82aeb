//! Passwords of members: only their Argon2 hashes.

use crate::row::q;
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use vigie_core::id::MemberId;

queries! {
    GET = "select hash from password where member = $1";
    SET = "insert into password (member, hash, changed_at) values ($1, $2, $3)
        on conflict (member) do update set hash = excluded.hash, changed_at = excluded.changed_at";
    REHASH = "update password set hash = $3 where member = $1 and hash = $2";
    REMOVE = "delete from password where member = $1";
}

impl Conn {
    /// The hash of the member's password (PHC text), if they have one.
    pub async fn password(&mut self, member: MemberId) -> Result<Option<String>> {
        q(GET).id(member).maybe::<String>(self).await
    }
}

impl Tx {
    /// Sets the password. Ending the other sessions is the caller's act ([`Tx::end_other_sessions`]).
    pub async fn set_password(
        &mut self,
        member: MemberId,
        hash: &str,
        now: Timestamp,
    ) -> Result<()> {
        q(SET)
            .id(member)
            .text(hash)
            .time(now)
            .run(self)
            .await
            .map(|_| ())
    }

    /// Stores the same password under stronger parameters, unless it was changed meanwhile.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it is no longer `from`.
    pub async fn rehash_password(&mut self, member: MemberId, from: &str, to: &str) -> Result<()> {
        q(REHASH).id(member).text(from).text(to).run_one(self).await
    }

    /// Removes the password: the member signs in with a passkey only.
    pub async fn remove_password(&mut self, member: MemberId) -> Result<()> {
        q(REMOVE).id(member).run(self).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Error, testing};

    #[tokio::test]
    async fn a_password_is_set_changed_and_removed() {
        testing::both_engines(|store| async move {
            let ines = testing::member(&store, "ines").await;
            let mut tx = store.begin().await.unwrap();
            assert_eq!(tx.password(ines).await.unwrap(), None);
            tx.set_password(ines, "$argon2id$1", testing::now())
                .await
                .unwrap();
            tx.set_password(ines, "$argon2id$2", testing::now())
                .await
                .unwrap();
            assert!(matches!(
                tx.rehash_password(ines, "$argon2id$1", "x").await,
                Err(Error::Conflict)
            ));
            tx.rehash_password(ines, "$argon2id$2", "$argon2id$3")
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let mut tx = store.begin().await.unwrap();
            assert_eq!(
                tx.password(ines).await.unwrap().as_deref(),
                Some("$argon2id$3")
            );
            tx.remove_password(ines).await.unwrap();
            assert_eq!(tx.password(ines).await.unwrap(), None);
        })
        .await;
    }
}
