//! The words: the same in both languages, all used, all there, French set as French printers do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on must fail"
)]

use regex::Regex;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extensions, found);
        } else if path
            .extension()
            .and_then(|e| e.to_str())
            .is_some_and(|e| extensions.contains(&e))
        {
            found.push(path);
        }
    }
}

/// Key → (file, body) of one language.
fn catalogue(lang: &str) -> BTreeMap<String, (String, String)> {
    let start = Regex::new(r"^([a-z][a-z0-9_-]*) *= ?(.*)$").unwrap();
    let mut paths = Vec::new();
    files(&root().join("i18n").join(lang), &["ftl"], &mut paths);
    let mut all: BTreeMap<String, (String, String)> = BTreeMap::new();
    for path in paths {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut key: Option<String> = None;
        for line in fs::read_to_string(&path).unwrap().lines() {
            if let Some(found) = start.captures(line) {
                let name = found[1].to_owned();
                let before = all.insert(name.clone(), (file.clone(), found[2].to_owned()));
                assert!(before.is_none(), "{lang}/{file}: {name} is there twice");
                key = Some(name);
            } else if line.starts_with(' ') {
                let (_, body) = all.get_mut(key.as_ref().unwrap()).unwrap();
                body.push('\n');
                body.push_str(line);
            } else {
                assert!(
                    line.is_empty() || line.starts_with('#'),
                    "{lang}/{file}: cannot read {line:?}"
                );
            }
        }
    }
    all
}

fn variables(body: &str) -> BTreeSet<String> {
    Regex::new(r"\$([a-z_]+)")
        .unwrap()
        .captures_iter(body)
        .map(|c| c[1].to_owned())
        .collect()
}

#[test]
fn both_languages_say_the_same_things_with_the_same_values_in_the_same_files() {
    let (fr, en) = (catalogue("fr"), catalogue("en"));
    let keys = |c: &BTreeMap<String, (String, String)>| c.keys().cloned().collect::<BTreeSet<_>>();
    let odd: Vec<_> = keys(&fr)
        .symmetric_difference(&keys(&en))
        .cloned()
        .collect();
    assert!(odd.is_empty(), "only in one language: {odd:?}");
    for (key, (file, body)) in &fr {
        let (other_file, other) = &en[key];
        assert_eq!(file, other_file, "{key}: another file in each language");
        assert_eq!(
            variables(body),
            variables(other),
            "{key}: other values in each language"
        );
    }
}

/// Every key that a source or template asks for, whole or as the beginning of a family (`format!("month-{…}")`).
#[test]
fn every_word_is_there_and_every_word_is_used() {
    let asked = Regex::new(
        r#"(?s)(?:\.t[123]?|Said::new|Flash::(?:good|note|bad)|Error::(?:refused|input)|\.page|wrong_key\(\s*"[a-z_-]+",)\s*\(?\s*"([a-z][a-z0-9_-]*[a-z0-9])"\s*[,)]"#,
    )
    .unwrap();
    let literal = Regex::new(r#""([a-z][a-z0-9_-]*[a-z0-9])""#).unwrap();
    let family = Regex::new(r#""([a-z][a-z0-9]*(?:-[a-z0-9]+)*-)(?:\{|"\s*~)"#).unwrap();
    let known = catalogue("en");
    let mut sources = Vec::new();
    files(
        &root().join("crates/vigie/src"),
        &["rs", "html"],
        &mut sources,
    );
    let (mut used, mut families, mut missing) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for path in sources {
        let text = fs::read_to_string(&path).unwrap();
        used.extend(literal.captures_iter(&text).map(|c| c[1].to_owned()));
        families.extend(family.captures_iter(&text).map(|c| c[1].to_owned()));
        let keys = asked
            .captures_iter(&text)
            .map(|c| c[1].to_owned())
            .filter(|k| !known.contains_key(k));
        missing.extend(keys.map(|k| format!("{}: {k}", path.display())));
    }
    assert!(
        missing.is_empty(),
        "words that no catalogue has:\n{}",
        missing.join("\n")
    );
    let unused: Vec<_> = known
        .keys()
        .filter(|k| !used.contains(*k) && !families.iter().any(|f| k.starts_with(f.as_str())))
        .collect();
    assert!(unused.is_empty(), "words that nothing says: {unused:?}");
}

#[test]
fn french_has_its_own_spaces_and_marks() {
    let wrong = [
        (Regex::new("[ \u{a0}][;!?]").unwrap(), "U+202F before ; ! ?"),
        (Regex::new("[ \u{202f}]:").unwrap(), "U+00A0 before :"),
        (
            Regex::new(r"[\p{L}\p{N})][;!?](?:\s|$)").unwrap(),
            "U+202F before ; ! ?",
        ),
        (Regex::new(r"[\p{L})]:(?:\s|$)").unwrap(), "U+00A0 before :"),
        (Regex::new("« |« *$| »").unwrap(), "U+00A0 inside « »"),
        (
            Regex::new("[\"']").unwrap(),
            "’ and « » instead of ' and \"",
        ),
        (Regex::new(r"\.\.\.").unwrap(), "… instead of three points"),
    ];
    // Header names and code are quoted as they are typed.
    let code = Regex::new(r#"`[^`]*`|Authorization:|https?://\S*|\{ *"[^"]*" *\}"#).unwrap();
    let mut found = Vec::new();
    for (key, (file, body)) in catalogue("fr") {
        let body = code.replace_all(&body, "");
        found.extend(
            wrong
                .iter()
                .filter(|(r, _)| r.is_match(&body))
                .map(|(_, why)| format!("{file}: {key}: {why}")),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn english_has_no_space_before_a_sign() {
    let wrong = Regex::new("[ \u{a0}\u{202f}][;:!?]").unwrap();
    let found: Vec<_> = catalogue("en")
        .into_iter()
        .filter(|(_, (_, b))| wrong.is_match(b))
        .map(|(k, _)| k)
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn every_message_of_both_languages_can_be_said() {
    use vigie::words::{Args, Lang, t};
    for (lang, code) in [(Lang::Fr, "fr"), (Lang::En, "en")] {
        for (key, (_, body)) in catalogue(code) {
            let args: Args = variables(&body)
                .into_iter()
                .map(|v| (v.into(), 3.into()))
                .collect();
            let said = t(lang, &key, &args);
            assert!(
                !said.starts_with('[') && !said.contains("{$"),
                "{code}: {key}: {said}"
            );
        }
    }
}

#[test]
fn the_sprite_has_every_icon_that_is_named() {
    let named = fs::read_to_string(root().join("web/icons.txt")).unwrap();
    let listed: BTreeSet<&str> = named
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .collect();
    let asked = Regex::new(r#"(?:\.icon\(|icon: )"([a-z0-9_-]+)""#).unwrap();
    let mut sources = Vec::new();
    files(
        &root().join("crates/vigie/src"),
        &["rs", "html"],
        &mut sources,
    );
    for path in sources {
        for found in asked.captures_iter(&fs::read_to_string(&path).unwrap()) {
            assert!(
                listed.contains(&found[1]),
                "{}: the icon {} is not in web/icons.txt",
                path.display(),
                &found[1]
            );
        }
    }
}

/// Every act that the program writes in the log has words on the log's page.
#[test]
fn every_act_of_the_log_has_words() {
    let act = Regex::new(
        r#""((?:post|publication|channel|page|change|pause|alarm|rules|member|session|passkey|password|authenticator|recovery|token|vault|mail|organisation)\.[a-z_]+)""#,
    )
    .unwrap();
    let known = catalogue("en");
    let mut sources = Vec::new();
    files(&root().join("crates/vigie/src"), &["rs"], &mut sources);
    let mut seen = BTreeSet::new();
    for path in sources {
        let text = fs::read_to_string(&path).unwrap();
        seen.extend(act.captures_iter(&text).map(|c| c[1].to_owned()));
    }
    assert!(seen.len() > 40, "{}", seen.len());
    let silent: Vec<_> = seen
        .iter()
        .filter(|act| !known.contains_key(&format!("audit-act-{}", act.replace(['.', '_'], "-"))))
        .collect();
    assert!(silent.is_empty(), "acts without words: {silent:?}");
}
