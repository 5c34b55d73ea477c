//! The journal of a state on S3: kept beside the local copy, and pushed so that another machine knows
//! what a run was about if this one never comes back.

use super::super::StateError;
use super::{PAUSE, Place};
use crate::provider::aws::{Condition, Object, Written};
use std::time::Duration;
use tokio::time::Instant;

/// What of the journal is on S3.
#[derive(Debug, Default)]
pub(super) struct Pushed {
    /// The version of the object, if there is one.
    version: Option<String>,
    /// Length and checksum of what it holds.
    holds: Option<(usize, u32)>,
    /// How long pushing it took, and when that ended.
    last: Option<(Duration, Instant)>,
}

/// Pushing takes no more than the tenth part of the time, however long the journal grows.
const SHARE: u32 = 10;

impl Pushed {
    /// The object as it was found.
    pub(super) fn found(object: Option<&Object>) -> Self {
        Self {
            version: object.map(|it| it.version.clone()),
            holds: object.map(|it| (it.bytes.len(), crc32fast::hash(&it.bytes))),
            last: None,
        }
    }

    /// Whether there is such an object, as far as this run knows.
    pub(super) fn is_there(&self) -> bool {
        self.version.is_some()
    }

    /// Makes the object what the file is. Unless it is the end, only if that is worth it.
    pub(super) async fn push(&mut self, place: &Place, end: bool) -> Result<(), StateError> {
        let is_soon = self.last.is_some_and(|(took, at)| at.elapsed() < took * SHARE);
        if !end && is_soon {
            return Ok(());
        }
        let local = place.local.clone();
        let read = tokio::task::spawn_blocking(move || local.journal_bytes()).await;
        // A task that was cut reads no journal; the next one does.
        let Ok(bytes) = read else { return Ok(()) };
        match bytes? {
            Some(bytes) => self.put(place, &bytes).await,
            None => self.remove(place).await,
        }
    }

    /// Makes the object hold these bytes.
    pub(super) async fn put(&mut self, place: &Place, bytes: &[u8]) -> Result<(), StateError> {
        let mark = (bytes.len(), crc32fast::hash(bytes));
        if self.version.is_some() && self.holds == Some(mark) {
            return Ok(());
        }
        let begun = Instant::now();
        let key = place.journal_key();
        // Whoever holds the lock has the last word: what another run pushed late gives way.
        for _ in 0..3 {
            let condition = self.version.as_deref().map_or(Condition::Absent, Condition::Version);
            let written = place.objects.put(&key, bytes, condition).await;
            match written.map_err(|error| place.failed(error))? {
                Written::Done(version) => {
                    self.version = Some(version);
                    self.holds = Some(mark);
                    self.last = Some((begun.elapsed(), Instant::now()));
                    return Ok(());
                }
                refused @ (Written::Refused | Written::Conflict) => {
                    if refused == Written::Conflict {
                        tokio::time::sleep(PAUSE).await;
                    }
                    let there = place.objects.get(&key).await;
                    let there = there.map_err(|error| place.failed(error))?;
                    self.version = there.map(|object| object.version);
                }
            }
        }
        Err(place.changed_beneath())
    }

    async fn remove(&mut self, place: &Place) -> Result<(), StateError> {
        let Some(version) = &self.version else { return Ok(()) };
        let key = place.journal_key();
        let removed = place.objects.delete(&key, Condition::Version(version)).await;
        removed.map_err(|error| place.failed(error))?;
        // Another version is another run's.
        (self.version, self.holds) = (None, None);
        Ok(())
    }
}
