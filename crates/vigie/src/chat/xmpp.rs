//! Rooms over XMPP: the account, and what is proven before a room is opened.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;
use vigie_connect::reach::{Reach, Security, Server};
use vigie_connect::xmpp::{Account, Place, Status, Xmpp, address};
use vigie_connect::{Code, Failure};
use vigie_store::ChatRoomRow;

use super::{Keys, keep};

/// How long connecting and joining may take while a room is opened.
const WITHIN: Duration = Duration::from_secs(15);
/// The name in rooms.
const NICK: &str = "Vigie";

/// Where an account is, and in which room: as servers write it.
#[derive(Debug)]
pub struct Known {
    /// `NAME@DOMAIN` of the account.
    pub jid: String,
    /// Its domain, which vouches for who people are.
    pub domain: String,
    /// `NAME@DOMAIN` of the room.
    pub room: String,
}

/// Reads what was typed. The room is on the account's own server: whoever runs a room's service says who speaks there.
///
/// # Errors
/// `bad_address`; `address_not_allowed` for a room elsewhere.
pub fn read(jid: &str, room: &str) -> Result<Known, Failure> {
    let (jid, domain) = address(jid)?;
    let (room, at) = address(room)?;
    if at != domain && !at.ends_with(&format!(".{domain}")) {
        return Err(Failure::new(Code::AddressNotAllowed, super::ELSEWHERE));
    }
    Ok(Known { jid, domain, room })
}

/// `xmpp://host` (STARTTLS, port 5222) or `xmpps://host` (TLS, 5223); a bare host is the first.
///
/// # Errors
/// `bad_address`.
pub fn server(typed: &str) -> Result<Server, Failure> {
    let bad = || Failure::new(Code::BadAddress, "not an XMPP server");
    let text = if typed.contains("://") {
        typed.to_owned()
    } else {
        format!("xmpp://{typed}")
    };
    let url = Url::parse(&text).map_err(|_| bad())?;
    let (security, port) = match url.scheme() {
        "xmpp" => (Security::StartTls, 5222),
        "xmpps" => (Security::Tls, 5223),
        _ => return Err(bad()),
    };
    Ok(Server {
        host: url.host_str().ok_or_else(bad)?.to_owned(),
        port: url.port().unwrap_or(port),
        security,
    })
}

/// The account that keys open, in these rooms.
///
/// # Errors
/// `bad_address`.
pub fn account(
    reach: Reach,
    at: &str,
    keys: &Keys,
    rooms: Vec<(String, Option<SecretString>)>,
) -> Result<Account, Failure> {
    Ok(Account {
        reach,
        server: server(at)?,
        jid: keys.address.clone(),
        password: SecretString::from(keys.token.clone()),
        nick: NICK.to_owned(),
        rooms,
    })
}

/// The room's password, where there is one.
pub fn room_password(keys: &Keys) -> Option<SecretString> {
    (!keys.room.is_empty()).then(|| SecretString::from(keys.room.clone()))
}

/// Proves that the account opens and may be in the room.
///
/// # Errors
/// Why it does not; `missing_right` when the room does not let it in.
pub async fn check(reach: Reach, at: &str, keys: &Keys, room: &str) -> Result<(), Failure> {
    let rooms = vec![(room.to_owned(), room_password(keys))];
    let (xmpp, _heard) = Xmpp::start(account(reach, at, keys, rooms)?)?;
    let mut status = xmpp.status();
    let there = |status: &Status| match status {
        Status::Online(joined) => joined.iter().any(|one| one == room),
        Status::Failed(_) => true,
        Status::Connecting => false,
    };
    // Whatever it is by then.
    let _ = tokio::time::timeout(WITHIN, status.wait_for(there)).await;
    let now = status.borrow().clone();
    match now {
        Status::Online(joined) if joined.iter().any(|one| one == room) => Ok(()),
        Status::Online(_) => Err(Failure::new(
            Code::MissingRight,
            "the room does not let it in",
        )),
        Status::Failed(failure) => Err(failure),
        Status::Connecting => Err(Failure::new(Code::Slow, "not connected in time")),
    }
}

/// Says something to a person alone.
///
/// # Errors
/// Why it was not said, or may not have been.
pub async fn whisper(
    xmpp: &Xmpp,
    person: &str,
    note: &vigie_connect::chat::Note,
) -> Result<(), Failure> {
    let place = Place::Person(person.to_owned());
    let said = xmpp.say(&place, note, keep::SAY_WITHIN).await;
    said.map(drop).map_err(|trouble| trouble.failure)
}

/// The rooms to be in, with their passwords, and the newest keys of the account.
pub fn gather(all: Vec<(&ChatRoomRow, Keys)>) -> (Vec<(String, Option<SecretString>)>, Keys) {
    let rooms = all
        .iter()
        .map(|(room, keys)| (room.room.clone(), room_password(keys)))
        .collect();
    let newest = all.into_iter().max_by_key(|(room, _)| room.created_at);
    (rooms, newest.map(|(_, keys)| keys).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_on_the_accounts_own_server() {
        let known = read(" Vigie@Corp.example", "Team@rooms.corp.example").unwrap();
        assert_eq!(
            (
                known.jid.as_str(),
                known.domain.as_str(),
                known.room.as_str()
            ),
            (
                "vigie@corp.example",
                "corp.example",
                "team@rooms.corp.example"
            )
        );
        assert!(read("vigie@corp.example", "team@corp.example").is_ok());
        for room in [
            "team@rooms.evil.example",
            "team@evilcorp.example",
            "team",
            "",
        ] {
            assert!(read("vigie@corp.example", room).is_err(), "{room}");
        }
        for (typed, host, port) in [
            ("chat.example", "chat.example", 5222),
            ("xmpps://chat.example", "chat.example", 5223),
            ("xmpp://127.0.0.1:5333", "127.0.0.1", 5333),
        ] {
            let at = server(typed).unwrap();
            assert_eq!((at.host.as_str(), at.port), (host, port), "{typed}");
        }
        assert!(server("https://chat.example").is_err() && server("").is_err());
    }
}
