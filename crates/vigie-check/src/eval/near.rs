//! Whether something stands near something else, in as many steps as there are places, and not for each pair of them.

use crate::rule::file::Side;

/// A place of a text: its bytes, and the numbers of its first and last word (or sentence).
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) first: usize,
    pub(super) last: usize,
}

/// Places that others are near to.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// By first byte: that, the first word, and the last word that any of them up to here reaches.
    by_start: Vec<(usize, usize, usize)>,
    /// By end: that, and the last word.
    by_end: Vec<(usize, usize)>,
    /// Whether one is the whole text.
    whole: bool,
}

impl Places {
    /// Some places; `None` = the whole text.
    pub(super) fn of(all: impl Iterator<Item = Option<Stretch>>) -> Places {
        let mut out = Places::default();
        for place in all {
            match place {
                None => out.whole = true,
                Some(p) => {
                    out.by_start.push((p.start, p.first, p.last));
                    out.by_end.push((p.end, p.last));
                }
            }
        }
        out.by_start.sort_unstable();
        out.by_end.sort_unstable();
        let mut furthest = 0;
        for (_, _, last) in &mut out.by_start {
            furthest = furthest.max(*last);
            *last = furthest;
        }
        out
    }

    /// Whether one of them is at most `reach` words away, on that side if one is given.
    ///
    /// The whole text is near to whatever is in it, and on neither side of it.
    pub(super) fn near(&self, place: Option<Stretch>, reach: usize, side: Option<Side>) -> bool {
        let Some(place) = place else {
            return side.is_none() && (self.whole || !self.by_start.is_empty());
        };
        match side {
            None => {
                let before = place.last + reach;
                let n = self
                    .by_start
                    .partition_point(|(_, first, _)| *first <= before);
                let furthest = n.checked_sub(1).and_then(|n| self.by_start.get(n));
                self.whole || furthest.is_some_and(|(_, _, last)| place.first <= last + reach)
            }
            // The last of those that end before it is the nearest.
            Some(Side::Before) => {
                let n = self.by_end.partition_point(|(end, _)| *end <= place.start);
                let nearest = n.checked_sub(1).and_then(|n| self.by_end.get(n));
                nearest.is_some_and(|(_, last)| place.first <= last + reach)
            }
            // The first of those that begin after it is the nearest.
            Some(Side::After) => {
                let n = self
                    .by_start
                    .partition_point(|(start, ..)| *start < place.end);
                let nearest = self.by_start.get(n);
                nearest.is_some_and(|(_, first, _)| *first <= place.last + reach)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Words of four bytes.
    fn stretch((start, length): (usize, usize)) -> Stretch {
        let end = start + length + 1;
        Stretch {
            start,
            end,
            first: start / 4 + 1,
            last: (end - 1) / 4 + 1,
        }
    }

    fn pair_by_pair(
        a: Option<Stretch>,
        b: Option<Stretch>,
        reach: usize,
        side: Option<Side>,
    ) -> bool {
        let (Some(a), Some(b)) = (a, b) else {
            return side.is_none();
        };
        b.first <= a.last + reach
            && a.first <= b.last + reach
            && match side {
                None => true,
                Some(Side::Before) => b.end <= a.start,
                Some(Side::After) => b.start >= a.end,
            }
    }

    proptest! {
        #[test]
        fn as_pair_by_pair(
            to in proptest::collection::vec(proptest::option::weighted(0.9, (0..60usize, 0..20usize)), 0..12),
            this in proptest::option::weighted(0.9, (0..60usize, 0..20usize)),
            reach in 0..6usize,
        ) {
            let to: Vec<_> = to.into_iter().map(|p| p.map(stretch)).collect();
            let this = this.map(stretch);
            let places = Places::of(to.iter().copied());
            for side in [None, Some(Side::Before), Some(Side::After)] {
                let expected = to.iter().any(|that| pair_by_pair(this, *that, reach, side));
                prop_assert_eq!(places.near(this, reach, side), expected, "{:?}", side);
            }
        }
    }
}
