//! LinkedIn's "little" text, the form of a post's words: reserved signs are escaped, a tag is a template. A sign left
//! bare cuts the post there, in silence.
//!
//! <https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format>

use crate::{
    SegmentKind,
    segments::{self, Names},
};

/// The signs that mean something there.
const RESERVED: [char; 15] = [
    '\\', '|', '{', '}', '@', '[', ']', '(', ')', '<', '>', '#', '*', '_', '~',
];

fn escape(out: &mut String, words: &str) {
    for c in words.chars() {
        if RESERVED.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
}

/// Words, as they are sent: tags stay tags, everything else is words.
pub fn write(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for segment in segments::segments(text, Names::Nobody) {
        match &segment.kind {
            SegmentKind::Tag { tag } => {
                out.push_str("{hashtag|\\#|");
                escape(&mut out, tag);
                out.push('}');
            }
            _ => escape(&mut out, segment.of(text)),
        }
    }
    out
}

/// Words, as people see them: the signs of the form taken away, `{hashtag|\#|tag}` as `#tag`, a mention as its name.
/// What is not of this form stays as it is.
pub fn read(little: &str) -> String {
    let mut out = String::with_capacity(little.len());
    let mut rest = little;
    while let Some(c) = rest.chars().next() {
        if let Some((shown, after)) = template(rest).or_else(|| mention(rest)) {
            out.push_str(&shown);
            rest = after;
            continue;
        }
        let mut chars = rest.chars();
        chars.next();
        match (c, chars.clone().next()) {
            ('\\', Some(next)) if RESERVED.contains(&next) => {
                out.push(next);
                chars.next();
            }
            _ => out.push(c),
        }
        rest = chars.as_str();
    }
    out
}

/// `{hashtag|\#|tag}` at the beginning.
fn template(rest: &str) -> Option<(String, &str)> {
    let rest = rest.strip_prefix("{hashtag|")?;
    let (sign, rest) = until(rest, '|')?;
    let (tag, rest) = until(rest, '}')?;
    Some((format!("{sign}{tag}"), rest))
}

/// `@[Name](urn:li:…)` at the beginning.
fn mention(rest: &str) -> Option<(String, &str)> {
    let rest = rest.strip_prefix("@[")?;
    let (name, rest) = until(rest, ']')?;
    let (urn, rest) = until(rest.strip_prefix('(')?, ')')?;
    urn.starts_with("urn:li:").then_some((name, rest))
}

/// The words before the first bare `end`, and what comes after it.
fn until(text: &str, end: char) -> Option<(String, &str)> {
    let mut words = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => words.push(chars.next()?),
            c if c == end => return Some((words, chars.as_str())),
            c => words.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reserved_sign_is_escaped_and_comes_back() {
        assert_eq!(
            write(r"\ | { } @ [ ] ( ) < > * _ ~"),
            r"\\ \| \{ \} \@ \[ \] \( \) \< \> \* \_ \~"
        );
        assert_eq!(
            write("Soldes (50 %) #Été_2026, n° #1"),
            r"Soldes \(50 %\) {hashtag|\#|Été\_2026}, n° \#1"
        );
        for text in [
            "",
            "simple",
            r"\ | { } @ [ ] ( ) < > # * _ ~ \\ \(",
            "{hashtag|#|x} @[A](urn:li:person:1)",
            "#un #deux\n\n#Trois_quatre. https://exemple.fr/a_b(c)?x=~y#z",
            "👩‍👩‍👧‍👦 l’été «\u{202f}oui\u{202f}»",
            "\\",
        ] {
            assert_eq!(read(&write(text)), text, "{text}");
        }
    }

    #[test]
    fn what_the_network_writes_is_read() {
        for (little, shown) in [
            (r"Vu {hashtag|\#|DataOps} ici", "Vu #DataOps ici"),
            (
                "Avec @[Ada \\(L.\\)](urn:li:person:a1) !",
                "Avec Ada (L.) !",
            ),
            ("#nu et (nu)", "#nu et (nu)"),
            ("{hashtag|sans fin", "{hashtag|sans fin"),
            ("@[x](http://a)", "@[x](http://a)"),
            ("{autre|x|y}", "{autre|x|y}"),
            ("fin\\", "fin\\"),
        ] {
            assert_eq!(read(little), shown);
        }
    }
}
