//! Throttling, cut connections, silence, and stores that resemble S3.

use super::{KEY, LOGS, REGION, Settings, at, aws, live, target, to, world};
use crate::provider::{ErrorKind, Fence, Provider as _};
use crate::sandbox::{DEFAULT_ACCOUNT, FaultKind, Faults, Options, Sandbox, World};
use crate::value::{Type, Value};
use futures_util::future::join_all;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

async fn faulty(world: World, kind: FaultKind, rate: f64) -> Sandbox {
    let faults = Some(Faults { kind, rate, seed: 7 });
    Sandbox::start(world, Options { faults, ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn a_throttled_fleet_is_read_to_the_end() {
    let world = World::in_memory();
    let buckets: Vec<String> = (0..200).map(|n| format!("bucket-{n}")).collect();
    for bucket in &buckets {
        world.seed_bucket(bucket, REGION, DEFAULT_ACCOUNT).unwrap();
    }
    let sandbox = faulty(world, FaultKind::SlowDown, 0.3).await;
    let aws = aws(Settings { max_retries: Some(20), ..at(&sandbox.endpoint()) });
    let targets: Vec<_> = buckets.iter().map(|bucket| target(bucket)).collect();
    let answers = join_all(targets.iter().map(|target| aws.read(target))).await;
    assert!(answers.iter().all(Result::is_ok));
    // Each request beyond the first of a bucket is one that was throttled before.
    let requests = sandbox.requests().get("GetBucketEncryption").copied().unwrap();
    assert_eq!(aws.throttled(), requests - 200);
    assert!(aws.throttled() > 40);
}

#[tokio::test]
async fn throttling_without_end_is_told() {
    let sandbox = faulty(world(), FaultKind::SlowDown, 1.0).await;
    let aws = aws(Settings { max_retries: Some(1), ..at(&sandbox.endpoint()) });
    let error = aws.read(&target(LOGS)).await.unwrap_err();
    assert_eq!((error.kind, error.summary), (ErrorKind::Throttled, "Too many requests"));
    assert_eq!(aws.throttled(), 2);
}

#[tokio::test]
async fn cut_connections_and_failures_are_repeated() {
    for kind in [FaultKind::Reset, FaultKind::InternalError] {
        let sandbox = faulty(world(), kind, 0.4).await;
        let aws = aws(Settings { max_retries: Some(20), ..at(&sandbox.endpoint()) });
        let settings = live("aws:kms", Some(KEY), true, &[]);
        for _ in 0..10 {
            aws.write(&target(LOGS), &settings).await.unwrap();
            assert_eq!(aws.read(&target(LOGS)).await.unwrap().settings, settings);
        }
        assert_eq!(aws.throttled(), 0);
    }
}

#[tokio::test]
async fn silence_ends() {
    let sandbox = faulty(world(), FaultKind::Stall, 1.0).await;
    let aws = aws(Settings {
        max_retries: Some(0),
        read_timeout: Some(Duration::from_millis(200)),
        ..at(&sandbox.endpoint())
    });
    let error = aws.read(&target(LOGS)).await.unwrap_err();
    assert_eq!((error.kind, error.summary), (ErrorKind::Unreachable, "Endpoint unreachable"));
    assert!(error.detail.contains(&sandbox.endpoint()), "{error}");
    assert!(error.detail.contains("timeout"), "{error}");
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_host_are_told_plainly() {
    let url = "http://127.0.0.1:1";
    let once = |url: &str| Settings { max_retries: Some(0), ..to_store(url) };
    let error = aws(once(url)).read(&target(LOGS)).await.unwrap_err();
    assert_eq!((error.kind, error.summary), (ErrorKind::Unreachable, "Endpoint unreachable"));
    assert_eq!(
        error.detail,
        format!(
            "No answer from {url}: connection refused. Check the endpoint, the network and the \
             Region."
        )
    );
    let error = aws(once("http://nowhere.invalid")).read(&target(LOGS)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable);
    assert!(error.detail.contains("nowhere.invalid: failed to lookup address"), "{error}");
}

/// Settings for a store that answers nothing else.
pub(super) fn to_store(url: &str) -> Settings {
    Settings { owner_check: Some(false), ..at(url) }
}

/// A store that gives the same answers in turn, the last one for ever, over one connection each.
pub(super) async fn store(answers: &'static [(u16, &'static str, &'static str)]) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for n in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 16 * 1024];
            let _read = stream.read(&mut request).await.unwrap();
            let (status, headers, body) = answers[n.min(answers.len() - 1)];
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\
                 {headers}\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

#[tokio::test]
async fn no_configuration_reads_as_no_default() {
    const NONE: &str = "<Error><Code>ServerSideEncryptionConfigurationNotFoundError</Code></Error>";
    const EMPTY: &str = "<ServerSideEncryptionConfiguration/>";
    for answers in [&[(404, "", NONE)], &[(200, "", EMPTY)]] {
        let aws = aws(to_store(&store(answers).await));
        let read = aws.read(&target(LOGS)).await.unwrap();
        let path = ["rule", "apply_server_side_encryption_by_default", "sse_algorithm"];
        let expected = crate::resource::with_leaf(
            &live("", None, false, &[]),
            &path.iter().collect(),
            Value::Null(Type::String),
        );
        assert_eq!(read.settings, expected);
    }
}

#[tokio::test]
async fn an_unknown_algorithm_survives() {
    const BODY: &str = "<ServerSideEncryptionConfiguration><Rule>\
        <ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms:v9</SSEAlgorithm>\
        </ApplyServerSideEncryptionByDefault><BlockedEncryptionTypes>\
        <EncryptionType>SSE-X</EncryptionType></BlockedEncryptionTypes>\
        </Rule></ServerSideEncryptionConfiguration>";
    let aws = aws(to_store(&store(&[(200, "", BODY)]).await));
    let read = aws.read(&target(LOGS)).await.unwrap();
    assert_eq!(read.settings, live("aws:kms:v9", None, false, &["SSE-X"]));
}

#[tokio::test]
async fn a_store_without_the_operation_is_told() {
    for answer in [
        &[(501, "", "<Error><Code>NotImplemented</Code></Error>")],
        &[(501, "", "<Error><Code>XNotImplemented</Code></Error>")],
        &[(400, "", "<Error><Code>UnsupportedOperation</Code></Error>")],
        &[(405, "", "")],
    ] {
        let aws = aws(Settings { max_retries: Some(0), ..to_store(&store(answer).await) });
        let error = aws.read(&target(LOGS)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");
        assert!(error.detail.contains("cannot be read"), "{error}");
    }
}

#[tokio::test]
async fn a_conflict_is_repeated() {
    let aws = aws(to_store(
        &store(&[
            (409, "", "<Error><Code>OperationAborted</Code></Error>"),
            (409, "", "<Error><Code>OperationAborted</Code></Error>"),
            (200, "", ""),
        ])
        .await,
    ));
    aws.write(&target(LOGS), &live("AES256", None, false, &[])).await.unwrap();
}

#[tokio::test]
async fn the_right_region_may_stand_in_the_message() {
    const WRONG: &str = "<Error><Code>AuthorizationHeaderMalformed</Code>\
        <Region>us-west-2</Region></Error>";
    const EVIL: &str = "<Error><Code>AuthorizationHeaderMalformed</Code>\
        <Region>evil.example/</Region></Error>";
    const FOUND: &str = "<ServerSideEncryptionConfiguration/>";
    let found = aws(to_store(&store(&[(400, "", WRONG), (200, "", FOUND)]).await));
    found.read(&target(LOGS)).await.unwrap();
    let found = aws(to_store(
        &store(&[(307, "x-amz-bucket-region: us-west-2\r\n", ""), (200, "", FOUND)]).await,
    ));
    found.read(&target(LOGS)).await.unwrap();
    let lost = aws(to_store(&store(&[(400, "", EVIL)]).await));
    let error = lost.read(&target(LOGS)).await.unwrap_err();
    assert_eq!((error.kind, error.summary), (ErrorKind::Configuration, "Wrong Region"));
    let round = aws(to_store(&store(&[(400, "", WRONG)]).await));
    assert_eq!(round.read(&target(LOGS)).await.unwrap_err().summary, "Wrong Region");
}

#[tokio::test]
async fn what_is_not_s3_is_told() {
    let aws =
        aws(Settings { max_retries: Some(0), ..to_store(&store(&[(200, "", "<html>")]).await) });
    let error = aws.read(&target(LOGS)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Other, "{error}");
    let sandbox = faulty(world(), FaultKind::SlowDown, 0.0).await;
    to(&sandbox).read(&target(LOGS)).await.unwrap();
}

/// An answer that says when to come again is heeded, and one that is final is not repeated.
#[tokio::test]
async fn a_service_says_how_soon_to_come_again() {
    const SLOW: &str = "<Error><Code>SlowDown</Code></Error>";
    const FOUND: &str = "<ServerSideEncryptionConfiguration/>";
    const DENIED: &str = "<Error><Code>AccessDenied</Code></Error>";
    let slow = aws(to_store(&store(&[(503, "retry-after: 1\r\n", SLOW), (200, "", FOUND)]).await));
    let begun = tokio::time::Instant::now();
    slow.read(&target(LOGS)).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    let denied = aws(to_store(&store(&[(403, "", DENIED), (200, "", FOUND)]).await));
    assert_eq!(denied.read(&target(LOGS)).await.unwrap_err().kind, ErrorKind::Denied);
}

/// Between the last look before a request and its first byte, a process can be paused for as long as
/// anybody likes.
#[tokio::test]
async fn what_is_fenced_off_is_not_written_though_its_request_has_begun() {
    // With a body, and without one.
    for call in ["PutBucketEncryption", "DeleteBucketEncryption"] {
        let sandbox = Sandbox::start(world(), Options::default()).await.unwrap();
        to(&sandbox).write(&target(LOGS), &live("aws:kms", Some(KEY), true, &[])).await.unwrap();
        let made = || sandbox.requests().get(call).copied();
        let (before, made_before) = (to(&sandbox).read(&target(LOGS)).await.unwrap(), made());
        let mut looks = 0;
        loop {
            let aws = to(&sandbox);
            let times = AtomicU64::new(0);
            aws.guard(Fence::new(move || times.fetch_add(1, Ordering::Relaxed) < looks));
            let written = if call == "PutBucketEncryption" {
                aws.write(&target(LOGS), &live("AES256", None, true, &[])).await
            } else {
                aws.reset(&target(LOGS)).await
            };
            let now = aws.read(&target(LOGS)).await.unwrap();
            let Err(error) = written else {
                assert_ne!(now, before, "{call} {looks}");
                break;
            };
            assert_eq!(error.summary, "Lock of the state lost", "{call} {looks}");
            assert_eq!((now, made()), (before.clone(), made_before), "{call} {looks}");
            looks += 1;
        }
        // Once before it is sent, and once at least when a connection takes it up.
        assert!(looks >= 2, "{call} {looks}");
    }
}
