//! Counts the words of posts, for `data/words.fr.tsv` and `data/words.en.tsv`:
//! `cargo run --release -p vigie-check --example words -- FILE… > data/words.fr.tsv`.
//!
//! A FILE holds JSON lines with a `text`. Prints the most frequent words, in lower case, each with how many of a million
//! words it is. `data/words.md` says from what the tables here were made.

use std::collections::HashMap;

const KEPT: usize = 4_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut counts: HashMap<String, u64> = HashMap::new();
    let mut all = 0u64;
    for file in std::env::args().skip(1) {
        for line in std::fs::read_to_string(file)?.lines() {
            let post: serde_json::Value = serde_json::from_str(line)?;
            let text = post["text"].as_str().unwrap_or_default().to_lowercase();
            let text = text.replace('’', "'");
            for word in text.split(|c: char| !c.is_alphabetic() && c != '\'' && c != '-') {
                let word = word.trim_matches(['\'', '-']);
                if !word.is_empty() {
                    *counts.entry(word.to_owned()).or_default() += 1;
                    all += 1;
                }
            }
        }
    }
    let mut words: Vec<_> = counts.into_iter().filter(|(_, n)| *n > 2).collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for (word, count) in words.into_iter().take(KEPT) {
        println!("{word}\t{}", count * 1_000_000 / all.max(1));
    }
    Ok(())
}
