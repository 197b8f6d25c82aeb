//! Rate limits that several replicas share: token buckets.

use crate::row::{Cells, FromRow, q};
use crate::{Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use std::time::Duration;

queries! {
    // What the bucket holds now is its level plus what ran in since, at most its size; a clock that went back adds
    // nothing. The row is only written when a token is there, so the statement is both the question and the taking.
    TAKE = "insert into rate (bucket, level, at) values ($1, $2 - 1000, $3)
        on conflict (bucket) do update set
            level = (case when $3 <= rate.at then rate.level
                when rate.level + ($3 - rate.at) / $4 > $2 then $2
                else rate.level + ($3 - rate.at) / $4 end) - 1000,
            at = case when $3 > rate.at then $3 else rate.at end
        where (case when $3 <= rate.at then rate.level
                when rate.level + ($3 - rate.at) / $4 > $2 then $2
                else rate.level + ($3 - rate.at) / $4 end) >= 1000
        returning level, at";
    LEVEL = "select level, at from rate where bucket = $1";
    PURGE = "delete from rate where at <= $1";
}

/// How a bucket fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many can be taken at once from a full bucket; at least 1.
    pub size: u32,
    /// In how long one more runs in; at least a millisecond.
    pub every: Duration,
}

/// The answer of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Go on; this many more are left.
    Yes(u32),
    /// Refuse; the next one is there after this long.
    Wait(Duration),
}

struct Level {
    level: i64,
    at: i64,
}

impl FromRow for Level {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            level: row.int("level")?,
            at: row.int("at")?,
        })
    }
}

impl Tx {
    /// Takes one from the bucket named `bucket`, atomically among all replicas.
    pub async fn take_rate(&mut self, bucket: &str, limit: Limit, now: Timestamp) -> Result<Taken> {
        let full = i64::from(limit.size.max(1)) * 1000;
        // Microseconds for a thousandth of a token.
        let pace = i64::try_from(limit.every.as_micros() / 1000)
            .unwrap_or(i64::MAX)
            .max(1);
        let taken: Option<Level> = q(TAKE)
            .text(bucket)
            .int(full)
            .time(now)
            .int(pace)
            .maybe(self)
            .await?;
        if let Some(left) = taken {
            return Ok(Taken::Yes(u32::try_from(left.level / 1000).unwrap_or(0)));
        }
        let Level { level, at } = q(LEVEL).text(bucket).one(self).await?;
        let missing = (1000 - level).max(0).saturating_mul(pace);
        let passed = (now.as_microsecond() - at).max(0);
        Ok(Taken::Wait(Duration::from_micros(
            missing.saturating_sub(passed).max(1).unsigned_abs(),
        )))
    }

    /// Forgets buckets not used after `until`. Safe once they are full again; how many.
    pub async fn purge_rates(&mut self, until: Timestamp) -> Result<u64> {
        q(PURGE).time(until).run(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use jiff::ToSpan;

    const LIMIT: Limit = Limit {
        size: 3,
        every: Duration::from_secs(10),
    };

    #[tokio::test]
    async fn a_bucket_empties_and_fills() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let mut tx = store.begin().await.unwrap();
            for left in [2, 1, 0] {
                assert_eq!(
                    tx.take_rate("a", LIMIT, now).await.unwrap(),
                    Taken::Yes(left)
                );
            }
            assert_eq!(
                tx.take_rate("a", LIMIT, now).await.unwrap(),
                Taken::Wait(Duration::from_secs(10))
            );
            let later = now + 4.seconds();
            assert_eq!(
                tx.take_rate("a", LIMIT, later).await.unwrap(),
                Taken::Wait(Duration::from_secs(6))
            );
            assert_eq!(
                tx.take_rate("b", LIMIT, now).await.unwrap(),
                Taken::Yes(2),
                "another bucket"
            );
            assert_eq!(
                tx.take_rate("a", LIMIT, now + 10.seconds()).await.unwrap(),
                Taken::Yes(0)
            );
            assert!(
                matches!(
                    tx.take_rate("a", LIMIT, now - 1.hour()).await.unwrap(),
                    Taken::Wait(_)
                ),
                "clock back"
            );
            assert_eq!(
                tx.take_rate("a", LIMIT, now + 9.hours()).await.unwrap(),
                Taken::Yes(2),
                "never above full"
            );
            assert_eq!(tx.purge_rates(now + 1.hour()).await.unwrap(), 1);
            tx.commit().await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn many_at_once_take_no_more_than_there_is() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let tries: Vec<_> = (0..12)
                .map(|_| {
                    let store = store.clone();
                    tokio::spawn(async move {
                        let mut tx = store.begin().await.unwrap();
                        let taken = tx.take_rate("a", LIMIT, now).await.unwrap();
                        tx.commit().await.unwrap();
                        matches!(taken, Taken::Yes(_))
                    })
                })
                .collect();
            let mut yes = 0;
            for one in tries {
                yes += i32::from(one.await.unwrap());
            }
            assert_eq!(yes, 3);
        })
        .await;
    }
}
