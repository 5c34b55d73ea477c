//! `sealform apply` and `sealform destroy`.

use super::args::Planning;
use super::formats::Began;
use super::plan::{Prepared, prepare};
use super::signals::Signals;
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::{Diagnostic, Diagnostics, has_errors};
use crate::engine::{Checked, Project, Run, Setup};
use crate::plan::{Origin, Plan};
use crate::render;
use crate::report::{Command, Report};
use clap::ArgAction;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shows a plan, asks, and carries out exactly that plan; or carries out a saved one.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A plan that `plan --out` saved; it is carried out without asking.
    #[arg(value_name = "PLAN",
        conflicts_with_all = ["destroy", "target", "exclude", "flags", "files", "refresh"])]
    plan: Option<PathBuf>,
    #[command(flatten)]
    doing: Doing,
    /// Reset every bucket that is managed.
    #[arg(long)]
    destroy: bool,
}

/// Resets every bucket that is managed to SSE-S3 and forgets it.
#[derive(Debug, clap::Args)]
pub(super) struct DestroyArgs {
    #[command(flatten)]
    doing: Doing,
}

#[derive(Debug, clap::Args)]
struct Doing {
    #[command(flatten)]
    planning: Planning,
    /// Do not ask before anything is changed.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1,
        require_equals = true, default_value_t = false, default_missing_value = "true")]
    auto_approve: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    match &args.plan {
        Some(file) => apply_saved(global, &args.doing, file, ui),
        None => apply(global, &args.doing, args.destroy, ui),
    }
}

pub(super) fn destroy(global: &Global, args: &DestroyArgs, ui: &mut Ui) -> Exit {
    apply(global, &args.doing, true, ui)
}

fn apply(global: &Global, doing: &Doing, destroy: bool, ui: &mut Ui) -> Exit {
    let began = Began::now();
    doing.planning.apply_style(ui);
    let mut diagnostics = Diagnostics::new();
    let asks = !doing.auto_approve;
    if asks && (!doing.planning.outputs.is_for_people() || !doing.planning.input || !ui.can_ask()) {
        diagnostics.push(Diagnostic::error(
            "Approval needed",
            "There is nobody to ask. Say --auto-approve, or save a plan with `plan --out FILE`, \
             have it reviewed, and `apply FILE`.",
        ));
        let project = Project::bare(&doing.planning.variables.request(global));
        return finish(&diagnostics, &project, began, doing, ui);
    }
    let prepared = prepare(global, &doing.planning, destroy, &mut diagnostics);
    let setup =
        doing.planning.locking.setup(global, if destroy { "destroy" } else { "apply" }, false);
    let Some(checked) = &prepared.checked else {
        return finish(&diagnostics, &prepared.project, began, doing, ui);
    };
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    runtime.block_on(plan_and_do(&prepared, checked, diagnostics, &setup, (doing, began), ui))
}

/// Reports what stopped the command before anything was planned.
fn finish(
    diagnostics: &[Diagnostic],
    project: &Project,
    began: Began,
    doing: &Doing,
    ui: &Ui,
) -> Exit {
    let report = began.facts(Command::Apply, project, diagnostics, None, Report::of_failure);
    doing.planning.outputs.write(&project.dir, &report, &|_| String::new(), ui);
    ui.diagnostics(diagnostics, &project.sources);
    Exit::Failure
}

/// Tells what was planned and not done; text for people has been printed already.
fn tell_undone(
    plan: &Plan,
    diagnostics: &[Diagnostic],
    project: &Project,
    began: Began,
    doing: &Doing,
    ui: &Ui,
) {
    let outputs = &doing.planning.outputs;
    let report = began
        .facts(Command::Apply, project, diagnostics, None, |facts| Report::of_plan(plan, facts));
    let human = |style: &render::Style| render::human::plan(plan, style);
    if outputs.is_for_people() {
        outputs.write_files(&project.dir, &report, &human, ui);
    } else {
        outputs.write(&project.dir, &report, &human, ui);
    }
}

async fn plan_and_do(
    prepared: &Prepared,
    checked: &Checked,
    mut diagnostics: Diagnostics,
    setup: &Setup,
    (doing, began): (&Doing, Began),
    ui: &Ui,
) -> Exit {
    let Prepared { project, options, .. } = prepared;
    let mut progress = ui.progress();
    let Some(mut run) = Run::open(project, checked, setup, &mut progress, &mut diagnostics).await
    else {
        return finish(&diagnostics, project, began, doing, ui);
    };
    let plan = run.plan(project, checked, options, &mut progress, &mut diagnostics).await;
    drop(progress);
    let Some(plan) = plan else {
        run.close().await;
        return finish(&diagnostics, project, began, doing, ui);
    };
    if doing.planning.outputs.is_for_people() {
        ui.out(&render::human::plan(&plan, &ui.style()));
    }
    // What could not be read stops nothing else at plan; at apply nothing is done on half a plan.
    if has_errors(&diagnostics) {
        run.close().await;
        tell_undone(&plan, &diagnostics, project, began, doing, ui);
        ui.diagnostics(&diagnostics, &project.sources);
        ui.note("Nothing was changed: a plan with errors is not carried out.");
        return Exit::Failure;
    }
    ui.diagnostics(&diagnostics, &project.sources);
    if !plan.is_empty() && !doing.auto_approve && !ui.confirm(question(&plan)) {
        run.close().await;
        tell_undone(&plan, &diagnostics, project, began, doing, ui);
        ui.note("\nNothing was changed.");
        return Exit::Failure;
    }
    let exit = carry_out(&mut run, &plan, (project, &diagnostics), (doing, began), ui).await;
    run.close().await;
    exit
}

fn question(plan: &Plan) -> &'static str {
    if plan.destroy {
        "Do you really want to reset all of these buckets?"
    } else {
        "Do you want to perform these actions?"
    }
}

fn apply_saved(global: &Global, doing: &Doing, file: &PathBuf, ui: &mut Ui) -> Exit {
    let began = Began::now();
    doing.planning.apply_style(ui);
    let mut diagnostics = Diagnostics::new();
    doing.planning.outputs.check(&mut diagnostics);
    let project = Project::load(&doing.planning.variables.request(global), &mut diagnostics);
    let plan = read_plan(&project.dir.join(file), &mut diagnostics);
    let Some((mut plan, origin)) = plan.filter(|_| !has_errors(&diagnostics)) else {
        return finish(&diagnostics, &project, began, doing, ui);
    };
    let setup = doing.planning.locking.setup(global, "apply", false);
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    runtime.block_on(async {
        let mut progress = ui.progress();
        let opened = Run::open_for(&project, &plan, &setup, &mut progress, &mut diagnostics).await;
        drop(progress);
        let Some(mut run) = opened else {
            return finish(&diagnostics, &project, began, doing, ui);
        };
        run.check_origin(&project, &plan, &origin, &mut diagnostics).await;
        if has_errors(&diagnostics) {
            run.close().await;
            return finish(&diagnostics, &project, began, doing, ui);
        }
        ui.diagnostics(&diagnostics, &project.sources);
        if let Some(state) = run.state() {
            plan.complete(state);
        }
        let told = (&project, &diagnostics);
        let exit = carry_out(&mut run, &plan, told, (doing, began), ui).await;
        run.close().await;
        exit
    })
}

/// Reads a plan that `plan --out` saved.
pub(super) fn read_plan(
    path: &std::path::Path,
    diagnostics: &mut Diagnostics,
) -> Option<(Plan, Origin)> {
    let fault = |detail: String| Diagnostic::error("Unusable plan", detail);
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            diagnostics.push(fault(format!("{}: {error}.", path.display())));
            return None;
        }
    };
    match Plan::from_bytes(&bytes) {
        Ok(read) => Some(read),
        Err(error) => {
            diagnostics.push(fault(format!("{}: {error}.", path.display())));
            None
        }
    }
}

/// Carries out a plan and tells what came of it.
async fn carry_out(
    run: &mut Run,
    plan: &Plan,
    (project, diagnostics): (&Project, &Diagnostics),
    (doing, began): (&Doing, Began),
    ui: &Ui,
) -> Exit {
    let interrupted = Arc::new(AtomicBool::new(false));
    let watcher = tokio::spawn(watch(Arc::clone(&interrupted)));
    let mut progress = ui.progress();
    let result =
        run.apply(plan, doing.planning.selecting.parallelism, &interrupted, &mut progress).await;
    drop(progress);
    watcher.abort();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(error) => {
            return finish(&[error.diagnostic()], project, began, doing, ui);
        }
    };
    let report = began.facts(Command::Apply, project, diagnostics, None, |facts| {
        Report::of_outcome(plan, &outcome, facts)
    });
    let outputs = &doing.planning.outputs;
    let human = |style: &render::Style| render::human::outcome(plan, &outcome, style);
    let written = outputs.write(&project.dir, &report, &human, ui);
    ui.diagnostics(&outcome.failures, &project.sources);
    if outcome.interrupted {
        Exit::Interrupted
    } else if outcome.is_complete() && written {
        Exit::Success
    } else {
        Exit::Failure
    }
}

/// The first signal that asks to stop lets what runs finish; the second leaves it: what was done is
/// in the journal.
async fn watch(interrupted: Arc<AtomicBool>) {
    let mut signals = Signals::new();
    loop {
        signals.next().await;
        stop(&interrupted);
    }
}

#[expect(clippy::exit, reason = "the user has asked twice")]
fn stop(interrupted: &AtomicBool) {
    let mut stderr = std::io::stderr().lock();
    if interrupted.swap(true, Ordering::Relaxed) {
        std::process::exit(i32::from(Exit::Interrupted.code()));
    }
    // Nobody reads standard error: there is nobody to tell.
    let _closed = writeln!(
        stderr,
        "Stopping: nothing new begins, and what runs is waited for. Once more leaves it."
    );
}
