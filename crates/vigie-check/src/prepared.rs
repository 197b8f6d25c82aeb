//! What is known about many posts at once, made ready: the organisation's lists in one table, conditions answered.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::facts::{FactValue, Facts};
use crate::limits;
use crate::packs::Packs;
use crate::rule::condition::{self, Truth};
use crate::scan::table::{Edges, Table};
use crate::text::view::fold_term;
use crate::wake::Bits;

/// Facts shared by many posts. Made by [`Packs::prepare`]; holds for those packs only.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    pub(crate) facts: BTreeMap<String, FactValue>,
    /// Which packs it was made for.
    pub(crate) packs: u64,
    pub(crate) day: Option<Date>,
    /// The answer of each rule's conditions to these facts alone; `None` = also depends on the language.
    pub(crate) when: Vec<Option<Truth>>,
    /// Rules to ask about every post.
    pub(crate) awake: Bits,
    pub(crate) lists: Words,
}

/// The words of the organisation's lists that some rule reads.
#[derive(Debug, Default)]
pub(crate) struct Words {
    table: Table,
    /// By literal: the lists it is in, by number of their key, and whether it is a handle.
    of: Vec<Vec<(u16, bool)>>,
}

/// A word of a list, found: number of the list's key, and the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listed {
    pub(crate) key: u16,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Words {
    /// Reads the lists that rules ask for, at most [`limits::MAX_FACT_TERMS`] words of each.
    pub(crate) fn read(facts: &Facts, packs: &Packs, own_only: bool) -> Words {
        let mut literals: Vec<String> = Vec::new();
        let mut number: BTreeMap<String, usize> = BTreeMap::new();
        let mut of: Vec<Vec<(u16, bool)>> = Vec::new();
        for (key, id) in packs.wakes.list_keys() {
            if own_only && !facts.own().contains_key(key) {
                continue;
            }
            for term in facts.list(key).iter().take(limits::MAX_FACT_TERMS) {
                let short: String = term.trim().chars().take(200).collect();
                let folded = fold_term(&short);
                if folded.chars().count() < 2 {
                    continue;
                }
                let handle = folded.starts_with('@');
                for form in forms(folded) {
                    let at = *number.entry(form.clone()).or_insert_with(|| {
                        literals.push(form);
                        of.push(Vec::new());
                        literals.len() - 1
                    });
                    of[at].push((id, handle));
                }
            }
        }
        if literals.is_empty() {
            return Words::default();
        }
        Words {
            table: Table::build(
                &literals,
                |n| Edges {
                    left: literals[n].starts_with(|c: char| c.is_ascii_alphanumeric())
                        && of[n].iter().all(|(_, handle)| !handle),
                    right: literals[n].ends_with(|c: char| c.is_ascii_alphanumeric()),
                },
                &packs.wakes.common,
            ),
            of,
        }
    }

    /// Whole words of the lists in a text, in order of key and place.
    pub(crate) fn find(&self, view: &crate::text::View<'_>, out: &mut Vec<Listed>) {
        if self.of.is_empty() {
            return;
        }
        self.table.scan(view.low.as_bytes(), |n, start, end| {
            for &(key, handle) in self.of.get(n as usize).into_iter().flatten() {
                if out.len() < limits::MAX_LISTED && view.whole_word(start, end, handle, false) {
                    out.push(Listed {
                        key,
                        start: start as u32,
                        end: end as u32,
                    });
                }
            }
        });
    }
}

/// A term as it is written, as one hashtag, and as in the name of a file: “blue anvil”, `#blueanvil`, `blue-anvil`.
fn forms(term: String) -> Vec<String> {
    if !term.contains(' ') {
        return vec![term];
    }
    let hashtag = format!("#{}", term.replace(' ', ""));
    vec![
        hashtag,
        term.replace(' ', "-"),
        term.replace(' ', "_"),
        term,
    ]
}

impl Packs {
    /// Makes facts ready that many posts share, such as the lists of an organisation: they are compiled once.
    ///
    /// The result can be cloned cheaply; facts set on a clone belong to one post and win. It works with any packs, and
    /// is quick with those that made it.
    #[must_use]
    pub fn prepare(&self, facts: &Facts) -> Facts {
        Facts::over(std::sync::Arc::new(self.ready(facts)))
    }

    pub(crate) fn ready(&self, facts: &Facts) -> Prepared {
        let known = condition::Known::new(facts, None);
        let when: Vec<Option<Truth>> = self
            .rules
            .iter()
            .map(|r| (!condition::reads_language(&r.when)).then(|| condition::all(&r.when, &known)))
            .collect();
        let mut awake = self.wakes.always.clone();
        for (key, _) in facts.iter() {
            if let Some(bits) = self.wakes.by_fact(key) {
                awake.add(bits);
            }
        }
        for (n, truth) in when.iter().enumerate() {
            if *truth == Some(Truth::No) {
                awake.clear(n);
            }
        }
        Prepared {
            facts: facts
                .iter()
                .map(|(k, v)| (k.to_owned(), v.clone()))
                .collect(),
            packs: self.number,
            day: facts.day(),
            lists: Words::read(facts, self, false),
            when,
            awake,
        }
    }
}
