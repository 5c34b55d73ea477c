//! `sealform validate`.

use super::args::Variables;
use super::ui::Ui;
use super::{Exit, Global};
use crate::config;
use crate::diag::{Diagnostics, has_errors};
use crate::engine::{Project, Strictness};
use crate::render;

/// Checks the configuration without reading anything live. Variables without a value are taken as
/// unknown.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    variables: Variables,
    /// Print one JSON document instead of text, in the shape of `terraform validate -json`.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let mut diagnostics = Diagnostics::new();
    let project = Project::load(&args.variables.request(global), &mut diagnostics);
    let checked = project.check(Strictness::Lenient, &mut diagnostics);
    let valid = !has_errors(&diagnostics);
    if args.json {
        let sources = config::with_contexts(&project.sources, &diagnostics);
        ui.out_json(&render::json::validation(&diagnostics, &sources));
    } else {
        ui.diagnostics(&diagnostics, &project.sources);
        if valid {
            let count = checked.evaluation.instances.len();
            let buckets = if count == 1 { "bucket" } else { "buckets" };
            ui.out(&format!("Success! The configuration is valid: {count} {buckets}.\n"));
        }
    }
    ui.leave(if valid { Exit::Success } else { Exit::Failure })
}
