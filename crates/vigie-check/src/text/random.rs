//! Telling what a machine drew by lot from what a person wrote.

/// Bits of surprise a character below which a value is taken for a filler, unless its format says otherwise.
pub const LEAST: f64 = 2.0;

/// Bytes after a name in which its value begins.
const REACH: usize = 72;

/// Words that stand in for a secret in a manual.
const FILLERS: &[&str] = &[
    "example",
    "exemple",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "your_",
    "your-",
    "yourkey",
    "yourtoken",
    "yourpass",
    "votre",
    "insert",
    "redacted",
    "dummy",
    "xxxx",
    "****",
    "####",
    "....",
    "••",
    "…",
];

/// Words that say that a secret follows, in names of variables and in sentences.
const SECRET_WORDS: &[&str] = &[
    "access", "account", "api", "app", "auth", "bearer", "bot", "cle", "clé", "client", "code",
    "cred", "id", "jeton", "key", "license", "login", "mdp", "pass", "pat", "pk", "private", "pub",
    "pwd", "sdk", "secret", "session", "sk", "tkn", "token", "user", "webhook",
];

/// Shannon's entropy of the characters, in bits.
pub fn entropy(value: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::<char, f64>::new();
    let mut total = 0.0f64;
    for c in value.chars() {
        *counts.entry(c).or_default() += 1.0;
        total += 1.0;
    }
    counts
        .values()
        .map(|n| -(n / total) * (n / total).log2())
        .sum()
}

/// Whether a value could be a secret rather than a filler; `least` = 0 takes anything.
pub fn is_real(value: &str, least: f64) -> bool {
    least <= 0.0 || !is_filler(value) && entropy(value) >= least
}

/// Whether a value stands in for a secret: `xxxxxxxx`, `00000000`, `your_key_here`, `${KEY}`.
pub fn is_filler(value: &str) -> bool {
    let low = value.to_ascii_lowercase();
    if FILLERS.iter().any(|f| low.contains(f)) {
        return true;
    }
    let (mut longest, mut run, mut last) = (0usize, 0usize, None);
    for c in low.chars() {
        run = if last == Some(c) { run + 1 } else { 1 };
        last = Some(c);
        longest = longest.max(run);
    }
    longest >= 6 && longest * 5 >= low.chars().count() * 2
}

/// Whether a value recites the alphabet: nothing that was drawn by lot does.
pub fn recites(value: &str) -> bool {
    value
        .to_ascii_lowercase()
        .contains("abcdefghijklmnopqrstuvwxyz")
}

/// Whether a value is filled in by a program: `${KEY}`, `{{ key }}`, `<key>`, `%KEY%`, `$(…)`, `var.key`.
pub fn is_template(value: &str) -> bool {
    let v = value.trim();
    let opens = ["$", "{", "<", "[", "(", "%", "@{", "#{", "&"];
    opens.iter().any(|o| v.starts_with(o))
        || [
            "${",
            "{{",
            "$(",
            "%s",
            "(",
            "<%",
            "#{",
            "->",
            "::",
            "process.env",
            "os.environ",
            "getenv",
            "$_",
            "env.",
        ]
        .iter()
        .any(|o| v.contains(o))
}

fn byte(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(b' ')
}

/// Whether the byte before a place separates: no letter or digit, or the end of `\n` or `%3D` written out.
fn parted(text: &str, at: usize) -> bool {
    let back = |n: usize| at.checked_sub(n).map_or(b' ', |i| byte(text, i));
    let last = back(1);
    if !last.is_ascii_alphanumeric() {
        return at == 0 || last < 0x80 || !is_letter_before(text, at);
    }
    matches!(last, b'n' | b'r' | b't') && back(2) == b'\\'
        || back(3) == b'%' && back(2).is_ascii_hexdigit() && last.is_ascii_hexdigit()
}

fn is_letter_before(text: &str, at: usize) -> bool {
    text.get(..at)
        .and_then(|t| t.chars().next_back())
        .is_some_and(char::is_alphanumeric)
}

/// Whether a match does not go on inside a word on either side.
pub fn stands_free(text: &str, start: usize, end: usize) -> bool {
    let first = byte(text, start);
    let word = first.is_ascii_alphanumeric() || first == b'_';
    (!word || parted(text, start)) && ends_free(text, end)
}

/// Whether what was matched ends there.
pub fn ends_free(text: &str, end: usize) -> bool {
    let last = end.checked_sub(1).map_or(b' ', |i| byte(text, i));
    // What goes on in stars is covered already.
    let rest = text.get(end..).unwrap_or_default();
    if ["**", "##", "...", "…", "•", "xxxx", "XXXX"]
        .iter()
        .any(|c| rest.starts_with(c))
    {
        return false;
    }
    if !last.is_ascii_alphanumeric() && !matches!(last, b'_' | b'-') {
        return true;
    }
    let next = byte(text, end);
    let goes_on = next.is_ascii_alphanumeric() || next == b'_';
    let joined = matches!(next, b'-' | b'+') && byte(text, end + 1).is_ascii_alphanumeric();
    !goes_on && !joined
}

/// Whether a word that announces a secret begins there.
pub fn says_secret(text: &str, at: usize) -> bool {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    SECRET_WORDS.iter().any(|w| {
        rest.get(..w.len())
            .is_some_and(|r| r.eq_ignore_ascii_case(w.as_bytes()))
    })
}

/// Whether a value is itself a word that announces a secret: the value comes after it.
pub fn announces(value: &str) -> bool {
    value.len() <= 10 && value.bytes().all(|b| b.is_ascii_alphabetic()) && says_secret(value, 0)
}

/// Places after a name where its value may begin: something between says that a value comes, unless `bare`.
pub fn starts(text: &str, end: usize, bare: bool) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut announced = bare;
    for at in end..(end + REACH).min(bytes.len()) {
        let b = byte(text, at);
        let sentence = matches!(b, b'.' | b'!' | b'?') && byte(text, at + 1) == b' ';
        if sentence && at > end {
            break;
        }
        if matches!(
            b,
            b'=' | b':' | b'>' | b'(' | b'"' | b'\'' | b'`' | b'|' | b','
        ) {
            announced = true;
        }
        let word_begins =
            at == end || b.is_ascii_uppercase() || !byte(text, at - 1).is_ascii_alphabetic();
        if !announced && word_begins && says_secret(text, at) {
            announced = true;
        }
        let begins = !b.is_ascii_whitespace() && text.is_char_boundary(at);
        if announced && begins && at > end && parted(text, at) {
            out.push(at);
        }
    }
    out
}

/// Letters next to digits: a key has many, a name with a number has one.
fn seams(value: &str) -> usize {
    value
        .as_bytes()
        .windows(2)
        .filter(|w| {
            w[0].is_ascii_alphabetic() && w[1].is_ascii_digit()
                || w[0].is_ascii_digit() && w[1].is_ascii_alphabetic()
        })
        .count()
}

/// Small letters next to capitals.
fn bumps(value: &str) -> usize {
    value
        .as_bytes()
        .windows(2)
        .filter(|w| {
            w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase()
                || w[0].is_ascii_uppercase() && w[1].is_ascii_lowercase()
        })
        .count()
}

/// Counts of kinds of characters.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mix {
    /// Digits.
    pub digits: usize,
    /// Small letters.
    pub lower: usize,
    /// Capitals.
    pub upper: usize,
    /// Everything else.
    pub other: usize,
}

impl Mix {
    /// Counts a value.
    pub fn of(value: &str) -> Mix {
        let mut mix = Mix::default();
        for c in value.chars() {
            match c {
                '0'..='9' => mix.digits += 1,
                'a'..='z' => mix.lower += 1,
                'A'..='Z' => mix.upper += 1,
                _ => mix.other += 1,
            }
        }
        mix
    }

    /// Letters of either case.
    pub fn letters(self) -> usize {
        self.lower + self.upper
    }
}

/// Whether a value is a UUID.
pub fn is_uuid(value: &str) -> bool {
    let groups: Vec<&str> = value.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|g| g.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups
            .iter()
            .all(|g| g.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Whether a value looks drawn by lot: letters and digits that alternate, and no word.
pub fn looks_random(value: &str) -> bool {
    let value = value.trim_end_matches('=');
    let length = value.chars().count();
    let fits = value
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'(' | b')' | b'{' | b'}'));
    if length < 10 || !fits || is_filler(value) || recites(value) || value.contains("://") {
        return false;
    }
    let mix = Mix::of(value);
    let least = if length < 16 { 2.8 } else { 3.0 };
    if entropy(value) < least
        || mix.letters() < 2
        || mix.digits == 1 && length < 32
        || mix.other * 4 > length
    {
        return false;
    }
    if mix.digits == 0 {
        return length >= 20 && mix.lower > 3 && mix.upper > 3 && bumps(value) * 3 >= length;
    }
    let wanted = (length / 12).max(2);
    seams(value) >= wanted
        || mix.digits > 1
            && mix.lower > 2
            && mix.upper > 2
            && (seams(value) + bumps(value)) * 3 >= length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_machine_drew() {
        for drawn in [
            "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
            "NhxHGg59BxdZrVWWVG6b9oPElozc0W9P",
            "tod3Kq7Wm2Pz8",
            "am9obmRvZTpkMDY5NGIxYi1jMTcx",
        ] {
            assert!(looks_random(drawn), "{drawn}");
        }
        for written in [
            "Ed25519.BlindKeySignatures",
            "reset-token-2",
            "DOC_Vector_5_32",
            "collection-printemps-2027",
            "getUserTokenFromCache2",
            "0612345678",
            "xxxxxxxxxxxxxxxxxxxxxxx1",
        ] {
            assert!(!looks_random(written), "{written}");
        }
    }

    #[test]
    fn fillers_and_templates() {
        for filler in [
            "your_api_key",
            "XXXXXXXXXXXX",
            "00000000000000",
            "AKIAQQEXAMPLEQQ",
            "ab••••",
        ] {
            assert!(is_filler(filler), "{filler}");
        }
        assert!(!is_filler(
            "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0q7RzK2mWq8Yb1NsXp4Tj6Vc3Fd5Gh9Jk0L"
        ));
        for template in [
            "${TOKEN}",
            "{{ token }}",
            "<token>",
            "$(cat token)",
            "%TOKEN%",
        ] {
            assert!(is_template(template), "{template}");
        }
    }

    #[test]
    fn where_a_value_stands() {
        let text = r"token=%3Dabc x\nabc yabc abc_d";
        let at: Vec<usize> = text.match_indices("abc").map(|m| m.0).collect();
        let free: Vec<bool> = at.iter().map(|s| stands_free(text, *s, s + 3)).collect();
        assert_eq!(free, [true, true, false, false]);
    }
}
