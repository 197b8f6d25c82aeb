use crate::suite::{self, HARD, Subject, WITHIN, http, huge, note};
use futures::FutureExt as _;
use serde_json::{Value, json};
use url::Url;
use vigie_connect::{
    Code,
    chat::Slack,
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
                Code::ServerError,
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
