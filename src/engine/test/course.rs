//! The runs of one file, on the sandbox and the states that they share.

use super::judge::Attempt;
use super::values::TestValue;
use crate::addr::Address;
use crate::apply::Stop;
use crate::config::{TestCommand, TestRun};
use crate::diag::{Diagnostic, Diagnostics, did_you_mean, has_errors};
use crate::engine::check::Strictness;
use crate::engine::options::{PlanOptions, Setup};
use crate::engine::project::Project;
use crate::engine::run::Run;
use crate::engine::sandboxed::SandboxOptions;
use crate::eval::{Given, GivenValue, Origin};
use crate::event::testing::{TestedRun, Verdict};
use crate::plan::{Plan, Selection};
use crate::sandbox::World;
use crate::state::Local;
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a plan that leaves something out is warned of; a test has said so itself.
const PARTIAL: &str = "Partial plan";

/// What the runs of one file share.
pub(super) struct Course<'a> {
    pub(super) setup: &'a Setup,
    pub(super) parallelism: usize,
    pub(super) world: World,
    /// The states, by their keys or else by the modules.
    pub(super) states: BTreeMap<Arc<str>, Local>,
    /// The values of variables from outside of the tests.
    pub(super) outside: BTreeMap<Arc<str>, Value>,
    /// The values of variables that the file gives to all runs.
    pub(super) values: Vec<TestValue>,
    /// The outputs of each run so far.
    pub(super) outputs: BTreeMap<Arc<str>, Value>,
}

impl Course<'_> {
    pub(super) async fn run(
        &mut self,
        run: &TestRun,
        project: &mut Project,
        base: &[Given],
    ) -> TestedRun {
        let mut done = TestedRun::skipped(&run.name.text);
        let mut variables = self.outside.clone();
        for it in &self.values {
            variables.insert(Arc::clone(&it.name), it.value.clone());
        }
        let runs = Value::object(self.outputs.clone());
        let bound = [("var", Value::object(variables)), ("run", runs.clone())];
        let values = project.test_values(&run.variables, &bound, &mut done.diagnostics);
        if has_errors(&done.diagnostics) {
            done.verdict = Verdict::Error;
            return done;
        }
        let extra = self.give(run, &values, project, base, &mut done.diagnostics);
        let mut attempt = Box::pin(self.carry_out(run, project, &mut done)).await;
        let outputs = attempt.judge(run, project, &extra, &runs, &mut done);
        for fault in &mut done.diagnostics {
            let of = |it: &&TestValue| fault.condition_of == Some(format!("var.{}", it.name));
            if let Some(value) = self.values.iter().chain(&values).rfind(of) {
                fault.related.push((value.span, "this is its value".to_owned()));
            }
        }
        if let Some(engine) = attempt.engine.take() {
            engine.close().await;
        }
        self.outputs.insert(Arc::clone(&run.name.text), outputs);
        done
    }

    /// Gives the variables of the module their values; gives those back that it does not declare,
    /// which the tests themselves may refer to.
    fn give(
        &self,
        run: &TestRun,
        values: &[TestValue],
        project: &mut Project,
        base: &[Given],
        diagnostics: &mut Diagnostics,
    ) -> BTreeMap<Arc<str>, Value> {
        let declared = &project.config.variables;
        let mut extra = BTreeMap::new();
        // What is given to the configuration is no matter of another module.
        let is_own = |given: &&Given| run.module.is_none() || declared.contains_key(&given.name);
        let mut all: Vec<Given> = base.iter().filter(is_own).cloned().collect();
        for it in self.values.iter().chain(values) {
            let TestValue { name, value, span } = it.clone();
            if declared.contains_key(&name) {
                let value = GivenValue::Value(value, span);
                all.push(Given { name, origin: Origin::Test, value });
            } else {
                extra.insert(name, value);
            }
        }
        for it in values.iter().filter(|it| !declared.contains_key(&it.name)) {
            let hint = did_you_mean(&it.name, declared.keys().map(|name| &**name));
            let detail = format!(
                "The run gives a value to {:?}, which is no variable of what it runs.{hint}",
                it.name
            );
            diagnostics.push(Diagnostic::warning("Undeclared variable", detail).at(it.span));
        }
        project.given = all;
        extra
    }

    /// The state that the run works on.
    fn state(&mut self, run: &TestRun) -> Local {
        let module = || run.module.as_ref().map(|(dir, _)| Arc::clone(dir)).unwrap_or_default();
        let key = run.state_key.clone().unwrap_or_else(module);
        self.states.entry(key).or_insert_with(Local::in_memory).clone()
    }

    /// Plans and, if the run says so, applies.
    async fn carry_out(
        &mut self,
        run: &TestRun,
        project: &Project,
        done: &mut TestedRun,
    ) -> Attempt {
        let mut attempt = Attempt::default();
        let found = &mut attempt.found;
        let checked = project.check(Strictness::Strict, found);
        if has_errors(found) {
            return attempt;
        }
        let sandbox =
            SandboxOptions { world: Some(self.world.clone()), ..SandboxOptions::default() };
        let setup = Setup {
            sandbox: Some(sandbox),
            state: Some(self.state(run)),
            max_retries: None,
            patience: None,
            ca_bundle: None,
            ..self.setup.clone()
        };
        let Some(mut engine) = Run::open(project, &checked, &setup, &mut (), found).await else {
            return attempt;
        };
        let options = PlanOptions {
            selection: Selection { targets: run.options.targets.clone(), excludes: Vec::new() },
            destroy: run.options.destroy,
            refresh: run.options.refresh,
            parallelism: self.parallelism,
            share: None,
        };
        let plan = engine.plan(project, &checked, &options, &mut (), found).await;
        found.retain(|fault| fault.summary != PARTIAL);
        let is_sound = plan.is_some() && !has_errors(found);
        match run.command {
            TestCommand::Plan => {
                attempt.is_done = is_sound;
                attempt.planned = plan.as_ref().map(|plan| planned(&engine, plan));
            }
            TestCommand::Apply => {
                if let Some(plan) = plan.as_ref().filter(|_| is_sound) {
                    let stop = Stop::default();
                    match engine.apply(plan, self.parallelism, &stop, &mut ()).await {
                        Ok(outcome) => found.extend(outcome.diagnostics().cloned()),
                        Err(error) => found.push(error.diagnostic()),
                    }
                    attempt.is_done = true;
                    attempt.planned = Some(recorded(&engine));
                    done.state = engine.state().cloned();
                }
            }
        }
        done.plan = plan;
        attempt.engine = Some(engine);
        attempt
    }
}

/// The settings of all instances as a plan leaves them.
fn planned(engine: &Run, plan: &Plan) -> BTreeMap<Address, Value> {
    let mut settings = recorded(engine);
    for step in plan.steps.iter().filter(|step| step.is_removal()) {
        settings.remove(&step.address);
    }
    // What is removed gives way to what takes its address.
    for step in plan.steps.iter().filter(|step| !step.is_removal()) {
        if let Some(previous) = &step.previous {
            settings.remove(previous);
        }
        settings.extend(step.after.clone().map(|after| (step.address.clone(), after)));
    }
    settings
}

/// The settings of all instances that are recorded.
fn recorded(engine: &Run) -> BTreeMap<Address, Value> {
    let resources = engine.state().into_iter().flat_map(|state| &state.resources);
    resources.map(|(address, it)| (address.clone(), it.values.clone())).collect()
}
