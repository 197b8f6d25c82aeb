//! Postal addresses.

use std::sync::LazyLock;

use super::Context;
use super::numbers::{named, published};
use crate::eval::Hit;
use crate::scan::pattern::Pattern;

/// Kinds of streets, without which no address is looked for.
pub(super) const WORDS: &[&str] = &[
    "rue",
    "avenue",
    "av.",
    "boulevard",
    "bd ",
    "bld",
    "allée",
    "allee",
    "impasse",
    "chemin",
    "place",
    "quai",
    "route",
    "cours ",
    "square",
    "passage",
    "lotissement",
    "résidence",
    "hameau",
    "lieu-dit",
    "sentier",
    "venelle",
    "faubourg",
    "esplanade",
    "villa ",
    "ruelle",
    "traverse",
    "montée",
    "street",
    "road",
    "lane",
    "close",
    "drive",
    "crescent",
    "terrace",
    "gardens",
    " row",
    "court",
    "grove",
    "mews",
    "way",
    " st",
    " rd",
    " ave",
    " blvd",
    " dr",
    "parkway",
    "hill",
    "walk",
    "view",
    "rise",
    "p.o. box",
    "po box",
    " bp ",
    "straat",
    "strasse",
    "straße",
    "highway",
    "trail",
    "circle",
];

const NAME: &str = r"(?:(?:de |du |des |d'|de la |de l'|la |le |les |l')?[\p{L}\d][\p{L}\d'.\-]*)(?: (?:de |du |des |d'|de la |de l'|et )?\p{Lu}[\p{L}'.\-]*){0,4}";

/// « 14 bis, rue des Acacias, 77000 Melun »; « Rue Haute 12, 1000 Bruxelles ».
static FRENCH: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let kind = concat!(
        r"(?i:rue|avenue|av\.?|boulevard|boul\.|bd\.?|bld|all[ée]es?|impasse|imp\.|chemin|che?m?\.|place|pl\.|quai|route|rte|cours|square|sq\.|passage|lotissement|lot\.",
        r"|r[ée]sidence|hameau|sentier|venelle|faubourg|fbg|esplanade|villa|ruelle|traverse|mont[ée]e|promenade|cit[ée]|clos|voie|rond-point)"
    );
    Pattern::own(&format!(
        r"\b(?:\d{{1,4}}(?: ?(?i:bis|ter|quater|[a-d]))?(?: ?[-/&] ?\d{{1,4}})?,? {kind} {NAME}|{kind} {NAME},? \d{{1,4}}[a-c]?,? \d{{4}} \p{{Lu}}\p{{L}}+)(?:,? ?(?:à |-|–|\n)? ?(?:(?:F-|B-|CH-)?\d{{4,5}} \p{{Lu}}[\p{{L}}'\-]+))?"
    ))
});

/// `16 Cutler Row, Leeds LS1 4AB`; `1200 NE Pine Street, Apt 4, Tulsa, OK 74103`.
static ENGLISH: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(concat!(
        r"\b(?:(?:Flat|Apt\.?|Unit|Suite) \w{1,4},? )?\d{1,5}[A-Da-d]?,? (?:(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\.? )?(?:\p{Lu}[\p{L}'.\-]* |\d{1,3}(?:st|nd|rd|th) ){1,4}",
        r"(?:Street|Str\.?|St|Road|Rd|Lane|Ln|Avenue|Ave|Boulevard|Blvd|Drive|Dr|Close|Crescent|Cres|Terrace|Gardens|Gdns|Row|Court|Ct|Grove|Mews|Way|Place|Pl|Square|Sq|Parkway|Pkwy|Hill|Walk|View|Rise|Green|Circle|Cir|Trail|Highway|Hwy)\b\.?",
        r"(?:,? (?:Flat|Apt\.?|Apartment|Unit|Suite|Ste|#) ?\w{1,5})?(?:,? \p{Lu}[\p{L}\-]+){0,3}(?:,? (?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]{2} \d{5}(?:-\d{4})?))?",
        r"|\b(?:P\.? ?O\.? ?Box|BP|B\.P\.) \d{1,6}\b"
    ))
});

/// Addresses of streets, in French and in English order.
pub fn address(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let mut out: Vec<Hit> = Vec::new();
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        return out;
    }
    for pattern in [FRENCH.as_ref(), ENGLISH.as_ref()].into_iter().flatten() {
        for m in pattern.find_iter(text).take(crate::limits::MAX_HITS) {
            let seen = m.as_str().trim_end_matches([',', ' ', '.', '-', '\n']);
            let (start, end) = (m.start(), m.start() + seen.len());
            let free = out
                .iter()
                .all(|h| h.span.is_none_or(|(s, e)| end <= s || e <= start));
            if free && !stock(context, start, end) && !published(context, seen) {
                out.push(named(
                    (start, end),
                    seen,
                    "adresse postale",
                    "postal address",
                    3,
                ));
            }
        }
    }
    out
}

/// « 3 places assises », « 2 routes », « 5 Hill Sprint »: a count of things.
fn stock(context: &Context<'_>, start: usize, end: usize) -> bool {
    let low = context.view.low.get(start..end).unwrap_or_default();
    // « porte 88, quai des Docks »
    let behind = crate::eval::window(&context.view.low, start, 12);
    let inside = [
        "porte ", "quai ", "gate ", "salle ", "hall ", "stand ", "dock ", "voie ", "lot ",
    ]
    .iter()
    .any(|w| behind.ends_with(w));
    inside
        || [
            "place de parking",
            "place à gagner",
            "place disponible",
            "cours de ",
            "cours du soir",
            "cours d'",
            "route de nuit",
        ]
        .iter()
        .any(|w| low.contains(w))
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, none_found};
    use super::*;

    #[test]
    fn streets() {
        each_found(
            address,
            &[
                "livré au 14 rue des Acacias à Melun",
                "14 bis, avenue du Général-de-Gaulle, 77000 Melun",
                "27 rue des Lavandières à Mâcon !",
                "3, impasse de l'Église",
                "Rue Haute 12, 1000 Bruxelles",
                "at 16 Cutler Row, he says",
                "1200 NE Pine Street, Apt 4, Tulsa, OK 74103",
                "12 St John's Road, London SW11 1QH",
                "42 W 18th St, New York, NY 10011",
                "PO Box 1234",
            ],
        );
        none_found(
            address,
            &[
                "2026, une route longue",
                "Rue de la Paix",
                "we walk 10 miles",
                "3 places assises",
                "Main Street reopens",
                "12 cours de yoga",
            ],
        );
    }
}
