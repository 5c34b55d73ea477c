//! What makes collections and takes them apart: objects, `for`, splats, attributes, indexes.

use super::{Fault, Marks, Outcome, Scope, article, capital, fault};
use crate::config::{Expr, ExprKind, For, Name};
use crate::diag::{Span, did_you_mean_or_known};
use crate::value::{Fields, Number, Type, Value, unify};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many elements of one collection may fail before the others are left alone.
const MAX_FAILURES: usize = 16;

impl Scope<'_> {
    pub(super) fn object(&self, entries: &[(Expr, Expr)]) -> Outcome {
        let mut fields = Vec::with_capacity(entries.len());
        let mut marks = Marks::default();
        let mut first = None;
        for (key, value) in entries {
            // What a long map is made of most often.
            if let (ExprKind::Literal(Value::String(name)), ExprKind::Literal(value)) =
                (&key.kind, &value.kind)
            {
                fields.push((Arc::clone(name), value.clone()));
                continue;
            }
            let name = match self.eval(key).and_then(|it| name(&it, key.span, &mut marks)) {
                Ok(name) => name,
                Err(fault) => {
                    first.get_or_insert(fault);
                    None
                }
            };
            let value = self.outcome(value).keep(&mut first);
            match name {
                Some(name) => fields.push((name, value)),
                None => marks.unknown = true,
            }
        }
        // Where a name is missing, nothing is told of the whole, not even that it is sensitive.
        let value = if marks.unknown {
            Value::unknown(Type::Any)
        } else {
            marks.apply(Value::object(fields))
        };
        Outcome { value, fault: first }
    }

    pub(super) fn splat_all(&self, source: &Expr, each: &Expr) -> Outcome {
        let value = match self.eval(source) {
            Ok(value) => value,
            Err(fault) => return Outcome::failed(fault, Type::Any),
        };
        let mut marks = Marks::default();
        let value = marks.open(&value);
        let is_sensitive = marks.sensitive;
        let mut first = None;
        let mut failed = 0;
        let mut run = |item: &Value| {
            // Of a long list that fails everywhere, a few elements say enough.
            if failed == MAX_FAILURES {
                return Value::unknown(Type::Any);
            }
            // A fault tells nothing of an element of what is sensitive; the whole is marked below.
            let outcome = self.splat(item.clone().sensitive_if(is_sensitive)).outcome(each);
            failed += usize::from(outcome.fault.is_some());
            let value = outcome.keep(&mut first);
            if is_sensitive { value.reveal().clone() } else { value }
        };
        let result = match &value {
            Value::Null(Type::List(_) | Type::Set(_) | Type::Tuple(_)) => {
                let detail = "The value is null and has no elements. Use `coalesce` or a condition \
                              to put an empty list in its place.";
                let fault = fault("Splat of null", detail, source.span);
                return Outcome::failed(fault, Type::Any);
            }
            Value::Null(_) => Value::tuple(Vec::new()),
            Value::Unknown(ty, _) => match ty {
                Type::List(element) | Type::Set(element) => {
                    let each = run(&Value::unknown((**element).clone()));
                    let bounds = value.bounds().never_null();
                    Value::bounded(Type::list(each.ty()), bounds)
                }
                Type::Tuple(types) => {
                    let each = types.iter().map(|ty| run(&Value::unknown(ty.clone())).ty());
                    Value::unknown(Type::Tuple(Arc::new(each.collect()))).never_null()
                }
                Type::Any => Value::unknown(Type::Any),
                Type::Bool | Type::Number | Type::String | Type::Map(_) | Type::Object(_)
                    if value.is_never_null() =>
                {
                    Value::tuple(vec![run(&value)])
                }
                // It may turn out to be null, which is no element at all.
                Type::Bool | Type::Number | Type::String | Type::Map(_) | Type::Object(_) => {
                    run(&value);
                    Value::unknown(Type::Any)
                }
            },
            Value::List(elements) | Value::Set(elements) if elements.items.is_empty() => {
                let each = run(&Value::unknown(elements.element_type.clone()));
                Value::list(each.ty(), Vec::new())
            }
            Value::List(elements) | Value::Set(elements) => {
                let items: Vec<Value> = elements.items.iter().map(run).collect();
                let types: Vec<Type> = items.iter().map(Value::ty).collect();
                // Those of which nothing is known are of the type of the others.
                let mut known = types.iter().filter(|ty| **ty != Type::Any);
                let first = known.next().unwrap_or(&Type::Any);
                let common =
                    if known.all(|ty| ty == first) { Some(first.clone()) } else { unify(&types) };
                match common {
                    Some(ty) => Value::list(ty, items),
                    None => Value::tuple(items),
                }
            }
            Value::Tuple(items) => Value::tuple(items.iter().map(run).collect()),
            single => Value::tuple(vec![run(single)]),
        };
        // Where one element fails, the whole is as little known as if all did.
        let result = if first.is_some() && !result.is_unknown() {
            Value::unknown(result.ty())
        } else {
            result
        };
        let first = first.map(|fault| match &each.kind {
            ExprKind::Attr(item, name) if matches!(item.kind, ExprKind::SplatItem) => {
                self.with_key(source, name, fault)
            }
            _ => fault,
        });
        Outcome { value: marks.apply(result), fault: first }
    }

    /// Finds out whether the condition of a `for` is one before there is any element to ask for.
    fn check_condition(&self, it: &For, condition: &Expr) -> Result<(), Fault> {
        let open = || Value::unknown(Type::Any);
        let bound = bindings(it.key_var.as_deref(), &it.value_var, open(), open());
        let scope = self.bind(&bound);
        let value = scope.eval(condition)?;
        scope.as_truth(&value, condition.span, &mut Marks::default()).map(|_| ())
    }

    pub(super) fn for_expr(&self, it: &For) -> Outcome {
        let mut first = None;
        let collection = self.outcome(&it.collection).keep(&mut first);
        let mut marks = Marks::default();
        let collection = marks.open(&collection);
        let entries = match entries(&collection, it.collection.span) {
            Ok(entries) => entries,
            Err(fault) => return Outcome::failed(first.unwrap_or(fault), Type::Any),
        };
        // Of what may be of any type, not even the condition is looked at.
        if matches!(collection, Value::Unknown(Type::Any, _)) {
            return Outcome { value: Value::unknown(Type::Any), fault: first };
        }
        if let Some(condition) = &it.condition
            && let Err(fault) = self.check_condition(it, condition)
        {
            return Outcome::failed(first.unwrap_or(fault), Type::Any);
        }
        let Some(entries) = entries else {
            return Outcome { value: marks.apply(Value::unknown(Type::Any)), fault: first };
        };
        let repetitions = match self.repetitions(entries.len(), it.collection.span) {
            Ok(repetitions) => repetitions,
            Err(fault) => return Outcome::failed(first.unwrap_or(fault), Type::Any),
        };
        let mut made = Made::default();
        let mut failed = 0;
        let is_secret = marks.sensitive && first.is_none();
        for (key, value) in entries {
            let bound = bindings(it.key_var.as_deref(), &it.value_var, key, value);
            let faulty = first.is_some();
            let inner = Scope { repetitions, ..self.bind(&bound) };
            let was_unknown = marks.unknown;
            if let Err(fault) = inner.for_element(it, &mut made, &mut marks, &mut first) {
                marks.unknown = true;
                // Once the whole is not known, its conditions and keys may be anything.
                if !was_unknown {
                    first.get_or_insert(fault);
                }
            }
            failed += usize::from(faulty || first.is_some());
            // Of a long list that fails everywhere, a few elements say enough.
            if failed == MAX_FAILURES {
                marks.unknown = true;
                break;
            }
        }
        if let Some(fault) = first.as_mut().filter(|_| is_secret) {
            // The elements themselves have no mark: what is wrong with one could show it.
            "It fails for an element of what is sensitive, of which nothing is told."
                .clone_into(&mut fault.detail);
            fault.values.clear();
        }
        let value = if marks.unknown {
            Value::unknown(Type::Any)
        } else if it.key.is_none() {
            Value::tuple(made.items)
        } else {
            Value::Object(made.fields(it.group))
        };
        Outcome { value: marks.apply(value), fault: first }
    }

    /// One element of a `for`, in a scope of its own. What fails here leaves the whole unknown; of
    /// a value that fails, the type is known.
    fn for_element(
        &self,
        it: &For,
        made: &mut Made,
        marks: &mut Marks,
        first: &mut Option<Fault>,
    ) -> Result<(), Fault> {
        if let Some(condition) = &it.condition {
            let value = self.outcome(condition).keep(first);
            let truth = if it.key.is_none() && value.is_unknown() {
                // Of a tuple, it does not matter of what type it will be.
                None
            } else {
                // Also what is no condition at all tells of what is sensitive.
                marks.sensitive |= value.is_sensitive() && !value.is_null();
                self.as_truth(&value, condition.span, marks)?
            };
            match truth {
                Some(true) => {}
                Some(false) => return Ok(()),
                None => {
                    marks.unknown = true;
                    return Ok(());
                }
            }
        }
        let Some(key) = &it.key else {
            made.items.push(self.outcome(&it.value).keep(first));
            return Ok(());
        };
        let named = self.outcome(key).keep(first);
        // What is not known yet may be of any type.
        let name = if named.is_unknown() { None } else { name(&named, key.span, marks)? };
        let value = self.outcome(&it.value).keep(first);
        let Some(name) = name else {
            marks.unknown = true;
            return Ok(());
        };
        let values = made.keyed.entry(name).or_default();
        if values.is_empty() || it.group {
            values.push(value);
            return Ok(());
        }
        let detail = format!(
            "Two elements have the key {}. Make keys distinct, or collect values under one key \
             with `...` behind the value.",
            keyed_name(&named)
        );
        first.get_or_insert(fault("Duplicate key", detail, key.span));
        Ok(())
    }
}

/// A key of an object; nothing where it is unknown.
fn name(value: &Value, span: Span, marks: &mut Marks) -> Result<Option<Arc<str>>, Fault> {
    let value = marks.open(value);
    if value.is_null() {
        return Err(fault("Null key", "A key of an object cannot be null.", span));
    }
    let text = value.convert(&Type::String).map_err(|_| {
        let detail =
            format!("A key of an object must be a string, not a {}.", value.ty().friendly());
        fault("Wrong type", detail, span)
    })?;
    Ok(text.as_str().cloned())
}

/// What a `for` has made so far.
#[derive(Default)]
struct Made {
    /// Of a tuple.
    items: Vec<Value>,
    /// Of an object: the values under each key.
    keyed: BTreeMap<Arc<str>, Vec<Value>>,
}

impl Made {
    fn fields(self, group: bool) -> Fields {
        let fields = self.keyed.into_iter().map(|(name, mut values)| {
            let value =
                if group { Value::tuple(values) } else { values.pop().unwrap_or(Value::NULL) };
            (name, value)
        });
        fields.collect()
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
        Value::Unknown(ty, _) => match ty {
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
    let detail = format!("{} has no elements to run over.", capital(&article(&ty.friendly())));
    Err(fault("Not a collection", detail, span))
}

pub(super) fn attribute(source: &Value, name: &Name, span: Span) -> Result<Value, Fault> {
    let marked = source.is_sensitive();
    let result = match source.reveal() {
        Value::Unknown(ty, _) => match ty {
            Type::Any => Some(Value::unknown(Type::Any)),
            Type::Map(element) => Some(Value::unknown((**element).clone())),
            Type::Object(attributes) => match attributes.get(&name.text) {
                Some(attribute) => Some(Value::unknown(attribute.ty.clone())),
                None => return Err(no_attribute(name, attributes.keys())),
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
                // The keys of what is sensitive are sensitive, too.
                None if marked => return Err(no_attribute(name, [])),
                None => return Err(no_attribute(name, fields.keys())),
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
            let detail =
                format!("{} has no attributes.{hint}", capital(&article(&source.ty().friendly())));
            Err(fault("Unknown attribute", detail, name.span))
        }
    }
}

fn no_attribute<'a>(
    name: &Name,
    known: impl IntoIterator<Item = &'a Arc<str>, IntoIter: Clone>,
) -> Fault {
    let hint = did_you_mean_or_known(&name.text, known.into_iter().map(|key| &**key));
    let detail = format!("There is no attribute {:?}.{hint}", name.text);
    fault("Unknown attribute", detail, name.span)
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
    let unknown = |ty: Type| Ok(Value::unknown(ty).sensitive_if(from));
    if matches!(source, Value::Unknown(Type::Any, _)) || matches!(key, Value::Unknown(Type::Any, _))
    {
        return unknown(Type::Any);
    }
    match source {
        Value::List(_) | Value::Tuple(_) => match place(key, span)? {
            Some(at) => nth(source, &at, with, span).map(|it| it.sensitive_if(from || with)),
            None => unknown(element_type(source)),
        },
        Value::Map(_) => match named(key, span)? {
            Some(name) => {
                entry(source, &name, (from, with), span).map(|it| it.sensitive_if(from || with))
            }
            None => unknown(element_type(source)),
        },
        Value::Object(_) => match named(key, span)? {
            Some(name) => entry(source, &name, (from, with), span).map(|it| it.sensitive_if(from)),
            None => unknown(Type::Any),
        },
        Value::Set(_) | Value::Unknown(Type::Set(_), _) => {
            let detail = "The elements of a set have no index. Convert it with `tolist`.";
            Err(fault("Invalid index", detail, span))
        }
        Value::Unknown(Type::List(element), _) => {
            place(key, span)?;
            unknown((**element).clone())
        }
        Value::Unknown(Type::Tuple(types), _) => match place(key, span)? {
            Some(at) => match at.as_usize().and_then(|at| types.get(at)) {
                Some(ty) => Ok(Value::unknown(ty.clone()).sensitive_if(from || with)),
                None => Err(out_of_range(&at, types.len(), with, span)),
            },
            None => unknown(Type::Any),
        },
        Value::Unknown(Type::Map(element), _) => {
            named(key, span)?;
            unknown((**element).clone())
        }
        Value::Unknown(Type::Object(_), _) => {
            named(key, span)?;
            unknown(Type::Any)
        }
        Value::Unknown(Type::Any | Type::Bool | Type::Number | Type::String, _)
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

/// The element of this key; `hidden` says whether the collection is sensitive, and whether the key.
fn entry(source: &Value, name: &str, hidden: (bool, bool), span: Span) -> Result<Value, Fault> {
    let empty = Fields::default();
    let fields = source.as_fields().unwrap_or(&empty);
    fields.get(name).cloned().ok_or_else(|| {
        let detail = match hidden {
            (_, true) => "There is no element under this key.".to_owned(),
            (true, false) => format!("There is no element {name:?}."),
            (false, false) => {
                let hint = did_you_mean_or_known(name, fields.keys().map(|key| &**key));
                format!("There is no element {name:?}.{hint}")
            }
        };
        fault("Invalid index", detail, span)
    })
}

fn no_elements(source: &Value, span: Span) -> Fault {
    let detail = format!("{} has no elements.", capital(&article(&source.ty().friendly())));
    fault("Invalid index", detail, span)
}
