//! The vault: the shell around `vigie_core::vault`. Root keys come from a file of their own and stay in memory; what
//! is sealed lies in the database. Nothing here shows a secret.

pub mod cli;

use secrecy::SecretString;
use vigie_core::vault::Fresh;

/// Fresh random bytes from the system for one seal.
///
/// # Errors
/// The system has no randomness to give.
pub fn fresh() -> anyhow::Result<Fresh> {
    let mut bytes = [0; 80];
    getrandom::fill(&mut bytes)
        .map_err(|e| anyhow::anyhow!("no randomness from the system: {e}"))?;
    Ok(Fresh::new(bytes))
}

/// A secret as text, for a connector.
///
/// # Errors
/// It does not open, or is not text.
pub fn open(
    keys: &vigie_core::vault::RootKeys,
    envelope: &vigie_core::vault::Envelope,
    label: &vigie_core::vault::Label,
) -> Result<SecretString, vigie_core::vault::VaultError> {
    let bytes = keys.open(envelope, label)?;
    Ok(SecretString::from(
        vigie_core::vault::text(&bytes)?.as_str(),
    ))
}
