//! Links that lead where the public should not go.

use std::cell::OnceCell;
use std::net::IpAddr;
use std::sync::LazyLock;

use url::{Host, Url};

use super::{Context, Suggestion};
use crate::eval::Hit;
use crate::scan::pattern::Pattern;
use crate::text::nearest::distance;

static LINK: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::own(
        r"(?i)\b(?:https?://[^\s<>«»“”]+|(?:localhost|(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.){1,6}[a-z]{2,18})(?::\d{2,5})?(?:/[^\s<>«»“”]*)?)",
    )
});

/// A link of a text.
#[derive(Debug)]
pub struct Link {
    start: usize,
    end: usize,
    url: Url,
    /// Its host, in lower case.
    host: String,
    /// Written with its scheme, as against a bare host.
    full: bool,
}

/// The links of a field, looked for when first asked.
pub type Links = OnceCell<Vec<Link>>;

fn find<'a>(context: &Context<'a>) -> &'a [Link] {
    context.links.get_or_init(|| in_text(&context.view.clean))
}

/// The hosts of links, and where the links stand in the view.
pub(super) fn hosts(context: &Context<'_>) -> Vec<(usize, usize, String)> {
    let found = find(context).iter();
    found.map(|l| (l.start, l.end, l.host.clone())).collect()
}

/// The web addresses written in a text, each once, those without a scheme as `https`.
pub fn addresses(text: &str) -> Vec<String> {
    let view = crate::text::View::new(text);
    let mut out: Vec<String> = Vec::new();
    for link in in_text(&view.clean) {
        let address = link.url.to_string();
        // A bare word with a dot may be anything; with a path it is meant as a link.
        if (link.full || link.url.path().len() > 1) && !out.contains(&address) {
            out.push(address);
        }
    }
    out
}

/// What no link goes across.
fn parts(c: char) -> bool {
    c.is_whitespace() || matches!(c, '<' | '>' | '«' | '»' | '“' | '”')
}

/// Whether a piece of text without a space may hold a link.
fn may_hold_one(piece: &str) -> bool {
    const LOCAL: &[u8] = b"localhost";
    let bytes = piece.as_bytes();
    bytes.contains(&b'.')
        || bytes.windows(3).any(|w| w == b"://")
        || bytes
            .windows(LOCAL.len())
            .any(|w| w[0] | 0x20 == b'l' && w.eq_ignore_ascii_case(LOCAL))
}

fn in_text(text: &str) -> Vec<Link> {
    let Some(regex) = &*LINK else {
        return Vec::new();
    };
    let mut next = 0;
    text.split_inclusive(parts)
        .map(|piece| {
            let from = next;
            next += piece.len();
            (from, piece.trim_end_matches(parts))
        })
        .filter(|(_, piece)| may_hold_one(piece))
        .flat_map(|(from, piece)| regex.find_iter(piece).map(move |m| (piece, from, m)))
        .take(crate::limits::MAX_HITS)
        .filter_map(|(piece, from, m)| {
            let written = m
                .as_str()
                .trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '"', '…']);
            let before = piece.get(..m.start()).and_then(|t| t.chars().next_back());
            if before == Some('@') || before == Some('.') {
                return None;
            }
            // The host of an e-mail address is not a link.
            if piece
                .get(m.start() + written.len()..)
                .is_some_and(|t| t.starts_with('@'))
            {
                return None;
            }
            let full = written
                .get(..4)
                .is_some_and(|h| h.eq_ignore_ascii_case("http"));
            let whole = if full {
                written.to_owned()
            } else {
                format!("https://{written}")
            };
            Url::parse(&whole).ok().map(|url| Link {
                start: from + m.start(),
                end: from + m.start() + written.len(),
                host: host(&url),
                url,
                full,
            })
        })
        .collect()
}

fn host(url: &Url) -> String {
    url.host_str()
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_ascii_lowercase()
}

/// Whether a host is one of, or under one of, some domains.
fn under(host: &str, domains: &[String]) -> bool {
    before_domain(host, domains).is_some()
}

/// What stands before the longest of some domains that a host is or is under; empty for the domain itself.
fn before_domain<'h>(host: &'h str, domains: &[String]) -> Option<&'h str> {
    domains
        .iter()
        .filter_map(|d| {
            let d = d
                .trim()
                .trim_start_matches("*.")
                .trim_end_matches('.')
                .to_ascii_lowercase();
            let before = host.strip_suffix(&d).filter(|_| !d.is_empty())?;
            if before.is_empty() {
                return Some(before);
            }
            before.strip_suffix('.')
        })
        .min_by_key(|before| before.len())
}

const PRIVATE_ENDS: &[&str] = &[
    "local",
    "lan",
    "internal",
    "intra",
    "intranet",
    "corp",
    "localhost",
    "localdomain",
    "home.arpa",
    "test",
];
const STAGING: &[&str] = &[
    "staging",
    "stage",
    "stg",
    "preprod",
    "pre-prod",
    "recette",
    "uat",
    "qa",
    "dev",
    "test",
    "sandbox",
    "int",
    "preview",
    "draft",
    "demo-interne",
];
const TUNNELS: &[&str] = &[
    "ngrok.io",
    "ngrok.app",
    "ngrok-free.app",
    "trycloudflare.com",
    "vercel.app",
    "netlify.app",
    "loca.lt",
];

/// Hosts of a private network or of a rehearsal: localhost, private addresses, `.local`, `staging.…`, previews, admin pages.
pub fn private_host(context: &Context<'_>) -> Vec<Hit> {
    find(context)
        .iter()
        .filter_map(|link| {
            let host = link.host.as_str();
            let public = context.facts.list("org.public_domains");
            let why = match before_domain(host, public) {
                None => why_private(link, host)?,
                // A rehearsal under a public domain is not for the public, unless it is declared itself.
                Some(before) if rehearsal(before.split('.')) => "staging",
                Some(_) => draft(link)?,
            };
            Some(
                Hit::at(link.start, link.end)
                    .with("host", host)
                    .with("why", why),
            )
        })
        .collect()
}

fn why_private(link: &Link, host: &str) -> Option<&'static str> {
    let address = match link.url.host()? {
        Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
        Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
        Host::Domain(_) => None,
    };
    let private_ip = address.is_some_and(|ip| match ip {
        IpAddr::V4(ip) => {
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified()
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    });
    if private_ip || PRIVATE_ENDS.iter().any(|e| is_under(host, e)) || super::network::inside(host)
    {
        return Some("private");
    }
    // A bare « test.fr » in running text is too weak; a rehearsal host is written in full or has three parts.
    let labels: Vec<&str> = host.split('.').collect();
    if rehearsal(labels.iter().copied().take(labels.len().saturating_sub(2))) {
        return Some("staging");
    }
    if TUNNELS.iter().any(|t| host != *t && is_under(host, t)) {
        return Some("tunnel");
    }
    draft(link)
}

/// Whether a host is a domain, or under it.
fn is_under(host: &str, domain: &str) -> bool {
    let before = host.strip_suffix(domain);
    before.is_some_and(|b| b.is_empty() || b.ends_with('.'))
}

/// Whether one of the parts of a host names a rehearsal.
fn rehearsal<'h>(mut labels: impl Iterator<Item = &'h str>) -> bool {
    labels.any(|label| {
        STAGING.contains(&label)
            || STAGING.iter().any(|s| {
                let after = label.strip_prefix(s).is_some_and(|r| r.starts_with('-'));
                after || label.strip_suffix(s).is_some_and(|r| r.ends_with('-'))
            })
    })
}

/// Pages that are not published yet, whatever the host.
fn draft(link: &Link) -> Option<&'static str> {
    let query = link
        .url
        .query_pairs()
        .any(|(k, v)| matches!(k.as_ref(), "preview" | "draft" | "preview_id") && v != "false");
    let path = link.url.path();
    if link.full
        && (query
            || path.starts_with("/wp-admin")
            || path.contains("/draft/")
            || path.ends_with("/draft"))
    {
        return Some("draft");
    }
    None
}

/// Hosts that the organisation lists as internal.
pub fn internal_domain(context: &Context<'_>) -> Vec<Hit> {
    let internal = context.facts.list("org.internal_domains");
    if internal.is_empty() {
        return Vec::new();
    }
    find(context)
        .iter()
        .filter(|l| under(&l.host, internal))
        .map(|l| Hit::at(l.start, l.end).with("host", l.host.as_str()))
        .collect()
}

/// Documents shared by a link that lets anyone in or lets them write, signed download links.
pub fn shared_document(context: &Context<'_>) -> Vec<Hit> {
    find(context)
        .iter()
        .filter(|l| {
            let host = l.host.as_str();
            let path = l.url.path();
            let has = |keys: &[&str]| {
                l.url
                    .query_pairs()
                    .any(|(k, _)| keys.iter().any(|w| k.eq_ignore_ascii_case(w)))
            };
            let editor = host == "docs.google.com"
                && (path.contains("/edit") || path.contains("/d/"))
                || host == "drive.google.com"
                    && (path.starts_with("/file/") || path.starts_with("/drive/folders"))
                || host.ends_with(".sharepoint.com")
                || matches!(host, "1drv.ms" | "onedrive.live.com")
                || host.ends_with("figma.com")
                    && (path.starts_with("/file") || path.starts_with("/design"))
                || host == "miro.com" && path.starts_with("/app/board")
                || host == "trello.com" && path.starts_with("/b/")
                || path.starts_with("/:") && path.get(3..4) == Some(":");
            let form =
                host == "docs.google.com" && path.contains("/forms/") && !path.contains("/edit");
            let signed = has(&[
                "X-Amz-Signature",
                "resourcekey",
                "access_token",
                "api_key",
                "apikey",
                "password",
                "pwd",
            ]) || has(&["sig"]) && has(&["sv", "se"]);
            l.full && (editor && !form || signed)
        })
        .map(|l| {
            Hit::at(l.start, l.end)
                .with("host", l.host.as_str())
                .with("match", l.host.as_str())
        })
        .collect()
}

const TRACKERS: &[&str] = &[
    "fbclid",
    "gclid",
    "msclkid",
    "mc_eid",
    "mc_cid",
    "_hsenc",
    "_hsmi",
    "igshid",
    "igsh",
    "ttclid",
    "yclid",
    "twclid",
    "dclid",
    "li_fat_id",
];

/// Marks of somebody's own click, an e-mail address, or last year's campaign in a link.
pub fn tracking(context: &Context<'_>) -> Vec<Hit> {
    find(context)
        .iter()
        .filter_map(|link| {
            let stale = |v: &str| {
                let Some(day) = context.day else { return false };
                years(v).any(|y| y < day.year())
            };
            let bad = |k: &str, v: &str| {
                TRACKERS.contains(&k)
                    || k.starts_with("utm_") && stale(v)
                    || v.contains('@') && v.contains('.')
            };
            let pairs: Vec<(String, String)> = link
                .url
                .query_pairs()
                .map(|(k, v)| (k.into_owned(), v.into_owned()))
                .collect();
            let names: Vec<&str> = pairs
                .iter()
                .filter(|(k, v)| bad(k, v))
                .map(|(k, _)| k.as_str())
                .collect();
            if names.is_empty() {
                return None;
            }
            let kept: Vec<&(String, String)> = pairs.iter().filter(|(k, v)| !bad(k, v)).collect();
            let mut clean = link.url.clone();
            if kept.is_empty() {
                clean.set_query(None);
            } else {
                clean
                    .query_pairs_mut()
                    .clear()
                    .extend_pairs(kept.iter().map(|(k, v)| (k, v)));
            }
            let mut hit = Hit::at(link.start, link.end).with("names", names.join(", "));
            hit.suggestion = Some(Suggestion(clean.to_string()));
            Some(hit)
        })
        .collect()
}

/// Four-digit years 2000-2099 inside a word such as `noel2024`.
fn years(text: &str) -> impl Iterator<Item = i16> + '_ {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|d| d.len() == 4 && d.starts_with("20"))
        .filter_map(|d| d.parse().ok())
}

/// Hosts that look like one of the organisation's own and are not.
pub fn lookalike(context: &Context<'_>) -> Vec<Hit> {
    let own = context.facts.list("org.official_domains");
    find(context)
        .iter()
        .filter_map(|link| {
            let host = link.host.as_str();
            if under(host, own) || under(host, context.facts.list("org.public_domains")) {
                return None;
            }
            let bare = host.strip_prefix("www.").unwrap_or(host);
            let near = own.iter().find(|d| {
                let d = d.to_ascii_lowercase();
                let d = d.strip_prefix("www.").unwrap_or(&d);
                let name = d.split('.').next().unwrap_or(d);
                let limit = if name.len() >= 6 { 2 } else { 1 };
                let swapped = looks(bare) == looks(d);
                swapped
                    || name.len() >= 4 && distance(bare, d, limit).is_some()
                    || name.len() >= 4 && wears(bare, name)
            })?;
            Some(
                Hit::at(link.start, link.end)
                    .with("host", host)
                    .with("own", near.clone()),
            )
        })
        .collect()
}

/// Digits and pairs that pass for letters at a glance.
fn looks(host: &str) -> String {
    host.replace('0', "o")
        .replace(['1', 'l', '|'], "i")
        .replace("rn", "m")
        .replace("vv", "w")
        .replace('5', "s")
}

/// The organisation's name worn inside another host: `ondo-secure.com`, `login-ondo.net`.
fn wears(host: &str, name: &str) -> bool {
    const BAIT: &[&str] = &[
        "secure",
        "login",
        "connect",
        "connexion",
        "account",
        "compte",
        "support",
        "verify",
        "client",
        "pay",
        "paiement",
        "officiel",
        "official",
        "help",
    ];
    let first = host.split('.').next().unwrap_or(host);
    first.split('-').any(|p| p == name) && first.split('-').any(|p| BAIT.contains(&p))
}
