//! What stands outside of the configuration: assertions of tests, and the values that they give.

use super::condition::{Judgement, Kind, judge};
use super::expression::Scope;
use super::{Input, Session, dependency, evaluate_constant, variable};
use crate::config::{Condition, Expr};
use crate::diag::{Diagnostic, Diagnostics};
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What becomes of an assertion.
#[derive(Debug)]
pub enum Assertion {
    /// It holds.
    Held,
    /// It does not hold.
    Failed(Diagnostic),
    /// It cannot be told whether it holds.
    Invalid(Diagnostics),
}

impl Session<'_> {
    /// Whether an assertion holds in the root module; `bound` are further names that it may use.
    pub fn assert(&self, assertion: &Condition, bound: &[(&str, Value)]) -> Assertion {
        let mut faults = Diagnostics::new();
        if let Some(place) = self.run.place() {
            for expr in [&assertion.condition, &assertion.error_message] {
                let names = bound.iter().map(|(name, _)| *name);
                dependency::check(place.module, expr, names, &mut faults);
            }
        }
        if !faults.is_empty() {
            return Assertion::Invalid(faults);
        }
        let outer = Scope::new(&self.run);
        let scope = outer.bind(bound);
        match judge(assertion, &Kind::Test, &scope) {
            Judgement::Held => Assertion::Held,
            Judgement::Refused(found) => Assertion::Failed(found),
            Judgement::Faulty(found) => Assertion::Invalid(vec![found]),
            Judgement::Unknown => {
                let mut found = Diagnostic::error(
                    "Unknown condition",
                    "The condition depends on a value that is not known: of something that was \
                     not evaluated because of a failure, or that was not read.",
                )
                .at(assertion.condition.span);
                scope.tell_values(&assertion.condition, &mut found);
                Assertion::Invalid(vec![found])
            }
        }
    }
}

/// The value of an expression that may refer to nothing but what is bound; functions see the files
/// of the root module.
///
/// # Errors
/// Why it has no value.
pub fn evaluate_alone(
    input: &Input<'_>,
    expr: &Expr,
    bound: &[(&str, Value)],
) -> Result<Value, Box<Diagnostic>> {
    evaluate_constant(expr, bound, variable::context(input))
}

/// The values of the root module's variables.
pub fn variables(input: &Input<'_>, diagnostics: &mut Diagnostics) -> BTreeMap<Arc<str>, Value> {
    let root = input.tree.modules().find(|module| module.call.is_none());
    root.map(|root| variable::resolve(root.config, input, diagnostics)).unwrap_or_default()
}
