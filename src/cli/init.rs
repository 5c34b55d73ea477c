//! `sealform init`.

use super::args::Variables;
use super::ui::Ui;
use super::{Exit, Global};
use crate::config::load;
use crate::diag::{Diagnostics, has_errors};
use crate::engine::{Project, Strictness};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// Writes a configuration to start from into a directory that has none; says what is there
/// otherwise. Nothing has to be downloaded, so that it is needed only once, if at all.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

const STARTER_NAME: &str = "main.seal.hcl";
const STARTER: &str = include_str!("starter.seal.hcl");

pub(super) fn run(global: &Global, _args: &Args, ui: &mut Ui) -> Exit {
    let here = &global.dir();
    match load::has_config(here) {
        Ok(true) => describe(global, ui),
        Ok(false) => write_starter(here, ui),
        Err(error) => {
            ui.error("Cannot read the directory", &format!("{}: {error}", here.display()));
            Exit::Failure
        }
    }
}

fn describe(global: &Global, ui: &Ui) -> Exit {
    let mut diagnostics = Diagnostics::new();
    let project = Project::load(&Variables::default().request(global), &mut diagnostics);
    let checked = project.check(Strictness::Lenient, &mut diagnostics);
    ui.diagnostics(&diagnostics, &project.sources);
    if has_errors(&diagnostics) {
        return Exit::Failure;
    }
    ui.out(&format!(
        "There is a configuration here: {}, {}, {}.\n\
         Nothing needs to be initialised. Next: sealform plan\n",
        counted(project.config.resources.len(), "block"),
        counted(checked.evaluation.instances.len(), "bucket"),
        counted(project.config.variables.len(), "variable"),
    ));
    Exit::Success
}

fn counted(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}

fn write_starter(dir: &Path, ui: &Ui) -> Exit {
    let path = dir.join(STARTER_NAME);
    // Never over a file that somebody else makes at this moment.
    let file = OpenOptions::new().write(true).create_new(true).open(&path);
    if let Err(error) = file.and_then(|mut file| file.write_all(STARTER.as_bytes())) {
        ui.error("Cannot write the file", &format!("{}: {error}", path.display()));
        return Exit::Failure;
    }
    ui.out(&format!(
        "Wrote {}. Put the name of your bucket into it, then:\n\n  \
         sealform plan --sandbox    try it without AWS\n  \
         sealform plan              see what would change in AWS\n  \
         sealform apply             change it\n",
        path.display()
    ));
    Exit::Success
}
