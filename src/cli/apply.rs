//! `sealform apply` and `sealform destroy`.

use super::args::Planning;
use super::formats::Began;
use super::notify::{Notifier, Notifying};
use super::plan::{Prepared, prepare};
use super::signals::{NOTHING, Signal, Signals, ended_by, stopped};
use super::ui::{Answer, Ui};
use super::{Exit, Global, counted};
use crate::diag::{Diagnostic, Diagnostics, has_errors, listed};
use crate::engine::{Checked, GRACE, Notice, Project, Run, Setup, Stop};
use crate::event::Outcome;
use crate::plan::{Origin, Plan, Step};
use crate::render;
use crate::report::{Command, Report, Suppressed};
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

#[derive(Clone, Debug, clap::Args)]
struct Doing {
    #[command(flatten)]
    planning: Planning,
    /// Do not ask before anything is changed.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1,
        require_equals = true, default_value_t = false, default_missing_value = "true")]
    auto_approve: bool,
    /// Let new objects be protected less than now: by a weaker key, or by less being blocked.
    /// `destroy` does not need it.
    #[arg(long)]
    allow_weakening: bool,
    #[command(flatten)]
    notifying: Notifying,
    /// Everything managed is to be reset.
    #[arg(skip)]
    destroy: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    match &args.plan {
        Some(file) => apply_saved(global, &args.doing, file, ui),
        None => apply(global, &Doing { destroy: args.destroy, ..args.doing.clone() }, ui),
    }
}

pub(super) fn destroy(global: &Global, args: &DestroyArgs, ui: &mut Ui) -> Exit {
    apply(global, &Doing { destroy: true, ..args.doing.clone() }, ui)
}

fn apply(global: &Global, doing: &Doing, ui: &mut Ui) -> Exit {
    let began = Began::now();
    doing.planning.apply_style(ui);
    let mut diagnostics = Diagnostics::new();
    let asks = !doing.auto_approve;
    if asks && (!doing.planning.outputs.is_for_people() || !doing.planning.input) {
        let why = if doing.planning.input {
            "Where standard output is for programs, nobody is asked."
        } else {
            "With --input=false, nobody is asked."
        };
        diagnostics.push(approval_needed(why));
        let project = Project::bare(&doing.planning.variables.request(global));
        return finish(&diagnostics, &project, began, doing, ui);
    }
    let prepared = prepare(global, &doing.planning, doing.destroy, &mut diagnostics);
    let operation = if doing.destroy { "destroy" } else { "apply" };
    let setup = doing.planning.setup(global, operation, false);
    let Some(checked) = &prepared.checked else {
        return finish(&diagnostics, &prepared.project, began, doing, ui);
    };
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    let notifier = Notifier::new(global, doing.notifying);
    let doing = (doing, began);
    let work = plan_and_do(&prepared, checked, diagnostics, &setup, doing, notifier, ui);
    let exit = runtime.block_on(work);
    runtime.shutdown_background();
    exit
}

/// Reports what stopped the command before anything was planned.
fn finish(
    diagnostics: &[Diagnostic],
    project: &Project,
    began: Began,
    doing: &Doing,
    ui: &Ui,
) -> Exit {
    tell_failure(diagnostics, project, began, doing, ui);
    ui.diagnostics(diagnostics, &project.sources);
    Exit::Failure
}

/// Tells in every output what stopped the command before anything was planned.
fn tell_failure(
    diagnostics: &[Diagnostic],
    project: &Project,
    began: Began,
    doing: &Doing,
    ui: &Ui,
) {
    let report = began.facts(Command::Apply, project, diagnostics, None, Report::of_failure);
    let report = Report { destroy: doing.destroy, ..report };
    let outputs = &doing.planning.outputs;
    outputs.write(&project.dir, &report, &|_| String::new(), ui);
    outputs.end(&project.dir, &report, (diagnostics, &project.sources), ui);
}

/// Reports a command that was given up before anything was planned, or before anything was done, and
/// the lock that could not be given back.
fn given_up(
    signal: Signal,
    unreleased: Option<Diagnostic>,
    mut diagnostics: Diagnostics,
    project: &Project,
    began: Began,
    doing: &Doing,
    ui: &Ui,
) -> Exit {
    diagnostics.extend(unreleased);
    ui.diagnostics(&diagnostics, &project.sources);
    diagnostics.push(ended_by(signal, NOTHING));
    tell_failure(&diagnostics, project, began, doing, ui);
    stopped(signal, ui)
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
    let mut report = began
        .facts(Command::Apply, project, diagnostics, None, |facts| Report::of_plan(plan, facts));
    began.silence_again(&mut report, project);
    let known = report.suppressed();
    let human = |style: &render::Style| render::human::plan_knowing(plan, &known, style);
    if outputs.is_for_people() {
        outputs.write_files(&project.dir, &report, &human, ui);
    } else {
        outputs.write(&project.dir, &report, &human, ui);
    }
    outputs.end(&project.dir, &report, (diagnostics, &project.sources), ui);
}

/// What silences which drift of a plan; what has expired is told.
fn known(
    plan: &Plan,
    diagnostics: &mut Diagnostics,
    project: &Project,
    began: Began,
) -> Suppressed {
    if project.silences().is_empty() {
        return Suppressed::new();
    }
    let mut report = began
        .facts(Command::Apply, project, diagnostics, None, |facts| Report::of_plan(plan, facts));
    diagnostics.extend(began.silence(&mut report, project, false));
    report.suppressed()
}

async fn plan_and_do(
    prepared: &Prepared,
    checked: &Checked,
    mut diagnostics: Diagnostics,
    setup: &Setup,
    (doing, began): (&Doing, Began),
    notifier: Notifier,
    ui: &Ui,
) -> Exit {
    let Prepared { project, options, .. } = prepared;
    let mut signals = Signals::new().within(doing.planning.selecting.timeout);
    let mut progress = doing.planning.outputs.telling(&project.dir, ui);
    let open = Run::open(project, checked, setup, &mut progress, &mut diagnostics);
    let opened = match signals.unless(Box::pin(open)).await {
        Ok(opened) => opened,
        Err(signal) => return given_up(signal, None, diagnostics, project, began, doing, ui),
    };
    let Some(mut run) = opened else {
        return finish(&diagnostics, project, began, doing, ui);
    };
    let planned = run.plan(project, checked, options, &mut progress, &mut diagnostics);
    let planned = signals.unless(Box::pin(planned)).await;
    drop(progress);
    let plan = match planned {
        Ok(plan) => plan,
        Err(signal) => {
            let unreleased = run.close().await;
            return given_up(signal, unreleased, diagnostics, project, began, doing, ui);
        }
    };
    let Some(plan) = plan else {
        ui.diagnostics(run.close().await.as_slice(), &project.sources);
        return finish(&diagnostics, project, began, doing, ui);
    };
    let known = known(&plan, &mut diagnostics, project, began);
    if doing.planning.outputs.is_for_people() {
        ui.out(&render::human::plan_knowing(&plan, &known, &ui.style()));
    }
    if doing.auto_approve {
        diagnostics.extend(weakening_refused(&plan, doing));
    }
    // What could not be read stops nothing else at plan; at apply nothing is done on half a plan.
    if has_errors(&diagnostics) {
        ui.diagnostics(run.close().await.as_slice(), &project.sources);
        tell_undone(&plan, &diagnostics, project, began, doing, ui);
        ui.diagnostics(&diagnostics, &project.sources);
        ui.note("Nothing was changed: a plan with errors is not carried out.");
        return Exit::Failure;
    }
    ui.diagnostics(&diagnostics, &project.sources);
    if !doing.auto_approve {
        let answer = match signals.unless(Box::pin(agreed(&plan, doing, ui))).await {
            Ok(answer) => answer,
            Err(signal) => {
                let unreleased = run.close().await;
                ui.diagnostics(unreleased.as_slice(), &project.sources);
                diagnostics.extend(unreleased);
                diagnostics.push(ended_by(signal, NOTHING));
                tell_undone(&plan, &diagnostics, project, began, doing, ui);
                return stopped(signal, ui);
            }
        };
        if answer != Answer::Yes {
            ui.diagnostics(run.close().await.as_slice(), &project.sources);
            tell_undone(&plan, &diagnostics, project, began, doing, ui);
            ui.note("\nNothing was changed.");
            if answer == Answer::None {
                let fault = approval_needed("Standard input ended before there was an answer.");
                ui.diagnostics(&[fault], &project.sources);
            }
            return Exit::Failure;
        }
    }
    let told = (project, &diagnostics);
    let notices = (notifier, checked.notices.as_slice());
    let exit = carry_out(&mut run, &plan, told, (doing, began), notices, signals, ui).await;
    ui.diagnostics(run.close().await.as_slice(), &project.sources);
    exit
}

/// Asks whether to go on; and once more, in words of its own, where new objects would be protected
/// less.
async fn agreed(plan: &Plan, doing: &Doing, ui: &Ui) -> Answer {
    if !plan.is_empty() {
        let answer = ui.confirm(question(plan)).await;
        if answer != Answer::Yes {
            return answer;
        }
    }
    if doing.allow_weakening || plan.unconfirmed().next().is_none() {
        return Answer::Yes;
    }
    ui.confirm(&render::human::consent(plan, &ui.style())).await
}

/// How many buckets one message names.
const LISTED: usize = 20;

/// Why the plan is not carried out without a word about what it weakens, if so.
fn weakening_refused(plan: &Plan, doing: &Doing) -> Option<Diagnostic> {
    let count = plan.unconfirmed().count();
    if count == 0 || doing.allow_weakening {
        return None;
    }
    let step = |step: &Step| {
        format!("{} ({})", step.address, step.weakening.as_deref().unwrap_or_default())
    };
    let weakened: Vec<String> = plan.unconfirmed().map(step).collect();
    let buckets = counted(count, "bucket");
    Some(Diagnostic::error(
        "Weakening not allowed",
        format!(
            "New objects of {buckets} would be protected less than now, and nobody has said yes to \
             that: {}. Say --allow-weakening if it is meant. A resource block that stays may have \
             `lifecycle {{ allow_weakening = true }}` instead, which holds for the buckets that leave \
             it, too.",
            listed(weakened.iter(), LISTED)
        ),
    ))
}

/// The fault of a run that nobody approved of.
fn approval_needed(why: &str) -> Diagnostic {
    let detail = format!(
        "{why} Say --auto-approve, or save a plan with `plan --out FILE`, have it reviewed, and \
         `apply FILE`; where new objects would be protected less, --allow-weakening, too."
    );
    Diagnostic::error("Approval needed", detail)
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
    let doing = &Doing { destroy: plan.destroy, ..doing.clone() };
    let setup = doing.planning.setup(global, "apply", false);
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    let exit = runtime.block_on(async {
        let mut signals = Signals::new().within(doing.planning.selecting.timeout);
        let mut progress = doing.planning.outputs.telling(&project.dir, ui);
        let open = Run::open_for(&project, &plan, &setup, &mut progress, &mut diagnostics);
        let opened = signals.unless(Box::pin(open)).await;
        drop(progress);
        let mut run = match opened {
            Ok(Some(run)) => run,
            Ok(None) => return finish(&diagnostics, &project, began, doing, ui),
            Err(signal) => return given_up(signal, None, diagnostics, &project, began, doing, ui),
        };
        let checking = async {
            run.check_origin(&project, &plan, &origin, &mut diagnostics).await;
            if !has_errors(&diagnostics) {
                let parallelism = doing.planning.selecting.parallelism();
                run.check_keys(&plan, parallelism, &mut diagnostics).await;
            }
        };
        if let Err(signal) = signals.unless(Box::pin(checking)).await {
            let unreleased = run.close().await;
            return given_up(signal, unreleased, diagnostics, &project, began, doing, ui);
        }
        // A plan that is stale is told to be so first: the word would not help it.
        if !has_errors(&diagnostics) {
            diagnostics.extend(weakening_refused(&plan, doing));
        }
        if has_errors(&diagnostics) {
            ui.diagnostics(run.close().await.as_slice(), &project.sources);
            return finish(&diagnostics, &project, began, doing, ui);
        }
        // The plan says what was silent when it was made; what has expired since is told.
        known(&plan, &mut diagnostics, &project, began);
        ui.diagnostics(&diagnostics, &project.sources);
        if let Some(state) = run.state() {
            plan.complete(state);
        }
        let told = (&project, &diagnostics);
        let notices = project.notices_alone();
        let notices = (Notifier::new(global, doing.notifying), notices.as_slice());
        let exit = carry_out(&mut run, &plan, told, (doing, began), notices, signals, ui).await;
        ui.diagnostics(run.close().await.as_slice(), &project.sources);
        exit
    });
    // A name that is still looked up is not waited for.
    runtime.shutdown_background();
    exit
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
    (mut notifier, notices): (Notifier, &[Notice]),
    signals: Signals,
    ui: &Ui,
) -> Exit {
    let stop = Stop::default();
    let signal = Arc::new(OnceLock::new());
    let watcher = tokio::spawn(watch(signals, stop.clone(), Arc::clone(&signal)));
    let mut progress = doing.planning.outputs.telling(&project.dir, ui);
    let parallelism = doing.planning.selecting.parallelism();
    let result = run.apply(plan, parallelism, &stop, &mut progress).await;
    drop(progress);
    watcher.abort();
    let mut outcome = match result {
        Ok(outcome) => outcome,
        Err(error) => {
            let fault = error.diagnostic();
            let all: Diagnostics = diagnostics.iter().chain([&fault]).cloned().collect();
            tell_undone(plan, &all, project, began, doing, ui);
            ui.diagnostics(&[fault], &project.sources);
            ui.note(NOTHING);
            return Exit::Failure;
        }
    };
    outcome.failures.iter_mut().for_each(|failed| project.locate(&mut failed.diagnostic));
    let rescued = super::rescue::rescue(&outcome, &project.dir, ui);
    let told: Diagnostics = diagnostics.iter().chain(&rescued).cloned().collect();
    let mut report = began.facts(Command::Apply, project, &told, None, |facts| {
        Report::of_outcome(plan, &outcome, facts)
    });
    began.silence_again(&mut report, project);
    let outputs = &doing.planning.outputs;
    let failed: Diagnostics = outcome.diagnostics().chain(&rescued).cloned().collect();
    let summary = |style: &render::Style| render::human::outcome(plan, &outcome, style);
    outputs.print(&report, &summary, ui);
    // Beside a file there is no standard error to say what failed.
    let whole = |style: &render::Style| {
        let gap = if failed.is_empty() { "" } else { "\n" };
        summary(style) + gap + &render::diagnostics(&failed, &project.sources, style)
    };
    let written = outputs.write_files(&project.dir, &report, &whole, ui);
    let all: Diagnostics = diagnostics.iter().chain(&failed).cloned().collect();
    outputs.end(&project.dir, &report, (&all, &project.sources), ui);
    ui.diagnostics(&failed, &project.sources);
    // The lock has been given back: nobody waits for this.
    notifier.tell(project, notices, &report, &mut Signals::new(), ui).await;
    match exit_of(&outcome, signal.get().copied()) {
        Exit::Success if !written => Exit::Failure,
        exit => exit,
    }
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
