//! Passkey ceremonies between start and finish. Each is used once, and only by who holds its name, of which the
//! database has the hash.

use crate::row::q;
use crate::{Conn, Result, Tx};
use jiff::Timestamp;

queries! {
    COUNT = "select count(*) from ceremony where expires_at > $1";
    GET = "select body from ceremony where hash = $1 and expires_at > $2";
    ADD = "insert into ceremony (hash, body, expires_at) values ($1, $2, $3)";
    TAKE = "delete from ceremony where hash = $1 and expires_at > $2 returning body";
    PURGE = "delete from ceremony where expires_at <= $1";
}

impl Conn {
    /// How many are under way.
    pub async fn ceremonies(&mut self, now: Timestamp) -> Result<u64> {
        let n: i64 = q(COUNT).time(now).one(self).await?;
        Ok(n.unsigned_abs())
    }

    /// What is kept of one, without using it.
    pub async fn ceremony_body(
        &mut self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<String>> {
        q(GET).bytes(hash.as_slice()).time(now).maybe(self).await
    }
}

impl Tx {
    /// Keeps what a ceremony needs to end, until `expires`; forgets those past their time.
    pub async fn ceremony_add(
        &mut self,
        hash: &[u8; 32],
        body: &str,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<()> {
        q(PURGE).time(now).run(self).await?;
        q(ADD)
            .bytes(hash.as_slice())
            .text(body)
            .time(expires)
            .run(self)
            .await?;
        Ok(())
    }

    /// Takes a ceremony out; `None` when there is none of that name, it was used, or its time passed.
    pub async fn ceremony_take(
        &mut self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<String>> {
        q(TAKE).bytes(hash.as_slice()).time(now).maybe(self).await
    }
}

#[cfg(test)]
mod tests {
    use crate::testing;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_ceremony_is_taken_once_and_in_time() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let later = now.checked_add(SignedDuration::from_mins(5)).unwrap();
            let mut tx = store.begin().await.unwrap();
            tx.ceremony_add(&[1; 32], "{}", now, later).await.unwrap();
            tx.ceremony_add(&[2; 32], "{}", now, later).await.unwrap();
            assert_eq!(tx.ceremonies(now).await.unwrap(), 2);
            let taken = tx.ceremony_take(&[1; 32], now).await.unwrap();
            assert_eq!(taken.as_deref(), Some("{}"));
            assert_eq!(tx.ceremony_take(&[1; 32], now).await.unwrap(), None);
            assert_eq!(tx.ceremony_take(&[2; 32], later).await.unwrap(), None);
            assert_eq!(tx.ceremonies(later).await.unwrap(), 0);
        })
        .await;
    }
}
