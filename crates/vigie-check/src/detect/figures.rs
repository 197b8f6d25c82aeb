//! Prices, hours and sums that contradict themselves.

use std::sync::LazyLock;

use super::Context;
use super::numbers::{before, said};
use super::price::{AMOUNT, amount};
use crate::eval::Hit;
use crate::scan::pattern::Pattern;

/// Signs and words of money.
const MONEY: &[&str] = &["€", "$", "£", "euro", "eur", "usd", "dollar", "pound"];

/// Where a match stands, without the spaces around it.
fn span_of(found: regex::Match<'_>) -> (usize, usize) {
    let seen = found.as_str();
    (
        found.start() + seen.len() - seen.trim_start().len(),
        found.start() + seen.trim_end().len(),
    )
}

fn of_money(text: &str) -> bool {
    let low = text.to_lowercase();
    MONEY.iter().any(|m| low.contains(m))
}

/// The price now, and the one before it.
static INSTEAD: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let amount = |name: &str| AMOUNT.replace('X', name);
    Pattern::own(&format!(
        r"(?i){b}\s*,?\s*\(?(?:au lieu d[e'’]|instead of|down from)\s*{a}",
        b = amount("b"),
        a = amount("a"),
    ))
});

/// The price before, and the one now, where the first is said to be struck out or old.
static BARRED: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let amount = |name: &str| AMOUNT.replace('X', name);
    Pattern::own(&format!(
        r"(?i)\b(?:(?:prix )?barrés?|ancien prix|was)\s*:?\s*{a}\s*[,;/]?\s*(?:et |and )?(?:now|only|maintenant|désormais|en promo|promo|prix promo|soldée?s?|nouveau prix)\s*(?:à|at)?\s*:?\s*{b}",
        a = amount("a"),
        b = amount("b"),
    ))
});

/// Words of a lower price, without which a price that rose may be told in earnest.
const SALE: &[&str] = &[
    "barré*",
    "promo*",
    "solde*",
    "sale",
    "sales",
    "offer*",
    "deal*",
    "while stocks last",
    "bargain*",
    "réduction*",
    "remise*",
    "discount*",
    "black friday",
    "clearance",
    "bon plan",
    "bonne affaire",
];

/// Literals one of which stands where a price may be reversed.
pub(super) const PRICE_WORDS: &[&str] = &[
    "au lieu d",
    "instead of",
    "down from",
    "barré",
    "ancien prix",
    "was £",
    "was $",
    "was €",
];

/// Words that make more of it better, or a complaint: a bonus, a salary, a wrong bill.
const MORE: &[&str] = &[
    "bonus",
    "prime*",
    "bon d'achat",
    "bons d'achat",
    "bons",
    "bon de",
    "chèque*",
    "cadeau*",
    "carte cadeau",
    "parrain*",
    "offert*",
    "vous offre",
    "offrons",
    "gagn*",
    "remise de",
    "réduction de",
    "rabais de",
    "rembours*",
    "crédit*",
    "cagnotte*",
    "salaire*",
    "payé*",
    "paye*",
    "factur*",
    "augment*",
    "hausse*",
    "rémunér*",
    "indemni*",
    "don",
    "dons",
    "reverse*",
    "récolt*",
    "collect*",
    "économi*",
    "malheureusement",
    "gift*",
    "voucher*",
    "reward*",
    "cashback",
    "earn*",
    "charged",
    "raise*",
    "credit*",
    "donat*",
    "salary",
    "wage*",
    "paid",
    "bursary",
    "refund*",
    "saving*",
    "save",
    "discount of",
    "rebate",
    "win",
    "worth",
    "increase*",
    "prize*",
    "valeur",
    "budget*",
    "objectif*",
    "target*",
];

/// Words after a price that make it one of something else: of each piece, of a month, of a part.
const EACH: &[&str] = &[
    "pièce",
    "l'unité",
    "chacun*",
    "chaque",
    "each",
    "apiece",
    "per",
    "par",
    "a month",
    "a week",
    "a year",
    "a piece",
    "le mois",
    "la nuit",
    "la place",
    "l'un",
    "l'une",
    "séparément",
    "separately",
    "/",
    "+",
    "plus",
];

/// A lower price announced that is a higher one: « 50 € au lieu de 40 € ».
pub fn reversed_price(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let instead = INSTEAD.iter().flat_map(|r| r.captures_iter(text));
    let barred = BARRED
        .iter()
        .flat_map(|r| r.captures_iter(text))
        .filter(|g| {
            let span = g.get(0).map(span_of);
            span.is_some_and(|(s, _)| said(context, (s, s), (60, 120), SALE))
        });
    instead
        .chain(barred)
        .filter_map(|g| {
            let part = |name| g.name(name).map(|m| m.as_str());
            let all = g.get(0)?;
            let b = amount(part("b")?, part("ub").or(part("ua")))?;
            let a = amount(part("a")?, part("ua").or(part("ub")))?;
            let span = span_of(all);
            let cut = before(text, span.0)
                .is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | ',' | '/'));
            // Three times as much is the price of more.
            let good = b > a && b <= 3.0 * a && of_money(all.as_str()) && !cut;
            (good
                && !said(context, span, (60, 24), MORE)
                && !said(context, (span.1, span.1), (0, 14), EACH))
            .then(|| Hit::at(span.0, span.1))
        })
        .collect()
}

/// Two hours of one opening, with what makes them an opening.
static HOURS: LazyLock<[Option<Pattern>; 2]> = LazyLock::new(|| {
    [
        Pattern::own(
            r"(?i)\b(?P<lead>de|from|entre|between)?\s?(?P<a>[0-2]?\d)\s?(?:h|:)\s?(?P<am>[0-5]\d)?\s?(?:à|a|to|et|and|-|–|—|/)\s?(?P<b>[0-2]?\d)\s?(?:h|:)\s?(?P<bm>[0-5]\d)?\b",
        ),
        Pattern::own(
            r"(?i)\b(?P<lead>from|between)?\s?(?P<a>1[0-2]|0?[1-9])(?:[:.](?P<am>[0-5]\d))?\s?(?P<ah>[ap])\.?m\.?\s?(?:to|and|until|till|-|–|—)\s?(?P<b>1[0-2]|0?[1-9])(?:[:.](?P<bm>[0-5]\d))?\s?(?P<bh>[ap])\.?m\b",
        ),
    ]
});

/// Literals one of which stands where hours may be reversed.
pub(super) const HOUR_WORDS: &[&str] = &[
    "de 0",
    "de 1",
    "de 2",
    "de 7",
    "de 8",
    "de 9",
    "entre 0",
    "entre 1",
    "entre 2",
    "entre 7",
    "entre 8",
    "entre 9",
    "from 0",
    "from 1",
    "from 2",
    "from 3",
    "from 4",
    "from 5",
    "from 6",
    "from 7",
    "from 8",
    "from 9",
    "between",
    "ouvert",
    "horaire",
    "open",
    "accueil",
    "permanence",
];

/// Words that make two hours an opening.
const OPENING: &[&str] = &[
    "ouvert*",
    "horaire*",
    "open",
    "opening",
    "hours",
    "accueil*",
    "permanence*",
    "rendez-vous",
    "rdv",
    "boutique*",
    "magasin*",
    "guichet*",
    "shop",
    "store",
];

/// Words that make two hours something else: a night, the day after, a length of work.
const NOT_HOURS: &[&str] = &[
    "lendemain",
    "nuit*",
    "night*",
    "overnight",
    "next day",
    "24h",
    "24 h",
    "24/24",
    "24/7",
    "non-stop",
    "passe*",
    "passé*",
    "rédui*",
    "réduc*",
    "baisse*",
    "temps de",
    "travail",
    "hebdo*",
    "par semaine",
    "a week",
    "per week",
    "cut",
    "drop*",
    "decalage",
    "décalage",
    "heure de paris",
    "gmt",
    "utc",
    "cet",
    "record*",
    "vol",
    "flight*",
    "garde*",
    "check-in",
    "arrivée*",
    "départ*",
    "train*",
    "tgv",
    "bus",
    "ferry",
    "route",
    "trajet*",
    "relais",
    "km",
    "durée",
];

/// Hours of which the second comes before the first, of a day that no shop is open for: « de 14 h à 12 h ».
///
/// What goes on through the night is none: at least six hours must lie between the closing and the next opening.
pub fn reversed_hours(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let mut out: Vec<Hit> = Vec::new();
    for g in HOURS.iter().flatten().flat_map(|r| r.captures_iter(text)) {
        let (Some(all), Some(from), Some(to)) = (g.get(0), time(&g, "a"), time(&g, "b")) else {
            continue;
        };
        let span = span_of(all);
        let wrong = from > to && to >= 6 * 60 && from - to <= 6 * 60 && from < 24 * 60;
        let opening = g.name("lead").is_some() || said(context, span, (40, 0), OPENING);
        let touched = before(text, span.0)
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, ':' | '.' | ',' | '/' | '-'));
        if wrong && opening && !touched && !said(context, span, (30, 30), NOT_HOURS) {
            out.push(Hit::at(span.0, span.1));
        }
    }
    out
}

/// Minutes from midnight.
fn time(g: &regex::Captures<'_>, name: &str) -> Option<u32> {
    let part = |n: String| g.name(&n).map(|m| m.as_str());
    let hour: u32 = part(name.to_owned())?.parse().ok()?;
    let minutes: u32 = part(format!("{name}m"))
        .and_then(|m| m.parse().ok())
        .unwrap_or(0);
    let hour = match part(format!("{name}h")) {
        Some("a" | "A") => hour % 12,
        Some(_) => hour % 12 + 12,
        None => hour,
    };
    (hour <= 24).then_some(hour * 60 + minutes)
}

static TIMES: LazyLock<[Option<Pattern>; 2]> = LazyLock::new(|| {
    let amount = |name: &str| AMOUNT.replace('X', name);
    let (a, b) = (amount("a"), amount("b"));
    [
        Pattern::own(&format!(r"(?i)\b(?P<n>\d{{1,4}})\s?[x×*]\s?{a}\s*=\s*{b}")),
        Pattern::own(&format!(r"(?i){a}\s?[x×*]\s?(?P<n>\d{{1,4}})\s*=\s*{b}")),
    ]
});

static PLUS: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let plain = AMOUNT.replace("(?P<X>", "(?:").replace("(?P<uX>", "(?:");
    let total = AMOUNT.replace('X', "b");
    Pattern::own(&format!(
        r"(?i)(?P<parts>{plain}(?:\s?\+\s?{plain}){{1,7}})\s*=\s*{total}"
    ))
});

/// Sums of money that are not the ones of their parts: « 3 x 20 € = 50 € », « 20 € + 15 € = 40 € ».
pub fn wrong_total(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let mut out: Vec<Hit> = Vec::new();
    for g in TIMES.iter().flatten().flat_map(|r| r.captures_iter(text)) {
        let part = |name| g.name(name).map(|m| m.as_str());
        let read = || {
            let a = amount(part("a")?, part("ua"))?;
            let b = amount(part("b")?, part("ub"))?;
            Some((part("n")?.parse::<f64>().ok()? * a, b))
        };
        if let (Some(all), Some((right, said))) = (g.get(0), read()) {
            out.extend(total(text, span_of(all), right, said));
        }
    }
    for g in PLUS.iter().flat_map(|r| r.captures_iter(text)) {
        let part = |name| g.name(name).map(|m| m.as_str());
        let read = || {
            let b = amount(part("b")?, part("ub"))?;
            let parts = part("parts")?.split('+').map(value);
            Some((parts.sum::<Option<f64>>()?, b))
        };
        if let (Some(all), Some((right, said))) = (g.get(0), read()) {
            out.extend(total(text, span_of(all), right, said));
        }
    }
    out
}

/// « 12,50 € » as a number; `None` where it has a size (`k`, `M`).
fn value(text: &str) -> Option<f64> {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' ');
    let bare = text.trim_matches(|c: char| !c.is_ascii_digit());
    (bare.chars().all(digits))
        .then(|| amount(bare, None))
        .flatten()
}

/// A hit where a total of money is not right, and nothing goes on around it.
fn total(text: &str, (start, end): (usize, usize), right: f64, said: f64) -> Option<Hit> {
    let seen = text.get(start..end)?;
    let lead = before(text, start);
    let goes_on = lead
        .is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | ',' | '+' | '-' | '/'))
        || text
            .get(..start)?
            .trim_end()
            .ends_with(['+', '-', '−', 'x', '×'])
        || text
            .get(end..)?
            .trim_start()
            .starts_with(['+', '-', '−', 'x', '×', '*', '/', '%']);
    let wrong = (right - said).abs() > 0.011_f64.max(right * 0.001);
    (wrong && of_money(seen) && !goes_on).then(|| Hit::at(start, end))
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, none_found};
    use super::*;

    #[test]
    fn prices_that_rise_when_they_should_fall() {
        each_found(
            reversed_price,
            &[
                "Le vase à 50 € au lieu de 40 € ce week-end",
                "Now £60 instead of £45",
                "1 290 € au lieu de 990 €",
                "Offre du jour, remise exceptionnelle : le vase à 50 € au lieu de 40 €",
                "Was £40, now £50, while stocks last",
                "Prix barré 40 €, promo 50 €",
                "39,90€ (au lieu de 29,90€)",
            ],
        );
        none_found(
            reversed_price,
            &[
                "Le vase à 40 € au lieu de 50 €",
                "5 places au lieu de 3",
                "Parrainez : 50 € au lieu de 40 €",
                "On m'a facturé 50 € au lieu de 40 €",
                "A £60 voucher instead of £45",
                "990 € au lieu de 1 290 €",
                "40 € au lieu de 40 €",
                "Les trois tasses à 30 € au lieu de 12 € pièce",
                "Three mugs for £30 instead of £22 each",
                "Le pack à 50 € (au lieu de 40 € + 25 €)",
                "A seat was £40, now £50: we are sorry",
                "Prix barré 50 €, promo 40 €",
            ],
        );
    }

    #[test]
    fn hours_that_end_before_they_begin() {
        each_found(
            reversed_hours,
            &[
                "Nous recevons de 14h à 12h",
                "de 14 h 30 à 12 h tous les jours",
                "Ouvert 18h-17h",
                "Horaires : 14:00 - 12:30",
                "Open from 2pm to 1pm",
                "from 11 am to 9 am",
            ],
        );
        none_found(
            reversed_hours,
            &[
                "Bar ouvert de 18 h à 9 h",
                "de 8h à 2h",
                "de 22h à 6h",
                "de 9h à 12h et de 14h à 18h",
                "de 14 h à 12 h le lendemain",
                "La semaine passe de 39 h à 35 h",
                "Nos tournées passent de 14 h à 12 h",
                "from 9 am to 5 pm",
                "from 10pm to 6am",
                "Score : 14:12 - 12:10",
            ],
        );
    }

    #[test]
    fn totals() {
        each_found(
            wrong_total,
            &[
                "3 x 20 € = 50 €",
                "Le trio : 20 € × 3 = 50 €",
                "20 € + 15 € = 40 €",
                "12,50€ + 7,50€ + 5€ = 20€",
                "2 x £9.99 = £18.98",
                "1 200 € + 300 € = 1 400 €",
            ],
        );
        none_found(
            wrong_total,
            &[
                "3 x 20 € = 60 €",
                "20 € + 15 € = 35 €",
                "1 + 1 = 3",
                "2 x £9.99 = £19.98",
                "1 200 € + 300 € = 1 500 €",
                "5 € + 20 € + 15 € = 40 €",
                "3 x 20 € = 60 € - 10 €",
                "https://atelier.example/?a=3",
            ],
        );
    }
}
