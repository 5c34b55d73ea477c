//! The journal of a run of this machine that is not taken up: others have moved the state on S3 on
//! without it.

use super::journal::{self, Journal};
use super::{Change, Holder, JournalError, StateFile};
use crate::diag::{Diagnostic, listed};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How many addresses the message names.
const NAMED: usize = 10;

/// A journal that is not taken up: what stands in it, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Superseded {
    /// Where it is.
    journal: PathBuf,
    /// Where it is put aside.
    aside: PathBuf,
    /// The serial of the state that is there.
    serial: Option<u64>,
    told: Result<Untaken, JournalError>,
}

/// What a journal tells and the state does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Untaken {
    run: Option<Holder>,
    /// The serial of the state that it goes on from.
    serial: u64,
    recorded: Vec<String>,
    /// What it was about to write and did not settle.
    open: Vec<String>,
}

impl Superseded {
    /// What these bytes of a journal tell that the state does not; nothing if there is nothing.
    pub(super) fn of(
        bytes: &[u8],
        state: Option<&StateFile>,
        journal: PathBuf,
        aside: PathBuf,
    ) -> Option<Self> {
        let told = match journal::decode(bytes) {
            Ok(Some(journal)) => Ok(told(journal, state)),
            Ok(None) => return None,
            Err(problem) => Err(problem),
        };
        let is_empty = |told: &Untaken| told.recorded.is_empty() && told.open.is_empty();
        let serial = state.map(|state| state.serial);
        Some(Self { journal, aside, serial, told })
            .filter(|it| !it.told.as_ref().is_ok_and(is_empty))
    }

    /// For people.
    pub fn diagnostic(&self) -> Diagnostic {
        let Self { journal, aside, serial, told } = self;
        let there = match serial {
            Some(serial) => format!("the state that is there has serial {serial}"),
            None => "there is no state any more".to_owned(),
        };
        let said = match told {
            Ok(Untaken { run, serial, recorded, open }) => {
                let run = run.as_ref().map_or_else(|| "A run".to_owned(), ToString::to_string);
                let mut said = format!(
                    "{run}, on this machine, ended before its time. Its journal goes on from serial \
                     {serial} of the state, and {there}: others have changed it since."
                );
                if !recorded.is_empty() {
                    said.push_str(&format!(
                        " It had recorded, and the state does not have: {}.",
                        listed(recorded.iter(), NAMED)
                    ));
                }
                if !open.is_empty() {
                    said.push_str(&format!(
                        " It was about to write, and does not know whether it has: {}.",
                        listed(open.iter(), NAMED)
                    ));
                }
                said
            }
            Err(problem) => format!(
                "An earlier run on this machine left a journal that {problem}, and {there}."
            ),
        };
        let detail = format!(
            "{said} None of that is taken up: a plan compares with what is live. The journal is in \
             {}, and the next run that changes the state moves it to {}.",
            journal.display(),
            aside.display()
        );
        Diagnostic::warning("Journal of an earlier run not taken up", detail)
    }
}

fn told(journal: Journal, state: Option<&StateFile>) -> Untaken {
    let (run, serial, lineage, changes, unfinished) = journal.into_parts();
    // Of all that was recorded of a resource, the last counts.
    let last: BTreeMap<_, Change> =
        changes.into_iter().map(|change| (change.address().cloned(), change)).collect();
    let known = state.filter(|state| state.lineage == lineage);
    let lacks = |change: &Change| match (change, known) {
        (_, None) => true,
        (Change::Set { address, recorded }, Some(state)) => {
            state.resources.get(address) != Some(recorded)
        }
        (Change::Remove { address }, Some(state)) => state.resources.contains_key(address),
        (Change::Outputs(outputs), Some(state)) => state.outputs != *outputs,
    };
    let recorded = last.into_values().filter(lacks).map(|change| match change {
        Change::Set { address, .. } => address.to_string(),
        Change::Remove { address } => format!("{address} (dropped)"),
        Change::Outputs(_) => "the outputs".to_owned(),
    });
    let mut open: Vec<String> = unfinished.iter().map(|it| it.address.to_string()).collect();
    open.dedup();
    Untaken { run, serial, recorded: recorded.collect(), open }
}
