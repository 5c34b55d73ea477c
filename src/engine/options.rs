//! What a run is told: what surrounds it, what is planned, and what is recorded.

use super::sandboxed::SandboxOptions;
use crate::plan::Selection;
use crate::report::Share;
use crate::state::{Holder, Local};
use std::time::Duration;

/// What surrounds a run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Who runs it, with which operation, since when: what the lock says.
    pub holder: Holder,
    /// How the state is locked.
    pub lock: LockOptions,
    /// The embedded sandbox stands in for AWS.
    pub sandbox: Option<SandboxOptions>,
    /// The state, in the place of the one where the configuration says.
    pub state: Option<Local>,
    /// `--max-retries`, in the place of what the providers say.
    pub max_retries: Option<u32>,
    /// `--give-up-after`: for how long a service may answer nothing but failures.
    pub patience: Option<Duration>,
    /// `AWS_CA_BUNDLE` in the environment.
    pub ca_bundle: Option<String>,
}

/// How the state is locked.
#[derive(Clone, Copy, Debug)]
pub struct LockOptions {
    /// `--lock`.
    pub enabled: bool,
    /// `--lock-timeout`: how long another run is waited for.
    pub timeout: Duration,
    /// The run only reads: where there is no state yet, there is nothing to lock, and nothing is
    /// written into a checkout that may be read-only.
    pub read_only: bool,
}

/// What is planned, and how.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// `--target` and `--exclude`.
    pub selection: Selection,
    /// `--destroy`.
    pub destroy: bool,
    /// `--refresh`: false takes what is recorded for what is live.
    pub refresh: bool,
    /// `--parallelism`: the most requests in flight.
    pub parallelism: usize,
    /// `--partition`: only this share of the buckets is looked at.
    pub share: Option<Share>,
}

impl PlanOptions {
    /// Whether a bucket is in the share that is looked at.
    pub(super) fn holds(&self, provider: &str, bucket: &str) -> bool {
        self.share.is_none_or(|share| share.holds(provider, bucket))
    }
}

/// What of a plan's findings is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// What is live, and that something is gone.
    Whole,
    /// What is live; what is gone stays recorded.
    Present,
    /// Nothing: it is only told what would be.
    DryRun,
}
