//! The operator's registrations at networks, from a private file:
//!
//! ```toml
//! [x]
//! id = "…"
//! secret = "…"
//! # api = "https://gateway.example"   # another address of the interface, for a gateway or a test
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;
use vigie_connect::oauth::App;
use vigie_core::content::Platform;

/// Registrations by platform.
#[derive(Clone, Debug, Default)]
pub struct Apps(BTreeMap<&'static str, App>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    secret: String,
    #[serde(default)]
    api: Option<Url>,
}

impl Apps {
    /// Reads the file; none is no registrations.
    ///
    /// # Errors
    /// A file that others can read, that is not TOML of this shape, or that names no platform.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let named = || file.display().to_string();
        match std::fs::metadata(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(error).with_context(named),
            #[cfg(unix)]
            Ok(meta) => {
                use std::os::unix::fs::PermissionsExt as _;
                if meta.permissions().mode() & 0o077 != 0 {
                    bail!(
                        "{}: holds secrets, and others can read it; run chmod 600 on it",
                        named()
                    );
                }
            }
            #[cfg(not(unix))]
            Ok(_) => {}
        }
        Self::parse(&std::fs::read_to_string(file).with_context(named)?).with_context(named)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        // The parser's message would quote the line, and with it a secret: only where it is wrong is said.
        let entries: BTreeMap<String, Entry> = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.get(..at).unwrap_or(text).lines().count().max(1);
            anyhow::anyhow!("line {line}: expected [platform] with id, secret and perhaps api")
        })?;
        let mut all = BTreeMap::new();
        for (name, entry) in entries {
            let Some(platform) = Platform::ALL.iter().find(|p| p.as_str() == name) else {
                let known: Vec<&str> = Platform::ALL.iter().map(|p| p.as_str()).collect();
                bail!("[{name}]: no such platform; there are {}", known.join(", "));
            };
            all.insert(
                platform.as_str(),
                App {
                    id: entry.id,
                    secret: SecretString::from(entry.secret),
                    api: entry.api,
                },
            );
        }
        Ok(Self(all))
    }

    /// The registration at a platform.
    pub fn of(&self, platform: Platform) -> Option<App> {
        self.0.get(platform.as_str()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registrations_are_read_and_mistakes_never_quote_a_secret() {
        let apps = Apps::parse("[x]\nid = \"i\"\nsecret = \"hush\"\n").unwrap();
        assert_eq!(apps.of(Platform::X).unwrap().id, "i");
        assert!(apps.of(Platform::LinkedIn).is_none());
        assert!(!format!("{apps:?}").contains("hush"));
        for bad in [
            "[x]\nid = \"i\"\nsecret = \"hush\"\nkey = \"hush\"\n",
            "[x]\nid = \"i\"\nsecret = hush\n",
            "[twitter]\nid = \"i\"\nsecret = \"hush\"\n",
            "[x]\nid = \"i\"\n",
        ] {
            let said = format!("{:#}", Apps::parse(bad).unwrap_err());
            assert!(!said.contains("hush"), "{said}");
        }
    }
}
