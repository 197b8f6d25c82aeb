//! Detectors take whatever they are given.

use proptest::prelude::*;
use vigie_check::Facts;
use vigie_check::detect::{Context, by_name, names};
use vigie_check::text::View;

/// What numbers, addresses and names are made of, so that random texts come close to them.
const PIECES: &[&str] = &[
    "FR76",
    "4111",
    "1111",
    "06",
    "12",
    "34",
    "+33",
    "(0)",
    " ",
    " ",
    "\u{a0}",
    "\u{202f}",
    "-",
    ".",
    "\n",
    "é",
    "😀",
    "n°",
    "dossier",
    "née",
    "le",
    "14",
    "mars",
    "1991",
    "rue",
    "des",
    "Acacias",
    "Mme",
    "Odile",
    "O'",
    "M.",
    "Le",
    "d'",
    "@",
    "::1",
    "192.168.1.1",
    "AB-344-CA",
    "<<",
    "P<FRA",
    "sécu",
    "SSN",
    "219-48-7736",
    "12/27",
    "€",
    "IMEI",
    "VIN",
    "compte",
    "routing",
    "\u{200b}",
    "ß",
    "İ",
    "[at]",
    "point",
    "#",
    "x1",
    "(",
    ")",
    "’",
];

fn ask_all(text: &str) {
    let view = View::new(text);
    let facts = Facts::default();
    let links = Default::default();
    let context = Context {
        view: &view,
        field: "text",
        media: &[],
        trails: &[],
        facts: &facts,
        day: None,
        links: &links,
    };
    for name in names() {
        let Some(detector) = by_name(name) else {
            continue;
        };
        for hit in (detector.run)(&context) {
            let Some((start, end)) = hit.span else {
                continue;
            };
            assert!(start <= end, "{name}: {text:?}");
            assert!(
                view.clean.get(start..end).is_some(),
                "{name} cuts a character: {text:?}"
            );
            let (s, e) = view.to_original(start, end);
            assert!(text.get(s..e).is_some(), "{name}: {text:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_text(text in any::<String>()) {
        ask_all(&text);
    }

    #[test]
    fn texts_full_of_numbers(text in "[0-9A-Z@<+():/. \\-\u{a0}é\n]{0,120}") {
        ask_all(&text);
    }

    #[test]
    fn texts_of_familiar_pieces(pieces in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = pieces.iter().filter_map(|i| PIECES.get(*i)).copied().collect();
        ask_all(&text);
    }
}

/// A long text takes a time that grows with its length, not with its square.
#[test]
fn long_texts_are_read_in_one_go() {
    for piece in [
        "06 12 34 56 78 ",
        "A1-",
        "Odile ",
        "1",
        "12 rue ",
        "dossier n° 88412 ",
        "::",
        "née le 14 mars 1991 ",
        "AB 12 34 56 C ",
    ] {
        ask_all(&piece.repeat(60_000 / piece.len()));
    }
}
