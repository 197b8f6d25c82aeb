//! Days that do not exist, or that are not the day of the week they claim.

use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};

use super::{Context, Suggestion};
use crate::content::Lang;
use crate::eval::Hit;
use crate::scan::pattern::Pattern;

const DAYS: &[(&str, Weekday, Lang)] = &[
    ("lundi", Weekday::Monday, Lang::Fr),
    ("mardi", Weekday::Tuesday, Lang::Fr),
    ("mercredi", Weekday::Wednesday, Lang::Fr),
    ("jeudi", Weekday::Thursday, Lang::Fr),
    ("vendredi", Weekday::Friday, Lang::Fr),
    ("samedi", Weekday::Saturday, Lang::Fr),
    ("dimanche", Weekday::Sunday, Lang::Fr),
    ("monday", Weekday::Monday, Lang::En),
    ("tuesday", Weekday::Tuesday, Lang::En),
    ("wednesday", Weekday::Wednesday, Lang::En),
    ("thursday", Weekday::Thursday, Lang::En),
    ("friday", Weekday::Friday, Lang::En),
    ("saturday", Weekday::Saturday, Lang::En),
    ("sunday", Weekday::Sunday, Lang::En),
    ("mon", Weekday::Monday, Lang::En),
    ("tue", Weekday::Tuesday, Lang::En),
    ("wed", Weekday::Wednesday, Lang::En),
    ("thu", Weekday::Thursday, Lang::En),
    ("fri", Weekday::Friday, Lang::En),
    ("sat", Weekday::Saturday, Lang::En),
    ("sun", Weekday::Sunday, Lang::En),
];

const MONTHS: &[(&str, i8)] = &[
    ("janvier", 1),
    ("février", 2),
    ("fevrier", 2),
    ("mars", 3),
    ("avril", 4),
    ("mai", 5),
    ("juin", 6),
    ("juillet", 7),
    ("août", 8),
    ("aout", 8),
    ("septembre", 9),
    ("octobre", 10),
    ("novembre", 11),
    ("décembre", 12),
    ("decembre", 12),
    ("january", 1),
    ("february", 2),
    ("march", 3),
    ("april", 4),
    ("may", 5),
    ("june", 6),
    ("july", 7),
    ("august", 8),
    ("september", 9),
    ("october", 10),
    ("november", 11),
    ("december", 12),
    ("jan", 1),
    ("feb", 2),
    ("apr", 4),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("sep", 9),
    ("sept", 9),
    ("oct", 10),
    ("nov", 11),
    ("dec", 12),
];

/// Pieces of which one stands in every name of a month.
pub(super) const MONTH_WORDS: &[&str] = &[
    "jan", "fev", "fév", "feb", "mar", "avr", "apr", "mai", "may", "jui", "jun", "jul", "aoû",
    "aou", "aug", "sep", "oct", "nov", "dec", "déc",
];

fn names<T>(list: &[(&str, T)]) -> String {
    let mut names: Vec<&str> = list.iter().map(|(n, _)| *n).collect();
    // Longest first: « mar » must not win over « mardi ».
    names.sort_by_key(|n| std::cmp::Reverse(n.len()));
    names.join("|")
}

/// `12 mars 2027`, `1er mai`, `March 12th, 2027`, `12 March`, each with or without a day of the week before.
static DATE: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let days: Vec<(&str, ())> = DAYS.iter().map(|d| (d.0, ())).collect();
    let (days, months) = (names(&days), names(MONTHS));
    Pattern::own(&format!(
        r"\b(?:(?P<wd>{days})\.?,?\s+(?:le\s+|the\s+)?)?(?:(?P<d1>\d{{1,2}})(?:er|st|nd|rd|th)?\s+(?:of\s+)?(?P<m1>{months})|(?P<m2>{months})\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?)\b(?:,?\s+(?P<y>(?:19|20)\d{{2}})\b)?"
    ))
});

struct Found {
    start: usize,
    end: usize,
    weekday: Option<(usize, usize, &'static str, Weekday, Lang)>,
    day: i8,
    month: i8,
    year: Option<i16>,
}

fn find(low: &str) -> Vec<Found> {
    let Some(regex) = &*DATE else {
        return Vec::new();
    };
    if !low.bytes().any(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    regex
        .captures_iter(low)
        .take(crate::limits::MAX_HITS)
        .filter_map(|g| {
            let all = g.get(0)?;
            let day = g
                .name("d1")
                .or_else(|| g.name("d2"))?
                .as_str()
                .parse()
                .ok()?;
            let month = g.name("m1").or_else(|| g.name("m2"))?.as_str();
            let month = MONTHS.iter().find(|(n, _)| *n == month)?.1;
            let weekday = g.name("wd").and_then(|w| {
                let known = DAYS.iter().find(|d| d.0 == w.as_str())?;
                Some((w.start(), w.end(), known.0, known.1, known.2))
            });
            // « le 12 mai 10 personnes… » is fine; « may 20 people » is a verb, not a date.
            let verb = g
                .name("m2")
                .is_some_and(|m| matches!(m.as_str(), "may" | "march" | "mai" | "mars"))
                && weekday.is_none()
                && g.name("y").is_none();
            (!verb).then(|| Found {
                start: all.start(),
                end: all.end(),
                weekday,
                day,
                month,
                year: g.name("y").and_then(|y| y.as_str().parse().ok()),
            })
        })
        .collect()
}

/// The day meant: the year written, else the next one within eleven months, else the one just past.
fn meant(found: &Found, today: Date) -> Option<Date> {
    if let Some(year) = found.year {
        return Date::new(year, found.month, found.day).ok();
    }
    // A day up to thirty days back is more likely an account of the past than of next year.
    let this = Date::new(today.year(), found.month, found.day).ok();
    let next = Date::new(today.year() + 1, found.month, found.day).ok();
    match this {
        Some(d) if d >= today => Some(d),
        Some(d) if (today - d).get_days() <= 30 => Some(d),
        _ => next,
    }
}

/// A day of the week that is not that day's.
pub fn weekday_mismatch(context: &Context<'_>) -> Vec<Hit> {
    let Some(today) = context.day else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for found in find(&context.view.low) {
        let Some((ws, we, said, weekday, lang)) = found.weekday else {
            continue;
        };
        let Some(date) = meant(&found, today) else {
            continue;
        };
        // Without a year, the year before or after may be meant when it alone fits; only the next eleven months are sure.
        if date.weekday() == weekday {
            continue;
        }
        let right = DAYS
            .iter()
            .find(|d| d.1 == date.weekday() && d.2 == lang && (d.0.len() > 3) == (said.len() > 3));
        let Some(right) = right else { continue };
        if in_quotes(&context.view.low, ws) {
            continue;
        }
        let capital = context
            .view
            .clean
            .get(ws..we)
            .is_some_and(|w| w.starts_with(char::is_uppercase));
        let word = if capital {
            capitalised(right.0)
        } else {
            right.0.to_owned()
        };
        let mut hit = Hit::at(ws, we)
            .with(
                "said",
                context
                    .view
                    .clean
                    .get(found.start..found.end)
                    .unwrap_or_default(),
            )
            .with("date_fr", spelled(date, Lang::Fr))
            .with("date_en", spelled(date, Lang::En))
            .with("weekday_fr", day_name(date.weekday(), Lang::Fr))
            .with(
                "weekday_en",
                capitalised(day_name(date.weekday(), Lang::En)),
            );
        hit.suggestion = Some(Suggestion(word));
        out.push(hit);
    }
    out
}

fn in_quotes(low: &str, at: usize) -> bool {
    let before = crate::eval::window(low, at, 60);
    before.matches('«').count() > before.matches('»').count()
        || before.matches('“').count() > before.matches('”').count()
}

fn day_name(weekday: Weekday, lang: Lang) -> &'static str {
    DAYS.iter()
        .find(|d| d.1 == weekday && d.2 == lang)
        .map_or("", |d| d.0)
}

/// `15 janvier 2027`, `15 January 2027`.
fn spelled(date: Date, lang: Lang) -> String {
    const FR: [&str; 12] = [
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
    const EN: [&str; 12] = [
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
    let at = usize::try_from(date.month() - 1).unwrap_or(0);
    let name = match lang {
        Lang::Fr => FR.get(at),
        Lang::En => EN.get(at),
    };
    let day = if lang == Lang::Fr && date.day() == 1 {
        "1er".to_owned()
    } else {
        date.day().to_string()
    };
    format!("{day} {} {}", name.unwrap_or(&""), date.year())
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// Days that no calendar has: 31 April, 30 February, 29 February of an ordinary year; hours past 24.
pub fn impossible(context: &Context<'_>) -> Vec<Hit> {
    let mut out: Vec<Hit> = find(&context.view.low)
        .into_iter()
        .filter(|f| {
            // Without a year 29 February is judged in the year that is coming.
            let year = f.year.or_else(|| {
                let today = context.day?;
                let past = (f.month, f.day) < (today.month(), today.day());
                (f.month == 2 && f.day == 29).then(|| today.year() + i16::from(past))
            });
            Date::new(year.unwrap_or(2024), f.month, f.day).is_err()
        })
        .map(|f| Hit::at(f.start, f.end))
        .collect();
    if let Some(regex) = &*HOUR {
        for groups in regex.captures_iter(&context.view.low) {
            let number = |n| groups.name(n).and_then(|m| m.as_str().parse::<u32>().ok());
            let bad = number("h")
                .is_some_and(|h| h > 24 || h == 24 && number("m").unwrap_or(0) > 0)
                || number("m").is_some_and(|m| m > 59);
            if let (true, Some(all)) = (bad, groups.get(0)) {
                out.push(Hit::at(all.start(), all.end()));
            }
        }
    }
    out
}

/// `à 25h`, `à 24 h 30`: only after a word that announces an hour, since `48h` is a length of time.
static HOUR: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(r"\b(?:à|dès|at)\s(?P<h>\d{1,2})\s?(?:h|:)(?:\s?(?P<m>\d{2}))?\b")
});

static TOMORROW: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let months = names(MONTHS);
    Pattern::own(&format!(
        r"\b(?P<word>demain|tomorrow|aujourd'hui|today|ce soir|tonight)\b,?\s*\(?,?\s*(?:on\s+|le\s+)?(?:(?:{d})\.?,?\s+)?(?:(?P<d1>\d{{1,2}})(?:er|st|nd|rd|th)?\s+(?P<m1>{months})|(?P<m2>{months})\s+(?P<d2>\d{{1,2}}))\b",
        d = names(&DAYS.iter().map(|d| (d.0, ())).collect::<Vec<_>>()),
    ))
});

/// « Demain, 1er décembre » in a post that goes out on another eve.
pub fn wrong_tomorrow(context: &Context<'_>) -> Vec<Hit> {
    let (Some(today), Some(regex)) = (context.day, &*TOMORROW) else {
        return Vec::new();
    };
    regex
        .captures_iter(&context.view.low)
        .filter_map(|g| {
            let all = g.get(0)?;
            let day: i8 = g
                .name("d1")
                .or_else(|| g.name("d2"))?
                .as_str()
                .parse()
                .ok()?;
            let month = g.name("m1").or_else(|| g.name("m2"))?.as_str();
            let month = MONTHS.iter().find(|(n, _)| *n == month)?.1;
            let word = g.name("word")?.as_str();
            let expected = if matches!(word, "demain" | "tomorrow") {
                today.tomorrow().ok()?
            } else {
                today
            };
            (day != expected.day() || month != expected.month()).then(|| {
                Hit::at(all.start(), all.end())
                    .with("day", today.to_string())
                    .with("word", word)
            })
        })
        .collect()
}

/// What invites to something that is still to come, just before its day.
static INVITES: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(
        r"\b(?:rendez-vous|rdv|on vous attend|vous attendons|venez|retrouvez-nous|rejoignez-nous|réservez|inscrivez-vous|inscriptions?|à vos agendas|notez|bloquez|ouvrira|ouvrirons|aura lieu|auront lieu|se tiendra|se tiendront|sera|seront|valable|jusqu'au|save the date|mark your calendars?|join us|see you|come (?:and|to)|register|sign up|book (?:by|before)|will (?:be|take place|open|start)|takes place|until|ends on|deadline)\b[^.!?\n]{0,45}$",
    )
});

/// An invitation to a day that is gone when the post goes out.
pub fn past_event(context: &Context<'_>) -> Vec<Hit> {
    let (Some(today), Some(invites)) = (context.day, &*INVITES) else {
        return Vec::new();
    };
    let low = &context.view.low;
    find(low)
        .into_iter()
        .filter(|f| meant(f, today).is_some_and(|d| d < today))
        .filter(|f| {
            let before = crate::eval::window(low, f.start, 120);
            // « le rendez-vous du 17 novembre » tells of it afterwards.
            let told =
                before.trim_end().ends_with(" du") || before.trim_end().ends_with(" depuis le");
            !told && !in_quotes(low, f.start) && invites.find(before).is_some()
        })
        .map(|f| Hit::at(f.start, f.end))
        .collect()
}
