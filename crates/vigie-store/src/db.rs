//! The connection to the database: [`Store`] (shared), [`Conn`] (reads), [`Tx`] (reads and writes, whole or nothing).

use crate::{Engine, Error, Result};
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Connection, Row, Transaction};
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// All migrations, in order. They are checksummed: an applied one may never change.
pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Longest wait for a free connection before [`Error::Busy`].
const WAIT: Duration = Duration::from_secs(10);
/// Connections that read.
const READERS: u32 = 8;
/// Connections that write, on PostgreSQL. SQLite has one writer at a time anyway, and queueing here is fairer than
/// polling its lock.
const WRITERS: u32 = 8;

/// The database, shared by the whole program. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Engine,
    writers: AnyPool,
    readers: AnyPool,
}

impl Store {
    /// Opens the database at `url` (`sqlite:PATH`, created if missing, or `postgres://…`), refuses one that is
    /// read-only, damaged or newer than this program, and brings its schema up to date.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Unreachable`], [`Error::ReadOnly`], [`Error::Busy`], [`Error::Corrupt`],
    /// [`Error::Newer`], [`Error::Migration`], [`Error::Full`].
    pub async fn open(url: &str) -> Result<Self> {
        let store = Self::connect(url).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Opens without touching the schema.
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let engine = Engine::of(url)?;
        let address = engine.address(url)?;
        engine.whole(url)?;
        // A first connection without the pool, which would try again and again and then only say that it is busy.
        let mut first = AnyConnection::connect(&address).await.map_err(unopened)?;
        engine.prepare(&mut first, true).await?;
        engine.writable(&mut first).await?;
        engine.intact(&mut first, true).await?;
        first.close().await?;
        let writers = if engine == Engine::Sqlite { 1 } else { WRITERS };
        let writers = pool(engine, writers, true)
            .connect_lazy(&address)
            .map_err(unopened)?;
        let readers = pool(engine, READERS, false)
            .connect_lazy(&address)
            .map_err(unopened)?;
        Ok(Self {
            engine,
            writers,
            readers,
        })
    }

    /// Brings the schema up to date. `open` has done it.
    ///
    /// # Errors
    /// [`Error::Newer`] if a newer program has been here, [`Error::Migration`] if an applied migration differs.
    pub async fn migrate(&self) -> Result<()> {
        self.migrate_with(&MIGRATIONS).await
    }

    pub(crate) async fn migrate_with(&self, migrations: &Migrator) -> Result<()> {
        let known = migrations
            .iter()
            .map(|migration| migration.version)
            .max()
            .unwrap_or(0);
        let found = self.schema_version().await?;
        if found > known {
            return Err(Error::Newer { found, known });
        }
        if self.engine == Engine::Postgres {
            // Under an advisory lock that sqlx takes.
            return Ok(migrations.run(&self.writers).await?);
        }
        // sqlx takes no lock on SQLite: of two programs started at once one waits here. The whole upgrade is one
        // transaction. `run` does not accept a connection in a future that may move between threads.
        let mut tx = self.begin().await?;
        migrations.run_direct(None, tx.sql(), false).await?;
        tx.commit().await
    }

    /// The newest migration that was applied, 0 for an empty database.
    pub async fn schema_version(&self) -> Result<i64> {
        let mut conn = self.writers.acquire().await?;
        let table = match self.engine {
            Engine::Sqlite => "select count(*) from sqlite_master where name = '_sqlx_migrations'",
            Engine::Postgres => {
                "select count(*) from pg_tables
                where schemaname = current_schema() and tablename = '_sqlx_migrations'"
            }
        };
        let there: i64 = sqlx::query(table).fetch_one(&mut *conn).await?.try_get(0)?;
        if there == 0 {
            return Ok(0);
        }
        let newest = "select coalesce(max(version), 0) from _sqlx_migrations";
        Ok(sqlx::query(newest)
            .fetch_one(&mut *conn)
            .await?
            .try_get(0)?)
    }

    /// The newest schema version this program knows.
    pub fn known_version() -> i64 {
        MIGRATIONS
            .iter()
            .map(|migration| migration.version)
            .max()
            .unwrap_or(0)
    }

    /// Which engine this is.
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// A connection to read with. Writing through it is refused by the engine.
    ///
    /// # Errors
    /// [`Error::Busy`] if none is free for ten seconds.
    pub async fn read(&self) -> Result<Conn> {
        Ok(Conn {
            inner: Inner::Read(self.readers.acquire().await?),
        })
    }

    /// A transaction to write with. Dropped without [`Tx::commit`], nothing of it has happened.
    ///
    /// # Errors
    /// [`Error::Busy`] if another writer holds the database too long, [`Error::ReadOnly`].
    pub async fn begin(&self) -> Result<Tx> {
        let mut spoiled = 0;
        loop {
            match self.writers.begin_with(self.engine.begin()).await {
                Ok(tx) => {
                    return Ok(Tx {
                        conn: Conn {
                            inner: Inner::Write(tx),
                        },
                    });
                }
                // SQLite undoes a transaction by itself when the disk is full; sqlx does not learn of it and believes
                // for ever that one is open on that connection. It is closed, and a new one opened.
                Err(sqlx::Error::InvalidSavePointStatement) if spoiled < 3 => {
                    spoiled += 1;
                    let conn = self.writers.acquire().await?;
                    let _ = conn.close().await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether the database answers and can be written to, for the readiness page.
    pub async fn ready(&self) -> Result<()> {
        let mut conn = self.writers.acquire().await?;
        self.engine.writable(&mut conn).await?;
        self.engine.room(&mut conn).await
    }

    /// Reads the whole database for damage (SQLite). Slow on a large one.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with what was found.
    pub async fn check(&self) -> Result<()> {
        let mut conn = self.readers.acquire().await?;
        self.engine.intact(&mut conn, false).await
    }

    /// Closes every connection, waiting for the ones in use.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}

fn pool(engine: Engine, size: u32, writer: bool) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(WAIT)
        // A local file does not go away; a server may have restarted.
        .test_before_acquire(engine == Engine::Postgres)
        .after_connect(move |conn, _| Box::pin(async move { engine.prepare(conn, writer).await }))
}

/// An address that the driver refuses says so as a configuration error.
fn unopened(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::Configuration(why) => Error::Address(why.to_string()),
        other => other.into(),
    }
}

#[derive(Debug)]
enum Inner {
    Read(PoolConnection<Any>),
    Write(Transaction<'static, Any>),
}

/// A connection to read with; the read functions of every table are its methods. A [`Tx`] is one too.
#[derive(Debug)]
pub struct Conn {
    inner: Inner,
}

impl Conn {
    pub(crate) fn sql(&mut self) -> &mut AnyConnection {
        match &mut self.inner {
            Inner::Read(conn) => conn,
            Inner::Write(tx) => tx,
        }
    }
}

/// A transaction to write with; the write functions of every table are its methods.
#[derive(Debug)]
pub struct Tx {
    conn: Conn,
}

impl Tx {
    /// Makes everything done in this transaction durable, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Busy`] and others: nothing has happened then. [`Error::Unreachable`] on PostgreSQL
    /// leaves open whether it has.
    pub async fn commit(self) -> Result<()> {
        match self.conn.inner {
            Inner::Write(tx) => Ok(tx.commit().await?),
            Inner::Read(_) => Err(Error::ReadOnly),
        }
    }

    /// Undoes everything at once instead of when dropped.
    ///
    /// # Errors
    /// Those of the connection; nothing has happened in any case.
    pub async fn rollback(self) -> Result<()> {
        match self.conn.inner {
            Inner::Write(tx) => Ok(tx.rollback().await?),
            Inner::Read(_) => Ok(()),
        }
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}
