//! A state that is open for changes: what is recorded goes to the journal first, and at the end into
//! the state file.

use super::appender::Appender;
use super::files::{io_error, parent, read, write_atomically};
use super::{Local, Lock, Mark, Read, StateError, StateFile};
use crate::state::intent::{Intent, Unfinished};
use crate::state::journal::{self, Header};
use crate::state::{Change, Holder};
use std::fs;
use std::sync::Arc;

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
    pub(super) pending: Vec<u8>,
    pub(super) journal: Option<Appender>,
    /// What was intended, now or by runs before, and is not settled.
    unfinished: Unfinished,
    /// What was announced, and is not intended yet.
    planned: Unfinished,
    /// The journal of an earlier run is there, for what it was about to do.
    carried: bool,
    /// The first record is among the pending ones or in the journal.
    begun: bool,
    lock: Option<Lock>,
}

impl Local {
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
            planned: Unfinished::default(),
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
        let state = if state.is_empty() && !carried && state.is_of_sandbox() != self.sandbox {
            // Whoever uses it first says whose buckets it records. A journal names the lineage, so
            // that the file has the new one before there is any.
            let state = StateFile { lineage: self.new_lineage(), ..state };
            mark = Some(self.replace(&state, serial)?);
            serial = Some(state.serial);
            state
        } else {
            state
        };
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
        let mut intent = intent;
        let (provider, identity) = (Arc::clone(&intent.provider), Arc::clone(&intent.identity));
        let line = match &*self.planned.take(&provider, &identity) {
            [planned] if planned.is_same_step(&intent) => {
                intent = planned.clone();
                journal::encode_begun(provider, identity)
            }
            _ => journal::encode_intent(intent.clone()),
        };
        let line = line.map_err(|error| unfit(&intent.address.to_string(), &error))?;
        self.append(&line)?;
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

    /// Records durably what is going to be intended, for those who may have only the beginning of this
    /// journal. Tells whether it is anything.
    pub(in super::super) fn announce(
        &mut self,
        intents: impl Iterator<Item = Intent>,
    ) -> Result<bool, StateError> {
        for intent in intents {
            let line = journal::encode_planned(intent.clone())
                .map_err(|error| unfit(&intent.address.to_string(), &error))?;
            self.append(&line)?;
            self.planned.add(intent);
        }
        self.flush()?;
        Ok(!self.planned.is_empty())
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

    /// Begins the journal of this run where an earlier one left something, with that in it: whatever is
    /// appended from here on goes on from the same bytes.
    pub(in super::super) fn take_over(&mut self) -> Result<(), StateError> {
        if self.carried {
            self.append(&[])?;
            self.flush()?;
        }
        Ok(())
    }

    /// Whether anything that was intended is not settled.
    pub(in super::super) fn is_unsettled(&self) -> bool {
        !self.unfinished.is_empty()
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
        self.planned = Unfinished::default();
        self.carried = !self.unfinished.is_empty();
        if self.carried {
            // What nobody knows the end of outlives the run.
            let left = journal_of(&self.state, &self.tool_version, None, &self.unfinished)
                .map_err(|error| unfit("the journal", &error))?;
            Ok(write_atomically(&self.local.journal_path(), &left)?)
        } else {
            self.local.remove_journal()
        }
    }

    /// The state as [`Session::save`] would write it, if there is anything to write.
    pub(in super::super) fn outgoing(&self) -> Option<StateFile> {
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
