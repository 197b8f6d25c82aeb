//! What each chat can do, in one table: the settings page and `docs/platforms.md` are made from it.

use crate::Proven;
use serde::Serialize;

/// A way to talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatKind {
    /// Slack.
    Slack,
    /// E-mail.
    Mail,
    /// Rooms of XMPP, which HipChat spoke.
    Xmpp,
    /// Matrix.
    Matrix,
    /// Mattermost.
    Mattermost,
    /// Microsoft Teams.
    Teams,
    /// HipChat's interface of version 2.
    HipChat,
    /// A signed call to any address.
    Webhook,
}

/// One chat. What is `false` or `None` is not done by Vigie, whatever the chat itself can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ChatDeclaration {
    /// Which.
    pub kind: ChatKind,
    /// Its name, the same in every language.
    pub name: &'static str,
    /// How it is connected.
    pub connected: Connected,
    /// True when all about one post stays in one conversation.
    pub threads: bool,
    /// True when what people say in that conversation is heard.
    pub hears: bool,
    /// True when a review can be answered with a button there.
    pub buttons: bool,
    /// True when a message can be replaced once it is decided.
    pub amends: bool,
    /// True when a single person can be spoken to.
    pub people: bool,
    /// How a message that may or may not have been said is treated.
    pub repeats: Repeats,
    /// Most of one whole message; what is longer is cut, visibly, and Vigie is opened for the rest.
    pub most: Length,
    /// Most characters of one exact content in it, in units of UTF-16.
    pub content: usize,
    /// Rights to give it, the least that does.
    pub scopes: &'static [&'static str],
    /// The day the chat itself was retired by its maker (`YYYY-MM-DD`), if it was.
    pub retired: Option<&'static str>,
    /// What people must know, in English.
    pub notes: &'static [&'static str],
    /// What it was proven against.
    pub proven: Proven,
    /// Where the facts above are from.
    pub sources: &'static [&'static str],
}

/// How a chat is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Connected {
    /// The operator makes an app there and pastes its tokens.
    App,
    /// A token of an account made for Vigie, and the server's address.
    Token,
    /// An address for messages, which is the secret.
    Address,
    /// An address, and a secret that signs what is sent there.
    SignedAddress,
    /// A name and a password at a server.
    Account,
}

/// How a message that may or may not have been said is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeats {
    /// It carries a key of ours: sent again, it is the same message.
    OwnKey,
    /// It carries a key of ours by which the receiver can drop it; whether it does is the receiver's affair.
    ByReceiver,
    /// It is never sent again by itself: it would be said twice.
    Never,
}

/// A length with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// Characters, in units of UTF-16.
    Characters(usize),
    /// Bytes of UTF-8.
    Bytes(usize),
}

impl ChatDeclaration {
    /// The declaration of a chat.
    pub fn of(kind: ChatKind) -> Option<&'static Self> {
        CHATS.iter().find(|chat| chat.kind == kind)
    }
}

const TWICE: &str =
    "A message of which it is unknown whether it was said is not said again by itself.";

/// All chats, in the order in which they are offered.
pub static CHATS: &[ChatDeclaration] = &[
    ChatDeclaration {
        kind: ChatKind::Slack,
        name: "Slack",
        connected: Connected::App,
        threads: true,
        hears: true,
        buttons: true,
        amends: true,
        people: true,
        repeats: Repeats::Never,
        most: Length::Bytes(10_000),
        content: 2_900,
        scopes: &[
            "chat:write",
            "users:read",
            "commands",
            "channels:history",
            "groups:history",
        ],
        retired: None,
        notes: &[
            TWICE,
            "Heard over HTTP (signed) or over Socket Mode, for installations that cannot be reached from outside.",
            "A content that had to be cut cannot be approved from there.",
        ],
        proven: Proven::Contract("docs.slack.dev"),
        sources: &[
            "https://docs.slack.dev/reference/methods/chat.postMessage",
            "https://docs.slack.dev/reference/methods/chat.update",
            "https://docs.slack.dev/reference/block-kit/blocks",
            "https://docs.slack.dev/authentication/verifying-requests-from-slack",
            "https://docs.slack.dev/apis/events-api/using-socket-mode",
        ],
    },
    ChatDeclaration {
        kind: ChatKind::Mail,
        name: "E-mail",
        connected: Connected::Account,
        threads: true,
        hears: true,
        buttons: false,
        amends: false,
        people: true,
        repeats: Repeats::ByReceiver,
        most: Length::Bytes(1 << 20),
        content: 100_000,
        scopes: &[],
        retired: None,
        notes: &["Sent over SMTP, heard over IMAP. A repeat has the same Message-ID."],
        proven: Proven::RealServer("Postfix and Dovecot"),
        sources: &[
            "https://www.rfc-editor.org/rfc/rfc5321",
            "https://www.rfc-editor.org/rfc/rfc5322",
            "https://www.rfc-editor.org/rfc/rfc9051",
        ],
    },
    ChatDeclaration {
        kind: ChatKind::Xmpp,
        name: "XMPP",
        connected: Connected::Account,
        threads: true,
        hears: true,
        buttons: false,
        amends: false,
        people: true,
        repeats: Repeats::Never,
        most: Length::Bytes(65_536),
        content: 10_000,
        scopes: &[],
        retired: None,
        notes: &[
            TWICE,
            "Rooms (multi-user chat). HipChat spoke this protocol.",
            "An answer is heard where the program says which message it answers (XEP-0461), or keeps threads.",
        ],
        proven: Proven::RealServer("Prosody"),
        sources: &[
            "https://www.rfc-editor.org/rfc/rfc6120",
            "https://xmpp.org/extensions/xep-0045.html",
            "https://xmpp.org/extensions/xep-0359.html",
            "https://xmpp.org/extensions/xep-0461.html",
        ],
    },
    ChatDeclaration {
        kind: ChatKind::Matrix,
        name: "Matrix",
        connected: Connected::Token,
        threads: true,
        hears: true,
        buttons: false,
        amends: false,
        people: false,
        repeats: Repeats::OwnKey,
        most: Length::Bytes(48_000),
        content: 12_000,
        scopes: &[],
        retired: None,
        notes: &[
            "Rooms that are not encrypted only.",
            "A repeat is the same message as long as the access token is the same.",
        ],
        proven: Proven::RealServer("Synapse"),
        sources: &["https://spec.matrix.org/v1.11/client-server-api/"],
    },
    ChatDeclaration {
        kind: ChatKind::Mattermost,
        name: "Mattermost",
        connected: Connected::Address,
        threads: false,
        hears: false,
        buttons: false,
        amends: false,
        people: false,
        repeats: Repeats::Never,
        most: Length::Characters(15_000),
        content: 12_000,
        scopes: &[],
        retired: None,
        notes: &[
            TWICE,
            "In a content, @channel, @all and @here get an invisible character.",
        ],
        proven: Proven::Contract("developers.mattermost.com"),
        sources: &["https://developers.mattermost.com/integrate/webhooks/incoming/"],
    },
    ChatDeclaration {
        kind: ChatKind::Teams,
        name: "Microsoft Teams",
        connected: Connected::Address,
        threads: false,
        hears: false,
        buttons: false,
        amends: false,
        people: false,
        repeats: Repeats::Never,
        most: Length::Bytes(27_000),
        content: 12_000,
        scopes: &[],
        retired: None,
        notes: &[
            TWICE,
            "A workflow that took a message does not say whether it was shown.",
        ],
        proven: Proven::Contract("learn.microsoft.com"),
        sources: &[
            "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook",
            "https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features",
        ],
    },
    ChatDeclaration {
        kind: ChatKind::HipChat,
        name: "HipChat",
        connected: Connected::Token,
        threads: false,
        hears: false,
        buttons: false,
        amends: false,
        people: false,
        repeats: Repeats::Never,
        most: Length::Characters(10_000),
        content: 8_000,
        scopes: &["send_notification"],
        retired: Some("2019-02-15"),
        notes: &[
            TWICE,
            "For servers that still run, and for programs that took over its interface.",
        ],
        proven: Proven::Contract("developer.atlassian.com"),
        sources: &["https://developer.atlassian.com/server/hipchat/hipchat-rest-api-reference/"],
    },
    ChatDeclaration {
        kind: ChatKind::Webhook,
        name: "Webhook",
        connected: Connected::SignedAddress,
        threads: false,
        hears: false,
        buttons: false,
        amends: false,
        people: false,
        repeats: Repeats::ByReceiver,
        most: Length::Bytes(256 << 10),
        content: 256 << 10,
        scopes: &[],
        retired: None,
        notes: &["The receiver drops an id that it has seen."],
        proven: Proven::Itself,
        sources: &["docs/chat-webhook.md"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chat_is_declared_once_and_truly() {
        for chat in CHATS {
            assert_eq!(ChatDeclaration::of(chat.kind), Some(chat), "{}", chat.name);
            assert!(!chat.sources.is_empty() && !chat.name.is_empty());
            // What cannot be told apart says so.
            assert_eq!(
                chat.repeats == Repeats::Never,
                chat.notes.contains(&TWICE),
                "{}",
                chat.name
            );
            assert!(!chat.buttons || chat.hears, "{}", chat.name);
        }
        assert_eq!(CHATS.len(), 8);
    }
}
