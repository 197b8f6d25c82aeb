//! From files to rules, with errors that say where and what was probably meant.

use jiff::civil::Date;

use super::condition::{Condition, FactTest, Test};
use super::days::Days;
use super::fault::{day, fault, line_of_word, no_expression, no_such, toml_fault};
use super::file::{AbsentFile, AdjustFile, NearFile, NodeFile, Reported, RuleFile};
use super::file::{ConditionFile, FieldKind, OnUnknown};
use super::format::{Formats, Tables};
use super::model::{Absent, Adjust, Anchored, Near, Node, Rule};
use crate::detect;
use crate::limits;
use crate::packs::{Lists, LoadError};
use crate::report::{Severity, Words};
use crate::scan::literals::Literals;
use crate::scan::pattern::Pattern;
use crate::scan::required::{Anchor, is_telling};
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
            Words::new(
                format!(
                    "un fichier de règle tient en {} octets au plus",
                    limits::MAX_RULE_BYTES
                ),
                format!("a rule file holds at most {} bytes", limits::MAX_RULE_BYTES),
            ),
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
    fn fault(&mut self, word: &str, fr: impl Into<String>, en: impl Into<String>) {
        self.said(word, Words::new(fr, en));
    }

    fn said(&mut self, word: &str, message: Words) {
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
                    "l’id `{}` s’écrit en capitales, chiffres et tirets, comme ORG-NOM-01",
                    w.id
                ),
                format!(
                    "id `{}` must be capitals, digits and dashes, such as ORG-NAME-01",
                    w.id
                ),
            );
        }
        if w.severity >= Severity::Review && w.skill.is_none() {
            self.fault(
                "severity",
                "à partir de `review` une règle nomme la compétence (`skill`) de son second lecteur",
                "from `review` up a rule names the `skill` of its second reader",
            );
        }
        if w.when.is_empty() && w.matching.is_none() {
            self.fault(
                "id",
                "une règle a `when`, `match` ou les deux",
                "a rule needs `when`, `match` or both",
            );
        }
        let when = self.conditions(w.when, OnUnknown::Lower);
        let adjust: Vec<Adjust> = w.adjust.into_iter().map(|a| self.adjust(a)).collect();
        // A rule that reaches `review` only now and then names no skill: then it is that of its family.
        let reaches = |a: &Adjust| a.severity.is_some_and(|s| s >= Severity::Review);
        let skill = w.skill.or_else(|| {
            adjust
                .iter()
                .any(reaches)
                .then(|| crate::changes::skill(w.family))
        });
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
            skill,
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
                "un `adjust` donne `severity`, `confidence` ou les deux",
                "an `adjust` sets `severity`, `confidence` or both",
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
                "une condition nomme un `fact` ou un `day`, ou l’un de `any`, `all`, `none`",
                "a condition names one `fact` or `day`, or one of `any`, `all`, `none`",
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
                    format!("`{wrong}` n’est pas un jour\u{a0}: MM-JJ, MM-JJ/MM-JJ, AAAA-MM-JJ/AAAA-MM-JJ ou last-mon-05"),
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
                    format!(
                        "la condition sur `{key}` ne dit rien\u{a0}: ajoutez `is`, `in`, `present`…"
                    ),
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
                        .map(|n| format!("list:{n}"));
                    let said = no_such(
                        &format!("il n’y a pas de liste `{name}`"),
                        &format!("there is no list `{name}`"),
                        near.as_deref(),
                    );
                    self.said(&word, said);
                }
            }
        }
        out
    }

    fn node(&mut self, w: NodeFile) -> Node {
        let written = self.expand(w.terms);
        let terms = (!written.is_empty()).then(|| {
            if let Some(node) = self.literals.same(&written) {
                return node;
            }
            let node = self.literals.new_node();
            for term in &written {
                if let Err(message) = self.literals.add(term, node) {
                    self.said(term, message);
                }
            }
            self.literals.remember(&written, node);
            node
        });
        // What the pattern itself says is certain; what the author says is taken where the pattern says nothing.
        let written: Vec<Anchor> = w
            .anchors
            .iter()
            .map(|a| Anchor::free(&fold_term(a)))
            .collect();
        let telling = !written.is_empty() && is_telling(&written, self.literals.common());
        let mut regexes = Vec::new();
        for pattern in &w.regex {
            let read = Pattern::read(pattern, self.literals.common());
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
                    for set in &needs.sets {
                        anchors.push(self.literals.anchors(set));
                    }
                    if anchors.is_empty() && telling {
                        anchors.push(self.literals.anchors(&written));
                    } else if anchors.is_empty()
                        && !w.facts.is_empty()
                        && let Some(words) = &needs.common
                    {
                        anchors.push(self.literals.anchors(words));
                    }
                    let named = compiled.names().next().is_some();
                    regexes.push(Anchored {
                        named,
                        anchors,
                        digit: needs.digit,
                        joint: false,
                        pattern: compiled,
                    });
                }
                Err(why) => {
                    self.said(pattern, no_expression(&why));
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
                let said = no_such(
                    &format!("il n’y a pas de détecteur `{name}`"),
                    &format!("there is no detector `{name}`"),
                    nearest(&name, detect::names()),
                );
                self.said(&name, said);
            }
            found
        });
        let gate = detector.and_then(|d| match d.gate {
            detect::Gate::Words(words) => {
                let words: Vec<_> = words.iter().map(|w| Anchor::free(w)).collect();
                Some(self.literals.anchors(&words))
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
            parts: None,
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
            question: 0,
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
