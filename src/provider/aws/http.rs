//! The HTTP client, and which certificates it trusts.

use super::settings::Settings;
use super::{error, insecure};
use crate::provider::{ErrorKind, ProviderError};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// The client of a provider: one pool of connections for all its Regions.
pub(super) fn client(settings: &Settings) -> Result<SharedHttpClient, ProviderError> {
    if settings.insecure {
        return insecure::client().map_err(|error| {
            error::plain(ErrorKind::Configuration, "No TLS", error::innermost(&error))
        });
    }
    let tls = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    let bundle = settings.custom_ca_bundle.as_ref().or(settings.ca_bundle_env.as_ref());
    let Some(path) = bundle.filter(|_| !settings.sandbox) else {
        return Ok(tls.build_https());
    };
    let fault = |reason: String| {
        error::plain(
            ErrorKind::Configuration,
            "Unusable CA bundle",
            format!("{path}: {reason}. It must hold certificates in PEM form."),
        )
    };
    let pem = read(path).map_err(|error| fault(error.to_string()))?;
    if !pem.windows(11).any(|window| window == b"-----BEGIN ") {
        return Err(fault("it holds no certificate".to_owned()));
    }
    let trust = TrustStore::empty().with_pem_certificate(pem);
    let context = TlsContext::builder()
        .with_trust_store(trust)
        .build()
        .map_err(|error| fault(error::innermost(&error)))?;
    Ok(tls.tls_context(context).build_https())
}

#[expect(clippy::disallowed_methods, reason = "the trust store is a file that settings name")]
fn read(path: &str) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}
