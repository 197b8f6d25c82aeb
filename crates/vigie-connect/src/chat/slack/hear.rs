//! What Slack sends: button presses, what is said in threads, slash commands. All of it is hostile until its signature
//! is proven, and no more than a text afterwards.
//!
//! Sources: <https://docs.slack.dev/authentication/verifying-requests-from-slack>,
//! <https://docs.slack.dev/reference/interaction-payloads/block_actions-payload>,
//! <https://docs.slack.dev/apis/events-api>, <https://docs.slack.dev/interactivity/implementing-slash-commands>.

use super::{
    super::{ActionId, Heard, MAX_VALUE, Speaker, address::Address, words::heard},
    AnswerAt,
};
use crate::{
    Code, Failure,
    hook::{HookCall, MAX_BODY, Written, fresh, verify},
    rest::{id, text},
};
use secrecy::SecretString;
use serde_json::Value;

/// A call of Slack, read.
#[derive(Debug)]
pub enum Received {
    /// A handshake: this is answered as `text/plain`, and nothing is done.
    Challenge(String),
    /// Something came. An empty 200 is answered within 3 seconds, whatever it is.
    Came(Came),
}

/// What came.
#[derive(Debug, Default)]
pub struct Came {
    /// What it says; `None` when it is of no concern (a bot, an edit, a link that was opened).
    pub heard: Option<Heard>,
    /// The same when Slack sends the same event again: forget one that was seen.
    pub id: Option<String>,
    /// How often Slack has sent it again.
    pub retry: u32,
    /// Where to answer, if it can be answered.
    pub answer: Option<AnswerAt>,
}

/// Reads a call, once its signature over the raw bytes and its clock are proven. `own` is the bot's user id.
///
/// # Errors
/// `forged`; `garbage_answer` when a signed call is not of a known shape.
pub fn receive(
    signing_secret: &SecretString,
    own: Option<&str>,
    call: &HookCall<'_>,
) -> Result<Received, Failure> {
    if call.body.len() > MAX_BODY {
        return Err(Failure::new(
            Code::AnswerTooLarge,
            "a call of more than a mebibyte",
        ));
    }
    let stamp = call.header("x-slack-request-timestamp");
    let mut signed = b"v0:".to_vec();
    signed.extend_from_slice(stamp.unwrap_or_default().as_bytes());
    signed.push(b':');
    signed.extend_from_slice(call.body);
    verify(
        signing_secret,
        &signed,
        call.header("x-slack-signature"),
        "v0=",
        Written::Hex,
    )?;
    fresh(stamp, call.now)?;
    let garbage = || Failure::new(Code::GarbageAnswer, "a call of an unknown shape");
    let kind = call.header("content-type").unwrap_or_default();
    if kind.starts_with("application/json") {
        let json: Value = serde_json::from_slice(call.body).map_err(|_| garbage())?;
        if text(&json, "/type") == "url_verification" {
            let challenge: String = text(&json, "/challenge").chars().take(500).collect();
            return Ok(Received::Challenge(challenge));
        }
        let mut came = event(&json, own);
        let retry = call
            .header("x-slack-retry-num")
            .and_then(|n| n.parse().ok());
        came.retry = retry.unwrap_or(0);
        return Ok(Received::Came(came));
    }
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(call.body)
        .into_owned()
        .collect();
    let field = |name: &str| {
        let found = fields.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    if !field("payload").is_empty() {
        let json = serde_json::from_str(field("payload")).map_err(|_| garbage())?;
        return Ok(Received::Came(interaction(&json)));
    }
    if !field("command").is_empty() {
        return Ok(Received::Came(command(field)));
    }
    Ok(Received::Came(Came::default()))
}

/// An event of the Events API.
pub(super) fn event(json: &Value, own: Option<&str>) -> Came {
    Came {
        heard: said(json, own),
        id: id(json, "/event_id"),
        ..Came::default()
    }
}

fn said(json: &Value, own: Option<&str>) -> Option<Heard> {
    let event = json.get("event")?;
    // A file or "also to the channel" is still something said; joins, edits and deletions are not.
    let plain = matches!(
        text(event, "/subtype"),
        "" | "file_share" | "thread_broadcast"
    );
    let edited = event.get("edited").is_some() || event.get("hidden").is_some();
    let bot = ["bot_id", "bot_profile", "app_id"]
        .iter()
        .any(|key| event.get(key).is_some_and(|v| !v.is_null()));
    if text(event, "/type") != "message" || !plain || edited || bot {
        return None;
    }
    let user = id(event, "/user").filter(|user| Some(user.as_str()) != own)?;
    let (channel, ts, thread) = (
        id(event, "/channel")?,
        id(event, "/ts")?,
        id(event, "/thread_ts")?,
    );
    if ts == thread {
        return None;
    }
    let team = ["/user_team", "/team"].iter().find_map(|at| id(event, at));
    let team = team.or_else(|| id(json, "/team_id"))?;
    Some(Heard::Said {
        who: Speaker::new(&team, &user, "")?,
        thread: format!("{channel}:{thread}"),
        text: heard(&unmarked(text(event, "/text"))),
        message: format!("{channel}:{ts}"),
    })
}

/// A press.
pub(super) fn interaction(json: &Value) -> Came {
    Came {
        heard: pressed(json),
        id: id(json, "/trigger_id"),
        answer: answer_at(text(json, "/response_url")),
        ..Came::default()
    }
}

fn pressed(json: &Value) -> Option<Heard> {
    if text(json, "/type") != "block_actions" {
        return None;
    }
    let actions = json.get("actions")?.as_array()?;
    // One press is one action; with more, whatever comes first is taken.
    let (action, value) = actions.iter().take(10).find_map(|action| {
        let known = ActionId::parse(text(action, "/action_id"))?;
        (text(action, "/type") == "button").then_some((known, text(action, "/value")))
    })?;
    if value.is_empty() || value.len() > MAX_VALUE {
        return None;
    }
    let team = id(json, "/user/team_id").or_else(|| id(json, "/team/id"))?;
    let name = ["/user/name", "/user/username"]
        .iter()
        .map(|at| text(json, at))
        .find(|n| !n.is_empty());
    let channel = id(json, "/container/channel_id").or_else(|| id(json, "/channel/id"));
    let ts = ["/message/thread_ts", "/message/ts", "/container/message_ts"]
        .iter()
        .find_map(|at| id(json, at));
    Some(Heard::Pressed {
        who: Speaker::new(&team, &id(json, "/user/id")?, name.unwrap_or_default())?,
        action,
        value: value.to_owned(),
        thread: channel
            .zip(ts)
            .map(|(channel, ts)| format!("{channel}:{ts}")),
    })
}

/// A slash command. Whatever its words, it asks to be bound: that is the only command there is.
pub(super) fn command<'a>(field: impl Fn(&str) -> &'a str) -> Came {
    let who = Speaker::new(field("team_id"), field("user_id"), field("user_name"));
    Came {
        heard: who.map(|who| Heard::Bind { who }),
        id: Some(field("trigger_id").to_owned()).filter(|id| crate::rest::is_id(id)),
        answer: answer_at(field("response_url")),
        ..Came::default()
    }
}

/// Whether it leads to Slack is judged when it is used.
fn answer_at(url: &str) -> Option<AnswerAt> {
    Address::parse(url).ok().map(AnswerAt)
}

/// Slack's mark-up as plain words: `<url|words>`, `<@U1>`, `<!here>`, `&amp;`.
fn unmarked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let Some((inside, after)) = after.split_once('>') else {
            // Never closed: as written.
            out.push('<');
            rest = after;
            break;
        };
        let (target, words) = inside.split_once('|').map_or((inside, ""), |(t, w)| (t, w));
        match (target.chars().next(), words) {
            (Some('@' | '#'), "") => out.push_str(target),
            (Some('@'), words) => out.extend(["@", words.trim_start_matches('@')]),
            (Some('#'), words) => out.extend(["#", words]),
            (Some('!'), "") => out.extend(["@", target.get(1..).unwrap_or_default()]),
            (Some('!'), words) => out.push_str(words),
            (_, "") => out.push_str(target),
            // Both are shown: the words alone could lie about where the link leads.
            (_, words) if words == target || target.strip_prefix("mailto:") == Some(words) => {
                out.push_str(words)
            }
            (_, words) => out.extend([words, " (", target, ")"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use reqwest::header::{HeaderMap, HeaderValue};
    use serde_json::json;

    #[test]
    fn mark_up_becomes_words() {
        for (given, expected) in [
            ("a &lt;b&gt; &amp;lt; c", "a <b> &lt; c"),
            ("<https://a.example|ici>", "ici (https://a.example)"),
            ("<https://a.example>", "https://a.example"),
            ("<mailto:a@b.c|a@b.c>", "a@b.c"),
            (
                "<@U1> <@U1|léa> <#C1|salon> <!here> <!subteam^S1|@équipe>",
                "@U1 @léa #salon @here @équipe",
            ),
            ("1 < 2", "1 < 2"),
            ("<!>", "@"),
            ("<>", ""),
        ] {
            assert_eq!(unmarked(given), expected);
        }
    }

    /// Slack's own example: the secret, clock and slash command of its page on verifying requests.
    #[test]
    fn the_published_signature_holds() {
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-slack-request-timestamp",
            HeaderValue::from_static("1531420618"),
        );
        headers.insert(
            "x-slack-signature",
            HeaderValue::from_static(
                "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            ),
        );
        headers.insert(
            "content-type",
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        let secret = SecretString::from("8f742231b10e8888abcd99yyyzzz85a5".to_owned());
        let at = |seconds: i64, body: &str| {
            let now = jiff::Timestamp::from_second(seconds).unwrap();
            let call = HookCall {
                post: true,
                query: &[],
                headers: &headers,
                body: body.as_bytes(),
                word: "",
                now,
            };
            receive(&secret, None, &call)
        };
        let Ok(Received::Came(came)) = at(1_531_420_618, body) else {
            panic!()
        };
        let who = Speaker {
            chat: "T1DC2JH3J".into(),
            id: "U2CERLKJA".into(),
            name: "roadrunner".into(),
        };
        assert_eq!(came.heard, Some(Heard::Bind { who }));
        assert!(came.answer.is_some());
        assert!(!format!("{came:?}").contains("96rGlfmibIGlgcZRskXaIFfN"));
        assert!(at(1_531_420_618 + 300, body).is_ok());
        assert_eq!(
            at(1_531_420_618 + 301, body).unwrap_err().code,
            Code::Forged
        );
        assert_eq!(
            at(1_531_420_618 - 301, body).unwrap_err().code,
            Code::Forged
        );
        assert_eq!(
            at(1_531_420_618, &format!("{body}&x=1")).unwrap_err().code,
            Code::Forged
        );
    }

    pub(in super::super) fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,40}".prop_map(Value::from),
            Just(json!("message")),
            Just(json!("block_actions")),
            Just(json!("button")),
            Just(json!("vigie-approve")),
            Just(json!("C1")),
        ];
        let key = prop_oneof![
            "event|user|channel|ts|thread_ts|type|text|team|team_id|actions|action_id|value|id|message|container|subtype",
            ".{0,8}",
        ];
        leaf.prop_recursive(4, 64, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(key.clone(), inner, 0..8)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_that_comes_in_breaks_the_parsers(json in any_json(), words in ".{0,200}", marks in "[<>|@#!&;a-z]{0,60}") {
            event(&json, Some("U1"));
            interaction(&json);
            command(|_| words.as_str());
            answer_at(&words);
            unmarked(&words);
            prop_assert!(unmarked(&marks).len() <= marks.len() + 3 * marks.len());
        }

        #[test]
        fn a_signed_call_of_any_bytes_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300), form: bool) {
            let secret = SecretString::from("k".to_owned());
            let mut signed = b"v0:1000:".to_vec();
            signed.extend_from_slice(&body);
            let signature = format!("v0={}", hex::encode(crate::hook::mac(&secret, &signed)));
            let mut headers = HeaderMap::new();
            headers.insert("x-slack-request-timestamp", HeaderValue::from_static("1000"));
            headers.insert("x-slack-signature", HeaderValue::try_from(signature).unwrap());
            let kind = if form { "application/x-www-form-urlencoded" } else { "application/json; charset=utf-8" };
            headers.insert("content-type", HeaderValue::from_static(kind));
            let now = jiff::Timestamp::from_second(1_000).unwrap();
            let call = HookCall { post: true, query: &[], headers: &headers, body: &body, word: "", now };
            if let Err(failure) = receive(&secret, None, &call) {
                prop_assert_ne!(failure.code, Code::Forged);
            }
        }
    }
}
