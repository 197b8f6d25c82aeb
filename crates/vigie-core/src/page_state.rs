//! What a page of the company shows of itself (its name, its website, who administers it …), and what changed there.
//!
//! Vigie never changes any of it, so every change was made by somebody else: by a colleague, or by whoever took the page.
//! Followers are a number here, never persons.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A jump of followers within a day is noted from this many on …
const JUMP: u64 = 100;
/// … that are also this part of them, in per cent.
const JUMP_PERCENT: u64 = 20;
/// What was known and cannot be read for so long is an alarm: whoever takes a page may shut others out of seeing it.
const UNREAD: SignedDuration = SignedDuration::from_hours(24 * 3);

/// What a page shows of itself. `None`: the network does not say, or could not be asked this time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageState {
    /// The name that people read.
    pub name: Option<String>,
    /// The name in addresses and mentions.
    pub handle: Option<String>,
    /// What it says about itself.
    pub description: Option<String>,
    /// The links that it shows.
    pub website: Option<String>,
    /// The network's name of its picture: another one is another picture. Empty when it has none.
    pub picture: Option<String>,
    /// Who may administer it.
    pub administrators: Option<Vec<Administrator>>,
    /// Programs that are let in, by the network's name of each.
    pub applications: Option<Vec<String>>,
    /// How many follow it.
    pub followers: Option<u64>,
    /// Since when what was known could not be read; only in what is remembered.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unread: BTreeMap<PagePart, Timestamp>,
    /// Whether somebody was told of that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

impl PageState {
    /// Whether a part is known.
    pub const fn knows(&self, part: PagePart) -> bool {
        match part {
            PagePart::Name => self.name.is_some(),
            PagePart::Handle => self.handle.is_some(),
            PagePart::Description => self.description.is_some(),
            PagePart::Website => self.website.is_some(),
            PagePart::Picture => self.picture.is_some(),
            PagePart::Administrator => self.administrators.is_some(),
            PagePart::Application => self.applications.is_some(),
            PagePart::Followers => self.followers.is_some(),
        }
    }

    /// Whether who administers the page, or all of it, was known and could not be read for three days.
    pub fn is_shut(&self, now: Timestamp) -> bool {
        let long = |part: &PagePart| {
            self.unread
                .get(part)
                .is_some_and(|since| now.duration_since(*since) >= UNREAD)
        };
        let mut known = PagePart::ALL
            .iter()
            .filter(|part| part.alarms() && self.knows(**part))
            .peekable();
        long(&PagePart::Administrator) || (known.peek().is_some() && known.all(long))
    }

    /// Whether the page still shows what a change made of it.
    pub fn still_shows(&self, part: PagePart, before: &str, after: &str) -> bool {
        let all: Option<Vec<String>> = match part {
            PagePart::Name => self.name.clone().map(|one| vec![one]),
            PagePart::Handle => self.handle.clone().map(|one| vec![one]),
            PagePart::Description => self.description.clone().map(|one| vec![one]),
            PagePart::Website => self.website.clone().map(|one| vec![one]),
            PagePart::Picture => self.picture.clone().map(|one| vec![one]),
            PagePart::Administrator => self
                .administrators
                .as_ref()
                .map(|all| all.iter().map(ToString::to_string).collect()),
            PagePart::Application => self.applications.clone(),
            // A figure is nobody's doing.
            PagePart::Followers => None,
        };
        let shows = |what: &str| all.as_ref().map(|all| all.iter().any(|one| one == what));
        let lists = matches!(part, PagePart::Administrator | PagePart::Application);
        if lists && after.is_empty() {
            return shows(before) == Some(false);
        }
        shows(after) == Some(true)
    }
}

/// Somebody who may administer a page, as the network names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Administrator {
    /// The network's id of them.
    pub id: String,
    /// Their name, where the network gives it with the role; else empty.
    #[serde(default)]
    pub name: String,
    /// What they may do, in the network's own word.
    pub role: String,
}

/// The name, else the id, and the role.
impl fmt::Display for Administrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = if self.name.is_empty() {
            &self.id
        } else {
            &self.name
        };
        write!(f, "{who} ({})", self.role)
    }
}

/// What can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PagePart {
    /// The name.
    Name,
    /// The handle.
    Handle,
    /// The description.
    Description,
    /// The website.
    Website,
    /// The picture.
    Picture,
    /// An administrator came, went, or has another role.
    Administrator,
    /// A program was let in or put out.
    Application,
    /// Steeply more or fewer followers within a day: noted, no alarm.
    Followers,
}

impl PagePart {
    /// Every part.
    pub const ALL: [Self; 8] = [
        Self::Name,
        Self::Handle,
        Self::Description,
        Self::Website,
        Self::Picture,
        Self::Administrator,
        Self::Application,
        Self::Followers,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Handle => "handle",
            Self::Description => "description",
            Self::Website => "website",
            Self::Picture => "picture",
            Self::Administrator => "administrator",
            Self::Application => "application",
            Self::Followers => "followers",
        }
    }

    /// Whether a person must look: everything but a number of followers, which the company does not set.
    pub const fn alarms(self) -> bool {
        !matches!(self, Self::Followers)
    }
}

/// One change. An empty side: it was not there before, or is not there any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageChange {
    /// Of what.
    pub part: PagePart,
    /// What was shown before.
    pub before: String,
    /// What is shown now.
    pub after: String,
}

/// What changed between two readings. What one of them does not know is no change.
pub fn compare(before: &PageState, after: &PageState) -> Vec<PageChange> {
    let mut all = Vec::new();
    for (part, before, after) in [
        (PagePart::Name, &before.name, &after.name),
        (PagePart::Handle, &before.handle, &after.handle),
        (
            PagePart::Description,
            &before.description,
            &after.description,
        ),
        (PagePart::Website, &before.website, &after.website),
        (PagePart::Picture, &before.picture, &after.picture),
    ] {
        if let (Some(before), Some(after)) = (before, after)
            && before != after
        {
            all.push(PageChange {
                part,
                before: before.clone(),
                after: after.clone(),
            });
        }
    }
    if let (Some(before), Some(after)) = (&before.administrators, &after.administrators) {
        // One person may hold several roles; their name alone is theirs to change.
        let roles = |all: &[Administrator]| -> BTreeMap<(String, String), String> {
            all.iter()
                .map(|one| ((one.id.clone(), one.role.clone()), one.to_string()))
                .collect()
        };
        came_and_went(
            PagePart::Administrator,
            &roles(before),
            &roles(after),
            &mut all,
        );
    }
    if let (Some(before), Some(after)) = (&before.applications, &after.applications) {
        let names = |all: &[String]| -> BTreeMap<String, String> {
            all.iter().map(|one| (one.clone(), one.clone())).collect()
        };
        came_and_went(
            PagePart::Application,
            &names(before),
            &names(after),
            &mut all,
        );
    }
    all
}

fn came_and_went<K: Ord>(
    part: PagePart,
    before: &BTreeMap<K, String>,
    after: &BTreeMap<K, String>,
    all: &mut Vec<PageChange>,
) {
    let mut say = |before: &str, after: &str| {
        all.push(PageChange {
            part,
            before: before.to_owned(),
            after: after.to_owned(),
        });
    };
    for (key, shown) in before {
        if !after.contains_key(key) {
            say(shown, "");
        }
    }
    for (key, shown) in after {
        if !before.contains_key(key) {
            say("", shown);
        }
    }
}

/// What is remembered after a reading: the new one, and what it does not know as it was known before. So a part that
/// cannot be read for a while is still compared when it can be read again, and it says since when it was not.
#[must_use]
pub fn remembered(before: PageState, after: PageState, now: Timestamp) -> PageState {
    let unread = PagePart::ALL
        .into_iter()
        .filter(|part| part.alarms() && before.knows(*part) && !after.knows(*part))
        .map(|part| (part, before.unread.get(&part).copied().unwrap_or(now)))
        .collect();
    PageState {
        unread,
        told: before.told,
        name: after.name.or(before.name),
        handle: after.handle.or(before.handle),
        description: after.description.or(before.description),
        website: after.website.or(before.website),
        picture: after.picture.or(before.picture),
        administrators: after.administrators.or(before.administrators),
        applications: after.applications.or(before.applications),
        followers: after.followers.or(before.followers),
    }
}

/// Followers that came or went within a day, if they are steeply many: more than a hundred, and more than a fifth.
pub fn jump(before: u64, after: u64) -> Option<PageChange> {
    let by = before.abs_diff(after);
    let part = u128::from(by) * 100 > u128::from(before) * u128::from(JUMP_PERCENT);
    (by > JUMP && part).then(|| PageChange {
        part: PagePart::Followers,
        before: before.to_string(),
        after: after.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn admin(id: &str, role: &str) -> Administrator {
        Administrator {
            id: id.into(),
            name: String::new(),
            role: role.into(),
        }
    }

    fn page() -> PageState {
        PageState {
            name: some("Le phare"),
            handle: some("phare"),
            description: some("Depuis 1862."),
            website: some("https://phare.example"),
            picture: some("a1"),
            administrators: Some(vec![
                admin("ines", "ADMINISTRATOR"),
                admin("tom", "ANALYST"),
            ]),
            applications: Some(vec!["Vigie".into()]),
            followers: Some(1_000),
            ..PageState::default()
        }
    }

    fn day(n: u8) -> Timestamp {
        format!("2026-11-{n:02}T12:00:00Z").parse().unwrap()
    }

    #[test]
    fn administrators_or_a_whole_page_that_stay_unread_for_three_days_are_an_alarm() {
        let blind = |state: PageState, n| remembered(state, PageState::default(), day(n));
        let none = PageState {
            administrators: None,
            ..page()
        };
        let kept = remembered(page(), none.clone(), day(1));
        assert_eq!(kept.unread[&PagePart::Administrator], day(1));
        assert_eq!(kept.unread.len(), 1, "what was read is not unread");
        let kept = remembered(kept, none, day(3));
        assert!(!kept.is_shut(day(3)) && kept.is_shut(day(4)));
        assert!(!remembered(kept, page(), day(4)).is_shut(day(9)));
        // A picture alone is none; all of it is, and a page that nothing was ever known of is not.
        let picture = PageState {
            picture: None,
            ..page()
        };
        assert!(!remembered(page(), picture, day(1)).is_shut(day(9)));
        let plain = PageState {
            name: some("Le phare"),
            ..PageState::default()
        };
        let kept = blind(plain, 1);
        assert!(!kept.is_shut(day(3)) && kept.is_shut(day(4)));
        assert!(!blind(PageState::default(), 1).is_shut(day(9)));
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<PageState>(&text).unwrap(), kept);
    }

    #[test]
    fn what_a_stranger_left_there_is_still_seen() {
        let state = page();
        let still = |part, was: &str, became: &str| state.still_shows(part, was, became);
        assert!(still(
            PagePart::Website,
            "https://x.example",
            "https://phare.example"
        ));
        assert!(!still(
            PagePart::Website,
            "https://phare.example",
            "https://x.example"
        ));
        assert!(still(PagePart::Administrator, "", "tom (ANALYST)"));
        assert!(!still(PagePart::Administrator, "tom (ANALYST)", ""));
        assert!(
            still(PagePart::Administrator, "eva (ANALYST)", ""),
            "and did not come back"
        );
        assert!(!still(PagePart::Followers, "1", "1000"));
        assert!(
            !PageState::default().still_shows(PagePart::Administrator, "eva", ""),
            "not known"
        );
    }

    #[test]
    fn the_same_page_has_no_change_and_neither_has_what_is_not_known() {
        assert_eq!(compare(&page(), &page()), []);
        assert_eq!(compare(&page(), &PageState::default()), []);
        assert_eq!(compare(&PageState::default(), &page()), []);
        let mut more = page();
        more.followers = Some(5);
        assert_eq!(compare(&page(), &more), [], "followers are a figure");
    }

    #[test]
    fn every_part_that_changed_is_said_with_both_sides() {
        let before = page();
        for part in PagePart::ALL.into_iter().filter(|part| part.alarms()) {
            let mut after = before.clone();
            match part {
                PagePart::Name => after.name = some("Le phare !"),
                PagePart::Handle => after.handle = some("phare2"),
                PagePart::Description => after.description = some(""),
                PagePart::Website => after.website = some("https://pharre.example"),
                PagePart::Picture => after.picture = some("b2"),
                PagePart::Administrator => {
                    after.administrators = Some(vec![admin("ines", "ADMINISTRATOR")]);
                }
                PagePart::Application => {
                    after.applications = Some(vec!["Vigie".into(), "Autre".into()]);
                }
                PagePart::Followers => unreachable!(),
            }
            let changes = compare(&before, &after);
            assert_eq!(changes.len(), 1, "{part:?}");
            assert_eq!(changes[0].part, part);
            assert_ne!(changes[0].before, changes[0].after);
        }
    }

    #[test]
    fn another_role_is_somebody_who_went_and_came_and_order_and_names_are_nothing() {
        let before = page();
        let mut after = page();
        let mut ines = admin("ines", "ADMINISTRATOR");
        ines.name = "Inès B.".into();
        after.administrators = Some(vec![admin("tom", "ADMINISTRATOR"), ines]);
        let changes = compare(&before, &after);
        let sides: Vec<(&str, &str)> = changes
            .iter()
            .map(|change| (change.before.as_str(), change.after.as_str()))
            .collect();
        assert_eq!(sides, [("tom (ANALYST)", ""), ("", "tom (ADMINISTRATOR)")]);
    }

    #[test]
    fn what_could_not_be_read_is_compared_when_it_can_be_read_again() {
        let mut blind = page();
        blind.website = None;
        let kept = remembered(page(), blind, day(1));
        let mut after = page();
        after.website = some("https://pharre.example");
        assert_eq!(compare(&kept, &after).len(), 1);
        assert_eq!(remembered(kept, after.clone(), day(2)), after);
    }

    #[test]
    fn only_a_steep_jump_is_noted() {
        assert!(jump(1_000, 1_201).is_some());
        assert!(jump(1_000, 799).is_some());
        assert!(jump(0, 101).is_some());
        for (before, after) in [(1_000, 1_200), (10, 100), (100_000, 110_000), (0, 100)] {
            assert_eq!(jump(before, after), None, "{before} {after}");
        }
        assert!(jump(u64::MAX, 0).is_some());
    }
}
