#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! The documents say what is: tests they name exist, links lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" && name != "node_modules" {
            sources(&path, all);
        } else if path.extension().is_some_and(|e| e == "rs") {
            all.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_test_that_the_security_table_names_exists() {
    let mut all = String::new();
    for folder in ["crates", "tests"] {
        sources(&root().join(folder), &mut all);
    }
    let table = fs::read_to_string(root().join("docs/asvs.md")).unwrap();
    let named = Regex::new(r"`([a-z0-9]+(?:_[a-z0-9]+){2,})`").unwrap();
    let names: Vec<&str> = named
        .captures_iter(&table)
        .map(|c| c.get(1).unwrap().as_str())
        .collect();
    assert!(names.len() > 40, "only {} tests are named", names.len());
    let gone: Vec<_> = names
        .iter()
        .filter(|n| !all.contains(&format!("fn {n}(")))
        .collect();
    assert!(gone.is_empty(), "tests that are gone: {gone:?}");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#:]+)(?:#[^)]*)?\)").unwrap();
    let mut documents: Vec<PathBuf> = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    ]
    .iter()
    .map(|name| root().join(name))
    .collect();
    let docs = fs::read_dir(root().join("docs")).unwrap();
    documents.extend(
        docs.map(|e| e.unwrap().path())
            .filter(|p| p.extension().is_some_and(|e| e == "md")),
    );
    let mut lost = Vec::new();
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for found in link.captures_iter(&text) {
            if !document.parent().unwrap().join(&found[1]).exists() {
                lost.push(format!("{}: {}", document.display(), &found[1]));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}
