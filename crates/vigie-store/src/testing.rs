//! The test harness: the same story on a fresh SQLite file and in a fresh PostgreSQL database.
//!
//! PostgreSQL is a private cluster of the tests, started by `tests/support/postgres.sh` (or already there: `make test`
//! starts it and says so in `VIGIE_TEST_POSTGRES`). All test processes share it. `VIGIE_TEST_POSTGRES=off` leaves
//! PostgreSQL out, and says so; without it, a machine that has no PostgreSQL fails the tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a harness that cannot start must fail the test"
)]

mod content;

pub use content::{
    act, approved, channel, content, draft, enqueue, head, in_review, person, revision,
};

use crate::{Engine, NewMember, Store};
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::{collections::BTreeSet, path::Path, process::Command};
use vigie_core::id::MemberId;
use vigie_core::member::{Lang, Role};

/// A database of one test. Dropping it removes the SQLite file; PostgreSQL's goes with [`TestDb::remove`] or with the
/// cluster.
#[derive(Debug)]
pub struct TestDb {
    url: String,
    server: Option<(String, String)>,
    _folder: Option<tempfile::TempDir>,
}

impl TestDb {
    /// An empty database on `engine`, without any table. `None` only for PostgreSQL under `VIGIE_TEST_POSTGRES=off`.
    pub async fn new(engine: Engine) -> Option<Self> {
        if engine == Engine::Sqlite {
            let folder = tempfile::Builder::new()
                .prefix("vigie-test-")
                .tempdir()
                .unwrap();
            let url = format!("sqlite:{}", folder.path().join("vigie.sqlite").display());
            return Some(Self {
                url,
                server: None,
                _folder: Some(folder),
            });
        }
        let server = postgres()?;
        let name = format!("t_{}", uuid::Uuid::now_v7().simple());
        sqlx::any::install_default_drivers();
        let mut conn = sqlx::AnyConnection::connect(&server)
            .await
            .expect("the PostgreSQL of the tests answers");
        conn.execute(AssertSqlSafe(format!("create database {name}")))
            .await
            .unwrap();
        conn.close().await.unwrap();
        let url = with_database(&server, &name);
        Some(Self {
            url,
            server: Some((server, name)),
            _folder: None,
        })
    }

    /// Its address, for [`Store::open`] or for a program under test.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Opens it.
    pub async fn open(&self) -> Store {
        Store::open(&self.url)
            .await
            .expect("a fresh database opens")
    }

    /// Removes it.
    pub async fn remove(self) {
        if let Some((server, name)) = self.server {
            let mut conn = sqlx::AnyConnection::connect(&server).await.unwrap();
            conn.execute(AssertSqlSafe(format!("drop database {name} with (force)")))
                .await
                .unwrap();
        }
    }
}

/// Tells `story` once on each engine, on an empty database with the current schema.
pub async fn both_engines<F>(story: impl Fn(Store) -> F)
where
    F: Future<Output = ()>,
{
    both_databases(|db: String| {
        let story = &story;
        async move {
            let store = Store::open(&db).await.expect("a fresh database opens");
            story(store.clone()).await;
            store.close().await;
        }
    })
    .await;
}

/// Tells `story` once on each engine with the address of an empty database without any table.
pub async fn both_databases<F>(story: impl Fn(String) -> F)
where
    F: Future<Output = ()>,
{
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(db) = TestDb::new(engine).await else {
            continue;
        };
        println!("on {}", engine.as_str());
        story(db.url().to_owned()).await;
        db.remove().await;
    }
}

/// The present time as the database keeps it, to the microsecond.
pub fn now() -> Timestamp {
    Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap()
}

/// A French-speaking writer to create.
pub fn new_member(login: &str) -> NewMember {
    NewMember {
        id: MemberId::new(uuid::Uuid::now_v7()),
        login: login.into(),
        name: login.trim().into(),
        role: Role::Writer,
        reviewer: false,
        skills: BTreeSet::new(),
        lang: Lang::Fr,
    }
}

/// Creates [`new_member`].
pub async fn member(store: &Store, login: &str) -> MemberId {
    let new = new_member(login);
    let mut tx = store.begin().await.unwrap();
    tx.create_member(&new, now()).await.unwrap();
    tx.commit().await.unwrap();
    new.id
}

/// The address of the tests' PostgreSQL, started if need be; `None` if it is switched off.
fn postgres() -> Option<String> {
    match std::env::var("VIGIE_TEST_POSTGRES") {
        Ok(off) if off == "off" => {
            eprintln!("VIGIE_TEST_POSTGRES=off: NOT tested on PostgreSQL");
            return None;
        }
        Ok(url) if !url.is_empty() => return Some(url),
        _ => {}
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/postgres.sh");
    let out = Command::new("sh")
        .arg(&script)
        .arg("start")
        .output()
        .expect("tests/support/postgres.sh runs");
    assert!(
        out.status.success(),
        "the tests need PostgreSQL (Debian: postgresql), or VIGIE_TEST_POSTGRES=off to leave it out:\n{}",
        String::from_utf8_lossy(&out.stderr)
    );
    Some(String::from_utf8(out.stdout).unwrap().trim().to_owned())
}

/// `url` with another database name.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (server, _) = address
        .rsplit_once('/')
        .expect("an address with a database");
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{server}/{name}{mark}{query}")
}

/// Changes the database behind the program's back, as somebody with access to the file or server could.
///
/// # Panics
/// When the statement fails, or changes nothing.
pub async fn tamper(store: &Store, sql: &'static str) {
    let mut tx = store.begin().await.unwrap();
    let changed = sqlx::query(sql)
        .execute(tx.sql())
        .await
        .unwrap()
        .rows_affected();
    assert!(changed > 0, "nothing was changed by: {sql}");
    tx.commit().await.unwrap();
}

/// Runs one statement on the server at `url`, outside of any transaction, as its operator could.
///
/// # Panics
/// When the statement fails.
pub async fn alone(url: &str, sql: &'static str) {
    sqlx::any::install_default_drivers();
    let mut conn = sqlx::AnyConnection::connect(url).await.unwrap();
    conn.execute(sql).await.unwrap();
    conn.close().await.unwrap();
}
