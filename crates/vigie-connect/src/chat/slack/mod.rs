//! Slack: messages with blocks, what people press and say, over HTTP or Socket Mode.
//!
//! The operator makes the app and pastes its bot token (`xoxb-`), its signing secret and, for Socket Mode, its
//! app-level token (`xapp-`). Rights of the bot: `chat:write`, `users:read`, `commands`, and `channels:history`,
//! `groups:history` for what is said in threads.
//!
//! Slack cannot tell repeats apart: a message of which it is unknown whether it was said is not said again.
//!
//! Sources: <https://docs.slack.dev/reference/methods/chat.postMessage>,
//! <https://docs.slack.dev/reference/block-kit/blocks>, <https://docs.slack.dev/messaging/formatting-message-text>.

mod hear;
mod render;
mod socket;

pub use hear::{Came, Received, receive};
pub use socket::{Delivery, Listening};

use super::{
    Note, Sent,
    address::{Address, word},
};
use crate::{
    Code, Failure, Http,
    rest::{self, Body, Request, Said, Stage, Trouble},
};
use bytes::Bytes;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;

/// Longest time for a call that says nothing.
const WITHIN: Duration = Duration::from_secs(15);
/// Where messages that replace or answer an interaction go.
const HOOKS: &str = "hooks.slack.com";

/// One workspace, through its bot.
#[derive(Debug, Clone)]
pub struct Slack {
    http: Http,
    api: Option<Url>,
    bot: SecretString,
}

/// Who the bot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// The workspace's id: [`super::Speaker::chat`].
    pub id: String,
    /// Its name.
    pub name: String,
    /// The bot's own user id, whose words are not heard.
    pub bot: String,
}

/// Where the message of an interaction can be replaced, for 30 minutes and at most five times. A secret.
#[derive(Debug, Clone)]
pub struct AnswerAt(Address);

impl Slack {
    /// The workspace that the bot token opens. `api` is another address of the interface, for tests and gateways.
    pub const fn new(http: Http, bot: SecretString, api: Option<Url>) -> Self {
        Self { http, api, bot }
    }

    fn at(&self, method: &str) -> Result<Url, Trouble> {
        match &self.api {
            Some(api) => Ok(rest::at(api, &[method])),
            None => Url::parse("https://slack.com/api/")
                .map(|api| rest::at(&api, &[method]))
                .map_err(|_| Trouble::new(Stage::NotSent, Code::BadAddress, "not an address")),
        }
    }

    async fn call(
        &self,
        token: &SecretString,
        method: &str,
        body: Body,
        within: Duration,
    ) -> Result<Value, Trouble> {
        let request = Request::post(self.at(method)?, body).bearer(token);
        let until = Instant::now() + within;
        let json = rest::send(&self.http, request, read_error, until)
            .await?
            .json;
        if json.get("ok") == Some(&Value::Bool(true)) {
            return Ok(json);
        }
        // Not the answer of a Slack, or an error after which something may have been done.
        let known = ["fatal_error", "internal_error", "request_timeout"];
        let error = known
            .iter()
            .find(|name| rest::text(&json, "/error") == **name);
        Err(Trouble::new(
            Stage::Unknown,
            if error.is_some() {
                Code::ServerError
            } else {
                Code::GarbageAnswer
            },
            format!("not ok: {}", error.unwrap_or(&"in an unknown shape")),
        ))
    }

    /// Proves the token.
    ///
    /// # Errors
    /// As any call; `token_expired` when the bot was removed.
    pub async fn check(&self) -> Result<Workspace, Failure> {
        let json = self
            .call(&self.bot, "auth.test", Body::None, WITHIN)
            .await?;
        let id = |pointer| rest::id(&json, pointer);
        match (id("/team_id"), id("/user_id")) {
            (Some(team), Some(bot)) => Ok(Workspace {
                id: team,
                name: super::words::line(rest::text(&json, "/team"), super::MAX_NAME, |_| 1),
                bot,
            }),
            _ => Err(Failure::new(Code::GarbageAnswer, "no team or user")),
        }
    }

    /// The name of a user, as shown there.
    ///
    /// # Errors
    /// As any call; `unknown_handle` when there is no such user.
    pub async fn name(&self, user: &str) -> Result<String, Failure> {
        let body = Body::Form(vec![("user", user.to_owned())]);
        let json = self.call(&self.bot, "users.info", body, WITHIN).await?;
        let names = [
            "/user/profile/display_name",
            "/user/profile/real_name",
            "/user/real_name",
            "/user/name",
        ];
        let name = names
            .iter()
            .map(|at| rest::text(&json, at))
            .find(|n| !n.trim().is_empty());
        Ok(super::words::line(
            name.unwrap_or_default(),
            super::MAX_NAME,
            |_| 1,
        ))
    }

    /// Says something in a channel (`C…`), a private channel (`G…`) or to a person (`U…`).
    ///
    /// # Errors
    /// [`Trouble`]; `Unknown` must not be repeated: Slack would say it twice.
    pub async fn say(&self, room: &str, note: &Note, within: Duration) -> Result<Sent, Trouble> {
        let (room, thread) = match note.thread.as_deref() {
            None => (room, None),
            Some(thread) => {
                let (channel, ts) = split(thread)?;
                (channel, Some(ts))
            }
        };
        if !rest::is_id(room) {
            return Err(Trouble::new(
                Stage::Refused,
                Code::BadKey,
                "not a channel's id",
            ));
        }
        let mut body = render::message(note);
        body["channel"] = json!(room);
        body["parse"] = json!("none");
        body["mrkdwn"] = json!(false);
        body["unfurl_links"] = json!(false);
        body["unfurl_media"] = json!(false);
        if let Some(ts) = thread {
            body["thread_ts"] = json!(ts);
        }
        let json = self
            .call(&self.bot, "chat.postMessage", Body::Json(body), within)
            .await?;
        sent(&json, thread)
    }

    /// Replaces a message of ours ([`Sent::message`]), such as one that is decided.
    ///
    /// # Errors
    /// [`Trouble`]; repeating it does no harm.
    pub async fn amend(
        &self,
        message: &str,
        note: &Note,
        within: Duration,
    ) -> Result<Sent, Trouble> {
        let (channel, ts) = split(message)?;
        let mut body = render::message(note);
        body["channel"] = json!(channel);
        body["ts"] = json!(ts);
        body["parse"] = json!("none");
        let json = self
            .call(&self.bot, "chat.update", Body::Json(body), within)
            .await?;
        let thread = note
            .thread
            .as_deref()
            .map(split)
            .transpose()?
            .map(|(_, ts)| ts);
        sent(&json, thread)
    }

    /// Replaces the message whose button was pressed. The answer to the press itself (an empty 200, within 3 seconds)
    /// is the shell's.
    ///
    /// # Errors
    /// [`Trouble`]; nothing is sent anywhere but to Slack.
    pub async fn replace(
        &self,
        at: &AnswerAt,
        note: &Note,
        within: Duration,
    ) -> Result<(), Trouble> {
        self.answer(at, render::replacing(note), within).await
    }

    /// Answers a person alone, such as with the link that binds them.
    ///
    /// # Errors
    /// As [`Slack::replace`].
    pub async fn whisper(
        &self,
        at: &AnswerAt,
        note: &Note,
        within: Duration,
    ) -> Result<(), Trouble> {
        self.answer(at, whispered(note), within).await
    }

    async fn answer(&self, at: &AnswerAt, body: Value, within: Duration) -> Result<(), Trouble> {
        let url = at.0.url()?;
        let slacks =
            url.scheme() == "https" && url.host_str() == Some(HOOKS) && url.port().is_none();
        let ours = self
            .api
            .as_ref()
            .is_some_and(|api| api.origin() == url.origin());
        if !slacks && !ours {
            return Err(Trouble::new(
                Stage::Refused,
                Code::AddressNotAllowed,
                "answers go to Slack only",
            ));
        }
        let body = Bytes::from(body.to_string());
        let answer = at.0.post(&self.http, body, Vec::new(), within).await?;
        at.0.judge(answer, |_| true, read_error).map(drop)
    }
}

/// The message that replaces the one whose button was pressed, for a shell that answers in the HTTP answer itself.
pub fn replacing(note: &Note) -> Value {
    render::replacing(note)
}

/// A message that only the person sees who pressed or asked, for the answer to a slash command.
pub fn whispered(note: &Note) -> Value {
    let mut body = render::message(note);
    body["mrkdwn"] = json!(false);
    body["response_type"] = json!("ephemeral");
    body
}

/// `CHANNEL:TS`: a message's time stamp is unique in its channel only.
fn split(thread: &str) -> Result<(&str, &str), Trouble> {
    thread
        .split_once(':')
        .filter(|(channel, ts)| {
            rest::is_id(channel)
                && !ts.is_empty()
                && ts.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        })
        .ok_or_else(|| Trouble::new(Stage::Refused, Code::BadKey, "not a message's id"))
}

fn sent(json: &Value, thread: Option<&str>) -> Result<Sent, Trouble> {
    let (Some(channel), Some(ts)) = (rest::id(json, "/channel"), rest::id(json, "/ts")) else {
        return Err(Trouble::new(
            Stage::Unknown,
            Code::GarbageAnswer,
            "no channel or time stamp",
        ));
    };
    Ok(Sent {
        thread: Some(format!("{channel}:{}", thread.unwrap_or(&ts))),
        message: Some(format!("{channel}:{ts}")),
    })
}

/// Slack's errors (`ok` is false, mostly with status 200).
fn read_error(_: u16, json: &Value) -> Option<Said> {
    if json.get("ok") != Some(&Value::Bool(false)) {
        return None;
    }
    let error = json.get("error")?.as_str()?;
    let (code, again) = match error {
        "invalid_auth" | "token_revoked" | "token_expired" | "account_inactive" | "not_authed" => {
            (Some(Code::TokenExpired), false)
        }
        "missing_scope"
        | "no_permission"
        | "not_allowed_token_type"
        | "ekm_access_denied"
        | "access_denied"
        | "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "restricted_action_non_threadable_channel" => (Some(Code::MissingRight), false),
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => {
            (Some(Code::RateLimited), true)
        }
        "msg_too_long" | "msg_blocks_too_long" => (Some(Code::TooLong), false),
        "no_text" => (Some(Code::Empty), false),
        "user_not_found" => (Some(Code::UnknownHandle), false),
        "method_deprecated" | "deprecated_endpoint" => (Some(Code::VersionEnded), false),
        // Slack did nothing; it says so itself.
        "service_unavailable" => (Some(Code::ServerError), true),
        // Something may have been done.
        "fatal_error" | "internal_error" | "request_timeout" => return None,
        _ => (Some(Code::RefusedByServer), false),
    };
    Some(Said {
        code,
        again,
        message: word(error),
    })
}
