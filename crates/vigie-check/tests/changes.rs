//! Packs as an organisation changes them: off, weighed otherwise, with rules of its own.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use vigie_check::rule::file::RuleFile;
use vigie_check::{Changes, Content, Facts, OwnRule, Packs, Report, Severity, Skill, check, packs};

const OWN: &str = r#"id = "ORG-FAIR-01"
family = "reputation"
severity = "warn"
confidence = "high"
source = "Style guide"
evidence = "verified"
title = { fr = "Salon mal nommé", en = "Fair misnamed" }
advice = { fr = "Corrigez", en = "Correct it" }
[match]
terms = ["salon des métiers"]
none = [{ terms = ["ancien nom"] }]
"#;

fn own(source: &str) -> OwnRule {
    OwnRule {
        file: "ORG-FAIR-01".into(),
        source: source.into(),
    }
}

fn heard(packs: &Packs, text: &str) -> Report {
    check(
        &Content::text(text),
        &Facts::new().with("now", "2026-11-24"),
        packs,
    )
}

fn severity(report: &Report, rule: &str) -> Option<Severity> {
    report
        .findings
        .iter()
        .find(|f| f.rule == rule)
        .map(|f| f.severity)
}

#[test]
fn a_rule_that_is_off_is_not_heard_and_the_others_are() {
    let text = "Bonjour {{nom}}, lorem ipsum dolor sit amet";
    let all = heard(&Packs::embedded().unwrap(), text);
    assert!(severity(&all, "REP-TPL-01").is_some() && severity(&all, "REP-LOREM-01").is_some());
    let changes = Changes {
        off: ["REP-TPL-01".to_owned()].into(),
        ..Changes::default()
    };
    let less = Packs::changed(&changes).unwrap();
    assert!(less.rule("REP-TPL-01").is_none());
    let report = heard(&less, text);
    assert!(severity(&report, "REP-TPL-01").is_none());
    assert_eq!(
        severity(&report, "REP-LOREM-01"),
        severity(&all, "REP-LOREM-01")
    );
}

#[test]
fn another_weight_holds_whatever_the_circumstances_and_brings_its_skill() {
    let text = "Bonjour {{nom}}";
    for wanted in [Severity::Hint, Severity::Review] {
        let changes = Changes {
            severity: [("REP-TPL-01".to_owned(), wanted)].into(),
            own: vec![own(OWN)],
            ..Changes::default()
        };
        let report = heard(&Packs::changed(&changes).unwrap(), text);
        assert_eq!(severity(&report, "REP-TPL-01"), Some(wanted));
    }
    let adjusted = OWN.to_owned()
        + "[[adjust]]\nwhen = [{ fact = \"now\", present = true }]\nseverity = \"hint\"\n";
    let changes = |severity: &[(&str, Severity)]| Changes {
        severity: severity
            .iter()
            .map(|(r, s)| ((*r).to_owned(), *s))
            .collect(),
        own: vec![own(&adjusted)],
        ..Changes::default()
    };
    let said = |changes| heard(&Packs::changed(&changes).unwrap(), "Au salon des métiers");
    assert_eq!(
        severity(&said(changes(&[])), "ORG-FAIR-01"),
        Some(Severity::Hint)
    );
    let report = said(changes(&[("ORG-FAIR-01", Severity::Stop)]));
    assert_eq!(severity(&report, "ORG-FAIR-01"), Some(Severity::Stop));
    assert!(report.skills().contains(&Skill::Communication));
}

#[test]
fn an_own_rule_takes_no_name_that_is_taken_and_its_faults_have_a_line() {
    let faults = |source: &str| {
        let changes = Changes {
            own: vec![own(source)],
            ..Changes::default()
        };
        Packs::changed(&changes).unwrap_err()[0].to_string()
    };
    assert_eq!(
        faults(&OWN.replace("ORG-FAIR-01", "REP-TPL-01")),
        "ORG-FAIR-01:1: there is a rule `REP-TPL-01` already"
    );
    assert_eq!(
        faults(&OWN.replace("severity", "severty")),
        "ORG-FAIR-01:3: unknown word `severty`: did you mean `severity`?"
    );
}

#[test]
fn a_rule_is_tried_alone_with_the_shared_lists() {
    let source = OWN.replace(
        "\"salon des métiers\"",
        "\"list:rep-cliches\", \"salon des métiers\"",
    );
    let alone = Packs::alone(&[own(&source)]).unwrap();
    assert_eq!(alone.rules().len(), 1);
    assert!(severity(&heard(&alone, "Au salon des métiers"), "ORG-FAIR-01").is_some());
    assert!(
        severity(
            &heard(&alone, "Au salon des métiers (ancien nom)"),
            "ORG-FAIR-01"
        )
        .is_none()
    );
}

#[test]
fn every_rule_can_be_read_again_from_its_file() {
    let packs = Packs::embedded().unwrap();
    for rule in packs.rules() {
        let source = packs::shipped(&rule.file).unwrap_or_else(|| panic!("{}", rule.file));
        let written = RuleFile::read(source).unwrap();
        assert_eq!(written.id, rule.id);
    }
    assert_eq!(packs::shipped("ORG-FAIR-01"), None);
}
