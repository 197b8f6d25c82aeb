//! The vault: the shell around `vigie_core::vault`. Root keys come from a file of their own and stay in memory; what
//! is sealed lies in the database. Nothing here shows a secret.

pub mod cli;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use vigie_core::id::SecretId;
use vigie_core::vault::{Envelope, Fresh, Label, RootKeys};
use vigie_store::{Conn, SecretRow, Tx};

/// What a channel's token is sealed for.
pub const CHANNEL: &str = "channel";

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] vigie_store::Error),
    /// It does not open.
    #[error(transparent)]
    Vault(#[from] vigie_core::vault::VaultError),
    /// The system has no randomness to give.
    #[error("no randomness from the system: {0}")]
    Random(String),
}

/// Fresh random bytes from the system for one seal.
fn fresh() -> Result<Fresh, Error> {
    let mut bytes = [0; 80];
    getrandom::fill(&mut bytes).map_err(|e| Error::Random(e.to_string()))?;
    Ok(Fresh::new(bytes))
}

fn label(id: SecretId, version: i64, purpose: &str) -> Label {
    // Versions count renewals of one token; the database refuses what a u32 cannot hold long before.
    Label {
        secret: id,
        version: u32::try_from(version).unwrap_or(u32::MAX),
        purpose: purpose.to_owned(),
    }
}

fn written(envelope: &Envelope) -> Vec<u8> {
    serde_json::to_vec(envelope).unwrap_or_default()
}

fn read(row: &SecretRow) -> Result<Envelope, Error> {
    serde_json::from_slice(&row.envelope)
        .map_err(|_| vigie_core::vault::VaultError::NotAnEnvelope.into())
}

/// Seals a new secret.
///
/// # Errors
/// Database, randomness.
pub async fn put(
    tx: &mut Tx,
    keys: &RootKeys,
    purpose: &str,
    secret: &SecretString,
    now: Timestamp,
) -> Result<SecretId, Error> {
    let id = SecretId::new(uuid::Uuid::now_v7());
    let envelope = keys.seal(
        secret.expose_secret().as_bytes(),
        &label(id, 1, purpose),
        &fresh()?,
    )?;
    tx.secret_add(id, purpose, keys.active_id(), &written(&envelope), now)
        .await?;
    Ok(id)
}

/// Seals what is kept for minutes only, outside the table of secrets.
///
/// # Errors
/// Randomness.
pub fn seal(keys: &RootKeys, purpose: &str, secret: &SecretString) -> Result<String, Error> {
    let label = label(SecretId::new(uuid::Uuid::nil()), 1, purpose);
    let envelope = keys.seal(secret.expose_secret().as_bytes(), &label, &fresh()?)?;
    Ok(serde_json::to_string(&envelope).unwrap_or_default())
}

/// Opens what [`seal`] sealed.
///
/// # Errors
/// It does not open.
pub fn unseal(keys: &RootKeys, purpose: &str, sealed: &str) -> Result<SecretString, Error> {
    let envelope: Envelope =
        serde_json::from_str(sealed).map_err(|_| vigie_core::vault::VaultError::NotAnEnvelope)?;
    let label = label(SecretId::new(uuid::Uuid::nil()), 1, purpose);
    let bytes = keys.open(&envelope, &label)?;
    let text = vigie_core::vault::text(&bytes)?;
    Ok(SecretString::from(text.as_str()))
}

/// Opens a secret, for one call to the outside. Its version is needed to replace it.
///
/// # Errors
/// Database; it does not open.
pub async fn take(
    conn: &mut Conn,
    keys: &RootKeys,
    id: SecretId,
) -> Result<(SecretString, i64), Error> {
    let row = conn.secret(id).await?;
    let bytes = keys.open(&read(&row)?, &label(id, row.version, &row.purpose))?;
    let text = vigie_core::vault::text(&bytes)?;
    Ok((SecretString::from(text.as_str()), row.version))
}

/// Seals a renewed value in the place of the one that was taken as `seen`.
///
/// # Errors
/// [`vigie_store::Error::Conflict`] if somebody renewed it meanwhile: theirs is the newer one.
pub async fn renew(
    tx: &mut Tx,
    keys: &RootKeys,
    id: SecretId,
    seen: i64,
    secret: &SecretString,
    now: Timestamp,
) -> Result<(), Error> {
    let purpose = tx.secret(id).await?.purpose;
    let label = label(id, seen.saturating_add(1), &purpose);
    let envelope = keys.seal(secret.expose_secret().as_bytes(), &label, &fresh()?)?;
    tx.secret_set(id, seen, keys.active_id(), &written(&envelope), now)
        .await?;
    Ok(())
}

/// Wraps up to `limit` secrets that are under another root key with the active one; how many it was.
///
/// # Errors
/// Database; one that does not open (named by its id).
pub async fn rewrap(
    tx: &mut Tx,
    keys: &RootKeys,
    limit: u32,
    now: Timestamp,
) -> Result<u64, Error> {
    let mut done = 0;
    for row in tx.secrets_not_under(keys.active_id(), limit).await? {
        let label = label(row.id, row.version, &row.purpose);
        let envelope = keys.rewrap(&read(&row)?, &label, &fresh()?)?;
        tx.secret_rewrap(
            row.id,
            row.version,
            keys.active_id(),
            &written(&envelope),
            now,
        )
        .await?;
        done += 1;
    }
    Ok(done)
}
