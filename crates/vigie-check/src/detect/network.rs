//! Addresses of machines.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Context;
use super::numbers::{after, before, named, pieces, said};
use crate::eval::Hit;
use crate::text::chars;

/// Words that make four numbers with dots a version.
const VERSION: &[&str] = &[
    "version",
    "v",
    "release",
    "firmware",
    "build",
    "màj",
    "mise à jour",
    "update",
    "chapitre",
    "section",
    "article",
    "§",
];

/// IP addresses, old and new: of machines anywhere.
pub fn ip(context: &Context<'_>) -> Vec<Hit> {
    let mut out = v4(context, |_| true);
    out.extend(v6(context, |_| true));
    out
}

/// IP addresses of networks inside the company: they draw its map.
pub fn private_ip(context: &Context<'_>) -> Vec<Hit> {
    let mut out = v4(context, |a| {
        let [first, second, ..] = a.octets();
        a.is_private() || a.is_link_local() || first == 100 && (64..128).contains(&second)
    });
    out.extend(v6(context, |a| {
        let head = a.segments()[0];
        head & 0xfe00 == 0xfc00 || head & 0xffc0 == 0xfe80
    }));
    out
}

/// Parts of a host that say that it is for the house.
const INSIDE: &[&str] = &["intra", "intranet", "corp", "internal", "interne", "lan"];

/// Parts before the country that no one can register alone: `co.uk`, `com.br`.
const SHARED_ENDS: &[&str] = &[
    "co", "com", "org", "net", "ac", "gov", "gob", "gouv", "edu", "asso",
];

/// Whether one of the parts of a host before its registered name says that it is for the house: `git.intra.example.com`.
pub(super) fn inside(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let shared = match labels.as_slice() {
        [.., second, last] => last.len() == 2 && SHARED_ENDS.contains(second),
        _ => return false,
    };
    let own = labels.len().saturating_sub(2 + usize::from(shared));
    labels.iter().take(own).any(|l| INSIDE.contains(l))
}

fn v4(context: &Context<'_>, wanted: impl Fn(Ipv4Addr) -> bool) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let mut out = Vec::new();
    if text.bytes().filter(|b| *b == b'.').count() < 3 {
        return out;
    }
    for (at, piece) in pieces(text, |c| c.is_ascii_digit() || c == '.') {
        let bare = piece.trim_matches('.');
        let start = at + piece.len() - piece.trim_start_matches('.').len();
        let end = start + bare.len();
        let next = after(text, end);
        let touched = before(text, start).is_some_and(|c| chars::is_word(c) || c == '-')
            || next.is_some_and(|c| chars::is_word(c) || c == '-');
        let Ok(address) = bare.parse::<Ipv4Addr>() else {
            continue;
        };
        if (!touched && before(text, start) != Some(':')
            || said(
                context,
                (start, end),
                (8, 0),
                &["http:", "https:", "ip", "ip:"],
            ))
            && wanted(address)
            && !said(context, (start, end), (14, 0), VERSION)
        {
            out.push(named((start, end), bare, "adresse IP", "IP address", 2));
        }
    }
    out
}

fn v6(context: &Context<'_>, wanted: impl Fn(Ipv6Addr) -> bool) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let mut out = Vec::new();
    if text.bytes().filter(|b| *b == b':').count() < 2 {
        return out;
    }
    for (at, piece) in pieces(text, |c| c.is_ascii_hexdigit() || matches!(c, ':' | '.')) {
        if piece.matches(':').count() < 2 {
            continue;
        }
        let bare = piece.trim_end_matches('.');
        let bare = if bare.ends_with("::") {
            bare
        } else {
            bare.trim_end_matches(':')
        };
        let skip = usize::from(bare.starts_with(':') && !bare.starts_with("::"));
        let bare = bare.get(skip..).unwrap_or_default();
        let (start, end) = (at + skip, at + skip + bare.len());
        let next = after(text, end);
        let touched = before(text, start).is_some_and(char::is_alphanumeric)
            || next.is_some_and(char::is_alphanumeric);
        // `::` alone, and `1::2` in a script, say nothing.
        let telling = bare.len() >= 7 || bare == "::1";
        if let Ok(address) = bare.parse::<Ipv6Addr>()
            && telling
            && !touched
            && wanted(address)
        {
            out.push(named((start, end), bare, "adresse IP", "IP address", 2));
        }
    }
    out
}

/// Hardware addresses of network cards: six pairs, or three groups of four.
pub fn mac(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    // Five marks of one kind, or two dots.
    let count = |wanted: u8| bytes.iter().filter(|b| **b == wanted).count();
    if count(b':') < 5 && count(b'-') < 5 && count(b'.') < 2 {
        return out;
    }
    let mark = |i: usize| bytes.get(i).copied().unwrap_or(0);
    let mut i = 0;
    while i + 14 <= bytes.len() {
        let length = match (mark(i + 2), mark(i + 4)) {
            (b':' | b'-', _) if mark(i + 2) == mark(i + 5) => 17,
            (_, b'.') if mark(i + 9) == b'.' => 14,
            _ => 0,
        };
        let found = text
            .get(i..i + length)
            .filter(|seen| length > 0 && card(context, seen, i));
        match found {
            Some(seen) => {
                out.push(named(
                    (i, i + length),
                    seen,
                    "adresse matérielle (MAC)",
                    "hardware address (MAC)",
                    2,
                ));
                i += length;
            }
            None => i += 1,
        }
    }
    out
}

/// Six pairs or three groups of four hexadecimal digits that stand alone.
fn card(context: &Context<'_>, seen: &str, start: usize) -> bool {
    let text: &str = &context.view.clean;
    let end = start + seen.len();
    let shaped = |mark: char, groups: usize, width: usize| {
        seen.split(mark).count() == groups
            && seen
                .split(mark)
                .all(|g| g.len() == width && g.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let letters = seen.bytes().any(|b| b.is_ascii_alphabetic());
    let first = seen.bytes().next().unwrap_or(b'0');
    let mut digits = seen.bytes().filter(u8::is_ascii_hexdigit);
    let same = digits.all(|b| b.eq_ignore_ascii_case(&first));
    let called = || {
        said(
            context,
            (start, end),
            (24, 0),
            &["mac", "wi-fi", "wifi", "ethernet"],
        )
    };
    let good = shaped(':', 6, 2)
        || shaped('-', 6, 2) && (letters || called())
        || shaped('.', 3, 4) && letters;
    let next = after(text, end);
    let touched = before(text, start)
        .is_some_and(|c| c.is_alphanumeric() || matches!(c, ':' | '-' | '.'))
        || next.is_some_and(|c| c.is_alphanumeric() || matches!(c, ':' | '-'));
    good && !same && !touched
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, none_found};
    use super::*;

    #[test]
    fn addresses_of_machines() {
        each_found(
            ip,
            &[
                "serveur 192.168.1.20.",
                "http://10.0.0.4/admin",
                "2001:db8::1",
                "[2001:db8::1]:8080",
                "loopback ::1",
                "Subnet: 192.168.1.0/24",
                "fe80::1%eth0",
            ],
        );
        none_found(
            ip,
            &[
                "192.168.1.256",
                "text192.168.1.1",
                "version 10.1.2.3",
                "v 1.2.3.4",
                "12:30:45",
                "12.05.2026",
                "aa:bb:cc:dd:ee:ff",
                "std::vec::Vec",
                "2001::db8::1",
            ],
        );
        each_found(
            private_ip,
            &["10.12.0.4", "192.168.0.1", "172.20.3.3", "fe80::1%eth0"],
        );
        none_found(private_ip, &["8.8.8.8", "2001:db8::1"]);
    }

    #[test]
    fn hosts_of_the_house() {
        for host in [
            "paie.intra.atelier-roux.example",
            "internal.fabrika.example",
            "wiki.corp.fabrika.co.uk",
            "a.b.intranet.c.fabrika.fr",
        ] {
            assert!(inside(host), "{host}");
        }
        for host in [
            "intranet.fr",
            "www.corp.co.uk",
            "corporate.fabrika.example",
            "international.fabrika.example",
            "corp",
            "",
        ] {
            assert!(!inside(host), "{host}");
        }
    }

    #[test]
    fn addresses_of_cards() {
        each_found(
            mac,
            &[
                "MAC : AA:BB:CC:DD:EE:0F",
                "00-1A-2B-3C-4D-5E",
                "0012.3456.789A",
            ],
        );
        none_found(
            mac,
            &[
                "FF:FF:FF:FF:FF:FF",
                "00:1A:2B:3C:4D",
                "10-11-12-13-14-15",
                "ZZ:ZZ:ZZ:ZZ:ZZ:ZZ",
            ],
        );
    }
}
