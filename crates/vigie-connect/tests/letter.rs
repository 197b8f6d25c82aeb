//! Letters as they are written: both parts say the same, and nothing that is put into one becomes a header, mark-up or a
//! call to elsewhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on must fail"
)]

use mail_parser::MessageParser;
use proptest::prelude::*;
use url::Url;
use vigie_connect::{
    chat::{Action, ActionId, Note, Quoted},
    mail::{
        Address, Letter, Mailbox, Unsubscribe,
        letter::{is_ours, tag},
    },
};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn mailbox(name: &str, address: &str) -> Mailbox {
    Mailbox {
        name: name.into(),
        address: Address::parse(address).unwrap(),
    }
}

fn note(title: &str, text: &str) -> Note {
    Note {
        key: format!("key of {title}"),
        thread: None,
        title: title.into(),
        body: vec![text.into()],
        contents: vec![Quoted {
            page: "Page <b>".into(),
            text: text.into(),
            pictures: vec!["un chat".into()],
        }],
        findings: vec![("stop".into(), text.into())],
        actions: vec![Action {
            id: ActionId::Approve,
            label: "Approuver".into(),
            value: "x".into(),
        }],
        links: vec![
            (
                "Ouvrir".into(),
                Url::parse("https://vigie.corp.test/p/1?a=b&c=d").unwrap(),
            ),
            ("Mal".into(), Url::parse("javascript:alert(1)").unwrap()),
        ],
        footer: "Réglages".into(),
        lang: "fr".into(),
    }
}

fn letter(note: Note) -> Letter {
    Letter {
        from: mailbox("Vigie", "vigie@corp.test"),
        to: mailbox("Anne Durand", "anne@example.test"),
        note,
        items: vec![],
        token: Some(TOKEN.into()),
        unsubscribe: Some(Unsubscribe {
            url: Url::parse("https://vigie.corp.test/stop/abc?x=<y>\r\nBcc: z@z.z").unwrap(),
        }),
    }
}

const HEADERS: [&str; 11] = [
    "from",
    "to",
    "date",
    "message-id",
    "auto-submitted",
    "reply-to",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "subject",
    "mime-version",
    "content-type",
];

fn headers(bytes: &[u8]) -> Vec<String> {
    let message = MessageParser::new().parse(bytes).unwrap();
    let mut names: Vec<String> = message
        .headers_raw()
        .map(|(name, _)| name.trim().to_ascii_lowercase())
        .collect();
    names.sort();
    names
}

fn expected() -> Vec<String> {
    let mut names: Vec<String> = HEADERS.iter().map(|name| (*name).to_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_letter_says_the_same_in_both_parts() {
    let mut first = letter(note(
        "Le titre & <co>",
        "Bonjour,  deux\nlignes <script>alert(1)</script> @everyone",
    ));
    let bytes = first.write().unwrap();
    assert!(bytes.is_ascii(), "no server has to change it");
    assert!(bytes.split(|b| *b == b'\n').all(|line| line.len() < 990));
    let message = MessageParser::new().parse(&bytes).unwrap();
    assert_eq!(headers(&bytes), expected());
    assert_eq!(
        message.subject(),
        Some(format!("Le titre & <co> {}", tag(TOKEN)).as_str())
    );
    let reply = message
        .reply_to()
        .unwrap()
        .first()
        .unwrap()
        .address()
        .unwrap();
    assert_eq!(reply, format!("vigie+{TOKEN}@corp.test"));
    let text = message.body_text(0).unwrap();
    let html = message.body_html(0).unwrap();
    assert!(
        text.contains("> Bonjour,  deux\r\n> lignes <script>alert(1)</script> @everyone")
            || text.contains("> Bonjour,  deux\n> lignes <script>alert(1)</script> @everyone"),
        "{text}"
    );
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt;")
            && html.contains("Bonjour, &nbsp;deux<br>"),
        "{html}"
    );
    assert!(
        html.starts_with("<!DOCTYPE html>\n<html lang=\"fr\" dir=\"ltr\">")
            || html.contains("<html lang=\"fr\" dir=\"ltr\">")
    );
    for word in [
        "<script",
        "<img",
        "style=",
        "src=",
        "javascript:",
        "http://",
    ] {
        assert!(!html.contains(word), "{word}");
    }
    assert!(html.contains("href=\"https://vigie.corp.test/p/1?a=b&amp;c=d\""));
    for both in ["Le titre", "Page", "un chat", "stop", "Ouvrir", "Réglages"] {
        assert!(text.contains(both) && html.contains(both), "{both}");
    }
    assert!(!text.contains("javascript"));
    // A repeat is the same letter; another reader's is another.
    let id = message.message_id().unwrap();
    assert!(is_ours(id, "corp.test") && !is_ours(id, "evil.test"));
    let again = first.write().unwrap();
    assert_eq!(
        MessageParser::new().parse(&again).unwrap().message_id(),
        Some(id)
    );
    let sent = first.sent();
    assert_eq!(
        (sent.message.as_deref(), sent.thread.as_deref()),
        (Some(id), Some(id))
    );
    let id = id.to_owned();
    first.to = mailbox("", "karim@example.test");
    assert_ne!(first.id(), id);
    // What follows is in the same thread.
    let mut second = letter(note("Suite", "x"));
    second.note.thread = Some(id.clone());
    let bytes = second.write().unwrap();
    let message = MessageParser::new().parse(&bytes).unwrap();
    assert_eq!(message.in_reply_to().as_text(), Some(id.as_str()));
    assert_eq!(message.references().as_text(), Some(id.as_str()));
    assert_eq!(second.sent().thread, Some(id));
    // A thread that is not ours never reaches a header.
    second.note.thread = Some("x>\r\nBcc: a@b.c\r\nX: <vigie.0@corp.test".into());
    assert_eq!(headers(&second.write().unwrap()), expected());
}

#[test]
fn a_digest_holds_all_its_notes() {
    let mut digest = letter(note("Résumé du jour", "Trois choses"));
    digest.items = (1..=3).map(|n| note(&format!("Chose {n}"), "y")).collect();
    let bytes = digest.write().unwrap();
    let message = MessageParser::new().parse(&bytes).unwrap();
    let (text, html) = (message.body_text(0).unwrap(), message.body_html(0).unwrap());
    for n in 1..=3 {
        let title = format!("Chose {n}");
        assert!(text.contains(&title) && html.contains(&format!("<h2 dir=\"auto\">{title}</h2>")));
    }
    assert_eq!(html.matches("<h1").count(), 1);
}

#[test]
fn what_cannot_be_a_letter_is_refused() {
    let mut bad = letter(note("x", "y"));
    bad.token = Some("short\r\nBcc: a@b.c".into());
    assert_eq!(bad.write().unwrap_err().failure.code.as_str(), "bad_key");
    let mut bad = letter(note("x", "y"));
    bad.unsubscribe = Some(Unsubscribe {
        url: Url::parse("http://vigie.corp.test/").unwrap(),
    });
    assert_eq!(bad.write().unwrap_err().failure.code.as_str(), "bad_link");
    let bad = letter(note("x", &"é".repeat(600_000)));
    assert_eq!(
        bad.write().unwrap_err().failure.code.as_str(),
        "too_many_bytes"
    );
}

/// Text with everything that could break out of a header, a tag or a line.
fn hostile() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            "\\PC{0,40}",
            Just("\r\nBcc: victim@example.test\r\n\r\n".to_owned()),
            Just("\n.\r\n".to_owned()),
            Just("\" onclick=\"x\" <img src=http://evil.test/>".to_owned()),
            Just("\u{202e}\u{2066}\u{0}\u{7f}\u{85}\u{2028}".to_owned()),
            Just("שלום עולם مرحبا".to_owned()),
            Just("=?utf-8?q?=0D=0ABcc:_x?=".to_owned()),
            Just("<a@b.c>, \"x\" <d@e.f>".to_owned()),
            Just("a".repeat(2_000)),
        ],
        0..6,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn nothing_is_smuggled_into_a_letter(title in hostile(), text in hostile(), name in hostile(), lang in hostile()) {
        let mut one = letter(note(&title, &text));
        one.to.name = name;
        one.note.lang = lang;
        one.note.contents[0].page = title.clone();
        one.note.links[0].0 = text.clone();
        one.note.footer = text.clone();
        let bytes = one.write().unwrap();
        prop_assert_eq!(headers(&bytes), expected());
        prop_assert!(bytes.is_ascii());
        prop_assert!(bytes.windows(2).all(|two| (two[1] != b'\n') || two[0] == b'\r'));
        let message = MessageParser::new().parse(&bytes).unwrap();
        let to: Vec<_> = message.to().unwrap().iter().filter_map(|one| one.address()).collect();
        prop_assert_eq!(to, vec!["anne@example.test"]);
        let subject = message.subject().unwrap();
        prop_assert!(subject.ends_with(&tag(TOKEN)), "{}", subject);
        let turns = |c: char| c.is_control() || matches!(u32::from(c), 0x202a..=0x202e | 0x2066..=0x2069);
        prop_assert!(!subject.chars().any(turns));
        prop_assert!(subject.chars().count() < 200);
        let html = message.body_html(0).unwrap().replace('\r', "");
        prop_assert_eq!(html.matches('<').count(), html.matches('>').count());
        for tag in html.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            let known = ["!DOCTYPE html", "html lang=\"", "/", "head", "body", "meta ", "title", "p dir=\"auto\"", "h1 dir=\"auto\"", "strong", "blockquote", "em", "ul", "li dir=\"auto\"", "a href=\"https://vigie.corp.test/p/1?a=b&amp;c=d\"", "br", "hr", "small"];
            prop_assert!(known.iter().any(|k| tag.starts_with(k)), "{}", tag);
            prop_assert!(!tag.contains("onclick="), "{}", tag);
        }
    }
}
