//! `sealform state`.

use super::args::Variables;
use super::ui::Ui;
use super::{Exit, Global};
use crate::addr::Target;
use crate::diag::{Diagnostic, Diagnostics, Sources, did_you_mean};
use crate::engine::Project;
use crate::render;
use crate::state::{Local, StateFile};
use clap::Subcommand;

/// Looks into the state.
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
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
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
    }
}

/// Reads the state where the configuration says that it is. A configuration with errors is no
/// obstacle as far as it says where.
pub(super) fn read_state(global: &Global, ui: &Ui) -> Result<Option<StateFile>, Exit> {
    let mut ignored = Diagnostics::new();
    let project = Project::load(&Variables::default().request(global), &mut ignored);
    Local::new(project.state_path()).read().map_err(|error| {
        ui.diagnostics(&[error.diagnostic()], &Sources::default());
        Exit::Failure
    })
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
