//! The binary as its users see it: standard output, standard error, exit status.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails where something is not as it expects, and prints what it measured"
)]

mod backend;
mod bad_input;
mod blame;
mod commands;
mod console;
mod data_sources;
mod drift;
mod emulators;
mod examples;
mod fmt;
mod harness;
mod json;
mod kills;
mod language;
mod lifecycle;
mod matrix;
mod model;
mod notify;
mod operations;
mod outage;
mod pipelines;
mod requests;
mod safety;
mod sandboxed;
mod saved;
mod states;
mod telling;
mod testing;
mod validate;

use std::path::Path;

/// A file that nobody declares is a test that never runs.
#[test]
fn every_file_here_is_declared() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let main = std::fs::read_to_string(dir.join("main.rs")).unwrap();
    for entry in std::fs::read_dir(dir).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(module == "main" || main.contains(&format!("mod {module};")), "{name}");
    }
}
