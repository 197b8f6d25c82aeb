//! `vigie alarm`: what somebody should look at. A person looks after an alarm at a page.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::remote::{Remote, text};

/// What somebody should look at.
#[derive(Debug, Args)]
pub struct Alarm {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the open alarms. Exit status 1 when there is one.
    #[command(after_help = "Example:\n  vigie alarm list || mail -s 'Vigie' security@example.org")]
    List {
        #[command(flatten)]
        remote: Remote,
    },
}

/// Runs the command.
///
/// # Errors
/// What the server refuses, in its words.
pub fn run(args: Alarm) -> Result<ExitCode> {
    let Act::List { remote } = args.act;
    let count = remote.rows("/api/v1/alarms", "alarms", |row, w| {
        vec![
            text(row, "id").to_owned(),
            text(row, "at").to_owned(),
            w.t(format!("alarm-{}-title", text(row, "kind"))),
        ]
    })?;
    Ok(ExitCode::from(u8::from(count > 0)))
}
