//! JSON, base 64, CSV, URLs and gzip.

use super::{CallError, Context, hash, nfc, text};
use crate::value::{Bounds, Fields, Type, Value, from_json};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::{Compress, Compression, Crc, FlushCompress};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Padding is required, and bits behind the last byte mean nothing: as Go reads base 64.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

fn one(args: &[Value]) -> Result<&str, CallError> {
    text(args.first().ok_or_else(CallError::misfit)?)
}

/// The bytes that base 64 stands for; line ends in it mean nothing.
pub(super) fn decode_base64(given: &str) -> Option<Vec<u8>> {
    if given.contains(['\r', '\n']) {
        BASE64.decode(given.replace(['\r', '\n'], "")).ok()
    } else {
        BASE64.decode(given).ok()
    }
}

pub(super) fn base64encode(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    one(args).map(|text| hash::base64(text.as_bytes()))
}

pub(super) fn base64decode(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let bytes = decode_base64(one(args)?).ok_or_else(|| CallError::at(0, "must be base64"))?;
    String::from_utf8(bytes).map(nfc).map_err(|_| {
        CallError::at(0, "stands for bytes that are no text in UTF-8; use textdecodebase64")
    })
}

/// A gzip file in base 64. Every program that reads gzip reads it; its bytes are those of
/// Terraform only where nothing in the text repeats, because they hang on the compressor.
pub(super) fn base64gzip(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let given = one(args)?.as_bytes();
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut compress = Compress::new(Compression::default(), false);
    let fault = |_| CallError::new("the text cannot be compressed");
    let mut taken = 0;
    // It is done when all is taken and there was room to spare. It flushes with an empty stored
    // block, as Terraform's does.
    while !given.is_empty() && (taken < given.len() || out.len() == out.capacity()) {
        out.reserve(given.len() / 2 + 1024);
        let rest = given.get(taken..).unwrap_or_default();
        compress.compress_vec(rest, &mut out, FlushCompress::Sync).map_err(fault)?;
        taken = usize::try_from(compress.total_in()).map_err(|_| CallError::misfit())?;
    }
    if given.is_empty() {
        out.extend([0, 0, 0, 0xff, 0xff]);
    }
    out.extend([1, 0, 0, 0xff, 0xff]);
    let mut crc = Crc::new();
    crc.update(given);
    out.extend(crc.sum().to_le_bytes());
    out.extend(crc.amount().to_le_bytes());
    Ok(hash::base64(&out))
}

/// As a value in the query of a URL: a space is a plus.
pub(super) fn urlencode(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let given = one(args)?;
    super::check_text(given.len().checked_mul(3))?;
    let mut out = String::with_capacity(given.len());
    for byte in given.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => {
                out.push('%');
                for nibble in [byte >> 4, byte & 15] {
                    let digit = char::from_digit(u32::from(nibble), 16).unwrap_or('0');
                    out.push(digit.to_ascii_uppercase());
                }
            }
        }
    }
    Ok(Value::from(out))
}

/// What is wrong with CSV, and in which line.
struct CsvFault(usize, &'static str);

/// The records of CSV, by RFC 4180: empty lines are left out, line ends within quotes are line
/// feeds.
fn csv(given: &str) -> Result<Vec<(usize, Vec<String>)>, CsvFault> {
    // A lone carriage return before the end belongs to the line end that is missing.
    let given = given.strip_suffix('\r').unwrap_or(given);
    let mut lines = given.split_inclusive('\n').enumerate().map(|(n, line)| {
        let bare = line.strip_suffix('\n');
        let bare = bare.map_or(line, |bare| bare.strip_suffix('\r').unwrap_or(bare));
        (n + 1, bare, bare.len() < line.len())
    });
    let mut records = Vec::new();
    while let Some((number, mut line, mut ended)) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let mut record = Vec::new();
        'record: loop {
            let Some(quoted) = line.strip_prefix('"') else {
                let (field, rest) = match line.split_once(',') {
                    Some((field, rest)) => (field, Some(rest)),
                    None => (line, None),
                };
                if field.contains('"') {
                    return Err(CsvFault(
                        number,
                        "a quote stands within a field that is not quoted",
                    ));
                }
                record.push(field.to_owned());
                match rest {
                    Some(rest) => line = rest,
                    None => break 'record,
                }
                continue;
            };
            let mut field = String::new();
            line = quoted;
            loop {
                match line.split_once('"') {
                    Some((part, rest)) => {
                        field.push_str(part);
                        if let Some(rest) = rest.strip_prefix('"') {
                            field.push('"');
                            line = rest;
                        } else if let Some(rest) = rest.strip_prefix(',') {
                            record.push(field);
                            line = rest;
                            continue 'record;
                        } else if rest.is_empty() {
                            record.push(field);
                            break 'record;
                        } else {
                            return Err(CsvFault(
                                number,
                                "something stands behind a closing quote",
                            ));
                        }
                    }
                    None => {
                        field.push_str(line);
                        if ended {
                            field.push('\n');
                        }
                        let Some((_, next, next_ended)) = lines.next() else {
                            return Err(CsvFault(number, "a quote is not closed"));
                        };
                        (line, ended) = (next, next_ended);
                    }
                }
            }
        }
        records.push((number, record));
    }
    Ok(records)
}

/// A list of objects, one a line, whose attributes the first line names.
pub(super) fn csvdecode(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let records = csv(one(args)?)
        .map_err(|CsvFault(line, what)| CallError::at(0, format!("line {line}: {what}")))?;
    let mut records = records.into_iter();
    let Some((_, header)) = records.next() else {
        return Err(CallError::at(0, "must begin with a line of column names"));
    };
    let names: Vec<Arc<str>> =
        header.into_iter().map(|name| Arc::from(super::normal(name))).collect();
    let mut seen = BTreeSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(Arc::clone(name))) {
        let message = format!("two columns are called {twice:?}");
        return Err(CallError::at(0, message).hiding("two columns have one name"));
    }
    let mut rows = Vec::new();
    for (line, record) in records {
        if record.len() != names.len() {
            let message = format!(
                "line {line} has {} fields, and the first line {}",
                record.len(),
                names.len()
            );
            return Err(CallError::at(0, message));
        }
        let fields = names.iter().cloned().zip(record.into_iter().map(nfc));
        rows.push(Value::Object(fields.collect::<Fields>()));
    }
    let element = Type::object(names.into_iter().map(|name| (name, Type::String)));
    Ok(Value::list(element, rows))
}

/// The value as compact JSON. What is unknown must have been sorted out before.
pub(super) fn json(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    // One call past the limit is enough to be refused; the rest is not written.
    if out.len() > super::MAX_TEXT {
        return;
    }
    match value {
        Value::Null(_) | Value::Unknown(..) => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => write_text(text, out),
        Value::List(elements) | Value::Set(elements) => write_items(&elements.items, out),
        Value::Tuple(items) => write_items(items, out),
        Value::Map(_) | Value::Object(_) => {
            out.push('{');
            for (n, (name, item)) in
                value.as_fields().into_iter().flat_map(Fields::iter).enumerate()
            {
                if n > 0 {
                    out.push(',');
                }
                write_text(name, out);
                out.push(':');
                write(item, out);
            }
            out.push('}');
        }
        Value::Sensitive(inner) => write(inner, out),
    }
}

fn write_items(items: &[Value], out: &mut String) {
    out.push('[');
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(']');
}

/// Escapes what HTML and JavaScript could take amiss too, as Terraform does.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str("\\u");
                for shift in [12, 8, 4, 0] {
                    out.extend(char::from_digit((u32::from(c) >> shift) & 15, 16));
                }
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// The sign that JSON begins with, as far as the type of the value tells it.
pub(super) fn json_bounds(args: &[Value]) -> Bounds {
    let Some(value) = args.first().filter(|value| value.is_never_null()) else {
        return Bounds::default();
    };
    match value.ty() {
        Type::String => Bounds::beginning("\""),
        Type::List(_) | Type::Set(_) | Type::Tuple(_) => Bounds::beginning("["),
        Type::Map(_) | Type::Object(_) => Bounds::beginning("{"),
        Type::Any | Type::Bool | Type::Number => Bounds::default(),
    }
}

pub(super) fn jsonencode(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [value] = args else { return Err(CallError::misfit()) };
    let unwritable = |part: &Value| {
        part.as_number().is_some_and(|number| number.is_infinite() || !number.has_text())
    };
    if value.any(&unwritable) {
        return Err(CallError::at(0, "holds a number that JSON cannot write, such as infinity"));
    }
    let json = json(value);
    super::check_text(Some(json.len()))?;
    Ok(Value::from(json))
}

pub(super) fn jsondecode(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [given] = args else { return Err(CallError::misfit()) };
    let given = whole_surrogates(text(given)?);
    let given = without_rest(&given);
    let json = serde_json::from_str(given).map_err(|error| {
        CallError::at(0, format!("is no valid JSON: {error}")).hiding("is no valid JSON")
    })?;
    let value = from_json(&json)
        .as_ref()
        .map(composed)
        .ok_or_else(|| CallError::at(0, "holds a number that is out of range"))?;
    let all = serde_json::from_str::<Written>(given);
    if all.is_ok_and(|all| !all.is_read_as(&value)) {
        let message = "holds an object that gives a name twice, with values that do not convert \
                       to one type, or a name that is not in Unicode's normal form C";
        return Err(CallError::at(0, message));
    }
    Ok(value)
}

/// The JSON without what stands behind its value from a closing bracket on: Terraform does not read
/// on there.
fn without_rest(json: &str) -> &str {
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<serde::de::IgnoredAny>();
    let Some(Ok(_)) = values.next() else { return json };
    let (value, rest) = json.split_at_checked(values.byte_offset()).unwrap_or((json, ""));
    let rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
    if rest.starts_with([']', '}']) { value } else { json }
}

/// JSON with everything that is written, also a value whose name is given again.
enum Written {
    Null,
    Bool,
    Number,
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Written {
    /// Whether each value is one of the type that the last one of its name has: Terraform reads all
    /// of them so.
    fn is_read_as(&self, last: &Value) -> bool {
        match (self, last) {
            (Self::Null, _)
            | (Self::Bool, Value::Bool(_) | Value::String(_))
            | (Self::Number, Value::Number(_) | Value::String(_))
            | (Self::Text(_), Value::String(_)) => true,
            (Self::Text(text), Value::Bool(_) | Value::Number(_)) => {
                Value::from(text.as_str()).convert(&last.ty()).is_ok()
            }
            (Self::Array(items), Value::Tuple(last)) => {
                let mut pairs = items.iter().zip(last.iter());
                items.len() == last.len() && pairs.all(|(item, last)| item.is_read_as(last))
            }
            (Self::Object(entries), Value::Object(last)) => {
                let fits = |(name, value): &(String, Self)| {
                    last.get(name).is_some_and(|last| value.is_read_as(last))
                };
                entries.iter().all(fits)
            }
            // How Terraform itself writes a value with its type.
            (Self::Object(entries), Value::Null(_)) => {
                let has = |wanted: &str| entries.iter().any(|(name, _)| name == wanted);
                entries.len() == 2 && has("type") && has("value")
            }
            _ => false,
        }
    }
}

impl<'de> serde::Deserialize<'de> for Written {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WrittenVisitor)
    }
}

struct WrittenVisitor;

impl<'de> serde::de::Visitor<'de> for WrittenVisitor {
    type Value = Written;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Written, E> {
        Ok(Written::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Written, E> {
        Ok(Written::Bool)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Written, E> {
        Ok(Written::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Written, E> {
        Ok(Written::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Written, E> {
        Ok(Written::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Written, E> {
        Ok(Written::Text(text.to_owned()))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Written, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Written::Array(items))
    }

    /// The parser hands numbers that are kept as they are written as maps with a name of its own.
    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
        let mut entries: Vec<(String, Written)> = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(match entries.as_slice() {
            [(name, Written::Text(_))] if name == "$serde_json::private::Number" => Written::Number,
            _ => Written::Object(entries),
        })
    }
}

/// The JSON with the escape of a replacement character in place of each half of a character that
/// stands alone, as Terraform reads it.
fn whole_surrogates(json: &str) -> Cow<'_, str> {
    let half = |at: usize| {
        let digits = json.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok().filter(|unit| (0xd800..0xe000).contains(unit))
    };
    let mut mended = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(next) = json.get(at..).and_then(|rest| rest.find('\\')) {
        at += next;
        match (half(at), half(at + 6)) {
            (Some(..0xdc00), Some(0xdc00..)) => at += 12,
            (Some(_), _) => {
                mended.push_str(json.get(done..at).unwrap_or_default());
                mended.push_str("\\ufffd");
                at += 6;
                done = at;
            }
            // The character behind a backslash is not to be taken for another.
            (None, _) => {
                let behind = json.get(at + 1..).and_then(|rest| rest.chars().next());
                at += 1 + behind.map_or(0, char::len_utf8);
            }
        }
    }
    if done == 0 {
        return Cow::Borrowed(json);
    }
    mended.push_str(json.get(done..).unwrap_or_default());
    Cow::Owned(mended)
}

/// The value with all texts and names in normal form.
fn composed(value: &Value) -> Value {
    match value {
        Value::String(text) if !super::is_normal(text) => nfc(text.to_string()),
        Value::Tuple(items) => Value::tuple(items.iter().map(composed).collect()),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (super::normal(name.to_string()), composed(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}
