//! `vigie audit`: take the log out, and prove it anywhere.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use vigie_core::audit::leaf::{AuditActor, Leaf};
use vigie_core::audit::note::NoteKey;
use vigie_core::audit::verify::{Against, Unreadable, Verdict, verify};
use vigie_core::content::Digest;
use vigie_core::id::MemberId;
use vigie_core::seal::Assertion;

use crate::app::App;
use crate::cli::{Settings, Speech};
use crate::clock::SystemClock;
use crate::words::Words;

/// The log of decisions.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Write the log, its evidence and its checkpoints as JSON lines, for `vigie audit verify` on any machine.
    ///
    /// Example: vigie audit export --data /var/lib/vigie > log.jsonl
    Export {
        #[command(flatten)]
        settings: Settings,
        /// Where to write; standard output when absent.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Prove an export, offline: exit status 0 when it is intact, 1 when it was altered, 2 when it cannot be read.
    ///
    /// Example: vigie audit verify log.jsonl --key 'vigie.example/audit+c74f20a3+ARpc…'
    Verify {
        /// The export; `-` for standard input.
        file: PathBuf,
        /// The key that must have signed it, as the audit page shows it. Without, the key that the file names.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// A checkpoint kept earlier: what it covers must still be there.
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        /// How to answer.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
        #[command(flatten)]
        speech: Speech,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Sentences.
    Human,
    /// One JSON object.
    Json,
}

/// Runs the command.
///
/// # Errors
/// What cannot be read; the caller exits with 2.
pub fn run(args: Audit) -> Result<ExitCode> {
    match args.act {
        Act::Export { settings, out } => export(&settings, out.as_deref()),
        Act::Verify {
            file,
            key,
            checkpoint,
            format,
            speech,
        } => prove(
            &file,
            key.as_deref(),
            checkpoint.as_deref(),
            format,
            &speech,
        ),
    }
}

fn export(settings: &Settings, out: Option<&Path>) -> Result<ExitCode> {
    let config = settings.load()?;
    let mut sink: Box<dyn Write> = match out {
        None => Box::new(std::io::stdout().lock()),
        Some(path) => Box::new(std::io::BufWriter::new(
            File::create_new(path).with_context(|| format!("cannot create {}", path.display()))?,
        )),
    };
    crate::cli::block_on(async {
        let app = App::open(config, Arc::new(SystemClock)).await?;
        let mut offset = None;
        while let Some((text, next)) = super::export::part(&app, offset).await? {
            sink.write_all(text.as_bytes())?;
            offset = Some(next);
        }
        app.store.close().await;
        Ok(())
    })?;
    sink.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn prove(
    file: &Path,
    key: Option<&str>,
    checkpoint: Option<&Path>,
    format: Format,
    speech: &Speech,
) -> Result<ExitCode> {
    let w = speech.words();
    let key = key.map(NoteKey::parse).transpose().context("--key")?;
    let checkpoint = checkpoint
        .map(|path| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        })
        .transpose()?;
    let against = Against {
        key,
        checkpoint: checkpoint.as_deref(),
    };
    let mut passkeys = Passkeys::default();
    let verdict = verify(open(file)?, &against, |leaf, evidence| {
        passkeys.judge(leaf, evidence)
    });
    let verdict = match verdict {
        Ok(verdict) => verdict,
        Err(error) => return Err(unreadable(error, &w)),
    };
    match format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&verdict)?),
        Format::Human => print!("{}", sentences(&verdict, against.key.is_some(), &w)),
    }
    Ok(match verdict {
        Verdict::Intact { .. } => ExitCode::SUCCESS,
        Verdict::Altered { .. } => ExitCode::from(1),
    })
}

fn open(file: &Path) -> Result<Box<dyn BufRead>> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let file = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Box::new(BufReader::new(file)))
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

fn unreadable(error: Unreadable, w: &Words) -> anyhow::Error {
    let hint = match &error {
        Unreadable::OtherKey { .. } => w.t("audit-verify-other-key"),
        Unreadable::Line { .. } | Unreadable::Io { .. } => w.t("audit-verify-unreadable"),
    };
    anyhow::Error::new(error).context(hint)
}

fn sentences(verdict: &Verdict, pinned: bool, w: &Words) -> String {
    let mut out = String::new();
    let mut say = |line: String| {
        out.push_str(&line);
        out.push('\n');
    };
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
