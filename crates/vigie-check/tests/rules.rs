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
