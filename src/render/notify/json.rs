//! For programs: an envelope, and in it the report with the worst of its findings.

use super::Message;
use crate::report::{Command, Report, Severity};
use serde::Serialize;
use serde_json::{Value as Json, json};

/// The version of the envelope: another first number means that readers must be changed. The report
/// within has a version of its own.
const FORMAT_VERSION: &str = "1.0";
/// At most so many findings are sent, and so many diagnostics.
const SENT: usize = 100;
/// And at most so many bytes of them: whoever takes messages has a limit.
const ALL: usize = 256 * 1024;

#[derive(Serialize)]
struct Document<'a> {
    format_version: &'a str,
    notification: &'a str,
    event: &'a str,
    directory: &'a str,
    workspace: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_severity: Option<&'a str>,
    left_out: usize,
    report: Report,
}

pub(super) fn document(message: &Message<'_>) -> Json {
    let Message { name, occasion, directory, workspace, least, report } = *message;
    let (items, _) = message.findings();
    let mut used = 0;
    // What went wrong as a whole says why there is so little else.
    let diagnostics = some(report.diagnostics.iter(), &mut used);
    let resources = some(items.iter().copied(), &mut used);
    let left_out = items.len() - resources.len() + report.diagnostics.len() - diagnostics.len();
    let least = (least > Severity::Low && report.command == Command::Drift).then_some(least);
    json!(Document {
        format_version: FORMAT_VERSION,
        notification: name,
        event: occasion.word(),
        directory,
        workspace,
        min_severity: least.map(Severity::word),
        left_out,
        report: Report {
            format_version: report.format_version.clone(),
            sealform_version: report.sealform_version.clone(),
            command: report.command,
            destroy: report.destroy,
            directory: report.directory.clone(),
            started: report.started.clone(),
            seconds: report.seconds,
            share: report.share,
            verdict: report.verdict,
            summary: report.summary.clone(),
            resources,
            // Their values are for who applies.
            outputs: Vec::new(),
            diagnostics,
        },
    })
}

/// The first ones, as many as may be sent.
fn some<'a, T: Clone + Serialize + 'a>(
    all: impl Iterator<Item = &'a T>,
    used: &mut usize,
) -> Vec<T> {
    let fits = all.take(SENT).take_while(|it| {
        *used += json!(it).to_string().len();
        *used <= ALL
    });
    fits.cloned().collect()
}
