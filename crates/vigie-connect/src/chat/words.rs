//! What all chats share: cutting what is too long, and saying so.

use super::Note;
use url::Url;

/// The beginning of `text` that measures at most `most`, and whether something is missing.
pub(super) fn cut(text: &str, most: usize, measure: impl Fn(char) -> usize) -> (String, bool) {
    let mut used = 0_usize;
    for (at, c) in text.char_indices() {
        used = used.saturating_add(measure(c));
        if used > most {
            return (text.get(..at).unwrap_or_default().to_owned(), true);
        }
    }
    (text.to_owned(), false)
}

/// The same for a line that needs no note: the cut is marked by an ellipsis, within `most`.
pub(super) fn line(text: &str, most: usize, measure: impl Fn(char) -> usize) -> String {
    let flat: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let flat = flat.trim();
    let (_, missing) = cut(flat, most, &measure);
    if !missing {
        return flat.to_owned();
    }
    let (mut short, _) = cut(flat, most.saturating_sub(measure('…')), &measure);
    short.push('…');
    short
}

/// Characters as most chats count them, in units of UTF-16: never fewer than shown.
pub(super) fn units(c: char) -> usize {
    c.len_utf16()
}

/// What stands where something is missing. In the reader's language, since its words are the link's own.
pub(super) fn more(note: &Note) -> String {
    let label = note.links.first().map_or("Vigie", |(label, _)| label);
    format!("[…] → {}", line(label, 75, units))
}

/// The sign of a severity: its name is not in the reader's language.
pub(super) fn sign(severity: &str) -> &'static str {
    match severity {
        "stop" => "⛔",
        "review" => "👁️",
        "warn" => "⚠️",
        "hint" => "💡",
        _ => "•",
    }
}

/// The findings, a line each; at most `most`.
pub(super) fn findings(note: &Note, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = note
        .findings
        .iter()
        .take(most)
        .map(|(severity, words)| format!("{} {}", sign(severity), line(words, 500, units)))
        .collect();
    if note.findings.len() > most {
        lines.push(more(note));
    }
    lines
}

/// The links that lead to the web.
pub(super) fn links(note: &Note, most: usize) -> impl Iterator<Item = (String, &Url)> {
    note.links
        .iter()
        .filter(|(_, url)| matches!(url.scheme(), "http" | "https") && url.as_str().len() <= 2_000)
        .take(most)
        .map(|(label, url)| {
            let label = line(label, 75, units);
            let label = if label.is_empty() {
                "Vigie".to_owned()
            } else {
                label
            };
            (label, url)
        })
}

/// What is heard: at most so many characters, none that controls a terminal or that a database does not keep (NUL).
pub(crate) fn heard(text: &str) -> String {
    text.chars()
        .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
        .take(super::MAX_HEARD)
        .collect()
}

/// Text for HTML.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// How much of each content is tried, in units of UTF-16, until the message is small enough.
const STEPS: [usize; 9] = [12_000, 8_000, 5_000, 3_000, 1_500, 700, 300, 100, 0];

/// How many of each thing may stand when so much of each content may.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Of each content, in units of UTF-16.
    pub text: usize,
    /// Contents.
    pub contents: usize,
    /// Alternative texts of one content.
    pub pictures: usize,
    /// Of one alternative text, in units of UTF-16.
    pub alt: usize,
    /// Findings.
    pub findings: usize,
    /// Links.
    pub links: usize,
    /// Of the paragraphs, in units of UTF-16.
    pub body: usize,
}

impl Room {
    fn of(text: usize) -> Self {
        let by = |much, some, little| match text {
            1_000.. => much,
            300.. => some,
            _ => little,
        };
        Self {
            text,
            contents: by(20, 20, 5),
            pictures: by(20, 5, 1),
            alt: text.min(500),
            findings: by(20, 8, 3),
            links: by(6, 3, 1),
            body: text.clamp(200, 3_000),
        }
    }
}

/// The first rendering that measures at most `most`. If none does, what is left is the title and the first link.
pub(super) fn fit<T>(
    note: &Note,
    most: usize,
    render: impl Fn(&Note, Room) -> T,
    measure: impl Fn(&T) -> usize,
) -> T {
    for step in STEPS {
        let done = render(note, Room::of(step));
        if measure(&done) <= most {
            return done;
        }
    }
    let bare = Note {
        title: line(&note.title, 100, units),
        body: vec![more(note)],
        contents: Vec::new(),
        findings: Vec::new(),
        actions: Vec::new(),
        links: note
            .links
            .iter()
            .filter(|(_, url)| url.as_str().len() <= 500)
            .take(1)
            .cloned()
            .collect(),
        footer: String::new(),
        ..note.clone()
    };
    render(&bare, Room::of(0))
}

/// The paragraphs as one text, at most `most` units, with a note if something is missing.
pub(super) fn body(note: &Note, most: usize) -> String {
    let (mut text, missing) = cut(note.body.join("\n\n").trim(), most, units);
    if missing {
        text.push('\n');
        text.push_str(&more(note));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::heard;

    #[test]
    fn nothing_is_heard_that_a_database_does_not_keep() {
        assert_eq!(
            heard("La\0 date\u{7}\n\test juste\u{85}"),
            "La date\n\test juste"
        );
    }
}
