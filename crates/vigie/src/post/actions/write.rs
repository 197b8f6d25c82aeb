//! Writing: a draft begins, and every change of its content is a new revision, checked.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;
use vigie_core::content::Content;
use vigie_core::id::{MemberId, PostId, RevisionId};
use vigie_core::post::{Event, Post, RevisionHead};
use vigie_core::schedule;
use vigie_store::{NewRevision, Organisation, PostChange, PostRecord};

use super::{ActionError, Done, Step, organisation, writer};
use crate::app::App;
use crate::check::gather::{Around, Checked, check};
use crate::inbound;
use crate::post::draft::{Draft, valid};
use crate::post::who::Who;
use crate::rules::force;

/// A checked content, ready to be kept.
pub(super) struct Ready {
    content: Content,
    pub(super) checked: Checked,
    pub(super) report: serde_json::Value,
    pub(super) with: String,
}

impl Ready {
    pub(super) async fn new(
        app: &App,
        org: &Organisation,
        content: Content,
        now: Timestamp,
    ) -> Result<Self, ActionError> {
        let zone = schedule::zone(&org.tz).unwrap_or(TimeZone::UTC);
        let around = Around::of(&content, zone, now, &mut app.store.read().await?).await?;
        let rules = force::in_force(app).await?;
        let checked = check(&content, &around, &rules);
        let report = serde_json::to_value(&checked).unwrap_or_default();
        let with = checked.checked_with();
        Ok(Self {
            content,
            checked,
            report,
            with,
        })
    }

    fn revision(&self) -> NewRevision<'_> {
        NewRevision {
            content: &self.content,
            report: Some(&self.report),
            checked_with: Some(&self.with),
        }
    }

    /// As what a decision changes.
    pub(super) fn change(&self) -> PostChange<'_> {
        PostChange {
            revision: Some(self.revision()),
            assertion: None,
        }
    }

    fn head(&self, number: u32, editor: MemberId, proposer: Option<MemberId>) -> RevisionHead {
        RevisionHead {
            id: RevisionId::new(Uuid::now_v7()),
            number,
            digest: self.content.digest(),
            editor,
            proposer,
        }
    }

    /// The head of the revision after `before`.
    pub(super) fn next(
        &self,
        before: &PostRecord,
        editor: MemberId,
        proposer: Option<MemberId>,
    ) -> RevisionHead {
        let number = before.post.revision.number.saturating_add(1);
        self.head(number, editor, proposer)
    }
}

/// Begins a post.
///
/// # Errors
/// [`ActionError::Draft`], `MayNotWrite`, database.
pub async fn create(app: &App, who: &Who, draft: &Draft) -> Done {
    let now = app.clock.now();
    let editor = writer(who)?;
    let mut conn = app.store.read().await?;
    let org = organisation(&mut conn).await?;
    let content = draft.content(&mut conn, &org.settings, now).await?;
    drop(conn);
    let ready = Ready::new(app, &org, content, now).await?;
    let post = Post::draft(PostId::new(Uuid::now_v7()), ready.head(1, editor, None));
    let mut step = Step::begin(app, who, now).await?;
    let record = step.tx.post_create(&post, ready.revision(), now).await?;
    inbound::answering(&mut step.tx, post.id, &record.content, editor, now).await?;
    let digest = post.revision.digest;
    step.log("post.create", post.id, &[("digest", &digest)])
        .await?;
    step.commit(record).await
}

/// Saves a new revision. `seen` is the version of the post that the page showed.
///
/// # Errors
/// [`vigie_store::Error::Conflict`] when somebody saved meanwhile; refusals; database.
pub async fn edit(app: &App, who: &Who, id: PostId, seen: i64, draft: &Draft) -> Done {
    let now = app.clock.now();
    writer(who)?;
    let mut conn = app.store.read().await?;
    let org = organisation(&mut conn).await?;
    let content = draft.content(&mut conn, &org.settings, now).await?;
    let before = conn.post(id).await?;
    drop(conn);
    if before.version != seen {
        return Err(vigie_store::Error::Conflict.into());
    }
    let same = Draft::from(&before.content) == Draft::from(&content);
    if same && before.content.window.not_after > now {
        return Ok(before);
    }
    revise(app, who, &before, &org, content, now).await
}

/// A post without a set time that waited longer than its window gets a new one; a set time that passed is the
/// author's to choose again.
pub(super) async fn refresh(
    app: &App,
    who: &Who,
    before: PostRecord,
    org: &Organisation,
    now: Timestamp,
) -> Done {
    if before.content.window.not_before.is_some() {
        return Err(ActionError::WindowPassed);
    }
    let content = Content {
        window: schedule::window(None, now, valid(false, &org.settings)),
        ..before.content.clone()
    };
    revise(app, who, &before, org, content, now).await
}

async fn revise(
    app: &App,
    who: &Who,
    before: &PostRecord,
    org: &Organisation,
    content: Content,
    now: Timestamp,
) -> Done {
    let editor = writer(who)?;
    let ready = Ready::new(app, org, content, now).await?;
    let revision = ready.next(before, editor, None);
    let digest = revision.digest;
    let mut step = Step::begin(app, who, now).await?;
    let after = step
        .decide(before, Event::Edit { revision }, ready.change())
        .await?;
    inbound::answering(&mut step.tx, before.post.id, &after.content, editor, now).await?;
    step.log("post.edit", before.post.id, &[("digest", &digest)])
        .await?;
    step.commit(after).await
}
