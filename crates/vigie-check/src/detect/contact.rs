//! Ways to reach a person.

use std::sync::LazyLock;

use super::Context;
use crate::eval::Hit;
use crate::scan::pattern::Pattern;
use crate::text::mask::mask;

static FR_PHONE: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(r"(?:\+33[ .]?\(?0?\)?[ .]?|0033[ .]?|\b0)([1-9])(?:[ .\-]?\d{2}){4}\b")
});
static WORLD_PHONE: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(r"\+(?:1|44|32|41|49|34|39|352)[ .\-]?\(?\d{1,4}\)?(?:[ .\-]?\d{2,4}){2,4}\b")
});
static EMAIL: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(r"(?i)\b[a-z0-9][a-z0-9._%+\-]{0,63}@(?:[a-z0-9\-]{1,63}\.){1,4}[a-z]{2,18}\b")
});

/// Phone numbers that can be a person's: French landlines and mobiles, some neighbours' international form.
/// Numbers of services (080x, 081x, 082x, 089x, 09 7x, short numbers) and the organisation's public contacts pass.
pub fn phone(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    let mut out = Vec::new();
    if let Some(regex) = &*FR_PHONE {
        for groups in regex.captures_iter(text) {
            let Some(all) = groups.get(0) else { continue };
            let digits = national(all.as_str());
            let service = digits.starts_with("08") || digits.starts_with("09") || repeated(&digits);
            let clear = !text
                .get(..all.start())
                .and_then(|t| t.chars().next_back())
                .is_some_and(|c| c.is_alphanumeric() || c == '-');
            if !service && clear && !is_public(context, &digits) {
                out.push(Hit::at(all.start(), all.end()).with("match", mask(all.as_str())));
            }
        }
    }
    if let Some(regex) = &*WORLD_PHONE {
        for all in regex.find_iter(text) {
            let digits: String = all.as_str().chars().filter(char::is_ascii_digit).collect();
            if digits.len() >= 10 && !is_public(context, &digits) {
                out.push(Hit::at(all.start(), all.end()).with("match", mask(all.as_str())));
            }
        }
    }
    out
}

/// `+33 6 12…` and `06 12…` as the same ten digits.
fn national(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let rest = digits
        .strip_prefix("0033")
        .or_else(|| digits.strip_prefix("33"))
        .unwrap_or(&digits);
    let rest = rest.trim_start_matches('0');
    format!("0{rest}")
}

fn repeated(digits: &str) -> bool {
    digits
        .get(2..)
        .is_some_and(|d| d.bytes().all(|b| b == b'0'))
}

fn is_public(context: &Context<'_>, digits: &str) -> bool {
    context.facts.list("org.public_contacts").iter().any(|c| {
        let known: String = c.chars().filter(char::is_ascii_digit).collect();
        !known.is_empty() && (known == digits || national(c) == digits)
    })
}

/// Words before the `@` that name a service rather than a person.
const SERVICES: &[&str] = &[
    "contact",
    "info",
    "infos",
    "hello",
    "bonjour",
    "presse",
    "press",
    "media",
    "rh",
    "hr",
    "jobs",
    "job",
    "recrutement",
    "careers",
    "support",
    "help",
    "aide",
    "service",
    "serviceclient",
    "service-client",
    "sav",
    "sales",
    "commercial",
    "accueil",
    "dpo",
    "privacy",
    "rgpd",
    "legal",
    "security",
    "securite",
    "abuse",
    "newsletter",
    "noreply",
    "no-reply",
    "reservation",
    "reservations",
    "booking",
    "events",
    "evenements",
    "partenariats",
    "communication",
    "team",
    "equipe",
    "office",
    "welcome",
    "candidature",
    "candidatures",
    "webmaster",
    "billetterie",
    "inscription",
    "inscriptions",
];

/// E-mail addresses that can be a person's; those of services and of the organisation's public contacts pass.
pub fn email(context: &Context<'_>) -> Vec<Hit> {
    let Some(regex) = &*EMAIL else {
        return Vec::new();
    };
    if !context.view.clean.contains('@') {
        return Vec::new();
    }
    regex
        .find_iter(&context.view.clean)
        .filter(|m| {
            let address = m.as_str().to_lowercase();
            let name = address.split('@').next().unwrap_or_default();
            let public = context
                .facts
                .list("org.public_contacts")
                .iter()
                .any(|c| c.eq_ignore_ascii_case(&address));
            !public && !SERVICES.contains(&name)
        })
        .map(|m| Hit::at(m.start(), m.end()).with("match", masked(m.as_str())))
        .collect()
}

/// First letter and host: enough to see which address is meant.
fn masked(address: &str) -> String {
    match address.split_once('@') {
        Some((name, host)) => format!("{}••••@{host}", name.chars().next().unwrap_or('•')),
        None => mask(address),
    }
}
