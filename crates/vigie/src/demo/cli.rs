//! `vigie demo` on the command line.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use super::{PASSWORD, code_now, fill};
use crate::app::App;
use crate::cli::Speech;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, Layer};

/// Start Vigie on a throw-away folder with an example company, to look around.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  vigie demo --listen 127.0.0.1:8420")]
pub struct Demo {
    /// Address and port to serve on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8420")]
    listen: String,
    #[command(flatten)]
    speech: Speech,
}

/// Runs `vigie demo`. The folder is removed at the end.
///
/// # Errors
/// The address cannot be listened on; no room for the folder.
pub fn run(args: Demo) -> Result<ExitCode> {
    let w = args.speech.words();
    let folder = tempfile::Builder::new().prefix("vigie-demo-").tempdir()?;
    let mut flags = Layer::from([
        ("data".to_owned(), folder.path().display().to_string()),
        ("listen".to_owned(), args.listen),
        // The example company's links lead nowhere.
        ("follow_links".to_owned(), "off".to_owned()),
    ]);
    if let Ok(url) = std::env::var("VIGIE_PUBLIC_URL") {
        flags.insert("public_url".to_owned(), url);
    }
    let config = Config::load(None, std::iter::empty(), flags)?;
    crate::serve::log_to_stderr(&config.log)?;
    crate::web::panic::log_place_only();
    crate::cli::block_on(async {
        fill(&config).await?;
        let app = App::open(config, Arc::new(SystemClock)).await?;
        println!(
            "{}",
            w.t1("demo-open", "url", app.config.public_url.as_str())
        );
        println!(
            "{}",
            w.t2(
                "demo-sign-in",
                "names",
                "elodie, tom, ines, hugo, grace, paul",
                "password",
                PASSWORD
            )
        );
        let codes = tokio::spawn(async move {
            loop {
                if let Ok(code) = code_now(SystemClock.now()) {
                    println!("{}", w.t1("demo-code", "code", code));
                }
                tokio::time::sleep(Duration::from_secs(30)).await;
            }
        });
        let served = crate::serve::serve(app).await;
        codes.abort();
        served
    })?;
    Ok(ExitCode::SUCCESS)
}
