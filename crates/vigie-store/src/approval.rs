//! Approvals. One that no longer counts keeps its row and its evidence.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::content::Digest;
use vigie_core::id::{PostId, RevisionId};
use vigie_core::post::{Approval, Post};
use vigie_core::seal::Assertion;

queries! {
    ADD = "insert into approval (post, revision, member, digest, skills, seal, assertion, at, since) \
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    VOID = "update approval set voided_at = $3 where post = $1 and member = $2 and voided_at is null";
    COUNTING = "select revision, member, digest, skills, seal, assertion, at, voided_at from approval \
                where post = $1 and voided_at is null order by since, at";
    ALL = "select revision, member, digest, skills, seal, assertion, at, voided_at from approval \
           where post = $1 order by since, at";
}

/// An approval with its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct ApprovalRow {
    /// The approval.
    pub approval: Approval,
    /// Of which revision.
    pub revision: RevisionId,
    /// The passkey's assertion ([`Assertion`] as JSON), for a passkey's seal. Read when it is checked, so that a
    /// damaged one refuses the publication and not the page.
    pub assertion: Option<String>,
    /// When it stopped counting.
    pub voided_at: Option<Timestamp>,
}

impl FromRow for ApprovalRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            approval: Approval {
                by: row.id("member")?,
                digest: Digest(row.hash("digest")?),
                skills: row.json("skills")?,
                at: row.time("at")?,
                seal: row.word("seal")?,
            },
            revision: row.id("revision")?,
            assertion: row.text_opt("assertion")?,
            voided_at: row.time_opt("voided_at")?,
        })
    }
}

impl Conn {
    pub(crate) async fn approvals_counting(&mut self, post: PostId) -> Result<Vec<Approval>> {
        Ok(self
            .approval_evidence(post)
            .await?
            .into_iter()
            .map(|row| row.approval)
            .collect())
    }

    /// The approvals that count, with their evidence: checked again before publishing.
    pub async fn approval_evidence(&mut self, post: PostId) -> Result<Vec<ApprovalRow>> {
        q(COUNTING).id(post).all(self).await
    }

    /// Every approval a post ever had, oldest first.
    pub async fn approvals(&mut self, post: PostId) -> Result<Vec<ApprovalRow>> {
        q(ALL).id(post).all(self).await
    }
}

impl Tx {
    pub(crate) async fn approvals_save(
        &mut self,
        before: &Post,
        after: &Post,
        assertion: Option<&Assertion>,
        version: i64,
        now: Timestamp,
    ) -> Result<()> {
        for gone in before
            .approvals
            .iter()
            .filter(|old| !after.approvals.contains(old))
        {
            q(VOID)
                .id(before.id)
                .id(gone.by)
                .time(now)
                .run(self)
                .await?;
        }
        for new in after
            .approvals
            .iter()
            .filter(|new| !before.approvals.contains(new))
        {
            q(ADD)
                .id(after.id)
                .id(after.revision.id)
                .id(new.by)
                .bytes(new.digest.0)
                .json(&new.skills)
                .word(&new.seal)
                .json_opt(assertion)
                .time(new.at)
                .int(version)
                .run(self)
                .await?;
        }
        Ok(())
    }
}
