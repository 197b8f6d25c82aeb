//! EXIF: what a camera writes.

use std::io::Cursor;

use exif::{Exif, In, Reader, Tag, Value};

use super::kind::Kind;

/// What was read, as words.
#[derive(Debug, Default, PartialEq)]
pub struct Camera {
    /// Latitude and longitude.
    pub position: Option<(f64, f64)>,
    /// Who took it.
    pub people: Vec<String>,
    /// Who owns the camera.
    pub owners: Vec<String>,
    /// Maker and model.
    pub device: Option<String>,
    /// Serial numbers of the body and the lens.
    pub serials: Vec<String>,
    /// The program that wrote it, the computer it ran on.
    pub software: Vec<String>,
    /// When it was taken.
    pub taken: Option<String>,
    /// Copyright notice.
    pub copyright: Option<String>,
    /// Description and comments.
    pub comments: Vec<String>,
    /// The small picture inside, a JPEG.
    pub thumbnail: Option<Vec<u8>>,
    /// Which way is up, 1 to 8.
    pub orientation: Option<u8>,
}

/// Windows writes its own names, in UTF-16.
const XP_TITLE: u16 = 0x9C9B;
const XP_COMMENT: u16 = 0x9C9C;
const XP_AUTHOR: u16 = 0x9C9D;
const XP_KEYWORDS: u16 = 0x9C9E;
const HOST: u16 = 0x013C;

/// Reads blocks found in a file, or the file itself where it is one (TIFF, HEIF).
pub fn read(kind: Kind, blocks: &[Vec<u8>], file: &[u8]) -> Camera {
    let mut camera = Camera::default();
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    for block in blocks {
        take(reader.read_raw(block.clone()), &mut camera);
    }
    if matches!(kind, Kind::Tiff | Kind::Heif | Kind::Avif) {
        take(
            reader.read_from_container(&mut Cursor::new(file)),
            &mut camera,
        );
    }
    camera
}

fn take(read: Result<Exif, exif::Error>, camera: &mut Camera) {
    // What could be read of a damaged block counts.
    let found = match read {
        Ok(found) => Some(found),
        Err(error) => error.distill_partial_result(|_| {}).ok(),
    };
    if let Some(found) = found {
        fill(&found, camera);
    }
}

fn fill(exif: &Exif, camera: &mut Camera) {
    let text = |tag| {
        exif.get_field(tag, In::PRIMARY)
            .and_then(|f| words(&f.value))
    };
    let tiff = |n| text(Tag(exif::Context::Tiff, n));
    let put = |list: &mut Vec<String>, value: Option<String>| {
        if let Some(value) = value.filter(|v| !list.contains(v)) {
            list.push(value);
        }
    };
    put(&mut camera.people, text(Tag::Artist));
    put(&mut camera.owners, text(Tag::CameraOwnerName));
    put(&mut camera.people, tiff(XP_AUTHOR));
    for tag in [Tag::BodySerialNumber, Tag::LensSerialNumber] {
        put(&mut camera.serials, text(tag));
    }
    put(&mut camera.software, text(Tag::Software));
    put(&mut camera.software, tiff(HOST));
    for tag in [Tag::ImageDescription, Tag::UserComment] {
        put(&mut camera.comments, text(tag));
    }
    for n in [XP_TITLE, XP_COMMENT, XP_KEYWORDS] {
        put(&mut camera.comments, tiff(n));
    }
    let model = [text(Tag::Make), text(Tag::Model)];
    let model: Vec<String> = model.into_iter().flatten().collect();
    if camera.device.is_none() && !model.is_empty() {
        camera.device = Some(match model.as_slice() {
            // « Canon » and « Canon EOS R5 » say it twice.
            [make, model] if model.starts_with(make.as_str()) => model.clone(),
            all => all.join(" "),
        });
    }
    camera.taken = camera.taken.take().or(text(Tag::DateTimeOriginal));
    camera.copyright = camera.copyright.take().or(text(Tag::Copyright));
    camera.position = camera.position.or_else(|| position(exif));
    camera.thumbnail = camera.thumbnail.take().or_else(|| thumbnail(exif));
    let turned = exif.get_field(Tag::Orientation, In::PRIMARY);
    let turned = turned.and_then(|f| f.value.get_uint(0));
    camera.orientation = camera
        .orientation
        .or_else(|| turned.and_then(|n| u8::try_from(n).ok()));
}

/// A value as words, without padding; `None` when it says nothing.
fn words(value: &Value) -> Option<String> {
    let text = match value {
        Value::Ascii(parts) => {
            let parts = parts.iter().map(|p| String::from_utf8_lossy(p));
            parts.collect::<Vec<_>>().join(" ")
        }
        Value::Undefined(bytes, _) => comment(bytes),
        Value::Byte(bytes) => {
            let two = bytes
                .chunks_exact(2)
                .map(|p| u16::from_le_bytes([p[0], p[1]]));
            String::from_utf16_lossy(&two.collect::<Vec<_>>())
        }
        _ => return None,
    };
    let text: String = text
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .take(2_000)
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A comment after the eight letters that name its alphabet.
fn comment(bytes: &[u8]) -> String {
    let body = bytes.get(8..).unwrap_or_default();
    if bytes.starts_with(b"UNICODE\0") {
        // The byte order is not said: a Latin text has its zeros on one side.
        let big = body.iter().step_by(2).filter(|b| **b == 0).count()
            > body.iter().skip(1).step_by(2).filter(|b| **b == 0).count();
        let two = body.chunks_exact(2).map(|p| match big {
            true => u16::from_be_bytes([p[0], p[1]]),
            false => u16::from_le_bytes([p[0], p[1]]),
        });
        return String::from_utf16_lossy(&two.collect::<Vec<_>>());
    }
    String::from_utf8_lossy(body).into_owned()
}

fn position(exif: &Exif) -> Option<(f64, f64)> {
    let degrees = |tag, reference, minus| {
        let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else {
            return None;
        };
        let mut sum = 0.0;
        for (part, scale) in parts.iter().zip([1.0, 60.0, 3600.0]) {
            if part.denom == 0 {
                return None;
            }
            sum += part.to_f64() / scale;
        }
        let side = exif.get_field(reference, In::PRIMARY);
        let side = side.and_then(|f| words(&f.value)).unwrap_or_default();
        let value = if side.eq_ignore_ascii_case(minus) {
            -sum
        } else {
            sum
        };
        value.is_finite().then_some(value)
    };
    let latitude = degrees(Tag::GPSLatitude, Tag::GPSLatitudeRef, "S")?;
    let longitude = degrees(Tag::GPSLongitude, Tag::GPSLongitudeRef, "W")?;
    // Cameras without a fix write zeros.
    let real = (latitude.abs() > 0.0 || longitude.abs() > 0.0)
        && latitude.abs() <= 90.0
        && longitude.abs() <= 180.0;
    real.then_some((latitude, longitude))
}

fn thumbnail(exif: &Exif) -> Option<Vec<u8>> {
    let number = |tag| {
        let field = exif.get_field(tag, In::THUMBNAIL)?;
        field.value.get_uint(0).map(|n| n as usize)
    };
    let from = number(Tag::JPEGInterchangeFormat)?;
    let to = from.checked_add(number(Tag::JPEGInterchangeFormatLength)?)?;
    exif.buf().get(from..to).map(<[u8]>::to_vec)
}
