//! The parts of a post, made ready to be read.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::{Field, Post};
use crate::facts::Facts;
use crate::limits;
use crate::packs::Packs;
use crate::prepared::{Listed, Prepared, Words};
use crate::rule::file::FieldKind;
use crate::scan::features::Features;
use crate::scan::hits::Hits;
use crate::text::View;
use crate::wake::{Bits, Seen};

/// At most so many characters of a text.
pub(super) fn cut(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    text.char_indices()
        .nth(max)
        .map_or(text, |(at, _)| text.get(..at).unwrap_or(text))
}

/// Every part but the text itself.
pub(super) fn more_fields<'a>(
    post: Post<'a>,
    facts: &'a Facts,
    add: &mut impl FnMut(Cow<'static, str>, FieldKind, &'a str),
) {
    for (i, link) in post.links.iter().take(limits::MAX_ATTACHED).enumerate() {
        add(
            format!("link[{i}]").into(),
            FieldKind::Link,
            cut(link, 8192),
        );
    }
    for (i, media) in post.media.iter().take(limits::MAX_ATTACHED).enumerate() {
        if !media.alt.is_empty() {
            add(
                format!("media[{i}].alt").into(),
                FieldKind::Alt,
                cut(&media.alt, 20_000),
            );
        }
        if let Some(name) = &media.filename {
            add(
                format!("media[{i}].filename").into(),
                FieldKind::Filename,
                cut(name, 1024),
            );
        }
        if let Some(text) = media.ocr.as_deref().filter(|t| !t.is_empty()) {
            add(
                format!("media[{i}].ocr").into(),
                FieldKind::Ocr,
                cut(text, 100_000),
            );
        }
        for (j, code) in media.codes.iter().take(limits::MAX_ATTACHED).enumerate() {
            let web = code
                .get(..4)
                .is_some_and(|c| c.eq_ignore_ascii_case("http"));
            let kind = if web { FieldKind::Link } else { FieldKind::Ocr };
            add(
                format!("media[{i}].code[{j}]").into(),
                kind,
                cut(code, 8192),
            );
        }
    }
    for (i, trail) in post.trails.iter().take(limits::MAX_ATTACHED).enumerate() {
        for (j, hop) in trail.hops.iter().take(limits::MAX_ATTACHED).enumerate() {
            add(
                format!("trail[{i}].hop[{j}]").into(),
                FieldKind::Link,
                cut(hop, 8192),
            );
        }
    }
    for (key, kind) in [
        ("media.ocr", FieldKind::Ocr),
        ("media.filename", FieldKind::Filename),
        ("alt", FieldKind::Alt),
        ("in_reply_to", FieldKind::Reply),
        ("author_handle", FieldKind::Author),
        ("background", FieldKind::Background),
    ] {
        if let Some(text) = facts.text(key).filter(|t| !t.is_empty()) {
            add(Cow::Borrowed(key), kind, cut(text, 100_000));
        }
    }
}

/// One part, with the places of every literal in it.
pub(super) fn field<'a>(
    name: Cow<'static, str>,
    kind: FieldKind,
    text: &'a str,
    packs: &Packs,
    base: &Prepared,
    own: Option<&Words>,
) -> Field<'a> {
    read(name, kind, View::new(text), packs, base, own)
}

/// The same, of a view.
pub(super) fn read<'a>(
    name: Cow<'static, str>,
    kind: FieldKind,
    view: View<'a>,
    packs: &Packs,
    base: &Prepared,
    own: Option<&Words>,
) -> Field<'a> {
    let terms = packs.search.find(&view);
    let mut listed = Vec::new();
    base.lists.find(&view, &mut listed);
    if let Some(own) = own {
        own.find(&view, &mut listed);
    }
    listed.sort_unstable();
    listed.dedup();
    let seen = seen(&view, terms, &listed);
    Field {
        name,
        kind,
        parts: packs.wakes.parts(&seen),
        seen,
        view,
        listed,
        plain: OnceCell::new(),
        joint: OnceCell::new(),
        links: OnceCell::new(),
        runs: OnceCell::new(),
    }
}

fn seen(view: &View<'_>, terms: Hits, listed: &[Listed]) -> Seen {
    let mut out = Seen {
        terms,
        features: Features::of(&view.clean, view.strange),
        lists: Bits::default(),
    };
    for found in listed {
        out.lists.set(usize::from(found.key));
    }
    out
}
