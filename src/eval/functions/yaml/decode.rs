//! YAML as values: maps as objects, lists as tuples, as Terraform reads it.

use super::super::{CallError, Context, normal, text};
use super::settle::{Refused, settle};
use crate::value::{Number, Type, Value};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lists and maps within each other.
const MAX_DEPTH: usize = 128;
/// Values that a document may come to, those that aliases repeat counted each time.
const MAX_VALUES: usize = 1_000_000;
/// The tags that the language defines.
const CORE: &str = "tag:yaml.org,2002:";

pub(in super::super) fn yamldecode(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let given = text(args.first().ok_or_else(CallError::misfit)?)?;
    let control = |c: &char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    if let Some(c) = given.chars().find(control) {
        return Err(CallError::at(
            0,
            format!("holds the control character {c:?}, which YAML may not"),
        ));
    }
    let read = || {
        // A line may end with this, too.
        let text = settle(&given.replace('\u{85}', "\n"))?;
        let parser = Parser::new_from_str(&text);
        Decoder { parser, anchors: BTreeMap::new(), values: 0 }.document()
    };
    read().map_err(|Fault { place, what }| {
        let place = place
            .map_or_else(String::new, |(line, column)| format!("line {line}, column {column}: "));
        CallError::at(0, format!("is no YAML that can be read: {place}{what}"))
            .hiding(format!("is no YAML that can be read: {}", place.trim_end_matches([':', ' '])))
    })
}

/// What is wrong, and in which line and column.
struct Fault {
    place: Option<(usize, usize)>,
    what: String,
}

impl Fault {
    fn new(span: Span, what: impl Into<String>) -> Self {
        Self { place: Some((span.start.line(), span.start.col() + 1)), what: what.into() }
    }
}

impl From<ScanError> for Fault {
    fn from(error: ScanError) -> Self {
        let at = error.marker();
        Self { place: Some((at.line(), at.col() + 1)), what: error.info().to_owned() }
    }
}

impl From<Refused> for Fault {
    fn from(Refused { line, column, what }: Refused) -> Self {
        Self { place: Some((line, column)), what: what.into() }
    }
}

/// A value and how many it holds.
struct Node {
    value: Value,
    size: usize,
    /// A `<<`, which merges where it is a key.
    merges: bool,
    /// An alias, which must not be a key.
    alias: bool,
    span: Span,
}

/// A list or map that is open.
struct Open {
    span: Span,
    anchor: usize,
    size: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Value>),
    Map { fields: BTreeMap<Arc<str>, Value>, key: Option<Key> },
}

enum Key {
    Name(Arc<str>),
    /// The value's attributes become those of the map.
    Merge,
}

struct Decoder<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// What is anchored; nothing while it is still open.
    anchors: BTreeMap<usize, Option<(Value, usize)>>,
    values: usize,
}

impl<'a> Decoder<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.parser.next_event() {
            Some(event) => Ok(event?),
            None => Err(Fault { place: None, what: "it ends too early".into() }),
        }
    }

    fn document(&mut self) -> Result<Value, Fault> {
        loop {
            match self.next()? {
                (Event::DocumentStart(_), _) => break,
                (Event::StreamEnd, span) => return Err(Fault::new(span, "it holds no document")),
                _ => {}
            }
        }
        let value = self.value()?;
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(value),
                (Event::DocumentStart(_), span) => {
                    return Err(Fault::new(span, "it holds more than one document"));
                }
                _ => {}
            }
        }
    }

    /// The value of a document. What is open is kept on a stack of its own, however deep it is.
    fn value(&mut self) -> Result<Value, Fault> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let node = match event {
                Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= MAX_DEPTH => {
                    let what =
                        format!("it has more than {MAX_DEPTH} lists and maps within each other");
                    return Err(Fault::new(span, what));
                }
                Event::SequenceStart(anchor, tag) => {
                    expect_tag(tag.as_deref(), "seq", "list", span)?;
                    self.begin(anchor);
                    open.push(Open { span, anchor, size: 1, parts: Parts::List(Vec::new()) });
                    continue;
                }
                Event::MappingStart(anchor, tag) => {
                    expect_tag(tag.as_deref(), "map", "map", span)?;
                    self.begin(anchor);
                    let parts = Parts::Map { fields: BTreeMap::new(), key: None };
                    open.push(Open { span, anchor, size: 1, parts });
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let Some(closed) = open.pop() else {
                        return Err(Fault::new(span, "a list or map ends that has not begun"));
                    };
                    let value = match closed.parts {
                        Parts::List(items) => Value::tuple(items),
                        Parts::Map { fields, .. } => Value::object(fields),
                    };
                    self.anchor(closed.anchor, &value, closed.size);
                    Node {
                        value,
                        size: closed.size,
                        merges: false,
                        alias: false,
                        span: closed.span,
                    }
                }
                Event::Alias(anchor) => match self.anchors.get(&anchor) {
                    Some(Some((value, size))) => {
                        Node { value: value.clone(), size: *size, merges: false, alias: true, span }
                    }
                    _ => {
                        let what = "an alias refers to a key, or to what it is a part of";
                        return Err(Fault::new(span, what));
                    }
                },
                Event::Scalar(given, style, anchor, tag) => {
                    let value = scalar(&given, style, tag.as_deref())
                        .map_err(|what| Fault::new(span, what))?;
                    // What is anchored as a key is not there for aliases.
                    if !open.last().is_some_and(Open::wants_key) {
                        self.anchor(anchor, &value, 1);
                    }
                    let merges = &*given == "<<" && tag.is_none();
                    Node { value, size: 1, merges, alias: false, span }
                }
                Event::Nothing
                | Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_)
                | Event::DocumentEnd => return Err(Fault::new(span, "a value is missing")),
            };
            self.values = self.values.saturating_add(node.size);
            if self.values > MAX_VALUES {
                let what = format!("it comes to more than {MAX_VALUES} values");
                return Err(Fault::new(span, what));
            }
            let Some(outer) = open.last_mut() else { return Ok(node.value) };
            outer.take(node)?;
        }
    }

    fn begin(&mut self, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, None);
        }
    }

    fn anchor(&mut self, anchor: usize, value: &Value, size: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, Some((value.clone(), size)));
        }
    }
}

impl Open {
    fn wants_key(&self) -> bool {
        match &self.parts {
            Parts::List(_) => false,
            Parts::Map { key, .. } => key.is_none(),
        }
    }

    /// Takes the next part: an element, a key or the value of one.
    fn take(&mut self, node: Node) -> Result<(), Fault> {
        self.size = self.size.saturating_add(node.size);
        match &mut self.parts {
            Parts::List(items) => items.push(node.value),
            Parts::Map { fields, key } => match key.take() {
                None if node.merges => *key = Some(Key::Merge),
                None => *key = Some(Key::Name(key_name(&node)?)),
                Some(Key::Name(name)) => {
                    fields.insert(name, node.value);
                }
                Some(Key::Merge) => match &node.value {
                    Value::Object(merged) => {
                        for (name, value) in merged.iter() {
                            fields.insert(Arc::clone(name), value.clone());
                        }
                    }
                    other => {
                        let what = format!("`<<` merges a map, not a {}", other.ty().friendly());
                        return Err(Fault::new(node.span, what));
                    }
                },
            },
        }
        Ok(())
    }
}

fn key_name(node: &Node) -> Result<Arc<str>, Fault> {
    match node.value.convert(&Type::String) {
        Ok(Value::String(name)) if !node.alias => Ok(name),
        _ => {
            Err(Fault::new(node.span, "a key must be a text, not null, an alias, a list or a map"))
        }
    }
}

/// The name of a tag that the language defines.
fn core(tag: &Tag) -> Option<&str> {
    if tag.handle == CORE { Some(&tag.suffix) } else { tag.suffix.strip_prefix(CORE) }
}

/// A tag as it is written most often.
fn spelled(tag: &Tag) -> String {
    core(tag).map_or_else(|| tag.to_string(), |name| format!("!!{name}"))
}

/// Refuses a tag other than `name` on a list or map.
fn expect_tag(tag: Option<&Tag>, name: &str, noun: &str, span: Span) -> Result<(), Fault> {
    match tag {
        Some(tag) if core(tag) != Some(name) => {
            Err(Fault::new(span, format!("the tag {} does not make a {noun}", spelled(tag))))
        }
        _ => Ok(()),
    }
}

fn string(given: &str) -> Value {
    Value::from(normal(given.to_owned()))
}

/// The value of a scalar; an error says what is wrong with it.
fn scalar(given: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let Some(tag) = tag else {
        return match style {
            ScalarStyle::Plain => resolve(given),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Ok(string(given)),
            // As in Terraform, the text of what it would stand for without a sign before it.
            ScalarStyle::Literal | ScalarStyle::Folded => {
                resolve(given)?.convert(&Type::String).map_err(|error| error.to_string())
            }
        };
    };
    let Some(name) = core(tag) else {
        return Err(format!("the tag {} means nothing", spelled(tag)));
    };
    let misfit = || format!("{given:?} does not fit its tag {}", spelled(tag));
    match name {
        "str" => Ok(string(given)),
        "binary" => match BASE64_STANDARD.decode(given) {
            Ok(_) => Ok(string(given)),
            Err(_) => Err(misfit()),
        },
        "null" | "bool" | "int" | "float" | "timestamp" => {
            // As in Terraform, any of these may be any other, but none a mere text.
            let value = match (name, resolve(given)?) {
                ("timestamp", Value::String(_)) => {
                    timestamp(given).map(Value::from).ok_or_else(misfit)?
                }
                ("null", Value::String(_)) => return Ok(Value::NULL),
                (_, Value::String(_)) => return Err(misfit()),
                (_, value) => value,
            };
            Ok(match style {
                ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => string(given),
                ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => value,
            })
        }
        _ => Err(format!("the tag {} means nothing", spelled(tag))),
    }
}

/// What a text without quotes stands for.
fn resolve(given: &str) -> Result<Value, String> {
    if matches!(given, "" | "~" | "null" | "Null" | "NULL") {
        return Ok(Value::NULL);
    }
    if let Some(truth) = truth(given) {
        return Ok(Value::from(truth));
    }
    if let Some(number) = number(given)? {
        return Ok(Value::Number(number));
    }
    Ok(timestamp(given).map_or_else(|| string(given), Value::from))
}

fn truth(given: &str) -> Option<bool> {
    match given {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(false)
        }
        _ => None,
    }
}

/// The number that a text spells, if it spells one; an error for one that is none here.
fn number(given: &str) -> Result<Option<Number>, String> {
    let bare = given.strip_prefix(['-', '+']).unwrap_or(given);
    if matches!(bare, ".inf" | ".Inf" | ".INF") {
        let sign = if given.starts_with('-') { -1.0 } else { 1.0 };
        return Ok(Number::from_f64(f64::INFINITY * sign));
    }
    if matches!(given, ".nan" | ".NaN" | ".NAN") {
        return Err(format!("{given} is no number"));
    }
    let range = || format!("the number {given:.20}… is out of range");
    for (prefix, base) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = given.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|c| c.is_digit(base))
        {
            let number = u64::from_str_radix(digits, base).ok().map(|it| it.to_string());
            return number.and_then(|it| it.parse().ok()).map(Some).ok_or_else(range);
        }
    }
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match bare.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (bare, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let spelled = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| {
            let bare = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !bare.is_empty() && digits(bare)
        });
    if !spelled {
        return Ok(None);
    }
    // As our own numbers are written: digits on both sides of the point, or no point.
    let sign = if given.starts_with('-') { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    let exponent = exponent.map_or_else(String::new, |exponent| format!("e{exponent}"));
    format!("{sign}{whole}{point}{fraction}{exponent}").parse().map(Some).map_err(|_| range())
}

/// A date, or a date with a time, as a timestamp; nothing for what is none.
fn timestamp(given: &str) -> Option<String> {
    let (year, rest) = given.split_once('-')?;
    if year.len() != 4 {
        return None;
    }
    let (month, rest) = rest.split_once('-')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (day, rest) = rest.split_at_checked(end)?;
    let (clock, zone) = match rest.strip_prefix(['T', 't', ' ']) {
        None if rest.is_empty() => ("0:0:0", "Z"),
        None => return None,
        // Behind a space there is no zone.
        Some(clock) if rest.starts_with(' ') => (clock, "Z"),
        Some(clock) => clock.split_at_checked(clock.find(['Z', '+', '-'])?)?,
    };
    let mut parts = clock.splitn(3, ':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let (second, fraction) = match second.split_once('.') {
        Some((second, fraction)) => (second, Some(fraction)),
        None => (second, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !fraction.is_none_or(digits) {
        return None;
    }
    let two = |text: &str| (digits(text) && text.len() <= 2).then(|| format!("{text:0>2}"));
    let written = format!(
        "{year}-{}-{}T{}:{}:{}{zone}",
        two(month)?,
        two(day)?,
        two(hour)?,
        two(minute)?,
        two(second)?
    );
    super::super::time::normal(&written)
}
