use crate::suite::{self, HARD, Subject, WITHIN, http, huge, note};
use futures::FutureExt as _;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;
use vigie_connect::{
    AllowedPrivate, Code, Http,
    chat::{Heard, Matrix, Note},
    rest::Stage,
    testing::{
        Proxy,
        contract::{Contract, chat::matrix as network},
    },
};

const NOW: Duration = Duration::ZERO;

async fn start() -> Contract<network::Matrix> {
    Contract::start(network::TABLE, network::Matrix::default()).await
}

pub fn at(url: &str, token: &str) -> Matrix {
    Matrix::new(http(), Url::parse(url).unwrap(), token.to_owned().into()).unwrap()
}

fn thread(text: &str, root: &str) -> Value {
    json!({ "msgtype": "m.text", "body": text, "m.relates_to": { "rel_type": "m.thread", "event_id": root } })
}

#[tokio::test]
async fn never_said_twice() {
    let server = start().await;
    let proxy = Proxy::before(server.address()).await;
    let fresh = || -> suite::Say {
        let chat = at(&proxy.url, network::TOKEN);
        Box::new(move |note, within| {
            let chat = chat.clone();
            async move { chat.say(network::ROOM, &note, within).await }.boxed()
        })
    };
    let held = |title: &str| {
        let events = server.network.events.lock().unwrap();
        events
            .iter()
            .filter(|e| e["content"]["body"].as_str().unwrap().lines().next() == Some(title))
            .count()
    };
    let subject = Subject {
        fresh: &fresh,
        proxy: &proxy,
        put: "/send/m.room.message/",
        own: &[
            (
                401,
                r#"{"errcode":"M_UNKNOWN_TOKEN","error":"no","soft_logout":false}"#,
                Stage::Refused,
                Code::TokenExpired,
            ),
            (
                403,
                r#"{"errcode":"M_FORBIDDEN","error":"no"}"#,
                Stage::Refused,
                Code::MissingRight,
            ),
            (
                403,
                r#"{"errcode":"M_USER_DEACTIVATED","error":"no"}"#,
                Stage::Refused,
                Code::AccountSuspended,
            ),
            (
                413,
                r#"{"errcode":"M_TOO_LARGE","error":"no"}"#,
                Stage::Refused,
                Code::TooManyBytes,
            ),
            (
                400,
                r#"{"errcode":"M_BAD_JSON","error":"no"}"#,
                Stage::Refused,
                Code::RefusedByServer,
            ),
            (
                429,
                r#"{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":5000}"#,
                Stage::NotSent,
                Code::RateLimited,
            ),
            (
                500,
                r#"{"errcode":"M_UNKNOWN","error":"no"}"#,
                Stage::Unknown,
                Code::ServerError,
            ),
        ],
        other_shape: r#"{"ok":true}"#,
        held: &held,
        own_key: true,
        ours: false,
    };
    suite::waits_when_told(&subject).await;
    suite::faults(&subject).await;
    suite::takes_all(&fresh()).await;
    let refused = Http::new(AllowedPrivate::default()).unwrap();
    let failure = Matrix::new(
        refused,
        Url::parse(&proxy.url).unwrap(),
        network::TOKEN.to_owned().into(),
    )
    .unwrap_err();
    assert_eq!(failure.code, Code::AddressNotAllowed);
}

#[tokio::test]
async fn a_message_shows_the_exact_content_and_calls_nobody() {
    let server = start().await;
    let chat = at(&server.url, network::TOKEN);
    let sent = chat
        .say(network::ROOM, &note("À <relire> @room"), WITHIN)
        .await
        .unwrap();
    assert_eq!(sent.thread, sent.message);
    let mut next = note("Décidé");
    next.thread = sent.thread.clone();
    let answer = chat.say(network::ROOM, &next, WITHIN).await.unwrap();
    assert_eq!(answer.thread, sent.thread);
    assert_ne!(answer.message, sent.message);
    let events = server.network.events.lock().unwrap().clone();
    let content = &events[0]["content"];
    assert_eq!(content["m.mentions"], json!({}));
    let html = content["formatted_body"].as_str().unwrap();
    assert!(
        html.starts_with("<p><strong>À &lt;relire&gt; @room</strong></p>"),
        "{html}"
    );
    assert!(
        html.contains("<pre><code>&lt;!channel&gt; &lt;@U1LEA&gt;")
            && html.contains("&amp;amp; &lt;b&gt;gras"),
        "{html}"
    );
    let body = content["body"].as_str().unwrap();
    for line in HARD.lines() {
        assert!(body.contains(&format!("\n> {line}")), "{line}");
    }
    assert_eq!(
        events[1]["content"]["m.relates_to"],
        json!({ "rel_type": "m.thread", "event_id": "$e0", "is_falling_back": true, "m.in_reply_to": { "event_id": "$e0" } })
    );

    chat.say(network::ROOM, &huge("Trop"), WITHIN)
        .await
        .unwrap();
    let last = server
        .network
        .events
        .lock()
        .unwrap()
        .last()
        .unwrap()
        .to_string();
    assert!(last.contains("[…] → "));
    for change in [
        |n: &mut Note| n.key = "a/b".into(),
        |n: &mut Note| n.key = String::new(),
        |n: &mut Note| n.thread = Some("x".into()),
    ] {
        let mut bad = note("x");
        change(&mut bad);
        let trouble = chat.say(network::ROOM, &bad, WITHIN).await.unwrap_err();
        assert_eq!(
            (trouble.stage, trouble.failure.code),
            (Stage::Refused, Code::BadKey)
        );
    }
    let room = chat
        .say("!autre:localhost", &note("x"), WITHIN)
        .await
        .unwrap_err();
    assert_eq!(
        (room.stage, room.failure.code),
        (Stage::Refused, Code::MissingRight)
    );
}

#[tokio::test]
async fn what_is_said_in_threads_is_heard_once_in_order_and_nothing_is_lost() {
    let server = start().await;
    let chat = at(&server.url, network::TOKEN);
    let own = chat.check().await.unwrap();
    assert_eq!(own, network::OWN);
    server.network.say("@lea:localhost", thread("avant", "$x"));
    let first = chat.look(&own, None, NOW).await.unwrap();
    assert_eq!(
        (first.heard.len(), first.missed),
        (0, false),
        "what was there before is not heard"
    );

    let root = chat
        .say(network::ROOM, &note("À relire"), WITHIN)
        .await
        .unwrap()
        .thread
        .unwrap();
    for n in 0..8 {
        server
            .network
            .say("@lea:localhost", thread(&format!("mot {n}"), &root));
    }
    server.network.say(
        "@lea:localhost",
        json!({ "msgtype": "m.text", "body": "sans fil" }),
    );
    server.network.say("@bot:localhost", json!({ "msgtype": "m.notice", "body": "une machine", "m.relates_to": { "rel_type": "m.thread", "event_id": root } }));
    server.network.say("@lea:localhost", json!({ "msgtype": "m.text", "body": "* mot", "m.relates_to": { "rel_type": "m.replace", "event_id": "$e1" } }));
    server.network.say(
        "@lea:localhost",
        json!({ "msgtype": "m.text", "body": " !VIGIE " }),
    );
    server.network.say("@lea:localhost", json!(7));
    server.network.say("lea", thread("pas un nom", &root));
    let words = |heard: &[Heard]| {
        heard
            .iter()
            .map(|heard| match heard {
                Heard::Said {
                    who, thread, text, ..
                } => {
                    assert_eq!(
                        (who.id.as_str(), who.chat.as_str(), thread),
                        ("@lea:localhost", "127.0.0.1", &root)
                    );
                    text.clone()
                }
                Heard::Bind { who } => format!("lier {}", who.id),
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    let mut expected: Vec<String> = (0..8).map(|n| format!("mot {n}")).collect();
    expected.push("lier @lea:localhost".into());
    let look = chat.look(&own, Some(&first.next), NOW).await.unwrap();
    assert_eq!((words(&look.heard), look.missed), (expected.clone(), false));
    // The same place again gives the same; a server that shows little at once loses nothing.
    assert_eq!(chat.look(&own, Some(&first.next), NOW).await.unwrap(), look);
    *server.network.window.lock().unwrap() = Some(2);
    let narrow = chat.look(&own, Some(&first.next), NOW).await.unwrap();
    assert_eq!((words(&narrow.heard), narrow.missed), (expected, false));
    assert_eq!(
        chat.look(&own, Some(&look.next), NOW).await.unwrap().heard,
        []
    );
    // Too much to read back is said.
    for n in 0..60 {
        server
            .network
            .say("@lea:localhost", thread(&format!("flot {n}"), &root));
    }
    let flood = chat.look(&own, Some(&look.next), NOW).await.unwrap();
    assert!(
        flood.missed && flood.heard.len() == 32,
        "{}",
        flood.heard.len()
    );
    assert_eq!(
        words(&flood.heard).last().map(String::as_str),
        Some("flot 59")
    );
    assert_eq!(
        chat.look(&own, Some("garbage"), NOW)
            .await
            .unwrap_err()
            .code,
        Code::RefusedByServer
    );
}

#[tokio::test]
async fn rooms_and_people() {
    let server = start().await;
    let chat = at(&server.url, network::TOKEN);
    assert_eq!(chat.join("#revue:localhost").await.unwrap(), network::ROOM);
    assert_eq!(
        chat.join("#autre:localhost").await.unwrap_err().code,
        Code::MissingRight
    );
    assert_eq!(chat.join("revue").await.unwrap_err().code, Code::BadKey);
    assert!(!chat.is_encrypted(network::ROOM).await.unwrap());
    assert_eq!(
        chat.is_encrypted("!x:y").await.unwrap_err().code,
        Code::MissingRight
    );
    assert_eq!(chat.name("@lea:localhost").await.unwrap(), "Léa");
    assert_eq!(chat.name("../../x").await.unwrap_err().code, Code::BadKey);
    assert_eq!(
        at(&server.url, "other").check().await.unwrap_err().code,
        Code::TokenExpired
    );
}
