//! A rule made ready.

use jiff::civil::Date;

use super::condition::Condition;
use super::file::{Example, FieldKind, FixFile, Side};
use super::format::{Format, Formats};
use crate::detect::Detector;
use crate::report::{Confidence, Evidence, Family, Severity, Skill, Words};
use crate::scan::pattern::Pattern;
use crate::wake::Clause;

/// A rule, loaded, checked and compiled.
#[derive(Debug)]
pub struct Rule {
    /// Id, such as `REP-TEST-01`.
    pub id: String,
    /// Kind of harm.
    pub family: Family,
    /// Countries or unions whose law it is; empty = everywhere.
    pub jurisdictions: Vec<String>,
    /// Seriousness when all facts are known.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Skill of the second reader.
    pub skill: Option<Skill>,
    /// Where it comes from.
    pub source: String,
    /// Whether the source was read at its origin.
    pub evidence: Evidence,
    /// First day in force.
    pub valid_from: Option<Date>,
    /// Last day in force.
    pub valid_to: Option<Date>,
    /// Short name.
    pub title: Words,
    /// What a finding says; `{match}` and the detector's names are filled in.
    pub message: Words,
    /// What to do.
    pub advice: Words,
    /// Examples that must make it speak.
    pub fire: Vec<Example>,
    /// Examples that must leave it silent.
    pub quiet: Vec<Example>,
    /// The file it was read from.
    pub file: String,
    pub(crate) first_only: bool,
    pub(crate) mask: bool,
    pub(crate) fields: Vec<FieldKind>,
    pub(crate) when: Vec<Condition>,
    pub(crate) adjust: Vec<Adjust>,
    pub(crate) node: Option<Node>,
    pub(crate) fix: Option<FixFile>,
}

/// A condition on the text, compiled. The positive parts (`terms` to `apart`) are alternatives;
/// `all`, `none` and `absent` must hold besides.
#[derive(Debug, Default)]
pub struct Node {
    /// What a field must hold for the node to hold there, worked out once all rules are read.
    pub(crate) needs: Vec<Clause>,
    /// Number of this node in the table of literals, when it has terms.
    pub(crate) terms: Option<usize>,
    pub(crate) regexes: Vec<Anchored>,
    pub(crate) formats: Option<Formats>,
    pub(crate) fact_terms: Option<String>,
    pub(crate) detector: Option<Detector>,
    /// Number of the words without which the detector finds nothing.
    pub(crate) gate: Option<usize>,
    pub(crate) near: Option<Box<Near>>,
    pub(crate) apart: Option<Box<Near>>,
    pub(crate) any: Vec<Node>,
    /// Number of the first of `any` among the parts of all rules, when each is woken by itself.
    pub(crate) parts: Option<usize>,
    pub(crate) all: Vec<Node>,
    pub(crate) none: Vec<Node>,
    pub(crate) absent: Vec<Absent>,
    pub(crate) distance: usize,
    pub(crate) first_chars: Option<usize>,
    pub(crate) before_fold: bool,
    pub(crate) known_only: bool,
    pub(crate) skip_quoted: bool,
    pub(crate) skip_negated: bool,
    pub(crate) at_least: usize,
    pub(crate) facts: Vec<Condition>,
    /// Number of its conditions on facts among those of all nodes, when it has any.
    pub(crate) question: usize,
    pub(crate) min_words: usize,
    pub(crate) max_words: Option<usize>,
}

/// Another severity or confidence in some circumstances.
#[derive(Debug)]
pub(crate) struct Adjust {
    pub(crate) when: Vec<Condition>,
    pub(crate) node: Option<Node>,
    pub(crate) severity: Option<Severity>,
    pub(crate) confidence: Option<Confidence>,
}

/// An expression, and the literals without which it does not match.
#[derive(Debug)]
pub(crate) struct Anchored {
    pub(crate) pattern: Pattern,
    /// Numbers of its literals in the table: one of each must be there. None = it may match anything.
    pub(crate) anchors: Vec<usize>,
    /// Whether every match holds a digit.
    pub(crate) digit: bool,
    /// Whether it is one of those that are first asked together: no literal announces it, and every post is asked.
    pub(crate) joint: bool,
    /// Whether it has named groups.
    pub(crate) named: bool,
}

impl Rule {
    /// Every node of the rule.
    pub(crate) fn each_node<'a>(&'a self, tell: &mut impl FnMut(&'a Node)) {
        let adjusts = self.adjust.iter().filter_map(|a| a.node.as_ref());
        self.node.iter().chain(adjusts).for_each(|n| n.each(tell));
    }

    /// Whether what it finds is never shown whole.
    pub fn masks(&self) -> bool {
        self.mask
    }

    /// The formats of secrets that the rule looks for.
    pub fn formats(&self) -> impl Iterator<Item = &Format> {
        let sets = self.node.iter().flat_map(Node::format_sets);
        sets.flat_map(|f| &f.list)
    }
}

impl Node {
    /// The formats of the node and of its alternatives.
    pub(crate) fn format_sets(&self) -> Vec<&Formats> {
        let inner = self.any.iter().flat_map(Node::format_sets);
        self.formats.iter().chain(inner).collect()
    }

    /// The node and every node in it.
    pub(crate) fn each<'a>(&'a self, tell: &mut impl FnMut(&'a Node)) {
        tell(self);
        for inner in self.any.iter().chain(&self.all).chain(&self.none) {
            inner.each(tell);
        }
        for near in [&self.near, &self.apart].into_iter().flatten() {
            near.of.each(tell);
            near.to.each(tell);
        }
    }

    /// Whether the node looks for something (as against only excluding).
    pub(crate) fn seeks(&self) -> bool {
        self.terms.is_some()
            || !self.regexes.is_empty()
            || self.formats.is_some()
            || self.fact_terms.is_some()
            || self.detector.is_some()
            || self.near.is_some()
            || self.apart.is_some()
            || !self.any.is_empty()
    }
}

/// Two nodes and a distance in words; without one, the same sentence.
#[derive(Debug)]
pub struct Near {
    pub(crate) of: Node,
    pub(crate) to: Node,
    pub(crate) words: Option<usize>,
    pub(crate) side: Option<Side>,
}

/// A mandatory sentence, plain, with the days it is in force.
#[derive(Debug)]
pub struct Absent {
    pub(crate) plain: String,
    pub(crate) from: Option<Date>,
    pub(crate) to: Option<Date>,
}
