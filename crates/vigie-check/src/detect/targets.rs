//! Where links really lead: words that say one host over a link to another, hosts in disguise, and what the shell found
//! out by following them ([`crate::content::Trail`]).

use url::Url;

use super::Context;
use crate::eval::Hit;
use crate::scan::pattern::Pattern;

/// A link with words over it: Markdown or HTML.
static WORDED: std::sync::LazyLock<Option<Pattern>> = std::sync::LazyLock::new(|| {
    Pattern::own(
        r#"(?i)\[(?P<words>[^\[\]\n]+)\]\((?P<to>https?://[^\s()<>]+)[^()\n]*\)|<a\s[^<>]*?href\s*=\s*["']?(?P<href>https?://[^\s"'<>]+)["']?[^<>]*>(?P<said>[^<>]+)</a>"#,
    )
});

/// Words over a link that name another host than the one it leads to.
pub fn other_target(context: &Context<'_>) -> Vec<Hit> {
    let Some(pattern) = &*WORDED else {
        return Vec::new();
    };
    let own = context.facts.list("org.official_domains");
    pattern
        .captures_iter(&context.view.clean)
        .take(crate::limits::MAX_HITS)
        .filter_map(|groups| {
            let words = groups.name("words").or_else(|| groups.name("said"))?;
            let to = groups.name("to").or_else(|| groups.name("href"))?;
            let said = named_host(words.as_str())?;
            let target = Url::parse(to.as_str()).ok()?;
            let target = target.host_str()?.to_ascii_lowercase();
            if same_site(&said, &target) || own.iter().any(|d| same_site(d, &target)) {
                return None;
            }
            let hit = Hit::at(to.start(), to.end());
            Some(hit.with("said", said).with("host", target))
        })
        .collect()
}

/// The host that words spell out: the whole of them is one address.
fn named_host(words: &str) -> Option<String> {
    let words = words
        .trim()
        .trim_matches(['*', '_', '`', '«', '»', '"', ' ', '\u{a0}']);
    if words.contains(char::is_whitespace) {
        return None;
    }
    let bare = words.split_once("://").map_or(words, |(_, rest)| rest);
    let host = bare
        .split(['/', '?', '#', ':'])
        .next()?
        .to_ascii_lowercase();
    let (front, end) = host.rsplit_once('.')?;
    let ending = end.len() >= 2 && end.bytes().all(|b| b.is_ascii_alphabetic());
    // « README.md » and « v2.pdf » are files, not hosts.
    const FILES: &[&str] = &[
        "md", "pdf", "txt", "html", "jpg", "png", "docx", "xlsx", "zip", "js", "rs", "py",
    ];
    (ending && !front.is_empty() && (!FILES.contains(&end) || words.contains("://")))
        .then(|| host.clone())
}

/// Whether one host is the other, or stands under it.
fn same_site(a: &str, b: &str) -> bool {
    let bare = |h: &str| {
        let low = h.trim().trim_end_matches('.').to_ascii_lowercase();
        low.strip_prefix("www.").map_or(low.clone(), str::to_owned)
    };
    let (a, b) = (bare(a), bare(b));
    let under = |long: &str, short: &str| {
        long.strip_suffix(short)
            .is_some_and(|rest| rest.ends_with('.'))
    };
    !a.is_empty() && (a == b || under(&a, &b) || under(&b, &a))
}

/// Hosts written in punycode, or in letters that pass for Latin ones, whose reader sees another name.
pub fn masked_host(context: &Context<'_>) -> Vec<Hit> {
    super::links::hosts(context)
        .into_iter()
        .filter_map(|(start, end, host)| {
            let (shown, _) = idna::domain_to_unicode(&host);
            let label = shown.split('.').find(|label| passes_for_latin(label))?;
            let hit = Hit::at(start, end).with("host", host.clone());
            Some(hit.with(
                "looks",
                unicode_security::skeleton(label).collect::<String>(),
            ))
        })
        .collect()
}

/// Whether a part of a name is read as Latin letters and is none, or mixes alphabets.
fn passes_for_latin(label: &str) -> bool {
    use unicode_security::mixed_script::MixedScript as _;
    if label.is_ascii() {
        return false;
    }
    let mixed = !label.is_single_script();
    let reads: String = unicode_security::skeleton(label).collect();
    // Accents are what other alphabets and languages have; a skeleton of plain letters from none is a disguise.
    let latin = label.chars().any(|c| c.is_ascii_alphabetic());
    mixed || (!latin && reads.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
}

/// Short links and redirects that end on another site, told with where they lead.
pub fn leads_elsewhere(context: &Context<'_>) -> Vec<Hit> {
    each(context, |trail| {
        let last = trail.hops.last()?;
        let from = host_of(&trail.link)?;
        let to = host_of(last)?;
        (!same_site(&from, &to)).then(|| Hit::default().with("from", from).with("host", to))
    })
}

/// Links that nobody could follow to their end.
pub fn unfollowed_link(context: &Context<'_>) -> Vec<Hit> {
    each(context, |trail| {
        let why = trail.failed.as_deref()?;
        let (fr, en) = WHY
            .iter()
            .find(|w| w.0 == why)
            .map_or(("raison inconnue", "reason unknown"), |w| (w.1, w.2));
        let last = trail.hops.last().unwrap_or(&trail.link);
        let host = host_of(last).unwrap_or_default();
        Some(
            Hit::default()
                .with("host", host)
                .with("why_fr", fr)
                .with("why_en", en),
        )
    })
}

/// Links that lead into a private network: nobody outside can follow them.
pub fn inward_link(context: &Context<'_>) -> Vec<Hit> {
    each(context, |trail| {
        (trail.failed.as_deref() == Some("address_not_allowed")).then(Hit::default)
    })
}

const WHY: &[(&str, &str, &str)] = &[
    ("slow", "pas de réponse à temps", "no answer in time"),
    (
        "server_down",
        "le serveur ne répond pas",
        "the server does not answer",
    ),
    (
        "unknown_server",
        "ce nom n’existe pas",
        "this name does not exist",
    ),
    (
        "address_not_allowed",
        "il mène dans un réseau privé",
        "it leads into a private network",
    ),
    (
        "bad_address",
        "l’adresse est mal formée",
        "the address is malformed",
    ),
    (
        "cut_off",
        "la réponse a été coupée",
        "the answer was cut off",
    ),
    ("too_many", "trop de redirections", "too many redirects"),
    ("loop", "il tourne en rond", "it goes round in circles"),
    (
        "answer_too_large",
        "réponse trop grande",
        "answer too large",
    ),
];

/// Links whose page is not there.
pub fn dead_link(context: &Context<'_>) -> Vec<Hit> {
    each(context, |trail| {
        let status = trail
            .status
            .filter(|s| matches!(s, 404 | 410 | 451 | 500..=599))?;
        let last = trail.hops.last().unwrap_or(&trail.link);
        let host = host_of(last)?;
        Some(
            Hit::default()
                .with("host", host)
                .with("status", status.to_string()),
        )
    })
}

fn host_of(link: &str) -> Option<String> {
    Some(Url::parse(link).ok()?.host_str()?.to_ascii_lowercase())
}

fn each(context: &Context<'_>, judge: impl Fn(&crate::content::Trail) -> Option<Hit>) -> Vec<Hit> {
    let trails = context.trails.iter().take(crate::limits::MAX_ATTACHED);
    trails
        .enumerate()
        .filter_map(|(i, trail)| {
            let mut hit = judge(trail)?;
            hit.field = Some(format!("trail[{i}]"));
            Some(hit)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_a_host_only_when_they_are_one() {
        assert_eq!(
            named_host("www.ondo.example").as_deref(),
            Some("www.ondo.example")
        );
        assert_eq!(
            named_host("**https://ondo.example/a**").as_deref(),
            Some("ondo.example")
        );
        for words in ["our site", "README.md", "12.5", "hello", "e.g."] {
            assert_eq!(named_host(words), None, "{words}");
        }
        assert!(same_site("www.ondo.example", "shop.ondo.example"));
        assert!(!same_site("ondo.example", "notondo.example"));
    }

    #[test]
    fn letters_that_pass_for_latin_ones_are_known() {
        for label in ["аррӏе", "ondо", "gооgle"] {
            assert!(passes_for_latin(label), "{label}");
        }
        for label in ["café", "münchen", "пример", "例え", "plain"] {
            assert!(!passes_for_latin(label), "{label}");
        }
    }
}
