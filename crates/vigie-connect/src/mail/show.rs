//! A note as blocks, and the blocks as plain text and as HTML: both say the same.

use crate::chat::{Note, Quoted};
use std::fmt::Write as _;

/// A piece of a letter.
enum Block<'a> {
    Title(&'a str),
    Text(&'a str),
    Quote(&'a Quoted),
    Findings(&'a [(String, String)]),
    Links(Vec<(&'a str, &'a str)>),
    Footer(&'a str),
    /// Between the notes of a digest.
    Rule,
}

/// Of a note, and of the notes of a digest that it heads.
fn blocks<'a>(head: &'a Note, items: &'a [Note]) -> Vec<Block<'a>> {
    let mut all = Vec::new();
    note(head, &mut all);
    for item in items {
        all.push(Block::Rule);
        note(item, &mut all);
        footer(item, &mut all);
    }
    footer(head, &mut all);
    all
}

fn note<'a>(note: &'a Note, all: &mut Vec<Block<'a>>) {
    all.push(Block::Title(&note.title));
    all.extend(note.body.iter().map(|text| Block::Text(text)));
    all.extend(note.contents.iter().map(Block::Quote));
    if !note.findings.is_empty() {
        all.push(Block::Findings(&note.findings));
    }
    let links = note.links.iter().filter(|(_, url)| {
        // Nothing else belongs into a letter: no script, no file.
        matches!(url.scheme(), "http" | "https")
    });
    let links: Vec<_> = links
        .map(|(label, url)| (label.as_str(), url.as_str()))
        .collect();
    if !links.is_empty() {
        all.push(Block::Links(links));
    }
}

fn footer<'a>(note: &'a Note, all: &mut Vec<Block<'a>>) {
    if !note.footer.is_empty() {
        all.push(Block::Footer(&note.footer));
    }
}

/// The plain text. Quotations stand behind `>`, verbatim.
pub(crate) fn text(head: &Note, items: &[Note]) -> String {
    let mut out = String::new();
    for block in blocks(head, items) {
        match block {
            Block::Title(title) => paragraph(&mut out, title),
            Block::Text(text) => paragraph(&mut out, text),
            Block::Quote(quoted) => {
                let _ = writeln!(out, "{}", visible(&quoted.page));
                for line in lines(&quoted.text) {
                    let _ = writeln!(out, "> {}", visible(line));
                }
                for alt in &quoted.pictures {
                    let _ = writeln!(out, "> [{}]", visible(alt));
                }
                out.push('\n');
            }
            Block::Findings(findings) => {
                for (severity, line) in findings {
                    let _ = writeln!(out, "- {}: {}", visible(severity), visible(line));
                }
                out.push('\n');
            }
            Block::Links(links) => {
                for (label, url) in links {
                    let _ = writeln!(out, "{}\n{url}", visible(label));
                }
                out.push('\n');
            }
            Block::Footer(footer) => {
                // The mark of a signature: answering programs leave out what follows.
                out.push_str("-- \n");
                paragraph(&mut out, footer);
            }
            Block::Rule => out.push_str("----------------------------------------\n\n"),
        }
    }
    out
}

fn paragraph(out: &mut String, text: &str) {
    for line in lines(text) {
        let _ = writeln!(out, "{}", visible(line));
    }
    out.push('\n');
}

/// The HTML: no style, picture, script or address from elsewhere, so that it is read in the reader's own colours.
pub(super) fn html(head: &Note, items: &[Note]) -> String {
    let lang: String = head
        .lang
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(35)
        .collect();
    let script = lang.split('-').next().unwrap_or_default();
    let dir = if matches!(script, "ar" | "fa" | "he" | "ur" | "yi") {
        "rtl"
    } else {
        "ltr"
    };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\" dir=\"{dir}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>{}</title>\n</head>\n<body>\n",
        escape(&head.title)
    );
    let mut first = true;
    for block in blocks(head, items) {
        let _ = match block {
            Block::Title(title) => {
                let level = if first { "h1" } else { "h2" };
                first = false;
                writeln!(out, "<{level} dir=\"auto\">{}</{level}>", escape(title))
            }
            Block::Text(text) => writeln!(out, "<p dir=\"auto\">{}</p>", escape(text)),
            Block::Quote(quoted) => {
                let _ = writeln!(
                    out,
                    "<p dir=\"auto\"><strong>{}</strong></p>\n<blockquote>",
                    escape(&quoted.page)
                );
                let _ = writeln!(out, "<p dir=\"auto\">{}</p>", escape(&quoted.text));
                for alt in &quoted.pictures {
                    let _ = writeln!(out, "<p dir=\"auto\"><em>[{}]</em></p>", escape(alt));
                }
                writeln!(out, "</blockquote>")
            }
            Block::Findings(findings) => {
                out.push_str("<ul>\n");
                for (severity, line) in findings {
                    let _ = writeln!(
                        out,
                        "<li dir=\"auto\"><strong>{}</strong>: {}</li>",
                        escape(severity),
                        escape(line)
                    );
                }
                writeln!(out, "</ul>")
            }
            Block::Links(links) => {
                for (label, url) in links {
                    let _ = writeln!(
                        out,
                        "<p dir=\"auto\"><a href=\"{}\">{}</a></p>",
                        escape(url),
                        escape(label)
                    );
                }
                Ok(())
            }
            Block::Footer(footer) => {
                writeln!(
                    out,
                    "<hr>\n<p dir=\"auto\"><small>{}</small></p>",
                    escape(footer)
                )
            }
            Block::Rule => writeln!(out, "<hr>"),
        };
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// The lines of a text, whatever ends them.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
}

/// Control characters as their pictures: a letter shows that they are there.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match u32::from(c) {
            9 => c,
            code @ 0..=31 => char::from_u32(0x2400 + code).unwrap_or(' '),
            127 => '␡',
            128..=159 => '\u{fffd}',
            _ => c,
        })
        .collect()
}

/// Text in HTML, with its line breaks and its runs of spaces.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for (number, line) in lines(text).enumerate() {
        if number > 0 {
            out.push_str("<br>\n");
        }
        let mut space = true;
        for c in visible(line).chars() {
            match c {
                ' ' if space => out.push_str("&nbsp;"),
                '\t' => out.push_str("&nbsp;&nbsp;&nbsp;&nbsp;"),
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                _ => out.push(c),
            }
            space = matches!(c, ' ' | '\t');
        }
    }
    out
}
