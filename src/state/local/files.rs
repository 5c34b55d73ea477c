//! Files, read and replaced as a whole, with errors that name them.

use super::StateError;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What the file system refused.
#[derive(Debug, thiserror::Error)]
#[error("Could not {operation} {}: {error}.{}", path.display(), self.mend())]
pub struct FileError {
    /// What was tried, as a verb.
    operation: &'static str,
    /// With which file or directory.
    path: PathBuf,
    /// What the system said.
    error: io::Error,
}

impl FileError {
    /// Whether there was no room for what was to be written.
    pub(in super::super) fn is_full(&self) -> bool {
        use io::ErrorKind as Kind;
        let kind = self.error.kind();
        matches!(kind, Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge)
    }

    fn mend(&self) -> &'static str {
        use io::ErrorKind as Kind;
        match self.error.kind() {
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
                " Give the user that runs Sealform the right to read and write this file and its \
                 directory."
            }
            Kind::FileTooLarge => " Raise the limit on the size of files (`ulimit -f`).",
            Kind::StorageFull | Kind::QuotaExceeded => " Free some space.",
            _ => "",
        }
    }
}

/// How the names of temporary files end.
pub(super) const TEMPORARY: &str = ".tmp";

/// The directory of a file.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The content of a file, if there is one. A pipe, which may never end, is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    let is_pipe = fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir());
    if is_pipe {
        return Err(io_error("read", path)(io::Error::other("it is not a regular file")));
    }
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read", path)(error)),
    }
}

/// Removes a file, if there is one.
pub(super) fn remove(path: &Path) -> Result<(), StateError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Replaces a file as a whole: readers find either the old content or the new, also after a crash.
/// The file can be read and written by its owner only.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    put(stage(path, bytes)?, path)
}

/// As [`write_atomically`], for what others read: the file is as readable as the umask lets it be.
/// What is no regular file, such as a pipe, is written to as it is.
pub fn publish(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    if path.exists() && !path.is_file() {
        return fs::write(path, bytes).map_err(file_error("write", path));
    }
    put(stage_with(path, bytes, true)?, path)
}

/// Writes and syncs what is to take the place of `path`, beside it.
pub(super) fn stage(path: &Path, bytes: &[u8]) -> Result<NamedTempFile, FileError> {
    stage_with(path, bytes, false)
}

fn stage_with(path: &Path, bytes: &[u8], public: bool) -> Result<NamedTempFile, FileError> {
    let directory = parent(path);
    let prefix = temporary_prefix(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(TEMPORARY);
    #[cfg(unix)]
    if public {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = public;
    let mut file = builder
        .tempfile_in(directory)
        .map_err(file_error("create a temporary file in", directory))?;
    // What is written to the file itself fails without its path, which is told once.
    file.as_file_mut()
        .write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .map_err(file_error("write", file.path()))?;
    Ok(file)
}

/// Puts a staged file in its place.
pub(super) fn put(file: NamedTempFile, path: &Path) -> Result<(), FileError> {
    file.persist(path).map_err(|error| file_error("replace", path)(error.error))?;
    sync_directory(parent(path))
}

pub(super) fn temporary_prefix(path: &Path) -> OsString {
    let mut prefix = path.file_name().unwrap_or_default().to_owned();
    prefix.push(".");
    prefix
}

/// Makes the names in a directory survive a loss of power.
pub(super) fn sync_directory(directory: &Path) -> Result<(), FileError> {
    if cfg!(unix) {
        File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(file_error("sync", directory))?;
    }
    Ok(())
}

fn file_error(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    move |error| FileError { operation, path: path.to_owned(), error }
}

/// What was tried with which file, for what the system says.
pub(super) fn io_error(
    operation: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> StateError {
    move |error| file_error(operation, path)(error).into()
}
