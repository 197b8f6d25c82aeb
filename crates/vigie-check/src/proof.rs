//! Runs the examples that each rule carries.

use crate::packs::Packs;
use crate::rule::Rule;
use crate::rule::file::Example;
use crate::rule::format::{Format, Formats};
use crate::rule::model::Node;
use crate::scan::runs::Runs;
use crate::text::View;

/// An example that did not go as the rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// The rule.
    pub rule: String,
    /// Its file.
    pub file: String,
    /// The text of the example.
    pub text: String,
    /// What was expected and what came.
    pub why: String,
}

/// Runs every example of one rule; also counts them.
pub fn prove(rule: &Rule, packs: &Packs) -> (usize, Vec<Miss>) {
    let mut misses = Vec::new();
    let mut miss = |example: &Example, why: String| {
        misses.push(Miss {
            rule: rule.id.clone(),
            file: rule.file.clone(),
            text: example.text.clone(),
            why,
        });
    };
    for example in &rule.fire {
        let (content, facts) = example.input();
        let report = crate::check(&content, &facts, packs);
        let mine: Vec<_> = report
            .findings
            .iter()
            .filter(|f| f.rule == rule.id)
            .collect();
        let Some(first) = mine.first() else {
            miss(example, "must be found, and is not".to_owned());
            continue;
        };
        if let Some(wanted) = &example.hit {
            let seen: Vec<&str> = mine
                .iter()
                .filter_map(|f| f.span)
                .filter_map(|(s, e)| example.text.get(s..e))
                .collect();
            if !seen.contains(&wanted.as_str()) {
                miss(
                    example,
                    format!("must point at `{wanted}`, points at {seen:?}"),
                );
            }
        }
        if let Some(wanted) = example.severity
            && first.severity != wanted
        {
            miss(
                example,
                format!("must be `{wanted}`, is `{}`", first.severity),
            );
        }
    }
    for example in &rule.quiet {
        let (content, facts) = example.input();
        let report = crate::check(&content, &facts, packs);
        if let Some(found) = report.findings.iter().find(|f| f.rule == rule.id) {
            let seen = found
                .span
                .and_then(|(s, e)| example.text.get(s..e))
                .unwrap_or("the whole post");
            miss(example, format!("must pass, and is found at `{seen}`"));
        }
    }
    let count = rule.fire.len() + rule.quiet.len() + 2 * rule.formats().count();
    misses.extend(rule.formats().flat_map(|f| prove_format(rule, f, packs)));
    (count, misses)
}

/// Runs the two examples of a format: its own must be found by this very format and make the rule speak.
fn prove_format(rule: &Rule, format: &Format, packs: &Packs) -> Vec<Miss> {
    let sets: Vec<&Formats> = rule.node.iter().flat_map(Node::format_sets).collect();
    let found = |text: &str| {
        let view = View::new(text);
        let terms = packs.search.find(&view);
        let runs = || Runs::of(&view.clean);
        let mut hits = sets.iter().flat_map(|f| f.find(&view, &terms, &runs));
        hits.any(|h| h.told.is_some_and(|t| t.what == format.name))
    };
    let miss = |text: &str, why: String| Miss {
        rule: rule.id.clone(),
        file: format.file.clone(),
        text: text.to_owned(),
        why,
    };
    let name = &format.name.en;
    let mut out = Vec::new();
    if let Err(why) = format.compile() {
        out.push(miss(&format.fire, format!("{name}: {why}")));
    }
    let facts = crate::Facts::new().with("now", "2026-11-24");
    let report = crate::check(&crate::Content::text(&format.fire), &facts, packs);
    if !found(&format.fire) || !report.findings.iter().any(|f| f.rule == rule.id) {
        out.push(miss(&format.fire, format!("must be found as {name}")));
    }
    if found(&format.quiet) {
        out.push(miss(
            &format.quiet,
            format!("must pass, and is found as {name}"),
        ));
    }
    out
}
