//! Signing in: a code, a short token of the person, a long one, and with it the tokens of their pages.

use super::{DECLARATION, service};
use crate::{
    Account, Code, Connected, Failure, Http,
    meta::{self, Graph, VERSION},
    oauth::{self, App, Ask, Back, Going, Tokens},
    rest::{self, Request},
};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::time::Instant;
use url::Url;
use vigie_core::content::Platform;

/// Pages of the list of pages; 100 in each.
const MOST: usize = 10;
/// What a person must be able to do on a page.
const TASK: &str = "CREATE_CONTENT";

fn registered(app: Option<&App>) -> Result<&App, Failure> {
    app.ok_or_else(|| Failure::new(Code::NotRegistered, "no app is registered at Meta"))
}

/// Meta's page of consent.
pub fn authorize(app: Option<&App>, ask: &Ask<'_>) -> Result<Going, Failure> {
    let app = registered(app)?;
    let server = match &app.api {
        Some(api) => api.clone(),
        None => meta::server("https://www.facebook.com")?,
    };
    let page = rest::at(&server, &[VERSION.name, "dialog", "oauth"]);
    Ok(Going {
        url: oauth::consent(&page, &app.id, &DECLARATION.scopes.join(","), ask),
        keep: SecretString::from(String::new()),
    })
}

/// The pages of the person on which they may post.
pub async fn arrive(
    http: &Http,
    app: Option<&App>,
    back: &Back<'_>,
) -> Result<Vec<Connected>, Failure> {
    let app = registered(app)?;
    let server = service(app)?;
    let until = Instant::now() + meta::WITHIN;
    // Documented as a GET with everything in the query: kept out of logs, and only over https.
    let endpoint = rest::at(&server, &[VERSION.name, "oauth", "access_token"]);
    let code = back.code.expose_secret().trim_end_matches("#_");
    let short = token(
        http,
        &endpoint,
        &[
            ("client_id", &app.id),
            ("client_secret", app.secret.expose_secret()),
            ("redirect_uri", back.redirect.as_str()),
            ("code", code),
            ("code_verifier", back.verifier.expose_secret()),
        ],
        until,
    )
    .await?;
    let long = token(
        http,
        &endpoint,
        &[
            ("grant_type", "fb_exchange_token"),
            ("client_id", &app.id),
            ("client_secret", app.secret.expose_secret()),
            ("fb_exchange_token", &short.access),
        ],
        until,
    )
    .await?;
    let base = rest::at(&server, &[VERSION.name]);
    let graph = Graph::new(http, base, long.bearer(), Some(app), until);
    everything_granted(&graph).await?;
    pages(&graph, &server).await
}

async fn token(
    http: &Http,
    endpoint: &Url,
    query: &[(&str, &str)],
    until: Instant,
) -> Result<Tokens, Failure> {
    let url = rest::query(endpoint.clone(), query);
    let answer = rest::send(http, Request::get(url).secret(), meta::read, until)
        .await
        .map_err(meta::not_granted)?;
    Tokens::answered(&answer.json, Timestamp::now())
}

/// On Meta's page a person can untick single rights.
async fn everything_granted(graph: &Graph<'_>) -> Result<(), Failure> {
    let answer = graph.get(&["me", "permissions"], &[]).await?;
    let granted: Vec<&str> = meta::data(&answer)?
        .iter()
        .filter(|right| rest::text(right, "/status") == "granted")
        .map(|right| rest::text(right, "/permission"))
        .collect();
    match DECLARATION
        .scopes
        .iter()
        .find(|scope| !granted.contains(scope))
    {
        Some(scope) => Err(Failure::new(
            Code::NotGranted,
            format!("{scope} was not granted"),
        )),
        None => Ok(()),
    }
}

async fn pages(graph: &Graph<'_>, server: &Url) -> Result<Vec<Connected>, Failure> {
    let service = server.as_str().trim_end_matches('/');
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..MOST {
        let mut query = vec![("fields", "id,name,access_token,tasks"), ("limit", "100")];
        if let Some(after) = &after {
            query.push(("after", after));
        }
        let answer = graph.get(&["me", "accounts"], &query).await?;
        let found = meta::data(&answer)?;
        all.extend(found.iter().filter_map(|page| connected(page, service)));
        after = meta::next(&answer);
        if after.is_none() {
            break;
        }
    }
    if all.is_empty() {
        return Err(Failure::new(
            Code::NoPage,
            "no page with the task CREATE_CONTENT",
        ));
    }
    Ok(all)
}

fn connected(page: &Value, service: &str) -> Option<Connected> {
    let tasks = page.pointer("/tasks")?.as_array()?;
    if !tasks.iter().any(|task| task == TASK) {
        return None;
    }
    // A page's token out of a long-lived one does not end.
    let tokens = Tokens::answered(page, Timestamp::now()).ok()?;
    Some(Connected {
        account: Account {
            platform: Platform::Facebook,
            service: service.to_owned(),
            id: rest::id(page, "/id")?,
            handle: meta::cut(rest::text(page, "/name"), 200),
            limits: crate::Limits::default(),
        },
        until: tokens.ends(),
        secret: tokens.seal(),
    })
}
