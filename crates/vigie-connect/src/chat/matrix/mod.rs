//! Matrix, in rooms that are not encrypted, through its client-server interface (v3).
//!
//! A message has the key of its note as transaction id: the same again, with the same token, is the same message.
//!
//! Source: <https://spec.matrix.org/v1.11/client-server-api/>.

mod render;

use super::{
    Heard, Note, Sent, Speaker,
    address::word,
    words::{heard, line},
};
use crate::{
    Code, Failure, Http,
    rest::{self, Body, Request, Said, Stage, Trouble, text},
};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;

/// Longest time for a call that says nothing.
const WITHIN: Duration = Duration::from_secs(15);
/// Pages read back when more was said than one look shows.
const PAGES: usize = 10;
/// The word that asks to be bound.
pub const WORD: &str = "!vigie";

/// One account on a homeserver.
#[derive(Debug, Clone)]
pub struct Matrix {
    http: Http,
    server: Url,
    token: SecretString,
}

/// What was heard since the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// In the order in which it was said, room by room. The same may come again after a fault.
    pub heard: Vec<Heard>,
    /// For the next look. Keep it after what was heard is kept.
    pub next: String,
    /// True when more was said than could be read: people must be told to look themselves.
    pub missed: bool,
}

impl Matrix {
    /// The account that the access token opens at `server`.
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

    fn at(&self, path: &[&str]) -> Url {
        let base = rest::at(&self.server, &["_matrix", "client", "v3"]);
        rest::at(&base, path)
    }

    async fn call(&self, request: Request, within: Duration) -> Result<Value, Trouble> {
        let request = request.bearer(&self.token);
        Ok(
            rest::send(&self.http, request, read_error, Instant::now() + within)
                .await?
                .json,
        )
    }

    /// Proves the token; answers the account's user id, whose own words are not heard.
    ///
    /// # Errors
    /// As any call.
    pub async fn check(&self) -> Result<String, Failure> {
        let json = self
            .call(Request::get(self.at(&["account", "whoami"])), WITHIN)
            .await?;
        let id = text(&json, "/user_id");
        if is_name(id, '@') {
            Ok(id.to_owned())
        } else {
            Err(Failure::new(Code::GarbageAnswer, "no user id"))
        }
    }

    /// Joins a room by its id (`!…`) or its name (`#…`); answers its id.
    ///
    /// # Errors
    /// As any call; `missing_right` when the account is not invited.
    pub async fn join(&self, room: &str) -> Result<String, Failure> {
        if !is_name(room, '!') && !is_name(room, '#') {
            return Err(Failure::new(Code::BadKey, "not a room"));
        }
        let request = Request::post(self.at(&["join", room]), Body::Json(json!({})));
        let json = self.call(request, WITHIN).await?;
        let id = text(&json, "/room_id");
        if is_name(id, '!') {
            Ok(id.to_owned())
        } else {
            Err(Failure::new(Code::GarbageAnswer, "no room id"))
        }
    }

    /// Whether a room is encrypted. Vigie could not read what is said there, and what it says would not be protected:
    /// such a room must not be used.
    ///
    /// # Errors
    /// As any call.
    pub async fn is_encrypted(&self, room: &str) -> Result<bool, Failure> {
        if !is_name(room, '!') {
            return Err(Failure::new(Code::BadKey, "not a room"));
        }
        let url = self.at(&["rooms", room, "state", "m.room.encryption"]);
        match self.call(Request::get(url), WITHIN).await {
            Ok(_) => Ok(true),
            Err(trouble) if trouble.stage == Stage::Refused && trouble.status == 404 => Ok(false),
            Err(trouble) => Err(trouble.failure),
        }
    }

    /// The name of a user, as shown there; empty when they have none.
    ///
    /// # Errors
    /// As any call.
    pub async fn name(&self, user: &str) -> Result<String, Failure> {
        if !is_name(user, '@') {
            return Err(Failure::new(Code::BadKey, "not a user"));
        }
        let request = Request::get(self.at(&["profile", user, "displayname"]));
        let json = self.call(request, WITHIN).await?;
        Ok(line(text(&json, "/displayname"), super::MAX_NAME, |_| 1))
    }

    /// A room with one person alone: made, and the person invited. Keep its id, or there will be many.
    ///
    /// # Errors
    /// As any call; `not_offered` when the server would encrypt it.
    pub async fn person(&self, user: &str) -> Result<String, Failure> {
        if !is_name(user, '@') {
            return Err(Failure::new(Code::BadKey, "not a user"));
        }
        // What is said there is for this person alone: they have no power over the room, and invite nobody.
        let body = json!({
            "preset": "private_chat", "is_direct": true, "invite": [user],
            "power_level_content_override": { "invite": 50 },
        });
        let request = Request::post(self.at(&["createRoom"]), Body::Json(body));
        let json = self.call(request, WITHIN).await?;
        let id = text(&json, "/room_id");
        if !is_name(id, '!') {
            return Err(Failure::new(Code::GarbageAnswer, "no room id"));
        }
        if self.is_encrypted(id).await? {
            return Err(Failure::new(Code::NotOffered, "an encrypted room"));
        }
        Ok(id.to_owned())
    }

    /// Whether a person is in a room of ours, or invited there, and nobody else is.
    ///
    /// # Errors
    /// As any call.
    pub async fn is_alone_with(&self, room: &str, user: &str) -> Result<bool, Failure> {
        if !is_name(room, '!') || !is_name(user, '@') {
            return Err(Failure::new(Code::BadKey, "not a room and a user"));
        }
        let url = self.at(&["rooms", room, "members"]);
        match self.call(Request::get(url), WITHIN).await {
            Ok(json) => Ok(alone_with(&json, user)),
            Err(trouble)
                if trouble.stage == Stage::Refused && matches!(trouble.status, 403 | 404) =>
            {
                Ok(false)
            }
            Err(trouble) => Err(trouble.failure),
        }
    }

    /// What [`Speaker::chat`] is for people heard through this server.
    pub fn chat(&self) -> &str {
        self.server.host_str().unwrap_or_default()
    }

    /// Says something in a room (`!…`). With the same [`Note::key`] it is the same message, however often it is sent.
    ///
    /// # Errors
    /// [`Trouble`]; `Unknown` may be repeated with the same token.
    pub async fn say(&self, room: &str, note: &Note, within: Duration) -> Result<Sent, Trouble> {
        let refused = |why| Err(Trouble::new(Stage::Refused, Code::BadKey, why));
        if !is_name(room, '!') {
            return refused("not a room's id");
        }
        if !rest::is_id(&note.key) {
            return refused("not a key");
        }
        if note
            .thread
            .as_deref()
            .is_some_and(|thread| !is_name(thread, '$'))
        {
            return refused("not a message's id");
        }
        let url = self.at(&["rooms", room, "send", "m.room.message", &note.key]);
        let request = Request::new(Method::PUT, url, Body::Json(render::content(note)));
        let json = self.call(request, within).await?;
        let id = text(&json, "/event_id");
        if !is_name(id, '$') {
            return Err(Trouble::new(
                Stage::Unknown,
                Code::GarbageAnswer,
                "no event id",
            ));
        }
        Ok(Sent {
            thread: Some(note.thread.clone().unwrap_or_else(|| id.to_owned())),
            message: Some(id.to_owned()),
        })
    }

    /// What was said since `since` ([`Look::next`]); the first look hears nothing and only says where to begin. `own` is
    /// the account's user id. Waits up to `patience` for something to happen.
    ///
    /// # Errors
    /// As any call.
    pub async fn look(
        &self,
        own: &str,
        since: Option<&str>,
        patience: Duration,
    ) -> Result<Look, Failure> {
        let patience = patience.min(Duration::from_secs(15));
        let most = if since.is_some() { 100 } else { 1 };
        let filter = json!({
            "presence": { "types": [] },
            "account_data": { "types": [] },
            "room": {
                "timeline": { "limit": most, "types": ["m.room.message"] },
                "state": { "types": [] },
                "ephemeral": { "types": [] },
                "account_data": { "types": [] },
            },
        })
        .to_string();
        let wait = patience.as_millis().to_string();
        let mut query = vec![("filter", filter.as_str())];
        if let Some(since) = since {
            query.extend([("since", since), ("timeout", wait.as_str())]);
        }
        let request = Request::get(rest::query(self.at(&["sync"]), &query));
        let json = self.call(request, WITHIN + patience).await?;
        let next = text(&json, "/next_batch");
        if !is_token(next) {
            return Err(Failure::new(Code::GarbageAnswer, "no place to go on from"));
        }
        let mut look = Look {
            heard: Vec::new(),
            next: next.to_owned(),
            missed: false,
        };
        let Some(since) = since else {
            return Ok(look);
        };
        let rooms = json.pointer("/rooms/join").and_then(Value::as_object);
        for (room, said) in rooms
            .into_iter()
            .flatten()
            .filter(|(room, _)| is_name(room, '!'))
        {
            let mut events = Vec::new();
            if said.pointer("/timeline/limited") == Some(&Value::Bool(true)) {
                let from = text(said, "/timeline/prev_batch");
                look.missed |= !self.earlier(room, from, since, &mut events).await?;
            }
            let timeline = said.pointer("/timeline/events").and_then(Value::as_array);
            events.extend(timeline.into_iter().flatten().cloned());
            look.heard.extend(
                events
                    .iter()
                    .filter_map(|event| said_in(&self.server, own, event)),
            );
        }
        Ok(look)
    }

    /// What was said between two looks beyond what one shows, oldest first; false when it was too much.
    async fn earlier(
        &self,
        room: &str,
        from: &str,
        to: &str,
        events: &mut Vec<Value>,
    ) -> Result<bool, Failure> {
        let mut from = from.to_owned();
        for _ in 0..PAGES {
            if !is_token(&from) {
                events.reverse();
                return Ok(false);
            }
            let url = self.at(&["rooms", room, "messages"]);
            let filter = r#"{"types":["m.room.message"]}"#;
            let query = [
                ("dir", "b"),
                ("from", &from),
                ("to", to),
                ("limit", "100"),
                ("filter", filter),
            ];
            let json = self
                .call(Request::get(rest::query(url, &query)), WITHIN)
                .await?;
            let chunk = json.get("chunk").and_then(Value::as_array);
            events.extend(chunk.into_iter().flatten().cloned());
            // No end: all of it was read.
            let end = text(&json, "/end");
            if end.is_empty() || end == to || chunk.is_none_or(Vec::is_empty) {
                events.reverse();
                return Ok(true);
            }
            end.clone_into(&mut from);
        }
        events.reverse();
        Ok(false)
    }
}

/// Whether the members of a room are two, us (or we would not be shown them) and this person.
fn alone_with(members: &Value, user: &str) -> bool {
    let all = members.get("chunk").and_then(Value::as_array);
    let there: Vec<&str> = all
        .into_iter()
        .flatten()
        .filter(|member| {
            matches!(
                text(member, "/content/membership"),
                "join" | "invite" | "knock"
            )
        })
        .map(|member| text(member, "/state_key"))
        .collect();
    there.len() == 2 && there.contains(&user)
}

/// A place in the stream, as the server writes it.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= 1_000 && !text.chars().any(char::is_control)
}

/// An id with its sigil: `@user:server`, `!room:server`, `#name:server`, `$event`.
fn is_name(id: &str, sigil: char) -> bool {
    id.len() > 1
        && id.len() <= 255
        && id.starts_with(sigil)
        && !id.chars().any(|c| c.is_control() || c == ' ')
}

/// What an event says, if it is somebody's word: not ours, no edit, no other bot.
fn said_in(server: &Url, own: &str, event: &Value) -> Option<Heard> {
    let (sender, id) = (text(event, "/sender"), text(event, "/event_id"));
    let spoken =
        text(event, "/type") == "m.room.message" && text(event, "/content/msgtype") == "m.text";
    if !spoken || sender == own || !is_name(sender, '@') || !is_name(id, '$') {
        return None;
    }
    let words = text(event, "/content/body");
    let chat = server.host_str().unwrap_or_default();
    let who = Speaker::new(chat, sender, "")?;
    if words.trim().eq_ignore_ascii_case(WORD) {
        return Some(Heard::Bind { who });
    }
    let related = text(event, "/content/m.relates_to/rel_type");
    let thread = text(event, "/content/m.relates_to/event_id");
    if related != "m.thread" || !is_name(thread, '$') {
        return None;
    }
    Some(Heard::Said {
        who,
        thread: thread.to_owned(),
        text: heard(words),
        message: id.to_owned(),
    })
}

/// Matrix's errors: `{"errcode":"M_…","error":…}`.
fn read_error(status: u16, json: &Value) -> Option<Said> {
    let name = json.get("errcode")?.as_str()?;
    let again = name == "M_LIMIT_EXCEEDED";
    let code = match name {
        "M_LIMIT_EXCEEDED" => Code::RateLimited,
        "M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN" => Code::TokenExpired,
        "M_FORBIDDEN" | "M_GUEST_ACCESS_FORBIDDEN" => Code::MissingRight,
        "M_USER_DEACTIVATED" | "M_USER_SUSPENDED" | "M_USER_LOCKED" => Code::AccountSuspended,
        "M_TOO_LARGE" => Code::TooManyBytes,
        _ if status >= 500 => return None,
        _ => Code::RefusedByServer,
    };
    Some(Said {
        code: Some(code),
        again,
        message: word(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_third_person_in_the_room_is_one_too_many() {
        let member = |who: &str, membership: &str| json!({ "state_key": who, "content": { "membership": membership } });
        let mut all = vec![
            member("@vigie:a", "join"),
            member("@lea:a", "invite"),
            member("@old:a", "leave"),
        ];
        assert!(alone_with(&json!({ "chunk": all }), "@lea:a"));
        assert!(!alone_with(&json!({ "chunk": all }), "@old:a"));
        all.push(member("@eve:a", "invite"));
        assert!(!alone_with(&json!({ "chunk": all }), "@lea:a"));
        assert!(!alone_with(&json!({}), "@lea:a"));
    }

    proptest! {
        #[test]
        fn nothing_that_comes_in_breaks_the_parser(
            sender in "(@a:b|.{0,20})",
            body in "(!vigie|.{0,60})",
            related in "(m.thread|m.replace|.{0,9})",
            thread in "(\\$x|.{0,20})",
            number: i64,
            shape in 0..4_u8,
        ) {
            let server = Url::parse("https://matrix.example/").unwrap();
            let content = match shape {
                0 => json!(number),
                1 => json!([body.as_str()]),
                2 => json!({ "msgtype": "m.text", "body": number, "m.relates_to": [thread.as_str()] }),
                _ => json!({ "msgtype": "m.text", "body": body, "m.relates_to": { "rel_type": related, "event_id": thread } }),
            };
            let event = json!({ "type": "m.room.message", "sender": sender, "event_id": "$1", "content": content });
            if let Some(Heard::Said { thread, .. }) = said_in(&server, "@own:b", &event) {
                prop_assert!(thread.starts_with('$') && related == "m.thread");
            }
        }
    }
}
