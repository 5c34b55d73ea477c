//! Text with colours, and text from outside made harmless.

use crate::addr::write_quoted;
use crate::value::{Fields, Value, is_harmful, write_quote};
use anstyle::{AnsiColor, Color, Effects, Style};
use std::fmt::{self, Display, Write};

/// What is written for a value that must not be shown.
pub(super) const SENSITIVE: &str = "(sensitive value)";

/// What a piece of text means, and so its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tint {
    /// Comes into being, or went well.
    Good,
    /// Goes away, or went wrong.
    Bad,
    /// Becomes something else.
    Changed,
    /// Is only taken note of.
    Noted,
    /// Matters less.
    Dim,
    /// Matters more.
    Strong,
}

impl Tint {
    fn style(self) -> Style {
        let of = |color| Style::new().fg_color(Some(Color::Ansi(color)));
        match self {
            Self::Good => of(AnsiColor::Green),
            Self::Bad => of(AnsiColor::Red),
            Self::Changed => of(AnsiColor::Yellow),
            Self::Noted => of(AnsiColor::Cyan),
            Self::Dim => Style::new().effects(Effects::DIMMED),
            Self::Strong => Style::new().effects(Effects::BOLD),
        }
    }
}

/// Text in the making.
#[derive(Debug)]
pub(super) struct Canvas {
    out: String,
    color: bool,
}

impl Canvas {
    pub(super) fn new(color: bool) -> Self {
        Self { out: String::new(), color }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    pub(super) fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Text that is known to be harmless.
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.out.push_str(text);
        self
    }

    pub(super) fn line(&mut self) -> &mut Self {
        self.out.push('\n');
        self
    }

    pub(super) fn spaces(&mut self, count: usize) -> &mut Self {
        self.out.extend(std::iter::repeat_n(' ', count));
        self
    }

    /// Text from outside, on one line.
    pub(super) fn clean(&mut self, text: impl Display) -> &mut Self {
        write_clean(&mut self.out, text);
        self
    }

    /// Text from outside in a colour.
    pub(super) fn tinted(&mut self, tint: Tint, text: impl Display) -> &mut Self {
        self.tinted_clean(tint, &clean(text))
    }

    /// Text that is known to be harmless, in a colour.
    pub(super) fn tinted_clean(&mut self, tint: Tint, text: &str) -> &mut Self {
        if self.color {
            let style = tint.style();
            put(&mut self.out, style.render());
            self.out.push_str(text);
            put(&mut self.out, style.render_reset());
        } else {
            self.out.push_str(text);
        }
        self
    }
}

/// Appends what cannot fail.
pub(super) fn put(out: &mut String, text: impl Display) {
    // Writing to a string cannot fail.
    let _infallible = write!(out, "{text}");
}

/// Lets harmless characters through and writes the others as escapes.
struct Clean<'a, W> {
    out: &'a mut W,
    /// Whether the ends of lines and tabs are harmless here.
    lines: bool,
}

impl<W: Write> Write for Clean<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(is_harmful) {
            let (before, from) = rest.split_at(at);
            self.out.write_str(before)?;
            let mut chars = from.chars();
            match chars.next() {
                Some(c @ ('\n' | '\t')) if self.lines => self.out.write_char(c)?,
                Some('\n') => self.out.write_str("\\n")?,
                Some('\r') => self.out.write_str("\\r")?,
                Some('\t') => self.out.write_str("\\t")?,
                Some(c) => match u32::from(c) {
                    code @ ..=0xffff => write!(self.out, "\\u{code:04x}")?,
                    code => write!(self.out, "\\U{code:08x}")?,
                },
                None => {}
            }
            rest = chars.as_str();
        }
        self.out.write_str(rest)
    }
}

fn write_clean(out: &mut String, text: impl Display) {
    let _infallible = write!(Clean { out, lines: false }, "{text}");
}

/// Text from outside, made harmless, on one line.
pub(super) fn clean(text: impl Display) -> String {
    let mut out = String::new();
    write_clean(&mut out, text);
    out
}

/// Text from outside, made harmless, its lines kept.
pub(super) fn clean_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let _infallible = Clean { out: &mut out, lines: true }.write_str(text);
    out
}

/// Text within HTML: what would be markup is written as itself.
pub(super) fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Text from outside as a literal of the configuration language.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    let _infallible = write_quoted(&mut Clean { out: &mut out, lines: false }, text);
    out
}

/// A value as it is shown on one line: as an expression, but for what stands in quotes.
pub(super) fn inline(value: &Value) -> String {
    let mut out = String::new();
    let _infallible = write_value(&mut out, value);
    out
}

/// A value as an expression on one line, if that takes at most `limit` bytes. What is longer costs
/// no more than the limit.
pub(super) fn inline_within(value: &Value, limit: usize) -> Option<String> {
    let mut short = Short { out: String::new(), limit };
    write_value(&mut short, value).ok().map(|()| short.out)
}

struct Short {
    out: String,
    limit: usize,
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.out.len() + text.len() > self.limit {
            return Err(fmt::Error);
        }
        self.out.push_str(text);
        Ok(())
    }
}

fn write_value(out: &mut impl Write, value: &Value) -> fmt::Result {
    match value {
        Value::Null(_) => out.write_str("null"),
        Value::Unknown(..) => out.write_str("(unknown)"),
        Value::Sensitive(_) => out.write_str(SENSITIVE),
        Value::Bool(truth) => write!(out, "{truth}"),
        Value::Number(number) => write!(out, "{number}"),
        // As Terraform shows it: `${` stands for itself.
        Value::String(text) => write_quote(&mut Clean { out, lines: false }, text),
        Value::List(_) | Value::Set(_) | Value::Tuple(_) => {
            out.write_str("[")?;
            for (n, item) in value.as_items().unwrap_or_default().iter().enumerate() {
                if n > 0 {
                    out.write_str(", ")?;
                }
                write_value(out, item)?;
            }
            out.write_str("]")
        }
        Value::Map(_) | Value::Object(_) => {
            let fields = value.as_fields().into_iter().flat_map(Fields::iter);
            let mut begun = false;
            for (name, item) in fields {
                out.write_str(if begun { ", " } else { "{ " })?;
                write_key(out, name)?;
                out.write_str(" = ")?;
                write_value(out, item)?;
                begun = true;
            }
            out.write_str(if begun { " }" } else { "{}" })
        }
    }
}

fn write_key(out: &mut impl Write, name: &str) -> fmt::Result {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain { out.write_str(name) } else { write_quote(&mut Clean { out, lines: false }, name) }
}

/// The name of an entry of a map or object, in quotes where it needs them.
pub(super) fn key(name: &str) -> String {
    let mut out = String::new();
    let _infallible = write_key(&mut out, name);
    out
}

/// How many columns a text takes, nearly: one a character.
pub(super) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// A number with its thousands apart.
pub(super) fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// Breaks a text at spaces into lines of at most `width` columns; longer words stay whole. The
/// ends of lines that it has already are kept.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let (indent, rest) = paragraph.split_at(paragraph.len() - paragraph.trim_start().len());
        let mut line = indent.to_owned();
        let mut used = columns(indent);
        let mut words = 0;
        for word in rest.split(' ').filter(|word| !word.is_empty()) {
            let wide = columns(word);
            if words > 0 && used + 1 + wide > width {
                lines.push(std::mem::replace(&mut line, indent.to_owned()));
                used = columns(indent);
                words = 0;
            }
            if words > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += wide;
            words += 1;
        }
        lines.push(line);
    }
    lines
}
