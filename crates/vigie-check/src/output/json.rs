//! One report as a JSON object, in one language. The names here are an interface: extend, never rename.
//!
//! Keys stand in alphabetical order, as they do in a map of values.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::content::Lang;
use crate::report::{
    Confidence, Disposition, Evidence, Family, Finding, Fix, Report, Severity, Skill,
};

/// The report: `findings`, `engine`, `packs`, and `notes` when there are any.
pub fn report(report: &Report, lang: Lang) -> Value {
    serde_json::to_value(Told::of(report, lang, None)).unwrap_or_default()
}

/// One finding.
pub fn finding(f: &Finding, lang: Lang) -> Value {
    serde_json::to_value(ToldFinding::of(f, lang)).unwrap_or_default()
}

/// A report as it is written, with the `id` of its line where it has one.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    engine: &'a str,
    findings: Findings<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<&'a str>,
    packs: &'a BTreeMap<String, String>,
}

impl<'a> Told<'a> {
    pub(super) fn of(report: &'a Report, lang: Lang, id: Option<&'a Value>) -> Told<'a> {
        Told {
            engine: &report.engine,
            findings: Findings(&report.findings, lang),
            id,
            notes: report.notes.iter().map(|n| n.get(lang)).collect(),
            packs: &report.packs,
        }
    }
}

/// Findings, written one by one.
struct Findings<'a>(&'a [Finding], Lang);

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|f| ToldFinding::of(f, self.1)))
    }
}

#[derive(Serialize)]
struct ToldFinding<'a> {
    advice: &'a str,
    confidence: Confidence,
    evidence: Evidence,
    family: Family,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<ToldFix<'a>>,
    message: &'a str,
    rule: &'a str,
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    skill: Option<Skill>,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<(usize, usize)>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    unknown: &'a [String],
    #[serde(rename = "where")]
    place: &'a str,
}

impl<'a> ToldFinding<'a> {
    fn of(f: &'a Finding, lang: Lang) -> ToldFinding<'a> {
        ToldFinding {
            advice: f.advice.get(lang),
            confidence: f.confidence,
            evidence: f.evidence,
            family: f.family,
            fix: f.fix.as_ref().map(|fix| ToldFix::of(fix, lang)),
            message: f.message.get(lang),
            rule: &f.rule,
            severity: f.severity,
            skill: f.skill,
            source: &f.source,
            span: f.span,
            unknown: &f.unknown,
            place: &f.where_,
        }
    }
}

#[derive(Serialize)]
struct ToldFix<'a> {
    disposition: Disposition,
    label: &'a str,
    span: (usize, usize),
    text: &'a str,
}

impl<'a> ToldFix<'a> {
    fn of(fix: &'a Fix, lang: Lang) -> ToldFix<'a> {
        ToldFix {
            disposition: fix.disposition,
            label: fix.label.get(lang),
            span: fix.span,
            text: &fix.text,
        }
    }
}
