//! Mattermost, through an incoming webhook: it speaks and does not hear. The address is the secret.
//!
//! Source: <https://developers.mattermost.com/integrate/webhooks/incoming/>.

use super::{
    Note, Sent,
    address::{Address, word},
    words::{Room, body, cut, findings, fit, line, links, more, units},
};
use crate::{
    Code, Http,
    rest::{Said, Trouble},
};
use bytes::Bytes;
use serde_json::{Value, json};
use std::time::Duration;

/// Most characters of a post that we make; Mattermost takes 16,383.
const MOST: usize = 15_000;

/// One channel.
#[derive(Debug, Clone)]
pub struct Mattermost {
    http: Http,
    address: Address,
}

impl Mattermost {
    /// The channel that the webhook's address leads to.
    pub const fn new(http: Http, address: Address) -> Self {
        Self { http, address }
    }

    /// Says something. There are no threads: [`Sent`] is empty.
    ///
    /// # Errors
    /// [`Trouble`]; `Unknown` must not be repeated: Mattermost would say it twice.
    pub async fn say(&self, note: &Note, within: Duration) -> Result<Sent, Trouble> {
        let body = Bytes::from(message(note).to_string());
        let answer = self
            .address
            .post(&self.http, body, Vec::new(), within)
            .await?;
        let ok = |answer: &crate::http::Answer| answer.body.trim_ascii() == b"ok";
        self.address.judge(answer, ok, read_error)?;
        Ok(Sent::default())
    }
}

fn message(note: &Note) -> Value {
    let text = |note: &Note, room: Room| {
        let mut parts = Vec::new();
        let title = line(&note.title, 300, units);
        if !title.is_empty() {
            parts.push(format!("**{}**", quiet(&title)));
        }
        parts.push(quiet(&body(note, room.body)));
        for content in note.contents.iter().take(room.contents) {
            let page = quiet(&line(&content.page, 200, units));
            let (words, missing) = cut(&content.text, room.text, units);
            let mut part = format!("**{page}**");
            if !words.is_empty() {
                part.push('\n');
                part.push_str(&fenced(&words));
            }
            for alt in content.pictures.iter().take(room.pictures) {
                part.push_str(&format!("\n🖼 {}", quiet(&line(alt, room.alt, units))));
            }
            if missing || content.pictures.len() > room.pictures {
                part.push('\n');
                part.push_str(&quiet(&more(note)));
            }
            parts.push(part);
        }
        if note.contents.len() > room.contents {
            parts.push(quiet(&more(note)));
        }
        parts.push(quiet(&findings(note, room.findings).join("\n")));
        let links = links(note, room.links)
            .map(|(label, url)| format!("[{}]({})", quiet(&label), bracketless(url)));
        parts.push(links.collect::<Vec<_>>().join(" · "));
        parts.push(quiet(&line(&note.footer, 300, units)));
        parts.retain(|part| !part.trim().is_empty());
        parts.join("\n\n")
    };
    json!({ "text": fit(note, MOST, text, |text| text.chars().map(units).sum()) })
}

/// Words that stay words: every mark of Markdown is escaped, and nobody is mentioned (a zero-width joiner stands
/// after each `@`).
fn quiet(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '@' | '\'' | '"' | ',' | ';' | '?' | '%' | '/')
        {
            out.push('\\');
        }
        out.push(c);
        if c == '@' {
            out.push('\u{200d}');
        }
    }
    out
}

/// The exact words in a block of code that they cannot end: its fence is longer than any run of backticks in them.
/// Mentions are not looked for in code, but Mattermost's keywords for all are broken there too.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.saturating_add(1).max(3));
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}text\n{}{end}{fence}", unaddressed(text))
}

/// `@channel`, `@all` and `@here` with a zero-width joiner, whatever their case.
fn unaddressed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('@') {
        out.push_str(before);
        out.push('@');
        let all = ["channel", "all", "here"].iter().any(|word| {
            after
                .get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        });
        if all {
            out.push('\u{200d}');
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// An address that does not end the link it stands in.
fn bracketless(url: &url::Url) -> String {
    url.as_str()
        .replace('(', "%28")
        .replace(')', "%29")
        .replace('@', "%40")
}

/// Mattermost's errors: `{"id":"web.incoming_webhook.….app_error","message":…,"status_code":…}`.
fn read_error(status: u16, json: &Value) -> Option<Said> {
    let id = json.get("id")?.as_str()?;
    json.get("status_code")?;
    let code = match id {
        // 501, and yet it is Mattermost that says no.
        "web.incoming_webhook.disabled.app_error" => Code::NotOffered,
        "web.incoming_webhook.invalid.app_error" => Code::TokenExpired,
        "web.incoming_webhook.permissions.app_error"
        | "web.incoming_webhook.channel_locked.app_error" => Code::MissingRight,
        "web.incoming_webhook.text.length.app_error" | "model.post.is_valid.msg.app_error" => {
            Code::TooLong
        }
        _ if status >= 500 => return None,
        _ => Code::RefusedByServer,
    };
    Some(Said {
        code: Some(code),
        again: false,
        message: word(id),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_stay_words() {
        assert_eq!(
            quiet("*a* [b](c) @all #d"),
            "\\*a\\* \\[b\\]\\(c\\) @\u{200d}all \\#d"
        );
        assert_eq!(fenced("x"), "```text\nx\n```");
        assert!(fenced("a\n````\n@channel").starts_with("`````text\n"));
        assert!(
            !fenced("@Channel @all @HERE @léa")
                .to_lowercase()
                .contains("@channel")
        );
        assert!(fenced("@léa").contains("@léa"));
    }

    proptest! {
        #[test]
        fn content_never_leaves_its_block(text in "[`~a@\n ]{0,80}") {
            let block = fenced(&text);
            let fence = block.split("text\n").next().unwrap();
            let lines: Vec<&str> = block.lines().collect();
            let closing = lines.iter().skip(1).position(|line| line.trim().starts_with(fence));
            prop_assert_eq!(closing, Some(lines.len() - 2));
        }

        #[test]
        fn nobody_is_mentioned(text in ".{0,60}(@channel|@All|@here|@léa).{0,20}") {
            let text = quiet(&text);
            for (at, _) in text.match_indices('@') {
                let joined = text[at + 1..].starts_with('\u{200d}');
                prop_assert!(joined);
            }
        }
    }
}
