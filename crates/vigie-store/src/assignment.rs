//! Who was asked to review what. Being asked also moves a member to the end of the rotation.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::id::PostId;
use vigie_core::post::{Assignment, Post};

queries! {
    ADD = "insert into assignment (post, member, at, since, n) values ($1, $2, $3, $4, $5)";
    END = "update assignment set ended_at = $3 where post = $1 and member = $2 and ended_at is null";
    CURRENT = "select member, at from assignment where post = $1 and ended_at is null order by since, n";
    /// Posts in review whose last reviewer was asked at `$1` or before.
    WAITING = "select p.id from post p where p.state = 'in_review' and (select coalesce(max(a.at), 0) \
               from assignment a where a.post = p.id and a.ended_at is null) <= $1 order by p.id limit $2";
}

struct Line(Assignment);

impl FromRow for Line {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self(Assignment {
            member: row.id("member")?,
            at: row.time("at")?,
        }))
    }
}

impl Conn {
    pub(crate) async fn assigned(&mut self, post: PostId) -> Result<Vec<Assignment>> {
        let lines: Vec<Line> = q(CURRENT).id(post).all(self).await?;
        Ok(lines.into_iter().map(|line| line.0).collect())
    }

    /// At most `limit` posts in review whose last reviewer was asked at `before` or earlier, or where nobody could
    /// be asked: another peer may be offered the review.
    pub async fn posts_waiting(&mut self, before: Timestamp, limit: u32) -> Result<Vec<PostId>> {
        let ids: Vec<String> = q(WAITING).time(before).int(limit.into()).all(self).await?;
        ids.iter()
            .map(|id| {
                id.parse()
                    .map_err(|why: uuid::Error| crate::Error::Unreadable {
                        column: "id".into(),
                        why: why.to_string(),
                    })
            })
            .collect()
    }
}

impl Tx {
    pub(crate) async fn assignments_save(
        &mut self,
        before: &Post,
        after: &Post,
        version: i64,
        now: Timestamp,
    ) -> Result<()> {
        for gone in before
            .assigned
            .iter()
            .filter(|old| !after.assigned.contains(old))
        {
            q(END)
                .id(before.id)
                .id(gone.member)
                .time(now)
                .run(self)
                .await?;
        }
        for (n, new) in (0_i64..).zip(
            after
                .assigned
                .iter()
                .filter(|new| !before.assigned.contains(new)),
        ) {
            q(ADD)
                .id(after.id)
                .id(new.member)
                .time(new.at)
                .int(version)
                .int(n)
                .run(self)
                .await?;
            self.member_drawn(new.member, new.at).await?;
        }
        Ok(())
    }
}
