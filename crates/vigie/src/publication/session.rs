//! A connector's session, opened from the vault for one piece of work. What the connector renewed goes back into the
//! vault, whatever came of the work.

use jiff::Timestamp;
use vigie_connect::Session;
use vigie_core::id::{ChannelId, SecretId};
use vigie_store::{ChannelRow, Conn};

use crate::app::App;
use crate::channel::account;
use crate::vault;

/// An open session and where its secret lives.
#[derive(Debug)]
pub struct Open {
    /// For the connector.
    pub session: Session,
    channel: ChannelId,
    secret: SecretId,
    version: i64,
}

/// Opens the session of a channel.
///
/// # Errors
/// The channel has no secret; it does not open; the database.
pub async fn open(app: &App, channel: &ChannelRow) -> Result<Open, vault::Error> {
    open_in(app, &mut app.store.read().await?, channel).await
}

/// The same over a connection at hand, perhaps in a transaction.
///
/// # Errors
/// As [`open`].
pub async fn open_in(
    app: &App,
    conn: &mut Conn,
    channel: &ChannelRow,
) -> Result<Open, vault::Error> {
    let secret = channel.secret.ok_or(vigie_store::Error::NotFound)?;
    let (token, version) = vault::take(conn, &app.vault, secret).await?;
    Ok(Open {
        session: Session::new(account(channel), token),
        channel: channel.id,
        secret,
        version,
    })
}

impl Open {
    /// Whether what was opened is still the newest: another process may have renewed it meanwhile, and then a refusal of
    /// the old one says nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn is_newest(&self, app: &App) -> Result<bool, vigie_store::Error> {
        let mut conn = app.store.read().await?;
        if conn.channel(self.channel).await?.secret != Some(self.secret) {
            return Ok(false);
        }
        match conn.secret(self.secret).await {
            Ok(row) => Ok(row.version == self.version),
            Err(vigie_store::Error::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts a renewed token into the vault. A token that another replica renewed meanwhile stays: it is the newer one.
    pub async fn keep(&mut self, app: &App, now: Timestamp) {
        let Some((renewed, until)) = self.session.take_renewed() else {
            return;
        };
        let renewed = renewed.clone();
        let kept = async {
            let mut tx = app.store.begin().await?;
            vault::renew(
                &mut tx,
                &app.vault,
                self.secret,
                self.version,
                &renewed,
                now,
            )
            .await?;
            tx.channel_until(self.channel, until).await?;
            tx.commit().await?;
            Ok::<(), vault::Error>(())
        };
        match kept.await {
            Ok(()) => self.version = self.version.saturating_add(1),
            Err(vault::Error::Store(vigie_store::Error::Conflict)) => {}
            Err(error) => {
                tracing::warn!(%error, "a renewed token could not be kept; the old one is tried again")
            }
        }
    }
}
