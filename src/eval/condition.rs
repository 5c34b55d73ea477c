//! What must hold: validations, preconditions, postconditions and assertions.

use super::expression::{Scope, article, capital, fault};
use crate::config::Condition;
use crate::diag::{Diagnostic, Diagnostics, Severity, Span};
use crate::value::{Type, Value};
use std::fmt::Display;
use std::sync::Arc;

/// What a condition belongs to.
pub(super) enum Kind<'a> {
    /// A `validation` of a variable.
    Validation {
        /// The variable.
        name: &'a str,
        /// Where it is declared.
        at: Span,
    },
    /// A `precondition`.
    Precondition {
        /// Whose: an address, or `output.x`.
        what: &'a dyn Display,
        /// The block, without keys.
        block: &'a dyn Display,
    },
    /// A `postcondition`.
    Postcondition {
        /// Whose: an address.
        what: &'a dyn Display,
        /// The block, without keys.
        block: &'a dyn Display,
    },
    /// An `assert`.
    Assert {
        /// The check.
        check: &'a str,
    },
    /// An `assert` of a test.
    Test,
}

/// What becomes of a condition.
pub(super) enum Judgement {
    /// It holds.
    Held,
    /// It is not known yet.
    Unknown,
    /// It does not hold.
    Refused(Diagnostic),
    /// It cannot be told whether it holds.
    Faulty(Diagnostic),
}

/// Whether a condition holds.
pub(super) fn judge(condition: &Condition, kind: &Kind<'_>, scope: &Scope<'_>) -> Judgement {
    let span = condition.condition.span;
    let invalid = |detail: String| {
        let mut found = fault("Invalid condition", detail, span);
        scope.tell_values(&condition.condition, &mut found);
        found
    };
    let result = scope.eval(&condition.condition).and_then(|value| {
        value.convert(&Type::Bool).map_err(|_| {
            let what = value.ty().friendly();
            invalid(format!("A condition must be true or false, and this is {}.", article(&what)))
        })
    });
    match result {
        Ok(value) if value.as_bool() == Some(false) => {
            let message = scope.eval(&condition.error_message);
            let mut found = kind.refusal(message, span);
            scope.tell_values(&condition.condition, &mut found);
            Judgement::Refused(found)
        }
        Ok(value) if value.is_null() => {
            Judgement::Faulty(*invalid("A condition must be true or false, not null.".into()))
        }
        Ok(value) if value.is_unknown() => Judgement::Unknown,
        Ok(_) => Judgement::Held,
        Err(fault) => Judgement::Faulty(*fault),
    }
}

/// Whether all conditions hold, or are not known yet. What does not hold is reported: an assertion
/// as a warning, anything else as an error. A lenient look, without values from outside, only
/// reports what is no condition at all.
pub(super) fn hold(
    conditions: &[Condition],
    kind: &Kind<'_>,
    lenient: bool,
    scope: &Scope<'_>,
    diagnostics: &mut Diagnostics,
) -> bool {
    let mut held = true;
    for condition in conditions {
        match judge(condition, kind, scope) {
            Judgement::Held | Judgement::Unknown => {}
            Judgement::Refused(_) if lenient => {}
            Judgement::Refused(found) | Judgement::Faulty(found) => {
                held = false;
                diagnostics.push(found);
            }
        }
    }
    held
}

impl Kind<'_> {
    fn refusal(&self, message: Result<Value, Box<Diagnostic>>, condition: Span) -> Diagnostic {
        let message = message.map_err(|fault| fault.detail).and_then(|message| {
            message
                .convert(&Type::String)
                .map_err(|error| format!("{}.", capital(&error.to_string())))
        });
        let text: Arc<str> = match &message {
            Ok(message) if message.is_sensitive() => {
                "the message holds a sensitive value and is not shown.".into()
            }
            Ok(message) => message
                .as_str()
                .filter(|text| !text.trim().is_empty())
                .map_or_else(|| "the condition is false.".into(), Arc::clone),
            Err(why) => {
                format!("the condition is false, and its message could not be evaluated. {why}")
                    .into()
            }
        };
        let held = |summary, what: &dyn Display| {
            let detail = format!("{what}: {text}");
            Diagnostic::error(summary, detail).at(condition)
        };
        let found = match self {
            Self::Validation { name, at } => {
                let detail = format!("The value of {name:?} is refused: {text}");
                Diagnostic::error("Invalid value for a variable", detail)
                    .at(*at)
                    .related(condition, "this must hold")
            }
            Self::Precondition { what, block: _ } => held("Precondition failed", *what),
            Self::Postcondition { what, block: _ } => held("Postcondition failed", *what),
            Self::Assert { check } => Diagnostic {
                severity: Severity::Warning,
                ..held("Check failed", &format!("The check {check:?}"))
            },
            Self::Test => Diagnostic::error("Test assertion failed", &*text).at(condition),
        };
        let condition_of = match self {
            Self::Validation { name, at: _ } => Some(format!("var.{name}")),
            Self::Precondition { what: _, block } | Self::Postcondition { what: _, block } => {
                Some(block.to_string())
            }
            Self::Assert { check } => Some(format!("check.{check}")),
            Self::Test => None,
        };
        Diagnostic { condition_of, ..found }
    }
}
