//! Prices and percentages that must agree.

use std::sync::LazyLock;

use super::Context;
use crate::eval::Hit;
use crate::facts::FactValue;
use crate::scan::pattern::Pattern;

static FROM_TO: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(
        r"(?i)\b(?:de|from|was)\s*[€$£]?\s?(?P<a>\d{1,6}(?:[.,]\d{1,2})?)\s?(?:€|\$|£|euros?)?\s*(?:à|to|,?\s*now)\s*[€$£]?\s?(?P<b>\d{1,6}(?:[.,]\d{1,2})?)\s?(?:€|\$|£|euros?)?\D{0,24}?[-−–]\s?(?P<p>\d{1,2})\s?%",
    )
});

fn number(text: &str) -> Option<f64> {
    text.replace(',', ".").parse().ok()
}

/// « De 120 à 90 €, soit -50 % »: the figure is not the one the two prices give.
pub fn percent_mismatch(context: &Context<'_>) -> Vec<Hit> {
    let Some(regex) = &*FROM_TO else {
        return Vec::new();
    };
    regex
        .captures_iter(&context.view.clean)
        .filter_map(|g| {
            let all = g.get(0)?;
            let (a, b, p) = (number(&g["a"])?, number(&g["b"])?, number(&g["p"])?);
            if a <= 0.0 || b >= a {
                return None;
            }
            let right = (a - b) / a * 100.0;
            ((right - p).abs() > 1.5).then(|| {
                Hit::at(all.start(), all.end())
                    .with("said", format!("{p:.0}"))
                    .with("right", format!("{right:.0}"))
            })
        })
        .collect()
}

static PERCENT_OFF: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(
        r"(?i)(?:(?:^|[\s(:])[-−–]\s?\d{1,2}\s?%|\b\d{1,2}\s?%\s?(?:off\b|de (?:réduction|remise|rabais)\b)|\b(?:réduction|remise|rabais|discount) (?:de |of )?\d{1,2}\s?%)",
    )
});
static INSTEAD: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(
        r"(?i)(?P<b>\d{1,6}(?:[.,]\d{1,2})?)\s?€?\s*(?:au lieu de|instead of|\(?was)\s*[€$£]?\s?(?P<a>\d{1,6}(?:[.,]\d{1,2})?)\s?(?:€|\$|£|euros?|$)",
    )
});
static SHOCK: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(
        r"(?i)\b(?:prix (?:choc|cassés?|sacrifiés?|barrés?|bradés?)|soldes? monstres?|price slashed|slashed prices|prices slashed)\b",
    )
});

/// Announcements of a lower price. With the lowest price of thirty days known and used as reference, nothing is said.
///
/// A percentage counts when a word of trade is in the text: « -30 % de consommation » is not a price.
pub fn reduction(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    let low = &context.view.low;
    let lowest = match context.facts.get("min30d") {
        Some(FactValue::Number(n)) => Some(*n),
        Some(FactValue::Text(t)) => number(t),
        _ => None,
    };
    let mut out = Vec::new();
    if let Some(regex) = &*INSTEAD {
        for g in regex.captures_iter(text) {
            let (Some(all), Some(a)) = (g.get(0), number(&g["a"])) else {
                continue;
            };
            if lowest.is_none_or(|n| (n - a).abs() > 0.005) {
                out.push(Hit::at(all.start(), all.end()));
            }
        }
    }
    let stated = low.contains("30 derniers jours")
        || low.contains("last 30 days")
        || low.contains("30 days before");
    if out.is_empty() && !stated {
        if let Some(found) = SHOCK.as_ref().and_then(|r| r.find(text)) {
            out.push(Hit::at(found.start(), found.end()));
        }
        let trade = TRADE.iter().any(|w| low.contains(w));
        if let Some(found) = PERCENT_OFF.as_ref().and_then(|r| r.find(text))
            && (trade || found.as_str().to_lowercase().contains("off"))
        {
            let start = found.start() + found.as_str().len() - found.as_str().trim_start().len();
            out.push(Hit::at(start, found.end()));
        }
    }
    out
}

const TRADE: &[&str] = &[
    "sur tout",
    "en rayon",
    "magasin",
    "boutique",
    "code ",
    "promo",
    "solde",
    "offre",
    "achetez",
    "commandez",
    "panier",
    "collection",
    "black friday",
    "€",
    "vente",
    "prix",
    "sale",
    "shop",
    "store",
    "order",
    "buy",
    "everything",
    "sitewide",
    "remise",
    "rabais",
];
