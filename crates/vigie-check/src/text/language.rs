//! Guessing between French and English by their small words.

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

/// The likelier language; `None` when nothing tells them apart. Reads the first 400 words only.
pub fn guess(low: &str) -> Option<Lang> {
    let (mut fr, mut en) = (0usize, 0usize);
    for word in low
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .take(400)
    {
        fr += 2 * usize::from(FR.contains(&word));
        en += 2 * usize::from(EN.contains(&word));
        fr += usize::from(word.chars().any(|c| "éèêàçùôîœ".contains(c)));
    }
    match fr.cmp(&en) {
        std::cmp::Ordering::Greater => Some(Lang::Fr),
        std::cmp::Ordering::Less => Some(Lang::En),
        std::cmp::Ordering::Equal => None,
    }
}
