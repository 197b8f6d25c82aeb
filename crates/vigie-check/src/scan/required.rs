//! Literals that stand in every text a pattern can match, read off the pattern itself.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::common::Common;

/// Literals kept for one place of a pattern.
const MOST: usize = 64;

/// Sets of literals kept of one pattern.
const SETS: usize = 3;

/// A set that stands in more posts than this says nothing.
const TOO_COMMON: f64 = 0.5;

/// Beside a first set that stands in fewer posts than this, no other is looked for.
const RARE: f64 = 0.02;

/// What a second set must be rarer than to be worth its place in the table.
const SECOND: f64 = 0.2;

/// Stands for a word boundary in literals that are being read.
const EDGE: char = '\u{1}';

/// A literal in lower case that stands in every match of a pattern, or one of a set of which one does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Anchor {
    pub(crate) text: String,
    /// Whether no word goes on before it.
    pub(crate) left: bool,
    /// Whether no word goes on after it.
    pub(crate) right: bool,
}

impl Anchor {
    /// A literal that may stand inside words.
    pub(crate) fn free(text: &str) -> Anchor {
        Anchor {
            text: text.to_owned(),
            left: false,
            right: false,
        }
    }

    fn of(read: &str) -> Anchor {
        Anchor {
            text: read.replace(EDGE, ""),
            left: read.starts_with(EDGE),
            right: read.ends_with(EDGE),
        }
    }
}

/// Literals of which at least one stands in every match; `None` when nothing useful is certain.
pub(crate) fn required(pattern: &str, common: &Common) -> Option<Vec<Anchor>> {
    let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
    let sets = Reading(common).sets(&hir);
    sets.into_iter().find(|set| worth(set) >= 3)
}

/// What every match of a pattern holds.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Sets of literals, the rarest first: one of each set stands in every match.
    pub(crate) sets: Vec<Vec<Anchor>>,
    /// Where there is none: the rarest set of words that many posts hold, of use where half of all posts are left out for
    /// another reason.
    pub(crate) common: Option<Vec<Anchor>>,
    /// Whether every match holds a digit.
    pub(crate) digit: bool,
}

/// Reads off a pattern what every match holds.
pub(crate) fn needs(hir: &Hir, common: &Common) -> Needs {
    let all = Reading(common).sets(hir).into_iter();
    let all: Vec<(f64, Vec<Anchor>)> = all.map(|set| (common.share(&set), set)).collect();
    let words = |set: &[Anchor]| set.len() <= MOST && set.iter().all(|a| a.left && a.right);
    let (mut sets, rest): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(share, _)| *share <= TOO_COMMON);
    let rarest = rest.into_iter().filter(|(_, set)| words(set));
    let rarest = rarest.min_by(|a, b| a.0.total_cmp(&b.0));
    sets.sort_by(|a, b| a.0.total_cmp(&b.0));
    sets.dedup_by(|a, b| a.1 == b.1);
    sets.truncate(SETS);
    // Beside a first set, a common one would cost more in the table than it saves.
    let first = sets.first().map_or(1.0, |(share, _)| *share);
    let mut n = 0;
    sets.retain(|(share, set)| {
        n += 1;
        n == 1 || first > RARE && *share < SECOND && set.len() <= MOST
    });
    Needs {
        common: rarest.filter(|_| sets.is_empty()).map(|(_, set)| set),
        sets: sets.into_iter().map(|(_, set)| set).collect(),
        digit: needs_digit(hir),
    }
}

/// Whether a set of literals is rare enough to be looked for.
pub(crate) fn is_telling(set: &[Anchor], common: &Common) -> bool {
    common.share(set) <= TOO_COMMON
}

/// How telling a set of literals is: the length of its shortest, but for spaces at its ends, which every text has.
fn worth(set: &[Anchor]) -> usize {
    set.iter().map(|a| a.text.trim().len()).min().unwrap_or(0)
}

/// Reads patterns, choosing the literals that are rare.
struct Reading<'a>(&'a Common);

impl Reading<'_> {
    /// Sets of literals, the rarest first.
    fn sets(&self, hir: &Hir) -> Vec<Vec<Anchor>> {
        let sets = self.best_first(hir).into_iter();
        sets.map(|set| {
            let mut set: Vec<Anchor> = set.iter().map(|l| Anchor::of(l)).collect();
            set.sort();
            set.dedup();
            set
        })
        .collect()
    }

    fn best_first(&self, hir: &Hir) -> Vec<Vec<String>> {
        let mut sets: Vec<(f64, Vec<String>)> = self
            .all(hir)
            .into_iter()
            .map(|set| {
                let anchors: Vec<Anchor> = set.iter().map(|l| Anchor::of(l)).collect();
                (self.0.share(&anchors), set)
            })
            .collect();
        sets.sort_by(|a, b| {
            (a.0, a.1.len())
                .partial_cmp(&(b.0, b.1.len()))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        sets.into_iter().map(|(_, set)| set).collect()
    }

    /// Sets of literals, one of each of which stands in every match, in no order.
    fn all(&self, hir: &Hir) -> Vec<Vec<String>> {
        if let Some(exact) = exact(hir) {
            return certain(exact).into_iter().collect();
        }
        match hir.kind() {
            HirKind::Capture(c) => self.all(&c.sub),
            HirKind::Repetition(r) if r.min >= 1 => self.all(&r.sub),
            HirKind::Alternation(list) => {
                let branches: Vec<_> = list.iter().map(|h| self.best_first(h)).collect();
                if branches.iter().any(Vec::is_empty) {
                    return Vec::new();
                }
                let most = branches.iter().map(Vec::len).max().unwrap_or(0).min(SETS);
                let joined = (0..most).map(|n| {
                    let of =
                        |b: &Vec<Vec<String>>| b.get(n).or(b.first()).cloned().unwrap_or_default();
                    branches.iter().flat_map(of).collect::<Vec<_>>()
                });
                joined.filter(|set| set.len() <= 4 * MOST).collect()
            }
            HirKind::Concat(list) => {
                let mut out = Vec::new();
                let mut joined: Vec<String> = vec![String::new()];
                for one in list {
                    let next = exact(one).and_then(|e| cross(&joined, &e));
                    match next {
                        Some(next) => joined = next,
                        None => {
                            out.extend(certain(std::mem::take(&mut joined)));
                            out.extend(self.all(one));
                            joined = exact(one).unwrap_or_else(|| vec![String::new()]);
                        }
                    }
                }
                out.extend(certain(joined));
                out
            }
            _ => Vec::new(),
        }
    }
}

fn needs_digit(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => {
            // Digits only, of any script: the longest range is the five alphabets of mathematical ones.
            let ranges = class.ranges().iter();
            !class.ranges().is_empty()
                && ranges
                    .into_iter()
                    .all(|r| r.start().is_numeric() && r.end().is_numeric() && r.len() <= 50)
        }
        HirKind::Literal(l) => l.0.iter().any(u8::is_ascii_digit),
        HirKind::Capture(c) => needs_digit(&c.sub),
        HirKind::Repetition(r) => r.min >= 1 && needs_digit(&r.sub),
        HirKind::Concat(list) => list.iter().any(needs_digit),
        HirKind::Alternation(list) => list.iter().all(needs_digit),
        _ => false,
    }
}

fn certain(set: Vec<String>) -> Option<Vec<String>> {
    let empty = |l: &String| l.chars().all(|c| c == EDGE);
    (!set.is_empty() && !set.iter().any(empty)).then_some(set)
}

fn cross(left: &[String], right: &[String]) -> Option<Vec<String>> {
    if left.len() * right.len() > MOST {
        return None;
    }
    let mut out = Vec::with_capacity(left.len() * right.len());
    for l in left {
        for r in right {
            out.push(format!("{l}{r}"));
        }
    }
    out.sort();
    out.dedup();
    Some(out)
}

/// All texts the pattern matches, in lower case, when they are few.
fn exact(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Look(Look::WordUnicode | Look::WordStartUnicode | Look::WordEndUnicode) => {
            Some(vec![EDGE.to_string()])
        }
        HirKind::Empty | HirKind::Look(_) => Some(vec![String::new()]),
        HirKind::Literal(l) => {
            let text = std::str::from_utf8(&l.0).ok()?;
            Some(vec![lower(text)])
        }
        HirKind::Class(Class::Unicode(class)) => {
            let mut out = Vec::new();
            for range in class.ranges() {
                for c in range.start()..=range.end() {
                    // The view has folded these away: they cannot stand in a text.
                    if matches!(c, '\u{017F}' | '\u{212A}') {
                        continue;
                    }
                    out.push(lower(c.encode_utf8(&mut [0; 4])));
                    if out.len() > 24 {
                        return None;
                    }
                }
            }
            out.sort();
            out.dedup();
            (out.len() <= 12).then_some(out)
        }
        HirKind::Class(Class::Bytes(_)) => None,
        HirKind::Capture(c) => exact(&c.sub),
        HirKind::Repetition(r) => {
            let sub = exact(&r.sub)?;
            let most = r.max.filter(|m| *m <= 4)?;
            let mut all = Vec::new();
            let mut now: Vec<String> = vec![String::new()];
            for n in 0..=most {
                if n >= r.min {
                    all.extend(now.iter().cloned());
                }
                if n < most {
                    now = cross(&now, &sub)?;
                }
            }
            (all.len() <= MOST).then_some(all)
        }
        HirKind::Concat(list) => {
            let mut out = vec![String::new()];
            for one in list {
                out = cross(&out, &exact(one)?)?;
            }
            Some(out)
        }
        HirKind::Alternation(list) => {
            let mut out = Vec::new();
            for one in list {
                out.extend(exact(one)?);
            }
            (out.len() <= MOST).then_some(out)
        }
    }
}

fn lower(text: &str) -> String {
    text.chars()
        .map(crate::text::chars::lower_same_len)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str) -> Vec<Anchor> {
        required(pattern, &Common::of_posts()).unwrap_or_default()
    }

    fn of(pattern: &str) -> Vec<String> {
        read(pattern).into_iter().map(|a| a.text).collect()
    }

    #[test]
    fn literals_of_patterns() {
        assert_eq!(of(r"\bAKIA[A-Z2-7]{16}\b"), ["akia"]);
        assert_eq!(of(r"(?i)mon\s+(?:code|lien)\b"), ["code", "lien"]);
        assert_eq!(
            of(r"gh[pousr]_[A-Za-z0-9]{36}"),
            ["gho_", "ghp_", "ghr_", "ghs_", "ghu_"]
        );
        assert_eq!(of(r"(?i)the\b.{0,20}secrets?"), ["secret", "secrets"]);
        assert!(of(r"[a-z]{3,}\d+").is_empty());
        assert!(of(r"(?:code)?\d+").is_empty());
        assert_eq!(of(r"(?i)É(?:té|TÉ)"), ["été"]);
    }

    #[test]
    fn literals_keep_their_word_boundaries() {
        let edges = |pattern: &str| {
            let all = read(pattern).into_iter();
            all.map(|a| (a.text, a.left, a.right)).collect::<Vec<_>>()
        };
        assert_eq!(edges(r"\bmen\b"), [("men".to_owned(), true, true)]);
        assert_eq!(edges(r"\bmen\w*"), [("men".to_owned(), true, false)]);
        assert_eq!(
            edges(r"x?men\b"),
            [
                ("men".to_owned(), false, true),
                ("xmen".to_owned(), false, true)
            ]
        );
        assert_eq!(
            edges(r"\b(?:old|new) men\b.*"),
            [
                ("new men".to_owned(), true, true),
                ("old men".to_owned(), true, true)
            ]
        );
    }

    #[test]
    fn what_every_post_holds_is_no_anchor() {
        let common = Common::of_posts();
        let sets = |pattern: &str| {
            needs(&regex_syntax::parse(pattern).unwrap(), &common)
                .sets
                .len()
        };
        assert_eq!(sets(r"\p{L}+ \p{L}+"), 0);
        assert_eq!(sets(r"[aeiou]\p{L}+"), 0);
        assert_eq!(sets(r"\bgiveaway\b.{0,20}\bthe\b"), 1);
    }
}
