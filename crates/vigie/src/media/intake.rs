//! From a file that somebody brought to bytes that can be published.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use vigie_check::pictures::{self, Evidence, declare};
use vigie_core::content::Digest;
use vigie_core::id::{MediaId, MemberId};
use vigie_store::{MediaRow, NewMedia};

use super::ocr::Ocr;
use crate::app::App;
use crate::web::error::Error;

/// Largest file taken, bytes.
pub const MOST_BYTES: usize = 15 * 1024 * 1024;
/// Largest side of a picture taken, pixels.
const MOST_SIDE: u32 = 12_000;
/// Memory that decoding may use, bytes.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;
/// Longest side of what is published; networks show no more.
const SIDE: u32 = 2_000;
/// Largest result: the smallest limit of the networks.
const FITS: usize = 1_900_000;
/// Longest side of the small version.
const SMALL: u32 = 480;

/// What is wrong with a file. The words are in the catalogue under `media-…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaProblem {
    /// Empty.
    #[error("empty")]
    Empty,
    /// Too many bytes.
    #[error("too large")]
    TooLarge,
    /// No picture of a kind that is taken.
    #[error("not a picture that is taken")]
    Kind,
    /// It says that it is a picture and cannot be read as one, or is too large when unpacked.
    #[error("damaged")]
    Damaged,
}

impl MediaProblem {
    /// The key of its words.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Empty => "media-empty",
            Self::TooLarge => "media-too-large",
            Self::Kind => "media-kind",
            Self::Damaged => "media-damaged",
        }
    }
}

/// A picture ready to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// What will be published.
    pub bytes: Vec<u8>,
    /// Its type.
    pub mime: &'static str,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// A small JPEG for pages.
    pub small: Vec<u8>,
}

/// A file as somebody brings it.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The name it has, where known. It decides nothing; it may betray a picture library.
    pub name: Option<String>,
    /// The type it is said to have, where said.
    pub mime: Option<String>,
}

impl From<Vec<u8>> for Brought {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            ..Self::default()
        }
    }
}

/// Reads what is in a file and makes it ready: hidden data goes, the mark of a machine-made picture stays.
///
/// # Errors
/// What is wrong with the file.
pub fn take(file: &Brought, ocr: &Ocr) -> Result<(Ready, Evidence), MediaProblem> {
    let (mut ready, picture) = prepared(&file.bytes)?;
    let name = file.name.as_deref();
    let mut evidence = pictures::read(name, file.mime.as_deref(), &file.bytes);
    ocr.note(&picture, &mut evidence);
    if let Some(source) = evidence.source_to_keep() {
        ready.bytes = declare::source(ready.bytes, source);
    }
    Ok((ready, evidence.cleaned()))
}

/// Decodes, turns upright, shrinks and encodes again. The type is found by content; the name of the file says nothing.
///
/// # Errors
/// What is wrong with the file.
pub fn prepare(file: &[u8]) -> Result<Ready, MediaProblem> {
    Ok(prepared(file)?.0)
}

/// Reads what is in a file that stays as it is: nothing is taken out.
pub fn look(file: &Brought, ocr: &Ocr) -> Evidence {
    let mut evidence = pictures::read(file.name.as_deref(), file.mime.as_deref(), &file.bytes);
    match opened(&file.bytes) {
        Ok(picture) => ocr.note(&picture, &mut evidence),
        Err(_) if evidence.unread.is_empty() && *ocr != Ocr::Off => {
            evidence.unread.push("ocr".to_owned());
        }
        Err(_) => {}
    }
    evidence
}

/// Decoded, upright, and no larger than what is published.
fn opened(file: &[u8]) -> Result<DynamicImage, MediaProblem> {
    if file.is_empty() {
        return Err(MediaProblem::Empty);
    }
    if file.len() > MOST_BYTES {
        return Err(MediaProblem::TooLarge);
    }
    let format = image::guess_format(file).map_err(|_| MediaProblem::Kind)?;
    // Moving pictures would lose their movement without a word.
    if !matches!(
        format,
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP
    ) {
        return Err(MediaProblem::Kind);
    }
    Ok(shrink(decode(file, format)?, SIDE))
}

fn prepared(file: &[u8]) -> Result<(Ready, DynamicImage), MediaProblem> {
    let picture = opened(file)?;
    let (bytes, mime) = encode(&picture)?;
    let small = jpeg(&shrink(picture.clone(), SMALL), 80)?;
    let ready = Ready {
        bytes,
        mime,
        width: picture.width(),
        height: picture.height(),
        small,
    };
    Ok((ready, picture))
}

fn decode(file: &[u8], format: ImageFormat) -> Result<DynamicImage, MediaProblem> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| MediaProblem::Damaged)?;
    let orientation = decoder.orientation().map_err(|_| MediaProblem::Damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| MediaProblem::Damaged)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn shrink(picture: DynamicImage, side: u32) -> DynamicImage {
    if picture.width() <= side && picture.height() <= side {
        picture
    } else {
        picture.resize(side, side, image::imageops::FilterType::Triangle)
    }
}

/// PNG where something shows through, JPEG otherwise; smaller until it fits.
fn encode(picture: &DynamicImage) -> Result<(Vec<u8>, &'static str), MediaProblem> {
    if picture.color().has_alpha() {
        let mut out = Cursor::new(Vec::new());
        picture
            .write_to(&mut out, ImageFormat::Png)
            .map_err(|_| MediaProblem::Damaged)?;
        if out.get_ref().len() <= FITS {
            return Ok((out.into_inner(), "image/png"));
        }
    }
    for quality in [88, 80, 70, 55] {
        let bytes = jpeg(picture, quality)?;
        if bytes.len() <= FITS {
            return Ok((bytes, "image/jpeg"));
        }
    }
    Ok((jpeg(&shrink(picture.clone(), 1_000), 60)?, "image/jpeg"))
}

fn jpeg(picture: &DynamicImage, quality: u8) -> Result<Vec<u8>, MediaProblem> {
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, quality);
    picture
        .to_rgb8()
        .write_with_encoder(encoder)
        .map_err(|_| MediaProblem::Damaged)?;
    Ok(out)
}

/// Takes a file in and keeps it, with what was found in it.
///
/// # Errors
/// [`MediaProblem`] as input error; database.
pub async fn keep(app: &App, owner: MemberId, file: impl Into<Brought>) -> Result<MediaRow, Error> {
    let file: Brought = file.into();
    let ocr = app.config.ocr.clone();
    let taken = tokio::task::spawn_blocking(move || take(&file, &ocr))
        .await
        .map_err(|e| Error::Internal(e.into()))?;
    let (ready, evidence) = taken.map_err(|problem| Error::input(problem.key()))?;
    let mut tx = app.store.begin().await?;
    let row = tx
        .media_add(
            NewMedia {
                id: MediaId::new(Uuid::now_v7()),
                sha256: Digest(Sha256::digest(&ready.bytes).into()),
                mime: ready.mime,
                width: ready.width,
                height: ready.height,
                bytes: &ready.bytes,
                thumb: &ready.small,
                owner,
            },
            app.clock.now(),
        )
        .await?;
    // Two files may become the same picture: what was found in either counts.
    let before = tx.media_evidence(row.sha256).await?;
    let before: Option<Evidence> = before.and_then(|found| serde_json::from_value(found).ok());
    let evidence = match before {
        Some(before) => before.with(evidence),
        None => evidence,
    };
    let evidence = serde_json::to_value(&evidence).map_err(|e| Error::Internal(e.into()))?;
    tx.media_evidence_put(row.sha256, &evidence).await?;
    tx.commit().await?;
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height)
            .write_to(&mut out, ImageFormat::Png)
            .unwrap();
        out.into_inner()
    }

    #[test]
    fn a_picture_is_encoded_again_and_nothing_that_was_hidden_in_it_stays() {
        let mut file = png(40, 30);
        file.extend_from_slice(b"<script>alert(1)</script> GPS 48.85 2.35");
        let ready = prepare(&file).unwrap();
        assert_eq!(
            (ready.width, ready.height, ready.mime),
            (40, 30, "image/jpeg")
        );
        let rest = String::from_utf8_lossy(&ready.bytes);
        assert!(!rest.contains("script") && !rest.contains("GPS"));
    }

    #[test]
    fn what_is_no_picture_is_refused_by_its_content() {
        assert_eq!(prepare(b""), Err(MediaProblem::Empty));
        assert_eq!(
            prepare(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            Err(MediaProblem::Kind)
        );
        assert_eq!(prepare(b"%PDF-1.7 hello"), Err(MediaProblem::Kind));
        assert_eq!(prepare(b"GIF89a\x01\x00\x01\x00"), Err(MediaProblem::Kind));
        assert_eq!(
            prepare(&vec![0; MOST_BYTES + 1]),
            Err(MediaProblem::TooLarge)
        );
    }

    #[test]
    fn a_cut_or_lying_picture_is_damaged_and_nothing_is_allocated_for_its_lie() {
        let file = png(40, 30);
        assert_eq!(prepare(&file[..file.len() / 2]), Err(MediaProblem::Damaged));
        // The header claims 60,000 by 60,000 pixels.
        let mut bomb = file;
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        assert_eq!(prepare(&bomb), Err(MediaProblem::Damaged));
    }

    #[test]
    fn a_large_picture_becomes_small_enough() {
        let ready = prepare(&png(4_000, 1_000)).unwrap();
        assert_eq!((ready.width, ready.height), (2_000, 500));
        assert!(ready.bytes.len() <= FITS);
    }
}
