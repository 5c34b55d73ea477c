//! Whether somebody is told of a run, of what, and in which shape.

use super::{Command, Report, Severity, Verdict};
use std::borrow::Cow;

/// What a run gives occasion to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occasion {
    /// `drift` found that somebody else changed a bucket.
    Drift,
    /// `drift` found no drift, but changes pending.
    Pending,
    /// Something could not be found out, or was not done.
    Error,
    /// Nothing differs any more, after it had been told that something did.
    Recovered,
    /// `drift` found that nothing differs.
    Clean,
    /// `apply` did something.
    Applied,
}

impl Occasion {
    /// All, in the order in which people are told of them.
    pub const ALL: [Self; 6] =
        [Self::Drift, Self::Pending, Self::Error, Self::Recovered, Self::Clean, Self::Applied];
    /// What is told where nothing is said.
    pub const DEFAULT: [Self; 3] = [Self::Drift, Self::Error, Self::Recovered];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::Pending => "pending",
            Self::Error => "error",
            Self::Recovered => "recovered",
            Self::Clean => "clean",
            Self::Applied => "applied",
        }
    }
}

/// The shape of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// One document, of which there is a schema.
    #[default]
    Json,
    /// Blocks of Slack's.
    Slack,
    /// An Adaptive Card, as a workflow of Microsoft Teams takes it.
    Teams,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Slack, Self::Teams, Self::Json];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Slack => "slack",
            Self::Teams => "teams",
        }
    }
}

impl Severity {
    /// All, the least first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What one of those who are told knows by now: nothing, unless runs follow each other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// The verdict of the last run of which there was something to tell, or nothing.
    verdict: Option<Verdict>,
    /// It was told that something differs or failed, and not yet that it is over.
    open: bool,
    /// What could not be told so far, because a message did not get through.
    failing: Option<Verdict>,
}

impl Told {
    /// What there is to tell of a run to somebody whom drift less bad than `least` does not concern:
    /// on which occasion, and the report without such drift. Only a verdict that is another than
    /// the last one gives an occasion. Of `apply`, this is asked once its steps have been begun.
    pub fn next<'r>(
        &self,
        report: &'r Report,
        least: Severity,
    ) -> Option<(Occasion, Cow<'r, Report>)> {
        let report = seen(report, least);
        if self.verdict == Some(report.verdict) {
            return None;
        }
        let actions = &report.summary.actions;
        let done = actions.update + actions.adopt + actions.reset + actions.forget;
        let occasion = match (report.command, report.verdict) {
            (Command::Plan, _) => return None,
            (Command::Drift | Command::Apply, Verdict::Error) => Occasion::Error,
            (Command::Drift, Verdict::Drift) => Occasion::Drift,
            (Command::Drift, Verdict::Pending) => Occasion::Pending,
            (Command::Drift, Verdict::Clean) if self.open => Occasion::Recovered,
            (Command::Drift, Verdict::Clean) => Occasion::Clean,
            (Command::Apply, Verdict::Clean) if done > 0 => Occasion::Applied,
            (Command::Apply, Verdict::Clean | Verdict::Pending | Verdict::Drift) => return None,
        };
        Some((occasion, report))
    }

    /// Takes note of a run of which a message was sent, or of which none was wanted.
    pub fn note(&mut self, report: &Report, sent: bool) {
        let is_over = report.verdict == Verdict::Clean;
        *self = Self {
            verdict: Some(report.verdict),
            open: !is_over && (self.open || sent),
            failing: None,
        };
    }

    /// Takes note that a message did not get through, so that the next run sends one; tells whether
    /// that is news.
    pub fn fail(&mut self, report: &Report) -> bool {
        self.failing.replace(report.verdict) != Some(report.verdict)
    }
}

/// The report as it concerns somebody.
fn seen(report: &Report, least: Severity) -> Cow<'_, Report> {
    if least == Severity::Low || report.command != Command::Drift {
        return Cow::Borrowed(report);
    }
    let mut seen = report.clone();
    seen.at_least(least);
    Cow::Owned(seen)
}
