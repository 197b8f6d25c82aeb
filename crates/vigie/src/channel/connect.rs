//! `vigie connect`: what each network takes, and whether a page can be reached.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{connectors, docs};
use crate::cli::Speech;
use crate::remote::{Remote, Server, text};
use crate::words::Lang;

/// Networks, and whether the pages there can be reached.
#[derive(Debug, Args)]
pub struct Connect {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Say what each network takes and how it was proven.
    #[command(after_help = "Example:\n  vigie connect list --lang fr")]
    List {
        #[command(flatten)]
        speech: Speech,
    },
    /// Try a page without putting anything on it; with --post, also prepare a trial post for review.
    #[command(
        after_help = "Examples:\n  vigie connect test 0198a7c2-…\n  vigie connect test 0198a7c2-… --post"
    )]
    Test {
        /// The channel's id, from `vigie channel list`.
        channel: String,
        /// Prepare a trial post and ask for its review: approved by a colleague, it goes out, is read back, and you take it back.
        #[arg(long)]
        post: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// Write docs/platforms.md and docs/platforms.fr.md from the connectors.
    #[command(after_help = "Example:\n  vigie connect docs docs")]
    Docs {
        /// The folder.
        folder: PathBuf,
    },
}

/// Runs the command.
///
/// # Errors
/// What the server refuses, in its words; a folder that cannot be written.
pub fn run(args: Connect) -> Result<ExitCode> {
    match args.act {
        Act::List { speech } => {
            print!(
                "{}",
                docs::page(&connectors::declarations()?, speech.words().lang)
            );
            Ok(ExitCode::SUCCESS)
        }
        Act::Docs { folder } => {
            let declarations = connectors::declarations()?;
            for lang in [Lang::En, Lang::Fr] {
                let path = folder.join(docs::file(lang));
                std::fs::write(&path, docs::page(&declarations, lang))
                    .with_context(|| path.display().to_string())?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Act::Test {
            channel,
            post,
            remote,
        } => remote.with(async |server| test(&server, &channel, post).await),
    }
}

async fn test(server: &Server, channel: &str, post: bool) -> Result<ExitCode> {
    let safe: String = channel
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let came = server
        .post(&format!("/api/v1/channels/{safe}/test"), None)
        .await?;
    let steps: Vec<&Value> = came["steps"].as_array().into_iter().flatten().collect();
    let good = steps.iter().all(|step| step["ok"] != json!(false));
    server.say(&came, |w| {
        let proven = w.t(format!("platforms-proven-{}", text(&came, "proven")));
        let mut lines = vec![format!("{}: {proven}", text(&came, "platform"))];
        lines.extend(steps.iter().map(|step| {
            let name = w.t(format!("connect-step-{}", text(step, "step")));
            let said = match (step["ok"].as_bool(), step["found"].as_u64()) {
                (None, _) => w.t("connect-step-none"),
                (Some(true), Some(n)) => w.t1("connect-step-found", "n", n),
                (Some(true), None) => w.t("connect-step-good"),
                (Some(false), _) => w.t(format!("connect-{}", text(step, "problem"))),
            };
            format!("  {name}: {said}")
        }));
        lines.join("\n")
    })?;
    if good && post {
        let w = &server.words;
        let body = json!({ "variants": [{
            "channel": safe,
            "text": w.t("connect-trial-text"),
            "langs": [w.lang.as_str()],
        }]});
        let made = server.post("/api/v1/posts", Some(&body)).await?;
        let id = text(&made, "id").to_owned();
        let asked = server
            .post(&format!("/api/v1/posts/{id}/submit"), None)
            .await?;
        server.say(&asked, |w| w.t1("connect-trial-asked", "id", id.as_str()))?;
    }
    Ok(ExitCode::from(u8::from(!good)))
}
