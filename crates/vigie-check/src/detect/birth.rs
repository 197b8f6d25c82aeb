//! Dates of birth.

use std::sync::LazyLock;

use super::Context;
use super::numbers::{holds, named, surely};
use crate::eval::{Hit, window};
use crate::report::Confidence;
use crate::scan::pattern::Pattern;

/// A full date, in figures or with the name of the month.
static DATE: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(concat!(
        r"\b(?:(?P<d>\d{1,2})(?:er|st|nd|rd|th)?(?: ?[/.\-–] ?| (?:of |de )?)",
        r"(?:\d{1,2}|janv(?:ier|\.)?|f[ée]vr?(?:ier|\.)?|mars|avr(?:il|\.)?|mai|juin|juil(?:let|\.)?|ao[uû]t|sept?(?:embre|ember|\.)?|octobre?|oct\.?|nov(?:embre|ember|\.)?|d[ée]c(?:embre|ember|\.)?",
        r"|jan(?:uary|\.)?|feb(?:ruary|\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?|july?|aug(?:ust|\.)?)",
        r"(?: ?[/.\-–,] ?| )(?P<y>(?:19|20)?\d{2})",
        r"|(?:jan(?:uary|\.)?|feb(?:ruary|\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?|july?|aug(?:ust|\.)?|sept?(?:ember|\.)?|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?) \d{1,2}(?:st|nd|rd|th)?,? (?P<y2>(?:19|20)\d{2})",
        r"|(?P<y3>(?:19|20)\d{2})-\d{2}-\d{2})\b",
    ))
});

/// Words without which no birth is looked for.
pub(super) const WORDS: &[&str] = &[
    "né",
    "nee",
    "naissance",
    "ddn",
    "born",
    "birth",
    "dob",
    "d.o.b",
    "anniversaire",
    "bougies",
    "b-day",
    "bday",
];

const BORN: &[&str] = &[
    "né",
    "née",
    "nés",
    "nées",
    "nee",
    "naissance",
    "ddn",
    "date de n.",
    "born",
    "birth",
    "birthday",
    "birthdate",
    "dob",
    "d.o.b",
    "d.o.b.",
    "anniversaire",
    "b-day",
    "bday",
    "native",
    "natif",
];

/// What else is born.
const THINGS: &[&str] = &[
    "entreprise*",
    "société*",
    "marque*",
    "maison*",
    "festival*",
    "projet*",
    "club*",
    "association*",
    "boutique*",
    "magasin*",
    "produit*",
    "recette*",
    "coopérative*",
    "appli*",
    "agence*",
    "revue*",
    "magazine*",
    "idée*",
    "fromage*",
    "bière*",
    "atelier*",
    "studio*",
    "usine*",
    "poulain*",
    "chat*",
    "chien*",
    "panda*",
    "girafe*",
    "brand*",
    "company",
    "firm",
    "shop",
    "store",
    "business",
    "startup",
    "start-up",
    "recipe*",
    "product*",
    "project*",
    "agency",
    "brewery",
    "bakery",
    "team",
    "idea*",
    "cheddar",
    "foal",
    "kitten*",
    "cub",
    "app",
    "label*",
];

/// Full dates near a word of birth; of persons who can be alive, not of companies.
pub fn date(context: &Context<'_>) -> Vec<Hit> {
    let Some(pattern) = DATE.as_ref() else {
        return Vec::new();
    };
    let low: &str = &context.view.low;
    let mut out = Vec::new();
    for groups in pattern.captures_iter(low).take(crate::limits::MAX_HITS) {
        let Some(all) = groups.get(0) else { continue };
        let year = ["y", "y2", "y3"]
            .iter()
            .find_map(|g| groups.name(g))
            .map_or("", |m| m.as_str());
        let lived = match year.parse::<u32>() {
            Ok(y) if year.len() == 4 => (1915..=2026).contains(&y),
            Ok(_) => true,
            Err(_) => false,
        };
        let behind = sentence(window(low, all.start(), 48));
        let ahead = low
            .get(all.end()..)
            .and_then(|t| t.split(['.', '!', '?', '\n']).next())
            .unwrap_or_default();
        let born = BORN.iter().any(|w| holds(behind, w));
        let after = ahead.chars().take(24).collect::<String>();
        let follows = ["anniversaire", "birthday", "naissance", "birth"]
            .iter()
            .any(|w| holds(&after, w));
        let thing = THINGS.iter().any(|w| {
            holds(behind, w) || holds(window(low, all.start(), 90), w) && !holds(behind, "née")
        });
        if lived && (born || follows) && !thing {
            let seen = context
                .view
                .clean
                .get(all.start()..all.end())
                .unwrap_or_default();
            let hit = named(
                (all.start(), all.end()),
                seen,
                "date de naissance",
                "date of birth",
                2,
            );
            let weak =
                follows && !born || holds(behind, "anniversaire") || holds(behind, "birthday");
            out.push(if weak {
                surely(hit, Confidence::Medium)
            } else {
                hit
            });
        }
    }
    out
}

/// What stands before in the same sentence.
fn sentence(behind: &str) -> &str {
    behind.rsplit(['!', '?', '\n']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, none_found};
    use super::*;

    #[test]
    fn of_persons() {
        each_found(
            date,
            &[
                "Lucie, née le 14 mars 1991, dirige l'atelier",
                "born 02/09/1988",
                "DOB 04/17/1985",
                "born on 8 April 1972",
                "Date de naissance : 1991-03-14",
                "né le 12/07/94",
                "She was born on March 3rd, 1990",
                "(matricule 20418, né le 12/07/1994)",
            ],
        );
        none_found(
            date,
            &[
                "Victor Hugo, né le 26 février 1802 à Besançon",
                "Notre entreprise est née le 3 mars 1998",
                "Our brand was born in a garage on 8 April 1972",
                "le 14 mars 1991",
                "Née en 1991",
                "Rendez-vous le 12/07/2026",
            ],
        );
    }
}
