//! What a walk writes down, and where.

use crate::state::{Change, Intent, Session, StateError, StateFile};
use std::sync::Arc;

/// Takes down what a walk is about to do and what came of it. What was given to it counts when it was
/// flushed.
pub trait Ledger {
    /// The state with all that was recorded.
    fn state(&self) -> &StateFile;

    /// Takes down a change of the state.
    ///
    /// # Errors
    /// No reader would understand it.
    fn record(&mut self, change: Change) -> Result<(), StateError>;

    /// Takes down that a call is about to be made.
    ///
    /// # Errors
    /// No reader would understand it.
    fn intend(&mut self, intent: Intent) -> Result<(), StateError>;

    /// Takes down that it is known what an object is.
    ///
    /// # Errors
    /// No reader would understand it.
    fn settle(&mut self, provider: &Arc<str>, identity: &Arc<str>) -> Result<(), StateError>;

    /// Takes down that the last call that was intended with an object changed nothing.
    ///
    /// # Errors
    /// No reader would understand it.
    fn withdraw(&mut self, provider: &Arc<str>, identity: &Arc<str>) -> Result<(), StateError>;

    /// Makes all that was taken down survive whatever comes.
    ///
    /// # Errors
    /// It could not be written; it is still there to be flushed.
    fn flush(&mut self) -> Result<(), StateError>;
}

impl Ledger for Session {
    fn state(&self) -> &StateFile {
        self.state()
    }

    fn record(&mut self, change: Change) -> Result<(), StateError> {
        self.record(change)
    }

    fn intend(&mut self, intent: Intent) -> Result<(), StateError> {
        self.intend(intent)
    }

    fn settle(&mut self, provider: &Arc<str>, identity: &Arc<str>) -> Result<(), StateError> {
        self.settle(provider, identity)
    }

    fn withdraw(&mut self, provider: &Arc<str>, identity: &Arc<str>) -> Result<(), StateError> {
        self.withdraw(provider, identity)
    }

    fn flush(&mut self) -> Result<(), StateError> {
        self.flush()
    }
}
