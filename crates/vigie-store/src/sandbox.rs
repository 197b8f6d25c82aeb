//! The built-in network that stands in for a real one: accounts and the posts on their pages. Like any other network
//! it knows nothing of channels and publications; a connector speaks with it.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Error, Result, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use vigie_core::content::{MediaRef, Repliers};

queries! {
    ACCOUNT_ADD = "insert into sandbox_account (account, handle, display, token, created_at) values ($1, $2, $3, $4, $5)";
    ACCOUNT_DRESS = "update sandbox_account set display = $2, about = $3, website = $4 where account = $1";
    ACCOUNT = "select account, handle, display, token, created_at, about, website from sandbox_account where account = $1";
    BY_HANDLE = "select account, handle, display, token, created_at, about, website from sandbox_account where handle = $1";
    PUT = "insert into sandbox_post (account, remote_key, body, content_id, created_at) values ($1, $2, $3, $4, $5) \
           on conflict (account, remote_key) do nothing";
    EDIT = "update sandbox_post set body = $3, content_id = $4, edited_at = $5 where account = $1 and remote_key = $2";
    DELETE = "delete from sandbox_post where account = $1 and remote_key = $2";
    GET = "select account, remote_key, body, content_id, created_at, edited_at from sandbox_post \
           where account = $1 and remote_key = $2";
    LIST = "select account, remote_key, body, content_id, created_at, edited_at from sandbox_post \
            where account = $1 and (created_at < $2 or (created_at = $2 and remote_key < $3)) \
            order by created_at desc, remote_key desc limit $4";
}

/// An account of the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxAccount {
    /// Its stable id.
    pub account: String,
    /// Its name in addresses.
    pub handle: String,
    /// Its name for people.
    pub display: String,
    /// SHA-256 of the token that opens it.
    pub token: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// What it says about itself.
    pub about: Option<String>,
    /// The link that it shows.
    pub website: Option<String>,
}

impl FromRow for SandboxAccount {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            account: row.text("account")?,
            handle: row.text("handle")?,
            display: row.text("display")?,
            token: row.hash("token")?,
            created_at: row.time("created_at")?,
            about: row.text_opt("about")?,
            website: row.text_opt("website")?,
        })
    }
}

/// What a post on a page says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxBody {
    /// The text.
    pub text: String,
    /// A link shown as a card.
    pub link: Option<String>,
    /// Languages of the text.
    pub langs: Vec<String>,
    /// Pictures; their bytes are in `media`.
    pub media: Vec<MediaRef>,
    /// What is shown before the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Who may answer.
    #[serde(default, skip_serializing_if = "Repliers::is_everyone")]
    pub repliers: Repliers,
    /// The post that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
}

/// A post on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxPost {
    /// On whose page.
    pub account: String,
    /// Its name there, chosen by who posted it.
    pub key: String,
    /// What it says.
    pub body: SandboxBody,
    /// Digest of that, as the network computes it.
    pub content_id: String,
    /// When it was posted.
    pub created_at: Timestamp,
    /// When it was changed.
    pub edited_at: Option<Timestamp>,
}

impl FromRow for SandboxPost {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            account: row.text("account")?,
            key: row.text("remote_key")?,
            body: row.json("body")?,
            content_id: row.text("content_id")?,
            created_at: row.time("created_at")?,
            edited_at: row.time_opt("edited_at")?,
        })
    }
}

/// What came of posting under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxPut {
    /// It is new on the page.
    Created,
    /// The very same was there already: posting again is harmless.
    Same,
    /// Something else is there under this key; nothing was changed.
    Different,
}

impl Conn {
    /// An account by id.
    pub async fn sandbox_account(&mut self, account: &str) -> Result<Option<SandboxAccount>> {
        q(ACCOUNT).text(account).maybe(self).await
    }

    /// An account by its name in addresses.
    pub async fn sandbox_account_by_handle(
        &mut self,
        handle: &str,
    ) -> Result<Option<SandboxAccount>> {
        q(BY_HANDLE).text(handle).maybe(self).await
    }

    /// One post.
    pub async fn sandbox_post(&mut self, account: &str, key: &str) -> Result<Option<SandboxPost>> {
        q(GET).text(account).text(key).maybe(self).await
    }

    /// A page, latest first, from after the post `(created_at, key)`.
    pub async fn sandbox_posts(
        &mut self,
        account: &str,
        after: Option<(Timestamp, &str)>,
        limit: u32,
    ) -> Result<Vec<SandboxPost>> {
        q(LIST)
            .text(account)
            .int(after.map_or(i64::MAX, |(at, _)| at.as_microsecond()))
            .text(after.map_or("", |(_, key)| key))
            .int(limit.into())
            .all(self)
            .await
    }
}

impl Tx {
    /// Makes an account.
    ///
    /// # Errors
    /// [`Error::Unique`] if the id or name is taken.
    pub async fn sandbox_account_add(&mut self, new: &SandboxAccount) -> Result<()> {
        q(ACCOUNT_ADD)
            .text(&new.account)
            .text(&new.handle)
            .text(&new.display)
            .bytes(new.token)
            .time(new.created_at)
            .run(self)
            .await?;
        Ok(())
    }

    /// Somebody changes what a page shows of itself.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn sandbox_account_dress(
        &mut self,
        account: &str,
        display: &str,
        about: &str,
        website: &str,
    ) -> Result<()> {
        q(ACCOUNT_DRESS)
            .text(account)
            .text(display)
            .text(about)
            .text(website)
            .run_found(self)
            .await
    }

    /// Posts under a key. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`Error::Reference`] for an unknown account.
    pub async fn sandbox_put(
        &mut self,
        account: &str,
        key: &str,
        body: &SandboxBody,
        content_id: &str,
        now: Timestamp,
    ) -> Result<SandboxPut> {
        if q(PUT)
            .text(account)
            .text(key)
            .json(body)
            .text(content_id)
            .time(now)
            .run(self)
            .await?
            == 1
        {
            return Ok(SandboxPut::Created);
        }
        let there = self
            .sandbox_post(account, key)
            .await?
            .ok_or(Error::NotFound)?;
        Ok(if there.content_id == content_id {
            SandboxPut::Same
        } else {
            SandboxPut::Different
        })
    }

    /// Somebody changes a post on the page without Vigie.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn sandbox_edit(
        &mut self,
        account: &str,
        key: &str,
        body: &SandboxBody,
        content_id: &str,
        now: Timestamp,
    ) -> Result<()> {
        q(EDIT)
            .text(account)
            .text(key)
            .json(body)
            .text(content_id)
            .time(now)
            .run_found(self)
            .await
    }

    /// Deletes a post; true if it was there.
    pub async fn sandbox_delete(&mut self, account: &str, key: &str) -> Result<bool> {
        Ok(q(DELETE).text(account).text(key).run(self).await? > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn posting_twice_is_harmless_and_a_page_can_be_tampered_with() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let account = SandboxAccount {
                account: "sandbox:acme".into(),
                handle: "acme".into(),
                display: "Acme".into(),
                token: [7; 32],
                created_at: now,
                about: None,
                website: None,
            };
            let body = |text: &str| SandboxBody {
                text: text.into(),
                link: None,
                langs: vec![],
                media: vec![],
                warning: None,
                repliers: vigie_core::content::Repliers::Everyone,
                reply_to: None,
            };
            let mut tx = store.begin().await.unwrap();
            tx.sandbox_account_add(&account).await.unwrap();
            assert_eq!(
                tx.sandbox_account_by_handle("acme").await.unwrap().as_ref(),
                Some(&account)
            );
            let acme = account.account.as_str();
            tx.sandbox_account_dress(acme, "Acme !", "Depuis 1862.", "https://acme.example")
                .await
                .unwrap();
            let dressed = tx.sandbox_account(acme).await.unwrap().unwrap();
            assert_eq!(
                (dressed.display.as_str(), dressed.website.as_deref()),
                ("Acme !", Some("https://acme.example"))
            );
            assert_eq!(
                tx.sandbox_put(acme, "k1", &body("a"), "c1", now)
                    .await
                    .unwrap(),
                SandboxPut::Created
            );
            assert_eq!(
                tx.sandbox_put(acme, "k1", &body("a"), "c1", now)
                    .await
                    .unwrap(),
                SandboxPut::Same
            );
            assert_eq!(
                tx.sandbox_put(acme, "k1", &body("b"), "c2", now)
                    .await
                    .unwrap(),
                SandboxPut::Different
            );
            tx.sandbox_put(acme, "k2", &body("z"), "c3", now)
                .await
                .unwrap();
            tx.sandbox_edit(acme, "k1", &body("c"), "c4", now)
                .await
                .unwrap();
            let page = tx.sandbox_posts(acme, None, 1).await.unwrap();
            assert_eq!(page[0].key, "k2");
            let rest = tx
                .sandbox_posts(acme, Some((page[0].created_at, &page[0].key)), 10)
                .await
                .unwrap();
            assert_eq!(
                (rest.len(), rest[0].body.text.as_str(), rest[0].edited_at),
                (1, "c", Some(now))
            );
            assert!(tx.sandbox_delete(acme, "k1").await.unwrap());
            assert!(!tx.sandbox_delete(acme, "k1").await.unwrap());
            assert!(tx.sandbox_post(acme, "k1").await.unwrap().is_none());
        })
        .await;
    }
}
