//! Reads and writes, as they should go and as S3 refuses them.

use super::{
    DIRECTORY, KEY, LOGS, OTHER_ACCOUNT, REGION, Settings, at, aws, live, start, target, to,
    with_request, world,
};
use crate::provider::{ErrorKind, Provider as _};
use crate::sandbox::{DEFAULT_ACCOUNT, World};
use crate::value::Value;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_fresh_bucket_reads_as_s3_makes_it() {
    let sandbox = start(&world()).await;
    let aws = to(&sandbox);
    let read = aws.read(&target(LOGS)).await.unwrap();
    assert_eq!(read.settings, live("AES256", None, false, &["SSE-C"]));
    let read = aws.read(&target(DIRECTORY)).await.unwrap();
    assert_eq!(read.settings, live("AES256", None, true, &[]));
    assert_eq!(sandbox.requests().get("GetBucketEncryption"), Some(&2));
}

#[tokio::test]
async fn every_configuration_survives_write_and_read() {
    let sandbox = start(&world()).await;
    let aws = to(&sandbox);
    let keys: [(&str, &[Option<&str>]); 3] = [
        ("AES256", &[None]),
        ("aws:kms", &[None, Some(KEY), Some("alias/own")]),
        ("aws:kms:dsse", &[None, Some(KEY)]),
    ];
    for (algorithm, keys) in keys {
        for key in keys {
            for bucket_key in [false, true] {
                for blocked in [&["SSE-C"][..], &[]] {
                    let settings = live(algorithm, *key, bucket_key, blocked);
                    aws.write(&target(LOGS), &settings).await.unwrap();
                    assert_eq!(aws.read(&target(LOGS)).await.unwrap().settings, settings);
                }
            }
        }
    }
}

#[tokio::test]
async fn every_checksum_is_accepted() {
    let sandbox = start(&world()).await;
    let aws = to(&sandbox);
    for checksum in ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] {
        let target = with_request(LOGS, [("checksum_algorithm", Value::from(checksum))]);
        aws.write(&target, &live("aws:kms", None, true, &[])).await.unwrap();
    }
}

/// A store that takes everything, and what it was sent.
async fn listener() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut text = String::new();
            // The body may come by itself.
            while !text.contains("\r\n\r\n")
                || (text.starts_with("PUT")
                    && !text.contains("</ServerSideEncryptionConfiguration>"))
            {
                let mut part = [0; 16 * 1024];
                let read = stream.read(&mut part).await.unwrap();
                text += std::str::from_utf8(&part[..read]).unwrap();
            }
            notes.lock().unwrap().push(text);
            let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    });
    (url, heard)
}

/// What the requests say, to the letter: an endpoint that takes anything would hide what is left out.
#[tokio::test]
async fn what_goes_over_the_wire() {
    let (url, heard) = listener().await;
    let aws = aws(Settings { owner_check: Some(false), ..at(&url) });
    let owner = ("expected_bucket_owner", Value::from(DEFAULT_ACCOUNT));
    let checksum = ("checksum_algorithm", Value::from("SHA256"));
    let plain = live("AES256", None, false, &[]);
    let general = with_request(LOGS, [owner.clone(), checksum]);
    aws.write(&general, &plain).await.unwrap();
    aws.write(&general, &live("aws:kms", Some(KEY), true, &["SSE-C"])).await.unwrap();
    aws.reset(&general).await.unwrap();
    aws.write(&with_request(DIRECTORY, [owner]), &plain).await.unwrap();
    let heard = heard.lock().unwrap().clone();
    let [unblocked, blocked, reset, directory] = heard.as_slice() else { panic!("{heard:#?}") };
    let says = |text: &str, part: &str| text.to_ascii_lowercase().contains(&part.to_lowercase());
    let line = |method: &str, bucket: &str| format!("{method} /{bucket}/?encryption HTTP/1.1\r\n");
    for text in [unblocked, blocked] {
        assert!(text.starts_with(&line("PUT", LOGS)), "{text}");
        assert!(says(text, "x-amz-sdk-checksum-algorithm: SHA256"), "{text}");
        assert!(says(text, "x-amz-checksum-sha256: "), "{text}");
    }
    for text in [unblocked, blocked, reset] {
        assert!(says(text, &format!("x-amz-expected-bucket-owner: {DEFAULT_ACCOUNT}")), "{text}");
        assert!(says(text, "authorization: AWS4-HMAC-SHA256 "), "{text}");
    }
    assert!(reset.starts_with(&line("DELETE", LOGS)), "{reset}");
    assert!(says(unblocked, "<EncryptionType>NONE</EncryptionType>"), "{unblocked}");
    assert!(says(blocked, "<EncryptionType>SSE-C</EncryptionType>"), "{blocked}");
    assert!(directory.starts_with(&line("PUT", DIRECTORY)), "{directory}");
    assert!(says(directory, "/s3express/aws4_request"), "signed for it: {directory}");
    assert!(says(directory, "x-amz-checksum-crc32: "), "{directory}");
    for part in ["content-md5", "x-amz-expected-bucket-owner", "BlockedEncryptionTypes"] {
        assert!(!says(directory, part), "{part} in {directory}");
    }
}

#[tokio::test]
async fn reset_goes_back_to_sse_s3() {
    let sandbox = start(&world()).await;
    let aws = to(&sandbox);
    aws.write(&target(LOGS), &live("aws:kms", Some(KEY), true, &[])).await.unwrap();
    aws.reset(&target(LOGS)).await.unwrap();
    assert_eq!(aws.read(&target(LOGS)).await.unwrap().settings, live("AES256", None, false, &[]));
}

#[tokio::test]
async fn directory_buckets_take_a_key_and_no_owner() {
    let sandbox = start(&world()).await;
    let aws = to(&sandbox);
    let owner = [("expected_bucket_owner", Value::from(DEFAULT_ACCOUNT))];
    let target = with_request(DIRECTORY, owner);
    // What is blocked and who owns it S3 would refuse here; neither is sent.
    let settings = live("aws:kms", Some(KEY), true, &["SSE-C"]);
    aws.write(&target, &settings).await.unwrap();
    assert_eq!(aws.read(&target).await.unwrap().settings, live("aws:kms", Some(KEY), true, &[]));
    aws.reset(&target).await.unwrap();
    let second = KEY.replace("1234abcd", "5678abcd");
    let error = aws.write(&target, &live("aws:kms", Some(&second), true, &[])).await.unwrap_err();
    assert_eq!((error.kind, error.summary), (ErrorKind::Invalid, "Key refused"));
    assert!(error.detail.contains(&second), "{error}");
}

#[tokio::test]
async fn a_bucket_elsewhere_is_followed_once_and_remembered() {
    let world = world();
    world.seed_bucket("far", "us-west-2", DEFAULT_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    let aws = to(&sandbox);
    let gets = || sandbox.requests().get("GetBucketEncryption").copied();
    aws.read(&target("far")).await.unwrap();
    assert_eq!(gets(), Some(2));
    for _ in 0..3 {
        aws.read(&target("far")).await.unwrap();
    }
    assert_eq!(gets(), Some(5));
    aws.write(&target("far"), &live("aws:kms", None, true, &[])).await.unwrap();
    assert_eq!(sandbox.requests().get("PutBucketEncryption"), Some(&1));
}

#[tokio::test]
async fn a_missing_bucket_is_named() {
    let sandbox = start(&world()).await;
    let error = to(&sandbox).read(&target("nowhere")).await.unwrap_err();
    assert_eq!((error.kind, error.summary), (ErrorKind::NotFound, "Bucket not found"));
    assert_eq!(error.code.as_deref(), Some("NoSuchBucket"));
    assert!(error.request_id.is_some_and(|id| id.len() == 16));
    let place = sandbox.endpoint();
    assert_eq!(
        error.detail,
        format!(
            "There is no bucket \"nowhere\" at {place}. Correct the name, or make the bucket \
             first: only its encryption is kept here."
        )
    );
}

#[tokio::test]
async fn a_refusal_names_the_permission() {
    let world = world();
    for bucket in [LOGS, DIRECTORY] {
        assert!(world.deny_bucket(bucket).unwrap());
    }
    let sandbox = start(&world).await;
    let aws = to(&sandbox);
    let settings = live("AES256", None, false, &[]);
    for (bucket, prefix) in [(LOGS, "s3:"), (DIRECTORY, "s3express:")] {
        let read = aws.read(&target(bucket)).await.unwrap_err();
        let write = aws.write(&target(bucket), &settings).await.unwrap_err();
        let reset = aws.reset(&target(bucket)).await.unwrap_err();
        for (error, verb) in [(read, "Get"), (write, "Put"), (reset, "Put")] {
            assert_eq!((error.kind, error.summary), (ErrorKind::Denied, "Access denied"));
            let permission = format!("may not do {prefix}{verb}EncryptionConfiguration on");
            assert!(error.detail.contains(&permission), "{error}");
        }
    }
}

#[tokio::test]
async fn a_wrong_owner_is_told() {
    let sandbox = start(&world()).await;
    let aws = to(&sandbox);
    let right = [("expected_bucket_owner", Value::from(DEFAULT_ACCOUNT))];
    aws.read(&with_request(LOGS, right)).await.unwrap();
    let wrong = [("expected_bucket_owner", Value::from(OTHER_ACCOUNT))];
    let error = aws.read(&with_request(LOGS, wrong)).await.unwrap_err();
    assert!(error.detail.contains("belong to the account 999988887777, as"), "{error}");
    let secret = [("expected_bucket_owner", Value::from(OTHER_ACCOUNT).sensitive())];
    let error = aws.read(&with_request(LOGS, secret)).await.unwrap_err();
    assert!(error.detail.contains("belong to the account (sensitive), as"), "{error}");
}

#[tokio::test]
async fn a_secret_key_is_written_and_never_told() {
    let sandbox = start(&world()).await;
    let aws = to(&sandbox);
    let settings = live("aws:kms", Some(KEY), true, &[]).sensitive();
    aws.write(&target(DIRECTORY), &settings).await.unwrap();
    let unknown = KEY.replace("1234abcd", "5678abcd");
    let settings = live("aws:kms", Some(&unknown), true, &[]).sensitive();
    let error = aws.write(&target(DIRECTORY), &settings).await.unwrap_err();
    assert!(!error.detail.contains("5678abcd"), "{error}");
    assert!(error.detail.contains("(sensitive)"), "{error}");
}

#[tokio::test]
async fn what_s3_refuses_is_told_in_its_words() {
    let sandbox = start(&world()).await;
    let aws = to(&sandbox);
    let error = aws.write(&target(LOGS), &live("AES256", Some(KEY), false, &[])).await.unwrap_err();
    assert_eq!((error.kind, error.summary), (ErrorKind::Invalid, "Request refused"));
    assert!(error.detail.contains("KMSMasterKeyID is not applicable"), "{error}");
    let nothing = Value::object([("rule", Value::NULL)]);
    let error = aws.write(&target(LOGS), &nothing).await.unwrap_err();
    assert_eq!((error.kind, error.summary), (ErrorKind::Invalid, "Invalid settings"));
}

#[tokio::test]
async fn hosts_work_where_they_are_asked_for() {
    let world = World::in_memory();
    world.seed_bucket(LOGS, REGION, DEFAULT_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    // An address without a name has no room for a bucket in front: the SDK uses the path.
    let settings = Settings { s3_use_path_style: Some(false), ..at(&sandbox.endpoint()) };
    aws(settings).read(&target(LOGS)).await.unwrap();
}
