//! Prices and percentages that must agree.

use std::sync::LazyLock;

use super::Context;
use crate::eval::Hit;
use crate::facts::FactValue;
use crate::scan::pattern::Pattern;

/// `12`, `1 200`, `1,200`, `19,90`, with the currency and the size (`k`, `M`) around it.
pub(super) const AMOUNT: &str = r"[€$£]?\s?(?P<X>\d{1,3}(?:[ .,]\d{3})+|\d{1,7}(?:[.,]\d{1,2})?)\s?(?P<uX>k|m|md|bn|millions?|milliards?)?\s?(?:€|\$|£|euros?|eur|usd|dollars?|pounds?)?";

/// Two amounts one after the other, then a percentage.
static FROM_TO: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let amount = |name: &str| AMOUNT.replace('X', name);
    Pattern::own(&format!(
        r"(?i)\b(?:de|from|was|were|avant|before|était à|passent? de|au lieu de)\s*:?\s?{a}\b?\s*(?:à|to|->|→|,?\s*(?:and |puis )?(?:now|maintenant|aujourd'hui|désormais)(?: à| at)?\s*:?)\s*{b}(?P<mid>[^\d%\n]{{0,40}}?)(?P<sign>[-−–+]?)\s?(?P<p>\d{{1,4}}(?:[.,]\d)?)\s?%(?P<after>[^.\n]{{0,12}})",
        a = amount("a"),
        b = amount("b"),
    ))
});

/// The new amount first: « 90 € au lieu de 120 €, soit -50 % ».
static NOW_WAS: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let amount = |name: &str| AMOUNT.replace('X', name);
    Pattern::own(&format!(
        r"(?i){b}\s*(?:,?\s*(?:au lieu de|contre|instead of|down from|up from|was)|\(?(?:was|au lieu de|instead of))\s*{a}(?P<mid>[^\d%\n]{{0,40}}?)(?P<sign>[-−–+]?)\s?(?P<p>\d{{1,4}}(?:[.,]\d)?)\s?%(?P<after>[^.\n]{{0,12}})",
        a = amount("a"),
        b = amount("b"),
    ))
});

/// Two amounts with an arrow between, then a percentage: « 100 € → 70 € (-20 %) ».
static ARROW: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let amount = |name: &str| AMOUNT.replace('X', name);
    Pattern::own(&format!(
        r"(?i){a}\s*(?:→|➡\x{{FE0F}}?|⇒|-+>|=>)\s*{b}(?P<mid>[^\d%\n]{{0,40}}?)(?P<sign>[-−–+]?)\s?(?P<p>\d{{1,4}}(?:[.,]\d)?)\s?%(?P<after>[^.\n]{{0,12}})",
        a = amount("a"),
        b = amount("b"),
    ))
});

/// The percentage first, then the two amounts: « -20 % : 100 € → 70 € », « -20 % : 70 € au lieu de 100 € », « -20 % sur la
/// robe, qui passe de 100 € à 70 € ».
static FIRST: LazyLock<[Option<Pattern>; 3]> = LazyLock::new(|| {
    let amount = |name: &str| AMOUNT.replace('X', name);
    let head = r"(?i)(?P<lead>[^.\n\d%]{0,24}?)(?P<sign>[-−–+]?)\s?(?P<p>\d{1,2}(?:[.,]\d)?)\s?%(?P<mid>[^\d%\n]{0,40}?)";
    let (a, b) = (amount("a"), amount("b"));
    [
        Pattern::own(&format!(
            r"{head}\b(?:de|from|was)\s*{a}\s*(?:à|to|,?\s*now)\s*{b}"
        )),
        Pattern::own(&format!(
            r"{head}{b}\s*,?\s*\(?(?:au lieu de|instead of|down from|was)\s*{a}"
        )),
        Pattern::own(&format!(r"{head}{a}\s*(?:→|➡\x{{FE0F}}?|⇒|-+>|=>)\s*{b}")),
    ]
});

fn number(text: &str) -> Option<f64> {
    text.replace(',', ".").parse().ok()
}

/// An amount with its separators of thousands and its size.
pub(super) fn amount(text: &str, size: Option<&str>) -> Option<f64> {
    let thousands = text
        .rfind([' ', '.', ','])
        .is_some_and(|at| text.len() - at == 4);
    let plain: String = if thousands {
        text.chars().filter(char::is_ascii_digit).collect()
    } else {
        text.replace(' ', "")
    };
    let factor = match size.map(str::to_lowercase).as_deref() {
        Some("k") => 1e3,
        Some("m" | "million" | "millions") => 1e6,
        Some("md" | "bn" | "milliard" | "milliards") => 1e9,
        _ => 1.0,
    };
    Some(number(&plain)? * factor)
}

/// Whether two hits do not lie on each other.
fn apart(one: &Hit, other: &Hit) -> bool {
    match (one.span, other.span) {
        (Some((a, b)), Some((s, e))) => e <= a || b <= s,
        _ => true,
    }
}

/// Two amounts and a percentage that is not theirs.
fn mismatch(g: &regex::Captures<'_>) -> Option<Hit> {
    let part = |name| g.name(name).map(|m| m.as_str());
    let all = g.get(0)?;
    let a = amount(part("a")?, part("ua").or(part("ub")))?;
    let b = amount(part("b")?, part("ub").or(part("ua")))?;
    let p = number(part("p")?)?;
    let beside = part("after").or(part("lead")).unwrap_or_default();
    let around = format!("{} {beside}", part("mid")?).to_lowercase();
    // What stands before a percentage is read, not pointed at.
    let start = match (g.name("lead"), g.name("sign"), g.name("p")) {
        (Some(_), Some(sign), Some(p)) if sign.is_empty() => p.start(),
        (Some(_), Some(sign), _) => sign.start(),
        _ => all.start(),
    };
    // « -20 % de 9 à 12 » is no price, « 10-20 % » no fall.
    let money = all.as_str().contains(['€', '$', '£']) || around.contains("euro");
    if part("lead").is_some_and(|lead| !money || lead.is_empty() && all.start() > 0) {
        return None;
    }
    let says = |words: &[&str]| words.iter().any(|w| around.contains(w));
    // « de 9 à 12 h, -20 % »: an hour, an age, a length, not an amount.
    let unit = part("mid")?.trim_start();
    let hours = [
        "h ", "h,", "h:", "h0", "heures", "ans", "km", "am", "pm", "min", "jours", "years",
    ]
    .iter()
    .any(|u| unit.starts_with(u));
    let up = part("sign")? == "+"
        || says(&[
            "hausse",
            "croissance",
            "progress",
            "augment",
            "increase",
            "growth",
            "up ",
            "more",
            "rise",
            "de plus",
            "higher",
        ]);
    let down = part("sign")?.starts_with(['-', '−', '–'])
        || says(&[
            "off",
            "baisse",
            "remise",
            "réduction",
            "rabais",
            "de moins",
            "less",
            "down",
            "discount",
            "saving",
            "save",
            "économ",
            "lower",
            "drop",
        ]);
    // « jusqu'à -50 % », « 10 % de plus en magasin »: not the percentage of these two.
    let loose = says(&["jusqu", "up to", "supplément", "extra", "additional"]);
    if a <= 0.0 || hours || loose || up == down || (b < a) != down {
        return None;
    }
    let right = (a - b).abs() / a * 100.0;
    let near = says(&[
        "près de", "environ", "presque", "about", "nearly", "almost", "around", "plus de", "over ",
    ]);
    ((right - p).abs() > if near { 4.0 } else { 1.5 }).then(|| {
        let sign = if down { "-" } else { "+" };
        Hit::at(start, all.end())
            .with("said", format!("{sign}{p:.0}"))
            .with("right", format!("{sign}{right:.0}"))
    })
}

/// « De 120 à 90 €, soit -50 % »: the figure is not the one that the two amounts give. A rise counts when it says so.
pub fn percent_mismatch(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let arrow = text.contains(['→', '➡', '⇒', '>']);
    let [first_from, first_was, first_arrow] = &*FIRST;
    let mut patterns = vec![&*FROM_TO, &*NOW_WAS, first_from, first_was];
    if arrow {
        patterns.extend([&*ARROW, first_arrow]);
    }
    let mut out: Vec<Hit> = Vec::new();
    for hit in patterns
        .into_iter()
        .flatten()
        .flat_map(|regex| regex.captures_iter(text))
        .filter_map(|g| mismatch(&g))
    {
        if out.iter().all(|h| apart(h, &hit)) {
            out.push(hit);
        }
    }
    out.sort_by_key(|h| h.span);
    out
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

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, found, none_found};
    use super::*;

    #[test]
    fn percentages_that_are_not_those_of_two_prices() {
        each_found(
            percent_mismatch,
            &[
                "De 120 à 90 €, soit -50 %",
                "90 € au lieu de 120 €, soit -50 %",
                "100 € → 70 € (-20 %)",
                "-20 % : 100 € → 70 €",
                "25% off: £80 -> £64",
                "-20% sur la robe Iris, qui passe de 100 € à 70 €",
                "Réduction de 30 % sur le fauteuil : 350 € au lieu de 400 €",
                "Save 50%: £30 instead of £40",
            ],
        );
        assert_eq!(
            found(percent_mismatch, "Vu en vitrine, -20 % : 100 € → 70 €"),
            ["-20 % : 100 € → 70 €"]
        );
        none_found(
            percent_mismatch,
            &[
                "De 120 à 90 €, soit -25 %",
                "100 € → 80 € (-20 %)",
                "-30 % : 100 € → 70 €",
                "20% off: £80 -> £64",
                "Jusqu'à -50 % : 100 € → 70 €",
                "Up to 50% off: £80 -> £64",
                "-20 % sur tout, de 10 h à 12 h",
                "-20 % sur les robes, de 50 € à 120 €",
                "De 10-20 % : 100 € → 70 €",
                "-20 % sur la robe, puis 3 → 2 jours de délai",
                "12 % d'abonnés et 40 € au lieu de 50 €",
            ],
        );
    }
}
