//! What a post on X shows: links as they lead on, without the network's own marks.

use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

/// Most links of a post that are looked at.
const LINKS: usize = 100;

/// The words of a post as people see them: the network's short links replaced by where they lead, those of its own
/// pictures taken away, `&amp;` and the like written out.
pub fn shown(post: &Value) -> String {
    let long = post
        .get("note_tweet")
        .filter(|note| note.get("text").is_some());
    let holder = long.unwrap_or(post);
    let words = |value: &Value, key: &str| {
        let words = value.get(key).and_then(Value::as_str);
        words.unwrap_or_default().to_owned()
    };
    let mut text = words(holder, "text")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    // Those of pictures are with the post, even when the text is a long one.
    for entities in [holder.get("entities"), post.get("entities")] {
        let urls = entities.and_then(|e| e.get("urls")?.as_array());
        for url in urls.into_iter().flatten().take(LINKS) {
            let (short, long) = (words(url, "url"), words(url, "expanded_url"));
            if !short.starts_with("https://t.co/") || long.is_empty() {
                continue;
            }
            if url.get("media_key").is_some() || is_own_picture(&long) {
                text = text.replace(&short, "").trim_end().to_owned();
            } else {
                text = text.replace(&short, &long);
            }
        }
    }
    text
}

fn is_own_picture(long: &str) -> bool {
    ["https://x.com/", "https://twitter.com/"]
        .iter()
        .any(|host| long.starts_with(host))
        && (long.contains("/photo/") || long.contains("/video/"))
}

/// What two texts have in common when they are the same post: composed letters, one space between words, links
/// without scheme and slash at the end, since the network adds and drops those.
fn common(text: &str) -> String {
    let text: String = text.nfc().collect();
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| {
            let word = word.replace("https://", "").replace("http://", "");
            word.trim_end_matches('/').to_owned()
        })
        .collect();
    words.join(" ")
}

/// Whether a post that shows `shown` is the one with `sent`. The network puts the names of those who are answered
/// before an answer.
pub fn same(shown: &str, sent: &str, answer: bool) -> bool {
    let (shown, sent) = (common(shown), common(sent));
    if shown == sent {
        return true;
    }
    let mut rest = shown.as_str();
    while answer && rest.starts_with('@') {
        rest = rest.split_once(' ').map_or("", |(_, rest)| rest);
        if rest == sent {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn links_lead_where_they_lead() {
        let post = json!({
            "text": "A &amp; B &lt;3 https://t.co/aaaaaaaaaa &amp;lt; https://t.co/pppppppppp",
            "entities": { "urls": [
                { "url": "https://t.co/aaaaaaaaaa", "expanded_url": "https://exemple.fr/?a=1&amp;b=2" },
                { "url": "https://t.co/pppppppppp", "expanded_url": "https://x.com/a/status/1/photo/1", "media_key": "3_1" },
                { "url": "https://evil.example/", "expanded_url": "https://other.example/" },
                7,
            ] },
        });
        assert_eq!(
            shown(&post),
            "A & B <3 https://exemple.fr/?a=1&amp;b=2 &lt;"
        );
        let long = json!({
            "text": "Coupé… https://t.co/pppppppppp",
            "note_tweet": { "text": "Entier https://t.co/aaaaaaaaaa", "entities": post["entities"] },
        });
        assert_eq!(shown(&long), "Entier https://exemple.fr/?a=1&amp;b=2");
        assert_eq!(shown(&json!({ "text": 7 })), "");
    }

    #[test]
    fn the_same_is_told_from_another() {
        assert!(same(
            "Cafe\u{301}  noir\nhttp://exemple.fr",
            "Café noir exemple.fr/",
            false
        ));
        assert!(same("@a @b Oui", "Oui", true) && same("@a @b Oui", "@b Oui", true));
        assert!(!same("@a Oui", "Oui", false));
        assert!(!same("@a Oui", "Non", true) && !same("@a", "Oui", true));
        assert!(!same("Oui !", "Oui", false));
    }
}
