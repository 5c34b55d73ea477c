//! Evaluates the expressions of a configuration.

pub mod functions;
