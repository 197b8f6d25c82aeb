//! HipChat's interface for notifications of a room, version 2. HipChat was retired on 15 February 2019; this is for
//! servers that still run and for programs that took over its interface. It speaks and does not hear.
//!
//! The words go as HTML in which every mark is escaped: HipChat looks for mentions and emoticons in text, not in HTML.
//!
//! Source: <https://developer.atlassian.com/server/hipchat/hipchat-rest-api-reference/>.

use super::{
    Note, Sent,
    address::word,
    words::{Room, body, cut, findings, fit, html, line, links, more, units},
};
use crate::{
    Code, Failure, Http,
    rest::{self, Body, Request, Said, Stage, Trouble},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;

/// Most characters of a message.
const MOST: usize = 10_000;

/// One server, through a token for notifications.
#[derive(Debug, Clone)]
pub struct HipChat {
    http: Http,
    server: Url,
    token: SecretString,
}

impl HipChat {
    /// The server whose interface is below `server` (`…/v2/…`), opened by a token of a room or of an add-on.
    ///
    /// # Errors
    /// `bad_address`, `address_not_allowed`, `not_encrypted`.
    pub fn new(http: Http, server: Url, token: SecretString) -> Result<Self, Failure> {
        http.admit_secret(&server)?;
        Ok(Self {
            http,
            server,
            token,
        })
    }

    /// Says something in a room (its id or its name). There are no threads: [`Sent`] is empty.
    ///
    /// # Errors
    /// [`Trouble`]; `Unknown` must not be repeated: HipChat would say it twice.
    pub async fn say(&self, room: &str, note: &Note, within: Duration) -> Result<Sent, Trouble> {
        let named =
            !room.trim().is_empty() && room.chars().count() <= 100 && room != "." && room != "..";
        if !named || room.chars().any(char::is_control) {
            return Err(Trouble::new(
                Stage::Refused,
                Code::BadKey,
                "not a room's name",
            ));
        }
        let url = rest::at(&self.server, &["v2", "room", room, "notification"]);
        let body = json!({
            "message": message(note),
            "message_format": "html",
            "color": color(note),
            "notify": true,
            "from": "Vigie",
        });
        let request = Request::post(url, Body::Json(body)).bearer(&self.token);
        let reply = rest::send(&self.http, request, read_error, Instant::now() + within).await?;
        if reply.status == 204 {
            return Ok(Sent::default());
        }
        Err(Trouble::new(
            Stage::Unknown,
            Code::GarbageAnswer,
            "not the answer of a HipChat",
        ))
    }
}

/// The worst finding's.
fn color(note: &Note) -> &'static str {
    let has = |name: &str| note.findings.iter().any(|(severity, _)| severity == name);
    if has("stop") {
        "red"
    } else if has("review") || has("warn") {
        "yellow"
    } else {
        "gray"
    }
}

fn message(note: &Note) -> String {
    let lines = |text: &str| html(text).replace('\n', "<br>");
    let whole = |note: &Note, room: Room| {
        let mut parts = vec![
            format!("<strong>{}</strong>", html(&line(&note.title, 300, units))),
            lines(&body(note, room.body)),
        ];
        for content in note.contents.iter().take(room.contents) {
            let (words, missing) = cut(&content.text, room.text, units);
            let mut part = format!(
                "<strong>{}</strong><pre>{}</pre>",
                html(&line(&content.page, 100, units)),
                html(&words)
            );
            for alt in content.pictures.iter().take(room.pictures) {
                part.push_str(&format!("🖼 {}<br>", html(&line(alt, room.alt, units))));
            }
            if missing || content.pictures.len() > room.pictures {
                part.push_str(&html(&more(note)));
            }
            parts.push(part);
        }
        if note.contents.len() > room.contents {
            parts.push(html(&more(note)));
        }
        parts.push(lines(&findings(note, room.findings).join("\n")));
        let links = links(note, room.links)
            .map(|(label, url)| format!("<a href=\"{}\">{}</a>", html(url.as_str()), html(&label)));
        parts.push(links.collect::<Vec<_>>().join(" · "));
        parts.push(html(&line(&note.footer, 200, units)));
        parts.retain(|part| !part.is_empty());
        parts.join("<br>")
    };
    fit(note, MOST, whole, |text| text.chars().map(units).sum())
}

/// HipChat's errors: `{"error":{"code":…,"message":…,"type":…}}`.
fn read_error(status: u16, json: &Value) -> Option<Said> {
    let kind = json.pointer("/error/type")?.as_str()?;
    let code = match status {
        401 => Code::TokenExpired,
        403 => Code::MissingRight,
        _ if status >= 500 => return None,
        _ => Code::RefusedByServer,
    };
    Some(Said {
        code: Some(code),
        again: false,
        message: word(kind),
    })
}
