//! Pause all: one person stops everything, two start it again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::MemberId;

/// Whether publications may start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Pause {
    /// They may.
    #[default]
    Running,
    /// They may not.
    Paused {
        /// Who stopped them.
        by: MemberId,
        /// Since when.
        at: Timestamp,
        /// Why, if said.
        reason: String,
        /// Who asked to resume, and when; somebody else confirms.
        resume: Option<Resume>,
    },
}

/// A request to resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// Who asked.
    pub by: MemberId,
    /// When.
    pub at: Timestamp,
}

/// Why a pause did not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PauseRefusal {
    /// Already paused.
    #[error("already paused")]
    AlreadyPaused,
    /// Not paused.
    #[error("not paused")]
    NotPaused,
    /// Nobody asked to resume yet.
    #[error("nobody asked to resume")]
    NotAsked,
    /// The same person twice.
    #[error("a second person confirms")]
    SamePerson,
}

impl Pause {
    /// True while nothing may start.
    pub const fn is_paused(&self) -> bool {
        matches!(self, Self::Paused { .. })
    }

    /// Anyone stops everything.
    ///
    /// # Errors
    /// When it is paused already; a request to resume is then cancelled by [`Pause::keep`].
    pub fn pause(&self, by: MemberId, reason: String, at: Timestamp) -> Result<Self, PauseRefusal> {
        if self.is_paused() {
            return Err(PauseRefusal::AlreadyPaused);
        }
        Ok(Self::Paused {
            by,
            at,
            reason,
            resume: None,
        })
    }

    /// The first of two people asks to resume.
    ///
    /// # Errors
    /// When nothing is paused.
    pub fn ask_resume(&self, by: MemberId, at: Timestamp) -> Result<Self, PauseRefusal> {
        match self.clone() {
            Self::Running => Err(PauseRefusal::NotPaused),
            Self::Paused {
                by: stopped,
                at: since,
                reason,
                ..
            } => Ok(Self::Paused {
                by: stopped,
                at: since,
                reason,
                resume: Some(Resume { by, at }),
            }),
        }
    }

    /// The second of two people resumes.
    ///
    /// # Errors
    /// When nobody asked, or the same person did.
    pub fn confirm_resume(&self, by: MemberId) -> Result<Self, PauseRefusal> {
        match self {
            Self::Running => Err(PauseRefusal::NotPaused),
            Self::Paused { resume: None, .. } => Err(PauseRefusal::NotAsked),
            Self::Paused {
                resume: Some(asked),
                ..
            } if asked.by == by => Err(PauseRefusal::SamePerson),
            Self::Paused { .. } => Ok(Self::Running),
        }
    }

    /// Anyone says that it stays paused: the request to resume is void.
    ///
    /// # Errors
    /// When nobody asked.
    pub fn keep(&self) -> Result<Self, PauseRefusal> {
        match self.clone() {
            Self::Running => Err(PauseRefusal::NotPaused),
            Self::Paused { resume: None, .. } => Err(PauseRefusal::NotAsked),
            Self::Paused {
                by,
                at,
                reason,
                resume: Some(_),
            } => Ok(Self::Paused {
                by,
                at,
                reason,
                resume: None,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn one_stops_two_start() {
        let (a, b) = (
            MemberId::new(Uuid::from_u128(1)),
            MemberId::new(Uuid::from_u128(2)),
        );
        let now = Timestamp::UNIX_EPOCH;
        let paused = Pause::Running
            .pause(a, "strange posts".into(), now)
            .unwrap();
        assert_eq!(
            paused.pause(b, String::new(), now),
            Err(PauseRefusal::AlreadyPaused)
        );
        assert_eq!(paused.confirm_resume(b), Err(PauseRefusal::NotAsked));
        let asked = paused.ask_resume(a, now).unwrap();
        assert!(asked.is_paused());
        assert_eq!(asked.confirm_resume(a), Err(PauseRefusal::SamePerson));
        assert_eq!(asked.confirm_resume(b), Ok(Pause::Running));
        assert_eq!(asked.keep(), Ok(paused));
        assert_eq!(
            Pause::Running.ask_resume(a, now),
            Err(PauseRefusal::NotPaused)
        );
    }
}
