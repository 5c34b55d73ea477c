//! What can be wrong with the state, in words that say what to do about it.

use super::{FileError, FormatError, Holder, JournalError, RemoteError, Seen};
use crate::diag::Diagnostic;
use crate::provider::ErrorKind;
use std::path::{Path, PathBuf};

/// Where what is wrong is kept: what can be done about it is not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// In files.
    InFiles,
    /// As objects.
    OnS3,
}

/// Why the state cannot be read, locked or changed.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file system refused.
    #[error("{error}{}", resumption(error))]
    Io {
        /// What it said.
        #[from]
        error: FileError,
    },
    /// The state file is not one that can be read.
    #[error("{} {problem}. It was left as it is. {}", path.display(), format_mend(*kept, problem))]
    Format {
        /// The state file.
        path: PathBuf,
        /// Where that is.
        kept: Kept,
        /// What is wrong with it.
        problem: FormatError,
    },
    /// The journal is not one that can be folded into the state.
    #[error(
        "{} {problem}. It was left as it is. {}",
        path.display(),
        journal_mend(path, *kept, problem)
    )]
    Journal {
        /// The journal.
        path: PathBuf,
        /// Where that is.
        kept: Kept,
        /// What is wrong with it.
        problem: JournalError,
    },
    /// Another run holds the lock.
    #[error(
        "{} is locked by {}. Wait until it has ended, or give --lock-timeout a time to wait; the \
         lock goes when the process does.",
        path.display(),
        holder.as_ref().map_or_else(|| "another run".into(), ToString::to_string)
    )]
    Locked {
        /// The state file.
        path: PathBuf,
        /// Who holds it, where it has said so already.
        holder: Option<Seen>,
    },
    /// Another run, without the lock, writes a journal of the same state.
    #[error(
        "{} appeared while this run was under way: another run changes the same state, without the \
         lock. Let one run end before the next, without --lock=false.",
        path.display()
    )]
    JournalInUse {
        /// The journal.
        path: PathBuf,
    },
    /// Another run, without the lock, has replaced the state.
    #[error(
        "{} is not the file that this run has read: something else replaced it meanwhile. It was \
         left as it is, and what this run recorded is in {}. Keep a copy of both, put one in force, \
         and run a plan: it compares with what S3 has. Do not use --lock=false while another run is \
         under way.",
        path.display(),
        beside(path, ".journal").display()
    )]
    ChangedBeneath {
        /// The state file.
        path: PathBuf,
    },
    /// There is a state already where one is to be put.
    #[error(
        "{} is there already and is not an older version of the state that was to be put there. It \
         was left as it is.",
        path.display()
    )]
    Occupied {
        /// The state file.
        path: PathBuf,
    },
    /// A state that a service keeps.
    #[error(transparent)]
    Remote(#[from] Box<RemoteError>),
    /// A change that could be written but not read again.
    #[error("{what} cannot be recorded: {reason}. Make the value simpler.")]
    Unfit {
        /// The resource, or `outputs`.
        what: String,
        /// What a reader would say.
        reason: String,
    },
}

impl From<RemoteError> for StateError {
    fn from(error: RemoteError) -> Self {
        Self::Remote(Box::new(error))
    }
}

impl StateError {
    /// Whether another run holds the lock, and who, where that is known.
    pub fn locked_by(&self) -> Option<Option<&Holder>> {
        match self {
            Self::Locked { holder, .. } => Some(holder.as_ref().map(|it| &it.holder)),
            Self::Remote(error) => error.locked_by().map(Some),
            Self::Io { .. }
            | Self::Format { .. }
            | Self::Journal { .. }
            | Self::JournalInUse { .. }
            | Self::ChangedBeneath { .. }
            | Self::Occupied { .. }
            | Self::Unfit { .. } => None,
        }
    }

    /// Whether the service that keeps the state says that there is no right to do what was to be done.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Remote(error) if error.kind() == Some(ErrorKind::Denied))
    }

    /// Whether another run has written the state, or may have.
    pub fn is_overtaken(&self) -> bool {
        match self {
            Self::ChangedBeneath { .. } | Self::JournalInUse { .. } => true,
            Self::Remote(error) => error.is_overtaken(),
            Self::Io { .. }
            | Self::Format { .. }
            | Self::Journal { .. }
            | Self::Locked { .. }
            | Self::Occupied { .. }
            | Self::Unfit { .. } => false,
        }
    }

    /// For people.
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::error(self.summary(), self.to_string())
    }

    fn summary(&self) -> &'static str {
        match self {
            Self::Io { .. } => "State cannot be read or written",
            Self::Format { problem, .. } => match problem {
                FormatError::Empty => "State file is empty",
                FormatError::Truncated(_) => "State file is truncated",
                FormatError::NotJson(_) => "State file is not JSON",
                FormatError::Terraform => "State file belongs to Terraform",
                FormatError::Foreign => "State file is not one of Sealform",
                FormatError::Newer { .. } => "State file is of a newer version",
                FormatError::Malformed(_) => "State file is damaged",
            },
            Self::Journal { problem, .. } => match problem {
                JournalError::Newer(_) => "Journal of the state is of a newer version",
                JournalError::Damaged { .. } => "Journal of the state is damaged",
                JournalError::OtherLineage { .. }
                | JournalError::Ahead { .. }
                | JournalError::Unfolded { .. } => "Journal does not belong to the state",
            },
            Self::Locked { .. } => "State is locked",
            Self::JournalInUse { .. } | Self::ChangedBeneath { .. } => "State changed while in use",
            Self::Remote(error) => error.summary(),
            Self::Occupied { .. } => "There is a state already",
            Self::Unfit { .. } => "Value cannot be recorded",
        }
    }
}

/// The path of a file that accompanies the state.
pub(super) fn beside(state: &Path, suffix: &str) -> PathBuf {
    let mut path = state.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

fn resumption(error: &FileError) -> &'static str {
    if error.is_full() { " Then run again: what is in the journal is taken up." } else { "" }
}

fn format_mend(kept: Kept, problem: &FormatError) -> String {
    let argument = match kept {
        Kept::InFiles => "path",
        Kept::OnS3 => "key",
    };
    match problem {
        FormatError::Empty
        | FormatError::Truncated(_)
        | FormatError::NotJson(_)
        | FormatError::Malformed(_) => {
            "`sealform state history` shows the versions that are kept: \
             `sealform state restore -force SERIAL` puts one in its place, `sealform state push \
             -force FILE` what a file holds. Both keep what is there now under another name."
                .into()
        }
        FormatError::Terraform => format!(
            "Give `{argument}` of the backend another value: Sealform keeps a state of its own, and \
             takes over buckets that are as declared without writing to them."
        ),
        FormatError::Foreign => format!("Give `{argument}` of the backend another value."),
        FormatError::Newer { .. } => "Use that Sealform or a newer one.".into(),
    }
}

fn journal_mend(path: &Path, kept: Kept, problem: &JournalError) -> String {
    let path = path.display();
    let without = match kept {
        Kept::InFiles => format!("To go on without it, move {path} away"),
        Kept::OnS3 => format!("To go on without it, remove it with `aws s3 rm {path}`"),
    };
    let then = "what the interrupted run did then shows as drift.";
    match problem {
        JournalError::Newer(_) => "Use a newer Sealform.".into(),
        JournalError::Ahead { .. } => {
            format!("Put the state that belongs to it back. {without}: {then}")
        }
        JournalError::Damaged { .. }
        | JournalError::OtherLineage { .. }
        | JournalError::Unfolded { .. } => format!("{without}: {then}"),
    }
}
