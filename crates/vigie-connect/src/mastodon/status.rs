//! A post as the network shows it: its words, where it is, and whether it is what was to be published.

use super::calls::{self, Signed};
use crate::{
    Payload, RemotePost, SegmentKind, html, rest,
    segments::{self, Names},
};
use jiff::Timestamp;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;
use url::Url;

/// When a post was made.
pub fn made(status: &Value) -> Option<Timestamp> {
    rest::text(status, "/created_at").parse().ok()
}

/// A post of this account; `None` when it is none.
pub fn remote_post(status: &Value, signed: &Signed<'_>) -> Option<RemotePost> {
    let remote_id = rest::id(status, "/id")?;
    status.get("content")?.as_str()?;
    if !calls::is_account(status, "/account/id", signed.id()) {
        return None;
    }
    let boosted = status.get("reblog").filter(|reblog| reblog.is_object());
    let text = match boosted {
        None => words(status),
        Some(other) => {
            let by = html::first(rest::text(other, "/account/acct"), 300);
            format!("🔁 @{by}: {}", words(other))
        }
    };
    let media: Vec<String> = pictures(status)
        .map(|(id, alt)| format!("{id} {alt}"))
        .collect();
    let mut parts = vec![rest::text(status, "/edited_at"), text.as_str()];
    parts.extend(media.iter().map(String::as_str));
    let content_id = rest::shown(&parts);
    let account = &signed.session.account;
    let url = page_of(status)
        .or_else(|| page_of(boosted?))
        .unwrap_or_else(|| {
            let name = account.handle.split('@').next().unwrap_or_default();
            format!("{}/@{name}/{remote_id}", account.service)
        });
    Some(RemotePost {
        repliers: None,
        url,
        key: String::new(),
        content_id,
        text,
        created_at: made(status),
        remote_id,
    })
}

/// Where people see a post, if it is an address of the web.
pub fn page_of(status: &Value) -> Option<String> {
    ["/url", "/uri"]
        .iter()
        .map(|pointer| rest::text(status, pointer))
        .find(|text| {
            text.len() <= 2_048
                && Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
        })
        .map(str::to_owned)
}

/// What a post says, a warning before it included.
pub fn words(status: &Value) -> String {
    let mentions: Vec<(String, String)> = status
        .get("mentions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .take(200)
        .map(|mention| {
            let part = |pointer| rest::text(mention, pointer).to_owned();
            (part("/url"), html::first(&part("/acct"), 300))
        })
        .filter(|(url, name)| !url.is_empty() && !name.is_empty())
        .collect();
    let content = html::text(rest::text(status, "/content"), &mentions);
    match warning_of(status) {
        "" => content,
        warning => format!("{}\n\n{content}", html::first(warning, 10_000)),
    }
}

fn warning_of(status: &Value) -> &str {
    rest::text(status, "/spoiler_text").trim()
}

/// Id and alternative text of each picture.
fn pictures(status: &Value) -> impl Iterator<Item = (&str, &str)> {
    let media = status.get("media_attachments").and_then(Value::as_array);
    media
        .into_iter()
        .flatten()
        .map(|one| (rest::text(one, "/id"), rest::text(one, "/description")))
}

/// Whether a post shows what was to be published.
pub fn is_same(status: &Value, expected: &Payload) -> bool {
    let alts = pictures(status).map(|(_, alt)| alt.trim());
    let wanted = expected.pictures.iter().map(|picture| picture.alt.trim());
    status.get("reblog").is_none_or(Value::is_null)
        && rest::id(status, "/in_reply_to_id") == expected.reply_to
        && alts.eq(wanted)
        && comparable(warning_of(status))
            == comparable(expected.warning.as_deref().unwrap_or_default())
        && comparable(&words(status)) == comparable(&expected.words())
}

/// A text without what networks change when they show it: blanks, the way an address is written, the server of a name.
fn comparable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for segment in segments::segments(text, Names::Fediverse) {
        match &segment.kind {
            SegmentKind::Link { uri } => {
                let url = Url::parse(uri).map(String::from);
                out.push_str(url.as_deref().unwrap_or(uri).trim_end_matches('/'));
            }
            SegmentKind::Mention { handle } => {
                out.push('@');
                out.push_str(handle.split('@').next().unwrap_or(handle));
            }
            _ => out.push_str(segment.of(text)),
        }
    }
    let words: Vec<&str> = out.split_whitespace().collect();
    words.join(" ").nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn payload(text: &str) -> Payload {
        Payload {
            key: "k".into(),
            text: text.into(),
            link: None,
            langs: vec![],
            pictures: vec![],
            reply_to: None,
            warning: None,
            repliers: vigie_core::content::Repliers::Everyone,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_a_server_shows_is_what_was_sent() {
        let same = |sent: &str, html: &str| {
            let status = json!({ "content": html, "mentions": [
                { "url": "https://loin.test/@bob", "acct": "bob@loin.test" },
                { "url": "https://ici.test/@eve", "acct": "eve" } ] });
            is_same(&status, &payload(sent))
        };
        assert!(same("a\nb\n\n\n c ", "<p>a<br />b</p><p>c</p>"));
        assert!(same(
            "Merci @bob@loin.test et @Eve@ici.test",
            r#"<p>Merci <a href="https://loin.test/@bob" class="u-url mention">@<span>bob</span></a> et <a href="https://ici.test/@eve" class="u-url mention">@<span>eve</span></a></p>"#
        ));
        assert!(same(
            "https://Exemple.fr/été",
            r#"<a href="https://exemple.fr/%C3%A9t%C3%A9">https://exemple.fr/été</a>"#
        ));
        assert!(same("2 < 3 & « l’été »", "<p>2 &lt; 3 &amp; « l’été »</p>"));
        for (sent, html) in [
            ("a", "<p>b</p>"),
            ("a", "<p>a b</p>"),
            (
                "https://a.fr/x",
                r#"<a href="https://b.fr/x">https://a.fr/x</a>"#,
            ),
            ("@bob", "@alice"),
        ] {
            assert!(!same(sent, html), "{sent} {html}");
        }
        let mut warned = json!({ "content": "<p>a</p>", "spoiler_text": "Attention" });
        assert!(!is_same(&warned, &payload("a")));
        let mut sent = payload("a");
        sent.warning = Some("Attention".into());
        assert!(is_same(&warned, &sent));
        // What was to be folded away stands in the open: not the same.
        let open = json!({ "content": "<p>Attention</p><p>a</p>" });
        assert!(is_same(&open, &payload("Attention\n\na")) && !is_same(&open, &sent));
        warned["spoiler_text"] = json!("");
        assert!(!is_same(&warned, &sent));
        assert!(is_same(&warned, &payload("a")));
        warned["media_attachments"] = json!([{ "id": "1", "description": null }]);
        assert!(!is_same(&warned, &payload("a")));
    }
}
