//! Where people talk: what is said about a post goes out as a [`Note`] and comes back as a [`Heard`].
//!
//! Nothing is decided here. What is said is the shell's, ready in the reader's language; what comes in is handed on as a
//! typed event with the chat's own id of who said it, and the shell decides which member that is, if any.

mod address;
pub mod declaration;
pub mod hipchat;
pub mod matrix;
pub mod mattermost;
pub mod slack;
pub mod teams;
pub mod webhook;
mod words;

pub use address::Address;
pub use declaration::{ChatDeclaration, ChatKind};
pub use hipchat::HipChat;
pub use matrix::Matrix;
pub use mattermost::Mattermost;
pub use slack::Slack;
pub use teams::Teams;
pub use webhook::Webhook;

/// Longest value of a button, in bytes.
pub const MAX_VALUE: usize = 2_000;
/// Longest text that is heard, in characters; the rest is dropped.
pub const MAX_HEARD: usize = 10_000;
/// Longest name or id of a speaker, in characters.
pub const MAX_NAME: usize = 200;

/// Something to be said in a room or to a person. Words are ready in the reader's language: nothing here translates.
/// Each chat cuts what is too long for it, and says so visibly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Ours, the same at every attempt: a chat that can tell repeats apart uses it.
    pub key: String,
    /// The conversation it belongs to in that chat (from [`Sent::thread`]), if it has one already.
    pub thread: Option<String>,
    /// One line: what this is about.
    pub title: String,
    /// Paragraphs of plain text.
    pub body: Vec<String>,
    /// The exact content under review, one per channel. Shown verbatim, marked as a quotation, never interpreted as
    /// mark-up of the chat (no mention of everyone, no link made of other words).
    pub contents: Vec<Quoted>,
    /// Findings, one line each, with their severity name (`hint`, `warn`, `review`, `stop`).
    pub findings: Vec<(String, String)>,
    /// Buttons that a chat with interaction shows; others show only links. A content that had to be cut takes the
    /// button that approves with it: nobody approves what they could not read.
    pub actions: Vec<Action>,
    /// Links: label, address. The first is "open in Vigie".
    pub links: Vec<(String, url::Url)>,
    /// A small line at the end (what digest this is about, how to stop these messages).
    pub footer: String,
    /// BCP 47.
    pub lang: String,
}

/// The exact content for one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    /// Name of the page it is for.
    pub page: String,
    /// Its text.
    pub text: String,
    /// Alternative texts of its pictures.
    pub pictures: Vec<String>,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What it does.
    pub id: ActionId,
    /// Its words.
    pub label: String,
    /// Comes back in [`Heard::Pressed`] unchanged; at most [`MAX_VALUE`] bytes, or the button is not shown.
    pub value: String,
}

/// What a button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionId {
    /// The reviewer approves.
    Approve,
    /// The reviewer asks for changes.
    AskForChanges,
}

impl ActionId {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "vigie-approve",
            Self::AskForChanges => "vigie-changes",
        }
    }

    /// The action with this name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "vigie-approve" => Some(Self::Approve),
            "vigie-changes" => Some(Self::AskForChanges),
            _ => None,
        }
    }
}

/// It was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// The conversation it is in, for [`Note::thread`] of what follows; `None` where the chat has no threads.
    pub thread: Option<String>,
    /// The message itself, in the chat's own id.
    pub message: Option<String>,
}

/// What came from a chat. Who said it is the chat's own stable id: the shell decides which member that is, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Somebody pressed a button.
    Pressed {
        /// Who.
        who: Speaker,
        /// Which.
        action: ActionId,
        /// What the button held; believed no more than any text from outside.
        value: String,
        /// The conversation.
        thread: Option<String>,
    },
    /// Somebody said something in a thread; the shell knows whether that thread is one of ours.
    Said {
        /// Who.
        who: Speaker,
        /// The conversation, as in [`Sent::thread`].
        thread: String,
        /// Plain text, at most [`MAX_HEARD`] characters.
        text: String,
        /// The message: the same id comes when the same message comes again.
        message: String,
    },
    /// Somebody asked to be bound to a member (a slash command or a word to the bot): the shell answers with a link.
    Bind {
        /// Who.
        who: Speaker,
    },
}

/// Somebody in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Speaker {
    /// The workspace or server whose ids these are.
    pub chat: String,
    /// Stable id.
    pub id: String,
    /// Name shown there; changes, and proves nothing. Empty where the chat did not say.
    pub name: String,
}

impl Speaker {
    /// Somebody, if both ids look like ids.
    pub(crate) fn new(chat: &str, id: &str, name: &str) -> Option<Self> {
        let good = |id: &str| {
            !id.is_empty() && id.chars().count() <= MAX_NAME && !id.chars().any(char::is_control)
        };
        (good(chat) && good(id)).then(|| Self {
            chat: chat.to_owned(),
            id: id.to_owned(),
            name: name
                .chars()
                .filter(|c| !c.is_control())
                .take(MAX_NAME)
                .collect(),
        })
    }
}
