//! How often one caller may use a route: token buckets in this process, in a table of bounded size.
//! Sign-in has limits of its own in the database, shared by replicas.

use jiff::Timestamp;
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::Mutex,
};

/// A burst, and how fast it comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Requests at once.
    pub burst: f64,
    /// Requests a second that come back.
    pub per_second: f64,
}

impl Rate {
    /// Pages and assets: generous, only stops loops.
    pub const PAGE: Self = Self {
        burst: 240.0,
        per_second: 20.0,
    };
    /// Things that cost: uploads, exports, connecting a channel.
    pub const COSTLY: Self = Self {
        burst: 20.0,
        per_second: 0.5,
    };
    /// Secrets that can be guessed: sign-in, codes, invitations.
    pub const GUESS: Self = Self {
        burst: 10.0,
        per_second: 0.1,
    };
    /// Checks while typing.
    pub const TYPING: Self = Self {
        burst: 60.0,
        per_second: 5.0,
    };
}

/// Buckets kept at most. A flood from many addresses beyond this makes the oldest forget, it does not fill memory.
const MOST: usize = 65_536;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Timestamp,
    rate: Rate,
}

impl Bucket {
    fn level(&self, now: Timestamp) -> f64 {
        let seconds = now.duration_since(self.at).as_secs_f64().max(0.0);
        (self.left + seconds * self.rate.per_second).min(self.rate.burst)
    }
}

/// All buckets of this process.
#[derive(Debug, Default)]
pub struct Limits {
    buckets: Mutex<HashMap<u64, Bucket>>,
    hasher: RandomState,
}

impl Limits {
    /// Takes one request of `rate` for (`method`, `key`).
    ///
    /// # Errors
    /// The whole seconds to wait, at least 1, when the bucket is empty.
    pub fn take(
        &self,
        method: &str,
        key: impl std::hash::Hash,
        rate: Rate,
        now: Timestamp,
    ) -> Result<(), u64> {
        let key = self.hasher.hash_one((method, key));
        let mut buckets = self
            .buckets
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if buckets.len() >= MOST && !buckets.contains_key(&key) {
            make_room(&mut buckets, now);
        }
        let bucket = buckets.entry(key).or_insert(Bucket {
            left: rate.burst,
            at: now,
            rate,
        });
        let level = bucket.level(now);
        // A clock that went back must not freeze the bucket: it restarts from here.
        bucket.at = now;
        if level >= 1.0 {
            bucket.left = level - 1.0;
            return Ok(());
        }
        bucket.left = level;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small and positive"
        )]
        Err(((1.0 - level) / rate.per_second).ceil().max(1.0) as u64)
    }
}

/// Drops the full buckets (forgetting them changes nothing); if that is not enough, the older half.
fn make_room(buckets: &mut HashMap<u64, Bucket>, now: Timestamp) {
    buckets.retain(|_, b| b.level(now) < b.rate.burst);
    if buckets.len() < MOST / 2 {
        return;
    }
    let mut times: Vec<Timestamp> = buckets.values().map(|b| b.at).collect();
    let middle = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable(middle);
    let median = *median;
    let mut kept = 0;
    buckets.retain(|_, b| {
        kept += 1;
        b.at > median && kept < MOST
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Rate = Rate {
        burst: 2.0,
        per_second: 0.5,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    #[test]
    fn a_burst_then_waiting_then_again() {
        let limits = Limits::default();
        assert_eq!(limits.take("POST", "a", SLOW, at(0)), Ok(()));
        assert_eq!(limits.take("POST", "a", SLOW, at(0)), Ok(()));
        assert_eq!(limits.take("POST", "a", SLOW, at(0)), Err(2));
        assert_eq!(
            limits.take("POST", "b", SLOW, at(0)),
            Ok(()),
            "another caller has their own"
        );
        assert_eq!(limits.take("POST", "a", SLOW, at(2)), Ok(()));
    }

    #[test]
    fn a_clock_that_jumps_back_does_not_lock_anyone_out() {
        let limits = Limits::default();
        limits.take("POST", "a", SLOW, at(10_000)).unwrap();
        limits.take("POST", "a", SLOW, at(0)).unwrap();
        assert_eq!(limits.take("POST", "a", SLOW, at(0)), Err(2));
        assert_eq!(limits.take("POST", "a", SLOW, at(2)), Ok(()));
    }

    #[test]
    fn the_table_stays_bounded() {
        let limits = Limits::default();
        for n in 0..(MOST + 1000) {
            limits
                .take("GET", n, SLOW, at(i64::try_from(n / 10_000).unwrap()))
                .unwrap();
        }
        assert!(limits.buckets.lock().unwrap().len() <= MOST);
    }
}
