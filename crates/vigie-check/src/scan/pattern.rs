//! Expressions that are quick to refuse, and that cost nothing until they are first needed.

use std::sync::OnceLock;

use regex::{Captures, Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};

use super::required::{Needs, needs};

/// Bytes that one expression may take once compiled.
const SIZE: usize = 4 << 20;

/// An expression, and a wider one without word boundaries.
///
/// The engine finds Unicode word boundaries slowly in texts with accents. The wider expression has none, so it says
/// quickly that most texts hold no match; measured on French posts, four times as many posts a second.
///
/// Both are compiled when a text first needs them: most expressions of the packs are never needed by one program run.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    names: Vec<String>,
    bounded: bool,
    full: OnceLock<Option<Regex>>,
    wide: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Reads an expression; it is compiled later.
    ///
    /// # Errors
    /// What is wrong with it, in one line of English.
    pub fn new(pattern: &str) -> Result<Pattern, String> {
        Ok(Pattern::read(pattern)?.0)
    }

    /// Reads an expression, and what every match of it holds.
    pub(crate) fn read(pattern: &str) -> Result<(Pattern, Needs), String> {
        let hir = parse(pattern)?;
        let mut names = Vec::new();
        group_names(&hir, &mut names);
        let read = Pattern {
            source: pattern.to_owned(),
            names,
            bounded: has_boundary(&hir),
            full: OnceLock::new(),
            wide: OnceLock::new(),
        };
        Ok((read, needs(&hir)))
    }

    /// Compiles it now: for expressions that come from outside the program and may be too large.
    ///
    /// # Errors
    /// What is wrong with it, in one line of English.
    pub(crate) fn compile(&self) -> Result<(), String> {
        let full = build(&self.source)?;
        let _ = self.full.set(Some(full));
        Ok(())
    }

    /// An expression of the program's own; `None` when it does not compile, which a test excludes.
    pub(crate) fn own(pattern: &str) -> Option<Pattern> {
        Pattern::new(pattern).ok()
    }

    fn full(&self) -> Option<&Regex> {
        self.full.get_or_init(|| build(&self.source).ok()).as_ref()
    }

    fn wide(&self) -> Option<&Regex> {
        let wide = self.wide.get_or_init(|| {
            let hir = parse(&self.source).ok().filter(|_| self.bounded)?;
            build(&widened(&hir).to_string()).ok()
        });
        wide.as_ref()
    }

    /// The expression, unless the text is certain to hold no match.
    fn for_text(&self, text: &str) -> Option<&Regex> {
        self.wide()
            .is_none_or(|w| w.is_match(text))
            .then(|| self.full())
            .flatten()
    }

    /// Each match, from the left, none overlapping.
    pub fn find_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = regex::Match<'t>> {
        self.for_text(text)
            .map(|full| full.find_iter(text))
            .into_iter()
            .flatten()
    }

    /// Each match with its groups.
    pub fn captures_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
        self.for_text(text)
            .map(|full| full.captures_iter(text))
            .into_iter()
            .flatten()
    }

    /// The first match.
    pub fn find<'t>(&self, text: &'t str) -> Option<regex::Match<'t>> {
        self.for_text(text)?.find(text)
    }

    /// Names of its groups.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

fn parse(pattern: &str) -> Result<Hir, String> {
    regex_syntax::Parser::new()
        .parse(pattern)
        .map_err(|e| last_line(&e.to_string()))
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim().to_owned()
}

fn group_names(hir: &Hir, out: &mut Vec<String>) {
    match hir.kind() {
        HirKind::Capture(c) => {
            out.extend(c.name.as_deref().map(str::to_owned));
            group_names(&c.sub, out);
        }
        HirKind::Repetition(r) => group_names(&r.sub, out),
        HirKind::Concat(list) | HirKind::Alternation(list) => {
            list.iter().for_each(|h| group_names(h, out));
        }
        _ => {}
    }
}

fn build(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(SIZE)
        .dfa_size_limit(SIZE)
        .build()
        .map_err(|e| last_line(&e.to_string()))
}

fn has_boundary(hir: &Hir) -> bool {
    hir.properties().look_set().contains_word_unicode()
}

/// The expression without its word boundaries: it matches wherever the full one does.
fn widened(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Look(look) if format!("{look:?}").contains("Word") => Hir::empty(),
        HirKind::Capture(c) => widened(&c.sub),
        HirKind::Repetition(r) => {
            let mut r = r.clone();
            r.sub = Box::new(widened(&r.sub));
            Hir::repetition(r)
        }
        HirKind::Concat(list) => Hir::concat(list.iter().map(widened).collect()),
        HirKind::Alternation(list) => Hir::alternation(list.iter().map(widened).collect()),
        _ => hir.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_wide_one_is_wider() {
        let pattern = Pattern::new(r"(?i)\bété\b|\bcode (?P<n>\d+)\b").unwrap();
        let wide = pattern.wide().unwrap();
        assert!(wide.is_match("l'étébouge"));
        assert!(!wide.is_match("rien"));
        assert_eq!(pattern.find_iter("étés, code 12x, CODE 7").count(), 1);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "[a-zé 0-9]{0,40}") {
            let pattern = Pattern::new(r"\b(?:a|é)[a-z]*\d\b|\bb\B.").unwrap();
            let with: Vec<_> = pattern.find_iter(&text).map(|m| m.range()).collect();
            let plain: Vec<_> = pattern.full().unwrap().find_iter(&text).map(|m| m.range()).collect();
            prop_assert_eq!(with, plain);
        }
    }
}
