//! Cookies: reading those we set, and setting them with the flags that the address allows.

use axum::http::{HeaderMap, HeaderValue, header};

/// The value of the cookie `name`, when the request has it exactly once. Two of a name are treated as none: one of
/// them may have been planted by a neighbouring host.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|h| h.to_str().ok())
        .flat_map(|h| h.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(n, _)| *n == name)
        .map(|(_, v)| v);
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// The name of a cookie that must not be planted by a neighbour: `__Host-` over TLS, bare on a loopback address where
/// browsers would refuse the prefix.
pub fn guarded(name: &'static str, https: bool) -> String {
    if https {
        format!("__Host-{name}")
    } else {
        name.to_owned()
    }
}

/// A `Set-Cookie` line: whole site, `HttpOnly`, `SameSite=Lax`, `Secure` over TLS. `max_age` in seconds; `None` ends
/// with the browser; 0 removes. The value must be made of cookie-safe characters (base64url, digits, letters).
pub fn set(name: &str, value: &str, max_age: Option<u64>, https: bool) -> Option<HeaderValue> {
    let age = max_age
        .map(|s| format!("; Max-Age={s}"))
        .unwrap_or_default();
    let secure = if https { "; Secure" } else { "" };
    HeaderValue::from_str(&format!(
        "{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}"
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_read_only_when_it_is_there_once() {
        let mut h = HeaderMap::new();
        h.insert(header::COOKIE, HeaderValue::from_static("a=1; lang=fr;b=2"));
        assert_eq!(
            (read(&h, "lang"), read(&h, "b"), read(&h, "c")),
            (Some("fr"), Some("2"), None)
        );
        h.append(header::COOKIE, HeaderValue::from_static("lang=en"));
        assert_eq!(read(&h, "lang"), None);
    }

    #[test]
    fn flags_follow_the_address() {
        let line = |https| {
            set(&guarded("s", https), "x", Some(60), https)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(
            line(true),
            "__Host-s=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"
        );
        assert_eq!(
            line(false),
            "s=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60"
        );
    }
}
