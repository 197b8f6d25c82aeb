#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! The command line against a running server: a post is written, followed and taken back; refusals are said in words.

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;
#[allow(dead_code, reason = "the other stories use the rest")]
#[path = "support/server.rs"]
mod server;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use company::Company;
use serde_json::Value;
use server::{Server, Start};
use vigie::account::session;
use vigie::app::App;
use vigie::clock::SystemClock;
use vigie::config::{Config, Layer};
use vigie::post::actions;
use vigie_core::content::Digest;
use vigie_core::id::TokenId;
use vigie_core::rights::Scope;
use vigie_store::ApiToken;

/// What a command answered.
struct Answer {
    status: Option<i32>,
    out: String,
    err: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}{}", self.out, self.err))
    }

    fn good(self) -> Self {
        assert_eq!(self.status, Some(0), "{}{}", self.out, self.err);
        self
    }
}

/// Somebody at a terminal.
struct Terminal {
    url: String,
    token: String,
}

impl Terminal {
    fn run(&self, args: &[&str]) -> Answer {
        self.type_in(args, "")
    }

    fn type_in(&self, args: &[&str], input: &str) -> Answer {
        run(
            args,
            input,
            &[("VIGIE_SERVER", &self.url), ("VIGIE_TOKEN", &self.token)],
        )
    }
}

fn run(args: &[&str], input: &str, env: &[(&str, &str)]) -> Answer {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(args)
        .env_remove("LC_ALL")
        .env("LANG", "C")
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that ends before it has read everything closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let done = child.wait_with_output().unwrap();
    Answer {
        status: done.status.code(),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

async fn open(data: &Path) -> App {
    let flags = Layer::from([("data".to_owned(), data.display().to_string())]);
    let config = Config::load(None, std::iter::empty(), flags).unwrap();
    App::open(config, Arc::new(SystemClock)).await.unwrap()
}

#[tokio::test]
async fn a_post_is_written_followed_and_taken_back_from_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let app = open(&data).await;
    let company = Company::found(&app).await;
    let secret = session::secret().unwrap();
    let new = ApiToken {
        id: TokenId::new(uuid::Uuid::now_v7()),
        member: company.ines,
        name: "terminal".into(),
        scopes: Scope::ALL.iter().copied().collect(),
        created_at: app.clock.now(),
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    let mut tx = app.store.begin().await.unwrap();
    tx.create_token(&new, &session::hash(&secret))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let server = Server::start(&data, Start::default()).await;
    let ines = Terminal {
        url: server.url.clone(),
        token: secret.clone(),
    };

    let channels = ines
        .run(&["channel", "list", "--format", "json"])
        .good()
        .json();
    assert_eq!(channels[0]["name"], "atelier-merlin");
    let members = ines.run(&["member", "list"]).good().out;
    assert!(
        members.contains("Léa Roux") && members.contains("law"),
        "{members}"
    );

    // A picture needs its description, and a page that is not there is named with those that are.
    let picture = folder.path().join("shop.png");
    std::fs::write(&picture, include_bytes!("../docs/pictures/home.png")).unwrap();
    let picture = picture.display().to_string();
    let mute = ines.type_in(&["post", "new", "--picture", &picture], "Bonjour");
    assert_eq!(mute.status, Some(2));
    assert!(
        mute.err.contains("1 pictures, 0 descriptions"),
        "{}",
        mute.err
    );
    let lost = ines.type_in(
        &["post", "new", "--channel", "Nowhere", "--lang", "fr"],
        "Bonjour",
    );
    assert!(
        lost.err.contains("Nowhere") && lost.err.contains("atelier-merlin"),
        "{}",
        lost.err
    );

    let args = [
        "post",
        "new",
        "-",
        "--channel",
        "Atelier-Merlin",
        "--picture",
        &picture,
        "--alt",
        "La boutique",
        "--language",
        "fr",
        "--format",
        "json",
    ];
    let post = ines.type_in(&args, "Bonjour {{prénom}}\n").good().json();
    let id = post["id"].as_str().unwrap().to_owned();
    assert_eq!(post["variants"][0]["text"], "Bonjour {{prénom}}");
    assert_eq!(post["variants"][0]["media"][0]["alt"], "La boutique");
    let shown = ines.run(&["post", "show", &id, "--lang", "fr"]).good().out;
    assert!(
        shown.contains("REP-TPL-01") && shown.contains("Brouillon"),
        "{shown}"
    );
    assert!(
        shown.contains(&format!("{}/posts/{id}", server.url)),
        "{shown}"
    );

    ines.type_in(&["post", "edit", &id], "Bonjour à toutes et à tous")
        .good();
    let asked = ines.run(&["post", "submit", &id]).good().out;
    assert!(
        asked.contains("In review") && asked.contains("Waits for 1 approval"),
        "{asked}"
    );
    ines.run(&["post", "comment", &id, "La date est-elle juste ?"])
        .good();
    let waiting = ines
        .run(&["post", "list", "--state", "in_review"])
        .good()
        .out;
    assert!(waiting.contains(&id), "{waiting}");

    // The second person is a person.
    let tom = company.who(&app, company.tom).await;
    let post = ines
        .run(&["post", "show", &id, "--format", "json"])
        .good()
        .json();
    let digest = Digest::parse(post["digest"].as_str().unwrap()).unwrap();
    actions::approve(&app, &tom, id.parse().unwrap(), digest, None)
        .await
        .unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    let out = loop {
        let out = ines.run(&["post", "show", &id]).good().out;
        if out.contains("/sandbox/") {
            break out;
        }
        assert!(Instant::now() < until, "{out}\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert!(out.contains("Done"), "{out}");
    let today = ines
        .run(&["calendar", "--from", "2020-01-01T00:00:00Z"])
        .good()
        .out;
    assert!(today.contains("None"), "{today}");

    let back = ines
        .run(&["post", "take-back", &id, "--reason", "La date a changé"])
        .good()
        .out;
    assert!(back.contains("being deleted on 1 page"), "{back}");

    // One command stops everything; starting again is not among the commands.
    ines.run(&["pause", "--reason", "Un doute"]).good();
    assert_eq!(ines.run(&["pause", "--status"]).status, Some(1));
    assert_eq!(ines.run(&["alarm", "list"]).status, Some(0));
    ines.run(&["change", "list"]).good();

    let stranger = Terminal {
        url: server.url.clone(),
        token: "not-a-token".into(),
    };
    let refused = stranger.run(&["post", "list", "--lang", "fr"]);
    assert_eq!(refused.status, Some(2));
    assert!(refused.err.contains("jeton"), "{}", refused.err);
    assert!(!server.log().contains(&secret), "the token is in the log");
}

#[test]
fn a_token_is_asked_for_and_never_sent_in_the_clear() {
    let none = run(&["post", "list"], "", &[("VIGIE_TOKEN", "")]);
    assert_eq!(none.status, Some(2));
    assert!(none.err.contains("VIGIE_TOKEN"), "{}", none.err);
    let env = [
        ("VIGIE_TOKEN", "canary-5c1e"),
        ("VIGIE_SERVER", "http://vigie.example.org"),
    ];
    let clear = run(&["post", "list"], "", &env);
    assert!(clear.err.contains("not encrypted"), "{}", clear.err);
    assert!(!clear.err.contains("canary-5c1e"), "{}", clear.err);
    let env = [
        ("VIGIE_TOKEN", "canary-5c1e"),
        ("VIGIE_SERVER", "http://localhost:9"),
    ];
    let down = run(&["post", "list", "--lang", "fr"], "", &env);
    assert!(down.err.contains("ne répond pas"), "{}", down.err);
}
