//! What networks say about how often they may be called, and when to call again.

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use serde_json::Value;

/// At most this far ahead, whatever a server says.
const FURTHEST: i64 = 86_400;
/// A usage in per cent from which Meta's interfaces are given a rest.
const TIRED: u64 = 95;

/// When the headers say that the next call may be made: after a refusal (`Retry-After`), or because nothing is left.
/// `None` while calls are left.
pub fn not_before(status: u16, headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let refused = matches!(status, 429 | 503);
    let wait = if refused {
        retry_after(headers, now).or_else(|| reset(headers, now))
    } else {
        left(headers)
            .filter(|left| *left <= 0)
            .and_then(|_| reset(headers, now))
    };
    let wait = wait.or_else(|| regain(headers));
    later(now, wait?)
}

/// How many calls are left, and until when, where the headers say both.
pub fn left_until(headers: &HeaderMap, now: Timestamp) -> Option<(i64, Timestamp)> {
    Some((left(headers)?, later(now, reset(headers, now)?)?))
}

fn later(now: Timestamp, seconds: i64) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_secs(seconds.clamp(0, FURTHEST)))
        .ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Seconds, or a date of HTTP (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let text = text(headers, "retry-after")?;
    text.parse().ok().or_else(|| {
        let at = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(at.timestamp().as_second().saturating_sub(now.as_second()))
    })
}

/// Seconds until more calls are given: named as a wait, a moment since 1970, or a date (Mastodon).
fn reset(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let said = [
        "ratelimit-reset",
        "x-rate-limit-reset",
        "x-ratelimit-reset",
        // HipChat's, of one room.
        "x-floodcontrol-reset",
    ]
    .iter()
    .find_map(|name| text(headers, name))?;
    if let Ok(number) = said.parse::<i64>() {
        return Some(if number > 1_000_000_000 {
            number.saturating_sub(now.as_second())
        } else {
            number
        });
    }
    let at: Timestamp = said.parse().ok()?;
    Some(at.as_second().saturating_sub(now.as_second()))
}

fn left(headers: &HeaderMap) -> Option<i64> {
    [
        "ratelimit-remaining",
        "x-rate-limit-remaining",
        "x-ratelimit-remaining",
    ]
    .iter()
    .find_map(|name| text(headers, name))?
    .parse()
    .ok()
}

/// Meta says how much of the budget is used, in per cent, and in minutes when it comes back.
fn regain(headers: &HeaderMap) -> Option<i64> {
    ["x-business-use-case-usage", "x-app-usage", "x-page-usage"]
        .iter()
        .filter_map(|name| serde_json::from_str::<Value>(text(headers, name)?).ok())
        .filter_map(|usage| tired(&usage, 0))
        .max()
}

fn tired(usage: &Value, depth: u8) -> Option<i64> {
    match usage {
        Value::Object(map) if depth < 4 => {
            let number = |key: &str| map.get(key).and_then(Value::as_u64);
            let used = ["call_count", "total_cputime", "total_time"]
                .iter()
                .filter_map(|key| number(key))
                .max();
            let here = used.filter(|used| *used >= TIRED).map(|_| {
                let minutes = number("estimated_time_to_regain_access")
                    .unwrap_or(0)
                    .max(5);
                i64::try_from(minutes.min(1_440)).unwrap_or(0) * 60
            });
            here.max(map.values().filter_map(|v| tired(v, depth + 1)).max())
        }
        Value::Array(all) if depth < 4 => all.iter().filter_map(|v| tired(v, depth + 1)).max(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn wait(status: u16, headers: &[(&'static str, &str)]) -> Option<i64> {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let map = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect();
        not_before(status, &map, now).map(|at| at.as_second() - now.as_second())
    }

    #[test]
    fn every_way_to_say_wait_is_understood() {
        assert_eq!(wait(429, &[("retry-after", "120")]), Some(120));
        assert_eq!(wait(429, &[("retry-after", "-5")]), Some(0));
        assert_eq!(wait(429, &[("retry-after", "99999999999")]), Some(86_400));
        assert_eq!(
            wait(503, &[("retry-after", "Sat, 28 Nov 2026 12:00:30 GMT")]),
            Some(30)
        );
        assert_eq!(wait(429, &[("ratelimit-reset", "60")]), Some(60));
        assert_eq!(wait(429, &[("x-rate-limit-reset", "1795867260")]), Some(60));
        assert_eq!(
            wait(429, &[("x-ratelimit-reset", "2026-11-28T12:05:00.000Z")]),
            Some(300)
        );
        assert_eq!(wait(429, &[("retry-after", "soon")]), None);
        assert_eq!(wait(429, &[]), None);
    }

    #[test]
    fn nothing_left_is_known_before_the_refusal() {
        let reset = ("x-rate-limit-reset", "1795867260");
        assert_eq!(wait(200, &[("x-rate-limit-remaining", "1"), reset]), None);
        assert_eq!(
            wait(201, &[("x-rate-limit-remaining", "0"), reset]),
            Some(60)
        );
        assert_eq!(wait(200, &[reset]), None);
        let meta = |json: &str| wait(200, &[("x-business-use-case-usage", json)]);
        assert_eq!(
            meta(
                r#"{"17":[{"type":"pages","call_count":100,"estimated_time_to_regain_access":19}]}"#
            ),
            Some(19 * 60)
        );
        assert_eq!(meta(r#"{"17":[{"call_count":40}]}"#), None);
        assert_eq!(
            wait(200, &[("x-app-usage", r#"{"call_count":96}"#)]),
            Some(300)
        );
        assert_eq!(wait(200, &[("x-app-usage", "{")]), None);
    }
}
