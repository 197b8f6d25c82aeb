//! Guessing between French and English by their small words.

use std::collections::HashMap;
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

/// What a word says: French, English.
static WORDS: LazyLock<HashMap<&'static [u8], (u8, u8)>> = LazyLock::new(|| {
    let mut out: HashMap<&[u8], (u8, u8)> = HashMap::new();
    for word in FR {
        out.entry(word.as_bytes()).or_default().0 = 2;
    }
    for word in EN {
        out.entry(word.as_bytes()).or_default().1 = 2;
    }
    out
});

/// The likelier language; `None` when nothing tells them apart. Reads the first 400 words only.
pub fn guess(low: &str) -> Option<Lang> {
    let (mut fr, mut en) = (0usize, 0usize);
    // Every letter beyond ASCII counts as part of a word: what tells is their lead bytes and the small words.
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b >= 0x80;
    for word in low
        .as_bytes()
        .split(|b| !word(b))
        .filter(|w| !w.is_empty())
        .take(400)
    {
        if word.len() <= 7
            && let Some((f, e)) = WORDS.get(word)
        {
            fr += usize::from(*f);
            en += usize::from(*e);
        }
        // é è ê ë à ç ù û ô î â ï, and œ.
        let accent = word.windows(2).any(|w| {
            matches!(
                w,
                [
                    0xC3,
                    0xA0 | 0xA2 | 0xA7..=0xAB | 0xAE | 0xAF | 0xB4 | 0xB9 | 0xBB
                ] | [0xC5, 0x93]
            )
        });
        fr += usize::from(accent);
    }
    match fr.cmp(&en) {
        std::cmp::Ordering::Greater => Some(Lang::Fr),
        std::cmp::Ordering::Less => Some(Lang::En),
        std::cmp::Ordering::Equal => None,
    }
}
