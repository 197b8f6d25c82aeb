//! What is wrong with a file of rules, in both languages, with the nearest right word.

use jiff::civil::Date;

use crate::packs::LoadError;
use crate::report::{Confidence, Evidence, Family, Severity, Skill, Words};
use crate::text::nearest::nearest;

/// A fault at a line of a file.
pub(crate) fn fault(file: &str, line: usize, message: Words) -> LoadError {
    LoadError {
        file: file.to_owned(),
        line,
        message,
    }
}

/// « voulez-vous dire … », or nothing.
pub(crate) fn meant(near: Option<&str>) -> Words {
    near.map_or_else(Words::default, |near| {
        Words::new(
            format!("\u{a0}: vouliez-vous dire `{near}`\u{a0}?"),
            format!(": did you mean `{near}`?"),
        )
    })
}

/// A fault that names a word and the nearest right one.
pub(crate) fn no_such(fr: &str, en: &str, near: Option<&str>) -> Words {
    let meant = meant(near);
    Words::new(format!("{fr}{}", meant.fr), format!("{en}{}", meant.en))
}

/// An expression that the reader of expressions refuses; its own words are in English.
pub(crate) fn no_expression(why: &str) -> Words {
    Words::new(
        format!("cette expression ne se lit pas\u{a0}: {why}"),
        format!("this expression cannot be read: {why}"),
    )
}

/// A fault in a TOML file, with the nearest right word.
pub(crate) fn toml_fault(file: &str, source: &str, error: &toml::de::Error) -> LoadError {
    let at = error.span().map_or(0, |s| s.start);
    let message = error.message();
    let words = unknown_word(message)
        .or_else(|| missing(message))
        .or_else(|| wrong_type(message))
        .or_else(|| syntax(message, source, at))
        .unwrap_or_else(|| {
            Words::new(
                format!("ce fichier TOML ne peut pas être lu\u{a0}: {message}"),
                format!("this TOML file cannot be read: {message}"),
            )
        });
    fault(file, line_of(source, at), words)
}

/// The first line that holds `word`, from 1.
pub(crate) fn line_of_word(source: &str, word: &str) -> usize {
    source.find(word).map_or(1, |at| line_of(source, at))
}

/// A day written in a file.
pub(crate) fn day(file: &str, source: &str, text: &str) -> Result<Date, LoadError> {
    text.parse().map_err(|_| {
        let said = Words::new(
            format!("`{text}` n’est pas un jour écrit AAAA-MM-JJ"),
            format!("`{text}` is not a day written YYYY-MM-DD"),
        );
        fault(file, line_of_word(source, text), said)
    })
}

/// The line of a byte, from 1.
pub(crate) fn line_of(source: &str, at: usize) -> usize {
    1 + source.bytes().take(at).filter(|&b| b == b'\n').count()
}

/// What stands between back quotes in a message of serde.
fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2)
}

/// Serde's « unknown field `x`, expected one of `a`, `b` ».
fn unknown_word(message: &str) -> Option<Words> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut names = quoted(message);
    let wrong = names.next()?;
    let right: Vec<&str> = names.collect();
    let fr = format!("mot inconnu `{wrong}`");
    let en = format!("unknown word `{wrong}`");
    Some(match nearest(wrong, right.iter().copied()) {
        Some(near) => no_such(&fr, &en, Some(near)),
        None => {
            let list: Vec<String> = right.iter().map(|r| format!("`{r}`")).collect();
            let list = list.join(", ");
            Words::new(
                format!("{fr}\u{a0}: ici peuvent se trouver {list}"),
                format!("{en}: what may stand here is {list}"),
            )
        }
    })
}

fn missing(message: &str) -> Option<Words> {
    let name = message.strip_prefix("missing field ")?.trim_matches('`');
    Some(Words::new(
        format!("il manque `{name}`"),
        format!("`{name}` is missing"),
    ))
}

/// Serde's « invalid type: string "x", expected a boolean ».
fn wrong_type(message: &str) -> Option<Words> {
    if message.contains("did not match any variant") {
        return Some(Words::new(
            "cette valeur n’a pas la forme attendue",
            "this value does not have the right shape",
        ));
    }
    let rest = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))?;
    let (found, wanted) = rest.split_once(", expected ")?;
    let kind = |text: &str| {
        let (fr, en) = KINDS
            .iter()
            .find(|(says, ..)| text.contains(says))
            .map(|(_, fr, en)| (*fr, *en))?;
        Some(Words::new(fr, en))
    };
    let (found, wanted) = (kind(found)?, kind(wanted)?);
    Some(Words::new(
        format!("ici doit se trouver {}, non {}", wanted.fr, found.fr),
        format!("here stands {}, not {}", wanted.en, found.en),
    ))
}

/// What serde calls a kind of value, and what people call it.
const KINDS: &[(&str, &str, &str)] = &[
    ("boolean", "`true` ou `false`", "`true` or `false`"),
    (
        "string",
        "un texte entre guillemets",
        "a text in quotation marks",
    ),
    ("integer", "un nombre entier", "a whole number"),
    (
        "usize",
        "un nombre entier à partir de 0",
        "a whole number from 0",
    ),
    (
        "u64",
        "un nombre entier à partir de 0",
        "a whole number from 0",
    ),
    ("i64", "un nombre entier", "a whole number"),
    ("float", "un nombre", "a number"),
    ("f64", "un nombre", "a number"),
    (
        "datetime",
        "une date sans guillemets",
        "a date without quotation marks",
    ),
    ("sequence", "une liste entre crochets", "a list in brackets"),
    ("array", "une liste entre crochets", "a list in brackets"),
    ("map", "un tableau de clés", "a table of keys"),
    ("table", "un tableau de clés", "a table of keys"),
    ("struct", "un tableau de clés", "a table of keys"),
    (
        "enum",
        "un mot entre guillemets",
        "a word in quotation marks",
    ),
];

/// What the TOML reader says, by its beginning, and the same in words.
const SYNTAX: &[(&str, &str, &str)] = &[
    (
        "duplicate key",
        "la clé `{word}` est écrite deux fois",
        "the key `{word}` is written twice",
    ),
    (
        "string values must be quoted",
        "un texte s’écrit entre guillemets",
        "a text is written in quotation marks",
    ),
    (
        "invalid boolean",
        "un texte s’écrit entre guillemets",
        "a text is written in quotation marks",
    ),
    (
        "key with no value",
        "il manque `=` après la clé `{word}`",
        "`=` is missing after the key `{word}`",
    ),
    (
        "missing assignment",
        "il manque `=` après la clé",
        "`=` is missing after the key",
    ),
    (
        "missing value",
        "il manque la valeur après `=`",
        "the value after `=` is missing",
    ),
    (
        "missing key",
        "il manque la clé avant `=`",
        "the key before `=` is missing",
    ),
    (
        "unquoted keys cannot be empty",
        "il manque la clé avant `=`",
        "the key before `=` is missing",
    ),
    (
        "invalid unquoted key",
        "une clé s’écrit avec des lettres sans accent, des chiffres, `-` et `_`",
        "a key is written with plain letters, digits, `-` and `_`",
    ),
    (
        "invalid basic string",
        "un guillemet `\"` n’est pas fermé sur sa ligne",
        "a quotation mark `\"` is not closed on its line",
    ),
    (
        "invalid literal string",
        "un guillemet `'` n’est pas fermé sur sa ligne",
        "a quotation mark `'` is not closed on its line",
    ),
    (
        "invalid multi-line basic string",
        "des guillemets `\"\"\"` ne sont pas fermés",
        "quotation marks `\"\"\"` are not closed",
    ),
    (
        "invalid multi-line literal string",
        "des guillemets `'''` ne sont pas fermés",
        "quotation marks `'''` are not closed",
    ),
    (
        "missing escaped value",
        "`\\` n’est pas suivi d’une lettre connue\u{a0}: entre guillemets simples `'…'` il se lit tel quel",
        "`\\` is not followed by a known letter: in single quotation marks `'…'` it is read as it is",
    ),
    (
        "too few unicode",
        "`\\u` est suivi de quatre chiffres hexadécimaux",
        "`\\u` is followed by four hexadecimal digits",
    ),
    (
        "extra assignment between",
        "il manque une virgule entre deux clés",
        "a comma is missing between two keys",
    ),
    (
        "missing comma between key-value",
        "il manque une virgule entre deux clés",
        "a comma is missing between two keys",
    ),
    (
        "missing comma between array",
        "une liste manque d’une virgule ou de son `]`",
        "a list lacks a comma or its `]`",
    ),
    (
        "extra comma",
        "il y a une virgule de trop",
        "there is a comma too many",
    ),
    (
        "extra `=`",
        "il y a un `=` de trop",
        "there is a `=` too many",
    ),
    (
        "unclosed table",
        "un crochet `]` manque au titre",
        "a bracket `]` is missing in the heading",
    ),
    (
        "unclosed array table",
        "des crochets `]]` manquent au titre",
        "brackets `]]` are missing in the heading",
    ),
    (
        "unclosed array",
        "une liste n’est pas fermée par `]`",
        "a list is not closed by `]`",
    ),
    (
        "unclosed inline table",
        "une accolade `}` manque",
        "a brace `}` is missing",
    ),
    (
        "unexpected leading zero",
        "un nombre ne commence pas par zéro",
        "a number does not begin with zero",
    ),
    (
        "unexpected key or value",
        "il y a quelque chose de trop sur cette ligne",
        "there is something too many on this line",
    ),
    (
        "unexpected content",
        "il y a quelque chose de trop sur cette ligne",
        "there is something too many on this line",
    ),
    (
        "invalid comment character",
        "un caractère invisible se trouve dans un commentaire",
        "an invisible character stands in a comment",
    ),
    (
        "carriage return",
        "la fin d’une ligne est mal écrite",
        "the end of a line is ill written",
    ),
    (
        "invalid date-time",
        "cette date ne se lit pas\u{a0}: AAAA-MM-JJ entre guillemets",
        "this date cannot be read: YYYY-MM-DD in quotation marks",
    ),
];

fn syntax(message: &str, source: &str, at: usize) -> Option<Words> {
    // The longest beginning: « unclosed array table » also begins like « unclosed array ».
    let (_, fr, en) = SYNTAX
        .iter()
        .filter(|(says, ..)| message.starts_with(says))
        .max_by_key(|(says, ..)| says.len())?;
    let word = word_at(source, at);
    let fill = |text: &str| text.replace("{word}", word);
    let near = if message.contains("must be quoted") || message.contains("invalid boolean") {
        nearest(word, values())
    } else if message.starts_with("key with no value") && !KEYS.contains(&word) {
        nearest(word, KEYS.iter().copied())
    } else {
        None
    };
    let near = near.map(|near| {
        if KEYS.contains(&near) {
            near.to_owned()
        } else {
            format!("\"{near}\"")
        }
    });
    Some(no_such(&fill(fr), &fill(en), near.as_deref()))
}

/// Keys that stand at the beginning of a line of a rule.
pub(crate) const KEYS: &[&str] = &[
    "id",
    "family",
    "jurisdictions",
    "severity",
    "confidence",
    "skill",
    "source",
    "evidence",
    "valid_from",
    "valid_to",
    "report",
    "mask",
    "fields",
    "title",
    "message",
    "advice",
    "terms",
    "regex",
    "anchors",
    "fact_terms",
    "detector",
    "near",
    "apart",
    "any",
    "all",
    "none",
    "absent",
    "distance",
    "at_least",
    "min_words",
    "max_words",
    "facts",
    "first_chars",
    "before_fold",
    "skip_quoted",
    "skip_negated",
    "known_only",
    "action",
    "text",
    "label",
    "disposition",
    "fire",
    "quiet",
    "when",
    "fact",
];

/// Words that stand as a value of a rule.
pub(crate) fn values() -> impl Iterator<Item = &'static str> {
    let more = [
        "each",
        "first",
        "safe",
        "look",
        "before",
        "after",
        "lower",
        "assume",
        "no",
        "prepend",
        "append",
        "replace",
        "remove",
        "suggested",
        "text",
        "alt",
        "filename",
        "link",
        "ocr",
        "reply",
        "author",
        "background",
        "true",
        "false",
    ];
    let families = Family::ALL.iter().map(|w| w.as_str());
    let severities = Severity::ALL.iter().map(|w| w.as_str());
    let confidences = Confidence::ALL.iter().map(|w| w.as_str());
    let skills = Skill::ALL.iter().map(|w| w.as_str());
    let marks = Evidence::ALL.iter().map(|w| w.as_str());
    families
        .chain(severities)
        .chain(confidences)
        .chain(skills)
        .chain(marks)
        .chain(more)
}

/// The word at or just before a place: letters, digits and underscores.
fn word_at(source: &str, at: usize) -> &str {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let line = source
        .get(..at)
        .map_or(0, |s| s.rfind('\n').map_or(0, |n| n + 1));
    let before = source.get(line..at).unwrap_or_default();
    let rest = source.get(at..).unwrap_or_default();
    let rest = rest.split('\n').next().unwrap_or_default();
    if rest.starts_with(part) {
        let from = before.rfind(|c| !part(c)).map_or(0, |n| {
            n + before[n..].chars().next().map_or(1, char::len_utf8)
        });
        let to = at + rest.find(|c| !part(c)).unwrap_or(rest.len());
        source.get(line + from..to).unwrap_or_default()
    } else {
        before
            .split(|c| !part(c))
            .rfind(|w| !w.is_empty())
            .unwrap_or_default()
    }
}

#[cfg(all(test, feature = "schema"))]
mod tests {
    use super::*;

    /// The words that are offered for a misspelt one are words of the language.
    #[test]
    fn words_that_are_offered_exist() {
        let schema = crate::rule::schema::rule();
        let text = schema.to_string();
        for key in KEYS {
            assert!(text.contains(&format!("\"{key}\":")), "{key}");
        }
        for value in values().filter(|v| !matches!(*v, "true" | "false")) {
            assert!(text.contains(&format!("\"{value}\"")), "{value}");
        }
        let top = schema["properties"].as_object().unwrap();
        let tables = ["adjust", "examples", "fix", "match"];
        for key in top.keys().filter(|k| !tables.contains(&k.as_str())) {
            assert!(KEYS.contains(&key.as_str()), "{key}");
        }
    }
}
