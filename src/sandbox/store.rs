//! The store file: the sandbox's world on disk.
//!
//! JSON lines, the format's version first. Every mutation appends the full latest record, or a deletion, in one write:
//! the cost does not grow with the world, and a killed process loses nothing that was acknowledged. There is no sync to
//! disk; a sandbox need not outlive a power cut.
//!
//! Several processes may have the file open. Each locks it for the length of one mutation, and first reads what the
//! others have appended since, so that all see one world.

#![expect(clippy::disallowed_methods, reason = "the shell around the sandbox's store file")]

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::bucket::Bucket;
use super::key::Key;

const VERSION: u64 = 1;
/// Who holds the lock has one record to write: longer than this it is stopped, or no sandbox at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the sandbox's world cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refuses.
    #[error("cannot {action} the sandbox store `{}`: {source}", path.display())]
    Io {
        /// The store file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the file system said.
        source: io::Error,
    },
    /// Another process is writing to this store, and does not end.
    #[error("another process keeps the sandbox store `{}` locked: end that first", path.display())]
    Locked {
        /// The store file.
        path: PathBuf,
    },
    /// The file was not written by a sandbox.
    #[error("`{}` is not a sandbox store; it was left as it is", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer version of this program.
    #[error(
        "the sandbox store `{}` has version {version}, and this program reads up to version {VERSION}; it was left as \
         it is",
        path.display()
    )]
    Newer {
        /// The store file.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// A line in the middle of the file is damaged.
    #[error("line {line} of the sandbox store `{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The store file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// S3 could not have a bucket of this name.
    #[error("`{0}` cannot be the name of a bucket")]
    BucketName(String),
    /// KMS could not have a key of this name.
    #[error("`{0}` is not a key id, key ARN, alias name or alias ARN")]
    KeyName(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    sealform_sandbox: u64,
}

/// One line after the header.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    Bucket(Bucket),
    Key(Key),
    DeletedBucket(String),
}

/// [`Record`], borrowed for writing.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordRef<'a> {
    Bucket(&'a Bucket),
    Key(&'a Key),
    DeletedBucket(&'a str),
}

/// An open store file.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    file: File,
    /// Up to where the file has been read: to the end of a whole line. A failed append is cut back to it.
    len: u64,
    /// Records in the file, live or not.
    lines: usize,
}

/// What a store has that its reader does not know yet.
#[derive(Debug)]
pub(super) struct News {
    /// Whether it is everything, in the place of what is known: the file is another.
    pub(super) anew: bool,
    /// In the order they were written.
    pub(super) records: Vec<Record>,
}

impl Store {
    /// Opens or creates the file. Nothing of it is read yet.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let io_error =
            |action| move |source| StoreError::Io { path: path.to_owned(), action, source };
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(io_error("make the directory of"))?;
        }
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(io_error("open"))?;
        Ok(Self { path: path.to_owned(), file, len: 0, lines: 0 })
    }

    /// Whether nobody has written to the file since it was read.
    pub(super) fn is_current(&self) -> bool {
        self.is_in_place() && self.file.metadata().is_ok_and(|file| file.len() == self.len)
    }

    /// Whether the path leads to no other file: compaction puts one there. Where there is none any more, this one
    /// is as good as before.
    fn is_in_place(&self) -> bool {
        let Ok(there) = std::fs::metadata(&self.path) else { return true };
        self.file.metadata().is_ok_and(|own| number(&own) == number(&there))
    }

    /// Locks the file until [`Store::unlock`], and gives what others have written to it since it was read.
    pub(super) fn lock(&mut self) -> Result<News, StoreError> {
        let mut anew = self.len == 0;
        let end = Instant::now() + PATIENCE;
        loop {
            lock(&self.file, &self.path, end)?;
            if self.is_in_place() {
                break;
            }
            // Its lock goes with it.
            *self = Self::open(&self.path)?;
            anew = true;
        }
        match self.news() {
            Ok(records) => Ok(News { anew, records }),
            Err(error) => {
                self.unlock();
                Err(error)
            }
        }
    }

    /// Lets others write.
    pub(super) fn unlock(&self) {
        // Should it fail, it is given back when the file is closed.
        let _closed_later = self.file.unlock();
    }

    /// Reads on from where the last read ended.
    fn news(&mut self) -> Result<Vec<Record>, StoreError> {
        if self.len > 0 && self.file.metadata().is_ok_and(|file| file.len() == self.len) {
            return Ok(Vec::new());
        }
        let mut content = Vec::new();
        self.file
            .seek(SeekFrom::Start(self.len))
            .and_then(|_| self.file.read_to_end(&mut content))
            .map_err(|source| self.io_error("read", source))?;
        let whole = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let begins = self.len == 0;
        if begins && whole == 0 {
            // Empty, or its creation was cut off.
            let header = header_line().map_err(|source| self.io_error("write", source))?;
            if !header.starts_with(&content) {
                return Err(StoreError::NotAStore { path: self.path.clone() });
            }
            self.file.set_len(0).map_err(|source| self.io_error("truncate", source))?;
            self.file.write_all(&header).map_err(|source| self.io_error("write", source))?;
            self.len = header.len() as u64;
            return Ok(Vec::new());
        }
        let mut lines = content[..whole].split_inclusive(|byte| *byte == b'\n');
        if begins {
            check_header(lines.next().unwrap_or_default(), &self.path)?;
        }
        // The header is a line, too.
        let first = self.lines + 2;
        let records = parse(lines, first, &self.path)?;
        if whole < content.len() {
            // The writer was killed in mid-line, so nobody was told that this record holds.
            let end = self.len + whole as u64;
            self.file.set_len(end).map_err(|source| self.io_error("truncate", source))?;
        }
        self.len += whole as u64;
        self.lines += records.len();
        Ok(records)
    }

    /// Appends one record. When it fails, the file holds what it held before.
    pub(super) fn append(&mut self, record: RecordRef<'_>) -> Result<(), StoreError> {
        let mut line = Vec::with_capacity(256);
        push_line(&mut line, record).and_then(|()| self.file.write_all(&line)).map_err(
            |source| {
                // Should the cut fail too, the next open finds the damaged line and says so.
                let _cut = self.file.set_len(self.len);
                self.io_error("write", source)
            },
        )?;
        self.len += line.len() as u64;
        self.lines += 1;
        Ok(())
    }

    /// Whether most of the file is history.
    pub(super) fn wants_compaction(&self, live: usize) -> bool {
        self.lines > 2 * live + 100
    }

    /// Replaces the file with one that holds `live` alone.
    pub(super) fn compact<'a>(
        &mut self,
        live: impl Iterator<Item = RecordRef<'a>>,
    ) -> Result<(), StoreError> {
        let mut content = header_line().map_err(|source| self.io_error("write", source))?;
        let mut lines = 0;
        for record in live {
            push_line(&mut content, record).map_err(|source| self.io_error("write", source))?;
            lines += 1;
        }
        let mut temporary = self.path.clone().into_os_string();
        temporary.push(".compacting");
        let replacement = self
            .replace(Path::new(&temporary), &content)
            .map_err(|source| self.io_error("compact", source))?;
        // Whoever waits for the lock of the old file gets it, and looks for the new one.
        self.file = replacement;
        self.len = content.len() as u64;
        self.lines = lines;
        Ok(())
    }

    fn replace(&self, temporary: &Path, content: &[u8]) -> io::Result<File> {
        // A leftover of a killed compaction is simply overwritten: the lock on the store says nobody else is at it.
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(temporary)?;
        file.set_len(0)?;
        file.lock()?;
        file.write_all(content)?;
        // Renaming data that is not on disk yet could leave an empty store after a crash of the machine.
        file.sync_all()?;
        std::fs::rename(temporary, &self.path)?;
        Ok(file)
    }

    fn io_error(&self, action: &'static str, source: io::Error) -> StoreError {
        StoreError::Io { path: self.path.clone(), action, source }
    }
}

fn lock(file: &File, path: &Path, end: Instant) -> Result<(), StoreError> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { path: path.to_owned() });
            }
            Err(TryLockError::Error(source)) => {
                return Err(StoreError::Io { path: path.to_owned(), action: "lock", source });
            }
        }
    }
}

/// What tells a file from another of the same name.
#[cfg(unix)]
fn number(file: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(file)
}

/// Where files have no numbers, one that is open is not replaced.
#[cfg(not(unix))]
fn number(_: &std::fs::Metadata) -> u64 {
    0
}

fn header_line() -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    push_line(&mut line, Header { sealform_sandbox: VERSION })?;
    Ok(line)
}

fn push_line(content: &mut Vec<u8>, value: impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *content, &value)?;
    content.push(b'\n');
    Ok(())
}

fn check_header(line: &[u8], path: &Path) -> Result<(), StoreError> {
    let Header { sealform_sandbox: version } = serde_json::from_slice(line)
        .map_err(|_| StoreError::NotAStore { path: path.to_owned() })?;
    if version > VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), version });
    }
    Ok(())
}

/// The records of lines, of which the first has this number.
fn parse<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
    first: usize,
    path: &Path,
) -> Result<Vec<Record>, StoreError> {
    lines
        .enumerate()
        .map(|(index, line)| {
            serde_json::from_slice(line).map_err(|error| StoreError::Damaged {
                path: path.to_owned(),
                line: first + index,
                reason: error.to_string(),
            })
        })
        .collect()
}
