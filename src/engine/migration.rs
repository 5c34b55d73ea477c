//! Copies states from one backend to another. The old ones stay.

use super::backend::{fault, told};
use super::held::{lock, release};
use super::options::Setup;
use crate::diag::Diagnostic;
use crate::event::Reporter;
use crate::state::{Backend, Guard};

/// Two places of the state of one workspace: the old one, the new one.
pub(super) type Pair = (Backend, Backend, String);

/// Copies the states of all workspaces; tells of which there were some. All are locked before the
/// first is copied, so that no run comes in between, and whoever gives up waiting leaves all as it was.
pub(super) async fn copy_all(
    pairs: &[Pair],
    anything: bool,
    setup: &Setup,
    reporter: &mut dyn Reporter,
    decided: &dyn Fn(),
) -> Result<Vec<String>, Diagnostic> {
    let mut guards = Vec::new();
    let copied = match lock_all(pairs, &mut guards, setup, reporter).await {
        Ok(()) => copy_each(pairs, anything, decided).await,
        Err(fault) => Err(fault),
    };
    for guard in guards {
        release(guard).await;
    }
    copied
}

/// Locks both places of all.
async fn lock_all(
    pairs: &[Pair],
    guards: &mut Vec<Option<Guard>>,
    setup: &Setup,
    reporter: &mut dyn Reporter,
) -> Result<(), Diagnostic> {
    for (from, to, _) in pairs {
        for backend in [from, to] {
            guards.push(lock(backend, setup, reporter).await.map_err(|error| told(&error))?);
        }
    }
    Ok(())
}

/// Copies the states; tells of which workspaces there were some.
async fn copy_each(
    pairs: &[Pair],
    anything: bool,
    decided: &dyn Fn(),
) -> Result<Vec<String>, Diagnostic> {
    let mut copied = Vec::new();
    for (from, to, workspace) in pairs {
        if copy(from, to, anything, decided).await? {
            copied.push(workspace.clone());
        }
    }
    Ok(copied)
}

/// Copies a state; tells whether there was one to copy.
async fn copy(
    from: &Backend,
    to: &Backend,
    anything: bool,
    decided: &dyn Fn(),
) -> Result<bool, Diagnostic> {
    let found = from.look().await.map_err(|error| told(&error))?;
    if let Some(intent) = found.unfinished.first() {
        let detail = format!(
            "A run ended before its time while it wrote {}, and nobody knows whether it did. Apply \
             with the old backend first: that finds out.",
            intent.address
        );
        return Err(fault("State not copied", detail));
    }
    let Some(state) = found.state else { return Ok(false) };
    let there = to.look().await.map_err(|error| told(&error))?.state;
    if let Some(there) = &there
        && !anything
        && *there != state
        && (there.lineage != state.lineage || there.serial >= state.serial)
    {
        let detail = format!(
            "{} holds a state already (lineage {}, serial {}), which is not an older version of the \
             one in {} (lineage {}, serial {}). Nothing was copied. `sealform init -reconfigure` \
             goes on with the one that is there; `sealform init -migrate-state -force-copy` \
             overwrites it.",
            to.place(),
            there.lineage,
            there.serial,
            from.place(),
            state.lineage,
            state.serial
        );
        return Err(fault("State not copied", detail));
    }
    if there.as_ref() != Some(&state) {
        decided();
        to.put(&state, anything).await.map_err(|error| told(&error))?;
    }
    Ok(true)
}
