//! Carries out exactly a plan's steps.
//!
//! Owns the walk: one loop owns the state; tasks hand their results to it, and it alone records,
//! writes and reports. What a step is about to write is in the journal before it begins. It re-reads its object first and refuses where live is not what the plan
//! saw; afterwards it reads until the service shows what was written. A failure stops only what
//! depends on it.

mod queue;
mod stop;
#[cfg(test)]
mod tests;

pub use self::stop::{GRACE, Stop};

use self::queue::Queue;
use crate::diag::Diagnostic;
use crate::event::{self, Event, Outcome, Reporter};
use crate::plan::{Action, Plan, Reason, Step};
use crate::provider::{ErrorKind, Pace, Provider, ProviderError, Target};
use crate::resource::{self, Observed, ResourceType};
use crate::state::{Change, Session, StateError};
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long the service may take to show what was written, where nothing else is said (S3 gives no
/// bound; seconds are usual).
const SETTLE: Duration = Duration::from_mins(1);
/// The first and the longest pause between two looks.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Carries out `plan`, at most `parallelism` steps at once, until it is done or `stop` is asked.
/// What could not be recorded is in the outcome; nothing further was begun then.
pub async fn apply<P: Provider>(
    provider: &Arc<P>,
    plan: &Plan,
    session: &mut Session,
    parallelism: usize,
    stop: &Stop,
    reporter: &mut dyn Reporter,
) -> Outcome {
    let queue = Queue::new(&plan.steps);
    let followers = queue::followers(&plan.steps);
    reporter.report(&Event::Applying { total: queue.len() });
    let walk = Walk {
        plan,
        session,
        stop,
        reporter,
        queue,
        pace: Pace::new(parallelism, provider.throttled()),
        running: JoinSet::new(),
        in_flight: BTreeMap::new(),
        held_back: followers.values().flatten().copied().collect(),
        followers,
        waiting: BTreeSet::new(),
        done: Vec::new(),
        failures: Vec::new(),
        outcome: Outcome::default(),
    };
    walk.run(provider).await
}

/// What a step came to, and whether its call was made.
struct Ended {
    at: usize,
    took: Duration,
    result: Result<(), Failed>,
}

/// Why a step failed.
struct Failed {
    diagnostic: Diagnostic,
    /// It is certain that nothing was written.
    untouched: bool,
}

/// The one loop that owns the state.
struct Walk<'a> {
    plan: &'a Plan,
    session: &'a mut Session,
    stop: &'a Stop,
    reporter: &'a mut dyn Reporter,
    queue: Queue,
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
    failures: Vec<(usize, Diagnostic)>,
    outcome: Outcome,
}

impl Walk<'_> {
    async fn run<P: Provider>(mut self, provider: &Arc<P>) -> Outcome {
        if let Err(error) = self.record_what_was_seen() {
            self.outcome.unrecorded = Some(error);
        }
        loop {
            // One write and one sync for all that has ended and all that begins.
            let batch = self.next_batch();
            let flushed = self.session.flush();
            match flushed {
                Ok(()) => {
                    self.tell_done();
                    if self.outcome.unrecorded.is_some() || self.stop.is_asked() {
                        self.put_back(batch);
                    } else {
                        for at in batch {
                            self.begin(at, provider);
                        }
                    }
                }
                Err(error) => {
                    self.put_back(batch);
                    self.outcome.unrecorded.get_or_insert(error);
                }
            }
            // What needed no call is done already. What cannot be recorded stays so.
            if self.outcome.unrecorded.is_none() && !self.done.is_empty() {
                continue;
            }
            let Some(first) = self.next_end().await else { break };
            let mut ended = vec![first];
            while let Some(more) = self.running.try_join_next() {
                ended.extend(more);
            }
            for ended in ended {
                self.pace.answered(provider.throttled());
                self.end(ended);
            }
        }
        self.close()
    }

    /// Records what the plan found to be so without any step, and settles what was unfinished there.
    fn record_what_was_seen(&mut self) -> Result<(), StateError> {
        for step in self.plan.steps.iter().filter(|step| step.action == Action::NoOp) {
            self.session.settle(&step.provider, &step.identity)?;
            if step.record {
                record(self.session, step)?;
                self.outcome.moved += usize::from(step.previous.is_some());
            }
        }
        Ok(())
    }

    /// The steps that begin now, with what they are about to do in the journal to be flushed.
    fn next_batch(&mut self) -> Vec<usize> {
        let mut batch = Vec::new();
        while self.running.len() + batch.len() < self.pace.allowed()
            && self.outcome.unrecorded.is_none()
            && !self.stop.is_asked()
            && let Some(at) = self.queue.next()
        {
            if self.held_back.contains(&at) {
                // It makes no call, so that nothing need wait for it.
                self.waiting.insert(at);
                self.queue.done(at);
                continue;
            }
            batch.push(at);
            let intent = self.plan.steps.get(at).and_then(Step::intent);
            if let Some(Err(error)) = intent.map(|intent| self.session.intend(intent)) {
                self.outcome.unrecorded = Some(error);
            }
        }
        batch
    }

    fn begin<P: Provider>(&mut self, at: usize, provider: &Arc<P>) {
        let Some(step) = self.plan.steps.get(at) else { return };
        self.reporter.report(&Event::Started { step });
        if !step.calls() {
            return self.end(Ended { at, took: Duration::ZERO, result: Ok(()) });
        }
        let writing = Arc::new(AtomicBool::new(false));
        self.in_flight.insert(at, Arc::clone(&writing));
        let (provider, step) = (Arc::clone(provider), step.clone());
        self.running.spawn(async move {
            let begun = Instant::now();
            let result = run(&*provider, &step, &writing).await;
            Ended { at, took: begun.elapsed(), result }
        });
    }

    /// Steps that were to begin, but could not be recorded, or came too late.
    fn put_back(&mut self, batch: Vec<usize>) {
        for at in batch.into_iter().rev() {
            self.queue.put_back(at);
            self.withdraw(at);
        }
    }

    /// Records that a step has not written.
    fn withdraw(&mut self, at: usize) {
        let Some(step) = self.plan.steps.get(at) else { return };
        if step.calls()
            && let Err(error) = self.session.withdraw(&step.provider, &step.identity)
        {
            self.outcome.unrecorded.get_or_insert(error);
        }
    }

    /// Waits for the next step to end; `None` where none runs. What runs is cut when it is time.
    async fn next_end(&mut self) -> Option<Ended> {
        loop {
            let joined = tokio::select! {
                joined = self.running.join_next() => joined?,
                () = self.stop.cut() => {
                    self.running.abort_all();
                    self.running.join_next().await?
                }
            };
            // A task that panicked or was cut has no result: it is left in flight.
            if let Ok(ended) = joined {
                return Some(ended);
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
                self.queue.done(at);
            }
            Err(Failed { diagnostic, untouched }) => {
                if untouched {
                    self.withdraw(at);
                }
                self.reporter.report(&Event::Failed { step, diagnostic: &diagnostic });
                self.failures.push((at, diagnostic));
                self.queue.failed(at);
            }
        }
    }

    fn record_done(&mut self, at: usize, step: &Step, took: Duration) {
        let mut recorded = record(self.session, step);
        // What was intended with a bucket that goes on elsewhere is for the step there to settle.
        if recorded.is_ok() && !matches!(step.reason, Some(Reason::MovedTo { .. })) {
            recorded = self.session.settle(&step.provider, &step.identity);
        }
        match recorded {
            Ok(()) => self.done.push((at, took)),
            Err(error) => {
                self.outcome.unrecorded.get_or_insert(error);
            }
        }
    }

    /// Tells of what is done, now that it is durably recorded.
    fn tell_done(&mut self) {
        for (at, took) in std::mem::take(&mut self.done) {
            let Some(step) = self.plan.steps.get(at) else { continue };
            self.reporter.report(&Event::Done { step, took });
            self.outcome.moved += usize::from(step.previous.is_some());
            if let Some(slot) = Action::ALL
                .iter()
                .position(|it| *it == step.action)
                .and_then(|slot| self.outcome.done.get_mut(slot))
            {
                *slot += 1;
            }
        }
    }

    /// Sums up.
    fn close(mut self) -> Outcome {
        self.outcome.interrupted = self.stop.is_asked();
        let mut never_begun: BTreeSet<usize> = BTreeSet::new();
        for (at, writing) in std::mem::take(&mut self.in_flight) {
            let Some(step) = self.plan.steps.get(at) else { continue };
            if !self.outcome.interrupted {
                let diagnostic = failure(step, &ProviderError::panicked(&step.identity));
                self.reporter.report(&Event::Failed { step, diagnostic: &diagnostic });
                self.failures.push((at, diagnostic));
            } else if writing.load(Ordering::Acquire) {
                self.reporter.report(&Event::Cut { step });
                self.outcome.cut.push(step.id());
            } else {
                never_begun.insert(at);
                self.withdraw(at);
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
        if self.session.flush().is_ok() {
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
            self.outcome.unrecorded = self.session.record(outputs).err();
        }
        self.outcome
    }
}

/// Records that a step is done.
fn record(session: &mut Session, step: &Step) -> Result<(), StateError> {
    for change in step.changes_of(session.state()) {
        session.record(change)?;
    }
    Ok(())
}

/// Carries out one step. `writing` is set when its call may have been made.
async fn run(provider: &impl Provider, step: &Step, writing: &AtomicBool) -> Result<(), Failed> {
    let untouched = |diagnostic| Failed { diagnostic, untouched: true };
    let Some(ty) = resource::find(&step.address.resource.ty) else {
        return Err(untouched(Diagnostic::error(
            "Unknown resource type",
            format!("This version does not know the type of {}.", step.address),
        )));
    };
    let target = Target {
        ty: Arc::clone(&step.address.resource.ty),
        provider: Arc::clone(&step.provider),
        identity: Arc::clone(&step.identity),
        request: step.request.clone(),
    };
    let observed = provider.read(&target).await;
    let observed = observed.map_err(|error| untouched(failure(step, &error)))?;
    let Observed { settings: live, region: _, unknown } = observed;
    let (Some(before), Some(after)) = (&step.before, &step.after) else {
        return Err(untouched(Diagnostic::error(
            "Incomplete plan",
            format!("The plan does not say what {} is to become. Plan again.", step.address),
        )));
    };
    let moved = ty.differences(before, &live, &step.terms.keys);
    let mut paths: Vec<String> = moved.iter().map(ToString::to_string).collect();
    // What has come since would be lost unseen.
    let new = unknown.into_iter().filter(|it| !step.terms.unknown.contains(it));
    paths.extend(new.map(|element| element.path));
    let is_as_planned =
        paths.len() == moved.len() && ty.differences(after, &live, &step.terms.keys).is_empty();
    if !moved.is_empty() && is_as_planned {
        let diagnostic = Diagnostic::error(
            "Already carried out",
            format!(
                "The bucket {:?} is as this step would have it already: the plan was carried out \
                 before, or somebody else did the same. Nothing was written to it. Plan again to see \
                 what is left.",
                step.identity
            ),
        );
        return Err(untouched(diagnostic.of(&step.address)));
    }
    if !paths.is_empty() {
        let diagnostic = Diagnostic::error(
            "Changed since the plan",
            format!(
                "The bucket {:?} is not what the plan saw any more: {} changed. Nothing was \
                 written to it. Plan again.",
                step.identity,
                paths.join(", ")
            ),
        );
        return Err(untouched(diagnostic.of(&step.address)));
    }
    writing.store(true, Ordering::Release);
    let answer = if step.action == Action::Reset {
        provider.reset(&target).await
    } else {
        provider.write(&target, after).await
    };
    answer.map_err(|error| Failed {
        diagnostic: failure(step, &error),
        untouched: is_refusal(error.kind),
    })?;
    let settled = settle(provider, ty, step, &target, after).await;
    settled.map_err(|diagnostic| Failed { diagnostic, untouched: false })
}

/// Whether a failure of a call that writes means that nothing was written. Where no answer came, or
/// the service broke down, that is not known.
fn is_refusal(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::NotFound
        | ErrorKind::Denied
        | ErrorKind::Credentials
        | ErrorKind::Invalid
        | ErrorKind::Unsupported
        | ErrorKind::Configuration => true,
        // Of what was repeated, the first attempt may have got through without an answer.
        ErrorKind::Throttled
        | ErrorKind::Conflict
        | ErrorKind::Unreachable
        | ErrorKind::Outage
        | ErrorKind::Other => false,
    }
}

/// Reads until the service shows what was written.
async fn settle(
    provider: &impl Provider,
    ty: &dyn ResourceType,
    step: &Step,
    target: &Target,
    after: &Value,
) -> Result<(), Diagnostic> {
    let keys = &step.terms.keys;
    let bound = step.terms.timeout.map_or(SETTLE, Duration::from_millis);
    let begun = Instant::now();
    let mut pause = PAUSES.0;
    loop {
        let live = match provider.read(target).await {
            Ok(live) => live.settings,
            Err(error) => return Err(failure(step, &error)),
        };
        let differing = ty.differences(&live, after, keys);
        // What a reset leaves is the service's to say: S3 may or may not keep what is blocked, and
        // a store without default encryption has nothing at all.
        let reset = || ty.differences(&live, &ty.reset(&step.identity, &live), keys).is_empty();
        if differing.is_empty() || (step.action == Action::Reset && reset()) {
            return Ok(());
        }
        if begun.elapsed() >= bound {
            let paths: Vec<String> = differing.iter().map(ToString::to_string).collect();
            return Err(Diagnostic::error(
                "Not taken over",
                format!(
                    "The service accepted the new settings of the bucket {:?} and still answers \
                     with others after {} s: {}. Either it needs longer (`timeouts {{ {} = \
                     \"5m\" }}`), or it does not keep them.",
                    step.identity,
                    bound.as_secs_f64(),
                    paths.join(", "),
                    timeout_of(step)
                ),
            )
            .of(&step.address));
        }
        tokio::time::sleep(pause.min(bound.saturating_sub(begun.elapsed()))).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// What `timeouts` calls the time that a step has, as in Terraform.
fn timeout_of(step: &Step) -> &'static str {
    match (step.action, step.known) {
        (Action::Reset, _) => "delete",
        (Action::NoOp | Action::Adopt | Action::Update | Action::Forget, false) => "create",
        (Action::NoOp | Action::Adopt | Action::Update | Action::Forget, true) => "update",
    }
}

/// A failed request as a diagnostic about the step.
fn failure(step: &Step, error: &ProviderError) -> Diagnostic {
    let gone = if error.kind == ErrorKind::NotFound {
        " It was there when the plan was made."
    } else {
        ""
    };
    Diagnostic::error(error.summary, format!("{}{gone}", error.detail)).of(&step.address)
}
