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
