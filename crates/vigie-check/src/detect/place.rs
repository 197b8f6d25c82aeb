//! Names of countries and towns.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::Context;
use crate::eval::Hit;

/// Most words of one name of a place.
const LONGEST: usize = 3;

/// Names as written. Read when a text first needs it.
static PLACES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("../../data/places.txt")
        .lines()
        .filter(|l| !l.starts_with('#'))
        .flat_map(|l| l.split(", "))
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .collect()
});

/// Countries, regions and large towns, with their capitals.
pub fn place(context: &Context<'_>) -> Vec<Hit> {
    let text: &str = &context.view.clean;
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '-' | '\'');
    let mut starts: Vec<(usize, usize)> = Vec::new();
    let mut from = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (inside(c), from) {
            (true, None) => from = Some(at),
            (false, Some(start)) => {
                starts.push((start, at));
                from = None;
            }
            _ => {}
        }
    }
    let mut out = Vec::new();
    let mut i = 0;
    while i < starts.len() && out.len() < crate::limits::MAX_HITS {
        let found = (1..=LONGEST).rev().find_map(|n| {
            let (first, last) = (starts.get(i)?, starts.get(i + n - 1)?);
            let seen = text.get(first.0..last.1)?;
            // « d'Annecy », « l'Italie »
            let bare = seen
                .split_once('\'')
                .filter(|(a, _)| a.len() == 1)
                .map_or(seen, |(_, b)| b);
            let tagged = text
                .get(..first.0)
                .is_some_and(|t| t.ends_with(['@', '#', '.', '/']));
            (!tagged && seen.len() < 40 && (PLACES.contains(seen) || PLACES.contains(bare))).then(
                || {
                    (
                        last.1
                            - if PLACES.contains(seen) {
                                seen.len()
                            } else {
                                bare.len()
                            },
                        last.1,
                        n,
                    )
                },
            )
        });
        match found {
            Some((start, end, n)) => {
                out.push(Hit::at(start, end));
                i += n;
            }
            None => i += 1,
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::numbers::tests::{found, none_found};
    use super::*;

    #[test]
    fn places() {
        for (text, wanted) in [
            ("à Saint-Étienne demain", "Saint-Étienne"),
            ("from New York with love", "New York"),
            ("le lac d'Annecy", "Annecy"),
            ("Rosa of Tulsa", "Tulsa"),
            ("au Costa Rica", "Costa Rica"),
        ] {
            assert_eq!(found(place, text), [wanted], "{text}");
        }
        none_found(
            place,
            &["paris sportifs", "@Paris", "une nancy", "Réunion à 9 h"],
        );
    }
}
