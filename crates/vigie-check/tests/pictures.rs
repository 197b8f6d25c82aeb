//! Pictures made here, honest and hostile: what is found in them, and that nothing in them can stop the reader.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::io::Cursor;

use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use proptest::prelude::*;
use rxing::{BarcodeFormat, MultiFormatWriter, Writer as _};
use vigie_check::FactValue;
use vigie_check::pictures::{self, Evidence, declare, hash};

/// A scene with something in it, so that fingerprints mean something.
fn scene(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
        let hill = (y > 0.6 + 0.2 * (x * 9.0).sin()) as u8;
        let sun = ((x - 0.7).powi(2) + (y - 0.25).powi(2) < 0.02) as u8;
        Rgb([90 + 120 * sun, 60 + 100 * hill, 200 - 150 * hill])
    }))
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn jpeg(picture: &DynamicImage) -> Vec<u8> {
    written(picture, ImageFormat::Jpeg)
}

fn png(picture: &DynamicImage) -> Vec<u8> {
    written(picture, ImageFormat::Png)
}

/// A JPEG with a segment behind its first two bytes.
fn with_segment(file: &[u8], code: u8, body: &[u8]) -> Vec<u8> {
    let mut out = file[..2].to_vec();
    out.extend([0xFF, code]);
    out.extend(u16::try_from(body.len() + 2).unwrap().to_be_bytes());
    out.extend(body);
    out.extend(&file[2..]);
    out
}

/// A PNG with a chunk behind its header.
fn with_chunk(file: &[u8], name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = file[..33].to_vec();
    out.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    out.extend(name);
    out.extend(body);
    let mut sum = flate2::Crc::new();
    sum.update(name);
    sum.update(body);
    out.extend(sum.sum().to_be_bytes());
    out.extend(&file[33..]);
    out
}

fn exif_of(fields: &[Field], thumbnail: Option<&[u8]>) -> Vec<u8> {
    let mut writer = Writer::new();
    fields.iter().for_each(|f| writer.push_field(f));
    if let Some(small) = thumbnail {
        writer.set_jpeg(small, In::THUMBNAIL);
    }
    let mut out = Cursor::new(Vec::new());
    writer.write(&mut out, false).unwrap();
    out.into_inner()
}

fn ascii(tag: Tag, text: &str) -> Field {
    Field {
        tag,
        ifd_num: In::PRIMARY,
        value: Value::Ascii(vec![text.as_bytes().to_vec()]),
    }
}

fn angle(tag: Tag, parts: [u32; 3]) -> Field {
    let parts = parts.iter().map(|n| Rational { num: *n, denom: 1 });
    Field {
        tag,
        ifd_num: In::PRIMARY,
        value: Value::Rational(parts.collect()),
    }
}

fn camera() -> Vec<Field> {
    vec![
        angle(Tag::GPSLatitude, [48, 51, 30]),
        ascii(Tag::GPSLatitudeRef, "N"),
        angle(Tag::GPSLongitude, [2, 21, 0]),
        ascii(Tag::GPSLongitudeRef, "W"),
        ascii(Tag::Artist, "Lucie Roux"),
        ascii(Tag::Make, "Canon"),
        ascii(Tag::Model, "Canon EOS R5"),
        ascii(Tag::BodySerialNumber, "032021001234"),
        ascii(Tag::Software, "Meitu 9.1"),
        ascii(Tag::Copyright, "(c) Getty Images"),
    ]
}

fn with_exif(file: &[u8], block: &[u8]) -> Vec<u8> {
    with_segment(file, 0xE1, &[b"Exif\0\0".as_slice(), block].concat())
}

fn with_xmp(file: &[u8], properties: &str) -> Vec<u8> {
    let packet = format!(
        "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description>{properties}\
         </rdf:Description></rdf:RDF></x:xmpmeta>"
    );
    with_segment(file, 0xE1, packet.as_bytes())
}

fn read(bytes: &[u8]) -> Evidence {
    pictures::read(None, None, bytes)
}

fn text<'a>(evidence: &'a Evidence, key: &str) -> &'a str {
    match evidence.facts.get(key) {
        Some(FactValue::Text(t)) => t,
        other => panic!("{key}: {other:?} in {:?}", evidence.facts),
    }
}

fn list(evidence: &Evidence, key: &str) -> Vec<String> {
    match evidence.facts.get(key) {
        Some(FactValue::Text(t)) => vec![t.clone()],
        Some(FactValue::List(l)) => l.clone(),
        None => vec![],
        other => panic!("{key}: {other:?}"),
    }
}

#[test]
fn what_a_camera_wrote_is_found_and_its_numbers_are_masked() {
    let found = read(&with_exif(&jpeg(&scene(90, 60)), &exif_of(&camera(), None)));
    assert_eq!(text(&found, "gps"), "48.86, -2.35");
    assert_eq!(text(&found, "artist"), "Lucie Roux");
    assert_eq!(text(&found, "camera"), "Canon EOS R5");
    assert_eq!(text(&found, "app"), "Meitu");
    assert_eq!(text(&found, "agency"), "Getty Images");
    assert_eq!(list(&found, "credit"), ["Getty Images", "(c) Getty Images"]);
    let serial = text(&found, "serial");
    assert!(
        serial.starts_with("0320") && !serial.contains("1234"),
        "{serial}"
    );
    assert_eq!(found.facts.get("ai"), None);
    assert!(found.unread.is_empty(), "{:?}", found.unread);
    // A PNG and a WebP carry the same block.
    let file = with_chunk(&png(&scene(90, 60)), b"eXIf", &exif_of(&camera(), None));
    assert_eq!(text(&read(&file), "gps"), "48.86, -2.35");
    let mut file = written(&scene(90, 60), ImageFormat::WebP);
    let block = exif_of(&camera(), None);
    file.extend(b"EXIF");
    file.extend(u32::try_from(block.len()).unwrap().to_le_bytes());
    file.extend(block);
    assert_eq!(text(&read(&file), "artist"), "Lucie Roux");
}

#[test]
fn zeros_are_no_position_and_a_picture_without_hidden_data_says_nothing() {
    let fields = [
        angle(Tag::GPSLatitude, [0, 0, 0]),
        angle(Tag::GPSLongitude, [0, 0, 0]),
    ];
    let found = read(&with_exif(&jpeg(&scene(90, 60)), &exif_of(&fields, None)));
    assert!(!found.facts.contains_key("gps"));
    let found = read(&jpeg(&scene(90, 60)));
    let keys: Vec<&str> = found.facts.keys().map(String::as_str).collect();
    assert_eq!(keys, ["hash", "type"]);
    assert_eq!(
        (found.size, found.mime.as_str()),
        (Some((90, 60)), "image/jpeg")
    );
}

#[test]
fn a_small_picture_inside_that_shows_more_is_found() {
    let whole = scene(600, 400);
    let cropped = whole.crop_imm(0, 0, 260, 400);
    let small = |p: &DynamicImage| jpeg(&p.thumbnail(160, 160));
    let file = with_exif(&jpeg(&cropped), &exif_of(&camera(), Some(&small(&whole))));
    assert_eq!(text(&read(&file), "thumbnail"), "other crop");
    let file = with_exif(&jpeg(&cropped), &exif_of(&camera(), Some(&small(&cropped))));
    assert!(!read(&file).facts.contains_key("thumbnail"));
    // Cameras fill 4:3 with black bars: that is no crop.
    let mut bars = RgbImage::new(160, 120);
    image::imageops::overlay(&mut bars, &whole.thumbnail_exact(160, 107).to_rgb8(), 0, 6);
    let bars = jpeg(&DynamicImage::ImageRgb8(bars));
    let file = with_exif(&jpeg(&whole), &exif_of(&camera(), Some(&bars)));
    assert!(!read(&file).facts.contains_key("thumbnail"));
}

#[test]
fn xmp_and_iptc_give_credits_sources_tools_and_people() {
    let xmp = "<photoshop:Credit>AFP</photoshop:Credit>\
        <Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>\
        <photoshop:History>Liquify&#xA;Save</photoshop:History><exif:GPSLatitude>48,51.5N</exif:GPSLatitude><exif:GPSLongitude>2,21.0E</exif:GPSLongitude>\
        <dc:creator><rdf:Seq><rdf:li>Paul Petit</rdf:li></rdf:Seq></dc:creator>";
    let found = read(&with_xmp(&jpeg(&scene(90, 60)), xmp));
    assert_eq!(text(&found, "agency"), "AFP");
    assert_eq!(text(&found, "iptc"), "compositeWithTrainedAlgorithmicMedia");
    assert_eq!(text(&found, "xmp"), "liquify");
    assert_eq!(text(&found, "gps"), "48.86, 2.35");
    assert_eq!(text(&found, "artist"), "Paul Petit");
    assert_eq!(found.facts.get("ai"), Some(&FactValue::Bool(true)));

    let mut iim = b"Photoshop 3.0\08BIM\x04\x04\0\0".to_vec();
    let sets = b"\x1C\x02\x6E\0\x07Reuters\x1C\x02\x50\0\x08J. Smith";
    iim.extend(u32::try_from(sets.len()).unwrap().to_be_bytes());
    iim.extend(sets);
    let found = read(&with_segment(&jpeg(&scene(90, 60)), 0xED, &iim));
    assert_eq!(
        (text(&found, "agency"), text(&found, "artist")),
        ("Reuters", "J. Smith")
    );
}

#[test]
fn marks_of_generators_are_found_wherever_they_stand() {
    let scene = scene(90, 60);
    let ai = |e: &Evidence| e.facts.get("ai") == Some(&FactValue::Bool(true));
    let chunk = with_chunk(
        &png(&scene),
        b"tEXt",
        b"parameters\0a castle, Steps: 20, Sampler: Euler",
    );
    let found = read(&chunk);
    assert_eq!((text(&found, "png_text"), ai(&found)), ("parameters", true));
    assert_eq!(found.source_to_keep(), Some("trainedAlgorithmicMedia"));

    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, b"{\"1\": {}}").unwrap();
    let body = [
        b"workflow\0\x01\0\0\0".as_slice(),
        &packed.finish().unwrap(),
    ]
    .concat();
    assert_eq!(
        text(&read(&with_chunk(&png(&scene), b"iTXt", &body)), "png_text"),
        "workflow"
    );

    let said = ascii(Tag::Software, "Adobe Firefly");
    let found = read(&with_exif(&jpeg(&scene), &exif_of(&[said], None)));
    assert_eq!(
        (text(&found, "generator"), ai(&found)),
        ("Adobe Firefly", true)
    );

    let jumbf = b"JP\0\x01\0\0\0\x01\0\0\0\x70jumb\0\0\0\x1Ejumdc2pa\0\x11\0\x10\x80\0\0\xAA\0\x38\x9B\x71\x03c2pa\0digitalSourceType\x78\x46http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia\x6fclaim_generator\x67ChatGPT";
    let found = read(&with_segment(&jpeg(&scene), 0xEB, jumbf));
    assert_eq!(text(&found, "c2pa"), "trainedAlgorithmicMedia");
    assert_eq!((text(&found, "generator"), ai(&found)), ("OpenAI", true));

    // A photograph is signed too, and people write about programs.
    let photo = String::from_utf8_lossy(jumbf)
        .replace("trainedAlgorithmicMedia", "digitalCapture")
        .replace("ChatGPT", "Leica 7");
    let found = read(&with_segment(&jpeg(&scene), 0xEB, photo.as_bytes()));
    assert_eq!(
        (text(&found, "c2pa"), ai(&found)),
        ("digitalCapture", false)
    );
    let said = ascii(
        Tag::ImageDescription,
        "Our talk about Midjourney and Stable Diffusion",
    );
    assert!(!ai(&read(&with_exif(
        &jpeg(&scene),
        &exif_of(&[said], None)
    ))));
}

#[test]
fn the_origin_is_written_back_and_read_again() {
    for file in [jpeg(&scene(90, 60)), png(&scene(90, 60))] {
        let marked = declare::source(file.clone(), "trainedAlgorithmicMedia");
        assert_eq!(text(&read(&marked), "iptc"), "trainedAlgorithmicMedia");
        assert!(image::load_from_memory(&marked).is_ok());
        assert_eq!(declare::source(file.clone(), "<x>"), file);
    }
}

/// A scene with bar codes on it.
fn with_codes(width: u32, height: u32, codes: &[(BarcodeFormat, &str, u32, u32)]) -> DynamicImage {
    let mut picture = scene(width, height).to_luma8();
    for (format, text, x, y) in codes {
        let (w, h) = match format {
            BarcodeFormat::PDF_417 => (420, 150),
            BarcodeFormat::CODE_128 => (360, 80),
            _ => (180, 180),
        };
        let matrix = MultiFormatWriter.encode(text, format, w, h).unwrap();
        let size = (matrix.getWidth(), matrix.getHeight());
        // Writers of Aztec and Data Matrix leave no quiet border.
        let mut card = GrayImage::from_pixel(size.0 + 24, size.1 + 24, Luma([255]));
        for (px, py) in (0..size.0).flat_map(|x| (0..size.1).map(move |y| (x, y))) {
            if matrix.get(px, py) {
                card.put_pixel(px + 12, py + 12, Luma([0]));
            }
        }
        image::imageops::overlay(&mut picture, &card, i64::from(*x), i64::from(*y));
    }
    DynamicImage::ImageLuma8(picture)
}

const PASS: &str = "M1ROUX/LUCIE          EQ7XK2P CDGHNDAF 0274 328Y021A0043 100";

#[test]
fn codes_are_read_wherever_they_stand_and_their_purpose_told() {
    for (format, text, purpose) in [
        (BarcodeFormat::QR_CODE, "https://bit.ly/roux", "url"),
        (
            BarcodeFormat::QR_CODE,
            "WIFI:T:WPA;S:Atelier;P:Soleil2026;;",
            "wifi",
        ),
        (BarcodeFormat::AZTEC, PASS, "boarding_pass"),
        (BarcodeFormat::PDF_417, PASS, "boarding_pass"),
        (
            BarcodeFormat::DATA_MATRIX,
            "DC04FR0000011E8A1E8A0101FRX",
            "2d-doc",
        ),
        (BarcodeFormat::CODE_128, "SN-00481516", "text"),
    ] {
        for at in [(20, 30), (520, 300)] {
            let picture = with_codes(1000, 600, &[(format, text, at.0, at.1)]);
            let found = read(&jpeg(&picture));
            assert_eq!(
                found.codes.len(),
                1,
                "{format:?} at {at:?}: {:?}",
                found.codes
            );
            assert_eq!(
                (
                    found.codes[0].text.as_str(),
                    found.codes[0].purpose.as_str()
                ),
                (text, purpose)
            );
            assert_eq!(list(&found, "code_kinds"), [purpose]);
        }
    }
}

#[test]
fn several_codes_are_read_and_a_picture_without_any_has_none() {
    let two = [
        (
            BarcodeFormat::QR_CODE,
            "https://atelier-roux.example/a",
            30,
            30,
        ),
        (
            BarcodeFormat::QR_CODE,
            "otpauth://totp/Roux?secret=ABCDEFGH",
            700,
            500,
        ),
    ];
    let found = read(&png(&with_codes(1100, 800, &two)));
    let mut purposes = list(&found, "code_kinds");
    purposes.sort();
    assert_eq!(purposes, ["otpauth", "url"]);
    assert!(read(&png(&scene(1100, 800))).codes.is_empty());
}

#[test]
fn a_fingerprint_survives_saving_and_shrinking_and_tells_other_pictures_apart() {
    let of = |p: &DynamicImage| hash::of(p).unwrap();
    let whole = scene(900, 600);
    let again = image::load_from_memory(&jpeg(&whole.resize(
        300,
        300,
        image::imageops::FilterType::Triangle,
    )))
    .unwrap();
    assert!(hash::near(of(&whole), of(&again.brighten(25))));
    assert!(!hash::near(of(&whole), of(&whole.fliph())));
    assert!(!hash::near(
        of(&whole),
        of(
            &with_codes(900, 600, &[(BarcodeFormat::QR_CODE, "x", 300, 200)])
                .crop_imm(200, 100, 400, 400)
        )
    ));
    assert_eq!(hash::of(&DynamicImage::new_rgb8(50, 50)), None);
    assert_eq!(hash::read(&hash::write(of(&whole))), Some(of(&whole)));
    assert_eq!(hash::read("xyz"), None);
}

#[test]
fn screenshots_are_known_by_size_and_name() {
    let is = |e: Evidence| e.facts.get("screenshot") == Some(&FactValue::Bool(true));
    let phone =
        png(&scene(117, 253).resize_exact(1170, 2532, image::imageops::FilterType::Nearest));
    assert!(is(read(&phone)));
    let file = png(&scene(120, 80));
    assert!(is(pictures::read(
        Some("Screenshot 2026-01-02.png"),
        None,
        &file
    )));
    assert!(!is(pictures::read(Some("atelier.png"), None, &file)));
}

#[test]
fn files_that_are_not_what_they_say_are_told() {
    let file = png(&scene(60, 40));
    let disguise = |name, declared| {
        let found = pictures::read(name, declared, &file);
        found.facts.get("disguise").cloned()
    };
    assert_eq!(disguise(Some("a.png"), Some("image/png")), None);
    assert_eq!(disguise(Some("a.jpg"), None), Some("name".into()));
    assert_eq!(disguise(None, Some("image/jpeg")), Some("declared".into()));
    let page = pictures::read(Some("photo.jpg"), None, b"<html><script>1</script>");
    assert_eq!(
        (
            text(&page, "type"),
            text(&page, "disguise"),
            text(&page, "tail")
        ),
        ("text/html", "name", "script")
    );
    assert_eq!(page.unread, ["kind"]);
    for (tail, what) in [
        (
            b"PK\x03\x04zipped and long enough to be something".as_slice(),
            "zip",
        ),
        (
            b"\0\0\0\x20ftypmp42a film of what happened around the photo",
            "video",
        ),
        (
            b"<?php system('id'); ?>                                 ",
            "script",
        ),
    ] {
        for file in [
            jpeg(&scene(60, 40)),
            png(&scene(60, 40)),
            written(&scene(60, 40), ImageFormat::Gif),
            written(&scene(60, 40), ImageFormat::WebP),
        ] {
            let mut file = file;
            assert!(
                !read(&file).facts.contains_key("tail"),
                "{:?}",
                read(&file).facts
            );
            file.extend(tail);
            assert_eq!(text(&read(&file), "tail"), what);
        }
    }
    assert!(pictures::is_picture("x.bin", &jpeg(&scene(9, 9))));
    assert!(pictures::is_picture("x.jpg", b"text"));
    assert!(!pictures::is_picture("x.md", b"<svg/> is a tag"));
}

#[test]
fn bombs_and_broken_files_are_said_to_be_so() {
    let mut bomb = png(&scene(60, 40));
    bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&sum.sum().to_be_bytes());
    assert_eq!(read(&bomb).unread, ["size"]);
    assert_eq!(read(&bomb).size, Some((60_000, 60_000)));
    let file = jpeg(&scene(60, 40));
    assert_eq!(read(&file[..40]).unread, ["damaged"]);
    assert_eq!(
        read(&vec![0xFF; pictures::MOST_BYTES + 1]).unread,
        ["bytes"]
    );
    assert_eq!(read(b"").unread, ["kind"]);
    // A text that unpacks to a hundred megabytes is read as far as it is useful.
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packed, &vec![b'a'; 100 << 20]).unwrap();
    let body = [b"Comment\0\0".as_slice(), &packed.finish().unwrap()].concat();
    assert!(
        read(&with_chunk(&png(&scene(60, 40)), b"zTXt", &body))
            .facts
            .contains_key("comment")
    );
}

#[test]
fn nothing_nasty_takes_long() {
    let begun = std::time::Instant::now();
    let mut many = b"\xFF\xD8".to_vec();
    (0..400_000).for_each(|_| many.extend(b"\xFF\xFE\0\x04<x"));
    read(&many);
    let mut chunks = png(&scene(60, 40))[..33].to_vec();
    (0..300_000).for_each(|_| chunks.extend(b"\0\0\0\0tEXt\0\0\0\0"));
    read(&chunks);
    let deep = format!(
        "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>{}</x:xmpmeta>",
        "<a ".repeat(20_000)
    );
    read(&with_segment(&jpeg(&scene(60, 40)), 0xE1, deep.as_bytes()));
    read(
        &[
            b"GIF89a\x01\0\x01\0\x80\0\0".as_slice(),
            &b"!\xFE\x01a\0".repeat(300_000),
        ]
        .concat(),
    );
    let noise = GrayImage::from_fn(1600, 1200, |x, y| {
        Luma([(x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).rotate_left(7) as u8])
    });
    read(&png(&DynamicImage::ImageLuma8(noise)));
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_stop_the_reader(head in 0..9_usize, bytes in prop::collection::vec(any::<u8>(), 0..3000), name in ".{0,20}") {
        const HEADS: [&[u8]; 9] = [b"", b"\xFF\xD8\xFF\xE1\0\x40Exif\0\0MM\0*", b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", b"RIFF\xFF\xFF\0\0WEBPEXIF", b"GIF89a", b"II*\0\x08\0\0\0", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"\xFF\xD8\xFF\xED\0\x80Photoshop 3.0\08BIM\x04\x04", b"\xFF\xD8\xFF\xEB\0\x80JP\0\x01\0\0\0\x01jumdc2pa"];
        let file = [HEADS[head], &bytes].concat();
        let once = pictures::read(Some(&name), Some(&name), &file);
        prop_assert_eq!(&once, &pictures::read(Some(&name), Some(&name), &file));
    }

    #[test]
    fn a_picture_with_some_bytes_changed_never_stops_the_reader(at in prop::collection::vec((0..4000_usize, any::<u8>()), 1..12), cut in 0..4000_usize, kind in 0..4_usize) {
        let mut file = match kind {
            0 => with_exif(&jpeg(&scene(40, 30)), &exif_of(&camera(), Some(&jpeg(&scene(16, 12))))),
            1 => with_chunk(&with_chunk(&png(&scene(40, 30)), b"eXIf", &exif_of(&camera(), None)), b"tEXt", b"prompt\0x"),
            2 => written(&scene(40, 30), ImageFormat::WebP),
            _ => written(&scene(40, 30), ImageFormat::Gif),
        };
        for (at, byte) in at {
            let length = file.len();
            file[at % length] = byte;
        }
        file.truncate(file.len().min(cut.max(8)));
        read(&file);
    }
}
