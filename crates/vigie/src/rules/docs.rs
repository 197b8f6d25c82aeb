//! `vigie rules docs`: a page for each rule in both languages, and an index of each, written from the packs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use vigie_check::rule::file::{Example, RuleFile};
use vigie_check::text::{chars, mask};
use vigie_check::{Disposition, Evidence, Family, Lang, Packs, Rule, check, packs};

use super::describe;
use crate::check::cli::core;
use crate::words::Words;

/// How every page begins; a page that begins so may be written again, or taken away.
const MARK: &str = "<!-- `vigie rules docs`";

/// A text of an example, and what is known beside it.
struct Shown {
    text: String,
    beside: String,
}

/// Every page by its path below the folder: `fr/FR-ALC-01.md`, `fr/README.md`, `en/…`.
pub fn pages(packs: &Packs) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let shown: Vec<(&Rule, Vec<Shown>, Vec<Shown>)> = packs
        .rules()
        .iter()
        .map(|rule| {
            let each = |list: &[Example]| list.iter().map(|e| shown(e, packs)).collect();
            (rule, each(&rule.fire), each(&rule.quiet))
        })
        .collect();
    for lang in [Lang::Fr, Lang::En] {
        let w = Words::new(core(lang));
        for (rule, fire, quiet) in &shown {
            let page = page(&w, lang, rule, fire, quiet);
            out.insert(format!("{}/{}.md", lang.as_str(), rule.id), page);
        }
        let rules: Vec<&Rule> = shown.iter().map(|(rule, ..)| *rule).collect();
        out.insert(
            format!("{}/README.md", lang.as_str()),
            index(&w, lang, &rules),
        );
    }
    out
}

/// Writes the pages in a folder, and takes away those of rules that are gone. Returns how many were written.
///
/// # Errors
/// The folder cannot be written.
pub fn write(packs: &Packs, folder: &Path) -> std::io::Result<usize> {
    let pages = pages(packs);
    for lang in ["fr", "en"] {
        std::fs::create_dir_all(folder.join(lang))?;
        for entry in std::fs::read_dir(folder.join(lang))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let old = path.extension().is_some_and(|e| e == "md")
                && !pages.contains_key(&format!("{lang}/{name}"))
                && std::fs::read_to_string(&path)?.starts_with(MARK);
            if old {
                std::fs::remove_file(&path)?;
            }
        }
    }
    for (name, page) in &pages {
        std::fs::write(folder.join(name), page)?;
    }
    Ok(pages.len())
}

/// The text of a rule's file, shipped or on disk.
fn written(rule: &Rule) -> Option<RuleFile> {
    match packs::shipped(&rule.file) {
        Some(text) => RuleFile::read(text),
        None => RuleFile::read(&std::fs::read_to_string(&rule.file).ok()?),
    }
}

fn page(w: &Words, lang: Lang, rule: &Rule, fire: &[Shown], quiet: &[Shown]) -> String {
    let mut out = String::new();
    let other = match lang {
        Lang::Fr => "[English](../en/",
        Lang::En => "[Français](../fr/",
    };
    let _ = writeln!(
        out,
        "{MARK}: {} -->\n",
        w.t1("rule-doc-made", "file", &rule.file)
    );
    let _ = writeln!(out, "# {}\n", md(rule.title.get(lang)));
    let family = w.t(format!("rules-family-{}", rule.family));
    let _ = writeln!(
        out,
        "`{}` · [{family}](README.md) · {other}{}.md)\n",
        rule.id, rule.id
    );
    let _ = writeln!(
        out,
        "> {}\n",
        md(&describe::without_marks(rule.message.get(lang)))
    );
    let _ = writeln!(out, "{}\n", md(rule.advice.get(lang)));
    facts_of(&mut out, w, rule);
    let source = written(rule);
    let lines = source
        .as_ref()
        .map(|s| describe::conditions(w, s))
        .unwrap_or_default();
    list(&mut out, &w.t("rules-when"), &lines);
    formats(&mut out, w, lang, rule);
    if let Some(fix) = source.as_ref().and_then(|s| s.fix.as_ref()) {
        let label = describe::without_marks(fix.label.get(lang));
        let how = match fix.disposition {
            Disposition::Safe => "rule-doc-fix-safe",
            Disposition::Look => "rule-doc-fix-look",
        };
        let mut lines = vec![format!("{label} ({})", w.t(how))];
        lines.extend(
            fix.text
                .as_ref()
                .map(|text| text.get(lang).trim().to_owned()),
        );
        list(&mut out, &w.t("rule-doc-fix"), &lines);
    }
    examples(&mut out, w, "rules-fire", fire);
    examples(&mut out, w, "rules-quiet", quiet);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// What a rule is, one line each.
fn facts_of(out: &mut String, w: &Words, rule: &Rule) {
    let mut line = |text: String| {
        let _ = writeln!(out, "- {text}");
    };
    let severity = w.t(format!("severity-{}", rule.severity));
    line(w.t2(
        "rule-doc-severity",
        "severity",
        severity,
        "word",
        rule.severity.as_str(),
    ));
    let confidence = w.t(format!("rule-doc-confidence-{}", rule.confidence));
    line(confidence);
    if let Some(skill) = rule.skill {
        line(w.t1("rules-skill", "skill", w.t(format!("skill-{skill}"))));
    }
    if !rule.jurisdictions.is_empty() {
        line(w.t1("rules-law-of", "places", rule.jurisdictions.join(", ")));
    }
    if let Some(day) = rule.valid_from {
        line(w.t1("rules-from", "day", day.to_string()));
    }
    if let Some(day) = rule.valid_to {
        line(w.t1("rules-to", "day", day.to_string()));
    }
    if rule.masks() {
        line(w.t("rule-doc-masked"));
    }
    let mark = match rule.evidence {
        Evidence::Verified => "rules-verified",
        Evidence::Unverified => "rules-unverified",
    };
    line(w.t2(
        "rule-doc-source",
        "source",
        md(&rule.source),
        "mark",
        w.t(mark),
    ));
    out.push('\n');
}

fn list(out: &mut String, heading: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {heading}\n");
    for line in lines {
        let _ = writeln!(out, "- {}", md(line));
    }
    out.push('\n');
}

/// The names of the formats of secrets, each once.
fn formats(out: &mut String, w: &Words, lang: Lang, rule: &Rule) {
    let mut names: Vec<&str> = rule.formats().map(|f| f.name.get(lang)).collect();
    let count = names.len();
    names.sort_unstable_by_key(|name| name.to_lowercase());
    names.dedup();
    if !names.is_empty() {
        let _ = writeln!(
            out,
            "## {}\n\n{}.\n",
            w.t1("rule-doc-formats", "n", count),
            md(&names.join(", "))
        );
    }
}

fn examples(out: &mut String, w: &Words, heading: &'static str, list: &[Shown]) {
    if list.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {}\n", w.t(heading));
    for one in list {
        if !one.text.is_empty() {
            // As many back quotes as close no example by themselves.
            let fence = "`".repeat(longest(&one.text).max(2) + 1);
            let _ = writeln!(out, "{fence}text\n{}\n{fence}\n", one.text);
        }
        if !one.beside.is_empty() {
            let _ = writeln!(
                out,
                "{}\n",
                w.t1("rule-doc-beside", "facts", md(&one.beside))
            );
        }
    }
}

/// The longest run of back quotes.
fn longest(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// An example as it may be read: what must not be shown is masked, what cannot be seen is named.
fn shown(example: &Example, packs: &Packs) -> Shown {
    let (mut content, facts) = example.input();
    let report = check(&content, &facts, packs);
    let secret = |field: &str, text: &str| {
        let mut spans: Vec<(usize, usize)> = report
            .findings
            .iter()
            .filter(|f| f.masked && f.where_ == field)
            .filter_map(|f| f.span)
            .collect();
        spans.sort_unstable();
        let mut out = String::new();
        let mut at = 0;
        for (start, end) in spans {
            if start >= at {
                out.push_str(text.get(at..start).unwrap_or_default());
                out.push_str(&mask::mask(text.get(start..end).unwrap_or_default()));
            }
            at = at.max(end);
        }
        seen(&(out + text.get(at..).unwrap_or_default()))
    };
    content.text = secret("text", &content.text);
    let mut beside = Vec::new();
    let links = content.links.iter().enumerate();
    beside.extend(links.map(|(i, link)| secret(&format!("link[{i}]"), link)));
    for (i, media) in content.media.iter().enumerate() {
        let name = media.filename.as_deref().unwrap_or_default();
        beside.push(secret(&format!("media[{i}].filename"), name));
        if !media.alt.is_empty() {
            beside.push(format!(
                "[{}]",
                secret(&format!("media[{i}].alt"), &media.alt)
            ));
        }
        let codes = media.codes.iter().enumerate();
        beside.extend(codes.map(|(j, code)| secret(&format!("media[{i}].code[{j}]"), code)));
        beside.extend(
            media
                .metadata
                .iter()
                .map(|(key, value)| format!("media.{key} = {}", seen(&describe::plain(value)))),
        );
    }
    for (i, trail) in content.trails.iter().enumerate() {
        let hops = trail.hops.iter().enumerate();
        let hops = hops.map(|(j, hop)| secret(&format!("trail[{i}].hop[{j}]"), hop));
        beside.push(
            std::iter::once(seen(&trail.link))
                .chain(hops)
                .collect::<Vec<_>>()
                .join(" → "),
        );
    }
    if let Some(day) = &example.now {
        beside.push(format!("now = {day}"));
    }
    beside.extend(example.facts.iter().map(|(key, value)| {
        let value = describe::plain(value);
        format!("{key} = {}", secret(key, &value))
    }));
    beside.retain(|part| !part.is_empty());
    Shown {
        text: content.text,
        beside: beside.join(" · "),
    }
}

/// A text with what cannot be seen named by its number.
fn seen(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && (chars::is_hidden(c) || c.is_control()) {
            let _ = write!(out, "⟨U+{:04X}⟩", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// A text as Markdown shows it, sign for sign, on one line.
fn md(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in seen(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '#' | '|' | '~' => {
                out.extend(['\\', c])
            }
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// All rules of a language, family by family.
fn index(w: &Words, lang: Lang, rules: &[&Rule]) -> String {
    let mut out = format!("{MARK} -->\n\n# {}\n\n", w.t("rules-title"));
    let other = match lang {
        Lang::Fr => "[English](../en/README.md)",
        Lang::En => "[Français](../fr/README.md)",
    };
    let _ = writeln!(
        out,
        "{}\n\n{other}\n",
        w.t1("rule-doc-index", "n", rules.len())
    );
    for family in Family::ALL {
        let mut of: Vec<&Rule> = rules
            .iter()
            .copied()
            .filter(|r| r.family == *family)
            .collect();
        if of.is_empty() {
            continue;
        }
        of.sort_by_key(|r| &r.id);
        let _ = writeln!(out, "## {}\n", w.t(format!("rules-family-{family}")));
        for rule in of {
            let severity = w.t(format!("severity-{}", rule.severity));
            let title = md(rule.title.get(lang));
            let _ = writeln!(out, "- [`{0}`]({0}.md) {title} · {severity}", rule.id);
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
