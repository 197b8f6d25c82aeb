//! Connections that are kept open to hear what is said: one a chat's account, held by one process at a time under a
//! lease. Whoever holds it listens, and speaks where only the connection has a voice (XMPP).
//!
//! What is heard is written down before it counts as heard: Matrix's place to go on from moves in the same transaction,
//! Slack is told afterwards. XMPP keeps nothing for us: what is said while nobody is connected is not heard.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use vigie_core::id::ChatRoomId;
use vigie_store::ChatRoomRow;

use super::{Keys, built, listen};
use crate::app::App;

/// How long a connection is held without a sign of life.
const LEASE: SignedDuration = SignedDuration::from_secs(45);
/// Between two signs of life.
const RENEW: Duration = Duration::from_secs(10);
/// Who cannot say so for so long lets it go: soon another one may take it.
const GIVE_UP: Duration = Duration::from_secs(35);
/// Between two looks at which rooms there are.
const PAUSE: Duration = Duration::from_secs(2);
/// Between two tries where only a person can help.
const LONG: Duration = Duration::from_secs(300);
/// How long a note may take; the end of the program waits for it.
pub(super) const SAY_WITHIN: Duration = Duration::from_secs(10);

/// A connection that this process holds.
struct Kept {
    rooms: Vec<ChatRoomId>,
    end: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Holds connections until the program ends.
pub async fn run(app: App) {
    let mut kept = BTreeMap::new();
    let stopped = app.stopped();
    tokio::pin!(stopped);
    loop {
        if let Err(error) = round(&app, &mut kept).await {
            tracing::warn!(error = %format_args!("{error:#}"), "the chats that are listened to are looked at in the next round");
        }
        tokio::select! {
            () = &mut stopped => break,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    for one in kept.into_values() {
        one.end.send_replace(true);
        let _ = one.task.await;
    }
}

/// Takes what nobody holds, and lets go what changed: it is taken again with the rooms of now.
async fn round(app: &App, kept: &mut BTreeMap<String, Kept>) -> anyhow::Result<()> {
    let mut wanted: BTreeMap<String, Vec<ChatRoomRow>> = BTreeMap::new();
    for room in app.store.read().await?.chat_rooms().await? {
        if let Some(account) = &room.account
            && room.status == "open"
            && built(&room.kind)
        {
            wanted.entry(account.clone()).or_default().push(room);
        }
    }
    kept.retain(|account, one| {
        let rooms = wanted.get(account).map(|rooms| ids(rooms));
        if rooms.as_ref() != Some(&one.rooms) {
            one.end.send_replace(true);
        }
        !one.task.is_finished()
    });
    for (account, rooms) in wanted {
        if kept.contains_key(&account) {
            continue;
        }
        let now = app.clock.now();
        let until = now.checked_add(LEASE)?;
        let mut tx = app.store.begin().await?;
        let fence = tx
            .chat_link_claim(&account, &app.worker, now, until)
            .await?;
        tx.commit().await?;
        let Some(fence) = fence else {
            continue;
        };
        let (end, ended) = watch::channel(false);
        let ids = ids(&rooms);
        let held = Held {
            app: app.clone(),
            account: account.clone(),
            fence,
            rooms,
            busy: Mutex::new(()),
        };
        let task = tokio::spawn(held.hold(ended));
        let one = Kept {
            rooms: ids,
            end,
            task,
        };
        kept.insert(account, one);
    }
    Ok(())
}

fn ids(rooms: &[ChatRoomRow]) -> Vec<ChatRoomId> {
    rooms.iter().map(|room| room.id).collect()
}

/// One account's connection, held.
pub(super) struct Held {
    pub app: App,
    pub account: String,
    pub fence: i64,
    /// Its open rooms; never empty.
    pub rooms: Vec<ChatRoomRow>,
    /// Taken while something is said or written down: it is not cut off in the middle.
    pub busy: Mutex<()>,
}

impl Held {
    async fn hold(self, mut ended: watch::Receiver<bool>) {
        let leave = async {
            tokio::select! {
                () = self.guard() => {}
                _ = ended.wait_for(|end| *end) => {}
            }
            // What is being said or written down is finished first, if it can be.
            let _quiet = tokio::time::timeout(SAY_WITHIN, self.busy.lock()).await;
        };
        tokio::select! {
            () = leave => {}
            () = self.listen() => {}
        }
        if let Err(error) = self.release().await {
            tracing::info!(error = %format_args!("{error:#}"), "a chat's connection is let go when its lease ends");
        }
    }

    /// Until the program ends, or somebody else may hold it.
    async fn guard(&self) {
        let mut sure = Instant::now();
        let stopped = self.app.stopped();
        tokio::pin!(stopped);
        loop {
            tokio::select! {
                () = &mut stopped => return,
                () = tokio::time::sleep(RENEW) => {}
            }
            match tokio::time::timeout(RENEW, self.renew()).await {
                Ok(Ok(true)) => sure = Instant::now(),
                Ok(Ok(false)) => return,
                Ok(Err(_)) | Err(_) if sure.elapsed() < GIVE_UP => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }

    async fn renew(&self) -> anyhow::Result<bool> {
        let until = self.app.clock.now().checked_add(LEASE)?;
        let mut tx = self.app.store.begin().await?;
        let held = tx.chat_link_renew(&self.account, self.fence, until).await?;
        tx.commit().await?;
        Ok(held)
    }

    async fn release(&self) -> anyhow::Result<()> {
        let mut tx = self.app.store.begin().await?;
        tx.chat_link_release(&self.account, self.fence).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Listens, again and again: where only a person can help, seldom.
    async fn listen(&self) {
        let Some(first) = self.rooms.first() else {
            return;
        };
        loop {
            let ended = match first.kind.as_str() {
                "matrix" => listen::matrix(self).await,
                "slack" => listen::slack(self).await,
                #[cfg(feature = "xmpp")]
                "xmpp" => listen::xmpp(self).await,
                _ => return,
            };
            let pause = match ended {
                Ok(()) => RENEW,
                Err(failure) => {
                    tracing::info!(account = self.account, error = %failure, "a chat is not heard");
                    self.failed(failure.code.as_str()).await;
                    if failure.code.is_passing() {
                        RENEW
                    } else {
                        LONG
                    }
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// The keys of a room; a trouble of the vault or the database is the room's alone.
    pub async fn keys(&self) -> Vec<(&ChatRoomRow, Keys)> {
        let mut all = Vec::new();
        for room in &self.rooms {
            match Keys::open(&self.app, room).await {
                Ok(keys) => all.push((room, keys)),
                Err(error) => {
                    tracing::warn!(room = %room.id, error = %error, "the keys of a room do not open");
                }
            }
        }
        all
    }

    /// Writes down that it is connected, and where it is.
    pub async fn online(&self, joined: &[String]) {
        let now = self.app.clock.now();
        let done = async {
            let mut tx = self.app.store.begin().await?;
            tx.chat_link_online(&self.account, self.fence, joined, now)
                .await?;
            tx.commit().await
        };
        if let Err(error) = done.await {
            tracing::info!(error = %error, "how a chat's connection is was not written down");
        }
    }

    /// Writes down that more was said than could be kept.
    #[cfg(feature = "xmpp")]
    pub async fn missed(&self) {
        let now = self.app.clock.now();
        let done = async {
            let mut tx = self.app.store.begin().await?;
            tx.chat_link_missed(&self.account, self.fence, now).await?;
            tx.commit().await
        };
        if let Err(error) = done.await {
            tracing::info!(error = %error, "that a chat said more than was kept was not written down");
        }
    }

    /// Writes down why it is not.
    pub async fn failed(&self, code: &str) {
        let now = self.app.clock.now();
        let done = async {
            let mut tx = self.app.store.begin().await?;
            tx.chat_link_failed(&self.account, self.fence, code, now)
                .await?;
            tx.commit().await
        };
        if let Err(error) = done.await {
            tracing::info!(error = %error, "how a chat's connection is was not written down");
        }
    }
}
