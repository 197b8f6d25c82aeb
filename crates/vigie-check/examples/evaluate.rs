//! Recall and false alarms on posts with known answers: `cargo run --release -p vigie-check --example evaluate -- PATH…`.
//!
//! A PATH is a JSON Lines file or a folder of them; a line is `{"id", "rule", "expect": "fire"|"quiet", "lang", "text",
//! "facts"}`, `rule` being `null` for an ordinary post. Options: `--packs DIR` reads rules from a folder over those built
//! in; `--misses` prints every post that went wrong; `--rule PREFIX` keeps the posts of some rules; `--rules` prints a line
//! for each rule.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Deserialize;
use vigie_check::{Content, Facts, Lang, Packs, Severity, check};

#[derive(Deserialize)]
struct Post {
    id: String,
    rule: Option<String>,
    expect: Expect,
    lang: Option<Lang>,
    text: String,
    #[serde(default)]
    facts: serde_json::Value,
}

#[derive(Deserialize, PartialEq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Expect {
    Fire,
    Quiet,
}

/// Counts of one group of posts.
#[derive(Default, Clone, Copy)]
struct Tally {
    fire: usize,
    found: usize,
    quiet: usize,
    alarmed: usize,
    /// Quiet posts on which any rule speaks above a hint.
    any: usize,
}

impl Tally {
    fn add(&mut self, expect: Expect, mine: bool, any: bool) {
        match expect {
            Expect::Fire => {
                self.fire += 1;
                self.found += usize::from(mine);
            }
            Expect::Quiet => {
                self.quiet += 1;
                self.alarmed += usize::from(mine);
                self.any += usize::from(any);
            }
        }
    }

    fn line(&self, name: &str) -> String {
        let share = |n: usize, of: usize| match of {
            0 => "      –".to_owned(),
            _ => format!("{:5.1} %", 100.0 * n as f64 / of as f64),
        };
        format!(
            "{name:24} recall {} ({}/{})   false alarms {} ({}/{})   any rule above hint {}",
            share(self.found, self.fire),
            self.found,
            self.fire,
            share(self.alarmed, self.quiet),
            self.alarmed,
            self.quiet,
            share(self.any, self.quiet),
        )
    }
}

struct Options {
    paths: Vec<PathBuf>,
    packs: Vec<PathBuf>,
    misses: bool,
    rules: bool,
    only: Option<String>,
}

fn options() -> Options {
    let mut out = Options {
        paths: Vec::new(),
        packs: Vec::new(),
        misses: false,
        rules: false,
        only: None,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--packs" => out.packs.extend(args.next().map(PathBuf::from)),
            "--misses" => out.misses = true,
            "--rules" => out.rules = true,
            "--rule" => out.only = args.next(),
            path => out.paths.push(PathBuf::from(path)),
        }
    }
    out
}

fn files(path: &Path, out: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        let mut inner: Vec<_> = std::fs::read_dir(path)?
            .filter_map(|e| e.ok().map(|e| e.path()))
            .collect();
        inner.sort();
        for path in inner {
            files(&path, out)?;
        }
    } else if path.extension().is_some_and(|e| e == "jsonl") {
        out.push(path.to_owned());
    }
    Ok(())
}

fn family(rule: Option<&str>) -> &'static str {
    match rule.map(|r| r.split('-').next().unwrap_or_default()) {
        None => "ordinary",
        Some("REP") => "reputation",
        Some("CONF") => "confidential",
        Some("IDT") => "identity",
        Some(_) => "legal",
    }
}

fn main() -> ExitCode {
    let options = options();
    let packs = match Packs::load(&options.packs) {
        Ok(packs) => packs,
        Err(faults) => {
            for fault in faults {
                eprintln!("{fault}");
            }
            return ExitCode::from(2);
        }
    };
    let mut paths = Vec::new();
    for path in &options.paths {
        if let Err(e) = files(path, &mut paths) {
            eprintln!("{}: {e}", path.display());
            return ExitCode::from(2);
        }
    }
    let mut groups: BTreeMap<String, Tally> = BTreeMap::new();
    let mut rules: BTreeMap<String, Tally> = BTreeMap::new();
    for path in paths {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) => {
                eprintln!("{}: {e}", path.display());
                return ExitCode::from(2);
            }
        };
        for (number, line) in text.lines().enumerate() {
            let post: Post = match serde_json::from_str(line) {
                Ok(post) => post,
                Err(e) => {
                    eprintln!("{}:{}: {e}", path.display(), number + 1);
                    return ExitCode::from(2);
                }
            };
            if let Some(prefix) = &options.only
                && !post
                    .rule
                    .as_ref()
                    .is_some_and(|r| r.starts_with(prefix.as_str()))
            {
                continue;
            }
            judge(&post, &packs, &options, &mut groups, &mut rules);
        }
    }
    if options.rules {
        for (name, tally) in &rules {
            println!("{}", tally.line(name));
        }
        println!();
    }
    for (name, tally) in &groups {
        println!("{}", tally.line(name));
    }
    ExitCode::SUCCESS
}

fn judge(
    post: &Post,
    packs: &Packs,
    options: &Options,
    groups: &mut BTreeMap<String, Tally>,
    rules: &mut BTreeMap<String, Tally>,
) {
    let mut facts = Facts::new().with("now", "2026-11-24");
    match Facts::from_json(&post.facts) {
        Ok(own) => facts.extend(own),
        Err(_) if post.facts.is_null() => {}
        Err(e) => eprintln!("{}: {e}", post.id),
    }
    let mut content = Content::text(&post.text);
    content.lang = post.lang;
    let report = check(&content, &facts, packs);
    let above: Vec<_> = report
        .findings
        .iter()
        .filter(|f| f.severity > Severity::Hint)
        .collect();
    let mine = match &post.rule {
        Some(rule) => report.findings.iter().any(|f| &f.rule == rule),
        None => !above.is_empty(),
    };
    let any = !above.is_empty();
    let lang = post.lang.map_or("??", Lang::as_str);
    let kind = family(post.rule.as_deref());
    for name in [format!("{kind} {lang}"), kind.to_owned(), "all".to_owned()] {
        groups.entry(name).or_default().add(post.expect, mine, any);
    }
    if let Some(rule) = &post.rule {
        rules
            .entry(rule.clone())
            .or_default()
            .add(post.expect, mine, any);
    }
    let wrong = (post.expect == Expect::Fire) != mine;
    if options.misses && (wrong || (post.rule.is_none() && any)) {
        let heard: Vec<_> = report
            .findings
            .iter()
            .map(|f| {
                let seen = f
                    .span
                    .and_then(|(s, e)| post.text.get(s..e))
                    .unwrap_or_default();
                format!("{} {} «{seen}»", f.rule, f.severity)
            })
            .collect();
        let why = if post.expect == Expect::Fire {
            "MISSED"
        } else {
            "FALSE ALARM"
        };
        println!(
            "{why} {} {}\n    {}\n    heard: {}",
            post.id,
            post.facts,
            post.text,
            heard.join("; ")
        );
    }
}
