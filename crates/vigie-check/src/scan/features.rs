//! What a text holds at a glance, so that a detector is asked only where it could find something.

/// A set of traits of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features(u16);

impl Features {
    /// At least one digit.
    pub const DIGIT: Features = Features(1);
    /// At least eight digits.
    pub const DIGITS: Features = Features(1 << 1);
    /// An at sign.
    pub const AT: Features = Features(1 << 2);
    /// A number sign.
    pub const HASH: Features = Features(1 << 3);
    /// A percent sign.
    pub const PERCENT: Features = Features(1 << 4);
    /// A dot or a colon between two letters or digits, or `://`: a link may be there.
    pub const LINK: Features = Features(1 << 5);
    /// A character that is hidden, or of an alphabet with look-alikes of Latin letters.
    pub const STRANGE: Features = Features(1 << 6);
    /// More capitals than a few acronyms, repeated marks, or many emoji.
    pub const LOUD: Features = Features(1 << 7);
    /// A run of twenty or more letters, digits and signs of keys.
    pub const LONG_RUN: Features = Features(1 << 8);
    /// Nothing in particular: every text has it.
    pub const ANY: Features = Features(1 << 9);

    /// Both.
    pub const fn and(self, other: Features) -> Features {
        Features(self.0 | other.0)
    }

    /// Whether every trait of `wanted` is here.
    pub fn hold(self, wanted: Features) -> bool {
        self.0 & wanted.0 == wanted.0
    }

    pub(crate) fn bits(self) -> u16 {
        self.0
    }

    pub(crate) fn from_bits(bits: u16) -> Features {
        Features(bits)
    }

    /// Reads a text; `strange` comes from the view, which has looked at every character.
    pub(crate) fn of(clean: &str, strange: bool) -> Features {
        let bytes = clean.as_bytes();
        let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
        let upper = bytes.iter().filter(|b| b.is_ascii_uppercase()).count();
        let wide = bytes.iter().filter(|b| **b >= 0xE2).count();
        let marks = bytes.iter().filter(|b| matches!(b, b'!' | b'?')).count();
        let mut out = Features::ANY;
        let mut set = |when: bool, what: Features| {
            if when {
                out = out.and(what);
            }
        };
        set(digits > 0, Features::DIGIT);
        set(digits >= 8, Features::DIGITS);
        set(bytes.contains(&b'@'), Features::AT);
        set(bytes.contains(&b'#'), Features::HASH);
        set(bytes.contains(&b'%'), Features::PERCENT);
        set(strange, Features::STRANGE);
        set(upper >= 15 || marks >= 3 || wide >= 7, Features::LOUD);
        let (mut run, mut longest, mut link) = (0usize, 0usize, false);
        for (i, b) in bytes.iter().enumerate() {
            if b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'=' | b'.') {
                run += 1;
            } else {
                longest = longest.max(run);
                run = 0;
            }
            if matches!(b, b'.' | b':') {
                let next = bytes.get(i + 1).copied().unwrap_or(b' ');
                link |= next == b'/'
                    || i > 0
                        && bytes.get(i - 1).is_some_and(|p| !p.is_ascii_whitespace())
                        && next.is_ascii_alphanumeric();
            }
        }
        set(link, Features::LINK);
        set(longest.max(run) >= 20, Features::LONG_RUN);
        out
    }
}
