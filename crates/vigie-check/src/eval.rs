//! Asks every rule about every field.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use jiff::civil::Date;

use crate::content::{Content, Lang};
use crate::detect::{Context, Suggestion};
use crate::facts::Facts;
use crate::limits;
use crate::packs::{Literals, Packs};
use crate::report::{Family, Finding, Fix, Report, Words};
use crate::rule::Rule;
use crate::rule::condition::{self, Truth};
use crate::rule::file::{FieldKind, FixAction, Side};
use crate::rule::model::{Near, Node};
use crate::text::{View, chars, fuzzy, language, mask};

/// Something found: bytes of the view, and what the detector has to say about it.
#[derive(Debug, Clone, Default)]
pub struct Hit {
    /// Bytes of the view; `None` = the whole field.
    pub span: Option<(usize, usize)>,
    /// The field, where it is not the one being read.
    pub field: Option<String>,
    /// Names for the message.
    pub params: BTreeMap<String, String>,
    /// What could be put instead.
    pub suggestion: Option<Suggestion>,
}

impl Hit {
    /// A hit on some bytes of the view.
    pub fn at(start: usize, end: usize) -> Self {
        Hit {
            span: Some((start, end)),
            ..Hit::default()
        }
    }

    /// The same hit with a name for the message.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    fn start(&self) -> usize {
        self.span.map_or(0, |s| s.0)
    }
}

/// One field being read.
struct Field<'a> {
    name: String,
    kind: FieldKind,
    view: View<'a>,
    /// Hits of terms by node, in order of the text.
    terms: Vec<Vec<(usize, usize)>>,
    plain: std::cell::OnceCell<String>,
}

/// What does not change during one check.
struct Shared<'a> {
    content: &'a Content,
    facts: &'a Facts,
    lang: Option<Lang>,
    day: Option<Date>,
    fact_terms: BTreeMap<String, Option<(AhoCorasick, Vec<String>)>>,
    /// Whether the rule being asked knows every fact it needs.
    sure: std::cell::Cell<bool>,
}

/// Runs all rules.
pub(crate) fn run(content: &Content, facts: &Facts, packs: &Packs) -> Report {
    let mut report = Report {
        engine: crate::ENGINE.to_owned(),
        packs: packs.versions.clone(),
        ..Report::default()
    };
    let text = cut(&content.text, limits::MAX_CHARS);
    if text.len() < content.text.len() {
        report.findings.push(too_long(text.len(), &content.text));
    }
    let fields = fields(content, text, facts, &packs.literals);
    let lang = content
        .lang
        .or_else(|| fields.first().and_then(|f| language::guess(&f.view.low)));
    let mut known = facts.clone();
    if let Some(lang) = lang
        && known.get("lang").is_none()
    {
        known.set("lang", lang.as_str());
    }
    let shared = Shared {
        content,
        facts: &known,
        lang,
        day: facts.day(),
        fact_terms: fact_tables(packs, facts),
        sure: std::cell::Cell::new(true),
    };
    if shared.day.is_none() {
        report.notes.push(Words::new(
            "Le jour de publication n’est pas connu\u{a0}: les règles qui en dépendent sont restées muettes.",
            "The day of publication is not known: rules that depend on it kept silent.",
        ));
    }
    // Nothing was written yet: a composer just opened has nothing to hear.
    if content.text.is_empty() && fields.len() == 1 && content.media.is_empty() {
        return report;
    }
    for rule in &packs.rules {
        ask(rule, &fields, &shared, &mut report.findings);
    }
    report.findings.sort_by(|a, b| {
        (b.severity, a.where_ != "text", a.span.map(|s| s.0)).cmp(&(
            a.severity,
            b.where_ != "text",
            b.span.map(|s| s.0),
        ))
    });
    report
}

fn cut(text: &str, max: usize) -> &str {
    text.char_indices()
        .nth(max)
        .map_or(text, |(at, _)| text.get(..at).unwrap_or(text))
}

fn too_long(read: usize, text: &str) -> Finding {
    let (from, to) = crate::text::span::snap(text, read, text.len());
    Finding {
        rule: "REP-SIZE-01".to_owned(),
        family: Family::Reputation,
        severity: crate::Severity::Review,
        confidence: crate::Confidence::High,
        span: Some((from, to)),
        where_: "text".to_owned(),
        message: Words::new(
            "Ce texte dépasse un million de caractères\u{a0}: la suite n’a pas été lue.",
            "This text is over a million characters: the rest was not read.",
        ),
        advice: Words::new(
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

fn fields<'a>(
    content: &'a Content,
    text: &'a str,
    facts: &'a Facts,
    literals: &Literals,
) -> Vec<Field<'a>> {
    let mut out = vec![field("text".to_owned(), FieldKind::Text, text, literals)];
    for (i, link) in content.links.iter().take(limits::MAX_ATTACHED).enumerate() {
        out.push(field(
            format!("link[{i}]"),
            FieldKind::Link,
            cut(link, 8192),
            literals,
        ));
    }
    for (i, media) in content.media.iter().take(limits::MAX_ATTACHED).enumerate() {
        if !media.alt.is_empty() {
            out.push(field(
                format!("media[{i}].alt"),
                FieldKind::Alt,
                cut(&media.alt, 20_000),
                literals,
            ));
        }
        if let Some(name) = &media.filename {
            out.push(field(
                format!("media[{i}].filename"),
                FieldKind::Filename,
                cut(name, 1024),
                literals,
            ));
        }
    }
    for (key, kind) in [
        ("media.ocr", FieldKind::Ocr),
        ("media.filename", FieldKind::Filename),
        ("alt", FieldKind::Alt),
        ("in_reply_to", FieldKind::Reply),
        ("author_handle", FieldKind::Author),
        ("background", FieldKind::Background),
    ] {
        if let Some(text) = facts.text(key).filter(|t| !t.is_empty()) {
            out.push(field(key.to_owned(), kind, cut(text, 100_000), literals));
        }
    }
    out
}

fn field<'a>(name: String, kind: FieldKind, text: &'a str, literals: &Literals) -> Field<'a> {
    let view = View::new(text);
    let mut terms: Vec<Vec<(usize, usize)>> = vec![Vec::new(); literals.nodes];
    if let Some(search) = &literals.search {
        for found in search.find_overlapping_iter(&view.low) {
            for asker in literals
                .asked
                .get(found.pattern().as_usize())
                .into_iter()
                .flatten()
            {
                let Some(hits) = terms.get_mut(asker.node) else {
                    continue;
                };
                if hits.len() < limits::MAX_HITS
                    && view.whole_word(
                        found.start(),
                        found.end(),
                        asker.free_left,
                        asker.free_right,
                    )
                {
                    hits.push((found.start(), found.end()));
                }
            }
        }
    }
    for hits in &mut terms {
        hits.sort_unstable();
        hits.dedup();
    }
    Field {
        name,
        kind,
        view,
        terms,
        plain: std::cell::OnceCell::new(),
    }
}

/// One table for each organisation list that some rule reads.
fn fact_tables(
    packs: &Packs,
    facts: &Facts,
) -> BTreeMap<String, Option<(AhoCorasick, Vec<String>)>> {
    fn keys<'a>(node: &'a Node, out: &mut Vec<&'a str>) {
        out.extend(node.fact_terms.as_deref());
        for inner in node.any.iter().chain(&node.all).chain(&node.none) {
            keys(inner, out);
        }
        for near in [&node.near, &node.apart].into_iter().flatten() {
            keys(&near.of, out);
            keys(&near.to, out);
        }
    }
    let mut wanted = Vec::new();
    for rule in &packs.rules {
        if let Some(node) = &rule.node {
            keys(node, &mut wanted);
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    let mut out = BTreeMap::new();
    for key in wanted {
        let terms: Vec<String> = facts
            .list(key)
            .iter()
            .take(limits::MAX_FACT_TERMS)
            .map(|t| crate::text::view::fold_term(cut(t, 200).trim()))
            .filter(|t| t.chars().count() >= 2)
            .collect();
        if terms.is_empty() {
            continue;
        }
        out.insert(
            key.to_owned(),
            AhoCorasick::new(&terms).ok().map(|search| (search, terms)),
        );
    }
    out
}

fn ask(rule: &Rule, fields: &[Field<'_>], shared: &Shared<'_>, findings: &mut Vec<Finding>) {
    if (rule.valid_from.is_some() || rule.valid_to.is_some())
        && !shared.day.is_some_and(|d| {
            rule.valid_from.is_none_or(|from| d >= from) && rule.valid_to.is_none_or(|to| d <= to)
        })
    {
        return;
    }
    let unknown = match condition::all(&rule.when, shared.facts) {
        Truth::No => return,
        Truth::Yes => Vec::new(),
        Truth::Unknown(keys) => keys,
    };
    shared.sure.set(unknown.is_empty());
    for field in fields.iter().filter(|f| rule.fields.contains(&f.kind)) {
        let mut hits = match &rule.node {
            None => vec![Hit::default()],
            Some(node) => match eval(node, field, shared) {
                None => continue,
                // Only exclusions: the rule is about the post as a whole.
                Some(hits) if hits.is_empty() => vec![Hit::default()],
                Some(hits) => hits,
            },
        };
        hits.truncate(if rule.first_only {
            1
        } else {
            limits::MAX_PER_RULE
        });
        let adjust = rule.adjust.iter().find(|a| {
            condition::all(&a.when, shared.facts) == Truth::Yes
                && a.node
                    .as_ref()
                    .is_none_or(|n| eval(n, field, shared).is_some())
        });
        for hit in hits {
            let mut finding = finding(rule, field, shared, hit, unknown.clone());
            if let Some(adjust) = adjust {
                if let Some(severity) = adjust.severity {
                    finding.severity = severity;
                }
                if let Some(confidence) = adjust.confidence {
                    finding.confidence = confidence;
                }
            }
            if !finding.unknown.is_empty() {
                finding.severity = finding.severity.lower();
            }
            findings.push(finding);
        }
        if rule.first_only {
            break;
        }
    }
}

fn finding(
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
    Finding {
        rule: rule.id.clone(),
        family: rule.family,
        severity: rule.severity,
        confidence: rule.confidence,
        span,
        where_: hit.field.unwrap_or_else(|| field.name.clone()),
        message: rule.message.fill(&params),
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
    lang: Option<Lang>,
    params: &BTreeMap<String, String>,
) -> Option<Fix> {
    let file = rule.fix.as_ref()?;
    let words = || {
        file.text
            .as_ref()
            .map(|w| w.get(lang.unwrap_or(Lang::Fr)).to_owned())
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

/// `None` = does not hold; else the hits (none when the node only excludes).
fn eval(node: &Node, field: &Field<'_>, shared: &Shared<'_>) -> Option<Vec<Hit>> {
    if node.known_only && !shared.sure.get() {
        return None;
    }
    if !node.facts.is_empty() && condition::all(&node.facts, shared.facts) != Truth::Yes {
        return None;
    }
    let words = field.view.word_count();
    if words < node.min_words || node.max_words.is_some_and(|m| words > m) {
        return None;
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
            .day
            .is_none_or(|d| text.from.is_none_or(|f| d >= f) && text.to.is_none_or(|t| d <= t));
        let plain = field.plain.get_or_init(|| fuzzy::plain(&field.view.low));
        in_force && fuzzy::contains(plain, &text.plain, node.distance)
    });
    (!present).then_some(hits)
}

fn seek(node: &Node, field: &Field<'_>, shared: &Shared<'_>, hits: &mut Vec<Hit>) {
    let view = &field.view;
    if let Some(found) = node.terms.and_then(|n| field.terms.get(n)) {
        hits.extend(found.iter().map(|&(s, e)| Hit::at(s, e)));
    }
    let anchored = node.anchors.is_empty()
        || node
            .anchors
            .iter()
            .any(|&n| field.terms.get(n).is_some_and(|h| !h.is_empty()));
    if anchored {
        for regex in &node.regexes {
            for groups in regex.captures_iter(&view.clean).take(limits::MAX_HITS) {
                let Some(found) = groups.name("hit").or_else(|| groups.get(0)) else {
                    continue;
                };
                if found.is_empty() {
                    continue;
                }
                let mut hit = Hit::at(found.start(), found.end());
                for name in regex.capture_names().flatten().filter(|n| *n != "hit") {
                    if let Some(group) = groups.name(name) {
                        hit = hit.with(name, mask::shorten(group.as_str(), 60));
                    }
                }
                hits.push(hit);
            }
        }
    }
    if let Some(Some((search, terms))) = node
        .fact_terms
        .as_ref()
        .and_then(|k| shared.fact_terms.get(k))
    {
        for found in search.find_overlapping_iter(&view.low) {
            if hits.len() >= limits::MAX_HITS {
                break;
            }
            let handle = terms
                .get(found.pattern().as_usize())
                .is_some_and(|t| t.starts_with('@'));
            if view.whole_word(found.start(), found.end(), handle, false) {
                hits.push(Hit::at(found.start(), found.end()));
            }
        }
    }
    if let Some(detector) = node.detector {
        let context = Context {
            view,
            field: &field.name,
            content: shared.content,
            facts: shared.facts,
            lang: shared.lang,
            day: shared.day,
        };
        hits.extend((detector.run)(&context).into_iter().take(limits::MAX_HITS));
    }
    if let Some(near) = &node.near {
        hits.extend(close(near, field, shared, true));
    }
    if let Some(apart) = &node.apart {
        hits.extend(close(apart, field, shared, false));
    }
    for inner in &node.any {
        hits.extend(eval(inner, field, shared).unwrap_or_default());
    }
}

/// Hits of `of` that have a hit of `to` within so many words (`wanted`), or that have none.
fn close(near: &Near, field: &Field<'_>, shared: &Shared<'_>, wanted: bool) -> Vec<Hit> {
    let Some(of) = eval(&near.of, field, shared) else {
        return Vec::new();
    };
    let to = eval(&near.to, field, shared).unwrap_or_default();
    let place = |h: &Hit| {
        h.span.map(|(s, e)| {
            let last = e.saturating_sub(1);
            match near.words {
                Some(_) => (field.view.word_at(s), field.view.word_at(last)),
                None => (field.view.sentence_at(s), field.view.sentence_at(last)),
            }
        })
    };
    let reach = near.words.unwrap_or(0);
    let to: Vec<_> = to
        .iter()
        .filter_map(|h| Some((h.span?, place(h)?)))
        .collect();
    of.into_iter()
        .filter(|hit| {
            let (Some(span), Some((s, e))) = (hit.span, place(hit)) else {
                return false;
            };
            let found = to.iter().any(|&(tspan, (ts, te))| {
                ts <= e + reach
                    && s <= te + reach
                    && match near.side {
                        None => true,
                        Some(Side::Before) => tspan.1 <= span.0,
                        Some(Side::After) => tspan.0 >= span.1,
                    }
            });
            found == wanted
        })
        .collect()
}

/// Drops hits that stand too far in, in quotes, or under a negation.
fn keep(node: &Node, field: &Field<'_>, shared: &Shared<'_>, hits: &mut Vec<Hit>) {
    let low = &field.view.low;
    let fold = if node.before_fold {
        shared
            .facts
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
        hits.retain(|h| h.start() < end);
    }
    if node.skip_quoted {
        hits.retain(|h| !quoted(low, h.start()));
    }
    if node.skip_negated {
        hits.retain(|h| !negated(low, h.start()));
    }
}

/// Whether a byte stands inside quotation marks; looks back at most 300 bytes and ends at a line break.
fn quoted(low: &str, at: usize) -> bool {
    let before = window(low, at, 300);
    let before = before.rsplit('\n').next().unwrap_or_default();
    let open = |o: char, c: char| before.matches(o).count() > before.matches(c).count();
    open('«', '»') || open('“', '”') || before.matches('"').count() % 2 == 1
}

const NOT: &[&str] = &[
    "ne", "n", "pas", "jamais", "aucun", "aucune", "sans", "ni", "non", "not", "never", "no",
    "without", "don", "isn", "aren",
];

/// Whether one of the three words before denies what follows, in the same sentence.
fn negated(low: &str, at: usize) -> bool {
    let before = window(low, at, 120);
    let sentence = before
        .rsplit(['.', '!', '?', '…', '\n', ':'])
        .next()
        .unwrap_or_default();
    sentence
        .rsplit(|c: char| !chars::is_word(c))
        .filter(|w| !w.is_empty())
        .take(3)
        .any(|w| NOT.contains(&w))
}

/// At most so many bytes before a place.
pub(crate) fn window(low: &str, at: usize, bytes: usize) -> &str {
    let mut from = at.saturating_sub(bytes);
    while !low.is_char_boundary(from) {
        from += 1;
    }
    low.get(from..at).unwrap_or_default()
}
