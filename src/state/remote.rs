//! What can be wrong with a state that is kept by a service.

use super::{Holder, Seen};
use crate::provider::{ErrorKind, ProviderError};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Why a state that a service keeps cannot be read, locked or changed.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The service refused, or gave no answer.
    #[error("The state {place} cannot be used. {error}", error = error.detail)]
    Service {
        /// Which state.
        place: String,
        /// What the service said.
        error: ProviderError,
    },
    /// Another run holds the lock.
    #[error(
        "The state {place} is locked by {holder}. Wait until it has ended, or give --lock-timeout a \
         time to wait. If it has died, its lock can be taken over in {left} seconds; if you are sure \
         that it has and cannot wait, `sealform force-unlock {id}`.",
        left = left.as_secs()
    )]
    Locked {
        /// Which state.
        place: String,
        /// Who holds it.
        holder: Box<Seen>,
        /// The id of the lock.
        id: String,
        /// For how long it holds unless it is renewed.
        left: Duration,
    },
    /// Something else stands where the lock is to be.
    #[error(
        "{place} is not a lock of Sealform, or one of a newer version. It was left as it is. Look \
         at it, and remove it if nobody needs it, or give `key` of the backend another value."
    )]
    ForeignLock {
        /// Where.
        place: String,
    },
    /// The service writes whether or not what is demanded holds.
    #[error(
        "The service that keeps {place} does not know conditional writes (`If-None-Match`, \
         `If-Match`): a lock there would keep nobody out. Use a store that does, such as S3 of AWS. \
         If nobody else can write this state at the same time, set `use_lockfile = false` in the \
         backend.{said}"
    )]
    Unconditional {
        /// Which state.
        place: String,
        /// What the service said, as a sentence.
        said: String,
    },
    /// The lock was taken over or removed, or could not be renewed in time.
    #[error(
        "This run does not hold the lock of {place} any more{by}. It could not renew it in time: it \
         was paused, or the service gave no answer; or somebody removed the lock. Nothing further \
         was written. What was done before is in the journal {}; a plan shows what is left to do.",
        journal.display()
    )]
    LockLost {
        /// Which state.
        place: String,
        /// Who has it now.
        by: Successor,
        /// The journal that tells what was done.
        journal: PathBuf,
    },
    /// The state is not the version any more that this run has read.
    #[error(
        "{place} changed beneath this run: it is not the version any more that the run has read. It \
         was left as it is, and what this run did is in the journal {}. Run a plan: it compares with \
         what S3 has. Do not use --lock=false or `use_lockfile = false` while another run is under \
         way.",
        journal.display()
    )]
    ChangedBeneath {
        /// Which state.
        place: String,
        /// The journal that tells what was done.
        journal: PathBuf,
    },
    /// There is no lock with this id.
    #[error("The state {place} is not locked by {id:?}: {there}.")]
    OtherLock {
        /// Which state.
        place: String,
        /// What was asked for.
        id: String,
        /// What there is instead.
        there: String,
    },
}

impl RemoteError {
    /// Who holds the lock, if that is what is wrong.
    pub(super) fn locked_by(&self) -> Option<&Holder> {
        match self {
            Self::Locked { holder, .. } => Some(&holder.holder),
            Self::Service { .. }
            | Self::ForeignLock { .. }
            | Self::Unconditional { .. }
            | Self::LockLost { .. }
            | Self::ChangedBeneath { .. }
            | Self::OtherLock { .. } => None,
        }
    }

    /// What the service refused for, if it did.
    pub(super) fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Service { error, .. } => Some(error.kind),
            Self::Locked { .. }
            | Self::ForeignLock { .. }
            | Self::Unconditional { .. }
            | Self::LockLost { .. }
            | Self::ChangedBeneath { .. }
            | Self::OtherLock { .. } => None,
        }
    }

    /// Whether another run has written the state, or may have.
    pub(super) fn is_overtaken(&self) -> bool {
        match self {
            Self::LockLost { .. } | Self::ChangedBeneath { .. } => true,
            Self::Service { .. }
            | Self::Locked { .. }
            | Self::ForeignLock { .. }
            | Self::Unconditional { .. }
            | Self::OtherLock { .. } => false,
        }
    }

    pub(super) fn summary(&self) -> &'static str {
        match self {
            Self::Service { error, .. } => error.summary,
            Self::Locked { .. } => "State is locked",
            Self::ForeignLock { .. } => "Lock is not one of Sealform",
            Self::Unconditional { .. } => "State cannot be locked there",
            Self::LockLost { .. } => "Lock of the state lost",
            Self::ChangedBeneath { .. } => "State changed while in use",
            Self::OtherLock { .. } => "No such lock",
        }
    }
}

/// Who has a lock that was lost.
#[derive(Debug)]
pub struct Successor(pub(super) Option<Box<Holder>>);

impl fmt::Display for Successor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(holder) => write!(f, "; it is held by {holder}"),
            None => Ok(()),
        }
    }
}
