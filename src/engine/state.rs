//! Changes of the state that people ask for by name: locked, read, decided, written.

use super::VERSION;
use super::held::{lock, release, unreleased, warnings};
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
            notices.extend(release(guard).await);
            return decided.map(|(_, said)| (said, notices));
        }
    };
    let mut open = backend.open(guard, VERSION).await.map_err(told)?;
    let session = open.session();
    // None of it goes by the journal: where it cannot be written, it has not been done, and no later
    // run takes it up.
    let content = match wanted {
        Wanted::Changes(changes) => {
            let mut content = session.state().clone();
            for change in changes {
                change.apply_to(&mut content);
            }
            content
        }
        Wanted::Content(content) => *content,
    };
    let same = session.state().serial >= content.serial
        && session.state().resources == content.resources
        && session.state().outputs == content.outputs
        && session.state().lineage == content.lineage;
    if !same {
        session.overwrite(content).map_err(told)?;
    }
    open.save().await.map_err(told)?;
    notices.extend(open.close().await.err().map(|error| unreleased(&error)));
    project.note_backend(setup);
    Ok((said, notices))
}

/// The versions of a state.
#[derive(Debug)]
pub struct History {
    /// The one that is in force.
    pub current: Option<StateFile>,
    /// Why that one cannot be read, where it is damaged.
    pub damaged: Option<Diagnostic>,
    /// Earlier ones that are kept, the newest first.
    pub versions: Vec<Version>,
    /// Where there may be more, in words.
    pub elsewhere: Option<String>,
}

/// The versions of the state, also where the one in force is damaged: then they are needed most.
///
/// # Errors
/// They cannot be read.
pub async fn history(project: &Project, setup: &Setup) -> Result<History, Diagnostic> {
    let backend = project.existing_backend(setup).await?;
    let told = |error: StateError| error.diagnostic();
    let (current, damaged) = match backend.look().await {
        Ok(found) => (found.state, None),
        Err(error @ (StateError::Format { .. } | StateError::Journal { .. })) => {
            (None, Some(told(error)))
        }
        Err(error) => return Err(told(error)),
    };
    let versions = backend.versions().await.map_err(told)?;
    Ok(History { current, damaged, versions, elsewhere: backend.other_versions() })
}
