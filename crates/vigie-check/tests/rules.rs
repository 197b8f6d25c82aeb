//! Every rule proves itself by its examples.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use vigie_check::{Packs, proof};

#[test]
fn every_example_of_every_rule() {
    let packs = match Packs::embedded() {
        Ok(packs) => packs,
        Err(faults) => panic!(
            "{}",
            faults.iter().map(|f| format!("{f}\n")).collect::<String>()
        ),
    };
    let mut count = 0;
    let mut misses = Vec::new();
    for rule in packs.rules() {
        let (n, mut m) = proof::prove(rule, &packs);
        assert!(
            rule.fire.len() >= 3 && rule.quiet.len() >= 3,
            "{}: at least three examples of each kind",
            rule.id
        );
        count += n;
        misses.append(&mut m);
    }
    let shown: String = misses
        .iter()
        .map(|m| format!("{} {}\n    {:?}\n", m.rule, m.why, m.text))
        .collect();
    assert!(
        misses.is_empty(),
        "{} of {count} examples went wrong:\n{shown}",
        misses.len()
    );
}

#[test]
fn one_key_is_one_finding() {
    let packs = Packs::embedded().unwrap();
    let line = "MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi0Z1b8F4qhL6kXr7pQe2sVnYtW";
    let key = format!(
        "-----BEGIN RSA PRIV{}-----\n{line}\n{}\nQ2hhbXA=\n-----END RSA PRIV{}-----",
        "ATE KEY", "c8VwX1rJd0TgKqZm5Yp4sLb9NfHu3EaRo7Ci6Gt2MxPvDlWkSjQhBnFyUzOeIiAT", "ATE KEY",
    );
    for text in [
        format!("Ma clé :\n{key}\nmerci"),
        key.replace('\n', "\\n"),
        // Cut before its end.
        key.split("\nQ2h").next().unwrap().to_owned(),
    ] {
        let content = vigie_check::Content::text(&text);
        let report = vigie_check::check(&content, &vigie_check::Facts::new(), &packs);
        let found: Vec<_> = report
            .findings
            .iter()
            .filter(|f| f.rule == "CONF-SECRET-01")
            .collect();
        assert_eq!(found.len(), 1, "{text}\n{found:#?}");
    }
}
