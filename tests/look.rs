//! The look: both dark blocks are the same, and texts can be read in both looks (WCAG 2.2 AA).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on must fail"
)]

use std::collections::BTreeMap;

fn tokens() -> (BTreeMap<String, String>, Vec<BTreeMap<String, String>>) {
    let css = include_str!("../crates/vigie/assets/css/10-tokens.css");
    let block = |start: &str| {
        let body = css.split(start).nth(1).unwrap().split('}').next().unwrap();
        let lines = body.lines().filter_map(|l| l.trim().strip_prefix("--"));
        let pairs = lines.filter_map(|l| l.trim_end_matches(';').split_once(": "));
        pairs
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect::<BTreeMap<_, _>>()
    };
    let dark = vec![
        block(":root:not([data-theme=\"light\"]) {"),
        block(":root[data-theme=\"dark\"] {"),
    ];
    (block("\n:root {"), dark)
}

fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn dark_by_choice_is_dark_by_device() {
    let (_, dark) = tokens();
    assert!(dark[0].len() > 15);
    assert_eq!(dark[0], dark[1]);
}

#[test]
fn texts_and_controls_can_be_seen_in_both_looks() {
    let (light, dark) = tokens();
    let mut dark_all = light.clone();
    dark_all.extend(dark[0].clone());
    let grounds = ["paper", "surface", "sunken"];
    let mut pairs: Vec<(&str, &str, f64)> = Vec::new();
    for ground in grounds {
        pairs.extend(["ink", "ink-soft", "accent", "bad", "good"].map(|t| (t, ground, 4.5)));
        pairs.extend(["line-strong", "focus"].map(|t| (t, ground, 3.0)));
    }
    pairs.extend([
        ("on-accent", "accent", 4.5),
        ("on-accent", "accent-strong", 4.5),
        ("accent-strong", "accent-soft", 4.5),
        ("ink", "accent-soft", 4.5),
        ("accent", "accent-soft", 4.5),
        ("signal-ink", "signal-soft", 4.5),
        ("ink", "signal-soft", 4.5),
        ("good", "good-soft", 4.5),
        ("ink", "good-soft", 4.5),
        ("bad", "bad-soft", 4.5),
        ("ink", "bad-soft", 4.5),
        ("on-bad", "bad", 4.5),
        ("night-ink", "night", 4.5),
        ("night-soft", "night", 4.5),
        ("night-soft", "night-raised", 4.5),
    ]);
    for (look, tokens) in [("light", &light), ("dark", &dark_all)] {
        for (text, ground, least) in &pairs {
            let found = contrast(&tokens[*text], &tokens[*ground]);
            assert!(
                found >= *least,
                "{look}: {text} on {ground}: {found:.2} < {least}"
            );
        }
    }
}
