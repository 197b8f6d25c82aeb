//! What a check says.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::content::Lang;

/// The four kinds of harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Accidents of form, tone and timing.
    Reputation,
    /// Secrets and personal data.
    Confidential,
    /// Material for those who would steal an identity.
    Identity,
    /// The law of a country.
    Legal,
}

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A remark.
    Hint,
    /// Better changed.
    Warn,
    /// A second pair of eyes with the named skill.
    Review,
    /// Lifted only by a second person, with a reason.
    Stop,
}

impl Severity {
    /// One step lower; a hint stays a hint.
    #[must_use]
    pub fn lower(self) -> Self {
        match self {
            Severity::Stop => Severity::Review,
            Severity::Review => Severity::Warn,
            Severity::Warn | Severity::Hint => Severity::Hint,
        }
    }
}

/// How sure the rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A cue among others.
    Low,
    /// More often right than wrong.
    Medium,
    /// Rarely wrong.
    High,
}

/// The skill a second reader must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Skill {
    /// Law.
    Legal,
    /// Security and personal data.
    Security,
    /// Communication.
    Communication,
}

/// Whether the source of a rule was read at its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Read at the source.
    Verified,
    /// Not yet read at the source; have it confirmed.
    Unverified,
}

macro_rules! words_of {
    ($t:ty { $($v:ident => $s:literal),+ $(,)? }) => {
        impl $t {
            /// The word used in JSON, in files and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$v => $s),+ }
            }
            /// Every value, lowest first.
            pub const ALL: &'static [$t] = &[$(Self::$v),+];
            /// Reads the word; `None` when it is not one of them.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.as_str() == word)
            }
        }
        impl std::fmt::Display for $t {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
words_of!(Family { Reputation => "reputation", Confidential => "confidential", Identity => "identity", Legal => "legal" });
words_of!(Severity { Hint => "hint", Warn => "warn", Review => "review", Stop => "stop" });
words_of!(Confidence { Low => "low", Medium => "medium", High => "high" });
words_of!(Skill { Legal => "legal", Security => "security", Communication => "communication" });
words_of!(Evidence { Verified => "verified", Unverified => "unverified" });

/// The same words in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

impl Words {
    /// Both languages at once.
    pub fn new(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Words {
            fr: fr.into(),
            en: en.into(),
        }
    }

    /// The words in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Fr => &self.fr,
            Lang::En => &self.en,
        }
    }

    /// Fills the mark `{what}` with the words of each language.
    #[must_use]
    pub fn tell(&self, what: &Words) -> Words {
        Words {
            fr: self.fr.replace("{what}", &what.fr),
            en: self.en.replace("{what}", &what.en),
        }
    }

    /// Fills `{name}` marks from `params`; an unknown mark stays as it is.
    #[must_use]
    pub fn fill(&self, params: &BTreeMap<String, String>) -> Words {
        let one = |s: &str| {
            let mut out = s.to_owned();
            for (name, value) in params {
                let mark = format!("{{{name}}}");
                if out.contains(&mark) {
                    out = out.replace(&mark, value);
                }
            }
            out
        };
        Words {
            fr: one(&self.fr),
            en: one(&self.en),
        }
    }
}

/// How freely a fix may be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Changes nothing a reader would miss: one click.
    Safe,
    /// Changes the meaning: the author looks at it first.
    Look,
}

/// A change that would settle a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What the button says.
    pub label: Words,
    /// Bytes to replace in the field named by the finding; empty span = insert.
    pub span: (usize, usize),
    /// What to put there.
    pub text: String,
    /// How freely it may be applied.
    pub disposition: Disposition,
}

/// One thing a rule has to say about a post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Id of the rule, such as `FR-ALC-01`.
    pub rule: String,
    /// Kind of harm.
    pub family: Family,
    /// Seriousness, already lowered where facts are unknown.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// Bytes in the field, on grapheme boundaries; `None` = the whole field.
    pub span: Option<(usize, usize)>,
    /// Whether what stands there must not be shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
    /// The field: `text`, `warning`, `part[1]`, `link[0]`, `media[0].alt`, `media[0].filename`, `media[0].metadata`, `media.ocr`.
    #[serde(rename = "where")]
    pub where_: String,
    /// What was seen, secrets masked.
    pub message: Words,
    /// What to do.
    pub advice: Words,
    /// A change that would settle it, where there is one.
    pub fix: Option<Fix>,
    /// Where the rule comes from.
    pub source: String,
    /// Whether that source was read at its origin.
    pub evidence: Evidence,
    /// Facts the rule needed and did not have.
    pub unknown: Vec<String>,
    /// Skill of the second reader; always there from `review` up.
    pub skill: Option<Skill>,
    /// Details used in the message, secrets masked.
    pub params: BTreeMap<String, String>,
}

/// Characters by which a secret is known in a message.
const SHOWN: usize = 10;

impl Finding {
    /// Puts `shown` where a secret stands in the words of the finding. A change that would write the secret anew is dropped.
    pub(crate) fn hide(&mut self, secret: &str, shown: &str) {
        let clean = |text: &mut String| {
            // A message shows the first characters of what is long: the beginning of a secret is enough to find it.
            let start: String = secret.chars().take(SHOWN).collect();
            let Some(at) = text.find(&start) else { return };
            let rest = text.get(at..).unwrap_or_default();
            let same = rest
                .char_indices()
                .zip(secret.chars())
                .find(|((_, a), b)| a != b)
                .map_or(secret.len().min(rest.len()), |((i, _), _)| i);
            text.replace_range(at..at + same, shown);
        };
        for words in [&mut self.message, &mut self.advice] {
            clean(&mut words.fr);
            clean(&mut words.en);
        }
        self.params.values_mut().for_each(clean);
        if self.fix.as_ref().is_some_and(|f| f.text.contains(secret)) {
            self.fix = None;
        }
        if let Some(fix) = &mut self.fix {
            clean(&mut fix.label.fr);
            clean(&mut fix.label.en);
        }
    }
}

/// The outcome of one check.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Findings, most serious first, then in the order of the text.
    pub findings: Vec<Finding>,
    /// Name and version of the engine.
    pub engine: Cow<'static, str>,
    /// Packs that were asked: name → version.
    pub packs: Arc<BTreeMap<String, String>>,
    /// Remarks on the check itself, such as unknown fact keys.
    pub notes: Vec<Words>,
}

impl Report {
    /// The highest severity, or `None` when there is nothing to say.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|f| f.severity).max()
    }

    /// Skills that a second reader must bring (findings from `review` up).
    pub fn skills(&self) -> BTreeSet<Skill> {
        self.findings
            .iter()
            .filter(|f| f.severity >= Severity::Review)
            .filter_map(|f| f.skill)
            .collect()
    }

    /// Rules that stop publication until a second person lifts them.
    pub fn stops(&self) -> BTreeSet<String> {
        self.findings
            .iter()
            .filter(|f| f.severity == Severity::Stop)
            .map(|f| f.rule.clone())
            .collect()
    }

    /// How many findings are at or above a severity.
    pub fn count_from(&self, floor: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity >= floor).count()
    }
}
