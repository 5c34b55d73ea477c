//! Functions of types, errors and sensitivity.

use super::super::conversion;
use super::super::{Depth, Function, ParamType};
use super::{nullable, special};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "can",
        &[nullable("expression", ParamType::Any)],
        ParamType::Bool,
        "Whether an expression has a value.",
        special,
    )
    .special(),
    Function::new(
        "ephemeralasnull",
        &[nullable("value", ParamType::Any)],
        ParamType::Any,
        "The value itself: nothing is ephemeral here.",
        conversion::ephemeralasnull,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw)
    .may_be_null(),
    Function::new(
        "issensitive",
        &[nullable("value", ParamType::Any)],
        ParamType::Bool,
        "Whether a value is never to be shown.",
        conversion::issensitive,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw)
    .may_be_null(),
    Function::new(
        "nonsensitive",
        &[nullable("value", ParamType::Any)],
        ParamType::Any,
        "A value that may be shown, whatever it was.",
        conversion::nonsensitive,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw)
    .may_be_null(),
    Function::new(
        "sensitive",
        &[nullable("value", ParamType::Any)],
        ParamType::Any,
        "A value that is never to be shown.",
        conversion::sensitive,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw)
    .may_be_null(),
    Function::new(
        "tobool",
        &[nullable("v", ParamType::Any)],
        ParamType::Bool,
        "A value as a bool.",
        conversion::tobool,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw)
    .may_be_null(),
    Function::new(
        "tolist",
        &[nullable("v", ParamType::Any)],
        ParamType::ListOfAny,
        "A value as a list.",
        conversion::tolist,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw)
    .may_be_null(),
    Function::new(
        "tomap",
        &[nullable("v", ParamType::Any)],
        ParamType::MapOfAny,
        "A value as a map.",
        conversion::tomap,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw)
    .may_be_null(),
    Function::new(
        "tonumber",
        &[nullable("v", ParamType::Any)],
        ParamType::Number,
        "A value as a number.",
        conversion::tonumber,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw)
    .may_be_null(),
    Function::new(
        "toset",
        &[nullable("v", ParamType::Any)],
        ParamType::SetOfAny,
        "A value as a set.",
        conversion::toset,
    )
    .unknown(Depth::Raw)
    .may_be_null(),
    Function::new(
        "tostring",
        &[nullable("v", ParamType::Any)],
        ParamType::String,
        "A value as a text.",
        conversion::tostring,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw)
    .may_be_null(),
    Function::new(
        "try",
        &[nullable("expression", ParamType::Any)],
        ParamType::Any,
        "The value of the first expression that has one.",
        special,
    )
    .variadic(nullable("expressions", ParamType::Any))
    .special(),
];
