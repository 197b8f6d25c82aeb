//! Stories of the database as a whole: opening, migrating, and everything that can be wrong with it.

use crate::testing::{self, TestDb};
use crate::{Engine, Error, Store};
use jiff::Timestamp;
use sqlx::migrate::Migrator;
use sqlx::{Connection, Executor};
use vigie_core::content::Platform;
use vigie_core::id::{ChannelId, MemberId};

#[tokio::test]
async fn a_database_is_opened_again_with_what_was_written() {
    testing::both_databases(|url| async move {
        let store = Store::open(&url).await.unwrap();
        testing::member(&store, "ines").await;
        store.close().await;
        let store = Store::open(&url).await.unwrap();
        assert_eq!(
            store.read().await.unwrap().active_members().await.unwrap(),
            1
        );
        assert_eq!(
            store.schema_version().await.unwrap(),
            Store::known_version()
        );
        store.ready().await.unwrap();
        store.check().await.unwrap();
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_older_database_with_data_is_brought_up_to_date() {
    testing::both_databases(|url| async move {
        let store = Store::connect(&url).await.unwrap();
        let first = crate::db::MIGRATIONS
            .iter()
            .take(1)
            .cloned()
            .collect::<Vec<_>>();
        store
            .migrate_with(&Migrator::with_migrations(first))
            .await
            .unwrap();
        assert_eq!(store.schema_version().await.unwrap(), 1);
        let ines = testing::member(&store, "ines").await;
        store.migrate().await.unwrap();
        assert_eq!(
            store.schema_version().await.unwrap(),
            Store::known_version()
        );
        assert_eq!(
            store
                .read()
                .await
                .unwrap()
                .member(ines)
                .await
                .unwrap()
                .login,
            "ines"
        );
        store.close().await;
    })
    .await;
}

/// The schema as it was when there was content but no ceremonies and no withdrawals (migrations 1 and 2). Each release
/// adds such a story: rows as that release wrote them, read by this program after the upgrade.
#[tokio::test]
async fn content_of_the_second_schema_is_kept() {
    testing::both_databases(|url| async move {
        let store = Store::connect(&url).await.unwrap();
        let first = crate::db::MIGRATIONS.iter().filter(|m| m.version <= 2);
        let first = first.cloned().collect::<Vec<_>>();
        store
            .migrate_with(&Migrator::with_migrations(first))
            .await
            .unwrap();
        let ines = testing::member(&store, "ines").await;
        let paul = testing::member(&store, "paul").await;
        let page = old_channel(&store, ines).await;
        let text = testing::content(std::slice::from_ref(&page), "Rentrée", None);
        let post = testing::in_review(&store, ines, paul, &text).await;
        let mut tx = store.begin().await.unwrap();
        for (n, state) in ["cancelled", "unknown"].iter().enumerate() {
            let sql = format!(
                "insert into publication (id, post, revision, channel, digest, state, attempt, tries, looks, due_at, \
                 not_after, remote_key, created_at) select '00000000-0000-7000-8000-00000000000{n}', id, revision, \
                 '{}', (select digest from revision where post = post.id), '{state}', 1, 1, 0, 0, 9, 'k{n}', 0 from post",
                page.id
            );
            tx.sql().execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
        }
        tx.commit().await.unwrap();
        store.migrate().await.unwrap();
        let mut conn = store.read().await.unwrap();
        let rows = conn.publications(post.post.id).await.unwrap();
        let states: Vec<_> = rows.iter().map(|r| r.state.as_str()).collect();
        assert_eq!(states, ["cancelled", "unknown"]);
        assert!(rows.iter().all(|r| r.withdrawn_at.is_none()));
        // What was there before series is the first and only part, and still on its way once per page.
        assert!(rows.iter().all(|r| r.part == 0));
        for (part, may) in [(0, false), (1, true)] {
            let sql = format!(
                "insert into publication (id, post, revision, channel, digest, state, attempt, tries, looks, due_at, \
                 not_after, remote_key, created_at, part) select '00000000-0000-7000-8000-0000000001{part:02}', id, \
                 revision, '{}', (select digest from revision where post = post.id), 'ready', 1, 1, 0, 0, 9, \
                 's{part}', 0, {part} from post",
                page.id
            );
            let mut tx = store.begin().await.unwrap();
            let added = tx.sql().execute(sqlx::AssertSqlSafe(sql)).await;
            assert_eq!(added.is_ok(), may, "part {part}");
        }
        let read = conn.post(post.post.id).await.unwrap();
        assert_eq!(read.content.digest(), post.content.digest());
        drop(conn);
        let mut tx = store.begin().await.unwrap();
        tx.publications_cancel(post.post.id, testing::now())
            .await
            .unwrap();
        let rows = tx.publications(post.post.id).await.unwrap();
        let gone = rows.iter().filter(|r| r.withdrawn_at.is_some()).count();
        assert_eq!(gone, 1, "what was on its way is marked");
        tx.commit().await.unwrap();
        store.close().await;
    })
    .await;
}

/// A channel as the releases before migration 10 wrote it.
async fn old_channel(store: &Store, by: MemberId) -> crate::ChannelRow {
    let id = ChannelId::new(uuid::Uuid::from_u128(7));
    let sql = format!(
        "insert into channel (id, platform, handle, display, account, service, status, color, created_by, created_at, \
         connected_at) values ('{id}', 'sandbox', 'acme', 'acme', 'sandbox:acme', 'vigie', 'connected', 'blue', \
         '{by}', 0, 0)"
    );
    let mut tx = store.begin().await.unwrap();
    tx.sql().execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    tx.commit().await.unwrap();
    crate::ChannelRow {
        id,
        platform: Platform::Sandbox,
        handle: "acme".into(),
        display: "acme".into(),
        account: "sandbox:acme".into(),
        service: "vigie".into(),
        status: crate::ChannelStatus::Connected,
        trouble: None,
        color: "blue".into(),
        secret: None,
        read_cursor: None,
        read_at: None,
        created_by: by,
        created_at: Timestamp::UNIX_EPOCH,
        connected_at: Some(Timestamp::UNIX_EPOCH),
        disconnected_at: None,
        token_until: None,
        limits: None,
        checked_at: None,
        inbound_cursor: None,
    }
}

/// Channels of the schema before tokens had an end (migration 9) are read, and everything new about them is unknown.
#[tokio::test]
async fn channels_of_the_ninth_schema_are_kept() {
    testing::both_databases(|url| async move {
        let store = Store::connect(&url).await.unwrap();
        let before = crate::db::MIGRATIONS.iter().filter(|m| m.version <= 9);
        let before = before.cloned().collect::<Vec<_>>();
        store
            .migrate_with(&Migrator::with_migrations(before))
            .await
            .unwrap();
        let ines = testing::member(&store, "ines").await;
        let page = old_channel(&store, ines).await;
        store.migrate().await.unwrap();
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.channel(page.id).await.unwrap(), page);
        tx.channel_until(page.id, Some(testing::now()))
            .await
            .unwrap();
        assert_eq!(tx.inbound_waiting().await.unwrap(), 0);
        tx.commit().await.unwrap();
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_newer_or_altered_database_is_refused() {
    testing::both_databases(|url| async move {
        let store = Store::open(&url).await.unwrap();
        run(
            &store,
            "update _sqlx_migrations set version = 9000 where version = 1",
        )
        .await;
        store.close().await;
        let said = Store::open(&url).await.unwrap_err();
        assert!(matches!(said, Error::Newer { found: 9000, .. }), "{said}");

        let store = Store::connect(&url).await.unwrap();
        run(
            &store,
            "update _sqlx_migrations set version = 1, checksum = $$ where version = 9000",
        )
        .await;
        store.close().await;
        let said = Store::open(&url).await.unwrap_err();
        assert!(matches!(said, Error::Migration(1)), "{said}");
    })
    .await;
}

/// Runs one engine-specific statement of a test; `$$` stands for some bytes.
async fn run(store: &Store, sql: &'static str) {
    let bytes = if store.engine() == Engine::Sqlite {
        "x'00'"
    } else {
        "'\\x00'"
    };
    let mut tx = store.begin().await.unwrap();
    tx.sql()
        .execute(sqlx::AssertSqlSafe(sql.replace("$$", bytes)))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    testing::both_engines(|store| async move {
        let mut tx = store.begin().await.unwrap();
        tx.create_member(&testing::new_member("ines"), testing::now())
            .await
            .unwrap();
        assert_eq!(tx.active_members().await.unwrap(), 1, "seen inside");
        assert_eq!(
            store.read().await.unwrap().active_members().await.unwrap(),
            0,
            "not outside"
        );
        drop(tx);
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.active_members().await.unwrap(), 0);
        tx.create_member(&testing::new_member("ines"), testing::now())
            .await
            .unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(
            store.read().await.unwrap().active_members().await.unwrap(),
            0
        );
    })
    .await;
}

#[tokio::test]
async fn a_reader_cannot_write() {
    testing::both_engines(|store| async move {
        let mut conn = store.read().await.unwrap();
        let said = conn
            .sql()
            .execute("delete from member")
            .await
            .map_err(Error::from)
            .unwrap_err();
        assert!(matches!(said, Error::ReadOnly), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_row_naming_nobody_is_refused() {
    testing::both_engines(|store| async move {
        let nobody = testing::new_member("x").id;
        let mut tx = store.begin().await.unwrap();
        let said = tx
            .set_password(nobody, "hash", testing::now())
            .await
            .unwrap_err();
        assert!(matches!(said, Error::Reference), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_read_only_database_is_refused() {
    let db = TestDb::new(Engine::Sqlite).await.unwrap();
    db.open().await.close().await;
    let said = Store::open(&format!("{}?mode=ro", db.url()))
        .await
        .unwrap_err();
    assert!(matches!(said, Error::ReadOnly), "{said}");

    let Some(db) = TestDb::new(Engine::Postgres).await else {
        return;
    };
    let store = db.open().await;
    let name = db
        .url()
        .split('?')
        .next()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let mut tx = store.begin().await.unwrap();
    let alter = format!("alter database {name} set default_transaction_read_only = on");
    tx.sql().execute(sqlx::AssertSqlSafe(alter)).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    let said = Store::open(db.url()).await.unwrap_err();
    assert!(matches!(said, Error::ReadOnly), "{said}");
    db.remove().await;
}

#[tokio::test]
async fn a_full_database_says_so_and_keeps_what_it_has() {
    let db = TestDb::new(Engine::Sqlite).await.unwrap();
    let store = db.open().await;
    testing::member(&store, "ines").await;
    let mut tx = store.begin().await.unwrap();
    // The file may not grow any more, as on a full disk.
    tx.sql().execute("pragma max_page_count = 1").await.unwrap();
    let mut said = None;
    for n in 0..10_000 {
        if let Err(why) = tx
            .create_member(&testing::new_member(&format!("m{n}")), testing::now())
            .await
        {
            said = Some(why);
            break;
        }
    }
    assert!(matches!(said, Some(Error::Full)), "{said:?}");
    drop(tx);
    assert_eq!(
        store.read().await.unwrap().active_members().await.unwrap(),
        1
    );
    store.check().await.unwrap();
}

#[tokio::test]
async fn a_database_held_by_somebody_else_is_busy() {
    testing::both_databases(|url| async move {
        let store = Store::open(&url).await.unwrap();
        let ines = testing::member(&store, "ines").await;
        sqlx::any::install_default_drivers();
        let mut other = sqlx::AnyConnection::connect(&url).await.unwrap();
        let hold = match store.engine() {
            Engine::Sqlite => "begin immediate",
            Engine::Postgres => "begin; lock table member in access exclusive mode",
        };
        other.execute(hold).await.unwrap();
        let said = match store.begin().await {
            Ok(mut tx) => tx.set_member_name(ines, "Inès").await.unwrap_err(),
            Err(why) => why,
        };
        assert!(matches!(said, Error::Busy) && said.is_passing(), "{said}");
        other.execute("rollback").await.unwrap();
        other.close().await.unwrap();
        let mut tx = store.begin().await.unwrap();
        tx.set_member_name(ines, "Inès").await.unwrap();
        tx.commit().await.unwrap();
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let db = TestDb::new(Engine::Sqlite).await.unwrap();
    let path = db.url().strip_prefix("sqlite:").unwrap().to_owned();
    std::fs::write(&path, "this is a letter, not a database".repeat(400)).unwrap();
    let said = Store::open(db.url()).await.unwrap_err();
    assert!(matches!(said, Error::Corrupt(_)), "{said}");

    std::fs::remove_file(&path).unwrap();
    let store = db.open().await;
    for n in 0..50 {
        testing::member(&store, &format!("m{n}")).await;
    }
    store.close().await;
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 8;
    bytes[middle..].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();
    let said = Store::open(db.url()).await.unwrap_err();
    assert!(matches!(said, Error::Corrupt(_)), "{said}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named() {
    for (url, folder) in [
        ("sqlite:/nowhere/at/all/vigie.sqlite", true),
        ("postgres://vigie@127.0.0.1:1/none", false),
    ] {
        let said = Store::open(url).await.unwrap_err();
        assert!(matches!(said, Error::Unreachable(_)), "{folder}: {said}");
    }
    for url in ["mysql://secret@host/x", "vigie.sqlite", "sqlite::memory:"] {
        let said = Store::open(url).await.unwrap_err();
        assert!(matches!(said, Error::Address(_)), "{said}");
        assert!(
            !said.to_string().contains("secret"),
            "an address may hold a password"
        );
    }
}

#[tokio::test]
async fn many_writers_and_readers_all_get_through() {
    testing::both_engines(|store| async move {
        let tasks: Vec<_> = (0..40)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    testing::member(&store, &format!("m{n}")).await;
                    store.read().await.unwrap().active_members().await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(
            store.read().await.unwrap().active_members().await.unwrap(),
            40
        );
    })
    .await;
}

#[tokio::test]
async fn several_programs_started_at_once_agree_on_the_schema() {
    testing::both_databases(|url| async move {
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let url = url.clone();
                tokio::spawn(async move { Store::open(&url).await })
            })
            .collect();
        for start in starts {
            let store = start.await.unwrap().unwrap();
            store.ready().await.unwrap();
            store.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn sqlite_keeps_its_promises() {
    let db = TestDb::new(Engine::Sqlite).await.unwrap();
    let store = db.open().await;
    let mut tx = store.begin().await.unwrap();
    let mode: String = crate::row::q("pragma journal_mode")
        .one(&mut tx)
        .await
        .unwrap();
    assert_eq!(mode, "wal");
    // 2 is `full`: a commit is on the disk when it returns.
    for (pragma, wanted) in [
        ("pragma synchronous", 2),
        ("pragma foreign_keys", 1),
        ("pragma busy_timeout", 5000),
    ] {
        let found: i64 = crate::row::q(pragma).one(&mut tx).await.unwrap();
        assert_eq!(found, wanted, "{pragma}");
    }
}
