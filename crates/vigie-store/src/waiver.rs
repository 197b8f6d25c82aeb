//! Waivers: blocking findings lifted by a second person, with the reason. Void ones keep their row.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::content::Digest;
use vigie_core::id::{PostId, RevisionId};
use vigie_core::post::{Post, Waiver};

queries! {
    ADD = "insert into waiver (post, revision, member, rule, reason, digest, at, since) \
           values ($1, $2, $3, $4, $5, $6, $7, $8)";
    VOID = "update waiver set voided_at = $3 where post = $1 and rule = $2 and voided_at is null";
    COUNTING = "select revision, member, rule, reason, digest, at, voided_at from waiver \
                where post = $1 and voided_at is null order by since, rule";
    ALL = "select revision, member, rule, reason, digest, at, voided_at from waiver \
           where post = $1 order by since, rule";
}

/// A waiver and whether it still counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverRow {
    /// The waiver.
    pub waiver: Waiver,
    /// For which revision.
    pub revision: RevisionId,
    /// When it stopped counting.
    pub voided_at: Option<Timestamp>,
}

impl FromRow for WaiverRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            waiver: Waiver {
                by: row.id("member")?,
                rule: row.text("rule")?,
                reason: row.text("reason")?,
                digest: Digest(row.hash("digest")?),
                at: row.time("at")?,
            },
            revision: row.id("revision")?,
            voided_at: row.time_opt("voided_at")?,
        })
    }
}

impl Conn {
    pub(crate) async fn waivers_counting(&mut self, post: PostId) -> Result<Vec<Waiver>> {
        let rows: Vec<WaiverRow> = q(COUNTING).id(post).all(self).await?;
        Ok(rows.into_iter().map(|row| row.waiver).collect())
    }

    /// Every waiver a post ever had, oldest first.
    pub async fn waivers(&mut self, post: PostId) -> Result<Vec<WaiverRow>> {
        q(ALL).id(post).all(self).await
    }
}

impl Tx {
    pub(crate) async fn waivers_save(
        &mut self,
        before: &Post,
        after: &Post,
        version: i64,
        now: Timestamp,
    ) -> Result<()> {
        for gone in before
            .waivers
            .iter()
            .filter(|old| !after.waivers.contains(old))
        {
            q(VOID)
                .id(before.id)
                .text(&gone.rule)
                .time(now)
                .run(self)
                .await?;
        }
        for new in after
            .waivers
            .iter()
            .filter(|new| !before.waivers.contains(new))
        {
            q(ADD)
                .id(after.id)
                .id(after.revision.id)
                .id(new.by)
                .text(&new.rule)
                .text(&new.reason)
                .bytes(new.digest.0)
                .time(new.at)
                .int(version)
                .run(self)
                .await?;
        }
        Ok(())
    }
}
