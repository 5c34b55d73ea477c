//! A service that answers nothing but failures, and a fleet that asks it.

use crate::harness::Dir;
use sealform::sandbox::{DEFAULT_ACCOUNT, FaultKind, Faults, Options, Sandbox, World};

const BUCKETS: usize = 200;

/// A fleet at an endpoint that fails; no other service is asked.
fn fleet(sandbox: &Sandbox) -> Dir {
    let configuration = format!(
        r#"
provider "aws" {{
  region = "us-east-1"
  endpoints {{
    s3 = "{}"
  }}
}}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {{
  for_each = toset([for n in range({BUCKETS}) : "acme-${{n}}"])
  bucket   = each.key
  rule {{
    apply_server_side_encryption_by_default {{
      sse_algorithm = "aws:kms"
    }}
  }}
}}
"#,
        sandbox.endpoint()
    );
    Dir::with(&configuration)
        .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCOUNT)
        .env("AWS_SECRET_ACCESS_KEY", "sandbox")
}

/// A service that this share of all requests finds overloaded.
async fn served(kind: FaultKind, rate: f64) -> Sandbox {
    let world = World::in_memory();
    for n in 0..BUCKETS {
        world.seed_bucket(&format!("acme-{n}"), "us-east-1", DEFAULT_ACCOUNT).unwrap();
    }
    let faults = Some(Faults { kind, rate, seed: 1 });
    Sandbox::start(world, Options { faults, ..Options::default() }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_is_not_asked_to_the_end() {
    let sandbox = served(FaultKind::SlowDown, 1.0).await;
    let dir = fleet(&sandbox);
    let run = |arguments: &[&str]| tokio::task::block_in_place(|| dir.run(arguments));
    let plan = ["plan", "-give-up-after=2s", "-parallelism=4", "-no-color"];
    let ran = run(&plan)
        .status(1)
        .complains("Service is failing")
        .complains(&format!("S3 at {} has answered nothing but failures for", sandbox.endpoint()))
        .complains("buckets could not be read")
        .complains("--give-up-after");
    // One message for all that was not asked, and it is the first.
    assert!(ran.stderr.trim_start().contains("error: Service is failing"), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("Service is failing").count(), 1, "{}", ran.stderr);
    // Not even each was asked once, let alone with all repetitions.
    let asked = sandbox.requests()["GetBucketEncryption"];
    assert!(asked < BUCKETS as u64, "{asked}");
    let report = run(&["plan", "-json", "-give-up-after=1s", "-parallelism=4"]).status(1).json();
    let told = report["resources"].as_array().unwrap();
    assert_eq!(told.len(), BUCKETS, "each is told, asked or not");
    sandbox.stop().await;
}

/// Whoever has been asked in vain by then is told of with the rest, and once.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_fails_throughout_is_told_once() {
    for kind in [FaultKind::SlowDown, FaultKind::InternalError] {
        let sandbox = served(kind, 1.0).await;
        let dir = fleet(&sandbox);
        for patience in ["-give-up-after=1m", "-give-up-after=200ms"] {
            let plan = ["plan", patience, "-max-retries=1", "-parallelism=4", "-no-color"];
            let ran = tokio::task::block_in_place(|| dir.run(&plan))
                .status(1)
                .complains("Service is failing")
                .complains("200 buckets could not be read")
                .complains("None of 200 buckets could be read.");
            assert_eq!(ran.stderr.matches("error: ").count(), 1, "{}", ran.stderr);
            assert!(!ran.stderr.contains("Lower `--parallelism`"), "{}", ran.stderr);
        }
        sandbox.stop().await;
    }
}

/// Who gets an answer now and then is patient with the rest. The patience is longer than the last
/// bucket of all may be unlucky for.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_fails_half_of_the_time_is_not_given_up() {
    let sandbox = served(FaultKind::SlowDown, 0.5).await;
    let dir = fleet(&sandbox);
    let plan = ["plan", "-give-up-after=5s", "-max-retries=40", "-detailed-exitcode"];
    tokio::task::block_in_place(|| dir.run(&plan)).status(2).says("200 to update");
    sandbox.stop().await;
}

#[test]
fn no_time_is_no_time() {
    let dir = Dir::empty();
    for flag in ["-timeout=0s", "-give-up-after=0"] {
        let ran = dir.run(&["plan", flag]);
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("longer than nothing"), "{}", ran.stderr);
    }
}
