//! Preparing a change, and what a confirmed one does.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vigie_core::audit::leaf::AuditActor;
use vigie_core::change::{Change, ChangeKind, ChangeRefusal, ChangeState, founding};
use vigie_core::crew::{self, Gap, Mate};
use vigie_core::id::{ChangeId, InviteId, MemberId};
use vigie_store::{Conn, Tx};

use crate::account::{passkey, session};
use crate::app::App;
use crate::channel::farewell::{self, Packed};
use crate::publication::alarm;
use crate::rules::steps;
use crate::settings::Wanted;
use crate::web::error::Error;

/// How long an invitation's link works.
const INVITATION: SignedDuration = SignedDuration::from_hours(24 * 7);

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It waits for a second person.
    Waits(ChangeId),
    /// It happened. An invitation's link is shown once, to whoever confirmed.
    Happened {
        /// The secret of the link.
        invitation: Option<String>,
    },
}

/// The key of a refusal's words.
pub const fn refusal_key(refusal: ChangeRefusal) -> &'static str {
    match refusal {
        ChangeRefusal::Settled => "change-refused-settled",
        ChangeRefusal::SamePerson => "change-refused-same-person",
        ChangeRefusal::AboutYou => "change-refused-about-you",
        ChangeRefusal::TooOld => "change-refused-too-old",
        ChangeRefusal::NotYours => "change-refused-not-yours",
    }
}

impl From<ChangeRefusal> for Error {
    fn from(refusal: ChangeRefusal) -> Self {
        Self::refused(refusal_key(refusal))
    }
}

/// Prepares a change, in the transaction that made what it is about. Alone in a new organisation, the invitation of
/// the second member happens at once.
///
/// # Errors
/// Database, randomness.
pub async fn prepare(
    tx: &mut Tx,
    by: MemberId,
    kind: ChangeKind,
    now: Timestamp,
) -> Result<Done, Error> {
    let actor = AuditActor::Member { member: by };
    let active = usize::try_from(tx.active_members().await?).unwrap_or(usize::MAX);
    if founding(&kind, active) {
        let done = happen(tx, &kind, now).await?;
        tx.audit(now, actor, "change.founding", kind.as_str(), &[])
            .await?;
        return Ok(done);
    }
    keeps_working(tx, &kind).await?;
    let change = Change {
        id: ChangeId::new(Uuid::now_v7()),
        kind,
        by,
        at: now,
        state: ChangeState::Open,
    };
    tx.change_add(&change).await?;
    let name = change.kind.as_str();
    let (what, to) = about(&change.kind);
    let detail: vigie_store::Detail<'_> = &[("kind", &name), ("what", &what), ("to", &to)];
    let detail = if what.is_empty() {
        &detail[..1]
    } else {
        detail
    };
    tx.audit(
        now,
        actor,
        "change.ask",
        &format!("change/{}", change.id),
        detail,
    )
    .await?;
    Ok(Done::Waits(change.id))
}

/// A second person confirms: the change happens in the same transaction.
///
/// # Errors
/// The same person, the person concerned, too late; database.
pub async fn confirm(app: &App, by: MemberId, id: ChangeId) -> Result<Done, Error> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let change = tx.change(id).await?.change;
    let state = change.confirm(by, now)?;
    let packed = farewell::pack(app, &mut tx, &change.kind, true).await?;
    keeps_working(&mut tx, &change.kind).await?;
    tx.change_settle(id, state, by, now).await?;
    let done = happen(&mut tx, &change.kind, now).await?;
    log(&mut tx, by, "change.confirm", &change, now).await?;
    leave(app, tx, packed, now).await?;
    Ok(done)
}

/// A second person says no.
///
/// # Errors
/// As [`confirm`].
pub async fn refuse(app: &App, by: MemberId, id: ChangeId) -> Result<(), Error> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let change = tx.change(id).await?.change;
    let state = change.refuse(by, now)?;
    let packed = farewell::pack(app, &mut tx, &change.kind, false).await?;
    tx.change_settle(id, state, by, now).await?;
    drop_prepared(&mut tx, &change.kind, now).await?;
    log(&mut tx, by, "change.refuse", &change, now).await?;
    leave(app, tx, packed, now).await
}

/// The first person takes it back.
///
/// # Errors
/// Somebody else's; settled; database.
pub async fn cancel(app: &App, by: MemberId, id: ChangeId) -> Result<(), Error> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let change = tx.change(id).await?.change;
    let state = change.cancel(by)?;
    let packed = farewell::pack(app, &mut tx, &change.kind, false).await?;
    tx.change_settle(id, state, by, now).await?;
    drop_prepared(&mut tx, &change.kind, now).await?;
    log(&mut tx, by, "change.cancel", &change, now).await?;
    leave(app, tx, packed, now).await
}

/// What nobody answered for too long is over: what was prepared for it goes away. How many were.
///
/// # Errors
/// Database.
pub async fn expire(
    tx: &mut Tx,
    before: Timestamp,
    now: Timestamp,
) -> Result<u64, vigie_store::Error> {
    let open = tx.changes_open().await?;
    let gone = tx.changes_expire(before, now).await?;
    for row in open.iter().filter(|row| row.change.at < before) {
        match drop_prepared(tx, &row.change.kind, now).await {
            // It went away by itself meanwhile.
            Ok(()) | Err(vigie_store::Error::NotFound | vigie_store::Error::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(gone)
}

/// Commits; then the network is told, whoever still waits for the answer: a closed browser is no reason not to.
async fn leave(app: &App, mut tx: Tx, packed: Option<Packed>, now: Timestamp) -> Result<(), Error> {
    let Some(packed) = packed else {
        tx.commit().await?;
        return Ok(());
    };
    packed.begin(&mut tx, now).await?;
    let app = app.clone();
    let left = tokio::spawn(async move {
        tx.commit().await?;
        packed.tell(&app).await;
        Ok::<(), vigie_store::Error>(())
    });
    left.await
        .map_err(|error| Error::Internal(error.into()))??;
    Ok(())
}

/// The active members, as far as the work depends on them.
///
/// # Errors
/// Database.
pub async fn crew(conn: &mut Conn) -> Result<Vec<Mate>, Error> {
    let mut out = Vec::new();
    for member in conn.members().await?.iter().filter(|m| m.is_active()) {
        out.push(Mate {
            id: member.id,
            role: member.role,
            reviewer: member.reviewer,
            seals: member.reviewer && passkey::seals(conn, member.id).await?,
        });
    }
    Ok(out)
}

/// Refuses a change after which nobody could look after the organisation, or approve anything. Asked again when it is
/// confirmed: another change may have come between.
async fn keeps_working(tx: &mut Tx, kind: &ChangeKind) -> Result<(), Error> {
    let crew = crew(tx).await?;
    let org = tx.organisation().await?.ok_or(Error::NotFound)?;
    let after = match kind {
        ChangeKind::ChangeWorkflow { settings } => Wanted::read(settings)?.applied(&org),
        _ => org.clone(),
    };
    let sealed = (
        org.settings.require_passkey_seal,
        after.settings.require_passkey_seal,
    );
    match crew::opens(&crew, sealed.0, kind, sealed.1) {
        None => Ok(()),
        Some(Gap::NoSteward) => Err(Error::refused("change-refused-no-steward")),
        Some(Gap::NoReviewer) => Err(Error::refused("change-refused-no-reviewer")),
        Some(Gap::NobodySeals) => Err(Error::refused("change-refused-nobody-seals")),
    }
}

/// Which rule, list or fact a change is about and what happens to it, for the log; nothing for other changes.
fn about(kind: &ChangeKind) -> (String, String) {
    match kind {
        ChangeKind::ChangeRules { step } => (step.object(), step.detail()),
        _ => (String::new(), String::new()),
    }
}

async fn log(
    tx: &mut Tx,
    by: MemberId,
    act: &str,
    change: &Change,
    now: Timestamp,
) -> Result<(), Error> {
    let name = change.kind.as_str();
    let (what, to) = about(&change.kind);
    let detail: vigie_store::Detail<'_> = &[
        ("kind", &name),
        ("asked_by", &change.by),
        ("what", &what),
        ("to", &to),
    ];
    let detail = if what.is_empty() {
        &detail[..2]
    } else {
        detail
    };
    let actor = AuditActor::Member { member: by };
    tx.audit(now, actor, act, &format!("change/{}", change.id), detail)
        .await?;
    Ok(())
}

/// What each kind of change does. The one place.
async fn happen(tx: &mut Tx, kind: &ChangeKind, now: Timestamp) -> Result<Done, Error> {
    let mut invitation = None;
    match kind {
        ChangeKind::ConnectChannel { channel, .. } => tx.channel_connect(*channel, now).await?,
        ChangeKind::DisconnectChannel { channel } => {
            tx.channel_disconnect(*channel, now).await?;
            tx.page_state_forget(*channel).await?;
            alarm::mended(tx, *channel, now).await?;
        }
        ChangeKind::OpenRoom { room, .. } => tx.chat_room_open(*room).await?,
        ChangeKind::SetUpMail { server, .. } => tx.mail_server_open(*server).await?,
        ChangeKind::ChangeRole {
            member,
            role,
            reviewer,
            skills,
        } => {
            tx.set_member_role(*member, *role).await?;
            tx.set_member_reviewer(*member, *reviewer).await?;
            tx.set_member_skills(*member, skills).await?;
        }
        ChangeKind::ChangeWorkflow { settings } => {
            let org = tx.organisation().await?.ok_or(Error::NotFound)?;
            let next = Wanted::read(settings)?.applied(&org);
            tx.update_organisation(&next, now).await?;
        }
        ChangeKind::ChangeRules { step } => steps::settle(tx, step).await?,
        ChangeKind::InviteMember { invite, .. } => invitation = Some(open(tx, *invite, now).await?),
        ChangeKind::DisableMember { member } => {
            tx.disable_member(*member, now).await?;
            // Nothing is sent to them any more: there is no reason to keep it.
            if tx.mail_address(*member).await?.is_some() {
                tx.mail_address_remove(*member).await?;
            }
        }
    }
    Ok(Done::Happened { invitation })
}

async fn open(tx: &mut Tx, invite: InviteId, now: Timestamp) -> Result<String, Error> {
    let secret = session::secret()?;
    let until = now.checked_add(INVITATION).unwrap_or(Timestamp::MAX);
    tx.open_invite(invite, &session::hash(&secret), until)
        .await?;
    Ok(secret)
}

/// What was prepared for a change that does not happen goes away: a pending channel's token is destroyed.
async fn drop_prepared(
    tx: &mut Tx,
    kind: &ChangeKind,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    match kind {
        ChangeKind::ConnectChannel { channel, .. } => tx.channel_disconnect(*channel, now).await?,
        ChangeKind::OpenRoom { room, .. } => tx.chat_room_close(*room).await?,
        ChangeKind::SetUpMail { server, .. } => tx.mail_server_close(*server).await?,
        ChangeKind::InviteMember { invite, .. } => tx.revoke_invite(*invite, now).await?,
        _ => {}
    }
    Ok(())
}
