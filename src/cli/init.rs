//! `sealform init`.

use super::args::{Locking, Variables};
use super::signals::{Decision, Signals, stopped};
use super::ui::Ui;
use super::{Exit, Global, counted};
use crate::config::load;
use crate::diag::{Diagnostics, has_errors};
use crate::engine::{Init, Initialised, Project, Strictness};
use clap::ArgAction;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// Writes a configuration to start from into a directory that has none; says what is there
/// otherwise. Nothing has to be downloaded, so that it is needed only once, if at all; and again where
/// the state is to be kept elsewhere.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Give the backend an argument that the configuration does not say: NAME=VALUE, or a file of
    /// such lines. May be repeated.
    #[arg(long, value_name = "NAME=VALUE|FILE")]
    backend_config: Vec<String>,
    /// Copy the states of all workspaces to the backend that the configuration says now.
    #[arg(long, conflicts_with = "reconfigure")]
    migrate_state: bool,
    /// Use what is at the new backend, and leave the old one as it is.
    #[arg(long)]
    reconfigure: bool,
    /// With --migrate-state, overwrite whatever is at the new place.
    #[arg(long, requires = "migrate_state")]
    force_copy: bool,
    #[command(flatten)]
    locking: Locking,
    /// Nothing is asked in any case: pipelines say so to Terraform.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1,
        require_equals = true, default_value_t = true, default_missing_value = "true", hide = true)]
    input: bool,
}

const STARTER_NAME: &str = "main.seal.hcl";
const STARTER: &str = include_str!("starter.seal.hcl");

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let here = &global.dir();
    match load::has_config(here) {
        Ok(true) => describe(global, args, ui),
        Ok(false) => write_starter(here, ui),
        Err(error) => {
            ui.error("Cannot read the directory", &format!("{}: {error}", here.display()));
            Exit::Failure
        }
    }
}

fn describe(global: &Global, args: &Args, ui: &Ui) -> Exit {
    let mut diagnostics = Diagnostics::new();
    let project = Project::load(&Variables::default().request(global), &mut diagnostics);
    let checked = project.check(Strictness::Lenient, &mut diagnostics);
    ui.diagnostics(&diagnostics, &project.sources);
    if has_errors(&diagnostics) {
        return Exit::Failure;
    }
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    let init = Init {
        given: args.backend_config.clone(),
        migrate: args.migrate_state,
        reconfigure: args.reconfigure,
        force_copy: args.force_copy,
    };
    let setup = args.locking.setup(global, "init", false);
    let mut progress = ui.progress();
    let decision = Decision::default();
    let ended = runtime.block_on(async {
        let decided = || decision.make();
        let work = project.initialise(&init, &setup, &mut progress, &decided);
        Signals::new().unless_decided(&decision, Box::pin(work)).await
    });
    runtime.shutdown_background();
    drop(progress);
    let done = match ended {
        Ok(Ok(done)) => done,
        Ok(Err(fault)) => {
            ui.diagnostics(&[fault], &project.sources);
            return Exit::Failure;
        }
        Err(signal) => return stopped(signal, ui),
    };
    let done = match done {
        Initialised::Nothing => "Nothing needs to be initialised.".to_owned(),
        Initialised::Configured { place } => format!("The state is kept in {place}."),
        Initialised::Migrated { from, to, workspaces } if workspaces.is_empty() => {
            format!("There was no state in {from}. It is kept in {to} from now on.")
        }
        Initialised::Migrated { from, to, workspaces } => format!(
            "Copied the state from {from} to {to} (workspaces: {}). The old one stays as it is, as \
             a backup.",
            workspaces.join(", ")
        ),
    };
    ui.out(&format!(
        "There is a configuration here: {}, {}, {}.\n{done} Next: sealform plan\n",
        counted(project.config.resources.len(), "block"),
        counted(checked.evaluation.instances.len(), "bucket"),
        counted(project.config.variables.len(), "variable"),
    ));
    Exit::Success
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
