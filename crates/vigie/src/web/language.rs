//! The language of a page: the member's, else the cookie's, else the browser's, else French.

use axum::http::{HeaderMap, header};
use vigie_core::member::Lang;

use super::cookie;

/// The language a request asks for, without knowing its member.
pub fn of(headers: &HeaderMap) -> Lang {
    cookie::read(headers, "lang")
        .and_then(named)
        .or_else(|| {
            headers
                .get(header::ACCEPT_LANGUAGE)
                .and_then(|h| h.to_str().ok())
                .and_then(preferred)
        })
        .unwrap_or(Lang::Fr)
}

/// The language whose two-letter code begins `tag` (`fr`, `fr-CA`, `en-GB`).
pub fn named(tag: &str) -> Option<Lang> {
    let code = tag.trim().split(['-', '_']).next().unwrap_or_default();
    if code.eq_ignore_ascii_case("fr") {
        Some(Lang::Fr)
    } else if code.eq_ignore_ascii_case("en") {
        Some(Lang::En)
    } else {
        None
    }
}

/// The best of ours in an `Accept-Language` line; at equal weight, the first.
fn preferred(line: &str) -> Option<Lang> {
    let mut best: Option<(f32, Lang)> = None;
    for part in line.split(',').take(32) {
        let (tag, q) = part.split_once(";q=").unwrap_or((part, "1"));
        let q: f32 = q.trim().parse().unwrap_or(0.0);
        if let Some(lang) = named(tag)
            && q > best.map_or(0.0, |(b, _)| b)
        {
            best = Some((q, lang));
        }
    }
    best.map(|(_, lang)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_s_order_is_followed() {
        assert_eq!(preferred("de, en-GB;q=0.8, fr;q=0.9"), Some(Lang::Fr));
        assert_eq!(preferred("en-US,en;q=0.9,fr;q=0.8"), Some(Lang::En));
        assert_eq!(preferred("de"), None);
        assert_eq!(preferred("fr;q=0"), None);
        assert_eq!(preferred(";;;q=,,"), None);
    }
}
