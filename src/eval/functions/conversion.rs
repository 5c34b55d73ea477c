//! Conversions, and marks of sensitivity.

use super::{CallError, Context, kind};
use crate::value::{Type, Value, unify};

fn one(args: &[Value]) -> Result<&Value, CallError> {
    args.first().ok_or_else(CallError::misfit)
}

/// Converts to `ty`, which the message calls `noun`.
fn convert(args: &[Value], ty: &Type, noun: &str) -> Result<Value, CallError> {
    let value = one(args)?;
    value.convert(ty).map_err(|error| {
        let text = value.as_str().filter(|_| matches!(ty, Type::Bool | Type::Number));
        let rule = match (ty, text) {
            (Type::Bool, Some(_)) => "; only \"true\" and \"false\" are allowed",
            (Type::Number, Some(_)) => "; a decimal number is required",
            _ => "",
        };
        let discreet = format!("cannot convert {} to {noun}{rule}", kind(value));
        match text {
            Some(text) => CallError::at(0, format!("cannot convert {text:?} to {noun}{rule}")),
            None if error.path.is_empty() => CallError::at(0, discreet.clone()),
            None => CallError::at(0, format!("cannot convert {} to {noun}: {error}", kind(value))),
        }
        .hiding(discreet)
    })
}

pub(super) fn tostring(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    convert(args, &Type::String, "string")
}

pub(super) fn tonumber(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    convert(args, &Type::Number, "number")
}

pub(super) fn tobool(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    convert(args, &Type::Bool, "bool")
}

pub(super) fn tolist(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let element = undecided_element(one(args)?);
    convert(args, &Type::list(element), "list of any single type")
}

/// How many elements a set has hangs on all of them, so one that is unknown leaves all unknown.
pub(super) fn toset(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let value = one(args)?;
    let set = convert(args, &Type::set(undecided_element(value)), "set of any single type")?;
    Ok(if value.is_wholly_known() { set } else { Value::Unknown(set.ty()) })
}

pub(super) fn tomap(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let element = undecided_element(one(args)?);
    convert(args, &Type::map(element), "map of any single type")
}

/// The type of the elements of a value of which only the type is known; any for others.
fn undecided_element(value: &Value) -> Type {
    let (Value::Unknown(ty) | Value::Null(ty)) = value.reveal() else { return Type::Any };
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => (**element).clone(),
        Type::Tuple(types) => unify(types).unwrap_or(Type::Any),
        Type::Object(attributes) => {
            let types: Vec<Type> = attributes.values().map(|a| a.ty.clone()).collect();
            unify(&types).unwrap_or(Type::Any)
        }
        Type::Any | Type::Bool | Type::Number | Type::String => Type::Any,
    }
}

pub(super) fn sensitive(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    Ok(one(args)?.clone().sensitive())
}

/// Takes the value's own mark away; parts keep theirs.
pub(super) fn nonsensitive(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    Ok(one(args)?.reveal().clone())
}

/// What is unknown may still turn out to be sensitive.
pub(super) fn issensitive(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let value = one(args)?;
    Ok(match value {
        Value::Unknown(_) => Value::Unknown(Type::Bool),
        _ => Value::from(value.is_sensitive()),
    })
}

/// Nothing is ephemeral here, so nothing becomes null.
pub(super) fn ephemeralasnull(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    Ok(one(args)?.clone())
}
