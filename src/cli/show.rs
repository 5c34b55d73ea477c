//! `sealform show`.

use super::apply::read_plan;
use super::state::read_state;
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::{Diagnostics, Sources};
use crate::render;
use std::path::PathBuf;

/// Shows the state or, given a file, the plan that `plan --out` saved there.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A plan that `plan --out` saved.
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Print one JSON document instead of text.
    #[arg(long)]
    json: bool,
    /// Print one line for each change.
    #[arg(long)]
    concise: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    ui.concise = args.concise;
    let mut diagnostics = Diagnostics::new();
    let none = Sources::default();
    if let Some(file) = &args.plan {
        let path = global.dir().join(file);
        let Some(plan) = read_plan(&path, &mut diagnostics) else {
            ui.diagnostics(&diagnostics, &none);
            return Exit::Failure;
        };
        if args.json {
            ui.out_json(&render::json::plan(&plan, &diagnostics, &none));
        } else {
            ui.out(&render::human::plan(&plan, &ui.style()));
        }
        return Exit::Success;
    }
    match read_state(global, ui) {
        Err(exit) => exit,
        Ok(None) => {
            if args.json {
                ui.out_json(&serde_json::json!(null));
            } else {
                ui.out("There is no state: nothing has been applied yet.\n");
            }
            Exit::Success
        }
        Ok(Some(state)) => {
            if args.json {
                ui.out_json(&render::json::state(&state));
            } else {
                ui.out(&render::human::state(&state, &ui.style()));
            }
            Exit::Success
        }
    }
}
