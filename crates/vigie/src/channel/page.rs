//! The company's pages: connecting one takes its token straight into the vault and a second person's yes.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;
use vigie_connect::{Connected, Declaration, Failure, SignIn};
use vigie_core::change::ChangeKind;
use vigie_core::content::Platform;
use vigie_core::id::ChannelId;
use vigie_core::rights::Act;
use vigie_store::{ChannelRow, FarewellRow, NewChannel};

use super::{account, health, oauth, place, repair, spending};
use crate::account::session;
use crate::app::App;
use crate::change::apply;
use crate::member::propose;
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
    let mut all = vec![
        Route::get("/channels", Who::Member(Act::Read), show),
        Route::post("/channels/connect/{platform}", propose, start).rate(Rate::COSTLY),
        Route::post("/channels/{id}/repair", propose, repair::repair).rate(Rate::COSTLY),
        Route::post("/channels/{id}/disconnect", propose, disconnect),
    ];
    all.extend(oauth::routes());
    all
}

struct Line {
    place: String,
    status: &'static str,
    repair: Option<Repair>,
    url: String,
    /// What came of taking back what opened it.
    left: Option<FarewellRow>,
    /// The network's name.
    network: &'static str,
    /// Whether something changed on the page that nobody has looked at.
    changed: bool,
    /// When a person must sign in again, if that is `soon` or `past`.
    ends: Option<(Timestamp, &'static str)>,
    row: ChannelRow,
}

impl Line {
    fn is_typed(&self) -> bool {
        matches!(self.repair, Some(Repair::Typed | Repair::TypedWithFeed))
    }

    fn has_feed(&self) -> bool {
        self.repair == Some(Repair::TypedWithFeed)
    }

    fn signs_in(&self) -> bool {
        self.repair == Some(Repair::SignIn)
    }
}

/// How a channel's key is replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repair {
    /// A new one is typed.
    Typed,
    /// The same, with the address of the feed.
    TypedWithFeed,
    /// The person signs in at the network.
    SignIn,
}

/// A platform that a page can be connected on.
struct Choice {
    declaration: &'static Declaration,
    name: &'static str,
    platform: &'static str,
    /// Whether the operator's registration, where one is needed, is there.
    ready: bool,
    /// `app_password`, `oauth`, `open` (OAuth at any server), `address` or `built_in`.
    way: &'static str,
    /// The day the interface that is spoken ends, if that is soon or past.
    version_ends: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "channel/channels.html")]
pub(super) struct Channels {
    page: Page,
    w: Words,
    lines: Vec<Line>,
    choices: Vec<Choice>,
    months: Vec<spending::Month>,
    form: Form,
    may: bool,
    back: String,
    hooks: String,
    word: String,
}

pub(super) async fn view(frame: &Frame, me: &Signed, form: Form) -> Result<Channels, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    let mut conn = app.store.read().await?;
    let rows = conn.channels().await?;
    let changed = conn.page_changes_waiting().await?;
    let left = conn.farewells().await?;
    let months = spending::months(app, &mut conn, frame.words().lang).await?;
    drop(conn);
    let lines = rows
        .into_iter()
        .map(|row| {
            let connector = app.connectors.of(row.platform);
            Line {
                status: row.status.as_str(),
                repair: row
                    .status
                    .is_usable()
                    .then(|| repaired_by(connector.describe().sign_in))
                    .flatten(),
                url: connector.page(&account(&row)),
                place: place(&row),
                left: left.iter().find(|left| left.channel == row.id).cloned(),
                network: row.platform.name(),
                changed: changed.contains(&row.id),
                ends: row
                    .token_until
                    .filter(|_| row.status.is_usable())
                    .filter(|until| until.duration_since(now) < health::AHEAD)
                    .map(|until| (until, if until <= now { "past" } else { "soon" })),
                row,
            }
        })
        .collect();
    let choices = app.connectors.all().map(|(platform, connector)| {
        let declaration = connector.describe();
        Choice {
            declaration,
            name: platform.name(),
            platform: platform.as_str(),
            ready: connector.is_ready(),
            way: way(declaration.sign_in),
            version_ends: health::version_ends(declaration, now),
        }
    });
    let choices = choices.collect();
    let page = frame.page("channels-title");
    Ok(Channels {
        w: page.w.clone(),
        page,
        lines,
        choices,
        months,
        form,
        may: me.may(Act::ProposeChange),
        back: app.config.link(oauth::BACK),
        hooks: app.config.link("/hooks/"),
        word: super::hook::word(app),
    })
}

const fn way(sign_in: SignIn) -> &'static str {
    match sign_in {
        SignIn::AppPassword => "app_password",
        SignIn::OAuth { registered: true } => "oauth",
        SignIn::OAuth { registered: false } => "open",
        SignIn::Address => "address",
        SignIn::BuiltIn => "built_in",
    }
}

const fn repaired_by(sign_in: SignIn) -> Option<Repair> {
    match sign_in {
        SignIn::AppPassword => Some(Repair::Typed),
        SignIn::Address => Some(Repair::TypedWithFeed),
        SignIn::OAuth { .. } => Some(Repair::SignIn),
        SignIn::BuiltIn => None,
    }
}

async fn show(frame: Frame, me: Signed) -> Result<Response, Error> {
    web::html(&view(&frame, &me, Form::new()).await?)
}

/// The platform that a path names.
pub(super) fn platform_of(app: &App, name: &str) -> Result<Platform, Error> {
    app.connectors
        .all()
        .map(|(platform, _)| platform)
        .find(|platform| platform.as_str() == name)
        .ok_or(Error::NotFound)
}

async fn start(
    frame: Frame,
    me: Signed,
    Path(name): Path<String>,
    mut form: Form,
) -> Result<Response, Error> {
    let app = &frame.app;
    let platform = platform_of(app, &name)?;
    form.set("platform", platform.as_str());
    let connector = app.connectors.of(platform);
    let declaration = connector.describe();
    let service = form.trimmed("service").to_owned();
    let typed = !form.value("secret").is_empty();
    let (identifier, secret) = match declaration.sign_in {
        SignIn::OAuth { registered } if registered || !typed => {
            if declaration.has_service && declaration.default_service.is_empty() {
                form.required("service", 253);
            }
            if !form.ok() {
                return again(&frame, &me, form).await;
            }
            return oauth::go(&frame, &me, form, platform, &service, None).await;
        }
        SignIn::OAuth { .. } => (
            form.trimmed("identifier").to_owned(),
            SecretString::from(form.required("secret", 4_000)),
        ),
        SignIn::AppPassword => (
            form.required("identifier", 253),
            SecretString::from(form.required("secret", 200)),
        ),
        SignIn::Address => {
            form.required("service", 2_000);
            (
                form.trimmed("identifier").to_owned(),
                SecretString::from(form.required("secret", 200)),
            )
        }
        SignIn::BuiltIn => (
            form.required("identifier", 60),
            SecretString::from(session::secret()?),
        ),
    };
    if !form.ok() {
        return again(&frame, &me, form).await;
    }
    match connector.connect(&service, &identifier, &secret).await {
        Ok(connected) => {
            let display = if declaration.sign_in == SignIn::BuiltIn {
                identifier
            } else {
                connected.account.handle.clone()
            };
            ask(&frame, &me, connected, &display).await
        }
        Err(failure) => {
            form.wrong("identifier", Said::new(failure_key(&failure)));
            again(&frame, &me, form).await
        }
    }
}

pub(super) async fn again(frame: &Frame, me: &Signed, form: Form) -> Result<Response, Error> {
    web::html_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &view(frame, me, form).await?,
    )
}

/// Seals what was connected, and asks a second person.
pub(super) async fn ask(
    frame: &Frame,
    me: &Signed,
    connected: Connected,
    display: &str,
) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    let id = ChannelId::new(Uuid::now_v7());
    let account = connected.account;
    let mut tx = app.store.begin().await?;
    let sealed = vault::put(&mut tx, &app.vault, vault::CHANNEL, &connected.secret, now).await?;
    let taken: Vec<String> = tx.channels().await?.into_iter().map(|c| c.color).collect();
    let added = tx
        .channel_add(
            &NewChannel {
                id,
                platform: account.platform,
                handle: account.handle.clone(),
                display: display.to_owned(),
                account: account.id,
                service: account.service,
                color: crate::web::frame::free_hue(display, &taken),
                secret: Some(sealed),
                token_until: connected.until,
                limits: serde_json::to_string(&account.limits).ok(),
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
        platform: account.platform,
        handle: account.handle,
    };
    apply::prepare(&mut tx, me.id, kind, now).await?;
    tx.commit().await?;
    Ok(web::done(app, "/channels", &Flash::good("channel-asked")))
}

/// The key of what a network said.
pub fn failure_key(failure: &Failure) -> String {
    format!("connect-{}", failure.code)
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
