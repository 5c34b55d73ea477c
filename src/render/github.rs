//! A report for GitHub Actions: annotations at the lines of the blocks, and the summary of the job.
//!
//! Owns the workflow commands. A command is a line, so that nothing from outside may end one.

use super::canvas::{clean, clean_lines, counted, number};
use super::finding::{is_restored, terms, weakens, writes};
use super::markdown::markdown;
use super::markup::capped;
use super::review::{important, is_drift, is_error, problems};
use crate::report::{Command, Item, Level, Place, Report, Severity, Status, Unknown};

/// GitHub shows so many of each level for one step.
const SHOWN: usize = 10;
/// The most that GitHub takes as the summary of one step, less what other lines of the step may
/// have written.
const SUMMARY: usize = 1024 * 1024 - 4096;
/// More characters of a message are not shown.
const MESSAGE: usize = 2_000;

/// How bad an annotation is, as GitHub calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Error,
    Warning,
    Notice,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// One annotation.
struct Annotation<'a> {
    kind: Kind,
    place: Option<&'a Place>,
    title: String,
    message: String,
}

/// What was found, as workflow commands for standard output: at most ten of each level, which is what
/// GitHub shows, the most important first. Where that is not all, a notice at the end says how
/// many there are besides.
///
/// Errors are errors, and so is drift that protects less; steps that weaken, other drift and
/// warnings are warnings; what else is to be done is a notice.
pub fn annotations(report: &Report) -> String {
    let mut all: Vec<Annotation<'_>> = problems(report, Level::Error).map(of_problem).collect();
    all.extend(important(report).into_iter().map(|item| of_item(report, item)));
    all.extend(problems(report, Level::Warning).map(of_problem));
    let mut out = String::new();
    let mut left_out = 0;
    for kind in [Kind::Error, Kind::Warning, Kind::Notice] {
        let of_kind = all.iter().filter(|it| it.kind == kind);
        let count = of_kind.clone().count();
        // The last of the notices may be needed to say what is left out.
        let room = match kind {
            Kind::Error | Kind::Warning => SHOWN,
            Kind::Notice if left_out == 0 && count <= SHOWN => SHOWN,
            Kind::Notice => SHOWN - 1,
        };
        left_out += count.saturating_sub(room);
        for annotation in of_kind.take(room) {
            command(&mut out, report, annotation);
        }
    }
    if left_out > 0 {
        let message = format!(
            "GitHub shows ten annotations of each level for a step; {} more {} in the job's summary \
             and log.",
            number(left_out),
            if left_out == 1 { "is" } else { "are" }
        );
        let title = format!("Sealform: {} more", counted(left_out, "finding", "findings"));
        command(&mut out, report, &Annotation { kind: Kind::Notice, place: None, title, message });
    }
    out
}

/// The report as the summary of the job: Markdown to append to the file that `GITHUB_STEP_SUMMARY`
/// names.
pub fn job_summary(report: &Report) -> String {
    markdown(report, SUMMARY)
}

fn of_problem(problem: &crate::report::Problem) -> Annotation<'_> {
    let kind = match problem.severity {
        Level::Error => Kind::Error,
        Level::Warning => Kind::Warning,
    };
    let about = problem.address.as_ref().map_or_else(String::new, |it| format!("{it}: "));
    Annotation {
        kind,
        place: problem.place.as_ref(),
        title: problem.summary.clone(),
        message: format!("{about}{}", problem.detail),
    }
}

fn of_item<'a>(report: &Report, item: &'a Item) -> Annotation<'a> {
    let mut sentences = Vec::new();
    let mut kind = Kind::Notice;
    let mut title = None;
    let mut raise = |to: Kind, what: &str| {
        if title.is_none() {
            kind = to;
            title = Some(what.to_owned());
        }
    };
    if is_error(item) {
        let summary = item.error.as_ref().map_or("Not found out", |it| it.summary.as_str());
        raise(Kind::Error, summary);
        if let Some(error) = &item.error {
            sentences.push(error.detail.clone());
        }
    }
    if is_restored(item) {
        raise(Kind::Notice, "Restored");
        let why = item.weakened.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        sentences.push(format!("Somebody else had changed it, and it is as declared again{why}."));
    } else if is_drift(item) {
        let severity = match item.severity {
            Some(Severity::High) => {
                raise(Kind::Error, "Protection weakened outside of Sealform");
                "high"
            }
            Some(Severity::Medium) | None => {
                raise(Kind::Warning, "Changed outside of Sealform");
                "medium"
            }
            Some(Severity::Low) => {
                raise(Kind::Warning, "Changed outside of Sealform");
                "low"
            }
        };
        let why = item.weakened.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        sentences.push(format!("Somebody else changed it (severity {severity}){why}."));
        if let Some(by) = &item.blame {
            sentences.push(format!("It was {} at {} ({}).", by.who, by.when, by.event));
        }
    }
    if let Some(sentence) = weakens(item) {
        raise(Kind::Warning, "Weakens protection");
        sentences.push(sentence);
    }
    if let Some(by) = &item.suppressed {
        raise(Kind::Notice, "Changed outside of Sealform, suppressed");
        let reason = by.reason.trim_end_matches('.');
        sentences.push(format!("Suppressed by {:?}: {reason}.", by.name));
    }
    if let Some(action) = item.action.as_deref().filter(|action| *action != "no-op") {
        raise(Kind::Notice, "Change of a bucket's encryption");
        let what = match (report.command, item.status) {
            (_, Some(Status::Done)) => "Done",
            (_, Some(Status::Failed)) => "Failed",
            (_, Some(Status::Skipped)) => "Not begun",
            (_, Some(Status::Unknown)) => "Cut, not known whether done",
            (_, Some(Status::Unrecorded)) => "Done, not recorded",
            (Command::Plan | Command::Apply | Command::Drift, None) => "To be done",
        };
        let why = item.reason.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
        sentences.push(format!("{what}: {action}{why}."));
    }
    sentences.extend(terms(item));
    for it in item.unknown.iter().filter(|_| writes(item)) {
        let Unknown { path, content } = it;
        sentences.push(format!("Not known to this version, and dropped: {path} {content}."));
    }
    let paths: Vec<&str> = item.differences.iter().map(|it| it.path.as_str()).collect();
    if !paths.is_empty() {
        sentences.push(format!("What differs: {}.", paths.join(", ")));
    }
    let about = format!("{}, bucket {:?}. ", item.address, item.bucket);
    Annotation {
        kind,
        place: item.place.as_ref(),
        title: title.unwrap_or_else(|| "Pending change".to_owned()),
        message: format!("{about}{}", sentences.join(" ")),
    }
}

/// Writes one command.
fn command(out: &mut String, report: &Report, annotation: &Annotation<'_>) {
    let Annotation { kind, place, title, message } = annotation;
    out.push_str(&format!("::{} ", kind.word()));
    if let Some(Place { file, line, column: _, end_line }) = place {
        let path = property(&clean(from_root(&report.directory, file)));
        out.push_str(&format!("file={path},line={line},endLine={end_line},"));
    }
    let title = property(&clean(capped(title, 200)));
    let message = data(&clean_lines(&capped(message, MESSAGE)));
    out.push_str(&format!("title={title}::{message}\n"));
}

/// A path relative to the directory of the configuration as one relative to where the command ran,
/// which is the root of the repository in a workflow.
fn from_root(directory: &str, file: &str) -> String {
    let absolute = [directory, file].iter().any(|path| path.starts_with('/'));
    let joined =
        if file.starts_with('/') { file.to_owned() } else { format!("{directory}/{file}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    if absolute { format!("/{path}") } else { path }
}

/// The message of a command.
fn data(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            c => out.push(c),
        }
    }
    out
}

/// A property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
