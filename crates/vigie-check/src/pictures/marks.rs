//! Names of agencies, generators, editors and screens, from `data/marks.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    agencies: BTreeMap<String, Vec<String>>,
    generators: BTreeMap<String, Vec<String>>,
    apps: BTreeMap<String, Vec<String>>,
    tools: BTreeMap<String, Vec<String>>,
    chunks: Chunks,
    screens: Screens,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chunks {
    names: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Screens {
    sizes: Vec<(u32, u32)>,
    shared: Vec<(u32, u32)>,
    names: Vec<String>,
}

// A fault in the file is a fault of the build: the test below reads it.
static MARKS: LazyLock<File> =
    LazyLock::new(|| toml::from_str(include_str!("../../data/marks.toml")).unwrap_or_default());

/// The agencies that a credit, a notice or a file name speaks of.
pub fn agencies(text: &str) -> Vec<&'static str> {
    named(&MARKS.agencies, text)
}

/// The picture generators that a text speaks of.
pub fn generators(text: &str) -> Vec<&'static str> {
    named(&MARKS.generators, text)
}

/// The editing programs that a text speaks of.
pub fn apps(text: &str) -> Vec<&'static str> {
    named(&MARKS.apps, text)
}

/// The editing tools that a history speaks of.
pub fn tools(text: &str) -> Vec<&'static str> {
    named(&MARKS.tools, text)
}

/// The name of a text chunk, when only generators write it.
pub fn generator_chunk(key: &str) -> Option<&'static str> {
    let found = |n: &&String| n.eq_ignore_ascii_case(key.trim());
    MARKS.chunks.names.iter().find(found).map(String::as_str)
}

/// Whether a name or a comment calls the picture a screenshot.
pub fn says_screenshot(text: &str) -> bool {
    let plain = plain(text);
    MARKS.screens.names.iter().any(|name| holds(&plain, name))
}

/// How sure a size alone is to be that of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenSize {
    /// No known screen.
    No,
    /// Also common for designed visuals.
    Shared,
    /// Only screens have it.
    Only,
}

/// Whether a picture has exactly the size of a screen.
pub fn screen(width: u32, height: u32) -> ScreenSize {
    let size = (width.min(height), width.max(height));
    if MARKS.screens.sizes.contains(&size) {
        ScreenSize::Only
    } else if MARKS.screens.shared.contains(&size) {
        ScreenSize::Shared
    } else {
        ScreenSize::No
    }
}

fn named(table: &'static BTreeMap<String, Vec<String>>, text: &str) -> Vec<&'static str> {
    if text.is_empty() {
        return Vec::new();
    }
    let plain = plain(text);
    table
        .iter()
        .filter(|(_, words)| words.iter().any(|word| holds(&plain, word)))
        .map(|(name, _)| name.as_str())
        .collect()
}

/// Lower case, at most 4,000 characters, with `_` as a space.
fn plain(text: &str) -> String {
    let some = text.chars().take(4_000).flat_map(char::to_lowercase);
    some.map(|c| if c == '_' { ' ' } else { c }).collect()
}

/// Whether a word stands whole in a text: no letter before it, none after it; digits may follow a name (`istock123`).
fn holds(text: &str, word: &str) -> bool {
    let word = word.to_lowercase();
    text.match_indices(&word).any(|(at, found)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|t| t.chars().next());
        before.is_none_or(|c| !c.is_alphanumeric()) && after.is_none_or(|c| !c.is_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_marks_can_be_read() {
        let file: File = toml::from_str(include_str!("../../data/marks.toml")).unwrap();
        assert!(file.agencies.len() >= 30 && file.generators.len() >= 25);
        assert!(file.screens.sizes.iter().all(|(a, b)| a <= b));
    }

    #[test]
    fn names_are_found_whole_in_credits_and_in_file_names() {
        assert_eq!(agencies("Jane Roe / Shutterstock.com"), ["Shutterstock"]);
        assert_eq!(agencies("shutterstock_1234567.jpg"), ["Shutterstock"]);
        assert_eq!(agencies("GettyImages-99.jpg"), ["Getty Images"]);
        assert_eq!(agencies("© AFP / J. Doe"), ["AFP"]);
        assert!(agencies("grafpad, keystones, sipario").is_empty());
        assert_eq!(tools("Liquify\nSave As"), ["liquify"]);
        assert_eq!(generator_chunk("Parameters"), Some("parameters"));
        assert!(says_screenshot("Screenshot_20260102-1010.png"));
        assert!(says_screenshot("Capture d’écran 2026-01-02.png"));
    }
}
