//! Calls of the Graph API for one account.

use super::error;
use crate::{
    Code, Failure, Http, Session,
    hook::mac,
    oauth::{App, Tokens},
    rest::{self, Body, File, Request, Stage, Trouble},
};
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::time::{Duration, Instant};
use url::Url;

/// An account's way in, for one act.
#[derive(Debug)]
pub struct Graph<'a> {
    http: &'a Http,
    base: Url,
    token: SecretString,
    proof: Option<String>,
    until: Instant,
}

impl<'a> Graph<'a> {
    /// For a session; `version` is the first segment of every path. With `proof`, each call shows that it comes from
    /// the registered program (`appsecret_proof`).
    ///
    /// # Errors
    /// `token_expired`, `bad_address`.
    pub fn open(
        http: &'a Http,
        session: &Session,
        version: &str,
        proof: Option<&App>,
        within: Duration,
    ) -> Result<Self, Failure> {
        let tokens = Tokens::open(session.secret())?;
        let base = server(&session.account.service)?;
        let until = Instant::now() + within;
        Ok(Self::new(
            http,
            rest::at(&base, &[version]),
            tokens.bearer(),
            proof,
            until,
        ))
    }

    /// For a token that belongs to no session yet.
    pub fn new(
        http: &'a Http,
        base: Url,
        token: SecretString,
        proof: Option<&App>,
        until: Instant,
    ) -> Self {
        let proof =
            proof.map(|app| hex::encode(mac(&app.secret, token.expose_secret().as_bytes())));
        Self {
            http,
            base,
            token,
            proof,
            until,
        }
    }

    /// The time that is left.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Reads.
    ///
    /// # Errors
    /// [`Trouble`], sorted.
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Trouble> {
        self.call(Method::GET, path, query, Body::None).await
    }

    /// Changes.
    ///
    /// # Errors
    /// [`Trouble`], sorted.
    pub async fn post(
        &self,
        path: &[&str],
        fields: Vec<(&'static str, String)>,
    ) -> Result<Value, Trouble> {
        self.call(Method::POST, path, &[], Body::Form(fields)).await
    }

    /// Sends a file.
    ///
    /// # Errors
    /// [`Trouble`], sorted.
    pub async fn upload(
        &self,
        path: &[&str],
        fields: Vec<(&'static str, String)>,
        file: File,
    ) -> Result<Value, Trouble> {
        self.call(Method::POST, path, &[], Body::Parts(fields, file))
            .await
    }

    /// Deletes.
    ///
    /// # Errors
    /// [`Trouble`], sorted.
    pub async fn delete(&self, path: &[&str]) -> Result<Value, Trouble> {
        self.call(Method::DELETE, path, &[], Body::None).await
    }

    async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Body,
    ) -> Result<Value, Trouble> {
        let mut url = rest::query(rest::at(&self.base, path), query);
        if let Some(proof) = &self.proof {
            url = rest::query(url, &[("appsecret_proof", proof)]);
        }
        let request = Request::new(method, url, body).bearer(&self.token);
        rest::send(self.http, request, error::read, self.until)
            .await
            .map(|reply| reply.json)
            .map_err(doubted)
    }
}

/// An error by which the network says that it does not know itself ("an unknown error", "temporary"): posts have been
/// seen on pages after it, so that it is no refusal.
pub fn doubted(mut trouble: Trouble) -> Trouble {
    if trouble.stage == Stage::Refused && trouble.failure.code == Code::ServerError {
        trouble.stage = Stage::Unknown;
    }
    trouble
}

/// The address of a server.
///
/// # Errors
/// `bad_address`.
pub fn server(address: &str) -> Result<Url, Failure> {
    Url::parse(address).map_err(|_| Failure::new(Code::BadAddress, "the server's address"))
}
