//! A new token in the place of one that no longer works, or will not for long. It is the same account, so one person
//! does it; the new token must open that account before the old one is destroyed.

use axum::extract::Path;
use axum::response::Response;
use secrecy::SecretString;
use vigie_connect::{Connected, SignIn};
use vigie_core::audit::leaf::AuditActor;
use vigie_core::id::ChannelId;
use vigie_store::ChannelRow;

use super::oauth;
use super::page::failure_key;
use crate::publication::alarm;
use crate::vault;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Said;

pub(super) async fn repair(
    frame: Frame,
    me: Signed,
    Path(id): Path<ChannelId>,
    mut form: Form,
) -> Result<Response, Error> {
    let app = &frame.app;
    let row = app.store.read().await?.channel(id).await?;
    if !row.status.is_usable() {
        return Err(Error::refused("channel-not-usable"));
    }
    let connector = app.connectors.of(row.platform);
    if matches!(connector.describe().sign_in, SignIn::OAuth { .. }) {
        let service = row.service.clone();
        return oauth::go(&frame, &me, form, row.platform, &service, Some(id)).await;
    }
    let secret = SecretString::from(form.required("secret", 200));
    if !form.ok() {
        return Err(Error::refused("form-required"));
    }
    // A site's feed is sealed beside its secret: it is given again.
    let identifier = match connector.describe().sign_in {
        SignIn::Address => form.trimmed("identifier").to_owned(),
        _ => row.handle.clone(),
    };
    match connector.connect(&row.service, &identifier, &secret).await {
        Ok(connected) => replace(&frame, &me, &row, connected).await,
        Err(failure) => Err(Error::Refused(Said::new(failure_key(&failure)))),
    }
}

/// Puts a proven key in the place of the old one.
pub(super) async fn replace(
    frame: &Frame,
    me: &Signed,
    row: &ChannelRow,
    connected: Connected,
) -> Result<Response, Error> {
    let app = &frame.app;
    let id = row.id;
    if connected.account.id != row.account {
        return Err(Error::refused("connect-other_account"));
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    // Asked of the network meanwhile: it may have been disconnected, or repaired by somebody else.
    let old = tx.channel(id).await?.secret;
    if old != row.secret {
        return Err(Error::Conflict);
    }
    let sealed = vault::put(&mut tx, &app.vault, vault::CHANNEL, &connected.secret, now).await?;
    tx.channel_secret(id, sealed).await?;
    tx.channel_until(id, connected.until).await?;
    if let Some(old) = old {
        tx.secret_delete(old).await?;
    }
    tx.channel_healthy(id).await?;
    alarm::mended(&mut tx, id, now).await?;
    tx.publications_go_on(id).await?;
    let actor = AuditActor::Member { member: me.id };
    tx.audit(now, actor, "channel.repair", &format!("channel/{id}"), &[])
        .await?;
    tx.commit().await?;
    app.wake.notify_one();
    Ok(web::done(
        app,
        "/channels",
        &Flash::good("channel-repaired"),
    ))
}
