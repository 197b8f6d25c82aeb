//! From a content and what is known around it to a report and its consequences.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use vigie_check::pictures::Evidence;
use vigie_check::{Facts, MediaFacts, Report, Trail};
use vigie_core::content::{Content, Digest, Variant};
use vigie_core::id::ChannelId;
use vigie_core::member::Skill;
use vigie_core::post::Requirements;
use vigie_store::Conn;

use crate::rules::force::InForce;

/// What the check said about each channel's text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// One report a variant, in the order of the content.
    pub variants: Vec<CheckedVariant>,
}

/// What the check said about one channel's text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckedVariant {
    /// The channel.
    pub channel: ChannelId,
    /// The engine's report.
    pub report: Report,
}

/// What is known around a post.
#[derive(Clone, Debug)]
pub struct Around {
    /// The organisation's time zone: the day on which a reader sees the post is a day there.
    pub zone: TimeZone,
    /// Now.
    pub now: Timestamp,
    /// What was found in the pictures, by digest.
    pub pictures: BTreeMap<Digest, Evidence>,
    /// Where links lead, as far as they were followed lately.
    pub trails: BTreeMap<String, Trail>,
}

impl Around {
    /// Gathers what is known around a content.
    ///
    /// # Errors
    /// Database.
    pub async fn of(
        content: &Content,
        zone: TimeZone,
        now: Timestamp,
        conn: &mut Conn,
    ) -> vigie_store::Result<Self> {
        let mut pictures = BTreeMap::new();
        for media in content.variants.iter().flat_map(Variant::all_media) {
            if pictures.contains_key(&media.sha256) {
                continue;
            }
            let found = conn.media_evidence(media.sha256).await?;
            if let Some(evidence) = found.and_then(|found| serde_json::from_value(found).ok()) {
                pictures.insert(media.sha256, evidence);
            }
        }
        let mut around = Self {
            zone,
            now,
            pictures,
            trails: BTreeMap::new(),
        };
        for variant in &content.variants {
            for link in super::links::of(variant, &around) {
                if let Some(trail) = super::links::known(conn, &link, now).await? {
                    around.trails.insert(link, trail);
                }
            }
        }
        Ok(around)
    }
}

/// Checks every variant of a content with the rules in force.
pub fn check(content: &Content, around: &Around, rules: &InForce) -> Checked {
    let facts = facts(content, around, rules.facts());
    let variants = content
        .variants
        .iter()
        .map(|variant| CheckedVariant {
            channel: variant.channel,
            report: rules.check(&seen(variant, around), &facts),
        })
        .collect();
    Checked { variants }
}

/// What is known of a post, over what is known of the organisation.
fn facts(content: &Content, around: &Around, organisation: Facts) -> Facts {
    let day = |at: Timestamp| at.to_zoned_datetime(around.zone.clone()).date().to_string();
    let planned = content
        .window
        .not_before
        .unwrap_or(around.now)
        .max(around.now);
    organisation
        .with("now", day(around.now))
        .with("publish", day(planned))
        .with("account", "brand")
        .with("channel", "post")
}

/// A variant as the engine reads it.
pub fn seen(variant: &Variant, around: &Around) -> vigie_check::Content {
    vigie_check::Content {
        text: variant.text.clone(),
        warning: variant.warning.clone(),
        parts: variant.parts.iter().map(|part| part.text.clone()).collect(),
        lang: variant
            .langs
            .first()
            .and_then(|lang| vigie_check::Lang::parse(lang)),
        links: variant.link.iter().cloned().collect(),
        trails: super::links::of(variant, around)
            .iter()
            .filter_map(|link| around.trails.get(link).cloned())
            .collect(),
        media: variant
            .all_media()
            .map(|media| MediaFacts {
                alt: media.alt.clone(),
                decorative: media.decorative,
                mime: Some(media.mime.clone()),
                ..around
                    .pictures
                    .get(&media.sha256)
                    .map(Evidence::media)
                    .unwrap_or_default()
            })
            .collect(),
    }
}

impl Checked {
    /// What the review of this content must bring.
    pub fn requirements(&self) -> Requirements {
        let mut skills: BTreeSet<Skill> = BTreeSet::new();
        let mut stops: BTreeSet<String> = BTreeSet::new();
        for variant in &self.variants {
            skills.extend(
                variant
                    .report
                    .skills()
                    .iter()
                    .filter_map(|s| Skill::parse(s.as_str())),
            );
            stops.extend(variant.report.stops());
        }
        Requirements::from_findings(skills, stops)
    }

    /// Versions of engine and packs, as kept beside the report.
    pub fn checked_with(&self) -> String {
        self.variants.first().map_or_else(
            || vigie_check::ENGINE.to_owned(),
            |variant| {
                let packs: Vec<String> = variant
                    .report
                    .packs
                    .iter()
                    .map(|(name, version)| format!("{name} {version}"))
                    .collect();
                format!("{}; {}", variant.report.engine, packs.join(", "))
            },
        )
    }
}
