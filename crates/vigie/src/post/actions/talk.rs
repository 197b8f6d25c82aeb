//! The thread of a post: remarks, and edits that a peer proposes to its author.

use uuid::Uuid;
use vigie_core::id::{ChatRoomId, CommentId, PostId, SuggestionId};
use vigie_core::post::{Actor, Event, Refusal};
use vigie_store::{ChatNoteKind, CommentKind, CommentRow, NewSuggestion, PostRecord, Tx};

use super::write::Ready;
use super::{ActionError, Done, Step, organisation, writer};
use crate::app::App;
use crate::inbound;
use crate::post::draft::Draft;
use crate::post::who::Who;

/// A remark in the post's thread.
///
/// # Errors
/// [`Refusal::ReasonNeeded`] for an empty one, database.
pub async fn comment(app: &App, who: &Who, id: PostId, text: &str) -> Done {
    comment_from(app, who, id, text, None).await
}

/// Where something was said.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The room.
    pub room: ChatRoomId,
    /// Its name.
    pub name: &'a str,
    /// The chat's own id of what was said: it counts once.
    pub event: &'a str,
}

/// The same, said in a room of a chat: it shows where, and is not said there again.
///
/// # Errors
/// As [`comment`].
pub async fn comment_from(
    app: &App,
    who: &Who,
    id: PostId,
    text: &str,
    from: Option<Origin<'_>>,
) -> Done {
    let not_in = from.map(|origin| origin.room);
    let heard = from.map(|origin| (origin.name, origin.event));
    remark(app, who, id, text, heard, not_in).await
}

/// The same, said in a letter; `by` are the words for that, `event` its own id: it counts once.
///
/// # Errors
/// As [`comment`].
pub async fn comment_by_letter(
    app: &App,
    who: &Who,
    id: PostId,
    text: &str,
    by: &str,
    event: &str,
) -> Done {
    remark(app, who, id, text, Some((by, event)), None).await
}

/// A remark; `heard`: where, and the id under which it counts once.
async fn remark(
    app: &App,
    who: &Who,
    id: PostId,
    text: &str,
    heard: Option<(&str, &str)>,
    not_in: Option<ChatRoomId>,
) -> Done {
    let now = app.clock.now();
    if !is_said(text) {
        return Err(Refusal::ReasonNeeded.into());
    }
    let mut step = Step::begin(app, who, now).await?;
    let record = put(&mut step, id, text, heard, not_in).await?;
    step.commit(record).await
}

/// Something that a member said in a chat.
#[derive(Clone, Debug)]
pub struct Heard<'a> {
    /// The member.
    pub who: Who,
    /// About which post.
    pub post: PostId,
    /// The words.
    pub text: &'a str,
    /// Where.
    pub from: Origin<'a>,
}

/// All that was heard in one look, and what `also` writes, in one transaction. What says nothing, and what is about a
/// post that is gone or cannot be read, is passed over: one post does not silence a whole chat.
///
/// # Errors
/// The database.
pub async fn heard(
    app: &App,
    all: &[Heard<'_>],
    also: impl AsyncFnOnce(&mut Tx) -> vigie_store::Result<()>,
) -> Result<(), ActionError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    for one in all.iter().filter(|one| is_said(one.text)) {
        match tx.post(one.post).await {
            Ok(_) => {}
            Err(vigie_store::Error::Unreadable { column, .. }) => {
                tracing::warn!(post = %one.post, column, "a post cannot be read: what was said about it is passed over");
                continue;
            }
            Err(vigie_store::Error::NotFound) => continue,
            Err(error) => return Err(error.into()),
        }
        let who = &one.who;
        let mut step = Step { app, who, now, tx };
        let (place, room) = ((one.from.name, one.from.event), one.from.room);
        match put(&mut step, one.post, one.text, Some(place), Some(room)).await {
            Ok(_) | Err(ActionError::Store(vigie_store::Error::NotFound)) => {}
            Err(error) => return Err(error),
        }
        tx = step.tx;
    }
    also(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

fn is_said(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= 16 * 1024
}

async fn put(
    step: &mut Step<'_>,
    id: PostId,
    text: &str,
    heard: Option<(&str, &str)>,
    not_in: Option<ChatRoomId>,
) -> Done {
    let record = step.tx.post(id).await?;
    let text = text.trim();
    // Heard and written down in one transaction: what comes again is not said twice, and nothing heard is lost.
    if let Some((_, event)) = heard
        && !step.tx.chat_heard(event, step.now).await?
    {
        return Ok(record);
    }
    match heard {
        None => say(step, &record, CommentKind::Comment, text).await?,
        Some((place, _)) => {
            let placed = format!("{text}\n— {place}");
            say(step, &record, CommentKind::Comment, &placed).await?;
        }
    }
    step.log("post.comment", id, &[]).await?;
    step.tell(ChatNoteKind::Talk, "post.comment", id, text, not_in)
        .await?;
    Ok(record)
}

pub(super) async fn say(
    step: &mut Step<'_>,
    post: &PostRecord,
    kind: CommentKind,
    text: &str,
) -> Result<(), ActionError> {
    let said = CommentRow {
        id: CommentId::new(Uuid::now_v7()),
        post: post.post.id,
        revision: Some(post.post.revision.id),
        author: step.who.id(),
        kind,
        body: text.trim().to_owned(),
        at: step.now,
    };
    step.tx.comment_add(&said).await?;
    Ok(())
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
        Actor::Member { id, .. } => id,
        _ => return Err(Refusal::NeedsPerson.into()),
    };
    let mut step = Step::begin(app, who, now).await?;
    let org = organisation(&mut step.tx).await?;
    let record = step.tx.post(id).await?;
    let mut content = draft.content(&mut step.tx, &org.settings, now).await?;
    // A proposal is about words and pictures; when it goes out stays the author's choice.
    content.window = record.content.window;
    let digest = content.digest();
    if digest == record.post.revision.digest {
        return Err(ActionError::SameContent);
    }
    let suggestion = SuggestionId::new(Uuid::now_v7());
    let new = NewSuggestion {
        id: suggestion,
        post: id,
        base: record.post.revision.id,
        author,
        content: &content,
        note,
    };
    step.tx.suggestion_add(&new, now).await?;
    step.log("post.suggest", id, &[("digest", &digest)]).await?;
    step.commit(suggestion).await
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
    let proposer = proposed.author;
    let ready = Ready::new(app, &org, proposed.content, now).await?;
    let head = ready.next(&before, editor, Some(proposer));
    let (revision, digest) = (head.id, head.digest);
    let mut step = Step::begin(app, who, now).await?;
    let event = Event::AcceptSuggestion { revision: head };
    let after = step.decide(&before, event, ready.change()).await?;
    inbound::answering(&mut step.tx, id, &after.content, editor, now).await?;
    step.tx
        .suggestion_accept(suggestion, editor, revision, now)
        .await?;
    let detail: vigie_store::Detail<'_> = &[("digest", &digest), ("proposer", &proposer)];
    step.log("post.accept", id, detail).await?;
    step.commit(after).await
}

/// The author leaves a proposed edit aside.
///
/// # Errors
/// [`Refusal::NotAuthor`], database.
pub async fn decline(app: &App, who: &Who, id: PostId, suggestion: SuggestionId) -> Done {
    let now = app.clock.now();
    let by = writer(who)?;
    let mut step = Step::begin(app, who, now).await?;
    let record = step.tx.post(id).await?;
    if record.post.author != by {
        return Err(Refusal::NotAuthor.into());
    }
    if step.tx.suggestion(suggestion).await?.post != id {
        return Err(vigie_store::Error::NotFound.into());
    }
    step.tx.suggestion_decline(suggestion, by, now).await?;
    step.log("post.decline", id, &[("suggestion", &suggestion)])
        .await?;
    step.commit(record).await
}
