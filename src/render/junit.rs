//! For test reports: the XML of `JUnit`, as Jenkins, GitLab and others read it.
//!
//! One suite, and a case for each bucket: its class is the provider with the module, its name the
//! address. Drift is a failure, what could not be read or done an error, suppressed drift is skipped.
//! Drift stays a failure where the bucket was read and something else is wrong with it.
//! A pending change is no fault: its case passes, and what is pending is in its output. An error that
//! is not about one bucket is a case of its own; warnings are in the output of the suite.
//!
//! The numbers of the suite are those of its cases. Whatever a name is made of, the document is XML
//! 1.0: what may not be in one is written as an escape.

use super::canvas::{clean, put};
use super::finding::{self, Kind};
use crate::addr::Address;
use crate::report::{Command, Item, Level, Problem, Report, Severity};

/// The numbers of a suite.
#[derive(Debug, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

/// The whole document.
pub fn junit(report: &Report) -> String {
    let mut counts = Counts::default();
    let mut cases = String::new();
    for item in &report.resources {
        case(&mut cases, &mut counts, item, report.command);
    }
    let mut warnings = String::new();
    for problem in finding::problems(report) {
        match problem.severity {
            Level::Error => problem_case(&mut cases, &mut counts, problem),
            Level::Warning => put(&mut warnings, format_args!("{}\n", described(problem))),
        }
    }
    let command = report.command.word();
    let numbers = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\"",
        counts.tests,
        counts.failures,
        counts.errors,
        counts.skipped,
        report.seconds.filter(|it| it.is_finite()).unwrap_or_default()
    );
    let name = attribute(&report.directory);
    let mut out = String::with_capacity(cases.len() + 1024);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    put(&mut out, format_args!("<testsuites name=\"sealform {command}\" {numbers}>\n"));
    put(&mut out, format_args!("  <testsuite name=\"{name}\" {numbers}"));
    if let Some(started) = report.started.as_ref().and_then(|it| it.parse().ok()) {
        // Without a zone, as the format has it; it is UTC.
        let started: jiff::Timestamp = started;
        put(&mut out, format_args!(" timestamp=\"{}\"", started.strftime("%Y-%m-%dT%H:%M:%S")));
    }
    out.push_str(">\n    <properties>\n");
    let share = report.share.map(|share| format!("{}/{}", share.part, share.of));
    let properties = [
        ("sealform_version", Some(&report.sealform_version)),
        ("started", report.started.as_ref()),
        ("share", share.as_ref()),
    ];
    for (name, value) in properties {
        if let Some(value) = value {
            let value = attribute(value);
            put(&mut out, format_args!("      <property name=\"{name}\" value=\"{value}\"/>\n"));
        }
    }
    out.push_str("    </properties>\n");
    out.push_str(&cases);
    if !warnings.is_empty() {
        put(&mut out, format_args!("    <system-err>{}</system-err>\n", text(&warnings)));
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// What a case came to, besides having passed.
struct Mark {
    element: &'static str,
    kind: &'static str,
    message: String,
}

fn case(out: &mut String, counts: &mut Counts, item: &Item, command: Command) {
    counts.tests += 1;
    let kinds = finding::of_item(item, command);
    let mark = mark(item, &kinds);
    if let Some(mark) = &mark {
        match mark.element {
            "failure" => counts.failures += 1,
            "error" => counts.errors += 1,
            _ => counts.skipped += 1,
        }
    }
    open(out, &class(item), &item.address);
    let lines = lines(item);
    let is_shown = mark.is_some() || !kinds.is_empty();
    if !is_shown {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    if let Some(mark) = mark {
        let message = attribute(&mark.message);
        put(out, format_args!("      <{} message=\"{message}\"", mark.element));
        if mark.element == "skipped" {
            // It has no type, and readers differ over text in it.
            out.push_str("/>\n");
            put(out, format_args!("      <system-out>{}</system-out>\n", text(&lines)));
        } else {
            put(out, format_args!(" type=\"{}\">{}</{}>\n", mark.kind, text(&lines), mark.element));
        }
    } else {
        let lines = format!("Pending, which is no fault.\n{lines}");
        put(out, format_args!("      <system-out>{}</system-out>\n", text(&lines)));
    }
    out.push_str("    </testcase>\n");
}

fn mark(item: &Item, kinds: &[Kind]) -> Option<Mark> {
    let bucket = clean(&item.bucket);
    let drift = kinds.iter().find(|kind| kind.is_drift());
    let failed = kinds.iter().find(|kind| match kind {
        Kind::FailedStep | Kind::UnreadableBucket => true,
        Kind::UnplannedBucket => drift.is_none() || item.suppressed.is_some(),
        Kind::DriftWeakening
        | Kind::Error
        | Kind::WeakeningChange
        | Kind::Drift
        | Kind::Warning
        | Kind::PendingChange
        | Kind::DriftStrengthening => false,
    });
    if let Some(kind) = failed {
        let message = match &item.error {
            Some(error) => format!("{}: {}", clean(&error.summary), clean(&error.detail)),
            None => format!("bucket {bucket} could not be checked"),
        };
        return Some(Mark { element: "error", kind: kind.id(), message });
    }
    let drift = drift?;
    if let Some(suppressed) = &item.suppressed {
        let name = clean(&suppressed.name);
        let reason = clean(&suppressed.reason);
        let message = format!("drift suppressed by \"{name}\": {reason}");
        return Some(Mark { element: "skipped", kind: drift.id(), message });
    }
    let paths: Vec<String> = item.differences.iter().map(|it| clean(&it.path)).collect();
    let severity = match item.severity {
        Some(Severity::High) => "weakened",
        Some(Severity::Low) => "strengthened",
        Some(Severity::Medium) | None => "changed",
    };
    let what = if paths.is_empty() { String::new() } else { format!(": {}", paths.join(", ")) };
    let message = format!("bucket {bucket} was {severity} outside of Sealform{what}");
    Some(Mark { element: "failure", kind: drift.id(), message })
}

/// All that is known of an instance.
fn lines(item: &Item) -> String {
    let mut lines = vec![format!("bucket {}", clean(&item.bucket))];
    for (name, value) in [("account", &item.account), ("Region", &item.region)] {
        lines.extend(value.iter().map(|it| format!("{name} {}", clean(it))));
    }
    if let Some(place) = &item.place {
        lines.push(format!("declared in {}:{}", clean(&place.file), place.line));
    }
    lines.extend(finding::notes(item));
    lines.extend(item.differences.iter().map(finding::difference));
    lines.join("\n")
}

/// The provider with the module, if the instance is in one.
fn class(item: &Item) -> String {
    let module = item.address.parse::<Address>().map(|address| {
        let steps = address.resource.module.iter();
        let steps = steps.map(|step| format!("module.{}{}", step.name, step.key));
        steps.collect::<Vec<_>>().join(".")
    });
    match module {
        Ok(module) if !module.is_empty() => format!("{}/{module}", item.provider),
        Ok(_) | Err(_) => item.provider.clone(),
    }
}

fn problem_case(out: &mut String, counts: &mut Counts, problem: &Problem) {
    counts.tests += 1;
    counts.errors += 1;
    open(out, "sealform", &described_place(problem));
    let message = attribute(&problem.summary);
    put(
        out,
        format_args!(
            ">\n      <error message=\"{message}\" type=\"{}\">{}</error>\n    </testcase>\n",
            Kind::Error.id(),
            text(&described(problem))
        ),
    );
}

fn described_place(problem: &Problem) -> String {
    match (&problem.place, &problem.address) {
        (Some(place), _) => format!("{} ({}:{})", problem.summary, place.file, place.line),
        (None, Some(address)) => format!("{} ({address})", problem.summary),
        (None, None) => problem.summary.clone(),
    }
}

fn described(problem: &Problem) -> String {
    format!("{}: {}", clean(described_place(problem)), clean(&problem.detail))
}

fn open(out: &mut String, class: &str, name: &str) {
    let (class, name) = (attribute(class), attribute(name));
    put(out, format_args!("    <testcase classname=\"{class}\" name=\"{name}\" time=\"0.000\""));
}

/// A text from outside as the value of an attribute, on one line.
fn attribute(value: &str) -> String {
    text(&clean(value))
}

/// A text as the content of an element. What may not be in XML, however it is written, is replaced.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => {
                out.push(c);
            }
            _ => out.push('\u{fffd}'),
        }
    }
    out
}
