//! Posts a second on one core: JSON in, findings with spans out. `cargo bench -p vigie-check --bench throughput`.
//!
//! Time is that of this thread alone (`CLOCK_THREAD_CPUTIME_ID`), so that a busy machine changes it little. All packs
//! that come with the program run, and 10,000 words of an organisation. `BENCH_POSTS` sets how many posts.

mod posts;

use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use vigie_check::{Facts, Lang, Packs, output::jsonl};

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:"));
    line.and_then(|l| l.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
        / 1024
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: usize = std::env::var("BENCH_POSTS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(100_000);
    let begun = cpu();
    let packs = Packs::embedded().map_err(|mut f| f.remove(0))?;
    let loaded = cpu() - begun;
    println!(
        "rules {:>6}   packs loaded in {:.0} ms, {} MiB resident",
        packs.rules().len(),
        loaded.as_secs_f64() * 1e3,
        resident()
    );
    let begun = cpu();
    let facts = packs.prepare(
        &Facts::new()
            .with("now", "2026-11-24")
            .with("codenames", posts::terms(10_000)),
    );
    println!(
        "words of the organisation: 10000, made ready in {:.0} ms",
        (cpu() - begun).as_secs_f64() * 1e3
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let posts = posts::posts(&root, &packs, count)?;
    let bytes: usize = posts.iter().map(String::len).sum();
    let lines: Vec<String> = posts
        .iter()
        .enumerate()
        .map(|(n, text)| serde_json::json!({ "id": n, "text": text }).to_string())
        .collect();
    println!("posts {count}, {} bytes each", bytes / count.max(1));
    let mut best = Duration::MAX;
    let (mut found, mut written) = (0usize, 0usize);
    for _ in 0..5 {
        (found, written) = (0, 0);
        let begun = cpu();
        for line in &lines {
            let answer = jsonl::line(line, &facts, &packs, Lang::En);
            found += answer.report.map_or(0, |r| r.findings.len());
            written += answer.line.len();
        }
        best = best.min(cpu() - begun);
    }
    println!(
        "JSON in, findings out: {:>8.0} posts/s   {:.1} MB/s   {found} findings, {} MB written, {} MiB resident",
        count as f64 / best.as_secs_f64(),
        bytes as f64 / best.as_secs_f64() / 1e6,
        written / 1_000_000,
        resident(),
    );
    Ok(())
}
