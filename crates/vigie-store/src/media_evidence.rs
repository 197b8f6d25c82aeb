//! What was found in the file that a picture was brought as. Kept beside the picture, by the digest of what is published.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use serde_json::Value;
use sqlx::any::AnyRow;
use vigie_core::content::Digest;

queries! {
    GET = "select evidence from media_evidence where sha256 = $1";
    PUT = "insert into media_evidence (sha256, evidence) values ($1, $2) \
           on conflict (sha256) do update set evidence = excluded.evidence";
    SWEEP = "delete from media_evidence where sha256 not in (select m.sha256 from media m)";
}

struct Line(Value);

impl FromRow for Line {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self(
            serde_json::from_str(&row.text("evidence")?).unwrap_or_default(),
        ))
    }
}

impl Conn {
    /// What was found in a picture's file; nothing for a picture that was brought before this was kept.
    pub async fn media_evidence(&mut self, sha256: Digest) -> Result<Option<Value>> {
        let line: Option<Line> = q(GET).bytes(sha256.0).maybe(self).await?;
        Ok(line.map(|line| line.0).filter(|value| !value.is_null()))
    }
}

impl Tx {
    /// Keeps what was found; replaces what was kept of the same picture.
    pub async fn media_evidence_put(&mut self, sha256: Digest, evidence: &Value) -> Result<()> {
        q(PUT).bytes(sha256.0).json(evidence).run(self).await?;
        Ok(())
    }

    /// Forgets what was found in pictures that are gone.
    pub(crate) async fn media_evidence_sweep(&mut self) -> Result<u64> {
        q(SWEEP).run(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use serde_json::json;
    use vigie_core::id::MediaId;

    #[tokio::test]
    async fn evidence_is_kept_with_its_picture_and_goes_with_it() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let sha256 = Digest([7; 32]);
            let mut tx = store.begin().await.unwrap();
            assert_eq!(tx.media_evidence(sha256).await.unwrap(), None);
            tx.media_add(
                crate::NewMedia {
                    id: MediaId::new(uuid::Uuid::now_v7()),
                    sha256,
                    mime: "image/png",
                    width: 1,
                    height: 1,
                    bytes: b"p",
                    thumb: b"t",
                    owner: ines,
                },
                now,
            )
            .await
            .unwrap();
            for found in [json!({"a": 1}), json!({"a": "é"})] {
                tx.media_evidence_put(sha256, &found).await.unwrap();
                assert_eq!(tx.media_evidence(sha256).await.unwrap(), Some(found));
            }
            tx.media_sweep(now).await.unwrap();
            assert!(tx.media_evidence(sha256).await.unwrap().is_some());
            let later = now.checked_add(jiff::SignedDuration::from_secs(1)).unwrap();
            tx.media_sweep(later).await.unwrap();
            assert_eq!(tx.media_evidence(sha256).await.unwrap(), None);
        })
        .await;
    }
}
