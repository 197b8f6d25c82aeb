//! Tables of secret formats: hundreds of expressions that share one rule, each a line with its own examples.
//!
//! A table is a file in a folder called `secrets`. A format is looked for only where one of its literals stands and the
//! text has a run of letters and digits as long as it needs; it is compiled when that happens for the first time.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::Hir;
use serde::Deserialize;

use super::fault::{fault, line_of, toml_fault};
use crate::eval::{Hit, Told};
use crate::limits;
use crate::packs::LoadError;
use crate::report::{Confidence, Severity, Words};
use crate::scan::hits::{Hits, Place};
use crate::scan::literals::Literals;
use crate::scan::required::{Anchor, required};
use crate::scan::runs::Runs;
use crate::text::View;
use crate::text::random;
use crate::text::view::fold_term;

/// Bytes that one format may take once compiled.
const SIZE: usize = 2 << 20;

/// The run of letters and digits that a format without a literal needs.
const LEAST_RUN: u32 = 24;

/// Places where a format is tried in one text.
const TRIES: usize = 64;

/// A table, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// The rule that speaks.
    pub rule: String,
    /// What the table holds: for readers of the file.
    #[serde(rename = "about")]
    pub _about: String,
    /// The formats.
    pub formats: Vec<toml::Spanned<FormatFile>>,
}

/// One format, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormatFile {
    /// Whose it is: a name that people know.
    pub of: String,
    /// What it is.
    pub what: What,
    /// What it is in full, where `what` does not say it.
    pub name: Option<Words>,
    /// The expression; with `near`, of the value alone.
    pub regex: String,
    /// Literals in lower case, one of which stands in every match, where the expression does not show any.
    #[serde(default)]
    pub anchors: Vec<String>,
    /// Words one of which stands shortly before the value.
    #[serde(default)]
    pub near: Vec<String>,
    /// With `near`: the value may follow the word with nothing said between.
    #[serde(default)]
    pub bare: bool,
    /// Bits of surprise a character that the value has at least; 0 = anything of that form, even a filler.
    pub entropy: Option<f64>,
    /// Another severity than the rule's.
    pub severity: Option<Severity>,
    /// Another confidence than the rule's.
    pub confidence: Option<Confidence>,
    /// A text that must be found.
    pub fire: String,
    /// A text that must pass.
    pub quiet: String,
}

/// What kind of secret a format is: words for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A key.
    Key,
    /// A token.
    Token,
    /// A secret shared by two programs.
    Secret,
    /// A password.
    Password,
    /// A private key of a pair.
    PrivateKey,
    /// An address that lets anyone post.
    Webhook,
    /// What a browser keeps of a signed-in person.
    Session,
    /// A password, hashed.
    Hash,
    /// An address with the name and the password in it.
    Connection,
    /// A name of an account or of an application: no secret, of use to an attacker.
    Id,
    /// A host of a customer: no secret, of use to an attacker.
    Host,
}

impl What {
    fn words(self, of: &str) -> Words {
        let (fr, en) = match self {
            What::Key => ("clé d’accès", "access key"),
            What::Token => ("jeton d’accès", "access token"),
            What::Secret => ("secret", "secret"),
            What::Password => ("mot de passe", "password"),
            What::PrivateKey => ("clé privée", "private key"),
            What::Webhook => ("adresse de webhook", "webhook address"),
            What::Session => ("jeton de session", "session token"),
            What::Hash => ("empreinte de mot de passe", "password hash"),
            What::Connection => ("adresse avec mot de passe", "address with a password"),
            What::Id => ("identifiant technique", "technical identifier"),
            What::Host => ("adresse technique", "technical address"),
        };
        if of.is_empty() {
            Words::new(fr, en)
        } else {
            Words::new(format!("{fr} {of}"), format!("{of} {en}"))
        }
    }
}

/// Tables by the rule that speaks for them; each with its file.
pub(crate) type Tables = BTreeMap<String, Vec<(String, String, TableFile)>>;

/// Reads the tables among the files; a file of the same name replaces the earlier one.
pub(crate) fn read_tables(files: &[(String, String)], faults: &mut Vec<LoadError>) -> Tables {
    let mut out = Tables::new();
    for (file, source) in files.iter().filter(|(f, _)| is_table(f)) {
        if source.len() > limits::MAX_TABLE_BYTES {
            let most = limits::MAX_TABLE_BYTES;
            let said = Words::new(
                format!("une table de formats tient en {most} octets au plus"),
                format!("a table of formats holds at most {most} bytes"),
            );
            faults.push(fault(file, 1, said));
            continue;
        }
        match toml::from_str::<TableFile>(source) {
            Ok(table) => {
                let list = out.entry(table.rule.clone()).or_default();
                list.retain(|(earlier, ..)| name(earlier) != name(file));
                list.push((file.clone(), source.clone(), table));
            }
            Err(e) => faults.push(toml_fault(file, source, &e)),
        }
    }
    out
}

fn name(file: &str) -> Option<&std::ffi::OsStr> {
    std::path::Path::new(file).file_name()
}

/// Whether a file is a table: its folder is called `secrets`.
pub(crate) fn is_table(file: &str) -> bool {
    let folder = std::path::Path::new(file).parent();
    folder
        .and_then(|f| f.file_name())
        .is_some_and(|f| f == "secrets")
}

/// Formats of one rule, made ready.
#[derive(Debug, Default)]
pub struct Formats {
    pub(crate) list: Vec<Format>,
    /// Number of the first one's literals in the table; the others follow.
    pub(crate) first: usize,
    /// Those that no literal announces, by their place in the list.
    roaming: Vec<usize>,
}

/// A format, made ready.
#[derive(Debug)]
pub struct Format {
    /// The file it was read from.
    pub file: String,
    /// What it is, in words.
    pub name: Words,
    /// A text that must be found.
    pub fire: String,
    /// A text that must pass.
    pub quiet: String,
    source: String,
    near: bool,
    bare: bool,
    entropy: f64,
    severity: Option<Severity>,
    confidence: Option<Confidence>,
    needed: Runs,
    /// Whether it has literals in the table.
    anchored: bool,
    /// Whether the value itself holds a literal: with a name before, it says most.
    literal: bool,
    compiled: OnceLock<Option<Regex>>,
}

impl Formats {
    /// Whether some format has no literal, and is looked for wherever a long run stands.
    pub(crate) fn roam(&self) -> bool {
        !self.roaming.is_empty()
    }

    /// Makes the formats of some tables ready; their literals go into the shared table.
    pub(crate) fn load(
        tables: &[(String, String, TableFile)],
        literals: &mut Literals,
        faults: &mut Vec<LoadError>,
    ) -> Formats {
        let mut out = Formats::default();
        for (file, source, table) in tables {
            for line in &table.formats {
                let node = literals.new_node();
                if out.list.is_empty() {
                    out.first = node;
                }
                match Format::load(file, line.get_ref(), node, literals) {
                    Ok(format) => {
                        if !format.anchored {
                            out.roaming.push(out.list.len());
                        }
                        out.list.push(format);
                    }
                    Err(why) => {
                        let at = line_of(source, line.span().start);
                        faults.push(fault(file, at, why));
                    }
                }
            }
        }
        out
    }

    /// Places where something begins like a format.
    pub(crate) fn begun(&self, terms: &Hits) -> Vec<usize> {
        let mut out = Vec::new();
        for node in terms.between(self.first, self.first + self.list.len()) {
            let of = self.list.get(node - self.first);
            if of.is_some_and(|f| !f.near) {
                out.extend(
                    terms
                        .of(node)
                        .iter()
                        .filter(|p| p.end() - p.start() >= 4)
                        .map(|p| p.start()),
                );
            }
        }
        out
    }

    /// Finds them in a text. `runs` is worked out once a text, when a literal is there.
    pub(crate) fn find(&self, view: &View<'_>, terms: &Hits, runs: &dyn Fn() -> Runs) -> Vec<Hit> {
        let mut hits = Vec::new();
        for format in self.roaming.iter().filter_map(|n| self.list.get(*n)) {
            if runs().allow(format.needed) {
                format.find(view, &[], &mut hits);
            }
        }
        for node in terms.between(self.first, self.first + self.list.len()) {
            if let Some(format) = self.list.get(node - self.first)
                && runs().allow(format.needed)
            {
                format.find(view, &terms.of(node), &mut hits);
            }
            if hits.len() >= limits::MAX_HITS {
                break;
            }
        }
        hits
    }
}

impl Format {
    fn load(
        file: &str,
        w: &FormatFile,
        node: usize,
        literals: &mut Literals,
    ) -> Result<Format, Words> {
        let hir = parse(&w.regex)?;
        let needed = Runs::needed(&hir);
        let said = if w.near.is_empty() {
            &w.anchors
        } else {
            &w.near
        };
        let own = if w.near.is_empty() {
            required(&w.regex, literals.common())
        } else {
            None
        };
        let words =
            own.unwrap_or_else(|| said.iter().map(|s| Anchor::free(&fold_term(s))).collect());
        if words.is_empty() && needed.plain < LEAST_RUN {
            let of = &w.of;
            return Err(Words::new(
                format!(
                    "aucun mot de trois lettres ne se trouve dans tout ce que ce format de {of} reconnaît, ni {LEAST_RUN} lettres et chiffres de suite\u{a0}: donnez `anchors` ou `near`"
                ),
                format!(
                    "no literal of three letters stands in every match of this format of {of}, nor a run of {LEAST_RUN} letters and digits: give `anchors` or `near`"
                ),
            ));
        }
        if let Some(short) = words.iter().map(|w| &w.text).find(|w| w.len() < 2) {
            return Err(Words::new(
                format!("`{short}` se trouve partout"),
                format!("`{short}` is found everywhere"),
            ));
        }
        for word in &words {
            literals.add_anchor(word, node);
        }
        Ok(Format {
            file: file.to_owned(),
            name: w.name.clone().unwrap_or_else(|| w.what.words(&w.of)),
            fire: plain_example(&w.fire),
            quiet: plain_example(&w.quiet),
            source: w.regex.clone(),
            near: !w.near.is_empty(),
            bare: w.bare,
            entropy: w.entropy.unwrap_or(random::LEAST),
            severity: w.severity,
            confidence: w.confidence,
            needed,
            anchored: !words.is_empty(),
            literal: required(&w.regex, literals.common()).is_some(),
            compiled: OnceLock::new(),
        })
    }

    /// Compiles it now; a format whose file is from outside the program may be too large.
    ///
    /// # Errors
    /// What is wrong with it, in one line of English.
    pub fn compile(&self) -> Result<(), String> {
        let pattern = if self.near {
            format!("^(?:{})", self.source)
        } else {
            self.source.clone()
        };
        let built = RegexBuilder::new(&pattern)
            .size_limit(SIZE)
            .dfa_size_limit(SIZE)
            .build();
        match built {
            Ok(regex) => {
                let _ = self.compiled.set(Some(regex));
                Ok(())
            }
            Err(e) => {
                let _ = self.compiled.set(None);
                Err(e.to_string())
            }
        }
    }

    fn regex(&self) -> Option<&Regex> {
        if self.compiled.get().is_none() {
            let _ = self.compile();
        }
        self.compiled.get()?.as_ref()
    }

    fn find(&self, view: &View<'_>, places: &[Place], hits: &mut Vec<Hit>) {
        let Some(regex) = self.regex() else { return };
        if !self.near {
            return self.anywhere(regex, &view.clean, hits);
        }
        let mut done = 0;
        for place in places.iter().take(TRIES) {
            let (start, end) = (place.start(), place.end());
            if end >= done
                && is_name(&view.clean, start, end)
                && let Some((from, to)) = self.after(regex, &view.clean, end)
            {
                done = to;
                self.put(from, to, if self.literal { 0 } else { 2 }, hits);
            }
        }
    }

    /// Every match that stands free and is no filler.
    fn anywhere(&self, regex: &Regex, text: &str, hits: &mut Vec<Hit>) {
        let mut at = 0;
        for _ in 0..TRIES {
            let Some(groups) = regex.captures_at(text, at) else {
                return;
            };
            let Some(whole) = groups.get(0) else { return };
            let value = groups.name("hit").unwrap_or(whole);
            let fine = random::stands_free(text, whole.start(), whole.end())
                && random::is_real(value.as_str(), self.entropy)
                && !(self.entropy > 0.0 && random::recites(value.as_str()));
            if fine {
                self.put(value.start(), value.end(), 1, hits);
                at = whole.end();
            } else {
                at = whole.start() + 1;
            }
            while at < text.len() && !text.is_char_boundary(at) {
                at += 1;
            }
            if at > text.len() || whole.is_empty() {
                return;
            }
        }
    }

    /// The value that follows a name shortly.
    fn after(&self, regex: &Regex, text: &str, end: usize) -> Option<(usize, usize)> {
        for from in random::starts(text, end, self.bare) {
            let rest = text.get(from..).unwrap_or_default();
            let Some(groups) = regex.captures(rest) else {
                continue;
            };
            let value = groups.name("hit").or_else(|| groups.get(0))?;
            let (s, e) = (from + value.start(), from + value.end());
            let fine = random::ends_free(text, e)
                && random::is_real(value.as_str(), self.entropy)
                && !random::announces(value.as_str());
            if fine {
                return Some((s, e));
            }
        }
        None
    }

    fn put(&self, start: usize, end: usize, rank: u8, hits: &mut Vec<Hit>) {
        let mut hit = Hit::at(start, end);
        hit.told = Some(Box::new(Told {
            what: self.name.clone(),
            severity: self.severity,
            confidence: self.confidence,
            rank,
        }));
        hits.push(hit);
    }
}

/// Whether a word of `near` is a name of its own there: `twitterToken` and `my_twitter key`, not `retwitterer`.
fn is_name(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let at = |i: usize| bytes.get(i).copied().unwrap_or(b' ');
    let before = start.checked_sub(1).map_or(b' ', at);
    let begins = !before.is_ascii_alphabetic()
        || before.is_ascii_lowercase() && at(start).is_ascii_uppercase();
    begins && (!at(end).is_ascii_lowercase() || random::says_secret(text, end))
}

/// An example without the mark that keeps scanners of forges from taking it for a leak.
fn plain_example(text: &str) -> String {
    text.replace('¦', "")
}

fn parse(pattern: &str) -> Result<Hir, Words> {
    regex_syntax::Parser::new().parse(pattern).map_err(|e| {
        let text = e.to_string();
        let line = text.lines().last().unwrap_or_default().trim().to_owned();
        super::fault::no_expression(&line)
    })
}
