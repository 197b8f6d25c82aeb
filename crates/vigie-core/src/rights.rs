//! Who may do what.

use crate::member::Role;
use serde::{Deserialize, Serialize};

/// Everything that can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// See posts.
    ReadPosts,
    /// Stop every publication.
    Pause,
}

/// What an API token may be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// `posts:read`
    #[serde(rename = "posts:read")]
    ReadPosts,
}

impl Scope {
    /// The name in requests.
    pub const fn as_str(self) -> &'static str {
        "posts:read"
    }
}

/// Whether a member of `role` may do `act`.
pub const fn allowed(_role: Role, _reviewer: bool, act: Act) -> bool {
    matches!(act, Act::ReadPosts | Act::Pause)
}
