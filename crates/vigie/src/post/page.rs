//! The post page: exactly what will be published, what the check found, what changed, who was asked, what came of it,
//! and the one next step for whoever looks.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use jiff::SignedDuration;
use serde::Deserialize;
use vigie_connect::Code;
use vigie_core::content::{Content, Variant};
use vigie_core::id::PostId;
use vigie_core::member::Skill;
use vigie_core::post::PostState;
use vigie_core::publication::PublicationState;
use vigie_core::rights::Act;
use vigie_store::{
    ChannelRow, ChannelStatus, CommentKind, CommentRow, PostCursor, PostFilter, PostLine,
    PostRecord, PublicationRow, SuggestionRow, SuggestionState,
};

use super::view::{self, FindingView, People, Preview, Run, severity_icon};
use super::{buttons, composer, history, picture, settle};
use crate::account::passkey;
use crate::audit::view::Entry;
use crate::check::gather::Checked;
use crate::inbound;
use crate::web::error::Error;
use crate::web::frame::{Frame, Page};
use crate::web::limit::Rate;
use crate::web::route::{Route, Who as Guard};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// Largest form of a composer, bytes. A million characters of any script fit, written as browsers write them: far more
/// than can be kept, so that who pastes a whole book gets it back with a word about its length.
const TEXTS: usize = 13 * 1024 * 1024;
/// Largest form with a picture, bytes. A picture larger than is taken is read to its end and dropped, so that the form
/// around it comes back.
const PICTURE: usize = 64 * 1024 * 1024;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    let (read, write, review) = (
        Guard::Member(Act::Read),
        Guard::Member(Act::Write),
        Guard::Member(Act::Review),
    );
    vec![
        Route::get("/posts", read, list),
        Route::get("/posts/new", write, composer::new),
        Route::post("/posts/new", write, composer::create).body(TEXTS),
        Route::post("/posts/check", write, composer::live_part)
            .rate(Rate::TYPING)
            .body(TEXTS),
        Route::get("/posts/{id}", read, show),
        Route::get("/posts/{id}/edit", write, composer::edit),
        Route::post("/posts/{id}/edit", write, composer::save).body(TEXTS),
        Route::post("/posts/picture", write, picture::add).body(PICTURE),
        Route::get("/posts/{id}/suggest", write, composer::suggest),
        Route::post("/posts/{id}/suggest", write, composer::propose).body(TEXTS),
        Route::post(
            "/posts/{id}/suggestions/{suggestion}/accept",
            write,
            buttons::accept,
        ),
        Route::post(
            "/posts/{id}/suggestions/{suggestion}/decline",
            write,
            buttons::decline,
        ),
        Route::post("/posts/{id}/submit", write, buttons::submit),
        Route::post("/posts/{id}/approve", review, buttons::approve),
        Route::post("/posts/{id}/changes", review, buttons::request_changes),
        Route::post("/posts/{id}/waive", review, buttons::waive),
        Route::post("/posts/{id}/withdraw", write, buttons::withdraw),
        Route::post("/posts/{id}/archive", write, buttons::archive),
        Route::post(
            "/posts/{id}/comment",
            Guard::Member(Act::Comment),
            buttons::comment,
        ),
        Route::post(
            "/publications/{id}/take-back",
            Guard::Member(Act::TakeBack),
            buttons::take_back,
        ),
        Route::post(
            "/publications/{id}/settle",
            Guard::Member(Act::Settle),
            settle::settle,
        ),
    ]
}

struct Suggested {
    row: SuggestionRow,
    /// Keys of what it changes besides the words.
    besides: Vec<&'static str>,
    diffs: Vec<Vec<Run>>,
}

/// Which part of how many; none of what is no series.
type Place = Option<(u32, usize)>;

struct Outcome {
    row: PublicationRow,
    channel: String,
    state: &'static str,
    /// Why it is not out, in words.
    why: Option<String>,
    /// When Vigie tries or looks again by itself.
    next: Option<jiff::Timestamp>,
    /// Only a person can tell what became of it.
    undecided: bool,
    /// Which part of how many, of a series.
    part: Place,
    /// Before the first part: how many of how many are on the page, when it broke off.
    broke: Option<(usize, usize)>,
}

#[derive(Template)]
#[template(path = "post/post.html")]
struct Post {
    page: Page,
    w: Words,
    post: PostRecord,
    state: &'static str,
    people: People,
    previews: Vec<Preview>,
    /// Texts in which something was found, with their marks.
    marked: Vec<Vec<Run>>,
    findings: Vec<FindingView>,
    /// Rules that stop the post, each with what it found.
    stops: Vec<(String, String)>,
    skills: Vec<Skill>,
    missing: usize,
    changed: Option<Vec<Run>>,
    /// The revision that the changes are counted from, when it is not the one before.
    since: Option<u32>,
    /// Keys of what changed besides the words.
    changed_else: Vec<&'static str>,
    /// When somebody else is asked too, if nobody answers.
    another_at: Option<jiff::Timestamp>,
    suggestions: Vec<Suggested>,
    comments: Vec<CommentRow>,
    history: Vec<Entry>,
    outcomes: Vec<Outcome>,
    asked: String,
    approved: String,
    /// Options for a passkey's seal, when the viewer is a reviewer who has one.
    seal: Option<String>,
    can_review: bool,
    can_write: bool,
    is_author: bool,
    wrote: bool,
    done_already: bool,
}

impl Post {
    fn icon(&self, severity: &str) -> &'static str {
        severity_icon(severity)
    }
    fn is(&self, state: &str) -> bool {
        self.state == state
    }
    fn changes_asked(&self, comment: &CommentRow) -> bool {
        comment.kind == CommentKind::RequestChanges
    }
    fn said_by_vigie(&self, comment: &CommentRow) -> bool {
        comment.kind == CommentKind::System
    }
}

async fn show(frame: Frame, me: Signed, Path(id): Path<PostId>) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    let mut conn = app.store.read().await?;
    let post = conn.post(id).await?;
    let people = People::new(conn.members().await?);
    let channels = conn.channels().await?;
    let checked: Checked = post
        .report
        .clone()
        .and_then(|r| serde_json::from_value(r).ok())
        .unwrap_or(Checked { variants: vec![] });
    let missing = post.post.missing();
    let number = post.post.revision.number;
    let mut changed_else = Vec::new();
    let mut since = None;
    let changed = match number {
        0 | 1 => None,
        _ => {
            // Since this reader last had it in hand; several revisions may lie between.
            let looked = conn.revision_looked_at(id, me.id, number).await?;
            since = looked.filter(|n| *n + 1 < number);
            let before = looked.unwrap_or(number - 1);
            let before = conn.revision_number(id, before).await?;
            changed_else = view::changed_besides(&before.content, &post.content);
            Some(view::diff(
                &view::all_text(&before.content),
                &view::all_text(&post.content),
            ))
        }
    };
    let suggestions = conn
        .suggestions(id)
        .await?
        .into_iter()
        .filter(|s| s.state == SuggestionState::Open)
        .map(|row| Suggested {
            diffs: diffs(&post.content, &row.content),
            besides: proposed_besides(&post.content, &row.content),
            row,
        })
        .collect();
    let rows = conn.publications(id).await?;
    let history = history::of(&mut conn, id, &rows, &people, &frame.words()).await?;
    let series: Vec<_> = rows.iter().map(|row| series_of(&rows, row)).collect();
    let outcomes = rows
        .into_iter()
        .zip(series)
        .map(|(row, (part, broke))| Outcome {
            part,
            broke,
            channel: channels
                .iter()
                .find(|c| c.id == row.channel)
                .map(|c| c.display.clone())
                .unwrap_or_default(),
            state: row.state.as_str(),
            why: why(&row, &channels).map(|key| frame.words().t(key)),
            next: row
                .next_try_at
                .filter(|at| !row.state.is_settled() && *at > now),
            undecided: settle::waits_for_person(&row),
            row,
        })
        .collect();
    let wrote = post.post.wrote(me.id);
    let can_review = me.may(Act::Review) && !wrote && post.post.state == PostState::InReview;
    let digest = post.post.revision.digest;
    let seal = match can_review {
        true => passkey::seal_options(app, &mut conn, me.id, &digest)
            .await?
            .map(|o| o.to_string()),
        false => None,
    };
    let comments = conn.comments(id).await?;
    let another_at = another_at(&mut conn, &post).await?;
    let findings = view::findings(&checked, &post.content, frame.viewer.lang);
    let stops = missing
        .stops
        .iter()
        .map(|rule| (rule.clone(), what_stops(rule, &findings)))
        .collect();
    let page = frame.page("post-title");
    let mut previews = view::previews(app, &post.content, &checked, &channels);
    inbound::quote(&mut conn, &mut previews).await?;
    let view = Post {
        w: page.w.clone(),
        state: post.post.state.as_str(),
        marked: view::marks(&previews),
        previews,
        findings,
        changed_else,
        another_at,
        stops,
        skills: missing.skills.iter().copied().collect(),
        missing: missing.approvals,
        changed,
        since,
        suggestions,
        comments,
        history,
        outcomes,
        asked: people.names(post.post.assigned.iter().map(|a| &a.member)),
        approved: people.names(post.post.approvals.iter().map(|a| &a.by)),
        seal,
        can_review,
        can_write: me.may(Act::Write),
        is_author: post.post.author == me.id,
        wrote,
        done_already: post.post.approvals.iter().any(|a| a.by == me.id),
        people,
        page,
        post,
    };
    web::html(&view)
}

/// What part a publication is, and, at the first of a series that broke off, how much of it is on the page.
fn series_of(rows: &[PublicationRow], row: &PublicationRow) -> (Place, Option<(usize, usize)>) {
    let all: Vec<&PublicationRow> = rows.iter().filter(|o| o.is_series(row)).collect();
    if all.len() < 2 {
        return (None, None);
    }
    let out = all
        .iter()
        .filter(|o| o.state == PublicationState::Published)
        .count();
    let over = all.iter().all(|o| o.state.is_settled());
    let broke = row.part == 0 && over && out > 0 && out < all.len();
    (
        Some((row.part.saturating_add(1), all.len())),
        broke.then_some((out, all.len())),
    )
}

/// The key of the words for why a publication is not out. What the channels' page says about a failure speaks of a new
/// key there; here people want to know what becomes of this post.
fn why(row: &PublicationRow, channels: &[ChannelRow]) -> Option<String> {
    let waits = matches!(
        row.state,
        PublicationState::Ready | PublicationState::TakingBack
    );
    let broken = |c: &ChannelRow| c.id == row.channel && c.status == ChannelStatus::Broken;
    let code = match row.error_code.as_deref() {
        // It was never tried: the page was closed to Vigie before its turn came.
        None if waits && channels.iter().any(broken) => return Some("why-no-entry".to_owned()),
        None => return None,
        Some(code) => code,
    };
    if row.state == PublicationState::Published {
        return None;
    }
    Some(match Code::parse(code) {
        Some(known) if known.needs_reconnect() => "why-no-entry".to_owned(),
        Some(known) if known.is_passing() => format!("why-{code}"),
        Some(_) => format!("connect-{code}"),
        None => match code {
            "vault_closed" | "tampered" | "interrupted" | "absent" | "different" => {
                format!("why-{code}")
            }
            "waiting" => "why-no-entry".to_owned(),
            // "unknown", "cannot_tell": the words of the state say it all.
            _ => return None,
        },
    })
}

/// What a rule found, in words; its name when the report no longer holds it.
fn what_stops(rule: &str, findings: &[FindingView]) -> String {
    findings
        .iter()
        .find(|f| f.rule == rule)
        .map_or_else(|| rule.to_owned(), |f| f.message.clone())
}

/// When a review that nobody answered is offered to another peer too.
async fn another_at(
    conn: &mut vigie_store::Conn,
    post: &PostRecord,
) -> Result<Option<jiff::Timestamp>, Error> {
    let last = post.post.assigned.iter().map(|a| a.at).max();
    let (PostState::InReview, Some(last)) = (post.post.state, last) else {
        return Ok(None);
    };
    let Some(org) = conn.organisation().await? else {
        return Ok(None);
    };
    let delay = SignedDuration::from_mins(org.settings.review_delay_minutes.into());
    Ok(last.checked_add(delay).ok())
}

/// What a proposed edit changes besides the words. When it goes out is not part of it.
fn proposed_besides(before: &Content, proposed: &Content) -> Vec<&'static str> {
    let keys = view::changed_besides(before, proposed);
    keys.into_iter()
        .filter(|key| *key != "post-changed-time")
        .collect()
}

fn diffs(before: &Content, after: &Content) -> Vec<Vec<Run>> {
    let mut out: Vec<Vec<Run>> = after
        .variants
        .iter()
        .map(|variant| {
            let old = before
                .variants
                .iter()
                .find(|v| v.channel == variant.channel)
                .map_or_else(String::new, Variant::words);
            view::diff(&old, &variant.words())
        })
        .collect();
    out.dedup();
    out
}

/// Which posts a list shows.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    show: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

#[derive(Template)]
#[template(path = "post/list.html")]
struct List {
    page: Page,
    w: Words,
    lines: Vec<PostLine>,
    people: People,
    show: String,
    q: String,
    next: Option<String>,
}

async fn list(frame: Frame, me: Signed, Query(wanted): Query<Wanted>) -> Result<Response, Error> {
    let mut filter = PostFilter::default();
    match wanted.show.as_str() {
        "review" => {
            filter.assigned = Some(me.id);
            filter.states = vec![PostState::InReview];
        }
        "mine" => filter.author = Some(me.id),
        "out" => filter.states = vec![PostState::Approved, PostState::Done],
        _ => {}
    }
    filter.text = Some(wanted.q.trim().to_owned()).filter(|q| !q.is_empty());
    let cursor: Option<PostCursor> = wanted.after.parse().ok();
    let mut conn = frame.app.store.read().await?;
    let found = conn.posts(&filter, cursor, 50).await?;
    let people = People::new(conn.members().await?);
    let page = frame.page("posts-title");
    web::html(&List {
        w: page.w.clone(),
        page,
        lines: found.lines,
        people,
        show: wanted.show,
        q: wanted.q,
        next: found.next.map(|c| c.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use vigie_core::content::{Platform, Variant, Window};
    use vigie_core::id::ChannelId;

    #[test]
    fn a_proposed_edit_says_that_what_it_answers_changed() {
        let content = |reply_to: Option<&str>| Content {
            variants: vec![Variant {
                channel: ChannelId::new(Uuid::from_u128(1)),
                platform: Platform::Mastodon,
                account: "a".into(),
                text: "Oui".into(),
                link: None,
                langs: vec![],
                media: vec![],
                reply_to: reply_to.map(str::to_owned),
                warning: None,
                repliers: vigie_core::content::Repliers::default(),
                parts: vec![],
            }],
            window: Window {
                not_before: None,
                not_after: jiff::Timestamp::UNIX_EPOCH,
            },
        };
        let (here, there) = (content(Some("c1")), content(Some("c2")));
        assert_eq!(proposed_besides(&here, &there), ["post-changed-answer"]);
        assert_eq!(
            proposed_besides(&here, &content(None)),
            ["post-changed-answer"]
        );
        let mut later = here.clone();
        later.window.not_before = Some(jiff::Timestamp::UNIX_EPOCH);
        assert!(proposed_besides(&here, &later).is_empty());
    }
}
