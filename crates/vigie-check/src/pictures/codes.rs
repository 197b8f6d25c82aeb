//! Bar codes in a picture: QR, Aztec, Data Matrix, PDF417 and Code 128, and what their texts are for.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::DynamicImage;
use image::imageops::FilterType;
use rxing::{BarcodeFormat, DecodeHintValue, DecodeHints};
use serde::{Deserialize, Serialize};

use super::bullseye;

/// Longest side that is searched.
const SIDE: u32 = 1600;
/// Codes that are kept.
const MOST: usize = 32;
/// Characters of a code that are kept.
const MOST_CHARS: usize = 4_000;

/// A bar code that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// What it is for: see [`purpose`].
    pub purpose: String,
    /// What it says.
    pub text: String,
}

/// Reads all codes of a picture.
///
/// # Errors
/// The reader gave up on this picture.
pub fn read(picture: &DynamicImage) -> Result<Vec<Code>, GaveUp> {
    let luma = small(picture).to_luma8();
    let (width, height) = luma.dimensions();
    let mut found: Vec<Code> = Vec::new();
    let all = [
        BarcodeFormat::QR_CODE,
        BarcodeFormat::AZTEC,
        BarcodeFormat::PDF_417,
        BarcodeFormat::DATA_MATRIX,
        BarcodeFormat::CODE_128,
    ];
    search(luma.as_raw().clone(), width, height, &all, &mut found)?;
    for middle in bullseye::find(&luma) {
        // How many rings wide the code is cannot be told from its middle.
        for rings in [16.0, 26.0, 40.0, 80.0] {
            let reach = (middle.ring * rings) as u32;
            let (x, y) = (
                middle.x.saturating_sub(reach),
                middle.y.saturating_sub(reach),
            );
            // As much on each side, or the middle would not be one.
            let side = (middle.x - x).min(width - middle.x).min(middle.y - y);
            let side = side.min(height - middle.y);
            let (x, y) = (middle.x - side, middle.y - side);
            if side < 12 {
                break;
            }
            let piece = image::imageops::crop_imm(&luma, x, y, side * 2, side * 2).to_image();
            let known = found.len();
            let aztec = [BarcodeFormat::AZTEC];
            search(piece.into_raw(), side * 2, side * 2, &aztec, &mut found)?;
            if found.len() > known || side < reach {
                break;
            }
        }
    }
    Ok(found)
}

/// The reader gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GaveUp;

fn small(picture: &DynamicImage) -> DynamicImage {
    if picture.width().max(picture.height()) <= SIDE {
        picture.clone()
    } else {
        picture.resize(SIDE, SIDE, FilterType::Triangle)
    }
}

fn search(
    luma: Vec<u8>,
    width: u32,
    height: u32,
    formats: &[BarcodeFormat],
    found: &mut Vec<Code>,
) -> Result<(), GaveUp> {
    let formats: HashSet<BarcodeFormat> = formats.iter().copied().collect();
    let mut hints = DecodeHints::default()
        .with(DecodeHintValue::TryHarder(true))
        .with(DecodeHintValue::AlsoInverted(true))
        .with(DecodeHintValue::PossibleFormats(formats));
    // The reader is a translation of a large program; a slip of it on a hostile picture must not end ours.
    let read = catch_unwind(AssertUnwindSafe(|| {
        rxing::helpers::detect_multiple_in_luma_with_hints(luma, width, height, &mut hints)
    }))
    .map_err(|_| GaveUp)?;
    for one in read.unwrap_or_default() {
        let text: String = one.getText().chars().take(MOST_CHARS).collect();
        let known = found.iter().any(|code| code.text == text);
        if !known && !text.trim().is_empty() && found.len() < MOST {
            let purpose = purpose(&text).to_owned();
            found.push(Code { purpose, text });
        }
    }
    Ok(())
}

/// What the text of a code is for.
pub fn purpose(text: &str) -> &'static str {
    let text = text.trim_start_matches('\u{feff}').trim();
    let starts = |mark: &str| {
        text.get(..mark.len())
            .is_some_and(|t| t.eq_ignore_ascii_case(mark))
    };
    let any = |marks: &[&str]| marks.iter().any(|m| starts(m));
    if any(&["http://", "https://"]) {
        "url"
    } else if starts("WIFI:") {
        "wifi"
    } else if any(&["otpauth://", "otpauth-migration://"]) {
        "otpauth"
    } else if starts("LPA:1$") {
        "esim"
    } else if starts("BCD\n") || starts("BCD\r") {
        "sepa"
    } else if any(&["BEGIN:VCARD", "MECARD:", "BIZCARD:"]) {
        "vcard"
    } else if any(&["bitcoin:", "ethereum:", "lightning:", "litecoin:"]) {
        "wallet"
    } else if any(&["mailto:", "MATMSG:", "tel:", "sms:", "smsto:"]) {
        "contact"
    } else if any(&["geo:", "BEGIN:VEVENT", "BEGIN:VCALENDAR"]) {
        "place"
    } else if starts("FIDO:/") {
        "fido"
    } else if boarding(text) {
        "boarding_pass"
    } else if starts("DC0") && text.len() > 26 {
        "2d-doc"
    } else {
        "text"
    }
}

/// The first fields of IATA's bar coded boarding pass.
fn boarding(text: &str) -> bool {
    let bytes = text.as_bytes();
    let part = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default();
    bytes.len() >= 58
        && bytes.first() == Some(&b'M')
        && bytes.get(1).is_some_and(|b| (b'1'..=b'9').contains(b))
        && part(2, 22).contains(&b'/')
        && part(30, 36).iter().all(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_purpose_of_a_code_is_told_from_its_text() {
        let of = purpose;
        assert_eq!(of("HTTPS://example.org"), "url");
        assert_eq!(of("WIFI:T:WPA;S:Atelier;P:x;;"), "wifi");
        assert_eq!(of("otpauth://totp/x?secret=y"), "otpauth");
        assert_eq!(of("LPA:1$smdp.example$ABC"), "esim");
        assert_eq!(of("BCD\n002\n1\nSCT\n"), "sepa");
        let pass = "M1ROUX/LUCIE          EQ7XK2P CDGHNDAF 0274 328Y021A0043 100";
        assert_eq!(of(pass), "boarding_pass");
        assert_eq!(of("Merci à toutes / à tous"), "text");
    }
}
