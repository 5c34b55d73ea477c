//! Tests: each file on a sandbox and with states of its own, run after run.
//!
//! Owns what files of tests there are, what of them could not be made right by any run, and the order
//! of it all. What one run does is `course`'s, and what that is worth `judge`'s.

mod course;
mod judge;
mod values;

use self::course::Course;
use super::options::Setup;
use super::project::{Project, Request};
use crate::config::{self, Expected, TestFile, TestRun, load};
use crate::diag::{Diagnostic, Diagnostics, Sources, did_you_mean, has_errors};
use crate::eval::{self, Given};
use crate::event::testing::{TestEvent, TestReporter, Tested, TestedFile, TestedRun, Verdict};
use crate::sandbox::World;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

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
