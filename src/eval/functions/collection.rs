//! Functions of lists, tuples, maps and objects.

use super::typing::{
    element_of, keys_clash, keys_type, needs_map, needs_sequence, slice_bounds, zipped_type,
};
use super::{
    CallError, Context, MAX_GATHERED, clusters, element_type, items, kind, strings, text, whole,
};
use crate::eval::expression::equal;
use crate::value::{Bounds, Fields, Type, Value, unify};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn one(args: &[Value]) -> Result<&Value, CallError> {
    args.first().ok_or_else(CallError::misfit)
}

/// A sequence of the kind that `like` is: a list of the same type, or a tuple.
fn sequence(like: &Value, items: Vec<Value>) -> Value {
    match like {
        Value::List(list) => Value::list(list.element_type.clone(), items),
        Value::Set(set) => Value::list(set.element_type.clone(), items),
        _ => Value::tuple(items),
    }
}

fn count(count: usize) -> Value {
    Value::Number(count.into())
}

pub(super) fn length(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let value = one(args)?;
    Ok(match value {
        Value::String(text) => count(clusters(text).count()),
        // What is not known may be equal to another element.
        Value::Set(set) if set.may_shrink() => {
            Value::bounded(Type::Number, Bounds::between(1_usize, set.items.len()))
        }
        Value::List(elements) | Value::Set(elements) => count(elements.items.len()),
        Value::Map(map) => count(map.fields.len()),
        Value::Tuple(items) => count(items.len()),
        Value::Object(fields) => count(fields.len()),
        Value::Unknown(Type::Tuple(items), _) => count(items.len()),
        Value::Unknown(Type::Object(attributes), _) => count(attributes.len()),
        Value::Unknown(Type::Any, _) => Value::unknown(Type::Number),
        Value::Unknown(Type::String, _) => {
            let least = Some(clusters(&value.bounds().prefix).count().into());
            Value::bounded(Type::Number, Bounds { least, ..Bounds::default() })
        }
        Value::Unknown(Type::List(_) | Type::Set(_) | Type::Map(_), _) => {
            let Bounds { least, most, .. } = value.bounds();
            let least = least.unwrap_or_else(|| 0_usize.into());
            let most = most.unwrap_or_else(|| i64::MAX.into());
            Value::bounded(Type::Number, Bounds::between(least, most))
        }
        Value::Null(_)
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Unknown(Type::Bool | Type::Number, _)
        | Value::Sensitive(_) => {
            return Err(CallError::at(0, "must be a string, a collection, a tuple or an object"));
        }
    })
}

/// Counts round and round, in a list also backwards from its end.
pub(super) fn element(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let list = one(args)?;
    let length = match list {
        Value::List(list) => Some(list.items.len()),
        Value::Tuple(items) => Some(items.len()),
        Value::Unknown(Type::Tuple(types), _) => Some(types.len()),
        Value::Unknown(Type::Any | Type::List(_), _) => None,
        other => {
            return Err(needs_sequence(0, other));
        }
    };
    let unknown = || Ok(Value::unknown(element_of(args)));
    if args.get(1).is_none_or(Value::is_unknown) {
        return unknown();
    }
    let Some(length) = length else { return unknown() };
    let index = whole(args, 1)?;
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    // Terraform fails within, but for the multiples of the length; a tuple is what `[…]` makes.
    let is_list = matches!(list, Value::List(_));
    if index < 0 && !is_list && index.checked_rem(length) != Some(0) {
        let message = "must not be less than zero for a tuple; tolist makes a list of one";
        return Err(CallError::at(1, message));
    }
    let Some(index) = index.checked_rem_euclid(length) else {
        return Err(CallError::at(0, "must not be empty"));
    };
    match list.as_items() {
        None => unknown(),
        Some(items) => usize::try_from(index)
            .ok()
            .and_then(|index| items.get(index))
            .cloned()
            .ok_or_else(CallError::misfit),
    }
}

pub(super) fn concat(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let mut all = Vec::new();
    for (n, arg) in args.iter().enumerate() {
        let (Value::List(_) | Value::Tuple(_)) = arg else {
            return Err(needs_sequence(n, arg));
        };
        all.extend_from_slice(items(arg)?);
        if all.len() > MAX_GATHERED {
            return Err(too_many());
        }
    }
    if args.iter().all(|arg| matches!(arg, Value::List(_))) {
        // An empty list of anything says nothing.
        let says = |ty: &Type, arg: &Value| {
            *ty != Type::Any || !arg.as_items().is_some_and(<[Value]>::is_empty)
        };
        let types = args.iter().map(|arg| (element_type(arg), arg));
        let types = types.filter(|(ty, arg)| says(ty, arg)).map(|(ty, _)| ty);
        if let Some(ty) = unify(&types.collect::<Vec<_>>())
            && let Ok(all) = all.iter().map(|item| item.convert(&ty)).collect::<Result<_, _>>()
        {
            return Ok(Value::list(ty, all));
        }
    }
    Ok(Value::tuple(all))
}

fn too_many() -> CallError {
    CallError::new("would build more than 10,000,000 elements")
}

pub(super) fn merge(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let mut common: Option<Type> = None;
    let mut all_maps = !args.is_empty();
    let mut any = false;
    let mut entries: Vec<(Arc<str>, Value)> = Vec::new();
    for (n, arg) in args.iter().enumerate() {
        let map_type = match arg {
            Value::Map(map) => Some(map.element_type.clone()),
            Value::Null(Type::Map(element)) => Some((**element).clone()),
            Value::Object(_) | Value::Null(Type::Any | Type::Object(_)) => None,
            // Behind a null of no type, Terraform looks at no types.
            other if any && other.as_items().is_some_and(<[Value]>::is_empty) => None,
            other => {
                return Err(needs_map(n, other));
            }
        };
        any |= matches!(arg, Value::Null(Type::Any));
        all_maps &= map_type.is_some() && (common.is_none() || common == map_type);
        common = common.or(map_type);
        let fields = arg.as_fields().into_iter().flat_map(Fields::iter);
        entries.extend(fields.map(|(name, value)| (Arc::clone(name), value.clone())));
        if entries.len() > MAX_GATHERED {
            return Err(too_many());
        }
    }
    let fields = entries.into_iter().collect();
    Ok(match common {
        Some(ty) if all_maps => Value::map(ty, fields),
        _ => Value::Object(fields),
    })
}

pub(super) fn lookup(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [map, key, default @ ..] = args else { return Err(CallError::misfit()) };
    // A default that is not taken tells nothing, so that it may be sensitive by itself.
    let marked = map.is_sensitive() || key.is_sensitive();
    looked_up(map.reveal(), key.reveal(), default).map(|found| found.sensitive_if(marked))
}

fn looked_up(map: &Value, key: &Value, default: &[Value]) -> Result<Value, CallError> {
    let element = match map {
        Value::Map(map) => map.element_type.clone(),
        Value::Object(_) => Type::Any,
        Value::Unknown(Type::Map(element), _) => {
            default_of(default, element)?;
            return Ok(Value::unknown((**element).clone()));
        }
        Value::Unknown(Type::Object(attributes), _) => {
            let found = key.as_str().map(|key| attributes.get(key).map(|it| it.ty.clone()));
            return match (found, default.first()) {
                (Some(Some(ty)), _) => Ok(Value::unknown(ty)),
                (Some(None), Some(default)) => Ok(Value::unknown(default.ty())),
                (Some(None), None) => {
                    let message = "the object has no such attribute, and there is no default";
                    Err(CallError::at(0, message))
                }
                (None, _) => Ok(Value::unknown(Type::Any)),
            };
        }
        Value::Unknown(Type::Any, _) => return Ok(Value::unknown(Type::Any)),
        other => {
            return Err(needs_map(0, other));
        }
    };
    let default = default_of(default, &element)?;
    if key.is_unknown() {
        return Ok(Value::unknown(element));
    }
    let key = text(key)?;
    map.get(key).cloned().or(default).ok_or_else(|| {
        let (whole, part) = match map {
            Value::Object(_) => ("object", "attribute"),
            _ => ("map", "element"),
        };
        CallError::at(0, format!("the {whole} has no {part} {key:?}, and there is no default"))
            .hiding(format!("the {whole} has no such {part}, and there is no default"))
    })
}

/// The default of `lookup`, of the type that the map's elements have.
fn default_of(default: &[Value], element: &Type) -> Result<Option<Value>, CallError> {
    let wrong = |_| CallError::at(2, "must have the type of the map's elements");
    default.first().map(|default| default.convert(element).map_err(wrong)).transpose()
}

pub(super) fn keys(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let name = |name: &Arc<str>| Value::from(Arc::clone(name));
    Ok(match one(args)? {
        Value::Map(map) => strings(map.fields.keys().map(|name| &**name)),
        Value::Object(fields) => Value::tuple(fields.keys().map(name).collect()),
        Value::Unknown(Type::Object(attributes), _) => {
            Value::tuple(attributes.keys().map(name).collect())
        }
        Value::Unknown(Type::Map(_), _) => Value::unknown(Type::list(Type::String)),
        Value::Unknown(Type::Any, _) => Value::unknown(Type::Any),
        other => {
            return Err(needs_map(0, other));
        }
    })
}

pub(super) fn values(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    match one(args)? {
        Value::Map(map) => {
            Ok(Value::list(map.element_type.clone(), map.fields.values().cloned().collect()))
        }
        Value::Object(fields) => Ok(Value::tuple(fields.values().cloned().collect())),
        other => Err(needs_map(0, other)),
    }
}

pub(super) fn contains(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [list, value] = args else { return Err(CallError::misfit()) };
    let Some(items) = list.as_items() else {
        return Err(CallError::at(0, format!("must be a list, tuple or set, not {}", kind(list))));
    };
    if value.is_wholly_known() && list.is_wholly_known() {
        return Ok(Value::from(items.contains(value)));
    }
    let mut undecided = false;
    for item in items {
        match equal(item, value) {
            Some(true) => return Ok(Value::from(true)),
            Some(false) => {}
            None => undecided = true,
        }
    }
    Ok(if undecided { Value::unknown(Type::Bool) } else { Value::from(false) })
}

pub(super) fn index(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [list, value] = args else { return Err(CallError::misfit()) };
    let (Value::List(_) | Value::Tuple(_)) = list else {
        return Err(needs_sequence(0, list));
    };
    let items = items(list)?;
    let is_known = list.is_wholly_known() && value.is_wholly_known();
    for (n, item) in items.iter().enumerate() {
        match if is_known { Some(item == value) } else { equal(item, value) } {
            Some(true) => return Ok(count(n)),
            Some(false) => {}
            None => return Ok(Value::unknown(Type::Number)),
        }
    }
    Err(if items.is_empty() {
        CallError::at(0, "must not be empty")
    } else {
        CallError::at(1, "is not an element of the list")
    })
}

/// What `flatten` has met on its way.
#[derive(Default)]
struct Flat {
    items: Vec<Value>,
    marked: bool,
    undecided: bool,
}

impl Flat {
    fn gather(&mut self, value: &Value) -> Result<(), CallError> {
        if let Some(items) = value.as_items() {
            // How many elements a sensitive list has is not to be shown either.
            self.marked |= value.is_sensitive();
            self.undecided |= matches!(value.reveal(), Value::Set(set) if set.may_shrink());
            for item in items {
                self.gather(item)?;
            }
        } else {
            self.undecided |= match value.reveal() {
                Value::Unknown(ty, _) => match ty {
                    Type::Any | Type::List(_) | Type::Set(_) | Type::Tuple(_) => true,
                    Type::Bool | Type::Number | Type::String | Type::Map(_) | Type::Object(_) => {
                        false
                    }
                },
                _ => false,
            };
            self.items.push(value.clone());
            if self.items.len() > MAX_GATHERED {
                return Err(too_many());
            }
        }
        Ok(())
    }
}

pub(super) fn flatten(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let list = one(args)?;
    let mut flat = Flat::default();
    match list.as_fields() {
        // Of what is not known, Terraform does not ask of what type it is.
        Some(fields) if !list.is_wholly_known() => {
            fields.values().try_for_each(|value| flat.gather(value))?;
        }
        _ if list.as_items().is_some() => flat.gather(list)?,
        _ => {
            let message = format!("must be a list, set or tuple, not {}", kind(list));
            return Err(CallError::at(0, message));
        }
    }
    let value = if flat.undecided { Value::unknown(Type::Any) } else { Value::tuple(flat.items) };
    Ok(value.sensitive_if(flat.marked))
}

pub(super) fn distinct(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let list = one(args)?;
    let mut seen = BTreeSet::new();
    let kept = items(list)?.iter().filter(|item| seen.insert(*item)).cloned().collect();
    Ok(Value::list(element_type(list), kept))
}

/// The first argument that is neither null nor an empty text, as the type that all have in common.
pub(super) fn coalesce(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    let clash = || CallError::new("all arguments must have the same type");
    let common = unify(&types).ok_or_else(clash)?;
    let mut passed_over = false;
    for arg in args {
        if arg.is_unknown() {
            return Ok(Value::unknown(common));
        }
        if arg.is_null() || arg.as_str().is_some_and(|text| text.is_empty()) {
            continue;
        }
        // What does not convert is passed over, as in Terraform.
        match arg.convert(&common) {
            Ok(value) => return Ok(value),
            Err(_) => passed_over = true,
        }
    }
    Err(if passed_over {
        clash()
    } else {
        CallError::new("all arguments are null or empty strings")
    })
}

pub(super) fn coalescelist(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    // What stands behind an unknown value is not looked at.
    for (n, arg) in args.iter().enumerate().take_while(|(_, arg)| !arg.is_unknown()) {
        let (Value::List(_) | Value::Tuple(_) | Value::Null(Type::List(_) | Type::Tuple(_))) = arg
        else {
            return Err(needs_sequence(n, arg));
        };
    }
    for arg in args {
        if arg.is_unknown() {
            return Ok(Value::unknown(Type::Any));
        }
        if arg.as_items().is_some_and(|items| !items.is_empty()) {
            return Ok(arg.clone());
        }
    }
    Err(CallError::new("all arguments are null or empty"))
}

pub(super) fn reverse(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let list = one(args)?;
    let Some(items) = list.as_items() else {
        return Err(CallError::at(0, format!("must be a list, tuple or set, not {}", kind(list))));
    };
    Ok(sequence(list, items.iter().rev().cloned().collect()))
}

pub(super) fn slice(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let list = one(args)?;
    let (Some(start), Some(end)) = slice_bounds(args)? else { return Err(CallError::misfit()) };
    let part = items(list)?.get(start..end).ok_or_else(CallError::misfit)?;
    Ok(sequence(list, part.to_vec()))
}

pub(super) fn zipmap(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [keys, values] = args else { return Err(CallError::misfit()) };
    let (Value::List(_) | Value::Tuple(_)) = values else {
        return Err(needs_sequence(1, values));
    };
    let (keys, marked) = keys.reveal_deep();
    let keys = items(&keys)?;
    let items = items(values)?;
    if keys.iter().any(Value::is_unknown) {
        return Ok(Value::unknown(zipped_type(args)?).sensitive_if(marked));
    }
    if keys.len() != items.len() {
        let message = format!("there are {} keys, but {} values", keys.len(), items.len());
        return Err(CallError::new(message));
    }
    let mut entries = Vec::with_capacity(keys.len());
    for (n, (key, item)) in keys.iter().zip(items).enumerate() {
        match key {
            Value::String(key) => entries.push((Arc::clone(key), item.clone())),
            _ => return Err(CallError::at(0, format!("[{n}]: must not be null"))),
        }
    }
    let fields = entries.into_iter().collect();
    let value = match values {
        Value::List(list) => Value::map(list.element_type.clone(), fields),
        _ => Value::Object(fields),
    };
    Ok(value.sensitive_if(marked))
}

pub(super) fn transpose(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let map = one(args)?.as_fields().ok_or_else(CallError::misfit)?;
    let mut turned: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
    for (name, list) in map.iter() {
        let null = || {
            CallError::at(0, format!("[{name:?}]: must not be null")).hiding("must not hold null")
        };
        for item in list.as_items().ok_or_else(null)? {
            let item = item.as_str().ok_or_else(null)?;
            turned.entry(Arc::clone(item)).or_default().push(Value::from(Arc::clone(name)));
        }
    }
    let fields = turned.into_iter().map(|(name, list)| (name, Value::list(Type::String, list)));
    Ok(Value::map(Type::list(Type::String), fields.collect()))
}

pub(super) fn chunklist(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let list = one(args)?;
    let size = usize::try_from(whole(args, 1)?)
        .map_err(|_| CallError::at(1, "must not be less than zero"))?;
    let items = items(list)?;
    let ty = element_type(list);
    // A size of zero asks for one chunk.
    let size = if size == 0 { items.len().max(1) } else { size };
    let chunks = items.chunks(size).map(|chunk| Value::list(ty.clone(), chunk.to_vec())).collect();
    Ok(Value::list(Type::list(ty), chunks))
}

/// The values whose keys are in the search set.
pub(super) fn matchkeys(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [values, keys, wanted] = args else { return Err(CallError::misfit()) };
    if items(values)?.len() != items(keys)?.len() {
        return Err(CallError::new("there must be as many keys as values"));
    }
    let ty = Type::list(keys_type(keys, wanted)?);
    let clash = |_| keys_clash();
    let keys = keys.convert(&ty).map_err(clash)?;
    let wanted = wanted.convert(&ty).map_err(clash)?;
    let none = || Ok(Value::list(element_type(values), Vec::new()));
    if items(&wanted)?.is_empty() {
        return none();
    }
    if !values.is_wholly_known() || !keys.is_wholly_known() {
        return Ok(Value::unknown(Type::list(element_type(values))));
    }
    // Behind something that is not known, nothing is looked for: as in Terraform, nothing is found.
    let known = items(&wanted)?.iter().take_while(|item| item.is_wholly_known());
    let set: BTreeSet<&Value> = known.clone().collect();
    let all_known = known.count() == items(&wanted)?.len();
    let mut kept = Vec::new();
    for (value, key) in items(values)?.iter().zip(items(&keys)?) {
        if set.contains(key) {
            kept.push(value.clone());
        } else if !all_known {
            return none();
        }
    }
    Ok(Value::list(element_type(values), kept))
}

pub(super) fn one_of(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let list = one(args)?;
    if let Value::Set(set) = list
        && set.may_shrink()
    {
        return Ok(Value::unknown(set.element_type.clone()));
    }
    match list.as_items() {
        Some([]) => Ok(Value::Null(element_type(list))),
        Some([item]) => Ok(item.clone()),
        Some(items) => {
            Err(CallError::at(0, format!("must have no or one element, but has {}", items.len())))
        }
        None => Err(CallError::at(0, format!("must be a list, set or tuple, not {}", kind(list)))),
    }
}

/// A null is not true. As in Terraform, what stands behind an unknown element does not matter.
pub(super) fn alltrue(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let decisive = |item: &&Value| item.as_bool() != Some(true);
    Ok(match items(one(args)?)?.iter().find(decisive) {
        Some(item) if item.is_unknown() => Value::unknown(Type::Bool),
        found => Value::from(found.is_none()),
    })
}

pub(super) fn anytrue(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let items = items(one(args)?)?;
    Ok(if items.iter().any(|item| item.as_bool() == Some(true)) {
        Value::from(true)
    } else if items.iter().any(Value::is_unknown) {
        Value::unknown(Type::Bool)
    } else {
        Value::from(false)
    })
}
