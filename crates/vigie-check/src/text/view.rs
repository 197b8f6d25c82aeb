//! The normalised view of a text, with a map back to the bytes of the original.

use unicode_normalization::{UnicodeNormalization as _, char::compose};

use super::{chars, span};

/// A text as it reads, beside the text as it is written.
///
/// `clean` has hidden characters removed, compatibility forms folded (full width, mathematical letters, ligatures),
/// accents composed, apostrophes and spaces made plain, look-alike letters inside Latin words made Latin. `low` is
/// `clean` in lower case, byte for byte at the same offsets.
#[derive(Debug)]
pub struct View<'a> {
    original: &'a str,
    /// As it reads, case kept.
    pub clean: String,
    /// As it reads, lower case.
    pub low: String,
    /// Original byte offset of each byte of `clean`; `None` when both are the same text.
    map: Option<Vec<u32>>,
    words: Vec<u32>,
}

impl<'a> View<'a> {
    /// Builds the view. Linear in the text; meant for texts under 4 GiB (the engine cuts long before).
    pub fn new(original: &'a str) -> Self {
        let mut view = View {
            original,
            clean: String::new(),
            low: String::new(),
            map: None,
            words: Vec::new(),
        };
        if original.is_ascii() {
            view.clean = original.to_owned();
            view.low = original.to_ascii_lowercase();
        } else {
            view.build();
        }
        let mut inside = false;
        for (at, c) in view.low.char_indices() {
            let word = chars::is_word(c);
            if word && !inside {
                view.words.push(at as u32);
            }
            inside = word;
        }
        view
    }

    fn build(&mut self) {
        let text = self.original;
        let mut clean = String::with_capacity(text.len());
        let mut map: Vec<u32> = Vec::with_capacity(text.len() + 1);
        let mixed = mixed_words(text);
        let mut next_mixed = mixed.iter().peekable();
        let push = |clean: &mut String, map: &mut Vec<u32>, c: char, at: usize| {
            clean.push(c);
            map.resize(clean.len(), at as u32);
        };
        for (at, c) in text.char_indices() {
            if c.is_ascii() {
                push(&mut clean, &mut map, c, at);
                continue;
            }
            if chars::is_dropped(c) {
                continue;
            }
            while next_mixed.peek().is_some_and(|r| r.1 <= at) {
                next_mixed.next();
            }
            let c = match c {
                '\u{2018}' | '\u{2019}' | '\u{02BC}' | '\u{2032}' => '\'',
                '\u{2010}' | '\u{2011}' => '-',
                c if c.is_whitespace() => ' ',
                c if next_mixed.peek().is_some_and(|r| r.0 <= at)
                    && chars::is_lookalike_script(c) =>
                {
                    latin_twin(c)
                }
                c => c,
            };
            if unicode_normalization::char::canonical_combining_class(c) != 0 {
                if let Some(both) = clean.chars().next_back().and_then(|base| compose(base, c)) {
                    let start = clean.len() - clean.chars().next_back().map_or(0, char::len_utf8);
                    let from = map.get(start).copied().unwrap_or(at as u32);
                    clean.truncate(start);
                    map.truncate(start);
                    push(&mut clean, &mut map, both, from as usize);
                } else {
                    push(&mut clean, &mut map, c, at);
                }
                continue;
            }
            for part in std::iter::once(c).nfkc() {
                push(&mut clean, &mut map, part, at);
            }
        }
        self.low = clean.chars().map(chars::lower_same_len).collect();
        self.clean = clean;
        map.push(text.len() as u32);
        self.map = Some(map);
    }

    /// The text as written.
    pub fn original(&self) -> &'a str {
        self.original
    }

    /// Bytes of the original that a span of the view stands for, widened to grapheme boundaries.
    pub fn to_original(&self, start: usize, end: usize) -> (usize, usize) {
        let (start, end) = (start.min(self.clean.len()), end.min(self.clean.len()));
        let (from, to) = match &self.map {
            None => (start, end.max(start)),
            Some(map) => {
                let at = |i: usize| map.get(i).map_or(self.original.len(), |&o| o as usize);
                let from = at(start);
                let to = if end <= start {
                    from
                } else {
                    let last = at(end - 1);
                    last + self
                        .original
                        .get(last..)
                        .and_then(|r| r.chars().next())
                        .map_or(0, char::len_utf8)
                };
                (from, to.max(from))
            }
        };
        span::snap(self.original, from, to)
    }

    /// Number of the word at or before a byte of the view; words count from 1, 0 = before the first.
    pub fn word_at(&self, at: usize) -> usize {
        self.words.partition_point(|&w| w as usize <= at)
    }

    /// Number of the sentence a byte of the view stands in. A sentence ends with a line, or with `.`, `!`, `?` or `…`
    /// before a space.
    pub fn sentence_at(&self, at: usize) -> usize {
        let before = self.low.as_bytes().get(..at).unwrap_or_default();
        before
            .windows(2)
            .filter(|w| {
                w[0] == b'\n' || (matches!(w[0], b'.' | b'!' | b'?' | 0xA6) && w[1] == b' ')
            })
            .count()
    }

    /// How many words the text has.
    pub fn word_count(&self) -> usize {
        self.words.len()
    }

    /// Whether a span stands on word boundaries; an end that is itself no letter needs none.
    pub fn whole_word(&self, start: usize, end: usize, free_left: bool, free_right: bool) -> bool {
        let Some(hit) = self.low.get(start..end) else {
            return false;
        };
        let first_is_word = hit.chars().next().is_some_and(chars::is_word);
        let last_is_word = hit.chars().next_back().is_some_and(chars::is_word);
        let left_ok = free_left
            || !first_is_word
            || !self
                .low
                .get(..start)
                .and_then(|s| s.chars().next_back())
                .is_some_and(chars::is_word);
        let right_ok = free_right
            || !last_is_word
            || !self
                .low
                .get(end..)
                .and_then(|s| s.chars().next())
                .is_some_and(chars::is_word);
        left_ok && right_ok
    }
}

/// A term of a rule or of a list, made ready for comparison with `low`.
pub fn fold_term(term: &str) -> String {
    View::new(term).low
}

/// Byte ranges of words that mix Latin letters with look-alikes of another script.
pub fn mixed_words(text: &str) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let (mut start, mut latin, mut other) = (None, false, false);
    let mut close = |start: &mut Option<usize>, latin: &mut bool, other: &mut bool, end: usize| {
        if let Some(s) = start.take()
            && *latin
            && *other
        {
            out.push((s, end));
        }
        (*latin, *other) = (false, false);
    };
    for (at, c) in text.char_indices() {
        if c.is_alphanumeric() || chars::is_hidden(c) {
            start.get_or_insert(at);
            latin |= c.is_ascii_alphabetic() || ('\u{00C0}'..='\u{024F}').contains(&c);
            other |= chars::is_lookalike_script(c) && latin_twin(c) != c;
        } else {
            close(&mut start, &mut latin, &mut other, at);
        }
    }
    close(&mut start, &mut latin, &mut other, text.len());
    out
}

/// The Latin letter that a letter of another script looks like; itself when there is none.
fn latin_twin(c: char) -> char {
    let mut buffer = [0; 4];
    let mut skeleton =
        unicode_security::skeleton(c.encode_utf8(&mut buffer)).filter(char::is_ascii);
    match (skeleton.next(), skeleton.next()) {
        (Some(twin), None) if c.is_lowercase() => twin.to_ascii_lowercase(),
        (Some(twin), None) => twin,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_do_not_hide_and_spans_come_back() {
        let text = "une c\u{200B}uv\u{200D}ée ! fin";
        let view = View::new(text);
        assert_eq!(view.low, "une cuvée ! fin");
        let at = view.low.find("cuvée").unwrap();
        let (s, e) = view.to_original(at, at + "cuvée".len());
        assert_eq!(&text[s..e], "c\u{200B}uv\u{200D}ée");
    }

    #[test]
    fn decomposed_wide_and_lookalike_letters_fold() {
        assert_eq!(View::new("e\u{301}te\u{301}").clean, "été");
        assert_eq!(View::new("Ｗｉｎｅ").low, "wine");
        assert_eq!(View::new("p\u{0430}ypal").low, "paypal");
        assert_eq!(View::new("Москва").low, "москва");
    }
}
