//! What stanzas mean. Pure: a stanza in, effects out.

use super::Account;
use crate::chat::{Heard, MAX_HEARD, Speaker};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use xmpp_parsers::{
    iq::Iq,
    jid::{BareJid, Jid},
    message::{Message, MessageType},
    minidom::Element,
    muc::muc::{History, Muc},
    ns,
    presence::{Presence, Type},
    stanza::Stanza,
    stanza_error::{DefinedCondition, ErrorType, StanzaError},
};

/// Most people of a room that are known by name.
const MAX_PEOPLE: usize = 5_000;
/// Between two tries to join a room.
const JOIN_AGAIN: Duration = Duration::from_secs(60);
/// The owner's form of a room.
const MUC_OWNER: &str = "http://jabber.org/protocol/muc#owner";
/// Answers to a message.
const REPLY: &str = "urn:xmpp:reply:0";
/// What is there for programs that do not know something.
const FALLBACK: &str = "urn:xmpp:fallback:0";
/// Words to the account that ask to be bound to a member.
const BIND: [&str; 4] = ["/vigie", "vigie", "bind", "lier"];

/// What is to be done.
#[derive(Debug)]
pub(super) enum Effect {
    /// Send this.
    Send(Box<Stanza>),
    /// Tell the shell.
    Heard(Heard),
    /// The room shows our message with this id, and the id that the room itself gave it.
    Shown(String, Option<String>),
    /// Our message with this id came back, and why.
    Refused(String, String),
    /// Our message with this id was not taken: we are not in the room.
    Outside(String),
    /// Our question with this id was answered, in whatever way.
    Answered(String),
}

/// One room.
struct Room {
    password: Option<SecretString>,
    nick: String,
    joined: bool,
    /// True when everybody may see who everybody is: only then is a name tied to a person.
    open: bool,
    people: HashMap<String, BareJid>,
    again: Option<Instant>,
}

/// All rooms of a session.
pub(super) struct State {
    own: Jid,
    chat: String,
    rooms: HashMap<BareJid, Room>,
}

impl State {
    pub(super) fn new(own: Jid, account: &Account) -> Self {
        let room = |password: &Option<SecretString>| Room {
            password: password.clone(),
            nick: account.nick.clone(),
            joined: false,
            open: false,
            people: HashMap::new(),
            again: None,
        };
        let rooms = account
            .rooms
            .iter()
            .filter_map(|(name, password)| Some((BareJid::new(name).ok()?, room(password))));
        Self {
            chat: own.domain().as_str().to_owned(),
            rooms: rooms.collect(),
            own,
        }
    }

    /// Whether a note can be said there.
    pub(super) fn is_in(&self, room: &BareJid) -> bool {
        self.rooms.get(room).is_some_and(|room| room.joined)
    }

    /// The rooms that are joined.
    pub(super) fn joined(&self) -> Vec<String> {
        let joined = self.rooms.iter().filter(|(_, room)| room.joined);
        let mut names: Vec<String> = joined.map(|(name, _)| name.to_string()).collect();
        names.sort();
        names
    }

    /// Asks to join what is not joined, without the room's history.
    pub(super) fn join(&mut self, now: Instant) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (name, room) in &mut self.rooms {
            if room.joined || room.again.is_some_and(|at| at > now) {
                continue;
            }
            room.again = Some(now + JOIN_AGAIN);
            let mut muc = Muc::new().with_history(History::new().with_maxstanzas(0));
            if let Some(password) = &room.password {
                muc = muc.with_password(password.expose_secret().to_owned());
            }
            let Ok(seat) = name.with_resource_str(&room.nick) else {
                continue;
            };
            let presence = Presence::available()
                .with_to(Jid::from(seat))
                .with_payload(muc);
            effects.push(Effect::Send(Box::new(presence.into())));
        }
        effects
    }

    /// Somebody comes or goes.
    pub(super) fn presence(&mut self, presence: &Presence) -> Vec<Effect> {
        let Some(from) = &presence.from else {
            return Vec::new();
        };
        let (name, nick) = (from.to_bare(), resource(from));
        let Some(room) = self.rooms.get_mut(&name) else {
            return Vec::new();
        };
        // The room adds its own; people may send one with theirs, and which is whose nobody can tell.
        let mut all = presence.payloads.iter();
        let mut all = all.by_ref().filter(|x| x.is("x", ns::MUC_USER));
        let x = all.next().filter(|_| all.next().is_none());
        let statuses = statuses(x);
        // The room says which one we are, whatever name it gave us.
        let ours = statuses.contains(&"110");
        match presence.type_ {
            Type::None => {
                let person = x
                    .and_then(|x| x.get_child("item", ns::MUC_USER))
                    .and_then(|item| item.attr("jid"))
                    .and_then(|jid| Jid::new(jid).ok());
                if let Some(person) = person {
                    if room.people.len() < MAX_PEOPLE || room.people.contains_key(nick) {
                        room.people.insert(nick.to_owned(), person.to_bare());
                    }
                } else {
                    room.people.remove(nick);
                }
                if !ours {
                    return Vec::new();
                }
                nick.clone_into(&mut room.nick);
                if statuses.contains(&"100") {
                    room.open = true;
                }
                if statuses.contains(&"201") {
                    // A room that did not exist stays locked until its owner takes it as it is.
                    return vec![Effect::Send(Box::new(instant(&name).into()))];
                }
                room.joined = true;
                Vec::new()
            }
            Type::Unavailable => {
                room.people.remove(nick);
                // 303: only another name; its own presence follows.
                if ours && !statuses.contains(&"303") {
                    room.leave();
                }
                Vec::new()
            }
            Type::Error if !room.joined => {
                let taken = presence
                    .payloads
                    .iter()
                    .find(|error| error.name() == "error")
                    .is_some_and(|error| error.has_child("conflict", ns::XMPP_STANZAS));
                // Somebody has our name, perhaps a connection of ours that died.
                if taken && room.nick.len() < 60 {
                    room.nick.push('_');
                    room.again = None;
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Somebody says something.
    pub(super) fn message(&mut self, message: Message) -> Vec<Effect> {
        let Some(from) = message.from.clone() else {
            return Vec::new();
        };
        let id = message.id.as_ref().map(|id| id.0.clone());
        let (bare, nick) = (from.to_bare(), resource(&from).to_owned());
        if message.type_ == MessageType::Error {
            let why = message.payloads.iter().find(|p| p.name() == "error");
            let why = why.and_then(|error| error.children().next());
            let why = why.map_or("error", Element::name).to_owned();
            // A room that was restarted does not know us any more: we join again, and what was refused waits for that.
            if let Some(room) = self.rooms.get_mut(&bare)
                && nick.is_empty()
                && why == "not-acceptable"
            {
                if room.joined {
                    room.leave();
                    room.again = None;
                }
                return id.map(Effect::Outside).into_iter().collect();
            }
            return id.map(|id| Effect::Refused(id, why)).into_iter().collect();
        }
        if let Some(room) = self.rooms.get_mut(&bare)
            && nick.is_empty()
        {
            let x = message.payloads.iter().find(|x| x.is("x", ns::MUC_USER));
            // The room has changed how much it shows.
            for status in statuses(x) {
                match status {
                    "172" => room.open = true,
                    "173" | "174" => {
                        room.open = false;
                        room.people.clear();
                    }
                    _ => {}
                }
            }
        }
        // What was said before, or elsewhere.
        if message.payloads.iter().any(|p| {
            p.is("delay", ns::DELAY)
                || p.is("x", "jabber:x:delay")
                || p.ns() == ns::CARBONS
                || p.ns() == ns::FORWARD
        }) {
            return Vec::new();
        }
        let (who, place) = match self.rooms.get(&bare) {
            Some(room) if nick.is_empty() || nick == room.nick => {
                let origin = message.payloads.iter().find(|p| p.is("origin-id", ns::SID));
                let origin = origin.and_then(|o| o.attr("id")).map(str::to_owned);
                return match id.or(origin) {
                    Some(id) if nick == room.nick => {
                        vec![Effect::Shown(id, stable(&message, &bare))]
                    }
                    _ => Vec::new(),
                };
            }
            Some(room) => {
                let person = room.people.get(&nick).filter(|_| room.open && room.joined);
                let who = self.speaker(person, &nick);
                (who, bare.to_string())
            }
            // A room that we are not in, or nobody.
            None if message.type_ == MessageType::Groupchat
                || bare.node().is_none()
                || bare == self.own.to_bare() =>
            {
                return Vec::new();
            }
            None => {
                let name = bare.node().map(|node| node.as_str().to_owned());
                (
                    self.speaker(Some(&bare), &name.unwrap_or_default()),
                    bare.to_string(),
                )
            }
        };
        let Some((_, body)) = message.get_best_body(vec![]) else {
            return Vec::new();
        };
        let text: String = unquoted(body, &message)
            .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
            .take(MAX_HEARD)
            .collect();
        let text = text.trim().to_owned();
        if text.is_empty() {
            return Vec::new();
        }
        let direct = message.type_ != MessageType::Groupchat;
        if direct && !who.id.is_empty() && BIND.contains(&text.to_lowercase().as_str()) {
            return vec![Effect::Heard(Heard::Bind { who })];
        }
        let known = stable(&message, &bare).or(id).unwrap_or_default();
        let thread = message.thread.as_ref().map(|thread| thread.id.clone());
        // Programs of today say which message is answered; few keep threads.
        let thread = answered(&message).or(thread);
        vec![Effect::Heard(Heard::Said {
            who,
            // Neither: then it is the place.
            thread: thread
                .filter(|t| !t.is_empty())
                .unwrap_or(place)
                .chars()
                .take(200)
                .collect(),
            text,
            message: known.chars().take(200).collect(),
        })]
    }

    /// A question, or an answer.
    pub(super) fn iq(&mut self, iq: Iq) -> Vec<Effect> {
        let own_server = |from: Option<&Jid>| {
            from.is_none_or(|from| {
                from.to_bare() == self.own.to_bare()
                    || (from.node().is_none()
                        && from.resource().is_none()
                        && from.domain() == self.own.domain())
            })
        };
        match iq {
            Iq::Result { from, id, .. } | Iq::Error { from, id, .. }
                if own_server(from.as_ref()) =>
            {
                vec![Effect::Answered(id)]
            }
            Iq::Result {
                from: Some(from),
                id,
                ..
            } if id == "instant" => {
                if let Some(room) = self.rooms.get_mut(&from.to_bare()) {
                    room.joined = true;
                }
                Vec::new()
            }
            Iq::Get {
                from, id, payload, ..
            } if payload.is("ping", ns::PING) => {
                let answer = match from {
                    Some(from) => Iq::empty_result(from, id),
                    None => Iq::empty_result(Jid::from(self.own.to_bare()), id),
                };
                vec![Effect::Send(Box::new(answer.into()))]
            }
            Iq::Get {
                from: Some(from),
                id,
                ..
            }
            | Iq::Set {
                from: Some(from),
                id,
                ..
            } => {
                let no = StanzaError::new(
                    ErrorType::Cancel,
                    DefinedCondition::ServiceUnavailable,
                    "en",
                    "",
                );
                let answer = Iq::from_error(id, no).with_to(from);
                vec![Effect::Send(Box::new(answer.into()))]
            }
            _ => Vec::new(),
        }
    }

    fn speaker(&self, person: Option<&BareJid>, name: &str) -> Speaker {
        Speaker {
            chat: self.chat.clone(),
            id: person.map(|jid| jid.to_string()).unwrap_or_default(),
            name: crate::mail::address::one_line(name, 80),
        }
    }
}

impl Room {
    fn leave(&mut self) {
        self.joined = false;
        self.open = false;
        self.people.clear();
        self.again = Some(Instant::now() + JOIN_AGAIN / 2);
    }
}

/// The id that a room gave a message (XEP-0359).
fn stable(message: &Message, room: &BareJid) -> Option<String> {
    message
        .payloads
        .iter()
        .find(|p| p.is("stanza-id", ns::SID) && p.attr("by") == Some(room.as_str()))
        .and_then(|p| p.attr("id"))
        .filter(|id| !id.is_empty())
        .map(|id| id.chars().take(200).collect())
}

/// The message that this one answers (XEP-0461).
fn answered(message: &Message) -> Option<String> {
    message
        .payloads
        .iter()
        .find(|p| p.is("reply", REPLY))
        .and_then(|p| p.attr("id"))
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
}

/// The words without the quotation that programs put before an answer for those that know no answers (XEP-0428).
fn unquoted<'a>(body: &'a str, message: &Message) -> impl Iterator<Item = char> + 'a {
    let place = |body: &Element, name: &str| body.attr(name).and_then(|n| n.parse().ok());
    let (start, end) = message
        .payloads
        .iter()
        .find(|p| p.is("fallback", FALLBACK) && p.attr("for") == Some(REPLY))
        .and_then(|fallback| fallback.get_child("body", FALLBACK))
        .and_then(|body| Some((place(body, "start")?, place(body, "end")?)))
        .unwrap_or((0_usize, 0_usize));
    body.chars()
        .enumerate()
        .filter(move |(at, _)| !(start..end).contains(at))
        .map(|(_, c)| c)
}

fn resource(jid: &Jid) -> &str {
    jid.resource()
        .map(|resource| resource.as_str())
        .unwrap_or_default()
}

fn statuses(x: Option<&Element>) -> Vec<&str> {
    let Some(x) = x else { return Vec::new() };
    x.children()
        .filter(|child| child.is("status", ns::MUC_USER))
        .filter_map(|status| status.attr("code"))
        .collect()
}

/// The owner takes a new room as it is (XEP-0045 §10.1.2).
fn instant(room: &BareJid) -> Iq {
    let form = Element::builder("x", ns::DATA_FORMS);
    let form = match "type".try_into() {
        Ok(name) => form.attr(name, "submit").build(),
        Err(_) => form.build(),
    };
    Iq::Set {
        from: None,
        to: Some(Jid::from(room.clone())),
        id: "instant".to_owned(),
        payload: Element::builder("query", MUC_OWNER).append(form).build(),
    }
}

#[cfg(test)]
mod tests;
