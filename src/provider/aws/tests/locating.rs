//! In which Regions buckets are, and what of their answers is not known.

use super::faults::{store, to_store};
use super::{DIRECTORY, LOGS, OTHER_ACCOUNT, REGION, aws, live, start, target, to, world};
use crate::provider::{ErrorKind, Provider as _};
use crate::sandbox::{DEFAULT_ACCOUNT, World};
use std::sync::Arc;

type Known = (Arc<str>, Option<Arc<str>>);

fn unknown(bucket: &str) -> Known {
    (bucket.into(), None)
}

const REGIONS: [&str; 3] = [REGION, "us-west-2", "ap-south-1"];

/// Buckets over three Regions, in three pages, and some that are not asked for.
fn fleet() -> (World, Vec<String>) {
    let world = World::in_memory();
    let buckets: Vec<String> = (0..2100).map(|n| format!("acme-{n:04}")).collect();
    for (bucket, region) in buckets.iter().zip(REGIONS.into_iter().cycle()) {
        world.seed_bucket(bucket, region, DEFAULT_ACCOUNT).unwrap();
    }
    for n in 0..1500 {
        world.seed_bucket(&format!("other-{n}"), REGION, DEFAULT_ACCOUNT).unwrap();
    }
    (world, buckets)
}

#[tokio::test]
async fn regions_are_learnt_in_bulk_and_once() {
    let (world, buckets) = fleet();
    world.seed_bucket("acme-theirs", "us-west-2", OTHER_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    let aws = to(&sandbox);
    let mut objects: Vec<Known> = buckets.iter().map(|bucket| unknown(bucket)).collect();
    objects.push(unknown(DIRECTORY));
    aws.locate("aws", &objects).await;
    assert_eq!(sandbox.requests(), [("ListBuckets", 3)].into());
    for (bucket, region) in buckets.iter().zip(REGIONS.into_iter().cycle()).step_by(100) {
        let read = aws.read(&target(bucket)).await.unwrap();
        assert_eq!(read.region.as_deref(), Some(region));
    }
    assert_eq!(sandbox.requests()["GetBucketEncryption"], 21, "nobody was redirected");
    // What the list did not tell is not listed for again.
    aws.locate("aws", &[unknown("acme-theirs"), unknown("nowhere")]).await;
    assert_eq!(sandbox.requests()["ListBuckets"], 3);
}

#[tokio::test]
async fn a_list_ends_where_all_is_known() {
    let (world, buckets) = fleet();
    let sandbox = start(&world).await;
    let few: Vec<Known> = buckets.iter().take(20).map(|bucket| unknown(bucket)).collect();
    to(&sandbox).locate("aws", &few).await;
    assert_eq!(sandbox.requests(), [("ListBuckets", 1)].into());
}

/// No list has it, and none is needed: the first request goes to the Region of its zone.
#[tokio::test]
async fn a_directory_bucket_is_where_its_name_says() {
    let world = world();
    let far = "far--usw2-az1--x-s3";
    world.seed_bucket(far, "us-west-2", DEFAULT_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    let aws = to(&sandbox);
    aws.locate("aws", &[unknown(far), unknown(DIRECTORY)]).await;
    assert!(sandbox.requests().is_empty());
    for (bucket, region) in [(far, "us-west-2"), (DIRECTORY, REGION)] {
        let read = aws.read(&target(bucket)).await.unwrap();
        assert_eq!(read.region.as_deref(), Some(region));
    }
    assert_eq!(sandbox.requests(), [("GetBucketEncryption", 2)].into(), "nobody was redirected");
}

#[tokio::test]
async fn what_is_remembered_is_not_asked_for_and_may_be_stale() {
    let (world, buckets) = fleet();
    world.seed_bucket(DIRECTORY, REGION, DEFAULT_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    let aws = to(&sandbox);
    // `acme-0001` has moved since.
    let recorded = [REGION, "eu-north-1", "ap-south-1"];
    let mut objects: Vec<Known> = buckets
        .iter()
        .zip(recorded)
        .map(|(bucket, region)| (bucket.as_str().into(), Some(region.into())))
        .collect();
    objects.push(unknown(DIRECTORY));
    aws.locate("aws", &objects).await;
    assert!(sandbox.requests().is_empty());
    for (bucket, region) in buckets.iter().zip(REGIONS) {
        let read = aws.read(&target(bucket)).await.unwrap();
        assert_eq!(read.region.as_deref(), Some(region));
    }
    assert_eq!(sandbox.requests()["GetBucketEncryption"], 4, "one was redirected, once");
    // A Region that is none never becomes part of a host's name.
    aws.locate("aws", &[("acme-0005".into(), Some("evil.example/".into()))]).await;
    aws.read(&target("acme-0005")).await.unwrap();
}

#[tokio::test]
async fn a_refused_list_is_silent() {
    const REFUSALS: [&[(u16, &str, &str)]; 3] = [
        &[(403, "", "<Error><Code>AccessDenied</Code></Error>"), (200, "", EMPTY)],
        &[(501, "", "<Error><Code>NotImplemented</Code></Error>"), (200, "", EMPTY)],
        &[(200, "", "<html>"), (200, "", EMPTY)],
    ];
    for answers in REFUSALS {
        let aws = aws(to_store(&store(answers).await));
        aws.locate("aws", &[unknown(LOGS)]).await;
        aws.read(&target(LOGS)).await.unwrap();
    }
}

const EMPTY: &str = "<ServerSideEncryptionConfiguration/>";
const MISSING: &str = "<Error><Code>NoSuchBucket</Code></Error>";
const LIST: &str = "<ListAllMyBucketsResult><Buckets><Bucket><Name>logs</Name>\
    <BucketRegion>eu-west-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>";

#[tokio::test]
async fn a_bucket_that_was_just_told_of_is_waited_for() {
    let answers = &[(200, "", LIST), (404, "", MISSING), (404, "", MISSING), (200, "", EMPTY)];
    let found = aws(to_store(&store(answers).await));
    found.locate("aws", &[unknown(LOGS)]).await;
    found.read(&target(LOGS)).await.unwrap();

    let lost = aws(to_store(&store(&[(200, "", LIST), (404, "", MISSING)]).await));
    lost.locate("aws", &[unknown(LOGS)]).await;
    let error = lost.read(&target(LOGS)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "it has an end");

    let untold = aws(to_store(&store(&[(404, "", MISSING), (200, "", EMPTY)]).await));
    untold.locate("aws", &[(LOGS.into(), Some(REGION.into()))]).await;
    // Nobody told of it: it is not asked for again, which it would be found by.
    assert_eq!(untold.read(&target(LOGS)).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_redirect_without_a_region_is_asked_about() {
    const NAMELESS: &str = "<Error><Code>PermanentRedirect</Code></Error>";
    let answers =
        &[(301, "", NAMELESS), (301, "x-amz-bucket-region: us-west-2\r\n", ""), (200, "", EMPTY)];
    let aws = aws(to_store(&store(answers).await));
    let read = aws.read(&target(LOGS)).await.unwrap();
    assert_eq!(read.region.as_deref(), Some("us-west-2"));
}

#[tokio::test]
async fn what_s3_may_learn_tomorrow_is_told_until_it_is_replaced() {
    let world = world();
    let sandbox = start(&world).await;
    let aws = to(&sandbox);
    assert!(world.add_elements(LOGS, "<New><A>1</A></New><Two/>").unwrap());
    let read = aws.read(&target(LOGS)).await.unwrap();
    assert_eq!(read.settings, live("AES256", None, false, &["SSE-C"]));
    let told: Vec<_> = read.unknown.iter().map(|it| (&*it.path, &*it.content)).collect();
    assert_eq!(told, [("Rule.New", "<A>1</A>"), ("Rule.Two", "")]);
    aws.write(&target(LOGS), &live("AES256", None, false, &[])).await.unwrap();
    assert_eq!(aws.read(&target(LOGS)).await.unwrap().unknown, []);
    assert_eq!(aws.read(&target(DIRECTORY)).await.unwrap().unknown, []);
}
