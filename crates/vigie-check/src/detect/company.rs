//! Numbers of companies: public, and no person's.

use super::Context;
use super::bank::{letters, words};
use super::numbers::{luhn, numbers, remainder, said, varied};
use crate::eval::Hit;

/// Words without which no company number is looked for.
pub(super) const WORDS: &[&str] = &[
    "siren",
    "siret",
    "rcs ",
    "immatricul",
    "tva",
    "vat ",
    "vat:",
    "intracom",
    " ein ",
    "ein:",
    "company n",
    "kbis",
];

const CALLED: &[&str] = &["siren", "siret", "rcs", "immatricul*", "kbis"];

/// SIREN (9), SIRET (14), VAT numbers and others, with a word that says so within reach before.
pub fn number(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    if !super::numbers::digits(text, 8) {
        return Vec::new();
    }
    let mut out: Vec<Hit> = Vec::new();
    let siret = numbers(text, 9..15, |n| {
        matches!(n.bare.len(), 9 | 14)
            && varied(&n.bare)
            && siren_luhn(&n.bare)
            && said(context, (n.start, n.end), (48, 0), CALLED)
    });
    for n in siret {
        let kind = if n.bare.len() == 9 { "SIREN" } else { "SIRET" };
        out.push(Hit::at(n.start, n.end).with("kind", kind));
    }
    out.extend(vat(context));
    let ein = numbers(text, 9..10, |n| {
        n.groups == [2, 7]
            && said(
                context,
                (n.start, n.end),
                (24, 0),
                &["ein", "employer identification", "fein"],
            )
    });
    out.extend(
        ein.iter()
            .map(|n| Hit::at(n.start, n.end).with("kind", "EIN")),
    );
    let house = numbers(text, 8..9, |n| {
        said(
            context,
            (n.start, n.end),
            (24, 0),
            &[
                "company number",
                "company no",
                "company n°",
                "companies house",
            ],
        )
    });
    out.extend(
        house
            .iter()
            .map(|n| Hit::at(n.start, n.end).with("kind", "Companies House")),
    );
    out
}

/// Luhn; the establishments of La Poste (356 000 000) sum to a multiple of five instead.
fn siren_luhn(digits: &str) -> bool {
    luhn(digits)
        || digits.starts_with("356000000")
            && digits.len() == 14
            && digits.bytes().map(|b| u32::from(b - b'0')).sum::<u32>() % 5 == 0
}

/// French (with their key), Belgian, British and other VAT numbers.
fn vat(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    let mut out = Vec::new();
    let mut from = 0;
    for (at, word) in words(text) {
        let Some(&[a, b]) = word.as_bytes().get(..2) else {
            continue;
        };
        let head = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
        let Ok(head) = std::str::from_utf8(&head) else {
            continue;
        };
        let lengths: &[usize] = match head {
            "FR" => &[13],
            "BE" | "PL" | "SK" | "SE" => &[12, 14],
            "GB" | "XI" | "DE" | "PT" | "EE" | "EL" | "AT" | "ES" => &[11],
            "LU" | "DK" | "FI" | "HU" | "MT" | "SI" => &[10],
            "IT" | "HR" | "LV" => &[13],
            "NL" => &[14],
            "IE" => &[9, 10],
            _ => continue,
        };
        if at < from || !said(context, (at, at + 2), (40, 0), &["tva", "vat", "intracom*"]) {
            continue;
        }
        let found = lengths
            .iter()
            .find_map(|n| letters(text, at, *n))
            .filter(|(_, bare)| {
                bare.bytes().filter(u8::is_ascii_digit).count() >= 7
                    && (head != "FR" || french_vat(bare.get(2..).unwrap_or_default()))
            });
        if let Some((end, _)) = found {
            out.push(Hit::at(at, end).with("kind", "TVA / VAT"));
            from = end;
        }
    }
    out
}

/// Key, then SIREN: 12 + 3 times the rest of 97; newer keys hold letters.
fn french_vat(bare: &str) -> bool {
    let (Some(key), Some(siren)) = (bare.get(..2), bare.get(2..)) else {
        return false;
    };
    let Some(rest) = remainder(siren, 97) else {
        return false;
    };
    match key.parse::<u32>() {
        Ok(key) => key == (12 + 3 * rest) % 97 && (luhn(siren) || siren.starts_with("000")),
        Err(_) => luhn(siren),
    }
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, none_found};
    use super::*;

    #[test]
    fn with_the_word_that_says_so() {
        each_found(
            number,
            &[
                "SIREN 812 345 676",
                "SIRET : 812 345 676 00127",
                "SIRET 356 000 000 09075 (La Poste)",
                "RCS Nancy B 323 159 715",
                "TVA intracommunautaire FR 40 303 265 045",
                "n° TVA : FR40303265045",
                "VAT GB 123456789",
                "EIN 12-3456789",
                "Company number 01234567",
            ],
        );
        none_found(
            number,
            &[
                "812 345 676",
                "SIREN 812 345 677",
                "n° TVA FR 41 303 265 045",
                "la TVA passe de 20 % à 5,5 % au 1er janvier 2027",
                "siren: ouvert le 12 03 2026",
            ],
        );
    }
}
