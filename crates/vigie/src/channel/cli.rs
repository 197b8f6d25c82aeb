//! `vigie channel`: the pages one can publish on. Connecting one takes two people at a page.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::remote::{Remote, text};

/// The organisation's pages.
#[derive(Debug, Args)]
pub struct Channel {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the pages and whether they are connected.
    #[command(after_help = "Example:\n  vigie channel list")]
    List {
        #[command(flatten)]
        remote: Remote,
    },
}

/// Runs the command.
///
/// # Errors
/// What the server refuses, in its words.
pub fn run(args: Channel) -> Result<ExitCode> {
    let Act::List { remote } = args.act;
    remote.table("/api/v1/channels", "channels", |row, w| {
        vec![
            text(row, "id").to_owned(),
            w.t(format!("channel-{}", text(row, "status"))),
            text(row, "platform").to_owned(),
            text(row, "handle").to_owned(),
            text(row, "name").to_owned(),
        ]
    })
}
