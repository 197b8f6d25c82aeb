use crate::suite::{self, Subject, WITHIN, http, huge, note};
use futures::FutureExt as _;
use url::Url;
use vigie_connect::{
    AllowedPrivate, Code, Http,
    chat::HipChat,
    rest::Stage,
    testing::{
        Fault, Proxy,
        contract::{Contract, chat::hipchat as network},
    },
};

const ROOM: &str = "Revue du phare";

async fn start() -> Contract<network::HipChat> {
    Contract::start(network::TABLE, network::HipChat::default()).await
}

pub fn at(url: &str, token: &str) -> HipChat {
    HipChat::new(http(), Url::parse(url).unwrap(), token.to_owned().into()).unwrap()
}

#[tokio::test]
async fn never_said_twice() {
    let server = start().await;
    let proxy = Proxy::before(server.address()).await;
    let fresh = || -> suite::Say {
        let chat = at(&proxy.url, network::TOKEN);
        Box::new(move |note, within| {
            let chat = chat.clone();
            async move { chat.say(ROOM, &note, within).await }.boxed()
        })
    };
    let held = |title: &str| {
        let all = server.network.notifications.lock().unwrap();
        let start = format!("<strong>{title}</strong>");
        all.iter()
            .filter(|n| n["message"].as_str().unwrap().starts_with(&start))
            .count()
    };
    let subject = Subject {
        fresh: &fresh,
        proxy: &proxy,
        put: "POST /v2/room/Revue%20du%20phare/notification ",
        own: &[
            (
                401,
                r#"{"error":{"code":401,"message":"no","type":"Unauthorized"}}"#,
                Stage::Refused,
                Code::TokenExpired,
            ),
            (
                403,
                r#"{"error":{"code":403,"message":"no","type":"Forbidden"}}"#,
                Stage::Refused,
                Code::MissingRight,
            ),
            (
                404,
                r#"{"error":{"code":404,"message":"no","type":"Not Found"}}"#,
                Stage::Refused,
                Code::RefusedByServer,
            ),
            (
                500,
                r#"{"error":{"code":500,"message":"no","type":"Internal"}}"#,
                Stage::Unknown,
                Code::ServerError,
            ),
        ],
        other_shape: r#"{"ok":true}"#,
        held: &held,
        own_key: false,
        ours: false,
    };
    suite::waits_when_told(&subject).await;
    suite::faults(&subject).await;
    suite::takes_all(&fresh()).await;
    // HipChat's own way to say how long a room must be left alone.
    let chat = at(&proxy.url, network::TOKEN);
    proxy.harm(
        "POST",
        Fault::Answer(Fault::http(429, "x-floodcontrol-reset: 45\r\n", "")),
        1,
    );
    let trouble = chat.say(ROOM, &note("x"), WITHIN).await.unwrap_err();
    assert_eq!(
        (trouble.stage, trouble.failure.retry_at.is_some()),
        (Stage::NotSent, true)
    );
}

#[tokio::test]
async fn words_stay_words() {
    let server = start().await;
    let chat = at(&server.url, network::TOKEN);
    chat.say(ROOM, &note("À <relire> @here"), WITHIN)
        .await
        .unwrap();
    chat.say(ROOM, &huge("Trop"), WITHIN).await.unwrap();
    let all = server.network.notifications.lock().unwrap().clone();
    let message = all[0]["message"].as_str().unwrap();
    assert!(message.starts_with("<strong>À &lt;relire&gt; @here</strong>"));
    assert!(
        message.contains("<pre>&lt;!channel&gt; &lt;@U1LEA&gt;")
            && message.contains("&lt;b&gt;gras")
    );
    assert_eq!(
        (all[0]["message_format"].as_str(), all[0]["color"].as_str()),
        (Some("html"), Some("red"))
    );
    assert!(all[1]["message"].as_str().unwrap().contains("[…] → "));
}

#[tokio::test]
async fn its_errors_are_understood() {
    let server = start().await;
    let refused = async |token: &str, room: &str| {
        let trouble = at(&server.url, token)
            .say(room, &note("x"), WITHIN)
            .await
            .unwrap_err();
        assert_eq!(trouble.stage, Stage::Refused);
        trouble.failure.code
    };
    assert_eq!(refused("other", ROOM).await, Code::TokenExpired);
    assert_eq!(
        refused(network::TOKEN, "Ailleurs").await,
        Code::RefusedByServer
    );
    for room in ["", " ", ".", "..", "a\nb"] {
        assert_eq!(refused(network::TOKEN, room).await, Code::BadKey);
    }
    let http = Http::new(AllowedPrivate::default()).unwrap();
    let token = network::TOKEN.to_owned();
    let failure = HipChat::new(http, Url::parse(&server.url).unwrap(), token.into()).unwrap_err();
    assert_eq!(failure.code, Code::AddressNotAllowed);
}
