//! `aws_s3_bucket`: S3, `HeadBucket` and `GetBucketWebsite`.

use super::{Found, required};
use crate::provider::aws::account;
use crate::provider::aws::connect::Connection;
use crate::provider::aws::error::{Call, Operation, Owner, of_call};
use crate::provider::aws::locate::to_bucket;
use crate::provider::{ErrorKind, ProviderError};
use crate::resource::data::Bucket;
use crate::value::Value;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use std::error::Error;
use std::sync::Arc;

pub(super) async fn bucket(
    connection: &Connection,
    arguments: &Value,
) -> Result<Found, ProviderError> {
    let bucket = required(arguments, "bucket")?;
    let owner = account::owner(connection).await?;
    let region = region(connection, bucket, owner).await?;
    let has_website = has_website(connection, bucket, owner).await?;
    Ok(Bucket::found(bucket, &region, has_website))
}

/// What a request about a bucket failed with.
pub(super) fn refusal<E>(
    error: &SdkError<E, HttpResponse>,
    operation: Operation,
    bucket: &str,
    owner: Option<&str>,
    place: &str,
) -> ProviderError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    of_call(error, &Call { operation, bucket, owner: owner.map(Owner::OfCredentials), place })
}

/// The Region of a bucket: by the header `x-amz-bucket-region`, which S3 sends with every answer
/// and some stores never do; else by `GetBucketLocation`; else where the bucket answered.
async fn region(
    connection: &Connection,
    bucket: &str,
    owner: Option<&str>,
) -> Result<Arc<str>, ProviderError> {
    let owned = || owner.map(str::to_owned);
    let call = |client: Client| {
        client.head_bucket().bucket(bucket).set_expected_bucket_owner(owned()).send()
    };
    let (there, answer) = to_bucket(connection, bucket, call).await;
    let head = answer.map_err(|error| {
        refusal(&error, Operation::Head, bucket, owner, &connection.place(&there))
    })?;
    let region = match head.bucket_region {
        Some(region) if !region.is_empty() => region.into(),
        Some(_) | None => location(connection, bucket, owner).await?.unwrap_or(there),
    };
    connection.places().told(bucket, Arc::clone(&region));
    Ok(region)
}

/// The Region by `GetBucketLocation`, where the store knows that operation.
async fn location(
    connection: &Connection,
    bucket: &str,
    owner: Option<&str>,
) -> Result<Option<Arc<str>>, ProviderError> {
    let owned = || owner.map(str::to_owned);
    let call = |client: Client| {
        client.get_bucket_location().bucket(bucket).set_expected_bucket_owner(owned()).send()
    };
    let (there, answer) = to_bucket(connection, bucket, call).await;
    let told = match answer {
        Ok(answer) => {
            // Names from before there were Regions.
            let constraint = answer.location_constraint.map(|it| it.as_str().to_owned());
            return Ok(Some(match constraint.as_deref() {
                None | Some("") => "us-east-1".into(),
                Some("EU") => "eu-west-1".into(),
                Some(region) => region.into(),
            }));
        }
        Err(error) => {
            refusal(&error, Operation::Location, bucket, owner, &connection.place(&there))
        }
    };
    if told.kind == ErrorKind::Unsupported { Ok(None) } else { Err(told) }
}

/// Whether the bucket is a website, as far as that may be known: whoever does not care should not
/// need the permission.
async fn has_website(
    connection: &Connection,
    bucket: &str,
    owner: Option<&str>,
) -> Result<bool, ProviderError> {
    let owned = || owner.map(str::to_owned);
    let call = |client: Client| {
        client.get_bucket_website().bucket(bucket).set_expected_bucket_owner(owned()).send()
    };
    let (there, answer) = to_bucket(connection, bucket, call).await;
    let error = match answer {
        Ok(_) => return Ok(true),
        Err(error) if error.code() == Some("NoSuchWebsiteConfiguration") => return Ok(false),
        Err(error) => error,
    };
    let told = refusal(&error, Operation::Website, bucket, owner, &connection.place(&there));
    match told.kind {
        ErrorKind::Denied | ErrorKind::Unsupported => Ok(false),
        ErrorKind::NotFound
        | ErrorKind::Credentials
        | ErrorKind::Throttled
        | ErrorKind::Unreachable
        | ErrorKind::Outage
        | ErrorKind::Conflict
        | ErrorKind::Invalid
        | ErrorKind::Configuration
        | ErrorKind::Other => Err(told),
    }
}
