//! What can be done to a post. Each function loads the post, asks the rules (`vigie_core::post::decide`), and in one
//! transaction saves the answer, does what must follow, and writes the log. Nothing else changes a post.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;
use vigie_core::content::{Content, Digest};
use vigie_core::id::{CommentId, MemberId, PostId, PublicationId, RevisionId, SuggestionId};
use vigie_core::post::{Decision, Effect, Event, News, Post, Refusal, RevisionHead, Seal, decide};
use vigie_core::review::{Candidate, draw, draw_for};
use vigie_core::rights::{Act, allowed};
use vigie_core::schedule;
use vigie_core::seal::Assertion;
use vigie_store::{
    CommentKind, CommentRow, Conn, NewPublication, NewRevision, NewSuggestion, Organisation,
    PostChange, PostRecord, Tx,
};

use super::draft::{Draft, DraftError, DraftProblem, valid};
use super::who::Who;
use crate::app::App;
use crate::check::gather::{Around, Checked, check};
use crate::check::links;
use crate::rules::force;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The draft is not one.
    #[error(transparent)]
    Draft(#[from] DraftProblem),
    /// The database.
    #[error(transparent)]
    Store(#[from] vigie_store::Error),
    /// There is nobody else who may review.
    #[error("nobody else may review")]
    NoReviewer,
    /// The time it was planned for has passed, or it waited too long.
    #[error("its time has passed")]
    WindowPassed,
    /// The organisation asks for a passkey's seal, and there is none.
    #[error("a passkey's seal is needed")]
    SealNeeded,
    /// The passkey's answer proves nothing.
    #[error("the seal does not hold: {0}")]
    BadSeal(vigie_core::seal::SealError),
    /// Nothing was changed by the proposed edit.
    #[error("the proposed edit changes nothing")]
    SameContent,
    /// The post changed since the edit was proposed.
    #[error("the post changed since")]
    Stale,
}

impl From<DraftError> for ActionError {
    fn from(error: DraftError) -> Self {
        match error {
            DraftError::Problem(problem) => Self::Draft(problem),
            DraftError::Store(error) => Self::Store(error),
        }
    }
}

/// The result of an action.
pub type Done = Result<PostRecord, ActionError>;

async fn organisation(conn: &mut Conn) -> Result<Organisation, ActionError> {
    Ok(conn
        .organisation()
        .await?
        .ok_or(vigie_store::Error::NotFound)?)
}

fn object(id: PostId) -> String {
    format!("post/{id}")
}

/// A checked content, ready to be kept.
struct Ready {
    content: Content,
    checked: Checked,
    report: serde_json::Value,
    with: String,
}

impl Ready {
    async fn new(
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

    fn head(&self, number: u32, editor: MemberId, proposer: Option<MemberId>) -> RevisionHead {
        RevisionHead {
            id: RevisionId::new(Uuid::now_v7()),
            number,
            digest: self.content.digest(),
            editor,
            proposer,
        }
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
    let mut tx = app.store.begin().await?;
    let record = tx.post_create(&post, ready.revision(), now).await?;
    let digest = post.revision.digest;
    tx.audit(
        now,
        who.audit,
        "post.create",
        &object(post.id),
        &[("digest", &digest)],
    )
    .await?;
    tx.commit().await?;
    Ok(record)
}

/// Saves a new revision. `seen` is the version of the post that the page showed.
///
/// # Errors
/// [`vigie_store::Error::Conflict`] when somebody saved meanwhile; refusals; database.
pub async fn edit(app: &App, who: &Who, id: PostId, seen: i64, draft: &Draft) -> Done {
    let now = app.clock.now();
    let editor = writer(who)?;
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
    let ready = Ready::new(app, &org, content, now).await?;
    let head = ready.head(before.post.revision.number.saturating_add(1), editor, None);
    let digest = head.digest;
    let decision = decide(
        &before.post,
        Event::Edit { revision: head },
        &who.actor,
        now,
    )?;
    let mut tx = app.store.begin().await?;
    let change = PostChange {
        revision: Some(ready.revision()),
        assertion: None,
    };
    let after = tx.post_save(&before, &decision.post, change, now).await?;
    follow(app, &mut tx, &after, &decision.effects, now).await?;
    tx.audit(
        now,
        who.audit,
        "post.edit",
        &object(id),
        &[("digest", &digest)],
    )
    .await?;
    tx.commit().await?;
    Ok(after)
}

/// Asks for review: checks once more, says what the review must bring, draws reviewers.
///
/// # Errors
/// [`ActionError::NoReviewer`], [`ActionError::WindowPassed`], refusals, database.
pub async fn submit(app: &App, who: &Who, id: PostId) -> Done {
    let now = app.clock.now();
    let mut conn = app.store.read().await?;
    let org = organisation(&mut conn).await?;
    let mut before = conn.post(id).await?;
    drop(conn);
    if before.content.window.not_after <= now {
        before = refresh(app, who, before, &org, now).await?;
    }
    // Outside any transaction: other servers take their time.
    let zone = schedule::zone(&org.tz).unwrap_or(TimeZone::UTC);
    let around = Around::of(&before.content, zone, now, &mut app.store.read().await?).await?;
    links::follow(app, &before.content, &around).await?;
    let ready = Ready::new(app, &org, before.content.clone(), now).await?;
    let requirements = ready.checked.requirements();
    let mut tx = app.store.begin().await?;
    let candidates = candidates(&mut tx).await?;
    let excluded = excluded(&before.post);
    let drawn = draw_for(&candidates, &excluded, &requirements);
    if drawn.is_empty() {
        return Err(ActionError::NoReviewer);
    }
    let digest = before.post.revision.digest;
    let event = Event::Submit {
        requirements: requirements.clone(),
        digest,
        drawn: drawn.clone(),
    };
    let decision = decide(&before.post, event, &who.actor, now)?;
    tx.revision_report(before.post.revision.id, &ready.report, &ready.with)
        .await?;
    let after = tx
        .post_save(&before, &decision.post, PostChange::default(), now)
        .await?;
    follow(app, &mut tx, &after, &decision.effects, now).await?;
    let asked = listed(&drawn);
    let skills = listed(&requirements.skills);
    let stops = listed(&requirements.stops);
    tx.audit(
        now,
        who.audit,
        "post.submit",
        &object(id),
        &[
            ("digest", &digest),
            ("asked", &asked),
            ("skills", &skills),
            ("stops", &stops),
        ],
    )
    .await?;
    tx.commit().await?;
    Ok(after)
}

/// A post without a set time that waited longer than its window gets a new one; a set time that passed is the
/// author's to choose again.
async fn refresh(
    app: &App,
    who: &Who,
    before: PostRecord,
    org: &Organisation,
    now: Timestamp,
) -> Done {
    if before.content.window.not_before.is_some() {
        return Err(ActionError::WindowPassed);
    }
    let editor = writer(who)?;
    let content = Content {
        window: schedule::window(None, now, valid(false, &org.settings)),
        ..before.content.clone()
    };
    let ready = Ready::new(app, org, content, now).await?;
    let head = ready.head(before.post.revision.number.saturating_add(1), editor, None);
    let digest = head.digest;
    let decision = decide(
        &before.post,
        Event::Edit { revision: head },
        &who.actor,
        now,
    )?;
    let mut tx = app.store.begin().await?;
    let change = PostChange {
        revision: Some(ready.revision()),
        assertion: None,
    };
    let after = tx.post_save(&before, &decision.post, change, now).await?;
    tx.audit(
        now,
        who.audit,
        "post.edit",
        &object(before.post.id),
        &[("digest", &digest)],
    )
    .await?;
    tx.commit().await?;
    Ok(after)
}

/// A reviewer says yes to the content with this digest; with a passkey's assertion over it, where they have one.
///
/// # Errors
/// [`ActionError::SealNeeded`], [`ActionError::BadSeal`], refusals (their own content, changed since…), database.
pub async fn approve(
    app: &App,
    who: &Who,
    id: PostId,
    digest: Digest,
    assertion: Option<&Assertion>,
) -> Done {
    let now = app.clock.now();
    if let Some(assertion) = assertion {
        assertion.verify(&digest).map_err(ActionError::BadSeal)?;
    }
    let seal = if assertion.is_some() {
        Seal::Passkey
    } else {
        Seal::Session
    };
    let mut tx = app.store.begin().await?;
    let org = organisation(&mut tx).await?;
    if org.settings.require_passkey_seal && assertion.is_none() {
        return Err(ActionError::SealNeeded);
    }
    let before = tx.post(id).await?;
    if before.content.window.not_after <= now {
        return Err(ActionError::WindowPassed);
    }
    let decision = decide(
        &before.post,
        Event::Approve { digest, seal },
        &who.actor,
        now,
    )?;
    let change = PostChange {
        revision: None,
        assertion,
    };
    let after = tx.post_save(&before, &decision.post, change, now).await?;
    follow(app, &mut tx, &after, &decision.effects, now).await?;
    let detail: vigie_store::Detail<'_> = &[("digest", &digest), ("seal", &seal)];
    match assertion.and_then(|a| serde_json::to_string(a).ok()) {
        None => {
            tx.audit(now, who.audit, "post.approve", &object(id), detail)
                .await?
        }
        Some(text) => {
            tx.audit_with_evidence(now, who.audit, "post.approve", &object(id), detail, &text)
                .await?
        }
    };
    tx.commit().await?;
    Ok(after)
}

/// A reviewer asks for changes.
///
/// # Errors
/// Refusals, database.
pub async fn request_changes(app: &App, who: &Who, id: PostId, note: &str) -> Done {
    let event = |_: &PostRecord| Event::RequestChanges {
        note: note.to_owned(),
    };
    let said = Some((CommentKind::RequestChanges, note));
    simple(app, who, id, event, "post.request_changes", said).await
}

/// A second person lifts a blocking finding, with a written reason.
///
/// # Errors
/// Refusals, database.
pub async fn waive(
    app: &App,
    who: &Who,
    id: PostId,
    rule: &str,
    reason: &str,
    digest: Digest,
) -> Done {
    let event = |_: &PostRecord| Event::Waive {
        rule: rule.to_owned(),
        reason: reason.to_owned(),
        digest,
    };
    simple(
        app,
        who,
        id,
        event,
        "post.waive",
        Some((CommentKind::Comment, reason)),
    )
    .await
}

/// The post goes back to a draft; what has not gone out never will.
///
/// # Errors
/// Refusals, database.
pub async fn withdraw(app: &App, who: &Who, id: PostId) -> Done {
    simple(app, who, id, |_| Event::Withdraw, "post.withdraw", None).await
}

/// The post is put away.
///
/// # Errors
/// Refusals, database.
pub async fn archive(app: &App, who: &Who, id: PostId) -> Done {
    simple(app, who, id, |_| Event::Archive, "post.archive", None).await
}

/// Every publication has an outcome.
///
/// # Errors
/// Refusals, database.
pub async fn settled(app: &App, id: PostId) -> Done {
    simple(
        app,
        &Who::system(),
        id,
        |_| Event::Settled,
        "post.settled",
        None,
    )
    .await
}

/// A remark in the post's thread.
///
/// # Errors
/// [`Refusal::ReasonNeeded`] for an empty one, database.
pub async fn comment(app: &App, who: &Who, id: PostId, text: &str) -> Done {
    let now = app.clock.now();
    if text.trim().is_empty() || text.len() > 16 * 1024 {
        return Err(Refusal::ReasonNeeded.into());
    }
    let mut tx = app.store.begin().await?;
    let record = tx.post(id).await?;
    say(&mut tx, &record, who, CommentKind::Comment, text, now).await?;
    tx.audit(now, who.audit, "post.comment", &object(id), &[])
        .await?;
    tx.commit().await?;
    Ok(record)
}

/// A peer proposes an edit; the author may take it over.
///
/// # Errors
/// [`ActionError::SameContent`], `NeedsPerson` for a token, draft problems, database.
pub async fn suggest(
    app: &App,
    who: &Who,
    id: PostId,
    draft: &Draft,
    note: &str,
) -> Result<SuggestionId, ActionError> {
    let now = app.clock.now();
    let author = match who.actor {
        vigie_core::post::Actor::Member { id, .. } => id,
        _ => return Err(Refusal::NeedsPerson.into()),
    };
    let mut tx = app.store.begin().await?;
    let org = organisation(&mut tx).await?;
    let record = tx.post(id).await?;
    let mut content = draft.content(&mut tx, &org.settings, now).await?;
    // A proposal is about words and pictures; when it goes out stays the author's choice.
    content.window = record.content.window;
    if content.digest() == record.post.revision.digest {
        return Err(ActionError::SameContent);
    }
    let suggestion = SuggestionId::new(Uuid::now_v7());
    let base = record.post.revision.id;
    let new = NewSuggestion {
        id: suggestion,
        post: id,
        base,
        author,
        content: &content,
        note,
    };
    tx.suggestion_add(&new, now).await?;
    let digest = content.digest();
    tx.audit(
        now,
        who.audit,
        "post.suggest",
        &object(id),
        &[("digest", &digest)],
    )
    .await?;
    tx.commit().await?;
    Ok(suggestion)
}

/// The author takes a proposed edit over: a new revision, of which the peer is the proposer.
///
/// # Errors
/// [`ActionError::Stale`] when the post changed since it was proposed; refusals; database.
pub async fn accept(app: &App, who: &Who, id: PostId, suggestion: SuggestionId) -> Done {
    let now = app.clock.now();
    let editor = writer(who)?;
    let mut conn = app.store.read().await?;
    let org = organisation(&mut conn).await?;
    let before = conn.post(id).await?;
    let proposed = conn.suggestion(suggestion).await?;
    drop(conn);
    if proposed.post != id {
        return Err(vigie_store::Error::NotFound.into());
    }
    if proposed.base != before.post.revision.id {
        return Err(ActionError::Stale);
    }
    let ready = Ready::new(app, &org, proposed.content.clone(), now).await?;
    let number = before.post.revision.number.saturating_add(1);
    let head = ready.head(number, editor, Some(proposed.author));
    let (revision, digest) = (head.id, head.digest);
    let decision = decide(
        &before.post,
        Event::AcceptSuggestion { revision: head },
        &who.actor,
        now,
    )?;
    let mut tx = app.store.begin().await?;
    let change = PostChange {
        revision: Some(ready.revision()),
        assertion: None,
    };
    let after = tx.post_save(&before, &decision.post, change, now).await?;
    tx.suggestion_accept(suggestion, editor, revision, now)
        .await?;
    follow(app, &mut tx, &after, &decision.effects, now).await?;
    let proposer = proposed.author;
    tx.audit(
        now,
        who.audit,
        "post.accept",
        &object(id),
        &[("digest", &digest), ("proposer", &proposer)],
    )
    .await?;
    tx.commit().await?;
    Ok(after)
}

/// The author leaves a proposed edit aside.
///
/// # Errors
/// [`Refusal::NotAuthor`], database.
pub async fn decline(app: &App, who: &Who, id: PostId, suggestion: SuggestionId) -> Done {
    let now = app.clock.now();
    let by = writer(who)?;
    let mut tx = app.store.begin().await?;
    let record = tx.post(id).await?;
    if record.post.author != by {
        return Err(Refusal::NotAuthor.into());
    }
    if tx.suggestion(suggestion).await?.post != id {
        return Err(vigie_store::Error::NotFound.into());
    }
    tx.suggestion_decline(suggestion, by, now).await?;
    tx.audit(
        now,
        who.audit,
        "post.decline",
        &object(id),
        &[("suggestion", &suggestion)],
    )
    .await?;
    tx.commit().await?;
    Ok(record)
}

/// A published post is taken back: deleted on the network at once. The copy and the reason stay.
///
/// # Errors
/// [`Refusal::ReasonNeeded`], [`vigie_store::Error::Conflict`] when it is not on the page, database.
pub async fn take_back(
    app: &App,
    who: &Who,
    publication: PublicationId,
    reason: &str,
) -> Result<(), ActionError> {
    let now = app.clock.now();
    let by = writer(who)?;
    if reason.trim().chars().count() < 3 {
        return Err(Refusal::ReasonNeeded.into());
    }
    let mut tx = app.store.begin().await?;
    let row = tx.publication(publication).await?;
    tx.publication_take_back(publication, by, reason, now)
        .await?;
    tx.audit(
        now,
        who.audit,
        "publication.take_back",
        &format!("publication/{publication}"),
        &[("digest", &row.digest), ("post", &row.post)],
    )
    .await?;
    tx.commit().await?;
    app.wake.notify_one();
    Ok(())
}

/// Nobody answered in time: one more peer is asked. `None` when there is nobody left to ask.
///
/// # Errors
/// Refusals, database.
pub async fn offer(app: &App, id: PostId) -> Result<Option<MemberId>, ActionError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let before = tx.post(id).await?;
    let mut excluded = excluded(&before.post);
    excluded.extend(before.post.assigned.iter().map(|a| a.member));
    let Some(member) = draw(&candidates(&mut tx).await?, &excluded) else {
        return Ok(None);
    };
    let decision = decide(
        &before.post,
        Event::OfferToAnother { member },
        &Who::system().actor,
        now,
    )?;
    let after = tx
        .post_save(&before, &decision.post, PostChange::default(), now)
        .await?;
    follow(app, &mut tx, &after, &decision.effects, now).await?;
    tx.audit(
        now,
        Who::system().audit,
        "post.offer",
        &object(id),
        &[("asked", &member)],
    )
    .await?;
    tx.commit().await?;
    Ok(Some(member))
}

/// A post whose window passed goes back to its author, within a transaction that lapsed its publications.
///
/// # Errors
/// Database. A post that is already elsewhere is left alone.
pub async fn lapse(app: &App, tx: &mut Tx, id: PostId, now: Timestamp) -> Result<(), ActionError> {
    let before = tx.post(id).await?;
    let Ok(decision) = decide(&before.post, Event::Lapse, &Who::system().actor, now) else {
        return Ok(());
    };
    let after = tx
        .post_save(&before, &decision.post, PostChange::default(), now)
        .await?;
    follow(app, tx, &after, &decision.effects, now).await
}

async fn simple(
    app: &App,
    who: &Who,
    id: PostId,
    event: impl Fn(&PostRecord) -> Event,
    act: &str,
    said: Option<(CommentKind, &str)>,
) -> Done {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let before = tx.post(id).await?;
    let decision: Decision = decide(&before.post, event(&before), &who.actor, now)?;
    let after = tx
        .post_save(&before, &decision.post, PostChange::default(), now)
        .await?;
    if let Some((kind, text)) = said {
        say(&mut tx, &before, who, kind, text, now).await?;
    }
    follow(app, &mut tx, &after, &decision.effects, now).await?;
    let digest = before.post.revision.digest;
    tx.audit(now, who.audit, act, &object(id), &[("digest", &digest)])
        .await?;
    tx.commit().await?;
    Ok(after)
}

async fn say(
    tx: &mut Tx,
    post: &PostRecord,
    who: &Who,
    kind: CommentKind,
    text: &str,
    now: Timestamp,
) -> Result<(), ActionError> {
    tx.comment_add(&CommentRow {
        id: CommentId::new(Uuid::now_v7()),
        post: post.post.id,
        revision: Some(post.post.revision.id),
        author: who.id(),
        kind,
        body: text.trim().to_owned(),
        at: now,
    })
    .await?;
    Ok(())
}

/// Does what a decision asks for.
async fn follow(
    app: &App,
    tx: &mut Tx,
    post: &PostRecord,
    effects: &[Effect],
    now: Timestamp,
) -> Result<(), ActionError> {
    for effect in effects {
        match effect {
            Effect::Enqueue { .. } => {
                enqueue(app, tx, post, now).await?;
            }
            Effect::CancelUnsent => {
                tx.publications_cancel(post.post.id, now).await?;
            }
            Effect::TellAuthor(News::Lapsed) => {
                let line = CommentRow {
                    id: CommentId::new(Uuid::now_v7()),
                    post: post.post.id,
                    revision: Some(post.post.revision.id),
                    author: None,
                    kind: CommentKind::System,
                    body: "post-said-lapsed".to_owned(),
                    at: now,
                };
                tx.comment_add(&line).await?;
            }
            // Lists and the home page show these by the state of the post.
            Effect::Ask(_) | Effect::TellAuthor(News::Approved | News::ChangesRequested) => {}
        }
    }
    Ok(())
}

/// Makes a publication for each channel of an approved post that has none on its way or on the page.
///
/// # Errors
/// Database.
pub async fn enqueue(
    app: &App,
    tx: &mut Tx,
    post: &PostRecord,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let new: Vec<NewPublication> = post
        .content
        .variants
        .iter()
        .map(|variant| NewPublication {
            id: PublicationId::new(Uuid::now_v7()),
            channel: variant.channel,
            remote_key: app.connectors.of(variant.platform).new_key(now, salt()),
        })
        .collect();
    tx.publications_enqueue(post, &new, now).await?;
    app.wake.notify_one();
    Ok(())
}

/// Two keys made in the same microsecond must differ.
fn salt() -> u16 {
    let mut bytes = [0; 2];
    // Without randomness the key is still unique by its time in all but the rarest case, and the database refuses a
    // key that was used.
    let _ = getrandom::fill(&mut bytes);
    u16::from_be_bytes(bytes)
}

/// Who may be asked, with when they last were.
async fn candidates(conn: &mut Conn) -> Result<Vec<Candidate>, ActionError> {
    let members = conn.members().await?;
    Ok(members
        .into_iter()
        .filter(|m| m.is_active() && allowed(m.role, m.reviewer, Act::Review))
        .map(|m| Candidate {
            member: m.id,
            skills: m.skills,
            last_asked: m.last_drawn_at,
        })
        .collect())
}

fn excluded(post: &Post) -> Vec<MemberId> {
    let mut out = vec![post.author, post.revision.editor];
    out.extend(post.revision.proposer);
    out
}

fn writer(who: &Who) -> Result<MemberId, Refusal> {
    match &who.actor {
        vigie_core::post::Actor::Member {
            id, writes: true, ..
        }
        | vigie_core::post::Actor::Token {
            member: id,
            writes: true,
        } => Ok(*id),
        vigie_core::post::Actor::System => Err(Refusal::NeedsPerson),
        _ => Err(Refusal::MayNotWrite),
    }
}

fn listed<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let all: BTreeSet<String> = items.into_iter().map(|item| item.to_string()).collect();
    all.into_iter().collect::<Vec<_>>().join(" ")
}
