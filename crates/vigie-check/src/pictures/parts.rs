//! Where hidden data stands in a file: JPEG segments, PNG chunks, WebP chunks, GIF blocks. Nothing is believed: every
//! length is checked against the file, every unpacking is bounded.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::kind::Kind;

/// Segments or chunks that are walked.
const MOST_PARTS: usize = 20_000;
/// Bytes of one text, unpacked.
const MOST_TEXT: u64 = 256 * 1024;
/// Texts that are kept.
const MOST_TEXTS: usize = 200;
/// Bytes of hidden data that are kept of each sort.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The parts of a picture beside its pixels.
#[derive(Debug, Default)]
pub struct Parts {
    /// EXIF blocks: TIFF structures.
    pub exif: Vec<Vec<u8>>,
    /// XMP packets.
    pub xmp: Vec<Vec<u8>>,
    /// IPTC-IIM records.
    pub iptc: Vec<Vec<u8>>,
    /// Texts with their names (PNG).
    pub texts: Vec<(String, String)>,
    /// Comments (JPEG, GIF).
    pub comments: Vec<String>,
    /// A C2PA store, as JUMBF boxes.
    pub c2pa: Vec<u8>,
    /// Where the picture ends.
    pub end: Option<usize>,
    /// Width and height, as the header claims.
    pub size: Option<(u32, u32)>,
}

impl Parts {
    /// Walks the file.
    pub fn of(kind: Kind, bytes: &[u8]) -> Parts {
        let mut parts = Parts::default();
        match kind {
            Kind::Jpeg => jpeg(bytes, &mut parts),
            Kind::Png => png(bytes, &mut parts),
            Kind::Webp => webp(bytes, &mut parts),
            Kind::Gif => gif(bytes, &mut parts),
            _ => {}
        }
        if parts.xmp.is_empty()
            && let Some(packet) = packet(bytes)
        {
            parts.xmp.push(packet.to_vec());
        }
        if parts.c2pa.is_empty()
            && !matches!(kind, Kind::Jpeg | Kind::Png)
            && let Some(at) = find(bytes, b"jumdc2pa")
        {
            parts.c2pa = cut(bytes.get(at..).unwrap_or_default()).to_vec();
        }
        parts
    }

    fn text(&mut self, key: &str, value: String) {
        if key == "XML:com.adobe.xmp" {
            keep(&mut self.xmp, value.as_bytes());
        } else if let Some(kind) = key.strip_prefix("Raw profile type ") {
            self.profile(kind, &value);
        } else if self.texts.len() < MOST_TEXTS {
            self.texts.push((key.to_owned(), value));
        }
    }

    /// Hidden data that an old tool wrote as hexadecimal text.
    fn profile(&mut self, kind: &str, value: &str) {
        let body: String = value
            .trim_start()
            .lines()
            .skip(2)
            .flat_map(|l| l.chars())
            .filter(char::is_ascii_hexdigit)
            .collect();
        let Ok(bytes) = hex(&body) else { return };
        match kind {
            "exif" | "APP1" => {
                let bare = bytes.strip_prefix(b"Exif\0\0").unwrap_or(&bytes);
                keep(&mut self.exif, bare);
            }
            "iptc" => photoshop(&bytes, self),
            "xmp" => keep(&mut self.xmp, &bytes),
            _ => {}
        }
    }
}

fn hex(text: &str) -> Result<Vec<u8>, std::num::ParseIntError> {
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16))
        .collect()
}

fn keep(list: &mut Vec<Vec<u8>>, bytes: &[u8]) {
    if list.len() < 8 && !bytes.is_empty() {
        list.push(cut(bytes).to_vec());
    }
}

fn cut(bytes: &[u8]) -> &[u8] {
    bytes.get(..bytes.len().min(MOST_BYTES)).unwrap_or(bytes)
}

/// Where some bytes stand.
pub fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|w| w == needle)
}

/// The first XMP packet, wherever it stands.
fn packet(bytes: &[u8]) -> Option<&[u8]> {
    let from = find(bytes, b"<x:xmpmeta").or_else(|| find(bytes, b"<rdf:RDF"))?;
    let rest = cut(bytes.get(from..)?);
    let to = find(rest, b"</x:xmpmeta>").or_else(|| find(rest, b"</rdf:RDF>"))?;
    rest.get(..to + 12)
}

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    let two = bytes.get(at..)?.first_chunk::<2>()?;
    Some(usize::from(u16::from_be_bytes(*two)))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk::<4>()?))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk::<4>()?))
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    let two = bytes.get(at..)?.first_chunk::<2>()?;
    Some(u32::from(u16::from_le_bytes(*two)))
}

fn jpeg(bytes: &[u8], parts: &mut Parts) {
    let mut at = 2;
    for _ in 0..MOST_PARTS {
        // A marker is 0xFF (any number of times) and a code.
        let Some(&first) = bytes.get(at) else { return };
        if first != 0xFF {
            return;
        }
        let Some(&code) = bytes.get(at + 1) else {
            return;
        };
        match code {
            0xFF => {
                at += 1;
                continue;
            }
            0xD9 => {
                parts.end = Some(at + 2);
                return;
            }
            0x01 | 0xD0..=0xD8 => {
                at += 2;
                continue;
            }
            _ => {}
        }
        let Some(length) = be16(bytes, at + 2).filter(|l| *l >= 2) else {
            return;
        };
        let Some(body) = bytes.get(at + 4..at + 2 + length) else {
            return;
        };
        segment(code, body, parts);
        at += 2 + length;
        if code == 0xDA {
            at = scan_end(bytes, at);
        }
    }
}

/// The first marker after coded pixels.
fn scan_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let marker = rest
        .windows(2)
        .position(|w| w[0] == 0xFF && !matches!(w[1], 0x00 | 0xD0..=0xD7 | 0xFF));
    from + marker.unwrap_or(rest.len())
}

fn segment(code: u8, body: &[u8], parts: &mut Parts) {
    match code {
        0xE1 => {
            if let Some(exif) = body.strip_prefix(b"Exif\0\0") {
                keep(&mut parts.exif, exif);
            } else if let Some(xmp) = body.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0") {
                keep(&mut parts.xmp, xmp);
            } else if let Some(more) = body.strip_prefix(b"http://ns.adobe.com/xmp/extension/\0") {
                // A digest of 32 letters, a length and a place come before the text.
                keep(&mut parts.xmp, more.get(40..).unwrap_or_default());
            }
        }
        0xEB => {
            // A box in several segments repeats its header; the number in it counts from 1.
            let Some(number) = body.strip_prefix(b"JP").and_then(|b| be32(b, 2)) else {
                return;
            };
            let from = if number > 1 { 16 } else { 8 };
            let more = body.get(from..).unwrap_or_default();
            if parts.c2pa.len().saturating_add(more.len()) <= MOST_BYTES {
                parts.c2pa.extend_from_slice(more);
            }
        }
        0xED => {
            if let Some(resources) = body.strip_prefix(b"Photoshop 3.0\0") {
                photoshop(resources, parts);
            }
        }
        0xFE if parts.comments.len() < MOST_TEXTS => {
            parts
                .comments
                .push(String::from_utf8_lossy(body).into_owned());
        }
        0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
            if let (Some(h), Some(w)) = (be16(body, 1), be16(body, 3)) {
                parts.size = Some((w as u32, h as u32));
            }
        }
        _ => {}
    }
}

/// Image resources of Photoshop; 0x0404 is IPTC-IIM.
fn photoshop(bytes: &[u8], parts: &mut Parts) {
    let mut at = 0;
    for _ in 0..1_000 {
        if bytes.get(at..at + 4) != Some(b"8BIM".as_slice()) {
            return;
        }
        let (Some(id), Some(&name)) = (be16(bytes, at + 4), bytes.get(at + 6)) else {
            return;
        };
        // The name is padded to an even length, its own length byte included.
        let data = at + 6 + (usize::from(name) + 2) / 2 * 2;
        let Some(size) = be32(bytes, data).map(|s| s as usize) else {
            return;
        };
        let Some(body) = data
            .checked_add(4)
            .and_then(|from| bytes.get(from..from.checked_add(size)?))
        else {
            return;
        };
        if id == 0x0404 {
            keep(&mut parts.iptc, body);
        }
        at = data + 4 + size + size % 2;
    }
}

fn png(bytes: &[u8], parts: &mut Parts) {
    let mut at = 8;
    for _ in 0..MOST_PARTS {
        let (Some(length), Some(name)) = (be32(bytes, at), bytes.get(at + 4..at + 8)) else {
            return;
        };
        let Some(body) = (at + 8)
            .checked_add(length as usize)
            .and_then(|to| bytes.get(at + 8..to))
        else {
            return;
        };
        match name {
            b"IHDR" => {
                if let (Some(w), Some(h)) = (be32(body, 0), be32(body, 4)) {
                    parts.size = Some((w, h));
                }
            }
            b"tEXt" => {
                if let Some((key, value)) = split(body) {
                    let value = cut(value).iter().map(|b| char::from(*b)).collect();
                    parts.text(&latin(key), value);
                }
            }
            b"zTXt" => {
                if let Some((key, packed)) = split(body) {
                    let value = inflate(packed.get(1..).unwrap_or_default());
                    parts.text(&latin(key), value.iter().map(|b| char::from(*b)).collect());
                }
            }
            b"iTXt" => international(body, parts),
            b"eXIf" => keep(&mut parts.exif, body),
            b"caBX" => parts.c2pa = cut(body).to_vec(),
            b"IEND" => {
                parts.end = Some((at + 12).min(bytes.len()));
                return;
            }
            _ => {}
        }
        at += 12 + length as usize;
    }
}

fn international(body: &[u8], parts: &mut Parts) {
    let Some((key, rest)) = split(body) else {
        return;
    };
    let (packed, rest) = (rest.first() == Some(&1), rest.get(2..).unwrap_or_default());
    let Some((_, rest)) = split(rest) else { return };
    let Some((_, value)) = split(rest) else {
        return;
    };
    let value = if packed {
        inflate(value)
    } else {
        cut(value).to_vec()
    };
    parts.text(&latin(key), String::from_utf8_lossy(&value).into_owned());
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|b| *b == 0)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

fn latin(bytes: &[u8]) -> String {
    bytes.iter().take(80).map(|b| char::from(*b)).collect()
}

/// Unpacks at most [`MOST_TEXT`] bytes; what is damaged gives what came before.
fn inflate(packed: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let _ = ZlibDecoder::new(packed)
        .take(MOST_TEXT)
        .read_to_end(&mut out);
    out
}

fn webp(bytes: &[u8], parts: &mut Parts) {
    let Some(size) = le32(bytes, 4) else { return };
    parts.end = Some((size as usize).saturating_add(8).min(bytes.len()));
    let mut at = 12;
    for _ in 0..MOST_PARTS {
        let (Some(name), Some(length)) = (bytes.get(at..at + 4), le32(bytes, at + 4)) else {
            return;
        };
        let length = length as usize;
        let Some(body) = (at + 8)
            .checked_add(length)
            .and_then(|to| bytes.get(at + 8..to))
        else {
            return;
        };
        match name {
            b"EXIF" => keep(
                &mut parts.exif,
                body.strip_prefix(b"Exif\0\0").unwrap_or(body),
            ),
            b"XMP " => keep(&mut parts.xmp, body),
            b"C2PA" => parts.c2pa = cut(body).to_vec(),
            b"VP8X" => {
                let three = |at| le32(body, at).map(|n| (n & 0x00FF_FFFF) + 1);
                // The last number has three bytes only.
                let high = le16(body, 7).zip(body.get(9));
                let high = high.map(|(low, top)| (low | u32::from(*top) << 16) + 1);
                parts.size = three(4).zip(high);
            }
            b"VP8 " => {
                let size = le16(body, 6).zip(le16(body, 8));
                parts.size = parts.size.or(size.map(|(w, h)| (w & 0x3FFF, h & 0x3FFF)));
            }
            b"VP8L" => {
                let size = le32(body, 1).map(|b| ((b & 0x3FFF) + 1, (b >> 14 & 0x3FFF) + 1));
                parts.size = parts.size.or(size);
            }
            _ => {}
        }
        at += 8 + length + length % 2;
    }
}

fn gif(bytes: &[u8], parts: &mut Parts) {
    parts.size = le16(bytes, 6).zip(le16(bytes, 8));
    let table = |flags: u8| {
        if flags & 0x80 == 0 {
            0
        } else {
            3 << ((flags & 7) + 1)
        }
    };
    let Some(&flags) = bytes.get(10) else { return };
    let mut at = 13 + table(flags);
    for _ in 0..MOST_PARTS {
        match bytes.get(at) {
            Some(0x21) => {
                let label = bytes.get(at + 1).copied();
                let (text, end) = blocks(bytes, at + 2);
                if label == Some(0xFE) && parts.comments.len() < MOST_TEXTS {
                    parts
                        .comments
                        .push(String::from_utf8_lossy(&text).into_owned());
                }
                at = end;
            }
            Some(0x2C) => {
                let Some(&flags) = bytes.get(at + 9) else {
                    return;
                };
                at = blocks(bytes, at + 11 + table(flags)).1;
            }
            Some(0x3B) => {
                parts.end = Some(at + 1);
                return;
            }
            _ => return,
        }
    }
}

/// The first bytes of some sub-blocks, and where they end.
fn blocks(bytes: &[u8], mut at: usize) -> (Vec<u8>, usize) {
    let mut text = Vec::new();
    while let Some(&size) = bytes.get(at) {
        at += 1;
        if size == 0 {
            break;
        }
        let body = bytes.get(at..at + usize::from(size)).unwrap_or_default();
        if text.len() < 4096 {
            text.extend_from_slice(body);
        }
        at += usize::from(size);
    }
    (text, at)
}
