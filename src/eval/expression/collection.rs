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
        // What each element of a type would come to.
        let run_type = |ty: &Type| run(&Value::Unknown(ty.clone())).map(|value| value.ty());
        let result = match &value {
            Value::Null(Type::List(_) | Type::Set(_) | Type::Tuple(_)) => {
                let detail = "The value is null and has no elements. Use `coalesce` or a condition \
                              to put an empty list in its place.";
                return Err(fault("Splat of null", detail, source.span));
            }
            Value::Null(_) => Value::tuple(Vec::new()),
            Value::Unknown(ty) => match ty {
                Type::List(element) | Type::Set(element) => {
                    Value::Unknown(Type::list(run_type(element)?))
                }
                Type::Tuple(types) => {
                    let types = types.iter().map(run_type).collect::<Result<_, _>>()?;
                    Value::Unknown(Type::Tuple(Arc::new(types)))
                }
                Type::Any => Value::Unknown(Type::Any),
                // It may turn out to be null, which is no element at all.
                Type::Bool | Type::Number | Type::String | Type::Map(_) | Type::Object(_) => {
                    run(&value)?;
                    Value::Unknown(Type::Any)
                }
            },
            Value::List(elements) | Value::Set(elements) if elements.items.is_empty() => {
                Value::list(run_type(&elements.element_type)?, Vec::new())
            }
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

    /// Finds out whether the condition of a `for` is one before there is any element to ask for.
    fn check_condition(&self, it: &For, condition: &Expr) -> Result<(), Fault> {
        let open = || Value::Unknown(Type::Any);
        let bound = bindings(it.key_var.as_deref(), &it.value_var, open(), open());
        let scope = self.bind(&bound);
        let value = scope.eval(condition)?;
        scope.as_truth(&value, condition.span, &mut Marks::default()).map(|_| ())
    }

    pub(super) fn for_expr(&self, it: &For) -> Result<Value, Fault> {
        let collection = self.eval(&it.collection)?;
        let mut marks = Marks::default();
        let collection = marks.open(&collection);
        let Some(entries) = entries(&collection, it.collection.span)? else {
            return Ok(Value::Unknown(Type::Any));
        };
        if let Some(condition) = &it.condition {
            self.check_condition(it, condition)?;
        }
        let mut items = Vec::new();
        let mut keyed: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
        for (key, value) in entries {
            let bound = bindings(it.key_var.as_deref(), &it.value_var, key, value);
            let scope = self.bind(&bound);
            if let Some(condition) = &it.condition {
                let value = scope.eval(condition)?;
                match scope.as_truth(&value, condition.span, &mut marks)? {
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

/// The keys and values of a collection, in order; nothing where it is unknown.
pub(super) fn entries(
    collection: &Value,
    span: Span,
) -> Result<Option<Vec<(Value, Value)>>, Fault> {
    let ty = match collection {
        Value::Set(set) => {
            return Ok(Some(set.items.iter().map(|item| (item.clone(), item.clone())).collect()));
        }
        Value::List(_) | Value::Tuple(_) => {
            let numbered = collection.as_items().unwrap_or_default().iter().enumerate();
            let entries = numbered.map(|(n, it)| (Value::Number(Number::from(n)), it.clone()));
            return Ok(Some(entries.collect()));
        }
        Value::Map(_) | Value::Object(_) => {
            let fields = collection.as_fields().into_iter().flat_map(Fields::iter);
            let entries =
                fields.map(|(name, value)| (Value::String(Arc::clone(name)), value.clone()));
            return Ok(Some(entries.collect()));
        }
        Value::Null(_) => {
            let detail = "A null value has no elements to run over.";
            return Err(fault("Not a collection", detail, span));
        }
        Value::Unknown(ty) => match ty {
            Type::Bool | Type::Number | Type::String => ty.clone(),
            Type::Any
            | Type::List(_)
            | Type::Set(_)
            | Type::Map(_)
            | Type::Tuple(_)
            | Type::Object(_) => return Ok(None),
        },
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Sensitive(_) => {
            collection.ty()
        }
    };
    let detail = format!("A {} has no elements to run over.", ty.friendly());
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

/// `source[key]`. What is sensitive about either is so about the element, but for the key of an
/// object: that names an attribute, as `.name` does.
pub(super) fn index(source: &Value, key: &Value, span: Span) -> Result<Value, Fault> {
    let (from, with) = (source.is_sensitive(), key.is_sensitive());
    let (source, key) = (source.reveal(), key.reveal());
    if source.is_null() || key.is_null() {
        let what = if source.is_null() { "The value" } else { "The index" };
        return Err(fault("Invalid index", format!("{what} is null."), span));
    }
    let unknown = |ty: Type| Ok(Value::Unknown(ty).sensitive_if(from));
    if matches!(source, Value::Unknown(Type::Any)) || matches!(key, Value::Unknown(Type::Any)) {
        return unknown(Type::Any);
    }
    match source {
        Value::List(_) | Value::Tuple(_) => match place(key, span)? {
            Some(at) => nth(source, &at, with, span).map(|it| it.sensitive_if(from || with)),
            None => unknown(element_type(source)),
        },
        Value::Map(_) => match named(key, span)? {
            Some(name) => entry(source, &name, with, span).map(|it| it.sensitive_if(from || with)),
            None => unknown(element_type(source)),
        },
        Value::Object(_) => match named(key, span)? {
            Some(name) => entry(source, &name, with, span).map(|it| it.sensitive_if(from)),
            None => unknown(Type::Any),
        },
        Value::Set(_) | Value::Unknown(Type::Set(_)) => {
            let detail = "The elements of a set have no index. Convert it with `tolist`.";
            Err(fault("Invalid index", detail, span))
        }
        Value::Unknown(Type::List(element)) => {
            place(key, span)?;
            unknown((**element).clone())
        }
        Value::Unknown(Type::Tuple(types)) => match place(key, span)? {
            Some(at) => match at.as_usize().and_then(|at| types.get(at)) {
                Some(ty) => Ok(Value::Unknown(ty.clone()).sensitive_if(from || with)),
                None => Err(out_of_range(&at, types.len(), with, span)),
            },
            None => unknown(Type::Any),
        },
        Value::Unknown(Type::Map(element)) => {
            named(key, span)?;
            unknown((**element).clone())
        }
        Value::Unknown(Type::Object(_)) => {
            named(key, span)?;
            unknown(Type::Any)
        }
        Value::Unknown(Type::Any | Type::Bool | Type::Number | Type::String)
        | Value::Null(_)
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Sensitive(_) => Err(no_elements(source, span)),
    }
}

/// The type of the elements of a list or of a map; that of a tuple's is not known.
fn element_type(source: &Value) -> Type {
    match source {
        Value::List(list) => list.element_type.clone(),
        Value::Map(map) => map.element_type.clone(),
        _ => Type::Any,
    }
}

/// The number that an index of a list or a tuple is; nothing where it is unknown.
fn place(key: &Value, span: Span) -> Result<Option<Number>, Fault> {
    let number = key.convert(&Type::Number).map_err(|_| {
        let detail = "An element of a list or a tuple is named by a number, counted from 0.";
        fault("Invalid index", detail, span)
    })?;
    Ok(number.as_number().cloned())
}

/// The text that a key of a map or an object is; nothing where it is unknown.
fn named(key: &Value, span: Span) -> Result<Option<Arc<str>>, Fault> {
    let text = key
        .convert(&Type::String)
        .map_err(|_| fault("Invalid index", "A key must be a string.", span))?;
    Ok(text.as_str().cloned())
}

fn nth(source: &Value, at: &Number, hidden: bool, span: Span) -> Result<Value, Fault> {
    let items = source.as_items().unwrap_or_default();
    let found = at.as_usize().and_then(|at| items.get(at));
    found.cloned().ok_or_else(|| out_of_range(at, items.len(), hidden, span))
}

fn out_of_range(at: &Number, length: usize, hidden: bool, span: Span) -> Fault {
    let rule = match length {
        0 => "There are no elements.".to_owned(),
        1 => "There is one element: the index must be 0.".to_owned(),
        n => format!("There are {n} elements: the index must be from 0 to {}.", n - 1),
    };
    let detail = if hidden || at.as_i64().is_some_and(|at| at >= 0) {
        rule
    } else if at.is_integer() {
        format!("{rule} None is counted from the end.")
    } else {
        format!("{rule} Round a fraction with `floor`.")
    };
    fault("Invalid index", detail, span)
}

fn entry(source: &Value, name: &str, hidden: bool, span: Span) -> Result<Value, Fault> {
    let empty = Fields::default();
    let fields = source.as_fields().unwrap_or(&empty);
    fields.get(name).cloned().ok_or_else(|| {
        let detail = if hidden {
            "There is no element under this key.".to_owned()
        } else {
            let hint = did_you_mean(name, fields.keys().map(|key| &**key));
            format!("There is no element {name:?}.{hint}")
        };
        fault("Invalid index", detail, span)
    })
}

fn no_elements(source: &Value, span: Span) -> Fault {
    let detail = format!("A {} has no elements.", source.ty().friendly());
    fault("Invalid index", detail, span)
}
