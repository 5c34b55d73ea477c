//! The circumstances of planning, which a plan file keeps beside the plan: so `show` says of it what
//! `plan` said, in every format.

use super::{Item, Place, Problem, Report, Suppressed};
use crate::addr::Address;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is said of a plan and does not follow from its steps: when, where and by which version it was
/// made, and what was told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circumstances {
    /// The version of the tool that planned.
    sealform_version: String,
    /// The directory of the configuration, as who planned named it.
    directory: String,
    /// When the planning began.
    started: Option<String>,
    /// How long it took, in seconds.
    seconds: Option<f64>,
    /// Where the blocks of instances stand, by the addresses of the blocks.
    blocks: BTreeMap<String, Place>,
    /// What silences drift, by the addresses of instances.
    suppressed: Suppressed,
    /// The warnings.
    diagnostics: Vec<Problem>,
}

impl Report {
    /// What is to be kept with the plan that this is the report of.
    pub fn circumstances(&self) -> Circumstances {
        let mut blocks = BTreeMap::new();
        for item in &self.resources {
            if let (Some(block), Some(place)) = (block(item), &item.place) {
                blocks.entry(block).or_insert_with(|| place.clone());
            }
        }
        Circumstances {
            sealform_version: self.sealform_version.clone(),
            directory: self.directory.clone(),
            started: self.started.clone(),
            seconds: self.seconds,
            blocks,
            suppressed: self.suppressed(),
            diagnostics: self.diagnostics.clone(),
        }
    }

    /// Makes the report of a plan that was read from a file what it was when the plan was made.
    pub fn made_in(&mut self, circumstances: Circumstances) {
        let Circumstances {
            sealform_version,
            directory,
            started,
            seconds,
            blocks,
            suppressed,
            diagnostics,
        } = circumstances;
        for item in &mut self.resources {
            item.place = block(item).and_then(|block| blocks.get(&block)).cloned();
            item.suppressed = suppressed.get(&item.address).cloned();
        }
        self.sealform_version = sealform_version;
        self.directory = directory;
        self.started = started;
        self.seconds = seconds;
        self.diagnostics = diagnostics;
        self.tally();
    }
}

/// The block that an instance belongs to.
fn block(item: &Item) -> Option<String> {
    Some(item.address.parse::<Address>().ok()?.resource.block().to_string())
}
