//! A picture brought while somebody writes. The whole form travels with it and comes back with the picture in it:
//! nothing typed is lost, nothing is saved yet, and it works on a post that does not exist so far.

use axum::Extension;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::StatusCode;
use axum::response::Response;
use vigie_core::id::PostId;

use super::composer;
use crate::media::intake::{self, Brought, MediaProblem};
use crate::web::error::Error;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::kept::Slot;
use crate::web::viewer::Signed;

/// Most fields beside the file.
const MOST_FIELDS: usize = 200;

/// Most bytes of all fields beside the file.
const MOST_TEXT: usize = 4 * 1024 * 1024;

/// `POST /posts/picture`: keeps the file and shows the form again with it.
pub async fn add(
    mut frame: Frame,
    me: Signed,
    Extension(slot): Extension<Slot>,
    parts: Multipart,
) -> Result<Response, Error> {
    let (mut form, file) = read(parts).await?;
    slot.put(&form);
    let kept = match file {
        Some(file) => intake::keep(&frame.app, me.id, file).await,
        None => Err(Error::input(MediaProblem::TooLarge.key())),
    };
    match kept {
        Ok(row) => {
            let sha256 = row.sha256.to_string();
            if !form.chosen("media", &sha256) {
                form.add("media", sha256);
            }
        }
        // Beside the field, with everything that was typed.
        Err(Error::Input(said)) => form.wrong("file", said),
        Err(other) => return Err(other),
    }
    let id: Option<PostId> = form.trimmed("post").parse().ok();
    let suggestion = id.is_some() && form.trimmed("as") == "suggestion";
    // A person is still where they write, whatever address the file went to.
    frame.viewer.path = composer::address(id, suggestion);
    composer::again(&frame, form, id, suggestion).await
}

/// The fields as a form, and the file: empty when none was chosen, nothing when it is too large.
async fn read(mut parts: Multipart) -> Result<(Form, Option<Brought>), Error> {
    let (mut form, mut file) = (Form::new(), Some(Brought::default()));
    let (mut fields, mut bytes) = (0_usize, 0_usize);
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let Some(name) = part.name().map(str::to_owned) else {
            continue;
        };
        if name == "file" {
            file = bounded(part).await?;
            continue;
        }
        let text = part.text().await.map_err(broken)?;
        (fields, bytes) = (fields + 1, bytes.saturating_add(text.len()));
        if fields > MOST_FIELDS || bytes > MOST_TEXT {
            return Err(Error::TooLarge);
        }
        form.add(&name, text.replace("\r\n", "\n"));
    }
    Ok((form, file))
}

/// A file of a size that is taken. The rest of a larger one is read and dropped: a browser that is cut off while it
/// sends shows no page at all.
async fn bounded(mut part: Field<'_>) -> Result<Option<Brought>, Error> {
    let name = part
        .file_name()
        .map(|name| name.chars().take(200).collect());
    let mime = part.content_type().map(str::to_owned);
    let mut file = Some(Vec::new());
    while let Some(chunk) = part.chunk().await.map_err(broken)? {
        file = file
            .filter(|file: &Vec<u8>| file.len().saturating_add(chunk.len()) <= intake::MOST_BYTES)
            .map(|mut file| {
                file.extend_from_slice(&chunk);
                file
            });
    }
    Ok(file.map(|bytes| Brought { bytes, name, mime }))
}

fn broken(error: MultipartError) -> Error {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
        _ => Error::input("error-input-body"),
    }
}
