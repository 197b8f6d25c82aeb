//! What a text holds at a glance, so that a detector is asked only where it could find something.

/// A set of traits of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features(u16);

impl Features {
    /// At least one digit, or a letter of a script that has digits of its own.
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
    /// Two capitals beside a digit, with at most a space or a dash between: a plate, a number of a document.
    pub const CODE: Features = Features(1 << 10);

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
        let (mut digits, mut upper, mut wide, mut marks) = (0usize, 0usize, 0usize, 0usize);
        // Where the run of letters, digits and signs of keys begins that is being read.
        let (mut run, mut longest, mut link, mut code) = (0usize, 0usize, false, false);
        let mut all = 0u16;
        for (i, b) in bytes.iter().enumerate() {
            let kind = KINDS[*b as usize];
            // Most are small letters.
            if kind == KEY {
                continue;
            }
            all |= kind;
            if kind & KEY == 0 {
                longest = longest.max(i - run);
                run = i + 1;
            }
            if kind & (FIGURE | CAPITAL | WIDE | MARK | JOINT) == 0 {
                continue;
            }
            digits += usize::from(kind & FIGURE != 0);
            upper += usize::from(kind & CAPITAL != 0);
            wide += usize::from(kind & WIDE != 0);
            marks += usize::from(kind & MARK != 0);
            let before = i.checked_sub(1).and_then(|n| bytes.get(n)).copied();
            if kind & JOINT != 0 {
                let next = bytes.get(i + 1).copied().unwrap_or(b' ');
                link |= next == b'/'
                    || before.is_some_and(|b| !b.is_ascii_whitespace())
                        && next.is_ascii_alphanumeric();
            }
            // Two capitals: a digit before or after them makes a code.
            if kind & CAPITAL != 0 && before.is_some_and(|b| b.is_ascii_uppercase()) && !code {
                code = beside(bytes, i + 1, 1) || beside(bytes, i.wrapping_sub(2), usize::MAX);
            }
        }
        longest = longest.max(bytes.len() - run);
        let mut out = Features::ANY;
        let mut set = |when: bool, what: Features| {
            if when {
                out = out.and(what);
            }
        };
        set(all & (FIGURE | OTHER_FIGURE) != 0, Features::DIGIT);
        set(digits >= 8, Features::DIGITS);
        set(all & AT_SIGN != 0, Features::AT);
        set(all & NUMBER_SIGN != 0, Features::HASH);
        set(all & PER_CENT != 0, Features::PERCENT);
        set(strange, Features::STRANGE);
        set(upper >= 15 || marks >= 3 || wide >= 7, Features::LOUD);
        set(link, Features::LINK);
        set(code, Features::CODE);
        set(longest >= 20, Features::LONG_RUN);
        out
    }
}

const FIGURE: u16 = 1;
const CAPITAL: u16 = 1 << 1;
/// Beginning of a character beyond the letters of Europe: signs and emoji.
const WIDE: u16 = 1 << 2;
const MARK: u16 = 1 << 3;
const AT_SIGN: u16 = 1 << 4;
const NUMBER_SIGN: u16 = 1 << 5;
const PER_CENT: u16 = 1 << 6;
/// May stand in a key or a token.
const KEY: u16 = 1 << 7;
/// Joins the parts of an address.
const JOINT: u16 = 1 << 8;
/// Beginning of a character of a script that has figures of its own.
const OTHER_FIGURE: u16 = 1 << 9;

/// What each byte is.
const KINDS: [u16; 256] = {
    let mut out = [0u16; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        let mut kind = 0;
        if b.is_ascii_digit() {
            kind |= FIGURE;
        }
        if b.is_ascii_uppercase() {
            kind |= CAPITAL;
        }
        if b >= 0xE2 {
            kind |= WIDE;
        }
        if matches!(b, b'!' | b'?') {
            kind |= MARK;
        }
        if b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'=' | b'.') {
            kind |= KEY;
        }
        if matches!(b, b'.' | b':') {
            kind |= JOINT;
        }
        if matches!(b, 0xD9..=0xE1 | 0xEA) {
            kind |= OTHER_FIGURE;
        }
        out[i] = kind
            | match b {
                b'@' => AT_SIGN,
                b'#' => NUMBER_SIGN,
                b'%' => PER_CENT,
                _ => 0,
            };
        i += 1;
    }
    out
};

/// Whether a digit stands at a place, or one step further after a space or a dash.
fn beside(bytes: &[u8], at: usize, step: usize) -> bool {
    match bytes.get(at) {
        Some(b' ' | b'-') => bytes
            .get(at.wrapping_add(step))
            .is_some_and(u8::is_ascii_digit),
        Some(b) => b.is_ascii_digit(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_beside_digits() {
        for text in ["AB-344-CA", "le AB 12", "BD62", "A123 BCD", "12AB"] {
            assert!(Features::of(text, false).hold(Features::CODE), "{text}");
        }
        for text in ["Le 12 mai", "A4 et B2", "AB, 12", "", "A", "12"] {
            assert!(!Features::of(text, false).hold(Features::CODE), "{text}");
        }
    }
}
