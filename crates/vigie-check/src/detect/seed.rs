//! Recovery phrases of wallets: twelve to twenty-four words of one list, the last of which holds a check.

use std::collections::HashMap;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

use super::Context;
use super::numbers::{pieces, said, surely};
use crate::eval::{Hit, Told};
use crate::report::{Confidence, Words};
use crate::text::mask::mask;

/// The list, each word with its place. Read when a text first needs it.
static LIST: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
    include_str!("../../data/seed-words.txt")
        .lines()
        .filter(|l| !l.starts_with('#'))
        .enumerate()
        .map(|(i, w)| (w, i))
        .collect()
});

/// How many words a phrase has, the longest first.
const LENGTHS: [usize; 5] = [24, 21, 18, 15, 12];

/// Words that are different in every phrase drawn by lot: « test test test… » is a joke or a manual.
const LEAST_DIFFERENT: usize = 8;

/// Words that announce a phrase.
const WALLET: &[&str] = &[
    "wallet*",
    "crypto*",
    "bitcoin*",
    "btc",
    "ethereum",
    "eth",
    "ledger",
    "trezor",
    "metamask",
    "seed",
    "seeds",
    "seedphrase",
    "recovery phrase",
    "recovery words",
    "secret phrase",
    "backup phrase",
    "mnemonic*",
    "mnémonique*",
    "portefeuille*",
    "phrase de récupération",
    "phrase secrète",
    "phrase de secours",
    "12 words",
    "24 words",
    "twelve words",
    "12 mots",
    "24 mots",
    "douze mots",
    "vingt-quatre mots",
    "binance",
    "coinbase",
    "electrum",
    "phantom",
    "solana",
];

/// One of these stands in nearly every phrase: words of the list that are rare in posts, and words that announce one.
#[rustfmt::skip]
pub(super) const WORDS: &[&str] = &[
    "wallet", "crypto", "bitcoin", "ethereum", "ledger", "trezor", "metamask", "seed", "recovery", "phrase",
    "mnemonic", "mnémoniq", "portefeu", "12 words", "24 words", "12 mots", "24 mots", "binance", "coinbase",
    "electrum", "phantom", "solana", "abandon", "absorb", "abstract", "abuse", "achieve", "actress", "advance",
    "aerobic", "amused", "anchor", "ancient", "ankle", "antenna", "antique", "apology", "arctic", "arena", "armor",
    "artefact", "artwork", "assault", "asset", "athlete", "auction", "avocado", "awake", "awesome", "awkward",
    "bachelor", "balcony", "bamboo", "banana", "biology", "bitter", "blast", "bleak", "blossom", "blouse", "blush",
    "boost", "bounce", "bracket", "breeze", "broccoli", "broom", "brown", "bunker", "burden", "cabbage", "cactus",
    "candy", "cannon", "canvas", "canyon", "carpet", "casual", "caution", "ceiling", "celery", "census", "chalk",
    "chaos", "cherry", "chronic", "chuckle", "chunk", "civil", "clarify", "cliff", "clump", "coconut", "column",
    "cradle", "crater", "crawl", "creek", "cricket", "crouch", "crucial", "crush", "cupboard", "curious", "curtain",
    "daring", "debris", "decorate", "decrease", "define", "demise", "depth", "deputy", "derive", "despair", "devote",
    "diagram", "diary", "dignity", "dilemma", "dismiss", "disorder", "divert", "dizzy", "dolphin", "drama", "drastic",
    "dutch", "dwarf", "eager", "ecology", "elegant", "embark", "embody", "embrace", "emotion", "empower", "enable",
    "enact", "endless", "enhance", "enlist", "enrich", "erase", "erode", "erosion", "erupt", "eternal", "ethics",
    "evoke", "evolve", "excess", "execute", "exile", "exotic", "expand", "extend", "faculty", "faint", "fantasy",
    "female", "fetch", "fever", "fiber", "flavor", "flock", "fossil", "fragile", "frame", "frequent", "fringe",
    "frown", "furnace", "gadget", "gallery", "garlic", "garment", "gauge", "gesture", "giggle", "ginger", "giraffe",
    "glance", "glare", "glide", "glimpse", "globe", "gloom", "glory", "goddess", "gorilla", "gospel", "gossip",
    "grape", "gravity", "grunt", "hammer", "hamster", "harsh", "hazard", "height", "hockey", "horror", "hover",
    "humble", "hurdle", "identify", "illness", "imitate", "impulse", "indicate", "infant", "inflict", "inherit",
    "inmate", "input", "insect", "isolate", "ivory", "jaguar", "jelly", "kangaroo", "ketchup", "kidney", "kingdom",
    "kitten", "laundry", "leisure", "length", "leopard", "liberty", "lizard", "lobster", "lottery", "lounge",
    "lumber", "lunar", "lyrics", "mammal", "mango", "mansion", "matrix", "maximum", "meadow", "mechanic", "melody",
    "merry", "mimic", "minor", "mirror", "mixture", "monkey", "mosquito", "mouse", "multiply", "mutual", "mystery",
    "naive", "napkin", "narrow", "neglect", "nephew", "nerve", "nominee", "noodle", "notable", "obscure", "obtain",
    "orphan", "ostrich", "output", "oxygen", "ozone", "paddle", "panda", "panic", "parrot", "patrol", "peasant",
    "pelican", "penalty", "pigeon", "pioneer", "pistol", "pitch", "pluck", "potato", "poverty", "praise", "priority",
    "pudding", "pulse", "puppy", "purity", "pyramid", "quantum", "rabbit", "raccoon", "radar", "raven", "razor",
    "rebuild", "reflect", "relief", "resemble", "response", "retreat", "reveal", "rhythm", "ribbon", "rifle", "rigid",
    "ripple", "ritual", "rival", "romance", "rookie", "rotate", "rubber", "rural", "saddle", "sadness", "salmon",
    "salute", "satisfy", "satoshi", "scatter", "scissors", "scorpion", "scrub", "segment", "seminar", "shadow",
    "shaft", "shallow", "shell", "shield", "shiver", "shock", "shoulder", "shrimp", "shrug", "shuffle", "sibling",
    "siren", "situate", "skate", "sketch", "skirt", "skull", "slender", "slogan", "slush", "sniff", "soccer",
    "spatial", "spawn", "sphere", "spider", "spike", "spray", "squirrel", "steak", "stereo", "stumble", "submit",
    "subway", "sunset", "surround", "suspect", "swamp", "swarm", "swing", "symptom", "syrup", "tackle", "tattoo",
    "tennis", "thrive", "thunder", "tiger", "timber", "tissue", "tongue", "tooth", "topple", "tornado", "tortoise",
    "toward", "tribe", "trigger", "trophy", "tuition", "tumble", "tunnel", "turkey", "turtle", "typical", "unaware",
    "uncover", "unfair", "unfold", "uniform", "universe", "uphold", "vacant", "vacuum", "vapor", "various", "vehicle",
    "velvet", "vessel", "viable", "vibrant", "violin", "vivid", "volcano", "wagon", "warfare", "warrior", "weasel",
    "wheat", "wreck", "wrestle", "wrist",
];

/// Recovery phrases: all words of the list, one after the other, and a right check; or announced, with twelve words of
/// the list at least (some wallets have a check of their own).
pub fn phrase(context: &Context<'_>) -> Vec<Hit> {
    let low = context.view.low.as_str();
    let mut out = Vec::new();
    let mut run: Vec<Word> = Vec::new();
    let mut close = |run: &mut Vec<Word>| {
        if run.len() >= 12 {
            out.extend(in_run(context, run));
        }
        run.clear();
    };
    for (start, word) in pieces(low, char::is_alphabetic) {
        let end = start + word.len();
        let place = Some(word)
            .filter(|w| (3..=8).contains(&w.len()))
            .and_then(|w| LIST.get(w));
        let follows = run.last().is_none_or(|last| near(low, last.end, start));
        if !follows || place.is_none() {
            close(&mut run);
        }
        if let Some(place) = place {
            run.push(Word {
                start,
                end,
                place: *place,
            });
        }
    }
    close(&mut run);
    out
}

/// A word of the list, where it stands.
struct Word {
    start: usize,
    end: usize,
    place: usize,
}

/// Whether what stands between two words only counts or parts them: « 1. ladder, 2. giant ».
fn near(low: &str, from: usize, to: usize) -> bool {
    low.get(from..to).is_some_and(|gap| {
        gap.chars().count() <= 8
            && gap.chars().all(|c| {
                c.is_whitespace()
                    || c.is_ascii_digit()
                    || matches!(
                        c,
                        ',' | ';' | '.' | ')' | '(' | ':' | '-' | '–' | '|' | '/' | '·' | '•'
                    )
            })
    })
}

/// The phrase of a run of words of the list.
fn in_run(context: &Context<'_>, run: &[Word]) -> Option<Hit> {
    let parts = LENGTHS
        .iter()
        .flat_map(|n| run.windows(*n))
        .filter(|part| different(part) >= LEAST_DIFFERENT);
    let mut right = parts.filter(|part| checked(part));
    let hit = |part: &[Word]| {
        let span = (part.first()?.start, part.last()?.end);
        let seen = context.view.clean.get(span.0..span.1)?;
        let mut hit = Hit::at(span.0, span.1).with("match", mask(seen));
        hit.told = Some(Box::new(Told {
            what: Words::new(
                "phrase de récupération d’un portefeuille",
                "wallet recovery phrase",
            ),
            severity: None,
            confidence: None,
            rank: 0,
        }));
        Some(hit)
    };
    if let Some(part) = right.next() {
        return hit(part);
    }
    let whole = hit(run).filter(|_| different(run) >= LEAST_DIFFERENT)?;
    said(context, whole.span?, (80, 60), WALLET).then(|| surely(whole, Confidence::Medium))
}

fn different(part: &[Word]) -> usize {
    let mut places: Vec<usize> = part.iter().map(|w| w.place).collect();
    places.sort_unstable();
    places.dedup();
    places.len()
}

/// Eleven bits a word; the last bits of all are the first ones of the SHA-256 of the others.
fn checked(part: &[Word]) -> bool {
    let bits = part.len() * 11;
    let check = bits / 33;
    let mut bytes = Vec::with_capacity(bits / 8 + 1);
    let (mut held, mut count) = (0u32, 0u32);
    for word in part {
        held = (held << 11 | word.place as u32) & 0xF_FFFF;
        count += 11;
        while count >= 8 {
            count -= 8;
            bytes.push((held >> count) as u8);
        }
    }
    // What is left over, or the last byte where nothing is, holds the check.
    let drawn = (bits - check) / 8;
    let left = if count > 0 {
        held & ((1 << count) - 1)
    } else {
        bytes.get(drawn).map_or(0, |b| u32::from(*b))
    };
    let Some(entropy) = bytes.get(..drawn) else {
        return false;
    };
    let first = Sha256::digest(entropy).first().map_or(0, |b| u32::from(*b));
    first >> (8 - check) == left
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{each_found, found, none_found};
    use super::*;

    #[test]
    fn the_list_is_the_published_one() {
        assert_eq!(LIST.len(), 2048);
        let all = include_str!("../../data/seed-words.txt");
        let words = all.split_once('\n').unwrap().1;
        let sum = Sha256::digest(words.as_bytes());
        assert_eq!(sum[..4], [0x2f, 0x5e, 0xed, 0x53]);
        let listed = WORDS.iter().filter(|w| LIST.contains_key(*w)).count();
        // One of them is in 11 phrases of 12 words out of 12, and in nearly all longer ones.
        assert!(listed >= 380, "{listed}");
    }

    #[test]
    fn phrases_with_a_right_check() {
        let twelve =
            "hire affair plug below remove tonight slush power hospital before abuse faculty";
        assert_eq!(
            found(phrase, &format!("Coucou : {twelve}. Voilà")),
            [twelve]
        );
        each_found(
            phrase,
            &[
                "oak circle end fresh pond adult very tackle draft riot image ritual try riot zoo",
                "genuine menu coyote unusual miracle metal state tiny list stone can quiz ride clutch minimum attend vivid civil",
                "month globe acoustic either outdoor impulse wise seed fold magnet awkward garage nerve infant pink timber antique oval treat capital prepare",
                "cheap rain pony educate false nature page lizard dress interest april tone later margin winter wear search couple apart fragile return turn poem spawn",
                "hire, affair, plug, below, remove, tonight, slush, power, hospital, before, abuse, faculty",
                "1. hire\n2. affair\n3. plug\n4. below\n5. remove\n6. tonight\n7. slush\n8. power\n9. hospital\n10. before\n11. abuse\n12. faculty",
                "HIRE AFFAIR PLUG BELOW REMOVE TONIGHT SLUSH POWER HOSPITAL BEFORE ABUSE FACULTY",
            ],
        );
    }

    #[test]
    fn phrases_without() {
        each_found(
            phrase,
            &[
                "My wallet words: hire affair plug below remove tonight slush power hospital before abuse fade",
            ],
        );
        none_found(
            phrase,
            &[
                "hire affair plug below remove tonight slush power hospital before abuse fade",
                "hire affair plug below remove tonight slush power hospital before abuse",
                "test test test test test test test test test test test junk",
                "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
                "hire affair plug below remove tonight and then slush power hospital before abuse faculty",
                "Never photograph the twelve words of your wallet, and never type them anywhere",
                "garden, market, music, family, summer picnic: our club has a place for everyone this year",
            ],
        );
    }
}
