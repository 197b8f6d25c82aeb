//! Conversations where people are: what happens to a post is said in the company's chat rooms, and what is said there
//! about it shows on the post. A room decides nothing: an approval from a chat is a member's, or none.

pub mod bind;
pub mod hear;
pub mod keep;
mod listen;
pub mod note;
pub mod outbox;
pub mod page;
#[cfg(feature = "xmpp")]
pub mod xmpp;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use url::Url;
use vigie_connect::chat::declaration::CHATS;
use vigie_connect::chat::{
    Address, ChatDeclaration, HipChat, Matrix, Mattermost, Note, Sent, Slack, Teams, Webhook,
};
use vigie_connect::mail::{Address as MailAddress, Letter, Login, Mailbox, Outgoing};
use vigie_connect::reach::{Security, Server};
use vigie_connect::rest::{Stage, Trouble};
use vigie_connect::{Code, Failure, Http};
use vigie_store::ChatRoomRow;

use crate::app::App;
use crate::vault;
use crate::web::route::Route;

/// What a room's tokens are sealed for.
pub const PURPOSE: &str = "chat";
/// Why an XMPP room elsewhere is refused.
const ELSEWHERE: &str = "a room on another server";
/// How long one call to a chat may take.
const WITHIN: Duration = Duration::from_secs(20);

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    [page::routes(), bind::routes(), hear::routes()]
        .into_iter()
        .flatten()
        .collect()
}

/// What opens a room.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Keys {
    /// Bot or account token.
    pub token: String,
    /// What signs calls from there or to there.
    pub signing: String,
    /// The address for messages, or the name of an account.
    pub address: String,
    /// App-level token, for a connection that Vigie opens.
    pub app: String,
    /// Password of the room itself.
    pub room: String,
}

impl Keys {
    /// For the vault.
    pub fn seal(&self) -> SecretString {
        SecretString::from(serde_json::to_string(self).unwrap_or_default())
    }

    /// From the vault.
    ///
    /// # Errors
    /// The room is closed; it does not open; the database.
    pub async fn open(app: &App, room: &ChatRoomRow) -> Result<Self, vault::Error> {
        let secret = room.secret.ok_or(vigie_store::Error::NotFound)?;
        let mut conn = app.store.read().await?;
        let (text, _) = vault::take(&mut conn, &app.vault, secret).await?;
        Ok(serde_json::from_str(text.expose_secret()).unwrap_or_default())
    }
}

/// The declaration of a chat that rooms can be opened in, by its stable name.
pub fn declared(kind: &str) -> Option<&'static ChatDeclaration> {
    CHATS
        .iter()
        .filter(|chat| KINDS.contains(&name(chat).as_str()))
        .find(|chat| name(chat) == kind)
}

/// The chats that rooms can be opened in.
pub const KINDS: [&str; 8] = [
    "slack",
    "mail",
    "mattermost",
    "teams",
    "matrix",
    "xmpp",
    "hipchat",
    "webhook",
];

/// Whether this build speaks a chat of the list.
pub fn built(kind: &str) -> bool {
    kind != "xmpp" || cfg!(feature = "xmpp")
}

/// The stable name of a chat.
pub fn name(chat: &ChatDeclaration) -> String {
    serde_json::to_value(chat.kind)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// A room, ready to speak in.
pub enum Voice {
    /// Slack.
    Slack(Slack),
    /// Mattermost.
    Mattermost(Mattermost),
    /// Microsoft Teams.
    Teams(Teams),
    /// Matrix.
    Matrix(Matrix),
    /// HipChat.
    HipChat(HipChat),
    /// The generic webhook.
    Webhook(Webhook),
    /// Letters to an address that reaches the team.
    Mail {
        /// The server that takes them.
        outgoing: Outgoing,
        /// Whom they are from.
        from: Mailbox,
    },
    /// XMPP, through the connection that is kept.
    #[cfg(feature = "xmpp")]
    Xmpp(vigie_connect::xmpp::Xmpp),
}

impl Voice {
    /// From a room's kind, server and keys.
    ///
    /// # Errors
    /// Something that was typed cannot be used.
    pub fn new(http: &Http, kind: &str, server: &str, keys: &Keys) -> Result<Self, Failure> {
        let http = http.clone();
        let server_url = || {
            let typed = if server.contains("://") {
                server.to_owned()
            } else {
                format!("https://{server}")
            };
            Url::parse(&typed).map_err(|_| Failure::new(Code::BadAddress, "not an address"))
        };
        let token = || SecretString::from(keys.token.clone());
        Ok(match kind {
            "slack" => {
                let api = (!server.is_empty()).then(server_url).transpose()?;
                Self::Slack(Slack::new(http, token(), api))
            }
            "mattermost" => Self::Mattermost(Mattermost::new(http, Address::parse(&keys.address)?)),
            "teams" => Self::Teams(Teams::new(http, Address::parse(&keys.address)?)),
            "matrix" => Self::Matrix(Matrix::new(http, server_url()?, token())?),
            "hipchat" => Self::HipChat(HipChat::new(http, server_url()?, token())?),
            "mail" => {
                let from = mailbox(&keys.address)?;
                Self::Mail {
                    outgoing: Outgoing {
                        reach: http.reach(),
                        server: submission(server)?,
                        login: (!keys.token.is_empty()).then(|| Login {
                            user: keys.address.clone(),
                            password: token(),
                        }),
                        dkim: None,
                    },
                    from,
                }
            }
            "webhook" => {
                let signing = SecretString::from(keys.signing.clone());
                Self::Webhook(Webhook::new(http, Address::parse(&keys.address)?, signing)?)
            }
            // Of XMPP, only the connection that is kept has a voice.
            _ => return Err(Failure::new(Code::NotOffered, "no such chat")),
        })
    }

    /// Opens a room's voice.
    ///
    /// # Errors
    /// As [`Voice::new`] and [`Keys::open`], as a trouble before anything was said.
    pub async fn of(app: &App, room: &ChatRoomRow) -> Result<Self, Trouble> {
        let keys = Keys::open(app, room).await.map_err(|error| match error {
            vault::Error::Store(vigie_store::Error::NotFound) | vault::Error::Vault(_) => {
                Trouble::new(Stage::Refused, Code::TokenExpired, error.to_string())
            }
            // The database, for a moment.
            _ => Trouble::new(Stage::NotSent, Code::ServerDown, error.to_string()),
        })?;
        Self::new(&app.http, &room.kind, &room.server, &keys).map_err(|failure| Trouble {
            stage: Stage::Refused,
            status: 0,
            failure,
        })
    }

    /// Says something in a room.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn say(&self, room: &str, note: &Note) -> Result<Sent, Trouble> {
        match self {
            Self::Slack(chat) => chat.say(room, note, WITHIN).await,
            Self::Mattermost(chat) => chat.say(note, WITHIN).await,
            Self::Teams(chat) => chat.say(note, WITHIN).await,
            Self::Matrix(chat) => chat.say(room, note, WITHIN).await,
            Self::HipChat(chat) => chat.say(room, note, WITHIN).await,
            Self::Webhook(chat) => chat.say(note, WITHIN).await,
            Self::Mail { outgoing, from } => {
                let to = mailbox(room).map_err(|failure| Trouble {
                    stage: Stage::Refused,
                    status: 0,
                    failure,
                })?;
                let letter = Letter {
                    from: from.clone(),
                    to,
                    note: note.clone(),
                    items: Vec::new(),
                    token: None,
                    unsubscribe: None,
                };
                outgoing.send(&letter, WITHIN).await
            }
            #[cfg(feature = "xmpp")]
            Self::Xmpp(chat) => {
                let place = vigie_connect::xmpp::Place::Room(room.to_owned());
                chat.say(&place, note, keep::SAY_WITHIN).await
            }
        }
    }

    /// Changes a message that was said, where the chat can.
    ///
    /// # Errors
    /// [`Trouble`]; repeating it does no harm.
    pub async fn amend(&self, message: &str, note: &Note) -> Result<Sent, Trouble> {
        match self {
            Self::Slack(chat) => chat.amend(message, note, WITHIN).await,
            _ => Err(Trouble::new(
                Stage::Refused,
                Code::NotOffered,
                "what was said there stays as it is",
            )),
        }
    }
}

/// An address of people, under Vigie's name.
pub(crate) fn mailbox(address: &str) -> Result<Mailbox, Failure> {
    let bad = || Failure::new(Code::BadAddress, "not an e-mail address");
    Ok(Mailbox {
        name: "Vigie".to_owned(),
        address: MailAddress::parse(address).ok_or_else(bad)?,
    })
}

/// `smtp://host` (STARTTLS, port 587), `smtps://host` (TLS, 465), `smtp+plain://host` (25, only where the operator
/// allows the host); a bare host is the first.
pub(crate) fn submission(typed: &str) -> Result<Server, Failure> {
    let bad = || Failure::new(Code::BadAddress, "not a mail server");
    let text = if typed.contains("://") {
        typed.to_owned()
    } else {
        format!("smtp://{typed}")
    };
    let url = Url::parse(&text)
        .ok()
        .filter(server_alone)
        .ok_or_else(bad)?;
    let (security, port) = match url.scheme() {
        "smtp" => (Security::StartTls, 587),
        "smtps" => (Security::Tls, 465),
        "smtp+plain" => (Security::Plain, 25),
        _ => return Err(bad()),
    };
    Ok(Server {
        host: url.host_str().ok_or_else(bad)?.to_owned(),
        port: url.port().unwrap_or(port),
        security,
    })
}

/// Whether an address names a server and nothing else: a password in it would be shown and logged with it.
pub(crate) fn server_alone(url: &Url) -> bool {
    url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
}

impl std::fmt::Debug for Voice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Voice")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chat_that_a_room_can_be_opened_in_is_declared() {
        for kind in KINDS {
            assert!(declared(kind).is_some(), "{kind}");
        }
        assert!(declared("").is_none() && built("slack"));
    }
}
