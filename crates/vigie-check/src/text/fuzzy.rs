//! Looking for a sentence that may be written with a slip.

use super::chars;

/// Letters and digits only, lower case, no accents, one space between words.
pub fn plain(low: &str) -> String {
    let mut out = String::with_capacity(low.len());
    for c in low.chars() {
        if c.is_alphanumeric() {
            out.extend(chars::without_accent(c).to_lowercase());
        } else if !out.ends_with(' ') && !out.is_empty() {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Whether `needle` is in `hay` with at most `limit` edits; both already [`plain`].
///
/// Time is the product of both lengths for `limit` > 0, so needles are short sentences.
pub fn contains(hay: &str, needle: &str, limit: usize) -> bool {
    if needle.is_empty() || hay.contains(needle) {
        return true;
    }
    if limit == 0 {
        return false;
    }
    let needle: Vec<char> = needle.chars().collect();
    let mut column: Vec<usize> = (0..=needle.len()).collect();
    for c in hay.chars() {
        let mut diagonal = 0;
        for (j, n) in needle.iter().enumerate() {
            let up = column[j + 1];
            column[j + 1] = (diagonal + usize::from(*n != c))
                .min(up + 1)
                .min(column[j] + 1);
            diagonal = up;
        }
        if column[needle.len()] <= limit {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_forgiven_and_an_absence_is_not() {
        let needle = plain("l'abus d'alcool est dangereux pour la santé");
        assert!(contains(
            &plain("rosé du soir. l'abus d'alccol est dangereux pour la sante !"),
            &needle,
            3
        ));
        assert!(!contains(&plain("à consommer avec modération"), &needle, 3));
    }
}
