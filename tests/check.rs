#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! `vigie check` on folders and streams: what is read, what is left out, exit statuses, and the line on a terminal.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

const QUIET: &str = "Notre nouvelle collection de vases arrive jeudi à l’atelier.";
const STOPS: &str = "Bonjour {{prénom}}, venez samedi";

fn vigie() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    command.env_remove("LC_ALL").env("LANG", "C");
    command
}

fn check(args: &[&str]) -> Output {
    let day = ["check", "--now", "2026-11-24"];
    vigie().args(day).args(args).output().unwrap()
}

fn said(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_folder_is_read_with_all_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    put(at, "autumn/post.md", QUIET);
    put(at, "autumn/deep/er/post.txt", STOPS);
    put(
        at,
        "lines.jsonl",
        format!("{{\"id\":\"p1\",\"text\":\"{STOPS}\"}}\n"),
    );
    put(at, ".draft.txt", STOPS);
    put(at, ".git/config", STOPS);
    put(at, "program.bin", [0x7F, b'E', b'L', b'F', 0, 1, 2]);
    put(at, "latin1.txt", [b'c', b'a', b'f', 0xE9]);
    put(at, "dump.log", "a".repeat(4_100_000));
    put(at, "poster.png", include_bytes!("pictures/poster.png"));
    let folder = at.display().to_string();
    let done = check(&[&folder, "--format", "json", "--ocr", "off"]);
    assert_eq!(done.status.code(), Some(1), "{}", said(&done.stderr));
    let out: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let files = out["files"].as_array().unwrap();
    let names: Vec<&str> = files
        .iter()
        .map(|f| f["file"].as_str().unwrap())
        .map(|name| name.strip_prefix(&folder).unwrap_or(name))
        .collect();
    assert_eq!(
        names,
        [
            "/autumn/deep/er/post.txt",
            "/autumn/post.md",
            "p1",
            "/poster.png"
        ]
    );
    for stopped in [0, 2] {
        assert_eq!(files[stopped]["findings"][0]["rule"], "REP-TPL-01");
    }
    let err = said(&done.stderr);
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(
        err.contains("2 files") && err.contains("1 too large"),
        "{err}"
    );
    let french = check(&[&folder, "--lang", "fr", "--format", "sarif", "--ocr", "off"]);
    assert!(
        said(&french.stderr).contains("2 fichiers"),
        "{}",
        said(&french.stderr)
    );
}

#[test]
fn exit_statuses_of_folders() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "a.txt", QUIET);
    put(dir.path(), "b.bin", [0xFF; 40]);
    let folder = dir.path().display().to_string();
    assert_eq!(check(&[&folder]).status.code(), Some(0));
    // A file that somebody names is to be checked: leaving it out would be a silence.
    let named = dir.path().join("b.bin").display().to_string();
    assert_eq!(check(&[&named]).status.code(), Some(2));
    let lost = dir.path().join("nowhere").display().to_string();
    assert_eq!(check(&[&folder, &lost]).status.code(), Some(2));
    put(dir.path(), "c.txt", STOPS);
    assert_eq!(check(&[&folder]).status.code(), Some(1));
    assert_eq!(check(&[&folder, &lost]).status.code(), Some(2));
    let empty = tempfile::tempdir().unwrap();
    let none = check(&[&empty.path().display().to_string()]);
    assert_eq!(none.status.code(), Some(0));
}

/// The name of a file does not steer the terminal.
#[test]
fn names_of_files_are_shown_without_controls() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "a\u{1b}[2Jb.txt", STOPS);
    put(dir.path(), "c\u{1b}[2Jd.jsonl", "not json\n");
    let done = check(&[&dir.path().display().to_string()]);
    assert!(!said(&done.stdout).contains('\u{1b}'));
    assert!(
        !said(&done.stderr).contains('\u{1b}'),
        "{:?}",
        said(&done.stderr)
    );
    assert!(said(&done.stdout).contains("a·[2Jb.txt"));
}

/// Each line is answered when it comes, not when the stream ends.
#[test]
fn a_stream_is_answered_line_by_line() {
    let mut child = vigie()
        .args(["check", "-", "--format", "jsonl", "--now", "2026-11-24"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for n in 0..3 {
        writeln!(input, "{{\"id\":{n},\"text\":\"{STOPS}\"}}").unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["id"], n);
        assert_eq!(answer["findings"][0]["rule"], "REP-TPL-01");
    }
    drop(input);
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(
        said(&done.stderr),
        "",
        "nothing is shown where nobody looks"
    );
}

/// On a terminal a line says how far it is, once a second has gone by; it is taken away at the end.
#[test]
fn a_terminal_sees_how_far_it_is() {
    let vigie = env!("CARGO_BIN_EXE_vigie");
    let slow = |pause: &str, more: &str| {
        let line = r#"{\"text\":\"Bonjour\"}"#;
        let command = format!(
            "(echo \"{line}\"; sleep {pause}; echo \"{line}\") | {vigie} check - --format jsonl {more}"
        );
        let done = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .env("LANG", "C")
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .output()
            .expect("`script`, of every Debian");
        said(&done.stdout).to_owned()
    };
    let shown = slow("4", "");
    assert!(shown.contains("2 lines checked"), "{shown:?}");
    let quick = slow("0", "");
    assert!(!quick.contains("lines checked"), "{quick:?}");
    let elsewhere = slow("4", "2>/dev/null");
    assert!(!elsewhere.contains("lines checked"), "{elsewhere:?}");
}
