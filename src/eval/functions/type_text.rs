//! The type of a value as the console's `type` tells it.
//!
//! `type` is no function of the language: its result is no value. It exists in the console alone,
//! as in Terraform.

use crate::value::{Type, Value};

/// The type of a value, nested objects and tuples over several lines.
pub fn type_text(value: &Value) -> String {
    let mut out = String::new();
    write(&value.ty(), 0, &mut out);
    out
}

fn line(depth: usize, out: &mut String) {
    out.push('\n');
    out.push_str(&"    ".repeat(depth));
}

fn write(ty: &Type, depth: usize, out: &mut String) {
    match ty {
        Type::Any => out.push_str("dynamic"),
        Type::Bool => out.push_str("bool"),
        Type::Number => out.push_str("number"),
        Type::String => out.push_str("string"),
        Type::List(element) => collection("list", element, depth, out),
        Type::Set(element) => collection("set", element, depth, out),
        Type::Map(element) => collection("map", element, depth, out),
        Type::Tuple(items) if items.is_empty() => out.push_str("tuple([])"),
        Type::Tuple(items) => {
            out.push_str("tuple([");
            for item in items.iter() {
                line(depth + 1, out);
                write(item, depth + 1, out);
                out.push(',');
            }
            line(depth, out);
            out.push_str("])");
        }
        Type::Object(attributes) if attributes.is_empty() => out.push_str("object({})"),
        Type::Object(attributes) => {
            out.push_str("object({");
            for (name, attribute) in attributes.iter() {
                line(depth + 1, out);
                out.push_str(name);
                out.push_str(": ");
                write(&attribute.ty, depth + 1, out);
                out.push(',');
            }
            line(depth, out);
            out.push_str("})");
        }
    }
}

/// An element that takes several lines by itself begins one of its own.
fn collection(noun: &str, element: &Type, depth: usize, out: &mut String) {
    out.push_str(noun);
    out.push('(');
    if matches!(element, Type::Tuple(_) | Type::Object(_)) {
        line(depth + 1, out);
        write(element, depth + 1, out);
        out.push(',');
        line(depth, out);
    } else {
        write(element, depth, out);
    }
    out.push(')');
}
