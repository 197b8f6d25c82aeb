//! The company's own site, on a stand-in that does what `docs/site-webhook.md` asks for.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod suite;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::{
    io::{self, Write as _},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};
use suite::{Says, Subject, WITHIN, payload, says};
use vigie_connect::{
    AllowedPrivate, Code, Connector, Http, Picture, Session, Site,
    testing::{
        Fault, Proxy,
        contract::{Contract, site::Site as Receiver},
    },
};
use vigie_core::publication::{Found, Outcome};

const TABLE: &str = include_str!("../contracts/site.toml");
const SECRET: &str = "secret-de-test-0123456789";

fn site() -> Site {
    Site::new(Http::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap()).unwrap())
}

struct Scene {
    receiver: Contract<Receiver>,
    proxy: Proxy,
    session: Session,
}

async fn connect(url: &str, feed: &str, secret: &str) -> Result<Session, Code> {
    let secret = SecretString::from(secret.to_owned());
    let connected = site().connect(url, feed, &secret).await;
    connected
        .map(|c| Session::new(c.account, c.secret))
        .map_err(|failure| failure.code)
}

async fn scene() -> Scene {
    let receiver = Contract::start(TABLE, Receiver::new(SECRET)).await;
    let proxy = Proxy::before(receiver.address()).await;
    let (address, feed) = (
        format!("{}/vigie", proxy.url),
        format!("{}/flux", proxy.url),
    );
    let session = connect(&address, &feed, SECRET).await.unwrap();
    Scene {
        receiver,
        proxy,
        session,
    }
}

#[tokio::test]
async fn the_suite() {
    let s = scene().await;
    let held = |text: &str| s.receiver.network.held(text);
    let mut subject = Subject {
        connector: &|| Box::new(site()),
        proxy: &s.proxy,
        session: s.session,
        put: "POST /vigie ",
        refusal: (422, r#"{"error":"no"}"#),
        expired: (401, r#"{"error":"the signature is not right"}"#),
        down_scoped: (403, r#"{"error":"not here"}"#),
        other_shape: r#"{"id":"7","url":"https://exemple.fr/7"}"#,
        held: &held,
        who: &|_| String::new(),
        dress: &|_| {},
    };
    suite::faults(&mut subject).await;
    suite::waits_when_told(&mut subject).await;
    suite::round_trip(&mut subject).await;
    suite::warnings(&mut subject).await;
    suite::series(&mut subject).await;
    suite::repliers(&mut subject, &[]).await;
}

#[tokio::test]
async fn one_post_under_one_id() {
    let mut s = scene().await;
    let network = Arc::clone(&s.receiver.network);
    let mut post = payload(&site(), "Le phare ouvre <dimanche> & lundi.\nVenez !");
    post.link = Some("https://exemple.fr/phare".into());
    post.langs = vec!["fr".into(), "en".into()];
    post.pictures = vec![Picture {
        bytes: Bytes::from_static(b"\x89PNG\r\n"),
        mime: "image/png".into(),
        alt: "Le phare « blanc »".into(),
        width: 4,
        height: 3,
        address: None,
    }];
    assert_eq!(site().find(&mut s.session, &post).await, Found::Absent);
    let outcome = site().publish(&mut s.session, &post, WITHIN).await;
    let Outcome::Published {
        remote_id,
        url,
        content_id,
    } = &outcome
    else {
        panic!("{outcome:?}");
    };
    assert_eq!(
        (remote_id, url),
        (&post.key, &format!("https://exemple.fr/{}", post.key))
    );
    assert_eq!(
        network.pictures(remote_id),
        json!([{ "mime": "image/png", "alt": "Le phare « blanc »", "width": 4, "height": 3, "base64": STANDARD.encode(b"\x89PNG\r\n") }])
    );
    // The same again is the same; another content under the id changes nothing and is told apart.
    assert_eq!(
        &site().publish(&mut s.session, &post, WITHIN).await,
        &outcome
    );
    assert!(matches!(
        site().find(&mut s.session, &post).await,
        Found::Same { .. }
    ));
    let mut other = post.clone();
    other.pictures[0].alt = "Autre".into();
    assert!(matches!(
        site().publish(&mut s.session, &other, WITHIN).await,
        Outcome::Unknown { detail } if detail.contains("key_taken")
    ));
    assert!(matches!(
        site().find(&mut s.session, &other).await,
        Found::Different { .. }
    ));
    assert_eq!(network.held(&post.text), 1);
    // An edit on the site shows, one by one and in the feed.
    network.edit(remote_id, "changé");
    let back = site()
        .read_back(&mut s.session, remote_id)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(&back.content_id, content_id);
    let page = site().list(&mut s.session, None).await.unwrap();
    assert_eq!(page.posts, [back]);
    assert_eq!(page.posts[0].key, post.key);
}

#[tokio::test]
async fn what_is_on_the_site_without_vigie_is_seen() {
    let mut s = scene().await;
    let network = Arc::clone(&s.receiver.network);
    let outcome = site()
        .publish(&mut s.session, &payload(&site(), "De Vigie"), WITHIN)
        .await;
    assert_eq!(says(&outcome), Says::Published);
    network.post("<item><title>Soldes</title><link>/soldes</link><description>&lt;p&gt;Tout&lt;/p&gt;</description><pubDate>Fri, 02 Jan 2099 00:00:00 GMT</pubDate></item>");
    network.post("<item><guid isPermaLink='false'>urn:vigie:../x</guid><title>Faux</title></item>");
    let page = site().list(&mut s.session, None).await.unwrap();
    let shown: Vec<(&str, &str)> = page
        .posts
        .iter()
        .map(|post| (post.text.as_str(), post.key.as_str()))
        .collect();
    assert_eq!((shown[0], shown[2]), (("Soldes\n\nTout", ""), ("Faux", "")));
    assert_eq!(shown[1].0, "De Vigie");
    let theirs = page.posts[0].remote_id.clone();
    assert_eq!(theirs, format!("{}/soldes", s.proxy.url));
    let back = site().read_back(&mut s.session, &theirs).await.unwrap();
    assert_eq!(back.as_ref(), Some(&page.posts[0]));
    assert_eq!(
        site()
            .delete(&mut s.session, &theirs)
            .await
            .unwrap_err()
            .code,
        Code::BadKey
    );
    let gone = site()
        .read_back(&mut s.session, "https://exemple.fr/ancien")
        .await;
    assert_eq!(gone.unwrap_err().code, Code::NotOffered);
}

#[tokio::test]
async fn a_feed_that_is_none() {
    let mut s = scene().await;
    let network = Arc::clone(&s.receiver.network);
    let laughs = "<!DOCTYPE rss [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><rss><channel><item><link>https://exemple.fr/x</link><title>&b;</title></item></channel></rss>";
    network.feed_is(200, laughs);
    let page = site().list(&mut s.session, None).await.unwrap();
    assert_eq!(page.posts[0].text, "&b;");
    let huge = format!(
        "<rss><channel>{}</channel></rss>",
        "<item/>".repeat(700_000)
    );
    for (status, text, code) in [
        (200, "<html></html>", Code::GarbageAnswer),
        (200, huge.as_str(), Code::AnswerTooLarge),
        (301, "", Code::BadAddress),
        (404, "", Code::GarbageAnswer),
        (500, "", Code::ServerError),
        (429, "", Code::RateLimited),
    ] {
        network.feed_is(status, text);
        assert_eq!(
            site().list(&mut s.session, None).await.unwrap_err().code,
            code,
            "{status}"
        );
        // Connecting tells at once.
        let address = format!("{}/vigie", s.receiver.url);
        let feed = format!("{}/flux", s.receiver.url);
        assert_eq!(connect(&address, &feed, SECRET).await.unwrap_err(), code);
    }
    // Without a feed nothing is claimed about what else is there.
    let address = format!("{}/vigie", s.receiver.url);
    let mut alone = connect(&address, "", SECRET).await.unwrap();
    assert_eq!(
        site().list(&mut alone, None).await.unwrap_err().code,
        Code::NotOffered
    );
    site().check(&mut alone).await.unwrap();
}

#[tokio::test]
async fn connecting() {
    let s = scene().await;
    let address = format!("{}/vigie", s.proxy.url);
    assert_eq!(site().page(&s.session.account), s.proxy.url);
    assert_eq!(s.session.account.handle, "127.0.0.1");
    for (url, secret, code) in [
        (address.as_str(), "court", Code::WeakSecret),
        (&address, "un-autre-secret-de-test", Code::BadCredentials),
        ("exemple.fr/vigie", SECRET, Code::BadAddress),
        ("ftp://exemple.fr/vigie", SECRET, Code::BadAddress),
        ("https://a:b@exemple.fr/", SECRET, Code::BadAddress),
        ("https://exemple.fr/?id=3", SECRET, Code::BadAddress),
        ("http://exemple.fr/vigie", SECRET, Code::NotEncrypted),
        ("https://10.0.0.1/vigie", SECRET, Code::AddressNotAllowed),
    ] {
        assert_eq!(
            connect(url, "", secret).await.unwrap_err(),
            code,
            "{url} {secret}"
        );
    }
    // Something else answers: a page that is not there is not "no such post".
    for (status, html) in [(404, "<html>"), (200, "<html>"), (500, "")] {
        s.proxy
            .harm("/vigie", Fault::Answer(Fault::http(status, "", html)), 9);
        let code = connect(&address, "", SECRET).await.unwrap_err();
        assert!(
            matches!(code, Code::GarbageAnswer | Code::ServerError),
            "{status}: {code}"
        );
        s.proxy.heal();
    }
    s.receiver.network.leave_open();
    assert_eq!(
        connect(&address, "", SECRET).await.unwrap_err(),
        Code::SignatureNotChecked
    );
}

#[tokio::test]
async fn a_secret_that_was_changed() {
    let s = scene().await;
    let keys = json!({ "secret": "un-secret-d-hier-0123", "feed": "" }).to_string();
    let mut old = Session::new(s.session.account.clone(), keys.into());
    let post = payload(&site(), "Hier");
    assert_eq!(
        site().check(&mut old).await.unwrap_err().code,
        Code::TokenExpired
    );
    let outcome = site().publish(&mut old, &post, WITHIN).await;
    assert_eq!(says(&outcome), Says::NotSent(Code::TokenExpired));
    assert!(matches!(
        site().find(&mut old, &post).await,
        Found::CannotTell { .. }
    ));
    assert_eq!(s.receiver.network.held("Hier"), 0);
    let mut junk = Session::new(s.session.account.clone(), "junk".to_owned().into());
    assert_eq!(
        site().check(&mut junk).await.unwrap_err().code,
        Code::TokenExpired
    );
}

#[tokio::test]
async fn limits() {
    let s = scene().await;
    let wrong = |change: &dyn Fn(&mut vigie_connect::Payload)| {
        let mut post = payload(&site(), "x");
        change(&mut post);
        site().problems(&s.session.account, &post)
    };
    assert_eq!(wrong(&|p| p.text = "é".repeat(50_000)), []);
    assert_eq!(wrong(&|p| p.text = "é".repeat(50_001)), [Code::TooLong]);
    assert_eq!(wrong(&|p| p.key = "a/b".into()), [Code::BadKey]);
    assert_eq!(
        wrong(&|p| p.reply_to = Some("7".into())),
        [Code::NotOffered]
    );
    assert_eq!(wrong(&|p| p.link = Some("https://exemple.fr".into())), []);
}

/// The lines of Python in the document.
fn python() -> String {
    let document = include_str!("../../../docs/site-webhook.md");
    let code = document.split("```python\n").nth(1).unwrap();
    code.split("```").next().unwrap().to_owned()
}

#[tokio::test]
async fn the_documents_check_holds_on_real_calls() {
    let mut s = scene().await;
    let mut post = payload(&site(), "L’été « au phare »\n😀");
    post.link = Some("https://exemple.fr/é".into());
    let outcome = site().publish(&mut s.session, &post, WITHIN).await;
    assert_eq!(says(&outcome), Says::Published);
    site().delete(&mut s.session, &post.key).await.unwrap();
    let mut cases = Vec::new();
    for asked in s.receiver.seen() {
        // The first call of connecting is signed wrongly on purpose.
        let probe = asked.field("id") == "vigie-probe";
        if asked.path != "/vigie" || probe {
            continue;
        }
        let case = json!({
            "method": asked.method, "id": asked.field("id"), "body": hex::encode(&asked.body), "secret": SECRET,
            "headers": { "X-Vigie-Timestamp": asked.header("x-vigie-timestamp"), "X-Vigie-Signature": asked.header("x-vigie-signature") },
        });
        let but = |pointer: &str, value: Value| {
            let mut other = case.clone();
            *other.pointer_mut(pointer).unwrap() = value;
            other
        };
        let time: i64 = asked.header("x-vigie-timestamp").parse().unwrap();
        cases.push((
            but(
                "/method",
                if asked.method == "GET" {
                    "DELETE"
                } else {
                    "GET"
                }
                .into(),
            ),
            false,
        ));
        cases.push((but("/secret", "un-autre".into()), false));
        cases.push((but("/headers", json!({})), false));
        cases.push((
            but("/headers/X-Vigie-Timestamp", (time + 1).to_string().into()),
            false,
        ));
        cases.push((but("/headers/X-Vigie-Timestamp", "²".into()), false));
        cases.push((but("/headers/X-Vigie-Signature", "v1=é".into()), false));
        if asked.method == "POST" {
            cases.push((
                but(
                    "/body",
                    hex::encode([&asked.body[..], b" "].concat()).into(),
                ),
                false,
            ));
        } else {
            cases.push((but("/id", "autre".into()), false));
        }
        // Signed well, but long ago.
        let old = (time - 301).to_string();
        let said = match asked.method.as_str() {
            "POST" => asked.body.clone(),
            method => format!("{method} {}", asked.field("id")).into_bytes(),
        };
        let mac = vigie_connect::hook::mac(
            &SECRET.to_owned().into(),
            &[format!("v1:{old}:").as_bytes(), &said].concat(),
        );
        let mut late = but("/headers/X-Vigie-Timestamp", old.into());
        late["headers"]["X-Vigie-Signature"] = format!("v1={}", hex::encode(mac)).into();
        cases.push((late, false));
        cases.push((case, true));
    }
    let (asked, expected): (Vec<Value>, Vec<bool>) = cases.into_iter().unzip();
    assert_eq!(
        expected.iter().filter(|good| **good).count(),
        3,
        "POST, GET, DELETE"
    );
    let driver = "\nimport json, sys\nprint(json.dumps([is_from_vigie(c['secret'], c['headers'], c['method'], bytes.fromhex(c['body']), c['id']) for c in json.load(sys.stdin)]))";
    let mut child = Command::new("python3")
        .args(["-c", &(python() + driver)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3, which the tests need anyway");
    let stdin = child.stdin.take().unwrap();
    { stdin }
        .write_all(json!(asked).to_string().as_bytes())
        .unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success());
    let found: Vec<bool> = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(found, expected);
}

/// All log lines of a thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);
impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
impl tracing_subscriber::fmt::MakeWriter<'_> for Lines {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_is_ever_printed() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut s = scene().await;
    assert!(s.session.secret().expose_secret().contains(SECRET));
    let post = payload(&site(), "x");
    let outcome = site().publish(&mut s.session, &post, WITHIN).await;
    let shown = format!("{:?} {outcome:?} {:?}", s.session, site());
    let log = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    assert!(log.contains("called"));
    assert!(!log.contains(SECRET) && !shown.contains(SECRET));
}
