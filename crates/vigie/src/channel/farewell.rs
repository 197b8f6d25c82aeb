//! A page is no longer used: what opened it is taken back at the network, as far as that goes.
//!
//! The sealed token is destroyed in the transaction that ends its use, whatever the network says later. So it is opened
//! there, kept in memory for this one call, and the outcome stands as "untold" until the network has answered: a program
//! that stops in between has told nobody that it was done.

use vigie_connect::{Code, Farewell};
use vigie_core::change::ChangeKind;
use vigie_core::id::ChannelId;
use vigie_store::FarewellOutcome;
use vigie_store::Tx;

use super::account;
use crate::app::App;
use crate::publication::session::{self, Open};

/// What is needed to tell the network.
#[derive(Debug)]
pub struct Packed {
    channel: ChannelId,
    open: Option<Open>,
    removal: String,
}

/// Whose token a change destroys, when it happens (`confirmed`) or when it does not.
const fn whose(kind: &ChangeKind, confirmed: bool) -> Option<ChannelId> {
    match (kind, confirmed) {
        (ChangeKind::DisconnectChannel { channel }, true)
        | (ChangeKind::ConnectChannel { channel, .. }, false) => Some(*channel),
        _ => None,
    }
}

/// In the transaction, before the token is destroyed. It is the newest one, and stays so until the transaction ends:
/// what was renewed a moment ago is what must be taken back. `None` when nothing is destroyed, or nothing is outside of Vigie.
///
/// # Errors
/// The database.
pub async fn pack(
    app: &App,
    tx: &mut Tx,
    kind: &ChangeKind,
    confirmed: bool,
) -> Result<Option<Packed>, vigie_store::Error> {
    let Some(id) = whose(kind, confirmed) else {
        return Ok(None);
    };
    let channel = tx.channel(id).await?;
    let connector = app.connectors.of(channel.platform);
    if connector.describe().sign_in == vigie_connect::SignIn::BuiltIn {
        return Ok(None);
    }
    // A token that does not open cannot be taken back, and is gone all the same.
    if let Some(secret) = channel.secret {
        tx.secret_hold(secret).await?;
    }
    let open = match session::open_in(app, tx, &channel).await {
        Ok(open) => Some(open),
        Err(error) => {
            tracing::warn!(channel = %id, %error, "the token of a page that is no longer used cannot be opened");
            None
        }
    };
    Ok(Some(Packed {
        channel: id,
        open,
        removal: connector.removal(&account(&channel)),
    }))
}

impl Packed {
    /// In the transaction: nobody was told yet.
    ///
    /// # Errors
    /// The database.
    pub async fn begin(&self, tx: &mut Tx, now: jiff::Timestamp) -> Result<(), vigie_store::Error> {
        tx.farewell_begin(self.channel, &self.removal, now).await
    }

    /// After the transaction: tells the network, and notes what came of it.
    pub async fn tell(self, app: &App) {
        let (outcome, trouble) = match &self.open {
            None => (FarewellOutcome::Failed, Some("vault_closed")),
            Some(open) => {
                let platform = open.session.account.platform;
                match app.connectors.of(platform).farewell(&open.session).await {
                    Ok(Farewell::Revoked) => (FarewellOutcome::Revoked, None),
                    Ok(Farewell::Partly) => (FarewellOutcome::Partly, None),
                    Err(failure) if failure.code == Code::NotOffered => {
                        (FarewellOutcome::NotOffered, None)
                    }
                    Err(failure) => {
                        tracing::warn!(channel = %self.channel, %failure, "a network could not be told that a page is no longer used");
                        (FarewellOutcome::Failed, Some(failure.code.as_str()))
                    }
                }
            }
        };
        let noted = async {
            let mut tx = app.store.begin().await?;
            tx.farewell_set(self.channel, outcome, trouble, app.clock.now())
                .await?;
            tx.commit().await
        };
        if let Err(error) = noted.await {
            tracing::warn!(channel = %self.channel, %error, "what came of it could not be noted: it stands as untold");
        }
    }
}
