//! Numbers of telephones and vehicles.

use super::Context;
use super::bank::words;
use super::numbers::{alone, luhn, named, numbers, said, varied};
use crate::eval::Hit;

/// Numbers of telephones, where the word IMEI stands before.
pub fn imei(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    numbers(text, 15..17, |n| {
        let body = n.bare.get(..15).unwrap_or_default();
        varied(&n.bare)
            && (luhn(body) || n.bare.len() == 16)
            && said(context, (n.start, n.end), (32, 0), &["imei*"])
    })
    .into_iter()
    .map(|n| {
        named(
            (n.start, n.end),
            &n.bare,
            "numéro d’appareil (IMEI)",
            "device number (IMEI)",
            1,
        )
    })
    .collect()
}

const VEHICLE: &[&str] = &[
    "vin",
    "châssis",
    "chassis",
    "numéro de série",
    "n° de série",
    "vehicle identification",
    "carte grise",
    "serial",
];

/// Numbers of vehicles: seventeen characters with their check, or called so.
pub fn vin(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    if !super::numbers::digits(text, 5) {
        return Vec::new();
    }
    words(text)
        .filter(|(_, w)| w.len() == 17)
        .filter(|(at, w)| {
            let span = (*at, at + w.len());
            let bare = w.to_ascii_uppercase();
            let digits = bare.bytes().filter(u8::is_ascii_digit).count();
            let shaped = (5..=16).contains(&digits)
                && !bare.contains(['I', 'O', 'Q'])
                && bare
                    .get(13..)
                    .is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit()));
            shaped
                && alone(text, span.0, span.1)
                && (said(context, span, (40, 0), VEHICLE) || checked(&bare) && *w == bare)
        })
        .map(|(at, w)| {
            named(
                (at, at + w.len()),
                w,
                "numéro de véhicule (VIN)",
                "vehicle number (VIN)",
                1,
            )
        })
        .collect()
}

/// The ninth character is the remainder of 11.
fn checked(bare: &str) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |c: char| match c {
        '0'..='9' => c.to_digit(10).unwrap_or(0),
        'A'..='H' => c as u32 - 'A' as u32 + 1,
        'J'..='R' => c as u32 - 'J' as u32 + 1,
        _ => (c as u32).saturating_sub('S' as u32) + 2,
    };
    let rest = bare
        .chars()
        .zip(WEIGHTS)
        .map(|(c, w)| value(c) * w)
        .sum::<u32>()
        % 11;
    bare.chars().nth(8)
        == Some(if rest == 10 {
            'X'
        } else {
            char::from(b'0' + rest as u8)
        })
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, none_found};
    use super::*;

    #[test]
    fn of_things_that_belong_to_somebody() {
        each_found(imei, &["IMEI : 49 015420 323751 8", "imei 490154203237518"]);
        none_found(imei, &["490154203237518", "IMEI 490154203237519"]);
        each_found(vin, &["1M8GDM9AXKP042788", "châssis VF1AB000123456789"]);
        none_found(
            vin,
            &[
                "1M8GDM9A1KP042788",
                "abcdefghijklmnopq",
                "ABCDEFGH123456789",
            ],
        );
    }
}
