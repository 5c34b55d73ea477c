//! An Adaptive Card, for a workflow of Microsoft Teams that a webhook starts.
//!
//! All text is in runs, in which there is no markup. A card calls upon people by a list of its own,
//! which this one does not have.

use super::{Entry, Message, Mood, rest};
use serde_json::{Value as Json, json};

/// Teams takes about 28 KB. Some of it goes to what surrounds the findings, and some ways of counting
/// take two bytes for each character.
const ALL: usize = 12_000;

pub(super) fn message(message: &Message<'_>) -> Json {
    let mut title = run(&format!("Sealform: {}", message.title()));
    add(&mut title, &[("size", "Large"), ("weight", "Bolder"), ("color", color(message.mood()))]);
    let mut place = Vec::new();
    for (what, text) in message.place() {
        let between = if place.is_empty() { "" } else { ", " };
        place.push(run(&format!("{between}{what} ")));
        place.push(code(&text));
    }
    let mut body = vec![block(&[title], true)];
    let counts = message.counts();
    if !counts.is_empty() {
        body.push(block(&[run(&counts)], true));
    }
    body.push(block(&place, false));
    let (told, mut left_out) = message.told();
    let mut used = 0;
    for (nth, finding) in told.iter().enumerate() {
        let card = finding_card(finding);
        used += card.to_string().encode_utf16().count();
        if used > ALL {
            left_out += told.len() - nth;
            break;
        }
        body.push(card);
    }
    body.extend(rest(left_out).map(|rest| block(&[run(&rest)], true)));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "Full" },
                "body": body,
            },
        }],
    })
}

fn finding_card(finding: &Entry) -> Json {
    let mut mark = run(&format!("{} ", finding.mark));
    add(&mut mark, &[("weight", "Bolder"), ("color", color(finding.mood))]);
    let mut items = vec![block(&[mark, code(&finding.title)], true)];
    if let Some(bucket) = &finding.bucket {
        items.push(block(&[run("bucket "), code(bucket)], false));
    }
    for line in &finding.lines {
        let mut line = code(line);
        add(&mut line, &[("size", "Small")]);
        items.push(block(&[line], false));
    }
    json!({ "type": "Container", "separator": true, "items": items })
}

fn color(mood: Mood) -> &'static str {
    match mood {
        Mood::Bad => "Attention",
        Mood::Worth => "Warning",
        Mood::Good => "Good",
    }
}

/// A paragraph.
fn block(runs: &[Json], apart: bool) -> Json {
    let spacing = if apart { "Default" } else { "None" };
    json!({ "type": "RichTextBlock", "spacing": spacing, "inlines": runs })
}

/// Text, without any markup.
fn run(text: &str) -> Json {
    json!({ "type": "TextRun", "text": text })
}

/// Text of a fixed width.
fn code(text: &str) -> Json {
    json!({ "type": "TextRun", "text": text, "fontType": "Monospace" })
}

fn add(run: &mut Json, properties: &[(&str, &str)]) {
    if let Some(run) = run.as_object_mut() {
        run.extend(properties.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    }
}
