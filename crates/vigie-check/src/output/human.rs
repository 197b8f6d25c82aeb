//! A report for people: the text with what was found under it.

use std::fmt::Write as _;

use super::sarif::Lines;
use crate::content::Lang;
use crate::report::{Evidence, Finding, Report, Severity, Words};
use crate::text::{chars, mask};

/// Characters of a line that are shown around a finding.
const WIDTH: usize = 100;

/// The report on one text. `colour` adds ANSI colours: only for a terminal.
///
/// Characters that could steer a terminal or hide are shown as a dot.
pub fn report(name: &str, text: &str, report: &Report, lang: Lang, colour: bool) -> String {
    let paint = Paint(colour);
    let covered = covered(text, report);
    let lines = Lines::new(&covered);
    let name = shown(name);
    let mut out = String::new();
    for finding in &report.findings {
        one(&mut out, &name, &lines, finding, lang, paint);
    }
    for note in &report.notes {
        let _ = writeln!(out, "{} {}", paint.faint("·"), note.get(lang));
    }
    out
}

/// The text with dots over what must not be shown, as long as it was.
fn covered(text: &str, report: &Report) -> String {
    let mut out = text.to_owned();
    let masked = report
        .findings
        .iter()
        .filter(|f| f.masked && f.where_ == "text");
    for (start, end) in masked.filter_map(|f| f.span) {
        let Some(secret) = out.get(start..end) else {
            continue;
        };
        // One dot of one byte for each byte keeps the places of everything else.
        let clear = mask::shown(secret);
        let dots = secret.chars().enumerate().map(|(n, c)| match c {
            '\n' => "\n".to_owned(),
            c if n < clear => c.to_string(),
            c => "*".repeat(c.len_utf8()),
        });
        let dots: String = dots.collect();
        out.replace_range(start..end, &dots);
    }
    out
}

/// One line at the end of a run: how many findings of each severity.
pub fn summary(reports: &[&Report], lang: Lang) -> String {
    let count = |s: Severity| {
        reports
            .iter()
            .flat_map(|r| &r.findings)
            .filter(|f| f.severity == s)
            .count()
    };
    let parts: Vec<String> = Severity::ALL
        .iter()
        .rev()
        .filter(|s| count(**s) > 0)
        .map(|s| format!("{} {}", count(*s), severity(*s).get(lang)))
        .collect();
    if parts.is_empty() {
        return Words::new("Rien à signaler.", "Nothing to report.")
            .get(lang)
            .to_owned();
    }
    parts.join(" · ")
}

fn severity(severity: Severity) -> Words {
    match severity {
        Severity::Hint => Words::new("remarque", "hint"),
        Severity::Warn => Words::new("attention", "warning"),
        Severity::Review => Words::new("à relire", "to review"),
        Severity::Stop => Words::new("arrêt", "stop"),
    }
}

fn one(out: &mut String, name: &str, lines: &Lines<'_>, f: &Finding, lang: Lang, paint: Paint) {
    let place = match (f.span, f.where_.as_str()) {
        (Some((s, _)), "text") => {
            let (line, column) = lines.place(s);
            format!("{name}:{line}:{column}")
        }
        (_, "text") => name.to_owned(),
        (_, field) => format!("{name} ({field})"),
    };
    let word = severity(f.severity);
    let _ = writeln!(
        out,
        "{} {} {}",
        paint.bold(&place),
        paint.severity(f.severity, word.get(lang)),
        paint.faint(&f.rule)
    );
    if let (Some((s, e)), "text") = (f.span, f.where_.as_str()) {
        excerpt(out, lines, s, e, f.severity, paint);
    }
    let _ = writeln!(out, "  {}", shown(f.message.get(lang)));
    let _ = writeln!(out, "  {} {}", paint.faint("→"), shown(f.advice.get(lang)));
    if let Some(fix) = &f.fix {
        let _ = writeln!(out, "  {} {}", paint.faint("✎"), shown(fix.label.get(lang)));
    }
    if !f.unknown.is_empty() {
        let label = Words::new("non connu :", "not known:");
        let _ = writeln!(
            out,
            "  {} {}",
            paint.faint(label.get(lang)),
            f.unknown.join(", ")
        );
    }
    let mark = Words::new(" (source à confirmer)", " (source to be confirmed)");
    let mark = if f.evidence == Evidence::Unverified {
        mark.get(lang)
    } else {
        ""
    };
    let _ = writeln!(out, "  {}\n", paint.faint(&format!("{}{mark}", f.source)));
}

fn excerpt(
    out: &mut String,
    lines: &Lines<'_>,
    start: usize,
    end: usize,
    level: Severity,
    paint: Paint,
) {
    let (number, column) = lines.place(start);
    let line = lines.line(number);
    // A long line is cut around the place.
    let skip = column.saturating_sub(1).saturating_sub(WIDTH / 3);
    let cut: String = line.chars().skip(skip).take(WIDTH).collect();
    let before: String = line.chars().skip(skip).take(column - 1 - skip).collect();
    let from = lines.start(number);
    let length = line.get(start.saturating_sub(from)..(end.saturating_sub(from)).min(line.len()));
    let width = length
        .map_or(1, |l| l.chars().count())
        .clamp(1, WIDTH.saturating_sub(column - 1 - skip).max(1));
    let gutter = format!("{number:>5} │ ");
    let _ = writeln!(out, "{}{}", paint.faint(&gutter), shown(&cut));
    let pad = " ".repeat(gutter.chars().count() + before.chars().count());
    let _ = writeln!(out, "{pad}{}", paint.severity(level, &"~".repeat(width)));
}

/// The text with hidden and control characters made visible.
fn shown(text: &str) -> String {
    text.chars()
        .map(|c| {
            if chars::is_hidden(c) || c.is_control() {
                '·'
            } else {
                c
            }
        })
        .collect()
}

/// Colours, or none.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }
    fn faint(self, text: &str) -> String {
        self.with("2", text)
    }
    fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Hint => "36",
            Severity::Warn => "33",
            Severity::Review => "35",
            Severity::Stop => "1;31",
        };
        self.with(code, text)
    }
}
