//! What of a report somebody must know, one finding at a time.
//!
//! Owns the kinds of finding, which of them an instance is, how serious each is beside the others,
//! and how a difference reads in a line of text. The formats for other systems draw what they are
//! given here; this draws no format.

use super::canvas::{SENSITIVE, clean, literal};
use crate::diag::capital;
use crate::report::{
    Class, Command, Difference, Item, Level, Problem, Report, Severity, Status, Unknown, Whose,
};
use std::collections::BTreeSet;

/// How many characters of one value are shown.
const VALUE: usize = 256;

/// A kind of finding, the most serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Drift by which new objects are protected less.
    DriftWeakening,
    /// A step of `apply` that failed.
    FailedStep,
    /// A bucket that could not be read.
    UnreadableBucket,
    /// A bucket that was read, and of which no change could be planned.
    UnplannedBucket,
    /// An error that is not about one bucket.
    Error,
    /// A step after which new objects are protected less.
    WeakeningChange,
    /// Drift by which they are protected neither less nor more.
    Drift,
    /// A warning.
    Warning,
    /// A change that is to be done.
    PendingChange,
    /// Drift by which new objects are protected more.
    DriftStrengthening,
}

impl Kind {
    pub(super) const ALL: [Self; 10] = [
        Self::DriftWeakening,
        Self::FailedStep,
        Self::UnreadableBucket,
        Self::UnplannedBucket,
        Self::Error,
        Self::WeakeningChange,
        Self::Drift,
        Self::Warning,
        Self::PendingChange,
        Self::DriftStrengthening,
    ];

    /// Its name for programs. It never changes: others keep lists of them.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::DriftWeakening => "drift-weakening",
            Self::FailedStep => "failed-step",
            Self::UnreadableBucket => "unreadable-bucket",
            Self::UnplannedBucket => "unplanned-bucket",
            Self::Error => "configuration-error",
            Self::WeakeningChange => "weakening-change",
            Self::Drift => "drift",
            Self::Warning => "configuration-warning",
            Self::PendingChange => "pending-change",
            Self::DriftStrengthening => "drift-strengthening",
        }
    }

    /// Whether it is that somebody else changed a bucket.
    pub(super) fn is_drift(self) -> bool {
        match self {
            Self::DriftWeakening | Self::Drift | Self::DriftStrengthening => true,
            Self::FailedStep
            | Self::UnreadableBucket
            | Self::UnplannedBucket
            | Self::Error
            | Self::WeakeningChange
            | Self::Warning
            | Self::PendingChange => false,
        }
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum About<'a> {
    /// An instance.
    Item(&'a Item),
    /// Something that was found wrong beside the instances.
    Problem(&'a Problem),
}

/// One finding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finding<'a> {
    pub(super) kind: Kind,
    pub(super) about: About<'a>,
}

/// All findings: those of the instances in their order, then the problems in theirs.
pub(super) fn all(report: &Report) -> Vec<Finding<'_>> {
    let items = report.resources.iter().flat_map(|item| {
        let kinds = of_item(item, report.command).into_iter();
        kinds.map(move |kind| Finding { kind, about: About::Item(item) })
    });
    let problems = problems(report).into_iter().map(|problem| {
        let kind = match problem.severity {
            Level::Error => Kind::Error,
            Level::Warning => Kind::Warning,
        };
        Finding { kind, about: About::Problem(problem) }
    });
    items.chain(problems).collect()
}

/// What is to be said of an instance, suppressed drift included; nothing where it is as it should
/// be. What `apply` has done is mended. What takes back drift is part of that, but where the drift is
/// silenced: the step of a plan is told all the same.
pub(super) fn of_item(item: &Item, command: Command) -> Vec<Kind> {
    let mut kinds = Vec::new();
    if item.status == Some(Status::Failed) {
        kinds.push(Kind::FailedStep);
    } else if item.class == Class::Error {
        kinds.push(Kind::UnreadableBucket);
    } else if item.error.is_some() {
        kinds.push(Kind::UnplannedBucket);
    }
    if item.status == Some(Status::Done) {
        return kinds;
    }
    let (drift, pending) = match item.class {
        Class::Unchanged => (false, changes(item)),
        Class::Pending => (false, true),
        Class::Drift => {
            (true, item.suppressed.is_some() && command != Command::Drift && changes(item))
        }
        Class::Both => (true, true),
        Class::Error => (false, false),
    };
    if drift {
        kinds.push(match item.severity {
            Some(Severity::High) => Kind::DriftWeakening,
            Some(Severity::Low) => Kind::DriftStrengthening,
            Some(Severity::Medium) | None => Kind::Drift,
        });
    }
    // Taking back drift can be what protects less.
    if item.weakening.is_some() && item.class != Class::Error {
        kinds.push(Kind::WeakeningChange);
    } else if pending {
        kinds.push(Kind::PendingChange);
    }
    kinds
}

/// Whether the step does more than to take note.
fn changes(item: &Item) -> bool {
    matches!(item.action.as_deref(), Some("update" | "reset" | "forget"))
}

/// The problems that no instance tells of as its own error.
pub(super) fn problems(report: &Report) -> Vec<&Problem> {
    let told: BTreeSet<(&str, &str, &str)> = report
        .resources
        .iter()
        .filter_map(|item| item.error.as_ref().map(|error| (item, error)))
        .map(|(item, error)| (&*item.address, &*error.summary, &*error.detail))
        .collect();
    let is_told = |problem: &Problem| {
        let address = problem.address.as_deref().unwrap_or_default();
        told.contains(&(address, &*problem.summary, &*problem.detail))
    };
    report.diagnostics.iter().filter(|problem| !is_told(problem)).collect()
}

/// A difference in one line: `rule.x: recorded true, live false, declared true (drift)`.
pub(super) fn difference(difference: &Difference) -> String {
    let whose = match difference.whose {
        Whose::Pending => "pending",
        Whose::Drift => "drift",
        Whose::Both => "drift and pending",
    };
    let path = clean(&difference.path);
    if difference.sensitive {
        return format!("{path}: {SENSITIVE} ({whose})");
    }
    let sides = [
        ("recorded", &difference.recorded),
        ("live", &difference.live),
        ("declared", &difference.desired),
    ];
    let sides: Vec<String> = sides
        .into_iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| format!("{name} {}", shown(value))))
        .collect();
    format!("{path}: {} ({whose})", sides.join(", "))
}

/// A value on one line; the beginning of a long one.
fn shown(value: &serde_json::Value) -> String {
    shortened(&clean(value), VALUE)
}

/// The beginning of a long text, and how much there is.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((at, _)) => {
            let beginning = text.get(..at).unwrap_or(text);
            format!("{beginning}… ({} characters in all)", text.chars().count())
        }
    }
}

/// What else a step comes to: a sentence each.
pub(super) fn terms(item: &Item) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(from) = &item.moved_from {
        lines.push(format!("It has moved from {}.", clean(from)));
    }
    if let Some(id) = &item.imported {
        lines.push(format!("It is imported as {}.", literal(id)));
    }
    lines.extend(item.notes.iter().map(|note| format!("{}.", capital(&clean(note)))));
    lines
}

/// Whether the step replaces what is live: what this version does not know is dropped with it.
pub(super) fn writes(item: &Item) -> bool {
    matches!(item.action.as_deref(), Some("update" | "reset"))
}

/// Whether `apply` has taken back all that somebody else had changed.
pub(super) fn is_restored(item: &Item) -> bool {
    let mut outside = item.differences.iter().filter(|it| it.whose != Whose::Pending).peekable();
    item.status == Some(Status::Done)
        && item.action.as_deref() == Some("update")
        && outside.peek().is_some()
        && outside.all(|it| it.sensitive || it.desired != it.live)
}

/// That a step protects new objects less, as a sentence that needs no step in sight: a report of
/// drift shows none.
pub(super) fn weakens(item: &Item) -> Option<String> {
    let why = clean(item.weakening.as_ref()?);
    Some(match item.status {
        Some(Status::Done | Status::Unrecorded) => {
            format!("What apply did protects new objects less: {why}.")
        }
        Some(Status::Failed | Status::Skipped | Status::Unknown) | None => {
            format!("What apply would do protects new objects less: {why}.")
        }
    })
}

/// What is known of an instance besides its differences, a line each.
pub(super) fn notes(item: &Item) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(reason) = &item.reason {
        lines.push(format!("{}.", clean(reason)));
    }
    lines.extend(terms(item));
    for Unknown { path, content } in &item.unknown {
        let fate = if writes(item) { "dropped by the step" } else { "left as it is" };
        let (path, content) = (clean(path), shortened(&clean(content), VALUE));
        lines.push(format!("Not known to this version, and {fate}: {path} {content}."));
    }
    if let Some(weakened) = &item.weakened {
        let weakened = clean(weakened);
        lines.push(if is_restored(item) {
            format!("Restored: somebody else had made it protect new objects less: {weakened}.")
        } else {
            format!("New objects are protected less: {weakened}.")
        });
    }
    lines.extend(weakens(item));
    if let Some(blame) = &item.blame {
        let source = blame.source.as_ref().map(|it| format!(" from {}", clean(it)));
        lines.push(format!(
            "Changed by {} at {} ({}{}).",
            clean(&blame.who),
            clean(&blame.when),
            clean(&blame.event),
            source.unwrap_or_default()
        ));
    }
    if let Some(suppressed) = &item.suppressed {
        let until = suppressed.expires.as_ref().map(|day| format!(", until {}", clean(day)));
        lines.push(format!(
            "Suppressed by \"{}\"{}: {}.",
            clean(&suppressed.name),
            until.unwrap_or_default(),
            clean(suppressed.reason.trim_end_matches('.'))
        ));
    }
    if let Some(error) = &item.error {
        lines.push(format!("{}: {}", clean(&error.summary), clean(&error.detail)));
    }
    lines
}
