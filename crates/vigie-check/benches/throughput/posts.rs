//! A corpus of made-up posts: words drawn with the frequencies they have in the posts of `evaluation/` and in the examples
//! of the rules, with emoji, hashtags, links and mentions as often as on real networks, and an item to find in one of
//! fifty. The same seed gives the same posts.

use std::collections::BTreeMap;
use std::path::Path;

use vigie_check::text::language;
use vigie_check::{Lang, Packs};

/// A small generator of numbers (SplitMix64), so that the corpus needs no library and never changes.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.roll() % n.max(1) as u64) as usize
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Words of one language with how often each is met; drawn by weight.
struct Vocabulary {
    words: Vec<String>,
    sums: Vec<u64>,
}

impl Vocabulary {
    fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Vocabulary {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for word in texts.flat_map(str::split_whitespace) {
            let plain = word.trim_matches(|c: char| !c.is_alphanumeric());
            if !plain.is_empty() && plain.len() < 25 && !plain.contains(['/', '@', '{', '<']) {
                *counts.entry(plain).or_default() += 1;
            }
        }
        let mut sum = 0;
        let (mut words, mut sums) = (Vec::new(), Vec::new());
        for (word, count) in counts {
            sum += count;
            words.push(word.to_owned());
            sums.push(sum);
        }
        Vocabulary { words, sums }
    }

    fn draw(&self, dice: &mut Dice) -> &str {
        let total = self.sums.last().copied().unwrap_or(1);
        let at = dice.roll() % total;
        let n = self.sums.partition_point(|s| *s <= at);
        self.words.get(n).map_or("", String::as_str)
    }
}

/// Things to find, each in one post of fifty in all.
const PLANTED: &[&str] = &[
    "AKIAQW3E5RT2YU4IOP6A",
    "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "FR14 2004 1010 0505 0001 3M02 606",
    "06 12 34 56 78",
    "4970 1012 3456 7893",
    "2 84 05 75 116 042 13",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhdGVsaWVyIn0.c2lnbmF0dXJlLWZhY3RpY2U",
    "https://preprod.atelier.example/offre",
    "marie.durand@courriel.example",
    "{{prénom}}",
];

const EMOJI: &[&str] = &["🎉", "🔥", "💙", "🙌", "✨", "👏", "🌿", "☕", "📣", "🚲"];

/// `count` posts of about 190 bytes, half French, half English, in turn. Words come from the examples of the rules that
/// must pass, and from the posts of `evaluation/dev` where they are.
pub(crate) fn posts(root: &Path, packs: &Packs, count: usize) -> std::io::Result<Vec<String>> {
    let mut texts: Vec<String> = packs
        .rules()
        .iter()
        .flat_map(|r| r.quiet.iter().map(|e| e.text.clone()))
        .collect();
    let mut files: Vec<_> = std::fs::read_dir(root.join("evaluation/dev"))
        .map(|d| d.filter_map(|e| e.ok().map(|e| e.path())).collect())
        .unwrap_or_default();
    files.sort();
    for file in files {
        for line in std::fs::read_to_string(file)?.lines() {
            let post: serde_json::Value = serde_json::from_str(line)?;
            if post["expect"] == "quiet" {
                texts.push(post["text"].as_str().unwrap_or_default().to_owned());
            }
        }
    }
    let (fr, en): (Vec<String>, Vec<String>) = texts
        .into_iter()
        .partition(|t| language::guess(&t.to_lowercase()) != Some(Lang::En));
    let (fr, en) = (
        Vocabulary::of(fr.iter().map(String::as_str)),
        Vocabulary::of(en.iter().map(String::as_str)),
    );
    let mut dice = Dice::new(20_261_124);
    Ok((0..count)
        .map(|n| post(if n % 2 == 0 { &fr } else { &en }, &mut dice))
        .collect())
}

fn post(words: &Vocabulary, dice: &mut Dice) -> String {
    // Lengths spread evenly around the mean that was measured on public posts.
    let target = 60 + dice.below(220);
    let mut out = String::new();
    while out.len() < target {
        if !out.is_empty() {
            out.push_str(if dice.chance(9) { ". " } else { " " });
        }
        out.push_str(words.draw(dice));
    }
    if dice.chance(35) {
        out.push(' ');
        out.push_str(EMOJI[dice.below(EMOJI.len())]);
    }
    if dice.chance(25) {
        out.push_str(" #");
        out.push_str(words.draw(dice));
    }
    if dice.chance(22) {
        out.push_str(&format!(
            " https://www.{:x}.example/{}",
            dice.below(4096),
            dice.below(99)
        ));
    }
    if dice.chance(18) {
        out.push_str(" @");
        out.push_str(words.draw(dice));
    }
    if dice.chance(2) {
        out.push(' ');
        out.push_str(PLANTED[dice.below(PLANTED.len())]);
    }
    out
}

/// Made-up words of an organisation's lists: code names, people, hosts.
pub(crate) fn terms(count: usize) -> Vec<String> {
    let mut dice = Dice::new(7);
    let syllables = [
        "ka", "lor", "mé", "ti", "vus", "ran", "bel", "dou", "xi", "nor", "pé", "gal",
    ];
    (0..count)
        .map(|n| {
            let word: String = (0..2 + dice.below(3))
                .map(|_| syllables[dice.below(syllables.len())])
                .collect();
            match n % 4 {
                0 => format!("Projet {word}{}", n % 97),
                1 => format!("{word}{} {word}", n % 89),
                2 => format!("{word}{}.interne.example", n % 83),
                _ => format!("{word}{n}"),
            }
        })
        .collect()
}
