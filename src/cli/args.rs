//! Flags that several commands take, and what they mean to the engine.

use super::Global;
use super::formats::Outputs;
use super::ui::Ui;
use crate::addr::Target;
use crate::diag::{Diagnostic, Diagnostics};
use crate::engine::{LockOptions, PlanOptions, Request, SandboxOptions, Setup, VariableSource};
use crate::plan::Selection;
use crate::state::Holder;
use clap::{ArgAction, ArgMatches, FromArgMatches};
use std::path::PathBuf;
use std::time::Duration;

/// The prefix of environment variables that give values to variables.
const VARIABLE_PREFIX: &str = "SEALFORM_VAR_";
/// That of Terraform's, which are not read.
const TERRAFORM_PREFIX: &str = "TF_VAR_";
/// Requests in flight at most: so many that latency, not the cap, is what a user waits for.
pub(super) const PARALLELISM: usize = 256;

/// `--var` and `--var-file`, in the order in which they were given.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables(pub(super) Vec<VariableSource>);

/// The two flags as clap knows them; their order is what it alone does not keep.
#[derive(Debug, clap::Args)]
struct VariableFlags {
    /// Give a variable a value. May be repeated.
    #[arg(long = "var", value_name = "NAME=VALUE", action = ArgAction::Append)]
    flags: Vec<String>,
    /// Read values of variables from this file. May be repeated.
    #[arg(long = "var-file", value_name = "FILE", action = ArgAction::Append)]
    files: Vec<PathBuf>,
}

impl FromArgMatches for Variables {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let VariableFlags { flags, files } = VariableFlags::from_arg_matches(matches)?;
        let places = |name: &str| matches.indices_of(name).into_iter().flatten();
        let flags = places("flags").zip(flags.into_iter().map(VariableSource::Flag));
        let files = places("files").zip(files.into_iter().map(VariableSource::File));
        let mut all: Vec<(usize, VariableSource)> = flags.chain(files).collect();
        all.sort_by_key(|(place, _)| *place);
        Ok(Self(all.into_iter().map(|(_, source)| source).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Variables {
    fn augment_args(command: clap::Command) -> clap::Command {
        VariableFlags::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        VariableFlags::augment_args_for_update(command)
    }
}

impl Variables {
    /// What the engine is asked to work on.
    pub(super) fn request(&self, global: &Global) -> Request {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.to_str()?.strip_prefix(VARIABLE_PREFIX)?.to_owned();
            Some((name, value.to_str()?.to_owned()))
        });
        let terraform = std::env::vars_os().filter_map(|(name, _)| {
            Some(name.to_str()?.strip_prefix(TERRAFORM_PREFIX)?.to_owned())
        });
        let mut environment: Vec<(String, String)> = environment.collect();
        environment.sort();
        Request {
            dir: global.dir(),
            cwd: std::env::current_dir().unwrap_or_default(),
            home: std::env::home_dir(),
            now: jiff::Timestamp::now(),
            seed: uuid::Uuid::new_v4().into_bytes(),
            workspace: std::env::var("SEALFORM_WORKSPACE").ok().filter(|name| !name.is_empty()),
            environment,
            terraform: terraform.collect(),
            tfvars: global.dir().join("terraform.tfvars").is_file(),
            variables: self.0.clone(),
        }
    }
}

/// What is looked at, and how.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Planning {
    #[command(flatten)]
    pub(super) variables: Variables,
    #[command(flatten)]
    pub(super) selecting: Selecting,
    /// Read what is live; with =false, what is recorded stands for it.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1,
        require_equals = true, default_value_t = true, default_missing_value = "true")]
    refresh: bool,
    #[command(flatten)]
    pub(super) locking: Locking,
    /// Ask for approval where it is needed; with =false, never.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1,
        require_equals = true, default_value_t = true, default_missing_value = "true")]
    pub(super) input: bool,
    /// Sum warnings up where there is no error.
    #[arg(long)]
    compact_warnings: bool,
    #[command(flatten)]
    pub(super) outputs: Outputs,
}

/// Which instances are looked at, how many at once, and how long it may take.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Selecting {
    /// Look only at this resource, module or instance and what it depends on. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    target: Vec<String>,
    /// Leave out this resource, module or instance. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    exclude: Vec<String>,
    /// Requests in flight at most.
    #[arg(long, value_name = "N", default_value_t = PARALLELISM, value_parser = parallelism)]
    parallelism: usize,
    /// How often a request is repeated that failed in passing; goes before `max_retries` of a provider.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    max_retries: Option<u32>,
    /// For how long a service may answer nothing but failures, to ten requests or more; what was not
    /// asked by then is not asked any more, so that an outage ends the run.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = some_time)]
    give_up_after: Duration,
    /// How long the run may take, such as 90s or 10m. What was done by then is recorded.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = some_time)]
    pub(super) timeout: Duration,
}

/// How the state is locked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Locking {
    /// Lock the state; with =false, trust that nobody else writes it.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1,
        require_equals = true, default_value_t = true, default_missing_value = "true")]
    lock: bool,
    /// How long to wait for another run's lock, such as 30s or 5m.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    lock_timeout: Duration,
}

/// Reads a number of requests.
fn parallelism(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "it is a whole number from 1".to_owned())
}

/// Reads `30s`, `5m`, `1h`, several such as `1h30m`, or a number of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let unreadable = || "write it as 30s, 5m or 1h30m".to_owned();
    let is_digit = |c: char| c.is_ascii_digit();
    if !text.is_empty() && text.chars().all(is_digit) {
        return text.parse().map(Duration::from_secs).map_err(|_| "it is too long".to_owned());
    }
    let (mut rest, mut total) = (text, Duration::ZERO);
    loop {
        let (digits, behind) = rest.split_at(rest.find(|c| !is_digit(c)).unwrap_or(rest.len()));
        let (unit, behind) = behind.split_at(behind.find(is_digit).unwrap_or(behind.len()));
        let milliseconds = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(unreadable()),
        };
        if digits.is_empty() {
            return Err(unreadable());
        }
        let part = digits.parse::<u64>().ok().and_then(|it| it.checked_mul(milliseconds));
        let part = part.map(Duration::from_millis).and_then(|part| total.checked_add(part));
        total = part.ok_or_else(|| "it is too long".to_owned())?;
        rest = behind;
        if rest.is_empty() {
            return Ok(total);
        }
    }
}

/// Reads a duration in which something can happen.
fn some_time(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time.is_zero() {
        return Err("it is longer than nothing; leave the flag away for what goes without saying"
            .to_owned());
    }
    Ok(time)
}

/// Descriptors that a run needs beside its connections: files, the terminal, the runtime.
const DESCRIPTORS: usize = 64;

/// How many files and connections this process may have open, where the system tells.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

impl Planning {
    /// What surrounds a run.
    pub(super) fn setup(&self, global: &Global, operation: &str, read_only: bool) -> Setup {
        self.selecting.setup(&self.locking, global, operation, read_only)
    }

    /// What the engine is to plan. Targets that are no addresses are reported.
    pub(super) fn options(&self, destroy: bool, diagnostics: &mut Diagnostics) -> PlanOptions {
        self.outputs.check(diagnostics);
        self.selecting.options(destroy, self.refresh, diagnostics)
    }
}

impl Selecting {
    /// What surrounds a run.
    pub(super) fn setup(
        &self,
        locking: &Locking,
        global: &Global,
        operation: &str,
        read_only: bool,
    ) -> Setup {
        Setup {
            max_retries: self.max_retries,
            patience: Some(self.give_up_after),
            ..locking.setup(global, operation, read_only)
        }
    }

    /// Requests in flight at most: as many as asked for, or as there may be connections.
    pub(super) fn parallelism(&self) -> usize {
        let open = open_files().map_or(usize::MAX, |most| most.saturating_sub(DESCRIPTORS).max(1));
        self.parallelism.min(open)
    }

    /// Whether anything is left out.
    pub(super) fn is_partial(&self) -> bool {
        !self.target.is_empty() || !self.exclude.is_empty()
    }

    /// What the engine is to plan. Targets that are no addresses are reported.
    pub(super) fn options(
        &self,
        destroy: bool,
        refresh: bool,
        diagnostics: &mut Diagnostics,
    ) -> PlanOptions {
        let mut parse = |texts: &[String]| -> Vec<Target> {
            let mut targets = Vec::new();
            for text in texts {
                match text.parse() {
                    Ok(target) => targets.push(target),
                    Err(error) => {
                        diagnostics.push(Diagnostic::error("Invalid address", format!("{error}.")));
                    }
                }
            }
            targets
        };
        PlanOptions {
            selection: Selection { targets: parse(&self.target), excludes: parse(&self.exclude) },
            destroy,
            refresh,
            parallelism: self.parallelism(),
            share: None,
        }
    }
}

/// What surrounds a command that takes no lock.
pub(super) fn looking(global: &Global, operation: &str) -> Setup {
    Locking { lock: false, lock_timeout: Duration::ZERO }.setup(global, operation, true)
}

/// What surrounds a command that takes the lock if it can get it at once.
pub(super) fn locking(global: &Global, operation: &str) -> Setup {
    Locking { lock: true, lock_timeout: Duration::ZERO }.setup(global, operation, false)
}

/// Who runs a command, for whoever finds the lock.
pub(super) fn holder(operation: &str) -> Holder {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let host = std::env::var("HOSTNAME").ok().or_else(|| {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
        Some(name.trim().to_owned())
    });
    Holder {
        operation: operation.to_owned(),
        who: format!(
            "{}@{}",
            user.or_else(account).as_deref().unwrap_or("unknown"),
            host.as_deref().unwrap_or("localhost")
        ),
        pid: std::process::id(),
        since: jiff::Timestamp::now(),
    }
}

/// The name of the account that this process runs as, where no environment tells it: batch systems
/// and containers often have none.
fn account() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let id = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    let id = id.split_whitespace().nth(1)?;
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    });
    Some(name.unwrap_or_else(|| format!("uid-{id}")))
}

impl Locking {
    /// What surrounds a run.
    pub(super) fn setup(&self, global: &Global, operation: &str, read_only: bool) -> Setup {
        Setup {
            holder: holder(operation),
            lock: LockOptions { enabled: self.lock, timeout: self.lock_timeout, read_only },
            sandbox: global.sandbox.then(SandboxOptions::default),
            state: None,
            max_retries: None,
            patience: None,
            ca_bundle: std::env::var("AWS_CA_BUNDLE").ok().filter(|path| !path.is_empty()),
        }
    }
}

impl Planning {
    /// How plans are drawn.
    pub(super) fn apply_style(&self, ui: &mut Ui) {
        ui.concise = self.outputs.concise;
        ui.compact_warnings = self.compact_warnings;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_terraform_writes_them() {
        for (text, milliseconds) in [
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("1m30s250ms", 90_250),
            ("0s", 0),
            ("90", 90_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "x", "s", "-5s", "5 s", "1h30", "1d", "1.5h", "ü", "5\u{661}s"] {
            assert!(duration(text).unwrap_err().starts_with("write it as"), "{text}");
        }
        for text in ["99999999999999999999", "9999999999999999h"] {
            assert_eq!(duration(text), Err("it is too long".to_owned()), "{text}");
        }
    }
}
