//! Settings as a list of leaves: the attributes at the ends of all paths.

use crate::addr::AttrPath;
use crate::schema::{Schema, Usage};
use crate::value::{Type, Value};
use std::sync::Arc;

/// Every attribute of `schema` with its value in `settings`: what is in blocks first, then in the
/// order of the schema. An attribute that is absent is null.
pub fn leaves(schema: &Schema, settings: &Value) -> Vec<(AttrPath, Value)> {
    let mut found = Vec::new();
    walk(schema, Some(settings), &AttrPath::default(), &mut found);
    found
}

fn walk(
    schema: &Schema,
    object: Option<&Value>,
    path: &AttrPath,
    found: &mut Vec<(AttrPath, Value)>,
) {
    for nested in schema.blocks {
        let inner = object.and_then(|object| block(object, nested.name));
        walk(nested.schema, inner, &path.join(nested.name), found);
    }
    for attribute in schema.attributes.iter().filter(|it| it.usage != Usage::Computed) {
        let value = object.and_then(|object| object.get(attribute.name));
        let value = value.cloned().unwrap_or_else(|| Value::Null(attribute.ty.ty()));
        found.push((path.join(attribute.name), value));
    }
}

/// The object of a block that occurs at most once.
pub(super) fn block<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.get(name)?.as_items()?.first()
}

/// The attribute at `path`.
pub fn leaf<'a>(settings: &'a Value, path: &AttrPath) -> Option<&'a Value> {
    let (last, blocks) = path.steps().split_last()?;
    let mut object = settings;
    for step in blocks {
        object = block(object, step)?;
    }
    object.get(last)
}

/// The same settings with the attribute at `path` as given; blocks on the way are made.
#[must_use]
pub fn with_leaf(settings: &Value, path: &AttrPath, value: Value) -> Value {
    set(Some(settings), path.steps(), value)
}

fn set(object: Option<&Value>, path: &[Arc<str>], value: Value) -> Value {
    let fields = object.and_then(Value::as_fields).cloned().unwrap_or_default();
    match path {
        [] => value,
        [last] => Value::Object(fields.with(last, value)),
        [first, rest @ ..] => {
            let inner = object.and_then(|object| block(object, first));
            let inner = Value::list(Type::Any, vec![set(inner, rest, value)]);
            Value::Object(fields.with(first, inner))
        }
    }
}
