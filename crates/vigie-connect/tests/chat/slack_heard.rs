//! What Slack sends.

use crate::{
    slack::{at, start},
    suite::{WITHIN, note},
};
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::SecretString;
use serde_json::{Value, json};
use vigie_connect::{
    Code,
    chat::{
        ActionId, Heard, Speaker,
        slack::{Came, Received, receive},
    },
    hook::{HookCall, mac},
    rest::Stage,
    testing::contract::chat::slack as network,
};

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
