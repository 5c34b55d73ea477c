//! Changes of the state that people ask for by name: locked, read, decided, written.

use super::VERSION;
use super::held::{lock, release, warnings};
use super::options::Setup;
use super::project::Project;
use crate::diag::{Diagnostic, Diagnostics};
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
/// `decide` told along with it, and what is odd about the state. The version before is kept.
///
/// # Errors
/// The state cannot be locked, read or written, or `decide` refuses.
pub async fn change_state<T>(
    project: &Project,
    setup: &Setup,
    manner: Manner,
    reporter: &mut dyn Reporter,
    decide: impl FnOnce(Option<&StateFile>) -> Result<(Wanted, T), Diagnostic>,
) -> Result<(T, Diagnostics), Diagnostic> {
    let told = |error: StateError| error.diagnostic();
    let backend = project.existing_backend(setup).await?;
    let guard = lock(&backend, setup, reporter).await.map_err(told)?;
    let mut notices = Diagnostics::new();
    let state = match backend.look().await {
        Ok(found) => {
            notices = warnings(&found, &backend, setup);
            found.state
        }
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
            return decided.map(|(_, said)| (said, notices));
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
    Ok((said, notices))
}

/// The versions of a state.
#[derive(Debug)]
pub struct History {
    /// The one that is in force.
    pub current: Option<StateFile>,
    /// Earlier ones that are kept, the newest first.
    pub versions: Vec<Version>,
    /// Where there may be more, in words.
    pub elsewhere: Option<String>,
}

/// The versions of the state.
///
/// # Errors
/// They cannot be read.
pub async fn history(project: &Project, setup: &Setup) -> Result<History, Diagnostic> {
    let backend = project.existing_backend(setup).await?;
    let told = |error: StateError| error.diagnostic();
    let current = backend.look().await.map_err(told)?.state;
    let versions = backend.versions().await.map_err(told)?;
    Ok(History { current, versions, elsewhere: backend.other_versions() })
}
