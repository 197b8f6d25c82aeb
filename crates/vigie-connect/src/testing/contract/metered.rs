//! A budget of calls before a stand-in: each call that a budget names is counted, what is left is said in the network's
//! own headers, and one too many is answered as the network does.

use super::{Asked, Network, Said, facts::fits};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

/// How a network says what is left, and that there were too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// `x-rate-limit-*`, the reset as seconds since 1970 (docs.x.com, "Rate limits").
    X,
    /// `x-ratelimit-*`, the reset as a date (docs.joinmastodon.org, "Rate limits").
    Mastodon,
    /// `x-app-usage` in per cent, refused with error 4 (developers.facebook.com, "Rate Limits").
    Meta,
    /// Nothing before it refuses, and no time then (learn.microsoft.com, "LinkedIn API rate limiting").
    LinkedIn,
    /// `Retry-After` when it refuses, as `docs/site-webhook.md` asks of a receiver.
    RetryAfter,
}

/// So many calls in so much time.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Which calls, as the tables write them: `POST /2/tweets`; empty for all.
    pub call: &'static str,
    /// How many.
    pub most: u32,
    /// In this time, from the first of them.
    pub per: SignedDuration,
}

/// What a budget has seen.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    used: u32,
    ends: Option<Timestamp>,
}

/// What was counted in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Calls that a budget names.
    pub calls: u64,
    /// Of these, calls of the first budget that succeeded.
    pub done: u64,
    /// Of these, calls over a budget: refused.
    pub over: u64,
}

#[derive(Debug, Default)]
struct Ledger {
    spent: Vec<Spent>,
    all: Counted,
}

/// What time it is for the network.
pub type Time = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A stand-in behind its budgets.
pub struct Metered<N> {
    /// The stand-in.
    pub inner: N,
    manner: Manner,
    budgets: Vec<Budget>,
    time: Time,
    ledger: Mutex<Ledger>,
}

impl<N> fmt::Debug for Metered<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metered({:?})", self.budgets)
    }
}

impl<N> Metered<N> {
    /// With these budgets; a call counts against the first that names it.
    pub fn new(inner: N, manner: Manner, budgets: Vec<Budget>, time: Time) -> Self {
        let spent = vec![Spent::default(); budgets.len()];
        let ledger = Mutex::new(Ledger {
            spent,
            all: Counted::default(),
        });
        Self {
            inner,
            manner,
            budgets,
            time,
            ledger,
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    /// What was counted so far.
    pub fn counted(&self) -> Counted {
        self.ledger().all
    }

    /// When the first budget that is used up is given again; `None` while all have something left.
    pub fn used_up_until(&self) -> Option<Timestamp> {
        let now = (self.time)();
        let ledger = self.ledger();
        let up = self.budgets.iter().zip(&ledger.spent);
        up.filter(|(budget, spent)| spent.used >= budget.most)
            .filter_map(|(_, spent)| spent.ends.filter(|ends| *ends > now))
            .min()
    }

    /// Counts a call: which budget, what is left of it before this call, and when it is given again.
    fn count(&self, asked: &Asked, now: Timestamp) -> Option<(usize, u32, Timestamp)> {
        let named = |budget: &Budget| budget.call.is_empty() || fits(budget.call, asked);
        let at = self.budgets.iter().position(named)?;
        let budget = self.budgets[at];
        let mut ledger = self.ledger();
        ledger.all.calls += 1;
        let spent = &mut ledger.spent[at];
        let ends = match spent.ends {
            Some(ends) if now < ends => ends,
            _ => {
                *spent = Spent::default();
                now + budget.per
            }
        };
        spent.ends = Some(ends);
        let left = budget.most.saturating_sub(spent.used);
        if left == 0 {
            ledger.all.over += 1;
        } else {
            spent.used += 1;
        }
        Some((at, left, ends))
    }

    fn refusal(&self, asked: &Asked, wait: i64) -> Said {
        match self.manner {
            Manner::X => {
                let body = json!({ "title": "Too Many Requests", "type": "about:blank", "status": 429,
                    "detail": "Too Many Requests" });
                Said::json(429, body)
            }
            Manner::Mastodon => Said::json(429, json!({ "error": "Too many requests" })),
            Manner::Meta => super::meta::error(400, 4, 0, "Application request limit reached"),
            Manner::LinkedIn => {
                let body = json!({ "status": 429, "code": "QUOTA_EXCEEDED", "serviceErrorCode": 101,
                    "message": format!("Resource level throttle limit for calls to {} is reached.", asked.path) });
                Said::json(429, body)
            }
            Manner::RetryAfter => Said::json(429, json!({ "error": "too many calls" }))
                .header("retry-after", wait.to_string()),
        }
    }

    fn dress(&self, said: Said, most: u32, left: u32, ends: Timestamp) -> Said {
        match self.manner {
            Manner::X => said
                .header("x-rate-limit-limit", most.to_string())
                .header("x-rate-limit-remaining", left.to_string())
                .header("x-rate-limit-reset", ends.as_second().to_string()),
            Manner::Mastodon => said
                .header("x-ratelimit-limit", most.to_string())
                .header("x-ratelimit-remaining", left.to_string())
                .header("x-ratelimit-reset", ends.to_string()),
            Manner::Meta => {
                let used = u64::from(most - left) * 100 / u64::from(most.max(1));
                let usage = json!({ "call_count": used, "total_cputime": 1, "total_time": 1 });
                said.header("x-app-usage", usage.to_string())
            }
            Manner::LinkedIn | Manner::RetryAfter => said,
        }
    }
}

impl<N: Network> Network for Metered<N> {
    fn answer(&self, asked: &Asked) -> Said {
        let now = (self.time)();
        let counted = self.count(asked, now);
        let over = counted.is_some_and(|(_, left, _)| left == 0);
        let mut said = if let Some((_, _, ends)) = counted.filter(|_| over) {
            self.refusal(asked, ends.as_second() - now.as_second())
        } else {
            self.inner.answer(asked)
        };
        // The stand-in's own, of a budget that never ends.
        said.headers.retain(|(name, _)| {
            let limit = name.starts_with("x-rate-limit") || name.starts_with("x-ratelimit");
            !limit
        });
        let Some((at, left, ends)) = counted else {
            return said;
        };
        if at == 0 && (200..300).contains(&said.status) {
            self.ledger().all.done += 1;
        }
        self.dress(said, self.budgets[at].most, left.saturating_sub(1), ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    struct Yes;

    impl Network for Yes {
        fn answer(&self, _: &Asked) -> Said {
            Said::json(200, Value::Null)
        }
    }

    fn asked(method: &str, path: &str) -> Asked {
        Asked {
            method: method.into(),
            path: path.into(),
            query: Vec::new(),
            authorization: String::new(),
            headers: Vec::new(),
            form: Vec::new(),
            json: Value::Null,
            body: Vec::new(),
        }
    }

    #[test]
    fn one_too_many_is_refused_until_the_window_ends() {
        let now = Arc::new(Mutex::new(Timestamp::UNIX_EPOCH));
        let shown = Arc::clone(&now);
        let budget = Budget {
            call: "POST /2/tweets",
            most: 2,
            per: SignedDuration::from_mins(15),
        };
        let time: Time = Arc::new(move || *shown.lock().unwrap());
        let network = Metered::new(Yes, Manner::X, vec![budget], time);
        let put = || network.answer(&asked("POST", "/2/tweets"));
        let left = |said: &Said| {
            let is = |(name, _): &&(&str, String)| *name == "x-rate-limit-remaining";
            said.headers.iter().find(is).unwrap().1.clone()
        };
        assert_eq!(left(&put()), "1");
        assert_eq!(left(&put()), "0");
        let refused = put();
        assert_eq!((refused.status, left(&refused)), (429, "0".into()));
        assert!(network.used_up_until().is_some());
        assert!(
            network
                .answer(&asked("GET", "/2/tweets/1"))
                .headers
                .is_empty()
        );
        *now.lock().unwrap() += SignedDuration::from_mins(15);
        assert_eq!(network.used_up_until(), None);
        assert_eq!(put().status, 200);
        let counted = Counted {
            calls: 4,
            done: 3,
            over: 1,
        };
        assert_eq!(network.counted(), counted);
    }
}
