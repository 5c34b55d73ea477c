//! The journal's file while a run appends to it.

use super::StateError;
use super::files::{io_error, parent, sync_directory, write_atomically};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

/// The journal of a session.
#[derive(Debug)]
pub(super) struct Appender {
    pub(super) file: File,
    path: PathBuf,
    /// How much of the file is good.
    length: u64,
    /// Whether there may be more in the file than that.
    torn: bool,
}

impl Appender {
    pub(super) fn create(path: PathBuf) -> Result<Self, StateError> {
        let mut options = File::options();
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(file) => Ok(Self { file, path, length: 0, torn: false }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(StateError::JournalInUse { path })
            }
            Err(error) => Err(io_error("create", &path)(error)),
        }
    }

    /// Begins a journal in the place of the one that is there.
    pub(super) fn replace(path: PathBuf, records: &[u8]) -> Result<Self, StateError> {
        write_atomically(&path, records)?;
        let file = File::options().append(true).open(&path).map_err(io_error("open", &path))?;
        Ok(Self { file, path, length: records.len() as u64, torn: false })
    }

    pub(super) fn append(&mut self, records: &[u8]) -> Result<(), StateError> {
        if self.torn {
            // Good records behind half a one would be damage, not a torn tail.
            self.file.set_len(self.length).map_err(io_error("mend", &self.path))?;
        }
        self.torn = true;
        self.file
            .write_all(records)
            .and_then(|()| self.file.sync_data())
            .map_err(io_error("append to", &self.path))?;
        if self.length == 0 {
            sync_directory(parent(&self.path))?;
        }
        self.torn = false;
        self.length += records.len() as u64;
        Ok(())
    }
}
