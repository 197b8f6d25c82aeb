//! What Slack tells Vigie: buttons, words in our conversations, the wish to be bound. Each call is proven by its
//! signature and its clock, answered at once, and then worked on.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use secrecy::SecretString;
use url::Url;
use vigie_connect::chat::slack::{AnswerAt, Came, Received, receive};
use vigie_connect::chat::{ActionId, Heard, Note, Speaker};
use vigie_connect::hook::{HookCall, MAX_BODY};
use vigie_core::content::Digest;
use vigie_core::id::{ChatRoomId, MemberId, PostId};
use vigie_core::member::Lang;
use vigie_store::{ChatRoomRow, Conn};

use super::{Keys, Voice, bind, note};
use crate::app::App;
use crate::post::actions::{self, Origin};
use crate::post::who::Who as Acting;
use crate::web::error::Error;
use crate::web::route::{Route, Who};
use crate::words::Words;

/// How long answering a press may take.
const WITHIN: std::time::Duration = std::time::Duration::from_secs(10);

/// The routes of this room.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/hooks/chat/{room}", Who::Anyone, call)
            .body(MAX_BODY)
            .private(),
    ]
}

async fn call(
    State(app): State<App>,
    Path(id): Path<ChatRoomId>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Error> {
    let room = app.store.read().await?.chat_room(id).await?;
    if room.kind != "slack" || room.status != "open" {
        return Err(Error::NotFound);
    }
    let keys = Keys::open(&app, &room).await?;
    if keys.signing.is_empty() {
        // Heard over a connection of ours: nothing that calls proves anything.
        return Err(Error::NotFound);
    }
    let given = HookCall {
        post: true,
        query: &[],
        headers: &headers,
        body: &body,
        word: "",
        now: app.clock.now(),
    };
    let signing = SecretString::from(keys.signing);
    let came = match receive(&signing, room.own.as_deref(), &given) {
        Err(failure) => {
            tracing::info!(room = %room.id, error = %failure, "a call of a chat was refused");
            return Ok(StatusCode::FORBIDDEN.into_response());
        }
        Ok(Received::Challenge(text)) => {
            return Ok(([(header::CONTENT_TYPE, "text/plain")], text).into_response());
        }
        Ok(Received::Came(came)) => came,
    };
    // Slack waits three seconds, and sends again what was not taken in.
    match tokio::time::timeout(
        std::time::Duration::from_millis(2_500),
        work(&app, &room, came),
    )
    .await
    {
        Ok(Ok(())) => Ok(StatusCode::OK.into_response()),
        Ok(Err(error)) => {
            tracing::warn!(room = %room.id, error = ?error, "what a chat said was not taken in");
            Ok(StatusCode::SERVICE_UNAVAILABLE.into_response())
        }
        Err(_) => Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()),
    }
}

/// Takes in what was heard.
///
/// # Errors
/// The database.
pub async fn work(app: &App, room: &ChatRoomRow, came: Came) -> Result<(), Error> {
    // The room's secret proves the room's workspace only.
    let from = |who: &Speaker| who.chat == room.chat;
    match came.heard {
        Some(Heard::Bind { who }) if from(&who) => {
            offer(app, room, came.answer.as_ref(), &who).await
        }
        Some(Heard::Said {
            who,
            thread,
            text,
            message,
        }) if from(&who) => {
            let event = came.id.unwrap_or(message);
            said(app, room, &who, &thread, &text, &event).await
        }
        Some(Heard::Pressed {
            who,
            action,
            value,
            thread,
        }) if from(&who) => {
            let press = Press {
                who: &who,
                action,
                value: &value,
                thread: thread.as_deref().unwrap_or_default(),
            };
            pressed(app, room, came.answer.as_ref(), press).await
        }
        _ => Ok(()),
    }
}

pub(super) fn words(room: &ChatRoomRow) -> Words {
    Words::new(Lang::parse(&room.lang).unwrap_or(Lang::En))
}

/// A note for one person alone.
pub(super) fn aside(room: &ChatRoomRow, title: String, link: Option<(String, String)>) -> Note {
    let links = link.and_then(|(label, url)| Some((label, Url::parse(&url).ok()?)));
    Note {
        key: uuid::Uuid::now_v7().to_string(),
        thread: None,
        title,
        body: Vec::new(),
        contents: Vec::new(),
        findings: Vec::new(),
        actions: Vec::new(),
        links: links.into_iter().collect(),
        footer: String::new(),
        lang: room.lang.clone(),
    }
}

/// Says something to the person alone.
async fn whisper(
    app: &App,
    room: &ChatRoomRow,
    at: Option<&AnswerAt>,
    title: String,
    link: Option<(String, String)>,
) {
    let note = aside(room, title, link);
    if let (Some(at), Ok(Voice::Slack(slack))) = (at, Voice::of(app, room).await)
        && let Err(trouble) = slack.whisper(at, &note, WITHIN).await
    {
        tracing::info!(room = %room.id, error = %trouble.failure, "a person was not answered");
    }
}

async fn offer(
    app: &App,
    room: &ChatRoomRow,
    at: Option<&AnswerAt>,
    who: &Speaker,
) -> Result<(), Error> {
    let link = bind::link(app, who, &room.name).await?;
    let w = words(room);
    let label = w.t("chat-bind-link");
    whisper(app, room, at, w.t("chat-bind-first"), Some((label, link))).await;
    Ok(())
}

async fn member(app: &App, who: &Speaker) -> Result<Option<MemberId>, Error> {
    let mut conn = app.store.read().await?;
    Ok(conn.chat_member(&who.chat, &who.id).await?)
}

/// Whose words these are, and about what.
pub(super) struct Known<'a> {
    /// The member.
    pub who: Acting,
    /// The post.
    pub post: PostId,
    /// The room of the conversation.
    pub room: &'a ChatRoomRow,
}

/// The member that a speaker is, and the post that a conversation is about; nothing unless both are known.
///
/// # Errors
/// The database.
pub(super) async fn known<'a>(
    conn: &mut Conn,
    rooms: &'a [ChatRoomRow],
    who: &Speaker,
    thread: &str,
) -> Result<Option<Known<'a>>, vigie_store::Error> {
    if who.id.is_empty() {
        return Ok(None);
    }
    let Some(id) = conn.chat_member(&who.chat, &who.id).await? else {
        return Ok(None);
    };
    for room in rooms {
        let Some(post) = conn.chat_thread_post(room.id, thread).await? else {
            continue;
        };
        return match Acting::member(conn, id).await {
            Ok(who) => Ok(Some(Known { who, post, room })),
            Err(vigie_store::Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        };
    }
    Ok(None)
}

/// A member's words in a conversation of ours go to the post, and from there to the other rooms. Words of somebody who
/// is not bound stay in the chat. One app serves all rooms of a workspace: the conversation says which room it is.
async fn said(
    app: &App,
    told: &ChatRoomRow,
    who: &Speaker,
    thread: &str,
    text: &str,
    event: &str,
) -> Result<(), Error> {
    let mut conn = app.store.read().await?;
    let rooms = beside(&mut conn, told).await?;
    let Some(known) = known(&mut conn, &rooms, who, thread).await? else {
        return Ok(());
    };
    drop(conn);
    let event = format!("{}/{event}", told.chat);
    let origin = Origin {
        room: known.room.id,
        name: &known.room.name,
        event: &event,
    };
    match actions::comment_from(app, &known.who, known.post, text, Some(origin)).await {
        Ok(_) | Err(actions::ActionError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The open rooms of the same workspace: one app serves them all.
async fn beside(conn: &mut Conn, told: &ChatRoomRow) -> Result<Vec<ChatRoomRow>, Error> {
    let mut rooms = conn.chat_rooms().await?;
    rooms.retain(|room| room.status == "open" && room.kind == told.kind && room.chat == told.chat);
    Ok(rooms)
}

/// A button that was pressed; all of it is what somebody outside says.
struct Press<'a> {
    who: &'a Speaker,
    action: ActionId,
    value: &'a str,
    /// The conversation that the button is in; empty where the chat does not say.
    thread: &'a str,
}

async fn pressed(
    app: &App,
    room: &ChatRoomRow,
    at: Option<&AnswerAt>,
    press: Press<'_>,
) -> Result<(), Error> {
    let Press {
        who,
        action,
        value,
        thread,
    } = press;
    let w = words(room);
    let Some(id) = member(app, who).await? else {
        return offer(app, room, at, who).await;
    };
    let (post, digest) = match value.split_once(':') {
        Some((post, digest)) => (post, Digest::parse(digest)),
        None => (value, None),
    };
    let Ok(post) = post.parse::<PostId>() else {
        return Ok(());
    };
    let page = app.config.link(&format!("/posts/{post}"));
    let open = Some((w.t("chat-open"), page));
    let (ActionId::Approve, Some(digest)) = (action, digest) else {
        // What should change takes words: on the page.
        whisper(app, room, at, w.t("chat-changes-where"), open).await;
        return Ok(());
    };
    let mut conn = app.store.read().await?;
    let acting = Acting::member(&mut conn, id).await?;
    // The button stands where we asked about this very post, or it is not our button.
    let rooms = beside(&mut conn, room).await?;
    let mut place = None;
    for one in &rooms {
        if conn.chat_thread_post(one.id, thread).await? == Some(post) {
            place = Some(one);
            break;
        }
    }
    // What a room does not show is not approved there, whatever an old message offers.
    let hidden = conn
        .post(post)
        .await
        .is_ok_and(|post| !note::words_only(&post));
    drop(conn);
    let Some(place) = place.filter(|_| !hidden) else {
        whisper(app, room, at, w.t("chat-review-page"), open).await;
        return Ok(());
    };
    let said = match actions::approve_from(app, &acting, post, digest, None, Some(place)).await {
        Ok(_) => w.t1("chat-approved", "digest", digest.short()),
        Err(actions::ActionError::SealNeeded) => w.t("chat-review-sealed"),
        Err(error) => match Error::from(error) {
            Error::Refused(said) => w.say(&said),
            other => return Err(other),
        },
    };
    whisper(app, room, at, said, open).await;
    Ok(())
}
