//! The organisation's mail: through what letters go, how they are signed, where answers are read. Setting it up takes
//! two people, as opening a room does: drafts go that way, and approvals may come.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;
use vigie_connect::mail::Address;
use vigie_connect::{Code, Failure};
use vigie_core::audit::leaf::AuditActor;
use vigie_core::change::ChangeKind;
use vigie_core::id::MailServerId;
use vigie_core::rights::Act;
use vigie_store::MailServerRow;

use super::address::{Written, deliver};
use super::{Keys, PURPOSE, Postman, WITHIN, failed, incoming, name};
use crate::app::App;
use crate::change::apply;
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
pub(super) fn routes() -> Vec<Route> {
    let change = Who::Member(Act::ProposeChange);
    vec![
        Route::get("/settings/mail", Who::Member(Act::Read), show),
        Route::post("/settings/mail", change, ask).rate(Rate::COSTLY),
        Route::post("/settings/mail/test", change, test).rate(Rate::COSTLY),
        Route::post("/settings/mail/{id}/close", change, close),
    ]
}

#[derive(Template)]
#[template(path = "mail/server.html")]
struct View {
    page: Page,
    w: Words,
    rows: Vec<MailServerRow>,
    form: Form,
    may: bool,
}

impl View {
    fn failed(&self, name: &str) -> String {
        self.w.t(failed(name))
    }
}

async fn view(frame: &Frame, me: &Signed, form: Form) -> Result<View, Error> {
    let page = frame.page("mail-server-title");
    Ok(View {
        w: page.w.clone(),
        page,
        rows: frame.app.store.read().await?.mail_servers().await?,
        form,
        may: me.may(Act::ProposeChange),
    })
}

async fn show(frame: Frame, me: Signed) -> Result<Response, Error> {
    let form = Form::new().with("folder", "INBOX");
    web::html(&view(&frame, &me, form).await?)
}

async fn again(frame: &Frame, me: &Signed, form: Form) -> Result<Response, Error> {
    web::html_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &view(frame, me, form).await?,
    )
}

/// An optional line of the form, at most `most` characters and without control characters.
fn optional(form: &mut Form, name: &'static str, most: usize) -> String {
    let text = form.trimmed(name).to_owned();
    if text.chars().count() > most || text.chars().any(char::is_control) {
        form.wrong(name, Said::new("form-too-long").with("most", most));
    }
    text
}

/// What was typed, as it would be kept.
fn typed(form: &mut Form, me: &Signed, now: jiff::Timestamp) -> (MailServerRow, Keys) {
    let sender = form.required("sender", 300);
    if !sender.is_empty() && Address::parse(&sender).is_none() {
        form.wrong_key("sender", "mail-address-odd");
    }
    let inbox = optional(form, "inbox", 300);
    let dkim = form.trimmed("dkim").to_owned();
    if dkim.len() > 16_000 {
        form.wrong("dkim", Said::new("form-too-long").with("most", 16_000_u32));
    }
    let (selector, domain) = match dkim.is_empty() {
        true => (String::new(), String::new()),
        false => (form.required("selector", 60), form.required("domain", 200)),
    };
    let (inbox_account, folder) = match inbox.is_empty() {
        true => (String::new(), String::new()),
        false => (
            form.required("inbox_account", 300),
            form.required("folder", 100),
        ),
    };
    let keys = Keys {
        password: form.value("password").to_owned(),
        inbox: form.value("inbox_password").to_owned(),
        dkim,
    };
    let row = MailServerRow {
        id: MailServerId::new(Uuid::now_v7()),
        status: "pending".to_owned(),
        sender,
        server: form.required("server", 300),
        account: optional(form, "account", 300),
        selector,
        domain,
        record: String::new(),
        inbox,
        inbox_account,
        folder,
        trusted: optional(form, "trusted", 200),
        secret: None,
        trouble: None,
        inbox_trouble: None,
        cursor: None,
        read_at: None,
        created_by: me.id,
        created_at: now,
    };
    (row, keys)
}

/// Proves what can be proven before anything is sent: the key signs, both logins work. Says beside which field it
/// fails.
async fn known(
    app: &App,
    row: &mut MailServerRow,
    keys: &Keys,
) -> Result<(), (&'static str, Failure)> {
    let postman = Postman::new(app, row, keys).map_err(|failure| match failure.code {
        Code::BadKey => ("dkim", failure),
        _ => ("server", failure),
    })?;
    if let Some(dkim) = &postman.outgoing.dkim {
        dkim.record().clone_into(&mut row.record);
    }
    postman
        .outgoing
        .check(WITHIN)
        .await
        .map_err(|failure| ("server", failure))?;
    let inbox = incoming(app, row, keys).map_err(|failure| ("inbox", failure))?;
    if let Some(inbox) = inbox {
        // Inside the thirty seconds of a request, together with the sending side.
        let round = inbox.open(std::time::Duration::from_secs(8)).await;
        let round = round.map_err(|failure| match failure.code {
            Code::FolderMissing => ("folder", failure),
            _ => ("inbox", failure),
        })?;
        round.close().await;
    }
    Ok(())
}

async fn ask(frame: Frame, me: Signed, mut form: Form) -> Result<Response, Error> {
    let app = &frame.app;
    let now = app.clock.now();
    let (mut row, keys) = typed(&mut form, &me, now);
    if !form.ok() {
        return again(&frame, &me, form).await;
    }
    if let Err((field, failure)) = known(app, &mut row, &keys).await {
        form.wrong(field, Said::new(failed(name(failure.code))));
        return again(&frame, &me, form).await;
    }
    let place = [row.sender.as_str(), &row.server, &row.inbox]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ");
    let mut tx = app.store.begin().await?;
    row.secret = Some(vault::put(&mut tx, &app.vault, PURPOSE, &keys.seal(), now).await?);
    tx.mail_server_add(&row).await?;
    let actor = AuditActor::Member { member: me.id };
    let detail: vigie_store::Detail<'_> = &[("place", &place)];
    let object = format!("mail/{}", row.id);
    tx.audit(now, actor, "mail.open", &object, detail).await?;
    let change = ChangeKind::SetUpMail {
        server: row.id,
        place,
    };
    apply::prepare(&mut tx, me.id, change, now).await?;
    tx.commit().await?;
    Ok(web::done(
        app,
        "/settings/mail",
        &Flash::good("mail-server-asked"),
    ))
}

/// A letter to whoever asks, at their own proven address.
async fn test(frame: Frame, me: Signed) -> Result<Response, Error> {
    let app = &frame.app;
    let mut conn = app.store.read().await?;
    let server = conn.mail_server_in_use().await?;
    let address = conn.mail_address(me.id).await?;
    drop(conn);
    let server = server.ok_or_else(|| Error::refused("mail-none"))?;
    let to = address
        .and_then(|row| Address::parse(&row.address))
        .ok_or_else(|| Error::refused("mail-test-first"))?;
    let letter = Written {
        title: "mail-test-title",
        body: vec![Said::new("mail-test-what")],
        link: None,
        footer: "mail-test-why",
    };
    let flash = match deliver(app, &server, &frame.words(), &me.name, to, letter).await {
        Ok(()) => Flash::good("mail-test-sent"),
        Err(said) => Flash {
            tone: crate::web::flash::Tone::Bad,
            said,
        },
    };
    Ok(web::done(app, "/settings/mail", &flash))
}

async fn close(frame: Frame, me: Signed, Path(id): Path<MailServerId>) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    let mut tx = frame.app.store.begin().await?;
    // What waits for a second person is answered there, with the change that it belongs to.
    if tx.mail_server(id).await?.status != "open" {
        return Err(vigie_store::Error::Conflict.into());
    }
    tx.mail_server_close(id).await?;
    let actor = AuditActor::Member { member: me.id };
    tx.audit(now, actor, "mail.close", &format!("mail/{id}"), &[])
        .await?;
    tx.commit().await?;
    Ok(web::done(
        &frame.app,
        "/settings/mail",
        &Flash::good("mail-server-closed"),
    ))
}
