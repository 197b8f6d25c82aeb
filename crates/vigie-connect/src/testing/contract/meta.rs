//! What the stand-ins of Meta's networks share: tokens, errors, field lists, paging, the fetch of pictures, signatures.
//!
//! Written from Meta's documentation: "Handling Errors", "Rate Limits", "Paginated Results", "Field Expansion",
//! "Webhooks: Getting Started".

use super::{Asked, Said};
use crate::hook::mac;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use std::{
    collections::HashMap,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The registered program of the tests.
pub const APP: (&str, &str) = ("4711", "canary-app-secret");

/// A time as Meta writes it.
pub fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

/// An error of the Graph API.
pub fn error(status: u16, code: i64, sub: i64, message: &str) -> Said {
    let mut error = json!({
        "message": message, "type": "OAuthException", "code": code, "is_transient": false,
        "fbtrace_id": "Atrace",
    });
    if sub != 0 {
        error["error_subcode"] = json!(sub);
    }
    Said::json(status, json!({ "error": error }))
}

/// No such thing, or no right to see it.
pub fn missing(id: &str) -> Said {
    let message = format!(
        "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation"
    );
    error(400, 100, 33, &message)
}

/// A limit is reached; the header says for how many minutes.
pub fn limited(code: i64, account: &str, minutes: u64) -> Said {
    let usage = json!({ account: [{ "type": "pages", "call_count": 100, "total_cputime": 12,
        "total_time": 9, "estimated_time_to_regain_access": minutes }] });
    error(400, code, 0, "There have been too many calls")
        .header("x-business-use-case-usage", usage.to_string())
}

/// The network does not know itself.
pub fn transient(code: i64) -> Said {
    let mut said = error(
        500,
        code,
        0,
        "An unexpected error has occurred. Please retry",
    );
    said.body["error"]["is_transient"] = json!(true);
    said
}

/// A token's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whom it opens.
    pub who: String,
    /// Its rights.
    pub scopes: Vec<String>,
    /// The subcode of error 190, once it is not good any more: 463 ended, 460 changed password or revoked.
    pub dead: Option<i64>,
    /// True for one that lasts 60 days.
    pub long: bool,
}

/// Tokens, forced answers and ids.
#[derive(Debug, Default)]
pub struct Desk {
    tokens: Mutex<HashMap<String, Grant>>,
    forced: Mutex<Vec<(String, Said, u32)>>,
    next: AtomicU64,
}

impl Desk {
    /// A new number for an id.
    pub fn id(&self) -> u64 {
        17_000_000_000_000 + self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A new token.
    pub fn grant(&self, who: &str, scopes: &[&str], long: bool) -> String {
        let token = format!("canary-token-{}", self.id());
        let grant = Grant {
            who: who.to_owned(),
            scopes: scopes.iter().map(|s| (*s).to_owned()).collect(),
            dead: None,
            long,
        };
        self.tokens.lock().unwrap().insert(token.clone(), grant);
        token
    }

    /// What a token is.
    pub fn known(&self, token: &str) -> Option<Grant> {
        self.tokens.lock().unwrap().get(token).cloned()
    }

    /// All tokens ever given.
    pub fn all(&self) -> Vec<String> {
        self.tokens.lock().unwrap().keys().cloned().collect()
    }

    /// Changes a token.
    pub fn change(&self, token: &str, change: impl FnOnce(&mut Grant)) {
        change(self.tokens.lock().unwrap().get_mut(token).unwrap());
    }

    /// The next `times` requests whose `METHOD /path` holds `what` are answered with this, and not carried out.
    pub fn force(&self, what: &str, said: Said, times: u32) {
        let mut forced = self.forced.lock().unwrap();
        forced.push((what.to_owned(), said, times));
    }

    /// A forced answer for a request.
    pub fn forced(&self, asked: &Asked) -> Option<Said> {
        let first = format!("{} {}", asked.method, asked.path);
        let mut forced = self.forced.lock().unwrap();
        let rule = forced
            .iter_mut()
            .find(|(what, _, times)| *times > 0 && first.contains(what.as_str()))?;
        rule.2 -= 1;
        Some(rule.1.clone())
    }

    /// The good token of a request with this right.
    ///
    /// # Errors
    /// Error 190 or 200.
    pub fn admit(&self, asked: &Asked, scope: &str) -> Result<Grant, Said> {
        let token = asked.authorization.trim_start_matches("Bearer ");
        let known = self.known(token);
        let grant = known.ok_or_else(|| error(400, 190, 0, "Invalid OAuth access token"))?;
        if let Some(sub) = grant.dead {
            return Err(error(400, 190, sub, "Error validating access token"));
        }
        if !grant.scopes.iter().any(|given| given == scope) {
            let message = format!("(#200) Requires {scope} permission");
            return Err(error(403, 200, 0, &message));
        }
        Ok(grant)
    }

    /// The token of a request that shows the proof of the program (`appsecret_proof`).
    ///
    /// # Errors
    /// Error 100.
    pub fn proven(&self, asked: &Asked) -> Result<(), Said> {
        let token = asked.authorization.trim_start_matches("Bearer ");
        let secret = SecretString::from(APP.1.to_owned());
        if asked.field("appsecret_proof") == hex::encode(mac(&secret, token.as_bytes())) {
            return Ok(());
        }
        let message = "Invalid appsecret_proof provided in the API argument";
        Err(error(400, 100, 0, message))
    }
}

/// Shows of `full` what `fields` asks for: names, `edge.limit(5).since(1){inner}`.
///
/// # Errors
/// Error 100 for a field that is not there.
pub fn show(full: &Value, fields: &str) -> Result<Value, Said> {
    let mut out = Map::new();
    for field in split(fields) {
        let (outer, inner) = match field.split_once('{') {
            Some((outer, inner)) => (outer, Some(inner.trim_end_matches('}'))),
            None => (field.as_str(), None),
        };
        // Of nested lists only the last brace was one too many.
        let inner = inner.map(balance);
        let mut parts = outer.split('.');
        let name = parts.next().unwrap_or_default();
        let Some(value) = full.get(name) else {
            let message = format!("(#100) Tried accessing nonexisting field ({name}) on node type");
            return Err(error(400, 100, 0, &message));
        };
        if value.is_null() {
            continue;
        }
        let args: HashMap<String, String> = parts
            .filter_map(|part| {
                let (name, value) = part.split_once('(')?;
                Some((name.to_owned(), value.trim_end_matches(')').to_owned()))
            })
            .collect();
        let value = match (value.get("data").and_then(Value::as_array), inner) {
            (Some(list), inner) => paged(list, inner.as_deref().unwrap_or("id"), |name| {
                args.get(name).cloned().unwrap_or_default()
            })?,
            // An object in an edge of one, such as the picture of a page.
            (None, Some(inner)) if value.get("data").is_some_and(Value::is_object) => {
                json!({ "data": show(&value["data"], &inner)? })
            }
            (None, Some(inner)) => show(value, &inner)?,
            (None, None) => value.clone(),
        };
        out.insert(name.to_owned(), value);
    }
    if let Some(id) = full.get("id") {
        out.entry("id").or_insert_with(|| id.clone());
    }
    Ok(Value::Object(out))
}

fn balance(inner: &str) -> String {
    let open = inner.matches('{').count();
    let shut = inner.matches('}').count();
    format!("{inner}{}", "}".repeat(open.saturating_sub(shut)))
}

fn split(fields: &str) -> Vec<String> {
    let (mut depth, mut all) = (0_i32, vec![String::new()]);
    for c in fields.chars() {
        depth += i32::from(matches!(c, '{' | '(')) - i32::from(matches!(c, '}' | ')'));
        if c == ',' && depth == 0 {
            all.push(String::new());
        } else {
            all.last_mut().unwrap().push(c);
        }
    }
    all
}

/// A page of a list, newest first unless `order` or `reverse` says otherwise.
///
/// # Errors
/// As [`show`].
pub fn paged(list: &[Value], fields: &str, arg: impl Fn(&str) -> String) -> Result<Value, Said> {
    let at = |item: &Value| {
        let text = item.get("created_time").or_else(|| item.get("timestamp"));
        let text = text.and_then(Value::as_str).unwrap_or_default().to_owned();
        Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", text).unwrap_or_default()
    };
    let mut list: Vec<&Value> = list.iter().collect();
    list.sort_by_key(|item| std::cmp::Reverse(at(item)));
    if arg("order") == "chronological" || arg("reverse") == "false" {
        list.reverse();
    }
    if let Ok(since) = arg("since").parse::<i64>() {
        list.retain(|item| at(item).as_second() >= since);
    }
    let limit: usize = arg("limit").parse().unwrap_or(25).clamp(1, 100);
    let start: usize = arg("after").trim_start_matches("QVFI").parse().unwrap_or(0);
    let page: Result<Vec<Value>, Said> = list
        .iter()
        .skip(start)
        .take(limit)
        .map(|item| show(item, fields))
        .collect();
    let mut answer = json!({ "data": page? });
    let end = start.saturating_add(limit);
    answer["paging"] =
        json!({ "cursors": { "before": format!("QVFI{start}"), "after": format!("QVFI{end}") } });
    if end < list.len() {
        // The real one holds the token.
        answer["paging"]["next"] = json!("https://graph.example/next?access_token=canary");
    }
    Ok(answer)
}

/// The signature of a webhook.
pub fn signature(body: &[u8]) -> String {
    let secret = SecretString::from(APP.1.to_owned());
    format!("sha256={}", hex::encode(mac(&secret, body)))
}

/// Fetches a picture as Meta's crawler does: `None` when there is no good answer in time.
pub fn fetch(address: &str) -> Option<Vec<u8>> {
    let url = url::Url::parse(address).ok()?;
    let host = format!("{}:{}", url.host_str()?, url.port_or_known_default()?);
    let mut stream = TcpStream::connect(&host).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    answer
        .starts_with(b"HTTP/1.1 200 ")
        .then(|| answer[head..].to_vec())
}

/// A small server that shows one picture under one address, as Vigie does for networks that fetch.
#[derive(Debug)]
pub struct Shown {
    /// The picture's address.
    pub address: url::Url,
    /// How often it was fetched.
    pub fetched: Arc<AtomicU64>,
}

impl Shown {
    /// Shows these bytes; ends with the process.
    ///
    /// # Panics
    /// When no port is free.
    pub fn start(bytes: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let fetched = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&fetched);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut stream = stream;
                let mut asked = [0; 2_048];
                let read = stream.read(&mut asked).unwrap_or_default();
                let good = asked[..read].starts_with(b"GET /m/canary-picture?sig=1 ");
                let head = if good {
                    count.fetch_add(1, Ordering::Relaxed);
                    "HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\nconnection: close\r\n\r\n"
                } else {
                    "HTTP/1.1 404 X\r\nconnection: close\r\n\r\n"
                };
                let _ = stream.write_all(head.as_bytes());
                if good {
                    let _ = stream.write_all(bytes);
                }
            }
        });
        let address = format!("http://{address}/m/canary-picture?sig=1");
        Self {
            address: url::Url::parse(&address).unwrap(),
            fetched,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_fields_asked_for_are_shown() {
        let full = json!({ "id": "1", "message": "m", "secret": 1, "from": { "id": "2", "name": "n" },
            "comments": { "data": [
                { "id": "a", "created_time": "2026-11-28T12:00:00+0000", "from": { "id": "3", "name": "x" } },
                { "id": "b", "created_time": "2026-11-28T12:00:01+0000", "from": { "id": "4", "name": "y" } },
            ] } });
        let seen = show(
            &full,
            "message,from{id},comments.limit(1).since(0){id,from{id}}",
        )
        .unwrap();
        assert_eq!(seen["from"], json!({ "id": "2" }));
        assert_eq!(
            seen["comments"]["data"],
            json!([{ "id": "b", "from": { "id": "4" } }])
        );
        assert!(seen["comments"]["paging"]["next"].is_string() && seen.get("secret").is_none());
        assert!(show(&full, "nothing").is_err());
    }
}
