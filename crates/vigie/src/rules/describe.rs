//! When a rule speaks, in words: its conditions and what it looks for, for people who do not read rule files.

use vigie_check::rule::file::{
    AbsentFile, ConditionFile, Example, FieldKind, NearFile, NodeFile, RuleFile,
};
use vigie_check::{FactValue, Rule, packs};
use vigie_core::rulebook::Value;

use super::force::InForce;
use super::steps::{key, known};
use crate::words::Words;

/// Words of a list that are shown; the others are counted.
const SHOWN: usize = 12;

/// The text of a rule.
pub fn text<'a>(rules: &'a InForce, rule: &Rule) -> Option<&'a str> {
    match rules.book.own.get(&rule.id) {
        Some(own) => Some(own),
        None => packs::shipped(&rule.file),
    }
}

/// A rule as it is written.
pub fn source(rules: &InForce, rule: &Rule) -> Option<RuleFile> {
    RuleFile::read(text(rules, rule)?)
}

/// An example as a line: its text, and what is known beside it.
pub fn example(example: &Example) -> String {
    let mut parts = vec![example.text.replace('\n', " ")];
    parts.extend(example.links.iter().cloned());
    parts.extend(example.filename.iter().cloned());
    parts.extend(example.alt.iter().map(|alt| format!("[{alt}]")));
    if !example.facts.is_empty() {
        let facts: Vec<String> = example
            .facts
            .iter()
            .map(|(name, value)| format!("{name} = {}", plain(value)))
            .collect();
        parts.push(format!("({})", facts.join(", ")));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

/// A message whose marks, such as `{match}`, are not filled: dots stand for them.
pub fn without_marks(message: &str) -> String {
    let mut out = String::new();
    let mut rest = message;
    while let Some((before, mark)) = rest.split_once('{') {
        let Some((_, after)) = mark.split_once('}') else {
            break;
        };
        out.push_str(before);
        out.push('…');
        rest = after;
    }
    out + rest
}

/// A value as it is written.
pub fn plain(value: &FactValue) -> String {
    match value {
        FactValue::Bool(yes) => yes.to_string(),
        FactValue::Number(n) => n.to_string(),
        FactValue::Text(text) => text.clone(),
        FactValue::List(words) => words.join(" · "),
    }
}

/// All that must hold for the rule to speak, one line each.
pub fn conditions(w: &Words, rule: &RuleFile) -> Vec<String> {
    let mut out = Vec::new();
    let fields: Vec<String> = rule
        .fields
        .iter()
        .map(|f| w.t(format!("rule-field-{}", field(*f))))
        .collect();
    if !fields.is_empty() {
        out.push(w.t1("rule-reads", "fields", fields.join(", ")));
    }
    out.extend(rule.when.iter().map(|c| condition(w, c)));
    if let Some(node) = &rule.matching {
        out.extend(found(w, node));
        out.extend(besides(w, node));
    }
    for adjust in &rule.adjust {
        let mut when: Vec<String> = adjust.when.iter().map(|c| condition(w, c)).collect();
        if let Some(node) = &adjust.matching {
            when.extend(found(w, node));
            when.extend(besides(w, node));
        }
        if let Some(severity) = adjust.severity {
            let word = w.t(format!("severity-{severity}"));
            // The first that holds is taken, so that one without a condition is for all other cases.
            out.push(if when.is_empty() {
                w.t1("rule-adjust-else", "severity", word)
            } else {
                w.t2("rule-adjust", "severity", word, "when", when.join(" ; "))
            });
        }
    }
    out
}

const fn field(field: FieldKind) -> &'static str {
    match field {
        FieldKind::Text => "text",
        FieldKind::Alt => "alt",
        FieldKind::Filename => "filename",
        FieldKind::Link => "link",
        FieldKind::Ocr => "ocr",
        FieldKind::Reply => "reply",
        FieldKind::Author => "author",
        FieldKind::Background => "background",
    }
}

/// What one condition on facts asks.
fn condition(w: &Words, c: &ConditionFile) -> String {
    let group = |list: &[ConditionFile]| {
        list.iter()
            .map(|c| condition(w, c))
            .collect::<Vec<_>>()
            .join(" · ")
    };
    if let Some(list) = &c.any {
        return w.t1("rule-any", "what", group(list));
    }
    if let Some(list) = &c.all {
        return w.t1("rule-all", "what", group(list));
    }
    if let Some(list) = &c.none {
        return w.t1("rule-none", "what", group(list));
    }
    if let Some(days) = &c.day {
        return w.t1("rule-day", "days", some(w, days));
    }
    let fact = c.fact.as_deref().unwrap_or_default();
    let name = named(w, fact);
    // `fr` is France elsewhere, and here a language.
    let worded = |it: &FactValue| {
        if fact.ends_with("lang") {
            plain(it)
        } else {
            worded(w, it)
        }
    };
    let mut out = Vec::new();
    let mut say = |key: &str, value: String| {
        out.push(w.t2(format!("rule-fact-{key}"), "fact", &name, "value", value));
    };
    if let Some(value) = &c.is {
        say("is", worded(value));
    }
    if let Some(value) = &c.not {
        say("not", worded(value));
    }
    for (key, list) in [
        ("in", &c.within),
        ("not-in", &c.not_in),
        ("contains", &c.contains),
    ] {
        if let Some(list) = list {
            let words = list.iter().map(|word| worded(&word.as_str().into()));
            let words: Vec<String> = words.collect();
            say(key, some(w, &words));
        }
    }
    if let Some(n) = c.min {
        say("min", n.to_string());
    }
    if let Some(n) = c.max {
        say("max", n.to_string());
    }
    if let Some(there) = c.present {
        say(if there { "present" } else { "absent" }, String::new());
    }
    if c.after_day == Some(true) {
        say("after", String::new());
    }
    if let Some(days) = c.older_than_days {
        say("older", days.to_string());
    }
    out.join(" · ")
}

/// A value of a fact in words, where there are any.
fn value(w: &Words, word: &str) -> String {
    known(w, Some(&Value::Text(word.to_owned())))
}

fn worded(w: &Words, fact: &FactValue) -> String {
    match fact {
        FactValue::Bool(yes) => known(w, Some(&Value::Is(*yes))),
        FactValue::Text(text) => value(w, text),
        other => plain(other),
    }
}

/// The name of a fact, where there are words for it.
fn named(w: &Words, fact: &str) -> String {
    let name = key(fact);
    w.find(&format!("rules-fact-{name}"))
        .or_else(|| w.find(&format!("rules-list-{name}")))
        .unwrap_or_else(|| fact.to_owned())
}

/// Some words of a list, and how many there are more. Lists that rules share are called by name.
fn some(w: &Words, words: &[String]) -> String {
    let shown: Vec<&str> = words.iter().take(SHOWN).map(String::as_str).collect();
    let shown = shown.join(", ");
    match words.len().saturating_sub(SHOWN) {
        0 => shown,
        more => w.t2("rule-some", "words", shown, "n", more),
    }
}

/// What a part of the text must hold: one line for each alternative.
fn found(w: &Words, node: &NodeFile) -> Vec<String> {
    let mut out = Vec::new();
    if !node.terms.is_empty() {
        out.push(w.t1("rule-terms", "words", some(w, &node.terms)));
    }
    if !node.regex.is_empty() {
        out.push(w.t1("rule-patterns", "n", node.regex.len()));
    }
    if let Some(list) = &node.fact_terms {
        out.push(w.t1("rule-list", "list", named(w, list)));
    }
    if let Some(name) = &node.detector {
        let found = w.find(&format!("rule-detector-{}", key(name)));
        out.push(found.unwrap_or_else(|| w.t1("rule-detector", "name", name)));
    }
    if let Some(near) = &node.near {
        out.push(beside(w, near, "rule-near"));
    }
    if let Some(apart) = &node.apart {
        out.push(beside(w, apart, "rule-apart"));
    }
    out.extend(node.any.iter().map(|inner| whole(w, inner)));
    for absent in &node.absent {
        let text = match absent {
            AbsentFile::Always(text) => text,
            AbsentFile::Dated(dated) => &dated.text,
        };
        out.push(w.t1("rule-missing", "text", text));
    }
    out
}

/// What must hold besides.
fn besides(w: &Words, node: &NodeFile) -> Vec<String> {
    let mut out: Vec<String> = node.facts.iter().map(|c| condition(w, c)).collect();
    out.extend(
        node.all
            .iter()
            .map(|inner| w.t1("rule-and", "what", whole(w, inner))),
    );
    out.extend(
        node.none
            .iter()
            .map(|inner| w.t1("rule-unless", "what", whole(w, inner))),
    );
    if node.skip_negated || node.skip_quoted {
        out.push(w.t("rule-skips"));
    }
    // One word at least is in whatever there is to read.
    if let Some(n) = node.min_words.filter(|n| *n > 1) {
        out.push(w.t1("rule-min-words", "n", n));
    }
    if let Some(n) = node.max_words {
        out.push(w.t1("rule-max-words", "n", n));
    }
    if let Some(n) = node.first_chars {
        out.push(w.t1("rule-first-chars", "n", n));
    }
    if node.before_fold {
        out.push(w.t("rule-before-fold"));
    }
    if node.known_only {
        out.push(w.t("rule-known-only"));
    }
    if let Some(n) = node.at_least {
        out.push(w.t1("rule-at-least", "n", n));
    }
    out
}

fn whole(w: &Words, node: &NodeFile) -> String {
    let mut parts = found(w, node);
    parts.extend(besides(w, node));
    parts.join(" · ")
}

fn beside(w: &Words, near: &NearFile, key: &str) -> String {
    w.t2(key, "of", whole(w, &near.of), "to", whole(w, &near.to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Lang;

    #[test]
    fn conditions_are_said_in_words() {
        let rule = RuleFile::read(
            "id = \"ORG-A-1\"\nfamily = \"legal\"\nseverity = \"warn\"\nconfidence = \"low\"\nsource = \"x\"\n\
             evidence = \"verified\"\ntitle = { fr = \"a\", en = \"a\" }\nadvice = { fr = \"a\", en = \"a\" }\n\
             [[when]]\nfact = \"target\"\nin = [\"FR\", \"UK\"]\n[[when]]\nfact = \"quiet\"\nis = true\n\
             [match]\nterms = [\"whisky\"]\nnone = [{ terms = [\"vinaigre\"] }]",
        )
        .unwrap();
        let said = conditions(&Words::new(Lang::En), &rule);
        assert_eq!(
            said,
            [
                "Where you are read is one of France, United Kingdom",
                "Quiet period before results is yes",
                "One of these words: whisky",
                "Unless: One of these words: vinaigre",
            ]
        );
        let adjusted = RuleFile::read(
            "id = \"ORG-A-2\"\nfamily = \"legal\"\nseverity = \"stop\"\nconfidence = \"low\"\nsource = \"x\"\n\
             evidence = \"verified\"\ntitle = { fr = \"a\", en = \"a\" }\nadvice = { fr = \"a\", en = \"a\" }\n\
             [match]\nterms = [\"whisky\"]\nmin_words = 6\nfirst_chars = 40\n\
             [[adjust]]\nmatch = { max_words = 9 }\nseverity = \"review\"\n\
             [[adjust]]\nmatch = { min_words = 1 }\nseverity = \"warn\"",
        )
        .unwrap();
        assert_eq!(
            conditions(&Words::new(Lang::En), &adjusted),
            [
                "One of these words: whisky",
                "At least 6 words in all",
                "Within the first 40 characters",
                "“Second pair of eyes” when: At most 9 words in all",
                "“Look again” in all other cases",
            ]
        );
        assert_eq!(without_marks("“{match}” and {n}, {"), "“…” and …, {");
    }
}
