//! What can be done to a post. Each action loads the post, asks the rules (`vigie_core::post::decide`), and in one
//! transaction saves the answer, does what must follow, and writes the log. Nothing else changes a post.

mod follow;
mod review;
mod talk;
mod write;

use jiff::Timestamp;
use vigie_core::content::Digest;
use vigie_core::id::{ChatRoomId, MemberId, PostId};
use vigie_core::post::{Actor, Event, PostState, Refusal, decide};
use vigie_store::{ChatNoteKind, Conn, Detail, Organisation, PostChange, PostRecord, Tx};

use super::draft::{DraftError, DraftProblem};
use super::who::Who;
use crate::app::App;
use crate::chat::outbox::{self, About};
use crate::mail::outbox as letters;

pub use follow::enqueue;
pub use review::{
    Answer, approve, approve_by_letter, approve_from, archive, lapse, offer, request_changes,
    request_changes_by_letter, settled, submit, take_back, waive, withdraw,
};
pub use talk::{
    Heard, Origin, accept, comment, comment_by_letter, comment_from, decline, heard, suggest,
};
pub use write::{create, edit};

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
    /// A network would not take it.
    #[error("a network would not take it: {0}")]
    NotTaken(vigie_connect::Code),
    /// There is nobody else who may review.
    #[error("nobody else may review")]
    NoReviewer,
    /// The time it was planned for has passed, or it waited too long.
    #[error("its time has passed")]
    WindowPassed,
    /// A part of it is on a page, and the rest is not: going on would send nothing more there.
    #[error("a part of it is on a page")]
    HalfOut,
    /// A chat is not the place for it: the page is.
    #[error("on the page")]
    OnThePage,
    /// The letter that is answered was answered before: it decides once.
    #[error("answered before")]
    Used,
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

/// An action under way: who acts, when, and the transaction that holds everything it does.
struct Step<'a> {
    app: &'a App,
    who: &'a Who,
    now: Timestamp,
    tx: Tx,
}

impl<'a> Step<'a> {
    async fn begin(app: &'a App, who: &'a Who, now: Timestamp) -> Result<Self, ActionError> {
        let tx = app.store.begin().await?;
        Ok(Self { app, who, now, tx })
    }

    /// Asks the rules, saves what they answer and does what must follow.
    async fn decide(&mut self, before: &PostRecord, event: Event, change: PostChange<'_>) -> Done {
        let decision = decide(&before.post, event, &self.who.actor, self.now)?;
        let after = self
            .tx
            .post_save(before, &decision.post, change, self.now)
            .await?;
        follow::follow(self.app, &mut self.tx, &after, &decision.effects, self.now).await?;
        letters::asked(&mut self.tx, before, &after, self.now).await?;
        Ok(after)
    }

    async fn log(&mut self, act: &str, id: PostId, detail: Detail<'_>) -> Result<(), ActionError> {
        let object = object(id);
        self.tx
            .audit(self.now, self.who.audit, act, &object, detail)
            .await?;
        Ok(())
    }

    /// What happened is to be said in the rooms of the chats, and to members by letter.
    async fn tell(
        &mut self,
        kind: ChatNoteKind,
        act: &str,
        id: PostId,
        text: &str,
        not_in: Option<ChatRoomId>,
    ) -> Result<(), ActionError> {
        let about = About {
            act: act.to_owned(),
            by: self.who.id(),
            text: text.to_owned(),
            ..About::default()
        };
        outbox::tell(&mut self.tx, kind, Some(id), &about, not_in, self.now).await?;
        letters::happened(&mut self.tx, kind, id, &about, self.now).await?;
        Ok(())
    }

    /// What asked for a review of this content shows that it was decided, where a chat can change what it said. While
    /// another approval is needed, its button stays.
    async fn amend(
        &mut self,
        act: &str,
        after: &PostRecord,
        digest: Digest,
    ) -> Result<(), ActionError> {
        if after.post.state == PostState::InReview {
            return Ok(());
        }
        let about = About {
            act: act.to_owned(),
            by: self.who.id(),
            digest: digest.to_string(),
            ..About::default()
        };
        outbox::amend(&mut self.tx, after.post.id, &about, self.now).await?;
        Ok(())
    }

    async fn commit<T>(self, out: T) -> Result<T, ActionError> {
        self.tx.commit().await?;
        Ok(out)
    }
}

fn writer(who: &Who) -> Result<MemberId, Refusal> {
    match &who.actor {
        Actor::Member {
            id, writes: true, ..
        }
        | Actor::Token {
            member: id,
            writes: true,
        } => Ok(*id),
        Actor::System => Err(Refusal::NeedsPerson),
        _ => Err(Refusal::MayNotWrite),
    }
}
