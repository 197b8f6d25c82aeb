//! Expressions that are quick to refuse, and that cost nothing until they are first needed.

use std::sync::OnceLock;

use regex::{Captures, Regex, RegexBuilder, bytes};
use regex_syntax::hir::{
    Class, ClassBytes, ClassBytesRange, ClassUnicode, Hir, HirKind, Look, Repetition,
};

use super::common::Common;
use super::required::{Needs, needs};

/// Bytes that one expression may take once compiled.
const SIZE: usize = 4 << 20;

/// Bytes from which on a text is long.
const LONG: usize = 640;

/// Bytes that are read beyond what a wider expression sees.
const BEYOND: usize = 200;

/// Parts of a text above which all of it is read.
const PARTS: usize = 256;

/// An expression, and a wider one over bytes, without word boundaries and counts.
///
/// The engine finds Unicode word boundaries slowly in texts with accents; an automaton that counts has a state for each
/// count, and one that knows letters has many for each. The wider expression has none of these, so it says quickly that
/// most texts hold no match.
///
/// Both are compiled when a text first needs them: most expressions of the packs are never needed by one program run.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    names: Vec<String>,
    /// Whether it has a boundary, a count or letters beyond ASCII, so that a wider one is worth its memory.
    slow: bool,
    /// Whether it says nothing of the beginning or end of a text or line, so that parts of a text can be read alone.
    loose: bool,
    full: OnceLock<Option<Regex>>,
    wide: OnceLock<Option<bytes::Regex>>,
}

impl Pattern {
    /// Reads an expression; it is compiled later.
    ///
    /// # Errors
    /// What is wrong with it, in one line of English.
    pub fn new(pattern: &str) -> Result<Pattern, String> {
        Ok(Pattern::of(pattern, &parse(pattern)?))
    }

    /// Reads an expression, and what every match of it holds.
    pub(crate) fn read(pattern: &str, common: &Common) -> Result<(Pattern, Needs), String> {
        let hir = parse(pattern)?;
        Ok((Pattern::of(pattern, &hir), needs(&hir, common)))
    }

    fn of(pattern: &str, hir: &Hir) -> Pattern {
        let mut names = Vec::new();
        group_names(hir, &mut names);
        Pattern {
            source: pattern.to_owned(),
            names,
            slow: has_boundary(hir) || counts(hir) || beyond_ascii(hir),
            loose: !hir.properties().look_set().contains_anchor(),
            full: OnceLock::new(),
            wide: OnceLock::new(),
        }
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

    fn wide(&self) -> Option<&bytes::Regex> {
        let wide = self.wide.get_or_init(|| {
            let hir = parse(&self.source).ok().filter(|_| self.slow)?;
            build_wide(&widened(&hir))
        });
        wide.as_ref()
    }

    /// The expression, unless the text is certain to hold no match.
    fn for_text(&self, text: &str) -> Option<&Regex> {
        self.wide()
            .is_none_or(|w| w.is_match(text.as_bytes()))
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

    /// The parts of a text in which matches can begin, and where each part is: all of it when it is short.
    ///
    /// In a long text with accents the full expression is slow, and the wider one is not: it says where to look. A match
    /// of which more than [`BEYOND`] bytes stand beyond what the wider one sees is then missed.
    pub(crate) fn parts<'t>(&self, text: &'t str) -> Vec<(usize, &'t str)> {
        let whole = vec![(0, text)];
        let Some(wide) = self.wide().filter(|_| text.len() > LONG && self.loose) else {
            return whole;
        };
        let mut out: Vec<(usize, usize)> = Vec::new();
        for found in wide.find_iter(text.as_bytes()) {
            let end = found.end() + BEYOND;
            if out.last().is_some_and(|(_, last)| end <= *last) {
                continue;
            }
            let blanks = (blank_before(text, found.start()), blank_after(text, end));
            let (Some(start), Some(end)) = blanks else {
                return whole;
            };
            if let Some((_, last)) = out.last_mut().filter(|(_, last)| start <= *last) {
                *last = end.max(*last);
            } else if out.len() == PARTS {
                return whole;
            } else {
                out.push((start, end));
            }
        }
        let parts = out.into_iter();
        parts
            .filter_map(|(start, end)| Some((start, text.get(start..end)?)))
            .collect()
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

/// Several expressions that no literal announces, as one wide one: where it does not match, none of them does.
#[derive(Debug, Default)]
pub(crate) struct Together {
    sources: Vec<String>,
    wide: OnceLock<Option<bytes::Regex>>,
}

impl Together {
    /// Takes in one more, unless it is quick to refuse by itself because it begins where the text does.
    pub(crate) fn add(&mut self, pattern: &Pattern) -> bool {
        let Ok(hir) = parse(&pattern.source) else {
            return false;
        };
        let fine = !hir.properties().look_set_prefix().contains(Look::Start);
        if fine {
            self.sources.push(pattern.source.clone());
            self.wide = OnceLock::new();
        }
        fine
    }

    /// Whether one of them may match.
    pub(crate) fn may_match(&self, text: &str) -> bool {
        let wide = self.wide.get_or_init(|| {
            let all = self.sources.iter().map(|s| parse(s).ok());
            let all: Option<Vec<Hir>> = all.map(|hir| hir.map(|h| widened(&h))).collect();
            build_wide(&Hir::alternation(all?))
        });
        wide.as_ref().is_none_or(|w| w.is_match(text.as_bytes()))
    }
}

/// The place after the last blank before a place, or the beginning; `None` when neither is close.
fn blank_before(text: &str, at: usize) -> Option<usize> {
    let from = at.saturating_sub(BEYOND);
    let before = text.as_bytes().get(from..at)?;
    match before.iter().rposition(u8::is_ascii_whitespace) {
        Some(n) => Some(from + n + 1),
        None => (from == 0).then_some(0),
    }
}

/// The first blank at or after a place, or the end; `None` when neither is close.
fn blank_after(text: &str, at: usize) -> Option<usize> {
    let at = at.min(text.len());
    let to = (at + BEYOND).min(text.len());
    let after = text.as_bytes().get(at..to)?;
    match after.iter().position(u8::is_ascii_whitespace) {
        Some(n) => Some(at + n),
        None => (to == text.len()).then_some(to),
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

/// Counts up to this are cheap.
const FEW: u32 = 3;

/// Whether a repetition goes to a count that an automaton would need many states for.
fn is_count(r: &Repetition) -> bool {
    r.min > FEW || r.max.is_some_and(|max| max > FEW)
}

/// Whether it has a class of characters beyond ASCII.
fn beyond_ascii(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => !class.is_ascii(),
        HirKind::Capture(c) => beyond_ascii(&c.sub),
        HirKind::Repetition(r) => beyond_ascii(&r.sub),
        HirKind::Concat(list) | HirKind::Alternation(list) => list.iter().any(beyond_ascii),
        _ => false,
    }
}

fn counts(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Capture(c) => counts(&c.sub),
        HirKind::Repetition(r) => is_count(r) || counts(&r.sub),
        HirKind::Concat(list) | HirKind::Alternation(list) => list.iter().any(counts),
        _ => false,
    }
}

/// The expression over bytes, without its word boundaries and counts, and with no letter beyond ASCII told from another: it
/// matches wherever the full one does.
fn widened(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Look(look) if format!("{look:?}").contains("Word") => Hir::empty(),
        HirKind::Class(Class::Unicode(class)) => widened_class(class),
        HirKind::Capture(c) => widened(&c.sub),
        HirKind::Repetition(r) => {
            let mut r = r.clone();
            if is_count(&r) {
                (r.min, r.max) = (r.min.min(1), None);
            }
            r.sub = Box::new(widened(&r.sub));
            Hir::repetition(r)
        }
        HirKind::Concat(list) => Hir::concat(list.iter().map(widened).collect()),
        HirKind::Alternation(list) => Hir::alternation(list.iter().map(widened).collect()),
        _ => hir.clone(),
    }
}

/// The bytes of which the characters of a class consist; beyond ASCII only the first byte of each is told from others.
fn widened_class(class: &ClassUnicode) -> Hir {
    let mut plain = ClassBytes::empty();
    let mut leads = ClassBytes::empty();
    for range in class.ranges() {
        let (start, end) = (range.start(), range.end());
        if start.is_ascii() {
            plain.push(ClassBytesRange::new(
                start as u8,
                (end as u32).min(0x7F) as u8,
            ));
        }
        // The view has folded these two away: they cannot stand in a text.
        let folded = start == end && matches!(start, '\u{17F}' | '\u{212A}');
        if !end.is_ascii() && !folded {
            leads.push(ClassBytesRange::new(lead(start.max('\u{80}')), lead(end)));
        }
    }
    let plain = Hir::class(Class::Bytes(plain));
    if leads.ranges().is_empty() {
        return plain;
    }
    let rest = ClassBytes::new([ClassBytesRange::new(0x80, 0xBF)]);
    let rest = Hir::repetition(Repetition {
        min: 1,
        max: None,
        greedy: true,
        sub: Box::new(Hir::class(Class::Bytes(rest))),
    });
    let beyond = Hir::concat(vec![Hir::class(Class::Bytes(leads)), rest]);
    Hir::alternation(vec![plain, beyond])
}

/// The first byte of a character.
fn lead(c: char) -> u8 {
    let mut buffer = [0; 4];
    c.encode_utf8(&mut buffer);
    buffer[0]
}

/// Compiles a widened expression.
fn build_wide(hir: &Hir) -> Option<bytes::Regex> {
    bytes::RegexBuilder::new(&hir.to_string())
        .size_limit(SIZE)
        .dfa_size_limit(SIZE)
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_wide_one_is_wider() {
        let pattern = Pattern::new(r"(?i)\bété\b|\bcode (?P<n>\d+)\b").unwrap();
        let wide = pattern.wide().unwrap();
        assert!(wide.is_match("l'étébouge".as_bytes()));
        assert!(!wide.is_match(b"rien"));
        assert_eq!(pattern.find_iter("étés, code 12x, CODE 7").count(), 1);
    }

    proptest! {
        /// Read by parts, a long text has the matches that it has when read whole.
        #[test]
        fn parts_hold_all_matches(pieces in proptest::collection::vec("[a-cé 0-9]{0,12}|filler words here ", 150..400)) {
            let text = pieces.concat().repeat(4);
            for source in [r"\bé[a-c]{2,9}\b", r"(?i)\bab?c\b[^0]{0,20}\b\d+\b", r"[^\w ]|\b\d[a-z]{3,}\d\b"] {
                let pattern = Pattern::new(source).unwrap();
                let full = pattern.full().unwrap();
                let whole: Vec<_> = full.find_iter(&text).map(|m| m.range()).collect();
                let mut parts = Vec::new();
                for (from, part) in pattern.parts(&text) {
                    parts.extend(full.find_iter(part).map(|m| m.start() + from..m.end() + from));
                }
                prop_assert_eq!(parts, whole, "{}", source);
            }
        }

        #[test]
        fn nothing_is_lost(text in "[a-zéÉ 0-9🎉]{0,40}") {
            let pattern = Pattern::new(r"\b(?:a|é)[a-z]*\d\b|\bb\B.|c[^d]{5,9}d|\p{Lu}[\p{L}0]{2}|(?i)é[à-ÿ]?k").unwrap();
            let with: Vec<_> = pattern.find_iter(&text).map(|m| m.range()).collect();
            let mut together = Together::default();
            prop_assert!(together.add(&pattern) && together.add(&Pattern::new("x[a-z]y").unwrap()));
            prop_assert!(with.is_empty() || together.may_match(&text));
            let plain: Vec<_> = pattern.full().unwrap().find_iter(&text).map(|m| m.range()).collect();
            prop_assert_eq!(with, plain);
        }
    }
}
