//! IPTC-IIM: what newsrooms and picture libraries write.

/// Data sets that are read.
const MOST: usize = 500;

/// What was read: the number of the data set in the application record, and its text.
pub fn read(block: &[u8]) -> Vec<(u8, String)> {
    let mut out = Vec::new();
    let mut at = 0;
    while out.len() < MOST {
        let Some(&[0x1C, record, set, high, low]) =
            block.get(at..).and_then(<[u8]>::first_chunk::<5>)
        else {
            break;
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        // A longer form exists for pictures inside; nobody writes text in it.
        if length > 0x7FFF {
            break;
        }
        let Some(body) = block.get(at + 5..at + 5 + length) else {
            break;
        };
        if record == 2 {
            let text = text(body);
            if !text.is_empty() {
                out.push((set, text));
            }
        }
        at += 5 + length;
    }
    out
}

/// UTF-8, or Latin-1 where it is not.
fn text(body: &[u8]) -> String {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        Err(_) => body.iter().map(|b| char::from(*b)).collect(),
    };
    let text: String = text
        .trim_matches(['\0', ' ', '\n', '\r'])
        .chars()
        .take(2_000)
        .collect();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_sets_are_read_until_the_first_that_cannot_be() {
        let mut block = b"\x1C\x02\x6E\0\x03AFP\x1C\x02\x50\0\x02\xE9\xE8".to_vec();
        assert_eq!(read(&block), [(110, "AFP".into()), (80, "éè".into())]);
        block.extend_from_slice(b"\x1C\x02\x50\x7F\xFFshort");
        assert_eq!(read(&block).len(), 2);
        assert!(read(b"\x1C\x02").is_empty());
    }
}
