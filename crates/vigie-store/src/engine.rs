//! The few places where SQLite and PostgreSQL differ: address, settings of a connection, start of a transaction.

use crate::{Error, Result};
use sqlx::AnyConnection;
use sqlx::{Executor, Row};
use std::time::Duration;

/// Which database keeps the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// One file on this machine.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// A check of the whole file at start is only done below this size (pages × page size, in bytes), to start quickly.
const CHECKED_AT_START: i64 = 32 * 1024 * 1024;

/// The smallest page that SQLite can have, bytes.
const HEADER: u64 = 512;

impl Engine {
    /// The engine of an address: `sqlite:PATH`, `sqlite://PATH`, `postgres://…` or `postgresql://…`.
    pub fn of(url: &str) -> Result<Self> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Ok(Self::Sqlite),
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            // An address may hold a password: only its scheme is repeated.
            Some(scheme) => Err(Error::Address(format!("{scheme}:"))),
            None => Err(Error::Address("no scheme".into())),
        }
    }

    /// `sqlite` or `postgres`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    pub(crate) fn of_error(said: &dyn sqlx::error::DatabaseError) -> Self {
        match said.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
            Some(_) => Self::Sqlite,
            None => Self::Postgres,
        }
    }

    /// The statement that starts a writing transaction, where the plain one is not enough: SQLite must take its write
    /// lock at once, since a lock taken half-way can fail where waiting does not help.
    pub(crate) const fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "begin immediate",
            Self::Postgres => "begin",
        }
    }

    /// The address as sqlx wants it. A missing SQLite file is created, unless the address says its own `mode`.
    pub(crate) fn address(self, url: &str) -> Result<String> {
        match self {
            Self::Postgres => Ok(url.to_owned()),
            Self::Sqlite if url.contains(":memory:") || url.contains("mode=memory") => Err(
                Error::Address("a database in memory would forget everything".into()),
            ),
            Self::Sqlite if url.contains("mode=") => Ok(url.to_owned()),
            Self::Sqlite if url.contains('?') => Ok(format!("{url}&mode=rwc")),
            Self::Sqlite => Ok(format!("{url}?mode=rwc")),
        }
    }

    /// Refuses a file that is too short to be a database: SQLite would take it for an empty one and begin anew on it.
    pub(crate) fn whole(self, url: &str) -> Result<()> {
        let path = url.split('?').next().unwrap_or(url);
        let path = path.trim_start_matches("sqlite:").trim_start_matches("//");
        match (self, std::fs::metadata(path)) {
            (Self::Sqlite, Ok(file)) if (1..HEADER).contains(&file.len()) => {
                Err(Error::Corrupt(format!("only {} bytes", file.len())))
            }
            _ => Ok(()),
        }
    }

    /// Settings of each new connection.
    pub(crate) async fn prepare(self, conn: &mut AnyConnection, writer: bool) -> sqlx::Result<()> {
        let settings = match (self, writer) {
            (Self::Sqlite, true) => {
                "pragma busy_timeout = 5000; pragma synchronous = full; pragma foreign_keys = on; \
                 pragma trusted_schema = off"
            }
            (Self::Sqlite, false) => {
                "pragma busy_timeout = 5000; pragma synchronous = full; pragma foreign_keys = on; \
                 pragma trusted_schema = off; pragma query_only = on"
            }
            (Self::Postgres, true) => {
                "set lock_timeout = '5s'; set idle_in_transaction_session_timeout = '60s'"
            }
            (Self::Postgres, false) => {
                "set statement_timeout = '30s'; set default_transaction_read_only = on"
            }
        };
        conn.execute(settings).await?;
        if self == Self::Sqlite && writer {
            write_ahead(conn).await?;
        }
        Ok(())
    }

    /// Refuses a database that cannot be written to, before anything is tried on it.
    pub(crate) async fn writable(self, conn: &mut AnyConnection) -> Result<()> {
        match self {
            // Taking the write lock alone is granted on a read-only file: something must be written, and is undone.
            Self::Sqlite => {
                let tried = conn
                    .execute("begin immediate; pragma user_version = 1; rollback")
                    .await;
                if tried.is_err() {
                    // The connection may come from the pool and go back there: no transaction may stay open.
                    let _ = conn.execute("rollback").await;
                }
                tried.map(|_| ()).map_err(Error::from)
            }
            Self::Postgres => {
                let row = conn
                    .fetch_one("select cast(current_setting('transaction_read_only') as text)")
                    .await?;
                let read_only: String = row.try_get(0)?;
                if read_only == "on" {
                    Err(Error::ReadOnly)
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Writes a few bytes and keeps them: a full disk shows only then. PostgreSQL stops by itself when it has no room.
    pub(crate) async fn room(self, conn: &mut AnyConnection) -> Result<()> {
        if self == Self::Postgres {
            return Ok(());
        }
        let tried = conn
            .execute("begin immediate; pragma user_version = 1; commit")
            .await;
        if tried.is_err() {
            let _ = conn.execute("rollback").await;
        }
        tried.map(|_| ()).map_err(Error::from)
    }

    /// Looks for damage. The whole file is read, so at start (`quick`) only small ones are. PostgreSQL looks after
    /// itself (page checksums), nothing is done there.
    pub(crate) async fn intact(self, conn: &mut AnyConnection, quick: bool) -> Result<()> {
        if self == Self::Postgres {
            return Ok(());
        }
        let size = "select page_count * page_size from pragma_page_count(), pragma_page_size()";
        let size: i64 = conn.fetch_one(size).await?.try_get(0)?;
        if quick && size > CHECKED_AT_START {
            return Ok(());
        }
        let said: String = conn.fetch_one("pragma quick_check(1)").await?.try_get(0)?;
        if said == "ok" {
            Ok(())
        } else {
            Err(Error::Corrupt(said))
        }
    }
}

/// Turns the write-ahead log on. When another program opens or closes the same file SQLite refuses this at once,
/// whatever the busy timeout, so it is tried again here for as long.
async fn write_ahead(conn: &mut AnyConnection) -> sqlx::Result<()> {
    for _ in 0..100 {
        match conn.execute("pragma journal_mode = wal").await {
            Err(sqlx::Error::Database(said))
                if matches!(said.code().as_deref(), Some("5" | "261" | "517")) =>
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            done => return done.map(|_| ()),
        }
    }
    conn.execute("pragma journal_mode = wal").await.map(|_| ())
}
