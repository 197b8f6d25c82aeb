//! The program's own secrets: vault root keys, link secret, audit signing seed. Each in its own file, mode 0600,
//! created at the first start, never in the database, never shown.

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use std::{
    fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, os::unix::fs::PermissionsExt as _,
    path::Path,
};
use zeroize::Zeroize as _;

use crate::config::Config;

/// The secrets a running program holds in memory.
pub struct Keys {
    /// The vault's root keys in their text form, one `ID:BASE64` a line, the active one first.
    pub vault: SecretString,
    /// Signs notices and one-time links. 32 bytes.
    pub link: SecretBox<[u8; 32]>,
    /// Seed of the Ed25519 key that signs checkpoints of the log. 32 bytes.
    pub audit: SecretBox<[u8; 32]>,
    /// True when the vault's key was made just now.
    pub new_vault: bool,
}

impl Keys {
    /// Reads the key files, creating those that are not there.
    ///
    /// # Errors
    /// A file that others than its owner may read; a file that cannot be read, made or understood.
    pub fn load_or_create(config: &Config) -> Result<Self> {
        let new_vault = !config.vault_key_file.exists();
        let vault = read_or_create(&config.vault_key_file, || {
            Ok(format!("k1:{}\n", BASE64.encode(random()?)))
        })?;
        Ok(Self {
            vault,
            link: seed(&config.link_key_file)?,
            audit: seed(&config.audit_key_file)?,
            new_vault,
        })
    }
}

/// The vault's root keys, from their file, for commands that need nothing else.
///
/// # Errors
/// The file is missing, readable by others, or damaged.
pub fn read_vault(config: &Config) -> Result<vigie_core::vault::RootKeys> {
    let path = &config.vault_key_file;
    let text = read_or_create(path, || {
        bail!("there is no vault key at {}", path.display())
    })?;
    vigie_core::vault::RootKeys::parse(text.expose_secret())
        .with_context(|| path.display().to_string())
}

fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|e| anyhow::anyhow!("no randomness from the system: {e}"))?;
    Ok(bytes)
}

fn seed(path: &Path) -> Result<SecretBox<[u8; 32]>> {
    let text = read_or_create(path, || Ok(format!("{}\n", BASE64.encode(random()?))))?;
    let mut bytes = BASE64
        .decode(text.expose_secret().trim())
        .with_context(|| format!("{} does not hold a key in base64", path.display()))?;
    let key = <[u8; 32]>::try_from(bytes.as_slice())
        .with_context(|| format!("{} does not hold a key of 32 bytes", path.display()))?;
    bytes.zeroize();
    Ok(SecretBox::new(Box::new(key)))
}

fn read_or_create(path: &Path, make: impl FnOnce() -> Result<String>) -> Result<SecretString> {
    match fs::metadata(path) {
        Ok(meta) if meta.permissions().mode() & 0o077 != 0 => bail!(
            "{}: others may read this key file (mode {:o}). Make it private: chmod 600 {0}",
            path.display(),
            meta.permissions().mode() & 0o777
        ),
        Ok(_) => Ok(fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?
            .into()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let text = make()?;
            create_private(path, text.as_bytes())?;
            Ok(text.into())
        }
        Err(e) => Err(e).with_context(|| format!("cannot look at {}", path.display())),
    }
}

/// Writes a new file that only its owner may read, in a folder that only its owner may enter. Refuses to replace one.
///
/// # Errors
/// The folder or file cannot be made, or the file is there already.
pub fn create_private(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        create_private_dir(folder)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot create {}", path.display()))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // A full disk must not leave half a key, which the next start would take for a damaged one.
        let _ = fs::remove_file(path);
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// Replaces a private file whole: a crash leaves the old one or the new one, never half of either.
///
/// # Errors
/// The file cannot be written beside, or put in its place.
pub fn replace_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("new");
    let _ = fs::remove_file(&beside);
    create_private(&beside, bytes)?;
    fs::rename(&beside, path).with_context(|| format!("cannot replace {}", path.display()))?;
    if let Some(folder) = path.parent() {
        // The new name must survive a power cut too.
        fs::File::open(folder)
            .and_then(|f| f.sync_all())
            .with_context(|| folder.display().to_string())?;
    }
    Ok(())
}

/// Makes `folder` and its parents, entered by their owner only. A folder that is there keeps its mode.
///
/// # Errors
/// The folder cannot be made.
pub fn create_private_dir(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot create the folder {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_private_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/link.key");
        let first = seed(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(first.expose_secret(), seed(&path).unwrap().expose_secret());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("link.key");
        seed(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(seed(&path).unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn a_damaged_key_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("link.key");
        create_private(&path, b"short").unwrap();
        assert!(seed(&path).unwrap_err().to_string().contains("link.key"));
    }
}
