//! Where directory buckets are, when they are not at AWS.

use crate::resource::is_directory_bucket;
use aws_sdk_s3::config::endpoint::{
    DefaultResolver, Endpoint, EndpointFuture, Params, ResolveEndpoint,
};
use aws_smithy_types::endpoint::EndpointAuthScheme;
use std::sync::{Arc, OnceLock};

/// The SDK's resolver, mended for directory buckets: with a custom endpoint the SDK puts their
/// name into the host whatever the addressing style is, and no such host exists.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    sdk: DefaultResolver,
    custom: CustomEndpoint,
}

/// The custom endpoint that requests went to, if any: messages name it. It may come from the
/// environment, which only the SDK reads.
#[derive(Clone, Debug, Default)]
pub(super) struct CustomEndpoint(Arc<OnceLock<String>>);

impl CustomEndpoint {
    pub(super) fn get(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

impl Resolver {
    pub(super) fn new(custom: CustomEndpoint) -> Self {
        Self { sdk: DefaultResolver::new(), custom }
    }
}

impl ResolveEndpoint for Resolver {
    fn resolve_endpoint<'a>(&'a self, params: &'a Params) -> EndpointFuture<'a> {
        let Some(endpoint) = params.endpoint() else {
            return self.sdk.resolve_endpoint(params);
        };
        self.custom.0.get_or_init(|| endpoint.to_owned());
        match (params.bucket(), params.region()) {
            (Some(bucket), Some(region)) if is_directory_bucket(bucket) => {
                EndpointFuture::ready(Ok(path_style(endpoint, bucket, region)))
            }
            (Some(_) | None, Some(_) | None) => self.sdk.resolve_endpoint(params),
        }
    }
}

/// The same form as the SDK has for the control endpoint of AWS: the bucket in the path, signed
/// for the service `s3express`.
fn path_style(endpoint: &str, bucket: &str, region: &str) -> Endpoint {
    let auth = EndpointAuthScheme::with_capacity("sigv4", 3)
        .put("disableDoubleEncoding", true)
        .put("signingName", "s3express".to_owned())
        .put("signingRegion", region.to_owned());
    Endpoint::builder()
        .url(format!("{}/{bucket}", endpoint.trim_end_matches('/')))
        .auth_scheme(auth)
        .property("backend", "S3Express".to_owned())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the operations on encryption go of a bucket at AWS, as the SDK says it of them.
    async fn place(bucket: &str, endpoint: Option<&str>) -> String {
        let params = Params::builder()
            .bucket(bucket)
            .region("eu-west-1")
            .set_endpoint(endpoint.map(str::to_owned))
            .force_path_style(true)
            .disable_s3_express_session_auth(true)
            .use_s3_express_control_endpoint(true)
            .build()
            .unwrap();
        let resolver = Resolver::new(CustomEndpoint::default());
        resolver.resolve_endpoint(&params).await.unwrap().url().to_owned()
    }

    #[tokio::test]
    async fn a_directory_bucket_is_in_the_path_of_the_control_endpoint() {
        let (directory, store) = ("fast--euw1-az1--x-s3", Some("http://store:9000/"));
        for (bucket, endpoint, expected) in [
            ("logs", None, "https://s3.eu-west-1.amazonaws.com/logs"),
            (
                directory,
                None,
                "https://s3express-control.eu-west-1.amazonaws.com/fast--euw1-az1--x-s3",
            ),
            (directory, store, "http://store:9000/fast--euw1-az1--x-s3"),
        ] {
            assert_eq!(place(bucket, endpoint).await, expected);
        }
    }
}
