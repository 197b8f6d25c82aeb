//! Numbers of patients and of those who care for them.

use super::Context;
use super::bank::words;
use super::numbers::{alone, before, luhn, named, numbers, said};
use crate::eval::Hit;

/// Words without which no record number is looked for.
pub(super) const WORDS: &[&str] = &[
    "mrn",
    "medical record",
    "patient",
    "dossier médical",
    "ipp",
    "npi",
    "provider",
    "rpps",
    "adeli",
    "finess",
    "dea",
    "medicare",
    "mbi",
    "mutuelle",
    "health",
    "ordonnance",
    "prescription",
    "rx",
    "hospital",
    "chart",
    "ins ",
    "assuré",
    "member id",
];

const RECORD: &[&str] = &[
    "mrn",
    "medical record",
    "medical record no",
    "dossier médical",
    "dossier patient",
    "n° patient",
    "numéro patient",
    "numéro de patient",
    "patient id",
    "patient no",
    "patient number",
    "patient #",
    "ipp",
    "mutuelle",
    "adhérent mutuelle",
    "health card",
    "health insurance",
    "ordonnance n°",
    "ordonnance no",
    "prescription no",
    "prescription number",
    "rx#",
    "rx number",
    "chart no",
    "chart number",
    "member id",
    "matricule ins",
];

/// Numbers of records and of insured persons, where a word says so, or of a shape that nothing else has.
pub fn record(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    if !super::numbers::digits(text, 4) {
        return Vec::new();
    }
    let mut out: Vec<Hit> = Vec::new();
    for (at, word) in words(text) {
        let end = at + word.len();
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let lower = word.bytes().any(|b| b.is_ascii_lowercase());
        let called = digits >= 4
            && !lower
            && word.len() <= 15
            && !(word.len() == 4 && (word.starts_with("19") || word.starts_with("20")))
            && before(text, at) != Some('+')
            && said(context, (at, end), (26, 0), RECORD);
        if called || word.len() == 11 && medicare(word) {
            out.push(named(
                (at, end),
                word,
                "numéro de dossier de santé",
                "health record number",
                2,
            ));
        }
    }
    for (start, end) in dashed(text) {
        out.push(named(
            (start, end),
            text.get(start..end).unwrap_or_default(),
            "numéro d’assuré Medicare",
            "Medicare number",
            2,
        ));
    }
    out
}

/// Medicare numbers in three parts.
fn dashed(text: &str) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    for (at, word) in words(text).filter(|(_, w)| w.len() == 4) {
        let Some(seen) = text.get(at..at + 13) else {
            continue;
        };
        let bare: String = seen.chars().filter(|c| *c != '-').collect();
        let parted = seen.split('-').map(str::len).eq([4, 3, 4]) && word.len() == 4;
        if parted && medicare(&bare) && alone(text, at, at + 13) {
            out.push((at, at + 13));
        }
    }
    out
}

/// Digit, letter, either, digit, letter, either, digit, two letters, two digits; no S, L, O, I, B, Z.
fn medicare(word: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphabetic() && !b"SLOIBZsloibz".contains(&b);
    word.len() == 11
        && word.bytes().enumerate().all(|(i, b)| match i {
            0 => (b'1'..=b'9').contains(&b),
            1 | 4 | 7 | 8 => letter(b),
            2 | 5 => letter(b) || b.is_ascii_digit(),
            _ => b.is_ascii_digit(),
        })
}

/// Numbers of doctors, where a word says so: French RPPS, American NPI and DEA.
pub fn carer(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    if !super::numbers::digits(text, 7) {
        return Vec::new();
    }
    let hit = |start, end, bare: &str| {
        named(
            (start, end),
            bare,
            "numéro de soignant",
            "health provider number",
            2,
        )
        .with("kind", "RPPS / NPI")
    };
    let npi = numbers(text, 10..12, |n| {
        let at = (n.start, n.end);
        n.bare.len() == 10
            && luhn(&format!("80840{}", n.bare))
            && said(context, at, (32, 0), &["npi", "provider*"])
            || n.bare.len() == 11 && luhn(&n.bare) && said(context, at, (32, 0), &["rpps"])
    });
    let mut out: Vec<Hit> = npi.iter().map(|n| hit(n.start, n.end, &n.bare)).collect();
    for (at, word) in words(text).filter(|(_, w)| w.len() == 9) {
        let digits: Vec<u32> = word
            .chars()
            .skip(2)
            .filter_map(|c| c.to_digit(10))
            .collect();
        let [a, b, c, d, e, f, key] = digits[..] else {
            continue;
        };
        let good = (a + c + e + 2 * (b + d + f)) % 10 == key
            && word.bytes().take(2).all(|b| b.is_ascii_uppercase());
        if good
            && said(
                context,
                (at, at + 9),
                (40, 0),
                &["dea", "medical license", "certificate number"],
            )
        {
            out.push(hit(at, at + 9, word));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, none_found};
    use super::*;

    #[test]
    fn of_patients_and_carers() {
        each_found(
            record,
            &[
                "MRN 00482913",
                "patient ID: A449201",
                "n° patient 55210",
                "1EG4-TE5-MK73",
                "1eg4te5mk73",
                "IPP 802139944",
            ],
        );
        none_found(
            record,
            &[
                "12 000 patients",
                "patient 2026",
                "1SG4-TE5-MK73",
                "a patient of 45",
                "Plan santé 2030",
            ],
        );
        each_found(
            carer,
            &[
                "NPI: 1234567893",
                "RPPS 10003456786",
                "The DEA number is BB1388568",
            ],
        );
        none_found(carer, &["1234567893", "NPI 1234567894", "DEA BG8207031"]);
    }
}
