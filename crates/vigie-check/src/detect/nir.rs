//! French social security numbers.

use super::Context;
use super::bank::letters;
use super::numbers::{before, named, said, surely};
use crate::eval::Hit;
use crate::report::Confidence;

/// Words that say that such a number follows.
const CALLED: &[&str] = &[
    "sécu",
    "secu",
    "sécurité sociale",
    "securite sociale",
    "nir",
    "vitale",
    "n° ss",
    "assuré*",
    "insee",
    "cpam",
    "social security",
    "immatriculation",
    "ameli",
];

/// French social security numbers with their key, Corsica (2A, 2B), overseas and temporary ones included; without a
/// good key where a word says what they are.
pub fn nir(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let begins = matches!(bytes[i], b'1'..=b'4' | b'7' | b'8')
            && !before(text, i)
                .is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | ',' | '/'));
        match begins.then(|| nir_at(context, text, i)).flatten() {
            Some((end, bare, sure)) => {
                let hit = named(
                    (i, end),
                    &bare,
                    "numéro de sécurité sociale",
                    "French social security number",
                    1,
                );
                out.push(if sure {
                    hit
                } else {
                    surely(hit, Confidence::Medium)
                });
                i = end;
            }
            None => i += 1,
        }
    }
    out
}

/// Where the number ends, its characters, and whether its key is right.
fn nir_at(context: &Context<'_>, text: &str, start: usize) -> Option<(usize, String, bool)> {
    if let Some((end, bare)) = letters(text, start, 15).filter(|(_, b)| shaped(b)) {
        if key_holds(&bare) {
            return Some((end, bare, true));
        }
        if said(context, (start, end), (40, 0), CALLED) {
            return Some((end, bare, false));
        }
    }
    let (end, bare) = letters(text, start, 13).filter(|(_, b)| shaped(b))?;
    said(context, (start, end), (40, 0), CALLED).then_some((end, bare, false))
}

/// Sex, year, month, department, commune, order: as they can be.
fn shaped(bare: &str) -> bool {
    let month = bare.get(3..5).and_then(|m| m.parse::<u32>().ok());
    let place = bare.get(5..7).unwrap_or("00");
    let digits = |from: usize| {
        bare.get(from..)
            .is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(month, Some(1..=12 | 20..=42 | 50..=99))
        && bare
            .get(..3)
            .is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit()))
        && place != "00"
        && (matches!(place, "2A" | "2B") || digits(5))
        && digits(7)
}

/// Fifteen characters that make a number with its right key.
pub(super) fn proven(bare: &str) -> bool {
    bare.len() == 15
        && bare.starts_with(['1', '2', '3', '4', '7', '8'])
        && shaped(bare)
        && key_holds(bare)
}

fn key_holds(bare: &str) -> bool {
    // The key reads 2A as 19 and 2B as 18.
    let number = match bare.get(5..7) {
        Some("2A") => bare.replacen("2A", "19", 1),
        Some("2B") => bare.replacen("2B", "18", 1),
        _ => bare.to_owned(),
    };
    let (Some(body), Some(key)) = (number.get(..13), number.get(13..15)) else {
        return false;
    };
    match (body.parse::<u64>(), key.parse::<u64>()) {
        (Ok(body), Ok(key)) => 97 - body % 97 == key,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, none_found};
    use super::*;

    #[test]
    fn with_a_key_or_called_so() {
        each_found(
            nir,
            &[
                "1 85 05 78 006 048 30",
                "185057800604830",
                "2\u{202f}67\u{202f}08\u{202f}2B\u{202f}033\u{202f}112\u{202f}07",
                "253072A07300443",
                "253072b07300470",
                "1.85.05.78.006.048\n30",
                "numéro de sécu : 1 85 05 78 006 048",
                "276066960020962",
                "Carte Vitale 2 84 05 78 006 084 90 PETIT ANNE",
            ],
        );
        none_found(
            nir,
            &[
                "1 85 05 78 006 048 00",
                "295109912611199",
                "1 85 05 78 006 048",
                "2026 1124 0001 512",
                "1 85 15 78 006 048 30",
            ],
        );
    }
}
