//! Objects of one bucket, for those who keep something of their own there: read as a whole, and
//! written only on a condition.

use super::connect::Connection;
use super::error::{credentials_mend, plain, said, without_answer};
use super::retry::{Throttled, asks_to_slow_down};
use super::settings::Settings;
use super::to_bucket;
use crate::provider::{ErrorKind, ProviderError};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often an object is read that breaks off.
const READS: u32 = 3;
const BROKEN_OFF: &str = "Answer broke off";

/// How objects are encrypted that are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sealing {
    /// As the bucket has it.
    AsBucket,
    /// SSE-S3.
    Aes256,
    /// SSE-KMS with this key.
    Kms(String),
}

/// What must hold of the object that is there, so that a request has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition<'a> {
    /// Anything goes.
    Any,
    /// There is none.
    Absent,
    /// It is the version of this `ETag`.
    Version(&'a str),
}

/// An object that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Tells this version from all others.
    pub version: String,
    /// How long ago it was written, by the clock of the service alone; `None` where the service does
    /// not say.
    pub age: Option<Duration>,
}

/// What a conditional request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is done; the version that is there now, empty after removing it.
    Done(String),
    /// What was demanded of the object does not hold.
    Refused,
    /// Another request was in the way: whether the condition holds is not known.
    Conflict,
}

/// The objects of a bucket.
#[derive(Debug)]
pub struct Objects {
    connection: Connection,
    bucket: Arc<str>,
    sealing: Sealing,
}

/// What is asked for, for messages.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Get,
    Put,
    Delete,
    List,
}

impl Asked {
    fn name(self) -> &'static str {
        match self {
            Self::Get => "GetObject",
            Self::Put => "PutObject",
            Self::Delete => "DeleteObject",
            Self::List => "ListObjectsV2",
        }
    }

    fn permission(self) -> &'static str {
        match self {
            Self::Get => "s3:GetObject (and s3:ListBucket, to be told where there is none)",
            Self::Put => "s3:PutObject",
            Self::Delete => "s3:DeleteObject",
            Self::List => "s3:ListBucket",
        }
    }
}

impl Objects {
    /// Finds Region and credentials. Nothing is asked of the bucket yet.
    pub async fn open(
        settings: &Settings,
        bucket: &str,
        sealing: Sealing,
    ) -> Result<Self, ProviderError> {
        let connection = Connection::open(settings, Throttled::default()).await?;
        Ok(Self { connection, bucket: bucket.into(), sealing })
    }

    /// Reads an object, if there is one.
    pub async fn get(&self, key: &str) -> Result<Option<Object>, ProviderError> {
        // The SDK repeats what was not answered, not what breaks off behind its beginning.
        for _ in 1..READS {
            match self.get_once(key).await {
                Err(error) if error.summary == BROKEN_OFF => {}
                got => return got,
            }
        }
        self.get_once(key).await
    }

    async fn get_once(&self, key: &str) -> Result<Option<Object>, ProviderError> {
        let date = Date::default();
        let call = |client: Client| {
            let request = client.get_object().bucket(&*self.bucket).key(key);
            request.customize().interceptor(date.clone()).send()
        };
        let (region, answer) = to_bucket(&self.connection, &self.bucket, call).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(self.failure(Asked::Get, key, &region, &error)),
        };
        let version = answer.e_tag().unwrap_or_default().to_owned();
        let age = date.get().zip(answer.last_modified()).map(|(now, then)| {
            let seconds = now.secs().saturating_sub(then.secs());
            Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
        });
        let body = answer.body.collect().await.map_err(|error| {
            let detail = format!(
                "The object {key:?} of the bucket {:?} broke off each time that it was read: \
                 {error}. Try again.",
                self.bucket
            );
            plain(ErrorKind::Unreachable, BROKEN_OFF, detail)
        })?;
        Ok(Some(Object { bytes: body.to_vec(), version, age }))
    }

    /// Writes an object where the condition holds.
    pub async fn put(
        &self,
        key: &str,
        bytes: &[u8],
        condition: Condition<'_>,
    ) -> Result<Written, ProviderError> {
        let call = |client: Client| {
            let request = client
                .put_object()
                .bucket(&*self.bucket)
                .key(key)
                .content_type("application/json")
                .body(ByteStream::from(bytes.to_vec()));
            let request = match &self.sealing {
                Sealing::AsBucket => request,
                Sealing::Aes256 => request.server_side_encryption(ServerSideEncryption::Aes256),
                Sealing::Kms(key) => {
                    request.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key)
                }
            };
            match condition {
                Condition::Any => request,
                Condition::Absent => request.if_none_match("*"),
                Condition::Version(version) => request.if_match(version),
            }
            .send()
        };
        let (region, answer) = to_bucket(&self.connection, &self.bucket, call).await;
        match answer {
            Ok(answer) => Ok(Written::Done(answer.e_tag.unwrap_or_default())),
            Err(error) => {
                lost(&error).ok_or_else(|| self.failure(Asked::Put, key, &region, &error))
            }
        }
    }

    /// Removes an object where the condition holds.
    pub async fn delete(
        &self,
        key: &str,
        condition: Condition<'_>,
    ) -> Result<Written, ProviderError> {
        let call = |client: Client| {
            let request = client.delete_object().bucket(&*self.bucket).key(key);
            match condition {
                Condition::Any | Condition::Absent => request,
                Condition::Version(version) => request.if_match(version),
            }
            .send()
        };
        let (region, answer) = to_bucket(&self.connection, &self.bucket, call).await;
        match answer {
            Ok(_) => Ok(Written::Done(String::new())),
            Err(error) => {
                lost(&error).ok_or_else(|| self.failure(Asked::Delete, key, &region, &error))
            }
        }
    }

    /// The keys that begin with `prefix`, in order.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, ProviderError> {
        let mut keys = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let call = |client: Client| {
                client
                    .list_objects_v2()
                    .bucket(&*self.bucket)
                    .prefix(prefix)
                    .set_continuation_token(token.clone())
                    .send()
            };
            let (region, answer) = to_bucket(&self.connection, &self.bucket, call).await;
            let answer =
                answer.map_err(|error| self.failure(Asked::List, prefix, &region, &error))?;
            keys.extend(answer.contents.unwrap_or_default().into_iter().filter_map(|it| it.key));
            match answer.next_continuation_token {
                Some(next) if token.as_ref() != Some(&next) => token = Some(next),
                Some(_) | None => return Ok(keys),
            }
        }
    }

    fn failure<E>(
        &self,
        asked: Asked,
        key: &str,
        region: &str,
        error: &SdkError<E, HttpResponse>,
    ) -> ProviderError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let place = self.connection.place(region);
        if let Some(found) = without_answer(error, &place, "S3") {
            return found;
        }
        let bucket = &*self.bucket;
        let status = error.raw_response().map(|response| response.status().as_u16());
        let (code, message) = (error.code(), error.message());
        let said = said(code, message);
        let name = asked.name();
        let named = code.unwrap_or_default();
        let (kind, summary, detail) = if let Some(mend) = credentials_mend(named) {
            (ErrorKind::Credentials, "Invalid credentials", format!("{said} {mend}"))
        } else if named == "NoSuchBucket" {
            let detail = format!(
                "There is no bucket {bucket:?} at {place}. Correct the name, or make the bucket \
                 first, with versioning switched on."
            );
            (ErrorKind::NotFound, "Bucket not found", detail)
        } else if status == Some(403) {
            let detail = format!(
                "The credentials may not do {} on {key:?} in the bucket {bucket:?}: no policy \
                 allows it, or one denies it. {said}",
                asked.permission()
            );
            (ErrorKind::Denied, "Access denied", detail)
        } else if asks_to_slow_down(code, status) {
            let detail = format!(
                "{place} asked to slow down, and still did after all repetitions of {name}. {said}"
            );
            (ErrorKind::Throttled, "Too many requests", detail)
        } else if matches!(status, Some(405 | 501)) {
            let detail = format!("{place} does not support {name} as it was asked for. {said}");
            (ErrorKind::Unsupported, "Operation not supported", detail)
        } else if status.is_some_and(|status| status >= 500) {
            let detail = format!(
                "{name} of {key:?} in the bucket {bucket:?} failed at {place}, all repetitions \
                 included. {said} Try again later."
            );
            (ErrorKind::Other, "Service failure", detail)
        } else {
            let detail = format!("{name} of {key:?} in the bucket {bucket:?} failed. {said}");
            (ErrorKind::Invalid, "Request refused", detail)
        };
        ProviderError {
            kind,
            summary,
            detail: detail.trim_end().to_owned(),
            code: code.map(str::to_owned),
            request_id: error.meta().request_id().map(str::to_owned),
            attribute: None,
        }
    }
}

/// What a refusal means that the condition caused.
fn lost<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<Written> {
    let status = error.raw_response()?.status().as_u16();
    match (status, error.code()) {
        // Removed meanwhile is no longer that version.
        (412, _) | (404, Some("NoSuchKey")) => Some(Written::Refused),
        (409, _) => Some(Written::Conflict),
        _ => None,
    }
}

/// When the service answered, by its own clock.
#[derive(Clone, Debug, Default)]
struct Date(Arc<Mutex<Option<DateTime>>>);

impl Date {
    fn get(&self) -> Option<DateTime> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Date {
    fn name(&self) -> &'static str {
        "date"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let text = context.response().headers().get("date");
        let date = text.and_then(|text| DateTime::from_str(text, Format::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}
