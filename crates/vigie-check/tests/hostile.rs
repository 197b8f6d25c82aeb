//! Texts made to be slow: work grows with the text, not with its square.
//!
//! Processor time of this thread is compared between a text and its double. A measure that is disturbed is taken again.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::LazyLock;

use rustix::time::{ClockId, clock_gettime};
use vigie_check::output::{human, json, jsonl, sarif};
use vigie_check::{Content, Facts, Lang, Packs, Report, check, limits};

static PACKS: LazyLock<Packs> = LazyLock::new(|| Packs::embedded().expect("the packs load"));

/// Twice the text may take so many times the time; four would be its square.
const FACTOR: f64 = 3.0;

/// Below this many seconds, what grows is noise.
const FLOOR: f64 = 0.1;

fn now() -> f64 {
    let t = clock_gettime(ClockId::ThreadCPUTime);
    t.tv_sec as f64 + t.tv_nsec as f64 / 1e9
}

fn took<T>(work: impl Fn() -> T) -> f64 {
    let before = now();
    std::hint::black_box(work());
    now() - before
}

/// Pieces that are repeated until the text is long enough.
fn shapes() -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = [
        ("one letter", "a"),
        ("spaces", " "),
        ("combining marks", "\u{301}"),
        ("letter and marks", "e\u{301}\u{302}\u{303}"),
        ("zero width", "\u{200B}"),
        ("zero-width joiners", "\u{200D}"),
        ("emoji chain", "👩\u{200D}"),
        ("flags", "🇫🇷"),
        ("skin tones", "👍🏽"),
        ("opening quotes", "« "),
        ("nested quotes", "« “ \" "),
        ("closed quotes", "« a » "),
        ("long link", "/path-x?y=1&"),
        ("links", "http://a.fr/b "),
        ("at signs", "@"),
        ("mentions", "@a "),
        ("number signs", "#"),
        ("hashtags", "#ab "),
        ("digits", "7"),
        ("digits and spaces", "4 "),
        ("digits and dots", "12."),
        ("base64", "QUJD+/9x"),
        ("keys", "AKIAQW3E5RT2YU4IOP6A "),
        ("token heads", "eyJhbGci.eyJ"),
        ("right to left", "שלום"),
        ("direction marks", "\u{202E}a\u{202C}"),
        ("replacement", "\u{FFFD}"),
        ("private use", "\u{E000}\u{10FFFD}"),
        ("lines", "\n"),
        ("carriage returns", "\r\n"),
        ("brackets", "["),
        ("braces", "{{"),
        ("parentheses", "(<"),
        ("percent", "-10 % "),
        ("capitals", "ACHETEZ "),
        ("one capital word", "A"),
        ("marks", "!?"),
        ("dots", "…. "),
        ("look-alikes", "p\u{0430}ypal "),
        ("full width", "Ａ"),
        ("mathematical", "𝐚"),
        ("ligatures", "ﷺ"),
        ("dashes", "-_"),
        ("names", "Anne Martin, "),
        ("days", "lundi 31 avril "),
        ("denials", "ne n'est pas "),
        ("nulls", "\0"),
    ]
    .into_iter()
    .map(|(name, unit)| (name.to_owned(), unit.to_owned()))
    .collect();
    // What makes many rules speak, again and again.
    let rules = PACKS.rules();
    let triggers = |skip: usize| -> String {
        let some = rules.iter().skip(skip).step_by(4);
        let texts = some.flat_map(|r| r.fire.first()).map(|e| e.text.as_str());
        texts.flat_map(|t| [t, "\n"]).collect()
    };
    for n in 0..4 {
        out.push((format!("triggers {n}"), triggers(n)));
    }
    out.push((
        "triggers, one line".to_owned(),
        triggers(1).replace('\n', " "),
    ));
    out.push((
        "triggers, no spaces".to_owned(),
        triggers(2).replace([' ', '\n'], ""),
    ));
    out
}

fn long(unit: &str, chars: usize) -> String {
    unit.chars().cycle().take(chars).collect()
}

/// Fails when `work` of twice `size` takes much more than twice the time, three times in a row.
fn linear(name: &str, what: &str, work: impl Fn(bool) -> f64) -> Option<String> {
    let mut seen = (0.0, 0.0);
    for _ in 0..3 {
        let (once, twice) = (work(false), work(true));
        if twice <= once.max(FLOOR / FACTOR) * FACTOR {
            return None;
        }
        seen = (once, twice);
    }
    Some(format!(
        "{name}: {what}: {:.2} s, then {:.2} s",
        seen.0, seen.1
    ))
}

fn facts() -> Facts {
    Facts::new()
        .with("now", "2026-11-24")
        .with("org.terms", vec!["Atelier Merlin".to_owned()])
        .with("codenames", vec!["alba".to_owned(), "a".to_owned()])
}

#[test]
fn a_check_grows_with_the_text() {
    let facts = PACKS.prepare(&facts());
    let mut slow = Vec::new();
    for (name, unit) in shapes() {
        // Within the million characters that are read, so that twice the text is twice the work.
        let all = long(&unit, limits::MAX_CHARS / 4);
        let half = long(&unit, limits::MAX_CHARS / 8);
        let (all, half) = (Content::text(all), Content::text(half));
        let time = |twice: bool| took(|| check(if twice { &all } else { &half }, &facts, &PACKS));
        if std::env::var_os("VIGIE_HOSTILE_SHOW").is_some() {
            println!("{name}: {:.3} {:.3}", time(false), time(true));
        }
        slow.extend(linear(&name, "check", time));
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

/// Ten megabytes in each output. The engine reads a million characters and says so; what is beyond costs little more than to
/// be counted.
#[test]
fn outputs_grow_with_the_text() {
    let facts = PACKS.prepare(&facts());
    let mut slow = Vec::new();
    for (name, unit) in shapes() {
        // What is said of a piece: each output shows it in the whole text.
        let piece = long(&unit, 60_000);
        let report = check(&Content::text(piece), &facts, &PACKS);
        let make = |bytes: usize| long(&unit, bytes / unit.len() * unit.chars().count());
        let (half, all) = (make(5 << 20), make(10 << 20));
        let of = |twice: bool| if twice { &all } else { &half };
        let mut ask = |what: &str, work: &dyn Fn(&str, &Report)| {
            let time = |twice: bool| took(|| work(of(twice), &report));
            if std::env::var_os("VIGIE_HOSTILE_SHOW").is_some() {
                println!("{name}: {what}: {:.3} {:.3}", time(false), time(true));
            }
            slow.extend(linear(&name, what, time));
        };
        ask("people", &|text, report| {
            human::report("a.txt", text, report, Lang::Fr, true);
        });
        ask("json", &|_, report| {
            json::report(report, Lang::Fr).to_string();
        });
        ask("sarif", &|text, report| {
            let checked = sarif::Checked {
                name: "a.txt",
                text,
                report,
            };
            sarif::log(&[checked], &PACKS, Lang::Fr).to_string();
        });
        // A check of each: some shapes are enough to see that JSON is read in one go.
        if ![
            "one letter",
            "nulls",
            "lines",
            "zero width",
            "triggers, one line",
        ]
        .contains(&name.as_str())
        {
            continue;
        }
        let lines = [&half, &all].map(|text| serde_json::json!({ "text": text }).to_string());
        ask("jsonl", &|text, _| {
            let line = if text.len() == all.len() {
                &lines[1]
            } else {
                &lines[0]
            };
            jsonl::line(line, &facts, &PACKS, Lang::Fr);
        });
    }
    assert!(slow.is_empty(), "{slow:#?}");
}
