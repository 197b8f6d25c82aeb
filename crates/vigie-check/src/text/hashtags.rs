//! The words of hashtags: `#GrandePromoDeNoël` is four.
//!
//! Words are told apart by capitals, underscores and digits only. A hashtag in small letters is left as it is: a
//! dictionary would read other words in it than people do.

/// Hashtags that are split in one text.
const MOST: usize = 100;

/// Characters of one hashtag.
const LONGEST: usize = 140;

/// The bytes of a hashtag, and where new words begin in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hashtag {
    /// The byte of its `#`.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Bytes at which a word begins that no sign parts from the one before.
    pub(crate) breaks: Vec<usize>,
}

/// The hashtags of a text that are written as several words, in order; at most a hundred.
pub(crate) fn of_words(text: &str) -> Vec<Hashtag> {
    let tags = text.match_indices('#').filter_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        let length = rest
            .char_indices()
            .take(LONGEST)
            .find(|(_, c)| !c.is_alphanumeric() && *c != '_')
            .map_or_else(|| shortened(rest).len(), |(end, _)| end);
        read(text, at, at + 1 + length)
    });
    tags.take(MOST).collect()
}

/// At most so many characters as a hashtag has.
fn shortened(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(LONGEST)
        .map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}

fn read(text: &str, start: usize, end: usize) -> Option<Hashtag> {
    let word = text.get(start + 1..end)?;
    let mut breaks = Vec::new();
    let mut chars = word.char_indices().peekable();
    let mut before: Option<char> = None;
    // Letters of the word that is being read.
    let mut letters = 0;
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        if before.is_some_and(|b| begins(b, c, next, letters)) {
            breaks.push(start + 1 + at);
            letters = 0;
        }
        letters += usize::from(c.is_alphabetic());
        before = Some(c);
    }
    let several = !breaks.is_empty() || word.trim_matches('_').contains('_');
    several.then_some(Hashtag { start, end, breaks })
}

/// Whether a new word begins with a character after another: `promoNoël`, `RHInfo`, `Noël2026`, but not `B2B`.
fn begins(before: char, c: char, next: Option<char>, letters: usize) -> bool {
    if before == '_' || c == '_' {
        return false;
    }
    let small_next = next.is_some_and(char::is_lowercase);
    let capital =
        c.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && small_next);
    let figure = c.is_ascii_digit() && before.is_alphabetic() && letters >= 3;
    let after_figure = before.is_ascii_digit() && c.is_uppercase() && small_next;
    capital || figure || after_figure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        for tag in of_words(text) {
            let mut from = tag.start + 1;
            for at in tag.breaks.iter().copied().chain([tag.end]) {
                out.push(text[from..at].to_owned());
                from = at;
            }
        }
        out
    }

    #[test]
    fn words_by_capitals_and_figures() {
        for (tag, expected) in [
            ("ici #GrandePromoDeNoël !", "Grande Promo De Noël"),
            ("#RHInfo", "RH Info"),
            ("#Noël2026", "Noël 2026"),
            ("#été2026EnFamille", "été 2026 En Famille"),
            ("#ÉtéÀLaMer", "Été À La Mer"),
        ] {
            let expected: Vec<_> = expected.split(' ').collect();
            assert_eq!(words(tag), expected, "{tag}");
        }
        for whole in [
            "#promo",
            "#B2B",
            "#IFM",
            "# Promo Noël",
            "#_",
            "##",
            "#",
            "a#b",
            "https://x/#",
        ] {
            assert!(of_words(whole).is_empty(), "{whole}");
        }
        assert_eq!(of_words("#offre_du_jour").len(), 1);
    }

    #[test]
    fn many_and_long_hashtags_are_bounded() {
        assert_eq!(of_words(&"#AbCd ".repeat(1000)).len(), MOST);
        let long = format!("#{}", "AbÉ".repeat(1000));
        let tag = &of_words(&long)[0];
        assert_eq!(long[1..tag.end].chars().count(), LONGEST);
    }
}
