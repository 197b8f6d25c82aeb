//! `vigie audit`: take the log out, and prove it anywhere.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use vigie_core::audit::note::NoteKey;
use vigie_core::audit::verify::{Against, Unreadable, Verdict};

use super::proof::{prove_export, sentences};
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
    #[command(after_help = "Example:\n  vigie audit export --data /var/lib/vigie > log.jsonl")]
    Export {
        #[command(flatten)]
        settings: Settings,
        /// Where to write; standard output when absent.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Prove an export, offline: exit status 0 when it is intact, 1 when it was altered, 2 when it cannot be read.
    #[command(
        after_help = "Example:\n  vigie audit verify log.jsonl --key 'vigie.example/audit+c74f20a3+ARpc…'"
    )]
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
    let verdict = match prove_export(open(file)?, &against) {
        Ok(verdict) => verdict,
        Err(error) => return Err(unreadable(error, &w)),
    };
    match format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&verdict)?),
        Format::Human => print!("{}", said(sentences(&verdict, against.key.is_some(), &w))),
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

fn said(lines: Vec<String>) -> String {
    lines.into_iter().map(|line| line + "\n").collect()
}

fn unreadable(error: Unreadable, w: &Words) -> anyhow::Error {
    let hint = match &error {
        Unreadable::OtherKey { .. } => w.t("audit-verify-other-key"),
        Unreadable::Line { .. } | Unreadable::Io { .. } => w.t("audit-verify-unreadable"),
    };
    anyhow::Error::new(error).context(hint)
}
