//! `sealform apply` and `sealform destroy`.

use super::args::Planning;
use super::plan::{Prepared, prepare, show};
use super::signals::{Signal, Signals, stopped};
use super::ui::Ui;
use super::{Exit, Global};
use crate::config;
use crate::diag::{Diagnostic, Diagnostics, has_errors};
use crate::engine::{Checked, GRACE, Project, Run, Setup, Stop};
use crate::event::Outcome;
use crate::plan::Plan;
use crate::render;
use clap::ArgAction;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

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
    doing.planning.apply_style(ui);
    let mut diagnostics = Diagnostics::new();
    let asks = !doing.auto_approve;
    if asks && (doing.planning.json || !doing.planning.input || !ui.can_ask()) {
        diagnostics.push(Diagnostic::error(
            "Approval needed",
            "There is nobody to ask. Say --auto-approve, or save a plan with `plan --out FILE`, \
             have it reviewed, and `apply FILE`.",
        ));
        return finish(&diagnostics, None, doing, ui);
    }
    let prepared = prepare(global, &doing.planning, destroy, &mut diagnostics);
    let setup = doing.planning.setup(global, if destroy { "destroy" } else { "apply" }, false);
    let Some(checked) = &prepared.checked else {
        return finish(&diagnostics, Some(&prepared.project), doing, ui);
    };
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    runtime.block_on(plan_and_do(&prepared, checked, diagnostics, &setup, doing, ui))
}

/// Reports what stopped the command before anything was planned.
fn finish(diagnostics: &[Diagnostic], project: Option<&Project>, doing: &Doing, ui: &Ui) -> Exit {
    let none = crate::diag::Sources::default();
    let sources = project.map_or(&none, |project| &project.sources);
    if doing.planning.json {
        let sources = config::with_contexts(sources, diagnostics);
        ui.out_json(&render::json::validation(diagnostics, &sources));
    }
    ui.diagnostics(diagnostics, sources);
    Exit::Failure
}

async fn plan_and_do(
    prepared: &Prepared,
    checked: &Checked,
    mut diagnostics: Diagnostics,
    setup: &Setup,
    doing: &Doing,
    ui: &Ui,
) -> Exit {
    let Prepared { project, options, .. } = prepared;
    let mut signals = Signals::new().within(doing.planning.timeout);
    let mut progress = ui.progress();
    let open = Run::open(project, checked, setup, &mut progress, &mut diagnostics);
    let opened = match signals.unless(Box::pin(open)).await {
        Ok(opened) => opened,
        Err(signal) => return stopped(signal, ui),
    };
    let Some(mut run) = opened else {
        return finish(&diagnostics, Some(project), doing, ui);
    };
    let planned = run.plan(project, checked, options, &mut progress, &mut diagnostics);
    let planned = signals.unless(Box::pin(planned)).await;
    drop(progress);
    let plan = match planned {
        Ok(plan) => plan,
        Err(signal) => {
            run.close().await;
            return stopped(signal, ui);
        }
    };
    let Some(plan) = plan else {
        run.close().await;
        return finish(&diagnostics, Some(project), doing, ui);
    };
    if !doing.planning.json {
        show(&plan, project, &diagnostics, false, ui);
    }
    // What could not be read stops nothing else at plan; at apply nothing is done on half a plan.
    if has_errors(&diagnostics) {
        run.close().await;
        if doing.planning.json {
            show(&plan, project, &diagnostics, true, ui);
        }
        ui.diagnostics(&diagnostics, &project.sources);
        ui.note("Nothing was changed: a plan with errors is not carried out.");
        return Exit::Failure;
    }
    ui.diagnostics(&diagnostics, &project.sources);
    if !plan.is_empty() && !doing.auto_approve {
        let answer = signals.unless(Box::pin(ui.confirm(question(&plan)))).await;
        if answer != Ok(true) {
            run.close().await;
            return match answer {
                Err(signal) => stopped(signal, ui),
                Ok(_) => {
                    ui.note("\nNothing was changed.");
                    Exit::Failure
                }
            };
        }
    }
    let exit = carry_out(&mut run, &plan, project, doing, signals, ui).await;
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
    doing.planning.apply_style(ui);
    let mut diagnostics = Diagnostics::new();
    let project = Project::load(&doing.planning.variables.request(global), &mut diagnostics);
    let plan = read_plan(&project.dir.join(file), &mut diagnostics);
    let Some(plan) = plan.filter(|_| !has_errors(&diagnostics)) else {
        return finish(&diagnostics, Some(&project), doing, ui);
    };
    let setup = doing.planning.setup(global, "apply", false);
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    runtime.block_on(async {
        let mut signals = Signals::new().within(doing.planning.timeout);
        let mut progress = ui.progress();
        let open = Run::open_for(&project, &plan, &setup, &mut progress, &mut diagnostics);
        let opened = signals.unless(Box::pin(open)).await;
        drop(progress);
        let mut run = match opened {
            Ok(Some(run)) => run,
            Ok(None) => return finish(&diagnostics, Some(&project), doing, ui),
            Err(signal) => return stopped(signal, ui),
        };
        let exit = carry_out(&mut run, &plan, &project, doing, signals, ui).await;
        run.close().await;
        exit
    })
}

/// Reads a plan that `plan --out` saved.
pub(super) fn read_plan(path: &std::path::Path, diagnostics: &mut Diagnostics) -> Option<Plan> {
    let fault = |detail: String| Diagnostic::error("Unusable plan", detail);
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            diagnostics.push(fault(format!("{}: {error}.", path.display())));
            return None;
        }
    };
    match Plan::from_bytes(&bytes) {
        Ok(plan) => Some(plan),
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
    project: &Project,
    doing: &Doing,
    signals: Signals,
    ui: &Ui,
) -> Exit {
    let stop = Stop::default();
    let signal = Arc::new(OnceLock::new());
    let watcher = tokio::spawn(watch(signals, stop.clone(), Arc::clone(&signal)));
    let mut progress = ui.progress();
    let result = run.apply(plan, doing.planning.parallelism(), &stop, &mut progress).await;
    drop(progress);
    watcher.abort();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(error) => {
            return finish(&[error.diagnostic()], Some(project), doing, ui);
        }
    };
    let mut diagnostics = outcome.failures.clone();
    diagnostics.extend(super::rescue::rescue(&outcome, &project.dir, ui));
    if doing.planning.json {
        let sources = config::with_contexts(&project.sources, &diagnostics);
        ui.out_json(&render::json::outcome(plan, &outcome, &sources));
    } else {
        ui.out(&render::human::outcome(plan, &outcome, &ui.style()));
    }
    ui.diagnostics(&diagnostics, &project.sources);
    exit_of(&outcome, signal.get().copied())
}

fn exit_of(outcome: &Outcome, signal: Option<Signal>) -> Exit {
    match signal {
        Some(signal) if outcome.interrupted => signal.exit(),
        Some(_) | None if outcome.is_complete() => Exit::Success,
        Some(_) | None => Exit::Failure,
    }
}

/// The first signal that asks to stop lets what runs finish for a while, the second cuts it. Neither
/// keeps what was done from being saved.
async fn watch(mut signals: Signals, stop: Stop, first: Arc<OnceLock<Signal>>) {
    loop {
        let signal = signals.next().await;
        let text = if stop.ask() {
            let why = if signal == Signal::Time { "The time is over. " } else { "" };
            format!(
                "{why}Stopping: nothing new begins, and what runs has {} seconds. Once more cuts it.",
                GRACE.as_secs()
            )
        } else {
            "Stopping now: what runs is cut, and what was done is saved.".to_owned()
        };
        // Only the first one counts.
        let _later = first.set(signal);
        // Nobody reads standard error: there is nobody to tell.
        let _closed = writeln!(std::io::stderr().lock(), "{text}");
    }
}
