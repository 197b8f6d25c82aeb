//! LinkedIn's names of things (URNs), checked narrowly: they go into paths.

use url::Url;

/// `urn:li:organization:7`.
pub fn is_organization(urn: &str) -> bool {
    urn.strip_prefix("urn:li:organization:")
        .is_some_and(is_number)
}

/// `urn:li:share:7`, `urn:li:ugcPost:7`, `urn:li:activity:7`.
pub fn is_post(urn: &str) -> bool {
    ["urn:li:share:", "urn:li:ugcPost:", "urn:li:activity:"]
        .iter()
        .any(|kind| urn.strip_prefix(kind).is_some_and(is_number))
}

/// `urn:li:image:…`.
pub fn is_image(urn: &str) -> bool {
    urn.strip_prefix("urn:li:image:").is_some_and(|id| {
        (1..=100).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    })
}

fn is_number(id: &str) -> bool {
    (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
}

/// A comment: the post that it is on, and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The post's URN.
    pub thread: String,
    /// The number.
    pub id: String,
}

impl Comment {
    /// A comment on `thread`.
    pub fn new(thread: &str, id: &str) -> Option<Self> {
        (is_post(thread) && is_number(id)).then(|| Self {
            thread: thread.to_owned(),
            id: id.to_owned(),
        })
    }

    /// From `urn:li:comment:(urn:li:activity:7,8)`.
    pub fn parse(urn: &str) -> Option<Self> {
        let inner = urn.strip_prefix("urn:li:comment:(")?.strip_suffix(')')?;
        let (thread, id) = inner.split_once(',')?;
        // The short form leaves the beginning out.
        if thread.starts_with("urn:") {
            Self::new(thread, id)
        } else {
            Self::new(&format!("urn:li:{thread}"), id)
        }
    }

    /// Its URN, which holds both.
    pub fn urn(&self) -> String {
        format!("urn:li:comment:({},{})", self.thread, self.id)
    }
}

/// An address below `base`, with everything that is not a plain letter encoded, as this interface wants URNs.
pub fn at(base: &Url, path: &[&str]) -> Url {
    let mut whole = base.path().trim_end_matches('/').to_owned();
    for part in path {
        whole.push('/');
        for byte in part.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
                whole.push(char::from(byte));
            } else {
                whole.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.set_path(&whole);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_narrow_names_pass() {
        assert!(is_post("urn:li:share:7") && is_post("urn:li:ugcPost:123"));
        assert!(is_organization("urn:li:organization:5") && is_image("urn:li:image:C4E-a_1"));
        for bad in [
            "",
            "urn:li:share:",
            "urn:li:share:7/../8",
            "urn:li:share:٧",
            "urn:li:person:7",
            "urn:li:share:123456789012345678901",
        ] {
            assert!(
                !is_post(bad) && !is_organization(bad) && !is_image(bad),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_comment_holds_both_names() {
        let urn = "urn:li:comment:(urn:li:activity:7,8)";
        let comment = Comment::parse(urn).unwrap();
        assert_eq!(
            (comment.thread.as_str(), comment.id.as_str()),
            ("urn:li:activity:7", "8")
        );
        assert_eq!(comment.urn(), urn);
        assert_eq!(
            Comment::parse("urn:li:comment:(activity:7,8)"),
            Some(comment)
        );
        for bad in [
            "urn:li:comment:(urn:li:activity:7,8",
            "urn:li:comment:(urn:li:activity:7)",
            "urn:li:comment:(urn:li:activity:7,8),9)",
            "urn:li:comment:(urn:li:person:7,8)",
            "urn:li:comment:(urn:li:activity:7,8/../9)",
            "urn:li:share:7",
        ] {
            assert_eq!(Comment::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_path_is_encoded_whole() {
        let base = Url::parse("https://api.example/g/").unwrap();
        assert_eq!(
            at(
                &base,
                &[
                    "rest",
                    "socialActions",
                    "urn:li:comment:(urn:li:activity:7,8)",
                    "comments"
                ]
            )
            .as_str(),
            "https://api.example/g/rest/socialActions/urn%3Ali%3Acomment%3A%28urn%3Ali%3Aactivity%3A7%2C8%29/comments"
        );
        assert_eq!(at(&base, &["..", "a/b?c"]).path(), "/a%2Fb%3Fc");
    }
}
