//! The buttons of the post page: each is one action, then the page again with what was done.

use axum::extract::Path;
use axum::response::Response;
use vigie_core::content::Digest;
use vigie_core::id::{PostId, PublicationId, SuggestionId};
use vigie_core::post::PostState;

use super::actions;
use super::who::Who;
use crate::account::passkey;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::viewer::Signed;
use crate::web::{self};

async fn who(frame: &Frame, me: &Signed) -> Result<Who, Error> {
    let mut conn = frame.app.store.read().await?;
    Ok(Who::member(&mut conn, me.id).await?)
}

fn back(frame: &Frame, id: PostId, said: &'static str) -> Response {
    web::done(&frame.app, &format!("/posts/{id}"), &Flash::good(said))
}

/// The digest of what the page showed.
fn seen(form: &Form) -> Result<Digest, Error> {
    Digest::parse(form.trimmed("digest")).ok_or_else(|| Error::refused("refusal-content-changed"))
}

/// `POST /posts/{id}/submit`.
pub async fn submit(frame: Frame, me: Signed, Path(id): Path<PostId>) -> Result<Response, Error> {
    actions::submit(&frame.app, &who(&frame, &me).await?, id).await?;
    Ok(back(&frame, id, "compose-asked"))
}

/// `POST /posts/{id}/approve`, with the digest that was seen and, where there is one, a passkey's answer over it.
pub async fn approve(
    frame: Frame,
    me: Signed,
    Path(id): Path<PostId>,
    form: Form,
) -> Result<Response, Error> {
    let digest = seen(&form)?;
    let assertion = match form.trimmed("assertion") {
        "" => None,
        answer => {
            let mut conn = frame.app.store.read().await?;
            Some(passkey::assertion(&frame.app, &mut conn, me.id, &digest, answer).await?)
        }
    };
    let after = actions::approve(
        &frame.app,
        &who(&frame, &me).await?,
        id,
        digest,
        assertion.as_ref(),
    )
    .await?;
    let said = if after.post.state == PostState::Approved {
        "post-approved-goes"
    } else {
        "post-approved-waits"
    };
    Ok(back(&frame, id, said))
}

/// `POST /posts/{id}/changes`.
pub async fn request_changes(
    frame: Frame,
    me: Signed,
    Path(id): Path<PostId>,
    form: Form,
) -> Result<Response, Error> {
    actions::request_changes(&frame.app, &who(&frame, &me).await?, id, form.value("note")).await?;
    Ok(back(&frame, id, "post-changes-asked"))
}

/// `POST /posts/{id}/waive`.
pub async fn waive(
    frame: Frame,
    me: Signed,
    Path(id): Path<PostId>,
    form: Form,
) -> Result<Response, Error> {
    let digest = seen(&form)?;
    let by = who(&frame, &me).await?;
    actions::waive(
        &frame.app,
        &by,
        id,
        form.trimmed("rule"),
        form.value("reason"),
        digest,
    )
    .await?;
    Ok(back(&frame, id, "post-waived"))
}

/// `POST /posts/{id}/withdraw`.
pub async fn withdraw(frame: Frame, me: Signed, Path(id): Path<PostId>) -> Result<Response, Error> {
    actions::withdraw(&frame.app, &who(&frame, &me).await?, id).await?;
    Ok(back(&frame, id, "post-withdrawn"))
}

/// `POST /posts/{id}/archive`: back to the list, where it no longer is.
pub async fn archive(frame: Frame, me: Signed, Path(id): Path<PostId>) -> Result<Response, Error> {
    actions::archive(&frame.app, &who(&frame, &me).await?, id).await?;
    Ok(web::done(
        &frame.app,
        "/posts",
        &Flash::good("post-archived"),
    ))
}

/// `POST /posts/{id}/comment`.
pub async fn comment(
    frame: Frame,
    me: Signed,
    Path(id): Path<PostId>,
    form: Form,
) -> Result<Response, Error> {
    actions::comment(&frame.app, &who(&frame, &me).await?, id, form.value("text")).await?;
    Ok(back(&frame, id, "post-commented"))
}

/// `POST /posts/{id}/suggestions/{suggestion}/accept`.
pub async fn accept(
    frame: Frame,
    me: Signed,
    Path((id, suggestion)): Path<(PostId, SuggestionId)>,
) -> Result<Response, Error> {
    actions::accept(&frame.app, &who(&frame, &me).await?, id, suggestion).await?;
    Ok(back(&frame, id, "post-suggestion-taken"))
}

/// `POST /posts/{id}/suggestions/{suggestion}/decline`.
pub async fn decline(
    frame: Frame,
    me: Signed,
    Path((id, suggestion)): Path<(PostId, SuggestionId)>,
) -> Result<Response, Error> {
    actions::decline(&frame.app, &who(&frame, &me).await?, id, suggestion).await?;
    Ok(back(&frame, id, "post-suggestion-left"))
}

/// `POST /publications/{id}/take-back`.
pub async fn take_back(
    frame: Frame,
    me: Signed,
    Path(id): Path<PublicationId>,
    form: Form,
) -> Result<Response, Error> {
    let post = frame.app.store.read().await?.publication(id).await?.post;
    actions::take_back(
        &frame.app,
        &who(&frame, &me).await?,
        id,
        form.value("reason"),
    )
    .await?;
    Ok(back(&frame, post, "post-taking-back"))
}
