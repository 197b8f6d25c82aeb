//! Alternative texts of pictures.

use super::Context;
use crate::eval::Hit;
use crate::facts::FactValue;

fn each(context: &Context<'_>) -> Vec<(String, String, bool)> {
    let mut out: Vec<(String, String, bool)> = context
        .media
        .iter()
        .take(crate::limits::MAX_ATTACHED)
        .enumerate()
        .map(|(i, m)| (format!("media[{i}].alt"), m.alt.clone(), m.decorative))
        .collect();
    // The fact stands for a picture that the caller knows and did not attach.
    if out.is_empty()
        && let Some(alt) = context.facts.text("alt")
    {
        let decorative = context.facts.get("decorative") == Some(&FactValue::Bool(true));
        out.push(("alt".to_owned(), alt.to_owned(), decorative));
    }
    out
}

/// Pictures without a word for those who cannot see them.
pub fn missing(context: &Context<'_>) -> Vec<Hit> {
    each(context)
        .into_iter()
        .filter(|(_, alt, decorative)| alt.trim().is_empty() && !decorative)
        .map(|(field, _, _)| Hit {
            field: Some(field),
            ..Hit::default()
        })
        .collect()
}

const EMPTY_WORDS: &[&str] = &[
    "image",
    "photo",
    "picture",
    "img",
    "visuel",
    "illustration",
    "screenshot",
    "capture",
    "capture d'écran",
    "logo",
    "graphic",
    "photo de",
    "image de",
    "picture of",
    "image of",
    "alt",
    "alt text",
    "texte alternatif",
    "todo",
    "xxx",
];
const NOTES: &[&str] = &[
    "à changer",
    "a changer",
    "à refaire",
    "à remplacer",
    "to change",
    "to replace",
    "moche",
    "ugly",
    "brouillon",
    "draft",
    "provisoire",
    "placeholder",
    "fixme",
    "nda",
    "confidentiel",
    "confidential",
];

/// File names, empty words and notes to oneself in place of a description.
pub fn careless(context: &Context<'_>) -> Vec<Hit> {
    each(context)
        .into_iter()
        .filter(|(_, alt, _)| !alt.trim().is_empty() && is_careless(alt))
        .map(|(field, alt, _)| {
            Hit {
                field: Some(field),
                ..Hit::default()
            }
            .with("match", crate::text::mask::shorten(alt.trim(), 60))
        })
        .collect()
}

fn is_careless(alt: &str) -> bool {
    let low = alt.trim().to_lowercase();
    let bare = low.trim_matches(|c: char| !c.is_alphanumeric());
    let ending = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".heic", ".mp4"]
        .iter()
        .any(|e| low.contains(e));
    let camera = [
        "img_",
        "img-",
        "dsc_",
        "dscn",
        "dscf",
        "pxl_",
        "screenshot_",
        "whatsapp image",
        "capture d'écran 20",
        "image_",
    ]
    .iter()
    .any(|p| low.starts_with(p));
    let words: Vec<&str> = low.split(|c: char| !c.is_alphanumeric()).collect();
    let note = NOTES.iter().any(|n| {
        if n.contains(' ') {
            low.contains(n)
        } else {
            words.contains(n)
        }
    });
    // « Image of a man »: four words that say no more than the picture is there.
    let opening = [
        "image of ",
        "picture of ",
        "photo of ",
        "image de ",
        "image d'",
        "photo de ",
        "photo d'",
    ];
    let vague = opening.iter().any(|o| bare.starts_with(o)) && bare.split_whitespace().count() <= 4;
    ending || camera || note || vague || EMPTY_WORDS.contains(&bare)
}
