#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! Secrets are planted everywhere one can enter, then looked for everywhere something comes out: pages, API, log at its
//! most talkative, measurements, exports, commands, errors, and the database itself.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;
#[allow(dead_code, reason = "the other stories use the rest")]
#[path = "support/server.rs"]
mod server;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Method};
use company::{Company, channel, variant};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use server::{Server, Start};
use vigie::account::session;
use vigie::app::{self, App};
use vigie::clock::SystemClock;
use vigie::config::{Config, Layer};
use vigie::post::actions;
use vigie::post::draft::Draft;
use vigie::web::route::Who;
use vigie_connect::testing::Pds;
use vigie_core::content::{Digest, Platform};
use vigie_core::id::{ChannelId, TokenId};
use vigie_core::rights::Scope;
use vigie_store::ApiToken;

/// A secret by what it is.
type Planted = Vec<(&'static str, String)>;

/// Everything that came out, by where.
#[derive(Default)]
struct Heard(Vec<(String, Vec<u8>)>);

impl Heard {
    fn add(&mut self, place: impl Into<String>, said: impl Into<Vec<u8>>) {
        self.0.push((place.into(), said.into()));
    }

    /// Where each planted secret was heard.
    fn leaks(&self, planted: &Planted) -> Vec<String> {
        let mut out = Vec::new();
        for (what, secret) in planted {
            assert!(secret.len() >= 12, "{what} is too short to be looked for");
            for (place, said) in &self.0 {
                if said.windows(secret.len()).any(|w| w == secret.as_bytes()) {
                    out.push(format!("{what} in {place}"));
                }
            }
        }
        out
    }
}

async fn open(data: &Path, allowed: &str) -> App {
    let flags = Layer::from([
        ("data".to_owned(), data.display().to_string()),
        ("allowed_private".to_owned(), allowed.to_owned()),
    ]);
    let config = Config::load(None, std::iter::empty(), flags).unwrap();
    App::open(config, Arc::new(SystemClock)).await.unwrap()
}

/// A request of a signed-in browser.
async fn ask(
    server: &Server,
    cookie: &str,
    method: Method,
    path: &str,
    form: &[(&str, &str)],
) -> (u16, String) {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut request = client
        .request(method.clone(), format!("{}{path}", server.url))
        .header("cookie", format!("vigie_session={cookie}"))
        .header("sec-fetch-site", "same-origin");
    if method == Method::POST {
        let body = url_form(form);
        request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
    }
    let answer = request.send().await.unwrap();
    let head = format!("{:?}", answer.headers());
    (
        answer.status().as_u16(),
        head + &answer.text().await.unwrap(),
    )
}

fn url_form(form: &[(&str, &str)]) -> String {
    let safe = |text: &str| -> String { text.bytes().map(|b| format!("%{b:02X}")).collect() };
    let pairs: Vec<String> = form
        .iter()
        .map(|(k, v)| format!("{}={}", safe(k), safe(v)))
        .collect();
    pairs.join("&")
}

async fn with_token(
    server: &Server,
    token: &str,
    method: Method,
    path: &str,
    body: &Value,
) -> String {
    let answer = reqwest::Client::new()
        .request(method, format!("{}{path}", server.url))
        .bearer_auth(token)
        .json(body)
        .send()
        .await
        .unwrap();
    answer.text().await.unwrap()
}

fn command(heard: &mut Heard, data: &Path, args: &[&str]) {
    let done = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(args)
        .args(["--data", &data.display().to_string()])
        .env("VIGIE_LOG", "trace")
        .output()
        .unwrap();
    heard.add(format!("vigie {} (output)", args.join(" ")), done.stdout);
    heard.add(format!("vigie {} (errors)", args.join(" ")), done.stderr);
}

/// The lines of a key file that hold a key.
fn keys_of(data: &Path) -> Planted {
    let mut out = Vec::new();
    for (what, name) in [
        ("the vault's root key", "vault.key"),
        ("the link secret", "link.key"),
        ("the seed of the log's key", "audit.key"),
    ] {
        let text = std::fs::read_to_string(data.join("keys").join(name)).unwrap();
        let key = text.trim().rsplit(':').next().unwrap().to_owned();
        out.push((what, key));
    }
    out
}

/// Publishes a post on the page, through the running server.
async fn published(app: &App, company: &Company, server: &Server, page: ChannelId) {
    let (ines, tom) = (
        company.who(app, company.ines).await,
        company.who(app, company.tom).await,
    );
    let draft = Draft {
        variants: vec![variant(page, "Bonjour à tous")],
        at: None,
    };
    let id = actions::create(app, &ines, &draft).await.unwrap().post.id;
    let asked = actions::submit(app, &ines, id).await.unwrap();
    let digest: Digest = asked.post.revision.digest;
    actions::approve(app, &tom, id, digest, None).await.unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let rows = app
            .store
            .read()
            .await
            .unwrap()
            .publications(id)
            .await
            .unwrap();
        if rows.iter().any(|r| r.url.is_some()) {
            return;
        }
        assert!(Instant::now() < until, "not published:\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn no_planted_secret_comes_out_anywhere() {
    let Some(pds) = Pds::shared() else {
        println!("VIGIE_TEST_PDS=off: this story was not told");
        return;
    };
    let member = pds.member("secrets").await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let allowed = pds.address().to_owned();
    let app = open(&data, &allowed).await;
    let company = Company::found(&app).await;
    let connected = app
        .connectors
        .of(Platform::Bluesky)
        .connect(
            &pds.url,
            &member.handle,
            &SecretString::from(member.app_password.clone()),
        )
        .await
        .unwrap();
    let sealed: Value = serde_json::from_str(connected.secret.expose_secret()).unwrap();
    let page = channel(&app, company.ines, connected).await;

    let (cookie, token) = (session::secret().unwrap(), session::secret().unwrap());
    let now = app.clock.now();
    let mut tx = app.store.begin().await.unwrap();
    let browser = session::open(&mut tx, company.ines, &HeaderMap::new(), now)
        .await
        .unwrap();
    let new = ApiToken {
        id: TokenId::new(uuid::Uuid::now_v7()),
        member: company.ines,
        name: "story".into(),
        scopes: Scope::ALL.iter().copied().collect(),
        created_at: now,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    tx.create_token(&new, &session::hash(&token)).await.unwrap();
    tx.commit().await.unwrap();

    let mut planted: Planted = keys_of(&data);
    planted.extend([
        ("the page's app password", member.app_password.clone()),
        (
            "a token of a page",
            sealed["access"].as_str().unwrap().to_owned(),
        ),
        (
            "a refresh token of a page",
            sealed["refresh"].as_str().unwrap().to_owned(),
        ),
        ("a session", browser.clone()),
        ("an access token", token.clone()),
        ("a session that is none", cookie.clone()),
    ]);
    let typed = [
        ("a password typed at sign-in", "canary-sign-in-81c2"),
        ("a recovery code typed", "canary-code-77ab"),
        ("an app password that is wrong", "canary-connect-19de"),
        ("a new password", "canary-password-5ff0"),
        ("a token in an address", "canary-address-60d4"),
        ("a token that is none", "canary-bearer-3b9e"),
    ];
    planted.extend(typed.map(|(what, secret)| (what, secret.to_owned())));

    let mut heard = Heard::default();
    let metrics = server::free_port();
    let start = Start {
        env: vec![
            ("VIGIE_LOG".into(), "trace".into()),
            ("VIGIE_ALLOWED_PRIVATE".into(), allowed),
            (
                "VIGIE_METRICS_LISTEN".into(),
                format!("127.0.0.1:{metrics}"),
            ),
        ],
        ..Start::default()
    };
    let mut server = Server::start(&data, start).await;
    published(&app, &company, &server, page).await;

    // Secrets typed where people type them, and where they should not.
    for (path, form) in [
        (
            "/sign-in",
            vec![
                ("login", "ines"),
                ("password", typed[0].1),
                ("code", typed[1].1),
            ],
        ),
        (
            "/channels/connect/bluesky",
            vec![
                ("identifier", member.handle.as_str()),
                ("service", pds.url.as_str()),
                ("secret", typed[2].1),
            ],
        ),
        (
            "/me/password",
            vec![("password", typed[3].1), ("new_password", typed[3].1)],
        ),
        (
            "/step-up",
            vec![("password", typed[3].1), ("code", typed[1].1)],
        ),
    ] {
        let who = if path == "/sign-in" {
            &cookie
        } else {
            &browser
        };
        let (status, said) = ask(&server, who, Method::POST, path, &form).await;
        assert!(status < 500, "{path}: {status}");
        heard.add(format!("the answer of {path}"), said);
    }
    let bad = format!("/api/v1/posts?access_token={}", typed[4].1);
    heard.add(
        "the API",
        with_token(&server, typed[5].1, Method::GET, &bad, &json!({})).await,
    );

    // Everything that can be read is read.
    let mut pages = 0;
    let post = app
        .store
        .read()
        .await
        .unwrap()
        .posts(&vigie_store::PostFilter::default(), None, 1)
        .await
        .unwrap();
    let post = post.lines[0].id.to_string();
    for route in app::routes().iter().filter(|r| r.method == Method::GET) {
        let path = route
            .path
            .replace("{id}", &post)
            .replace("{handle}", "atelier-merlin");
        if path.contains('{') || path.starts_with("/healthz") {
            continue;
        }
        let said = match route.who {
            Who::Token(_) => with_token(&server, &token, Method::GET, &path, &Value::Null).await,
            _ => ask(&server, &browser, Method::GET, &path, &[]).await.1,
        };
        heard.add(format!("GET {path}"), said);
        pages += 1;
    }
    assert!(pages > 25, "only {pages} pages were read");
    let measured = reqwest::get(format!("http://127.0.0.1:{metrics}/metrics"))
        .await
        .unwrap();
    heard.add("the measurements", measured.text().await.unwrap());
    let log = server.log();
    assert!(
        log.contains("\"TRACE\"") || log.contains("\"DEBUG\""),
        "the log is not at its most talkative"
    );
    heard.add("the log", log);

    server.kill();
    app.store.close().await;
    command(&mut heard, &data, &["audit", "export"]);
    command(
        &mut heard,
        &data,
        &["vault", "escrow", "--needed", "1", "--people", "2"],
    );
    command(&mut heard, &data, &["vault", "rotate"]);
    for (what, key) in keys_of(&data) {
        if !planted.iter().any(|(_, known)| *known == key) {
            planted.push((what, key));
        }
    }
    command(&mut heard, &data, &["audit", "export"]);
    // A key file that is damaged is complained about without being quoted.
    let file = data.join("keys/vault.key");
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, whole.replace(':', ":#")).unwrap();
    command(&mut heard, &data, &["serve", "--listen", "127.0.0.1:0"]);
    for entry in std::fs::read_dir(&data).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            heard.add(
                format!("{:?} on the disk", entry.file_name()),
                std::fs::read(entry.path()).unwrap(),
            );
        }
    }
    let leaks = heard.leaks(&planted);
    assert!(leaks.is_empty(), "secrets came out:\n{}", leaks.join("\n"));

    // The search itself finds what is there.
    heard.add("a place of its own", format!("x{}y", member.app_password));
    assert_eq!(
        heard.leaks(&planted),
        ["the page's app password in a place of its own"]
    );
}
