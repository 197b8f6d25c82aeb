//! `docs/platforms.md` and `docs/platforms.fr.md`, written from what the connectors declare.

use std::fmt::Write as _;

use vigie_connect::chat::declaration::Repeats;
use vigie_connect::{Declaration, MediaWay, Proven, Renewal, Revokes, Settling, SignIn};

use vigie_core::page_state::PagePart;

use super::spending::dollars;
use crate::chat::{KINDS, declared};
use crate::words::{Lang, Words};

/// How the pages begin.
const MARK: &str =
    "<!-- `vigie connect docs` writes this page from the connectors: change them, not it. -->\n";

/// The name of a page, by its language.
pub const fn file(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "platforms.md",
        Lang::Fr => "platforms.fr.md",
    }
}

/// The stable name of what a connector was proven against, and the words about it.
pub const fn proven(proven: Proven) -> (&'static str, &'static str) {
    match proven {
        Proven::RealServer(with) => ("real_server", with),
        Proven::Contract(with) => ("contract", with),
        Proven::Itself => ("itself", ""),
    }
}

/// The page in a language.
pub fn page(declarations: &[&'static Declaration], lang: Lang) -> String {
    let w = Words::new(lang);
    let mut out = String::from(MARK);
    let _ = write!(
        out,
        "\n# {}\n\n{}\n\n{}\n",
        w.t("platforms-title"),
        w.t("platforms-lead"),
        w.t("platforms-not-yet")
    );
    overview(&mut out, declarations, &w);
    for declaration in declarations {
        section(&mut out, declaration, &w);
    }
    chats(&mut out, &w);
    out
}

/// The chats that rooms can be opened in.
fn chats(out: &mut String, w: &Words) {
    let heads = [
        "platforms-name",
        "platforms-sign-in",
        "platforms-chat-threads",
        "platforms-chat-hears",
        "platforms-chat-buttons",
        "platforms-settling",
        "platforms-proven",
    ];
    let heads: Vec<String> = heads.iter().map(|key| w.t(*key)).collect();
    let _ = write!(
        out,
        "\n## {}\n\n{}\n\n| {} |\n|{}\n",
        w.t("chat-title"),
        w.t("platforms-chat-lead"),
        heads.join(" | "),
        "---|".repeat(heads.len())
    );
    let yes = |is: bool| w.t(if is { "platforms-yes" } else { "platforms-no" });
    for (kind, chat) in KINDS
        .iter()
        .filter_map(|kind| Some((kind, declared(kind)?)))
    {
        // Answers to letters can be read, and are not yet.
        let hears = chat.hears && *kind != "mail";
        let repeats = match chat.repeats {
            Repeats::OwnKey => "own_key",
            Repeats::ByReceiver => "by_receiver",
            Repeats::Never => "never",
        };
        let (proof, _) = proven(chat.proven);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            chat.name,
            w.t(format!("chat-way-{kind}")),
            yes(chat.threads),
            yes(hears),
            yes(chat.buttons && hears),
            w.t(format!("platforms-repeats-{repeats}")),
            w.t(format!("platforms-proven-{proof}")),
        );
    }
}

fn overview(out: &mut String, declarations: &[&'static Declaration], w: &Words) {
    let heads = [
        "platforms-name",
        "platforms-text",
        "platforms-pictures",
        "platforms-settling",
        "platforms-proven",
    ];
    let heads: Vec<String> = heads.iter().map(|key| w.t(*key)).collect();
    let _ = write!(
        out,
        "\n| {} |\n|{}\n",
        heads.join(" | "),
        "---|".repeat(heads.len())
    );
    for d in declarations {
        let (kind, _) = proven(d.proven);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            d.name,
            length(d, w),
            d.pictures,
            w.t(format!("platforms-settling-{}", settling(d.settling))),
            w.t(format!("platforms-proven-{kind}")),
        );
    }
}

fn length(d: &Declaration, w: &Words) -> String {
    let unit = w.t(format!("platforms-unit-{}", d.text.unit.as_str()));
    format!("{} {unit}", d.text.most)
}

const fn settling(settling: Settling) -> &'static str {
    match settling {
        Settling::OwnKey => "own_key",
        Settling::ByContent => "by_content",
        Settling::ByPerson => "by_person",
    }
}

const fn sign_in(sign_in: SignIn) -> &'static str {
    match sign_in {
        SignIn::AppPassword => "app_password",
        SignIn::OAuth { registered: true } => "oauth",
        SignIn::OAuth { registered: false } => "open",
        SignIn::Address => "address",
        SignIn::BuiltIn => "built_in",
    }
}

const fn media(way: MediaWay) -> &'static str {
    match way {
        MediaWay::Upload => "upload",
        MediaWay::Fetched => "fetched",
        MediaWay::None => "none",
    }
}

const fn renewal(renewal: Renewal) -> &'static str {
    match renewal {
        Renewal::Never => "never",
        Renewal::ByItself => "by_itself",
        Renewal::ByPerson => "by_person",
    }
}

fn section(out: &mut String, d: &Declaration, w: &Words) {
    let _ = write!(out, "\n## {}\n\n| | |\n|---|---|\n", d.name);
    let mut row = |key: &'static str, value: String| {
        let _ = writeln!(out, "| {} | {} |", w.t(key), value);
    };
    let yes = |is: bool| w.t(if is { "platforms-yes" } else { "platforms-no" });
    row(
        "platforms-sign-in",
        w.t(format!("channels-way-{}", sign_in(d.sign_in))),
    );
    if !d.scopes.is_empty() {
        row("platforms-scopes", format!("`{}`", d.scopes.join("` `")));
    }
    row("platforms-text", length(d, w));
    let pictures = if d.pictures == 0 {
        yes(false)
    } else {
        w.t2(
            "platforms-pictures-are",
            "n",
            d.pictures,
            "types",
            d.picture_types.join(", "),
        )
    };
    row("platforms-pictures", pictures);
    if d.pictures > 0 {
        row(
            "platforms-picture-bytes",
            w.t1("platforms-bytes", "n", d.picture_bytes),
        );
        row(
            "platforms-alt",
            w.t1("platforms-characters", "n", d.alt_graphemes),
        );
        row(
            "platforms-media",
            w.t(format!("platforms-media-{}", media(d.media))),
        );
        row("platforms-needs-picture", yes(d.needs_picture));
    }
    row("platforms-card", yes(d.link_card));
    row("platforms-languages", d.languages.to_string());
    row("platforms-replies", yes(d.replies));
    row("platforms-warning", yes(d.warning));
    let who: Vec<String> = d
        .repliers
        .iter()
        .map(|who| w.t(format!("repliers-{who}")))
        .collect();
    row(
        "platforms-repliers",
        if who.is_empty() {
            yes(false)
        } else {
            who.join(", ")
        },
    );
    row("platforms-series", yes(d.series));
    row("platforms-deletes", yes(d.deletes));
    let reads = [
        (d.reads.posts, "platforms-reads-posts"),
        (d.reads.edits, "platforms-reads-edits"),
        (d.reads.comments, "platforms-reads-comments"),
        (d.reads.mentions, "platforms-reads-mentions"),
        (d.reads.messages, "platforms-reads-messages"),
    ];
    let reads: Vec<String> = reads
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, key)| w.t(*key))
        .collect();
    row(
        "platforms-reads",
        if reads.is_empty() {
            yes(false)
        } else {
            reads.join(", ")
        },
    );
    let shows: Vec<String> = PagePart::ALL
        .into_iter()
        .filter(|part| d.shows.has(*part))
        .map(|part| w.t(format!("platforms-shows-{}", part.as_str())))
        .collect();
    row(
        "platforms-shows",
        if shows.is_empty() {
            yes(false)
        } else {
            w.t2(
                "platforms-shows-are",
                "parts",
                shows.join(", "),
                "hours",
                d.shows.every,
            )
        },
    );
    row("platforms-every", w.t1("platforms-minutes", "n", d.every));
    row("platforms-hooks", yes(d.hooks));
    row(
        "platforms-settling",
        w.t(format!("platforms-settling-{}", settling(d.settling))),
    );
    if let Some(version) = d.version {
        let ends = match version.ends {
            Some(day) => w.t1("platforms-version-ends", "day", day),
            None => w.t("platforms-version-open"),
        };
        row("platforms-version", format!("{} ({ends})", version.name));
    }
    let days = match d.token.days {
        Some(days) => w.t1("platforms-days", "n", days),
        None => w.t("platforms-no-end"),
    };
    let renewed = w.t(format!("platforms-renewal-{}", renewal(d.token.renewal)));
    row(
        "platforms-token",
        w.t2("platforms-token-is", "days", days, "renewed", renewed),
    );
    if let Some(prices) = d.prices {
        let list: Vec<String> = prices
            .list
            .iter()
            .map(|price| {
                let each = dollars(price.thousandths.into(), 3, w.lang);
                let what = w.t(format!("spending-{}", price.what));
                w.t2("platforms-price", "what", what, "each", each)
            })
            .collect();
        row(
            "platforms-prices",
            w.t2(
                "platforms-prices-are",
                "list",
                list.join(" · "),
                "day",
                prices.read,
            ),
        );
    }
    let revokes = match d.revokes {
        Revokes::Nothing => "nothing",
        Revokes::Session => "session",
        Revokes::Token => "token",
    };
    row(
        "platforms-revokes",
        w.t(format!("platforms-revokes-{revokes}")),
    );
    let (kind, with) = proven(d.proven);
    let how = w.t(format!("platforms-proven-{kind}"));
    row(
        "platforms-proven",
        match with {
            "" => how,
            with => w.t2("platforms-proven-with", "how", how, "with", with),
        },
    );
    if !d.sources.is_empty() {
        let _ = write!(out, "\n{}\n", w.t("platforms-sources"));
        for source in d.sources {
            let _ = write!(out, "\n- <{source}>");
        }
        out.push('\n');
    }
}
