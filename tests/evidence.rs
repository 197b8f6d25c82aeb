//! What Vigie finds out beside the words: hidden data, marks and codes of pictures, text in them, where links lead; on
//! the pages and on the command line.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/company.rs"]
mod company;
#[allow(dead_code, reason = "each story needs its own part")]
#[path = "support/pages.rs"]
mod pages;

use std::io::Cursor;
use std::path::Path;
use std::process::Command;

use company::Company;
use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use jiff::SignedDuration;
use pages::signed_in;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use vigie::media::intake::{self, Brought};
use vigie::media::ocr::Ocr;
use vigie::post::actions;
use vigie::post::draft::DraftMedia;
use vigie::testing::{Browser, TestApp, both_engines};
use vigie_check::pictures;
use vigie_core::content::Digest;

const POSTER: &[u8] = include_bytes!("pictures/poster.png");

fn scene() -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(120, 80, |x, y| {
        Rgb([(x * 2) as u8, (y * 3) as u8, if x > 60 { 200 } else { 30 }])
    }))
}

fn jpeg(picture: &DynamicImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Jpeg).unwrap();
    out.into_inner()
}

/// A photograph with a position, a name and a library's credit, marked as made by a machine when `source` says so.
fn photo(source: Option<&str>) -> Vec<u8> {
    let ascii = |tag, text: &str| Field {
        tag,
        ifd_num: In::PRIMARY,
        value: Value::Ascii(vec![text.as_bytes().to_vec()]),
    };
    let angle = |tag, degrees| {
        let parts = [degrees, 30, 0].map(|num| Rational { num, denom: 1 });
        Field {
            tag,
            ifd_num: In::PRIMARY,
            value: Value::Rational(parts.to_vec()),
        }
    };
    let fields = [
        angle(Tag::GPSLatitude, 48),
        ascii(Tag::GPSLatitudeRef, "N"),
        angle(Tag::GPSLongitude, 2),
        ascii(Tag::GPSLongitudeRef, "E"),
        ascii(Tag::CameraOwnerName, "Lucie Roux"),
        ascii(Tag::Copyright, "Jane Doe / Shutterstock"),
    ];
    let mut writer = Writer::new();
    fields.iter().for_each(|f| writer.push_field(f));

    let mut plain = Cursor::new(Vec::new());
    writer.write(&mut plain, false).unwrap();
    let body = [b"Exif\0\0".to_vec(), plain.into_inner()].concat();
    let file = jpeg(&scene());
    let file = match source {
        Some(source) => pictures::declare::source(file, source),
        None => file,
    };
    let mut out = file[..2].to_vec();
    out.extend([0xFF, 0xE1]);
    out.extend(u16::try_from(body.len() + 2).unwrap().to_be_bytes());
    out.extend(body);
    out.extend(&file[2..]);
    out
}

/// Brings a file with what was typed; the digest of the picture in the form that comes back.
async fn bring(browser: &Browser, page: &str, name: &str, file: &[u8]) -> (String, Digest) {
    let mut body = Vec::new();
    for (key, value) in [
        ("channel", page),
        ("text", "Notre atelier"),
        ("lang", "fr"),
        ("when", "approved"),
    ] {
        body.extend(
            format!("--edge\r\nContent-Disposition: form-data; name=\"{key}\"\r\n\r\n{value}\r\n")
                .bytes(),
        );
    }
    body.extend(format!("--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: image/jpeg\r\n\r\n").bytes());
    body.extend(file);
    body.extend(b"\r\n--edge--\r\n");
    let mime = "multipart/form-data; boundary=edge";
    let shown = browser
        .post_raw("/posts/picture", mime, body)
        .await
        .expect(200)
        .text();
    let at = shown
        .find("name=\"media\" value=\"")
        .expect("a picture in the form")
        + 20;
    let digest = Digest::parse(&shown[at..at + 64]).unwrap();
    (shown, digest)
}

#[tokio::test]
async fn the_composer_tells_what_was_removed_and_whose_picture_it_is() {
    both_engines(|test| async move {
        let company = Company::found(&test.app).await;
        let ines = signed_in(&test, company.ines, "fr").await;
        let page = company.page.to_string();
        let (shown, digest) = bring(&ines, &page, "atelier.jpg", &photo(None)).await;
        assert!(shown.contains("CONF-META-04"), "{shown}");
        assert!(
            shown.contains("la position") && shown.contains("a été retiré"),
            "{shown}"
        );
        let mut conn = test.app.store.read().await.unwrap();
        let kept = conn.media_bytes(digest).await.unwrap();
        let again = pictures::read(None, None, &kept);
        assert_eq!(again.facts.get("gps"), None);
        assert!(
            !String::from_utf8_lossy(&kept).contains("Lucie"),
            "the name is gone"
        );
        let evidence = conn.media_evidence(digest).await.unwrap().unwrap();
        assert_eq!(evidence["facts"]["agency"], "Shutterstock");
        assert!(
            !evidence.to_string().contains("Lucie"),
            "what was removed is not kept either"
        );
        // A second file that becomes the same picture adds what is known and takes nothing away.
        drop(conn);
        let (shown, same) = bring(&ines, &page, "x.jpg", &jpeg(&scene())).await;
        assert_eq!(same, digest);
        assert!(shown.contains("CONF-META-04"));
        let plain = jpeg(&scene().rotate90());
        let (shown, _) = bring(&ines, &page, "GettyImages-12.jpg", &plain).await;
        assert!(!shown.contains("CONF-META-04"), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn the_mark_of_a_machine_made_picture_is_kept_and_judged() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let ines = signed_in(&test, company.ines, "en").await;
    let source = "compositeWithTrainedAlgorithmicMedia";
    let (shown, digest) = bring(
        &ines,
        &company.page.to_string(),
        "a.jpg",
        &photo(Some(source)),
    )
    .await;
    assert!(shown.contains("EU-AI-01"), "{shown}");
    let bytes = test
        .app
        .store
        .read()
        .await
        .unwrap()
        .media_bytes(digest)
        .await
        .unwrap();
    let again = pictures::read(None, None, &bytes);
    assert_eq!(again.facts.get("iptc"), Some(&source.into()));
    assert_eq!(again.facts.get("gps"), None);
    // A mark that a re-encoded file cannot carry itself is declared anew.
    let mut chunk = Vec::new();
    scene()
        .write_to(&mut Cursor::new(&mut chunk), ImageFormat::Png)
        .unwrap();
    let text = b"tEXtparameters\0a castle";
    let mut sum = flate2::Crc::new();
    sum.update(text);
    let mut file = chunk[..33].to_vec();
    file.extend(u32::try_from(text.len() - 4).unwrap().to_be_bytes());
    file.extend(text);
    file.extend(sum.sum().to_be_bytes());
    file.extend(&chunk[33..]);
    let (ready, _) = intake::take(&Brought::from(file), &Ocr::Off).unwrap();
    let again = pictures::read(None, None, &ready.bytes);
    assert_eq!(
        again.facts.get("iptc"),
        Some(&"trainedAlgorithmicMedia".into())
    );
}

/// Reads the poster with the real program: what it says must come out.
#[test]
fn text_in_a_picture_is_read_by_tesseract() {
    let evidence = intake::look(&Brought::from(POSTER.to_vec()), &Ocr::parse("auto"));
    assert!(
        !evidence.unread.contains(&"ocr_absent".to_owned()),
        "tesseract with fra or eng is not installed: run tests/support/packages.sh"
    );
    let text = evidence.ocr.expect("some text");
    assert!(
        text.contains("Mot de passe") && text.contains("Soleil2026"),
        "{text}"
    );
}

fn vigie(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(args)
        .current_dir(folder)
        .env("LC_ALL", "en_GB.UTF-8")
        .output()
        .unwrap();
    let text = |b: Vec<u8>| String::from_utf8(b).unwrap();
    (
        done.status.code().unwrap(),
        text(done.stdout),
        text(done.stderr),
    )
}

#[test]
fn the_command_line_reads_pictures_in_every_format_and_writes_them_clean() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("photo.jpg"), photo(Some("trainedAlgorithmicMedia"))).unwrap();
    std::fs::write(at.join("page.jpg"), b"<html><script>x()</script>").unwrap();
    std::fs::write(at.join("words.txt"), "Bonjour {{prénom}}").unwrap();
    let (status, out, err) = vigie(at, &["check", "--ocr", "off", "photo.jpg"]);
    assert!(out.contains("EU-AI-01"), "{status} {out}{err}");
    let (_, out, _) = vigie(at, &["check", "--ocr", "/nowhere", "photo.jpg"]);
    assert!(out.contains("tesseract is not installed"), "{out}");
    let (status, out, _) = vigie(
        at,
        &[
            "check",
            "--ocr",
            "off",
            "--format",
            "jsonl",
            "page.jpg",
            "words.txt",
        ],
    );
    let lines: Vec<serde_json::Value> = out
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!((status, lines.len()), (1, 2));
    assert_eq!(lines[0]["findings"][0]["rule"], "CONF-FILE-01");
    assert_eq!(lines[0]["findings"][0]["where"], "media[0].metadata");
    for format in ["json", "sarif"] {
        let (_, out, _) = vigie(
            at,
            &["check", "--ocr", "off", "--format", format, "photo.jpg"],
        );
        let whole: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert!(whole.to_string().contains("EU-AI-01"), "{whole}");
    }
    let clean = ["check", "--ocr", "off", "photo.jpg", "--clean", "ready"];
    let (_, _, err) = vigie(at, &clean);
    assert!(err.contains("photo.jpg"), "{err}");
    let found = pictures::read(
        None,
        None,
        &std::fs::read(at.join("ready/photo.jpg")).unwrap(),
    );
    assert_eq!(found.facts.get("gps"), None);
    assert_eq!(
        found.facts.get("iptc"),
        Some(&"trainedAlgorithmicMedia".into())
    );
    // Never over a file that is there; a file that is no picture is said to be none.
    let (status, _, err) = vigie(at, &clean);
    assert_eq!(status, 2, "{err}");
    let (status, _, err) = vigie(
        at,
        &["check", "--ocr", "off", "page.jpg", "--clean", "ready"],
    );
    assert!(status == 2 && err.contains("page.jpg"), "{err}");
}

/// A server that sends `/s` on to `/there`, says 404 to `/gone`, and counts.
async fn site() -> (String, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let count = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut head = vec![0; 4096];
            let read = client.read(&mut head).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let answer = match head.split(' ').nth(1).unwrap_or("") {
                "/s" => "302 Found\r\nlocation: http://10.0.0.7/recette",
                "/ok" => "200 OK",
                _ => "404 Not Found",
            };
            let answer =
                format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = client.write_all(answer.as_bytes()).await;
        }
    });
    (base, count)
}

#[tokio::test]
async fn links_are_followed_when_review_is_asked_and_what_came_out_is_kept() {
    use std::sync::atomic::Ordering;
    let (base, count) = site().await;
    let test = TestApp::with(&[("allowed_private", "127.0.0.1"), ("follow_links", "on")]).await;
    let company = Company::found(&test.app).await;
    let who = company.who(&test.app, company.ines).await;
    let text = format!("Le programme : {base}/s et {base}/gone et {base}/ok");
    let record = actions::create(&test.app, &who, &company.draft(&text))
        .await
        .unwrap();
    assert_eq!(
        count.load(Ordering::SeqCst),
        0,
        "nobody is called while somebody writes"
    );
    let rules = |report: &serde_json::Value| {
        let found = report["variants"][0]["report"]["findings"]
            .as_array()
            .unwrap()
            .clone();
        let one = |f: &serde_json::Value| {
            format!(
                "{} {}",
                f["rule"].as_str().unwrap(),
                f["where"].as_str().unwrap()
            )
        };
        found.iter().map(one).collect::<Vec<_>>()
    };
    assert!(
        !rules(record.report.as_ref().unwrap())
            .iter()
            .any(|r| r.contains("trail"))
    );
    let after = actions::submit(&test.app, &who, record.post.id)
        .await
        .unwrap();
    let found = rules(
        &test
            .app
            .store
            .read()
            .await
            .unwrap()
            .post(after.post.id)
            .await
            .unwrap()
            .report
            .unwrap(),
    );
    for wanted in [
        "IDT-LINK-05 trail[0]",
        "REP-LINK-01 trail[0].hop[0]",
        "REP-LINK-03 trail[1]",
    ] {
        assert!(found.iter().any(|f| f == wanted), "{wanted}: {found:?}");
    }
    assert!(!found.iter().any(|f| f.contains("trail[2]")), "{found:?}");
    // The same links in another post are known for a day.
    let asked = count.load(Ordering::SeqCst);
    let second = actions::create(&test.app, &who, &company.draft(&format!("Encore {base}/s")))
        .await
        .unwrap();
    assert!(
        rules(second.report.as_ref().unwrap())
            .iter()
            .any(|r| r == "IDT-LINK-05 trail[0]")
    );
    actions::submit(&test.app, &who, second.post.id)
        .await
        .unwrap();
    assert_eq!(count.load(Ordering::SeqCst), asked);
    test.wait(SignedDuration::from_hours(25));
    let third = actions::create(
        &test.app,
        &who,
        &company.draft(&format!("Toujours {base}/s")),
    )
    .await
    .unwrap();
    assert!(
        !rules(third.report.as_ref().unwrap())
            .iter()
            .any(|r| r.contains("trail"))
    );
    actions::submit(&test.app, &who, third.post.id)
        .await
        .unwrap();
    assert!(count.load(Ordering::SeqCst) > asked);
}

#[tokio::test]
async fn a_code_in_a_picture_is_read_and_its_link_judged() {
    let test = TestApp::new().await;
    let company = Company::found(&test.app).await;
    let who = company.who(&test.app, company.ines).await;
    let code = qrcode::QrCode::new("https://staging.atelier-roux.example/carte").unwrap();
    let modules = code.to_colors();
    let width = code.width();
    let picture = image::GrayImage::from_fn(400, 300, |x, y| {
        let (column, row) = (
            (x as usize).wrapping_sub(100) / 5,
            (y as usize).wrapping_sub(60) / 5,
        );
        let dark =
            column < width && row < width && modules[row * width + column] == qrcode::Color::Dark;
        image::Luma([if dark { 0 } else { 255 }])
    });
    let file = jpeg(&DynamicImage::ImageLuma8(picture));
    let row = intake::keep(&test.app, company.ines, file).await.unwrap();
    let mut draft = company.draft("Flashez le code !");
    draft.variants[0].media.push(DraftMedia {
        sha256: row.sha256,
        alt: "Un code".into(),
        decorative: false,
    });
    let record = actions::create(&test.app, &who, &draft).await.unwrap();
    let report = record.report.unwrap().to_string();
    assert!(
        report.contains("REP-LINK-01") && report.contains("media[0].code[0]"),
        "{report}"
    );
}
