//! Carries out exactly a plan's steps.
//!
//! Owns the walk: one loop owns the state; tasks hand their results to it, and it alone records,
//! writes and reports. A step re-reads its object first and refuses where live is not what the plan
//! saw; what it is about to write is in the journal before it writes; afterwards it reads until the
//! service shows what was written. A failure stops only what depends on it.

mod intents;
mod ledger;
mod queue;
mod step;
mod stop;
#[cfg(test)]
mod tests;

pub use self::ledger::Ledger;
pub use self::stop::{GRACE, Stop};

use self::intents::Intents;
use self::queue::Queue;
use self::step::Undone;
use crate::diag::Diagnostic;
use crate::event::{self, Event, Outcome, Reporter};
use crate::plan::{Action, Plan, Reason, Step};
use crate::provider::{Pace, Provider, ProviderError};
use crate::state::{Change, StateError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long what is done may go untold, because nothing else has the journal written.
const UNTOLD: Duration = Duration::from_millis(50);

/// Carries out `plan`, at most `parallelism` steps at once, until it is done or `stop` is asked.
/// What could not be recorded is in the outcome; nothing further was begun then.
pub async fn apply<P: Provider>(
    provider: &Arc<P>,
    plan: &Plan,
    ledger: &mut dyn Ledger,
    parallelism: usize,
    stop: &Stop,
    reporter: &mut dyn Reporter,
) -> Outcome {
    let queue = Queue::new(&plan.steps);
    let followers = queue::followers(&plan.steps);
    reporter.report(&Event::Applying { total: queue.len() });
    let walk = Walk {
        plan,
        ledger,
        stop,
        reporter,
        queue,
        intents: Intents::default(),
        pace: Pace::new(parallelism, provider.throttled()),
        running: JoinSet::new(),
        in_flight: BTreeMap::new(),
        held_back: followers.values().flatten().copied().collect(),
        followers,
        waiting: BTreeSet::new(),
        done: Vec::new(),
        tell_by: None,
        failures: Vec::new(),
        outcome: Outcome::default(),
    };
    walk.run(provider).await
}

/// What a step came to.
struct Ended {
    at: usize,
    took: Duration,
    result: Result<(), Undone>,
}

/// What the loop does next.
enum Next {
    /// A step has ended.
    Ended(Ended),
    /// A step panicked or was cut, and has no result: it is left in flight.
    Lost,
    /// The journal is to be written.
    Asked,
    /// Nothing runs any more.
    Nothing,
}

/// The one loop that owns the state.
struct Walk<'a> {
    plan: &'a Plan,
    ledger: &'a mut dyn Ledger,
    stop: &'a Stop,
    reporter: &'a mut dyn Reporter,
    queue: Queue,
    intents: Intents,
    pace: Pace,
    running: JoinSet<Ended>,
    /// What has begun and not ended, and whether its call may have been made.
    in_flight: BTreeMap<usize, Arc<AtomicBool>>,
    /// By step: those that drop the record of its bucket at another address, which is not to be the
    /// last one that there is.
    followers: BTreeMap<usize, Vec<usize>>,
    /// All of them whose step is not done.
    held_back: BTreeSet<usize>,
    /// Those of them whose turn has come.
    waiting: BTreeSet<usize>,
    /// What is done, but not durably recorded yet.
    done: Vec<(usize, Duration)>,
    /// When that is told at the latest.
    tell_by: Option<Instant>,
    failures: Vec<(usize, Diagnostic)>,
    outcome: Outcome,
}

impl Walk<'_> {
    async fn run<P: Provider>(mut self, provider: &Arc<P>) -> Outcome {
        if let Err(error) = self.record_what_was_seen() {
            self.outcome.unrecorded = Some(error);
        }
        loop {
            self.begin_what_may(provider);
            match self.next().await {
                Next::Ended(first) => {
                    let mut ended = vec![first];
                    while let Some(more) = self.running.try_join_next() {
                        ended.extend(more);
                    }
                    for ended in ended {
                        self.pace.answered(provider.throttled());
                        self.end(ended);
                    }
                    if self.running.is_empty() {
                        self.write();
                    }
                }
                Next::Asked => self.write(),
                // Another one may begin in its place.
                Next::Lost => {}
                Next::Nothing => break,
            }
        }
        self.write();
        self.close()
    }

    /// Records what the plan found to be so without any step, and settles what was unfinished there.
    fn record_what_was_seen(&mut self) -> Result<(), StateError> {
        for step in self.plan.steps.iter().filter(|step| step.action == Action::NoOp) {
            self.ledger.settle(&step.provider, &step.identity)?;
            if step.record {
                record(self.ledger, step)?;
                self.outcome.moved += usize::from(step.previous.is_some());
            }
        }
        Ok(())
    }

    /// Begins the steps whose turn it is. The journal has what they are about to do when it is written
    /// next; they read until then.
    fn begin_what_may<P: Provider>(&mut self, provider: &Arc<P>) {
        while self.running.len() < self.pace.allowed()
            && self.outcome.unrecorded.is_none()
            && !self.stop.is_asked()
            && let Some(at) = self.queue.next()
        {
            if self.held_back.contains(&at) {
                // It makes no call, so that nothing need wait for it.
                self.waiting.insert(at);
                self.queue.done(at);
            } else if let Some(step) = self.plan.steps.get(at) {
                if let Some(Err(error)) = step.intent().map(|intent| self.ledger.intend(intent)) {
                    self.outcome.unrecorded = Some(error);
                    self.queue.put_back(at);
                    return;
                }
                self.begin(at, step, provider);
            }
        }
    }

    fn begin<P: Provider>(&mut self, at: usize, step: &Step, provider: &Arc<P>) {
        self.reporter.report(&Event::Started { step });
        if !step.calls() {
            return self.end(Ended { at, took: Duration::ZERO, result: Ok(()) });
        }
        let writing = Arc::new(AtomicBool::new(false));
        self.in_flight.insert(at, Arc::clone(&writing));
        let (provider, step, ticket) = (Arc::clone(provider), step.clone(), self.intents.ticket());
        self.running.spawn(async move {
            let begun = Instant::now();
            let result = step::run(&*provider, &step, ticket, &writing).await;
            Ended { at, took: begun.elapsed(), result }
        });
    }

    /// Records that a step has not written.
    fn withdraw(&mut self, at: usize) {
        let Some(step) = self.plan.steps.get(at) else { return };
        if step.calls()
            && let Err(error) = self.ledger.withdraw(&step.provider, &step.identity)
        {
            self.outcome.unrecorded.get_or_insert(error);
        }
    }

    /// Waits for what is to be done next. What runs is cut when it is time.
    async fn next(&mut self) -> Next {
        let tell_by = self.tell_by;
        let tell = async {
            match tell_by {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let joined = tokio::select! {
            joined = self.running.join_next() => joined,
            () = self.intents.asked() => return Next::Asked,
            () = tell => return Next::Asked,
            () = self.stop.cut() => {
                self.running.abort_all();
                self.running.join_next().await
            }
        };
        match joined {
            Some(Ok(ended)) => Next::Ended(ended),
            Some(Err(_)) => Next::Lost,
            None => Next::Nothing,
        }
    }

    /// Writes the journal: one write and one sync for all that has ended and all that has begun.
    fn write(&mut self) {
        let written = self.ledger.flush();
        self.intents.written(written.is_ok());
        match written {
            Ok(()) => self.tell_done(),
            Err(error) => {
                self.outcome.unrecorded.get_or_insert(error);
                self.tell_by = None;
            }
        }
    }

    fn end(&mut self, Ended { at, took, result }: Ended) {
        self.in_flight.remove(&at);
        let Some(step) = self.plan.steps.get(at) else { return };
        match result {
            Ok(()) => {
                self.record_done(at, step, took);
                for follower in self.followers.remove(&at).unwrap_or_default() {
                    self.held_back.remove(&follower);
                    if self.waiting.remove(&follower)
                        && let Some(step) = self.plan.steps.get(follower)
                    {
                        self.reporter.report(&Event::Started { step });
                        self.record_done(follower, step, Duration::ZERO);
                    }
                }
                // What comes after it is told of after it.
                if self.queue.done(at) {
                    self.write();
                }
            }
            Err(Undone::Unrecorded) => {
                self.queue.put_back(at);
                self.withdraw(at);
            }
            Err(Undone::Failed { diagnostic, untouched }) => {
                if untouched {
                    self.withdraw(at);
                }
                self.reporter.report(&Event::Failed { step, diagnostic: &diagnostic });
                self.failures.push((at, *diagnostic));
                self.queue.failed(at);
            }
        }
    }

    fn record_done(&mut self, at: usize, step: &Step, took: Duration) {
        let mut recorded = record(self.ledger, step);
        // What was intended with a bucket that goes on elsewhere is for the step there to settle.
        if recorded.is_ok() && !matches!(step.reason, Some(Reason::MovedTo { .. })) {
            recorded = self.ledger.settle(&step.provider, &step.identity);
        }
        match recorded {
            Ok(()) => {
                self.done.push((at, took));
                self.tell_by.get_or_insert_with(|| Instant::now() + UNTOLD);
            }
            Err(error) => {
                self.outcome.unrecorded.get_or_insert(error);
            }
        }
    }

    /// Tells of what is done, now that it is durably recorded.
    fn tell_done(&mut self) {
        self.tell_by = None;
        for (at, took) in std::mem::take(&mut self.done) {
            let Some(step) = self.plan.steps.get(at) else { continue };
            self.reporter.report(&Event::Done { step, took });
            self.outcome.moved += usize::from(step.previous.is_some());
            self.outcome.add_done(step.action);
        }
    }

    /// Sums up.
    fn close(mut self) -> Outcome {
        self.outcome.interrupted = self.stop.is_asked();
        let mut never_begun: BTreeSet<usize> = BTreeSet::new();
        for (at, writing) in std::mem::take(&mut self.in_flight) {
            let Some(step) = self.plan.steps.get(at) else { continue };
            let may_have_written = writing.load(Ordering::Acquire);
            if !may_have_written {
                self.withdraw(at);
            }
            if !self.outcome.interrupted {
                let diagnostic = step::failure(step, &ProviderError::panicked(&step.identity));
                self.reporter.report(&Event::Failed { step, diagnostic: &diagnostic });
                self.failures.push((at, diagnostic));
            } else if may_have_written {
                self.reporter.report(&Event::Cut { step });
                self.outcome.cut.push(step.id());
            } else {
                never_begun.insert(at);
            }
            self.queue.failed(at);
        }
        never_begun.extend(self.queue.left());
        never_begun.append(&mut self.waiting);
        for at in never_begun {
            let Some(step) = self.plan.steps.get(at) else { continue };
            self.reporter.report(&Event::Skipped { step });
            self.outcome.skipped.push(step.id());
        }
        // There may be space again, or a right.
        if self.ledger.flush().is_ok() {
            self.tell_done();
        }
        for (at, _) in std::mem::take(&mut self.done) {
            let Some(step) = self.plan.steps.get(at) else { continue };
            self.outcome.unsaved.push(step.id());
        }
        self.failures.sort_by_key(|(at, _)| *at);
        for (at, diagnostic) in self.failures {
            let Some(step) = self.plan.steps.get(at) else { continue };
            self.outcome.failures.push(event::Failed { step: step.id(), diagnostic });
        }
        if self.outcome.is_complete() && !self.plan.output_changes.is_empty() {
            let outputs = Change::Outputs(self.plan.outputs.clone());
            self.outcome.unrecorded = self.ledger.record(outputs).err();
        }
        self.outcome
    }
}

/// Records that a step is done.
fn record(ledger: &mut dyn Ledger, step: &Step) -> Result<(), StateError> {
    for change in step.changes_of(ledger.state()) {
        ledger.record(change)?;
    }
    Ok(())
}
