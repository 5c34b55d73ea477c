//! `aws_s3_bucket_server_side_encryption_configuration`: the default encryption of a bucket.

use super::kms_key::{self, KeyRef};
use super::leaf::block;
use super::{Finding, ResourceType};
use crate::addr::AttrPath;
use crate::diag::{Severity, did_you_mean};
use crate::schema::{AttrType, Attribute, NestedBlock, Schema, Usage};
use crate::value::{Type, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The default encryption of a bucket (S3, PutBucketEncryption,
/// `ServerSideEncryptionConfiguration`).
#[derive(Debug)]
pub struct BucketEncryption;

static SCHEMA: Schema = Schema {
    attributes: &[
        Attribute::open(
            "bucket",
            AttrType::String,
            Usage::Required,
            "The name of the bucket, of a general purpose or a directory bucket.",
        ),
        Attribute::open(
            "expected_bucket_owner",
            AttrType::String,
            Usage::Optional,
            "The 12-digit id of the account that must own the bucket. S3 refuses every request \
             where another one does.",
        ),
        Attribute::open(
            "checksum_algorithm",
            AttrType::String,
            Usage::Optional,
            "How the request is protected on its way: CRC32, CRC32C, CRC64NVME, SHA1 or SHA256. \
             CRC32 where nothing is said.",
        ),
        Attribute::open("id", AttrType::String, Usage::Computed, "The name of the bucket."),
    ],
    blocks: &[NestedBlock {
        name: "rule",
        schema: &RULE,
        required: true,
        description: "How new objects are encrypted; exactly one.",
    }],
};

static RULE: Schema = Schema {
    attributes: &[
        Attribute::open(
            "bucket_key_enabled",
            AttrType::Bool,
            Usage::OptionalComputed,
            "Whether S3 uses a Bucket Key, which saves requests to KMS. Where nothing is said: \
             false, and true for a directory bucket, where it cannot be turned off.",
        ),
        Attribute::open(
            "blocked_encryption_types",
            AttrType::SET_OF_STRING,
            Usage::OptionalComputed,
            "Which encryption new objects may not use: [\"SSE-C\"], or [\"NONE\"] or [] to block \
             nothing. Where nothing is said it stays as it is.",
        ),
    ],
    blocks: &[NestedBlock {
        name: "apply_server_side_encryption_by_default",
        schema: &DEFAULT,
        required: true,
        description: "The encryption of new objects that ask for none.",
    }],
};

static DEFAULT: Schema = Schema {
    attributes: &[
        Attribute::open(
            "sse_algorithm",
            AttrType::String,
            Usage::Required,
            "AES256 (keys of S3), aws:kms (a key of KMS) or aws:kms:dsse (two layers under a key \
             of KMS).",
        ),
        Attribute::open(
            "kms_master_key_id",
            AttrType::String,
            Usage::Optional,
            "The key of KMS: its id, its ARN, or an alias. Only with aws:kms and aws:kms:dsse. \
             Where nothing is said: the key that AWS manages, alias/aws/s3.",
        ),
    ],
    blocks: &[],
};

const ALGORITHMS: [&str; 3] = ["AES256", "aws:kms", "aws:kms:dsse"];
const CHECKSUMS: [&str; 5] = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"];
const BLOCKABLE: [&str; 2] = ["NONE", "SSE-C"];

const DEFAULT_BLOCK: &str = "apply_server_side_encryption_by_default";

/// Whether the name is that of a directory bucket: `base--zone--x-s3`.
pub fn is_directory_bucket(name: &str) -> bool {
    name.ends_with("--x-s3")
}

/// A rule as S3 means it; what is unknown is left out.
#[derive(Debug, PartialEq, Eq)]
struct Rule<'a> {
    algorithm: Option<&'a str>,
    key: Option<&'a str>,
    bucket_key: Option<bool>,
    /// The types that are blocked; `NONE` blocks nothing.
    blocked: BTreeSet<&'a str>,
}

impl<'a> Rule<'a> {
    fn of(settings: &'a Value) -> Self {
        let rule = block(settings, "rule");
        let default = rule.and_then(|rule| block(rule, DEFAULT_BLOCK));
        let text = |name: &str| default?.get(name)?.as_str().map(|text| &**text);
        Self {
            algorithm: text("sse_algorithm"),
            key: text("kms_master_key_id"),
            bucket_key: rule.and_then(|rule| rule.get("bucket_key_enabled")?.as_bool()),
            blocked: rule
                .and_then(|rule| rule.get("blocked_encryption_types")?.as_items())
                .unwrap_or_default()
                .iter()
                .filter_map(|item| item.as_str().map(|text| &**text))
                .filter(|text| *text != "NONE")
                .collect(),
        }
    }

    /// Whether KMS has the key, AWS managed or not.
    fn uses_kms(&self) -> bool {
        self.algorithm.is_some_and(|algorithm| algorithm.starts_with("aws:kms"))
    }

    /// How well new objects are protected: by whose key, in how many layers.
    fn strength(&self) -> Option<(u8, &'static str)> {
        let managed =
            self.key.is_none_or(|key| KeyRef::parse(key).is_some_and(|key| key.is_aws_managed()));
        match self.algorithm? {
            "AES256" => Some((0, "SSE-S3")),
            "aws:kms" | "aws:kms:dsse" if managed => Some((1, "AWS managed key")),
            "aws:kms" | "aws:kms:dsse" => Some((2, "customer managed key")),
            _ => None,
        }
    }
}

/// Settings in the shape of the schema.
fn settings(algorithm: Value, key: Value, bucket_key: Value, blocked: Value) -> Value {
    let default = Value::object([("sse_algorithm", algorithm), ("kms_master_key_id", key)]);
    let rule = Value::object([
        (DEFAULT_BLOCK, Value::list(Type::Any, vec![default])),
        ("bucket_key_enabled", bucket_key),
        ("blocked_encryption_types", blocked),
    ]);
    Value::object([("rule", Value::list(Type::Any, vec![rule]))])
}

impl BucketEncryption {
    /// What a bucket reads as that has this rule (S3, GetBucketEncryption,
    /// `ServerSideEncryptionRule`).
    pub fn live(
        algorithm: &str,
        key: Option<&str>,
        bucket_key: bool,
        blocked: impl IntoIterator<Item = String>,
    ) -> Value {
        let blocked = blocked.into_iter().filter(|it| it != "NONE").map(Value::from).collect();
        settings(
            Value::from(algorithm),
            key.map_or(Value::Null(Type::String), Value::from),
            Value::Bool(bucket_key),
            Value::set(Type::String, blocked),
        )
    }
}

impl ResourceType for BucketEncryption {
    fn name(&self) -> &'static str {
        "aws_s3_bucket_server_side_encryption_configuration"
    }

    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn description(&self) -> &'static str {
        "The default encryption of a bucket: how S3 encrypts new objects that ask for nothing \
         else. The names are those of the Terraform AWS provider, so that a block can be copied \
         over unchanged. `for_each`, `count`, `depends_on`, `provider` and `lifecycle { \
         prevent_destroy, ignore_changes }` stand beside them."
    }

    fn example(&self) -> &'static str {
        r#"
resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = "acme-logs"

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "arn:aws:kms:eu-west-1:111122223333:key/…"
    }
    bucket_key_enabled       = true
    blocked_encryption_types = ["SSE-C"]
  }
}
"#
    }

    fn identity(&self, declared: &Value) -> Option<Arc<str>> {
        declared.get("bucket")?.as_str().cloned()
    }

    fn request(&self, declared: &Value) -> Value {
        let attribute = |name: &'static str| {
            (name, declared.get(name).cloned().unwrap_or(Value::Null(Type::String)))
        };
        Value::object([attribute("expected_bucket_owner"), attribute("checksum_algorithm")])
    }

    fn validate(&self, declared: &Value) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut wrong = |path: &[&str], summary, detail: String| {
            findings.push(Finding {
                severity: Severity::Error,
                path: path.iter().collect(),
                summary,
                detail,
            });
        };
        let text = |name: &str| declared.get(name).and_then(Value::as_str);
        if let Some(bucket) = text("bucket")
            && let Some(reason) = bucket_name_fault(bucket)
        {
            wrong(&["bucket"], "Invalid bucket name", format!("{bucket:?}: {reason}."));
        }
        if let Some(owner) = text("expected_bucket_owner")
            && (owner.len() != 12 || !owner.bytes().all(|b| b.is_ascii_digit()))
        {
            let detail = format!("{owner:?} is not an account: an account id has 12 digits.");
            wrong(&["expected_bucket_owner"], "Invalid account id", detail);
        }
        if let Some(checksum) = text("checksum_algorithm") {
            one_of(&mut wrong, &["checksum_algorithm"], "checksum algorithm", checksum, &CHECKSUMS);
        }
        let rule = Rule::of(declared);
        if let Some(algorithm) = rule.algorithm {
            let path = ["rule", DEFAULT_BLOCK, "sse_algorithm"];
            one_of(&mut wrong, &path, "encryption algorithm", algorithm, &ALGORITHMS);
        }
        if let Some(key) = rule.key {
            let path = ["rule", DEFAULT_BLOCK, "kms_master_key_id"];
            if rule.algorithm == Some("AES256") {
                let detail = "AES256 encrypts with keys of S3 and takes no key of KMS. Say \
                              `sse_algorithm = \"aws:kms\"`, or remove the key.";
                wrong(&path, "Key without KMS", detail.to_owned());
            } else if KeyRef::parse(key).is_none() {
                let detail = format!(
                    "{key:?} does not name a key of KMS. A key is named by its id (a UUID), its \
                     ARN, `alias/name`, or the ARN of an alias."
                );
                wrong(&path, "Invalid KMS key", detail);
            }
        }
        for blocked in declared_blocked(declared) {
            let path = ["rule", "blocked_encryption_types"];
            one_of(&mut wrong, &path, "encryption type to block", &blocked, &BLOCKABLE);
        }
        findings
    }

    fn desired(&self, declared: &Value, live: &Value) -> Value {
        let rule = block(declared, "rule");
        let default = rule.and_then(|rule| block(rule, DEFAULT_BLOCK));
        let given = |object: Option<&Value>, name: &str| {
            object.and_then(|object| object.get(name)).filter(|it| !it.is_null()).cloned()
        };
        let live_rule = block(live, "rule");
        let directory = self.identity(declared).is_some_and(|name| is_directory_bucket(&name));
        let blocked = given(rule, "blocked_encryption_types").map_or_else(
            || {
                live_rule
                    .and_then(|rule| rule.get("blocked_encryption_types").cloned())
                    .unwrap_or_else(|| Value::set(Type::String, Vec::new()))
            },
            |declared| {
                let marked = declared.any(&|part| part.is_sensitive());
                let items = declared.reveal_deep().0;
                let items = items.as_items().unwrap_or_default().iter();
                let types = items.filter(|it| it.as_str().is_none_or(|it| &**it != "NONE"));
                Value::set(Type::String, types.cloned().collect()).sensitive_if(marked)
            },
        );
        settings(
            given(default, "sse_algorithm").unwrap_or(Value::Null(Type::String)),
            given(default, "kms_master_key_id").unwrap_or(Value::Null(Type::String)),
            given(rule, "bucket_key_enabled").unwrap_or(Value::Bool(directory)),
            blocked,
        )
    }

    fn resolved(&self, declared: &Value, live: Option<&Value>) -> Value {
        let fields = declared.as_fields().cloned().unwrap_or_default();
        let id = declared.get("bucket").cloned().unwrap_or(Value::Unknown(Type::String));
        let settings = match live {
            Some(live) => self.desired(declared, live),
            None => super::with_leaf(
                &self.desired(declared, &Value::NULL),
                &["rule", "blocked_encryption_types"].into_iter().collect(),
                block(declared, "rule")
                    .and_then(|rule| rule.get("blocked_encryption_types"))
                    .filter(|blocked| !blocked.is_null())
                    .cloned()
                    .unwrap_or(Value::Unknown(Type::set(Type::String))),
            ),
        };
        let rule = settings.get("rule").cloned().unwrap_or(Value::NULL);
        Value::Object(fields.with("id", id).with("rule", rule))
    }

    fn differences(&self, before: &Value, after: &Value) -> Vec<AttrPath> {
        let (a, b) = (Rule::of(before), Rule::of(after));
        let mut paths = Vec::new();
        if a.algorithm != b.algorithm {
            paths.push(["rule", DEFAULT_BLOCK, "sse_algorithm"].iter().collect());
        }
        // Where only one side has KMS, no key and the AWS managed key are not the same.
        let same_key = if a.uses_kms() && b.uses_kms() {
            kms_key::same_key(a.key, b.key)
        } else {
            a.key == b.key
        };
        if !same_key {
            paths.push(["rule", DEFAULT_BLOCK, "kms_master_key_id"].iter().collect());
        }
        if a.bucket_key.unwrap_or(false) != b.bucket_key.unwrap_or(false) {
            paths.push(["rule", "bucket_key_enabled"].iter().collect());
        }
        if a.blocked != b.blocked {
            paths.push(["rule", "blocked_encryption_types"].iter().collect());
        }
        paths
    }

    fn reset(&self, identity: &str, live: &Value) -> Value {
        let rule = Rule::of(live);
        if rule.algorithm.is_none() {
            // A store without default encryption: there is nothing to reset.
            return live.clone();
        }
        // Unsure (S3, DeleteBucketEncryption): whether blocked types are kept. Shown as kept.
        let blocked = rule.blocked.iter().map(|it| (*it).to_owned());
        Self::live("AES256", None, is_directory_bucket(identity), blocked)
    }

    fn keys(&self, settings: &Value) -> Vec<Arc<str>> {
        let rule = Rule::of(settings);
        rule.key.filter(|_| rule.uses_kms()).map(Arc::from).into_iter().collect()
    }

    fn weakening(&self, before: &Value, after: &Value) -> Option<String> {
        let (a, b) = (Rule::of(before), Rule::of(after));
        let mut reasons = Vec::new();
        match (a.strength(), b.strength()) {
            (Some((strong, from)), Some((weak, to))) if weak < strong => {
                reasons.push(format!("{from} → {to}"));
            }
            _ => {}
        }
        if a.algorithm == Some("aws:kms:dsse") && b.algorithm == Some("aws:kms") {
            reasons.push("two layers → one layer".to_owned());
        }
        for unblocked in a.blocked.difference(&b.blocked) {
            reasons.push(format!("{unblocked} blocked → {unblocked} allowed"));
        }
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }
}

/// The blocked types as they are declared, `NONE` included.
fn declared_blocked(declared: &Value) -> Vec<Arc<str>> {
    block(declared, "rule")
        .and_then(|rule| rule.get("blocked_encryption_types")?.as_items())
        .unwrap_or_default()
        .iter()
        .filter_map(|item| item.as_str().cloned())
        .collect()
}

fn one_of(
    wrong: &mut impl FnMut(&[&str], &'static str, String),
    path: &[&str],
    what: &str,
    given: &str,
    known: &[&'static str],
) {
    if known.contains(&given) {
        return;
    }
    let hint = known.iter().find(|it| it.eq_ignore_ascii_case(given)).map_or_else(
        || did_you_mean(given, known.iter().copied()),
        |it| format!(" Did you mean {it:?}?"),
    );
    let why = match given {
        "aws:fsx" | "aws:backup" => {
            " S3 knows it for access points and backups, not as a bucket's default."
        }
        _ => "",
    };
    let detail = format!("{given:?} is no {what}.{why}{hint} Known are {}.", known.join(", "));
    wrong(path, "Unsupported value", detail);
}

/// What is wrong with the name of a bucket, if S3 would never have made one of that name. Buckets
/// from before 2018 in us-east-1 may have up to 255 characters, capitals and underscores.
pub(super) fn bucket_name_fault(name: &str) -> Option<&'static str> {
    if name.starts_with("arn:") {
        Some("this is an ARN; give the name of the bucket alone")
    } else if name.starts_with("s3://") {
        Some("this is a URL; give the name of the bucket alone")
    } else if name.len() < 3 || name.len() > 255 {
        Some("the name of a bucket has 3 to 63 characters")
    } else if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b)) {
        Some("the name of a bucket is made of lower-case letters, digits, dots and dashes")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    fn live(algorithm: &str, key: Option<&str>, bucket_key: bool, blocked: &[&str]) -> Value {
        BucketEncryption::live(algorithm, key, bucket_key, blocked.iter().map(|it| (*it).into()))
    }

    fn declared(rule: &[(&'static str, Value)], default: &[(&'static str, Value)]) -> Value {
        let default = Value::object(default.iter().cloned());
        let rule =
            rule.iter().cloned().chain([(DEFAULT_BLOCK, Value::list(Type::Any, vec![default]))]);
        Value::object([
            ("bucket", Value::from("logs")),
            ("rule", Value::list(Type::Any, vec![Value::object(rule)])),
        ])
    }

    fn names(paths: &[AttrPath]) -> Vec<String> {
        paths.iter().map(|path| path.steps().last().unwrap().to_string()).collect()
    }

    #[test]
    fn what_is_not_declared_stays_or_is_as_s3_sets_it() {
        let declared = declared(&[], &[("sse_algorithm", Value::from("AES256"))]);
        let live = live("AES256", None, false, &["SSE-C"]);
        let desired = BucketEncryption.desired(&declared, &live);
        assert_eq!(BucketEncryption.differences(&live, &desired), []);
    }

    #[test]
    fn none_and_nothing_unblock() {
        for blocked in [vec![], vec![Value::from("NONE")]] {
            let declared = declared(
                &[("blocked_encryption_types", Value::set(Type::String, blocked))],
                &[("sse_algorithm", Value::from("AES256"))],
            );
            let before = live("AES256", None, false, &["SSE-C"]);
            let after = BucketEncryption.desired(&declared, &before);
            let paths = BucketEncryption.differences(&before, &after);
            assert_eq!(names(&paths), ["blocked_encryption_types"]);
            assert_eq!(
                BucketEncryption.weakening(&before, &after).as_deref(),
                Some("SSE-C blocked → SSE-C allowed")
            );
            let unblocked = live("AES256", None, false, &[]);
            assert_eq!(BucketEncryption.differences(&unblocked, &after), []);
        }
    }

    #[test]
    fn weakening_follows_whose_key_it_is() {
        let (s3, aws, own) = (
            live("AES256", None, false, &[]),
            live("aws:kms", None, false, &[]),
            live("aws:kms", Some(KEY), false, &[]),
        );
        let dsse = live("aws:kms:dsse", Some(KEY), false, &[]);
        let weakening = |a, b| BucketEncryption.weakening(a, b);
        assert_eq!(weakening(&own, &aws).unwrap(), "customer managed key → AWS managed key");
        assert_eq!(weakening(&aws, &s3).unwrap(), "AWS managed key → SSE-S3");
        assert_eq!(weakening(&dsse, &own).unwrap(), "two layers → one layer");
        assert_eq!(weakening(&s3, &own), None);
        assert_eq!(weakening(&own, &own), None);
    }

    #[test]
    fn an_algorithm_of_tomorrow_differs_from_todays() {
        let tomorrow = live("aws:kms:v9", Some(KEY), true, &[]);
        let today = live("aws:kms", Some(KEY), true, &[]);
        assert_eq!(names(&BucketEncryption.differences(&tomorrow, &today)), ["sse_algorithm"]);
        assert_eq!(BucketEncryption.weakening(&tomorrow, &today), None);
    }

    /// Its Bucket Key cannot be turned off, so a reset that expects it off never ends.
    #[test]
    fn a_directory_bucket_keeps_its_bucket_key_when_it_is_reset() {
        let name = "logs--usw2-az1--x-s3";
        let fresh = live("AES256", None, true, &[]);
        let after = BucketEncryption.reset(name, &live("aws:kms", Some(KEY), true, &[]));
        assert_eq!(BucketEncryption.differences(&after, &fresh), []);
        assert_eq!(BucketEncryption.differences(&fresh, &BucketEncryption.reset(name, &fresh)), []);
    }

    #[test]
    fn where_there_is_no_default_there_is_nothing_to_reset() {
        let nothing = Value::object([("rule", Value::NULL)]);
        let after = BucketEncryption.reset("logs", &nothing);
        assert_eq!(BucketEncryption.differences(&nothing, &after), []);
    }

    #[test]
    fn each_wrong_value_is_found_at_its_attribute() {
        let object = declared(
            &[("blocked_encryption_types", Value::set(Type::String, vec![Value::from("SSE")]))],
            &[("sse_algorithm", Value::from("aes256")), ("kms_master_key_id", Value::from("k"))],
        );
        let object = Value::Object(
            object
                .as_fields()
                .unwrap()
                .with("bucket", Value::from("arn:aws:s3:::logs"))
                .with("checksum_algorithm", Value::from("MD5"))
                .with("expected_bucket_owner", Value::from("12")),
        );
        let found: Vec<String> = BucketEncryption
            .validate(&object)
            .iter()
            .map(|finding| finding.path.steps().last().unwrap().to_string())
            .collect();
        assert_eq!(
            found,
            [
                "bucket",
                "expected_bucket_owner",
                "checksum_algorithm",
                "sse_algorithm",
                "kms_master_key_id",
                "blocked_encryption_types"
            ]
        );
    }
}
