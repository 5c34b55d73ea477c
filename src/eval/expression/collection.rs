//! What makes collections and takes them apart: objects, `for`, splats, attributes, indexes.

use super::{Fault, Marks, Scope, fault};
use crate::config::{Expr, For, Name};
use crate::diag::{Span, did_you_mean};
use crate::value::{Fields, Number, Type, Value, unify};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Scope<'_> {
    pub(super) fn object(&self, entries: &[(Expr, Expr)]) -> Result<Value, Fault> {
        let mut fields = Vec::with_capacity(entries.len());
        let mut marks = Marks::default();
        for (key, value) in entries {
            let name = self.key(key, &mut marks)?;
            let value = self.eval(value)?;
            match name {
                Some(name) => fields.push((name, value)),
                None => marks.unknown = true,
            }
        }
        Ok(marks.apply(if marks.unknown {
            Value::Unknown(Type::Any)
        } else {
            Value::object(fields)
        }))
    }

    /// A key of an object; nothing where it is unknown.
    fn key(&self, expr: &Expr, marks: &mut Marks) -> Result<Option<Arc<str>>, Fault> {
        // A key in parentheses may name any value; a bare one was lowered to a literal.
        let value = self.eval(expr)?;
        let value = marks.open(&value);
        if value.is_null() {
            return Err(fault("Null key", "A key of an object cannot be null.", expr.span));
        }
        let text = value.convert(&Type::String).map_err(|_| {
            let detail =
                format!("A key of an object must be a string, not a {}.", value.ty().friendly());
            fault("Wrong type", detail, expr.span)
        })?;
        Ok(text.as_str().cloned())
    }

    pub(super) fn splat_all(&self, source: &Expr, each: &Expr) -> Result<Value, Fault> {
        let value = self.eval(source)?;
        let mut marks = Marks::default();
        let value = marks.open(&value);
        let run = |item: &Value| self.splat(item.clone()).eval(each);
        let result = match &value {
            Value::Null(Type::List(_) | Type::Set(_) | Type::Tuple(_)) => {
                let detail = "The value is null and has no elements. Use `coalesce` or a condition \
                              to put an empty list in its place.";
                return Err(fault("Splat of null", detail, source.span));
            }
            Value::Null(_) => Value::tuple(Vec::new()),
            Value::Unknown(_) => Value::Unknown(Type::Any),
            Value::List(elements) | Value::Set(elements) => {
                let items = elements.items.iter().map(run).collect::<Result<Vec<_>, _>>()?;
                let types: Vec<Type> = items.iter().map(Value::ty).collect();
                match unify(&types) {
                    Some(ty) => Value::list(ty, items),
                    None => Value::tuple(items),
                }
            }
            Value::Tuple(items) => {
                Value::tuple(items.iter().map(run).collect::<Result<Vec<_>, _>>()?)
            }
            single => Value::tuple(vec![run(single)?]),
        };
        Ok(marks.apply(result))
    }

    pub(super) fn for_expr(&self, it: &For) -> Result<Value, Fault> {
        let collection = self.eval(&it.collection)?;
        let mut marks = Marks::default();
        let collection = marks.open(&collection);
        if collection.is_unknown() {
            return Ok(marks.apply(Value::Unknown(Type::Any)));
        }
        let mut items = Vec::new();
        let mut keyed: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
        for (key, value) in entries(&collection, it.collection.span)? {
            let bound = bindings(it.key_var.as_deref(), &it.value_var, key, value);
            let scope = self.bind(&bound);
            if let Some(condition) = &it.condition {
                match scope.truth(condition, &mut marks)? {
                    Some(true) => {}
                    Some(false) => continue,
                    None => {
                        marks.unknown = true;
                        continue;
                    }
                }
            }
            let Some(key) = &it.key else {
                items.push(scope.eval(&it.value)?);
                continue;
            };
            let name = scope.key(key, &mut marks)?;
            let value = scope.eval(&it.value)?;
            let Some(name) = name else {
                marks.unknown = true;
                continue;
            };
            let values = keyed.entry(name).or_default();
            if !values.is_empty() && !it.group {
                let detail = format!(
                    "Two elements have the key {}. Make keys distinct, or collect values under \
                     one key with `...` behind the value.",
                    keyed_name(&scope.eval(key)?)
                );
                return Err(fault("Duplicate key", detail, key.span));
            }
            values.push(value);
        }
        Ok(marks.apply(if marks.unknown {
            Value::Unknown(Type::Any)
        } else if it.key.is_none() {
            Value::tuple(items)
        } else {
            Value::Object(
                keyed
                    .into_iter()
                    .map(|(name, mut values)| {
                        let value = if it.group {
                            Value::tuple(values)
                        } else {
                            values.pop().unwrap_or(Value::NULL)
                        };
                        (name, value)
                    })
                    .collect::<Fields>(),
            )
        }))
    }
}

fn keyed_name(value: &Value) -> String {
    if value.is_sensitive() {
        return "(sensitive value)".to_owned();
    }
    match value.convert(&Type::String).ok().as_ref().and_then(Value::as_str) {
        Some(text) => format!("{text:?}"),
        None => "(unknown)".to_owned(),
    }
}

pub(super) fn bindings<'a>(
    key_var: Option<&'a str>,
    value_var: &'a str,
    key: Value,
    value: Value,
) -> Vec<(&'a str, Value)> {
    let mut bound = Vec::with_capacity(2);
    bound.extend(key_var.map(|name| (name, key)));
    bound.push((value_var, value));
    bound
}

/// The keys and values of a collection, in order.
pub(super) fn entries(collection: &Value, span: Span) -> Result<Vec<(Value, Value)>, Fault> {
    if let Value::Set(set) = collection {
        return Ok(set.items.iter().map(|item| (item.clone(), item.clone())).collect());
    }
    if let Some(items) = collection.as_items() {
        let numbered = items.iter().enumerate();
        return Ok(numbered.map(|(n, it)| (Value::Number(Number::from(n)), it.clone())).collect());
    }
    if let Some(fields) = collection.as_fields() {
        return Ok(fields
            .iter()
            .map(|(name, value)| (Value::String(Arc::clone(name)), value.clone()))
            .collect());
    }
    let detail = if collection.is_null() {
        "A null value has no elements to run over.".to_owned()
    } else {
        format!("A {} has no elements to run over.", collection.ty().friendly())
    };
    Err(fault("Not a collection", detail, span))
}

pub(super) fn attribute(source: &Value, name: &Name, span: Span) -> Result<Value, Fault> {
    let marked = source.is_sensitive();
    let result = match source.reveal() {
        Value::Unknown(ty) => match ty {
            Type::Any => Some(Value::Unknown(Type::Any)),
            Type::Map(element) => Some(Value::Unknown((**element).clone())),
            Type::Object(attributes) => match attributes.get(&name.text) {
                Some(attribute) => Some(Value::Unknown(attribute.ty.clone())),
                None => {
                    let hint = did_you_mean(&name.text, attributes.keys().map(|key| &**key));
                    let detail = format!("There is no attribute {:?}.{hint}", name.text);
                    return Err(fault("Unknown attribute", detail, name.span));
                }
            },
            Type::Bool
            | Type::Number
            | Type::String
            | Type::List(_)
            | Type::Set(_)
            | Type::Tuple(_) => None,
        },
        Value::Null(_) => {
            let detail = format!("The value is null and has no attribute {:?}.", name.text);
            return Err(fault("Attribute of null", detail, span));
        }
        open => match open.as_fields() {
            Some(fields) => match fields.get(&name.text) {
                Some(value) => Some(value.clone()),
                None => {
                    let hint = did_you_mean(&name.text, fields.keys().map(|key| &**key));
                    let detail = format!("There is no attribute {:?}.{hint}", name.text);
                    return Err(fault("Unknown attribute", detail, name.span));
                }
            },
            None => None,
        },
    };
    match result {
        Some(value) => Ok(value.sensitive_if(marked)),
        None => {
            let sequence = matches!(source.ty(), Type::List(_) | Type::Set(_) | Type::Tuple(_));
            let hint = if sequence {
                format!(
                    " Take one of its elements, `[0].{}`, or of all, `[*].{}`.",
                    name.text, name.text
                )
            } else {
                String::new()
            };
            let detail = format!("A {} has no attributes.{hint}", source.ty().friendly());
            Err(fault("Unknown attribute", detail, name.span))
        }
    }
}

pub(super) fn index(source: &Value, key: &Value, span: Span) -> Result<Value, Fault> {
    let marked = source.is_sensitive() || key.is_sensitive();
    let (source, key) = (source.reveal(), key.reveal());
    if source.is_unknown() || key.is_unknown() {
        return match source.ty() {
            Type::Bool | Type::Number | Type::String => Err(no_elements(source, span)),
            Type::List(element) | Type::Map(element) => {
                Ok(Value::Unknown((*element).clone()).sensitive_if(marked))
            }
            Type::Any | Type::Set(_) | Type::Tuple(_) | Type::Object(_) => {
                Ok(Value::Unknown(Type::Any).sensitive_if(marked))
            }
        };
    }
    if source.is_null() || key.is_null() {
        let what = if source.is_null() { "The value" } else { "The index" };
        return Err(fault("Invalid index", format!("{what} is null."), span));
    }
    if let Value::Set(_) = source {
        let detail = "The elements of a set have no index. Convert it with `tolist`.";
        return Err(fault("Invalid index", detail, span));
    }
    if let Some(items) = source.as_items() {
        let number = key.convert(&Type::Number).ok();
        let found = number
            .as_ref()
            .and_then(Value::as_number)
            .and_then(Number::as_usize)
            .and_then(|at| items.get(at));
        return found.cloned().map(|value| value.sensitive_if(marked)).ok_or_else(|| {
            let detail = match items.len() {
                0 => "There are no elements.".to_owned(),
                1 => "There is one element: the index must be 0.".to_owned(),
                n => format!("There are {n} elements: the index must be from 0 to {}.", n - 1),
            };
            fault("Invalid index", detail, span)
        });
    }
    if let Some(fields) = source.as_fields() {
        let text = key.convert(&Type::String).ok();
        let text = text.as_ref().and_then(Value::as_str);
        return match text {
            Some(name) => match fields.get(name) {
                Some(value) => Ok(value.clone().sensitive_if(marked)),
                None => {
                    let hint = did_you_mean(name, fields.keys().map(|key| &**key));
                    let detail = if marked {
                        "There is no element under this key.".to_owned()
                    } else {
                        format!("There is no element {name:?}.{hint}")
                    };
                    Err(fault("Invalid index", detail, span))
                }
            },
            None => Err(fault("Invalid index", "A key must be a string.", span)),
        };
    }
    Err(no_elements(source, span))
}

fn no_elements(source: &Value, span: Span) -> Fault {
    let detail = format!("A {} has no elements.", source.ty().friendly());
    fault("Invalid index", detail, span)
}
