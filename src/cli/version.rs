//! `sealform version`.

use super::Exit;
use super::ui::Ui;
use crate::engine::VERSION;

/// Prints the version.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, ui: &mut Ui) -> Exit {
    if args.json {
        ui.out_json(&serde_json::json!({ "sealform_version": VERSION }));
    } else {
        ui.out(&format!("Sealform v{VERSION}\n"));
    }
    Exit::Success
}
