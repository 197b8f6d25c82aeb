//! Where the program may connect to: public addresses, and what the operator has allowed by name.
//!
//! Addresses come from people (a PDS to connect) and from servers (a DID document), so they may be meant to reach into
//! the network that Vigie runs in. Literal addresses are judged here, names by [`crate::resolve`].

use crate::{Code, Failure};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Hosts on private addresses that may be called nonetheless, such as a PDS of one's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedPrivate {
    entries: Vec<(Host, Option<u16>)>,
}

impl AllowedPrivate {
    /// From entries `host` (any port) or `host:port`; IPv6 addresses in brackets.
    ///
    /// # Errors
    /// The first entry that is neither.
    pub fn parse<S: AsRef<str>>(entries: &[S]) -> Result<Self, Failure> {
        let mut all = Vec::with_capacity(entries.len());
        for entry in entries {
            let entry = entry.as_ref().trim();
            let bad = || {
                Failure::new(
                    Code::BadAddress,
                    format!("not `host` or `host:port`: {entry}"),
                )
            };
            let (host, port) = match entry.rsplit_once(':') {
                Some((host, port)) if !entry.ends_with(']') => {
                    (host, Some(port.parse().map_err(|_| bad())?))
                }
                _ => (entry, None),
            };
            all.push((Host::parse(host).map_err(|_| bad())?, port));
        }
        Ok(Self { entries: all })
    }

    fn has(&self, host: &Host<&str>, port: u16) -> bool {
        self.entries.iter().any(|(known, only)| {
            only.is_none_or(|only| only == port)
                && match (known, host) {
                    (Host::Domain(a), Host::Domain(b)) => a == b,
                    (Host::Ipv4(a), Host::Ipv4(b)) => a == b,
                    (Host::Ipv6(a), Host::Ipv6(b)) => a == b,
                    _ => false,
                }
        })
    }
}

/// Which rule an address passed under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Every address that its name leads to must be public.
    Public,
    /// The operator has named this host and port; it may lead anywhere, and need not be encrypted.
    Allowed,
}

/// Judges an address before any look-up.
///
/// # Errors
/// `bad_address` or `address_not_allowed`.
pub fn admit(url: &Url, allowed: &AllowedPrivate) -> Result<Door, Failure> {
    let bad = |why: &str| Err(Failure::new(Code::BadAddress, why));
    if !matches!(url.scheme(), "http" | "https") {
        return bad("only http and https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return bad("a user name in the address");
    }
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return bad("no host");
    };
    if port == 0 {
        return bad("port 0");
    }
    if allowed.has(&host, port) {
        return Ok(Door::Allowed);
    }
    let public = match host {
        Host::Ipv4(ip) => is_public(IpAddr::V4(ip)),
        Host::Ipv6(ip) => is_public(IpAddr::V6(ip)),
        Host::Domain(name) => is_public_name(name),
    };
    if public {
        Ok(Door::Public)
    } else {
        Err(not_allowed(url.host_str().unwrap_or_default()))
    }
}

/// The failure for a private address.
pub(crate) fn not_allowed(host: &str) -> Failure {
    Failure::new(
        Code::AddressNotAllowed,
        format!("{host} leads into a private network"),
    )
}

/// False for names that by their nature stay inside: a single label, or a domain reserved for local use.
fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    const INSIDE: [&str; 8] = [
        "localhost",
        "local",
        "internal",
        "intranet",
        "lan",
        "home.arpa",
        "localdomain",
        "onion",
    ];
    name.contains('.')
        && !INSIDE.iter().any(|inside| {
            name.strip_suffix(inside)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

/// True for an address that belongs to one host on the public internet (IANA's special-purpose registries, multicast
/// and the metadata addresses of large hosting companies are not).
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, d] = ip.octets();
    let special = match a {
        // "This network", private, loopback, multicast, reserved and broadcast.
        0 | 10 | 127 | 224..=255 => true,
        // Carrier NAT; holds 100.100.100.200, a metadata address.
        100 => (64..128).contains(&b),
        // The wire server of a hosting company.
        168 => (b, c, d) == (63, 129, 16),
        // Link-local; holds 169.254.169.254, the usual metadata address.
        169 => b == 254,
        172 => (16..32).contains(&b),
        // Protocol assignments, documentation, 6to4 relays, private.
        192 => (b == 0 && (c == 0 || c == 2)) || (b == 88 && c == 99) || b == 168,
        // Benchmarks, documentation.
        198 => b == 18 || b == 19 || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        _ => false,
    };
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let v4 = |high: u16, low: u16| {
        let ([p, q], [r, s]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(p, q, r, s))
    };
    match (a, b) {
        // IPv4-mapped: what it maps to counts.
        (0, 0) if [c, d, e] == [0, 0, 0] && f == 0xffff => v4(g, h),
        // NAT64 with the well-known prefix: the same.
        (0x64, 0xff9b) if [c, d, e, f] == [0, 0, 0, 0] => v4(g, h),
        // Teredo, ORCHID, benchmarks, documentation, 6to4: tunnels and examples.
        (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff) => false,
        // The rest of global unicast; unique-local, link-local, site-local, multicast and loopback lie outside.
        _ => a & 0xe000 == 0x2000,
    }
}
