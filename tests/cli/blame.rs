//! `drift -blame`.

use crate::drift::{Fleet, valid};
use crate::harness::{Dir, resource};
use sealform::sandbox::DEFAULT_ACCOUNT;
use serde_json::Value as Json;
use std::time::{Duration, Instant};

/// The access key that a role of the account gets.
const ROLE: &str = "ASIA123456789012SEAL";
const EVE: &str = "arn:aws:sts::123456789012:assumed-role/ops/eve";

impl Fleet {
    /// Somebody else's change, who can be told by their name.
    fn change_by_eve(&self, bucket: &str) {
        self.change_as(ROLE, Some("ops/eve"), bucket, "AES256");
    }

    /// How often it was asked who changed what.
    fn lookups(&self) -> u64 {
        self.sandbox.requests().get("LookupEvents").copied().unwrap_or(0)
    }
}

/// The summaries of the warnings in a report.
fn warnings(report: &Json) -> Vec<&str> {
    let all = report["diagnostics"].as_array().unwrap().iter();
    all.map(|it| {
        assert_eq!(it["severity"], "warning", "{it}");
        it["summary"].as_str().unwrap()
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_says_who_it_was() {
    let fleet = Fleet::of(&["aaa", "bbb"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.change_by_eve("bbb");
    let formats = ["json", "json-lines", "markdown", "github", "sarif", "junit", "html"];
    let outputs: Vec<String> = formats.iter().map(|it| format!("-output={it}=out.{it}")).collect();
    let mut arguments = vec!["drift", "-blame"];
    arguments.extend(outputs.iter().map(String::as_str));
    fleet
        .run(&arguments)
        .status(2)
        .says(&format!("by {EVE}"))
        .says("(PutBucketEncryption from 127.0.0.1)");
    assert_eq!(fleet.lookups(), 1, "one bucket is one request");
    for format in formats {
        let text = fleet.dir.read(&format!("out.{format}"));
        assert!(text.contains(EVE), "{format}: {text}");
        assert!(text.contains("PutBucketEncryption"), "{format}: {text}");
    }
    let found: Json = serde_json::from_str(&fleet.dir.read("out.json")).unwrap();
    valid(&found);
    let blame = &found["resources"][1]["blame"];
    assert_eq!(blame["who"], EVE);
    assert!(blame["agent"].as_str().unwrap().contains("aws-sdk-rust"), "{blame}");
    assert!(blame["when"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{blame}");
    assert_eq!(warnings(&found), [""; 0]);
    assert!(found["resources"][0].get("blame").is_none(), "it is as it should be");
    // Only who asks for it is told.
    fleet.run(&["drift"]).status(2).never_says(EVE);
    assert_eq!(fleet.lookups(), 1);
    // The state alone is enough, too.
    fleet.run(&["drift", "-blame", "-from-state"]).status(2).says(EVE);
    assert_eq!(fleet.lookups(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_call_that_changed_the_bucket_counts() {
    let fleet = Fleet::of(&["aaa"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.change("aaa", "aws:kms:dsse");
    let client = fleet.client(ROLE, Some("ops/eve"));
    client.delete_bucket_encryption().bucket("aaa").send().await.unwrap();
    // Mallory is of another account, and may not.
    let mallory = fleet.client("999988887777", None);
    mallory.delete_bucket_encryption().bucket("aaa").send().await.unwrap_err();
    fleet
        .run(&["drift", "-blame"])
        .status(2)
        .says(&format!("by {EVE}"))
        .says("(DeleteBucketEncryption from 127.0.0.1)")
        .never_says("999988887777");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_is_one_note_for_each_account_and_region() {
    let fleet = Fleet::of(&["aaa", "bbb", "ccc"]).await;
    assert!(fleet.world.seed_bucket("ddd", "eu-west-1", DEFAULT_ACCOUNT).unwrap());
    fleet.dir.write("ddd.seal.hcl", resource("ddd", "ddd", "aws:kms", ""));
    fleet.run(&["apply", "-auto-approve"]).status(0);
    for bucket in ["aaa", "bbb", "ccc"] {
        fleet.change_by_eve(bucket);
    }
    let there = fleet.client(DEFAULT_ACCOUNT, None).config().to_builder();
    let there = there.region(aws_sdk_s3::config::Region::new("eu-west-1")).build();
    let there = aws_sdk_s3::Client::from_conf(there);
    there.delete_bucket_encryption().bucket("ddd").send().await.unwrap();
    fleet.world.deny_trail();
    let ran = fleet
        .run(&["drift", "-blame", "-json"])
        .status(2)
        .complains("The credentials may not do cloudtrail:LookupEvents")
        .complains("it is not known who changed 3 buckets, such as \"aaa\".");
    let found = ran.json();
    valid(&found);
    assert_eq!(warnings(&found), ["Unknown who changed it"; 2]);
    assert_eq!(found["summary"]["drifted"], 4);
    assert_eq!(fleet.lookups(), 2, "a refusal is not repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_told_yet_is_a_note() {
    let fleet = Fleet::of(&["aaa"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.change_by_eve("aaa");
    fleet.world.delay_trail(Duration::from_mins(5));
    fleet
        .run(&["drift", "-blame"])
        .status(2)
        .never_says(EVE)
        .complains("tells of no call that left the bucket \"aaa\" as it is.")
        .complains("some minutes after it was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_buckets_take_three_requests() {
    let names: Vec<String> = (0..60).map(|n| format!("bucket-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let fleet = Fleet::of(&names).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    for bucket in &names {
        fleet.change_by_eve(bucket);
    }
    let began = Instant::now();
    let ran = fleet.run(&["drift", "-blame", "-json"]).status(2);
    let found = ran.complains("Asking CloudTrail who made the drift.").json();
    assert!(began.elapsed() >= Duration::from_secs(1), "three requests in less than a second");
    valid(&found);
    let all = found["resources"].as_array().unwrap();
    assert_eq!(all.iter().filter(|it| it["blame"]["who"] == EVE).count(), 60);
    assert_eq!(fleet.lookups(), 3, "two pages of Put, one of Delete");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_silenced_is_not_asked_for() {
    let fleet = Fleet::of(&["aaa"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.change_by_eve("aaa");
    let silence = "suppress \"known\" {\n  buckets = [\"aaa\"]\n  reason  = \"it is\"\n}\n";
    fleet.dir.write("known.seal.hcl", silence);
    fleet.run(&["drift", "-blame"]).status(0).never_says(EVE);
    assert_eq!(fleet.lookups(), 0);
}

/// What was done is kept with the buckets, from one run of the sandbox to the next.
#[test]
fn a_change_in_the_sandbox_was_somebody_elses() {
    let dir = Dir::with(&resource("logs", "logs", "aws:kms", ""));
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0);
    dir.run(&["sandbox", "change", "logs"]).status(0);
    dir.run(&["drift", "--sandbox", "-blame"])
        .status(2)
        .says("by arn:aws:sts::123456789012:assumed-role/outside/somebody")
        .says("(PutBucketEncryption from 127.0.0.1)");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_asks_once_for_each_drift() {
    let fleet = Fleet::of(&["aaa", "bbb"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.change_by_eve("aaa");
    let mut child = fleet
        .dir
        .command(&["drift", "-blame", "-watch=1s", "-output=json=now.json"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let reads = || fleet.sandbox.requests()["GetBucketEncryption"];
    let before = reads();
    let rounds = async |count: u64| {
        let end = Instant::now() + Duration::from_mins(5);
        while reads() < before + 2 * count && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    rounds(4).await;
    assert_eq!(fleet.lookups(), 1);
    // Another drift is another question, and the answer to the first one is still there.
    fleet.change_by_eve("bbb");
    rounds(8).await;
    assert_eq!(fleet.lookups(), 2);
    let pid = child.id().to_string();
    std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let found: Json = serde_json::from_str(&fleet.dir.read("now.json")).unwrap();
    for n in [0, 1] {
        assert_eq!(found["resources"][n]["blame"]["who"], EVE, "{found}");
    }
}
