//! What a failed request means, and how to mend it.

use super::encryption::Request;
use crate::provider::{ErrorKind, ProviderError};
use crate::resource::is_directory_bucket;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId as _;
use std::error::Error;

/// The operations on a bucket's encryption.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Get,
    Put,
    Delete,
}

impl Operation {
    /// Its name in the API.
    fn name(self) -> &'static str {
        match self {
            Self::Get => "GetBucketEncryption",
            Self::Put => "PutBucketEncryption",
            Self::Delete => "DeleteBucketEncryption",
        }
    }

    /// The permission that it needs (S3, each operation's page, "Permissions").
    fn permission(self, bucket: &str) -> &'static str {
        match (self, is_directory_bucket(bucket)) {
            (Self::Get, false) => "s3:GetEncryptionConfiguration",
            (Self::Put | Self::Delete, false) => "s3:PutEncryptionConfiguration",
            (Self::Get, true) => "s3express:GetEncryptionConfiguration",
            (Self::Put | Self::Delete, true) => "s3express:PutEncryptionConfiguration",
        }
    }
}

/// An error without a service's code.
pub(super) fn plain(kind: ErrorKind, summary: &'static str, detail: String) -> ProviderError {
    ProviderError { kind, summary, detail, code: None, request_id: None }
}

/// Whether the bucket has no configuration at all: old S3-compatible stores.
pub(super) fn is_without_default<E: ProvideErrorMetadata>(
    error: &SdkError<E, HttpResponse>,
) -> bool {
    code_of(error) == Some("ServerSideEncryptionConfigurationNotFoundError")
}

fn code_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error()?.code()
}

/// The Region that S3 says the bucket is in, where the request went to another one.
pub(super) fn region_of<E: ProvideErrorMetadata>(
    error: &SdkError<E, HttpResponse>,
) -> Option<String> {
    let response = error.raw_response()?;
    let malformed = code_of(error) == Some("AuthorizationHeaderMalformed");
    if !matches!(response.status().as_u16(), 301 | 307) && !malformed {
        return None;
    }
    let header = response.headers().get("x-amz-bucket-region").map(str::to_owned);
    header.or_else(|| {
        // "…; the region 'us-east-1' is wrong; expecting 'eu-west-1'".
        let message = error.as_service_error()?.message()?;
        let (_, expected) = message.split_once("expecting '")?;
        expected.split_once('\'').map(|(region, _)| region.to_owned())
    })
}

/// The cause at the bottom of an error, which is what a user can do something about.
pub(super) fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let text = cause.to_string();
    text.trim_end_matches('.').to_owned()
}

/// What a failed request means. `secret` is a key that S3's message may repeat and that must not
/// be shown.
pub(super) fn explain<E: ProvideErrorMetadata + Error + 'static>(
    error: &SdkError<E, HttpResponse>,
    operation: Operation,
    request: &Request<'_>,
    endpoint: &str,
    secret: Option<&str>,
) -> ProviderError {
    let Some(service) = error.as_service_error() else {
        return unanswered(error, operation, request.bucket, endpoint);
    };
    let meta = service.meta();
    let status = error.raw_response().map(|response| response.status().as_u16());
    let message = meta.message().unwrap_or("no further word").trim_end_matches('.');
    let message = match secret {
        Some(secret) => message.replace(secret, "(sensitive value)"),
        None => message.to_owned(),
    };
    let meaning = meaning(meta.code(), status, &message, operation, request);
    ProviderError {
        code: meta.code().map(str::to_owned),
        request_id: meta.request_id().map(str::to_owned),
        ..meaning
    }
}

/// What an answer means by its code and status.
fn meaning(
    code: Option<&str>,
    status: Option<u16>,
    message: &str,
    operation: Operation,
    request: &Request<'_>,
) -> ProviderError {
    let bucket = request.bucket;
    let name = operation.name();
    let (kind, summary, detail) = match (code.unwrap_or_default(), status) {
        ("NoSuchBucket", _) => (
            ErrorKind::NotFound,
            "Bucket not found",
            format!("There is no bucket {bucket:?}. Make it first, or correct its name."),
        ),
        ("AccessDenied" | "AllAccessDisabled" | "AccessDeniedException", _) => {
            let owner = match request.owner {
                Some(_) if request.owner_is_secret => {
                    " It is also refused where the bucket's owner is another one than expected."
                        .to_owned()
                }
                Some(owner) => format!(
                    " It is also refused where the bucket's owner is another one than {owner}, \
                     which `expected_bucket_owner` demands."
                ),
                None => String::new(),
            };
            (
                ErrorKind::Denied,
                "Access denied",
                format!(
                    "S3 refuses {name} on the bucket {bucket:?} ({message}). Allow {}.{owner}",
                    operation.permission(bucket)
                ),
            )
        }
        (
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "ExpiredToken"
            | "InvalidToken"
            | "RequestTimeTooSkewed"
            | "UnrecognizedClientException"
            | "InvalidClientTokenId",
            _,
        ) => (
            ErrorKind::Credentials,
            "Invalid credentials",
            format!(
                "S3 does not accept the credentials ({}: {message}). Renew them; for a time too \
                 skewed, set the clock.",
                code.unwrap_or_default()
            ),
        ),
        ("OperationAborted", _) => (
            ErrorKind::Conflict,
            "Conflicting operation",
            format!(
                "Another operation on the bucket {bucket:?} is in progress ({message}). Try \
                     again."
            ),
        ),
        ("MalformedXML" | "InvalidArgument" | "InvalidRequest" | "InvalidBucketName", _) => (
            ErrorKind::Invalid,
            "Refused by S3",
            format!("S3 refuses {name} on the bucket {bucket:?}: {message}."),
        ),
        (kms, _) if kms.starts_with("KMS.") => (
            ErrorKind::Invalid,
            "Key refused",
            format!("S3 refuses the key for the bucket {bucket:?} ({kms}: {message})."),
        ),
        ("NotImplemented" | "XNotImplemented" | "MethodNotAllowed" | "UnsupportedOperation", _)
        | (_, Some(405 | 501)) => (
            ErrorKind::Unsupported,
            "Not supported by the service",
            match operation {
                Operation::Get => format!(
                    "The service does not know {name}, so that the live configuration of the \
                     bucket {bucket:?} cannot be read. Nothing is written blindly."
                ),
                Operation::Put | Operation::Delete => {
                    format!("The service does not know {name} on the bucket {bucket:?}.")
                }
            },
        ),
        (other, status) if super::retry::asks_to_slow_down(Some(other), status) => (
            ErrorKind::Throttled,
            "Too many requests",
            format!(
                "S3 went on asking to slow down ({other}) at {name} on the bucket {bucket:?}. Try \
                 again later, or with a lower --parallelism."
            ),
        ),
        (other, status) => (
            ErrorKind::Other,
            "Request failed",
            format!(
                "{name} on the bucket {bucket:?} failed: {}{message}.",
                match (other, status) {
                    ("", Some(status)) => format!("status {status}, "),
                    ("", None) => String::new(),
                    (code, _) => format!("{code}: "),
                }
            ),
        ),
    };
    plain(kind, summary, detail)
}

/// What a request means that no answer came to.
fn unanswered<E: Error + 'static>(
    error: &SdkError<E, HttpResponse>,
    operation: Operation,
    bucket: &str,
    endpoint: &str,
) -> ProviderError {
    let cause = innermost(error);
    let name = operation.name();
    match error {
        SdkError::TimeoutError(_) => plain(
            ErrorKind::Unreachable,
            "No answer",
            format!("{endpoint} did not answer {name} on the bucket {bucket:?} in time ({cause})."),
        ),
        SdkError::DispatchFailure(_) => plain(
            ErrorKind::Unreachable,
            "Endpoint unreachable",
            format!(
                "{name} on the bucket {bucket:?} did not get through to {endpoint}: {cause}. Check \
                 the network, the Region and `endpoints`."
            ),
        ),
        SdkError::ResponseError(_) => plain(
            ErrorKind::Unreachable,
            "Unreadable answer",
            format!(
                "The answer of {endpoint} to {name} on the bucket {bucket:?} cannot be read: \
                     {cause}."
            ),
        ),
        _ => plain(
            ErrorKind::Other,
            "Request failed",
            format!("{name} on the bucket {bucket:?} could not be made: {cause}."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_has_a_rule_is_told_as_it_says() {
        let request =
            Request { bucket: "logs", owner: None, owner_is_secret: false, checksum: None };
        for (code, status, kind, summary) in [
            ("NoSuchBucket", 404, ErrorKind::NotFound, "Bucket not found"),
            ("AccessDenied", 403, ErrorKind::Denied, "Access denied"),
            ("InvalidAccessKeyId", 403, ErrorKind::Credentials, "Invalid credentials"),
            ("SignatureDoesNotMatch", 403, ErrorKind::Credentials, "Invalid credentials"),
            ("ExpiredToken", 400, ErrorKind::Credentials, "Invalid credentials"),
            ("OperationAborted", 409, ErrorKind::Conflict, "Conflicting operation"),
            ("MalformedXML", 400, ErrorKind::Invalid, "Refused by S3"),
            ("InvalidArgument", 400, ErrorKind::Invalid, "Refused by S3"),
            ("KMS.NotFoundException", 400, ErrorKind::Invalid, "Key refused"),
            ("NotImplemented", 501, ErrorKind::Unsupported, "Not supported by the service"),
            ("MethodNotAllowed", 405, ErrorKind::Unsupported, "Not supported by the service"),
            ("SlowDown", 503, ErrorKind::Throttled, "Too many requests"),
            ("InternalError", 500, ErrorKind::Other, "Request failed"),
            ("", 418, ErrorKind::Other, "Request failed"),
        ] {
            let error = meaning(Some(code), Some(status), "its words", Operation::Get, &request);
            assert_eq!((error.kind, error.summary), (kind, summary), "{code}");
        }
    }

    #[test]
    fn the_permission_is_that_of_the_kind_of_bucket() {
        assert_eq!(Operation::Get.permission("logs"), "s3:GetEncryptionConfiguration");
        assert_eq!(
            Operation::Delete.permission("logs--use1-az4--x-s3"),
            "s3express:PutEncryptionConfiguration"
        );
    }
}
