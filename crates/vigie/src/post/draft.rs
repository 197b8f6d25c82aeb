//! A draft as somebody wrote it, made into a content that can be approved.

use jiff::{SignedDuration, Timestamp};
use vigie_core::content::{Content, Digest, MediaRef, Part, Repliers, Variant};
use vigie_core::id::ChannelId;
use vigie_core::schedule;
use vigie_store::{ChannelRow, Conn, Settings};

/// Most channels on one post.
const MOST_CHANNELS: usize = 20;
/// Longest text that is kept, in bytes. Networks take far less; this only keeps the database sane.
pub const MOST_TEXT: usize = 64 * 1024;
/// Most pictures on one variant.
const MOST_PICTURES: usize = 20;
/// Most pictures on one variant, all parts together: as many as the rules look at.
pub const MOST_IN_ALL: usize = vigie_check::limits::MAX_ATTACHED;
/// Longest alternative text, in characters.
const MOST_ALT: usize = 2_000;
/// Most parts of a series after its first post.
pub const MOST_PARTS: usize = 24;
/// Longest warning, in characters: a few words that everybody reads.
const MOST_WARNING: usize = 200;

/// What somebody wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// One per channel.
    pub variants: Vec<DraftVariant>,
    /// When it should go out; as soon as it is approved when absent.
    pub at: Option<Timestamp>,
}

/// What somebody wrote for one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftVariant {
    /// The channel.
    pub channel: ChannelId,
    /// The text.
    pub text: String,
    /// A link shown as a card.
    pub link: Option<String>,
    /// Languages.
    pub langs: Vec<String>,
    /// Pictures, in order.
    pub media: Vec<DraftMedia>,
    /// The network's id of what this answers.
    pub reply_to: Option<String>,
    /// What readers see before the text.
    pub warning: Option<String>,
    /// Who may answer.
    pub repliers: Repliers,
    /// What goes on after it, part by part.
    pub parts: Vec<DraftPart>,
}

/// A further part of a series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftPart {
    /// The text.
    pub text: String,
    /// Pictures, in order.
    pub media: Vec<DraftMedia>,
}

/// A picture that was brought before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftMedia {
    /// Its digest.
    pub sha256: Digest,
    /// Alternative text.
    pub alt: String,
    /// Says nothing that the text does not.
    pub decorative: bool,
}

/// What is wrong with a draft. The words are in the catalogue under `draft-…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftProblem {
    /// No channel.
    #[error("no channel")]
    NoChannel,
    /// Too many channels.
    #[error("too many channels")]
    TooManyChannels,
    /// The same channel twice.
    #[error("a channel twice")]
    ChannelTwice,
    /// Not a channel that can be used.
    #[error("unknown channel")]
    UnknownChannel,
    /// A text is longer than anything that a network takes.
    #[error("text too long")]
    TextTooLong,
    /// Too many pictures.
    #[error("too many pictures")]
    TooManyPictures,
    /// Too many pictures in all parts of a series together.
    #[error("too many pictures in all parts")]
    TooManyInAll,
    /// A picture that is not here.
    #[error("unknown picture")]
    UnknownPicture,
    /// An alternative text is too long.
    #[error("alternative text too long")]
    AltTooLong,
    /// Too many parts.
    #[error("too many parts")]
    TooManyParts,
    /// A warning is too long.
    #[error("warning too long")]
    WarningTooLong,
    /// It answers something that did not reach this page, or is no longer kept.
    #[error("unknown answer")]
    UnknownAnswer,
    /// A link that is no web address.
    #[error("bad link")]
    BadLink,
    /// The time has passed.
    #[error("the time has passed")]
    Past,
}

impl DraftProblem {
    /// The key of its words.
    pub const fn key(self) -> &'static str {
        match self {
            Self::NoChannel => "draft-no-channel",
            Self::TooManyChannels => "draft-too-many-channels",
            Self::ChannelTwice => "draft-channel-twice",
            Self::UnknownChannel => "draft-unknown-channel",
            Self::TextTooLong => "draft-text-too-long",
            Self::TooManyPictures => "draft-too-many-pictures",
            Self::TooManyInAll => "draft-too-many-in-all",
            Self::UnknownPicture => "draft-unknown-picture",
            Self::AltTooLong => "draft-alt-too-long",
            Self::TooManyParts => "draft-too-many-parts",
            Self::WarningTooLong => "draft-warning-too-long",
            Self::UnknownAnswer => "draft-unknown-answer",
            Self::BadLink => "draft-bad-link",
            Self::Past => "draft-past",
        }
    }
}

/// Why there is no content.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// The draft.
    #[error(transparent)]
    Problem(#[from] DraftProblem),
    /// The database.
    #[error(transparent)]
    Store(#[from] vigie_store::Error),
}

impl Draft {
    /// Makes it a content: channels are looked up for the account that will be approved, pictures for their facts.
    ///
    /// # Errors
    /// The first problem of the draft; the database.
    pub async fn content(
        &self,
        conn: &mut Conn,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Content, DraftError> {
        if self.variants.is_empty() {
            return Err(DraftProblem::NoChannel.into());
        }
        if self.variants.len() > MOST_CHANNELS {
            return Err(DraftProblem::TooManyChannels.into());
        }
        if self.at.is_some_and(|at| at <= now) {
            return Err(DraftProblem::Past.into());
        }
        let channels = conn.channels_usable().await?;
        let mut variants: Vec<Variant> = Vec::with_capacity(self.variants.len());
        for one in &self.variants {
            if variants.iter().any(|other| other.channel == one.channel) {
                return Err(DraftProblem::ChannelTwice.into());
            }
            let channel = channels
                .iter()
                .find(|c| c.id == one.channel)
                .ok_or(DraftProblem::UnknownChannel)?;
            variants.push(one.variant(conn, channel).await?);
        }
        Ok(Content {
            variants,
            window: schedule::window(self.at, now, valid(self.at.is_some(), settings)),
        })
    }
}

/// How long after its start a window ends.
pub fn valid(planned: bool, settings: &Settings) -> SignedDuration {
    if planned {
        SignedDuration::from_hours(settings.window_hours.into())
    } else {
        SignedDuration::from_hours(i64::from(settings.approval_valid_days).saturating_mul(24))
    }
}

impl DraftVariant {
    async fn variant(&self, conn: &mut Conn, channel: &ChannelRow) -> Result<Variant, DraftError> {
        if self.text.len() > MOST_TEXT {
            return Err(DraftProblem::TextTooLong.into());
        }
        if self.parts.len() > MOST_PARTS {
            return Err(DraftProblem::TooManyParts.into());
        }
        let more = self.parts.iter().map(|part| part.media.len());
        if more.sum::<usize>().saturating_add(self.media.len()) > MOST_IN_ALL {
            return Err(DraftProblem::TooManyInAll.into());
        }
        let link = match self
            .link
            .as_deref()
            .map(str::trim)
            .filter(|link| !link.is_empty())
        {
            None => None,
            Some(link) => Some(web_address(link).ok_or(DraftProblem::BadLink)?),
        };
        let media = pictures(conn, &self.media).await?;
        let mut parts = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            if part.text.len() > MOST_TEXT {
                return Err(DraftProblem::TextTooLong.into());
            }
            parts.push(Part {
                text: part.text.replace("\r\n", "\n"),
                media: pictures(conn, &part.media).await?,
            });
        }
        let warning = self.warning.as_deref().map(one_line);
        let warning = warning.filter(|warning| !warning.is_empty());
        if warning
            .as_ref()
            .is_some_and(|w| w.chars().count() > MOST_WARNING)
        {
            return Err(DraftProblem::WarningTooLong.into());
        }
        if let Some(to) = &self.reply_to
            && conn.inbound_by_remote(channel.id, to).await?.is_none()
        {
            return Err(DraftProblem::UnknownAnswer.into());
        }
        Ok(Variant {
            channel: channel.id,
            platform: channel.platform,
            account: channel.account.clone(),
            text: self.text.replace("\r\n", "\n"),
            link,
            langs: self.langs.clone(),
            media,
            reply_to: self.reply_to.clone(),
            warning,
            repliers: self.repliers,
            parts,
        })
    }
}

/// Pictures that were brought before, with their facts.
async fn pictures(conn: &mut Conn, drafted: &[DraftMedia]) -> Result<Vec<MediaRef>, DraftError> {
    if drafted.len() > MOST_PICTURES {
        return Err(DraftProblem::TooManyPictures.into());
    }
    let mut media = Vec::with_capacity(drafted.len());
    for one in drafted {
        if one.alt.chars().count() > MOST_ALT {
            return Err(DraftProblem::AltTooLong.into());
        }
        let row = match conn.media(one.sha256).await {
            Ok(row) => row,
            Err(vigie_store::Error::NotFound) => {
                return Err(DraftProblem::UnknownPicture.into());
            }
            Err(error) => return Err(error.into()),
        };
        media.push(row.reference(one.alt.clone(), one.decorative));
    }
    Ok(media)
}

/// A text in one line, blanks single: what a warning is kept as.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A web address without a user name, as typed.
fn web_address(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none();
    (plain && url.host_str().is_some() && text.len() <= 2_000).then(|| text.to_owned())
}

fn drafted(media: &[MediaRef]) -> Vec<DraftMedia> {
    media
        .iter()
        .map(|m| DraftMedia {
            sha256: m.sha256,
            alt: m.alt.clone(),
            decorative: m.decorative,
        })
        .collect()
}

impl From<&Content> for Draft {
    fn from(content: &Content) -> Self {
        let variants = content
            .variants
            .iter()
            .map(|variant| DraftVariant {
                channel: variant.channel,
                text: variant.text.clone(),
                link: variant.link.clone(),
                langs: variant.langs.clone(),
                media: drafted(&variant.media),
                parts: variant
                    .parts
                    .iter()
                    .map(|part| DraftPart {
                        text: part.text.clone(),
                        media: drafted(&part.media),
                    })
                    .collect(),
                reply_to: variant.reply_to.clone(),
                warning: variant.warning.clone(),
                repliers: variant.repliers,
            })
            .collect();
        Self {
            variants,
            at: content.window.not_before,
        }
    }
}
