//! JSON to a tree, every node with its place.
//!
//! Keeps what a reader of data drops: places, the order of properties, properties that occur twice,
//! and numbers as they are written. What is wrong is told, and what can be read behind it is read
//! all the same.

use super::text::{self, Fault};
use crate::diag::{Diagnostic, Diagnostics, FileId, Span, did_you_mean};
use std::borrow::Cow;
use std::ops::Range;

/// How deep arrays and objects nest at most: all that follows walks the tree recursively.
pub(super) const MAX_DEPTH: usize = 100;
/// Faults after which the rest of a text is left: nobody reads more.
const MAX_FAULTS: usize = 50;

/// A value, and where it stands.
#[derive(Debug)]
pub(in crate::config) struct Node<'t> {
    pub(super) value: Json<'t>,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(in crate::config) enum Json<'t> {
    Null,
    Bool(bool),
    /// As it is written.
    Number(&'t str),
    String(Cow<'t, str>),
    Array(Vec<Node<'t>>),
    Object(Vec<Property<'t>>),
    /// What could not be read, and has been reported.
    Broken,
}

/// `"key": value`.
#[derive(Debug)]
pub(in crate::config) struct Property<'t> {
    pub(super) key: Cow<'t, str>,
    /// The key with its quotes.
    pub(super) span: Span,
    pub(super) value: Node<'t>,
}

/// Reads a text that is one JSON value.
pub(in crate::config) fn read<'t>(
    text: &'t str,
    file: FileId,
    diagnostics: &mut Diagnostics,
) -> Node<'t> {
    let mut reader = Reader { text, file, at: 0, faults: 0, commented: false, diagnostics };
    reader.space();
    if reader.at == text.len() {
        reader.report(
            "Invalid JSON",
            "The file is empty. The least that it can hold is an object without properties: {}.",
            0..0,
        );
        return reader.node(Json::Broken, 0);
    }
    let node = reader.value(0);
    reader.space();
    if reader.at < text.len() {
        let place = reader.here();
        reader.report(
            "Invalid JSON",
            "The value ends before this: a file holds one object, and nothing behind it.",
            place,
        );
    }
    node
}

/// The names and indexes that lead to the innermost array or object around a byte.
pub(in crate::config) fn path(root: &Node<'_>, byte: u32) -> Option<String> {
    let holds = |node: &Node<'_>| {
        matches!(node.value, Json::Array(_) | Json::Object(_))
            && node.span.start <= byte
            && byte < node.span.end
    };
    let mut path = String::new();
    let mut around = root;
    loop {
        // Values are in the order of the text.
        let (next, step) = match &around.value {
            Json::Object(properties) => {
                let at = properties.partition_point(|it| it.value.span.start <= byte);
                let found = at.checked_sub(1).and_then(|at| properties.get(at));
                let point = if path.is_empty() { "" } else { "." };
                (found.map(|it| &it.value), found.map(|it| format!("{point}{}", it.key)))
            }
            Json::Array(items) => {
                let at = items.partition_point(|it| it.span.start <= byte).checked_sub(1);
                (at.and_then(|at| items.get(at)), at.map(|at| format!("[{at}]")))
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Broken => {
                (None, None)
            }
        };
        match (next.filter(|next| holds(next)), step) {
            (Some(next), Some(step)) => {
                path.push_str(&step);
                around = next;
            }
            _ => break,
        }
    }
    (!path.is_empty()).then_some(path)
}

struct Reader<'t, 'd> {
    text: &'t str,
    file: FileId,
    at: usize,
    faults: usize,
    /// A comment has been reported: one is enough.
    commented: bool,
    diagnostics: &'d mut Diagnostics,
}

impl<'t> Reader<'t, '_> {
    fn span(&self, place: Range<usize>) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { file: self.file, start: offset(place.start), end: offset(place.end) }
    }

    /// What was read from `start` on to here.
    fn node(&self, value: Json<'t>, start: usize) -> Node<'t> {
        Node { value, span: self.span(start..self.at) }
    }

    fn report(&mut self, summary: &'static str, detail: impl Into<String>, place: Range<usize>) {
        self.faults += 1;
        if self.faults <= MAX_FAULTS {
            self.diagnostics.push(Diagnostic::error(summary, detail).at(self.span(place)));
        }
        if self.faults >= MAX_FAULTS {
            self.at = self.text.len();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// The character that comes next.
    fn here(&self) -> Range<usize> {
        self.at..self.at + self.rest().chars().next().map_or(0, char::len_utf8)
    }

    /// Passes over white space, and over comments, which it reports.
    fn space(&mut self) {
        loop {
            while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
                self.at += 1;
            }
            let rest = self.rest();
            let length = if rest.starts_with('#') || rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                return;
            };
            let start = self.at;
            self.at += length;
            if !self.commented {
                self.commented = true;
                self.report(
                    "Invalid JSON",
                    "JSON has no comments. A property named \"//\" in the object of a block is one: \
                     it is passed over.",
                    start..start + length,
                );
            }
        }
    }

    fn value(&mut self, depth: usize) -> Node<'t> {
        let start = self.at;
        let value = match self.peek() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => {
                self.report(
                    "Too deep nesting",
                    format!(
                        "Arrays and objects nest at most {MAX_DEPTH} levels deep. Name a part of \
                         it in `locals` and use the name."
                    ),
                    start..start + 1,
                );
                self.at = self.at.max(start + 1);
                self.skip();
                self.at = (self.at + 1).min(self.text.len());
                Json::Broken
            }
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => Json::String(self.string(b'"')),
            Some(b'\'') => {
                let text = self.string(b'\'');
                let place = start..self.at;
                self.report("Invalid JSON", "A string stands in double quotes.", place);
                Json::String(text)
            }
            Some(b'-' | b'+' | b'.' | b'0'..=b'9') => self.number(),
            Some(b) if b.is_ascii_alphabetic() || b == b'_' || b == b'$' => self.word(),
            // What was opened is reported as never closed.
            None => Json::Broken,
            Some(next) => {
                let place = self.here();
                let detail = if b",:}]".contains(&next) {
                    "A value is missing here."
                } else {
                    "No value begins so. Write a string in double quotes, a number, `true`, \
                     `false`, `null`, an array or an object."
                };
                self.report("Invalid JSON", detail, place);
                self.resume();
                Json::Broken
            }
        };
        self.node(value, start)
    }

    /// Reads a string from its quote on.
    fn string(&mut self, quote: u8) -> Cow<'t, str> {
        let start = self.at;
        let inner = start + 1;
        let (mut end, mut closed) = self.string_end(inner, quote, true);
        if !closed && let (over, true) = self.string_end(end, quote, false) {
            // A quote that a value could end with ends this one: it goes over several lines.
            let behind = self.text.get(over + 1..).unwrap_or("").trim_start();
            if behind.is_empty() || behind.starts_with([',', ':', '}', ']']) {
                self.report(
                    "Invalid character",
                    "A string ends on the line that it begins on. Write a line end within it as \\n.",
                    start..end,
                );
                (end, closed) = (over, true);
            }
        }
        if !closed {
            // What ends the line is hardly part of the string.
            let line = self.text.get(inner..end).unwrap_or("");
            end = inner + line.trim_end().trim_end_matches(',').len();
        }
        let raw = self.text.get(inner..end).unwrap_or("");
        self.at = if closed { end + 1 } else { end };
        let mut faults: Vec<Fault> = Vec::new();
        let text = text::unescape(raw, &mut |fault| faults.push(fault));
        for Fault { summary, detail, start, end } in faults {
            self.report(summary, detail, inner + start..inner + end);
        }
        if !closed {
            let detail = format!("The closing quote is missing: `{}`.", char::from(quote));
            self.report("Unclosed string", detail, start..end);
        }
        text
    }

    /// Where the string ends that goes on at `from`, and whether a quote ends it or, if `line`,
    /// its line.
    fn string_end(&self, from: usize, quote: u8, line: bool) -> (usize, bool) {
        let bytes = self.text.as_bytes();
        let mut at = from;
        loop {
            match bytes.get(at) {
                Some(b) if *b == quote => return (at, true),
                Some(b'\n') if line => return (at, false),
                // A line's end is never escaped.
                Some(b'\\') if bytes.get(at + 1) != Some(&b'\n') => at += 2,
                Some(_) => at += 1,
                None => return (bytes.len(), false),
            }
        }
    }

    fn number(&mut self) -> Json<'t> {
        let start = self.at;
        let within = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_');
        let rest = self.rest();
        let length = rest.find(|c| !within(c)).unwrap_or(rest.len());
        let text = rest.get(..length).unwrap_or("");
        self.at += length;
        let Some(detail) = number_fault(text) else { return Json::Number(text) };
        self.report("Invalid number", detail, start..start + length);
        Json::Broken
    }

    /// Reads a word: `true`, `false`, `null`.
    fn word(&mut self) -> Json<'t> {
        let start = self.at;
        let rest = self.rest();
        let within =
            |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '{' | '}');
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or("");
        let value = match word {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            "null" => Json::Null,
            _ => Json::Broken,
        };
        self.at += length;
        if matches!(value, Json::Broken) {
            let whole = rest.find(|c| !within(c)).unwrap_or(rest.len());
            let whole = rest.get(..whole).unwrap_or("").trim_end_matches(['{', '}']);
            let detail = if whole.len() > word.len() || word.starts_with('$') {
                "An expression stands in a string: \"${var.name}\".".to_owned()
            } else {
                let lower = word.to_ascii_lowercase();
                let hint = match &*lower {
                    "none" | "nil" | "undefined" => " Did you mean \"null\"?".to_owned(),
                    "yes" | "on" => " Did you mean \"true\"?".to_owned(),
                    "no" | "off" => " Did you mean \"false\"?".to_owned(),
                    "nan" | "infinity" => " There are finite numbers only.".to_owned(),
                    other => did_you_mean(other, ["true", "false", "null"]),
                };
                format!("JSON has no word {word:?}; text stands in double quotes.{hint}")
            };
            let end = start + whole.len().max(length).max(1);
            self.report("Invalid JSON", detail, start..end);
            self.resume();
        }
        value
    }

    fn array(&mut self, depth: usize) -> Json<'t> {
        let open = self.at;
        self.at += 1;
        let mut items = Vec::new();
        let mut comma = None;
        while self.more(open, b']', comma) {
            let behind = self.at;
            items.push(self.value(depth));
            comma = self.comma(behind, b']');
        }
        Json::Array(items)
    }

    fn object(&mut self, depth: usize) -> Json<'t> {
        let open = self.at;
        self.at += 1;
        let mut properties = Vec::new();
        let mut comma = None;
        while self.more(open, b'}', comma) {
            let behind = self.at;
            properties.extend(self.property(depth));
            comma = self.comma(behind, b'}');
        }
        Json::Object(properties)
    }

    /// Whether another element comes before the bracket `close`, which it takes otherwise.
    fn more(&mut self, open: usize, close: u8, comma: Option<usize>) -> bool {
        self.space();
        match self.peek() {
            Some(b) if b == close => {
                if let Some(comma) = comma {
                    self.report(
                        "Invalid JSON",
                        "In JSON, no comma stands behind the last element. Remove it.",
                        comma..comma + 1,
                    );
                }
                self.at = (self.at + 1).min(self.text.len());
                false
            }
            Some(b'}' | b']') => {
                let (place, opened) = (self.here(), self.span(open..open + 1));
                let detail = format!("A `{}` must close what is open here.", char::from(close));
                self.report("Mismatched brackets", detail, place);
                if let Some(fault) =
                    self.diagnostics.last_mut().filter(|_| self.faults < MAX_FAULTS)
                {
                    fault.related.push((opened, "opened here".to_owned()));
                }
                self.at = (self.at + 1).min(self.text.len());
                false
            }
            Some(_) => true,
            None => {
                // Of brackets within brackets, the innermost is told.
                if self.faults < MAX_FAULTS {
                    self.faults = MAX_FAULTS;
                    let span = self.span(open..open + 1);
                    let detail = format!("Nothing closes it: `{}` is missing.", char::from(close));
                    self.diagnostics.push(Diagnostic::error("Unclosed bracket", detail).at(span));
                }
                false
            }
        }
    }

    /// Reads the comma behind an element, and gives its place. The element began at `behind`.
    fn comma(&mut self, behind: usize, close: u8) -> Option<usize> {
        let end = self.at;
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Some(self.at - 1)
            }
            Some(b'}' | b']') | None => None,
            Some(_) => {
                let what = if close == b'}' { "properties" } else { "elements" };
                let end = end.max(behind);
                let place = if self.text.get(end..self.at).is_some_and(|it| it.contains('\n')) {
                    end.saturating_sub(1)..end
                } else {
                    self.here()
                };
                let detail = format!("A comma is missing between two {what}.");
                self.report("Invalid JSON", detail, place);
                // What does not begin an element is passed over, so that reading always gets on.
                let begins = |b: u8| b.is_ascii_alphanumeric() || b"\"'{[-_".contains(&b);
                if self.at == behind || !self.peek().is_some_and(begins) {
                    self.resume();
                    if self.peek() == Some(b',') {
                        self.at += 1;
                    }
                }
                None
            }
        }
    }

    fn property(&mut self, depth: usize) -> Option<Property<'t>> {
        let start = self.at;
        let key = match self.peek() {
            Some(b'"') => self.string(b'"'),
            Some(b'\'') => {
                let key = self.string(b'\'');
                let place = start..self.at;
                self.report("Invalid JSON", "A property's name stands in double quotes.", place);
                key
            }
            Some(b) if b.is_ascii_alphabetic() || b == b'_' => {
                let rest = self.rest();
                let within = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
                let length = rest.find(|c| !within(c)).unwrap_or(rest.len());
                let key = rest.get(..length).unwrap_or("");
                self.at += length;
                let detail = format!("A property's name stands in double quotes: {key:?}.");
                self.report("Invalid JSON", detail, start..start + length);
                Cow::Borrowed(key)
            }
            _ => {
                let place = self.here();
                let detail = if self.peek() == Some(b',') {
                    "A property is missing in front of this comma."
                } else {
                    "A property's name is missing here: a string in double quotes."
                };
                self.report("Invalid JSON", detail, place);
                self.resume();
                return None;
            }
        };
        let span = self.span(start..self.at);
        let end = self.at;
        self.space();
        match self.peek() {
            Some(b':') => self.at += 1,
            Some(b'=') => {
                let place = self.here();
                let detail = "In JSON, a colon stands between a property's name and its value.";
                self.report("Invalid JSON", detail, place);
                self.at = (self.at + 1).min(self.text.len());
                if self.peek() == Some(b'>') {
                    self.at += 1;
                }
            }
            None => {}
            Some(next) => {
                let what =
                    if b",}]".contains(&next) { "A colon and a value are" } else { "A colon is" };
                let detail = format!("{what} missing behind {key:?}.");
                self.report("Invalid JSON", detail, start..end);
                if b",}]".contains(&next) {
                    return Some(Property { key, span, value: self.node(Json::Broken, end) });
                }
            }
        }
        self.space();
        let value = self.value(depth);
        Some(Property { key, span, value })
    }

    /// Passes over what cannot be read, up to the comma or bracket that ends it.
    fn resume(&mut self) {
        self.pass(true);
    }

    /// Passes over the inside of brackets, up to the one that closes it.
    fn skip(&mut self) {
        self.pass(false);
    }

    fn pass(&mut self, stop_at_comma: bool) {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        let mut quoted = false;
        while let Some(b) = bytes.get(self.at) {
            match b {
                b'\\' if quoted => self.at += 1,
                b'"' => quoted = !quoted,
                // A string ends with its line at the latest.
                b'\n' => quoted = false,
                _ if quoted => {}
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 0 => return,
                b'}' | b']' => depth -= 1,
                b',' if depth == 0 && stop_at_comma => return,
                _ => {}
            }
            self.at += 1;
        }
        self.at = bytes.len();
    }
}

/// What is wrong with a text that begins as a number.
fn number_fault(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let hint = if text.starts_with('+') {
        "A number has no plus sign in front."
    } else if digits.starts_with('.') {
        "A digit stands in front of the point: 0.5."
    } else if digits.starts_with("0x") || digits.starts_with("0b") || digits.contains('_') {
        "A number is written in decimal digits."
    } else {
        let (mantissa, exponent) =
            digits.split_once(['e', 'E']).map_or((digits, None), |(m, e)| (m, Some(e)));
        let (whole, fraction) =
            mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
        let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let exponent = exponent.map(|it| it.strip_prefix(['+', '-']).unwrap_or(it));
        if whole.len() > 1 && whole.starts_with('0') && all_digits(whole) {
            "A number does not begin with a nought. What is text, such as the id of an account, \
             stands in double quotes."
        } else if fraction == Some("") {
            "Digits stand behind the point: 1.0."
        } else if exponent == Some("") {
            "Digits stand behind the exponent's sign: 1e5."
        } else if [Some(whole), fraction, exponent].into_iter().flatten().all(all_digits) {
            return None;
        } else {
            "What is text stands in double quotes."
        }
    };
    Some(format!("{text:?} is no number. {hint}"))
}
