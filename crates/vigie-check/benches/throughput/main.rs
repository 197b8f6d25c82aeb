//! Posts a second on one core: JSON in, findings with spans out. `cargo bench -p vigie-check --bench throughput`.
//!
//! Time is that of this thread alone (`CLOCK_THREAD_CPUTIME_ID`), so that a busy machine changes it little. All packs
//! that come with the program run, and 10,000 words of an organisation. `BENCH_POSTS` sets how many posts, `BENCH_FILE`
//! takes them from a file of JSON lines with a `text` in place of the made-up ones, `BENCH_RULES` shows what so many of the
//! dearest rules cost, `BENCH_PLOT` writes how time grows with text and rules to a picture. `BENCH_WRITE` writes the
//! made-up posts to a file of JSON lines and measures nothing.

mod plot;
mod posts;

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use vigie_check::cost::costs;
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
    if let Some(file) = std::env::var_os("BENCH_WRITE") {
        return Ok(posts::write(Path::new(&file), &posts::made(count))?);
    }
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
    let posts = match std::env::var_os("BENCH_FILE") {
        Some(file) => posts::from_file(Path::new(&file), count)?,
        None => posts::posts(count),
    };
    let count = posts.len();
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
    if let Some(file) = std::env::var_os("BENCH_PLOT") {
        plot::write(Path::new(&file), &packs)?;
    }
    if let Some(shown) = std::env::var("BENCH_RULES")
        .ok()
        .and_then(|n| n.parse().ok())
    {
        dearest(&posts, &facts, &packs, shown);
    }
    Ok(())
}

/// What the dearest rules cost.
fn dearest(posts: &[String], facts: &Facts, packs: &Packs, shown: usize) {
    let begun = Instant::now();
    let texts = || posts.iter().map(String::as_str);
    // Once to compile what is compiled late.
    costs(texts(), facts, packs, &|| begun.elapsed());
    let all = costs(texts(), facts, packs, &|| begun.elapsed());
    let sum: Duration = all.iter().map(|c| c.time).sum();
    let each = |time: Duration| time.as_nanos() as f64 / posts.len().max(1) as f64;
    println!("all rules {:>6.0} ns a post", each(sum));
    for cost in all.iter().take(shown) {
        println!(
            "{:16} {:>6.0} ns a post, asked about {:>5.1} % of posts, {:>6.0} ns each time",
            cost.rule,
            each(cost.time),
            100.0 * cost.asked as f64 / posts.len().max(1) as f64,
            cost.time.as_nanos() as f64 / cost.asked.max(1) as f64,
        );
    }
}
