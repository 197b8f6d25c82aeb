//! The real XMPP server, started by `tests/support/prosody.sh`.

use super::mail::{script, server};
use crate::{
    AllowedPrivate,
    reach::{Reach, Security},
    xmpp::Account,
};
use secrecy::SecretString;
use std::path::PathBuf;

/// Prosody on loopback.
#[derive(Debug, Clone)]
pub struct XmppServer {
    folder: PathBuf,
    /// Of every account.
    pub password: String,
}

impl XmppServer {
    /// The server that all tests share: that of the folder named by `VIGIE_TEST_XMPP`, or started (and installed) by
    /// `tests/support/prosody.sh`. `None` only under `VIGIE_TEST_XMPP=off`, which is printed.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn shared() -> Option<Self> {
        let named = std::env::var("VIGIE_TEST_XMPP").unwrap_or_default();
        let folder = match named.as_str() {
            "off" => {
                eprintln!("VIGIE_TEST_XMPP=off: NOT tested on a real XMPP server");
                return None;
            }
            "" => script("prosody.sh"),
            folder => folder.to_owned(),
        };
        let folder = PathBuf::from(folder);
        let password = std::fs::read_to_string(folder.join("password"))
            .expect("tests/support/prosody.sh start made a password");
        Some(Self { folder, password })
    }

    /// The authority of its certificate, as a PEM file.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The port of a service: `starttls` or `tls`.
    ///
    /// # Panics
    /// When there is none.
    pub fn port(&self, name: &str) -> u16 {
        let ports = std::fs::read_to_string(self.folder.join("ports")).expect("the ports");
        ports
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
            .expect("a port of that name")
    }

    /// An account (`vigie`, `anne`, `karim`, `bot` or `lea`) in rooms, over STARTTLS.
    ///
    /// # Panics
    /// Never in practice.
    pub fn account(&self, name: &str, rooms: &[&str]) -> Account {
        let pem = std::fs::read(self.authority()).expect("the authority");
        Account {
            reach: Reach::new(AllowedPrivate::parse(&["127.0.0.1"]).unwrap())
                .trusting(&pem)
                .unwrap(),
            server: server(self.port("starttls"), Security::StartTls),
            jid: format!("{name}@corp.test"),
            password: SecretString::from(self.password.clone()),
            nick: name.to_owned(),
            rooms: rooms
                .iter()
                .map(|room| ((*room).to_owned(), None))
                .collect(),
        }
    }
}
