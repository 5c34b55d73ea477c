//! Earlier versions of the state, each a link to the file that was in force.

use super::super::error::beside;
use super::{Local, StateError, StateFile, TEMPORARY, io_error, read, remove};
use jiff::Timestamp;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// How many earlier versions are kept.
const KEPT: usize = 10;

/// An earlier version of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Counts the versions.
    pub serial: u64,
    /// When it was written, by the clock of then.
    pub written: Option<Timestamp>,
    /// What it says, or what is wrong with it.
    pub state: Result<StateFile, super::super::FormatError>,
}

impl Local {
    fn history(&self) -> PathBuf {
        beside(&self.path, ".history")
    }

    /// The earlier versions that are there, the newest first.
    pub fn versions(&self) -> Result<Vec<Version>, StateError> {
        if self.memory.is_some() {
            return Ok(Vec::new());
        }
        let mut versions = Vec::new();
        for (serial, path) in kept(&self.history())?.into_iter().rev() {
            let Some(bytes) = read(&path)? else { continue };
            versions.push(Version {
                serial,
                written: written(&path),
                state: StateFile::parse(&bytes),
            });
        }
        Ok(versions)
    }

    /// When the state was written, by the clock of then.
    pub fn written(&self) -> Option<Timestamp> {
        written(&self.path).filter(|_| self.memory.is_none())
    }

    /// Keeps the version that is in force, and lets go of the oldest.
    pub(super) fn keep_version(&self, serial: u64) -> Result<(), StateError> {
        let directory = self.history();
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(io_error("create", &directory)(error));
            }
            Ok(()) | Err(_) => {}
        }
        link(&self.path, &directory.join(format!("{serial:020}.json")))?;
        let mut kept = kept(&directory)?;
        let surplus = kept.len().saturating_sub(KEPT);
        for (_, path) in kept.drain(..surplus) {
            remove(&path)?;
        }
        Ok(())
    }
}

fn written(path: &Path) -> Option<Timestamp> {
    let modified = fs::metadata(path).and_then(|it| it.modified()).ok()?;
    Timestamp::try_from(modified).ok()
}

/// The versions in a directory, the oldest first.
fn kept(directory: &Path) -> Result<Vec<(u64, PathBuf)>, StateError> {
    let failed = || io_error("list", directory);
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed()(error)),
    };
    let mut versions = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed())?.file_name();
        let serial = name.to_str().and_then(|name| name.strip_suffix(".json")?.parse().ok());
        versions.extend(serial.map(|serial| (serial, directory.join(&name))));
    }
    versions.sort();
    Ok(versions)
}

/// Gives a file a second name, in the place of what has that name. A file that is not there needs
/// none.
pub(super) fn link(path: &Path, second: &Path) -> Result<(), StateError> {
    let staged = beside(second, TEMPORARY);
    remove(&staged)?;
    match fs::hard_link(path, &staged) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        // Not every file system has links.
        Err(_) => {
            fs::copy(path, &staged)
                .and_then(|_| File::open(&staged)?.sync_all())
                .map_err(io_error("write", &staged))?;
        }
    }
    fs::rename(&staged, second).map_err(io_error("replace", second))?;
    // Renaming does nothing where a killed run has linked both names to this file already.
    remove(&staged)
}
