//! What is repeated, how often and how soon.

use super::fenced;
use super::health::{Health, Patience};
use super::settings::Settings;
use crate::provider::{Fence, Fenced};
use aws_sdk_cloudtrail::operation::lookup_events::LookupEventsError;
use aws_sdk_kms::operation::describe_key::DescribeKeyError;
use aws_sdk_kms::operation::list_aliases::ListAliasesError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::interceptors::{
    BeforeTransmitInterceptorContextMut, FinalizerInterceptorContextRef,
};
use aws_sdk_s3::config::retry::{
    ClassifyRetry, RetryAction, RetryConfig, RetryPartition, TokenBucket,
};
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::operation::delete_bucket_encryption::DeleteBucketEncryptionError;
use aws_sdk_s3::operation::delete_object::DeleteObjectError;
use aws_sdk_s3::operation::get_bucket_encryption::GetBucketEncryptionError;
use aws_sdk_s3::operation::get_bucket_location::GetBucketLocationError;
use aws_sdk_s3::operation::get_bucket_tagging::GetBucketTaggingError;
use aws_sdk_s3::operation::get_bucket_website::GetBucketWebsiteError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_bucket::HeadBucketError;
use aws_sdk_s3::operation::list_buckets::ListBucketsError;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Error;
use aws_sdk_s3::operation::put_bucket_encryption::PutBucketEncryptionError;
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{Error, InterceptorContext};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::retries::classifiers::RetryClassifierPriority;
use aws_smithy_types::retry::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const RETRIES: u32 = 7;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(15);
/// The least time that an operation with all its attempts may take.
const OPERATION_TIMEOUT: Duration = Duration::from_mins(2);

/// Waits double from a tenth of a second on.
pub(super) fn retries(settings: &Settings) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(settings.max_retries.unwrap_or(RETRIES).saturating_add(1))
        .with_initial_backoff(Duration::from_millis(100))
        .with_max_backoff(Duration::from_secs(20))
}

/// Of the log of changes: it bears two requests a second from everybody together, and that it is not
/// read to its end is no failure.
pub(super) fn trail_retries(settings: &Settings) -> RetryConfig {
    retries(settings)
        .with_max_attempts(settings.max_retries.unwrap_or(RETRIES).min(4).saturating_add(1))
        .with_initial_backoff(Duration::from_secs(1))
}

/// The SDK's own budget of retries is shared by all requests of a Region and would fail the
/// hundredth bucket of a fleet that is throttled once each.
pub(super) fn unlimited() -> RetryPartition {
    RetryPartition::custom("sealform").token_bucket(TokenBucket::unlimited()).build()
}

/// The SDK has no limits of its own beyond the connection's.
pub(super) fn timeouts(settings: &Settings) -> TimeoutConfig {
    let attempt = settings.read_timeout.unwrap_or(READ_TIMEOUT);
    let connect = settings.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
    TimeoutConfig::builder()
        .connect_timeout(connect)
        .operation_attempt_timeout(attempt)
        // Room for at least one repetition.
        .operation_timeout(OPERATION_TIMEOUT.max(attempt * 2))
        .build()
}

/// The code of a failed operation: the SDK erases which one it was.
fn code(error: &OrchestratorError<Error>) -> Option<&str> {
    let error = error.as_operation_error()?;
    None.or_else(|| error.downcast_ref::<GetBucketEncryptionError>()?.code())
        .or_else(|| error.downcast_ref::<PutBucketEncryptionError>()?.code())
        .or_else(|| error.downcast_ref::<DeleteBucketEncryptionError>()?.code())
        .or_else(|| error.downcast_ref::<GetBucketTaggingError>()?.code())
        .or_else(|| error.downcast_ref::<GetBucketLocationError>()?.code())
        .or_else(|| error.downcast_ref::<GetBucketWebsiteError>()?.code())
        .or_else(|| error.downcast_ref::<HeadBucketError>()?.code())
        .or_else(|| error.downcast_ref::<ListBucketsError>()?.code())
        .or_else(|| error.downcast_ref::<GetObjectError>()?.code())
        .or_else(|| error.downcast_ref::<PutObjectError>()?.code())
        .or_else(|| error.downcast_ref::<DeleteObjectError>()?.code())
        .or_else(|| error.downcast_ref::<ListObjectsV2Error>()?.code())
        .or_else(|| error.downcast_ref::<DescribeKeyError>()?.code())
        .or_else(|| error.downcast_ref::<ListAliasesError>()?.code())
        .or_else(|| error.downcast_ref::<GetCallerIdentityError>()?.code())
        .or_else(|| error.downcast_ref::<LookupEventsError>()?.code())
}

/// What an answer that is an error means for whether to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Verdict {
    /// There is too much at once: again, and slower.
    Throttled,
    /// It may pass: again.
    Transient,
    /// It stays so however often it is asked.
    Fatal,
}

/// The one place that decides whether what a service answered is asked again. Where no answer came,
/// or only a part of one, the SDK asks again.
pub(in crate::provider) fn verdict(code: Option<&str>, status: Option<u16>) -> Verdict {
    /// Load. 503 is how S3 and what resembles it speak of it, whatever the code beside it.
    const LOAD: [&str; 11] = [
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "TooManyRequestsException",
        "LimitExceededException",
        "PriorRequestNotComplete",
    ];
    /// Another operation on the bucket in progress, a request that did not get through in time, or
    /// trouble of their own.
    const TROUBLE: [&str; 7] = [
        "OperationAborted",
        "RequestTimeout",
        "RequestTimeoutException",
        "InternalError",
        "InternalFailure",
        "KMSInternalException",
        "DependencyTimeoutException",
    ];
    let is = |codes: &[&str]| code.is_some_and(|code| codes.contains(&code));
    if is(&TROUBLE) {
        Verdict::Transient
    } else if is(&LOAD) || matches!(status, Some(429 | 503)) {
        Verdict::Throttled
    } else if matches!(status, Some(500 | 502 | 504)) {
        Verdict::Transient
    } else {
        Verdict::Fatal
    }
}

/// The longest pause that a service can ask for.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How long `Retry-After` asks to wait, as far as it is heeded; where it names a moment, it is not.
pub(in crate::provider) fn asked_pause(header: Option<&str>) -> Option<Duration> {
    let seconds = header?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

/// Applies [`verdict`] to every answer, and waits as long as it asks in `Retry-After`. A service that
/// has been given up is not asked again.
#[derive(Debug)]
pub(super) struct Conflicts(pub(super) Health);

impl ClassifyRetry for Conflicts {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        if let Some(failure) = failure(error, context.response())
            && !self.0.bad(&failure)
        {
            return RetryAction::RetryForbidden;
        }
        // Without an error of the service in it, a part of an answer is none.
        let refused = |response: &&HttpResponse| response.status().as_u16() >= 300;
        let Some(response) = context.response().filter(refused) else {
            return RetryAction::NoActionIndicated;
        };
        if error.as_operation_error().is_none() {
            return RetryAction::NoActionIndicated;
        }
        let pause = asked_pause(response.headers().get("retry-after"));
        match (verdict(code(error), Some(response.status().as_u16())), pause) {
            (Verdict::Throttled, None) => RetryAction::throttling_error(),
            (Verdict::Transient, None) => RetryAction::server_error(),
            (Verdict::Throttled, Some(pause)) => {
                RetryAction::retryable_error_with_explicit_delay(ErrorKind::ThrottlingError, pause)
            }
            (Verdict::Transient, Some(pause)) => {
                RetryAction::retryable_error_with_explicit_delay(ErrorKind::ServerError, pause)
            }
            (Verdict::Fatal, _) => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "verdict"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// How a service failed that has not answered, or has answered that it cannot, in a few words.
fn failure(error: &OrchestratorError<Error>, response: Option<&HttpResponse>) -> Option<String> {
    if error.is_timeout_error() {
        return Some("no answer in time".to_owned());
    }
    if error.is_connector_error() {
        return Some("no connection".to_owned());
    }
    if error.is_response_error() {
        return Some("an answer that is not understood".to_owned());
    }
    let status = response?.status().as_u16();
    match verdict(code(error), Some(status)) {
        // The one of its own is of the bucket, which another operation is under way on.
        _ if code(error) == Some("OperationAborted") => None,
        Verdict::Throttled | Verdict::Transient => Some(match code(error) {
            Some(code) => format!("{code} (status {status})"),
            None => format!("status {status}"),
        }),
        Verdict::Fatal => None,
    }
}

/// Whether an answer asks for fewer requests.
pub(super) fn asks_to_slow_down(code: Option<&str>, status: Option<u16>) -> bool {
    verdict(code, status) == Verdict::Throttled
}

/// Counts the answers that ask to slow down, every attempt's, and keeps what is fenced off, or would
/// go to a service that has been given up, from being sent. A classifier could not: the SDK runs
/// classifiers more than once an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Throttled {
    count: Arc<AtomicU64>,
    /// Asked before each attempt of each request that writes to S3.
    fence: Arc<OnceLock<Fence>>,
    patience: Patience,
    /// Of the service that this one of the clones is asked about.
    health: Option<Health>,
}

impl Throttled {
    /// The same, for the requests to one service.
    pub(super) fn watching(&self, health: &Health) -> Self {
        Self { health: Some(health.clone()), ..self.clone() }
    }

    /// How long a service may answer nothing but failures.
    pub(super) fn patience(&self) -> &Patience {
        &self.patience
    }

    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// From now on nothing is written to S3 but while the fence holds.
    pub(super) fn guard(&self, fence: Fence) {
        // The first one stays: a run has one lock.
        let _first = self.fence.set(fence);
    }
}

impl Intercept for Throttled {
    fn name(&self) -> &'static str {
        "throttled"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(result) = context.output_or_error() else { return Ok(()) };
        let status = context.response().map(|response| response.status().as_u16());
        let is_good = match result {
            Ok(_) => true,
            Err(error) => {
                if asks_to_slow_down(code(error), status) {
                    self.count.fetch_add(1, Ordering::Relaxed);
                }
                error.is_operation_error() && failure(error, context.response()).is_none()
            }
        };
        if let Some(health) = self.health.as_ref().filter(|_| is_good) {
            health.good();
        }
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // KMS and STS are asked by POST, and nothing is written there.
        let writes = matches!(context.request().method(), "PUT" | "DELETE");
        if let Some(fence) = self.fence.get().filter(|_| writes) {
            if !fence.holds() {
                return Err(Fenced.into());
            }
            fenced::keep_within(fence.clone(), context.request_mut().body_mut());
        }
        match &self.health {
            Some(health) => health.send().map_err(Into::into),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::error::ErrorMetadata;

    /// The SDK does not say of which operation an error is: one that is not looked for has no code, and
    /// is taken for what its status says.
    #[test]
    fn the_code_of_each_operation_is_seen() {
        macro_rules! each {
            ($($error:ty),* $(,)?) => { [$({
                let metadata = ErrorMetadata::builder().code("InternalError").build();
                let error = Error::erase(<$error>::generic(metadata));
                (stringify!($error), OrchestratorError::operation(error))
            }),*] };
        }
        for (name, error) in each!(
            GetBucketEncryptionError,
            PutBucketEncryptionError,
            DeleteBucketEncryptionError,
            GetBucketTaggingError,
            GetBucketLocationError,
            GetBucketWebsiteError,
            HeadBucketError,
            ListBucketsError,
            GetObjectError,
            PutObjectError,
            DeleteObjectError,
            ListObjectsV2Error,
            DescribeKeyError,
            ListAliasesError,
            GetCallerIdentityError,
            LookupEventsError,
        ) {
            assert_eq!(code(&error), Some("InternalError"), "{name}");
        }
    }

    /// Every code that S3, KMS and STS are known to answer with, and what is made of it.
    #[test]
    fn each_code_is_asked_again_or_not() {
        use Verdict::{Fatal, Throttled, Transient};
        let rows: &[(Verdict, u16, &[&str])] = &[
            (Throttled, 503, &["SlowDown", "ServiceUnavailable", "RequestThrottled", ""]),
            (Throttled, 429, &["TooManyRequests", ""]),
            (
                Throttled,
                400,
                &[
                    "Throttling",
                    "ThrottlingException",
                    "ThrottledException",
                    "RequestThrottledException",
                    "RequestLimitExceeded",
                    "BandwidthLimitExceeded",
                    "TooManyRequestsException",
                    "LimitExceededException",
                    "PriorRequestNotComplete",
                ],
            ),
            (Transient, 500, &["InternalError", "InternalFailure", "KMSInternalException", ""]),
            (Transient, 502, &[""]),
            (Transient, 504, &[""]),
            (Transient, 400, &["RequestTimeout", "RequestTimeoutException"]),
            (Transient, 409, &["OperationAborted"]),
            (Transient, 503, &["DependencyTimeoutException", "InternalError"]),
            (
                Fatal,
                400,
                &[
                    "MalformedXML",
                    "InvalidArgument",
                    "InvalidRequest",
                    "InvalidBucketName",
                    "InvalidDigest",
                    "BadDigest",
                    "ExpiredToken",
                    "InvalidToken",
                    "TokenRefreshRequired",
                    "AuthorizationHeaderMalformed",
                    "IllegalLocationConstraintException",
                    "KMS.NotFoundException",
                    "KMS.DisabledException",
                    "NotFoundException",
                    "",
                ],
            ),
            (Fatal, 401, &[""]),
            (
                Fatal,
                403,
                &[
                    "AccessDenied",
                    "AllAccessDisabled",
                    "AccountProblem",
                    "InvalidAccessKeyId",
                    "SignatureDoesNotMatch",
                    "RequestTimeTooSkewed",
                    "InvalidClientTokenId",
                    "",
                ],
            ),
            (
                Fatal,
                404,
                &["NoSuchBucket", "ServerSideEncryptionConfigurationNotFoundError", "NotFound", ""],
            ),
            (Fatal, 405, &["MethodNotAllowed", ""]),
            (Fatal, 409, &["BucketAlreadyExists", "InvalidBucketState"]),
            (Fatal, 301, &["PermanentRedirect", ""]),
            (Fatal, 307, &["TemporaryRedirect"]),
            (Fatal, 501, &["NotImplemented", "XNotImplemented"]),
        ];
        for (expected, status, codes) in rows {
            for code in *codes {
                let code = Some(*code).filter(|code| !code.is_empty());
                assert_eq!(verdict(code, Some(*status)), *expected, "{status} {code:?}");
            }
        }
        assert_eq!(verdict(None, None), Fatal);
    }
}
