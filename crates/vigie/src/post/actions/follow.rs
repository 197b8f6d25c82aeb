//! What follows a decision, in its transaction: publications made or cancelled, a line in the thread.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vigie_core::id::{CommentId, PublicationId};
use vigie_core::post::{Effect, News};
use vigie_store::{CommentKind, CommentRow, NewPublication, PostRecord, Tx};

use super::ActionError;
use crate::app::App;

/// Does what a decision asks for.
pub(super) async fn follow(
    app: &App,
    tx: &mut Tx,
    post: &PostRecord,
    effects: &[Effect],
    now: Timestamp,
) -> Result<(), ActionError> {
    for effect in effects {
        match effect {
            Effect::Enqueue { .. } => {
                enqueue(app, tx, post, now).await?;
            }
            Effect::CancelUnsent => {
                tx.publications_cancel(post.post.id, now).await?;
            }
            Effect::TellAuthor(News::Lapsed) => {
                let line = CommentRow {
                    id: CommentId::new(Uuid::now_v7()),
                    post: post.post.id,
                    revision: Some(post.post.revision.id),
                    author: None,
                    kind: CommentKind::System,
                    body: "post-said-lapsed".to_owned(),
                    at: now,
                };
                tx.comment_add(&line).await?;
            }
            // Lists and the home page show these by the state of the post.
            Effect::Ask(_) | Effect::TellAuthor(News::Approved | News::ChangesRequested) => {}
        }
    }
    Ok(())
}

/// Makes a publication for each channel, and each part of a series, of an approved post that has none on its way or on the page.
///
/// # Errors
/// Database.
pub async fn enqueue(
    app: &App,
    tx: &mut Tx,
    post: &PostRecord,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let mut new: Vec<NewPublication> = Vec::new();
    for variant in &post.content.variants {
        let connector = app.connectors.of(variant.platform);
        for part in 0..=variant.parts.len() {
            let part = u32::try_from(part).unwrap_or(u32::MAX);
            // A key of its own for each: some are made of the time and few random bits.
            let at = now.saturating_add(SignedDuration::from_micros(part.into()));
            new.push(NewPublication {
                id: PublicationId::new(Uuid::now_v7()),
                channel: variant.channel,
                part,
                remote_key: connector.new_key(at.unwrap_or(now), salt()),
            });
        }
    }
    tx.publications_enqueue(post, &new, now).await?;
    app.wake.notify_one();
    Ok(())
}

/// Two keys made in the same microsecond must differ.
fn salt() -> u16 {
    let mut bytes = [0; 2];
    // Without randomness the key is still unique by its time in all but the rarest case, and the database refuses a
    // key that was used.
    let _ = getrandom::fill(&mut bytes);
    u16::from_be_bytes(bytes)
}
