//! The one organisation of an installation, and how it works.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use vigie_core::member::Lang;

queries! {
    GET = "select name, tz, lang, settings, created_at, updated_at from organisation where id = 1";
    CREATE = "insert into organisation (id, name, tz, lang, settings, created_at, updated_at)
        values (1, $1, $2, $3, $4, $5, $5)";
    UPDATE = "update organisation set name = $1, tz = $2, lang = $3, settings = $4, updated_at = $5
        where id = 1 and updated_at = $6";
}

/// How reviews and publications work here. Unknown fields of a newer program are ignored, missing ones take the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// A review not answered within this many minutes is offered to another member too.
    pub review_delay_minutes: u32,
    /// An approval older than this many days no longer counts.
    pub approval_valid_days: u32,
    /// Whether an approval must be sealed with the reviewer's passkey.
    pub require_passkey_seal: bool,
    /// A post that could not go out within this many hours of its time goes back to its author.
    pub window_hours: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            review_delay_minutes: 240,
            approval_valid_days: 30,
            require_passkey_seal: false,
            window_hours: 24,
        }
    }
}

/// The organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its name.
    pub name: String,
    /// IANA name of its time zone, as `Europe/Paris`.
    pub tz: String,
    /// The language of a member who has not chosen.
    pub lang: Lang,
    /// How it works.
    pub settings: Settings,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl FromRow for Organisation {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            name: row.text("name")?,
            tz: row.text("tz")?,
            lang: row.word("lang")?,
            settings: row.json("settings")?,
            created_at: row.time("created_at")?,
            updated_at: row.time("updated_at")?,
        })
    }
}

impl Conn {
    /// The organisation, `None` before the first-run page has been filled in.
    pub async fn organisation(&mut self) -> Result<Option<Organisation>> {
        q(GET).maybe(self).await
    }
}

impl Tx {
    /// Creates the organisation. Its `updated_at` is taken from `created_at`.
    ///
    /// # Errors
    /// [`crate::Error::Unique`] if there is one already: of two first-run pages sent at once, one loses.
    pub async fn create_organisation(&mut self, new: &Organisation) -> Result<()> {
        let q = q(CREATE)
            .text(&new.name)
            .text(&new.tz)
            .word(&new.lang)
            .json(&new.settings)
            .time(new.created_at);
        q.run(self).await.map(|_| ())
    }

    /// Changes name, time zone, language and settings. `changed` is as it was read (its `updated_at` is the fence).
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if somebody else has changed it since.
    pub async fn update_organisation(
        &mut self,
        changed: &Organisation,
        now: Timestamp,
    ) -> Result<()> {
        // Two changes within a microsecond, or a clock that went back, must still move the fence.
        let next = now.max(
            Timestamp::from_microsecond(changed.updated_at.as_microsecond() + 1).unwrap_or(now),
        );
        let q = q(UPDATE)
            .text(&changed.name)
            .text(&changed.tz)
            .word(&changed.lang)
            .json(&changed.settings);
        q.time(next).time(changed.updated_at).run_one(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, testing};

    #[tokio::test]
    async fn one_organisation_and_no_lost_update() {
        testing::both_engines(|store| async move {
            assert_eq!(store.read().await.unwrap().organisation().await.unwrap(), None);
            let now = testing::now();
            let new = Organisation {
                name: "Société d’essai".into(),
                tz: "Europe/Paris".into(),
                lang: Lang::Fr,
                settings: Settings::default(),
                created_at: now,
                updated_at: now,
            };
            let mut tx = store.begin().await.unwrap();
            tx.create_organisation(&new).await.unwrap();
            tx.commit().await.unwrap();
            let mut tx = store.begin().await.unwrap();
            assert!(matches!(tx.create_organisation(&new).await, Err(Error::Unique(table)) if table == "organisation"));
            drop(tx);

            let seen = store.read().await.unwrap().organisation().await.unwrap().unwrap();
            assert_eq!(seen, new);
            let mut mine = seen.clone();
            mine.settings.review_delay_minutes = 5;
            let mut tx = store.begin().await.unwrap();
            tx.update_organisation(&mine, now).await.unwrap();
            assert!(matches!(tx.update_organisation(&seen, now).await, Err(Error::Conflict)));
            tx.commit().await.unwrap();
            let now_there = store.read().await.unwrap().organisation().await.unwrap().unwrap();
            assert_eq!(now_there.settings.review_delay_minutes, 5);
        })
        .await;
    }
}
