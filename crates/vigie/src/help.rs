//! What `--help` says, and how a wrong command line is answered: in the reader's language.
//!
//! The texts are in `help.ftl`, a key a command (`help-post-new`) and a key an option (`help-post-new--at`, or
//! `help--at` where the option means the same everywhere). A test walks the tree and names what has no text.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::builder::{Resettable, StyledStr};
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Arg, ArgAction, Command};

use crate::words::{Lang, Words};

/// Where the tree of commands begins.
const ROOT: &str = "vigie";

/// The order of the parts of a help text; the words are filled in.
const TEMPLATE: &str = "{about-with-newline}\n{usage-word} {usage}\n\n{all-args}{after-help}";

/// The language that a command line asks for, before it is read: `--lang`, else `from_system`.
pub fn asked(args: impl Iterator<Item = OsString>, from_system: Lang) -> Lang {
    let mut args = args.filter_map(|a| a.into_string().ok());
    while let Some(arg) = args.next() {
        let value = match arg.split_once('=') {
            Some(("--lang", value)) => Some(value.to_owned()),
            None if arg == "--lang" => args.next(),
            _ => None,
        };
        if let Some(lang) = value.and_then(|v| Lang::parse(&v)) {
            return lang;
        }
    }
    from_system
}

/// The same commands with all their texts in the reader's language.
pub fn said(command: Command, w: &Words) -> Command {
    command_said(command, ROOT, w)
}

/// The place of a command below another in the tree of keys.
fn below(path: &str, name: &str) -> String {
    match path {
        ROOT => name.to_owned(),
        _ => format!("{path}-{name}"),
    }
}

fn command_said(command: Command, path: &str, w: &Words) -> Command {
    let key = format!("help-{path}");
    let template = TEMPLATE.replace("{usage-word}", &w.t("help-usage"));
    let long = w.find(&format!("{key}-long"));
    let about = w.t(&key);
    let long = long.map(|more| format!("{about}\n\n{more}"));
    let after = command.get_after_help().map(ToString::to_string);
    let mut command = command
        .about(about)
        .long_about(Resettable::from(long.map(StyledStr::from)))
        .help_template(template)
        .subcommand_help_heading(w.t("help-commands"))
        .subcommand_value_name(w.t("help-command"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .mut_args(|arg| arg_said(arg, path, w))
        .mut_subcommands(|sub| {
            let path = below(path, sub.get_name());
            command_said(sub, &path, w)
        })
        .arg(flag("help", 'h', ArgAction::Help, w));
    if path == ROOT {
        command = command.arg(flag("version", 'V', ArgAction::Version, w));
    }
    match after {
        Some(after) => command.after_help(after_said(&after, &key, w)),
        None => command,
    }
}

/// What stands below the options: what the catalogue has to add, then the examples under their heading.
fn after_said(after: &str, key: &str, w: &Words) -> String {
    let (word, examples) = after.split_once(":\n").unwrap_or_default();
    let heading = match word {
        "Example" => w.t("help-example"),
        _ => w.t("help-examples"),
    };
    let more = w.find(&format!("{key}-after"));
    let more = more.map(|m| m + "\n\n").unwrap_or_default();
    format!("{more}{heading}\n{examples}")
}

fn flag(name: &'static str, short: char, action: ArgAction, w: &Words) -> Arg {
    Arg::new(name)
        .short(short)
        .long(name)
        .action(action)
        .help(w.t(format!("help--{name}")))
        .help_heading(w.t("help-options"))
}

/// The key of an option's text: its own where it has one, else the one it shares with others of its name.
fn arg_key(arg: &Arg, path: &str, w: &Words) -> String {
    let own = format!("help-{path}--{}", arg.get_id().as_str().replace('_', "-"));
    match w.find(&own) {
        Some(_) => own,
        None => format!("help--{}", arg.get_id().as_str().replace('_', "-")),
    }
}

fn arg_said(arg: Arg, path: &str, w: &Words) -> Arg {
    let mut text = w.t(arg_key(&arg, path, w));
    let list = |values: Vec<String>| values.join(", ");
    let defaults = arg.get_default_values().iter();
    let defaults = list(defaults.map(|v| v.to_string_lossy().into_owned()).collect());
    let takes_value = arg.get_action().takes_values();
    let possible = arg.get_possible_values();
    if takes_value && !possible.is_empty() {
        let names = possible.iter().map(|v| v.get_name().to_owned()).collect();
        text = format!("{text} {}", w.t1("help-among", "values", list(names)));
    }
    if takes_value && !defaults.is_empty() && !arg.is_hide_default_value_set() {
        text = format!("{text} {}", w.t1("help-default", "value", defaults));
    }
    if let Some(name) = arg.get_env() {
        let name = name.to_string_lossy().into_owned();
        text = format!("{text} {}", w.t1("help-variable", "name", name));
    }
    let heading = match (arg.is_positional(), arg.get_help_heading()) {
        (true, _) => "help-arguments",
        (false, Some("Server")) => "help-server",
        (false, _) => "help-options",
    };
    arg.help(text)
        .long_help(None::<&str>)
        .help_heading(w.t(heading))
        .hide_default_value(takes_value)
        .hide_possible_values(takes_value)
        .hide_env(takes_value)
}

/// Answers a command line that asks for help, or that cannot be read.
pub fn answer(error: &Error, w: &Words) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            print!("{error}");
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            eprint!("{error}");
            ExitCode::from(2)
        }
        _ => {
            eprintln!("vigie: {}", wrong(error, w));
            ExitCode::from(2)
        }
    }
}

/// What is wrong with a command line, how it is written, and where to read more.
fn wrong(error: &Error, w: &Words) -> String {
    let value = |kind| match error.get(kind) {
        Some(ContextValue::String(one)) => one.clone(),
        Some(ContextValue::Strings(many)) => many.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        _ => String::new(),
    };
    let (arg, given) = (
        value(ContextKind::InvalidArg),
        value(ContextKind::InvalidValue),
    );
    let mut lines = vec![match error.kind() {
        ErrorKind::UnknownArgument => w.t1("wrong-unknown", "arg", arg),
        ErrorKind::InvalidSubcommand => w.t1(
            "wrong-command",
            "name",
            value(ContextKind::InvalidSubcommand),
        ),
        ErrorKind::MissingSubcommand => w.t("wrong-no-command"),
        ErrorKind::MissingRequiredArgument => w.t1("wrong-missing", "args", arg),
        ErrorKind::ArgumentConflict => w.t2(
            "wrong-together",
            "a",
            arg,
            "b",
            value(ContextKind::PriorArg),
        ),
        ErrorKind::InvalidValue if given.is_empty() => w.t1("wrong-no-value", "arg", arg),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            w.t2("wrong-value", "value", given, "arg", arg)
        }
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            w.t1("wrong-count", "arg", arg)
        }
        _ => w.t("wrong-other"),
    }];
    let near = [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ];
    if let Some(near) = near.map(value).into_iter().find(|n| !n.is_empty()) {
        lines.push(w.t1("wrong-near", "near", near));
    }
    let valid = value(ContextKind::ValidValue);
    match std::error::Error::source(error) {
        Some(why) => lines.push(why.to_string()),
        None if !valid.is_empty() => lines.push(w.t1("wrong-valid", "values", valid)),
        None => {}
    }
    let usage = value(ContextKind::Usage);
    let usage = usage.trim_start_matches("Usage:").trim();
    if !usage.is_empty() {
        lines.push(format!("{} {usage}", w.t("help-usage")));
    }
    lines.push(w.t("wrong-help"));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    /// Names every command and option of the tree that has no text.
    fn silent(command: &Command, path: &str, w: &Words, missing: &mut Vec<String>) {
        let key = format!("help-{path}");
        if w.find(&key).is_none() {
            missing.push(key);
        }
        for arg in command.get_arguments() {
            let key = arg_key(arg, path, w);
            if w.find(&key).is_none() {
                missing.push(key);
            }
        }
        for sub in command.get_subcommands() {
            silent(sub, &below(path, sub.get_name()), w, missing);
        }
    }

    #[test]
    fn every_command_and_option_has_its_text_in_both_languages() {
        for lang in [Lang::Fr, Lang::En] {
            let mut missing = Vec::new();
            silent(
                &crate::cli::Cli::command(),
                ROOT,
                &Words::new(lang),
                &mut missing,
            );
            missing.sort();
            missing.dedup();
            assert!(missing.is_empty(), "{lang:?}: {missing:#?}");
        }
    }

    /// Texts for commands and options that are gone would mislead whoever translates them.
    #[test]
    fn every_text_belongs_to_a_command_or_an_option() {
        fn keys(command: &Command, path: &str, w: &Words, all: &mut Vec<String>) {
            let key = format!("help-{path}");
            all.extend([
                key.to_owned(),
                format!("{key}-long"),
                format!("{key}-after"),
            ]);
            all.extend(command.get_arguments().map(|a| arg_key(a, path, w)));
            for sub in command.get_subcommands() {
                keys(sub, &below(path, sub.get_name()), w, all);
            }
        }
        let w = Words::new(Lang::En);
        let frame = [
            "help-vigie",
            "help-usage",
            "help-commands",
            "help-command",
            "help-options",
            "help-arguments",
            "help-server",
            "help-example",
            "help-examples",
            "help-among",
            "help-default",
            "help-variable",
            "help--help",
            "help--version",
        ];
        let mut all: Vec<String> = frame.map(str::to_owned).to_vec();
        keys(&crate::cli::Cli::command(), ROOT, &w, &mut all);
        let texts = include_str!("../../../i18n/en/help.ftl");
        let orphans: Vec<&str> = texts
            .lines()
            .filter(|line| line.starts_with("help"))
            .filter_map(|line| line.split(" =").next())
            .filter(|key| !all.iter().any(|known| known == key))
            .collect();
        assert!(orphans.is_empty(), "{orphans:?}");
    }

    fn tried(args: &[&str], lang: Lang) -> String {
        let w = Words::new(lang);
        let error = said(crate::cli::Cli::command(), &w)
            .try_get_matches_from(args)
            .unwrap_err();
        match error.kind() {
            ErrorKind::DisplayHelp => error.to_string(),
            _ => wrong(&error, &w),
        }
    }

    #[test]
    fn a_wrong_command_line_is_answered_in_the_readers_language() {
        let unknown = tried(&["vigie", "post", "list", "--stat", "draft"], Lang::Fr);
        assert!(unknown.contains("--stat n’existe pas"), "{unknown}");
        assert!(
            unknown.contains("--state"),
            "the nearest is named: {unknown}"
        );
        let missing = tried(&["vigie", "post", "show"], Lang::Fr);
        assert!(missing.contains("Il manque"), "{missing}");
        let command = tried(&["vigie", "chek"], Lang::En);
        assert!(
            command.contains("no command chek") && command.contains("check"),
            "{command}"
        );
        let value = tried(&["vigie", "check", "--format", "xml"], Lang::Fr);
        assert!(value.contains("sarif"), "{value}");
        let together = tried(&["vigie", "pause", "--status", "--reason", "x"], Lang::En);
        assert!(together.contains("--status"), "{together}");
        for text in [unknown, missing, value] {
            assert!(
                !text.contains("error:") && !text.contains("Usage:"),
                "{text}"
            );
        }
    }

    #[test]
    fn help_is_in_the_readers_language_with_its_examples() {
        let help = tried(&["vigie", "post", "new", "--help"], Lang::Fr);
        for part in [
            "Écrire une publication",
            "Exemples",
            "vigie post new post.txt",
            "--server",
            "VIGIE_SERVER",
        ] {
            assert!(help.contains(part), "{part}: {help}");
        }
        for english in ["Usage:", "default:", "possible values", "Print help"] {
            assert!(!help.contains(english), "{english}: {help}");
        }
    }

    #[test]
    fn the_language_is_known_before_the_line_is_read() {
        let ask = |line: &str| asked(line.split(' ').map(OsString::from), Lang::En);
        assert_eq!(ask("vigie check --lang fr"), Lang::Fr);
        assert_eq!(ask("vigie --lang=fr nonsense"), Lang::Fr);
        assert_eq!(ask("vigie check --lang de"), Lang::En);
    }
}
