//! The values that tests give to variables, and the names that they may refer to.

use crate::config::Attribute;
use crate::diag::{Diagnostic, Diagnostics, Span, did_you_mean};
use crate::engine::check::{Nothing, Strictness};
use crate::engine::project::Project;
use crate::eval;
use crate::value::{Fields, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A value of a variable, as a file of tests gives it.
#[derive(Clone, Debug)]
pub(super) struct TestValue {
    pub(super) name: Arc<str>,
    pub(super) value: Value,
    pub(super) span: Span,
}

impl Project {
    /// The values of the variables that have one.
    pub(super) fn given_values(&self) -> BTreeMap<Arc<str>, Value> {
        // What is wrong with them is told by every run.
        let mut unheard = Diagnostics::new();
        let mut values = self.with_input(Strictness::Lenient, &Nothing, |input| {
            eval::variables(input, &mut unheard)
        });
        values.retain(|_, value| value.is_wholly_known());
        values
    }

    /// The values that a `variables` block gives; the expressions may refer to what is bound.
    pub(super) fn test_values(
        &self,
        attributes: &[Attribute],
        bound: &[(&str, Value)],
        diagnostics: &mut Diagnostics,
    ) -> Vec<TestValue> {
        let mut values = Vec::new();
        self.with_input(Strictness::Lenient, &Nothing, |input| {
            for attribute in attributes {
                match test_value(input, attribute, bound) {
                    Ok(value) => values.push(value),
                    Err(fault) => diagnostics.push(*fault),
                }
            }
        });
        values
    }
}

fn test_value(
    input: &eval::Input<'_>,
    attribute: &Attribute,
    bound: &[(&str, Value)],
) -> Result<TestValue, Box<Diagnostic>> {
    let Attribute { name, expr } = attribute;
    for (root, second, span) in eval::roots(expr) {
        if !bound.iter().any(|(known, _)| *known == &*root) {
            let detail = match (&*root, bound) {
                ("run", _) => "The variables of a file are the same for all runs, so that they \
                               cannot refer to `run`. Give the value in `variables` of a run."
                    .to_owned(),
                (_, [_]) => format!(
                    "{root:?} has no value here. The variables of a file can refer to `var`: to \
                     the values that are given by flags, files of values or defaults."
                ),
                (_, _) => format!(
                    "{root:?} has no value here. The variables of a run can refer to `var` and, \
                     by `run.name.output`, to outputs of runs before it."
                ),
            };
            return Err(Box::new(Diagnostic::error("Invalid reference", detail).at(span)));
        }
        let known = bound.iter().find(|(known, _)| *known == &*root);
        if let (Some((_, value)), Some(second)) = (known, &second)
            && value.get(second).is_none()
        {
            return Err(Box::new(unknown_name(&root, second, value, span)));
        }
    }
    let value = eval::evaluate_alone(input, expr, bound)?;
    if !value.is_wholly_known() {
        let detail = "The value is not known: the run that it is taken from did not find it out.";
        return Err(Box::new(Diagnostic::error("Unknown value", detail).at(expr.span)));
    }
    Ok(TestValue { name: Arc::clone(&name.text), value, span: expr.span })
}

/// The fault of a reference to a variable or a run that has no value.
pub(super) fn unknown_name(root: &str, name: &str, known: &Value, span: Span) -> Diagnostic {
    let names = known.as_fields().into_iter().flat_map(Fields::keys);
    let hint = did_you_mean(name, names.map(|name| &**name));
    match root {
        "run" => Diagnostic::error(
            "Unknown run",
            format!("There is no run {name:?} in this file that is done before this one.{hint}"),
        ),
        "output" => {
            Diagnostic::error("Unknown output", format!("There is no output {name:?}.{hint}"))
        }
        _ => Diagnostic::error(
            "Unknown variable",
            format!("The variable {name:?} has no value here.{hint}"),
        ),
    }
    .at(span)
}
