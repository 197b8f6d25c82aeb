use crate::{
    hipchat, matrix, slack,
    slack_heard::press,
    suite::{WITHIN, http, note},
    webhook,
};
use secrecy::SecretString;
use std::{
    fmt::Debug,
    io,
    sync::{Arc, Mutex},
};
use vigie_connect::{
    chat::{Address, Mattermost, Teams},
    testing::{
        Fault, Proxy,
        contract::{Contract, chat as networks},
    },
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Neither a token nor an address for messages is in a log, an error, the journal or a `Debug`, even when a server
/// quotes it.
#[tokio::test]
async fn no_secret_is_ever_printed() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // One server that quotes everything, in each chat's own shape of an error and in others.
    let server = Contract::start(networks::slack::TABLE, networks::slack::Slack::default()).await;
    let proxy = Proxy::before(server.address()).await;
    let quote = "canary xoxb-canary-bot https://chat.example/hooks/canaryhook";
    let bodies = [
        format!(r#"{{"ok":false,"error":"{quote}"}}"#),
        format!(r#"{{"id":"{quote}","status_code":400,"message":"{quote}"}}"#),
        format!(r#"{{"error":{{"code":"{quote}","type":"{quote}","message":"{quote}"}}}}"#),
        format!(r#"{{"errcode":"{quote}","error":"{quote}"}}"#),
        quote.to_owned(),
        // Single words that could be taken for names of errors.
        r#"{"ok":false,"error":"xoxb-canary-bot","id":"canaryhook","status_code":400,"errcode":"canarymatrixtoken"}"#.to_owned(),
        r#"{"ok":0,"error":"xoxb-canary-bot"}"#.to_owned(),
        r#"{"error":{"code":"canarysig","type":"canaryhipchattoken"}}"#.to_owned(),
        r#"{"error":{"code":"canaryflow","type":"canaryhipchattoken"}}"#.to_owned(),
    ];
    let mut said = String::new();
    let mut keep = |what: &dyn Debug| said += &format!("{what:?} ");
    let http = http();
    let address = |path: &str| Address::parse(&format!("{}{path}", proxy.url)).unwrap();
    let slack = slack::at(&proxy.url, networks::slack::BOT);
    let mattermost = Mattermost::new(http.clone(), address("/hooks/canaryhook"));
    let teams = Teams::new(http.clone(), address(networks::teams::PATH));
    let webhook = webhook::at(&proxy.url);
    let hipchat = hipchat::at(&proxy.url, networks::hipchat::TOKEN);
    let matrix = matrix::at(&proxy.url, networks::matrix::TOKEN);
    keep(&(&slack, &mattermost, &teams, &webhook, &hipchat, &matrix));
    for body in &bodies {
        for status in [200, 400, 404, 500] {
            proxy.heal();
            proxy.harm("", Fault::Answer(Fault::http(status, "", body)), 20);
            let note = note("x");
            keep(&slack.say("C1REVUE", &note, WITHIN).await);
            keep(&slack.check().await);
            keep(&mattermost.say(&note, WITHIN).await);
            keep(&teams.say(&note, WITHIN).await);
            keep(&webhook.say(&note, WITHIN).await);
            keep(&hipchat.say("Revue", &note, WITHIN).await);
            keep(&matrix.say("!r:localhost", &note, WITHIN).await);
            keep(
                &matrix
                    .look("@v:localhost", Some("s1"), std::time::Duration::ZERO)
                    .await,
            );
        }
    }
    for fault in [
        Fault::CutAfter,
        Fault::Answer("garbage canary".into()),
        Fault::Endless,
    ] {
        proxy.heal();
        proxy.harm("", fault, 20);
        let note = note("x");
        keep(&slack.say("C1REVUE", &note, WITHIN).await);
        keep(&mattermost.say(&note, WITHIN).await);
        keep(&teams.say(&note, WITHIN).await);
        keep(&webhook.say(&note, WITHIN).await);
        keep(&matrix.say("!r:localhost", &note, WITHIN).await);
    }
    // A token that cannot be sent, an address to nowhere.
    keep(&slack::at(&proxy.url, "xoxb-canary\nbroken").check().await);
    let nowhere = Address::parse("http://127.0.0.1:9/hooks/canaryhook?sig=canarysig").unwrap();
    keep(
        &Mattermost::new(http.clone(), nowhere)
            .say(&note("x"), WITHIN)
            .await,
    );
    let nowhere = Address::parse("https://canary.invalid/hooks/canaryhook").unwrap();
    keep(&nowhere);
    // What came from a press holds an address too.
    proxy.heal();
    let response = format!("{}/actions/T1/2/canaryresponse", proxy.url);
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &press(&response).to_string())
        .finish();
    let secret = SecretString::from("canary-signing-secret".to_owned());
    let mut headers = reqwest::header::HeaderMap::new();
    let now = jiff::Timestamp::from_second(1_000).unwrap();
    let signature = hex::encode(vigie_connect::hook::mac(
        &secret,
        format!("v0:1000:{form}").as_bytes(),
    ));
    headers.insert("x-slack-request-timestamp", "1000".parse().unwrap());
    headers.insert(
        "x-slack-signature",
        format!("v0={signature}").parse().unwrap(),
    );
    let call = vigie_connect::hook::HookCall {
        post: true,
        query: &[],
        headers: &headers,
        body: form.as_bytes(),
        word: "",
        now,
    };
    let came = vigie_connect::chat::slack::receive(&secret, None, &call).unwrap();
    keep(&came);
    let vigie_connect::chat::slack::Received::Came(came) = came else {
        panic!()
    };
    slack
        .replace(&came.answer.unwrap(), &note("x"), WITHIN)
        .await
        .unwrap();
    for called in http.journal().newest() {
        keep(&called);
    }
    drop(server.breaches());

    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(
        logged.contains("called") && logged.contains("chat.postMessage"),
        "the log was collected"
    );
    assert!(
        said.contains("RefusedByServer") && said.contains("Refused") && said.contains("Unknown")
    );
    for secret in ["canary", "xoxb"] {
        assert!(
            !said.contains(secret),
            "said: {}",
            said.split(secret)
                .next()
                .unwrap()
                .chars()
                .rev()
                .take(300)
                .collect::<String>()
                .chars()
                .rev()
                .collect::<String>()
        );
        assert!(
            !logged.contains(secret),
            "logged: {}",
            logged.lines().find(|line| line.contains(secret)).unwrap()
        );
    }
}
