//! What was called lately, for the administrator's page: never a secret, only as long as the program runs.

use jiff::Timestamp;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// Calls remembered.
const MOST: usize = 500;
/// Longest path kept.
const PATH: usize = 120;

/// One call to the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// When it began.
    pub at: Timestamp,
    /// GET, POST, …
    pub method: String,
    /// The server.
    pub host: String,
    /// The path, without the query; shortened, and empty where the path itself is a secret.
    pub path: String,
    /// HTTP status; `None` without an answer.
    pub status: Option<u16>,
    /// Why there was none, a stable name.
    pub failure: Option<&'static str>,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// The newest calls. Cheap to clone; all clones share one list.
#[derive(Debug, Clone, Default)]
pub struct Journal(Arc<Mutex<VecDeque<Called>>>);

impl Journal {
    /// Adds a call; the oldest goes.
    pub fn add(&self, mut called: Called) {
        if called.path.len() > PATH {
            called.path = called.path.chars().take(PATH).chain(['…']).collect();
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.pop_front();
        }
        all.push_back(called);
    }

    /// All, newest first.
    pub fn newest(&self) -> Vec<Called> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().rev().cloned().collect()
    }
}
