//! What each rule costs on some posts.

use std::time::Duration;

use crate::eval::{Post, Watch, watched};
use crate::facts::Facts;
use crate::packs::Packs;

/// What one rule cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// Id of the rule.
    pub rule: String,
    /// Posts about which it was asked: on the others it slept.
    pub asked: usize,
    /// Time that its answers took, all posts together.
    pub time: Duration,
}

/// Checks the texts and says what each rule cost, the dearest first. `clock` tells the time since any moment; what it takes
/// itself is in the result.
pub fn costs<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    facts: &Facts,
    packs: &Packs,
    clock: &dyn Fn() -> Duration,
) -> Vec<Cost> {
    let rules = packs.rules().iter();
    let mut meter = Meter {
        costs: rules
            .map(|r| Cost {
                rule: r.id.clone(),
                asked: 0,
                time: Duration::ZERO,
            })
            .collect(),
        clock,
        begun: Duration::ZERO,
    };
    for text in texts {
        let post = Post {
            text,
            lang: None,
            links: &[],
            media: &[],
            trails: &[],
        };
        watched(post, facts, packs, &mut meter);
    }
    let mut costs = meter.costs;
    costs.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.rule.cmp(&b.rule)));
    costs
}

/// The most that one rule may take on an ordinary post, on average: thousands of posts a second pass through hundreds of
/// rules. The dearest rule of the program takes a hundredth of it.
pub const MOST: Duration = Duration::from_micros(250);

/// Ordinary posts that a rule is measured on.
const POSTS: usize = 300;

/// What each rule takes on an ordinary post, the dearest first. The posts are the examples on which the rules of `usual`
/// must be silent: they are written to look like what people post.
pub fn on_ordinary_posts(
    packs: &Packs,
    usual: &Packs,
    clock: &dyn Fn() -> Duration,
) -> Vec<(String, Duration)> {
    let quiet = usual.rules().iter().flat_map(|r| &r.quiet);
    let all: Vec<&str> = quiet.map(|e| e.text.as_str()).collect();
    let step = (all.len() / POSTS).max(1);
    let texts: Vec<&str> = all.into_iter().step_by(step).collect();
    let facts = packs.prepare(&Facts::new());
    // Once before, to compile what is compiled late.
    costs(texts.iter().copied(), &facts, packs, clock);
    let posts = u32::try_from(texts.len()).unwrap_or(u32::MAX).max(1);
    let measured = costs(texts.iter().copied(), &facts, packs, clock).into_iter();
    measured.map(|c| (c.rule, c.time / posts)).collect()
}

struct Meter<'a> {
    costs: Vec<Cost>,
    clock: &'a dyn Fn() -> Duration,
    begun: Duration,
}

impl Watch for Meter<'_> {
    fn begin(&mut self, _: usize) {
        self.begun = (self.clock)();
    }

    fn end(&mut self, rule: usize) {
        let now = (self.clock)();
        if let Some(cost) = self.costs.get_mut(rule) {
            cost.asked += 1;
            cost.time += now.saturating_sub(self.begun);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn ordinary_posts_are_those_on_which_rules_are_silent() {
        let usual = Packs::embedded().unwrap();
        let asked = Cell::new(0u32);
        let clock = || {
            asked.set(asked.get() + 1);
            Duration::from_secs(u64::from(asked.get()))
        };
        // It is asked about every post, since it looks for nothing rare.
        let source = r#"
id = "ORG-A-1"
family = "reputation"
severity = "hint"
confidence = "low"
source = "x"
evidence = "verified"
title = { fr = "a", en = "a" }
advice = { fr = "a", en = "a" }
[match]
regex = ["[a-z]"]
"#;
        let own = crate::OwnRule {
            file: "ORG-A-1.toml".to_owned(),
            source: source.to_owned(),
        };
        let packs = Packs::alone(&[own]).unwrap();
        let all = on_ordinary_posts(&packs, &usual, &clock);
        assert_eq!(all, [("ORG-A-1".to_owned(), Duration::from_secs(1))]);
        assert!(asked.get() >= 4 * POSTS as u32);
    }

    #[test]
    fn a_rule_costs_only_where_it_is_asked() {
        let packs = Packs::embedded().unwrap();
        let ticks = Cell::new(0);
        let clock = || {
            ticks.set(ticks.get() + 1);
            Duration::from_secs(ticks.get())
        };
        let texts = ["Bonjour {{prénom}}", "Bonjour"];
        let all = costs(texts, &Facts::new(), &packs, &clock);
        assert_eq!(all.len(), packs.rules().len());
        assert!(all.windows(2).all(|w| w[0].time >= w[1].time));
        // Each answer is one tick of this clock.
        assert!(all.iter().all(|c| c.time.as_secs() == c.asked as u64));
        let asked = |id: &str| all.iter().find(|c| c.rule == id).map(|c| c.asked);
        assert!(asked("REP-TPL-01") >= Some(1));
        assert_eq!(asked("US-ALC-01"), Some(0));
    }
}
