//! `sealform test`.

use super::args::{PARALLELISM, Variables};
use super::signals::{Signals, ended_by};
use super::ui::Ui;
use super::{Exit, Global};
use crate::config;
use crate::diag::{Diagnostics, Sources, has_errors};
use crate::engine::{LockOptions, Setup, Suite};
use crate::event::testing::{TestEvent, TestReporter, Tested};
use crate::render;
use crate::state::Holder;
use std::path::PathBuf;
use std::time::Duration;

/// Runs the tests in *.sealtest.hcl files, or *.sealtest.hcl.json in the JSON syntax, beside the
/// configuration and in its directory tests.
///
/// Each file has a sandbox of its own, in memory, and states of its own: a test touches neither AWS
/// nor the state of the configuration, and leaves nothing behind.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    variables: Variables,
    /// Run only this file. May be repeated.
    #[arg(long, value_name = "FILE")]
    filter: Vec<String>,
    /// Where else tests are, relative to the directory of the configuration.
    #[arg(long, value_name = "DIR", default_value = "tests")]
    test_directory: PathBuf,
    /// Show the plan of each run that plans, and the state after each that applies.
    #[arg(long)]
    verbose: bool,
    /// Print one JSON document instead of text.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let mut diagnostics = Diagnostics::new();
    let request = args.variables.request(global);
    let mut suite = Suite::load(&request, &args.test_directory, &args.filter, &mut diagnostics);
    if has_errors(&diagnostics) {
        return finish(&Tested::default(), &diagnostics, &suite.sources, args, ui);
    }
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    let setup = setup();
    let mut shown = Shown { args, ui };
    let tested = runtime.block_on(async {
        let mut signals = Signals::new();
        signals.unless(Box::pin(suite.run(&setup, PARALLELISM, &mut shown))).await
    });
    let tested = match tested {
        Ok(tested) => tested,
        Err(signal) => {
            if args.json {
                diagnostics.push(ended_by(signal, "What has run by then is not told."));
                finish(&Tested::default(), &diagnostics, &suite.sources, args, ui);
            } else {
                ui.note("Stopped.");
            }
            return signal.exit();
        }
    };
    finish(&tested, &diagnostics, &suite.sources, args, ui)
}

/// Tells what all came to.
fn finish(
    tested: &Tested,
    diagnostics: &Diagnostics,
    sources: &Sources,
    args: &Args,
    ui: &Ui,
) -> Exit {
    let passed = !has_errors(diagnostics) && tested.has_passed();
    if args.json {
        let files = tested.files.iter();
        let of_files = files.flat_map(|file| {
            file.diagnostics.iter().chain(file.runs.iter().flat_map(|run| &run.diagnostics))
        });
        let all: Diagnostics = diagnostics.iter().chain(of_files).cloned().collect();
        let sources = config::with_contexts(sources, &all);
        ui.out_json(&render::json::tested(tested, diagnostics, &sources, args.verbose));
    } else if !has_errors(diagnostics) {
        let gap = if tested.files.is_empty() { "" } else { "\n" };
        ui.out(&format!("{gap}{}", render::human::tested(tested, &ui.style())));
        if tested.files.is_empty() {
            ui.note(
                "There are no tests: no *.sealtest.hcl file here or in the directory of tests.",
            );
        }
    }
    ui.diagnostics(diagnostics, sources);
    if passed { Exit::Success } else { Exit::Failure }
}

/// What surrounds the runs. Nobody else knows of their states, so that there is nothing to lock.
fn setup() -> Setup {
    Setup {
        holder: Holder {
            operation: "test".to_owned(),
            who: String::new(),
            pid: std::process::id(),
            since: jiff::Timestamp::now(),
        },
        lock: LockOptions { enabled: false, timeout: Duration::ZERO, read_only: false },
        sandbox: None,
        state: None,
        max_retries: None,
        patience: None,
        ca_bundle: None,
    }
}

/// Shows what happens as it happens.
struct Shown<'a> {
    args: &'a Args,
    ui: &'a Ui,
}

impl TestReporter for Shown<'_> {
    fn report(&mut self, event: &TestEvent<'_>, sources: &Sources) {
        if self.args.json {
            return;
        }
        let Self { args, ui } = self;
        ui.out(&render::human::test_event(event, args.verbose, &ui.style()));
        match event {
            TestEvent::File { name: _, diagnostics } => ui.diagnostics(diagnostics, sources),
            TestEvent::Run { run } => ui.diagnostics(&run.diagnostics, sources),
            TestEvent::FileDone { file: _ } => {}
        }
    }
}
