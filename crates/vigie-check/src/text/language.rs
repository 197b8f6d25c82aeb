//! Guessing between French and English by their small words.

use std::sync::LazyLock;

use crate::content::Lang;

const FR: &[&str] = &[
    "le", "la", "les", "un", "une", "des", "du", "de", "et", "est", "au", "aux", "en", "pour",
    "avec", "nos", "notre", "votre", "vos", "sur", "dans", "que", "qui", "ce", "cette", "ces",
    "nous", "vous", "je", "il", "elle", "mon", "ma", "mes", "pas", "par", "plus", "chez", "sans",
    "dès", "à", "d", "l", "c", "j", "n", "qu", "s", "bonjour", "merci",
];
const EN: &[&str] = &[
    "the", "a", "an", "and", "of", "to", "in", "for", "with", "our", "your", "is", "are", "this",
    "that", "we", "you", "i", "my", "on", "at", "it", "be", "from", "by", "as", "not", "new",
    "now", "all", "has", "have", "was", "will", "today", "thanks", "hello", "us", "ad",
];

/// Longest word of the lists, in bytes.
const LONGEST: usize = 7;

/// Slots of the table of small words: a power of two, several times as many as there are words.
const SLOTS: usize = 512;

/// The small words: bytes of each as one number, and what it says of French and of English.
static WORDS: LazyLock<Vec<(u64, u8, u8)>> = LazyLock::new(|| {
    let mut out = vec![(0, 0, 0); SLOTS];
    let french = FR.iter().map(|w| (w, 2, 0));
    for (word, fr, en) in french.chain(EN.iter().map(|w| (w, 0, 2))) {
        let number = word.bytes().fold(0, |n, byte| n << 8 | u64::from(byte));
        let mut at = slot(number);
        while out[at].0 != 0 && out[at].0 != number {
            at = (at + 1) % SLOTS;
        }
        out[at] = (number, fr.max(out[at].1), en.max(out[at].2));
    }
    out
});

/// Where the search for a word begins.
#[inline]
fn slot(word: u64) -> usize {
    (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 55) as usize % SLOTS
}

/// What a word of at most seven bytes says: French, English.
#[inline]
fn says(words: &[(u64, u8, u8)], word: u64) -> (u8, u8) {
    let mut at = slot(word);
    loop {
        match words.get(at) {
            Some((w, fr, en)) if *w == word => return (*fr, *en),
            Some((w, ..)) if *w != 0 => at = (at + 1) % SLOTS,
            _ => return (0, 0),
        }
    }
}

/// Which bytes are part of a word.
const IS_LETTER: [bool; 256] = {
    let mut out = [false; 256];
    let mut n = 0;
    while n < 256 {
        let byte = n as u8;
        out[n] = byte.is_ascii_alphanumeric() || byte >= 0x80;
        n += 1;
    }
    out
};

/// Words that are read.
const MOST: usize = 400;

/// The likelier language; `None` when nothing tells them apart. Reads the first 400 words only.
pub fn guess(low: &str) -> Option<Lang> {
    let words: &[(u64, u8, u8)] = &WORDS;
    let (mut fr, mut en) = (0usize, 0usize);
    let (mut word, mut length, mut accent, mut last) = (0u64, 0usize, false, 0u8);
    let mut read = 0;
    let mut close = |word: u64, length: usize, accent: bool| {
        if length <= LONGEST {
            let (f, e) = says(words, word);
            fr += usize::from(f);
            en += usize::from(e);
        }
        fr += usize::from(accent);
    };
    for byte in low.bytes() {
        // Every letter beyond ASCII counts as part of a word: what tells is their lead bytes and the small words.
        if IS_LETTER[usize::from(byte)] {
            // Of a longer word the first bytes are lost: it is in no list.
            word = word << 8 | u64::from(byte);
            length += 1;
            // é è ê ë à ç ù û ô î â ï, and œ.
            accent |= byte >= 0x80
                && matches!(
                    (last, byte),
                    (
                        0xC3,
                        0xA0 | 0xA2 | 0xA7..=0xAB | 0xAE | 0xAF | 0xB4 | 0xB9 | 0xBB
                    ) | (0xC5, 0x93)
                );
            last = byte;
        } else if length > 0 {
            close(word, length, accent);
            (word, length, accent, last) = (0, 0, false, 0);
            read += 1;
            if read == MOST {
                break;
            }
        }
    }
    if length > 0 {
        close(word, length, accent);
    }
    match fr.cmp(&en) {
        std::cmp::Ordering::Greater => Some(Lang::Fr),
        std::cmp::Ordering::Less => Some(Lang::En),
        std::cmp::Ordering::Equal => None,
    }
}
