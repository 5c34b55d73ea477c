//! Functions of texts.

use super::super::{Depth, Function, ParamType};
use super::super::{format, regexp, string};
use super::{nullable, required, special};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "chomp",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text without line ends at its end.",
        string::chomp,
    ),
    Function::new(
        "endswith",
        &[required("str", ParamType::String), required("suffix", ParamType::String)],
        ParamType::Bool,
        "Whether a text ends with a suffix.",
        string::endswith,
    ),
    Function::new(
        "format",
        &[required("format", ParamType::String)],
        ParamType::String,
        "A text with its verbs, such as %s and %d, replaced by the arguments.",
        format::format,
    )
    .variadic(nullable("args", ParamType::Any))
    .open_null()
    .bounds(format::format_bounds),
    Function::new(
        "formatlist",
        &[required("format", ParamType::String)],
        ParamType::ListOfString,
        "A text for each element of the lists, as `format` makes it.",
        format::formatlist,
    )
    .variadic(nullable("args", ParamType::Any))
    .unknown(Depth::Raw)
    .open_null(),
    Function::new(
        "indent",
        &[required("spaces", ParamType::Number), required("str", ParamType::String)],
        ParamType::String,
        "A text with spaces before each line but the first.",
        string::indent,
    ),
    Function::new(
        "join",
        &[required("separator", ParamType::String), required("list", ParamType::ListOfString)],
        ParamType::String,
        "The texts of the lists with a separator between them.",
        string::join,
    )
    .variadic(required("lists", ParamType::ListOfString)),
    Function::new(
        "lower",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text in small letters.",
        string::lower,
    ),
    Function::new(
        "regex",
        &[required("pattern", ParamType::String), required("string", ParamType::String)],
        ParamType::Any,
        "The first match of a regular expression: a text, or its groups.",
        regexp::regex,
    )
    .unknown(Depth::Raw),
    Function::new(
        "regexall",
        &[required("pattern", ParamType::String), required("string", ParamType::String)],
        ParamType::ListOfAny,
        "All matches of a regular expression.",
        regexp::regexall,
    )
    .unknown(Depth::Raw),
    Function::new(
        "replace",
        &[
            required("str", ParamType::String),
            required("substr", ParamType::String),
            required("replace", ParamType::String),
        ],
        ParamType::String,
        "A text with each occurrence of one part replaced by another.",
        string::replace,
    ),
    Function::new(
        "split",
        &[required("separator", ParamType::String), required("str", ParamType::String)],
        ParamType::ListOfString,
        "The parts of a text between the separators.",
        string::split,
    ),
    Function::new(
        "startswith",
        &[required("str", ParamType::String), required("prefix", ParamType::String)],
        ParamType::Bool,
        "Whether a text begins with a prefix.",
        string::startswith,
    )
    .unknown(Depth::Raw),
    Function::new(
        "strcontains",
        &[required("str", ParamType::String), required("substr", ParamType::String)],
        ParamType::Bool,
        "Whether a text contains another.",
        string::strcontains,
    )
    .may_be_null(),
    Function::new(
        "strrev",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text backwards.",
        string::strrev,
    ),
    Function::new(
        "substr",
        &[
            required("str", ParamType::String),
            required("offset", ParamType::Number),
            required("length", ParamType::Number),
        ],
        ParamType::String,
        "The part of a text from an offset on, of a length.",
        string::substr,
    ),
    Function::new(
        "templatestring",
        &[required("template", ParamType::String), required("vars", ParamType::Any)],
        ParamType::String,
        "The text that a template comes to, given its variables.",
        special,
    )
    .special(),
    Function::new(
        "title",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text with the first letter of each word as a capital.",
        string::title,
    ),
    Function::new(
        "trim",
        &[required("str", ParamType::String), required("cutset", ParamType::String)],
        ParamType::String,
        "A text without the given characters at its ends.",
        string::trim,
    ),
    Function::new(
        "trimprefix",
        &[required("str", ParamType::String), required("prefix", ParamType::String)],
        ParamType::String,
        "A text without a prefix.",
        string::trimprefix,
    ),
    Function::new(
        "trimspace",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text without white space at its ends.",
        string::trimspace,
    ),
    Function::new(
        "trimsuffix",
        &[required("str", ParamType::String), required("suffix", ParamType::String)],
        ParamType::String,
        "A text without a suffix.",
        string::trimsuffix,
    ),
    Function::new(
        "upper",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text in capital letters.",
        string::upper,
    ),
];
