//! What may be secret in a text that does not follow its grammar.
//!
//! Of a `notify` block that can be read, `decode` knows what nobody may be shown, and of values for
//! variables, their declarations tell. Where a fault keeps a text from being read, its tree lacks
//! what is at the fault, so that here the lines tell: in what begins like such a block, and anywhere
//! in a file of values, whatever stands where a value does is hidden: rather too much than too
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

/// Where in a text what is secret may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrets {
    /// In `notify` blocks.
    Blocks,
    /// Wherever a value stands: nothing tells whose it is.
    Values,
}

impl Secrets {
    /// Attributes whose values are no secrets.
    fn plain(self) -> &'static [&'static str] {
        match self {
            Self::Blocks => &PLAIN,
            Self::Values => &[],
        }
    }
}

/// What may be secret in a text with faults, in order; none is within another.
pub(super) fn within(text: &str, secrets: Secrets, is_json: bool) -> Vec<Range<usize>> {
    if is_json { json_values(text, secrets) } else { native_values(text, secrets) }
}

/// Takes these pieces of a text out of what its faults say, and gives them back as what is not to be
/// shown.
pub(super) fn hide(
    text: &str,
    file: FileId,
    pieces: Vec<Range<usize>>,
    faults: &mut [Diagnostic],
) -> Vec<Span> {
    // What a fault says is about where it stands.
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
    let span = |piece: Range<usize>| {
        let (start, end) = (u32::try_from(piece.start).ok()?, u32::try_from(piece.end).ok()?);
        Some(Span { file, start, end })
    };
    pieces.into_iter().filter_map(span).collect()
}

/// Whether a text in the native syntax, of which nothing else is known, is one of values: no line of it
/// begins a block.
pub(super) fn is_of_values(text: &str) -> bool {
    !text.lines().any(|line| {
        let word = first_word(line);
        language::BLOCKS.iter().any(|it| it.kind == word) && line.contains('{')
    })
}

/// What may be secret in the native syntax, in order.
fn native_values(text: &str, secrets: Secrets) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    // How far the line is indented with which the block began.
    let mut inside: Option<usize> = match secrets {
        Secrets::Blocks => None,
        Secrets::Values => Some(0),
    };
    // The word that ends a heredoc.
    let mut heredoc: Option<&str> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let item = line.trim_start();
        let at = start + line.len() - item.len();
        let indent = at - start;
        start += line.len();
        if let Some(end) = heredoc {
            // What stands here has no name, whatever it looks like.
            if item.trim_end() == end {
                heredoc = None;
            } else if item.contains(char::is_alphanumeric) {
                pieces.push(at..at + item.trim_end().len());
            }
            continue;
        }
        let word = first_word(item);
        let begins_block = secrets == Secrets::Blocks
            && language::BLOCKS.iter().any(|it| it.kind == word)
            && inside.is_none_or(|around| indent <= around)
            && (word == BLOCK || item.contains('{'));
        if begins_block && word == BLOCK {
            inside = Some(indent);
            // What stands behind the brace is an item by itself.
            if let Some(brace) = item.find('{') {
                let (_, behind) = item.split_at(brace + 1);
                pieces.extend(value(behind, at + brace + 1, secrets));
            }
        } else if begins_block {
            inside = None;
        } else if inside.is_some() {
            pieces.extend(value(item, at, secrets));
            heredoc = heredoc_of(item);
        }
    }
    pieces
}

/// The same in JSON, where nothing tells where a block ends whose brackets do not match: all that
/// follows may be part of it.
fn json_values(text: &str, secrets: Secrets) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let begin = match secrets {
        Secrets::Blocks => text.find("\"notify\""),
        Secrets::Values => Some(0),
    };
    let Some(begin) = begin else { return pieces };
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
        } else if !(secrets.plain().contains(&key) && piece.chars().all(is_word)) {
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

/// The word that ends the heredoc that begins with a line's end.
fn heredoc_of(line: &str) -> Option<&str> {
    let (_, word) = line.trim_end().rsplit_once("<<")?;
    let word = word.strip_prefix('-').unwrap_or(word);
    (!word.is_empty() && first_word(word) == word).then_some(word)
}

/// What may be secret in the line, or the rest of one, that begins at `at`: all behind the name that
/// it begins with, or all of it.
fn value(line: &str, at: usize, secrets: Secrets) -> Option<Range<usize>> {
    let item = line.trim();
    let name = first_word(item);
    let behind = item.get(name.len()..).unwrap_or("").trim_start();
    let is_plain = behind.strip_prefix('=').is_some_and(|value| value.chars().all(is_word));
    if secrets.plain().contains(&name) && is_plain {
        return None;
    }
    // What ends like this is the last line of something in base64.
    let is_padded = item.get(name.len()..).is_some_and(|it| matches!(it, "=" | "=="));
    // The sign between them was forgotten.
    let is_text = behind.len() > 1 && behind.starts_with('"') && behind.ends_with('"');
    let is_apart = item.get(name.len()..).is_some_and(|it| it.starts_with(' '));
    let value = match behind.strip_prefix(['=', ':']) {
        Some(value) if !name.is_empty() && !is_padded => value.trim_start(),
        None if !name.is_empty() && behind.starts_with('{') => behind,
        None if !name.is_empty() && is_apart && is_text => behind,
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
    for quote in ['`', '"'] {
        let parts = text.split(quote).enumerate().map(|(n, part)| {
            let is_in = |piece: &&str| match part.len() {
                SHORTEST.. => piece.contains(part),
                _ => has_word(piece, part),
            };
            if n % 2 == 1 && hidden.iter().any(is_in) { "…" } else { part }
        });
        text = parts.collect::<Vec<_>>().join(quote.encode_utf8(&mut [0; 4]));
    }
    text
}

/// Whether it stands there by itself, not within a longer word.
fn has_word(text: &str, word: &str) -> bool {
    let is_inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    word.contains(char::is_alphanumeric)
        && text.match_indices(word).any(|(at, _)| {
            let (before, behind) = (text.get(..at), text.get(at + word.len()..));
            let before = before.and_then(|it| it.chars().next_back());
            !is_inside(before) && !is_inside(behind.and_then(|it| it.chars().next()))
        })
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

    /// How many slips from a place on are faults, each of them checked.
    fn slips(name: &str, text: &str, from: usize, check: fn(&str, &str) -> bool) -> usize {
        let mut faults = 0;
        for at in from..text.len() {
            let (before, behind) = text.split_at(at);
            // What has lost a letter is no secret any more, and what a slip cuts off may be a name.
            let near = at.saturating_sub(SECRET.len() - 1)..(at + SECRET.len()).min(text.len());
            if text[near].contains(SECRET) {
                continue;
            }
            faults += usize::from(check(name, &format!("{before}{}", &behind[1..])));
            for slip in ["\"", "{", "}", "=", ",", "\n", "${", " x ", "<<E\n"] {
                faults += usize::from(check(name, &format!("{before}{slip}{behind}")));
            }
        }
        faults
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
            let faults = slips(name, text, text.find(begin).unwrap(), check);
            assert!(faults > 500, "{faults}");
        }
    }

    /// As [`check`], of a file of values.
    #[track_caller]
    fn check_values(name: &str, text: &str) -> bool {
        let mut sources = Sources::default();
        let file = sources.add(name, text);
        let mut diagnostics = Diagnostics::new();
        config::parse_values(&mut sources, file, &mut diagnostics);
        assert_eq!(sources.text(file).len(), text.len());
        for fault in &diagnostics {
            assert!(!fault.detail.contains(SECRET), "{text}: {}", fault.detail);
        }
        let has_faults = diagnostics.iter().any(|it| it.summary != "Unexpected block");
        assert!(!has_faults || !sources.text(file).contains(SECRET), "{}", sources.text(file));
        has_faults
    }

    #[test]
    fn no_slip_shows_a_value_of_a_file_of_values() {
        let native = format!(
            "n = 1\npassword = \"{SECRET}\"\ntokens = {{\n  a = \"{SECRET}\"\n  b = \
             [\n    \"{SECRET}\",\n  ]\n}}\n\nkey = <<-E\n  {SECRET}\n  {SECRET}==\n  E\nlast = true\n"
        );
        let json = format!(
            "{{\n  \"n\": 1,\n  \"password\": \"{SECRET}\",\n  \"tokens\": {{\n    \"a\": [\"{SECRET}\"]\n  \
             }}\n}}\n"
        );
        for (name, text) in [("v.sealvars.hcl", &native), ("v.sealvars.json", &json)] {
            assert!(!check_values(name, text), "it is as it should be");
            let faults = slips(name, text, 0, check_values);
            assert!(faults > 400, "{faults}");
        }
    }

    #[test]
    fn what_is_short_and_stands_by_itself_is_not_quoted() {
        for (text, secret) in [
            ("pin = 123 456\n", "456"),
            ("pin = \"1\" 22\n", "22"),
            ("acc = [ ab1 \"12\" ]\n", "12"),
        ] {
            let mut sources = Sources::default();
            let file = sources.add("v.sealvars.hcl", text);
            let mut diagnostics = Diagnostics::new();
            config::parse_values(&mut sources, file, &mut diagnostics);
            let details: Vec<&str> = diagnostics.iter().map(|it| &*it.detail).collect();
            assert!(details[0].contains('…') && !details.concat().contains(secret), "{details:?}");
        }
    }

    #[test]
    fn of_a_file_of_values_names_places_and_reasons_are_shown() {
        for (name, text, shown) in [
            (
                "v.sealvars.hcl",
                "# why\nteam = \"a\"\npassword = \"S3CR3T\" oops\n",
                "\"***\"\nteam = \"*\"\npassword = \"***********\"\n",
            ),
            (
                "v.sealvars.json",
                "{\n  \"team\": \"a\",\n  \"password\": \"S3CR3T\" \"oops\"\n}\n",
                "{\n  \"team\": \"*\",\n  \"password\": \"******\" \"****\"\n}\n",
            ),
        ] {
            let mut sources = Sources::default();
            let file = sources.add(name, text);
            let mut diagnostics = Diagnostics::new();
            config::parse_values(&mut sources, file, &mut diagnostics);
            assert_eq!(sources.text(file).replace(['*', '"'], ""), shown.replace(['*', '"'], ""));
            let place = sources.position(diagnostics[0].subject.unwrap());
            assert_eq!(place.line, 3, "{diagnostics:?}");
        }
    }

    #[test]
    fn what_a_flag_gives_to_a_sensitive_variable_is_not_shown() {
        for text in ["[S3CR3T", "[\"S3CR3T\" S3CR3T]", "{ a = \"S3CR3T\" = }", "[\"S3CR3T\"]"] {
            let mut sources = Sources::default();
            let file = sources.add("--var x", text);
            let mut diagnostics = Diagnostics::new();
            config::parse_value(&mut sources, file, true, &mut diagnostics);
            assert!(!sources.text(file).contains(SECRET), "{}", sources.text(file));
            assert!(diagnostics.iter().all(|it| !it.detail.contains(SECRET)), "{diagnostics:?}");
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
