//! Everything around the three calls: addressing, access, other bucket operations, faults.

use std::time::{Duration, Instant};

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use super::super::{DEFAULT_ACCOUNT, FaultKind, Faults, Options, Sandbox, World};
use super::{DIRECTORY, LOGS, OTHER_ACCOUNT, REGION, Raw, s3, start, world};

#[tokio::test]
async fn refusals_come_in_the_order_of_s3() {
    let world = world();
    world.seed_bucket("secret", REGION, DEFAULT_ACCOUNT).unwrap();
    assert!(world.deny_bucket("secret").unwrap());
    assert!(!world.deny_bucket("nowhere").unwrap());
    let sandbox = start(&world).await;
    let get = |bucket: &str| Raw::new("GET", &format!("/{bucket}?encryption"));
    let unsigned = Raw { credential: None, ..get(LOGS) };
    let cases = [
        (unsigned, (403, "AccessDenied"), None),
        (get("nowhere"), (404, "NoSuchBucket"), None),
        (get("nowhere").signed(OTHER_ACCOUNT, "us-east-1", "s3"), (404, "NoSuchBucket"), None),
        (
            get(LOGS).signed(OTHER_ACCOUNT, "us-east-1", "s3"),
            (301, "PermanentRedirect"),
            Some(REGION),
        ),
        (get(LOGS).signed(OTHER_ACCOUNT, REGION, "s3"), (403, "AccessDenied"), Some(REGION)),
        (get("secret"), (403, "AccessDenied"), Some(REGION)),
        (get(DIRECTORY).signed("test", REGION, "s3express"), (200, ""), None),
        (get(LOGS).signed("test", REGION, "sqs"), (501, "NotImplemented"), None),
        (Raw::new("GET", "/logs?policy"), (501, "NotImplemented"), None),
        (Raw::new("GET", "/logs"), (501, "NotImplemented"), None),
        (Raw::new("GET", "/logs/key?encryption"), (501, "NotImplemented"), None),
        (Raw::new("PUT", "/"), (501, "NotImplemented"), None),
    ];
    for (request, outcome, region) in cases {
        let answer = request.clone().send(&sandbox).await;
        assert_eq!(answer.outcome(), outcome, "{request:?}");
        assert_eq!(answer.header("x-amz-bucket-region"), region, "{request:?}");
        let id = answer.header("x-amz-request-id").unwrap();
        assert_eq!(id.len(), 16);
        if !outcome.1.is_empty() {
            assert_eq!(answer.element("RequestId"), Some(id));
            assert!(!answer.element("Message").unwrap().is_empty());
        }
    }
    let redirect = get(LOGS).signed("test", "us-east-1", "s3").send(&sandbox).await;
    assert_eq!(redirect.element("Endpoint"), Some("s3.eu-west-1.amazonaws.com"));
    assert_eq!(redirect.element("Region"), Some(REGION));
    assert_eq!(redirect.element("Bucket"), Some(LOGS));
    let absent = get("nowhere").send(&sandbox).await;
    assert_eq!(absent.element("BucketName"), Some("nowhere"));
}

#[tokio::test]
async fn buckets_are_addressed_by_host_too() {
    let sandbox = start(&world()).await;
    for host in ["logs.localhost:9999", "logs.s3.eu-west-1.amazonaws.com"] {
        let answer = Raw::new("GET", "/?encryption").header("host", host).send(&sandbox).await;
        assert_eq!(answer.outcome(), (200, ""), "{host}");
    }
    let express = format!("{DIRECTORY}.localhost");
    let answer = Raw::new("GET", "/?encryption").header("host", &express).send(&sandbox).await;
    assert_eq!(answer.outcome(), (200, ""));
}

#[tokio::test]
async fn the_sdk_sees_codes_and_regions() {
    let sandbox = start(&world()).await;
    let client = s3(&sandbox, "AKIAIOSFODNN7EXAMPLE", "us-east-1");
    let error = client.get_bucket_encryption().bucket("nowhere").send().await.unwrap_err();
    assert_eq!(error.code(), Some("NoSuchBucket"));
    let error = client.get_bucket_encryption().bucket(LOGS).send().await.unwrap_err();
    assert_eq!(error.code(), Some("PermanentRedirect"));
    let response = error.raw_response().unwrap();
    assert_eq!(response.headers().get("x-amz-bucket-region"), Some(REGION));
}

#[tokio::test]
async fn buckets_are_made_found_and_removed() {
    let sandbox = start(&World::in_memory()).await;
    let client = s3(&sandbox, DEFAULT_ACCOUNT, REGION);
    let there = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .build();
    let create = client.create_bucket().bucket("made").create_bucket_configuration(there);
    create.clone().send().await.unwrap();
    let error = create.send().await.unwrap_err();
    assert_eq!(error.code(), Some("BucketAlreadyOwnedByYou"));
    let head = client.head_bucket().bucket("made").send().await.unwrap();
    assert_eq!(head.bucket_region(), Some(REGION));
    let location = client.get_bucket_location().bucket("made").send().await.unwrap();
    assert_eq!(location.location_constraint(), Some(&BucketLocationConstraint::EuWest1));
    client.delete_bucket().bucket("made").send().await.unwrap();
    let error = client.head_bucket().bucket("made").send().await.unwrap_err();
    assert!(error.into_service_error().is_not_found());
}

#[tokio::test]
async fn creating_follows_the_rules_of_the_region() {
    let sandbox = start(&world()).await;
    let put = |name: &str, region: &str| Raw::new("PUT", name).signed("test", region, "s3");
    let to = |region: &str| {
        format!(
            "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
        )
    };
    let illegal = (400, "IllegalLocationConstraintException");
    let cases = [
        (put("/plain", "us-east-1"), (200, "")),
        (put("/plain", "us-east-1"), (200, "")),
        (
            put("/plain", "us-east-1").signed(OTHER_ACCOUNT, "us-east-1", "s3"),
            (409, "BucketAlreadyExists"),
        ),
        (put("/west", REGION), illegal),
        (put("/west", REGION).body(&to("us-west-2")), illegal),
        (put("/west", "us-east-1").body(&to("us-west-2")), (200, "")),
        (put("/west?encryption", "us-west-2"), (400, "MalformedXML")),
        (put("/x--euw1-az1--x-s3", REGION), (200, "")),
        (put("/No_Good", "us-east-1"), (400, "InvalidBucketName")),
        (put("/other", "us-east-1").body("<Nonsense/>"), (400, "MalformedXML")),
    ];
    for (request, outcome) in cases {
        let answer = request.clone().send(&sandbox).await;
        assert_eq!(answer.outcome(), outcome, "{request:?}");
    }
    let location = Raw::new("GET", "/plain?location").signed("test", "us-east-1", "s3");
    let location = location.send(&sandbox).await;
    assert_eq!(location.status, 200);
    assert!(location.body.contains("<LocationConstraint xmlns="), "{}", location.body);
}

#[tokio::test]
async fn a_head_is_answered_without_a_body_but_with_the_region() {
    let sandbox = start(&world()).await;
    for (request, status, region) in [
        (Raw::new("HEAD", "/logs"), 200, Some(REGION)),
        (Raw::new("HEAD", "/logs").signed("test", "us-east-1", "s3"), 301, Some(REGION)),
        (Raw::new("HEAD", "/logs").signed(OTHER_ACCOUNT, REGION, "s3"), 403, Some(REGION)),
        (Raw::new("HEAD", "/nowhere"), 404, None),
    ] {
        let answer = request.send(&sandbox).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, ""));
        assert_eq!(answer.header("x-amz-bucket-region"), region);
    }
}

#[tokio::test]
async fn listing_pages_and_filters() {
    let world = world();
    for number in 0..25 {
        let region = if number % 5 == 0 { "us-east-1" } else { REGION };
        world.seed_bucket(&format!("app-{number:02}"), region, DEFAULT_ACCOUNT).unwrap();
    }
    world.seed_bucket("app-of-another", REGION, OTHER_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    let client = s3(&sandbox, DEFAULT_ACCOUNT, REGION);
    let names = |buckets: &[aws_sdk_s3::types::Bucket]| {
        buckets.iter().map(|bucket| bucket.name().unwrap().to_owned()).collect::<Vec<_>>()
    };

    let all = client.list_buckets().send().await.unwrap();
    assert_eq!(all.buckets().len(), 26, "without the directory bucket and the other account's");
    assert!(all.buckets().iter().all(|bucket| bucket.bucket_region().is_none()));
    assert!(all.buckets().iter().all(|bucket| bucket.creation_date().is_some()));

    let mut found = Vec::new();
    let mut pages = client.list_buckets().max_buckets(10).into_paginator().send();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.buckets().iter().all(|bucket| bucket.bucket_region().is_some()));
        found.extend(names(page.buckets()));
        count += 1;
    }
    assert_eq!((found, count), (names(all.buckets()), 3));

    let page = client.list_buckets().prefix("app-1").max_buckets(4).send().await.unwrap();
    assert_eq!(names(page.buckets()), ["app-10", "app-11", "app-12", "app-13"]);
    let rest =
        client.list_buckets().prefix("app-1").set_continuation_token(page.continuation_token);
    let rest = rest.send().await.unwrap();
    assert_eq!(rest.buckets().len(), 6);
    assert_eq!((rest.prefix(), rest.continuation_token()), (Some("app-1"), None));

    let here = client.list_buckets().bucket_region(REGION).send().await.unwrap();
    assert_eq!(here.buckets().len(), 21);
    let error = client.list_buckets().bucket_region("us-east-1").send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidArgument"));
    for bad in ["0", "10001", "many"] {
        let answer = Raw::new("GET", &format!("/?max-buckets={bad}")).send(&sandbox).await;
        assert_eq!(answer.outcome(), (400, "InvalidArgument"), "{bad}");
    }
}

async fn start_with(world: &World, kind: FaultKind, rate: f64) -> Sandbox {
    let faults = Some(Faults { kind, rate, seed: 11 });
    Sandbox::start(world.clone(), Options { faults, ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn faults_with_an_answer_answer_as_s3_does() {
    for (kind, outcome) in [
        (FaultKind::SlowDown, (503, "SlowDown")),
        (FaultKind::InternalError, (500, "InternalError")),
    ] {
        let sandbox = start_with(&world(), kind, 1.0).await;
        let answer = Raw::new("GET", "/logs?encryption").send(&sandbox).await;
        assert_eq!(answer.outcome(), outcome);
        let identity =
            Raw::new("POST", "/").signed("test", REGION, "sts").body("Action=GetCallerIdentity");
        let code = if kind == FaultKind::SlowDown {
            (400, "Throttling")
        } else {
            (500, "InternalFailure")
        };
        assert_eq!(identity.send(&sandbox).await.outcome(), code);
        let describe = Raw::new("POST", "/")
            .signed("test", REGION, "kms")
            .header("x-amz-target", "TrentService.DescribeKey")
            .body(r#"{"KeyId":"alias/aws/s3"}"#)
            .send(&sandbox)
            .await;
        let body: serde_json::Value = describe.body.parse().unwrap();
        let outcome = (describe.status, body["__type"].as_str().unwrap());
        let code = if kind == FaultKind::SlowDown {
            (400, "ThrottlingException")
        } else {
            (500, "KMSInternalException")
        };
        assert_eq!(outcome, code);
    }
}

#[tokio::test]
async fn a_reset_cuts_the_connection_before_or_after_the_effect() {
    let world = World::in_memory();
    let sandbox = start_with(&world, FaultKind::Reset, 1.0).await;
    for number in 0..40 {
        let request = Raw::new("PUT", &format!("/made-{number}")).signed("test", "us-east-1", "s3");
        let error = request.try_send(&sandbox).await.unwrap_err();
        assert!(
            error.is_incomplete_message() || error.is_closed() || error.is_canceled(),
            "{error:?}"
        );
    }
    let clean = start(&world).await;
    let client = s3(&clean, "test", "us-east-1");
    let made = client.list_buckets().send().await.unwrap().buckets().len();
    assert!((8..=32).contains(&made), "{made} of 40 took effect");
}

#[tokio::test]
async fn a_stall_never_answers() {
    let sandbox = start_with(&world(), FaultKind::Stall, 1.0).await;
    let request = Raw::new("GET", "/logs?encryption").try_send(&sandbox);
    assert!(tokio::time::timeout(Duration::from_millis(200), request).await.is_err());
    sandbox.stop().await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the latency of the sandbox is wall time")]
async fn latency_holds_answers_back_but_not_each_other() {
    let latency = Duration::from_secs(2);
    let options = Options { latency, ..Options::default() };
    let sandbox = Sandbox::start(world(), options).await.unwrap();
    let begin = Instant::now();
    let requests = (0..20).map(|_| Raw::new("GET", "/logs?encryption").send(&sandbox));
    for answer in futures_util::future::join_all(requests).await {
        assert_eq!(answer.status, 200);
    }
    let taken = begin.elapsed();
    assert!(taken >= latency && taken < latency * 10, "{taken:?}");
}
