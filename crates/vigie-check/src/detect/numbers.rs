//! What detectors of numbers share: groups of digits, check digits, words around.

use std::ops::Range;

use super::Context;
use crate::eval::{Hit, Told, window};
use crate::report::{Confidence, Words};
use crate::text::chars;
use crate::text::mask::mask;

/// Groups of digits that one number may consist of: one digit at a time is how some people write.
const MAX_GROUPS: usize = 22;

/// Runs of groups that are read in one text.
const MAX_RUNS: usize = 4096;

/// Digits that touch each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Group {
    pub(super) fn len(self) -> usize {
        self.end - self.start
    }
}

/// What may stand between two groups of one number.
pub(super) const PLAIN: &[char] = &[' ', '.', '-', '–', '‐', '\n', '_'];

/// Groups of digits with no more than three of these characters between them, in the order of the text.
pub(super) fn runs(text: &str, joints: &[char]) -> Vec<Vec<Group>> {
    let bytes = text.as_bytes();
    let mut out: Vec<Vec<Group>> = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        if !bytes[i].is_ascii_digit() {
            i += 1;
            continue;
        }
        let start = i;
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        let group = Group { start, end: i };
        let last = out.last_mut().filter(|run| {
            run.last()
                .is_some_and(|last| joined(text, last.end, start, joints))
        });
        if let Some(run) = last {
            run.push(group);
        } else if out.len() < MAX_RUNS {
            out.push(vec![group]);
        } else {
            break;
        }
    }
    out
}

fn joined(text: &str, from: usize, to: usize, joints: &[char]) -> bool {
    text.get(from..to)
        .is_some_and(|t| t.chars().count() <= 3 && t.chars().all(|c| joints.contains(&c)))
}

/// One number that may be there: some groups of a run.
pub(super) struct Number {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Its digits alone.
    pub(super) bare: String,
    /// The lengths of its groups.
    pub(super) groups: Vec<usize>,
}

/// The numbers that begin at one group of a run and have so many digits, the longest first.
fn at_group(text: &str, run: &[Group], first: usize, digits: &Range<usize>) -> Vec<Number> {
    let mut out = Vec::new();
    let mut total = 0;
    for (n, group) in run.iter().enumerate().skip(first).take(MAX_GROUPS) {
        total += group.len();
        if total >= digits.end {
            break;
        }
        if total >= digits.start {
            let groups = run.get(first..=n).unwrap_or_default();
            out.push(Number {
                start: run[first].start,
                end: group.end,
                bare: groups
                    .iter()
                    .filter_map(|g| text.get(g.start..g.end))
                    .collect(),
                groups: groups.iter().map(|g| g.len()).collect(),
            });
        }
    }
    out.reverse();
    out
}

/// The numbers of a text that pass a test, none overlapping.
pub(super) fn numbers(
    text: &str,
    digits: Range<usize>,
    holds: impl Fn(&Number) -> bool,
) -> Vec<Number> {
    let mut out = Vec::new();
    for run in runs(text, PLAIN) {
        let mut first = 0;
        while first < run.len() {
            let found = at_group(text, &run, first, &digits)
                .into_iter()
                .find(|n| alone(text, n.start, n.end) && holds(n));
            match found {
                Some(number) => {
                    first += number.groups.len();
                    out.push(number);
                }
                None => first += 1,
            }
        }
    }
    out
}

/// No letter or digit touches the span, nor a sign that makes it a part of something else.
pub(super) fn alone(text: &str, start: usize, end: usize) -> bool {
    let before = before(text, start);
    let mut after = text.get(end..).unwrap_or_default().chars();
    let (next, second) = (after.next(), after.next());
    // « 4,50 », « 12/27 », `-3` and `.5` go on; « 78. » and « 78, » end there.
    let goes_on = next.is_some_and(|c| matches!(c, ',' | '.' | '/' | '-' | '\''))
        && second.is_some_and(|c| c.is_ascii_digit());
    let touched = before.is_some_and(|c| chars::is_word(c) || matches!(c, '$' | '€' | '£'))
        || next.is_some_and(|c| chars::is_word(c) || c == '%');
    let sum = text
        .get(end..)
        .is_some_and(|t| t.trim_start_matches(' ').starts_with(['€', '$', '£']));
    let more = goes_on && next == Some(',');
    !(touched || sum || more)
}

/// Runs of certain characters, with where they begin; so many in one text.
pub(super) fn pieces(text: &str, kept: fn(char) -> bool) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.get(from..)?;
        let start = from + rest.find(kept)?;
        let tail = text.get(start..)?;
        let length = tail.find(|c: char| !kept(c)).unwrap_or(tail.len());
        from = start + length;
        Some((start, text.get(start..from)?))
    })
    .take(MAX_RUNS)
}

/// The character that stands at a byte, after something that ends there.
pub(super) fn after(text: &str, at: usize) -> Option<char> {
    text.get(at..).and_then(|t| t.chars().next())
}

/// The character before a byte.
pub(super) fn before(text: &str, at: usize) -> Option<char> {
    text.get(..at).and_then(|t| t.chars().next_back())
}

/// The sum of Luhn.
pub(crate) fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (i, d) in digits.bytes().rev().enumerate() {
        let mut d = u32::from(d.wrapping_sub(b'0'));
        if d > 9 {
            return false;
        }
        if i % 2 == 1 {
            d *= 2;
            if d > 9 {
                d -= 9;
            }
        }
        sum += d;
    }
    sum % 10 == 0
}

/// Each digit times its weight, added up.
pub(super) fn weighted(digits: &str, weights: &[u32]) -> u32 {
    digits
        .bytes()
        .zip(weights)
        .map(|(d, w)| u32::from(d.wrapping_sub(b'0')).min(9) * w)
        .sum()
}

/// The remainder of a number of any length; `None` where a character is no digit.
pub(super) fn remainder(digits: &str, by: u32) -> Option<u32> {
    digits
        .chars()
        .try_fold(0, |rest, c| Some((rest * 10 + c.to_digit(10)?) % by))
}

/// The last digit of bar codes of articles, of Swiss insurance numbers and of others.
pub(super) fn ean(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, d)| u32::from(d.wrapping_sub(b'0')).min(9) * if i % 2 == 1 { 3 } else { 1 })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether a text holds so many digits.
pub(super) fn digits(text: &str, least: usize) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= least
}

/// Not one digit repeated.
pub(super) fn varied(digits: &str) -> bool {
    let first = digits.bytes().next();
    digits.bytes().any(|b| Some(b) != first)
}

/// Whether one of the words stands within so many bytes before a place or after another, in the same paragraph.
///
/// A word stands whole; with `*` at its end it may go on.
pub(super) fn said(
    context: &Context<'_>,
    (start, end): (usize, usize),
    (back, forth): (usize, usize),
    words: &[&str],
) -> bool {
    let low = context.view.low.as_str();
    let behind = window(low, start, back);
    let behind = behind.rsplit("\n\n").next().unwrap_or_default();
    let mut to = (end + forth).min(low.len());
    while !low.is_char_boundary(to) {
        to -= 1;
    }
    let ahead = low.get(end..to).unwrap_or_default();
    let ahead = ahead.split("\n\n").next().unwrap_or_default();
    words.iter().any(|w| holds(behind, w) || holds(ahead, w))
}

/// Whether the organisation says that it publishes this account or this address.
pub(super) fn published(context: &Context<'_>, seen: &str) -> bool {
    let bare = |t: &str| -> String {
        t.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let seen = bare(seen);
    let known = context.facts.list("org.public_contacts");
    known
        .iter()
        .map(|c| bare(c))
        .any(|c| c.len() >= 8 && (c.contains(&seen) || seen.contains(&c)))
}

/// Whether a field holds nothing else: what is read on a plate or on a card.
pub(super) fn lone(context: &Context<'_>, (start, end): (usize, usize)) -> bool {
    let text: &str = &context.view.clean;
    if text.len() > 64 {
        return false;
    }
    let rest = |t: Option<&str>| {
        t.unwrap_or_default()
            .chars()
            .filter(|c| c.is_alphanumeric())
            .count()
    };
    end - start >= 6 && rest(text.get(..start)) + rest(text.get(end..)) == 0
}

/// Whether a text holds a word, whole.
pub(super) fn holds(text: &str, word: &str) -> bool {
    let (bare, open) = match word.strip_suffix('*') {
        Some(bare) => (bare, true),
        None => (word, false),
    };
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut next = 0;
    while let Some(at) = find_from(text, bare, next) {
        let end = at + bare.len();
        let begins = bare.chars().next().is_some_and(char::is_alphanumeric);
        let ends = bare.chars().next_back().is_some_and(char::is_alphanumeric);
        let starts = !begins || !letter(before(text, at));
        if starts && (open || !ends || !letter(after(text, end))) {
            return true;
        }
        next = end;
    }
    false
}

/// Where a word stands in a short text, from a place on: few bytes are not worth the preparations of a better search.
fn find_from(text: &str, word: &str, from: usize) -> Option<usize> {
    let first = *word.as_bytes().first()?;
    let bytes = text.as_bytes();
    let last = bytes.len().checked_sub(word.len())?;
    (from..=last).find(|at| {
        bytes.get(*at) == Some(&first) && bytes.get(*at..*at + word.len()) == Some(word.as_bytes())
    })
}

/// A hit that says what it is, masked in messages.
pub(super) fn named((start, end): (usize, usize), bare: &str, fr: &str, en: &str, rank: u8) -> Hit {
    let mut hit = Hit::at(start, end).with("match", mask(bare));
    hit.told = Some(Box::new(Told {
        what: Words::new(fr, en),
        severity: None,
        confidence: None,
        rank,
    }));
    hit
}

/// The same, less sure than the rule is.
pub(super) fn surely(mut hit: Hit, confidence: Confidence) -> Hit {
    if let Some(told) = hit.told.as_mut() {
        told.confidence = Some(confidence);
    }
    hit
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::text::View;

    /// What a detector finds in a text, as it is written there.
    pub(in crate::detect) fn found(run: fn(&Context<'_>) -> Vec<Hit>, text: &str) -> Vec<String> {
        let view = View::new(text);
        let facts = Facts::default();
        let context = Context {
            view: &view,
            field: "text",
            media: &[],
            trails: &[],
            facts: &facts,
            day: None,
            links: &std::cell::OnceCell::new(),
        };
        run(&context)
            .into_iter()
            .filter_map(|h| h.span)
            .map(|(s, e)| {
                let (s, e) = view.to_original(s, e);
                text[s..e].to_owned()
            })
            .collect()
    }

    /// Each text has exactly one hit.
    pub(in crate::detect) fn each_found(run: fn(&Context<'_>) -> Vec<Hit>, texts: &[&str]) {
        let wrong: Vec<_> = texts
            .iter()
            .map(|t| (*t, found(run, t)))
            .filter(|(_, f)| f.len() != 1)
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// No text has any.
    pub(in crate::detect) fn none_found(run: fn(&Context<'_>) -> Vec<Hit>, texts: &[&str]) {
        let wrong: Vec<_> = texts
            .iter()
            .map(|t| (*t, found(run, t)))
            .filter(|(_, f)| !f.is_empty())
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn groups_join_over_spaces_dots_dashes_and_lines() {
        let found = numbers("a 12 34-56.78\n90 b, 11 22", 10..11, |_| true);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].bare, "1234567890");
        assert_eq!(found[0].groups, [2, 2, 2, 2, 2]);
    }

    #[test]
    fn check_digits() {
        assert!(luhn("4111111111111111") && !luhn("4111111111111112"));
        assert!(ean("4006381333931") && !ean("4006381333932"));
        assert_eq!(
            remainder("123456789012345678901234567890", 97),
            Some(123456789012345678901234567890_u128.rem_euclid(97) as u32)
        );
        assert_eq!(remainder("12a", 97), None);
    }

    #[test]
    fn words_stand_whole() {
        assert!(holds("le nir est", "nir") && !holds("finir", "nir"));
        assert!(holds("immatriculée", "immatricul*"));
        assert!(holds("n° 12", "n°"));
    }
}
