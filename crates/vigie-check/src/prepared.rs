//! What is known about many posts at once, made ready: the organisation's lists in one table, conditions answered.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::content::Lang;
use crate::facts::{FactValue, Facts};
use crate::limits;
use crate::packs::Packs;
use crate::rule::Rule;
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
    /// What conditions answer to these facts alone, by language of the text: not told, French, English.
    answers: [Answers; 3],
    /// Rules to ask about every post.
    pub(crate) awake: Bits,
    pub(crate) lists: Words,
}

/// What conditions on facts answer, for texts of one language.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// By rule.
    pub(crate) when: Vec<Truth>,
    /// Rules whose conditions do not hold.
    pub(crate) out: Bits,
    /// Parts of rules whose conditions hold, by number of the question.
    pub(crate) holds: Bits,
}

impl Answers {
    fn of(rules: &[Rule], facts: &Facts, lang: Option<Lang>) -> Answers {
        let guess = |_| lang;
        let known = condition::Known::new(facts, Some(&guess));
        let mut out = Answers::default();
        for (n, rule) in rules.iter().enumerate() {
            let truth = condition::all(&rule.when, &known);
            if truth == Truth::No {
                out.out.set(n);
            }
            out.when.push(truth);
            rule.each_node(&mut |node| {
                if !node.facts.is_empty() && condition::all(&node.facts, &known) == Truth::Yes {
                    out.holds.set(node.question);
                }
            });
        }
        out
    }
}

impl Prepared {
    /// What conditions answer where the text reads as a language.
    pub(crate) fn answers(&self, lang: Option<Lang>) -> &Answers {
        let [unknown, french, english] = &self.answers;
        match lang {
            None => unknown,
            Some(Lang::Fr) => french,
            Some(Lang::En) => english,
        }
    }
}

/// The words of the organisation's lists that some rule reads.
#[derive(Debug, Default)]
pub(crate) struct Words {
    table: Table,
    /// Whether it has any word.
    any: bool,
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
                    left: of[n].iter().all(|(_, handle)| !handle),
                    right: true,
                },
                // The lists it is in, by number of their key, and whether it is a handle.
                |n, out| {
                    let lists = of[n].iter();
                    out.extend(
                        lists.map(|(key, handle)| u32::from(*key) << 1 | u32::from(*handle)),
                    );
                },
                &packs.wakes.common,
            ),
            any: true,
        }
    }

    /// Whole words of the lists in a text, in order of key and place.
    pub(crate) fn find(&self, view: &crate::text::View<'_>, out: &mut Vec<Listed>) {
        if !self.any {
            return;
        }
        self.table.scan(&view.low, |lists, start, end| {
            for list in lists {
                let (key, handle) = ((list >> 1) as u16, list & 1 == 1);
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
        let mut awake = self.wakes.always.clone();
        for (key, _) in facts.iter() {
            if let Some(bits) = self.wakes.by_fact(key) {
                awake.add(bits);
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
            answers: [None, Some(Lang::Fr), Some(Lang::En)]
                .map(|lang| Answers::of(&self.rules, facts, lang)),
            awake,
        }
    }
}
