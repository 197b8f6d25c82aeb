//! What an organisation makes of the rules: which are off, how serious they are here, its own rules, its lists of words
//! and what is known of it. And who may change it: what adds care is one person's, what takes care away, or changes
//! what a review must bring, takes two.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::member::names;

names! {
    /// How serious a finding is, least first.
    pub enum Severity {
        /// A remark.
        Hint = "hint",
        /// Better changed.
        Warn = "warn",
        /// A second pair of eyes.
        Review = "review",
        /// Stops a post until a second person lifts it.
        Stop = "stop",
    }
}

/// A rule, a list or a fact is known by a short name.
pub type Name = String;

/// Most words of one list.
pub const MOST_WORDS: usize = 5_000;
/// Longest word of a list, characters.
pub const LONGEST_WORD: usize = 120;
/// Most rules of one's own.
pub const MOST_OWN: usize = 200;
/// Largest rule of one's own, bytes.
pub const LARGEST_OWN: usize = 32 * 1024;

/// What more words in a list do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// More is found.
    Watch,
    /// Less is found.
    Allow,
    /// Some of both.
    Both,
}

/// The organisation's lists that rules read.
pub const LISTS: &[(&str, ListKind)] = &[
    ("codenames", ListKind::Watch),
    ("org.embargo_terms", ListKind::Watch),
    ("org.forbidden_terms", ListKind::Watch),
    ("nda", ListKind::Watch),
    ("org.competitors", ListKind::Watch),
    ("org.internal_domains", ListKind::Watch),
    ("org.sensitive_sites", ListKind::Watch),
    ("org.employees", ListKind::Watch),
    ("org.executives", ListKind::Watch),
    ("org.listed_names", ListKind::Watch),
    ("org.rx_products", ListKind::Watch),
    ("org.parody_handles", ListKind::Watch),
    ("org.terms", ListKind::Watch),
    ("org.official_domains", ListKind::Both),
    ("org.public_domains", ListKind::Allow),
    ("org.public_contacts", ListKind::Allow),
    ("org.official_handles", ListKind::Both),
    ("org.verified_handles", ListKind::Allow),
    ("org.hashtag_history", ListKind::Allow),
];

/// What a fact about the organisation may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactShape {
    /// One of these words.
    One(&'static [&'static str]),
    /// Some of these words.
    Some(&'static [&'static str]),
    /// True or false.
    YesNo,
    /// A day.
    Day,
    /// A short text.
    Text,
}

/// What is known of the organisation as a whole. The last part of each entry: whether it is an alert, which anybody who
/// looks after the rules may raise at once.
pub const PROFILE: &[(&str, FactShape, bool)] = &[
    (
        "target",
        FactShape::Some(&["FR", "EU", "UK", "US", "CA-fr", "world"]),
        false,
    ),
    (
        "country",
        FactShape::One(&[
            "FR", "BE", "CH", "LU", "UK", "IE", "US", "CA", "DE", "ES", "IT",
        ]),
        false,
    ),
    ("sector", FactShape::Some(SECTORS), false),
    ("listed", FactShape::One(&["true", "US", "false"]), false),
    ("supplier_of", FactShape::One(&["listed", "none"]), false),
    ("brand", FactShape::Text, false),
    ("embargo", FactShape::Day, false),
    ("quiet", FactShape::YesNo, true),
    ("offering", FactShape::YesNo, true),
    ("crisis", FactShape::Text, true),
    ("incident", FactShape::One(&["open", "none"]), true),
    (
        "flag",
        FactShape::One(&[
            "PSE",
            "workplace accident",
            "strike and delays",
            "open complaints",
            "none",
        ]),
        true,
    ),
];

/// Sectors by the words that rules use.
const SECTORS: &[&str] = &[
    "alcohol",
    "automotive",
    "beauty",
    "construction",
    "energy",
    "events",
    "fashion",
    "finance",
    "food",
    "gambling",
    "health",
    "horeca",
    "industry",
    "pharma",
    "public",
    "real-estate",
    "retail",
    "tech",
    "toys",
    "transport",
];

/// A value of a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Is(bool),
    /// A word, a text or a day.
    Text(String),
    /// Some words.
    Some(BTreeSet<String>),
}

impl Value {
    /// Whether it says that something is the case: neither false nor "none".
    fn is_present(&self) -> bool {
        match self {
            Self::Is(yes) => *yes,
            Self::Text(text) => !text.is_empty() && text != "none" && text != "false",
            Self::Some(words) => !words.is_empty(),
        }
    }
}

/// What the organisation makes of the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleBook {
    /// Rules that are off.
    pub off: BTreeSet<Name>,
    /// Rules that are more or less serious here than they come.
    pub severity: BTreeMap<Name, Severity>,
    /// Lists of words.
    pub lists: BTreeMap<Name, BTreeSet<String>>,
    /// What is known of the organisation.
    pub facts: BTreeMap<Name, Value>,
    /// Its own rules, as text in the rule language.
    pub own: BTreeMap<Name, String>,
}

/// One change of the book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// A rule is no longer asked.
    Off {
        /// The rule.
        rule: Name,
        /// How serious it comes.
        from: Severity,
    },
    /// A rule is asked again.
    On {
        /// The rule.
        rule: Name,
        /// How serious it comes.
        from: Severity,
    },
    /// A rule is as serious as this, whatever the circumstances; as it comes when absent.
    Weigh {
        /// The rule.
        rule: Name,
        /// How serious it comes.
        from: Severity,
        /// How serious it becomes.
        severity: Option<Severity>,
    },
    /// Words of a list.
    Words {
        /// The list.
        list: Name,
        /// Words that come.
        #[serde(default)]
        add: BTreeSet<String>,
        /// Words that go.
        #[serde(default)]
        remove: BTreeSet<String>,
    },
    /// A fact; not known when the value is absent.
    Know {
        /// The fact.
        fact: Name,
        /// Its value.
        value: Option<Value>,
    },
    /// A rule of one's own, new or in place of the one with its name.
    Put {
        /// The rule.
        rule: Name,
        /// How serious it is.
        severity: Severity,
        /// Its text.
        source: String,
    },
    /// A rule of one's own goes.
    Drop {
        /// The rule.
        rule: Name,
    },
}

impl Step {
    /// What it is about, as the log names it: a rule, a list or a fact; never a word of a list.
    pub fn object(&self) -> String {
        match self {
            Self::Off { rule, .. } | Self::On { rule, .. } | Self::Weigh { rule, .. } => {
                format!("rule/{rule}")
            }
            Self::Put { rule, .. } | Self::Drop { rule } => format!("rule/{rule}"),
            Self::Words { list, .. } => format!("list/{list}"),
            Self::Know { fact, .. } => format!("fact/{fact}"),
        }
    }

    /// What happens to it, as the log says it.
    pub fn detail(&self) -> String {
        match self {
            Self::Off { .. } => "off".to_owned(),
            Self::On { .. } => "on".to_owned(),
            Self::Weigh { severity, .. } => match severity {
                Some(severity) => severity.as_str().to_owned(),
                None => "as it comes".to_owned(),
            },
            Self::Words { add, remove, .. } => format!("+{} -{}", add.len(), remove.len()),
            Self::Know { value, .. } => {
                if value.is_some() { "known" } else { "unknown" }.to_owned()
            }
            Self::Put { severity, .. } => format!("own rule, {severity}"),
            Self::Drop { .. } => "own rule removed".to_owned(),
        }
    }
}

/// Why a step is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepRefusal {
    /// There is no such rule, list or fact.
    #[error("no such thing")]
    Unknown,
    /// What stops posts as it comes is never off, and never less than a second pair of eyes.
    #[error("a rule that stops posts stays at least a second pair of eyes")]
    Floor,
    /// Too many words, or rules, or too long.
    #[error("too much")]
    TooMuch,
    /// Not a value of that fact.
    #[error("not a value of this fact")]
    BadValue,
    /// Nothing would change.
    #[error("nothing would change")]
    Nothing,
}

/// The least serious that a rule may be made which comes with `shipped`.
pub const fn floor(shipped: Severity) -> Severity {
    match shipped {
        Severity::Stop => Severity::Review,
        _ => Severity::Hint,
    }
}

/// What more words in a list do; nothing for a list that is none.
pub fn list_kind(list: &str) -> Option<ListKind> {
    LISTS.iter().find(|(l, _)| *l == list).map(|(_, k)| *k)
}

/// What a fact may be, and whether it is an alert.
pub fn fact_shape(fact: &str) -> Option<(FactShape, bool)> {
    let found = PROFILE.iter().find(|(f, ..)| *f == fact)?;
    Some((found.1, found.2))
}

fn fits(shape: FactShape, value: &Value) -> bool {
    match (shape, value) {
        (FactShape::One(words), Value::Text(text)) => words.contains(&text.as_str()),
        (FactShape::Some(words), Value::Some(some)) => {
            !some.is_empty() && some.iter().all(|word| words.contains(&word.as_str()))
        }
        (FactShape::YesNo, Value::Is(_)) => true,
        (FactShape::Day, Value::Text(text)) => text.parse::<jiff::civil::Date>().is_ok(),
        (FactShape::Text, Value::Text(text)) => {
            !text.trim().is_empty() && text.chars().count() <= LONGEST_WORD
        }
        _ => false,
    }
}

impl RuleBook {
    /// How serious a rule is here that comes with `from`, were it on.
    pub fn weight(&self, rule: &str, from: Severity) -> Severity {
        self.severity.get(rule).copied().unwrap_or(from)
    }

    /// The book after a step.
    ///
    /// # Errors
    /// [`StepRefusal`].
    pub fn after(&self, step: &Step) -> Result<Self, StepRefusal> {
        let mut next = self.clone();
        match step {
            Step::Off { rule, from } => {
                if floor(*from) > Severity::Hint {
                    return Err(StepRefusal::Floor);
                }
                next.off.insert(rule.clone());
            }
            Step::On { rule, .. } => {
                next.off.remove(rule);
            }
            Step::Weigh {
                rule,
                from,
                severity,
            } => match severity {
                Some(severity) if *severity < floor(*from) => return Err(StepRefusal::Floor),
                Some(severity) if severity != from => {
                    next.severity.insert(rule.clone(), *severity);
                }
                _ => {
                    next.severity.remove(rule);
                }
            },
            Step::Words { list, add, remove } => next.words(list, add, remove)?,
            Step::Know { fact, value } => next.know(fact, value.as_ref())?,
            Step::Put { rule, source, .. } => {
                if source.len() > LARGEST_OWN {
                    return Err(StepRefusal::TooMuch);
                }
                next.own.insert(rule.clone(), source.clone());
                if next.own.len() > MOST_OWN {
                    return Err(StepRefusal::TooMuch);
                }
                // What its text says holds, not what was set for the one before.
                next.severity.remove(rule);
            }
            Step::Drop { rule } => {
                next.own.remove(rule).ok_or(StepRefusal::Unknown)?;
                next.severity.remove(rule);
                next.off.remove(rule);
            }
        }
        if next == *self {
            return Err(StepRefusal::Nothing);
        }
        Ok(next)
    }

    fn words(
        &mut self,
        list: &str,
        add: &BTreeSet<String>,
        remove: &BTreeSet<String>,
    ) -> Result<(), StepRefusal> {
        list_kind(list).ok_or(StepRefusal::Unknown)?;
        let words = self.lists.entry(list.to_owned()).or_default();
        words.retain(|word| !remove.contains(word));
        words.extend(add.iter().cloned());
        let long = |word: &String| word.trim().is_empty() || word.chars().count() > LONGEST_WORD;
        if words.len() > MOST_WORDS || add.iter().any(long) {
            return Err(StepRefusal::TooMuch);
        }
        if words.is_empty() {
            self.lists.remove(list);
        }
        Ok(())
    }

    fn know(&mut self, fact: &str, value: Option<&Value>) -> Result<(), StepRefusal> {
        let (shape, _) = fact_shape(fact).ok_or(StepRefusal::Unknown)?;
        match value {
            Some(value) if fits(shape, value) => {
                self.facts.insert(fact.to_owned(), value.clone());
            }
            Some(_) => return Err(StepRefusal::BadValue),
            None => {
                self.facts.remove(fact);
            }
        }
        Ok(())
    }

    /// Whether a step takes a second person: it takes care away, or changes what a review must bring.
    pub fn takes_two(&self, step: &Step) -> bool {
        match step {
            Step::Off { .. } | Step::Drop { .. } => true,
            Step::On { rule, from } => self.weight(rule, *from) >= Severity::Review,
            Step::Weigh {
                rule,
                from,
                severity,
            } => {
                let after = severity.unwrap_or(*from);
                after < self.weight(rule, *from) || after >= Severity::Review
            }
            Step::Words { list, add, remove } => match list_kind(list) {
                Some(ListKind::Watch) => !remove.is_empty(),
                Some(ListKind::Allow) => !add.is_empty(),
                _ => true,
            },
            Step::Know { fact, value } => {
                let alert = fact_shape(fact).is_some_and(|(_, alert)| alert);
                let raised = value.as_ref().is_some_and(Value::is_present);
                !(alert && raised)
            }
            Step::Put { rule, severity, .. } => {
                self.own.contains_key(rule) || *severity >= Severity::Review
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    fn weigh(from: Severity, severity: Option<Severity>) -> Step {
        let rule = "A-1".into();
        Step::Weigh {
            rule,
            from,
            severity,
        }
    }

    fn off(from: Severity) -> Step {
        let rule = "A-1".into();
        Step::Off { rule, from }
    }

    fn on(from: Severity) -> Step {
        let rule = "A-1".into();
        Step::On { rule, from }
    }

    fn words(list: &str, add: &[&str], remove: &[&str]) -> Step {
        Step::Words {
            list: list.into(),
            add: set(add),
            remove: set(remove),
        }
    }

    fn know(fact: &str, value: Option<Value>) -> Step {
        Step::Know {
            fact: fact.into(),
            value,
        }
    }

    #[test]
    fn what_takes_care_away_takes_two() {
        use Severity::{Hint, Review, Stop, Warn};
        let book = RuleBook::default();
        let put = |severity| Step::Put {
            rule: "ORG-A-1".into(),
            severity,
            source: "x".into(),
        };
        let text = |text: &str| Some(Value::Text(text.into()));
        for (step, two) in [
            (off(Hint), true),
            (on(Warn), false),
            (on(Review), true),
            (weigh(Hint, Some(Warn)), false),
            (weigh(Warn, Some(Hint)), true),
            (weigh(Warn, Some(Review)), true),
            (weigh(Hint, Some(Stop)), true),
            (words("codenames", &["Alba"], &[]), false),
            (words("codenames", &["Alba"], &["Borée"]), true),
            (words("org.public_domains", &["a.example"], &[]), true),
            (words("org.public_domains", &[], &["a.example"]), false),
            (words("org.official_domains", &["a.example"], &[]), true),
            (know("crisis", text("incendie")), false),
            (know("crisis", text("none")), true),
            (know("crisis", None), true),
            (know("country", text("FR")), true),
            (put(Warn), false),
            (put(Stop), true),
        ] {
            assert_eq!(book.takes_two(&step), two, "{step:?}");
        }
        let mine = book.after(&put(Warn)).unwrap();
        assert!(mine.takes_two(&put(Warn)), "in place of another");
        let low = book.after(&weigh(Review, Some(Hint))).unwrap();
        assert!(!low.takes_two(&on(Review)), "it comes back as a hint");
        assert!(
            low.takes_two(&weigh(Review, None)),
            "as it comes, it asks for eyes"
        );
    }

    #[test]
    fn what_stops_posts_stays_a_second_pair_of_eyes() {
        use Severity::{Review, Stop, Warn};
        let book = RuleBook::default();
        assert_eq!(book.after(&off(Stop)), Err(StepRefusal::Floor));
        let low = weigh(Stop, Some(Warn));
        assert_eq!(book.after(&low), Err(StepRefusal::Floor));
        let lower = book.after(&weigh(Stop, Some(Review))).unwrap();
        assert_eq!(lower.weight("A-1", Stop), Review);
        assert_eq!(lower.after(&weigh(Stop, None)), Ok(book.clone()));
        assert!(book.after(&off(Review)).unwrap().off.contains("A-1"));
    }

    #[test]
    fn lists_and_facts_take_what_fits_them() {
        let book = RuleBook::default();
        let some = book
            .after(&words("codenames", &["Alba", "Borée"], &[]))
            .unwrap();
        let less = some.after(&words("codenames", &[], &["Alba"])).unwrap();
        assert_eq!(less.lists["codenames"], set(&["Borée"]));
        assert_eq!(
            some.after(&words("codenames", &["Alba"], &[])),
            Err(StepRefusal::Nothing)
        );
        assert_eq!(
            book.after(&words("pets", &["Rex"], &[])),
            Err(StepRefusal::Unknown)
        );
        let long = "x".repeat(LONGEST_WORD + 1);
        assert_eq!(
            book.after(&words("nda", &[&long], &[])),
            Err(StepRefusal::TooMuch)
        );
        let text = |text: &str| Some(Value::Text(text.into()));
        for (fact, value, fine) in [
            ("country", text("FR"), true),
            ("country", text("Narnia"), false),
            ("target", Some(Value::Some(set(&["FR", "UK"]))), true),
            ("target", Some(Value::Some(set(&["Mars"]))), false),
            ("target", text("FR"), false),
            ("quiet", Some(Value::Is(true)), true),
            ("quiet", text("true"), false),
            ("embargo", text("2027-01-20"), true),
            ("embargo", text("soon"), false),
        ] {
            assert_eq!(
                book.after(&know(fact, value.clone())).is_ok(),
                fine,
                "{fact} {value:?}"
            );
        }
    }

    #[test]
    fn the_log_learns_what_and_not_which_words() {
        let step = words("codenames", &["Alba"], &[]);
        let said = format!("{} {}", step.object(), step.detail());
        assert_eq!(said, "list/codenames +1 -0");
    }
}
