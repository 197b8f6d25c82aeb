//! Signing in at a server, and what a server says about itself.

use super::{
    DECLARATION,
    calls::{self, Signed},
};
use crate::{
    Account, Code, Connected, Failure, Http, Limits, Session,
    oauth::{self, Ask, Back, Going, Tokens},
    rest::{self, Body, Request, Stage},
    segments,
};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::{Duration, Instant};
use url::Url;

/// Most types of media believed in a server's list.
const MAX_TYPES: usize = 100;

/// What is remembered while the person is at the server's page.
#[derive(Serialize, Deserialize)]
struct Kept {
    service: String,
    id: String,
    secret: String,
}

/// The server's address as typed: a domain, an address, or a whole account (`@name@server`).
pub fn service(typed: &str) -> Result<Url, Failure> {
    let bad = |why| Failure::new(Code::BadAddress, why);
    let typed = typed.trim().trim_end_matches('/');
    let text = match typed.contains("://") {
        true => typed.to_owned(),
        false => format!("https://{}", typed.rsplit('@').next().unwrap_or(typed)),
    };
    let url = Url::parse(&text).map_err(|_| bad("not an address"))?;
    let plain = url.path().len() <= 1 && url.query().is_none() && url.fragment().is_none();
    if !plain || !url.has_host() || !url.username().is_empty() {
        return Err(bad("a server's address is a name alone"));
    }
    Ok(url)
}

fn written(service: &Url) -> String {
    service.as_str().trim_end_matches('/').to_owned()
}

/// Registers Vigie at the server and says where the person goes.
pub async fn authorize(
    http: &Http,
    typed: &str,
    ask: &Ask<'_>,
    within: Duration,
) -> Result<Going, Failure> {
    let until = Instant::now() + within;
    let service = service(typed)?;
    let scopes = DECLARATION.scopes.join(" ");
    let form = vec![
        ("client_name", "Vigie".to_owned()),
        ("redirect_uris", ask.redirect.as_str().to_owned()),
        ("scopes", scopes.clone()),
    ];
    let url = rest::at(&service, &["api", "v1", "apps"]);
    // The answer holds a secret.
    let request = Request::post(url, Body::Form(form)).secret();
    let app = rest::send(http, request, calls::read_error, until)
        .await?
        .json;
    let part = |pointer| {
        Some(rest::text(&app, pointer).to_owned()).filter(|s| {
            !s.is_empty() && s.len() <= 1_024 && s.bytes().all(|b| b.is_ascii_graphic())
        })
    };
    let (Some(id), Some(secret)) = (part("/client_id"), part("/client_secret")) else {
        return Err(Failure::new(
            Code::GarbageAnswer,
            "not a server of this kind: it registers no program",
        ));
    };
    let page = rest::at(&service, &["oauth", "authorize"]);
    let url = oauth::consent(&page, &id, &scopes, ask);
    let kept = Kept {
        service: written(&service),
        id,
        secret,
    };
    let keep = serde_json::to_string(&kept).unwrap_or_default();
    Ok(Going {
        url,
        keep: SecretString::from(keep),
    })
}

/// Exchanges the code and says whose account it opens.
pub async fn arrive(
    http: &Http,
    back: &Back<'_>,
    within: Duration,
) -> Result<Vec<Connected>, Failure> {
    let until = Instant::now() + within;
    let kept: Kept = serde_json::from_str(back.keep.expose_secret())
        .map_err(|_| Failure::new(Code::NotRegistered, "what was kept is not a registration"))?;
    let service = service(&kept.service)?;
    let form = vec![
        ("grant_type", "authorization_code".to_owned()),
        ("code", back.code.expose_secret().to_owned()),
        ("client_id", kept.id.clone()),
        ("client_secret", kept.secret.clone()),
        ("redirect_uri", back.redirect.as_str().to_owned()),
        ("code_verifier", back.verifier.expose_secret().to_owned()),
        ("scope", DECLARATION.scopes.join(" ")),
    ];
    let url = rest::at(&service, &["oauth", "token"]);
    let request = Request::post(url, Body::Form(form)).secret();
    let answer = rest::send(http, request, calls::read_error, until)
        .await?
        .json;
    let mut tokens = Tokens::answered(&answer, Timestamp::now())?;
    tokens.client = Some((kept.id, kept.secret));
    let granted: Vec<&str> = rest::text(&answer, "/scope").split_whitespace().collect();
    let missing = DECLARATION
        .scopes
        .iter()
        .find(|wanted| !granted.is_empty() && !grants(&granted, wanted));
    if let Some(missing) = missing {
        return Err(Failure::new(
            Code::MissingRight,
            format!("{missing} was not granted"),
        ));
    }
    Ok(vec![connected(http, &service, tokens, until).await?])
}

/// `read` holds `read:accounts`.
fn grants(granted: &[&str], wanted: &str) -> bool {
    granted.contains(&wanted)
        || wanted
            .split_once(':')
            .is_some_and(|(whole, _)| granted.contains(&whole))
}

/// Signs in with a token that the person made in the server's settings.
pub async fn connect(
    http: &Http,
    typed: &str,
    identifier: &str,
    secret: &SecretString,
    within: Duration,
) -> Result<Connected, Failure> {
    let until = Instant::now() + within;
    let identifier = identifier.trim().trim_start_matches('@').to_lowercase();
    let service = service(match typed.trim() {
        "" => &identifier,
        typed => typed,
    })?;
    let tokens = Tokens {
        access: secret.expose_secret().trim().to_owned(),
        refresh: None,
        until: None,
        refresh_until: None,
        client: None,
    };
    let connected = connected(http, &service, tokens, until).await?;
    let handle = connected.account.handle.to_lowercase();
    let name = handle.split('@').next().unwrap_or_default();
    if !identifier.is_empty() && identifier != handle && identifier != name {
        return Err(Failure::new(
            Code::OtherAccount,
            "the token opens another account than the one named",
        ));
    }
    Ok(connected)
}

async fn connected(
    http: &Http,
    service: &Url,
    tokens: Tokens,
    until: Instant,
) -> Result<Connected, Failure> {
    let bearer = tokens.bearer();
    let account =
        calls::who(http, service, &bearer, until)
            .await
            .map_err(|trouble| match trouble.failure.code {
                // It never opened anything here.
                Code::TokenExpired => Failure::new(Code::BadCredentials, trouble.failure.detail),
                _ => trouble.failure,
            })?;
    let (id, name) = known(&account)?;
    let about = about(http, service, &bearer, until).await?;
    Ok(Connected {
        account: Account {
            platform: DECLARATION.platform,
            service: written(service),
            id,
            handle: handle(&name, &about, service),
            limits: limits(&about),
        },
        until: tokens.ends(),
        secret: tokens.seal(),
    })
}

/// The id and the name of an account that may post.
fn known(account: &Value) -> Result<(String, String), Failure> {
    let name = rest::text(account, "/username");
    let is_name = !name.is_empty()
        && name.len() <= 256
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "._-".contains(c));
    let id = rest::id(account, "/id").filter(|_| is_name);
    let id = id.ok_or_else(|| Failure::new(Code::GarbageAnswer, "not an account"))?;
    if account.get("suspended") == Some(&Value::Bool(true)) {
        return Err(Failure::new(
            Code::AccountSuspended,
            "the account is suspended",
        ));
    }
    Ok((id, name.to_owned()))
}

/// `name@server`; accounts may be on another name than the interface.
fn handle(name: &str, about: &Value, service: &Url) -> String {
    let domain = rest::text(about, "/domain");
    let domain = if segments::is_handle(domain) {
        domain
    } else {
        service.host_str().unwrap_or_default()
    };
    format!("{name}@{domain}")
}

/// Proves the token and the account; reads the limits and the name again.
pub async fn check(http: &Http, session: &mut Session, within: Duration) -> Result<(), Failure> {
    let mut signed = Signed::open(http, session, within)?;
    signed.keep_fresh().await?;
    let url = signed.at(&["api", "v1", "accounts", "verify_credentials"]);
    let account = signed.call(Request::get(url)).await?.json;
    let (id, name) = known(&account)?;
    if id != signed.id() {
        return Err(Failure::new(
            Code::OtherAccount,
            "the token opens another account",
        ));
    }
    let bearer = Tokens::open(signed.session.secret())?.bearer();
    let service = calls::service_of(&signed.session.account)?;
    // What was known stays good while the server says nothing about itself.
    if let Ok(about) = about(http, &service, &bearer, signed.until).await {
        signed.session.account.handle = handle(&name, &about, &service);
        signed.session.account.limits = limits(&about);
    }
    Ok(())
}

/// What the server says about itself: by the second version of the call, else by the first, which older servers have.
async fn about(
    http: &Http,
    service: &Url,
    bearer: &SecretString,
    until: Instant,
) -> Result<Value, Failure> {
    let ask = |version: &'static str| {
        let url = rest::at(service, &["api", version, "instance"]);
        rest::send(
            http,
            Request::get(url).bearer(bearer),
            calls::read_error,
            until,
        )
    };
    match ask("v2").await {
        Ok(reply) if reply.json.is_object() => Ok(reply.json),
        Ok(_) => Ok(ask("v1").await?.json),
        Err(trouble) if trouble.stage == Stage::Refused || trouble.status == 404 => {
            Ok(ask("v1").await?.json)
        }
        Err(trouble) => Err(trouble.failure),
    }
}

/// Both versions have the same `configuration`; some servers of the first say the length alone.
fn limits(about: &Value) -> Limits {
    let number = |pointer: &str| {
        let number = about.pointer(pointer)?.as_u64()?;
        usize::try_from(number).ok()
    };
    let types = about.pointer("/configuration/media_attachments/supported_mime_types");
    Limits {
        text: number("/configuration/statuses/max_characters")
            .or_else(|| number("/max_toot_chars")),
        url_weight: number("/configuration/statuses/characters_reserved_per_url"),
        pictures: number("/configuration/statuses/max_media_attachments"),
        picture_bytes: number("/configuration/media_attachments/image_size_limit"),
        alt: number("/configuration/media_attachments/description_limit"),
        picture_types: types
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .take(MAX_TYPES)
            .filter_map(Value::as_str)
            .filter(|kind| DECLARATION.picture_types.contains(kind))
            .map(str::to_owned)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_server_is_typed_in_many_ways() {
        for typed in [
            "exemple.social",
            " https://exemple.social/ ",
            "@alice@exemple.social",
            "alice@exemple.social",
        ] {
            assert_eq!(
                written(&service(typed).unwrap()),
                "https://exemple.social",
                "{typed}"
            );
        }
        for bad in [
            "",
            "@",
            "https://exemple.social/@alice",
            "https://a@exemple.social",
            "exemple.social?x",
        ] {
            assert!(service(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn limits_of_several_kinds_of_server() {
        let v2 = json!({ "configuration": {
            "statuses": { "max_characters": 5000, "max_media_attachments": 6, "characters_reserved_per_url": 25 },
            "media_attachments": { "supported_mime_types": ["image/png", "video/mp4"], "image_size_limit": 41943040, "description_limit": 500 },
        }});
        let said = limits(&v2);
        assert_eq!(
            (said.text, said.pictures, said.url_weight),
            (Some(5_000), Some(6), Some(25))
        );
        assert_eq!(
            (said.alt, said.picture_bytes),
            (Some(500), Some(41_943_040))
        );
        assert_eq!(said.picture_types, ["image/png"]);
        assert_eq!(limits(&json!({ "max_toot_chars": 1000 })).text, Some(1_000));
        let odd = json!({ "configuration": { "statuses": { "max_characters": "many", "max_media_attachments": -1 } } });
        assert_eq!(limits(&odd), Limits::default());
    }

    #[test]
    fn a_wider_right_holds_the_narrower() {
        assert!(grants(&["read", "write:media"], "read:accounts"));
        assert!(!grants(&["read:accounts"], "read:statuses"));
    }
}
