//! Several reports as one.

use super::{Command, FORMAT_VERSION, Level, Problem, Report, Share};
use std::collections::{BTreeMap, BTreeSet};

/// Why reports are none, or do not belong together.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A file is no report.
    #[error("it is not a report that `--output json` wrote: {0}")]
    NotAReport(serde_json::Error),
    /// A newer tool wrote it.
    #[error("its format has version {0}, and this tool reads {FORMAT_VERSION}")]
    Version(String),
    /// There is nothing to join.
    #[error("there is no report to join")]
    Nothing,
    /// They are of different commands.
    #[error("it is a report of another command than the first")]
    Command,
    /// A share is there twice.
    #[error("it is share {0} of {1} of the same directory, as another one is")]
    Twice(u32, u32),
    /// The fleet was divided in two ways.
    #[error("it is one of {0} shares, and others of the same directory are of {1}")]
    Divided(u32, u32),
}

#[derive(serde::Deserialize)]
struct Sniff {
    format_version: String,
}

impl Report {
    /// Reads the JSON document of a report. The version is looked at before anything else.
    ///
    /// # Errors
    /// It is no report, or one of a version that means something else.
    pub fn from_json(bytes: &[u8]) -> Result<Self, MergeError> {
        let sniff: Sniff = serde_json::from_slice(bytes).map_err(MergeError::NotAReport)?;
        let major = |version: &str| version.split('.').next().map(str::to_owned);
        if major(&sniff.format_version) != major(FORMAT_VERSION) {
            return Err(MergeError::Version(sniff.format_version));
        }
        serde_json::from_slice(bytes).map_err(MergeError::NotAReport)
    }

    /// Joins reports of shares of a fleet, or of several directories. A share that is missing is an
    /// error of the whole: nobody knows what is there.
    ///
    /// # Errors
    /// They do not belong together; the number is that of the report that does not fit.
    pub fn merge(reports: Vec<Self>) -> Result<Self, (usize, MergeError)> {
        let mut shares: BTreeMap<String, (u32, BTreeSet<u32>)> = BTreeMap::new();
        for (n, report) in reports.iter().enumerate() {
            let Some(Share { part, of }) = report.share else { continue };
            let (all, seen) =
                shares.entry(report.directory.clone()).or_insert_with(|| (of, BTreeSet::new()));
            if *all != of {
                return Err((n, MergeError::Divided(of, *all)));
            }
            if !seen.insert(part) {
                return Err((n, MergeError::Twice(part, of)));
            }
        }
        let mut reports = reports.into_iter();
        let mut whole = reports.next().ok_or((0, MergeError::Nothing))?;
        let mut directories = vec![whole.directory.clone()];
        whole.share = None;
        for (n, next) in reports.enumerate() {
            if next.command != whole.command {
                return Err((n + 1, MergeError::Command));
            }
            whole.absorb(next, &mut directories);
        }
        whole.directory = directories.join(", ");
        // Parts of one run say the same of what belongs to no instance.
        let mut told: BTreeSet<String> = BTreeSet::new();
        whole.diagnostics.retain(|it| told.insert(format!("{it:?}")));
        let mut named = BTreeSet::new();
        whole.outputs.retain(|it| named.insert(it.name.clone()));
        for (directory, (of, seen)) in shares {
            let missing: Vec<String> =
                (1..=of).filter(|part| !seen.contains(part)).map(|it| it.to_string()).collect();
            if !missing.is_empty() {
                whole.diagnostics.push(Problem {
                    severity: Level::Error,
                    summary: "Incomplete report".to_owned(),
                    detail: format!(
                        "Of the {of} shares of {directory}, there is no report of: {}. What is in \
                         them is not known.",
                        missing.join(", ")
                    ),
                    address: None,
                    place: None,
                });
            }
        }
        whole.resources.sort_by(|a, b| (&a.address, &a.bucket).cmp(&(&b.address, &b.bucket)));
        whole.tally();
        Ok(whole)
    }

    fn absorb(&mut self, next: Self, directories: &mut Vec<String>) {
        if !directories.contains(&next.directory) {
            directories.push(next.directory);
        }
        self.destroy |= next.destroy;
        self.started = match (self.started.take(), next.started) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        // Shares are looked at side by side.
        self.seconds = match (self.seconds, next.seconds) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        self.resources.extend(next.resources);
        self.outputs.extend(next.outputs);
        self.diagnostics.extend(next.diagnostics);
    }
}

impl Command {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Drift => "drift",
        }
    }
}
