//! Spans on grapheme boundaries.

use unicode_segmentation::GraphemeCursor;

/// Widens a span to the nearest grapheme boundaries around it; total for any input.
pub fn snap(text: &str, start: usize, end: usize) -> (usize, usize) {
    let start = floor(text, start.min(text.len()));
    let end = ceil(text, end.min(text.len()).max(start));
    (start, end)
}

fn on_boundary(text: &str, at: usize) -> bool {
    GraphemeCursor::new(at, text.len(), true)
        .is_boundary(text, 0)
        .unwrap_or(true)
}

fn floor(text: &str, mut at: usize) -> usize {
    while at > 0 && !text.is_char_boundary(at) {
        at -= 1;
    }
    // Between two ASCII characters there is a boundary, save inside CR LF.
    if ascii_gap(text, at) || on_boundary(text, at) {
        return at;
    }
    GraphemeCursor::new(at, text.len(), true)
        .prev_boundary(text, 0)
        .ok()
        .flatten()
        .unwrap_or(0)
}

fn ceil(text: &str, mut at: usize) -> usize {
    while at < text.len() && !text.is_char_boundary(at) {
        at += 1;
    }
    if ascii_gap(text, at) || on_boundary(text, at) {
        return at;
    }
    GraphemeCursor::new(at, text.len(), true)
        .next_boundary(text, 0)
        .ok()
        .flatten()
        .unwrap_or(text.len())
}

fn ascii_gap(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    match (at.checked_sub(1).and_then(|i| bytes.get(i)), bytes.get(at)) {
        (Some(a), Some(b)) => a.is_ascii() && b.is_ascii() && !(*a == b'\r' && *b == b'\n'),
        _ => true,
    }
}

/// Whether a byte offset is a grapheme boundary of the text.
pub fn is_boundary(text: &str, at: usize) -> bool {
    at <= text.len() && text.is_char_boundary(at) && on_boundary(text, at)
}
