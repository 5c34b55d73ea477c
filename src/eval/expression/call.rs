//! Function calls, and the two functions whose arguments may fail.

use super::{Fault, Scope, capital, fault};
use crate::config::{Call, Expr};
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
            && let (Some(last), Some(given)) = (arguments.pop(), call.arguments.last())
        {
            marked = last.is_sensitive();
            match expanded(&last, given)? {
                Some(items) => arguments.extend(items.iter().cloned()),
                None => return Ok(Value::unknown(Type::Any).sensitive_if(marked)),
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

    /// The arguments of `try` or `can` that may fail, and those that its last one expands to. An
    /// error is that the last one does not expand.
    fn attempts<'c>(&self, call: &'c Call) -> Result<Option<Attempts<'c>>, Fault> {
        match call.arguments.split_last().filter(|_| call.expand) {
            None => Ok(Some((&call.arguments, Vec::new()))),
            Some((last, before)) => {
                let value = self.eval(last)?;
                let marked = value.is_sensitive();
                let items = expanded(&value, last)?;
                let marked = |item: &Value| item.clone().sensitive_if(marked);
                Ok(items.map(|items| (before, items.iter().map(marked).collect())))
            }
        }
    }

    /// `try(a, b, …)`: the first that has a value.
    fn try_call(&self, call: &Call, span: Span) -> Result<Value, Fault> {
        let Some((arguments, more)) = self.attempts(call)? else {
            return Ok(Value::unknown(Type::Any));
        };
        // What is not known yet may still fail, and another expression may be the one.
        let known = |value: Value| {
            if value.is_wholly_known() { value } else { Value::unknown(Type::Any) }
        };
        let mut last = None;
        for argument in arguments {
            match self.eval(argument) {
                Ok(value) => return Ok(known(value)),
                Err(fault) => last = Some(fault),
            }
        }
        if let Some(value) = more.into_iter().next() {
            return Ok(known(value));
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
        let Some((arguments, more)) = self.attempts(call)? else {
            return Ok(Value::unknown(Type::Any));
        };
        let value = match (arguments, &*more) {
            ([only], []) => self.eval(only),
            ([], [only]) => Ok(only.clone()),
            _ => {
                let detail = "`can` expects one argument.";
                return Err(fault("Invalid function call", detail, span));
            }
        };
        Ok(match value {
            Ok(value) if value.is_wholly_known() => Value::Bool(true),
            Ok(_) => Value::unknown(Type::Bool),
            Err(_) => Value::Bool(false),
        })
    }
}

/// Expressions that may fail, and the values behind them that an expanded argument stands for.
type Attempts<'c> = (&'c [Expr], Vec<Value>);

/// The arguments that one with `...` behind it stands for; nothing while it is unknown.
fn expanded<'v>(value: &'v Value, given: &Expr) -> Result<Option<&'v [Value]>, Fault> {
    let detail = match value.reveal() {
        Value::Unknown(Type::Any | Type::List(_) | Type::Set(_) | Type::Tuple(_), _) => {
            return Ok(None);
        }
        Value::Null(_) => "What ends with `...` must not be null.",
        open => match open.as_items() {
            Some(items) => return Ok(Some(items)),
            None => "What ends with `...` must be a list, a set or a tuple.",
        },
    };
    Err(fault("Wrong type", detail, given.span))
}
