//! The documents of S3 and STS, as serde types that quick-xml reads and writes.

use serde::{Deserialize, Serialize};

/// The namespace of every S3 document but errors.
pub(super) const S3_NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
/// The namespace of every STS document.
pub(super) const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Writes a document under the given root element.
pub(super) fn write(root: &str, document: &impl Serialize) -> Result<String, quick_xml::SeError> {
    let mut text = String::with_capacity(512);
    text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    quick_xml::se::to_writer_with_root(&mut text, root, document)?;
    Ok(text)
}

/// The body of `PutBucketEncryption`. An enum, because that is how the root element's name gets checked.
#[derive(Debug, Deserialize)]
pub(super) enum PutEncryptionBody {
    ServerSideEncryptionConfiguration(EncryptionConfiguration),
}

/// What `GetBucketEncryption` answers and `PutBucketEncryption` takes.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EncryptionConfiguration {
    #[serde(rename = "@xmlns", default, skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    #[serde(rename = "Rule", default)]
    pub(super) rules: Vec<Rule>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    #[serde(
        rename = "ApplyServerSideEncryptionByDefault",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) default: Option<DefaultEncryption>,
    #[serde(rename = "BucketKeyEnabled", default, skip_serializing_if = "Option::is_none")]
    pub(super) bucket_key: Option<bool>,
    #[serde(rename = "BlockedEncryptionTypes", default, skip_serializing_if = "Option::is_none")]
    pub(super) blocked: Option<BlockedTypes>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DefaultEncryption {
    #[serde(rename = "SSEAlgorithm")]
    pub(super) algorithm: String,
    #[serde(rename = "KMSMasterKeyID", default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockedTypes {
    #[serde(rename = "EncryptionType", default)]
    pub(super) types: Vec<String>,
}

/// The body of `CreateBucket`. Elements that say nothing about the place of the bucket are passed over.
#[derive(Debug, Deserialize)]
pub(super) enum CreateBucketBody {
    CreateBucketConfiguration(CreateBucketConfiguration),
}

#[derive(Debug, Deserialize)]
pub(super) struct CreateBucketConfiguration {
    #[serde(rename = "LocationConstraint", default)]
    pub(super) location: Option<String>,
}

/// An S3 error. Which of the optional elements it has hangs on the code.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ErrorDocument<'a> {
    pub(super) code: &'a str,
    pub(super) message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) argument_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) argument_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bucket: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bucket_name: Option<&'a str>,
    pub(super) request_id: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListBucketsDocument<'a> {
    #[serde(rename = "@xmlns")]
    pub(super) namespace: &'a str,
    pub(super) owner: OwnerElement<'a>,
    pub(super) buckets: BucketList<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) continuation_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prefix: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListObjectsDocument<'a> {
    #[serde(rename = "@xmlns")]
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) prefix: &'a str,
    pub(super) key_count: usize,
    pub(super) max_keys: usize,
    pub(super) is_truncated: bool,
    pub(super) contents: Vec<ObjectElement<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ObjectElement<'a> {
    pub(super) key: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct OwnerElement<'a> {
    #[serde(rename = "ID")]
    pub(super) id: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct BucketList<'a> {
    #[serde(rename = "Bucket")]
    pub(super) buckets: Vec<BucketElement<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BucketElement<'a> {
    pub(super) name: &'a str,
    pub(super) creation_date: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bucket_region: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct LocationDocument<'a> {
    #[serde(rename = "@xmlns")]
    pub(super) namespace: &'a str,
    #[serde(rename = "$text")]
    pub(super) location: &'a str,
}

/// The body of `PutBucketTagging`.
#[derive(Debug, Deserialize)]
pub(super) enum PutTaggingBody {
    Tagging(Tagging),
}

/// What `GetBucketTagging` answers and `PutBucketTagging` takes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tagging {
    #[serde(rename = "@xmlns", default, skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    #[serde(rename = "TagSet")]
    pub(super) set: TagSet,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TagSet {
    #[serde(rename = "Tag", default)]
    pub(super) tags: Vec<Tag>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// The body of `PutBucketWebsite`.
#[derive(Debug, Deserialize)]
pub(super) enum PutWebsiteBody {
    WebsiteConfiguration(WebsiteConfiguration),
}

/// What `GetBucketWebsite` answers and `PutBucketWebsite` takes, as far as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WebsiteConfiguration {
    #[serde(rename = "@xmlns", default, skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    #[serde(rename = "IndexDocument")]
    pub(super) index: IndexDocument,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct IndexDocument {
    pub(super) suffix: String,
}

/// An STS answer: the result under its own name, then the request's id.
#[derive(Debug, Serialize)]
pub(super) struct StsDocument<'a, R> {
    #[serde(rename = "@xmlns")]
    pub(super) namespace: &'a str,
    #[serde(rename = "$value")]
    pub(super) result: R,
    #[serde(rename = "ResponseMetadata")]
    pub(super) metadata: StsMetadata<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StsMetadata<'a> {
    pub(super) request_id: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) enum StsResult {
    GetCallerIdentityResult(CallerIdentity),
    AssumeRoleResult(AssumedRole),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CallerIdentity {
    pub(super) arn: String,
    pub(super) user_id: String,
    pub(super) account: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AssumedRole {
    pub(super) assumed_role_user: AssumedRoleUser,
    pub(super) credentials: Credentials,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AssumedRoleUser {
    pub(super) assumed_role_id: String,
    pub(super) arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Credentials {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: String,
    pub(super) session_token: String,
    pub(super) expiration: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StsErrorDocument<'a> {
    #[serde(rename = "@xmlns")]
    pub(super) namespace: &'a str,
    pub(super) error: StsError<'a>,
    pub(super) request_id: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StsError<'a> {
    #[serde(rename = "Type")]
    pub(super) blame: &'a str,
    pub(super) code: &'a str,
    pub(super) message: &'a str,
}
