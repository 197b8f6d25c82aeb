//! From the time on a wall clock to an instant, in the organisation's time zone.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::content::Window;

/// What a wall-clock time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// One instant.
    Exact(Timestamp),
    /// It does not exist: clocks jump over it. The same moment after the jump is offered.
    Gap {
        /// The offered instant.
        suggested: Timestamp,
    },
    /// It exists twice: clocks go back over it. The author says which.
    Fold {
        /// The first time.
        earlier: Timestamp,
        /// The second time.
        later: Timestamp,
    },
}

/// Why a time is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// No zone has this name.
    #[error("unknown time zone")]
    UnknownZone,
    /// Out of the range of dates.
    #[error("date out of range")]
    OutOfRange,
}

/// The zone with an IANA name, such as `Europe/Paris`.
///
/// # Errors
/// When there is none.
pub fn zone(name: &str) -> Result<TimeZone, ScheduleError> {
    TimeZone::get(name).map_err(|_| ScheduleError::UnknownZone)
}

/// What a wall-clock time means in a zone.
///
/// # Errors
/// When it is out of range.
pub fn resolve(civil: DateTime, zone: &TimeZone) -> Result<Resolved, ScheduleError> {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    let instant = |offset: jiff::tz::Offset| {
        offset
            .to_timestamp(civil)
            .map_err(|_| ScheduleError::OutOfRange)
    };
    Ok(match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { offset } => Resolved::Exact(instant(offset)?),
        // With the offset from before the jump, 02:30 becomes 03:30 after it.
        AmbiguousOffset::Gap { before, .. } => Resolved::Gap {
            suggested: instant(before)?,
        },
        AmbiguousOffset::Fold { before, after } => Resolved::Fold {
            earlier: instant(before)?,
            later: instant(after)?,
        },
    })
}

/// The window of a post that goes out at a set time, or as soon as it is approved (`at` absent).
///
/// It ends `valid` after its start: a post that could not go out by then goes back to its author, since the
/// moment it was written for has passed.
pub fn window(at: Option<Timestamp>, now: Timestamp, valid: SignedDuration) -> Window {
    let start = at.unwrap_or(now);
    Window {
        not_before: at,
        not_after: start.checked_add(valid).unwrap_or(Timestamp::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn utc(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn paris_in_winter_and_summer() {
        let paris = zone("Europe/Paris").unwrap();
        let noon = |month| resolve(date(2027, month, 1).at(12, 0, 0, 0), &paris).unwrap();
        assert_eq!(noon(1), Resolved::Exact(utc("2027-01-01T11:00:00Z")));
        assert_eq!(noon(7), Resolved::Exact(utc("2027-07-01T10:00:00Z")));
    }

    #[test]
    fn the_hour_that_does_not_exist() {
        let paris = zone("Europe/Paris").unwrap();
        let answer = resolve(date(2027, 3, 28).at(2, 30, 0, 0), &paris).unwrap();
        assert_eq!(
            answer,
            Resolved::Gap {
                suggested: utc("2027-03-28T01:30:00Z")
            }
        );
    }

    #[test]
    fn the_hour_that_comes_twice() {
        let paris = zone("Europe/Paris").unwrap();
        let answer = resolve(date(2026, 10, 25).at(2, 30, 0, 0), &paris).unwrap();
        assert_eq!(
            answer,
            Resolved::Fold {
                earlier: utc("2026-10-25T00:30:00Z"),
                later: utc("2026-10-25T01:30:00Z")
            }
        );
    }

    #[test]
    fn a_zone_that_does_not_exist() {
        assert_eq!(zone("Europe/Lutece"), Err(ScheduleError::UnknownZone));
    }

    #[test]
    fn windows() {
        let now = utc("2026-11-24T10:00:00Z");
        let day = SignedDuration::from_hours(24);
        assert_eq!(
            window(None, now, day).not_after,
            utc("2026-11-25T10:00:00Z")
        );
        let at = utc("2026-12-01T08:00:00Z");
        let planned = window(Some(at), now, day);
        assert_eq!(
            (planned.not_before, planned.not_after),
            (Some(at), utc("2026-12-02T08:00:00Z"))
        );
    }
}
