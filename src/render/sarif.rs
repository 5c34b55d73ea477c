//! For code scanning: the Static Analysis Results Interchange Format, SARIF 2.1.0.
//!
//! Owns the rules, one a kind of finding, and the shape of the document. A result stands at the
//! resource's block. What has no block, since it is recorded only, has its address as a logical
//! location, and stands at the beginning of the first file of the report: GitHub refuses a whole
//! upload in which one result has no file. Paths are relative to where the command was started,
//! which is the root of the repository in CI (`%SRCROOT%`).
//!
//! Fingerprints are made of rule, address, bucket and the paths of the attributes that differ: no
//! line and no value, so that an alert stays the same one while its block moves in its file.

use super::canvas::{clean, put};
use super::finding::{self, About, Finding, Kind};
use crate::report::{Item, Place, Report, Verdict};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The version of the format.
const VERSION: &str = "2.1.0";
/// Where the schema of the format is published.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The most results of one run that code scanning takes.
const RESULTS: usize = 25_000;
/// The most characters of a message: with it, so many results stay below ten megabytes compressed.
const MESSAGE: usize = 2_000;
/// The root of the repository.
const ROOT: &str = "%SRCROOT%";

/// A kind of finding as code scanning shows it.
struct Rule {
    name: &'static str,
    level: &'static str,
    /// From 0 to 10; none where it is nothing of security.
    security: Option<&'static str>,
    short: &'static str,
    full: &'static str,
    help: &'static str,
}

fn rule(kind: Kind) -> Rule {
    match kind {
        Kind::DriftWeakening => Rule {
            name: "DriftWeakening",
            level: "error",
            security: Some("8.0"),
            short: "Somebody weakened the default encryption of a bucket",
            full: "The live encryption of the bucket is no longer what was recorded, and protects new objects less.",
            help: "Find out who changed the bucket: `sealform drift --blame` asks CloudTrail. To take the change back, run `sealform apply`. To keep it, declare it in the files. Known drift is silenced until a date by a `suppress` block.",
        },
        Kind::Drift => Rule {
            name: "Drift",
            level: "warning",
            security: Some("5.0"),
            short: "Somebody changed the default encryption of a bucket",
            full: "The live encryption of the bucket is no longer what was recorded. New objects are protected neither less nor more.",
            help: "To take the change back, run `sealform apply`. To keep it, declare it in the files. `sealform drift --blame` asks CloudTrail who made it. Known drift is silenced until a date by a `suppress` block.",
        },
        Kind::DriftStrengthening => Rule {
            name: "DriftStrengthening",
            level: "note",
            security: Some("2.0"),
            short: "Somebody strengthened the default encryption of a bucket",
            full: "The live encryption of the bucket is no longer what was recorded, and protects new objects more.",
            help: "Declare it in the files, or the next `sealform apply` takes it back.",
        },
        Kind::WeakeningChange => Rule {
            name: "WeakeningChange",
            level: "warning",
            security: Some("7.0"),
            short: "A pending change weakens the default encryption of a bucket",
            full: "After the step new objects of the bucket are protected less.",
            help: "`sealform apply` asks for it in words, or refuses without `--allow-weakening`. Where it is wanted, say so beside the resource: `lifecycle { allow_weakening = true }`.",
        },
        Kind::PendingChange => Rule {
            name: "PendingChange",
            level: "note",
            security: None,
            short: "The default encryption of a bucket is not yet as declared",
            full: "The files have changed since the last apply. The step is not done yet.",
            help: "Run `sealform apply`, or merge the change that leads to it.",
        },
        Kind::UnreadableBucket => Rule {
            name: "UnreadableBucket",
            level: "error",
            security: None,
            short: "A bucket could not be checked",
            full: "Its encryption could not be read: nothing is known of its drift.",
            help: "The message says what is missing. Mostly it is the permission `s3:GetEncryptionConfiguration`, or the bucket is gone.",
        },
        Kind::UnplannedBucket => Rule {
            name: "UnplannedBucket",
            level: "error",
            security: None,
            short: "A bucket cannot be made as declared",
            full: "Its encryption was read, and its drift is told if there is any; but there is an error about it, and no change of it can be planned.",
            help: "The message says why. Mostly it is a key that cannot be used, or a setting that a write would lose.",
        },
        Kind::FailedStep => Rule {
            name: "FailedStep",
            level: "error",
            security: None,
            short: "A step failed",
            full: "The encryption of the bucket was to be changed, and was not.",
            help: "The message says why. The next `sealform apply` does what is left.",
        },
        Kind::Error => Rule {
            name: "ConfigurationError",
            level: "error",
            security: None,
            short: "An error of the configuration or of the run",
            full: "The configuration is wrong, or something that the run needs could not be had.",
            help: "The message says what is wrong and how to mend it.",
        },
        Kind::Warning => Rule {
            name: "ConfigurationWarning",
            level: "warning",
            security: None,
            short: "A warning about the configuration or the run",
            full: "The command goes on, but not everything is as it should be.",
            help: "The message says what is meant and how to mend it.",
        },
    }
}

/// The whole document.
pub fn sarif(report: &Report) -> Json {
    let found = finding::all(report);
    let total = found.len();
    let kept = most_serious(found, RESULTS);
    let left_out = total - kept.len();
    let mut results = Results { report, seen: BTreeMap::new(), first: first_file(report) };
    let results: Vec<Json> = kept.iter().map(|finding| results.result(finding)).collect();
    json!({
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [{
            "tool": { "driver": {
                "name": "Sealform",
                "semanticVersion": report.sealform_version,
                "rules": Kind::ALL.map(described),
            } },
            "automationDetails": { "id": category(report) },
            "originalUriBaseIds": {
                ROOT: { "description": { "text": "Where the command was started: the root of the repository" } },
            },
            "invocations": [invocation(report, left_out)],
            "results": results,
        }],
    })
}

/// The most serious findings in their own order, if there are too many.
fn most_serious(found: Vec<Finding<'_>>, limit: usize) -> Vec<Finding<'_>> {
    if found.len() <= limit {
        return found;
    }
    let mut numbered: Vec<(usize, Finding<'_>)> = found.into_iter().enumerate().collect();
    // What is silenced goes first: nobody waits for it.
    numbered.sort_by_key(|(n, finding)| (suppression(finding).is_some(), finding.kind, *n));
    numbered.truncate(limit);
    numbered.sort_by_key(|(n, _)| *n);
    numbered.into_iter().map(|(_, finding)| finding).collect()
}

fn described(kind: Kind) -> Json {
    let rule = rule(kind);
    let mut properties = json!({ "precision": "very-high", "problem.severity": match rule.level {
        "error" => "error",
        "warning" => "warning",
        _ => "recommendation",
    } });
    properties["tags"] = match rule.security {
        Some(_) => json!(["security", "encryption"]),
        None => json!(["encryption"]),
    };
    if let Some(score) = rule.security {
        properties["security-severity"] = score.into();
    }
    json!({
        "id": kind.id(),
        "name": rule.name,
        "shortDescription": { "text": rule.short },
        "fullDescription": { "text": rule.full },
        // Braces are doubled in messages.
        "help": { "text": escaped(&rule.help.replace('`', "")), "markdown": escaped(rule.help) },
        "defaultConfiguration": { "level": rule.level },
        "properties": properties,
    })
}

/// By what code scanning tells apart runs whose alerts must not close each other's: the command, the
/// directory, the share.
fn category(report: &Report) -> String {
    let command = report.command.word();
    let mut id = format!("sealform-{command}/");
    let directory = resolved(&report.directory, "").path;
    if !directory.is_empty() {
        id.push_str(&directory);
        id.push('/');
    }
    if let Some(share) = report.share {
        put(&mut id, format_args!("share-{}-of-{}/", share.part, share.of));
    }
    id
}

fn invocation(report: &Report, left_out: usize) -> Json {
    let mut invocation = Map::new();
    invocation.insert("executionSuccessful".to_owned(), (report.verdict != Verdict::Error).into());
    let started = report.started.as_deref().and_then(|it| it.parse::<jiff::Timestamp>().ok());
    if let Some(started) = started {
        invocation.insert("startTimeUtc".to_owned(), started.to_string().into());
        let took = report.seconds.and_then(|it| jiff::SignedDuration::try_from_secs_f64(it).ok());
        if let Some(ended) = took.and_then(|took| started.checked_add(took).ok())
            && let Ok(ended) = ended.round(jiff::Unit::Millisecond)
        {
            invocation.insert("endTimeUtc".to_owned(), ended.to_string().into());
        }
    }
    if left_out > 0 {
        let text = format!(
            "{left_out} more findings are left out: code scanning takes {RESULTS} of a run, and \
             the most serious are kept. The output format json has them all."
        );
        invocation.insert(
            "toolExecutionNotifications".to_owned(),
            json!([{ "level": "warning", "message": { "text": text } }]),
        );
    }
    Json::Object(invocation)
}

/// Results in the making.
struct Results<'a> {
    report: &'a Report,
    /// How often the same thing has been found.
    seen: BTreeMap<String, usize>,
    /// Where what has no place is shown.
    first: Option<&'a str>,
}

impl Results<'_> {
    fn result(&mut self, finding: &Finding<'_>) -> Json {
        let (place, address) = match finding.about {
            About::Item(item) => (item.place.as_ref(), Some(&*item.address)),
            About::Problem(problem) => (problem.place.as_ref(), problem.address.as_deref()),
        };
        let mut result = json!({
            "ruleId": finding.kind.id(),
            "ruleIndex": Kind::ALL.iter().position(|kind| *kind == finding.kind),
            "level": rule(finding.kind).level,
            "message": { "text": escaped(&finding::shortened(&message(finding), MESSAGE)) },
            "locations": [self.location(place, address)],
            "partialFingerprints": self.fingerprints(finding),
        });
        if let Some(justification) = suppression(finding) {
            result["suppressions"] = json!([{
                "kind": "inSource",
                "status": "accepted",
                "justification": justification,
            }]);
        }
        if let About::Item(item) = finding.about {
            result["properties"] = properties(item);
        }
        result
    }

    fn location(&self, place: Option<&Place>, address: Option<&str>) -> Json {
        let mut location = Map::new();
        let stands = place.map(|it| (&*it.file, it.line, it.end_line));
        // A file that the report names is there, whatever its line 1 says.
        let stands = stands.or(self.first.map(|file| (file, 1, 1)));
        let artifact = stands.and_then(|(file, ..)| artifact(&self.report.directory, file));
        if let Some((artifact, (_, first, last))) = artifact.zip(stands) {
            let first = first.max(1);
            location.insert(
                "physicalLocation".to_owned(),
                json!({
                    "artifactLocation": artifact,
                    "region": { "startLine": first, "endLine": last.max(first) },
                }),
            );
        }
        if let Some(address) = address {
            let name = clean(address);
            location.insert(
                "logicalLocations".to_owned(),
                json!([{ "fullyQualifiedName": name, "kind": "resource" }]),
            );
        }
        Json::Object(location)
    }

    fn fingerprints(&mut self, finding: &Finding<'_>) -> Json {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            // With its length, so that no two lists of parts are the same bytes.
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        };
        part(finding.kind.id());
        match finding.about {
            About::Item(item) => {
                part(&item.address);
                part(&item.bucket);
                item.differences.iter().for_each(|difference| part(&difference.path));
            }
            About::Problem(problem) => {
                part(problem.address.as_deref().unwrap_or_default());
                part(&problem.summary);
                part(problem.place.as_ref().map_or("", |place| &*place.file));
            }
        }
        let digest = hash.finalize().iter().fold(String::new(), |mut text, byte| {
            put(&mut text, format_args!("{byte:02x}"));
            text
        });
        let short = digest.get(..16).unwrap_or_default().to_owned();
        let count = self.seen.entry(digest.clone()).or_default();
        *count += 1;
        json!({
            "sealform/v1": format!("{digest}:{count}"),
            // The one that GitHub goes by. It takes what is here for the hash of a line.
            "primaryLocationLineHash": format!("{short}:{count}"),
        })
    }
}

/// What silences a finding, if anything does.
fn suppression(finding: &Finding<'_>) -> Option<String> {
    let About::Item(item) = finding.about else { return None };
    let suppressed = item.suppressed.as_ref().filter(|_| finding.kind.is_drift())?;
    let until = suppressed.expires.as_ref().map(|day| format!(" (until {day})"));
    let text = format!("{}: {}{}", suppressed.name, suppressed.reason, until.unwrap_or_default());
    Some(clean(text))
}

/// What of an instance is worth a filter.
fn properties(item: &Item) -> Json {
    let mut properties = Map::new();
    let mut put = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            properties.insert(name.to_owned(), clean(value).into());
        }
    };
    put("bucket", Some(&item.bucket));
    put("provider", Some(&item.provider));
    put("account", item.account.as_deref());
    put("region", item.region.as_deref());
    put("action", item.action.as_deref());
    let paths: Vec<String> = item.differences.iter().map(|it| clean(&it.path)).collect();
    properties.insert("attributes".to_owned(), paths.into());
    Json::Object(properties)
}

/// What a finding says, in lines.
fn message(finding: &Finding<'_>) -> String {
    let item = match finding.about {
        About::Item(item) => item,
        About::Problem(problem) => {
            return format!("{}: {}", clean(&problem.summary), clean(&problem.detail));
        }
    };
    let bucket = clean(&item.bucket);
    let mut lines = vec![match finding.kind {
        Kind::DriftWeakening => format!("Bucket {bucket} was weakened outside of Sealform."),
        Kind::Drift => format!("Bucket {bucket} was changed outside of Sealform."),
        Kind::DriftStrengthening => {
            format!("Bucket {bucket} was strengthened outside of Sealform.")
        }
        Kind::WeakeningChange => {
            format!("The encryption of bucket {bucket} is going to be weakened.")
        }
        Kind::PendingChange => format!("The encryption of bucket {bucket} is going to be changed."),
        Kind::UnreadableBucket => format!("Bucket {bucket} could not be checked."),
        Kind::UnplannedBucket => {
            format!("Bucket {bucket} was read, and there is an error about it.")
        }
        Kind::FailedStep => format!("The encryption of bucket {bucket} could not be changed."),
        Kind::Error | Kind::Warning => format!("Bucket {bucket}."),
    }];
    lines.extend(finding::notes(item));
    lines.extend(item.differences.iter().map(finding::difference));
    lines.join("\n")
}

/// A text as a message: braces are doubled, since they stand for arguments, and what would be a link
/// is none.
fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}").replace("](", "] (")
}

/// The first file that the report names.
fn first_file(report: &Report) -> Option<&str> {
    let items = report.resources.iter().filter_map(|item| item.place.as_ref());
    let problems = report.diagnostics.iter().filter_map(|problem| problem.place.as_ref());
    let files = items.chain(problems).map(|place| &*place.file);
    files.filter(|file| artifact(&report.directory, file).is_some()).min()
}

/// A path without `.` and, where that can be, `..`.
struct Resolved {
    path: String,
    absolute: bool,
    /// It leads out of where it begins.
    outside: bool,
}

/// A path, and another that is relative to it, as one.
fn resolved(directory: &str, file: &str) -> Resolved {
    let whole = if file.starts_with('/') { file.to_owned() } else { format!("{directory}/{file}") };
    let absolute = whole.starts_with('/') && (file.starts_with('/') || directory.starts_with('/'));
    let mut steps: Vec<&str> = Vec::new();
    for step in whole.split('/') {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => {
                steps.pop();
            }
            ".." if absolute => {}
            step => steps.push(step),
        }
    }
    let outside = steps.first() == Some(&"..");
    Resolved { path: percent_encoded(&steps.join("/")), absolute, outside }
}

/// Where a file is; nothing for what names none.
fn artifact(directory: &str, file: &str) -> Option<Json> {
    let resolved = resolved(directory, file);
    if resolved.path.is_empty() {
        return None;
    }
    Some(if resolved.absolute {
        json!({ "uri": format!("file:///{}", resolved.path) })
    } else if resolved.outside {
        json!({ "uri": resolved.path })
    } else {
        json!({ "uri": resolved.path, "uriBaseId": ROOT })
    })
}

/// A path as that of a URI.
fn percent_encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => put(&mut out, format_args!("%{byte:02X}")),
        }
    }
    out
}
