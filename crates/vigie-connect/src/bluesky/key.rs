//! Record keys and content ids of the AT Protocol.

use sha2::{Digest, Sha256};

/// The sorted base 32 of record keys.
const SORTED: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
/// The base 32 of RFC 4648, in small letters, of content ids.
const PLAIN: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A timestamp key: 13 characters that sort by time. `clock_id` parts keys made in the same microsecond; its lowest 10
/// bits count.
pub fn tid(now_micros: u64, clock_id: u16) -> String {
    let number = (now_micros & ((1 << 53) - 1)) << 10 | u64::from(clock_id & 0x3ff);
    (0..13)
        .rev()
        .map(|place| digit(SORTED, number >> (place * 5)))
        .collect()
}

/// True for the shape of a timestamp key.
pub fn is_tid(key: &str) -> bool {
    key.len() == 13
        && key.bytes().all(|b| SORTED.contains(&b))
        // The highest bit of the 64 is not used.
        && key.bytes().next().is_some_and(|b| b"234567abcdefghij".contains(&b))
}

/// The content id of a blob (CIDv1, raw, SHA-256), as the server will compute it.
pub fn blob_cid(bytes: &[u8]) -> String {
    let mut cid = vec![0x01, 0x55, 0x12, 0x20];
    cid.extend_from_slice(&Sha256::digest(bytes));
    let mut text = String::from("b");
    let (mut held, mut bits) = (0_u64, 0_u32);
    for byte in cid {
        held = (held << 8 | u64::from(byte)) & 0xffff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(digit(PLAIN, held >> bits));
        }
    }
    if bits > 0 {
        text.push(digit(PLAIN, held << (5 - bits)));
    }
    text
}

fn digit(alphabet: &[u8; 32], number: u64) -> char {
    let place = usize::try_from(number & 31).unwrap_or_default();
    alphabet.get(place).copied().map_or('?', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_shape_of_the_protocol_and_sort_by_time() {
        // The zero of the specification.
        assert_eq!(tid(0, 0), "2222222222222");
        assert!(is_tid("3jzfcijpj2z2a") && is_tid(&tid(u64::MAX, u16::MAX)));
        assert!(
            !is_tid("3jzfcijpj2z21")
                && !is_tid("zzzzzzzzzzzzz")
                && !is_tid("3jzf-cij-pj2z-2a")
                && !is_tid("")
        );
        let at = 1_790_000_000_000_000;
        assert!(tid(at, 1023) < tid(at + 1, 0) && tid(at, 0) < tid(at, 1));
    }

    #[test]
    fn the_id_of_an_empty_blob_is_the_known_one() {
        assert_eq!(
            blob_cid(b""),
            "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
        );
    }
}
