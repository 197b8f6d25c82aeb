//! Names of people, by titles, first names, capitals and words around; no model.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Context;
use super::numbers::holds;
use crate::eval::{Hit, Told, window};
use crate::report::Words;
use crate::text::chars;

/// Words of one text that are looked at.
const MAX_WORDS: usize = 20_000;

/// What the table says of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    /// A first name and nothing else.
    Sure,
    /// A first name that is also an ordinary word.
    Doubtful,
}

type Table = HashMap<String, Given>;

/// First names without case and accents. Read when a text first needs it.
static FIRST: LazyLock<Table> = LazyLock::new(|| {
    let mut out = Table::new();
    for word in entries(include_str!("../../data/first-names.txt")) {
        let bare = word.trim_end_matches('?');
        let given = if bare.len() < word.len() {
            Given::Doubtful
        } else {
            Given::Sure
        };
        let slot = out.entry(plain(bare)).or_insert(given);
        if given == Given::Doubtful {
            *slot = given;
        }
    }
    out
});

/// Common family names.
static FAMILY: LazyLock<HashMap<String, ()>> = LazyLock::new(|| {
    entries(include_str!("../../data/family-names.txt"))
        .map(|w| (plain(w), ()))
        .collect()
});

fn entries(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines()
        .filter(|l| !l.starts_with('#'))
        .flat_map(str::split_whitespace)
}

/// Without case and accents.
fn plain(word: &str) -> String {
    word.chars()
        .map(|c| chars::without_accent(c).to_ascii_lowercase())
        .collect()
}

/// Whether a word is one of a list.
fn listed(list: &str, word: &str) -> bool {
    list.split(' ').any(|w| w == word)
}

/// A word of the text.
#[derive(Debug, Clone, Copy)]
struct Word<'a> {
    start: usize,
    end: usize,
    text: &'a str,
}

impl Word<'_> {
    fn capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    /// All capitals, three letters or more.
    fn shouted(&self) -> bool {
        self.text.chars().filter(|c| c.is_alphabetic()).count() >= 3
            && !self.text.chars().any(char::is_lowercase)
    }

    fn given(&self) -> Option<Given> {
        if !self.capital() {
            return None;
        }
        let bare = plain(self.text);
        FIRST.get(&bare).copied().or_else(|| {
            // « Marie-Noëlle »: both halves are names.
            let (a, b) = bare.split_once('-')?;
            (FIRST.contains_key(a) && FIRST.contains_key(b)).then_some(Given::Sure)
        })
    }

    fn family(&self) -> bool {
        FAMILY.contains_key(&plain(self.text))
    }
}

/// Words with the hyphens and apostrophes inside them.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut out = Vec::new();
    let mut start = None;
    let mut close = |start: &mut Option<usize>, end: usize| {
        if let Some(s) = start.take()
            && let Some(seen) = text.get(s..end)
        {
            let word = seen.trim_end_matches(['\'', '-']);
            // « l'Anne », « d'Hugo »: the article is no part of the name; « O'Brien » is one.
            let elided = [
                "l'", "L'", "d'", "D'", "qu'", "Qu'", "j'", "J'", "n'", "s'", "c'", "C'", "m'",
                "t'",
            ]
            .iter()
            .find_map(|p| word.strip_prefix(p));
            let bare = elided.unwrap_or(word);
            let s = s + word.len() - bare.len();
            // « Tom's »
            let bare = bare.strip_suffix("'s").unwrap_or(bare);
            if !bare.is_empty() {
                out.push(Word {
                    start: s,
                    end: s + bare.len(),
                    text: bare,
                });
            }
        }
    };
    for (at, c) in text.char_indices() {
        if out_of_words(c) {
            close(&mut start, at);
        } else if start.is_none() && c.is_alphabetic() {
            start = Some(at);
        }
    }
    close(&mut start, text.len());
    out.truncate(MAX_WORDS);
    out
}

fn out_of_words(c: char) -> bool {
    !(c.is_alphanumeric() || matches!(c, '-' | '\'' | '_'))
}

/// Titles before a name.
const TITLES: &str = "M MM Mme Mmes Mlle Monsieur Madame Mademoiselle Mr Mrs Ms Miss Mx Dr Dre Docteur Doctor Pr Prof Professeur \
    Professeure Professor Me Maître Maitre Sir Dame MR MME MLLE MRS MS";

/// Bearers of a title who are no private persons.
const FAMOUS: &str = "bovary hulot propre bean pepper martens tussauds tussaud irma freeze meuble bricolage météo président présidente \
    maire loyal jourdain seguin chat claus robot doubtfire dalloway darcy fox potato muscle clean whippy quiz cinéma \
    butterfly pink dolittle watson jekyll strange who dre oetker world universe univers france belgique monde kaplan \
    x tout toutlemonde";

/// Small words inside family names.
const PARTICLES: &str = "de du des la le van von der den da di dos del ben bin el al ter ten y";

/// Words that are no family name though they follow a first name with a capital.
const NOT_FAMILY: &str = "immobilier assurances assurance conseil consulting group groupe sas sarl sa inc ltd llc gmbh café cafe hotel \
    hôtel restaurant boulangerie coiffure beauty park street road avenue university college school hospital airport \
    station bank records music festival day night week award awards prize foundation stadium arena house lane hill \
    beach island river lake bay city county january february march april june july august september october november \
    december janvier février mars avril mai juin juillet août septembre octobre novembre décembre monday tuesday \
    wednesday thursday friday saturday sunday lundi mardi mercredi jeudi vendredi samedi dimanche the our we you it \
    he she and nous vous il elle on le la les un une notre votre merci bravo thanks hello bonjour i gold edition \
    collection premium pro plus mini maxi bold italic nationale national naturelle naturel européenne publique \
    mondiale télévisions info bleu inter culture travail active relance tower towers investments partners associates \
    bypass point pass square drive close court terrace gardens bridge castle cathedral orchestra theatre motors \
    industries technologies solutions services";

/// Words before a name that make it a street's, a school's, a prize's.
const NAMED_AFTER: &str = "rue avenue boulevard bd place quai allée impasse cours square pont stade gymnase collège lycée école université \
    hôpital clinique salle théâtre musée fondation institut prix gare station métro parc jardin centre médiathèque \
    bibliothèque espace complexe résidence saint sainte st ste street road school hospital museum prize stadium \
    college theatre theater foundation institute park bridge airport aéroport lac mont île port fort château \
    chapelle église cathédrale notre-dame roman film livre pièce aria marque brand général maréchal président \
    president";

/// Words after which a name alone is somebody's.
const CUES: &[&str] = &[
    "merci à",
    "bravo à",
    "bienvenue à",
    "félicitations à",
    "bonjour",
    "bonsoir",
    "salut",
    "coucou",
    "hello",
    "hi",
    "hey",
    "dear",
    "cher",
    "chère",
    "chez",
    "avec",
    "par",
    "de",
    "pour",
    "à",
    "signé",
    "prénommé",
    "prénommée",
    "s'appelle",
    "nommé",
    "nommée",
    "collègue",
    "thanks to",
    "thank you",
    "thanks",
    "thank",
    "congrats to",
    "congratulations to",
    "congrats",
    "welcome",
    "meet",
    "named",
    "called",
    "with",
    "by",
    "for",
    "to",
    "from",
    "ask",
    "colleague",
    "joyeux anniversaire",
    "happy birthday",
    "happy birthday to",
    "anniversaire",
    "demandez",
    "appelez",
    "contactez",
    "call",
    "ring",
    "email",
    "text",
    "client",
    "cliente",
    "patient",
    "patiente",
    "locataire",
    "voisin",
    "voisine",
    "candidat",
    "candidate",
    "gagnant",
    "gagnante",
    "customer",
    "tenant",
    "neighbour",
    "winner",
    "employee",
    "sorry",
    "désolé",
    "désolés",
    "—",
    "-",
    "–",
];

/// Names of persons: a title and a name; a first name and a family name; a pair of capitals after « s'appelle ».
pub fn name(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let words = words(text);
    let mut out: Vec<Hit> = Vec::new();
    let mut i = 0;
    while i < words.len() {
        let found = titled(context, text, &words, i).or_else(|| full(context, text, &words, i));
        match found {
            Some((start, end, next)) => {
                out.push(person(start, end));
                i = next.max(i + 1);
            }
            None => i += 1,
        }
        if out.len() >= crate::limits::MAX_HITS {
            break;
        }
    }
    out
}

/// First names, alone or not: those that are nothing else anywhere, the others after a greeting and the like.
pub fn first_name(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let words = words(text);
    let mut out = Vec::new();
    for (i, word) in words.iter().enumerate() {
        let Some(given) = word.given() else { continue };
        let street = words.get(i + 1).is_some_and(|next| {
            text.get(word.end..next.start) == Some(" ")
                && next.capital()
                && listed(NOT_FAMILY, &next.text.to_lowercase())
                && !listed(PARTICLES, &next.text.to_lowercase())
        });
        if street
            || word.shouted() && word.text.chars().count() < 4
            || named_after(&words, text, i)
            || tagged(text, word.start)
        {
            continue;
        }
        let cued = || {
            let behind = window(&context.view.low, word.start, 24);
            CUES.iter().any(|c| {
                behind
                    .strip_suffix(' ')
                    .is_some_and(|b| b.ends_with(c) && holds(b, c))
            })
        };
        // « à Noël », « de France »: what a place or a day is said with is no greeting.
        let day = || matches!(plain(word.text).as_str(), "noel" | "toussaint" | "france");
        if given == Given::Sure || !day() && cued() {
            out.push(person(word.start, word.end));
        }
        if out.len() >= crate::limits::MAX_HITS {
            break;
        }
    }
    out
}

fn person(start: usize, end: usize) -> Hit {
    let mut hit = Hit::at(start, end);
    hit.told = Some(Box::new(Told {
        what: Words::new("nom d’une personne", "name of a person"),
        severity: None,
        confidence: None,
        rank: 5,
    }));
    hit
}

/// « Mme Lebrun », « Dr. Anna Weiss », « M. X ».
fn titled(
    context: &Context<'_>,
    text: &str,
    words: &[Word<'_>],
    at: usize,
) -> Option<(usize, usize, usize)> {
    let title = words.get(at).filter(|w| listed(TITLES, w.text))?;
    let first = words.get(at + 1)?;
    let gap = text.get(title.end..first.start)?;
    // « M. » and « Me » are also letters and a pronoun: the dot, or a name that is one, decides.
    let dotted = gap == ". " || gap == "." || gap == ".\u{a0}";
    if !(gap == " " || dotted && title.text.len() <= 4) || !first.capital() || first.text == "I" {
        return None;
    }
    let short = matches!(title.text, "M" | "Me" | "Pr" | "MS" | "MR" | "Dame");
    if short
        && !dotted
        && first.given().is_none()
        && !first.family()
        && !(title.text == "MR" && first.shouted() || title.text == "M" && first.shouted())
    {
        return None;
    }
    let low = context.view.low.get(first.start..first.end)?;
    if listed(FAMOUS, low) && first.text.chars().count() > 1
        || listed(NOT_FAMILY, low) && !first.family()
    {
        return None;
    }
    let (end, next) = rest(text, words, at + 1);
    Some((title.start, end, next))
}

/// The end of a name that begins at a word, and the word after it: at most two more capitals, with particles.
fn rest(text: &str, words: &[Word<'_>], at: usize) -> (usize, usize) {
    let mut last = at;
    let mut i = at + 1;
    while i < words.len() && i <= at + 4 {
        let (Some(before), Some(word)) = (words.get(i - 1), words.get(i)) else {
            break;
        };
        let gap = text.get(before.end..word.start).unwrap_or_default();
        let initial = before.text.chars().count() == 1 && gap == ". ";
        if gap != " " && !initial {
            break;
        }
        let low = word.text.to_lowercase();
        let titled = listed(TITLES, word.text) && word.text.len() > 1;
        if word.capital() && !listed(NOT_FAMILY, &low) && !titled {
            last = i;
        } else if !listed(PARTICLES, &low) {
            break;
        }
        i += 1;
    }
    (words.get(last).map_or(0, |w| w.end), last + 1)
}

/// « Odile Perrachon », « Richard M. Nixon », « PERRACHON Odile », « s'appelle Ysoline Kerbrat ».
fn full(
    context: &Context<'_>,
    text: &str,
    words: &[Word<'_>],
    at: usize,
) -> Option<(usize, usize, usize)> {
    let first = words
        .get(at)
        .filter(|w| w.capital() && w.text.chars().count() > 1)?;
    if named_after(words, text, at) || tagged(text, first.start) {
        return None;
    }
    let given = first.given();
    let (end, next) = rest(text, words, at);
    let last = words
        .get(next - 1)
        .filter(|w| w.end == end && next > at + 1)?;
    let second = words.get(at + 1)?;
    let whole = last.text.chars().count() > 1;
    let low = second.text.to_lowercase();
    let word = listed(NOT_FAMILY, &low) && !listed(PARTICLES, &low);
    if !whole || word {
        return None;
    }
    let opens = opens_sentence(text, first.start);
    let good = match given {
        // « Will Apple sell », « Grant Thornton »: at the start of a sentence a common family name must follow.
        Some(Given::Doubtful) => {
            last.family() || !opens && !place_like(context, text, first) && second.given().is_none()
        }
        Some(Given::Sure) => true,
        None => {
            let role = [
                "CEO", "CFO", "CTO", "COO", "PDG", "DRH", "DAF", "USA", "VIP",
            ]
            .contains(&first.text);
            let house = [
                "Maison", "Studio", "Atelier", "Agence", "Groupe", "MC", "DJ", "Team",
            ]
            .contains(&first.text);
            let caps = first.shouted()
                && !role
                && !second.shouted()
                && second.given() == Some(Given::Sure);
            let behind = window(&context.view.low, first.start, 24);
            caps || !house
                && [
                    "s'appelle",
                    "nommé",
                    "nommée",
                    "named",
                    "called",
                    "prénom",
                    "name is",
                    "name:",
                    "nom :",
                    "nom:",
                    "je suis",
                    "i'm",
                    "signé",
                ]
                .iter()
                .any(|c| {
                    behind
                        .trim_end_matches([' ', ':'])
                        .ends_with(c.trim_end_matches([' ', ':']))
                })
        }
    };
    // A text in capitals throughout tells nothing by them.
    let loud = first.shouted() && second.shouted() && given != Some(Given::Sure);
    (good && !loud).then_some((first.start, end, next))
}

/// « in France », « à Florence »: where a place would stand.
fn place_like(context: &Context<'_>, text: &str, word: &Word<'_>) -> bool {
    let behind = window(&context.view.low, word.start, 8);
    let _ = text;
    [" à ", " in ", " en ", " at ", " au "]
        .iter()
        .any(|p| behind.ends_with(p))
}

fn opens_sentence(text: &str, start: usize) -> bool {
    let behind = text.get(..start).unwrap_or_default().trim_end_matches(' ');
    behind.is_empty()
        || behind.ends_with([
            '.', '!', '?', '\n', '…', ':', '•', '-', '–', '—', '"', '«', '“',
        ])
}

/// A hashtag or a handle is no name written out.
fn tagged(text: &str, start: usize) -> bool {
    super::numbers::before(text, start).is_some_and(|c| matches!(c, '#' | '@' | '/' | '.' | '_'))
}

/// « rue Victor-Hugo », « collège Jean-Moulin », « prix Marie-Curie ».
fn named_after(words: &[Word<'_>], text: &str, at: usize) -> bool {
    (1..=2).any(|n| {
        let Some(before) = at.checked_sub(n).and_then(|i| words.get(i)) else {
            return false;
        };
        let gap = words
            .get(at)
            .and_then(|w| text.get(before.end..w.start))
            .unwrap_or_default();
        let near = !gap.contains(['.', '!', '?', '\n', ',', ':']);
        let low = before.text.to_lowercase();
        // With two words between, only what stands for a name: « rue du Général Leclerc ».
        let middle = n == 1
            || words.get(at - 1).is_some_and(|w| {
                w.capital() || matches!(w.text, "du" | "de" | "la" | "le" | "des")
            });
        near && middle && listed(NAMED_AFTER, &low)
    })
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, found, none_found};
    use super::*;

    #[test]
    fn whole_names() {
        for (text, wanted) in [
            (
                "notre gagnante : Odile Perrachon, 27 rue",
                "Odile Perrachon",
            ),
            ("Bonjour M. Grangier, le lave-vaisselle", "M. Grangier"),
            ("Hi Mrs Ellery, your parcel", "Mrs Ellery"),
            ("merci à Mme X, dossier", "Mme X"),
            ("Richard M. Nixon", "Richard M. Nixon"),
            ("customer Rosa Delgado of Tulsa", "Rosa Delgado"),
            (
                "la candidate s'appelle Ysoline Kerbrat, elle",
                "Ysoline Kerbrat",
            ),
            ("PERRACHON Odile", "PERRACHON Odile"),
            ("Vincent van Dijk signe", "Vincent van Dijk"),
            ("Dr. Anna Weiss is in", "Dr. Anna Weiss"),
            ("avec Pierre Martin demain", "Pierre Martin"),
            ("Jean-Noël Le Goff", "Jean-Noël Le Goff"),
            ("They call me Mr. Mayers", "Mr. Mayers"),
        ] {
            assert_eq!(found(name, text), [wanted], "{text}");
        }
    }

    #[test]
    fn what_is_no_name() {
        none_found(
            name,
            &[
                "Rendez-vous rue Victor Hugo",
                "le collège Jean Moulin",
                "Madame Bovary au théâtre",
                "Pierre Blanche et bois clair",
                "Will Apple launch it?",
                "Merci à nos clients",
                "Paris Match",
                "En mai, Marine Nationale",
                "la M. Le reste suit",
                "#OdilePerrachon",
                "Louise Café ouvre",
                "New York City",
            ],
        );
    }

    #[test]
    fn first_names() {
        each_found(
            first_name,
            &[
                "voyez avec Sandrine",
                "merci à Pierre",
                "Hi Grace, your order",
                "Karim est absent",
            ],
        );
        none_found(
            first_name,
            &[
                "une pierre",
                "Pierre naturelle et bois",
                "France Télévisions",
                "rue Sandrine",
                "Will it rain?",
                "bonjour Paris",
            ],
        );
    }
}
