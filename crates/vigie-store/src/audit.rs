//! The append-only log of decisions: entries, head of the tree, checkpoints, and what stands behind an entry.
//!
//! [`Tx::audit`] is called in the transaction of the act itself, last: either both happen or neither. Raising the
//! size in the head row is the lock that puts writers in line, so that the numbers have no gap.

use crate::row::{Cells, FromRow, q};
use crate::{Conn, Error, Result, Tx};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use sqlx::any::AnyRow;
use std::collections::BTreeMap;
use std::fmt::Display;
use vigie_core::audit::leaf::{AuditActor, Leaf};
use vigie_core::audit::tree::{Frontier, Hash};
use vigie_core::audit::verify::EVIDENCE;
use vigie_core::content::Digest;

/// The columns of a [`Leaf`].
macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select seq, at, actor, act, object, detail, prev_root from audit_entry ",
            $rest
        )
    };
}

queries! {
    NEXT = "update audit_head set size = size + 1 where id = 1 returning size, frontier";
    HEAD_SET = "update audit_head set frontier = $1 where id = 1";
    HEAD = "select size, frontier from audit_head where id = 1";
    ADD = "insert into audit_entry (seq, at, actor, member, act, object, detail, prev_root) \
           values ($1, $2, $3, $4, $5, $6, $7, $8)";
    GET = columns!("where seq = $1");
    FROM = "select a.seq, a.at, a.actor, a.act, a.object, a.detail, a.prev_root, e.body from audit_entry a \
            left join audit_evidence e on e.seq = a.seq where a.seq >= $1 order by a.seq limit $2";
    PAGE = columns!("where seq < $1 and ($2 = '' or object = $2) and ($3 = '' or (act >= $3 and act < $4)) \
                     order by seq desc limit $5");
    EVIDENCE_ADD = "insert into audit_evidence (seq, body) values ($1, $2)";
    EVIDENCE_ERASE = "delete from audit_evidence where seq = $1";
    CHECKPOINT_ADD = "insert into audit_checkpoint (size, root, note, at) values ($1, $2, $3, $4) \
                      on conflict (size) do nothing";
    CHECKPOINT = "select size, root, note, at from audit_checkpoint order by size desc limit 1";
    CHECKPOINTS = "select size, root, note, at from audit_checkpoint where size > $1 order by size limit $2";
}

/// Names and values of an entry's detail. Ids, digests and stable names only: what is written here can never be erased.
pub type Detail<'a> = &'a [(&'a str, &'a (dyn Display + Sync))];

struct LeafRow(Leaf);

impl FromRow for LeafRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self(Leaf {
            seq: row.num("seq")?,
            at: row.time("at")?,
            actor: row.json("actor")?,
            act: row.text("act")?,
            object: row.text("object")?,
            detail: row.json("detail")?,
            prev_root: row.hash("prev_root")?,
        }))
    }
}

struct HeadRow {
    size: u64,
    frontier: Option<Vec<u8>>,
}

impl HeadRow {
    /// The edge of the tree of `size` entries.
    fn frontier(&self, size: u64) -> Result<Frontier> {
        let bytes = self.frontier.as_deref().unwrap_or_default();
        Frontier::from_bytes(size, bytes).map_err(|why| Error::Unreadable {
            column: "frontier".into(),
            why: why.to_string(),
        })
    }
}

impl FromRow for HeadRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            size: row.num("size")?,
            frontier: row.bytes_opt("frontier")?,
        })
    }
}

/// An entry and what stands behind it: a passkey's assertion, a copy of what was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// The entry.
    pub leaf: Leaf,
    /// The evidence whose digest the entry holds, unless it was erased.
    pub evidence: Option<String>,
}

impl FromRow for AuditRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            leaf: LeafRow::from_row(row)?.0,
            evidence: row.text_opt("body")?,
        })
    }
}

/// A signed head of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    /// How many entries.
    pub size: u64,
    /// Their root.
    pub root: Hash,
    /// The signed note.
    pub note: String,
    /// When it was signed.
    pub at: Timestamp,
}

impl FromRow for CheckpointRow {
    fn from_row(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            size: row.num("size")?,
            root: row.hash("root")?,
            note: row.text("note")?,
            at: row.time("at")?,
        })
    }
}

/// Which entries a page of the log shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// On this object, `kind/id`.
    pub object: Option<String>,
    /// Acts of this kind: the word before the dot, such as `post`. There is no filter by person.
    pub kind: Option<String>,
}

/// Sizes and numbers fit, or the log has more entries than a database can count.
fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Conn {
    /// How many entries there are, and the root of the tree over them.
    pub async fn audit_head(&mut self) -> Result<(u64, Hash)> {
        let head: HeadRow = q(HEAD).one(self).await?;
        Ok((head.size, head.frontier(head.size)?.root()))
    }

    /// One entry.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn audit_entry(&mut self, seq: u64) -> Result<Leaf> {
        Ok(q(GET).int(number(seq)).one::<LeafRow>(self).await?.0)
    }

    /// Entries from `seq` on with their evidence, oldest first, for the export; an empty answer is the end.
    pub async fn audit_from(&mut self, seq: u64, limit: u32) -> Result<Vec<AuditRow>> {
        q(FROM).int(number(seq)).int(limit.into()).all(self).await
    }

    /// A page of the log, latest first, before entry `before`.
    pub async fn audit_page(
        &mut self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Leaf>> {
        // « post. » to « post/ »: every act of the kind, and an index can be used.
        let kind = filter
            .kind
            .as_ref()
            .map(|k| (format!("{k}."), format!("{k}/")));
        let rows: Vec<LeafRow> = q(PAGE)
            .int(before.map_or(i64::MAX, number))
            .text(filter.object.as_deref().unwrap_or_default())
            .text(kind.as_ref().map_or("", |k| k.0.as_str()))
            .text(kind.as_ref().map_or("", |k| k.1.as_str()))
            .int(limit.into())
            .all(self)
            .await?;
        Ok(rows.into_iter().map(|row| row.0).collect())
    }

    /// The latest checkpoint.
    pub async fn checkpoint(&mut self) -> Result<Option<CheckpointRow>> {
        q(CHECKPOINT).maybe(self).await
    }

    /// Checkpoints over more than `size` entries, oldest first.
    pub async fn checkpoints(&mut self, size: u64, limit: u32) -> Result<Vec<CheckpointRow>> {
        q(CHECKPOINTS)
            .int(number(size))
            .int(limit.into())
            .all(self)
            .await
    }
}

impl Tx {
    /// Appends an entry and returns its number. Call it last in the transaction: until the commit, every other writer
    /// of the log waits.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if the head is damaged: the act then must not happen.
    pub async fn audit(
        &mut self,
        now: Timestamp,
        actor: AuditActor,
        act: &str,
        object: &str,
        detail: Detail<'_>,
    ) -> Result<u64> {
        let head: HeadRow = q(NEXT).one(self).await?;
        let seq = head.size.saturating_sub(1);
        let mut frontier = head.frontier(seq)?;
        let detail: BTreeMap<String, String> = detail
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.to_string()))
            .collect();
        let leaf = Leaf {
            seq,
            at: to_micros(now),
            actor,
            act: act.to_owned(),
            object: object.to_owned(),
            detail,
            prev_root: frontier.root(),
        };
        let member = match actor {
            AuditActor::System => None,
            AuditActor::Member { member } | AuditActor::Token { member, .. } => Some(member),
        };
        q(ADD)
            .int(number(seq))
            .time(leaf.at)
            .json(&leaf.actor)
            .id_opt(member)
            .text(&leaf.act)
            .text(&leaf.object)
            .json(&leaf.detail)
            .bytes(leaf.prev_root)
            .run(self)
            .await?;
        frontier.append(leaf.hash());
        q(HEAD_SET).bytes(frontier.to_bytes()).run_one(self).await?;
        Ok(seq)
    }

    /// The same with evidence that the entry holds only the digest of (under `evidence_sha256`): it may hold personal
    /// data, and can be erased.
    pub async fn audit_with_evidence(
        &mut self,
        now: Timestamp,
        actor: AuditActor,
        act: &str,
        object: &str,
        detail: Detail<'_>,
        evidence: &str,
    ) -> Result<u64> {
        let digest = Digest(Sha256::digest(evidence.as_bytes()).into());
        let mut detail = detail.to_vec();
        detail.push((EVIDENCE, &digest));
        let seq = self.audit(now, actor, act, object, &detail).await?;
        q(EVIDENCE_ADD)
            .int(number(seq))
            .text(evidence)
            .run(self)
            .await?;
        Ok(seq)
    }

    /// Erases what stands behind an entry; the tree still verifies.
    pub async fn audit_evidence_erase(&mut self, seq: u64) -> Result<u64> {
        q(EVIDENCE_ERASE).int(number(seq)).run(self).await
    }

    /// Keeps a signed head. One of the same size that is there already stays.
    pub async fn checkpoint_add(&mut self, new: &CheckpointRow) -> Result<()> {
        q(CHECKPOINT_ADD)
            .int(number(new.size))
            .bytes(new.root)
            .text(&new.note)
            .time(new.at)
            .run(self)
            .await?;
        Ok(())
    }
}

/// The time as it is stored, so that the hash is over what is read back.
fn to_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use std::collections::BTreeSet;
    use vigie_core::audit::tree::root;

    #[tokio::test]
    async fn entries_are_read_back_as_they_were_hashed() {
        testing::both_engines(|store| async move {
            let ines = testing::member(&store, "ines").await;
            let actor = AuditActor::Member { member: ines };
            // With nanoseconds, which no table keeps.
            let now = Timestamp::from_nanosecond(1_700_000_000_123_456_789).unwrap();
            let mut tx = store.begin().await.unwrap();
            let (size, empty) = tx.audit_head().await.unwrap();
            assert_eq!((size, empty), (0, vigie_core::audit::tree::empty_root()));
            assert_eq!(
                tx.audit(now, actor, "post.create", "post/1", &[])
                    .await
                    .unwrap(),
                0
            );
            let digest = Digest([3; 32]);
            let detail: Detail<'_> = &[("digest", &digest), ("number", &2)];
            let seq = tx
                .audit_with_evidence(now, actor, "post.approve", "post/1", detail, "{\"v\":1}")
                .await
                .unwrap();
            assert_eq!(seq, 1);
            tx.audit(now, AuditActor::System, "pause", "pause/1", &[])
                .await
                .unwrap();
            tx.commit().await.unwrap();

            let mut conn = store.read().await.unwrap();
            let all = conn.audit_from(0, 100).await.unwrap();
            let hashes: Vec<Hash> = all.iter().map(|row| row.leaf.hash()).collect();
            assert_eq!(conn.audit_head().await.unwrap(), (3, root(&hashes)));
            for (n, row) in all.iter().enumerate() {
                assert_eq!(row.leaf.prev_root, root(&hashes[..n]), "entry {n}");
            }
            assert_eq!(all[1].evidence.as_deref(), Some("{\"v\":1}"));
            let expected: String = Digest(Sha256::digest(b"{\"v\":1}").into()).to_string();
            assert_eq!(all[1].leaf.detail[EVIDENCE], expected);
            let filter = AuditFilter {
                kind: Some("post".into()),
                ..AuditFilter::default()
            };
            let page = conn.audit_page(&filter, None, 1).await.unwrap();
            assert_eq!(page, [all[1].leaf.clone()]);
            let page = conn
                .audit_page(&filter, Some(page[0].seq), 10)
                .await
                .unwrap();
            assert_eq!(page, [all[0].leaf.clone()]);
            assert_eq!(conn.audit_entry(2).await.unwrap(), all[2].leaf);
            drop(conn);

            let mut tx = store.begin().await.unwrap();
            tx.audit_evidence_erase(1).await.unwrap();
            let new = CheckpointRow {
                size: 3,
                root: root(&hashes),
                note: "signed".into(),
                at: testing::now(),
            };
            tx.checkpoint_add(&new).await.unwrap();
            tx.checkpoint_add(&new).await.unwrap();
            assert_eq!(tx.checkpoint().await.unwrap().as_ref(), Some(&new));
            assert_eq!(tx.checkpoints(0, 10).await.unwrap().len(), 1);
            assert_eq!(tx.audit_from(1, 1).await.unwrap()[0].evidence, None);
        })
        .await;
    }

    #[tokio::test]
    async fn an_act_that_is_rolled_back_leaves_no_entry() {
        testing::both_engines(|store| async move {
            let mut tx = store.begin().await.unwrap();
            tx.audit(testing::now(), AuditActor::System, "a", "b/1", &[])
                .await
                .unwrap();
            tx.rollback().await.unwrap();
            assert_eq!(store.read().await.unwrap().audit_head().await.unwrap().0, 0);
        })
        .await;
    }

    #[tokio::test]
    async fn eight_writers_leave_no_gap() {
        testing::both_engines(|store| async move {
            let writers: Vec<_> = (0..8)
                .map(|n| {
                    let store = store.clone();
                    tokio::spawn(async move {
                        let mut mine = Vec::new();
                        for i in 0..25 {
                            let mut tx = store.begin().await.unwrap();
                            let object = format!("post/{n}-{i}");
                            let seq = tx
                                .audit(
                                    testing::now(),
                                    AuditActor::System,
                                    "post.edit",
                                    &object,
                                    &[],
                                )
                                .await;
                            mine.push(seq.unwrap());
                            tx.commit().await.unwrap();
                        }
                        mine
                    })
                })
                .collect();
            let mut given = BTreeSet::new();
            for writer in writers {
                given.extend(writer.await.unwrap());
            }
            assert_eq!(given, (0..200).collect());
            let mut conn = store.read().await.unwrap();
            let all = conn.audit_from(0, 1000).await.unwrap();
            let mut frontier = Frontier::new();
            for row in &all {
                assert_eq!(row.leaf.seq, frontier.size());
                assert_eq!(row.leaf.prev_root, frontier.root());
                frontier.append(row.leaf.hash());
            }
            assert_eq!(conn.audit_head().await.unwrap(), (200, frontier.root()));
        })
        .await;
    }
}
