//! `sealform force-unlock`.

use super::signals::{Decision, Signals, stopped};
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::Diagnostic;
use crate::engine::{Project, Setup};
use crate::state::{Backend, Holder, Local, Seen, StateError};

/// Takes the lock of a state on S3 away from a run that is gone. It would go by itself when its lease
/// is over. The lock of a state in a file goes with the process that holds it, and cannot be taken
/// away.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The lock, as the message about it says.
    id: String,
    /// Terraform's word for not asking: whoever says the id means it, so that nothing is asked anyway.
    #[arg(long)]
    force: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let project = match super::state::load(global, ui) {
        Ok(project) => project,
        Err(exit) => return exit,
    };
    let Args { id, force: _ } = args;
    let setup = super::args::locking(global, "force-unlock");
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    let decision = Decision::default();
    let ended = runtime.block_on(async {
        let work = unlock(&project, &setup, id, &decision);
        Signals::new().unless_decided(&decision, Box::pin(work)).await
    });
    runtime.shutdown_background();
    match ended {
        Ok(Ok(holder)) => {
            let holder = Seen { holder, now: setup.holder.since };
            ui.out(&format!("Removed the lock of {holder}.\n"));
            Exit::Success
        }
        Ok(Err(fault)) => {
            ui.diagnostics(&[fault], &project.sources);
            Exit::Failure
        }
        Err(signal) => stopped(signal, ui),
    }
}

/// Takes the lock away, and tells who held it.
async fn unlock(
    project: &Project,
    setup: &Setup,
    id: &str,
    decision: &Decision,
) -> Result<Holder, Diagnostic> {
    match project.existing_backend(setup).await? {
        Backend::Local(local) => Err(of_file(&local, setup, id)),
        Backend::S3(s3) => {
            let removed = s3.force_unlock(id, &|| decision.make()).await;
            removed.map_err(|error| error.diagnostic())
        }
    }
}

/// Why the lock of a file is not taken away: it goes with its process.
fn of_file(local: &Local, setup: &Setup, id: &str) -> Diagnostic {
    match local.exists().then(|| local.try_lock(&setup.holder)) {
        None | Some(Ok(_)) => Diagnostic::error(
            "State is not locked",
            format!(
                "Nobody holds the lock of {}: there is nothing to unlock.",
                local.path().display()
            ),
        ),
        Some(Err(StateError::Locked { holder, .. })) => {
            let by = holder.map_or_else(|| "another run".to_owned(), |it| it.to_string());
            Diagnostic::error(
                "Local state cannot be unlocked",
                format!(
                    "The lock {id:?} is held by {by}, which is alive: the operating system takes \
                     the lock of a state in a file away when its process ends. End that process, \
                     or wait for it."
                ),
            )
        }
        Some(Err(error)) => error.diagnostic(),
    }
}
