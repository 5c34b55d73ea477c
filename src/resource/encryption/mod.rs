//! `aws_s3_bucket_server_side_encryption_configuration`: the default encryption of a bucket.

mod check;
mod live;
mod name;
#[cfg(test)]
mod tests;

pub use self::name::{is_directory_bucket, region_of_zone};

pub(super) use self::name::bucket_name_fault;

use super::key_names::KeyNames;
use super::leaf::block;
use super::{Facts, Finding, ResourceType};
use crate::addr::AttrPath;
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
        Attribute::open(
            "region",
            AttrType::String,
            Usage::Optional,
            "The Region that the bucket must be in; a plan refuses where it is in another. Where \
             nothing is said, it is found out.",
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
        description: "The encryption of new objects that ask for none. A write replaces all there \
                      is, and one without it would put the bucket back to SSE-S3 unsaid; say \
                      AES256 where that is meant.",
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

const DEFAULT_BLOCK: &str = "apply_server_side_encryption_by_default";
/// Where the settings stand.
const ALGORITHM: [&str; 3] = ["rule", DEFAULT_BLOCK, "sse_algorithm"];
const KEY: [&str; 3] = ["rule", DEFAULT_BLOCK, "kms_master_key_id"];
const BUCKET_KEY: [&str; 2] = ["rule", "bucket_key_enabled"];
const BLOCKED: [&str; 2] = ["rule", "blocked_encryption_types"];

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
            // As in Terraform, an empty text is no key.
            key: text("kms_master_key_id").filter(|key| !key.is_empty()),
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
    fn strength(&self, keys: &KeyNames) -> Option<(u8, &'static str)> {
        match self.algorithm? {
            "AES256" => Some((0, "SSE-S3")),
            "aws:kms" | "aws:kms:dsse" if keys.is_aws_managed(self.key) => {
                Some((1, "AWS managed key"))
            }
            "aws:kms" | "aws:kms:dsse" => Some((2, "customer managed key")),
            _ => None,
        }
    }

    /// The key of the customer's own, if it is one.
    fn own_key(&self, keys: &KeyNames) -> Option<&'a str> {
        self.key.filter(|key| self.uses_kms() && !keys.is_aws_managed(Some(key)))
    }

    /// Whether both encrypt with one key. Where only one side has KMS, no key and the AWS managed
    /// key are not the same.
    fn same_key(&self, other: &Rule<'_>, keys: &KeyNames) -> bool {
        if self.uses_kms() && other.uses_kms() {
            keys.same(self.key, other.key)
        } else {
            self.key == other.key
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
         over unchanged. `for_each`, `count`, `depends_on`, `provider`, `lifecycle { … }` and \
         `timeouts { … }` stand beside them."
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
        check::check(declared)
    }

    fn look_over(&self, facts: &Facts<'_>) -> Vec<Finding> {
        live::look_over(facts)
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
            given(default, "kms_master_key_id")
                .filter(|key| key.as_str().is_none_or(|key| !key.is_empty()))
                .unwrap_or(Value::Null(Type::String)),
            given(rule, "bucket_key_enabled").unwrap_or(Value::Bool(directory)),
            blocked,
        )
    }

    fn resolved(&self, declared: &Value, live: Option<&Value>) -> Value {
        let fields = declared.as_fields().cloned().unwrap_or_default();
        let id = declared.get("bucket").cloned().unwrap_or(Value::unknown(Type::String));
        let settings = match live {
            Some(live) => self.desired(declared, live),
            None => super::with_leaf(
                &self.desired(declared, &Value::NULL),
                &["rule", "blocked_encryption_types"].into_iter().collect(),
                block(declared, "rule")
                    .and_then(|rule| rule.get("blocked_encryption_types"))
                    .filter(|blocked| !blocked.is_null())
                    .cloned()
                    .unwrap_or(Value::unknown(Type::set(Type::String))),
            ),
        };
        let rule = settings.get("rule").cloned().unwrap_or(Value::NULL);
        Value::Object(fields.with("id", id).with("rule", rule))
    }

    fn keeping(&self, desired: Value, live: &Value, ignored: &dyn Fn(&AttrPath) -> bool) -> Value {
        let paths = super::leaves(&SCHEMA, &desired).into_iter().map(|(path, _)| path);
        let kept: Vec<AttrPath> =
            paths.filter(|path| ignored(path) && super::leaf(live, path).is_some()).collect();
        let wanted = Rule::of(&desired).uses_kms();
        let keep = |settings: Value, path: AttrPath| match super::leaf(live, &path) {
            Some(value) => super::with_leaf(&settings, &path, value.clone()),
            None => settings,
        };
        let settings = kept.into_iter().fold(desired, keep);
        let rule = Rule::of(&settings);
        let key = KEY.iter().collect();
        if rule.key.is_some() && !rule.uses_kms() {
            // The algorithm stays, and takes no key of KMS: S3 would refuse the two together.
            super::with_leaf(&settings, &key, Value::Null(Type::String))
        } else if rule.uses_kms() && !wanted {
            // The algorithm stays, and what is declared names no key because it needs none.
            keep(settings, key)
        } else {
            settings
        }
    }

    fn differences(&self, before: &Value, after: &Value, keys: &KeyNames) -> Vec<AttrPath> {
        let (a, b) = (Rule::of(before), Rule::of(after));
        let mut paths: Vec<AttrPath> = Vec::new();
        if a.algorithm != b.algorithm {
            paths.push(ALGORITHM.iter().collect());
        }
        if !a.same_key(&b, keys) {
            paths.push(KEY.iter().collect());
        }
        if a.bucket_key.unwrap_or(false) != b.bucket_key.unwrap_or(false) {
            paths.push(BUCKET_KEY.iter().collect());
        }
        if a.blocked != b.blocked {
            paths.push(BLOCKED.iter().collect());
        }
        paths
    }

    fn is_doubtful(&self, before: &Value, after: &Value, keys: &KeyNames) -> bool {
        let (a, b) = (Rule::of(before), Rule::of(after));
        a.uses_kms() && b.uses_kms() && keys.is_doubtful(a.key, b.key)
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

    fn weakening(&self, before: &Value, after: &Value, keys: &KeyNames) -> Option<String> {
        let (a, b) = (Rule::of(before), Rule::of(after));
        let mut reasons = Vec::new();
        match (a.strength(keys), b.strength(keys)) {
            (Some((strong, from)), Some((weak, to))) if weak < strong => {
                reasons.push(format!("{from} → {to}"));
            }
            // It cannot be told how much it protects; to be asked once too often does no harm.
            (None, Some((_, to))) if a.algorithm.is_some() && a.algorithm != b.algorithm => {
                let from = a.algorithm.unwrap_or_default();
                reasons.push(format!("{from}, which this version does not know → {to}"));
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

    fn notes(&self, before: &Value, after: &Value, reset: bool, keys: &KeyNames) -> Vec<String> {
        let (a, b) = (Rule::of(before), Rule::of(after));
        let mut notes = Vec::new();
        if let Some(key) = a.own_key(keys)
            && !(b.uses_kms() && keys.same(Some(key), b.key))
        {
            let path = KEY.iter().collect();
            let mut sides = [before, after].into_iter().filter_map(|it| super::leaf(it, &path));
            let secret = sides.any(Value::is_sensitive);
            let key = if secret { "that must not be shown" } else { key };
            notes.push(format!("objects that are there still need the key {key}: keep it enabled"));
        }
        if reset && !a.blocked.is_empty() {
            let types: Vec<&str> = a.blocked.iter().copied().collect();
            notes.push(format!("whether {} stays blocked is for S3 to say", types.join(", ")));
        }
        notes
    }
}
