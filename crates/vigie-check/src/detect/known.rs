//! What the organisation knows of names: slips in its own, hashtags and mentions that nobody has checked.

use super::{Context, Suggestion};
use crate::eval::Hit;
use crate::text::{chars, view::fold_term};

/// Names of the organisation that are compared with each word; more are left out.
const MOST_NAMES: usize = 256;

/// Words of a text that are compared; a post has far fewer.
const MOST_WORDS: usize = 2_000;

/// Letters of a name that are compared; longer names are left out.
const MOST_LETTERS: usize = 40;

/// A word as it stands in the text: where, and what mark stands before it.
struct Word<'a> {
    start: usize,
    end: usize,
    text: &'a str,
    mark: Option<char>,
    opens: bool,
}

/// The words of a text; a handle or a hashtag is one word, without its mark.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut out = Vec::new();
    let mut start = None;
    let mut opens = true;
    let mut close = |start: &mut Option<usize>, end: usize, opens: &mut bool| {
        let Some(s) = start.take() else { return };
        let mark = text
            .get(..s)
            .and_then(|b| b.chars().next_back())
            .filter(|c| matches!(c, '@' | '#'));
        if let Some(word) = text.get(s..end) {
            out.push(Word {
                start: s,
                end,
                text: word,
                mark,
                opens: *opens,
            });
        }
        *opens = false;
    };
    for (at, c) in text.char_indices() {
        if chars::is_word(c) {
            start.get_or_insert(at);
        } else {
            close(&mut start, at, &mut opens);
            opens |= matches!(c, '.' | '!' | '?' | '…' | '\n');
        }
    }
    close(&mut start, text.len(), &mut opens);
    out.truncate(MOST_WORDS);
    out
}

/// The name of a handle or hashtag, folded, without its mark.
pub(super) fn bare(name: &str) -> String {
    fold_term(name.trim().trim_start_matches(['@', '#']))
}

/// Edits between two words, a swap of neighbours being one; `None` beyond `most`.
pub(super) fn edits(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(ca != cb))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *cb && b[j - 1] == *ca {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|n| *n <= most)
}

/// Whether the same letters stand there, or one is doubled: slips of the hand, not another word.
fn slip(a: &[char], b: &[char]) -> bool {
    let sorted = |w: &[char]| {
        let mut w = w.to_vec();
        w.sort_unstable();
        w
    };
    sorted(a) == sorted(b) || (a.len() != b.len() && single(a) == single(b))
}

/// A word with its doubled letters once.
pub(super) fn single(word: &[char]) -> Vec<char> {
    let mut word = word.to_vec();
    word.dedup();
    word
}

/// How many edits make a slip, for a name of so many letters.
fn forgiven(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// A word of the text that is nearly a name of the organisation (fact `org.terms`) and is none of its names.
///
/// A short name is also a near neighbour of ordinary words: the word must then have a capital, and at the start of a
/// sentence only swapped or doubled letters count.
pub fn near_name(context: &Context<'_>) -> Vec<Hit> {
    let known = |key| context.facts.list(key).iter().map(|n| bare(n));
    let names: Vec<(&str, String, Vec<char>)> = context
        .facts
        .list("org.terms")
        .iter()
        .take(MOST_NAMES)
        .map(|n| (n.trim(), bare(n)))
        .map(|(n, b)| {
            let letters = b.chars().collect();
            (n, b, letters)
        })
        .filter(|n: &(_, _, Vec<char>)| (4..=MOST_LETTERS).contains(&n.2.len()))
        .collect();
    if names.is_empty() {
        return Vec::new();
    }
    let right: Vec<String> = known("org.terms")
        .chain(known("org.official_handles"))
        .chain(known("org.verified_handles"))
        .collect();
    // A part of a name of several words is a name too: « Claire » of « Claire Morel ».
    let parts: Vec<&str> = right.iter().flat_map(|n| n.split(' ')).collect();
    let text = &context.view.clean;
    let words = words(text);
    let mut out: Vec<Hit> = Vec::new();
    for (name, plain, letters) in &names {
        let length = plain.split(' ').count();
        for run in words.windows(length) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else {
                continue;
            };
            let Some(seen) = text.get(first.start..last.end) else {
                continue;
            };
            let low = fold_term(seen);
            if parts.contains(&low.as_str()) || right.contains(&low) || low.len() > 4 * MOST_LETTERS
            {
                continue;
            }
            let here: Vec<char> = low.chars().collect();
            let Some(count) = edits(&here, letters, forgiven(letters.len())) else {
                continue;
            };
            let plural = count == 1 && low.strip_suffix('s') == Some(plain.as_str());
            let capital = seen.chars().next().is_some_and(char::is_uppercase);
            let telling = first.mark.is_some()
                || slip(&here, letters) && (capital || letters.len() >= 6)
                || capital && (!first.opens || letters.len() >= 8)
                || letters.len() >= 10;
            if plural || count == 0 || !telling {
                continue;
            }
            let good = name.trim_start_matches(['@', '#']);
            let mut hit = Hit::at(first.start, last.end).with("name", *name);
            hit.suggestion = Some(Suggestion(good.to_owned()));
            out.push(hit);
        }
    }
    out.extend(words.iter().filter_map(|w| misspelt(w, &names, &right)));
    out.sort_by_key(|h| h.span);
    out.dedup_by_key(|h| h.span.map(|s| s.0));
    out.truncate(crate::limits::MAX_PER_RULE);
    out
}

/// Words that follow the name of a house in its handle.
const OFFICIAL: &[&str] = &["officiel", "officielle", "official"];

/// A mention of a name and « officiel », the second with a slip: `@velmora_offciel`.
fn misspelt(word: &Word<'_>, names: &[(&str, String, Vec<char>)], right: &[String]) -> Option<Hit> {
    let low = fold_term(word.text);
    let (name, added) = low.rsplit_once('_')?;
    if word.mark != Some('@') || right.contains(&low) || added.len() > MOST_LETTERS {
        return None;
    }
    let (_, plain, _) = names.iter().find(|(_, plain, _)| plain == name)?;
    let added: Vec<char> = added.chars().collect();
    let meant = OFFICIAL.iter().find(|o| {
        let letters: Vec<char> = o.chars().collect();
        edits(&added, &letters, 2).is_some_and(|n| n > 0)
    })?;
    if OFFICIAL.iter().any(|o| o.chars().eq(added.iter().copied())) {
        return None;
    }
    let good = format!("{plain}_{meant}");
    let mut hit = Hit::at(word.start, word.end).with("name", format!("@{good}"));
    hit.suggestion = Some(Suggestion(good));
    Some(hit)
}

/// Hashtags that are not in the organisation's history (fact `org.hashtag_history`); silent when there is no history.
///
/// A tag that differs from a known one by its figures alone (`#Fair2026`, `#Fair2027`) is known.
pub fn new_hashtag(context: &Context<'_>) -> Vec<Hit> {
    let core = |n: &str| {
        bare(n)
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .to_owned()
    };
    let known: Vec<String> = context
        .facts
        .list("org.hashtag_history")
        .iter()
        .take(crate::limits::MAX_FACT_TERMS)
        .map(|n| core(n))
        .collect();
    if known.is_empty() {
        return Vec::new();
    }
    words(&context.view.clean)
        .into_iter()
        .filter(|w| w.mark == Some('#') && !w.text.bytes().all(|b| b.is_ascii_digit()))
        .filter(|w| !known.contains(&core(w.text)))
        .map(|w| Hit::at(w.start - 1, w.end))
        .collect()
}

/// Mentions that are not in the directory of checked handles (fact `org.verified_handles`), nor the organisation's own;
/// silent when there is no directory. An address is no mention.
pub fn unverified_mention(context: &Context<'_>) -> Vec<Hit> {
    let directory = context.facts.list("org.verified_handles");
    if directory.is_empty() {
        return Vec::new();
    }
    let own = context.facts.list("org.official_handles");
    let known: Vec<String> = directory.iter().chain(own).map(|n| bare(n)).collect();
    let text = &context.view.clean;
    words(text)
        .into_iter()
        .filter(|w| w.mark == Some('@'))
        .filter(|w| {
            let before = text.get(..w.start - 1).and_then(|b| b.chars().next_back());
            let dotted = text
                .get(w.end..)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
            let name = fold_term(w.text);
            let good = known.iter().any(|k| {
                *k == name
                    || dotted
                        && k.strip_prefix(name.as_str())
                            .is_some_and(|r| r.starts_with('.'))
            });
            !before.is_some_and(|c| chars::is_word(c) || c == '.') && !good
        })
        .map(|w| Hit::at(w.start - 1, w.end))
        .collect()
}

/// Mentions when the handle belongs to somebody other than the one meant (facts `mention.entity` and
/// `mention.handle_entity`); silent unless both are known.
pub fn mention_owner(context: &Context<'_>) -> Vec<Hit> {
    let fact = |key| context.facts.text(key).map(bare).filter(|t| !t.is_empty());
    let (Some(meant), Some(owner)) = (fact("mention.entity"), fact("mention.handle_entity")) else {
        return Vec::new();
    };
    if meant.contains(&owner) || owner.contains(&meant) && !owner.contains("parod") {
        return Vec::new();
    }
    words(&context.view.clean)
        .into_iter()
        .filter(|w| w.mark == Some('@'))
        .map(|w| Hit::at(w.start - 1, w.end).with("owner", owner.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(a: &str, b: &str) -> Option<usize> {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        edits(&a, &b, 2)
    }

    #[test]
    fn edits_count_a_swap_once_and_stop_at_the_bound() {
        assert_eq!(distance("velmora", "velmora"), Some(0));
        assert_eq!(distance("vlemora", "velmora"), Some(1));
        assert_eq!(distance("velmor", "velmora"), Some(1));
        assert_eq!(distance("été", "ete"), Some(2));
        assert_eq!(distance("velmora", "aurore"), None);
        assert_eq!(distance("", "ab"), Some(2));
    }

    #[test]
    fn words_know_their_mark_and_whether_they_open_a_sentence() {
        let text = "Bravo @la_tour. Merci #Été2027";
        let seen: Vec<_> = words(text)
            .iter()
            .map(|w| (w.text, w.mark, w.opens))
            .collect();
        assert_eq!(
            seen,
            [
                ("Bravo", None, true),
                ("la_tour", Some('@'), false),
                ("Merci", None, true),
                ("Été2027", Some('#'), false)
            ]
        );
    }
}
