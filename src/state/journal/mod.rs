//! The journal: what a run has changed since the state file was written, one record a line.
//!
//! ```text
//! 8f1c2a90 {"header":{"version":3,"tool_version":"0.1.0","lineage":"…","serial":7,"run":{…}}}
//! 5d01c3aa {"intent":{"intent":{"address":"…","writing":"update","before":{…},"after":{…}, …}}}
//! 03be77d1 {"set":{"resource":{"address":"…", …}}}
//! 91aa02c4 {"settled":{"provider":"aws","identity":"…"}}
//! ```
//!
//! An intent is there before its call is made, what came of it afterwards. Intents that nothing
//! settles outlive their run. A journal that is pushed to others begins with what is going to be
//! intended (`planned`), and says later that it is (`begun`): they may have no more than this beginning
//! of it. Version 1 had no intents, version 2 had nothing planned.
//!
//! Each line begins with the CRC-32 of its JSON. It is only ever appended to, so an interrupted write
//! leaves bad bytes at the end and nowhere else: those are cut. Bad bytes elsewhere are damage.

use super::Holder;
use super::file::{Entry, OutputState, Recorded, StateFile};
use super::intent::{Intent, Unfinished};
use crate::addr::Address;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The version of the format that this tool writes, and the newest that it reads.
const VERSION: u64 = 3;

/// One change of the state. Carrying one out a second time changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The resource is recorded so.
    Set {
        /// Which resource.
        address: Address,
        /// What is recorded of it from now on.
        recorded: Recorded,
    },
    /// The resource is not recorded any more.
    Remove {
        /// Which resource.
        address: Address,
    },
    /// The outputs are these, and no others.
    Outputs(BTreeMap<String, OutputState>),
}

impl Change {
    /// The resource that is changed; outputs have no address.
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::Set { address, .. } | Self::Remove { address } => Some(address),
            Self::Outputs(_) => None,
        }
    }

    /// Carries the change out. Tells whether the state is another one now.
    pub fn apply_to(self, state: &mut StateFile) -> bool {
        match self {
            Self::Set { address, recorded } => {
                if state.resources.get(&address) == Some(&recorded) {
                    return false;
                }
                state.resources.insert(address, recorded);
                true
            }
            Self::Remove { address } => state.resources.remove(&address).is_some(),
            Self::Outputs(outputs) => {
                let changed = state.outputs != outputs;
                state.outputs = outputs;
                changed
            }
        }
    }
}

/// The first record: what the journal continues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    version: u64,
    tool_version: String,
    lineage: String,
    serial: u64,
    /// The run that writes it, if it holds the lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<Holder>,
}

impl Header {
    /// Of a journal that continues `state`.
    pub(super) fn continuing(state: &StateFile, tool_version: &str, run: Option<Holder>) -> Self {
        Self {
            version: VERSION,
            tool_version: tool_version.to_owned(),
            lineage: state.lineage.clone(),
            serial: state.serial,
            run,
        }
    }
}

/// A record as it is written. Resources and outputs are nested no less deeply than in the state file,
/// so that what can be read here can be read there.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Record {
    Header(Header),
    Set {
        resource: Entry,
    },
    Remove {
        address: Address,
    },
    Outputs {
        outputs: BTreeMap<String, OutputState>,
    },
    Intent {
        intent: Intent,
    },
    /// What is going to be intended, unless the run ends before.
    Planned {
        intent: Intent,
    },
    /// What was planned with the object is intended.
    Begun {
        provider: Arc<str>,
        identity: Arc<str>,
    },
    /// It is known what the object is: whatever was intended with it is over.
    Settled {
        provider: Arc<str>,
        identity: Arc<str>,
    },
    /// The last call that was intended with the object was not made, or changed nothing.
    Withdrawn {
        provider: Arc<str>,
        identity: Arc<str>,
    },
}

impl From<Change> for Record {
    fn from(change: Change) -> Self {
        match change {
            Change::Set { address, recorded } => {
                Self::Set { resource: Entry::new(address, recorded) }
            }
            Change::Remove { address } => Self::Remove { address },
            Change::Outputs(outputs) => Self::Outputs { outputs },
        }
    }
}

impl Record {
    /// The change of the state that the record tells, if it tells one.
    fn into_change(self) -> Option<Change> {
        match self {
            Self::Header(_)
            | Self::Intent { .. }
            | Self::Planned { .. }
            | Self::Begun { .. }
            | Self::Settled { .. }
            | Self::Withdrawn { .. } => None,
            Self::Set { resource } => {
                let (address, recorded) = resource.into_parts();
                Some(Change::Set { address, recorded })
            }
            Self::Remove { address } => Some(Change::Remove { address }),
            Self::Outputs { outputs } => Some(Change::Outputs(outputs)),
        }
    }

    fn line(&self) -> Result<Vec<u8>, serde_json::Error> {
        let json = serde_json::to_vec(self)?;
        let mut line = format!("{:08x} ", crc32fast::hash(&json)).into_bytes();
        line.extend(json);
        line.push(b'\n');
        Ok(line)
    }
}

/// The line of the first record.
pub(super) fn encode_header(header: Header) -> Result<Vec<u8>, serde_json::Error> {
    Record::Header(header).line()
}

/// The line of an intent; what no reader would understand is refused.
pub(super) fn encode_intent(intent: Intent) -> Result<Vec<u8>, serde_json::Error> {
    understood(&Record::Intent { intent })
}

/// The line of what is going to be intended.
pub(super) fn encode_planned(intent: Intent) -> Result<Vec<u8>, serde_json::Error> {
    understood(&Record::Planned { intent })
}

/// The line that says that what was planned with an object is intended.
pub(super) fn encode_begun(
    provider: Arc<str>,
    identity: Arc<str>,
) -> Result<Vec<u8>, serde_json::Error> {
    Record::Begun { provider, identity }.line()
}

fn understood(record: &Record) -> Result<Vec<u8>, serde_json::Error> {
    let line = record.line()?;
    serde_json::from_slice::<Record>(checked(line.trim_ascii_end()).unwrap_or_default())?;
    Ok(line)
}

/// The line that says what became of what was intended with an object: it is settled, or else the
/// last intent is withdrawn.
pub(super) fn encode_outcome(
    provider: Arc<str>,
    identity: Arc<str>,
    settled: bool,
) -> Result<Vec<u8>, serde_json::Error> {
    if settled {
        Record::Settled { provider, identity }.line()
    } else {
        Record::Withdrawn { provider, identity }.line()
    }
}

/// The line of a change, and the change as a reader of that line knows it. What no reader would
/// understand (values nested too deeply, say) is refused here, before it is anywhere.
pub(super) fn encode(change: Change) -> Result<(Vec<u8>, Change), serde_json::Error> {
    let line = Record::from(change).line()?;
    let json = checked(line.trim_ascii_end()).unwrap_or_default();
    let change = serde_json::from_slice::<Record>(json)?.into_change();
    Ok((line, change.ok_or_else(|| serde_json::Error::custom("it is not a change"))?))
}

/// The JSON of a line without its end, if the checksum says that it is what was written.
fn checked(line: &[u8]) -> Option<&[u8]> {
    let (sum, json) = line.split_at_checked(9)?;
    (sum == format!("{:08x} ", crc32fast::hash(json)).as_bytes()).then_some(json)
}

/// What is wrong with a journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// A newer tool wrote it.
    #[error("is of format version {0}; this Sealform reads up to version {VERSION}")]
    Newer(u64),
    /// A bad line has a good one behind it, or a good one says what no journal says.
    #[error("is damaged in line {line}: {reason}")]
    Damaged {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// It continues another state.
    #[error("continues another state: its lineage is {journal}, that of the state {state}")]
    OtherLineage {
        /// The lineage that the journal names.
        journal: String,
        /// The lineage of the state.
        state: String,
    },
    /// It continues a newer version of the state than the one that is there.
    #[error("continues serial {journal} of the state, but {}", there(*.state))]
    Ahead {
        /// The serial that the journal continues.
        journal: u64,
        /// The serial of the state, where there is a state.
        state: Option<u64>,
    },
    /// It continues an older version of the state, and the newer one does not hold what it tells.
    #[error(
        "continues serial {journal} of the state, and serial {state} was written without it: two \
         runs changed the state at a time"
    )]
    Unfolded {
        /// The serial that the journal continues.
        journal: u64,
        /// The serial of the state.
        state: u64,
    },
}

fn there(serial: Option<u64>) -> String {
    serial.map_or_else(
        || "there is no state".into(),
        |serial| format!("the state is of serial {serial}, which is older"),
    )
}

/// A journal that was read.
#[derive(Debug, PartialEq)]
pub(super) struct Journal {
    header: Header,
    changes: Vec<Change>,
    /// What was intended and not settled.
    pub(super) unfinished: Unfinished,
    /// What was going to be intended, and was not yet.
    planned: Unfinished,
}

impl Journal {
    /// Who wrote it, which serial of which lineage it goes on from, and what it tells.
    pub(super) fn into_parts(self) -> (Option<Holder>, u64, String, Vec<Change>, Unfinished) {
        let Self { header: Header { serial, lineage, run, .. }, changes, unfinished, .. } = self;
        (run, serial, lineage, changes, unfinished)
    }

    /// Takes note of a record that is not the first.
    fn take(&mut self, record: Record) -> Result<(), &'static str> {
        match record {
            Record::Header(_) => return Err("a second header"),
            Record::Intent { mut intent } => {
                intent.run = intent.run.or_else(|| self.header.run.clone());
                self.planned.take(&intent.provider, &intent.identity);
                self.unfinished.add(intent);
            }
            Record::Begun { provider, identity } => {
                let planned = self.planned.take(&provider, &identity);
                if planned.is_empty() {
                    return Err("begun without having been planned");
                }
                for intent in planned {
                    self.unfinished.add(intent);
                }
            }
            Record::Planned { mut intent } => {
                intent.run = intent.run.or_else(|| self.header.run.clone());
                self.planned.add(intent);
            }
            Record::Settled { provider, identity } => {
                self.planned.take(&provider, &identity);
                self.unfinished.settle(&provider, &identity);
            }
            Record::Withdrawn { provider, identity } => {
                self.unfinished.withdraw(&provider, &identity);
            }
            change @ (Record::Set { .. } | Record::Remove { .. } | Record::Outputs { .. }) => {
                self.changes.extend(change.into_change());
            }
        }
        Ok(())
    }
}

/// Reads a journal and cuts its torn tail; `None` where not even its header was written.
pub(super) fn decode(bytes: &[u8]) -> Result<Option<Journal>, JournalError> {
    // The last line may lack its end and still be whole: its checksum decides.
    let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n');
    let mut bad = None;
    let mut journal: Option<Journal> = None;
    for (line, text) in (1..).zip(lines) {
        let Some(json) = checked(text) else {
            bad.get_or_insert(line);
            continue;
        };
        if let Some(line) = bad {
            let reason = "its checksum is wrong, and the lines behind it are good".into();
            return Err(JournalError::Damaged { line, reason });
        }
        let damaged = |reason: String| JournalError::Damaged { line, reason };
        if let Some(journal) = &mut journal {
            let record: Record =
                serde_json::from_slice(json).map_err(|error| damaged(error.to_string()))?;
            journal.take(record).map_err(|reason| damaged(reason.into()))?;
        } else {
            let First { header } =
                serde_json::from_slice(json).map_err(|error| damaged(error.to_string()))?;
            if header.version > VERSION {
                return Err(JournalError::Newer(header.version));
            }
            let (unfinished, planned) = Default::default();
            journal = Some(Journal { header, changes: Vec::new(), unfinished, planned });
        }
    }
    // A header that was torn is the beginning of one; anything else is no journal of ours.
    if let (None, Some(line)) = (&journal, bad)
        && bytes.contains(&b'\n')
    {
        let reason = "it is not the header of a journal".into();
        return Err(JournalError::Damaged { line, reason });
    }
    Ok(journal)
}

/// The journal of a run that will not come back, of which there may be no more than a beginning: what
/// it had planned counts as begun, unless the state with this serial is what the run has made of it: it
/// had come to its end then. `None` where that changes nothing, or it is not a journal.
pub(super) fn abandoned(bytes: &[u8], serial: u64) -> Result<Option<Vec<u8>>, serde_json::Error> {
    let journal = decode(bytes).ok().flatten();
    let open = journal.filter(|it| !it.planned.is_empty() && serial <= it.header.serial);
    let Some(Journal { planned, .. }) = open else { return Ok(None) };
    let mut whole = Vec::with_capacity(bytes.len() * 2);
    // Without its torn tail, behind which nothing may stand.
    let lines = bytes.split(|byte| *byte == b'\n');
    for line in lines.take_while(|line| checked(line).is_some()) {
        whole.extend(line);
        whole.push(b'\n');
    }
    for intent in planned.iter() {
        whole.extend(encode_intent(intent.clone())?);
    }
    Ok(Some(whole))
}

/// The first line, read so that whatever a newer version adds to it does not hide its version.
#[derive(Deserialize)]
struct First {
    header: Header,
}

/// Folds a journal into the state that it continues. Tells whether that made another state of it:
/// then its serial is the next.
pub(super) fn fold(
    state: Option<StateFile>,
    journal: Journal,
) -> Result<(StateFile, bool), JournalError> {
    let Header { version: _, tool_version, lineage, serial, run: _ } = journal.header;
    let mut state = match state {
        Some(state) if state.lineage != lineage => {
            return Err(JournalError::OtherLineage { journal: lineage, state: state.lineage });
        }
        Some(state) if state.serial < serial => {
            return Err(JournalError::Ahead { journal: serial, state: Some(state.serial) });
        }
        Some(state) => state,
        // The journal of a first run is older than its state file.
        None if serial == 0 => StateFile::new(lineage, &tool_version),
        None => return Err(JournalError::Ahead { journal: serial, state: None }),
    };
    // Of all that was recorded of a resource, the last counts; only that is or is not in the state.
    let last: BTreeMap<_, _> =
        journal.changes.into_iter().map(|change| (change.address().cloned(), change)).collect();
    let mut changed = false;
    for change in last.into_values() {
        changed |= change.apply_to(&mut state);
    }
    // A run that died between replacing the state and removing the journal leaves one that has
    // nothing more to tell. If it has, it is not that one.
    if changed && serial < state.serial {
        return Err(JournalError::Unfolded { journal: serial, state: state.serial });
    }
    if changed {
        state.tool_version = tool_version;
        state.serial = state.serial.saturating_add(1);
    }
    Ok((state, changed))
}

#[cfg(test)]
mod tests;
