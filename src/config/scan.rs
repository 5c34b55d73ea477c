//! Splits a text into its top-level items, so that one fault does not hide the next, and finds
//! what is never closed, which the parser would report far from where it was opened.

use crate::diag::{Diagnostic, FileId, Span};

/// One top-level attribute or block: a range of bytes.
pub(super) type Item = std::ops::Range<usize>;

/// What has been opened and not closed yet.
#[derive(Clone, Copy)]
enum Open<'a> {
    /// A bracket, and where it stands.
    Bracket(u8, usize),
    /// A quoted template, and where its quote stands.
    Quote(usize),
    /// A heredoc, its marker, and where it was introduced.
    Heredoc(&'a str, usize),
}

/// Faults after which the rest of a text is left. Each may have been found by reading to the end.
const MAX_FAULTS: usize = 50;

/// Splits `text` into items. What cannot be split is reported and left out.
pub(super) fn items(text: &str, file: FileId) -> (Vec<Item>, Vec<Diagnostic>) {
    let mut items = Vec::new();
    let mut faults = Vec::new();
    let mut at = 0;
    while at < text.len() && faults.len() < MAX_FAULTS {
        match next_item(text, at) {
            Ok(Some(item)) => {
                at = item.end;
                items.push(item);
            }
            Ok(None) => break,
            Err(fault) => {
                let resume = resume_behind(text, fault.item_start, fault.resume_from);
                faults.push(fault.diagnostic(file));
                at = resume;
            }
        }
    }
    (items, faults)
}

struct Fault {
    summary: &'static str,
    detail: String,
    place: Item,
    /// Where the item began that it was found in.
    item_start: usize,
    /// From where on the next item may begin.
    resume_from: usize,
}

impl Fault {
    fn diagnostic(self, file: FileId) -> Diagnostic {
        Diagnostic::error(self.summary, self.detail).at(span(file, &self.place))
    }
}

/// The span of a range of bytes; texts are below 4 GiB.
pub(super) fn span(file: FileId, range: &Item) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { file, start: offset(range.start), end: offset(range.end) }
}

/// The first line behind the one of `item_start`, and not before `from`, that looks like the
/// beginning of a top-level item: it begins with a letter.
fn resume_behind(text: &str, item_start: usize, from: usize) -> usize {
    let mut line = item_start.max(from);
    while let Some(newline) = text.get(line..).and_then(|rest| rest.find('\n')) {
        line += newline + 1;
        if text.get(line..).is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic())) {
            return line;
        }
    }
    text.len()
}

/// The next item at or behind `from`.
fn next_item(text: &str, from: usize) -> Result<Option<Item>, Fault> {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied();
    let mut start = None;
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut at = from;
    while let Some(b) = byte(at) {
        match open.last().copied() {
            None | Some(Open::Bracket(..)) => match b {
                b'#' => at = line_end(bytes, at),
                b'/' if byte(at + 1) == Some(b'/') => at = line_end(bytes, at),
                b'/' if byte(at + 1) == Some(b'*') => {
                    let Some(end) = text.get(at + 2..).and_then(|rest| rest.find("*/")) else {
                        return Err(Fault {
                            summary: "Unclosed comment",
                            detail: "The comment that begins here has no `*/`. Close it.".into(),
                            place: at..at + 2,
                            item_start: at,
                            resume_from: text.len(),
                        });
                    };
                    at += end + 4;
                }
                b'\n' if open.is_empty() => {
                    at += 1;
                    if let Some(start) = start {
                        return Ok(Some(start..at));
                    }
                }
                b' ' | b'\t' | b'\r' | b'\n' => at += 1,
                _ => {
                    let item_start = *start.get_or_insert(at);
                    match b {
                        b'"' => open.push(Open::Quote(at)),
                        b'{' | b'(' | b'[' => open.push(Open::Bracket(b, at)),
                        b'}' | b')' | b']' => close(&mut open, b, at, item_start)?,
                        b'<' if byte(at + 1) == Some(b'<') => {
                            if let Some((marker, behind)) = heredoc_marker(text, at) {
                                open.push(Open::Heredoc(marker, at));
                                at = behind;
                                // A heredoc may be empty: its first line is looked at as a line.
                                if let Some(end) = heredoc_end(text, at, marker) {
                                    open.pop();
                                    at = end;
                                }
                                continue;
                            }
                        }
                        _ => {}
                    }
                    at += 1;
                }
            },
            Some(Open::Quote(quote)) => match b {
                b'"' => {
                    open.pop();
                    at += 1;
                }
                b'\\' => at += 2,
                b'\n' => {
                    return Err(Fault {
                        summary: "Unclosed string",
                        detail: "The string that begins here is not closed on its line. Close it \
                                 with a double quote; for text of several lines use a heredoc \
                                 (`<<EOT`)."
                            .into(),
                        place: quote..at,
                        item_start: start.unwrap_or(from),
                        resume_from: quote,
                    });
                }
                b'$' | b'%' if byte(at + 1) == Some(b) && byte(at + 2) == Some(b'{') => at += 3,
                b'$' | b'%' if byte(at + 1) == Some(b'{') => {
                    open.push(Open::Bracket(b'{', at + 1));
                    at += 2;
                }
                _ => at += 1,
            },
            Some(Open::Heredoc(marker, _)) => match b {
                b'\n' => {
                    at += 1;
                    if let Some(end) = heredoc_end(text, at, marker) {
                        open.pop();
                        at = end;
                    }
                }
                b'$' | b'%' if byte(at + 1) == Some(b) && byte(at + 2) == Some(b'{') => at += 3,
                b'$' | b'%' if byte(at + 1) == Some(b'{') => {
                    open.push(Open::Bracket(b'{', at + 1));
                    at += 2;
                }
                _ => at += 1,
            },
        }
    }
    let Some(item_start) = start else {
        return Ok(None);
    };
    match open.first() {
        None => Ok(Some(item_start..text.len())),
        Some(&first) => Err(unclosed(first, open.last().copied().unwrap_or(first), item_start)),
    }
}

fn unclosed(first: Open<'_>, last: Open<'_>, item_start: usize) -> Fault {
    // The innermost quote or heredoc is the likeliest culprit; of brackets, the outermost.
    let (what, close, at, len) = match (first, last) {
        (_, Open::Quote(at)) => ("string", "\"".to_owned(), at, 1),
        (_, Open::Heredoc(marker, at)) => ("heredoc", marker.to_owned(), at, 2),
        (Open::Bracket(b, at), Open::Bracket(..)) => {
            ("bracket", char::from(closing(b)).to_string(), at, 1)
        }
        (Open::Quote(at) | Open::Heredoc(_, at), Open::Bracket(..)) => {
            ("template", "}".to_owned(), at, 1)
        }
    };
    Fault {
        summary: match what {
            "string" => "Unclosed string",
            "heredoc" => "Unclosed heredoc",
            "bracket" => "Unclosed bracket",
            _ => "Unclosed template",
        },
        detail: format!(
            "The {what} that begins here is never closed. Close it with `{close}`{}.",
            if what == "heredoc" { " on a line of its own" } else { "" }
        ),
        place: at..at + len,
        item_start,
        resume_from: item_start,
    }
}

fn closing(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

fn close(open: &mut Vec<Open<'_>>, b: u8, at: usize, item_start: usize) -> Result<(), Fault> {
    match open.pop() {
        Some(Open::Bracket(opened, _)) if closing(opened) == b => Ok(()),
        Some(Open::Bracket(opened, opened_at)) => Err(Fault {
            summary: "Mismatched brackets",
            detail: format!(
                "`{}` is open here, and `{}` stands where `{}` is expected.",
                char::from(opened),
                char::from(b),
                char::from(closing(opened))
            ),
            place: opened_at..opened_at + 1,
            item_start,
            resume_from: item_start,
        }),
        _ => Err(Fault {
            summary: "Unexpected closing bracket",
            detail: format!("Nothing is open that `{}` could close. Remove it.", char::from(b)),
            place: at..at + 1,
            item_start,
            resume_from: at,
        }),
    }
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes.iter().skip(from).position(|b| *b == b'\n').map_or(bytes.len(), |n| from + n)
}

/// The marker that `<<` at `at` introduces, and where the heredoc's first line begins.
fn heredoc_marker(text: &str, at: usize) -> Option<(&str, usize)> {
    let rest = text.get(at + 2..)?;
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    if !rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')?;
    let (marker, behind) = rest.split_at(end);
    let line = behind.trim_start_matches('\r').strip_prefix('\n')?;
    Some((marker, text.len() - line.len()))
}

/// Where the closing marker ends, if the line that begins at `line` is one.
fn heredoc_end(text: &str, line: usize, marker: &str) -> Option<usize> {
    let rest = text.get(line..)?;
    let indent = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let behind = rest.get(indent..)?.strip_prefix(marker)?;
    let closes = behind.is_empty() || behind.starts_with(['\n', '\r']);
    closes.then(|| line + indent + marker.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;
    use proptest::prelude::*;

    fn split(text: &str) -> (Vec<&str>, Vec<&'static str>) {
        let file = Sources::default().add("t", text);
        let (items, faults) = items(text, file);
        let items = items.into_iter().map(|item| text[item].trim_end()).collect();
        (items, faults.into_iter().map(|fault| fault.summary).collect())
    }

    #[test]
    fn items_are_split_outside_strings_comments_and_heredocs() {
        let text =
            "a = 1 # }\n/* { */ b \"x\" {\n  c = \"}${d(\"{\")}\"\n}\ne = <<EOT\n}{\"\nEOT\nf = 2";
        let (items, faults) = split(text);
        assert_eq!(faults, Vec::<&str>::new());
        assert_eq!(items.len(), 4, "{items:?}");
        assert_eq!(items[0], "a = 1 # }");
        assert_eq!(items[3], "f = 2");
    }

    #[test]
    fn a_fault_does_not_hide_the_next_item() {
        let (items, faults) = split("a {\n  b = \"x\n}\nc = 1\nd {\n  e = [1\n}\nf = 2\n");
        assert_eq!(faults, ["Unclosed string", "Mismatched brackets"]);
        assert_eq!(items, ["c = 1", "f = 2"]);
    }

    #[test]
    fn an_unclosed_block_is_reported_where_it_opens() {
        let text = "a {\n  b = 1\n\nc {\n}\n";
        let file = Sources::default().add("t", text);
        let (items, faults) = items(text, file);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].subject.map(|span| span.start), Some(2));
        assert_eq!(items.len(), 1);
    }

    proptest! {
        #[test]
        fn no_text_panics_or_loops(text in "([a-z={}\\[\\]()\"$%<\\-#/*\n\\\\ ]|EOT|<<EOT\n|\\PC)*") {
            split(&text);
        }
    }
}
