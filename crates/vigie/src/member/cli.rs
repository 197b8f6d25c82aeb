//! `vigie member`: who is here. Inviting and changing roles take two people at a page.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::remote::{Remote, text};

/// The organisation's members.
#[derive(Debug, Args)]
pub struct Member {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the members, their roles and the skills they review with.
    #[command(after_help = "Example:\n  vigie member list --format json")]
    List {
        #[command(flatten)]
        remote: Remote,
    },
}

/// Runs the command.
///
/// # Errors
/// What the server refuses, in its words.
pub fn run(args: Member) -> Result<ExitCode> {
    let Act::List { remote } = args.act;
    remote.table("/api/v1/members", "members", |row, w| {
        let skills = row["skills"].as_array().into_iter().flatten();
        let skills: Vec<String> = skills
            .filter_map(|s| s.as_str())
            .map(|s| w.t(format!("skill-{s}")))
            .collect();
        let reviews = row["reviewer"] == true;
        vec![
            text(row, "id").to_owned(),
            w.t(format!("role-{}", text(row, "role"))),
            w.t(if reviews {
                "remote-reviews"
            } else {
                "remote-reviews-not"
            }),
            text(row, "name").to_owned(),
            skills.join(", "),
        ]
    })
}
