//! The output formats, and promises that hold for any input.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::LazyLock;

use proptest::prelude::*;
use vigie_check::output::{human, json, jsonl, sarif};
use vigie_check::text::span::is_boundary;
use vigie_check::{Content, Facts, Lang, MediaFacts, Packs, Severity, check};

static PACKS: LazyLock<Packs> = LazyLock::new(|| Packs::embedded().expect("the packs load"));

fn facts() -> Facts {
    Facts::new().with("now", "2026-11-24")
}

#[test]
fn json_has_the_promised_names() {
    let report = check(
        &Content::text("Bonjour {{prénom}}, venez samedi"),
        &facts(),
        &PACKS,
    );
    let value = json::report(&report, Lang::Fr);
    let first = &value["findings"][0];
    assert_eq!(first["rule"], "REP-TPL-01");
    assert_eq!(first["family"], "reputation");
    assert_eq!(first["severity"], "stop");
    assert_eq!(first["span"], serde_json::json!([8, 19]));
    assert_eq!(first["where"], "text");
    assert!(value["packs"]["legal"].is_string() && value["engine"].is_string());
}

#[test]
fn a_bad_line_is_an_error_line_and_the_run_goes_on() {
    let good = jsonl::line(r#"{"id":"p1","text":"Test"}"#, &facts(), &PACKS, Lang::En);
    assert!(
        good.report.is_some()
            && good.line.contains("REP-TEST-01")
            && good.line.contains(r#""id":"p1""#)
    );
    for bad in [
        "",
        "[]",
        "{",
        r#"{"id":"p2"}"#,
        r#"{"id":"p2","text":1}"#,
        r#"{"id":"p2","text":"a","facts":[1]}"#,
        r#"{"id":"p2","text":"a","now":"soon"}"#,
    ] {
        let answer = jsonl::line(bad, &facts(), &PACKS, Lang::En);
        assert!(
            answer.report.is_none() && answer.line.contains("error"),
            "{bad}: {}",
            answer.line
        );
    }
    let named = jsonl::line(r#"{"id":"p2","text":1}"#, &facts(), &PACKS, Lang::En);
    assert!(named.line.contains("p2"));
}

#[test]
fn sarif_points_at_line_and_column() {
    let text = "Bonjour\nécrivez-nous {{nom}} vite";
    let report = check(&Content::text(text), &facts(), &PACKS);
    let log = sarif::log(
        &[sarif::Checked {
            name: "a b.txt",
            text,
            report: &report,
        }],
        &PACKS,
        Lang::En,
    );
    let result = &log["runs"][0]["results"][0];
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b.txt");
    assert_eq!(
        (
            &place["region"]["startLine"],
            &place["region"]["startColumn"]
        ),
        (&2.into(), &14.into())
    );
    assert_eq!(
        log["runs"][0]["tool"]["driver"]["rules"][0]["id"],
        result["ruleId"]
    );
}

#[test]
fn people_see_the_place_and_no_secret() {
    let text = "Le wifi ?\nclé AKIAQW3E5RT2YU4IOP6A pour tous";
    let report = check(&Content::text(text), &facts(), &PACKS);
    let stored = serde_json::to_string(&report).unwrap();
    assert!(!stored.contains("AKIAQW3E5RT2YU4IOP6A"), "{stored}");
    let shown = human::report("post.txt", text, &report, Lang::Fr, false);
    assert!(
        shown.contains("post.txt:2:5") && shown.contains("~~~~"),
        "{shown}"
    );
    assert!(!shown.contains('\x1b'));
    assert!(human::report("post.txt", text, &report, Lang::Fr, true).contains('\x1b'));
}

#[test]
fn a_text_over_the_limit_is_told() {
    let text = "été ".repeat(vigie_check::limits::MAX_CHARS / 4 + 1);
    let report = check(&Content::text(&text), &facts(), &PACKS);
    let found = report
        .findings
        .iter()
        .find(|f| f.rule == "REP-SIZE-01")
        .expect("said");
    assert_eq!(found.severity, Severity::Review);
}

#[test]
fn nasty_shapes_end() {
    let n = 60_000;
    for unit in [
        "a",
        "1 ",
        "[",
        "{{",
        "eyJ",
        "AB12",
        "e\u{301}",
        "\u{200B}",
        "👩\u{200D}",
        "😀",
        "M1A/B ",
        "http://",
        "🇫🇷",
        "#a",
        "p\u{0430}y ",
        "le 1 mai ",
        "@",
        "-10 % prix ",
    ] {
        let text: String = unit.chars().cycle().take(n).collect();
        let report = check(&Content::text(text), &facts(), &PACKS);
        assert!(report.findings.len() < 2000, "{unit}");
    }
}

#[test]
fn an_ordinary_post_passes() {
    for text in [
        "Notre nouvelle collection de vases arrive jeudi à l'atelier. Venez la voir, on vous offre le thé.",
        "We spent the week rebuilding the kiln with our neighbours. Photos tomorrow!",
        "Merci à l'équipe de nuit : 400 colis partis avant 6 h, sans une casse.",
        "Retour sur le salon : 3 jours, 1 200 visiteurs, et beaucoup d'idées pour 2027.",
        "Meet Nadia, who has glazed our tiles for twelve years. Read her story on our site.",
        "Fermeture exceptionnelle lundi 30 novembre pour inventaire.",
    ] {
        let report = check(&Content::text(text), &facts(), &PACKS);
        assert!(
            report.worst().is_none_or(|s| s <= Severity::Hint),
            "{text}: {:?}",
            report.findings
        );
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,12}",
        "[a-zà-ÿ ]{0,20}",
        "[0-9 .-]{0,20}",
        prop::sample::select(vec![
            "{{nom}}",
            "\u{200B}",
            "\u{202E}",
            "e\u{301}",
            "👩\u{200D}🔬",
            "🇫🇷",
            "AKIAQW3E5RT2YU4IOP6A",
            "lundi 31 avril",
            "https://staging.a.example/?fbclid=1",
            "p\u{0430}ypal",
            "FR14 2004 1010 0505 0001 3M02 606",
            "-50 %",
            "«",
            "\r\n",
            "neutre en carbone",
            "vin",
            "#MeToo",
            "ﬁn",
            "İ",
            "\u{FEFF}",
            "08/09/1990",
            "née le",
            "\u{0}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn spans_are_in_range_on_graphemes_and_nothing_panics(text in any_text(), alt in any_text(), sector in "[a-z]{0,8}", paid: bool) {
        let mut content = Content::text(&text);
        content.links = vec![alt.clone()];
        content.media = vec![MediaFacts { alt: alt.clone(), filename: Some(text.clone()), ..MediaFacts::default() }];
        let facts = facts().with("sector", sector).with("paid", paid).with("codenames", vec![alt.clone()]).with("org.official_domains", vec![alt.clone()]);
        let report = check(&content, &facts, &PACKS);
        for f in &report.findings {
            let field: &str = if f.where_ == "text" || f.where_.ends_with("filename") { &text } else { &alt };
            for (s, e) in f.span.into_iter().chain(f.fix.as_ref().map(|x| x.span)) {
                prop_assert!(s <= e && e <= field.len(), "{} {:?}", f.rule, (s, e));
                prop_assert!(is_boundary(field, s) && is_boundary(field, e), "{} {:?} {:?}", f.rule, (s, e), field);
            }
            prop_assert!(f.severity < Severity::Review || f.skill.is_some());
            prop_assert!(!f.message.fr.is_empty() && !f.message.en.is_empty() && !f.advice.fr.is_empty());
        }
        prop_assert_eq!(&report, &check(&content, &facts, &PACKS));
        let _ = human::report("x", &text, &report, Lang::En, true);
        let _ = sarif::log(&[sarif::Checked { name: "x", text: &text, report: &report }], &PACKS, Lang::Fr);
    }
}
