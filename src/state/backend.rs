//! Where a state is kept, whichever it is: files, or objects on S3.

use super::s3::{End, Hold, S3};
use super::{Found, Holder, Intent, Local, Lock, Session, StateError, StateFile, Version};
use crate::provider::Fence;
use jiff::Timestamp;

/// The workspace that there is without anybody making one.
pub const DEFAULT_WORKSPACE: &str = "default";

/// Where a state is kept.
#[derive(Clone, Debug)]
pub enum Backend {
    /// In files beside the configuration, or in memory.
    Local(Local),
    /// On S3.
    S3(S3),
}

/// The lock of a state.
#[derive(Debug)]
#[must_use = "the lock is released when it is dropped, or its lease is over"]
pub enum Guard {
    /// Of files.
    Local(Lock),
    /// On S3.
    S3(Hold),
}

impl Guard {
    /// Tells at any moment whether the lock is surely held; of a lock that cannot be lost, nothing.
    pub fn fence(&self) -> Option<Fence> {
        match self {
            Self::Local(_) => None,
            Self::S3(hold) => Some(hold.fence()),
        }
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// It is not known whether it was: it goes when its lease is over.
    pub async fn release(self) -> Result<(), StateError> {
        match self {
            Self::Local(lock) => {
                drop(lock);
                Ok(())
            }
            Self::S3(hold) => Box::pin(hold.release()).await,
        }
    }
}

impl Backend {
    /// Where it is, for messages.
    pub fn place(&self) -> String {
        match self {
            Self::Local(local) => local.path().display().to_string(),
            Self::S3(s3) => s3.url(),
        }
    }

    /// The state as the next session will find it, with what killed runs were about to do.
    pub async fn look(&self) -> Result<Found, StateError> {
        match self {
            Self::Local(local) => local.look(),
            Self::S3(s3) => Box::pin(s3.look()).await,
        }
    }

    /// Whether there is a state, or the journal of one.
    pub async fn exists(&self) -> Result<bool, StateError> {
        match self {
            Self::Local(local) => Ok(local.exists()),
            Self::S3(s3) => Box::pin(s3.exists()).await,
        }
    }

    /// When the state was written, by the clock of then, where that costs nothing to know.
    pub fn written(&self) -> Option<Timestamp> {
        match self {
            Self::Local(local) => local.written(),
            Self::S3(_) => None,
        }
    }

    /// Takes the lock, or says who has it.
    pub async fn try_lock(&self, holder: &Holder) -> Result<Guard, StateError> {
        match self {
            Self::Local(local) => local.try_lock(holder).map(Guard::Local),
            Self::S3(s3) => Box::pin(s3.try_lock(holder)).await,
        }
    }

    /// Whether this run holds the lock at the moment, as far as can be told without taking it.
    pub async fn is_held_by(&self, run: &Holder) -> bool {
        match self {
            Self::Local(local) => local.is_held_by(run),
            Self::S3(s3) => Box::pin(s3.is_held_by(run)).await,
        }
    }

    /// Whether there may be a state, as far as can be told without asking a service.
    pub fn may_exist(&self) -> bool {
        match self {
            Self::Local(local) => local.exists(),
            Self::S3(_) => true,
        }
    }

    /// Opens the state for changes, under its lock; `None` for a user who wants none.
    pub async fn open(
        &self,
        guard: Option<Guard>,
        tool_version: &str,
    ) -> Result<OpenState, StateError> {
        match (self, guard) {
            (Self::Local(local), Some(Guard::Local(lock))) => {
                Ok(OpenState { session: local.session(Some(lock), tool_version)?, end: None })
            }
            (Self::Local(local), None) => {
                Ok(OpenState { session: local.session(None, tool_version)?, end: None })
            }
            // Never given out by files.
            (Self::Local(local), Some(Guard::S3(hold))) => {
                Box::pin(hold.release()).await?;
                Ok(OpenState { session: local.session(None, tool_version)?, end: None })
            }
            (Self::S3(s3), guard) => Box::pin(s3.open(guard, tool_version)).await,
        }
    }

    /// The workspaces that have a state, in order, but the default one.
    pub async fn workspaces(&self) -> Result<Vec<String>, StateError> {
        match self {
            Self::Local(local) => local.workspaces(),
            Self::S3(s3) => Box::pin(s3.workspaces()).await,
        }
    }

    /// The versions before that were kept, the newest first. Of S3, those that are beside the copy.
    pub async fn versions(&self) -> Result<Vec<Version>, StateError> {
        match self {
            Self::Local(local) => local.versions(),
            Self::S3(s3) => Box::pin(s3.versions()).await,
        }
    }

    /// Where else earlier versions are than among [`Backend::versions`], in words.
    pub fn other_versions(&self) -> Option<String> {
        match self {
            Self::Local(_) => None,
            Self::S3(s3) => Some(s3.other_versions()),
        }
    }

    /// Moves what cannot be read aside: whoever says so knows that it is damaged.
    pub async fn put_aside(&self) -> Result<(), StateError> {
        match self {
            Self::Local(local) => local.put_aside().map(|_| ()),
            Self::S3(s3) => Box::pin(s3.put_aside()).await,
        }
    }

    /// Puts a state there as it is: with its lineage and its serial. Without `anything`, only where
    /// there is none, or an older one of the same lineage. The state must be locked.
    pub async fn put(&self, state: &StateFile, anything: bool) -> Result<(), StateError> {
        match self {
            Self::Local(local) => local.put(state, anything),
            Self::S3(s3) => Box::pin(s3.put(state, anything)).await,
        }
    }

    /// Removes the state, which must be locked. Of files, a copy stays as the backup.
    pub async fn remove(&self) -> Result<(), StateError> {
        match self {
            Self::Local(local) => local.discard(),
            Self::S3(s3) => Box::pin(s3.remove()).await,
        }
    }
}

/// A state that is open for changes, wherever it is.
#[derive(Debug)]
pub struct OpenState {
    pub(super) session: Session,
    pub(super) end: Option<End>,
}

impl OpenState {
    /// What takes changes.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// The state with all that was recorded.
    pub fn state(&self) -> &StateFile {
        self.session.state()
    }

    /// Tells at any moment whether the lock is surely held, where it can be lost.
    pub fn fence(&self) -> Option<Fence> {
        self.end.as_ref().and_then(End::hold).map(Hold::fence)
    }

    /// Waits until the lock is lost: for ever, if all goes well.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + 'static {
        let lost = self.end.as_ref().and_then(End::hold).map(Hold::lost);
        async move {
            match lost {
                Some(lost) => lost.await,
                None => std::future::pending().await,
            }
        }
    }

    /// Has other machines know what is about to be written, before the first of it is, in case this one
    /// never comes back.
    ///
    /// # Errors
    /// They cannot be told: nothing is to be written then.
    pub async fn announce(
        &mut self,
        intents: impl Iterator<Item = Intent>,
    ) -> Result<(), StateError> {
        match &mut self.end {
            Some(end) => Box::pin(end.announce(&mut self.session, intents)).await,
            None => Ok(()),
        }
    }

    /// Saves what was recorded where the state is kept. After an error the journal tells it, and the
    /// next run takes it up.
    pub async fn save(&mut self) -> Result<(), StateError> {
        match &mut self.end {
            Some(end) => Box::pin(end.save(&mut self.session)).await,
            None => self.session.save(),
        }
    }

    /// Releases the lock.
    ///
    /// # Errors
    /// It is not known whether it was: it goes when its lease is over.
    pub async fn close(self) -> Result<(), StateError> {
        let Self { session, end } = self;
        drop(session);
        match end {
            Some(end) => Box::pin(end.close()).await,
            None => Ok(()),
        }
    }
}
