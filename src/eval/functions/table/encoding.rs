//! Functions of encodings.

use super::super::{Function, ParamType};
use super::super::{encoding, text_encoding, typing, yaml};
use super::{nullable, required};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "base64decode",
        &[required("str", ParamType::String)],
        ParamType::String,
        "The text that base 64 stands for.",
        encoding::base64decode,
    ),
    Function::new(
        "base64encode",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text in base 64.",
        encoding::base64encode,
    ),
    Function::new(
        "base64gzip",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text, compressed with gzip, in base 64.",
        encoding::base64gzip,
    ),
    Function::new(
        "csvdecode",
        &[required("str", ParamType::String)],
        ParamType::Any,
        "A list of objects, one for each line of CSV behind the first.",
        encoding::csvdecode,
    ),
    Function::new(
        "jsondecode",
        &[required("str", ParamType::String)],
        ParamType::Any,
        "The value that JSON describes.",
        encoding::jsondecode,
    ),
    Function::new(
        "jsonencode",
        &[nullable("val", ParamType::Any)],
        ParamType::String,
        "A value as JSON.",
        encoding::jsonencode,
    )
    .typed(typing::text_type)
    .bounds(encoding::json_bounds),
    Function::new(
        "textdecodebase64",
        &[required("source", ParamType::String), required("encoding", ParamType::String)],
        ParamType::String,
        "The text that bytes in base 64 stand for in an encoding.",
        text_encoding::textdecodebase64,
    ),
    Function::new(
        "textencodebase64",
        &[required("string", ParamType::String), required("encoding", ParamType::String)],
        ParamType::String,
        "The bytes of a text in an encoding, in base 64.",
        text_encoding::textencodebase64,
    ),
    Function::new(
        "urlencode",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text as it stands in the query of a URL.",
        encoding::urlencode,
    ),
    Function::new(
        "yamldecode",
        &[required("src", ParamType::String)],
        ParamType::Any,
        "The value that YAML describes.",
        yaml::yamldecode,
    ),
    Function::new(
        "yamlencode",
        &[nullable("value", ParamType::Any)],
        ParamType::String,
        "A value as YAML.",
        yaml::yamlencode,
    )
    .typed(typing::text_type)
    .may_be_null(),
];
