//! Proving an export, and saying what came out: for the command line and for the page.

use std::collections::BTreeSet;
use std::io::BufRead;

use vigie_core::audit::leaf::{AuditActor, Leaf};
use vigie_core::audit::verify::{Against, Unreadable, Verdict, verify};
use vigie_core::content::Digest;
use vigie_core::id::MemberId;
use vigie_core::seal::Assertion;

use crate::words::Words;

/// Proves an export, passkeys' seals included.
///
/// # Errors
/// It is no export at all, or another key signed it.
pub fn prove_export(input: impl BufRead, against: &Against<'_>) -> Result<Verdict, Unreadable> {
    let mut passkeys = Passkeys::default();
    verify(input, against, |leaf, evidence| {
        passkeys.judge(leaf, evidence)
    })
}

/// Passkeys that the log has seen added, by member and key: an approval sealed with any other proves nothing.
#[derive(Default)]
struct Passkeys(BTreeSet<(MemberId, String)>);

impl Passkeys {
    /// Is the evidence of this entry, if it has any, a passkey's yes to exactly the content that it names?
    fn judge(&mut self, leaf: &Leaf, evidence: Option<&str>) -> bool {
        let AuditActor::Member { member } = leaf.actor else {
            return evidence.is_none();
        };
        if leaf.act == super::PASSKEY_ADDED
            && let Some(key) = leaf.detail.get(super::PASSKEY)
        {
            self.0.insert((member, key.clone()));
        }
        let Some(text) = evidence else { return true };
        let digest = leaf
            .detail
            .get(super::DIGEST)
            .and_then(|d| Digest::parse(d));
        let (Some(digest), Ok(assertion)) = (digest, serde_json::from_str::<Assertion>(text))
        else {
            return false;
        };
        self.0.contains(&(member, assertion.key.fingerprint())) && assertion.verify(&digest).is_ok()
    }
}

/// What a verdict says, a sentence a line. `pinned`: the reader gave the key that must have signed.
pub fn sentences(verdict: &Verdict, pinned: bool, w: &Words) -> Vec<String> {
    let mut out = Vec::new();
    let mut say = |line: String| out.push(line);
    match verdict {
        Verdict::Intact {
            entries,
            checkpoints,
            signed,
            evidence,
            root,
            key,
        } => {
            say(w.t1("audit-verify-intact", "entries", *entries));
            say(w.t2(
                "audit-verify-signed",
                "checkpoints",
                *checkpoints,
                "signed",
                *signed,
            ));
            say(w.t1("audit-verify-evidence", "n", *evidence));
            say(w.t1("audit-verify-root", "root", root));
            say(w.t1("audit-verify-key", "key", key));
            if !pinned {
                say(w.t("audit-verify-pin"));
            }
        }
        Verdict::Altered { problems } => {
            say(w.t1("audit-verify-altered", "n", problems.len()));
            for problem in problems {
                let kind = serde_json::to_value(problem.kind).ok();
                let kind = kind
                    .as_ref()
                    .and_then(|k| k.as_str())
                    .unwrap_or_default()
                    .replace('_', "-");
                say(w.t1(format!("audit-problem-{kind}"), "seq", problem.seq));
            }
        }
    }
    out
}
