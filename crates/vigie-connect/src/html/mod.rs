//! The words of a page's fragment: what networks and feeds that answer HTML show to people.
//!
//! One pass over the bytes, no tree, no recursion: whatever comes in, the time is linear and the result is bounded.

pub(crate) mod marks;

use marks::{attribute, end_of_tag, entity};
use url::Url;

pub use marks::decode;

/// Longest fragment read, in bytes; the rest is left out.
pub const MAX_HTML: usize = 1 << 20;
/// Longest result, in characters.
pub const MAX_TEXT: usize = 200_000;
/// Longest address kept of a link, in bytes.
const MAX_ADDRESS: usize = 2_048;

/// Turns a fragment into words: paragraphs are parted by an empty line, `<br>` is a new line, blanks are one blank,
/// scripts and styles are left out. A link whose words are not its address is followed by the address in brackets, so
/// that what hides behind words is seen. `mentions` are pairs of an account's address and its full name: a link to one
/// of them is written as `@name`.
pub fn text(html: &str, mentions: &[(String, String)]) -> String {
    let mut reader = Reader {
        rest: cut(html, MAX_HTML),
        out: String::new(),
        left: MAX_TEXT,
        gap: Gap::None,
        link: None,
        mentions,
    };
    while !reader.rest.is_empty() && reader.left > 0 {
        reader.step();
    }
    reader.close_link();
    reader.out
}

/// The first `most` characters.
pub fn first(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// What stands before the next word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Blank,
    Line,
    Lines(u8),
}

struct Link {
    address: String,
    tag: bool,
    /// Where its words begin.
    from: usize,
}

struct Reader<'a> {
    rest: &'a str,
    out: String,
    left: usize,
    gap: Gap,
    link: Option<Link>,
    mentions: &'a [(String, String)],
}

impl Reader<'_> {
    fn step(&mut self) {
        let end = self.rest.find(['<', '&']).unwrap_or(self.rest.len());
        let (words, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.put(words);
        if let Some(after) = self.rest.strip_prefix('&') {
            match entity(after) {
                Some((c, used)) => {
                    self.rest = after.get(used..).unwrap_or_default();
                    self.put(c.encode_utf8(&mut [0; 4]));
                }
                None => {
                    self.rest = after;
                    self.put("&");
                }
            }
        } else if let Some(after) = self.rest.strip_prefix('<') {
            self.tag(after);
        }
    }

    fn tag(&mut self, after: &str) {
        // Lifetimes: `after` is a part of `rest`; what is left of it is found by its length.
        let skip = |reader: &mut Self, bytes: usize| {
            let rest = reader.rest;
            reader.rest = rest.get(1 + bytes..).unwrap_or_default();
        };
        if let Some(comment) = after.strip_prefix("!--") {
            let end = comment.find("-->").map_or(after.len(), |at| 3 + at + 3);
            return skip(self, end);
        }
        match after.chars().next() {
            Some('!' | '?') => {
                let end = after.find('>').map_or(after.len(), |at| at + 1);
                return skip(self, end);
            }
            Some(c) if c == '/' || c.is_ascii_alphabetic() => {}
            _ => {
                skip(self, 0);
                return self.put("<");
            }
        }
        let end = end_of_tag(after);
        let inside = after.get(..end).unwrap_or_default();
        // A tag that never ends takes the rest with it, as in browsers.
        let next = after.len().min(end + 1);
        let name: String = inside
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .take(16)
            .collect::<String>()
            .to_ascii_lowercase();
        let closing = inside.starts_with('/');
        match name.as_str() {
            "script" | "style" | "template" | "noscript" | "svg" if !closing => {
                let body = after.get(next..).unwrap_or_default();
                let end = find_ignoring_case(body, &format!("</{name}")).unwrap_or(body.len());
                return skip(self, next + end);
            }
            "br" => self.line(),
            "p" | "blockquote" | "pre" | "ul" | "ol" | "table" | "h1" | "h2" | "h3" | "h4"
            | "h5" | "h6" | "hr" | "figure" | "article" | "section" => self.wait(Gap::Lines(2)),
            "div" | "li" | "tr" | "dd" | "dt" | "figcaption" => self.wait(Gap::Line),
            "td" | "th" => self.wait(Gap::Blank),
            "a" => {
                self.close_link();
                if !closing && let Some(address) = attribute(inside, "href") {
                    self.link = Some(Link {
                        tag: attribute(inside, "class").is_some_and(|c| c.contains("hashtag"))
                            || attribute(inside, "rel").is_some_and(|r| r == "tag"),
                        address: cut(address.trim(), MAX_ADDRESS).to_owned(),
                        from: self.out.len(),
                    });
                }
            }
            _ => {}
        }
        skip(self, next);
    }

    fn wait(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    fn line(&mut self) {
        self.gap = match self.gap {
            Gap::None | Gap::Blank => Gap::Line,
            Gap::Line => Gap::Lines(2),
            Gap::Lines(lines) => Gap::Lines(lines.saturating_add(1).min(3)),
        };
    }

    fn put(&mut self, words: &str) {
        for c in words.chars() {
            if c.is_whitespace() && c != '\u{a0}' && c != '\u{202f}' {
                self.wait(Gap::Blank);
                continue;
            }
            if c.is_control() {
                continue;
            }
            let opens = self.link.as_ref().is_some_and(|l| l.from == self.out.len());
            if !self.out.is_empty() {
                match self.gap {
                    Gap::None => {}
                    Gap::Blank => self.push(' '),
                    Gap::Line => self.push('\n'),
                    Gap::Lines(lines) => (0..lines).for_each(|_| self.push('\n')),
                }
            }
            // A blank before its first word is not a part of the link.
            if opens && let Some(link) = &mut self.link {
                link.from = self.out.len();
            }
            self.gap = Gap::None;
            self.push(c);
        }
    }

    fn push(&mut self, c: char) {
        if self.left > 0 {
            self.left -= 1;
            self.out.push(c);
        }
    }

    fn close_link(&mut self) {
        let Some(link) = self.link.take() else {
            return;
        };
        let shown = self.out.get(link.from..).unwrap_or_default().trim();
        let known = self
            .mentions
            .iter()
            .find(|(address, _)| *address == link.address);
        if let Some((_, name)) = known.filter(|_| shown.starts_with('@')) {
            let name = format!("@{name}");
            self.left += self.out.chars().rev().take(shown.chars().count()).count();
            self.out.truncate(link.from);
            name.chars().for_each(|c| self.push(c));
            return;
        }
        let own_tag = link.tag && shown.starts_with(['#', '＃']) && link.address.contains("/tag");
        if own_tag || is_address(shown, &link.address) {
            return;
        }
        // Only addresses that lead out are worth showing.
        let leads = Url::parse(&link.address).is_ok_and(|url| {
            matches!(
                url.scheme(),
                "http" | "https" | "javascript" | "data" | "mailto"
            )
        });
        if !leads {
        } else if shown.is_empty() {
            self.put(&link.address);
        } else {
            let more = format!(" ({})", link.address);
            more.chars()
                .filter(|c| !c.is_control())
                .for_each(|c| self.push(c));
        }
    }
}

/// Whether the words of a link are the address that it leads to.
fn is_address(shown: &str, address: &str) -> bool {
    if shown == address {
        return true;
    }
    let Ok(address) = Url::parse(address) else {
        return false;
    };
    let same = |text: String| Url::parse(&text).is_ok_and(|url| url == address);
    if shown.contains("://") || shown.starts_with("mailto:") {
        same(shown.to_owned())
    } else if address.scheme() == "mailto" {
        same(format!("mailto:{shown}"))
    } else {
        !shown.contains(char::is_whitespace) && same(format!("{}://{shown}", address.scheme()))
    }
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    text.as_bytes()
        .windows(wanted.len())
        .position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(html: &str) -> String {
        text(html, &[])
    }

    #[test]
    fn paragraphs_lines_and_blanks() {
        for (html, words) in [
            ("<p>Un</p><p>Deux<br />trois</p>", "Un\n\nDeux\ntrois"),
            ("<p>a<br><br>b</p>", "a\n\nb"),
            ("  a \n\t b  ", "a b"),
            ("a&nbsp;!", "a\u{a0}!"),
            ("<ul><li>un</li><li>deux</li></ul>fin", "un\ndeux\n\nfin"),
            (
                "Zoé &amp; L&eacute;a &#39;&#x2019; &inconnu; & co",
                "Zoé & Léa '’ &inconnu; & co",
            ),
            ("&lt;b&gt; n’est pas <b>gras</b>", "<b> n’est pas gras"),
            ("a<!-- b --><script>c<b></SCRIPT>d<style>e", "ad"),
            ("1 < 2 et 3 <4", "1 < 2 et 3 <4"),
            ("&#0;&#xD800;", "\u{fffd}"),
            ("", ""),
            ("<p></p>", ""),
            ("fin <a href='", "fin"),
        ] {
            assert_eq!(plain(html), words, "{html}");
        }
    }

    #[test]
    fn a_link_is_whole_and_hides_nothing() {
        let short = r#"<p>Voir <a href="https://www.exemple.fr/une/longue/adresse?a=1&amp;b=2" target="_blank" rel="nofollow"><span class="invisible">https://www.</span><span class="ellipsis">exemple.fr/une/longue</span><span class="invisible">/adresse?a=1&amp;b=2</span></a>, merci</p>"#;
        assert_eq!(
            plain(short),
            "Voir https://www.exemple.fr/une/longue/adresse?a=1&b=2, merci"
        );
        for (html, words) in [
            (
                "<a href='https://mechant.test/'>https://banque.test</a>",
                "https://banque.test (https://mechant.test/)",
            ),
            (
                "<a href=https://a.test/x>ici</a>.",
                "ici (https://a.test/x).",
            ),
            ("<a href='https://a.test/'>a.test</a>", "a.test"),
            (
                "<a href='https://a.test/'>https://A.test</a>",
                "https://A.test",
            ),
            (
                "<a href='https://a.test/'><img src=x></a>",
                "https://a.test/",
            ),
            (
                "<a title='>' href='https://a.test/'>x</a>",
                "x (https://a.test/)",
            ),
            ("<a HREF = \"https://a.test/\" >x", "x (https://a.test/)"),
            ("<a href='#haut'>haut</a> <a>nu</a>", "haut nu"),
            (
                "<a href='https://s.test/tags/ete' class='mention hashtag' rel='tag'>#<span>été</span></a>",
                "#été",
            ),
            (
                "a <a href='https://b.test/'> b </a> c",
                "a b (https://b.test/) c",
            ),
        ] {
            assert_eq!(plain(html), words, "{html}");
        }
    }

    #[test]
    fn mentions_carry_their_server() {
        let html = r#"<p><span class="h-card"><a href="https://loin.test/@bob" class="u-url mention">@<span>bob</span></a></span> salut <a href="https://autre.test/@eve" class="u-url mention">@eve</a></p>"#;
        let known = [(
            "https://loin.test/@bob".to_owned(),
            "bob@loin.test".to_owned(),
        )];
        assert_eq!(
            text(html, &known),
            "@bob@loin.test salut @eve (https://autre.test/@eve)"
        );
    }

    #[test]
    fn a_huge_fragment_takes_linear_time_and_little_room() {
        for unit in [
            "<",
            "<a '",
            "<a href=\"",
            "&",
            "&#",
            "<!--",
            "<script>",
            "<p><p>",
            "<a href=x>",
            "((",
            "<br>",
            "</",
        ] {
            let html = unit.repeat(2_000_000 / unit.len());
            assert!(
                plain(&html).chars().count() <= MAX_TEXT + MAX_ADDRESS,
                "{unit}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(html in "\\PC{0,300}") {
            prop_assert!(plain(&html).len() <= html.len() * 4 + 8);
        }

        #[test]
        fn made_up_tags_are_read(parts in prop::collection::vec(
            prop::sample::select(vec!["<", ">", "a", " href=", "\"", "'", "https://x.test/", "/", "&", ";", "#", "p", "br", "é", "\n", "!--", "script", "@"]), 0..60)) {
            let html: String = parts.concat();
            let known = [("https://x.test/".to_owned(), "x".to_owned())];
            let words = text(&html, &known);
            prop_assert!(!words.contains('\r') && !words.starts_with(char::is_whitespace));
        }

        #[test]
        fn escaped_words_come_back(words in "[a-zé<>&\"' ]{0,80}") {
            let escaped = words.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            let expected = words.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(plain(&escaped), expected);
        }
    }
}
