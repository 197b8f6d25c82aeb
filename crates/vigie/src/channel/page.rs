//! The company's pages: connecting one takes its token straight into the vault and a second person's yes.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;
use uuid::Uuid;
use vigie_connect::Failure;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::change::ChangeKind;
use vigie_core::content::Platform;
use vigie_core::id::ChannelId;
use vigie_core::rights::Act;
use vigie_store::{ChannelRow, NewChannel};

use super::{account, place};
use crate::account::session;
use crate::change::apply;
use crate::member::propose;
use crate::publication::alarm;
use crate::vault;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::limit::Rate;
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::{Said, Words};

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    let propose = Who::Member(Act::ProposeChange);
    vec![
        Route::get("/channels", Who::Member(Act::Read), show),
        Route::post("/channels/bluesky", propose, bluesky).rate(Rate::COSTLY),
        Route::post("/channels/sandbox", propose, sandbox).rate(Rate::COSTLY),
        Route::post("/channels/{id}/repair", propose, repair).rate(Rate::COSTLY),
        Route::post("/channels/{id}/disconnect", propose, disconnect),
    ]
}

struct Line {
    place: String,
    status: &'static str,
    repairable: bool,
    url: String,
    row: ChannelRow,
}

#[derive(Template)]
#[template(path = "channel/channels.html")]
struct Channels {
    page: Page,
    w: Words,
    lines: Vec<Line>,
    form: Form,
    may: bool,
}

async fn view(frame: &Frame, me: &Signed, form: Form) -> Result<Channels, Error> {
    let rows = frame.app.store.read().await?.channels().await?;
    let lines = rows
        .into_iter()
        .map(|row| Line {
            status: row.status.as_str(),
            repairable: row.status.is_usable() && row.platform == Platform::Bluesky,
            url: frame.app.connectors.of(row.platform).page(&account(&row)),
            place: place(&row),
            row,
        })
        .collect();
    let page = frame.page("channels-title");
    Ok(Channels {
        w: page.w.clone(),
        page,
        lines,
        form,
        may: me.may(Act::ProposeChange),
    })
}

async fn show(frame: Frame, me: Signed) -> Result<Response, Error> {
    web::html(&view(&frame, &me, Form::new()).await?)
}

async fn bluesky(frame: Frame, me: Signed, mut form: Form) -> Result<Response, Error> {
    let handle = form.required("handle", 253);
    let password = form.required("app_password", 200);
    let service = form.trimmed("service").to_owned();
    if !form.ok() {
        return web::html_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &view(&frame, &me, form).await?,
        );
    }
    connect(
        &frame,
        &me,
        form,
        Platform::Bluesky,
        &service,
        &handle,
        SecretString::from(password),
    )
    .await
}

async fn sandbox(frame: Frame, me: Signed, mut form: Form) -> Result<Response, Error> {
    let name = form.required("sandbox_name", 60);
    if !form.ok() {
        return web::html_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &view(&frame, &me, form).await?,
        );
    }
    let secret = SecretString::from(session::secret()?);
    connect(&frame, &me, form, Platform::Sandbox, "", &name, secret).await
}

async fn connect(
    frame: &Frame,
    me: &Signed,
    mut form: Form,
    platform: Platform,
    service: &str,
    identifier: &str,
    secret: SecretString,
) -> Result<Response, Error> {
    let app = &frame.app;
    let connected = match app
        .connectors
        .of(platform)
        .connect(service, identifier, &secret)
        .await
    {
        Ok(connected) => connected,
        Err(failure) => {
            let field = match platform {
                Platform::Bluesky => "handle",
                Platform::Sandbox => "sandbox_name",
            };
            form.wrong(field, Said::new(failure_key(&failure)));
            return web::html_with(
                StatusCode::UNPROCESSABLE_ENTITY,
                &view(frame, me, form).await?,
            );
        }
    };
    let now = app.clock.now();
    let id = ChannelId::new(Uuid::now_v7());
    let mut tx = app.store.begin().await?;
    let sealed = vault::put(&mut tx, &app.vault, vault::CHANNEL, &connected.secret, now).await?;
    let display = if platform == Platform::Sandbox {
        identifier.trim()
    } else {
        &connected.account.handle
    };
    let taken: Vec<String> = tx.channels().await?.into_iter().map(|c| c.color).collect();
    let added = tx
        .channel_add(
            &NewChannel {
                id,
                platform,
                handle: connected.account.handle.clone(),
                display: display.to_owned(),
                account: connected.account.id.clone(),
                service: connected.account.service.clone(),
                color: crate::web::frame::free_hue(display, &taken),
                secret: Some(sealed),
                created_by: me.id,
            },
            now,
        )
        .await;
    match added {
        Ok(()) => {}
        Err(vigie_store::Error::Unique(_)) => return Err(Error::refused("channel-there")),
        Err(error) => return Err(error.into()),
    }
    let kind = ChangeKind::ConnectChannel {
        channel: id,
        platform,
        handle: connected.account.handle,
    };
    apply::prepare(&mut tx, me.id, kind, now).await?;
    tx.commit().await?;
    Ok(web::done(app, "/channels", &Flash::good("channel-asked")))
}

/// The key of what a network said.
pub fn failure_key(failure: &Failure) -> String {
    format!("connect-{}", failure.code)
}

/// A new token in the place of one that no longer works. It is the same account, so one person does it; the new token
/// must open that account before the old one is destroyed.
async fn repair(
    frame: Frame,
    me: Signed,
    Path(id): Path<ChannelId>,
    mut form: Form,
) -> Result<Response, Error> {
    let app = &frame.app;
    let secret = SecretString::from(form.required("new_app_password", 200));
    if !form.ok() {
        return Err(Error::refused("form-required"));
    }
    let row = app.store.read().await?.channel(id).await?;
    if !row.status.is_usable() {
        return Err(Error::refused("channel-not-usable"));
    }
    let connector = app.connectors.of(row.platform);
    let connected = match connector.connect(&row.service, &row.handle, &secret).await {
        Ok(connected) => connected,
        Err(failure) => return Err(Error::Refused(Said::new(failure_key(&failure)))),
    };
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

async fn disconnect(
    frame: Frame,
    me: Signed,
    Path(channel): Path<ChannelId>,
) -> Result<Response, Error> {
    frame.app.store.read().await?.channel(channel).await?;
    propose(&frame, &me, ChangeKind::DisconnectChannel { channel }).await
}

#[cfg(test)]
mod tests {
    use vigie_connect::Code;
    use vigie_core::member::Lang;

    use crate::words::Words;

    #[test]
    fn every_way_a_network_can_fail_has_words_on_the_channels_page_and_on_the_post() {
        for lang in [Lang::Fr, Lang::En] {
            let w = Words::new(lang);
            for code in Code::ALL {
                assert!(!w.t(format!("connect-{code}")).starts_with('['), "{code}");
                if code.is_passing() {
                    assert!(!w.t(format!("why-{code}")).starts_with('['), "{code}");
                }
            }
        }
    }
}
