//! Bucket encryption between our settings and the SDK's types.

use super::account;
use super::connect::Connection;
use super::error::{self, Owner};
use crate::addr::AttrPath;
use crate::provider::{ErrorKind, ProviderError, Target};
use crate::resource::{BucketEncryption, is_directory_bucket, leaf, with_leaf};
use crate::value::{Type, Value};
use aws_sdk_s3::types::{
    BlockedEncryptionTypes, ChecksumAlgorithm, EncryptionType, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};

pub(super) const ALGORITHM: [&str; 3] =
    ["rule", "apply_server_side_encryption_by_default", "sse_algorithm"];
pub(super) const KEY: [&str; 3] =
    ["rule", "apply_server_side_encryption_by_default", "kms_master_key_id"];
pub(super) const BUCKET_KEY: [&str; 2] = ["rule", "bucket_key_enabled"];
const BLOCKED: [&str; 2] = ["rule", "blocked_encryption_types"];

/// The leaf at a path.
pub(super) fn at<'a>(settings: &'a Value, path: &[&str]) -> Option<&'a Value> {
    leaf(settings, &path.iter().collect())
}

/// What goes along with a request for a bucket.
pub(super) struct Request<'a> {
    pub(super) bucket: &'a str,
    /// The account that must own the bucket; never for a directory bucket, where S3 answers the
    /// header `x-amz-expected-bucket-owner` with `NotImplemented`.
    pub(super) owner: Option<Owner<'a>>,
    pub(super) checksum: Option<ChecksumAlgorithm>,
}

impl<'a> Request<'a> {
    pub(super) async fn of(
        connection: &'a Connection,
        target: &'a Target,
    ) -> Result<Self, ProviderError> {
        let bucket = &*target.identity;
        let attribute = |name| target.request.get(name);
        let text = |name| attribute(name).and_then(Value::as_str).map(|text| &**text);
        let is_secret = target.request.is_sensitive()
            || attribute("expected_bucket_owner").is_some_and(Value::is_sensitive);
        let owner = match text("expected_bucket_owner") {
            _ if is_directory_bucket(bucket) => None,
            Some(account) => Some(Owner::Declared { account, is_secret }),
            None => account::owner(connection).await?.map(Owner::OfCredentials),
        };
        let checksum = text("checksum_algorithm").map(ChecksumAlgorithm::from);
        Ok(Self { bucket, owner, checksum })
    }
}

/// The settings in an answer to `GetBucketEncryption`. An answer without rules is that of a store
/// without a default.
pub(super) fn from_sdk(
    bucket: &str,
    configuration: Option<ServerSideEncryptionConfiguration>,
) -> Value {
    let rule = configuration.and_then(|configuration| configuration.rules.into_iter().next());
    let Some(rule) = rule else { return without_default() };
    // An element that is absent is false for a general purpose bucket; for a directory bucket
    // Bucket Keys are always on.
    let bucket_key = rule.bucket_key_enabled.unwrap_or_else(|| is_directory_bucket(bucket));
    let blocked: Vec<String> = rule
        .blocked_encryption_types
        .iter()
        .flat_map(BlockedEncryptionTypes::encryption_type)
        .map(|blocked| blocked.as_str().to_owned())
        .collect();
    let Some(default) = rule.apply_server_side_encryption_by_default else {
        let live = BucketEncryption::live("", None, bucket_key, blocked);
        return with_leaf(&live, &ALGORITHM.iter().collect(), Value::Null(Type::String));
    };
    let key = default.kms_master_key_id.as_deref().filter(|key| !key.is_empty());
    BucketEncryption::live(default.sse_algorithm.as_str(), key, bucket_key, blocked)
}

/// The settings of a bucket that has no configuration: `ServerSideEncryptionConfigurationNotFoundError`
/// of S3 before 2023 and of stores that resemble it.
pub(super) fn without_default() -> Value {
    let live = BucketEncryption::live("", None, false, []);
    with_leaf(&live, &ALGORITHM.iter().collect(), Value::Null(Type::String))
}

/// The one rule that `PutBucketEncryption` takes.
pub(super) fn to_sdk(
    bucket: &str,
    settings: &Value,
) -> Result<ServerSideEncryptionConfiguration, ProviderError> {
    let text = |path: &[&str]| at(settings, path).and_then(Value::as_str).map(|text| &**text);
    let algorithm = text(&ALGORITHM).ok_or_else(|| missing(bucket, "sse_algorithm"))?;
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::from(algorithm))
        .set_kms_master_key_id(text(&KEY).map(str::to_owned))
        .build()
        .map_err(|_| missing(bucket, "sse_algorithm"))?;
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default)
        .set_bucket_key_enabled(at(settings, &BUCKET_KEY).and_then(Value::as_bool))
        .set_blocked_encryption_types(blocked(bucket, settings))
        .build();
    ServerSideEncryptionConfiguration::builder()
        .rules(rule)
        .build()
        .map_err(|_| missing(bucket, "rule"))
}

/// Always the whole set: whether a Put without the element keeps or drops what is blocked is not
/// documented. A directory bucket does not take the element at all.
fn blocked(bucket: &str, settings: &Value) -> Option<BlockedEncryptionTypes> {
    if is_directory_bucket(bucket) {
        return None;
    }
    let mut types: Vec<EncryptionType> = at(settings, &BLOCKED)
        .and_then(Value::as_items)
        .unwrap_or_default()
        .iter()
        .filter_map(|item| item.as_str())
        .map(|text| EncryptionType::from(&**text))
        .filter(|blocked| *blocked != EncryptionType::None)
        .collect();
    if types.is_empty() {
        types.push(EncryptionType::None);
    }
    Some(BlockedEncryptionTypes::builder().set_encryption_type(Some(types)).build())
}

/// The key in the settings if it must not be shown, which S3's messages may repeat.
pub(super) fn secret_key(settings: &Value) -> Option<&str> {
    settings
        .any(&Value::is_sensitive)
        .then(|| at(settings, &KEY))
        .flatten()
        .and_then(Value::as_str)
        .map(|key| &**key)
}

fn missing(bucket: &str, name: &str) -> ProviderError {
    let path = AttrPath::from_iter([name]);
    let detail =
        format!("The settings of the bucket {bucket:?} have no {path}: there is nothing to write.");
    error::plain(ErrorKind::Invalid, "Invalid settings", detail)
}
