//! `sealform state mv`, `rm`, `push`, `restore` and `replace-provider`: what changes the state.

use super::args::Locking;
use super::signals::{Decision, Signals, stopped};
use super::state::load;
use super::ui::Ui;
use super::{Exit, Global, counted};
use crate::diag::{Diagnostic, Sources};
use crate::engine::{self, History, Manner, Wanted, change_state};
use crate::state::{Edit, StateFile};
use std::io::Read as _;

/// Flags of every command that changes the state.
#[derive(Debug, clap::Args)]
pub(super) struct Changing {
    /// Show what would be changed, and change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    locking: Locking,
}

/// Gives a record, all of a block or all of a module another address.
pub(super) fn mv(global: &Global, from: &str, to: &str, how: &Changing, ui: &mut Ui) -> Exit {
    let decide = |state: Option<&StateFile>| Ok(of_edit(present(state)?.rename(from, to)?));
    let would = if how.dry_run { "Would move" } else { "Move" };
    change(global, "state mv", how, false, ui, decide, |edit, ui| {
        for (old, new) in &edit.about {
            if let Some(new) = new {
                ui.out(&format!("{would} \"{old}\" to \"{new}\"\n"));
            }
        }
        if !how.dry_run {
            ui.out(&format!("Successfully moved {} object(s).\n", edit.about.len()));
        }
    })
}

/// Drops records.
pub(super) fn rm(global: &Global, addresses: &[String], how: &Changing, ui: &mut Ui) -> Exit {
    let decide = |state: Option<&StateFile>| Ok(of_edit(present(state)?.remove(addresses)?));
    let would = if how.dry_run { "Would remove" } else { "Removed" };
    change(global, "state rm", how, false, ui, decide, |edit, ui| {
        for (address, _) in &edit.about {
            ui.out(&format!("{would} {address}\n"));
        }
        if !how.dry_run {
            let count = edit.about.len();
            ui.out(&format!("Successfully removed {count} resource instance(s).\n"));
            ui.note("The buckets are left as they are.");
        }
    })
}

/// Records that buckets are managed by another provider.
pub(super) fn replace_provider(
    global: &Global,
    (from, to): (&str, &str),
    auto_approve: bool,
    how: &Changing,
    ui: &mut Ui,
) -> Exit {
    let project = match load(global, ui) {
        Ok(project) => project,
        Err(exit) => return exit,
    };
    if to != "aws" && !project.config.providers.keys().any(|it| **it == *to) {
        let known: Vec<&str> = project.config.providers.keys().map(|it| &**it).collect();
        let hint = crate::diag::did_you_mean(to, known);
        let detail = format!("The configuration declares no provider {to}.{hint}");
        return refuse(&Diagnostic::error("Unknown provider", detail), ui);
    }
    if !auto_approve && !how.dry_run {
        let detail = "Say --dry-run to see what it does, and --auto-approve to do it.";
        return refuse(&Diagnostic::error("Approval needed", detail), ui);
    }
    let decide =
        |state: Option<&StateFile>| Ok(of_edit(present(state)?.replace_provider(from, to)?));
    change(global, "state replace-provider", how, false, ui, decide, |edit, ui| {
        for (address, _) in &edit.about {
            ui.out(&format!("{address}: {from} -> {to}\n"));
        }
        if !how.dry_run {
            let count = counted(edit.about.len(), "resource");
            ui.out(&format!("Successfully replaced provider for {count}.\n"));
        }
    })
}

/// Puts a file in the place of the state.
pub(super) fn push(global: &Global, file: &str, force: bool, how: &Changing, ui: &mut Ui) -> Exit {
    let read = if file == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(global.dir().join(file))
    };
    let named = if file == "-" { "Standard input" } else { file };
    let pushed = match read {
        Ok(bytes) => StateFile::parse(&bytes).map_err(|problem| format!("{named} {problem}.")),
        Err(error) => Err(format!("Could not read {named}: {error}.")),
    };
    let pushed = match pushed {
        Ok(pushed) => pushed,
        Err(detail) => return refuse(&Diagnostic::error("Unusable state", detail), ui),
    };
    let decide = |state: Option<&StateFile>| match state.and_then(|state| state.objection(&pushed))
    {
        Some(objection) if !force => Err(objection),
        Some(_) | None => {
            let count = counted(pushed.resources.len(), "resource");
            Ok((Wanted::Content(Box::new(pushed)), count))
        }
    };
    let would = if how.dry_run { "Would push" } else { "Pushed" };
    change(global, "state push", how, force, ui, decide, |count, ui| {
        ui.note(&format!("{would} a state with {count}."));
    })
}

/// Puts an earlier version in force again.
pub(super) fn restore(
    global: &Global,
    serial: u64,
    force: bool,
    how: &Changing,
    ui: &mut Ui,
) -> Exit {
    let project = match load(global, ui) {
        Ok(project) => project,
        Err(exit) => return exit,
    };
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    let setup = super::args::looking(global, "state restore");
    let found = runtime.block_on(engine::history(&project, &setup)).map(|history| {
        let History { current: _, damaged: _, versions, elsewhere } = history;
        let known: Vec<String> = versions.iter().map(|it| it.serial.to_string()).collect();
        let found = versions.into_iter().find(|it| it.serial == serial);
        found.map(|it| it.state).ok_or((known, elsewhere))
    });
    let content = match found {
        Ok(Ok(Ok(content))) => content,
        Ok(Ok(Err(problem))) => {
            let detail = format!("The version {serial} {problem}.");
            return refuse(&Diagnostic::error("Unusable state", detail), ui);
        }
        Ok(Err((known, elsewhere))) => {
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let more = elsewhere.map_or_else(String::new, |text| format!(" {text}"));
            let detail = format!("No version {serial} is kept. There are: {known}.{more}");
            return refuse(&Diagnostic::error("Unknown version", detail), ui);
        }
        Err(fault) => return refuse(&fault, ui),
    };
    let decide = |state: Option<&StateFile>| {
        let lost = state.and_then(|state| {
            let lineage = state.lineage != content.lineage;
            if lineage { state.objection(&content) } else { state.lost_in(&content) }
        });
        match lost {
            Some(lost) if !force => Err(lost),
            Some(_) | None => {
                let count = counted(content.resources.len(), "resource");
                Ok((Wanted::Content(Box::new(content)), count))
            }
        }
    };
    let would = if how.dry_run { "Would restore" } else { "Restored" };
    change(global, "state restore", how, force, ui, decide, |count, ui| {
        ui.out(&format!("{would} version {serial}, with {count}.\n"));
    })
}

fn present(state: Option<&StateFile>) -> Result<&StateFile, Diagnostic> {
    state.ok_or_else(|| {
        Diagnostic::error("No state", "There is no state: nothing has been applied yet.")
    })
}

fn of_edit(edit: Edit) -> (Wanted, Edit) {
    (Wanted::Changes(edit.changes.clone()), edit)
}

fn refuse(fault: &Diagnostic, ui: &Ui) -> Exit {
    ui.diagnostics(std::slice::from_ref(fault), &Sources::default());
    Exit::Failure
}

/// Changes the state under its lock, and tells what was done.
fn change<T>(
    global: &Global,
    operation: &str,
    how: &Changing,
    insist: bool,
    ui: &mut Ui,
    decide: impl FnOnce(Option<&StateFile>) -> Result<(Wanted, T), Diagnostic>,
    tell: impl FnOnce(T, &Ui),
) -> Exit {
    let project = match load(global, ui) {
        Ok(project) => project,
        Err(exit) => return exit,
    };
    let setup = how.locking.setup(global, operation, how.dry_run);
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    let manner = Manner { dry_run: how.dry_run, insist };
    let mut progress = ui.progress();
    let decision = Decision::default();
    let decide = |state: Option<&StateFile>| {
        let wanted = decide(state)?;
        decision.make();
        Ok(wanted)
    };
    let changed = runtime.block_on(async {
        let work = change_state(&project, &setup, manner, &mut progress, decide);
        Signals::new().unless_decided(&decision, Box::pin(work)).await
    });
    drop(progress);
    let changed = match changed {
        Ok(changed) => changed,
        Err(signal) => return stopped(signal, ui),
    };
    match changed {
        Ok((said, notices)) => {
            tell(said, ui);
            ui.diagnostics(&notices, &project.sources);
            Exit::Success
        }
        Err(fault) => refuse(&fault, ui),
    }
}
