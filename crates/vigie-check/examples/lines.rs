//! Lines of JSON in, findings as lines of JSON out, like `vigie check --format jsonl`, but built in a minute:
//! `cargo run --release -p vigie-check --example lines < posts.jsonl > findings.jsonl`.
//!
//! A line is `{"id", "text", "lang", "facts"}`; `id`, `lang` and `facts` may be left out. With arguments, only the rules
//! whose id begins with one of them are asked: `-- CONF-SECRET CONF-PII`. How many rules there are, and formats of secrets
//! in them, goes to standard error.

use std::error::Error;
use std::io::{BufRead, BufWriter, Write};

use vigie_check::{Changes, Facts, Lang, Packs, output::jsonl};

/// The packs that come with the program, or those of their rules whose id begins with a prefix.
fn packs(prefixes: &[String]) -> Result<Packs, Box<dyn Error>> {
    let all = Packs::embedded().map_err(|mut faults| faults.remove(0))?;
    if prefixes.is_empty() {
        return Ok(all);
    }
    let kept = |id: &str| prefixes.iter().any(|p| id.starts_with(p.as_str()));
    let ids = all.rules().iter().map(|rule| rule.id.clone());
    let changes = Changes {
        off: ids.filter(|id| !kept(id)).collect(),
        ..Changes::default()
    };
    Ok(Packs::changed(&changes).map_err(|mut faults| faults.remove(0))?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let prefixes: Vec<String> = std::env::args().skip(1).collect();
    let packs = packs(&prefixes)?;
    let formats: usize = packs.rules().iter().map(|r| r.formats().count()).sum();
    eprintln!("{} rules, {formats} formats", packs.rules().len());
    let facts = packs.prepare(&Facts::new().with("now", "2026-11-24"));
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        writeln!(
            out,
            "{}",
            jsonl::line(&line?, &facts, &packs, Lang::En).line
        )?;
    }
    out.flush()?;
    Ok(())
}
