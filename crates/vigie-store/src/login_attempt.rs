//! Attempts to sign in, to slow guessing down by account and by network, whatever the replica.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use uuid::Uuid;

queries! {
    RECORD = "insert into login_attempt (id, account, network, at, ok) values ($1, $2, $3, $4, 0)";
    SUCCEEDED = "update login_attempt set ok = 1 where id = $1";
    BY_ACCOUNT = "select count(*) as n, max(at) as last from login_attempt
        where account = $1 and ok = 0 and at > $2 and id <> $3
        and at > (select coalesce(max(s.at), 0) from login_attempt s where s.account = $1 and s.ok = 1)";
    BY_NETWORK = "select count(*) as n, max(at) as last from login_attempt
        where network = $1 and ok = 0 and at > $2 and id <> $3";
    FORGET = "delete from login_attempt where id = $1";
    PURGE = "delete from login_attempt where at <= $1";
}

/// Failed attempts within a time window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Failures {
    /// How many.
    pub count: u64,
    /// The last of them.
    pub last_at: Option<Timestamp>,
}

impl FromRow for Failures {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            count: row.num("n")?,
            last_at: row.time_opt("last")?,
        })
    }
}

impl Conn {
    /// Failed attempts on `account` (a folded login, existing or not) after `since` and after its last success, not
    /// counting the attempt `but` that is being made.
    pub async fn failures_of_account(
        &mut self,
        account: &str,
        since: Timestamp,
        but: Uuid,
    ) -> Result<Failures> {
        q(BY_ACCOUNT)
            .text(account)
            .time(since)
            .id(but)
            .one(self)
            .await
    }

    /// Failed attempts from `network` (an address prefix) after `since`, not counting the attempt `but`. A success
    /// does not clear them: somebody with an account may guess at others.
    pub async fn failures_of_network(
        &mut self,
        network: &str,
        since: Timestamp,
        but: Uuid,
    ) -> Result<Failures> {
        q(BY_NETWORK)
            .text(network)
            .time(since)
            .id(but)
            .one(self)
            .await
    }
}

impl Tx {
    /// Records an attempt, as failed until [`Tx::login_succeeded`]. To be committed *before* the failures are counted
    /// and the password is looked at: attempts made at the same moment then see each other, and a crash counts against
    /// the guesser.
    pub async fn record_login(
        &mut self,
        id: Uuid,
        account: &str,
        network: &str,
        now: Timestamp,
    ) -> Result<()> {
        q(RECORD)
            .id(id)
            .text(account)
            .text(network)
            .time(now)
            .run(self)
            .await
            .map(|_| ())
    }

    /// Turns the attempt into a success.
    pub async fn login_succeeded(&mut self, id: Uuid) -> Result<()> {
        q(SUCCEEDED).id(id).run_found(self).await
    }

    /// Forgets an attempt that was refused before anything was looked at.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] if it is not there.
    pub async fn forget_login(&mut self, id: Uuid) -> Result<()> {
        q(FORGET).id(id).run_found(self).await
    }

    /// Forgets attempts up to `until` (they are personal data); how many.
    pub async fn purge_logins(&mut self, until: Timestamp) -> Result<u64> {
        q(PURGE).time(until).run(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use jiff::ToSpan;

    #[tokio::test]
    async fn failures_are_counted_by_account_and_network() {
        testing::both_engines(|store| async move {
            let start = testing::now();
            let since = start - 1.hour();
            let mut ids = Vec::new();
            for (n, (account, network)) in [
                ("ines", "192.0.2.0/24"),
                ("ines", "198.51.100.0/24"),
                ("paul", "192.0.2.0/24"),
            ]
            .into_iter()
            .enumerate()
            {
                let id = Uuid::now_v7();
                let mut tx = store.begin().await.unwrap();
                tx.record_login(id, account, network, start + (n as i64).seconds())
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                ids.push(id);
            }
            let none = Uuid::nil();
            let mut tx = store.begin().await.unwrap();
            let ines = tx.failures_of_account("ines", since, none).await.unwrap();
            assert_eq!(
                ines,
                Failures {
                    count: 2,
                    last_at: Some(start + 1.second())
                }
            );
            assert_eq!(
                tx.failures_of_account("ines", since, ids[1])
                    .await
                    .unwrap()
                    .count,
                1
            );
            assert_eq!(
                tx.failures_of_account("ines", start, none)
                    .await
                    .unwrap()
                    .count,
                1
            );
            assert_eq!(
                tx.failures_of_account("zoé", since, none).await.unwrap(),
                Failures::default()
            );
            assert_eq!(
                tx.failures_of_network("192.0.2.0/24", since, none)
                    .await
                    .unwrap()
                    .count,
                2
            );
            tx.login_succeeded(ids[1]).await.unwrap();
            assert_eq!(
                tx.failures_of_account("ines", since, none)
                    .await
                    .unwrap()
                    .count,
                0
            );
            assert_eq!(
                tx.failures_of_network("192.0.2.0/24", since, none)
                    .await
                    .unwrap()
                    .count,
                2
            );
            tx.forget_login(ids[2]).await.unwrap();
            assert!(tx.forget_login(ids[2]).await.is_err());
            assert_eq!(tx.purge_logins(start + 1.second()).await.unwrap(), 2);
            tx.commit().await.unwrap();
        })
        .await;
    }
}
