//! The same suite against emulators that we did not write. Their URLs come in the environment;
//! without them the tests fail, so that they are never skipped unseen.

use crate::harness::{Dir, Ran, resource};
use crate::lifecycle::{Endpoint, suite};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use std::process::Stdio;

pub(crate) fn url(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} must hold the emulator's URL"))
}

/// Answers as S3 does today.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs ministack running at SEALFORM_TEST_MINISTACK; .ci/run starts it"]
async fn on_ministack() {
    let url = url("SEALFORM_TEST_MINISTACK");
    suite(&Endpoint { url, has_default: true, keeps_blocked: true }).await;
}

/// Answers as an old S3-compatible store: no default, and no blocked types.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto running at SEALFORM_TEST_MOTO; .ci/run starts it"]
async fn on_moto() {
    let url = url("SEALFORM_TEST_MOTO");
    suite(&Endpoint { url, has_default: false, keeps_blocked: false }).await;
}

/// The state on S3, where conditions, versions and keys are those of others.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs ministack running at SEALFORM_TEST_MINISTACK; .ci/run starts it"]
async fn a_state_on_ministack() {
    state(&url("SEALFORM_TEST_MINISTACK")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto running at SEALFORM_TEST_MOTO; .ci/run starts it"]
async fn a_state_on_moto() {
    state(&url("SEALFORM_TEST_MOTO")).await;
}

const APPLY: [&str; 3] = ["apply", "-auto-approve", "-allow-weakening"];
const EMPTY: [&str; 2] = ["plan", "-detailed-exitcode"];

/// A service with buckets of this run of the test alone.
struct Store<'a> {
    url: &'a str,
    client: aws_sdk_s3::Client,
    logs: String,
}

async fn state(url: &str) {
    let client = crate::lifecycle::client(url);
    // An emulator may outlive a failed run of the tests.
    let name = |of: &str| format!("state-{}-{of}", std::process::id());
    let store = Store { url, client, logs: name("logs") };
    let (plain, versioned) = (name("plain"), name("versioned"));
    for bucket in [&plain, &versioned, &store.logs] {
        store.client.create_bucket().bucket(bucket).send().await.unwrap();
    }
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
    let versioning = store.client.put_bucket_versioning().bucket(&versioned);
    versioning.versioning_configuration(enabled.build()).send().await.unwrap();
    let endpoint = Endpoint { url: url.to_owned(), has_default: true, keeps_blocked: true };
    let (_, key) = endpoint.key().await;
    let sealed = format!("kms_key_id = {key:?}");
    store.goes_through_its_life(&plain, "team/s.json", "").await;
    store.goes_through_its_life(&versioned, "a b/ü+%20&=?#'(1)!*.json", &sealed).await;
    store.tells_what_is_wrong(&plain).await;
}

impl Store<'_> {
    fn machine(&self, configuration: &str) -> Dir {
        Dir::with(configuration)
            .env("AWS_ENDPOINT_URL", self.url)
            .env("AWS_ACCESS_KEY_ID", "123456789012")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1")
            .env("USER", "eve")
            .env("HOSTNAME", "build")
    }

    fn resource(&self, algorithm: &str) -> String {
        resource("logs", &self.logs, algorithm, "")
    }

    async fn keys(&self, bucket: &str) -> Vec<String> {
        let listed = self.client.list_objects_v2().bucket(bucket).send().await.unwrap();
        listed.contents.unwrap_or_default().into_iter().filter_map(|it| it.key).collect()
    }

    async fn put(&self, bucket: &str, key: &str, text: &str) {
        let body = text.as_bytes().to_vec().into();
        self.client.put_object().bucket(bucket).key(key).body(body).send().await.unwrap();
    }

    async fn goes_through_its_life(&self, bucket: &str, key: &str, more: &str) {
        let block = format!(
            "sealform {{\n  backend \"s3\" {{\n    bucket = {bucket:?}\n    key = {key:?}\n    {more}\n  }}\n}}\n"
        );
        let with = |algorithm: &str| block.clone() + &self.resource(algorithm);
        let (one, two) = (self.machine(&with("aws:kms")), self.machine(&with("aws:kms")));
        one.run(&["init"]).status(0).says(&format!("The state is kept in s3://{bucket}/{key}."));
        one.run(&APPLY).status(0);
        two.run(&EMPTY).status(0);
        // Neither lock nor journal is left, and what is there is sealed as it should be.
        assert_eq!(self.keys(bucket).await, [key]);
        let head = self.client.head_object().bucket(bucket).key(key).send().await.unwrap();
        let algorithm = head.server_side_encryption.unwrap();
        assert_eq!(algorithm.as_str(), if more.is_empty() { "AES256" } else { "aws:kms" });

        // A run that died holds the lock until its lease is over, or somebody takes it away.
        let lock = r#"{"version":1,"id":"the-id","holder":{"operation":"apply","who":"adam@desk","pid":1,"since":"2026-05-04T03:02:01Z"},"lease":60,"beat":1}"#;
        self.put(bucket, &format!("{key}.lock"), lock).await;
        two.run(&APPLY).status(1).complains("is locked by `sealform apply` of adam@desk");
        two.run(&["plan", "-lock=false", "-detailed-exitcode"]).status(0);
        two.run(&["force-unlock", "x"]).status(1).complains("the-id");
        two.run(&["force-unlock", "-force", "the-id"]).status(0);

        // Of two at once one gets the lock; whoever does not says why.
        for (first, second) in [("AES256", "aws:kms"), ("aws:kms", "AES256")] {
            let machines = [(&one, first), (&two, second)];
            let running = machines.map(|(machine, algorithm)| {
                machine.write("main.seal.hcl", with(algorithm));
                let mut command = machine.command(&APPLY);
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            });
            let ended = running.map(|child| Ran::of(child.wait_with_output().unwrap()));
            assert!(ended.iter().any(|ran| ran.status == 0), "nobody has written");
            for ran in ended.into_iter().filter(|ran| ran.status != 0) {
                drop(ran.complains("State is locked"));
            }
            assert_eq!(self.keys(bucket).await, [key]);
        }

        // Commands about the state, its versions and workspaces.
        let address = "aws_s3_bucket_server_side_encryption_configuration.logs";
        one.run(&APPLY).status(0);
        one.run(&["state", "rm", address]).status(0);
        two.run(&["state", "list"]).status(0).never_says("logs");
        let history = one.run(&["state", "history", "-json"]).status(0).json();
        let last = history["versions"][0]["serial"].to_string();
        one.run(&["state", "restore", &last]).status(0).says("with 1 resource.");
        one.run(&EMPTY).status(0);
        one.run(&["workspace", "new", "dev"]).status(0);
        one.run(&["workspace", "list"]).status(0).says("  default\n* dev\n");
        assert!(self.keys(bucket).await.contains(&format!("env:/dev/{key}")));
        one.run(&["workspace", "select", "default"]).status(0);
        one.run(&["workspace", "delete", "dev"]).status(0);
        assert_eq!(self.keys(bucket).await, [key]);

        // To a file and back. The two were the first that this machine has said of its backend.
        let (here, there) = (one.read("main.seal.hcl"), one.run(&["state", "pull"]).stdout);
        one.write("main.seal.hcl", here.replacen(&block, "", 1));
        one.run(&["plan"]).status(1).complains("Backend has changed");
        one.run(&["init", "-migrate-state"]).status(0).says("Copied the state from s3://");
        assert_eq!(one.run(&["state", "pull"]).stdout, there);
        one.write("main.seal.hcl", here);
        one.run(&["init", "-migrate-state"]).status(0).says("Copied the state from");
        assert_eq!(one.run(&["state", "pull"]).stdout, there);
        one.run(&EMPTY).status(0);

        // What is damaged is left as it is, until somebody insists on something better.
        self.put(bucket, key, "{").await;
        one.run(&["plan"]).status(1).complains(&format!("s3://{bucket}/{key} is truncated"));
        one.run(&["state", "history"]).status(1).says("written").complains("is truncated");
        one.run(&["state", "restore", &last]).status(1).complains("-force");
        one.run(&["state", "restore", "-force", &last]).status(0);
        one.run(&EMPTY).status(0);
        let keys = self.keys(bucket).await;
        let damaged = keys.iter().filter(|it| it.starts_with(&format!("{key}.damaged-")));
        assert_eq!((damaged.count(), keys.len()), (1, 2), "{keys:?}");
    }

    async fn tells_what_is_wrong(&self, bucket: &str) {
        let with = |bucket: &str, more: &str| {
            let block = format!("bucket = {bucket:?}\n    key = \"wrong.json\"\n    {more}");
            let backend = format!("sealform {{\n  backend \"s3\" {{\n    {block}\n  }}\n}}\n");
            self.machine(&(backend + &self.resource("aws:kms")))
        };
        let missing = with("no-such-bucket-of-ours", "");
        for command in
            [&["init"][..], &["plan"], &APPLY, &["state", "list"], &["workspace", "list"]]
        {
            missing
                .run(command)
                .status(1)
                .complains("There is no bucket \"no-such-bucket-of-ours\"");
        }
        let nobody = with(bucket, "endpoint = \"http://127.0.0.1:1\"\n    max_retries = 0");
        nobody.run(&["plan"]).status(1).complains("connection refused");
        self.put(bucket, "wrong.json.lock", "something else").await;
        with(bucket, "").run(&APPLY).status(1).complains("is not a lock of Sealform");
        let keys = self.keys(bucket).await;
        assert!(!keys.contains(&"wrong.json".to_owned()), "{keys:?}");
    }
}
