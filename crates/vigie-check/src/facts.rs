//! What is known about a post beyond its text: a flat map where a missing key is *unknown*, never false.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::prepared::Prepared;

/// The value of one fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
///
/// Facts that many posts share can be made ready once with [`Packs::prepare`](crate::Packs::prepare); what is set
/// afterwards belongs to one post and wins.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "BTreeMap<String, FactValue>")]
pub struct Facts {
    own: BTreeMap<String, FactValue>,
    base: Option<Arc<Prepared>>,
}

impl From<BTreeMap<String, FactValue>> for Facts {
    fn from(own: BTreeMap<String, FactValue>) -> Self {
        Facts { own, base: None }
    }
}

impl Serialize for Facts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl PartialEq for Facts {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

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
            facts.own.insert(key.clone(), value);
        }
        Ok(facts)
    }

    /// Sets one fact.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<FactValue>) -> &mut Self {
        self.own.insert(key.into(), value.into());
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
        match self.own.get(key) {
            None => self.base.as_ref()?.facts.get(key),
            own => own,
        }
    }

    /// What was set for this post alone.
    pub(crate) fn own(&self) -> &BTreeMap<String, FactValue> {
        &self.own
    }

    /// What was made ready for many posts.
    pub(crate) fn base(&self) -> Option<&Arc<Prepared>> {
        self.base.as_ref()
    }

    /// No fact of its own over a prepared base.
    pub(crate) fn over(base: Arc<Prepared>) -> Self {
        Facts {
            own: BTreeMap::new(),
            base: Some(base),
        }
    }

    /// Every fact, in order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FactValue)> {
        let base = self.base.as_ref().map(|b| &b.facts);
        let mut all: BTreeMap<&str, &FactValue> = base
            .into_iter()
            .flatten()
            .map(|(k, v)| (k.as_str(), v))
            .collect();
        all.extend(self.own.iter().map(|(k, v)| (k.as_str(), v)));
        all.into_iter()
    }

    /// The list under a key; a single text counts as a list of one; anything else is empty.
    pub fn list(&self, key: &str) -> &[String] {
        match self.get(key) {
            Some(FactValue::List(l)) => l,
            Some(FactValue::Text(t)) => std::slice::from_ref(t),
            _ => &[],
        }
    }

    /// The text under a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some(FactValue::Text(t)) => Some(t),
            _ => None,
        }
    }

    /// The number under a key.
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.get(key) {
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
        self.iter().map(|(key, _)| key)
    }

    /// Adds every fact of `other`; where both know, `other` wins.
    pub fn extend(&mut self, other: Facts) {
        if other.base.is_some() {
            self.own
                .extend(other.iter().map(|(k, v)| (k.to_owned(), v.clone())));
        } else {
            self.own.extend(other.own);
        }
    }
}

impl FactValue {
    /// What two pictures of one post give: true where one says so, the larger number, all texts.
    pub(crate) fn and(self, other: &FactValue) -> FactValue {
        match (self, other) {
            (FactValue::Bool(a), FactValue::Bool(b)) => FactValue::Bool(a || *b),
            (FactValue::Number(a), FactValue::Number(b)) => FactValue::Number(a.max(*b)),
            (first, second) => {
                let texts = |value: &FactValue| match value {
                    FactValue::Text(t) => vec![t.clone()],
                    FactValue::List(l) => l.clone(),
                    FactValue::Bool(_) | FactValue::Number(_) => Vec::new(),
                };
                let mut all = texts(&first);
                for text in texts(second) {
                    if !all.contains(&text) {
                        all.push(text);
                    }
                }
                match all.as_slice() {
                    [] => first,
                    [one] => FactValue::Text(one.clone()),
                    _ => FactValue::List(all),
                }
            }
        }
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
