//! One revision on one channel, with an outcome that is never guessed.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::content::Window;
use crate::member::names;

names! {
    /// Where a publication stands.
    pub enum PublicationState {
        /// Waiting for its time.
        Ready = "ready",
        /// The intent is written down; the network may have been called.
        Sending = "sending",
        /// On the page, read back.
        Published = "published",
        /// The network said no; nothing is on the page.
        Refused = "refused",
        /// Nobody can tell yet whether it is on the page. Never sent again by itself.
        Unknown = "unknown",
        /// Its window passed before it went out.
        Lapsed = "lapsed",
        /// Withdrawn before it went out.
        Cancelled = "cancelled",
        /// Being taken back.
        TakingBack = "taking_back",
        /// Taken back: deleted on the network.
        TakenBack = "taken_back",
    }
}

impl PublicationState {
    /// True when nothing more happens by itself.
    pub const fn is_settled(self) -> bool {
        match self {
            Self::Published | Self::Refused | Self::Lapsed | Self::Cancelled | Self::TakenBack => {
                true
            }
            Self::Ready | Self::Sending | Self::Unknown | Self::TakingBack => false,
        }
    }
}

/// What a connector knows after a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// On the page.
    Published {
        /// The network's id of it.
        remote_id: String,
        /// Where people see it.
        url: String,
        /// The network's digest of it, where it has one.
        content_id: String,
    },
    /// The network said no, and did nothing.
    Refused {
        /// Stable name of the reason.
        code: String,
        /// For the log.
        detail: String,
    },
    /// The request surely did not reach the network; it may be tried again.
    NotSent {
        /// Stable name of the reason.
        code: String,
        /// Not before.
        retry_at: Option<Timestamp>,
    },
    /// The request may have reached the network.
    Unknown {
        /// For the log.
        detail: String,
    },
}

/// What a look on the network found, for a publication whose outcome is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is there, and the same.
    Same {
        /// The network's id of it.
        remote_id: String,
        /// Where people see it.
        url: String,
        /// The network's digest of it.
        content_id: String,
    },
    /// Something else is there under its key.
    Different {
        /// For the log.
        detail: String,
    },
    /// Surely not there.
    Absent,
    /// Not seen among the newest posts of a network that keeps no key of ours: it may still come, so it is never sent
    /// again by itself.
    NotSeen,
    /// The network cannot tell now.
    CannotTell {
        /// For the log.
        detail: String,
    },
}

/// What to write down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The new state.
    pub state: PublicationState,
    /// When to try or to look again, if by itself.
    pub next_try: Option<Timestamp>,
}

/// Waits longest between two tries.
const MAX_WAIT: SignedDuration = SignedDuration::from_mins(15);
/// The stable name of "the network asks to slow down".
pub const RATE_LIMITED: &str = "rate_limited";
/// A channel that cannot be reached this many times in a row is handed to a person.
pub const MAX_TRIES: u32 = 12;

/// Looks at a network that keeps no key of ours, about five minutes in all, before a person is asked.
pub const MAX_UNSEEN: u32 = 6;

/// How long to wait before try number `attempt + 1`: doubling from 5 seconds up to 15 minutes.
pub fn back_off(attempt: u32) -> SignedDuration {
    let seconds = 5_i64.saturating_mul(1_i64 << attempt.saturating_sub(1).min(20));
    SignedDuration::from_secs(seconds).min(MAX_WAIT)
}

/// After a send.
pub fn settle(outcome: &Outcome, attempt: u32, now: Timestamp) -> Settlement {
    match outcome {
        Outcome::Published { .. } => Settlement {
            state: PublicationState::Published,
            next_try: None,
        },
        Outcome::Refused { .. } => Settlement {
            state: PublicationState::Refused,
            next_try: None,
        },
        // A network that asks to wait is waited for, as long as the window lasts: it was reached.
        Outcome::NotSent { code, .. } if attempt >= MAX_TRIES && code != RATE_LIMITED => {
            Settlement {
                state: PublicationState::Refused,
                next_try: None,
            }
        }
        Outcome::NotSent { retry_at, .. } => {
            let wait = later(now, back_off(attempt));
            Settlement {
                state: PublicationState::Ready,
                next_try: Some(retry_at.map_or(wait, |at| at.max(wait))),
            }
        }
        // A first look soon: most cut connections are answered by a single read.
        Outcome::Unknown { .. } => Settlement {
            state: PublicationState::Unknown,
            next_try: Some(later(now, SignedDuration::from_secs(2))),
        },
    }
}

/// After a look. `looks` counts those already made.
pub fn settle_found(found: &Found, looks: u32, now: Timestamp) -> Settlement {
    match found {
        Found::Same { .. } => Settlement {
            state: PublicationState::Published,
            next_try: None,
        },
        // Sent again, later each time: a network that loses every post is not hammered.
        Found::Absent => Settlement {
            state: PublicationState::Ready,
            next_try: Some(later(now, back_off(looks.max(1)))),
        },
        // Somebody changed it, or it is another post: a person looks.
        Found::Different { .. } => Settlement {
            state: PublicationState::Unknown,
            next_try: None,
        },
        // A few looks more, then a person, who can see the page with their own eyes.
        Found::NotSeen => Settlement {
            state: PublicationState::Unknown,
            next_try: (looks < MAX_UNSEEN).then(|| later(now, back_off(looks.max(1)))),
        },
        Found::CannotTell { .. } => Settlement {
            state: PublicationState::Unknown,
            next_try: (looks < MAX_TRIES).then(|| later(now, back_off(looks.max(1)))),
        },
    }
}

/// The same when the post was withdrawn meanwhile: what would have been sent again never is.
#[must_use]
pub fn withdrawn(settlement: Settlement) -> Settlement {
    match settlement.state {
        PublicationState::Ready => Settlement {
            state: PublicationState::Cancelled,
            next_try: None,
        },
        _ => settlement,
    }
}

fn later(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// What the clock says about a publication that has not gone out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// Not yet.
    Early,
    /// Now.
    Due,
    /// The window passed: back to the author.
    Late,
}

/// Compares a window with now.
pub fn timing(window: &Window, now: Timestamp) -> Timing {
    if now > window.not_after {
        Timing::Late
    } else if window.not_before.is_some_and(|start| now < start) {
        Timing::Early
    } else {
        Timing::Due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_network_that_asks_to_wait_is_waited_for_and_one_out_of_reach_is_not_for_ever() {
        let state = |code: &str| {
            let outcome = Outcome::NotSent {
                code: code.into(),
                retry_at: None,
            };
            settle(&outcome, MAX_TRIES, at(0)).state
        };
        assert_eq!(state("server_down"), PublicationState::Refused);
        assert_eq!(state(RATE_LIMITED), PublicationState::Ready);
    }

    #[test]
    fn unknown_is_never_ready_unless_it_is_surely_absent() {
        let unknown = settle(
            &Outcome::Unknown {
                detail: String::new(),
            },
            1,
            at(0),
        );
        assert_eq!(unknown.state, PublicationState::Unknown);
        for found in [
            Found::CannotTell {
                detail: String::new(),
            },
            Found::Different {
                detail: String::new(),
            },
            Found::NotSeen,
        ] {
            assert_eq!(
                settle_found(&found, 1, at(0)).state,
                PublicationState::Unknown
            );
        }
        assert_eq!(
            settle_found(&Found::Absent, 1, at(0)).state,
            PublicationState::Ready
        );
    }

    #[test]
    fn what_was_withdrawn_is_never_sent_again_and_never_forgotten() {
        let outcomes = [
            Outcome::Published {
                remote_id: String::new(),
                url: String::new(),
                content_id: String::new(),
            },
            Outcome::Refused {
                code: String::new(),
                detail: String::new(),
            },
            Outcome::NotSent {
                code: String::new(),
                retry_at: None,
            },
            Outcome::Unknown {
                detail: String::new(),
            },
        ];
        for outcome in &outcomes {
            let before = settle(outcome, 1, at(0));
            let after = withdrawn(before.clone());
            assert_ne!(after.state, PublicationState::Ready);
            assert!(after == before || after.state == PublicationState::Cancelled);
        }
        let absent = withdrawn(settle_found(&Found::Absent, 1, at(0)));
        assert_eq!(absent.state, PublicationState::Cancelled);
        let same = Found::Same {
            remote_id: String::new(),
            url: String::new(),
            content_id: String::new(),
        };
        let same = withdrawn(settle_found(&same, 1, at(0)));
        assert_eq!(same.state, PublicationState::Published);
    }

    #[test]
    fn waits_grow_and_are_bounded() {
        let waits: Vec<i64> = (1..=12).map(|n| back_off(n).as_secs()).collect();
        assert_eq!(waits[..5], [5, 10, 20, 40, 80]);
        assert!(waits.iter().all(|w| *w <= 900));
        assert_eq!(back_off(u32::MAX).as_secs(), 900);
    }

    #[test]
    fn the_networks_own_delay_is_respected() {
        let outcome = Outcome::NotSent {
            code: "rate_limited".into(),
            retry_at: Some(at(600)),
        };
        assert_eq!(settle(&outcome, 1, at(0)).next_try, Some(at(600)));
        let outcome = Outcome::NotSent {
            code: "rate_limited".into(),
            retry_at: Some(at(1)),
        };
        assert_eq!(settle(&outcome, 1, at(0)).next_try, Some(at(5)));
    }

    #[test]
    fn a_window_has_a_before_a_during_and_an_after() {
        let window = Window {
            not_before: Some(at(10)),
            not_after: at(20),
        };
        assert_eq!(timing(&window, at(9)), Timing::Early);
        assert_eq!(timing(&window, at(10)), Timing::Due);
        assert_eq!(timing(&window, at(20)), Timing::Due);
        assert_eq!(timing(&window, at(21)), Timing::Late);
    }
}
