//! Letters to members: which kinds there are, which a member wants, and when they go.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use crate::member::names;
use crate::schedule::{Resolved, resolve};

names! {
    /// What a letter to a member is about. Each kind can be stopped.
    pub enum LetterKind {
        /// They were asked to review.
        Review = "review",
        /// Something is not as Vigie left it.
        Alarm = "alarm",
        /// Their post was decided on.
        Decision = "decision",
        /// Something was said about a post of theirs, or one that they review.
        Talk = "talk",
    }
}

impl LetterKind {
    /// Whether it goes at once; the others are gathered.
    pub const fn at_once(self) -> bool {
        matches!(self, Self::Review | Self::Alarm)
    }
}

names! {
    /// How often what is gathered goes.
    pub enum Rhythm {
        /// Once a day.
        Daily = "daily",
        /// Once an hour.
        Hourly = "hourly",
        /// Not at all: it is on the pages.
        Never = "never",
    }
}

/// What a member wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    /// The kinds they want.
    pub kinds: BTreeSet<LetterKind>,
    /// How often the gathered letter goes.
    pub rhythm: Rhythm,
    /// At which full hour of the organisation's day, 0 to 23, where it goes once a day.
    pub hour: u8,
}

impl Default for Wishes {
    /// Every kind, gathered once a day at eight.
    fn default() -> Self {
        Self {
            kinds: LetterKind::ALL.iter().copied().collect(),
            rhythm: Rhythm::Daily,
            hour: 8,
        }
    }
}

/// When a letter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Not at all.
    Never,
    /// By itself, now.
    Now,
    /// With what else is gathered by then.
    Gathered(Timestamp),
}

/// So many letters of a member's own go at once within an hour; what comes beyond that is gathered, for whoever wants
/// gathered letters at all.
pub const AT_ONCE_AN_HOUR: u64 = 20;

impl Wishes {
    /// When a letter of a kind goes that is written now; `lately`: how many went to this member by themselves within
    /// the last hour.
    pub fn due(&self, kind: LetterKind, lately: u64, zone: &TimeZone, now: Timestamp) -> Due {
        if !self.kinds.contains(&kind) {
            return Due::Never;
        }
        if kind.at_once() && lately < AT_ONCE_AN_HOUR {
            return Due::Now;
        }
        self.next(zone, now).map_or(Due::Never, Due::Gathered)
    }

    /// When the next gathered letter goes, after `now`.
    pub fn next(&self, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        match self.rhythm {
            Rhythm::Never => None,
            Rhythm::Hourly => {
                let hour = now.as_second().div_euclid(3600).checked_add(1)?;
                Timestamp::from_second(hour.checked_mul(3600)?).ok()
            }
            Rhythm::Daily => {
                let local = now.to_zoned_datetime(zone.clone());
                let hour = i8::try_from(self.hour.min(23)).unwrap_or(8);
                let mut day = local.date();
                for _ in 0..3 {
                    // An hour that does not exist on that day is the one after it; one that comes twice, its first.
                    let at = match resolve(day.at(hour, 0, 0, 0), zone).ok()? {
                        Resolved::Exact(at)
                        | Resolved::Gap { suggested: at }
                        | Resolved::Fold { earlier: at, .. } => at,
                    };
                    if at > now {
                        return Some(at);
                    }
                    day = day.checked_add(1.day()).ok()?;
                }
                now.checked_add(SignedDuration::from_hours(24)).ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn what_presses_goes_at_once_and_the_rest_is_gathered() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let now = at("2026-11-24T09:00:00Z");
        let wishes = Wishes::default();
        let due = |wishes: &Wishes, kind, lately| wishes.due(kind, lately, &paris, now);
        assert_eq!(due(&wishes, LetterKind::Review, 0), Due::Now);
        assert_eq!(due(&wishes, LetterKind::Alarm, 19), Due::Now);
        let morning = Due::Gathered(at("2026-11-25T07:00:00Z"));
        assert_eq!(due(&wishes, LetterKind::Talk, 0), morning);
        // A flood is gathered.
        assert_eq!(due(&wishes, LetterKind::Alarm, 20), morning);
        let hourly = Wishes {
            rhythm: Rhythm::Hourly,
            ..Wishes::default()
        };
        let next = Due::Gathered(at("2026-11-24T10:00:00Z"));
        assert_eq!(due(&hourly, LetterKind::Decision, 0), next);
        let never = Wishes {
            rhythm: Rhythm::Never,
            ..Wishes::default()
        };
        assert_eq!(due(&never, LetterKind::Talk, 0), Due::Never);
        assert_eq!(due(&never, LetterKind::Review, 0), Due::Now);
        let none = Wishes {
            kinds: BTreeSet::new(),
            ..Wishes::default()
        };
        for kind in LetterKind::ALL {
            assert_eq!(due(&none, *kind, 0), Due::Never);
        }
    }

    #[test]
    fn a_day_has_one_gathered_letter_whatever_the_clocks_do() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        for (hour, now, next) in [
            // Exactly at the hour, it is tomorrow's.
            (8, "2026-11-24T07:00:00Z", "2026-11-25T07:00:00Z"),
            // Two o'clock does not exist on the day the clocks go forward.
            (2, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
            (2, "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"),
            // And comes twice on the day they go back.
            (2, "2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z"),
            (2, "2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z"),
        ] {
            let wishes = Wishes {
                hour,
                ..Wishes::default()
            };
            assert_eq!(wishes.next(&paris, at(now)), Some(at(next)), "{now}");
        }
    }
}
