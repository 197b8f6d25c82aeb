//! Lines of JSON in, lines of JSON out, in the same order.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::content::{Content, Lang};
use crate::facts::Facts;
use crate::packs::Packs;
use crate::report::Report;

/// Bytes of one line; a longer one is an error line, not a crash.
pub const MAX_LINE: usize = 16 << 20;

/// A line. Other keys are left alone, but such a line is read the slower way: see [`loose`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: Option<Value>,
    text: String,
    warning: Option<String>,
    lang: Option<String>,
    facts: Option<Value>,
    now: Option<String>,
}

/// What a line came to.
#[derive(Debug)]
pub struct Answer {
    /// The line to write, without its end.
    pub line: String,
    /// The report, or `None` when the line could not be read.
    pub report: Option<Report>,
    /// The text that was checked.
    pub text: String,
    /// The `id` of the line, as text; empty when there is none.
    pub id: String,
}

/// Checks one line. `base` holds the facts that apply to every line; those of the line win.
pub fn line(input: &str, base: &Facts, packs: &Packs, lang: Lang) -> Answer {
    match read(input, base) {
        Ok((id, content, facts)) => {
            let report = crate::check(&content, &facts, packs);
            let id = id.unwrap_or(Value::Null);
            let told = super::json::Told::of(&report, lang, Some(&id));
            Answer {
                line: serde_json::to_string(&told).unwrap_or_default(),
                id: named(Some(&id)),
                report: Some(report),
                text: content.text,
            }
        }
        Err((id, error)) => Answer {
            line: json!({ "id": id, "error": error }).to_string(),
            report: None,
            text: String::new(),
            id: named(id.as_ref()),
        },
    }
}

fn named(id: Option<&Value>) -> String {
    match id {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(s)) => s.clone(),
        Some(other) => other.to_string(),
    }
}

/// Reads a line that has other keys, or a fault: what is wrong is then said beside the `id`.
fn loose(input: &str) -> Result<Line, (Option<Value>, String)> {
    let mut value: Value = serde_json::from_str(input).map_err(|e| (None, e.to_string()))?;
    if let Value::Object(map) = &mut value {
        map.retain(|key, _| {
            ["id", "text", "warning", "lang", "facts", "now"].contains(&key.as_str())
        });
    }
    let id = value.get("id").cloned();
    serde_json::from_value(value).map_err(|e| (id, e.to_string()))
}

type Read = (Option<Value>, Content, Facts);

fn read(input: &str, base: &Facts) -> Result<Read, (Option<Value>, String)> {
    if input.len() > MAX_LINE {
        return Err((None, format!("a line holds at most {MAX_LINE} bytes")));
    }
    let line = match serde_json::from_str::<Line>(input) {
        Ok(line) => line,
        Err(_) => loose(input)?,
    };
    let fail = |e: String| (line.id.clone(), e);
    let mut facts = base.clone();
    // A day of the line wins over the day of the run, whichever key says it.
    if let Some(now) = &line.now {
        if now
            .get(..10)
            .is_none_or(|d| d.parse::<jiff::civil::Date>().is_err())
        {
            return Err(fail(format!(
                "`now` must be a time such as 2026-11-23T10:00:00+01:00, not `{now}`"
            )));
        }
        facts.set("now", now.clone());
    }
    if let Some(more) = &line.facts {
        facts.extend(Facts::from_json(more).map_err(|e| fail(e.to_string()))?);
    }
    let mut content = Content::text(line.text);
    content.warning = line.warning;
    content.lang = line.lang.as_deref().and_then(Lang::parse);
    Ok((line.id, content, facts))
}
