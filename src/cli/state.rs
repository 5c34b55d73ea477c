//! `sealform state`.

use super::args::Variables;
use super::edit::{self, Changing};
use super::ui::Ui;
use super::{Exit, Global, counted};
use crate::addr::Target;
use crate::diag::{Diagnostic, Diagnostics, Sources, did_you_mean, has_errors};
use crate::engine::{self, History, Project};
use crate::render;
use crate::state::StateFile;
use clap::Subcommand;

/// Looks into the state, and changes it by name. Whatever changes it takes the lock and keeps the
/// version before.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what is recorded.
    List {
        /// Only these resources, modules or instances.
        #[arg(value_name = "ADDRESS")]
        addresses: Vec<String>,
    },
    /// Show what is recorded of one instance.
    Show {
        /// The address of the instance.
        #[arg(value_name = "ADDRESS")]
        address: String,
        /// Print one JSON document instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Give what is recorded another address: an instance, a block or a module.
    Mv {
        /// The address that it has.
        source: String,
        /// The address that it is to have.
        destination: String,
        #[command(flatten)]
        how: Changing,
    },
    /// Forget instances, blocks or modules; the buckets are left as they are.
    Rm {
        /// What is forgotten.
        #[arg(value_name = "ADDRESS", required = true)]
        addresses: Vec<String>,
        #[command(flatten)]
        how: Changing,
    },
    /// Print the state as it is.
    Pull,
    /// Put a file in the place of the state, such as the errored.state.json of a run that could not
    /// save.
    Push {
        /// The file; - is standard input.
        file: String,
        /// Even if it is older, of another lineage, or lacks resources; what is there and cannot be
        /// read is moved aside.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        how: Changing,
    },
    /// Record that what one provider manages is managed by another.
    ReplaceProvider {
        /// The provider that is recorded, such as aws or aws.eu.
        from: String,
        /// The provider to record.
        to: String,
        /// Do it without being asked.
        #[arg(long)]
        auto_approve: bool,
        #[command(flatten)]
        how: Changing,
    },
    /// List the versions that are kept.
    History {
        /// Print one JSON document instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Put a version that is kept in force again.
    Restore {
        /// Which version.
        serial: u64,
        /// Even if it lacks resources that are managed now.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        how: Changing,
    },
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    match &args.command {
        Command::Mv { source, destination, how } => edit::mv(global, source, destination, how, ui),
        Command::Rm { addresses, how } => edit::rm(global, addresses, how, ui),
        Command::Push { file, force, how } => edit::push(global, file, *force, how, ui),
        Command::ReplaceProvider { from, to, auto_approve, how } => {
            edit::replace_provider(global, (from, to), *auto_approve, how, ui)
        }
        Command::Restore { serial, force, how } => edit::restore(global, *serial, *force, how, ui),
        Command::History { json } => history(global, *json, ui),
        Command::List { .. } | Command::Show { .. } | Command::Pull => look(global, args, ui),
    }
}

/// The commands that only look.
fn look(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let state = match read_state(global, ui) {
        Err(exit) => return exit,
        Ok(None) => {
            ui.error("No state", "there is no state: nothing has been applied yet");
            return Exit::Failure;
        }
        Ok(Some(state)) => state,
    };
    match &args.command {
        Command::List { addresses } => list(&state, addresses, ui),
        Command::Show { address, json } => show(&state, address, *json, ui),
        Command::Pull => match state.print() {
            Ok(bytes) => {
                ui.out(&String::from_utf8_lossy(&bytes));
                Exit::Success
            }
            Err(error) => {
                ui.error("Cannot print the state", &error.to_string());
                Exit::Failure
            }
        },
        // These change something, and have been told apart.
        Command::Mv { .. }
        | Command::Rm { .. }
        | Command::Push { .. }
        | Command::ReplaceProvider { .. }
        | Command::History { .. }
        | Command::Restore { .. } => Exit::Failure,
    }
}

fn history(global: &Global, json: bool, ui: &Ui) -> Exit {
    let project = match load(global, ui) {
        Ok(project) => project,
        Err(exit) => return exit,
    };
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    let setup = super::args::looking(global, "state history");
    let found = runtime.block_on(engine::history(&project, &setup));
    let History { current, damaged, versions, elsewhere } = match found {
        Ok(found) => found,
        Err(fault) => {
            ui.diagnostics(&[fault], &Sources::default());
            return Exit::Failure;
        }
    };
    let tell = |elsewhere: Option<String>| {
        if let Some(text) = elsewhere {
            ui.note(&text);
        }
    };
    let tell_damage = || {
        ui.diagnostics(damaged.as_slice(), &project.sources);
        if damaged.is_some() { Exit::Failure } else { Exit::Success }
    };
    if json {
        let versions: Vec<_> = versions
            .iter()
            .map(|version| {
                serde_json::json!({
                    "serial": version.serial,
                    "written": version.written.map(|at| at.to_string()),
                    "tool_version": version.state.as_ref().ok().map(|it| &it.tool_version),
                    "resources": version.state.as_ref().ok().map(|it| it.resources.len()),
                })
            })
            .collect();
        ui.out_json(&serde_json::json!({
            "format_version": render::json::FORMAT_VERSION,
            "serial": current.map(|state| state.serial),
            "versions": versions,
        }));
        tell(elsewhere);
        return tell_damage();
    }
    let mut text = String::new();
    if let Some(state) = current {
        let count = counted(state.resources.len(), "resource");
        text.push_str(&format!("{:>8}  {count}  in force\n", state.serial));
    }
    for version in versions {
        let written = version.written.map_or_else(String::new, |at| {
            format!("  written {}", at.strftime("%Y-%m-%d %H:%M:%S UTC"))
        });
        let what = match &version.state {
            Ok(state) => counted(state.resources.len(), "resource"),
            Err(problem) => problem.to_string(),
        };
        text.push_str(&format!("{:>8}  {what}{written}\n", version.serial));
    }
    ui.out(&text);
    tell(elsewhere);
    tell_damage()
}

/// The configuration, for where its state is. One with errors is no obstacle as far as it says that;
/// what leaves it open is told.
pub(super) fn load(global: &Global, ui: &Ui) -> Result<Project, Exit> {
    let mut faults = Diagnostics::new();
    let project = Project::load_for_state(&Variables::default().request(global), &mut faults);
    ui.diagnostics(&faults, &project.sources);
    if has_errors(&faults) { Err(Exit::Failure) } else { Ok(project) }
}

/// Reads the state where the configuration says that it is.
pub(super) fn read_state(global: &Global, ui: &Ui) -> Result<Option<StateFile>, Exit> {
    read_of(&load(global, ui)?, global, ui)
}

/// Reads the state of a configuration.
pub(super) fn read_of(
    project: &Project,
    global: &Global,
    ui: &Ui,
) -> Result<Option<StateFile>, Exit> {
    let Some(runtime) = super::runtime(ui) else { return Err(Exit::Failure) };
    let setup = super::args::looking(global, "state");
    let read = async {
        let found = project.existing_backend(&setup).await?.look().await;
        found.map_err(|error| error.diagnostic())
    };
    let found = runtime.block_on(read).map_err(|fault| {
        ui.diagnostics(&[fault], &project.sources);
        Exit::Failure
    })?;
    let odd = found.superseded.map(|it| it.diagnostic());
    ui.diagnostics(odd.as_slice(), &project.sources);
    Ok(found.state)
}

fn list(state: &StateFile, addresses: &[String], ui: &Ui) -> Exit {
    let mut targets: Vec<Target> = Vec::new();
    for text in addresses {
        match text.parse() {
            Ok(target) => targets.push(target),
            Err(error) => {
                ui.error("Invalid address", &error.to_string());
                return Exit::Failure;
            }
        }
    }
    let listed = state.resources.keys().filter(|address| {
        targets.is_empty() || targets.iter().any(|target| target.covers(address))
    });
    let mut text = String::new();
    for address in listed {
        text.push_str(&address.to_string());
        text.push('\n');
    }
    ui.out(&text);
    Exit::Success
}

fn show(state: &StateFile, text: &str, json: bool, ui: &Ui) -> Exit {
    let found = match text.parse() {
        Ok(address) => state.resources.get_key_value(&address),
        Err(error) => {
            ui.error("Invalid address", &error.to_string());
            return Exit::Failure;
        }
    };
    let Some((address, recorded)) = found else {
        let known: Vec<String> =
            state.resources.keys().take(10_000).map(ToString::to_string).collect();
        let hint = did_you_mean(text, known.iter().map(String::as_str));
        let fault = Diagnostic::error("Not in the state", format!("{text} is not recorded.{hint}"));
        ui.diagnostics(&[fault], &Sources::default());
        return Exit::Failure;
    };
    if json {
        ui.out_json(&render::json::resource(address, recorded));
    } else {
        ui.out(&render::human::resource(address, recorded, &ui.style()));
    }
    Exit::Success
}
