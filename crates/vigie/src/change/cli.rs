//! `vigie change`: what waits for a second person. Confirming takes a person at a page.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::remote::{Remote, text};

/// Changes that take two people.
#[derive(Debug, Args)]
pub struct Change {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List what waits for a second person.
    #[command(after_help = "Example:\n  vigie change list")]
    List {
        #[command(flatten)]
        remote: Remote,
    },
}

/// Runs the command.
///
/// # Errors
/// What the server refuses, in its words.
pub fn run(args: Change) -> Result<ExitCode> {
    let Act::List { remote } = args.act;
    remote.table("/api/v1/changes", "changes", |row, w| {
        vec![
            text(row, "id").to_owned(),
            text(row, "at").to_owned(),
            w.t(format!("change-{}", text(row, "kind"))),
        ]
    })
}
