//! Every literal of every rule, found in one pass.
//!
//! A literal is filed under the part of it that is rarest in ordinary posts: one or two whole words of it, the first four
//! bytes of a word, or, where it may stand inside words, any four of its bytes. Bitmaps that fit the first caches say for each word
//! and each place of a text whether some literal could be there; most places are done with that. Shorter literals are
//! filed under their three bytes, or their first two.

use super::common::Common;
use crate::text::chars;

/// A table of literals. Literals are bytes, already folded; what they stand for is the caller's business.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Those filed under a whole word.
    words: Buckets,
    /// Those filed under two whole words with one byte between.
    pairs: Buckets,
    /// Those filed under the four bytes that a word begins with.
    begun: Buckets,
    /// Those filed under four bytes found anywhere.
    four: Buckets,
    /// Literals of three bytes, found anywhere.
    three: Buckets,
    /// Literals of one or two bytes, by their first two, found anywhere.
    short: Buckets,
    /// Those that only a word can begin with.
    leading: Buckets,
    shelf: Shelf,
}

/// What is filed under each key, of all buckets.
///
/// All that is known of the literals of a key is in one run of numbers, so that looking at them reads one or two lines of
/// the cache. Of each literal: its check, its place and marks, its sizes, what it stands for, its bytes.
#[derive(Debug, Default)]
struct Shelf {
    /// Where each run begins; one more at the end of each bucket.
    starts: Vec<u32>,
    records: Vec<u32>,
}

/// Keys of some bits: a bitmap, and before each of its words, how many runs stand on the shelf before it.
#[derive(Debug, Default)]
struct Buckets {
    bits: Vec<u64>,
    before: Vec<u32>,
}

/// Something that may stand at a place of a text: the number of a run on the shelf, and the place; then the records of
/// that run.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    run: u32,
    at: u32,
    records: (u32, u32),
}

impl Candidate {
    #[inline]
    fn new(run: u32, at: usize) -> Candidate {
        Candidate {
            run,
            at: at as u32,
            records: (0, 0),
        }
    }
}

/// Candidates that are looked at together.
const TOGETHER: usize = 256;

/// What is looked at before a literal is compared: most places that share its key are refused by its check.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    literal: usize,
    /// Four of its bytes, the rarest but for the key. A shorter literal has none.
    check: u32,
    /// How many of its bytes stand before its key.
    back: u16,
    /// Where its check stands, and above that whether it has one, and its edges.
    more: u16,
}

/// Longest literal, in bytes: longer ones are found by their beginning.
const LONGEST: usize = 0x1FFF;
const CHECKED: u16 = 1 << 13;
const LEFT: u16 = 1 << 14;
const RIGHT: u16 = 1 << 15;

/// At which ends a literal is wanted only where no word goes on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Edges {
    /// Where its first character is part of a word, none before it may be.
    pub(crate) left: bool,
    /// Where its last character is part of a word, none after it may be.
    pub(crate) right: bool,
}

impl Buckets {
    fn build<S: AsRef<str>>(
        width: u32,
        mut filed: Vec<(u32, Entry)>,
        literals: &[S],
        meaning: &impl Fn(usize, &mut Vec<u32>),
        shelf: &mut Shelf,
    ) -> Buckets {
        if filed.is_empty() {
            return Buckets::default();
        }
        filed.sort_by_key(|(key, e)| (*key, e.literal));
        let mut out = Buckets {
            bits: vec![0; 1 << (width - 6)],
            ..Buckets::default()
        };
        let mut sum = shelf.starts.len() as u32;
        let mut last = None;
        let mut means = Vec::new();
        for (key, entry) in filed {
            if last != Some(key) {
                out.bits[(key >> 6) as usize] |= 1 << (key & 63);
                shelf.starts.push(shelf.records.len() as u32);
                last = Some(key);
            }
            means.clear();
            meaning(entry.literal, &mut means);
            means.truncate(u16::MAX as usize);
            let text = literals.get(entry.literal).map_or("", AsRef::as_ref);
            shelf.record(entry, cut(text.as_bytes()), &means);
        }
        shelf.starts.push(shelf.records.len() as u32);
        for word in &out.bits {
            out.before.push(sum);
            sum += word.count_ones();
        }
        out
    }

    #[inline]
    fn has(&self, key: u32) -> bool {
        self.bits
            .get((key >> 6) as usize)
            .is_some_and(|w| w >> (key & 63) & 1 == 1)
    }

    /// The run of a key that [`Buckets::has`].
    #[inline]
    fn run(&self, key: u32) -> u32 {
        let word = (key >> 6) as usize;
        let bits = self.bits.get(word).copied().unwrap_or_default();
        let before = self.before.get(word).copied().unwrap_or_default();
        before + (bits & ((1u64 << (key & 63)) - 1)).count_ones()
    }
}

impl Shelf {
    /// Writes what is known of a literal.
    fn record(&mut self, entry: Entry, literal: &[u8], means: &[u32]) {
        self.records.extend([
            entry.check,
            u32::from(entry.back) | u32::from(entry.more) << 16,
            literal.len() as u32 | (means.len() as u32) << 16,
        ]);
        self.records.extend(means);
        // The last four bytes of a longer literal are one number, whatever its length.
        let tail = match literal.last_chunk::<4>() {
            Some(last) if !literal.len().is_multiple_of(4) => Some(u32::from_le_bytes(*last)),
            Some(_) => None,
            None => Some(packed(literal)),
        };
        let fours = literal.chunks_exact(4).map(packed);
        self.records.extend(fours.chain(tail));
    }

    /// The bounds of a run.
    #[inline]
    fn bounds(&self, run: u32) -> (u32, u32) {
        let from = self.starts.get(run as usize..);
        match from.and_then(|s| s.first_chunk::<2>()) {
            Some([from, to]) => (*from, *to),
            None => (0, 0),
        }
    }
}

/// At most so many bytes of a literal as are looked for.
fn cut(literal: &[u8]) -> &[u8] {
    literal.get(..LONGEST).unwrap_or(literal)
}

/// At most four bytes as one number, the missing ones nought.
#[inline]
fn packed(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// Whether some bytes are those that were packed, four by four.
#[inline]
fn same(bytes: &[u8], words: &[u32]) -> bool {
    let Some(last) = bytes.last_chunk::<4>() else {
        return words.first() == Some(&packed(bytes));
    };
    let fours = bytes.chunks_exact(4).zip(words);
    words.last() == Some(&u32::from_le_bytes(*last))
        && fours
            .into_iter()
            .all(|(four, word)| four == word.to_le_bytes())
}

/// Bits of the key of four bytes.
const FOUR: u32 = 18;
/// Bits of the key of a word.
const WORD: u32 = 18;
/// Bits of the key of shorter literals: their first two bytes.
const SHORT: u32 = 16;

const SIGN: u8 = 0;
const LETTER: u8 = 1;
/// A byte of a character that began before.
const GOES_ON: u8 = 2;
/// The first byte of a character beyond ASCII.
const BEYOND: u8 = 3;

/// What each byte is.
const KINDS: [u8; 256] = {
    let mut out = [SIGN; 256];
    let mut n = 0;
    while n < 256 {
        out[n] = match n as u8 {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' => LETTER,
            0x80..0xC0 => GOES_ON,
            0xC0.. => BEYOND,
            _ => SIGN,
        };
        n += 1;
    }
    out
};

/// The key of the first three of four bytes.
#[inline]
fn three(word: u32) -> u32 {
    (word << 8).wrapping_mul(0x9E37_79B1) >> (32 - SHORT)
}

#[inline]
fn four(word: u32) -> u32 {
    word.wrapping_mul(0x9E37_79B1) >> (32 - FOUR)
}

/// The hash of a word so far, and its next byte.
#[inline]
fn hashed(hash: u64, byte: u8) -> u64 {
    (hash.rotate_left(5) ^ u64::from(byte)).wrapping_mul(0x517C_C1B7_2722_0A95)
}

#[inline]
fn key(hash: u64) -> u32 {
    (hash >> (64 - WORD)) as u32
}

/// The key of two words with a byte between.
#[inline]
fn pair(first: u64, between: u8, second: u64) -> u32 {
    key(hashed(first, between).rotate_left(23) ^ second.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// A word of a text.
#[derive(Clone, Copy)]
struct Word {
    hash: u64,
    start: usize,
    end: usize,
}

impl Default for Word {
    /// None: nothing stands one byte after it.
    fn default() -> Word {
        Word {
            hash: 0,
            start: 0,
            end: usize::MAX - 1,
        }
    }
}

/// A word inside a literal: its bytes, and whether nothing of it can be missing.
struct Token {
    from: usize,
    to: usize,
    /// Whether the word begins where it does here.
    begins: bool,
    /// Whether it ends where it does here.
    ends: bool,
}

/// The words of a literal.
fn tokens(literal: &str, edges: Edges) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut inside = false;
    for (at, c) in literal.char_indices() {
        let word = chars::is_word(c);
        if word && !inside {
            out.push(Token {
                from: at,
                to: literal.len(),
                begins: at > 0 || edges.left,
                ends: edges.right,
            });
        }
        if !word
            && inside
            && let Some(last) = out.last_mut()
        {
            (last.to, last.ends) = (at, true);
        }
        inside = word;
    }
    out
}

/// What a literal is filed under.
#[derive(Clone, Copy)]
enum Filed {
    Word(u32),
    Pair(u32),
    Begun(u32),
    Four(u32),
}

/// Four bytes as one number.
#[inline]
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*four))
}

impl Table {
    /// Builds the table of some literals; an empty literal is never found. `edges` says what is known of each: a place
    /// that they exclude may be left out.
    pub(crate) fn build<S: AsRef<str>>(
        literals: &[S],
        edges: impl Fn(usize) -> Edges,
        meaning: impl Fn(usize, &mut Vec<u32>),
        common: &Common,
    ) -> Table {
        let (mut words, mut pairs) = (Vec::new(), Vec::new());
        let (mut begun, mut fours) = (Vec::new(), Vec::new());
        let (mut threes, mut anywhere, mut leading) = (Vec::new(), Vec::new(), Vec::new());
        for (n, literal) in literals.iter().enumerate() {
            let whole = literal.as_ref();
            let literal = cut(whole.as_bytes());
            let edges = edges(n);
            let letter = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
            let flag = |set: bool, bit: u16| if set { bit } else { 0 };
            let mut entry = Entry {
                literal: n,
                more: flag(edges.left && letter(literal.first()), LEFT)
                    | flag(edges.right && letter(literal.last()), RIGHT),
                ..Entry::default()
            };
            match rarest(whole, literal, edges, common) {
                Some((at, filed)) => {
                    entry.back = at as u16;
                    let check = check(literal, at, filed, common);
                    if let Some(check) = check {
                        entry.more |= CHECKED | check as u16;
                        entry.check = word(literal, check).unwrap_or_default();
                    }
                    match filed {
                        Filed::Word(key) => words.push((key, entry)),
                        Filed::Pair(key) => pairs.push((key, entry)),
                        Filed::Begun(key) => begun.push((key, entry)),
                        Filed::Four(key) => fours.push((key, entry)),
                    }
                }
                None => {
                    let Some((first, rest)) = literal.split_first() else {
                        continue;
                    };
                    let starts = edges.left && whole.chars().next().is_some_and(chars::is_word);
                    if literal.len() == 3 && !starts {
                        threes.push((three(packed(literal)), entry));
                        continue;
                    }
                    let filed = if starts { &mut leading } else { &mut anywhere };
                    let key = |second: u8| u32::from(*first) | u32::from(second) << 8;
                    match rest.first() {
                        Some(second) => filed.push((key(*second), entry)),
                        None => filed.extend((0..=255).map(|second| (key(second), entry))),
                    }
                }
            }
        }
        let mut shelf = Shelf::default();
        let mut build = |width, filed| Buckets::build(width, filed, literals, &meaning, &mut shelf);
        let mut table = Table {
            words: build(WORD, words),
            pairs: build(WORD, pairs),
            begun: build(FOUR, begun),
            four: build(FOUR, fours),
            three: build(SHORT, threes),
            short: build(SHORT, anywhere),
            leading: build(SHORT, leading),
            shelf: Shelf::default(),
        };
        shelf.starts.shrink_to_fit();
        shelf.records.shrink_to_fit();
        table.shelf = shelf;
        table
    }

    /// Calls `found(meaning, start, end)` for each place where a literal stands.
    pub(crate) fn scan(&self, low: &str, mut found: impl FnMut(&[u32], usize, usize)) {
        let bytes = low.as_bytes();
        let mut seen = Vec::with_capacity(TOGETHER);
        let (mut inside, mut start, mut hash) = (false, 0, 0);
        let mut last = Word::default();
        for (i, byte) in bytes.iter().enumerate() {
            let piece = bytes.get(i..).and_then(|rest| rest.first_chunk::<4>());
            let (four, piece) = match piece {
                Some(piece) => {
                    let piece = u32::from_le_bytes(*piece);
                    (Some(four(piece)), piece)
                }
                None => (None, packed(bytes.get(i..).unwrap_or_default())),
            };
            if let Some(key) = four
                && self.four.has(key)
            {
                seen.push(Candidate::new(self.four.run(key), i));
            }
            let key = three(piece);
            if self.three.has(key) {
                seen.push(Candidate::new(self.three.run(key), i));
            }
            let pair = piece & 0xFFFF;
            if self.short.has(pair) {
                seen.push(Candidate::new(self.short.run(pair), i));
            }
            let word = match KINDS[usize::from(*byte)] {
                SIGN => false,
                LETTER => true,
                // Goes on as it began.
                GOES_ON => inside,
                _ => chars::begins_word(low, i),
            };
            if word {
                if !inside {
                    (start, hash) = (i, 0);
                    if self.leading.has(pair) {
                        seen.push(Candidate::new(self.leading.run(pair), i));
                    }
                    if let Some(key) = four
                        && self.begun.has(key)
                    {
                        seen.push(Candidate::new(self.begun.run(key), i));
                    }
                }
                hash = hashed(hash, *byte);
            } else if inside {
                let this = Word {
                    hash,
                    start,
                    end: i,
                };
                self.word(last, this, bytes, &mut seen);
                last = this;
            }
            inside = word;
            if seen.len() >= TOGETHER {
                self.look(&mut seen, bytes, &mut found);
            }
        }
        if inside {
            let this = Word {
                hash,
                start,
                end: bytes.len(),
            };
            self.word(last, this, bytes, &mut seen);
        }
        self.look(&mut seen, bytes, &mut found);
    }

    /// Looks at candidates, and forgets them.
    ///
    /// The runs of all are read a first time before any is compared: the memory they are in is then fetched at once, and
    /// not one after the other. Measured on short posts, the whole check is a twentieth
    /// quicker.
    fn look(
        &self,
        seen: &mut Vec<Candidate>,
        low: &[u8],
        found: &mut impl FnMut(&[u32], usize, usize),
    ) {
        let mut all = 0u32;
        for candidate in seen.iter_mut() {
            candidate.records = self.shelf.bounds(candidate.run);
            let first = self.shelf.records.get(candidate.records.0 as usize);
            all ^= first.copied().unwrap_or_default();
        }
        std::hint::black_box(all);
        for candidate in seen.drain(..) {
            let (from, to) = candidate.records;
            let run = self.shelf.records.get(from as usize..to as usize);
            verify(run.unwrap_or_default(), low, candidate.at as usize, found);
        }
    }

    /// Looks for literals with a whole word that ends here, or with the word before and this one.
    #[inline]
    fn word(&self, last: Word, this: Word, low: &[u8], seen: &mut Vec<Candidate>) {
        let alone = key(this.hash);
        if self.words.has(alone) {
            seen.push(Candidate::new(self.words.run(alone), this.start));
        }
        if last.end + 1 == this.start
            && let Some(between) = low.get(last.end)
        {
            let both = pair(last.hash, *between, this.hash);
            if self.pairs.has(both) {
                seen.push(Candidate::new(self.pairs.run(both), last.start));
            }
        }
    }
}

/// Compares the literals of a run with what stands at a place.
fn verify(records: &[u32], low: &[u8], at: usize, found: &mut impl FnMut(&[u32], usize, usize)) {
    let mut left = records;
    while let [check, place, size, rest @ ..] = left {
        let length = (size & 0xFFFF) as usize;
        let Some((means, rest)) = rest.split_at_checked((size >> 16) as usize) else {
            return;
        };
        let Some((literal, rest)) = rest.split_at_checked(length.div_ceil(4)) else {
            return;
        };
        left = rest;
        let (back, more) = ((place & 0xFFFF) as usize, (place >> 16) as u16);
        let Some(start) = at.checked_sub(back) else {
            continue;
        };
        let check_at = start + usize::from(more & (CHECKED - 1));
        if more & CHECKED != 0 && word(low, check_at) != Some(*check) {
            continue;
        }
        let end = start + length;
        let letter = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
        if more & LEFT != 0 && start > 0 && letter(low.get(start - 1))
            || more & RIGHT != 0 && letter(low.get(end))
        {
            continue;
        }
        if low.get(start..end).is_some_and(|text| same(text, literal)) {
            found(means, start, end);
        }
    }
}

/// Two words beside each other are rarer than the rarer of them by this, at least.
const RARER: u32 = 8;

/// The rarest part of a literal that it can be filed under, and where that begins; none when it is too short.
fn rarest(whole: &str, literal: &[u8], edges: Edges, common: &Common) -> Option<(usize, Filed)> {
    let mut all: Vec<(u32, usize, Filed)> = Vec::new();
    let mut tokens = tokens(whole, edges);
    tokens.retain(|t| t.to <= literal.len());
    let of = |t: &Token| whole.get(t.from..t.to).unwrap_or_default();
    let hash = |t: &Token| of(t).bytes().fold(0, hashed);
    for (first, second) in tokens.iter().zip(tokens.iter().skip(1)) {
        if first.begins && second.ends && first.to + 1 == second.from {
            let between = literal.get(first.to).copied().unwrap_or_default();
            let count = common.of_word(of(first)).min(common.of_word(of(second)));
            let key = pair(hash(first), between, hash(second));
            all.push((count / RARER, first.from, Filed::Pair(key)));
        }
    }
    for token in &tokens {
        let text = of(token);
        if token.begins && token.ends {
            all.push((
                common.of_word(text),
                token.from,
                Filed::Word(key(hash(token))),
            ));
        } else if token.begins
            && let Some(bytes) = word(text.as_bytes(), 0)
        {
            let first = text.as_bytes().get(..4).unwrap_or_default();
            all.push((common.of(first), token.from, Filed::Begun(four(bytes))));
        }
    }
    if all.is_empty() {
        let windows = literal.windows(4).enumerate();
        all.extend(windows.filter_map(|(at, window)| {
            let bytes = word(window, 0)?;
            Some((common.of(window), at, Filed::Four(four(bytes))))
        }));
    }
    let rarest = all.into_iter().min_by_key(|(count, ..)| *count)?;
    Some((rarest.1, rarest.2))
}

/// Where the rarest four bytes of a literal are, but for those it is filed under.
fn check(literal: &[u8], key: usize, filed: Filed, common: &Common) -> Option<usize> {
    let windows = literal.windows(4).enumerate();
    // A word was compared whole, but for a hash: what stands elsewhere says more.
    let mine = |at: usize| match filed {
        Filed::Word(_) | Filed::Pair(_) => at >= key && at < key + 4,
        Filed::Begun(_) | Filed::Four(_) => at == key,
    };
    let others = windows.filter(|(at, _)| !mine(*at));
    others.min_by_key(|(_, w)| common.of(w)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    proptest! {
        /// The table finds what an Aho-Corasick automaton finds.
        #[test]
        fn finds_what_an_automaton_finds(
            words in proptest::collection::vec("[abé «]{1,6}", 1..40),
            text in "[abé «]{0,80}",
        ) {
            let table = Table::build(&words, |_| Edges::default(), |n, out| out.push(n as u32), &Common::default());
            let mut mine = Vec::new();
            table.scan(&text, |n, s, e| mine.push((n[0] as usize, s, e)));
            mine.sort_unstable();
            let mut theirs: Vec<_> = AhoCorasick::new(&words)
                .unwrap()
                .find_overlapping_iter(&text)
                .map(|m| (m.pattern().as_usize(), m.start(), m.end()))
                .collect();
            theirs.sort_unstable();
            prop_assert_eq!(mine, theirs);
        }

        /// Literals that must stand free are found where they do, whatever they are filed under.
        #[test]
        fn whole_words_are_found(
            words in proptest::collection::vec("[abé «_]{1,9}", 1..40),
            text in "[abé «_]{0,80}",
        ) {
            let edges = |n: usize| Edges { left: n.is_multiple_of(2), right: n.is_multiple_of(3) };
            let table = Table::build(&words, edges, |n, out| out.push(n as u32), &Common::default());
            let mut mine = Vec::new();
            table.scan(&text, |n, s, e| mine.push((n[0] as usize, s, e)));
            let view = crate::text::View::new(&text);
            for m in AhoCorasick::new(&words).unwrap().find_overlapping_iter(&text) {
                let (left, right) = view.word_edges(m.start(), m.end());
                let n = m.pattern().as_usize();
                if (left || n % 2 != 0) && (right || n % 3 != 0) {
                    prop_assert!(mine.contains(&(n, m.start(), m.end())), "{:?}", words.get(n));
                }
            }
        }
    }
}
