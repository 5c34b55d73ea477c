//! Reads what is live, many objects at once.
//!
//! Owns the walk over the objects. It decides nothing: every answer and every failure is handed
//! on, in the order of the targets.

use crate::event::{Event, Reporter};
use crate::provider::{Pace, Provider, ProviderError, Target};
use crate::value::Value;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What reading an object came to.
pub type Answer = Result<Value, ProviderError>;

/// Reads every target, at most `parallelism` at once; the answers are in the order of the targets.
pub async fn refresh<P: Provider>(
    provider: &Arc<P>,
    targets: Vec<Target>,
    parallelism: usize,
    reporter: &mut dyn Reporter,
) -> Vec<(Target, Answer)> {
    let total = targets.len();
    reporter.report(&Event::Reading { total });
    let mut pace = Pace::new(parallelism, provider.throttled());
    let mut answers: Vec<Option<(Target, Answer)>> = Vec::new();
    answers.resize_with(total, || None);
    let mut waiting = targets.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut done = 0;
    loop {
        while running.len() < pace.allowed()
            && let Some((at, target)) = waiting.next()
        {
            let provider = Arc::clone(provider);
            running.spawn(async move {
                let answer = provider.read(&target).await;
                (at, target, answer)
            });
        }
        let Some(joined) = running.join_next().await else { break };
        // A task ends early only with the whole program.
        let Ok((at, target, answer)) = joined else { continue };
        pace.answered(provider.throttled());
        if let Some(slot) = answers.get_mut(at) {
            *slot = Some((target, answer));
        }
        done += 1;
        reporter.report(&Event::Read { done, total });
    }
    answers.into_iter().flatten().collect()
}
