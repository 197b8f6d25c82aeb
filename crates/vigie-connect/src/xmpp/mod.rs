//! Chat over XMPP, the protocol that HipChat spoke: one account that joins rooms, says notes there or to a person, and
//! hears what is said. It stays connected, and connects again by itself, later and later while that fails.
//!
//! A note in a room was said when the room shows it to us too; one to a person, when our server has answered a
//! question put after it (servers keep the order). Between leaving and that, it is `Unknown`.

mod room;
mod session;

use crate::{
    Code, Failure,
    chat::{Heard, Note, Sent},
    mail::show,
    reach::{Budget, Reach, Server},
    rest::{Stage, Trouble},
};
use futures::{SinkExt as _, StreamExt as _};
use room::{Effect, State};
use secrecy::SecretString;
use session::Stream;
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_xmpp::xmlstream::{FallibleStreamElement, ReadError, XmppStreamElement};
use xmpp_parsers::{
    iq::Iq,
    jid::{BareJid, Jid},
    message::{Id, Lang, Message, Thread},
    minidom::Element,
    ns,
    ping::Ping,
    presence::Presence,
    stanza::Stanza,
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
        let keeper = Keeper {
            account,
            own,
            commands: waiting,
            heard: hears,
            status: tells,
        };
        let task = tokio::spawn(keeper.run());
        let xmpp = Self {
            commands,
            status,
            task,
        };
        Ok((xmpp, heard))
    }

    /// How the connection is, and its changes.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
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

/// A note that left.
struct Pending {
    sent: Sent,
    answer: oneshot::Sender<Result<Sent, Trouble>>,
    /// The question whose answer proves it, for a note to a person.
    ping: Option<String>,
}

/// Keeps the connection.
struct Keeper {
    account: Account,
    own: BareJid,
    commands: mpsc::Receiver<Command>,
    heard: mpsc::Sender<Heard>,
    status: watch::Sender<Status>,
}

impl Keeper {
    async fn run(mut self) {
        let mut pause = Duration::from_secs(1);
        loop {
            let until = Instant::now() + CONNECT;
            let opened = {
                let opening = session::open(&self.account, &self.own, until);
                tokio::pin!(opening);
                loop {
                    tokio::select! {
                        opened = &mut opening => break opened,
                        Some(command) = self.commands.recv() => not_now(command),
                    }
                }
            };
            let failure = match opened {
                Ok((stream, budget, own)) => {
                    let started = Instant::now();
                    let failure = self.stay(stream, &budget, own).await;
                    if started.elapsed() > Duration::from_secs(60) {
                        pause = Duration::from_secs(1);
                    }
                    failure
                }
                Err(failure) => failure,
            };
            tracing::info!(server = self.account.server.host, code = %failure.code, detail = failure.detail, "XMPP is not connected");
            if failure.code == Code::BadCredentials {
                // Trying often with a wrong password locks accounts.
                pause = MAX_PAUSE;
            }
            self.status.send_replace(Status::Failed(failure));
            let again = tokio::time::sleep(pause.mul_f64(jitter()));
            tokio::pin!(again);
            loop {
                tokio::select! {
                    () = &mut again => break,
                    Some(command) = self.commands.recv() => not_now(command),
                }
            }
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    /// Until the connection ends; why it did.
    async fn stay(&mut self, mut stream: Stream, budget: &Budget, own: Jid) -> Failure {
        let mut state = State::new(own, &self.account);
        let mut pending: HashMap<String, Pending> = HashMap::new();
        let mut tick = tokio::time::interval(Duration::from_secs(5));
        if let Err(failure) = send(&mut stream, Presence::available().into()).await {
            return failure;
        }
        let failure = loop {
            let effects = tokio::select! {
                item = stream.next() => {
                    budget.refill(MAX_STANZA);
                    match read(item) {
                        Ok(Some(Stanza::Message(message))) => state.message(message),
                        Ok(Some(Stanza::Presence(presence))) => state.presence(&presence),
                        Ok(Some(Stanza::Iq(iq))) => state.iq(iq),
                        Ok(None) => vec![Effect::Send(Box::new(ping("alive").into()))],
                        Err(failure) => break failure,
                    }
                }
                Some(command) = self.commands.recv() => {
                    match self.say(&mut stream, &state, &mut pending, command).await {
                        Ok(()) => continue,
                        Err(failure) => break failure,
                    }
                }
                _ = tick.tick() => state.join(Instant::now()),
            };
            self.status.send_if_modified(|status| {
                let now = Status::Online(state.joined());
                let changed = *status != now;
                *status = now;
                changed
            });
            if let Err(failure) = self.act(&mut stream, &mut pending, effects).await {
                break failure;
            }
        };
        for (_, note) in pending {
            let lost = Trouble::new(Stage::Unknown, Code::CutOff, "the connection ended");
            let _ = note.answer.send(Err(lost));
        }
        failure
    }

    async fn act(
        &self,
        stream: &mut Stream,
        pending: &mut HashMap<String, Pending>,
        effects: Vec<Effect>,
    ) -> Result<(), Failure> {
        for effect in effects {
            match effect {
                Effect::Send(stanza) => send(stream, *stanza).await?,
                Effect::Heard(heard) => {
                    // When the shell does not keep up, the server waits too.
                    let _ = self.heard.send(heard).await;
                }
                Effect::Shown(id) => {
                    if let Some(note) = pending.remove(&id) {
                        let _ = note.answer.send(Ok(note.sent));
                    }
                }
                Effect::Refused(id, why) => {
                    if let Some(note) = pending.remove(&id) {
                        let no = Trouble::new(Stage::Refused, Code::RefusedByServer, why);
                        let _ = note.answer.send(Err(no));
                    }
                }
                Effect::Answered(ping) => {
                    let id = pending
                        .iter()
                        .find(|(_, note)| note.ping.as_ref() == Some(&ping))
                        .map(|(id, _)| id.clone());
                    if let Some(note) = id.and_then(|id| pending.remove(&id)) {
                        let _ = note.answer.send(Ok(note.sent));
                    }
                }
            }
        }
        Ok(())
    }

    async fn say(
        &self,
        stream: &mut Stream,
        state: &State,
        pending: &mut HashMap<String, Pending>,
        command: Command,
    ) -> Result<(), Failure> {
        let not_sent = |why: &str| Err(Trouble::new(Stage::NotSent, Code::ServerDown, why));
        let id = command.sent.message.clone().unwrap_or_default();
        if pending.contains_key(&id) {
            let _ = command.answer.send(not_sent("the same note is being said"));
            return Ok(());
        }
        if command.room.as_ref().is_some_and(|room| !state.is_in(room)) {
            let _ = command.answer.send(not_sent("the room is not joined"));
            return Ok(());
        }
        let taken = command
            .left
            .compare_exchange(QUEUED, LEFT, Ordering::SeqCst, Ordering::SeqCst);
        if taken.is_err() {
            return Ok(());
        }
        let question = command.room.is_none().then(|| format!("after-{id}"));
        let note = Pending {
            sent: command.sent,
            answer: command.answer,
            ping: question.clone(),
        };
        pending.insert(id, note);
        send(stream, command.message.into()).await?;
        if let Some(question) = question {
            send(stream, ping(&question).into()).await?;
        }
        Ok(())
    }
}

/// Between connections nothing is sent.
fn not_now(command: Command) {
    let no = Trouble::new(Stage::NotSent, Code::ServerDown, "not connected");
    let _ = command.answer.send(Err(no));
}

/// A question to our own server.
fn ping(id: &str) -> Iq {
    Iq::from_get(id, Ping)
}

async fn send(stream: &mut Stream, stanza: Stanza) -> Result<(), Failure> {
    let element = XmppStreamElement::Stanza(stanza);
    match tokio::time::timeout(Duration::from_secs(30), stream.send(&element)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Failure::new(Code::CutOff, error.to_string())),
        Err(_) => Err(Failure::new(Code::Slow, "the server takes nothing")),
    }
}

/// A stanza; `None` when the server was silent for long.
fn read(item: Option<Result<FallibleStreamElement, ReadError>>) -> Result<Option<Stanza>, Failure> {
    match item {
        Some(Ok(FallibleStreamElement::Ok(XmppStreamElement::Stanza(stanza)))) => Ok(Some(stanza)),
        Some(Ok(FallibleStreamElement::Ok(XmppStreamElement::StreamError(error)))) => {
            Err(Failure::new(Code::ServerError, error.to_string()))
        }
        // One stanza that is not as it should be is passed over.
        Some(Ok(_) | Err(ReadError::ParseError(_))) => Ok(Some(Presence::available().into())),
        Some(Err(ReadError::SoftTimeout)) => Ok(None),
        Some(Err(ReadError::HardError(error))) => {
            Err(Failure::new(Code::CutOff, error.to_string()))
        }
        Some(Err(ReadError::StreamFooterReceived)) | None => {
            Err(Failure::new(Code::CutOff, "the server hung up"))
        }
    }
}

/// Between 0.5 and 1, so that many programs do not come back at once.
fn jitter() -> f64 {
    let random = uuid::Uuid::now_v7().as_u128() as u8;
    0.5 + f64::from(random) / 510.0
}
