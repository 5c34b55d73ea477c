//! Function calls, and the two functions whose arguments may fail.

use super::{Fault, Scope, capital, fault};
use crate::config::Call;
use crate::diag::{Span, did_you_mean};
use crate::eval::functions::{self, CallError, Function};
use crate::value::{Type, Value};

impl Scope<'_> {
    pub(super) fn call(&self, call: &Call, span: Span) -> Result<Value, Fault> {
        match call.name.text.strip_prefix("core::").unwrap_or(&call.name.text) {
            "try" => return self.try_call(call, span),
            "can" => return self.can_call(call, span),
            _ => {}
        }
        let Some(function) = functions::find(&call.name.text) else {
            let known = functions::FUNCTIONS.iter().map(|function| function.name);
            let hint = did_you_mean(&call.name.text, known);
            let detail = format!("There is no function {:?}.{hint}", call.name.text);
            return Err(fault("Unknown function", detail, call.name.span));
        };
        let mut arguments =
            call.arguments.iter().map(|it| self.eval(it)).collect::<Result<Vec<_>, _>>()?;
        let mut marked = false;
        if call.expand
            && let Some(last) = arguments.pop()
        {
            marked = last.is_sensitive();
            match last.reveal() {
                Value::Unknown(_) => return Ok(Value::Unknown(Type::Any).sensitive_if(marked)),
                open => match open.as_items() {
                    Some(items) => arguments.extend(items.iter().cloned()),
                    None => {
                        let at = call.arguments.last().map_or(span, |argument| argument.span);
                        let detail = "What ends with `...` must be a list, a set or a tuple.";
                        return Err(fault("Wrong type", detail, at));
                    }
                },
            }
        }
        let result = if function.special {
            self.render(function, call, &arguments, span)?
        } else {
            function
                .call(&arguments, self.world.context())
                .map_err(|error| self.refuse(function, call, &error))?
        };
        Ok(result.sensitive_if(marked))
    }

    /// The fault of a call that a function refuses.
    pub(super) fn refuse(&self, function: &Function, call: &Call, error: &CallError) -> Fault {
        let argument = error.argument.and_then(|n| {
            // An expanded argument stands where its list stands.
            call.arguments.get(n).or(call.arguments.last())
        });
        let at = argument.map_or(call.name.span, |argument| argument.span);
        let detail = format!("{}. It is {}.", capital(&error.message), function.signature());
        fault("Invalid function call", detail, at)
    }

    /// `try(a, b, …)`: the first that has a value.
    fn try_call(&self, call: &Call, span: Span) -> Result<Value, Fault> {
        let mut last = None;
        for argument in &call.arguments {
            match self.eval(argument) {
                // What is not known yet may still fail, and another expression may be the one.
                Ok(value) if !value.is_wholly_known() => return Ok(Value::Unknown(Type::Any)),
                Ok(value) => return Ok(value),
                Err(fault) => last = Some(fault),
            }
        }
        Err(match last {
            Some(last) => fault(
                "Invalid function call",
                format!(
                    "None of the expressions given to `try` has a value; of the last: {}",
                    last.detail
                ),
                last.subject.unwrap_or(span),
            ),
            None => fault("Invalid function call", "`try` expects at least one argument.", span),
        })
    }

    /// `can(a)`: whether it has a value.
    fn can_call(&self, call: &Call, span: Span) -> Result<Value, Fault> {
        match call.arguments.as_slice() {
            [only] => Ok(match self.eval(only) {
                Ok(value) if value.is_wholly_known() => Value::Bool(true),
                Ok(_) => Value::Unknown(Type::Bool),
                Err(_) => Value::Bool(false),
            }),
            _ => Err(fault("Invalid function call", "`can` expects one argument.", span)),
        }
    }
}
