//! How time grows with the length of a text and with the number of rules, as two small plots in one SVG picture.

use std::fmt::Write as _;
use std::hint::black_box;

use vigie_check::{Content, Facts, OwnRule, Packs, check, packs};

use crate::cpu;
use crate::posts;

/// A curve: what is along the bottom, and microseconds.
type Points = Vec<(f64, f64)>;

/// Measures both curves, prints them, and writes them to a file.
pub(crate) fn write(file: &std::path::Path, all: &Packs) -> Result<(), Box<dyn std::error::Error>> {
    let length = by_length(all);
    let rules = by_rules(all)?;
    for (name, points) in [("characters", &length), ("rules", &rules)] {
        for (x, y) in points {
            println!("{x:>8.0} {name}: {y:>9.2} µs a text");
        }
    }
    std::fs::write(file, picture(&length, &rules))?;
    Ok(())
}

fn facts(packs: &Packs) -> Facts {
    packs.prepare(&Facts::new().with("now", "2026-11-24"))
}

/// The shortest of five rounds, in microseconds a text.
fn time(texts: &[Content], packs: &Packs) -> f64 {
    let facts = facts(packs);
    let rounds = (0..5).map(|_| {
        let begun = cpu();
        for text in texts {
            black_box(check(text, &facts, packs));
        }
        (cpu() - begun).as_secs_f64() * 1e6 / texts.len().max(1) as f64
    });
    rounds.fold(f64::MAX, f64::min)
}

/// Posts put one after the other, up to the longest draft.
fn by_length(packs: &Packs) -> Points {
    let posts = posts::posts(2_000);
    let long = posts.join("\n");
    [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000]
        .into_iter()
        .map(|length| {
            let starts = [0, long.len() / 4, long.len() / 2];
            let texts = starts.map(|from| {
                let text = long.chars().skip(from / 2).take(length).collect::<String>();
                Content::text(text)
            });
            (length as f64, time(&texts, packs))
        })
        .collect()
}

/// The same short posts, with more and more of the rules.
fn by_rules(all: &Packs) -> Result<Points, Box<dyn std::error::Error>> {
    let texts: Vec<Content> = posts::posts(2_000).into_iter().map(Content::text).collect();
    let sources: Vec<OwnRule> = all
        .rules()
        .iter()
        .filter(|r| r.formats().next().is_none())
        .filter_map(|r| {
            let source = packs::shipped(&r.file)?.to_owned();
            Some(OwnRule {
                file: r.id.clone(),
                source,
            })
        })
        .collect();
    let mut out = Vec::new();
    for parts in 1..=6 {
        // Spread over all families, whatever their order.
        let some: Vec<OwnRule> = sources
            .iter()
            .enumerate()
            .filter(|(n, _)| n % 6 < parts)
            .map(|(_, own)| own.clone())
            .collect();
        let packs = Packs::alone(&some).map_err(|mut faults| faults.remove(0))?;
        out.push((some.len() as f64, time(&texts, &packs)));
    }
    Ok(out)
}

fn picture(length: &Points, rules: &Points) -> String {
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 300\" role=\"img\" font-family=\"sans-serif\" \
         font-size=\"12\"><title>Time of a check</title><desc>Two curves: microseconds by length of the text, and by \
         number of rules.</desc><rect width=\"760\" height=\"300\" fill=\"#fff\"/>\n",
    );
    panel(&mut out, 60.0, "characters of the text", length);
    panel(&mut out, 440.0, "rules (post of 190 bytes)", rules);
    out.push_str("</svg>\n");
    out
}

fn panel(out: &mut String, left: f64, name: &str, points: &Points) {
    let (wide, high, bottom) = (290.0, 220.0, 250.0);
    let most = |f: fn(&(f64, f64)) -> f64| points.iter().map(f).fold(0.0, f64::max);
    let (x_most, y_most) = (most(|p| p.0), most(|p| p.1));
    let place = |(x, y): &(f64, f64)| {
        (
            left + wide * x / x_most.max(1.0),
            bottom - high * y / y_most.max(1e-9),
        )
    };
    let _ = writeln!(
        out,
        "<path d=\"M{left} {} V{bottom} H{}\" fill=\"none\" stroke=\"#555\"/>",
        bottom - high,
        left + wide
    );
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"285\" text-anchor=\"middle\">{name}, up to {x_most:.0}</text>",
        left + wide / 2.0
    );
    let _ = writeln!(out, "<text x=\"{left}\" y=\"20\">{y_most:.1} µs</text>");
    let line: Vec<String> = points
        .iter()
        .map(|p| {
            let (x, y) = place(p);
            format!("{x:.1},{y:.1}")
        })
        .collect();
    let _ = writeln!(
        out,
        "<polyline points=\"{left},{bottom} {}\" fill=\"none\" stroke=\"#1d5f8a\" stroke-width=\"2\"/>",
        line.join(" ")
    );
    for p in points {
        let (x, y) = place(p);
        let _ = writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"#1d5f8a\"/>"
        );
    }
}
