//! Numbers that a state gives to a person.

use super::Context;
use super::bank::{letters, words};
use super::numbers::{
    Number, alone, ean, lone, luhn, named, numbers, remainder, said, surely, varied, weighted,
};
use crate::eval::Hit;
use crate::report::{Confidence, Severity};

/// Words that make a number one of a thing.
const THING: &[&str] = &[
    "part no",
    "part number",
    "part",
    "ref",
    "réf",
    "référence*",
    "reference*",
    "sku",
    "modèle",
    "model",
    "lot",
    "tel",
    "tél",
    "phone",
    "order*",
    "commande*",
    "isbn",
    "serial",
    "série",
    "colis",
    "tracking",
    "version",
];

fn digits<'t>(
    context: &'t Context<'_>,
    length: std::ops::Range<usize>,
    holds: impl Fn(&Number, (usize, usize)) -> bool,
    (fr, en): (&'t str, &'t str),
) -> impl Iterator<Item = Hit> + 't {
    let text: &str = &context.view.clean;
    numbers(text, length, |n| {
        varied(&n.bare) && !goes_on(text, n.end) && holds(n, (n.start, n.end))
    })
    .into_iter()
    .map(move |n| named((n.start, n.end), &n.bare, fr, en, 1))
}

/// `219-48-7736-B` is a part of a longer code.
fn goes_on(text: &str, end: usize) -> bool {
    let mut next = text.get(end..).unwrap_or_default().chars();
    next.next() == Some('-') && next.next().is_some_and(char::is_alphanumeric)
}

/// Words that say that an American number follows.
const SSN: &[&str] = &[
    "ssn",
    "social security",
    "social sec",
    "sécurité sociale",
    "soc sec",
];

/// American social security numbers: areas, groups and serials that are given out; written with dashes, or called so.
pub fn us_ssn(context: &Context<'_>) -> Vec<Hit> {
    let holds = |n: &Number, at| {
        let part = |a: usize, b: usize| {
            n.bare
                .get(a..b)
                .and_then(|p| p.parse::<u32>().ok())
                .unwrap_or(0)
        };
        let (area, group, serial) = (part(0, 3), part(3, 5), part(5, 9));
        let given = area != 0 && area != 666 && area < 900 && group != 0 && serial != 0;
        let sample = matches!(
            n.bare.as_str(),
            "078051120" | "219099999" | "123456789" | "987654321"
        );
        let mark = |from: usize| context.view.clean.get(n.start + from..n.start + from + 1);
        let even = n.groups == [3, 2, 4] && mark(3) == mark(6);
        let dashed = even && mark(3) == Some("-");
        let called = || {
            said(context, at, (32, 0), SSN) && (even || n.groups.len() == 1)
                || even && lone(context, at)
        };
        given && !sample && (dashed && !said(context, at, (20, 0), THING) || called())
    };
    let mut out: Vec<Hit> = digits(
        context,
        9..10,
        holds,
        (
            "numéro de sécurité sociale américain",
            "US social security number",
        ),
    )
    .collect();
    let taxpayer = |n: &Number, at| {
        let group = n
            .bare
            .get(3..5)
            .and_then(|p| p.parse::<u32>().ok())
            .unwrap_or(0);
        let given =
            n.bare.starts_with('9') && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99);
        given
            && (n.groups == [3, 2, 4] && !said(context, at, (20, 0), THING)
                || said(context, at, (32, 0), &["itin", "taxpayer", "tax id"]))
    };
    out.extend(digits(
        context,
        9..10,
        taxpayer,
        (
            "numéro fiscal américain (ITIN)",
            "US taxpayer number (ITIN)",
        ),
    ));
    out
}

/// British national insurance numbers: prefixes that are given out.
pub fn uk_nino(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    if !super::numbers::digits(text, 6) {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut from = 0;
    for (at, word) in words(text) {
        let head = word.as_bytes();
        let starts =
            matches!(word.len(), 2 | 4 | 8 | 9) && head.iter().take(2).all(u8::is_ascii_alphabetic);
        if at < from || !starts {
            continue;
        }
        let Some((end, bare)) = letters(text, at, 9).filter(|(_, b)| nino_holds(b)) else {
            continue;
        };
        let seen = text.get(at..end).unwrap_or_default();
        let spaced = seen.split([' ', '-']).map(str::len).eq([2, 2, 2, 2, 1]);
        let capitals = !seen.bytes().any(|b| b.is_ascii_lowercase());
        let called = said(
            context,
            (at, end),
            (40, 24),
            &[
                "nino",
                "ni number",
                "ni no",
                "national insurance",
                "assurance nationale",
            ],
        );
        if called
            || (spaced || capitals)
                && alone(text, at, end)
                && !said(context, (at, end), (20, 0), THING)
        {
            let hit = named(
                (at, end),
                &bare,
                "numéro d’assurance nationale britannique",
                "UK national insurance number",
                1,
            );
            out.push(if called || spaced {
                hit
            } else {
                surely(hit, Confidence::Medium)
            });
            from = end;
        }
    }
    out
}

fn nino_holds(bare: &str) -> bool {
    let bytes = bare.as_bytes();
    let (Some(&first), Some(&second), Some(&last)) = (bytes.first(), bytes.get(1), bytes.get(8))
    else {
        return false;
    };
    let given =
        |b: u8| b.is_ascii_uppercase() && !matches!(b, b'D' | b'F' | b'I' | b'Q' | b'U' | b'V');
    given(first)
        && given(second)
        && second != b'O'
        && !matches!(
            &bytes[..2],
            b"BG" | b"GB" | b"KN" | b"NK" | b"NT" | b"TN" | b"ZZ"
        )
        && bytes[2..8].iter().all(u8::is_ascii_digit)
        && matches!(last, b'A'..=b'D')
}

/// Words that say that a number is a patient's.
const NHS: &[&str] = &["nhs", "patient*", "hospital*", "gp", "health number"];

/// British health service numbers: ten digits with the remainder of 11. Where no word says so, they must be written in
/// their three groups and not as a telephone number, and are only said to be possible.
pub fn uk_nhs(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let found = numbers(text, 10..11, |n| {
        varied(&n.bare) && nhs_holds(&n.bare) && !goes_on(text, n.end)
    });
    let mut out = Vec::new();
    for n in found {
        let at = (n.start, n.end);
        if lone(context, at) || said(context, at, (40, 16), NHS) {
            let name = ("numéro de patient britannique (NHS)", "NHS number");
            out.push(named(at, &n.bare, name.0, name.1, 1));
        } else if n.groups == [3, 3, 4]
            && nhs_given(&n.bare)
            && stands_apart(text, at)
            && !super::phone::written(context, at, &n.bare)
            && !said(context, at, (24, 0), THING)
        {
            let mut hit = named(
                at,
                &n.bare,
                "peut-être un numéro de patient britannique (NHS)",
                "possibly an NHS number",
                2,
            );
            if let Some(told) = hit.told.as_mut() {
                told.severity = Some(Severity::Review);
                told.confidence = Some(Confidence::Low);
            }
            out.push(hit);
        }
    }
    out
}

fn nhs_holds(bare: &str) -> bool {
    weighted(bare, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// Beginnings of numbers that are in use, those of tests included.
pub(super) fn nhs_given(bare: &str) -> bool {
    bare.starts_with(['3', '4', '6', '7', '9']) && nhs_holds(bare)
}

/// No other number stands a space away.
fn stands_apart(text: &str, (start, end): (usize, usize)) -> bool {
    let beside = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || c == '+');
    let behind = text.get(..start).unwrap_or_default().trim_end();
    let ahead = text.get(end..).unwrap_or_default().trim_start();
    !beside(behind.chars().next_back()) && !beside(ahead.chars().next())
}

/// A state's number: its words, its digits, its check.
struct Plan {
    words: &'static [&'static str],
    length: usize,
    /// Groups that it is written in; written so, it needs no word.
    shape: &'static [usize],
    check: fn(&str) -> bool,
    name: (&'static str, &'static str),
}

const PLANS: &[Plan] = &[
    Plan {
        words: &["avs", "ahv", "assurance vieillesse"],
        length: 13,
        shape: &[3, 4, 4, 2],
        check: |b| b.starts_with("756") && ean(b),
        name: ("numéro AVS suisse", "Swiss insurance number (AVS)"),
    },
    Plan {
        words: &[
            "registre national",
            "rijksregister",
            "niss",
            "insz",
            "national register",
        ],
        length: 11,
        shape: &[2, 2, 2, 3, 2],
        check: belgian,
        name: (
            "numéro de registre national belge",
            "Belgian national register number",
        ),
    },
    Plan {
        words: &["fiscal", "fiscale", "impôt*", "spi", "tax"],
        length: 13,
        shape: &[],
        check: french_tax,
        name: ("numéro fiscal français", "French tax number"),
    },
    Plan {
        words: &["sin", "social insurance", "assurance sociale", "nas"],
        length: 9,
        shape: &[],
        check: luhn,
        name: (
            "numéro d’assurance sociale canadien",
            "Canadian social insurance number",
        ),
    },
    Plan {
        words: &["bsn", "burgerservicenummer", "sofinummer"],
        length: 9,
        shape: &[],
        check: |b| {
            (weighted(b, &[9, 8, 7, 6, 5, 4, 3, 2, 0])
                + 10 * weighted(b.get(8..).unwrap_or("0"), &[1]))
            .is_multiple_of(11)
        },
        name: ("numéro de citoyen néerlandais", "Dutch citizen number"),
    },
    Plan {
        words: &["pesel"],
        length: 11,
        shape: &[],
        check: |b| weighted(b, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10),
        name: ("numéro PESEL polonais", "Polish PESEL number"),
    },
    Plan {
        words: &["steuer*", "idnr", "tin"],
        length: 11,
        shape: &[],
        check: german_tax,
        name: ("numéro fiscal allemand", "German tax number"),
    },
    Plan {
        words: &["nif", "contribuinte"],
        length: 9,
        shape: &[],
        check: portuguese,
        name: ("numéro fiscal portugais", "Portuguese tax number"),
    },
    Plan {
        words: &["personnummer", "personal number", "samordningsnummer"],
        length: 10,
        shape: &[],
        check: luhn,
        name: ("numéro personnel suédois", "Swedish personal number"),
    },
    Plan {
        words: &["aadhaar", "aadhar", "uidai"],
        length: 12,
        shape: &[],
        check: |b| !b.starts_with(['0', '1']),
        name: ("numéro Aadhaar", "Aadhaar number"),
    },
];

fn belgian(bare: &str) -> bool {
    let (Some(body), Some(key)) = (
        bare.get(..9),
        bare.get(9..).and_then(|k| k.parse::<u32>().ok()),
    ) else {
        return false;
    };
    let month = bare
        .get(2..4)
        .and_then(|m| m.parse::<u32>().ok())
        .unwrap_or(99);
    let day = bare
        .get(4..6)
        .and_then(|d| d.parse::<u32>().ok())
        .unwrap_or(99);
    let rest = |b: &str| remainder(b, 97).map(|r| 97 - r);
    month <= 12 && day <= 31 && (rest(body) == Some(key) || rest(&format!("2{body}")) == Some(key))
}

fn french_tax(bare: &str) -> bool {
    let key = bare.get(10..).and_then(|k| k.parse::<u32>().ok());
    bare.starts_with(['0', '1', '2', '3']) && bare.get(..10).and_then(|b| remainder(b, 511)) == key
}

fn german_tax(bare: &str) -> bool {
    let mut product = 10;
    for d in bare.bytes().take(10) {
        let sum = (u32::from(d - b'0') + product) % 10;
        product = (if sum == 0 { 10 } else { sum }) * 2 % 11;
    }
    let key = (11 - product) % 10;
    !bare.starts_with('0')
        && bare
            .as_bytes()
            .get(10)
            .copied()
            .map(|d| u32::from(d - b'0'))
            == Some(key)
}

fn portuguese(bare: &str) -> bool {
    let rest = weighted(bare, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    let key = if rest < 2 { 0 } else { 11 - rest };
    bare.as_bytes().get(8).copied().map(|d| u32::from(d - b'0')) == Some(key)
}

/// Numbers of persons in other states, French tax numbers included: their check, and their shape or a word.
pub fn foreign(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let of = |n: &Number| {
        PLANS.iter().find(|plan| {
            let at = (n.start, n.end);
            let alone = || plan.length > 10 && plan.length != 12 && lone(context, at);
            plan.length == n.bare.len()
                && (plan.check)(&n.bare)
                && (n.groups == plan.shape || said(context, at, (40, 0), plan.words) || alone())
        })
    };
    let found = numbers(text, 9..14, |n| varied(&n.bare) && of(n).is_some());
    let mut out: Vec<Hit> = found
        .iter()
        .filter_map(|n| {
            let (fr, en) = of(n)?.name;
            Some(named((n.start, n.end), &n.bare, fr, en, 1))
        })
        .collect();
    out.extend(lettered(context));
    out
}

/// Spanish and Italian numbers, which hold letters.
fn lettered(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let mut out = Vec::new();
    for (at, word) in words(text).filter(|(_, w)| matches!(w.len(), 9 | 16)) {
        let bare = word.to_ascii_uppercase();
        let end = at + word.len();
        let named = |fr, en| named((at, end), &bare, fr, en, 1);
        if bare.len() == 16 && italian(&bare) {
            out.push(named("code fiscal italien", "Italian tax code"));
        } else if bare.len() == 9
            && spanish(&bare)
            && (lone(context, (at, end))
                || said(
                    context,
                    (at, end),
                    (40, 0),
                    &["dni", "nie", "nif", "identidad"],
                ))
        {
            out.push(named(
                "numéro d’identité espagnol",
                "Spanish identity number",
            ));
        }
    }
    out
}

fn spanish(bare: &str) -> bool {
    let (Some(body), Some(letter)) = (bare.get(..8), bare.chars().nth(8)) else {
        return false;
    };
    let body = match body.chars().next() {
        Some('X') => body.replacen('X', "0", 1),
        Some('Y') => body.replacen('Y', "1", 1),
        Some('Z') => body.replacen('Z', "2", 1),
        _ => body.to_owned(),
    };
    let rest = remainder(&body, 23).unwrap_or(99) as usize;
    "TRWAGMYFPDXBNJZSQVHLCKE".chars().nth(rest) == Some(letter)
}

fn italian(bare: &str) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let bytes = bare.as_bytes();
    let shaped = bytes.iter().enumerate().all(|(i, b)| match i {
        0..=5 | 8 | 11 | 15 => b.is_ascii_uppercase(),
        _ => b.is_ascii_digit() || matches!(b, b'L'..=b'V'),
    });
    if !shaped || bytes.len() != 16 {
        return false;
    }
    let value = |b: u8| {
        u32::from(if b.is_ascii_digit() {
            b - b'0'
        } else {
            b - b'A'
        })
    };
    let sum: u32 = bytes
        .iter()
        .take(15)
        .enumerate()
        .map(|(i, b)| {
            let v = value(*b);
            if i % 2 == 0 {
                ODD.get(v as usize).copied().unwrap_or(0)
            } else {
                v
            }
        })
        .sum();
    bytes.get(15).map(|b| value(*b)) == Some(sum % 26)
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, none_found};
    use super::*;

    #[test]
    fn american() {
        each_found(
            us_ssn,
            &[
                "SSN 219-48-7736",
                "219-48-7736",
                "my ssn is 078 05 1123",
                "ITIN 911-70-1234",
                "911-64-1234",
            ],
        );
        none_found(
            us_ssn,
            &[
                "Part no. 219-48-7736-B",
                "666-12-3456",
                "000-12-3456",
                "078-05-1120",
                "lot 219 48 7736",
                "911-89-1234",
                "Ref 219-48-7736",
            ],
        );
    }

    #[test]
    fn british() {
        each_found(
            uk_nino,
            &[
                "AB 12 34 56 C",
                "nino: PR 123612C",
                "YZ 61 48 68 B",
                "hh 01 02 03 d",
                "ni number tw987654a",
            ],
        );
        none_found(
            uk_nino,
            &[
                "BG123612A",
                "AB 12 34 56 1",
                "Ref AB123456C",
                "UV 98 76 54 B",
                "xab123456c",
            ],
        );
        each_found(
            uk_nhs,
            &[
                "NHS number 221 395 1837",
                "NHS 0032698674",
                "Mrs Holt came back on Monday, 486 830 7843, with her son.",
                "600 836 9009",
                "Bed four: 401-023-2137, moved to the third floor on Tuesday morning before the round",
            ],
        );
        none_found(
            uk_nhs,
            &[
                "lot 221 395 1837",
                "NHS 401-023-2138",
                "We have moved and our number is now 486 830 7843, so ring us there from Monday",
                "The bakery on the corner has moved to the high street: 486-830-7843, from Monday on",
                "Made in our small workshop in the hills, order 486 830 7843, and shipped on Tuesday",
                "A string of figures that somebody left here: 12 486 830 7843 on the wall of the hall",
                "The total of the year for the whole group was 4868307843 steps, says the walking club",
            ],
        );
    }

    #[test]
    fn elsewhere() {
        each_found(
            foreign,
            &[
                "756.9217.0769.85",
                "registre national 85.07.30-033.28",
                "n° fiscal 3023217600053",
                "SIN 046 454 286",
                "PESEL 44051401359",
                "DNI 12345678Z",
                "RSSMRA85T10A562S",
                "BSN 111222333",
            ],
        );
        none_found(
            foreign,
            &[
                "lot 3023217600053",
                "046 454 286",
                "lot 12345678Z",
                "756.9217.0769.86",
                "numéro 44051401359",
            ],
        );
    }
}
