//! Changes of the state that people ask for by name: locked, read, decided, written.

use super::VERSION;
use super::held::{lock, release};
use super::project::Project;
use super::run::Setup;
use crate::diag::Diagnostic;
use crate::event::Reporter;
use crate::state::{Change, StateError, StateFile, Version};

/// What is to become of a state.
#[derive(Debug)]
pub enum Wanted {
    /// These changes are made.
    Changes(Vec<Change>),
    /// This takes the place of all.
    Content(Box<StateFile>),
}

/// How a change of the state is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Nothing is written.
    pub dry_run: bool,
    /// What is there and cannot be read is moved aside.
    pub insist: bool,
}

/// Locks and reads the state, lets `decide` say what is to become of it, and writes that; gives what
/// `decide` told along with it. The version before is kept.
///
/// # Errors
/// The state cannot be locked, read or written, or `decide` refuses.
pub async fn change_state<T>(
    project: &Project,
    setup: &Setup,
    manner: Manner,
    reporter: &mut dyn Reporter,
    decide: impl FnOnce(Option<&StateFile>) -> Result<(Wanted, T), Diagnostic>,
) -> Result<T, Diagnostic> {
    let told = |error: StateError| error.diagnostic();
    let backend = project.backend(setup)?;
    let guard = lock(&backend, setup, reporter).await.map_err(told)?;
    let state = match backend.look().await {
        Ok(found) => found.state,
        Err(StateError::Format { .. } | StateError::Journal { .. }) if manner.insist => {
            if !manner.dry_run {
                backend.put_aside().await.map_err(told)?;
            }
            None
        }
        Err(error) => {
            release(guard).await;
            return Err(told(error));
        }
    };
    let (wanted, said) = match decide(state.as_ref()) {
        Ok(decided) if !manner.dry_run => decided,
        decided => {
            release(guard).await;
            return decided.map(|(_, said)| said);
        }
    };
    let mut open = backend.open(guard, VERSION).await.map_err(told)?;
    let session = open.session();
    match wanted {
        Wanted::Changes(changes) => {
            for change in changes {
                session.record(change).map_err(told)?;
            }
        }
        Wanted::Content(content) => {
            let same = session.state().resources == content.resources
                && session.state().outputs == content.outputs
                && session.state().lineage == content.lineage;
            if !same {
                session.overwrite(*content).map_err(told)?;
            }
        }
    }
    open.save().await.map_err(told)?;
    let _best_effort = open.close().await;
    Ok(said)
}

/// The earlier versions of the state, the newest first, and the one that is in force. Of a state on
/// S3, those that this machine has written or read.
///
/// # Errors
/// They cannot be read.
pub async fn versions(
    project: &Project,
    setup: &Setup,
) -> Result<(Option<StateFile>, Vec<Version>), Diagnostic> {
    let backend = project.backend(setup)?;
    let told = |error: StateError| error.diagnostic();
    let state = backend.look().await.map_err(told)?.state;
    Ok((state, backend.versions().await.map_err(told)?))
}
