//! The values of variables: where they come from, which one counts, and what must hold of them.

use super::Input;
use super::condition::{self, Kind};
use super::expression::{Scope, fault};
use super::functions::{Context, NOWHERE};
use crate::config::{Config, Expr, Variable};
use crate::diag::{Diagnostic, Diagnostics, Span, did_you_mean};
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A value for a variable from outside of the configuration.
#[derive(Clone, Debug)]
pub struct Given {
    /// The variable.
    pub name: Arc<str>,
    /// Where it comes from.
    pub origin: Origin,
    /// The value.
    pub value: GivenValue,
}

/// Where the value of a variable comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The environment: `SEALFORM_VAR_name`.
    Environment,
    /// A file of variable values.
    File,
    /// `--var`.
    Flag,
    /// A file of tests.
    Test,
}

/// A value as it was given.
#[derive(Clone, Debug)]
pub enum GivenValue {
    /// An expression without references.
    Expr(Expr),
    /// Text that is the value itself, to be converted to the variable's type.
    Text(Arc<str>),
    /// The value itself, of the expression that stands there.
    Value(Value, Span),
}

/// Finds the value of every variable; of several values given the last counts.
pub(super) fn resolve(
    config: &Config,
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<Arc<str>, Value> {
    let variables = &config.variables;
    let mut chosen: BTreeMap<&str, &Given> = BTreeMap::new();
    for given in input.given {
        if variables.contains_key(&given.name) {
            chosen.insert(&given.name, given);
        } else {
            diagnostics.extend(undeclared(given, variables));
        }
    }
    let mut values = BTreeMap::new();
    for (name, variable) in variables {
        let value = match chosen.get(&**name) {
            Some(given) => of_given(given, variable, input),
            None => of_default(variable, input),
        };
        let value = value.unwrap_or_else(|fault| {
            diagnostics.push(*fault);
            super::FAILED
        });
        values.insert(Arc::clone(name), value.sensitive_if(variable.sensitive));
    }
    values
}

fn undeclared(given: &Given, variables: &BTreeMap<Arc<str>, Variable>) -> Option<Diagnostic> {
    let hint = did_you_mean(&given.name, variables.keys().map(|key| &**key));
    let detail = format!(
        "A value is given for the variable {:?}, which the configuration does not declare.{hint}",
        given.name
    );
    match (given.origin, &given.value) {
        // Other programs' variables may be in the environment, and a test may have its own.
        (Origin::Environment | Origin::Test, _) => None,
        // One file of values may serve several configurations.
        (Origin::File, GivenValue::Expr(expr)) => {
            Some(Diagnostic::warning("Undeclared variable", detail).at(expr.span))
        }
        (Origin::File, GivenValue::Text(_)) => {
            Some(Diagnostic::warning("Undeclared variable", detail))
        }
        (Origin::File, GivenValue::Value(_, span)) => {
            Some(Diagnostic::warning("Undeclared variable", detail).at(*span))
        }
        (Origin::Flag, _) => Some(Diagnostic::error("Undeclared variable", detail)),
    }
}

fn of_given(
    given: &Given,
    variable: &Variable,
    input: &Input<'_>,
) -> Result<Value, Box<Diagnostic>> {
    let (value, span) = match &given.value {
        GivenValue::Expr(expr) => (super::evaluate_constant(expr, &[], context(input))?, expr.span),
        GivenValue::Text(text) => (Value::String(Arc::clone(text)), variable.name.span),
        GivenValue::Value(value, span) => (value.clone(), *span),
    };
    accept(&value, variable, span, input)
}

/// A value that stands at `span` as the variable takes it: in its type, and not null where it must
/// not be.
pub(super) fn accept(
    value: &Value,
    variable: &Variable,
    span: Span,
    input: &Input<'_>,
) -> Result<Value, Box<Diagnostic>> {
    if value.is_null() && !variable.nullable {
        return of_default(variable, input);
    }
    value.convert(&variable.ty).map_err(|error| {
        // Where the value stands, the source would show it.
        let span = if variable.sensitive { variable.name.span } else { span };
        let detail = format!(
            "The value given for the variable {:?} does not conform to its type, {}: {}.",
            variable.name.text, variable.ty, error
        );
        fault("Invalid value for a variable", detail, span)
    })
}

/// What functions in constants may ask for.
pub(super) fn context<'a>(input: &'a Input<'_>) -> &'a Context<'a> {
    input.contexts.get(".").unwrap_or(&NOWHERE)
}

pub(super) fn of_default(variable: &Variable, input: &Input<'_>) -> Result<Value, Box<Diagnostic>> {
    let name = &variable.name.text;
    let Some(default) = &variable.default else {
        if input.lenient {
            return Ok(Value::Unknown(variable.ty.clone()));
        }
        let what = variable
            .description
            .as_deref()
            .filter(|_| !variable.sensitive)
            .map(|description| format!(" ({})", description.trim_end_matches('.')))
            .unwrap_or_default();
        let detail = format!(
            "The variable {name:?}{what} has no default and no value. Give it one with `--var \
             {name}=…`, with SEALFORM_VAR_{name} in the environment, or in sealform.sealvars.hcl."
        );
        return Err(fault("Missing variable", detail, variable.name.span));
    };
    // Where the value stands, the source would show it.
    let place = if variable.sensitive { variable.name.span } else { default.span };
    let value = super::evaluate_constant(default, &[], context(input))?;
    if value.is_null() && !variable.nullable {
        let detail = format!("The variable {name:?} is not nullable, and its default is null.");
        return Err(fault("Invalid default", detail, place));
    }
    value.convert(&variable.ty).map_err(|error| {
        let detail = format!(
            "The default of the variable {name:?} does not conform to its type, {}: {error}.",
            variable.ty
        );
        fault("Invalid default", detail, place)
    })
}

/// Checks the variable's `validation` blocks; tells whether they hold.
pub(super) fn validate(
    variable: &Variable,
    scope: &Scope<'_>,
    diagnostics: &mut Diagnostics,
) -> bool {
    let kind = Kind::Validation { name: &variable.name.text, at: variable.name.span };
    condition::hold(&variable.validations, &kind, false, scope, diagnostics)
}
