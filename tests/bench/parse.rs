//! The floor that `validate` is measured against: the bare parse of a directory's files.
//!
//! `parse WHOSE DIR`; WHOSE is `own` for the parser of this repository, `hcl-edit` for that crate's.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark ends where something is not as it expects"
)]

use sealform::config::{self, load};
use sealform::diag::{Diagnostics, Sources};
use std::path::Path;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(whose), Some(dir)) = (arguments.next(), arguments.next()) else {
        println!("usage: parse own|hcl-edit DIR; see tests/bench/README.md");
        return;
    };
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::new();
    let files = load::directory(Path::new(&dir), &mut sources, &mut diagnostics).config;
    match whose.as_str() {
        "own" => {
            let config = config::parse(&sources, &files, &|_| false, &mut diagnostics);
            println!("{} blocks", config.resources.len());
        }
        "hcl-edit" => {
            for file in files {
                let _tree: hcl::edit::structure::Body = sources.text(file).parse().unwrap();
            }
        }
        other => println!("{other} is neither own nor hcl-edit"),
    }
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
}
