//! What a file really is, by its first bytes, and what its name claims.

/// Kinds of files that somebody may attach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    Webp,
    /// GIF.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF and the raw files built on it.
    Tiff,
    /// HEIC and HEIF.
    Heif,
    /// AVIF.
    Avif,
    /// JPEG XL.
    Jxl,
    /// SVG: a drawing that can hold programs.
    Svg,
    /// PDF.
    Pdf,
    /// ZIP, also the container of office documents.
    Zip,
    /// MP4, MOV and their kin.
    Video,
    /// A web page or a script.
    Html,
    /// A program.
    Program,
    /// None of these.
    Other,
}

impl Kind {
    /// Reads the first bytes.
    pub fn of(bytes: &[u8]) -> Kind {
        let starts = |mark: &[u8]| bytes.starts_with(mark);
        let at = |from: usize, mark: &[u8]| bytes.get(from..).is_some_and(|b| b.starts_with(mark));
        if starts(b"\xFF\xD8\xFF") {
            Kind::Jpeg
        } else if starts(b"\x89PNG\r\n\x1A\n") {
            Kind::Png
        } else if starts(b"RIFF") && at(8, b"WEBP") {
            Kind::Webp
        } else if starts(b"GIF87a") || starts(b"GIF89a") {
            Kind::Gif
        } else if starts(b"BM") && at(6, &[0, 0, 0, 0]) {
            Kind::Bmp
        } else if starts(b"II*\0") || starts(b"MM\0*") {
            Kind::Tiff
        } else if at(4, b"ftyp") {
            iso(bytes)
        } else if starts(b"\xFF\x0A") || starts(b"\0\0\0\x0CJXL \r\n\x87\n") {
            Kind::Jxl
        } else if starts(b"%PDF-") {
            Kind::Pdf
        } else if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
            Kind::Zip
        } else if starts(b"MZ") || starts(b"\x7FELF") || starts(b"#!") {
            Kind::Program
        } else {
            words(bytes)
        }
    }

    /// What an ending of a file name claims.
    pub fn of_name(name: &str) -> Option<Kind> {
        let (_, ending) = name.rsplit_once('.')?;
        Some(match ending.to_ascii_lowercase().as_str() {
            "jpg" | "jpeg" | "jpe" | "jfif" => Kind::Jpeg,
            "png" | "apng" => Kind::Png,
            "webp" => Kind::Webp,
            "gif" => Kind::Gif,
            "bmp" | "dib" => Kind::Bmp,
            "tif" | "tiff" | "dng" | "nef" | "cr2" | "arw" => Kind::Tiff,
            "heic" | "heif" => Kind::Heif,
            "avif" => Kind::Avif,
            "jxl" => Kind::Jxl,
            "svg" => Kind::Svg,
            "pdf" => Kind::Pdf,
            "zip" => Kind::Zip,
            "mp4" | "mov" | "m4v" => Kind::Video,
            _ => return None,
        })
    }

    /// What a declared media type claims.
    pub fn of_mime(mime: &str) -> Option<Kind> {
        let mime = mime.split(';').next().unwrap_or(mime).trim();
        let all = [
            Kind::Jpeg,
            Kind::Png,
            Kind::Webp,
            Kind::Gif,
            Kind::Bmp,
            Kind::Tiff,
            Kind::Heif,
            Kind::Avif,
            Kind::Jxl,
            Kind::Svg,
            Kind::Pdf,
            Kind::Zip,
            Kind::Video,
        ];
        let alias = match mime {
            "image/jpg" | "image/pjpeg" => "image/jpeg",
            "image/heif" => "image/heic",
            "image/x-png" => "image/png",
            "video/quicktime" => "video/mp4",
            other => other,
        };
        all.into_iter()
            .find(|k| k.mime().eq_ignore_ascii_case(alias))
    }

    /// The media type.
    pub const fn mime(self) -> &'static str {
        match self {
            Kind::Jpeg => "image/jpeg",
            Kind::Png => "image/png",
            Kind::Webp => "image/webp",
            Kind::Gif => "image/gif",
            Kind::Bmp => "image/bmp",
            Kind::Tiff => "image/tiff",
            Kind::Heif => "image/heic",
            Kind::Avif => "image/avif",
            Kind::Jxl => "image/jxl",
            Kind::Svg => "image/svg+xml",
            Kind::Pdf => "application/pdf",
            Kind::Zip => "application/zip",
            Kind::Video => "video/mp4",
            Kind::Html => "text/html",
            Kind::Program => "application/octet-stream; program",
            Kind::Other => "application/octet-stream",
        }
    }

    /// Whether this is a picture, readable here or not.
    pub const fn is_picture(self) -> bool {
        matches!(
            self,
            Kind::Jpeg
                | Kind::Png
                | Kind::Webp
                | Kind::Gif
                | Kind::Bmp
                | Kind::Tiff
                | Kind::Heif
                | Kind::Avif
                | Kind::Jxl
                | Kind::Svg
        )
    }
}

/// Files of the ISO base media format, by their brand.
fn iso(bytes: &[u8]) -> Kind {
    let brand = |b: &[u8]| match b {
        b"avif" | b"avis" => Some(Kind::Avif),
        b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1" => Some(Kind::Heif),
        _ => None,
    };
    let size = bytes
        .first_chunk::<4>()
        .map_or(0, |b| u32::from_be_bytes(*b) as usize)
        .min(256);
    let brands = bytes.get(8..size.max(12)).unwrap_or_default();
    let mut found = brands.chunks_exact(4).filter_map(brand);
    // AVIF also lists the general picture brands: the more special one counts.
    let first = found.next();
    match first {
        Some(Kind::Avif) => Kind::Avif,
        Some(kind) => found.find(|k| *k == Kind::Avif).unwrap_or(kind),
        None => Kind::Video,
    }
}

/// Files of words.
fn words(bytes: &[u8]) -> Kind {
    let head = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
    let head = String::from_utf8_lossy(head).to_lowercase();
    let head = head.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if head.starts_with("<svg") || head.starts_with("<?xml") && head.contains("<svg") {
        Kind::Svg
    } else if ["<!doctype html", "<html", "<script", "<?php"]
        .iter()
        .any(|m| head.starts_with(m))
    {
        Kind::Html
    } else {
        Kind::Other
    }
}

/// What hides behind the end of a picture, or inside it: a program for browsers counts wherever it stands.
pub fn stowaway(bytes: &[u8], end: Option<usize>) -> Option<&'static str> {
    let tail = end.and_then(|end| bytes.get(end..)).unwrap_or_default();
    let find = |hay: &[u8], needle: &[u8]| hay.windows(needle.len()).any(|w| w == needle);
    let script = |hay: &[u8]| {
        hay.windows(7)
            .any(|w| w.eq_ignore_ascii_case(b"<script") || w.starts_with(b"<?php"))
    };
    if script(bytes) {
        return Some("script");
    }
    if tail.len() <= 32
        || tail
            .iter()
            .all(|b| matches!(b, 0 | 0xFF | b' ' | b'\r' | b'\n'))
    {
        return None;
    }
    let head = tail.get(..tail.len().min(4096)).unwrap_or_default();
    Some(if find(tail, b"PK\x03\x04") {
        "zip"
    } else if find(head, b"%PDF-") {
        "pdf"
    } else if find(head, b"ftyp") {
        "video"
    } else if find(head, b"\xFF\xD8\xFF") {
        "picture"
    } else if find(head, b"MZ") && find(head, b"PE\0\0") || find(head, b"\x7FELF") {
        "program"
    } else {
        "data"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_and_names_only_claim() {
        assert_eq!(Kind::of(b"\xFF\xD8\xFF\xE0rest"), Kind::Jpeg);
        assert_eq!(
            Kind::of(b"\0\0\0\x1Cftypmif1\0\0\0\0mif1avifmiaf"),
            Kind::Avif
        );
        assert_eq!(Kind::of(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), Kind::Heif);
        assert_eq!(Kind::of(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"), Kind::Video);
        assert_eq!(Kind::of(b"  <SVG xmlns='x'/>"), Kind::Svg);
        assert_eq!(Kind::of(b"<!DOCTYPE html><p>"), Kind::Html);
        assert_eq!(Kind::of(b"MZ\x90"), Kind::Program);
        assert_eq!(Kind::of(b""), Kind::Other);
        assert_eq!(Kind::of_name("a.b.JPEG"), Some(Kind::Jpeg));
        assert_eq!(Kind::of_name("README"), None);
        assert_eq!(Kind::of_mime("image/jpg; x=1"), Some(Kind::Jpeg));
    }

    #[test]
    fn what_follows_the_end_is_named() {
        let with = |tail: &[u8]| {
            let mut all = b"PICTURE".to_vec();
            all.extend_from_slice(tail);
            all.extend_from_slice(&[7; 40]);
            all
        };
        let of = |tail: &[u8]| stowaway(&with(tail), Some(7));
        assert_eq!(of(b"PK\x03\x04"), Some("zip"));
        assert_eq!(of(b"%PDF-1.7"), Some("pdf"));
        assert_eq!(of(b"....ftypmp42"), Some("video"));
        assert_eq!(of(b""), Some("data"));
        assert_eq!(stowaway(&[0; 100], Some(7)), None);
        assert_eq!(stowaway(b"GIF89a/*<SCRIPT src=x>", None), Some("script"));
    }
}
