//! Rule packs, loaded and made ready.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, MatchKind};
use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::rule::{Rule, load};
use crate::text::chars;
use crate::text::view::fold_term;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../packs");

/// Rules made ready for checking. Cheap to share behind an `Arc`; never changes once loaded.
#[derive(Debug)]
pub struct Packs {
    pub(crate) versions: BTreeMap<String, String>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) literals: Literals,
}

/// Why packs could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct LoadError {
    /// The file at fault.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong, with the nearest right word where there is one.
    pub message: String,
}

/// `pack.toml`: what a folder of rules says about itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackFile {
    /// Name used in reports.
    name: String,
    /// Version used in reports.
    version: String,
}

/// Lists of words that rules share, by name: `packs/lists/NAME.toml`, used as `list:NAME`.
pub(crate) type Lists = BTreeMap<String, Vec<String>>;

/// A shared list, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListFile {
    /// What the words are and where they come from: for readers of the file.
    #[serde(rename = "about")]
    _about: String,
    /// The words.
    words: Vec<String>,
}

/// The name of a list when the file is one: its folder is called `lists`.
fn list_name(file: &str) -> Option<&str> {
    let path = Path::new(file);
    (path.parent()?.file_name()? == "lists").then(|| path.file_stem()?.to_str())?
}

fn read_lists(files: &[(String, String)], faults: &mut Vec<LoadError>) -> Lists {
    let mut lists = Lists::new();
    for (file, source) in files {
        let Some(name) = list_name(file) else {
            continue;
        };
        match toml::from_str::<ListFile>(source) {
            Ok(list) => {
                lists.insert(name.to_owned(), list.words);
            }
            Err(e) => faults.push(load::toml_fault(file, source, &e)),
        }
    }
    lists
}

impl Packs {
    /// The packs that come with the program.
    ///
    /// # Errors
    /// One [`LoadError`] a fault.
    pub fn embedded() -> Result<Packs, Vec<LoadError>> {
        Packs::load(&[])
    }

    /// The packs that come with the program, then those of each folder (rules in it or one level below);
    /// a rule id met again replaces the earlier rule.
    ///
    /// # Errors
    /// One [`LoadError`] a fault; nothing is loaded by halves.
    pub fn load(folders: &[PathBuf]) -> Result<Packs, Vec<LoadError>> {
        let mut files = Vec::new();
        collect_embedded(&EMBEDDED, &mut files);
        let mut faults = Vec::new();
        for folder in folders {
            collect_folder(folder, 0, &mut files, &mut faults);
        }
        let mut packs = Packs {
            versions: BTreeMap::new(),
            rules: Vec::new(),
            literals: Literals::default(),
        };
        let mut place: HashMap<String, usize> = HashMap::new();
        let lists = read_lists(&files, &mut faults);
        for (file, source) in &files {
            if list_name(file).is_some() {
                continue;
            }
            if file.ends_with("pack.toml") {
                match toml::from_str::<PackFile>(source) {
                    Ok(pack) => {
                        packs.versions.insert(pack.name, pack.version);
                    }
                    Err(e) => faults.push(load::toml_fault(file, source, &e)),
                }
                continue;
            }
            match load::rule(file, source, &lists, &mut packs.literals) {
                Ok(rule) => match place.get(&rule.id).copied() {
                    Some(at) => packs.rules[at] = rule,
                    None => {
                        place.insert(rule.id.clone(), packs.rules.len());
                        packs.rules.push(rule);
                    }
                },
                Err(more) => faults.extend(more),
            }
        }
        if let Err(message) = packs.literals.build() {
            faults.push(LoadError {
                file: "packs".to_owned(),
                line: 1,
                message,
            });
        }
        if faults.is_empty() {
            Ok(packs)
        } else {
            Err(faults)
        }
    }

    /// All rules, in the order of their ids within their folder.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// One rule by id, whatever its case.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|r| r.id.eq_ignore_ascii_case(id))
    }

    /// The packs and their versions.
    pub fn versions(&self) -> &BTreeMap<String, String> {
        &self.versions
    }
}

fn collect_embedded(dir: &'static Dir<'static>, files: &mut Vec<(String, String)>) {
    for file in dir.files() {
        if file.path().extension().is_some_and(|e| e == "toml")
            && let Some(text) = file.contents_utf8()
        {
            files.push((format!("packs/{}", file.path().display()), text.to_owned()));
        }
    }
    for inner in dir.dirs() {
        collect_embedded(inner, files);
    }
}

fn collect_folder(
    dir: &Path,
    depth: usize,
    files: &mut Vec<(String, String)>,
    faults: &mut Vec<LoadError>,
) {
    let name = dir.display().to_string();
    let fault = |file: String, e: std::io::Error| LoadError {
        file,
        line: 1,
        message: e.to_string(),
    };
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) => return faults.push(fault(name, e)),
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && depth == 0 {
            collect_folder(&path, 1, files, faults);
        } else if path.extension().is_some_and(|e| e == "toml") {
            let shown = path.display().to_string();
            match std::fs::read_to_string(&path) {
                Ok(text) => files.push((shown, text)),
                Err(e) => faults.push(fault(shown, e)),
            }
        }
    }
}

/// One table of all literals of all rules, searched in one pass.
#[derive(Debug, Default)]
pub(crate) struct Literals {
    texts: Vec<String>,
    index: HashMap<String, usize>,
    /// By literal: who asks for it.
    pub(crate) asked: Vec<Vec<Asker>>,
    pub(crate) nodes: usize,
    pub(crate) search: Option<AhoCorasick>,
}

/// A node that asks for a literal, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    pub(crate) node: usize,
    pub(crate) free_left: bool,
    pub(crate) free_right: bool,
}

impl Literals {
    pub(crate) fn new_node(&mut self) -> usize {
        self.nodes += 1;
        self.nodes - 1
    }

    /// Adds a term: `*` at an end = the word may go on there; a term with accents is also found without any.
    pub(crate) fn add(&mut self, term: &str, node: usize) -> Result<(), String> {
        let free_left = term.starts_with('*');
        let free_right = term.ends_with('*') && term.len() > 1;
        let bare = term.strip_prefix('*').unwrap_or(term);
        let bare = if free_right {
            bare.strip_suffix('*').unwrap_or(bare)
        } else {
            bare
        };
        let folded = fold_term(bare);
        if folded.trim().is_empty() {
            return Err("an empty term would be found everywhere".to_owned());
        }
        let asker = Asker {
            node,
            free_left,
            free_right,
        };
        let plain: String = folded.chars().map(chars::without_accent).collect();
        if plain != folded {
            self.put(plain, asker);
        }
        self.put(folded, asker);
        Ok(())
    }

    /// Adds an anchor: found anywhere, even inside a word.
    pub(crate) fn add_anchor(&mut self, anchor: &str, node: usize) {
        if !anchor.is_empty() {
            self.put(
                anchor.to_owned(),
                Asker {
                    node,
                    free_left: true,
                    free_right: true,
                },
            );
        }
    }

    fn put(&mut self, literal: String, asker: Asker) {
        let at = *self.index.entry(literal.clone()).or_insert_with(|| {
            self.texts.push(literal);
            self.asked.push(Vec::new());
            self.texts.len() - 1
        });
        self.asked[at].push(asker);
    }

    fn build(&mut self) -> Result<(), String> {
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&self.texts)
            .map_err(|e| format!("the literals do not fit one table: {e}"))?;
        self.search = Some(search);
        Ok(())
    }
}
