//! `sealform plan`.

use super::args::Planning;
use super::signals::{Signals, stopped};
use super::ui::Ui;
use super::{Exit, Global};
use crate::config;
use crate::diag::{Diagnostics, has_errors};
use crate::engine::{Checked, PlanOptions, Project, Run, Setup, Strictness};
use crate::plan::Plan;
use crate::render;
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
    args.planning.apply_style(ui);
    let mut diagnostics = Diagnostics::new();
    let prepared = prepare(global, &args.planning, args.destroy, &mut diagnostics);
    let setup = args.planning.setup(global, "plan", true);
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    let plan = prepared.checked.as_ref().map(|checked| {
        runtime.block_on(async {
            let making = make(&prepared, checked, &setup, ui, &mut diagnostics);
            Signals::new().within(args.planning.timeout).unless(Box::pin(making)).await
        })
    });
    let plan = match plan.transpose() {
        Ok(plan) => plan.flatten(),
        Err(signal) => return stopped(signal, ui),
    };
    if let Some(plan) = &plan {
        show(plan, &prepared.project, &diagnostics, args.planning.json, ui);
    } else if args.planning.json {
        let sources = config::with_contexts(&prepared.project.sources, &diagnostics);
        ui.out_json(&render::json::validation(&diagnostics, &sources));
    }
    ui.diagnostics(&diagnostics, &prepared.project.sources);
    let Some(plan) = plan.filter(|_| !has_errors(&diagnostics)) else { return Exit::Failure };
    if let Some(path) = &args.out {
        // As in Terraform, the path is relative to the directory of the configuration.
        let file = prepared.project.dir.join(path);
        if let Err(reason) = save(&plan, &file) {
            ui.error(&format!("cannot save the plan to {}: {reason}", path.display()));
            return Exit::Failure;
        }
        ui.note(&format!(
            "\nSaved the plan to {0}. To carry out exactly this plan:\n  sealform apply {0}",
            path.display()
        ));
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
    ui: &Ui,
    diagnostics: &mut Diagnostics,
) -> Option<Plan> {
    let Prepared { project, options, .. } = prepared;
    let mut progress = ui.progress();
    let mut run = Run::open(project, checked, setup, &mut progress, diagnostics).await?;
    let plan = run.plan(project, checked, options, &mut progress, diagnostics).await;
    run.close().await;
    let plan = plan?;
    // A plan of nothing, because of an error, says nothing.
    let nothing = plan.steps.is_empty() && plan.unplanned.is_empty();
    (!nothing || !has_errors(diagnostics)).then_some(plan)
}

/// Writes the plan to standard output.
pub(super) fn show(plan: &Plan, project: &Project, diagnostics: &Diagnostics, json: bool, ui: &Ui) {
    if json {
        let sources = config::with_contexts(&project.sources, diagnostics);
        ui.out_json(&render::json::plan(plan, diagnostics, &sources));
    } else {
        ui.out(&render::human::plan(plan, &ui.style()));
    }
}

/// Writes the plan to a file that only its owner reads: it may hold sensitive values.
fn save(plan: &Plan, path: &Path) -> Result<(), String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if path.exists() && !path.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if name.ends_with(".hcl") || name.ends_with(".state.json") {
        return Err("its name is that of a configuration or a state; take another, such as \
                    `this.sealplan`"
            .to_owned());
    }
    let bytes = plan.to_bytes().map_err(|error| error.to_string())?;
    crate::state::write_atomically(path, &bytes).map_err(|error| error.to_string())
}
