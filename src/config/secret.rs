//! What may be secret in a text that does not follow its grammar.
//!
//! Of a `notify` block that can be read, `decode` knows what nobody may be shown. Where a fault keeps
//! a text from being read, its tree lacks what is at the fault, so that here the lines tell: in what
//! begins like such a block, whatever stands where a value does is hidden: rather too much than too
//! little. It looks at no text without faults.

use super::language;
use crate::diag::{Diagnostic, FileId, Span};
use std::ops::Range;

/// What is looked for.
const BLOCK: &str = "notify";

/// Attributes of it whose values are no secrets.
pub(super) const PLAIN: [&str; 4] = ["format", "min_severity", "on", "timeout"];

/// What is shorter names no secret, and would be found anywhere.
const SHORTEST: usize = 4;

/// Notes what may be secret in a text with faults, and takes it out of what they say.
pub(super) fn hide(
    text: &str,
    file: FileId,
    is_json: bool,
    faults: &mut [Diagnostic],
    spans: &mut Vec<Span>,
) {
    let pieces = if is_json { json_values(text) } else { native_values(text) };
    // What a fault says is about where it stands. The pieces are in order, and none is within another.
    for fault in faults {
        let Some(place) = fault.subject else { continue };
        let (start, end) = (place.start as usize, place.end as usize);
        let first = pieces.partition_point(|piece| piece.end < start);
        let near = pieces.iter().skip(first).take_while(|piece| piece.start <= end);
        let near: Vec<&str> = near.filter_map(|piece| text.get(piece.clone())).collect();
        if !near.is_empty() {
            fault.detail = discreet(&fault.detail, &near);
        }
    }
    spans.extend(pieces.into_iter().filter_map(|piece| {
        let (start, end) = (u32::try_from(piece.start).ok()?, u32::try_from(piece.end).ok()?);
        Some(Span { file, start, end })
    }));
}

/// What may be secret in the native syntax, in order.
fn native_values(text: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    // How far the line is indented with which the block began.
    let mut inside: Option<usize> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let item = line.trim_start();
        let at = start + line.len() - item.len();
        let indent = at - start;
        start += line.len();
        let word = first_word(item);
        let begins_block = language::BLOCKS.iter().any(|it| it.kind == word)
            && inside.is_none_or(|around| indent <= around)
            && (word == BLOCK || item.contains('{'));
        if begins_block && word == BLOCK {
            inside = Some(indent);
            // What stands behind the brace is an item by itself.
            if let Some(brace) = item.find('{') {
                let (_, behind) = item.split_at(brace + 1);
                pieces.extend(value(behind, at + brace + 1));
            }
        } else if begins_block {
            inside = None;
        } else if inside.is_some() {
            pieces.extend(value(item, at));
        }
    }
    pieces
}

/// The same in JSON, where nothing tells where a block ends whose brackets do not match: all that
/// follows may be part of it.
fn json_values(text: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let Some(begin) = text.find("\"notify\"") else { return pieces };
    let mut key = "";
    let mut at = begin;
    while at < text.len() {
        // What stands outside of quotes may have lost one of its own.
        let rest = text.get(at..).unwrap_or("");
        let start = at + rest.find('"').unwrap_or(rest.len());
        let bare = text.get(at..start).unwrap_or("");
        pieces.extend(bare.split_inclusive('\n').scan(at, |at, line| {
            let begin = *at;
            *at += line.len();
            Some(begin + line.len() - line.trim_start().len()..begin + line.trim_end().len())
        }));
        let end = end_of_string(text, start);
        let piece = text.get(start..end).unwrap_or("");
        at = end.max(start + 1);
        if text.get(end..).unwrap_or("").trim_start().starts_with(':') {
            key = piece.trim_matches('"');
        } else if !(PLAIN.contains(&key) && piece.chars().all(is_word)) {
            pieces.push(start..end);
        }
    }
    let has_text = |piece: &Range<usize>| {
        text.get(piece.clone()).is_some_and(|it| it.contains(char::is_alphanumeric))
    };
    pieces.retain(has_text);
    pieces
}

/// Where the string ends that begins at a quote: behind the next one, or with its line.
fn end_of_string(text: &str, start: usize) -> usize {
    let mut escaped = false;
    for (at, c) in text.get(start + 1..).unwrap_or("").char_indices() {
        match c {
            '\n' => return start + 1 + at,
            '"' if !escaped => return start + 2 + at,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

/// Whether a list of words may have it: no address of a webhook is of these alone.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || " \",[]_-".contains(c)
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'));
    text.get(..end.unwrap_or(text.len())).unwrap_or("")
}

/// What may be secret in the line, or the rest of one, that begins at `at`: all behind the name that
/// it begins with, or all of it.
fn value(line: &str, at: usize) -> Option<Range<usize>> {
    let item = line.trim();
    let name = first_word(item);
    let behind = item.get(name.len()..).unwrap_or("").trim_start();
    let is_plain = behind.strip_prefix('=').is_some_and(|value| value.chars().all(is_word));
    if PLAIN.contains(&name) && is_plain {
        return None;
    }
    let value = match behind.strip_prefix(['=', ':']) {
        Some(value) if !name.is_empty() => value.trim_start(),
        None if !name.is_empty() && behind.starts_with(['"', '{']) => behind,
        Some(_) | None => item,
    };
    if !value.contains(char::is_alphanumeric) {
        return None;
    }
    let end = at + line.trim_end().len();
    Some(end - value.len()..end)
}

/// The text without what is hidden, and without what it quotes of that.
fn discreet(text: &str, hidden: &[&str]) -> String {
    let mut text = text.to_owned();
    for piece in hidden {
        let quoted = piece.split('"').map(|it| it.trim_matches(|c: char| !c.is_alphanumeric()));
        for secret in [*piece].into_iter().chain(quoted) {
            if secret.len() >= SHORTEST && text.contains(secret) {
                text = text.replace(secret, "…");
            }
        }
    }
    let parts = text.split('`').enumerate().map(|(n, part)| {
        let is_quoted = n % 2 == 1 && part.len() >= SHORTEST;
        if is_quoted && hidden.iter().any(|piece| piece.contains(part)) { "…" } else { part }
    });
    parts.collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use crate::config;
    use crate::diag::{Diagnostics, Sources};

    const SECRET: &str = "S3CR3T";

    /// Whether a file has faults, and neither they nor the text tell the secret.
    #[track_caller]
    fn check(name: &str, text: &str) -> bool {
        let mut sources = Sources::default();
        let file = sources.add(name, text);
        let mut diagnostics = Diagnostics::new();
        let config = config::parse(&sources, &[file], &|_| false, &mut diagnostics);
        sources.hide(config.hidden);
        assert_eq!(sources.text(file).len(), text.len());
        for fault in &diagnostics {
            assert!(!fault.detail.contains(SECRET), "{text}: {}", fault.detail);
        }
        let has_faults = !diagnostics.is_empty();
        assert!(!has_faults || !sources.text(file).contains(SECRET), "{}", sources.text(file));
        has_faults
    }

    #[test]
    fn no_slip_shows_a_secret() {
        let native = format!(
            "locals {{\n  a = 1\n}}\n\nnotify \"x\" {{\n  format  = \"slack\"\n  \
             url     = \"https://h/{SECRET}\"\n  headers = {{ A = \"{SECRET}\", B = \
             <<E\n{SECRET}\nE\n  }}\n  on = [\"drift\"]\n}}\n\noutput \"o\" {{\n  value = 1\n}}\n"
        );
        let json = format!(
            "{{\"notify\": {{\"x\": {{\n  \"on\": [\"drift\"],\n  \"url\": \
             \"https://h/{SECRET}\",\n  \"headers\": {{\"A\": \"{SECRET}\"}}\n}}}}}}\n"
        );
        for (name, text, begin) in
            [("main.seal.hcl", &native, "\"x\""), ("main.seal.hcl.json", &json, "{\"x\"")]
        {
            assert!(!check(name, text), "it is as it should be");
            let from = text.find(begin).unwrap();
            let mut faults = 0;
            for at in from..text.len() {
                let (before, behind) = text.split_at(at);
                // What has lost a letter is no secret any more.
                let near = at.saturating_sub(SECRET.len() - 1)..(at + SECRET.len()).min(text.len());
                if text[near].contains(SECRET) {
                    continue;
                }
                faults += usize::from(check(name, &format!("{before}{}", &behind[1..])));
                for slip in ["\"", "{", "}", "=", ",", "\n", "${", " x ", "<<E\n"] {
                    faults += usize::from(check(name, &format!("{before}{slip}{behind}")));
                }
            }
            assert!(faults > 500, "{faults}");
        }
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        let text = "locals {\n  a = \"shown\" oops\n}\nnotify \"x\" {\n  url = \"S\" y\n  format = \
                    \"slack\"\n}\nlocals {\n  b = \"shown\"\n}\n";
        let mut sources = Sources::default();
        let file = sources.add("main.seal.hcl", text);
        let mut diagnostics = Diagnostics::new();
        let config = config::parse(&sources, &[file], &|_| false, &mut diagnostics);
        sources.hide(config.hidden);
        assert_eq!(sources.text(file), text.replace("\"S\" y", "\"***\""));
        assert!(diagnostics[0].detail.contains("`oops`"), "{}", diagnostics[0].detail);
    }
}
