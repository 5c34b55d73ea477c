//! The state of a run: locked and read.

use super::project::Project;
use super::run::Setup;
use crate::diag::{Diagnostic, Diagnostics};
use crate::event::{Event, Reporter};
use crate::state::{Found, Intent, Local, Lock, StateError, StateFile};
use std::time::Duration;

/// The state, locked and read.
pub(super) struct Held {
    pub(super) state: Option<StateFile>,
    /// What runs that ended before their time were about to write.
    pub(super) unfinished: Vec<Intent>,
    pub(super) local: Local,
    pub(super) lock: Option<Lock>,
}

impl Held {
    pub(super) async fn take(
        project: &Project,
        setup: &Setup,
        reporter: &mut dyn Reporter,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let local = setup.state.clone().unwrap_or_else(|| Local::new(project.state_path()));
        let local = if setup.sandbox.is_some() { local.for_sandbox() } else { local };
        let read = lock(&local, setup, reporter).await.and_then(|lock| Ok((lock, local.look()?)));
        let (lock, found) = read.map_err(|error| diagnostics.push(error.diagnostic())).ok()?;
        let Found { state, unfinished } = found;
        if let Some(fault) = state.as_ref().and_then(|state| mixed_up(state, setup, &local)) {
            diagnostics.push(fault);
            return None;
        }
        Some(Self { state, unfinished, local, lock })
    }
}

/// How often a lock that another run holds is tried again.
const LOCK_PAUSE: Duration = Duration::from_millis(250);

/// Takes the lock, waiting as long as is asked for.
async fn lock(
    local: &Local,
    setup: &Setup,
    reporter: &mut dyn Reporter,
) -> Result<Option<Lock>, StateError> {
    if !setup.lock.enabled || (setup.lock.read_only && !local.exists()) {
        return Ok(None);
    }
    let begun = tokio::time::Instant::now();
    let mut told = false;
    loop {
        match local.try_lock(&setup.holder) {
            Ok(lock) => return Ok(Some(lock)),
            Err(StateError::Locked { holder, .. }) if begun.elapsed() < setup.lock.timeout => {
                if !told {
                    reporter.report(&Event::Waiting { holder: holder.as_ref() });
                    told = true;
                }
                tokio::time::sleep(LOCK_PAUSE).await;
            }
            // A checkout that cannot be written to can be planned all the same.
            Err(StateError::Io { .. }) if setup.lock.read_only => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// Refuses to take the sandbox's buckets for those of AWS, or the other way round.
fn mixed_up(state: &StateFile, setup: &Setup, local: &Local) -> Option<Diagnostic> {
    let path = local.path().display();
    let detail = match (state.is_of_sandbox(), setup.sandbox.is_some()) {
        (true, false) => format!(
            "{path} records buckets of the sandbox, and this run is against AWS. Say --sandbox, or \
             remove the file to begin with AWS."
        ),
        (false, true) => format!(
            "{path} records buckets of AWS, and this run is against the sandbox. Leave --sandbox \
             away, or try things in a copy of the directory without its state."
        ),
        (true, true) | (false, false) => return None,
    };
    Some(Diagnostic::error("State of another world", detail))
}
