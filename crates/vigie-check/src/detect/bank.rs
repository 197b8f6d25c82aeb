//! Accounts and cards.

use super::Context;
use super::numbers::{
    Number, after, alone, before, luhn, named, numbers, published, said, varied, weighted,
};
use crate::eval::Hit;

/// Words that say a number is a card.
const CARD: &[&str] = &[
    "carte*",
    "card*",
    "cb",
    "cc",
    "pan",
    "visa",
    "mastercard",
    "amex",
    "american express",
    "maestro",
    "diners",
    "exp",
    "expire*",
    "cvv",
    "cvc",
    "cryptogramme",
];

/// Words before a number that make it something else.
const OTHER: &[&str] = &[
    "isbn",
    "issn",
    "ean",
    "gtin",
    "imei",
    "colis",
    "tracking",
    "suivi",
    "parcel",
    "shipment",
    "siret",
    "commande*",
    "order*",
    "référence*",
    "ref",
    "réf",
    "lot",
    "sku",
    "série",
    "serial",
    "iccid",
    "doi",
    "orcid",
    "part no",
];

/// Payment card numbers: a known issuer and its length, or 12 to 19 digits that a word calls a card; and Luhn.
///
/// Fifteen digits with the key of a French social security number are one, unless they are a card by their first digits
/// and a word.
pub fn card(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    numbers(text, 12..20, |n| {
        if !varied(&n.bare) || !luhn(&n.bare) || !grouped(n) {
            return false;
        }
        let span = (n.start, n.end);
        let called = || said(context, span, (40, 24), CARD);
        if super::nir::proven(&n.bare) && !(n.bare.starts_with("37") && called()) {
            return false;
        }
        if issued(&n.bare) {
            !said(context, span, (24, 0), OTHER) || called()
        } else {
            called() && !n.bare.starts_with('0')
        }
    })
    .into_iter()
    .map(|n| {
        named(
            (n.start, n.end),
            &n.bare,
            "numéro de carte de paiement",
            "payment card number",
            1,
        )
    })
    .collect()
}

/// As cards are written: in one piece, by fours or the like, or digit by digit.
fn grouped(n: &Number) -> bool {
    let first = n.groups.first().copied().unwrap_or_default();
    n.groups.len() == 1
        || n.groups.iter().all(|g| *g == 1)
        || first == 4 && n.groups.len() <= 5 && n.groups.iter().all(|g| (2..=7).contains(g))
}

fn issued(bare: &str) -> bool {
    let n = bare.len();
    let head = |k: usize| {
        bare.get(..k)
            .and_then(|h| h.parse::<u32>().ok())
            .unwrap_or(0)
    };
    head(1) == 4 && matches!(n, 13 | 16 | 19)
        || ((51..=55).contains(&head(2)) || (2221..=2720).contains(&head(4))) && n == 16
        || matches!(head(2), 34 | 37) && n == 15
        || (head(2) == 65 || head(4) == 6011 || (644..=649).contains(&head(3)) || head(2) == 62)
            && (16..=19).contains(&n)
        || ((300..=305).contains(&head(3)) || matches!(head(2), 36 | 38 | 39))
            && (14..=19).contains(&n)
        || (3528..=3589).contains(&head(4)) && (16..=19).contains(&n)
        || matches!(
            head(4),
            5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763
        ) && (13..=19).contains(&n)
        || head(1) == 1 && n == 15
}

/// Countries that have these numbers, and how long they are.
const IBAN_LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 \
    EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 \
    LB28 LC32 LI21 LT20 LU20 LV21 LY25 MA28 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 \
    RO24 RS22 SA24 SC31 SD18 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20";

/// How long the numbers of a country are.
fn iban_length(country: [u8; 2]) -> Option<usize> {
    IBAN_LENGTHS.split(' ').find_map(|entry| {
        let (code, length) = entry.split_at_checked(2)?;
        (code.as_bytes() == country)
            .then(|| length.parse().ok())
            .flatten()
    })
}

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
            && bytes[i + 3].is_ascii_digit()
            && !before(text, i).is_some_and(char::is_alphanumeric);
        let found = head.then(|| iban_at(text, i)).flatten();
        let Some((end, bare)) = found.filter(|(_, bare)| !published(context, bare)) else {
            i += 1;
            continue;
        };
        out.push(named(
            (i, end),
            &bare,
            "numéro de compte bancaire (IBAN)",
            "bank account number (IBAN)",
            1,
        ));
        i = end;
    }
    out
}

/// Letters and digits with up to three spaces, dots, dashes or line breaks between, so many in all.
pub(super) fn letters(text: &str, start: usize, length: usize) -> Option<(usize, String)> {
    let mut bare = String::with_capacity(length);
    let mut gap = 0;
    for (at, c) in text.get(start..)?.char_indices().take(length * 3) {
        if c.is_ascii_alphanumeric() {
            bare.push(c.to_ascii_uppercase());
            gap = 0;
            if bare.len() == length {
                let end = start + at + 1;
                let next = after(text, end);
                return (!next.is_some_and(char::is_alphanumeric)).then_some((end, bare));
            }
        } else if matches!(c, ' ' | '-' | '.' | '\n' | '–') && gap < 3 {
            gap += 1;
        } else {
            return None;
        }
    }
    None
}

fn iban_at(text: &str, start: usize) -> Option<(usize, String)> {
    let bytes = text.as_bytes();
    let country = [
        bytes[start].to_ascii_uppercase(),
        bytes[start + 1].to_ascii_uppercase(),
    ];
    let (end, bare) = letters(text, start, iban_length(country)?)?;
    let seen = text.get(start..end)?;
    // Some write it all small; none mixes.
    let mixed = seen.bytes().any(|b| b.is_ascii_lowercase())
        && seen.bytes().any(|b| b.is_ascii_uppercase());
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
    (rest == 1 && !mixed).then_some((end, bare))
}

/// Words that say a number is an account.
const RIB: &[&str] = &[
    "rib",
    "compte*",
    "banque",
    "bancaire*",
    "guichet",
    "virement*",
    "prélèvement*",
    "titulaire",
];

/// French account numbers (bank, branch, account, key) with their key; written in four groups, or called so.
pub fn rib(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let begins =
            bytes[i].is_ascii_digit() && !before(text, i).is_some_and(char::is_alphanumeric);
        let found = begins
            .then(|| letters(text, i, 23))
            .flatten()
            .filter(|(end, bare)| {
                let seen = text.get(i..*end).unwrap_or_default();
                let groups: Vec<usize> = seen.split([' ', '-', '.']).map(str::len).collect();
                rib_holds(bare)
                    && varied(bare)
                    && (groups == [5, 5, 11, 2] || said(context, (i, *end), (60, 0), RIB))
            });
        match found {
            Some((end, bare)) => {
                out.push(named(
                    (i, end),
                    &bare,
                    "relevé d’identité bancaire (RIB)",
                    "French bank account number (RIB)",
                    1,
                ));
                i = end;
            }
            None => i += 1,
        }
    }
    out
}

/// 89 times the bank, 15 times the branch, three times the account, and the key: a multiple of 97.
fn rib_holds(bare: &str) -> bool {
    let digit = |c: char| match c {
        '0'..='9' => c.to_digit(10),
        'A'..='I' => Some(c as u32 - 'A' as u32 + 1),
        'J'..='R' => Some(c as u32 - 'J' as u32 + 1),
        'S'..='Z' => Some(c as u32 - 'S' as u32 + 2),
        _ => None,
    };
    let number = |from: usize, to: usize| -> Option<u64> {
        bare.get(from..to)?
            .chars()
            .try_fold(0u64, |n, c| Some(n * 10 + u64::from(digit(c)?)))
    };
    let plain = |from: usize, to: usize| {
        bare.get(from..to)
            .is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit()))
    };
    let parts = (number(0, 5), number(5, 10), number(10, 21), number(21, 23));
    let (Some(bank), Some(branch), Some(account), Some(key)) = parts else {
        return false;
    };
    plain(0, 10)
        && plain(21, 23)
        && (1..=97).contains(&key)
        && (89 * bank + 15 * branch + 3 * account + key) % 97 == 0
}

/// Runs of ASCII letters and digits, with where they begin.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while !bytes.get(at)?.is_ascii_alphanumeric() {
            at += 1;
        }
        let start = at;
        while bytes.get(at).is_some_and(u8::is_ascii_alphanumeric) {
            at += 1;
        }
        Some((start, text.get(start..at)?))
    })
}

/// Words without which no national account number is looked for.
pub(super) const ACCOUNT_WORDS: &[&str] = &[
    "routing",
    "aba",
    "sort code",
    "sort-code",
    "account",
    "compte",
];

/// American routing numbers, British sort codes, account numbers: where a word says so.
pub fn account(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    if !super::numbers::digits(text, 6) {
        return Vec::new();
    }
    let routing = numbers(text, 9..10, |n| {
        routing_holds(&n.bare)
            && said(
                context,
                (n.start, n.end),
                (40, 0),
                &["routing", "aba", "rtn"],
            )
    });
    let sort = numbers(text, 6..15, |n| {
        let code = n.groups.starts_with(&[2, 2, 2]) && matches!(n.bare.len(), 6 | 14)
            || n.bare.len() == 6 && n.groups.len() == 1;
        code && said(
            context,
            (n.start, n.end),
            (24, 0),
            &["sort code", "sort-code", "sortcode"],
        )
    });
    let plain = numbers(text, 7..18, |n| {
        let at = (n.start, n.end);
        said(
            context,
            at,
            (28, 0),
            &[
                "bank account",
                "account number",
                "account no",
                "account n°",
                "acct",
                "compte bancaire",
                "numéro de compte",
                "n° de compte",
            ],
        ) && varied(&n.bare)
    });
    let mut out: Vec<Hit> = Vec::new();
    for n in routing.into_iter().chain(sort).chain(plain) {
        let span = Some((n.start, n.end));
        if alone(text, n.start, n.end) && out.iter().all(|h| h.span != span) {
            out.push(named(
                (n.start, n.end),
                &n.bare,
                "numéro de compte bancaire",
                "bank account number",
                2,
            ));
        }
    }
    out
}

fn routing_holds(bare: &str) -> bool {
    let head: u32 = bare.get(..2).and_then(|h| h.parse().ok()).unwrap_or(99);
    matches!(head, 0..=12 | 21..=32 | 61..=72 | 80)
        && varied(bare)
        && weighted(bare, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, none_found};
    use super::*;

    #[test]
    fn cards() {
        each_found(
            card,
            &[
                "4111 1111 1111 1111",
                "4111-1111-1111-1111 exp 12/27",
                "4111\u{a0}1111\u{a0}1111\n1111",
                "carte 5038 6729 7114",
                "3782 822463 10005",
                "2 pièces, 4970 1099 8877 6651.",
                "30569309025904",
            ],
        );
        none_found(
            card,
            &[
                "4111 1111 1111 1112",
                "Colis 4970109988776651 en route",
                "0000 0000 0000 0000",
                "ISBN 978-2-1234-5680-3",
                "prix 4111111111111111 €",
                "276066960020962",
                "Mon numéro de sécu, pour la mutuelle : 199055626526797",
                "12 4 8 15 16 23 42",
            ],
        );
    }

    #[test]
    fn ibans() {
        each_found(
            iban,
            &[
                "FR14 2004 1010 0505 0001 3M02 606",
                "fr1420041010050500013m02606",
                "FR14\u{202f}2004\u{202f}1010\u{202f}0505\n0001\u{a0}3M02\u{a0}606",
                "(DE89370400440532013000)",
                "GB29.NWBK.6016.1331.9268.19",
            ],
        );
        none_found(
            iban,
            &[
                "FR14 2004 1010 0505 0001 3M02 607",
                "FR76-2041-0987",
                "XX14 2004 1010 0505 0001 3M02 606",
            ],
        );
    }

    #[test]
    fn french_accounts() {
        each_found(
            rib,
            &[
                "20041 01005 0500013M026 06",
                "RIB : 20041010050500013M02606",
            ],
        );
        none_found(
            rib,
            &["20041 01005 0500013M026 07", "lot 20041010050500013M02606"],
        );
    }

    #[test]
    fn banks_and_accounts_by_their_words() {
        each_found(
            account,
            &[
                "routing 121000358",
                "sort code 12-34-56",
                "my bank account number is 945456787654",
            ],
        );
        none_found(
            account,
            &[
                "421042111",
                "routing 421042111",
                "un compte à 12 000 abonnés",
            ],
        );
    }
}
