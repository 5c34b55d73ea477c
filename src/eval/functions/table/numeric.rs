//! Functions of numbers.

use super::super::{Function, ParamType};
use super::super::{numeric, typing};
use super::required;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "abs",
        &[required("num", ParamType::Number)],
        ParamType::Number,
        "The magnitude of a number.",
        numeric::abs,
    ),
    Function::new(
        "ceil",
        &[required("num", ParamType::Number)],
        ParamType::Number,
        "The closest whole number that is not below a number.",
        numeric::ceil,
    ),
    Function::new(
        "floor",
        &[required("num", ParamType::Number)],
        ParamType::Number,
        "The closest whole number that is not above a number.",
        numeric::floor,
    ),
    Function::new(
        "log",
        &[required("num", ParamType::Number), required("base", ParamType::Number)],
        ParamType::Number,
        "The logarithm of a number to a base.",
        numeric::log,
    ),
    Function::new(
        "max",
        &[required("number", ParamType::Number)],
        ParamType::Number,
        "The greatest of the numbers.",
        numeric::max,
    )
    .variadic(required("numbers", ParamType::Number)),
    Function::new(
        "min",
        &[required("number", ParamType::Number)],
        ParamType::Number,
        "The least of the numbers.",
        numeric::min,
    )
    .variadic(required("numbers", ParamType::Number)),
    Function::new(
        "parseint",
        &[required("number", ParamType::Any), required("base", ParamType::Number)],
        ParamType::Number,
        "The whole number that a text spells in a base from 2 to 62.",
        numeric::parseint,
    )
    .typed(typing::parsed_type),
    Function::new(
        "pow",
        &[required("num", ParamType::Number), required("power", ParamType::Number)],
        ParamType::Number,
        "A number raised to a power.",
        numeric::pow,
    ),
    Function::new(
        "range",
        &[required("first", ParamType::Number)],
        ParamType::ListOfNumber,
        "The numbers from a start (or 0) to before a limit, in steps.",
        numeric::range,
    )
    .variadic(required("more", ParamType::Number))
    .at_most(3),
    Function::new(
        "signum",
        &[required("num", ParamType::Number)],
        ParamType::Number,
        "-1, 0 or 1: the sign of a whole number.",
        numeric::signum,
    ),
    Function::new(
        "sum",
        &[required("list", ParamType::Any)],
        ParamType::Number,
        "The sum of the numbers of a list.",
        numeric::sum,
    )
    .typed(typing::sum_type),
];
