//! `sealform explain`.

use super::args::Variables;
use super::ui::Ui;
use super::{Exit, Global};
use crate::config::load;
use crate::diag::{Diagnostics, Sources};
use crate::engine::{self, Project};
use crate::render;

/// Prints what a resource type, a data source, a provider, a block of the language or a function
/// is, and what may be set in it. Without a name, lists what can be explained.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sealform explain aws_s3_bucket_server_side_encryption_configuration.rule
  sealform explain bucket_key_enabled
  sealform explain data.aws_kms_key
  sealform explain lifecycle
  sealform explain cidrsubnet")]
pub(super) struct Args {
    /// A type, an address of the configuration, a block or a function, with names of attributes
    /// behind it.
    #[arg(value_name = "NAME")]
    subject: Option<String>,
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Exit {
    let Some(subject) = &args.subject else {
        ui.out(&render::explain::pages(&[engine::overview()], &ui.style()));
        return Exit::Success;
    };
    // What is wrong with the configuration is another command's matter.
    let project = load::has_config(&global.dir())
        .is_ok_and(|has| has)
        .then(|| Project::load(&Variables::default().request(global), &mut Diagnostics::new()));
    match engine::explain(subject, project.as_ref()) {
        Ok(pages) => {
            ui.out(&render::explain::pages(&pages, &ui.style()));
            Exit::Success
        }
        Err(fault) => {
            ui.diagnostics(&[fault], &Sources::default());
            Exit::Failure
        }
    }
}
