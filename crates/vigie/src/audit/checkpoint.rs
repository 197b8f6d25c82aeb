//! Signed heads of the log: every ten minutes and every thousand entries.

use ed25519_dalek::SigningKey;
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use vigie_core::audit::note::{NoteKey, TreeHead, sign};
use vigie_store::CheckpointRow;

use crate::app::App;

/// A new checkpoint after this long, if anything was written.
const EVERY: SignedDuration = SignedDuration::from_mins(10);
/// A new checkpoint after so many entries.
const ENTRIES: u64 = 1000;

/// The name under which this installation signs: its public host, then `/audit`.
pub fn origin(app: &App) -> String {
    let url = &app.config.public_url;
    let host = url.host_str().unwrap_or("localhost");
    match url.port() {
        Some(port) => format!("{host}:{port}/audit"),
        None => format!("{host}/audit"),
    }
}

fn signer(app: &App) -> SigningKey {
    SigningKey::from_bytes(app.keys.audit.expose_secret())
}

/// The key that people compare and pin.
pub fn key(app: &App) -> NoteKey {
    NoteKey::new(&origin(app), &signer(app))
}

/// Signs the head, if it is time.
///
/// # Errors
/// The database.
pub async fn make_if_due(app: &App) -> anyhow::Result<()> {
    let mut conn = app.store.read().await?;
    let (size, _) = conn.audit_head().await?;
    let last = conn.checkpoint().await?;
    drop(conn);
    let since = last.as_ref().map_or(0, |c| c.size);
    let old = last.is_none_or(|c| app.clock.now().duration_since(c.at) >= EVERY);
    if size > since && (old || size - since >= ENTRIES) {
        make(app).await?;
    }
    Ok(())
}

/// Signs the head now.
///
/// # Errors
/// The database.
pub async fn make(app: &App) -> anyhow::Result<CheckpointRow> {
    let mut tx = app.store.begin().await?;
    let (size, root) = tx.audit_head().await?;
    let head = TreeHead {
        origin: origin(app),
        size,
        root,
    };
    let row = CheckpointRow {
        size,
        root,
        note: sign(&head.to_text(), &origin(app), &signer(app)),
        at: app.clock.now(),
    };
    tx.checkpoint_add(&row).await?;
    tx.commit().await?;
    Ok(row)
}
