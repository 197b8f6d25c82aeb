use crate::suite::{self, HARD, Subject, WITHIN, http, huge, note};
use futures::FutureExt as _;
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;
use vigie_connect::{
    Code,
    chat::{
        ActionId, Heard, Slack, Speaker,
        slack::{Came, Received, receive},
    },
    hook::{HookCall, mac},
    rest::Stage,
    testing::{
        Proxy,
        contract::{Contract, chat::slack as network},
    },
};

pub async fn start() -> Contract<network::Slack> {
    Contract::start(network::TABLE, network::Slack::default()).await
}

pub fn at(url: &str, token: &str) -> Slack {
    Slack::new(
        http(),
        token.to_owned().into(),
        Some(Url::parse(url).unwrap().join("api/").unwrap()),
    )
}

fn held(server: &Contract<network::Slack>, title: &str) -> usize {
    let all = server.network.messages.lock().unwrap();
    all.iter()
        .filter(|m| m.body["text"].as_str().unwrap().contains(title))
        .count()
}

#[tokio::test]
async fn never_said_twice() {
    let server = start().await;
    let proxy = Proxy::before(server.address()).await;
    let fresh = || -> suite::Say {
        let slack = at(&proxy.url, network::BOT);
        Box::new(move |note, within| {
            let slack = slack.clone();
            async move { slack.say("C1REVUE", &note, within).await }.boxed()
        })
    };
    let subject = Subject {
        fresh: &fresh,
        proxy: &proxy,
        put: "POST /api/chat.postMessage ",
        own: &[
            (
                200,
                r#"{"ok":false,"error":"token_revoked"}"#,
                Stage::Refused,
                Code::TokenExpired,
            ),
            (
                200,
                r#"{"ok":false,"error":"account_inactive"}"#,
                Stage::Refused,
                Code::TokenExpired,
            ),
            (
                200,
                r#"{"ok":false,"error":"missing_scope","needed":"chat:write"}"#,
                Stage::Refused,
                Code::MissingRight,
            ),
            (
                200,
                r#"{"ok":false,"error":"not_in_channel"}"#,
                Stage::Refused,
                Code::RefusedByServer,
            ),
            (
                200,
                r#"{"ok":false,"error":"msg_too_long"}"#,
                Stage::Refused,
                Code::TooLong,
            ),
            (
                200,
                r#"{"ok":false,"error":"ratelimited"}"#,
                Stage::NotSent,
                Code::RateLimited,
            ),
            (
                200,
                r#"{"ok":false,"error":"fatal_error"}"#,
                Stage::Unknown,
                Code::GarbageAnswer,
            ),
            (
                200,
                r#"{"ok":false,"error":"a new one"}"#,
                Stage::Refused,
                Code::RefusedByServer,
            ),
        ],
        other_shape: r#"{"ok":true,"posted":1}"#,
        held: &|title| held(&server, title),
        own_key: false,
        ours: false,
    };
    suite::waits_when_told(&subject).await;
    suite::faults(&subject).await;
    suite::takes_all(&fresh()).await;
    let api = Url::parse(&format!("{}/api/", proxy.url)).unwrap();
    suite::guarded(async |http, note| {
        Slack::new(http, network::BOT.to_owned().into(), Some(api.clone()))
            .say("C1REVUE", &note, WITHIN)
            .await
    })
    .await;
}

#[tokio::test]
async fn a_message_shows_the_exact_content_and_calls_nobody() {
    let server = start().await;
    let slack = at(&server.url, network::BOT);
    let sent = slack
        .say("C1REVUE", &note("À relire <!here> & vite"), WITHIN)
        .await
        .unwrap();
    assert_eq!(sent.thread, sent.message);
    let body = server.network.messages.lock().unwrap()[0].body.clone();
    let blocks = body["blocks"].as_array().unwrap();
    let of = |kind: &str| {
        blocks
            .iter()
            .filter(|b| b["type"] == kind)
            .cloned()
            .collect::<Vec<Value>>()
    };
    assert_eq!(
        of("header")[0]["text"]["text"],
        "À relire &lt;!here&gt; &amp; vite"
    );
    assert_eq!(
        of("rich_text")[0]["elements"][0]["elements"],
        json!([{ "type": "text", "text": HARD }])
    );
    // Outside the plain runs no control sequence of Slack's is left.
    for block in blocks.iter().filter(|b| b["type"] != "rich_text") {
        let words = block.to_string();
        assert!(!words.contains('<') && !words.contains("mrkdwn"), "{words}");
    }
    assert!(!body["text"].as_str().unwrap().contains('<'));
    assert_eq!(
        (&body["parse"], &body["mrkdwn"], &body["unfurl_links"]),
        (&json!("none"), &json!(false), &json!(false))
    );
    let buttons = of("actions")[0]["elements"].clone();
    assert_eq!(
        buttons
            .as_array()
            .unwrap()
            .iter()
            .map(|b| (b["action_id"].clone(), b["value"].clone(), b["url"].clone()))
            .collect::<Vec<_>>(),
        [
            (json!("vigie-approve"), json!("v-approve"), Value::Null),
            (json!("vigie-changes"), json!("v-changes"), Value::Null),
            (
                json!("vigie-open-0"),
                Value::Null,
                json!("https://vigie.example/p/7?a=(1)&b=2")
            ),
        ]
    );

    // What follows goes into the same conversation, and the first can be replaced.
    let mut next = note("Décidé");
    next.thread = sent.thread.clone();
    let answer = slack.say("C2AUTRE", &next, WITHIN).await.unwrap();
    assert_eq!(answer.thread, sent.thread);
    assert_ne!(answer.message, sent.message);
    next.actions.clear();
    next.thread = None;
    assert_eq!(
        slack
            .amend(&sent.message.unwrap(), &next, WITHIN)
            .await
            .unwrap()
            .message,
        Some("C1REVUE:1700000000.000001".into())
    );
    let all = server.network.messages.lock().unwrap().clone();
    assert_eq!(
        (all[1].channel.as_str(), all[1].thread.as_deref()),
        ("C1REVUE", Some("1700000000.000001"))
    );
    assert_eq!(
        all[0].body["text"].as_str().unwrap().split(" · ").next(),
        Some("Décidé")
    );
    assert_eq!(all.len(), 2);

    let person = slack
        .say("U1LEA", &note("Pour vous"), WITHIN)
        .await
        .unwrap();
    assert!(person.thread.unwrap().starts_with("D1LEA:"));
}

#[tokio::test]
async fn what_is_too_long_is_cut_visibly_and_cannot_be_approved() {
    let server = start().await;
    let slack = at(&server.url, network::BOT);
    slack.say("C1REVUE", &huge("Trop"), WITHIN).await.unwrap();
    let mut one = note("Un peu trop");
    for (length, whole) in [(2_900, true), (2_901, false)] {
        one.contents[0].text = "é".repeat(length);
        slack.say("C1REVUE", &one, WITHIN).await.unwrap();
        let all = server.network.messages.lock().unwrap();
        let words = all.last().unwrap().body.to_string();
        assert_eq!(words.contains("vigie-approve"), whole, "{length}");
        assert_eq!(
            words.contains("[…] → Ouvrir dans Vigie"),
            !whole,
            "{length}"
        );
        assert!(words.contains("vigie-changes") && words.contains("vigie-open-0"));
    }
    let mut empty = note("");
    empty.body = vec![];
    empty.contents = vec![];
    empty.findings = vec![];
    empty.actions = vec![];
    empty.links = vec![];
    empty.footer = String::new();
    slack.say("C1REVUE", &empty, WITHIN).await.unwrap();
}

#[tokio::test]
async fn the_workspace_and_its_people_are_known() {
    let server = start().await;
    let slack = at(&server.url, network::BOT);
    let workspace = slack.check().await.unwrap();
    assert_eq!(
        (
            workspace.id.as_str(),
            workspace.name.as_str(),
            workspace.bot.as_str()
        ),
        ("T1PHARE", "Phare", "U0BOT")
    );
    assert_eq!(slack.name("U1LEA").await.unwrap(), "Léa Martin");
    assert_eq!(
        slack.name("U2").await.unwrap_err().code,
        Code::UnknownHandle
    );
    for token in ["xoxb-revoked", "xoxb-unknown", "xoxb\nbroken"] {
        assert_eq!(
            at(&server.url, token).check().await.unwrap_err().code,
            Code::TokenExpired,
            "{token}"
        );
    }
    for room in ["C404", "C9ARCHIVE", "C9DEHORS"] {
        let trouble = slack.say(room, &note("x"), WITHIN).await.unwrap_err();
        assert_eq!(
            (trouble.stage, trouble.failure.code),
            (Stage::Refused, Code::RefusedByServer),
            "{room}"
        );
    }
    let mut astray = note("x");
    for thread in ["", "C1", "C1:", "C1:x", "C1/../x:1", "1700000000.000001"] {
        astray.thread = Some(thread.into());
        let trouble = slack.say("C1REVUE", &astray, WITHIN).await.unwrap_err();
        assert_eq!(
            (trouble.stage, trouble.failure.code),
            (Stage::Refused, Code::BadKey),
            "{thread}"
        );
    }
    assert_eq!(
        slack
            .say("C1/../x", &note("x"), WITHIN)
            .await
            .unwrap_err()
            .failure
            .code,
        Code::BadKey
    );
}

const SIGNING: &str = "canary-signing-secret";

fn call(
    kind: &'static str,
    body: &str,
    more: &[(&'static str, &'static str)],
) -> Result<Received, Code> {
    let mut headers = HeaderMap::new();
    let now = jiff::Timestamp::now();
    let stamp = now.as_second().to_string();
    let secret = SecretString::from(SIGNING.to_owned());
    let signature = format!(
        "v0={}",
        hex::encode(mac(&secret, format!("v0:{stamp}:{body}").as_bytes()))
    );
    headers.insert("content-type", HeaderValue::from_static(kind));
    headers.insert("x-slack-request-timestamp", stamp.parse().unwrap());
    headers.insert("x-slack-signature", signature.parse().unwrap());
    for (name, value) in more {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    let call = HookCall {
        post: true,
        query: &[],
        headers: &headers,
        body: body.as_bytes(),
        word: "",
        now,
    };
    receive(&secret, Some("U0BOT"), &call).map_err(|f| f.code)
}

fn came(received: Result<Received, Code>) -> Came {
    match received {
        Ok(Received::Came(came)) => came,
        other => panic!("{other:?}"),
    }
}

pub fn press(response_url: &str) -> Value {
    json!({
        "type": "block_actions", "team": { "id": "T1PHARE" }, "trigger_id": "12.34.ab",
        "user": { "id": "U1LEA", "username": "lea", "name": "lea", "team_id": "T1PHARE" },
        "container": { "type": "message", "message_ts": "1700000000.000002", "channel_id": "C1REVUE" },
        "channel": { "id": "C1REVUE", "name": "revue" },
        "message": { "ts": "1700000000.000002", "thread_ts": "1700000000.000001", "text": "x" },
        "response_url": response_url,
        "actions": [{ "action_id": "vigie-approve", "block_id": "b", "type": "button", "value": "v <&> 1", "action_ts": "1" }],
    })
}

pub fn said(text: &str, thread: Option<&str>) -> Value {
    let mut event = json!({
        "type": "message", "user": "U1LEA", "text": text, "ts": "1700000000.000009",
        "channel": "C1REVUE", "team": "T1PHARE", "channel_type": "channel",
    });
    if let Some(thread) = thread {
        event["thread_ts"] = json!(thread);
    }
    json!({ "type": "event_callback", "team_id": "T1PHARE", "api_app_id": "A1", "event_id": "Ev1", "event": event })
}

fn form(payload: &Value) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish()
}

#[tokio::test]
async fn a_press_is_heard_and_its_message_replaced_at_slack_only() {
    let server = start().await;
    let slack = at(&server.url, network::BOT);
    let body = form(&press(&format!(
        "{}/actions/T1/2/canaryresponse",
        server.url
    )));
    let came = came(call("application/x-www-form-urlencoded", &body, &[]));
    assert_eq!(
        came.heard,
        Some(Heard::Pressed {
            who: Speaker {
                chat: "T1PHARE".into(),
                id: "U1LEA".into(),
                name: "lea".into()
            },
            action: ActionId::Approve,
            value: "v <&> 1".into(),
            thread: Some("C1REVUE:1700000000.000001".into()),
        })
    );
    let answer = came.answer.unwrap();
    slack
        .replace(&answer, &note("Approuvé"), WITHIN)
        .await
        .unwrap();
    slack
        .whisper(&answer, &note("Pour vous"), WITHIN)
        .await
        .unwrap();
    let answers = server.network.answers.lock().unwrap().clone();
    assert_eq!(
        (
            &answers[0]["replace_original"],
            &answers[1]["response_type"]
        ),
        (&json!(true), &json!("ephemeral"))
    );

    for elsewhere in [
        "https://hooks.slack.com.evil.example/x",
        "https://evil.example/hooks.slack.com",
        "http://hooks.slack.com/actions/T1/2/3",
        "https://hooks.slack.com:8443/actions/T1/2/3",
        "http://169.254.169.254/actions/T1/2/3",
    ] {
        let came = self::came(call(
            "application/x-www-form-urlencoded",
            &form(&press(elsewhere)),
            &[],
        ));
        let trouble = slack
            .replace(&came.answer.unwrap(), &note("x"), WITHIN)
            .await
            .unwrap_err();
        assert_eq!(
            (trouble.stage, trouble.failure.code),
            (Stage::Refused, Code::AddressNotAllowed),
            "{elsewhere}"
        );
    }
}

#[test]
fn what_is_said_in_a_thread_is_heard_and_nothing_else() {
    let kind = "application/json";
    let retried = [
        ("x-slack-retry-num", "2"),
        ("x-slack-retry-reason", "http_timeout"),
    ];
    let body = said("<@U0BOT> c’est &lt;bon&gt;", Some("1700000000.000001")).to_string();
    let heard = came(call(kind, &body, &retried));
    assert_eq!((heard.id.as_deref(), heard.retry), (Some("Ev1"), 2));
    assert_eq!(
        heard.heard,
        Some(Heard::Said {
            who: Speaker {
                chat: "T1PHARE".into(),
                id: "U1LEA".into(),
                name: String::new()
            },
            thread: "C1REVUE:1700000000.000001".into(),
            text: "@U0BOT c’est <bon>".into(),
            message: "C1REVUE:1700000000.000009".into(),
        })
    );
    let long = came(call(
        kind,
        &said(&"é".repeat(20_000), Some("1700000000.000001")).to_string(),
        &[],
    ));
    assert!(matches!(long.heard, Some(Heard::Said { text, .. }) if text.chars().count() == 10_000));
    let quiet = |change: &dyn Fn(&mut Value)| {
        let mut body = said("x", Some("1700000000.000001"));
        change(&mut body["event"]);
        came(call(kind, &body.to_string(), &[])).heard
    };
    assert!(quiet(&|_| ()).is_some());
    assert!(quiet(&|e| e["subtype"] = json!("thread_broadcast")).is_some());
    assert_eq!(
        quiet(&|e| e["thread_ts"] = json!("1700000000.000009")),
        None,
        "the first of a thread"
    );
    assert_eq!(
        quiet(&|e| drop(e.as_object_mut().unwrap().remove("thread_ts"))),
        None,
        "no thread"
    );
    assert_eq!(quiet(&|e| e["bot_id"] = json!("B1")), None, "a bot");
    assert_eq!(quiet(&|e| e["user"] = json!("U0BOT")), None, "ourselves");
    assert_eq!(
        quiet(&|e| e["subtype"] = json!("message_changed")),
        None,
        "an edit"
    );
    assert_eq!(quiet(&|e| e["edited"] = json!({})), None, "edited");
    assert_eq!(quiet(&|e| e["type"] = json!("reaction_added")), None);
    assert_eq!(quiet(&|e| e["user"] = json!("../x")), None, "no id");

    let hello =
        json!({ "type": "url_verification", "token": "x", "challenge": "défi" }).to_string();
    assert!(matches!(call(kind, &hello, &[]), Ok(Received::Challenge(c)) if c == "défi"));
}

#[test]
fn a_call_that_is_not_signed_now_is_not_heard() {
    let body = said("x", Some("1700000000.000001")).to_string();
    let now = jiff::Timestamp::now();
    let secret = SecretString::from(SIGNING.to_owned());
    let sign = |stamp: &str, body: &str| {
        format!(
            "v0={}",
            hex::encode(mac(&secret, format!("v0:{stamp}:{body}").as_bytes()))
        )
    };
    let judge = |stamp: &str, signature: &str, body: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        if !stamp.is_empty() {
            headers.insert("x-slack-request-timestamp", stamp.parse().unwrap());
        }
        if !signature.is_empty() {
            headers.insert("x-slack-signature", signature.parse().unwrap());
        }
        let call = HookCall {
            post: true,
            query: &[],
            headers: &headers,
            body: body.as_bytes(),
            word: "",
            now,
        };
        receive(&secret, None, &call)
            .map(|_| ())
            .map_err(|f| f.code)
    };
    let at = |offset: i64| (now.as_second() + offset).to_string();
    let good = sign(&at(0), &body);
    assert_eq!(judge(&at(0), &good, &body), Ok(()));
    for (stamp, signature, body) in [
        (at(0), good.clone(), body.clone() + " "),
        (at(0), String::new(), body.clone()),
        (String::new(), sign("", &body), body.clone()),
        (at(1), good.clone(), body.clone()),
        (at(0), good.replace("v0=", ""), body.clone()),
        (at(-301), sign(&at(-301), &body), body.clone()),
        (at(400), sign(&at(400), &body), body.clone()),
    ] {
        assert_eq!(
            judge(&stamp, &signature, &body),
            Err(Code::Forged),
            "{stamp} {signature}"
        );
    }
    assert_eq!(
        judge(&at(0), &sign(&at(0), "{"), "{"),
        Err(Code::GarbageAnswer)
    );
}
