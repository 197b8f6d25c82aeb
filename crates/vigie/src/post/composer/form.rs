//! The composer's form as a draft, and a content as a form: what each field is called stands here and in the template.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use vigie_core::content::{Content, Digest, Repliers};
use vigie_core::id::ChannelId;
use vigie_core::schedule::{self, Resolved};
use vigie_store::{ChannelRow, Organisation};

use super::super::draft::{Draft, DraftMedia, DraftPart, DraftVariant, MOST_PARTS, one_line};
use super::view;
use crate::app::App;
use crate::web::error::Error;
use crate::web::form::Form;

/// A picture in the form.
pub struct Picture {
    /// Its digest.
    pub sha256: String,
    /// Alternative text.
    pub alt: String,
    /// Says nothing that the text does not.
    pub decorative: bool,
    /// Which part it goes with; 0 is the first.
    pub part: usize,
}

/// Everything a form is read against.
pub(super) struct Desk {
    pub(super) org: Organisation,
    pub(super) zone: TimeZone,
    pub(super) channels: Vec<ChannelRow>,
}

pub(super) async fn desk(app: &App) -> Result<Desk, Error> {
    let mut conn = app.store.read().await?;
    let org = conn.organisation().await?.ok_or(Error::NotFound)?;
    let zone = schedule::zone(&org.tz).unwrap_or(TimeZone::UTC);
    Ok(Desk {
        zone,
        channels: conn.channels_usable().await?,
        org,
    })
}

/// What was typed, as a draft. Times that do not exist or exist twice are explained beside the field.
pub(super) fn read(form: &mut Form, desk: &Desk) -> Draft {
    let text = form.value("text").to_owned();
    let link = Some(form.trimmed("link").to_owned()).filter(|l| !l.is_empty());
    let langs = vec![form.trimmed("lang").to_owned()]
        .into_iter()
        .filter(|l| !l.is_empty())
        .collect::<Vec<_>>();
    let warning = Some(form.trimmed("warning").to_owned()).filter(|w| !w.is_empty());
    let repliers = Repliers::parse(form.trimmed("repliers")).unwrap_or_default();
    let media = drafted(form);
    let variants = desk
        .channels
        .iter()
        .filter(|c| form.chosen("channel", &c.id.to_string()))
        .map(|c| {
            let own = form.value(&format!("own-{}", c.id));
            let own_link = form.trimmed(&format!("own-link-{}", c.id));
            let link = match (form.has(&format!("no-link-{}", c.id)), own_link) {
                (true, _) => None,
                (false, "") => link.clone(),
                (false, other) => Some(other.to_owned()),
            };
            DraftVariant {
                channel: c.id,
                text: if own.trim().is_empty() {
                    text.clone()
                } else {
                    own.to_owned()
                },
                link,
                langs: langs.clone(),
                media: shown_on(form, c.id, 0, &media),
                parts: kept_parts(form, c.id, &media)
                    .into_iter()
                    .map(|(_, part)| part)
                    .collect(),
                reply_to: Some(form.trimmed(&format!("reply-{}", c.id)).to_owned())
                    .filter(|to| !to.is_empty()),
                warning: warning
                    .clone()
                    .filter(|_| !form.has(&format!("no-warning-{}", c.id))),
                repliers: if form.has(&format!("everyone-{}", c.id)) {
                    Repliers::Everyone
                } else {
                    repliers
                },
            }
        })
        .collect();
    Draft {
        variants,
        at: at(form, desk),
    }
}

/// The pictures in the form, each with the part that it goes with.
fn drafted(form: &Form) -> Vec<(usize, DraftMedia)> {
    pictures(form)
        .into_iter()
        .filter_map(|p| {
            let media = DraftMedia {
                sha256: Digest::parse(&p.sha256)?,
                alt: p.alt,
                decorative: p.decorative,
            };
            Some((p.part, media))
        })
        .collect()
}

/// The pictures of a part, without those that a page leaves out.
fn shown_on(
    form: &Form,
    page: ChannelId,
    part: usize,
    media: &[(usize, DraftMedia)],
) -> Vec<DraftMedia> {
    media
        .iter()
        .filter(|(at, m)| *at == part && !form.has(&format!("skip-{page}-{}", m.sha256)))
        .map(|(_, m)| m.clone())
        .collect()
}

/// The further parts that go to a page, each with its number in the form: one that is left empty is none, so that those
/// after it have another number on the page.
fn kept_parts(
    form: &Form,
    page: ChannelId,
    media: &[(usize, DraftMedia)],
) -> Vec<(usize, DraftPart)> {
    if form.has(&format!("first-only-{page}")) {
        return Vec::new();
    }
    parts(form)
        .into_iter()
        .zip(1..)
        .map(|(text, n)| {
            let media = shown_on(form, page, n, media);
            (n, DraftPart { text, media })
        })
        .filter(|(_, part)| !part.text.trim().is_empty() || !part.media.is_empty())
        .collect()
}

/// The texts of the further parts, as typed.
pub(super) fn parts(form: &Form) -> Vec<String> {
    let count: usize = form.trimmed("parts").parse().unwrap_or(0);
    (1..=count.min(MOST_PARTS))
        .map(|n| form.value(&format!("part-{n}")).to_owned())
        .collect()
}

pub(super) fn pictures(form: &Form) -> Vec<Picture> {
    let parts = parts(form).len();
    form.all("media")
        .filter(|sha256| !form.has(&format!("remove-{sha256}")))
        .map(|sha256| Picture {
            sha256: sha256.to_owned(),
            alt: form.trimmed(&format!("alt-{sha256}")).to_owned(),
            decorative: form.has(&format!("decorative-{sha256}")),
            part: form
                .trimmed(&format!("in-{sha256}"))
                .parse()
                .ok()
                .filter(|part| *part <= parts)
                .unwrap_or(0),
        })
        .collect()
}

fn at(form: &mut Form, desk: &Desk) -> Option<jiff::Timestamp> {
    if form.trimmed("when") != "at" {
        return None;
    }
    let date: Option<Date> = form.trimmed("date").parse().ok();
    let time: Option<Time> = form.trimmed("time").parse().ok();
    let (Some(date), Some(time)) = (date, time) else {
        form.wrong_key("date", "compose-date-wrong");
        return None;
    };
    match schedule::resolve(DateTime::from_parts(date, time), &desk.zone) {
        Ok(Resolved::Exact(at)) => Some(at),
        Ok(Resolved::Gap { suggested }) => {
            // The moment after the jump stands in the form, so that saving again takes it.
            let civil = suggested.to_zoned_datetime(desk.zone.clone());
            form.set("date", civil.date().to_string());
            form.set("time", civil.time().strftime("%H:%M").to_string());
            form.wrong_key("time", "compose-time-gap");
            Some(suggested)
        }
        // Twice that night: the first unless the second was asked for.
        Ok(Resolved::Fold { earlier, later }) => match form.trimmed("fold") {
            "later" => Some(later),
            "earlier" => Some(earlier),
            _ => {
                form.wrong_key("time", "compose-time-fold");
                Some(earlier)
            }
        },
        Err(_) => {
            form.wrong_key("date", "compose-date-wrong");
            None
        }
    }
}

/// A form filled from a content.
pub(super) fn filled(content: &Content, version: i64, zone: &TimeZone) -> Form {
    let mut form = Form::new().with("version", version.to_string());
    let shared = content.variants.first().map_or("", |v| v.text.as_str());
    form.set("text", shared);
    for variant in &content.variants {
        form.add("channel", variant.channel.to_string());
        if let Some(to) = &variant.reply_to {
            form.set(&format!("reply-{}", variant.channel), to.clone());
        }
        if variant.text != shared {
            form.set(&format!("own-{}", variant.channel), variant.text.clone());
        }
    }
    let langs = content.variants.iter().find_map(|v| v.langs.first());
    form.set("lang", langs.cloned().unwrap_or_default());
    fill_links(&mut form, content);
    fill_more(&mut form, content);
    fill_pictures(&mut form, content);
    form.set(
        "when",
        if content.window.not_before.is_some() {
            "at"
        } else {
            "approved"
        },
    );
    if let Some(at) = content.window.not_before {
        let civil = at.to_zoned_datetime(zone.clone());
        form.set("date", civil.date().to_string());
        form.set("time", civil.time().strftime("%H:%M").to_string());
        // An hour that comes twice: which one was meant is kept.
        if let Ok(Resolved::Fold { later, .. }) = schedule::resolve(civil.datetime(), zone) {
            let which = if at >= later { "later" } else { "earlier" };
            form.set("fold", which);
        }
    }
    form
}

/// The link that most share, and what differs from it.
fn fill_links(form: &mut Form, content: &Content) {
    let shared = content.variants.iter().find_map(|v| v.link.clone());
    for variant in &content.variants {
        match &variant.link {
            link if *link == shared => {}
            None => form.set(&format!("no-link-{}", variant.channel), "yes"),
            Some(own) => form.set(&format!("own-link-{}", variant.channel), own.clone()),
        }
    }
    form.set("link", shared.unwrap_or_default());
}

/// The warning and the limit on who may answer that some share, and who has none of it.
fn fill_more(form: &mut Form, content: &Content) {
    let warning = content.variants.iter().find_map(|v| v.warning.clone());
    let mut limits = content.variants.iter().map(|v| v.repliers);
    let repliers = limits.find(|who| !who.is_everyone());
    for variant in &content.variants {
        if warning.is_some() && variant.warning.is_none() {
            form.set(&format!("no-warning-{}", variant.channel), "yes");
        }
        if repliers.is_some() && variant.repliers.is_everyone() {
            form.set(&format!("everyone-{}", variant.channel), "yes");
        }
    }
    let mut parts = content.variants.iter().map(|v| &v.parts);
    let parts = parts.find(|parts| !parts.is_empty());
    if let Some(parts) = parts {
        form.set("parts", parts.len().to_string());
        for (n, part) in parts.iter().enumerate() {
            form.set(&format!("part-{}", n + 1), part.text.clone());
        }
        for variant in content.variants.iter().filter(|v| v.parts.is_empty()) {
            form.set(&format!("first-only-{}", variant.channel), "yes");
        }
    }
    form.set("warning", warning.unwrap_or_default());
    form.set("repliers", repliers.unwrap_or_default().as_str());
}

/// All pictures of all channels, and which channel leaves which out.
fn fill_pictures(form: &mut Form, content: &Content) {
    // Each with the part that it goes with.
    let mut all: Vec<(usize, Digest)> = Vec::new();
    let parts = content.variants.iter().flat_map(|v| {
        let more = v.parts.iter().enumerate();
        let more = more.flat_map(|(n, part)| part.media.iter().map(move |m| (n + 1, m)));
        v.media.iter().map(|m| (0, m)).chain(more)
    });
    for (part, media) in parts {
        if all.iter().any(|(_, known)| *known == media.sha256) {
            continue;
        }
        all.push((part, media.sha256));
        form.set(&format!("in-{}", media.sha256), part.to_string());
        form.add("media", media.sha256.to_string());
        form.set(&format!("alt-{}", media.sha256), media.alt.clone());
        if media.decorative {
            form.set(&format!("decorative-{}", media.sha256), "yes");
        }
    }
    for variant in &content.variants {
        for (part, sha256) in &all {
            // Of a part that does not go there, nothing is left out.
            if *part > variant.parts.len() {
                continue;
            }
            if !variant.all_media().any(|m| m.sha256 == *sha256) {
                form.set(&format!("skip-{}-{sha256}", variant.channel), "yes");
            }
        }
    }
}

/// Says so when a content made by a program holds what this form cannot: saving would make it the same on all pages.
pub(super) fn warn_of_loss(form: &mut Form, content: &Content, desk: &Desk) {
    let kept = read(form, desk).variants;
    let mut whole = Draft::from(content).variants;
    // A channel that was disconnected since is not offered, and the person sees that it is gone.
    whole.retain(|v| desk.channels.iter().any(|c| c.id == v.channel));
    whole.sort_by_key(|v| desk.channels.iter().position(|c| c.id == v.channel));
    if kept != whole {
        form.wrong_key("text", "compose-lossy");
    }
}

/// A press of “check”, of “add a part” or of a fix: nothing is kept, the page comes back with its answer.
pub(super) fn helped(form: &mut Form) -> bool {
    let fix = form.value("fix").to_owned();
    if !fix.is_empty() {
        apply(form, &fix);
        return true;
    }
    if form.trimmed("do") == "part" {
        let count = parts(form).len().saturating_add(1).min(MOST_PARTS);
        form.set("parts", count.to_string());
        return true;
    }
    form.trimmed("do") == "check"
}

/// Puts a fix into the text that it is about.
fn apply(form: &mut Form, fix: &str) -> Option<()> {
    let (place, change) = fix.split_once('|')?;
    let field = if place == "warning" {
        place.to_owned()
    } else if let Some(part) = place.strip_prefix("part-") {
        // The number of the part on its page.
        let (number, page) = part.split_once('@')?;
        let number: usize = number.parse().ok()?;
        let kept = kept_parts(form, page.parse().ok()?, &drafted(form));
        let (n, _) = kept.get(number.checked_sub(1)?)?;
        format!("part-{n}")
    } else {
        let channel: ChannelId = place.parse().ok()?;
        let own = format!("own-{channel}");
        match form.trimmed(&own) {
            "" => "text".to_owned(),
            _ => own,
        }
    };
    // The change was worked out on what would be kept.
    let typed = match field.as_str() {
        "warning" => one_line(form.value(&field)),
        _ => form.value(&field).to_owned(),
    };
    let text = view::fixed(&typed, change)?;
    form.set(&field, text);
    Some(())
}
