//! The Merkle tree of RFC 6962, section 2.1, with SHA-256.

use sha2::{Digest as _, Sha256};

/// A node of the tree.
pub type Hash = [u8; 32];

/// Hash of a leaf: `SHA-256(0x00 || leaf)`.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new()
        .chain_update([0])
        .chain_update(leaf)
        .finalize()
        .into()
}

/// Hash of an inner node: `SHA-256(0x01 || left || right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// Root of the empty tree.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The right edge of a tree: enough to append to it and to know its root, in at most 64 hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, largest first: one per 1 bit of `size`.
    peaks: Vec<Hash>,
}

/// A stored frontier that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the edge of a tree")]
pub struct BadFrontier;

impl Frontier {
    /// The edge of an empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads [`Frontier::to_bytes`].
    ///
    /// # Errors
    /// When the bytes are not what a tree of this size has.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, BadFrontier> {
        let (peaks, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() || u64::try_from(peaks.len()) != Ok(u64::from(size.count_ones())) {
            return Err(BadFrontier);
        }
        Ok(Self {
            size,
            peaks: peaks.to_vec(),
        })
    }

    /// The peaks, one after the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    /// How many leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        let mut size = self.size;
        while size & 1 == 1 {
            // The bit says that a subtree of this size stands on the left.
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            size >>= 1;
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else {
            return empty_root();
        };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// Root over leaf hashes.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.append(*leaf);
    }
    frontier.root()
}

/// Largest power of two smaller than `n` (`n` at least 2).
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// Proof that leaf `index` is in the tree over `leaves` (RFC 6962, 2.1.1). Empty when out of range.
pub fn inclusion_proof(leaves: &[Hash], index: usize) -> Vec<Hash> {
    let mut proof = Vec::new();
    let (mut leaves, mut index) = (leaves, index);
    if index >= leaves.len() {
        return proof;
    }
    while leaves.len() > 1 {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if index < left.len() {
            proof.push(root(right));
            leaves = left;
        } else {
            proof.push(root(left));
            index -= left.len();
            leaves = right;
        }
    }
    proof.reverse();
    proof
}

/// Checks an inclusion proof (RFC 9162, 2.1.3.2).
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], expected: Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut fn_, mut sn) = (index, size - 1);
    let mut hash = leaf;
    for step in proof {
        if sn == 0 {
            return false;
        }
        if fn_ & 1 == 1 || fn_ == sn {
            hash = node_hash(step, &hash);
            if fn_ & 1 == 0 {
                while fn_ & 1 == 0 && fn_ != 0 {
                    fn_ >>= 1;
                    sn >>= 1;
                }
            }
        } else {
            hash = node_hash(&hash, step);
        }
        fn_ >>= 1;
        sn >>= 1;
    }
    sn == 0 && hash == expected
}

/// Proof that the first `old` of `leaves` are the tree that was signed earlier, only appended to since (RFC 6962,
/// 2.1.2). Empty when there is nothing to prove: `old` is 0, all of them, or out of range.
pub fn consistency_proof(leaves: &[Hash], old: usize) -> Vec<Hash> {
    let mut proof = Vec::new();
    if old == 0 || old >= leaves.len() {
        return proof;
    }
    let (mut leaves, mut old) = (leaves, old);
    // As long as the old tree lies along the left edge whole, its root is known to the verifier.
    let mut known = true;
    while old != leaves.len() {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if old <= left.len() {
            proof.push(root(right));
            leaves = left;
        } else {
            proof.push(root(left));
            old -= left.len();
            leaves = right;
            known = false;
        }
    }
    if !known {
        proof.push(root(leaves));
    }
    proof.reverse();
    proof
}

/// Checks a consistency proof between two sizes and their roots (RFC 9162, 2.1.4.2).
pub fn verify_consistency(
    old: u64,
    new: u64,
    proof: &[Hash],
    old_root: Hash,
    new_root: Hash,
) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        // Every tree grows from the empty one.
        return proof.is_empty() && old_root == empty_root();
    }
    let mut steps = proof.iter();
    let first = if old.is_power_of_two() {
        old_root
    } else {
        match steps.next() {
            Some(step) => *step,
            None => return false,
        }
    };
    let (mut fn_, mut sn) = (old - 1, new - 1);
    let shift = fn_.trailing_ones();
    fn_ >>= shift;
    sn >>= shift;
    let (mut fr, mut sr) = (first, first);
    for step in steps {
        if sn == 0 {
            return false;
        }
        if fn_ & 1 == 1 || fn_ == sn {
            fr = node_hash(step, &fr);
            sr = node_hash(step, &sr);
            while fn_ & 1 == 0 && fn_ != 0 {
                fn_ >>= 1;
                sn >>= 1;
            }
        } else {
            sr = node_hash(&sr, step);
        }
        fn_ >>= 1;
        sn >>= 1;
    }
    sn == 0 && fr == old_root && sr == new_root
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inputs and roots that Certificate Transparency implementations have shared since RFC 6962.
    const INPUTS: [&str; 8] = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn leaves(n: usize) -> Vec<Hash> {
        INPUTS[..n]
            .iter()
            .map(|h| leaf_hash(&hex::decode(h).unwrap()))
            .collect()
    }

    #[test]
    fn roots_are_those_of_certificate_transparency() {
        assert_eq!(
            hex::encode(empty_root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        for n in 1..=8 {
            assert_eq!(hex::encode(root(&leaves(n))), ROOTS[n - 1], "{n} leaves");
        }
    }

    #[test]
    fn every_leaf_is_provably_in_and_nothing_else_is() {
        for n in 1..=40_usize {
            let all: Vec<Hash> = (0..n).map(|i| leaf_hash(&[i as u8])).collect();
            let top = root(&all);
            for i in 0..n {
                let proof = inclusion_proof(&all, i);
                assert!(
                    verify_inclusion(all[i], i as u64, n as u64, &proof, top),
                    "{i} of {n}"
                );
                assert!(!verify_inclusion(
                    leaf_hash(b"x"),
                    i as u64,
                    n as u64,
                    &proof,
                    top
                ));
                if n > 1 {
                    let other = (i + 1) % n;
                    assert!(!verify_inclusion(
                        all[i],
                        other as u64,
                        n as u64,
                        &proof,
                        top
                    ));
                }
            }
        }
    }

    #[test]
    fn a_tree_that_grew_proves_it_and_another_cannot() {
        let all: Vec<Hash> = (0..24_u8).map(|i| leaf_hash(&[i])).collect();
        for new in 0..=all.len() {
            let (n, top) = (new as u64, root(&all[..new]));
            for old in 0..=new {
                let (o, base) = (old as u64, root(&all[..old]));
                let proof = consistency_proof(&all[..new], old);
                assert!(
                    verify_consistency(o, n, &proof, base, top),
                    "{old} of {new}"
                );
                assert!(!verify_consistency(o, n, &proof, [9; 32], top));
                assert!(old == 0 || !verify_consistency(o, n, &proof, base, [9; 32]));
                let longer = [proof.as_slice(), &[[9; 32]]].concat();
                assert!(!verify_consistency(o, n, &longer, base, top));
                for i in 0..proof.len() {
                    let mut other = proof.clone();
                    other[i][0] ^= 1;
                    assert!(!verify_consistency(o, n, &other, base, top));
                    other.remove(i);
                    assert!(!verify_consistency(o, n, &other, base, top));
                }
                // A history written again is no continuation.
                if old > 0 && new > old {
                    let mut rewritten = all[..new].to_vec();
                    rewritten[old - 1] = leaf_hash(b"another");
                    let proof = consistency_proof(&rewritten, old);
                    assert!(!verify_consistency(o, n, &proof, base, root(&rewritten)));
                }
            }
        }
        assert!(!verify_consistency(
            2,
            1,
            &[],
            root(&all[..2]),
            root(&all[..1])
        ));
    }

    /// The proofs that the RFC draws for its tree of seven leaves (2.1.3).
    #[test]
    fn the_example_proofs_of_the_rfc() {
        let d: Vec<Hash> = (0..7_u8).map(|i| leaf_hash(&[i])).collect();
        let (g, h, i, j) = (
            node_hash(&d[0], &d[1]),
            node_hash(&d[2], &d[3]),
            node_hash(&d[4], &d[5]),
            d[6],
        );
        let (k, l) = (node_hash(&g, &h), node_hash(&i, &j));
        assert_eq!(inclusion_proof(&d, 0), [d[1], h, l]);
        assert_eq!(inclusion_proof(&d, 3), [d[2], g, l]);
        assert_eq!(inclusion_proof(&d, 4), [d[5], j, k]);
        assert_eq!(inclusion_proof(&d, 6), [i, k]);
        assert_eq!(consistency_proof(&d, 3), [d[2], d[3], g, l]);
        assert_eq!(consistency_proof(&d, 4), [l]);
        assert_eq!(consistency_proof(&d, 6), [i, j, k]);
    }

    #[test]
    fn a_frontier_survives_storage() {
        let mut frontier = Frontier::new();
        for i in 0..100_u8 {
            frontier.append(leaf_hash(&[i]));
            let again = Frontier::from_bytes(frontier.size(), &frontier.to_bytes()).unwrap();
            assert_eq!(again, frontier);
        }
        assert_eq!(Frontier::from_bytes(3, &[0; 32]), Err(BadFrontier));
        assert_eq!(Frontier::from_bytes(1, &[0; 31]), Err(BadFrontier));
    }
}
