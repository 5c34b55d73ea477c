//! `sealform completions`.

use super::ui::Ui;
use super::{Cli, Exit};
use clap::CommandFactory as _;
use clap_complete::Shell;

/// Prints a completion script, to be sourced by the shell.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(args: &Args, ui: &mut Ui) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sealform", &mut script);
    ui.out(&String::from_utf8_lossy(&script));
    Exit::Success
}
