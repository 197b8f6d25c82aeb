//! Review: peers are asked, answer, lift what stops a post; it goes out, or comes back.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vigie_core::content::{Content, Digest};
use vigie_core::id::{LetterId, MemberId, PostId, PublicationId};
use vigie_core::post::{Event, Post, Refusal, Seal, decide};
use vigie_core::publication::PublicationState;
use vigie_core::review::{Candidate, draw, draw_for};
use vigie_core::rights::{Act, allowed};
use vigie_core::schedule;
use vigie_core::seal::Assertion;
use vigie_store::{
    ChatNoteKind, ChatRoomRow, CommentKind, Conn, Detail, PostChange, PublicationRow, Tx,
};

use super::write::{Ready, refresh};
use super::{ActionError, Done, Step, follow, object, organisation, talk, writer};
use crate::app::App;
use crate::channel::fits;
use crate::check::gather::Around;
use crate::check::links;
use crate::inbound;
use crate::post::who::Who;

/// Asks for review: checks once more, says what the review must bring, draws reviewers.
///
/// # Errors
/// [`ActionError::NoReviewer`], [`ActionError::WindowPassed`], refusals, database.
pub async fn submit(app: &App, who: &Who, id: PostId) -> Done {
    let now = app.clock.now();
    let mut conn = app.store.read().await?;
    let org = organisation(&mut conn).await?;
    let mut before = conn.post(id).await?;
    let rows = conn.publications(id).await?;
    drop(conn);
    if half_out(&rows, &before.content) {
        return Err(ActionError::HalfOut);
    }
    if before.content.window.not_after <= now {
        before = refresh(app, who, before, &org, now).await?;
    }
    let mut conn = app.store.read().await?;
    if let Some(code) = fits::first(app, &mut conn, &before.content).await? {
        return Err(ActionError::NotTaken(code));
    }
    drop(conn);
    // Outside any transaction: other servers take their time.
    let zone = schedule::zone(&org.tz).unwrap_or(TimeZone::UTC);
    let around = Around::of(&before.content, zone, now, &mut app.store.read().await?).await?;
    links::follow(app, &before.content, &around).await?;
    let ready = Ready::new(app, &org, before.content.clone(), now).await?;
    let requirements = ready.checked.requirements();
    let mut step = Step::begin(app, who, now).await?;
    let candidates = candidates(&mut step.tx).await?;
    let drawn = draw_for(&candidates, &excluded(&before.post), &requirements);
    if drawn.is_empty() {
        return Err(ActionError::NoReviewer);
    }
    let revision = before.post.revision.id;
    step.tx
        .revision_report(revision, &ready.report, &ready.with)
        .await?;
    let digest = before.post.revision.digest;
    let asked = listed(&drawn);
    let skills = listed(&requirements.skills);
    let stops = listed(&requirements.stops);
    let event = Event::Submit {
        requirements,
        digest,
        drawn,
    };
    let after = step.decide(&before, event, PostChange::default()).await?;
    // After a withdrawal, what it answers waited again.
    if let Some(by) = who.id() {
        inbound::answering(&mut step.tx, id, &after.content, by, now).await?;
    }
    let detail: Detail<'_> = &[
        ("digest", &digest),
        ("asked", &asked),
        ("skills", &skills),
        ("stops", &stops),
    ];
    step.log("post.submit", id, detail).await?;
    step.tell(ChatNoteKind::Review, "post.submit", id, "", None)
        .await?;
    step.commit(after).await
}

/// Whether the first parts of a series are on a page of the content, and the rest of it is not and will not be.
fn half_out(rows: &[PublicationRow], content: &Content) -> bool {
    let out = |row: &PublicationRow| row.state == PublicationState::Published;
    rows.iter().any(|row| {
        out(row)
            && content.variants.iter().any(|v| v.channel == row.channel)
            && rows.iter().any(|o| o.is_series(row) && !out(o))
    })
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
    approve_from(app, who, id, digest, assertion, None).await
}

/// The same, said in a room of a chat: the log says so. Not where a writer of the post opened any room of the same
/// workspace, closed ones included: one app signs the calls of all of them, and they may still know with what.
///
/// # Errors
/// As [`approve`].
pub async fn approve_from(
    app: &App,
    who: &Who,
    id: PostId,
    digest: Digest,
    assertion: Option<&Assertion>,
    room: Option<&ChatRoomRow>,
) -> Done {
    let place = room.map(Elsewhere::Room);
    approve_at(app, who, id, digest, assertion, place).await
}

/// An answer to a letter that asked for a review.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The letter; it decides once.
    pub letter: LetterId,
    /// The id of the answer.
    pub id: &'a str,
}

/// The same, said in an answer to a letter. Not for a post that somebody has written who ever set up the
/// organisation's mail, in use or not: they may know what signs letters.
///
/// # Errors
/// As [`approve`], and [`ActionError::Used`].
pub async fn approve_by_letter(
    app: &App,
    who: &Who,
    id: PostId,
    digest: Digest,
    answer: Answer<'_>,
) -> Done {
    approve_at(app, who, id, digest, None, Some(Elsewhere::Letter(answer))).await
}

/// Where an approval was given, if not on a page.
#[derive(Clone, Copy)]
enum Elsewhere<'a> {
    Room(&'a ChatRoomRow),
    Letter(Answer<'a>),
}

/// Whether a writer of the post may know what signs approvals from that place.
async fn knows_the_way(
    conn: &mut Conn,
    place: Option<Elsewhere<'_>>,
    post: &Post,
) -> Result<bool, ActionError> {
    match place {
        None => Ok(false),
        Some(Elsewhere::Room(room)) => {
            let mut openers = conn.chat_openers(&room.kind, &room.chat).await?;
            openers.push(room.created_by);
            Ok(openers.iter().any(|by| post.wrote(*by)))
        }
        Some(Elsewhere::Letter(_)) => {
            for writer in excluded(post) {
                if conn.mail_server_ever_by(writer).await? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

async fn approve_at(
    app: &App,
    who: &Who,
    id: PostId,
    digest: Digest,
    assertion: Option<&Assertion>,
    place: Option<Elsewhere<'_>>,
) -> Done {
    let now = app.clock.now();
    if let Some(assertion) = assertion {
        assertion.verify(&digest).map_err(ActionError::BadSeal)?;
    }
    let seal = match (assertion, place) {
        (Some(_), _) => Seal::Passkey,
        (None, Some(_)) => Seal::Chat,
        (None, None) => Seal::Session,
    };
    let mut step = Step::begin(app, who, now).await?;
    let org = organisation(&mut step.tx).await?;
    if org.settings.require_passkey_seal && assertion.is_none() {
        return Err(ActionError::SealNeeded);
    }
    let before = step.tx.post(id).await?;
    if knows_the_way(&mut step.tx, place, &before.post).await? {
        return Err(ActionError::OnThePage);
    }
    if before.content.window.not_after <= now {
        return Err(ActionError::WindowPassed);
    }
    let change = PostChange {
        revision: None,
        assertion,
    };
    let event = Event::Approve { digest, seal };
    let after = step.decide(&before, event, change).await?;
    let (name, named) = match place {
        None => ("", String::new()),
        Some(Elsewhere::Room(room)) => ("room", room.id.to_string()),
        Some(Elsewhere::Letter(answer)) => {
            once(&mut step.tx, answer).await?;
            ("letter", answer.letter.to_string())
        }
    };
    let detail: Detail<'_> = &[("digest", &digest), ("seal", &seal), (name, &named)];
    let detail = if place.is_some() {
        detail
    } else {
        &detail[..2]
    };
    match assertion.and_then(|a| serde_json::to_string(a).ok()) {
        None => step.log("post.approve", id, detail).await?,
        Some(text) => {
            step.tx
                .audit_with_evidence(now, who.audit, "post.approve", &object(id), detail, &text)
                .await?;
        }
    }
    step.tell(ChatNoteKind::Decision, "post.approve", id, "", None)
        .await?;
    step.amend("post.approve", &after, digest).await?;
    step.commit(after).await
}

/// A reviewer asks for changes.
///
/// # Errors
/// Refusals, database.
pub async fn request_changes(app: &App, who: &Who, id: PostId, note: &str) -> Done {
    let event = Event::RequestChanges {
        note: note.to_owned(),
    };
    let said = Some((CommentKind::RequestChanges, note));
    plain(app, who, id, event, "post.request_changes", said).await
}

/// A letter decides once: its token is used in the transaction of the decision.
async fn once(tx: &mut Tx, answer: Answer<'_>) -> Result<(), ActionError> {
    if tx.letter_use(answer.letter, answer.id).await? {
        Ok(())
    } else {
        Err(ActionError::Used)
    }
}

/// The same in an answer to a letter, about the content with this digest; `by` are the words for "in a letter".
///
/// # Errors
/// As [`request_changes`], and [`ActionError::Used`].
pub async fn request_changes_by_letter(
    app: &App,
    who: &Who,
    id: PostId,
    (note, by): (&str, &str),
    digest: Digest,
    answer: Answer<'_>,
) -> Done {
    let mut step = Step::begin(app, who, app.clock.now()).await?;
    let before = step.tx.post(id).await?;
    if before.post.revision.digest != digest {
        return Err(Refusal::ContentChanged.into());
    }
    let event = Event::RequestChanges {
        note: note.to_owned(),
    };
    let after = step.decide(&before, event, PostChange::default()).await?;
    once(&mut step.tx, answer).await?;
    let placed = format!("{}\n— {by}", note.trim());
    talk::say(&mut step, &before, CommentKind::RequestChanges, &placed).await?;
    let letter = answer.letter;
    let detail: Detail<'_> = &[("digest", &digest), ("letter", &letter)];
    step.log("post.request_changes", id, detail).await?;
    step.tell(
        ChatNoteKind::Decision,
        "post.request_changes",
        id,
        note,
        None,
    )
    .await?;
    step.amend("post.request_changes", &after, digest).await?;
    step.commit(after).await
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
    let event = Event::Waive {
        rule: rule.to_owned(),
        reason: reason.to_owned(),
        digest,
    };
    let said = Some((CommentKind::Comment, reason));
    plain(app, who, id, event, "post.waive", said).await
}

/// The post goes back to a draft; what has not gone out never will.
///
/// # Errors
/// Refusals, database.
pub async fn withdraw(app: &App, who: &Who, id: PostId) -> Done {
    plain(app, who, id, Event::Withdraw, "post.withdraw", None).await
}

/// The post is put away.
///
/// # Errors
/// Refusals, database.
pub async fn archive(app: &App, who: &Who, id: PostId) -> Done {
    plain(app, who, id, Event::Archive, "post.archive", None).await
}

/// Every publication has an outcome.
///
/// # Errors
/// Refusals, database.
pub async fn settled(app: &App, id: PostId) -> Done {
    let vigie = Who::system();
    plain(app, &vigie, id, Event::Settled, "post.settled", None).await
}

/// A decision that needs nothing beside the post, with what is said about it in the thread.
async fn plain(
    app: &App,
    who: &Who,
    id: PostId,
    event: Event,
    act: &str,
    said: Option<(CommentKind, &str)>,
) -> Done {
    let mut step = Step::begin(app, who, app.clock.now()).await?;
    let before = step.tx.post(id).await?;
    let after = step.decide(&before, event, PostChange::default()).await?;
    if let Some((kind, text)) = said {
        talk::say(&mut step, &before, kind, text).await?;
    }
    if matches!(act, "post.withdraw" | "post.archive") {
        inbound::unanswered(&mut step.tx, id).await?;
    }
    let digest = before.post.revision.digest;
    step.log(act, id, &[("digest", &digest)]).await?;
    if matches!(act, "post.request_changes" | "post.withdraw") {
        let text = said.map_or("", |(_, text)| text);
        step.tell(ChatNoteKind::Decision, act, id, text, None)
            .await?;
        step.amend(act, &after, digest).await?;
    }
    step.commit(after).await
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
    // A series goes as a whole, wherever each part of it stands.
    let others = tx.series_take_back(&row, by, reason, now).await?;
    let taken = [publication].into_iter().chain(others.taken);
    for one in taken.chain(others.awaited) {
        tx.audit(
            now,
            who.audit,
            "publication.take_back",
            &format!("publication/{one}"),
            &[("digest", &row.digest), ("post", &row.post)],
        )
        .await?;
    }
    for one in others.stopped {
        let object = format!("publication/{one}");
        let detail: Detail<'_> = &[("digest", &row.digest), ("post", &row.post)];
        tx.audit(now, who.audit, "publication.break", &object, detail)
            .await?;
    }
    tx.commit().await?;
    app.wake.notify_one();
    Ok(())
}

/// Nobody answered in time: one more peer is asked. `None` when there is nobody left to ask.
///
/// # Errors
/// Refusals, database.
pub async fn offer(app: &App, id: PostId) -> Result<Option<MemberId>, ActionError> {
    let vigie = Who::system();
    let mut step = Step::begin(app, &vigie, app.clock.now()).await?;
    let before = step.tx.post(id).await?;
    let mut excluded = excluded(&before.post);
    excluded.extend(before.post.assigned.iter().map(|a| a.member));
    let Some(member) = draw(&candidates(&mut step.tx).await?, &excluded) else {
        return Ok(None);
    };
    let event = Event::OfferToAnother { member };
    step.decide(&before, event, PostChange::default()).await?;
    step.log("post.offer", id, &[("asked", &member)]).await?;
    step.commit(Some(member)).await
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
    follow::follow(app, tx, &after, &decision.effects, now).await
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

fn listed<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let all: BTreeSet<String> = items.into_iter().map(|item| item.to_string()).collect();
    all.into_iter().collect::<Vec<_>>().join(" ")
}
