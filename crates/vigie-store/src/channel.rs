//! Channels: the company's pages on networks. A channel is pending until a second person confirms it.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use vigie_core::content::Platform;
use vigie_core::id::{ChannelId, MemberId, SecretId};

/// The columns of [`ChannelRow`].
macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, platform, handle, display, account, service, status, trouble, color, secret, read_cursor, \
             read_at, created_by, created_at, connected_at, disconnected_at, token_until, limits, checked_at, \
             inbound_cursor from channel ",
            $rest
        )
    };
}

queries! {
    ADD = "insert into channel (id, platform, handle, display, account, service, status, color, secret, \
           created_by, created_at, token_until, limits) \
           values ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9, $10, $11, $12)";
    CONNECT = "update channel set status = 'connected', connected_at = $2 where id = $1 and status = 'pending'";
    DISCONNECT = "update channel set status = 'disconnected', secret = null, disconnected_at = $2 \
                  where id = $1 and status <> 'disconnected'";
    BROKEN = "update channel set status = 'broken', trouble = $2 where id = $1 and status in ('connected', 'broken')";
    HEALTHY = "update channel set status = 'connected', trouble = null where id = $1 and status in ('connected', 'broken')";
    LOOK = "update channel set handle = $2, display = $3, color = $4 where id = $1";
    SECRET = "update channel set secret = $2 where id = $1 and status <> 'disconnected'";
    CURSOR = "update channel set read_cursor = $2, read_at = $3 where id = $1";
    UNTIL = "update channel set token_until = $2 where id = $1";
    CHECKED = "update channel set handle = $2, limits = $3, checked_at = $4 where id = $1";
    INBOUND = "update channel set inbound_cursor = $2 where id = $1";
    /// Not within a minute of the last reading, whoever calls however often.
    LOOK_NOW = "update channel set read_at = 0 where platform = $1 and account = $2 and status = 'connected' \
                and read_at < $3";
    LOOK_NOW_ALL = "update channel set read_at = 0 where platform = $1 and status = 'connected' and read_at < $2";
    READ_CLAIM = "update channel set read_at = $3 where id = $1 and coalesce(read_at, -1) = coalesce($2, -1)";
    CHECK_CLAIM = "update channel set checked_at = $3 where id = $1 and coalesce(checked_at, -1) = coalesce($2, -1)";
    GET = columns!("where id = $1");
    LIST = columns!("order by status, display, id");
    LIVE = columns!("where status in ('connected', 'broken') order by display, id");
    BY_ACCOUNT = columns!("where platform = $1 and account = $2 and status in ('pending', 'connected', 'broken')");
}

/// Where a channel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelStatus {
    /// Waits for a second person; nothing can be published on it.
    Pending,
    /// In use.
    Connected,
    /// In use, but the network no longer lets Vigie in: nothing is sent until that is repaired.
    Broken,
    /// No longer in use; its token is destroyed.
    Disconnected,
}

impl ChannelStatus {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Connected => "connected",
            Self::Broken => "broken",
            Self::Disconnected => "disconnected",
        }
    }

    /// True while posts can be written for it.
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Connected | Self::Broken)
    }
}

/// A channel that is about to be connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChannel {
    /// The channel.
    pub id: ChannelId,
    /// Its network.
    pub platform: Platform,
    /// Its name on the network, such as `acme.example`.
    pub handle: String,
    /// Its name for people.
    pub display: String,
    /// The network's own stable id of the account, such as a DID.
    pub account: String,
    /// Address of the network's server.
    pub service: String,
    /// Name of the colour it has in the calendar.
    pub color: String,
    /// Its sealed token.
    pub secret: Option<SecretId>,
    /// When that ends and a person must do something about it.
    pub token_until: Option<Timestamp>,
    /// What its server says about itself, JSON.
    pub limits: Option<String>,
    /// Who connects it.
    pub created_by: MemberId,
}

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelRow {
    /// The channel.
    pub id: ChannelId,
    /// Its network.
    pub platform: Platform,
    /// Its name on the network.
    pub handle: String,
    /// Its name for people.
    pub display: String,
    /// The network's own stable id of the account.
    pub account: String,
    /// Address of the network's server.
    pub service: String,
    /// Where it stands.
    pub status: ChannelStatus,
    /// Why it is broken, a stable name.
    pub trouble: Option<String>,
    /// Name of the colour it has in the calendar.
    pub color: String,
    /// Its sealed token.
    pub secret: Option<SecretId>,
    /// How far the page was read back, in the network's own terms.
    pub read_cursor: Option<String>,
    /// When it was last read back.
    pub read_at: Option<Timestamp>,
    /// Who prepared it.
    pub created_by: MemberId,
    /// When.
    pub created_at: Timestamp,
    /// When a second person confirmed it.
    pub connected_at: Option<Timestamp>,
    /// When it went out of use.
    pub disconnected_at: Option<Timestamp>,
    /// When what opens it ends and a person must do something about it.
    pub token_until: Option<Timestamp>,
    /// What its server says about itself, JSON.
    pub limits: Option<String>,
    /// When what opens it was last tried.
    pub checked_at: Option<Timestamp>,
    /// How far what reached it was read, in the network's own terms.
    pub inbound_cursor: Option<String>,
}

impl FromRow for ChannelRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: row.id("id")?,
            platform: row.word("platform")?,
            handle: row.text("handle")?,
            display: row.text("display")?,
            account: row.text("account")?,
            service: row.text("service")?,
            status: row.word("status")?,
            trouble: row.text_opt("trouble")?,
            color: row.text("color")?,
            secret: row.id_opt("secret")?,
            read_cursor: row.text_opt("read_cursor")?,
            read_at: row.time_opt("read_at")?,
            created_by: row.id("created_by")?,
            created_at: row.time("created_at")?,
            connected_at: row.time_opt("connected_at")?,
            disconnected_at: row.time_opt("disconnected_at")?,
            token_until: row.time_opt("token_until")?,
            limits: row.text_opt("limits")?,
            checked_at: row.time_opt("checked_at")?,
            inbound_cursor: row.text_opt("inbound_cursor")?,
        })
    }
}

impl Conn {
    /// One channel, in any status.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn channel(&mut self, id: ChannelId) -> Result<ChannelRow> {
        q(GET).id(id).one(self).await
    }

    /// All channels, those out of use too.
    pub async fn channels(&mut self) -> Result<Vec<ChannelRow>> {
        q(LIST).all(self).await
    }

    /// The channels that posts can be written for: connected, and broken ones that will be repaired.
    pub async fn channels_usable(&mut self) -> Result<Vec<ChannelRow>> {
        q(LIVE).all(self).await
    }

    /// The channel of an account that is in use or about to be.
    pub async fn channel_by_account(
        &mut self,
        platform: Platform,
        account: &str,
    ) -> Result<Option<ChannelRow>> {
        q(BY_ACCOUNT)
            .word(&platform)
            .text(account)
            .maybe(self)
            .await
    }
}

impl Tx {
    /// Prepares a channel; it is pending.
    ///
    /// # Errors
    /// [`crate::Error::Unique`] if the account is connected or about to be.
    pub async fn channel_add(&mut self, new: &NewChannel, now: Timestamp) -> Result<()> {
        q(ADD)
            .id(new.id)
            .word(&new.platform)
            .text(&new.handle)
            .text(&new.display)
            .text(&new.account)
            .text(&new.service)
            .text(&new.color)
            .id_opt(new.secret)
            .id(new.created_by)
            .time(now)
            .time_opt(new.token_until)
            .text_opt(new.limits.as_deref())
            .run(self)
            .await?;
        Ok(())
    }

    /// A second person confirmed it: it is in use.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it is not pending.
    pub async fn channel_connect(&mut self, id: ChannelId, now: Timestamp) -> Result<()> {
        q(CONNECT).id(id).time(now).run_one(self).await
    }

    /// Takes it out of use and destroys its token.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it is out of use already, [`crate::Error::NotFound`].
    pub async fn channel_disconnect(&mut self, id: ChannelId, now: Timestamp) -> Result<()> {
        let secret = self.channel(id).await?.secret;
        q(DISCONNECT).id(id).time(now).run_one(self).await?;
        if let Some(secret) = secret {
            self.secret_delete(secret).await?;
        }
        Ok(())
    }

    /// The network no longer lets Vigie in. `trouble` is a stable name.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it is not in use.
    pub async fn channel_broken(&mut self, id: ChannelId, trouble: &str) -> Result<()> {
        q(BROKEN).id(id).text(trouble).run_one(self).await
    }

    /// It works (again).
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it is not in use.
    pub async fn channel_healthy(&mut self, id: ChannelId) -> Result<()> {
        q(HEALTHY).id(id).run_one(self).await
    }

    /// Changes its names and colour.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn channel_look(
        &mut self,
        id: ChannelId,
        handle: &str,
        display: &str,
        color: &str,
    ) -> Result<()> {
        q(LOOK)
            .id(id)
            .text(handle)
            .text(display)
            .text(color)
            .run_found(self)
            .await
    }

    /// Names the secret that opens it.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if it is out of use.
    pub async fn channel_secret(&mut self, id: ChannelId, secret: SecretId) -> Result<()> {
        q(SECRET).id(id).id(secret).run_one(self).await
    }

    /// When what opens it ends.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn channel_until(&mut self, id: ChannelId, until: Option<Timestamp>) -> Result<()> {
        q(UNTIL).id(id).time_opt(until).run_found(self).await
    }

    /// What opens it was tried; its server said its name and this about itself.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn channel_checked(
        &mut self,
        id: ChannelId,
        handle: &str,
        limits: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        q(CHECKED)
            .id(id)
            .text(handle)
            .text_opt(limits)
            .time(now)
            .run_found(self)
            .await
    }

    /// The network says that something happened there: the page of this account (all of the platform without one) is
    /// read at the next round.
    pub async fn channel_look_now(
        &mut self,
        platform: Platform,
        account: Option<&str>,
        now: Timestamp,
    ) -> Result<u64> {
        let before = now
            .checked_sub(jiff::SignedDuration::from_mins(1))
            .unwrap_or(Timestamp::MIN);
        match account {
            Some(account) => {
                q(LOOK_NOW)
                    .word(&platform)
                    .text(account)
                    .time(before)
                    .run(self)
                    .await
            }
            None => q(LOOK_NOW_ALL).word(&platform).time(before).run(self).await,
        }
    }

    /// Takes the next reading of a page, last read at `seen`; false when another process took it.
    pub async fn channel_claim_reading(
        &mut self,
        id: ChannelId,
        seen: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool> {
        let won = q(READ_CLAIM)
            .id(id)
            .time_opt(seen)
            .time(now)
            .run(self)
            .await?;
        Ok(won == 1)
    }

    /// The same for the next trial of what opens it.
    pub async fn channel_claim_trial(
        &mut self,
        id: ChannelId,
        seen: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool> {
        let won = q(CHECK_CLAIM)
            .id(id)
            .time_opt(seen)
            .time(now)
            .run(self)
            .await?;
        Ok(won == 1)
    }

    /// How far what reached it was read.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn channel_inbound(&mut self, id: ChannelId, cursor: &str) -> Result<()> {
        q(INBOUND).id(id).text(cursor).run_found(self).await
    }

    /// How far it was read back.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub async fn channel_read(
        &mut self,
        id: ChannelId,
        cursor: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        q(CURSOR)
            .id(id)
            .text_opt(cursor)
            .time(now)
            .run_found(self)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};

    #[tokio::test]
    async fn a_channel_is_prepared_connected_broken_repaired_and_disconnected() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let secret = SecretId::new(uuid::Uuid::now_v7());
            let new = |n: u128| NewChannel {
                id: ChannelId::new(uuid::Uuid::from_u128(n)),
                platform: Platform::Bluesky,
                handle: "acme.example".into(),
                display: "Acme".into(),
                account: "did:plc:abc".into(),
                service: "https://pds.example".into(),
                color: "teal".into(),
                secret: Some(secret),
                token_until: Some(now),
                limits: None,
                created_by: ines,
            };
            let id = new(1).id;
            let mut tx = store.begin().await.unwrap();
            tx.secret_add(secret, "channel", "k1", b"sealed", now)
                .await
                .unwrap();
            tx.channel_add(&new(1), now).await.unwrap();
            assert_eq!(tx.channel(id).await.unwrap().status, ChannelStatus::Pending);
            assert!(tx.channels_usable().await.unwrap().is_empty());
            assert!(matches!(
                tx.channel_broken(id, "login").await,
                Err(Error::Conflict)
            ));
            tx.channel_connect(id, now).await.unwrap();
            assert!(matches!(
                tx.channel_connect(id, now).await,
                Err(Error::Conflict)
            ));
            tx.channel_until(id, None).await.unwrap();
            tx.channel_inbound(id, "c7").await.unwrap();
            let bluesky = Platform::Bluesky;
            let looks = tx.channel_look_now(bluesky, Some("did:plc:abc"), now).await;
            assert_eq!(looks.unwrap(), 0, "its first reading is yet to come");
            tx.channel_read(id, None, now).await.unwrap();
            let later = now.checked_add(jiff::SignedDuration::from_mins(2)).unwrap();
            let looks = tx.channel_look_now(bluesky, Some("x"), later).await;
            assert_eq!(looks.unwrap(), 0);
            let looks = tx.channel_look_now(bluesky, None, now).await;
            assert_eq!(looks.unwrap(), 0, "it was read just now");
            let looks = tx.channel_look_now(bluesky, None, later).await;
            assert_eq!(looks.unwrap(), 1);
            let read = tx.channel(id).await.unwrap().read_at;
            assert!(tx.channel_claim_reading(id, read, later).await.unwrap());
            assert!(!tx.channel_claim_reading(id, read, later).await.unwrap());
            assert!(tx.channel_claim_trial(id, None, now).await.unwrap());
            assert!(!tx.channel_claim_trial(id, None, now).await.unwrap());
            tx.channel_checked(id, "acme.example", Some("{}"), now)
                .await
                .unwrap();
            let row = tx.channel(id).await.unwrap();
            assert_eq!(
                (row.token_until, row.limits.as_deref(), row.checked_at),
                (None, Some("{}"), Some(now))
            );
            assert_eq!(row.inbound_cursor.as_deref(), Some("c7"));
            tx.commit().await.unwrap();

            let mut tx = store.begin().await.unwrap();
            let twice = tx.channel_add(&new(2), now).await;
            assert!(matches!(twice, Err(Error::Unique(table)) if table == "channel"));
            drop(tx);

            let mut tx = store.begin().await.unwrap();
            tx.channel_broken(id, "login").await.unwrap();
            let row = tx
                .channel_by_account(Platform::Bluesky, "did:plc:abc")
                .await
                .unwrap()
                .unwrap();
            assert_eq!(
                (row.status, row.trouble.as_deref()),
                (ChannelStatus::Broken, Some("login"))
            );
            assert_eq!(tx.channels_usable().await.unwrap().len(), 1);
            tx.channel_healthy(id).await.unwrap();
            tx.channel_look(id, "acme.example", "Acme France", "red")
                .await
                .unwrap();
            tx.channel_read(id, Some("cursor"), now).await.unwrap();
            let row = tx.channel(id).await.unwrap();
            assert_eq!(
                (row.display.as_str(), row.trouble, row.read_at),
                ("Acme France", None, Some(now))
            );

            tx.channel_disconnect(id, now).await.unwrap();
            let row = tx.channel(id).await.unwrap();
            assert_eq!(
                (row.status, row.secret),
                (ChannelStatus::Disconnected, None)
            );
            assert!(matches!(tx.secret(secret).await, Err(Error::NotFound)));
            assert!(matches!(tx.channel_healthy(id).await, Err(Error::Conflict)));
            // The account can be connected again.
            tx.channel_add(
                &NewChannel {
                    secret: None,
                    ..new(2)
                },
                now,
            )
            .await
            .unwrap();
            assert_eq!(tx.channels().await.unwrap().len(), 2);
        })
        .await;
    }
}
