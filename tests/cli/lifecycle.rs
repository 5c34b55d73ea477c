//! A bucket's life, against any endpoint that speaks S3: the same story on our sandbox and on
//! emulators that we did not write.

use crate::harness::{Dir, resource};
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::types::{
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule,
};
use sealform::sandbox::{Options, Sandbox, World};
use std::fmt::Write as _;

/// How an endpoint differs from S3.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    /// A new bucket reads as AES256; old stores have no default at all.
    pub(crate) has_default: bool,
    /// `BlockedEncryptionTypes` is kept.
    pub(crate) keeps_blocked: bool,
}

impl Endpoint {
    fn dir(&self, configuration: &str) -> Dir {
        Dir::with(configuration)
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_ACCESS_KEY_ID", "123456789012")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1")
    }

    /// Somebody else's client.
    fn client(&self) -> aws_sdk_s3::Client {
        client(&self.url)
    }

    async fn make(&self, bucket: &str) {
        // An emulator may outlive a failed run of the tests.
        let _left = self.client().delete_bucket().bucket(bucket).send().await;
        self.client().create_bucket().bucket(bucket).send().await.unwrap();
    }

    /// Makes a key in the endpoint's KMS, and an alias for it: its id and its ARN; `alias/` and its id
    /// is the alias.
    pub(crate) async fn key(&self) -> (String, String) {
        let config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&self.url)
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("123456789012", "test", None, None, "test"))
            .build();
        let kms = aws_sdk_kms::Client::from_conf(config);
        let made = kms.create_key().send().await.unwrap().key_metadata.unwrap();
        let alias = format!("alias/{}", made.key_id);
        kms.create_alias().alias_name(alias).target_key_id(&made.key_id).send().await.unwrap();
        (made.key_id, made.arn.unwrap())
    }

    async fn put(&self, bucket: &str, algorithm: ServerSideEncryption) {
        let default =
            ServerSideEncryptionByDefault::builder().sse_algorithm(algorithm).build().unwrap();
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default)
            .build();
        let configuration =
            ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
        self.client()
            .put_bucket_encryption()
            .bucket(bucket)
            .server_side_encryption_configuration(configuration)
            .send()
            .await
            .unwrap();
    }

    /// The algorithm that a bucket has, if it has one.
    async fn algorithm(&self, bucket: &str) -> Option<String> {
        let answer = self.client().get_bucket_encryption().bucket(bucket).send().await.ok()?;
        let rules = answer.server_side_encryption_configuration?.rules;
        let default = rules.first()?.apply_server_side_encryption_by_default()?;
        Some(default.sse_algorithm().as_str().to_owned())
    }
}

/// A client that is not ours.
pub(crate) fn client(url: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("123456789012", "test", None, None, "test"))
        .force_path_style(true)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

/// The whole suite against one endpoint.
pub(crate) async fn suite(endpoint: &Endpoint) {
    first_plan_to_destroy(endpoint).await;
    every_combination_is_clean_after_apply(endpoint).await;
    a_fleet_by_for_each(endpoint).await;
    a_missing_bucket_hides_nothing(endpoint).await;
    a_saved_plan_is_done_exactly_or_not_at_all(endpoint).await;
    ignored_changes_stay(endpoint).await;
}

async fn first_plan_to_destroy(endpoint: &Endpoint) {
    for bucket in ["life-one", "life-two"] {
        endpoint.make(bucket).await;
    }
    let one = resource("one", "life-one", "aws:kms", "bucket_key_enabled = true");
    let two = resource("two", "life-two", "AES256", "");
    let dir = endpoint.dir(&format!("{one}{two}"));

    // A bucket that is live as declared is adopted; an old store has nothing to adopt.
    let second = if endpoint.has_default { "1 to update, 1 to adopt" } else { "2 to update" };
    dir.run(&["plan", "-detailed-exitcode"])
        .status(2)
        .says(second)
        .says("\"aws:kms\"")
        .never_says("known after apply");
    assert!(!dir.exists("state/sealform.state.json"), "a plan writes no state");

    dir.run(&["apply", "-auto-approve"]).status(0).says("Apply complete!");
    assert_eq!(endpoint.algorithm("life-one").await.as_deref(), Some("aws:kms"));
    dir.run(&["plan", "-detailed-exitcode"]).status(0).says("No changes.");
    let recorded = dir.read("state/sealform.state.json");
    dir.run(&["apply", "-auto-approve"]).status(0);
    assert_eq!(dir.read("state/sealform.state.json"), recorded, "nothing to do, nothing written");

    // Somebody else changes it.
    endpoint.put("life-one", ServerSideEncryption::Aes256).await;
    dir.run(&["plan", "-detailed-exitcode"])
        .status(2)
        .says("outside of Sealform")
        .says("1 to update");
    dir.run(&["apply", "-auto-approve"]).status(0);
    assert_eq!(endpoint.algorithm("life-one").await.as_deref(), Some("aws:kms"));

    // It leaves the configuration.
    dir.write("main.seal.hcl", &two);
    dir.run(&["plan", "-detailed-exitcode"]).status(2).says("1 to reset");
    dir.run(&["apply", "-auto-approve", "-allow-weakening"]).status(0);
    let reset = endpoint.algorithm("life-one").await;
    assert_eq!(reset.as_deref(), endpoint.has_default.then_some("AES256"));
    dir.run(&["state", "list"])
        .status(0)
        .says("aws_s3_bucket_server_side_encryption_configuration.two\n")
        .never_says(".one");

    dir.run(&["destroy", "-auto-approve"]).status(0);
    assert_eq!(dir.run(&["state", "list"]).status(0).stdout, "");
}

/// Whatever S3 accepts, a plan right after its apply is empty. The plans ask the endpoint's KMS about
/// the keys, which are made there first. Directory buckets are the sandbox's alone: no emulator plays
/// them; see `safety::every_combination_is_clean_or_refused_first`.
#[expect(clippy::print_stdout, reason = "the count is what the test is for")]
async fn every_combination_is_clean_after_apply(endpoint: &Endpoint) {
    let mut configuration = String::new();
    let mut count = 0;
    let (id, arn) = endpoint.key().await;
    let alias = format!("alias/{id}");
    let alias_arn = arn.replace(":key/", ":alias/");
    let keys: [&str; 4] = [&arn, &id, &alias, &alias_arn];
    let keys = || keys.iter().copied().map(Some).chain([None]);
    let with_keys = ["aws:kms", "aws:kms:dsse"].into_iter();
    let with_keys = with_keys.flat_map(|algorithm| keys().map(move |key| (algorithm, key)));
    for (algorithm, key) in [("AES256", None)].into_iter().chain(with_keys) {
        for bucket_key in [None, Some(true), Some(false)] {
            for blocked in [None, Some("[]"), Some("[\"NONE\"]"), Some("[\"SSE-C\"]")] {
                if blocked == Some("[\"SSE-C\"]") && !endpoint.keeps_blocked {
                    continue;
                }
                count += 1;
                let bucket = format!("combination-{count}");
                endpoint.make(&bucket).await;
                let key = key.map(|key| format!("kms_master_key_id = {key:?}")).unwrap_or_default();
                let flag = bucket_key
                    .map(|flag| format!("bucket_key_enabled = {flag}"))
                    .unwrap_or_default();
                let blocked = blocked
                    .map(|types| format!("blocked_encryption_types = {types}"))
                    .unwrap_or_default();
                write!(
                    configuration,
                    r#"
resource "aws_s3_bucket_server_side_encryption_configuration" "c{count}" {{
  bucket = "{bucket}"
  rule {{
    apply_server_side_encryption_by_default {{
      sse_algorithm = "{algorithm}"
      {key}
    }}
    {flag}
    {blocked}
  }}
}}
"#
                )
                .unwrap();
            }
        }
    }
    let dir = endpoint.dir(&configuration);
    dir.run(&["apply", "-auto-approve", "-allow-weakening"]).status(0);
    let plan = dir.run(&["plan", "-detailed-exitcode"]).status(0);
    let plan = plan.says(&format!("{count} buckets"));
    assert!(!plan.stderr.contains("KMS"), "the keys were looked at: {}", plan.stderr);
    println!("{count} combinations on {}", endpoint.url);
}

async fn a_fleet_by_for_each(endpoint: &Endpoint) {
    for n in 0..40 {
        endpoint.make(&format!("fleet-{n}")).await;
    }
    let dir = endpoint.dir(
        r#"
variable "size" { type = number }
resource "aws_s3_bucket_server_side_encryption_configuration" "fleet" {
  for_each = toset([for n in range(var.size) : "fleet-${n}"])
  bucket   = each.value
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "aws:kms" }
  }
}
"#,
    );
    dir.run(&["apply", "-auto-approve", "-var", "size=40"]).status(0).says("40 updated");
    dir.run(&["plan", "-detailed-exitcode", "-var=size=40"]).status(0);
    dir.run(&["plan", "-var", "size=38"]).status(0).says("2 to reset");
    dir.run(&[
        "plan",
        "-var",
        "size=38",
        "-target",
        "aws_s3_bucket_server_side_encryption_configuration.fleet[\"fleet-39\"]",
    ])
    .status(0)
    .says("1 to reset");
    dir.run(&["destroy", "-auto-approve", "-var=size=40"]).status(0).says("40 reset");
}

async fn a_missing_bucket_hides_nothing(endpoint: &Endpoint) {
    endpoint.make("present").await;
    let dir = endpoint.dir(&format!(
        "{}{}",
        resource("present", "present", "aws:kms", ""),
        resource("absent", "absent-bucket", "aws:kms", ""),
    ));
    dir.run(&["plan"])
        .status(1)
        .says("1 to update")
        .complains("Bucket not found")
        .complains("absent-bucket")
        .complains("main.seal.hcl:");
    dir.run(&["apply", "-auto-approve"]).status(1);
    assert_ne!(endpoint.algorithm("present").await.as_deref(), Some("aws:kms"));
    assert!(!dir.exists("state/sealform.state.json"), "the state is untouched");
}

async fn a_saved_plan_is_done_exactly_or_not_at_all(endpoint: &Endpoint) {
    endpoint.make("saved").await;
    let dir = endpoint.dir(&resource("saved", "saved", "aws:kms", ""));
    dir.run(&["plan", "-out=p.sealplan"]).status(0);
    dir.run(&["show", "p.sealplan"]).status(0).says("1 to update");

    // The bucket changes under the plan: nothing is written to it.
    endpoint.put("saved", ServerSideEncryption::AwsKmsDsse).await;
    dir.run(&["apply", "p.sealplan"]).status(1).complains("Changed since the plan");
    assert_eq!(endpoint.algorithm("saved").await.as_deref(), Some("aws:kms:dsse"));

    dir.run(&["plan", "-out=p.sealplan"]).status(0);
    dir.run(&["apply", "-allow-weakening", "p.sealplan"]).status(0);
    assert_eq!(endpoint.algorithm("saved").await.as_deref(), Some("aws:kms"));
    dir.run(&["apply", "p.sealplan"]).status(1).complains("Saved plan is stale");
}

async fn ignored_changes_stay(endpoint: &Endpoint) {
    endpoint.make("ignored").await;
    let block = resource("ignored", "ignored", "aws:kms", "bucket_key_enabled = true");
    let block = block.trim_end().trim_end_matches('}').to_owned()
        + "lifecycle {\n    ignore_changes = [rule[0].bucket_key_enabled]\n  }\n}\n";
    let dir = endpoint.dir(&block);
    dir.run(&["apply", "-auto-approve"]).status(0);
    endpoint.put("ignored", ServerSideEncryption::AwsKms).await;
    // It is nobody's drift.
    dir.run(&["plan", "-detailed-exitcode"]).status(0).never_says("bucket_key_enabled");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_our_sandbox() {
    let world = World::in_memory();
    let sandbox = Sandbox::start(world, Options::default()).await.unwrap();
    suite(&Endpoint { url: sandbox.endpoint(), has_default: true, keeps_blocked: true }).await;
    sandbox.stop().await;
}
