//! Amazon S3 through the AWS SDK.
//!
//! Owns the `provider "aws"` block's settings, its clients, and what S3's answers mean. A provider
//! is connected when it is first needed: until then there is no client, and nothing is asked.

mod account;
mod encryption;
mod endpoint;
mod error;
mod http;
mod insecure;
mod retry;
mod settings;

pub use self::settings::{AssumeRole, Endpoints, SCHEMA, Settings};

use self::account::Account;
use self::encryption::Request;
use self::error::Operation;
use self::retry::Throttled;
use super::{ErrorKind, Provider, ProviderError, Target};
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The providers of a configuration, by address.
#[derive(Debug)]
pub struct Aws {
    accounts: BTreeMap<Arc<str>, Account>,
    throttled: Throttled,
}

impl Aws {
    /// Takes note of the providers; asks nothing and makes no client.
    pub fn new(providers: BTreeMap<Arc<str>, Settings>) -> Self {
        let throttled = Throttled::default();
        let accounts = providers
            .into_iter()
            .map(|(address, settings)| (address, Account::new(settings, throttled.clone())))
            .collect();
        Self { accounts, throttled }
    }

    fn account(&self, address: &str) -> Result<&Account, ProviderError> {
        self.accounts.get(address).ok_or_else(|| {
            let detail = format!(
                "The state has buckets of the provider {address}, which the configuration does not \
                 declare any more. Declare it until they are gone."
            );
            error::plain(ErrorKind::Configuration, "Missing provider", detail)
        })
    }
}

impl Provider for Aws {
    async fn connect(&self, address: &str) -> Result<(), ProviderError> {
        self.account(address)?.connected().await.map(|_| ())
    }

    async fn read(&self, target: &Target) -> Result<Value, ProviderError> {
        let connected = self.account(&target.provider)?.connected().await?;
        let request = Request::of(target);
        let answer = connected
            .call(request.bucket, |client| {
                client
                    .get_bucket_encryption()
                    .bucket(request.bucket)
                    .set_expected_bucket_owner(request.owner.map(str::to_owned))
                    .send()
            })
            .await;
        match answer {
            Ok(answer) => Ok(encryption::from_sdk(
                request.bucket,
                answer.server_side_encryption_configuration,
            )),
            Err(error) if error::is_without_default(&error) => Ok(encryption::without_default()),
            Err(error) => {
                Err(error::explain(&error, Operation::Get, &request, &connected.endpoint(), None))
            }
        }
    }

    async fn write(&self, target: &Target, settings: &Value) -> Result<(), ProviderError> {
        let connected = self.account(&target.provider)?.connected().await?;
        let request = Request::of(target);
        let configuration = encryption::to_sdk(request.bucket, settings)?;
        let answer = connected
            .call(request.bucket, |client| {
                client
                    .put_bucket_encryption()
                    .bucket(request.bucket)
                    .server_side_encryption_configuration(configuration.clone())
                    .set_expected_bucket_owner(request.owner.map(str::to_owned))
                    .set_checksum_algorithm(request.checksum.clone())
                    .send()
            })
            .await;
        let secret = encryption::secret_key(settings);
        answer.map(|_| ()).map_err(|error| {
            error::explain(&error, Operation::Put, &request, &connected.endpoint(), secret)
        })
    }

    async fn reset(&self, target: &Target) -> Result<(), ProviderError> {
        let connected = self.account(&target.provider)?.connected().await?;
        let request = Request::of(target);
        let answer = connected
            .call(request.bucket, |client| {
                client
                    .delete_bucket_encryption()
                    .bucket(request.bucket)
                    .set_expected_bucket_owner(request.owner.map(str::to_owned))
                    .send()
            })
            .await;
        answer.map(|_| ()).map_err(|error| {
            error::explain(&error, Operation::Delete, &request, &connected.endpoint(), None)
        })
    }

    fn throttled(&self) -> u64 {
        self.throttled.count()
    }
}
