//! Blocks of Slack's, for an incoming webhook.
//!
//! Slack reads `<…>` as links and as calls upon people, and backticks as code. What comes from outside
//! stands in code, in which there are no backticks, with `&`, `<` and `>` written as Slack wants them.

use super::{Entry, Message, Mood, rest};
use serde_json::{Value as Json, json};

/// Slack takes 3,000 characters in one block of text.
const BLOCK: usize = 2_900;
/// The most characters of all findings together: a message that is longer is not read, and at some
/// length not taken.
const ALL: usize = 11_000;

pub(super) fn message(message: &Message<'_>) -> Json {
    let title = message.title();
    let counts = message.counts();
    let place: Vec<String> =
        message.place().iter().map(|(what, text)| format!("{what} {}", code(text))).collect();
    let mut blocks = vec![
        json!({
            "type": "header",
            "text": { "type": "plain_text", "text": title, "emoji": false },
        }),
        section(format!("{}\n{}", escape(&counts), place.join(", ")).trim_start()),
    ];
    let (told, mut left_out) = message.told();
    let mut used = 0;
    for (nth, finding) in told.iter().enumerate() {
        let text = finding_text(finding);
        used += length(&text);
        if used > ALL {
            left_out += told.len() - nth;
            break;
        }
        blocks.push(section(&text));
    }
    if let Some(rest) = rest(left_out) {
        blocks.push(json!({
            "type": "context",
            "elements": [{ "type": "plain_text", "text": rest, "emoji": false }],
        }));
    }
    // What is shown where blocks are not, such as on a locked screen. It has no name in it.
    let text = escape(&format!("Sealform: {title}. {counts}"));
    json!({ "text": text.trim_end(), "blocks": blocks })
}

/// A piece of text. Verbatim, so that nothing in it becomes a link but what says so.
fn section(text: &str) -> Json {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

fn finding_text(finding: &Entry) -> String {
    let sign = match finding.mood {
        Mood::Bad => ":red_circle:",
        Mood::Worth => ":large_orange_circle:",
        Mood::Good => ":large_green_circle:",
    };
    let mut text = format!("{sign} *{}* {}", finding.mark, code(&finding.title));
    if let Some(bucket) = &finding.bucket {
        text += &format!("\nbucket {}", code(bucket));
    }
    let mut open = false;
    for line in &finding.lines {
        let line = fenced(line);
        if length(&text) + length(&line) + 8 > BLOCK {
            break;
        }
        text += if open { "\n" } else { "\n```" };
        text += &line;
        open = true;
    }
    if open {
        text += "```";
    }
    text
}

/// Harmless text as code within a line.
fn code(text: &str) -> String {
    format!("`{}`", fenced(text))
}

/// Text that can stand between backticks.
fn fenced(text: &str) -> String {
    escape(&text.replace('`', "'"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Characters as Slack may count them: those of the longer of the usual ways.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}
