//! `sealform report`.

use super::drift::Counting;
use super::formats::Outputs;
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::{Diagnostic, Diagnostics, Sources, has_errors};
use crate::render;
use crate::report::Report;
use std::path::{Path, PathBuf};

/// Works with reports that `--output json` wrote.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Join reports of shares of a fleet, or of several directories, into one. The exit status is
    /// that of the worst: 1 an error, 2 drift, 3 changes pending.
    Merge {
        /// A report that `--output json` wrote.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        counting: Counting,
        #[command(flatten)]
        outputs: Outputs,
    },
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let Command::Merge { files, counting, outputs } = &args.command;
    ui.concise = outputs.concise;
    let dir = global.dir();
    let mut diagnostics = Diagnostics::new();
    outputs.check(&mut diagnostics);
    let reports: Vec<Report> =
        files.iter().filter_map(|file| read(&dir, file, &mut diagnostics)).collect();
    if has_errors(&diagnostics) {
        ui.diagnostics(&diagnostics, &Sources::default());
        return Exit::Failure;
    }
    match Report::merge(reports) {
        Ok(report) => {
            let human = |style: &render::Style| render::human::drift(&report, true, style);
            let written = outputs.write(&dir, &report, &human, ui);
            if written { counting.exit(report.verdict) } else { Exit::Failure }
        }
        Err((n, error)) => {
            let name = files.get(n).map(|file| file.display().to_string()).unwrap_or_default();
            let fault = Diagnostic::error("Unfit report", format!("{name}: {error}."));
            ui.diagnostics(&[fault], &Sources::default());
            Exit::Failure
        }
    }
}

fn read(dir: &Path, file: &Path, diagnostics: &mut Diagnostics) -> Option<Report> {
    let mut fault = |why: String| {
        let detail = format!("{}: {why}.", file.display());
        diagnostics.push(Diagnostic::error("Unreadable report", detail));
    };
    match std::fs::read(dir.join(file)) {
        Ok(bytes) => Report::from_json(&bytes).map_err(|error| fault(error.to_string())).ok(),
        Err(error) => {
            fault(error.to_string());
            None
        }
    }
}
