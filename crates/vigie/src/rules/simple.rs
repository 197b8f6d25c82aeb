//! A rule without code: words that make it speak, words that excuse, what it says. It is kept as text in the rule
//! language like any other, and read back from there.

use std::time::Duration;

use serde::Serialize;
use vigie_check::rule::file::RuleFile;
use vigie_check::{Family, Lang, LoadError, OwnRule, Packs, Severity, Words, changes, cost, proof};

/// What an own rule is called, at its beginning.
pub const PREFIX: &str = "ORG-";

/// What the form of a simple rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simple {
    /// Its name, `ORG-…`.
    pub id: String,
    /// Kind of harm.
    pub family: Family,
    /// How serious.
    pub severity: Severity,
    /// Short name.
    pub title: Words,
    /// What to do.
    pub advice: Words,
    /// Where it comes from.
    pub source: String,
    /// Words that make it speak.
    pub words: Vec<String>,
    /// Words that excuse.
    pub excuses: Vec<String>,
    /// Texts on which it must speak.
    pub fire: Vec<String>,
    /// Texts on which it must be silent.
    pub quiet: Vec<String>,
}

#[derive(Serialize)]
struct Written<'a> {
    id: &'a str,
    family: &'static str,
    severity: &'static str,
    confidence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    skill: Option<&'static str>,
    source: &'a str,
    evidence: &'static str,
    title: &'a Words,
    advice: &'a Words,
    r#match: Match<'a>,
    examples: Examples<'a>,
}

#[derive(Serialize)]
struct Match<'a> {
    terms: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    none: Vec<Terms<'a>>,
}

#[derive(Serialize)]
struct Terms<'a> {
    terms: &'a [String],
}

#[derive(Serialize)]
struct Examples<'a> {
    fire: Vec<Example<'a>>,
    quiet: Vec<Example<'a>>,
}

#[derive(Serialize)]
struct Example<'a> {
    text: &'a str,
}

impl Simple {
    /// The rule in the rule language.
    pub fn text(&self) -> String {
        let skill = changes::skill(self.family).as_str();
        let written = Written {
            id: &self.id,
            family: self.family.as_str(),
            severity: self.severity.as_str(),
            confidence: "high",
            skill: (self.severity >= Severity::Review).then_some(skill),
            source: &self.source,
            evidence: "verified",
            title: &self.title,
            advice: &self.advice,
            r#match: Match {
                terms: &self.words,
                none: match self.excuses.as_slice() {
                    [] => Vec::new(),
                    terms => vec![Terms { terms }],
                },
            },
            examples: Examples {
                fire: self.fire.iter().map(|text| Example { text }).collect(),
                quiet: self.quiet.iter().map(|text| Example { text }).collect(),
            },
        };
        toml::to_string(&written).unwrap_or_default()
    }

    /// Reads a rule back; nothing when it says more than the form can.
    pub fn read(source: &str) -> Option<Self> {
        let file = RuleFile::read(source)?;
        let node = file.matching?;
        let texts = |examples: &[vigie_check::rule::file::Example]| {
            examples.iter().map(|e| e.text.clone()).collect::<Vec<_>>()
        };
        let simple = Self {
            id: file.id,
            family: file.family,
            severity: file.severity,
            title: file.title,
            advice: file.advice,
            source: file.source,
            words: node.terms,
            excuses: node
                .none
                .first()
                .map(|n| n.terms.clone())
                .unwrap_or_default(),
            fire: texts(&file.examples.fire),
            quiet: texts(&file.examples.quiet),
        };
        // Whatever the form cannot say would be lost: then it is no simple rule.
        let same = toml::from_str::<toml::Value>(&simple.text()).ok()
            == toml::from_str::<toml::Value>(source).ok();
        same.then_some(simple)
    }
}

/// What is wrong with a rule of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It cannot be read.
    Unread(LoadError),
    /// It is not called `ORG-…`.
    Name,
    /// It has no example on which it must speak.
    NoExample,
    /// It is silent on this example, or does not say what the example says.
    Silent(String),
    /// It speaks on this example.
    Speaks(String),
    /// It takes so many microseconds on an ordinary post.
    Dear(u128),
}

/// What is wrong when a rule takes too long on ordinary posts. `clock` tells the time since any moment.
pub fn too_dear(source: &str, usual: &Packs, clock: &dyn Fn() -> Duration) -> Option<Wrong> {
    let own = OwnRule {
        file: String::new(),
        source: source.to_owned(),
    };
    let packs = Packs::alone(&[own]).ok()?;
    let measured = cost::on_ordinary_posts(&packs, usual, clock);
    let (_, time) = measured.into_iter().next()?;
    (time > cost::MOST).then_some(Wrong::Dear(time.as_micros()))
}

/// Reads a rule and runs its examples: its name and how serious it is, or all that is wrong.
///
/// # Errors
/// Everything that is wrong.
pub fn tried(source: &str) -> Result<(String, Severity), Vec<Wrong>> {
    let own = OwnRule {
        file: String::new(),
        source: source.to_owned(),
    };
    let packs = Packs::alone(&[own])
        .map_err(|faults| faults.into_iter().map(Wrong::Unread).collect::<Vec<_>>())?;
    let Some(rule) = packs.rules().first() else {
        return Err(Vec::new());
    };
    let mut wrong = Vec::new();
    if !rule.id.starts_with(PREFIX) {
        wrong.push(Wrong::Name);
    }
    if rule.fire.is_empty() {
        wrong.push(Wrong::NoExample);
    }
    let (_, misses) = proof::prove(rule, &packs);
    wrong.extend(misses.into_iter().map(|miss| {
        if rule.fire.iter().any(|e| e.text == miss.text) {
            Wrong::Silent(miss.text)
        } else {
            Wrong::Speaks(miss.text)
        }
    }));
    if wrong.is_empty() {
        Ok((rule.id.clone(), rule.severity))
    } else {
        Err(wrong)
    }
}

/// The same words in both languages where only one was written.
pub fn both(fr: &str, en: &str) -> Words {
    let or = |a: &str, b: &str| {
        if a.is_empty() {
            b.to_owned()
        } else {
            a.to_owned()
        }
    };
    Words::new(or(fr, en), or(en, fr))
}

/// The words that were written in one language, and in the other where they differ.
pub fn apart(words: &Words, lang: Lang) -> &str {
    match lang {
        Lang::Fr => &words.fr,
        Lang::En if words.en == words.fr => "",
        Lang::En => &words.en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fair() -> Simple {
        Simple {
            id: "ORG-FAIR-01".into(),
            family: Family::Reputation,
            severity: Severity::Review,
            title: both("Salon « mal » nommé", ""),
            advice: Words::new("Écrivez \"Salon\"", "Write\nthat"),
            source: "Guide".into(),
            words: vec!["salon des métiers".into(), "craft fair*".into()],
            excuses: vec!["ancien nom".into()],
            fire: vec!["Au salon des métiers".into()],
            quiet: vec!["Salon des métiers, ancien nom du Salon".into()],
        }
    }

    #[test]
    fn a_simple_rule_is_written_tried_and_read_back() {
        let rule = fair();
        assert_eq!(
            tried(&rule.text()),
            Ok(("ORG-FAIR-01".into(), Severity::Review))
        );
        assert_eq!(Simple::read(&rule.text()), Some(rule.clone()));
        let more = rule
            .text()
            .replace("confidence = \"high\"", "confidence = \"low\"");
        assert_eq!(Simple::read(&more), None, "the form cannot say this");
    }

    #[test]
    fn examples_that_go_wrong_are_named() {
        let mut rule = fair();
        rule.fire.push("Bonjour".into());
        rule.quiet = vec!["Le salon des métiers".into()];
        assert_eq!(
            tried(&rule.text()),
            Err(vec![
                Wrong::Silent("Bonjour".into()),
                Wrong::Speaks("Le salon des métiers".into())
            ])
        );
        rule.id = "FAIR-01".into();
        rule.fire.clear();
        rule.quiet.clear();
        assert_eq!(
            tried(&rule.text()),
            Err(vec![Wrong::Name, Wrong::NoExample])
        );
        let Err(wrong) = tried("id = \"ORG-A-1\"\nseverty = \"warn\"") else {
            panic!("it was read");
        };
        assert!(matches!(&wrong[0], Wrong::Unread(fault) if fault.line == 2));
    }

    #[test]
    fn a_rule_that_takes_too_long_is_refused_with_its_cost() {
        let usual = Packs::embedded().unwrap();
        let words = fair().text();
        let ticks = std::cell::Cell::new(0);
        // Each look at this clock, of which there are two an answer, is a millisecond later.
        let slow = || {
            ticks.set(ticks.get() + 1);
            Duration::from_millis(ticks.get())
        };
        assert_eq!(too_dear(&words, &usual, &slow), None, "it sleeps");
        let letters = words.replace("terms = ", "regex = [\"[a-z]\"]\nterms = ");
        assert_ne!(letters, words);
        assert_eq!(
            too_dear(&letters, &usual, &slow),
            Some(Wrong::Dear(1000)),
            "it is asked about every post"
        );
        assert_eq!(too_dear(&letters, &usual, &|| Duration::ZERO), None);
    }
}
