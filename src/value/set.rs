//! The order of the elements of a set.

use super::{Type, Value, quote};
use std::cmp::Ordering;

/// Puts the elements of a set in order and leaves one of each that are equal. What is not known may
/// be equal to nothing, and so stays.
pub(super) fn arrange(element_type: &Type, items: &mut Vec<Value>) {
    match element_type {
        Type::Bool | Type::Number | Type::String => items.sort_by(compare),
        // Other kinds have no order of their own: Terraform takes that of a key that it computes.
        Type::Any
        | Type::List(_)
        | Type::Set(_)
        | Type::Map(_)
        | Type::Tuple(_)
        | Type::Object(_) => {
            let mut keyed: Vec<(String, Value)> = items
                .drain(..)
                .map(|item| {
                    let mut key = String::new();
                    write_key(&item, &mut key);
                    (key, item)
                })
                .collect();
            keyed.sort_by(|(a, x), (b, y)| {
                place(x).cmp(&place(y)).then_with(|| a.cmp(b)).then_with(|| compare(x, y))
            });
            items.extend(keyed.into_iter().map(|(_, item)| item));
        }
    }
    items.dedup_by(|later, earlier| later == earlier && later.is_wholly_known());
}

/// Known values, then what is unknown, then null.
fn place(value: &Value) -> u8 {
    match value {
        Value::Null(_) => 2,
        Value::Unknown(..) => 1,
        _ => 0,
    }
}

fn compare(a: &Value, b: &Value) -> Ordering {
    place(a).cmp(&place(b)).then_with(|| a.cmp(b))
}

/// The text by which Terraform orders what has no order.
fn write_key(value: &Value, out: &mut String) {
    let items = |items: &[Value], [open, close]: [char; 2], out: &mut String| {
        out.push(open);
        for item in items {
            write_key(item, out);
            out.push(';');
        }
        out.push(close);
    };
    match value {
        Value::Unknown(..) => out.push('?'),
        Value::Null(_) => out.push('~'),
        Value::Bool(truth) => out.push(if *truth { 'T' } else { 'F' }),
        Value::Number(number) => out.push_str(&number.ten_digits()),
        Value::String(text) => out.push_str(&quote(text)),
        Value::List(list) | Value::Set(list) => items(&list.items, ['[', ']'], out),
        Value::Tuple(tuple) => items(tuple, ['<', '>'], out),
        Value::Map(map) => {
            out.push('{');
            for (key, value) in map.fields.iter() {
                out.push_str(&quote(key));
                out.push(':');
                write_key(value, out);
                out.push(';');
            }
            out.push('}');
        }
        Value::Object(fields) => {
            out.push('<');
            for value in fields.values() {
                write_key(value, out);
                out.push(';');
            }
            out.push('>');
        }
        Value::Sensitive(inner) => write_key(inner, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_elements_and_null_stand_last_and_unknown_ones_stay() {
        let unknown = || Value::unknown(Type::String);
        let mut items = vec![
            unknown(),
            Value::Null(Type::String),
            Value::from("b"),
            unknown(),
            Value::from("a"),
            Value::from("b"),
        ];
        arrange(&Type::String, &mut items);
        let places: Vec<u8> = items.iter().map(place).collect();
        assert_eq!(places, [0, 0, 1, 1, 2]);
    }

    #[test]
    fn a_set_of_a_secret_is_one() {
        let set = Value::set(Type::String, vec![Value::from("b").sensitive(), Value::from("a")]);
        assert!(set.is_sensitive());
        assert_eq!(set.as_items(), Some(&[Value::from("a"), Value::from("b")][..]));
    }
}
