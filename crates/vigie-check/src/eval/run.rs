//! Which rules are asked about a post, and in what order their findings are told.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::fields::{cut, field, more_fields, read};
use super::findings::{apart, finding, seen_in, too_long};
use super::nodes::{eval, eval_needed, has_needs};
use super::{Field, Hit, Post, Shared};
use crate::content::Content;
use crate::facts::Facts;
use crate::limits;
use crate::packs::Packs;
use crate::prepared::{Answers, Prepared, Words};
use crate::report::{Finding, Report, Words as Said};
use crate::rule::Rule;
use crate::rule::condition::{self, Asked, Known, Truth};
use crate::rule::days;
use crate::rule::file::FieldKind;
use crate::text::hashtags::{self, Hashtag};
use crate::text::{View, mask};
use crate::wake::Bits;

/// Asks every rule that has a reason to be asked.
pub(crate) fn run(post: Post<'_>, facts: &Facts, packs: &Packs) -> Report {
    watched(post, facts, packs, &mut Unwatched)
}

/// The same, while somebody looks on.
pub(crate) fn watched(
    post: Post<'_>,
    facts: &Facts,
    packs: &Packs,
    watch: &mut impl Watch,
) -> Report {
    match Content::facts_of(post.media, facts) {
        Some(more) => asked(post, &more, packs, false, watch),
        None => asked(post, facts, packs, false, watch),
    }
}

/// Who looks on while rules are asked, to measure them.
pub(crate) trait Watch {
    /// A rule is about to be asked.
    fn begin(&mut self, rule: usize);
    /// It has answered.
    fn end(&mut self, rule: usize);
}

/// Nobody.
struct Unwatched;

impl Watch for Unwatched {
    fn begin(&mut self, _: usize) {}
    fn end(&mut self, _: usize) {}
}

/// With `everyone`, sleeping rules are asked too: a test compares.
fn asked(
    post: Post<'_>,
    facts: &Facts,
    packs: &Packs,
    everyone: bool,
    watch: &mut impl Watch,
) -> Report {
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
    let text_lang = || first?.view.lang();
    let lang = || post.lang.or_else(text_lang);
    let asked = |which| match which {
        Asked::Post => lang(),
        Asked::Text => text_lang(),
    };
    let alone = facts.own().is_empty() && !foreign;
    let answers = (alone && post.lang.is_none_or(|l| Some(l) == text_lang()))
        .then(|| base.answers(text_lang()));
    let shared = Shared {
        media: post.media,
        trails: post.trails,
        packs,
        known: Known::new(facts, Some(&asked)),
        answers,
        lang: &lang,
        thorough: everyone,
        sure: Cell::new(true),
    };
    notes(facts, base, packs, &mut report.notes);
    // Nothing was written yet: a composer just opened has nothing to hear.
    if post.text.is_empty() && fields.len() == 1 && post.media.is_empty() {
        return report;
    }
    let mut awake = awake(&fields, post, facts, base, foreign, packs);
    if everyone {
        (0..packs.rules.len()).for_each(|n| awake.set(n));
    }
    if let Some(answers) = answers {
        awake.remove(&answers.out);
    }
    for n in awake.each() {
        let Some(rule) = packs.rules.get(n) else {
            continue;
        };
        watch.begin(n);
        let ready = answers.and_then(|a| a.when.get(n));
        ask(rule, ready, &fields, &shared, &mut report.findings);
        watch.end(n);
    }
    let hashtags = hashtags::of_words(text);
    if !hashtags.is_empty() {
        let split = read_words(text, &hashtags, packs, base, own.as_ref());
        let more = in_hashtags(&split, &hashtags, &shared, answers, base);
        add_new(&mut report.findings, more);
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

/// The text with its hashtags as the words that they are written of.
fn read_words<'a>(
    text: &'a str,
    hashtags: &[Hashtag],
    packs: &Packs,
    base: &Prepared,
    own: Option<&Words>,
) -> [Field<'a>; 1] {
    let view = View::with(text, hashtags);
    [read(
        Cow::Borrowed("text"),
        FieldKind::Text,
        view,
        packs,
        base,
        own,
    )]
}

/// What rules see in the words of hashtags, beside the words around them.
fn in_hashtags(
    split: &[Field<'_>],
    hashtags: &[Hashtag],
    shared: &Shared<'_>,
    answers: Option<&Answers>,
    base: &Prepared,
) -> Vec<Finding> {
    let packs = shared.packs;
    let mut awake = base.awake.clone();
    for field in split {
        packs.wakes.rules(&field.seen, &mut awake);
    }
    if let Some(answers) = answers {
        awake.remove(&answers.out);
    }
    let mut out = Vec::new();
    for n in awake.each() {
        if let Some(rule) = packs.rules.get(n) {
            let ready = answers.and_then(|a| a.when.get(n));
            ask(rule, ready, split, shared, &mut out);
        }
    }
    // What stands elsewhere was seen when the text was read as it is written.
    let inside = |(s, e): (usize, usize)| hashtags.iter().any(|t| s < t.end && t.start < e);
    out.retain(|f| f.span.is_some_and(inside));
    out
}

/// Adds findings of which none of the same rule stands at the same place.
fn add_new(findings: &mut Vec<Finding>, more: Vec<Finding>) {
    for finding in more {
        let Some((start, end)) = finding.span else {
            continue;
        };
        let same = |f: &Finding| {
            f.rule == finding.rule
                && f.where_ == finding.where_
                && f.span.is_none_or(|(s, e)| s < end && start < e)
        };
        let many = findings.iter().filter(|f| f.rule == finding.rule).count();
        if many < limits::MAX_PER_RULE && !findings.iter().any(same) {
            findings.push(finding);
        }
    }
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
        wakes.rules(&field.seen, &mut out);
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

fn ask(
    rule: &Rule,
    ready: Option<&Truth>,
    fields: &[Field<'_>],
    shared: &Shared<'_>,
    findings: &mut Vec<Finding>,
) {
    let mine = |f: &&Field<'_>| {
        rule.fields.contains(&f.kind) && rule.node.as_ref().is_none_or(|n| has_needs(n, f, shared))
    };
    let mut mine = fields.iter().filter(mine).peekable();
    if mine.peek().is_none() {
        return;
    }
    if (rule.valid_from.is_some() || rule.valid_to.is_some())
        && !shared.known.day().is_some_and(|d| {
            rule.valid_from.is_none_or(|from| d >= from) && rule.valid_to.is_none_or(|to| d <= to)
        })
    {
        return;
    }
    let asked;
    let truth = match ready {
        Some(truth) => truth,
        None => {
            asked = condition::all(&rule.when, &shared.known);
            &asked
        }
    };
    let unknown: &[String] = match truth {
        Truth::No => return,
        Truth::Yes => &[],
        Truth::Unknown(keys) => keys,
    };
    shared.sure.set(unknown.is_empty());
    for field in mine {
        let mut hits = match &rule.node {
            None => vec![Hit {
                field: seen_in(rule, shared.media),
                ..Hit::default()
            }],
            Some(node) => match eval_needed(node, field, shared) {
                None => continue,
                // Only exclusions: the rule is about the post as a whole.
                Some(hits) if hits.is_empty() => vec![Hit::default()],
                Some(hits) => hits,
            },
        };
        if hits.iter().any(|h| h.told.is_some()) {
            hits = apart(hits, rule, field);
        }
        // Two alternatives of a rule that see the same words are one finding.
        let mut seen = BTreeSet::new();
        hits.retain(|h| h.span.is_none() || seen.insert(h.span));
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
            let mut finding = finding(rule, field, shared, hit, unknown.to_vec());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways to ask say the same, with facts of the post and with facts made ready.
    fn same(content: &Content, facts: &Facts, packs: &Packs) -> Report {
        let facts = Content::facts_of(&content.media, facts).unwrap_or_else(|| facts.clone());
        let some = asked(Post::from(content), &facts, packs, false, &mut Unwatched);
        let all = asked(Post::from(content), &facts, packs, true, &mut Unwatched);
        assert_eq!(some.findings, all.findings, "{} {facts:?}", content.text);
        let prepared = packs.prepare(&facts);
        let again = asked(Post::from(content), &prepared, packs, false, &mut Unwatched);
        assert_eq!(again.findings, all.findings, "prepared: {}", content.text);
        some
    }

    #[test]
    fn two_alternatives_that_see_the_same_words_are_one_finding() {
        let packs = Packs::embedded().unwrap();
        let facts = Facts::new().with("codenames", vec!["Héron".to_owned()]);
        let content = Content::text("Fiers de toute l’équipe Héron, bravo");
        let report = same(&content, &facts, &packs);
        let told = report.findings.iter().filter(|f| f.rule == "CONF-CODE-01");
        assert_eq!(told.count(), 1);
    }

    #[test]
    fn words_of_hashtags_are_read() {
        let packs = rule(r#"terms = ["promo noël"]"#);
        for (text, seen) in [
            ("Vite #GrandePromoNoël", Some("PromoNoël")),
            ("Vite #promo_noel_2026", Some("promo_noel")),
            ("Vite #grandepromonoël", None),
            ("Promo Noël #PromoNoel", Some("Promo Noël")),
        ] {
            let report = same(&Content::text(text), &Facts::new(), &packs);
            let first = report.findings.first().and_then(|f| f.span);
            assert_eq!(first.and_then(|(s, e)| text.get(s..e)), seen, "{text}");
        }
        let report = same(
            &Content::text("Promo Noël #PromoNoel"),
            &Facts::new(),
            &packs,
        );
        assert_eq!(report.findings.len(), 2, "two places");

        let packs = Packs::embedded().unwrap();
        let facts = Facts::new().with("codenames", vec!["Blue Anvil".to_owned()]);
        let text = "Proud of the #ProjectBlueAnvil today";
        let report = same(&Content::text(text), &facts, &packs);
        assert!(report.findings.iter().any(|f| f.rule == "CONF-CODE-01"));
    }

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
            same(&content, &facts, &packs);
            count += 1;
        }
        assert!(count > 300);
    }

    /// A rule of nothing but this match.
    fn rule(matching: &str) -> Packs {
        let source = format!(
            "id = \"ORG-A-1\"\nfamily = \"reputation\"\nseverity = \"warn\"\nconfidence = \"low\"\nsource = \"x\"\n\
             evidence = \"verified\"\ntitle = {{ fr = \"a\", en = \"a\" }}\nadvice = {{ fr = \"a\", en = \"a\" }}\n\
             [match]\n{matching}"
        );
        Packs::alone(&[crate::OwnRule {
            file: "ORG-A-1.toml".to_owned(),
            source,
        }])
        .unwrap()
    }

    /// Alternatives that name no words: facts alone, exclusions alone, both.
    #[test]
    fn alternatives_without_words_hold_of_the_whole_field() {
        const FACTS: &str = r#"{ facts = [{ fact = "paid", is = true }] }"#;
        const NONE: &str = r#"{ none = [{ terms = ["pub"] }] }"#;
        const BOTH: &str =
            r#"{ facts = [{ fact = "paid", is = true }], none = [{ terms = ["pub"] }] }"#;
        let near =
            |of: &str, to: &str, more: &str| format!("near = {{ of = {of}, to = {to}{more} }}");
        let vin = r#"{ terms = ["vin"] }"#;
        // A match; then on which of four posts it speaks: paid or not, with « pub » or without.
        let cases = [
            (
                format!("any = [{vin}, {FACTS}]"),
                [true, true, false, false],
            ),
            (format!("any = [{vin}, {NONE}]"), [false, true, false, true]),
            (
                format!("any = [{vin}, {BOTH}]"),
                [false, true, false, false],
            ),
            (
                format!("any = [{{ any = [{BOTH}] }}]"),
                [false, true, false, false],
            ),
            (
                near(r#"{ terms = ["tous"] }"#, FACTS, ""),
                [true, true, false, false],
            ),
            (
                near(BOTH, r#"{ terms = ["tous"] }"#, ", words = 2"),
                [false, true, false, false],
            ),
            (near(FACTS, NONE, ""), [false, true, false, false]),
            (
                near(r#"{ terms = ["tous"] }"#, FACTS, ", side = \"after\""),
                [false; 4],
            ),
            (
                near(r#"{ terms = ["tous"] }"#, NONE, "").replace("near", "apart"),
                [true, false, true, false],
            ),
            (
                near(FACTS, r#"{ terms = ["pub"] }"#, "").replace("near", "apart"),
                [false, true, false, false],
            ),
        ];
        for (matching, speaks) in cases {
            let packs = rule(&matching);
            let mut heard = Vec::new();
            for paid in [true, false] {
                for text in ["Bonjour à tous, pub", "Bonjour à tous"] {
                    let facts = Facts::new().with("now", "2026-11-24").with("paid", paid);
                    let report = same(&Content::text(text), &facts, &packs);
                    heard.push(!report.findings.is_empty());
                }
            }
            assert_eq!(heard, speaks, "{matching}");
        }
        let packs = rule(&format!("any = [{vin}, {FACTS}]"));
        let facts = Facts::new().with("paid", true);
        let report = same(&Content::text("Bonjour"), &facts, &packs);
        assert_eq!(report.findings[0].span, None, "the whole field");
        // Nothing known: the alternative does not hold, and the rule sleeps.
        assert!(
            same(&Content::text("Bonjour"), &Facts::new(), &packs)
                .findings
                .is_empty()
        );
    }

    #[test]
    fn a_bare_ending_is_no_english_word() {
        let packs = rule(r#"terms = ["importé*"]"#);
        let found = |text: &str| {
            !same(&Content::text(text), &Facts::new(), &packs)
                .findings
                .is_empty()
        };
        assert!(found("Nos fruits sont importés avec soin"));
        assert!(found("Nos fruits sont importes avec soin"));
        assert!(found("Des fruits importees de loin"));
        assert!(!found("Our fruits are imported by us with care"));
        assert!(found("Our word for it is importé"));
    }

    /// In a long text, places inside other words do not use up the places that are remembered.
    #[test]
    fn a_word_is_found_after_a_thousand_lookalikes() {
        let packs = rule(r#"terms = ["vin"]"#);
        let text = "divin ".repeat(4000) + "un vin";
        let report = same(&Content::text(&text), &Facts::new(), &packs);
        assert_eq!(report.findings.len(), 1);
    }
}
