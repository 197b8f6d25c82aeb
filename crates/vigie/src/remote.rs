//! A running Vigie, asked over its API from the command line: with a personal token, and so with no more rights than it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::{HeaderValue, Method};
use clap::{Args, ValueEnum};
use secrecy::SecretString;
use serde_json::Value;
use url::{Host, Url};
use vigie_connect::AllowedPrivate;
use vigie_connect::http::{Call, Http};

use crate::cli::Speech;
use crate::words::Words;

/// The variable that holds the token.
pub const TOKEN: &str = "VIGIE_TOKEN";
/// Longest wait for an answer.
const WITHIN: Duration = Duration::from_secs(60);
/// Largest answer read, bytes.
const MAX_ANSWER: usize = 16 << 20;
/// Lines of one page of a list, as the API gives them at most.
const PAGE: usize = 100;

/// Which Vigie to ask, and how to answer.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct Remote {
    /// Address of the running Vigie.
    #[arg(
        long,
        env = "VIGIE_SERVER",
        value_name = "URL",
        default_value = "http://localhost:8420"
    )]
    server: Url,
    /// File with a personal access token, made under “My account”; without it, the variable VIGIE_TOKEN.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// How to answer.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    speech: Speech,
}

/// How a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people.
    Human,
    /// What the API said, as JSON.
    Json,
}

/// A connection to a running Vigie.
pub struct Server {
    http: Http,
    url: Url,
    token: SecretString,
    format: Format,
    /// The reader's language.
    pub words: Words,
}

impl Remote {
    /// Gets the connection ready; nothing is sent yet.
    ///
    /// # Errors
    /// No token, or an address to which a token must not be sent unencrypted.
    pub fn open(&self) -> Result<Server> {
        let words = self.speech.words();
        let token = match &self.token_file {
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| words.t1("remote-no-file", "file", path.display().to_string()))?,
            None => std::env::var(TOKEN).unwrap_or_default(),
        };
        if token.trim().is_empty() {
            bail!(words.t("remote-no-token"));
        }
        let host = self
            .server
            .host()
            .with_context(|| words.t1("remote-bad-server", "url", self.server.as_str()))?;
        if self.server.scheme() != "https" && !is_here(&host) {
            bail!(words.t1("remote-not-encrypted", "url", self.server.as_str()));
        }
        // The person at the terminal names the server, which often lies inside the company's network.
        let port = self.server.port_or_known_default().unwrap_or(443);
        let named = AllowedPrivate::parse(&[format!("{host}:{port}")])?;
        Ok(Server {
            http: Http::new(named)?,
            url: self.server.clone(),
            token: SecretString::from(token.trim().to_owned()),
            format: self.format,
            words,
        })
    }

    /// Opens the connection and does `work` with it.
    ///
    /// # Errors
    /// As [`Remote::open`]; whatever `work` gives.
    pub fn with<T>(&self, work: impl AsyncFnOnce(Server) -> Result<T>) -> Result<T> {
        let server = self.open()?;
        crate::cli::block_on(work(server))
    }
}

impl Remote {
    /// Says a whole list, a line a row, and how many rows it has.
    ///
    /// # Errors
    /// As [`Remote::with`].
    pub fn rows(
        &self,
        path: &str,
        name: &str,
        row: impl Fn(&Value, &Words) -> Vec<String>,
    ) -> Result<usize> {
        self.with(async |s| {
            let all = s.list(path, name, usize::MAX).await?;
            let count = all.len();
            s.say(&Value::Array(all.clone()), |w| match count {
                0 => w.t("remote-none"),
                _ => columns(&all.iter().map(|r| row(r, w)).collect::<Vec<_>>()),
            })?;
            Ok(count)
        })
    }

    /// Says a whole list; the exit status is 0 whatever it holds.
    ///
    /// # Errors
    /// As [`Remote::with`].
    pub fn table(
        &self,
        path: &str,
        name: &str,
        row: impl Fn(&Value, &Words) -> Vec<String>,
    ) -> Result<std::process::ExitCode> {
        self.rows(path, name, row)?;
        Ok(std::process::ExitCode::SUCCESS)
    }
}

fn is_here(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

impl Server {
    /// Asks for something.
    ///
    /// # Errors
    /// No answer; a refusal, in the server's words.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None).await
    }

    /// Asks for all pieces of a list, `most` lines at most. `name` is the list's name in the answer.
    ///
    /// # Errors
    /// As [`Server::get`].
    pub async fn list(&self, path: &str, name: &str, most: usize) -> Result<Vec<Value>> {
        let mut rows: Vec<Value> = Vec::new();
        let mut after: Option<String> = None;
        while rows.len() < most {
            let mut url = self.address(path)?;
            let wanted = (most - rows.len()).min(PAGE);
            url.query_pairs_mut()
                .append_pair("limit", &wanted.to_string())
                .extend_pairs(after.iter().map(|a| ("after", a)));
            let mut answer = self.exchange(Method::GET, url, None).await?;
            if let Some(Value::Array(piece)) = answer.get_mut(name).map(Value::take) {
                rows.extend(piece);
            }
            after = answer["next"].as_str().map(str::to_owned);
            if after.is_none() {
                break;
            }
        }
        Ok(rows)
    }

    /// Has something done. Sent again once when the answer got lost: the server then does it once.
    ///
    /// # Errors
    /// As [`Server::get`].
    pub async fn post(&self, path: &str, body: Option<&Value>) -> Result<Value> {
        let body = body.map(|b| ("application/json", b.to_string().into()));
        self.send(Method::POST, path, body).await
    }

    /// Replaces something.
    ///
    /// # Errors
    /// As [`Server::get`].
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        let body = Some(("application/json", body.to_string().into()));
        self.send(Method::PUT, path, body).await
    }

    /// Hands a file in.
    ///
    /// # Errors
    /// As [`Server::get`].
    pub async fn upload(&self, path: &str, file: Vec<u8>) -> Result<Value> {
        let body = Some(("application/octet-stream", file.into()));
        self.send(Method::POST, path, body).await
    }

    /// Says the answer: as it is with `--format json`, else as `human` puts it.
    ///
    /// # Errors
    /// Standard output is closed.
    pub fn say(&self, answer: &Value, human: impl FnOnce(&Words) -> String) -> Result<()> {
        use std::io::Write as _;
        let text = match self.format {
            Format::Json => serde_json::to_string_pretty(answer)?,
            Format::Human => human(&self.words),
        };
        let mut out = std::io::stdout().lock();
        out.write_all(text.trim_end().as_bytes())?;
        out.write_all(b"\n")?;
        Ok(())
    }

    /// The address of a page of this server, for people.
    pub fn page(&self, path: &str) -> String {
        self.address(path)
            .map_or_else(|_| path.to_owned(), |url| url.to_string())
    }

    fn address(&self, path: &str) -> Result<Url> {
        Ok(self.url.join(path)?)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&'static str, bytes::Bytes)>,
    ) -> Result<Value> {
        self.exchange(method, self.address(path)?, body).await
    }

    async fn exchange(
        &self,
        method: Method,
        url: Url,
        body: Option<(&'static str, bytes::Bytes)>,
    ) -> Result<Value> {
        let mut call = Call::new(method.clone(), url, WITHIN);
        call.bearer = Some(self.token.clone());
        call.body = body;
        call.max_answer = MAX_ANSWER;
        let language = HeaderValue::from_static(self.words.lang.as_str());
        call.headers.push((ACCEPT_LANGUAGE, language));
        if method != Method::GET {
            let key = HeaderValue::try_from(uuid::Uuid::now_v7().to_string())?;
            call.headers.push((crate::web::idempotent::KEY, key));
        }
        let mut answer = self.http.send(call.clone()).await;
        if answer.as_ref().is_err_and(|e| e.left) {
            answer = self.http.send(call).await;
        }
        let answer = answer.map_err(|e| {
            let why = self.words.t(format!("connect-{}", e.failure.code.as_str()));
            anyhow::anyhow!(
                self.words
                    .t2("remote-no-answer", "url", self.url.as_str(), "why", why)
            )
        })?;
        let value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        if (200..300).contains(&answer.status) {
            return Ok(value);
        }
        bail!(refusal(&value, answer.status, &self.words))
    }
}

/// What the server refused with, in its own words where it has any.
fn refusal(problem: &Value, status: u16, w: &Words) -> String {
    let text = |name: &str| problem[name].as_str().filter(|t| !t.is_empty());
    match (text("title"), text("detail")) {
        (Some(title), Some(detail)) if title != detail => format!("{title}\n{detail}"),
        (Some(only), _) | (None, Some(only)) => only.to_owned(),
        (None, None) => w.t1("remote-status", "status", status),
    }
}

/// A text of an answer; a dash where there is none.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}

/// Lines of aligned columns; the last column is as long as it is.
pub fn columns(rows: &[Vec<String>]) -> String {
    use unicode_segmentation::UnicodeSegmentation as _;
    let length = |cell: &String| cell.graphemes(true).count();
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|n| {
            rows.iter()
                .filter_map(|r| r.get(n))
                .map(length)
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for row in rows {
        for (n, (cell, width)) in row.iter().zip(&widths).enumerate() {
            out.push_str(cell);
            if n + 1 < row.len() {
                out.extend(std::iter::repeat_n(' ', width - length(cell) + 2));
            }
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_travels_encrypted_or_not_at_all() {
        for (url, here) in [
            ("http://localhost:8420", true),
            ("http://vigie.localhost", true),
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1", true),
            ("http://vigie.example.org", false),
            ("http://192.168.1.2", false),
            ("http://localhost.example.org", false),
        ] {
            assert_eq!(
                is_here(&Url::parse(url).unwrap().host().unwrap()),
                here,
                "{url}"
            );
        }
    }

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let rows = [["é", "x"], ["abc", "y"]].map(|r| r.map(str::to_owned).to_vec());
        assert_eq!(columns(&rows), "é    x\nabc  y\n");
    }

    #[test]
    fn a_refusal_speaks_with_the_servers_words() {
        let w = Words::new(crate::words::Lang::En);
        let problem = serde_json::json!({ "title": "Not yours", "detail": "Ask Tom." });
        assert_eq!(refusal(&problem, 403, &w), "Not yours\nAsk Tom.");
        assert!(refusal(&Value::Null, 502, &w).contains("502"));
    }
}
