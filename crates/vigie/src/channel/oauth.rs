//! Connecting a page by signing in at its network. What must be remembered between the steps is sealed, kept for a
//! quarter of an hour, used once, and good only for the person and the session that began it.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use vigie_connect::oauth::{Ask, Back, challenge};
use vigie_connect::{Account, Code, Connected};
use vigie_core::content::Platform;
use vigie_core::id::{ChannelId, MemberId, SessionId};
use vigie_core::rights::Act;
use vigie_store::CeremonyKind;

use super::page::{again, ask, failure_key};
use super::repair;
use crate::account::session;
use crate::app::App;
use crate::vault;
use crate::web::error::Error;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::limit::Rate;
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::{Said, Words};

/// Where the networks send people back to; the operator registers it there.
pub const BACK: &str = "/channels/back";
/// How long a person may take at the network.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);
/// What the state between the steps is sealed for.
const PURPOSE: &str = "oauth";

/// The routes of this room.
pub(super) fn routes() -> Vec<Route> {
    let propose = Who::Member(Act::ProposeChange);
    vec![
        Route::get(BACK, propose, back).rate(Rate::COSTLY),
        Route::post("/channels/choose", propose, choose),
    ]
}

/// What is remembered.
#[derive(Serialize, Deserialize)]
struct Kept {
    member: MemberId,
    session: SessionId,
    platform: Platform,
    service: String,
    /// The channel whose key is replaced.
    repair: Option<ChannelId>,
    step: Step,
}

#[derive(Serialize, Deserialize)]
enum Step {
    /// At the network.
    Away { verifier: String, keep: String },
    /// Back, with these accounts.
    Offered(Vec<Offer>),
}

#[derive(Serialize, Deserialize)]
struct Offer {
    account: Account,
    secret: String,
    until: Option<Timestamp>,
}

impl Kept {
    async fn put(&self, app: &App, name: &str) -> Result<(), Error> {
        let now = app.clock.now();
        let body = serde_json::to_string(self).map_err(|e| Error::Internal(e.into()))?;
        let sealed = vault::seal(&app.vault, PURPOSE, &SecretString::from(body))?;
        let expires = now.checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
        let mut tx = app.store.begin().await?;
        let kind = CeremonyKind::Network;
        if tx.ceremonies(kind, now).await? >= 10_000 {
            return Err(Error::TooMany { seconds: 30 });
        }
        tx.ceremony_add(kind, None, &session::hash(name), &sealed, now, expires)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes it out: a name works once, for who began it.
    async fn take(app: &App, me: &Signed, name: &str) -> Result<Self, Error> {
        let mut tx = app.store.begin().await?;
        let sealed = tx
            .ceremony_take(&session::hash(name), app.clock.now())
            .await?;
        tx.commit().await?;
        let old = || Error::refused("channels-back-old");
        let body = vault::unseal(&app.vault, PURPOSE, &sealed.ok_or_else(old)?)?;
        let kept: Self =
            serde_json::from_str(body.expose_secret()).map_err(|e| Error::Internal(e.into()))?;
        if kept.member != me.id || kept.session != me.session {
            return Err(old());
        }
        Ok(kept)
    }
}

fn redirect(app: &App) -> Result<Url, Error> {
    Url::parse(&app.config.link(BACK)).map_err(|e| Error::Internal(e.into()))
}

#[derive(Template)]
#[template(path = "channel/away.html")]
struct Away {
    page: Page,
    w: Words,
    platform: &'static str,
    url: String,
    host: String,
}

/// Shows where the person goes. A link, not a redirect: they see the address first, and the content policy lets no
/// form lead elsewhere.
pub(super) async fn go(
    frame: &Frame,
    me: &Signed,
    mut form: Form,
    platform: Platform,
    service: &str,
    repair: Option<ChannelId>,
) -> Result<Response, Error> {
    let app = &frame.app;
    let (state, verifier) = (session::secret()?, session::secret()?);
    let redirect = redirect(app)?;
    let asked = Ask {
        redirect: &redirect,
        state: &state,
        challenge: &challenge(&verifier),
    };
    let going = match app.connectors.of(platform).authorize(service, &asked).await {
        Ok(going) => going,
        Err(failure) if repair.is_some() => {
            return Err(Error::Refused(Said::new(failure_key(&failure))));
        }
        Err(failure) => {
            form.set("platform", platform.as_str());
            form.wrong("identifier", Said::new(failure_key(&failure)));
            return again(frame, me, form).await;
        }
    };
    let kept = Kept {
        member: me.id,
        session: me.session,
        platform,
        service: service.to_owned(),
        repair,
        step: Step::Away {
            verifier,
            keep: going.keep.expose_secret().to_owned(),
        },
    };
    kept.put(app, &state).await?;
    let page = frame.page_said(&Said::new("channels-away-title").with("platform", platform.name()));
    web::html(&Away {
        w: page.w.clone(),
        page,
        platform: platform.name(),
        host: going.url.host_str().unwrap_or_default().to_owned(),
        url: going.url.into(),
    })
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
}

#[derive(Template)]
#[template(path = "channel/choose.html")]
struct Choose {
    page: Page,
    w: Words,
    platform: &'static str,
    offer: String,
    /// Index, name shown.
    accounts: Vec<(usize, String)>,
    repair: bool,
}

/// The person is back. Nothing is connected yet: a page with a button says what would be.
async fn back(frame: Frame, me: Signed, Query(answer): Query<Answer>) -> Result<Response, Error> {
    let app = &frame.app;
    let kept = Kept::take(app, &me, &answer.state).await?;
    let Step::Away { verifier, keep } = &kept.step else {
        return Err(Error::refused("channels-back-old"));
    };
    let refused = |code: Code| Error::Refused(Said::new(format!("connect-{code}")));
    if answer.code.is_empty() {
        return Err(refused(Code::NotGranted));
    }
    let given = Back {
        code: &SecretString::from(answer.code),
        verifier: &SecretString::from(verifier.clone()),
        redirect: &redirect(app)?,
        keep: &SecretString::from(keep.clone()),
    };
    let connector = app.connectors.of(kept.platform);
    let accounts = match connector.arrive(&kept.service, &given).await {
        Ok(accounts) if accounts.is_empty() => return Err(refused(Code::NoPage)),
        Ok(accounts) => accounts,
        Err(failure) => return Err(Error::Refused(Said::new(failure_key(&failure)))),
    };
    let names = accounts
        .iter()
        .enumerate()
        .map(|(n, one)| (n, one.account.handle.clone()))
        .collect();
    let offers = accounts.into_iter().map(|one| Offer {
        account: one.account,
        secret: one.secret.expose_secret().to_owned(),
        until: one.until,
    });
    let (platform, repair) = (kept.platform, kept.repair.is_some());
    let offered = Kept {
        step: Step::Offered(offers.collect()),
        ..kept
    };
    let offer = session::secret()?;
    offered.put(app, &offer).await?;
    let page =
        frame.page_said(&Said::new("channels-choose-title").with("platform", platform.name()));
    web::html(&Choose {
        w: page.w.clone(),
        page,
        platform: platform.name(),
        offer,
        accounts: names,
        repair,
    })
}

/// The person says which account it is.
async fn choose(frame: Frame, me: Signed, form: Form) -> Result<Response, Error> {
    let app = &frame.app;
    let kept = Kept::take(app, &me, form.trimmed("offer")).await?;
    let chosen: Option<usize> = form.trimmed("account").parse().ok();
    let offer = match (kept.step, chosen) {
        (Step::Offered(offers), Some(n)) => offers.into_iter().nth(n),
        _ => None,
    };
    let offer = offer.ok_or_else(|| Error::refused("channels-back-old"))?;
    let connected = Connected {
        account: offer.account,
        secret: SecretString::from(offer.secret),
        until: offer.until,
    };
    match kept.repair {
        None => {
            let display = connected.account.handle.clone();
            ask(&frame, &me, connected, &display).await
        }
        Some(id) => {
            let row = app.store.read().await?.channel(id).await?;
            repair::replace(&frame, &me, &row, connected).await
        }
    }
}
