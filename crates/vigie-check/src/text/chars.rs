//! Classes of characters.

/// A character that a reader cannot see and that changes what a program reads.
///
/// Joiners inside emoji and variation selectors are ordinary and not meant here: see [`is_dropped`].
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{206A}'..='\u{206F}'
        | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{E0000}'..='\u{E007F}')
}

/// A character that the normalised view leaves out.
pub fn is_dropped(c: char) -> bool {
    is_hidden(c) || matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// A control of writing direction.
pub fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Part of a word for the purpose of whole-word matching.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether the character that begins at a byte of a text is part of a word.
#[inline]
pub(crate) fn begins_word(text: &str, at: usize) -> bool {
    // The letters of Western Europe, without decoding them.
    match text.as_bytes().get(at..) {
        Some([0xC3, second, ..]) => !matches!(second, 0x97 | 0xB7),
        Some([0xC5, ..]) => true,
        Some([0xF0, 0x9F, 0x8C..=0xAB, ..]) => false,
        _ => {
            let c = text.get(at..).and_then(|t| t.chars().next());
            c.is_some_and(is_word)
        }
    }
}

/// Letters of scripts that hold look-alikes of Latin letters.
pub fn is_lookalike_script(c: char) -> bool {
    matches!(c, '\u{0370}'..='\u{058F}' | '\u{13A0}'..='\u{13FF}' | '\u{1C80}'..='\u{1C8F}' | '\u{1F00}'..='\u{1FFF}')
        && c.is_alphabetic()
}

/// Pictographs, roughly: enough to count emoji.
pub fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1F300}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{1F1E6}'..='\u{1F1FF}' | '\u{2B50}' | '\u{2B55}')
        && !('\u{1F3FB}'..='\u{1F3FF}').contains(&c)
}

/// The same letter without its accent, for the letters of French; others unchanged.
pub fn without_accent(c: char) -> char {
    use unicode_normalization::UnicodeNormalization as _;
    if c.is_ascii() {
        return c;
    }
    let mut parts = std::iter::once(c).nfd();
    match (parts.next(), parts.next()) {
        (Some(base), Some(_)) if base.is_alphabetic() => base,
        _ => c,
    }
}

/// Lower case, where it takes as many bytes as the original; else unchanged. Keeps byte offsets valid.
pub fn lower_same_len(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    // What posts are made of, without a search in the tables.
    match c {
        '\u{00D7}'
        | '\u{00DF}'..='\u{00FF}'
        | '\u{2010}'..='\u{20CF}'
        | '\u{2190}'..='\u{23FF}'
        | '\u{2500}'..='\u{27BF}'
        | '\u{1F300}'..='\u{1FAFF}' => return c,
        '\u{00C0}'..='\u{00DE}' => return char::from_u32(c as u32 + 0x20).unwrap_or(c),
        _ => {}
    }
    let mut low = c.to_lowercase();
    match (low.next(), low.next()) {
        (Some(l), None) if l.len_utf8() == c.len_utf8() => l,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_words_by_their_bytes() {
        for c in '\u{80}'..=char::MAX {
            let text = c.to_string();
            assert_eq!(begins_word(&text, 0), is_word(c), "{c:?}");
        }
    }
}
