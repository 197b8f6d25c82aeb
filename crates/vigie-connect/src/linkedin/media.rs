//! Pictures: an address is asked for, the bytes go there, and they are worked on. Harmless until a post names them.

use super::{LinkedIn, call, urn};
use crate::{
    Code, Picture,
    rest::{self, Body, Request, Stage, Trouble},
    signed::Signed,
};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};
use url::Url;

/// Where the network's pictures are sent; another place gets neither the bytes nor the token.
const HOSTS: [&str; 2] = ["www.linkedin.com", "api.linkedin.com"];
/// Most times that a picture in work is asked about, and the wait between.
const ASKS: u32 = 20;
const WAIT: Duration = Duration::from_millis(700);

/// Uploads a picture; its URN.
pub async fn upload(
    signed: &mut Signed<'_, LinkedIn>,
    picture: &Picture,
) -> Result<String, Trouble> {
    let kinds = super::DECLARATION.picture_types;
    let kind = kinds.iter().find(|kind| **kind == picture.mime).copied();
    let kind =
        kind.ok_or_else(|| Trouble::new(Stage::Refused, Code::MediaKind, "not a picture we send"))?;
    let base = signed.service().clone();
    let url = rest::query(
        urn::at(&base, &["rest", "images"]),
        &[("action", "initializeUpload")],
    );
    let owner = json!({ "initializeUploadRequest": { "owner": signed.account().id } });
    let answer = signed
        .call(call::call(Method::POST, url, Body::Json(owner)))
        .await?
        .json;
    let image = rest::text(&answer, "/value/image").to_owned();
    let place = Url::parse(rest::text(&answer, "/value/uploadUrl")).ok();
    let (true, Some(place)) = (urn::is_image(&image), place) else {
        return Err(garbage("a picture without its name or its place"));
    };
    if !is_home(&base, &place) {
        return Err(garbage("the place for the picture is not the network's"));
    }
    let bytes = Body::Bytes(kind, picture.bytes.clone());
    signed.call(Request::new(Method::PUT, place, bytes)).await?;
    worked_on(signed, &base, &image).await?;
    Ok(image)
}

/// Whether bytes may go there: the network's own hosts, or the server of the account when it is another.
fn is_home(base: &Url, place: &Url) -> bool {
    let own = place.scheme() == "https"
        && place.port().is_none()
        && place.host_str().is_some_and(|host| HOSTS.contains(&host));
    let plain = place.username().is_empty() && place.password().is_none();
    plain && (own || place.origin() == base.origin())
}

/// Waits for the network's work on a picture. A token that may not ask leaves it to the post.
async fn worked_on(
    signed: &mut Signed<'_, LinkedIn>,
    base: &Url,
    image: &str,
) -> Result<(), Trouble> {
    for _ in 0..ASKS {
        let url = urn::at(base, &["rest", "images", image]);
        let Ok(answer) = signed.call(call::call(Method::GET, url, Body::None)).await else {
            return Ok(());
        };
        match rest::text(&answer.json, "/status") {
            "PROCESSING_FAILED" => {
                return Err(Trouble::new(
                    Stage::Refused,
                    Code::MediaFailed,
                    "the network could not use the picture",
                ));
            }
            "WAITING_UPLOAD" | "PROCESSING" => {}
            _ => return Ok(()),
        }
        if Instant::now() + WAIT >= signed.until() {
            break;
        }
        tokio::time::sleep(WAIT).await;
    }
    Err(Trouble::new(
        Stage::NotSent,
        Code::Slow,
        "the picture is still in work",
    ))
}

fn garbage(words: &str) -> Trouble {
    Trouble::new(Stage::Unknown, Code::GarbageAnswer, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_nowhere_else() {
        let base = Url::parse("https://api.linkedin.com").unwrap();
        let home = |place: &str| is_home(&base, &Url::parse(place).unwrap());
        assert!(home("https://www.linkedin.com/dms-uploads/x?ca=1"));
        assert!(home("https://api.linkedin.com/mediaUpload/x"));
        for bad in [
            "http://www.linkedin.com/x",
            "https://www.linkedin.com.evil.example/x",
            "https://evil.example/www.linkedin.com",
            "https://a:b@www.linkedin.com/x",
            "https://www.linkedin.com:8443/x",
            "https://media.licdn.com/x",
        ] {
            assert!(!home(bad), "{bad}");
        }
    }
}
