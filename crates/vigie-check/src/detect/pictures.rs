//! What was found out about the pictures of a post: hidden data, codes, disguises, what could not be read.
//!
//! These read [`MediaFacts`]; who fills them may be `crate::pictures` or anybody else.

use super::Context;
use crate::content::MediaFacts;
use crate::eval::Hit;
use crate::facts::FactValue;

/// What hidden data is called, and what could not be read: key, French, English.
type Names = &'static [(&'static str, &'static str, &'static str)];

const HIDDEN: Names = &[
    ("gps", "la position", "the position"),
    ("artist", "un nom de personne", "a person’s name"),
    (
        "owner",
        "le nom du propriétaire de l’appareil",
        "the name of the camera’s owner",
    ),
    ("camera", "l’appareil", "the camera"),
    ("serial", "un numéro de série", "a serial number"),
    ("software", "les logiciels", "the software"),
    ("taken", "l’heure de la prise de vue", "when it was taken"),
    ("comment", "un commentaire", "a comment"),
    (
        "thumbnail",
        "une vignette d’un autre cadrage",
        "a thumbnail of another crop",
    ),
    (
        "tail",
        "des données ajoutées après l’image",
        "data after the picture",
    ),
    ("path", "un chemin de fichier", "a file path"),
];

/// Hidden data that tells nothing about anybody alone.
const HARMLESS: &[&str] = &["camera", "software", "taken", "comment", "disguise"];

const UNREAD: Names = &[
    ("bytes", "fichier trop lourd", "too large a file"),
    ("kind", "format non pris en charge", "format not supported"),
    (
        "size",
        "image trop grande une fois décompressée",
        "too large once unpacked",
    ),
    ("damaged", "image abîmée", "damaged picture"),
    (
        "codes",
        "codes-barres illisibles",
        "bar codes could not be read",
    ),
    (
        "ocr",
        "texte de l’image non lu à temps",
        "text in the picture not read in time",
    ),
    (
        "ocr_absent",
        "texte de l’image non lu : tesseract n’est pas installé",
        "text in the picture not read: tesseract is not installed",
    ),
];

fn each<'a>(context: &Context<'a>) -> impl Iterator<Item = (usize, &'a MediaFacts)> {
    let media = context.media.iter().take(crate::limits::MAX_ATTACHED);
    media.enumerate()
}

fn at(media: usize, part: &str) -> Hit {
    Hit {
        field: Some(format!("media[{media}].{part}")),
        ..Hit::default()
    }
}

/// Both languages of a list of keys, for the message.
fn said(hit: Hit, keys: &[&str], names: Names) -> Hit {
    let of = |pick: fn(&(&'static str, &'static str, &'static str)) -> &'static str| {
        let found = keys.iter().filter_map(|k| names.iter().find(|n| n.0 == *k));
        found.map(pick).collect::<Vec<_>>().join(", ")
    };
    hit.with("what_fr", of(|n| n.1))
        .with("what_en", of(|n| n.2))
}

fn values<'a>(media: &'a MediaFacts, key: &str) -> Vec<&'a str> {
    match media.metadata.get(key) {
        Some(FactValue::Text(t)) => vec![t],
        Some(FactValue::List(l)) => l.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Pictures from which hidden data was taken out.
pub fn removed_data(context: &Context<'_>) -> Vec<Hit> {
    each(context)
        .filter_map(|(i, media)| {
            let keys = values(media, "removed");
            let tells = keys.iter().any(|k| !HARMLESS.contains(k));
            tells.then(|| said(at(i, "metadata"), &keys, HIDDEN))
        })
        .collect()
}

/// Pictures, or parts of them, that could not be read.
pub fn unread_picture(context: &Context<'_>) -> Vec<Hit> {
    each(context)
        .filter_map(|(i, media)| {
            let keys = values(media, "unread");
            (!keys.is_empty()).then(|| said(at(i, "metadata"), &keys, UNREAD))
        })
        .collect()
}

/// Files that are no picture though their name says so, or that carry a program, an archive or a document. A picture
/// of one sort named like another is common and harms nobody.
pub fn disguised_file(context: &Context<'_>) -> Vec<Hit> {
    each(context)
        .filter_map(|(i, media)| {
            let tail = values(media, "tail");
            let program = tail
                .iter()
                .any(|t| matches!(*t, "script" | "program" | "zip" | "pdf"));
            let kind = values(media, "type").first().copied().unwrap_or_default();
            let picture = kind.starts_with("image/") && kind != "image/svg+xml";
            let disguise = !picture && !values(media, "disguise").is_empty();
            (disguise || program).then(|| {
                let behind = tail.first().copied().unwrap_or_default();
                at(i, "metadata").with("type", kind).with("tail", behind)
            })
        })
        .collect()
}

/// Pictures that look like one of `org.confidential_pictures`, a list of `name=fingerprint`.
pub fn registered_picture(context: &Context<'_>) -> Vec<Hit> {
    let registered: Vec<(&str, u64)> = context
        .facts
        .list("org.confidential_pictures")
        .iter()
        .take(crate::limits::MAX_FACT_TERMS)
        .filter_map(|one| {
            let (name, print) = one.rsplit_once('=')?;
            Some((name, u64::from_str_radix(print.trim(), 16).ok()?))
        })
        .collect();
    each(context)
        .filter_map(|(i, media)| {
            let print = values(media, "hash").first().copied()?;
            let print = u64::from_str_radix(print, 16).ok()?;
            // As many bits as `pictures::hash::NEAR`; this room is open without the readers.
            let near = |p: u64| (p ^ print).count_ones() <= 10;
            let (name, _) = registered.iter().find(|(_, p)| near(*p))?;
            Some(at(i, "metadata").with("name", *name))
        })
        .collect()
}
