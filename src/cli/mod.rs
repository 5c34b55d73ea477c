//! The command line: flags, environment, clock, signals, exit codes.
//!
//! One file a command, each with the flags that it takes and a function that tells what it does.
//! This room alone reads the environment and the clock, and it and `render` alone know of a
//! terminal.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the shell: environment, clock and files are read and written here"
)]

mod apply;
mod args;
mod completions;
mod console;
mod demo;
mod drift;
mod edit;
mod explain;
mod fmt;
mod force_unlock;
mod formats;
mod graph;
mod init;
mod listen;
mod notify;
mod output;
mod plan;
mod refresh;
mod report;
mod rescue;
mod sandbox;
mod show;
mod signals;
mod state;
mod test;
mod ui;
mod validate;
mod version;
mod workspace;

use self::ui::Ui;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

/// How a command ended, as its exit status says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: all went well.
    Success,
    /// 1: something is wrong, a usage error included.
    Failure,
    /// 2: with `--detailed-exitcode`, there is something to do.
    Changes,
    /// 2: of `drift`, somebody else changed a bucket.
    Drift,
    /// 3: of `drift`, there is no drift, but changes are pending.
    Pending,
    /// 2: of `fmt`, a file could not be formatted.
    Unreadable,
    /// 3: with `fmt --check`, a file is not formatted.
    Unformatted,
    /// 129: the terminal was closed.
    HungUp,
    /// 130: Ctrl-C asked to stop.
    Interrupted,
    /// 143: SIGTERM asked to stop.
    Terminated,
}

impl Exit {
    /// The exit status.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Changes | Self::Drift | Self::Unreadable => 2,
            Self::Pending | Self::Unformatted => 3,
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

/// Keeps the default encryption of S3 buckets as declared in files.
///
/// Files named *.seal.hcl or *.seal.hcl.json declare the encryption of buckets. `plan` shows how
/// what is live differs, `apply` changes it. Every flag may be written with one dash or with two.
#[derive(Debug, Parser)]
#[command(name = "sealform", version, max_term_width = 100)]
#[command(after_help = "Exit status: 0 all went well; 1 an error, a usage error included; with \
--detailed-exitcode, 2 there is something to do; 130 stopped by Ctrl-C, 143 by SIGTERM, 129 by \
SIGHUP. Of drift, 2 a bucket was changed outside; 3 no drift, but changes pending. Of fmt, 2 a file could not \
be formatted; with --check, 3 a file is not in canonical form.")]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags that every command takes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Work in this directory instead of the current one.
    #[arg(long, global = true, value_name = "DIR")]
    chdir: Option<PathBuf>,
    /// Write without colours.
    #[arg(long, global = true)]
    no_color: bool,
    /// Use the embedded S3, KMS, STS and CloudTrail instead of AWS. Its buckets are kept in state/.
    #[arg(long, global = true)]
    sandbox: bool,
}

impl Global {
    /// The directory to work in.
    fn dir(&self) -> PathBuf {
        self.chdir.clone().unwrap_or_else(|| PathBuf::from("."))
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a configuration to start from.
    Init(init::Args),
    /// Check the configuration without reading anything live.
    Validate(validate::Args),
    /// Write the files in their canonical form.
    Fmt(fmt::Args),
    /// Show what apply would do.
    Plan(plan::Args),
    /// Change what is live to what is declared.
    Apply(apply::Args),
    /// Reset every bucket that is managed: back to SSE-S3.
    Destroy(apply::DestroyArgs),
    /// Tell what somebody else changed. Changes nothing.
    Drift(drift::Args),
    /// Join reports of several runs.
    Report(report::Args),
    /// Show the state, or a saved plan.
    Show(show::Args),
    /// Show the outputs.
    Output(output::Args),
    /// Look into the state, and change it by name.
    State(state::Args),
    /// Record what is live.
    Refresh(refresh::Args),
    /// Take a lock away from a run that is gone.
    ForceUnlock(force_unlock::Args),
    /// List, make, select and delete workspaces.
    Workspace(workspace::Args),
    /// Run the tests in *.sealtest.hcl files, on a sandbox of their own.
    Test(test::Args),
    /// Draw what refers to what.
    Graph(graph::Args),
    /// Evaluate expressions with what the configuration declares and what is recorded.
    Console(console::Args),
    /// Explain a type, an attribute, a block or a function.
    Explain(explain::Args),
    /// Serve the sandbox alone, or change a bucket in it from outside.
    Sandbox(sandbox::Args),
    /// Play a bucket's life on the sandbox: plan, apply, an outside change, drift, repair.
    Demo(demo::Args),
    /// Print the version.
    Version(version::Args),
    /// Print a completion script for a shell.
    Completions(completions::Args),
}

/// Runs a command line; the first argument is the name of the program.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments = two_dashes(arguments.into_iter().collect());
    match Cli::try_parse_from(&arguments) {
        Ok(cli) => {
            let mut ui = Ui::new(&cli.global);
            let exit = dispatch(cli, &mut ui);
            ui.exit(exit)
        }
        Err(error) => {
            let error = elsewhere(&error).unwrap_or(error);
            // A closed pipe is no reason to fail.
            let _closed = error.print();
            match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Success,
                _ => Exit::Failure,
            }
        }
    }
}

/// What Terraform has, and what there is here in its place: a command, or a flag with its two dashes.
/// What looks alike is not it.
const ELSEWHERE: [(&str, &str); 29] = [
    (
        "import",
        "a first `apply` takes over a bucket that is as declared, and an `import` block says which \
         bucket an address must take",
    ),
    ("get", "modules come from local directories, and nothing has to be downloaded"),
    ("modules", "`sealform graph` draws what the configuration is made of"),
    ("providers", "the one provider is built in; `sealform explain provider` tells about it"),
    ("metadata", "`sealform explain` lists the types, the blocks and the functions"),
    ("login", "the credentials are those of AWS's own tools, such as `aws sso login`"),
    ("logout", "the credentials are those of AWS's own tools, such as `aws sso logout`"),
    (
        "taint",
        "nothing is ever replaced; `sealform drift` tells what differs, and `apply` mends it",
    ),
    ("untaint", "nothing is ever replaced, so that nothing is tainted"),
    ("env", "it is `sealform workspace`"),
    ("push", "`sealform state push` puts a file in the place of the state"),
    ("stacks", "several states of one configuration are `sealform workspace`s"),
    (
        "query",
        "the data source `aws_s3_buckets` finds the buckets that there are, for `for_each` to run over",
    ),
    (
        "--refresh-only",
        "`sealform drift` tells what was changed outside, and `sealform refresh` records what is live",
    ),
    ("--replace", "nothing is ever replaced: `apply` writes what differs, and nothing else"),
    (
        "--generate-config-out",
        "`sealform explain import` tells how a bucket is taken over; its block has to be written",
    ),
    ("--state", "where the state is kept says `backend \"local\" { path = … }`"),
    ("--state-out", "where the state is kept says `backend \"local\" { path = … }`"),
    ("--backup", "the last ten versions of a state are kept: `sealform state history`"),
    ("--upgrade", "nothing is downloaded that could be upgraded"),
    ("--get", "modules come from local directories, and nothing is downloaded"),
    ("--backend", "`validate` and `test` ask no backend, and need no `init` before"),
    ("--lockfile", "no provider is downloaded, so that there is no lock file"),
    ("--plugin-dir", "the one provider is built in"),
    ("--from-module", "copy the directory, and run `sealform init` in it"),
    ("--force", "it is `-auto-approve`"),
    ("--type", "there is one kind of graph"),
    ("--plan", "`console` sees what is declared and recorded; `plan` shows what would change"),
    ("--id", "`sealform show` tells each bucket's name below its address"),
];

/// The error of a command line that asks for what is something else here.
fn elsewhere(error: &clap::Error) -> Option<clap::Error> {
    let (kind, what, dash) = match error.kind() {
        ErrorKind::InvalidSubcommand => (ContextKind::InvalidSubcommand, "command ", ""),
        ErrorKind::UnknownArgument => (ContextKind::InvalidArg, "flag ", "-"),
        _ => return None,
    };
    let ContextValue::String(given) = error.get(kind)? else { return None };
    let given = given.split('=').next()?;
    let (name, told) = ELSEWHERE.iter().find(|(name, _)| *name == given)?;
    let name = name.trim_start_matches('-');
    let told = format!("there is no {what}'{dash}{name}': {told}\n");
    Some(clap::Error::raw(error.kind(), told))
}

fn dispatch(cli: Cli, ui: &mut Ui) -> Exit {
    let Cli { global, command } = cli;
    match command {
        Command::Init(args) => init::run(&global, &args, ui),
        Command::Validate(args) => validate::run(&global, &args, ui),
        Command::Fmt(args) => fmt::run(&global, &args, ui),
        Command::Plan(args) => plan::run(&global, &args, ui),
        Command::Apply(args) => apply::run(&global, &args, ui),
        Command::Destroy(args) => apply::destroy(&global, &args, ui),
        Command::Drift(args) => drift::run(&global, &args, ui),
        Command::Report(args) => report::run(&global, &args, ui),
        Command::Show(args) => show::run(&global, &args, ui),
        Command::Output(args) => output::run(&global, &args, ui),
        Command::State(args) => state::run(&global, &args, ui),
        Command::Refresh(args) => refresh::run(&global, &args, ui),
        Command::Workspace(args) => workspace::run(&global, &args, ui),
        Command::ForceUnlock(args) => force_unlock::run(&global, &args, ui),
        Command::Test(args) => test::run(&global, &args, ui),
        Command::Graph(args) => graph::run(&global, &args, ui),
        Command::Console(args) => console::run(&global, &args, ui),
        Command::Explain(args) => explain::run(&global, &args, ui),
        Command::Sandbox(args) => sandbox::run(&global, &args, ui),
        Command::Demo(args) => demo::run(&global, &args, ui),
        Command::Version(args) => version::run(&args, ui),
        Command::Completions(args) => completions::run(&args, ui),
    }
}

/// Gives long flags that are written with one dash, as Terraform's users do, their second one.
fn two_dashes(arguments: Vec<OsString>) -> Vec<OsString> {
    let mut literal = false;
    arguments
        .into_iter()
        .map(|argument| {
            literal |= argument == "--";
            let Some(text) = argument.to_str().filter(|_| !literal) else { return argument };
            let Some(flag) = text.strip_prefix('-').filter(|flag| !flag.starts_with('-')) else {
                return argument;
            };
            let name = flag.split_once('=').map_or(flag, |(name, _)| name);
            // What is misspelled is told by its whole name, too, and not by its first letter.
            let is_word = name.len() > 1 && name.starts_with(|c: char| c.is_ascii_alphabetic());
            if is_word { format!("--{flag}").into() } else { argument }
        })
        .collect()
}

/// A number of things in words; the noun takes an "s" for several.
fn counted(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}

/// A runtime for the commands that speak to a service or keep a state.
fn runtime(ui: &Ui) -> Option<tokio::runtime::Runtime> {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let _within = runtime.enter();
            signals::survive_limits();
            Some(runtime)
        }
        Err(error) => {
            ui.error("Cannot start", &format!("the runtime: {error}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn long_flags_may_have_one_dash() {
        let given = ["sealform", "apply", "-auto-approve", "-var=a=-b", "-o", "--", "-target"];
        let fixed = two_dashes(given.iter().map(Into::into).collect());
        let expected = ["sealform", "apply", "--auto-approve", "--var=a=-b", "-o", "--", "-target"];
        assert_eq!(fixed, expected.map(OsString::from));
    }
}
