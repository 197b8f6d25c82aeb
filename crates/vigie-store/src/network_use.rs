//! What was used, month by month, of what a network asks money for.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use sqlx::any::AnyRow;
use vigie_core::content::Platform;

queries! {
    ADD = "insert into network_use (platform, month, what, n) values ($1, $2, $3, $4) \
           on conflict (platform, month, what) do update set n = network_use.n + excluded.n";
    OF = "select what, n from network_use where platform = $1 and month = $2 order by what";
}

struct Line(String, u64);

impl FromRow for Line {
    fn from_row(row: &AnyRow) -> Result<Self> {
        let n = u64::try_from(row.int("n")?).unwrap_or_default();
        Ok(Self(row.text("what")?, n))
    }
}

impl Conn {
    /// What was used in a month (`YYYY-MM`): the name of its price, and how many.
    pub async fn network_use(
        &mut self,
        platform: Platform,
        month: &str,
    ) -> Result<Vec<(String, u64)>> {
        let all: Vec<Line> = q(OF).word(&platform).text(month).all(self).await?;
        Ok(all.into_iter().map(|line| (line.0, line.1)).collect())
    }
}

impl Tx {
    /// More was used.
    pub async fn network_use_add(
        &mut self,
        platform: Platform,
        month: &str,
        what: &str,
        count: u64,
    ) -> Result<()> {
        q(ADD)
            .word(&platform)
            .text(month)
            .text(what)
            .int(i64::try_from(count).unwrap_or(i64::MAX))
            .run(self)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn what_was_used_adds_up_in_its_month() {
        testing::both_engines(|store| async move {
            let mut tx = store.begin().await.unwrap();
            let x = Platform::X;
            tx.network_use_add(x, "2026-11", "post", 2).await.unwrap();
            tx.network_use_add(x, "2026-11", "post", 3).await.unwrap();
            tx.network_use_add(x, "2026-12", "post", 1).await.unwrap();
            let used = tx.network_use(x, "2026-11").await.unwrap();
            assert_eq!(used, [("post".to_owned(), 5)]);
            let other = tx.network_use(Platform::LinkedIn, "2026-11").await.unwrap();
            assert_eq!(other, []);
        })
        .await;
    }
}
