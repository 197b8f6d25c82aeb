//! A note as a message of Matrix.

use super::super::{
    Note,
    words::{Room, body, cut, findings, fit, html, line, links, more, units},
};
use serde_json::{Value, json};

/// Most bytes of an event's content that we make; the whole event may have 65,536.
const MOST: usize = 48_000;
/// The message as text and as HTML in which every mark is escaped; it mentions nobody.
pub(super) fn content(note: &Note) -> Value {
    let whole = |note: &Note, room: Room| {
        let (text, html) = shown(note, room);
        let mut content = json!({
            "msgtype": "m.text",
            "body": text,
            "format": "org.matrix.custom.html",
            "formatted_body": html,
            "m.mentions": {},
        });
        if let Some(thread) = &note.thread {
            content["m.relates_to"] = json!({
                "rel_type": "m.thread",
                "event_id": thread,
                "is_falling_back": true,
                "m.in_reply_to": { "event_id": thread },
            });
        }
        content
    };
    fit(note, MOST, whole, |content| content.to_string().len())
}

fn shown(note: &Note, room: Room) -> (String, String) {
    let (mut words, mut marked) = (Vec::new(), Vec::new());
    let mut add = |word: String, mark: String| {
        if !word.is_empty() {
            words.push(word);
            marked.push(mark);
        }
    };
    let lines = |text: &str| html(text).replace('\n', "<br>");
    let title = line(&note.title, 300, units);
    add(
        title.clone(),
        format!("<p><strong>{}</strong></p>", html(&title)),
    );
    let said = body(note, room.body);
    add(said.clone(), format!("<p>{}</p>", lines(&said)));
    for content in note.contents.iter().take(room.contents) {
        let page = line(&content.page, 200, units);
        let (text, missing) = cut(&content.text, room.text, units);
        let mut after: Vec<String> = content
            .pictures
            .iter()
            .take(room.pictures)
            .map(|alt| format!("🖼 {}", line(alt, room.alt, units)))
            .collect();
        if missing || content.pictures.len() > room.pictures {
            after.push(more(note));
        }
        let after = after.join("\n");
        let quoted: Vec<String> = text.lines().map(|line| format!("> {line}")).collect();
        add(
            format!("{page}\n{}\n{after}", quoted.join("\n"))
                .trim_end()
                .to_owned(),
            format!(
                "<p><strong>{}</strong></p><pre><code>{}</code></pre><p>{}</p>",
                html(&page),
                html(&text),
                lines(&after)
            ),
        );
    }
    if note.contents.len() > room.contents {
        add(more(note), format!("<p>{}</p>", html(&more(note))));
    }
    let found = findings(note, room.findings).join("\n");
    add(found.clone(), format!("<p>{}</p>", lines(&found)));
    let (plain, anchors): (Vec<String>, Vec<String>) = links(note, room.links)
        .map(|(label, url)| {
            (
                format!("{label} : {url}"),
                format!("<a href=\"{}\">{}</a>", html(url.as_str()), html(&label)),
            )
        })
        .unzip();
    add(plain.join("\n"), format!("<p>{}</p>", anchors.join(" · ")));
    let footer = line(&note.footer, 300, units);
    add(footer.clone(), format!("<p><em>{}</em></p>", html(&footer)));
    (words.join("\n\n"), marked.concat())
}
