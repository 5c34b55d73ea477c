//! Carries out exactly a plan's steps.
//!
//! Owns the walk: one loop owns the state; tasks hand their results to it, and it alone records,
//! writes and reports. A step re-reads its object first and refuses where live is not what the plan
//! saw; afterwards it reads until the service shows what was written. A failure stops only what
//! depends on it.

mod queue;
#[cfg(test)]
mod tests;

use self::queue::Queue;
use crate::diag::Diagnostic;
use crate::event::{Event, Outcome, Reporter};
use crate::plan::{Action, Plan, Step};
use crate::provider::{ErrorKind, Pace, Provider, ProviderError, Target};
use crate::resource::{self, Observed, ResourceType};
use crate::state::{Change, Session, StateError};
use crate::value::Value;
use std::collections::BTreeSet;
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

/// Carries out `plan`, at most `parallelism` steps at once. `interrupted` asks not to begin further ones.
///
/// # Errors
/// What was done could not be recorded; nothing further was begun then.
pub async fn apply<P: Provider>(
    provider: &Arc<P>,
    plan: &Plan,
    session: &mut Session,
    parallelism: usize,
    interrupted: &AtomicBool,
    reporter: &mut dyn Reporter,
) -> Result<Outcome, StateError> {
    let mut outcome = Outcome::default();
    for step in plan.steps.iter().filter(|step| step.record) {
        record(session, step)?;
    }
    let mut queue = Queue::new(&plan.steps);
    reporter.report(&Event::Applying { total: queue.len() });
    let mut pace = Pace::new(parallelism, provider.throttled());
    let mut running: JoinSet<(usize, Duration, Result<(), Diagnostic>)> = JoinSet::new();
    let mut failures: Vec<(usize, Diagnostic)> = Vec::new();
    let mut broken: Option<StateError> = None;
    let mut in_flight: BTreeSet<usize> = BTreeSet::new();
    loop {
        while running.len() < pace.allowed()
            && broken.is_none()
            && !interrupted.load(Ordering::Relaxed)
            && let Some(at) = queue.next()
        {
            let Some(step) = plan.steps.get(at) else { continue };
            reporter.report(&Event::Started { step });
            in_flight.insert(at);
            let (provider, step) = (Arc::clone(provider), step.clone());
            running.spawn(async move {
                let begun = Instant::now();
                let result = run(&*provider, &step).await;
                (at, begun.elapsed(), result)
            });
        }
        let Some(first) = running.join_next().await else { break };
        // Whatever else is ready is recorded along with it: one sync for all.
        let mut results = vec![first];
        while let Some(more) = running.try_join_next() {
            results.push(more);
        }
        let mut done = Vec::new();
        for (at, took, result) in results.into_iter().flatten() {
            in_flight.remove(&at);
            pace.answered(provider.throttled());
            let Some(step) = plan.steps.get(at) else { continue };
            match result {
                Ok(()) => {
                    if let Err(error) = record(session, step) {
                        broken.get_or_insert(error);
                    }
                    done.push((at, took, step));
                }
                Err(diagnostic) => {
                    reporter.report(&Event::Failed { step, diagnostic: &diagnostic });
                    failures.push((at, diagnostic));
                    queue.failed(at);
                }
            }
        }
        if broken.is_none()
            && let Err(error) = session.flush()
        {
            broken = Some(error);
        }
        for (at, took, step) in done {
            if broken.is_none() {
                reporter.report(&Event::Done { step, took });
                outcome.moved += usize::from(step.previous.is_some());
                if let Some(slot) = Action::ALL
                    .iter()
                    .position(|it| *it == step.action)
                    .and_then(|slot| outcome.done.get_mut(slot))
                {
                    *slot += 1;
                }
            }
            queue.done(at);
        }
    }
    // A task that panicked gave no result.
    for at in in_flight {
        let Some(step) = plan.steps.get(at) else { continue };
        let diagnostic = failure(step, &ProviderError::panicked(&step.identity));
        reporter.report(&Event::Failed { step, diagnostic: &diagnostic });
        failures.push((at, diagnostic));
        queue.failed(at);
    }
    outcome.interrupted = interrupted.load(Ordering::Relaxed);
    for at in queue.left() {
        let Some(step) = plan.steps.get(at) else { continue };
        reporter.report(&Event::Skipped { step });
        outcome.skipped.push(step.address.to_string());
    }
    failures.sort_by_key(|(at, _)| *at);
    outcome.failures = failures.into_iter().map(|(_, diagnostic)| diagnostic).collect();
    if let Some(error) = broken {
        return Err(error);
    }
    if outcome.is_complete() && !plan.output_changes.is_empty() {
        session.record(Change::Outputs(plan.outputs.clone()))?;
    }
    Ok(outcome)
}

/// Records that a step is done.
fn record(session: &mut Session, step: &Step) -> Result<(), StateError> {
    for change in step.changes_of(session.state()) {
        session.record(change)?;
    }
    Ok(())
}

/// Carries out one step.
async fn run(provider: &impl Provider, step: &Step) -> Result<(), Diagnostic> {
    let Some(ty) = resource::find(&step.address.resource.ty) else {
        return Err(Diagnostic::error(
            "Unknown resource type",
            format!("This version does not know the type of {}.", step.address),
        ));
    };
    match step.action {
        Action::NoOp | Action::Adopt | Action::Forget => return Ok(()),
        Action::Update | Action::Reset => {}
    }
    let target = Target {
        ty: Arc::clone(&step.address.resource.ty),
        provider: Arc::clone(&step.provider),
        identity: Arc::clone(&step.identity),
        request: step.request.clone(),
    };
    let fail = |error: ProviderError| failure(step, &error);
    let Observed { settings: live, region: _, unknown } =
        provider.read(&target).await.map_err(fail)?;
    let (Some(before), Some(after)) = (&step.before, &step.after) else {
        return Err(Diagnostic::error(
            "Incomplete plan",
            format!("The plan does not say what {} is to become. Plan again.", step.address),
        ));
    };
    let moved = ty.differences(before, &live, &step.terms.keys);
    let mut paths: Vec<String> = moved.iter().map(ToString::to_string).collect();
    // What has come since would be lost unseen.
    let new = unknown.into_iter().filter(|it| !step.terms.unknown.contains(it));
    paths.extend(new.map(|element| element.path));
    if !paths.is_empty() {
        return Err(Diagnostic::error(
            "Changed since the plan",
            format!(
                "The bucket {:?} is not what the plan saw any more: {} changed. Nothing was \
                 written to it. Plan again.",
                step.identity,
                paths.join(", ")
            ),
        )
        .of(&step.address));
    }
    if step.action == Action::Reset {
        provider.reset(&target).await.map_err(fail)?;
    } else {
        provider.write(&target, after).await.map_err(fail)?;
    }
    settle(provider, ty, step, &target, after).await
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
                     with others after {} s: {}. Either it needs longer (`timeouts {{ update = \
                     \"5m\" }}`), or it does not keep them.",
                    step.identity,
                    bound.as_secs_f64(),
                    paths.join(", ")
                ),
            )
            .of(&step.address));
        }
        tokio::time::sleep(pause.min(bound.saturating_sub(begun.elapsed()))).await;
        pause = (pause * 2).min(PAUSES.1);
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
