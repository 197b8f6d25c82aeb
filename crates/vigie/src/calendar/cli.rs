//! `vigie calendar`: what goes out when.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::remote::{Remote, columns, text};

/// What is planned, and what went out.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vigie calendar\n  vigie calendar --from 2026-12-01T00:00:00Z --days 31"
)]
pub struct Calendar {
    /// From when on (RFC 3339; default: now).
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// How many days, 1 to 100.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(i64).range(1..=100))]
    days: i64,
    #[command(flatten)]
    remote: Remote,
}

/// Runs the command.
///
/// # Errors
/// What the server refuses, in its words.
pub fn run(args: Calendar) -> Result<ExitCode> {
    args.remote.with(async |s| {
        let from: Timestamp = match &args.from {
            None => Timestamp::now(),
            Some(text) => text
                .parse()
                .with_context(|| s.words.t1("remote-bad-time", "value", text.as_str()))?,
        };
        let to = from.checked_add(SignedDuration::from_hours(24 * args.days))?;
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("from", &from.to_string())
            .append_pair("to", &to.to_string())
            .finish();
        let answer = s.get(&format!("/api/v1/calendar?{query}")).await?;
        s.say(&answer, |w| {
            let rows: Vec<Vec<String>> = answer["posts"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|post: &Value| {
                    vec![
                        text(post, "at").to_owned(),
                        w.t(format!("state-{}", text(post, "state"))),
                        text(post, "post").to_owned(),
                        text(post, "excerpt").replace('\n', " "),
                    ]
                })
                .collect();
            match rows.is_empty() {
                true => w.t("remote-none"),
                false => columns(&rows),
            }
        })
    })?;
    Ok(ExitCode::SUCCESS)
}
