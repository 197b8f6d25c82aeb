//! From what the readers found to facts that rules speak about.

use image::{DynamicImage, ImageFormat};

use super::exif::Camera;
use super::kind::{Kind, stowaway};
use super::parts::Parts;
use super::{Evidence, c2pa, codes, exif, hash, iptc, marks, xmp};
use crate::text::mask::{mask, shorten};

/// Bits in which the small picture inside may differ from the large one.
const THUMBNAIL_NEAR: u32 = 20;

/// What was found beside the pixels, before it is sorted.
#[derive(Default)]
struct Found {
    people: Vec<String>,
    owners: Vec<String>,
    credits: Vec<String>,
    software: Vec<String>,
    sources: Vec<String>,
    history: Vec<String>,
    comments: Vec<String>,
    chunks: Vec<String>,
    generators: Vec<String>,
    paths: Vec<String>,
}

/// Hidden data: what the file holds beside its pixels.
pub(super) fn hidden(kind: Kind, name: Option<&str>, bytes: &[u8], evidence: &mut Evidence) {
    let parts = Parts::of(kind, bytes);
    evidence.size = parts.size;
    if let Some(tail) = stowaway(bytes, parts.end) {
        evidence.set("tail", tail);
    }
    let camera = exif::read(kind, &parts.exif, bytes);
    let mut found = Found::default();
    let mut position = camera.position;
    let mut serials = camera.serials.clone();
    from_camera(&camera, &mut found);
    for packet in &parts.xmp {
        for (key, value) in xmp::properties(packet) {
            from_xmp(&key, value, &mut found, &mut serials, &mut position);
        }
    }
    for block in &parts.iptc {
        for (set, value) in iptc::read(block) {
            from_iptc(set, value, &mut found);
        }
    }
    for (key, value) in &parts.texts {
        from_text(key, value, &mut found);
    }
    found.comments.extend(parts.comments);
    if let Some(manifest) = (!parts.c2pa.is_empty())
        .then(|| c2pa::read(&parts.c2pa))
        .flatten()
    {
        let makers = manifest.makers.iter().flat_map(|m| marks::generators(m));
        found.generators.extend(makers.map(str::to_owned));
        let sources = match manifest.sources.is_empty() {
            true => vec!["unspecified".to_owned()],
            false => manifest.sources,
        };
        evidence.set_all("c2pa", sources);
    }
    if let Some((latitude, longitude)) = position {
        // Two decimals, about a kilometre: enough to say that it is there, too little to find a door.
        evidence.set("gps", format!("{latitude:.2}, {longitude:.2}"));
    }
    let serials = serials.iter().map(|s| mask(s)).collect();
    evidence.set_all("serial", unique(serials));
    if let Some(device) = &camera.device {
        evidence.set("camera", shorten(device, 80));
    }
    if let Some(taken) = &camera.taken {
        evidence.set("taken", shorten(taken, 40));
    }
    screenshot(name, &camera, &found, evidence);
    thumbnail(kind, bytes, &camera, evidence);
    settle(name, found, evidence);
    if let Some(orientation) = camera.orientation {
        evidence.set("orientation", f64::from(orientation));
    }
}

fn from_camera(camera: &Camera, found: &mut Found) {
    found.people.extend(camera.people.iter().cloned());
    found.owners.extend(camera.owners.iter().cloned());
    found.credits.extend(camera.copyright.clone());
    found.software.extend(camera.software.iter().cloned());
    for comment in &camera.comments {
        // Some programs write the generator's settings where a camera writes a remark.
        if comment.contains("Steps: ") && comment.contains("Sampler: ") {
            found.chunks.push("parameters".to_owned());
            found.generators.push("Stable Diffusion".to_owned());
        }
        found.comments.push(comment.clone());
    }
}

fn from_xmp(
    key: &str,
    value: String,
    found: &mut Found,
    serials: &mut Vec<String>,
    position: &mut Option<(f64, f64)>,
) {
    let bare = key.rsplit(':').next().unwrap_or(key);
    match bare {
        "DigitalSourceType" | "digitalSourceType" => found.sources.push(value),
        "Credit" | "Source" | "rights" | "WebStatement" | "CopyrightOwnerName"
        | "ImageSupplierName" | "LicensorName" | "LicensorURL" | "UsageTerms"
        | "CopyrightNotice" => {
            found.credits.push(value);
        }
        "OwnerName" => found.owners.push(value),
        "creator" | "Owner" | "Artist" | "CaptionWriter" | "ImageCreatorName" => {
            found.people.push(value);
        }
        "SerialNumber" | "BodySerialNumber" | "LensSerialNumber" => serials.push(value),
        "CreatorTool" | "Software" | "softwareAgent" | "AISystemUsed" => found.software.push(value),
        "GPSLatitude" => {
            if let Some(latitude) = degrees(&value) {
                *position = Some((latitude, position.map_or(0.0, |p| p.1)));
            }
        }
        "GPSLongitude" => {
            if let Some(longitude) = degrees(&value) {
                *position = Some((position.map_or(0.0, |p| p.0), longitude));
            }
        }
        "History" | "action" | "parameters" | "changed" => found.history.push(value),
        "filePath" | "DerivedFromPath" | "ManifestPath" => found.paths.push(value),
        "AIGC" => {
            found.chunks.push("aigc".to_owned());
        }
        "description" | "title" | "Headline" | "AIPromptInformation" | "UserComment" => {
            found.comments.push(value);
        }
        _ => {}
    }
}

/// `48,51.5N` or `48.85` as degrees.
fn degrees(text: &str) -> Option<f64> {
    let side = text.chars().next_back()?;
    let sign = if matches!(side, 'S' | 'W') { -1.0 } else { 1.0 };
    let mut sum = 0.0;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    for (part, scale) in digits.split(',').zip([1.0, 60.0, 3600.0]) {
        sum += part.trim().parse::<f64>().ok()? / scale;
    }
    (sum.is_finite() && sum.abs() <= 180.0).then_some(sum * sign)
}

fn from_iptc(set: u8, value: String, found: &mut Found) {
    match set {
        80 | 122 => found.people.push(value),
        110 | 115 | 116 => found.credits.push(value),
        65 => found.software.push(value),
        5 | 105 | 120 => found.comments.push(value),
        _ => {}
    }
}

fn from_text(key: &str, value: &str, found: &mut Found) {
    if let Some(chunk) = marks::generator_chunk(key) {
        found.chunks.push(chunk.to_owned());
    }
    let short = shorten(value, 2_000);
    match key.to_ascii_lowercase().as_str() {
        "software" | "creation tool" => found.software.push(short),
        "author" | "artist" => found.people.push(short),
        "copyright" | "source" | "credit" => found.credits.push(short),
        _ => found.comments.push(short),
    }
}

/// Sorts what was found into facts.
fn settle(name: Option<&str>, found: Found, evidence: &mut Evidence) {
    let mut generators = found.generators;
    let software = found.software.iter().chain(&found.credits);
    let known = software.flat_map(|s| marks::generators(s));
    generators.extend(known.map(str::to_owned));
    // In free text only a generator's own signs count: people write about programs.
    let signed = found.comments.iter().filter(|c| {
        c.contains("Job ID:")
            || c.contains(" --v ")
            || c.contains("Sampler: ")
            || c.contains("\"prompt\"")
    });
    let named: Vec<&str> = signed.flat_map(|c| marks::generators(c)).collect();
    generators.extend(named.into_iter().map(str::to_owned));
    let sources = found.sources.iter().map(|s| {
        let last = s.trim_end_matches('/').rsplit('/').next().unwrap_or(s);
        last.chars()
            .filter(char::is_ascii_alphabetic)
            .take(60)
            .collect()
    });
    let sources: Vec<String> = unique(sources.collect());
    evidence.set_all("iptc", sources);
    let apps = found.software.iter().chain(&found.comments);
    let apps = apps.flat_map(|s| marks::apps(s)).map(str::to_owned);
    evidence.set_all("app", unique(apps.collect()));
    let tools = found.history.iter().flat_map(|h| marks::tools(h));
    let tools = unique(tools.map(str::to_owned).collect());
    if tools.iter().any(|t| t == "generative fill") {
        evidence.set("ai", true);
    }
    evidence.set_all("xmp", tools);
    let marked = found.credits.iter().chain(&found.people);
    let mut agencies: Vec<String> = marked
        .chain(&found.comments)
        .flat_map(|c| marks::agencies(c))
        .chain(name.into_iter().flat_map(marks::agencies))
        .map(str::to_owned)
        .collect();
    agencies = unique(agencies);
    evidence.set_all("agency", agencies.clone());
    let credits = found.credits.iter().map(|c| shorten(c, 200));
    evidence.set_all(
        "credit",
        unique(agencies.into_iter().chain(credits).collect()),
    );
    let short = |list: &[String]| unique(list.iter().map(|v| shorten(v, 120)).collect());
    evidence.set_all("artist", short(&found.people));
    evidence.set_all("owner", short(&found.owners));
    evidence.set_all("software", short(&found.software));
    evidence.set_all("comment", short(&found.comments));
    evidence.set_all("path", short(&found.paths));
    let chunks = unique(found.chunks);
    let generators = unique(generators);
    let marked = !chunks.is_empty() || !generators.is_empty();
    evidence.set_all("png_text", chunks);
    evidence.set_all("generator", generators);
    if marked || evidence.names_ai() {
        evidence.set("ai", true);
    }
}

impl Evidence {
    /// Whether a digital source type says that a machine made it.
    fn names_ai(&self) -> bool {
        self.source_to_keep().is_some()
    }
}

fn unique(list: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for one in list {
        if !one.trim().is_empty() && !out.contains(&one) {
            out.push(one);
        }
    }
    out
}

/// A picture of a screen: it says so, or it has the size of one and no camera took it.
fn screenshot(name: Option<&str>, camera: &Camera, found: &Found, evidence: &mut Evidence) {
    let said = name.is_some_and(marks::says_screenshot)
        || found.comments.iter().any(|c| marks::says_screenshot(c))
        || found.sources.iter().any(|s| s.ends_with("screenCapture"));
    let sized = camera.device.is_none()
        && evidence
            .size
            .is_some_and(|(w, h)| marks::screen(w, h) == marks::ScreenSize::Only);
    if said || sized {
        evidence.set("screenshot", true);
    }
}

/// The small picture inside shows something else than the large one: it was cropped, and the rest is still there.
fn thumbnail(kind: Kind, bytes: &[u8], camera: &Camera, evidence: &mut Evidence) {
    let Some(small) = &camera.thumbnail else {
        return;
    };
    let format = match kind {
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Png => ImageFormat::Png,
        Kind::Webp => ImageFormat::WebP,
        _ => return,
    };
    let small = super::unpack(small, ImageFormat::Jpeg).map(without_bars);
    let large = super::unpack(bytes, format);
    let (Ok(small), Ok(large)) = (small, large) else {
        return;
    };
    let shape = |p: &DynamicImage| f64::from(p.width()) / f64::from(p.height().max(1));
    let other_shape = (shape(&small) / shape(&large) - 1.0).abs() > 0.08;
    let far = hash::of(&small)
        .zip(hash::of(&large))
        .is_some_and(|(a, b)| (a ^ b).count_ones() > THUMBNAIL_NEAR);
    if other_shape || far {
        evidence.set("thumbnail", "other crop");
    }
}

/// Cameras fill a small picture of fixed shape with black bars.
fn without_bars(picture: DynamicImage) -> DynamicImage {
    let luma = picture.to_luma8();
    let (width, height) = luma.dimensions();
    let dark = |mut points: Box<dyn Iterator<Item = (u32, u32)>>| {
        points.all(|(x, y)| luma.get_pixel(x, y).0[0] < 18)
    };
    let row = |y: u32| dark(Box::new((0..width).map(move |x| (x, y))));
    let column = |x: u32| dark(Box::new((0..height).map(move |y| (x, y))));
    let top = (0..height).take_while(|y| row(*y)).count() as u32;
    let left = (0..width).take_while(|x| column(*x)).count() as u32;
    let bottom = (0..height).rev().take_while(|y| row(*y)).count() as u32;
    let right = (0..width).rev().take_while(|x| column(*x)).count() as u32;
    let (w, h) = (
        width.saturating_sub(left + right),
        height.saturating_sub(top + bottom),
    );
    if w == 0 || h == 0 {
        picture
    } else {
        picture.crop_imm(left, top, w, h)
    }
}

/// What the pixels show: codes and a fingerprint.
pub(super) fn shown(picture: &DynamicImage, evidence: &mut Evidence) {
    let turned = match evidence.facts.remove("orientation") {
        Some(crate::FactValue::Number(n)) => {
            let turn = image::metadata::Orientation::from_exif(n as u8);
            let mut upright = picture.clone();
            upright.apply_orientation(turn.unwrap_or(image::metadata::Orientation::NoTransforms));
            Some(upright)
        }
        _ => None,
    };
    let picture = turned.as_ref().unwrap_or(picture);
    if let Some(hash) = hash::of(picture) {
        evidence.set("hash", hash::write(hash));
    }
    match codes::read(picture) {
        Ok(codes) => {
            let purposes = codes.iter().map(|c| c.purpose.clone()).collect();
            evidence.set_all("code_kinds", unique(purposes));
            evidence.codes = codes;
        }
        Err(codes::GaveUp) => evidence.unread.push("codes".to_owned()),
    }
}
