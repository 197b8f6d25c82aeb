//! The organisation's way to send letters, and to read answers.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::id::{MailServerId, MemberId, SecretId};

/// The columns of [`MailServerRow`].
macro_rules! servers {
    ($rest:literal) => {
        concat!(
            "select id, status, sender, server, account, selector, domain, record, inbox, inbox_account, folder, \
             trusted, secret, trouble, inbox_trouble, cursor, read_at, created_by, created_at from mail_server ",
            $rest
        )
    };
}

queries! {
    ADD = "insert into mail_server (id, status, sender, server, account, selector, domain, record, inbox, \
           inbox_account, folder, trusted, secret, created_by, created_at) \
           values ($1, 'pending', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    GET = servers!("where id = $1");
    IN_USE = servers!("where status = 'open'");
    EVER = "select count(*) from mail_server where created_by = $1";
    LIST = servers!("where status <> 'closed' order by created_at, id");
    OPEN = "update mail_server set status = 'open' where id = $1 and status = 'pending'";
    CLOSE = "update mail_server set status = 'closed', secret = null where id = $1 and status <> 'closed'";
    TROUBLE = "update mail_server set trouble = $2 where id = $1";
    INBOX_TROUBLE = "update mail_server set inbox_trouble = $2 where id = $1";
    CLAIM = "update mail_server set read_at = $3 where id = $1 and status = 'open' and coalesce(read_at, 0) = $2";
    CURSOR = "update mail_server set cursor = $2, inbox_trouble = null where id = $1 and coalesce(cursor, '') = $3";
}

/// A server that takes the organisation's letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServerRow {
    /// Its id.
    pub id: MailServerId,
    /// `pending`, `open` or `closed`.
    pub status: String,
    /// The address that letters come from.
    pub sender: String,
    /// Where letters are submitted.
    pub server: String,
    /// Who Vigie is there; empty where the server knows it by its address.
    pub account: String,
    /// DKIM selector; empty where Vigie does not sign.
    pub selector: String,
    /// DKIM domain.
    pub domain: String,
    /// The text to publish there.
    pub record: String,
    /// Where answers are read; empty where they are not.
    pub inbox: String,
    /// Who Vigie is there.
    pub inbox_account: String,
    /// The folder.
    pub folder: String,
    /// The name of the receiving server whose word counts; empty for none.
    pub trusted: String,
    /// Its sealed passwords and key.
    pub secret: Option<SecretId>,
    /// Why the last letter did not go, a stable name.
    pub trouble: Option<String>,
    /// Why the inbox was not read, a stable name.
    pub inbox_trouble: Option<String>,
    /// How far the inbox has been read: JSON.
    pub cursor: Option<String>,
    /// When the inbox was last looked at.
    pub read_at: Option<Timestamp>,
    /// Who set it up.
    pub created_by: MemberId,
    /// When.
    pub created_at: Timestamp,
}

impl FromRow for MailServerRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            status: row.text("status")?,
            sender: row.text("sender")?,
            server: row.text("server")?,
            account: row.text("account")?,
            selector: row.text("selector")?,
            domain: row.text("domain")?,
            record: row.text("record")?,
            inbox: row.text("inbox")?,
            inbox_account: row.text("inbox_account")?,
            folder: row.text("folder")?,
            trusted: row.text("trusted")?,
            secret: row.id_opt("secret")?,
            trouble: row.text_opt("trouble")?,
            inbox_trouble: row.text_opt("inbox_trouble")?,
            cursor: row.text_opt("cursor")?,
            read_at: row.time_opt("read_at")?,
            created_by: row.id("created_by")?,
            created_at: row.time("created_at")?,
        })
    }
}

impl Conn {
    /// One, whatever its state.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn mail_server(&mut self, id: MailServerId) -> Result<MailServerRow> {
        q(GET).id(id).one(self).await
    }

    /// The one in use.
    pub async fn mail_server_in_use(&mut self) -> Result<Option<MailServerRow>> {
        q(IN_USE).maybe(self).await
    }

    /// Whether a member ever set one up, confirmed or not, closed or not: they may know what signs letters.
    pub async fn mail_server_ever_by(&mut self, member: MemberId) -> Result<bool> {
        let count: i64 = q(EVER).id(member).one(self).await?;
        Ok(count > 0)
    }

    /// The one in use and those that wait for a second person.
    pub async fn mail_servers(&mut self) -> Result<Vec<MailServerRow>> {
        q(LIST).all(self).await
    }
}

impl Tx {
    /// Prepares one; it is pending.
    pub async fn mail_server_add(&mut self, row: &MailServerRow) -> Result<()> {
        q(ADD)
            .id(row.id)
            .text(&row.sender)
            .text(&row.server)
            .text(&row.account)
            .text(&row.selector)
            .text(&row.domain)
            .text(&row.record)
            .text(&row.inbox)
            .text(&row.inbox_account)
            .text(&row.folder)
            .text(&row.trusted)
            .id_opt(row.secret)
            .id(row.created_by)
            .time(row.created_at)
            .run(self)
            .await?;
        Ok(())
    }

    /// A second person confirmed it: it takes the place of the one in use.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it is not pending.
    pub async fn mail_server_open(&mut self, id: MailServerId) -> Result<()> {
        if let Some(before) = self.mail_server_in_use().await? {
            self.mail_server_close(before.id).await?;
        }
        q(OPEN).id(id).run_one(self).await
    }

    /// No longer used; its secrets are destroyed.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it is closed already.
    pub async fn mail_server_close(&mut self, id: MailServerId) -> Result<()> {
        let secret = self.mail_server(id).await?.secret;
        q(CLOSE).id(id).run_one(self).await?;
        if let Some(secret) = secret {
            self.secret_delete(secret).await?;
        }
        Ok(())
    }

    /// Why the last letter did not go; nothing when it did.
    pub async fn mail_trouble(&mut self, id: MailServerId, code: Option<&str>) -> Result<()> {
        q(TROUBLE).id(id).text_opt(code).run(self).await?;
        Ok(())
    }

    /// Why the inbox was not read.
    pub async fn mail_inbox_trouble(&mut self, id: MailServerId, code: &str) -> Result<()> {
        q(INBOX_TROUBLE).id(id).text(code).run(self).await?;
        Ok(())
    }

    /// Takes this look at the inbox, if nobody took it since `seen`.
    pub async fn mail_claim_reading(
        &mut self,
        id: MailServerId,
        seen: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool> {
        let seen = seen.map_or(0, Timestamp::as_microsecond);
        Ok(q(CLAIM).id(id).int(seen).time(now).run(self).await? == 1)
    }

    /// How far the inbox has been read, in the transaction that keeps its letters.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if somebody else has read on from `seen` meanwhile.
    pub async fn mail_cursor(
        &mut self,
        id: MailServerId,
        seen: Option<&str>,
        cursor: &str,
    ) -> Result<()> {
        q(CURSOR)
            .id(id)
            .text(cursor)
            .text(seen.unwrap_or_default())
            .run_one(self)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};

    #[tokio::test]
    async fn one_server_is_in_use_and_one_reader_reads_on() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let mut row = MailServerRow {
                id: MailServerId::new(uuid::Uuid::from_u128(1)),
                status: "pending".into(),
                sender: "vigie@corp.test".into(),
                server: "smtp://mail.corp.test".into(),
                account: "vigie".into(),
                selector: String::new(),
                domain: String::new(),
                record: String::new(),
                inbox: "imaps://mail.corp.test".into(),
                inbox_account: "vigie".into(),
                folder: "INBOX".into(),
                trusted: String::new(),
                secret: None,
                trouble: None,
                inbox_trouble: None,
                cursor: None,
                read_at: None,
                created_by: ines,
                created_at: now,
            };
            let mut tx = store.begin().await.unwrap();
            assert!(!tx.mail_server_ever_by(ines).await.unwrap());
            tx.mail_server_add(&row).await.unwrap();
            assert!(tx.mail_server_ever_by(ines).await.unwrap());
            assert_eq!(tx.mail_server_in_use().await.unwrap(), None);
            assert!(!tx.mail_claim_reading(row.id, None, now).await.unwrap());
            tx.mail_server_open(row.id).await.unwrap();
            assert!(tx.mail_claim_reading(row.id, None, now).await.unwrap());
            assert!(!tx.mail_claim_reading(row.id, None, now).await.unwrap());
            assert!(tx.mail_claim_reading(row.id, Some(now), now).await.unwrap());
            tx.mail_cursor(row.id, None, "{1}").await.unwrap();
            let late = tx.mail_cursor(row.id, None, "{2}").await;
            assert!(matches!(late, Err(Error::Conflict)));
            tx.mail_cursor(row.id, Some("{1}"), "{2}").await.unwrap();
            tx.mail_trouble(row.id, Some("slow")).await.unwrap();
            tx.mail_inbox_trouble(row.id, "slow").await.unwrap();
            let seen = tx.mail_server_in_use().await.unwrap().unwrap();
            assert_eq!(seen.trouble.as_deref(), Some("slow"));
            // The next one takes its place.
            let first = row.id;
            row.id = MailServerId::new(uuid::Uuid::from_u128(2));
            tx.mail_server_add(&row).await.unwrap();
            assert_eq!(tx.mail_servers().await.unwrap().len(), 2);
            tx.mail_server_open(row.id).await.unwrap();
            assert_eq!(tx.mail_server_in_use().await.unwrap().unwrap().id, row.id);
            assert_eq!(tx.mail_server(first).await.unwrap().status, "closed");
            tx.mail_server_close(row.id).await.unwrap();
            assert!(tx.mail_servers().await.unwrap().is_empty());
            assert!(tx.mail_server_ever_by(ines).await.unwrap());
            assert!(matches!(
                tx.mail_server_close(row.id).await,
                Err(Error::Conflict)
            ));
        })
        .await;
    }
}
