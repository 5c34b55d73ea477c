//! The S3 operations, each after the letter of S3's reference.

use std::borrow::Cow;
use std::sync::Arc;

use hyper::header::HeaderMap;
use hyper::{Method, StatusCode};

use super::bucket::{Algorithm, Bucket, Encryption, is_bucket_name, is_directory_bucket};
use super::key::{KeyName, KeyReference, KeyState};
use super::store::StoreError;
use super::trail::Event;
use super::wire::{Caller, Reply, pairs, value};
use super::world::World;
use super::{objects, tagging, website, xml};

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    ListBuckets,
    CreateBucket,
    DeleteBucket,
    HeadBucket,
    GetBucketLocation,
    GetBucketEncryption,
    PutBucketEncryption,
    DeleteBucketEncryption,
    GetBucketTagging,
    PutBucketTagging,
    DeleteBucketTagging,
    GetBucketWebsite,
    PutBucketWebsite,
    DeleteBucketWebsite,
    GetObject,
    HeadObject,
    PutObject,
    DeleteObject,
    ListObjectsV2,
    /// Whatever else S3 can do.
    Unsupported,
}

impl Operation {
    /// Reads the method, the bucket and the query; `has_key` says that the path goes on to an object.
    pub(super) fn of(method: &Method, bucket: Option<&str>, has_key: bool, query: &str) -> Self {
        const LIST_PARAMETERS: [&str; 4] =
            ["max-buckets", "continuation-token", "prefix", "bucket-region"];
        let only = |allowed: &[&str]| {
            pairs(query).all(|(name, _)| name == "x-id" || allowed.contains(&&*name))
        };
        if has_key {
            return match method.as_str() {
                _ if !only(&[]) => Self::Unsupported,
                "GET" => Self::GetObject,
                "HEAD" => Self::HeadObject,
                "PUT" => Self::PutObject,
                "DELETE" => Self::DeleteObject,
                _ => Self::Unsupported,
            };
        }
        if bucket.is_none() {
            let lists = method == Method::GET && only(&LIST_PARAMETERS);
            return if lists { Self::ListBuckets } else { Self::Unsupported };
        }
        // A parameter that is not known may ask for something else altogether.
        let subresource = pairs(query).map(|(name, _)| name).find(|name| name != "x-id");
        match (method.as_str(), subresource.as_deref()) {
            ("GET", Some("encryption")) if only(&["encryption"]) => Self::GetBucketEncryption,
            ("PUT", Some("encryption")) if only(&["encryption"]) => Self::PutBucketEncryption,
            ("DELETE", Some("encryption")) if only(&["encryption"]) => Self::DeleteBucketEncryption,
            ("GET", Some("location")) if only(&["location"]) => Self::GetBucketLocation,
            ("GET", Some("tagging")) if only(&["tagging"]) => Self::GetBucketTagging,
            ("PUT", Some("tagging")) if only(&["tagging"]) => Self::PutBucketTagging,
            ("DELETE", Some("tagging")) if only(&["tagging"]) => Self::DeleteBucketTagging,
            ("GET", Some("website")) if only(&["website"]) => Self::GetBucketWebsite,
            ("PUT", Some("website")) if only(&["website"]) => Self::PutBucketWebsite,
            ("DELETE", Some("website")) if only(&["website"]) => Self::DeleteBucketWebsite,
            ("GET", Some(_)) if value(query, "list-type").as_deref() == Some("2") => {
                Self::ListObjectsV2
            }
            ("PUT", None) => Self::CreateBucket,
            ("DELETE", None) => Self::DeleteBucket,
            ("HEAD", None) => Self::HeadBucket,
            (_, _) => Self::Unsupported,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ListBuckets => "ListBuckets",
            Self::CreateBucket => "CreateBucket",
            Self::DeleteBucket => "DeleteBucket",
            Self::HeadBucket => "HeadBucket",
            Self::GetBucketLocation => "GetBucketLocation",
            Self::GetBucketEncryption => "GetBucketEncryption",
            Self::PutBucketEncryption => "PutBucketEncryption",
            Self::DeleteBucketEncryption => "DeleteBucketEncryption",
            Self::GetBucketTagging => "GetBucketTagging",
            Self::PutBucketTagging => "PutBucketTagging",
            Self::DeleteBucketTagging => "DeleteBucketTagging",
            Self::GetBucketWebsite => "GetBucketWebsite",
            Self::PutBucketWebsite => "PutBucketWebsite",
            Self::DeleteBucketWebsite => "DeleteBucketWebsite",
            Self::GetObject => "GetObject",
            Self::HeadObject => "HeadObject",
            Self::PutObject => "PutObject",
            Self::DeleteObject => "DeleteObject",
            Self::ListObjectsV2 => "ListObjectsV2",
            Self::Unsupported => "Unsupported",
        }
    }
}

/// One request, taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) operation: Operation,
    pub(super) bucket: &'a str,
    /// The key of the object; empty where it is about none.
    pub(super) key: &'a str,
    pub(super) caller: Caller<'a>,
    pub(super) headers: &'a HeaderMap,
    pub(super) query: &'a str,
    pub(super) body: &'a [u8],
    pub(super) request_id: &'a str,
}

/// A refusal.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    /// The element or parameter at fault, and its value.
    argument: Option<(&'static str, String)>,
    /// The Region that the bucket is in, where the caller may learn it.
    region: Option<String>,
}

impl Refusal {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, message: message.into(), argument: None, region: None }
    }

    pub(super) fn access_denied() -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied")
    }

    pub(super) fn internal_error() -> Self {
        let message = "We encountered an internal error. Please try again.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
    }

    pub(super) fn slow_down() -> Self {
        let message = "Please reduce your request rate.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", message)
    }

    pub(super) fn too_long() -> Self {
        let message = "Your request was too big.";
        Self::new(StatusCode::BAD_REQUEST, "MaxMessageLengthExceeded", message)
    }

    pub(super) fn not_implemented(message: &'static str) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    pub(super) fn malformed() -> Self {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Self::new(StatusCode::BAD_REQUEST, "MalformedXML", message)
    }

    fn invalid_argument(name: &'static str, value: &str, message: &'static str) -> Self {
        let argument = Some((name, value.to_owned()));
        Self { argument, ..Self::new(StatusCode::BAD_REQUEST, "InvalidArgument", message) }
    }

    fn no_such_bucket() -> Self {
        let message = "The specified bucket does not exist";
        Self::new(StatusCode::NOT_FOUND, "NoSuchBucket", message)
    }

    fn in_region(self, region: &str) -> Self {
        Self { region: Some(region.to_owned()), ..self }
    }

    /// The answer, about `bucket` unless that is empty.
    pub(super) fn reply(self, bucket: &str, request_id: &str) -> Reply {
        let named = Some(bucket).filter(|name| !name.is_empty());
        let redirect = self.status == StatusCode::MOVED_PERMANENTLY;
        let region = self.region.as_deref().filter(|_| redirect);
        let document = xml::ErrorDocument {
            code: self.code,
            message: &self.message,
            argument_name: self.argument.as_ref().map(|(name, _)| *name),
            argument_value: self.argument.as_ref().map(|(_, value)| value.as_str()),
            endpoint: region.map(|region| format!("s3.{region}.amazonaws.com")),
            region,
            bucket: named.filter(|_| redirect),
            bucket_name: named.filter(|_| !redirect),
            request_id,
        };
        let body = xml::write("Error", &document).unwrap_or_default();
        Reply { bucket_region: self.region, ..Reply::xml(self.status, body) }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        // Said in full: whoever runs the sandbox also has its disk.
        Self { message: error.to_string().into(), ..Self::internal_error() }
    }
}

impl From<quick_xml::SeError> for Refusal {
    fn from(error: quick_xml::SeError) -> Self {
        Self { message: error.to_string().into(), ..Self::internal_error() }
    }
}

/// Carries out one call.
pub(super) fn handle(world: &World, call: &Call<'_>) -> Reply {
    carry_out(world, call).unwrap_or_else(|refusal| {
        if let Operation::PutBucketEncryption | Operation::DeleteBucketEncryption = call.operation {
            let refused =
                |_: &mut Bucket| Ok::<_, StoreError>(Event::of(call, None, Some(refusal.code)));
            // The refusal is told, whether it can be noted or not.
            let _noted = world.change_on_record(call.bucket, refused);
        }
        refusal.reply(call.bucket, call.request_id)
    })
}

fn carry_out(world: &World, call: &Call<'_>) -> Result<Reply, Refusal> {
    match call.operation {
        Operation::ListBuckets => list_buckets(world, call),
        Operation::CreateBucket => create_bucket(world, call),
        Operation::DeleteBucket => {
            let bucket = authorized(world, call)?;
            found(world.delete_bucket(&bucket.name)?)?;
            Ok(Reply::empty(StatusCode::NO_CONTENT))
        }
        Operation::HeadBucket => {
            let bucket_region = Some(authorized(world, call)?.region.clone());
            Ok(Reply { bucket_region, ..Reply::empty(StatusCode::OK) })
        }
        Operation::GetBucketLocation => get_location(&*authorized(world, call)?),
        Operation::GetBucketEncryption => get_encryption(&*authorized(world, call)?),
        Operation::PutBucketEncryption => put_encryption(world, call),
        Operation::DeleteBucketEncryption => {
            let bucket = authorized(world, call)?;
            found(world.change_on_record(&bucket.name, |bucket| {
                bucket.encryption = Encryption {
                    algorithm: Algorithm::Aes256,
                    key: None,
                    bucket_key: bucket.is_directory(),
                    sse_c_blocked: bucket.encryption.sse_c_blocked,
                };
                bucket.tomorrow.clear();
                Ok::<_, Refusal>(Event::of(call, None, None))
            })?)?;
            Ok(Reply::empty(StatusCode::NO_CONTENT))
        }
        Operation::GetBucketTagging => tagging::get(&*authorized(world, call)?),
        Operation::PutBucketTagging => tagging::put(world, call),
        Operation::DeleteBucketTagging => tagging::delete(world, call),
        Operation::GetBucketWebsite => website::get(&*authorized(world, call)?),
        Operation::PutBucketWebsite => website::put(world, call),
        Operation::DeleteBucketWebsite => website::delete(world, call),
        Operation::GetObject | Operation::HeadObject => objects::get(world, call),
        Operation::PutObject => objects::put(world, call),
        Operation::DeleteObject => objects::delete(world, call),
        Operation::ListObjectsV2 => objects::list(world, call),
        Operation::Unsupported => Err(Refusal::not_implemented(
            "A header or query you provided requested a function that is not implemented.",
        )),
    }
}

pub(super) fn found(found: bool) -> Result<(), Refusal> {
    if found { Ok(()) } else { Err(Refusal::no_such_bucket()) }
}

/// The call's bucket, if the caller may do anything to it from where it asks.
pub(super) fn authorized(world: &World, call: &Call<'_>) -> Result<Arc<Bucket>, Refusal> {
    let bucket = world.bucket(call.bucket).ok_or_else(Refusal::no_such_bucket)?;
    if call.caller.region != bucket.region {
        let message = "The bucket you are attempting to access must be addressed using the specified endpoint. \
                       Please send all future requests to this endpoint.";
        let refusal = Refusal::new(StatusCode::MOVED_PERMANENTLY, "PermanentRedirect", message);
        return Err(refusal.in_region(&bucket.region));
    }
    let expected = call.headers.get("x-amz-expected-bucket-owner");
    if expected.is_some() && bucket.is_directory() {
        return Err(Refusal::not_implemented(
            "The x-amz-expected-bucket-owner header is not supported for directory buckets.",
        ));
    }
    let account = call.caller.account();
    let as_expected = expected.is_none_or(|owner| owner.as_bytes() == bucket.account.as_bytes());
    let is_stranger = account != bucket.account && !bucket.shared;
    if bucket.denied || is_stranger || !as_expected {
        return Err(Refusal::access_denied().in_region(&bucket.region));
    }
    Ok(bucket)
}

fn list_buckets(world: &World, call: &Call<'_>) -> Result<Reply, Refusal> {
    const MOST: usize = 10_000;
    let parameter = |name| value(call.query, name);
    let max = parameter("max-buckets");
    let limit = match max.as_deref() {
        None => MOST,
        Some(text) => {
            text.parse().ok().filter(|max| (1..=MOST).contains(max)).ok_or_else(|| {
                let message = "Argument max-buckets must be an integer between 1 and 10000";
                Refusal::invalid_argument("max-buckets", text, message)
            })?
        }
    };
    let region = parameter("bucket-region");
    if let Some(region) = region.as_deref().filter(|region| *region != call.caller.region) {
        let message = "Argument bucket-region must be the Region of the endpoint";
        return Err(Refusal::invalid_argument("bucket-region", region, message));
    }
    let prefix = parameter("prefix");
    let token = parameter("continuation-token");
    let account = call.caller.account();
    // One more than asked for tells whether there is another page.
    let mut buckets = world.list_buckets(
        token.as_deref().unwrap_or_default(),
        prefix.as_deref().unwrap_or_default(),
        limit + 1,
        |bucket| {
            bucket.account == account
                && !bucket.is_directory()
                && region.as_deref().is_none_or(|region| bucket.region == region)
        },
    );
    let more = buckets.len() > limit;
    buckets.truncate(limit);
    // S3 tells the Region only to those who use a parameter of the paged form.
    let paged = [&max, &region, &prefix, &token].iter().any(|parameter| parameter.is_some());
    let document = xml::ListBucketsDocument {
        namespace: xml::S3_NAMESPACE,
        owner: xml::OwnerElement { id: account },
        buckets: xml::BucketList {
            buckets: buckets
                .iter()
                .map(|bucket| xml::BucketElement {
                    name: &bucket.name,
                    creation_date: &bucket.created,
                    bucket_region: paged.then_some(bucket.region.as_str()),
                })
                .collect(),
        },
        // The last name is the token: names sort, and pages hold where buckets come and go.
        continuation_token: buckets.last().filter(|_| more).map(|bucket| bucket.name.as_str()),
        prefix: prefix.as_deref(),
    };
    Ok(Reply::xml(StatusCode::OK, xml::write("ListAllMyBucketsResult", &document)?))
}

fn create_bucket(world: &World, call: &Call<'_>) -> Result<Reply, Refusal> {
    if !is_bucket_name(call.bucket, false) {
        let message = "The specified bucket is not valid.";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "InvalidBucketName", message));
    }
    let location = if call.body.is_empty() {
        None
    } else {
        let xml::CreateBucketBody::CreateBucketConfiguration(body) = read_xml(call.body)?;
        body.location
    };
    let here = call.caller.region;
    let region = match location.as_deref() {
        // A directory bucket's place is in its name.
        None if is_directory_bucket(call.bucket) || here == "us-east-1" => here,
        Some("EU") => "eu-west-1",
        Some(there) if there == here || here == "us-east-1" => there,
        constraint => {
            let message = format!(
                "The {} location constraint is incompatible for the region specific endpoint this request was sent to.",
                constraint.unwrap_or("unspecified")
            );
            let code = "IllegalLocationConstraintException";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, code, message));
        }
    };
    let account = call.caller.account();
    let Some(existing) = world.create_bucket(call.bucket, region, account)? else {
        return Ok(Reply::empty(StatusCode::OK));
    };
    if existing.account != account {
        let message = "The requested bucket name is not available. The bucket namespace is shared by all users of the \
                       system. Please select a different name and try again.";
        return Err(Refusal::new(StatusCode::CONFLICT, "BucketAlreadyExists", message));
    }
    if existing.region == "us-east-1" && here == "us-east-1" {
        // The oldest Region never learned to refuse this.
        return Ok(Reply::empty(StatusCode::OK));
    }
    let message =
        "Your previous request to create the named bucket succeeded and you already own it.";
    Err(Refusal::new(StatusCode::CONFLICT, "BucketAlreadyOwnedByYou", message))
}

fn get_location(bucket: &Bucket) -> Result<Reply, Refusal> {
    let location = if bucket.region == "us-east-1" { "" } else { &bucket.region };
    let document = xml::LocationDocument { namespace: xml::S3_NAMESPACE, location };
    Ok(Reply::xml(StatusCode::OK, xml::write("LocationConstraint", &document)?))
}

fn get_encryption(bucket: &Bucket) -> Result<Reply, Refusal> {
    let encryption = &bucket.encryption;
    let blocked =
        encryption.sse_c_blocked.then(|| xml::BlockedTypes { types: vec!["SSE-C".to_owned()] });
    let document = xml::EncryptionConfiguration {
        namespace: Some(xml::S3_NAMESPACE.to_owned()),
        rules: vec![xml::Rule {
            default: Some(xml::DefaultEncryption {
                algorithm: encryption.algorithm.name().to_owned(),
                key: encryption.key.clone(),
            }),
            bucket_key: Some(encryption.bucket_key),
            blocked,
        }],
    };
    let mut body = xml::write("ServerSideEncryptionConfiguration", &document)?;
    if let Some(end) = body.rfind("</Rule>") {
        body.insert_str(end, &bucket.tomorrow);
    }
    Ok(Reply::xml(StatusCode::OK, body))
}

fn put_encryption(world: &World, call: &Call<'_>) -> Result<Reply, Refusal> {
    let bucket = authorized(world, call)?;
    let xml::PutEncryptionBody::ServerSideEncryptionConfiguration(body) = read_xml(call.body)?;
    let wanted = Wanted::read(body)?;
    let customer_key = if bucket.is_directory() {
        wanted.check_for_directory_bucket(world, &bucket)?
    } else {
        None
    };
    found(world.change_on_record(&bucket.name, |bucket| {
        if let Some(id) = customer_key {
            // Checked against the latest record: of two first keys at once, one must lose.
            if bucket.only_key.as_ref().is_some_and(|only| *only != id) {
                let message = "You can have only one customer managed key per directory bucket for the lifetime of \
                               the bucket.";
                let key = wanted.key.as_deref().unwrap_or_default();
                return Err(Refusal::invalid_argument(KEY_ELEMENT, key, message));
            }
            bucket.only_key = Some(id);
        }
        bucket.encryption = Encryption {
            algorithm: wanted.algorithm,
            key: wanted.key,
            bucket_key: bucket.is_directory() || wanted.bucket_key,
            sse_c_blocked: wanted.sse_c_blocked.unwrap_or(bucket.encryption.sse_c_blocked),
        };
        bucket.tomorrow.clear();
        Ok(Event::of(call, Some(&bucket.encryption), None))
    })?)?;
    Ok(Reply::empty(StatusCode::OK))
}

const KEY_ELEMENT: &str = "KMSMasterKeyID";

pub(super) fn read_xml<'de, T: serde::Deserialize<'de>>(body: &'de [u8]) -> Result<T, Refusal> {
    std::str::from_utf8(body)
        .ok()
        .and_then(|text| quick_xml::de::from_str(text).ok())
        .ok_or_else(Refusal::malformed)
}

/// The one rule of a `PutBucketEncryption`, valid for a general purpose bucket.
#[derive(Debug)]
struct Wanted {
    algorithm: Algorithm,
    key: Option<String>,
    bucket_key: bool,
    /// `None` if the request does not say.
    sse_c_blocked: Option<bool>,
}

impl Wanted {
    fn read(body: xml::EncryptionConfiguration) -> Result<Self, Refusal> {
        let [rule] = <[xml::Rule; 1]>::try_from(body.rules).map_err(|_| Refusal::malformed())?;
        let (algorithm, key) = match rule.default {
            None => (Algorithm::Aes256, None),
            Some(default) => {
                let algorithm =
                    Algorithm::parse(&default.algorithm).ok_or_else(Refusal::malformed)?;
                (algorithm, default.key)
            }
        };
        if let Some(key) = &key {
            if algorithm == Algorithm::Aes256 {
                let message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or \
                               aws:kms:dsse";
                return Err(Refusal::invalid_argument(KEY_ELEMENT, key, message));
            }
            if key.is_empty() {
                let message = "KMSMasterKeyID must not be empty";
                return Err(Refusal::invalid_argument(KEY_ELEMENT, key, message));
            }
        }
        let sse_c_blocked = rule.blocked.map(|blocked| read_blocked(&blocked)).transpose()?;
        let bucket_key = rule.bucket_key.unwrap_or(false);
        Ok(Self { algorithm, key, bucket_key, sse_c_blocked })
    }

    /// The further rules of directory buckets, whose keys S3 does look up. The id of the customer managed key.
    fn check_for_directory_bucket(
        &self,
        world: &World,
        bucket: &Bucket,
    ) -> Result<Option<String>, Refusal> {
        let refuse_key = |message| {
            let key = self.key.as_deref().unwrap_or_default();
            Err(Refusal::invalid_argument(KEY_ELEMENT, key, message))
        };
        if self.sse_c_blocked.is_some() {
            let message = "BlockedEncryptionTypes is not supported for directory buckets";
            return Err(Refusal::invalid_argument("BlockedEncryptionTypes", "", message));
        }
        match self.algorithm {
            Algorithm::Aes256 => return Ok(None),
            Algorithm::Kms => {}
            Algorithm::KmsDsse => {
                let name = self.algorithm.name();
                let message = "aws:kms:dsse is not supported for directory buckets";
                return Err(Refusal::invalid_argument("SSEAlgorithm", name, message));
            }
        }
        let Some(text) = &self.key else {
            return refuse_key("A customer managed key is required for directory buckets");
        };
        let reference = KeyReference::parse(text, &bucket.region, &bucket.account);
        if matches!(
            &reference,
            Some(KeyReference { name: KeyName::Alias(_), account: _, region: _ })
        ) {
            return refuse_key("A key alias is not supported for directory buckets");
        }
        let key = reference
            .filter(|at| at.region == bucket.region && at.account == bucket.account)
            .and_then(|at| world.key(&at));
        let refuse_by_kms =
            |code, message: String| Err(Refusal::new(StatusCode::BAD_REQUEST, code, message));
        let Some(key) = key else {
            return refuse_by_kms("KMS.NotFoundException", format!("Key '{text}' does not exist"));
        };
        if key.aws_managed {
            return refuse_key("The AWS managed key is not supported for directory buckets");
        }
        let arn = key.arn();
        match key.state {
            KeyState::Enabled if key.is_symmetric() => Ok(Some(key.id.clone())),
            KeyState::Enabled => refuse_by_kms(
                "KMS.InvalidKeyUsageException",
                format!("{arn} is not a symmetric encryption key."),
            ),
            KeyState::Disabled => {
                refuse_by_kms("KMS.DisabledException", format!("{arn} is disabled."))
            }
            KeyState::PendingDeletion => {
                refuse_by_kms("KMS.KMSInvalidStateException", format!("{arn} is pending deletion."))
            }
        }
    }
}

/// Whether SSE-C is to be blocked.
fn read_blocked(blocked: &xml::BlockedTypes) -> Result<bool, Refusal> {
    let types = &blocked.types;
    if types.is_empty() || types.iter().any(|name| name != "SSE-C" && name != "NONE") {
        return Err(Refusal::malformed());
    }
    let sse_c = types.iter().any(|name| name == "SSE-C");
    if sse_c && types.iter().any(|name| name == "NONE") {
        let message = "NONE cannot be combined with another encryption type";
        return Err(Refusal::invalid_argument("EncryptionType", "NONE", message));
    }
    Ok(sse_c)
}
