//! A picture brought while somebody writes. The whole form travels with it and comes back with the picture in it:
//! nothing typed is lost, nothing is saved yet, and it works on a post that does not exist so far.

use axum::extract::Multipart;
use axum::response::Response;
use vigie_core::id::PostId;

use super::composer;
use crate::media::intake;
use crate::web::error::Error;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::viewer::Signed;

/// Most fields beside the file.
const MOST_FIELDS: usize = 200;

/// `POST /posts/picture`: keeps the file and shows the form again with it.
pub async fn add(frame: Frame, me: Signed, parts: Multipart) -> Result<Response, Error> {
    let (mut form, file) = read(parts).await?;
    match intake::keep(&frame.app, me.id, file).await {
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
    composer::again(&frame, form, id, suggestion).await
}

/// The fields as a form, and the file; empty when none was chosen.
async fn read(mut parts: Multipart) -> Result<(Form, Vec<u8>), Error> {
    let (mut form, mut file, mut fields) = (Form::new(), Vec::new(), 0_usize);
    while let Some(part) = parts.next_field().await.map_err(|_| Error::TooLarge)? {
        let Some(name) = part.name().map(str::to_owned) else {
            continue;
        };
        if name == "file" {
            file = part.bytes().await.map_err(|_| Error::TooLarge)?.to_vec();
            continue;
        }
        fields += 1;
        if fields > MOST_FIELDS {
            return Err(Error::TooLarge);
        }
        let text = part
            .text()
            .await
            .map_err(|_| Error::input("error-input-body"))?;
        form.add(&name, text.replace("\r\n", "\n"));
    }
    Ok((form, file))
}
