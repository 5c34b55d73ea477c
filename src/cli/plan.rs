//! `sealform plan`.

use super::args::Planning;
use super::formats::Began;
use super::signals::{Signals, stopped};
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::{Diagnostics, has_errors};
use crate::engine::{Checked, PlanOptions, Project, Run, Setup, Strictness};
use crate::event::Reporter;
use crate::plan::{Origin, Plan, PlanFileError};
use crate::render::{self, Style};
use crate::report::{Command, Report};
use std::path::{Path, PathBuf};

/// Reads what is live and shows what apply would do. Changes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    planning: Planning,
    /// Plan to reset every bucket that is managed.
    #[arg(long)]
    destroy: bool,
    /// Save the plan to this file, for `apply FILE`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit with 0 if there is nothing to do, 1 for an error, 2 if there is something to do.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let began = Began::now();
    args.planning.apply_style(ui);
    let mut diagnostics = Diagnostics::new();
    let prepared = prepare(global, &args.planning, args.destroy, &mut diagnostics);
    let setup = args.planning.setup(global, "plan", true);
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    let mut origin = args.out.as_ref().map(|_| prepared.project.origin());
    let plan = prepared.checked.as_ref().map(|checked| {
        let mut progress = args.planning.outputs.telling(&prepared.project.dir, ui);
        runtime.block_on(async {
            let making =
                make(&prepared, checked, &setup, origin.as_mut(), &mut progress, &mut diagnostics);
            Signals::new().within(args.planning.selecting.timeout).unless(Box::pin(making)).await
        })
    });
    let plan = match plan.transpose() {
        Ok(plan) => plan.flatten(),
        Err(signal) => return stopped(signal, ui),
    };
    let written = tell(plan.as_ref(), &prepared.project, &diagnostics, began, &args.planning, ui);
    ui.diagnostics(&diagnostics, &prepared.project.sources);
    let Some(plan) = plan.filter(|_| !has_errors(&diagnostics)) else { return Exit::Failure };
    if let (Some(path), Some(origin)) = (&args.out, &origin) {
        // As in Terraform, the path is relative to the directory of the configuration.
        let file = prepared.project.dir.join(path);
        let secret = prepared.checked.iter().flat_map(|it| &it.evaluation.providers);
        let mut secret = secret.filter(|(_, it)| it.any(&|part| part.is_sensitive()));
        let saved = match secret.next() {
            Some((name, _)) => {
                Err(PlanFileError::Sensitive(format!("the provider {name}")).to_string())
            }
            None => save(&plan, origin, &file),
        };
        if let Err(reason) = saved {
            ui.error("Cannot save the plan", &format!("the file {}: {reason}", path.display()));
            return Exit::Failure;
        }
        ui.note(&format!(
            "\nSaved the plan to {0}. To carry out exactly this plan:\n  sealform apply {0}",
            path.display()
        ));
    }
    if !written {
        return Exit::Failure;
    }
    if args.detailed_exitcode && !plan.is_empty() { Exit::Changes } else { Exit::Success }
}

/// A configuration that is ready to be planned, if it has no errors.
pub(super) struct Prepared {
    pub(super) project: Project,
    pub(super) checked: Option<Checked>,
    pub(super) options: PlanOptions,
}

/// Loads and checks the configuration.
pub(super) fn prepare(
    global: &Global,
    planning: &Planning,
    destroy: bool,
    diagnostics: &mut Diagnostics,
) -> Prepared {
    let options = planning.options(destroy, diagnostics);
    let project = Project::load(&planning.variables.request(global), diagnostics);
    let checked = project.check(Strictness::Strict, diagnostics);
    let checked = (!has_errors(diagnostics)).then_some(checked);
    Prepared { project, checked, options }
}

/// Opens a run, makes the plan and ends the run.
async fn make(
    prepared: &Prepared,
    checked: &Checked,
    setup: &Setup,
    origin: Option<&mut Origin>,
    progress: &mut dyn Reporter,
    diagnostics: &mut Diagnostics,
) -> Option<Plan> {
    let Prepared { project, options, .. } = prepared;
    let mut run = Run::open(project, checked, setup, progress, diagnostics).await?;
    let plan = run.plan(project, checked, options, progress, diagnostics).await;
    if let (Some(origin), Some(plan)) = (origin, &plan) {
        run.complete_origin(plan, origin).await;
    }
    run.close().await;
    let plan = plan?;
    // A plan of nothing, because of an error, says nothing.
    let nothing = plan.steps.is_empty() && plan.unplanned.is_empty();
    (!nothing || !has_errors(diagnostics)).then_some(plan)
}

/// Tells what was planned, in every format that is asked for; false where a file could not be written.
fn tell(
    plan: Option<&Plan>,
    project: &Project,
    diagnostics: &Diagnostics,
    began: Began,
    planning: &Planning,
    ui: &Ui,
) -> bool {
    let report = began.facts(Command::Plan, project, diagnostics, None, |facts| {
        plan.map_or_else(|| Report::of_failure(facts), |plan| Report::of_plan(plan, facts))
    });
    let human = |style: &Style| plan.map(|plan| render::human::plan(plan, style));
    let outputs = &planning.outputs;
    let human = |style: &Style| human(style).unwrap_or_default();
    let written = outputs.write(&project.dir, &report, &human, ui);
    outputs.end(&project.dir, &report, (diagnostics, &project.sources), ui);
    written
}

/// Writes the plan to a file that only its owner reads: it tells of every bucket.
fn save(plan: &Plan, origin: &Origin, path: &Path) -> Result<(), String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if path.exists() && !path.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if name.ends_with(".hcl") || name.ends_with(".state.json") {
        return Err("its name is that of a configuration or a state; take another, such as \
                    `this.sealplan`"
            .to_owned());
    }
    let bytes = plan.to_bytes(origin).map_err(|error| error.to_string())?;
    crate::state::write_atomically(path, &bytes).map_err(|error| error.to_string())
}
