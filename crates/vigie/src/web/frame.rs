//! What stands around every page: title, navigation, pause banner, notice, language and look.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};
use vigie_core::{member::Lang, pause::Pause, rights::Act, schedule};

use super::{
    assets,
    error::Error,
    flash::Flash,
    viewer::{Signed, Viewer},
};
use crate::{
    app::App,
    words::{Said, Words},
};

/// A destination of the main navigation.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Where it leads.
    pub path: &'static str,
    /// Its name.
    pub key: &'static str,
    /// Its sign.
    pub icon: &'static str,
    /// Whether it is in the bar of a phone (five at most).
    pub bar: bool,
}

/// The main navigation, in order. A place is shown once its route exists.
const PLACES: [Place; 13] = [
    Place {
        path: "/",
        key: "nav-home",
        icon: "home",
        bar: true,
    },
    Place {
        path: "/posts",
        key: "nav-posts",
        icon: "file-text",
        bar: true,
    },
    Place {
        path: "/calendar",
        key: "nav-calendar",
        icon: "calendar",
        bar: true,
    },
    Place {
        path: "/inbox",
        key: "nav-inbox",
        icon: "message-circle",
        bar: false,
    },
    Place {
        path: "/self-check",
        key: "nav-self-check",
        icon: "lightbulb",
        bar: false,
    },
    Place {
        path: "/alarms",
        key: "nav-alarms",
        icon: "bell",
        bar: false,
    },
    Place {
        path: "/channels",
        key: "nav-channels",
        icon: "radio",
        bar: false,
    },
    Place {
        path: "/chat",
        key: "nav-chat",
        icon: "send",
        bar: false,
    },
    Place {
        path: "/members",
        key: "nav-members",
        icon: "users",
        bar: false,
    },
    Place {
        path: "/changes",
        key: "nav-changes",
        icon: "user-check",
        bar: false,
    },
    Place {
        path: "/rules",
        key: "nav-rules",
        icon: "scale",
        bar: false,
    },
    Place {
        path: "/audit",
        key: "nav-audit",
        icon: "scroll-text",
        bar: false,
    },
    Place {
        path: "/settings",
        key: "nav-settings",
        icon: "settings",
        bar: false,
    },
];

/// The pause, as the banner shows it.
#[derive(Debug, Clone)]
pub struct PauseBanner {
    /// Who paused.
    pub by: String,
    /// When, for a reader.
    pub when: String,
    /// Why, as typed.
    pub reason: String,
    /// Who asked to resume, when one person did and a second is awaited.
    pub asked_by: Option<String>,
}

/// What the layout template reads. Page templates hold it as `page`.
#[derive(Debug, Clone)]
pub struct Page {
    /// The words of this reader.
    pub w: Words,
    /// The title of the page, already said.
    pub title: String,
    /// Who looks at it.
    pub viewer: Viewer,
    /// The organisation's name; empty before it exists.
    pub organisation: String,
    /// The pause, when everything is paused.
    pub pause: Option<PauseBanner>,
    /// What the page before left to say.
    pub flash: Option<Flash>,
    /// Numbers beside places, by path.
    pub counts: Vec<(&'static str, u64)>,
}

impl Page {
    /// The address of an asset.
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// The signed-in member.
    pub fn me(&self) -> Option<&Signed> {
        self.viewer.signed.as_ref()
    }

    /// Whether the signed-in member may do `act`.
    pub fn may(&self, act: &Act) -> bool {
        self.me().is_some_and(|m| m.may(*act))
    }

    /// The places of the navigation that exist.
    pub fn places(&self) -> impl Iterator<Item = &'static Place> {
        PLACES.iter().filter(|p| exists(p.path))
    }

    /// Whether `path` can be asked at all.
    pub fn has(&self, path: &str) -> bool {
        exists(path)
    }

    /// Whether the page lies in the place `path`. The composer is a place of its own, though it lies below the posts.
    pub fn at(&self, path: &str) -> bool {
        let here = self.viewer.path.split('?').next().unwrap_or_default();
        here == path
            || (path != "/"
                && here != "/posts/new"
                && here
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.starts_with('/')))
    }

    /// The number beside a place; 0 for none.
    pub fn count(&self, path: &str) -> u64 {
        self.counts
            .iter()
            .find(|(p, _)| *p == path)
            .map_or(0, |(_, n)| *n)
    }

    /// The other language, its code and its own name.
    pub fn other_lang(&self) -> (&'static str, &'static str) {
        match self.w.lang {
            Lang::Fr => ("en", "English"),
            Lang::En => ("fr", "Français"),
        }
    }

    /// The looks to choose from: value, name, sign.
    pub fn themes(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        &[
            ("auto", "theme-auto", "monitor"),
            ("light", "theme-light", "sun"),
            ("dark", "theme-dark", "moon"),
        ]
    }

    /// One or two letters for a person's picture.
    pub fn initials(&self, name: &str) -> String {
        initials(name)
    }

    /// One of eight hues for a name, as a CSS class: the same name always has the same.
    pub fn hue(&self, name: &str) -> String {
        hue(name)
    }
}

fn number(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// One or two letters for a person's picture.
pub fn initials(name: &str) -> String {
    let mut words = name
        .split([' ', '-'])
        .filter_map(|w| w.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first
        .into_iter()
        .chain(last)
        .flat_map(char::to_uppercase)
        .collect()
}

/// One of eight hues for a name, as a CSS class.
pub fn hue(name: &str) -> String {
    let sum = name
        .bytes()
        .fold(7_u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b)));
    format!("hue-{}", sum % 8)
}

/// A hue for a channel that no other channel has, as long as there are hues left: pages must not be mistaken for each
/// other.
pub fn free_hue(name: &str, taken: &[String]) -> String {
    let own = hue(name);
    if !taken.contains(&own) {
        return own;
    }
    (0..8)
        .map(|n| format!("hue-{n}"))
        .find(|hue| !taken.contains(hue))
        .unwrap_or(own)
}

fn exists(path: &str) -> bool {
    static PATHS: std::sync::LazyLock<Vec<&'static str>> =
        std::sync::LazyLock::new(|| crate::app::routes().into_iter().map(|r| r.path).collect());
    PATHS.contains(&path)
}

/// Makes pages: the extractor of handlers that answer with one.
#[derive(Clone)]
pub struct Frame {
    /// The running program.
    pub app: App,
    /// Who asks.
    pub viewer: Viewer,
    organisation: String,
    zone: jiff::tz::TimeZone,
    pause: Option<PauseBanner>,
    counts: Vec<(&'static str, u64)>,
}

impl Frame {
    /// Reads what stands around a page.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn of(app: &App, viewer: Viewer) -> Result<Self, Error> {
        let mut frame = Self {
            app: app.clone(),
            viewer,
            organisation: String::new(),
            zone: jiff::tz::TimeZone::UTC,
            pause: None,
            counts: Vec::new(),
        };
        let mut conn = app.store.read().await?;
        let Some(org) = conn.organisation().await? else {
            return Ok(frame);
        };
        frame.zone = schedule::zone(&org.tz).unwrap_or(jiff::tz::TimeZone::UTC);
        frame.organisation = org.name;
        let Some(me) = &frame.viewer.signed else {
            return Ok(frame);
        };
        let alarms = conn.alarms_open().await?.len();
        let changes = conn
            .changes_open()
            .await?
            .iter()
            .filter(|c| c.change.waits_for(me.id))
            .count();
        frame.counts = vec![
            ("/alarms", number(alarms)),
            ("/changes", number(changes)),
            ("/inbox", conn.inbound_waiting().await?),
        ];
        if let Pause::Paused {
            by,
            at,
            reason,
            resume,
        } = conn.pause().await?.pause
        {
            let w = frame.words();
            let asked_by = match resume {
                Some(resume) => Some(conn.member(resume.by).await?.name),
                None => None,
            };
            let by = conn.member(by).await?.name;
            frame.pause = Some(PauseBanner {
                by,
                when: w.moment(at),
                reason,
                asked_by,
            });
        }
        Ok(frame)
    }

    /// The words of this reader, in the organisation's zone.
    pub fn words(&self) -> Words {
        Words::new(self.viewer.lang).in_zone(self.zone.clone())
    }

    /// A page with the title `key`.
    pub fn page(&self, key: &'static str) -> Page {
        self.page_said(&Said::new(key))
    }

    /// A page whose title has values.
    pub fn page_said(&self, title: &Said) -> Page {
        let w = self.words();
        Page {
            title: w.say(title),
            w,
            viewer: self.viewer.clone(),
            organisation: self.organisation.clone(),
            pause: self.pause.clone(),
            flash: self.viewer.flash.clone(),
            counts: self.counts.clone(),
        }
    }
}

impl<S> FromRequestParts<S> for Frame
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let viewer = Viewer::from_request_parts(parts, state).await?;
        Self::of(&App::from_ref(state), viewer).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_the_first_and_last_name_s() {
        assert_eq!(initials("Élodie Marchand-Diallo"), "ÉD");
        assert_eq!(
            (initials("Tom"), initials(""), initials("  ")),
            ("T".into(), String::new(), String::new())
        );
    }
}
