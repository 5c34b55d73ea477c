//! `sealform fmt`.

use super::ui::Ui;
use super::{Exit, Global};
use crate::config::{self, files, format, load};
use crate::diag::{Diagnostic, Diagnostics, Sources, has_errors};
use crate::render;
use clap::ArgAction;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Writes the files in their canonical form, which is that of `terraform fmt`: *.seal.hcl,
/// *.sealvars.hcl and *.sealtest.hcl. Prints the names of those that it changes. A file with a
/// syntax error is left alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 all went well; 1 a usage error; 2 a file could not be \
formatted; 3 with --check, a file is not in canonical form.")]
pub(super) struct Args {
    /// Files, and directories whose files are meant; `-` formats standard input to standard output.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Write nothing; exit with 3 if a file is not in canonical form.
    #[arg(long)]
    check: bool,
    /// Print what changes.
    #[arg(long)]
    diff: bool,
    /// Go into the directories below, too, but not into hidden ones.
    #[arg(long)]
    recursive: bool,
    /// Print the names of the files that are not in canonical form.
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true")]
    #[arg(num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    list: bool,
    /// Write the files.
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true")]
    #[arg(num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    write: bool,
}

/// Standard input.
const STDIN: &str = "-";

/// What is found on the way through the files.
#[derive(Debug, Default)]
struct Course {
    sources: Sources,
    diagnostics: Diagnostics,
    /// A file is not in canonical form.
    unformatted: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let mut course = Course::default();
    if args.paths.iter().any(|path| path == Path::new(STDIN)) {
        if args.paths.len() > 1 {
            ui.error(
                "Too many paths",
                "standard input (`-`) is formatted alone, without other paths beside it",
            );
            return Exit::Failure;
        }
        stdin(args, &mut course, ui);
    } else {
        let dir = global.dir();
        for path in &args.paths {
            given(&dir, path, args, &mut course, ui);
        }
    }
    ui.diagnostics(&course.diagnostics, &course.sources);
    if has_errors(&course.diagnostics) {
        Exit::Unreadable
    } else if args.check && course.unformatted {
        Exit::Unformatted
    } else {
        Exit::Success
    }
}

fn stdin(args: &Args, course: &mut Course, ui: &Ui) {
    const NAME: &str = "<stdin>";
    let mut bytes = Vec::new();
    if let Err(error) = std::io::stdin().lock().read_to_end(&mut bytes) {
        let detail = format!("Standard input: {error}.");
        course.diagnostics.push(Diagnostic::error("Cannot read the file", detail));
        return;
    }
    let Some(text) = load::utf8(bytes, NAME, &mut course.diagnostics) else { return };
    let Some(formatted) = course.format(NAME, &text) else { return };
    course.unformatted = formatted != text;
    if args.diff {
        ui.out(&render::diff::unified(NAME, &text, &formatted, &ui.style()));
    } else if !args.check {
        ui.out(&formatted);
        // A line that a terminal or a pipe gets is a whole one.
        if !formatted.ends_with('\n') {
            ui.out("\n");
        }
    }
}

/// Formats a file, or the files of a directory, that the command line names.
fn given(dir: &Path, path: &Path, args: &Args, course: &mut Course, ui: &Ui) {
    let there = dir.join(path);
    if there.is_dir() {
        for found in files::find(&there, args.recursive) {
            let name = path.join(&found.path);
            match found.error {
                None => file(&there.join(&found.path), &name, args, course, ui),
                Some(error) => {
                    let detail = format!("{}: {error}.", name.display());
                    let fault = Diagnostic::error("Cannot read the directory", detail);
                    course.diagnostics.push(fault);
                }
            }
        }
        return;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let fault = if !there.exists() {
        format!("There is no file or directory {}.", path.display())
    } else if files::SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
        return file(&there, path, args, course, ui);
    } else {
        format!(
            "{} is none of `*{}`, the files whose canonical form is known.",
            path.display(),
            files::SUFFIXES.join("`, `*")
        )
    };
    course.diagnostics.push(Diagnostic::error("Cannot format the file", fault));
}

fn file(path: &Path, name: &Path, args: &Args, course: &mut Course, ui: &Ui) {
    // `./` is not worth a word.
    let name = name.strip_prefix(".").unwrap_or(name).display().to_string();
    let Some(text) = load::text(path, &name, &mut course.diagnostics) else { return };
    let Some(formatted) = course.format(&name, &text) else { return };
    if formatted == text {
        return;
    }
    course.unformatted = true;
    if args.write
        && !args.check
        && let Err(error) = files::replace(path, &formatted)
    {
        let detail = format!("{name}: {error}. The file is left as it is.");
        course.diagnostics.push(Diagnostic::error("Cannot write the file", detail));
        return;
    }
    if args.list {
        ui.out(&format!("{}\n", render::harmless(&name)));
    }
    if args.diff {
        ui.out(&render::diff::unified(&name, &text, &formatted, &ui.style()));
    }
}

impl Course {
    /// The canonical form of a text; its faults are noted.
    fn format(&mut self, name: &str, text: &str) -> Option<String> {
        let id = self.sources.add(name, text);
        match format::format(&self.sources, id) {
            Ok(formatted) => Some(formatted),
            Err(mut faults) => {
                config::hide_secrets(&mut self.sources, id, &mut faults);
                self.diagnostics.append(&mut faults);
                None
            }
        }
    }
}
