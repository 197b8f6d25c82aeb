//! Who surely wrote a letter. Anybody can write any name into a letter; what counts is that the domain of the address
//! vouches for it: by a signature (DKIM) of that very domain, or, where the operator names its own receiving server,
//! by that server's word that the letter came from a machine of that domain (SPF). Both must agree with the address
//! in `From` (the alignment of DMARC, RFC 7489 §3.1; more strictly: the same domain, or for signatures one above it).
//!
//! Which *person* of the domain wrote it is the domain's word: a mail server that lets its users write under each
//! other's addresses makes this worthless, and every other check of mail too.

use super::{
    address::Address,
    headers::{by_a_person, count, dated, says_spf_pass, writer},
};
use jiff::Timestamp;
use mail_auth::{
    AuthenticatedMessage, DkimResult, Error, MessageAuthenticator,
    common::crypto::Algorithm,
    hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts},
};
use mail_parser::{Message, MessageParser};
use std::{collections::BTreeSet, fmt, net::SocketAddr, time::Duration};

/// Oldest letter that counts, by its own date: 14 days.
pub const MAX_AGE: i64 = 14 * 24 * 3600;
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

/// Who a letter says that it is from, though nobody may vouch for it; `None` for what a program, a list or nobody in
/// particular wrote, which is never answered.
pub fn claimed(letter: &[u8]) -> Option<Author> {
    let message = MessageParser::new().parse(letter)?;
    by_a_person(&message).ok()?;
    writer(&message).ok()
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
}
