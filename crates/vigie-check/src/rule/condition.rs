//! Conditions on facts, in three values: yes, no, not known.

use std::cell::OnceCell;

use jiff::civil::Date;

use super::days::Days;
use super::file::OnUnknown;
use crate::content::Lang;
use crate::facts::{FactValue, Facts};

/// The facts of a check, with the language when it is asked for: guessing it takes time.
pub struct Known<'a> {
    facts: &'a Facts,
    guess: Option<&'a dyn Fn(Asked) -> Option<Lang>>,
    day: OnceCell<Option<Date>>,
    lang: OnceCell<Option<FactValue>>,
    text_lang: OnceCell<Option<FactValue>>,
}

/// Which language is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// That of the post: as declared, else as the text reads.
    Post,
    /// That of the text as it reads, whatever was declared.
    Text,
}

impl<'a> Known<'a> {
    /// Facts alone, or with a way to tell the language of the text.
    pub(crate) fn new(facts: &'a Facts, guess: Option<&'a dyn Fn(Asked) -> Option<Lang>>) -> Self {
        Known {
            facts,
            guess,
            day: OnceCell::new(),
            lang: OnceCell::new(),
            text_lang: OnceCell::new(),
        }
    }

    /// The facts as given.
    pub(crate) fn facts(&self) -> &'a Facts {
        self.facts
    }

    /// The day the post is read on.
    pub(crate) fn day(&self) -> Option<Date> {
        *self.day.get_or_init(|| self.facts.day())
    }

    fn get(&self, key: &str) -> Option<&FactValue> {
        let given = self.facts.get(key);
        let (cell, asked) = match key {
            _ if given.is_some() => return given,
            "lang" => (&self.lang, Asked::Post),
            "text_lang" => (&self.text_lang, Asked::Text),
            _ => return None,
        };
        cell.get_or_init(|| Some(FactValue::from((self.guess?)(asked)?.as_str())))
            .as_ref()
    }
}

/// Every fact that conditions read; a condition on the day reads `publish`, `date` and `now`.
pub(crate) fn keys(conditions: &[Condition]) -> Vec<String> {
    fn each(condition: &Condition, out: &mut Vec<String>) {
        match &condition.test {
            Test::Any(list) | Test::All(list) | Test::None(list) => {
                list.iter().for_each(|c| each(c, out));
            }
            Test::Fact(test) => {
                out.push(test.key.clone());
                if test.after_day.is_some() || test.older_than_days.is_some() {
                    out.extend(["publish", "date", "now"].map(str::to_owned));
                }
            }
            Test::Day(_) => out.extend(["publish", "date", "now"].map(str::to_owned)),
        }
    }
    let mut out = Vec::new();
    conditions.iter().for_each(|c| each(c, &mut out));
    out.sort();
    out.dedup();
    out
}

/// The facts of which one must be known for conditions to hold; none when they may hold while nothing is known, but
/// for the language, which is read off the text.
pub(crate) fn needed(conditions: &[Condition]) -> Vec<String> {
    let nothing = Facts::new();
    let holds = |lang: Option<Lang>| {
        let guess = |_| lang;
        all(conditions, &Known::new(&nothing, Some(&guess))) == Truth::Yes
    };
    if [None, Some(Lang::Fr), Some(Lang::En)]
        .into_iter()
        .any(holds)
    {
        return Vec::new();
    }
    let mut keys = keys(conditions);
    keys.retain(|k| k != "lang" && k != "text_lang");
    keys
}

/// A condition, made ready.
#[derive(Debug, Clone)]
pub struct Condition {
    pub(crate) test: Test,
    pub(crate) unknown: OnUnknown,
}

/// What a condition asks.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Any(Vec<Condition>),
    All(Vec<Condition>),
    None(Vec<Condition>),
    Fact(FactTest),
    Day(Days),
}

/// A question about one fact; every part that is set must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct FactTest {
    pub(crate) key: String,
    pub(crate) is: Option<FactValue>,
    pub(crate) not: Option<FactValue>,
    pub(crate) within: Option<Vec<String>>,
    pub(crate) not_in: Option<Vec<String>>,
    pub(crate) contains: Option<Vec<String>>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) present: Option<bool>,
    pub(crate) after_day: Option<bool>,
    pub(crate) older_than_days: Option<i64>,
}

impl FactTest {
    /// Whether nothing is asked.
    pub(crate) fn is_empty(&self) -> bool {
        let FactTest {
            key: _,
            is,
            not,
            within,
            not_in,
            contains,
            min,
            max,
            present,
            after_day,
            older_than_days,
        } = self;
        is.is_none()
            && not.is_none()
            && within.is_none()
            && not_in.is_none()
            && contains.is_none()
            && min.is_none()
            && max.is_none()
            && present.is_none()
            && after_day.is_none()
            && older_than_days.is_none()
    }
}

/// Yes, no, or not known (with the missing facts).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// Holds.
    Yes,
    /// Does not hold.
    No,
    /// Cannot be told without these facts.
    Unknown(Vec<String>),
}

/// Whether all conditions hold.
pub fn all(conditions: &[Condition], facts: &Known<'_>) -> Truth {
    let mut missing = Vec::new();
    for condition in conditions {
        match one(condition, facts) {
            Truth::Yes => {}
            Truth::No => return Truth::No,
            Truth::Unknown(keys) => missing.extend(keys),
        }
    }
    settle(missing)
}

fn any(conditions: &[Condition], facts: &Known<'_>) -> Truth {
    let mut missing = Vec::new();
    for condition in conditions {
        match one(condition, facts) {
            Truth::Yes => return Truth::Yes,
            Truth::No => {}
            Truth::Unknown(keys) => missing.extend(keys),
        }
    }
    if missing.is_empty() {
        Truth::No
    } else {
        settle(missing)
    }
}

fn settle(mut missing: Vec<String>) -> Truth {
    if missing.is_empty() {
        return Truth::Yes;
    }
    missing.sort();
    missing.dedup();
    Truth::Unknown(missing)
}

fn one(condition: &Condition, facts: &Known<'_>) -> Truth {
    let group = match &condition.test {
        Test::Any(list) => any(list, facts),
        Test::All(list) => all(list, facts),
        Test::None(list) => match any(list, facts) {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            unknown => unknown,
        },
        Test::Fact(test) => fact(test, facts),
        Test::Day(days) => match facts.day() {
            Some(day) if days.hold(day) => Truth::Yes,
            Some(_) => Truth::No,
            None => Truth::Unknown(vec!["date".to_owned()]),
        },
    };
    match (group, condition.unknown) {
        (Truth::Unknown(_), OnUnknown::Assume) => Truth::Yes,
        (Truth::Unknown(_), OnUnknown::No) => Truth::No,
        (truth, _) => truth,
    }
}

fn fact(test: &FactTest, facts: &Known<'_>) -> Truth {
    let Some(value) = facts.get(&test.key) else {
        return Truth::Unknown(vec![test.key.clone()]);
    };
    let number = match value {
        FactValue::Number(n) => Some(*n),
        _ => None,
    };
    let days_ago = |then: Date, day: Date| then.until(day).map_or(0, |s| i64::from(s.get_days()));
    let holds = test.is.as_ref().is_none_or(|v| same(v, value))
        && test.not.as_ref().is_none_or(|v| !same(v, value))
        && test.within.as_ref().is_none_or(|l| is_one_of(value, l))
        && test.not_in.as_ref().is_none_or(|l| !is_one_of(value, l))
        && test
            .contains
            .as_ref()
            .is_none_or(|l| holds_one_of(value, l))
        && test.min.is_none_or(|m| number.is_some_and(|n| n >= m))
        && test.max.is_none_or(|m| number.is_some_and(|n| n <= m))
        && test.present.is_none_or(|p| p == is_present(value))
        && test
            .after_day
            .is_none_or(|p| match (facts.facts.date(&test.key), facts.day()) {
                (Some(then), Some(day)) => p == (then > day),
                _ => false,
            })
        && test
            .older_than_days
            .is_none_or(|n| match (facts.facts.date(&test.key), facts.day()) {
                (Some(then), Some(day)) => days_ago(then, day) >= n,
                _ => false,
            });
    if holds { Truth::Yes } else { Truth::No }
}

fn same(a: &FactValue, b: &FactValue) -> bool {
    match (a, b) {
        (FactValue::Text(a), FactValue::Text(b)) => a.eq_ignore_ascii_case(b),
        _ => a == b,
    }
}

fn is_one_of(value: &FactValue, list: &[String]) -> bool {
    match value {
        FactValue::Text(t) => list.iter().any(|l| l.eq_ignore_ascii_case(t)),
        FactValue::Bool(b) => list.iter().any(|l| l == if *b { "true" } else { "false" }),
        FactValue::List(values) => values
            .iter()
            .any(|v| list.iter().any(|l| l.eq_ignore_ascii_case(v))),
        FactValue::Number(_) => false,
    }
}

fn is_present(value: &FactValue) -> bool {
    match value {
        FactValue::Bool(b) => *b,
        FactValue::Number(_) => true,
        FactValue::Text(t) => {
            !t.is_empty() && !t.eq_ignore_ascii_case("none") && !t.eq_ignore_ascii_case("false")
        }
        FactValue::List(l) => !l.is_empty(),
    }
}

fn holds_one_of(value: &FactValue, list: &[String]) -> bool {
    let holds = |text: &str| {
        let low = text.to_lowercase();
        list.iter().any(|l| low.contains(&l.to_lowercase()))
    };
    match value {
        FactValue::Text(t) => holds(t),
        FactValue::List(values) => values.iter().any(|v| holds(v)),
        FactValue::Bool(_) | FactValue::Number(_) => false,
    }
}
