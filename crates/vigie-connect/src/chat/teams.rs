//! Microsoft Teams, through a Workflows webhook ("when a Teams webhook request is received") and an Adaptive Card: it
//! speaks and does not hear. The address is the secret. The older Office 365 connectors are retired.
//!
//! Every word stands in a `TextRun` of a `RichTextBlock`, which interprets no Markdown, unlike a `TextBlock`.
//!
//! Sources: <https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook>,
//! <https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features>.

use super::{
    Note, Sent,
    address::{Address, word},
    words::{Room, body, cut, findings, fit, line, links, more, units},
};
use crate::{
    Code, Http,
    rest::{Said, Trouble, text},
};
use bytes::Bytes;
use serde_json::{Value, json};
use std::time::Duration;

/// Most bytes of a message that we make; Teams takes 28 KB.
const MOST: usize = 27_000;

/// One channel.
#[derive(Debug, Clone)]
pub struct Teams {
    http: Http,
    address: Address,
}

impl Teams {
    /// The channel that the workflow's address leads to.
    pub const fn new(http: Http, address: Address) -> Self {
        Self { http, address }
    }

    /// Says something. There are no threads: [`Sent`] is empty. That the workflow took it does not prove that it was
    /// shown: what the workflow does afterwards is not told.
    ///
    /// # Errors
    /// [`Trouble`]; `Unknown` must not be repeated: Teams would say it twice.
    pub async fn say(&self, note: &Note, within: Duration) -> Result<Sent, Trouble> {
        let body = Bytes::from(message(note).to_string());
        let answer = self
            .address
            .post(&self.http, body, Vec::new(), within)
            .await?;
        // 202 and nothing from a workflow.
        let good = |answer: &crate::http::Answer| {
            answer.status == 202
                || (answer.status == 200 && matches!(answer.body.trim_ascii(), b"" | b"1"))
        };
        self.address.judge(answer, good, read_error)?;
        Ok(Sent::default())
    }
}

fn message(note: &Note) -> Value {
    let card = |note: &Note, room: Room| {
        let mut shown = Vec::new();
        let title = line(&note.title, 300, units);
        if !title.is_empty() {
            shown.push(run(
                &title,
                json!({ "weight": "Bolder", "size": "Medium" }),
                "default",
            ));
        }
        paragraphs(&mut shown, &body(note, room.body), &json!({}));
        let mut lines_left = (room.text / 20).clamp(10, 180);
        for content in note.contents.iter().take(room.contents) {
            shown.push(run(
                &line(&content.page, 200, units),
                json!({ "weight": "Bolder" }),
                "medium",
            ));
            let (words, mut missing) = cut(&content.text, room.text, units);
            let lines: Vec<&str> = words.lines().collect();
            missing |= lines.len() > lines_left;
            let words = lines
                .get(..lines.len().min(lines_left))
                .unwrap_or_default()
                .join("\n");
            lines_left = lines_left.saturating_sub(lines.len());
            paragraphs(&mut shown, &words, &json!({ "fontType": "Monospace" }));
            for alt in content.pictures.iter().take(room.pictures) {
                shown.push(run(
                    &format!("🖼 {}", line(alt, room.alt, units)),
                    json!({}),
                    "small",
                ));
            }
            if missing || content.pictures.len() > room.pictures {
                shown.push(run(&more(note), json!({ "weight": "Bolder" }), "small"));
            }
        }
        if note.contents.len() > room.contents {
            shown.push(run(&more(note), json!({ "weight": "Bolder" }), "small"));
        }
        for found in findings(note, room.findings) {
            shown.push(run(&found, json!({}), "small"));
        }
        let footer = line(&note.footer, 300, units);
        if !footer.is_empty() {
            shown.push(run(
                &footer,
                json!({ "isSubtle": true, "size": "Small" }),
                "medium",
            ));
        }
        let actions: Vec<Value> = links(note, room.links)
            .map(|(label, url)| json!({ "type": "Action.OpenUrl", "title": label, "url": url.as_str() }))
            .collect();
        json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "lang": line(&note.lang, 35, units),
                    "body": shown,
                    "actions": actions,
                },
            }],
        })
    };
    fit(note, MOST, card, |card| card.to_string().len())
}

/// A line each: how a run shows the end of a line is not said anywhere.
fn paragraphs(shown: &mut Vec<Value>, text: &str, style: &Value) {
    for (at, words) in text.lines().enumerate() {
        shown.push(run(
            words,
            style.clone(),
            if at == 0 { "default" } else { "none" },
        ));
    }
}

fn run(words: &str, mut style: Value, spacing: &str) -> Value {
    // An empty line would have no height.
    let words = if words.trim().is_empty() {
        "\u{a0}"
    } else {
        words
    };
    style["type"] = json!("TextRun");
    style["text"] = json!(words);
    json!({ "type": "RichTextBlock", "spacing": spacing, "inlines": [style] })
}

/// The workflow service's errors: `{"error":{"code":…,"message":…}}`.
fn read_error(status: u16, json: &Value) -> Option<Said> {
    let error = text(json, "/error/code");
    let again = matches!(
        error,
        "WorkflowTriggerRequestThrottled" | "RequestThrottled" | "TooManyRequests"
    );
    let code = match error {
        _ if again => Code::RateLimited,
        "" => return None,
        "WorkflowNotFound"
        | "WorkflowTriggerNotFound"
        | "WorkflowTriggerVersionNotFound"
        | "AuthorizationFailed"
        | "DirectApiAuthorizationRequired"
        | "DirectApiInvalidAuthorizationScheme"
        | "InvalidSignature" => Code::TokenExpired,
        "WorkflowTriggerIsNotEnabled" | "WorkflowDisabled" => Code::NotOffered,
        "RequestEntityTooLarge" | "RequestBodyTooLarge" => Code::TooManyBytes,
        _ if status >= 500 => return None,
        _ if status == 401 => Code::TokenExpired,
        _ if status == 403 => Code::MissingRight,
        _ => Code::RefusedByServer,
    };
    Some(Said {
        code: Some(code),
        again,
        message: word(error),
    })
}
