//! A corpus of made-up posts: words drawn with the frequencies they have in posts (`data/words.md`), with emoji,
//! hashtags, links and mentions as often as on real networks, and an item to find in one of fifty. The same seed gives
//! the same posts.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use vigie_check::Lang;

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
    /// Reads lines of a word, a tab, and how often it is met.
    fn of(table: &str) -> Vocabulary {
        let mut sum = 0;
        let (mut words, mut sums) = (Vec::new(), Vec::new());
        for (word, count) in table.lines().filter_map(|l| l.split_once('\t')) {
            sum += count.parse::<u64>().unwrap_or(0);
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

/// A made-up post.
pub(crate) struct Post {
    pub(crate) text: String,
    pub(crate) lang: Lang,
    /// Whether it holds one of the things to find.
    pub(crate) planted: bool,
}

/// `count` posts of about 190 bytes, half French, half English, in turn. Words come as often as in posts.
pub(crate) fn made(count: usize) -> Vec<Post> {
    let fr = Vocabulary::of(include_str!("../../data/words.fr.tsv"));
    let en = Vocabulary::of(include_str!("../../data/words.en.tsv"));
    let mut dice = Dice::new(20_261_124);
    (0..count)
        .map(|n| {
            let (words, lang) = match n % 2 {
                0 => (&fr, Lang::Fr),
                _ => (&en, Lang::En),
            };
            let (text, planted) = post(words, &mut dice);
            Post {
                text,
                lang,
                planted,
            }
        })
        .collect()
}

/// The texts of `made`.
pub(crate) fn posts(count: usize) -> Vec<String> {
    made(count).into_iter().map(|post| post.text).collect()
}

/// Writes the posts as JSON lines, for the programs that are measured beside Vigie (`benches/peers`).
pub(crate) fn write(file: &Path, posts: &[Post]) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    for (n, post) in posts.iter().enumerate() {
        let line = serde_json::json!({
            "id": n, "lang": post.lang, "text": post.text, "planted": post.planted,
        });
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// At most `count` posts of a file of JSON lines.
pub(crate) fn from_file(file: &Path, count: usize) -> std::io::Result<Vec<String>> {
    let mut out = Vec::new();
    for line in std::fs::read_to_string(file)?.lines().take(count) {
        let post: serde_json::Value = serde_json::from_str(line)?;
        out.push(post["text"].as_str().unwrap_or_default().to_owned());
    }
    Ok(out)
}

/// A text, and whether it holds one of the things to find.
fn post(words: &Vocabulary, dice: &mut Dice) -> (String, bool) {
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
    let planted = dice.chance(2);
    if planted {
        out.push(' ');
        out.push_str(PLANTED[dice.below(PLANTED.len())]);
    }
    (out, planted)
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
