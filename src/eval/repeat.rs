//! How many instances a block has: `count` and `for_each`.

use super::FAILED;
use super::expression::{Scope, article, fault};
use crate::addr::InstanceKey;
use crate::config::{Expr, Repeat};
use crate::diag::Diagnostic;
use crate::value::{Fields, Type, Value};
use std::sync::Arc;

/// The most instances that one block may have; more is a slip, such as a wrong `range`.
const MAX_INSTANCES: usize = 1_000_000;

/// What tells one instance of a block from another.
#[derive(Clone, Debug)]
pub(super) struct Repeated {
    /// Which it is.
    pub(super) key: InstanceKey,
    /// `each.value`.
    pub(super) value: Value,
}

/// The instances that a block has, in the order of their keys.
pub(super) fn keys(repeat: &Repeat, scope: &Scope<'_>) -> Result<Vec<Repeated>, Box<Diagnostic>> {
    let (expr, keys) = match repeat {
        Repeat::One => {
            return Ok(vec![Repeated { key: InstanceKey::None, value: Value::NULL }]);
        }
        Repeat::Count(expr) => (expr, count(&scope.eval(expr)?, expr)),
        Repeat::ForEach(expr) => (expr, for_each(&scope.eval(expr)?, expr)),
    };
    let keys = keys.map_err(|mut fault| {
        scope.tell_values(expr, &mut fault);
        fault
    })?;
    if keys.len() > MAX_INSTANCES {
        return Err(too_many(keys.len(), expr));
    }
    Ok(keys)
}

/// What references to all instances of a block see.
pub(super) fn gather(repeat: &Repeat, mut values: Vec<(InstanceKey, Value)>) -> Value {
    match repeat {
        Repeat::One => values.pop().map_or(FAILED, |(_, value)| value),
        Repeat::Count(_) => Value::tuple(values.into_iter().map(|(_, value)| value).collect()),
        Repeat::ForEach(_) => Value::Object(
            values
                .into_iter()
                .filter_map(|(key, value)| match key {
                    InstanceKey::Name(name) => Some((name, value)),
                    InstanceKey::None | InstanceKey::Index(_) => None,
                })
                .collect::<Fields>(),
        ),
    }
}

fn too_many(count: usize, expr: &Expr) -> Box<Diagnostic> {
    let detail =
        format!("{count} instances are more than the {MAX_INSTANCES} that one block may have.");
    fault("Too many instances", detail, expr.span)
}

/// The summary of what is not known yet.
pub(super) const UNKNOWN: &str = "Unknown number of instances";

fn unknown_repeat(what: &str, expr: &Expr) -> Box<Diagnostic> {
    fault(
        UNKNOWN,
        format!(
            "{what} must be known before a bucket is read. Name buckets by variables, literals or \
             data sources."
        ),
        expr.span,
    )
}

fn count(value: &Value, expr: &Expr) -> Result<Vec<Repeated>, Box<Diagnostic>> {
    if value.is_sensitive() {
        let detail = "A sensitive value cannot decide how many instances there are: their number \
                      is shown.";
        return Err(fault("Sensitive count", detail, expr.span));
    }
    if value.is_unknown() {
        return Err(unknown_repeat("`count`", expr));
    }
    let invalid = |what: &str| {
        let detail = format!("`count` is a whole number from 0, {what}.");
        fault("Invalid count", detail, expr.span)
    };
    let number = value
        .convert(&Type::Number)
        .map_err(|_| invalid(&format!("and this is {}", article(&value.ty().friendly()))))?;
    let count = number
        .as_number()
        .ok_or_else(|| invalid("not null"))
        .and_then(|it| it.as_usize().ok_or_else(|| invalid(&format!("not {it}"))))?;
    if count > MAX_INSTANCES {
        return Err(too_many(count, expr));
    }
    Ok((0..count as u64)
        .map(|index| Repeated { key: InstanceKey::Index(index), value: Value::NULL })
        .collect())
}

pub(super) fn for_each(value: &Value, expr: &Expr) -> Result<Vec<Repeated>, Box<Diagnostic>> {
    let invalid = |detail: &str| Err(fault("Invalid for_each", detail, expr.span));
    match value {
        Value::Sensitive(_) => invalid(
            "A sensitive value cannot name instances: their keys are shown. Open it with \
             `nonsensitive(…)` if it may be shown.",
        ),
        Value::Unknown(..) => Err(unknown_repeat("`for_each`", expr)),
        Value::Null(_) => invalid("`for_each` cannot be null. Use `{}` for no instance."),
        Value::Map(_) | Value::Object(_) => Ok(value
            .as_fields()
            .into_iter()
            .flat_map(Fields::iter)
            .map(|(key, value)| Repeated {
                key: InstanceKey::Name(Arc::clone(key)),
                value: value.clone(),
            })
            .collect()),
        Value::Set(set) => set.items.iter().map(|item| of_set(item, value, expr)).collect(),
        Value::List(_) | Value::Tuple(_) => invalid(&format!(
            "`for_each` takes a map or a set of strings, whose elements have keys of their own, and \
             this is {}. Write `toset(…)` around a list of strings.",
            article(&value.ty().friendly())
        )),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => invalid(&format!(
            "`for_each` takes a map or a set of strings, and this is {}.",
            article(&value.ty().friendly())
        )),
    }
}

/// The instance that an element of a set names.
fn of_set(item: &Value, set: &Value, expr: &Expr) -> Result<Repeated, Box<Diagnostic>> {
    let detail = match item {
        Value::String(key) => {
            return Ok(Repeated { key: InstanceKey::Name(Arc::clone(key)), value: item.clone() });
        }
        Value::Unknown(..) => return Err(unknown_repeat("Every element of `for_each`", expr)),
        Value::Null(_) => "The set holds a null, which names no instance. Leave it out, as with \
                           `compact(…)` in a list of strings."
            .to_owned(),
        _ => format!(
            "Every element of the set must be a string, the key of an instance, and this is {}.",
            article(&set.ty().friendly())
        ),
    };
    Err(fault("Invalid for_each", detail, expr.span))
}

/// What an `import` is repeated for: elements of a list, too, whose keys are their indexes.
pub(super) fn for_each_import(
    value: &Value,
    expr: &Expr,
) -> Result<Vec<Repeated>, Box<Diagnostic>> {
    let (Value::List(_) | Value::Tuple(_)) = value else { return for_each(value, expr) };
    let items = value.as_items().into_iter().flatten();
    Ok((0..)
        .zip(items)
        .map(|(index, item)| Repeated { key: InstanceKey::Index(index), value: item.clone() })
        .collect())
}
