#![allow(clippy::unwrap_used)]
//! Who may depend on whom (`ARCHITECTURE.md`, invariants): read from what each crate's manifest says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What the crates need to run, by crate; what only their tests need does not count.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(crates).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(manifest) = std::fs::read_to_string(folder.join("Cargo.toml")) else {
            continue;
        };
        let needs = manifest
            .lines()
            .skip_while(|line| *line != "[dependencies]")
            .skip(1)
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.split(['.', ' ', '=']).next())
            .filter(|name| !name.is_empty() && !name.starts_with('#'))
            .map(str::to_owned)
            .collect();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        out.insert(name, needs);
    }
    out
}

#[test]
fn each_crate_sees_only_what_the_map_says() {
    let map = BTreeMap::from([
        ("vigie-core", vec![]),
        ("vigie-check", vec![]),
        ("vigie-store", vec!["vigie-core"]),
        ("vigie-connect", vec!["vigie-core"]),
        (
            "vigie",
            vec!["vigie-check", "vigie-connect", "vigie-core", "vigie-store"],
        ),
    ]);
    let found = dependencies();
    assert_eq!(
        found.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        map.keys().copied().collect(),
        "a crate without its line here"
    );
    for (name, may) in map {
        let ours: Vec<&str> = found[name]
            .iter()
            .map(String::as_str)
            .filter(|d| d.starts_with("vigie"))
            .collect();
        assert_eq!(ours, may, "{name}");
    }
}

#[test]
fn sql_http_and_pages_have_one_room_each() {
    let found = dependencies();
    for (outside, room) in [
        ("sqlx", "vigie-store"),
        ("reqwest", "vigie-connect"),
        ("axum", "vigie"),
    ] {
        let rooms: Vec<&String> = found
            .iter()
            .filter(|(_, needs)| needs.contains(outside))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(rooms, [room], "{outside}");
    }
}
