//! Plans to draw.

use crate::addr::{Address, AttrPath, InstanceKey, ResourceAddr};
use crate::plan::{Action, Change, Plan, Step, Terms};
use crate::value::{Type, Value};

pub(super) const TYPE: &str = "aws_s3_bucket_server_side_encryption_configuration";

pub(super) fn address(name: &str) -> Address {
    ResourceAddr::managed(TYPE, name).instance(InstanceKey::None)
}

pub(super) fn settings(algorithm: &str, key: Option<&str>, bucket_key: bool) -> Value {
    let default = Value::object([
        ("sse_algorithm", Value::from(algorithm)),
        ("kms_master_key_id", key.map_or(Value::NULL, Value::from)),
    ]);
    let rule = Value::object([
        ("apply_server_side_encryption_by_default", Value::list(Type::Any, vec![default])),
        ("bucket_key_enabled", Value::Bool(bucket_key)),
        ("blocked_encryption_types", Value::set(Type::String, vec![Value::from("SSE-C")])),
    ]);
    Value::object([("rule", Value::list(Type::Any, vec![rule]))])
}

pub(super) fn change(path: &str, before: Value, after: Value) -> Change {
    let path: AttrPath = path.split('.').collect();
    Change { path, before, after, sensitive: false }
}

pub(super) fn algorithm(before: &str, after: &str) -> Change {
    let path = "rule.apply_server_side_encryption_by_default.sse_algorithm";
    change(path, Value::from(before), Value::from(after))
}

pub(super) fn key(before: Option<&str>, after: Option<&str>) -> Change {
    let path = "rule.apply_server_side_encryption_by_default.kms_master_key_id";
    let value = |text: Option<&str>| text.map_or(Value::NULL, Value::from);
    change(path, value(before), value(after))
}

pub(super) fn bucket_key(before: bool, after: bool) -> Change {
    change("rule.bucket_key_enabled", Value::Bool(before), Value::Bool(after))
}

pub(super) fn step(action: Action, address: Address, bucket: &str) -> Step {
    Step {
        previous: None,
        import: None,
        address,
        action,
        reason: None,
        provider: "aws".into(),
        identity: bucket.into(),
        region: None,
        request: Value::NULL,
        before: Some(settings("AES256", None, false)),
        after: Some(settings("aws:kms", Some("alias/acme"), true)),
        sensitive: Vec::new(),
        changes: Vec::new(),
        drift: Vec::new(),
        follows: Vec::new(),
        recorded: None,
        known: false,
        weakening: None,
        record: false,
        after_blocks: Vec::new(),
        depends_on: Vec::new(),
        prevent_destroy: false,
        terms: Terms::default(),
    }
}

/// The usual update: to a key of KMS.
pub(super) fn update(name: &str, bucket: &str) -> Step {
    Step {
        previous: None,
        import: None,
        sensitive: Vec::new(),
        changes: vec![
            algorithm("AES256", "aws:kms"),
            key(None, Some("alias/acme")),
            bucket_key(false, true),
        ],
        ..step(Action::Update, address(name), bucket)
    }
}

pub(super) fn plan(steps: Vec<Step>) -> Plan {
    Plan { tool_version: "0.1.0".to_owned(), steps, ..Plan::default() }
}
