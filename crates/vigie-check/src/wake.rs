//! Which rules have a reason to be asked about a post.
//!
//! A rule sleeps until something it cannot do without is there: one of its literals, a trait its detector needs, a fact,
//! a word of a list. What wakes a rule is worked out once, when the packs are loaded; most posts wake few rules.

use std::collections::{BTreeMap, HashMap};

use crate::rule::Rule;
use crate::rule::condition;
use crate::rule::model::Node;
use crate::scan::common::Common;
use crate::scan::features::Features;
use crate::scan::hits::Hits;
use crate::scan::pattern::Together;

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

    pub(crate) fn has(&self, n: usize) -> bool {
        self.0
            .get(n / 64)
            .is_some_and(|word| word >> (n % 64) & 1 == 1)
    }

    /// Takes out those of another set.
    pub(crate) fn remove(&mut self, other: &Bits) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine &= !theirs;
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
        self.between(0, usize::MAX)
    }

    /// Those from `first` to before `end`.
    pub(crate) fn between(&self, first: usize, end: usize) -> impl Iterator<Item = usize> + '_ {
        let words = self.0.iter().enumerate().skip(first / 64);
        let words = words.take_while(move |(i, _)| i * 64 < end);
        let from = move |i: usize| if i == first / 64 { first % 64 } else { 0 };
        let bits = words.flat_map(move |(i, word)| {
            let mut left = *word >> from(i) << from(i);
            std::iter::from_fn(move || {
                (left != 0).then(|| {
                    let bit = left.trailing_zeros() as usize;
                    left &= left - 1;
                    i * 64 + bit
                })
            })
        });
        bits.take_while(move |n| *n < end)
    }
}

/// A few numbers close together, as words of bits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sparse(Vec<(u32, u64)>);

impl Sparse {
    fn set(&mut self, n: usize) {
        let (word, bit) = ((n / 64) as u32, 1 << (n % 64));
        match self.0.iter_mut().find(|(w, _)| *w == word) {
            Some((_, bits)) => *bits |= bit,
            None => self.0.push((word, bit)),
        }
    }

    /// Whether one of them is set among some bits.
    #[inline]
    pub(crate) fn meets(&self, bits: &[u64]) -> bool {
        self.0
            .iter()
            .any(|(word, mine)| bits.get(*word as usize).is_some_and(|b| b & mine != 0))
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

/// Things of which one must be there, or a rule has nothing to say.
#[derive(Debug, Default)]
pub(crate) struct Clause {
    nodes: Sparse,
    traits: Vec<Features>,
    lists: Vec<u16>,
}

/// What was seen in one field of a post.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Where the literals of nodes stand.
    pub(crate) terms: Hits,
    /// What it holds at a glance.
    pub(crate) features: Features,
    /// Lists of the organisation with a word in it.
    pub(crate) lists: Bits,
}

impl Clause {
    /// A clause that what is seen in a field can answer; `None` where a fact could meet it too.
    fn of(causes: Vec<Cause>, lists: &BTreeMap<String, u16>) -> Option<Clause> {
        let mut out = Clause::default();
        for cause in causes {
            match cause {
                Cause::Node(n) => out.nodes.set(n as usize),
                Cause::Trait(bits) => out.traits.push(Features::from_bits(bits)),
                Cause::List(key) => out.lists.push(lists.get(&key).copied()?),
                Cause::Fact(_) | Cause::Media | Cause::Trails => return None,
            }
        }
        Some(out)
    }

    /// Whether one of its things is there.
    #[inline]
    pub(crate) fn met(&self, seen: &Seen) -> bool {
        seen.terms.any_of(&self.nodes)
            || self.traits.iter().any(|t| seen.features.hold(*t))
            || self.lists.iter().any(|n| seen.lists.has(usize::from(*n)))
    }
}

/// What wakes each of some sleepers: rules, or parts of rules.
#[derive(Debug, Default)]
struct Alarms {
    /// By node of literals, while they are gathered: the sleepers it wakes.
    gathered: Vec<(u32, u32)>,
    /// The same, in a row: where those of each node begin, one more at the end.
    starts: Vec<u32>,
    by_node: Vec<u32>,
    by_trait: Vec<(Features, Bits)>,
    by_list: Vec<Bits>,
}

impl Alarms {
    /// Notes that a cause wakes a sleeper; gives the cause back when it is none of the text.
    fn put(
        &mut self,
        cause: Cause,
        sleeper: usize,
        lists: &BTreeMap<String, u16>,
    ) -> Option<Cause> {
        match cause {
            Cause::Node(node) => self.gathered.push((node, sleeper as u32)),
            Cause::Trait(bits) => {
                let wanted = Features::from_bits(bits);
                let at = self.by_trait.iter().position(|(f, _)| *f == wanted);
                let at = at.unwrap_or_else(|| {
                    self.by_trait.push((wanted, Bits::default()));
                    self.by_trait.len() - 1
                });
                self.by_trait[at].1.set(sleeper);
            }
            Cause::List(key) => {
                let id = lists.get(&key).copied().unwrap_or_default() as usize;
                if self.by_list.len() <= id {
                    self.by_list.resize(id + 1, Bits::default());
                }
                self.by_list[id].set(sleeper);
            }
            other => return Some(other),
        }
        None
    }

    /// Everything was put in.
    fn close(&mut self, nodes: usize) {
        self.gathered.sort_unstable();
        self.gathered.dedup();
        self.starts = vec![0; nodes + 1];
        for (node, _) in &self.gathered {
            if let Some(count) = self.starts.get_mut(*node as usize + 1) {
                *count += 1;
            }
        }
        for n in 1..self.starts.len() {
            self.starts[n] += self.starts[n - 1];
        }
        let sleepers = std::mem::take(&mut self.gathered).into_iter();
        self.by_node = sleepers.map(|(_, sleeper)| sleeper).collect();
    }

    /// Adds the sleepers that something seen wakes.
    fn ring(&self, seen: &Seen, out: &mut Bits) {
        for node in seen.terms.nodes() {
            let node = *node as usize;
            if let (Some(&s), Some(&e)) = (self.starts.get(node), self.starts.get(node + 1)) {
                let woken = self.by_node.get(s as usize..e as usize);
                woken
                    .unwrap_or_default()
                    .iter()
                    .for_each(|n| out.set(*n as usize));
            }
        }
        for (wanted, woken) in &self.by_trait {
            if seen.features.hold(*wanted) {
                out.add(woken);
            }
        }
        for list in seen.lists.each() {
            out.add_some(self.by_list.get(list));
        }
    }
}

/// What wakes each rule, and each part of a rule that has many.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    /// Rules that nothing lets sleep.
    pub(crate) always: Bits,
    rules: Alarms,
    by_fact: HashMap<String, Bits>,
    pub(crate) by_media: Bits,
    pub(crate) by_trails: Bits,
    /// Parts that nothing in a text lets sleep.
    parts_always: Bits,
    parts: Alarms,
    /// How many parts there are.
    part_count: usize,
    lists: BTreeMap<String, u16>,
    /// The expressions that no literal announces, of rules that are asked about every post.
    pub(crate) joint: Together,
    /// How many nodes have conditions on facts.
    questions: usize,
    pub(crate) common: Common,
}

/// Alternatives of a node from which on each is woken by itself.
const MANY: usize = 4;

/// Clauses kept of a node.
const CLAUSES: usize = 4;

/// What a node that is not sure to wake costs, in the share of posts that wake it.
const NEVER_SLEEPS: f64 = 1e9;

impl Wakes {
    /// Works out what wakes each rule, and what each of its parts needs. `seen` is, by node, how many of `posts` ordinary
    /// posts hold one of its literals.
    pub(crate) fn of(rules: &mut [Rule], seen: &[u32], posts: usize, common: Common) -> Wakes {
        let mut out = Wakes {
            common,
            ..Wakes::default()
        };
        for (n, rule) in rules.iter_mut().enumerate() {
            let weigh = Weigh {
                seen,
                posts: posts.max(1) as f64,
                when: condition::needed(&rule.when),
            };
            if let Some(node) = &rule.node {
                for key in lists(node) {
                    let next = out.lists.len() as u16;
                    out.lists.entry(key.to_owned()).or_insert(next);
                }
            }
            let adjusts = rule.adjust.iter_mut().filter_map(|a| a.node.as_mut());
            for node in rule.node.iter_mut().chain(adjusts) {
                weigh.settle(node, &mut out);
            }
            let clauses = rule.node.as_ref().map(|node| weigh.clauses(node));
            match clauses.unwrap_or_default().into_iter().next() {
                Some(causes) => causes.into_iter().for_each(|c| out.put(c, n)),
                None => {
                    out.always.set(n);
                    if let Some(node) = &mut rule.node {
                        join(node, &mut out.joint);
                    }
                    // A fact of one post may change the answer that the shared facts gave.
                    for key in condition::keys(&rule.when) {
                        out.by_fact.entry(key).or_default().set(n);
                    }
                }
            }
        }
        out.rules.close(seen.len());
        out.parts.close(seen.len());
        out
    }

    fn put(&mut self, cause: Cause, rule: usize) {
        match self.rules.put(cause, rule, &self.lists) {
            Some(Cause::Fact(key)) => self.by_fact.entry(key).or_default().set(rule),
            Some(Cause::Media) => self.by_media.set(rule),
            Some(Cause::Trails) => self.by_trails.set(rule),
            _ => {}
        }
    }

    /// Numbers the alternatives of a node, and notes what wakes each.
    fn number(&mut self, node: &mut Node, weigh: &Weigh<'_>) {
        if node.any.len() < MANY {
            return;
        }
        node.parts = Some(self.part_count);
        for inner in &node.any {
            let part = self.part_count;
            self.part_count += 1;
            let causes = weigh.clauses(inner).into_iter().next();
            let rest = causes.map(|causes| {
                let lists = &self.lists;
                let rest = causes
                    .into_iter()
                    .filter_map(|c| self.parts.put(c, part, lists));
                rest.count()
            });
            // What is not in the text may meet it as well.
            if rest != Some(0) {
                self.parts_always.set(part);
            }
        }
    }

    /// Adds the rules that something seen in a field wakes.
    pub(crate) fn rules(&self, seen: &Seen, awake: &mut Bits) {
        self.rules.ring(seen, awake);
    }

    /// The parts of rules that something seen in a field wakes.
    pub(crate) fn parts(&self, seen: &Seen) -> Bits {
        let mut out = self.parts_always.clone();
        self.parts.ring(seen, &mut out);
        out
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

/// Takes in the expressions of a node that every post would be asked about.
fn join(node: &mut Node, joint: &mut Together) {
    if !node.needs.is_empty()
        || !node.facts.is_empty()
        || node.known_only
        || node.max_words.is_some()
    {
        return;
    }
    for anchored in &mut node.regexes {
        if anchored.anchors.is_empty() && !anchored.digit && joint.add(&anchored.pattern) {
            anchored.joint = true;
        }
    }
    node.any.iter_mut().for_each(|inner| join(inner, joint));
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
    /// Facts of which one must be known for the conditions of the rule to hold for sure.
    when: Vec<String>,
}

impl Weigh<'_> {
    /// Notes what a node and each of its parts need.
    fn settle(&self, node: &mut Node, wakes: &mut Wakes) {
        if !node.facts.is_empty() {
            node.question = wakes.questions;
            wakes.questions += 1;
        }
        wakes.number(node, self);
        let clauses = self.clauses(node).into_iter();
        node.needs = clauses
            .filter_map(|c| Clause::of(c, &wakes.lists))
            .collect();
        let inner = [&mut node.any, &mut node.all, &mut node.none];
        for node in inner.into_iter().flatten() {
            self.settle(node, wakes);
        }
        for near in [&mut node.near, &mut node.apart].into_iter().flatten() {
            self.settle(&mut near.of, wakes);
            self.settle(&mut near.to, wakes);
        }
    }

    /// What a node cannot hold without, the rarest first: one cause of each clause. No clause = it may hold whatever the
    /// text.
    fn clauses(&self, node: &Node) -> Vec<Vec<Cause>> {
        let mut out = Vec::new();
        let facts = condition::needed(&node.facts);
        if !facts.is_empty() {
            out.push(facts.into_iter().map(Cause::Fact).collect());
        }
        if node.known_only && !self.when.is_empty() {
            out.push(self.when.iter().cloned().map(Cause::Fact).collect());
        }
        if node.seeks() {
            out.extend(self.alternatives(node));
        }
        for inner in &node.all {
            out.extend(self.clauses(inner));
        }
        self.in_order(out)
    }

    fn in_order(&self, mut clauses: Vec<Vec<Cause>>) -> Vec<Vec<Cause>> {
        for clause in &mut clauses {
            clause.sort();
            clause.dedup();
        }
        clauses.sort_by(|a, b| self.cost(a).total_cmp(&self.cost(b)));
        clauses.dedup();
        clauses.truncate(CLAUSES);
        clauses
    }

    /// The clauses of a disjunction: one of each alternative, the rarest with the rarest.
    fn alternatives(&self, node: &Node) -> Vec<Vec<Cause>> {
        let one = |cause| vec![vec![cause]];
        let mut each: Vec<Vec<Vec<Cause>>> = Vec::new();
        each.extend(node.terms.map(|n| one(Cause::Node(n as u32))));
        for pattern in &node.regexes {
            let anchors = pattern.anchors.iter();
            let mut clauses: Vec<_> = anchors.map(|n| vec![Cause::Node(*n as u32)]).collect();
            if pattern.digit {
                clauses.push(vec![Cause::Trait(Features::DIGIT.bits())]);
            }
            each.push(self.in_order(clauses));
        }
        if let Some(formats) = &node.formats {
            let nodes = formats.first..formats.first + formats.list.len();
            let mut causes: Vec<_> = nodes.map(|n| Cause::Node(n as u32)).collect();
            if formats.roam() {
                causes.push(Cause::Trait(Features::LONG_RUN.bits()));
            }
            each.push(vec![causes]);
        }
        each.extend(node.fact_terms.clone().map(|key| one(Cause::List(key))));
        if let Some(detector) = &node.detector {
            each.push(match detector.gate {
                crate::detect::Gate::Traits(traits) if traits == Features::ANY => Vec::new(),
                crate::detect::Gate::Traits(traits) => one(Cause::Trait(traits.bits())),
                crate::detect::Gate::Words(_) => node
                    .gate
                    .map_or_else(Vec::new, |n| one(Cause::Node(n as u32))),
                crate::detect::Gate::Trails => one(Cause::Trails),
                crate::detect::Gate::Pictures => {
                    vec![vec![Cause::Media, Cause::Fact("alt".to_owned())]]
                }
            });
        }
        if let Some(near) = &node.near {
            let mut both = self.clauses(&near.of);
            both.extend(self.clauses(&near.to));
            each.push(self.in_order(both));
        }
        if let Some(apart) = &node.apart {
            each.push(self.clauses(&apart.of));
        }
        each.extend(node.any.iter().map(|inner| self.clauses(inner)));
        if each.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        let most = each.iter().map(Vec::len).max().unwrap_or(0);
        let joined = (0..most).map(|n| {
            let of = |c: &Vec<Vec<Cause>>| c.get(n).or(c.first()).cloned().unwrap_or_default();
            each.iter().flat_map(of).collect()
        });
        self.in_order(joined.collect())
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
