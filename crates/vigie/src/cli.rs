//! The command line: one tree, each command defined beside its concept.

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

use crate::{
    config::{Config, Layer},
    words::{Lang, Words},
};

/// Vigie: posts checked by a colleague before they go out, with the key in nobody's hand.
#[derive(Debug, Parser)]
#[command(
    name = "vigie",
    version,
    about,
    propagate_version = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the pages, the API and the workers.
    Serve(crate::serve::Serve),
    /// Check texts before they are public.
    Check(crate::check::cli::Check),
    /// The rules: list them, read one, run their examples.
    Rules(crate::rules::cli::Rules),
    /// Look around: an example company on a throw-away folder.
    Demo(crate::demo::cli::Demo),
    /// Posts of a running Vigie: write, follow, take back.
    Post(crate::post::cli::Post),
    /// What goes out when.
    Calendar(crate::calendar::cli::Calendar),
    /// The pages one can publish on.
    Channel(crate::channel::cli::Channel),
    /// Networks: what each takes, whether a page can be reached.
    Connect(crate::channel::connect::Connect),
    /// Who is here.
    Member(crate::member::cli::Member),
    /// What waits for a second person.
    Change(crate::change::cli::Change),
    /// What somebody should look at.
    Alarm(crate::alarm::cli::Alarm),
    /// Stop every publication.
    Pause(crate::pause::cli::Pause),
    /// The log of decisions: export it, prove an export.
    Audit(crate::audit::cli::Audit),
    /// The vault's root keys: split them among people, bring them back.
    Vault(crate::vault::cli::Vault),
}

/// Settings that commands share; each is also a `VIGIE_…` variable and a line of `vigie.toml`.
#[derive(Debug, Default, Clone, Args)]
pub struct Settings {
    /// File with the settings (default: vigie.toml in this folder, when there is one).
    #[arg(long, env = "VIGIE_CONFIG", value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Folder of the database and the keys (default: data).
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// `postgres://…` instead of the SQLite file in the data folder.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Address and port to serve on (default: 127.0.0.1:8420).
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// The address people type (default: http://localhost and the port).
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}

impl Settings {
    /// The settings in force: these flags over the environment over the file.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load(&self) -> anyhow::Result<Config> {
        let given = [
            ("data", &self.data),
            ("database", &self.database),
            ("listen", &self.listen),
            ("public_url", &self.public_url),
        ];
        let flags: Layer = given
            .into_iter()
            .filter_map(|(k, v)| v.as_ref().map(|v| (k.to_owned(), v.clone())))
            .collect();
        let env = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        Config::load(self.config.as_deref(), env, flags)
    }
}

/// The language that a command answers in.
#[derive(Debug, Default, Clone, Args)]
pub struct Speech {
    /// Language of the answer: fr or en (default: from LANG).
    #[arg(long, value_name = "LANG", value_parser = lang)]
    pub lang: Option<Lang>,
}

impl Speech {
    /// The words of this reader: `--lang`, else `LC_ALL`, `LC_MESSAGES`, `LANG`; English when none says French.
    pub fn words(&self) -> Words {
        Words::new(self.lang())
    }

    fn lang(&self) -> Lang {
        let named = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty());
        let from_system = match named {
            Some(value) if value.starts_with("fr") => Lang::Fr,
            _ => Lang::En,
        };
        self.lang.unwrap_or(from_system)
    }
}

fn lang(text: &str) -> Result<Lang, String> {
    Lang::parse(text).ok_or_else(|| "fr or en".to_owned())
}

/// Reads the command line, runs the command, and says its errors on standard error.
pub fn main() -> ExitCode {
    let lang = crate::help::asked(std::env::args_os(), Speech::default().lang());
    let words = Words::new(lang);
    let read = crate::help::said(Cli::command(), &words)
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let command = match read {
        Ok(cli) => cli.command,
        Err(error) => return crate::help::answer(&error, &words),
    };
    let result = match command {
        Command::Serve(args) => crate::serve::run(args),
        Command::Check(args) => crate::check::cli::run(&args),
        Command::Rules(args) => crate::rules::cli::run(&args),
        Command::Demo(args) => crate::demo::cli::run(args),
        Command::Post(args) => crate::post::cli::run(args),
        Command::Calendar(args) => crate::calendar::cli::run(args),
        Command::Channel(args) => crate::channel::cli::run(args),
        Command::Connect(args) => crate::channel::connect::run(args),
        Command::Member(args) => crate::member::cli::run(args),
        Command::Change(args) => crate::change::cli::run(args),
        Command::Alarm(args) => crate::alarm::cli::run(args),
        Command::Pause(args) => crate::pause::cli::run(args),
        Command::Audit(args) => crate::audit::cli::run(args),
        Command::Vault(args) => crate::vault::cli::run(args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("vigie: {error:#}");
        ExitCode::from(2)
    })
}

/// Runs `work` on a Tokio runtime of its own.
///
/// # Errors
/// The runtime cannot start; whatever `work` gives.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory as _;
        super::Cli::command().debug_assert();
    }
}
