//! Findings as SARIF 2.1.0, for the tools that read it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::content::Lang;
use crate::packs::Packs;
use crate::report::{Report, Severity};

/// One checked file.
#[derive(Debug)]
pub struct Checked<'a> {
    /// Its name, as given on the command line.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
    /// What was said about it.
    pub report: &'a Report,
}

/// A whole run as one SARIF log.
pub fn log(checked: &[Checked<'_>], packs: &Packs, lang: Lang) -> Value {
    let mut ids: Vec<&str> = checked
        .iter()
        .flat_map(|c| &c.report.findings)
        .map(|f| f.rule.as_str())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let place: BTreeMap<&str, usize> = ids.iter().enumerate().map(|(i, id)| (*id, i)).collect();
    let rules: Vec<Value> = ids
        .iter()
        .map(|id| match packs.rule(id) {
            Some(rule) => json!({
                "id": id,
                "shortDescription": { "text": rule.title.get(lang) },
                "help": { "text": rule.advice.get(lang) },
                "defaultConfiguration": { "level": level(rule.severity) },
            }),
            None => json!({ "id": id }),
        })
        .collect();
    let mut results = Vec::new();
    for one in checked {
        let lines = Lines::new(one.text);
        for f in &one.report.findings {
            let mut physical = json!({ "artifactLocation": { "uri": uri(one.name) } });
            if let (Some((s, e)), "text") = (f.span, f.where_.as_str()) {
                let (start, end) = (lines.place(s), lines.place(e));
                physical["region"] = json!({
                    "startLine": start.0, "startColumn": start.1, "endLine": end.0, "endColumn": end.1,
                    "byteOffset": s, "byteLength": e - s,
                });
            }
            results.push(json!({
                "ruleId": f.rule,
                "ruleIndex": place.get(f.rule.as_str()),
                "level": level(f.severity),
                "message": { "text": format!("{} {}", f.message.get(lang), f.advice.get(lang)) },
                "locations": [{ "physicalLocation": physical, "logicalLocations": [{ "name": f.where_ }] }],
                "properties": {
                    "severity": f.severity, "family": f.family, "confidence": f.confidence, "unknown": f.unknown,
                },
            }));
        }
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "Vigie", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Hint => "note",
        Severity::Warn => "warning",
        Severity::Review | Severity::Stop => "error",
    }
}

/// A file name as a relative URI: what is no plain letter is percent-encoded.
fn uri(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for b in name.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                out.push(char::from(b))
            }
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// Line and column (from 1, in characters) of bytes of a text.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Counts the lines once.
    pub fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(i, _)| i + 1))
            .collect();
        Lines { text, starts }
    }

    /// Line and column of a byte.
    pub fn place(&self, at: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|&s| s <= at).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let column = self
            .text
            .get(start..at)
            .map_or(1, |t| t.chars().count() + 1);
        (line, column)
    }

    /// The words of a line, numbered from 1, without its end.
    pub fn line(&self, number: usize) -> &'a str {
        let start = self
            .starts
            .get(number.saturating_sub(1))
            .copied()
            .unwrap_or(self.text.len());
        let end = self.starts.get(number).copied().unwrap_or(self.text.len());
        self.text
            .get(start..end)
            .unwrap_or_default()
            .trim_end_matches(['\n', '\r'])
    }

    /// The byte at which a line begins.
    pub fn start(&self, number: usize) -> usize {
        self.starts
            .get(number.saturating_sub(1))
            .copied()
            .unwrap_or(0)
    }
}
