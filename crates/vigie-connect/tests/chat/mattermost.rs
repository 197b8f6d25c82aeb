use crate::suite::{self, HARD, Subject, WITHIN, http, huge, note};
use futures::FutureExt as _;
use vigie_connect::{
    Code,
    chat::{Address, Mattermost, Sent},
    rest::Stage,
    testing::{
        Proxy,
        contract::{Contract, chat::mattermost as network},
    },
};

async fn start() -> Contract<network::Mattermost> {
    Contract::start(network::TABLE, network::Mattermost::default()).await
}

fn at(url: &str, hook: &str) -> Mattermost {
    Mattermost::new(
        http(),
        Address::parse(&format!("{url}/hooks/{hook}")).unwrap(),
    )
}

#[tokio::test]
async fn never_said_twice() {
    let server = start().await;
    let proxy = Proxy::before(server.address()).await;
    let fresh = || -> suite::Say {
        let chat = at(&proxy.url, "canaryhook");
        Box::new(move |note, within| {
            let chat = chat.clone();
            async move { chat.say(&note, within).await }.boxed()
        })
    };
    let held = |title: &str| {
        let posts = server.network.posts.lock().unwrap();
        let plain = |post: &String| post.replace('\\', "");
        posts
            .iter()
            .filter(|post| plain(post).starts_with(&format!("**{title}**")))
            .count()
    };
    let subject = Subject {
        fresh: &fresh,
        proxy: &proxy,
        put: "POST /hooks/canaryhook ",
        own: &[
            (
                400,
                r#"{"id":"web.incoming_webhook.invalid.app_error","message":"Invalid webhook","status_code":400}"#,
                Stage::Refused,
                Code::TokenExpired,
            ),
            (
                501,
                r#"{"id":"web.incoming_webhook.disabled.app_error","message":"no","status_code":501}"#,
                Stage::Refused,
                Code::NotOffered,
            ),
            (
                400,
                r#"{"id":"another","message":"no","status_code":400}"#,
                Stage::Refused,
                Code::RefusedByServer,
            ),
            (
                500,
                r#"{"id":"store.sql","message":"no","status_code":500}"#,
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
    let address = Address::parse(&format!("{}/hooks/canaryhook", proxy.url)).unwrap();
    suite::guarded(async |http, note| {
        Mattermost::new(http, address.clone())
            .say(&note, WITHIN)
            .await
    })
    .await;
}

#[tokio::test]
async fn a_message_shows_the_exact_content_and_calls_nobody() {
    let server = start().await;
    let chat = at(&server.url, "canaryhook");
    assert_eq!(
        chat.say(&note("À *relire* @here"), WITHIN).await.unwrap(),
        Sent::default()
    );
    let post = server.network.posts.lock().unwrap()[0].clone();
    assert!(
        post.starts_with("**À \\*relire\\* @\u{200d}here**\n\n"),
        "{post}"
    );
    // The content has a fence of three: its block has four.
    let expected = HARD
        .replace("@channel", "@\u{200d}channel")
        .replace("@all", "@\u{200d}all")
        .replace("@here", "@\u{200d}here");
    assert!(
        post.contains(&format!("````text\n{expected}\n````")),
        "{post}"
    );
    for word in ["@channel", "@all", "@here"] {
        assert!(!post.contains(word), "{word}");
    }
    assert!(
        post.contains("[Ouvrir dans Vigie](https://vigie.example/p/7?a=%281%29&b=2)"),
        "{post}"
    );
}

#[tokio::test]
async fn what_is_too_long_is_cut_visibly() {
    let server = start().await;
    at(&server.url, "canaryhook")
        .say(&huge("Trop"), WITHIN)
        .await
        .unwrap();
    let post = server.network.posts.lock().unwrap()[0].clone();
    assert!(post.contains("\\[…\\] → ") && post.len() > 2_000);
}

#[tokio::test]
async fn its_errors_are_understood() {
    let server = start().await;
    for (hook, code) in [
        ("unknown", Code::TokenExpired),
        ("canarylocked", Code::MissingRight),
        ("canaryoff", Code::NotOffered),
    ] {
        let trouble = at(&server.url, hook)
            .say(&note("x"), WITHIN)
            .await
            .unwrap_err();
        assert_eq!(
            (trouble.stage, trouble.failure.code),
            (Stage::Refused, code)
        );
    }
}
