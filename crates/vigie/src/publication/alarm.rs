//! Alarms that the publisher raises. Their words are in the catalogue under `alarm-KIND-…`.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_core::id::{AlarmId, ChannelId, PageChangeId};
use vigie_core::page_state::PagePart;
use vigie_store::{ChatNoteKind, NewAlarm, PublicationRow, Tx};

use crate::chat::outbox::{self, About};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The content in the database is not the one that was approved: nothing was sent.
    Tampered,
    /// A post that Vigie did not make is on the page.
    Foreign,
    /// A post of ours was changed on the page by somebody else.
    Edited,
    /// A post of ours was deleted on the page by somebody else.
    Deleted,
    /// Nobody can tell whether a publication is on the page; a person must look.
    Undecided,
    /// The network refused a publication.
    Refused,
    /// The network no longer lets Vigie in.
    Broken,
    /// What opens a page ends soon: a person signs in again.
    Ends,
    /// What the page shows of itself is not what it showed before, and Vigie changes none of it.
    PageChanged(PagePart),
    /// Who administers a page, or all that it shows, was known and cannot be read for days.
    PageUnread,
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Tampered,
        Self::Foreign,
        Self::Edited,
        Self::Deleted,
        Self::Undecided,
        Self::Refused,
        Self::Broken,
        Self::Ends,
        Self::PageChanged(PagePart::Name),
        Self::PageChanged(PagePart::Handle),
        Self::PageChanged(PagePart::Description),
        Self::PageChanged(PagePart::Website),
        Self::PageChanged(PagePart::Picture),
        Self::PageChanged(PagePart::Administrator),
        Self::PageChanged(PagePart::Application),
        Self::PageUnread,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tampered => "tampered",
            Self::Foreign => "foreign",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
            Self::Undecided => "undecided",
            Self::Refused => "refused",
            Self::Broken => "broken",
            Self::Ends => "ends",
            Self::PageChanged(PagePart::Name) => "page_name",
            Self::PageChanged(PagePart::Handle) => "page_handle",
            Self::PageChanged(PagePart::Description) => "page_description",
            Self::PageChanged(PagePart::Website) => "page_website",
            Self::PageChanged(PagePart::Picture) => "page_picture",
            Self::PageChanged(PagePart::Administrator) => "page_administrator",
            Self::PageChanged(PagePart::Application) => "page_application",
            Self::PageUnread => "page_unread",
            // Never raised: it is only noted.
            Self::PageChanged(PagePart::Followers) => "page_followers",
        }
    }
}

/// Raises an alarm, and says so in the chats when it is a new one.
async fn raise(tx: &mut Tx, new: &NewAlarm, now: Timestamp) -> Result<(), vigie_store::Error> {
    if !tx.alarm_raise(new, now).await? {
        return Ok(());
    }
    let page = match new.channel {
        Some(id) => tx.channel(id).await?.display,
        None => String::new(),
    };
    let about = About {
        act: new.kind.clone(),
        page,
        ..About::default()
    };
    // An alarm is no part of the conversation about a post.
    outbox::tell(tx, ChatNoteKind::Alarm, None, &about, None, now).await?;
    crate::mail::outbox::alarm(tx, &about, now).await
}

/// Raises an alarm about a publication.
///
/// # Errors
/// The database.
pub async fn about(
    tx: &mut Tx,
    kind: Kind,
    row: &PublicationRow,
    detail: Value,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let new = NewAlarm {
        id: AlarmId::new(Uuid::now_v7()),
        kind: kind.as_str().to_owned(),
        dedup: format!("{}:{}", kind.as_str(), row.id),
        channel: Some(row.channel),
        post: Some(row.post),
        publication: Some(row.id),
        detail,
    };
    raise(tx, &new, now).await
}

/// Raises an alarm about something on a page that is not one of our publications.
///
/// # Errors
/// The database.
pub async fn on_page(
    tx: &mut Tx,
    kind: Kind,
    channel: ChannelId,
    remote_id: &str,
    url: &str,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let new = NewAlarm {
        id: AlarmId::new(Uuid::now_v7()),
        kind: kind.as_str().to_owned(),
        dedup: format!("{}:{channel}:{remote_id}", kind.as_str()),
        channel: Some(channel),
        post: None,
        publication: None,
        detail: json!({ "url": url }),
    };
    raise(tx, &new, now).await
}

/// Raises the alarm that a channel no longer lets Vigie in.
///
/// # Errors
/// The database.
pub async fn broken(
    tx: &mut Tx,
    channel: ChannelId,
    code: &str,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let new = NewAlarm {
        id: AlarmId::new(Uuid::now_v7()),
        kind: Kind::Broken.as_str().to_owned(),
        dedup: dedup_broken(channel),
        channel: Some(channel),
        post: None,
        publication: None,
        detail: json!({ "code": code }),
    };
    raise(tx, &new, now).await
}

/// Warns that what opens a channel ends soon.
///
/// # Errors
/// The database.
pub async fn ends(
    tx: &mut Tx,
    channel: ChannelId,
    until: Timestamp,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let new = NewAlarm {
        id: AlarmId::new(Uuid::now_v7()),
        kind: Kind::Ends.as_str().to_owned(),
        dedup: dedup_ends(channel),
        channel: Some(channel),
        post: None,
        publication: None,
        detail: json!({ "until": until }),
    };
    raise(tx, &new, now).await
}

/// Raises the alarm that a page shows something else of itself than before. `dedup` names what and between which two.
///
/// # Errors
/// The database.
pub async fn page_changed(
    tx: &mut Tx,
    kind: Kind,
    channel: ChannelId,
    dedup: String,
    change: PageChangeId,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let new = NewAlarm {
        id: AlarmId::new(Uuid::now_v7()),
        kind: kind.as_str().to_owned(),
        dedup,
        channel: Some(channel),
        post: None,
        publication: None,
        detail: json!({ "change": change }),
    };
    raise(tx, &new, now).await
}

/// Raises the alarm that a page, or who administers it, cannot be read any more.
///
/// # Errors
/// The database.
pub async fn page_unread(
    tx: &mut Tx,
    channel: ChannelId,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let new = NewAlarm {
        id: AlarmId::new(Uuid::now_v7()),
        kind: Kind::PageUnread.as_str().to_owned(),
        dedup: dedup_unread(channel),
        channel: Some(channel),
        post: None,
        publication: None,
        detail: json!({}),
    };
    raise(tx, &new, now).await
}

/// It can be read again.
///
/// # Errors
/// The database.
pub async fn page_read(
    tx: &mut Tx,
    channel: ChannelId,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    tx.alarm_over(&dedup_unread(channel), now).await.map(|_| ())
}

fn dedup_unread(channel: ChannelId) -> String {
    format!("{}:{channel}", Kind::PageUnread.as_str())
}

/// The channel lets Vigie in again, or is no longer used: the alarms about it close by themselves.
///
/// # Errors
/// The database.
pub async fn mended(
    tx: &mut Tx,
    channel: ChannelId,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    tx.alarm_over(&dedup_ends(channel), now).await?;
    tx.alarm_over(&dedup_broken(channel), now).await.map(|_| ())
}

fn dedup_ends(channel: ChannelId) -> String {
    format!("{}:{channel}", Kind::Ends.as_str())
}

/// One alarm a channel, however often it is tried.
fn dedup_broken(channel: ChannelId) -> String {
    format!("{}:{channel}", Kind::Broken.as_str())
}

/// A person told what became of a publication that nobody could tell about: the alarm about it closes.
///
/// # Errors
/// The database.
pub async fn decided(
    tx: &mut Tx,
    row: &PublicationRow,
    now: Timestamp,
) -> Result<(), vigie_store::Error> {
    let dedup = format!("{}:{}", Kind::Undecided.as_str(), row.id);
    tx.alarm_over(&dedup, now).await.map(|_| ())
}
