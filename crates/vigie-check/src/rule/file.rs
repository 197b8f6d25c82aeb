//! The shape of a rule file. Field names here are the rule language, described in `docs/rules.md`; what is said of each
//! goes to `docs/rule.schema.json`, which editors read.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::facts::FactValue;
use crate::report::{Confidence, Disposition, Evidence, Family, Severity, Skill, Words};

/// One rule, as written.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Capitals, digits and dashes, such as ORG-NAME-01. An id that exists replaces that rule.
    pub id: String,
    /// Kind of harm.
    pub family: Family,
    /// Where it holds: FR, EU, UK, US…; empty = everywhere.
    #[serde(default)]
    pub jurisdictions: Vec<String>,
    /// How serious it is when every fact is known.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Skill of the second reader; required from `review` up.
    pub skill: Option<Skill>,
    /// Where the rule comes from.
    pub source: String,
    /// Whether the source was read at its origin.
    pub evidence: Evidence,
    /// First day in force, YYYY-MM-DD; with a limit the rule is silent when the day is not known.
    pub valid_from: Option<String>,
    /// Last day in force, YYYY-MM-DD.
    pub valid_to: Option<String>,
    /// Each hit (default) or the first one only.
    #[serde(default)]
    pub report: Reported,
    /// `true`: what was found is never shown whole.
    #[serde(default)]
    pub mask: bool,
    /// Parts of the post that are read; `text` when absent.
    #[serde(default)]
    pub fields: Vec<FieldKind>,
    /// Short name, in both languages.
    pub title: Words,
    /// What a finding says; `{match}` is what was found. The title when absent.
    pub message: Option<Words>,
    /// What to do.
    pub advice: Words,
    /// Conditions on what is known beside the text; each must hold.
    #[serde(default)]
    pub when: Vec<ConditionFile>,
    /// What is in the text.
    #[serde(rename = "match")]
    pub matching: Option<NodeFile>,
    /// Another severity or confidence in some circumstances; the first that holds wins.
    #[serde(default)]
    pub adjust: Vec<AdjustFile>,
    /// A change offered.
    pub fix: Option<FixFile>,
    /// Posts on which the rule must speak, and posts on which it must not.
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdjustFile {
    /// Conditions on what is known beside the text; each must hold.
    #[serde(default)]
    pub when: Vec<ConditionFile>,
    /// What is in the text.
    #[serde(rename = "match")]
    pub matching: Option<NodeFile>,
    /// The severity then.
    pub severity: Option<Severity>,
    /// The confidence then.
    pub confidence: Option<Confidence>,
}

/// A part of a post that a rule reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConditionFile {
    /// The fact that is asked about, such as `sector` or `media.ai`.
    pub fact: Option<String>,
    /// The value is this one.
    pub is: Option<FactValue>,
    /// The value is known and another.
    pub not: Option<FactValue>,
    /// The value is one of these; `list:NAME` stands for a shared list.
    #[serde(rename = "in")]
    pub within: Option<Vec<String>>,
    /// The value is known and none of these.
    pub not_in: Option<Vec<String>>,
    /// The number is at least this.
    pub min: Option<f64>,
    /// The number is at most this.
    pub max: Option<f64>,
    /// `true`: holds when the fact is known and neither false, empty nor `none`.
    pub present: Option<bool>,
    /// The fact is a text (or a list with one) that holds one of these, whatever the case.
    pub contains: Option<Vec<String>>,
    /// `true`: the fact is a day later than the day of the post.
    pub after_day: Option<bool>,
    /// The fact is a day at least so many days before the day of the post.
    pub older_than_days: Option<i64>,
    /// The day of the post is one of these: `MM-DD`, `MM-DD/MM-DD`, `YYYY-MM-DD/YYYY-MM-DD`, `last-mon-05`, `list:NAME`.
    pub day: Option<Vec<String>>,
    /// One of these conditions holds.
    pub any: Option<Vec<ConditionFile>>,
    /// All of these conditions hold.
    pub all: Option<Vec<ConditionFile>>,
    /// None of these conditions holds.
    pub none: Option<Vec<ConditionFile>>,
    /// What it means when the fact is not known.
    pub unknown: Option<OnUnknown>,
}

/// What an unknown fact means for a condition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NodeFile {
    /// Whole words in any case; `recrut*` lets the word go on; accents are optional in the text; `list:NAME` stands for a shared list.
    #[serde(default)]
    pub terms: Vec<String>,
    /// Expressions of the Rust `regex` crate; a group named `hit` is what is pointed at.
    #[serde(default)]
    pub regex: Vec<String>,
    /// Literals, lower case, one of which stands in every text that `regex` can match.
    #[serde(default)]
    pub anchors: Vec<String>,
    /// `true`: the formats of the tables in `secrets/` that name the rule.
    #[serde(default)]
    pub formats: bool,
    /// The fact that holds the words of an organisation's list, such as `codenames`.
    pub fact_terms: Option<String>,
    /// Code by name.
    pub detector: Option<String>,
    /// Conditions on facts under which this node is looked at; not known = it is not, unless `unknown` says so.
    #[serde(default)]
    pub facts: Vec<ConditionFile>,
    /// Hits of `of` with a hit of `to` close by.
    pub near: Option<Box<NearFile>>,
    /// Hits of `of` without a hit of `to` close by.
    pub apart: Option<Box<NearFile>>,
    /// One of these nodes holds.
    #[serde(default)]
    pub any: Vec<NodeFile>,
    /// All of these nodes hold besides.
    #[serde(default)]
    pub all: Vec<NodeFile>,
    /// None of these nodes holds.
    #[serde(default)]
    pub none: Vec<NodeFile>,
    /// Mandatory sentences that are missing.
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
    /// Hits in quotation marks do not count.
    #[serde(default)]
    pub skip_quoted: bool,
    /// Hits that are denied do not count.
    #[serde(default)]
    pub skip_negated: bool,
    /// Distinct hits needed.
    pub at_least: Option<usize>,
    /// At least so many words in the whole field.
    pub min_words: Option<usize>,
    /// At most so many words in the whole field.
    pub max_words: Option<usize>,
}

/// Two things within some words of each other (`near`) or not (`apart`); without `words`, in the same sentence.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NearFile {
    /// What is looked for.
    pub of: NodeFile,
    /// What must be close by.
    pub to: NodeFile,
    /// Within so many words; in the same sentence when absent.
    pub words: Option<usize>,
    /// `before`: `to` stands before `of`; `after`: after it.
    pub side: Option<Side>,
}

/// On which side of `of` stands `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// `to` comes first.
    Before,
    /// `to` comes after.
    After,
}

/// A mandatory sentence.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum AbsentFile {
    /// Always the same.
    Always(String),
    /// In force between two days.
    Dated(DatedText),
}

/// A mandatory sentence in force between two days, both included.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DatedText {
    /// The sentence.
    pub text: String,
    /// First day, YYYY-MM-DD.
    pub from: Option<String>,
    /// Last day, YYYY-MM-DD.
    pub to: Option<String>,
}

/// A change offered.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FixFile {
    /// What is done.
    pub action: FixAction,
    /// What is written; for `prepend`, `append` and `replace`.
    pub text: Option<Words>,
    /// What the button says; `{new}` is the new text.
    pub label: Words,
    /// `safe`: one click; `look`: the author reads it first.
    #[serde(default = "look")]
    pub disposition: Disposition,
}

fn look() -> Disposition {
    Disposition::Look
}

/// What a fix does with its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The words of the post.
    #[serde(default)]
    pub text: String,
    /// What is known beside the text.
    #[serde(default)]
    pub facts: BTreeMap<String, FactValue>,
    /// Day of the post; 2026-11-24 when absent.
    pub now: Option<String>,
    /// The language, where it was declared.
    pub lang: Option<crate::content::Lang>,
    /// Attached links.
    #[serde(default)]
    pub links: Vec<String>,
    /// One attached picture with this alternative text.
    pub alt: Option<String>,
    /// The picture only decorates.
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
