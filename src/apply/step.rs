//! One step: reads its object, writes it if it is as the plan saw it, and reads until that shows.

use super::intents::Ticket;
use crate::diag::Diagnostic;
use crate::plan::{Action, Step};
use crate::provider::{ErrorKind, Provider, ProviderError, Target};
use crate::resource::{self, Observed, ResourceType};
use crate::value::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How long the service may take to show what was written, where nothing else is said (S3 gives no
/// bound; seconds are usual).
const SETTLE: Duration = Duration::from_mins(1);
/// The first and the longest pause between two looks.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Why a step is not done.
pub(super) enum Undone {
    /// What it was about to do could not be recorded: it has not written.
    Unrecorded,
    /// It failed.
    Failed {
        diagnostic: Box<Diagnostic>,
        /// It is certain that nothing was written.
        untouched: bool,
    },
}

impl Undone {
    fn failed(diagnostic: Diagnostic, untouched: bool) -> Self {
        Self::Failed { diagnostic: Box::new(diagnostic), untouched }
    }
}

/// Carries out one step. It writes when its `ticket` says that it may; `writing` is set when its call
/// may have been made.
pub(super) async fn run(
    provider: &impl Provider,
    step: &Step,
    ticket: Ticket,
    writing: &AtomicBool,
) -> Result<(), Undone> {
    let untouched = |diagnostic| Undone::failed(diagnostic, true);
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
    if !ticket.granted().await {
        return Err(Undone::Unrecorded);
    }
    writing.store(true, Ordering::Release);
    let answer = if step.action == Action::Reset {
        provider.reset(&target).await
    } else {
        provider.write(&target, after).await
    };
    answer.map_err(|error| Undone::failed(failure(step, &error), is_refusal(error.kind)))?;
    let settled = settle(provider, ty, step, &target, after).await;
    settled.map_err(|diagnostic| Undone::failed(diagnostic, false))
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
pub(super) fn failure(step: &Step, error: &ProviderError) -> Diagnostic {
    let gone = if error.kind == ErrorKind::NotFound {
        " It was there when the plan was made."
    } else {
        ""
    };
    Diagnostic::error(error.summary, format!("{}{gone}", error.detail))
        .of(&step.address)
        .of_attribute(error.attribute.clone())
}
