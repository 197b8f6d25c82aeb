//! The bodies of the fuzz targets over their seeds, and over what fuzzing once found: what `make fuzz` does for hours, in
//! seconds.
#![cfg(feature = "pictures")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[path = "../../../fuzz/src/bodies.rs"]
mod bodies;

use std::fs;
use std::path::Path;

fn over_seeds(target: &str) {
    let (name, body) = bodies::TARGETS
        .into_iter()
        .find(|(name, _)| *name == target)
        .unwrap();
    let seeds = bodies::seeds(name);
    assert!(seeds.len() >= 8, "{name}: {} seeds", seeds.len());
    let some = seeds.len().div_ceil(200);
    for seed in seeds.iter().step_by(some) {
        body(seed);
        // And a piece of it: the beginning, as a stream that was cut leaves it.
        body(&seed[..seed.len() / 2]);
    }
    for odd in [
        &b""[..],
        b"\xFF\xFE\0",
        b"\x1E\x1E\x1E\x1E\x1E\x1E",
        b"\n",
        b"{",
        "é\u{301}".as_bytes(),
    ] {
        body(odd);
    }
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/regressions");
    for entry in fs::read_dir(found.join(name)).into_iter().flatten() {
        body(&fs::read(entry.unwrap().path()).unwrap());
    }
}

#[test]
fn checks() {
    over_seeds("check");
}

#[test]
fn rules() {
    over_seeds("rule");
}

#[test]
fn pictures() {
    over_seeds("picture");
}

#[test]
fn lines_of_json() {
    over_seeds("jsonl");
}

#[test]
fn sarif() {
    over_seeds("sarif");
}
