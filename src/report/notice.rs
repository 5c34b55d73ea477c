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
pub struct Notified {
    /// The verdict of the last run of which there was something to tell, or nothing.
    verdict: Option<Verdict>,
    /// It was told that something differs or failed, and not yet that it is over.
    open: bool,
    /// What could not be told so far, because a message did not get through.
    failing: Option<Verdict>,
}

impl Notified {
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
            (Command::Drift | Command::Apply, Verdict::Error) => Occasion::Error,
            (Command::Drift, Verdict::Drift) => Occasion::Drift,
            (Command::Drift, Verdict::Pending) => Occasion::Pending,
            (Command::Drift, Verdict::Clean) if self.open => Occasion::Recovered,
            (Command::Drift, Verdict::Clean) => Occasion::Clean,
            (Command::Apply, Verdict::Clean) if done > 0 => Occasion::Applied,
            (Command::Plan, _)
            | (Command::Apply, Verdict::Clean | Verdict::Pending | Verdict::Drift) => return None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Actions, FORMAT_VERSION, Summary};

    fn run(command: Command, verdict: Verdict) -> Report {
        Report {
            format_version: FORMAT_VERSION.to_owned(),
            sealform_version: "0.1.0".to_owned(),
            command,
            destroy: false,
            directory: ".".to_owned(),
            started: None,
            seconds: None,
            share: None,
            verdict,
            summary: Summary::default(),
            resources: Vec::new(),
            outputs: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// What a block that wants `on` is told of runs that follow each other.
    fn course(on: &[Occasion], verdicts: &[Verdict]) -> Vec<Option<Occasion>> {
        let mut told = Notified::default();
        let tell = |verdict: &Verdict| {
            let report = run(Command::Drift, *verdict);
            let (occasion, seen) = told.next(&report, Severity::Low)?;
            let wanted = on.contains(&occasion);
            told.note(&seen, wanted);
            wanted.then_some(occasion)
        };
        verdicts.iter().map(tell).collect()
    }

    #[test]
    fn only_another_verdict_is_told() {
        use Verdict::{Clean, Drift, Error, Pending};
        let usual = &Occasion::DEFAULT;
        let (drift, error) = (Some(Occasion::Drift), Some(Occasion::Error));
        let recovered = Some(Occasion::Recovered);
        assert_eq!(
            course(usual, &[Clean, Drift, Drift, Error, Drift, Clean, Clean, Drift]),
            [None, drift, None, error, drift, recovered, None, drift]
        );
        // What is over was told by way of what nobody wanted to know.
        assert_eq!(course(usual, &[Drift, Pending, Clean]), [drift, None, recovered]);
        // Nothing was told: nothing is over.
        assert_eq!(course(usual, &[Pending, Clean]), [None, None]);
        assert_eq!(
            course(&Occasion::ALL, &[Clean, Pending, Clean]),
            [Some(Occasion::Clean), Some(Occasion::Pending), recovered]
        );
        assert_eq!(
            course(&[Occasion::Clean], &[Clean, Drift, Clean]),
            [Some(Occasion::Clean), None, Some(Occasion::Clean)]
        );
    }

    #[test]
    fn what_did_not_get_through_is_tried_again_and_complained_of_once() {
        let mut told = Notified::default();
        let drift = run(Command::Drift, Verdict::Drift);
        let error = run(Command::Drift, Verdict::Error);
        for (report, news) in [(&drift, true), (&drift, false), (&error, true), (&error, false)] {
            assert!(told.next(report, Severity::Low).is_some());
            assert_eq!(told.fail(report), news);
        }
        told.note(&error, true);
        assert!(told.next(&error, Severity::Low).is_none());
    }

    #[test]
    fn apply_tells_what_it_did_and_plan_nothing() {
        let next = |report: &Report| {
            Notified::default().next(report, Severity::Low).map(|(occasion, _)| occasion)
        };
        let mut done = run(Command::Apply, Verdict::Clean);
        assert_eq!(next(&done), None, "there was nothing to do");
        done.summary.actions = Actions { adopt: 1, ..Actions::default() };
        assert_eq!(next(&done), Some(Occasion::Applied));
        assert_eq!(next(&run(Command::Apply, Verdict::Error)), Some(Occasion::Error));
        for verdict in [Verdict::Clean, Verdict::Pending, Verdict::Drift, Verdict::Error] {
            assert_eq!(next(&run(Command::Plan, verdict)), None);
        }
    }
}
