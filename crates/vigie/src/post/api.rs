//! Posts over the API. The same actions as the pages; what needs a person is not here.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vigie_core::content::{Digest, Repliers};
use vigie_core::id::{ChannelId, PostId, PublicationId};
use vigie_core::post::PostState;
use vigie_core::rights::Act;
use vigie_store::{Conn, PostFilter, PostRecord, PublicationRow};

use super::actions;
use super::draft::{Draft, DraftMedia, DraftPart, DraftVariant};
use super::who::Who;
use crate::api::{Problem, most};
use crate::app::App;
use crate::media::intake;
use crate::web::error::Error;
use crate::web::route::{Route, Who as Guard};
use crate::web::viewer::Bearer;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    let (read, write) = (Guard::Token(Act::Read), Guard::Token(Act::Write));
    vec![
        Route::get("/api/v1/posts", read, list),
        Route::post("/api/v1/posts", write, create),
        Route::get("/api/v1/posts/{id}", read, get),
        Route::put("/api/v1/posts/{id}", write, update),
        Route::post("/api/v1/posts/{id}/submit", write, submit),
        Route::post("/api/v1/posts/{id}/withdraw", write, withdraw),
        Route::post(
            "/api/v1/posts/{id}/comments",
            Guard::Token(Act::Comment),
            comment,
        ),
        Route::post("/api/v1/media", write, add_media).body(intake::MOST_BYTES),
        Route::post(
            "/api/v1/publications/{id}/take-back",
            Guard::Token(Act::TakeBack),
            take_back,
        ),
    ]
}

/// A picture of a post.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaIn {
    /// Digest that `POST /media` answered.
    sha256: String,
    /// Alternative text.
    #[serde(default)]
    alt: String,
    /// True when the picture says nothing that the text does not.
    #[serde(default)]
    decorative: bool,
}

/// A further part of a series: a post of its own that answers the one before.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartIn {
    /// The text.
    text: String,
    /// Pictures, in order.
    #[serde(default)]
    media: Vec<MediaIn>,
}

/// What one channel shows.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantIn {
    /// The channel's id.
    channel: String,
    /// The text.
    text: String,
    /// A link shown as a card.
    #[serde(default)]
    link: Option<String>,
    /// Languages (BCP 47).
    #[serde(default)]
    langs: Vec<String>,
    /// Pictures, in order.
    #[serde(default)]
    media: Vec<MediaIn>,
    /// The network's id of the post or comment that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    /// What readers see before the text, in one line; the network folds the text away behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    /// Who may answer: `everyone` (when absent), `followers`, `followed`, `mentioned` or `nobody`. `docs/platforms.md` says
    /// what each network offers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repliers: Option<String>,
    /// What goes on after it, part by part, on networks that take a series: at most 24 parts, and at most 64 pictures in
    /// all of them and the first together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<PartIn>,
}

/// A post as it is written.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostIn {
    /// One per channel.
    variants: Vec<VariantIn>,
    /// When it should go out (RFC 3339); as soon as it is approved when absent.
    #[serde(default)]
    at: Option<String>,
    /// The version that was read; needed when a post is replaced.
    #[serde(default)]
    version: Option<i64>,
}

/// One attempt to put the post on a channel.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicationOut {
    /// Its id.
    id: String,
    /// The channel.
    channel: String,
    /// Which part of a series; 0 is the first, or the only one.
    part: u32,
    /// `ready`, `sending`, `published`, `refused`, `unknown`, `lapsed`, `cancelled`, `taking_back` or `taken_back`.
    state: String,
    /// Where people see it.
    url: Option<String>,
    /// Stable name of what went wrong last.
    error: Option<String>,
    /// When it went out (RFC 3339).
    published_at: Option<String>,
}

/// A post.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostOut {
    /// Its id.
    id: String,
    /// Raised by each decision.
    version: i64,
    /// `draft`, `in_review`, `changes_requested`, `approved`, `done` or `archived`.
    state: String,
    /// Digest of the content: what approvals are bound to.
    digest: String,
    /// Who began it.
    author: String,
    /// What it says.
    variants: Vec<VariantIn>,
    /// When it may go out (RFC 3339).
    not_before: Option<String>,
    /// When it no longer may (RFC 3339).
    not_after: String,
    /// What the check found.
    report: Option<serde_json::Value>,
    /// How many more approvals it needs.
    missing_approvals: usize,
    /// On the pages.
    publications: Vec<PublicationOut>,
}

/// A page of posts.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostList {
    /// Last changed first.
    posts: Vec<PostLineOut>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

/// A line of the list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostLineOut {
    /// Its id.
    id: String,
    /// Where it stands.
    state: String,
    /// Its first words.
    excerpt: String,
    /// Who began it.
    author: String,
}

/// Which posts.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub struct Wanted {
    /// Only in this state.
    #[serde(default)]
    state: Option<String>,
    /// Containing these words.
    #[serde(default)]
    q: Option<String>,
    /// From the page before.
    #[serde(default)]
    after: Option<String>,
    /// How many at most, 1 to 100 (default 50).
    #[serde(default)]
    limit: Option<u32>,
}

/// A remark or a reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TextIn {
    /// The words.
    text: String,
}

/// A picture that was taken in.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediaOut {
    /// Digest, for `media.sha256`.
    sha256: String,
    /// Type of the encoded picture.
    mime: String,
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
}

/// Pictures by their digests; `None` for what is no digest.
fn drafted(media: &[MediaIn]) -> Option<Vec<DraftMedia>> {
    media
        .iter()
        .map(|one| {
            Some(DraftMedia {
                sha256: Digest::parse(&one.sha256)?,
                alt: one.alt.clone(),
                decorative: one.decorative,
            })
        })
        .collect()
}

fn shown(media: Vec<DraftMedia>) -> Vec<MediaIn> {
    media
        .into_iter()
        .map(|m| MediaIn {
            sha256: m.sha256.to_string(),
            alt: m.alt,
            decorative: m.decorative,
        })
        .collect()
}

impl PostIn {
    fn draft(&self) -> Result<Draft, Error> {
        let bad = || Error::input("api-bad-post");
        let at = match &self.at {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| bad())?),
        };
        let mut variants = Vec::with_capacity(self.variants.len());
        for variant in &self.variants {
            let media = drafted(&variant.media).ok_or_else(bad)?;
            let mut parts = Vec::with_capacity(variant.parts.len());
            for part in &variant.parts {
                parts.push(DraftPart {
                    text: part.text.clone(),
                    media: drafted(&part.media).ok_or_else(bad)?,
                });
            }
            variants.push(DraftVariant {
                channel: variant.channel.parse::<ChannelId>().map_err(|_| bad())?,
                text: variant.text.clone(),
                link: variant.link.clone(),
                langs: variant.langs.clone(),
                media,
                reply_to: variant.reply_to.clone(),
                warning: variant.warning.clone(),
                repliers: match variant.repliers.as_deref() {
                    None => Repliers::Everyone,
                    Some(name) => Repliers::parse(name).ok_or_else(bad)?,
                },
                parts,
            });
        }
        Ok(Draft { variants, at })
    }
}

fn publication(row: &PublicationRow) -> PublicationOut {
    PublicationOut {
        id: row.id.to_string(),
        channel: row.channel.to_string(),
        part: row.part,
        state: row.state.to_string(),
        url: row.url.clone(),
        error: row.error_code.clone(),
        published_at: row.published_at.map(|at| at.to_string()),
    }
}

async fn out(conn: &mut Conn, record: &PostRecord) -> Result<PostOut, Error> {
    let rows = conn.publications(record.post.id).await?;
    let draft = Draft::from(&record.content);
    let variants = draft
        .variants
        .into_iter()
        .map(|v| VariantIn {
            channel: v.channel.to_string(),
            text: v.text,
            link: v.link,
            langs: v.langs,
            reply_to: v.reply_to,
            warning: v.warning,
            repliers: (!v.repliers.is_everyone()).then(|| v.repliers.to_string()),
            media: shown(v.media),
            parts: v
                .parts
                .into_iter()
                .map(|part| PartIn {
                    text: part.text,
                    media: shown(part.media),
                })
                .collect(),
        })
        .collect();
    Ok(PostOut {
        id: record.post.id.to_string(),
        version: record.version,
        state: record.post.state.to_string(),
        digest: record.post.revision.digest.to_string(),
        author: record.post.author.to_string(),
        variants,
        not_before: record.content.window.not_before.map(|at| at.to_string()),
        not_after: record.content.window.not_after.to_string(),
        report: record.report.clone(),
        missing_approvals: record.post.missing().approvals,
        publications: rows.iter().map(publication).collect(),
    })
}

async fn who(app: &App, token: &Bearer) -> Result<Who, Error> {
    let mut conn = app.store.read().await?;
    Ok(Who::token(&mut conn, token.id, token.member).await?)
}

async fn answer(app: &App, record: &PostRecord) -> Result<Json<PostOut>, Error> {
    let mut conn = app.store.read().await?;
    Ok(Json(out(&mut conn, record).await?))
}

/// Posts, last changed first.
#[utoipa::path(get, path = "/api/v1/posts", tag = "posts", params(Wanted), responses((status = 200, body = PostList), (status = 401, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    _token: Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<PostList>, Error> {
    let bad = || Error::input("api-bad-query");
    let mut filter = PostFilter {
        text: wanted.q.filter(|q| !q.trim().is_empty()),
        ..PostFilter::default()
    };
    if let Some(state) = &wanted.state {
        filter.states = vec![PostState::parse(state).ok_or_else(bad)?];
    }
    let after = wanted
        .after
        .map(|text| text.parse())
        .transpose()
        .map_err(|_| bad())?;
    let page = app
        .store
        .read()
        .await?
        .posts(&filter, after, most(wanted.limit)?)
        .await?;
    let posts = page
        .lines
        .into_iter()
        .map(|line| PostLineOut {
            id: line.id.to_string(),
            state: line.state.to_string(),
            excerpt: line.excerpt,
            author: line.author.to_string(),
        })
        .collect();
    Ok(Json(PostList {
        posts,
        next: page.next.map(|c| c.to_string()),
    }))
}

/// Begins a post.
#[utoipa::path(post, path = "/api/v1/posts", tag = "posts", request_body = PostIn, responses((status = 201, body = PostOut), (status = 422, body = Problem)))]
pub async fn create(
    State(app): State<App>,
    token: Bearer,
    Json(post): Json<PostIn>,
) -> Result<Response, Error> {
    let record = actions::create(&app, &who(&app, &token).await?, &post.draft()?).await?;
    Ok((StatusCode::CREATED, answer(&app, &record).await?).into_response())
}

/// One post.
#[utoipa::path(get, path = "/api/v1/posts/{id}", tag = "posts", params(("id" = String, Path)), responses((status = 200, body = PostOut), (status = 404, body = Problem)))]
pub async fn get(
    State(app): State<App>,
    _token: Bearer,
    Path(id): Path<PostId>,
) -> Result<Json<PostOut>, Error> {
    let record = app.store.read().await?.post(id).await?;
    answer(&app, &record).await
}

/// Replaces what a post says; approvals are void.
#[utoipa::path(put, path = "/api/v1/posts/{id}", tag = "posts", params(("id" = String, Path)), request_body = PostIn, responses((status = 200, body = PostOut), (status = 409, body = Problem)))]
pub async fn update(
    State(app): State<App>,
    token: Bearer,
    Path(id): Path<PostId>,
    Json(post): Json<PostIn>,
) -> Result<Json<PostOut>, Error> {
    let seen = post.version.ok_or_else(|| Error::input("api-no-version"))?;
    let record = actions::edit(&app, &who(&app, &token).await?, id, seen, &post.draft()?).await?;
    answer(&app, &record).await
}

/// Asks for review.
#[utoipa::path(post, path = "/api/v1/posts/{id}/submit", tag = "posts", params(("id" = String, Path)), responses((status = 200, body = PostOut), (status = 409, body = Problem)))]
pub async fn submit(
    State(app): State<App>,
    token: Bearer,
    Path(id): Path<PostId>,
) -> Result<Json<PostOut>, Error> {
    let record = actions::submit(&app, &who(&app, &token).await?, id).await?;
    answer(&app, &record).await
}

/// Takes a post back to the drafts; what has not gone out never will.
#[utoipa::path(post, path = "/api/v1/posts/{id}/withdraw", tag = "posts", params(("id" = String, Path)), responses((status = 200, body = PostOut), (status = 409, body = Problem)))]
pub async fn withdraw(
    State(app): State<App>,
    token: Bearer,
    Path(id): Path<PostId>,
) -> Result<Json<PostOut>, Error> {
    let record = actions::withdraw(&app, &who(&app, &token).await?, id).await?;
    answer(&app, &record).await
}

/// Says something in the post's conversation.
#[utoipa::path(post, path = "/api/v1/posts/{id}/comments", tag = "posts", params(("id" = String, Path)), request_body = TextIn, responses((status = 204), (status = 409, body = Problem)))]
pub async fn comment(
    State(app): State<App>,
    token: Bearer,
    Path(id): Path<PostId>,
    Json(said): Json<TextIn>,
) -> Result<StatusCode, Error> {
    actions::comment(&app, &who(&app, &token).await?, id, &said.text).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a picture in: PNG, JPEG or WebP as the body. It is encoded again; hidden data goes.
#[utoipa::path(post, path = "/api/v1/media", tag = "posts", request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 201, body = MediaOut), (status = 422, body = Problem)))]
pub async fn add_media(
    State(app): State<App>,
    token: Bearer,
    headers: HeaderMap,
    file: Bytes,
) -> Result<Response, Error> {
    let said = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let file = intake::Brought {
        bytes: file.to_vec(),
        name: None,
        mime: said
            .filter(|mime| mime.starts_with("image/"))
            .map(str::to_owned),
    };
    let row = intake::keep(&app, token.member, file).await?;
    let out = MediaOut {
        sha256: row.sha256.to_string(),
        mime: row.mime,
        width: row.width,
        height: row.height,
    };
    Ok((StatusCode::CREATED, Json(out)).into_response())
}

/// Takes a published post back: deletes it on the network.
#[utoipa::path(post, path = "/api/v1/publications/{id}/take-back", tag = "posts", params(("id" = String, Path)), request_body = TextIn, responses((status = 202), (status = 409, body = Problem)))]
pub async fn take_back(
    State(app): State<App>,
    token: Bearer,
    Path(id): Path<PublicationId>,
    Json(reason): Json<TextIn>,
) -> Result<StatusCode, Error> {
    actions::take_back(&app, &who(&app, &token).await?, id, &reason.text).await?;
    Ok(StatusCode::ACCEPTED)
}
