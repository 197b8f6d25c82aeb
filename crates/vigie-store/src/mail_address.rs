//! Where members are reached by mail. Read by themselves and by the writer of letters, by nobody else: there is no list.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Result, Tx};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use vigie_core::id::MemberId;
use vigie_core::letter::Wishes;

queries! {
    GET = "select member, address, wishes, proven_at, unreached, unreached_at from mail_address where member = $1";
    BY_ADDRESS = "select member, address, wishes, proven_at, unreached, unreached_at from mail_address \
                  where folded = $1";
    PUT = "insert into mail_address (member, address, folded, wishes, proven_at) values ($1, $2, $3, $4, $5) \
           on conflict (member) do update set address = excluded.address, folded = excluded.folded, \
           proven_at = excluded.proven_at, unreached = null, unreached_at = null";
    WISHES = "update mail_address set wishes = $2 where member = $1";
    UNREACHED = "update mail_address set unreached = $2, unreached_at = $3 where member = $1";
    /// That a server takes a letter says nothing about one that came back later.
    HANDED_OVER = "update mail_address set unreached = null, unreached_at = null where member = $1 \
                   and unreached <> 'returned'";
    REACHED = "update mail_address set unreached = null, unreached_at = null where member = $1";
    REMOVE = "delete from mail_address where member = $1";
    DROP_LETTERS = "update letter set state = 'lost', error = 'removed', lease_until = null, about = '{}' \
                    where member = $1 and state in ('waiting', 'ready')";
}

/// A member's proven address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAddressRow {
    /// Whose.
    pub member: MemberId,
    /// The address, as they wrote it.
    pub address: String,
    /// Which letters they want.
    pub wishes: Wishes,
    /// When a letter proved it.
    pub proven_at: Timestamp,
    /// Why the last letter did not reach it, a stable name.
    pub unreached: Option<String>,
    /// When that was.
    pub unreached_at: Option<Timestamp>,
}

impl FromRow for MailAddressRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            member: row.id("member")?,
            address: row.text("address")?,
            wishes: row.json("wishes")?,
            proven_at: row.time("proven_at")?,
            unreached: row.text_opt("unreached")?,
            unreached_at: row.time_opt("unreached_at")?,
        })
    }
}

impl Conn {
    /// A member's address, if they gave one.
    pub async fn mail_address(&mut self, member: MemberId) -> Result<Option<MailAddressRow>> {
        q(GET).id(member).maybe(self).await
    }

    /// Whose address this is (`folded`: in lower case).
    pub async fn mail_address_of(&mut self, folded: &str) -> Result<Option<MailAddressRow>> {
        q(BY_ADDRESS).text(folded).maybe(self).await
    }
}

impl Tx {
    /// A letter proved that this address is the member's. Their wishes stay; the address before goes.
    ///
    /// # Errors
    /// [`crate::Error::Unique`] if it is another member's.
    pub async fn mail_address_put(
        &mut self,
        member: MemberId,
        address: &str,
        folded: &str,
        now: Timestamp,
    ) -> Result<()> {
        q(PUT)
            .id(member)
            .text(address)
            .text(folded)
            .json(&Wishes::default())
            .time(now)
            .run(self)
            .await?;
        Ok(())
    }

    /// Which letters they want from now on.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] without an address.
    pub async fn mail_wishes(&mut self, member: MemberId, wishes: &Wishes) -> Result<()> {
        q(WISHES).id(member).json(wishes).run_found(self).await
    }

    /// A letter surely did not reach it (a stable name; `returned` when it came back), or (`None`) one did: they answer.
    pub async fn mail_reached(
        &mut self,
        member: MemberId,
        why_not: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        match why_not {
            Some(code) => q(UNREACHED).id(member).text(code).time(now),
            None => q(REACHED).id(member),
        }
        .run(self)
        .await?;
        Ok(())
    }

    /// The server took a letter to it.
    pub async fn mail_handed_over(&mut self, member: MemberId) -> Result<()> {
        q(HANDED_OVER).id(member).run(self).await?;
        Ok(())
    }

    /// Forgets the address, the wishes, and the letters on their way.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] without an address.
    pub async fn mail_address_remove(&mut self, member: MemberId) -> Result<()> {
        q(DROP_LETTERS).id(member).run(self).await?;
        q(REMOVE).id(member).run_one(self).await
    }
}

#[cfg(test)]
mod tests {
    use crate::{Error, testing};
    use vigie_core::letter::{Rhythm, Wishes};

    #[tokio::test]
    async fn an_address_is_one_members_and_goes_in_one_step() {
        testing::both_engines(|store| async move {
            let now = testing::now();
            let ines = testing::member(&store, "ines").await;
            let tom = testing::member(&store, "tom").await;
            let mut tx = store.begin().await.unwrap();
            assert_eq!(tx.mail_address(ines).await.unwrap(), None);
            let put = tx.mail_address_put(ines, "Ines@corp.test", "ines@corp.test", now);
            put.await.unwrap();
            let wishes = Wishes {
                rhythm: Rhythm::Never,
                ..Wishes::default()
            };
            tx.mail_wishes(ines, &wishes).await.unwrap();
            for (code, stays) in [("refused_by_server", false), ("returned", true)] {
                tx.mail_reached(ines, Some(code), now).await.unwrap();
                tx.mail_handed_over(ines).await.unwrap();
                let row = tx.mail_address(ines).await.unwrap().unwrap();
                assert_eq!(row.unreached.is_some(), stays, "{code}");
            }
            tx.mail_reached(ines, None, now).await.unwrap();
            let row = tx.mail_address(ines).await.unwrap().unwrap();
            assert_eq!((row.unreached, row.unreached_at), (None, None));
            tx.mail_reached(ines, Some("returned"), now).await.unwrap();
            tx.commit().await.unwrap();

            let mut tx = store.begin().await.unwrap();
            let taken = tx
                .mail_address_put(tom, "ines@corp.test", "ines@corp.test", now)
                .await;
            assert!(matches!(taken, Err(Error::Unique(_))), "{taken:?}");
            drop(tx);

            // Another address of the same member: the wishes stay, what was said of the old one does not.
            let mut tx = store.begin().await.unwrap();
            tx.mail_address_put(ines, "i@corp.test", "i@corp.test", now)
                .await
                .unwrap();
            let row = tx.mail_address_of("i@corp.test").await.unwrap().unwrap();
            assert_eq!((row.member, row.unreached), (ines, None));
            assert_eq!(row.wishes, wishes);
            assert_eq!(tx.mail_address_of("ines@corp.test").await.unwrap(), None);
            tx.mail_address_remove(ines).await.unwrap();
            assert_eq!(tx.mail_address(ines).await.unwrap(), None);
            let again = tx.mail_address_remove(ines).await;
            assert!(matches!(again, Err(Error::Conflict)));
        })
        .await;
    }
}
