//! Who changed what, through real HTTP.

use super::{DIRECTORY, KEY, LOGS, OTHER_ACCOUNT, REGION, at, aws, live, start, target, to, world};
use crate::provider::aws::{AssumeRole, Aws, Settings};
use crate::provider::{Authors, Inquiry, Provider as _};
use crate::sandbox::{DEFAULT_ACCOUNT, FaultKind, Faults, Options, Sandbox, World};
use crate::value::Value;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// Somebody in a role of the account.
fn eve(sandbox: &Sandbox) -> Aws {
    let role_arn = format!("arn:aws:iam::{DEFAULT_ACCOUNT}:role/ops");
    let role = AssumeRole { role_arn, session_name: Some("eve".to_owned()), external_id: None };
    aws(Settings { assume_role: Some(role), ..at(&sandbox.endpoint()) })
}

async fn ask(aws: &Aws, objects: &[(&str, &Value)]) -> Authors {
    ask_within(aws, objects, Duration::from_secs(30)).await
}

async fn ask_within(aws: &Aws, objects: &[(&str, &Value)], limit: Duration) -> Authors {
    let inquiry = Inquiry {
        provider: "aws".into(),
        region: REGION.into(),
        objects: objects.iter().map(|(name, live)| ((*name).into(), Value::clone(live))).collect(),
        until: Timestamp::now(),
        deadline: Instant::now() + limit,
    };
    aws.authors(&inquiry).await
}

#[tokio::test]
async fn a_directory_bucket_is_blamed_too() {
    let sandbox = start(&world()).await;
    let kms = live("aws:kms", Some(KEY), true, &[]);
    eve(&sandbox).write(&target(DIRECTORY), &kms).await.unwrap();
    let Authors { found, note } = ask(&to(&sandbox), &[(DIRECTORY, &kms)]).await;
    let author = &found[DIRECTORY];
    assert_eq!(author.who, format!("arn:aws:sts::{DEFAULT_ACCOUNT}:assumed-role/ops/eve"));
    assert_eq!((author.event, note), ("PutBucketEncryption", None));
    let age = Timestamp::now().duration_since(author.when);
    assert!(age < SignedDuration::from_mins(1), "{author:?}");
}

#[tokio::test]
async fn a_call_that_was_refused_changed_nothing() {
    let sandbox = start(&world()).await;
    let aes = live("AES256", None, false, &["SSE-C"]);
    eve(&sandbox).write(&target(LOGS), &aes).await.unwrap();
    let stranger = Settings {
        sandbox_account: Some(OTHER_ACCOUNT.to_owned()),
        owner_check: Some(false),
        ..at(&sandbox.endpoint())
    };
    aws(stranger).write(&target(LOGS), &aes).await.unwrap_err();
    let Authors { found, .. } = ask(&to(&sandbox), &[(LOGS, &aes)]).await;
    assert!(found[LOGS].who.ends_with("/eve"), "{found:?}");
}

#[tokio::test]
async fn a_change_that_is_not_told_yet_is_nobodys() {
    let sandbox = start(&world()).await;
    let aes = live("AES256", None, false, &["SSE-C"]);
    eve(&sandbox).write(&target(LOGS), &aes).await.unwrap();
    // The last call that is known left something else.
    let Authors { found, note } =
        ask(&to(&sandbox), &[(LOGS, &live("aws:kms", None, false, &[]))]).await;
    assert!(found.is_empty(), "{found:?}");
    assert!(note.unwrap().contains("some minutes after"));
}

#[tokio::test]
async fn a_fleet_is_blamed_at_the_pace_that_the_service_bears() {
    let world = World::in_memory();
    let names: Vec<String> = (0..120).map(|n| format!("bucket-{n}")).collect();
    for name in &names {
        assert!(world.seed_bucket(name, REGION, DEFAULT_ACCOUNT).unwrap());
    }
    let sandbox = start(&world).await;
    let (eve, aes) = (eve(&sandbox), live("AES256", None, false, &["SSE-C"]));
    for name in &names {
        eve.write(&target(name), &aes).await.unwrap();
    }
    let began = Instant::now();
    let objects: Vec<(&str, &Value)> = names.iter().map(|name| (&**name, &aes)).collect();
    let Authors { found, note } = ask(&to(&sandbox), &objects).await;
    assert_eq!((found.len(), note), (120, None));
    assert_eq!(sandbox.requests()["LookupEvents"], 4, "three pages of Put, one of Delete");
    assert!(began.elapsed() >= Duration::from_millis(1500));
}

#[tokio::test]
async fn what_fails_is_a_note() {
    let aes = live("AES256", None, false, &["SSE-C"]);
    let nowhere = ask(&aws(at("http://127.0.0.1:1")), &[(LOGS, &aes)]).await;
    assert!(nowhere.note.unwrap().contains("No answer from http://127.0.0.1:1"));

    let world = world();
    let source = |kind| {
        let faults = Some(Faults { kind, rate: 1.0, seed: 1 });
        Options { faults, ..Options::default() }
    };
    for (kind, expected) in [
        (FaultKind::SlowDown, "asked to slow down"),
        (FaultKind::InternalError, "The service says InternalFailure"),
        (FaultKind::Reset, "No answer from"),
    ] {
        let sandbox = Sandbox::start(world.clone(), source(kind)).await.unwrap();
        let settings = Settings { max_retries: Some(0), ..at(&sandbox.endpoint()) };
        let Authors { found, note } = ask(&aws(settings), &[(LOGS, &aes)]).await;
        let note = note.unwrap();
        assert!(found.is_empty() && note.contains(expected), "{kind}: {note}");
        assert!(note.ends_with("So it is not known who changed the bucket \"logs\"."), "{note}");
    }
    // It ends in time, whatever the service does.
    let sandbox = Sandbox::start(world.clone(), source(FaultKind::Stall)).await.unwrap();
    let limit = Duration::from_secs(1);
    let stalled = ask_within(&to(&sandbox), &[(LOGS, &aes)], limit).await;
    assert!(stalled.note.unwrap().contains("did not answer in time"));

    let sandbox = start(&world).await;
    let elsewhere = Settings { sandbox: false, ..at(&sandbox.endpoint()) };
    let elsewhere = Settings {
        endpoints: crate::provider::aws::Endpoints {
            cloudtrail: None,
            ..elsewhere.endpoints.clone()
        },
        skip_credentials_validation: true,
        ..elsewhere
    };
    let untold = ask(&aws(elsewhere), &[(LOGS, &aes)]).await;
    assert!(untold.note.unwrap().starts_with("S3 is not that of AWS"));
    assert!(sandbox.requests().is_empty());
}
