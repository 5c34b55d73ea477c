//! The state of a run: locked and read.

use super::options::Setup;
use super::project::Project;
use crate::diag::{Diagnostic, Diagnostics};
use crate::event::{Event, Reporter};
use crate::state::{Backend, Found, Guard, Holder, Intent, StateError, StateFile};
use jiff::Timestamp;
use std::time::Duration;

/// The state, locked and read.
pub(super) struct Held {
    pub(super) state: Option<StateFile>,
    /// What runs that ended before their time were about to write.
    pub(super) unfinished: Vec<Intent>,
    pub(super) backend: Backend,
    pub(super) lock: Option<Guard>,
}

impl Held {
    pub(super) async fn take(
        project: &Project,
        setup: &Setup,
        reporter: &mut dyn Reporter,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let backend = project.existing_backend(setup).await;
        let backend = backend.map_err(|fault| diagnostics.push(fault)).ok()?;
        let lock = lock(&backend, setup, reporter).await;
        let lock = lock.map_err(|error| diagnostics.push(not_locked(&error, setup))).ok()?;
        let held = backend.look().await.map_err(|error| error.diagnostic()).and_then(|found| {
            diagnostics.extend(warnings(&found, &backend, setup));
            let Found { state, unfinished, superseded: _ } = found;
            // One that is empty belongs to whoever uses it first.
            let used = state.as_ref().filter(|it| !it.is_empty() || !unfinished.is_empty());
            match used.and_then(|state| mixed_up(state, setup, &backend)) {
                Some(fault) => Err(fault),
                None => Ok((state, unfinished)),
            }
        });
        if held.as_ref().is_ok_and(|(state, _)| state.is_some() || !setup.lock.read_only) {
            project.note_backend(setup);
        }
        match held {
            Ok((state, mut unfinished)) => {
                if lock.is_none() {
                    tell_under_way(&mut unfinished, &backend).await;
                }
                Some(Self { state, unfinished, backend, lock })
            }
            Err(fault) => {
                diagnostics.push(fault);
                release(lock).await;
                None
            }
        }
    }

    /// Gives the lock back: nothing comes of the run.
    pub(super) async fn release(self) {
        release(self.lock).await;
    }
}

/// Tells what a run is about that has not ended from what one has left behind. Only who has not taken
/// the lock can meet the former.
async fn tell_under_way(unfinished: &mut [Intent], backend: &Backend) {
    let mut runs: Vec<_> = unfinished.iter().filter_map(|it| it.run.clone()).collect();
    runs.sort_by_key(|run| run.since);
    runs.dedup();
    for run in runs {
        if backend.is_held_by(&run).await {
            let its = unfinished.iter_mut().filter(|it| it.run.as_ref() == Some(&run));
            its.for_each(|intent| intent.under_way = true);
        }
    }
}

/// What is odd about a state, though it can be used.
pub(super) fn warnings(found: &Found, backend: &Backend, setup: &Setup) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    warnings.extend(found.superseded.as_ref().map(|it| it.diagnostic()));
    let runs = found.unfinished.iter().filter_map(|it| it.run.as_ref()).map(|run| run.since);
    let latest = runs.chain(backend.written()).max();
    warnings.extend(latest.and_then(|latest| set_back(latest, setup.holder.since, backend)));
    warnings
}

/// How far the clocks of two machines may differ.
const TOLERANCE: Duration = Duration::from_mins(5);

/// Tells that the clock says an earlier time than what was written by it, or by another one.
fn set_back(latest: Timestamp, now: Timestamp, backend: &Backend) -> Option<Diagnostic> {
    let ahead = Duration::try_from(latest.duration_since(now)).ok()?;
    if ahead <= TOLERANCE {
        return None;
    }
    let shown = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    Some(Diagnostic::warning(
        "Clock is behind the state",
        format!(
            "The clock of this machine says {}, and a run wrote to {} at {}: the clock was set back, \
             or that of another machine is ahead. Which version of the state is the newer one does \
             not depend on clocks, nor does its lock; `timestamp()` and when a `suppress` expires do.",
            shown(now),
            backend.place(),
            shown(latest)
        ),
    ))
}

/// Gives a lock back. Where that fails, it goes when its lease is over: until then others wait.
pub(super) async fn release(lock: Option<Guard>) -> Option<Diagnostic> {
    lock?.release().await.err().map(|error| unreleased(&error))
}

/// Tells that a lock could not be given back.
pub(super) fn unreleased(error: &StateError) -> Diagnostic {
    Diagnostic::warning(
        "Lock not released",
        format!(
            "{error} The lock of this run is left behind. It goes when its lease is over \
             (`lock_lease` of the backend, a minute where nothing is said); a run that comes before \
             is told its id, and `sealform force-unlock ID` removes it."
        ),
    )
}

/// Tells why there is no lock.
fn not_locked(error: &StateError, setup: &Setup) -> Diagnostic {
    let mut diagnostic = error.diagnostic();
    if setup.lock.read_only && error.is_denied() {
        diagnostic.detail.push_str(
            " Whoever may only read the state looks at it with -lock=false, and may see it while \
             another run changes it.",
        );
    }
    diagnostic
}

/// How often a lock that another run holds is tried again: on this machine, and elsewhere.
const LOCK_PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(1));

/// Takes the lock, waiting as long as is asked for.
pub(super) async fn lock(
    backend: &Backend,
    setup: &Setup,
    reporter: &mut dyn Reporter,
) -> Result<Option<Guard>, StateError> {
    if !setup.lock.enabled || (setup.lock.read_only && !backend.may_exist()) {
        return Ok(None);
    }
    let begun = tokio::time::Instant::now();
    let mut told = false;
    loop {
        // Since when it is held is when it was got, and how old another's is, is told as of now.
        let since = setup.holder.since.checked_add(begun.elapsed()).unwrap_or(setup.holder.since);
        let holder = Holder { since, ..setup.holder.clone() };
        let error = match backend.try_lock(&holder).await {
            Ok(lock) => return Ok(Some(lock)),
            Err(error) => error,
        };
        // A checkout that cannot be written to can be planned all the same.
        if matches!(error, StateError::Io { .. }) && setup.lock.read_only {
            return Ok(None);
        }
        let Some(holder) = error.locked_by().filter(|_| begun.elapsed() < setup.lock.timeout)
        else {
            return Err(error);
        };
        if !told {
            reporter.report(&Event::Waiting { holder });
            told = true;
        }
        let pause =
            if matches!(error, StateError::Locked { .. }) { LOCK_PAUSES.0 } else { LOCK_PAUSES.1 };
        tokio::time::sleep(pause).await;
    }
}

/// Refuses to take the sandbox's buckets for those of AWS, or the other way round.
fn mixed_up(state: &StateFile, setup: &Setup, backend: &Backend) -> Option<Diagnostic> {
    let path = backend.place();
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
