//! RSS 2.0 and Atom: the entries of a feed, as words.
//!
//! One pass with a reader that builds no tree, loads nothing and puts no declared entity in: what a document declares about
//! itself is passed over. Depth, entries and lengths are bounded.

use crate::{Code, Failure, html};
use jiff::Timestamp;
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use url::Url;

/// Largest feed read, in bytes.
pub const MAX_FEED: usize = 4 << 20;
/// Most entries taken; the rest is left out.
pub const MAX_ENTRIES: usize = 200;
/// Deepest nesting.
const MAX_DEPTH: usize = 100;
/// Longest field before it is made words, in bytes.
const MAX_FIELD: usize = 256 << 10;
/// Most characters of an entry's words.
const MAX_TEXT: usize = 20_000;
/// Longest id or address, in bytes.
const MAX_ID: usize = 2_048;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its `guid` or `id`; empty when it has none.
    pub id: String,
    /// Its page (http or https); empty when it has none.
    pub link: String,
    /// Title and summary, as words.
    pub text: String,
    /// When it was published, or else changed.
    pub at: Option<Timestamp>,
}

/// Reads a feed that was found at `base`, in its own order.
///
/// # Errors
/// `garbage_answer` when it is no feed, is broken, or nests deeper than any true one.
pub fn read(bytes: &[u8], base: &Url) -> Result<Vec<Entry>, Failure> {
    let bad = |why: &str| Failure::new(Code::GarbageAnswer, format!("not a feed: {why}"));
    let text = decoded(bytes.get(..MAX_FEED).unwrap_or(bytes));
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    // Feeds with a lone `&` in a title are common.
    config.allow_dangling_amp = true;
    let mut doc = Document::default();
    let mut depth = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(bad("nested too deep"));
                }
                if depth == 1 && !is_root(tag.name().0) {
                    return Err(bad("another kind of document"));
                }
                doc.open(&tag, depth);
            }
            Ok(Event::Empty(tag)) => {
                doc.open(&tag, depth + 1);
                doc.close(tag.name().0, depth + 1, base);
            }
            Ok(Event::End(tag)) => {
                doc.close(tag.name().0, depth, base);
                depth = depth.saturating_sub(1);
            }
            Ok(Event::Text(words)) => doc.put(&words, Written::Plain),
            Ok(Event::CData(words)) => doc.put(&words, Written::Whole),
            Ok(Event::GeneralRef(name)) => doc.put(&format!("&{};", &*name), Written::Reference),
            Ok(Event::Eof) if depth == 0 && doc.seen => return Ok(doc.entries),
            Ok(Event::Eof) => return Err(bad("it ends before its end")),
            Ok(_) => {}
            Err(error) => return Err(bad(&error.to_string())),
        }
        if doc.entries.len() >= MAX_ENTRIES {
            return Ok(doc.entries);
        }
    }
}

/// UTF-8, or the one old way of writing that French and English sites still use.
pub(crate) fn decoded(bytes: &[u8]) -> String {
    let head: String = bytes.iter().take(200).map(|b| char::from(*b)).collect();
    let head = head.to_ascii_lowercase();
    let old = ["iso-8859-1", "iso-8859-15", "latin1", "windows-1252"];
    let declared = head.split("?>").next().unwrap_or_default();
    if declared.starts_with("<?xml") && old.iter().any(|name| declared.contains(name)) {
        bytes.iter().map(|b| char::from(*b)).collect()
    } else {
        String::from_utf8_lossy(bytes)
            .trim_start_matches('\u{feff}')
            .to_owned()
    }
}

fn is_root(name: &str) -> bool {
    matches!(local(name), "rss" | "feed" | "RDF")
}

/// The name without the one prefix that means nothing.
fn local(name: &str) -> &str {
    name.strip_prefix("atom:")
        .or_else(|| name.strip_prefix("rdf:"))
        .unwrap_or(name)
}

/// How words stand in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Plain,
    Whole,
    Reference,
}

/// What the words of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Words alone (Atom's default).
    Words,
    /// HTML, escaped.
    Html,
    /// Elements.
    Elements,
}

#[derive(Debug)]
struct Field {
    name: &'static str,
    kind: Kind,
    depth: usize,
    text: String,
}

impl Field {
    fn words(&self) -> String {
        match self.kind {
            Kind::Words => html::text(&escaped(&self.text), &[]),
            Kind::Html | Kind::Elements => html::text(&self.text, &[]),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The entry that is being read.
#[derive(Debug, Default)]
struct Draft {
    depth: usize,
    id: String,
    permanent: bool,
    link: String,
    title: String,
    summary: String,
    content: String,
    published: Option<Timestamp>,
    updated: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct Document {
    seen: bool,
    entries: Vec<Entry>,
    draft: Option<Draft>,
    field: Option<Field>,
}

impl Document {
    fn open(&mut self, tag: &BytesStart<'_>, depth: usize) {
        self.seen = true;
        let name = tag.name();
        let name = local(name.0);
        if let Some(field) = &mut self.field {
            if field.kind == Kind::Elements {
                push(&mut field.text, &format!("<{}>", &**tag));
            }
            return;
        }
        let Some(draft) = &mut self.draft else {
            if matches!(name, "item" | "entry") {
                self.draft = Some(Draft {
                    depth,
                    permanent: true,
                    ..Draft::default()
                });
            }
            return;
        };
        if depth != draft.depth + 1 {
            return;
        }
        let attribute = |wanted| html::marks::attribute(tag, wanted);
        let (name, kind) = match name {
            "title" | "summary" | "content" => {
                let name = match name {
                    "title" => "title",
                    "summary" => "summary",
                    _ => "content",
                };
                match attribute("type").as_deref() {
                    Some("html" | "text/html") => (name, Kind::Html),
                    Some("xhtml" | "application/xhtml+xml") => (name, Kind::Elements),
                    Some(_) => (name, Kind::Words),
                    // In RSS a title may be either; in Atom no type is words.
                    None if name == "title" => (name, Kind::Html),
                    None => (name, Kind::Words),
                }
            }
            "description" => ("summary", Kind::Html),
            "content:encoded" => ("content", Kind::Html),
            "link" => {
                let to = attribute("href");
                let other = attribute("rel").is_some_and(|rel| rel != "alternate");
                if let Some(to) = to.filter(|_| !other && draft.link.is_empty()) {
                    draft.link = to;
                }
                ("link", Kind::Words)
            }
            "guid" => {
                draft.permanent = attribute("isPermaLink").is_none_or(|is| is != "false");
                ("id", Kind::Words)
            }
            "id" => {
                draft.permanent = false;
                ("id", Kind::Words)
            }
            "pubDate" | "published" | "dc:date" => ("published", Kind::Words),
            "updated" => ("updated", Kind::Words),
            _ => return,
        };
        self.field = Some(Field {
            name,
            kind,
            depth,
            text: String::new(),
        });
    }

    fn put(&mut self, words: &str, written: Written) {
        let Some(field) = &mut self.field else {
            return;
        };
        let words = match (field.kind, written) {
            // Already as HTML writes it.
            (Kind::Elements, Written::Plain | Written::Reference) => words.to_owned(),
            (Kind::Elements, Written::Whole) => escaped(words),
            (_, Written::Reference) => html::decode(words),
            (_, Written::Plain | Written::Whole) => words.to_owned(),
        };
        push(&mut field.text, &words);
    }

    fn close(&mut self, name: &str, depth: usize, base: &Url) {
        match &mut self.field {
            Some(field) if depth > field.depth => {
                if field.kind == Kind::Elements {
                    push(&mut field.text, &format!("</{name}>"));
                }
                return;
            }
            _ => {}
        }
        if let (Some(field), Some(draft)) = (self.field.take(), &mut self.draft) {
            let words = field.text.trim();
            match field.name {
                "title" if draft.title.is_empty() => draft.title = field.words(),
                "summary" if draft.summary.is_empty() => draft.summary = field.words(),
                "content" if draft.content.is_empty() => draft.content = field.words(),
                "link" if draft.link.is_empty() => words.clone_into(&mut draft.link),
                "id" if draft.id.is_empty() => words.clone_into(&mut draft.id),
                "published" => draft.published = draft.published.or_else(|| time(words)),
                "updated" => draft.updated = draft.updated.or_else(|| time(words)),
                _ => {}
            }
        }
        if let Some(draft) = self.draft.take_if(|draft| draft.depth >= depth) {
            self.entries.push(draft.finish(base));
        }
    }
}

impl Draft {
    fn finish(self, base: &Url) -> Entry {
        let address = |text: &str| {
            let url = base.join(text).ok()?;
            let good = matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_ID;
            (good && !text.is_empty()).then(|| url.to_string())
        };
        let own = self.permanent && self.id.contains("://");
        let link = address(&self.link)
            .or_else(|| address(&self.id).filter(|_| own))
            .unwrap_or_default();
        let body = if self.summary.is_empty() {
            self.content
        } else {
            self.summary
        };
        // A title made from the first words says nothing more.
        let begins = self.title.trim_end_matches(['…', '.']);
        let text = match (self.title.is_empty(), body.is_empty()) {
            (true, _) => body,
            (false, true) => self.title,
            (false, false) if body.starts_with(begins) => body,
            (false, false) => format!("{}\n\n{body}", self.title),
        };
        Entry {
            id: Some(self.id)
                .filter(|id| id.len() <= MAX_ID && !id.contains(char::is_control))
                .unwrap_or_default(),
            link,
            text: html::first(&text, MAX_TEXT),
            at: self.published.or(self.updated),
        }
    }
}

fn push(text: &mut String, more: &str) {
    if text.len() + more.len() <= MAX_FIELD {
        text.push_str(more);
    }
}

/// RFC 3339 (Atom) or a date of mail (RSS).
fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let at = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(at.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Vec<Entry>, Failure> {
        read(
            text.as_bytes(),
            &Url::parse("https://exemple.fr/flux/").unwrap(),
        )
    }

    fn one(inside: &str) -> Entry {
        let rss = format!(
            "<rss version='2.0'><channel><title>Site</title><item>{inside}</item></channel></rss>"
        );
        parse(&rss).unwrap().pop().unwrap()
    }

    #[test]
    fn rss_as_blogs_write_it() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE rss>
<rss version="2.0" xmlns:content="x" xmlns:dc="y" xmlns:media="z"><channel>
<title>Le phare</title><link>https://exemple.fr</link><atom:link href="https://exemple.fr/flux" rel="self"/>
<item><title>L&#8217;&eacute;té &amp; le phare</title><link>https://exemple.fr/ete</link>
<guid isPermaLink="false">urn:vigie:abc-1</guid><pubDate>Fri, 27 Nov 2026 08:30:00 GMT</pubDate>
<media:title>autre</media:title><media:group><title>autre</title></media:group>
<description><![CDATA[<p>Ouvert <a href="https://mechant.test/">ici</a></p><script>x</script>]]></description>
<content:encoded><![CDATA[<p>Tout</p>]]></content:encoded></item>
<item><guid>https://exemple.fr/deux</guid><description>Deux &lt;b&gt;mots&lt;/b&gt;</description></item>
</channel></rss>"#;
        let all = parse(text).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(
            all[0].text,
            "L’été & le phare\n\nOuvert ici (https://mechant.test/)"
        );
        assert_eq!(
            (all[0].id.as_str(), all[0].link.as_str()),
            ("urn:vigie:abc-1", "https://exemple.fr/ete")
        );
        assert_eq!(all[0].at, "2026-11-27T08:30:00Z".parse().ok());
        assert_eq!(
            (all[1].text.as_str(), all[1].link.as_str(), all[1].at),
            ("Deux mots", "https://exemple.fr/deux", None)
        );
    }

    #[test]
    fn atom_with_its_three_kinds_of_text() {
        let text = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>Site</title>
<entry><id>urn:uuid:1</id><title>a &lt;b&gt; c</title><link rel="self" href="/brut"/><link href="../un"/>
<updated>2026-11-27T09:00:00+01:00</updated><summary type="html">&lt;p&gt;Un&lt;/p&gt;&lt;p&gt;deux&lt;/p&gt;</summary></entry>
<entry><title type="text">1 &lt; 2</title><content type="xhtml"><div xmlns="x"><p>Un &amp; <a href="https://b.test/">lien</a></p><p>deux</p></div></content>
<published>2026-11-26T00:00:00Z</published><updated>2026-11-27T00:00:00Z</updated></entry></feed>"#;
        let all = parse(text).unwrap();
        assert_eq!(
            (all[0].text.as_str(), all[0].link.as_str()),
            ("a c\n\nUn\n\ndeux", "https://exemple.fr/un")
        );
        assert_eq!(all[0].at, "2026-11-27T08:00:00Z".parse().ok());
        assert_eq!(all[1].text, "1 < 2\n\nUn & lien (https://b.test/)\n\ndeux");
        assert_eq!((all[1].id.as_str(), all[1].link.as_str()), ("", ""));
        assert_eq!(all[1].at, "2026-11-26T00:00:00Z".parse().ok());
    }

    #[test]
    fn odd_fields() {
        assert_eq!(
            one("<title>Bonjour à tous…</title><description>Bonjour à tous les amis</description>")
                .text,
            "Bonjour à tous les amis"
        );
        assert_eq!(one("<title>A & B</title>").text, "A & B");
        assert_eq!(one("<link>javascript:alert(1)</link>").link, "");
        assert_eq!(one("<link>/page</link>").link, "https://exemple.fr/page");
        assert_eq!(one("<pubDate>hier</pubDate>").at, None);
        assert_eq!(one(&format!("<guid>{}</guid>", "a".repeat(3_000))).id, "");
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><rss><channel><item><title>\xe9t\xe9</title></item></channel></rss>";
        let base = Url::parse("https://exemple.fr").unwrap();
        assert_eq!(read(latin, &base).unwrap()[0].text, "été");
        assert_eq!(parse("<rss><channel/></rss>").unwrap(), []);
    }

    #[test]
    fn what_is_no_feed() {
        for bad in [
            "",
            "x",
            "{}",
            "<!doctype html><html><body>404</body></html>",
            "<html><rss></rss></html>",
            "<rss><channel><item><title>coupé",
            "<rss><channel></rss>",
            "<?xml version='1.0'?>",
        ] {
            assert_eq!(parse(bad).unwrap_err().code, Code::GarbageAnswer, "{bad}");
        }
    }

    #[test]
    fn hostile_documents_stay_small() {
        // A billion laughs, a file of this machine, an address: nothing is put in, nothing is loaded.
        let laughs = r#"<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">
<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY % p SYSTEM "http://127.0.0.1/">]>
<rss><channel><item><title>&c;&f;</title></item></channel></rss>"#;
        assert_eq!(parse(laughs).unwrap()[0].text, "&c;&f;");
        let deep = format!("<rss>{}", "<a>".repeat(500_000));
        assert!(parse(&deep).is_err());
        let inside = format!("<rss><channel><item><description>{}", "<b>".repeat(500_000));
        assert!(parse(&inside).is_err());
        let many = format!(
            "<rss><channel>{}</channel></rss>",
            "<item><title>x</title></item>".repeat(100_000)
        );
        assert_eq!(parse(&many).unwrap().len(), MAX_ENTRIES);
        let long = one(&format!("<title>{}</title>", "é &amp; ".repeat(400_000)));
        assert!(long.text.chars().count() <= MAX_TEXT);
        for unit in [
            "<",
            "&",
            "<![CDATA[",
            "<!--",
            "<a b='",
            "<item>",
            "</item>",
            "<title/>",
            "<link href='",
            "<a x='1' y='2' ",
        ] {
            let text = format!(
                "<rss><channel><item>{}",
                unit.repeat(3_000_000 / unit.len())
            );
            let _ = parse(&text);
        }
        let attributes = format!(
            "<rss><channel><item><link {}/></item></channel></rss>",
            "a='b' ".repeat(400_000)
        );
        assert_eq!(parse(&attributes).unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes, &Url::parse("https://exemple.fr").unwrap());
        }

        #[test]
        fn made_up_feeds_are_read(parts in prop::collection::vec(prop::sample::select(vec![
            "<item>", "</item>", "<entry>", "</entry>", "<title>", "</title>", "<title type='xhtml'>", "<description>", "</description>",
            "<link href='x'/>", "<link>", "</link>", "<guid>", "</guid>", "<![CDATA[", "]]>", "&lt;", "&c;", "&", "é", "<p>", "</p>", "<br/>"]), 0..60)) {
            let text = format!("<rss>{}</rss>", parts.concat());
            if let Ok(all) = parse(&text) {
                prop_assert!(all.iter().all(|e| e.text.chars().count() <= MAX_TEXT));
            }
        }

        #[test]
        fn words_come_back_whole(words in "[a-zé<>&\"' ]{1,80}") {
            let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
            let expected = words.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(one(&format!("<description>{}</description>", escape(&escape(&words)))).text, expected);
        }
    }
}
