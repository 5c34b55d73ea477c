//! The types of results that are not known yet, as far as the types of the arguments tell them.
//!
//! What is wrong with an argument by its type alone is told here, too: it is wrong whatever its
//! value will be.

use super::{CallError, element_type, kind, whole};
use crate::value::{Type, Value, unify};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a type function gives.
pub(super) type Typed = Result<Type, CallError>;

/// The fault of an argument that is neither a map nor an object.
pub(super) fn needs_map(n: usize, arg: &Value) -> CallError {
    CallError::at(n, format!("must be a map or object, not {}", kind(arg)))
}

/// The fault of an argument that is neither a list nor a tuple.
pub(super) fn needs_sequence(n: usize, arg: &Value) -> CallError {
    CallError::at(n, format!("must be a list or tuple, not {}", kind(arg)))
}

/// The fault of an argument that is none of what has elements in an order.
fn needs_elements(n: usize, arg: &Value) -> CallError {
    CallError::at(n, format!("must be a list, tuple or set, not {}", kind(arg)))
}

fn first(args: &[Value]) -> Result<&Value, CallError> {
    args.first().ok_or_else(CallError::misfit)
}

/// A text.
#[expect(clippy::unnecessary_wraps, reason = "it stands among those that may fail")]
pub(super) fn text_type(_: &[Value]) -> Typed {
    Ok(Type::String)
}

/// A list as the first argument is one.
pub(super) fn same_type(args: &[Value]) -> Typed {
    Ok(Type::list(element_type(first(args)?)))
}

/// A list of such lists.
pub(super) fn chunks_type(args: &[Value]) -> Typed {
    same_type(args).map(Type::list)
}

/// A list or tuple backwards.
pub(super) fn reversed_type(args: &[Value]) -> Typed {
    let list = first(args)?;
    Ok(match list.ty() {
        Type::List(element) | Type::Set(element) => Type::List(element),
        Type::Tuple(types) => Type::Tuple(Arc::new(types.iter().rev().cloned().collect())),
        Type::Any => Type::Any,
        Type::Bool | Type::Number | Type::String | Type::Map(_) | Type::Object(_) => {
            return Err(needs_elements(0, list));
        }
    })
}

/// All elements one after the other: a list of lists, a tuple where one is among them.
pub(super) fn joined_type(args: &[Value]) -> Typed {
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    if types.contains(&Type::Any) {
        return Ok(Type::Any);
    }
    let elements: Option<Vec<Type>> = types
        .iter()
        .map(|ty| match ty {
            Type::List(element) => Some((**element).clone()),
            _ => None,
        })
        .collect();
    if let Some(elements) = elements {
        return Ok(unify(&elements).map_or(Type::Any, Type::list));
    }
    let mut joined = Vec::new();
    for (n, (arg, ty)) in args.iter().zip(types).enumerate() {
        match (arg, ty) {
            (_, Type::Tuple(types)) => joined.extend(types.iter().cloned()),
            (Value::List(list), _) => joined.extend(list.items.iter().map(Value::ty)),
            // How many elements it has is not known.
            (_, Type::List(_)) => return Ok(Type::Any),
            _ => return Err(needs_sequence(n, arg)),
        }
    }
    Ok(Type::Tuple(Arc::new(joined)))
}

/// The entries of all maps and objects in one, as far as their names are known.
pub(super) fn merged_type(args: &[Value]) -> Typed {
    let mut merged = BTreeMap::new();
    let mut all_known = true;
    let mut alike = true;
    for (n, arg) in args.iter().enumerate() {
        let ty = arg.ty();
        alike &= first(args)?.ty() == ty;
        match (arg, ty) {
            (_, Type::Any) => return Ok(Type::Any),
            (Value::Null(_), Type::Object(_) | Type::Map(_)) => {}
            (_, Type::Object(attributes)) => {
                let types = attributes.iter().map(|(name, it)| (Arc::clone(name), it.ty.clone()));
                merged.extend(types);
            }
            (Value::Map(map), _) => {
                let types =
                    map.fields.keys().map(|name| (Arc::clone(name), map.element_type.clone()));
                merged.extend(types);
            }
            (_, Type::Map(_)) => all_known = false,
            _ => return Err(needs_map(n, arg)),
        }
    }
    Ok(match args {
        [first, ..] if alike => first.ty(),
        _ if all_known => Type::object(merged),
        _ => Type::Any,
    })
}

/// The values of a map or an object.
pub(super) fn values_type(args: &[Value]) -> Typed {
    let map = first(args)?;
    Ok(match map.ty() {
        Type::Map(element) => Type::List(element),
        Type::Object(attributes) => {
            Type::Tuple(Arc::new(attributes.values().map(|it| it.ty.clone()).collect()))
        }
        Type::Any => Type::Any,
        Type::Bool
        | Type::Number
        | Type::String
        | Type::List(_)
        | Type::Set(_)
        | Type::Tuple(_) => return Err(needs_map(0, map)),
    })
}

/// A map of the elements of the second argument, or an object of those of a tuple.
pub(super) fn zipped_type(args: &[Value]) -> Typed {
    let [keys, values] = args else { return Err(CallError::misfit()) };
    Ok(match values.ty() {
        Type::List(element) => Type::Map(element),
        Type::Tuple(types) => {
            let (keys, _) = keys.reveal_deep();
            let Some(keys) = keys.as_items().filter(|_| keys.is_wholly_known()) else {
                return Ok(Type::Any);
            };
            if keys.len() != types.len() {
                return Err(uneven(keys.len(), types.len()));
            }
            let names = keys.iter().filter_map(|key| key.as_str().map(Arc::clone));
            Type::object(names.zip(types.iter().cloned()))
        }
        Type::Any => Type::Any,
        Type::Bool
        | Type::Number
        | Type::String
        | Type::Set(_)
        | Type::Map(_)
        | Type::Object(_) => return Err(needs_sequence(1, values)),
    })
}

/// The fault of keys and values that are not as many.
pub(super) fn uneven(keys: usize, values: usize) -> CallError {
    CallError::new(format!("there are {keys} keys, but {values} values"))
}

/// The only element of the argument.
pub(super) fn only_type(args: &[Value]) -> Typed {
    let list = first(args)?;
    Ok(match list.ty() {
        Type::List(element) | Type::Set(element) => (*element).clone(),
        Type::Tuple(types) => match types.as_slice() {
            [] => Type::Any,
            [only] => only.clone(),
            [_, _, ..] => return Err(too_many(types.len())),
        },
        Type::Any => Type::Any,
        Type::Bool | Type::Number | Type::String | Type::Map(_) | Type::Object(_) => {
            return Err(needs_elements(0, list));
        }
    })
}

/// The fault of more than the one element that there may be.
pub(super) fn too_many(count: usize) -> CallError {
    CallError::at(0, format!("must have no or one element, but has {count}"))
}

/// The type of an element of the first argument; of a tuple, of the one that the second counts to.
pub(super) fn element_of(args: &[Value]) -> Type {
    let Some(Type::Tuple(types)) = args.first().map(Value::ty) else {
        return args.first().map_or(Type::Any, element_type);
    };
    let index = args.get(1).and_then(Value::as_number).and_then(crate::value::Number::as_i64);
    let length = i64::try_from(types.len()).unwrap_or(i64::MAX);
    let index = index.and_then(|index| usize::try_from(index.checked_rem(length)?).ok());
    index.and_then(|index| types.get(index)).cloned().unwrap_or(Type::Any)
}

/// A number, of what has elements.
pub(super) fn sum_type(args: &[Value]) -> Typed {
    match first(args)? {
        Value::Unknown(Type::Any, _) | Value::Null(Type::Any) => Ok(Type::Any),
        map @ (Value::Map(_) | Value::Object(_)) => Err(needs_elements(0, map)),
        _ => Ok(Type::Number),
    }
}

/// A number, of a text.
pub(super) fn parsed_type(args: &[Value]) -> Typed {
    let given = first(args)?;
    match given.ty() {
        Type::String => Ok(Type::Number),
        Type::Any => Ok(Type::Any),
        other => Err(CallError::at(0, format!("must be a string, not {}", other.friendly()))),
    }
}

/// The part of a list, or of a tuple if it is known which.
pub(super) fn slice_type(args: &[Value]) -> Typed {
    let list = first(args)?;
    if matches!(list, Value::Unknown(Type::Any, _)) {
        return Ok(Type::Any);
    }
    let bounds = slice_bounds(args)?;
    Ok(match (list.ty(), bounds) {
        (Type::Tuple(types), (Some(start), Some(end))) => {
            let part = types.get(start..end).ok_or_else(CallError::misfit)?;
            Type::Tuple(Arc::new(part.to_vec()))
        }
        (Type::Tuple(_), _) => Type::Any,
        (ty, _) => ty,
    })
}

/// Where the part of a list begins and where it ends, as far as that is known.
pub(super) fn slice_bounds(args: &[Value]) -> Result<(Option<usize>, Option<usize>), CallError> {
    let list = first(args)?;
    let length = match list {
        Value::List(list) => Some(list.items.len()),
        Value::Tuple(items) => Some(items.len()),
        Value::Unknown(Type::Tuple(types), _) => Some(types.len()),
        Value::Unknown(Type::List(_), _) => None,
        Value::Set(_) | Value::Unknown(Type::Set(_), _) => {
            return Err(CallError::at(
                0,
                "must not be a set, because its elements have no indices; convert it with tolist \
                 if the order does not matter",
            ));
        }
        other => return Err(needs_sequence(0, other)),
    };
    let bound = |n: usize| {
        if args.get(n).is_none_or(Value::is_unknown) {
            return Ok(None);
        }
        let bound = usize::try_from(whole(args, n)?)
            .map_err(|_| CallError::at(n, "must not be less than zero"))?;
        if length.is_some_and(|length| bound > length) {
            return Err(CallError::at(n, "must not be greater than the length of the list"));
        }
        Ok(Some(bound))
    };
    let (start, end) = (bound(1)?, bound(2)?);
    if start.zip(end).is_some_and(|(start, end)| start > end) {
        return Err(CallError::at(1, "must not be greater than the end index"));
    }
    Ok((start, end))
}

/// A list of values of which those are kept whose keys are looked for.
pub(super) fn matched_type(args: &[Value]) -> Typed {
    let [_, keys, wanted] = args else { return Err(CallError::misfit()) };
    keys_type(keys, wanted)?;
    same_type(args)
}

/// The type that keys and what is looked for among them have in common.
pub(super) fn keys_type(keys: &Value, wanted: &Value) -> Typed {
    unify(&[element_type(keys), element_type(wanted)]).ok_or_else(keys_clash)
}

/// The fault of keys that cannot be compared with what is looked for.
pub(super) fn keys_clash() -> CallError {
    CallError::at(2, "must be of the same type as the keys")
}

/// A set of what all arguments have in common.
pub(super) fn common_type(args: &[Value]) -> Typed {
    // An empty set of anything says nothing.
    let says = |arg: &&Value| {
        element_type(arg) != Type::Any || !arg.as_items().is_some_and(<[Value]>::is_empty)
    };
    let types: Vec<Type> = args.iter().filter(says).map(element_type).collect();
    unify(&types).map(Type::set).ok_or_else(sets_clash)
}

/// The fault of sets whose elements have no type in common.
pub(super) fn sets_clash() -> CallError {
    CallError::new("the elements of all sets must have compatible types")
}

/// All combinations of elements of the arguments.
pub(super) fn product_type(args: &[Value]) -> Typed {
    if args.iter().any(|arg| matches!(arg, Value::Unknown(Type::Any, _))) {
        return Ok(Type::Any);
    }
    let mut any_set = false;
    let mut row = Vec::with_capacity(args.len());
    for (n, arg) in args.iter().enumerate() {
        let ty = arg.ty();
        any_set |= matches!(ty, Type::Set(_));
        row.push(match ty {
            Type::List(element) | Type::Set(element) => (*element).clone(),
            Type::Tuple(types) => {
                unify(&types).ok_or_else(|| CallError::at(n, "list of any single type required"))?
            }
            _ => return Err(CallError::at(n, "must be a list or a set")),
        });
    }
    let row = Type::Tuple(Arc::new(row));
    Ok(if any_set { Type::set(row) } else { Type::list(row) })
}
