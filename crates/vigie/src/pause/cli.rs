//! `vigie pause`: stop everything. Starting again takes two people at a page.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::remote::Remote;

/// Stop every publication before the next one starts.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vigie pause --reason 'Wrong price in the campaign'\n  vigie pause --status"
)]
pub struct Pause {
    /// Why, in a sentence.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    reason: String,
    /// Only say whether everything is paused: exit status 1 when it is.
    #[arg(long, conflicts_with = "reason")]
    status: bool,
    #[command(flatten)]
    remote: Remote,
}

/// Runs the command.
///
/// # Errors
/// What the server refuses, in its words.
pub fn run(args: Pause) -> Result<ExitCode> {
    args.remote.with(async |s| {
        if !args.status {
            s.post("/api/v1/pause", Some(&json!({ "reason": args.reason })))
                .await?;
        }
        let answer = s.get("/api/v1/pause").await?;
        let paused = answer["paused"] == true;
        s.say(&answer, |w| {
            w.t(if paused {
                "remote-paused"
            } else {
                "remote-not-paused"
            })
        })?;
        Ok(ExitCode::from(u8::from(args.status && paused)))
    })
}
