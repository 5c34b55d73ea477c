//! JSON.

use super::{CallError, Context, text};
use crate::value::{Value, from_json};

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
        Value::Null(_) | Value::Unknown(_) => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => write_text(text, out),
        Value::List(elements) | Value::Set(elements) => write_items(&elements.items, out),
        Value::Tuple(items) => write_items(items, out),
        Value::Map(_) | Value::Object(_) => {
            out.push('{');
            for (n, (name, item)) in
                value.as_fields().into_iter().flat_map(crate::value::Fields::iter).enumerate()
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
    let json = serde_json::from_str(text(given)?).map_err(|error| {
        CallError::at(0, format!("is no valid JSON: {error}")).hiding("is no valid JSON")
    })?;
    from_json(&json).ok_or_else(|| CallError::at(0, "holds a number that is out of range"))
}
