//! Conversions, and marks of sensitivity.

use super::{CallError, Context, kind};
use crate::value::{Type, Value};

fn one(args: &[Value]) -> Result<&Value, CallError> {
    args.first().ok_or_else(CallError::misfit)
}

/// Converts to `ty`, which the message calls `noun`.
fn convert(args: &[Value], ty: &Type, noun: &str) -> Result<Value, CallError> {
    let value = one(args)?;
    let converted = value.convert(ty).map(|converted| {
        // As in Terraform, nothing but its type is kept of what is not known yet.
        if converted.is_unknown() {
            Value::unknown(converted.ty()).sensitive_if(converted.is_sensitive())
        } else {
            converted
        }
    });
    converted.map_err(|error| {
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
    collection(args, &Type::list(Type::Any), "list of any single type")
}

pub(super) fn toset(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    collection(args, &Type::set(Type::Any), "set of any single type")
}

pub(super) fn tomap(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    collection(args, &Type::map(Type::Any), "map of any single type")
}

/// Converts to a collection. Of what elements one will be that is not known yet is left open.
fn collection(args: &[Value], ty: &Type, noun: &str) -> Result<Value, CallError> {
    let collection = convert(args, ty, noun)?;
    let given = one(args)?;
    Ok(if given.is_unknown() {
        Value::unknown(ty.clone()).sensitive_if(given.is_sensitive())
    } else {
        collection
    })
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
        Value::Unknown(..) => Value::unknown(Type::Bool),
        _ => Value::from(value.is_sensitive()),
    })
}

/// Nothing is ephemeral here, so nothing becomes null.
pub(super) fn ephemeralasnull(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    Ok(one(args)?.clone())
}
