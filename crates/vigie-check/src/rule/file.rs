//! The shape of a rule file. Field names here are the rule language, described in `docs/rules.md`.
#![allow(missing_docs)]

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::facts::FactValue;
use crate::report::{Confidence, Disposition, Evidence, Family, Severity, Skill, Words};

/// One rule, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    pub id: String,
    pub family: Family,
    #[serde(default)]
    pub jurisdictions: Vec<String>,
    pub severity: Severity,
    pub confidence: Confidence,
    pub skill: Option<Skill>,
    pub source: String,
    pub evidence: Evidence,
    pub valid_from: Option<String>,
    pub valid_to: Option<String>,
    #[serde(default)]
    pub report: Reported,
    #[serde(default)]
    pub mask: bool,
    #[serde(default)]
    pub fields: Vec<FieldKind>,
    pub title: Words,
    pub message: Option<Words>,
    pub advice: Words,
    #[serde(default)]
    pub when: Vec<ConditionFile>,
    #[serde(rename = "match")]
    pub matching: Option<NodeFile>,
    #[serde(default)]
    pub adjust: Vec<AdjustFile>,
    pub fix: Option<FixFile>,
    #[serde(default)]
    pub examples: Examples,
}

impl RuleFile {
    /// Reads a rule as it is written, for people who look at it; nothing when it cannot be read.
    pub fn read(source: &str) -> Option<Self> {
        toml::from_str(source).ok()
    }
}

/// Whether each hit is a finding, or the first one alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reported {
    /// Every hit.
    #[default]
    Each,
    /// The first hit.
    First,
}

/// Another severity or confidence in some circumstances; the first that holds wins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdjustFile {
    #[serde(default)]
    pub when: Vec<ConditionFile>,
    #[serde(rename = "match")]
    pub matching: Option<NodeFile>,
    pub severity: Option<Severity>,
    pub confidence: Option<Confidence>,
}

/// A part of a post that a rule reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// The words of the post.
    Text,
    /// Alternative texts.
    Alt,
    /// Names of attached files.
    Filename,
    /// Attached links.
    Link,
    /// Text read in the picture (fact `media.ocr`).
    Ocr,
    /// The message answered (fact `in_reply_to`).
    Reply,
    /// The handle of the account that wrote the text (fact `author_handle`).
    Author,
    /// What a person sees behind (fact `background`).
    Background,
}

/// A condition on facts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionFile {
    pub fact: Option<String>,
    pub is: Option<FactValue>,
    pub not: Option<FactValue>,
    #[serde(rename = "in")]
    pub within: Option<Vec<String>>,
    pub not_in: Option<Vec<String>>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// `true`: holds when the fact is known and neither false, empty nor `none`.
    pub present: Option<bool>,
    /// The fact is a text (or a list with one) that holds one of these, whatever the case.
    pub contains: Option<Vec<String>>,
    /// `true`: the fact is a day later than the day of the post.
    pub after_day: Option<bool>,
    /// The fact is a day at least so many days before the day of the post.
    pub older_than_days: Option<i64>,
    /// The day of the post is one of these: `MM-DD`, `MM-DD/MM-DD`, `YYYY-MM-DD/YYYY-MM-DD`, `last-mon-05`, `@list`.
    pub day: Option<Vec<String>>,
    pub any: Option<Vec<ConditionFile>>,
    pub all: Option<Vec<ConditionFile>>,
    pub none: Option<Vec<ConditionFile>>,
    pub unknown: Option<OnUnknown>,
}

/// What an unknown fact means for a condition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUnknown {
    /// The rule may report, one step lower, and says what is unknown.
    #[default]
    Lower,
    /// As if the condition held.
    Assume,
    /// As if the condition did not hold.
    No,
}

/// A condition on the text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeFile {
    #[serde(default)]
    pub terms: Vec<String>,
    #[serde(default)]
    pub regex: Vec<String>,
    /// Literals, lower case, one of which stands in every text that `regex` can match.
    #[serde(default)]
    pub anchors: Vec<String>,
    /// `true`: the formats of the tables in `secrets/` that name the rule.
    #[serde(default)]
    pub formats: bool,
    pub fact_terms: Option<String>,
    pub detector: Option<String>,
    /// Conditions on facts under which this node is looked at; not known = it is not, unless `unknown` says so.
    #[serde(default)]
    pub facts: Vec<ConditionFile>,
    pub near: Option<Box<NearFile>>,
    pub apart: Option<Box<NearFile>>,
    #[serde(default)]
    pub any: Vec<NodeFile>,
    #[serde(default)]
    pub all: Vec<NodeFile>,
    #[serde(default)]
    pub none: Vec<NodeFile>,
    #[serde(default)]
    pub absent: Vec<AbsentFile>,
    /// Edits forgiven in `absent`.
    pub distance: Option<usize>,
    /// Hits must begin within so many characters of the start.
    pub first_chars: Option<usize>,
    /// Hits must begin before the fold (fact `visible_chars`; unknown = no fold).
    #[serde(default)]
    pub before_fold: bool,
    /// Holds only when no fact the rule needs is unknown.
    #[serde(default)]
    pub known_only: bool,
    #[serde(default)]
    pub skip_quoted: bool,
    #[serde(default)]
    pub skip_negated: bool,
    /// Distinct hits needed.
    pub at_least: Option<usize>,
    /// Bounds on the words of the whole field.
    pub min_words: Option<usize>,
    pub max_words: Option<usize>,
}

/// Two things within some words of each other (`near`) or not (`apart`); without `words`, in the same sentence.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NearFile {
    pub of: NodeFile,
    pub to: NodeFile,
    pub words: Option<usize>,
    /// `before`: `to` stands before `of`; `after`: after it.
    pub side: Option<Side>,
}

/// On which side of `of` stands `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// `to` comes first.
    Before,
    /// `to` comes after.
    After,
}

/// A mandatory sentence.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum AbsentFile {
    /// Always the same.
    Always(String),
    /// In force between two days.
    Dated(DatedText),
}

/// A mandatory sentence in force between two days, both included.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatedText {
    pub text: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// A change offered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixFile {
    pub action: FixAction,
    pub text: Option<Words>,
    pub label: Words,
    #[serde(default = "look")]
    pub disposition: Disposition,
}

fn look() -> Disposition {
    Disposition::Look
}

/// What a fix does with its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixAction {
    /// Before the first character.
    Prepend,
    /// After the last character.
    Append,
    /// In place of what was found.
    Replace,
    /// What was found goes away.
    Remove,
    /// The detector says what to put.
    Suggested,
}

/// Examples that prove the rule.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Examples {
    /// The rule must speak.
    #[serde(default)]
    pub fire: Vec<Example>,
    /// The rule must keep silent.
    #[serde(default)]
    pub quiet: Vec<Example>,
}

/// One example.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub facts: BTreeMap<String, FactValue>,
    /// Day of the post; 2026-11-24 when absent.
    pub now: Option<String>,
    pub lang: Option<crate::content::Lang>,
    #[serde(default)]
    pub links: Vec<String>,
    /// One attached picture with this alternative text.
    pub alt: Option<String>,
    #[serde(default)]
    pub decorative: bool,
    /// Name of the attached picture.
    pub filename: Option<String>,
    /// What was found out about the attached picture: facts without `media.`.
    #[serde(default)]
    pub picture: BTreeMap<String, FactValue>,
    /// What bar codes in the attached picture say.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Where links lead, as found by following them.
    #[serde(default)]
    pub trails: Vec<crate::Trail>,
    /// What the finding must point at.
    pub hit: Option<String>,
    /// The severity it must have.
    pub severity: Option<Severity>,
}

impl Example {
    /// The example as the engine takes it.
    pub fn input(&self) -> (crate::Content, crate::Facts) {
        let mut content = crate::Content::text(&self.text);
        content.lang = self.lang;
        content.links.clone_from(&self.links);
        content.trails.clone_from(&self.trails);
        let attached = self.alt.is_some() || self.filename.is_some();
        if attached || !self.picture.is_empty() || !self.codes.is_empty() {
            content.media.push(crate::MediaFacts {
                alt: self.alt.clone().unwrap_or_default(),
                decorative: self.decorative,
                filename: self.filename.clone(),
                metadata: self.picture.clone(),
                codes: self.codes.clone(),
                ..Default::default()
            });
        }
        let mut facts = crate::Facts::new().with(
            "now",
            self.now.clone().unwrap_or_else(|| "2026-11-24".to_owned()),
        );
        for (key, value) in &self.facts {
            facts.set(key.clone(), value.clone());
        }
        (content, facts)
    }
}
