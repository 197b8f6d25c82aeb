//! Networks that ask money for calls: their published prices, and what was used of each since it was last asked.

use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// A published price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Price {
    /// What it is for; a stable name.
    pub what: &'static str,
    /// In thousandths of a US dollar.
    pub thousandths: u32,
}

/// A network's prices. The operator pays, to the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Prices {
    /// Each of what Vigie uses.
    pub list: &'static [Price],
    /// The day on which they were read (`YYYY-MM-DD`).
    pub read: &'static str,
    /// Where.
    pub source: &'static str,
}

impl Prices {
    /// The price of something, in thousandths of a US dollar; 0 for what has none.
    pub fn of(&self, what: &str) -> u32 {
        let price = self.list.iter().find(|price| price.what == what);
        price.map_or(0, |price| price.thousandths)
    }
}

/// What was used since it was last asked, by the name of its price. Cheap to clone; all clones count together.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Meter {
    /// So many were used.
    pub fn add(&self, what: &'static str, count: u64) {
        if count == 0 {
            return;
        }
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let so_far = used.entry(what).or_default();
        *so_far = so_far.saturating_add(count);
    }

    /// What was used; counted anew from now on.
    pub fn take(&self) -> Vec<(&'static str, u64)> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *used).into_iter().collect()
    }
}
