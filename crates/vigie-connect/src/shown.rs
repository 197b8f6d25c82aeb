//! What a network says that a page shows, made small and plain: it is compared with the next reading and read by people.
//!
//! A part that is missing or null is empty; one of another type than the network publishes is not known, so that an
//! answer of another shape is never read as a page that lost its name.

use crate::{Code, Failure, html, rest};
use serde_json::Value;
use url::Url;
use vigie_core::page_state::Administrator;

/// Most characters of a name, an address, a role.
const LINE: usize = 300;
/// Most characters of a description.
const WORDS: usize = 5_000;
/// Most administrators, programs or links that are believed.
pub const MOST: usize = 200;
/// Most followers that are believed: more than there are people.
const FOLLOWERS: u64 = 20_000_000_000;

/// A short text on one line.
pub fn line(text: &str) -> String {
    let plain: String = text
        .chars()
        .take(LINE * 4)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    html::first(&words.join(" "), LINE)
}

/// A text of several lines.
pub fn words(text: &str) -> String {
    let plain: String = text
        .replace("\r\n", "\n")
        .chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .take(WORDS)
        .collect();
    plain.trim().to_owned()
}

/// A part of an answer, through [`line`] or [`words`].
pub fn part(json: &Value, pointer: &str, plain: fn(&str) -> String) -> Option<String> {
    match json.pointer(pointer) {
        None | Some(Value::Null) => Some(String::new()),
        Some(Value::String(text)) => Some(plain(text)),
        Some(_) => None,
    }
}

/// A name. No network has pages without one, so an empty one is not known this time.
pub fn name(json: &Value, pointer: &str) -> Option<String> {
    part(json, pointer, line).filter(|name| !name.is_empty())
}

/// A number of followers.
pub fn followers(json: &Value, pointer: &str) -> Option<u64> {
    let count = json.pointer(pointer)?.as_u64()?;
    (count <= FOLLOWERS).then_some(count)
}

/// What names a picture in its address: the last part of the path. What comes after it, and the server, change with
/// every answer on networks whose addresses are signed.
pub fn picture(json: &Value, pointer: &str) -> Option<String> {
    let address = part(json, pointer, |text| html::first(text, 2_048))?;
    if address.is_empty() {
        return Some(address);
    }
    let url = Url::parse(&address).ok()?;
    let name = url.path_segments()?.rfind(|part| !part.is_empty())?;
    Some(line(name))
}

/// A list of administrators without repeats, in a steady order; `None` when there are more than is believed.
pub fn administrators(mut all: Vec<Administrator>) -> Option<Vec<Administrator>> {
    all.sort();
    all.dedup();
    (all.len() <= MOST).then_some(all)
}

/// Whether an answer is about the account that was asked about.
///
/// # Errors
/// `garbage_answer`.
pub fn about(json: &Value, pointer: &str, id: &str) -> Result<(), Failure> {
    if rest::id(json, pointer).as_deref() == Some(id) {
        return Ok(());
    }
    Err(Failure::new(
        Code::GarbageAnswer,
        "not the page that was asked about",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_network_says_is_made_small_and_plain() {
        assert_eq!(
            line("  Le\u{0}\u{202f}phare \n du  bout "),
            "Le phare du bout"
        );
        assert_eq!(line(&"x".repeat(1_000_000)).len(), LINE);
        assert_eq!(words("a\r\nb\u{7}\n"), "a\nb");
        assert_eq!(words(&"é".repeat(1_000_000)).chars().count(), WORDS);
    }

    #[test]
    fn another_shape_is_not_known_and_never_a_loss() {
        let json =
            json!({ "a": "x", "b": null, "c": 7, "d": ["x"], "n": -1, "m": 99_000_000_000_u64 });
        assert_eq!(part(&json, "/a", line).as_deref(), Some("x"));
        for missing in ["/b", "/z"] {
            assert_eq!(part(&json, missing, line).as_deref(), Some(""));
        }
        for other in ["/c", "/d"] {
            assert_eq!(part(&json, other, line), None);
            assert_eq!(picture(&json, other), None);
        }
        for no in ["/a", "/n", "/m", "/z"] {
            assert_eq!(followers(&json, no), None);
        }
    }

    #[test]
    fn a_picture_is_known_by_its_name_alone() {
        let json = json!({
            "one": "https://scontent-a.example/v/t51/42_n.jpg?oh=1&oe=2",
            "two": "https://scontent-b.example/v/t51/42_n.jpg?oh=3",
            "odd": "no address", "bare": "https://exemple.fr",
        });
        assert_eq!(picture(&json, "/one").as_deref(), Some("42_n.jpg"));
        assert_eq!(picture(&json, "/one"), picture(&json, "/two"));
        assert_eq!(picture(&json, "/odd"), None);
        assert_eq!(picture(&json, "/bare"), None);
    }

    #[test]
    fn administrators_are_listed_once_and_bounded() {
        let one = |n: usize| Administrator {
            id: n.to_string(),
            name: String::new(),
            role: "ADMIN".into(),
        };
        assert_eq!(
            administrators(vec![one(2), one(1), one(2)]).unwrap().len(),
            2
        );
        assert!(administrators((0..=MOST).map(one).collect()).is_none());
    }
}
