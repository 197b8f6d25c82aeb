//! The portability contract: every migration and every statement keeps to the SQL that both engines read alike.

use crate::{TABLES, testing};
use sqlx::{AssertSqlSafe, Executor};
use std::{fs, path::Path};

/// Words (or word pairs) that one engine lacks or reads differently, and what to write instead.
const REFUSED: &[(&str, &str)] = &[
    ("boolean", "bigint 0/1"),
    ("bool", "bigint 0/1"),
    ("timestamp", "bigint microseconds"),
    ("timestamptz", "bigint microseconds"),
    ("datetime", "bigint microseconds"),
    ("date", "text or bigint"),
    ("interval", "arithmetic on bigint"),
    ("json", "text, read in Rust"),
    ("jsonb", "text, read in Rust"),
    ("uuid", "text"),
    ("integer", "bigint"),
    ("int", "bigint"),
    ("smallint", "bigint"),
    ("real", "bigint"),
    ("numeric", "bigint"),
    ("blob", "bytea"),
    ("varchar", "text"),
    ("serial", "ids are made by the program"),
    ("bigserial", "ids are made by the program"),
    ("autoincrement", "ids are made by the program"),
    ("now", "bind the time"),
    ("current_timestamp", "bind the time"),
    ("strftime", "do it in Rust"),
    ("to_char", "do it in Rust"),
    ("locked", "compare-and-set"),
    ("like", "compare folded text with ="),
    ("ilike", "compare folded text with ="),
    ("glob", "compare folded text with ="),
    ("exists", "count(*)"),
    ("avg", "sum and count"),
    ("any", "do it in Rust"),
    ("array", "do it in Rust"),
    ("true", "1"),
    ("false", "0"),
    ("rowid", "the primary key"),
    ("replace", "on conflict do update"),
    ("ignore", "on conflict do nothing"),
    ("pragma", "engine.rs"),
    ("random", "bind it"),
    ("greatest", "case when"),
    ("least", "case when"),
    ("ifnull", "coalesce"),
    ("conflict_target", "on conflict (columns)"),
    ("using", "on"),
    ("truncate", "delete from"),
];

/// Runs of characters that are refused wherever they stand.
const REFUSED_TEXT: &[(&str, &str)] = &[
    ("::", "cast(x as t)"),
    ("?", "$1"),
    ("->", "read JSON in Rust"),
    ("`", "none"),
    ("@", "none"),
];

fn offences(sql: &str) -> Vec<String> {
    // Comments may say anything.
    let sql: String = sql
        .lines()
        .map(|line| line.split("--").next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join("\n");
    let sql = sql.to_lowercase();
    let words: Vec<&str> = sql
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|w| !w.is_empty())
        .collect();
    let mut found: Vec<String> = REFUSED
        .iter()
        .filter(|(word, _)| words.contains(word))
        .map(|(word, instead)| format!("`{word}`: write {instead}"))
        .collect();
    found.extend(
        REFUSED_TEXT
            .iter()
            .filter(|(t, _)| sql.contains(t))
            .map(|(t, i)| format!("`{t}`: write {i}")),
    );
    // `sum` of bigint is numeric on PostgreSQL.
    if sql.matches("sum(").count()
        != sql.matches("cast(sum(").count() + sql.matches("cast(coalesce(sum(").count()
    {
        found.push("`sum(x)`: write cast(sum(x) as bigint)".into());
    }
    found
}

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn migrations_and_statements_are_portable() {
    let mut all: Vec<(String, String)> = fs::read_dir(here("migrations"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .map(|path| {
            (
                path.display().to_string(),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    for (file, queries) in TABLES {
        all.extend(
            queries
                .iter()
                .map(|(name, sql)| (format!("{file}.rs {name}"), (*sql).to_owned())),
        );
    }
    let found: Vec<String> = all
        .iter()
        .flat_map(|(place, sql)| {
            offences(sql)
                .into_iter()
                .map(move |what| format!("{place}: {what}"))
        })
        .collect();
    assert!(found.is_empty(), "not portable:\n{}", found.join("\n"));
}

#[test]
fn the_lint_sees_what_it_should() {
    for bad in [
        "create table t (a boolean)",
        "select a::text from t",
        "select now()",
        "select a from t where a LIKE 'x'",
        "select exists(select 1)",
        "select sum(a) from t",
        "select 1 from t for update skip locked",
        "create table t (id bigint primary key autoincrement)",
    ] {
        assert!(!offences(bad).is_empty(), "{bad}");
    }
    assert!(offences("select cast(sum(a) as bigint) from t -- like now()").is_empty());
}

/// A statement outside a `queries!` block would escape the two other tests.
#[test]
fn every_statement_is_registered() {
    for file in fs::read_dir(here("src"))
        .unwrap()
        .map(|file| file.unwrap().path())
    {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap_or_default();
        if [
            "lib",
            "lint",
            "row",
            "db",
            "engine",
            "testing",
            "stories",
            "stories_publication",
        ]
        .contains(&name.as_str())
        {
            continue;
        }
        let program = text.split("#[cfg(test)]").next().unwrap_or("");
        assert!(
            !program.contains("sqlx::query"),
            "{name}.rs: use queries! and q()"
        );
        if text.contains("queries! {") {
            assert!(
                TABLES.iter().any(|(table, _)| *table == name),
                "{name}.rs is missing from TABLES in lib.rs"
            );
        }
    }
}

#[tokio::test]
async fn every_statement_prepares_on_both_engines() {
    testing::both_engines(|store| async move {
        let mut wrong = Vec::new();
        for (file, queries) in TABLES {
            for (name, sql) in *queries {
                let mut conn = store.read().await.unwrap();
                if let Err(why) = conn
                    .sql()
                    .prepare(sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(*sql)))
                    .await
                {
                    wrong.push(format!(
                        "{file}.rs {name} on {}: {why}",
                        store.engine().as_str()
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}
