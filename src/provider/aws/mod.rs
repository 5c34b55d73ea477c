//! Amazon S3 through the AWS SDK.
//!
//! Owns the SDK: its clients, its configuration, its errors. Nothing of it leaves this room, but
//! settings and [`ProviderError`]s. It decides nothing about what is read or written.
//!
//! ```no_run
//! # async fn example() -> Result<(), sealform::provider::ProviderError> {
//! use sealform::provider::aws::{Aws, Settings};
//! use sealform::provider::Provider;
//!
//! let settings = Settings { region: Some("eu-west-1".to_owned()), ..Settings::default() };
//! let aws = Aws::new([("aws".into(), settings)].into());
//! aws.connect("aws").await?;
//! # Ok(())
//! # }
//! ```

mod connect;
mod data;
mod encryption;
mod endpoint;
mod error;
mod http;
mod insecure;
mod objects;
mod retry;
mod settings;
#[cfg(test)]
mod tests;

pub use self::objects::{Condition, Object, Objects, Sealing, Written};
pub use self::settings::{AssumeRole, DESCRIPTION, EXAMPLE, Endpoints, SCHEMA, Settings};

use self::connect::Connection;
use self::encryption::Request;
use self::error::{Call, Operation};
use self::retry::Throttled;
use super::{ErrorKind, Fence, Provider, ProviderError, Query, Target};
use crate::resource::{KeyAnswer, KeyName, Observed};
use crate::value::Value;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// All configured `provider "aws"` of a run. Each connects when it is first needed, once: a
/// failure to connect is kept and given to everyone who asks.
#[derive(Debug)]
pub struct Aws {
    providers: BTreeMap<Arc<str>, Configured>,
    throttled: Throttled,
}

#[derive(Debug)]
struct Configured {
    settings: Settings,
    connection: OnceCell<Result<Connection, ProviderError>>,
}

impl Aws {
    /// The providers by address, such as `aws` and `aws.eu`. Opens and reads nothing.
    pub fn new(providers: BTreeMap<Arc<str>, Settings>) -> Self {
        let configured = |settings| Configured { settings, connection: OnceCell::new() };
        let providers =
            providers.into_iter().map(|(address, it)| (address, configured(it))).collect();
        Self { providers, throttled: Throttled::default() }
    }

    /// The Region of the provider: the declared one or, once connected, the one that was found.
    pub fn region(&self, address: &str) -> Option<String> {
        let Configured { settings, connection } = self.providers.get(address)?;
        let found = connection.get().and_then(|it| it.as_ref().ok()).map(|it| &**it.region());
        let sandbox = settings.sandbox.then_some(connect::SANDBOX_REGION);
        found.or(settings.region.as_deref()).or(sandbox).map(str::to_owned)
    }

    /// From now on nothing is written but while the fence holds.
    pub fn guard(&self, fence: Fence) {
        self.throttled.guard(fence);
    }

    /// The account of the provider's credentials (STS, `GetCallerIdentity`).
    pub async fn account(&self, address: &str) -> Result<String, ProviderError> {
        Ok(self.connection(address).await?.identity().await?.account.clone())
    }

    async fn connection(&self, address: &str) -> Result<&Connection, ProviderError> {
        let configured = self.providers.get(address).ok_or_else(|| {
            let detail = format!(
                "The state has buckets of the provider {address:?}, which the configuration does \
                 not declare any more. Declare it until they are gone."
            );
            error::plain(ErrorKind::Configuration, "Unknown provider", detail)
        })?;
        let open = || Connection::open(&configured.settings, self.throttled.clone());
        configured.connection.get_or_init(open).await.as_ref().map_err(Clone::clone)
    }

    /// Sends a request to the bucket's Region, as [`to_bucket`] does.
    async fn send<T, E, F>(
        &self,
        operation: Operation,
        target: &Target,
        request: &Request<'_>,
        call: impl Fn(Client) -> F + Send + Sync,
    ) -> Result<(Arc<str>, Result<T, Failure<E>>), ProviderError>
    where
        T: Send,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        let connection = self.connection(&target.provider).await?;
        let (region, answer) = to_bucket(connection, request.bucket, call).await;
        let answer = answer.map_err(|error| {
            let place = connection.place(&region);
            let owner = request.shown_owner();
            let call =
                Call { operation, bucket: request.bucket, owner: owner.as_deref(), place: &place };
            let told = error::of_call(&error, &call);
            Failure { error, told }
        });
        Ok((region, answer))
    }
}

/// Sends a request to the bucket's Region. Where S3 answers that it is another one, that one is
/// remembered, and the request repeated there, once: the SDK follows no redirect. Gives the Region
/// that answered.
async fn to_bucket<T, E, F>(
    connection: &Connection,
    bucket: &str,
    call: impl Fn(Client) -> F + Send + Sync,
) -> (Arc<str>, Result<T, SdkError<E, HttpResponse>>)
where
    T: Send,
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
{
    let mut region = connection.region_of(bucket);
    let mut answer = call(connection.client(&region)).await;
    if let Some(there) = answer.as_ref().err().and_then(|error| other_region(error, &region)) {
        region = there;
        answer = call(connection.client(&region)).await;
        if answer.as_ref().err().is_none_or(|error| other_region(error, &region).is_none()) {
            connection.remember(bucket, Arc::clone(&region));
        }
    }
    (region, answer)
}

/// A failed request: what the SDK says, and what we say.
struct Failure<E> {
    error: SdkError<E, HttpResponse>,
    told: ProviderError,
}

/// The other Region that an answer names: by the header `x-amz-bucket-region`, or by the element
/// `Region` of the error, as `AuthorizationHeaderMalformed` does.
fn other_region<E: ProvideErrorMetadata>(
    error: &SdkError<E, HttpResponse>,
    asked: &str,
) -> Option<Arc<str>> {
    let response = error.raw_response()?;
    match (response.status().as_u16(), error.code()) {
        // An answer to HEAD has no code.
        (301 | 307 | 308, _) | (400, Some("AuthorizationHeaderMalformed") | None) => {}
        _ => return None,
    }
    let header = response.headers().get("x-amz-bucket-region");
    let body = response.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok());
    let element = || {
        let (_, rest) = body?.split_once("<Region>")?;
        rest.split_once("</Region>").map(|(region, _)| region)
    };
    // It becomes part of a host's name.
    let is_name = |region: &&str| {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !region.is_empty() && region.bytes().all(allowed)
    };
    header.or_else(element).filter(is_name).filter(|region| *region != asked).map(Arc::from)
}

impl Provider for Aws {
    async fn connect(&self, address: &str) -> Result<(), ProviderError> {
        self.connection(address).await.map(|_| ())
    }

    async fn locate(&self, _: &str, _: &[(Arc<str>, Option<Arc<str>>)]) {}

    async fn key(&self, _: &KeyName) -> KeyAnswer {
        KeyAnswer::Untold(String::new())
    }

    async fn read(&self, target: &Target) -> Result<Observed, ProviderError> {
        let request = Request::of(target);
        let call = |client: Client| {
            client
                .get_bucket_encryption()
                .bucket(request.bucket)
                .set_expected_bucket_owner(request.owner.map(str::to_owned))
                .send()
        };
        let (region, answer) = self.send(Operation::Get, target, &request, call).await?;
        let settings = match answer {
            Ok(answer) => {
                encryption::from_sdk(request.bucket, answer.server_side_encryption_configuration)
            }
            Err(Failure { error, told: _ })
                if error.code() == Some("ServerSideEncryptionConfigurationNotFoundError") =>
            {
                encryption::without_default()
            }
            Err(Failure { error: _, told }) => return Err(told),
        };
        Ok(Observed { region: Some(region), ..Observed::of(settings) })
    }

    async fn query(&self, query: &Query) -> Result<Value, ProviderError> {
        data::query(self, query).await
    }

    async fn write(&self, target: &Target, settings: &Value) -> Result<(), ProviderError> {
        let request = Request::of(target);
        let configuration = encryption::to_sdk(request.bucket, settings)?;
        let call = |client: Client| {
            client
                .put_bucket_encryption()
                .bucket(request.bucket)
                .set_expected_bucket_owner(request.owner.map(str::to_owned))
                .set_checksum_algorithm(request.checksum.clone())
                .server_side_encryption_configuration(configuration.clone())
                .send()
        };
        let (_, answer) = self.send(Operation::Put, target, &request, call).await?;
        answer.map(|_| ()).map_err(|Failure { error: _, mut told }| {
            if let Some(key) = encryption::secret_key(settings) {
                told.detail = told.detail.replace(key, "(sensitive)");
            }
            told
        })
    }

    async fn reset(&self, target: &Target) -> Result<(), ProviderError> {
        let request = Request::of(target);
        let call = |client: Client| {
            client
                .delete_bucket_encryption()
                .bucket(request.bucket)
                .set_expected_bucket_owner(request.owner.map(str::to_owned))
                .send()
        };
        let (_, answer) = self.send(Operation::Delete, target, &request, call).await?;
        answer.map(|_| ()).map_err(|Failure { error: _, told }| told)
    }

    fn throttled(&self) -> u64 {
        self.throttled.count()
    }
}
