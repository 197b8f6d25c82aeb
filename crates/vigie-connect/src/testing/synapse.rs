//! A real Matrix homeserver (Synapse), started by `tests/support/synapse.sh`.

use serde_json::{Value, json};
use std::{
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

/// A homeserver on loopback; open to anybody who asks for an account.
#[derive(Debug)]
pub struct Synapse {
    /// Its address, `http://127.0.0.1:PORT`.
    pub url: String,
}

/// An account there.
#[derive(Debug, Clone)]
pub struct Resident {
    /// `@name:localhost`.
    pub id: String,
    /// Its access token.
    pub token: String,
}

impl Synapse {
    /// The server that all tests share: the one named by `VIGIE_TEST_SYNAPSE`, or started (and installed) by
    /// `tests/support/synapse.sh`. `None` only under `VIGIE_TEST_SYNAPSE=off`, which is printed.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn shared() -> Option<Self> {
        let named = std::env::var("VIGIE_TEST_SYNAPSE").unwrap_or_default();
        let url = match named.as_str() {
            "off" => {
                eprintln!("VIGIE_TEST_SYNAPSE=off: NOT tested on a real Matrix server");
                return None;
            }
            "" => start(),
            url => url.to_owned(),
        };
        Some(Self {
            url: url.trim_end_matches('/').to_owned(),
        })
    }

    /// A new account whose name begins with `name`.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn resident(&self, name: &str) -> Resident {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let unique = format!(
            "{name}-{}-{}-{}",
            std::process::id(),
            jiff::Timestamp::now().as_millisecond(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let body = json!({ "username": unique, "password": "canary-password", "auth": { "type": "m.login.dummy" } });
        let made = self.call("POST", "/register", None, &body).await;
        Resident {
            id: made["user_id"].as_str().unwrap().to_owned(),
            token: made["access_token"].as_str().unwrap().to_owned(),
        }
    }

    /// Calls the client-server interface.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        who: Option<&Resident>,
        body: &Value,
    ) -> Value {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/_matrix/client/v3{path}", self.url);
        let mut request = client.request(method.parse().unwrap(), url);
        if let Some(who) = who {
            request = request.bearer_auth(&who.token);
        }
        if method != "GET" {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }
}

fn start() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/synapse.sh");
    let out = Command::new("sh")
        .arg(script)
        .arg("start")
        .output()
        .expect("a shell");
    assert!(
        out.status.success(),
        "the tests need a Matrix server (tests/support/synapse.sh), or VIGIE_TEST_SYNAPSE=off to leave it out:\n{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}
