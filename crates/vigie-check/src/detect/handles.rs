//! Handles that look like one of the organisation's own.

use super::Context;
use super::known::{bare, edits, single};
use crate::eval::Hit;
use crate::text::chars;

/// Handles of the organisation that are compared; more are left out.
const MOST_OWN: usize = 64;

/// Letters of a handle that are compared.
const MOST_LETTERS: usize = 40;

/// What is added to a name to pass for it.
const DRESS: &[&str] = &[
    "officiel",
    "officielle",
    "official",
    "off",
    "offi",
    "ofc",
    "real",
    "the",
    "le",
    "la",
    "fr",
    "france",
    "uk",
    "usa",
    "hq",
    "support",
    "help",
    "helpdesk",
    "aide",
    "sav",
    "service",
    "services",
    "serviceclient",
    "serviceclients",
    "servicesclient",
    "customerservice",
    "customercare",
    "care",
    "client",
    "clients",
    "assistance",
    "contact",
    "verified",
    "verif",
    "verifie",
    "giveaway",
    "giveaways",
    "concours",
    "cadeaux",
    "cadeau",
    "gagnants",
    "winner",
    "winners",
    "promo",
    "promos",
    "remboursement",
    "remboursements",
    "refund",
    "refunds",
    "secure",
    "secur",
    "securite",
    "security",
    "login",
    "backup",
];

/// Letters that a word of dress has for a slip in it to be told from another word.
const LONG_DRESS: usize = 6;

/// A handle of the organisation.
struct Own {
    name: String,
    looks: String,
    plain: String,
    letters: Vec<char>,
}

impl Own {
    fn new(handle: &str) -> Own {
        let name = bare(handle);
        Own {
            looks: looks(&name),
            plain: undivided(&name),
            letters: name.chars().collect(),
            name,
        }
    }
}

/// Mentions of a handle that looks like one of the organisation's (fact `org.official_handles`) and is none that it knows:
/// letters that pass for others, signs or words added, a letter doubled or swapped, one slip in a longer name.
pub fn lookalike(context: &Context<'_>) -> Vec<Hit> {
    let own: Vec<Own> = context
        .facts
        .list("org.official_handles")
        .iter()
        .take(MOST_OWN)
        .map(|h| Own::new(h))
        .filter(|o| (4..=MOST_LETTERS).contains(&o.plain.len()))
        .collect();
    if own.is_empty() {
        return Vec::new();
    }
    let known = |handle: &str| {
        let lists = [
            "org.official_handles",
            "org.verified_handles",
            "org.parody_handles",
            "org.terms",
        ];
        let mut names = lists.iter().flat_map(|l| context.facts.list(l));
        names.any(|n| bare(n) == handle)
    };
    mentions(&context.view.clean)
        .filter_map(|(start, end)| {
            let seen = context.view.clean.get(start + 1..end)?;
            let name = bare(seen);
            // The view has made letters of other alphabets Latin: then the handle is another one.
            let (s, e) = context.view.to_original(start, end);
            let strange = context.view.original().get(s..e).is_some_and(|written| {
                written.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) && seen.is_ascii()
            });
            let near = own
                .iter()
                .find(|o| strange && o.name == name || name != o.name && alike(&name, o))?;
            (strange || !known(&name)).then(|| Hit::at(start, end).with("own", near.name.as_str()))
        })
        .collect()
}

/// The mentions of a text, with their mark: no addresses.
fn mentions(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    text.match_indices('@')
        .take(crate::limits::MAX_HITS)
        .filter_map(|(at, _)| {
            let before = text.get(..at)?.chars().next_back();
            if before.is_some_and(|c| chars::is_word(c) || matches!(c, '.' | '-' | '/' | '@')) {
                return None;
            }
            let rest = text.get(at + 1..)?;
            let length = rest
                .find(|c: char| !(chars::is_word(c) || matches!(c, '.' | '-')))
                .unwrap_or(rest.len());
            let name = rest.get(..length)?.trim_end_matches(['.', '-']);
            (2..=4 * MOST_LETTERS)
                .contains(&name.len())
                .then_some((at, at + 1 + name.len()))
        })
}

fn alike(name: &str, own: &Own) -> bool {
    let plain = undivided(name);
    if looks(name) == own.looks {
        return true;
    }
    let letters: Vec<char> = name.chars().collect();
    let bare_of = |n: &str| {
        n.chars()
            .filter(|c| !c.is_ascii_digit())
            .collect::<String>()
    };
    // `@mairie75` and `@mairie76` are two town halls.
    let figures = bare_of(&plain) == bare_of(&own.plain);
    if letters.len() <= MOST_LETTERS && !figures {
        let slip = edits(&letters, &own.letters, 1) == Some(1);
        let swapped = slip && letters.len() == own.letters.len() && {
            let (mut a, mut b) = (letters.clone(), own.letters.clone());
            a.sort_unstable();
            b.sort_unstable();
            a == b
        };
        let doubled = single(&letters) == single(&own.letters);
        if swapped || doubled || slip && own.letters.len() >= 6 {
            return true;
        }
    }
    dressed(&looks(name), &own.looks) || dressed(&plain, &own.plain)
}

/// Whether a name is an own one with a word of dress before or after it, written right or with a slip.
fn dressed(name: &str, own: &str) -> bool {
    let added = [name.strip_prefix(own), name.strip_suffix(own)];
    added.into_iter().flatten().any(|word| {
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let letters: Vec<char> = word.chars().collect();
        letters.len() >= 2
            && letters.len() <= MOST_LETTERS
            && DRESS.iter().any(|d| {
                let dress: Vec<char> = d.chars().collect();
                let most = usize::from(dress.len() >= LONG_DRESS);
                edits(&letters, &dress, most).is_some() || looks(d) == looks(word)
            })
    })
}

/// A name without its signs.
fn undivided(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A name with each letter, digit or pair that passes for another at a glance made one.
fn looks(name: &str) -> String {
    let one: String = undivided(name)
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | 'i' | 'j' => 'l',
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            '8' => 'b',
            c => c,
        })
        .collect();
    one.replace("rn", "m").replace("vv", "w")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::text::View;

    fn found(text: &str) -> usize {
        let view = View::new(text);
        let facts = Facts::new()
            .with(
                "org.official_handles",
                vec![
                    "@ondo".to_owned(),
                    "@Velmora_Lyon".to_owned(),
                    "@mairie75".to_owned(),
                ],
            )
            .with("org.verified_handles", vec!["@ondo_uk".to_owned()])
            .with("org.parody_handles", vec!["@ondo_official".to_owned()]);
        let context = Context {
            view: &view,
            field: "text",
            media: &[],
            trails: &[],
            facts: &facts,
            day: None,
            links: &std::cell::OnceCell::new(),
        };
        lookalike(&context).len()
    }

    #[test]
    fn handles_that_pass_for_ours() {
        for text in [
            "Merci @ondo_offciel !",
            "@0ndo répond en privé",
            "écrivez à @0ndo_support",
            "Bravo @Odno",
            "cc @oondo, @autre",
            "(@on.do)",
            "@ondо en message privé",
            "@VelmoraLyon",
            "@VeImora_Lyon",
            "@velmora_lyno",
            "@velmora_lyons",
            "@the_ondo",
            "@ondofr",
            "@ondo_service_client2",
            "@rnairie75",
        ] {
            assert_eq!(found(text), 1, "{text}");
        }
    }

    #[test]
    fn handles_of_others() {
        for text in [
            "Merci @ondo et @velmora_lyon",
            "@ondo.",
            "@ondo_uk",
            "@ondo_official, notre parodie préférée",
            "presse@0ndo.example",
            "@onde et @onda",
            "@ondoyant @ondo_jeunesse",
            "@mairie76",
            "@mairie",
            "@mondo",
            "@ondo@mastodon.example",
            "Le mot 0ndo sans arobase",
        ] {
            assert_eq!(found(text), 0, "{text}");
        }
    }
}
