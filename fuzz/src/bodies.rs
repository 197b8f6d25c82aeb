//! What is done with the bytes that a fuzzer makes up, and what must then hold. Also run over the seeds as ordinary tests:
//! `crates/vigie-check/tests/fuzz.rs`.

use std::sync::LazyLock;

use vigie_check::output::{human, json, jsonl as lines, sarif as log};
use vigie_check::rule::file::Example;
use vigie_check::text::span::is_boundary;
use vigie_check::{
    Content, Facts, Lang, MediaFacts, OwnRule, Packs, Report, Severity, Trail, check as ask, packs,
    pictures,
};

/// What is done with some bytes.
pub type Body = fn(&[u8]);

/// Every target, by name.
pub const TARGETS: [(&str, Body); 5] = [
    ("check", check),
    ("rule", rule),
    ("picture", picture),
    ("jsonl", jsonl),
    ("sarif", sarif),
];

static PACKS: LazyLock<Packs> = LazyLock::new(|| Packs::embedded().expect("the packs load"));

/// Parts of one input are set apart by this character, which no post holds.
const APART: char = '\u{1E}';

fn parts(data: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(data);
    text.split(APART).map(str::to_owned).collect()
}

/// Facts written as JSON; none where it is none.
fn facts(json: &str) -> Facts {
    let read = serde_json::from_str(json).ok();
    read.and_then(|v| Facts::from_json(&v).ok())
        .unwrap_or_default()
}

/// A post: text, facts, alternative text, name of a picture, link, bar code, address a link leads to.
pub fn check(data: &[u8]) {
    let parts = parts(data);
    let part = |n: usize| parts.get(n).cloned().unwrap_or_default();
    let some = |text: String| (!text.is_empty()).then_some(text);
    let content = Content {
        text: part(0),
        warning: some(part(7)),
        parts: some(part(8)).into_iter().collect(),
        lang: None,
        links: some(part(4)).into_iter().collect(),
        media: vec![MediaFacts {
            alt: part(2),
            filename: some(part(3)),
            codes: some(part(5)).into_iter().collect(),
            ..MediaFacts::default()
        }],
        trails: vec![Trail {
            link: part(4),
            hops: some(part(6)).into_iter().collect(),
            status: Some(200),
            failed: None,
        }],
    };
    let facts = facts(&part(1));
    let report = ask(&content, &facts, &PACKS);
    assert_eq!(report, ask(&content, &facts, &PACKS), "the same twice");
    let prepared = ask(&content, &PACKS.prepare(&facts), &PACKS);
    assert_eq!(
        report.findings, prepared.findings,
        "the same with facts made ready"
    );
    for f in &report.findings {
        let field = match f.where_.as_str() {
            "text" => content.text.as_str(),
            "media[0].alt" => content.media[0].alt.as_str(),
            "media[0].code[0]" => content.media[0].codes[0].as_str(),
            "media[0].filename" => content.media[0].filename.as_deref().unwrap_or_default(),
            "link[0]" => content.links[0].as_str(),
            "trail[0].hop[0]" => content.trails[0].hops[0].as_str(),
            other => facts.text(other).unwrap_or_default(),
        };
        for (s, e) in f.span.into_iter().chain(f.fix.as_ref().map(|x| x.span)) {
            assert!(s <= e && e <= field.len(), "{} {:?}", f.rule, (s, e));
            assert!(
                is_boundary(field, s) && is_boundary(field, e),
                "{} {:?}",
                f.rule,
                (s, e)
            );
        }
        assert!(
            f.severity < Severity::Review || f.skill.is_some(),
            "{}",
            f.rule
        );
        assert!(
            !f.message.fr.is_empty() && !f.message.en.is_empty(),
            "{}",
            f.rule
        );
    }
    shown(&content.text, &report);
}

/// Every output of a report; what is for people holds nothing that steers a terminal.
fn shown(text: &str, report: &Report) {
    let page = human::report("a.txt", text, report, Lang::Fr, false);
    assert!(
        page.chars().all(|c| c == '\n' || !c.is_control()),
        "{page:?}"
    );
    let stored = serde_json::to_string(report).expect("a report is JSON");
    let again: Report = serde_json::from_str(&stored).expect("and comes back");
    assert_eq!(&again, report);
    assert!(json::report(report, Lang::En)["findings"].is_array());
}

/// A rule file; where it is taken in, it is asked about a few texts.
pub fn rule(data: &[u8]) {
    let source = String::from_utf8_lossy(data).into_owned();
    let own = OwnRule {
        file: "a.toml".to_owned(),
        source,
    };
    match Packs::alone(std::slice::from_ref(&own)) {
        Err(faults) => {
            let lines = own.source.split('\n').count();
            assert!(!faults.is_empty());
            for fault in faults {
                assert!((1..=lines).contains(&fault.line), "{fault}");
                assert!(!fault.message.fr.is_empty() && !fault.message.en.is_empty());
            }
        }
        Ok(packs) => {
            let facts = Facts::new().with("now", "2026-11-24").with("paid", true);
            for text in [
                "",
                "Bonjour à tous, -50 % jeudi 3 mai !",
                "We don't promise a cure: https://a.example/b",
            ] {
                ask(&Content::text(text), &facts, &packs);
            }
            for rule in packs.rules() {
                for example in rule.fire.iter().chain(&rule.quiet).take(3) {
                    let (content, facts) = example.input();
                    ask(&content, &facts, &packs);
                }
            }
        }
    }
}

/// The bytes of a picture, or of what says it is one.
pub fn picture(data: &[u8]) {
    let name = if data.first().is_some_and(|b| b % 2 == 0) {
        "IMG_1.jpg"
    } else {
        "a.png"
    };
    let evidence = pictures::read(Some(name), Some("image/jpeg"), data);
    let media = evidence.media();
    let stored = serde_json::to_string(&evidence).expect("evidence is JSON");
    let _: pictures::Evidence = serde_json::from_str(&stored).expect("and comes back");
    let content = Content {
        media: vec![media],
        ..Content::default()
    };
    ask(&content, &Facts::new().with("now", "2026-11-24"), &PACKS);
    let written = pictures::declare::source(data.to_vec(), "trainedAlgorithmicMedia");
    assert!(written.len() >= data.len());
}

/// A line of JSON.
pub fn jsonl(data: &[u8]) {
    let line = String::from_utf8_lossy(data);
    let base = Facts::new().with("now", "2026-11-24");
    let answer = lines::line(&line, &base, &PACKS, Lang::Fr);
    assert!(!answer.line.contains('\n'));
    let value: serde_json::Value = serde_json::from_str(&answer.line).expect("an answer is JSON");
    assert_ne!(answer.report.is_some(), value.get("error").is_some());
}

/// The name of a file and its text.
pub fn sarif(data: &[u8]) {
    let parts = parts(data);
    let part = |n: usize| parts.get(n).cloned().unwrap_or_default();
    let (name, text) = (part(0), part(1));
    let report = ask(
        &Content::text(&text),
        &Facts::new().with("now", "2026-11-24"),
        &PACKS,
    );
    let one = || log::Checked {
        name: &name,
        text: &text,
        report: &report,
    };
    let log = log::log(&[one(), one()], &PACKS, Lang::En);
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 2 * report.findings.len());
    for result in results {
        let rule = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"]
            .as_str()
            .expect("an address");
        assert!(uri.bytes().all(|b| b.is_ascii_graphic()), "{uri}");
        let region = &place["region"];
        if region.is_object() {
            let at = |key: &str| region[key].as_u64().expect("a number");
            assert!((at("startLine"), at("startColumn")) <= (at("endLine"), at("endColumn")));
            assert!(at("startLine") >= 1 && at("startColumn") >= 1);
            assert!(at("byteOffset") + at("byteLength") <= text.len() as u64);
        }
    }
}

/// Small pictures: each kind, and each place where something is written in them.
const PICTURES: &[&[u8]] = &[
    include_bytes!("../pictures/gif-0.bin"),
    include_bytes!("../pictures/gif-1.bin"),
    include_bytes!("../pictures/jpeg-c2pa-0.bin"),
    include_bytes!("../pictures/jpeg-c2pa-1.bin"),
    include_bytes!("../pictures/jpeg-exif-0.bin"),
    include_bytes!("../pictures/jpeg-exif-1.bin"),
    include_bytes!("../pictures/jpeg-iptc-0.bin"),
    include_bytes!("../pictures/jpeg-plain-0.bin"),
    include_bytes!("../pictures/jpeg-plain-1.bin"),
    include_bytes!("../pictures/jpeg-xmp-0.bin"),
    include_bytes!("../pictures/jpeg-xmp-1.bin"),
    include_bytes!("../pictures/other-1.bin"),
    include_bytes!("../pictures/png-exif-0.bin"),
    include_bytes!("../pictures/png-exif-1.bin"),
    include_bytes!("../pictures/png-exif-text-0.bin"),
    include_bytes!("../pictures/png-exif-text-1.bin"),
    include_bytes!("../pictures/png-itxt-0.bin"),
    include_bytes!("../pictures/png-itxt-1.bin"),
    include_bytes!("../pictures/png-plain-0.bin"),
    include_bytes!("../pictures/png-plain-1.bin"),
    include_bytes!("../pictures/png-text-0.bin"),
    include_bytes!("../pictures/png-text-1.bin"),
    include_bytes!("../pictures/webp-0.bin"),
    include_bytes!("../pictures/webp-1.bin"),
    include_bytes!("../pictures/webp-exif-0.bin"),
];

/// Inputs to begin with: the examples of every rule, and small pictures.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let rules = PACKS.rules();
    let examples = || rules.iter().flat_map(|r| r.fire.iter().chain(&r.quiet));
    let join = |parts: &[&str]| parts.join(&APART.to_string()).into_bytes();
    match target {
        "check" => examples()
            .map(|e| join(&of_example(e).each_ref().map(String::as_str)))
            .collect(),
        "rule" => rules
            .iter()
            .filter_map(|r| Some(packs::shipped(&r.file)?.as_bytes().to_vec()))
            .collect(),
        "jsonl" => examples()
            .map(|e| {
                serde_json::json!({ "id": "a", "text": e.text, "facts": e.facts, "now": e.now })
                    .to_string()
            })
            .map(String::into_bytes)
            .collect(),
        "sarif" => examples()
            .map(|e| join(&["à lire/a b.txt", &e.text]))
            .collect(),
        "picture" => PICTURES.iter().map(|p| p.to_vec()).collect(),
        _ => Vec::new(),
    }
}

fn of_example(e: &Example) -> [String; 7] {
    let mut facts = e.facts.clone();
    let now = e.now.clone().unwrap_or_else(|| "2026-11-24".to_owned());
    facts.insert("now".to_owned(), now.as_str().into());
    [
        e.text.clone(),
        serde_json::to_string(&facts).unwrap_or_default(),
        e.alt.clone().unwrap_or_default(),
        e.filename.clone().unwrap_or_default(),
        e.links.first().cloned().unwrap_or_default(),
        e.codes.first().cloned().unwrap_or_default(),
        e.trails
            .first()
            .and_then(|t| t.hops.first().cloned())
            .unwrap_or_default(),
    ]
}
