//! `sealform graph`.

use super::args::Variables;
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::{Diagnostics, has_errors};
use crate::engine::Project;
use crate::render;
use clap::ValueEnum;

/// Draws what refers to what.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to draw it in.
    #[arg(long, value_enum, default_value_t = Format::Dot)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let mut diagnostics = Diagnostics::new();
    let project = Project::load(&Variables::default().request(global), &mut diagnostics);
    ui.diagnostics(&diagnostics, &project.sources);
    if has_errors(&diagnostics) {
        return Exit::Failure;
    }
    ui.out(&match args.format {
        Format::Dot => render::graph::dot(&project.nodes, &project.edges),
        Format::Mermaid => render::graph::mermaid(&project.nodes, &project.edges),
    });
    Exit::Success
}
