//! How long one check of a draft takes: `cargo run --release -p vigie-check --example speed`.
//!
//! Prints the median and the 99th percentile over drafts of 300 and of 3,000 characters.

use std::time::Instant;

use vigie_check::{Content, Facts, LoadError, Packs, check};

const TEXT: &str = "Portes ouvertes à l’atelier samedi 12 décembre 2026, de 10 h à 18 h : venez essayer le tour, \
voir nos vases et goûter la tarte de Lucie. Inscription sur https://www.atelier.example/portes-ouvertes 🎉 \
Merci à toute l’équipe, et à nos voisins qui prêtent la cour. On vous attend nombreux ! #AtelierOuvert ";

fn main() -> Result<(), LoadError> {
    let begun = Instant::now();
    let packs = Packs::embedded().map_err(|mut faults| faults.remove(0))?;
    println!("packs loaded in {:?}", begun.elapsed());
    let facts = Facts::new()
        .with("now", "2026-11-24")
        .with("account", "brand");
    for characters in [300, 3_000] {
        let text: String = TEXT.chars().cycle().take(characters).collect();
        let content = Content::text(text);
        let mut times: Vec<_> = (0..2_000)
            .map(|_| {
                let begun = Instant::now();
                std::hint::black_box(check(&content, &facts, &packs));
                begun.elapsed()
            })
            .collect();
        times.sort();
        println!(
            "{characters} characters: median {:?}, 99th percentile {:?}",
            times[1_000], times[1_980]
        );
    }
    Ok(())
}
