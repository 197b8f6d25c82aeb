//! The proof: reads an export and says whether it is intact, and if not, which entry is not.
//!
//! Intact means that a signature covers every entry: hashes alone can be computed by anybody.

use std::collections::BTreeSet;
use std::io::BufRead;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::export::{self, CheckpointLine, EntryLine, FORMAT, Header};
use super::leaf::Leaf;
use super::note::{NoteKey, TreeHead};
use super::tree::{Frontier, Hash, empty_root, leaf_hash};

/// Detail under which an entry keeps the SHA-256 of its evidence.
pub const EVIDENCE: &str = "evidence_sha256";
/// A longer line is not an export's.
const MAX_LINE: u64 = 4 * 1024 * 1024;
/// After so many problems, the rest is not listed.
const MAX_PROBLEMS: usize = 100;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The entry's number, from 0.
    pub seq: u64,
    /// What happened to it.
    pub kind: ProblemKind,
}

/// What happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// Its bytes are not those that were hashed.
    Changed,
    /// It is not there.
    Removed,
    /// It stands in another place.
    Moved,
    /// It was not there when the log was written.
    Inserted,
    /// It fits its own hashes, but not what the next entry says stood before it: it was changed and hashed again,
    /// or entries right after it were taken out and the rest numbered again. Both leave the same trace.
    Broken,
    /// No signature covers it or what follows: anybody could have written it.
    Unsigned,
    /// The evidence it names is missing or another.
    Evidence,
    /// A checkpoint at this size is not signed by the key.
    CheckpointSignature,
    /// A checkpoint at this size has another root: something before it was altered.
    CheckpointRoot,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Everything fits.
    Intact {
        /// How many entries.
        entries: u64,
        /// How many checkpoints were checked.
        checkpoints: u64,
        /// How many entries a signature covers: all of them.
        signed: u64,
        /// How many pieces of evidence were checked.
        evidence: u64,
        /// The root of the tree.
        root: String,
        /// The key that signed.
        key: String,
    },
    /// Something does not.
    Altered {
        /// In order of the file.
        problems: Vec<Problem>,
    },
}

/// Not an export.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file cannot be read.
    #[error("line {line}: {source}")]
    Io {
        /// From 1.
        line: u64,
        /// Why.
        source: std::io::Error,
    },
    /// The line is not one of an export.
    #[error("line {line} is not a line of a {FORMAT} export: {why}")]
    Line {
        /// From 1.
        line: u64,
        /// Why.
        why: String,
    },
    /// Signed by another key than the one given.
    #[error("the export names the key {found}, not the one given")]
    OtherKey {
        /// The key in the file.
        found: String,
    },
}

/// What to hold the export against.
#[derive(Default)]
pub struct Against<'a> {
    /// The key that must have signed; else the one that the file names.
    pub key: Option<NoteKey>,
    /// A checkpoint kept earlier: what it covers must still be there, unchanged.
    pub checkpoint: Option<&'a str>,
}

/// Reads and proves an export. `judge` is shown every entry in order, with the evidence that it names, and says
/// whether that evidence holds (a passkey's assertion, for example).
///
/// # Errors
/// When the file is not an export at all.
pub fn verify(
    input: impl BufRead,
    against: &Against<'_>,
    judge: impl FnMut(&Leaf, Option<&str>) -> bool,
) -> Result<Verdict, Unreadable> {
    let mut lines = Lines { input, number: 0 };
    let header: Header = match lines.next()? {
        Some(text) => parse(&text, 1)?,
        None => {
            return Err(Unreadable::Line {
                line: 1,
                why: "the file is empty".into(),
            });
        }
    };
    if header.format != FORMAT {
        return Err(Unreadable::Line {
            line: 1,
            why: format!("format is `{}`", header.format),
        });
    }
    let key = NoteKey::parse(&header.key).map_err(|e| Unreadable::Line {
        line: 1,
        why: e.to_string(),
    })?;
    if against.key.as_ref().is_some_and(|given| *given != key) {
        return Err(Unreadable::OtherKey { found: header.key });
    }
    let kept = match against.checkpoint {
        None => None,
        Some(note) => {
            let text = key.open(note).map_err(|e| bad_checkpoint(&e))?;
            Some(TreeHead::parse(text).map_err(|e| bad_checkpoint(&e))?)
        }
    };
    let mut state = Reader::new(key, header.origin, judge, kept);
    while let Some(text) = lines.next()? {
        let value: Value = parse(&text, lines.number)?;
        if value.get("checkpoint").is_some() {
            let line: CheckpointLine = parse(&text, lines.number)?;
            let exact = export::line(&line) == text;
            state.checkpoint(&line.checkpoint, exact);
        } else {
            let line: EntryLine = parse(&text, lines.number)?;
            // Two spellings of one entry would leave room to play: only the one that we write counts.
            let exact = export::line(&line) == text;
            state.entry(line, exact);
        }
    }
    Ok(state.finish(header.size, &header.key))
}

fn bad_checkpoint(error: &super::note::NoteError) -> Unreadable {
    Unreadable::Line {
        line: 0,
        why: format!("the checkpoint to compare with: {error}"),
    }
}

fn parse<T: serde::de::DeserializeOwned>(text: &str, line: u64) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(|e| Unreadable::Line {
        line,
        why: e.to_string(),
    })
}

struct Lines<R> {
    input: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Option<String>, Unreadable> {
        use std::io::Read as _;
        self.number += 1;
        let line = self.number;
        let mut text = String::new();
        let read = (&mut self.input)
            .take(MAX_LINE)
            .read_line(&mut text)
            .map_err(|source| Unreadable::Io { line, source })?;
        if read == 0 {
            return Ok(None);
        }
        if !text.ends_with('\n') && u64::try_from(read).is_ok_and(|n| n >= MAX_LINE) {
            return Err(Unreadable::Line {
                line,
                why: "the line is too long".into(),
            });
        }
        Ok(Some(text))
    }
}

/// An entry that names another tree than the one before it.
struct Doubt {
    seq: u64,
    /// Of the tree before it.
    root: Hash,
    /// What it was taken for.
    noted: Problem,
}

struct Reader<J> {
    key: NoteKey,
    origin: String,
    judge: J,
    kept: Option<TreeHead>,
    frontier: Frontier,
    /// Root of the tree before its last entry.
    earlier: Hash,
    /// Where what an entry said did not fit. The next entry may tell why.
    doubt: Option<Doubt>,
    /// Numbers passed over so far: removed, unless they turn up later.
    gaps: BTreeSet<u64>,
    seen: BTreeSet<u64>,
    next: u64,
    problems: Vec<Problem>,
    checkpoints: u64,
    signed: u64,
    evidences: u64,
}

impl<J: FnMut(&Leaf, Option<&str>) -> bool> Reader<J> {
    fn new(key: NoteKey, origin: String, judge: J, kept: Option<TreeHead>) -> Self {
        Self {
            key,
            origin,
            judge,
            kept,
            frontier: Frontier::new(),
            earlier: empty_root(),
            doubt: None,
            gaps: BTreeSet::new(),
            seen: BTreeSet::new(),
            next: 0,
            problems: Vec::new(),
            checkpoints: 0,
            signed: 0,
            evidences: 0,
        }
    }

    fn problem(&mut self, seq: u64, kind: ProblemKind) {
        let problem = Problem { seq, kind };
        if self.problems.len() < MAX_PROBLEMS && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn entry(&mut self, line: EntryLine, exact: bool) {
        let seq = line.entry.seq;
        if !self.place(seq) {
            return;
        }
        let bytes = line.entry.bytes();
        let claimed = STANDARD.decode(&line.leaf).unwrap_or_default();
        if !exact || bytes != claimed || leaf_hash(&bytes) != line.hash {
            self.problem(seq, ProblemKind::Changed);
        }
        self.judge_evidence(&line);
        self.settle_doubt(&line.entry);
        // The tree is followed only while nothing is wrong: after that every root differs.
        if self.problems.is_empty() && self.gaps.is_empty() {
            let root = self.frontier.root();
            if line.entry.prev_root == root {
                self.earlier = root;
                self.frontier.append(leaf_hash(&bytes));
                self.compare_kept();
            } else {
                self.break_at(&line.entry, root);
            }
        }
        self.next = self.next.max(seq.saturating_add(1));
    }

    /// This entry says that another tree stood before it. All entries but the last one were confirmed by the one
    /// after them, and those under a signature by it.
    fn break_at(&mut self, entry: &Leaf, root: Hash) {
        let seq = entry.seq;
        match seq.checked_sub(1) {
            Some(last) if entry.prev_root == self.earlier => {
                // It followed the one before the last.
                self.problem(last, ProblemKind::Inserted);
            }
            Some(last) if self.signed < seq => self.doubtful(seq, root, last, ProblemKind::Broken),
            _ => self.doubtful(seq, root, seq, ProblemKind::Removed),
        }
    }

    fn doubtful(&mut self, seq: u64, root: Hash, named: u64, kind: ProblemKind) {
        self.problem(named, kind);
        let noted = Problem { seq: named, kind };
        self.doubt = Some(Doubt { seq, root, noted });
    }

    /// The entry after a doubtful one: when it followed the tree before that one, that one was put in between.
    fn settle_doubt(&mut self, entry: &Leaf) {
        let Some(doubt) = self.doubt.take() else {
            return;
        };
        if entry.prev_root == doubt.root && entry.seq == doubt.seq.saturating_add(1) {
            self.problems.retain(|p| *p != doubt.noted);
            self.problem(doubt.seq, ProblemKind::Inserted);
        }
    }

    /// Is this entry where it belongs? Notes what is not.
    fn place(&mut self, seq: u64) -> bool {
        if !self.seen.insert(seq) {
            self.problem(seq, ProblemKind::Inserted);
            return false;
        }
        if self.gaps.remove(&seq) {
            self.problem(seq, ProblemKind::Moved);
            return false;
        }
        if seq > self.next {
            let last = seq.min(self.next.saturating_add(1000));
            self.gaps.extend(self.next..last);
        }
        true
    }

    fn judge_evidence(&mut self, line: &EntryLine) {
        let named = line.entry.detail.get(EVIDENCE);
        let fits = match (named, &line.evidence) {
            (None, None) => true,
            (Some(digest), Some(text)) => *digest == hex::encode(Sha256::digest(text.as_bytes())),
            _ => false,
        };
        if !fits || !(self.judge)(&line.entry, line.evidence.as_deref()) {
            self.problem(line.entry.seq, ProblemKind::Evidence);
        } else if named.is_some() {
            self.evidences += 1;
        }
    }

    /// The checkpoint kept earlier must be on the way.
    fn compare_kept(&mut self) {
        let Some(kept) = &self.kept else { return };
        if kept.size == self.frontier.size() && kept.root != self.frontier.root() {
            let last = kept.size.saturating_sub(1);
            self.problem(last, ProblemKind::CheckpointRoot);
        }
    }

    fn checkpoint(&mut self, note: &str, exact: bool) {
        let size = self.frontier.size();
        let Some(head) = self
            .key
            .open(note)
            .ok()
            .filter(|_| exact)
            .and_then(|text| TreeHead::parse(text).ok())
        else {
            self.problem(
                self.next.saturating_sub(1),
                ProblemKind::CheckpointSignature,
            );
            return;
        };
        if !self.problems.is_empty() || !self.gaps.is_empty() {
            return;
        }
        if head.origin != self.origin || head.size != size || head.root != self.frontier.root() {
            self.problem(size.saturating_sub(1), ProblemKind::CheckpointRoot);
            return;
        }
        self.checkpoints += 1;
        self.signed = size;
    }

    fn finish(mut self, size: u64, key: &str) -> Verdict {
        for seq in std::mem::take(&mut self.gaps) {
            self.problem(seq, ProblemKind::Removed);
        }
        let wanted = size.max(self.kept.as_ref().map_or(0, |head| head.size));
        for seq in self.next..wanted.min(self.next.saturating_add(1000)) {
            self.problem(seq, ProblemKind::Removed);
        }
        if self.next > size {
            self.problem(size, ProblemKind::Inserted);
        }
        if self.problems.is_empty() && self.signed < self.frontier.size() {
            self.problem(self.signed, ProblemKind::Unsigned);
        }
        if self.problems.is_empty() {
            return Verdict::Intact {
                entries: self.frontier.size(),
                checkpoints: self.checkpoints,
                signed: self.signed,
                evidence: self.evidences,
                root: hex::encode(self.frontier.root()),
                key: key.to_owned(),
            };
        }
        self.problems.sort_by_key(|p| p.seq);
        Verdict::Altered {
            problems: self.problems,
        }
    }
}

#[cfg(test)]
mod tests;
