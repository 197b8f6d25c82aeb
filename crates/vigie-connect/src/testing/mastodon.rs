//! A server that answers like Mastodon, made by somebody else (`mastodon_mock`), started by `tests/support/mastodon.sh`.
//!
//! It does not define the contract; the stand-in (`contract::mastodon`) is beside it. Known differences from Mastodon:
//! a 429 says its reset as a number instead of a date, and no other answer has rate headers; media is always ready at once
//! (200) and may be used twice; mentions in a text are not made links; the code of the sign-in is the name of the account
//! and its verifier is not looked at; rights (scopes) are not enforced; a page of notifications holds 40 at most; a link is
//! not shortened for the eye; texts are read as Markdown.

use crate::{AllowedPrivate, Http, Mastodon, html};
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

/// A server on loopback.
#[derive(Debug)]
pub struct MastodonServer {
    /// Its address, `http://127.0.0.1:PORT`.
    pub url: String,
}

/// An account of the server.
#[derive(Debug, Clone)]
pub struct Resident {
    /// Its id.
    pub id: String,
    /// Its name, without the server.
    pub name: String,
    /// Opens it.
    pub token: String,
}

impl MastodonServer {
    /// The server that all tests share: the one named by `VIGIE_TEST_MASTODON`, or started (and installed) by
    /// `tests/support/mastodon.sh`. `None` only under `VIGIE_TEST_MASTODON=off`, which is printed.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn shared() -> Option<Self> {
        let named = std::env::var("VIGIE_TEST_MASTODON").unwrap_or_default();
        let url = match named.as_str() {
            "off" => {
                eprintln!(
                    "VIGIE_TEST_MASTODON=off: NOT tested on a server that answers like Mastodon"
                );
                return None;
            }
            "" => script("start"),
            url => url.to_owned(),
        };
        Some(Self {
            url: url.trim_end_matches('/').to_owned(),
        })
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// The guarded client, allowed to call this machine.
    pub fn http() -> Http {
        Http::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap()).unwrap()
    }

    /// The connector, allowed to call this machine.
    pub fn mastodon() -> Mastodon {
        Mastodon::new(Self::http())
    }

    /// Makes an account whose name begins with `name` (letters only) and is new.
    pub fn resident(&self, name: &str) -> Resident {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let unique = format!(
            "{name}_{:x}_{:x}_{}",
            std::process::id(),
            jiff::Timestamp::now().as_microsecond() % 0xff_ffff,
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let made = self.call(
            "POST",
            "/api/v1/_mock/dev_user",
            "",
            &json!({ "username": unique }),
        );
        Resident {
            id: made["id"].as_str().unwrap().to_owned(),
            token: made["access_token"].as_str().unwrap().to_owned(),
            name: unique,
        }
    }

    /// All posts of an account as the server lists them, newest first.
    pub fn posts(&self, who: &Resident) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let from = all
                .last()
                .map(|last| format!("&max_id={}", last["id"].as_str().unwrap()))
                .unwrap_or_default();
            let path = format!("/api/v1/accounts/{}/statuses?limit=40{from}", who.id);
            let page = self.call("GET", &path, &who.token, &Value::Null);
            let page = page.as_array().cloned().unwrap_or_default();
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    /// How many posts of an account say this.
    pub fn held(&self, who: &Resident, text: &str) -> usize {
        let says = |post: &Value| html::text(post["content"].as_str().unwrap(), &[]) == text;
        self.posts(who).iter().filter(|post| says(post)).count()
    }

    /// Calls the interface as anybody could, behind Vigie's back. `token` may be empty. It blocks, so that tests can
    /// count from anywhere.
    ///
    /// # Panics
    /// When the answer is not a success.
    pub fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut stream = TcpStream::connect(self.address()).expect("the server listens");
        let bearer = match token {
            "" => String::new(),
            token => format!("authorization: Bearer {token}\r\n"),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{bearer}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address(),
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).unwrap_or_default();
        assert!(status.starts_with('2'), "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap_or(Value::Null)
    }
}

fn script(what: &str) -> String {
    let repo = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let out = Command::new("sh")
        .arg(repo.join("tests/support/mastodon.sh"))
        .arg(what)
        .output()
        .expect("a shell");
    assert!(
        out.status.success(),
        "the tests need a server that answers like Mastodon (tests/support/mastodon.sh), or VIGIE_TEST_MASTODON=off to leave it out:\n{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}
