//! Rule packs, loaded and made ready.

use std::collections::BTreeMap;

/// Rules made ready for checking. Cheap to share behind an `Arc`; never changes once loaded.
#[derive(Debug, Default)]
pub struct Packs {
    pub(crate) versions: BTreeMap<String, String>,
}

/// Why packs could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct LoadError {
    /// The file at fault.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong, with the nearest right word where there is one.
    pub message: String,
}

impl Packs {
    /// The packs that come with the program.
    ///
    /// # Errors
    /// One [`LoadError`] a fault.
    pub fn embedded() -> Result<Packs, Vec<LoadError>> {
        Packs::load(&[])
    }

    /// The packs that come with the program, then those of each folder; a rule id met again replaces the earlier rule.
    ///
    /// # Errors
    /// One [`LoadError`] a fault.
    pub fn load(_folders: &[std::path::PathBuf]) -> Result<Packs, Vec<LoadError>> {
        Ok(Packs::default())
    }
}
