//! The floor that a plan is measured against: a bare loop of GetBucketEncryption through the same
//! SDK, with the same number in flight.
//!
//! `floor ENDPOINT BUCKETS IN_FLIGHT`; the buckets are `bench-0` and so on.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test fails where something is not as it expects"
)]

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use tokio::task::JoinSet;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(endpoint), Some(buckets), Some(in_flight)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        // `cargo bench` alone has nothing to measure against.
        println!("usage: floor ENDPOINT BUCKETS IN_FLIGHT; see tests/bench/README.md");
        return;
    };
    let (buckets, in_flight): (usize, usize) =
        (buckets.parse().unwrap(), in_flight.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint)
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("123456789012", "test", None, None, "test"))
            .force_path_style(true)
            .build();
        let client = aws_sdk_s3::Client::from_conf(config);
        let mut running = JoinSet::new();
        let mut names = (0..buckets).map(|n| format!("bench-{n}"));
        loop {
            while running.len() < in_flight
                && let Some(name) = names.next()
            {
                let request = client.get_bucket_encryption().bucket(name);
                running.spawn(async move { request.send().await.unwrap() });
            }
            if running.join_next().await.is_none() {
                break;
            }
        }
    });
}
