//! From what a person types to the server of the account.

use crate::{
    Code, Failure, Http,
    http::{Answer, Call},
};
use reqwest::Method;
use serde_json::Value;
use std::time::{Duration, Instant};
use url::Url;

/// Longest answer of a handle's own page: a DID.
const MAX_DID: usize = 4_096;
const CALL_WITHIN: Duration = Duration::from_secs(5);

/// The address of a server as typed: a scheme is added, a path is refused.
pub fn service(typed: &str) -> Result<Url, Failure> {
    let typed = typed.trim();
    let text = if typed.contains("://") {
        typed.to_owned()
    } else {
        format!("https://{typed}")
    };
    let bad = |why| Failure::new(Code::BadAddress, why);
    let url = Url::parse(&text).map_err(|_| bad("not an address"))?;
    if url.path().len() > 1 || url.query().is_some() || url.fragment().is_some() {
        return Err(bad("a server's address has no path"));
    }
    Ok(url)
}

/// The server of the account with this handle or DID; `None` when it cannot be found that way.
pub async fn pds(http: &Http, plc: &Url, identifier: &str, until: Instant) -> Option<Url> {
    let identifier = identifier.trim().trim_start_matches('@');
    let did = if super::is_did(identifier) {
        identifier.to_owned()
    } else if crate::segments::is_handle(identifier) {
        let own = Url::parse(&format!("https://{identifier}/.well-known/atproto-did")).ok()?;
        let answer = get(http, own, until).await?;
        let did = std::str::from_utf8(&answer.body).ok()?.trim().to_owned();
        (answer.status == 200 && super::is_did(&did)).then_some(did)?
    } else {
        return None;
    };
    let document = match did.split(':').collect::<Vec<_>>()[..] {
        ["did", "plc", _] => {
            // Not `join`: a DID reads as an address of its own.
            let mut url = plc.clone();
            url.set_path(&did);
            url
        }
        ["did", "web", host] => Url::parse(&format!("https://{host}/.well-known/did.json")).ok()?,
        _ => return None,
    };
    let answer = get(http, document, until).await?;
    let document: Value = serde_json::from_slice(&answer.body).ok()?;
    (document.get("id")?.as_str()? == did)
        .then(|| pds_of(&document))
        .flatten()
}

/// The server that a DID document names.
pub fn pds_of(document: &Value) -> Option<Url> {
    let services = document.get("service")?.as_array()?;
    let named = services.iter().find(|service| {
        service
            .get("id")
            .and_then(Value::as_str)
            .is_some_and(|id| id.ends_with("#atproto_pds"))
    })?;
    service(named.get("serviceEndpoint")?.as_str()?).ok()
}

async fn get(http: &Http, url: Url, until: Instant) -> Option<Answer> {
    let within = until
        .saturating_duration_since(Instant::now())
        .min(CALL_WITHIN);
    let mut call = Call::new(Method::GET, url, within);
    call.max_answer = MAX_DID * 16;
    http.send(call).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host() {
        assert_eq!(
            service(" pds.exemple.fr/ ").unwrap().as_str(),
            "https://pds.exemple.fr/"
        );
        assert_eq!(
            service("http://localhost:2583").unwrap().as_str(),
            "http://localhost:2583/"
        );
        for bad in ["", "https://a.fr/xrpc", "a.fr?x", "https://"] {
            assert_eq!(service(bad).unwrap_err().code, Code::BadAddress, "{bad}");
        }
    }

    #[test]
    fn the_document_names_the_server() {
        let document = serde_json::json!({ "service": [
            { "id": "#other", "serviceEndpoint": "https://x.test" },
            { "id": "did:plc:a#atproto_pds", "serviceEndpoint": "https://pds.test" },
        ]});
        assert_eq!(pds_of(&document).unwrap().as_str(), "https://pds.test/");
        assert_eq!(pds_of(&serde_json::json!({ "service": "x" })), None);
    }
}
