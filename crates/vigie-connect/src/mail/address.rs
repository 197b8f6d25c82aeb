//! Addresses of people, as strictly as mail needs them here: what comes from outside goes into headers and commands.

use std::fmt;

/// An address such as `anne@example.com`: ASCII, no quotes, no comments. The domain is in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    local: String,
    domain: String,
}

impl Address {
    /// Reads an address; a domain in other scripts is written in ASCII (IDNA). `None` for anything unusual.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.trim().rsplit_once('@')?;
        let domain = match url::Host::parse(domain).ok()? {
            url::Host::Domain(domain) => domain,
            url::Host::Ipv4(_) | url::Host::Ipv6(_) => return None,
        };
        let word = |part: &str, more: &[u8]| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
        };
        let good = local.len() <= 64
            && domain.len() <= 190
            && domain.split('.').all(|label| word(label, b"-_"))
            && local
                .split('.')
                .all(|atom| word(atom, b"!#$%&'*+/=?^_`{|}~-"));
        good.then(|| Self {
            local: local.to_owned(),
            domain: domain.to_ascii_lowercase(),
        })
    }

    /// Before the `@`, as written.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// After the `@`, in lower case.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// In lower case throughout: the id of a person. (In theory two mailboxes may differ by case; none do.)
    pub fn id(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }

    /// With a token after the local part: `vigie+TOKEN@example.com`. `None` when it would be too long.
    pub fn plus(&self, token: &str) -> Option<Self> {
        Self::parse(&format!("{}+{token}@{}", self.local, self.domain))
    }

    /// The token of an address made by [`Address::plus`] from this one.
    pub fn token_of(&self, other: &Self) -> Option<String> {
        let local = other.local.to_ascii_lowercase();
        let token = local
            .strip_prefix(&self.local.to_ascii_lowercase())?
            .strip_prefix('+')?;
        (self.domain == other.domain && is_token(token)).then(|| token.to_owned())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

/// Whether a text can be a one-time token: 16 to 40 digits and small letters (mail may change the case of letters).
pub fn is_token(text: &str) -> bool {
    (16..=40).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
}

/// A person or the program, with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// For people to read.
    pub name: String,
    /// Where.
    pub address: Address,
}

/// One line that can stand in a header: no control character, no character that turns the direction of the text
/// around, at most `max` characters.
pub fn one_line(text: &str, max: usize) -> String {
    // A text that looks like an encoded word would be decoded by whoever reads the header.
    let text = text.replace("=?", "= ?");
    let mut line = String::new();
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control() || turns(c))
        .filter(|word| !word.is_empty())
    {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > max.saturating_mul(4) {
            break;
        }
    }
    if line.chars().count() > max {
        line = line.chars().take(max.saturating_sub(1)).collect();
        line.push('…');
    }
    line
}

/// Invisible characters that change the order in which a text is shown, and line separators.
const fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_usual_addresses_are_taken() {
        for good in [
            "anne@example.com",
            "a.b+c@sub.example.co",
            "o'neil@exämple.com",
        ] {
            assert!(Address::parse(good).is_some(), "{good}");
        }
        assert_eq!(
            Address::parse("Anne@ExÄmple.com").unwrap().id(),
            "anne@xn--exmple-cua.com"
        );
        for bad in [
            "",
            "anne",
            "@example.com",
            "anne@",
            "anne@[10.0.0.1]",
            "anne@10.0.0.1",
            "\"a b\"@example.com",
            "a b@example.com",
            "a..b@example.com",
            "a@b@example.com",
            "anne@example.com\r\nBcc: x@y.z",
            "anne\r\n@example.com",
            "anné@example.com",
            "anne@example.com>",
            "anne@exa mple.com",
            &format!("{}@example.com", "a".repeat(65)),
        ] {
            assert_eq!(Address::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_token_goes_and_comes_back() {
        let ours = Address::parse("Vigie@example.com").unwrap();
        let token = "0123456789abcdef";
        let plus = ours.plus(token).unwrap();
        assert_eq!(plus.to_string(), "Vigie+0123456789abcdef@example.com");
        assert_eq!(ours.token_of(&plus).as_deref(), Some(token));
        for other in [
            "vigie@example.com",
            "vigie+short@example.com",
            "vigie+0123456789abcdef@example.org",
            "other+0123456789abcdef@example.com",
            "vigie+0123456789abcde_@example.com",
        ] {
            assert_eq!(ours.token_of(&Address::parse(other).unwrap()), None);
        }
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(one_line("a\r\nBcc: b\u{202e}c\u{0}d", 99), "a Bcc: b c d");
        assert_eq!(one_line(&"é".repeat(500), 10).chars().count(), 10);
        assert_eq!(one_line(" \r\n ", 9), "");
        assert_eq!(one_line("=?utf-8?q?=0D=0A?=", 99), "= ?utf-8?q?=0D=0A?=");
    }
}
