//! Literals that stand in every text a pattern can match, read off the pattern itself.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Literals kept for one place of a pattern.
const MOST: usize = 64;

/// Sets of literals kept of one pattern.
const SETS: usize = 3;

/// Lower-case literals of which at least one stands in every match; `None` when nothing useful is certain.
pub(crate) fn required(pattern: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
    needs(&hir).sets.into_iter().find(|set| worth(set) >= 3)
}

/// What every match of a pattern holds.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Sets of lower-case literals, the most telling first: one of each set stands in every match.
    pub(crate) sets: Vec<Vec<String>>,
    /// Whether every match holds a digit.
    pub(crate) digit: bool,
}

/// Reads off a pattern what every match holds.
pub(crate) fn needs(hir: &Hir) -> Needs {
    let mut sets = all_sets(hir);
    for set in &mut sets {
        set.sort();
        set.dedup();
    }
    sets.retain(|set| worth(set) >= 3 || set.iter().all(|l| l.contains(is_rare)));
    sets.sort_by_key(|set| std::cmp::Reverse(score(set)));
    sets.dedup();
    sets.truncate(SETS);
    // Beside a first set, a short one would cost more in the table than it saves.
    let mut first = true;
    sets.retain(|set| std::mem::take(&mut first) || worth(set) >= 5 && set.len() <= MOST);
    Needs {
        sets,
        digit: needs_digit(hir),
    }
}

/// A sign that few posts hold.
fn is_rare(c: char) -> bool {
    !c.is_alphanumeric() && !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | ',' | '.' | '\'' | '-')
}

/// How telling a set of literals is: the length of its shortest, but for spaces at its ends, which every text has.
fn worth(set: &[String]) -> usize {
    set.iter().map(|l| l.trim().len()).min().unwrap_or(0)
}

/// A few long literals are rarer than one short one.
fn score(set: &[String]) -> (usize, usize) {
    (worth(set).min(6), usize::MAX - set.len())
}

/// Sets of literals, one of each of which stands in every match, in no order.
fn all_sets(hir: &Hir) -> Vec<Vec<String>> {
    if let Some(exact) = exact(hir) {
        return certain(exact).into_iter().collect();
    }
    match hir.kind() {
        HirKind::Capture(c) => all_sets(&c.sub),
        HirKind::Repetition(r) if r.min >= 1 => all_sets(&r.sub),
        HirKind::Alternation(list) => {
            let branches: Vec<_> = list.iter().map(best_first).collect();
            if branches.iter().any(Vec::is_empty) {
                return Vec::new();
            }
            let most = branches.iter().map(Vec::len).max().unwrap_or(0).min(SETS);
            let joined = (0..most).map(|n| {
                let of = |b: &Vec<Vec<String>>| b.get(n).or(b.first()).cloned().unwrap_or_default();
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
                        out.extend(all_sets(one));
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

fn best_first(hir: &Hir) -> Vec<Vec<String>> {
    let mut sets = all_sets(hir);
    sets.sort_by_key(|set| std::cmp::Reverse(score(set)));
    sets
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
    (!set.is_empty() && !set.iter().any(String::is_empty)).then_some(set)
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

    fn of(pattern: &str) -> Vec<String> {
        required(pattern).unwrap_or_default()
    }

    #[test]
    fn literals_of_patterns() {
        assert_eq!(of(r"\bAKIA[A-Z2-7]{16}\b"), ["akia"]);
        assert_eq!(of(r"(?i)mon\s+(?:code|lien)\b"), ["code", "lien"]);
        assert_eq!(
            of(r"gh[pousr]_[A-Za-z0-9]{36}"),
            ["gho_", "ghp_", "ghr_", "ghs_", "ghu_"]
        );
        assert_eq!(of(r"(?i)keys?\b.{0,20}secrets?"), ["secret", "secrets"]);
        assert!(of(r"[a-z]{3,}\d+").is_empty());
        assert!(of(r"(?:code)?\d+").is_empty());
        assert_eq!(of(r"(?i)É(?:té|TÉ)"), ["été"]);
    }
}
