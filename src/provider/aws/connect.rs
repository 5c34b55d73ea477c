//! One configured provider, connected: Region, credentials, and a client for each Region.

use super::account::{self, Identity, OwnerCheck, is_aws};
use super::endpoint::{CustomEndpoint, Resolver};
use super::error::{find, holds_none, no_credentials, of_sts, plain};
use super::health::{Health, Outage};
use super::http;
use super::keys::Asked;
use super::locate::Places;
use super::retry::{Conflicts, Throttled, retries, timeouts, trail_retries, unlimited};
use super::settings::{AssumeRole, Endpoints, Settings};
use crate::provider::{ErrorKind, ProviderError};
use crate::resource::region_of_zone;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::retry::RetryPartition;
use aws_sdk_s3::config::{IdentityCache, SharedHttpClient};
use aws_sdk_s3::error::SdkError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_async::rt::sleep::default_async_sleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_types::origin::Origin;
use aws_types::service_config::ServiceConfigKey;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// How long Region and credentials may take to be found: a machine without them may have a
/// metadata service that hangs.
const LIMIT: Duration = Duration::from_secs(10);

/// What the SDK calls `CloudTrail` where its endpoint is configured.
const TRAIL: &str = "CloudTrail";

/// The Region of the embedded endpoint where nothing is said.
pub(super) const SANDBOX_REGION: &str = "us-east-1";

/// A connected provider.
#[derive(Debug)]
pub(super) struct Connection {
    settings: Settings,
    sdk: SdkConfig,
    region: Arc<str>,
    retry_partition: RetryPartition,
    clients: Mutex<BTreeMap<Arc<str>, Client>>,
    places: Places,
    custom_endpoint: CustomEndpoint,
    throttled: Throttled,
    identity: OnceCell<Result<Identity, ProviderError>>,
    owner_check: OwnerCheck,
    kms: Mutex<BTreeMap<Arc<str>, aws_sdk_kms::Client>>,
    asked: Asked,
    /// S3 is not that of AWS, and nothing says where its KMS is.
    is_elsewhere_without_kms: bool,
    /// S3 is not that of AWS, and nothing says where its `CloudTrail` is.
    is_elsewhere_without_trail: bool,
}

impl Connection {
    /// Finds Region and credentials, and checks the account where not all may be worked on.
    pub(super) async fn open(
        settings: &Settings,
        throttled: Throttled,
    ) -> Result<Self, ProviderError> {
        let sdk = tokio::time::timeout(LIMIT, load(settings)).await.unwrap_or_else(|_| {
            let detail = format!(
                "Region and credentials were not found within {} seconds: a source of them, such \
                 as the metadata service of the machine, does not answer. Set `region` and \
                 `profile`, or AWS_EC2_METADATA_DISABLED=true.",
                LIMIT.as_secs()
            );
            Err(plain(ErrorKind::Credentials, "No credentials", detail))
        })?;
        let region = sdk.region().map(|region| Arc::from(region.as_ref())).ok_or_else(no_region)?;
        let Endpoints { s3, kms, sts, cloudtrail } = &settings.endpoints;
        let s3 = custom_url(&sdk, "S3", s3.as_ref());
        let kms = custom_url(&sdk, "KMS", kms.as_ref());
        let sts = custom_url(&sdk, "STS", sts.as_ref());
        let trail = custom_url(&sdk, TRAIL, cloudtrail.as_ref());
        let owner_check = OwnerCheck::of(settings, s3.as_deref(), sts.as_deref());
        let is_elsewhere = s3.is_some_and(|url| !is_aws(&url));
        let connection = Self {
            settings: settings.clone(),
            sdk,
            region,
            retry_partition: unlimited(),
            clients: Mutex::default(),
            places: Places::default(),
            custom_endpoint: CustomEndpoint::default(),
            throttled,
            identity: OnceCell::new(),
            owner_check,
            kms: Mutex::default(),
            asked: Asked::default(),
            is_elsewhere_without_kms: is_elsewhere && kms.is_none(),
            is_elsewhere_without_trail: is_elsewhere && trail.is_none(),
        };
        account::check(&connection, settings).await?;
        Ok(connection)
    }

    pub(super) fn region(&self) -> &Arc<str> {
        &self.region
    }

    /// The Region that the bucket is in, as far as is known.
    pub(super) fn region_of(&self, bucket: &str) -> Arc<str> {
        let known = self.places.get(bucket);
        let of_zone = || region_of_zone(bucket).map(Arc::from);
        known.or_else(of_zone).unwrap_or_else(|| Arc::clone(&self.region))
    }

    /// Where its buckets are.
    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    /// Whether buckets are expected to belong to the account of the credentials.
    pub(super) fn owner_check(&self) -> OwnerCheck {
        self.owner_check
    }

    /// The client of a Region, made once.
    pub(super) fn client(&self, region: &Arc<str>) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(region) {
            return client.clone();
        }
        let health = self.health("S3", self.settings.endpoints.s3.as_ref(), region);
        let mut config = aws_sdk_s3::config::Builder::from(&self.sdk)
            .region(Region::new(region.to_string()))
            .endpoint_resolver(Resolver::new(self.custom_endpoint.clone()))
            .force_path_style(self.settings.s3_use_path_style.unwrap_or(true))
            // The operations on encryption are signed as they are; sessions are for objects.
            .disable_s3_express_session_auth(true)
            .retry_config(retries(&self.settings))
            .retry_partition(self.retry_partition.clone())
            .timeout_config(timeouts(&self.settings))
            .interceptor(self.throttled.watching(&health))
            .retry_classifier(Conflicts(health));
        // Else the one of the environment stays.
        if let Some(url) = &self.settings.endpoints.s3 {
            config = config.endpoint_url(url);
        }
        let client = Client::from_conf(config.build());
        clients.insert(Arc::clone(region), client.clone());
        client
    }

    /// How a service has answered so far in this run, in a Region.
    fn health(&self, service: &str, own: Option<&String>, region: &str) -> Health {
        let place = custom_url(&self.sdk, service, own);
        self.throttled.patience().of(&match place {
            Some(url) => format!("{service} at {url}"),
            None => format!("{service} in {region}"),
        })
    }

    /// Why S3 in a Region has been given up, if it has.
    pub(super) fn outage(&self, region: &str) -> Option<Outage> {
        self.health("S3", self.settings.endpoints.s3.as_ref(), region).outage()
    }

    /// Why S3 in a Region is out of order, if it is.
    pub(super) fn failure(&self, region: &str) -> Option<Outage> {
        self.health("S3", self.settings.endpoints.s3.as_ref(), region).failure()
    }

    /// Where requests of a Region go, in words.
    pub(super) fn place(&self, region: &str) -> String {
        match self.custom_endpoint.get() {
            Some(url) => url.to_owned(),
            None => format!("S3 in {region}"),
        }
    }

    /// The client of KMS in a Region, made once.
    pub(super) fn kms(&self, region: &Arc<str>) -> aws_sdk_kms::Client {
        let mut clients = self.kms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(region) {
            return client.clone();
        }
        let health = self.health("KMS", self.settings.endpoints.kms.as_ref(), region);
        let mut config = aws_sdk_kms::config::Builder::from(&self.sdk)
            .region(Region::new(region.to_string()))
            .retry_config(retries(&self.settings))
            .retry_partition(self.retry_partition.clone())
            .timeout_config(timeouts(&self.settings))
            .interceptor(self.throttled.watching(&health))
            .retry_classifier(Conflicts(health));
        // Else the one of the environment stays.
        if let Some(url) = &self.settings.endpoints.kms {
            config = config.endpoint_url(url);
        }
        let client = aws_sdk_kms::Client::from_conf(config.build());
        clients.insert(Arc::clone(region), client.clone());
        client
    }

    /// The keys that were asked for.
    pub(super) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Whether S3 is not that of AWS, and nothing says where its KMS is: that of AWS would be asked
    /// about keys and credentials that are not its own.
    pub(super) fn is_elsewhere_without_kms(&self) -> bool {
        self.is_elsewhere_without_kms
    }

    /// Where requests to KMS in a Region go, in words.
    pub(super) fn kms_place(&self, region: &str) -> String {
        custom_url(&self.sdk, "KMS", self.settings.endpoints.kms.as_ref())
            .unwrap_or_else(|| format!("KMS in {region}"))
    }

    /// The client of `CloudTrail` in a Region.
    pub(super) fn trail(&self, region: &str) -> aws_sdk_cloudtrail::Client {
        let health = self.health(TRAIL, self.settings.endpoints.cloudtrail.as_ref(), region);
        let mut config = aws_sdk_cloudtrail::config::Builder::from(&self.sdk)
            .region(Region::new(region.to_owned()))
            .retry_config(trail_retries(&self.settings))
            .retry_partition(self.retry_partition.clone())
            .timeout_config(timeouts(&self.settings))
            .interceptor(self.throttled.watching(&health))
            .retry_classifier(Conflicts(health));
        // Else the one of the environment stays.
        if let Some(url) = &self.settings.endpoints.cloudtrail {
            config = config.endpoint_url(url);
        }
        aws_sdk_cloudtrail::Client::from_conf(config.build())
    }

    /// Whether S3 is not that of AWS, and nothing says where its `CloudTrail` is: that of AWS would
    /// be asked about buckets that are not there.
    pub(super) fn is_elsewhere_without_trail(&self) -> bool {
        self.is_elsewhere_without_trail
    }

    /// Where requests to `CloudTrail` in a Region go, in words.
    pub(super) fn trail_place(&self, region: &str) -> String {
        custom_url(&self.sdk, TRAIL, self.settings.endpoints.cloudtrail.as_ref())
            .unwrap_or_else(|| format!("CloudTrail in {region}"))
    }

    /// How often the service has asked to slow down so far.
    pub(super) fn throttled(&self) -> &Throttled {
        &self.throttled
    }

    /// Whose credentials these are (STS, `GetCallerIdentity`), asked for once.
    pub(super) async fn identity(&self) -> Result<&Identity, ProviderError> {
        let identity = self.identity.get_or_init(|| Box::pin(self.ask_identity())).await;
        identity.as_ref().map_err(Clone::clone)
    }

    /// The account of the credentials, if it has been asked for.
    pub(super) fn known_account(&self) -> Option<&str> {
        let identity = self.identity.get()?.as_ref().ok()?;
        Some(&identity.account)
    }

    async fn ask_identity(&self) -> Result<Identity, ProviderError> {
        let health = self.health("STS", self.settings.endpoints.sts.as_ref(), &self.region);
        let client = aws_sdk_sts::Client::from_conf(
            aws_sdk_sts::config::Builder::from(&sts_config(&self.sdk, &self.settings))
                .retry_config(retries(&self.settings))
                .retry_partition(self.retry_partition.clone())
                .timeout_config(timeouts(&self.settings))
                .interceptor(self.throttled.watching(&health))
                .retry_classifier(Conflicts(health))
                .build(),
        );
        account::ask(client, &sts_place(&self.settings, &self.sdk)).await
    }
}

/// The URL of a service that is not where the SDK expects it, by its id: as the settings, the
/// environment or the profile say.
fn custom_url(sdk: &SdkConfig, id: &str, own: Option<&String>) -> Option<String> {
    let of_service = || {
        let key = ServiceConfigKey::builder().service_id(id);
        let key = key.env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok()?;
        sdk.service_config()?.load_config(key)
    };
    let of_all = || sdk.endpoint_url().map(str::to_owned);
    own.cloned().or_else(of_service).or_else(of_all)
}

fn no_region() -> ProviderError {
    let detail = "Nothing says which Region to work in. Set `region` in the provider, AWS_REGION, \
                  or `region` in the profile of ~/.aws/config.";
    plain(ErrorKind::Configuration, "No Region", detail.to_owned())
}

async fn load(settings: &Settings) -> Result<SdkConfig, ProviderError> {
    let http = http::client(settings)?;
    let (sdk, base) = if settings.sandbox {
        // Without them requests would leave this machine.
        let Endpoints { s3, kms, sts, cloudtrail } = &settings.endpoints;
        if [s3, kms, sts, cloudtrail].into_iter().any(Option::is_none) {
            let detail = "The sandbox needs its own endpoints of S3, KMS, STS and CloudTrail.";
            let detail = detail.to_owned();
            return Err(plain(ErrorKind::Configuration, "Missing endpoint", detail));
        }
        let credentials = sandbox_credentials(settings);
        (sandbox_config(settings, http), SharedCredentialsProvider::new(credentials))
    } else {
        let sdk = environment_config(settings, http.clone()).await;
        let base = environment_credentials(settings, &sdk, http).await;
        (sdk, base)
    };
    if sdk.region().is_none() {
        return Err(no_region());
    }
    let credentials = match &settings.assume_role {
        None => base,
        Some(role) => assumed(role, settings, &sdk, base).await,
    };
    let credentials = if settings.skip_credentials_validation {
        credentials
    } else {
        let first = credentials.provide_credentials().await;
        let first = first.map_err(|error| credentials_failure(&error, settings, &sdk))?;
        SharedCredentialsProvider::new(Fetched {
            first: Mutex::new(Some(first)),
            then: credentials,
        })
    };
    Ok(sdk
        .into_builder()
        .credentials_provider(credentials)
        // One cache for all clients, so that credentials are fetched again when they expire only.
        .identity_cache(IdentityCache::lazy().build())
        .build())
}

/// Nothing but what is said: the embedded endpoint answers the same on every machine.
fn sandbox_config(settings: &Settings, http: SharedHttpClient) -> SdkConfig {
    let region = settings.region.as_deref().unwrap_or(SANDBOX_REGION);
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .http_client(http)
        .time_source(SharedTimeSource::default());
    config.set_sleep_impl(default_async_sleep());
    config.build()
}

fn sandbox_credentials(settings: &Settings) -> Credentials {
    let account = settings.sandbox_account.as_deref().unwrap_or("sandbox");
    Credentials::new(account, "sandbox", None, None, "sandbox")
}

async fn environment_config(settings: &Settings, http: SharedHttpClient) -> SdkConfig {
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(http).no_credentials();
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    loader.load().await
}

/// The SDK's chain, or the profile that is named: it wins over the environment.
async fn environment_credentials(
    settings: &Settings,
    sdk: &SdkConfig,
    http: SharedHttpClient,
) -> SharedCredentialsProvider {
    let config =
        ProviderConfig::without_region().with_region(sdk.region().cloned()).with_http_client(http);
    match &settings.profile {
        Some(profile) => SharedCredentialsProvider::new(
            ProfileFileCredentialsProvider::builder()
                .configure(&config)
                .profile_name(profile)
                .build(),
        ),
        None => SharedCredentialsProvider::new(
            DefaultCredentialsChain::builder()
                .configure(config)
                .region(sdk.region().cloned())
                .build()
                .await,
        ),
    }
}

async fn assumed(
    role: &AssumeRole,
    settings: &Settings,
    sdk: &SdkConfig,
    base: SharedCredentialsProvider,
) -> SharedCredentialsProvider {
    let AssumeRole { role_arn, session_name, external_id } = role;
    let mut builder = AssumeRoleProvider::builder(role_arn)
        .session_name(session_name.as_deref().unwrap_or("sealform"))
        .configure(&sts_config(sdk, settings));
    if let Some(external_id) = external_id {
        builder = builder.external_id(external_id);
    }
    SharedCredentialsProvider::new(builder.build_from_provider(base).await)
}

/// The configuration for clients of STS.
fn sts_config(sdk: &SdkConfig, settings: &Settings) -> SdkConfig {
    match &settings.endpoints.sts {
        Some(url) => {
            let mut own = sdk.clone().into_builder().endpoint_url(url);
            // Else AWS_ENDPOINT_URL of the environment would count for more.
            own.insert_origin("endpoint_url", Origin::shared_config());
            own.build()
        }
        None => sdk.clone(),
    }
}

fn sts_place(settings: &Settings, sdk: &SdkConfig) -> String {
    custom_url(sdk, "STS", settings.endpoints.sts.as_ref()).unwrap_or_else(|| {
        let region = sdk.region().map_or(SANDBOX_REGION, AsRef::as_ref);
        format!("STS in {region}")
    })
}

fn credentials_failure(
    error: &CredentialsError,
    settings: &Settings,
    sdk: &SdkConfig,
) -> ProviderError {
    if let Some(profile) = settings.profile.as_ref().filter(|_| holds_none(error)) {
        let detail = format!(
            "The profile {profile:?} is not in ~/.aws/config or ~/.aws/credentials, or holds no \
             credentials. Correct `profile`, or add it there, such as by `aws configure sso`."
        );
        return plain(ErrorKind::Configuration, "Profile not found", detail);
    }
    let Some(role) = settings.assume_role.as_ref() else { return no_credentials(error) };
    let what = format!("The role {} cannot be assumed.", role.role_arn);
    if let Some(refusal) = find::<SdkError<AssumeRoleError, HttpResponse>>(error) {
        return of_sts(refusal, &what, &sts_place(settings, sdk));
    }
    let cause = no_credentials(error);
    ProviderError { detail: format!("{what} {}", cause.detail), ..cause }
}

/// Hands out what was fetched up front first, and fetches anew from then on: once that expires.
#[derive(Debug)]
struct Fetched {
    first: Mutex<Option<Credentials>>,
    then: SharedCredentialsProvider,
}

impl ProvideCredentials for Fetched {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        match self.first.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(credentials) => future::ProvideCredentials::ready(Ok(credentials)),
            None => self.then.provide_credentials(),
        }
    }
}
