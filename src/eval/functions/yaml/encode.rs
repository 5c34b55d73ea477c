//! Values as YAML, in the very layout of Terraform: every text in double quotes, or as a block
//! where it has several lines; two spaces for a level, none for a list in a map.

use super::super::{CallError, Context, MAX_TEXT, check_text};
use crate::value::{Fields, Value};

/// The column that a text in quotes is broken behind.
const WIDTH: usize = 80;
/// The longest key that stands before a colon, in bytes.
const LONGEST_KEY: usize = 128;

pub(in super::super) fn yamlencode(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [value] = args else { return Err(CallError::misfit()) };
    let mut out = Writer { text: String::new(), column: 0 };
    match plain(value) {
        Some(plain) => {
            // Nothing else says where it ends.
            out.push(&plain);
            out.push("\n...\n");
        }
        None => {
            out.node(value, 0, Place::Root);
            if out.column > 0 {
                out.line();
            }
        }
    }
    check_text(Some(out.text.len()))?;
    Ok(Value::from(out.text))
}

/// Null, numbers and truth as they stand without quotes.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null(_) | Value::Unknown(..) => Some("null".to_owned()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// Behind the dash of a list, or behind the sign of a key that takes several lines.
    Dash,
    /// Behind a key.
    Key,
}

struct Writer {
    text: String,
    column: usize,
}

impl Writer {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.chars().count();
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }

    /// Goes to the column, in the next line unless this one is there already.
    fn indent(&mut self, column: usize) {
        if self.column > column || (self.column > 0 && self.column != column) {
            self.line();
        }
        while self.column < column {
            self.push(" ");
        }
    }

    /// Writes a value whose parts stand at the column `indent`.
    fn node(&mut self, value: &Value, indent: usize, place: Place) {
        // One call past the limit is enough to be refused; the rest is not written.
        if self.text.len() > MAX_TEXT {
            return;
        }
        if let Value::Sensitive(inner) = value {
            return self.node(inner, indent, place);
        }
        let space = if place == Place::Key { " " } else { "" };
        if let Some(items) = value.as_items() {
            if items.is_empty() {
                self.push(space);
                return self.push("[]");
            }
            let column = if place == Place::Key { indent.saturating_sub(2) } else { indent };
            for item in items {
                self.indent(column);
                self.push("- ");
                self.node(item, column + 2, Place::Dash);
                self.end();
            }
        } else if let Some(fields) = value.as_fields() {
            if fields.is_empty() {
                self.push(space);
                return self.push("{}");
            }
            self.fields(fields, indent);
        } else if let Value::String(text) = value {
            self.push(space);
            let indent = if place == Place::Root { indent + 2 } else { indent };
            if text.contains('\n') && block_allowed(text) {
                self.block(text, indent);
            } else {
                self.quoted(text, Some(indent));
            }
        } else if let Some(plain) = plain(value) {
            self.push(space);
            self.push(&plain);
        }
    }

    /// Ends the line of an item, unless a block has ended it.
    fn end(&mut self) {
        if self.column > 0 {
            self.line();
        }
    }

    fn fields(&mut self, fields: &Fields, indent: usize) {
        for (name, value) in fields.iter() {
            self.indent(indent);
            if name.len() <= LONGEST_KEY && !name.contains(is_break) {
                self.quoted(name, None);
                self.push(":");
                self.node(value, indent + 2, Place::Key);
            } else {
                self.push("? ");
                self.node(&Value::String(name.clone()), indent + 2, Place::Dash);
                self.indent(indent);
                self.push(": ");
                self.node(value, indent + 2, Place::Dash);
            }
            self.end();
        }
    }

    /// A text in double quotes, broken at spaces past the width where `indent` is given.
    fn quoted(&mut self, text: &str, indent: Option<usize>) {
        self.push("\"");
        let mut after_space = false;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            if c == ' '
                && !after_space
                && self.column > WIDTH
                && at > 0
                && let (Some(indent), Some(next)) = (indent, next)
            {
                self.line();
                self.indent(indent);
                if next == ' ' {
                    self.push("\\");
                }
                after_space = true;
                continue;
            }
            after_space = c == ' ';
            if is_printable(c) && !is_break(c) && c != '"' && c != '\\' {
                self.push(c.encode_utf8(&mut [0; 4]));
                continue;
            }
            let code = u32::from(c);
            let escape = match c {
                '\0' => "\\0".to_owned(),
                '\u{7}' => "\\a".to_owned(),
                '\u{8}' => "\\b".to_owned(),
                '\t' => "\\t".to_owned(),
                '\n' => "\\n".to_owned(),
                '\u{b}' => "\\v".to_owned(),
                '\u{c}' => "\\f".to_owned(),
                '\r' => "\\r".to_owned(),
                '\u{1b}' => "\\e".to_owned(),
                '"' => "\\\"".to_owned(),
                '\\' => "\\\\".to_owned(),
                '\u{85}' => "\\N".to_owned(),
                '\u{2028}' => "\\L".to_owned(),
                '\u{2029}' => "\\P".to_owned(),
                _ if code <= 0xff => format!("\\x{code:02X}"),
                _ if code <= 0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
            self.push(&escape);
        }
        self.push("\"");
    }

    /// A text of several lines as it is.
    fn block(&mut self, text: &str, indent: usize) {
        self.push("|");
        if text.starts_with([' ', '\n', '\u{85}', '\u{2028}', '\u{2029}']) {
            self.push("2");
        }
        let mut ends = text.chars().rev();
        match (ends.next().is_some_and(is_break), ends.next().is_none_or(is_break)) {
            (false, _) => self.push("-"),
            (true, true) => self.push("+"),
            (true, false) => {}
        }
        self.line();
        for c in text.chars() {
            if c == '\n' {
                self.line();
            } else if is_break(c) {
                self.text.push(c);
                self.column = 0;
            } else {
                if self.column == 0 {
                    self.indent(indent);
                }
                self.push(c.encode_utf8(&mut [0; 4]));
            }
        }
        if self.column > 0 {
            self.line();
        }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What stands as it is. Nothing beyond the first plane does.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && c != '\u{feff}'
}

/// Whether a text of several lines can stand as it is: no spaces that would be lost, and nothing
/// that must be escaped.
fn block_allowed(text: &str) -> bool {
    let lost = text.ends_with(' ')
        || text
            .match_indices(' ')
            .any(|(at, _)| text.get(at + 1..).is_some_and(|rest| rest.starts_with(is_break)));
    !lost && text.chars().all(is_printable)
}
