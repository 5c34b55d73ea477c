//! What a run did, held against what was expected of it.
//!
//! It looks at what was found and recorded, and does nothing.

use super::values::unknown_name;
use crate::addr::Address;
use crate::config::{Expected, TestCommand, TestRun};
use crate::diag::{Diagnostic, Diagnostics};
use crate::engine::check::{Known, Strictness};
use crate::engine::project::Project;
use crate::engine::run::Run;
use crate::eval::{self, Assertion, Session};
use crate::event::testing::{TestedRun, Verdict};
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a run did.
#[derive(Default)]
pub(super) struct Attempt {
    pub(super) engine: Option<Run>,
    /// Everything that was found wrong.
    pub(super) found: Diagnostics,
    /// All was done that the run says: the plan was made and, if it says so, carried out.
    pub(super) is_done: bool,
    /// The settings of all instances after it, if there is a plan.
    pub(super) planned: Option<BTreeMap<Address, Value>>,
}

impl Known for Attempt {
    fn live(&self, address: &Address) -> Option<Value> {
        match &self.planned {
            Some(settings) => settings.get(address).cloned(),
            None => self.engine.as_ref()?.known().live(address),
        }
    }

    fn data(&self, address: &Address) -> Option<Value> {
        self.engine.as_ref()?.known().data(address)
    }
}

impl Attempt {
    /// Compares what happened with what was expected; gives the outputs.
    pub(super) fn judge(
        &mut self,
        run: &TestRun,
        project: &Project,
        extra: &BTreeMap<Arc<str>, Value>,
        runs: &Value,
        done: &mut TestedRun,
    ) -> Value {
        let mut later = Diagnostics::new();
        let mut found = std::mem::take(&mut self.found);
        project.in_session(Strictness::Strict, self, &mut later, |session, later| {
            let outputs = Value::object(session.evaluation.outputs.clone());
            if self.planned.is_some() {
                // What is checked is checked of what is there afterwards.
                found.retain(|fault| fault.is_error() || fault.condition_of.is_none());
                let new: Vec<_> =
                    later.iter().filter(|fault| !found.contains(fault)).cloned().collect();
                found.extend(new);
            }
            done.verdict = self.expectations(run, found, &mut done.diagnostics);
            if done.verdict != Verdict::Error {
                // A refused value is unknown to the session, and is what a test may ask for.
                let mut variables = project.given_values();
                variables.extend(extra.clone());
                let bound = [
                    ("output", outputs.clone()),
                    ("run", runs.clone()),
                    ("var", Value::object(variables)),
                ];
                let asserted = asserts(run, session, &bound, &mut done.diagnostics);
                done.verdict = done.verdict.max(asserted);
            }
            outputs
        })
    }

    /// Takes out what was expected; whatever else is wrong is an error, and so is what was expected
    /// and is not there.
    fn expectations(
        &self,
        run: &TestRun,
        found: Diagnostics,
        diagnostics: &mut Diagnostics,
    ) -> Verdict {
        let mut met = BTreeSet::new();
        let mut verdict = Verdict::Pass;
        for fault in found {
            let by_block = fault.condition_of.as_deref();
            let instance = fault.address.as_ref().filter(|_| by_block.is_some());
            let objects: Vec<String> = by_block
                .map(ToOwned::to_owned)
                .into_iter()
                .chain(instance.map(ToString::to_string))
                .collect();
            let mut expecting = run
                .expected
                .iter()
                .enumerate()
                .filter(|(_, it)| objects.iter().any(|object| it.covers(object)))
                .peekable();
            if expecting.peek().is_none() {
                // A check that fails is a warning elsewhere; a test has to expect it.
                if fault.is_error() || by_block.is_some() {
                    verdict = Verdict::Error;
                }
                diagnostics.push(fault);
                continue;
            }
            if run.command == TestCommand::Apply && fault.is_error() && !self.is_done {
                verdict = Verdict::Error;
                let expected = expecting.peek().map(|(_, it)| *it);
                diagnostics.extend(expected.map(too_early));
                diagnostics.push(fault);
            }
            met.extend(expecting.map(|(number, _)| number));
        }
        for (number, expected) in run.expected.iter().enumerate() {
            if !met.contains(&number) && verdict == Verdict::Pass {
                diagnostics.push(unmet(expected));
            }
        }
        if met.len() < run.expected.len() { Verdict::Error } else { verdict }
    }
}

/// What was expected to fail did so before anything could be applied.
fn too_early(expected: &Expected) -> Diagnostic {
    let detail = format!(
        "{} failed as expected, but while planning, so that nothing was applied. Say `command = \
         plan`.",
        expected.object
    );
    Diagnostic::error("Failed before apply", detail).at(expected.span)
}

fn unmet(expected: &Expected) -> Diagnostic {
    let detail = format!("{} was expected to fail, and did not.", expected.object);
    Diagnostic::error("Missing expected failure", detail).at(expected.span)
}

/// Whether the assertions of a run hold.
fn asserts(
    run: &TestRun,
    session: &Session<'_>,
    bound: &[(&str, Value)],
    diagnostics: &mut Diagnostics,
) -> Verdict {
    let mut verdict = Verdict::Pass;
    for assert in &run.asserts {
        let missing: Diagnostics = [&assert.condition, &assert.error_message]
            .into_iter()
            .flat_map(eval::roots)
            .filter_map(|(root, name, span)| {
                let (name, (_, known)) = (name?, bound.iter().find(|(it, _)| *it == &*root)?);
                known.get(&name).is_none().then(|| unknown_name(&root, &name, known, span))
            })
            .collect();
        let found = if missing.is_empty() {
            session.assert(assert, bound)
        } else {
            Assertion::Invalid(missing)
        };
        match found {
            Assertion::Held => {}
            Assertion::Failed(fault) => {
                verdict = verdict.max(Verdict::Fail);
                diagnostics.push(fault);
            }
            Assertion::Invalid(mut faults) => {
                verdict = Verdict::Error;
                diagnostics.append(&mut faults);
            }
        }
    }
    verdict
}
