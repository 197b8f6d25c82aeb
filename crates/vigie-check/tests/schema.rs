//! The schema that editors read says what the loader says.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vigie_check::rule::schema;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(rule: &str) -> Value {
    let value: toml::Value = toml::from_str(rule).unwrap();
    serde_json::to_value(value).unwrap()
}

#[test]
fn the_committed_schema_is_up_to_date() {
    let committed = fs::read_to_string(root().join("docs/rule.schema.json")).unwrap();
    let committed: Value = serde_json::from_str(&committed).unwrap();
    assert!(
        committed == schema::rule(),
        "docs/rule.schema.json is out of date: run `make docs`"
    );
}

#[test]
fn every_rule_that_comes_with_the_program_follows_it() {
    let validator = jsonschema::draft7::new(&schema::rule()).unwrap();
    let mut count = 0;
    for family in ["reputation", "confidential", "identity", "legal"] {
        for entry in fs::read_dir(root().join("packs").join(family)).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap() == "pack.toml" {
                continue;
            }
            let rule = read(&fs::read_to_string(&path).unwrap());
            let faults: Vec<String> = validator
                .iter_errors(&rule)
                .map(|e| format!("{}: {e}", e.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
            count += 1;
        }
    }
    assert!(count > 150, "{count} rules");
}

const GOOD: &str = r#"id = "ORG-FAIR-01"
family = "reputation"
severity = "warn"
confidence = "high"
source = "Style guide"
evidence = "verified"
title = { fr = "Salon mal nommé", en = "Fair misnamed" }
advice = { fr = "Corrigez", en = "Correct it" }
match = { terms = ["salon des métiers"] }
"#;

/// What the loader refuses, the schema refuses.
#[test]
fn wrong_rules_are_refused() {
    let validator = jsonschema::draft7::new(&schema::rule()).unwrap();
    assert!(validator.is_valid(&read(GOOD)));
    for (from, to) in [
        ("severity", "severty"),
        ("\"warn\"", "\"warm\""),
        ("\"warn\"", "\"review\""),
        ("ORG-FAIR-01", "fair one"),
        ("ORG-FAIR-01", "ORGFAIR"),
        ("terms = [\"salon des métiers\"]", "term = [\"a\"]"),
        ("terms = [\"salon des métiers\"]", "detector = \"ibann\""),
        ("terms = [\"salon des métiers\"]", "near = { of = {} }"),
        (
            "terms = [\"salon des métiers\"]",
            "any = [{ facts = [{ fact = \"a\", iz = 1 }] }]",
        ),
        ("match =", "mask = \"yes\"\nmatch ="),
        ("match = { terms = [\"salon des métiers\"] }", ""),
        ("match =", "valid_from = \"soon\"\nmatch ="),
        ("fr = \"Corrigez\", ", ""),
    ] {
        let wrong = GOOD.replace(from, to);
        assert_ne!(wrong, GOOD, "{from}");
        assert!(!validator.is_valid(&read(&wrong)), "{wrong}");
    }
}

/// An editor shows what is said of a key.
#[test]
fn every_key_is_described() {
    fn each(schema: &Value, bare: &mut Vec<String>) {
        if let Some(properties) = schema["properties"].as_object() {
            for (key, property) in properties {
                let said = property["description"].is_string() || property["allOf"].is_array();
                if !said && !matches!(key.as_str(), "fr" | "en") {
                    bare.push(key.clone());
                }
            }
        }
    }
    let schema = schema::rule();
    let mut bare = Vec::new();
    each(&schema, &mut bare);
    for definition in schema["definitions"].as_object().unwrap().values() {
        each(definition, &mut bare);
    }
    assert!(bare.is_empty(), "keys without a description: {bare:?}");
}
