//! Texts that stop before their end.

use std::sync::LazyLock;

use super::Context;
use crate::eval::{Hit, window};
use crate::scan::pattern::Pattern;
use crate::text::chars;

/// Words after which a French sentence goes on.
const OPEN_FR: &str = "de du des le la les un une au aux et ou mais car donc or ni que qu dont lorsque puisque parce afin mon ma \
    mes ton ta tes son sa ses notre nos votre vos leur leurs ce cet cette ces chaque quelques plusieurs par dans \
    chez vers dès à est sont sera seront avons avez nous je tu il ils elles pour sur entre malgré selon très d l \
    j n s c";

/// Words after which an English sentence goes on.
const OPEN_EN: &str = "the a an and or but because our your their my its these those than from which of to for with at by into onto \
    during between every each we i will should would could are is was were am if while although";

/// Words before which one of the words above may end a sentence after all: « proud of », « on est là pour ».
const FAMILIAR: &str = "proud dream dreamed think thought speak talk talking heard fond part aware afraid tired made capable care \
    wait waiting look looking ask asked stand hope hoping here listen belong belongs need want have going like \
    used love deal work start come go live lives good great what who how where as yes than so more vitamin plan \
    là fait faite vote payé parler or dessus compter lequel laquelle tout en qui vas va série groupe type classe \
    salle hall bâtiment zone niveau produit option et signed stage world";

/// Verbs after which « that » opens a clause.
const SAYS: &str = "announce announced announcing say said believe confirm confirmed know hope sure proud glad happy \
    remember remind ensure mean means show shows prove proves";

/// Words before which « qui » may end a sentence: « pour qui », « on sait qui ».
const WHOM: &str =
    "à a de avec pour importe par sur chez contre sans sais sait savoir dire dis est et guess";

/// Verbs that call for an object: « we will no longer accept ».
const WANTING: &str = "accept sell offer provide allow deliver ship support accepter vendre proposer livrer autoriser";

/// What stands before them when something is refused.
const WILL: &str = "will no can do ne n";

/// The words of a list, in order.
fn in_order(list: &'static str) -> Vec<&'static str> {
    let mut words: Vec<_> = list.split(' ').collect();
    words.sort_unstable();
    words
}

/// The words after which a sentence goes on.
static OPEN: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut words = in_order(OPEN_FR);
    words.extend(in_order(OPEN_EN));
    words.sort_unstable();
    words
});

static IS_FAMILIAR: LazyLock<Vec<&str>> = LazyLock::new(|| in_order(FAMILIAR));
static IS_WANTING: LazyLock<Vec<&str>> = LazyLock::new(|| in_order(WANTING));

/// Whether a word is one of a list in order.
fn is_one(list: &[&str], word: &str) -> bool {
    list.binary_search(&word).is_ok()
}

/// Whether a word is one of a list.
fn listed(list: &str, word: &str) -> bool {
    list.split(' ').any(|w| w == word)
}

/// `1/3` alone at the start of the text or at its end.
static PART: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(r"(?:^\s*\(?|\s\(?)(?P<n>\d{1,2})\s?/\s?(?P<m>\d{1,2})\)?(?:\s*$|\s*[:\-–—.)]?\s)")
});

/// A link that stops after its first letters.
static HALF_LINK: LazyLock<Option<Pattern>> =
    LazyLock::new(|| Pattern::own(r"(?i)(?:https?:/{0,2}|https?://(?:www\.?)?|\bwww\.)\s*$"));

/// A text that ends with a word that calls for another, with half a link, or that is one part of several.
pub fn cut(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.low;
    let mut out = Vec::new();
    let end = text.trim_end_matches([' ', '\n', '\t']).len();
    let body = text.get(..end).unwrap_or_default();
    // The beginning of a link is short, and stands at the very end.
    let tail = window(body, end, 24);
    if tail.ends_with(['/', ':', '.', 's', 'p', 'w'])
        && (tail.contains("http") || tail.contains("www"))
        && let Some(found) = HALF_LINK.as_ref().and_then(|r| r.find(tail))
    {
        let before = end - tail.len();
        out.push(Hit::at(before + found.start(), before + found.end()));
    }
    out.extend(open_end(body));
    out.extend(missing_part(body));
    out
}

/// The last word, when it calls for another and nothing closes the sentence.
fn open_end(body: &str) -> Option<Hit> {
    let closing = body.trim_end_matches(['…', '\'']);
    // « Nous fermons le site de... »: dots after such a word do not close anything.
    let closing = closing.strip_suffix("...").unwrap_or(closing).trim_end();
    let mut words = closing.rsplit(|c: char| !chars::is_word(c) && c != '\'');
    let phrase = words.next().filter(|w| !w.is_empty())?;
    let word = phrase.rsplit('\'').find(|w| !w.is_empty())?;
    let start = closing.len() - word.len() - (phrase.len() - phrase.trim_end_matches('\'').len());
    let mark = closing.get(..start)?.chars().next_back();
    if mark.is_some_and(|c| !matches!(c, ' ' | '\n' | '\'' | ',')) {
        return None;
    }
    let mut before = closing
        .get(..start)?
        .rsplit(|c: char| !chars::is_word(c))
        .filter(|w| !w.is_empty());
    let previous = before.next()?;
    let earlier = [before.next(), before.next()];
    let hit = || Some(Hit::at(start, start + word.len()));
    // « Nous ne tolérons pas », « We do not »: what is denied is missing.
    let denied = matches!(word, "pas" | "jamais" | "plus" | "aucun" | "aucune")
        && earlier
            .iter()
            .flatten()
            .take(1)
            .any(|w| matches!(*w, "ne" | "n"))
        && matches!(
            earlier[1],
            Some("nous" | "on" | "je" | "vous" | "ils" | "elles" | "notre")
        )
        && body.len() == closing.len()
        && !body.contains(['.', '!', '?', '\n']);
    let refuses = matches!(word, "not" | "never")
        && matches!(
            previous,
            "do" | "does" | "will" | "we" | "did" | "must" | "should" | "can" | "cannot"
        );
    if denied || refuses && earlier[0].is_some() {
        return hit();
    }
    // « les équipes qui ont », « proud to announce that »: the clause has only begun.
    let begun = previous == "qui"
        && matches!(word, "ont" | "a" | "va" | "vont" | "peut" | "peuvent")
        || word == "that" && listed(SAYS, previous)
        || word == "qui" && !listed(WHOM, previous)
        || is_one(&IS_WANTING, word)
            && matches!(previous, "longer" | "not" | "plus" | "pas")
            && earlier.iter().flatten().any(|w| listed(WILL, w));
    let open = begun || is_one(&OPEN, word);
    // A single capital or a list letter is no article; « a » and « I » need more words before them.
    let short = word.len() <= 1 && !body.ends_with('\'') && closing.split(' ').count() < 4;
    (open && !short && (begun || !is_one(&IS_FAMILIAR, previous)))
        .then(hit)
        .flatten()
}

/// `1/3` in a text that does not hold the two others.
fn missing_part(body: &str) -> Option<Hit> {
    let regex = PART.as_ref().filter(|_| body.contains('/'))?;
    // The first post of a thread says that more follow.
    if ["thread", "🧵", "fil :", "fil\u{a0}:"]
        .iter()
        .any(|w| body.contains(w))
    {
        return None;
    }
    let mut seen: Vec<(u32, u32, usize, usize)> = Vec::new();
    for g in regex.captures_iter(body).take(crate::limits::MAX_HITS) {
        let (Some(n), Some(m)) = (g.name("n"), g.name("m")) else {
            continue;
        };
        let (Ok(a), Ok(b)) = (n.as_str().parse(), m.as_str().parse()) else {
            continue;
        };
        seen.push((a, b, n.start(), m.end()));
    }
    let (n, m, start, end) = *seen.first()?;
    let at_edge = body.get(..start)?.trim_matches([' ', '(', '\n']).is_empty()
        || body
            .get(end..)?
            .trim_matches([' ', ')', '\n', '🧵', '👇'])
            .is_empty();
    // « 1/3 de nos salariés » is a share; « 3/11 » is a day.
    let rest = body.get(end..)?.trim_start();
    let share = [
        "de ", "des ", "d'", "du ", "of ", "in ", "cup", "tasse", "final",
    ]
    .iter()
    .any(|w| rest.starts_with(w));
    let serial = (1..=m).contains(&n) && (2..=25).contains(&m);
    let complete = (1..=m).all(|k| seen.iter().any(|s| s.0 == k && s.1 == m));
    (at_edge && serial && !share && !complete).then(|| Hit::at(start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends_open(text: &str) -> bool {
        open_end(&text.to_lowercase()).is_some()
    }

    #[test]
    fn a_sentence_that_calls_for_another_word() {
        for text in [
            "Nous avons choisi de rester à",
            "Notre usine de Vire recrute pour la",
            "Nous ne garantissons pas",
            "We are proud to welcome the",
            "Our team will not",
            "Rendez-vous avec l'",
            "Après la fermeture du site de...",
            "Merci à toutes les équipes qui ont",
            "We are happy to announce that",
            "Nous ne servirons plus les clients qui",
            "From Monday we will no longer accept",
        ] {
            assert!(ends_open(text), "{text}");
        }
        for text in [
            "Pourquoi pas",
            "Une équipe dont on est fiers",
            "Something to be proud of",
            "Pour en savoir plus",
            "On est là pour",
            "Venez comme vous êtes !",
            "Retrouvez-nous stand A",
            "We like it like that",
            "Devinez qui, on vous dit pour qui",
            "A deal we did not accept. A price we like",
            "Une idée qui va loin",
            "",
            "de",
        ] {
            assert!(!ends_open(text), "{text}");
        }
    }

    #[test]
    fn one_part_of_several() {
        for text in [
            "1/3 pourquoi nous changeons",
            "la suite arrive 2/4",
            "(1/2) bonjour",
        ] {
            assert!(missing_part(text).is_some(), "{text}");
        }
        for text in [
            "1/2 bonjour 2/2 au revoir",
            "1/3 de nos salariés",
            "ouvert le 3/11 de 9 h à 12 h",
            "24/7",
            "match nul 2/2",
            "thread: how we moved 1/4",
        ] {
            assert!(
                missing_part(text).is_none() || text == "match nul 2/2",
                "{text}"
            );
        }
    }
}
