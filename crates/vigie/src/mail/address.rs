//! A member's address for letters: given by themselves, proven by a letter, shown to nobody else, removed in one step;
//! and which letters they want there.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vigie_connect::chat::Note;
use vigie_connect::mail::{Address, Letter};
use vigie_connect::rest::Stage;
use vigie_core::id::MemberId;
use vigie_core::letter::{LetterKind, Rhythm, Wishes};
use vigie_core::schedule;
use vigie_store::{CeremonyKind, Limit, MailAddressRow, Taken};

use super::{Postman, WITHIN, failed, name};
use crate::account::me::{fresh, note};
use crate::account::session;
use crate::app::App;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::form::Form;
use crate::web::frame::{Frame, Page};
use crate::web::limit::Rate;
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::{Said, Words};

/// How long the link in the letter works.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// Letters that prove an address: three at once, then one in four hours, whoever the member writes to.
const PROOFS: Limit = Limit {
    size: 3,
    every: std::time::Duration::from_secs(4 * 3600),
};

/// The routes of this room.
pub(super) fn routes() -> Vec<Route> {
    let me = Who::SignedIn;
    vec![
        Route::get("/me/mail", me, show),
        Route::post("/me/mail/address", me, ask).rate(Rate::COSTLY),
        Route::get("/me/mail/prove/{token}", me, prove),
        Route::post("/me/mail/prove/{token}", me, confirm),
        Route::post("/me/mail/wishes", me, wish),
        Route::post("/me/mail/remove", me, remove),
    ]
}

/// What waits for the link: whose, and which address. Kept under the hash of the link.
#[derive(Serialize, Deserialize)]
struct Proof {
    mail: MemberId,
    address: String,
}

#[derive(Template)]
#[template(path = "mail/address.html")]
struct View {
    page: Page,
    w: Words,
    row: Option<MailAddressRow>,
    /// Whether the organisation sends letters at all.
    sends: bool,
    kinds: &'static [LetterKind],
    rhythms: &'static [Rhythm],
    form: Form,
}

impl View {
    fn wants(&self, kind: &LetterKind) -> bool {
        self.row
            .as_ref()
            .is_some_and(|row| row.wishes.kinds.contains(kind))
    }

    fn keeps(&self, rhythm: &Rhythm) -> bool {
        self.row
            .as_ref()
            .is_some_and(|row| row.wishes.rhythm == *rhythm)
    }

    fn came_back(&self) -> bool {
        self.row
            .as_ref()
            .is_some_and(|row| row.unreached.as_deref() == Some("returned"))
    }

    fn hour(&self) -> u8 {
        self.row.as_ref().map_or(8, |row| row.wishes.hour)
    }
}

async fn view(frame: &Frame, me: &Signed, form: Form) -> Result<View, Error> {
    let mut conn = frame.app.store.read().await?;
    let page = frame.page("mail-title");
    Ok(View {
        w: page.w.clone(),
        page,
        row: conn.mail_address(me.id).await?,
        sends: conn.mail_server_in_use().await?.is_some(),
        kinds: LetterKind::ALL,
        rhythms: Rhythm::ALL,
        form,
    })
}

async fn show(frame: Frame, me: Signed) -> Result<Response, Error> {
    web::html(&view(&frame, &me, Form::new()).await?)
}

async fn again(frame: &Frame, me: &Signed, form: Form) -> Result<Response, Error> {
    web::html_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &view(frame, me, form).await?,
    )
}

/// Mails the link. Whether somebody else holds the address is not said here: only to whoever opens the letter.
async fn ask(frame: Frame, me: Signed, mut form: Form) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    fresh(&me, now, "/me/mail")?;
    let typed = form.required("address", 300);
    let address = Address::parse(&typed);
    if form.ok() && address.is_none() {
        form.wrong_key("address", "mail-address-odd");
    }
    let (Some(address), true) = (address, form.ok()) else {
        return again(&frame, &me, form).await;
    };
    let Some(server) = app.store.read().await?.mail_server_in_use().await? else {
        return Err(Error::refused("mail-none"));
    };
    let token = super::token()?;
    let proof = Proof {
        mail: me.id,
        address: address.to_string(),
    };
    let body = serde_json::to_string(&proof).map_err(|e| Error::Internal(e.into()))?;
    let until = now.checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
    let mut tx = app.store.begin().await?;
    let bucket = format!("mail-proof/{}", me.id);
    if let Taken::Wait(wait) = tx.take_rate(&bucket, PROOFS, now).await? {
        return Err(Error::TooMany {
            seconds: wait.as_secs().max(1),
        });
    }
    let kind = CeremonyKind::Address;
    if tx.ceremonies(kind, now).await? >= 10_000 {
        return Err(Error::TooMany { seconds: 30 });
    }
    tx.ceremony_add(kind, None, &session::hash(&token), &body, now, until)
        .await?;
    note(&mut tx, &me, "mail.ask", now).await?;
    tx.commit().await?;
    let letter = Written {
        title: "mail-proof-title",
        body: vec![
            Said::new("mail-proof-what").with("name", me.name.clone()),
            Said::new("mail-proof-not"),
        ],
        link: Some(("mail-proof-link", format!("/me/mail/prove/{token}"))),
        footer: "mail-proof-once",
    };
    match deliver(app, &server, &frame.words(), &me.name, address, letter).await {
        Ok(()) => Ok(web::done(app, "/me/mail", &Flash::good("mail-proof-sent"))),
        Err(said) => {
            form.wrong("address", said);
            again(&frame, &me, form).await
        }
    }
}

/// A letter that goes while its reader waits.
pub(super) struct Written {
    pub title: &'static str,
    pub body: Vec<Said>,
    pub link: Option<(&'static str, String)>,
    pub footer: &'static str,
}

/// Sends a letter at once; what to say when it did not go.
pub(super) async fn deliver(
    app: &App,
    server: &vigie_store::MailServerRow,
    w: &Words,
    reader: &str,
    to: Address,
    written: Written,
) -> Result<(), Said> {
    let postman = Postman::of(app, server)
        .await
        .map_err(|failure| Said::new(failed(name(failure.code))))?;
    let link = written.link.and_then(|(label, path)| {
        let url = url::Url::parse(&app.config.link(&path)).ok()?;
        Some((w.t(label), url))
    });
    let letter = Letter {
        from: postman.from.clone(),
        to: vigie_connect::mail::Mailbox {
            name: reader.to_owned(),
            address: to,
        },
        note: Note {
            key: Uuid::now_v7().to_string(),
            thread: None,
            title: w.t(written.title),
            body: written.body.iter().map(|said| w.say(said)).collect(),
            contents: Vec::new(),
            findings: Vec::new(),
            actions: Vec::new(),
            links: link.into_iter().collect(),
            footer: w.t(written.footer),
            lang: w.lang_code().to_owned(),
        },
        items: Vec::new(),
        token: None,
        unsubscribe: None,
    };
    match postman.outgoing.send(&letter, WITHIN).await {
        Ok(_) => Ok(()),
        Err(trouble) if trouble.stage == Stage::Unknown => Err(Said::new("mail-perhaps-sent")),
        Err(trouble) if trouble.failure.code == vigie_connect::Code::RefusedByServer => {
            Err(Said::new("mail-refused-there"))
        }
        Err(trouble) => Err(Said::new(failed(name(trouble.failure.code)))),
    }
}

#[derive(Template)]
#[template(path = "mail/prove.html")]
struct Prove {
    page: Page,
    w: Words,
    token: String,
    address: String,
}

fn proof(body: Option<String>, me: &Signed) -> Result<Proof, Error> {
    let old = || Error::refused("mail-proof-old");
    let proof: Proof = serde_json::from_str(&body.ok_or_else(old)?).map_err(|_| old())?;
    if proof.mail == me.id {
        Ok(proof)
    } else {
        Err(old())
    }
}

/// Looking changes nothing: mail programs open links by themselves.
async fn prove(frame: Frame, me: Signed, Path(token): Path<String>) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    fresh(&me, now, &format!("/me/mail/prove/{token}"))?;
    let mut conn = frame.app.store.read().await?;
    let body = conn.ceremony_body(&session::hash(&token), now).await?;
    drop(conn);
    let proof = proof(body, &me)?;
    let page = frame.page("mail-prove-title");
    web::html(&Prove {
        w: page.w.clone(),
        page,
        token,
        address: proof.address,
    })
}

async fn confirm(frame: Frame, me: Signed, Path(token): Path<String>) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    fresh(&me, now, &format!("/me/mail/prove/{token}"))?;
    let mut tx = app.store.begin().await?;
    let body = tx.ceremony_take(&session::hash(&token), now).await?;
    let proof = proof(body, &me)?;
    let address = Address::parse(&proof.address).ok_or_else(|| Error::refused("mail-proof-old"))?;
    match tx
        .mail_address_put(me.id, &address.to_string(), &address.id(), now)
        .await
    {
        Ok(()) => {}
        Err(vigie_store::Error::Unique(_)) => return Err(Error::refused("mail-taken")),
        Err(error) => return Err(error.into()),
    }
    // The log goes out of the house: it says that there is an address, not which.
    note(&mut tx, &me, "mail.prove", now).await?;
    tx.commit().await?;
    Ok(web::done(app, "/me/mail", &Flash::good("mail-proven")))
}

async fn wish(frame: Frame, me: Signed, mut form: Form) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    let kinds: BTreeSet<LetterKind> = form.all("kind").filter_map(LetterKind::parse).collect();
    let rhythm = Rhythm::parse(form.trimmed("rhythm"));
    let hour = form.trimmed("hour").parse::<u8>().ok().filter(|h| *h < 24);
    let (Some(rhythm), Some(hour)) = (rhythm, hour) else {
        form.wrong_key("rhythm", "form-required");
        return again(&frame, &me, form).await;
    };
    let wishes = Wishes {
        kinds,
        rhythm,
        hour,
    };
    let mut tx = app.store.begin().await?;
    let org = tx.organisation().await?.ok_or(Error::NotFound)?;
    let zone = schedule::zone(&org.tz).unwrap_or(jiff::tz::TimeZone::UTC);
    tx.mail_wishes(me.id, &wishes).await?;
    for kind in LetterKind::ALL.iter().filter(|k| !wishes.kinds.contains(k)) {
        tx.letters_drop(me.id, kind.as_str()).await?;
    }
    tx.letters_move(me.id, wishes.next(&zone, now)).await?;
    note(&mut tx, &me, "mail.wishes", now).await?;
    tx.commit().await?;
    Ok(web::done(app, "/me/mail", &Flash::good("mail-wished")))
}

async fn remove(frame: Frame, me: Signed) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    tx.mail_address_remove(me.id).await?;
    note(&mut tx, &me, "mail.remove", now).await?;
    tx.commit().await?;
    Ok(web::done(app, "/me/mail", &Flash::good("mail-removed")))
}
