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
        format!("{}: {}", f[0].line, f[0].message.en)
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

/// A folder with one rule, `ORG-FAIR-01`, whose match is given, and the list `fairs`.
fn with(matching: &str) -> Result<Packs, String> {
    let dir = tempfile::tempdir().unwrap();
    let rule = GOOD.split("[match]").next().unwrap().to_owned() + matching;
    fs::write(dir.path().join("rule.toml"), rule).unwrap();
    fs::create_dir(dir.path().join("lists")).unwrap();
    fs::write(
        dir.path().join("lists/fairs.toml"),
        "about = \"ours\"\nwords = [\"salon des métiers\", \"craft fair\"]\n",
    )
    .unwrap();
    Packs::load(&[dir.path().to_owned()]).map_err(|f| format!("{}: {}", f[0].line, f[0].message.en))
}

fn heard(packs: &Packs, text: &str, facts: &Facts) -> Option<vigie_check::Severity> {
    let facts = {
        let mut all = Facts::new().with("now", "2026-11-24");
        all.extend(facts.clone());
        all
    };
    check(&Content::text(text), &facts, packs)
        .findings
        .iter()
        .find(|f| f.rule == "ORG-FAIR-01")
        .map(|f| f.severity)
}

#[test]
fn shared_lists_stand_for_their_words() {
    let packs = with("[match]\nterms = [\"list:fairs\"]").unwrap();
    assert!(heard(&packs, "See you at the Craft Fair", &Facts::new()).is_some());
    let wrong = with("[match]\nterms = [\"list:fair\"]").unwrap_err();
    assert!(
        wrong.contains("no list `fair`: did you mean `list:fairs`?"),
        "{wrong}"
    );
}

#[test]
fn a_side_and_a_sentence() {
    let packs = with(
        "[match]\nnear = { of = { terms = [\"prix\"] }, to = { terms = [\"baisse\"] }, side = \"after\" }",
    )
    .unwrap();
    let none = Facts::new();
    assert!(heard(&packs, "Nos prix sont en baisse", &none).is_some());
    assert!(heard(&packs, "En baisse, nos prix", &none).is_none());
    assert!(heard(&packs, "Voici nos prix. La baisse viendra", &none).is_none());
}

#[test]
fn facts_inside_a_match_and_adjusted_severity() {
    let packs = with(
        "[match]\nterms = [\"salon\"]\nfacts = [{ fact = \"account\", is = \"brand\" }]\n\
         [[adjust]]\nwhen = [{ day = [\"12-24/01-02\"] }]\nseverity = \"hint\"",
    )
    .unwrap();
    let brand = Facts::new().with("account", "brand");
    assert_eq!(heard(&packs, "Au salon", &Facts::new()), None);
    assert_eq!(
        heard(&packs, "Au salon", &brand),
        Some(vigie_check::Severity::Warn)
    );
    assert_eq!(
        heard(&packs, "Au salon", &brand.with("now", "2026-12-31")),
        Some(vigie_check::Severity::Hint)
    );
}

#[test]
fn lengths_words_in_facts_and_old_days() {
    let packs = with(
        "[[when]]\nfact = \"background\"\ncontains = [\"exit\"]\n[match]\nterms = [\"salon\"]\nmax_words = 3",
    )
    .unwrap();
    let facts = Facts::new().with("background", "Emergency EXIT blocked");
    assert!(heard(&packs, "Au salon", &facts).is_some());
    assert!(heard(&packs, "Au salon demain matin", &facts).is_none());
    let packs = with("[[when]]\nfact = \"mention.verified_on\"\nolder_than_days = 90").unwrap();
    let on = |day: &str| Facts::new().with("mention.verified_on", day);
    assert!(heard(&packs, "Merci", &on("2026-03-01")).is_some());
    assert!(heard(&packs, "Merci", &on("2026-11-18")).is_none());
    let wrong = with("[[when]]\nday = [\"13-40\"]").unwrap_err();
    assert!(wrong.contains("`13-40` is no day"), "{wrong}");
}

/// What a check of a plain text remarks, on a day, with a folder's `pack.toml`.
fn remarks(pack: &str, facts: &Facts) -> Result<Vec<vigie_check::Words>, String> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("pack.toml"), pack).unwrap();
    let packs = Packs::load(&[dir.path().to_owned()])
        .map_err(|f| format!("{}: {}", f[0].line, f[0].message.en))?;
    Ok(check(&Content::text("Bonjour à tous"), facts, &packs).notes)
}

#[test]
fn rules_past_their_day_of_review_say_so_in_both_languages() {
    let pack = "name = \"house\"\nversion = \"1\"\nreview_by = \"2027-03-01\"\n";
    let on = |key: &str, day: &str| remarks(pack, &Facts::new().with(key, day)).unwrap();
    assert_eq!(on("now", "2027-03-01"), []);
    for key in ["now", "date", "publish"] {
        let said = on(key, "2027-03-02");
        assert_eq!(said.len(), 1, "{key}");
        assert!(said[0].fr.contains("«\u{a0}house\u{a0}»"), "{}", said[0].fr);
        assert!(said[0].fr.contains("1er mars 2027"), "{}", said[0].fr);
        assert!(said[0].en.contains("“house”"), "{}", said[0].en);
        assert!(said[0].en.contains("1 March 2027"), "{}", said[0].en);
    }
    // A post of before, read afterwards: today is what counts.
    let late = Facts::new()
        .with("date", "2027-01-10")
        .with("now", "2027-03-02");
    assert_eq!(remarks(pack, &late).unwrap().len(), 1);
    // Without a day of review nothing is said of it, and a newer folder may move the day of the program's packs.
    let moved = "name = \"legal\"\nversion = \"9\"\nreview_by = \"2031-01-01\"\n";
    let then = Facts::new().with("now", "2030-01-01");
    let named = |pack: &str, name: &str| {
        let said = remarks(pack, &then).unwrap();
        said.iter().any(|w| w.en.contains(&format!("“{name}”")))
    };
    assert!(named("name = \"house\"\nversion = \"1\"\n", "legal"));
    assert!(!named("name = \"house\"\nversion = \"1\"\n", "house"));
    assert!(!named(moved, "legal"));
    assert!(named(moved, "identity"));
    // A day that is no day names its line.
    let wrong = pack.replace("2027-03-01", "soon");
    assert_eq!(
        remarks(&wrong, &then).unwrap_err(),
        "3: `soon` is not a day written YYYY-MM-DD"
    );
}

/// A rule with this line in place of its severity, as the loader answers in both languages.
fn said(line: &str) -> (usize, vigie_check::Words) {
    let dir = tempfile::tempdir().unwrap();
    let rule = GOOD.replace("severity = \"warn\"", line);
    fs::write(dir.path().join("rule.toml"), rule).unwrap();
    let faults = Packs::load(&[dir.path().to_owned()]).unwrap_err();
    (faults[0].line, faults[0].message.clone())
}

#[test]
fn slips_of_writing_are_told_in_both_languages() {
    for (line, at, fr, en) in [
        (
            "severity = warm",
            3,
            "entre guillemets\u{a0}: vouliez-vous dire `\"warn\"`",
            "quotation marks: did you mean `\"warn\"`",
        ),
        (
            "severty \"warn\"",
            3,
            "après la clé `severty`\u{a0}: vouliez-vous dire `severity`",
            "after the key `severty`: did you mean `severity`",
        ),
        ("severity = \"warn", 3, "n’est pas fermé", "is not closed"),
        (
            "severity = “warn”",
            3,
            "entre guillemets",
            "quotation marks",
        ),
        (
            "severity = \"warn\"\nseverity = \"hint\"",
            4,
            "la clé `severity` est écrite deux fois",
            "the key `severity` is written twice",
        ),
        (
            "severity = \"warn\"\nmask = \"yes\"",
            4,
            "`true` ou `false`, non un texte",
            "`true` or `false`, not a text",
        ),
        (
            "severity = \"warn\"\nfields = [\"text\"",
            5,
            "virgule ou de son `]`",
            "comma or its `]`",
        ),
        ("severity =", 3, "entre guillemets", "quotation marks"),
        (
            "severity = \"wa\\qrn\"",
            3,
            "guillemets simples",
            "single quotation marks",
        ),
        ("[match", 3, "crochet `]`", "bracket `]`"),
        (
            "sévérité = \"warn\"",
            3,
            "lettres sans accent",
            "plain letters",
        ),
        ("", 1, "il manque `severity`", "`severity` is missing"),
        (
            "severity = \"xyzzyx\"",
            3,
            "ici peuvent se trouver `hint`, `warn`",
            "what may stand here is `hint`, `warn`",
        ),
        (
            "severity = \"warn\"\nvalid_from = \"demain\"",
            4,
            "AAAA-MM-JJ",
            "YYYY-MM-DD",
        ),
        (
            "severity = \"warn\"\nwhen = [{ fact = \"lang\" }]",
            4,
            "ne dit rien",
            "says nothing",
        ),
    ] {
        let (found, words) = said(line);
        assert!(words.fr.contains(fr), "{line}: {}", words.fr);
        assert!(words.en.contains(en), "{line}: {}", words.en);
        assert_eq!(found, at, "{line}");
    }
}

#[test]
fn what_is_raised_to_a_review_names_its_reader() {
    let packs = with(
        "[match]\nterms = [\"salon\"]\n[[adjust]]\nwhen = [{ fact = \"paid\", is = true }]\nseverity = \"review\"",
    )
    .unwrap();
    let facts = Facts::new().with("now", "2026-11-24").with("paid", true);
    let report = check(&Content::text("Au salon"), &facts, &packs);
    assert!(report.skills().contains(&vigie_check::Skill::Communication));
}
