//! Whether a condition on the text holds, and where.

use super::denial::denied;
use super::near::{Places, Stretch};
use super::{Field, Hit, Shared};
use crate::detect::Context;
use crate::limits;
use crate::rule::condition::{self, Truth};
use crate::rule::model::{Anchored, Near, Node};
use crate::scan::features::Features;
use crate::scan::runs::Runs;
use crate::text::{View, fuzzy, mask};

/// `None` = does not hold; else the hits (none when the node only excludes).
pub(super) fn eval(node: &Node, field: &Field<'_>, shared: &Shared<'_>) -> Option<Vec<Hit>> {
    if has_needs(node, field, shared) {
        eval_needed(node, field, shared)
    } else {
        None
    }
}

/// As [`eval`], for a node that has its needs.
pub(super) fn eval_needed(node: &Node, field: &Field<'_>, shared: &Shared<'_>) -> Option<Vec<Hit>> {
    if node.known_only && !shared.sure.get() {
        return None;
    }
    if !node.facts.is_empty() && !facts_hold(node, shared) {
        return None;
    }
    if node.min_words > 0 || node.max_words.is_some() {
        let words = field.view.word_count();
        if words < node.min_words || node.max_words.is_some_and(|m| words > m) {
            return None;
        }
    }
    let mut hits = Vec::new();
    if node.seeks() {
        seek(node, field, shared, &mut hits);
        hits.sort_by_key(Hit::start);
        keep(node, field, shared, &mut hits);
        if hits.len() < node.at_least.max(1) {
            return None;
        }
    }
    for inner in &node.all {
        let more = eval(inner, field, shared)?;
        if hits.is_empty() {
            hits = more;
        }
    }
    if node
        .none
        .iter()
        .any(|inner| eval(inner, field, shared).is_some())
    {
        return None;
    }
    let present = node.absent.iter().any(|text| {
        let in_force = shared
            .known
            .day()
            .is_none_or(|d| text.from.is_none_or(|f| d >= f) && text.to.is_none_or(|t| d <= t));
        let plain = field.plain.get_or_init(|| fuzzy::plain(&field.view.low));
        in_force && fuzzy::contains(plain, &text.plain, node.distance)
    });
    (!present).then_some(hits)
}

/// Whether one of the expressions that no literal announces may match.
fn joint(field: &Field<'_>, shared: &Shared<'_>) -> bool {
    let all = &shared.packs.wakes.joint;
    *field.joint.get_or_init(|| all.may_match(&field.view.clean))
}

/// Whether the conditions of a node on facts hold.
fn facts_hold(node: &Node, shared: &Shared<'_>) -> bool {
    match shared.answers {
        Some(answers) => answers.holds.has(node.question),
        None => condition::all(&node.facts, &shared.known) == Truth::Yes,
    }
}

/// Whether all that a node needs is in a field.
pub(super) fn has_needs(node: &Node, field: &Field<'_>, shared: &Shared<'_>) -> bool {
    shared.thorough || node.needs.iter().all(|clause| clause.met(&field.seen))
}

fn seek(node: &Node, field: &Field<'_>, shared: &Shared<'_>, hits: &mut Vec<Hit>) {
    let view = &field.view;
    if let Some(node) = node.terms {
        hits.extend(
            field
                .seen
                .terms
                .of(node)
                .iter()
                .map(|p| Hit::at(p.start(), p.end())),
        );
    }
    for anchored in &node.regexes {
        let there = |n: &usize| field.seen.terms.any(*n);
        if anchored.anchors.iter().all(there)
            && (!anchored.joint || joint(field, shared))
            && (!anchored.digit || field.seen.features.hold(Features::DIGIT))
        {
            matches(anchored, view, hits);
        }
    }
    if let Some(formats) = &node.formats {
        let runs = || *field.runs.get_or_init(|| Runs::of(&view.clean));
        hits.extend(formats.find(view, &field.seen.terms, &runs));
    }
    if let Some(key) = node
        .fact_terms
        .as_ref()
        .and_then(|k| shared.packs.wakes.list(k))
    {
        let found = field.listed.iter().filter(|l| l.key == key);
        hits.extend(
            found
                .take(limits::MAX_HITS)
                .map(|l| Hit::at(l.start as usize, l.end as usize)),
        );
    }
    if let Some(detector) = node.detector
        && node.gate.is_none_or(|n| field.seen.terms.any(n))
    {
        let context = Context {
            view,
            field: &field.name,
            media: shared.media,
            trails: shared.trails,
            facts: shared.known.facts(),
            day: shared.known.day(),
            links: &field.links,
        };
        hits.extend((detector.run)(&context).into_iter().take(limits::MAX_HITS));
    }
    if let Some(near) = &node.near {
        hits.extend(close(near, field, shared, true));
    }
    if let Some(apart) = &node.apart {
        hits.extend(close(apart, field, shared, false));
    }
    let ask = |inner: &Node| hits.extend(held(inner, field, shared).unwrap_or_default());
    match node.parts.filter(|_| !shared.thorough) {
        None => node.any.iter().for_each(ask),
        Some(first) => {
            let awake = field.parts.between(first, first + node.any.len());
            awake.filter_map(|n| node.any.get(n - first)).for_each(ask);
        }
    }
}

/// As [`eval`], for a node that is looked for: where it holds without pointing at anything, it holds of the whole field.
fn held(node: &Node, field: &Field<'_>, shared: &Shared<'_>) -> Option<Vec<Hit>> {
    eval(node, field, shared).map(|hits| {
        if hits.is_empty() {
            vec![Hit::default()]
        } else {
            hits
        }
    })
}

/// The matches of an expression; its named groups, except `hit`, are names for the message.
fn matches(anchored: &Anchored, view: &View<'_>, hits: &mut Vec<Hit>) {
    let pattern = &anchored.pattern;
    let parts = pattern.parts(&view.clean).into_iter();
    if !anchored.named {
        let found = parts.flat_map(|(from, part)| {
            let found = pattern.find_iter(part).filter(|m| !m.is_empty());
            found.map(move |m| Hit::at(from + m.start(), from + m.end()))
        });
        hits.extend(found.take(limits::MAX_HITS));
        return;
    }
    let all = parts.flat_map(|(from, part)| pattern.captures_iter(part).map(move |g| (from, g)));
    for (from, groups) in all.take(limits::MAX_HITS) {
        let Some(found) = groups.name("hit").or_else(|| groups.get(0)) else {
            continue;
        };
        if found.is_empty() {
            continue;
        }
        let mut hit = Hit::at(from + found.start(), from + found.end());
        for name in pattern.names().filter(|n| *n != "hit") {
            if let Some(group) = groups.name(name) {
                hit = hit.with(name, mask::shorten(group.as_str(), 60));
            }
        }
        hits.push(hit);
    }
}

/// Hits of `of` that have a hit of `to` within so many words (`wanted`), or that have none.
///
/// A hit on the whole field is near whatever is in it, and on neither side of it.
fn close(near: &Near, field: &Field<'_>, shared: &Shared<'_>, wanted: bool) -> Vec<Hit> {
    let Some(of) = held(&near.of, field, shared) else {
        return Vec::new();
    };
    let to = held(&near.to, field, shared).unwrap_or_default();
    let place = |h: &Hit| {
        h.span.map(|(start, end)| {
            let number = |at: usize| match near.words {
                Some(_) => field.view.word_at(at),
                None => field.view.sentence_at(at),
            };
            Stretch {
                start,
                end,
                first: number(start),
                last: number(end.saturating_sub(1)),
            }
        })
    };
    let reach = near.words.unwrap_or(0);
    let to = Places::of(to.iter().map(place));
    let is_near = |hit: &Hit| to.near(place(hit), reach, near.side);
    of.into_iter().filter(|h| is_near(h) == wanted).collect()
}

/// Drops hits that stand too far in, in quotes, or under a negation.
fn keep(node: &Node, field: &Field<'_>, shared: &Shared<'_>, hits: &mut Vec<Hit>) {
    let low = &field.view.low;
    let fold = if node.before_fold {
        shared
            .known
            .facts()
            .number("visible_chars")
            .map(|n| n.max(0.0) as usize)
    } else {
        None
    };
    for limit in [node.first_chars, fold].into_iter().flatten() {
        let end = low
            .char_indices()
            .nth(limit)
            .map_or(low.len(), |(at, _)| at);
        hits.retain(|h| h.span.is_none() || h.start() < end);
    }
    if node.skip_quoted {
        hits.retain(|h| h.span.is_none() || !quoted(low, h.start()));
    }
    if node.skip_negated {
        hits.retain(|h| !h.span.is_some_and(|(s, e)| denied(low, s, e)));
    }
}

/// Whether a byte stands inside quotation marks; looks back at most 300 bytes and ends at a line break.
fn quoted(low: &str, at: usize) -> bool {
    let before = window(low, at, 300);
    let before = before.rsplit('\n').next().unwrap_or_default();
    let open = |o: char, c: char| before.matches(o).count() > before.matches(c).count();
    open('«', '»') || open('“', '”') || before.matches('"').count() % 2 == 1
}

/// At most so many bytes before a place.
pub(crate) fn window(low: &str, at: usize, bytes: usize) -> &str {
    let mut from = at.saturating_sub(bytes);
    while !low.is_char_boundary(from) {
        from += 1;
    }
    low.get(from..at).unwrap_or_default()
}
