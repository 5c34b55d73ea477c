//! For monitoring: Prometheus's text format, as the textfile collector of
//! `node_exporter` takes it.
//!
//! Owns the names of the series, and what is kept from the file of an earlier run: the time of the
//! last success, which a run that failed cannot know. A run has succeeded if everything could be
//! found out, drift or not. There is no series for a bucket: their number is not bounded, and the
//! other formats name them.
//!
//! The labels are `directory`, and `share` where a share of the fleet was looked at, so that several
//! files stand beside each other in one collector. There are no timestamps on samples: the collector
//! refuses them.

use super::canvas::put;
use crate::report::{Class, Report, Verdict};
use std::fmt::Display;

const LAST_SUCCESS: &str = "sealform_last_success_timestamp_seconds";

/// The whole file; `previous` is what the file of the run before says.
pub fn prometheus(report: &Report, previous: Option<&str>) -> String {
    let mut out = Exposition::of(report);
    let command = report.command.word();
    out.family("sealform_info", "What made these metrics; always 1.");
    out.sample("sealform_info", &[("version", &report.sealform_version), ("command", command)], 1);
    out.family(
        "sealform_resources",
        "Buckets that were looked at, by whose their differences are.",
    );
    let classes = [
        ("unchanged", Class::Unchanged),
        ("pending", Class::Pending),
        ("drift", Class::Drift),
        ("both", Class::Both),
        ("error", Class::Error),
    ];
    for (name, class) in classes {
        let count = report.resources.iter().filter(|item| item.class == class).count();
        out.sample("sealform_resources", &[("class", name)], count);
    }
    let summary = &report.summary;
    out.family(
        "sealform_drift",
        "Buckets that somebody else changed and no suppress block silences, by how bad it is.",
    );
    let severities = &summary.severities;
    let drift = [("high", severities.high), ("medium", severities.medium), ("low", severities.low)];
    for (name, count) in drift {
        out.sample("sealform_drift", &[("severity", name)], count);
    }
    let gauges = [
        ("sealform_pending", "Buckets with changes pending.", summary.pending),
        (
            "sealform_weakening",
            "Buckets whose new objects are protected less after their step.",
            summary.weakening,
        ),
        (
            "sealform_suppressed",
            "Buckets with drift that a suppress block silences.",
            summary.suppressed,
        ),
        ("sealform_errors", "Buckets that could not be read, planned or changed.", summary.errors),
    ];
    for (name, help, count) in gauges {
        out.family(name, help);
        out.sample(name, &[], count);
    }
    let failed = report.verdict == Verdict::Error;
    out.family("sealform_failed", "Whether something could not be found out or was not done.");
    out.sample("sealform_failed", &[], u8::from(failed));
    let started = report.started.as_deref().and_then(|it| it.parse::<jiff::Timestamp>().ok());
    let started = started.map(jiff::Timestamp::as_second);
    if let Some(started) = started {
        let name = "sealform_last_run_timestamp_seconds";
        out.family(name, "When the last run began, in seconds since 1970.");
        out.sample(name, &[], started);
    }
    let success = match started {
        Some(started) if !failed => started.to_string(),
        Some(_) | None => previous
            .and_then(|text| out.earlier(text, LAST_SUCCESS))
            // An alert on its age must fire for what never succeeded.
            .unwrap_or_else(|| "0".to_owned()),
    };
    out.family(
        LAST_SUCCESS,
        "When the last run began that found everything out, in seconds since 1970; 0 where none has.",
    );
    out.sample(LAST_SUCCESS, &[], success);
    if let Some(seconds) = report.seconds.filter(|it| it.is_finite()) {
        out.family("sealform_run_duration_seconds", "How long the last run took.");
        out.sample("sealform_run_duration_seconds", &[], seconds);
    }
    out.text
}

/// A file in the making.
struct Exposition {
    text: String,
    /// What all series have.
    labels: Vec<(&'static str, String)>,
}

impl Exposition {
    fn of(report: &Report) -> Self {
        let mut labels = vec![("directory", report.directory.clone())];
        if let Some(share) = report.share {
            labels.push(("share", format!("{}/{}", share.part, share.of)));
        }
        Self { text: String::new(), labels }
    }

    fn family(&mut self, name: &str, help: &str) {
        put(&mut self.text, format_args!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
    }

    fn sample(&mut self, name: &str, more: &[(&str, &str)], value: impl Display) {
        self.text.push_str(name);
        let common = self.labels.iter().map(|(name, value)| (*name, &**value));
        for (n, (label, value)) in common.chain(more.iter().copied()).enumerate() {
            self.text.push(if n == 0 { '{' } else { ',' });
            put(&mut self.text, format_args!("{label}=\"{}\"", escaped(value)));
        }
        put(&mut self.text, format_args!("}} {value}\n"));
    }

    /// The value that an earlier file has for a series of ours: a number of seconds.
    fn earlier(&self, text: &str, name: &str) -> Option<String> {
        text.lines().find_map(|line| {
            let behind = line.strip_prefix(name)?.trim_start();
            let (mut labels, behind) = read_labels(behind.strip_prefix('{')?)?;
            labels.sort();
            let mut ours: Vec<(String, String)> = self
                .labels
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect();
            ours.sort();
            let value: i64 = behind.split_whitespace().next()?.parse().ok()?;
            (labels == ours).then(|| value.to_string())
        })
    }
}

/// Labels behind their opening brace, and what follows the closing one.
fn read_labels(text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(behind) = rest.strip_prefix('}') {
            return Some((labels, behind));
        }
        let (name, behind) = rest.split_once('=')?;
        let behind = behind.trim_start().strip_prefix('"')?;
        let mut value = String::new();
        let mut chars = behind.chars();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => match chars.next()? {
                    'n' => value.push('\n'),
                    c => value.push(c),
                },
                c => value.push(c),
            }
        }
        labels.push((name.trim().to_owned(), value));
        rest = chars.as_str().trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
}

/// The value of a label between its quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
