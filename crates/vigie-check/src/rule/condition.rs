//! Conditions on facts, in three values: yes, no, not known.

use super::file::{ConditionFile, OnUnknown};
use crate::facts::{FactValue, Facts};

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
pub fn all(conditions: &[ConditionFile], facts: &Facts) -> Truth {
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

fn any(conditions: &[ConditionFile], facts: &Facts) -> Truth {
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

fn one(condition: &ConditionFile, facts: &Facts) -> Truth {
    let group = if let Some(list) = &condition.any {
        any(list, facts)
    } else if let Some(list) = &condition.all {
        all(list, facts)
    } else if let Some(list) = &condition.none {
        match any(list, facts) {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            unknown => unknown,
        }
    } else {
        fact(condition, facts)
    };
    match (group, condition.unknown) {
        (Truth::Unknown(_), OnUnknown::Assume) => Truth::Yes,
        (Truth::Unknown(_), OnUnknown::No) => Truth::No,
        (truth, _) => truth,
    }
}

fn fact(condition: &ConditionFile, facts: &Facts) -> Truth {
    let Some(key) = &condition.fact else {
        return Truth::Yes;
    };
    let Some(value) = facts.get(key) else {
        return Truth::Unknown(vec![key.clone()]);
    };
    let number = match value {
        FactValue::Number(n) => Some(*n),
        _ => None,
    };
    let holds = condition.is.as_ref().is_none_or(|v| same(v, value))
        && condition.not.as_ref().is_none_or(|v| !same(v, value))
        && condition
            .within
            .as_ref()
            .is_none_or(|l| is_one_of(value, l))
        && condition
            .not_in
            .as_ref()
            .is_none_or(|l| !is_one_of(value, l))
        && condition.min.is_none_or(|m| number.is_some_and(|n| n >= m))
        && condition.max.is_none_or(|m| number.is_some_and(|n| n <= m))
        && condition.present.is_none_or(|p| p == is_present(value))
        && condition
            .after_day
            .is_none_or(|p| match (facts.date(key), facts.day()) {
                (Some(then), Some(day)) => p == (then > day),
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
