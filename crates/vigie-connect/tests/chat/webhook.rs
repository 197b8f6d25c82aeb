use crate::suite::{self, HARD, Subject, WITHIN, http, huge, note};
use futures::FutureExt as _;
use serde_json::{Value, json};
use std::{
    io::Write as _,
    process::{Command, Stdio},
    sync::Mutex,
};
use vigie_connect::{
    Code,
    chat::{Address, Webhook},
    rest::Stage,
    testing::{
        Proxy,
        contract::{Asked, Contract, Network, Said},
    },
};

pub const SECRET: &str = "canary-webhook-secret";
/// As `docs/chat-webhook.md` says.
const TABLE: &str = r#"
source = "docs/chat-webhook.md"
[[call]]
call = "POST /in/canarypath"
auth = "none"
headers = ["x-vigie-timestamp", "x-vigie-signature"]
json = { id = "string", kind = "note", title = "string", body = "list", contents = "list", findings = "list", links = "list", footer = "string", lang = "string", cut = "bool" }
"#;

/// A receiver that drops an id that it has seen.
#[derive(Default)]
pub struct Receiver(Mutex<Vec<Asked>>);

impl Network for Receiver {
    fn answer(&self, asked: &Asked) -> Said {
        let mut all = self.0.lock().unwrap();
        if all.iter().all(|old| old.field("id") != asked.field("id")) {
            all.push(asked.clone());
        }
        Said::json(204, Value::Null)
    }
}

pub async fn start() -> Contract<Receiver> {
    Contract::start(TABLE, Receiver::default()).await
}

pub fn at(url: &str) -> Webhook {
    let address = Address::parse(&format!("{url}/in/canarypath")).unwrap();
    Webhook::new(http(), address, SECRET.to_owned().into()).unwrap()
}

#[tokio::test]
async fn never_said_twice() {
    let server = start().await;
    let proxy = Proxy::before(server.address()).await;
    let fresh = || -> suite::Say {
        let chat = at(&proxy.url);
        Box::new(move |note, within| {
            let chat = chat.clone();
            async move { chat.say(&note, within).await }.boxed()
        })
    };
    let held = |title: &str| {
        server
            .network
            .0
            .lock()
            .unwrap()
            .iter()
            .filter(|a| a.field("title") == title)
            .count()
    };
    let subject = Subject {
        fresh: &fresh,
        proxy: &proxy,
        put: "POST /in/canarypath ",
        own: &[
            (401, "", Stage::Refused, Code::TokenExpired),
            (410, "gone", Stage::Refused, Code::TokenExpired),
            (413, "", Stage::Refused, Code::TooManyBytes),
            (422, r#"{"no":1}"#, Stage::Refused, Code::RefusedByServer),
        ],
        other_shape: r#"{"ok":true}"#,
        held: &held,
        own_key: true,
        ours: true,
    };
    suite::waits_when_told(&subject).await;
    suite::faults(&subject).await;
    let address = Address::parse(&format!("{}/in/canarypath", proxy.url)).unwrap();
    suite::guarded(async |http, note| {
        Webhook::new(http, address.clone(), SECRET.to_owned().into())
            .unwrap()
            .say(&note, WITHIN)
            .await
    })
    .await;
    let short = Webhook::new(http(), address, "too short".to_owned().into()).unwrap_err();
    assert_eq!(short.code, Code::BadKey);
}

#[tokio::test]
async fn the_document_is_as_documented() {
    let server = start().await;
    let chat = at(&server.url);
    let note = note("À relire");
    chat.say(&note, WITHIN).await.unwrap();
    chat.say(&huge("Trop"), WITHIN).await.unwrap();
    let all = server.network.0.lock().unwrap().clone();
    assert_eq!(
        all[0].json,
        json!({
            "id": note.key, "kind": "note", "title": "À relire", "body": note.body,
            "contents": [{ "page": "Phare · Mastodon", "text": HARD, "pictures": ["Un phare @all la nuit"] }],
            "findings": [
                { "severity": "stop", "text": "Un numéro de carte <5555…>" },
                { "severity": "hint", "text": "Un lien sans texte" },
            ],
            "links": [{ "label": "Ouvrir dans Vigie", "url": "https://vigie.example/p/7?a=(1)&b=2" }],
            "footer": "Vous recevez ceci comme relectrice.", "lang": "fr", "cut": false,
        })
    );
    assert_eq!(
        (&all[1].json["cut"], &all[1].json["contents"]),
        (&json!(true), &json!([]))
    );
    let page = include_str!("../../../../docs/chat-webhook.md");
    for field in all[0].json.as_object().unwrap().keys() {
        assert!(
            page.contains(&format!("| `{field}` |")),
            "{field} is not documented"
        );
    }
}

/// The receiver's check on the page is run, on what was really sent.
#[tokio::test]
async fn the_check_in_the_documentation_holds() {
    let server = start().await;
    at(&server.url).say(&note("Été"), WITHIN).await.unwrap();
    let asked = server.network.0.lock().unwrap()[0].clone();
    let page = include_str!("../../../../docs/chat-webhook.md");
    let check = page
        .split("```python\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    assert!(check.lines().count() <= 15);
    let stamp: i64 = asked.header("x-vigie-timestamp").parse().unwrap();
    let judge = |secret: &str, signature: &str, body: &[u8], now: i64| {
        let mut program = Command::new("python3");
        program.arg("-c").arg(format!(
            "{check}\nimport sys\nbody = sys.stdin.buffer.read()\nheaders = {{'X-Vigie-Timestamp': sys.argv[2], 'X-Vigie-Signature': sys.argv[3]}}\nprint(is_from_vigie(sys.argv[1], headers, body, float(sys.argv[4])))"
        ));
        program.args([secret, &stamp.to_string(), signature, &now.to_string()]);
        let mut child = program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is needed");
        child.stdin.take().unwrap().write_all(body).unwrap();
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success());
        String::from_utf8(out.stdout).unwrap().trim() == "True"
    };
    let signature = asked.header("x-vigie-signature");
    assert!(judge(SECRET, signature, &asked.body, stamp + 10));
    assert!(!judge(
        "another-secret-of-16",
        signature,
        &asked.body,
        stamp
    ));
    assert!(!judge(
        SECRET,
        signature,
        &[&asked.body[..], b" "].concat(),
        stamp
    ));
    assert!(!judge(SECRET, "", &asked.body, stamp));
    assert!(!judge(SECRET, "v1=é", &asked.body, stamp));
    assert!(!judge(SECRET, signature, &asked.body, stamp + 301));
    assert!(!judge(SECRET, signature, &asked.body, stamp - 301));
}
