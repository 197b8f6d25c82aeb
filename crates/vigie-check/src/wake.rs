//! Which rules have a reason to be asked about a post.
//!
//! A rule sleeps until something it cannot do without is there: one of its literals, a trait its detector needs, a fact,
//! a word of a list. What wakes a rule is worked out once, when the packs are loaded; most posts wake few rules.

use std::collections::{BTreeMap, HashMap};

use crate::rule::Rule;
use crate::rule::condition;
use crate::rule::model::Node;
use crate::scan::features::Features;
use crate::scan::table::Common;

/// A set of rules by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn set(&mut self, n: usize) {
        if self.0.len() <= n / 64 {
            self.0.resize(n / 64 + 1, 0);
        }
        self.0[n / 64] |= 1 << (n % 64);
    }

    pub(crate) fn clear(&mut self, n: usize) {
        if let Some(word) = self.0.get_mut(n / 64) {
            *word &= !(1 << (n % 64));
        }
    }

    pub(crate) fn add(&mut self, other: &Bits) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }

    pub(crate) fn add_some(&mut self, other: Option<&Bits>) {
        if let Some(other) = other {
            self.add(other);
        }
    }

    pub(crate) fn each(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(i, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                (left != 0).then(|| {
                    let bit = left.trailing_zeros() as usize;
                    left &= left - 1;
                    i * 64 + bit
                })
            })
        })
    }
}

/// Something that a rule, or a part of it, cannot do without.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// A literal of this node.
    Node(u32),
    /// All these traits of the text.
    Trait(u16),
    /// A word of the organisation's list.
    List(String),
    /// The fact is known.
    Fact(String),
    /// A picture is attached.
    Media,
    /// A link was followed.
    Trails,
}

/// What wakes each rule.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    /// Rules that nothing lets sleep.
    pub(crate) always: Bits,
    /// By node of literals: the rule it wakes.
    pub(crate) by_node: Vec<Option<u32>>,
    by_trait: Vec<(Features, Bits)>,
    by_fact: HashMap<String, Bits>,
    pub(crate) by_list: Vec<Bits>,
    lists: BTreeMap<String, u16>,
    pub(crate) by_media: Bits,
    pub(crate) by_trails: Bits,
    pub(crate) common: Common,
}

/// What a node that is not sure to wake costs, in the share of posts that wake it.
const NEVER_SLEEPS: f64 = 1e9;

impl Wakes {
    /// Works out what wakes each rule. `seen` is, by node, how many of `posts` ordinary posts hold one of its literals.
    pub(crate) fn of(rules: &[Rule], seen: &[u32], posts: usize, common: Common) -> Wakes {
        let mut out = Wakes {
            by_node: vec![None; seen.len()],
            common,
            ..Wakes::default()
        };
        let weigh = Weigh {
            seen,
            posts: posts.max(1) as f64,
        };
        for (n, rule) in rules.iter().enumerate() {
            if let Some(node) = &rule.node {
                for key in lists(node) {
                    let next = out.lists.len() as u16;
                    out.lists.entry(key.to_owned()).or_insert(next);
                }
            }
            let causes = rule.node.as_ref().and_then(|node| weigh.node(node));
            match causes {
                Some(causes) => causes.into_iter().for_each(|c| out.put(c, n)),
                None => {
                    out.always.set(n);
                    // A fact of one post may change the answer that the shared facts gave.
                    for key in condition::keys(&rule.when) {
                        out.by_fact.entry(key).or_default().set(n);
                    }
                }
            }
        }
        out
    }

    fn put(&mut self, cause: Cause, rule: usize) {
        match cause {
            Cause::Node(node) => {
                if let Some(slot) = self.by_node.get_mut(node as usize) {
                    *slot = Some(rule as u32);
                }
            }
            Cause::Trait(bits) => {
                let wanted = Features::from_bits(bits);
                match self.by_trait.iter_mut().find(|(f, _)| *f == wanted) {
                    Some((_, rules)) => rules.set(rule),
                    None => {
                        let mut rules = Bits::default();
                        rules.set(rule);
                        self.by_trait.push((wanted, rules));
                    }
                }
            }
            Cause::List(key) => {
                let id = self.lists.get(&key).copied().unwrap_or_default() as usize;
                if self.by_list.len() <= id {
                    self.by_list.resize(id + 1, Bits::default());
                }
                self.by_list[id].set(rule);
            }
            Cause::Fact(key) => self.by_fact.entry(key).or_default().set(rule),
            Cause::Media => self.by_media.set(rule),
            Cause::Trails => self.by_trails.set(rule),
        }
    }

    /// Adds the rules that the traits of a text wake.
    pub(crate) fn traits(&self, features: Features, awake: &mut Bits) {
        for (wanted, rules) in &self.by_trait {
            if features.hold(*wanted) {
                awake.add(rules);
            }
        }
    }

    /// The rules that a fact wakes by being known.
    pub(crate) fn by_fact(&self, key: &str) -> Option<&Bits> {
        self.by_fact.get(key)
    }

    /// The lists of the organisation that rules read, and their numbers.
    pub(crate) fn list_keys(&self) -> impl Iterator<Item = (&str, u16)> {
        self.lists.iter().map(|(k, n)| (k.as_str(), *n))
    }

    /// The number of a list.
    pub(crate) fn list(&self, key: &str) -> Option<u16> {
        self.lists.get(key).copied()
    }
}

/// The organisation's lists that a node reads.
fn lists(node: &Node) -> Vec<&str> {
    let mut out: Vec<&str> = node.fact_terms.as_deref().into_iter().collect();
    for inner in node.any.iter().chain(&node.all).chain(&node.none) {
        out.extend(lists(inner));
    }
    for near in [&node.near, &node.apart].into_iter().flatten() {
        out.extend(lists(&near.of));
        out.extend(lists(&near.to));
    }
    out
}

struct Weigh<'a> {
    seen: &'a [u32],
    posts: f64,
}

impl Weigh<'_> {
    /// What a node cannot hold without: one of these causes; `None` = it may hold whatever the text.
    fn node(&self, node: &Node) -> Option<Vec<Cause>> {
        let mut best: Option<Vec<Cause>> = None;
        let mut offer = |causes: Option<Vec<Cause>>| {
            if let Some(causes) = causes
                && best
                    .as_ref()
                    .is_none_or(|b| self.cost(&causes) < self.cost(b))
            {
                best = Some(causes);
            }
        };
        let facts = condition::keys(&node.facts);
        if !facts.is_empty() && condition::needs_a_fact(&node.facts) {
            offer(Some(facts.into_iter().map(Cause::Fact).collect()));
        }
        if node.seeks() {
            offer(self.alternatives(node));
        }
        for inner in &node.all {
            offer(self.node(inner));
        }
        best
    }

    fn alternatives(&self, node: &Node) -> Option<Vec<Cause>> {
        let mut out = Vec::new();
        out.extend(node.terms.map(|n| Cause::Node(n as u32)));
        for pattern in &node.regexes {
            out.push(Cause::Node(pattern.anchors? as u32));
        }
        if let Some(formats) = &node.formats {
            let nodes = formats.first..formats.first + formats.list.len();
            out.extend(nodes.map(|n| Cause::Node(n as u32)));
            if formats.roam() {
                out.push(Cause::Trait(Features::LONG_RUN.bits()));
            }
        }
        out.extend(node.fact_terms.clone().map(Cause::List));
        if let Some(detector) = &node.detector {
            out.extend(match detector.gate {
                crate::detect::Gate::Traits(traits) if traits == Features::ANY => return None,
                crate::detect::Gate::Traits(traits) => vec![Cause::Trait(traits.bits())],
                crate::detect::Gate::Words(_) => vec![Cause::Node(node.gate? as u32)],
                crate::detect::Gate::Trails => vec![Cause::Trails],
                crate::detect::Gate::Pictures => {
                    vec![Cause::Media, Cause::Fact("alt".to_owned())]
                }
            });
        }
        if let Some(near) = &node.near {
            let (of, to) = (self.node(&near.of), self.node(&near.to));
            out.extend(match (of, to) {
                (Some(of), Some(to)) if self.cost(&to) < self.cost(&of) => to,
                (Some(of), _) => of,
                (None, to) => to?,
            });
        }
        if let Some(apart) = &node.apart {
            out.extend(self.node(&apart.of)?);
        }
        for inner in &node.any {
            out.extend(self.node(inner)?);
        }
        out.sort();
        out.dedup();
        Some(out)
    }

    /// The share of ordinary posts that one of the causes is in, roughly.
    fn cost(&self, causes: &[Cause]) -> f64 {
        causes
            .iter()
            .map(|cause| match cause {
                Cause::Node(n) => {
                    f64::from(self.seen.get(*n as usize).copied().unwrap_or(0)) / self.posts
                }
                Cause::Trait(bits) => 0.3 / f64::from(bits.count_ones().max(1)),
                Cause::List(_) | Cause::Media | Cause::Trails => 0.01,
                Cause::Fact(_) => 0.02,
            })
            .sum::<f64>()
            .min(NEVER_SLEEPS)
    }
}
