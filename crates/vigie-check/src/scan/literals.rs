//! The literals of all rules: gathered while rules are read, then found in one pass.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use super::common::Common;
use super::hits::Hits;
use super::required::Anchor;
use super::table::{Edges, Table};
use crate::content::Lang;
use crate::report::Words;
use crate::text::view::fold_term;
use crate::text::{View, chars};

/// The literals of all rules, as they are read.
#[derive(Debug, Default)]
pub(crate) struct Literals {
    /// Each literal and its number.
    index: HashMap<String, u32>,
    /// Who asks for which literal, in the order of reading.
    asked: Vec<(u32, Asker)>,
    nodes: usize,
    /// Nodes of which only is asked whether a literal of theirs is there.
    only: Vec<u32>,
    /// Nodes by the terms they look for, as a fingerprint: parts of rules that look for the same share one.
    same: HashMap<[u64; 2], usize>,
    /// What is common in posts.
    common: Common,
}

/// A fingerprint of what is looked for: two hashes, so that different ones never share one in practice.
fn fingerprint<T: Hash + ?Sized>(terms: &T) -> [u64; 2] {
    [0u8, 1].map(|salt| {
        let mut hasher = std::hash::DefaultHasher::new();
        (salt, terms).hash(&mut hasher);
        hasher.finish()
    })
}

/// A node that asks for a literal, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) node: u32,
    pub(crate) free_left: bool,
    pub(crate) free_right: bool,
    /// Whether an accent of the term was left out: the word is then French, or another word.
    pub(crate) bare: bool,
}

/// How a node asks, below its number.
const RIGHT: u32 = 1;
const LEFT: u32 = 2;
const BARE: u32 = 4;
/// Only whether the literal is there is asked, and not where.
const ONLY: u32 = 8;
const NODE: u32 = 4;

impl Asker {
    /// As one number: the node, and below it how it asks.
    fn packed(self, only: bool) -> u32 {
        let flag = |set: bool, bit: u32| if set { bit } else { 0 };
        self.node << NODE
            | flag(only, ONLY)
            | flag(self.bare, BARE)
            | flag(self.free_left, LEFT)
            | flag(self.free_right, RIGHT)
    }
}

/// The literals of all rules in one table, searched in one pass.
#[derive(Debug, Default)]
pub(crate) struct Search {
    table: Table,
    pub(crate) nodes: usize,
}

/// Letters with accents of a term that may each be written without.
const MOST_ACCENTS: usize = 3;

impl Literals {
    /// None yet; `common` says which are rare.
    pub(crate) fn new(common: Common) -> Literals {
        Literals {
            common,
            ..Literals::default()
        }
    }

    /// What is common in posts.
    pub(crate) fn common(&self) -> &Common {
        &self.common
    }

    /// The same, to learn more of it.
    pub(crate) fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }

    pub(crate) fn new_node(&mut self) -> usize {
        self.nodes += 1;
        self.nodes - 1
    }

    /// The node that looks for these terms already, if any.
    pub(crate) fn same(&self, terms: &[String]) -> Option<usize> {
        self.same.get(&fingerprint(&("terms", terms))).copied()
    }

    /// Notes that a node looks for these terms.
    pub(crate) fn remember(&mut self, terms: &[String], node: usize) {
        self.same.insert(fingerprint(&("terms", terms)), node);
    }

    /// Adds a term: `*` at an end = the word may go on there; a letter with an accent is also found without it.
    pub(crate) fn add(&mut self, term: &str, node: usize) -> Result<(), Words> {
        let free_left = term.starts_with('*');
        let free_right = term.ends_with('*') && term.len() > 1;
        let bare = term.strip_prefix('*').unwrap_or(term);
        let bare = if free_right {
            bare.strip_suffix('*').unwrap_or(bare)
        } else {
            bare
        };
        let folded = fold_term(bare);
        if folded.trim().is_empty() {
            return Err(Words::new(
                "un mot vide serait trouvé partout",
                "an empty term would be found everywhere",
            ));
        }
        for written in ways(&folded) {
            let asker = Asker {
                node: node as u32,
                free_left,
                free_right,
                bare: written != folded,
            };
            self.put(written, asker);
        }
        Ok(())
    }

    /// The node that looks for these anchors, of which only is asked whether one is there.
    pub(crate) fn anchors(&mut self, anchors: &[Anchor]) -> usize {
        let print = fingerprint(&("anchors", anchors));
        if let Some(node) = self.same.get(&print) {
            return *node;
        }
        let node = self.new_node();
        self.only.push(node as u32);
        anchors.iter().for_each(|a| self.add_anchor(a, node));
        self.same.insert(print, node);
        node
    }

    /// Adds an anchor to a node.
    pub(crate) fn add_anchor(&mut self, anchor: &Anchor, node: usize) {
        if !anchor.text.is_empty() {
            let asker = Asker {
                node: node as u32,
                free_left: !anchor.left,
                free_right: !anchor.right,
                bare: false,
            };
            self.put(anchor.text.clone(), asker);
        }
    }

    fn put(&mut self, literal: String, asker: Asker) {
        let next = self.index.len() as u32;
        let at = *self.index.entry(literal).or_insert(next);
        self.asked.push((at, asker));
    }

    /// The table, with pieces that are rare in ordinary posts, and what is rare.
    pub(crate) fn build(self) -> (Search, Common) {
        let common = self.common;
        let mut texts = vec![String::new(); self.index.len()];
        for (text, n) in self.index {
            texts[n as usize] = text;
        }
        let mut pairs = self.asked;
        pairs.sort_unstable_by_key(|(literal, a)| (*literal, a.node, a.free_left, a.free_right));
        pairs.dedup();
        let mut starts = vec![0u32; texts.len() + 1];
        for (literal, _) in &pairs {
            starts[*literal as usize + 1] += 1;
        }
        for n in 1..starts.len() {
            starts[n] += starts[n - 1];
        }
        let asked: Vec<Asker> = pairs.into_iter().map(|(_, asker)| asker).collect();
        let bound = |n: usize, free: fn(&Asker) -> bool| {
            let askers = asked.get(starts[n] as usize..starts[n + 1] as usize);
            !askers.is_some_and(|a| a.iter().any(free))
        };
        let edges = |n: usize| Edges {
            left: bound(n, |a| a.free_left),
            right: bound(n, |a| a.free_right),
        };
        let mut only = vec![false; self.nodes];
        for node in self.only {
            only[node as usize] = true;
        }
        let meaning = |n: usize, out: &mut Vec<u32>| {
            let askers = asked.get(starts[n] as usize..starts[n + 1] as usize);
            let packed = |a: &Asker| a.packed(only[a.node as usize]);
            out.extend(askers.unwrap_or_default().iter().map(packed));
        };
        let search = Search {
            table: Table::build(&texts, edges, meaning, &common),
            nodes: self.nodes,
        };
        (search, common)
    }
}

/// A term with each of its accents kept or left out; beyond a few accents, all kept or all left out.
fn ways(folded: &str) -> Vec<String> {
    let accents = folded
        .chars()
        .filter(|c| chars::without_accent(*c) != *c)
        .count();
    if accents > MOST_ACCENTS {
        let plain = folded.chars().map(chars::without_accent).collect();
        return vec![folded.to_owned(), plain];
    }
    let mut out = vec![String::new()];
    for c in folded.chars() {
        let plain = chars::without_accent(c);
        let mut more = Vec::new();
        for text in &mut out {
            if plain != c {
                more.push(format!("{text}{plain}"));
            }
            text.push(c);
        }
        out.extend(more);
    }
    out
}

impl Search {
    /// Finds every literal of a text, at most [`limits::MAX_HITS`](crate::limits::MAX_HITS) places a node.
    pub(crate) fn find(&self, view: &View<'_>) -> Hits {
        let mut out = Hits::new(self.nodes);
        let english = || view.lang() == Some(Lang::En);
        self.table.scan(&view.low, |askers, start, end| {
            let (left, right) = view.word_edges(start, end);
            let fine = if left { LEFT } else { 0 } | if right { RIGHT } else { 0 };
            for asker in askers {
                let node = asker >> NODE;
                let stands = (fine | asker) & (LEFT | RIGHT) == LEFT | RIGHT
                    // `importé*` is not “imported”.
                    && !(asker & (BARE | RIGHT) == BARE | RIGHT && view.goes_on(end) && english());
                if !stands {
                    continue;
                }
                if asker & ONLY != 0 {
                    out.mark(node);
                } else {
                    out.put(node, start, end);
                }
            }
        });
        out
    }
}
