//! `sealform demo`.

use super::ui::Ui;
use super::{Exit, Global};
use std::ffi::OsString;
use std::path::Path;

/// Plays a bucket's life on the embedded sandbox: plan, apply, a change from outside, the plan that
/// sees it, and the apply that mends it. Needs no AWS account and touches nothing but a temporary
/// directory.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

const CONFIGURATION: &str = include_str!("../../examples/quickstart/main.seal.hcl");

pub(super) fn run(global: &Global, _args: &Args, ui: &mut Ui) -> Exit {
    let dir = match tempfile::tempdir() {
        Ok(dir) => dir,
        Err(error) => {
            ui.error("Cannot make a directory", &format!("a temporary directory: {error}"));
            return Exit::Failure;
        }
    };
    if let Err(error) = std::fs::write(dir.path().join("main.seal.hcl"), CONFIGURATION) {
        ui.error("Cannot write the example", &error.to_string());
        return Exit::Failure;
    }
    let change: &[&str] = &["sandbox", "change", "acme-audit-log", "--sse-algorithm", "AES256"];
    // The words of the story, the command, and the exit status that it is to have.
    let story: [(&str, &[&str], u8); 6] = [
        (
            "What would change? Exit status 2: something is to do.",
            &["plan", "--sandbox", "--detailed-exitcode"],
            2,
        ),
        ("Change it.", &["apply", "--sandbox", "--auto-approve"], 0),
        (
            "Now it is as declared. Exit status 0: nothing is to do.",
            &["plan", "--sandbox", "--detailed-exitcode"],
            0,
        ),
        ("Somebody else weakens a bucket in the console.", change, 0),
        (
            "The drift is seen, and marked as a weakening is not: it is mended.",
            &["plan", "--sandbox", "--detailed-exitcode"],
            2,
        ),
        ("Mend it.", &["apply", "--sandbox", "--auto-approve"], 0),
    ];
    ui.out(&format!("examples/quickstart/main.seal.hcl:\n\n{}\n", indented(CONFIGURATION)));
    for (words, command, expected) in story {
        ui.out(&format!("\n# {words}\n$ sealform {}\n\n", command.join(" ")));
        let exit = super::run(arguments(global, dir.path(), command));
        if exit.code() != expected {
            let text = format!("the step ended with {}, not with {expected}", exit.code());
            ui.error("Unexpected exit status", &text);
            return Exit::Failure;
        }
    }
    Exit::Success
}

fn arguments(global: &Global, dir: &Path, command: &[&str]) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["sealform".into(), "--chdir".into(), dir.into()];
    if global.no_color {
        arguments.push("--no-color".into());
    }
    arguments.extend(command.iter().map(OsString::from));
    arguments
}

fn indented(text: &str) -> String {
    text.lines().flat_map(|line| ["    ", line, "\n"]).collect()
}
