//! What a run found, as one document.
//!
//! Owns [`Report`]: the findings of `plan`, `apply` and `drift` in one shape, from which every format
//! for reviewers and programs is drawn, which is itself the JSON document of a run, and which can be
//! read back and joined with others. It decides nothing about what is to be done: `plan` did. What is
//! sensitive is never in it.

mod circumstances;
mod make;
mod merge;
mod notice;
mod places;
mod silence;
#[cfg(test)]
mod tests;

pub use self::circumstances::Circumstances;
pub use self::make::{Facts, whose};
pub use self::merge::MergeError;
pub use self::notice::{Notified, Occasion, Shape};
pub use self::silence::{Silence, Suppressed};

use crate::value::visible_json;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

/// The version of the document: another first number means that readers must be changed.
pub const FORMAT_VERSION: &str = "1.0";

/// What a run found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of the document.
    pub format_version: String,
    /// The version of the tool that made it.
    pub sealform_version: String,
    /// Which command made it.
    pub command: Command,
    /// Everything managed is to be reset.
    #[serde(default)]
    pub destroy: bool,
    /// The directory of the configuration, as the user named it.
    pub directory: String,
    /// When the run began: RFC 3339, UTC, to the second.
    pub started: Option<String>,
    /// How long it took, in seconds.
    pub seconds: Option<f64>,
    /// Which share of the fleet was looked at; all of it where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// All in one word.
    pub verdict: Verdict,
    /// All in numbers.
    pub summary: Summary,
    /// Everything that was looked at, in the order of addresses; what is as it should be included.
    pub resources: Vec<Item>,
    /// Outputs that change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<OutputItem>,
    /// What was found wrong, in the order of the source.
    pub diagnostics: Vec<Problem>,
}

/// Which command made a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// `plan`, or `show` of a saved plan.
    Plan,
    /// `apply` and `destroy`.
    Apply,
    /// `drift`.
    Drift,
}

/// The K-th of N shares of a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Which, from 1.
    pub part: u32,
    /// Of how many.
    pub of: u32,
}

impl Share {
    /// Whether a bucket belongs to this share: by a hash of its name and its provider, so that a
    /// bucket stays in its share whatever else comes and goes.
    pub fn holds(self, provider: &str, bucket: &str) -> bool {
        let digest = Sha256::digest(format!("{provider}\0{bucket}"));
        let first = digest.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let of = u64::from(self.of.max(1));
        first % of + 1 == u64::from(self.part)
    }
}

/// A run in one word: the most serious that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing differs.
    Clean,
    /// No drift, but changes pending.
    Pending,
    /// Somebody else changed something.
    Drift,
    /// Something could not be found out, or was not done.
    Error,
}

/// A run in numbers: of instances.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Looked at.
    pub checked: usize,
    /// As they should be.
    pub unchanged: usize,
    /// With drift that no `suppress` block silences.
    pub drifted: usize,
    /// With changes pending.
    pub pending: usize,
    /// With drift that a `suppress` block silences.
    pub suppressed: usize,
    /// That could not be read, planned or done.
    pub errors: usize,
    /// After whose step new objects are protected less.
    pub weakening: usize,
    /// Steps by action: to be done, or of `apply`, done.
    pub actions: Actions,
    /// Drift by how bad it is.
    pub severities: Severities,
}

/// Steps by action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Actions {
    /// Settings replaced.
    pub update: usize,
    /// Recorded only.
    pub adopt: usize,
    /// Back to what S3 sets by itself.
    pub reset: usize,
    /// Dropped from the state.
    pub forget: usize,
}

/// Drift by how bad it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Severities {
    /// New objects are protected less.
    pub high: usize,
    /// Neither less nor more.
    pub medium: usize,
    /// New objects are protected more.
    pub low: usize,
}

/// One instance that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its address.
    pub address: String,
    /// The name of the bucket.
    pub bucket: String,
    /// The address of its provider.
    pub provider: String,
    /// The account of the provider's credentials, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The Region of the bucket, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Where its block stands; none where it is recorded only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Whose the differences are, taken together.
    pub class: Class,
    /// The action of its step: `no-op`, `adopt`, `update`, `reset` or `forget`; none where it could
    /// not be planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Why, where it is not plain from the action: a sentence without a final stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The address that it is recorded under, where it has moved from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
    /// The id that an `import` block gives for it, while it is not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<String>,
    /// What the step comes to, beyond what differs; of `drift`, what is to be known of the drift:
    /// sentences without a capital and a stop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What is live and not known to this version: an update and a reset drop it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<Unknown>,
    /// What became of the step; of `apply` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// How bad the drift is, if there is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Why new objects are protected less after the step, if they are: such as
    /// `customer managed key → AWS managed key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weakening: Option<String>,
    /// Why new objects are protected less by the drift, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weakened: Option<String>,
    /// What differs, attribute by attribute, in the order of the schema.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// What silences its drift, if anything does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Suppression>,
    /// Who changed it, where that was asked for and found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blame: Option<Blame>,
    /// What went wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// A live setting that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// Where it stands in the answer, such as `Rule.NewElement`.
    pub path: String,
    /// What it says.
    pub content: String,
}

/// Where something stands in the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file, as the user knows it: relative to the directory of the configuration.
    pub file: String,
    /// The first line, from 1.
    pub line: usize,
    /// The column of its beginning in characters, from 1.
    pub column: usize,
    /// The last line.
    pub end_line: usize,
}

/// Whose the differences of an instance are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Nothing differs, or only what is recorded is out of date.
    Unchanged,
    /// The files have changed.
    Pending,
    /// Somebody else changed the bucket.
    Drift,
    /// Both.
    Both,
    /// It could not be found out.
    Error,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It is done and recorded.
    Done,
    /// It failed.
    Failed,
    /// It was not begun.
    Skipped,
    /// It was cut while it wrote, because of a stop: nobody knows whether it has.
    Unknown,
    /// It is done, and could not be recorded.
    Unrecorded,
}

/// How bad drift is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// New objects are protected more.
    Low,
    /// Neither less nor more.
    Medium,
    /// New objects are protected less.
    High,
}

/// One attribute that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Which: a path with dots, such as `rule.bucket_key_enabled`.
    pub path: String,
    /// What the last apply knew; none where nothing is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub recorded: Option<Json>,
    /// What S3 answers; none where the bucket is gone or could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub live: Option<Json>,
    /// What is wanted; none where the instance is not declared any more and is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub desired: Option<Json>,
    /// Whose it is.
    pub whose: Whose,
    /// Its values are not in the document: they are null.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
}

/// Whose a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// The files changed.
    Pending,
    /// Somebody changed the bucket.
    Drift,
    /// Both changed, and not to the same.
    Both,
}

/// What silences drift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The label of the `suppress` block.
    pub name: String,
    /// Its reason.
    pub reason: String,
    /// The last day on which it holds: `2026-12-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// Who changed a bucket (`CloudTrail`, `LookupEvents`, `Event`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blame {
    /// The ARN of who did it, or what `CloudTrail` names them.
    pub who: String,
    /// When: RFC 3339.
    pub when: String,
    /// `PutBucketEncryption` or `DeleteBucketEncryption`.
    pub event: String,
    /// `sourceIPAddress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `userAgent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// What went wrong with one instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of thing, in a few constant words.
    pub summary: String,
    /// What, why and how to mend it.
    pub detail: String,
}

/// An output that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputItem {
    /// Its name.
    pub name: String,
    /// Its value before, if it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub before: Option<Json>,
    /// Its value after, if it is still declared.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub after: Option<Json>,
    /// Its values are not in the document.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
}

/// Something that was found wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `error` or `warning`.
    pub severity: Level,
    /// What kind of thing, in a few constant words.
    pub summary: String,
    /// What, why and how to mend it.
    pub detail: String,
    /// The instance that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The command fails.
    Error,
    /// The command goes on.
    Warning,
}

/// What is there is a value, null included: only what is left out is none.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

impl Report {
    /// The JSON document that a report is, with what cannot be seen as escapes.
    ///
    /// # Errors
    /// None that a report can cause.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| visible_json(text + "\n"))
    }
}
