//! C2PA: what a signed manifest claims about the origin of a picture. The signature is not verified: re-encoding would
//! break it, and nobody is asked to trust it here. Only its words are read.

use super::parts::find;

/// IPTC's words for the origin of a picture; where one begins another, the longer comes first.
const KNOWN: &[&str] = &[
    "trainedAlgorithmicMedia",
    "trainedAlgorithmicData",
    "compositeWithTrainedAlgorithmicMedia",
    "compositeSynthetic",
    "compositeCapture",
    "composite",
    "algorithmicallyEnhanced",
    "algorithmicMedia",
    "computationalCapture",
    "digitalCapture",
    "digitalCreation",
    "digitalArt",
    "dataDrivenMedia",
    "humanEdits",
    "minorHumanEdits",
    "negativeFilm",
    "positiveFilm",
    "print",
    "screenCapture",
    "softwareImage",
    "virtualRecording",
];

/// What a manifest says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Last words of the digital source types, such as `trainedAlgorithmicMedia`.
    pub sources: Vec<String>,
    /// The programs that made claims.
    pub makers: Vec<String>,
}

/// Reads a store of manifests; `None` when it is none.
pub fn read(store: &[u8]) -> Option<Manifest> {
    find(store, b"c2pa")?;
    let mut manifest = Manifest::default();
    let mut at = 0;
    while let Some(found) = store.get(at..).and_then(|s| find(s, b"digitalsourcetype/")) {
        at += found + b"digitalsourcetype/".len();
        // The text may be followed by letters of the next one: known words are taken first.
        let word = letters(store.get(at..).unwrap_or_default());
        let known = KNOWN.iter().find(|k| word.starts_with(**k));
        let word = known.map_or(word.clone(), |k| (*k).to_owned());
        if !word.is_empty() && !manifest.sources.contains(&word) && manifest.sources.len() < 16 {
            manifest.sources.push(word);
        }
    }
    for key in [b"claim_generator".as_slice(), b"softwareAgent"] {
        let mut at = 0;
        while let Some(found) = store.get(at..).and_then(|s| find(s, key)) {
            at += found + key.len();
            let near = store.get(at..(at + 200).min(store.len()));
            for words in texts(near.unwrap_or_default()) {
                if manifest.makers.len() < 64 && !manifest.makers.contains(&words) {
                    manifest.makers.push(words);
                }
            }
        }
    }
    Some(manifest)
}

fn letters(bytes: &[u8]) -> String {
    let some = bytes
        .iter()
        .take(60)
        .take_while(|b| b.is_ascii_alphabetic());
    some.map(|b| char::from(*b)).collect()
}

/// The texts of a piece of CBOR, found by their heads: a length, and as many readable bytes.
fn texts(bytes: &[u8]) -> Vec<String> {
    let mut out = Vec::new();
    for (at, head) in bytes.iter().enumerate() {
        let (from, length) = match head {
            0x63..=0x77 => (at + 1, usize::from(head - 0x60)),
            0x78 => (at + 2, bytes.get(at + 1).map_or(0, |n| usize::from(*n))),
            _ => continue,
        };
        let body = bytes.get(from..from + length).unwrap_or_default();
        if body.len() >= 3 && body.iter().all(|b| (0x20..0x7F).contains(b)) {
            out.push(String::from_utf8_lossy(body).into_owned());
        }
    }
    out
}
