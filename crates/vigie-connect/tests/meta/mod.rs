//! What the tests of Meta's three networks share.
#![allow(dead_code, missing_docs)]

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::SecretString;
use std::{
    io,
    sync::{Arc, Mutex},
};
use url::Url;
use vigie_connect::{
    Account, AllowedPrivate, Arrivals, Connector, Http, Limits, Picture, Session,
    hook::{HookAnswer, HookCall},
    oauth::{App, Ask, Back, Tokens, challenge},
    testing::contract::meta::{APP, Shown, signature},
};
use vigie_core::content::Platform;

/// A very small JPEG: only its beginning is looked at.
pub const JPEG: &[u8] =
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9";
pub const REDIRECT: &str = "https://vigie.exemple.fr/channels/back";
pub const VERIFIER: &str = "canary-verifier-dBjftJeZ4CVP-mB92K27uhbUJU1p1r";

pub fn http() -> Http {
    Http::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap()).unwrap()
}

pub fn app(api: &str) -> App {
    App {
        id: APP.0.into(),
        secret: APP.1.to_owned().into(),
        api: Some(Url::parse(api).unwrap()),
    }
}

pub fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// A session whose token ends in `left` days.
pub fn session(platform: Platform, api: &str, id: &str, token: &str, left: Option<i64>) -> Session {
    let account = Account {
        platform,
        service: api.to_owned(),
        id: id.to_owned(),
        handle: "phare".into(),
        limits: Limits::default(),
    };
    let tokens = Tokens {
        access: token.to_owned(),
        refresh: None,
        until: left.map(|left| Timestamp::now() + days(left)),
        refresh_until: None,
        client: None,
    };
    Session::new(account, tokens.seal())
}

pub fn picture(shown: Option<&Shown>, alt: &str) -> Picture {
    Picture {
        bytes: Bytes::from_static(JPEG),
        mime: "image/jpeg".into(),
        alt: alt.into(),
        width: 1,
        height: 1,
        address: shown.map(|shown| shown.address.clone()),
    }
}

/// Goes to the network's page; gives the query that came along.
pub async fn going(connector: &dyn Connector) -> Vec<(String, String)> {
    let redirect = Url::parse(REDIRECT).unwrap();
    let challenge = challenge(VERIFIER);
    let ask = Ask {
        redirect: &redirect,
        state: "s-t",
        challenge: &challenge,
    };
    let going = connector.authorize("", &ask).await.unwrap();
    going.url.query_pairs().into_owned().collect()
}

/// Comes back with a code.
pub async fn back(
    connector: &dyn Connector,
    code: &str,
) -> Result<Vec<vigie_connect::Connected>, vigie_connect::Failure> {
    let redirect = Url::parse(REDIRECT).unwrap();
    let code = SecretString::from(code.to_owned());
    let verifier = SecretString::from(VERIFIER.to_owned());
    let keep = SecretString::from(String::new());
    let back = Back {
        code: &code,
        verifier: &verifier,
        redirect: &redirect,
        keep: &keep,
    };
    connector.arrive("", &back).await
}

/// A webhook with this signature.
pub fn hook(
    connector: &dyn Connector,
    body: &[u8],
    signature: Option<&str>,
) -> Result<HookAnswer, vigie_connect::Failure> {
    let mut headers = HeaderMap::new();
    if let Some(signature) = signature {
        headers.insert(
            "x-hub-signature-256",
            HeaderValue::from_str(signature).unwrap(),
        );
    }
    connector.hook(&HookCall {
        post: true,
        query: &[],
        headers: &headers,
        body,
        word: "le-mot",
        now: Timestamp::now(),
    })
}

/// The handshake with this query.
pub fn handshake(
    connector: &dyn Connector,
    query: &[(&str, &str)],
    word: &str,
) -> Result<HookAnswer, vigie_connect::Failure> {
    let query: Vec<(String, String)> = query
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    connector.hook(&HookCall {
        post: false,
        query: &query,
        headers: &HeaderMap::new(),
        body: b"",
        word,
        now: Timestamp::now(),
    })
}

/// What holds for the webhooks of all three.
pub fn hooks_hold(connector: &dyn Connector, body: &[u8], accounts: &[&str]) {
    let forged = |answer: Result<HookAnswer, vigie_connect::Failure>| {
        assert_eq!(answer.unwrap_err().code, vigie_connect::Code::Forged);
    };
    let good = signature(body);
    let named: Vec<String> = accounts.iter().map(|id| (*id).to_owned()).collect();
    let look = Ok(HookAnswer::Look(named));
    assert_eq!(hook(connector, body, Some(&good)), look);
    // Again, as Meta does when it is not sure: the same look, which does no harm.
    assert_eq!(hook(connector, body, Some(&good)), look);
    let mut tampered = body.to_vec();
    tampered.push(b' ');
    forged(hook(connector, &tampered, Some(&good)));
    forged(hook(connector, body, None));
    forged(hook(connector, body, Some("sha256=")));
    forged(hook(
        connector,
        body,
        Some(&good.replace("sha256=", "sha1=")),
    ));
    forged(hook(connector, body, Some(&signature(b"autre chose"))));
    // Signed, but unreadable: a look at everything.
    let odd = b"[1, {\"entry\": 7}]";
    assert_eq!(
        hook(connector, odd, Some(&signature(odd))),
        Ok(HookAnswer::Look(vec![]))
    );

    let ask = |token: &str, word: &str| {
        let query = [
            ("hub.mode", "subscribe"),
            ("hub.verify_token", token),
            ("hub.challenge", "1158201444"),
        ];
        handshake(connector, &query, word)
    };
    let said = HookAnswer::Say("text/plain", "1158201444".into());
    assert_eq!(ask("le-mot", "le-mot"), Ok(said));
    forged(ask("un-mot", "le-mot"));
    forged(ask("", ""));
    forged(handshake(connector, &[("hub.mode", "subscribe")], "le-mot"));
    let script = [
        ("hub.mode", "subscribe"),
        ("hub.verify_token", "le-mot"),
        ("hub.challenge", "<script>"),
    ];
    forged(handshake(connector, &script, "le-mot"));
}

/// All that arrives, over as many turns as it takes; gives the last cursor too.
pub async fn all_arrivals(
    connector: &dyn Connector,
    session: &mut Session,
    cursor: Option<String>,
) -> (Arrivals, usize) {
    let mut all = Arrivals {
        items: vec![],
        cursor,
    };
    for turn in 1..20 {
        let more = connector
            .arrivals(session, all.cursor.as_deref())
            .await
            .unwrap();
        all.items.extend(more.items);
        all.cursor = more.cursor;
        if all.cursor.as_ref().unwrap().contains("\"todo\":[]") {
            return (all, turn);
        }
    }
    panic!("it does not end");
}

/// Collects the log.
#[derive(Clone, Default)]
pub struct Log(pub Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Collects while the guard lives.
    pub fn collect(&self) -> tracing::subscriber::DefaultGuard {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// Neither what was said, nor the log, nor the journal holds anything secret.
pub fn nothing_secret(said: &str, log: &Log, http: &Http, secrets: &[String]) {
    let logged = log.text();
    assert!(logged.contains("access_token"), "the log was collected");
    let journal = format!("{:?}", http.journal().newest());
    assert!(journal.contains("access_token"), "the journal was kept");
    let more = ["canary", "appsecret_proof", "client_secret", "grant_type"];
    for secret in secrets.iter().map(String::as_str).chain(more) {
        for (place, text) in [("said", said), ("log", &logged), ("journal", &journal)] {
            let at = text.find(secret).unwrap_or_default();
            let near: String = text.chars().skip(at.saturating_sub(60)).take(200).collect();
            assert!(!text.contains(secret), "{secret} in {place}: {near}");
        }
    }
}
