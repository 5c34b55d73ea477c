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
use crate::diag::{self, Diagnostics, FileId};

/// Parses a file of configuration. What cannot be read is reported and left out.
///
/// `is_block` says whether the schemas have a block at a path such as `["resource", type, "rule"]`:
/// JSON alone does not tell an argument from a block.
pub(super) fn parse(
    text: &str,
    file: FileId,
    is_block: &dyn Fn(&[&str]) -> bool,
    diagnostics: &mut Diagnostics,
) -> Body {
    let root = read(text, file, diagnostics);
    let body = body::Lower { text, path: Vec::new(), is_block, diagnostics }.file(&root);
    diag::sort(diagnostics);
    body
}

/// Parses a file of variable values: constants alone.
pub(super) fn parse_values(
    text: &str,
    file: FileId,
    diagnostics: &mut Diagnostics,
) -> Vec<Attribute> {
    let mut faults = Diagnostics::new();
    let root = read(text, file, &mut faults);
    let mut lower =
        body::Lower { text, path: Vec::new(), is_block: &|_| false, diagnostics: &mut faults };
    let values = lower.values(&root);
    diag::sort(&mut faults);
    diagnostics.append(&mut faults);
    values
}

#[cfg(test)]
mod tests;
