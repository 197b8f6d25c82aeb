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
    for folder in ["docs", "docs/rules/fr", "docs/rules/en"] {
        let docs = fs::read_dir(root().join(folder)).unwrap();
        documents.extend(
            docs.map(|e| e.unwrap().path())
                .filter(|p| p.extension().is_some_and(|e| e == "md")),
        );
    }
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

/// The pages of `docs/rules` are those that `make docs` writes.
#[test]
fn pages_of_rules_are_up_to_date() {
    let packs = vigie_check::Packs::embedded().unwrap();
    let made = vigie::rules::docs::pages(&packs);
    let folder = root().join("docs/rules");
    let mut wrong = Vec::new();
    for (name, page) in &made {
        if fs::read_to_string(folder.join(name)).ok().as_ref() != Some(page) {
            wrong.push(name.clone());
        }
    }
    for lang in ["fr", "en"] {
        for entry in fs::read_dir(folder.join(lang)).unwrap() {
            let name = format!("{lang}/{}", entry.unwrap().file_name().display());
            if !made.contains_key(&name) {
                wrong.push(name);
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} pages are out of date, run `make docs`: {:?}",
        wrong.len(),
        wrong.iter().take(10).collect::<Vec<_>>()
    );
}

/// What a rule finds and masks is masked in its pages; links lead to pages that are there; nothing invisible is left.
#[test]
fn pages_of_rules_show_no_secret_and_lose_no_link() {
    let packs = vigie_check::Packs::embedded().unwrap();
    let made = vigie::rules::docs::pages(&packs);
    assert_eq!(made.len(), 2 * (packs.rules().len() + 1));
    let link = Regex::new(r"\]\(([^)]+\.md)\)").unwrap();
    let fenced = Regex::new(r"(?s)```+text\n(.*?)\n```").unwrap();
    let facts = vigie_check::Facts::new().with("now", "2026-11-24");
    for (name, page) in &made {
        let bad = |c: char| c != '\n' && (vigie_check::text::chars::is_hidden(c) || c.is_control());
        assert!(!page.contains(bad), "{name}");
        for found in link.captures_iter(&fenced.replace_all(page, "")) {
            let to = match found[1].split_once("../") {
                Some(("", rest)) if rest.starts_with("../") => continue,
                Some(("", rest)) => rest.to_owned(),
                _ => format!("{}/{}", &name[..2], &found[1]),
            };
            assert!(made.contains_key(&to), "{name}: {}", &found[1]);
        }
        if name.starts_with("fr/CONF-SECRET") {
            for found in fenced.captures_iter(page) {
                let text = vigie_check::Content::text(&found[1]);
                let said = vigie_check::check(&text, &facts, &packs);
                let told = said.findings.iter().find(|f| f.rule == "CONF-SECRET-01");
                assert!(told.is_none(), "{name}: {}", &found[1]);
            }
        }
    }
}

#[test]
fn what_each_network_takes_is_written_from_the_connectors() {
    use vigie::channel::{connectors, docs};
    use vigie::words::Lang;
    let declarations = connectors::declarations().unwrap();
    for lang in [Lang::En, Lang::Fr] {
        let name = docs::file(lang);
        let kept = fs::read_to_string(root().join("docs").join(name)).unwrap();
        assert!(
            kept == docs::page(&declarations, lang),
            "docs/{name} is not what the connectors say: run `make docs`"
        );
    }
}
