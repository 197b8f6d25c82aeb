//! What reached an account, read over several edges of the graph in steps, so that nothing is lost between two calls.
//!
//! The networks give comments post by post. A sweep walks over the newest posts and keeps what it has not read yet in
//! its cursor. What is made while a sweep goes on is found by the next: that one begins at the start of this one.

use super::{CLOCKS, gone};
use crate::{Arrival, Arrivals, Failure, rest::Trouble};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::future::Future;

/// Most characters of a text that arrives.
pub const MOST_TEXT: usize = 10_000;
/// Calls of one turn; what is left is kept for the next.
const MOST_CALLS: usize = 25;
/// Steps kept at most. A page of posts brings at most 50.
const MOST_STEPS: usize = 200;
/// How far the very first sweep looks back.
const FIRST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// One page to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which edge, in the connector's words.
    pub edge: String,
    /// Of what.
    pub of: String,
    /// The page; empty for the first.
    pub after: String,
    /// Pages of this edge read before.
    pub depth: u8,
}

impl Step {
    /// The first page of an edge.
    pub fn first(edge: &str, of: &str) -> Self {
        Self {
            edge: edge.to_owned(),
            of: of.to_owned(),
            after: String::new(),
            depth: 0,
        }
    }

    /// The next page of the same.
    #[must_use]
    pub fn then(&self, after: String) -> Self {
        Self {
            after,
            depth: self.depth.saturating_add(1),
            ..self.clone()
        }
    }
}

/// What a step gave.
#[derive(Debug, Default)]
pub struct Read {
    /// What arrived.
    pub items: Vec<Arrival>,
    /// More to read; the last is read first.
    pub more: Vec<Step>,
}

/// A walk over what may have changed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sweep {
    /// Only what was made since.
    since: Timestamp,
    /// When the walk began; `None` for one not begun yet.
    began: Option<Timestamp>,
    /// Still to read.
    todo: Vec<Step>,
}

impl Sweep {
    /// Goes on from a cursor, or begins anew with `first`.
    pub fn from(cursor: Option<&str>, now: Timestamp, first: &[Step]) -> Self {
        let kept: Option<Self> = cursor.and_then(|text| serde_json::from_str(text).ok());
        let mut sweep = kept.unwrap_or_else(|| Self {
            since: now.checked_sub(FIRST).unwrap_or(now),
            began: None,
            todo: Vec::new(),
        });
        if sweep.began.is_none() {
            sweep.began = Some(now);
            sweep.todo = first.to_vec();
        }
        sweep
    }

    /// Reads the steps with `read`, which is told since when.
    ///
    /// # Errors
    /// When the first step fails; after that, what was read is given and the failed step kept.
    pub async fn run<F, Fut>(mut self, read: F) -> Result<Arrivals, Failure>
    where
        F: Fn(Step, Timestamp) -> Fut,
        Fut: Future<Output = Result<Read, Trouble>>,
    {
        let mut items = Vec::new();
        for calls in 0..MOST_CALLS {
            let Some(step) = self.todo.pop() else { break };
            match read(step.clone(), self.since).await {
                Ok(found) => {
                    let since = self.since;
                    items.extend(found.items.into_iter().filter(|item| item.at >= since));
                    self.todo.extend(found.more);
                    self.todo.truncate(MOST_STEPS);
                }
                // The post went away meanwhile.
                Err(trouble) if gone(&trouble) && !step.of.is_empty() => {}
                Err(trouble) if calls == 0 => return Err(trouble.failure),
                Err(_) => {
                    self.todo.push(step);
                    break;
                }
            }
        }
        if self.todo.is_empty() {
            let began = self.began.take().unwrap_or(self.since);
            self.since = began.checked_sub(CLOCKS).unwrap_or(began);
        }
        Ok(Arrivals {
            items,
            cursor: serde_json::to_string(&self).ok(),
        })
    }
}

/// A text of somebody else's, cut.
pub fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
