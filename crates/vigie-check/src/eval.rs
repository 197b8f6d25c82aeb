//! Asks every rule about every field.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::content::{Content, Lang, MediaFacts, Trail};
use crate::detect::{Context, Suggestion};
use crate::facts::Facts;
use crate::limits;
use crate::packs::{Hits, Packs};
use crate::prepared::{Listed, Prepared, Words};
use crate::report::{Family, Finding, Fix, Report, Words as Said};
use crate::rule::Rule;
use crate::rule::condition::{self, Asked, Known, Truth};
use crate::rule::days;
use crate::rule::file::{FieldKind, FixAction, Side};
use crate::rule::model::{Anchored, Near, Node};
use crate::scan::features::Features;
use crate::scan::runs::Runs;
use crate::text::{View, chars, fuzzy, language, mask};
use crate::wake::Bits;

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
    /// What it is, where the rule itself does not say.
    pub told: Option<Box<Told>>,
}

/// What a hit says about itself: name, and how serious and sure it is where that is not as the rule says.
#[derive(Debug, Clone)]
pub struct Told {
    /// What it is: `{what}` in the message.
    pub what: crate::report::Words,
    /// Another severity than the rule's.
    pub severity: Option<crate::Severity>,
    /// Another confidence than the rule's.
    pub confidence: Option<crate::Confidence>,
    /// Of two hits on the same bytes the lower one is kept.
    pub rank: u8,
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

/// Rank of hits that are guessed at from their looks alone.
const GUESSED: u8 = 4;

/// One field being read.
struct Field<'a> {
    name: Cow<'static, str>,
    kind: FieldKind,
    view: View<'a>,
    /// Where the literals of rules stand.
    terms: Hits,
    /// Where words of the organisation's lists stand.
    listed: Vec<Listed>,
    plain: OnceCell<String>,
    /// Its longest runs of letters and digits.
    runs: OnceCell<Runs>,
}

/// What does not change during one check.
struct Shared<'a> {
    media: &'a [MediaFacts],
    trails: &'a [Trail],
    packs: &'a Packs,
    known: Known<'a>,
    lang: &'a dyn Fn() -> Option<Lang>,
    /// Whether the rule being asked knows every fact it needs.
    sure: Cell<bool>,
}

/// A post as it is checked, borrowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Post<'a> {
    pub(crate) text: &'a str,
    pub(crate) lang: Option<Lang>,
    pub(crate) links: &'a [String],
    pub(crate) media: &'a [MediaFacts],
    pub(crate) trails: &'a [Trail],
}

impl<'a> From<&'a Content> for Post<'a> {
    fn from(content: &'a Content) -> Self {
        Post {
            text: &content.text,
            lang: content.lang,
            links: &content.links,
            media: &content.media,
            trails: &content.trails,
        }
    }
}

/// Asks every rule that has a reason to be asked.
pub(crate) fn run(post: Post<'_>, facts: &Facts, packs: &Packs) -> Report {
    match Content::facts_of(post.media, facts) {
        Some(more) => asked(post, &more, packs, false),
        None => asked(post, facts, packs, false),
    }
}

/// With `everyone`, sleeping rules are asked too: a test compares.
fn asked(post: Post<'_>, facts: &Facts, packs: &Packs, everyone: bool) -> Report {
    let mut report = Report {
        engine: Cow::Borrowed(crate::ENGINE),
        packs: Arc::clone(&packs.versions),
        ..Report::default()
    };
    let text = cut(post.text, limits::MAX_CHARS);
    if text.len() < post.text.len() {
        report.findings.push(too_long(text.len(), post.text));
    }
    // Nothing prepared for these packs: facts are read one by one, and lists compiled for this post alone.
    let foreign = facts.base().is_some_and(|b| b.packs != packs.number);
    let base = facts
        .base()
        .filter(|b| b.packs == packs.number)
        .map_or(&packs.nothing, |b| b.as_ref());
    let own = if facts.own().is_empty() && !foreign {
        None
    } else {
        let words = Words::read(facts, packs, !foreign);
        Some(words)
    };
    let mut fields = Vec::with_capacity(1);
    let mut add = |name: Cow<'static, str>, kind, text| {
        fields.push(field(name, kind, text, packs, base, own.as_ref()));
    };
    add(Cow::Borrowed("text"), FieldKind::Text, text);
    more_fields(post, facts, &mut add);
    let first: Option<&Field<'_>> = fields.first();
    let guessed = OnceCell::new();
    let text_lang = || *guessed.get_or_init(|| language::guess(&first?.view.low));
    let lang = || post.lang.or_else(text_lang);
    let asked = |which| match which {
        Asked::Post => lang(),
        Asked::Text => text_lang(),
    };
    let shared = Shared {
        media: post.media,
        trails: post.trails,
        packs,
        known: Known::new(facts, Some(&asked)),
        lang: &lang,
        sure: Cell::new(true),
    };
    notes(facts, base, packs, &mut report.notes);
    // Nothing was written yet: a composer just opened has nothing to hear.
    if post.text.is_empty() && fields.len() == 1 && post.media.is_empty() {
        return report;
    }
    let alone = facts.own().is_empty() && !foreign;
    let mut awake = awake(&fields, post, facts, base, foreign, packs);
    if everyone {
        (0..packs.rules.len()).for_each(|n| awake.set(n));
    }
    for n in awake.each() {
        let Some(rule) = packs.rules.get(n) else {
            continue;
        };
        let ready = if alone {
            base.when.get(n).and_then(Option::as_ref)
        } else {
            None
        };
        if ready != Some(&Truth::No) {
            ask(rule, ready, &fields, &shared, &mut report.findings);
        }
    }
    hide(&fields, &mut report.findings);
    report.findings.sort_by(|a, b| {
        (b.severity, a.where_ != "text", a.span.map(|s| s.0)).cmp(&(
            a.severity,
            b.where_ != "text",
            b.span.map(|s| s.0),
        ))
    });
    report
}

/// Takes what must not be shown out of the words of every other finding: a link that is too long may hold a token.
fn hide(fields: &[Field<'_>], findings: &mut [Finding]) {
    let secrets: BTreeSet<String> = findings
        .iter()
        .filter(|f| f.masked)
        .filter_map(|f| {
            let field = fields.iter().find(|x| x.name == f.where_)?;
            let (s, e) = f.span?;
            Some(field.view.original().get(s..e)?.to_owned())
        })
        .filter(|s| s.chars().count() >= 6 && !s.chars().all(char::is_alphabetic))
        .collect();
    if secrets.is_empty() {
        return;
    }
    for finding in findings {
        for secret in &secrets {
            finding.hide(secret, &mask::mask(secret));
        }
    }
}

/// Remarks on the check itself.
fn notes(facts: &Facts, base: &Prepared, packs: &Packs, notes: &mut Vec<Said>) {
    let days = ["publish", "date", "now"].map(|k| facts.date(k));
    let latest = days.into_iter().flatten().max().max(base.day);
    let Some(latest) = latest else {
        notes.push(Said::new(
            "Le jour de publication n’est pas connu\u{a0}: les règles qui en dépendent sont restées muettes.",
            "The day of publication is not known: rules that depend on it kept silent.",
        ));
        return;
    };
    for (pack, review) in packs.reviews.iter().filter(|(_, day)| latest > **day) {
        notes.push(Said::new(
            format!(
                "Les règles «\u{a0}{pack}\u{a0}» étaient à relire avant le {}\u{a0}: mettez-les à jour, le droit ou les usages ont pu changer.",
                days::in_french(*review)
            ),
            format!(
                "The “{pack}” rules were to be reviewed by {}: update them, laws or customs may have changed.",
                days::in_english(*review)
            ),
        ));
    }
}

/// The rules that something in the post, or in what is known of it, wakes.
fn awake(
    fields: &[Field<'_>],
    post: Post<'_>,
    facts: &Facts,
    base: &Prepared,
    foreign: bool,
    packs: &Packs,
) -> Bits {
    let wakes = &packs.wakes;
    let mut out = base.awake.clone();
    for field in fields {
        for node in field.terms.nodes() {
            if let Some(Some(rule)) = wakes.by_node.get(node as usize) {
                out.set(*rule as usize);
            }
        }
        for found in field.listed.chunk_by(|a, b| a.key == b.key) {
            if let Some(bits) = found
                .first()
                .and_then(|f| wakes.by_list.get(f.key as usize))
            {
                out.add(bits);
            }
        }
        wakes.traits(
            Features::of(&field.view.clean, field.view.strange),
            &mut out,
        );
    }
    if !post.media.is_empty() {
        out.add(&wakes.by_media);
    }
    if !post.trails.is_empty() {
        out.add(&wakes.by_trails);
    }
    if foreign {
        for (key, _) in facts.iter() {
            out.add_some(wakes.by_fact(key));
        }
    } else {
        for key in facts.own().keys() {
            out.add_some(wakes.by_fact(key));
        }
    }
    out
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

fn more_fields<'a>(
    post: Post<'a>,
    facts: &'a Facts,
    add: &mut impl FnMut(Cow<'static, str>, FieldKind, &'a str),
) {
    for (i, link) in post.links.iter().take(limits::MAX_ATTACHED).enumerate() {
        add(
            format!("link[{i}]").into(),
            FieldKind::Link,
            cut(link, 8192),
        );
    }
    for (i, media) in post.media.iter().take(limits::MAX_ATTACHED).enumerate() {
        if !media.alt.is_empty() {
            add(
                format!("media[{i}].alt").into(),
                FieldKind::Alt,
                cut(&media.alt, 20_000),
            );
        }
        if let Some(name) = &media.filename {
            add(
                format!("media[{i}].filename").into(),
                FieldKind::Filename,
                cut(name, 1024),
            );
        }
        if let Some(text) = media.ocr.as_deref().filter(|t| !t.is_empty()) {
            add(
                format!("media[{i}].ocr").into(),
                FieldKind::Ocr,
                cut(text, 100_000),
            );
        }
        for (j, code) in media.codes.iter().take(limits::MAX_ATTACHED).enumerate() {
            let web = code
                .get(..4)
                .is_some_and(|c| c.eq_ignore_ascii_case("http"));
            let kind = if web { FieldKind::Link } else { FieldKind::Ocr };
            add(
                format!("media[{i}].code[{j}]").into(),
                kind,
                cut(code, 8192),
            );
        }
    }
    for (i, trail) in post.trails.iter().take(limits::MAX_ATTACHED).enumerate() {
        for (j, hop) in trail.hops.iter().take(limits::MAX_ATTACHED).enumerate() {
            add(
                format!("trail[{i}].hop[{j}]").into(),
                FieldKind::Link,
                cut(hop, 8192),
            );
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
            add(Cow::Borrowed(key), kind, cut(text, 100_000));
        }
    }
}

fn field<'a>(
    name: Cow<'static, str>,
    kind: FieldKind,
    text: &'a str,
    packs: &Packs,
    base: &Prepared,
    own: Option<&Words>,
) -> Field<'a> {
    let view = View::new(text);
    let terms = packs.search.find(&view);
    let mut listed = Vec::new();
    base.lists.find(&view, &mut listed);
    if let Some(own) = own {
        own.find(&view, &mut listed);
    }
    listed.sort_unstable();
    listed.dedup();
    Field {
        name,
        kind,
        view,
        terms,
        listed,
        plain: OnceCell::new(),
        runs: OnceCell::new(),
    }
}

fn ask(
    rule: &Rule,
    ready: Option<&Truth>,
    fields: &[Field<'_>],
    shared: &Shared<'_>,
    findings: &mut Vec<Finding>,
) {
    if (rule.valid_from.is_some() || rule.valid_to.is_some())
        && !shared.known.day().is_some_and(|d| {
            rule.valid_from.is_none_or(|from| d >= from) && rule.valid_to.is_none_or(|to| d <= to)
        })
    {
        return;
    }
    let unknown = match ready
        .cloned()
        .unwrap_or_else(|| condition::all(&rule.when, &shared.known))
    {
        Truth::No => return,
        Truth::Yes => Vec::new(),
        Truth::Unknown(keys) => keys,
    };
    shared.sure.set(unknown.is_empty());
    for field in fields.iter().filter(|f| rule.fields.contains(&f.kind)) {
        let mut hits = match &rule.node {
            None => vec![Hit {
                field: seen_in(rule, shared.media),
                ..Hit::default()
            }],
            Some(node) => match eval(node, field, shared) {
                None => continue,
                // Only exclusions: the rule is about the post as a whole.
                Some(hits) if hits.is_empty() => vec![Hit::default()],
                Some(hits) => hits,
            },
        };
        if hits.iter().any(|h| h.told.is_some()) {
            hits = apart(hits, rule, field);
        }
        hits.truncate(if rule.first_only {
            1
        } else {
            limits::MAX_PER_RULE
        });
        let adjust = rule.adjust.iter().find(|a| {
            condition::all(&a.when, &shared.known) == Truth::Yes
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

/// The picture that a rule without words speaks of: one that gives a fact it reads.
fn seen_in(rule: &Rule, media: &[MediaFacts]) -> Option<String> {
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
fn apart(mut hits: Vec<Hit>, rule: &Rule, field: &Field<'_>) -> Vec<Hit> {
    let begun: Vec<usize> = rule
        .node
        .iter()
        .flat_map(Node::format_sets)
        .flat_map(|f| f.begun(&field.terms))
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

/// `None` = does not hold; else the hits (none when the node only excludes).
fn eval(node: &Node, field: &Field<'_>, shared: &Shared<'_>) -> Option<Vec<Hit>> {
    if node.known_only && !shared.sure.get() {
        return None;
    }
    if !node.facts.is_empty() && condition::all(&node.facts, &shared.known) != Truth::Yes {
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
            .known
            .day()
            .is_none_or(|d| text.from.is_none_or(|f| d >= f) && text.to.is_none_or(|t| d <= t));
        let plain = field.plain.get_or_init(|| fuzzy::plain(&field.view.low));
        in_force && fuzzy::contains(plain, &text.plain, node.distance)
    });
    (!present).then_some(hits)
}

fn seek(node: &Node, field: &Field<'_>, shared: &Shared<'_>, hits: &mut Vec<Hit>) {
    let view = &field.view;
    if let Some(node) = node.terms {
        hits.extend(field.terms.of(node).map(|(s, e)| Hit::at(s, e)));
    }
    for anchored in &node.regexes {
        if anchored.anchors.is_none_or(|n| field.terms.any(n)) {
            matches(anchored, view, hits);
        }
    }
    if let Some(formats) = &node.formats {
        let runs = || *field.runs.get_or_init(|| Runs::of(&view.clean));
        hits.extend(formats.find(view, &field.terms, &runs));
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
        && node.gate.is_none_or(|n| field.terms.any(n))
    {
        let context = Context {
            view,
            field: &field.name,
            media: shared.media,
            trails: shared.trails,
            facts: shared.known.facts(),
            day: shared.known.day(),
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

/// The matches of an expression; its named groups, except `hit`, are names for the message.
fn matches(anchored: &Anchored, view: &View<'_>, hits: &mut Vec<Hit>) {
    let pattern = &anchored.pattern;
    if !anchored.named {
        let found = pattern.find_iter(&view.clean).take(limits::MAX_HITS);
        hits.extend(
            found
                .filter(|m| !m.is_empty())
                .map(|m| Hit::at(m.start(), m.end())),
        );
        return;
    }
    for groups in pattern.captures_iter(&view.clean).take(limits::MAX_HITS) {
        let Some(found) = groups.name("hit").or_else(|| groups.get(0)) else {
            continue;
        };
        if found.is_empty() {
            continue;
        }
        let mut hit = Hit::at(found.start(), found.end());
        for name in pattern.names().filter(|n| *n != "hit") {
            if let Some(group) = groups.name(name) {
                hit = hit.with(name, mask::shorten(group.as_str(), 60));
            }
        }
        hits.push(hit);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A rule that sleeps has nothing to say: on every example of every rule, asking all rules finds the same.
    #[test]
    fn sleeping_rules_have_nothing_to_say() {
        let packs = Packs::embedded().unwrap();
        let mut count = 0;
        for example in packs
            .rules
            .iter()
            .flat_map(|r| r.fire.iter().chain(&r.quiet))
        {
            let (content, facts) = example.input();
            let facts = Content::facts_of(&content.media, &facts).unwrap_or(facts);
            let some = asked(Post::from(&content), &facts, &packs, false);
            let all = asked(Post::from(&content), &facts, &packs, true);
            assert_eq!(some.findings, all.findings, "{}", content.text);
            let prepared = packs.prepare(&facts);
            let again = asked(Post::from(&content), &prepared, &packs, false);
            assert_eq!(again.findings, all.findings, "prepared: {}", content.text);
            count += 1;
        }
        assert!(count > 300);
    }
}
