//! A note as Slack's blocks. Every text stands in `plain_text` (with `&<>` escaped) or in a `rich_text` of plain
//! runs: nothing in it can become a mention, a link or formatting.

use super::super::{
    ActionId, MAX_VALUE, Note,
    words::{Room, body, cut, findings, fit, line, links, more, units},
};
use serde_json::{Value, json};

/// Most of a section's text (Slack: 3,000).
const SECTION: usize = 2_900;
/// Most of one content; a preformatted block has no published limit of its own, so the section's is kept.
const CONTENT: usize = 2_900;
/// Most contents shown, which keeps the message under Slack's 50 blocks.
const MOST: usize = 10;
/// Most bytes of all blocks together. Slack refuses larger ones (`msg_blocks_too_long`) from somewhere above 11,000
/// characters, which it documents nowhere (its `bolt-js`, issues 2509 and 2867).
const BLOCKS: usize = 10_000;

/// Characters after escaping.
fn escaped_units(c: char) -> usize {
    match c {
        '&' => 5,
        '<' | '>' => 4,
        c => c.len_utf16(),
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": escape(text), "emoji": false })
}

fn section(text: &str) -> Option<Value> {
    let (text, missing) = cut(text, SECTION, escaped_units);
    let text = if missing { text + "…" } else { text };
    (!text.trim().is_empty()).then(|| json!({ "type": "section", "text": plain(&text) }))
}

fn small(text: &str) -> Option<Value> {
    let (text, missing) = cut(text, 1_500, escaped_units);
    let text = if missing { text + "…" } else { text };
    (!text.trim().is_empty()).then(|| json!({ "type": "context", "elements": [plain(&text)] }))
}

/// The blocks, at most 50.
fn blocks(note: &Note) -> Vec<Value> {
    let size = |blocks: &Vec<Value>| blocks.iter().map(|block| block.to_string().len() + 1).sum();
    fit(note, BLOCKS, shown, size)
}

fn shown(note: &Note, room: Room) -> Vec<Value> {
    let most = room.contents.min(MOST);
    let mut all = Vec::new();
    let title = line(&note.title, 150, escaped_units);
    if !title.is_empty() {
        all.push(json!({ "type": "header", "text": plain(&title) }));
    }
    all.extend(section(&body(note, room.body.min(2_000))));
    let mut whole = note.contents.len() <= most;
    for content in note.contents.iter().take(most) {
        all.extend(section(&line(&content.page, 200, escaped_units)));
        let (text, missing) = cut(&content.text, room.text.min(CONTENT), units);
        if !text.is_empty() {
            all.push(json!({
                "type": "rich_text",
                "elements": [{ "type": "rich_text_preformatted", "elements": [{ "type": "text", "text": text }] }],
            }));
        }
        let pictures: Vec<String> = content
            .pictures
            .iter()
            .take(room.pictures)
            .map(|alt| format!("🖼 {alt}"))
            .collect();
        let (alts, fewer) = cut(&pictures.join("\n"), room.alt.max(50) * 2, escaped_units);
        all.extend(small(&alts));
        if missing || fewer || content.pictures.len() > room.pictures {
            whole = false;
            all.extend(small(&more(note)));
        }
    }
    if note.contents.len() > most {
        all.extend(small(&more(note)));
    }
    let (lines, missing) = cut(
        &findings(note, room.findings).join("\n"),
        2_000,
        escaped_units,
    );
    all.extend(section(&if missing {
        format!("{lines}\n{}", more(note))
    } else {
        lines
    }));
    let buttons = buttons(note, whole, room.links);
    if !buttons.is_empty() {
        all.push(json!({ "type": "actions", "elements": buttons }));
    }
    all.extend(small(&note.footer));
    all
}

fn buttons(note: &Note, whole: bool, most_links: usize) -> Vec<Value> {
    // One of each: Slack refuses two of one name.
    let one = |id: ActionId| note.actions.iter().find(move |action| action.id == id);
    let pressed = [ActionId::Approve, ActionId::AskForChanges]
        .into_iter()
        .filter_map(one)
        .filter(|action| action.value.len() <= MAX_VALUE && !action.value.is_empty())
        .filter(|action| whole || action.id != ActionId::Approve)
        .map(|action| {
            let label = line(&action.label, 75, escaped_units);
            let label = if label.is_empty() {
                action.id.as_str().to_owned()
            } else {
                label
            };
            let mut button = json!({
                "type": "button",
                "action_id": action.id.as_str(),
                "text": plain(&label),
                "value": action.value,
            });
            if action.id == ActionId::Approve {
                button["style"] = json!("primary");
            }
            button
        });
    let opened = links(note, most_links)
        .enumerate()
        .map(|(n, (label, url))| {
            json!({
                "type": "button",
                "action_id": format!("vigie-open-{n}"),
                "text": plain(&line(&label, 75, escaped_units)),
                "url": url.as_str(),
            })
        });
    pressed.chain(opened).collect()
}

/// `text` is what notifications and screen readers say; the blocks are what is shown.
pub(super) fn message(note: &Note) -> Value {
    let title = line(&note.title, 500, escaped_units);
    let first = line(
        note.body.first().map_or("", String::as_str),
        500,
        escaped_units,
    );
    let text = [title, first].into_iter().filter(|part| !part.is_empty());
    let text = escape(&text.collect::<Vec<_>>().join(" · "));
    let text = if text.is_empty() {
        "Vigie".to_owned()
    } else {
        text
    };
    json!({ "text": text, "blocks": blocks(note) })
}

pub(super) fn replacing(note: &Note) -> Value {
    let mut message = message(note);
    message["mrkdwn"] = json!(false);
    message["replace_original"] = json!(true);
    message
}
