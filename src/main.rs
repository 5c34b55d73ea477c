//! The `sealform` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    sealform::cli::run(std::env::args_os()).code().into()
}
