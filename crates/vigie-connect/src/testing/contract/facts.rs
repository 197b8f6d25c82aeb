//! A table of what a network publishes about its interface.
//!
//! ```toml
//! source = "https://…"             # where all of it was read
//! [[call]]
//! call = "POST /2/tweets"          # `*` stands for one segment
//! source = "https://…"             # where this one was read, if elsewhere
//! auth = "bearer"                  # or "none", "basic", "query" (`access_token`), "any"
//! headers = ["linkedin-version"]   # must be there
//! query = { max_results = "?int" } # `?` = may be missing; string, int, bool, list
//! form = { message = "string" }    # fields of a form
//! file = "media"                   # a file of a form
//! json = { text = "string", "reply.in_reply_to_tweet_id" = "?string", "media.media_ids" = "?list" }
//! ```
//! A field that is not named is a breach.

use super::Asked;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    #[allow(dead_code, reason = "for people who check the table")]
    source: String,
    call: Vec<Call>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    call: String,
    #[serde(default)]
    #[allow(dead_code, reason = "for people who check the table")]
    source: String,
    auth: String,
    #[serde(default)]
    headers: Vec<String>,
    #[serde(default)]
    query: BTreeMap<String, String>,
    #[serde(default)]
    form: BTreeMap<String, String>,
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    json: BTreeMap<String, String>,
    /// True when the body is raw bytes.
    #[serde(default)]
    bytes: bool,
}

impl Facts {
    /// Reads a table.
    pub fn read(table: &str) -> Self {
        toml::from_str(table).expect("a table of facts")
    }

    /// What a request breaks, if anything.
    pub fn violation(&self, asked: &Asked) -> Option<String> {
        let named = format!("{} {}", asked.method, asked.path);
        let Some(call) = self.call.iter().find(|call| fits(&call.call, asked)) else {
            return Some(format!("{named}: no such call"));
        };
        call.breaks(asked).map(|why| format!("{named}: {why}"))
    }
}

/// Whether a request is this call (`*` stands for one segment).
pub fn fits(call: &str, asked: &Asked) -> bool {
    let Some((method, path)) = call.split_once(' ') else {
        return false;
    };
    let wanted: Vec<&str> = path.trim_matches('/').split('/').collect();
    let given = asked.segments();
    method == asked.method
        && wanted.len() == given.len()
        && wanted
            .iter()
            .zip(&given)
            .all(|(wanted, given)| *wanted == "*" || wanted == given)
}

impl Call {
    fn breaks(&self, asked: &Asked) -> Option<String> {
        let token = asked.query.iter().any(|(key, _)| key == "access_token");
        let authorized = match self.auth.as_str() {
            "none" => asked.authorization.is_empty(),
            "bearer" => asked.authorization.starts_with("Bearer ") && !token,
            "basic" => asked.authorization.starts_with("Basic "),
            "query" => token && asked.authorization.is_empty(),
            "any" => true,
            other => panic!("auth = {other:?} in a table of facts"),
        };
        if !authorized {
            return Some(format!("authorization is not {}", self.auth));
        }
        if let Some(missing) = self.headers.iter().find(|h| asked.header(h).is_empty()) {
            return Some(format!("header {missing} is missing"));
        }
        let query: Vec<(String, Value)> = asked
            .query
            .iter()
            .filter(|(key, _)| !(self.auth == "query" && key == "access_token"))
            .map(|(key, value)| (key.clone(), Value::String(value.clone())))
            .collect();
        let form: Vec<(String, Value)> = asked
            .form
            .iter()
            .filter(|(key, _)| Some(key) != self.file.as_ref())
            .map(|(key, value)| (key.clone(), Value::String(value.clone())))
            .collect();
        if let Some(file) = &self.file
            && !asked.form.iter().any(|(key, _)| key == file)
        {
            return Some(format!("file {file} is missing"));
        }
        let mut json = Vec::new();
        flatten("", &asked.json, &self.json, &mut json);
        let body = !asked.body.is_empty();
        if body
            && self.form.is_empty()
            && self.json.is_empty()
            && self.file.is_none()
            && !self.bytes
        {
            return Some("a body".to_owned());
        }
        held("query", &self.query, &query)
            .or_else(|| held("form", &self.form, &form))
            .or_else(|| {
                (!self.bytes)
                    .then(|| held("json", &self.json, &json))
                    .flatten()
            })
    }
}

/// The leaves of a JSON body, down to where the table names them.
fn flatten(
    path: &str,
    value: &Value,
    table: &BTreeMap<String, String>,
    out: &mut Vec<(String, Value)>,
) {
    match value {
        Value::Object(map) if !table.contains_key(path) => {
            for (key, value) in map {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                flatten(&path, value, table, out);
            }
        }
        Value::Null if path.is_empty() => {}
        _ => out.push((path.to_owned(), value.clone())),
    }
}

fn held(room: &str, table: &BTreeMap<String, String>, given: &[(String, Value)]) -> Option<String> {
    for (name, value) in given {
        let Some(kind) = table.get(name) else {
            return Some(format!("{room}: unknown field {name}"));
        };
        let text = value.as_str().unwrap_or_default();
        let is = match kind.trim_start_matches('?') {
            "string" => value.is_string(),
            "int" => value.is_i64() || text.parse::<i64>().is_ok(),
            "bool" => value.is_boolean() || matches!(text, "true" | "false"),
            "list" => value.is_array(),
            "object" => value.is_object(),
            // This very word, or one of these.
            words => words.split('|').any(|word| text == word),
        };
        if !is {
            return Some(format!("{room}: {name} is not {kind}: {value}"));
        }
    }
    table
        .iter()
        .find(|(name, kind)| {
            !kind.starts_with('?') && !given.iter().any(|(given, _)| given == *name)
        })
        .map(|(name, _)| format!("{room}: {name} is missing"))
}
