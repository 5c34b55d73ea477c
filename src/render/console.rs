//! Values and types as `console` prints them: as Terraform's console does, byte by byte.
//!
//! Text of several lines is printed as it is, as Terraform prints it; where a terminal shows it,
//! [`harmless`] comes between.

use super::canvas::clean_lines;
use crate::value::{Fields, Type, Value, quote};

/// The value as an expression that would give it, as far as there is one. What is sensitive or
/// not known is named instead.
pub fn value(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, 0, &mut out);
    out
}

/// The type as the function `type` of the console spells it.
pub fn ty(ty: &Type) -> String {
    let mut out = String::new();
    write_type(ty, 0, &mut out);
    out
}

/// The same text, in which nothing steers a terminal.
pub fn harmless(text: &str) -> String {
    clean_lines(text)
}

fn write_value(value: &Value, indent: usize, out: &mut String) {
    match value {
        // Whether it is sensitive may not be known yet either.
        value if value.is_unknown() => out.push_str("(known after apply)"),
        Value::Unknown(..) | Value::Sensitive(_) => out.push_str("(sensitive value)"),
        Value::Null(ty) => write_null(ty, out),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) if text.contains('\n') => write_heredoc(text, indent, out),
        Value::String(text) => out.push_str(&quote(text)),
        Value::Tuple(items) => write_items(items, indent, out),
        Value::List(list) => {
            out.push_str("tolist(");
            write_items(&list.items, indent, out);
            out.push(')');
        }
        Value::Set(set) => {
            out.push_str("toset(");
            write_items(&set.items, indent, out);
            out.push(')');
        }
        Value::Object(fields) => write_fields(fields, indent, out),
        Value::Map(map) => {
            out.push_str("tomap(");
            write_fields(&map.fields, indent, out);
            out.push(')');
        }
    }
}

fn write_null(ty: &Type, out: &mut String) {
    let (function, element) = match ty {
        Type::Any => return out.push_str("null"),
        Type::Bool => return out.push_str("tobool(null)"),
        Type::Number => return out.push_str("tonumber(null)"),
        Type::String => return out.push_str("tostring(null)"),
        Type::Tuple(_) | Type::Object(_) => {
            out.push_str("null /* ");
            out.push_str(&name(ty));
            return out.push_str(" */");
        }
        Type::List(element) => ("tolist", element),
        Type::Set(element) => ("toset", element),
        Type::Map(element) => ("tomap", element),
    };
    out.push_str(function);
    out.push_str("(null) /* of ");
    out.push_str(&name(element));
    out.push_str(" */");
}

/// The type in a few words.
fn name(ty: &Type) -> String {
    match ty {
        Type::Any => "dynamic".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::List(element) => format!("list of {}", name(element)),
        Type::Set(element) => format!("set of {}", name(element)),
        Type::Map(element) => format!("map of {}", name(element)),
        Type::Tuple(_) => "tuple".to_owned(),
        Type::Object(_) => "object".to_owned(),
    }
}

fn write_items(items: &[Value], indent: usize, out: &mut String) {
    out.push('[');
    for item in items {
        new_line(indent + 2, out);
        write_value(item, indent + 2, out);
        out.push(',');
    }
    if !items.is_empty() {
        new_line(indent, out);
    }
    out.push(']');
}

fn write_fields(fields: &Fields, indent: usize, out: &mut String) {
    out.push('{');
    for (key, value) in fields.iter() {
        new_line(indent + 2, out);
        if key.contains('\n') {
            write_heredoc(key, indent + 2, out);
        } else {
            out.push_str(&quote(key));
        }
        out.push_str(" = ");
        write_value(value, indent + 2, out);
    }
    if !fields.is_empty() {
        new_line(indent, out);
    }
    out.push('}');
}

fn new_line(indent: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

/// A text of several lines as a heredoc, with a marker that is none of its lines.
fn write_heredoc(text: &str, indent: usize, out: &mut String) {
    let mut marker = "EOT".to_owned();
    // Only lines that go on as the marker does can make it longer, and each does so once.
    let mut alike: Vec<&str> =
        text.split('\n').map(str::trim).filter(|line| line.starts_with("EOT")).collect();
    alike.sort_unstable_by_key(|line| line.len());
    for line in alike {
        if line == marker {
            marker.push('_');
        }
    }
    out.push_str(if indent > 0 { "<<-" } else { "<<" });
    out.push_str(&marker);
    for line in text.split('\n') {
        new_line(indent, out);
        out.push_str(line);
    }
    new_line(indent, out);
    out.push_str(&marker);
}

fn write_type(ty: &Type, level: usize, out: &mut String) {
    match ty {
        Type::Any | Type::Bool | Type::Number | Type::String => out.push_str(&name(ty)),
        Type::List(element) => write_collection("list(", element, level, out),
        Type::Set(element) => write_collection("set(", element, level, out),
        Type::Map(element) => write_collection("map(", element, level, out),
        Type::Tuple(items) if items.is_empty() => out.push_str("tuple([])"),
        Type::Tuple(items) => {
            out.push_str("tuple([");
            for item in items.iter() {
                new_line(4 * (level + 1), out);
                write_type(item, level + 1, out);
                out.push(',');
            }
            new_line(4 * level, out);
            out.push_str("])");
        }
        Type::Object(attributes) if attributes.is_empty() => out.push_str("object({})"),
        Type::Object(attributes) => {
            out.push_str("object({");
            for (name, attribute) in attributes.iter() {
                new_line(4 * (level + 1), out);
                out.push_str(name);
                out.push_str(": ");
                write_type(&attribute.ty, level + 1, out);
                out.push(',');
            }
            new_line(4 * level, out);
            out.push_str("})");
        }
    }
}

fn write_collection(opening: &str, element: &Type, level: usize, out: &mut String) {
    out.push_str(opening);
    match element {
        // What takes several lines begins on one of its own.
        Type::Tuple(_) | Type::Object(_) => {
            new_line(4 * (level + 1), out);
            write_type(element, level + 1, out);
            out.push(',');
            new_line(4 * level, out);
        }
        Type::Any
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::List(_)
        | Type::Set(_)
        | Type::Map(_) => write_type(element, level, out),
    }
    out.push(')');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_of_a_heredoc_is_none_of_its_lines() {
        assert_eq!(value(&Value::from("a\nEOT\n EOT_ ")), "<<EOT__\na\nEOT\n EOT_ \nEOT__");
        let nested = Value::tuple(vec![Value::from("a\nb")]);
        assert_eq!(value(&nested), "[\n  <<-EOT\n  a\n  b\n  EOT,\n]");
    }

    #[test]
    fn what_is_secret_or_unknown_is_named() {
        let secret = Value::from("x").sensitive();
        let unknown = Value::unknown(Type::String);
        assert_eq!(value(&secret), "(sensitive value)");
        assert_eq!(value(&unknown), "(known after apply)");
        assert_eq!(value(&unknown.clone().sensitive()), "(known after apply)");
        let both = Value::object([("a", secret), ("b", unknown)]);
        assert_eq!(
            value(&both),
            "{\n  \"a\" = (sensitive value)\n  \"b\" = (known after apply)\n}"
        );
    }
}
