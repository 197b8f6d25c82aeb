//! What an organisation changes in the packs that come with the program.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::{Family, Severity, Skill};
use crate::rule::Rule;

/// Changes of the packs: rules that are off, rules that weigh more or less, rules of one's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Ids of rules that are not asked.
    pub off: BTreeSet<String>,
    /// Ids of rules that are as serious as this, whatever their `[[adjust]]` says.
    pub severity: BTreeMap<String, Severity>,
    /// Rules of one's own.
    pub own: Vec<OwnRule>,
}

/// A rule of one's own, as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnRule {
    /// What errors call it.
    pub file: String,
    /// Its text in the rule language.
    pub source: String,
}

impl Changes {
    /// Takes out what is off and weighs the others.
    pub(crate) fn settle(&self, rules: &mut Vec<Rule>) {
        rules.retain(|rule| !self.off.contains(&rule.id));
        for rule in rules {
            if let Some(severity) = self.severity.get(&rule.id) {
                weigh(rule, *severity);
            }
        }
    }
}

fn weigh(rule: &mut Rule, severity: Severity) {
    rule.severity = severity;
    for adjust in &mut rule.adjust {
        adjust.severity = None;
    }
    if severity >= Severity::Review && rule.skill.is_none() {
        rule.skill = Some(skill(rule.family));
    }
}

/// Who knows about a family, where a rule does not say it.
pub fn skill(family: Family) -> Skill {
    match family {
        Family::Reputation => Skill::Communication,
        Family::Confidential | Family::Identity => Skill::Security,
        Family::Legal => Skill::Legal,
    }
}
