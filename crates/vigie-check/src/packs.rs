//! Rule packs, loaded and made ready.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use include_dir::{Dir, include_dir};
use jiff::civil::Date;
use serde::Deserialize;

use crate::changes::{Changes, OwnRule};
use crate::prepared::Prepared;
use crate::report::Words;
use crate::rule::format::{is_table, read_tables};
use crate::rule::{Rule, fault, load};
use crate::scan::common::Common;
use crate::scan::literals::{Literals, Search};
use crate::text::View;
use crate::wake::Wakes;

/// How much a piece of an example counts beside a million words: there are about fifteen thousand words of examples.
const EXAMPLE_WEIGHT: u32 = 60;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../packs");

/// Rules made ready for checking. Cheap to share behind an `Arc`; never changes once loaded.
#[derive(Debug)]
pub struct Packs {
    pub(crate) versions: Arc<BTreeMap<String, String>>,
    /// By pack: the day by which somebody reviews it.
    pub(crate) reviews: BTreeMap<String, Date>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) search: Search,
    pub(crate) wakes: Wakes,
    /// Tells these packs from others that were loaded.
    pub(crate) number: u64,
    /// What holds when nothing is known.
    pub(crate) nothing: Prepared,
}

/// Why packs could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {}", message.en)]
pub struct LoadError {
    /// The file at fault.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong, with the nearest right word where there is one.
    pub message: Words,
}

/// `pack.toml`: what a folder of rules says about itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackFile {
    /// Name used in reports.
    name: String,
    /// Version used in reports.
    version: String,
    /// The day by which somebody reads the rules again: laws change.
    review_by: Option<String>,
}

/// What the packs say about themselves, by name.
#[derive(Default)]
struct About {
    versions: BTreeMap<String, String>,
    reviews: BTreeMap<String, Date>,
}

impl About {
    /// Reads a `pack.toml`; one read later replaces an earlier one of the same name.
    fn add(&mut self, file: &str, source: &str) -> Result<(), LoadError> {
        let pack: PackFile =
            toml::from_str(source).map_err(|e| fault::toml_fault(file, source, &e))?;
        let review = match &pack.review_by {
            None => None,
            Some(text) => Some(fault::day(file, source, text)?),
        };
        match review {
            Some(day) => self.reviews.insert(pack.name.clone(), day),
            None => self.reviews.remove(&pack.name),
        };
        self.versions.insert(pack.name, pack.version);
        Ok(())
    }
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
            Err(e) => faults.push(fault::toml_fault(file, source, &e)),
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
        let embedded = files.len();
        let mut faults = Vec::new();
        for folder in folders {
            collect_folder(folder, 0, &mut files, &mut faults);
        }
        Packs::of(&files, embedded, faults, &Changes::default())
    }

    /// No rule at all.
    pub fn none() -> Packs {
        Packs::ready_to_search(About::default(), Vec::new(), Literals::default())
    }

    /// The packs that come with the program, as an organisation changes them.
    ///
    /// # Errors
    /// One [`LoadError`] a fault, of the organisation's rules only; nothing is loaded by halves.
    pub fn changed(changes: &Changes) -> Result<Packs, Vec<LoadError>> {
        let mut files = Vec::new();
        collect_embedded(&EMBEDDED, &mut files);
        Packs::of(&files, files.len(), Vec::new(), changes)
    }

    /// Some rules alone, with the shared lists that come with the program: to try them before they are taken in.
    ///
    /// # Errors
    /// One [`LoadError`] a fault.
    pub fn alone(own: &[OwnRule]) -> Result<Packs, Vec<LoadError>> {
        let mut files = Vec::new();
        collect_embedded(&EMBEDDED, &mut files);
        files.retain(|(file, _)| list_name(file).is_some());
        let changes = Changes {
            own: own.to_vec(),
            ..Changes::default()
        };
        Packs::of(&files, files.len(), Vec::new(), &changes)
    }

    /// `embedded` is how many of the files, the first ones, come with the program.
    fn of(
        files: &[(String, String)],
        embedded: usize,
        mut faults: Vec<LoadError>,
        changes: &Changes,
    ) -> Result<Packs, Vec<LoadError>> {
        let mut about = About::default();
        let mut rules: Vec<Rule> = Vec::new();
        let mut literals = Literals::new(Common::of_posts());
        let mut place: HashMap<String, usize> = HashMap::new();
        let lists = read_lists(files, &mut faults);
        let tables = read_tables(files, &mut faults);
        for (n, (file, source)) in files.iter().enumerate() {
            if list_name(file).is_some() || is_table(file) {
                continue;
            }
            let shared = load::Shared {
                lists: &lists,
                tables: &tables,
                own: n < embedded,
            };
            if file.ends_with("pack.toml") {
                faults.extend(about.add(file, source).err());
                continue;
            }
            match load::rule(file, source, &shared, &mut literals) {
                Ok(rule) => match place.get(&rule.id).copied() {
                    Some(at) => rules[at] = rule,
                    None => {
                        place.insert(rule.id.clone(), rules.len());
                        rules.push(rule);
                    }
                },
                Err(more) => faults.extend(more),
            }
        }
        let shared = load::Shared {
            lists: &lists,
            tables: &tables,
            own: false,
        };
        for own in &changes.own {
            match load::rule(&own.file, &own.source, &shared, &mut literals) {
                Ok(rule) if place.contains_key(&rule.id) => faults.push(LoadError {
                    file: own.file.clone(),
                    line: fault::line_of_word(&own.source, &rule.id),
                    message: Words::new(
                        format!("il y a déjà une règle `{}`", rule.id),
                        format!("there is a rule `{}` already", rule.id),
                    ),
                }),
                Ok(rule) => {
                    place.insert(rule.id.clone(), rules.len());
                    rules.push(rule);
                }
                Err(more) => faults.extend(more),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        changes.settle(&mut rules);
        Ok(Packs::ready_to_search(about, rules, literals))
    }

    /// Builds the table of literals and what wakes each rule. What is common in posts is learnt from the examples that
    /// must pass: they are written to look like posts.
    fn ready_to_search(about: About, mut rules: Vec<Rule>, mut literals: Literals) -> Packs {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let ordinary: Vec<View<'_>> = rules
            .iter()
            .flat_map(|r| r.quiet.iter().map(|e| View::new(&e.text)))
            .collect();
        for view in &ordinary {
            literals.common_mut().add(&view.low, EXAMPLE_WEIGHT);
        }
        let (search, common) = literals.build();
        let mut seen = vec![0; search.nodes];
        for view in &ordinary {
            for node in search.find(view).nodes() {
                if let Some(count) = seen.get_mut(*node as usize) {
                    *count += 1;
                }
            }
        }
        let posts = ordinary.len();
        drop(ordinary);
        let wakes = Wakes::of(&mut rules, &seen, posts, common);
        let mut packs = Packs {
            versions: Arc::new(about.versions),
            reviews: about.reviews,
            rules,
            search,
            wakes,
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            nothing: Prepared::default(),
        };
        packs.nothing = packs.ready(&crate::Facts::new());
        packs
    }

    /// All rules, in the order of their ids within their folder.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// One rule by id, whatever its case.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|r| r.id.eq_ignore_ascii_case(id))
    }

    /// The packs that are to be reviewed by a day, and that day.
    pub fn reviews(&self) -> &BTreeMap<String, Date> {
        &self.reviews
    }

    /// The packs and their versions.
    pub fn versions(&self) -> &BTreeMap<String, String> {
        &self.versions
    }
}

/// The text of a rule that comes with the program, by the name of its file.
pub fn shipped(file: &str) -> Option<&'static str> {
    let path = file.strip_prefix("packs/")?;
    EMBEDDED.get_file(path)?.contents_utf8()
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
        message: Words::new(
            format!("la lecture échoue\u{a0}: {e}"),
            format!("reading it fails: {e}"),
        ),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::model::{Near, Node};

    fn patterns(node: &Node, wrong: &mut Vec<String>) {
        let bad = node.regexes.iter().filter(|r| r.pattern.compile().is_err());
        wrong.extend(bad.map(|r| format!("{:?}", r.pattern)));
        for inner in node.any.iter().chain(&node.all).chain(&node.none) {
            patterns(inner, wrong);
        }
        let nears = [&node.near, &node.apart].into_iter().flatten();
        for Near { of, to, .. } in nears.map(AsRef::as_ref) {
            patterns(of, wrong);
            patterns(to, wrong);
        }
    }

    /// They are compiled when they are first asked: here all are.
    #[test]
    fn every_expression_of_the_program_compiles() {
        let packs = Packs::embedded().unwrap();
        let mut wrong = Vec::new();
        for rule in &packs.rules {
            let adjusts = rule.adjust.iter().filter_map(|a| a.node.as_ref());
            rule.node
                .iter()
                .chain(adjusts)
                .for_each(|node| patterns(node, &mut wrong));
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn every_pack_of_the_program_has_a_day_of_review() {
        let packs = Packs::embedded().unwrap();
        let named: Vec<_> = packs.versions().keys().collect();
        let dated: Vec<_> = packs.reviews().keys().collect();
        assert_eq!(named, dated);
    }
}
