//! Somebody in front of the real program, over HTTP: a browser without scripts, and a program with a token.

use reqwest::{Method, Response, StatusCode, header};

/// A signed-in member.
pub struct Visitor {
    client: reqwest::Client,
    url: String,
    cookie: String,
    lang: &'static str,
}

/// What came back.
#[derive(Debug)]
pub struct Page {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: header::HeaderMap,
    /// Body.
    pub text: String,
}

impl Page {
    async fn of(answer: Response) -> Self {
        Self {
            status: answer.status(),
            headers: answer.headers().clone(),
            text: answer.text().await.expect("a body"),
        }
    }

    /// The same, when it has this status.
    pub fn expect(self, status: u16) -> Self {
        let text = self.text.split("<main").last().unwrap_or_default();
        assert_eq!(self.status.as_u16(), status, "{text}");
        self
    }

    /// A header as text; empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    }

    /// The same, when it holds all of these words.
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.text.contains(word), "no {word:?} in\n{}", self.text);
        }
        self
    }
}

impl Visitor {
    /// With the secret of a session that is open; `lang` is what the browser asks for.
    pub fn new(url: &str, session: &str, lang: &'static str) -> Self {
        super::server::cryptography();
        Self {
            client: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .expect("a client"),
            url: url.to_owned(),
            cookie: format!("vigie_session={session}"),
            lang,
        }
    }

    /// Asks for a page.
    pub async fn get(&self, path: &str) -> Page {
        let request = self.client.get(format!("{}{path}", self.url));
        self.send(request).await
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.post_raw(path, "application/x-www-form-urlencoded", body.into_bytes())
            .await
    }

    /// Sends a body of another kind.
    pub async fn post_raw(&self, path: &str, mime: &str, body: Vec<u8>) -> Page {
        let request = self
            .client
            .post(format!("{}{path}", self.url))
            .header(header::CONTENT_TYPE, mime)
            .header("sec-fetch-site", "same-origin")
            .header(header::ORIGIN, &self.url)
            .body(body);
        self.send(request).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let request = request
            .header(header::COOKIE, &self.cookie)
            .header(header::ACCEPT_LANGUAGE, self.lang);
        Page::of(request.send().await.expect("the program answers")).await
    }

    /// Calls the API with a token.
    pub async fn call(&self, token: &str, method: Method, path: &str, body: &str) -> Page {
        self.keyed(token, method, path, None, body).await
    }

    /// The same with an `Idempotency-Key`.
    pub async fn keyed(
        &self,
        token: &str,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: &str,
    ) -> Page {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(token)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_owned());
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        Page::of(request.send().await.expect("the program answers")).await
    }
}
