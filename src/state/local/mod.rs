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

mod history;
mod lock;
#[cfg(test)]
mod tests;

pub use self::history::Version;
pub use self::lock::{Holder, Lock};

use super::error::beside;
use super::file::SANDBOX_LINEAGE;
use super::intent::{Intent, Unfinished};
use super::journal::{self, Header};
use super::{Change, JournalError, StateError, StateFile};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::NamedTempFile;

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
    pub fn new(path: PathBuf) -> Self {
        // A link to a state elsewhere stays a link: the file behind it is what is replaced.
        let path = match fs::read_link(&path) {
            Ok(target) => parent(&path).join(target),
            Err(_) => path,
        };
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
            return Ok(Found { state: memory.get(), unfinished: Vec::new() });
        }
        let Read { state, unfinished, .. } = self.find()?;
        Ok(Found { state, unfinished: unfinished.iter().cloned().collect() })
    }

    /// Moves a state and a journal that cannot be read aside, and says where they are.
    pub fn put_aside(&self) -> Result<Vec<PathBuf>, StateError> {
        let mut moved = Vec::new();
        for path in [self.path.clone(), self.journal_path()] {
            let names = (1_u32..1000).map(|n| beside(&path, &format!(".damaged-{n}")));
            let mut free = names.filter(|name| !name.exists());
            if let Some(name) = free.next().filter(|_| path.exists()) {
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

    /// Opens the state for changes, under its lock; `None` for a user who wants none. What a killed
    /// run left in its journal is in the state file before this returns; what it was about to do
    /// stays in the journal.
    pub fn session(&self, lock: Option<Lock>, tool_version: &str) -> Result<Session, StateError> {
        let open = |state| Session {
            local: self.clone(),
            state,
            mark: None,
            serial: None,
            tool_version: tool_version.to_owned(),
            changed: false,
            pending: Vec::new(),
            journal: None,
            unfinished: Unfinished::default(),
            carried: false,
            begun: false,
            lock: None,
        };
        let new = || StateFile::new(self.new_lineage(), tool_version);
        if let Some(memory) = &self.memory {
            return Ok(Session { lock, ..open(memory.get().unwrap_or_else(new)) });
        }
        let directory = parent(&self.path);
        fs::create_dir_all(directory).map_err(io_error("create", directory))?;
        if lock.is_some() {
            self.sweep()?;
        }
        let Read { state, begun, mut mark, mut serial, folded, unfinished } = self.find()?;
        let state = match state {
            Some(state) if folded => {
                mark = Some(self.replace(&state, serial)?);
                serial = Some(state.serial);
                state
            }
            Some(state) => state,
            None => begun.unwrap_or_else(new),
        };
        let carried = !unfinished.is_empty();
        if !carried {
            self.remove_journal()?;
        } else if folded {
            // Its changes are in the state: what it is about is all that is left of it.
            let bytes = journal_of(&state, tool_version, None, &unfinished)
                .map_err(|error| unfit("the journal", &error))?;
            write_atomically(&self.journal_path(), &bytes)?;
        }
        Ok(Session { mark, serial, unfinished, carried, lock, ..open(state) })
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
        let state =
            state.map_err(|problem| StateError::Format { path: self.path.clone(), problem })?;
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
        read.map_err(|problem| StateError::Journal { path, problem })
    }

    pub(super) fn journal_path(&self) -> PathBuf {
        beside(&self.path, ".journal")
    }

    /// The journal, if there is one.
    pub(super) fn journal_bytes(&self) -> Result<Option<Vec<u8>>, StateError> {
        read(&self.journal_path())
    }

    /// What the bytes of a state and of its journal say, whose copy this is.
    pub(super) fn look_at(
        &self,
        state: Option<&[u8]>,
        journal: Option<&[u8]>,
    ) -> Result<Found, StateError> {
        let Read { state, unfinished, .. } = self.understand(state, journal)?;
        Ok(Found { state, unfinished: unfinished.iter().cloned().collect() })
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
            let aside = beside(&path, ".superseded");
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

/// The directory of the states of other workspaces, given that of the default one.
pub fn workspaces_of(path: &Path) -> PathBuf {
    parent(path).join("sealform.state.d")
}

/// How the names of temporary files end.
const TEMPORARY: &str = ".tmp";

/// A state that is open for changes. If it is dropped unfinished, what was flushed is in the journal.
#[derive(Debug)]
pub struct Session {
    local: Local,
    state: StateFile,
    /// The state file as this session knows it.
    mark: Option<Mark>,
    /// The serial of that file.
    serial: Option<u64>,
    tool_version: String,
    changed: bool,
    /// Records that are not in the journal yet.
    pending: Vec<u8>,
    journal: Option<Appender>,
    /// What was intended, now or by runs before, and is not settled.
    unfinished: Unfinished,
    /// The journal of an earlier run is there, for what it was about to do.
    carried: bool,
    /// The first record is among the pending ones or in the journal.
    begun: bool,
    lock: Option<Lock>,
}

impl Session {
    /// The state with all that was recorded.
    pub fn state(&self) -> &StateFile {
        &self.state
    }

    /// What was intended with an object, by this run or by runs before, and is not settled.
    pub fn unfinished(&self, provider: &str, identity: &str) -> &[Intent] {
        self.unfinished.of(provider, identity)
    }

    /// Records a change in memory, from where [`Session::flush`] takes it. What changes nothing is not
    /// recorded; what could not be read again is an error.
    pub fn record(&mut self, change: Change) -> Result<(), StateError> {
        let what = change.address().map_or_else(|| "outputs".into(), ToString::to_string);
        let (line, change) = journal::encode(change).map_err(|error| unfit(&what, &error))?;
        if self.is_news(&change) {
            self.append(&line)?;
            self.changed |= change.apply_to(&mut self.state);
        }
        Ok(())
    }

    fn is_news(&self, change: &Change) -> bool {
        match change {
            Change::Set { address, recorded } => {
                self.state.resources.get(address) != Some(recorded)
            }
            Change::Remove { address } => self.state.resources.contains_key(address),
            Change::Outputs(outputs) => self.state.outputs != *outputs,
        }
    }

    /// Records in memory that a call is about to be made; it may be once that is flushed.
    pub fn intend(&mut self, intent: Intent) -> Result<(), StateError> {
        let line = journal::encode_intent(intent.clone())
            .map_err(|error| unfit(&intent.address.to_string(), &error))?;
        self.append(&line)?;
        let mut intent = intent;
        intent.run = self.lock.as_ref().map(|lock| lock.holder().clone());
        self.unfinished.add(intent);
        Ok(())
    }

    /// Records in memory that it is known what an object is: whatever was intended with it is over.
    pub fn settle(&mut self, provider: &Arc<str>, identity: &Arc<str>) -> Result<(), StateError> {
        if self.unfinished.settle(provider, identity) {
            self.outcome(provider, identity, true)?;
        }
        Ok(())
    }

    /// Records in memory that the last call that was intended with an object changed nothing.
    pub fn withdraw(&mut self, provider: &Arc<str>, identity: &Arc<str>) -> Result<(), StateError> {
        if self.unfinished.withdraw(provider, identity) {
            self.outcome(provider, identity, false)?;
        }
        Ok(())
    }

    fn outcome(
        &mut self,
        provider: &Arc<str>,
        identity: &Arc<str>,
        settled: bool,
    ) -> Result<(), StateError> {
        let line = journal::encode_outcome(Arc::clone(provider), Arc::clone(identity), settled)
            .map_err(|error| unfit(identity, &error))?;
        self.append(&line)
    }

    /// Puts a record behind the pending ones.
    fn append(&mut self, line: &[u8]) -> Result<(), StateError> {
        if self.local.memory.is_some() {
            return Ok(());
        }
        if !self.begun {
            let run = self.lock.as_ref().map(|lock| lock.holder().clone());
            let first = journal_of(&self.state, &self.tool_version, run, &self.unfinished)
                .map_err(|error| unfit("the journal", &error))?;
            self.pending.extend(first);
            self.begun = true;
        }
        self.pending.extend(line);
        Ok(())
    }

    /// Makes all that was recorded survive whatever comes: one write and one sync for all of it. After
    /// an error the records are still there to be flushed, and the journal is good without them.
    pub fn flush(&mut self) -> Result<(), StateError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        match &mut self.journal {
            Some(journal) => journal.append(&self.pending)?,
            // What an earlier run left is in what takes its place.
            None if self.carried => {
                self.journal = Some(Appender::replace(self.local.journal_path(), &self.pending)?);
            }
            none => {
                none.insert(Appender::create(self.local.journal_path())?).append(&self.pending)?;
            }
        }
        self.pending.clear();
        Ok(())
    }

    /// Writes the state file if anything was recorded, and releases the lock. After an error the
    /// journal tells what was recorded, and the next session takes it up.
    pub fn finish(mut self) -> Result<StateFile, StateError> {
        self.save()?;
        Ok(self.state)
    }

    /// The same, with the session still there: after an error for what it could not write.
    pub fn save(&mut self) -> Result<(), StateError> {
        self.flush()?;
        let changed = self.changed;
        if changed {
            self.replace()?;
        }
        if self.journal.is_none() && !(changed && self.carried) {
            return Ok(());
        }
        self.journal = None;
        self.begun = false;
        self.carried = !self.unfinished.is_empty();
        if self.carried {
            // What nobody knows the end of outlives the run.
            let left = journal_of(&self.state, &self.tool_version, None, &self.unfinished)
                .map_err(|error| unfit("the journal", &error))?;
            write_atomically(&self.local.journal_path(), &left)
        } else {
            self.local.remove_journal()
        }
    }

    /// The state as [`Session::save`] would write it, if there is anything to write.
    pub(super) fn outgoing(&self) -> Option<StateFile> {
        self.changed.then(|| {
            let mut state = self.state.clone();
            state.serial = state.serial.saturating_add(1);
            state.tool_version.clone_from(&self.tool_version);
            state
        })
    }

    /// Puts another content in the place of all that is recorded; its serial is the next one, or the
    /// content's own if that is higher. What was unfinished in another lineage is no concern of it.
    pub fn overwrite(&mut self, content: StateFile) -> Result<(), StateError> {
        if content.lineage != self.state.lineage && self.local.memory.is_none() {
            self.local.remove_journal()?;
            self.unfinished = Unfinished::default();
            self.carried = false;
        }
        let serial = self.state.serial.max(content.serial.saturating_sub(1));
        self.state = StateFile { serial, ..content };
        self.changed = true;
        Ok(())
    }

    /// The state as it could not be written, with a serial that is newer than whatever is made of
    /// the journal.
    pub fn rescue(&self) -> Option<StateFile> {
        self.changed.then(|| {
            let mut state = self.state.clone();
            state.serial = state.serial.saturating_add(2);
            state.tool_version.clone_from(&self.tool_version);
            state
        })
    }

    /// Puts the state in the place of the one that was read.
    fn replace(&mut self) -> Result<(), StateError> {
        if self.local.memory.is_none() {
            let there = read(&self.local.path)?.as_deref().map(Mark::of);
            if there != self.mark {
                return Err(StateError::ChangedBeneath { path: self.local.path.clone() });
            }
        }
        let before = (self.state.serial, self.state.tool_version.clone());
        self.state.serial = self.state.serial.saturating_add(1);
        self.state.tool_version.clone_from(&self.tool_version);
        if let Some(memory) = &self.local.memory {
            memory.set(&self.state);
        } else {
            match self.local.replace(&self.state, self.serial) {
                Ok(mark) => (self.mark, self.serial) = (Some(mark), Some(self.state.serial)),
                Err(error) => {
                    (self.state.serial, self.state.tool_version) = before;
                    return Err(error);
                }
            }
        }
        self.changed = false;
        Ok(())
    }
}

/// The first records of a journal that continues `state`: what it continues, and what is unfinished.
fn journal_of(
    state: &StateFile,
    tool_version: &str,
    run: Option<Holder>,
    unfinished: &Unfinished,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = journal::encode_header(Header::continuing(state, tool_version, run))?;
    for intent in unfinished.iter() {
        bytes.extend(journal::encode_intent(intent.clone())?);
    }
    Ok(bytes)
}

fn unfit(what: &str, error: &serde_json::Error) -> StateError {
    StateError::Unfit { what: what.to_owned(), reason: error.to_string() }
}

/// The journal of a session.
#[derive(Debug)]
struct Appender {
    file: File,
    path: PathBuf,
    /// How much of the file is good.
    length: u64,
    /// Whether there may be more in the file than that.
    torn: bool,
}

impl Appender {
    fn create(path: PathBuf) -> Result<Self, StateError> {
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
    fn replace(path: PathBuf, records: &[u8]) -> Result<Self, StateError> {
        write_atomically(&path, records)?;
        let file = File::options().append(true).open(&path).map_err(io_error("open", &path))?;
        Ok(Self { file, path, length: records.len() as u64, torn: false })
    }

    fn append(&mut self, records: &[u8]) -> Result<(), StateError> {
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

/// The directory of a file.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The content of a file, if there is one.
fn read(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read", path)(error)),
    }
}

/// Removes a file, if there is one.
fn remove(path: &Path) -> Result<(), StateError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Replaces a file as a whole: readers find either the old content or the new, also after a crash.
/// The file can be read and written by its owner only.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    put(stage(path, bytes)?, path)
}

/// As [`write_atomically`], for what others read: the file is as readable as the umask lets it be.
/// What is no regular file, such as a pipe, is written to as it is.
pub fn publish(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    if path.exists() && !path.is_file() {
        return fs::write(path, bytes).map_err(io_error("write", path));
    }
    put(stage_with(path, bytes, true)?, path)
}

/// Writes and syncs what is to take the place of `path`, beside it.
fn stage(path: &Path, bytes: &[u8]) -> Result<NamedTempFile, StateError> {
    stage_with(path, bytes, false)
}

fn stage_with(path: &Path, bytes: &[u8], public: bool) -> Result<NamedTempFile, StateError> {
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
        .map_err(io_error("create a temporary file in", directory))?;
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .map_err(io_error("write", file.path()))?;
    Ok(file)
}

/// Puts a staged file in its place.
fn put(file: NamedTempFile, path: &Path) -> Result<(), StateError> {
    file.persist(path).map_err(|error| io_error("replace", path)(error.error))?;
    sync_directory(parent(path))
}

fn temporary_prefix(path: &Path) -> OsString {
    let mut prefix = path.file_name().unwrap_or_default().to_owned();
    prefix.push(".");
    prefix
}

/// Makes the names in a directory survive a loss of power.
fn sync_directory(directory: &Path) -> Result<(), StateError> {
    if cfg!(unix) {
        File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(io_error("sync", directory))?;
    }
    Ok(())
}

fn io_error(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StateError {
    move |error| StateError::Io { operation, path: path.to_owned(), error }
}
