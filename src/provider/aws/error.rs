//! What went wrong, in words: one place where the SDK's errors and the service's codes become
//! ours.

use super::health::Outage;
use super::retry::asks_to_slow_down;
use crate::addr::AttrPath;
use crate::diag::capital;
use crate::provider::{ErrorKind, Fenced, ProviderError};
use crate::resource::is_directory_bucket;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId as _;
use std::error::Error;

/// Which operation of S3 failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Get,
    Put,
    Delete,
    Head,
    Location,
    Tagging,
    Website,
    List,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Get => "GetBucketEncryption",
            Self::Put => "PutBucketEncryption",
            Self::Delete => "DeleteBucketEncryption",
            Self::Head => "HeadBucket",
            Self::Location => "GetBucketLocation",
            Self::Tagging => "GetBucketTagging",
            Self::Website => "GetBucketWebsite",
            Self::List => "ListBuckets",
        }
    }

    /// The action that a policy must allow: `DeleteBucketEncryption` needs the same as Put.
    fn permission(self, bucket: &str) -> &'static str {
        match (self, is_directory_bucket(bucket)) {
            (Self::Get, false) => "s3:GetEncryptionConfiguration",
            (Self::Get, true) => "s3express:GetEncryptionConfiguration",
            (Self::Put | Self::Delete, false) => "s3:PutEncryptionConfiguration",
            (Self::Put | Self::Delete, true) => "s3express:PutEncryptionConfiguration",
            (Self::Head, _) => "s3:ListBucket",
            (Self::Location, _) => "s3:GetBucketLocation",
            (Self::Tagging, _) => "s3:GetBucketTagging",
            (Self::Website, _) => "s3:GetBucketWebsite",
            (Self::List, _) => "s3:ListAllMyBuckets",
        }
    }
}

/// The account that a request says must own the bucket.
#[derive(Clone, Copy, Debug)]
pub(super) enum Owner<'a> {
    /// The one that is declared.
    Declared {
        account: &'a str,
        /// Whether it must not be shown.
        is_secret: bool,
    },
    /// That of the credentials, where nothing is declared.
    OfCredentials(&'a str),
}

impl Owner<'_> {
    /// The account's id.
    pub(super) fn id(self) -> String {
        match self {
            Self::Declared { account, .. } | Self::OfCredentials(account) => account.to_owned(),
        }
    }

    /// The account in words that a message may show.
    fn shown(self) -> String {
        match self {
            Self::Declared { is_secret: true, .. } => "the account (sensitive)".to_owned(),
            Self::Declared { account, .. } | Self::OfCredentials(account) => {
                format!("the account {account}")
            }
        }
    }
}

/// The call that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) operation: Operation,
    /// The bucket; empty where it is about none.
    pub(super) bucket: &'a str,
    /// The owner that was asked for.
    pub(super) owner: Option<Owner<'a>>,
    /// Where it went: a URL or a Region.
    pub(super) place: &'a str,
}

impl Call<'_> {
    /// ` for "bucket"`, where it is about one.
    fn target(&self) -> String {
        if self.bucket.is_empty() { String::new() } else { format!(" for {:?}", self.bucket) }
    }

    /// ` on the bucket "bucket"`, where it is about one.
    fn on_bucket(&self) -> String {
        let bucket = self.bucket;
        if bucket.is_empty() { String::new() } else { format!(" on the bucket {bucket:?}") }
    }
}

/// An error that is not the service's.
pub(super) fn plain(kind: ErrorKind, summary: &'static str, detail: String) -> ProviderError {
    ProviderError { kind, summary, detail, code: None, request_id: None, attribute: None }
}

/// The summary of an answer that says that the service cannot.
pub(super) const SERVICE_FAILURE: &str = "Service failure";

/// What a service that is out of order does not answer, or is not asked any more.
pub(super) fn of_outage(outage: &Outage) -> ProviderError {
    plain(ErrorKind::Outage, "Service is failing", outage.to_string())
}

/// What an operation on a bucket failed with.
pub(super) fn of_call<E>(error: &SdkError<E, HttpResponse>, call: &Call<'_>) -> ProviderError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(found) = without_answer(error, call.place, "S3") {
        return found;
    }
    let status = error.raw_response().map(|response| response.status().as_u16());
    let (kind, summary, detail) = by_code(error.code(), status, error.message(), call);
    let writes = call.operation == Operation::Put && kind == ErrorKind::Invalid;
    ProviderError {
        kind,
        summary,
        detail,
        code: error.code().map(str::to_owned),
        request_id: error.meta().request_id().map(str::to_owned),
        attribute: writes.then(|| refused_attribute(error)).flatten(),
    }
}

/// The attribute that `PutBucketEncryption` is refused for, where the answer tells: by the argument
/// that it names, or by the one element that its message is about.
fn refused_attribute<E>(error: &SdkError<E, HttpResponse>) -> Option<AttrPath>
where
    E: ProvideErrorMetadata,
{
    const DEFAULT: &str = "apply_server_side_encryption_by_default";
    let attributes: [(&str, &[&str]); 6] = [
        ("SSEAlgorithm", &["rule", DEFAULT, "sse_algorithm"]),
        ("KMSMasterKeyID", &["rule", DEFAULT, "kms_master_key_id"]),
        ("BucketKeyEnabled", &["rule", "bucket_key_enabled"]),
        ("BlockedEncryptionTypes", &["rule", "blocked_encryption_types"]),
        ("EncryptionType", &["rule", "blocked_encryption_types"]),
        ("x-amz-expected-bucket-owner", &["expected_bucket_owner"]),
    ];
    if error.code().is_some_and(|code| code.starts_with("KMS.")) {
        return attributes.get(1).map(|(_, path)| path.iter().collect());
    }
    let body = error.raw_response()?.body().bytes().and_then(|it| std::str::from_utf8(it).ok())?;
    let argument = || {
        let (_, rest) = body.split_once("<ArgumentName>")?;
        rest.split_once("</ArgumentName>").map(|(name, _)| name.trim())
    };
    if let Some(name) = argument() {
        let named = attributes.iter().find(|(element, _)| element.eq_ignore_ascii_case(name));
        return named.map(|(_, path)| path.iter().collect());
    }
    // By the order of the words: what a message begins with is what it is about.
    let message = error.message().unwrap_or_default();
    let mut words = message.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let path = words.find_map(|word| attributes.iter().find(|(element, _)| *element == word));
    path.map(|(_, path)| path.iter().collect())
}

/// What an operation of STS failed with; `what` is a sentence about what was asked for.
pub(super) fn of_sts<E>(error: &SdkError<E, HttpResponse>, what: &str, place: &str) -> ProviderError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(found) = without_answer(error, place, "STS") {
        return found;
    }
    let code = error.code();
    let status = error.raw_response().map(|response| response.status().as_u16());
    let (kind, summary, mend) = match code {
        Some(code) if let Some(mend) = credentials_mend(code) => {
            (ErrorKind::Credentials, "Invalid credentials", mend.to_owned())
        }
        Some("AccessDenied" | "AccessDeniedException") => {
            let mend = "Its trust policy must name the caller, and the caller must be allowed \
                        sts:AssumeRole on it.";
            (ErrorKind::Denied, "Access denied", mend.to_owned())
        }
        _ if asks_to_slow_down(code, status) => {
            let mend = format!("{place} asked to slow down. Raise `max_retries`.");
            (ErrorKind::Throttled, "Too many requests", mend)
        }
        _ if status.is_some_and(|status| status >= 500) => {
            (ErrorKind::Other, SERVICE_FAILURE, "Try again later.".to_owned())
        }
        Some(_) | None => (ErrorKind::Configuration, "STS request refused", String::new()),
    };
    let said = said(code, error.message());
    ProviderError {
        kind,
        summary,
        detail: format!("{what} {said} {mend}").trim_end().to_owned(),
        code: code.map(str::to_owned),
        request_id: error.meta().request_id().map(str::to_owned),
        attribute: None,
    }
}

/// The cases in which the service said nothing.
pub(super) fn without_answer<E: Error + 'static>(
    error: &SdkError<E, HttpResponse>,
    place: &str,
    service: &str,
) -> Option<ProviderError> {
    if find::<Fenced>(error).is_some() {
        let detail = "Nothing was sent: this run does not hold the lock of the state any more, so \
                      that another one may be under way. Plan again.";
        return Some(plain(ErrorKind::Conflict, "Lock of the state lost", detail.to_owned()));
    }
    if let Some(outage) = find::<Outage>(error) {
        return Some(of_outage(outage));
    }
    if let Some(error) = find::<CredentialsError>(error) {
        return Some(no_credentials(error));
    }
    let (kind, summary, detail) = match error {
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => {
            let (cause, mend) = (cause(error), unreachable_mend(error));
            let detail = format!("No answer from {place}: {cause}.{mend}");
            (ErrorKind::Unreachable, "Endpoint unreachable", detail)
        }
        SdkError::ConstructionFailure(_) => {
            let detail = format!("The request could not be made: {}.", cause(error));
            (ErrorKind::Configuration, "Request not possible", detail)
        }
        SdkError::ResponseError(_) => {
            let detail = format!(
                "The answer from {place} is not {service}'s: {}. Check that the endpoint is the one \
                 of {service}.",
                cause(error)
            );
            (ErrorKind::Other, "Answer not understood", detail)
        }
        // A service error; the enum may grow.
        _ => return None,
    };
    Some(plain(kind, summary, detail))
}

fn unreachable_mend(error: &(dyn Error + 'static)) -> &'static str {
    if chain(error).any(<dyn Error>::is::<rustls::Error>) {
        " If the certificate is signed by an authority of your own, name its file in \
         `custom_ca_bundle`."
    } else {
        " Check the endpoint, the network and the Region."
    }
}

type Verdict = (ErrorKind, &'static str, String);

/// What a service's code means, or the status where there is none.
fn by_code(
    code: Option<&str>,
    status: Option<u16>,
    message: Option<&str>,
    call: &Call<'_>,
) -> Verdict {
    let Call { operation, bucket, owner, place } = *call;
    let (name, said) = (operation.name(), said(code, message));
    let target = call.target();
    let named = code.unwrap_or_default();
    if let Some(mend) = credentials_mend(named) {
        return (ErrorKind::Credentials, "Invalid credentials", format!("{said} {mend}"));
    }
    match named {
        // An answer to HEAD has no code but what its status says.
        "NoSuchBucket" | "NotFound" => {
            let detail = format!(
                "There is no bucket {bucket:?} at {place}. Correct the name, or make the bucket \
                 first: only its encryption is kept here."
            );
            (ErrorKind::NotFound, "Bucket not found", detail)
        }
        "AccessDenied" | "AccessDeniedException" | "AllAccessDisabled" => denied(call, &said),
        "OperationAborted" => {
            let detail = format!(
                "Another operation on the bucket {bucket:?} was in progress, and still was after \
                 all repetitions. {said} Try again later."
            );
            (ErrorKind::Conflict, "Conflicting operation", detail)
        }
        "PermanentRedirect"
        | "TemporaryRedirect"
        | "Redirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException" => {
            let detail = format!(
                "The bucket {bucket:?} is not at {place}. {said} Set `region` of a provider to the \
                 bucket's Region, and use that provider."
            );
            (ErrorKind::Configuration, "Wrong Region", detail)
        }
        "NotImplemented" | "XNotImplemented" | "UnsupportedOperation" | "MethodNotAllowed" => {
            unsupported(call, &said)
        }
        "MalformedXML"
        | "InvalidArgument"
        | "InvalidRequest"
        | "InvalidBucketName"
        | "InvalidDigest"
        | "BadDigest"
        | "InvalidTag"
        | "KMSKeyNotFoundException" => (
            ErrorKind::Invalid,
            "Request refused",
            format!("{name}{target} is not accepted. {said}").trim_end().to_owned(),
        ),
        kms if kms.starts_with("KMS.") => {
            let detail =
                format!("{name} for {bucket:?} is not accepted: KMS refuses the key. {said}");
            (ErrorKind::Invalid, "Key refused", detail)
        }
        _ if asks_to_slow_down(code, status) => {
            let detail = format!(
                "{place} asked to slow down, and still did after all repetitions of \
                 {name}{target}. {said} Lower `--parallelism`, or raise `max_retries`."
            );
            (ErrorKind::Throttled, "Too many requests", detail)
        }
        _ => match status {
            // Stores and proxies that answer without a code.
            Some(403) if code.is_none() => denied(call, &said),
            Some(405 | 501) => unsupported(call, &said),
            Some(status @ 500..) => {
                let detail = format!(
                    "{name}{target} failed at {place} with status {status}, all \
                     repetitions included. {said} Try again later."
                );
                (ErrorKind::Other, SERVICE_FAILURE, detail)
            }
            Some(_) | None => {
                let status = status.map_or_else(String::new, |it| format!(" (status {it})"));
                let owner =
                    owner.map_or_else(String::new, |it| format!(" owned by {}", it.shown()));
                let detail = format!("{name}{target}{owner} failed{status}. {said}");
                (ErrorKind::Other, "Request failed", detail.trim_end().to_owned())
            }
        },
    }
}

fn denied(call: &Call<'_>, said: &str) -> Verdict {
    let Call { operation, bucket, owner, place: _ } = *call;
    let on_bucket = call.on_bucket();
    let permission = operation.permission(bucket);
    let owner = owner.map_or_else(String::new, |owner| {
        let whose = match owner {
            Owner::Declared { .. } => "as `expected_bucket_owner` asks for.",
            Owner::OfCredentials(_) => {
                "that of the credentials, which is expected where nothing is declared: name its \
                 owner in `expected_bucket_owner`, or set `owner_check = false` in the provider."
            }
        };
        format!(" Or the bucket does not belong to {}, {whose}", owner.shown())
    });
    // For a directory bucket S3 tries the key on behalf of whoever writes.
    let key = if operation == Operation::Put && is_directory_bucket(bucket) {
        " A key of KMS needs kms:GenerateDataKey and kms:Decrypt, too."
    } else {
        ""
    };
    let detail = format!(
        "The credentials may not do {permission}{on_bucket}: no policy allows it, or one denies \
         it.{key}{owner} {said}"
    );
    (ErrorKind::Denied, "Access denied", detail.trim_end().to_owned())
}

fn unsupported(call: &Call<'_>, said: &str) -> Verdict {
    let Call { operation, bucket, owner: _, place } = *call;
    let name = operation.name();
    let consequence = match operation {
        Operation::Get => {
            format!("The live configuration of the bucket {bucket:?} cannot be read")
        }
        Operation::Put => format!("The configuration of the bucket {bucket:?} cannot be written"),
        Operation::Delete => format!("The configuration of the bucket {bucket:?} cannot be reset"),
        Operation::Head | Operation::Location => {
            format!("The Region of the bucket {bucket:?} cannot be found out")
        }
        Operation::Tagging => format!("The tags of the bucket {bucket:?} cannot be read"),
        Operation::Website => format!("The website of the bucket {bucket:?} cannot be read"),
        Operation::List => "The buckets cannot be listed".to_owned(),
    };
    let detail = format!("{consequence}: {place} does not support {name}. {said}");
    (ErrorKind::Unsupported, "Operation not supported", detail.trim_end().to_owned())
}

/// How to mend credentials that a service refuses with this code; nothing if it is not about
/// credentials.
pub(super) fn credentials_mend(code: &str) -> Option<&'static str> {
    Some(match code {
        "InvalidAccessKeyId" | "InvalidClientTokenId" | "UnrecognizedClientException" => {
            "The access key does not exist there, or is switched off. Check which credentials are \
             in use (AWS_ACCESS_KEY_ID, AWS_PROFILE, `profile`), that the endpoint is theirs, and \
             that their account has switched the Region on."
        }
        "SignatureDoesNotMatch" => {
            "The secret access key does not go with the access key. Check both for a slip."
        }
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "RequestExpired" => {
            "The credentials have expired. Log in again, such as by `aws sso login`."
        }
        "InvalidToken" => {
            "The session token is not valid. Check that AWS_SESSION_TOKEN goes with the access \
             key, or log in again."
        }
        "RequestTimeTooSkewed" => {
            "The clock of this machine is more than 15 minutes off. Set it right."
        }
        _ => return None,
    })
}

/// What the service said, as a sentence.
pub(super) fn said(code: Option<&str>, message: Option<&str>) -> String {
    let message = message.map(|message| message.trim().trim_end_matches('.'));
    match (code, message.filter(|message| !message.is_empty())) {
        (Some(code), Some(message)) => format!("The service says {code}: {message}."),
        (Some(code), None) => format!("The service says {code}."),
        (None, Some(message)) => format!("The service says: {message}."),
        (None, None) => String::new(),
    }
}

/// Why there are no credentials.
pub(super) fn no_credentials(error: &CredentialsError) -> ProviderError {
    let cause = cause(error);
    let detail = match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            "None found in the environment (AWS_ACCESS_KEY_ID), in the profile of ~/.aws \
             (AWS_PROFILE), by web identity, from the container, or from the instance. Log in, \
             such as by `aws sso login`, or set `profile`."
                .to_owned()
        }
        CredentialsError::ProviderTimedOut(_) => {
            format!("The source of credentials does not answer: {cause}.")
        }
        CredentialsError::InvalidConfiguration(_) => {
            format!("{}. Mend ~/.aws/config or the environment.", capital(&cause))
        }
        // The enum may grow.
        _ => format!("{}. Log in again, or check `profile`.", capital(&cause)),
    };
    plain(ErrorKind::Credentials, "No credentials", detail)
}

/// Whether the source of credentials that was named holds none.
pub(super) fn holds_none(error: &CredentialsError) -> bool {
    chain(error)
        .filter_map(<dyn Error>::downcast_ref)
        .any(|error| matches!(error, CredentialsError::CredentialsNotLoaded(_)))
}

/// The first error of this type in the chain.
pub(super) fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    chain(error).find_map(<dyn Error>::downcast_ref)
}

/// The error and all that caused it. What an `io::Error` wraps counts, which its `source` skips.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

/// What is wrong with a certificate, where that is the cause.
fn certificate_fault(error: &(dyn Error + 'static)) -> Option<&'static str> {
    use rustls::CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer,
    };
    let rustls::Error::InvalidCertificate(fault) = find::<rustls::Error>(error)? else {
        return None;
    };
    Some(match fault {
        UnknownIssuer => "its certificate is signed by an authority that is not trusted",
        Expired | ExpiredContext { .. } => "its certificate has expired",
        NotValidForName | NotValidForNameContext { .. } => "its certificate is for another name",
        _ => "its certificate is not valid",
    })
}

/// The innermost cause, in a few words.
fn cause(error: &(dyn Error + 'static)) -> String {
    if let Some(fault) = certificate_fault(error) {
        return fault.to_owned();
    }
    let texts: Vec<String> = chain(error).map(ToString::to_string).collect();
    // "timed out" alone says less than the error around it, which knows what and after how long.
    let text = texts.iter().rev().find(|text| !text.is_empty() && *text != "timed out");
    let text = text.map_or("timed out", String::as_str);
    let text = text.split(" (os error").next().unwrap_or(text).trim_end_matches('.');
    let mut chars = text.chars();
    match chars.next() {
        // An abbreviation keeps its capitals.
        Some(first) if chars.as_str().starts_with(char::is_lowercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        Some(_) | None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::error::ErrorMetadata;
    use aws_sdk_s3::operation::get_bucket_encryption::GetBucketEncryptionError;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    fn told(code: Option<&str>, status: u16, operation: Operation, bucket: &str) -> ProviderError {
        let metadata = ErrorMetadata::builder().message("Why.");
        let metadata = match code {
            Some(code) => metadata.code(code),
            None => metadata,
        };
        let error = GetBucketEncryptionError::generic(metadata.build());
        let status = StatusCode::try_from(status).unwrap();
        let response = HttpResponse::new(status, SdkBody::empty());
        let call = Call { operation, bucket, owner: None, place: "S3 in eu-west-1" };
        of_call(&SdkError::service_error(error, response), &call)
    }

    #[test]
    fn every_code_has_its_kind() {
        use ErrorKind::*;
        let cases = [
            (Some("NoSuchBucket"), 404, NotFound, "Bucket not found"),
            (Some("AccessDenied"), 403, Denied, "Access denied"),
            (None, 403, Denied, "Access denied"),
            (Some("InvalidAccessKeyId"), 403, Credentials, "Invalid credentials"),
            (Some("SignatureDoesNotMatch"), 403, Credentials, "Invalid credentials"),
            (Some("ExpiredToken"), 400, Credentials, "Invalid credentials"),
            (Some("InvalidToken"), 400, Credentials, "Invalid credentials"),
            (Some("RequestTimeTooSkewed"), 403, Credentials, "Invalid credentials"),
            (Some("SlowDown"), 503, Throttled, "Too many requests"),
            (Some("ServiceUnavailable"), 503, Throttled, "Too many requests"),
            (Some("ThrottlingException"), 400, Throttled, "Too many requests"),
            (None, 429, Throttled, "Too many requests"),
            (Some("OperationAborted"), 409, Conflict, "Conflicting operation"),
            (Some("MalformedXML"), 400, Invalid, "Request refused"),
            (Some("InvalidArgument"), 400, Invalid, "Request refused"),
            (Some("KMS.NotFoundException"), 400, Invalid, "Key refused"),
            (Some("KMS.DisabledException"), 400, Invalid, "Key refused"),
            (Some("NotImplemented"), 501, Unsupported, "Operation not supported"),
            (Some("XNotImplemented"), 501, Unsupported, "Operation not supported"),
            (Some("UnsupportedOperation"), 400, Unsupported, "Operation not supported"),
            (Some("MethodNotAllowed"), 405, Unsupported, "Operation not supported"),
            (None, 405, Unsupported, "Operation not supported"),
            (Some("PermanentRedirect"), 301, Configuration, "Wrong Region"),
            (Some("AuthorizationHeaderMalformed"), 400, Configuration, "Wrong Region"),
            (Some("InternalError"), 500, Other, "Service failure"),
            (None, 502, Other, "Service failure"),
            (Some("Tomorrow"), 418, Other, "Request failed"),
            (None, 404, Other, "Request failed"),
        ];
        for (code, status, kind, summary) in cases {
            let error = told(code, status, Operation::Get, "logs");
            assert_eq!((error.kind, error.summary), (kind, summary), "{code:?} {status}");
            assert_eq!(error.code.as_deref(), code);
            // A sentence, with the bucket or the service's own words in it.
            assert!(error.detail.ends_with('.'), "{error}");
            assert!(error.detail.contains("logs") || error.detail.contains("Why"), "{error}");
            assert!(!error.detail.contains("  "), "{error}");
        }
    }

    #[test]
    fn a_refused_write_tells_the_attribute_where_the_answer_does() {
        let refused = |operation: Operation, code: &str, message: &str, body: &'static str| {
            let metadata = ErrorMetadata::builder().code(code).message(message).build();
            let status = StatusCode::try_from(400).unwrap();
            let response = HttpResponse::new(status, SdkBody::from(body));
            let error = GetBucketEncryptionError::generic(metadata);
            let call = Call { operation, bucket: "logs", owner: None, place: "S3" };
            let told = of_call(&SdkError::service_error(error, response), &call);
            told.attribute.map(|path| path.to_string())
        };
        let put = |code, message, body| refused(Operation::Put, code, message, body);
        let default = "rule.apply_server_side_encryption_by_default.";
        let key = Some(format!("{default}kms_master_key_id"));
        let named = "<Error><ArgumentName>KMSMasterKeyID</ArgumentName></Error>";
        assert_eq!(put("InvalidArgument", "No.", named), key);
        assert_eq!(put("KMS.DisabledException", "The key is disabled.", ""), key);
        let said = "a KMSMasterKeyID is not applicable if the default SSEAlgorithm is not aws:kms";
        assert_eq!(put("InvalidArgument", said, ""), key);
        let unknown = "<Error><ArgumentName>Tomorrow</ArgumentName></Error>";
        assert_eq!(put("InvalidArgument", said, unknown), None, "it is about something else");
        assert_eq!(put("MalformedXML", "The XML you provided was not well-formed.", ""), None);
        assert_eq!(put("InternalError", "SSEAlgorithm", ""), None);
        assert_eq!(refused(Operation::Get, "InvalidArgument", "No.", named), None);
    }

    #[test]
    fn texts_read_well() {
        let texts = [
            told(Some("AccessDenied"), 403, Operation::Delete, "logs"),
            told(Some("AccessDenied"), 403, Operation::Put, "fast--euw1-az1--x-s3"),
            told(Some("NotImplemented"), 501, Operation::Get, "fast--euw1-az1--x-s3"),
            told(Some("ExpiredToken"), 400, Operation::Put, "logs"),
            told(Some("InvalidArgument"), 400, Operation::Put, "logs"),
            told(Some("InternalError"), 500, Operation::Get, "logs"),
            told(Some("Tomorrow"), 418, Operation::Get, "logs"),
        ];
        let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(texts.join("\n"), @r#"
        Access denied: The credentials may not do s3:PutEncryptionConfiguration on the bucket "logs": no policy allows it, or one denies it. The service says AccessDenied: Why.
        Access denied: The credentials may not do s3express:PutEncryptionConfiguration on the bucket "fast--euw1-az1--x-s3": no policy allows it, or one denies it. A key of KMS needs kms:GenerateDataKey and kms:Decrypt, too. The service says AccessDenied: Why.
        Operation not supported: The live configuration of the bucket "fast--euw1-az1--x-s3" cannot be read: S3 in eu-west-1 does not support GetBucketEncryption. The service says NotImplemented: Why.
        Invalid credentials: The service says ExpiredToken: Why. The credentials have expired. Log in again, such as by `aws sso login`.
        Request refused: PutBucketEncryption for "logs" is not accepted. The service says InvalidArgument: Why.
        Service failure: GetBucketEncryption for "logs" failed at S3 in eu-west-1 with status 500, all repetitions included. The service says InternalError: Why. Try again later.
        Request failed: GetBucketEncryption for "logs" failed (status 418). The service says Tomorrow: Why.
        "#);
    }

    #[test]
    fn the_innermost_cause_is_told_without_noise() {
        use std::io;
        let unknown = rustls::CertificateError::UnknownIssuer;
        let unknown = io::Error::other(rustls::Error::InvalidCertificate(unknown));
        assert_eq!(
            cause(&io::Error::other(unknown)),
            "its certificate is signed by an authority that is not trusted"
        );
        let refused = io::Error::other(io::Error::from_raw_os_error(111));
        assert_eq!(cause(&refused), "connection refused");
        assert_eq!(cause(&io::Error::other("TLS handshake failed")), "TLS handshake failed");
    }
}
