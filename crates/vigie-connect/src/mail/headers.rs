//! The headers of a letter, read strictly: what two programs could read in two ways is refused.

use super::{
    address::{Address, one_line},
    authentic::{Author, MAX_AGE, Unsure},
};
use jiff::Timestamp;
use mail_parser::{HeaderName, HeaderValue, Message};
use std::collections::BTreeSet;

/// How far ahead of ours a letter's clock may be: one day, for wrong time zones.
const MAX_AHEAD: i64 = 24 * 3600;

/// Reads one `Authentication-Results`: `AUTHSERV; spf=pass … smtp.mailfrom=x@DOMAIN; …`.
pub(super) fn says_spf_pass(value: &str, trusted: &str, domain: &str) -> bool {
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

pub(super) fn count(message: &Message<'_>, name: &str) -> usize {
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
pub(super) fn by_a_person(message: &Message<'_>) -> Result<(), Unsure> {
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
pub(super) fn writer(message: &Message<'_>) -> Result<Author, Unsure> {
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

pub(super) fn dated(message: &Message<'_>, now: Timestamp) -> Result<(), Unsure> {
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
