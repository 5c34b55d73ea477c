//! Changes of the state that people ask for by name: locked, read, decided, written.

use super::VERSION;
use super::held::lock;
use super::project::Project;
use super::run::Setup;
use crate::diag::Diagnostic;
use crate::event::Reporter;
use crate::state::{Change, Local, StateError, StateFile, Version};

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
    let local = Local::new(project.state_path());
    let lock = lock(&local, setup, reporter).await.map_err(told)?;
    let state = match local.read() {
        Ok(state) => state,
        Err(StateError::Format { .. } | StateError::Journal { .. }) if manner.insist => {
            if !manner.dry_run {
                local.put_aside().map_err(told)?;
            }
            None
        }
        Err(error) => return Err(told(error)),
    };
    let (wanted, said) = decide(state.as_ref())?;
    if manner.dry_run {
        return Ok(said);
    }
    let mut session = local.session(lock, VERSION).map_err(told)?;
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
    session.save().map_err(told)?;
    Ok(said)
}

/// The earlier versions of the state, the newest first, and the one that is in force.
///
/// # Errors
/// They cannot be read.
pub fn versions(project: &Project) -> Result<(Option<StateFile>, Vec<Version>), Diagnostic> {
    let local = Local::new(project.state_path());
    let read = local.read().and_then(|state| Ok((state, local.versions()?)));
    read.map_err(|error| error.diagnostic())
}
