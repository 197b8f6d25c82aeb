//! Showing that something is there without showing it.

/// The beginning of a secret, then dots: enough to recognise it, never enough to use it.
pub fn mask(secret: &str) -> String {
    let mut out: String = secret.chars().take(shown(secret)).collect();
    out.push_str("••••");
    out
}

/// How many characters of a secret may be seen.
pub(crate) fn shown(secret: &str) -> usize {
    match secret.chars().count() {
        0..=5 => 0,
        6..=11 => 2,
        _ => 4,
    }
}

/// At most `max` characters, with an ellipsis where something was cut.
pub fn shorten(text: &str, max: usize) -> String {
    let mut chars = text.chars();
    let mut out: String = chars.by_ref().take(max).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out
}
