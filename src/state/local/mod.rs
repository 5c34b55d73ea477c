//! The state in files: the one place of this room that touches them.
//!
//! ```text
//! sealform.state.json          the state
//! sealform.state.json.journal  what a run is about to do and has done, while it runs or after it
//!                              was killed
//! sealform.state.json.backup   the version before
//! sealform.state.json.history  a directory of the versions before that
//! sealform.state.json.lock     who holds the lock, while it is held
//! ```

#![expect(clippy::disallowed_methods, reason = "this is the shell that keeps state in files")]

mod appender;
mod files;
mod history;
mod lock;
mod session;
#[cfg(test)]
mod tests;

pub use self::files::{FileError, publish, write_atomically};
pub use self::history::Version;
pub use self::lock::{Holder, Lock, Seen};
pub use self::session::Session;

use self::files::{TEMPORARY, io_error, parent, put, read, remove, stage, temporary_prefix};
use super::error::beside;
use super::file::SANDBOX_LINEAGE;
use super::intent::{Intent, Unfinished};
use super::journal;
use super::{JournalError, Kept, StateError, StateFile, Superseded};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How many links are followed, one behind the other: as many as Linux does.
const LINKS: usize = 40;

/// A state in a file, or for a while in memory.
#[derive(Clone, Debug)]
pub struct Local {
    path: PathBuf,
    sandbox: bool,
    /// What stands in for the file.
    memory: Option<Memory>,
}

/// A state as it was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// With the journal folded in; `None` where there is no state.
    pub state: Option<StateFile>,
    /// What runs that ended before their time were about to write, in the order of objects.
    pub unfinished: Vec<Intent>,
    /// A journal that is not taken up.
    pub superseded: Option<Box<Superseded>>,
}

/// What the files say.
struct Read {
    /// With the journal folded in.
    state: Option<StateFile>,
    /// The state of a first run that recorded nothing yet but what it was about to do.
    begun: Option<StateFile>,
    /// Which file it was read from, and its serial.
    mark: Option<Mark>,
    serial: Option<u64>,
    /// Whether the journal told something that the state file does not.
    folded: bool,
    unfinished: Unfinished,
}

/// A state that no file holds.
#[derive(Clone, Debug, Default)]
struct Memory(Arc<Mutex<Option<StateFile>>>);

impl Memory {
    fn get(&self) -> Option<StateFile> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, state: &StateFile) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(state.clone());
    }
}

/// Tells one content of the state file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    length: usize,
    checksum: u32,
}

impl Mark {
    fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len(), checksum: crc32fast::hash(bytes) }
    }
}

impl Local {
    /// The state that is or will be at `path`.
    pub fn new(mut path: PathBuf) -> Self {
        // A link to a state elsewhere stays a link: the file behind it is what is replaced.
        for _ in 0..LINKS {
            let Ok(target) = fs::read_link(&path) else { break };
            path = parent(&path).join(target);
        }
        Self { path, sandbox: false, memory: None }
    }

    /// A state that no file holds: it is gone when the last clone is. Nobody else can open it, so
    /// that there is nothing to lock.
    pub fn in_memory() -> Self {
        Self { path: PathBuf::new(), sandbox: false, memory: Some(Memory::default()) }
    }

    /// The same, for the sandbox: a state that is made here is marked as such.
    #[must_use]
    pub fn for_sandbox(self) -> Self {
        Self { sandbox: true, ..self }
    }

    /// Where the state is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a state, or the journal of one.
    pub fn exists(&self) -> bool {
        if let Some(memory) = &self.memory {
            return memory.get().is_some();
        }
        self.path.exists() || self.journal_path().exists()
    }

    /// The state as the next session will find it: what a killed run left in its journal is folded
    /// in, in memory only. `None` where there is no state.
    pub fn read(&self) -> Result<Option<StateFile>, StateError> {
        Ok(self.look()?.state)
    }

    /// The same, with what killed runs were about to do.
    pub fn look(&self) -> Result<Found, StateError> {
        if let Some(memory) = &self.memory {
            return Ok(Found { state: memory.get(), ..Found::default() });
        }
        let Read { state, unfinished, .. } = self.find()?;
        let unfinished = unfinished.iter().cloned().collect();
        Ok(Found { state, unfinished, superseded: None })
    }

    /// Moves a state and a journal that cannot be read aside, and says where they are.
    pub fn put_aside(&self) -> Result<Vec<PathBuf>, StateError> {
        let mut moved = Vec::new();
        for path in [self.path.clone(), self.journal_path()] {
            if path.exists() {
                let name = free_beside(&path, "damaged");
                fs::rename(&path, &name).map_err(io_error("move", &path))?;
                moved.push(name);
            }
        }
        Ok(moved)
    }

    /// Takes the lock, or says who has it. The directory is made where there is none.
    pub fn try_lock(&self, holder: &Holder) -> Result<Lock, StateError> {
        Lock::take(&self.path, holder)
    }

    /// Whether this run holds the lock at the moment.
    pub(super) fn is_held_by(&self, run: &Holder) -> bool {
        self.memory.is_none() && Lock::is_held_by(&self.path, run)
    }

    fn new_lineage(&self) -> String {
        let mark = if self.sandbox { SANDBOX_LINEAGE } else { "" };
        format!("{mark}{}", uuid::Uuid::new_v4())
    }

    fn find(&self) -> Result<Read, StateError> {
        // Between reading the state and its journal, a run may replace the one and another begin the
        // other. The journal then is ahead of the state just read, but not of the one that is there.
        let mut tries = 3;
        loop {
            tries -= 1;
            match self.find_once() {
                Err(StateError::Journal { problem: JournalError::Ahead { .. }, .. })
                    if tries > 0 => {}
                found => return found,
            }
        }
    }

    fn find_once(&self) -> Result<Read, StateError> {
        let bytes = read(&self.path)?;
        let journal = self.journal_bytes()?;
        self.understand(bytes.as_deref(), journal.as_deref())
    }

    /// What the bytes of a state and of its journal say.
    fn understand(&self, bytes: Option<&[u8]>, journal: Option<&[u8]>) -> Result<Read, StateError> {
        let mark = bytes.map(Mark::of);
        let state = bytes.map(StateFile::parse).transpose();
        let kept = Kept::InFiles;
        let state = state.map_err(|problem| StateError::Format {
            path: self.path.clone(),
            kept,
            problem,
        })?;
        let path = self.journal_path();
        let serial = state.as_ref().map(|state| state.serial);
        let decoded = match journal {
            Some(bytes) => journal::decode(bytes),
            None => Ok(None),
        };
        let read = decoded.and_then(|journal| match journal {
            Some(mut journal) => {
                let unfinished = std::mem::take(&mut journal.unfinished);
                let (state, folded) = journal::fold(state, journal)?;
                // A first run that was killed before its first record left nothing that counts.
                let (state, begun) = if folded || mark.is_some() {
                    (Some(state), None)
                } else {
                    (None, Some(state))
                };
                Ok(Read { state, begun, mark, serial, folded, unfinished })
            }
            None => {
                let unfinished = Unfinished::default();
                Ok(Read { state, begun: None, mark, serial, folded: false, unfinished })
            }
        });
        read.map_err(|problem| StateError::Journal { path, kept, problem })
    }

    pub(super) fn journal_path(&self) -> PathBuf {
        beside(&self.path, ".journal")
    }

    /// The journal, if there is one.
    pub(super) fn journal_bytes(&self) -> Result<Option<Vec<u8>>, StateError> {
        read(&self.journal_path())
    }

    /// Where a journal is put that is not taken up.
    pub(super) fn aside(&self) -> PathBuf {
        free_beside(&self.journal_path(), "superseded")
    }

    /// What the bytes of a state and of its journal say, whose copy this is.
    pub(super) fn look_at(
        &self,
        state: Option<&[u8]>,
        journal: Option<&[u8]>,
    ) -> Result<Found, StateError> {
        let Read { state, unfinished, .. } = self.understand(state, journal)?;
        let unfinished = unfinished.iter().cloned().collect();
        Ok(Found { state, unfinished, superseded: None })
    }

    /// The workspaces beside this state of the default one, in order.
    pub(super) fn workspaces(&self) -> Result<Vec<String>, StateError> {
        let directory = workspaces_of(&self.path);
        let failed = || io_error("list", &directory);
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed()(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed())?;
            let state = entry.path().join(self.path.file_name().unwrap_or_default());
            if let Ok(name) = entry.file_name().into_string()
                && Self::new(state).exists()
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Puts a state there as it is, with its lineage and its serial. Without `anything`, only where
    /// there is none, or an older one of the same lineage. The one that was there is the backup.
    pub(super) fn put(&self, state: &StateFile, anything: bool) -> Result<(), StateError> {
        if let Some(memory) = &self.memory {
            memory.set(state);
            return Ok(());
        }
        let directory = parent(&self.path);
        fs::create_dir_all(directory).map_err(io_error("create", directory))?;
        let there = self.read()?;
        if let Some(there) = &there
            && !anything
            && (there.lineage != state.lineage || there.serial > state.serial)
        {
            return Err(StateError::Occupied { path: self.path.clone() });
        }
        self.replace(state, there.filter(|_| self.path.exists()).map(|it| it.serial))?;
        self.remove_journal()
    }

    /// Removes the state; it stays as the backup.
    pub(super) fn discard(&self) -> Result<(), StateError> {
        if self.memory.is_none() && self.path.exists() {
            history::link(&self.path, &beside(&self.path, ".backup"))?;
            remove(&self.path)?;
        }
        self.remove_journal()
    }

    /// Makes the files a copy of a state that is kept elsewhere. A journal that is replaced stays
    /// beside the new one.
    pub(super) fn copy(
        &self,
        state: Option<&[u8]>,
        journal: Option<&[u8]>,
    ) -> Result<(), StateError> {
        let directory = parent(&self.path);
        fs::create_dir_all(directory).map_err(io_error("create", directory))?;
        let path = self.journal_path();
        if let Some(there) = self.journal_bytes()?
            && journal != Some(&*there)
        {
            let aside = self.aside();
            fs::rename(&path, &aside).map_err(io_error("replace", &aside))?;
        }
        for (path, bytes) in [(&self.path, state), (&path, journal)] {
            match bytes {
                Some(bytes) => write_atomically(path, bytes)?,
                None => remove(path)?,
            }
        }
        Ok(())
    }

    /// Puts `state` in the place of the file that is there, which becomes the backup. At no moment
    /// is there no good state file.
    fn replace(&self, state: &StateFile, old: Option<u64>) -> Result<Mark, StateError> {
        let bytes =
            state.print().map_err(io::Error::from).map_err(io_error("write", &self.path))?;
        let file = stage(&self.path, &bytes)?;
        if let Some(old) = old {
            history::link(&self.path, &beside(&self.path, ".backup"))?;
            self.keep_version(old)?;
        }
        put(file, &self.path)?;
        Ok(Mark::of(&bytes))
    }

    fn remove_journal(&self) -> Result<(), StateError> {
        remove(&self.journal_path())
    }

    /// Removes the temporary files of killed runs. Only under the lock are they known to be theirs.
    fn sweep(&self) -> Result<(), StateError> {
        let directory = parent(&self.path);
        let failed = || io_error("list", directory);
        let prefix = temporary_prefix(&self.path);
        for entry in fs::read_dir(directory).map_err(failed())? {
            let name = entry.map_err(failed())?.file_name();
            let name_bytes = name.as_encoded_bytes();
            if name_bytes.starts_with(prefix.as_encoded_bytes())
                && name_bytes.ends_with(TEMPORARY.as_bytes())
            {
                remove(&directory.join(&name))?;
            }
        }
        Ok(())
    }
}

/// A name beside a file that nothing has yet.
fn free_beside(path: &Path, what: &str) -> PathBuf {
    let name = |n: u32| beside(path, &format!(".{what}-{n}"));
    let mut free = (1..1000).map(name).filter(|name| !name.exists());
    free.next().unwrap_or_else(|| name(1000))
}

/// The directory of the states of other workspaces, given that of the default one.
pub fn workspaces_of(path: &Path) -> PathBuf {
    parent(path).join("sealform.state.d")
}
