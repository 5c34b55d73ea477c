//! The HTTP client that all services of a provider share, and whom it trusts.

use super::error::plain;
use super::settings::Settings;
use crate::provider::{ErrorKind, ProviderError};
use aws_sdk_s3::config::RuntimeComponents;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Connector, ConnectorBuilder};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_types::config_bag::ConfigBag;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Whose certificates are accepted.
#[derive(Clone, Debug)]
enum Trust {
    /// Those of the system's authorities.
    System,
    /// Those of the authorities in a PEM file, and no others, as other AWS tools take it.
    Bundle(Arc<[u8]>),
    /// Anyone's.
    Anyone,
}

/// The client that these settings ask for. Opens no connection and, beyond a bundle of
/// certificates, no file.
pub(super) fn client(settings: &Settings) -> Result<SharedHttpClient, ProviderError> {
    let bundle = match (&settings.custom_ca_bundle, &settings.ca_bundle_env) {
        (Some(path), _) => Some(("`custom_ca_bundle`", path)),
        (None, Some(path)) if !path.is_empty() => Some(("AWS_CA_BUNDLE", path)),
        (None, Some(_) | None) => None,
    };
    let trust = match bundle {
        _ if settings.insecure => Trust::Anyone,
        Some((origin, path)) => Trust::Bundle(read_bundle(path, origin)?),
        None => Trust::System,
    };
    // The embedded endpoint is on this machine, which a proxy could not reach.
    let proxy = if settings.sandbox { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
    let client = Client { common: Arc::new(Common { trust, proxy }), connectors: Mutex::default() };
    Ok(SharedHttpClient::new(client))
}

#[expect(clippy::disallowed_methods, reason = "certificates are given as a file")]
fn read_bundle(path: &str, origin: &str) -> Result<Arc<[u8]>, ProviderError> {
    let wrong = |reason: &dyn Display| {
        let detail = format!(
            "{path:?}, which {origin} names, {reason}. It must be a file of certificates in PEM \
             form (-----BEGIN CERTIFICATE-----)."
        );
        plain(ErrorKind::Configuration, "Invalid certificate bundle", detail)
    };
    let bytes = std::fs::read(path).map_err(|error| {
        let text = error.to_string();
        let text = text.split(" (os error").next().unwrap_or(&text);
        wrong(&format!("cannot be read: {text}"))
    })?;
    // The SDK panics at a certificate that is none, so all are looked at before.
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        certificate
            .map_err(|error| format!("is damaged: {error}"))
            .and_then(|certificate| {
                store.add(certificate).map_err(|error| format!("holds a bad certificate: {error}"))
            })
            .map_err(|reason| wrong(&reason))?;
    }
    if store.is_empty() { Err(wrong(&"holds no certificate")) } else { Ok(bytes.into()) }
}

#[derive(Debug)]
struct Common {
    trust: Trust,
    proxy: ProxyConfig,
}

/// Connection and read timeout.
type Timeouts = (Option<Duration>, Option<Duration>);

/// Keeps one connector, and so one pool of connections, for each pair of timeouts: the SDK's own
/// credential sources have others than S3.
#[derive(Debug)]
struct Client {
    common: Arc<Common>,
    connectors: Mutex<BTreeMap<Timeouts, SharedHttpConnector>>,
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let timeouts = (settings.connect_timeout(), settings.read_timeout());
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            SharedHttpConnector::new(ByScheme {
                common: Arc::clone(&self.common),
                settings: settings.clone(),
                plain: OnceLock::new(),
                secure: OnceLock::new(),
            })
        };
        connectors.entry(timeouts).or_insert_with(make).clone()
    }

    /// The default makes a connector already here, for every client of every Region.
    fn validate_base_client_config(
        &self,
        _components: &RuntimeComponentsBuilder,
        _config: &ConfigBag,
    ) -> Result<(), BoxError> {
        Ok(())
    }
}

/// Takes its time with TLS: the system's certificates are read for the first `https` request, and
/// never where there is none.
#[derive(Debug)]
struct ByScheme {
    common: Arc<Common>,
    settings: HttpConnectorSettings,
    plain: OnceLock<Connector>,
    secure: OnceLock<SharedHttpConnector>,
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if request.uri().starts_with("http://") {
            self.plain.get_or_init(|| self.builder().build_http()).call(request)
        } else {
            self.secure.get_or_init(|| self.secure()).call(request)
        }
    }
}

impl ByScheme {
    fn builder(&self) -> ConnectorBuilder {
        Connector::builder()
            .connector_settings(self.settings.clone())
            .proxy_config(self.common.proxy.clone())
    }

    fn secure(&self) -> SharedHttpConnector {
        let trusted = |store: TrustStore| {
            let context = TlsContext::builder().with_trust_store(store).build().unwrap_or_default();
            let tls = Provider::Rustls(CryptoMode::AwsLc);
            let connector = self.builder().tls_provider(tls).tls_context(context).build();
            SharedHttpConnector::new(connector)
        };
        match &self.common.trust {
            Trust::System => trusted(TrustStore::default()),
            Trust::Bundle(pem) => trusted(TrustStore::empty().with_pem_certificate(pem.to_vec())),
            Trust::Anyone => super::insecure::connector(&self.settings),
        }
    }
}
