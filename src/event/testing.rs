//! What happens while tests run, and what they came to.

use crate::diag::{Diagnostics, Sources};
use crate::plan::Plan;
use crate::state::StateFile;
use std::sync::Arc;

/// What a run or a file of tests came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Everything was as expected, or there was nothing to expect.
    Pass,
    /// It was not begun, because of an error before it.
    Skip,
    /// An assertion does not hold.
    Fail,
    /// It could not be done, or did something that was not expected.
    Error,
}

/// A run and what it came to.
#[derive(Debug)]
pub struct TestedRun {
    /// Its name.
    pub name: Arc<str>,
    /// What it came to.
    pub verdict: Verdict,
    /// What was found wrong, what was expected left out.
    pub diagnostics: Diagnostics,
    /// The plan, if one could be made.
    pub plan: Option<Plan>,
    /// What is recorded after the plan was carried out.
    pub state: Option<StateFile>,
}

impl TestedRun {
    /// A run that is not begun.
    pub fn skipped(name: &Arc<str>) -> Self {
        Self {
            name: Arc::clone(name),
            verdict: Verdict::Skip,
            diagnostics: Diagnostics::new(),
            plan: None,
            state: None,
        }
    }
}

/// A file of tests and what its runs came to.
#[derive(Debug)]
pub struct TestedFile {
    /// Its name.
    pub name: Arc<str>,
    /// What was found wrong before any run.
    pub diagnostics: Diagnostics,
    /// The runs, in their order.
    pub runs: Vec<TestedRun>,
}

impl TestedFile {
    /// The worst that any of its runs came to; an error where none could be begun.
    pub fn verdict(&self) -> Verdict {
        let own =
            if crate::diag::has_errors(&self.diagnostics) { Verdict::Error } else { Verdict::Pass };
        self.runs.iter().map(|run| run.verdict).fold(own, Verdict::max)
    }
}

/// What all tests came to.
#[derive(Debug, Default)]
pub struct Tested {
    /// The files, in their order.
    pub files: Vec<TestedFile>,
}

impl Tested {
    /// How many runs came to this.
    pub fn count(&self, verdict: Verdict) -> usize {
        let runs = self.files.iter().flat_map(|file| &file.runs);
        runs.filter(|run| run.verdict == verdict).count()
    }

    /// Whether everything passed.
    pub fn has_passed(&self) -> bool {
        self.files.iter().all(|file| file.verdict() == Verdict::Pass)
    }
}

/// Something that happened.
#[derive(Debug)]
pub enum TestEvent<'a> {
    /// A file begins.
    File {
        /// Its name.
        name: &'a str,
        /// What is wrong with it as a whole.
        diagnostics: &'a Diagnostics,
    },
    /// A run is done, or is skipped.
    Run {
        /// The run.
        run: &'a TestedRun,
    },
    /// A file is done.
    FileDone {
        /// The file.
        file: &'a TestedFile,
    },
}

/// Shows or stores what happens.
pub trait TestReporter {
    /// Takes note of an event; the diagnostics in it are about `sources`.
    fn report(&mut self, event: &TestEvent<'_>, sources: &Sources);
}

/// Takes note of nothing.
impl TestReporter for () {
    fn report(&mut self, _: &TestEvent<'_>, _: &Sources) {}
}
