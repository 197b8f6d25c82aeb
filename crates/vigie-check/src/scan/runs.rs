//! Runs of letters and digits: a key cannot be where no run is long enough.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Lengths of runs: of letters and digits alone, and with the signs that keys are written with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Runs {
    /// Letters and digits.
    pub(crate) plain: u32,
    /// Letters, digits and `_ - + / = . ~ %`.
    pub(crate) signs: u32,
}

fn is_plain(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}

fn is_sign(b: u8) -> bool {
    is_plain(b) || matches!(b, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b'~' | b'%')
}

impl Runs {
    /// The longest runs of a text.
    pub(crate) fn of(text: &str) -> Runs {
        let mut out = Runs::default();
        let (mut plain, mut signs) = (0u32, 0u32);
        for &b in text.as_bytes() {
            plain = if is_plain(b) { plain + 1 } else { 0 };
            signs = if is_sign(b) { signs + 1 } else { 0 };
            out.plain = out.plain.max(plain);
            out.signs = out.signs.max(signs);
        }
        out
    }

    /// The shortest runs that every match of an expression holds.
    pub(crate) fn needed(hir: &Hir) -> Runs {
        Runs {
            plain: shape(hir, is_plain).inside,
            signs: shape(hir, is_sign).inside,
        }
    }

    /// Whether runs as long as `needed` are here.
    pub(crate) fn allow(self, needed: Runs) -> bool {
        self.plain >= needed.plain && self.signs >= needed.signs
    }
}

/// Lengths that every match of an expression has at least: of the run at its start, of the run at its end, of some run
/// inside; and whether the whole match is one run.
#[derive(Clone, Copy, Default)]
struct Shape {
    start: u32,
    end: u32,
    inside: u32,
    whole: bool,
}

impl Shape {
    fn all(length: u32) -> Shape {
        Shape {
            start: length,
            end: length,
            inside: length,
            whole: true,
        }
    }

    fn then(self, next: Shape) -> Shape {
        let joint = self.end.saturating_add(next.start);
        Shape {
            start: if self.whole {
                self.start.saturating_add(next.start)
            } else {
                self.start
            },
            end: if next.whole {
                next.end.saturating_add(self.end)
            } else {
                next.end
            },
            inside: self.inside.max(next.inside).max(joint),
            whole: self.whole && next.whole,
        }
    }

    fn or(self, other: Shape) -> Shape {
        Shape {
            start: self.start.min(other.start),
            end: self.end.min(other.end),
            inside: self.inside.min(other.inside),
            whole: self.whole && other.whole,
        }
    }
}

fn shape(hir: &Hir, good: fn(u8) -> bool) -> Shape {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Shape::all(0),
        HirKind::Literal(l) => l.0.iter().fold(Shape::all(0), |s, b| {
            s.then(if good(*b) {
                Shape::all(1)
            } else {
                Shape::default()
            })
        }),
        HirKind::Class(Class::Unicode(class)) => {
            // The folded forms of `k` and `s` cannot stand in a text that was made plain.
            let fine = class.ranges().iter().all(|r| {
                (r.start()..=r.end()).take(200).all(|c| {
                    matches!(c, '\u{17F}' | '\u{212A}')
                        || u8::try_from(c).is_ok_and(|b| b.is_ascii() && good(b))
                })
            });
            if fine {
                Shape::all(1)
            } else {
                Shape::default()
            }
        }
        HirKind::Class(Class::Bytes(class)) => {
            let fine = class
                .ranges()
                .iter()
                .all(|r| (r.start()..=r.end()).all(good));
            if fine {
                Shape::all(1)
            } else {
                Shape::default()
            }
        }
        HirKind::Capture(c) => shape(&c.sub, good),
        HirKind::Repetition(r) => {
            let one = shape(&r.sub, good);
            if r.min == 0 {
                Shape {
                    whole: one.whole,
                    ..Shape::default()
                }
            } else if one.whole {
                Shape::all(one.start.saturating_mul(r.min))
            } else if r.min == 1 {
                one
            } else {
                one.then(one)
            }
        }
        HirKind::Concat(list) => list
            .iter()
            .map(|h| shape(h, good))
            .fold(Shape::all(0), Shape::then),
        HirKind::Alternation(list) => list
            .iter()
            .map(|h| shape(h, good))
            .reduce(Shape::or)
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn needed(pattern: &str) -> (u32, u32) {
        let hir = regex_syntax::Parser::new().parse(pattern).unwrap();
        let runs = Runs::needed(&hir);
        (runs.plain, runs.signs)
    }

    #[test]
    fn shortest_runs_of_expressions() {
        assert_eq!(needed("AKIA[A-Z2-7]{16}"), (20, 20));
        assert_eq!(needed("ghp_[A-Za-z0-9]{36}"), (36, 40));
        assert_eq!(needed("(?i)key-[0-9a-f]{32}"), (32, 36));
        assert_eq!(needed("[a-z]{3}(?::[a-z]{5})?"), (3, 3));
        assert_eq!(needed("(?:ab|cde)x+"), (3, 3));
        assert_eq!(needed("a{2}.*b{3}"), (3, 3));
    }

    proptest! {
        /// What matches has runs as long as was said.
        #[test]
        fn no_match_is_lost(text in "[a-c_: ]{0,30}") {
            for pattern in ["a[a-c]{3}_?b", "(?:ab|b{2}_c){2}", "a:?[bc]{2,4}", "(?:a |b)c{2}"] {
                let hir = regex_syntax::Parser::new().parse(pattern).unwrap();
                let found = regex::Regex::new(pattern).unwrap().is_match(&text);
                prop_assert!(!found || Runs::of(&text).allow(Runs::needed(&hir)), "{} {}", pattern, text);
            }
        }
    }
}
