//! The words of a note, in the language of its room.

use url::Url;
use vigie_connect::chat::{Action, ActionId, Note, Quoted};
use vigie_core::content::{Digest, Variant};
use vigie_core::member::Lang;
use vigie_core::post::PostState;
use vigie_core::schedule;
use vigie_store::{ChatNoteKind, ChatNoteRow, ChatRoomRow, Conn, PostRecord};

use super::outbox::About;
use crate::app::App;
use crate::check::gather::Checked;
use crate::post::view;
use crate::words::Words;

/// What is said for a row; `None` when it is no longer worth saying.
///
/// # Errors
/// The database.
pub async fn of(
    app: &App,
    conn: &mut Conn,
    room: &ChatRoomRow,
    row: &ChatNoteRow,
) -> Result<Option<Note>, vigie_store::Error> {
    let about: About = serde_json::from_str(&row.about).unwrap_or_default();
    let Some(org) = conn.organisation().await? else {
        return Ok(None);
    };
    let zone = schedule::zone(&org.tz).unwrap_or(jiff::tz::TimeZone::UTC);
    let w = Words::new(Lang::parse(&room.lang).unwrap_or(Lang::En)).in_zone(zone);
    let by = match about.by {
        Some(id) => conn.member(id).await?.name,
        None => "Vigie".to_owned(),
    };
    let post = match row.post {
        None => None,
        Some(id) => match conn.post(id).await {
            Ok(post) => Some(post),
            Err(vigie_store::Error::NotFound | vigie_store::Error::Unreadable { .. }) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        },
    };
    let thread = match row.post {
        Some(id) => conn.chat_thread(room.id, id).await?,
        None => None,
    };
    let path = match row.post {
        Some(id) => format!("/posts/{id}"),
        None => "/alarms".to_owned(),
    };
    let open = Url::parse(&app.config.link(&path)).ok();
    let mut note = Note {
        key: row.id.to_string(),
        thread,
        title: String::new(),
        body: Vec::new(),
        contents: Vec::new(),
        findings: Vec::new(),
        actions: Vec::new(),
        links: open
            .map(|url| (w.t("chat-open"), url))
            .into_iter()
            .collect(),
        footer: String::new(),
        lang: room.lang.clone(),
    };
    match (row.kind, post) {
        (ChatNoteKind::Review, Some(post)) => {
            if post.post.state != PostState::InReview {
                return Ok(None);
            }
            note.title = w.t1("chat-review-title", "name", by);
            let sealed = org.settings.require_passkey_seal;
            note.body.extend(
                post.content
                    .window
                    .not_before
                    .map(|at| w.t1("chat-review-when", "when", w.moment(at))),
            );
            review(conn, &mut note, &post, sealed, &w).await?;
        }
        (ChatNoteKind::Decision, Some(_)) => {
            let act = about.act.trim_start_matches("post.").to_owned();
            note.title = w.t1(format!("chat-decision-{act}"), "name", by);
            note.body = words(&about.text);
        }
        (ChatNoteKind::Amend, Some(post)) => {
            let act = about.act.trim_start_matches("post.").to_owned();
            note.title = w.t1(format!("chat-decision-{act}"), "name", by);
            // The content that was decided on, unless another one took its place.
            if let Some(digest) = Digest::parse(&about.digest) {
                if post.post.revision.digest == digest {
                    note.contents = contents(conn, &post, &w).await?;
                }
                note.footer = w.t1("chat-review-digest", "digest", digest.short());
            }
        }
        (ChatNoteKind::Talk, Some(_)) => {
            note.title = w.t1("chat-talk-title", "name", by);
            note.body = words(&about.text);
        }
        (ChatNoteKind::Alarm, _) => {
            note.title = w.t(format!("alarm-{}-title", about.act));
            note.body = vec![w.t(format!("alarm-{}-what", about.act))];
            if !about.page.is_empty() {
                note.body.push(about.page);
            }
        }
        (_, None) => return Ok(None),
    }
    Ok(Some(note))
}

/// The lines of a text.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The exact content of a post, page by page.
///
/// # Errors
/// The database.
pub(crate) async fn contents(
    conn: &mut Conn,
    post: &PostRecord,
    w: &Words,
) -> Result<Vec<Quoted>, vigie_store::Error> {
    let channels = conn.channels().await?;
    let all = post.content.variants.iter().map(|variant| Quoted {
        page: channels
            .iter()
            .find(|c| c.id == variant.channel)
            .map(|c| format!("{} ({})", c.display, c.platform.name()))
            .unwrap_or_default(),
        text: quoted(variant, w),
        pictures: variant.all_media().map(|m| m.alt.clone()).collect(),
    });
    Ok(all.collect())
}

/// What the check found in a post: severity and words.
pub(crate) fn findings(post: &PostRecord, lang: Lang) -> Vec<(String, String)> {
    let checked: Option<Checked> = post
        .report
        .as_ref()
        .and_then(|report| serde_json::from_value(report.clone()).ok());
    checked.map_or_else(Vec::new, |checked| {
        view::findings(&checked, &post.content, lang)
            .into_iter()
            .map(|finding| (finding.severity.to_owned(), finding.message))
            .collect()
    })
}

/// A chat or a letter shows words. Pictures, whom a post answers, who may answer it, and how a warning and the parts of a
/// series stand apart are seen on the page only: such a post is approved there.
pub(crate) fn words_only(post: &PostRecord) -> bool {
    post.content.variants.iter().all(in_words)
}

fn in_words(variant: &Variant) -> bool {
    variant.all_media().next().is_none()
        && variant.reply_to.is_none()
        && variant.repliers.is_everyone()
        && variant.warning.is_none()
        && variant.parts.is_empty()
}

/// The words of a variant: its warning, named as such, its text, its link, and its parts, each with its number.
fn quoted(variant: &Variant, w: &Words) -> String {
    let warning = variant.warning.as_deref();
    let mut lines: Vec<String> = warning
        .map(|warning| w.t1("chat-warning", "warning", warning))
        .into_iter()
        .collect();
    let of = variant.parts.len().saturating_add(1);
    if of > 1 {
        lines.push(w.t2("post-part", "n", 1, "of", of));
    }
    lines.push(variant.text.clone());
    lines.extend(
        variant
            .link
            .iter()
            .filter(|link| !variant.text.contains(link.as_str()))
            .cloned(),
    );
    for (n, part) in variant.parts.iter().enumerate() {
        lines.push(String::new());
        lines.push(w.t2("post-part", "n", n.saturating_add(2), "of", of));
        lines.push(part.text.clone());
    }
    lines.join("\n")
}

async fn review(
    conn: &mut Conn,
    note: &mut Note,
    post: &PostRecord,
    sealed: bool,
    w: &Words,
) -> Result<(), vigie_store::Error> {
    note.contents = contents(conn, post, w).await?;
    note.findings = findings(post, w.lang);
    let digest = post.post.revision.digest;
    let words_only = words_only(post);
    note.body.push(w.t(match (sealed, words_only) {
        (true, _) => "chat-review-sealed",
        (false, false) => "chat-review-page",
        (false, true) => "chat-review-how",
    }));
    if !sealed && words_only {
        note.actions.push(Action {
            id: ActionId::Approve,
            label: w.t("chat-approve"),
            value: format!("{}:{digest}", post.post.id),
        });
    }
    note.actions.push(Action {
        id: ActionId::AskForChanges,
        label: w.t("chat-changes"),
        value: post.post.id.to_string(),
    });
    note.footer = w.t1("chat-review-digest", "digest", digest.short());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vigie_core::content::{Part, Platform, Repliers};
    use vigie_core::id::ChannelId;

    #[test]
    fn parts_stand_apart_and_are_approved_on_the_page() {
        let one = Variant {
            channel: ChannelId::new(uuid::Uuid::nil()),
            platform: Platform::Sandbox,
            account: String::new(),
            text: "Un\n\nDeux".into(),
            link: None,
            langs: vec![],
            media: vec![],
            reply_to: None,
            warning: None,
            repliers: Repliers::Everyone,
            parts: vec![],
        };
        let (fr, en) = (Words::new(Lang::Fr), Words::new(Lang::En));
        assert!(in_words(&one));
        assert_eq!(quoted(&one, &en), "Un\n\nDeux");
        let mut warned = one.clone();
        warned.warning = Some("Dégâts".into());
        assert!(!in_words(&warned));
        let mut series = one;
        let part = |text: &str| Part {
            text: text.to_owned(),
            media: vec![],
        };
        series.parts = vec![part("Trois"), part("Quatre")];
        assert!(!in_words(&series));
        assert_eq!(
            quoted(&series, &en),
            "part 1 of 3\nUn\n\nDeux\n\npart 2 of 3\nTrois\n\npart 3 of 3\nQuatre"
        );
        assert!(quoted(&series, &fr).contains("\npartie 2 sur 3\nTrois"));
    }
}
