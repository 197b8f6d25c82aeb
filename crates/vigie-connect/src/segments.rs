//! Finds links, mentions and hashtags in a text, as the networks' own editors would.
//!
//! What is found are byte ranges of the exact text: nothing is shortened or normalised.

use crate::{Segment, SegmentKind};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// Endings that make a bare `domain.tld` a link. Short on purpose: a missing space after a full stop must not make one.
const BARE_ENDINGS: [&str; 34] = [
    "com", "org", "net", "fr", "eu", "be", "ch", "ca", "lu", "de", "es", "it", "nl", "uk", "ie",
    "us", "info", "io", "app", "dev", "ai", "co", "me", "tv", "gouv", "gov", "edu", "coop", "bzh",
    "paris", "social", "news", "blog", "shop",
];
/// Most characters of a hashtag.
const TAG_GRAPHEMES: usize = 64;

/// How accounts are named on a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// A domain name: `@alice.example`.
    Domain,
    /// A word: `@alice`.
    Plain,
    /// A word, and its server where it is another one: `@alice`, `@alice@example.org`.
    Fediverse,
    /// Not at all.
    Nobody,
}

/// Cuts `text` into runs without gap; their ranges joined are the text.
pub fn segments(text: &str, names: Names) -> Vec<Segment> {
    let mut all = Vec::new();
    let mut words = 0;
    for (range, kind) in words_of(text).filter_map(|word| found(text, word, names)) {
        if words < range.start {
            all.push(Segment {
                kind: SegmentKind::Text,
                range: words..range.start,
            });
        }
        words = range.end;
        all.push(Segment { kind, range });
    }
    if words < text.len() {
        all.push(Segment {
            kind: SegmentKind::Text,
            range: words..text.len(),
        });
    }
    all
}

/// The runs between white space (zero-width ones included: they part words for a reader's eye too).
fn words_of(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let parts =
        |c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}');
    let mut at = 0;
    text.split_inclusive(parts).filter_map(move |word| {
        let start = at;
        at += word.len();
        let bare = word.trim_end_matches(parts);
        (!bare.is_empty()).then(|| start..start + bare.len())
    })
}

fn found(text: &str, word: Range<usize>, names: Names) -> Option<(Range<usize>, SegmentKind)> {
    let whole = text.get(word.clone())?;
    // What may open a word: brackets and quotation marks.
    let bare = whole.trim_start_matches(['(', '[', '{', '"', '\'', '«', '“', '‘', '<', '¿', '¡']);
    let start = word.end - bare.len();
    let (len, kind) = if let Some(rest) = bare.strip_prefix('@') {
        let handle = match names {
            Names::Domain => handle_in(rest)?,
            Names::Plain => name_in(rest)?,
            Names::Fediverse => remote_in(rest)?,
            Names::Nobody => return None,
        };
        (
            1 + handle.len(),
            SegmentKind::Mention {
                handle: handle.to_ascii_lowercase(),
            },
        )
    } else if let Some(mark) = bare.chars().next().filter(|c| matches!(c, '#' | '＃')) {
        let tag = tag_in(bare.strip_prefix(mark)?)?;
        (
            mark.len_utf8() + tag.len(),
            SegmentKind::Tag {
                tag: tag.to_owned(),
            },
        )
    } else {
        let (len, uri) = link_in(bare)?;
        (len, SegmentKind::Link { uri })
    };
    Some((start..start + len, kind))
}

/// The handle that `rest` begins with: a domain name.
fn handle_in(rest: &str) -> Option<&str> {
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'))
        .unwrap_or(rest.len());
    let handle = rest.get(..end)?.trim_end_matches(['.', '-']);
    is_handle(handle).then_some(handle)
}

/// The name that `rest` begins with: letters, digits, points inside and underscores.
fn name_in(rest: &str) -> Option<&str> {
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
        .unwrap_or(rest.len());
    let name = rest.get(..end)?.trim_end_matches('.');
    (!name.is_empty() && name.len() <= 64).then_some(name)
}

/// The name that `rest` begins with, with its server where one follows.
fn remote_in(rest: &str) -> Option<&str> {
    let name = name_in(rest)?;
    let server = rest
        .get(name.len()..)
        .and_then(|more| more.strip_prefix('@'))
        .and_then(handle_in);
    rest.get(..name.len() + server.map_or(0, |server| 1 + server.len()))
}

/// True for the shape of a handle: labels of letters, digits and inner hyphens, the last one not starting with a digit.
pub fn is_handle(handle: &str) -> bool {
    let labels: Vec<&str> = handle.split('.').collect();
    handle.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
        && labels
            .last()
            .is_some_and(|label| label.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// The tag that `rest` begins with; a number is not one, nor is a keycap emoji.
fn tag_in(rest: &str) -> Option<&str> {
    if rest.starts_with(['\u{fe0f}', '\u{20e3}']) {
        return None;
    }
    let tag = rest.trim_end_matches(|c: char| is_punctuation(c) || matches!(c, '#' | '＃'));
    let only_digits = tag.chars().all(|c| c.is_ascii_digit() || is_punctuation(c));
    (!only_digits && tag.graphemes(true).count() <= TAG_GRAPHEMES && !tag.contains(['#', '＃']))
        .then_some(tag)
}

/// The link that `bare` begins with: its length in the text and where it leads.
fn link_in(bare: &str) -> Option<(usize, String)> {
    let link = trimmed_link(bare);
    let lower = link.to_ascii_lowercase();
    let uri = if lower.starts_with("https://") || lower.starts_with("http://") {
        link.to_owned()
    } else {
        let end = link.find(['/', '?', '#', ':']).unwrap_or(link.len());
        let host = link.get(..end)?;
        let ending = host.rsplit_once('.')?.1.to_ascii_lowercase();
        if !is_handle(host) || !BARE_ENDINGS.contains(&ending.as_str()) {
            return None;
        }
        format!("https://{link}")
    };
    let parsed = url::Url::parse(&uri).ok()?;
    parsed
        .host_str()
        .is_some_and(|host| !host.is_empty())
        .then_some((link.len(), uri))
}

/// Without the punctuation of the sentence around it; a closing bracket stays if it was opened inside.
fn trimmed_link(link: &str) -> &str {
    let count = |bracket: char| link.bytes().filter(|b| char::from(*b) == bracket).count();
    let (mut round, mut square) = (count(')'), count(']'));
    let (round_open, square_open) = (count('('), count('['));
    let mut link = link;
    while let Some(last) = link.chars().next_back() {
        let outside = match last {
            ')' => round > round_open,
            ']' => square > square_open,
            _ => matches!(
                last,
                '.' | ','
                    | ';'
                    | ':'
                    | '!'
                    | '?'
                    | '\''
                    | '"'
                    | '>'
                    | '}'
                    | '…'
                    | '’'
                    | '”'
                    | '»'
                    | '“'
                    | '。'
                    | '、'
            ),
        };
        if !outside {
            break;
        }
        round -= usize::from(last == ')');
        square -= usize::from(last == ']');
        link = link.get(..link.len() - last.len_utf8()).unwrap_or_default();
    }
    link
}

fn is_punctuation(c: char) -> bool {
    (c.is_ascii_punctuation() && c != '#' && c != '_')
        || matches!(
            c,
            '…' | '’'
                | '‘'
                | '“'
                | '”'
                | '«'
                | '»'
                | '–'
                | '—'
                | '。'
                | '、'
                | '！'
                | '？'
                | '¿'
                | '¡'
                | '·'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts that are not plain words, as (shown, kind).
    fn marked(text: &str) -> Vec<(String, SegmentKind)> {
        let all = segments(text, Names::Domain);
        assert_eq!(
            all.iter().map(|s| s.of(text)).collect::<String>(),
            text,
            "joined, the runs are the text"
        );
        all.iter()
            .filter(|s| s.kind != SegmentKind::Text)
            .map(|s| (s.of(text).to_owned(), s.kind.clone()))
            .collect()
    }
    fn shown(text: &str) -> Vec<String> {
        marked(text).into_iter().map(|(shown, _)| shown).collect()
    }

    #[test]
    fn links_lose_the_punctuation_around_them() {
        for (text, link) in [
            ("voir https://exemple.fr/été.", "https://exemple.fr/été"),
            ("(https://exemple.fr/a)", "https://exemple.fr/a"),
            (
                "https://fr.exemple.org/wiki/Lyon_(homonymie)",
                "https://fr.exemple.org/wiki/Lyon_(homonymie)",
            ),
            (
                "(https://exemple.org/Lyon_(ville)),",
                "https://exemple.org/Lyon_(ville)",
            ),
            ("« https://exemple.fr »", "https://exemple.fr"),
            ("«https://exemple.fr»", "https://exemple.fr"),
            ("“https://exemple.fr/x”!", "https://exemple.fr/x"),
            (
                "https://exemple.fr/?q=a&b=c…",
                "https://exemple.fr/?q=a&b=c",
            ),
            ("👩‍👩‍👧‍👦 https://exemple.fr", "https://exemple.fr"),
            ("مرحبا https://exemple.fr العالم", "https://exemple.fr"),
            ("vigie.fr/aide, merci", "vigie.fr/aide"),
            (
                "\u{200b}https://exemple.fr\u{200b}caché",
                "https://exemple.fr",
            ),
        ] {
            assert_eq!(shown(text), [link], "{text}");
        }
        assert_eq!(
            marked("Vigie.fr")[0].1,
            SegmentKind::Link {
                uri: "https://Vigie.fr".into()
            }
        );
    }

    #[test]
    fn what_is_no_link() {
        for text in [
            "fin.Voila",
            "3.14",
            "e.g. this",
            "http://",
            "https://",
            "M.Dupont",
            "ftp://exemple.fr",
            "a@exemple.fr",
            "..",
            "javascript:alert(1)",
        ] {
            assert_eq!(shown(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn mentions_are_handles() {
        assert_eq!(
            marked("Merci @Alice.Test, (@bob.exemple.fr) et @carole !"),
            [
                (
                    "@Alice.Test".to_owned(),
                    SegmentKind::Mention {
                        handle: "alice.test".into()
                    }
                ),
                (
                    "@bob.exemple.fr".to_owned(),
                    SegmentKind::Mention {
                        handle: "bob.exemple.fr".into()
                    }
                ),
            ]
        );
        assert_eq!(shown("@-a.test @a.1 @a..test @ @.test x@a.test"), [""; 0]);
        assert_eq!(shown("@a.test."), ["@a.test"]);
    }

    #[test]
    fn each_network_names_accounts_in_its_way() {
        let of = |names| {
            let text = "Merci @alice.b, @bob@exemple.fr. et (@c_d) @ x@y";
            segments(text, names)
                .iter()
                .filter(|s| matches!(s.kind, SegmentKind::Mention { .. }))
                .map(|s| s.of(text).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(of(Names::Plain), ["@alice.b", "@bob", "@c_d"]);
        assert_eq!(
            of(Names::Fediverse),
            ["@alice.b", "@bob@exemple.fr", "@c_d"]
        );
        assert_eq!(of(Names::Nobody), [""; 0]);
    }

    #[test]
    fn tags_keep_accents_and_emoji_and_lose_punctuation() {
        assert_eq!(
            shown("#Été2026, #c'est #日本語。 (#ok) #👩‍🚀! ＃plein"),
            ["#Été2026", "#c'est", "#日本語", "#ok", "#👩‍🚀", "＃plein"]
        );
        assert_eq!(shown("# #1 #2026 #️⃣ #! #a#b a#b"), [""; 0]);
        assert_eq!(shown(&format!("#{}", "a".repeat(65))), [""; 0]);
        assert_eq!(shown(&format!("#{}", "é".repeat(64))).len(), 1);
    }

    #[test]
    fn offsets_are_bytes_on_character_boundaries() {
        let text = "é👨‍👩‍👧 @a.test שלום #café";
        let all = segments(text, Names::Domain);
        assert!(
            all.iter()
                .all(|s| text.is_char_boundary(s.range.start) && text.is_char_boundary(s.range.end))
        );
        let mention = all
            .iter()
            .find(|s| matches!(s.kind, SegmentKind::Mention { .. }))
            .unwrap();
        assert_eq!(mention.range, 21..28);
    }

    #[test]
    fn a_million_characters_are_cut_in_linear_time() {
        for unit in [
            "((((",
            "#a ",
            "@a.b ",
            "https://a.fr/) ",
            "))))",
            "😀",
            ".",
            "#",
        ] {
            let text = unit.repeat(1_000_000 / unit.len());
            assert_eq!(
                segments(&text, Names::Domain).last().unwrap().range.end,
                text.len()
            );
        }
    }
}
