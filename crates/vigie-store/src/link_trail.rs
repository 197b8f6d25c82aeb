//! Where links lead, as somebody found out by following them. Forgotten after a while: pages move.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use serde_json::Value;
use sqlx::any::AnyRow;

queries! {
    GET = "select trail from link_trail where link = $1 and found_at >= $2";
    PUT = "insert into link_trail (link, trail, found_at) values ($1, $2, $3) \
           on conflict (link) do update set trail = excluded.trail, found_at = excluded.found_at";
    SWEEP = "delete from link_trail where found_at < $1";
}

struct Line(Value);

impl FromRow for Line {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self(
            serde_json::from_str(&row.text("trail")?).unwrap_or_default(),
        ))
    }
}

impl Conn {
    /// What was found of a link since `from`.
    pub async fn link_trail(&mut self, link: &str, from: Timestamp) -> Result<Option<Value>> {
        let line: Option<Line> = q(GET).text(link).time(from).maybe(self).await?;
        Ok(line.map(|line| line.0).filter(|value| !value.is_null()))
    }
}

impl Tx {
    /// Keeps what was found of a link, and forgets what was found before `forget`.
    pub async fn link_trail_put(
        &mut self,
        link: &str,
        trail: &Value,
        now: Timestamp,
        forget: Timestamp,
    ) -> Result<()> {
        q(SWEEP).time(forget).run(self).await?;
        q(PUT).text(link).json(trail).time(now).run(self).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing;
    use jiff::SignedDuration;
    use serde_json::json;

    #[tokio::test]
    async fn a_trail_is_found_while_it_is_fresh() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let later = now.checked_add(SignedDuration::from_hours(25)).unwrap();
            let day_before = later.checked_sub(SignedDuration::from_hours(24)).unwrap();
            let mut tx = store.begin().await.unwrap();
            let link = "https://bit.ly/é";
            for trail in [json!({"hops": ["a"]}), json!({"hops": []})] {
                tx.link_trail_put(link, &trail, now, now).await.unwrap();
                assert_eq!(tx.link_trail(link, now).await.unwrap(), Some(trail));
            }
            assert_eq!(tx.link_trail(link, day_before).await.unwrap(), None);
            assert_eq!(tx.link_trail("https://bit.ly/x", now).await.unwrap(), None);
            tx.link_trail_put("https://other", &json!({}), later, day_before)
                .await
                .unwrap();
            assert_eq!(tx.link_trail(link, now).await.unwrap(), None, "forgotten");
        })
        .await;
    }
}
