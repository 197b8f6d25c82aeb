//! What an answer says: a decision in one strict word on a line of its own, or words for the conversation. Pure.
//!
//! A decision counts only when the letter is surely tied to the question: the one-time token in the address it was
//! sent to (or, where a mail server has cut that off, the Message-ID answered) stands in a header that the signature
//! covers, or the covered subject still holds the token's mark. Otherwise somebody who knows the token could put
//! a signed "approve" about something else under it. Such a letter still counts as words.

use super::{
    address::{Address, one_line},
    authentic::Author,
    headers::is_message_id,
    letter::{is_ours, tag},
};
use crate::chat::{ActionId, Heard, MAX_HEARD, Speaker};
use mail_parser::{HeaderValue, Message, MessageParser, PartType, decoders::html::html_to_text};
use std::collections::BTreeSet;

/// The chat's name in [`Speaker::chat`].
pub const CHAT: &str = "mail";
/// Most lines of an answer that are read.
const MAX_LINES: usize = 2_000;
/// Ids of a thread that are looked at, newest first.
const MAX_REFERENCES: usize = 50;

/// Where the letter answered begins in the HTML of the usual mail programs.
const QUOTATIONS: [&str; 6] = [
    "<blockquote",
    "gmail_quote",
    "divrplyfwdmsg",
    "moz-cite-prefix",
    "yahoo_quoted",
    "<hr",
];

/// What a letter says, in order: a decision, then its words. Empty when it answers nothing of ours. `ours` is the
/// address that our letters come from. [`Heard::Pressed`] carries the token; when only the thread is left of it, the
/// Message-ID answered (with an `@`, as no token has), which the shell finds its question by.
pub fn read(letter: &[u8], author: &Author, ours: &Address) -> Vec<Heard> {
    let Some(message) = MessageParser::new().parse(letter) else {
        return Vec::new();
    };
    let (token, token_covered) = token(&message, author, ours);
    let answered = answered(&message, author, ours);
    let Some(thread) = answered
        .as_ref()
        .map(|(id, _)| id.clone())
        .or_else(|| token.clone())
    else {
        return Vec::new();
    };
    let tagged = |token: &str| {
        author.covered.contains("subject")
            && message
                .subject()
                .is_some_and(|subject| subject.contains(&tag(token)))
    };
    // What the decision is tied to, if it surely is.
    let value = match (&token, &answered) {
        (Some(token), _) if token_covered || tagged(token) => Some(token.clone()),
        // A token that nobody vouches for may have been put there: the letter that is surely answered counts.
        (_, Some((id, true))) => Some(id.clone()),
        _ => None,
    };
    let words = own_words(&body(&message));
    let who = Speaker {
        chat: CHAT.to_owned(),
        id: author.address.id(),
        name: one_line(&author.name, 80),
    };
    let mut heard = Vec::new();
    let (action, rest) = decision(&words);
    if let (Some(action), Some(value)) = (action, value) {
        heard.push(Heard::Pressed {
            who: who.clone(),
            action,
            value,
            thread: Some(thread.clone()),
        });
        if !rest.is_empty() {
            heard.push(said(who, thread, rest, author));
        }
    } else if !words.is_empty() {
        heard.push(said(who, thread, words, author));
    }
    heard
}

/// Why a letter that looks like a decision decided nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// The word is not alone on the first line, or something else is written there.
    Words,
    /// The word is right, and no signature ties it to the question.
    Unsigned,
}

/// Whether the first line of a letter that decides nothing begins as a decision would, and why it is none.
pub fn missed(letter: &[u8], author: &Author, ours: &Address) -> Option<Missed> {
    let decided = |one: &Heard| matches!(one, Heard::Pressed { .. });
    if read(letter, author, ours).iter().any(decided) {
        return None;
    }
    let message = MessageParser::new().parse(letter)?;
    let words = own_words(&body(&message));
    if decision(&words).0.is_some() {
        return Some(Missed::Unsigned);
    }
    let first = words
        .lines()
        .next()?
        .to_lowercase()
        .replace('\u{2019}', "'");
    ["approv", "approuv", "i approv", "j'approuv", "chang"]
        .iter()
        .any(|word| first.starts_with(word))
        .then_some(Missed::Words)
}

fn said(who: Speaker, thread: String, text: String, author: &Author) -> Heard {
    Heard::Said {
        who,
        thread,
        text,
        message: author.message.clone(),
    }
}

/// The one token in the addresses that the letter was sent to, and whether that header is covered.
fn token(message: &Message<'_>, author: &Author, ours: &Address) -> (Option<String>, bool) {
    let mut found: BTreeSet<(String, bool)> = BTreeSet::new();
    for header in message.headers() {
        let name = header.name.as_str().to_ascii_lowercase();
        if !matches!(
            name.as_str(),
            "to" | "cc" | "delivered-to" | "x-original-to" | "envelope-to"
        ) {
            continue;
        }
        let mut add = |text: &str| {
            let address = Address::parse(text.trim().trim_matches(['<', '>']));
            if let Some(token) = address.and_then(|address| ours.token_of(&address)) {
                found.insert((token, author.covered.contains(&name)));
            }
        };
        match &header.value {
            HeaderValue::Address(addresses) => addresses
                .iter()
                .filter_map(|one| one.address())
                .for_each(&mut add),
            HeaderValue::Text(text) => add(text),
            _ => {}
        }
    }
    let tokens: BTreeSet<&String> = found.iter().map(|(token, _)| token).collect();
    match tokens.first() {
        Some(token) if tokens.len() == 1 => (
            Some((*token).clone()),
            found.iter().any(|(_, covered)| *covered),
        ),
        // Two tokens in one letter are no token.
        _ => (None, false),
    }
}

/// The letter of ours that this one answers, and whether the header that says so is covered.
fn answered(message: &Message<'_>, author: &Author, ours: &Address) -> Option<(String, bool)> {
    for name in ["in-reply-to", "references"] {
        let line = message
            .headers_raw()
            .find(|(known, _)| known.trim().eq_ignore_ascii_case(name));
        let Some((_, line)) = line else { continue };
        let newest = line.split(['<', '>']).rev().map(str::trim);
        let ours = newest
            .take(MAX_REFERENCES * 2)
            .find(|id| is_message_id(id) && is_ours(id, ours.domain()));
        if let Some(id) = ours {
            return Some((id.to_owned(), author.covered.contains(name)));
        }
    }
    None
}

/// The decision of the first line, and the words besides it.
fn decision(words: &str) -> (Option<ActionId>, String) {
    let (first, rest) = words.split_once('\n').unwrap_or((words, ""));
    let line = first.trim().to_lowercase();
    // The word stands alone: a sentence that goes on in the next line is not a decision.
    let alone = rest.is_empty() || rest.starts_with('\n');
    let bare = line.strip_suffix(['.', '!']).unwrap_or(&line).trim_end();
    if matches!(bare, "approve" | "approuve") && alone {
        return (Some(ActionId::Approve), rest.trim().to_owned());
    }
    for word in ["changer", "changes"] {
        let after = line.strip_prefix(word).map(str::trim_start);
        if after.is_some_and(|after| after.starts_with(':')) {
            let said = words.split_once(':').map_or("", |(_, said)| said);
            return (Some(ActionId::AskForChanges), said.trim().to_owned());
        }
    }
    (None, words.to_owned())
}

/// The text of the letter; of one in HTML only, up to where mail programs put the letter answered.
fn body(message: &Message<'_>) -> String {
    let part = message.text_bodies().next();
    match part.map(|part| &part.body) {
        Some(PartType::Text(text)) => text.to_string(),
        Some(PartType::Html(html)) => {
            let lower = html.to_ascii_lowercase();
            let end = QUOTATIONS.iter().filter_map(|mark| lower.find(mark)).min();
            // ASCII case does not move bytes: the place is the same in both.
            let own = end.and_then(|end| html.get(..end)).unwrap_or(html);
            html_to_text(own)
        }
        _ => String::new(),
    }
}

/// The letter without what it quotes and without its signature.
fn own_words(body: &str) -> String {
    // Invisible characters could hide the mark of a quotation.
    let clean = |line: &str| -> String {
        let line = line.chars().filter(|c| *c == '\t' || !c.is_control());
        line.collect::<String>().trim_end().to_owned()
    };
    let lines: Vec<String> = body.lines().take(MAX_LINES).map(clean).collect();
    let mut own: Vec<&str> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let next = lines.get(at + 1).map_or("", String::as_str);
        if line == "--" || starts_quotation(line, next) {
            break;
        }
        if line.trim_start().starts_with('>') {
            continue;
        }
        own.push(line);
    }
    drop_footer(&mut own);
    let text = own.join("\n");
    let mut text: String = text.trim().chars().take(MAX_HEARD).collect();
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text
}

/// How the lines begin that telephones put under a letter.
const FOOTERS: [&str; 10] = [
    "sent from my ",
    "sent from outlook",
    "sent via ",
    "get outlook for ",
    "envoyé de mon ",
    "envoyé depuis mon ",
    "envoyé à partir d",
    "obtenez outlook pour ",
    "obtenir outlook pour ",
    "télécharger outlook pour ",
];

/// Drops the last line where a telephone wrote it.
fn drop_footer(own: &mut Vec<&str>) {
    let Some(at) = own.iter().rposition(|line| !line.trim().is_empty()) else {
        return;
    };
    let line = own.get(at).map_or("", |line| line.trim()).to_lowercase();
    if line.chars().count() <= 80 && FOOTERS.iter().any(|begins| line.starts_with(begins)) {
        own.truncate(at);
    }
}

/// The line that mail programs put before the letter answered.
fn starts_quotation(line: &str, next: &str) -> bool {
    let line = line.trim();
    let lower = line.to_lowercase();
    let rule = |c: char| line.len() >= 10 && line.chars().all(|l| l == c);
    let names = |text: &str| {
        let text = text.trim().to_lowercase();
        [
            "envoyé :",
            "envoyé:",
            "sent:",
            "date :",
            "date:",
            "to:",
            "à :",
            "à:",
        ]
        .iter()
        .any(|name| text.starts_with(name))
    };
    let written = |text: &str| {
        let text = text.trim().to_lowercase();
        (text.ends_with("wrote:") || text.ends_with("a écrit :") || text.ends_with("a écrit:"))
            || text.ends_with("a écrit\u{a0}:")
            || text.ends_with("a écrit\u{202f}:")
    };
    let opens = lower.starts_with("on ") || lower.starts_with("le ");
    (opens && (written(line) || (line.len() < 200 && written(next))))
        || rule('_')
        || (line.starts_with("---")
            && line.ends_with("---")
            && [
                "original message",
                "message d'origine",
                "message d’origine",
                "forwarded message",
            ]
            .iter()
            .any(|words| lower.contains(words)))
        || ((lower.starts_with("from:") || lower.starts_with("de :") || lower.starts_with("de:"))
            && names(next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";
    const ID: &str = "vigie.0123456789abcdef0123456789abcdef01234567@corp.example";

    fn ours() -> Address {
        Address::parse("vigie@corp.example").unwrap()
    }

    fn author(covered: &[&str]) -> Author {
        Author {
            address: Address::parse("Anne@Example.com").unwrap(),
            name: "Anne".into(),
            message: "1@example.com".into(),
            covered: covered.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn letter(to: &str, more: &str, body: &str) -> Vec<u8> {
        let body = body.replace('\n', "\r\n");
        format!(
            "From: Anne <anne@example.com>\r\nTo: {to}\r\nMessage-ID: <1@example.com>\r\n{more}\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}"
        )
        .into_bytes()
    }

    fn heard(body: &str) -> (Option<(ActionId, String)>, Option<String>) {
        let to = format!("vigie+{TOKEN}@corp.example");
        sorted(read(
            &letter(&to, "", body),
            &author(&["from", "to"]),
            &ours(),
        ))
    }

    fn sorted(all: Vec<Heard>) -> (Option<(ActionId, String)>, Option<String>) {
        let (mut pressed, mut words) = (None, None);
        for one in all {
            match one {
                Heard::Pressed {
                    who, action, value, ..
                } => {
                    assert_eq!(
                        (who.chat.as_str(), who.id.as_str()),
                        ("mail", "anne@example.com")
                    );
                    assert_eq!(pressed.replace((action, value)), None);
                }
                Heard::Said { text, message, .. } => {
                    assert_eq!(message, "1@example.com");
                    assert_eq!(words.replace(text), None);
                }
                Heard::Bind { .. } => panic!("mail binds nobody"),
            }
        }
        (pressed, words)
    }

    #[test]
    fn one_strict_word_decides() {
        let approve = || Some((ActionId::Approve, TOKEN.to_owned()));
        for body in [
            "approve",
            "Approve\n",
            "APPROUVE.\n\nLe lundi 3 mars 2026 à 10:00, Vigie <v@x> a écrit :\n> texte",
            "\n\nApprouve !\n",
            "approve\n-- \nAnne",
            "Approve\n\nOn Monday, somebody very far away at a long address\n<v@x> wrote:\n\nchanges: x",
            "> quoted\napprove",
            "Approve\n\nSent from my iPhone\n\n> On 3 March, Vigie wrote:",
            "Approuve\nEnvoyé de mon iPhone",
            "Approve\n\nGet Outlook for iOS<https://aka.ms/o0ukef>",
        ] {
            assert_eq!(heard(body), (approve(), None), "{body}");
        }
        assert_eq!(
            heard("approve\n\nMerci, c'est parfait"),
            (approve(), Some("Merci, c'est parfait".into()))
        );
        let changes = || Some((ActionId::AskForChanges, TOKEN.to_owned()));
        for body in [
            "changes: the date\nis wrong",
            "Changes : the date\nis wrong\n\n> approve",
        ] {
            assert_eq!(
                heard(body),
                (changes(), Some("the date\nis wrong".into())),
                "{body}"
            );
        }
        assert_eq!(heard("Changer : la date").1, Some("la date".into()));
    }

    #[test]
    fn anything_else_is_words() {
        for body in [
            "approved",
            "I approve",
            "approve?",
            "approve if the date is right",
            "approve\nif the date is right",
            "don't\napprove",
            "oui",
            "yes",
            "ok",
            "je n'approuve pas",
            "approve approve",
            "changes",
            "changed: no",
            "аpprove",
        ] {
            let (pressed, words) = heard(body);
            assert_eq!(pressed, None, "{body}");
            assert_eq!(words.as_deref(), Some(body), "{body}");
        }
        // Only quoted: nothing is said at all.
        for body in [
            "",
            "\n\n",
            "> approve",
            "-- \napprove",
            "On Monday, A <a@b> wrote:\napprove",
        ] {
            assert_eq!(heard(body), (None, None), "{body}");
        }
        assert_eq!(
            heard("bien\n> approve\n> changes: x").1,
            Some("bien".into())
        );
    }

    #[test]
    fn what_looks_like_a_decision_and_is_none_is_known() {
        let to = format!("vigie+{TOKEN}@corp.example");
        let why = |body: &str, covered: &[&str]| {
            let (author, ours) = (author(covered), ours());
            missed(&letter(&to, "", body), &author, &ours)
        };
        for body in [
            "Approved",
            "approve if the date is right",
            "I approve",
            "J’approuve !",
            "Approuvé\n\nEnvoyé de mon iPhone",
            "Changes please",
            "approve\nSent from my iPhone\nand one more thing",
        ] {
            assert_eq!(why(body, &["to"]), Some(Missed::Words), "{body}");
        }
        assert_eq!(why("approve", &[]), Some(Missed::Unsigned));
        for body in ["approve", "changes: x", "Is it right?", "", "> approve"] {
            assert_eq!(why(body, &["to"]), None, "{body}");
        }
    }

    #[test]
    fn a_decision_is_tied_to_its_question_by_what_is_signed() {
        let to = format!("vigie+{TOKEN}@corp.example");
        let subject = format!("Subject: Re: Post {}\r\n", tag(TOKEN));
        let thread = format!("In-Reply-To: <{ID}>\r\n");
        let decides = |to: &str, more: &str, covered: &[&str]| {
            sorted(read(
                &letter(to, more, "approve"),
                &author(covered),
                &ours(),
            ))
            .0
        };
        let token = Some((ActionId::Approve, TOKEN.to_owned()));
        assert_eq!(decides(&to, "", &["from", "to"]), token);
        assert_eq!(decides(&to, &subject, &["from", "subject"]), token);
        // Whatever token stands in an address that is not covered, the decision is about the letter answered.
        let thread_itself = Some((ActionId::Approve, ID.to_owned()));
        let covered = ["from", "in-reply-to"];
        assert_eq!(decides(&to, &thread, &covered), thread_itself);
        assert_eq!(
            decides("vigie@corp.example", &thread, &["in-reply-to"]),
            Some((ActionId::Approve, ID.to_owned()))
        );
        // Not covered, or about something else.
        assert_eq!(decides(&to, "", &["from"]), None);
        assert_eq!(decides(&to, "", &[]), None);
        assert_eq!(decides(&to, &subject, &["from"]), None);
        assert_eq!(
            decides(&to, "Subject: Lunch\r\n", &["from", "subject"]),
            None
        );
        assert_eq!(decides("vigie@corp.example", &thread, &["from"]), None);
        assert_eq!(decides("vigie@corp.example", "", &["from", "to"]), None);
        let two = format!("{to}, vigie+fedcba9876543210@corp.example");
        assert_eq!(decides(&two, "", &["from", "to"]), None);
        let other = thread.replace("corp.example", "evil.example");
        assert_eq!(
            decides("vigie@corp.example", &other, &["in-reply-to"]),
            None
        );
    }

    #[test]
    fn html_alone_is_read_as_text() {
        let to = format!("vigie+{TOKEN}@corp.example");
        let html = String::from_utf8(letter(
            &to,
            "",
            "<div>Approve</div><blockquote>x</blockquote>",
        ))
        .unwrap()
        .replace("text/plain", "text/html");
        let (pressed, words) = sorted(read(html.as_bytes(), &author(&["to"]), &ours()));
        assert_eq!(pressed, Some((ActionId::Approve, TOKEN.to_owned())));
        assert_eq!(words, None);
    }

    proptest! {
        #[test]
        fn hostile_letters_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let _ = read(&bytes, &author(&["to"]), &ours());
        }

        #[test]
        fn hostile_bodies_never_approve(body in "\\PC{0,200}", lines in proptest::collection::vec("[>\\- \tа-яa-zé:.!\u{0}\u{202e}]{0,30}", 0..8)) {
            let whole = format!("{body}\n{}", lines.join("\n"));
            let (pressed, words) = heard(&whole);
            if let Some((ActionId::Approve, _)) = pressed {
                let first = whole.lines().find(|l| !l.trim().is_empty() && !l.trim_start().starts_with('>')).unwrap_or_default().to_lowercase();
                prop_assert!(first.contains("approve") || first.contains("approuve"));
            }
            let words = words.unwrap_or_default();
            prop_assert!(words.chars().count() <= MAX_HEARD);
            prop_assert!(!words.lines().any(|l| l.trim_start().starts_with('>')));
            prop_assert!(!words.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
        }
    }
}
