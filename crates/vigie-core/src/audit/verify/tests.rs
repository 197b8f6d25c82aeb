use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::audit::export::line;
use crate::audit::leaf::AuditActor;
use crate::audit::note::sign;
use crate::id::MemberId;

const ORIGIN: &str = "vigie.example/audit";

fn signer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn leaf(seq: u64, prev_root: [u8; 32]) -> Leaf {
    let mut detail = BTreeMap::from([("digest".to_owned(), format!("{seq:064x}"))]);
    if seq == 3 {
        detail.insert(
            EVIDENCE.to_owned(),
            hex::encode(Sha256::digest(b"assertion")),
        );
    }
    Leaf {
        seq,
        at: Timestamp::from_second(1_800_000_000 + seq as i64).unwrap(),
        actor: AuditActor::Member {
            member: MemberId::new(Uuid::from_u128(5)),
        },
        act: "post.approve".into(),
        object: format!("post/{seq}"),
        detail,
        prev_root,
    }
}

/// A log of `n` entries, a checkpoint after each tenth and the last.
fn log(n: u64) -> Vec<String> {
    let key = NoteKey::new(ORIGIN, &signer()).to_text();
    let mut out = vec![line(&Header {
        format: FORMAT.into(),
        origin: ORIGIN.into(),
        key,
        size: n,
    })];
    let mut tree = Frontier::new();
    for seq in 0..n {
        let leaf = leaf(seq, tree.root());
        tree.append(leaf.hash());
        out.push(line(&EntryLine::new(
            leaf,
            (seq == 3).then(|| "assertion".to_owned()),
        )));
        if seq % 10 == 9 || seq + 1 == n {
            out.push(line(&CheckpointLine {
                checkpoint: checkpoint(&tree),
            }));
        }
    }
    out
}

fn checkpoint(tree: &Frontier) -> String {
    let head = TreeHead {
        origin: ORIGIN.into(),
        size: tree.size(),
        root: tree.root(),
    };
    sign(&head.to_text(), ORIGIN, &signer())
}

fn check(lines: &[String]) -> Verdict {
    verify(lines.concat().as_bytes(), &Against::default(), |_, text| {
        text.is_none_or(|t| t == "assertion")
    })
    .unwrap()
}

fn problems(lines: &[String]) -> Vec<(u64, ProblemKind)> {
    match check(lines) {
        Verdict::Intact { .. } => vec![],
        Verdict::Altered { problems } => problems.iter().map(|p| (p.seq, p.kind)).collect(),
    }
}

/// Where entry `seq` stands among the lines.
fn at(lines: &[String], seq: u64) -> usize {
    lines
        .iter()
        .position(|l| l.contains(&format!("\"entry\":{{\"seq\":{seq},")))
        .unwrap()
}

fn entry(line: &str) -> EntryLine {
    serde_json::from_str(line).unwrap()
}

#[test]
fn an_untouched_log_is_intact() {
    let Verdict::Intact {
        entries,
        checkpoints,
        signed,
        evidence,
        ..
    } = check(&log(25))
    else {
        panic!()
    };
    assert_eq!((entries, checkpoints, signed, evidence), (25, 3, 25, 1));
    assert!(matches!(check(&log(0)), Verdict::Intact { entries: 0, .. }));
}

#[test]
fn a_changed_entry_is_named() {
    let mut lines = log(25);
    let i = at(&lines, 12);
    lines[i] = lines[i].replace("post.approve", "post.archive");
    assert_eq!(problems(&lines), [(12, ProblemKind::Changed)]);
}

#[test]
fn an_entry_changed_with_its_hashes_is_named_all_the_same() {
    let mut lines = log(25);
    let i = at(&lines, 12);
    let mut changed = entry(&lines[i]).entry;
    changed.act = "post.archive".into();
    lines[i] = line(&EntryLine::new(changed, None));
    assert_eq!(problems(&lines), [(12, ProblemKind::Broken)]);
}

#[test]
fn the_whole_tail_written_again_is_caught_by_the_checkpoint() {
    let mut lines = log(25);
    let mut tree = Frontier::new();
    for seq in 0..25 {
        let i = at(&lines, seq);
        let mut leaf = entry(&lines[i]).entry;
        leaf.prev_root = tree.root();
        if seq == 12 {
            leaf.act = "post.archive".into();
        }
        tree.append(leaf.hash());
        lines[i] = line(&EntryLine::new(
            leaf,
            (seq == 3).then(|| "assertion".to_owned()),
        ));
    }
    assert_eq!(problems(&lines), [(19, ProblemKind::CheckpointRoot)]);
}

/// Writes the entries anew in this order, as somebody would who lacks only the signing key: numbers, bytes and
/// hashes fit; what each entry says of the tree before it is kept, or computed again from `rewrite_from` on.
fn written_again(order: &[Leaf], rewrite_from: usize) -> Vec<String> {
    let mut out = vec![log(order.len() as u64).swap_remove(0)];
    let mut tree = Frontier::new();
    for (place, leaf) in order.iter().enumerate() {
        let mut leaf = leaf.clone();
        leaf.seq = place as u64;
        if place >= rewrite_from {
            leaf.prev_root = tree.root();
        }
        let evidence = leaf
            .detail
            .contains_key(EVIDENCE)
            .then(|| "assertion".to_owned());
        tree.append(leaf.hash());
        out.push(line(&EntryLine::new(leaf, evidence)));
    }
    out
}

fn leaves(n: u64) -> Vec<Leaf> {
    let lines = log(n);
    (0..n)
        .map(|seq| entry(&lines[at(&lines, seq)]).entry)
        .collect()
}

#[test]
fn a_log_without_its_signatures_is_not_intact() {
    let mut order = leaves(25);
    order[12].act = "post.archive".into();
    // Every hash fits again, and the checkpoints that would tell are gone.
    let lines = written_again(&order, 0);
    assert_eq!(problems(&lines), [(0, ProblemKind::Unsigned)]);
    // The signatures before the change may stay.
    let whole = log(25);
    let mut some = lines.clone();
    some.insert(11, whole[11].clone());
    assert_eq!(problems(&some), [(10, ProblemKind::Unsigned)]);
}

#[test]
fn numbering_the_rest_again_hides_nothing() {
    // Taken out: the entry after the hole says that something stood between.
    let mut order = leaves(25);
    order.remove(12);
    let lines = written_again(&order, usize::MAX);
    assert_eq!(problems(&lines), [(11, ProblemKind::Broken)]);
    // With a signature right before the hole, it is sure what is missing.
    let mut signed = lines.clone();
    let tree = leaves(12).iter().fold(Frontier::new(), |mut tree, leaf| {
        tree.append(leaf.hash());
        tree
    });
    signed.insert(
        13,
        line(&CheckpointLine {
            checkpoint: checkpoint(&tree),
        }),
    );
    assert_eq!(problems(&signed), [(12, ProblemKind::Removed)]);
    let mut order = leaves(25);
    order.remove(0);
    assert_eq!(
        problems(&written_again(&order, usize::MAX))[0],
        (0, ProblemKind::Removed)
    );

    // Put in, with the right root before it: the entry after it does not know of it.
    let mut order = leaves(25);
    let mut forged = order[12].clone();
    forged.act = "post.archive".into();
    order.insert(12, forged);
    assert_eq!(
        problems(&written_again(&order, usize::MAX)),
        [(12, ProblemKind::Inserted)]
    );

    // Exchanged.
    let mut order = leaves(25);
    order.swap(12, 13);
    assert_eq!(
        problems(&written_again(&order, usize::MAX)),
        [(12, ProblemKind::Inserted)]
    );
}

#[test]
fn removed_moved_and_inserted_entries_are_named() {
    let whole = log(25);
    let mut lines = whole.clone();
    lines.remove(at(&whole, 12));
    assert_eq!(problems(&lines), [(12, ProblemKind::Removed)]);

    let mut lines = whole.clone();
    lines.swap(at(&whole, 12), at(&whole, 13));
    assert_eq!(problems(&lines), [(12, ProblemKind::Moved)]);

    let mut lines = whole.clone();
    let copy = lines[at(&whole, 12)].clone();
    lines.insert(at(&whole, 15), copy);
    assert_eq!(problems(&lines), [(12, ProblemKind::Inserted)]);
}

#[test]
fn a_cut_end_is_noticed_by_the_header_or_by_a_kept_checkpoint() {
    let mut lines = log(25);
    lines.truncate(at(&lines, 22));
    assert_eq!(
        problems(&lines),
        [
            (22, ProblemKind::Removed),
            (23, ProblemKind::Removed),
            (24, ProblemKind::Removed)
        ]
    );
    // The header changed too: no signature covers the last two.
    lines[0] = lines[0].replace("\"size\":25", "\"size\":22");
    assert_eq!(problems(&lines), [(20, ProblemKind::Unsigned)]);
    // Cut right after a checkpoint: only one kept elsewhere tells.
    let whole = log(25);
    let mut lines = whole[..at(&whole, 20)].to_vec();
    lines[0] = lines[0].replace("\"size\":25", "\"size\":20");
    assert_eq!(problems(&lines), []);
    let kept: CheckpointLine = serde_json::from_str(log(25).last().unwrap()).unwrap();
    let against = Against {
        key: None,
        checkpoint: Some(&kept.checkpoint),
    };
    let verdict = verify(lines.concat().as_bytes(), &against, |_, _| true).unwrap();
    assert!(matches!(verdict, Verdict::Altered { problems } if problems[0].seq == 20));
}

#[test]
fn evidence_is_held_against_its_digest_and_judged() {
    let whole = log(25);
    let mut lines = whole.clone();
    let i = at(&whole, 3);
    lines[i] = lines[i].replace("\"assertion\"", "\"assertiom\"");
    assert_eq!(problems(&lines), [(3, ProblemKind::Evidence)]);
    let verdict = verify(whole.concat().as_bytes(), &Against::default(), |_, text| {
        text.is_none()
    })
    .unwrap();
    assert!(
        matches!(verdict, Verdict::Altered { problems } if problems[0].kind == ProblemKind::Evidence)
    );
}

#[test]
fn what_is_no_export_is_unreadable() {
    for text in [
        "",
        "hello\n",
        "{}\n",
        "{\"format\":\"other/1\",\"origin\":\"a\",\"key\":\"b\",\"size\":0}\n",
    ] {
        assert!(
            verify(text.as_bytes(), &Against::default(), |_, _| true).is_err(),
            "{text}"
        );
    }
    let other = NoteKey::new(ORIGIN, &SigningKey::from_bytes(&[8; 32]));
    let against = Against {
        key: Some(other),
        checkpoint: None,
    };
    let answer = verify(log(3).concat().as_bytes(), &against, |_, _| true);
    assert!(matches!(answer, Err(Unreadable::OtherKey { .. })));
}

/// Made once: signing is slow without optimisation.
static LINES: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| log(25));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any one byte of any entry or checkpoint, changed to any other, is noticed or is no longer an export.
    #[test]
    fn any_changed_byte_is_noticed(place in any::<prop::sample::Index>(), byte in 0x20_u8..0x7f) {
        let lines = &*LINES;
        let head = lines[0].len();
        let mut text = lines.concat().into_bytes();
        let i = head + place.index(text.len() - head);
        prop_assume!(text[i] != b'\n' && text[i] != byte);
        text[i] = byte;
        let verdict = verify(text.as_slice(), &Against::default(), |_, text| text.is_none_or(|t| t == "assertion"));
        let same_meaning = || {
            let parsed = |t: &[u8]| t.split(|b| *b == b'\n').map(|l| serde_json::from_slice::<Value>(l).ok()).collect::<Vec<_>>();
            parsed(&text) == parsed(&lines.concat().into_bytes())
        };
        let intact = matches!(verdict, Ok(Verdict::Intact { .. }));
        prop_assert!(!intact || same_meaning());
    }
}
