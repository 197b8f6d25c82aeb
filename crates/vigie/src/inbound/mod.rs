//! What reached the company's pages: comments, mentions and messages of other people. An answer is a post like any
//! other: same check, same peer. Their words are shown as words, kept for a month, and searched by nobody.

pub mod api;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vigie_connect::Session;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::content::Content;
use vigie_core::id::{InboundId, MemberId, PostId};
use vigie_core::publication::PublicationState;
use vigie_core::rights::Act;
use vigie_store::{ChannelRow, Conn, InboundRow, InboundState, NewInbound, Tx};

use crate::app::App;
use crate::post::view::Preview;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{Frame, Page};
use crate::web::route::{Route, Who};
use crate::web::viewer::Signed;
use crate::web::{self};
use crate::words::Words;

/// How long other people's words are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Arrivals on the page.
const SHOWN: u32 = 100;

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/inbox", Who::Member(Act::Read), show),
        Route::post("/inbox/{id}/aside", Who::Member(Act::Write), aside),
    ]
}

/// Reads what reached a page since the last time.
///
/// # Errors
/// The database. Trouble with the network is left to the next reading.
pub async fn read(app: &App, channel: &ChannelRow, session: &mut Session) -> anyhow::Result<()> {
    let connector = app.connectors.of(channel.platform);
    let reads = connector.describe().reads;
    if !(reads.comments || reads.mentions || reads.messages) {
        return Ok(());
    }
    let cursor = channel.inbound_cursor.as_deref();
    let arrivals = match connector.arrivals(session, cursor).await {
        Ok(arrivals) => arrivals,
        Err(failure) => {
            tracing::info!(channel = %channel.id, error = %failure, "what reached a page could not be read");
            return Ok(());
        }
    };
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    for arrival in &arrivals.items {
        let new = NewInbound {
            id: InboundId::new(Uuid::now_v7()),
            channel: channel.id,
            remote_id: &arrival.remote_id,
            kind: arrival.kind.as_str(),
            about: arrival.about.as_deref(),
            author: &arrival.author,
            body: &arrival.text,
            url: &arrival.url,
            at: arrival.at,
        };
        tx.inbound_add(&new, now).await?;
    }
    if let Some(cursor) = arrivals.cursor {
        tx.channel_inbound(channel.id, &cursor).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Forgets what was kept long enough.
///
/// # Errors
/// The database.
pub async fn forget(app: &App) -> anyhow::Result<()> {
    let then = app.clock.now().checked_sub(KEPT)?;
    let mut tx = app.store.begin().await?;
    tx.inbound_forget(then).await?;
    tx.commit().await?;
    Ok(())
}

/// Puts beside each preview that answers somebody whom and what it answers.
///
/// # Errors
/// The database.
pub async fn quote(conn: &mut Conn, previews: &mut [Preview]) -> Result<(), vigie_store::Error> {
    for preview in previews {
        if let Some(to) = &preview.reply_to {
            let row = conn.inbound_by_remote(preview.channel, to).await?;
            preview.quoted = row.map(|row| (row.author, row.body));
        }
    }
    Ok(())
}

/// Notes what a post answers, in the transaction that saves its content; what it answered before and does not any more
/// waits again. An arrival that another post answers already stays that one's: two answers to one comment are no harm,
/// and reviewers see both.
///
/// # Errors
/// The database.
pub async fn answering(
    tx: &mut Tx,
    post: PostId,
    content: &Content,
    by: MemberId,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    tx.inbound_unanswered(post).await?;
    for variant in &content.variants {
        let Some(to) = &variant.reply_to else {
            continue;
        };
        if !tx
            .inbound_answering(variant.channel, to, post, by, now)
            .await?
        {
            continue;
        }
        if let Some(row) = tx.inbound_by_remote(variant.channel, to).await? {
            let actor = AuditActor::Member { member: by };
            let detail: vigie_store::Detail<'_> = &[("post", &post)];
            let object = format!("inbound/{}", row.id);
            tx.audit(now, actor, "inbound.answer", &object, detail)
                .await?;
        }
    }
    Ok(())
}

/// The post does not go out: what it answers waits again, in the same transaction. Not when something of it is out, or
/// may be.
///
/// # Errors
/// The database.
pub async fn unanswered(tx: &mut Tx, post: PostId) -> Result<(), vigie_store::Error> {
    let out = tx.publications(post).await?.iter().any(|row| {
        !matches!(
            row.state,
            PublicationState::Refused
                | PublicationState::Cancelled
                | PublicationState::Lapsed
                | PublicationState::TakenBack
        )
    });
    if !out {
        tx.inbound_unanswered(post).await?;
    }
    Ok(())
}

struct Line {
    row: InboundRow,
    channel: String,
    hue: String,
    url: Option<String>,
}

#[derive(Template)]
#[template(path = "inbound/inbox.html")]
struct Inbox {
    page: Page,
    w: Words,
    lines: Vec<Line>,
    others: Vec<Line>,
    may: bool,
}

async fn lines(
    conn: &mut Conn,
    channels: &[ChannelRow],
    state: InboundState,
) -> Result<Vec<Line>, Error> {
    let rows = conn.inbound_newest(state, SHOWN).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let channel = channels.iter().find(|c| c.id == row.channel);
            Line {
                channel: channel.map(|c| c.display.clone()).unwrap_or_default(),
                hue: channel.map(|c| c.color.clone()).unwrap_or_default(),
                url: Some(row.url.clone()).filter(|url| url.starts_with("https://")),
                row,
            }
        })
        .collect())
}

async fn show(frame: Frame, me: Signed) -> Result<Response, Error> {
    let mut conn = frame.app.store.read().await?;
    let channels = conn.channels().await?;
    let mut new = lines(&mut conn, &channels, InboundState::New).await?;
    // Private messages of outsiders are for those who work with them.
    new.retain(|line| line.row.kind != "message" || me.may(Act::Write));
    let others = lines(&mut conn, &channels, InboundState::Answering).await?;
    let page = frame.page("inbox-title");
    web::html(&Inbox {
        w: page.w.clone(),
        page,
        lines: new,
        others,
        may: me.may(Act::Write),
    })
}

async fn aside(frame: Frame, me: Signed, Path(id): Path<InboundId>) -> Result<Response, Error> {
    let now = frame.app.clock.now();
    let mut tx = frame.app.store.begin().await?;
    tx.inbound_aside(id, me.id, now).await?;
    let actor = AuditActor::Member { member: me.id };
    tx.audit(now, actor, "inbound.aside", &format!("inbound/{id}"), &[])
        .await?;
    tx.commit().await?;
    Ok(web::done(
        &frame.app,
        "/inbox",
        &Flash::good("inbox-aside-done"),
    ))
}
