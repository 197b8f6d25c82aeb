//! Chat over XMPP, the protocol that HipChat spoke: one account that joins rooms, says notes there or to a person, and
//! hears what is said. It stays connected, and connects again by itself, later and later while that fails.
//!
//! A note in a room was said when the room shows it to us too; one to a person, when our server has answered a
//! question put after it (servers keep the order). Between leaving and that, it is `Unknown`.

mod keeper;
mod room;
mod session;

use crate::{
    Code, Failure,
    chat::{Heard, Note, Sent},
    mail::show,
    reach::{Reach, Server},
    rest::{Stage, Trouble},
};
use keeper::Keeper;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{mpsc, oneshot, watch};
use xmpp_parsers::{
    jid::{BareJid, Jid},
    message::{Id, Lang, Message, Thread},
    minidom::Element,
    ns,
};

/// Notes that wait for the connection to take them; beyond, saying is refused for now.
const WAITING: usize = 64;
/// What was heard and not yet taken by the shell; beyond, nothing more is read from the server.
const HEARD: usize = 256;
/// Longest note, in bytes: servers take stanzas of 256 KiB.
const MAX_NOTE: usize = 100_000;
/// Most bytes of one stanza read.
const MAX_STANZA: usize = 1 << 20;
/// Longest wait between two tries to connect.
const MAX_PAUSE: Duration = Duration::from_secs(300);
/// Longest time to connect.
const CONNECT: Duration = Duration::from_secs(30);

/// The account, and where it goes.
#[derive(Debug, Clone)]
pub struct Account {
    /// How the server is reached.
    pub reach: Reach,
    /// Where: port 5222 with STARTTLS, 5223 with TLS. Its certificate must be for the domain of the JID.
    pub server: Server,
    /// `NAME@DOMAIN`.
    pub jid: String,
    /// Its password.
    pub password: SecretString,
    /// The name in rooms.
    pub nick: String,
    /// The rooms, with their passwords.
    pub rooms: Vec<(String, Option<SecretString>)>,
}

/// Where a note is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A room of the account.
    Room(String),
    /// A person: `NAME@DOMAIN`.
    Person(String),
}

/// How the connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Not connected yet.
    Connecting,
    /// Connected; these rooms are joined.
    Online(Vec<String>),
    /// Not connected, and why.
    Failed(Failure),
}

/// A connection that is kept. It ends when this is dropped.
pub struct Xmpp {
    commands: mpsc::Sender<Command>,
    status: watch::Receiver<Status>,
    missed: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl fmt::Debug for Xmpp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Xmpp")
            .field("status", &*self.status.borrow())
            .finish_non_exhaustive()
    }
}

impl Drop for Xmpp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Command {
    message: Message,
    room: Option<BareJid>,
    sent: Sent,
    left: Arc<AtomicU8>,
    answer: oneshot::Sender<Result<Sent, Trouble>>,
}

const QUEUED: u8 = 0;
const LEFT: u8 = 1;
const GIVEN_UP: u8 = 2;

impl Xmpp {
    /// Connects in the background. What is heard comes out of the receiver.
    ///
    /// # Errors
    /// `bad_address` for a JID or a room that is none.
    pub fn start(account: Account) -> Result<(Self, mpsc::Receiver<Heard>), Failure> {
        let own = bare(&account.jid)?;
        for (room, _) in &account.rooms {
            bare(room)?
                .with_resource_str(&account.nick)
                .map_err(|_| Failure::new(Code::BadAddress, "a name that no room takes"))?;
        }
        let (commands, waiting) = mpsc::channel(WAITING);
        let (hears, heard) = mpsc::channel(HEARD);
        let (tells, status) = watch::channel(Status::Connecting);
        let missed = Arc::new(AtomicU64::new(0));
        let keeper = Keeper {
            account,
            own,
            commands: waiting,
            heard: hears,
            missed: Arc::clone(&missed),
            status: tells,
        };
        let task = tokio::spawn(keeper.run());
        let xmpp = Self {
            commands,
            status,
            missed,
            task,
        };
        Ok((xmpp, heard))
    }

    /// How the connection is, and its changes.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// How much was heard and not kept since this was last asked: the receiver was full.
    pub fn missed(&self) -> u64 {
        self.missed.swap(0, Ordering::SeqCst)
    }

    /// Says a note.
    ///
    /// # Errors
    /// `NotSent` while not connected or not in the room; `Refused` where the server or the room says no; `Unknown`
    /// when it left and nothing came back.
    pub async fn say(&self, place: &Place, note: &Note, within: Duration) -> Result<Sent, Trouble> {
        let refused = |failure: Failure| Trouble {
            stage: Stage::Refused,
            status: 0,
            failure,
        };
        let (to, room) = match place {
            Place::Room(room) => {
                let room = bare(room).map_err(refused)?;
                (room.clone(), Some(room))
            }
            Place::Person(person) => (bare(person).map_err(refused)?, None),
        };
        let (message, sent) = write(note, to, room.is_some())?;
        let left = Arc::new(AtomicU8::new(QUEUED));
        let (answer, answered) = oneshot::channel();
        let command = Command {
            message,
            room,
            sent,
            left: Arc::clone(&left),
            answer,
        };
        let not_sent = |why: &str| Trouble::new(Stage::NotSent, Code::ServerDown, why);
        self.commands
            .try_send(command)
            .map_err(|_| not_sent("too many notes wait"))?;
        let unknown = |code, why: &str| Trouble::new(Stage::Unknown, code, why);
        match tokio::time::timeout(within, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) if left.load(Ordering::SeqCst) == QUEUED => {
                Err(not_sent("the connection ends"))
            }
            Ok(Err(_)) => Err(unknown(Code::CutOff, "the connection ended")),
            Err(_) => {
                let given_up =
                    left.compare_exchange(QUEUED, GIVEN_UP, Ordering::SeqCst, Ordering::SeqCst);
                Err(match given_up {
                    Ok(_) => Trouble::new(Stage::NotSent, Code::Slow, "it still waited"),
                    Err(_) => unknown(Code::Slow, "nothing came back in time"),
                })
            }
        }
    }
}

/// `NAME@DOMAIN` as servers write it, and its domain.
///
/// # Errors
/// `bad_address`.
pub fn address(text: &str) -> Result<(String, String), Failure> {
    let jid = bare(text.trim())?;
    Ok((jid.to_string(), jid.domain().as_str().to_owned()))
}

fn bare(text: &str) -> Result<BareJid, Failure> {
    BareJid::new(text)
        .ok()
        .filter(|jid| jid.node().is_some())
        .ok_or_else(|| Failure::new(Code::BadAddress, "not NAME@DOMAIN"))
}

/// A note as a message. Its id is the note's key, at every attempt.
fn write(note: &Note, to: BareJid, in_room: bool) -> Result<(Message, Sent), Trouble> {
    let text: String = show::text(note, &[])
        .trim_end()
        .chars()
        // XML cannot hold these two.
        .map(|c| {
            if matches!(c, '\u{fffe}' | '\u{ffff}') {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect();
    if text.len() > MAX_NOTE {
        return Err(Trouble::new(
            Stage::Refused,
            Code::TooManyBytes,
            "a note of more than 100,000 bytes",
        ));
    }
    let id = token(&note.key);
    let thread = note.thread.as_deref().map_or_else(|| id.clone(), token);
    let mut message = if in_room {
        Message::groupchat(Jid::from(to))
    } else {
        Message::chat(Jid::from(to))
    };
    message.id = Some(Id(id.clone()));
    message.thread = Some(Thread {
        parent: None,
        id: thread.clone(),
    });
    // Words are words: no mark-up is made of asterisks and the like (XEP-0393).
    message
        .payloads
        .push(Element::bare("unstyled", "urn:xmpp:styling:0"));
    message.payloads.push(
        Element::builder("origin-id", ns::SID)
            .attr("id".try_into().map_err(|_| broken())?, id.clone())
            .build(),
    );
    message.bodies.insert(Lang(String::new()), text);
    let sent = Sent {
        thread: Some(thread),
        message: Some(id),
    };
    Ok((message, sent))
}

fn broken() -> Trouble {
    Trouble::new(
        Stage::Refused,
        Code::BadKey,
        "a note that cannot be written",
    )
}

/// A text that can be an id: itself, or a digest.
fn token(text: &str) -> String {
    if !text.is_empty() && text.len() <= 100 && text.bytes().all(|b| b.is_ascii_graphic()) {
        return text.to_owned();
    }
    hex::encode(Sha256::digest(text))
}
