//! One provider: its credentials, its account, and its clients, one a Region.

use super::endpoint::{CustomEndpoint, Resolver};
use super::retry::{self, Throttled};
use super::settings::{AssumeRole, Settings};
use super::{error, http};
use crate::provider::{ErrorKind, ProviderError};
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::OnceCell;

/// How long the whole search for a Region and credentials may take: a machine's metadata service
/// that hangs costs no more than this, once.
const SEARCH: Duration = Duration::from_secs(10);

/// One provider, connected when it is first needed. A failure is remembered: it is told once and
/// not met again by each bucket.
#[derive(Debug)]
pub(super) struct Account {
    settings: Settings,
    throttled: Throttled,
    connected: OnceCell<Result<Connected, ProviderError>>,
}

impl Account {
    pub(super) fn new(settings: Settings, throttled: Throttled) -> Self {
        Self { settings, throttled, connected: OnceCell::new() }
    }

    pub(super) async fn connected(&self) -> Result<&Connected, ProviderError> {
        let connect = || Connected::new(&self.settings, &self.throttled);
        self.connected.get_or_init(connect).await.as_ref().map_err(Clone::clone)
    }
}

/// A provider that is ready.
#[derive(Debug)]
pub(super) struct Connected {
    /// What clients of further Regions are made from.
    base: aws_sdk_s3::config::Builder,
    region: Arc<str>,
    home: Client,
    further: Mutex<BTreeMap<Arc<str>, Client>>,
    /// Buckets that turned out to be elsewhere than in the provider's Region.
    moved: RwLock<BTreeMap<Box<str>, Arc<str>>>,
    custom: CustomEndpoint,
}

impl Connected {
    async fn new(settings: &Settings, throttled: &Throttled) -> Result<Self, ProviderError> {
        let sdk = match tokio::time::timeout(SEARCH, load(settings)).await {
            Ok(sdk) => sdk?,
            Err(_) => return Err(search_took_too_long("a Region")),
        };
        let Some(region) = sdk.region().map(|region| Arc::from(region.as_ref())) else {
            let detail = "No Region is set. Give the provider a `region`, set AWS_REGION in the \
                          environment, or put one into the profile.";
            return Err(error::plain(ErrorKind::Configuration, "No Region", detail.to_owned()));
        };
        let credentials = credentials(&sdk, settings).await?;
        if !settings.allowed_account_ids.is_empty() {
            check_account(&sdk, &credentials, settings).await?;
        }
        let custom = CustomEndpoint::default();
        let mut base = aws_sdk_s3::config::Builder::from(&sdk)
            .credentials_provider(credentials)
            .force_path_style(settings.s3_use_path_style.unwrap_or(true))
            .disable_s3_express_session_auth(true)
            .retry_partition(retry::unlimited())
            .retry_classifier(retry::Conflicts)
            .interceptor(throttled.clone())
            .endpoint_resolver(Resolver::new(custom.clone()));
        if let Some(url) = &settings.endpoints.s3 {
            base = base.endpoint_url(url);
        }
        let home = Client::from_conf(base.clone().build());
        Ok(Self { base, region, home, further: Mutex::default(), moved: RwLock::default(), custom })
    }

    /// Where requests go, for messages.
    pub(super) fn endpoint(&self) -> String {
        self.custom.get().map_or_else(|| format!("S3 in {}", self.region), str::to_owned)
    }

    /// Makes a request with the client of the bucket's Region, which S3 tells where it is another:
    /// the SDK follows no redirect.
    pub(super) async fn call<T, E, F>(
        &self,
        bucket: &str,
        request: impl Fn(Client) -> F,
    ) -> Result<T, SdkError<E, HttpResponse>>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let known = {
            let moved = self.moved.read().unwrap_or_else(PoisonError::into_inner);
            moved.get(bucket).cloned()
        };
        let (client, asked) = match &known {
            Some(region) => (self.client(region), region),
            None => (self.home.clone(), &self.region),
        };
        match request(client).await {
            Err(error) => match error::region_of(&error) {
                Some(region) if region != **asked => {
                    let region: Arc<str> = region.into();
                    let client = self.client(&region);
                    self.remember(bucket, region);
                    request(client).await
                }
                Some(_) | None => Err(error),
            },
            done => done,
        }
    }

    fn remember(&self, bucket: &str, region: Arc<str>) {
        let mut moved = self.moved.write().unwrap_or_else(PoisonError::into_inner);
        moved.insert(bucket.into(), region);
    }

    fn client(&self, region: &Arc<str>) -> Client {
        if *region == self.region {
            return self.home.clone();
        }
        let mut further = self.further.lock().unwrap_or_else(PoisonError::into_inner);
        further
            .entry(Arc::clone(region))
            .or_insert_with(|| {
                let region = Region::new(region.to_string());
                Client::from_conf(self.base.clone().region(region).build())
            })
            .clone()
    }
}

/// What all clients of the provider share.
async fn load(settings: &Settings) -> Result<SdkConfig, ProviderError> {
    let http = http::client(settings)?;
    let region = settings.region.clone().map(Region::new);
    if settings.sandbox {
        // Nothing of the machine's: neither its environment nor its files.
        let account = settings.sandbox_account.as_deref().unwrap_or_default();
        let credentials = Credentials::new(account, "sandbox", None, None, "sandbox");
        return Ok(SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            .region(region)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(retry::retries(settings))
            .timeout_config(retry::timeouts(settings))
            .build());
    }
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.clone())
        .retry_config(retry::retries(settings))
        .timeout_config(retry::timeouts(settings));
    if let Some(region) = region {
        loader = loader.region(region);
    }
    if let Some(profile) = &settings.profile {
        // The SDK's own chain would prefer the environment; a profile that is named is meant.
        let provider = ProviderConfig::without_region()
            .with_region(settings.region.clone().map(Region::new))
            .with_http_client(http);
        let chain = ProfileFileCredentialsProvider::builder()
            .profile_name(profile)
            .configure(&provider)
            .build();
        loader = loader.profile_name(profile).credentials_provider(chain);
    }
    Ok(loader.load().await)
}

/// Finds credentials once, up front, so that a fleet without any fails once and early.
async fn credentials(
    sdk: &SdkConfig,
    settings: &Settings,
) -> Result<SharedCredentialsProvider, ProviderError> {
    let chain = match (&settings.assume_role, sdk.credentials_provider()) {
        (Some(role), _) => assume(role, sdk, settings).await,
        (None, Some(chain)) => chain,
        (None, None) => return Err(no_credentials(settings, "none are configured")),
    };
    if settings.skip_credentials_validation {
        return Ok(chain);
    }
    match tokio::time::timeout(SEARCH, chain.provide_credentials()).await {
        Ok(Ok(first)) => {
            Ok(SharedCredentialsProvider::new(Primed { first: Mutex::new(Some(first)), chain }))
        }
        Ok(Err(error)) => Err(no_credentials(settings, &error::innermost(&error))),
        Err(_) => Err(search_took_too_long("credentials")),
    }
}

async fn assume(
    role: &AssumeRole,
    sdk: &SdkConfig,
    settings: &Settings,
) -> SharedCredentialsProvider {
    let mut conf = sdk.clone().into_builder();
    if let Some(url) = &settings.endpoints.sts {
        conf = conf.endpoint_url(url);
    }
    let mut builder = aws_config::sts::AssumeRoleProvider::builder(&role.role_arn)
        .session_name(role.session_name.as_deref().unwrap_or("sealform"))
        .configure(&conf.build());
    if let Some(id) = &role.external_id {
        builder = builder.external_id(id);
    }
    SharedCredentialsProvider::new(builder.build().await)
}

fn no_credentials(settings: &Settings, reason: &str) -> ProviderError {
    let detail = match (&settings.assume_role, &settings.profile) {
        (Some(role), _) => format!(
            "The role {} cannot be assumed: {reason}. Check that the role trusts the caller, and \
             the credentials that ask for it.",
            role.role_arn
        ),
        (None, Some(profile)) => format!(
            "The profile {profile:?} gives no credentials: {reason}. Check the shared files, and \
             for SSO run `aws sso login --profile {profile}`."
        ),
        (None, None) => format!(
            "Nobody gives credentials: {reason}. Looked at were the environment \
             (AWS_ACCESS_KEY_ID), the shared files, SSO, web identity, and the container's or \
             instance's role. To try without AWS, say --sandbox."
        ),
    };
    error::plain(ErrorKind::Credentials, "No valid credentials", detail)
}

fn search_took_too_long(what: &str) -> ProviderError {
    let detail = format!(
        "The search for {what} took more than {} s. If the machine has no metadata service, set \
         AWS_EC2_METADATA_DISABLED=true, and give Region and credentials in the environment.",
        SEARCH.as_secs()
    );
    error::plain(ErrorKind::Credentials, "No valid credentials", detail)
}

/// Refuses to work in an account that is not among the allowed ones (STS, `GetCallerIdentity`).
async fn check_account(
    sdk: &SdkConfig,
    credentials: &SharedCredentialsProvider,
    settings: &Settings,
) -> Result<(), ProviderError> {
    let mut conf =
        aws_sdk_sts::config::Builder::from(sdk).credentials_provider(credentials.clone());
    if let Some(url) = &settings.endpoints.sts {
        conf = conf.endpoint_url(url);
    }
    let client = aws_sdk_sts::Client::from_conf(conf.build());
    let refuse = |detail| error::plain(ErrorKind::Configuration, "Account not allowed", detail);
    let answer = client.get_caller_identity().send().await.map_err(|error| {
        refuse(format!(
            "The account of the credentials cannot be told, and `allowed_account_ids` asks for \
             it: {}.",
            error::innermost(&error)
        ))
    })?;
    let account = answer.account().unwrap_or_default();
    if settings.allowed_account_ids.contains(account) {
        return Ok(());
    }
    let allowed: Vec<&str> = settings.allowed_account_ids.iter().map(String::as_str).collect();
    Err(refuse(format!(
        "The credentials are of the account {account}, and `allowed_account_ids` has {}. Nothing \
         was read.",
        allowed.join(", ")
    )))
}

/// Gives the credentials that were found up front first, and then asks the chain, as they expire.
#[derive(Debug)]
struct Primed {
    first: Mutex<Option<Credentials>>,
    chain: SharedCredentialsProvider,
}

impl ProvideCredentials for Primed {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        match first {
            Some(first) => future::ProvideCredentials::ready(Ok::<_, CredentialsError>(first)),
            None => self.chain.provide_credentials(),
        }
    }
}
