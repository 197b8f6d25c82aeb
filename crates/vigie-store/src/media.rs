//! Pictures, kept once by the digest of their exact bytes, with a small version for pages.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::content::{Content, Digest, MediaRef, Variant};
use vigie_core::id::{MediaId, MemberId, PostId};

queries! {
    ADD = "insert into media (id, sha256, mime, width, height, size, bytes, thumb, owner, created_at) \
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (sha256) do nothing";
    TOUCH = "update media set created_at = $2 where sha256 = $1 and created_at < $2";
    META = "select id, sha256, mime, width, height, size, owner, created_at from media where sha256 = $1";
    META_BY_ID = "select id, sha256, mime, width, height, size, owner, created_at from media where id = $1";
    BYTES = "select bytes from media where sha256 = $1";
    THUMB = "select thumb from media where sha256 = $1";
    TOTAL = "select cast(coalesce(sum(size), 0) as bigint) from media";
    OWNED_SINCE = "select cast(coalesce(sum(size), 0) as bigint) from media where owner = $1 and created_at >= $2";
    USE = "insert into media_use (sha256, post) values ($1, $2) on conflict (sha256, post) do nothing";
    FORGET = "delete from media where created_at < $1 \
              and sha256 not in (select u.sha256 from media_use u)";
}

/// What is known of a picture, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaRow {
    /// The picture.
    pub id: MediaId,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Its type, found by content.
    pub mime: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Size in bytes.
    pub size: u64,
    /// Who first brought it.
    pub owner: MemberId,
    /// When it was last brought.
    pub created_at: Timestamp,
}

impl MediaRow {
    /// The picture as a content names it.
    pub fn reference(&self, alt: String, decorative: bool) -> MediaRef {
        MediaRef {
            sha256: self.sha256,
            mime: self.mime.clone(),
            width: self.width,
            height: self.height,
            alt,
            decorative,
        }
    }
}

impl FromRow for MediaRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            sha256: Digest(row.hash("sha256")?),
            mime: row.text("mime")?,
            width: row.num("width")?,
            height: row.num("height")?,
            size: row.num("size")?,
            owner: row.id("owner")?,
            created_at: row.time("created_at")?,
        })
    }
}

/// Bytes of one column.
struct Bytes(Vec<u8>);

impl FromRow for Bytes {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self(sqlx::Row::try_get(row, 0)?))
    }
}

/// A picture as it is brought, decoded and encoded again.
#[derive(Clone, Copy, Debug)]
pub struct NewMedia<'a> {
    /// Its id, unless the same bytes are there already.
    pub id: MediaId,
    /// SHA-256 of `bytes`.
    pub sha256: Digest,
    /// Type of `bytes`.
    pub mime: &'a str,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The exact bytes that will be sent.
    pub bytes: &'a [u8],
    /// A small version for pages.
    pub thumb: &'a [u8],
    /// Who brings it.
    pub owner: MemberId,
}

impl Conn {
    /// What is known of a picture, by digest.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn media(&mut self, sha256: Digest) -> Result<MediaRow> {
        q(META).bytes(sha256.0).one(self).await
    }

    /// What is known of a picture, by id.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn media_by_id(&mut self, id: MediaId) -> Result<MediaRow> {
        q(META_BY_ID).id(id).one(self).await
    }

    /// The exact bytes of a picture. The publisher compares their digest again.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn media_bytes(&mut self, sha256: Digest) -> Result<Vec<u8>> {
        Ok(q(BYTES).bytes(sha256.0).one::<Bytes>(self).await?.0)
    }

    /// The small version of a picture.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn media_thumb(&mut self, sha256: Digest) -> Result<Vec<u8>> {
        Ok(q(THUMB).bytes(sha256.0).one::<Bytes>(self).await?.0)
    }

    /// Bytes of all pictures together.
    pub async fn media_total(&mut self) -> Result<i64> {
        q(TOTAL).one(self).await
    }

    /// Bytes that a member brought since `from`, for a limit.
    pub async fn media_brought(&mut self, owner: MemberId, from: Timestamp) -> Result<i64> {
        q(OWNED_SINCE).id(owner).time(from).one(self).await
    }
}

impl Tx {
    /// Keeps a picture. The same bytes are kept once: the row that is there already is then returned.
    pub async fn media_add(&mut self, new: NewMedia<'_>, now: Timestamp) -> Result<MediaRow> {
        let added = q(ADD)
            .id(new.id)
            .bytes(new.sha256.0)
            .text(new.mime)
            .int(new.width.into())
            .int(new.height.into())
            .int(i64::try_from(new.bytes.len()).unwrap_or(i64::MAX))
            .bytes(new.bytes)
            .bytes(new.thumb)
            .id(new.owner)
            .time(now)
            .run(self)
            .await?;
        if added == 0 {
            // Brought again: it counts as fresh, or the sweep could take it from under the composer.
            q(TOUCH).bytes(new.sha256.0).time(now).run(self).await?;
        }
        self.media(new.sha256).await
    }

    /// Notes that a post shows, showed or was offered the pictures of `content`: they are kept from now on.
    pub(crate) async fn media_used(&mut self, post: PostId, content: &Content) -> Result<()> {
        for media in content.variants.iter().flat_map(Variant::all_media) {
            q(USE).bytes(media.sha256.0).id(post).run(self).await?;
        }
        Ok(())
    }

    /// Forgets pictures brought before `before` that no post ever used; how many.
    pub async fn media_sweep(&mut self, before: Timestamp) -> Result<u64> {
        let gone = q(FORGET).time(before).run(self).await?;
        if gone > 0 {
            self.media_evidence_sweep().await?;
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_picture_is_kept_once_and_while_it_is_used() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let channel = testing::channel(&store, ines, "acme").await;
            let new = |n: u8| NewMedia {
                id: MediaId::new(uuid::Uuid::now_v7()),
                sha256: Digest([n; 32]),
                mime: "image/png",
                width: 10,
                height: 20,
                bytes: b"\x00png\xff",
                thumb: b"t",
                owner: ines,
            };
            let mut tx = store.begin().await.unwrap();
            let used = tx.media_add(new(1), now).await.unwrap();
            assert_eq!(tx.media_add(new(1), now).await.unwrap().id, used.id);
            tx.media_add(new(2), now).await.unwrap();
            assert_eq!(tx.media_bytes(used.sha256).await.unwrap(), b"\x00png\xff");
            assert_eq!(tx.media_thumb(used.sha256).await.unwrap(), b"t");
            assert_eq!(tx.media_by_id(used.id).await.unwrap(), used);
            assert_eq!(tx.media_total().await.unwrap(), 10);
            assert_eq!(tx.media_brought(ines, now).await.unwrap(), 10);
            tx.commit().await.unwrap();

            let mut content = testing::content(&[channel], "Bonjour", None);
            content.variants[0]
                .media
                .push(used.reference("Un logo".into(), false));
            testing::draft(&store, ines, &content).await;

            let mut tx = store.begin().await.unwrap();
            assert_eq!(tx.media_sweep(now).await.unwrap(), 0, "fresh ones stay");
            let later = now.checked_add(SignedDuration::from_secs(1)).unwrap();
            assert_eq!(tx.media_sweep(later).await.unwrap(), 1);
            assert!(tx.media(used.sha256).await.is_ok());
            assert!(matches!(
                tx.media(Digest([2; 32])).await,
                Err(Error::NotFound)
            ));
        })
        .await;
    }
}
