//! `sealform workspace`.

use super::args::{Variables, locking, looking};
use super::signals::{Decision, Signals, stopped};
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::Diagnostic;
use crate::engine::Project;
use clap::Subcommand;

/// Keeps several states of one configuration apart. Expressions see the name of the one that is
/// selected as `sealform.workspace`; `SEALFORM_WORKSPACE` selects one for a single command. One that
/// nobody has made is an error.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the workspaces; a star marks the one that is selected.
    List,
    /// Show which workspace is selected.
    Show,
    /// Make a workspace and select it.
    New {
        /// Its name.
        name: String,
    },
    /// Select a workspace.
    Select {
        /// Its name.
        name: String,
        /// Make it where there is none of this name.
        #[arg(long)]
        or_create: bool,
    },
    /// Remove a workspace and its state.
    Delete {
        /// Its name.
        name: String,
        /// Even if it records resources: they stay as they are, and nothing manages them.
        #[arg(long)]
        force: bool,
    },
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let project = match super::state::load(global, ui) {
        Ok(project) => project,
        Err(exit) => return exit,
    };
    let request = Variables::default().request(global);
    if let Some(fault) = overridden(&args.command, request.workspace.as_deref()) {
        ui.diagnostics(&[fault], &project.sources);
        return Exit::Failure;
    }
    let is_overridden = request.workspace.is_some();
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    let decision = Decision::default();
    let ended = runtime.block_on(async {
        let work = carry_out(&project, is_overridden, global, &args.command, &decision, ui);
        Signals::new().unless_decided(&decision, Box::pin(work)).await
    });
    runtime.shutdown_background();
    match ended {
        Ok(Ok(text)) => {
            ui.out(&text);
            Exit::Success
        }
        Ok(Err(fault)) => {
            ui.diagnostics(&[fault], &project.sources);
            Exit::Failure
        }
        Err(signal) => stopped(signal, ui),
    }
}

/// Why a workspace cannot be gone to: the environment says another one, which would be meant all the
/// same.
fn overridden(command: &Command, variable: Option<&str>) -> Option<Diagnostic> {
    let wanted = match command {
        Command::New { name } | Command::Select { name, .. } => name,
        Command::List | Command::Show | Command::Delete { .. } => return None,
    };
    let variable = variable.filter(|it| it != wanted)?;
    Some(Diagnostic::error(
        "Workspace is overridden",
        format!(
            "SEALFORM_WORKSPACE={variable} in the environment says which workspace is meant, and \
             would go on saying it. Unset it, or give it the value {wanted}."
        ),
    ))
}

/// Does what a command asks for. What the environment says (`is_overridden`) is held to be there even
/// where nothing is done with it.
async fn carry_out(
    project: &Project,
    is_overridden: bool,
    global: &Global,
    command: &Command,
    decision: &Decision,
    ui: &Ui,
) -> Result<String, Diagnostic> {
    let decided = || decision.make();
    let setup = looking(global, "workspace");
    match command {
        Command::Show => {
            if is_overridden {
                project.existing_backend(&setup).await?;
            }
            Ok(format!("{}\n", project.workspace))
        }
        Command::List => {
            let mut text = String::new();
            for name in project.workspaces(&setup).await? {
                let mark = if name == *project.workspace { '*' } else { ' ' };
                text.push_str(&format!("{mark} {name}\n"));
            }
            if is_overridden && !text.contains('*') {
                ui.out(&text);
                text.clear();
                project.existing_backend(&setup).await?;
            }
            Ok(text)
        }
        Command::New { name } => {
            project.new_workspace(name, &setup, &decided).await?;
            Ok(format!("Made the workspace {name:?} and went to it.\n"))
        }
        Command::Select { name, or_create } => {
            let exists = project.workspaces(&setup).await?.contains(name);
            if *or_create && !exists {
                project.new_workspace(name, &setup, &decided).await?;
            } else {
                project.select_workspace(name, &setup).await?;
            }
            Ok(format!("Went to the workspace {name:?}.\n"))
        }
        Command::Delete { name, force } => {
            let setup = locking(global, "workspace delete");
            let mut progress = ui.progress();
            project.delete_workspace(name, *force, &setup, &mut progress, &decided).await?;
            Ok(format!("Deleted the workspace {name:?}.\n"))
        }
    }
}
