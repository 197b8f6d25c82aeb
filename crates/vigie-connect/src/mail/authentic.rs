//! Who surely wrote a letter. Anybody can write any name into a letter; what counts is that the domain of the address
//! vouches for it: by a signature (DKIM) of that very domain, or, where the operator names its own receiving server,
//! by that server's word that the letter came from a machine of that domain (SPF). Both must agree with the address
//! in `From` (the alignment of DMARC, RFC 7489 §3.1; more strictly: the same domain, or for signatures one above it).
//!
//! Which *person* of the domain wrote it is the domain's word: a mail server that lets its users write under each
//! other's addresses makes this worthless, and every other check of mail too.

use super::address::{Address, one_line};
use jiff::Timestamp;
use mail_auth::{
    AuthenticatedMessage, DkimResult, Error, MessageAuthenticator,
    common::crypto::Algorithm,
    hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts},
};
use mail_parser::{HeaderName, HeaderValue, Message, MessageParser};
use std::{collections::BTreeSet, fmt, net::SocketAddr, time::Duration};

/// Oldest letter that counts, by its own date: 14 days.
pub const MAX_AGE: i64 = 14 * 24 * 3600;
/// How far ahead of ours a letter's clock may be: one day, for wrong time zones.
const MAX_AHEAD: i64 = 24 * 3600;
/// Longest time for the questions to name servers about one letter.
const WITHIN: Duration = Duration::from_secs(15);
/// Signatures that are looked at; each takes a question to a name server that the writer chooses.
const MAX_SIGNATURES: usize = 4;

/// Somebody who surely wrote a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Whose.
    pub address: Address,
    /// As the letter says; anybody may choose any.
    pub name: String,
    /// The letter's Message-ID, without `<` `>`: the same letter may come again.
    pub message: String,
    /// Headers (in lower case) that stand once in the letter and that the signature covers. Empty when the receiving
    /// server vouches.
    pub covered: BTreeSet<String>,
}

/// Why nobody is surely the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsure {
    /// Not a letter, or one with contradictory headers: several writers, several dates.
    Odd,
    /// Written by a program: an absence notice, a receipt.
    Automatic,
    /// Returned, or without a sender to return it to.
    Bounce,
    /// Through a mailing list.
    List,
    /// Too old, or dated ahead.
    Date,
    /// Nobody vouches for it.
    Unsigned,
    /// Signed by other domains than the writer's.
    OtherDomain,
    /// The signature of the writer's domain does not fit the letter: changed on its way, or forged.
    Broken,
    /// The name servers do not answer: look again later.
    Later,
}

impl Unsure {
    /// A stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Odd => "odd",
            Self::Automatic => "automatic",
            Self::Bounce => "bounce",
            Self::List => "list",
            Self::Date => "date",
            Self::Unsigned => "unsigned",
            Self::OtherDomain => "other_domain",
            Self::Broken => "broken",
            Self::Later => "later",
        }
    }
}

/// Judges letters.
#[derive(Clone)]
pub struct Judge {
    resolver: MessageAuthenticator,
    trusted: Option<String>,
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge")
            .field("trusted", &self.trusted)
            .finish_non_exhaustive()
    }
}

impl Judge {
    /// Asks the system's name servers. `trusted` is the name that the operator's own receiving server writes into
    /// `Authentication-Results` (its authserv-id), if its word counts; that server must remove such headers that come
    /// from outside (RFC 8601 §5).
    ///
    /// # Errors
    /// When the system's name servers are not known.
    pub fn new(trusted: Option<String>) -> Result<Self, crate::Failure> {
        MessageAuthenticator::new_system_conf()
            .map(|resolver| Self { resolver, trusted })
            .map_err(|error| {
                crate::Failure::new(crate::Code::UnknownServer, format!("name servers: {error}"))
            })
    }

    /// Asks one name server.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn asking(server: SocketAddr, trusted: Option<String>) -> Result<Self, crate::Failure> {
        let mut name_server = NameServerConfig::udp_and_tcp(server.ip());
        for connection in &mut name_server.connections {
            connection.port = server.port();
        }
        let config = ResolverConfig::from_parts(None, vec![], vec![name_server]);
        let mut options = ResolverOpts::default();
        options.timeout = Duration::from_secs(3);
        options.attempts = 2;
        MessageAuthenticator::new(config, options)
            .map(|resolver| Self { resolver, trusted })
            .map_err(|error| {
                crate::Failure::new(crate::Code::UnknownServer, format!("name server: {error}"))
            })
    }

    /// Who surely wrote this letter.
    ///
    /// # Errors
    /// Why nobody is.
    pub async fn author(&self, letter: &[u8], now: Timestamp) -> Result<Author, Unsure> {
        let message = MessageParser::new().parse(letter).ok_or(Unsure::Odd)?;
        by_a_person(&message)?;
        let mut author = writer(&message)?;
        dated(&message, now)?;
        match tokio::time::timeout(WITHIN, self.signed(&message, &author)).await {
            Err(_) => Err(Unsure::Later),
            Ok(Ok(covered)) => {
                author.covered = covered;
                Ok(author)
            }
            Ok(Err(_)) if self.vouched(&message, &author) => Ok(author),
            Ok(Err(unsure)) => Err(unsure),
        }
    }

    /// What a good signature of the writer's domain covers.
    async fn signed(
        &self,
        message: &Message<'_>,
        author: &Author,
    ) -> Result<BTreeSet<String>, Unsure> {
        let mut letter = AuthenticatedMessage::from_parsed(message, true);
        let mut others = false;
        letter.dkim_headers.retain(|header| {
            let aligned = header.header.as_ref().is_ok_and(|signature| {
                aligned(&signature.d, author.address.domain())
                    && signature.a != Algorithm::RsaSha1
                    && ["from", "date", "message-id", "subject"]
                        .iter()
                        .all(|name| signature.h.iter().any(|h| h.eq_ignore_ascii_case(name)))
            });
            others |= !aligned;
            aligned
        });
        letter.dkim_headers.truncate(MAX_SIGNATURES);
        if letter.dkim_headers.is_empty() {
            return Err(if others {
                Unsure::OtherDomain
            } else {
                Unsure::Unsigned
            });
        }
        let mut later = false;
        for verdict in self.resolver.verify_dkim(&letter).await {
            match (verdict.result(), verdict.signature()) {
                (DkimResult::Pass, Some(signature)) => {
                    return Ok(signature
                        .h
                        .iter()
                        .map(|name| name.trim().to_ascii_lowercase())
                        .filter(|name| count(message, name) == 1)
                        .collect());
                }
                (DkimResult::TempError(_) | DkimResult::Neutral(Error::DnsError(_)), _) => {
                    later = true;
                }
                _ => {}
            }
        }
        Err(if later { Unsure::Later } else { Unsure::Broken })
    }

    /// Whether the operator's own server says that the letter came from the writer's domain.
    fn vouched(&self, message: &Message<'_>, author: &Author) -> bool {
        let Some(trusted) = &self.trusted else {
            return false;
        };
        // The topmost is the newest; one further down may have been in the letter when it came.
        let newest = message
            .headers_raw()
            .find(|(name, _)| name.eq_ignore_ascii_case("Authentication-Results"));
        newest.is_some_and(|(_, value)| says_spf_pass(value, trusted, author.address.domain()))
    }
}

/// Whether a signature of domain `d` speaks for an address of `domain`.
fn aligned(d: &str, domain: &str) -> bool {
    let d = d.trim_end_matches('.').to_ascii_lowercase();
    d.contains('.')
        && (d == domain
            || domain
                .strip_suffix(&d)
                .is_some_and(|rest| rest.ends_with('.')))
}

/// Reads one `Authentication-Results`: `AUTHSERV; spf=pass … smtp.mailfrom=x@DOMAIN; …`.
fn says_spf_pass(value: &str, trusted: &str, domain: &str) -> bool {
    // Comments and quotes could hide anything: such a header is not read.
    let value = value.replace(['\r', '\n', '\t'], " ");
    if value.contains('"') {
        return false;
    }
    let mut plain = String::with_capacity(value.len());
    let mut depth = 0_usize;
    for c in value.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            ')' => return false,
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    if depth != 0 {
        return false;
    }
    let mut parts = plain.split(';').map(str::trim);
    let server = parts.next().unwrap_or_default();
    // A version may follow the name.
    let server = server.split(' ').next().unwrap_or_default();
    if !server.eq_ignore_ascii_case(trusted.trim()) || server.is_empty() {
        return false;
    }
    let spf: Vec<&str> = parts
        .filter(|part| {
            part.split(['=', ' '])
                .next()
                .is_some_and(|method| method.eq_ignore_ascii_case("spf"))
        })
        .collect();
    // Two answers are no answer.
    let [spf] = spf.as_slice() else { return false };
    let mut words = spf.split(' ').filter(|word| !word.is_empty());
    let pass = words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("spf=pass"));
    let from: Vec<&str> = words
        .filter_map(|word| word.strip_prefix("smtp.mailfrom="))
        .collect();
    let [from] = from.as_slice() else {
        return false;
    };
    let from = from.rsplit_once('@').map_or(*from, |(_, domain)| domain);
    pass && from.eq_ignore_ascii_case(domain)
}

fn count(message: &Message<'_>, name: &str) -> usize {
    message
        .headers_raw()
        .filter(|(known, _)| known.trim().eq_ignore_ascii_case(name))
        .count()
}

fn raw<'a>(message: &'a Message<'_>, name: &str) -> Option<&'a str> {
    message
        .headers_raw()
        .find(|(known, _)| known.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// Refuses what programs, lists and returned letters say about themselves (RFC 3834 and common use).
fn by_a_person(message: &Message<'_>) -> Result<(), Unsure> {
    let has = |name: &str| count(message, name) > 0;
    if message.headers_raw().any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("Return-Path") && value.trim().replace(' ', "") == "<>"
    }) {
        return Err(Unsure::Bounce);
    }
    let kind =
        message
            .root_part()
            .headers
            .iter()
            .find_map(|header| match (&header.name, &header.value) {
                (HeaderName::ContentType, HeaderValue::ContentType(kind)) => Some(kind),
                _ => None,
            });
    if kind.is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case("multipart")
            && kind
                .subtype()
                .is_some_and(|subtype| subtype.eq_ignore_ascii_case("report"))
    }) || has("X-Failed-Recipients")
    {
        return Err(Unsure::Bounce);
    }
    if message.headers_raw().any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("Auto-Submitted")
            && !value.trim().eq_ignore_ascii_case("no")
    }) || [
        "X-Autoreply",
        "X-Autorespond",
        "X-Autoresponder",
        "X-Auto-Response-Suppress-Reply",
    ]
    .iter()
    .any(|name| has(name))
    {
        return Err(Unsure::Automatic);
    }
    for (name, value) in message.headers_raw() {
        if name.trim().eq_ignore_ascii_case("Precedence") {
            return Err(match value.trim().to_ascii_lowercase().as_str() {
                "list" => Unsure::List,
                _ => Unsure::Automatic,
            });
        }
    }
    if [
        "List-Id",
        "List-Post",
        "List-Unsubscribe",
        "List-Help",
        "Mailing-List",
    ]
    .iter()
    .any(|name| has(name))
    {
        return Err(Unsure::List);
    }
    Ok(())
}

/// The one writer that the letter names; anything that two programs could read in two ways is refused.
fn writer(message: &Message<'_>) -> Result<Author, Unsure> {
    for once in ["From", "Date", "Message-ID", "Subject"] {
        if count(message, once) != 1 {
            return Err(Unsure::Odd);
        }
    }
    for most_once in [
        "Sender",
        "Reply-To",
        "To",
        "Cc",
        "In-Reply-To",
        "References",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
    ] {
        if count(message, most_once) > 1 {
            return Err(Unsure::Odd);
        }
    }
    let line = raw(message, "From").ok_or(Unsure::Odd)?;
    let (name, address) = one_address(line).ok_or(Unsure::Odd)?;
    // The library that checks the signature must read the same.
    let read = message.from().and_then(|from| from.as_list());
    let same = matches!(read, Some([one]) if one
        .address()
        .is_some_and(|read| read.eq_ignore_ascii_case(&address.to_string())));
    if !same {
        return Err(Unsure::Odd);
    }
    let name = match message.from().and_then(|from| from.first()) {
        Some(one) => one.name().unwrap_or_default().to_owned(),
        None => name.to_owned(),
    };
    let id = raw(message, "Message-ID")
        .and_then(|id| id.strip_prefix('<'))
        .and_then(|id| id.strip_suffix('>'))
        .filter(|id| is_message_id(id))
        .ok_or(Unsure::Odd)?;
    Ok(Author {
        address,
        name: one_line(&name, 80),
        message: id.to_owned(),
        covered: BTreeSet::new(),
    })
}

/// Whether a text (without `<` `>`) can be a Message-ID.
pub(super) fn is_message_id(id: &str) -> bool {
    id.len() <= 900
        && id.contains('@')
        && id
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"<>\"(),;\\".contains(&b))
}

/// A `From` line of one of two shapes: `address`, or `anything <address>`, with no second `@` outside quotes.
fn one_address(line: &str) -> Option<(&str, Address)> {
    let line = line.trim();
    let Some((name, rest)) = line.rsplit_once('<') else {
        return Some(("", Address::parse(line)?));
    };
    let address = Address::parse(rest.strip_suffix('>')?)?;
    let mut quoted = false;
    let mut escaped = false;
    for c in name.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '@' | '<' | '>' | ',' | ';' | ':' | '(' | ')' if !quoted => return None,
            _ => {}
        }
    }
    (!quoted).then_some((name, address))
}

fn dated(message: &Message<'_>, now: Timestamp) -> Result<(), Unsure> {
    let date = message.date().ok_or(Unsure::Date)?.to_timestamp();
    let age = now.as_second().saturating_sub(date);
    ((-MAX_AHEAD..=MAX_AGE).contains(&age))
        .then_some(())
        .ok_or(Unsure::Date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_speaks_for_itself_and_below() {
        assert!(aligned("example.com", "example.com"));
        assert!(aligned("Example.com.", "example.com"));
        assert!(aligned("example.com", "mail.example.com"));
        for (d, domain) in [
            ("com", "example.com"),
            ("mail.example.com", "example.com"),
            ("example.com", "badexample.com"),
            ("example.com.evil.net", "example.com"),
            ("", "example.com"),
            (".", "example.com"),
        ] {
            assert!(!aligned(d, domain), "{d} {domain}");
        }
    }

    #[test]
    fn a_from_line_names_one_person() {
        for (line, address) in [
            ("anne@example.com", "anne@example.com"),
            ("<anne@example.com>", "anne@example.com"),
            ("\"Anne, @ work\" <anne@example.com>", "anne@example.com"),
            (
                "=?utf-8?q?Ann=C3=A9?= <anne@example.com>",
                "anne@example.com",
            ),
        ] {
            assert_eq!(
                one_address(line).map(|(_, a)| a.to_string()).as_deref(),
                Some(address),
                "{line}"
            );
        }
        for line in [
            "a@example.com, b@example.com",
            "a@example.com <b@example.com>",
            "<a@example.com> <b@example.com>",
            "b@example.com (<a@example.com>)",
            "x: a@example.com;",
            "\"a <b@example.com>",
            "a@example.com\u{0}",
            "",
        ] {
            assert!(one_address(line).is_none(), "{line}");
        }
    }

    #[test]
    fn the_receiving_server_is_read_strictly() {
        let good =
            "mx.corp.example; dkim=none; spf=pass (sender ok) smtp.mailfrom=anne@example.com";
        assert!(says_spf_pass(good, "mx.corp.example", "example.com"));
        assert!(!says_spf_pass(good, "other.example", "example.com"));
        assert!(!says_spf_pass(good, "mx.corp.example", "corp.example"));
        assert!(!says_spf_pass(good, "", "example.com"));
        for bad in [
            "mx.corp.example; spf=fail smtp.mailfrom=example.com",
            "mx.corp.example; spf=passed smtp.mailfrom=example.com",
            "mx.corp.example; spf=pass",
            "mx.corp.example; spf=fail (spf=pass smtp.mailfrom=example.com",
            "mx.corp.example; x=\"; spf=pass smtp.mailfrom=example.com\"",
            "mx.corp.example; spf=pass smtp.mailfrom=evil.net smtp.mailfrom=example.com",
            "mx.corp.example; spf=fail smtp.mailfrom=evil.net; spf=pass smtp.mailfrom=example.com",
            "mx.corp.example.evil.net; spf=pass smtp.mailfrom=example.com",
            "; spf=pass smtp.mailfrom=example.com",
        ] {
            assert!(
                !says_spf_pass(bad, "mx.corp.example", "example.com"),
                "{bad}"
            );
        }
    }
}
