//! The workspaces of a configuration: one state each, where the backend keeps them.

use super::VERSION;
use super::backend::{fault, told};
use super::held::{lock, release};
use super::options::Setup;
use super::project::Project;
use crate::diag::{Diagnostic, did_you_mean};
use crate::event::Reporter;
use crate::state::{Backend, DEFAULT_WORKSPACE, StateFile};
use std::collections::BTreeSet;

/// Whether a workspace can have this name: it is part of paths and of keys.
pub(super) fn check_name(name: &str) -> Result<(), Diagnostic> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !name.is_empty() && name.len() <= 90 && name.chars().all(allowed) && !name.starts_with('.') {
        return Ok(());
    }
    Err(fault(
        "Invalid workspace name",
        format!(
            "{name:?} cannot be the name of a workspace: it is made of up to 90 letters, digits, \
             dashes, underscores and dots, and does not begin with a dot."
        ),
    ))
}

impl Project {
    /// All workspaces, the default one first.
    ///
    /// # Errors
    /// They cannot be listed.
    pub async fn workspaces(&self, setup: &Setup) -> Result<Vec<String>, Diagnostic> {
        let backend = self.backend_in(DEFAULT_WORKSPACE, setup)?;
        let others = backend.workspaces().await.map_err(|error| told(&error))?;
        let all: BTreeSet<String> =
            others.into_iter().filter(|it| it != DEFAULT_WORKSPACE).collect();
        Ok(std::iter::once(DEFAULT_WORKSPACE.to_owned()).chain(all).collect())
    }

    /// Makes a workspace, with a state that records nothing. `decided` is called before it does.
    ///
    /// # Errors
    /// There is one of this name already, or it cannot be made.
    pub async fn new_workspace(
        &self,
        name: &str,
        setup: &Setup,
        decided: &dyn Fn(),
    ) -> Result<(), Diagnostic> {
        check_name(name)?;
        if self.workspaces(setup).await?.iter().any(|it| it == name) {
            let detail = format!(
                "There is a workspace {name:?} already. `sealform workspace select {name}` goes to \
                 it."
            );
            return Err(fault("Workspace exists", detail));
        }
        let backend = self.backend_in(name, setup)?;
        let state = StateFile::new(uuid::Uuid::new_v4().to_string(), VERSION);
        let state = if setup.sandbox.is_some() { state.for_sandbox() } else { state };
        decided();
        backend.put(&state, false).await.map_err(|error| told(&error))?;
        self.select(name)
    }

    /// Goes to a workspace that there is.
    ///
    /// # Errors
    /// There is none of this name.
    pub async fn select_workspace(&self, name: &str, setup: &Setup) -> Result<(), Diagnostic> {
        self.check_workspace(name, setup).await?;
        self.select(name)
    }

    /// Refuses a name that no workspace has.
    async fn check_workspace(&self, name: &str, setup: &Setup) -> Result<(), Diagnostic> {
        let all = self.workspaces(setup).await?;
        if all.iter().any(|it| it == name) { Ok(()) } else { Err(unknown_workspace(name, &all)) }
    }

    fn select(&self, name: &str) -> Result<(), Diagnostic> {
        self.write_data("environment", name.as_bytes())
    }

    /// Removes a workspace and its state. `decided` is called before it does.
    ///
    /// # Errors
    /// It is in use, records something, or cannot be removed.
    pub async fn delete_workspace(
        &self,
        name: &str,
        force: bool,
        setup: &Setup,
        reporter: &mut dyn Reporter,
        decided: &dyn Fn(),
    ) -> Result<(), Diagnostic> {
        let refused = |detail: String| Err(fault("Workspace not deleted", detail));
        if name == DEFAULT_WORKSPACE {
            return refused("The workspace \"default\" is always there.".into());
        }
        if name == &*self.workspace {
            return refused(format!(
                "{name:?} is the workspace that is selected. Select another one first."
            ));
        }
        self.check_workspace(name, setup).await?;
        let backend = self.backend_in(name, setup)?;
        let guard = lock(&backend, setup, reporter).await.map_err(|error| told(&error))?;
        let removed = remove(&backend, name, force, decided).await;
        release(guard).await;
        removed
    }
}

/// Tells that nobody has made the workspace.
pub(super) fn unknown_workspace(name: &str, all: &[String]) -> Diagnostic {
    let hint = did_you_mean(name, all.iter().map(String::as_str));
    let detail = format!(
        "There is no workspace {name:?}.{hint} `sealform workspace list` shows which there are, \
         `sealform workspace new {name}` makes this one."
    );
    fault("Unknown workspace", detail)
}

async fn remove(
    backend: &Backend,
    name: &str,
    force: bool,
    decided: &dyn Fn(),
) -> Result<(), Diagnostic> {
    let found = backend.look().await.map_err(|error| told(&error))?;
    let count = found.state.map_or(0, |state| state.resources.len());
    if count > 0 && !force {
        let resources =
            if count == 1 { "1 resource".to_owned() } else { format!("{count} resources") };
        let detail = format!(
            "The workspace {name:?} still records {resources}, which nothing would manage any more. \
             Run `sealform destroy` there first, or say -force to leave what it manages as it is."
        );
        return Err(fault("Workspace not deleted", detail));
    }
    decided();
    backend.remove().await.map_err(|error| told(&error))
}
