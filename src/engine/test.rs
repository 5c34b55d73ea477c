//! Tests: each file on a sandbox and with states of its own, run after run.

use super::check::{Known, Nothing, Strictness};
use super::options::{PlanOptions, Setup};
use super::project::{Project, Request};
use super::run::Run;
use super::sandboxed::SandboxOptions;
use crate::addr::Address;
use crate::apply::Stop;
use crate::config::{self, Attribute, Expected, TestCommand, TestFile, TestRun, load};
use crate::diag::{Diagnostic, Diagnostics, Sources, Span, did_you_mean, has_errors};
use crate::eval::{self, Assertion, Given, GivenValue, Origin, Session};
use crate::event::testing::{TestEvent, TestReporter, Tested, TestedFile, TestedRun, Verdict};
use crate::plan::{Plan, Selection};
use crate::sandbox::World;
use crate::state::Local;
use crate::value::{Fields, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// What a plan that leaves something out is warned of; a test has said so itself.
const PARTIAL: &str = "Partial plan";

/// The tests of a configuration, read.
#[derive(Debug)]
pub struct Suite {
    /// Every text that was read.
    pub sources: Sources,
    project: Project,
    /// The values of variables from the command line, the environment and files of values.
    base: Vec<Given>,
    /// By directory as the runs name it: modules that are run by themselves.
    modules: BTreeMap<Arc<str>, Project>,
    files: Vec<(Arc<str>, TestFile)>,
}

impl Suite {
    /// Reads a configuration and the tests beside it and in the directory `tests`; where there are
    /// `filters`, only the files that they name. Whatever is wrong with any file is reported.
    pub fn load(
        request: &Request,
        tests: &Path,
        filters: &[String],
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut project = Project::load(request, diagnostics);
        let mut sources = std::mem::take(&mut project.sources);
        let base = std::mem::take(&mut project.given);
        let mut files = Vec::new();
        for id in load::tests(&request.dir, tests, &mut sources, diagnostics) {
            files.push((Arc::from(sources.name(id)), id));
        }
        let filters: BTreeSet<&str> =
            filters.iter().map(|name| name.strip_prefix("./").unwrap_or(name)).collect();
        for filter in &filters {
            if !files.iter().any(|(name, _)| **name == **filter) {
                let hint = did_you_mean(filter, files.iter().map(|(name, _)| &**name));
                let detail = format!("There is no file of tests {filter:?}.{hint}");
                diagnostics.push(Diagnostic::error("Unknown file of tests", detail));
            }
        }
        files.retain(|(name, _)| filters.is_empty() || filters.contains(&**name));
        let files: Vec<(Arc<str>, TestFile)> = files
            .into_iter()
            .map(|(name, id)| (name, config::parse_test(&sources, id, diagnostics)))
            .collect();
        let mut suite = Self { sources, project, base, modules: BTreeMap::new(), files };
        suite.load_modules(diagnostics);
        suite.check(diagnostics);
        suite
    }

    /// Reads the modules that runs name.
    fn load_modules(&mut self, diagnostics: &mut Diagnostics) {
        let Self { sources, project, modules, files, .. } = self;
        for (dir, span) in runs(files).filter_map(|run| run.module.as_ref()) {
            if modules.contains_key(dir) {
                continue;
            }
            match project.load_module(dir, sources, diagnostics) {
                Ok(module) => {
                    modules.insert(Arc::clone(dir), module);
                }
                Err(detail) => {
                    diagnostics.push(Diagnostic::error("Module not found", detail).at(*span));
                }
            }
        }
    }

    /// Reports what no run could make right: expected failures of what is not there, and
    /// assertions about nothing.
    fn check(&self, diagnostics: &mut Diagnostics) {
        for run in runs(&self.files) {
            for assert in &run.asserts {
                if eval::roots(&assert.condition).is_empty() {
                    let place = assert.condition.span;
                    diagnostics.push(Diagnostic::error("Invalid condition", eval::IDLE).at(place));
                }
            }
            let project = match &run.module {
                None => Some(&self.project),
                Some((dir, _)) => self.modules.get(dir),
            };
            if let Some(project) = project {
                let faults = run.expected.iter().filter_map(|it| missing_object(it, project));
                diagnostics.extend(faults);
            }
        }
    }

    /// Runs all tests, `parallelism` requests at once at most. `setup` says who runs them; what
    /// else it says is not looked at.
    pub async fn run(
        &mut self,
        setup: &Setup,
        parallelism: usize,
        reporter: &mut dyn TestReporter,
    ) -> Tested {
        let mut tested = Tested::default();
        let files = std::mem::take(&mut self.files);
        for (name, file) in &files {
            let done = Box::pin(self.file(name, file, setup, parallelism, reporter)).await;
            reporter.report(&TestEvent::FileDone { file: &done }, &self.sources);
            tested.files.push(done);
        }
        self.files = files;
        tested
    }

    async fn file(
        &mut self,
        name: &Arc<str>,
        file: &TestFile,
        setup: &Setup,
        parallelism: usize,
        reporter: &mut dyn TestReporter,
    ) -> TestedFile {
        let mut done =
            TestedFile { name: Arc::clone(name), diagnostics: Vec::new(), runs: Vec::new() };
        self.project.given.clone_from(&self.base);
        let outside = self.project.given_values();
        let bound = [("var", Value::object(outside.clone()))];
        let values = self.project.test_values(&file.variables, &bound, &mut done.diagnostics);
        let event = TestEvent::File { name, diagnostics: &done.diagnostics };
        reporter.report(&event, &self.sources);
        let mut stopped = has_errors(&done.diagnostics);
        let mut course = Course {
            setup,
            parallelism,
            world: World::in_memory(),
            states: BTreeMap::new(),
            outside,
            values,
            outputs: BTreeMap::new(),
        };
        for run in &file.runs {
            let project = match &run.module {
                None => Some(&mut self.project),
                Some((dir, _)) => self.modules.get_mut(dir),
            };
            let tested = match project {
                Some(project) if !stopped => Box::pin(course.run(run, project, &self.base)).await,
                Some(_) | None => TestedRun::skipped(&run.name.text),
            };
            stopped |= tested.verdict == Verdict::Error;
            reporter.report(&TestEvent::Run { run: &tested }, &self.sources);
            done.runs.push(tested);
        }
        done
    }
}

fn runs(files: &[(Arc<str>, TestFile)]) -> impl Iterator<Item = &TestRun> {
    files.iter().flat_map(|(_, file)| &file.runs)
}

/// The fault of expecting a failure of something that is not there.
fn missing_object(expected: &Expected, project: &Project) -> Option<Diagnostic> {
    let Expected { object, span } = expected;
    let config = &project.config;
    let known: Vec<String> = match object.split_once('.') {
        Some(("var", _)) => config.variables.keys().map(|name| format!("var.{name}")).collect(),
        Some(("output", _)) => config.outputs.keys().map(|name| format!("output.{name}")).collect(),
        Some(("check", _)) => config.checks.keys().map(|name| format!("check.{name}")).collect(),
        // What is within a module is its own matter.
        Some(("module", _)) => config.modules.keys().map(|name| format!("module.{name}")).collect(),
        Some(_) | None => config.resources.keys().map(ToString::to_string).collect(),
    };
    let is_there = |known: &String| {
        object
            .strip_prefix(&**known)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
    };
    if known.iter().any(is_there) {
        return None;
    }
    let hint = did_you_mean(object, known.iter().map(String::as_str));
    let detail = format!("The configuration has no {object}, which could fail as expected.{hint}");
    Some(Diagnostic::error("Invalid expected failure", detail).at(*span))
}

/// A value of a variable, as a file of tests gives it.
#[derive(Clone, Debug)]
struct TestValue {
    name: Arc<str>,
    value: Value,
    span: Span,
}

impl Project {
    /// The values of the variables that have one.
    fn given_values(&self) -> BTreeMap<Arc<str>, Value> {
        // What is wrong with them is told by every run.
        let mut unheard = Diagnostics::new();
        let mut values = self.with_input(Strictness::Lenient, &Nothing, |input| {
            eval::variables(input, &mut unheard)
        });
        values.retain(|_, value| value.is_wholly_known());
        values
    }

    /// The values that a `variables` block gives; the expressions may refer to what is bound.
    fn test_values(
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
fn unknown_name(root: &str, name: &str, known: &Value, span: Span) -> Diagnostic {
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

/// What the runs of one file share.
struct Course<'a> {
    setup: &'a Setup,
    parallelism: usize,
    world: World,
    /// The states, by their keys or else by the modules.
    states: BTreeMap<Arc<str>, Local>,
    /// The values of variables from outside of the tests.
    outside: BTreeMap<Arc<str>, Value>,
    /// The values of variables that the file gives to all runs.
    values: Vec<TestValue>,
    /// The outputs of each run so far.
    outputs: BTreeMap<Arc<str>, Value>,
}

impl Course<'_> {
    async fn run(&mut self, run: &TestRun, project: &mut Project, base: &[Given]) -> TestedRun {
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

/// What a run did.
#[derive(Default)]
struct Attempt {
    engine: Option<Run>,
    /// Everything that was found wrong.
    found: Diagnostics,
    /// All was done that the run says: the plan was made and, if it says so, carried out.
    is_done: bool,
    /// The settings of all instances after it, if there is a plan.
    planned: Option<BTreeMap<Address, Value>>,
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
    fn judge(
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
