//! What is repeated, how often and how soon.

use super::settings::Settings;
use crate::provider::{Fence, Fenced};
use aws_sdk_kms::operation::describe_key::DescribeKeyError;
use aws_sdk_kms::operation::list_aliases::ListAliasesError;
use aws_sdk_s3::config::interceptors::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_s3::config::retry::{
    ClassifyRetry, RetryAction, RetryConfig, RetryPartition, TokenBucket,
};
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::operation::delete_bucket_encryption::DeleteBucketEncryptionError;
use aws_sdk_s3::operation::get_bucket_encryption::GetBucketEncryptionError;
use aws_sdk_s3::operation::get_bucket_location::GetBucketLocationError;
use aws_sdk_s3::operation::get_bucket_tagging::GetBucketTaggingError;
use aws_sdk_s3::operation::get_bucket_website::GetBucketWebsiteError;
use aws_sdk_s3::operation::head_bucket::HeadBucketError;
use aws_sdk_s3::operation::list_buckets::ListBucketsError;
use aws_sdk_s3::operation::put_bucket_encryption::PutBucketEncryptionError;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{Error, InterceptorContext};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::retries::classifiers::RetryClassifierPriority;
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
        .or_else(|| error.downcast_ref::<DescribeKeyError>()?.code())
        .or_else(|| error.downcast_ref::<ListAliasesError>()?.code())
        .or_else(|| error.downcast_ref::<GetCallerIdentityError>()?.code())
}

/// Repeats what the SDK would not: `OperationAborted`, another operation on the bucket in
/// progress.
#[derive(Debug)]
pub(super) struct Conflicts;

impl ClassifyRetry for Conflicts {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.output_or_error() {
            Some(Err(error)) if code(error) == Some("OperationAborted") => {
                RetryAction::server_error()
            }
            Some(Ok(_) | Err(_)) | None => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "conflicts"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// Whether an answer asks for fewer requests.
pub(super) fn asks_to_slow_down(code: Option<&str>, status: Option<u16>) -> bool {
    const CODES: [&str; 6] = [
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "RequestThrottled",
    ];
    // 503 is how S3 and what resembles it speak of load, whatever the code beside it.
    matches!(status, Some(429 | 503)) || code.is_some_and(|code| CODES.contains(&code))
}

/// Counts the answers that ask to slow down, every attempt's, and keeps what is fenced off from
/// being sent. A classifier could not: the SDK
/// runs classifiers more than once an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Throttled {
    count: Arc<AtomicU64>,
    /// Asked before each attempt of each request that writes to S3.
    fence: Arc<OnceLock<Fence>>,
}

impl Throttled {
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
        let code = match context.output_or_error() {
            Some(Err(error)) => code(error),
            Some(Ok(_)) | None => return Ok(()),
        };
        if asks_to_slow_down(code, context.response().map(|response| response.status().as_u16())) {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // KMS and STS are asked by POST, and nothing is written there.
        let writes = matches!(context.request().method(), "PUT" | "DELETE");
        match self.fence.get() {
            Some(fence) if writes && !fence.holds() => Err(Fenced.into()),
            Some(_) | None => Ok(()),
        }
    }
}
