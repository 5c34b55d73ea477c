//! `sealform force-unlock`.

use super::args::Variables;
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::{Diagnostic, Diagnostics, Sources};
use crate::engine::Project;
use crate::state::{Local, StateError};

/// Takes a lock away from a run that is gone. A state in a file needs it never: its lock goes with the
/// process that holds it, and cannot be taken away.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The lock, as the message about it says.
    id: String,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let mut ignored = Diagnostics::new();
    let project = Project::load(&Variables::default().request(global), &mut ignored);
    let local = Local::new(project.state_path());
    let holder = super::args::holder("force-unlock");
    let fault = match local.exists().then(|| local.try_lock(&holder)) {
        None | Some(Ok(_)) => {
            ui.out("Nobody holds the lock: there is nothing to unlock.\n");
            return Exit::Success;
        }
        Some(Err(StateError::Locked { holder, .. })) => {
            let by = holder.map_or_else(|| "another run".to_owned(), |it| it.to_string());
            Diagnostic::error(
                "Local state cannot be unlocked",
                format!(
                    "The lock {:?} is held by {by}, which is alive: the operating system takes the \
                     lock of a state in a file away when its process ends. End that process, or \
                     wait for it.",
                    args.id
                ),
            )
        }
        Some(Err(error)) => error.diagnostic(),
    };
    ui.diagnostics(&[fault], &Sources::default());
    Exit::Failure
}
