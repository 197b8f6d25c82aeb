//! What each kept connection hears, and what is made of it. The rules are those of `hear.rs`: a speaker is a member only
//! by the link that they confirmed, and a room decides nothing.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::sync::{mpsc, watch};
use vigie_connect::chat::slack::{Delivery, Listening};
use vigie_connect::chat::{Heard, Matrix, Slack, Speaker};
use vigie_connect::{Code, Failure};
use vigie_store::ChatRoomRow;

use super::keep::{Held, SAY_WITHIN};
use super::{Voice, bind, hear};
use crate::post::actions::{self, Origin};
use crate::web::error::Error;

/// How long a look at Matrix waits for something to be said.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two tries, from the first to the longest.
const WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));
/// Slack sends again what is not kept within 2.5 seconds.
const KEEP_WITHIN: Duration = Duration::from_millis(2_400);
/// Tries to write down one look of Matrix, where trying again may not help; then it is passed over, and the page says so.
const TRIES: u32 = 5;
/// An answer of Matrix that came at once and held nothing: the next question waits so long.
const NOTHING: Duration = Duration::from_secs(1);
/// The same to the same person, at most so often.
const EVERY: Duration = Duration::from_secs(20);
/// Speakers whose wish is remembered.
const REMEMBERED: usize = 1_000;
/// Words with which people approve. Where there are no buttons, they are told where to.
const YES: [&str; 10] = [
    "approve",
    "approved",
    "i approve",
    "lgtm",
    "approuver",
    "approuvé",
    "approuvée",
    "j’approuve",
    "j'approuve",
    "je valide",
];

/// Slack over Socket Mode.
pub(super) async fn slack(held: &Held) -> Result<(), Failure> {
    let mut all = held.keys().await;
    all.retain(|(_, keys)| !keys.app.is_empty());
    let newest = all.into_iter().max_by_key(|(room, _)| room.created_at);
    let Some((room, keys)) = newest else {
        return Err(Failure::new(Code::TokenExpired, "no app-level token"));
    };
    let Voice::Slack(slack) = Voice::new(&held.app.http, &room.kind, &room.server, &keys)? else {
        return Err(Failure::new(Code::NotOffered, "not Slack"));
    };
    let token = SecretString::from(keys.app);
    let (to, mut from) = mpsc::channel::<Delivery>(16);
    let (tells, mut told) = watch::channel(Listening::Connecting);
    let listening = Slack::listen_telling(&slack, &token, room.own.as_deref(), to, &tells);
    tokio::pin!(listening);
    loop {
        tokio::select! {
            ended = &mut listening => return ended,
            Some(delivery) = from.recv() => {
                let _busy = held.busy.lock().await;
                let work = hear::work(&held.app, room, delivery.came);
                match tokio::time::timeout(KEEP_WITHIN, work).await {
                    Ok(Ok(())) => {
                        let _ = delivery.kept.send(());
                    }
                    Ok(Err(error)) => {
                        tracing::warn!(room = %room.id, error = ?error, "what a chat said was not taken in");
                    }
                    Err(_) => tracing::info!(room = %room.id, "what a chat said comes again"),
                }
            }
            Ok(()) = told.changed() => {
                let now = told.borrow_and_update().clone();
                match now {
                    Listening::Online => held.online(&[]).await,
                    Listening::Failed(failure) => held.failed(failure.code.as_str()).await,
                    // Slack asks for a new connection every few hours: that is no trouble.
                    Listening::Connecting => {}
                }
            }
        }
    }
}

/// Matrix, look by look.
pub(super) async fn matrix(held: &Held) -> Result<(), Failure> {
    let newest = held.keys().await;
    let newest = newest.into_iter().max_by_key(|(room, _)| room.created_at);
    let Some((room, keys)) = newest else {
        return Err(Failure::new(Code::TokenExpired, "no token"));
    };
    let Voice::Matrix(matrix) = Voice::new(&held.app.http, &room.kind, &room.server, &keys)? else {
        return Err(Failure::new(Code::NotOffered, "not Matrix"));
    };
    let own = room.own.clone().unwrap_or_default();
    let mut links = Links::default();
    let mut wait = WAITS.0;
    let mut online = false;
    let mut failed = 0;
    loop {
        let asked = Instant::now();
        let looked = async {
            let broken =
                |error: vigie_store::Error| Failure::new(Code::ServerDown, error.to_string());
            let mut conn = held.app.store.read().await.map_err(broken)?;
            let link = conn.chat_link(&held.account).await.map_err(broken)?;
            drop(conn);
            let since = link.and_then(|link| link.cursor);
            let looked = matrix.look(&own, since.as_deref(), PATIENCE).await;
            match looked {
                // A place that the server does not know any more would be refused for ever.
                Err(failure) if since.is_some() && failure.code == Code::RefusedByServer => {
                    let mut look = matrix.look(&own, None, PATIENCE).await?;
                    look.missed = true;
                    Ok(look)
                }
                looked => looked,
            }
        };
        let look = match looked.await {
            Ok(look) => look,
            Err(failure) if !failure.code.is_passing() => return Err(failure),
            Err(failure) => {
                online = false;
                held.failed(failure.code.as_str()).await;
                let told = failure.retry_at.and_then(|at| {
                    Duration::try_from(at.duration_since(jiff::Timestamp::now())).ok()
                });
                tokio::time::sleep(wait.max(told.unwrap_or_default().min(WAITS.1))).await;
                wait = wait.saturating_mul(2).min(WAITS.1);
                continue;
            }
        };
        let busy = held.busy.lock().await;
        let taken = keep_look(held, &look).await;
        drop(busy);
        match taken {
            Ok(asides) => {
                if !online {
                    held.online(&[]).await;
                    online = true;
                }
                (wait, failed) = (WAITS.0, 0);
                if look.heard.is_empty() && asked.elapsed() < NOTHING {
                    tokio::time::sleep(NOTHING).await;
                }
                for one in asides {
                    let person = one.who.clone();
                    if let Some(note) = links.answer(held, room, one).await {
                        matrix_aside(held, &matrix, &person, &note).await;
                    }
                }
            }
            Err(error) => {
                // Nothing of it was kept: it is read again from the same place.
                tracing::warn!(error = %error, "what a chat said is read again");
                failed += u32::from(!passes(&error));
                if failed >= TRIES && pass_over(held, &look).await.is_ok() {
                    tracing::warn!(
                        account = held.account,
                        "what a chat said cannot be written down: it is passed over"
                    );
                    failed = 0;
                }
                tokio::time::sleep(wait).await;
                wait = wait.saturating_mul(2).min(WAITS.1);
            }
        }
    }
}

/// Whether what could not be written down can be later, with nothing done about it here.
const fn passes(error: &actions::ActionError) -> bool {
    use vigie_store::Error as E;
    matches!(
        error,
        actions::ActionError::Store(
            E::Busy | E::Unreachable(_) | E::Full | E::ReadOnly | E::Conflict
        )
    )
}

/// Goes on after a look that cannot be written down; the page says that something was missed.
async fn pass_over(
    held: &Held,
    look: &vigie_connect::chat::matrix::Look,
) -> Result<(), vigie_store::Error> {
    let mut tx = held.app.store.begin().await?;
    let now = held.app.clock.now();
    tx.chat_link_cursor(&held.account, held.fence, &look.next, Some(now))
        .await?;
    tx.commit().await
}

/// Something that one person alone is to be told.
struct Aside {
    who: Speaker,
    what: AsideKind,
}

enum AsideKind {
    /// Which link binds them.
    Bind,
    /// Where this post is approved.
    Approve(vigie_core::id::PostId),
}

/// Writes down what a look heard, and where to go on, in one transaction; answers what is to be said aside.
async fn keep_look(
    held: &Held,
    look: &vigie_connect::chat::matrix::Look,
) -> Result<Vec<Aside>, actions::ActionError> {
    let mut asides = Vec::new();
    let mut conn = held.app.store.read().await?;
    let mut known = Vec::new();
    for one in &look.heard {
        match one {
            Heard::Bind { who } => asides.push(Aside {
                who: who.clone(),
                what: AsideKind::Bind,
            }),
            Heard::Said {
                who,
                thread,
                text,
                message,
            } => {
                let found = hear::known(&mut conn, &held.rooms, who, thread).await?;
                if let Some(found) = found {
                    if is_yes(text) {
                        asides.push(Aside {
                            who: who.clone(),
                            what: AsideKind::Approve(found.post),
                        });
                    }
                    known.push((found, text, format!("{}/{message}", who.chat)));
                }
            }
            Heard::Pressed { .. } => {}
        }
    }
    drop(conn);
    let all: Vec<_> = known
        .iter()
        .map(|(found, text, event)| actions::Heard {
            who: found.who.clone(),
            post: found.post,
            text,
            from: Origin {
                room: found.room.id,
                name: &found.room.name,
                event,
            },
        })
        .collect();
    let (account, fence, next) = (held.account.as_str(), held.fence, look.next.as_str());
    let missed = look.missed.then(|| held.app.clock.now());
    actions::heard(&held.app, &all, async move |tx| {
        tx.chat_link_cursor(account, fence, next, missed).await
    })
    .await?;
    Ok(asides)
}

/// Tells a person in a room with them alone, made once.
async fn matrix_aside(
    held: &Held,
    matrix: &Matrix,
    who: &Speaker,
    note: &vigie_connect::chat::Note,
) {
    let told = async {
        let broken = |error: vigie_store::Error| Failure::new(Code::ServerDown, error.to_string());
        let mut conn = held.app.store.read().await.map_err(broken)?;
        let kept = conn
            .chat_direct(&held.account, &who.id)
            .await
            .map_err(broken)?;
        drop(conn);
        let room = match kept {
            Some(room) if matrix.is_alone_with(&room, &who.id).await? => room,
            _ => {
                let room = matrix.person(&who.id).await?;
                let mut tx = held.app.store.begin().await.map_err(broken)?;
                tx.chat_direct_set(&held.account, &who.id, &room)
                    .await
                    .map_err(broken)?;
                tx.commit().await.map_err(broken)?;
                room
            }
        };
        let said = matrix.say(&room, note, SAY_WITHIN).await;
        said.map_err(|trouble| trouble.failure)
    };
    if let Err(failure) = told.await {
        tracing::info!(account = held.account, error = %failure, "a person was not answered");
    }
}

/// What people were told lately, so that nobody makes Vigie write without end.
#[derive(Default)]
struct Links(HashMap<String, Instant>);

impl Links {
    /// What a person is told; nothing when they were told a moment ago, or it cannot be made.
    async fn answer(
        &mut self,
        held: &Held,
        room: &ChatRoomRow,
        aside: Aside,
    ) -> Option<vigie_connect::chat::Note> {
        let key = match aside.what {
            AsideKind::Bind => aside.who.id.clone(),
            AsideKind::Approve(post) => format!("{post} {}", aside.who.id),
        };
        let recent = self.0.get(&key);
        if recent.is_some_and(|at| at.elapsed() < EVERY) {
            return None;
        }
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        self.0.insert(key, Instant::now());
        let w = hear::words(room);
        match aside.what {
            AsideKind::Bind => match bind::link(&held.app, &aside.who, &room.name).await {
                Ok(link) => {
                    let link = Some((w.t("chat-bind-link"), link));
                    Some(hear::aside(room, w.t("chat-bind-first"), link))
                }
                Err(Error::TooMany { .. }) => None,
                Err(error) => {
                    tracing::warn!(error = ?error, "a link was not made");
                    None
                }
            },
            AsideKind::Approve(post) => {
                let page = held.app.config.link(&format!("/posts/{post}"));
                let link = Some((w.t("chat-open"), page));
                Some(hear::aside(room, w.t("chat-approve-where"), link))
            }
        }
    }
}

fn is_yes(text: &str) -> bool {
    let words = text.trim().trim_end_matches(['.', '!']).trim_end();
    YES.contains(&words.to_lowercase().as_str())
}

#[cfg(feature = "xmpp")]
pub(super) use xmpp::xmpp;

#[cfg(feature = "xmpp")]
mod xmpp {
    use jiff::SignedDuration;
    use tokio::time::MissedTickBehavior;
    use vigie_connect::xmpp::{Status, Xmpp};

    use super::super::{outbox, xmpp as account};
    use super::*;

    /// Notes said in one go in one room.
    const BATCH: u32 = 10;
    /// Nobody wants to hear what waited so long.
    const OLD: SignedDuration = SignedDuration::from_hours(24);
    /// How long a claim lasts.
    const LEASE: SignedDuration = SignedDuration::from_mins(5);

    /// XMPP: one account in all its rooms.
    pub(in super::super) async fn xmpp(held: &Held) -> Result<(), Failure> {
        let all = held.keys().await;
        let Some(server) = all
            .iter()
            .max_by_key(|(room, _)| room.created_at)
            .map(|(room, _)| room.server.clone())
        else {
            return Err(Failure::new(Code::TokenExpired, "no password"));
        };
        let (rooms, keys) = account::gather(all);
        let whole = account::account(held.app.http.reach(), &server, &keys, rooms)?;
        let (xmpp, mut heard) = Xmpp::start(whole)?;
        let mut status = xmpp.status();
        let voice = Voice::Xmpp(xmpp);
        let mut links = Links::default();
        let mut joined: Vec<String> = Vec::new();
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                one = heard.recv() => match one {
                    Some(one) => take(held, &voice, &mut links, one).await,
                    None => return Err(Failure::new(Code::CutOff, "the connection ended")),
                },
                changed = status.changed() => {
                    if changed.is_err() {
                        return Err(Failure::new(Code::CutOff, "the connection ended"));
                    }
                    let now = status.borrow_and_update().clone();
                    joined.clear();
                    match now {
                        Status::Online(rooms) => {
                            held.online(&rooms).await;
                            joined = rooms;
                        }
                        Status::Failed(failure) => held.failed(failure.code.as_str()).await,
                        Status::Connecting => {}
                    }
                }
                _ = tick.tick() => {
                    if matches!(&voice, Voice::Xmpp(xmpp) if xmpp.missed() > 0) {
                        held.missed().await;
                    }
                    for room in held.rooms.iter().filter(|room| joined.contains(&room.room)) {
                        if let Err(error) = speak(held, room, &voice).await {
                            tracing::warn!(room = %room.id, error = %format_args!("{error:#}"), "a room is told in the next round");
                        }
                    }
                }
            }
        }
    }

    /// Says what is due in a room.
    async fn speak(held: &Held, room: &ChatRoomRow, voice: &Voice) -> anyhow::Result<()> {
        let app = &held.app;
        let now = app.clock.now();
        let old = now.checked_sub(OLD)?;
        let mut tx = app.store.begin().await?;
        let rows = tx
            .chat_notes_claim_in(room.id, now, now.checked_add(LEASE)?, BATCH)
            .await?;
        for row in rows.iter().filter(|row| row.created_at < old) {
            tx.chat_note_over(row, "outdated").await?;
        }
        tx.commit().await?;
        for row in rows.iter().filter(|row| row.created_at >= old) {
            let _busy = held.busy.lock().await;
            outbox::say(app, row, Some(voice)).await?;
        }
        Ok(())
    }

    /// Takes in what was heard.
    async fn take(held: &Held, voice: &Voice, links: &mut Links, one: Heard) {
        let taken = match one {
            Heard::Said {
                who,
                thread,
                text,
                message,
            } => said(held, &who, &thread, &text, &message).await,
            // Another server's people are not ours to bind.
            Heard::Bind { who } if who.id.ends_with(&format!("@{}", who.chat)) => Ok(Some(Aside {
                who,
                what: AsideKind::Bind,
            })),
            Heard::Bind { .. } | Heard::Pressed { .. } => Ok(None),
        };
        let aside = match taken {
            Ok(Some(aside)) => aside,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(account = held.account, error = %error, "what a chat said was not taken in");
                return;
            }
        };
        let (Some(room), Voice::Xmpp(xmpp)) = (held.rooms.first(), voice) else {
            return;
        };
        let person = aside.who.id.clone();
        if let Some(note) = links.answer(held, room, aside).await
            && let Err(failure) = account::whisper(xmpp, &person, &note).await
        {
            tracing::info!(account = held.account, error = %failure, "a person was not answered");
        }
    }

    async fn said(
        held: &Held,
        who: &Speaker,
        thread: &str,
        text: &str,
        message: &str,
    ) -> Result<Option<Aside>, actions::ActionError> {
        let _busy = held.busy.lock().await;
        let mut conn = held.app.store.read().await?;
        let Some(found) = hear::known(&mut conn, &held.rooms, who, thread).await? else {
            return Ok(None);
        };
        drop(conn);
        // Ids of messages are the room's, or the speaker's own choice.
        let unique = uuid::Uuid::now_v7().to_string();
        let message = if message.is_empty() { &unique } else { message };
        let event = format!("{}/{}/{}/{message}", who.chat, found.room.id, who.id);
        let post = found.post;
        let heard = actions::Heard {
            who: found.who,
            post,
            text,
            from: Origin {
                room: found.room.id,
                name: &found.room.name,
                event: &event,
            },
        };
        actions::heard(&held.app, &[heard], async |_| Ok(())).await?;
        Ok(is_yes(text).then(|| Aside {
            who: who.clone(),
            what: AsideKind::Approve(post),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::is_yes;

    #[test]
    fn an_approval_in_words_is_recognised_and_nothing_longer() {
        for yes in ["approve", " Approuvé !", "J’approuve.", "LGTM"] {
            assert!(is_yes(yes), "{yes}");
        }
        for no in [
            "ok",
            "",
            "I approve of the idea, but the date is wrong",
            "non",
        ] {
            assert!(!is_yes(no), "{no}");
        }
    }
}
