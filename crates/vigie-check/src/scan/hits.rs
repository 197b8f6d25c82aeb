//! Where literals stand in one field, by the part of a rule that looks for them.

use std::cell::RefCell;

use crate::limits;
use crate::wake::Sparse;

/// Bytes of the view where a literal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    start: u32,
    end: u32,
}

impl Place {
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    pub(crate) fn end(self) -> usize {
        self.end as usize
    }
}

/// The places of one node: how many, and the newest, from 1.
#[derive(Debug, Clone, Copy, Default)]
struct Head {
    newest: u32,
    count: u32,
}

/// A place, and the one found before it for the same node.
#[derive(Debug)]
struct Link {
    place: Place,
    older: u32,
}

/// What is noted of one field. Only what a post holds is written, so that forgetting it costs little.
#[derive(Debug, Default)]
struct Board {
    heads: Vec<Head>,
    /// Which nodes have a place.
    bits: Vec<u64>,
    links: Vec<Link>,
    met: Vec<u32>,
}

/// Places of literals by node. The memory is kept for the next post of the same thread.
#[derive(Debug, Default)]
pub(crate) struct Hits(Board);

/// Memory kept by a thread, in fields of posts; a post with more of them asks for memory again.
const SPARE: usize = 4;

/// Places above which the memory of a field is given back: it was a very long text.
const KEPT: usize = 1 << 14;

thread_local! {
    /// Boards with no place on them.
    static BOARDS: RefCell<Vec<Board>> = const { RefCell::new(Vec::new()) };
}

impl Hits {
    /// Nothing found yet, for nodes of numbers below `nodes`.
    pub(crate) fn new(nodes: usize) -> Hits {
        let spare = BOARDS.with(|b| b.try_borrow_mut().ok()?.pop());
        let mut board: Board = spare.unwrap_or_default();
        if board.heads.len() < nodes {
            board.heads.resize(nodes, Head::default());
            board.bits.resize(nodes / 64 + 1, 0);
        }
        Hits(board)
    }

    /// Notes that a node is there, and no place: for those of which only that is asked.
    #[inline]
    pub(crate) fn mark(&mut self, node: u32) {
        let Board { bits, met, .. } = &mut self.0;
        if let Some(word) = bits.get_mut(node as usize / 64)
            && *word >> (node % 64) & 1 == 0
        {
            *word |= 1 << (node % 64);
            met.push(node);
        }
    }

    /// Notes a place; after [`limits::MAX_HITS`] of a node, no more of it.
    #[inline]
    pub(crate) fn put(&mut self, node: u32, start: usize, end: usize) {
        let Board {
            heads,
            bits,
            links,
            met,
        } = &mut self.0;
        let Some(head) = heads.get_mut(node as usize) else {
            return;
        };
        if head.count as usize >= limits::MAX_HITS {
            return;
        }
        if head.count == 0 {
            met.push(node);
            if let Some(word) = bits.get_mut(node as usize / 64) {
                *word |= 1 << (node % 64);
            }
        }
        links.push(Link {
            place: Place {
                start: start as u32,
                end: end as u32,
            },
            older: head.newest,
        });
        head.count += 1;
        head.newest = links.len() as u32;
    }

    /// Whether a node has any.
    #[inline]
    pub(crate) fn any(&self, node: usize) -> bool {
        let word = self.0.bits.get(node / 64);
        word.is_some_and(|w| w >> (node % 64) & 1 == 1)
    }

    /// Whether one of some nodes has any.
    #[inline]
    pub(crate) fn any_of(&self, nodes: &Sparse) -> bool {
        nodes.meets(&self.0.bits)
    }

    /// The places of a node's literals, in order of the text, each once.
    pub(crate) fn of(&self, node: usize) -> Vec<Place> {
        let Some(head) = self.0.heads.get(node).filter(|h| h.count > 0) else {
            return Vec::new();
        };
        let mut out = Vec::with_capacity(head.count as usize);
        let mut next = head.newest;
        while let Some(link) = (next as usize)
            .checked_sub(1)
            .and_then(|n| self.0.links.get(n))
        {
            out.push(link.place);
            next = link.older;
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Every node that has a place, each once, in no order.
    pub(crate) fn nodes(&self) -> &[u32] {
        &self.0.met
    }

    /// The nodes from `first` to before `last` that have a place, in order.
    pub(crate) fn between(&self, first: usize, last: usize) -> Vec<usize> {
        let words = self.0.bits.iter().enumerate();
        let words = words.take(last.div_ceil(64)).skip(first / 64);
        let mut out = Vec::new();
        for (at, word) in words {
            let mut left = *word;
            while left != 0 {
                let node = at * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                if (first..last).contains(&node) {
                    out.push(node);
                }
            }
        }
        out
    }
}

impl Drop for Hits {
    fn drop(&mut self) {
        let mut board = std::mem::take(&mut self.0);
        if board.links.len() > KEPT || board.heads.is_empty() {
            return;
        }
        for node in board.met.drain(..) {
            if let Some(head) = board.heads.get_mut(node as usize) {
                *head = Head::default();
            }
            if let Some(word) = board.bits.get_mut(node as usize / 64) {
                *word = 0;
            }
        }
        board.links.clear();
        // Where the thread is ending there is nobody to keep it for.
        let _ = BOARDS.try_with(|boards| {
            if let Ok(mut boards) = boards.try_borrow_mut()
                && boards.len() < SPARE
            {
                boards.push(board);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_by_node_and_a_board_is_forgotten() {
        for _ in 0..2 {
            let mut hits = Hits::new(8);
            assert!(hits.nodes().is_empty() && !hits.any(3));
            hits.mark(6);
            hits.mark(6);
            assert!(hits.any(6) && hits.of(6).is_empty() && hits.nodes() == [6]);
            for (node, start) in [(3, 9), (3, 2), (5, 1), (3, 9)] {
                hits.put(node, start, start + 1);
            }
            let starts: Vec<_> = hits.of(3).iter().map(|p| p.start()).collect();
            assert_eq!(starts, [2, 9]);
            assert_eq!(hits.between(4, 8), [5, 6]);
            assert!(hits.of(4).is_empty());
        }
    }

    #[test]
    fn a_node_has_its_most() {
        let mut hits = Hits::new(1);
        (0..10_000).for_each(|n| hits.put(0, n, n + 1));
        assert_eq!(hits.of(0).len(), limits::MAX_HITS);
    }
}
