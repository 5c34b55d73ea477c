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

mod account;
mod connect;
mod data;
mod encryption;
mod endpoint;
mod error;
mod fenced;
mod health;
mod http;
mod insecure;
mod keys;
mod locate;
mod objects;
pub(super) mod retry;
mod settings;
#[cfg(test)]
mod tests;
mod trail;
mod unknown;

pub use self::objects::{Condition, Object, Objects, Sealing, Written};
pub use self::settings::{AssumeRole, DESCRIPTION, EXAMPLE, Endpoints, SCHEMA, Settings};

use self::connect::Connection;
use self::encryption::Request;
use self::error::{Call, Operation, Owner};
use self::locate::to_bucket;
use self::retry::Throttled;
use self::unknown::Watch;
use super::{Authors, ErrorKind, Fence, Inquiry, Provider, ProviderError, Query, Target};
use crate::resource::{KeyAnswer, KeyName, Observed};
use crate::value::Value;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
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

    /// The account of the provider's credentials, if it has been asked for.
    pub fn known_account(&self, address: &str) -> Option<String> {
        let connection = self.providers.get(address)?.connection.get()?.as_ref().ok()?;
        connection.known_account().map(str::to_owned)
    }

    /// From now on nothing is written but while the fence holds.
    pub fn guard(&self, fence: Fence) {
        self.throttled.guard(fence);
    }

    /// From now on a service that has answered nothing but failures for so long, in one Region, is not
    /// asked any more.
    pub fn give_up_after(&self, limit: Duration) {
        self.throttled.patience().limit(limit);
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
        connection: &Connection,
        operation: Operation,
        request: &Request<'_>,
        call: impl Fn(Client) -> F + Send + Sync,
    ) -> (Arc<str>, Result<T, Failure<E>>)
    where
        T: Send,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        let (region, answer) = to_bucket(connection, request.bucket, call).await;
        let answer = answer.map_err(|error| {
            let place = connection.place(&region);
            let Request { bucket, owner, .. } = *request;
            let call = Call { operation, bucket, owner, place: &place };
            let told = error::of_call(&error, &call);
            // What failed when the service was given up was not repeated any more.
            let told = match told.kind {
                ErrorKind::Throttled | ErrorKind::Unreachable | ErrorKind::Other => {
                    connection.outage(&region).map_or(told, |it| error::of_outage(&it))
                }
                ErrorKind::NotFound
                | ErrorKind::Denied
                | ErrorKind::Credentials
                | ErrorKind::Outage
                | ErrorKind::Conflict
                | ErrorKind::Invalid
                | ErrorKind::Unsupported
                | ErrorKind::Configuration => told,
            };
            Failure { error, told }
        });
        (region, answer)
    }
}

/// A failed request: what the SDK says, and what we say.
struct Failure<E> {
    error: SdkError<E, HttpResponse>,
    told: ProviderError,
}

impl Provider for Aws {
    async fn connect(&self, address: &str) -> Result<(), ProviderError> {
        self.connection(address).await.map(|_| ())
    }

    async fn account(&self, address: &str) -> Result<Option<Arc<str>>, ProviderError> {
        let connection = self.connection(address).await?;
        Ok(account::owner(connection).await?.or_else(|| connection.known_account()).map(Arc::from))
    }

    async fn locate(&self, address: &str, objects: &[(Arc<str>, Option<Arc<str>>)]) {
        // What cannot be connected is told by the requests that follow.
        if let Ok(connection) = self.connection(address).await {
            locate::locate(connection, objects).await;
        }
    }

    async fn key(&self, name: &KeyName) -> KeyAnswer {
        match self.connection(&name.provider).await {
            Ok(connection) => keys::key(connection, name).await,
            Err(error) => KeyAnswer::Untold(error.detail),
        }
    }

    async fn read(&self, target: &Target) -> Result<Observed, ProviderError> {
        let connection = self.connection(&target.provider).await?;
        let request = Request::of(connection, target).await?;
        let watch = Watch::default();
        let call = |client: Client| {
            client
                .get_bucket_encryption()
                .bucket(request.bucket)
                .set_expected_bucket_owner(request.owner.map(Owner::id))
                .customize()
                .interceptor(watch.clone())
                .send()
        };
        let (region, answer) = Self::send(connection, Operation::Get, &request, call).await;
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
        Ok(Observed { settings, region: Some(region), unknown: watch.found() })
    }

    fn outage(&self, target: &Target, error: &ProviderError) -> Option<ProviderError> {
        let failed = error.kind == ErrorKind::Throttled || error.summary == error::SERVICE_FAILURE;
        let connection = self.providers.get(&target.provider)?.connection.get()?;
        let connection = connection.as_ref().ok().filter(|_| failed)?;
        let region = connection.region_of(&target.identity);
        connection.failure(&region).map(|it| error::of_outage(&it))
    }

    async fn query(&self, query: &Query) -> Result<Value, ProviderError> {
        data::query(self, query).await
    }

    async fn write(&self, target: &Target, settings: &Value) -> Result<(), ProviderError> {
        let connection = self.connection(&target.provider).await?;
        let request = Request::of(connection, target).await?;
        let configuration = encryption::to_sdk(request.bucket, settings)?;
        let call = |client: Client| {
            client
                .put_bucket_encryption()
                .bucket(request.bucket)
                .set_expected_bucket_owner(request.owner.map(Owner::id))
                .set_checksum_algorithm(request.checksum.clone())
                .server_side_encryption_configuration(configuration.clone())
                .send()
        };
        let (_, answer) = Self::send(connection, Operation::Put, &request, call).await;
        answer.map(|_| ()).map_err(|Failure { error: _, mut told }| {
            if let Some(key) = encryption::secret_key(settings) {
                told.detail = told.detail.replace(key, "(sensitive)");
            }
            told
        })
    }

    async fn reset(&self, target: &Target) -> Result<(), ProviderError> {
        let connection = self.connection(&target.provider).await?;
        let request = Request::of(connection, target).await?;
        let call = |client: Client| {
            client
                .delete_bucket_encryption()
                .bucket(request.bucket)
                .set_expected_bucket_owner(request.owner.map(Owner::id))
                .send()
        };
        let (_, answer) = Self::send(connection, Operation::Delete, &request, call).await;
        answer.map(|_| ()).map_err(|Failure { error: _, told }| told)
    }

    async fn authors(&self, inquiry: &Inquiry) -> Authors {
        match self.connection(&inquiry.provider).await {
            Ok(connection) => trail::authors(connection, inquiry).await,
            Err(error) => Authors { note: Some(error.detail), ..Authors::default() },
        }
    }

    fn throttled(&self) -> u64 {
        self.throttled.count()
    }
}
