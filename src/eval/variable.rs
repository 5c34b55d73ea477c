//! The values of variables: where they come from, which one counts, and what must hold of them.

use super::Input;
use super::condition::{self, Kind};
use super::expression::{INVALID_REFERENCE, Scope, fault};
use super::functions::{Context, NOWHERE};
use super::reference;
use crate::config::{Config, Expr, Variable};
use crate::diag::{Diagnostic, Diagnostics, Span, did_you_mean, listed};
use crate::value::{ConvertError, Value};
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

impl GivenValue {
    /// Where it stands in a file.
    fn span(&self) -> Option<Span> {
        match self {
            Self::Expr(expr) => Some(expr.span),
            Self::Text(_) => None,
            Self::Value(_, span) => Some(*span),
        }
    }
}

/// Finds the value of every variable; of several values given the last counts.
pub(super) fn resolve(
    config: &Config,
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<Arc<str>, Value> {
    let variables = &config.variables;
    let mut chosen: BTreeMap<&str, &Given> = BTreeMap::new();
    let mut unknown = Vec::new();
    for given in input.given {
        if variables.contains_key(&given.name) {
            chosen.insert(&given.name, given);
        } else {
            unknown.push(given);
        }
    }
    undeclared(&unknown, variables, diagnostics);
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

/// So many values for what is not declared are told each by itself, as in Terraform.
const TOLD: usize = 2;
/// So many further ones are named.
const NAMED: usize = 20;

/// Reports values for variables that are not declared: what is on the command line is an error. One
/// file of values may serve several configurations, so that what is there is a warning.
fn undeclared(
    unknown: &[&Given],
    variables: &BTreeMap<Arc<str>, Variable>,
    diagnostics: &mut Diagnostics,
) {
    let detail = |name: &str| {
        let hint = did_you_mean(name, variables.keys().map(|key| &**key));
        format!(
            "A value is given for the variable {name:?}, which the configuration does not \
             declare.{hint}"
        )
    };
    // Of one that several files give, the last counts.
    let mut in_files: BTreeMap<&str, Option<Span>> = BTreeMap::new();
    for Given { name, origin, value } in unknown {
        match origin {
            // Other programs' variables may be in the environment, and a test may have its own.
            Origin::Environment | Origin::Test => {}
            Origin::File => {
                in_files.insert(name, value.span());
            }
            Origin::Flag => {
                diagnostics.push(Diagnostic::error("Undeclared variable", detail(name)));
            }
        }
    }
    let mut in_files: Vec<(&str, Option<Span>)> = in_files.into_iter().collect();
    in_files.sort_by_key(|(_, span)| *span);
    let (told, more) = in_files.split_at(in_files.len().min(TOLD));
    for (name, span) in told {
        let warning = Diagnostic::warning("Undeclared variable", detail(name));
        diagnostics.push(warning.at_maybe(*span));
    }
    if let [(_, first), ..] = more {
        let others = if more.len() == 1 { "1 other" } else { &format!("{} others", more.len()) };
        let detail = format!(
            "Values are given for {others} that the configuration does not declare: {}.",
            listed(more.iter().map(|(name, _)| name), NAMED)
        );
        diagnostics.push(Diagnostic::warning("Undeclared variables", detail).at_maybe(*first));
    }
}

fn of_given(
    given: &Given,
    variable: &Variable,
    input: &Input<'_>,
) -> Result<Value, Box<Diagnostic>> {
    let (value, span) = match &given.value {
        GivenValue::Expr(expr) => {
            let value = written_out(expr)
                .and_then(|()| super::evaluate_constant(expr, &[], context(input)));
            (value.map_err(|fault| discreet(fault, variable))?, expr.span)
        }
        GivenValue::Text(text) => (Value::String(Arc::clone(text)), variable.name.span),
        GivenValue::Value(value, span) => (value.clone(), *span),
    };
    accept(&value, variable, span, input).map_err(|mut fault| {
        // What stands in no file is told by where it comes from.
        match (&given.value, given.origin) {
            (GivenValue::Text(_), Origin::Environment) => {
                let name = &variable.name.text;
                fault.detail += &format!(" SEALFORM_VAR_{name} in the environment gives it.");
            }
            (GivenValue::Text(_), Origin::Flag) => fault.detail += " `--var` gives it.",
            (GivenValue::Text(_), Origin::File | Origin::Test)
            | (GivenValue::Expr(_) | GivenValue::Value(..), _) => {}
        }
        fault
    })
}

/// Why what is given to a variable has no value: of a sensitive one not in words that may be the secret.
fn discreet(mut fault: Box<Diagnostic>, variable: &Variable) -> Box<Diagnostic> {
    if variable.sensitive {
        fault.detail = format!(
            "What is given to the variable {:?} is no constant: a name or a call is no value here, and \
             text stands in quotes. The variable is sensitive, so that it is not shown.",
            variable.name.text
        );
    }
    fault
}

/// Refuses what is no value by itself.
fn written_out(expr: &Expr) -> Result<(), Box<Diagnostic>> {
    if let Some(mention) = reference::all(expr).first() {
        let detail = "A value that is given refers to nothing. Text stands in double quotes.";
        return Err(fault(INVALID_REFERENCE, detail, mention.span));
    }
    let mut called = Vec::new();
    reference::calls(expr, &mut called);
    called.first().map_or(Ok(()), |(function, span)| {
        let detail = format!(
            "A value that is given cannot call a function. Write its value out, or call `{}` in \
             `locals`.",
            function.text
        );
        Err(fault("Not a constant", detail, *span))
    })
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
        return match &variable.default {
            Some(_) => of_default(variable, input),
            None => {
                let detail = format!(
                    "The variable {:?} is not nullable and has no default, and the value given for \
                     it is null.",
                    variable.name.text
                );
                Err(fault(MISSING, detail, span))
            }
        };
    }
    value.convert(&variable.ty).map_err(|error| {
        // Where the value stands, the source would show it.
        let span = if variable.sensitive { variable.name.span } else { span };
        let detail = format!(
            "The value given for the variable {:?} does not conform to its type, {}: {}.",
            variable.name.text,
            variable.ty,
            why(&error, variable)
        );
        fault("Invalid value for a variable", detail, span)
    })
}

/// What is wrong with a value, and where in it: keys are a part of what is sensitive, too.
fn why(error: &ConvertError, variable: &Variable) -> String {
    if variable.sensitive { error.reason.clone() } else { error.to_string() }
}

/// What functions in constants may ask for.
pub(super) fn context<'a>(input: &'a Input<'_>) -> &'a Context<'a> {
    input.contexts.get(".").unwrap_or(&NOWHERE)
}

/// The summary of a variable that has no value.
const MISSING: &str = "Missing variable";

/// The value of a called module's variable that the call gives none. That it must is known without
/// evaluating anything, and has been told.
pub(super) fn of_call(variable: &Variable, input: &Input<'_>) -> Result<Value, Box<Diagnostic>> {
    match &variable.default {
        None => Ok(super::FAILED),
        Some(_) => of_default(variable, input),
    }
}

pub(super) fn of_default(variable: &Variable, input: &Input<'_>) -> Result<Value, Box<Diagnostic>> {
    let name = &variable.name.text;
    let Some(default) = &variable.default else {
        if input.lenient || variable.faulty {
            return Ok(Value::unknown(variable.ty.clone()));
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
        return Err(fault(MISSING, detail, variable.name.span));
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
            "The default of the variable {name:?} does not conform to its type, {}: {}.",
            variable.ty,
            why(&error, variable)
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
