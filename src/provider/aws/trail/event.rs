//! One event of the log: who did what to which bucket, and what was written there.
//!
//! An event comes from outside and may be anything: what is missing or of another form is not known,
//! and never makes the rest of no use.

use crate::provider::Author;
use crate::provider::aws::encryption::{ALGORITHM, BUCKET_KEY, KEY, at};
use crate::resource::{KeyRef, is_directory_bucket};
use crate::value::Value;
use jiff::Timestamp;
use serde_json::Value as Json;

/// What changes a bucket's encryption; the same names for a directory bucket.
pub(super) const NAMES: [&str; 2] = ["PutBucketEncryption", "DeleteBucketEncryption"];

/// Whose events they are: those of directory buckets have a source of their own.
const SOURCES: [&str; 2] = ["s3.amazonaws.com", "s3express.amazonaws.com"];

/// So many characters of one text are kept.
const LONGEST: usize = 500;

/// An event as `LookupEvents` gives it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found<'a> {
    pub(super) name: Option<&'a str>,
    /// Seconds since the epoch.
    pub(super) time: Option<i64>,
    pub(super) username: Option<&'a str>,
    /// The name of the first resource that is a bucket.
    pub(super) resource: Option<&'a str>,
    /// `CloudTrailEvent`: the whole event, as JSON.
    pub(super) record: Option<&'a str>,
}

/// A call that changed a bucket's encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) bucket: String,
    pub(super) author: Author,
    wrote: Option<Wrote>,
}

/// What a call left on the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wrote {
    algorithm: String,
    key: Option<String>,
    /// None where that is not told.
    bucket_key: Option<bool>,
}

impl Change {
    /// Reads an event; nothing where it changed no bucket's encryption.
    pub(super) fn of(found: &Found<'_>) -> Option<Self> {
        let record: Json =
            found.record.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        // A call that was refused changed nothing.
        let is_error = record.get("errorCode").is_some_and(|code| !code.is_null());
        let source = text(&record, &["eventSource"]);
        if is_error || source.is_some_and(|source| !SOURCES.contains(&source)) {
            return None;
        }
        let name = text(&record, &["eventName"]).or(found.name)?;
        let event = NAMES.into_iter().find(|known| *known == name)?;
        let bucket = text(&record, &["requestParameters", "bucketName"])
            .or_else(|| found.resource.map(bare_name))?;
        let told = || text(&record, &["eventTime"])?.parse().ok();
        let when = found.time.and_then(|time| Timestamp::from_second(time).ok()).or_else(told)?;
        let author = Author {
            who: clip(&who(&record, found.username)),
            when,
            event,
            source: text(&record, &["sourceIPAddress"]).map(clip),
            agent: text(&record, &["userAgent"]).map(clip),
        };
        Some(Self { bucket: bucket.to_owned(), author, wrote: wrote(&record, event) })
    }

    /// Whether the settings that are live can be what the call left. Where they cannot, a later one is
    /// still on its way into the log.
    pub(super) fn fits(&self, live: &Value) -> bool {
        let Some(Wrote { algorithm, key, bucket_key }) = &self.wrote else { return true };
        let leaf = |path: &[&str]| at(live, path);
        let text = |path: &[&str]| leaf(path).and_then(Value::as_str).map(|text| &**text);
        // A store without a default reads as none where it was reset.
        let is_algorithm = text(&ALGORITHM).is_none_or(|live| live == algorithm);
        let is_bucket_key = is_directory_bucket(&self.bucket)
            || bucket_key.is_none_or(|wrote| {
                leaf(&BUCKET_KEY).and_then(Value::as_bool).is_none_or(|live| live == wrote)
            });
        is_algorithm && is_bucket_key && may_be_same(key.as_deref(), text(&KEY))
    }
}

/// Whether two names may be those of one key: an alias may be any key's.
fn may_be_same(a: Option<&str>, b: Option<&str>) -> bool {
    let (Some(a), Some(b)) = (a.and_then(KeyRef::parse), b.and_then(KeyRef::parse)) else {
        return true;
    };
    a.is_alias() != b.is_alias() || a.same(&b)
}

/// The text at a path of objects.
fn text<'a>(json: &'a Json, path: &[&str]) -> Option<&'a str> {
    let found = path.iter().try_fold(json, |json, name| json.get(name))?;
    found.as_str().filter(|text| !text.is_empty())
}

/// The name of a bucket, of which some are told as an ARN.
fn bare_name(resource: &str) -> &str {
    let is_arn = resource.starts_with("arn:");
    let name = resource.rsplit([':', '/']).next().filter(|_| is_arn);
    name.unwrap_or(resource)
}

/// The beginning of a text that may be of any length.
fn clip(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// Who it was: by their ARN where there is one, else by what stands for it in events of their kind.
fn who(record: &Json, username: Option<&str>) -> String {
    let identity = |path: &[&str]| {
        let whole: Vec<&str> =
            std::iter::once("userIdentity").chain(path.iter().copied()).collect();
        text(record, &whole)
    };
    if let Some(arn) = identity(&["arn"]) {
        return arn.to_owned();
    }
    let account = identity(&["accountId"]);
    let of_account = account.map_or_else(String::new, |it| format!(" of the account {it}"));
    let principal = identity(&["principalId"]);
    match identity(&["type"]) {
        Some("Root") => return format!("root{of_account}"),
        // A service of AWS, in its own name.
        Some("AWSService") if let Some(service) = identity(&["invokedBy"]) => {
            return service.to_owned();
        }
        Some("AssumedRole") => {
            let role = identity(&["sessionContext", "sessionIssuer", "arn"])
                .or_else(|| identity(&["sessionContext", "sessionIssuer", "userName"]));
            let session = principal.and_then(|it| it.split_once(':')).map(|(_, session)| session);
            match (role, session) {
                (Some(role), Some(session)) => return format!("{role}, session {session}"),
                (Some(role), None) => return role.to_owned(),
                (None, Some(_) | None) => {}
            }
        }
        Some(_) | None => {}
    }
    let name = identity(&["userName"])
        .or_else(|| identity(&["onBehalfOf", "userId"]))
        .or(principal)
        .or(username)
        .or_else(|| identity(&["invokedBy"]));
    match name {
        Some(name) => format!("{name}{of_account}"),
        None if account.is_some() => format!("somebody{of_account}"),
        None => "somebody whom CloudTrail does not name".to_owned(),
    }
}

/// What the call left on the bucket, as far as the event tells.
fn wrote(record: &Json, event: &str) -> Option<Wrote> {
    if event == "DeleteBucketEncryption" {
        return Some(Wrote { algorithm: "AES256".to_owned(), key: None, bucket_key: Some(false) });
    }
    let rules = record.get("requestParameters")?.get("ServerSideEncryptionConfiguration")?;
    let rule = rules.get("Rule").or_else(|| rules.get("Rules"))?;
    let rule = rule.get(0).unwrap_or(rule);
    let default = rule.get("ApplyServerSideEncryptionByDefault")?;
    let bucket_key = match rule.get("BucketKeyEnabled") {
        None => Some(false),
        Some(Json::Bool(truth)) => Some(*truth),
        Some(told) => told.as_str().and_then(|text| text.parse().ok()),
    };
    Some(Wrote {
        algorithm: text(default, &["SSEAlgorithm"])?.to_owned(),
        key: text(default, &["KMSMasterKeyID"]).map(str::to_owned),
        bucket_key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::BucketEncryption;
    use proptest::prelude::*;
    use serde_json::json;

    const KEY_A: &str =
        "arn:aws:kms:eu-west-1:111122223333:key/6f1c1a52-2c3e-4d0b-9a57-0a4f1d9b7e21";
    const KEY_B: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    fn read(record: &Json) -> Option<Change> {
        let record = record.to_string();
        Change::of(&Found { record: Some(&record), ..Found::default() })
    }

    fn event(more: Json) -> Json {
        let mut event = json!({
            "eventName": "PutBucketEncryption",
            "eventSource": "s3.amazonaws.com",
            "eventTime": "2026-11-20T23:11:05Z",
            "sourceIPAddress": "203.0.113.7",
            "userAgent": "[aws-cli/2.31.0]",
            "requestParameters": { "bucketName": "logs", "encryption": "" },
            "userIdentity": { "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/eve" },
        });
        if let (Json::Object(event), Json::Object(more)) = (&mut event, more) {
            event.extend(more);
        }
        event
    }

    fn put(rule: &Json) -> Json {
        let rules = json!({ "Rule": rule, "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/" });
        event(json!({
            "requestParameters": {
                "bucketName": "logs", "ServerSideEncryptionConfiguration": rules,
            },
        }))
    }

    fn live(algorithm: &str, key: Option<&str>, bucket_key: bool) -> Value {
        BucketEncryption::live(algorithm, key, bucket_key, [])
    }

    #[test]
    fn an_event_tells_who_when_and_from_where() {
        let change = read(&event(json!({ "errorCode": null }))).unwrap();
        assert_eq!(change.bucket, "logs");
        let Author { who, when, event, source, agent } = change.author;
        assert_eq!(who, "arn:aws:iam::111122223333:user/eve");
        assert_eq!(when.to_string(), "2026-11-20T23:11:05Z");
        assert_eq!(event, "PutBucketEncryption");
        assert_eq!(source.as_deref(), Some("203.0.113.7"));
        assert_eq!(agent.as_deref(), Some("[aws-cli/2.31.0]"));
    }

    #[test]
    fn everybody_has_a_name() {
        let session = json!({ "sessionIssuer": { "arn": "arn:aws:iam::111122223333:role/ops" } });
        for (identity, expected) in [
            (json!({ "type": "Root", "arn": "arn:aws:iam::1:root" }), "arn:aws:iam::1:root"),
            (
                json!({ "type": "Root", "accountId": "111122223333" }),
                "root of the account 111122223333",
            ),
            (
                json!({ "type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/ops/eve" }),
                "arn:aws:sts::1:assumed-role/ops/eve",
            ),
            (
                json!({
                    "type": "AssumedRole", "principalId": "AROA1:eve", "sessionContext": session,
                }),
                "arn:aws:iam::111122223333:role/ops, session eve",
            ),
            (
                json!({ "type": "AssumedRole", "sessionContext": session }),
                "arn:aws:iam::111122223333:role/ops",
            ),
            (json!({ "type": "AssumedRole", "principalId": "AROA1:eve" }), "AROA1:eve"),
            (
                json!({ "type": "AWSService", "invokedBy": "config.amazonaws.com" }),
                "config.amazonaws.com",
            ),
            (
                json!({ "type": "AWSAccount", "principalId": "AIDA1", "accountId": "111122223333" }),
                "AIDA1 of the account 111122223333",
            ),
            (
                json!({ "type": "AWSAccount", "accountId": "111122223333" }),
                "somebody of the account 111122223333",
            ),
            (json!({ "type": "IdentityCenterUser", "onBehalfOf": { "userId": "u-1" } }), "u-1"),
            (json!({ "type": "SAMLUser", "userName": "eve@example.org" }), "eve@example.org"),
            (json!({ "type": "Tomorrow" }), "somebody whom CloudTrail does not name"),
            (json!({ "arn": 5, "type": [] }), "somebody whom CloudTrail does not name"),
            (json!(null), "somebody whom CloudTrail does not name"),
        ] {
            let change = read(&event(json!({ "userIdentity": identity }))).unwrap();
            assert_eq!(change.author.who, expected, "{identity}");
        }
    }

    /// What stands beside the record is enough where that is missing or damaged.
    #[test]
    fn an_event_without_a_record_is_told_by_what_stands_beside_it() {
        for record in [None, Some(""), Some("{"), Some("[]"), Some("\"x\""), Some("null")] {
            let found = Found {
                name: Some("DeleteBucketEncryption"),
                time: Some(1_795_000_000),
                username: Some("eve"),
                resource: Some("arn:aws:s3:::logs"),
                record,
            };
            let change = Change::of(&found).unwrap();
            assert_eq!((&*change.bucket, &*change.author.who), ("logs", "eve"), "{record:?}");
            assert_eq!(change.author.when.as_second(), 1_795_000_000);
            assert_eq!(Change::of(&Found { time: None, ..found }), None);
            assert_eq!(Change::of(&Found { resource: None, ..found }), None);
            assert_eq!(Change::of(&Found { name: None, ..found }), None);
            assert_eq!(Change::of(&Found { time: Some(i64::MAX), ..found }), None);
        }
        let arn = "arn:aws:s3express:us-west-2:111122223333:bucket/fast--usw2-az1--x-s3";
        assert_eq!(bare_name(arn), "fast--usw2-az1--x-s3");
        assert_eq!(bare_name("logs"), "logs");
    }

    #[test]
    fn what_changed_nothing_is_passed_over() {
        for more in [
            json!({ "errorCode": "AccessDenied" }),
            json!({ "errorCode": 403 }),
            json!({ "eventName": "GetBucketEncryption" }),
            json!({ "eventName": null }),
            json!({ "eventSource": "s3-outposts.amazonaws.com" }),
            json!({ "requestParameters": null }),
            json!({ "eventTime": "yesterday" }),
        ] {
            assert_eq!(read(&event(more.clone())), None, "{more}");
        }
        assert!(read(&event(json!({ "eventSource": "s3express.amazonaws.com" }))).is_some());
    }

    #[test]
    fn a_call_that_left_other_settings_is_not_the_last_one() {
        let kms = |key: &str| json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key });
        let default =
            |default: Json| put(&json!({ "ApplyServerSideEncryptionByDefault": default }));
        let aes = || default(json!({ "SSEAlgorithm": "AES256" }));
        let reset = event(json!({ "eventName": "DeleteBucketEncryption" }));
        let short = KEY_A.rsplit('/').next().unwrap();
        for (event, live, expected) in [
            (aes(), live("AES256", None, false), true),
            (aes(), live("aws:kms", None, false), false),
            (aes(), live("AES256", None, true), false),
            (reset.clone(), live("AES256", None, false), true),
            (reset, live("aws:kms", Some(KEY_A), false), false),
            (default(kms(KEY_A)), live("aws:kms", Some(short), false), true),
            (default(kms(KEY_A)), live("aws:kms", Some(KEY_B), false), false),
            (default(kms("alias/x")), live("aws:kms", Some(KEY_B), false), true),
            (
                default(kms("HIDDEN_DUE_TO_SECURITY_REASONS")),
                live("aws:kms", Some(KEY_B), false),
                true,
            ),
            // What is not told contradicts nothing.
            (event(json!({})), live("aws:kms", Some(KEY_B), true), true),
            (put(&json!([])), live("aws:kms", Some(KEY_B), true), true),
            (
                put(&json!([{
                    "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" },
                    "BucketKeyEnabled": "true",
                }])),
                live("AES256", None, true),
                true,
            ),
        ] {
            assert_eq!(read(&event).unwrap().fits(&live), expected, "{event}");
        }
    }

    #[test]
    fn a_text_of_any_length_is_cut() {
        let long = "ü".repeat(100_000);
        let change = read(&event(json!({
            "userIdentity": { "arn": long }, "userAgent": long, "sourceIPAddress": long,
        })))
        .unwrap();
        let Author { who, source, agent, .. } = change.author;
        for text in [who, source.unwrap(), agent.unwrap()] {
            assert_eq!(text.chars().count(), LONGEST + 1);
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Change::of(&Found { record: Some(&deep), ..Found::default() }), None);
    }

    proptest! {
        #[test]
        fn any_text_is_borne(name in ".*", record in ".*", resource in ".*", time: i64) {
            let _any = Change::of(&Found {
                name: Some(&name),
                time: Some(time),
                username: Some(&name),
                resource: Some(&resource),
                record: Some(&record),
            });
        }
    }
}
