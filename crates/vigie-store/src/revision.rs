//! Revisions: every state a post's content ever had, each an immutable row.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use serde_json::Value;
use sqlx::any::AnyRow;
use vigie_core::content::{Content, Digest};
use vigie_core::id::{MemberId, PostId, RevisionId};
use vigie_core::post::RevisionHead;

/// The columns of [`RevisionRow`].
macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, post, number, content, digest, editor, proposer, report, checked_with, created_at from revision ",
            $rest
        )
    };
}

queries! {
    ADD = "insert into revision (id, post, number, content, digest, editor, proposer, report, checked_with, created_at) \
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    REPORT = "update revision set report = $2, checked_with = $3 where id = $1";
    GET = columns!("where id = $1");
    BY_NUMBER = columns!("where post = $1 and number = $2");
    LOOKED = "select coalesce(max(r.number), 0) from revision r where r.post = $1 and r.number < $3 and (r.editor = $2 \
              or r.id in (select a.revision from approval a where a.post = $1 and a.member = $2) \
              or r.id in (select w.revision from waiver w where w.post = $1 and w.member = $2) \
              or r.id in (select c.revision from comment c where c.post = $1 and c.author = $2) \
              or r.id in (select s.base from suggestion s where s.post = $1 and s.author = $2))";
    HISTORY = "select id, number, digest, editor, proposer, created_at from revision where post = $1 \
               order by number desc limit 500";
}

/// What comes with a new revision besides its head.
#[derive(Clone, Copy, Debug)]
pub struct NewRevision<'a> {
    /// The content; its digest is the one in the head.
    pub content: &'a Content,
    /// What the check found.
    pub report: Option<&'a Value>,
    /// Versions of engine and packs that made the report.
    pub checked_with: Option<&'a str>,
}

/// A revision.
#[derive(Clone, Debug, PartialEq)]
pub struct RevisionRow {
    /// The revision.
    pub id: RevisionId,
    /// Of which post.
    pub post: PostId,
    /// 1 for the first.
    pub number: u32,
    /// What it says.
    pub content: Content,
    /// The digest when it was saved. Whoever relies on it compares with [`Content::digest`].
    pub digest: Digest,
    /// Who saved it.
    pub editor: MemberId,
    /// Whose proposed edit it contains.
    pub proposer: Option<MemberId>,
    /// What the check found.
    pub report: Option<Value>,
    /// Versions of engine and packs that made the report.
    pub checked_with: Option<String>,
    /// When it was saved.
    pub created_at: Timestamp,
}

impl RevisionRow {
    /// The part that decisions depend on.
    pub const fn head(&self) -> RevisionHead {
        RevisionHead {
            id: self.id,
            number: self.number,
            digest: self.digest,
            editor: self.editor,
            proposer: self.proposer,
        }
    }
}

impl FromRow for RevisionRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            post: row.id("post")?,
            number: row.num("number")?,
            content: row.json("content")?,
            digest: Digest(row.hash("digest")?),
            editor: row.id("editor")?,
            proposer: row.id_opt("proposer")?,
            report: row.json_opt("report")?,
            checked_with: row.text_opt("checked_with")?,
            created_at: row.time("created_at")?,
        })
    }
}

/// One line of a post's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionLine {
    /// The revision.
    pub head: RevisionHead,
    /// When it was saved.
    pub created_at: Timestamp,
}

impl FromRow for RevisionLine {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            head: RevisionHead {
                id: row.id("id")?,
                number: row.num("number")?,
                digest: Digest(row.hash("digest")?),
                editor: row.id("editor")?,
                proposer: row.id_opt("proposer")?,
            },
            created_at: row.time("created_at")?,
        })
    }
}

impl Conn {
    /// One revision.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn revision(&mut self, id: RevisionId) -> Result<RevisionRow> {
        q(GET).id(id).one(self).await
    }

    /// One revision of a post by its number.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn revision_number(&mut self, post: PostId, number: u32) -> Result<RevisionRow> {
        q(BY_NUMBER).id(post).int(number.into()).one(self).await
    }

    /// The number of the last revision before `number` that a member had in hand: wrote, approved, spoke about, lifted a
    /// finding of or proposed an edit to. Nothing records mere reading.
    pub async fn revision_looked_at(
        &mut self,
        post: PostId,
        member: MemberId,
        number: u32,
    ) -> Result<Option<u32>> {
        let last: i64 = q(LOOKED)
            .id(post)
            .id(member)
            .int(number.into())
            .one(self)
            .await?;
        Ok(u32::try_from(last).ok().filter(|n| *n > 0))
    }

    /// The latest 500 revisions of a post, newest first, without their contents.
    pub async fn revisions(&mut self, post: PostId) -> Result<Vec<RevisionLine>> {
        q(HISTORY).id(post).all(self).await
    }
}

impl Tx {
    pub(crate) async fn revision_add(
        &mut self,
        post: PostId,
        head: &RevisionHead,
        new: NewRevision<'_>,
        now: Timestamp,
    ) -> Result<()> {
        q(ADD)
            .id(head.id)
            .id(post)
            .int(head.number.into())
            .json(new.content)
            .bytes(head.digest.0)
            .id(head.editor)
            .id_opt(head.proposer)
            .json_opt(new.report)
            .text_opt(new.checked_with)
            .time(now)
            .run(self)
            .await?;
        self.media_used(post, new.content).await
    }

    /// The same content was checked again, by a newer engine or newer packs.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn revision_report(
        &mut self,
        id: RevisionId,
        report: &Value,
        checked_with: &str,
    ) -> Result<()> {
        q(REPORT)
            .id(id)
            .json(report)
            .text(checked_with)
            .run_found(self)
            .await
    }
}
