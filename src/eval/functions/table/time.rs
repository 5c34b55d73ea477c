//! Functions of dates and times.

use super::super::time;
use super::super::{Function, ParamType};
use super::required;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "formatdate",
        &[required("format", ParamType::String), required("time", ParamType::String)],
        ParamType::String,
        "A timestamp in another form, such as DD MMM YYYY.",
        time::formatdate,
    ),
    Function::new(
        "plantimestamp",
        &[],
        ParamType::String,
        "When the run began; the same as timestamp().",
        time::timestamp,
    ),
    Function::new(
        "timeadd",
        &[required("timestamp", ParamType::String), required("duration", ParamType::String)],
        ParamType::String,
        "A timestamp, later by a duration such as 1h30m.",
        time::timeadd,
    )
    .may_be_null(),
    Function::new(
        "timecmp",
        &[required("timestamp_a", ParamType::String), required("timestamp_b", ParamType::String)],
        ParamType::Number,
        "-1, 0 or 1: whether a timestamp is before, at or after another.",
        time::timecmp,
    ),
    Function::new("timestamp", &[], ParamType::String, "When the run began.", time::timestamp),
];
