//! The `sealform` command.

fn main() {}
