//! Secrets whose inside can be read.

use super::Context;
use crate::eval::Hit;
use crate::text::mask::mask;

/// JSON web tokens: three base64url parts, the first of which decodes to `{"`.
pub fn jwt(context: &Context<'_>) -> Vec<Hit> {
    let text = &context.view.clean;
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut out = Vec::new();
    let mut from = 0;
    // « eyJ » is `{"` in base64.
    while let Some(at) = text
        .get(from..)
        .and_then(|t| t.find("eyJ"))
        .map(|i| i + from)
    {
        let rest = text.get(at..).unwrap_or_default();
        let end = rest
            .find(|c: char| !part(c) && c != '.')
            .unwrap_or(rest.len());
        let token = rest.get(..end).unwrap_or_default().trim_end_matches('.');
        let parts: Vec<&str> = token.split('.').collect();
        let clear = text
            .get(..at)
            .and_then(|t| t.chars().next_back())
            .is_none_or(|c| !part(c));
        if clear
            && parts.len() == 3
            && parts[0].len() >= 12
            && parts[1].len() >= 8
            && parts[1].starts_with("eyJ")
        {
            out.push(Hit::at(at, at + token.len()).with("match", mask(token)));
        }
        from = at + end.max(3);
    }
    out
}
