//! A report as a message to a webhook: for Slack, for Microsoft Teams, and for programs.
//!
//! Owns what a message says and how long it may be: the verdict, the counts, where it was found, and
//! the worst findings first, as many as there is room for, with how many are left out. Nothing that a
//! name can contain becomes markup or calls upon people: it stands where neither of the two looks
//! for any.

mod json;
mod slack;
mod teams;

use super::canvas::{SENSITIVE, clean, counted, number};
use super::finding;
use super::markup::capped;
use super::review::{important, is_drift, is_error, problems};
use crate::report::{
    Command, Difference, Item, Level, Occasion, Problem, Report, Severity, Shape, Status, Whose,
};
use serde_json::Value as Json;

/// So many findings are told for people; who wants all looks into a report.
const SHOWN: usize = 20;
/// So many lines are told of one finding.
const LINES: usize = 8;
/// More characters of a line, or of a name, are not shown.
const WIDTH: usize = 240;

/// What is told, and to whom.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The label of the `notify` block.
    pub name: &'a str,
    /// Why something is told.
    pub occasion: Occasion,
    /// The directory of the configuration, as whoever is elsewhere can tell it from others.
    pub directory: &'a str,
    /// The workspace.
    pub workspace: &'a str,
    /// Drift that is less bad is not in the report.
    pub least: Severity,
    /// What was found.
    pub report: &'a Report,
}

/// The message as a JSON document of a shape.
pub fn notification(shape: Shape, message: &Message<'_>) -> String {
    let document = match shape {
        Shape::Json => json::document(message),
        Shape::Slack => slack::message(message),
        Shape::Teams => teams::message(message),
    };
    document.to_string()
}

/// How serious something is, for colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Bad,
    Worth,
    Good,
}

/// One finding, as lines of text from outside that are harmless to a terminal, and no more.
struct Entry {
    /// What it is in a word: `high`, `error`.
    mark: &'static str,
    mood: Mood,
    /// The address; of what is about no instance, what kind of thing it is.
    title: String,
    /// The bucket and where it is.
    bucket: Option<String>,
    lines: Vec<String>,
}

impl Message<'_> {
    fn mood(&self) -> Mood {
        match self.occasion {
            Occasion::Drift | Occasion::Error => Mood::Bad,
            Occasion::Pending => Mood::Worth,
            Occasion::Recovered | Occasion::Clean | Occasion::Applied => Mood::Good,
        }
    }

    /// What happened, in a few words.
    fn title(&self) -> String {
        let sum = &self.report.summary;
        let buckets = |count| counted(count, "bucket", "buckets");
        match (self.occasion, self.report.command) {
            (Occasion::Drift, _) => format!("Drift: {} changed outside", buckets(sum.drifted)),
            (Occasion::Pending, _) => format!("Pending: {} to be changed", buckets(sum.pending)),
            (Occasion::Error, Command::Apply) => "Apply failed".to_owned(),
            (Occasion::Error, Command::Drift | Command::Plan) => {
                "Error: not everything could be checked".to_owned()
            }
            (Occasion::Recovered, _) => "Recovered: nothing differs any more".to_owned(),
            (Occasion::Clean, _) => "Clean: nothing differs".to_owned(),
            (Occasion::Applied, _) if self.report.destroy => "Destroyed".to_owned(),
            (Occasion::Applied, _) => "Applied".to_owned(),
        }
    }

    /// The run in numbers.
    fn counts(&self) -> String {
        let sum = &self.report.summary;
        let of = |counts: &[(usize, &str)]| -> Vec<String> {
            let some = counts.iter().filter(|(count, _)| *count > 0);
            some.map(|(count, what)| format!("{} {what}", number(*count))).collect()
        };
        let parts = match self.report.command {
            Command::Apply => {
                let with = |status| {
                    self.report.resources.iter().filter(move |it| it.status == Some(status))
                };
                let undone = [Status::Failed, Status::Skipped, Status::Unknown, Status::Unrecorded];
                let [failed, skipped, unknown, unrecorded] = undone.map(|it| with(it).count());
                of(&[
                    (sum.actions.update, "updated"),
                    (sum.actions.adopt, "adopted"),
                    (sum.actions.reset, "reset"),
                    (sum.actions.forget, "forgotten"),
                    (failed, "failed"),
                    (skipped, "not begun"),
                    (unknown, "cut while writing"),
                    (unrecorded, "done and not recorded"),
                ])
            }
            Command::Drift | Command::Plan => {
                let mut parts =
                    vec![format!("{} checked", counted(sum.checked, "bucket", "buckets"))];
                let bad = &sum.severities;
                let by_severity =
                    of(&[(bad.high, "high"), (bad.medium, "medium"), (bad.low, "low")]);
                if sum.drifted > 0 {
                    let drifted = number(sum.drifted);
                    parts.push(format!("{drifted} changed outside ({})", by_severity.join(", ")));
                }
                parts.extend(of(&[
                    (sum.pending, "with changes pending"),
                    (sum.suppressed, "suppressed"),
                    (self.report.unread(), "not known"),
                    (sum.errors.saturating_sub(self.report.unread()), "read, but with an error"),
                ]));
                parts
            }
        };
        let mut text = parts.join(", ");
        if !text.is_empty() {
            text.push('.');
        }
        if self.least > Severity::Low && self.report.command == Command::Drift {
            text += &format!(" Drift below {} is not told.", self.least.word());
        }
        text
    }

    /// Where it was found: pieces of text from outside, each with what it is.
    fn place(&self) -> Vec<(&'static str, String)> {
        let mut place = vec![("in", shown(self.directory))];
        place.push(("workspace", shown(self.workspace)));
        if let Some(share) = self.report.share {
            place.push(("share", format!("{} of {}", share.part, share.of)));
        }
        place
    }

    /// What there is to say, the worst first: instances and what else went wrong. What is known to be
    /// so for a reason is only counted.
    fn findings(&self) -> (Vec<&Item>, Vec<&Problem>) {
        let mut items = important(self.report);
        items.retain(|item| item.suppressed.is_none() || is_error(item) || is_done(item));
        (items, problems(self.report, Level::Error).collect())
    }

    /// The findings for people, as many as are told, and how many there are besides.
    fn told(&self) -> (Vec<Entry>, usize) {
        let (items, problems) = self.findings();
        let all = problems.len() + items.len();
        let told = problems.into_iter().map(problem).chain(items.into_iter().map(item));
        let told: Vec<Entry> = told.take(SHOWN).collect();
        let more = all - told.len();
        (told, more)
    }
}

/// Says how many findings are left out, where any are.
fn rest(count: usize) -> Option<String> {
    (count > 0).then(|| format!("and {} more", counted(count, "finding", "findings")))
}

/// A text from outside on one line, harmless and not too long.
fn shown(text: &str) -> String {
    // Neither of the two takes a text of nothing.
    if text.trim().is_empty() { "\"\"".to_owned() } else { clean(capped(text, WIDTH)) }
}

fn is_done(item: &Item) -> bool {
    item.status == Some(Status::Done)
}

fn problem(problem: &Problem) -> Entry {
    let place = problem.place.as_ref().map(|it| format!("{}:{}", shown(&it.file), it.line));
    let detail = problem.detail.lines().filter(|line| !line.trim().is_empty()).map(shown);
    Entry {
        mark: "error",
        mood: Mood::Bad,
        title: shown(&problem.summary),
        bucket: None,
        lines: place.into_iter().chain(detail).take(LINES).collect(),
    }
}

fn item(item: &Item) -> Entry {
    let (mark, mood) = if is_error(item) {
        ("error", Mood::Bad)
    } else if let (true, Some(action)) = (is_done(item), item.action.as_deref()) {
        match action {
            "update" if finding::is_restored(item) => ("restored", Mood::Good),
            "update" => ("updated", Mood::Good),
            "reset" => ("reset", Mood::Worth),
            "adopt" => ("adopted", Mood::Good),
            _ => ("forgotten", Mood::Good),
        }
    } else if is_drift(item) {
        match item.severity {
            Some(Severity::High) => ("high", Mood::Bad),
            Some(Severity::Medium) | None => ("medium", Mood::Worth),
            Some(Severity::Low) => ("low", Mood::Good),
        }
    } else {
        ("pending", Mood::Worth)
    };
    let place: Vec<&str> =
        [&item.account, &item.region].into_iter().flatten().map(|it| &**it).collect();
    let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
    let differences = item.differences.iter().map(|it| difference(it, is_done(item)));
    let notes = finding::notes(item);
    let room = LINES.saturating_sub(notes.len()).max(2);
    let mut lines: Vec<String> = differences.take(room).collect();
    if item.differences.len() > lines.len() {
        lines.push(format!("and {} more attributes", item.differences.len() - lines.len()));
    }
    lines.extend(notes);
    Entry {
        mark,
        mood,
        title: shown(&item.address),
        bucket: Some(shown(&format!("{}{place}", item.bucket))),
        lines: lines.iter().map(|line| shown(line)).collect(),
    }
}

/// What changed, from what to what: shorter than where a program reads it.
fn difference(difference: &Difference, is_done: bool) -> String {
    let Difference { path, recorded, live, desired, whose, sensitive } = difference;
    let name = path.rsplit('.').next().unwrap_or_default();
    if *sensitive {
        return format!("{name}: {SENSITIVE}");
    }
    let text = |value: &Option<Json>| match value {
        None | Some(Json::Null) => "nothing".to_owned(),
        Some(value) => value.to_string(),
    };
    let (recorded, live, desired) = (text(recorded), text(live), text(desired));
    match whose {
        _ if is_done => format!("{name}: {live} → {desired}"),
        Whose::Drift => format!("{name}: {recorded} → {live}"),
        Whose::Both => format!("{name}: {recorded} → {live}, declared {desired}"),
        Whose::Pending => format!("{name}: {live}, declared {desired}"),
    }
}
