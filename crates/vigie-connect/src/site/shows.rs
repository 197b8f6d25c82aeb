//! What the site's feed says of the site: its title, what it is about, its address. RSS 2.0, RSS 1.0 and Atom.

use crate::{Code, Failure, feed, html, shown};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use vigie_core::page_state::PageState;

/// Longest text kept while reading, in bytes.
const MOST: usize = 64 << 10;
/// Deepest nesting.
const DEEPEST: usize = 100;

#[derive(Default)]
struct Head {
    /// Names of the elements that are open.
    path: Vec<String>,
    /// What is being read: `title`, `about`, `link`.
    field: Option<&'static str>,
    text: String,
    title: Option<String>,
    about: Option<String>,
    link: Option<String>,
}

impl Head {
    fn open(&mut self, tag: &BytesStart<'_>) {
        let name = local(tag.name().0).to_owned();
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let attribute = |wanted| html::marks::attribute(tag, wanted);
        match (path.as_slice(), name.as_str()) {
            (["rss" | "RDF", "channel"] | ["feed"], "title") => self.field = Some("title"),
            (["rss" | "RDF", "channel"], "description") | (["feed"], "subtitle") => {
                self.field = Some("about");
            }
            // Only the element without a prefix is the site; `atom:link` is the feed's own address.
            (["rss" | "RDF", "channel"], "link") if tag.name().0 == "link" => {
                self.field = Some("link");
            }
            (["feed"], "link") if attribute("rel").is_none_or(|rel| rel == "alternate") => {
                self.link = self.link.take().or_else(|| attribute("href"));
            }
            _ => {}
        }
        self.path.push(name);
    }

    fn put(&mut self, words: &str) {
        if self.field.is_some() && self.text.len() + words.len() <= MOST {
            self.text.push_str(words);
        }
    }

    fn close(&mut self) {
        let depth = self.path.len();
        self.path.pop();
        let at = usize::from(self.path.first().is_some_and(|root| root != "feed"));
        if depth != at + 2 {
            return;
        }
        let text = std::mem::take(&mut self.text);
        let slot = match self.field.take() {
            Some("title") => &mut self.title,
            Some("about") => &mut self.about,
            Some(_) => &mut self.link,
            None => return,
        };
        if slot.is_none() {
            *slot = Some(text);
        }
    }
}

fn local(name: &str) -> &str {
    name.strip_prefix("rdf:").unwrap_or(name)
}

/// Reads it from a feed.
///
/// # Errors
/// `garbage_answer` when it is no feed.
pub fn read(bytes: &[u8]) -> Result<PageState, Failure> {
    let bad = |why: &str| Failure::new(Code::GarbageAnswer, format!("not a feed: {why}"));
    let text = feed::decoded(bytes.get(..feed::MAX_FEED).unwrap_or(bytes));
    let mut reader = Reader::from_str(&text);
    reader.config_mut().allow_dangling_amp = true;
    let mut head = Head::default();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                let root = matches!(local(tag.name().0), "rss" | "feed" | "RDF");
                if head.path.is_empty() && !root {
                    return Err(bad("another kind of document"));
                }
                if head.path.len() >= DEEPEST {
                    return Err(bad("nested too deep"));
                }
                head.open(&tag);
            }
            Ok(Event::Empty(tag)) => {
                head.open(&tag);
                head.close();
            }
            Ok(Event::End(_)) => head.close(),
            Ok(Event::Text(words)) => head.put(&words),
            Ok(Event::CData(words)) => head.put(&words),
            Ok(Event::GeneralRef(name)) => head.put(&html::decode(&format!("&{};", &*name))),
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => return Err(bad(&error.to_string())),
        }
    }
    let Some(title) = head.title.filter(|_| head.path.is_empty()) else {
        return Err(bad("it has no title, or ends before its end"));
    };
    let words = |text: String| html::text(&text, &[]);
    Ok(PageState {
        name: Some(shown::line(&words(title))).filter(|name| !name.is_empty()),
        description: Some(shown::words(&words(head.about.unwrap_or_default()))),
        website: Some(shown::line(&head.link.unwrap_or_default())),
        ..PageState::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_says_whose_it_is() {
        let rss = r#"<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
            <atom:link href="https://exemple.fr/flux" rel="self"/><title>Le phare &amp; la mer</title>
            <link>https://exemple.fr/</link><description><![CDATA[Depuis <b>1862</b>.]]></description>
            <image><title>autre</title><link>https://autre.example</link></image>
            <item><title>Un billet</title><link>https://exemple.fr/1</link></item></channel></rss>"#;
        let page = read(rss.as_bytes()).unwrap();
        assert_eq!(page.name.as_deref(), Some("Le phare & la mer"));
        assert_eq!(page.website.as_deref(), Some("https://exemple.fr/"));
        assert_eq!(page.description.as_deref(), Some("Depuis 1862."));
        let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>x</title><link href="https://e.fr/x"/></entry>
            <link rel="self" href="https://e.fr/flux"/><link href="https://e.fr/"/><title>Le phare</title>
            <subtitle>La mer</subtitle></feed>"#;
        let page = read(atom.as_bytes()).unwrap();
        assert_eq!(page.name.as_deref(), Some("Le phare"));
        assert_eq!(page.website.as_deref(), Some("https://e.fr/"));
        assert_eq!(page.description.as_deref(), Some("La mer"));
    }

    #[test]
    fn what_is_no_feed_is_no_page_without_a_name() {
        for bad in [
            "",
            "<html><title>Erreur</title></html>",
            "<rss><channel></channel></rss>",
            "<rss><channel><title>Le phare</title>",
            "{}",
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
        let deep = format!("<rss>{}", "<a>".repeat(1_000));
        assert!(read(deep.as_bytes()).is_err());
        let long = format!(
            "<rss><channel><title>{}</title></channel></rss>",
            "x".repeat(2 << 20)
        );
        let page = read(long.as_bytes()).unwrap();
        assert!(page.name.is_none_or(|name| name.len() <= 300));
    }
}
