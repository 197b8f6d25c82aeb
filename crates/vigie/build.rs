//! Embeds the pages' assets: for each file, its content hash (for addresses that never go stale) and a gzip copy.
//! `asset(NAME)` in a style sheet becomes the hashed address of that file.

use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap, env, fmt::Write as _, fs, io::Write as _, path::Path, path::PathBuf,
};

/// Files that `make assets` must have produced. Style sheets come last: they name the others.
const FILES: [(&str, &str); 8] = [
    ("vendor/htmx.min.js", "text/javascript; charset=utf-8"),
    ("vendor/icons.svg", "image/svg+xml"),
    ("vendor/atkinson.woff2", "font/woff2"),
    ("vendor/atkinson-ext.woff2", "font/woff2"),
    ("vendor/NOTICES.txt", "text/plain; charset=utf-8"),
    ("favicon.svg", "image/svg+xml"),
    ("vigie.js", "text/javascript; charset=utf-8"),
    ("vigie.css", "text/css; charset=utf-8"),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed=../../i18n");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("assets");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut hashes: BTreeMap<&str, String> = BTreeMap::new();
    let mut table =
        String::from("/// Every asset of the pages.\npub(super) static ASSETS: &[Asset] = &[\n");
    for (name, mime) in FILES {
        let Some(mut bytes) = read(&root, name)? else {
            println!("cargo::error=crates/vigie/assets/{name} is not there. Run: make assets");
            return Ok(());
        };
        if name.ends_with(".css") {
            bytes = with_addresses(&String::from_utf8(bytes)?, &hashes).into_bytes();
        }
        let hash: String = Sha256::digest(&bytes)
            .iter()
            .take(8)
            .map(|b| format!("{b:02x}"))
            .collect();
        let flat = name.replace('/', "_");
        fs::write(out.join(&flat), &bytes)?;
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gz.write_all(&bytes)?;
        fs::write(out.join(format!("{flat}.gz")), gz.finish()?)?;
        writeln!(
            table,
            "    Asset {{ name: {name:?}, hash: {hash:?}, mime: {mime:?}, bytes: include_bytes!(concat!(env!(\"OUT_DIR\"), {p:?})), gzip: include_bytes!(concat!(env!(\"OUT_DIR\"), {g:?})) }},",
            p = format!("/{flat}"),
            g = format!("/{flat}.gz"),
        )?;
        hashes.insert(name, hash);
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

/// The bytes of an asset; `vigie.css` is the files of `css/` joined in the order of their names.
fn read(root: &Path, name: &str) -> std::io::Result<Option<Vec<u8>>> {
    if name != "vigie.css" {
        return Ok(fs::read(root.join(name)).ok());
    }
    let mut parts: Vec<PathBuf> = fs::read_dir(root.join("css"))?
        .map(|e| e.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    parts.retain(|p| p.extension().is_some_and(|e| e == "css"));
    parts.sort();
    parts
        .iter()
        .map(fs::read)
        .collect::<Result<Vec<_>, _>>()
        .map(|all| Some(all.concat()))
}

/// Replaces `asset(NAME)` by `url(/assets/HASH/NAME)` for the files already hashed.
fn with_addresses(css: &str, hashes: &BTreeMap<&str, String>) -> String {
    hashes.iter().fold(css.to_owned(), |css, (name, hash)| {
        css.replace(
            &format!("asset({name})"),
            &format!("url(/assets/{hash}/{name})"),
        )
    })
}
