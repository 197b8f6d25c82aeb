//! The thread under a post: remarks, asked changes, and what Vigie itself has to say.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use vigie_core::id::{CommentId, MemberId, PostId, RevisionId};

queries! {
    ADD = "insert into comment (id, post, revision, author, kind, body, at) values ($1, $2, $3, $4, $5, $6, $7)";
    LIST = "select id, post, revision, author, kind, body, at from comment where post = $1 order by at, id limit 1000";
    COUNT = "select count(*) from comment where post = $1 and kind <> 'system'";
    ERASE = "update comment set body = '' where author = $1";
}

/// What a line of the thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentKind {
    /// A remark.
    Comment,
    /// What a reviewer asks to change.
    RequestChanges,
    /// Said by Vigie: `body` is a key of the catalogue, with its values after blanks.
    System,
}

/// A line of the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentRow {
    /// The line.
    pub id: CommentId,
    /// Under which post.
    pub post: PostId,
    /// About which revision.
    pub revision: Option<RevisionId>,
    /// By whom; nobody for Vigie itself.
    pub author: Option<MemberId>,
    /// What it is.
    pub kind: CommentKind,
    /// The text, plain.
    pub body: String,
    /// When.
    pub at: Timestamp,
}

impl FromRow for CommentRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            post: row.id("post")?,
            revision: row.id_opt("revision")?,
            author: row.id_opt("author")?,
            kind: row.word("kind")?,
            body: row.text("body")?,
            at: row.time("at")?,
        })
    }
}

impl Conn {
    /// The thread of a post, oldest first, at most 1,000 lines.
    pub async fn comments(&mut self, post: PostId) -> Result<Vec<CommentRow>> {
        q(LIST).id(post).all(self).await
    }

    /// How many lines people wrote.
    pub async fn comment_count(&mut self, post: PostId) -> Result<i64> {
        q(COUNT).id(post).one(self).await
    }
}

impl Tx {
    /// Adds a line.
    pub async fn comment_add(&mut self, new: &CommentRow) -> Result<()> {
        q(ADD)
            .id(new.id)
            .id(new.post)
            .id_opt(new.revision)
            .id_opt(new.author)
            .word(&new.kind)
            .text(&new.body)
            .time(new.at)
            .run(self)
            .await?;
        Ok(())
    }

    /// Erases the words of one member from every thread; the lines stay, empty.
    pub async fn comments_erase(&mut self, author: MemberId) -> Result<u64> {
        q(ERASE).id(author).run(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn a_thread_is_read_in_order_and_a_members_words_can_be_erased() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let channel = testing::channel(&store, ines, "acme").await;
            let post =
                testing::draft(&store, ines, &testing::content(&[channel], "Bonjour", None)).await;
            let line = |n: u128, author, kind, body: &str| CommentRow {
                id: CommentId::new(uuid::Uuid::from_u128(n)),
                post: post.post.id,
                revision: Some(post.post.revision.id),
                author,
                kind,
                body: body.into(),
                at: now,
            };
            let mut tx = store.begin().await.unwrap();
            let lines = [
                line(1, Some(ines), CommentKind::Comment, "D’accord ?"),
                line(2, Some(ines), CommentKind::RequestChanges, "La date."),
                line(3, None, CommentKind::System, "post-lapsed"),
            ];
            for line in &lines {
                tx.comment_add(line).await.unwrap();
            }
            assert_eq!(tx.comments(post.post.id).await.unwrap(), lines);
            assert_eq!(tx.comment_count(post.post.id).await.unwrap(), 2);
            assert_eq!(tx.comments_erase(ines).await.unwrap(), 2);
            let bodies: Vec<String> = tx
                .comments(post.post.id)
                .await
                .unwrap()
                .into_iter()
                .map(|l| l.body)
                .collect();
            assert_eq!(bodies, ["", "", "post-lapsed"]);
        })
        .await;
    }
}
