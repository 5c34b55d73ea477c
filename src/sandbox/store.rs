//! The store file: the sandbox's world on disk.
//!
//! JSON lines, the format's version first. Every mutation appends the full latest record, or a deletion, in one write:
//! the cost does not grow with the world, and a killed process loses nothing that was acknowledged. There is no sync to
//! disk; a sandbox need not outlive a power cut.

#![expect(clippy::disallowed_methods, reason = "the shell around the sandbox's store file")]

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::bucket::Bucket;
use super::key::Key;

const VERSION: u64 = 1;

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
    /// Another process serves this store.
    #[error(
        "the sandbox store `{}` is open in another process: end that first. While `sealform sandbox` \
         serves it, whatever speaks S3 can change it at its endpoint",
        path.display()
    )]
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

/// An open store file, locked against other processes.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    file: File,
    /// Where the last whole line ends; a failed append is cut back to it.
    len: u64,
    /// Records in the file, live or not.
    lines: usize,
    /// The file that compaction replaced. Its lock is kept too: a process that opened the path just before the rename
    /// would otherwise get the lock of a file that is no longer there.
    replaced: Option<File>,
}

impl Store {
    /// Opens or creates the file and reads its records in the order they were written.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<Record>), StoreError> {
        let io_error =
            |action| move |source| StoreError::Io { path: path.to_owned(), action, source };
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(io_error("make the directory of"))?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(io_error("open"))?;
        lock(&file, path)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(io_error("read"))?;

        let header = header_line().map_err(io_error("write"))?;
        let whole = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole == 0 {
            // Empty, or its creation was cut off.
            if !header.starts_with(&content) {
                return Err(StoreError::NotAStore { path: path.to_owned() });
            }
            file.set_len(0).map_err(io_error("truncate"))?;
            file.write_all(&header).map_err(io_error("write"))?;
            let len = header.len() as u64;
            return Ok((
                Self { path: path.to_owned(), file, len, lines: 0, replaced: None },
                Vec::new(),
            ));
        }

        let records = parse(&content[..whole], path)?;
        if whole < content.len() {
            // The writer was killed in mid-line, so nobody was told that this record holds.
            file.set_len(whole as u64).map_err(io_error("truncate"))?;
        }
        let lines = records.len();
        let store = Self { path: path.to_owned(), file, len: whole as u64, lines, replaced: None };
        Ok((store, records))
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
        self.replaced = Some(std::mem::replace(&mut self.file, replacement));
        self.len = content.len() as u64;
        self.lines = lines;
        Ok(())
    }

    fn replace(&self, temporary: &Path, content: &[u8]) -> io::Result<File> {
        // A leftover of a killed compaction is simply overwritten: the lock on the store says nobody else is at it.
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(temporary)?;
        file.set_len(0)?;
        file.try_lock().map_err(io::Error::from)?;
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

fn lock(file: &File, path: &Path) -> Result<(), StoreError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => StoreError::Locked { path: path.to_owned() },
        TryLockError::Error(source) => {
            StoreError::Io { path: path.to_owned(), action: "lock", source }
        }
    })
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

fn parse(content: &[u8], path: &Path) -> Result<Vec<Record>, StoreError> {
    let mut lines = content.split_inclusive(|byte| *byte == b'\n');
    let header = lines.next().unwrap_or_default();
    let Header { sealform_sandbox: version } = serde_json::from_slice(header)
        .map_err(|_| StoreError::NotAStore { path: path.to_owned() })?;
    if version > VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), version });
    }
    lines
        .enumerate()
        .map(|(index, line)| {
            serde_json::from_slice(line).map_err(|error| StoreError::Damaged {
                path: path.to_owned(),
                line: index + 2,
                reason: error.to_string(),
            })
        })
        .collect()
}
