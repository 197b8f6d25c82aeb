//! Letters between Vigie and its members: what is asked of them and what became of it goes to the address that they
//! proved to be theirs; what they answer counts as theirs only when their own domain vouches for the letter.

pub mod address;
pub mod answer;
pub mod inbox;
pub mod note;
pub mod outbox;
pub mod server;
pub mod stop;

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use vigie_connect::mail::{Address, Dkim, Incoming, Login, Mailbox, Outgoing};
use vigie_connect::reach::{Security, Server};
use vigie_connect::{Code, Failure};
use vigie_store::MailServerRow;

use crate::app::App;
use crate::vault;
use crate::web::error::Error;
use crate::web::route::Route;

/// What the passwords and the key are sealed for.
pub const PURPOSE: &str = "mail";
/// How long one call to a mail server may take.
pub(crate) const WITHIN: Duration = Duration::from_secs(20);

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    [server::routes(), address::routes(), stop::routes()]
        .into_iter()
        .flatten()
        .collect()
}

/// Sends and reads letters until the program ends, each in rounds of its own: no letter waits for an inbox, and
/// nothing else waits for letters.
pub async fn run(app: App) {
    tokio::join!(outbox::run(&app), inbox::run(&app));
}

/// What opens the mail servers.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Keys {
    /// Password for sending.
    pub password: String,
    /// Password for reading.
    pub inbox: String,
    /// Private key that signs letters, PEM; empty for none.
    pub dkim: String,
}

impl Keys {
    /// For the vault.
    pub fn seal(&self) -> SecretString {
        SecretString::from(serde_json::to_string(self).unwrap_or_default())
    }

    /// From the vault.
    ///
    /// # Errors
    /// No longer used; it does not open; the database.
    pub async fn open(app: &App, row: &MailServerRow) -> Result<Self, vault::Error> {
        let secret = row.secret.ok_or(vigie_store::Error::NotFound)?;
        let mut conn = app.store.read().await?;
        let (text, _) = vault::take(&mut conn, &app.vault, secret).await?;
        Ok(serde_json::from_str(text.expose_secret()).unwrap_or_default())
    }
}

/// The vault does not open: no mail server says that a key has expired.
pub(crate) const CLOSED: Code = Code::TokenExpired;

/// The stable name of a failure, for the page.
pub(crate) fn name(code: Code) -> &'static str {
    match code {
        CLOSED => "vault_closed",
        code => code.as_str(),
    }
}

/// The words for a failure of a mail server.
pub(crate) fn failed(name: &str) -> String {
    match name {
        "bad_credentials" => "mail-bad-login".to_owned(),
        "bad_key" => "mail-bad-key".to_owned(),
        "bad_address" => "mail-bad-server".to_owned(),
        "refused_by_server" => "mail-refused-server".to_owned(),
        "not_encrypted" => "mail-not-encrypted".to_owned(),
        other => format!("connect-{other}"),
    }
}

/// Whom letters are from, and the server that takes them.
#[derive(Debug)]
pub struct Postman {
    /// The server.
    pub outgoing: Outgoing,
    /// Us.
    pub from: Mailbox,
}

impl Postman {
    /// From what was typed or stored.
    ///
    /// # Errors
    /// Something cannot be used.
    pub fn new(app: &App, row: &MailServerRow, keys: &Keys) -> Result<Self, Failure> {
        let dkim = match keys.dkim.trim() {
            "" => None,
            pem => Some(Dkim::new(
                &row.domain,
                &row.selector,
                &SecretString::from(pem.to_owned()),
            )?),
        };
        Ok(Self {
            outgoing: Outgoing {
                reach: app.mail.clone(),
                server: crate::chat::submission(&row.server)?,
                login: (!row.account.is_empty()).then(|| Login {
                    user: row.account.clone(),
                    password: SecretString::from(keys.password.clone()),
                }),
                dkim,
            },
            from: crate::chat::mailbox(&row.sender)?,
        })
    }

    /// Of the server in use.
    ///
    /// # Errors
    /// Its secrets do not open; something cannot be used.
    pub async fn of(app: &App, row: &MailServerRow) -> Result<Self, Failure> {
        let keys = Keys::open(app, row).await.map_err(|error| match error {
            vault::Error::Vault(_) => Failure::new(CLOSED, error.to_string()),
            _ => Failure::new(Code::ServerDown, error.to_string()),
        })?;
        Self::new(app, row, &keys)
    }
}

/// The mailbox where answers arrive; `None` where none is read.
///
/// # Errors
/// Something cannot be used.
pub fn incoming(app: &App, row: &MailServerRow, keys: &Keys) -> Result<Option<Incoming>, Failure> {
    if row.inbox.is_empty() {
        return Ok(None);
    }
    Ok(Some(Incoming {
        reach: app.mail.clone(),
        server: imap(&row.inbox)?,
        login: Login {
            user: row.inbox_account.clone(),
            password: SecretString::from(keys.inbox.clone()),
        },
        folder: row.folder.clone(),
    }))
}

/// `imaps://host` (TLS, port 993) or `imap+plain://host` (143, only where the operator allows the host); a bare host
/// is the first.
fn imap(typed: &str) -> Result<Server, Failure> {
    let bad = || Failure::new(Code::BadAddress, "not a mail server");
    let text = if typed.contains("://") {
        typed.to_owned()
    } else {
        format!("imaps://{typed}")
    };
    let url = Url::parse(&text)
        .ok()
        .filter(crate::chat::server_alone)
        .ok_or_else(bad)?;
    let (security, port) = match url.scheme() {
        "imaps" => (Security::Tls, 993),
        "imap+plain" => (Security::Plain, 143),
        _ => return Err(bad()),
    };
    Ok(Server {
        host: url.host_str().ok_or_else(bad)?.to_owned(),
        port: url.port().unwrap_or(port),
        security,
    })
}

/// A one-time token that lives through mail: 26 small letters and digits, 130 bits and more.
///
/// # Errors
/// No randomness from the system.
pub fn token() -> Result<String, Error> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnopqrstuvwxyz0123456";
    let mut bytes = [0; 26];
    getrandom::fill(&mut bytes)
        .map_err(|e| Error::internal(format!("no randomness from the system: {e}")))?;
    Ok(bytes
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)))
        .map(|letter| char::from(*letter))
        .collect())
}

/// A member's address as mail takes it.
fn mailbox(name: &str, address: &str) -> Option<Mailbox> {
    Some(Mailbox {
        name: name.to_owned(),
        address: Address::parse(address)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_and_a_server_is_read_strictly() {
        let (one, two) = (token().unwrap(), token().unwrap());
        assert!(vigie_connect::mail::address::is_token(&one));
        assert_ne!(one, two);
        let server = imap("mail.example.org").unwrap();
        assert_eq!((server.port, server.security), (993, Security::Tls));
        let plain = imap("imap+plain://127.0.0.1:9").unwrap();
        assert_eq!((plain.port, plain.security), (9, Security::Plain));
        assert!(imap("imap://mail.example.org").is_err() && imap("").is_err());
        // A password in an address would be shown and logged with it.
        for rest in [
            "user@x.org",
            "user:canary@x.org",
            "x.org/INBOX",
            "x.org?a",
            "x.org#a",
        ] {
            for scheme in ["", "imaps://", "imap+plain://"] {
                let no = imap(&format!("{scheme}{rest}")).unwrap_err();
                assert!(!format!("{no:?}").contains("canary"), "{rest}");
            }
            for scheme in ["", "smtp://", "smtps://", "smtp+plain://"] {
                let no = crate::chat::submission(&format!("{scheme}{rest}")).unwrap_err();
                assert!(!format!("{no:?}").contains("canary"), "{rest}");
            }
        }
        assert!(crate::chat::submission("smtps://x.org:465/").is_ok());
    }
}
