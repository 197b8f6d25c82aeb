//! From files to rules, with errors that say where and what was probably meant.

use jiff::civil::Date;

use super::condition::{Condition, FactTest, Test};
use super::days::Days;
use super::file::{AbsentFile, AdjustFile, NearFile, NodeFile, Reported, RuleFile};
use super::file::{ConditionFile, FieldKind, OnUnknown};
use super::format::{Formats, Tables};
use super::model::{Absent, Adjust, Anchored, Near, Node, Rule};
use crate::detect;
use crate::limits;
use crate::packs::{Lists, Literals, LoadError};
use crate::report::Severity;
use crate::scan::pattern::Pattern;
use crate::text::nearest::nearest;
use crate::text::{fuzzy, view::fold_term};

/// What rules share: lists of words, tables of formats.
pub(crate) struct Shared<'a> {
    pub(crate) lists: &'a Lists,
    pub(crate) tables: &'a Tables,
    /// Whether the file comes with the program: its expressions are compiled when they are first needed.
    pub(crate) own: bool,
}

/// Reads one rule; its literals go into the shared table.
pub(crate) fn rule(
    file: &str,
    source: &str,
    shared: &Shared<'_>,
    literals: &mut Literals,
) -> Result<Rule, Vec<LoadError>> {
    if source.len() > limits::MAX_RULE_BYTES {
        return Err(vec![fault(
            file,
            1,
            format!("a rule file holds at most {} bytes", limits::MAX_RULE_BYTES),
        )]);
    }
    let written: RuleFile =
        toml::from_str(source).map_err(|e| vec![toml_fault(file, source, &e)])?;
    let mut loader = Loader {
        file,
        source,
        shared,
        id: written.id.clone(),
        literals,
        faults: Vec::new(),
    };
    let rule = loader.rule(written);
    if loader.faults.is_empty() {
        Ok(rule)
    } else {
        Err(loader.faults)
    }
}

/// A fault in a TOML file, with the nearest right word.
pub(crate) fn toml_fault(file: &str, source: &str, error: &toml::de::Error) -> LoadError {
    let line = error.span().map_or(1, |s| line_of(source, s.start));
    let mut message = error.message().to_owned();
    if let Some((wrong, right)) = unknown_word(&message)
        && let Some(near) = nearest(&wrong, right.iter().map(String::as_str))
    {
        message = format!("unknown word `{wrong}`: did you mean `{near}`?");
    }
    fault(file, line, message)
}

/// Splits serde's « unknown field `x`, expected one of `a`, `b` ».
fn unknown_word(message: &str) -> Option<(String, Vec<String>)> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2).map(str::to_owned);
    Some((quoted.next()?, quoted.collect()))
}

/// The first line that holds `word`, from 1.
pub(crate) fn line_of_word(source: &str, word: &str) -> usize {
    source.find(word).map_or(1, |at| line_of(source, at))
}

pub(crate) fn line_of(source: &str, at: usize) -> usize {
    1 + source.bytes().take(at).filter(|&b| b == b'\n').count()
}

/// A day written in a file.
pub(crate) fn day(file: &str, source: &str, text: &str) -> Result<Date, LoadError> {
    text.parse().map_err(|_| {
        let line = source.find(text).map_or(1, |at| line_of(source, at));
        fault(
            file,
            line,
            format!("`{text}` is not a day written YYYY-MM-DD"),
        )
    })
}

pub(crate) fn fault(file: &str, line: usize, message: String) -> LoadError {
    LoadError {
        file: file.to_owned(),
        line,
        message,
    }
}

struct Loader<'a> {
    file: &'a str,
    source: &'a str,
    shared: &'a Shared<'a>,
    id: String,
    literals: &'a mut Literals,
    faults: Vec<LoadError>,
}

impl Loader<'_> {
    /// Notes a fault at the first line that holds `word`.
    fn fault(&mut self, word: &str, message: String) {
        let line = line_of_word(self.source, word);
        self.faults.push(fault(self.file, line, message));
    }

    fn date(&mut self, text: Option<&String>) -> Option<Date> {
        match day(self.file, self.source, text?) {
            Ok(date) => Some(date),
            Err(wrong) => {
                self.faults.push(wrong);
                None
            }
        }
    }

    fn rule(&mut self, w: RuleFile) -> Rule {
        let good_id = w.id.len() <= 40
            && w.id.contains('-')
            && w.id
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        if !good_id {
            self.fault(
                &w.id,
                format!(
                    "id `{}` must be capitals, digits and dashes, such as ORG-NAME-01",
                    w.id
                ),
            );
        }
        if w.severity >= Severity::Review && w.skill.is_none() {
            self.fault(
                "severity",
                "from `review` up a rule names the `skill` of its second reader".to_owned(),
            );
        }
        if w.when.is_empty() && w.matching.is_none() {
            self.fault("id", "a rule needs `when`, `match` or both".to_owned());
        }
        let when = self.conditions(w.when, OnUnknown::Lower);
        let adjust = w.adjust.into_iter().map(|a| self.adjust(a)).collect();
        let (valid_from, valid_to) = (
            self.date(w.valid_from.as_ref()),
            self.date(w.valid_to.as_ref()),
        );
        let node = w.matching.map(|n| self.node(n));
        let message = w.message.unwrap_or_else(|| w.title.clone());
        Rule {
            id: w.id,
            family: w.family,
            jurisdictions: w.jurisdictions,
            severity: w.severity,
            confidence: w.confidence,
            skill: w.skill,
            source: w.source,
            evidence: w.evidence,
            valid_from,
            valid_to,
            title: w.title,
            message,
            advice: w.advice,
            fire: w.examples.fire,
            quiet: w.examples.quiet,
            file: self.file.to_owned(),
            first_only: w.report == Reported::First,
            mask: w.mask,
            fields: if w.fields.is_empty() {
                vec![FieldKind::Text]
            } else {
                w.fields
            },
            when,
            adjust,
            node,
            fix: w.fix,
        }
    }

    fn adjust(&mut self, w: AdjustFile) -> Adjust {
        if w.severity.is_none() && w.confidence.is_none() {
            self.fault(
                "adjust",
                "an `adjust` sets `severity`, `confidence` or both".to_owned(),
            );
        }
        Adjust {
            when: self.conditions(w.when, OnUnknown::No),
            node: w.matching.map(|n| self.node(n)),
            severity: w.severity,
            confidence: w.confidence,
        }
    }

    fn conditions(&mut self, list: Vec<ConditionFile>, unknown: OnUnknown) -> Vec<Condition> {
        list.into_iter()
            .map(|c| self.condition(c, unknown))
            .collect()
    }

    fn condition(&mut self, c: ConditionFile, unknown: OnUnknown) -> Condition {
        let said = [
            c.any.is_some(),
            c.all.is_some(),
            c.none.is_some(),
            c.fact.is_some(),
            c.day.is_some(),
        ];
        if said.iter().filter(|s| **s).count() != 1 {
            self.fault(
                "when",
                "a condition names one `fact` or `day`, or one of `any`, `all`, `none`".to_owned(),
            );
        }
        let own = c.unknown;
        // What is not known inside a group is decided by the group, unless it says so itself.
        let inner = own.unwrap_or(OnUnknown::Lower);
        let test = if let Some(list) = c.any {
            Test::Any(self.conditions(list, inner))
        } else if let Some(list) = c.all {
            Test::All(self.conditions(list, inner))
        } else if let Some(list) = c.none {
            Test::None(self.conditions(list, inner))
        } else if let Some(days) = c.day {
            let days = self.expand(days);
            Test::Day(Days::read(&days).unwrap_or_else(|wrong| {
                self.fault(
                    &wrong,
                    format!("`{wrong}` is no day: write MM-DD, MM-DD/MM-DD, YYYY-MM-DD/YYYY-MM-DD or last-mon-05"),
                );
                Days::default()
            }))
        } else {
            let test = FactTest {
                key: c.fact.unwrap_or_default(),
                is: c.is,
                not: c.not,
                within: c.within.map(|l| self.expand(l)),
                not_in: c.not_in.map(|l| self.expand(l)),
                contains: c.contains.map(|l| self.expand(l)),
                min: c.min,
                max: c.max,
                present: c.present,
                after_day: c.after_day,
                older_than_days: c.older_than_days,
            };
            if test.is_empty() {
                let key = test.key.clone();
                self.fault(
                    &key,
                    format!("the condition on `{key}` says nothing: add `is`, `in`, `present`…"),
                );
            }
            Test::Fact(test)
        };
        Condition {
            test,
            unknown: own.unwrap_or(unknown),
        }
    }

    /// Puts the words of a list where `list:NAME` stands.
    fn expand(&mut self, words: Vec<String>) -> Vec<String> {
        let mut out = Vec::with_capacity(words.len());
        for word in words {
            let Some(name) = word.strip_prefix("list:") else {
                out.push(word);
                continue;
            };
            match self.shared.lists.get(name) {
                Some(list) => out.extend(list.iter().cloned()),
                None => {
                    let near = nearest(name, self.shared.lists.keys().map(String::as_str))
                        .map_or_else(String::new, |n| format!(": did you mean `list:{n}`?"));
                    self.fault(&word, format!("there is no list `{name}`{near}"));
                }
            }
        }
        out
    }

    fn node(&mut self, w: NodeFile) -> Node {
        let written = self.expand(w.terms);
        let terms = (!written.is_empty()).then(|| {
            let node = self.literals.new_node();
            for term in &written {
                if let Err(message) = self.literals.add(term, node) {
                    self.fault(term, message);
                }
            }
            node
        });
        // What the pattern itself says is certain; what the author says is taken where the pattern says nothing.
        let written = if w.anchors.is_empty() || w.regex.is_empty() {
            None
        } else {
            let node = self.literals.new_node();
            for anchor in &w.anchors {
                self.literals.add_anchor(&fold_term(anchor), node);
            }
            Some(node)
        };
        let mut regexes = Vec::new();
        for pattern in &w.regex {
            let read = Pattern::read(pattern);
            let read = read.and_then(|(p, needs)| {
                if self.shared.own {
                    Ok((p, needs))
                } else {
                    p.compile().map(|()| (p, needs))
                }
            });
            match read {
                Ok((compiled, needs)) => {
                    let mut anchors: Vec<usize> = Vec::with_capacity(needs.sets.len());
                    for literals in &needs.sets {
                        let node = self.literals.new_node();
                        for literal in literals {
                            self.literals.add_anchor(literal, node);
                        }
                        anchors.push(node);
                    }
                    if anchors.is_empty() {
                        anchors.extend(written);
                    }
                    let named = compiled.names().next().is_some();
                    regexes.push(Anchored {
                        named,
                        anchors,
                        digit: needs.digit,
                        pattern: compiled,
                    });
                }
                Err(why) => {
                    self.fault(pattern, format!("this expression cannot be read: {why}"));
                }
            }
        }
        let formats = w.formats.then(|| {
            let tables = self.shared.tables.get(&self.id);
            let tables = tables.map_or(&[][..], Vec::as_slice);
            Formats::load(tables, self.literals, &mut self.faults)
        });
        let detector = w.detector.and_then(|name| {
            let found = detect::by_name(&name);
            if found.is_none() {
                let near = nearest(&name, detect::names())
                    .map_or_else(String::new, |n| format!(": did you mean `{n}`?"));
                self.fault(&name, format!("there is no detector `{name}`{near}"));
            }
            found
        });
        let gate = detector.and_then(|d| match d.gate {
            detect::Gate::Words(words) => {
                let node = self.literals.new_node();
                for word in words {
                    self.literals.add_anchor(word, node);
                }
                Some(node)
            }
            _ => None,
        });
        let absent = w
            .absent
            .into_iter()
            .map(|a| match a {
                AbsentFile::Always(text) => Absent {
                    plain: fuzzy::plain(&fold_term(&text)),
                    from: None,
                    to: None,
                },
                AbsentFile::Dated(d) => Absent {
                    plain: fuzzy::plain(&fold_term(&d.text)),
                    from: self.date(d.from.as_ref()),
                    to: self.date(d.to.as_ref()),
                },
            })
            .collect();
        Node {
            needs: Vec::new(),
            terms,
            regexes,
            formats,
            fact_terms: w.fact_terms,
            detector,
            gate,
            near: w.near.map(|n| self.near(*n)),
            apart: w.apart.map(|n| self.near(*n)),
            any: w.any.into_iter().map(|n| self.node(n)).collect(),
            all: w.all.into_iter().map(|n| self.node(n)).collect(),
            none: w.none.into_iter().map(|n| self.node(n)).collect(),
            absent,
            distance: w.distance.unwrap_or(0),
            first_chars: w.first_chars,
            before_fold: w.before_fold,
            known_only: w.known_only,
            skip_quoted: w.skip_quoted,
            skip_negated: w.skip_negated,
            at_least: w.at_least.unwrap_or(1),
            facts: self.conditions(w.facts, OnUnknown::No),
            min_words: w.min_words.unwrap_or(0),
            max_words: w.max_words,
        }
    }

    fn near(&mut self, w: NearFile) -> Box<Near> {
        Box::new(Near {
            of: self.node(w.of),
            to: self.node(w.to),
            words: w.words,
            side: w.side,
        })
    }
}
