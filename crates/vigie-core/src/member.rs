//! Members: the people of the company, their roles and skills.

use serde::{Deserialize, Serialize};

/// Writes an enum's stable names in one place: database, API and audit use the same.
macro_rules! names {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        $vis enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The stable name, as stored and sent.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $text,)* } }
            /// Reads the stable name.
            pub fn parse(text: &str) -> Option<Self> { match text { $($text => Some(Self::$variant),)* _ => None } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
    };
}
pub(crate) use names;

names! {
    /// What a member does in Vigie. No role has a say over another member's posts: there is no hierarchy.
    pub enum Role {
        /// Reads, comments, reports, pauses.
        Reader = "reader",
        /// Also writes posts.
        Writer = "writer",
        /// Also prepares invitations, channels and settings, which another member confirms.
        Steward = "steward",
    }
}

names! {
    /// What a second pair of eyes may be asked for.
    pub enum Skill {
        /// Law and regulations.
        Legal = "legal",
        /// Confidential information and identity.
        Security = "security",
        /// Reputation and wording.
        Communication = "communication",
    }
}

names! {
    /// The languages of Vigie.
    pub enum Lang {
        /// French.
        Fr = "fr",
        /// English.
        En = "en",
    }
}

names! {
    /// Whether a member may still sign in.
    pub enum MemberStatus {
        /// May sign in and act.
        Active = "active",
        /// May not; their past acts keep their name.
        Disabled = "disabled",
    }
}
