//! What matters in a report, and how much: the order in which reviewers are told.

use crate::report::{Class, Item, Level, Problem, Report, Severity, Status};
use std::collections::BTreeMap;

/// Whether a change of the bucket by somebody else counts.
pub(super) fn is_drift(item: &Item) -> bool {
    item.suppressed.is_none() && item.drifts()
}

/// Whether something went wrong with it.
pub(super) fn is_error(item: &Item) -> bool {
    item.error.is_some() || item.class == Class::Error || item.status == Some(Status::Failed)
}

/// Whether there is anything to say about it.
fn is_shown(item: &Item) -> bool {
    is_error(item)
        || item.class != Class::Unchanged
        || item.weakening.is_some()
        || item.action.as_deref().is_some_and(|action| action != "no-op")
}

/// How important an item is: less is more.
pub(super) fn rank(item: &Item) -> u8 {
    if is_error(item) {
        0
    } else if item.weakening.is_some() {
        1
    } else if is_drift(item) {
        match item.severity {
            Some(Severity::High) => 2,
            Some(Severity::Medium) | None => 3,
            Some(Severity::Low) => 4,
        }
    } else if item.suppressed.is_some() && item.class == Class::Drift {
        6
    } else {
        5
    }
}

/// What there is something to say about, the most important first.
pub(super) fn important(report: &Report) -> Vec<&Item> {
    let mut items: Vec<&Item> = report.resources.iter().filter(|item| is_shown(item)).collect();
    items.sort_by_key(|item| rank(item));
    items
}

/// Errors that are not already told with an item, and warnings.
pub(super) fn problems(report: &Report, level: Level) -> impl Iterator<Item = &Problem> {
    let told: BTreeMap<&str, &str> = report
        .resources
        .iter()
        .filter_map(|item| Some((item.address.as_str(), item.error.as_ref()?.summary.as_str())))
        .collect();
    report.diagnostics.iter().filter(move |problem| {
        let address = problem.address.as_deref();
        problem.severity == level
            && address.and_then(|it| told.get(it)).is_none_or(|summary| *summary != problem.summary)
    })
}
