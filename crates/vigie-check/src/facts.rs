//! What is known about a post beyond its text: a flat map where a missing key is *unknown*, never false.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The value of one fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FactValue {
    /// True or false.
    Bool(bool),
    /// A number (an amount, a count).
    Number(f64),
    /// A word or a date `YYYY-MM-DD`.
    Text(String),
    /// A list of words (the organisation's lists).
    List(Vec<String>),
}

/// Facts by key. A key may hold dots (`media.ai` is one key).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(BTreeMap<String, FactValue>);

/// Why facts could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// The document is not one flat JSON object.
    #[error("facts must be one flat object")]
    NotAnObject,
    /// A value is neither true/false, a number, a text, nor a list of texts.
    #[error("fact `{0}` must be true or false, a number, a text or a list of texts")]
    BadValue(String),
}

impl Facts {
    /// No fact at all: everything is unknown.
    pub fn new() -> Self {
        Facts::default()
    }

    /// Reads a flat JSON object. `null` means unknown, like a missing key.
    ///
    /// # Errors
    /// [`FactsError`] when the shape is not that of a flat object of simple values.
    pub fn from_json(value: &serde_json::Value) -> Result<Self, FactsError> {
        let map = value.as_object().ok_or(FactsError::NotAnObject)?;
        let mut facts = Facts::new();
        for (key, value) in map {
            if value.is_null() {
                continue;
            }
            let value = serde_json::from_value(value.clone())
                .map_err(|_| FactsError::BadValue(key.clone()))?;
            facts.0.insert(key.clone(), value);
        }
        Ok(facts)
    }

    /// Sets one fact.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<FactValue>) -> &mut Self {
        self.0.insert(key.into(), value.into());
        self
    }

    /// The same facts with one more; for building in one expression.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<FactValue>) -> Self {
        self.set(key, value);
        self
    }

    /// The value, or `None` when unknown.
    pub fn get(&self, key: &str) -> Option<&FactValue> {
        self.0.get(key)
    }

    /// The list under a key; a single text counts as a list of one; anything else is empty.
    pub fn list(&self, key: &str) -> &[String] {
        match self.0.get(key) {
            Some(FactValue::List(l)) => l,
            Some(FactValue::Text(t)) => std::slice::from_ref(t),
            _ => &[],
        }
    }

    /// The text under a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.0.get(key) {
            Some(FactValue::Text(t)) => Some(t),
            _ => None,
        }
    }

    /// The number under a key.
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.0.get(key) {
            Some(FactValue::Number(n)) => Some(*n),
            _ => None,
        }
    }

    /// The day the post is to be read on: `publish`, else `date`, else `now`.
    pub fn day(&self) -> Option<Date> {
        ["publish", "date", "now"].iter().find_map(|k| self.date(k))
    }

    /// A fact read as a day; accepts `YYYY-MM-DD` with or without a time after it.
    pub fn date(&self, key: &str) -> Option<Date> {
        let text = self.text(key)?;
        text.get(..10)?.parse().ok()
    }

    /// All keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Adds every fact of `other`; where both know, `other` wins.
    pub fn extend(&mut self, other: Facts) {
        self.0.extend(other.0);
    }
}

impl From<bool> for FactValue {
    fn from(v: bool) -> Self {
        FactValue::Bool(v)
    }
}
impl From<f64> for FactValue {
    fn from(v: f64) -> Self {
        FactValue::Number(v)
    }
}
impl From<&str> for FactValue {
    fn from(v: &str) -> Self {
        FactValue::Text(v.to_owned())
    }
}
impl From<String> for FactValue {
    fn from(v: String) -> Self {
        FactValue::Text(v)
    }
}
impl From<Vec<String>> for FactValue {
    fn from(v: Vec<String>) -> Self {
        FactValue::List(v)
    }
}
