//! One statement with its values ([`q`]) and one row read back ([`Cells`]): the portable types only.

use crate::{Conn, Error, Result};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, Row};
use std::fmt::Display;
use std::str::FromStr;

/// A row struct of a table.
pub(crate) trait FromRow: Sized {
    fn from_row(row: &AnyRow) -> Result<Self>;
}

/// Microseconds UTC since 1970, as every time is stored.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// A statement that is about to be run. Values are bound in the order `$1`, `$2`, …
pub(crate) struct Q(Query<'static, Any, AnyArguments>);

/// Starts the statement `sql`, one of a [`queries!`] block.
pub(crate) fn q(sql: &'static str) -> Q {
    Q(sqlx::query(sql))
}

#[allow(
    dead_code,
    reason = "the whole set of portable types is offered to every table"
)]
impl Q {
    pub(crate) fn id(self, id: impl Display) -> Self {
        Self(self.0.bind(id.to_string()))
    }
    pub(crate) fn id_opt(self, id: Option<impl Display>) -> Self {
        Self(self.0.bind(id.map(|id| id.to_string())))
    }
    pub(crate) fn text(self, text: impl Into<String>) -> Self {
        Self(self.0.bind(text.into()))
    }
    pub(crate) fn text_opt(self, text: Option<impl Into<String>>) -> Self {
        Self(self.0.bind(text.map(Into::into)))
    }
    pub(crate) fn int(self, value: i64) -> Self {
        Self(self.0.bind(value))
    }
    pub(crate) fn int_opt(self, value: Option<i64>) -> Self {
        Self(self.0.bind(value))
    }
    pub(crate) fn flag(self, value: bool) -> Self {
        Self(self.0.bind(i64::from(value)))
    }
    pub(crate) fn time(self, at: Timestamp) -> Self {
        Self(self.0.bind(micros(at)))
    }
    pub(crate) fn time_opt(self, at: Option<Timestamp>) -> Self {
        Self(self.0.bind(at.map(micros)))
    }
    pub(crate) fn bytes(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self(self.0.bind(bytes.into()))
    }
    pub(crate) fn bytes_opt(self, bytes: Option<impl Into<Vec<u8>>>) -> Self {
        Self(self.0.bind(bytes.map(Into::into)))
    }
    /// A value of an enumeration, stored as its bare serde name (`steward`, not `"steward"`).
    pub(crate) fn word(self, value: &impl Serialize) -> Self {
        let text = match serde_json::to_value(value) {
            Ok(serde_json::Value::String(word)) => Some(word),
            _ => None,
        };
        // A value that is no word becomes NULL, which a `not null` column refuses.
        Self(self.0.bind(text))
    }
    /// Anything as JSON text.
    pub(crate) fn json(self, value: &impl Serialize) -> Self {
        Self(self.0.bind(serde_json::to_string(value).ok()))
    }
    pub(crate) fn json_opt(self, value: Option<&impl Serialize>) -> Self {
        Self(
            self.0
                .bind(value.and_then(|value| serde_json::to_string(value).ok())),
        )
    }

    /// Runs it; how many rows it touched.
    pub(crate) async fn run(self, conn: &mut Conn) -> Result<u64> {
        Ok(self.0.execute(conn.sql()).await?.rows_affected())
    }
    /// Runs it; [`Error::Conflict`] unless it touched exactly one row. For compare-and-sets.
    pub(crate) async fn run_one(self, conn: &mut Conn) -> Result<()> {
        if self.run(conn).await? == 1 {
            Ok(())
        } else {
            Err(Error::Conflict)
        }
    }
    /// Runs it; [`Error::NotFound`] if it touched no row.
    pub(crate) async fn run_found(self, conn: &mut Conn) -> Result<()> {
        if self.run(conn).await? > 0 {
            Ok(())
        } else {
            Err(Error::NotFound)
        }
    }
    /// The one row, or [`Error::NotFound`].
    pub(crate) async fn one<T: FromRow>(self, conn: &mut Conn) -> Result<T> {
        self.maybe(conn).await?.ok_or(Error::NotFound)
    }
    /// The row, if there is one.
    pub(crate) async fn maybe<T: FromRow>(self, conn: &mut Conn) -> Result<Option<T>> {
        self.0
            .fetch_optional(conn.sql())
            .await?
            .as_ref()
            .map(T::from_row)
            .transpose()
    }
    /// All rows. The statement bounds how many.
    pub(crate) async fn all<T: FromRow>(self, conn: &mut Conn) -> Result<Vec<T>> {
        self.0
            .fetch_all(conn.sql())
            .await?
            .iter()
            .map(T::from_row)
            .collect()
    }
}

/// A single whole number, as of `select count(*)`.
impl FromRow for i64 {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(row.try_get(0)?)
    }
}

/// A single text.
impl FromRow for String {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(row.try_get(0)?)
    }
}

fn unreadable(column: &str, why: impl Display) -> Error {
    Error::Unreadable {
        column: column.to_owned(),
        why: why.to_string(),
    }
}

/// Reading the portable types from a row, by column name.
#[allow(
    dead_code,
    reason = "the whole set of portable types is offered to every table"
)]
pub(crate) trait Cells {
    fn text(&self, column: &str) -> Result<String>;
    fn text_opt(&self, column: &str) -> Result<Option<String>>;
    fn int(&self, column: &str) -> Result<i64>;
    fn int_opt(&self, column: &str) -> Result<Option<i64>>;
    fn bytes(&self, column: &str) -> Result<Vec<u8>>;
    fn bytes_opt(&self, column: &str) -> Result<Option<Vec<u8>>>;

    /// A 32-byte hash or digest.
    fn hash(&self, column: &str) -> Result<[u8; 32]> {
        self.bytes(column)?
            .try_into()
            .map_err(|_| unreadable(column, "not 32 bytes"))
    }
    /// Anything written with `Display`: the ids.
    fn id<T: FromStr<Err: Display>>(&self, column: &str) -> Result<T> {
        self.text(column)?
            .parse()
            .map_err(|why| unreadable(column, why))
    }
    fn id_opt<T: FromStr<Err: Display>>(&self, column: &str) -> Result<Option<T>> {
        self.text_opt(column)?
            .map(|text| text.parse().map_err(|why| unreadable(column, why)))
            .transpose()
    }
    /// A smaller whole number; out of range is unreadable.
    fn num<T: TryFrom<i64, Error: Display>>(&self, column: &str) -> Result<T> {
        self.int(column)?
            .try_into()
            .map_err(|why| unreadable(column, why))
    }
    fn flag(&self, column: &str) -> Result<bool> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(unreadable(column, format!("{other} is neither 0 nor 1"))),
        }
    }
    fn time(&self, column: &str) -> Result<Timestamp> {
        Timestamp::from_microsecond(self.int(column)?).map_err(|why| unreadable(column, why))
    }
    fn time_opt(&self, column: &str) -> Result<Option<Timestamp>> {
        let at = self.int_opt(column)?;
        at.map(|at| Timestamp::from_microsecond(at).map_err(|why| unreadable(column, why)))
            .transpose()
    }
    /// A value of an enumeration stored by [`Q::word`].
    fn word<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        serde_json::from_value(serde_json::Value::String(self.text(column)?))
            .map_err(|why| unreadable(column, why))
    }
    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        serde_json::from_str(&self.text(column)?).map_err(|why| unreadable(column, why))
    }
    fn json_opt<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        let text = self.text_opt(column)?;
        text.map(|text| serde_json::from_str(&text).map_err(|why| unreadable(column, why)))
            .transpose()
    }
}

impl Cells for AnyRow {
    fn text(&self, column: &str) -> Result<String> {
        Ok(self.try_get(column)?)
    }
    fn text_opt(&self, column: &str) -> Result<Option<String>> {
        Ok(self.try_get(column)?)
    }
    fn int(&self, column: &str) -> Result<i64> {
        Ok(self.try_get(column)?)
    }
    fn int_opt(&self, column: &str) -> Result<Option<i64>> {
        Ok(self.try_get(column)?)
    }
    fn bytes(&self, column: &str) -> Result<Vec<u8>> {
        Ok(self.try_get(column)?)
    }
    fn bytes_opt(&self, column: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.try_get(column)?)
    }
}
