//! Settings: flags over the environment (`VIGIE_…`) over `vigie.toml` over what is built in. One list, [`KEYS`], says
//! which there are; a key that is not in it is an error with its line and the nearest name.

use anyhow::{Context as _, Result, anyhow, bail};
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};
use toml::Spanned;
use url::Url;

use crate::media::ocr::Ocr;

/// The settings of a running program.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder of the database, keys and nothing else. Created with mode 0700.
    pub data: PathBuf,
    /// Where the pages are served.
    pub listen: SocketAddr,
    /// The address people type, without a trailing slash in its path; passkeys and links are bound to it.
    pub public_url: Url,
    /// `sqlite:` file or `postgres://` address.
    pub database: String,
    /// File with the vault's root keys, apart from all other secrets.
    pub vault_key_file: PathBuf,
    /// File with the secret that signs links and notices.
    pub link_key_file: PathBuf,
    /// File with the seed that signs the log's checkpoints.
    pub audit_key_file: PathBuf,
    /// File with the registrations at networks (`channel::apps`).
    pub apps_file: PathBuf,
    /// File with certificate authorities of one's own (PEM), which mail and XMPP servers may be vouched for by.
    pub authorities_file: Option<PathBuf>,
    /// Hosts on private addresses that connectors may call nonetheless (a PDS of one's own): `host` or `host:port`.
    pub allowed_private: Vec<String>,
    /// How many proxies in front append to `X-Forwarded-For`; 0 = the connection's own address counts.
    pub trusted_proxies: usize,
    /// Where measurements are served, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// What reads text in pictures.
    pub ocr: Ocr,
    /// Whether links are followed when review is asked.
    pub follow_links: bool,
    /// Which log lines are written, in `tracing` filter syntax.
    pub log: String,
}

/// Names of all settings with one line about each; environment names are `VIGIE_` and the upper-case name.
pub const KEYS: [(&str, &str); 15] = [
    (
        "data",
        "folder of the database and the keys (default: data)",
    ),
    (
        "listen",
        "address and port to serve on (default: 127.0.0.1:8420)",
    ),
    (
        "public_url",
        "the address people type (default: http://localhost and the port)",
    ),
    (
        "database",
        "postgres://… instead of the SQLite file in the data folder",
    ),
    (
        "vault_key_file",
        "file with the vault's root keys (default: DATA/keys/vault.key)",
    ),
    (
        "link_key_file",
        "file with the secret that signs links (default: DATA/keys/link.key)",
    ),
    (
        "audit_key_file",
        "file with the key that signs the log (default: DATA/keys/audit.key)",
    ),
    (
        "apps_file",
        "private file with the registrations at networks (default: DATA/keys/apps.toml)",
    ),
    (
        "authorities_file",
        "file with certificate authorities of one's own, for mail and XMPP servers (PEM; default: none)",
    ),
    (
        "allowed_private",
        "hosts on private addresses that may be called, separated by commas",
    ),
    ("trusted_proxies", "number of proxies in front (default: 0)"),
    (
        "metrics_listen",
        "address and port for measurements (default: none)",
    ),
    (
        "ocr",
        "program that reads text in pictures: auto (tesseract where it is installed), off, or a path",
    ),
    (
        "follow_links",
        "whether the links of a post are followed when review is asked: on or off (default: on)",
    ),
    ("log", "log filter (default: info)"),
];

/// Settings as texts, by name. Later layers replace earlier ones.
pub type Layer = BTreeMap<String, String>;

impl Config {
    /// Reads the file, the environment and the flags, in this order of growing weight.
    ///
    /// # Errors
    /// An unreadable file, an unknown key (with line and nearest name), a value that does not parse (with its name).
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
        flags: Layer,
    ) -> Result<Self> {
        let mut all = match file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                from_toml(&text, &path.display().to_string())?
            }
            None if Path::new("vigie.toml").is_file() => from_toml(
                &std::fs::read_to_string("vigie.toml").context("cannot read vigie.toml")?,
                "vigie.toml",
            )?,
            None => Layer::new(),
        };
        all.extend(from_env(env)?);
        all.extend(flags);
        Self::build(&all)
    }

    fn build(all: &Layer) -> Result<Self> {
        let get = |key: &str| all.get(key).map(String::as_str).filter(|v| !v.is_empty());
        let data = PathBuf::from(get("data").unwrap_or("data"));
        let listen: SocketAddr =
            parse(all, "listen")?.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8420)));
        let public_url = match parse::<Url>(all, "public_url")? {
            Some(url) => url,
            None => Url::parse(&format!("http://localhost:{}", listen.port()))?,
        };
        if !matches!(public_url.scheme(), "http" | "https") || public_url.host().is_none() {
            bail!(
                "public_url: expected an address like https://vigie.example.org, got {public_url}"
            );
        }
        if public_url.path() != "/"
            || public_url.query().is_some()
            || public_url.fragment().is_some()
        {
            bail!(
                "public_url: Vigie is served at the root of a name, without a path; got {public_url}"
            );
        }
        let file = |key: &str, name: &str| {
            get(key).map_or_else(|| data.join("keys").join(name), PathBuf::from)
        };
        Ok(Self {
            database: get("database").map_or_else(
                || format!("sqlite:{}", data.join("vigie.db").display()),
                str::to_owned,
            ),
            vault_key_file: file("vault_key_file", "vault.key"),
            link_key_file: file("link_key_file", "link.key"),
            audit_key_file: file("audit_key_file", "audit.key"),
            apps_file: file("apps_file", "apps.toml"),
            authorities_file: get("authorities_file").map(PathBuf::from),
            allowed_private: get("allowed_private")
                .map(|v| {
                    v.split(',')
                        .map(str::trim)
                        .filter(|h| !h.is_empty())
                        .map(str::to_owned)
                        .collect()
                })
                .unwrap_or_default(),
            trusted_proxies: parse(all, "trusted_proxies")?.unwrap_or(0),
            metrics_listen: parse(all, "metrics_listen")?,
            follow_links: match get("follow_links").unwrap_or("on") {
                "on" => true,
                "off" => false,
                other => bail!("follow_links: expected on or off, got \"{other}\""),
            },
            ocr: Ocr::parse(get("ocr").unwrap_or("auto")),
            log: get("log").unwrap_or("info").to_owned(),
            data,
            listen,
            public_url,
        })
    }

    /// Whether people reach Vigie over TLS, so that cookies are `Secure` and browsers remember it.
    pub fn https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// `https://vigie.example.org` for the public address: what browsers send as `Origin`.
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// A full address for `path` (which begins with `/`), for links that leave the program.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// Whether `listen` is reachable from other machines.
    pub fn exposed(&self) -> bool {
        !matches!(self.listen.ip(), IpAddr::V4(ip) if ip.is_loopback())
            && !matches!(self.listen.ip(), IpAddr::V6(ip) if ip.is_loopback())
    }
}

fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
    all: &Layer,
    key: &str,
) -> Result<Option<T>> {
    match all.get(key).map(|v| v.trim()).filter(|v| !v.is_empty()) {
        None => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|e| anyhow!("{key}: cannot use \"{text}\": {e}")),
    }
}

/// The settings in `text`, a `vigie.toml` called `name` in messages.
///
/// # Errors
/// Not TOML; a key that does not exist; a value that is neither text, number nor list of texts.
pub fn from_toml(text: &str, name: &str) -> Result<Layer> {
    let table: BTreeMap<Spanned<String>, toml::Value> =
        toml::from_str(text).map_err(|e| anyhow!("{name}: {}", e.to_string().trim_end()))?;
    let mut layer = Layer::new();
    for (key, value) in table {
        let line = text
            .get(..key.span().start)
            .unwrap_or_default()
            .matches('\n')
            .count()
            + 1;
        let key = key.into_inner();
        known(&key, |near| {
            format!("{name}, line {line}: unknown setting \"{key}\"; the nearest is \"{near}\"")
        })?;
        let value = match value {
            toml::Value::String(s) => s,
            toml::Value::Integer(n) => n.to_string(),
            toml::Value::Array(items) => {
                let items: Option<Vec<&str>> = items.iter().map(|v| v.as_str()).collect();
                items
                    .ok_or_else(|| anyhow!("{name}, line {line}: {key}: expected a list of texts"))?
                    .join(",")
            }
            _ => bail!("{name}, line {line}: {key}: expected a text, a number or a list of texts"),
        };
        layer.insert(key, value);
    }
    Ok(layer)
}

/// The settings among `VIGIE_…` variables. `VIGIE_TEST_…` belongs to the tests, `VIGIE_CONFIG` names the file,
/// `VIGIE_SERVER` and `VIGIE_TOKEN` are for commands that ask a running server.
fn from_env(env: impl Iterator<Item = (String, String)>) -> Result<Layer> {
    let mut layer = Layer::new();
    for (name, value) in env {
        let Some(key) = name.strip_prefix("VIGIE_") else {
            continue;
        };
        if key.starts_with("TEST_") || matches!(key, "CONFIG" | "SERVER" | "TOKEN") {
            continue;
        }
        let key = key.to_lowercase();
        known(&key, |near| {
            format!(
                "environment: unknown setting {name}; the nearest is VIGIE_{}",
                near.to_uppercase()
            )
        })?;
        layer.insert(key, value);
    }
    Ok(layer)
}

fn known(key: &str, message: impl Fn(&str) -> String) -> Result<()> {
    if KEYS.iter().any(|(k, _)| *k == key) {
        return Ok(());
    }
    let near = KEYS
        .iter()
        .map(|(k, _)| *k)
        .min_by_key(|k| distance(key, k))
        .unwrap_or("data");
    bail!(message(near))
}

/// Edit distance (insert, remove, replace), for "did you mean".
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cb, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let up = *cell;
            let next = (up + 1)
                .min(left + 1)
                .min(diagonal + usize::from(ca != *cb));
            diagonal = up;
            *cell = next;
            left = next;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none() -> std::iter::Empty<(String, String)> {
        std::iter::empty()
    }

    #[test]
    fn built_in_settings_are_loopback_and_sqlite() {
        let c = Config::build(&Layer::new()).unwrap();
        assert_eq!(c.listen.to_string(), "127.0.0.1:8420");
        assert_eq!(c.origin(), "http://localhost:8420");
        assert_eq!(c.database, "sqlite:data/vigie.db");
        assert!(!c.https() && !c.exposed());
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest() {
        let e = from_toml("data = \"x\"\n\nlistne = \"y\"\n", "vigie.toml").unwrap_err();
        assert_eq!(
            e.to_string(),
            "vigie.toml, line 3: unknown setting \"listne\"; the nearest is \"listen\""
        );
        let e = from_env([("VIGIE_LISTENS".to_owned(), String::new())].into_iter()).unwrap_err();
        assert_eq!(
            e.to_string(),
            "environment: unknown setting VIGIE_LISTENS; the nearest is VIGIE_LISTEN"
        );
    }

    #[test]
    fn flags_win_over_the_environment_which_wins_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("vigie.toml");
        std::fs::write(
            &file,
            "listen = \"127.0.0.1:1\"\ndata = \"from-file\"\nlog = \"warn\"\n",
        )
        .unwrap();
        let env = [
            ("VIGIE_DATA", "from-env"),
            ("VIGIE_LOG", "debug"),
            ("VIGIE_TEST_POSTGRES", "off"),
        ];
        let env = env.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned()));
        let flags = Layer::from([("data".to_owned(), "from-flag".to_owned())]);
        let c = Config::load(Some(&file), env, flags).unwrap();
        assert_eq!(
            (c.listen.port(), c.data.to_str().unwrap(), c.log.as_str()),
            (1, "from-flag", "debug")
        );
    }

    #[test]
    fn wrong_values_name_their_setting() {
        for (key, value) in [
            ("listen", "8420"),
            ("public_url", "ftp://x"),
            ("public_url", "https://x/vigie"),
            ("trusted_proxies", "-1"),
            ("follow_links", "maybe"),
        ] {
            let flags = Layer::from([(key.to_owned(), value.to_owned())]);
            let e = Config::load(None, none(), flags).unwrap_err().to_string();
            assert!(e.starts_with(key), "{e}");
        }
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(
            (
                distance("", "abc"),
                distance("listen", "listne"),
                distance("abc", "abc")
            ),
            (3, 2, 0)
        );
    }
}
