//! Literals that stand in every text a pattern can match, read off the pattern itself.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Literals kept for one place of a pattern.
const MOST: usize = 64;

/// Lower-case literals of which at least one stands in every match; `None` when nothing useful is certain.
pub(crate) fn required(pattern: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
    let mut found = inner(&hir)?;
    found.sort();
    found.dedup();
    (worth(&found) >= 3).then_some(found)
}

/// How telling a set of literals is: the length of its shortest.
fn worth(set: &[String]) -> usize {
    set.iter().map(String::len).min().unwrap_or(0)
}

fn better(a: Option<Vec<String>>, b: Option<Vec<String>>) -> Option<Vec<String>> {
    match (a, b) {
        (Some(a), Some(b)) => {
            // A few long literals are rarer than one short one.
            let score = |s: &[String]| (worth(s).min(6), usize::MAX - s.len());
            Some(if score(&b) > score(&a) { b } else { a })
        }
        (a, b) => a.or(b),
    }
}

fn inner(hir: &Hir) -> Option<Vec<String>> {
    if let Some(exact) = exact(hir) {
        return (!exact.iter().any(String::is_empty)).then_some(exact);
    }
    match hir.kind() {
        HirKind::Capture(c) => inner(&c.sub),
        HirKind::Repetition(r) if r.min >= 1 => inner(&r.sub),
        HirKind::Alternation(list) => {
            let mut out = Vec::new();
            for one in list {
                out.extend(inner(one)?);
            }
            (out.len() <= 4 * MOST).then_some(out)
        }
        HirKind::Concat(list) => {
            let mut best = None;
            let mut joined: Vec<String> = vec![String::new()];
            for one in list {
                let next = exact(one).and_then(|e| cross(&joined, &e));
                match next {
                    Some(next) => joined = next,
                    None => {
                        best = better(best, certain(std::mem::take(&mut joined)));
                        best = better(best, inner(one));
                        joined = exact(one).unwrap_or_else(|| vec![String::new()]);
                    }
                }
            }
            better(best, certain(joined))
        }
        _ => None,
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
