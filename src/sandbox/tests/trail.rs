//! `CloudTrail`.

use serde_json::{Value, json};

use super::super::{DEFAULT_ACCOUNT, Sandbox, World};
use super::{DIRECTORY, LOGS, OTHER_ACCOUNT, REGION, Raw, start, world};

const PUT: &str = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
                   <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>alias/x</KMSMasterKeyID>\
                   </ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";

async fn lookup_as(account: &str, region: &str, sandbox: &Sandbox, body: Value) -> (u16, Value) {
    let answer = Raw::new("POST", "/")
        .signed(account, region, "cloudtrail")
        .header("x-amz-target", "CloudTrail_20131101.LookupEvents")
        .body(&body.to_string())
        .send(sandbox)
        .await;
    assert_eq!(answer.header("content-type"), Some("application/x-amz-json-1.1"));
    (answer.status, answer.body.parse().unwrap())
}

/// Looks up once the rate allows it again.
async fn lookup(sandbox: &Sandbox, body: Value) -> (u16, Value) {
    tokio::time::sleep(std::time::Duration::from_millis(550)).await;
    lookup_as("test", REGION, sandbox, body).await
}

async fn put(sandbox: &Sandbox, bucket: &str) -> u16 {
    Raw::new("PUT", &format!("/{bucket}?encryption"))
        .body(PUT)
        .header("user-agent", "console")
        .send(sandbox)
        .await
        .status
}

fn by(key: &str, value: &str) -> Value {
    json!({ "LookupAttributes": [{ "AttributeKey": key, "AttributeValue": value }] })
}

fn record(event: &Value) -> Value {
    event["CloudTrailEvent"].as_str().unwrap().parse().unwrap()
}

fn names(answer: &Value) -> Vec<&str> {
    let events = answer["Events"].as_array().unwrap();
    events.iter().map(|it| it["Resources"][0]["ResourceName"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_change_leaves_an_event() {
    let sandbox = start(&world()).await;
    assert_eq!(put(&sandbox, LOGS).await, 200);
    let reset = Raw::new("DELETE", &format!("/{DIRECTORY}?encryption"));
    assert_eq!(reset.send(&sandbox).await.status, 204);
    Raw::new("GET", &format!("/{LOGS}?encryption")).send(&sandbox).await;
    let (status, answer) = lookup(&sandbox, json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(names(&answer), [DIRECTORY, LOGS], "the newest comes first");
    let [reset, put] = [0, 1].map(|n| record(&answer["Events"][n]));
    assert_eq!(reset["eventName"], "DeleteBucketEncryption");
    assert_eq!(reset["eventSource"], "s3express.amazonaws.com");
    assert_eq!(put["eventName"], "PutBucketEncryption");
    assert_eq!(put["userIdentity"]["arn"], format!("arn:aws:iam::{DEFAULT_ACCOUNT}:user/sandbox"));
    assert_eq!(
        (&put["userAgent"], &put["sourceIPAddress"]),
        (&"[console]".into(), &"127.0.0.1".into())
    );
    let rule = &put["requestParameters"]["ServerSideEncryptionConfiguration"]["Rule"];
    assert_eq!(rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"], "alias/x");
    assert_eq!(rule["BucketKeyEnabled"], false);
}

#[tokio::test]
async fn a_refused_change_leaves_an_event_that_says_so() {
    let sandbox = start(&world()).await;
    let refused = Raw::new("PUT", &format!("/{LOGS}?encryption")).body("<x/>").send(&sandbox).await;
    assert_eq!(refused.status, 400);
    let (_, answer) = lookup(&sandbox, json!({})).await;
    assert_eq!(record(&answer["Events"][0])["errorCode"], "MalformedXML");
    let stranger = Raw::new("DELETE", &format!("/{LOGS}?encryption"));
    assert_eq!(stranger.signed(OTHER_ACCOUNT, REGION, "s3").send(&sandbox).await.status, 403);
    // Both the caller and the owner of the bucket see it.
    for (account, count) in [(OTHER_ACCOUNT, 1), ("test", 2)] {
        let (_, answer) = lookup_as(account, REGION, &sandbox, json!({})).await;
        assert_eq!(answer["Events"].as_array().unwrap().len(), count, "{account}");
        assert_eq!(record(&answer["Events"][0])["errorCode"], "AccessDenied");
    }
    let (_, elsewhere) = lookup_as("test", "us-east-1", &sandbox, json!({})).await;
    assert_eq!(elsewhere["Events"], json!([]));
}

#[tokio::test]
async fn a_lookup_pages_and_filters() {
    let world = world();
    for n in 0..5 {
        assert!(world.seed_bucket(&format!("b-{n}"), REGION, DEFAULT_ACCOUNT).unwrap());
    }
    let sandbox = start(&world).await;
    for n in 0..5 {
        assert_eq!(put(&sandbox, &format!("b-{n}")).await, 200);
    }
    assert_eq!(Raw::new("DELETE", "/b-0?encryption").send(&sandbox).await.status, 204);
    let (_, deletes) = lookup(&sandbox, by("EventName", "DeleteBucketEncryption")).await;
    assert_eq!(names(&deletes), ["b-0"]);
    let (_, one) = lookup(&sandbox, by("ResourceName", "b-0")).await;
    assert_eq!(names(&one), ["b-0", "b-0"]);
    let mut page = by("EventName", "PutBucketEncryption");
    page["MaxResults"] = json!(2);
    let mut found = Vec::new();
    loop {
        let (_, answer) = lookup(&sandbox, page.clone()).await;
        found.extend(names(&answer).into_iter().map(str::to_owned));
        match &answer["NextToken"] {
            Value::Null => break,
            token => page["NextToken"] = token.clone(),
        }
    }
    assert_eq!(found, ["b-4", "b-3", "b-2", "b-1", "b-0"]);
    let now = jiff::Timestamp::now().as_second();
    for (range, count) in [
        (json!({ "EndTime": now - 3600 }), 0),
        (json!({ "EndTime": now + 1 }), 6),
        (json!({ "StartTime": now + 3600 }), 0),
        (json!({ "StartTime": now - 3600, "EndTime": f64::from(1_u32) + 4e9 }), 6),
    ] {
        let (_, answer) = lookup(&sandbox, range.clone()).await;
        assert_eq!(answer["Events"].as_array().unwrap().len(), count, "{range}");
    }
    let two = json!([
        by("EventName", "a")["LookupAttributes"][0],
        by("ReadOnly", "b")["LookupAttributes"][0]
    ]);
    for (body, code) in [
        (json!({ "LookupAttributes": two }), "InvalidLookupAttributesException"),
        (by("Colour", "red"), "InvalidLookupAttributesException"),
        (json!({ "MaxResults": 51 }), "InvalidMaxResultsException"),
        (json!({ "MaxResults": 0 }), "InvalidMaxResultsException"),
        (json!({ "NextToken": "x" }), "InvalidNextTokenException"),
        (json!({ "StartTime": 2, "EndTime": 1 }), "InvalidTimeRangeException"),
        (json!([]), "SerializationException"),
    ] {
        let (status, answer) = lookup(&sandbox, body.clone()).await;
        assert_eq!((status, &answer["__type"]), (400, &code.into()), "{body}");
    }
}

#[tokio::test]
async fn many_lookups_within_a_second_are_too_many() {
    let sandbox = start(&world()).await;
    let lookups = (0..40).map(|_| lookup_as("test", REGION, &sandbox, json!({})));
    let statuses = futures_util::future::join_all(lookups).await;
    let allowed = statuses.iter().filter(|(status, _)| *status == 200).count();
    assert!((2..40).contains(&allowed), "{allowed}");
    assert!(statuses.iter().all(|(status, _)| matches!(status, 200 | 400)), "{statuses:?}");
    // Each account and Region has its own.
    assert_eq!(lookup_as(OTHER_ACCOUNT, REGION, &sandbox, json!({})).await.0, 200);
    assert_eq!(lookup_as("test", "us-east-1", &sandbox, json!({})).await.0, 200);
    let (status, answer) = lookup(&sandbox, json!({})).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn a_trail_is_found_again_and_does_not_grow_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("world.jsonl");
    let world = World::open(&path).unwrap();
    assert!(world.seed_bucket(LOGS, REGION, DEFAULT_ACCOUNT).unwrap());
    let sandbox = start(&world).await;
    for _ in 0..30 {
        assert_eq!(put(&sandbox, LOGS).await, 200);
    }
    sandbox.stop().await;
    drop(world);
    let sandbox = start(&World::open(&path).unwrap()).await;
    assert_eq!(put(&sandbox, LOGS).await, 200);
    let (_, answer) = lookup(&sandbox, json!({})).await;
    assert_eq!(names(&answer).len(), 20);
}
