//! Text in pictures, read by Debian's `tesseract` where it is installed. It is another program: it gets a picture that
//! Vigie decoded and encoded itself, on disk, and so many seconds; words that it is not sure of are left out.

use std::io::{Cursor, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use image::{DynamicImage, ImageFormat};
use vigie_check::pictures::Evidence;

/// How long one picture may take.
const WITHIN: Duration = Duration::from_secs(20);
/// Longest side that is read, pixels.
const SIDE: u32 = 2_400;
/// Shorter pictures are made larger: the program reads letters of some thirty pixels best.
const LEAST_SIDE: u32 = 1_200;
/// Bytes of its answer that are read.
const MOST_ANSWER: u64 = 4 * 1024 * 1024;
/// How sure it must be of a word, out of 100.
const SURE: f32 = 55.0;
/// Characters that are kept.
const MOST_TEXT: usize = 20_000;

/// Whether and with what text in pictures is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ocr {
    /// Not read, and nothing said about it.
    Off,
    /// Read by this program, looked for on the `PATH` unless it is a path.
    Program(PathBuf),
}

impl Ocr {
    /// From the setting: `off`, `auto` or a program.
    pub fn parse(setting: &str) -> Self {
        match setting {
            "off" => Self::Off,
            "" | "auto" => Self::Program(PathBuf::from("tesseract")),
            other => Self::Program(PathBuf::from(other)),
        }
    }

    /// Reads a picture and notes the text, or why there is none. Blocks.
    pub fn note(&self, picture: &DynamicImage, evidence: &mut Evidence) {
        let Self::Program(program) = self else { return };
        let trouble = match langs(program) {
            None => "ocr_absent",
            Some(langs) => match read(program, &langs, picture) {
                Some(text) => {
                    evidence.ocr = (!text.is_empty()).then_some(text);
                    return;
                }
                None => "ocr",
            },
        };
        evidence.unread.push(trouble.to_owned());
    }
}

/// The languages that the program knows among ours, as it wants them; nothing when it is not there.
fn langs(program: &PathBuf) -> Option<String> {
    static KNOWN: OnceLock<(PathBuf, Option<String>)> = OnceLock::new();
    let ask = || {
        let out = command(program).arg("--list-langs").output().ok()?;
        let list = String::from_utf8_lossy(&out.stdout).into_owned();
        let known = ["fra", "eng"]
            .into_iter()
            .filter(|l| list.lines().any(|line| line.trim() == *l));
        let known: Vec<&str> = known.collect();
        (!known.is_empty()).then(|| known.join("+"))
    };
    // Asked once a run; a second program in one run (tests) is asked each time.
    let (asked, found) = KNOWN.get_or_init(|| (program.clone(), ask()));
    if asked == program {
        found.clone()
    } else {
        ask()
    }
}

/// The program with nothing of our environment but where to find things.
fn command(program: &PathBuf) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("OMP_THREAD_LIMIT", "1");
    for name in ["PATH", "TESSDATA_PREFIX"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

fn read(program: &PathBuf, langs: &str, picture: &DynamicImage) -> Option<String> {
    let mut input = tempfile::Builder::new().suffix(".png").tempfile().ok()?;
    input.write_all(&png(picture)?).ok()?;
    input.flush().ok()?;
    let mut child = command(program)
        .arg(input.path())
        .args(["stdout", "-l", langs, "--psm", "11", "tsv"])
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let answer = child.stdout.take()?;
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        answer
            .take(MOST_ANSWER)
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    });
    let until = Instant::now() + WITHIN;
    let done = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status.success(),
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(15)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                break false;
            }
        }
    };
    let bytes = reader.join().ok()?.ok()?;
    done.then(|| words(&String::from_utf8_lossy(&bytes)))
}

/// Grey, of a size that can be read.
fn png(picture: &DynamicImage) -> Option<Vec<u8>> {
    let side = picture.width().max(picture.height());
    let wanted = side.clamp(LEAST_SIDE, SIDE);
    let grey = DynamicImage::ImageLuma8(picture.to_luma8());
    let filter = image::imageops::FilterType::CatmullRom;
    let sized = if wanted == side {
        grey
    } else {
        grey.resize(wanted, wanted, filter)
    };
    let mut out = Cursor::new(Vec::new());
    sized.write_to(&mut out, ImageFormat::Png).ok()?;
    Some(out.into_inner())
}

/// The sure words of an answer, a line of the picture a line: columns are level, page, block, paragraph, line, word,
/// left, top, width, height, confidence, text.
fn words(tsv: &str) -> String {
    let mut out = String::new();
    let mut last = None;
    for line in tsv.lines().skip(1) {
        let cells: Vec<&str> = line.splitn(12, '\t').collect();
        let [_, page, block, paragraph, row, _, _, _, _, _, sure, word] = cells.as_slice() else {
            continue;
        };
        let sure = sure.parse::<f32>().unwrap_or(-1.0);
        if sure < SURE || word.trim().is_empty() {
            continue;
        }
        let place = Some((*page, *block, *paragraph, *row));
        if !out.is_empty() {
            out.push(if place == last { ' ' } else { '\n' });
        }
        last = place;
        out.push_str(word.trim());
        if out.len() > MOST_TEXT {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sure_words_are_kept_in_their_lines() {
        let tsv = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n\
            4\t1\t1\t1\t1\t0\t0\t0\t9\t9\t-1\t\n5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t96.5\tWi-Fi\n\
            5\t1\t1\t1\t1\t2\t0\t0\t9\t9\t12\t#~|\n5\t1\t1\t1\t1\t3\t0\t0\t9\t9\t91\tSoleil2026\n\
            5\t1\t1\t1\t2\t1\t0\t0\t9\t9\t90\tAccueil\nbroken\n";
        assert_eq!(words(tsv), "Wi-Fi Soleil2026\nAccueil");
        assert_eq!(words(""), "");
    }

    #[test]
    fn without_the_program_the_evidence_says_so_and_off_says_nothing() {
        let picture = DynamicImage::new_rgb8(40, 30);
        let mut evidence = Evidence::default();
        Ocr::parse("/nowhere/tesseract").note(&picture, &mut evidence);
        assert_eq!(evidence.unread, ["ocr_absent"]);
        let mut evidence = Evidence::default();
        Ocr::parse("off").note(&picture, &mut evidence);
        assert_eq!(evidence, Evidence::default());
    }

    #[test]
    fn a_program_that_fails_or_floods_is_a_reading_that_did_not_happen() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let script = |name: &str, body: &str| {
            let path = folder.path().join(name);
            let list = "if [ \"$1\" = --list-langs ]; then echo fra; exit 0; fi";
            std::fs::write(&path, format!("#!/bin/sh\n{list}\n{body}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            Ocr::Program(path)
        };
        let picture = DynamicImage::new_rgb8(40, 30);
        for (name, body) in [
            ("fails", "exit 3"),
            ("floods", "yes | head -c 9000000; exit 1"),
        ] {
            let mut evidence = Evidence::default();
            script(name, body).note(&picture, &mut evidence);
            assert_eq!(
                (evidence.unread, evidence.ocr),
                (vec!["ocr".to_owned()], None)
            );
        }
    }
}
