//! How a content, its findings and its people are shown; shared by the composer, the post page and the lists.

use similar::{ChangeTag, TextDiff};
use vigie_check::{Finding, Lang as CheckLang, Report, Severity};
use vigie_connect::{Code, Connector, Counts, SegmentKind};
use vigie_core::content::{Content, Digest, MediaRef, Repliers, Variant};
use vigie_core::id::{ChannelId, MemberId};
use vigie_core::member::Lang;
use vigie_store::{ChannelRow, Member};

use crate::app::App;
use crate::channel::{account, fits, place};
use crate::check::gather::Checked;
use crate::web::frame::{hue, initials};

/// A finding for a reader.
#[derive(Clone, Debug)]
pub struct FindingView {
    /// Rule id.
    pub rule: String,
    /// Kind of harm: part of keys.
    pub family: &'static str,
    /// `hint`, `warn`, `review` or `stop`: also the CSS class and part of keys.
    pub severity: &'static str,
    /// What it is.
    pub message: String,
    /// What to do.
    pub advice: String,
    /// Law, standard or reason.
    pub source: String,
    /// The skill that the second pair of eyes needs.
    pub skill: Option<&'static str>,
    /// The words it is about.
    pub words: String,
    /// One-click fix: its label, and the value that the composer's form sends.
    pub fix: Option<(String, String)>,
}

/// The findings of a report, worst first, each once whatever the number of channels.
pub fn findings(checked: &Checked, content: &Content, lang: Lang) -> Vec<FindingView> {
    let lang = reader(lang);
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut out: Vec<(Severity, FindingView)> = Vec::new();
    for one in &checked.variants {
        let variant = content.variants.iter().find(|v| v.channel == one.channel);
        for finding in &one.report.findings {
            let text = variant.and_then(|variant| text_of(variant, &finding.where_));
            let words = words(finding, text.unwrap_or_default());
            let key = (finding.rule.clone(), words.clone());
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            // The form has a text for each channel, one warning, and the same parts for all.
            let place = match (finding.where_.as_str(), part_number(&finding.where_)) {
                ("warning", _) => "warning|".to_owned(),
                // Counted as on that page, where parts left empty are none.
                (_, Some(n)) => format!("part-{n}@{}|", one.channel),
                _ => format!("{}|", one.channel),
            };
            out.push((finding.severity, view(finding, &place, words, lang)));
        }
    }
    out.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
    out.into_iter().map(|(_, view)| view).collect()
}

/// The number in `part[1]`.
fn part_number(place: &str) -> Option<usize> {
    let number = place.strip_prefix("part[")?.strip_suffix(']')?;
    number.parse().ok()
}

/// The text of a variant that a finding is about.
fn text_of<'v>(variant: &'v Variant, place: &str) -> Option<&'v str> {
    match place {
        "text" => Some(&variant.text),
        "warning" => variant.warning.as_deref(),
        other => {
            let part = variant.parts.get(part_number(other)?.checked_sub(1)?)?;
            Some(&part.text)
        }
    }
}

/// The engine's language of a reader.
fn reader(lang: Lang) -> CheckLang {
    match lang {
        Lang::Fr => CheckLang::Fr,
        Lang::En => CheckLang::En,
    }
}

/// The findings on one text that belongs to no channel.
pub fn findings_alone(report: &Report, text: &str, lang: Lang) -> Vec<FindingView> {
    let mut out: Vec<FindingView> = Vec::new();
    for finding in &report.findings {
        let words = words(finding, text);
        if !out
            .iter()
            .any(|o| o.rule == finding.rule && o.words == words)
        {
            out.push(view(finding, "", words, reader(lang)));
        }
    }
    out
}

/// `place` stands before the span in the value of a fix, where the form has several texts.
fn view(finding: &Finding, place: &str, words: String, lang: CheckLang) -> FindingView {
    FindingView {
        rule: finding.rule.clone(),
        family: finding.family.as_str(),
        severity: finding.severity.as_str(),
        message: finding.message.get(lang).to_owned(),
        advice: finding.advice.get(lang).to_owned(),
        source: finding.source.clone(),
        skill: finding.skill.map(|s| s.as_str()),
        words,
        fix: finding.fix.as_ref().map(|fix| {
            let value = format!("{place}{}|{}|{}", fix.span.0, fix.span.1, fix.text);
            (fix.label.get(lang).to_owned(), value)
        }),
    }
}

/// A text with a change in it: `FROM|TO|WORDS`, in bytes. Nothing for a change that does not fit the text.
pub fn fixed(text: &str, change: &str) -> Option<String> {
    let mut parts = change.splitn(3, '|');
    let (from, to): (usize, usize) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let by = parts.next()?;
    text.get(from..to)?;
    let mut out = text.to_owned();
    out.replace_range(from..to, by);
    Some(out)
}

/// The words of a finding, in the part of the post that it is about; never those of a secret, whose message masks them.
fn words(finding: &Finding, text: &str) -> String {
    if finding.family == vigie_check::Family::Confidential {
        return String::new();
    }
    let words = finding
        .span
        .and_then(|(from, to)| text.get(from..to))
        .unwrap_or_default();
    words.chars().take(80).collect()
}

/// A run of text, with the severity that marks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Severity or nothing.
    pub class: &'static str,
    /// The words.
    pub text: String,
}

/// A text cut where findings begin and end; the worst wins where they overlap.
pub fn marked(text: &str, findings: &[Finding]) -> Vec<Run> {
    marked_in("text", text, findings)
}

/// The same for another part of a post.
fn marked_in(part: &str, text: &str, findings: &[Finding]) -> Vec<Run> {
    let findings: Vec<&Finding> = findings.iter().filter(|f| f.where_ == part).collect();
    let mut cuts: Vec<usize> = findings
        .iter()
        .filter_map(|f| f.span)
        .flat_map(|(a, b)| [a, b])
        .collect();
    cuts.extend([0, text.len()]);
    cuts.retain(|at| text.is_char_boundary(*at));
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2)
        .filter_map(|pair| {
            let [from, to] = *pair else { return None };
            let worst = findings
                .iter()
                .filter(|f| f.span.is_some_and(|(a, b)| a <= from && to <= b))
                .map(|f| f.severity)
                .max();
            let class = worst.map_or("", |severity| severity.as_str());
            Some(Run {
                class,
                text: text.get(from..to)?.to_owned(),
            })
        })
        .collect()
}

/// How a network will show a variant.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The channel.
    pub channel: ChannelId,
    /// Its name for people.
    pub name: String,
    /// Where it is: the network, and the account there.
    pub place: String,
    /// CSS class of its colour.
    pub hue: String,
    /// Letters of its picture.
    pub initials: String,
    /// The text in runs; class `facet` for what becomes a link.
    pub runs: Vec<Run>,
    /// The text with findings marked.
    pub marked: Vec<Run>,
    /// What readers see before the text.
    pub warning: Option<String>,
    /// The warning with findings marked.
    pub marked_warning: Vec<Run>,
    /// Who may answer, when not everyone: part of a key.
    pub repliers: Option<&'static str>,
    /// What goes on after it, part by part.
    pub parts: Vec<PartView>,
    /// Pictures: address and alternative text.
    pub media: Vec<(String, String)>,
    /// The link card.
    pub link: Option<String>,
    /// Why the network would not take it: names of messages.
    pub problems: Vec<String>,
    /// The network's id of what it answers.
    pub reply_to: Option<String>,
    /// Whom and what it answers, once known.
    pub quoted: Option<(String, String)>,
    /// Characters used.
    pub used: usize,
    /// Characters that fit.
    pub limit: usize,
    /// `over`, `near` or nothing.
    pub meter: &'static str,
    /// Length of the filled part of the ring, out of 57.
    pub ring: usize,
}

/// How a network will show a further part.
#[derive(Clone, Debug)]
pub struct PartView {
    /// The text in runs; class `facet` for what becomes a link.
    pub runs: Vec<Run>,
    /// The text with findings marked.
    pub marked: Vec<Run>,
    /// Pictures: address and alternative text.
    pub media: Vec<(String, String)>,
    /// Characters used.
    pub used: usize,
    /// `over`, `near` or nothing.
    pub meter: &'static str,
}

/// The preview of each variant, in the order of the content.
pub fn previews(
    app: &App,
    content: &Content,
    checked: &Checked,
    channels: &[ChannelRow],
) -> Vec<Preview> {
    content
        .variants
        .iter()
        .map(|variant| {
            let findings = checked
                .variants
                .iter()
                .find(|c| c.channel == variant.channel);
            preview(
                app,
                variant,
                findings.map_or(&[], |c| &c.report.findings),
                channels,
            )
        })
        .collect()
}

/// Each different text in which something was found, with its marks.
pub fn marks(previews: &[Preview]) -> Vec<Vec<Run>> {
    let mut out: Vec<Vec<Run>> = previews
        .iter()
        .flat_map(|p| {
            let parts = p.parts.iter().map(|part| part.marked.clone());
            [p.marked_warning.clone(), p.marked.clone()]
                .into_iter()
                .chain(parts)
        })
        .filter(|runs| runs.iter().any(|run| !run.class.is_empty()))
        .collect();
    out.dedup();
    out
}

fn preview(app: &App, variant: &Variant, findings: &[Finding], channels: &[ChannelRow]) -> Preview {
    let connector = app.connectors.of(variant.platform);
    let row = channels.iter().find(|c| c.id == variant.channel);
    let limits = row.map(|row| account(row).limits).unwrap_or_default();
    let most = connector.describe().at(&limits).text;
    let warning = variant.warning.as_deref().unwrap_or_default();
    let counts = Counts::of(&variant.text, most).with_warning(warning);
    let name = row.map_or_else(|| variant.account.clone(), |c| c.display.clone());
    let limit = counts.limit.most;
    let parts = variant.parts.iter().enumerate().map(|(n, part)| {
        let counts = Counts::of(&part.text, most).with_warning(warning);
        PartView {
            runs: runs(connector.as_ref(), &part.text),
            marked: marked_in(&format!("part[{}]", n + 1), &part.text, findings),
            media: small(&part.media),
            used: counts.used,
            meter: meter(counts),
        }
    });
    Preview {
        channel: variant.channel,
        place: row.map_or_else(|| variant.platform.name().to_owned(), place),
        hue: row.map_or_else(|| hue(&name), |c| c.color.clone()),
        initials: initials(&name),
        name,
        parts: parts.collect(),
        runs: runs(connector.as_ref(), &variant.text),
        marked: marked(&variant.text, findings),
        marked_warning: match &variant.warning {
            Some(warning) => marked_in("warning", warning, findings),
            None => Vec::new(),
        },
        warning: variant.warning.clone(),
        repliers: limited(variant.repliers),
        media: small(&variant.media),
        link: variant.link.clone(),
        problems: row
            .map(|row| fits::problems(app, row, variant))
            .unwrap_or_default()
            .into_iter()
            // Somebody is just beginning to write.
            .filter(|code| *code != Code::Empty)
            .map(|code| format!("connect-{code}"))
            .collect(),
        reply_to: variant.reply_to.clone(),
        quoted: None,
        used: counts.used,
        limit,
        meter: meter(counts),
        ring: (counts.used.min(limit) * 57)
            .checked_div(limit)
            .unwrap_or(57),
    }
}

/// A text as the network cuts it.
fn runs(connector: &dyn Connector, text: &str) -> Vec<Run> {
    connector
        .segments(text)
        .into_iter()
        .map(|segment| Run {
            class: if matches!(segment.kind, SegmentKind::Text) {
                ""
            } else {
                "facet"
            },
            text: segment.of(text).to_owned(),
        })
        .collect()
}

fn meter(counts: Counts) -> &'static str {
    match counts.left() {
        left if left < 0 => "over",
        left if left < 20 => "near",
        _ => "",
    }
}

/// Addresses and alternative texts of pictures.
fn small(media: &[MediaRef]) -> Vec<(String, String)> {
    media
        .iter()
        .map(|m| (format!("/media/{}/small", m.sha256), m.alt.clone()))
        .collect()
}

/// The name of a limit on who may answer; none for everyone.
fn limited(repliers: Repliers) -> Option<&'static str> {
    (!repliers.is_everyone()).then(|| repliers.as_str())
}

/// Every text of a content, warnings before them, for comparing.
pub fn all_text(content: &Content) -> String {
    let mut texts: Vec<String> = content.variants.iter().map(Variant::words).collect();
    texts.dedup();
    texts.join("\n\n")
}

/// Keys of what changed between two revisions besides the words.
pub fn changed_besides(before: &Content, after: &Content) -> Vec<&'static str> {
    let pages = |c: &Content| c.variants.iter().map(|v| v.channel).collect::<Vec<_>>();
    let links = |c: &Content| {
        c.variants
            .iter()
            .map(|v| v.link.clone())
            .collect::<Vec<_>>()
    };
    let pictures = |c: &Content| {
        c.variants
            .iter()
            .map(|v| v.all_media().map(|m| m.sha256).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let alts = |c: &Content| {
        c.variants
            .iter()
            .flat_map(|v| v.all_media().map(|m| (m.alt.clone(), m.decorative)))
            .collect::<Vec<_>>()
    };
    let answers = |c: &Content| {
        c.variants
            .iter()
            .map(|v| v.reply_to.clone())
            .collect::<Vec<_>>()
    };
    let warnings = |c: &Content| {
        c.variants
            .iter()
            .map(|v| v.warning.clone())
            .collect::<Vec<_>>()
    };
    let repliers = |c: &Content| c.variants.iter().map(|v| v.repliers).collect::<Vec<_>>();
    let mut out = Vec::new();
    if pages(before) == pages(after) && answers(before) != answers(after) {
        out.push("post-changed-answer");
    }
    if pages(before) != pages(after) {
        out.push("post-changed-pages");
    } else {
        if warnings(before) != warnings(after) {
            out.push("post-changed-warning");
        }
        if repliers(before) != repliers(after) {
            out.push("post-changed-repliers");
        }
        if before
            .variants
            .iter()
            .zip(&after.variants)
            .any(|(b, a)| recut(b, a))
        {
            out.push("post-changed-parts");
        }
        if links(before) != links(after) {
            out.push("post-changed-link");
        }
        if pictures(before) != pictures(after) {
            out.push("post-changed-pictures");
        } else if alts(before) != alts(after) {
            out.push("post-changed-alt");
        }
    }
    if before.window.not_before != after.window.not_before {
        out.push("post-changed-time");
    }
    out
}

/// Whether a series was cut in another way: more or fewer parts, words that may have moved across a boundary, a picture
/// in another part. The words alone do not show it, since they may be the same one after the other.
fn recut(before: &Variant, after: &Variant) -> bool {
    type Cut<'v> = (&'v str, Vec<Digest>);
    fn cuts(variant: &Variant) -> Vec<Cut<'_>> {
        let pictures = |media: &[MediaRef]| media.iter().map(|m| m.sha256).collect();
        let more = variant.parts.iter();
        let more = more.map(|part| (part.text.as_str(), pictures(&part.media)));
        std::iter::once((variant.text.as_str(), pictures(&variant.media)))
            .chain(more)
            .collect()
    }
    let (before, after) = (cuts(before), cuts(after));
    if before.len() != after.len() {
        return true;
    }
    if after.len() == 1 {
        return false;
    }
    let changed: Vec<bool> = before.iter().zip(&after).map(|(b, a)| b.0 != a.0).collect();
    // Words that move from one part to the next change both.
    let words = changed.windows(2).any(|pair| pair == [true, true]);
    words || before.iter().zip(&after).any(|(b, a)| b.1 != a.1)
}

/// What changed between two texts, in words: class `ins`, `del` or nothing.
pub fn diff(before: &str, after: &str) -> Vec<Run> {
    // Bounded: a text of a million characters is compared by lines only.
    let long = before.len().max(after.len()) > 20_000;
    let diff = if long {
        TextDiff::from_lines(before, after)
    } else {
        TextDiff::from_words(before, after)
    };
    diff.iter_all_changes()
        .map(|change| Run {
            class: match change.tag() {
                ChangeTag::Insert => "ins",
                ChangeTag::Delete => "del",
                ChangeTag::Equal => "",
            },
            text: change.value().to_string(),
        })
        .collect()
}

/// People by id, for names.
#[derive(Clone, Debug, Default)]
pub struct People(Vec<Member>);

impl People {
    /// From the directory.
    pub const fn new(members: Vec<Member>) -> Self {
        Self(members)
    }

    /// The name of a member; empty when unknown.
    pub fn name(&self, id: &MemberId) -> &str {
        self.0
            .iter()
            .find(|m| m.id == *id)
            .map_or("", |m| m.name.as_str())
    }

    /// Names, with commas.
    pub fn names<'a>(&self, ids: impl IntoIterator<Item = &'a MemberId>) -> String {
        ids.into_iter()
            .map(|id| self.name(id))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// The icon of a severity.
pub fn severity_icon(severity: &str) -> &'static str {
    match severity {
        "stop" => "octagon-alert",
        "review" => "scale",
        "warn" => "triangle-alert",
        _ => "lightbulb",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_in_words() {
        let runs = diff("Nous ouvrons samedi", "Nous rouvrons samedi");
        let of = |class: &str| {
            runs.iter()
                .filter(|r| r.class == class)
                .map(|r| r.text.as_str())
                .collect::<String>()
        };
        assert_eq!(
            (of("del").as_str(), of("ins").as_str()),
            ("ouvrons", "rouvrons")
        );
    }
}
