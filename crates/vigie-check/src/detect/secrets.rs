//! Secrets whose inside can be read, secrets that are given a name, and long runs drawn by lot.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::Context;
use crate::eval::{Hit, Told, window};
use crate::report::{Confidence, Severity, Words};
use crate::scan::pattern::Pattern;
use crate::text::mask::mask;
use crate::text::random::{self, Mix};

/// JSON web tokens: three base64url parts, the first of which decodes to `{"`.
pub fn jwt(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut out = Vec::new();
    let mut from = 0;
    // « eyJ » is `{"` in base64.
    while let Some(at) = text
        .get(from..)
        .and_then(|t| t.find("eyJ"))
        .map(|i| i + from)
    {
        let rest = text.get(at..).unwrap_or_default();
        let end = rest
            .find(|c: char| !part(c) && c != '.')
            .unwrap_or(rest.len());
        let token = rest.get(..end).unwrap_or_default().trim_end_matches('.');
        let parts: Vec<&str> = token.split('.').collect();
        let clear = text
            .get(..at)
            .and_then(|t| t.chars().next_back())
            .is_none_or(|c| !part(c));
        if clear
            && parts.len() == 3
            && parts[0].len() >= 12
            && parts[1].len() >= 8
            && parts[1].starts_with("eyJ")
        {
            out.push(Hit::at(at, at + token.len()).with("match", mask(token)));
        }
        from = at + end.max(3);
    }
    out
}

/// What a name announces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// A key or a token, drawn by a machine.
    Key,
    /// A password, chosen by a person perhaps.
    Password,
}

/// Parts of names that announce a secret.
pub(super) const NAMES: &[&str] = &[
    "key",
    "token",
    "secret",
    "auth",
    "cred",
    "nonce",
    "salt",
    "signature",
    "bearer",
    "jeton",
    "clé",
    "cle",
    "api",
    "license",
    "session",
    "pass",
    "pwd",
    "psw",
    "pswd",
    "psswd",
    "pswrd",
    "psword",
    "paswrd",
    "pw",
    "mdp",
    "psk",
    "tkn",
    "hash",
];

fn sort(name: &str) -> Sort {
    match name {
        "pass" | "pwd" | "psw" | "pswd" | "psswd" | "pswrd" | "psword" | "paswrd" | "pw"
        | "mdp" | "psk" => Sort::Password,
        _ => Sort::Key,
    }
}

/// Words in a name of a variable that say that its value is no secret.
const HARMLESS: &[&str] = &[
    "public",
    "primary",
    "foreign",
    "csrf",
    "schema",
    "sort",
    "partition",
    "cache",
    "idempotency",
    "translation",
    "i18n",
    "keyboard",
    "keyframe",
    "keyword",
    "version",
    "length",
    "event",
    "url",
    "uri",
    "file",
    "path",
    "host",
    "source",
    "result",
    "type",
    "format",
    "expir",
    "header",
    "field",
    "label",
    "size",
    "count",
    "limit",
    "status",
    "keytab",
    "store",
    "keyid",
    "key_id",
    "key-id",
    "publishable",
    "chars",
    "keystr",
    "alphabet",
    "hint",
    "author",
    "placeholder",
    "credentialsid",
    "credentialid",
    "keypair",
    "srcrev",
    "variable",
    "kms",
    "compass",
    "passage",
    "passport",
    "passeport",
    "passeng",
    "passion",
];

/// From a name on: the rest of it, what joins it to a value, and the value.
static ASSIGNED: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(concat!(
        r#"^(?P<tail>[A-Za-z0-9_.\-]{0,40})(?P<words>(?:[ ](?:[a-zà-ÿ'-]{1,14}|\([^)]{1,20}\))){0,3}?)"#,
        r#"(?P<close>[\]\)"'`*_]{0,4}(?: ?: ?[A-Za-z]{3,8}| [a-z]{3,8})?\s{0,4})"#,
        r#"(?P<op>:{1,3}=|%3[dD]|\.=|\?=|=>|->|={1,3}|!=|\|\||:|>|,|is\b|est\b|or\b|\s|&quot;)"#,
        r#"(?P<gap>[\s(\[{=*]{0,24}(?:(?i:bearer|basic|token|str|b|u|r|f|or)\b[ ]?)?[\s(]{0,4})"#,
        r#"(?:(?:"""|")(?P<a>[^"\n]{3,300})|(?:'''|')(?P<b>[^'\n]{3,300})|`(?P<c>[^`\n]{3,300})"#,
        r#"|«\s?(?P<d>[^»\n]{3,200}?)\s?»|“(?P<e>[^”\n]{3,200})”|&quot;(?P<f>[^&\n]{3,200})"#,
        r#"|(?P<g>[^\s"'`«»“”<>,;]{3,400}))"#,
    ))
});

/// What is given a name that announces a secret: `api_key = "…"`, `password: …`, `<token>…</token>`.
pub fn assigned(context: &Context<'_>) -> Vec<Hit> {
    let Some(pattern) = ASSIGNED.as_ref() else {
        return Vec::new();
    };
    let text: &str = &context.view.clean;
    let low = context.view.low.as_str();
    let places = names_in(low);
    let mut out: Vec<Hit> = Vec::new();
    for (at, name) in places {
        let end = at + name.len();
        if !names_a_secret(text, at, end, name) {
            continue;
        }
        let window = head(text.get(end..).unwrap_or_default(), 520);
        let Some(groups) = pattern.captures_iter(window).next() else {
            continue;
        };
        let Some((quoted, value)) = ["a", "b", "c", "d", "e", "f"]
            .iter()
            .find_map(|g| groups.name(g).map(|m| (true, m)))
            .or_else(|| groups.name("g").map(|m| (false, m)))
        else {
            continue;
        };
        let part = |n: &str| groups.name(n).map_or("", |m| m.as_str());
        let given = Given {
            sort: sort(name),
            identifier: identifier(text, at, end + part("tail").len()),
            words: part("words"),
            op: part("op"),
            quoted,
            value: value.as_str(),
        };
        let Some(kept) = given.secret() else { continue };
        let from = end + value.start();
        let (s, e) = (from, from + kept);
        if out.iter().all(|h| h.span != Some((s, e))) {
            out.push(told(s, e, given.what(), None, Confidence::Medium, 3));
        }
    }
    out
}

/// All names at once.
static ALL_NAMES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(NAMES).ok());

/// Where names stand, in order; places of one name do not overlap.
fn names_in(low: &str) -> Vec<(usize, &'static str)> {
    let mut next = [(0usize, 0usize); NAMES.len()];
    let mut places: Vec<(usize, &str)> = Vec::new();
    for found in ALL_NAMES
        .iter()
        .flat_map(|all| all.find_overlapping_iter(low))
    {
        let number = found.pattern().as_usize();
        if let (Some(name), Some((free, count))) = (NAMES.get(number), next.get_mut(number))
            && found.start() >= *free
            && *count < TRIES
        {
            (*free, *count) = (found.end(), *count + 1);
            places.push((found.start(), name));
        }
    }
    places.sort_unstable();
    places
}

/// Places of one name that are looked at in one text.
const TRIES: usize = 64;

fn told(
    start: usize,
    end: usize,
    what: Words,
    severity: Option<Severity>,
    confidence: Confidence,
    rank: u8,
) -> Hit {
    let mut hit = Hit::at(start, end);
    hit.told = Some(Box::new(Told {
        what,
        severity,
        confidence: Some(confidence),
        rank,
    }));
    hit
}

/// The first bytes of a text, cut where a character begins.
fn head(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// Whether the letters of a name stand there as a name: `pw` in `my_pw` and `userPw`, not in `spwn`.
fn names_a_secret(text: &str, start: usize, end: usize, name: &str) -> bool {
    let bytes = text.as_bytes();
    let at = |i: usize| bytes.get(i).copied().unwrap_or(b' ');
    let before = start.checked_sub(1).map_or(b' ', at);
    let begins = !before.is_ascii_alphabetic()
        || before.is_ascii_lowercase() && at(start).is_ascii_uppercase();
    let next = at(end);
    let ends = !next.is_ascii_lowercase()
        || text.get(end..).is_some_and(|rest| {
            [
                "word",
                "wd",
                "wrd",
                "phrase",
                "code",
                "s",
                "entials",
                "ential",
                "entication",
                "orization",
                "key",
            ]
            .iter()
            .any(|more| {
                rest.get(..more.len())
                    .is_some_and(|r| r.eq_ignore_ascii_case(more))
            })
        });
    match name {
        // Short ones are in many words.
        "api" | "pw" | "psw" | "pwd" | "psk" | "mdp" | "cle" | "clé" | "auth" | "salt" | "hash"
        | "session" => begins && ends,
        _ => ends,
    }
}

/// The whole identifier around a name, in lower case.
fn identifier(text: &str, start: usize, end: usize) -> String {
    let bytes = text.as_bytes();
    let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let mut from = start;
    while from > 0 && start - from < 48 && bytes.get(from - 1).copied().is_some_and(inside) {
        from -= 1;
    }
    text.get(from..end).unwrap_or_default().to_ascii_lowercase()
}

/// A value that was given a name.
struct Given<'a> {
    sort: Sort,
    identifier: String,
    words: &'a str,
    op: &'a str,
    quoted: bool,
    value: &'a str,
}

impl Given<'_> {
    /// How many bytes of the value are a secret; `None` = it is none.
    fn secret(&self) -> Option<usize> {
        if HARMLESS.iter().any(|h| self.identifier.contains(h)) {
            return None;
        }
        let value = if self.quoted {
            self.value
        } else {
            self.value
                .trim_end_matches(['.', '!', '?', ')', ']', '}', ':', '\\'])
        };
        let value = value.split("\\n").next().unwrap_or(value);
        let value = if self.identifier.is_empty() {
            value
        } else {
            value.split('&').next().unwrap_or(value)
        };
        let joined = !self.op.trim().is_empty();
        if value.contains("://") || random::is_filler(value) || random::is_template(value) {
            return None;
        }
        let holds = match self.sort {
            Sort::Key => self.key(value, joined),
            Sort::Password => self.password(value, joined),
        };
        holds.then_some(value.len())
    }

    fn key(&self, value: &str, joined: bool) -> bool {
        let spoken = matches!(self.op, "is" | "est" | "or" | ",") || !self.words.is_empty();
        if self.op == "," && !self.quoted || value.contains(' ') {
            return false;
        }
        if value.starts_with(['/', '.']) {
            return false;
        }
        if random::is_uuid(value) {
            let strong = ["secret", "token", "apikey", "api_key", "api-key", "auth"];
            return !spoken && strong.iter().any(|w| self.identifier.contains(w));
        }
        let enough = if !joined || spoken { 16 } else { 10 };
        value.len() >= enough && !value.contains(['\\', '|']) && random::looks_random(value)
    }

    fn password(&self, value: &str, joined: bool) -> bool {
        let low = value.to_lowercase();
        let length = value.chars().count();
        if !(4..=100).contains(&length)
            || NO_PASSWORDS.contains(&low.as_str())
            || low == self.identifier
        {
            return false;
        }
        let spoken = matches!(self.op, "is" | "est") || !self.words.is_empty();
        if (self.op == "," || value.contains(' ')) && !self.quoted {
            return false;
        }
        let mix = Mix::of(value);
        let special = value.chars().any(|c| {
            matches!(
                c,
                '!' | '@' | '#' | '$' | '%' | '^' | '&' | '*' | '?' | '~' | '+'
            )
        });
        let mixed = mix.letters() > 0 && (mix.digits > 0 || special && length >= 6);
        if value.contains(' ') {
            return mixed && mix.digits > 0 && special && length < 40;
        }
        let names_only = value.contains('.')
            && value
                .bytes()
                .all(|b| b.is_ascii_alphabetic() || matches!(b, b'.' | b'_'));
        let path = value.starts_with(['/', '#', '.'])
            && (mix.digits == 0 || value.matches('/').count() > 1);
        if path
            || names_only
            || value.contains("->")
            || value.ends_with(';') && !self.quoted && mix.digits == 0
        {
            return false;
        }
        if !joined {
            return mixed
                && mix.digits > 0
                && length >= 7
                && (special || mix.lower > 0 && mix.upper > 0);
        }
        if mixed {
            return length >= 5 || mix.digits > 1;
        }
        if mix.letters() == 0 {
            return mix.digits >= 6 && !spoken;
        }
        // Letters alone: only where a program reads it.
        let written = self.quoted && matches!(self.op, "=" | ":=" | "=>" | "==" | ":")
            || self.op == "=" && self.identifier.len() > 3;
        let word = value
            .chars()
            .all(|c| c.is_ascii_alphabetic() || c == '_' || c == '-');
        written
            && !spoken
            && word
            && length >= 6
            && !low.contains("pass") | low.ends_with("password")
            && self.quoted
    }

    fn what(&self) -> Words {
        let named = |w: &str| self.identifier.contains(w);
        match self.sort {
            Sort::Password => Words::new("mot de passe", "password"),
            Sort::Key if named("token") || named("jeton") || named("bearer") || named("tkn") => {
                Words::new("jeton d’accès", "access token")
            }
            Sort::Key if named("secret") => Words::new("secret", "secret"),
            Sort::Key => Words::new("clé d’accès", "access key"),
        }
    }
}

/// What stands where a password would, and is none.
const NO_PASSWORDS: &[&str] = &[
    "required",
    "optional",
    "string",
    "none",
    "null",
    "nil",
    "true",
    "false",
    "hidden",
    "secret",
    "password",
    "passwd",
    "obligatoire",
    "oublié",
    "oublie",
    "forgotten",
    "forgot",
    "here",
    "text",
    "reset",
    "incorrect",
    "invalid",
    "unknown",
    "empty",
    "requis",
    "input",
    "username",
    "undefined",
    "protected",
    "default",
    "admin",
    "user",
    "changed",
    "value",
    "confirm",
    "confirmation",
    "weak",
    "strong",
    "wrong",
    "missing",
    "expired",
    "unique",
    "facultatif",
    "masqué",
    "inconnu",
    "perdu",
    "unauthorized",
    "basic",
    "bearer",
    "static",
    "const",
    "return",
    "function",
];

/// Long runs drawn by lot that nothing announces, outside links, hashes and wallets.
pub fn bare(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let mut out = Vec::new();
    let mut at = 0;
    for chunk in text.split(char::is_whitespace) {
        if chunk.len() >= 24 && !is_link(chunk) && !is_known(chunk, window(text, at, 24)) {
            runs(chunk, at, &mut out);
        }
        at += chunk.len()
            + text
                .get(at + chunk.len()..)
                .and_then(|t| t.chars().next())
                .map_or(0, char::len_utf8);
    }
    out
}

fn is_link(chunk: &str) -> bool {
    let host = chunk.split('/').next().unwrap_or_default();
    chunk.contains("://")
        || chunk.starts_with("www.")
        || chunk.contains('/') && host.contains('.') && host.len() < 40
        || chunk.starts_with(['#', '@'])
}

/// Whether a run is of a kind that is made to be seen: a hash, a wallet, a content address.
fn is_known(chunk: &str, before: &str) -> bool {
    let low = chunk.to_ascii_lowercase();
    let word = before.to_lowercase();
    let named = low.split_once(['=', ':']).map_or("", |(n, _)| n);
    let harmless = |name: &str| HARMLESS.iter().any(|h| name.contains(h));
    if harmless(named) || word.trim_end().ends_with(['=', ':']) && harmless(&word) {
        return true;
    }
    let starts = [
        "sha", "md5", "qm", "bafy", "0x", "npub", "note1", "nevent", "bc1", "did:", "urn:",
        "magnet:", "data:",
    ];
    let words = [
        "sha",
        "md5",
        "hash",
        "checksum",
        "commit",
        "integrity",
        "wallet",
        "adress",
        "address",
        "contra",
        "ca:",
        "tx",
        "cid",
        "ipfs",
        "mint",
        "empreinte",
        "fingerprint",
        "somme",
        "public",
        "ssh-",
        "btc",
        "eth",
        "sol",
        "git",
        "isbn",
        "ref",
        "utm",
        "image",
    ];
    starts.iter().any(|s| low.starts_with(s)) || words.iter().any(|w| word.contains(w))
}

fn runs(chunk: &str, at: usize, out: &mut Vec<Hit>) {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/');
    for run in chunk.split(|c: char| !inside(c)) {
        let from = at + (run.as_ptr() as usize - chunk.as_ptr() as usize);
        let what = if is_prefixed(run) {
            Words::new("clé ou jeton d’accès", "access key or token")
        } else if is_drawn(run) {
            Words::new("longue suite tirée au hasard", "long random string")
        } else {
            continue;
        };
        out.push(told(
            from,
            from + run.len(),
            what,
            Some(Severity::Review),
            Confidence::Low,
            4,
        ));
    }
}

/// A short name, a sign, and a long part drawn by lot: the way most keys are made today.
fn is_prefixed(run: &str) -> bool {
    let Some(cut) = run.find(['_', '-']) else {
        return false;
    };
    let name = run.get(..cut).unwrap_or_default();
    let last = run.rsplit(['_', '-']).next().unwrap_or_default();
    let body = if last.len() >= 20 {
        last
    } else {
        run.get(cut + 1..).unwrap_or_default()
    };
    let mix = Mix::of(body);
    (2..=14).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && body.len() >= 20
        && mix.digits >= 3
        && mix.letters() >= 3
        && !random::is_uuid(body)
        && random::entropy(body) >= 3.4
        && random::looks_random(body)
        && body.split(['_', '-']).any(|p| p.len() >= 16)
}

/// A run of forty or more, of every kind of character.
fn is_drawn(run: &str) -> bool {
    let mix = Mix::of(run);
    let wallet = run.len() <= 44
        && run
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() && !matches!(b, b'0' | b'O' | b'I' | b'l'));
    run.len() >= 40
        && !wallet
        && mix.digits >= 3
        && mix.lower >= 5
        && mix.upper >= 5
        && random::entropy(run) >= 4.2
        && random::looks_random(run)
        && run.split(['/', '-', '_']).any(|p| p.len() >= 20)
}
