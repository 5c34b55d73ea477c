//! What only our sandbox does: Regions, owners, directory buckets, faults.

use crate::harness::{Dir, Ran, resource};
use sealform::sandbox::{FaultKind, Faults, Options, Sandbox, World};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

fn at(sandbox: &Sandbox, configuration: &str) -> Dir {
    Dir::with(configuration)
        .env("AWS_ENDPOINT_URL", &sandbox.endpoint())
        .env("AWS_ACCESS_KEY_ID", "123456789012")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1")
}

async fn world(buckets: &[(&str, &str)]) -> (World, Sandbox) {
    faulty(buckets, None).await
}

async fn faulty(buckets: &[(&str, &str)], faults: Option<Faults>) -> (World, Sandbox) {
    let world = World::in_memory();
    for (bucket, region) in buckets {
        world.seed_bucket(bucket, region, "123456789012").unwrap();
    }
    let options = Options { faults, ..Options::default() };
    let sandbox = Sandbox::start(world.clone(), options).await.unwrap();
    (world, sandbox)
}

/// Runs the binary while the sandbox of this test goes on answering.
fn run(dir: &Dir, arguments: &[&str]) -> Ran {
    tokio::task::block_in_place(|| dir.run(arguments))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_in_another_region_is_followed_and_asked_once() {
    let (_world, sandbox) = world(&[("far", "ap-southeast-2")]).await;
    let dir = at(&sandbox, &resource("x", "far", "aws:kms", ""));
    run(&dir, &["apply", "-auto-approve"]).status(0);
    run(&dir, &["plan", "-detailed-exitcode"]).status(0);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_asks_once_for_each_bucket() {
    let names: Vec<String> = (0..50).map(|n| format!("bucket-{n}")).collect();
    let buckets: Vec<(&str, &str)> = names.iter().map(|it| (it.as_str(), "us-east-1")).collect();
    let (_world, sandbox) = world(&buckets).await;
    let dir = at(
        &sandbox,
        r#"
resource "aws_s3_bucket_server_side_encryption_configuration" "x" {
  count  = 50
  bucket = "bucket-${count.index}"
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}
output "first" { value = aws_s3_bucket_server_side_encryption_configuration.x[0].id }
output "blocked" {
  value = aws_s3_bucket_server_side_encryption_configuration.x[7].rule[0].blocked_encryption_types
}
"#,
    );
    let json = run(&dir, &["plan", "-json"]).status(0).json();
    assert_eq!(json["outputs"][1]["after"], "bucket-0");
    // What only the live bucket tells is known all the same.
    assert_eq!(json["outputs"][0]["after"], serde_json::json!(["SSE-C"]));
    // Whose credentials they are, and where the buckets are, is asked for once.
    let expected = [("GetBucketEncryption", 50), ("GetCallerIdentity", 1), ("ListBuckets", 1)];
    assert_eq!(sandbox.requests(), expected.into());

    // Adopting writes nothing to S3.
    run(&dir, &["apply", "-auto-approve"]).status(0).says("50 adopted");
    assert_eq!(sandbox.requests().get("PutBucketEncryption"), None);
    assert_eq!(sandbox.requests().get("GetBucketEncryption"), Some(&100));
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_bucket_hides_nothing_and_names_the_permission() {
    let (world, sandbox) = world(&[("open", "us-east-1"), ("shut", "us-east-1")]).await;
    world.deny_bucket("shut").unwrap();
    let both = resource("open", "open", "aws:kms", "") + &resource("shut", "shut", "aws:kms", "");
    let dir = at(&sandbox, &both);
    run(&dir, &["plan"])
        .status(1)
        .says("1 to update")
        .complains("Access denied")
        .complains("s3:GetEncryptionConfiguration");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_owner_is_refused() {
    let (_world, sandbox) = world(&[("logs", "us-east-1")]).await;
    let block = resource("x", "logs", "aws:kms", "")
        .replace("bucket = ", "expected_bucket_owner = \"999999999999\"\n  bucket = ");
    let dir = at(&sandbox, &block);
    run(&dir, &["plan"]).status(1).complains("999999999999");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_bucket() {
    let name = "logs--use1-az4--x-s3";
    let (world, sandbox) = world(&[(name, "us-east-1")]).await;
    let key = "arn:aws:kms:us-east-1:123456789012:key/6f1c1a52-2c3e-4d0b-9a57-0a4f1d9b7e21";
    world.seed_key(key, "us-east-1", "123456789012").unwrap();
    let block = resource("x", name, "aws:kms", "").replace(
        "sse_algorithm = \"aws:kms\"",
        &format!("sse_algorithm = \"aws:kms\"\nkms_master_key_id = \"{key}\""),
    );
    let dir = at(&sandbox, &block);
    run(&dir, &["apply", "-auto-approve"]).status(0);
    run(&dir, &["plan", "-detailed-exitcode"]).status(0);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_faults_are_got_through() {
    for kind in [FaultKind::SlowDown, FaultKind::InternalError, FaultKind::Reset] {
        let names: Vec<String> = (0..20).map(|n| format!("bucket-{n}")).collect();
        let buckets: Vec<(&str, &str)> =
            names.iter().map(|it| (it.as_str(), "us-east-1")).collect();
        let (_world, sandbox) = faulty(&buckets, Some(Faults { kind, rate: 0.2, seed: 7 })).await;
        let dir = at(
            &sandbox,
            "resource \"aws_s3_bucket_server_side_encryption_configuration\" \"x\" {\n  \
             count = 20\n  bucket = \"bucket-${count.index}\"\n  rule {\n    \
             apply_server_side_encryption_by_default { sse_algorithm = \"aws:kms\" }\n  }\n}\n",
        );
        // Often enough for any order in which requests at once are struck.
        let often = "-max-retries=40";
        run(&dir, &["apply", "-auto-approve", often]).status(0).says("20 updated");
        run(&dir, &["plan", "-detailed-exitcode", often]).status(0);
        sandbox.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_stops_only_what_depends_on_it() {
    let (world, sandbox) =
        world(&[("first", "us-east-1"), ("second", "us-east-1"), ("other", "us-east-1")]).await;
    let second =
        resource("second", "second", "aws:kms", "").trim_end().trim_end_matches('}').to_owned()
            + "depends_on = [aws_s3_bucket_server_side_encryption_configuration.first]\n}\n";
    let all = resource("first", "first", "aws:kms", "")
        + &second
        + &resource("other", "other", "aws:kms", "");
    let dir = at(&sandbox, &all);
    run(&dir, &["plan", "-out=p.sealplan"]).status(0);
    world.deny_bucket("first").unwrap();
    let ran = run(&dir, &["apply", "p.sealplan"]).status(1);
    let ran = ran.says("1 updated").complains("Access denied");
    assert!(ran.stdout.contains("configuration.second"), "{}", ran.stdout);
    assert_eq!(
        run(&dir, &["state", "list"]).stdout,
        "aws_s3_bucket_server_side_encryption_configuration.other\n"
    );
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_says_who_holds_the_lock() {
    let (_world, sandbox) = world(&[("logs", "us-east-1")]).await;
    let dir = at(&sandbox, &resource("x", "logs", "aws:kms", ""));
    run(&dir, &["apply", "-auto-approve"]).status(0);
    let local = sealform::state::Local::new(dir.path().join("state/sealform.state.json"));
    let holder = sealform::state::Holder {
        operation: "apply".to_owned(),
        who: "somebody@elsewhere".to_owned(),
        pid: 1,
        since: "2026-11-21T10:00:00Z".parse().unwrap(),
    };
    let lock = local.try_lock(&holder).unwrap();
    for command in [&["plan"][..], &["apply", "-auto-approve"], &["plan", "-lock-timeout=1s"]] {
        run(&dir, command).status(1).complains("somebody@elsewhere").complains("2026-11-21");
    }
    run(&dir, &["plan", "-lock=false"]).status(0);
    drop(lock);
    run(&dir, &["plan"]).status(0);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_not_allowed_is_left_alone() {
    let (_world, sandbox) = world(&[("logs", "us-east-1")]).await;
    let provider = |account: &str| {
        format!("provider \"aws\" {{\n  allowed_account_ids = [\"{account}\"]\n}}\n")
    };
    let block = resource("x", "logs", "aws:kms", "");
    let dir = at(&sandbox, &(provider("999999999999") + &block));
    run(&dir, &["plan"]).status(1).complains("Account not allowed").complains("123456789012");
    assert_eq!(sandbox.requests().get("GetBucketEncryption"), None);
    dir.write("main.seal.hcl", provider("123456789012") + &block);
    run(&dir, &["plan"]).status(0);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_source_that_cannot_be_read_takes_nothing_back() {
    let (_world, sandbox) = world(&[("logs", "us-east-1")]).await;
    let dir = at(&sandbox, &resource("a", "logs", "aws:kms", ""));
    run(&dir, &["apply", "-auto-approve"]).status(0);
    dir.write(
        "main.seal.hcl",
        r#"
data "aws_s3_bucket" "none" {
  bucket = "gone"
}
resource "aws_s3_bucket_server_side_encryption_configuration" "a" {
  for_each = toset([data.aws_s3_bucket.none.id])
  bucket   = each.key
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "aws:kms" }
  }
}
"#,
    );
    run(&dir, &["apply", "-auto-approve"]).status(1).complains("gone").never_says("reset");
    sandbox.stop().await;
}

/// Without a value that a variable must have, it serves what it has, and says why that is all.
#[test]
fn a_sandbox_that_serves_says_what_is_wrong_and_what_may_be_done_meanwhile() {
    let dir = Dir::with("variable \"size\" {\n  type = number\n}\n");
    let mut command = dir.command(&["sandbox", "--port=0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    dir.run(&["sandbox", "key", "alias/x"]).status(0).says("Made the key");
    child.kill().unwrap();
    let ended = child.wait_with_output().unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(line.starts_with("Serving S3") && told.contains("Missing variable"), "{line}{told}");
}

/// Whoever serves it sees what another process changes there, and the other way round.
#[test]
fn the_sandbox_is_changed_and_planned_on_while_it_is_served() {
    let dir = Dir::with(&resource("x", "logs", "aws:kms", ""))
        .env("AWS_ACCESS_KEY_ID", "123456789012")
        .env("AWS_SECRET_ACCESS_KEY", "sandbox")
        .env("AWS_REGION", "us-east-1");
    let mut command = dir.command(&["sandbox", "--port=0"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let endpoint = line.split_whitespace().find(|word| word.starts_with("http")).unwrap();
    let dir = dir.env("AWS_ENDPOINT_URL", endpoint.trim_end_matches('.'));
    dir.run(&["apply", "-auto-approve"]).status(0).says("1 updated");
    dir.run(&["drift"]).status(0);
    dir.run(&["sandbox", "change", "logs", "--sse-algorithm=aws:kms:dsse"]).status(0);
    dir.run(&["drift"]).status(2).says("aws:kms:dsse");
    dir.run(&["apply", "-auto-approve", "-allow-weakening"]).status(0);
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::remove_dir_all(dir.path().join(".sealform")).unwrap_or_default();
    std::fs::remove_file(dir.path().join("state/sealform.state.json")).unwrap();
    dir.run(&["plan", "-sandbox"]).status(0).says("already live as declared");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_s3_refuses_is_shown_at_the_attribute() {
    let bucket = "fast--use1-az4--x-s3";
    let (world, sandbox) = world(&[(bucket, "us-east-1")]).await;
    let key = |n: u8| {
        format!("arn:aws:kms:us-east-1:123456789012:key/{n}1111111-1111-1111-1111-111111111111")
    };
    let with = |algorithm: &str, key: &str| {
        let algorithm = format!("\"{algorithm}\"");
        resource("x", bucket, "A", "")
            .replace("\"A\"", &format!("{algorithm}\n      kms_master_key_id = {key}"))
    };
    for n in [1, 2] {
        world.seed_key(&key(n), "us-east-1", "123456789012").unwrap();
    }
    let dir = at(&sandbox, &with("aws:kms", &format!("{:?}", key(1))));
    run(&dir, &["apply", "-auto-approve"]).status(0);
    dir.write("main.seal.hcl", with("AES256", "null"));
    run(&dir, &["apply", "-auto-approve", "-allow-weakening"]).status(0);
    // Nobody knows any more that it has had a key.
    std::fs::remove_file(dir.path().join("state/sealform.state.json")).unwrap();
    dir.write("main.seal.hcl", with("aws:kms", &format!("{:?}", key(2))));
    let ran = run(&dir, &["apply", "-auto-approve", "-output=json=out.json"])
        .status(1)
        .complains("Request refused")
        .complains("main.seal.hcl:7:27")
        .complains(&key(2));
    assert!(dir.read("out.json").contains("\"line\": 7"), "{}", ran.stderr);
    sandbox.stop().await;
}
