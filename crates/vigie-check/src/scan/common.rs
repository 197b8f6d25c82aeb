//! How common pieces of text are in ordinary posts: what is rare is looked for first.

use std::collections::HashMap;

use super::required::Anchor;
use crate::text::chars;

/// Words of posts and how frequent they are (`data/words.md`).
const WORDS: [&str; 2] = [
    include_str!("../../data/words.fr.tsv"),
    include_str!("../../data/words.en.tsv"),
];

/// Signs that words do not show, and how often they stand in a million words, roughly.
const SIGNS: [(&str, u32); 3] = [
    (" .,'-!?\n", 100_000),
    ("#@:/()\"%…", 10_000),
    ("€$*&+=[]|_", 2_000),
];

/// A link, and how often one stands in a million words, roughly.
const LINK: (&str, u32) = (" https://www.", 8_000);

/// How often a digit stands in a million words, roughly, and each pair of digits; as words of their own, half as often.
const DIGITS: [u32; 2] = [3_000, 300];

/// Words of a post, roughly: how often a piece occurs says in how many posts it is.
const WORDS_OF_A_POST: f64 = 32.0;

/// A million of each language.
const COUNTED: f64 = 2e6;

/// A second word beside a common one makes the two rarer by this.
const BESIDE: f64 = 0.15;

/// How often pieces of one to four bytes, and whole words, occur in two million words of posts, roughly.
#[derive(Debug, Default)]
pub(crate) struct Common {
    /// Shorter pieces end with noughts.
    pieces: HashMap<[u8; 4], u32>,
    words: HashMap<String, u32>,
}

impl Common {
    /// What the words of posts say: lines of a word, a tab, and how many of a million words it is.
    pub(crate) fn of_posts() -> Common {
        let mut out = Common::default();
        for line in WORDS.iter().flat_map(|t| t.lines()) {
            let Some((word, count)) = line.split_once('\t') else {
                continue;
            };
            let count = count.parse().unwrap_or(0);
            let written = format!(" {word} ");
            out.add(&written, count);
            for length in 1..4 {
                out.add_pieces(written.as_bytes(), length, count);
            }
        }
        for (signs, count) in SIGNS {
            for sign in signs.chars() {
                out.add_pieces(sign.encode_utf8(&mut [0; 4]).as_bytes(), 1, count);
            }
        }
        for n in 0..110 {
            let (text, count) = match n {
                0..10 => (n.to_string(), DIGITS[0]),
                _ => (format!("{:02}", n - 10), DIGITS[1]),
            };
            out.add_pieces(text.as_bytes(), text.len(), 2 * count);
            out.words.insert(text, count);
        }
        out.add(LINK.0, LINK.1);
        (2..4).for_each(|length| out.add_pieces(LINK.0.as_bytes(), length, LINK.1));
        out
    }

    /// Counts the four-byte pieces and the words of a text in lower case, `weight` times each.
    pub(crate) fn add(&mut self, low: &str, weight: u32) {
        self.add_pieces(low.as_bytes(), 4, weight);
        let words = low.split(|c: char| !chars::is_word(c));
        for word in words.filter(|w| !w.is_empty()) {
            match self.words.get_mut(word) {
                Some(count) => *count = count.saturating_add(weight),
                None => {
                    self.words.insert(word.to_owned(), weight);
                }
            }
        }
    }

    fn add_pieces(&mut self, bytes: &[u8], length: usize, weight: u32) {
        for window in bytes.windows(length) {
            let count = self.pieces.entry(piece(window)).or_default();
            *count = count.saturating_add(weight);
        }
    }

    /// How often a piece of at most four bytes occurs.
    pub(crate) fn of(&self, bytes: &[u8]) -> u32 {
        self.pieces.get(&piece(bytes)).copied().unwrap_or(0)
    }

    /// How often a whole word occurs.
    pub(crate) fn of_word(&self, word: &str) -> u32 {
        self.words.get(word).copied().unwrap_or(0)
    }

    /// In what share of posts one of some literals stands, roughly; at most 1.
    pub(crate) fn share(&self, anchors: &[Anchor]) -> f64 {
        let often: f64 = anchors.iter().map(|a| self.often(a)).sum();
        1.0 - (-often * WORDS_OF_A_POST / COUNTED).exp()
    }

    /// How often a literal occurs.
    fn often(&self, anchor: &Anchor) -> f64 {
        let text = anchor.text.as_str();
        let mut rarest = f64::from(u32::MAX);
        let mut words = 0;
        let mut from = 0;
        for part in text.split(|c: char| !chars::is_word(c)) {
            let at = from;
            from = at + part.len();
            from += text
                .get(from..)
                .and_then(|t| t.chars().next())
                .map_or(0, char::len_utf8);
            if part.is_empty() {
                continue;
            }
            words += 1;
            let whole = (at > 0 || anchor.left) && (at + part.len() < text.len() || anchor.right);
            let count = if whole {
                self.of_word(part)
            } else {
                self.least(part)
            };
            rarest = rarest.min(f64::from(count));
        }
        let marks = text
            .matches(['.', ',', ':', ';', '!', '?', '(', ')'])
            .count();
        match words {
            0 => f64::from(self.least(text)),
            n => rarest * BESIDE.powi(n - 1 + marks as i32),
        }
    }

    /// How often the rarest piece of a text occurs.
    fn least(&self, text: &str) -> u32 {
        let bytes = text.as_bytes();
        let windows = bytes.windows(bytes.len().clamp(1, 4));
        windows.map(|w| self.of(w)).min().unwrap_or(u32::MAX)
    }
}

fn piece(bytes: &[u8]) -> [u8; 4] {
    let mut out = [0; 4];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_are_common() {
        let common = Common::of_posts();
        let share = |text: &str, left, right| {
            common.share(&[Anchor {
                text: text.to_owned(),
                left,
                right,
            }])
        };
        assert!(share("the", true, true) > 0.3);
        assert!(share(" ", false, false) > 0.9);
        assert!(share("i", false, false) > 0.9);
        assert!(share("men", true, true) < share("men", false, false));
        assert!(share("azerty", false, false) < 0.01);
        assert!(share("sans obligation d'achat", true, true) < 0.01);
        assert!(share("7", true, true) > 0.02);
        assert!(share("3", false, false) > share("30", false, false));
    }
}
