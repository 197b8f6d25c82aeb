//! A picture on the command line: what it holds, and the same without hidden data.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use vigie_check::{Content, MediaFacts, pictures};

use crate::media::intake::{self, Brought};
use crate::media::ocr::Ocr;
use crate::words::{Lang, Said};

/// Bytes of a file that are taken in: one more than is read, so that too much is seen to be too much.
pub const MOST: u64 = pictures::MOST_BYTES as u64 + 1;

/// A file as it is on disk.
pub fn brought(file: &str, bytes: Vec<u8>) -> Brought {
    let name = Path::new(file).file_name();
    Brought {
        bytes,
        name: name.map(|name| name.to_string_lossy().into_owned()),
        mime: None,
    }
}

/// The picture as the engine reads it.
pub fn content(file: &Brought, ocr: &Ocr) -> Content {
    let media = MediaFacts {
        // A file alone has no alternative text yet: none is asked for.
        decorative: true,
        filename: file.name.clone(),
        ..intake::look(file, ocr).media()
    };
    Content {
        media: vec![media],
        ..Content::default()
    }
}

/// Writes the picture again in a folder, under its name; never over a file that is there.
///
/// # Errors
/// Why it was not written, in words; the name of the file is to be filled in.
pub fn clean(file: &Brought, folder: &Path, lang: Lang) -> Result<PathBuf, Said> {
    let failed = |why: String| Said::new("check-cannot-clean").with("why", why);
    // What it shows does not change: no text need be read for this.
    let (ready, _) = intake::take(file, &Ocr::Off)
        .map_err(|problem| failed(Said::new(problem.key()).text(lang)))?;
    std::fs::create_dir_all(folder).map_err(|e| failed(e.to_string()))?;
    let name = file.name.as_deref().unwrap_or("picture");
    let ending = if ready.mime == "image/png" {
        "png"
    } else {
        "jpg"
    };
    let path = folder.join(name).with_extension(ending);
    let open = std::fs::File::create_new(&path);
    open.and_then(|mut open| open.write_all(&ready.bytes))
        .map_err(|e| failed(format!("{}: {e}", path.display())))?;
    Ok(path)
}
