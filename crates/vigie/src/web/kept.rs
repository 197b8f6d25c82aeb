//! What somebody typed into a form that could not be carried out. The page of the error gives it back, to be copied or
//! sent again: nothing is typed twice. Fields are shown by name only, so that a password never is.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use futures::StreamExt as _;
use std::sync::{Arc, OnceLock};

use super::error::Error;
use super::form::Form;

/// Largest form of somebody who is not signed in that is held, bytes.
pub const STRANGER: usize = 256 * 1024;

/// Where the layer around everything finds the form, whatever became of the handler: an error, a panic, a timeout.
#[derive(Debug, Clone, Default)]
pub struct Slot(Arc<OnceLock<Held>>);

#[derive(Debug)]
enum Held {
    /// As it came; read only if it is needed.
    Body(Bytes),
    /// Put together by a handler from parts.
    Form(Form),
}

impl Slot {
    /// Keeps a form that did not come as a plain body. The first one stays.
    pub fn put(&self, form: &Form) {
        let _ = self.0.set(Held::Form(form.clone()));
    }

    /// What was typed, if there are words in it.
    pub fn words(&self) -> Option<Kept> {
        match self.0.get()? {
            Held::Body(bytes) => Form::parse(bytes).ok().as_ref().and_then(Kept::of),
            Held::Form(form) => Kept::of(form),
        }
    }
}

/// Reads a form's body of at most `most` bytes, keeps it in the request's [`Slot`], and gives the request back whole.
///
/// # Errors
/// [`Error::TooLarge`], [`Error::Input`] when the body ends early.
pub async fn hold(request: Request, most: usize) -> Result<Request, Error> {
    if *request.method() != Method::POST || !is_form(request.headers()) {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let mut stream = body.into_data_stream();
    let mut all = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Error::input("error-input-body"))?;
        if all.len().saturating_add(chunk.len()) > most {
            return Err(Error::TooLarge);
        }
        all.extend_from_slice(&chunk);
    }
    let bytes = Bytes::from(all);
    if let Some(slot) = parts.extensions.get::<Slot>() {
        let _ = slot.0.set(Held::Body(bytes.clone()));
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    kind.is_some_and(|k| k.starts_with("application/x-www-form-urlencoded"))
}

/// Words of a form, for the page of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Texts that a person wrote.
    pub words: Vec<Word>,
    /// The other fields, when the whole form may be sent again from the page; absent when it holds anything that must
    /// not come back, such as a password.
    pub rest: Option<Vec<(String, String)>>,
}

/// One text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The field's name.
    pub name: String,
    /// Key of its label.
    pub label: &'static str,
    /// As typed.
    pub text: String,
}

impl Kept {
    fn of(form: &Form) -> Option<Self> {
        let words: Vec<Word> = form
            .fields()
            .filter(|(_, text)| !text.trim().is_empty())
            .filter_map(|(name, text)| {
                let label = label(name)?;
                Some(Word {
                    name: name.to_owned(),
                    label,
                    text: text.to_owned(),
                })
            })
            .collect();
        if words.is_empty() {
            return None;
        }
        let others: Vec<(&str, &str)> = form
            .fields()
            .filter(|(name, _)| label(name).is_none())
            .collect();
        let rest = others.iter().all(|(name, _)| is_plain(name)).then(|| {
            others
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect()
        });
        Some(Self { words, rest })
    }
}

/// The label of a field that holds a person's words; nothing for any other field.
fn label(name: &str) -> Option<&'static str> {
    match name {
        "text" => Some("compose-text"),
        "link" => Some("compose-link"),
        "note" | "reason" => Some("kept-words"),
        _ if name.starts_with("own-") => Some("compose-text"),
        _ if name.starts_with("alt-") => Some("compose-alt"),
        _ => None,
    }
}

/// Fields that may stand hidden in a page: choices and names of things, none of them a secret.
fn is_plain(name: &str) -> bool {
    const NAMES: [&str; 17] = [
        "channel",
        "lang",
        "when",
        "date",
        "time",
        "fold",
        "version",
        "post",
        "as",
        "do",
        "fix",
        "media",
        "digest",
        "rule",
        "is",
        "assertion",
        "answer",
    ];
    NAMES.contains(&name)
        || name.starts_with("decorative-")
        || name.starts_with("remove-")
        || name.starts_with("reply-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(body: &str) -> Option<Kept> {
        Kept::of(&Form::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn words_come_back_and_secrets_do_not() {
        let post = kept("text=Bonjour&own-1=Salut&channel=c1&when=at&do=submit&link=").unwrap();
        let words: Vec<_> = post.words.iter().map(|w| w.text.as_str()).collect();
        assert_eq!(words, ["Bonjour", "Salut"]);
        assert_eq!(post.rest.unwrap().len(), 3, "the empty link goes unsaid");
        assert_eq!(kept("login=ines&password=secret&code=123456"), None);
        let mixed = kept("reason=Bonjour&app_password=secret").unwrap();
        assert_eq!(mixed.rest, None);
        assert!(!format!("{mixed:?}").contains("secret"));
    }
}
