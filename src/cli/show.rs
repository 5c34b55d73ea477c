//! `sealform show`.

use super::apply::read_plan;
use super::args::Variables;
use super::formats::{Began, Outputs};
use super::state::read_state;
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::{Diagnostics, Sources, has_errors};
use crate::engine::Project;
use crate::render;
use crate::report::{Circumstances, Command, Report};
use std::path::PathBuf;

/// Shows the state or, given a file, the plan that `plan --out` saved there.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A plan that `plan --out` saved.
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    outputs: Outputs,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let began = Began::now();
    ui.concise = args.outputs.concise;
    let mut diagnostics = Diagnostics::new();
    args.outputs.check(&mut diagnostics);
    let none = Sources::default();
    if let Some(file) = &args.plan {
        let project = Project::bare(&Variables::default().request(global));
        let plan = read_plan(&project.dir.join(file), &mut diagnostics);
        let Some((plan, origin)) = plan.filter(|_| !has_errors(&diagnostics)) else {
            ui.diagnostics(&diagnostics, &none);
            return Exit::Failure;
        };
        let mut report = began
            .facts(Command::Plan, &project, &diagnostics, None, |it| Report::of_plan(&plan, it));
        // What was told of it then is told again, wherever and whenever that is.
        if let Ok(kept) = serde_json::from_value::<Circumstances>(origin.circumstances) {
            report.made_in(kept);
        }
        let known = report.suppressed();
        let human = |style: &render::Style| render::human::plan_knowing(&plan, &known, style);
        let written = args.outputs.write(&project.dir, &report, &human, ui);
        args.outputs.end(&project.dir, &report, (&diagnostics, &none), ui);
        return if written { Exit::Success } else { Exit::Failure };
    }
    let json = !args.outputs.is_for_people();
    match read_state(global, ui) {
        Err(exit) => exit,
        Ok(None) => {
            if json {
                ui.out_json(&serde_json::json!(null));
            } else {
                ui.out("There is no state: nothing has been applied yet.\n");
            }
            Exit::Success
        }
        Ok(Some(state)) => {
            if json {
                ui.out_json(&render::json::state(&state));
            } else {
                ui.out(&render::human::state(&state, &ui.style()));
            }
            Exit::Success
        }
    }
}
