//! Days of a calendar, as rules write them: every year, between two days, or the last Monday of May.

use jiff::civil::{Date, Weekday};

const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day as a person writes it in French.
pub(crate) fn in_french(day: Date) -> String {
    let first = if day.day() == 1 { "er" } else { "" };
    written(day, first, &MONTHS_FR)
}

/// A day as a person writes it in English.
pub(crate) fn in_english(day: Date) -> String {
    written(day, "", &MONTHS_EN)
}

fn written(day: Date, mark: &str, months: &[&str; 12]) -> String {
    let month = usize::from(day.month().unsigned_abs()).saturating_sub(1);
    let month = months.get(month).copied().unwrap_or_default();
    format!("{}{mark} {month} {}", day.day(), day.year())
}

/// Some days.
#[derive(Debug, Clone, Default)]
pub struct Days(Vec<Span>);

#[derive(Debug, Clone, Copy)]
enum Span {
    /// Every year, from a month and day to another, both included; may go over New Year.
    Yearly((i8, i8), (i8, i8)),
    /// Once, both days included.
    Once(Date, Date),
    /// The last such day of a month.
    Last(Weekday, i8),
}

impl Days {
    /// Reads `MM-DD`, `MM-DD/MM-DD`, `YYYY-MM-DD`, `YYYY-MM-DD/YYYY-MM-DD` and `last-mon-05`.
    ///
    /// # Errors
    /// The first one that cannot be read.
    pub fn read(list: &[String]) -> Result<Days, String> {
        list.iter()
            .map(|text| span(text).ok_or_else(|| text.clone()))
            .collect::<Result<_, _>>()
            .map(Days)
    }

    /// Whether a day is one of them.
    pub fn hold(&self, day: Date) -> bool {
        let at = (day.month(), day.day());
        self.0.iter().any(|span| match *span {
            Span::Yearly(from, to) if from <= to => from <= at && at <= to,
            Span::Yearly(from, to) => from <= at || at <= to,
            Span::Once(from, to) => from <= day && day <= to,
            Span::Last(weekday, month) => {
                day.month() == month
                    && day.weekday() == weekday
                    && day.day() + 7 > day.days_in_month()
            }
        })
    }
}

fn span(text: &str) -> Option<Span> {
    if let Some(rest) = text.strip_prefix("last-") {
        let (name, month) = rest.split_once('-')?;
        let weekday = match name {
            "mon" => Weekday::Monday,
            "tue" => Weekday::Tuesday,
            "wed" => Weekday::Wednesday,
            "thu" => Weekday::Thursday,
            "fri" => Weekday::Friday,
            "sat" => Weekday::Saturday,
            "sun" => Weekday::Sunday,
            _ => return None,
        };
        let month = month.parse().ok().filter(|m| (1..=12).contains(m))?;
        return Some(Span::Last(weekday, month));
    }
    let (from, to) = text.split_once('/').unwrap_or((text, text));
    if let (Some(from), Some(to)) = (yearly(from), yearly(to)) {
        return Some(Span::Yearly(from, to));
    }
    Some(Span::Once(from.parse().ok()?, to.parse().ok()?))
}

fn yearly(text: &str) -> Option<(i8, i8)> {
    let (month, day) = text.split_once('-')?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some((month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_day() {
        let days = Days::read(
            &[
                "05-08",
                "12-24/01-02",
                "2027-01-06/2027-02-02",
                "last-mon-05",
            ]
            .map(str::to_owned),
        )
        .unwrap();
        let hold = |text: &str| days.hold(text.parse().unwrap());
        for day in [
            "2026-05-08",
            "2026-12-31",
            "2027-01-02",
            "2027-02-02",
            "2027-05-31",
        ] {
            assert!(hold(day), "{day}");
        }
        for day in ["2026-05-09", "2027-01-03", "2027-02-03", "2027-05-24"] {
            assert!(!hold(day), "{day}");
        }
        assert_eq!(
            Days::read(&["13-40".to_owned()]).err(),
            Some("13-40".to_owned())
        );
    }
}
