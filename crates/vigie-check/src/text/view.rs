//! The normalised view of a text, with a map back to the bytes of the original.

use std::borrow::Cow;
use std::cell::OnceCell;

use unicode_normalization::{UnicodeNormalization as _, char::compose};

use super::hashtags::Hashtag;
use super::{chars, language, span};
use crate::content::Lang;

/// A text as it reads, beside the text as it is written.
///
/// `clean` has hidden characters removed, compatibility forms folded (full width, mathematical letters, ligatures),
/// accents composed, apostrophes and spaces made plain, look-alike letters inside Latin words made Latin. `low` is
/// `clean` in lower case, byte for byte at the same offsets.
#[derive(Debug)]
pub struct View<'a> {
    original: &'a str,
    /// As it reads, case kept.
    pub clean: Cow<'a, str>,
    /// As it reads, lower case.
    pub low: String,
    /// Whether a character is hidden, or of an alphabet that has look-alikes of Latin letters.
    pub strange: bool,
    map: Vec<Place>,
    words: OnceCell<Vec<u32>>,
    sentences: OnceCell<Vec<u32>>,
    lang: OnceCell<Option<Lang>>,
}

/// From this byte of the view on, where it came from.
#[derive(Debug, Clone, Copy)]
struct Place {
    view: u32,
    original: u32,
    /// The bytes that follow come from one character, not from a run of them.
    still: bool,
}

/// A view being written.
#[derive(Default)]
struct Writer {
    clean: String,
    map: Vec<Place>,
}

impl Writer {
    /// Adds a character that came from a byte of the original; `same` when it is that very character.
    fn push(&mut self, c: char, at: usize, same: bool) {
        let view = self.clean.len();
        let runs = self.map.last().map_or(same && at == view, |p| {
            same && !p.still && at.checked_sub(p.original as usize) == Some(view - p.view as usize)
        });
        if !runs {
            self.map.push(Place {
                view: view as u32,
                original: at as u32,
                still: !same,
            });
        }
        self.clean.push(c);
    }

    /// Where a byte came from.
    fn origin(&self, at: usize) -> usize {
        origin(&self.map, at)
    }
}

fn origin(map: &[Place], at: usize) -> usize {
    let n = map.partition_point(|p| p.view as usize <= at);
    match n.checked_sub(1).and_then(|n| map.get(n)) {
        None => at,
        Some(p) if p.still => p.original as usize,
        Some(p) => p.original as usize + (at - p.view as usize),
    }
}

/// Characters beyond ASCII that stay as they are: the letters of French and its neighbours, and common signs.
fn is_plain(c: char) -> bool {
    matches!(c, '\u{00A1}'..='\u{00A7}' | '\u{00A9}' | '\u{00AB}' | '\u{00AC}' | '\u{00AE}' | '\u{00B0}' | '\u{00B1}'
        | '\u{00B6}' | '\u{00B7}' | '\u{00BB}' | '\u{00BF}'..='\u{0131}' | '\u{0150}'..='\u{017E}'
        | '\u{2013}' | '\u{2014}' | '\u{201C}'..='\u{201E}' | '\u{2020}'..='\u{2022}' | '\u{2026}' | '\u{20AC}'
        | '\u{2190}'..='\u{21FF}' | '\u{2600}'..='\u{27BF}' | '\u{1F300}'..='\u{1FAFF}')
}

/// The characters beyond ASCII.
fn beyond_ascii(text: &str) -> impl Iterator<Item = char> {
    let leads = text.bytes().enumerate().filter(|(_, b)| *b >= 0xC0);
    leads.filter_map(|(at, _)| text.get(at..)?.chars().next())
}

impl<'a> View<'a> {
    /// Builds the view. Linear in the text; meant for texts under 4 GiB (the engine cuts long before).
    pub fn new(original: &'a str) -> Self {
        View::with(original, &[])
    }

    /// The same, with some hashtags read as the words that they are written of.
    pub(crate) fn with(original: &'a str, hashtags: &[Hashtag]) -> Self {
        let ascii = original.is_ascii();
        let plain = ascii || beyond_ascii(original).all(is_plain);
        let strange = !plain && beyond_ascii(original).any(|c| !is_plain(c) && is_strange(c));
        let (clean, map) = if plain && hashtags.is_empty() {
            (Cow::Borrowed(original), Vec::new())
        } else {
            let written = write(original, strange, hashtags);
            (Cow::Owned(written.clean), written.map)
        };
        let low = if ascii || beyond_ascii(&clean).all(|c| chars::lower_same_len(c) == c) {
            clean.to_ascii_lowercase()
        } else {
            clean.chars().map(chars::lower_same_len).collect()
        };
        View {
            original,
            clean,
            low,
            strange,
            map,
            words: OnceCell::new(),
            sentences: OnceCell::new(),
            lang: OnceCell::new(),
        }
    }

    /// The text as written.
    pub fn original(&self) -> &'a str {
        self.original
    }

    /// Bytes of the original that a span of the view stands for, widened to grapheme boundaries.
    pub fn to_original(&self, start: usize, end: usize) -> (usize, usize) {
        let (start, end) = (start.min(self.clean.len()), end.min(self.clean.len()));
        let from = if start == self.clean.len() {
            self.original.len()
        } else {
            origin(&self.map, start)
        };
        let to = if end <= start {
            from
        } else {
            let mut last = origin(&self.map, end - 1).min(self.original.len());
            while !self.original.is_char_boundary(last) {
                last -= 1;
            }
            let next = self.original.get(last..).and_then(|r| r.chars().next());
            (last + next.map_or(0, char::len_utf8)).max(from)
        };
        span::snap(self.original, from, to)
    }

    /// The language it reads as.
    pub fn lang(&self) -> Option<Lang> {
        *self.lang.get_or_init(|| language::guess(&self.low))
    }

    /// Number of the word at or before a byte of the view; words count from 1, 0 = before the first.
    pub fn word_at(&self, at: usize) -> usize {
        self.words().partition_point(|&w| w as usize <= at)
    }

    /// Where each word begins.
    fn words(&self) -> &[u32] {
        self.words.get_or_init(|| {
            let mut out = Vec::new();
            let mut inside = false;
            for (at, byte) in self.low.bytes().enumerate() {
                let word = match byte {
                    0..0x80 => byte.is_ascii_alphanumeric() || byte == b'_',
                    // Goes on as it began.
                    0x80..0xC0 => inside,
                    _ => chars::begins_word(&self.low, at),
                };
                if word && !inside {
                    out.push(at as u32);
                }
                inside = word;
            }
            out
        })
    }

    /// Number of the sentence a byte of the view stands in. A sentence ends with a line, or with `.`, `!`, `?` or `…`
    /// before a space.
    pub fn sentence_at(&self, at: usize) -> usize {
        self.sentences().partition_point(|&s| s as usize <= at)
    }

    /// Where each sentence but the first begins.
    fn sentences(&self) -> &[u32] {
        self.sentences.get_or_init(|| {
            let bytes = self.low.as_bytes();
            let begins = |(at, b): (usize, &u8)| {
                let mark = match b {
                    b'\n' => return Some(at as u32 + 1),
                    b'.' | b'!' | b'?' => true,
                    0xA6 => bytes.get(..at).is_some_and(|b| b.ends_with(&[0xE2, 0x80])),
                    _ => false,
                };
                (mark && bytes.get(at + 1) == Some(&b' ')).then_some(at as u32 + 2)
            };
            bytes.iter().enumerate().filter_map(begins).collect()
        })
    }

    /// How many words the text has.
    pub fn word_count(&self) -> usize {
        self.words().len()
    }

    /// Whether a span stands on word boundaries; an end that is itself no letter needs none.
    pub fn whole_word(&self, start: usize, end: usize, free_left: bool, free_right: bool) -> bool {
        let (left, right) = self.word_edges(start, end);
        (left || free_left) && (right || free_right)
    }

    /// Whether no word goes on before a place, and none after it.
    #[inline]
    pub(crate) fn word_edges(&self, start: usize, end: usize) -> (bool, bool) {
        let low = self.low.as_str();
        let bytes = low.as_bytes();
        // Most literals stand between blanks and signs.
        let sign = |b: Option<&u8>| {
            b.is_none_or(|b| b.is_ascii() && !b.is_ascii_alphanumeric() && *b != b'_')
        };
        if sign(start.checked_sub(1).and_then(|n| bytes.get(n))) && sign(bytes.get(end)) {
            return (true, true);
        }
        let left = !word_before(low, start) || !word_after(low, start);
        let right = !word_after(low, end) || !word_before(low, end);
        (left, right)
    }

    /// Whether a letter, digit or underscore follows.
    pub(crate) fn goes_on(&self, end: usize) -> bool {
        word_after(&self.low, end)
    }
}

/// Whether a letter, digit or underscore ends at a place.
fn word_before(low: &str, at: usize) -> bool {
    match at.checked_sub(1).and_then(|n| low.as_bytes().get(n)) {
        None => false,
        Some(b) if b.is_ascii() => b.is_ascii_alphanumeric() || *b == b'_',
        Some(_) => {
            let before = low.get(..at).and_then(|s| s.chars().next_back());
            before.is_some_and(chars::is_word)
        }
    }
}

/// Whether a letter, digit or underscore begins at a place.
fn word_after(low: &str, at: usize) -> bool {
    match low.as_bytes().get(at) {
        None => false,
        Some(b) if b.is_ascii() => b.is_ascii_alphanumeric() || *b == b'_',
        Some(_) => {
            let next = low.get(at..).and_then(|s| s.chars().next());
            next.is_some_and(chars::is_word)
        }
    }
}

/// Hidden, or of a script with look-alikes of Latin letters.
fn is_strange(c: char) -> bool {
    chars::is_hidden(c) || chars::is_lookalike_script(c)
}

/// The text as it reads, written anew.
fn write(text: &str, strange: bool, hashtags: &[Hashtag]) -> Writer {
    let mut out = Writer {
        clean: String::with_capacity(text.len()),
        map: Vec::new(),
    };
    let mixed = if strange {
        mixed_words(text)
    } else {
        Vec::new()
    };
    let mut next_mixed = mixed.iter().peekable();
    let mut hashtags = hashtags.iter().peekable();
    for (at, c) in text.char_indices() {
        while hashtags.peek().is_some_and(|tag| tag.end <= at) {
            hashtags.next();
        }
        if let Some(tag) = hashtags.peek().filter(|tag| at >= tag.start) {
            if tag.breaks.contains(&at) {
                out.push(' ', at, false);
            }
            if matches!(c, '#' | '_') {
                out.push(' ', at, false);
                continue;
            }
        }
        if c.is_ascii() || is_plain(c) {
            out.push(c, at, true);
            continue;
        }
        if chars::is_dropped(c) {
            continue;
        }
        while next_mixed.peek().is_some_and(|r| r.1 <= at) {
            next_mixed.next();
        }
        let read = match c {
            '\u{2018}' | '\u{2019}' | '\u{02BC}' | '\u{2032}' => '\'',
            '\u{2010}' | '\u{2011}' => '-',
            c if c.is_whitespace() => ' ',
            c if next_mixed.peek().is_some_and(|r| r.0 <= at) && chars::is_lookalike_script(c) => {
                latin_twin(c)
            }
            c => c,
        };
        if unicode_normalization::char::canonical_combining_class(read) != 0 {
            let base = out.clean.chars().next_back();
            if let Some((base, both)) = base.and_then(|b| Some((b, compose(b, read)?))) {
                let start = out.clean.len() - base.len_utf8();
                let from = out.origin(start);
                out.clean.truncate(start);
                while out.map.last().is_some_and(|p| p.view as usize >= start) {
                    out.map.pop();
                }
                out.push(both, from, false);
            } else {
                out.push(read, at, read == c);
            }
            continue;
        }
        for part in std::iter::once(read).nfkc() {
            out.push(part, at, part == c);
        }
    }
    out
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
    fn hashtags_are_words_and_spans_come_back() {
        let text = "vu : #GrandePromo_Noël_, fin #ok";
        let view = View::with(text, &super::super::hashtags::of_words(text));
        assert_eq!(view.low, "vu :  grande promo noël , fin #ok");
        let at = view.low.find("promo noël").unwrap();
        let (s, e) = view.to_original(at, at + "promo noël".len());
        assert_eq!(&text[s..e], "Promo_Noël");
        let at = view.low.find("fin").unwrap();
        let (s, e) = view.to_original(at, at + 3);
        assert_eq!(&text[s..e], "fin");
    }

    #[test]
    fn decomposed_wide_and_lookalike_letters_fold() {
        assert_eq!(View::new("e\u{301}te\u{301}").clean, "été");
        assert_eq!(View::new("Ｗｉｎｅ").low, "wine");
        assert_eq!(View::new("p\u{0430}ypal").low, "paypal");
        assert_eq!(View::new("Москва").low, "москва");
    }
}
