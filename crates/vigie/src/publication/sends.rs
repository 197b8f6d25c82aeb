//! What is being sent: claimed in turns, channel by channel, each send a task of its own. A network that takes its time
//! holds up its own channels and nobody else's.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{Id, JoinSet};
use vigie_core::id::ChannelId;
use vigie_store::Share;

use super::send;
use super::worker::{LEASE, PAUSE, claim, longer};
use crate::app::App;

/// Publications sent at the same time.
const AT_ONCE: u32 = 32;
/// Of these, on one channel: as many calls as a host is asked at once.
const PER_CHANNEL: u32 = 4;
/// Between two claims while more is due than can be sent at once: some come to their end together.
const BREATH: Duration = Duration::from_millis(25);

/// What a channel was given.
#[derive(Clone, Copy, Default)]
struct Turn {
    held: u32,
    served: u64,
}

/// What is on its way.
#[derive(Default)]
pub struct Sends {
    tasks: JoinSet<()>,
    of: HashMap<Id, ChannelId>,
    turns: HashMap<ChannelId, Turn>,
    claims: u64,
}

/// Sends what is due until the program ends; then waits for what is on its way.
pub async fn run(app: &App, woken: &Notify) {
    let (mut sends, mut failed) = (Sends::default(), 0_u32);
    let stopped = app.stopped();
    tokio::pin!(stopped);
    loop {
        if let Err(error) = sends.claim(app).await {
            failed = failed.saturating_add(1);
            tracing::error!(error = %format_args!("{error:#}"), "nothing could be claimed to be sent; it is tried again");
        } else {
            failed = 0;
        }
        let more = failed == 0 && sends.may_be_more();
        tokio::select! {
            () = &mut stopped => break,
            () = app.wake.notified(), if failed == 0 => woken.notify_one(),
            () = sends.land(), if more => tokio::time::sleep(BREATH).await,
            () = tokio::time::sleep(longer(PAUSE, failed)) => {}
        }
        sends.landed();
    }
    sends.land_all().await;
}

impl Sends {
    /// Claims what is due and begins to send it; false when that was nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn claim(&mut self, app: &App) -> anyhow::Result<bool> {
        let free = AT_ONCE.saturating_sub(u32::try_from(self.tasks.len()).unwrap_or(AT_ONCE));
        let share = |channel: ChannelId| {
            let turn = self.turns.get(&channel).copied().unwrap_or_default();
            Share {
                room: PER_CHANNEL.saturating_sub(turn.held),
                held: turn.held,
                served: turn.served,
            }
        };
        let (now, mine) = (app.clock.now(), app.worker.as_str());
        let rows = claim(app, async |tx| {
            tx.publications_claim_shared(now, mine, LEASE, free, &share)
                .await
        })
        .await?;
        self.claims = self.claims.saturating_add(1);
        let any = !rows.is_empty();
        for row in rows {
            let turn = self.turns.entry(row.channel).or_default();
            turn.held = turn.held.saturating_add(1);
            turn.served = self.claims;
            let (app, channel) = (app.clone(), row.channel);
            let task = self.tasks.spawn(async move {
                if let Err(error) = send::send(&app, &row).await {
                    tracing::error!(publication = %row.id, error = %format_args!("{error:#}"), "a publication is left to the next round");
                }
            });
            self.of.insert(task.id(), channel);
        }
        Ok(any)
    }

    /// Whether something due may have found no place.
    fn may_be_more(&self) -> bool {
        let all = usize::try_from(AT_ONCE).is_ok_and(|most| self.tasks.len() >= most);
        all || self.turns.values().any(|turn| turn.held >= PER_CHANNEL)
    }

    /// Waits until one has come to its end.
    async fn land(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.end(ended),
            None => std::future::pending().await,
        }
    }

    /// Takes note of all that have.
    fn landed(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.end(ended);
        }
    }

    /// Waits for all.
    pub async fn land_all(&mut self) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.end(ended);
        }
    }

    fn end(&mut self, ended: Result<(Id, ()), tokio::task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "a send broke off; what came of it is looked up when its claim ends");
                error.id()
            }
        };
        let Some(channel) = self.of.remove(&id) else {
            return;
        };
        if let Some(turn) = self.turns.get_mut(&channel) {
            turn.held = turn.held.saturating_sub(1);
        }
    }
}
