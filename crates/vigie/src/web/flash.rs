//! What one page leaves for the next to say ("Saved."). It travels in a signed cookie for a minute, never in the
//! address: it holds the name of a message and its values, so it is said in the reader's language.

use axum::{
    http::{HeaderMap, header},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::cookie;
use crate::{
    app::App,
    words::{Said, Value, Words},
};

/// The mood of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// It worked.
    Good,
    /// Something to know.
    Note,
    /// It did not work.
    Bad,
}

impl Tone {
    /// The CSS class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Bad => "bad",
        }
    }

    /// The sign beside the words.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Good => "circle-check",
            Self::Note => "info",
            Self::Bad => "circle-alert",
        }
    }
}

/// One notice.
#[derive(Debug, Clone, PartialEq)]
pub struct Flash {
    /// Its mood.
    pub tone: Tone,
    /// Its words.
    pub said: Said,
}

impl Flash {
    /// It worked: the message `key`.
    pub fn good(key: &'static str) -> Self {
        Self {
            tone: Tone::Good,
            said: Said::new(key),
        }
    }

    /// Something to know.
    pub fn note(key: &'static str) -> Self {
        Self {
            tone: Tone::Note,
            said: Said::new(key),
        }
    }

    /// It did not work.
    pub fn bad(key: &'static str) -> Self {
        Self {
            tone: Tone::Bad,
            said: Said::new(key),
        }
    }

    /// The same with a value in its words.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.said = self.said.with(name, value);
        self
    }

    /// The words for a reader.
    pub fn text(&self, w: &Words) -> String {
        w.say(&self.said)
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    t: Tone,
    k: String,
    a: Vec<(String, Value)>,
}

/// Longest cookie value written or read; a longer notice is dropped rather than cut.
const LONGEST: usize = 3000;

fn mac(app: &App) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(app.keys.link.expose_secret()).ok()?;
    mac.update(b"vigie flash/1\0");
    Some(mac)
}

fn name(app: &App) -> String {
    cookie::guarded("vigie_flash", app.config.https())
}

/// Puts `flash` on an answer, for the next page.
pub fn put(app: &App, response: &mut Response, flash: &Flash) {
    let args = flash
        .said
        .args
        .iter()
        .map(|(k, v)| (k.to_string(), v.clone()))
        .collect();
    let wire = Wire {
        t: flash.tone,
        k: flash.said.key.to_string(),
        a: args,
    };
    let (Ok(json), Some(mut mac)) = (serde_json::to_vec(&wire), mac(app)) else {
        return;
    };
    mac.update(&json);
    let value = format!(
        "{}.{}",
        BASE64.encode(&json),
        BASE64.encode(mac.finalize().into_bytes())
    );
    if value.len() <= LONGEST
        && let Some(line) = cookie::set(&name(app), &value, Some(60), app.config.https())
    {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}

/// The notice a request carries, if it is ours.
pub fn read(app: &App, headers: &HeaderMap) -> Option<Flash> {
    let value = cookie::read(headers, &name(app)).filter(|v| v.len() <= LONGEST)?;
    let (json, tag) = value.split_once('.')?;
    let (json, tag) = (BASE64.decode(json).ok()?, BASE64.decode(tag).ok()?);
    let mut mac = mac(app)?;
    mac.update(&json);
    mac.verify_slice(&tag).ok()?;
    let wire: Wire = serde_json::from_slice(&json).ok()?;
    let args = wire.a.into_iter().map(|(k, v)| (k.into(), v)).collect();
    Some(Flash {
        tone: wire.t,
        said: Said {
            key: wire.k.into(),
            args,
        },
    })
}

/// Forgets the notice once a page has shown it, unless the answer leaves a new one.
pub fn clear(app: &App, response: &mut Response) {
    let name = name(app);
    let set = response.headers().get_all(header::SET_COOKIE).iter();
    let anew = set
        .filter_map(|v| v.to_str().ok())
        .any(|v| v.starts_with(&format!("{name}=")));
    if !anew && let Some(line) = cookie::set(&name, "", Some(0), app.config.https()) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}
