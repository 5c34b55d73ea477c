//! Functions of files, which the caller provides.

use super::{CallError, Context, text};
use crate::value::Value;

pub(super) fn file(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    let path = text(args.first().ok_or_else(CallError::misfit)?)?;
    let bytes = context.files.read(path).map_err(|reason| {
        CallError::at(0, format!("cannot read {path:?}: {reason}")).hiding("cannot read the file")
    })?;
    String::from_utf8(bytes).map(Value::from).map_err(|_| {
        CallError::at(0, format!("the content of {path:?} is not valid UTF-8"))
            .hiding("the content of the file is not valid UTF-8")
    })
}

pub(super) fn fileexists(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    let path = text(args.first().ok_or_else(CallError::misfit)?)?;
    Ok(Value::from(context.files.exists(path)))
}
