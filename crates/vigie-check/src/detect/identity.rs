//! What helps a thief of identities.

use super::Context;
use crate::eval::Hit;
use crate::text::mask::mask;

/// The text inside a boarding pass (`M1`, name, booking reference, airports), as read from its bar code.
pub fn boarding_pass(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    for (at, _) in text.match_indices('M').take(4096) {
        let legs = bytes.get(at + 1).is_some_and(|b| (b'1'..=b'4').contains(b));
        let clear = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        // 2 + 20 (name) + 1 (electronic) + 7 (reference) + 3 + 3 (airports) + 3 (airline)
        let Some(pass) = (legs && clear).then(|| text.get(at..at + 39)).flatten() else {
            continue;
        };
        let part = |a: usize, b: usize| pass.get(a..b).unwrap_or_default();
        let name = part(2, 22);
        let upper = |s: &str| {
            !s.trim().is_empty()
                && s.trim()
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        let good = name.contains('/')
            && name
                .bytes()
                .all(|b| b.is_ascii_uppercase() || matches!(b, b'/' | b' '))
            && upper(part(23, 30))
            && part(30, 36).bytes().all(|b| b.is_ascii_uppercase());
        if good {
            out.push(Hit::at(at, at + 39).with("match", mask(pass)));
        }
    }
    out
}
