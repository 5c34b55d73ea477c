//! The provider against the embedded endpoint, through real HTTP.

mod calls;
mod connecting;
mod faults;
mod guard;
mod keys;
mod locating;
mod trail;

use super::{Aws, Endpoints, Settings};
use crate::provider::Target;
use crate::resource::{BucketEncryption, ResourceType as _};
use crate::sandbox::{DEFAULT_ACCOUNT, Options, Sandbox, World};
use crate::value::Value;
use std::time::Duration;

pub(super) const LOGS: &str = "logs";
pub(super) const DIRECTORY: &str = "fast--euw1-az1--x-s3";
pub(super) const REGION: &str = "eu-west-1";
pub(super) const OTHER_ACCOUNT: &str = "999988887777";
pub(super) const KEY: &str =
    "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A world with a bucket of each kind, and a key.
pub(super) fn world() -> World {
    let world = World::in_memory();
    assert!(world.seed_bucket(LOGS, REGION, DEFAULT_ACCOUNT).unwrap());
    assert!(world.seed_bucket(DIRECTORY, REGION, DEFAULT_ACCOUNT).unwrap());
    assert!(world.seed_key(KEY, REGION, DEFAULT_ACCOUNT).unwrap());
    world
}

pub(super) async fn start(world: &World) -> Sandbox {
    Sandbox::start(world.clone(), Options::default()).await.unwrap()
}

/// Settings for an embedded endpoint.
pub(super) fn at(url: &str) -> Settings {
    Settings {
        region: Some(REGION.to_owned()),
        endpoints: Endpoints::all_at(url),
        sandbox: true,
        sandbox_account: Some(DEFAULT_ACCOUNT.to_owned()),
        read_timeout: Some(Duration::from_mins(1)),
        ..Settings::default()
    }
}

pub(super) fn aws(settings: Settings) -> Aws {
    Aws::new([("aws".into(), settings)].into())
}

pub(super) fn to(sandbox: &Sandbox) -> Aws {
    aws(at(&sandbox.endpoint()))
}

fn target(bucket: &str) -> Target {
    with_request(bucket, [])
}

fn with_request<const N: usize>(bucket: &str, request: [(&str, Value); N]) -> Target {
    Target {
        ty: BucketEncryption.name().into(),
        provider: "aws".into(),
        identity: bucket.into(),
        request: Value::object(request),
    }
}

fn live(algorithm: &str, key: Option<&str>, bucket_key: bool, blocked: &[&str]) -> Value {
    let blocked = blocked.iter().map(|text| (*text).to_owned());
    BucketEncryption::live(algorithm, key, bucket_key, blocked)
}
