//! `vigie rules list|show|test`: the rules, readable without code.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, anyhow};
use vigie_check::{Evidence, Family, Lang, Rule, cost, proof, text::nearest::nearest};

use super::docs;
use crate::check::cli::{LangFlag, PackFolders, core};
use crate::words::Said;

/// The rules: list them, read one, run their examples.
#[derive(Debug, clap::Args)]
pub struct Rules {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// One line a rule.
    #[command(after_help = "Example:\n  vigie rules list --family legal")]
    List {
        /// Only this family: reputation, confidential, identity or legal.
        #[arg(long, value_parser = family_of)]
        family: Option<Family>,
        #[command(flatten)]
        packs: PackFolders,
        #[command(flatten)]
        lang: LangFlag,
    },
    /// Everything about one rule.
    #[command(after_help = "Example:\n  vigie rules show FR-ALC-01 --lang fr")]
    Show {
        /// Its id, such as FR-ALC-01.
        id: String,
        #[command(flatten)]
        packs: PackFolders,
        #[command(flatten)]
        lang: LangFlag,
    },
    /// Run the examples of every rule and measure what each takes; exit status 1 when one goes wrong or takes too long.
    #[command(after_help = "Example:\n  vigie rules test --packs my-rules")]
    Test {
        #[command(flatten)]
        packs: PackFolders,
        #[command(flatten)]
        lang: LangFlag,
    },
    /// Write a page for each rule in both languages, and an index of each.
    #[command(after_help = "Example:\n  vigie rules docs docs/rules")]
    Docs {
        /// The folder to write in: `fr` and `en` are made in it.
        folder: PathBuf,
        #[command(flatten)]
        packs: PackFolders,
        #[command(flatten)]
        lang: LangFlag,
    },
}

fn family_of(word: &str) -> Result<Family, String> {
    Family::parse(word).ok_or_else(|| "reputation | confidential | identity | legal".to_owned())
}

/// Runs `vigie rules`.
///
/// # Errors
/// Rules that cannot be read; an id that no rule has.
pub fn run(args: &Rules) -> Result<ExitCode> {
    match &args.command {
        Command::List {
            family,
            packs,
            lang,
        } => {
            let lang = lang.get();
            for rule in packs.load(lang)?.rules() {
                if family.is_none_or(|f| f == rule.family) {
                    let (severity, family) = (rule.severity.as_str(), rule.family.as_str());
                    println!(
                        "{:<14} {severity:<7} {family:<13} {}",
                        rule.id,
                        rule.title.get(lang)
                    );
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Show { id, packs, lang } => {
            let lang = lang.get();
            let packs = packs.load(lang)?;
            let rule = packs.rule(id).ok_or_else(|| {
                let upper = id.to_uppercase();
                let said = match nearest(&upper, packs.rules().iter().map(|r| r.id.as_str())) {
                    Some(near) => Said::new("check-rule-near").with("near", near),
                    None => Said::new("check-rule-unknown"),
                };
                anyhow!(said.with("id", id.as_str()).text(core(lang)))
            })?;
            show(rule, lang);
            Ok(ExitCode::SUCCESS)
        }
        Command::Test { packs, lang } => {
            let lang = lang.get();
            let packs = packs.load(lang)?;
            let (mut examples, mut misses) = (0usize, Vec::new());
            for rule in packs.rules() {
                let (count, mut wrong) = proof::prove(rule, &packs);
                examples += count;
                misses.append(&mut wrong);
            }
            let begun = Instant::now();
            let measured = cost::on_ordinary_posts(&packs, &packs, &|| begun.elapsed());
            let dear = measured.iter().filter(|(_, time)| *time > cost::MOST);
            let mut any_dear = false;
            for (rule, time) in dear {
                any_dear = true;
                let said = Said::new("check-rule-dear").with("rule", rule.as_str());
                let said = said.with("micros", time.as_micros().to_string());
                println!(
                    "{}",
                    said.with("most", cost::MOST.as_micros().to_string())
                        .text(core(lang))
                );
            }
            for miss in &misses {
                println!(
                    "{} ({}): {}\n  {}",
                    miss.rule, miss.file, miss.why, miss.text
                );
            }
            let said = if misses.is_empty() {
                Said::new("check-rules-all-pass").with("rules", packs.rules().len())
            } else {
                Said::new("check-rules-some-fail").with("misses", misses.len())
            };
            println!("{}", said.with("examples", examples).text(core(lang)));
            if let Some((rule, time)) = measured.first() {
                let said = Said::new("check-rule-dearest").with("rule", rule.as_str());
                let micros = format!("{:.1}", time.as_secs_f64() * 1e6);
                println!("{}", said.with("micros", micros).text(core(lang)));
            }
            Ok(ExitCode::from(u8::from(!misses.is_empty() || any_dear)))
        }
        Command::Docs {
            folder,
            packs,
            lang,
        } => {
            let lang = lang.get();
            let name = folder.display().to_string();
            let pages = docs::write(&packs.load(lang)?, folder).map_err(|e| {
                let said = Said::new("check-cannot-write").with("file", name.as_str());
                anyhow!(said.with("why", e.to_string()).text(core(lang)))
            })?;
            let said = Said::new("check-rules-written").with("pages", pages);
            println!("{}", said.with("folder", name).text(core(lang)));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn show(rule: &Rule, lang: Lang) {
    let word = |key: &'static str| Said::new(key).text(core(lang));
    println!("{}  {}", rule.id, rule.title.get(lang));
    println!(
        "{} · {} · {}\n",
        rule.family, rule.severity, rule.confidence
    );
    println!("{}\n", rule.message.get(lang));
    println!("{}: {}", word("check-rule-advice"), rule.advice.get(lang));
    let evidence = match rule.evidence {
        Evidence::Verified => "check-rule-verified",
        Evidence::Unverified => "check-rule-unverified",
    };
    println!(
        "{}: {} ({})",
        word("check-rule-source"),
        rule.source,
        word(evidence)
    );
    if !rule.jurisdictions.is_empty() {
        println!(
            "{}: {}",
            word("check-rule-jurisdictions"),
            rule.jurisdictions.join(", ")
        );
    }
    if rule.valid_from.is_some() || rule.valid_to.is_some() {
        let day =
            |d: Option<jiff::civil::Date>| d.map_or_else(|| "…".to_owned(), |d| d.to_string());
        println!(
            "{}: {} → {}",
            word("check-rule-in-force"),
            day(rule.valid_from),
            day(rule.valid_to)
        );
    }
    if let Some(skill) = rule.skill {
        println!("{}: {skill}", word("check-rule-skill"));
    }
    println!("{}: {}", word("check-rule-file"), rule.file);
    for (key, examples) in [
        ("check-rule-fire", &rule.fire),
        ("check-rule-quiet", &rule.quiet),
    ] {
        println!("\n{}:", word(key));
        for example in examples {
            println!("  {}", example.text.replace('\n', " "));
        }
    }
}
