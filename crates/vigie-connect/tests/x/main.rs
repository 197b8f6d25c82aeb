//! The connector for X, held against what X publishes.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod account;
mod inbound;
mod posts;
#[path = "../suite/mod.rs"]
mod suite;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::{
    io::Write,
    sync::{Arc, Mutex},
};
use suite::{Says, Subject, WITHIN, payload, says};
use url::Url;
use vigie_connect::{
    Account, Allowed, AllowedPrivate, ArrivalKind, Code, Connector, Http, Limits, Payload, Picture,
    Session, X,
    hook::{HookAnswer, HookCall},
    oauth::{App, Ask, Back, Tokens, challenge},
    testing::{
        Fault, Proxy,
        contract::{Contract, XNetwork},
    },
};
use vigie_core::{
    content::{Platform, Repliers},
    publication::{Found, Outcome},
};

const PUT: &str = "POST /2/tweets ";
const VERIFIER: &str = "verifier-canary-dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

struct Stage {
    server: Contract<XNetwork>,
    proxy: Proxy,
}

impl Stage {
    async fn new() -> Self {
        let server = Contract::start(XNetwork::FACTS, XNetwork::default()).await;
        let proxy = Proxy::before(server.address()).await;
        Self { server, proxy }
    }

    fn app(&self) -> App {
        App {
            id: XNetwork::APP.0.into(),
            secret: XNetwork::APP.1.to_owned().into(),
            api: Some(Url::parse(&self.proxy.url).unwrap()),
        }
    }

    fn x(&self) -> X {
        let http = Http::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap()).unwrap();
        X::new(http, Some(self.app()))
    }

    /// Signed in; the access ends so many minutes from now.
    fn session(&self, minutes: i64) -> Session {
        let (access, refresh) = self.server.network.grant();
        let until = Timestamp::now() + SignedDuration::from_mins(minutes);
        let tokens = Tokens {
            access,
            refresh: Some(refresh),
            until: Some(until),
            refresh_until: None,
            client: None,
        };
        let account = Account {
            platform: Platform::X,
            service: self.proxy.url.clone(),
            id: "2244994945".into(),
            handle: "ancien_nom".into(),
            limits: Limits::default(),
        };
        Session::new(account, tokens.seal())
    }

    fn held(&self, text: &str) -> usize {
        self.server.network.held(text)
    }

    /// Who may answer a post, in the network's word.
    fn who(&self, text: &str) -> String {
        let state = self.server.network.state();
        let post = state.posts.iter().find(|post| post.text == text);
        post.map(|post| post.repliers.clone()).unwrap_or_default()
    }
}

fn picture(alt: &str) -> Picture {
    Picture {
        bytes: Bytes::from(vec![7; 3_000]),
        mime: "image/png".into(),
        alt: alt.into(),
        width: 10,
        height: 10,
        address: None,
    }
}

fn published(outcome: Outcome) -> (String, String) {
    match outcome {
        Outcome::Published {
            remote_id,
            content_id,
            ..
        } => (remote_id, content_id),
        other => panic!("{other:?}"),
    }
}

fn post(text: &str) -> Payload {
    let http = Http::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap()).unwrap();
    payload(&X::new(http, None), text)
}

async fn suite_on(stage: &Stage, which: &str) {
    let mut subject = Subject {
        connector: &|| Box::new(stage.x()),
        proxy: &stage.proxy,
        session: stage.session(120),
        put: PUT,
        refusal: (
            400,
            r#"{"title":"Invalid Request","detail":"One or more parameters to your request was invalid.","type":"https://api.twitter.com/2/problems/invalid-request"}"#,
        ),
        expired: (
            401,
            r#"{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}"#,
        ),
        down_scoped: (
            403,
            r#"{"title":"Forbidden","type":"about:blank","status":403,"detail":"Forbidden"}"#,
        ),
        other_shape: r#"{"data":{"tweet":"1"}}"#,
        held: &|text| stage.held(text),
        who: &|text| stage.who(text),
        dress: &|_| {},
    };
    match which {
        "faults" => suite::faults(&mut subject).await,
        "waits" => suite::waits_when_told(&mut subject).await,
        "round trip" => suite::round_trip(&mut subject).await,
        _ => {
            suite::warnings(&mut subject).await;
            suite::series(&mut subject).await;
            let words = [
                (Repliers::Followed, "following"),
                (Repliers::Mentioned, "mentionedUsers"),
            ];
            suite::repliers(&mut subject, &words).await;
        }
    }
}

/// HMAC-SHA-256 with the program's secret, worked out elsewhere (Python's `hmac`): of `jeton`, of the body, of
/// `garbage`.
const CRC: &str = "sha256=bO33yvJkhAMC6xcqbK2V8O8akPvc7nufkeFN+1NH87w=";
const SIGNATURE: &str = "sha256=ubuqHr4iUekTRevMqK3Lcp+emz6NFMzeGNoi/y6C5DI=";
const GARBAGE: &str = "sha256=ne1UQzEtGi9zjWsA9848VEbd0N8cDGz8h6vS9SgPBp4=";

fn call<'a>(headers: &'a HeaderMap, query: &'a [(String, String)], body: &'a [u8]) -> HookCall<'a> {
    HookCall {
        post: query.is_empty(),
        query,
        headers,
        body,
        word: "",
        now: Timestamp::now(),
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_fault_makes_two_posts_or_a_false_claim() {
    suite_on(&Stage::new().await, "faults").await;
}

#[tokio::test]
async fn it_waits_when_told() {
    suite_on(&Stage::new().await, "waits").await;
}

#[tokio::test]
async fn a_post_comes_and_goes() {
    suite_on(&Stage::new().await, "round trip").await;
}

#[tokio::test]
async fn warnings_and_who_may_answer() {
    suite_on(&Stage::new().await, "more").await;
}
