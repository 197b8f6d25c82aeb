//! Recovery codes: each opens the account once when the other means are lost. Only hashes are kept.

use crate::row::q;
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use vigie_core::id::MemberId;

queries! {
    LEFT = "select count(*) from recovery_code where member = $1 and used_at is null";
    CLEAR = "delete from recovery_code where member = $1";
    ADD = "insert into recovery_code (member, hash) values ($1, $2)";
    TAKE = "update recovery_code set used_at = $3 where member = $1 and hash = $2 and used_at is null";
}

impl Conn {
    /// How many unused codes the member has.
    pub async fn recovery_codes_left(&mut self, member: MemberId) -> Result<u64> {
        let left: i64 = q(LEFT).id(member).one(self).await?;
        Ok(left.unsigned_abs())
    }
}

impl Tx {
    /// Replaces all codes of the member, used or not, by these hashes.
    pub async fn replace_recovery_codes(
        &mut self,
        member: MemberId,
        hashes: &[[u8; 32]],
    ) -> Result<()> {
        q(CLEAR).id(member).run(self).await?;
        for hash in hashes {
            q(ADD).id(member).bytes(hash.as_slice()).run(self).await?;
        }
        Ok(())
    }

    /// Uses up the code with this hash.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if the member has no such code or it is used: refuse the sign-in.
    pub async fn take_recovery_code(
        &mut self,
        member: MemberId,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<()> {
        q(TAKE)
            .id(member)
            .bytes(hash.as_slice())
            .time(now)
            .run_one(self)
            .await
    }
}

#[cfg(test)]
mod tests {
    use crate::{Error, testing};

    #[tokio::test]
    async fn a_code_opens_once() {
        testing::both_engines(|store| async move {
            let ines = testing::member(&store, "ines").await;
            let paul = testing::member(&store, "paul").await;
            let now = testing::now();
            let mut tx = store.begin().await.unwrap();
            tx.replace_recovery_codes(ines, &[[1; 32], [2; 32]])
                .await
                .unwrap();
            assert!(matches!(
                tx.take_recovery_code(paul, &[1; 32], now).await,
                Err(Error::Conflict)
            ));
            tx.take_recovery_code(ines, &[1; 32], now).await.unwrap();
            assert!(matches!(
                tx.take_recovery_code(ines, &[1; 32], now).await,
                Err(Error::Conflict)
            ));
            assert_eq!(tx.recovery_codes_left(ines).await.unwrap(), 1);
            tx.replace_recovery_codes(ines, &[[3; 32]]).await.unwrap();
            assert!(matches!(
                tx.take_recovery_code(ines, &[2; 32], now).await,
                Err(Error::Conflict)
            ));
            tx.commit().await.unwrap();
            assert_eq!(
                store
                    .read()
                    .await
                    .unwrap()
                    .recovery_codes_left(ines)
                    .await
                    .unwrap(),
                1
            );
        })
        .await;
    }
}
