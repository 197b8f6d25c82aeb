//! Forms: what was typed is kept, what is wrong is named beside its field.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use std::collections::BTreeMap;

use super::error::Error;
use crate::words::{Said, Words};

/// The fields of a submitted form, and what is wrong with them. Shown again as it was, nothing is typed twice.
#[derive(Debug, Clone, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    problems: BTreeMap<&'static str, Said>,
}

/// Most fields a form may have.
const MOST_FIELDS: usize = 1000;

impl Form {
    /// An empty form.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with `name` filled with `value`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// Fills `name` with `value`.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.fields.retain(|(n, _)| n != name);
        self.fields.push((name.to_owned(), value.into()));
    }

    /// One more value of `name` (a ticked box among several).
    pub fn add(&mut self, name: &str, value: impl Into<String>) {
        self.fields.push((name.to_owned(), value.into()));
    }

    /// What was typed in `name`, line ends as `\n`; empty when it was not sent.
    pub fn value(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, v)| v)
    }

    /// What was typed in `name` without blanks around.
    pub fn trimmed(&self, name: &str) -> &str {
        self.value(name).trim()
    }

    /// Every value sent as `name` (checkboxes, repeated fields).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// Whether `name` was sent with `value` (a chosen option, a ticked box).
    pub fn chosen(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|v| v == value)
    }

    /// Whether `name` was sent at all (a ticked box).
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(n, _)| n == name)
    }

    /// Says what is wrong with `name`; the first word about a field stays.
    pub fn wrong(&mut self, name: &'static str, said: Said) {
        self.problems.entry(name).or_insert(said);
    }

    /// Says that `name` is wrong by the message `key`.
    pub fn wrong_key(&mut self, name: &'static str, key: &'static str) {
        self.wrong(name, Said::new(key));
    }

    /// `name` without blanks around, which must hold something and at most `most` characters.
    pub fn required(&mut self, name: &'static str, most: usize) -> String {
        let text = self.trimmed(name).to_owned();
        if text.is_empty() {
            self.wrong_key(name, "form-required");
        } else if text.chars().count() > most {
            self.wrong(name, Said::new("form-too-long").with("most", most));
        }
        text
    }

    /// Whether nothing is wrong.
    pub fn ok(&self) -> bool {
        self.problems.is_empty()
    }

    /// What is wrong with `name`, for a reader.
    pub fn problem(&self, w: &Words, name: &str) -> Option<String> {
        self.problems.get(name).map(|said| w.say(said))
    }

    /// Every field that is wrong with its words, for the list on top of the form.
    pub fn problems(&self, w: &Words) -> Vec<(&'static str, String)> {
        self.problems
            .iter()
            .map(|(name, said)| (*name, w.say(said)))
            .collect()
    }

    /// Every field with its value, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// Reads a body as browsers send forms, line ends made `\n`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for a flood of fields.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(bytes)
            .take(MOST_FIELDS + 1)
            .map(|(n, v)| (n.into_owned(), v.replace("\r\n", "\n")))
            .collect();
        if fields.len() > MOST_FIELDS {
            return Err(Error::TooLarge);
        }
        Ok(Self {
            fields,
            problems: BTreeMap::new(),
        })
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let bytes =
            Bytes::from_request(request, state)
                .await
                .map_err(|e| match e.status().as_u16() {
                    413 => Error::TooLarge,
                    _ => Error::input("error-input-body"),
                })?;
        Self::parse(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_kept_and_wrong_fields_are_named() {
        let mut form = Form::parse(b"name=+Vigie+&text=a%0D%0Ab&tick=x&tick=y").unwrap();
        assert_eq!(
            (form.trimmed("name"), form.value("text"), form.value("none")),
            ("Vigie", "a\nb", "")
        );
        assert!(form.chosen("tick", "y") && !form.chosen("tick", "z"));
        assert_eq!(form.required("name", 3), "Vigie");
        assert_eq!(form.required("none", 3), "");
        assert!(!form.ok());
        assert_eq!(
            form.problems.keys().copied().collect::<Vec<_>>(),
            ["name", "none"]
        );
    }

    #[test]
    fn a_form_with_too_many_fields_is_refused() {
        assert!(matches!(
            Form::parse("a&".repeat(1001).as_bytes()),
            Err(Error::TooLarge)
        ));
    }
}
