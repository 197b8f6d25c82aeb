//! Numbers that carry their own proof.

use super::Context;
use crate::eval::Hit;
use crate::text::mask::mask;

/// A run of digits (and letters where asked) with single separators between.
struct Run {
    start: usize,
    end: usize,
    bare: String,
}

/// Runs of digits with at most one space, dot or dash between groups; bounded in length.
fn digit_runs(text: &str) -> Vec<Run> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        if !bytes[i].is_ascii_digit() {
            i += 1;
            continue;
        }
        let start = i;
        let mut bare = String::new();
        let mut end = i;
        while i < bytes.len() {
            let b = bytes[i];
            if b.is_ascii_digit() {
                bare.push(char::from(b));
                i += 1;
                end = i;
            } else if matches!(b, b' ' | b'.' | b'-')
                && bytes.get(i + 1).is_some_and(u8::is_ascii_digit)
            {
                i += 1;
            } else {
                break;
            }
        }
        out.push(Run { start, end, bare });
    }
    out
}

/// No letter or digit touches the run.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|s| s.chars().next_back());
    let after = text.get(end..).and_then(|s| s.chars().next());
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}

pub(crate) fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (i, d) in digits.bytes().rev().enumerate() {
        let mut d = u32::from(d.wrapping_sub(b'0'));
        if d > 9 {
            return false;
        }
        if i % 2 == 1 {
            d *= 2;
            if d > 9 {
                d -= 9;
            }
        }
        sum += d;
    }
    sum % 10 == 0
}

/// Payment card numbers: 13 to 19 digits, a known issuer range, Luhn.
pub fn card(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    digit_runs(text)
        .into_iter()
        .filter(|r| {
            let n = r.bare.len();
            let head = |k: usize| {
                r.bare
                    .get(..k)
                    .and_then(|h| h.parse::<u32>().ok())
                    .unwrap_or(0)
            };
            let issuer = (head(1) == 4 && matches!(n, 13 | 16 | 19))
                || ((51..=55).contains(&head(2)) || (2221..=2720).contains(&head(4))) && n == 16
                || matches!(head(2), 34 | 37) && n == 15
                || (matches!(head(2), 65)
                    || head(4) == 6011
                    || matches!(head(2), 36 | 38)
                    || head(2) == 35)
                    && (14..=19).contains(&n);
            let varied = r.bare.bytes().any(|b| b != b'0')
                && r.bare
                    .bytes()
                    .collect::<std::collections::BTreeSet<_>>()
                    .len()
                    > 1;
            issuer && varied && stands_alone(text, r.start, r.end) && luhn(&r.bare)
        })
        .map(|r| Hit::at(r.start, r.end).with("match", mask(&r.bare)))
        .collect()
}

/// SIREN (9) and SIRET (14) with a word that says so within reach before the number.
pub fn siren(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    digit_runs(text)
        .into_iter()
        .filter(|r| {
            let known = matches!(r.bare.len(), 9 | 14)
                && stands_alone(text, r.start, r.end)
                && siren_luhn(&r.bare);
            known && {
                let mut from = r.start.saturating_sub(40);
                while !text.is_char_boundary(from) {
                    from += 1;
                }
                let before = context.view.low.get(from..r.start).unwrap_or_default();
                ["siren", "siret", "rcs", "immatricul"]
                    .iter()
                    .any(|w| before.contains(w))
            }
        })
        .map(|r| {
            let kind = if r.bare.len() == 9 { "SIREN" } else { "SIRET" };
            Hit::at(r.start, r.end).with("kind", kind)
        })
        .collect()
}

/// Luhn; the establishments of La Poste (356 000 000) sum to a multiple of five instead.
fn siren_luhn(digits: &str) -> bool {
    luhn(digits)
        || digits.starts_with("356000000")
            && digits.len() == 14
            && digits.bytes().map(|b| u32::from(b - b'0')).sum::<u32>() % 5 == 0
}

/// French social security numbers with their key, Corsica (2A, 2B) and overseas included.
pub fn nir(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let begins = matches!(bytes[i], b'1'..=b'4' | b'7' | b'8')
            && (i == 0 || !bytes[i - 1].is_ascii_alphanumeric());
        if begins
            && let Some((end, bare)) = nir_at(bytes, i)
            && stands_alone(text, i, end)
            && nir_holds(&bare)
        {
            out.push(Hit::at(i, end).with("match", mask(&bare)));
            i = end;
        } else {
            i += 1;
        }
    }
    out
}

/// Fifteen digits (a letter may stand seventh) with single separators.
fn nir_at(bytes: &[u8], start: usize) -> Option<(usize, String)> {
    let mut bare = String::with_capacity(15);
    let mut i = start;
    while bare.len() < 15 {
        let b = *bytes.get(i)?;
        if b.is_ascii_digit() || (bare.len() == 6 && matches!(b, b'A' | b'B' | b'a' | b'b')) {
            bare.push(char::from(b.to_ascii_uppercase()));
        } else if !(matches!(b, b' ' | b'.' | b'-')
            && i > start
            && bytes[i - 1].is_ascii_alphanumeric())
        {
            return None;
        }
        i += 1;
    }
    Some((i, bare))
}

fn nir_holds(bare: &str) -> bool {
    let Some(month) = bare.get(3..5).and_then(|m| m.parse::<u32>().ok()) else {
        return false;
    };
    let Some(place) = bare.get(5..7) else {
        return false;
    };
    if !matches!(month, 1..=12 | 20..=42 | 50..=99) || place == "00" {
        return false;
    }
    // The key reads 2A as 19 and 2B as 18.
    let number = match place {
        "2A" => bare.replacen("2A", "19", 1),
        "2B" => bare.replacen("2B", "18", 1),
        p if p.bytes().all(|b| b.is_ascii_digit()) => bare.to_owned(),
        _ => return false,
    };
    let (Some(body), Some(key)) = (number.get(..13), number.get(13..15)) else {
        return false;
    };
    match (body.parse::<u64>(), key.parse::<u64>()) {
        (Ok(body), Ok(key)) => 97 - body % 97 == key,
        _ => false,
    }
}

const IBAN_LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AT", 20),
    ("BE", 16),
    ("BG", 22),
    ("CH", 21),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("EE", 20),
    ("ES", 24),
    ("FI", 18),
    ("FR", 27),
    ("GB", 22),
    ("GR", 27),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IS", 26),
    ("IT", 27),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("MA", 28),
    ("MC", 27),
    ("MT", 31),
    ("NL", 18),
    ("NO", 15),
    ("PL", 28),
    ("PT", 25),
    ("RO", 24),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
];

/// International bank account numbers: a known country, its length, the remainder of 97.
pub fn iban(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i + 4 < bytes.len() {
        let head = bytes[i].is_ascii_alphabetic()
            && bytes[i + 1].is_ascii_alphabetic()
            && bytes[i + 2].is_ascii_digit()
            && (bytes[i + 3].is_ascii_digit())
            && (i == 0 || !bytes[i - 1].is_ascii_alphanumeric());
        let Some(found) = head.then(|| iban_at(bytes, i)).flatten() else {
            i += 1;
            continue;
        };
        let (end, bare) = found;
        if stands_alone(text, i, end) {
            out.push(Hit::at(i, end).with("match", mask(&bare)));
        }
        i = end;
    }
    out
}

fn iban_at(bytes: &[u8], start: usize) -> Option<(usize, String)> {
    let country = [
        bytes[start].to_ascii_uppercase(),
        bytes[start + 1].to_ascii_uppercase(),
    ];
    let length = IBAN_LENGTHS
        .iter()
        .find(|(c, _)| c.as_bytes() == country)?
        .1;
    let mut bare = String::with_capacity(length);
    let mut i = start;
    while bare.len() < length {
        let b = *bytes.get(i)?;
        if b.is_ascii_alphanumeric() {
            bare.push(char::from(b.to_ascii_uppercase()));
        } else if !(matches!(b, b' ' | b'-') && bytes[i - 1].is_ascii_alphanumeric()) {
            return None;
        }
        i += 1;
    }
    let (head, tail) = bare.split_at(4);
    let mut rest = 0u32;
    for c in tail.chars().chain(head.chars()) {
        let value = c.to_digit(36)?;
        rest = if value > 9 {
            (rest * 100 + value) % 97
        } else {
            (rest * 10 + value) % 97
        };
    }
    (rest == 1).then_some((i, bare))
}
