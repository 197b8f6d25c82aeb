//! Keeps one connection: connects, stays, connects again.

use super::{
    Account, CONNECT, Command, LEFT, MAX_PAUSE, MAX_STANZA, QUEUED, Status,
    room::{Effect, State},
    session::{self, Stream},
};
use crate::{
    Code, Failure,
    chat::{Heard, Sent},
    reach::Budget,
    rest::{Stage, Trouble},
};
use futures::{SinkExt as _, StreamExt as _};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_xmpp::xmlstream::{FallibleStreamElement, ReadError, XmppStreamElement};
use xmpp_parsers::{
    iq::Iq,
    jid::{BareJid, Jid},
    ping::Ping,
    presence::Presence,
    stanza::Stanza,
};

/// The id of the question put after our presence.
const READY: &str = "ready";

/// A note that left.
struct Pending {
    sent: Sent,
    answer: oneshot::Sender<Result<Sent, Trouble>>,
    /// The question whose answer proves it, for a note to a person.
    ping: Option<String>,
}

/// Keeps the connection.
pub(super) struct Keeper {
    pub account: Account,
    pub own: BareJid,
    pub commands: mpsc::Receiver<Command>,
    pub heard: mpsc::Sender<Heard>,
    /// What was heard and not kept.
    pub missed: Arc<AtomicU64>,
    pub status: watch::Sender<Status>,
}

impl Keeper {
    pub(super) async fn run(mut self) {
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
        // Online is: the server answers what came after our presence, and so delivers to us from now on.
        let mut ready = false;
        for first in [Presence::available().into(), ping(READY).into()] {
            if let Err(failure) = send(&mut stream, first).await {
                return failure;
            }
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
            ready |= effects
                .iter()
                .any(|effect| matches!(effect, Effect::Answered(id) if id == READY));
            if ready {
                let now = Status::Online(state.joined());
                self.status.send_if_modified(|status| {
                    let changed = *status != now;
                    *status = now;
                    changed
                });
            }
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
                Effect::Heard(heard) => self.hear(heard),
                Effect::Outside(id) => {
                    if let Some(note) = pending.remove(&id) {
                        let why = "the room did not know us any more";
                        let no = Trouble::new(Stage::NotSent, Code::ServerDown, why);
                        let _ = note.answer.send(Err(no));
                    }
                }
                Effect::Shown(id, known) => {
                    if let Some(mut note) = pending.remove(&id) {
                        // The room's own id of it: what answers name.
                        note.sent.message = known.or(note.sent.message);
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

    /// Never waits: the shell may itself wait for what the room shows of a note. What it has no room for is counted.
    fn hear(&self, heard: Heard) {
        // Nobody that a member could be: nothing would be made of it.
        let nobody = matches!(&heard, Heard::Said { who, .. } if who.id.is_empty());
        if !nobody && self.heard.try_send(heard).is_err() {
            self.missed.fetch_add(1, Ordering::SeqCst);
        }
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
