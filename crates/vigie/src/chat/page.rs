//! The rooms: opened and closed by whoever may change how the organisation works.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vigie_connect::Failure;
use vigie_connect::chat::ChatDeclaration;
use vigie_connect::chat::matrix::WORD;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::change::ChangeKind;
use vigie_core::id::ChatRoomId;
use vigie_core::member::Lang;
use vigie_core::rights::Act;
use vigie_store::{BoundRow, ChatLinkRow, ChatRoomRow};

use super::{KINDS, Keys, PURPOSE, Voice, built, declared};
use crate::app::App;
use crate::change::apply;
use crate::channel::page::failure_key;
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

/// How long it is shown that something was missed.
const SHOWN: SignedDuration = SignedDuration::from_hours(24 * 7);

/// The routes of this room.
pub(super) fn routes() -> Vec<Route> {
    let change = Who::Member(Act::ProposeChange);
    vec![
        Route::get("/chat", Who::Member(Act::Read), show),
        Route::post("/chat/open/{kind}", change, open).rate(Rate::COSTLY),
        Route::post("/chat/{id}/close", change, close),
    ]
}

struct Choice {
    kind: &'static str,
    chat: &'static ChatDeclaration,
}

struct Line {
    row: ChatRoomRow,
    chat: &'static str,
    /// Where Slack calls.
    hook: Option<String>,
    /// How the connection is that is kept to listen there.
    health: Option<Health>,
    /// When more was said than could be read.
    missed: Option<Timestamp>,
}

/// How listening goes.
enum Health {
    /// This build does not speak it.
    NotBuilt,
    /// Connected since then.
    Since(Timestamp),
    /// Connected, but not let into the room.
    Outside,
    /// Not connected: the key of why, and since when.
    Trouble(String, Timestamp),
    /// Nobody has begun yet.
    Soon,
}

impl Line {
    fn of(row: ChatRoomRow, links: &[ChatLinkRow], app: &App) -> Self {
        let called = row.kind == "slack" && row.account.is_none();
        let link = links
            .iter()
            .find(|link| Some(&link.account) == row.account.as_ref());
        Self {
            chat: declared(&row.kind).map_or("", |chat| chat.name),
            hook: called.then(|| app.config.link(&format!("/hooks/chat/{}", row.id))),
            health: Health::of(&row, link, app.clock.now()),
            missed: link
                .and_then(|link| link.missed_at)
                .filter(|at| app.clock.now().duration_since(*at) < SHOWN),
            row,
        }
    }

    /// How people there say who they are: the key of the words, to whom, and with which word.
    fn known(&self) -> Option<(&'static str, &str, &'static str)> {
        let own = self.row.own.as_deref().unwrap_or_default();
        match self.row.kind.as_str() {
            "xmpp" => Some(("chat-known-xmpp", own, "vigie")),
            "matrix" => Some(("chat-known-matrix", own, WORD)),
            _ => None,
        }
    }
}

/// The key of the words about a trouble of a connection.
fn trouble_key(code: &str) -> String {
    match code {
        "bad_credentials" | "token_expired" => "chat-link-key".to_owned(),
        _ => format!("connect-{code}"),
    }
}

impl Health {
    fn of(row: &ChatRoomRow, link: Option<&ChatLinkRow>, now: Timestamp) -> Option<Self> {
        row.account.as_ref().filter(|_| row.status == "open")?;
        if !built(&row.kind) {
            return Some(Self::NotBuilt);
        }
        let Some(link) = link else {
            return Some(Self::Soon);
        };
        let held = link.lease_until.is_some_and(|until| until > now);
        Some(match (link.since, &link.trouble, link.trouble_at) {
            (Some(_), ..) if held && row.kind == "xmpp" && !link.joined.contains(&row.room) => {
                Self::Outside
            }
            (Some(since), ..) if held => Self::Since(since),
            (None, Some(trouble), Some(at)) => Self::Trouble(trouble_key(trouble), at),
            _ => Self::Soon,
        })
    }
}

#[derive(Template)]
#[template(path = "chat/rooms.html")]
struct Rooms {
    page: Page,
    w: Words,
    lines: Vec<Line>,
    choices: Vec<Choice>,
    bound: Vec<BoundRow>,
    form: Form,
    may: bool,
}

async fn view(frame: &Frame, me: &Signed, form: Form) -> Result<Rooms, Error> {
    let mut conn = frame.app.store.read().await?;
    let links = conn.chat_links().await?;
    let rooms = conn.chat_rooms().await?.into_iter();
    let lines = rooms.map(|row| Line::of(row, &links, &frame.app)).collect();
    let choices = KINDS
        .iter()
        .filter_map(|kind| {
            Some(Choice {
                kind,
                chat: declared(kind)?,
            })
        })
        .collect();
    let page = frame.page("chat-title");
    Ok(Rooms {
        w: page.w.clone(),
        page,
        lines,
        choices,
        bound: conn.chat_bound(me.id).await?,
        form,
        may: me.may(Act::ProposeChange),
    })
}

async fn show(frame: Frame, me: Signed) -> Result<Response, Error> {
    web::html(&view(&frame, &me, Form::new()).await?)
}

impl Choice {
    /// Whether this build speaks it.
    fn is_built(&self) -> bool {
        built(self.kind)
    }

    fn is_xmpp(&self) -> bool {
        self.kind == "xmpp"
    }

    fn has_token(&self) -> bool {
        matches!(self.kind, "slack" | "matrix" | "hipchat")
    }

    fn is_mail(&self) -> bool {
        self.kind == "mail"
    }

    fn has_signing(&self) -> bool {
        matches!(self.kind, "slack" | "webhook")
    }

    fn has_address(&self) -> bool {
        matches!(self.kind, "mattermost" | "teams" | "webhook")
    }

    fn has_server(&self) -> bool {
        matches!(self.kind, "matrix" | "hipchat" | "mail" | "xmpp")
    }
}

async fn open(
    frame: Frame,
    me: Signed,
    Path(kind): Path<String>,
    mut form: Form,
) -> Result<Response, Error> {
    let app = &frame.app;
    let kind = *KINDS.iter().find(|k| **k == kind).ok_or(Error::NotFound)?;
    let choice = Choice {
        kind,
        chat: declared(kind).ok_or(Error::NotFound)?,
    };
    if !choice.is_built() {
        return Err(Error::refused("chat-not-built"));
    }
    form.set("kind", kind);
    let name = form.required("name", 80);
    let mut keys = Keys::default();
    let (mut room, mut server) = (String::new(), form.trimmed("server").to_owned());
    if choice.has_token() {
        keys.token = form.required("token", 1_000);
        room = form.required("room", 200);
    }
    if choice.is_mail() {
        keys.address = form.required("from", 300);
        keys.token = form.value("token").to_owned();
        room = form.required("room", 300);
    }
    if choice.is_xmpp() {
        keys.address = form.required("account", 300);
        keys.token = form.required("token", 1_000);
        keys.room = form.value("password").to_owned();
        room = form.required("room", 300);
    }
    if kind == "slack" {
        keys.app = form.trimmed("app").to_owned();
    }
    // Over a connection that Vigie opens, nothing has to be signed.
    if choice.has_signing() && keys.app.is_empty() {
        keys.signing = form.required("signing", 200);
    } else if choice.has_signing() {
        keys.signing = form.trimmed("signing").to_owned();
    }
    if choice.has_address() {
        keys.address = form.required("address", 2_000);
    }
    if choice.has_server() {
        server = form.required("server", 300);
    } else if !(kind == "slack" && allowed(app, &server)) {
        // Another address of Slack's interface is the operator's to allow: it proves whose workspace this is.
        server = String::new();
    }
    let lang = Lang::parse(form.trimmed("lang")).unwrap_or(frame.viewer.lang);
    if !form.ok() {
        return again(&frame, &me, form).await;
    }
    let known = match known(app, kind, &server, &mut keys, &mut room).await {
        Ok(known) => known,
        Err(failure) => {
            let elsewhere = choice.is_xmpp() && failure.detail == super::ELSEWHERE;
            let key = match (choice.is_mail(), elsewhere) {
                (true, _) => crate::mail::failed(failure.code.as_str()),
                (false, true) => "chat-xmpp-elsewhere".to_owned(),
                (false, false) => failure_key(&failure),
            };
            form.wrong("name", Said::new(key));
            return again(&frame, &me, form).await;
        }
    };
    let place = place(&choice, &server, &room, &keys);
    let now = app.clock.now();
    let id = ChatRoomId::new(Uuid::now_v7());
    let mut tx = app.store.begin().await?;
    let secret = vault::put(&mut tx, &app.vault, PURPOSE, &keys.seal(), now).await?;
    tx.chat_room_add(&ChatRoomRow {
        id,
        kind: kind.to_owned(),
        name: name.clone(),
        room,
        server,
        lang: lang.as_str().to_owned(),
        secret: Some(secret),
        account: known.account(kind, &keys),
        chat: known.chat,
        own: known.own,
        status: "pending".to_owned(),
        trouble: None,
        created_by: me.id,
        created_at: now,
    })
    .await?;
    let actor = AuditActor::Member { member: me.id };
    let detail: vigie_store::Detail<'_> = &[("kind", &kind), ("name", &name), ("place", &place)];
    tx.audit(now, actor, "chat.open", &format!("chat/{id}"), detail)
        .await?;
    let change = ChangeKind::OpenRoom {
        room: id,
        name,
        place,
    };
    apply::prepare(&mut tx, me.id, change, now).await?;
    tx.commit().await?;
    Ok(web::done(app, "/chat", &Flash::good("chat-opened")))
}

/// Whether the operator allows the host of an address.
fn allowed(app: &App, server: &str) -> bool {
    let host = url::Url::parse(server)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| {
        app.config
            .allowed_private
            .iter()
            .any(|entry| entry.split(':').next() == Some(host.as_str()))
    })
}

/// Where a room is, for whoever confirms it. No secret: of an address, only the host.
fn place(choice: &Choice, server: &str, room: &str, keys: &Keys) -> String {
    let host = if choice.has_address() {
        vigie_connect::chat::Address::parse(&keys.address)
            .map(|address| address.host())
            .unwrap_or_default()
    } else {
        server.to_owned()
    };
    [choice.chat.name, &host, room]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// What was proven of a room.
struct Proven {
    /// The workspace or server whose ids speakers have.
    chat: String,
    /// Vigie's own id there.
    own: Option<String>,
    server: String,
}

impl Proven {
    /// The account whose connection is kept to listen.
    fn account(&self, kind: &str, keys: &Keys) -> Option<String> {
        let own = self.own.as_deref()?;
        let at = match kind {
            "slack" if !keys.app.is_empty() => self.chat.as_str(),
            "matrix" | "xmpp" => self.server.as_str(),
            _ => return None,
        };
        Some(format!("{kind} {at} {own}"))
    }
}

/// Proves what can be proven before anything is said: the workspace, and Vigie's own id there.
async fn known(
    app: &App,
    kind: &str,
    server: &str,
    keys: &mut Keys,
    room: &mut String,
) -> Result<Proven, Failure> {
    let proven = |chat: String, own: Option<String>| Proven {
        chat,
        own,
        server: server.to_owned(),
    };
    #[cfg(feature = "xmpp")]
    if kind == "xmpp" {
        let known = super::xmpp::read(&keys.address, room)?;
        (keys.address, *room) = (known.jid, known.room);
        super::xmpp::check(app.http.reach(), server, keys, room).await?;
        return Ok(proven(known.domain, Some(keys.address.clone())));
    }
    match Voice::new(&app.http, kind, server, keys)? {
        Voice::Slack(slack) => {
            let workspace = slack.check().await?;
            Ok(proven(workspace.id, Some(workspace.bot)))
        }
        Voice::Matrix(matrix) => {
            let own = matrix.check().await?;
            *room = matrix.join(room).await?;
            if matrix.is_encrypted(room).await? {
                return Err(Failure::new(
                    vigie_connect::Code::NotOffered,
                    "an encrypted room",
                ));
            }
            Ok(proven(matrix.chat().to_owned(), Some(own)))
        }
        Voice::Mail { outgoing, .. } => {
            super::mailbox(room)?;
            outgoing.check(super::WITHIN).await?;
            Ok(proven(kind.to_owned(), None))
        }
        _ => Ok(proven(kind.to_owned(), None)),
    }
}

async fn again(frame: &Frame, me: &Signed, form: Form) -> Result<Response, Error> {
    web::html_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &view(frame, me, form).await?,
    )
}

async fn close(frame: Frame, me: Signed, Path(id): Path<ChatRoomId>) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    let mut tx = frame.app.store.begin().await?;
    tx.chat_room_close(id).await?;
    let actor = AuditActor::Member { member: me.id };
    tx.audit(now, actor, "chat.close", &format!("chat/{id}"), &[])
        .await?;
    tx.commit().await?;
    Ok(web::done(&frame.app, "/chat", &Flash::good("chat-closed")))
}
