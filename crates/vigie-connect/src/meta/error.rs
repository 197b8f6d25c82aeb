//! Errors of the Graph API.
//!
//! Sources: developers.facebook.com, "Handling Errors", "Rate Limits", and "Error Codes" of the Instagram Platform.

use crate::{
    Code,
    rest::{Said, Trouble},
};
use serde_json::Value;

/// What an error means.
enum Meaning {
    /// No, and why.
    No(Code),
    /// Not now; nothing was done.
    Later(Code),
    /// The network does not know itself whether it was done.
    Perhaps,
    /// No; the network's words say why.
    Plain,
}

/// Reads an error; `None` for anything that is not one of the Graph API. A network that does not know itself whether
/// something was done is marked with [`Code::ServerError`], see [`super::Graph`].
pub fn read(_status: u16, json: &Value) -> Option<Said> {
    if let Some(said) = json.get("error_message").and_then(Value::as_str) {
        // The token endpoint of Instagram has a shape of its own.
        json.get("error_type")?.as_str()?;
        return Some(Said {
            message: plain(said),
            ..Said::default()
        });
    }
    let error = json.get("error")?;
    let code = error.get("code")?.as_i64()?;
    let number = |name: &str| error.get(name).and_then(Value::as_i64).unwrap_or_default();
    let sub = number("error_subcode");
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let transient = error.get("is_transient") == Some(&Value::Bool(true));
    let message = format!("{code}/{sub} {}: {}", text("type"), plain(text("message")));
    let meaning = if message.contains("LINK_LIMIT_EXCEEDED") {
        Meaning::No(Code::TooManyLinks)
    } else {
        meaning(code, sub, transient)
    };
    let (code, again) = match meaning {
        Meaning::No(code) => (Some(code), false),
        Meaning::Later(code) => (Some(code), true),
        Meaning::Perhaps => (Some(Code::ServerError), false),
        Meaning::Plain => (None, false),
    };
    Some(Said {
        code,
        again,
        message,
    })
}

/// A text of the network without addresses: it may quote the signed one of a picture.
pub fn plain(text: &str) -> String {
    text.split_inclusive(char::is_whitespace)
        .map(|word| if word.contains("://") { "… " } else { word })
        .collect()
}

fn meaning(code: i64, sub: i64, transient: bool) -> Meaning {
    use Meaning::{Later, No, Perhaps, Plain};
    // The finer word first.
    match sub {
        // Photos: 4 MB at most; this very photo is there already.
        1_366_046 | 2_207_004 => return No(Code::MediaTooBig),
        1_366_051 => return No(Code::Duplicate),
        2_207_005 => return No(Code::MediaKind),
        2_207_009 | 2_207_023 => return No(Code::MediaFailed),
        2_207_010 => return No(Code::TooLong),
        2_207_052 => return No(Code::MediaNotPublic),
        // A link to the network's own pages, or one that it does not take.
        1_609_005 | 1_609_008 => return No(Code::BadLink),
        // Its rules.
        1_346_003 | 2_207_051 => return No(Code::BlockedByNetwork),
        // A person must sign in at the network first, or the account is restricted.
        459 | 464 | 2_207_050 | 4_279_013 => return No(Code::AccountSuspended),
        1_390_008 | 2_207_042 => return Later(Code::RateLimited),
        // The container is not ready, has ended, or its picture took too long: a new one is made at the next try.
        2_207_003 | 2_207_006 | 2_207_020 | 2_207_027 => return Later(Code::Slow),
        2_207_001 | 2_207_008 | 2_207_032 | 2_207_053 => return Perhaps,
        _ => {}
    }
    match code {
        4 | 17 | 32 | 613 | 80_000..=80_014 => Later(Code::RateLimited),
        190 | 102 => No(Code::TokenExpired),
        9007 | -2 => Later(Code::Slow),
        1 | 2 | -1 => Perhaps,
        _ if transient => Perhaps,
        3 | 10 | 200..=299 => No(Code::MissingRight),
        368 => No(Code::BlockedByNetwork),
        506 => No(Code::Duplicate),
        101 => No(Code::NotRegistered),
        12 | 2635 => No(Code::VersionEnded),
        9004 => No(Code::MediaNotPublic),
        _ => Plain,
    }
}

/// Whether the answer is that there is no such thing: it "does not exist, cannot be loaded due to missing permissions,
/// or does not support this operation". Whether the right was missing must be asked apart.
pub fn gone(trouble: &Trouble) -> bool {
    let said = &trouble.failure.detail;
    ["100/33 ", "803/", "24/4279009 "]
        .iter()
        .any(|start| said.starts_with(start))
}

/// Whether the answer is that a thing of this kind has no such field or edge: it is of another kind.
pub fn no_such_field(trouble: &Trouble) -> bool {
    let said = &trouble.failure.detail;
    said.starts_with("100/") && said.contains("nonexisting field")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_documented_error_has_its_meaning() {
        let read = |code: i64, sub: i64, transient: bool| {
            let said = read(
                400,
                &json!({ "error": { "message": "m", "type": "OAuthException", "code": code,
                    "error_subcode": sub, "is_transient": transient } }),
            );
            let said = said.unwrap();
            (said.code, said.again)
        };
        for (code, sub, transient, meaning) in [
            (190, 463, false, (Some(Code::TokenExpired), false)),
            (190, 460, false, (Some(Code::TokenExpired), false)),
            (190, 459, false, (Some(Code::AccountSuspended), false)),
            (200, 0, false, (Some(Code::MissingRight), false)),
            (10, 0, false, (Some(Code::MissingRight), false)),
            (4, 0, true, (Some(Code::RateLimited), true)),
            (17, 0, false, (Some(Code::RateLimited), true)),
            (32, 0, false, (Some(Code::RateLimited), true)),
            (613, 0, false, (Some(Code::RateLimited), true)),
            (80_001, 0, false, (Some(Code::RateLimited), true)),
            (4, 2_207_051, false, (Some(Code::BlockedByNetwork), false)),
            (9, 2_207_042, false, (Some(Code::RateLimited), true)),
            (368, 0, false, (Some(Code::BlockedByNetwork), false)),
            (506, 0, false, (Some(Code::Duplicate), false)),
            (324, 1_366_046, false, (Some(Code::MediaTooBig), false)),
            (9007, 2_207_027, false, (Some(Code::Slow), true)),
            (9004, 2_207_052, false, (Some(Code::MediaNotPublic), false)),
            (100, 0, false, (None, false)),
            (100, 0, true, (Some(Code::ServerError), false)),
            (2, 0, false, (Some(Code::ServerError), false)),
            (2635, 0, false, (Some(Code::VersionEnded), false)),
        ] {
            assert_eq!(read(code, sub, transient), meaning, "{code}/{sub}");
        }
    }

    #[test]
    fn another_shape_is_not_a_word_of_the_network() {
        for other in [
            json!({}),
            json!({ "error": "no" }),
            json!({ "error": { "code": "190" } }),
            json!({ "error_message": "no" }),
            json!([1]),
        ] {
            assert_eq!(super::read(400, &other), None, "{other}");
        }
    }
}
