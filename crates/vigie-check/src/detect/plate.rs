//! Number plates of vehicles.

use std::sync::LazyLock;

use super::Context;
use super::numbers::{alone, lone, named, said};
use crate::eval::Hit;
use crate::scan::pattern::Pattern;

/// French plates: two letters, three digits, two letters; no I, O or U.
static FRENCH: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(r"[A-HJ-NP-TV-Z]{2}(?P<a>[ \-–·]?)\d{3}(?P<b>[ \-–·]?)[A-HJ-NP-TV-Z]{2}")
});

/// Older French plates: digits, letters, department.
static OLD: LazyLock<Option<Pattern>> =
    LazyLock::new(|| Pattern::own(r"\d{2,4}[ \-]?[A-HJ-NP-TV-Z]{2,3}[ \-]?(?:\d{2}|2[AB]|97\d)"));

/// British plates: since 2001, before that, and before 1983.
static BRITISH: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(concat!(
        r"[A-HJ-PR-Y][A-HJ-PR-Y](?:0[1-9]|[1-7]\d)[ \-]?[A-HJ-PR-Z]{3}",
        r"|[A-HJ-NPR-TV-Y]\d{1,3}[ \-]?[A-Z]{3}|[A-Z]{3}[ \-]?\d{1,3}[A-HJ-NPR-TV-Y]"
    ))
});

/// What an American plate may look like.
static AMERICAN: LazyLock<Option<Pattern>> =
    LazyLock::new(|| Pattern::own(r"[A-Z0-9]{1,4}[ \-·]?[A-Z0-9]{3,4}"));

/// Words that say a vehicle is meant.
const VEHICLE: &[&str] = &[
    "plaque*",
    "immatricul*",
    "voiture*",
    "véhicule*",
    "vehicule*",
    "camion*",
    "camionnette*",
    "moto*",
    "scooter*",
    "berline*",
    "utilitaire*",
    "garé*",
    "garée*",
    "stationn*",
    "conducteur*",
    "chauffard*",
    "conductrice*",
    "automobiliste*",
    "proprio*",
    "clio",
    "peugeot",
    "renault",
    "citroën",
    "golf",
    "tesla",
    "4x4",
    "suv",
    "parking",
    "plate*",
    "reg",
    "registration*",
    "car",
    "cars",
    "van",
    "truck",
    "lorry",
    "vehicle*",
    "parked",
    "parking",
    "driver*",
    "bmw",
    "audi",
    "ford",
    "toyota",
    "motorbike*",
    "phares",
    "fourrière",
    "towed",
    "accrochage",
    "radar",
];

/// Words that make it a reference.
const THING: &[&str] = &[
    "réf",
    "ref",
    "référence*",
    "reference*",
    "modèle*",
    "model*",
    "lot",
    "sku",
    "part",
    "code",
    "vol",
    "flight",
    "norme",
    "iso",
];

/// Number plates: French ones with their dashes, others where a vehicle is spoken of.
pub fn plate(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    if !super::numbers::digits(text, 2) {
        return Vec::new();
    }
    let mut out: Vec<Hit> = Vec::new();
    let mut push = |start: usize, end: usize| {
        let free = out
            .iter()
            .all(|h| h.span.is_none_or(|(s, e)| end <= s || e <= start));
        if free {
            let seen = text.get(start..end).unwrap_or_default();
            out.push(named(
                (start, end),
                seen,
                "plaque d’immatriculation",
                "number plate",
                2,
            ));
        }
    };
    let vehicle = |at: (usize, usize), reach: usize| {
        lone(context, at) || said(context, at, (reach, reach), VEHICLE)
    };
    if let Some(pattern) = FRENCH.as_ref() {
        for g in pattern.captures_iter(text).take(crate::limits::MAX_HITS) {
            let Some(m) = g.get(0) else { continue };
            let mark = |n: &str| g.name(n).map_or("", |m| m.as_str());
            let at = (m.start(), m.end());
            let dashed = mark("a") == "-" && mark("b") == "-";
            if mark("a") == mark("b")
                && clear(text, at)
                && !said(context, at, (16, 0), THING)
                && (dashed || vehicle(at, 90))
            {
                push(at.0, at.1);
            }
        }
    }
    let near = [(OLD.as_ref(), 60), (BRITISH.as_ref(), 60)];
    for (pattern, reach) in near {
        for m in pattern
            .into_iter()
            .flat_map(|p| p.find_iter(text))
            .take(crate::limits::MAX_HITS)
        {
            let at = (m.start(), m.end());
            if clear(text, at) && !said(context, at, (16, 0), THING) && vehicle(at, reach) {
                push(at.0, at.1);
            }
        }
    }
    for m in AMERICAN
        .iter()
        .flat_map(|p| p.find_iter(text))
        .take(crate::limits::MAX_HITS)
    {
        let at = (m.start(), m.end());
        let digits = m.as_str().bytes().filter(u8::is_ascii_digit).count();
        let capitals = m.as_str().bytes().filter(u8::is_ascii_uppercase).count();
        let called = || {
            said(
                context,
                at,
                (22, 0),
                &[
                    "license plate*",
                    "licence plate*",
                    "number plate*",
                    "plate",
                    "plates",
                    "plate number",
                    "plaque",
                    "immatriculation",
                    "reg",
                ],
            )
        };
        if digits >= 2 && capitals >= 2 && digits + capitals >= 5 && clear(text, at) && called() {
            push(at.0, at.1);
        }
    }
    out
}

fn clear(text: &str, (start, end): (usize, usize)) -> bool {
    let next = text.get(end..).and_then(|t| t.chars().next());
    let before = super::numbers::before(text, start);
    alone(text, start, end)
        && next != Some('-')
        && !before.is_some_and(|c| matches!(c, '-' | '#' | '@' | '/' | '.'))
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, none_found};
    use super::*;

    #[test]
    fn of_vehicles() {
        each_found(
            plate,
            &[
                "garé devant depuis lundi : AB-344-CA. Merci",
                "la Clio AB 344 CA bloque la sortie",
                "voiture AB344CA",
                "plaque 1234 AB 75",
                "My car reg is AB51 ABC and it expires",
                "the blue van, BD62XYZ, again",
                "license plate 7ABC123",
            ],
        );
        none_found(
            plate,
            &[
                "Réf. AB-344-CA en stock",
                "le AB 344 CA",
                "modèle BD62 XYZ",
                "II-123-AB",
                "TX-123-AB-7 le câble",
                "un parking de 1200 places",
                "vol AF 123 CD",
            ],
        );
    }
}
