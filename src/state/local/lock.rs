//! The lock: one of the operating system, so that it dies with its holder.

use super::{StateError, beside, io_error, parent};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The command: `apply`.
    pub operation: String,
    /// `user@host`.
    pub who: String,
    /// The process.
    pub pid: u32,
    /// Since when.
    #[serde(with = "rfc3339")]
    pub since: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, who, pid, since } = self;
        write!(f, "`sealform {operation}` of {who} (process {pid}) since {since}")
    }
}

mod rfc3339 {
    use super::Timestamp;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// The lock of a state, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
#[must_use = "the lock is released when it is dropped"]
pub struct Lock {
    file: File,
    holder: Holder,
}

impl Lock {
    pub(super) fn take(state: &Path, holder: &Holder) -> Result<Self, StateError> {
        let path = beside(state, ".lock");
        let failed = |operation| io_error(operation, &path);
        fs::create_dir_all(parent(state)).map_err(io_error("create", parent(state)))?;
        // Whoever does not get the lock must be able to read who has it: nothing is truncated yet.
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = Vec::new();
                // The holder may be about to write it; then its name is all that is missing.
                let holder = file.read_to_end(&mut text).ok();
                let holder = holder.and_then(|_| serde_json::from_slice(&text).ok());
                return Err(StateError::Locked { path: state.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock")(error)),
        }
        let text = serde_json::to_vec(holder).map_err(io::Error::from).map_err(failed("write"))?;
        file.set_len(0).and_then(|()| file.write_all(&text)).map_err(failed("write"))?;
        Ok(Self { file, holder: holder.clone() })
    }

    /// Who holds it.
    pub(super) fn holder(&self) -> &Holder {
        &self.holder
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // So that the next holder is never taken for this one. If it fails, only that is lost.
        let _best_effort = self.file.set_len(0);
    }
}
