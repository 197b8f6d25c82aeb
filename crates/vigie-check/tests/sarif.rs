//! What is written as SARIF follows the schema of OASIS.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::Value;
use vigie_check::output::sarif::{self, Checked};
use vigie_check::{Content, Facts, Lang, Packs, Report, check};

static PACKS: LazyLock<Packs> = LazyLock::new(|| Packs::embedded().expect("the packs load"));

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = include_str!("sarif/sarif-schema-2.1.0.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    jsonschema::draft7::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
});

fn good(log: &Value) {
    let faults: Vec<String> = SCHEMA
        .iter_errors(log)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    // What the words of the standard ask for and the schema does not say.
    for run in log["runs"].as_array().unwrap() {
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        for result in run["results"].as_array().unwrap() {
            let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[at]["id"], result["ruleId"]);
            let region = &result["locations"][0]["physicalLocation"]["region"];
            if region.is_object() {
                let number = |key: &str| region[key].as_u64().unwrap();
                let start = (number("startLine"), number("startColumn"));
                assert!(
                    start <= (number("endLine"), number("endColumn")),
                    "{region}"
                );
            }
        }
    }
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let log = sarif::log(&[], &PACKS, Lang::En);
    good(&log);
    for (place, value) in [
        ("/version", Value::from("2.2")),
        ("/runs/0/tool/driver/name", Value::Null),
        ("/runs/0/columnKind", Value::from("bytes")),
        ("/runs/0/results", serde_json::json!([{ "level": "error" }])),
        ("/$schema", Value::from("not a uri")),
    ] {
        let mut wrong = log.clone();
        *wrong.pointer_mut(place).unwrap() = value;
        assert!(!SCHEMA.is_valid(&wrong), "{place}");
    }
}

/// Every example of every rule in one log, under names that are hard to write as addresses.
#[test]
fn a_log_of_every_rule_follows_the_schema() {
    let names = [
        "post.txt",
        "à lire/été 1.txt",
        "-",
        "C:\\posts\\a.txt",
        "100 % #1?.md",
        "/tmp/a\u{301}.jsonl:3",
    ];
    let mut texts: Vec<(String, Report)> = Vec::new();
    for example in PACKS
        .rules()
        .iter()
        .flat_map(|r| r.fire.iter().chain(&r.quiet))
    {
        let (content, facts) = example.input();
        let report = check(&content, &facts, &PACKS);
        texts.push((content.text, report));
    }
    for lang in [Lang::Fr, Lang::En] {
        let checked: Vec<Checked<'_>> = texts
            .iter()
            .zip(names.iter().cycle())
            .map(|((text, report), name)| Checked { name, text, report })
            .collect();
        let log = sarif::log(&checked, &PACKS, lang);
        good(&log);
        let said = log["runs"][0]["results"].as_array().unwrap().len();
        assert!(said > 500, "{said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_text_under_any_name(text in "(\\PC{0,9}|\r\n|\n|\\{\\{nom\\}\\}|AKIAQW3E5RT2YU4IOP6A|é|👩\u{200D}🔬|\u{200B}|test ){0,9}", name in "\\PC{0,12}") {
        let report = check(&Content::text(&text), &Facts::new().with("now", "2026-11-24"), &PACKS);
        good(&sarif::log(&[Checked { name: &name, text: &text, report: &report }], &PACKS, Lang::Fr));
    }
}
