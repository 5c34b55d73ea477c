//! What a run costs: how many requests of which kind it sends.

use crate::harness::Dir;
use crate::lifecycle::Endpoint;
use sealform::sandbox::{DEFAULT_ACCOUNT, KeyState, Options, Sandbox, World};
use std::collections::BTreeMap;

const OTHER_ACCOUNT: &str = "444455556666";
const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];
/// Buckets of each account: more than a page of `ListBuckets` holds.
const BUCKETS: usize = 1200;
/// One in so many is declared, the last one with them.
const EVERY: usize = 25;

type Counts = BTreeMap<&'static str, u64>;

/// Requests by operation, beyond those that were sent before.
fn since(sandbox: &Sandbox, before: &Counts) -> Counts {
    let now = sandbox.requests().into_iter();
    let since = now.map(|(name, count)| (name, count - before.get(name).copied().unwrap_or(0)));
    since.filter(|(_, count)| *count > 0).collect()
}

fn at(sandbox: &Sandbox, configuration: &str) -> Dir {
    Dir::with(configuration)
        .env("AWS_ENDPOINT_URL", &sandbox.endpoint())
        .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCOUNT)
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1")
}

fn fleet(name: &str, provider: &str, key: &str) -> String {
    format!(
        r#"
resource "aws_s3_bucket_server_side_encryption_configuration" "{name}" {{
  for_each = toset([for n in range({EVERY}, {BUCKETS} + 1, {EVERY}) : format("{name}-%04d", n)])
  bucket   = each.value
  provider = {provider}
  rule {{
    apply_server_side_encryption_by_default {{
      sse_algorithm     = "aws:kms"
      kms_master_key_id = {key}
    }}
  }}
}}
"#
    )
}

/// N GetBucketEncryption, K DescribeKey, P GetCallerIdentity and the pages of ListBuckets, no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_costs_one_request_a_bucket_a_key_and_a_provider() {
    let world = World::in_memory();
    let arn = |region: &str, id: &str| {
        format!("arn:aws:kms:{region}:{DEFAULT_ACCOUNT}:key/{id}-12ab-34cd-56ef-1234567890ab")
    };
    let keys =
        [arn("us-east-1", "11111111"), arn("eu-west-1", "22222222"), arn("ap-south-1", "33333333")];
    for key in &keys {
        world.seed_key(key, "us-east-1", DEFAULT_ACCOUNT).unwrap();
    }
    for n in 1..=BUCKETS {
        let region = REGIONS[n % 3];
        world.seed_bucket(&format!("own-{n:04}"), region, DEFAULT_ACCOUNT).unwrap();
        world.seed_bucket(&format!("theirs-{n:04}"), region, OTHER_ACCOUNT).unwrap();
    }
    for region in REGIONS {
        world.seed_key("alias/theirs", region, OTHER_ACCOUNT).unwrap();
    }
    let sandbox = Sandbox::start(world, Options::default()).await.unwrap();
    // A key of each Region by its ARN; and an alias, which is another key in each Region.
    let [us, eu, ap] = &keys;
    let own = fleet(
        "own",
        "aws",
        &format!(r#"["{us}", "{eu}", "{ap}"][tonumber(split("-", each.value)[1]) % 3]"#),
    );
    let theirs = fleet("theirs", "aws.vault", r#""alias/theirs""#);
    let dir = at(
        &sandbox,
        &format!(
            r#"
provider "aws" {{}}
provider "aws" {{
  alias = "vault"
  assume_role {{ role_arn = "arn:aws:iam::{OTHER_ACCOUNT}:role/keeper" }}
}}
{own}{theirs}"#
        ),
    );
    let buckets = 2 * (BUCKETS / EVERY) as u64;
    let reads = [
        ("AssumeRole", 1),
        ("DescribeKey", 6),
        ("GetBucketEncryption", buckets),
        ("GetCallerIdentity", 2),
    ];
    dir.run(&["plan"]).status(0).says(&format!("{buckets} to update"));
    let mut first = Counts::from(reads);
    first.insert("ListBuckets", 4);
    assert_eq!(sandbox.requests(), first, "two pages for each of two accounts");

    dir.run(&["apply", "-auto-approve"]).status(0);
    let before = sandbox.requests();
    // The Regions are in the state: nothing is listed, nobody is redirected.
    dir.run(&["plan", "-detailed-exitcode"]).status(0).says("No changes.");
    assert_eq!(since(&sandbox, &before), Counts::from(reads));

    // Buckets are not read; a key may have been switched off since all the same.
    let before = sandbox.requests();
    dir.run(&["plan", "-refresh=false"]).status(0);
    assert_eq!(since(&sandbox, &before), Counts::from([("AssumeRole", 1), ("DescribeKey", 6)]));

    let configuration = dir
        .read("main.seal.hcl")
        .replace(r#""aws" {"#, "\"aws\" {\n  preflight = false\n  owner_check = false\n");
    dir.write("main.seal.hcl", configuration);
    let before = sandbox.requests();
    dir.run(&["plan", "-detailed-exitcode"]).status(0);
    assert_eq!(
        since(&sandbox, &before),
        Counts::from([("AssumeRole", 1), ("GetBucketEncryption", buckets)])
    );
    let before = sandbox.requests();
    dir.run(&["plan", "-refresh=false"]).status(0);
    assert_eq!(since(&sandbox, &before), Counts::new(), "what is recorded is not asked for");
    sandbox.stop().await;
}

/// Each of its keys is asked for once more, before anything is written.
#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_is_not_carried_out_with_a_key_that_was_switched_off_since() {
    let world = World::in_memory();
    for n in 0..20 {
        world.seed_bucket(&format!("own-{n:04}"), "us-east-1", DEFAULT_ACCOUNT).unwrap();
    }
    let (key, at_home) = ("alias/team", ("us-east-1", DEFAULT_ACCOUNT));
    world.seed_key(key, at_home.0, at_home.1).unwrap();
    let sandbox = Sandbox::start(world.clone(), Options::default()).await.unwrap();
    let resource = r#"
resource "aws_s3_bucket_server_side_encryption_configuration" "own" {
  count  = 20
  bucket = format("own-%04d", count.index)
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "alias/team"
    }
  }
}
"#;
    let dir = at(&sandbox, &format!("provider \"aws\" {{}}\n{resource}"));
    dir.run(&["plan", "-out=p.sealplan"]).status(0);
    world.set_key_state(key, at_home.0, at_home.1, KeyState::Disabled).unwrap();
    let before = sandbox.requests();
    dir.run(&["apply", "p.sealplan"])
        .status(1)
        .complains("KMS key disabled")
        .complains("19 further instances");
    let asked = Counts::from([("DescribeKey", 1), ("GetCallerIdentity", 1)]);
    assert_eq!(since(&sandbox, &before), asked, "nothing was written");

    // A first plan without reading sees it, too.
    dir.run(&["plan", "-refresh=false"]).status(1).complains("KMS key disabled");
    world.remove_key(key, at_home.0, at_home.1).unwrap();
    dir.run(&["apply", "p.sealplan"]).status(1).complains("KMS key not found");
    world.set_key_state(key, at_home.0, at_home.1, KeyState::Enabled).unwrap();
    dir.run(&["apply", "p.sealplan"]).status(0).says("20 updated");

    // Who does not want KMS to be asked is not asked for it here, either.
    let without = resource.replace("alias/team", "alias/other");
    dir.write("main.seal.hcl", format!("provider \"aws\" {{\n  preflight = false\n}}\n{without}"));
    dir.run(&["plan", "-out=p.sealplan"]).status(0);
    dir.run(&["apply", "p.sealplan"]).status(0);
    // All buckets are recorded now: a plan without reading asks about the one key that is left.
    dir.write("main.seal.hcl", format!("provider \"aws\" {{}}\n{without}"));
    dir.run(&["plan", "-refresh=false"]).status(1).complains("KMS key not found");
    sandbox.stop().await;
}

/// A key that goes with its bucket is not asked for; it is named, since objects still need it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_left_behind_is_told_and_not_asked_for() {
    let world = World::in_memory();
    world.seed_bucket("own", "us-east-1", DEFAULT_ACCOUNT).unwrap();
    world.seed_key("alias/team", "us-east-1", DEFAULT_ACCOUNT).unwrap();
    let sandbox = Sandbox::start(world.clone(), Options::default()).await.unwrap();
    let block = crate::harness::resource("own", "own", "aws:kms", "");
    let block = block.replace("\"aws:kms\"", "\"aws:kms\"\n kms_master_key_id = \"alias/team\"");
    let dir = at(&sandbox, &block);
    dir.run(&["apply", "-auto-approve"]).status(0);
    world.set_key_state("alias/team", "us-east-1", DEFAULT_ACCOUNT, KeyState::Disabled).unwrap();
    for (arguments, configuration) in
        [(&["plan", "-destroy"][..], block.as_str()), (&["plan"], "provider \"aws\" {}\n")]
    {
        dir.write("main.seal.hcl", configuration);
        let before = sandbox.requests();
        dir.run(arguments)
            .status(0)
            .says("objects that are there still need the key alias/team: keep it enabled")
            .says("weakens: customer managed key → SSE-S3");
        assert_eq!(since(&sandbox, &before).get("DescribeKey"), None);
    }
    sandbox.stop().await;
}

/// A Region is recorded without a word, by the way.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_has_moved_is_followed_and_recorded_so() {
    let world = World::in_memory();
    world.seed_bucket("wanderer", "eu-west-1", DEFAULT_ACCOUNT).unwrap();
    let sandbox = Sandbox::start(world, Options::default()).await.unwrap();
    let dir = at(&sandbox, &crate::harness::resource("wanderer", "wanderer", "AES256", ""));
    dir.run(&["apply", "-auto-approve"]).status(0);
    let recorded = dir.read("state/sealform.state.json");
    assert!(recorded.contains("\"region\": \"eu-west-1\""), "{recorded}");
    // It was deleted and made again elsewhere.
    let stale = recorded.replace("\"region\": \"eu-west-1\"", "\"region\": \"ap-south-1\"");
    dir.write("state/sealform.state.json", &stale);
    let before = sandbox.requests();
    dir.run(&["plan", "-detailed-exitcode"]).status(0).says("No changes.");
    let expected = Counts::from([("GetBucketEncryption", 2), ("GetCallerIdentity", 1)]);
    assert_eq!(since(&sandbox, &before), expected, "one redirect");
    dir.run(&["apply", "-auto-approve"]).status(0).says("No changes.");
    let recorded = dir.read("state/sealform.state.json");
    assert!(recorded.contains("\"region\": \"eu-west-1\""), "{recorded}");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_is_told_once_and_takes_nobody_along() {
    let world = World::in_memory();
    for n in 0..3 {
        world.seed_bucket(&format!("own-{n}"), "us-east-1", DEFAULT_ACCOUNT).unwrap();
    }
    let sandbox = Sandbox::start(world, Options::default()).await.unwrap();
    let ours = r#"
resource "aws_s3_bucket_server_side_encryption_configuration" "own" {
  count  = 3
  bucket = "own-${count.index}"
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "aws:kms" }
  }
}
"#;
    let theirs =
        ours.replace("own", "theirs").replace("count  = 3", "count = 3\nprovider = aws.vault");
    for (arguments, complaint) in [
        (
            r#"assume_role { role_arn = "arn:aws:iam::444455556666:role/keeper" }
  allowed_account_ids = ["111122223333"]"#,
            "Account not allowed",
        ),
        (
            r#"assume_role { role_arn = "arn:aws:iam::444455556666:role/keeper" }
  forbidden_account_ids = ["444455556666"]"#,
            "`forbidden_account_ids` forbids it",
        ),
        (
            r#"endpoints { sts = "http://127.0.0.1:1" }
  max_retries = 0
  owner_check = true"#,
            "`owner_check = false`",
        ),
    ] {
        let vault = format!("provider \"aws\" {{\n  alias = \"vault\"\n  {arguments}\n}}\n");
        let dir = at(&sandbox, &format!("provider \"aws\" {{}}\n{vault}{ours}{theirs}"));
        let ran = dir.run(&["plan"]).status(1).says("3 to update").complains(complaint);
        assert_eq!(ran.stderr.matches("error:").count(), 1, "{}", ran.stderr);
    }
    sandbox.stop().await;
}

#[test]
fn both_lists_of_accounts_are_refused_before_anything_is_asked() {
    let dir = Dir::with(
        r#"
provider "aws" {
  allowed_account_ids   = ["111122223333"]
  forbidden_account_ids = ["444455556666"]
}
"#,
    );
    dir.run(&["validate"]).status(1).complains("Remove one of the two");
}

/// S3 may answer with the ARN of a key that was given by an alias. Whether it still is that key, KMS
/// is asked even for what goes, and only there.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_goes_is_not_drift_because_its_key_is_spelled_otherwise() {
    let world = World::in_memory();
    world.seed_bucket("own", "us-east-1", DEFAULT_ACCOUNT).unwrap();
    let sandbox = Sandbox::start(world, Options::default()).await.unwrap();
    let url = sandbox.endpoint();
    let endpoint = Endpoint { url: url.clone(), has_default: true, keeps_blocked: true };
    let (id, arn) = endpoint.key().await;
    let with = |key: &str| {
        let block = crate::harness::resource("own", "own", "aws:kms", "");
        block.replace("\"aws:kms\"", &format!("\"aws:kms\"\n kms_master_key_id = {key:?}"))
    };
    let dir = at(&sandbox, &with(&format!("alias/{id}")));
    dir.run(&["apply", "-auto-approve"]).status(0);
    // Another state's apply gives the bucket the same key by its ARN.
    let other = at(&sandbox, &format!("provider \"aws\" {{ preflight = false }}\n{}", with(&arn)));
    other.run(&["apply", "-auto-approve"]).status(0).says("1 updated");
    for arguments in [&["plan", "-json", "-destroy"][..], &["plan", "-json"]] {
        if arguments.len() == 2 {
            dir.write("main.seal.hcl", "provider \"aws\" {}\n");
        }
        let before = sandbox.requests();
        let plan = dir.run(arguments).status(0).json();
        assert_eq!(plan["summary"]["drifted"], 0, "{plan}");
        assert_eq!(since(&sandbox, &before).get("DescribeKey"), Some(&2));
    }
    sandbox.stop().await;
}

/// The owner that was declared is recorded: it was gone with its block, and with it the bucket out of
/// reach.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_of_another_account_that_is_not_declared_any_more_can_be_got_rid_of() {
    const STATE: &str = "state/sealform.state.json";
    let world = World::in_memory();
    world.seed_bucket("theirs", "us-east-1", OTHER_ACCOUNT).unwrap();
    world.share_bucket("theirs").unwrap();
    let sandbox = Sandbox::start(world, Options::default()).await.unwrap();
    let block = crate::harness::resource("x", "theirs", "aws:kms", "")
        .replace("bucket = ", &format!("expected_bucket_owner = {OTHER_ACCOUNT:?}\n  bucket = "));
    let dir = at(&sandbox, &block);
    dir.run(&["apply", "-auto-approve"]).status(0);
    let owner = format!(",\n      \"owner\": \"{OTHER_ACCOUNT}\"");
    assert!(dir.read(STATE).contains(&owner));
    dir.run(&["state", "show", "aws_s3_bucket_server_side_encryption_configuration.x"])
        .status(0)
        .says(&format!("expected_bucket_owner = \"{OTHER_ACCOUNT}\""));
    dir.run(&["drift", "-from-state"]).status(0);
    let gone = "provider \"aws\" {}\n";
    // A state that an earlier version wrote does not tell, until an apply with the block does.
    dir.write(STATE, dir.read(STATE).replace(&owner, ""));
    dir.write("main.seal.hcl", gone);
    dir.run(&["plan"])
        .status(1)
        .complains("does not belong to the account 123456789012")
        .complains("put the resource back as it was and use `destroy -target`");
    dir.write("main.seal.hcl", &block);
    dir.run(&["plan", "-detailed-exitcode"]).status(0);
    dir.run(&["apply", "-auto-approve"]).status(0);
    assert!(dir.read(STATE).contains(&owner));
    dir.write("main.seal.hcl", gone);
    dir.run(&["plan", "-out=p.sealplan"]).status(0);
    dir.run(&["apply", "-allow-weakening", "p.sealplan"]).status(0).says("1 reset");
    dir.run(&["state", "list"]).status(0).never_says("x");
    // What is sensitive is not recorded.
    let secret =
        block.replace(&format!("{OTHER_ACCOUNT:?}"), &format!("sensitive({OTHER_ACCOUNT:?})"));
    dir.write("main.seal.hcl", secret);
    dir.run(&["apply", "-auto-approve"]).status(0);
    assert!(!dir.read(STATE).contains(OTHER_ACCOUNT));
    sandbox.stop().await;
}

/// The sandbox has every key that is named, unless it is told otherwise.
#[test]
fn a_key_that_is_not_there_can_be_tried_on_the_sandbox() {
    let block = crate::harness::resource("x", "logs", "aws:kms", "");
    let key = "arn:aws:kms:us-east-1:123456789012:key/6f1c1a52-2c3e-4d0b-9a57-0a4f1d9b7e21";
    let dir = Dir::with(
        &block.replace("\"aws:kms\"", &format!("\"aws:kms\"\n kms_master_key_id = {key:?}")),
    );
    dir.run(&["plan", "-sandbox"]).status(0);
    dir.run(&["sandbox", "key", key, "--key-state=Missing"]).status(0).says("There is no key");
    dir.run(&["plan", "-sandbox"])
        .status(1)
        .complains("KMS key not found")
        .complains("every upload would fail");
    dir.run(&["sandbox", "key", key]).status(0).says("Changed");
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
}

/// Where a bucket is declared to be, or its name says so.
#[test]
fn the_sandbox_makes_a_bucket_in_its_region() {
    let here = crate::harness::resource("x", "logs", "AES256", "");
    let there = here.replace("bucket = \"logs\"", "bucket = \"logs\"\n region = \"ap-south-1\"");
    let zone = crate::harness::resource("y", "logs--usw2-az1--x-s3", "AES256", "");
    let dir = Dir::with(&format!("provider \"aws\" {{ region = \"eu-west-1\" }}\n{there}{zone}"));
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
    let recorded = dir.read("state/sealform.state.json");
    assert!(recorded.contains("\"region\": \"ap-south-1\""), "{recorded}");
    assert!(recorded.contains("\"region\": \"us-west-2\""), "{recorded}");
}

#[test]
fn a_key_and_an_element_can_be_put_into_the_sandbox() {
    let bucket = crate::harness::resource("x", "logs", "AES256", "");
    let key = r#"
data "aws_kms_key" "k" { key_id = "alias/team" }
output "key" { value = "${data.aws_kms_key.k.key_state} ${data.aws_kms_key.k.key_spec}" }
"#;
    let dir = Dir::with(&format!("provider \"aws\" {{ region = \"eu-west-1\" }}\n{bucket}{key}"));
    let told = || dir.run(&["plan", "-sandbox", "-json"]).json()["outputs"][0]["after"].clone();
    dir.run(&["sandbox", "key", "alias/team"]).status(0).says("Made the key alias/team");
    assert_eq!(told(), "Enabled SYMMETRIC_DEFAULT");
    let broken = ["--key-state", "PendingDeletion", "--key-spec", "HMAC_256"];
    dir.run(&[&["sandbox", "key", "alias/team"], &broken[..]].concat())
        .status(0)
        .says("Changed the key alias/team");
    assert_eq!(told(), "PendingDeletion HMAC_256");
    dir.run(&["sandbox", "key", "no key"]).status(1).complains("no key");
    for (arguments, complaint) in [
        (["alias/team", "--region=Ireland"], "one looks like eu-west-1"),
        (["alias/team", "--account=12"], "12 digits"),
        (["arn:aws:kms:eu-west-1:12:alias/team", "--key-state=Enabled"], "12 digits"),
        (["alias/aws/s3", "--key-state=Disabled"], "AWS manages the key"),
    ] {
        dir.run(&[&["sandbox", "key"], &arguments[..]].concat()).status(1).complains(complaint);
    }
    dir.run(&["sandbox", "change", "logs", "--elements", "<Tomorrow>1</Tomorrow>"]).status(0);
    assert!(dir.read("state/sandbox.jsonl").contains("<Tomorrow>1</Tomorrow>"));
}
