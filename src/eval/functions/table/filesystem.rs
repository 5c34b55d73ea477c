//! Functions of files and paths.

use super::super::files;
use super::super::{Function, ParamType};
use super::{required, special};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "abspath",
        &[required("path", ParamType::String)],
        ParamType::String,
        "A path from the root.",
        files::abspath,
    ),
    Function::new(
        "basename",
        &[required("path", ParamType::String)],
        ParamType::String,
        "The last step of a path.",
        files::basename,
    ),
    Function::new(
        "dirname",
        &[required("path", ParamType::String)],
        ParamType::String,
        "A path without its last step.",
        files::dirname,
    ),
    Function::new(
        "file",
        &[required("path", ParamType::String)],
        ParamType::String,
        "The content of a file.",
        files::file,
    ),
    Function::new(
        "filebase64",
        &[required("path", ParamType::String)],
        ParamType::String,
        "The content of a file in base 64.",
        files::filebase64,
    ),
    Function::new(
        "fileexists",
        &[required("path", ParamType::String)],
        ParamType::Bool,
        "Whether there is a file at a path.",
        files::fileexists,
    ),
    Function::new(
        "fileset",
        &[required("path", ParamType::String), required("pattern", ParamType::String)],
        ParamType::SetOfString,
        "The files below a directory whose paths match a pattern such as **/*.json.",
        files::fileset,
    ),
    Function::new(
        "pathexpand",
        &[required("path", ParamType::String)],
        ParamType::String,
        "A path with the home directory in place of a ~ in front.",
        files::pathexpand,
    ),
    Function::new(
        "templatefile",
        &[required("path", ParamType::String), required("vars", ParamType::Any)],
        ParamType::Any,
        "The text that a template in a file comes to, given its variables.",
        special,
    )
    .special(),
];
