//! The JSON syntax: files named `*.json`, to the very bodies that the native syntax gives.
//!
//! Owns reading JSON, and the mapping of HCL's JSON specification: which property is a block and
//! which an argument, strings as templates, names as references. Behind it nobody sees a
//! difference.

mod body;
mod native;
mod read;
mod text;

pub(super) use self::read::{path, read};

use super::expr::{Attribute, Body};
use super::language::LanguageBlock;
use super::syntax::File;
use crate::diag::{self, Diagnostics, FileId, Span};

/// Parses a file of configuration or of tests, whose language has these blocks. What cannot be read
/// is reported and left out.
///
/// `is_block` says whether the schemas have a block at a path such as `["resource", type, "rule"]`:
/// JSON alone does not tell an argument from a block.
pub(super) fn parse(
    text: &str,
    file: FileId,
    blocks: &'static [&'static LanguageBlock],
    is_block: &dyn Fn(&[&str]) -> bool,
    diagnostics: &mut Diagnostics,
) -> File {
    let mut faults = Diagnostics::new();
    let root = read(text, file, &mut faults);
    let mut lower =
        body::Lower { text, path: Vec::new(), blocks, is_block, diagnostics: &mut faults };
    let body = lower.file(&root);
    diag::sort(&mut faults);
    let mut damaged = Vec::new();
    let places: Vec<u32> = faults.iter().filter_map(|it| Some(it.subject?.start)).collect();
    add_damaged(&body, &places, &mut damaged);
    diagnostics.append(&mut faults);
    File { body, damaged }
}

/// The heads of the blocks that have any of the places in them, which are in order: what is missing
/// there most likely is what could not be read.
fn add_damaged(body: &Body, places: &[u32], damaged: &mut Vec<Span>) {
    for block in &body.blocks {
        let span = block.kind.span.to(block.body.span);
        let from = places.partition_point(|place| *place < span.start);
        let within = places.get(from..).unwrap_or_default();
        let within = within.split_at(within.partition_point(|place| *place < span.end)).0;
        if !within.is_empty() {
            damaged.push(block.header());
            add_damaged(&block.body, within, damaged);
        }
    }
}

/// Parses a file of variable values: constants alone.
pub(super) fn parse_values(
    text: &str,
    file: FileId,
    diagnostics: &mut Diagnostics,
) -> Vec<Attribute> {
    let mut faults = Diagnostics::new();
    let root = read(text, file, &mut faults);
    let mut lower = body::Lower {
        text,
        path: Vec::new(),
        blocks: &[],
        is_block: &|_| false,
        diagnostics: &mut faults,
    };
    let values = lower.values(&root);
    diag::sort(&mut faults);
    diagnostics.append(&mut faults);
    values
}

#[cfg(test)]
mod tests;
