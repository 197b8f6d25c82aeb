//! Stopping letters from the letter itself: a signed address for one member and one kind of letter. Opening it changes
//! nothing; the button, or the mail program's own (RFC 8058), stops them. Nobody needs to sign in for that.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use secrecy::ExposeSecret as _;
use url::Url;
use uuid::Uuid;
use vigie_connect::hook::mac_with;
use vigie_core::id::MemberId;
use vigie_core::letter::{LetterKind, Rhythm};
use vigie_store::Tx;

use crate::app::App;
use crate::post::who::Who as Acting;
use crate::web::error::Error;
use crate::web::frame::{Frame, Page};
use crate::web::route::{Route, Who};
use crate::web::{self};
use crate::words::Words;

/// The routes of this room. They lie where calls from outside do: mail programs call them, and say no origin.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/hooks/mail/stop/{token}", Who::Anyone, show),
        Route::post("/hooks/mail/stop/{token}", Who::Anyone, stop).private(),
    ]
}

/// Which letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Of one kind.
    Kind(LetterKind),
    /// Those that gather several things.
    Gathered,
}

impl What {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Kind(kind) => kind.as_str(),
            Self::Gathered => "gathered",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "gathered" => Some(Self::Gathered),
            kind => LetterKind::parse(kind).map(Self::Kind),
        }
    }
}

fn signature(app: &App, member: MemberId, what: What) -> String {
    let signed = format!("vigie-mail-stop\n{member}\n{}", what.as_str());
    let mac = mac_with(app.keys.link.expose_secret(), signed.as_bytes());
    hex::encode(mac.get(..16).unwrap_or(&mac))
}

/// Where a member stops these letters.
pub fn link(app: &App, member: MemberId, what: What) -> Option<Url> {
    let path = format!(
        "/hooks/mail/stop/{}.{}.{}",
        member.uuid().simple(),
        what.as_str(),
        signature(app, member, what)
    );
    Url::parse(&app.config.link(&path)).ok()
}

/// Whose letters of which kind an address stops.
fn read(app: &App, token: &str) -> Result<(MemberId, What), Error> {
    let mut parts = token.split('.');
    let (Some(member), Some(what), Some(given), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Error::NotFound);
    };
    let member = Uuid::try_parse(member).map_err(|_| Error::NotFound)?;
    let (member, what) = (
        MemberId::new(member),
        What::parse(what).ok_or(Error::NotFound)?,
    );
    let right = signature(app, member, what);
    let same: bool = subtle::ConstantTimeEq::ct_eq(right.as_bytes(), given.as_bytes()).into();
    same.then_some((member, what)).ok_or(Error::NotFound)
}

#[derive(Template)]
#[template(path = "mail/stop.html")]
struct Stop {
    page: Page,
    w: Words,
    token: String,
    what: &'static str,
    done: bool,
}

fn view(frame: &Frame, token: String, what: What, done: bool) -> Result<Response, Error> {
    let page = frame.page("mail-stop-title");
    web::html(&Stop {
        w: page.w.clone(),
        page,
        token,
        what: what.as_str(),
        done,
    })
}

async fn show(frame: Frame, Path(token): Path<String>) -> Result<Response, Error> {
    let (_, what) = read(&frame.app, &token)?;
    view(&frame, token, what, false)
}

async fn stop(frame: Frame, Path(token): Path<String>) -> Result<Response, Error> {
    let (member, what) = read(&frame.app, &token)?;
    let now = frame.app.clock.now();
    let mut tx = frame.app.store.begin().await?;
    // Asked again, or without an address any more: they are stopped already, and that is all that was wanted.
    if ended(&mut tx, member, what).await? {
        let detail: vigie_store::Detail<'_> = &[("letters", &what.as_str())];
        let object = format!("member/{member}");
        tx.audit(now, Acting::system().audit, "mail.stop", &object, detail)
            .await?;
        tx.commit().await?;
    }
    view(&frame, token, what, true)
}

async fn ended(tx: &mut Tx, member: MemberId, what: What) -> Result<bool, Error> {
    let Some(row) = tx.mail_address(member).await? else {
        return Ok(false);
    };
    let mut wishes = row.wishes.clone();
    match what {
        What::Kind(kind) => {
            wishes.kinds.remove(&kind);
            tx.letters_drop(member, kind.as_str()).await?;
        }
        What::Gathered => {
            wishes.rhythm = Rhythm::Never;
            tx.letters_move(member, None).await?;
        }
    }
    if wishes == row.wishes {
        return Ok(false);
    }
    tx.mail_wishes(member, &wishes).await?;
    Ok(true)
}
