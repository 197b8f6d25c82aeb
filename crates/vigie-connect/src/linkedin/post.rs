//! Posts of a page: put, look, list, take back.

use super::{LinkedIn, call, little, media, urn};
use crate::{
    Account, Code, Failure, Page, Payload, RemotePost, Session,
    rest::{self, Body, Request, Stage, Trouble},
    signed::Signed,
};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::time::Duration;
use unicode_normalization::UnicodeNormalization as _;
use url::Url;
use vigie_core::publication::{Found, Outcome};

/// Posts in one page.
const PAGE: usize = 20;
/// Most pages that are read for one look.
const PAGES: usize = 5;
/// How far the network's clock may be from ours.
const CLOCKS: SignedDuration = SignedDuration::from_mins(10);

/// The moment from which posts may be the payload's.
pub fn since(payload: &Payload) -> Timestamp {
    payload
        .created_at
        .checked_sub(CLOCKS)
        .unwrap_or(payload.created_at)
}

/// Puts a post.
pub async fn publish(
    linkedin: &LinkedIn,
    session: &mut Session,
    payload: &Payload,
    within: Duration,
) -> Outcome {
    let mut signed = match Signed::open(linkedin, session, within) {
        Ok(signed) => signed,
        Err(trouble) => return trouble.before(),
    };
    let mut images = Vec::new();
    for picture in &payload.pictures {
        match media::upload(&mut signed, picture).await {
            Ok(image) => images.push((image, picture.alt.as_str())),
            // Nobody sees a picture that no post names.
            Err(trouble) => return trouble.before(),
        }
    }
    let mut body = json!({
        "author": signed.account().id,
        "commentary": little::write(&payload.text),
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": false,
    });
    if let (Some(content), Some(body)) = (content(&images, payload), body.as_object_mut()) {
        body.insert("content".into(), content);
    }
    let url = urn::at(signed.service(), &["rest", "posts"]);
    let answer = match signed
        .call(call::call(Method::POST, url, Body::Json(body)))
        .await
    {
        Ok(answer) => answer,
        Err(trouble) => return trouble.outcome(),
    };
    let id = answer.headers.get("x-restli-id");
    let id = id.and_then(|id| id.to_str().ok()).unwrap_or_default();
    if !urn::is_post(id) {
        return Outcome::Unknown {
            detail: format!("{}: a success without our post's id", Code::GarbageAnswer),
        };
    }
    // What it shows, by the same eyes that will look at it later.
    let back = get(&mut signed, id).await.ok().flatten();
    Outcome::Published {
        remote_id: id.to_owned(),
        url: web_address(id),
        content_id: back.map(|post| post.content_id).unwrap_or_default(),
    }
}

/// Pictures, or the link as a card.
fn content(images: &[(String, &str)], payload: &Payload) -> Option<Value> {
    let image = |(id, alt): &(String, &str)| {
        let mut image = Map::new();
        image.insert("id".into(), json!(id));
        if !alt.is_empty() {
            image.insert("altText".into(), json!(alt));
        }
        Value::Object(image)
    };
    match (images, &payload.link) {
        ([], None) => None,
        ([], Some(link)) => {
            // A title is asked for; the network does not fetch the page's own.
            let url = Url::parse(link).ok();
            let host = url.as_ref().and_then(Url::host_str).unwrap_or(link);
            let title = host.strip_prefix("www.").unwrap_or(host);
            Some(json!({ "article": { "source": link, "title": title } }))
        }
        ([one], _) => Some(json!({ "media": image(one) })),
        (many, _) => {
            let images: Vec<Value> = many.iter().map(image).collect();
            Some(json!({ "multiImage": { "images": images } }))
        }
    }
}

/// Looks among the posts made since shortly before the payload.
pub async fn find(
    linkedin: &LinkedIn,
    session: &mut Session,
    expected: &Payload,
    within: Duration,
) -> Found {
    let since = since(expected);
    let seen = match Signed::open(linkedin, session, within) {
        Ok(mut signed) => since_then(&mut signed, since, expected.pictures.len()).await,
        Err(trouble) => Err(trouble),
    };
    rest::among(seen.map_err(Failure::from), |post| {
        post.created_at.is_some_and(|at| at >= since) && same(&post.text, &expected.text)
    })
}

/// The page's posts since a moment that carry so many pictures.
async fn since_then(
    signed: &mut Signed<'_, LinkedIn>,
    since: Timestamp,
    pictures: usize,
) -> Result<Vec<RemotePost>, Trouble> {
    let mut all = Vec::new();
    for page in 0..PAGES {
        let found = newest(signed, page * PAGE, PAGE).await?;
        let posts: Vec<(usize, RemotePost)> = found
            .iter()
            .filter_map(|post| Some((carries(post), remote(signed.account(), post)?)))
            .collect();
        let older = posts
            .iter()
            .any(|(_, post)| post.created_at.is_some_and(|at| at < since));
        all.extend(
            posts
                .into_iter()
                .filter(|(n, _)| *n == pictures)
                .map(|(_, p)| p),
        );
        if older || found.len() < PAGE {
            break;
        }
    }
    Ok(all)
}

fn carries(post: &Value) -> usize {
    let many = post.pointer("/content/multiImage/images");
    match many.and_then(Value::as_array) {
        Some(many) => many.len(),
        None => usize::from(urn::is_image(rest::text(post, "/content/media/id"))),
    }
}

/// Whether a post that shows `shown` is the one with `sent`: composed letters, one space between words. The network
/// may have made a link short.
pub fn same(shown: &str, sent: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let text: String = text.nfc().collect();
        text.split_whitespace().map(str::to_owned).collect()
    };
    let (shown, sent) = (words(shown), words(sent));
    shown.len() == sent.len()
        && shown.iter().zip(&sent).all(|(shown, sent)| {
            shown == sent || (shown.starts_with("https://lnkd.in/") && sent.starts_with("http"))
        })
}

/// Posts of the page, newest first, from the `start`th.
pub async fn newest(
    signed: &mut Signed<'_, LinkedIn>,
    start: usize,
    count: usize,
) -> Result<Vec<Value>, Trouble> {
    let (author, start, count) = (
        signed.account().id.clone(),
        start.to_string(),
        count.to_string(),
    );
    let url = rest::query(
        urn::at(signed.service(), &["rest", "posts"]),
        &[
            ("q", "author"),
            ("author", &author),
            ("sortBy", "CREATED"),
            ("start", &start),
            ("count", &count),
        ],
    );
    let answer = signed.call(call::finder(url)).await?;
    call::elements(&answer.json).cloned()
}

/// A post of the page; `None` for what is not one.
pub fn remote(account: &Account, post: &Value) -> Option<RemotePost> {
    let id = rest::text(post, "/id");
    if !urn::is_post(id) || rest::text(post, "/author") != account.id {
        return None;
    }
    let text = little::read(rest::text(post, "/commentary"));
    // Pictures with their words, or the card.
    let content = post.get("content").unwrap_or(&Value::Null);
    let mut carried = String::new();
    let many = content
        .pointer("/multiImage/images")
        .and_then(Value::as_array);
    for image in many.into_iter().flatten().chain(content.get("media")) {
        for at in ["/id", "/altText"] {
            carried.push_str(rest::text(image, at));
            carried.push('\u{0}');
        }
    }
    carried.push_str(rest::text(content, "/article/source"));
    Some(RemotePost {
        repliers: None,
        remote_id: id.to_owned(),
        key: String::new(),
        content_id: rest::shown(&[&text, &carried]),
        url: web_address(id),
        text,
        created_at: moment(post, "/publishedAt").or_else(|| moment(post, "/createdAt")),
    })
}

/// A moment in milliseconds since 1970.
pub fn moment(value: &Value, at: &str) -> Option<Timestamp> {
    Timestamp::from_millisecond(value.pointer(at)?.as_i64()?).ok()
}

fn web_address(id: &str) -> String {
    format!("https://www.linkedin.com/feed/update/{id}/")
}

async fn get(signed: &mut Signed<'_, LinkedIn>, id: &str) -> Result<Option<RemotePost>, Trouble> {
    let url = urn::at(signed.service(), &["rest", "posts", id]);
    let answer = match signed.call(call::call(Method::GET, url, Body::None)).await {
        Err(trouble) if trouble.failure.code == Code::Gone => return Ok(None),
        other => other?,
    };
    if rest::text(&answer.json, "/id") != id {
        return Err(Trouble::new(
            Stage::Unknown,
            Code::GarbageAnswer,
            "not the post asked for",
        ));
    }
    let post = remote(signed.account(), &answer.json);
    post.map(Some)
        .ok_or_else(|| Trouble::new(Stage::Refused, Code::BadKey, "not a post of this page"))
}

fn own_id(id: &str) -> Result<(), Failure> {
    if urn::is_post(id) {
        return Ok(());
    }
    Err(Failure::new(
        Code::BadKey,
        "not the id of a post on LinkedIn",
    ))
}

/// Reads one post.
pub async fn read_back(
    linkedin: &LinkedIn,
    session: &mut Session,
    id: &str,
    within: Duration,
) -> Result<Option<RemotePost>, Failure> {
    own_id(id)?;
    let mut signed = Signed::open(linkedin, session, within)?;
    Ok(get(&mut signed, id).await?)
}

/// The newest posts first. The cursor counts posts: one that appears meanwhile shows its neighbour twice.
pub async fn list(
    linkedin: &LinkedIn,
    session: &mut Session,
    cursor: Option<&str>,
    within: Duration,
) -> Result<Page, Failure> {
    let start: usize = match cursor {
        None => 0,
        Some(cursor) => cursor
            .parse()
            .map_err(|_| Failure::new(Code::BadKey, "not a cursor"))?,
    };
    let mut signed = Signed::open(linkedin, session, within)?;
    let found = newest(&mut signed, start, PAGE).await?;
    let account = signed.account();
    Ok(Page {
        cursor: (found.len() >= PAGE).then(|| start.saturating_add(found.len()).to_string()),
        posts: found.iter().filter_map(|p| remote(account, p)).collect(),
    })
}

/// Deletes; one that is gone is a success.
pub async fn delete(
    linkedin: &LinkedIn,
    session: &mut Session,
    id: &str,
    within: Duration,
) -> Result<(), Failure> {
    own_id(id)?;
    let mut signed = Signed::open(linkedin, session, within)?;
    let url = urn::at(signed.service(), &["rest", "posts", id]);
    gone(&mut signed, call::call(Method::DELETE, url, Body::None)).await
}

/// Sends a deletion; one that finds nothing is a success.
pub async fn gone(signed: &mut Signed<'_, LinkedIn>, request: Request) -> Result<(), Failure> {
    match signed.call(request).await {
        Ok(_) => Ok(()),
        Err(trouble) if trouble.failure.code == Code::Gone => Ok(()),
        Err(trouble) => Err(trouble.failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_told_from_another() {
        assert!(same("Cafe\u{301}  noir\n", "Café noir"));
        assert!(same(
            "Voir https://lnkd.in/abc",
            "Voir https://exemple.fr/long"
        ));
        assert!(!same("Voir https://lnkd.in/abc", "Voir ailleurs"));
        assert!(!same(
            "Voir https://exemple.fr/a",
            "Voir https://exemple.fr/b"
        ));
    }
}
