//! What a platform can do, in one table: the channels page, `docs/platforms.md` and the tests are made from it.

use serde::{Deserialize, Serialize};
use vigie_core::{
    content::{Platform, Repliers},
    page_state::PagePart,
};

use crate::{count::Unit, price::Prices};

/// One platform. What is `false`, 0 or empty is not done by Vigie, whatever the network itself can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Declaration {
    /// The platform.
    pub platform: Platform,
    /// Its name, the same in every language.
    pub name: &'static str,
    /// How a channel is connected.
    pub sign_in: SignIn,
    /// True when connecting asks for a server address.
    pub has_service: bool,
    /// The server taken when none is given.
    pub default_service: &'static str,
    /// Limits of a text.
    pub text: Limit,
    /// Most pictures on one post; more than one is a gallery or carousel.
    pub pictures: usize,
    /// True when a post without a picture is not taken.
    pub needs_picture: bool,
    /// Most bytes of one picture.
    pub picture_bytes: usize,
    /// Types of picture taken.
    pub picture_types: &'static [&'static str],
    /// Most characters of an alternative text, as counted by the network; 0 when it carries none.
    pub alt_graphemes: usize,
    /// How a picture reaches the network.
    pub media: MediaWay,
    /// True when a link can be shown as a card.
    pub link_card: bool,
    /// True when a link card and pictures can be on the same post.
    pub link_card_with_pictures: bool,
    /// Most languages on one post; 0 when the platform does not carry them.
    pub languages: usize,
    /// True when a post can answer another.
    pub replies: bool,
    /// True when a post can have a warning that readers see before its text; its characters count with those of the text.
    pub warning: bool,
    /// Who may be asked to answer, besides everyone; empty when the network leaves no choice.
    pub repliers: &'static [Repliers],
    /// True when a series can be posted: further parts, each an answer to the one before.
    pub series: bool,
    /// How an unknown outcome is settled.
    pub settling: Settling,
    /// What can be read.
    pub reads: Reads,
    /// What can be read of the page itself.
    pub shows: Shows,
    /// True when a post can be deleted.
    pub deletes: bool,
    /// How often the page is read, in minutes. Where reading costs money or counts against a small budget, seldom.
    pub every: u16,
    /// True when the network calls Vigie when something happens; Vigie asks by itself all the same.
    pub hooks: bool,
    /// The rights asked for, the least that does.
    pub scopes: &'static [&'static str],
    /// The version of the interface that is spoken, where it has a name and an end.
    pub version: Option<Version>,
    /// How long what opens the account lasts.
    pub token: Token,
    /// What the network asks for calls, where it asks money.
    pub prices: Option<Prices>,
    /// What is taken back at the network when a page is disconnected.
    pub revokes: Revokes,
    /// Where a person takes back there what Vigie cannot; empty where there is no such page, or where it depends on the
    /// server ([`crate::Connector::removal`]).
    pub removal: &'static str,
    /// What it was proven against.
    pub proven: Proven,
    /// Where the facts above are from.
    pub sources: &'static [&'static str],
}

/// How a channel is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// A name and a password made for programs.
    AppPassword,
    /// The person signs in at the network and comes back (OAuth 2 with PKCE). With `registered`, the operator has
    /// registered Vigie there once and put the id and the secret into the configuration; without, Vigie registers
    /// itself at each server.
    OAuth {
        /// True when the operator registers the program.
        registered: bool,
    },
    /// An address that takes posts, and a secret that signs them.
    Address,
    /// Nothing: it is part of Vigie.
    BuiltIn,
}

/// How a picture reaches the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaWay {
    /// Vigie sends the bytes.
    Upload,
    /// The network fetches them from a short-lived signed address of Vigie, which must be reachable from outside.
    Fetched,
    /// No pictures.
    None,
}

/// Limits of a text; the first that is reached counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// Most of what [`Limit::unit`] counts.
    pub most: usize,
    /// What is counted.
    pub unit: Unit,
    /// Most bytes of UTF-8.
    pub bytes: usize,
}

/// How an unknown outcome becomes a known one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Settling {
    /// The post has a key chosen by us: look under it; sending again is the same post.
    OwnKey,
    /// Look among the account's posts for the same content. What is not seen there may still come: it is never sent
    /// again by itself.
    ByContent,
    /// It cannot be known: a person looks.
    ByPerson,
}

/// What can be read of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reads {
    /// Its posts, one by one and listed; so deletions are seen.
    pub posts: bool,
    /// That a post was edited.
    pub edits: bool,
    /// Comments on its posts.
    pub comments: bool,
    /// Posts that name it.
    pub mentions: bool,
    /// Messages sent to it.
    pub messages: bool,
}

impl Reads {
    /// Nothing.
    pub const NONE: Self = Self {
        posts: false,
        edits: false,
        comments: false,
        mentions: false,
        messages: false,
    };
}

/// What can be read of the page itself, with the rights that are asked for anyway. Followers are a number, never
/// persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "a table of yes and no")]
pub struct Shows {
    /// Its name.
    pub name: bool,
    /// Its handle.
    pub handle: bool,
    /// What it says about itself.
    pub description: bool,
    /// The links that it shows.
    pub website: bool,
    /// Whether its picture is another one.
    pub picture: bool,
    /// Who may administer it.
    pub administrators: bool,
    /// Which programs are let in.
    pub applications: bool,
    /// How many follow it.
    pub followers: bool,
    /// Hours between two readings; seldom where reading costs money.
    pub every: u16,
}

impl Shows {
    /// Nothing.
    pub const NONE: Self = Self {
        name: false,
        handle: false,
        description: false,
        website: false,
        picture: false,
        administrators: false,
        applications: false,
        followers: false,
        every: 6,
    };

    /// Name, handle, description and picture: what nearly every network has.
    pub const PROFILE: Self = Self {
        name: true,
        handle: true,
        description: true,
        picture: true,
        ..Self::NONE
    };

    /// Whether a part can be read.
    pub const fn has(&self, part: PagePart) -> bool {
        match part {
            PagePart::Name => self.name,
            PagePart::Handle => self.handle,
            PagePart::Description => self.description,
            PagePart::Website => self.website,
            PagePart::Picture => self.picture,
            PagePart::Administrator => self.administrators,
            PagePart::Application => self.applications,
            PagePart::Followers => self.followers,
        }
    }

    /// Whether anything can.
    pub fn anything(&self) -> bool {
        PagePart::ALL.into_iter().any(|part| self.has(part))
    }
}

/// A version of a network's interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Version {
    /// As the network names it.
    pub name: &'static str,
    /// The day it ends (`YYYY-MM-DD`), where the network says.
    pub ends: Option<&'static str>,
}

/// How long what opens an account lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Days; `None` when it lasts until somebody revokes it.
    pub days: Option<u16>,
    /// Who renews it.
    pub renewal: Renewal,
}

/// Who renews what opens an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Renewal {
    /// It does not end.
    Never,
    /// Vigie, by itself.
    ByItself,
    /// A person signs in again.
    ByPerson,
}

/// What Vigie can take back of what opens an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Revokes {
    /// Nothing: the network publishes no way for a program.
    Nothing,
    /// The session; what it was opened with stays.
    Session,
    /// All of it.
    Token,
}

/// What a connector was proven against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proven {
    /// A real server, named.
    RealServer(&'static str),
    /// The published contract, named; not yet the live service.
    Contract(&'static str),
    /// It is part of Vigie.
    Itself,
}

/// What the server of an account says about itself, where it says something; it counts more than the declaration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Most characters of a text.
    pub text: Option<usize>,
    /// What a link counts for.
    pub url_weight: Option<usize>,
    /// Most pictures on one post.
    pub pictures: Option<usize>,
    /// Most bytes of a picture.
    pub picture_bytes: Option<usize>,
    /// Most characters of an alternative text.
    pub alt: Option<usize>,
    /// Types of picture taken.
    pub picture_types: Vec<String>,
}

/// A number from a server is believed within these bounds only.
const BELIEVED: std::ops::RangeInclusive<usize> = 1..=1_000_000_000;

impl Declaration {
    /// The declaration as it holds on a server that says this about itself. Texts stay under a million characters
    /// and posts under 50 pictures, whatever a server says.
    #[must_use]
    pub fn at(&self, limits: &Limits) -> Self {
        let believed = |said: Option<usize>| said.filter(|n| BELIEVED.contains(n));
        let mut here = *self;
        if let Some(most) = believed(limits.text) {
            here.text.most = most.min(1_000_000);
            // Four bytes a character, and some for what counts less than it has.
            here.text.bytes = here.text.bytes.max(here.text.most.saturating_mul(8));
        }
        if let (Unit::Fediverse { .. }, Some(url)) = (here.text.unit, believed(limits.url_weight)) {
            here.text.unit = Unit::Fediverse {
                url: url.min(1_000),
            };
        }
        if let Some(most) = limits.pictures.filter(|n| *n <= 50) {
            here.pictures = most;
        }
        if let Some(most) = believed(limits.picture_bytes) {
            here.picture_bytes = most;
        }
        if let Some(most) = believed(limits.alt) {
            here.alt_graphemes = most.min(100_000);
        }
        here
    }

    /// Whether a picture of this type is taken on a server that says this about itself.
    pub fn takes(&self, limits: &Limits, mime: &str) -> bool {
        self.picture_types.contains(&mime)
            && (limits.picture_types.is_empty() || limits.picture_types.iter().any(|t| t == mime))
    }
}
