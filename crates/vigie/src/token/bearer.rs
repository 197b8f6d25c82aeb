//! Who a bearer token stands for.

use jiff::SignedDuration;

use crate::{account::session, app::App, web::error::Error, web::viewer::Bearer};

/// Use is noted this often at most.
const TOUCH: SignedDuration = SignedDuration::from_secs(60);

/// The token with this secret, if it is alive; marks it as used.
///
/// # Errors
/// The database cannot be asked.
pub async fn find(app: &App, secret: &str) -> Result<Option<Bearer>, Error> {
    let now = app.clock.now();
    let found = app
        .store
        .read()
        .await?
        .token_by_hash(&session::hash(secret), now)
        .await?;
    let Some(found) = found else { return Ok(None) };
    if found
        .token
        .last_used_at
        .is_none_or(|at| now.duration_since(at) >= TOUCH)
    {
        let (store, id) = (app.store.clone(), found.token.id);
        session::aside(async move {
            let mut tx = store.begin().await?;
            tx.touch_token(id, now).await?;
            tx.commit().await
        })
        .await;
    }
    Ok(Some(Bearer {
        id: found.token.id,
        member: found.member.id,
        role: found.member.role,
        reviewer: found.member.reviewer,
        lang: found.member.lang,
        scopes: found.token.scopes.into_iter().collect(),
    }))
}
