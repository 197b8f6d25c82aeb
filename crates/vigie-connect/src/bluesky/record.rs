//! The record of a post, and what is wrong with a payload before anybody is asked.

use super::{DECLARATION, key};
use crate::segments::{self, Names};
use crate::{Account, Code, Payload, Picture, SegmentKind, problem};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// The collection of posts.
pub const COLLECTION: &str = "app.bsky.feed.post";

/// What is surely wrong, each reason once.
pub fn problems(account: &Account, payload: &Payload) -> Vec<Code> {
    let mut all = problem::problems(&DECLARATION, account, payload);
    if !key::is_tid(&payload.key) && !all.contains(&Code::BadKey) {
        all.insert(0, Code::BadKey);
    }
    if payload
        .reply_to
        .as_deref()
        .is_some_and(|id| reply(id).is_none())
        && !all.contains(&Code::BadKey)
    {
        all.push(Code::BadKey);
    }
    all
}

/// The id of a post that can be answered: its address and content id, and those of the post that its thread begins with.
/// All four are in the record of an answer, so that the same payload always makes the same record.
pub fn answerable(parent: (&str, &str), root: (&str, &str)) -> Option<String> {
    let id = format!("{}|{}|{}|{}", parent.0, parent.1, root.0, root.1);
    reply(&id).map(|_| id)
}

/// The part of a record that makes it an answer.
fn reply(id: &str) -> Option<Value> {
    let parts: Vec<&str> = id.splitn(5, '|').collect();
    let [parent_uri, parent_cid, root_uri, root_cid] = parts.as_slice() else {
        return None;
    };
    let strong = |uri: &str, cid: &str| {
        (post_of(uri).is_some() && is_cid(cid)).then(|| json!({ "uri": uri, "cid": cid }))
    };
    Some(json!({ "root": strong(root_uri, root_cid)?, "parent": strong(parent_uri, parent_cid)? }))
}

/// Account and key in the address of a post.
pub fn post_of(uri: &str) -> Option<(&str, &str)> {
    let (did, rest) = uri.strip_prefix("at://")?.split_once('/')?;
    let key = rest.strip_prefix(COLLECTION)?.strip_prefix('/')?;
    let is_key = (1..=512).contains(&key.len())
        && !matches!(key, "." | "..")
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._:~-".contains(&b));
    (super::is_did(did) && is_key).then_some((did, key))
}

fn is_cid(cid: &str) -> bool {
    (8..=128).contains(&cid.len()) && cid.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn card_url(link: &str) -> Option<Url> {
    let url = Url::parse(link).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty())
        .then_some(url)
}

/// The handles mentioned, each once.
pub fn mentions(text: &str) -> BTreeSet<String> {
    segments::segments(text, Names::Domain)
        .into_iter()
        .filter_map(|segment| match segment.kind {
            SegmentKind::Mention { handle } => Some(handle),
            _ => None,
        })
        .collect()
}

/// The record, complete and repeatable: the same payload and accounts give the same record.
pub fn record(payload: &Payload, accounts: &BTreeMap<String, String>) -> Value {
    let mut record = json!({
        "$type": COLLECTION,
        "text": payload.text,
        "createdAt": created_at(payload.created_at),
    });
    let facets = facets(&payload.text, accounts);
    if !facets.is_empty() {
        record["facets"] = facets.into();
    }
    if let Some(reply) = payload.reply_to.as_deref().and_then(reply) {
        record["reply"] = reply;
    }
    if !payload.langs.is_empty() {
        record["langs"] = payload.langs.clone().into();
    }
    if !payload.pictures.is_empty() {
        let images: Vec<Value> = payload.pictures.iter().map(image).collect();
        record["embed"] = json!({ "$type": "app.bsky.embed.images", "images": images });
    } else if let Some((link, url)) = payload
        .link
        .as_ref()
        .and_then(|link| Some((link, card_url(link)?)))
    {
        // The card says only what was approved: the address. Its page may say something else tomorrow.
        let path = url.path().trim_end_matches('/');
        let title = format!("{}{path}", url.host_str().unwrap_or_default());
        record["embed"] = json!({
            "$type": "app.bsky.embed.external",
            "external": { "uri": link, "title": title, "description": "" },
        });
    }
    record
}

/// Milliseconds, as other clients write it; the rest of the time is in the key.
pub fn created_at(at: jiff::Timestamp) -> String {
    let millis = jiff::Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
    format!("{millis:.3}")
}

fn image(picture: &Picture) -> Value {
    let mut image = json!({
        "alt": picture.alt,
        "image": {
            "$type": "blob",
            "ref": { "$link": key::blob_cid(&picture.bytes) },
            "mimeType": picture.mime,
            "size": picture.bytes.len(),
        },
    });
    if picture.width > 0 && picture.height > 0 {
        image["aspectRatio"] = json!({ "width": picture.width, "height": picture.height });
    }
    image
}

fn facets(text: &str, accounts: &BTreeMap<String, String>) -> Vec<Value> {
    segments::segments(text, Names::Domain)
        .into_iter()
        .filter_map(|segment| {
            let feature = match segment.kind {
                SegmentKind::Text => return None,
                SegmentKind::Link { uri } => json!({ "$type": "app.bsky.richtext.facet#link", "uri": uri }),
                SegmentKind::Tag { tag } => json!({ "$type": "app.bsky.richtext.facet#tag", "tag": tag }),
                // A handle that nobody has stays words.
                SegmentKind::Mention { handle } => {
                    json!({ "$type": "app.bsky.richtext.facet#mention", "did": accounts.get(&handle)? })
                }
            };
            Some(json!({
                "index": { "byteStart": segment.range.start, "byteEnd": segment.range.end },
                "features": [feature],
            }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn account() -> Account {
        Account {
            platform: DECLARATION.platform,
            service: String::new(),
            id: "did:plc:a".into(),
            handle: "a.test".into(),
            limits: crate::Limits::default(),
        }
    }
    fn payload(text: &str) -> Payload {
        Payload {
            key: key::tid(1, 1),
            text: text.into(),
            link: None,
            langs: vec!["fr".into()],
            pictures: vec![],
            reply_to: None,
            warning: None,
            repliers: vigie_core::content::Repliers::Everyone,
            created_at: "2026-11-24T12:00:00.123456Z".parse().unwrap(),
        }
    }
    fn picture(bytes: usize, mime: &str) -> Picture {
        Picture {
            bytes: Bytes::from(vec![0; bytes]),
            mime: mime.into(),
            alt: "Un phare".into(),
            width: 4,
            height: 3,
            address: None,
        }
    }

    #[test]
    fn each_problem_is_named() {
        let wrong = |change: &dyn Fn(&mut Payload)| {
            let mut payload = payload("Bonjour");
            change(&mut payload);
            problems(&account(), &payload)
        };
        assert_eq!(wrong(&|_| {}), []);
        assert_eq!(wrong(&|p| p.text = " \n".into()), [Code::Empty]);
        assert_eq!(wrong(&|p| p.text = "é".repeat(301)), [Code::TooLong]);
        assert_eq!(
            wrong(&|p| p.text = "é".repeat(1_000_000)),
            [Code::TooManyBytes]
        );
        assert_eq!(wrong(&|p| p.key = "../x".into()), [Code::BadKey]);
        assert_eq!(
            wrong(&|p| p.pictures = vec![picture(9, "image/png"); 5]),
            [Code::TooManyPictures]
        );
        assert_eq!(
            wrong(&|p| p.pictures = vec![picture(2_000_001, "image/png"); 2]),
            [Code::MediaTooBig]
        );
        assert_eq!(
            wrong(&|p| p.pictures = vec![picture(9, "image/svg+xml")]),
            [Code::MediaKind]
        );
        assert_eq!(
            wrong(&|p| p.langs = vec!["fr".into(); 4]),
            [Code::TooManyLanguages]
        );
        assert_eq!(
            wrong(&|p| p.link = Some("javascript:alert(1)".into())),
            [Code::BadLink]
        );
        let both = |p: &mut Payload| {
            p.link = Some("https://exemple.fr/a".into());
            p.pictures = vec![picture(9, "image/png")];
        };
        assert_eq!(wrong(&both), [Code::LinkWithPictures]);
        assert_eq!(
            wrong(&|p| {
                both(p);
                p.text = "Voir https://exemple.fr/a".into();
            }),
            []
        );
    }

    #[test]
    fn an_answer_names_its_parent_and_its_thread() {
        let (uri, root) = (
            "at://did:plc:b/app.bsky.feed.post/3abc",
            "at://did:web:c.test/app.bsky.feed.post/3def",
        );
        let cid = key::blob_cid(b"x");
        let mut post = payload("Merci");
        post.reply_to = answerable((uri, &cid), (root, &cid));
        assert_eq!(problems(&account(), &post), []);
        let made = record(&post, &BTreeMap::new());
        assert_eq!(made["reply"]["parent"], json!({ "uri": uri, "cid": cid }));
        assert_eq!(made["reply"]["root"], json!({ "uri": root, "cid": cid }));
        assert_eq!(made, record(&post, &BTreeMap::new()));
        let whole = post.reply_to.clone().unwrap();
        for bad in [
            uri.to_owned(),
            whole.replace(&cid, "x y"),
            whole.replace("did:plc:b", "b.test"),
            whole.replace("app.bsky.feed.post/3abc", "app.bsky.graph.follow/3abc"),
            whole.replace("3abc", "../x"),
            format!("{whole}|x"),
            String::new(),
        ] {
            post.reply_to = Some(bad.clone());
            assert_eq!(problems(&account(), &post), [Code::BadKey], "{bad}");
        }
    }

    #[test]
    fn the_record_is_repeatable_and_holds_exactly_what_was_approved() {
        let mut post = payload("Merci @a.test et @inconnu.test #été https://exemple.fr");
        let accounts = BTreeMap::from([("a.test".to_owned(), "did:plc:a".to_owned())]);
        let made = record(&post, &accounts);
        assert_eq!(made, record(&post, &accounts));
        assert_eq!(made["createdAt"], "2026-11-24T12:00:00.123Z");
        assert_eq!(
            made["facets"].as_array().unwrap().len(),
            3,
            "the unknown handle stays words"
        );
        assert_eq!(
            made["facets"][0]["index"],
            json!({ "byteStart": 6, "byteEnd": 13 })
        );
        assert!(made.get("embed").is_none());
        post.link = Some("https://exemple.fr/dossier/?x=1".into());
        assert_eq!(
            record(&post, &accounts)["embed"]["external"]["title"],
            "exemple.fr/dossier"
        );
        assert_eq!(
            record(&post, &accounts)["embed"]["external"]["uri"],
            "https://exemple.fr/dossier/?x=1"
        );
    }
}
