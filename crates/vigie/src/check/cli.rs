//! `vigie check`: texts in, findings out, for people and for scripts.

use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, IsTerminal as _, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use vigie_check::{Content, Facts, Lang, Packs, Report, Severity, output};

use super::{folder, picture, progress::Progress};
use crate::media::ocr::Ocr;
use crate::words::Said;

/// Check texts before they are public.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  vigie check post.md\n  echo 'Bonjour {{prénom}}' | vigie check -\n  \
vigie check posts.jsonl --format jsonl --fail-on stop\n  vigie check post.txt --facts facts.json --lang fr\n  \
vigie check photo.jpg --clean ready\n  vigie check posts/ --format sarif"
)]
pub struct Check {
    /// Texts, pictures, .jsonl files with a post a line, or folders of them; `-` is standard input (read as lines with --format jsonl).
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<String>,
    /// What is known beyond the texts: a flat JSON object.
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,
    #[command(flatten)]
    packs: PackFolders,
    /// How to show the findings.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    lang: LangFlag,
    /// The severity from which the exit status is 1.
    #[arg(long, value_enum, default_value_t = Floor::Review)]
    fail_on: Floor,
    /// Write each picture again in this folder, without its hidden data.
    #[arg(long, value_name = "DIR")]
    clean: Option<PathBuf>,
    /// What reads text in pictures: `auto` (tesseract where it is installed), `off`, or a program.
    #[arg(long, value_name = "PROGRAM", default_value = "auto")]
    ocr: String,
    /// The moment of publication (default: now).
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
}

/// Folders of rules beside those that come with the program.
#[derive(Debug, clap::Args)]
pub struct PackFolders {
    /// A folder with more rules; may be given several times. A rule with a known id replaces it.
    #[arg(long, value_name = "DIR")]
    packs: Vec<PathBuf>,
}

impl PackFolders {
    /// The rules, ready.
    ///
    /// # Errors
    /// All faults of all files, one a line, in the reader's language.
    pub fn load(&self, lang: Lang) -> Result<Packs> {
        Packs::load(&self.packs).map_err(|faults| {
            let lines: Vec<String> = faults
                .iter()
                .map(|f| {
                    let said = Said::new("check-bad-pack").with("file", f.file.as_str());
                    said.with("line", f.line.to_string())
                        .with("why", f.message.get(lang))
                        .text(core(lang))
                })
                .collect();
            anyhow!(lines.join("\n"))
        })
    }
}

/// The language of messages.
#[derive(Debug, clap::Args)]
pub struct LangFlag {
    /// Language of the messages, `fr` or `en` (default: that of the terminal).
    #[arg(long, value_name = "fr|en", value_parser = lang_of)]
    lang: Option<Lang>,
}

impl LangFlag {
    /// The flag, else the terminal's language, else English.
    pub fn get(&self) -> Lang {
        let set = |name| std::env::var(name).ok().filter(|v: &String| !v.is_empty());
        let terminal = || {
            set("LC_ALL")
                .or_else(|| set("LC_MESSAGES"))
                .or_else(|| set("LANG"))
        };
        self.lang
            .or_else(|| Lang::parse(&terminal()?))
            .unwrap_or(Lang::En)
    }
}

fn lang_of(word: &str) -> Result<Lang, String> {
    Lang::parse(word).ok_or_else(|| "fr | en".to_owned())
}

/// The same language, as the pages call it.
pub fn core(lang: Lang) -> vigie_core::member::Lang {
    match lang {
        Lang::Fr => vigie_core::member::Lang::Fr,
        Lang::En => vigie_core::member::Lang::En,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
    Jsonl,
    Sarif,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Floor {
    Hint,
    Warn,
    Review,
    Stop,
}

impl Floor {
    fn severity(self) -> Severity {
        match self {
            Floor::Hint => Severity::Hint,
            Floor::Warn => Severity::Warn,
            Floor::Review => Severity::Review,
            Floor::Stop => Severity::Stop,
        }
    }
}

/// Runs `vigie check`.
///
/// # Errors
/// Rules, facts or a time that cannot be read; a standard output that is closed.
pub fn run(args: &Check) -> Result<ExitCode> {
    let lang = args.lang.get();
    let packs = args.packs.load(lang)?;
    let mut work = Work {
        args,
        lang,
        facts: packs.prepare(&facts(args, lang)?),
        packs,
        done: Vec::new(),
        noted: Vec::new(),
        worst: None,
        failed: false,
        left: Left::default(),
        progress: Progress::new(0, lang),
        out: BufWriter::new(std::io::stdout().lock()),
    };
    let files = work.files();
    work.progress = Progress::new(files.len(), lang);
    for (file, found) in files {
        work.file(&file, found)?;
        work.progress.file();
    }
    work.end()?;
    let over = work.worst.is_some_and(|w| w >= args.fail_on.severity());
    Ok(ExitCode::from(if work.failed { 2 } else { u8::from(over) }))
}

fn facts(args: &Check, lang: Lang) -> Result<Facts> {
    let now = match &args.now {
        None => jiff::Timestamp::now()
            .to_zoned_datetime(jiff::tz::TimeZone::system())
            .date()
            .to_string(),
        Some(value) => {
            let day = value
                .get(..10)
                .and_then(|d| d.parse::<jiff::civil::Date>().ok());
            let said = || Said::new("check-bad-now").with("value", value.as_str());
            day.ok_or_else(|| anyhow!(said().text(core(lang))))?;
            value.clone()
        }
    };
    let mut facts = Facts::new().with("now", now);
    if let Some(path) = &args.facts {
        let name = path.display().to_string();
        let bad = |why: String| {
            anyhow!(
                Said::new("check-bad-facts")
                    .with("file", name.as_str())
                    .with("why", why)
                    .text(core(lang))
            )
        };
        let text = std::fs::read_to_string(path).map_err(|e| bad(e.to_string()))?;
        let value = serde_json::from_str(&text).map_err(|e| bad(e.to_string()))?;
        facts.extend(Facts::from_json(&value).map_err(|e| bad(e.to_string()))?);
        if let (Some(now), true) = (&args.now, facts.text("now").is_some()) {
            facts.set("now", now.clone());
        }
    }
    Ok(facts)
}

struct Done {
    name: String,
    text: String,
    report: Report,
}

/// Files of folders that were not checked.
#[derive(Default)]
struct Left {
    binary: usize,
    large: usize,
}

struct Work<'a> {
    args: &'a Check,
    lang: Lang,
    packs: Packs,
    facts: Facts,
    /// Kept only for the formats that are one document.
    done: Vec<Done>,
    /// Remarks that were shown: once is enough for a folder.
    noted: Vec<vigie_check::Words>,
    worst: Option<Severity>,
    failed: bool,
    left: Left,
    progress: Progress,
    out: BufWriter<std::io::StdoutLock<'static>>,
}

impl Work<'_> {
    fn say(&mut self, said: &Said) {
        self.failed = true;
        self.tell(said);
    }

    fn tell(&mut self, said: &Said) {
        self.progress.hide();
        // Names of files and what other programs say are not to steer the terminal.
        let text = said.text(core(self.lang));
        let text = text.replace(|c: char| c.is_control() && c != '\n', "·");
        eprintln!("vigie: {text}");
    }

    fn unread(&mut self, file: &str, why: impl ToString) {
        let said = Said::new("check-cannot-read").with("file", file);
        self.say(&said.with("why", why.to_string()));
    }

    /// The files to check, and whether each was found in a folder.
    fn files(&mut self) -> Vec<(String, bool)> {
        let mut out = Vec::new();
        for name in &self.args.files {
            if name == "-" || !Path::new(name).is_dir() {
                out.push((name.clone(), false));
                continue;
            }
            let found = folder::walk(Path::new(name));
            for (path, why) in found.unread {
                self.unread(&path.display().to_string(), why);
            }
            if found.more {
                let said = Said::new("check-too-many").with("file", name.as_str());
                self.say(&said.with("n", folder::MOST_FILES));
            }
            let files = found.files.iter().map(|p| p.display().to_string());
            out.extend(files.map(|file| (file, true)));
        }
        out
    }

    /// Checks a file. Of one that was `found` in a folder, what is no text, no picture or too large is left out.
    fn file(&mut self, file: &str, found: bool) -> Result<()> {
        let lines = match file {
            "-" => self.args.format == Format::Jsonl,
            path => Path::new(path)
                .extension()
                .is_some_and(|e| e == "jsonl" || e == "ndjson"),
        };
        let input: Box<dyn Read> = if file == "-" {
            Box::new(std::io::stdin())
        } else {
            match File::open(file) {
                Ok(open) => Box::new(open),
                Err(e) => {
                    self.unread(file, e);
                    return Ok(());
                }
            }
        };
        let mut input = BufReader::new(input);
        if lines {
            return self.lines(file, &mut input);
        }
        if found {
            // An error comes back when the file is read.
            let head = input.fill_buf().unwrap_or_default();
            if folder::is_binary(head) && !vigie_check::pictures::is_picture(file, head) {
                self.left.binary += 1;
                return Ok(());
            }
        }
        let mut bytes = Vec::new();
        if let Err(e) = input.take(picture::MOST).read_to_end(&mut bytes) {
            self.unread(file, e);
            return Ok(());
        }
        if found && bytes.len() as u64 == picture::MOST {
            self.left.large += 1;
            return Ok(());
        }
        if vigie_check::pictures::is_picture(file, &bytes) {
            return self.picture(file, bytes);
        }
        // What is over the limit is cut by the engine, which says so; this bound only protects memory.
        let most = 4 * vigie_check::limits::MAX_CHARS + 4;
        let long = bytes.len() > most;
        if found && long {
            self.left.large += 1;
            return Ok(());
        }
        bytes.truncate(most);
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(e) if long && e.utf8_error().error_len().is_none() => {
                String::from_utf8_lossy(e.as_bytes()).into_owned()
            }
            Err(_) if found => {
                self.left.binary += 1;
                return Ok(());
            }
            Err(_) => {
                self.say(&Said::new("check-not-text").with("file", file));
                return Ok(());
            }
        };
        let text = text.strip_suffix('\n').map(str::to_owned).unwrap_or(text);
        self.checked(file, Content::text(&text))
    }

    /// A picture: what it holds, and on request the same without hidden data.
    fn picture(&mut self, file: &str, bytes: Vec<u8>) -> Result<()> {
        let brought = picture::brought(file, bytes);
        let ocr = Ocr::parse(&self.args.ocr);
        if let Some(folder) = &self.args.clean {
            match picture::clean(&brought, folder, core(self.lang)) {
                Ok(path) => {
                    let said = Said::new("check-cleaned").with("file", path.display().to_string());
                    self.tell(&said);
                }
                Err(said) => self.say(&said.with("file", file)),
            }
        }
        self.checked(file, picture::content(&brought, &ocr))
    }

    fn checked(&mut self, file: &str, content: Content) -> Result<()> {
        let report = vigie_check::check(&content, &self.facts, &self.packs);
        if self.args.format == Format::Jsonl {
            let mut line = output::json::report(&report, self.lang);
            line["id"] = file.into();
            writeln!(self.out, "{line}")?;
        }
        self.take(file.to_owned(), content.text, report)
    }

    /// A post a line. Answers leave at once when no more lines are there yet: the input may be a stream that goes on.
    fn lines(&mut self, file: &str, input: &mut BufReader<Box<dyn Read>>) -> Result<()> {
        let mut number = 0u64;
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            if !input.buffer().contains(&b'\n') {
                self.out.flush()?;
            }
            let most = output::jsonl::MAX_LINE as u64 + 2;
            let read = input.by_ref().take(most).read_until(b'\n', &mut bytes)?;
            if read == 0 {
                return Ok(());
            }
            number += 1;
            if read as u64 == most && bytes.last() != Some(&b'\n') {
                skip_line(input)?;
            }
            let line = String::from_utf8_lossy(&bytes);
            let line = line.trim_end_matches(['\n', '\r']);
            if !line.trim().is_empty() {
                self.line(file, number, line)?;
            }
            self.progress.line();
        }
    }

    fn line(&mut self, file: &str, number: u64, line: &str) -> Result<()> {
        let answer = output::jsonl::line(line, &self.facts, &self.packs, self.lang);
        if self.args.format == Format::Jsonl {
            writeln!(self.out, "{}", answer.line)?;
        }
        let Some(report) = answer.report else {
            let why = serde_json::from_str::<serde_json::Value>(&answer.line).ok();
            let why = why
                .and_then(|v| Some(v.get("error")?.as_str()?.to_owned()))
                .unwrap_or_default();
            let said = Said::new("check-bad-line").with("file", file);
            self.say(&said.with("line", number.to_string()).with("why", why));
            return Ok(());
        };
        let name = if answer.id.is_empty() {
            format!("{file}:{number}")
        } else {
            answer.id
        };
        self.take(name, answer.text, report)
    }

    fn take(&mut self, name: String, text: String, mut report: Report) -> Result<()> {
        self.worst = self.worst.max(report.worst());
        match self.args.format {
            Format::Human => {
                report.notes.retain(|note| !self.noted.contains(note));
                self.noted.extend_from_slice(&report.notes);
                let shown = !report.findings.is_empty() || !report.notes.is_empty();
                if shown && std::io::stdout().is_terminal() {
                    self.progress.hide();
                }
                let colour =
                    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
                write!(
                    self.out,
                    "{}",
                    output::human::report(&name, &text, &report, self.lang, colour)
                )?;
                self.done.push(Done {
                    name,
                    text: String::new(),
                    report,
                });
            }
            Format::Json => self.done.push(Done {
                name,
                text: String::new(),
                report,
            }),
            Format::Sarif => self.done.push(Done { name, text, report }),
            Format::Jsonl => {}
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.progress.hide();
        if self.left.binary + self.left.large > 0 {
            let said = Said::new("check-left-out").with("binary", self.left.binary);
            self.tell(&said.with("large", self.left.large));
        }
        match self.args.format {
            Format::Human => {
                let reports: Vec<&Report> = self.done.iter().map(|d| &d.report).collect();
                if !(reports.is_empty() && self.failed) {
                    writeln!(self.out, "{}", output::human::summary(&reports, self.lang))?;
                }
            }
            Format::Json => {
                let files = self.done.iter().map(|d| {
                    let mut value = output::json::report(&d.report, self.lang);
                    value["file"] = d.name.as_str().into();
                    value
                });
                let files: Vec<_> = files.collect();
                writeln!(self.out, "{:#}", serde_json::json!({ "files": files }))?;
            }
            Format::Sarif => {
                let checked: Vec<_> = self
                    .done
                    .iter()
                    .map(|d| output::sarif::Checked {
                        name: &d.name,
                        text: &d.text,
                        report: &d.report,
                    })
                    .collect();
                writeln!(
                    self.out,
                    "{:#}",
                    output::sarif::log(&checked, &self.packs, self.lang)
                )?;
            }
            Format::Jsonl => {}
        }
        self.out.flush()?;
        Ok(())
    }
}

/// Reads and forgets the rest of a line that is too long.
fn skip_line(input: &mut dyn BufRead) -> std::io::Result<()> {
    loop {
        let some = input.fill_buf()?;
        if some.is_empty() {
            return Ok(());
        }
        let end = some.iter().position(|&b| b == b'\n');
        let used = end.map_or(some.len(), |at| at + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}
