//! Why the program cannot start, for the person who runs it: what happened, where, and what to do. The technical words
//! of the error stand below, for whoever helps.

use std::io::ErrorKind as Io;
use std::path::PathBuf;

use vigie_store::Error as Store;

use crate::config::Config;
use crate::words::{Said, Words};

/// The database is there and the key that its secrets are sealed with is not. A new key would open nothing: no page, and
/// no authenticator, so nobody could sign in either.
#[derive(Debug, thiserror::Error)]
#[error("the database holds sealed secrets, and their key file is not at {}", .0.display())]
pub struct KeyGone(pub PathBuf);

/// What to say about `error`; nothing for one that says all there is to say itself.
pub fn explain(error: &anyhow::Error, config: &Config) -> Option<Said> {
    error.chain().find_map(|cause| {
        if let Some(store) = cause.downcast_ref::<Store>() {
            return database(store, config);
        }
        if let Some(KeyGone(path)) = cause.downcast_ref::<KeyGone>() {
            return Some(Said::new("start-key-gone").with("path", path.display().to_string()));
        }
        folder(cause.downcast_ref::<std::io::Error>()?, config)
    })
}

/// The whole message, technical words last.
pub fn said(error: &anyhow::Error, config: &Config, w: &Words) -> String {
    match explain(error, config) {
        Some(said) => format!("vigie: {}\n\n({error:#})", w.say(&said)),
        None => format!("vigie: {error:#}"),
    }
}

fn database(error: &Store, config: &Config) -> Option<Said> {
    let at = place(&config.database);
    Some(match error {
        Store::ReadOnly => Said::new("start-database-readonly").with("at", at),
        Store::Busy => Said::new("start-database-busy").with("at", at),
        Store::Full => Said::new("start-database-full").with("at", at),
        Store::Corrupt(_) => Said::new("start-database-damaged").with("at", at),
        Store::Unreachable(_) => Said::new("start-database-away").with("at", at),
        Store::Newer { .. } => Said::new("start-database-newer").with("at", at),
        Store::Migration(_) => Said::new("start-database-other").with("at", at),
        Store::Address(_) => Said::new("start-database-address"),
        _ => return None,
    })
}

fn folder(error: &std::io::Error, config: &Config) -> Option<Said> {
    let at = config.data.display().to_string();
    Some(match error.kind() {
        Io::PermissionDenied => Said::new("start-folder-rights").with("at", at),
        Io::ReadOnlyFilesystem => Said::new("start-folder-readonly").with("at", at),
        Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge => {
            Said::new("start-folder-full").with("at", at)
        }
        Io::NotADirectory | Io::AlreadyExists => Said::new("start-folder-none").with("at", at),
        Io::AddrInUse => Said::new("start-port").with("at", config.listen.to_string()),
        _ => return None,
    })
}

/// Where a database is, without the password that its address may hold.
fn place(database: &str) -> String {
    match url::Url::parse(database) {
        Ok(mut url) if url.scheme().starts_with("postgres") => {
            // Refused only for addresses that can hold no password.
            let _ = url.set_password(None);
            url.to_string()
        }
        _ => database
            .trim_start_matches("sqlite://")
            .trim_start_matches("sqlite:")
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_place_holds_no_password() {
        assert_eq!(
            place("sqlite:/var/lib/vigie/vigie.sqlite"),
            "/var/lib/vigie/vigie.sqlite"
        );
        let there = place("postgres://vigie:hunter2@db.example/vigie");
        assert!(
            there.contains("db.example") && !there.contains("hunter2"),
            "{there}"
        );
    }
}
