use crate::suite::{self, HARD, Subject, WITHIN, http, huge, note};
use futures::FutureExt as _;
use serde_json::Value;
use vigie_connect::{
    Code,
    chat::{Address, Teams},
    rest::Stage,
    testing::{
        Proxy,
        contract::{Contract, chat::teams as network},
    },
};

async fn start() -> Contract<network::Teams> {
    Contract::start(network::TABLE, network::Teams::default()).await
}

fn at(url: &str, path: &str) -> Teams {
    Teams::new(http(), Address::parse(&format!("{url}{path}")).unwrap())
}

fn words(card: &Value) -> Vec<String> {
    let body = card["body"].as_array().unwrap();
    body.iter()
        .map(|block| block["inlines"][0]["text"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn never_said_twice() {
    let server = start().await;
    let proxy = Proxy::before(server.address()).await;
    let fresh = || -> suite::Say {
        let chat = at(&proxy.url, network::PATH);
        Box::new(move |note, within| {
            let chat = chat.clone();
            async move { chat.say(&note, within).await }.boxed()
        })
    };
    let held = |title: &str| {
        let cards = server.network.cards.lock().unwrap();
        cards.iter().filter(|card| words(card)[0] == title).count()
    };
    let subject = Subject {
        fresh: &fresh,
        proxy: &proxy,
        put: "POST /workflows/canaryflow/",
        own: &[
            (
                404,
                r#"{"error":{"code":"WorkflowNotFound","message":"no"}}"#,
                Stage::Refused,
                Code::TokenExpired,
            ),
            (
                401,
                r#"{"error":{"code":"Other","message":"no"}}"#,
                Stage::Refused,
                Code::TokenExpired,
            ),
            (
                403,
                r#"{"error":{"code":"Other","message":"no"}}"#,
                Stage::Refused,
                Code::MissingRight,
            ),
            (
                400,
                r#"{"error":{"code":"WorkflowTriggerIsNotEnabled"}}"#,
                Stage::Refused,
                Code::NotOffered,
            ),
            (
                500,
                r#"{"error":{"code":"InternalServerError"}}"#,
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
    let address = Address::parse(&format!("{}{}", proxy.url, network::PATH)).unwrap();
    suite::guarded(async |http, note| Teams::new(http, address.clone()).say(&note, WITHIN).await)
        .await;
}

#[tokio::test]
async fn a_card_shows_the_exact_content_line_by_line() {
    let server = start().await;
    at(&server.url, network::PATH)
        .say(&note("À **relire**"), WITHIN)
        .await
        .unwrap();
    let card = server.network.cards.lock().unwrap()[0].clone();
    let words = words(&card);
    assert_eq!(words[0], "À **relire**");
    let lines: Vec<String> = HARD
        .lines()
        .map(|l| {
            if l.is_empty() {
                "\u{a0}".into()
            } else {
                l.to_owned()
            }
        })
        .collect();
    let from = words.iter().position(|word| word == &lines[0]).unwrap();
    assert_eq!(&words[from..from + lines.len()], &lines[..]);
    assert_eq!(card["body"][from]["inlines"][0]["fontType"], "Monospace");
    assert_eq!(
        card["actions"][0]["url"],
        "https://vigie.example/p/7?a=(1)&b=2"
    );
    assert_eq!(card["lang"], "fr");
    // A block that reads Markdown is nowhere.
    assert!(!card.to_string().contains("\"TextBlock\""));
}

#[tokio::test]
async fn what_is_too_long_is_cut_visibly() {
    let server = start().await;
    let chat = at(&server.url, network::PATH);
    chat.say(&huge("Trop"), WITHIN).await.unwrap();
    let mut lines = note("Des lignes");
    lines.contents[0].text = "a\n".repeat(4_000);
    let mut wide = note("Large");
    wide.contents[0].text = "é".repeat(40_000);
    wide.contents = vec![wide.contents[0].clone(); 3];
    chat.say(&wide, WITHIN).await.unwrap();
    chat.say(&lines, WITHIN).await.unwrap();
    for card in server.network.cards.lock().unwrap().iter() {
        assert!(
            words(card).iter().any(|word| word.starts_with("[…] → ")),
            "{card}"
        );
    }
}

#[tokio::test]
async fn its_errors_are_understood() {
    let server = start().await;
    for path in [
        network::PATH.replace("canaryflow", "other"),
        network::PATH.replace("canarysig", "other"),
    ] {
        let trouble = at(&server.url, &path)
            .say(&note("x"), WITHIN)
            .await
            .unwrap_err();
        assert_eq!(
            (trouble.stage, trouble.failure.code),
            (Stage::Refused, Code::TokenExpired)
        );
    }
}
