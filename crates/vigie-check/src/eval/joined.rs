//! A post with a warning before its text, or with further parts after it: readers see them together, so they are read
//! as one, and each finding is then told where its words stand. A rule that asks for something that must be there is
//! content with it in any place.

use super::Post;
use crate::content::Content;
use crate::facts::Facts;
use crate::packs::Packs;
use crate::report::{Finding, Report};

/// Between a warning, the text and the parts, as they are shown below each other.
const BETWEEN: &str = "\n\n";

/// Asks every rule about a post of several texts; `None` for one that has its text only.
pub(crate) fn run(content: &Content, facts: &Facts, packs: &Packs) -> Option<Report> {
    let warning = content.warning.as_deref().filter(|w| !w.is_empty());
    if warning.is_none() && content.parts.is_empty() {
        return None;
    }
    let mut whole = Joined::default();
    if let Some(warning) = warning {
        whole.add("warning".to_owned(), warning);
    }
    whole.add("text".to_owned(), &content.text);
    for (n, part) in content.parts.iter().enumerate() {
        whole.add(format!("part[{}]", n + 1), part);
    }
    let joined = Post {
        text: &whole.text,
        ..Post::from(content)
    };
    let mut report = super::run(joined, facts, packs);
    for finding in &mut report.findings {
        whole.place(finding);
    }
    Some(report)
}

/// Several texts as one.
#[derive(Default)]
struct Joined {
    text: String,
    /// Name of each, and its bytes in the whole.
    parts: Vec<(String, usize, usize)>,
}

impl Joined {
    fn add(&mut self, name: String, text: &str) {
        if !self.parts.is_empty() {
            self.text.push_str(BETWEEN);
        }
        let from = self.text.len();
        self.text.push_str(text);
        self.parts.push((name, from, self.text.len()));
    }

    /// The part in which bytes of the whole end, and their place in it. What reaches over several is in the last.
    fn part(&self, (from, to): (usize, usize)) -> Option<(&str, (usize, usize))> {
        let begins = |(_, begin, _): &&(String, usize, usize)| *begin < to || *begin == 0;
        let (name, begin, end) = self.parts.iter().rev().find(begins)?;
        let place = |at: usize| at.clamp(*begin, *end) - begin;
        Some((name, (place(from), place(to))))
    }

    fn place(&self, finding: &mut Finding) {
        if finding.where_ != "text" {
            return;
        }
        let found = finding.span.and_then(|span| self.part(span));
        let Some((name, span)) = found else { return };
        finding.span = Some(span);
        finding.where_ = name.to_owned();
        finding.fix = finding.fix.take().and_then(|mut fix| {
            let (there, place) = self.part(fix.span)?;
            // A change in two at once cannot be offered.
            let whole = place.1 - place.0 == fix.span.1.saturating_sub(fix.span.0);
            (there == name && whole).then(|| {
                fix.span = place;
                fix
            })
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::{Content, Facts, Packs, Report, check};

    static PACKS: std::sync::LazyLock<Packs> =
        std::sync::LazyLock::new(|| Packs::embedded().unwrap());

    fn asked(warning: &str, text: &str) -> Report {
        series(warning, text, &[])
    }

    fn series(warning: &str, text: &str, parts: &[&str]) -> Report {
        let facts = Facts::new()
            .with("now", "2026-11-24")
            .with("codenames", vec!["Héron".to_owned()]);
        let content = Content {
            warning: Some(warning.to_owned()),
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
            ..Content::text(text)
        };
        check(&content, &facts, &PACKS)
    }

    /// Where a rule found something, and the words there.
    fn told(report: &Report, rule: &str, warning: &str, text: &str) -> Vec<(String, String)> {
        let of = report.findings.iter().filter(|f| f.rule == rule);
        of.map(|f| {
            let (from, to) = f.span.unwrap();
            let part = if f.where_ == "text" { text } else { warning };
            (f.where_.clone(), part.get(from..to).unwrap().to_owned())
        })
        .collect()
    }

    #[test]
    fn what_a_warning_gives_away_is_found_in_it() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let (warning, text) = ("Images de l’équipe Héron", "Bravo à tous");
        let report = asked(warning, text);
        assert_eq!(
            told(&report, "CONF-CODE-01", warning, text),
            [pair("warning", "Héron")]
        );
        let report = asked(text, warning);
        assert_eq!(
            told(&report, "CONF-CODE-01", text, warning),
            [pair("text", "Héron")]
        );
        // Without a text, and without a warning.
        let report = asked(warning, "");
        assert_eq!(
            told(&report, "CONF-CODE-01", warning, ""),
            [pair("warning", "Héron")]
        );
        let report = asked("", warning);
        assert_eq!(
            told(&report, "CONF-CODE-01", "", warning),
            [pair("text", "Héron")]
        );
    }

    #[test]
    fn each_part_of_a_series_is_read_where_it_stands() {
        let report = series("", "Un : la presse.", &["Deux : l’équipe Héron.", "Trois."]);
        let found: Vec<_> = report
            .findings
            .iter()
            .filter(|f| f.rule == "CONF-CODE-01")
            .map(|f| (f.where_.as_str(), f.span))
            .collect();
        let at = "Deux : l’équipe ".len();
        assert_eq!(found, [("part[1]", Some((at, at + "Héron".len())))]);
    }

    #[test]
    fn every_span_and_change_fits_its_part() {
        let texts = [
            "Écrivez à Marie Dupont au 06 12 34 56 78, merci!!!",
            "Notre clé sk_live_4eC39HqLyjWDarjtT1zdp7dc et https://exemple.fr/a?token=abc",
            "👩‍👩‍👧‍👦 Vin gratuit, le meilleur de France !",
            "",
        ];
        let mut found = 0;
        for warning in texts {
            for text in texts {
                let last = "Le 06 12 34 56 78, ";
                for finding in series(warning, text, &[text, last]).findings {
                    let part = match finding.where_.as_str() {
                        "text" => text,
                        "warning" => warning,
                        "part[1]" => text,
                        "part[2]" => last,
                        _ => continue,
                    };
                    let spans = finding.span.into_iter().chain(finding.fix.map(|f| f.span));
                    for (from, to) in spans {
                        assert!(
                            part.get(from..to).is_some(),
                            "{} {from}..{to}",
                            finding.rule
                        );
                        found += 1;
                    }
                }
            }
        }
        assert!(found > 10, "{found}");
    }
}
