//! Text for lists and for searching: first words, and a form without case and accents.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use vigie_core::content::Content;

/// Characters of an excerpt.
const EXCERPT: usize = 160;
/// Characters of a post that can be searched.
const SEARCHED: usize = 20_000;

/// `text` without case and accents, white space as single blanks.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(SEARCHED));
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(
            word.nfkd()
                .filter(|c| !is_combining_mark(*c))
                .flat_map(char::to_lowercase),
        );
    }
    out
}

/// What of a content is searched: texts of all parts, warnings, links, alternative texts.
pub(crate) fn folded(content: &Content) -> String {
    let mut all = String::new();
    for variant in &content.variants {
        let alts = variant.all_media().map(|media| media.alt.as_str());
        let parts = variant.parts.iter().map(|part| part.text.as_str());
        for part in [variant.text.as_str()]
            .into_iter()
            .chain(variant.warning.as_deref())
            .chain(variant.link.as_deref())
            .chain(parts)
            .chain(alts)
        {
            all.extend(part.chars().take(SEARCHED));
            all.push('\n');
        }
    }
    fold(&all).chars().take(SEARCHED).collect()
}

/// The first words of a content.
pub(crate) fn excerpt(content: &Content) -> String {
    let text = content
        .variants
        .iter()
        .map(|variant| variant.text.as_str())
        .find(|text| !text.trim().is_empty());
    shorten(text.unwrap_or_default(), EXCERPT)
}

/// White space as single blanks, at most `limit` characters.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    let head: String = text.chars().take(limit.saturating_mul(4)).collect();
    let words = head.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= limit && text.chars().count() <= limit.saturating_mul(4) {
        return words;
    }
    let mut out: String = words.chars().take(limit.saturating_sub(1)).collect();
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_blanks_do_not_matter() {
        assert_eq!(fold("  Été\u{202f}à\tL’ÉCOLE "), "ete a l’ecole");
        assert_eq!(fold("E\u{301}TE\u{301}"), fold("été"));
    }

    #[test]
    fn excerpts_are_short() {
        assert_eq!(shorten("a  b\nc", 10), "a b c");
        assert_eq!(shorten("one two three", 8), "one two…");
        assert_eq!(shorten(&"x".repeat(1_000_000), 160).chars().count(), 160);
    }
}
