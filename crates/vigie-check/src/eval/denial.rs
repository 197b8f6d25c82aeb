//! Whether a text says the contrary of what was found in it: « ne … pas », « sans », “not”, “never”.
//!
//! Words before count up to three back, and further for a whole « ne … pas » of the same clause. Words after count where
//! what was found is the subject: « la guérison n’est pas promise », “results are not guaranteed”.

use super::nodes::window;
use crate::text::chars;

/// Words that deny what follows them closely.
const NOT: &[&str] = &[
    "ne", "pas", "jamais", "aucun", "aucune", "sans", "ni", "non", "not", "never", "no", "nor",
    "without", "cannot", "nobody",
];

/// The second half of a denial in French.
const SECOND: &[&str] = &[
    "pas", "jamais", "aucun", "aucune", "plus", "rien", "guère", "personne",
];

/// What stands before `n't`.
const BEFORE_T: &[&str] = &[
    "don", "isn", "aren", "doesn", "didn", "won", "can", "couldn", "wouldn", "shouldn", "wasn",
    "weren", "haven", "hasn", "hadn", "mustn", "ain",
];

/// What makes a denial of itself an invitation: « n’hésitez pas à », “don’t miss”, « sans attendre ».
const INVITES: &[&str] = &[
    "hésit", "hesit", "manqu", "rat", "oubli", "attend", "tard", "cherch", "miss", "forget",
    "wait", "worr",
];

/// Verbs after “never” that praise: “never looked so good”.
const PRAISES: &[&str] = &["looked", "tasted", "felt", "smelled", "sounded"];

/// Words after « sans », “without”, “no” that deny nothing.
const IDLE: &[&str] = &[
    "doute",
    "attendre",
    "hésiter",
    "hesiter",
    "tarder",
    "délai",
    "cesse",
    "exception",
    "faute",
    "doubt",
    "delay",
    "hesitation",
    "fail",
    "matter",
    "waiting",
    "wonder",
];

/// Words after a denial that take it back: “not only”, « pas seulement ».
const ONLY: &[&str] = &["seulement", "uniquement", "juste", "only", "just", "merely"];

/// Words that begin another clause.
const JOINTS: &[&str] = &[
    "mais", "car", "donc", "et", "pour", "si", "quand", "puis", "alors", "puisque", "parce", "but",
    "and", "because", "so", "if", "when",
];

/// Words that reach from what is found to a denial after it.
const BE: &[&str] = &[
    "is", "are", "was", "were", "be", "do", "does", "did", "can", "could", "will", "would",
    "should", "has", "have",
];

/// How far before what was found one word may deny it.
const CLOSE: usize = 3;

/// How far before it a « ne … pas » may stand.
const FAR: usize = 8;

/// A word, and whether an apostrophe follows it.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    elided: bool,
}

impl Word<'_> {
    fn is(self, list: &[&str]) -> bool {
        list.contains(&self.text)
    }

    fn begins(self, list: &[&str]) -> bool {
        list.iter().any(|stem| self.text.starts_with(stem))
    }

    /// « ne », or « n » before an apostrophe.
    fn ne(self) -> bool {
        self.text == "ne" || self.text == "n" && self.elided
    }

    /// « que », or « qu » before an apostrophe.
    fn que(self) -> bool {
        self.text == "que" || self.text == "qu" && self.elided
    }
}

/// Whether the words around a hit deny it, in the same sentence.
pub(super) fn denied(low: &str, start: usize, end: usize) -> bool {
    let before = window(low, start, 120);
    let sentence = before.rsplit(ends_sentence).next().unwrap_or_default();
    let clause = sentence.rsplit(ends_clause).next().unwrap_or_default();
    let after = after(low, end, 60);
    let after = after.split(ends_sentence).next().unwrap_or_default();
    let after = after.split(ends_clause).next().unwrap_or_default();
    closely(&words(sentence)) || far(&words(clause)) || afterwards(&words(after))
}

fn ends_sentence(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '\n' | ':')
}

fn ends_clause(c: char) -> bool {
    matches!(c, ',' | ';' | '(' | ')' | '–' | '—')
}

/// At most so many bytes after a place.
fn after(low: &str, at: usize, bytes: usize) -> &str {
    let mut to = at.saturating_add(bytes).min(low.len());
    while !low.is_char_boundary(to) {
        to -= 1;
    }
    low.get(at..to).unwrap_or_default()
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut out: Vec<Word<'_>> = Vec::new();
    let mut from = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (chars::is_word(c), from) {
            (true, None) => from = Some(at),
            (false, Some(start)) => {
                out.push(Word {
                    text: text.get(start..at).unwrap_or_default(),
                    elided: c == '\'',
                });
                from = None;
            }
            _ => {}
        }
    }
    out
}

/// Whether the word at a place denies what comes after it.
fn denies(words: &[Word<'_>], at: usize) -> bool {
    let Some(word) = words.get(at) else {
        return false;
    };
    let back = |n: usize| at.checked_sub(n).and_then(|i| words.get(i));
    let rest = words.get(at + 1..).unwrap_or_default();
    let next = rest.first();
    let not = word.is(NOT)
        || word.ne()
        || word.text == "t" && back(1).is_some_and(|w| w.elided && w.is(BEFORE_T));
    if !not || next.is_some_and(|n| n.is(ONLY)) {
        return false;
    }
    // « n’hésitez pas », “don’t miss”.
    if word.ne() && next.is_some_and(|n| n.begins(INVITES))
        || word.text == "pas"
            && back(2).is_some_and(|w| w.ne())
            && back(1).is_some_and(|w| w.begins(INVITES))
        || matches!(word.text, "t" | "not" | "never") && next.is_some_and(|n| n.begins(INVITES))
        || word.text == "never" && next.is_some_and(|n| n.begins(PRAISES))
    {
        return false;
    }
    if matches!(word.text, "sans" | "without" | "no" | "aucun" | "plus")
        && rest.iter().take(2).any(|n| n.is(IDLE))
    {
        return false;
    }
    // « ne … que » says only; « pas que du » says not only.
    if word.ne() {
        let que = rest.iter().position(|w| w.que());
        let second = rest.iter().position(|w| w.is(SECOND));
        return match (que, second) {
            (Some(que), Some(second)) if second < que => !only(rest, second),
            (Some(_), _) => false,
            _ => true,
        };
    }
    !(word.is(SECOND) && only(words, at))
}

/// « pas que du », « plus que des », « jamais que le » : not a denial of what follows.
fn only(words: &[Word<'_>], second: usize) -> bool {
    let at = |n: usize| words.get(second + n);
    let Some(after) = at(1).filter(|w| w.que()).map(|_| at(2)) else {
        return false;
    };
    words.get(second).is_some_and(|w| w.text != "pas")
        || after.is_none_or(|w| w.is(&["du", "des", "de", "d"]))
}

/// One of the few words before.
fn closely(words: &[Word<'_>]) -> bool {
    let from = words.len().saturating_sub(CLOSE);
    (from..words.len()).any(|at| denies(words, at))
}

/// A whole « ne … pas » before, and nothing between that begins another clause.
fn far(words: &[Word<'_>]) -> bool {
    let from = words.len().saturating_sub(FAR);
    let Some(ne) = (from..words.len()).rev().find(|at| words[*at].ne()) else {
        return false;
    };
    let rest = words.get(ne + 1..).unwrap_or_default();
    let Some(second) = rest.iter().take(4).position(|w| w.is(SECOND)) else {
        return false;
    };
    let between = rest.get(second + 1..).unwrap_or_default();
    denies(words, ne) && !between.iter().any(|w| w.is(JOINTS) || w.que())
}

/// What was found is the subject of a denial.
fn afterwards(words: &[Word<'_>]) -> bool {
    let at = |n: usize| words.get(n);
    let Some(first) = at(0) else { return false };
    if first.ne() {
        let rest = words.get(1..).unwrap_or_default();
        // « l’offre n’attend pas », « n’est pas finie »: it goes on.
        let goes_on = |w: &Word<'_>| w.begins(INVITES) || w.begins(&["fini", "termin", "arrêt"]);
        return rest
            .iter()
            .take(3)
            .any(|w| w.is(SECOND) && w.text != "plus")
            && !rest
                .iter()
                .take(4)
                .any(|w| goes_on(w) || w.que() || w.is(ONLY));
    }
    let not = |n: usize| match at(n).map(|w| w.text) {
        Some("not" | "never" | "cannot") => {
            !at(n + 1).is_some_and(|w| w.is(ONLY) || w.begins(PRAISES))
        }
        Some("t") => n > 0 && at(n - 1).is_some_and(|w| w.elided && w.is(BEFORE_T)),
        _ => false,
    };
    let over = |n: usize| at(n).is_some_and(|w| w.is(&["over", "finished", "all"]));
    (not(0) && !over(1)) || (first.is(BE) || first.is(BEFORE_T)) && not(1) && !over(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the word between brackets is denied.
    fn said(text: &str) -> bool {
        let low = text.to_lowercase();
        let (before, rest) = low.split_once('[').unwrap();
        let (hit, after) = rest.split_once(']').unwrap();
        let plain = format!("{before}{hit}{after}");
        denied(&plain, before.len(), before.len() + hit.len())
    }

    #[test]
    fn what_is_denied() {
        for text in [
            "Ce vin n'est pas [bio]",
            "nous ne vendons pas de [bio]",
            "Ne vend ni [bio] ni local",
            "sans [gluten]",
            "Ce n'est pas vraiment un produit qui [guérit]",
            "La [guérison] n'est pas promise",
            "Le [bio] ne nous intéresse pas",
            "aucun [remboursement]",
            "nous ne pensons pas que le [bio] suffise",
            "We don't promise a [cure]",
            "We can't [guarantee] it",
            "Never [guaranteed]",
            "[Results] are not guaranteed",
            "[results] aren't guaranteed",
            "no [refund]",
        ] {
            assert!(said(text), "{text}");
        }
    }

    #[test]
    fn what_is_not() {
        for text in [
            "nous ne vendons que du [bio]",
            "on ne fait que [bio]",
            "nous ne vendons plus que du [bio]",
            "nous ne vendons pas que du [bio]",
            "il n'y a qu'un [remède]",
            "non seulement [bio] mais local",
            "pas seulement [bio]",
            "not only [organic]",
            "n'hésitez pas à profiter du [crédit gratuit]",
            "profitez sans attendre du [crédit gratuit]",
            "sans aucun doute [le meilleur]",
            "don't miss our [free credit]",
            "going [green] never looked this good",
            "Faites un don [garanti]",
            "N° 1 [garanti]",
            "we won a [guaranteed] prize",
            "Vous ne dormez pas bien ? Ce [remède] agit",
            "vous n'avez pas besoin d'attendre pour avoir un [remède]",
            "La [promo] n'est pas finie",
            "L'[offre] n'attend pas",
            "Un [remboursement] pas cher",
            "[bio], mais pas cher",
            "Our [sale] is not over",
            "Le stress n'est plus un souci, ce [remède] agit",
        ] {
            assert!(!said(text), "{text}");
        }
    }
}
