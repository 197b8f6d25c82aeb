//! Writes the seeds of every fuzz target in a folder, one folder a target: `seeds FOLDER` (`make fuzz`).
#![allow(clippy::expect_used, reason = "what must hold")]

#[path = "../../../fuzz/src/bodies.rs"]
#[allow(dead_code, reason = "seeds alone")]
mod bodies;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os()
        .nth(1)
        .unwrap_or_else(|| "corpus".into());
    for (name, _) in bodies::TARGETS {
        let folder = std::path::Path::new(&folder).join(name);
        std::fs::create_dir_all(&folder)?;
        for (n, seed) in bodies::seeds(name).iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{n:04}")), seed)?;
        }
    }
    Ok(())
}
