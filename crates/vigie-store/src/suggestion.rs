//! Suggestions: edits that a peer proposes and the author accepts or declines.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use vigie_core::content::{Content, Digest};
use vigie_core::id::{MemberId, PostId, RevisionId, SuggestionId};

/// The columns of [`SuggestionRow`].
macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, post, base, author, content, digest, note, state, at, settled_by, settled_at, result \
             from suggestion ",
            $rest
        )
    };
}

queries! {
    ADD = "insert into suggestion (id, post, base, author, content, digest, note, state, at) \
           values ($1, $2, $3, $4, $5, $6, $7, 'open', $8)";
    SETTLE = "update suggestion set state = $2, settled_by = $3, settled_at = $4, result = $5 \
              where id = $1 and state = 'open'";
    GET = columns!("where id = $1");
    LIST = columns!("where post = $1 order by at, id limit 200");
}

/// Where a suggestion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionState {
    /// The author has not answered.
    Open,
    /// Taken over, as revision `result`.
    Accepted,
    /// Not taken over.
    Declined,
}

/// A suggestion that is made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSuggestion<'a> {
    /// The suggestion.
    pub id: SuggestionId,
    /// For which post.
    pub post: PostId,
    /// The revision that the peer saw.
    pub base: RevisionId,
    /// The peer.
    pub author: MemberId,
    /// What it would say.
    pub content: &'a Content,
    /// Why, in the peer's words; may be empty.
    pub note: &'a str,
}

/// A suggestion.
#[derive(Clone, Debug, PartialEq)]
pub struct SuggestionRow {
    /// The suggestion.
    pub id: SuggestionId,
    /// For which post.
    pub post: PostId,
    /// The revision that the peer saw. If the post has moved on, accepting would lose the later edit.
    pub base: RevisionId,
    /// The peer.
    pub author: MemberId,
    /// What it would say.
    pub content: Content,
    /// Digest of that.
    pub digest: Digest,
    /// Why.
    pub note: String,
    /// Where it stands.
    pub state: SuggestionState,
    /// When it was made.
    pub at: Timestamp,
    /// Who answered.
    pub settled_by: Option<MemberId>,
    /// When.
    pub settled_at: Option<Timestamp>,
    /// The revision it became.
    pub result: Option<RevisionId>,
}

impl FromRow for SuggestionRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            post: row.id("post")?,
            base: row.id("base")?,
            author: row.id("author")?,
            content: row.json("content")?,
            digest: Digest(row.hash("digest")?),
            note: row.text("note")?,
            state: row.word("state")?,
            at: row.time("at")?,
            settled_by: row.id_opt("settled_by")?,
            settled_at: row.time_opt("settled_at")?,
            result: row.id_opt("result")?,
        })
    }
}

impl Conn {
    /// One suggestion.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn suggestion(&mut self, id: SuggestionId) -> Result<SuggestionRow> {
        q(GET).id(id).one(self).await
    }

    /// The suggestions for a post, oldest first, at most 200.
    pub async fn suggestions(&mut self, post: PostId) -> Result<Vec<SuggestionRow>> {
        q(LIST).id(post).all(self).await
    }
}

impl Tx {
    /// Makes a suggestion.
    pub async fn suggestion_add(&mut self, new: &NewSuggestion<'_>, now: Timestamp) -> Result<()> {
        q(ADD)
            .id(new.id)
            .id(new.post)
            .id(new.base)
            .id(new.author)
            .json(new.content)
            .bytes(new.content.digest().0)
            .text(new.note)
            .time(now)
            .run(self)
            .await?;
        self.media_used(new.post, new.content).await
    }

    /// The author takes it over, as revision `result` that was just saved.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it was answered already.
    pub async fn suggestion_accept(
        &mut self,
        id: SuggestionId,
        by: MemberId,
        result: RevisionId,
        now: Timestamp,
    ) -> Result<()> {
        self.suggestion_settle(id, SuggestionState::Accepted, by, Some(result), now)
            .await
    }

    /// The author does not take it over.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it was answered already.
    pub async fn suggestion_decline(
        &mut self,
        id: SuggestionId,
        by: MemberId,
        now: Timestamp,
    ) -> Result<()> {
        self.suggestion_settle(id, SuggestionState::Declined, by, None, now)
            .await
    }

    async fn suggestion_settle(
        &mut self,
        id: SuggestionId,
        state: SuggestionState,
        by: MemberId,
        result: Option<RevisionId>,
        now: Timestamp,
    ) -> Result<()> {
        q(SETTLE)
            .id(id)
            .word(&state)
            .id(by)
            .time(now)
            .id_opt(result)
            .run_one(self)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};

    #[tokio::test]
    async fn a_suggestion_is_answered_once() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let paul = testing::member(&store, "paul").await;
            let channel = testing::channel(&store, ines, "acme").await;
            let content = testing::content(std::slice::from_ref(&channel), "Bonjour", None);
            let post = testing::draft(&store, ines, &content).await;
            let better = testing::content(&[channel], "Bonsoir", None);
            let id = SuggestionId::new(uuid::Uuid::now_v7());
            let mut tx = store.begin().await.unwrap();
            let new = NewSuggestion {
                id,
                post: post.post.id,
                base: post.post.revision.id,
                author: paul,
                content: &better,
                note: "Il sera tard.",
            };
            tx.suggestion_add(&new, now).await.unwrap();
            let row = tx.suggestion(id).await.unwrap();
            assert_eq!(
                (row.state, row.digest),
                (SuggestionState::Open, better.digest())
            );
            assert_eq!(row.content, better);
            tx.suggestion_accept(id, ines, post.post.revision.id, now)
                .await
                .unwrap();
            assert!(matches!(
                tx.suggestion_decline(id, ines, now).await,
                Err(Error::Conflict)
            ));
            let row = tx.suggestions(post.post.id).await.unwrap().remove(0);
            assert_eq!(
                (row.state, row.settled_by),
                (SuggestionState::Accepted, Some(ines))
            );
        })
        .await;
    }
}
