//! The composer: write once, adapt for a page where needed, see what the check sees and what each network will show.
//! It is one form; a script only sends it to `/posts/check` while somebody types.

mod form;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use vigie_connect::Declaration;
use vigie_core::content::{Content, Platform, Repliers, warned};
use vigie_core::id::{PostId, SuggestionId};
use vigie_core::post::Requirements;
use vigie_core::schedule;
use vigie_store::ChannelRow;

use self::form::{Desk, Picture, desk, filled, helped, parts, pictures, read, warn_of_loss};
use super::actions;
use super::draft::{Draft, DraftError, DraftProblem};
use super::view::{self, FindingView, Preview, Run, severity_icon};
use super::who::Who;
use crate::app::App;
use crate::channel::place;
use crate::check::gather::{Around, check};
use crate::inbound;
use crate::rules::force;
use crate::web::error::Error;
use crate::web::flash::{Flash, Tone};
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// A channel in the form.
pub struct Pick {
    /// The channel.
    pub row: ChannelRow,
    /// Where it is.
    pub place: String,
    /// Ticked.
    pub picked: bool,
    /// Its own text, if it has one.
    pub own: String,
    /// Its own link, if it has one.
    pub own_link: String,
    /// What it answers there, by the network's id; empty for nothing.
    pub reply: String,
    /// It shows no link.
    pub no_link: bool,
    /// Digests of the pictures that it leaves out.
    pub skipped: Vec<String>,
    /// It has no warning before the text.
    pub no_warning: bool,
    /// Everyone may answer there.
    pub everyone: bool,
    /// Only the first part of a series goes there.
    pub first_only: bool,
    /// What its network can do.
    pub can: &'static Declaration,
    /// CSS class of its colour.
    pub hue: String,
}

impl Pick {
    /// Whether anything differs on this channel from what all share.
    pub fn differs(&self) -> bool {
        !self.own.is_empty()
            || !self.own_link.is_empty()
            || self.no_link
            || !self.skipped.is_empty()
            || self.no_warning
            || self.everyone
            || self.first_only
    }

    /// Whether it leaves this picture out.
    pub fn skips(&self, sha256: &str) -> bool {
        self.skipped.iter().any(|s| s == sha256)
    }
}

/// What the check and the networks say about what is in the form.
pub struct Live {
    /// Findings, worst first.
    pub findings: Vec<FindingView>,
    /// One a channel.
    pub previews: Vec<Preview>,
    /// Each different text in which something was found, with findings marked. The script lays it under the field
    /// that holds the same text.
    pub marked: Vec<Vec<Run>>,
    /// Skills that a second reader must bring, each with the finding that asks for it.
    pub second: Vec<(&'static str, String)>,
    /// Findings that stop the post until a second person lifts them.
    pub stops: usize,
    /// When it would go out; as soon as it is approved when absent.
    pub at: Option<jiff::Timestamp>,
    /// What is wrong with the draft itself, if anything.
    pub problem: Option<String>,
}

impl Live {
    fn new(
        findings: Vec<FindingView>,
        previews: Vec<Preview>,
        needs: &Requirements,
        problem: Option<String>,
    ) -> Self {
        let second = needs
            .skills
            .iter()
            .map(|skill| {
                let why = findings.iter().find(|f| f.skill == Some(skill.as_str()));
                let why = why.map(|f| f.message.clone()).unwrap_or_default();
                (skill.as_str(), why)
            })
            .collect();
        Self {
            marked: view::marks(&previews),
            second,
            stops: needs.stops.len(),
            at: None,
            findings,
            previews,
            problem,
        }
    }
}

#[derive(Template)]
#[template(path = "post/composer.html")]
struct Composer {
    page: Page,
    w: Words,
    form: Form,
    /// Where the form goes.
    action: String,
    /// The post, once it is kept.
    id: Option<PostId>,
    suggestion: bool,
    picks: Vec<Pick>,
    pictures: Vec<Picture>,
    live: Live,
    zone: String,
    /// Texts of the further parts, as typed.
    parts: Vec<String>,
    /// Networks of the pages that take no series, by name.
    no_series: String,
    /// Networks of the pages that would not show a warning, by name.
    no_warning: String,
    /// What may be asked about who answers, each with the networks that do it.
    who: Vec<(&'static str, String)>,
    /// What somebody else saved meanwhile, compared with what is typed here.
    theirs: Option<Vec<Run>>,
}

impl Composer {
    fn icon(&self, severity: &str) -> &'static str {
        severity_icon(severity)
    }
    /// Whether a warning can be shown anywhere, or was written.
    fn offers_warning(&self) -> bool {
        let any = self.picks.iter().any(|pick| pick.can.warning);
        any || !self.form.trimmed("warning").is_empty()
    }
    /// Whether a series can go anywhere, or was begun.
    fn offers_series(&self) -> bool {
        !self.parts.is_empty() || self.picks.iter().any(|pick| pick.can.series)
    }
    /// Whether what few posts need is in use.
    fn uses_more(&self) -> bool {
        let limited = Repliers::parse(self.form.trimmed("repliers"));
        !self.form.trimmed("warning").is_empty() || limited.is_some_and(|who| !who.is_everyone())
    }
}

#[derive(Template)]
#[template(path = "post/live_part.html")]
struct LivePart {
    w: Words,
    live: Live,
}

impl LivePart {
    fn icon(&self, severity: &str) -> &'static str {
        severity_icon(severity)
    }
}

/// Checks what is typed and shows it as the networks will.
async fn live(frame: &Frame, draft: &Draft, desk: &Desk) -> Result<Live, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    let content = draft
        .content(&mut app.store.read().await?, &desk.org.settings, now)
        .await;
    let (content, problem) = match content {
        Ok(content) => (content, None),
        Err(DraftError::Problem(problem)) => {
            let loose = Draft {
                at: None,
                ..draft.clone()
            };
            let content = loose
                .content(&mut app.store.read().await?, &desk.org.settings, now)
                .await;
            let empty = Content {
                variants: vec![],
                window: schedule::window(None, now, jiff::SignedDuration::ZERO),
            };
            (
                content.unwrap_or(empty),
                Some(frame.words().t(problem.key())),
            )
        }
        Err(DraftError::Store(error)) => return Err(error.into()),
    };
    let mut conn = app.store.read().await?;
    let around = Around::of(&content, desk.zone.clone(), now, &mut conn).await?;
    drop(conn);
    let rules = force::in_force(app).await?;
    let checked = check(&content, &around, &rules);
    let mut previews = view::previews(app, &content, &checked, &desk.channels);
    inbound::quote(&mut app.store.read().await?, &mut previews).await?;
    let live = Live::new(
        view::findings(&checked, &content, frame.viewer.lang),
        previews,
        &checked.requirements(),
        problem.filter(|_| !draft.variants.is_empty()),
    );
    Ok(Live {
        at: draft.at,
        ..live
    })
}

fn picks(app: &App, form: &Form, desk: &Desk) -> Vec<Pick> {
    desk.channels
        .iter()
        .map(|row| Pick {
            picked: form.chosen("channel", &row.id.to_string()),
            own: form.value(&format!("own-{}", row.id)).to_owned(),
            own_link: form.trimmed(&format!("own-link-{}", row.id)).to_owned(),
            reply: form.trimmed(&format!("reply-{}", row.id)).to_owned(),
            no_link: form.has(&format!("no-link-{}", row.id)),
            skipped: form
                .all("media")
                .filter(|sha256| form.has(&format!("skip-{}-{sha256}", row.id)))
                .map(str::to_owned)
                .collect(),
            no_warning: form.has(&format!("no-warning-{}", row.id)),
            everyone: form.has(&format!("everyone-{}", row.id)),
            first_only: form.has(&format!("first-only-{}", row.id)),
            can: app.connectors.of(row.platform).describe(),
            hue: row.color.clone(),
            place: place(row),
            row: row.clone(),
        })
        .collect()
}

/// The networks among those of these pages that do something, each once.
fn networks(picks: &[Pick], does: impl Fn(&Declaration) -> bool) -> String {
    let mut names: Vec<&str> = picks
        .iter()
        .filter(|pick| does(pick.can))
        .map(|pick| pick.can.name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// What may be asked about who answers: what at least one page can do, with the networks that can.
/// What was chosen stays on offer even where no page can do it any more: saving never opens a post to everyone in silence.
fn who_may_answer(picks: &[Pick], chosen: &str) -> Vec<(&'static str, String)> {
    Repliers::ALL
        .iter()
        .map(|who| {
            (
                who.as_str(),
                networks(picks, |can| can.repliers.contains(who)),
            )
        })
        .filter(|(who, names)| {
            !names.is_empty() || (*who == chosen && *who != Repliers::Everyone.as_str())
        })
        .collect()
}

/// Where the form is, and where it goes.
pub fn address(id: Option<PostId>, suggestion: bool) -> String {
    match (id, suggestion) {
        (None, _) => "/posts/new".to_owned(),
        (Some(id), false) => format!("/posts/{id}/edit"),
        (Some(id), true) => format!("/posts/{id}/suggest"),
    }
}

/// The form once more, with all that was typed.
pub async fn again(
    frame: &Frame,
    form: Form,
    id: Option<PostId>,
    suggestion: bool,
) -> Result<Response, Error> {
    let desk = desk(&frame.app).await?;
    shown(frame, form, &desk, id, suggestion).await
}

async fn shown(
    frame: &Frame,
    form: Form,
    desk: &Desk,
    id: Option<PostId>,
    suggestion: bool,
) -> Result<Response, Error> {
    beside(frame, form, desk, id, suggestion, None).await
}

/// The form, beside what somebody else saved meanwhile.
async fn beside(
    frame: &Frame,
    mut form: Form,
    desk: &Desk,
    id: Option<PostId>,
    suggestion: bool,
    theirs: Option<&Content>,
) -> Result<Response, Error> {
    let draft = read(&mut form, desk);
    let live = live(frame, &draft, desk).await?;
    let status = if form.ok() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = frame.page(match (suggestion, id) {
        (true, _) => "compose-suggest-title",
        (false, None) => "compose-new-title",
        (false, Some(_)) => "compose-edit-title",
    });
    let picks = picks(&frame.app, &form, desk);
    let view = Composer {
        w: page.w.clone(),
        no_warning: networks(&picks, |can| !can.warning),
        no_series: networks(&picks, |can| !can.series),
        parts: parts(&form),
        who: who_may_answer(&picks, form.trimmed("repliers")),
        page,
        action: address(id, suggestion),
        id,
        suggestion,
        picks,
        pictures: pictures(&form),
        live,
        zone: desk.org.tz.clone(),
        theirs: theirs.map(|content| view::diff(&view::all_text(content), &typed(&draft))),
        form,
    };
    web::html_with(status, &view)
}

fn typed(draft: &Draft) -> String {
    let mut texts: Vec<String> = draft
        .variants
        .iter()
        .map(|v| {
            let mut words = warned(v.warning.as_deref(), &v.text);
            for part in &v.parts {
                words.push_str("\n\n");
                words.push_str(&part.text);
            }
            words
        })
        .collect();
    texts.dedup();
    texts.join("\n\n")
}

/// `GET /posts/new`, for a day when the calendar asks for one.
pub async fn new(
    frame: Frame,
    axum::extract::Query(query): axum::extract::Query<std::collections::HashMap<String, String>>,
) -> Result<Response, Error> {
    let desk = desk(&frame.app).await?;
    let mut form = Form::new()
        .with("lang", frame.viewer.lang.as_str())
        .with("when", "approved");
    if let [only] = desk.channels.as_slice() {
        form.add("channel", only.id.to_string());
    }
    if let Some(date) = query.get("date").and_then(|d| d.parse::<Date>().ok()) {
        form.set("when", "at");
        form.set("date", date.to_string());
        form.set("time", "10:00");
    }
    if let Some(id) = query.get("answer").and_then(|id| id.parse().ok()) {
        let row = frame.app.store.read().await?.inbound(id).await?;
        form.set("channel", row.channel.to_string());
        form.set(&format!("reply-{}", row.channel), row.remote_id);
        form.set("answer", id.to_string());
        let channel = desk.channels.iter().find(|c| c.id == row.channel);
        // There, only who is named hears of an answer.
        if channel.is_some_and(|c| c.platform == Platform::Mastodon) {
            form.set("text", format!("@{} ", row.author.trim_start_matches('@')));
        }
    }
    shown(&frame, form, &desk, None, false).await
}

/// `POST /posts/new`.
pub async fn create(frame: Frame, me: Signed, mut form: Form) -> Result<Response, Error> {
    let desk = desk(&frame.app).await?;
    if helped(&mut form) {
        return shown(&frame, form, &desk, None, false).await;
    }
    let draft = read(&mut form, &desk);
    if !form.ok() {
        return shown(&frame, form, &desk, None, false).await;
    }
    let who = Who::member(&mut frame.app.store.read().await?, me.id).await?;
    match actions::create(&frame.app, &who, &draft).await {
        Ok(record) => after(&frame, &who, &form, record.post.id).await,
        Err(error) => refused(&frame, form, &desk, None, error).await,
    }
}

/// `GET /posts/{id}/edit`.
pub async fn edit(frame: Frame, Path(id): Path<PostId>) -> Result<Response, Error> {
    let desk = desk(&frame.app).await?;
    let record = frame.app.store.read().await?.post(id).await?;
    let mut form = filled(&record.content, record.version, &desk.zone);
    warn_of_loss(&mut form, &record.content, &desk);
    shown(&frame, form, &desk, Some(id), false).await
}

/// `POST /posts/{id}/edit`.
pub async fn save(
    frame: Frame,
    me: Signed,
    Path(id): Path<PostId>,
    mut form: Form,
) -> Result<Response, Error> {
    let desk = desk(&frame.app).await?;
    if helped(&mut form) {
        return shown(&frame, form, &desk, Some(id), false).await;
    }
    let draft = read(&mut form, &desk);
    if !form.ok() {
        return shown(&frame, form, &desk, Some(id), false).await;
    }
    let seen: i64 = form.trimmed("version").parse().unwrap_or(-1);
    let who = Who::member(&mut frame.app.store.read().await?, me.id).await?;
    match actions::edit(&frame.app, &who, id, seen, &draft).await {
        Ok(_) => after(&frame, &who, &form, id).await,
        Err(error) => refused(&frame, form, &desk, Some(id), error).await,
    }
}

/// What was typed is shown again with what is wrong: nothing is typed twice.
async fn refused(
    frame: &Frame,
    mut form: Form,
    desk: &Desk,
    id: Option<PostId>,
    error: actions::ActionError,
) -> Result<Response, Error> {
    match error {
        actions::ActionError::Draft(problem) => {
            let field = match problem {
                DraftProblem::WarningTooLong => "warning",
                DraftProblem::TooManyParts => "parts",
                _ => "text",
            };
            form.wrong_key(field, problem.key());
        }
        actions::ActionError::Store(vigie_store::Error::Conflict) => {
            form.wrong_key("text", "compose-conflict");
            if let Some(id) = id {
                // The other version wins the database; this one stays on the page, and saving again is a choice.
                let now = frame.app.store.read().await?.post(id).await?;
                form.set("version", now.version.to_string());
                return beside(frame, form, desk, Some(id), false, Some(&now.content)).await;
            }
        }
        other => return Err(other.into()),
    }
    shown(frame, form, desk, id, false).await
}

async fn after(frame: &Frame, who: &Who, form: &Form, id: PostId) -> Result<Response, Error> {
    let page = format!("/posts/{id}");
    if form.trimmed("do") == "submit" {
        // The draft is kept already, so what stands in the way is said on its page.
        let said = match actions::submit(&frame.app, who, id)
            .await
            .map_err(Error::from)
        {
            Ok(_) => Flash::good("compose-asked"),
            Err(Error::Refused(said)) => Flash {
                tone: Tone::Bad,
                said,
            },
            Err(other) => return Err(other),
        };
        return Ok(web::done(&frame.app, &page, &said));
    }
    Ok(web::done(
        &frame.app,
        &format!("{page}/edit"),
        &Flash::good("compose-saved"),
    ))
}

/// `POST /posts/check`: the part of the composer that changes while somebody types.
pub async fn live_part(frame: Frame, mut form: Form) -> Result<Response, Error> {
    let desk = desk(&frame.app).await?;
    let draft = read(&mut form, &desk);
    let live = live(&frame, &draft, &desk).await?;
    web::html(&LivePart {
        w: frame.words(),
        live,
    })
}

/// `GET /posts/{id}/suggest`.
pub async fn suggest(frame: Frame, Path(id): Path<PostId>) -> Result<Response, Error> {
    let desk = desk(&frame.app).await?;
    let record = frame.app.store.read().await?.post(id).await?;
    let mut form = filled(&record.content, record.version, &desk.zone);
    warn_of_loss(&mut form, &record.content, &desk);
    shown(&frame, form, &desk, Some(id), true).await
}

/// `POST /posts/{id}/suggest`.
pub async fn propose(
    frame: Frame,
    me: Signed,
    Path(id): Path<PostId>,
    mut form: Form,
) -> Result<Response, Error> {
    let desk = desk(&frame.app).await?;
    if helped(&mut form) {
        return shown(&frame, form, &desk, Some(id), true).await;
    }
    let mut draft = read(&mut form, &desk);
    // When it goes out stays the author's choice.
    draft.at = None;
    let who = Who::member(&mut frame.app.store.read().await?, me.id).await?;
    let note = form.trimmed("note").to_owned();
    let _: SuggestionId = actions::suggest(&frame.app, &who, id, &draft, &note).await?;
    Ok(web::done(
        &frame.app,
        &format!("/posts/{id}"),
        &Flash::good("compose-suggested"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_no_page_can_do_stays_chosen() {
        assert_eq!(
            who_may_answer(&[], "nobody"),
            [("nobody", String::new())],
            "else saving would open the post to everyone"
        );
        for none in ["", "everyone", "friends"] {
            assert_eq!(who_may_answer(&[], none), []);
        }
    }
}
