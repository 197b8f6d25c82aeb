//! Typed identifiers. Every id is a UUIDv7, written as text everywhere; the shell makes them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID.
            pub const fn new(id: Uuid) -> Self { Self(id) }
            /// The UUID inside.
            pub const fn uuid(self) -> Uuid { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }
    )*};
}

ids! {
    /// A person of the company.
    MemberId;
    /// A post, over all its revisions.
    PostId;
    /// One immutable state of a post's content.
    RevisionId;
    /// A company page or account on a network.
    ChannelId;
    /// One revision on one channel; also the idempotency key of that publication, for ever.
    PublicationId;
    /// A picture.
    MediaId;
    /// A change that takes two people.
    ChangeId;
    /// A sealed secret.
    SecretId;
    /// An alarm.
    AlarmId;
    /// A comment, mention or message that reached a page.
    InboundId;
    /// A change of what a page shows of itself.
    PageChangeId;
    /// A room of a chat.
    ChatRoomId;
    /// Something to be said in a room of a chat.
    ChatNoteId;
    /// The organisation's way to send and read letters.
    MailServerId;
    /// A letter to a member.
    LetterId;
    /// A comment in a post's thread.
    CommentId;
    /// A proposed edit.
    SuggestionId;
    /// An approval.
    ApprovalId;
    /// A signed-in browser.
    SessionId;
    /// A personal API token.
    TokenId;
    /// An invitation.
    InviteId;
    /// A passkey.
    CredentialId;
}
