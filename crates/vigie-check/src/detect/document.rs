//! Passports, identity cards, licences.

use super::Context;
use super::bank::words;
use super::numbers::{before, named, pieces, said};
use crate::eval::Hit;

/// Lines that machines read on passports and cards: the line of names, or one whose check digits are right.
pub fn mrz(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let mut out: Vec<Hit> = Vec::new();
    for (start, line) in lines(text) {
        let bare: String = line.chars().filter(|c| *c != ' ').collect();
        let end = start + line.len();
        if !(names(&bare) || checked(&bare)) {
            continue;
        }
        // The lines of one document are one hit.
        match out.last_mut() {
            Some(last) if last.span.is_some_and(|(_, e)| e + 2 >= start) => {
                last.span = last.span.map(|(s, _)| (s, end));
            }
            _ => out.push(named(
                (start, end),
                &bare,
                "zone de lecture d’une pièce d’identité",
                "machine-readable lines of an identity document",
                1,
            )),
        }
    }
    out
}

/// Runs of capitals, digits and `<` that hold a `<`, with where they begin.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let kept = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '<';
    pieces(text, kept).filter(|(_, line)| line.len() >= 20 && line.contains('<'))
}

/// `P<FRAROUX<<LUCIE<<<`
fn names(bare: &str) -> bool {
    let head = bare.as_bytes();
    let kind = head
        .first()
        .is_some_and(|b| matches!(b, b'P' | b'I' | b'A' | b'C' | b'V'));
    kind && bare.contains("<<")
        && head
            .iter()
            .take(5)
            .all(|b| b.is_ascii_uppercase() || *b == b'<')
        && bare.bytes().filter(u8::is_ascii_uppercase).count() >= 6
}

/// Number, birth and end of validity, each with its check digit, where a passport or a card has them.
fn checked(bare: &str) -> bool {
    let good = |from: usize, to: usize| {
        bare.get(from..to)
            .zip(bare.as_bytes().get(to))
            .is_some_and(|(part, key)| part.bytes().any(|b| b != b'<') && check(part) == Some(*key))
    };
    match bare.len() {
        44 | 36 => good(0, 9) && good(13, 19) && good(21, 27),
        30 => good(0, 6) && good(8, 14) || good(5, 14),
        _ => false,
    }
}

/// Weights 7, 3 and 1; letters count from 10.
fn check(part: &str) -> Option<u8> {
    let mut sum = 0;
    for (i, c) in part.chars().enumerate() {
        let value = if c == '<' { 0 } else { c.to_digit(36)? };
        sum += value * [7, 3, 1][i % 3];
    }
    Some(b'0' + (sum % 10) as u8)
}

/// Words without which no document number is looked for, but for British licences.
pub(super) const WORDS: &[&str] = &[
    "passeport",
    "passport",
    "identité",
    "identite",
    "cni",
    "identity card",
    "id card",
    "permis",
    "licence",
    "license",
    "séjour",
    "sejour",
    "residence permit",
    "visa",
    "travel document",
];

const CALLED: &[&str] = &[
    "passeport*",
    "passport*",
    "carte d'identité",
    "carte nationale",
    "pièce d'identité",
    "carte identité",
    "cni",
    "identity card",
    "id card",
    "permis",
    "driving licence",
    "driver's license",
    "drivers license",
    "driver license",
    "driving license",
    "licence no",
    "titre de séjour",
    "residence permit",
    "visa",
    "travel document",
];

/// Numbers of passports, identity cards and licences after a word that names one.
pub fn number(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    if !super::numbers::digits(text, 2) {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (at, word) in words(text).filter(|(_, w)| (8..=18).contains(&w.len())) {
        let end = at + word.len();
        let strong = british_licence(word);
        let touched = before(text, at)
            .is_some_and(|c| c == '-' || c == '_' || c == '#' || c == '@' || c == '/');
        if !touched && (strong || shaped(word) && said(context, (at, end), (160, 0), CALLED)) {
            out.push(named(
                (at, end),
                word,
                "numéro de pièce d’identité",
                "identity document number",
                2,
            ));
        }
    }
    out
}

/// Five letters of the name, six digits of birth, two initials, three more.
fn british_licence(word: &str) -> bool {
    let bytes = word.as_bytes();
    let month = word
        .get(6..8)
        .and_then(|m| m.parse::<u32>().ok())
        .unwrap_or(0);
    let day = word
        .get(8..10)
        .and_then(|d| d.parse::<u32>().ok())
        .unwrap_or(0);
    bytes.len() == 16
        && bytes[..5]
            .iter()
            .all(|b| b.is_ascii_uppercase() || *b == b'9')
        && bytes[0].is_ascii_uppercase()
        && bytes[5..11].iter().all(u8::is_ascii_digit)
        && matches!(month, 1..=12 | 51..=62)
        && (1..=31).contains(&day)
        && bytes[11..13]
            .iter()
            .all(|b| b.is_ascii_uppercase() || *b == b'9')
        && bytes[13].is_ascii_digit() | bytes[13].is_ascii_uppercase()
        && bytes[14..].iter().all(u8::is_ascii_uppercase)
}

/// As numbers of documents are written: capitals and digits, digits foremost, not a date.
fn shaped(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let capitals = word.bytes().filter(u8::is_ascii_uppercase).count();
    let all = digits + capitals == word.len();
    // A new French card mixes nine of both.
    let mixed = word.len() == 9
        && digits >= 2
        && capitals >= 2
        && word.bytes().next().is_some_and(|b| b.is_ascii_uppercase());
    let date = word.len() == 8 && digits == 8 && (word.starts_with("19") || word.starts_with("20"));
    all && !date && (digits >= 7 && capitals <= 4 || mixed)
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, found, none_found};
    use super::*;

    #[test]
    fn lines_for_machines() {
        let passport = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
        assert_eq!(found(mrz, passport), [passport]);
        each_found(
            mrz,
            &[
                "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
                "photo P<FRAROUX<<LUCIE<<<<<<<<<<<<<<<<<<<<",
            ],
        );
        none_found(
            mrz,
            &[
                "L898902C46UTO7408122F1204159ZE184226B<<<<<10",
                "COUT << \"HELLO\"",
                "P<ROMO",
            ],
        );
    }

    #[test]
    fn numbers_after_a_word() {
        each_found(
            number,
            &[
                "passeport 12AB34567",
                "my passport number is CD7654321 and it expires soon",
                "CNI n° 880692310285",
                "carte d'identité X4RTBPFW4",
                "MORGA607054SM9IJ",
                "permis 26AB01234",
                "PASSPORT  HOLLOWAY  PRIYA ANNE  11 SEP 1979  BOSTON  6028174396USA",
            ],
        );
        none_found(
            number,
            &[
                "12AB34567",
                "passeport demandé le 20260312",
                "passport control at GATE12",
                "un passeport tout neuf, 2026",
            ],
        );
    }
}
