//! Rules of an organisation: loaded from a folder, refused with words that help.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;

use vigie_check::{Content, Facts, Packs, check};

const GOOD: &str = r#"id = "ORG-FAIR-01"
family = "reputation"
severity = "warn"
confidence = "high"
source = "Style guide"
evidence = "verified"
title = { fr = "Salon mal nommé", en = "Fair misnamed" }
advice = { fr = "Corrigez", en = "Correct it" }
[match]
terms = ["salon des métiers"]
"#;

fn load(rule: &str) -> Result<Packs, String> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("rule.toml"), rule).unwrap();
    Packs::load(&[dir.path().to_owned()]).map_err(|f| {
        assert!(f[0].file.ends_with("rule.toml"));
        format!("{}: {}", f[0].line, f[0].message)
    })
}

#[test]
fn a_rule_of_the_organisation_speaks() {
    let packs = load(GOOD).unwrap();
    let content = Content::text("Venez au Salon des metiers");
    let report = check(&content, &Facts::new(), &packs);
    assert!(
        report
            .findings
            .iter()
            .any(|f| f.rule == "ORG-FAIR-01" && f.span == Some((9, 26)))
    );
}

#[test]
fn faults_name_the_line_and_the_nearest_word() {
    let wrong = |from: &str, to: &str| load(&GOOD.replace(from, to)).unwrap_err();
    assert!(
        wrong("severity", "severty")
            .contains("3: unknown word `severty`: did you mean `severity`?")
    );
    assert!(wrong("\"warn\"", "\"warm\"").contains("3: unknown word `warm`: did you mean `warn`?"));
    assert!(
        wrong("terms = [\"salon des métiers\"]", "detector = \"ibann\"")
            .contains("10: there is no detector `ibann`: did you mean `iban`?")
    );
    assert!(wrong("terms = [\"salon des métiers\"]", "regex = ['(a']").starts_with("10:"));
    assert!(wrong("\"warn\"", "\"review\"").contains("skill"));
    assert!(wrong("ORG-FAIR-01", "fair one").starts_with("1:"));
    assert!(wrong("[\"salon des métiers\"]", "[\"*\"]").contains("found everywhere"));
}
