//! Break-glass: the vault key split among k of n people (Shamir's secret sharing over GF(256)).
//!
//! A share is a line that survives being written on paper: groups of four hexadecimal digits and a checksum.
//! It says which set it belongs to and how many are needed, and nothing about the key.

use std::collections::BTreeSet;

use blahaj::{Share, Sharks};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Begins every share.
const TAG: &str = "vigie-share-1";

/// Why shares do not come together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EscrowError {
    /// k and n make no sense: 2 ≤ k ≤ n ≤ 100.
    #[error("the number of shares needed must be between 2 and the number of shares, at most 100")]
    BadNumbers,
    /// A line is not a share; counted from 1.
    #[error("line {0} is not a share")]
    NotAShare(usize),
    /// A line has a typing error; counted from 1.
    #[error("line {0} has a typing error: its checksum does not fit")]
    Typo(usize),
    /// A share of another split.
    #[error("line {0} belongs to another set of shares")]
    OtherSet(usize),
    /// Too few different shares.
    #[error("{have} different shares given, {need} needed")]
    TooFew {
        /// Given.
        have: usize,
        /// Needed.
        need: usize,
    },
    /// The shares fit each other but not the key that was split.
    #[error("the shares do not make the key that was split")]
    WrongKey,
}

/// Commitment to the split secret: tells sets apart and proves the result. Eight bytes of a hash of a 256-bit
/// key help nobody to find the key.
fn set_id(secret: &[u8]) -> [u8; 8] {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(b"vigie-escrow/1\n")
        .chain_update(secret)
        .finalize()
        .into();
    let [a, b, c, d, e, f, g, h, ..] = hash;
    [a, b, c, d, e, f, g, h]
}

fn checksum(body: &str) -> String {
    hex::encode(&Sha256::digest(body.as_bytes())[..4])
}

fn groups(hex: &str) -> String {
    hex.as_bytes()
        .chunks(4)
        .map(|c| String::from_utf8_lossy(c).into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Splits a secret into `people` shares, any `needed` of which bring it back.
///
/// # Errors
/// When the numbers make no sense.
pub fn split(
    secret: &[u8],
    needed: u8,
    people: u8,
    rng: &mut impl rand::CryptoRng,
) -> Result<Vec<Zeroizing<String>>, EscrowError> {
    if needed < 2 || needed > people || people > 100 {
        return Err(EscrowError::BadNumbers);
    }
    let set = hex::encode(set_id(secret));
    let shares = Sharks(needed)
        .dealer_rng(secret, rng)
        .take(usize::from(people));
    Ok(shares
        .map(|share| {
            let bytes = Zeroizing::new(Vec::from(&share));
            let digits = Zeroizing::new(hex::encode(&*bytes));
            let body = Zeroizing::new(format!("{TAG} {needed} {set} {}", digits.as_str()));
            let sum = checksum(&body);
            Zeroizing::new(format!("{TAG} {needed} {set} {} {sum}", groups(&digits)))
        })
        .collect())
}

/// Brings a secret back from shares, one a line; the order and repetitions do not matter.
///
/// # Errors
/// Names the line that does not fit; never shows it.
pub fn recover<'a>(
    shares: impl IntoIterator<Item = &'a str>,
) -> Result<Zeroizing<Vec<u8>>, EscrowError> {
    let mut first: Option<(usize, String)> = None;
    let mut seen = BTreeSet::new();
    let mut parts = Vec::new();
    for (index, line) in shares.into_iter().enumerate() {
        let number = index + 1;
        let (needed, set, bytes) = read(line, number)?;
        let (expected_needed, expected_set) = first.get_or_insert_with(|| (needed, set.clone()));
        if *expected_needed != needed || *expected_set != set {
            return Err(EscrowError::OtherSet(number));
        }
        if seen.insert(bytes.first().copied()) {
            parts.push(
                Share::try_from(bytes.as_slice()).map_err(|_| EscrowError::NotAShare(number))?,
            );
        }
    }
    let (need, set) = first.unwrap_or((2, String::new()));
    if parts.len() < need {
        return Err(EscrowError::TooFew {
            have: parts.len(),
            need,
        });
    }
    let threshold = u8::try_from(need).map_err(|_| EscrowError::BadNumbers)?;
    let secret = Sharks(threshold)
        .recover(parts.iter())
        .map_err(|_| EscrowError::WrongKey)?;
    let secret = Zeroizing::new(secret);
    if hex::encode(set_id(&secret)) == set {
        Ok(secret)
    } else {
        Err(EscrowError::WrongKey)
    }
}

fn read(line: &str, number: usize) -> Result<(usize, String, Zeroizing<Vec<u8>>), EscrowError> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [tag, needed, set, digits @ .., sum] = words.as_slice() else {
        return Err(EscrowError::NotAShare(number));
    };
    if !tag.eq_ignore_ascii_case(TAG) {
        return Err(EscrowError::NotAShare(number));
    }
    let set = set.to_ascii_lowercase();
    let digits = Zeroizing::new(digits.concat().to_ascii_lowercase());
    let body = Zeroizing::new(format!("{TAG} {needed} {set} {}", digits.as_str()));
    if checksum(&body) != sum.to_ascii_lowercase() {
        return Err(EscrowError::Typo(number));
    }
    let needed = needed
        .parse()
        .ok()
        .filter(|needed| (2..=100).contains(needed))
        .ok_or(EscrowError::NotAShare(number))?;
    let bytes = hex::decode(digits.as_bytes()).map_err(|_| EscrowError::NotAShare(number))?;
    Ok((needed, set, Zeroizing::new(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    fn shares(k: u8, n: u8, seed: u64) -> Vec<String> {
        let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
        split(&[5; 40], k, n, &mut rng)
            .unwrap()
            .iter()
            .map(|s| s.to_string())
            .collect()
    }

    fn together(shares: &[&String]) -> Result<Vec<u8>, EscrowError> {
        recover(shares.iter().map(|s| s.as_str())).map(|s| s.to_vec())
    }

    #[test]
    fn any_three_of_five_bring_the_key_back_and_two_do_not() {
        let all = shares(3, 5, 1);
        for a in 0..5 {
            for b in 0..5 {
                for c in 0..5 {
                    let answer = together(&[&all[a], &all[b], &all[c]]);
                    let different = BTreeSet::from([a, b, c]).len();
                    if different == 3 {
                        assert_eq!(answer, Ok(vec![5; 40]));
                    } else {
                        assert_eq!(
                            answer,
                            Err(EscrowError::TooFew {
                                have: different,
                                need: 3
                            })
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn mistakes_are_named_by_line() {
        let all = shares(2, 3, 1);
        let other = {
            let mut rng = rand::rngs::StdRng::seed_from_u64(2);
            split(&[6; 40], 2, 3, &mut rng).unwrap()[0].to_string()
        };
        assert_eq!(together(&[&all[0], &other]), Err(EscrowError::OtherSet(2)));
        let typo = all[1].replacen('0', "1", 1);
        assert_ne!(typo, all[1]);
        assert_eq!(together(&[&all[0], &typo]), Err(EscrowError::Typo(2)));
        assert_eq!(
            together(&[&"hello".to_owned()]),
            Err(EscrowError::NotAShare(1))
        );
        // Typed from paper: other case, other spacing.
        let loud = all[1].replace(' ', "   ").to_uppercase();
        assert_eq!(together(&[&all[0], &loud]), Ok(vec![5; 40]));
    }

    /// A share made up by somebody who knows the form: its checksum fits.
    fn forged(needed: &str, set: &str, digits: &str) -> String {
        let sum = checksum(&format!("{TAG} {needed} {set} {digits}"));
        format!("{TAG} {needed} {set} {} {sum}", groups(digits))
    }

    #[test]
    fn a_forged_share_never_makes_a_key() {
        let all = shares(2, 3, 1);
        let set = all[0].split(' ').nth(2).unwrap();
        let wrong = forged("2", set, &format!("03{}", "ab".repeat(40)));
        assert_eq!(together(&[&all[0], &wrong]), Err(EscrowError::WrongKey));
        let short = forged("2", set, "03ab");
        assert_eq!(together(&[&all[0], &short]), Err(EscrowError::WrongKey));
        // Numbers that no split writes are refused, not computed with.
        for needed in ["0", "1", "300", "-2", "two"] {
            let odd = forged(needed, set, "03abab");
            assert_eq!(
                together(&[&odd]),
                Err(EscrowError::NotAShare(1)),
                "{needed}"
            );
        }
        for digits in ["", "0", "03", "zz"] {
            let odd = forged("2", set, digits);
            assert!(together(&[&odd, &all[0]]).is_err(), "{digits}");
        }
    }

    #[test]
    fn numbers_that_make_no_sense() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        for (k, n) in [(1, 3), (4, 3), (0, 0), (2, 101)] {
            assert_eq!(
                split(&[1], k, n, &mut rng).unwrap_err(),
                EscrowError::BadNumbers
            );
        }
    }
}
