//! What the organisation makes of the rules, and a version that goes up with every change: every replica sees at its
//! next check whether what it has ready still holds.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use sqlx::any::AnyRow;
use vigie_core::rulebook::RuleBook;

queries! {
    VERSION = "select version from rule_book where id = 1";
    GET = "select version, body from rule_book where id = 1";
    PUT = "update rule_book set version = version + 1, body = $1 where id = 1 and version = $2";
}

/// The book and its version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleBookRow {
    /// 0 until something was changed.
    pub version: i64,
    /// The book.
    pub book: RuleBook,
}

impl FromRow for RuleBookRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            version: row.int("version")?,
            book: row.json("body")?,
        })
    }
}

impl Conn {
    /// The version of the book alone: cheap enough to be asked at every check.
    pub async fn rule_book_version(&mut self) -> Result<i64> {
        q(VERSION).one(self).await
    }

    /// The book.
    pub async fn rule_book(&mut self) -> Result<RuleBookRow> {
        q(GET).one(self).await
    }
}

impl Tx {
    /// Writes the book in place of the one that was read with `version`.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] when somebody changed it meanwhile.
    pub async fn rule_book_put(&mut self, book: &RuleBook, version: i64) -> Result<()> {
        q(PUT).json(book).int(version).run_one(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};

    #[tokio::test]
    async fn a_book_begins_empty_and_loses_no_change() {
        testing::both_engines(|store| async move {
            let mut conn = store.read().await.unwrap();
            let row = conn.rule_book().await.unwrap();
            assert_eq!((row.version, &row.book), (0, &RuleBook::default()));
            drop(conn);
            let mut book = row.book;
            book.off.insert("REP-CAPS-01".into());
            book.lists
                .insert("codenames".into(), ["Borée".to_owned()].into());
            let mut tx = store.begin().await.unwrap();
            tx.rule_book_put(&book, 0).await.unwrap();
            let late = tx.rule_book_put(&RuleBook::default(), 0).await;
            assert!(matches!(late, Err(Error::Conflict)));
            tx.commit().await.unwrap();
            let mut conn = store.read().await.unwrap();
            assert_eq!(conn.rule_book_version().await.unwrap(), 1);
            assert_eq!(
                conn.rule_book().await.unwrap(),
                RuleBookRow { version: 1, book }
            );
        })
        .await;
    }
}
