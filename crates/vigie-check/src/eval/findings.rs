//! From hits to findings: their place, their words, the change that is offered.

use std::collections::BTreeMap;

use super::{Field, Hit, Shared};
use crate::content::{Lang, MediaFacts};
use crate::detect::Suggestion;
use crate::report::{Family, Finding, Fix, Words as Said};
use crate::rule::Rule;
use crate::rule::condition;
use crate::rule::file::FixAction;
use crate::rule::model::Node;
use crate::text::mask;

/// Rank of hits that are guessed at from their looks alone.
const GUESSED: u8 = 4;
/// The finding on a text of which only the beginning was read.
pub(super) fn too_long(read: usize, text: &str) -> Finding {
    let (from, to) = crate::text::span::snap(text, read, text.len());
    Finding {
        rule: "REP-SIZE-01".to_owned(),
        family: Family::Reputation,
        severity: crate::Severity::Review,
        confidence: crate::Confidence::High,
        span: Some((from, to)),
        masked: false,
        where_: "text".to_owned(),
        message: Said::new(
            "Ce texte dépasse un million de caractères\u{a0}: la suite n’a pas été lue.",
            "This text is over a million characters: the rest was not read.",
        ),
        advice: Said::new(
            "Coupez le texte en plusieurs parties et vérifiez chacune.",
            "Split the text and check each part.",
        ),
        fix: None,
        source: "Vigie".to_owned(),
        evidence: crate::Evidence::Verified,
        unknown: Vec::new(),
        skill: Some(crate::Skill::Communication),
        params: BTreeMap::new(),
    }
}
/// The picture that a rule without words speaks of: one that gives a fact it reads.
pub(super) fn seen_in(rule: &Rule, media: &[MediaFacts]) -> Option<String> {
    if media.iter().all(|m| m.metadata.is_empty()) {
        return None;
    }
    let keys = condition::keys(&rule.when);
    let mut about = keys.iter().filter_map(|k| k.strip_prefix("media."));
    about.find_map(|key| {
        let i = media.iter().position(|m| m.metadata.contains_key(key))?;
        Some(format!("media[{i}].metadata"))
    })
}

/// Hits that do not lie on each other: where two do, the one that says more is kept.
///
/// What begins like a known format and does not fit it is an example of a manual or a part of a key: it is not guessed at.
pub(super) fn apart(mut hits: Vec<Hit>, rule: &Rule, field: &Field<'_>) -> Vec<Hit> {
    let begun: Vec<usize> = rule
        .node
        .iter()
        .flat_map(Node::format_sets)
        .flat_map(|f| f.begun(&field.seen.terms))
        .collect();
    hits.retain(|h| {
        h.told.as_ref().is_none_or(|t| t.rank < GUESSED) || !begun.contains(&h.start())
    });
    hits.sort_by_key(|h| h.told.as_ref().map_or(1, |t| t.rank));
    let mut kept: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        let free = kept.iter().all(|k| match (k.span, hit.span) {
            (Some((a, b)), Some((s, e))) => e <= a || b <= s,
            _ => true,
        });
        if free {
            kept.push(hit);
        }
    }
    kept.sort_by_key(Hit::start);
    kept
}
/// One hit, in words.
pub(super) fn finding(
    rule: &Rule,
    field: &Field<'_>,
    shared: &Shared<'_>,
    hit: Hit,
    unknown: Vec<String>,
) -> Finding {
    let original = field.view.original();
    let span = match &hit.field {
        Some(_) => None,
        None => hit.span.map(|(s, e)| field.view.to_original(s, e)),
    };
    let mut params = hit.params;
    if let Some((s, e)) = span {
        let seen = original.get(s..e).unwrap_or_default();
        let shown = if rule.mask {
            mask::mask(seen)
        } else {
            mask::shorten(seen, 60)
        };
        params.entry("match".to_owned()).or_insert(shown);
    }
    let message = match &hit.told {
        Some(told) => rule.message.tell(&told.what).fill(&params),
        None => rule.message.fill(&params),
    };
    let told = hit.told.as_ref();
    Finding {
        rule: rule.id.clone(),
        family: rule.family,
        severity: told.and_then(|t| t.severity).unwrap_or(rule.severity),
        confidence: told.and_then(|t| t.confidence).unwrap_or(rule.confidence),
        span,
        masked: rule.mask,
        where_: hit.field.unwrap_or_else(|| field.name.to_string()),
        message,
        advice: rule.advice.fill(&params),
        fix: fix(rule, original, span, hit.suggestion, shared.lang, &params),
        source: rule.source.clone(),
        evidence: rule.evidence,
        unknown,
        skill: rule.skill,
        params,
    }
}

fn fix(
    rule: &Rule,
    original: &str,
    span: Option<(usize, usize)>,
    suggestion: Option<Suggestion>,
    lang: &dyn Fn() -> Option<Lang>,
    params: &BTreeMap<String, String>,
) -> Option<Fix> {
    let file = rule.fix.as_ref()?;
    let words = || {
        file.text
            .as_ref()
            .map(|w| w.get(lang().unwrap_or(Lang::Fr)).to_owned())
    };
    let (span, text) = match file.action {
        FixAction::Prepend => ((0, 0), words()?),
        FixAction::Append => ((original.len(), original.len()), words()?),
        FixAction::Replace => (span?, words()?),
        FixAction::Remove => (span?, String::new()),
        FixAction::Suggested => (span?, suggestion?.0),
    };
    let mut params = params.clone();
    params.insert("new".to_owned(), mask::shorten(text.trim(), 60));
    Some(Fix {
        label: file.label.fill(&params),
        span,
        text,
        disposition: file.disposition,
    })
}
