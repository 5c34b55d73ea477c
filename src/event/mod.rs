//! What happens while a command runs, as data for whoever shows it.
//!
//! Owns [`Event`] and [`Reporter`], and the same for tests: [`testing`]. A reporter only watches: it cannot stop or change anything.

pub mod testing;

use crate::diag::Diagnostic;
use crate::plan::{Action, Plan, Step, StepId};
use crate::state::{Holder, StateError, StateFile};
use std::time::Duration;

/// Something that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// Another run holds the lock; it is waited for.
    Waiting {
        /// Who holds it, if that is known.
        holder: Option<&'a Holder>,
    },
    /// The sandbox made what the configuration names and it did not have.
    Seeded {
        /// How many buckets were made.
        buckets: usize,
    },
    /// Reading what is live begins.
    Reading {
        /// How many objects.
        total: usize,
    },
    /// One more object was read, or could not be.
    Read {
        /// How many so far.
        done: usize,
        /// Of how many.
        total: usize,
        /// How many of these could not be.
        unread: usize,
    },
    /// The plan is made.
    Planned {
        /// The plan.
        plan: &'a Plan,
    },
    /// Carrying out a plan begins.
    Applying {
        /// How many steps there are to do.
        total: usize,
    },
    /// A step begins.
    Started {
        /// The step.
        step: &'a Step,
    },
    /// A step is done and recorded.
    Done {
        /// The step.
        step: &'a Step,
        /// How long it took.
        took: Duration,
    },
    /// A step failed.
    Failed {
        /// The step.
        step: &'a Step,
        /// Why.
        diagnostic: &'a Diagnostic,
    },
    /// A step was cut while it wrote: nobody knows whether it has.
    Cut {
        /// The step.
        step: &'a Step,
    },
    /// A step was not begun.
    Skipped {
        /// The step.
        step: &'a Step,
    },
}

/// A step that went wrong.
#[derive(Debug)]
pub struct Failed {
    /// Which.
    pub step: StepId,
    /// Why.
    pub diagnostic: Diagnostic,
}

/// What carrying out a plan came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many steps were done, by action in the order of [`Action::ALL`].
    pub done: [usize; Action::ALL.len()],
    /// How many records got another address.
    pub moved: usize,
    /// What went wrong, in the order of addresses.
    pub failures: Vec<Failed>,
    /// Steps that were not begun because of a failure before them, or because of a stop.
    pub skipped: Vec<StepId>,
    /// Steps that were cut while they wrote, because of a stop: nobody knows whether they have.
    pub cut: Vec<StepId>,
    /// A signal asked to stop.
    pub interrupted: bool,
    /// Steps that were done and are not in the journal.
    pub unsaved: Vec<StepId>,
    /// Why what was done could not be recorded: nothing further was begun then.
    pub unrecorded: Option<StateError>,
    /// The state as it should have been written, where it could not be.
    pub rescue: Option<Box<StateFile>>,
}

impl Outcome {
    /// How many steps with this action were done.
    pub fn count(&self, action: Action) -> usize {
        Self::place(action).and_then(|at| self.done.get(at)).copied().unwrap_or(0)
    }

    /// Counts a step with this action as done.
    pub fn add_done(&mut self, action: Action) {
        if let Some(count) = Self::place(action).and_then(|at| self.done.get_mut(at)) {
            *count += 1;
        }
    }

    fn place(action: Action) -> Option<usize> {
        Action::ALL.iter().position(|it| *it == action)
    }

    /// What went wrong, as diagnostics.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.failures.iter().map(|failed| &failed.diagnostic)
    }

    /// Whether everything was done.
    pub fn is_complete(&self) -> bool {
        self.failures.is_empty()
            && self.skipped.is_empty()
            && self.cut.is_empty()
            && self.unsaved.is_empty()
            && self.unrecorded.is_none()
    }
}

/// Shows or stores what happens.
pub trait Reporter {
    /// Takes note of an event.
    fn report(&mut self, event: &Event<'_>);
}

/// Takes note of nothing.
impl Reporter for () {
    fn report(&mut self, _: &Event<'_>) {}
}
