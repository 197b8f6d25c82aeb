//! What a page of a stand-in shows of itself: fields as its network names them, which a test may change.

use serde_json::{Map, Value};
use std::sync::Mutex;

/// The fields.
#[derive(Debug, Default)]
pub struct Face(Mutex<Map<String, Value>>);

impl Face {
    /// With these fields.
    pub fn new(fields: Value) -> Self {
        let face = Self::default();
        face.set(fields);
        face
    }

    /// Somebody changes the page: each field given is another one from now on.
    pub fn set(&self, fields: Value) {
        let mut face = self.0.lock().unwrap();
        for (name, value) in fields.as_object().into_iter().flatten() {
            face.insert(name.clone(), value.clone());
        }
    }

    /// `over` with the fields put on it.
    pub fn on(&self, over: Value) -> Value {
        let mut all = over;
        for (name, value) in self.0.lock().unwrap().iter() {
            all[name.as_str()] = value.clone();
        }
        all
    }
}
