//! The connector for company pages on LinkedIn, held against what LinkedIn publishes.
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
    Account, AllowedPrivate, ArrivalKind, Code, Connector, Http, Limits, LinkedIn, Payload,
    Picture, Session,
    hook::{HookAnswer, HookCall},
    oauth::{App, Ask, Back, Tokens},
    testing::{
        Fault, Proxy,
        contract::{Contract, LinkedInNetwork},
    },
};
use vigie_core::{
    content::Platform,
    publication::{Found, Outcome},
};

const PUT: &str = "POST /rest/posts ";
const PERSON: &str = "urn:li:person:a1B2";

struct Stage {
    server: Contract<LinkedInNetwork>,
    proxy: Proxy,
}

impl Stage {
    async fn new() -> Self {
        let server = Contract::start(LinkedInNetwork::FACTS, LinkedInNetwork::default()).await;
        let proxy = Proxy::before(server.address()).await;
        Self { server, proxy }
    }

    fn app(&self) -> App {
        App {
            id: LinkedInNetwork::APP.0.into(),
            secret: LinkedInNetwork::APP.1.to_owned().into(),
            api: Some(Url::parse(&self.proxy.url).unwrap()),
        }
    }

    fn linkedin(&self) -> LinkedIn {
        LinkedIn::new(http(), Some(self.app()))
    }

    /// Signed in; the access ends so many days from now.
    fn session(&self, days: i64, refresh: bool) -> Session {
        let access = self.server.network.grant();
        let in_days = |days: i64| Some(Timestamp::now() + SignedDuration::from_hours(24 * days));
        let tokens = Tokens {
            access,
            refresh: refresh.then(|| "refresh-canary-1".into()),
            until: in_days(days),
            refresh_until: refresh.then(|| in_days(300).unwrap()),
            client: None,
        };
        let account = Account {
            platform: Platform::LinkedIn,
            service: self.proxy.url.clone(),
            id: LinkedInNetwork::PAGE.into(),
            handle: "Ancien nom".into(),
            limits: Limits::default(),
        };
        Session::new(account, tokens.seal())
    }

    fn held(&self, text: &str) -> usize {
        self.server.network.held(text)
    }
}

fn http() -> Http {
    Http::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap()).unwrap()
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
    payload(&LinkedIn::new(http(), None), text)
}

async fn suite_on(stage: &Stage, which: &str) {
    let mut subject = Subject {
        connector: &|| Box::new(stage.linkedin()),
        proxy: &stage.proxy,
        session: stage.session(60, false),
        put: PUT,
        refusal: (
            422,
            r#"{"status":422,"code":"UNPROCESSABLE_ENTITY","message":"ERROR :: /content"}"#,
        ),
        expired: (
            401,
            r#"{"status":401,"serviceErrorCode":65602,"code":"EXPIRED_ACCESS_TOKEN","message":"The token used in the request has expired"}"#,
        ),
        down_scoped: (
            403,
            r#"{"status":403,"serviceErrorCode":100,"code":"ACCESS_DENIED","message":"Not enough permissions to access: posts.CREATE.20260701"}"#,
        ),
        // The id belongs into the header.
        other_shape: r#"{"id":"urn:li:share:7200000000000000001"}"#,
        held: &|text| stage.held(text),
        who: &|_| String::new(),
        dress: &|_| {},
    };
    match which {
        "faults" => suite::faults(&mut subject).await,
        "waits" => suite::waits_when_told(&mut subject).await,
        "round trip" => suite::round_trip(&mut subject).await,
        _ => {
            suite::warnings(&mut subject).await;
            suite::series(&mut subject).await;
            suite::repliers(&mut subject, &[]).await;
        }
    }
}

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

/// HMAC-SHA-256 with the program's secret, worked out elsewhere (Python's `hmac`): of the code, of `hmacsha256=` and
/// the body, of the body alone.
const CHALLENGE: &str = "a0f14d5c5a3b982279d92f84a78858084b86212e814afc32266ae825ba4a30c0";
const SIGNATURE: &str = "bbf8bf822eb247b94755548b1eb267194abf7d97bf0cbca6fcf457eadb1cb621";
const BARE: &str = "e85a16b39454fe54804e2832321251aa0110a9cb84db417da4f45dd689039ded";
const BODY: &[u8] = br#"{"type":"ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS","notifications":[{"notificationId":1,"organizationalEntity":"urn:li:organization:5583111","action":"COMMENT"},{"notificationId":2,"organizationalEntity":"urn:li:organization:5583111"},{"organizationalEntity":"urn:li:organization:1/../2"}]}"#;

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
