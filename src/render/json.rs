//! For programs: documents with a version. What is sensitive is never in them.

use super::window::{Window, floor};
use crate::addr::Address;
use crate::diag::{Diagnostic, FileId, Position, Severity, Sources, Span};
use crate::event::testing::{Tested, TestedFile, TestedRun, Verdict};
use crate::plan::Plan;
use crate::report::{Command, Facts, Report};
use crate::state::{OutputState, Recorded, StateFile};
use crate::value::{Value, to_json};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use unicode_segmentation::UnicodeSegmentation as _;

/// The version of the documents: another first number means that readers must be changed.
pub const FORMAT_VERSION: &str = "1.0";

/// What `validate` found; also what stopped a command before it had anything else to say. The shape
/// is that of `terraform validate -json`.
pub fn validation(diagnostics: &[Diagnostic], sources: &Sources) -> Json {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    json!({
        "format_version": FORMAT_VERSION,
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": diagnostics.len() - errors,
        "diagnostics": self::diagnostics(diagnostics, sources),
    })
}

/// What tests came to, with what was found wrong before any could run; `verbose` gives the plan and
/// the state of each run, too.
pub fn tested(
    tested: &Tested,
    diagnostics: &[Diagnostic],
    sources: &Sources,
    verbose: bool,
) -> Json {
    let status = match (crate::diag::has_errors(diagnostics), tested.has_passed()) {
        (true, _) => "error",
        (false, true) => "pass",
        (false, false) => "fail",
    };
    let file = |file: &TestedFile| {
        let runs = file.runs.iter().map(|run| tested_run(run, sources, verbose));
        json!({
            "path": &*file.name,
            "status": verdict(file.verdict()),
            "runs": runs.collect::<Vec<_>>(),
            "diagnostics": self::diagnostics(&file.diagnostics, sources),
        })
    };
    json!({
        "format_version": FORMAT_VERSION,
        "status": status,
        "summary": {
            "passed": tested.count(Verdict::Pass),
            "failed": tested.count(Verdict::Fail),
            "errored": tested.count(Verdict::Error),
            "skipped": tested.count(Verdict::Skip),
        },
        "files": tested.files.iter().map(file).collect::<Vec<_>>(),
        "diagnostics": self::diagnostics(diagnostics, sources),
    })
}

fn tested_run(run: &TestedRun, sources: &Sources, verbose: bool) -> Json {
    let mut object = json!({
        "name": &*run.name,
        "status": verdict(run.verdict),
        "diagnostics": diagnostics(&run.diagnostics, sources),
    });
    if verbose {
        object["plan"] = run.plan.as_ref().map(|it| plan(it, sources)).into();
        object["state"] = run.state.as_ref().map(state).into();
    }
    object
}

/// The plan of a run of a test, in the shape of a report.
fn plan(plan: &Plan, sources: &Sources) -> Json {
    let report = Report::of_plan(
        plan,
        &Facts {
            command: Command::Plan,
            version: &plan.tool_version,
            directory: ".",
            started: None,
            seconds: None,
            share: None,
            block: &|_| None,
            sources,
            diagnostics: &[],
        },
    );
    serde_json::to_value(report).unwrap_or_default()
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Skip => "skip",
        Verdict::Fail => "fail",
        Verdict::Error => "error",
    }
}

/// What is recorded.
pub fn state(state: &StateFile) -> Json {
    json!({
        "format_version": FORMAT_VERSION,
        "sealform_version": state.tool_version,
        "serial": state.serial,
        "lineage": state.lineage,
        "resources": state.resources.iter().map(|(at, it)| resource(at, it)).collect::<Vec<_>>(),
        "outputs": outputs(&state.outputs),
    })
}

/// What is recorded of one instance.
pub fn resource(address: &Address, recorded: &Recorded) -> Json {
    let depends_on: Vec<String> = recorded.depends_on.iter().map(ToString::to_string).collect();
    json!({
        "address": address.to_string(),
        "bucket": recorded.identity,
        "provider": recorded.provider,
        "values": to_json(&hidden(&recorded.values)),
        "depends_on": depends_on,
    })
}

/// The value with null in the place of what must not be shown.
fn hidden(value: &Value) -> Value {
    if value.is_sensitive() {
        return Value::NULL;
    }
    match (value.as_fields(), value.as_items()) {
        (Some(fields), _) => Value::object(
            fields.iter().map(|(name, value)| (std::sync::Arc::clone(name), hidden(value))),
        ),
        (None, Some(items)) => Value::tuple(items.iter().map(hidden).collect()),
        (None, None) => value.clone(),
    }
}

/// Outputs by name.
pub fn outputs(outputs: &BTreeMap<String, OutputState>) -> Json {
    let entry = |(name, OutputState { value, sensitive }): (&String, &OutputState)| {
        let value = if *sensitive { &Json::Null } else { value };
        (name.clone(), json!({ "value": value, "sensitive": sensitive }))
    };
    Json::Object(outputs.iter().map(entry).collect())
}

/// Diagnostics in the shape that readers of Terraform's know.
pub fn diagnostics(diagnostics: &[Diagnostic], sources: &Sources) -> Json {
    let mut places = Places { sources, lines: BTreeMap::new(), last: None };
    Json::Array(diagnostics.iter().map(|it| diagnostic(it, &mut places)).collect())
}

/// Finds positions without a walk from the beginning of the text for each: of a fleet in one file
/// there can be as many diagnostics as lines, or all of them on one.
struct Places<'a> {
    sources: &'a Sources,
    /// Where the lines of a text begin.
    lines: BTreeMap<FileId, Vec<usize>>,
    /// The place that was asked for last, and its column.
    last: Option<(FileId, usize, usize)>,
}

impl Places<'_> {
    /// The line of a place, and where it begins.
    fn line(&mut self, file: FileId, byte: usize) -> (usize, usize) {
        let lines = self.lines.entry(file).or_insert_with(|| {
            let text = self.sources.text(file);
            let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
        });
        let line = lines.partition_point(|start| *start <= byte);
        let start = line.checked_sub(1).and_then(|at| lines.get(at)).copied().unwrap_or(0);
        (line, start)
    }

    /// A place as Terraform counts: lines and columns from 1, a column for each character as people
    /// see it.
    fn position(&mut self, file: FileId, byte: usize) -> Position {
        let text = self.sources.text(file);
        let byte = floor(text, byte);
        let (line, start) = self.line(file, byte);
        let (from, before) = match self.last {
            Some((known, at, column)) if known == file && (start..=byte).contains(&at) => {
                (at, column)
            }
            _ => (start, 1),
        };
        let column = before + text.get(from..byte).unwrap_or("").graphemes(true).count();
        self.last = Some((file, byte, column));
        Position { line, column, byte }
    }

    fn range(&mut self, span: Span) -> Json {
        let place = |Position { line, column, byte }: Position| json!({ "line": line, "column": column, "byte": byte });
        let start = self.position(span.file, span.start as usize);
        let mut end = self.position(span.file, span.end as usize);
        if start == end {
            // Readers underline what is between the two: at least one character.
            end.column += 1;
            end.byte += 1;
        }
        json!({
            "filename": self.sources.name(span.file),
            "start": place(start),
            "end": place(end),
        })
    }

    fn snippet(&mut self, span: Span, values: &[(String, String)]) -> Json {
        let window = Window::of(self.sources, span);
        let code = self.sources.text(span.file).get(window.range.clone()).unwrap_or("");
        let code = code.trim_end_matches('\r');
        let within = |at: usize| at.saturating_sub(window.range.start).min(code.len());
        let start = within(window.span.start);
        let end = within(window.span.end.max(window.span.start + 1));
        let value = |(reference, statement): &(String, String)| json!({ "traversal": reference, "statement": statement });
        json!({
            "context": self.sources.context(span),
            "code": code,
            "start_line": self.line(span.file, window.range.start).0,
            "highlight_start_offset": start,
            "highlight_end_offset": code.ceil_char_boundary(end),
            "values": values.iter().map(value).collect::<Vec<_>>(),
        })
    }
}

fn diagnostic(diagnostic: &Diagnostic, places: &mut Places<'_>) -> Json {
    let Diagnostic {
        severity,
        summary,
        detail,
        subject,
        address,
        attribute: _,
        condition_of: _,
        related,
        values,
    } = diagnostic;
    let severity = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut detail = detail.clone();
    // The shape has one place only.
    for (n, (span, note)) in related.iter().enumerate() {
        let Position { line, column, byte: _ } = places.position(span.file, span.start as usize);
        let gap = if n == 0 { "\n\n" } else { "\n" };
        let name = places.sources.name(span.file);
        detail.push_str(&format!("{gap}{name}:{line}:{column}: {note}."));
    }
    let mut object = json!({ "severity": severity, "summary": summary, "detail": detail });
    if let Some(address) = address {
        object["address"] = Json::from(address.to_string());
    }
    if let Some(span) = subject {
        object["range"] = places.range(*span);
        object["snippet"] = places.snippet(*span, values);
    }
    object
}
