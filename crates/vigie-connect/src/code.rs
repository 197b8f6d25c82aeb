//! Why a call to the outside did not succeed: stable names that pages translate, never free text.

use jiff::Timestamp;
use std::fmt;
use vigie_core::publication::{Found, Outcome};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// A reason, with a stable name. Every one has words in both languages (`connect-CODE`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name),* }

        impl Code {
            /// All of them, for tests that look for missing words.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The reason with this name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

codes! {
    /// The address of the server is not one that can be called: not http(s), with a user name, without a host.
    BadAddress = "bad_address",
    /// The address leads into a private network and the operator has not allowed it.
    AddressNotAllowed = "address_not_allowed",
    /// A password would travel unencrypted.
    NotEncrypted = "not_encrypted",
    /// The name of the server is not known, or cannot be looked up.
    UnknownServer = "unknown_server",
    /// No connection: refused, unreachable, cut before anything was sent, or a certificate that is not valid.
    ServerDown = "server_down",
    /// No answer in time.
    Slow = "slow",
    /// The connection was cut after the request had left.
    CutOff = "cut_off",
    /// The answer is not what the protocol says.
    GarbageAnswer = "garbage_answer",
    /// The answer is larger than any true one.
    AnswerTooLarge = "answer_too_large",
    /// The server answered with an error of its own (5xx).
    ServerError = "server_error",
    /// Too many calls; there is a time from which to try again.
    RateLimited = "rate_limited",
    /// The handle or the password is wrong.
    BadCredentials = "bad_credentials",
    /// The account asks for a second factor: an app password is needed.
    NeedsAppPassword = "needs_app_password",
    /// The credentials kept are no longer good: connect the channel again.
    TokenExpired = "token_expired",
    /// The network has suspended or deactivated the account.
    AccountSuspended = "account_suspended",
    /// The credentials open another account than the one connected.
    OtherAccount = "other_account",
    /// The handle is not known on the network.
    UnknownHandle = "unknown_handle",
    /// Nothing to publish: no text, link or picture.
    Empty = "empty",
    /// Too many characters, as the network counts them.
    TooLong = "too_long",
    /// Too many bytes.
    TooManyBytes = "too_many_bytes",
    /// An alternative text has too many characters.
    AltTooLong = "alt_too_long",
    /// Too many pictures.
    TooManyPictures = "too_many_pictures",
    /// A picture has too many bytes.
    MediaTooBig = "media_too_big",
    /// A picture of a kind that the network does not take.
    MediaKind = "media_kind",
    /// Too many languages named.
    TooManyLanguages = "too_many_languages",
    /// A link card and pictures cannot be on one post: put the link into the text.
    LinkWithPictures = "link_with_pictures",
    /// The link is not an http(s) address.
    BadLink = "bad_link",
    /// Another record is there under the key of this publication.
    KeyTaken = "key_taken",
    /// The key or the id does not have the shape that this network uses.
    BadKey = "bad_key",
    /// This network takes no post without a picture.
    NeedsPicture = "needs_picture",
    /// The network fetches pictures itself, and this Vigie has no address that it can reach.
    MediaNotPublic = "media_not_public",
    /// The network could not use a picture.
    MediaFailed = "media_failed",
    /// The network shows no link cards: the link must be in the text.
    LinkNotInText = "link_not_in_text",
    /// The network has blocked this for now because of its own rules: a person looks at the account there.
    BlockedByNetwork = "blocked_by_network",
    /// More links than the network takes in one post.
    TooManyLinks = "too_many_links",
    /// More hashtags than the network takes in one post.
    TooManyTags = "too_many_tags",
    /// More mentions of accounts than the network takes in one post.
    TooManyMentions = "too_many_mentions",
    /// The network has this very text already.
    Duplicate = "duplicate",
    /// What is named (the post to answer, for one) is not there any more, or cannot be seen by this account.
    Gone = "gone",
    /// The operator's account at the network has no credit left: nothing was done.
    Unpaid = "unpaid",
    /// The token does not carry the right that this takes.
    MissingRight = "missing_right",
    /// The version of the network's interface that this Vigie speaks has ended: a newer Vigie is needed.
    VersionEnded = "version_ended",
    /// The operator has not registered this Vigie at the network.
    NotRegistered = "not_registered",
    /// The person said no on the network's page.
    NotGranted = "not_granted",
    /// The account opened holds no page that posts can be put on.
    NoPage = "no_page",
    /// This network does not do that.
    NotOffered = "not_offered",
    /// The network shows no warning before a post: readers would see the text at once.
    WarningLost = "warning_lost",
    /// The network does not let the page choose who may answer in this way, or not on an answer.
    RepliersNotOffered = "repliers_not_offered",
    /// The network takes one post at a time only: no series.
    SeriesNotOffered = "series_not_offered",
    /// The part before this one in a series is not on the page, or not under an id that Vigie knows.
    SeriesBroken = "series_broken",
    /// A call to Vigie that is not signed as it should be, or too old.
    Forged = "forged",
    /// The shared secret is too short to be one: 16 characters at least.
    WeakSecret = "weak_secret",
    /// The receiver takes calls that are not signed with the secret: anybody could post there.
    SignatureNotChecked = "signature_not_checked",
    /// The server refused the post and said why (see the detail in the log).
    RefusedByServer = "refused_by_server",
    /// The mail server lets nobody send from our address.
    SenderRefused = "sender_refused",
    /// The mail server refused a letter itself, not its reader.
    LetterRefused = "letter_refused",
    /// The mailbox has no such folder, or does not open it.
    FolderMissing = "folder_missing",
}

impl Code {
    /// True when only connecting the channel again helps.
    pub const fn needs_reconnect(self) -> bool {
        matches!(
            self,
            Self::BadCredentials
                | Self::NeedsAppPassword
                | Self::TokenExpired
                | Self::AccountSuspended
                | Self::OtherAccount
                | Self::MissingRight
        )
    }

    /// True when waiting may help: the server, not the content or the credentials, is the reason.
    pub const fn is_passing(self) -> bool {
        matches!(
            self,
            Self::UnknownServer
                | Self::ServerDown
                | Self::Slow
                | Self::CutOff
                | Self::GarbageAnswer
                | Self::AnswerTooLarge
                | Self::ServerError
                | Self::RateLimited
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A call that did not succeed. Holds no secret: it may be logged and stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Failure {
    /// For people, through translation.
    pub code: Code,
    /// For the log, in English, at most 300 characters.
    pub detail: String,
    /// Not before, where the server says.
    pub retry_at: Option<Timestamp>,
}

impl Failure {
    /// A failure whose detail is bounded and free of control characters, since much of it comes from a server.
    pub fn new(code: Code, detail: impl AsRef<str>) -> Self {
        let detail = detail
            .as_ref()
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(300)
            .collect::<String>();
        Self {
            code,
            detail,
            retry_at: None,
        }
    }

    /// As the outcome of a publication of which nothing reached the network.
    pub fn not_sent(self) -> Outcome {
        Outcome::NotSent {
            code: self.code.as_str().to_owned(),
            retry_at: self.retry_at,
        }
    }

    /// As what a look says that could not be made.
    pub fn cannot_tell(self) -> Found {
        Found::CannotTell {
            detail: self.to_string(),
        }
    }

    /// The same, not to be tried again before `at`.
    pub fn retry_at(mut self, at: Option<Timestamp>) -> Self {
        self.retry_at = at;
        self
    }
}
