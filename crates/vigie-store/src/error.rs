//! What can go wrong with the database, in words a caller can act upon.

use crate::Engine;
use sqlx::error::ErrorKind;

/// The result of anything that touches the database.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such row.
    #[error("not found")]
    NotFound,
    /// Somebody else was first: the row is no longer as the caller saw it.
    #[error("changed by somebody else meanwhile")]
    Conflict,
    /// Somebody newer owns this publication: whoever is told so stops and does nothing else about it.
    #[error("somebody newer owns it")]
    Fenced,
    /// A row with this name or key is already in the named table.
    #[error("already there, in table {0}")]
    Unique(String),
    /// The row names another row that does not exist, or is still named by one.
    #[error("names a row that does not exist, or is still named by one")]
    Reference,
    /// The database may not be written to.
    #[error("the database is read-only")]
    ReadOnly,
    /// The database did not answer in time because others hold it. Trying again later is right.
    #[error("the database is busy")]
    Busy,
    /// No room left on the disk, or the database has reached its size limit.
    #[error("no room left for the database")]
    Full,
    /// The database is damaged, or is not a database.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// The database cannot be reached (PostgreSQL), or its file cannot be opened (SQLite).
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// A newer Vigie has written this database; `found` is its schema version, `known` the newest of this program.
    #[error(
        "the database has schema version {found}, this program knows up to {known}: start a newer Vigie"
    )]
    Newer {
        /// Schema version in the database.
        found: i64,
        /// Newest schema version of this program.
        known: i64,
    },
    /// A migration that was applied differs from the one in this program, or stopped half-way.
    #[error("migration {0} in the database is not the one of this program")]
    Migration(i64),
    /// The address of the database is not one Vigie understands.
    #[error("not a database address (sqlite:PATH or postgres://…): {0}")]
    Address(String),
    /// A value in the database that this program cannot read.
    #[error("column {column} cannot be read: {why}")]
    Unreadable {
        /// Name of the column.
        column: String,
        /// What is wrong with it.
        why: String,
    },
    /// Anything else the engine said.
    #[error("database: {0}")]
    Db(#[source] sqlx::Error),
}

impl Error {
    /// Whether the same request may well succeed a little later without anybody doing anything.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Unreachable(_))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::PoolClosed => Self::Unreachable("closed".into()),
            sqlx::Error::Io(io) if io.kind() == std::io::ErrorKind::StorageFull => Self::Full,
            sqlx::Error::Io(io) => Self::Unreachable(io.to_string()),
            sqlx::Error::Tls(tls) => Self::Unreachable(tls.to_string()),
            sqlx::Error::Migrate(migrate) => (*migrate).into(),
            sqlx::Error::Database(ref said) => {
                from_engine(said.as_ref()).unwrap_or(Self::Db(error))
            }
            other => Self::Db(other),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError as M;
        match error {
            M::Execute(inner) | M::ExecuteMigration(inner, _) => inner.into(),
            M::VersionMismatch(version) | M::Dirty(version) => Self::Migration(version),
            other => Self::Db(sqlx::Error::Migrate(Box::new(other))),
        }
    }
}

/// The engines' own codes: SQLite's result codes, PostgreSQL's SQLSTATE.
fn from_engine(said: &dyn sqlx::error::DatabaseError) -> Option<Error> {
    match said.kind() {
        ErrorKind::UniqueViolation => return Some(Error::Unique(table_of(said))),
        ErrorKind::ForeignKeyViolation => return Some(Error::Reference),
        _ => {}
    }
    let code = said.code()?;
    let text = said.message().to_owned();
    if Engine::of_error(said) == Engine::Sqlite {
        let code: i32 = code.parse().ok()?;
        return match code & 0xff {
            5 | 6 => Some(Error::Busy),
            8 => Some(Error::ReadOnly),
            13 => Some(Error::Full),
            // The shared-memory file beside the WAL could not grow: the disk is full.
            10 if code == 10 | (19 << 8) => Some(Error::Full),
            // A write that the system did not take: SQLite says "full" of a full disk only, and this of a quota or of a
            // limit on the size of files.
            10 if code == 10 | (3 << 8) => Some(Error::Full),
            10 | 14 => Some(Error::Unreachable(text)),
            11 | 26 => Some(Error::Corrupt(text)),
            _ => None,
        };
    }
    match code.as_ref() {
        "25006" => Some(Error::ReadOnly),
        // Serialisation, deadlock, lock not available, statement timeout, too many connections.
        "40001" | "40P01" | "55P03" | "57014" | "53300" => Some(Error::Busy),
        "53100" | "54023" => Some(Error::Full),
        "XX001" | "XX002" => Some(Error::Corrupt(text)),
        "3D000" | "28P01" | "28000" | "57P01" | "57P02" | "57P03" => Some(Error::Unreachable(text)),
        other if other.starts_with("08") => Some(Error::Unreachable(text)),
        _ => None,
    }
}

/// The table of a uniqueness violation. SQLite says it only in its message, `UNIQUE constraint failed: table.column`.
fn table_of(said: &dyn sqlx::error::DatabaseError) -> String {
    if let Some(table) = said.table() {
        return table.to_owned();
    }
    let columns = said.message().rsplit(": ").next().unwrap_or_default();
    columns.split('.').next().unwrap_or_default().to_owned()
}
